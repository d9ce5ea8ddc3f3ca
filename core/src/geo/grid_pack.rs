//! The layer of grids of a city as one document: every cell with the time it is in force.
//!
//! It is GeoJSON in WGS 84, so that it opens without this software; docs/formats/grids.md
//! describes it. A new layer is laid over the one before ([`GridPack::succeeded_by`]): what
//! was in force before its first day is never changed, so that a point is found as of any
//! time. What has its default is left out, so that a layer without dates, classes and units
//! has the bytes that it always had.

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::datum::Datum;
use super::grid_file::{GridCell, GridFileError, OWN_MEMBER, read_features};
use super::json::Json;
use super::layer_file::{LayerFile, LayerOptions, read_layer_features};
use crate::model::grid::{CodeProfile, Validity};

/// A city's cells of all times.
#[derive(Debug, Clone, PartialEq)]
pub struct GridPack {
    /// In the order of their codes, then of the time they begin. Cells of one code are never
    /// in force together.
    pub cells: Vec<GridCell>,
    /// How the codes are built.
    pub profile: CodeProfile,
    /// The datum of the file that the latest layer came from; the cells are WGS 84.
    pub source_datum: Datum,
}

/// Why bytes are no pack of grids.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GridPackError {
    /// It is not a file of grids.
    #[error(transparent)]
    File(#[from] GridFileError),
    /// A cell is wrong.
    #[error("{0}")]
    Cell(String),
    /// Its own member is wrong.
    #[error("{OWN_MEMBER}.{field}: {why}")]
    Own {
        /// The member of the member.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// A pack after a layer was laid over it, and what that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Succession {
    /// The cells of all times.
    pub pack: GridPack,
    /// Cells of the layer that went on unchanged.
    pub kept_count: usize,
    /// Cells that begin with the layer.
    pub begun_count: usize,
    /// Cells that end where the layer begins.
    pub ended_count: usize,
}

impl GridPack {
    /// The pack of a layer that was read and found sound: the cells, each with its own times.
    ///
    /// - `profile`, `source_datum`: what the layer was read with.
    #[must_use]
    pub fn of_layer(layer: LayerFile, profile: CodeProfile, source_datum: Datum) -> Self {
        let mut cells: Vec<GridCell> = layer.cells.into_iter().map(|c| c.cell).collect();
        // The same cells in another order are the same version.
        sort(&mut cells);
        Self {
            cells,
            profile,
            source_datum,
        }
    }

    /// Reads a pack, those of earlier versions too.
    ///
    /// # Errors
    /// [`GridPackError`] names the cell or the member.
    pub fn read(bytes: &[u8]) -> Result<Self, GridPackError> {
        let file = read_features(bytes)?;
        let text = |name| match file.own.as_ref().and_then(|own| own.member(name)) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(&**text)),
            Some(_) => Err("it is not text".to_owned()),
        };
        let own = |field, why| GridPackError::Own { field, why };
        let profile = match text("profile").map_err(|why| own("profile", why))? {
            None => CodeProfile::opaque(),
            Some(text) => {
                CodeProfile::parse(text).map_err(|error| own("profile", error.to_string()))?
            }
        };
        let source_datum = match text("source_datum").map_err(|why| own("source_datum", why))? {
            None => Datum::Wgs84,
            Some(text) => {
                Datum::parse(text).map_err(|error| own("source_datum", error.to_string()))?
            }
        };
        // Cells of earlier layers may have codes of an earlier profile.
        let options = LayerOptions {
            code_property: "code",
            profile: &CodeProfile::opaque(),
            datum: Datum::Wgs84,
            utc_offset_min: 0,
        };
        let layer = read_layer_features(&file.features, &options);
        if let Some(finding) = layer.findings.iter().find(|f| f.kind.refuses()) {
            return Err(GridPackError::Cell(finding.to_string()));
        }
        let pack = Self::of_layer(layer, profile, source_datum);
        let twice = pack.cells.windows(2).find(|pair| {
            pair[0].code == pair[1].code && pair[0].terms.validity.meets(&pair[1].terms.validity)
        });
        if let Some([cell, _]) = twice {
            let why = format!("the code {} is in force twice at one time", cell.code);
            return Err(GridPackError::Cell(why));
        }
        Ok(pack)
    }

    /// The pack's bytes: the same for the same cells.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let features: Vec<Value> = self.cells.iter().map(feature).collect();
        let mut collection = json!({ "type": "FeatureCollection", "features": features });
        let mut own = Map::new();
        if !self.profile.is_opaque() {
            own.insert("profile".to_owned(), self.profile.to_string().into());
        }
        if self.source_datum != Datum::Wgs84 {
            own.insert("source_datum".to_owned(), self.source_datum.as_str().into());
        }
        if !own.is_empty() {
            collection[OWN_MEMBER] = Value::Object(own);
        }
        serde_json::to_vec(&collection).expect("finite numbers and text")
    }

    /// Lays a layer over this pack for a time: before and after that time everything stays as
    /// it was, within it the layer alone is in force. A cell that goes on with the same code,
    /// shape, class and unit stays one cell.
    ///
    /// - `layer`: its cells' own times count within `during`.
    #[must_use]
    pub fn succeeded_by(&self, layer: Self, during: Validity) -> Succession {
        let before = Validity {
            from: None,
            to: during.from,
        };
        let after = Validity {
            from: during.to,
            to: None,
        };
        let mut cells = Vec::with_capacity(self.cells.len() + layer.cells.len());
        // A time without a beginning has nothing before it, one without an end nothing after.
        for (is_there, time) in [
            (during.from.is_some(), before),
            (during.to.is_some(), after),
        ] {
            if is_there {
                cells.extend(self.cells.iter().filter_map(|cell| clip(cell, &time)));
            }
        }
        cells.extend(layer.cells.iter().filter_map(|cell| clip(cell, &during)));
        sort(&mut cells);
        cells.dedup_by(|next, cell| {
            let goes_on = next.code == cell.code
                && cell.terms.validity.to.is_some()
                && cell.terms.validity.to == next.terms.validity.from
                && next.terms.class == cell.terms.class
                && next.terms.unit == cell.terms.unit
                && next.polygons == cell.polygons;
            if goes_on {
                cell.terms.validity.to = next.terms.validity.to;
            }
            goes_on
        });
        let begins = |cell: &&GridCell| cell.terms.validity.from == during.from;
        let ends =
            |cell: &&GridCell| during.from.is_some() && cell.terms.validity.to == during.from;
        let goes_on = |cell: &&GridCell| {
            let validity = &cell.terms.validity;
            during
                .from
                .is_some_and(|from| validity.from != Some(from) && validity.holds_at(from))
        };
        Succession {
            kept_count: cells.iter().filter(goes_on).count(),
            begun_count: cells.iter().filter(begins).count(),
            ended_count: cells.iter().filter(ends).count(),
            pack: Self { cells, ..layer },
        }
    }
}

