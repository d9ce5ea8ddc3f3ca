//! What a report shows of a bundle: reduced copies of its photos, and the outlines of cells.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use crate::geo::grid_pack::GridPack;
use crate::geo::h3::h3_outline;
use crate::model::identifiers::Hash;
use crate::model::place::LatLon;
use crate::oplog::evidence::{BundleReader, Part, ReadError};
use crate::photo;
use crate::services::reference::GRIDS;

/// The longest side of a picture on paper: 150 dots to the inch over the width of half a page.
pub const PICTURE_PX: u32 = 600;

/// What a second reading of a bundle brings.
#[derive(Debug, Default)]
pub struct Pictures {
    /// Upright JPEGs without metadata; nothing for a photo that cannot be decoded here.
    pub photos: BTreeMap<Hash, Vec<u8>>,
    grids: Option<GridPack>,
}

impl Pictures {
    /// Reads a bundle again, which must have been checked: of the photos that held, one at a
    /// time, and of the grids, where they are in it.
    ///
    /// # Errors
    /// [`ReadError`], where the file was changed between the two readings.
    pub fn read(input: impl BufRead, held: &BTreeSet<Hash>) -> Result<Self, ReadError> {
        let mut pictures = Self::default();
        let mut grids = None;
        let (mut reader, _) = BundleReader::begin(input)?;
        loop {
            match reader.next()? {
                Part::Pack(part) if part.kind == GRIDS => grids = Some(part.hash),
                Part::Photo(name, _) if held.contains(&name) => {
                    let bytes = whole(&mut reader)?;
                    if let Ok(picture) = photo::thumbnail(&bytes, PICTURE_PX) {
                        pictures.photos.insert(name, picture);
                    }
                }
                Part::PackContent(name, _) if grids == Some(name) => {
                    let bytes = whole(&mut reader)?;
                    pictures.grids = GridPack::read(&bytes).ok();
                }
                Part::End(_) => return Ok(pictures),
                _ => {}
            }
        }
    }

    /// The outlines of a cell: of the city's grids where they are in the bundle, else of an
    /// H3 cell by its code, else none.
    #[must_use]
    pub fn outline(&self, code: &str) -> Vec<Vec<LatLon>> {
        if let Ok(ring) = h3_outline(code) {
            return vec![ring];
        }
        let cells = self.grids.iter().flat_map(|grids| &grids.cells);
        let polygons = cells
            .filter(|cell| cell.code == code)
            .flat_map(|cell| &cell.polygons);
        polygons
            .map(|polygon| {
                let points = polygon.exterior().points();
                points
                    .filter_map(|point| LatLon::try_new(point.y(), point.x()).ok())
                    .collect()
            })
            .collect()
    }
}

fn whole<R: BufRead>(reader: &mut BundleReader<R>) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    reader.content(|piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}
