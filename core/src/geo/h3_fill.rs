//! A ready-made grid for a city that has none: the H3 cells that cover an area.
//!
//! Every cell that touches the area belongs to it, so that no ground of the area is left
//! without a cell; the outer ones reach beyond it. Cells come as polygons whose shared
//! corners are the same numbers, bit for bit, so that a look-up sees no seam between them.

use std::collections::HashMap;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use thiserror::Error;

use super::cell_size::cell_size;
use super::grid_file::GridCell;
use super::h3::PREFIX;
use crate::model::grid::CellTerms;

/// The resolutions of which a grid may be made: cells of about 5 km² down to 300 m².
pub const FILL_RESOLUTIONS: std::ops::RangeInclusive<u8> = 7..=12;
/// The most cells of a grid that is made, nine cities of 17,000: a pack of more would be
/// larger than packs may be.
pub const MOST_CELLS: usize = 150_000;

/// Corners closer than this are one corner, about a millimetre: H3 computes each cell's
/// corners anew, and the last digits differ. The shortest side of a cell is metres long.
const SAME_CORNER_DEG: f64 = 1e-8;

/// Why an area has no H3 grid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum H3FillError {
    /// Cells of this resolution are no grid for people.
    #[error("resolution {0}; a grid is made of 7 (about 5 km² a cell) to 12 (about 300 m²)")]
    Resolution(u8),
    /// The area needs more cells than a grid may have.
    #[error(
        "the area needs more than {MOST_CELLS} cells of resolution {resolution}; a smaller area or a lower resolution has fewer"
    )]
    TooMany {
        /// The resolution that was asked for.
        resolution: u8,
    },
    /// H3 cannot take the area.
    #[error("the area has no H3 cells: {0}")]
    Area(String),
}

/// The cells that cover an area, in the order of their codes.
///
/// - `area`: degrees of WGS 84, valid, not across the antimeridian.
///
/// # Errors
/// [`H3FillError`].
pub fn h3_cells(area: &MultiPolygon<f64>, resolution: u8) -> Result<Vec<GridCell>, H3FillError> {
    let level = Resolution::try_from(resolution)
        .ok()
        .filter(|_| FILL_RESOLUTIONS.contains(&resolution))
        .ok_or(H3FillError::Resolution(resolution))?;
    // Cells of a resolution differ in size by less than a factor of two, so that this turns
    // away only what cannot fit, before any work is done.
    let area_m2 = cell_size(&area.0).area_m2;
    if area_m2 / (2.0 * level.area_m2()) > MOST_CELLS as f64 {
        return Err(H3FillError::TooMany { resolution });
    }
    let mut tiler = TilerBuilder::new(level)
        .containment_mode(ContainmentMode::Covers)
        .disable_transmeridian_heuristic()
        .build();
    let refuse = |error: &dyn std::fmt::Display| H3FillError::Area(error.to_string());
    tiler
        .add_batch(area.iter().cloned())
        .map_err(|e| refuse(&e))?;
    let mut indices: Vec<CellIndex> = tiler.into_coverage().take(MOST_CELLS + 1).collect();
    indices.sort_unstable();
    indices.dedup();
    if indices.len() > MOST_CELLS {
        return Err(H3FillError::TooMany { resolution });
    }
    let mut corners = Corners::default();
    Ok(indices
        .into_iter()
        .map(|index| GridCell {
            code: format!("{PREFIX}{:x}", u64::from(index)),
            polygons: vec![outline(index, &mut corners)],
            terms: CellTerms::default(),
        })
        .collect())
}

fn outline(index: CellIndex, corners: &mut Corners) -> Polygon<f64> {
    let mut ring: Vec<Coord> = index
        .boundary()
        .iter()
        .map(|corner: &LatLng| {
            corners.place(Coord {
                x: corner.lng(),
                y: corner.lat(),
            })
        })
        .collect();
    ring.extend(ring.first().copied());
    Polygon::new(LineString(ring), Vec::new())
}

/// The corners that were seen, each under the place that it has on a fine lattice.
#[derive(Default)]
struct Corners(HashMap<(i64, i64), Coord>);

impl Corners {
    /// The corner that stands here already, or this one.
    fn place(&mut self, corner: Coord) -> Coord {
        let lattice = |degrees: f64| (degrees / SAME_CORNER_DEG).round() as i64;
        let (x, y) = (lattice(corner.x), lattice(corner.y));
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            if let Some(known) = self.0.get(&(x + dx, y + dy)) {
                return *known;
            }
        }
        // A tenth of a millimetre: more digits would only make the pack larger.
        let short = |degrees: f64| (degrees * 1e9).round() / 1e9;
        let corner = Coord {
            x: short(corner.x),
            y: short(corner.y),
        };
        self.0.insert((x, y), corner);
        corner
    }
}

#[cfg(test)]
mod tests;