fn sort(cells: &mut [GridCell]) {
    cells.sort_by(|a, b| {
        let begins = |cell: &GridCell| cell.terms.validity.from;
        a.code.cmp(&b.code).then_with(|| begins(a).cmp(&begins(b)))
    });
}

/// The cell within a time; nothing where it is not in force in it.
fn clip(cell: &GridCell, time: &Validity) -> Option<GridCell> {
    let validity = cell.terms.validity.and(time);
    if validity.is_empty() {
        return None;
    }
    let mut clipped = cell.clone();
    clipped.terms.validity = validity;
    Some(clipped)
}

fn feature(cell: &GridCell) -> Value {
    let ring = |ring: &geo::LineString<f64>| -> Vec<[f64; 2]> {
        ring.0.iter().map(|c| [c.x, c.y]).collect()
    };
    let polygons: Vec<Vec<Vec<[f64; 2]>>> = cell
        .polygons
        .iter()
        .map(|p| {
            std::iter::once(p.exterior())
                .chain(p.interiors())
                .map(ring)
                .collect()
        })
        .collect();
    let terms = &cell.terms;
    let mut properties = json!({ "code": cell.code });
    if let Some(class) = terms.class {
        properties["class"] = class.number().into();
    }
    if let Some(unit) = &terms.unit {
        properties["unit"] = unit.as_str().into();
    }
    if let Some(from) = terms.validity.from {
        properties["valid_from"] = from.to_rfc3339().into();
    }
    if let Some(to) = terms.validity.to {
        properties["valid_to"] = to.to_rfc3339().into();
    }
    json!({
        "type": "Feature",
        "properties": properties,
        "geometry": { "type": "MultiPolygon", "coordinates": polygons },
    })
}

#[cfg(test)]
mod tests;
