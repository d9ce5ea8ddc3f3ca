//! Reads the GeoJSON that describes a city's grids.
//!
//! A grid is a feature with a Polygon or MultiPolygon whose code is the property that the
//! caller names. Geometry is planar in longitude and latitude; heights and a `crs` member
//! are ignored; inner rings are holes. Refused, with the feature and the field: whatever
//! would make "inside" ambiguous, above all rings that cross themselves. Tolerated, as it
//! leaves every point's answer alone: rings that touch themselves, repeated points, spikes.
//!
//! Source: RFC 7946.

use super::datum::{Datum, convert};
use super::json::Json;
use super::ring::self_crossing;
use crate::model::grid::CellTerms;
use geo::{Coord, LineString, Polygon};
use std::collections::HashMap;
use std::fmt;
use thiserror::Error;

/// The member of a collection that holds what this software says of it as a whole.
pub(super) const OWN_MEMBER: &str = "bading";

/// Files above this size are refused: a city of 17,000 grids has 12 MB, and reading takes
/// up to about ten bytes of memory for each byte of a file that means harm.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// One grid: its opaque code, where it lies, and what it is besides.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    /// The code as the file has it; a number is written in decimal.
    pub code: String,
    /// Closed rings of (longitude, latitude) in degrees; the interiors are holes.
    pub polygons: Vec<Polygon<f64>>,
    /// Class, unit and validity, where the reader looks for them.
    pub terms: CellTerms,
}

/// What the reader has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridFileOptions<'a> {
    /// Name of the property that holds the code: text or number.
    pub code_property: &'a str,
    /// Whether two features may have one code. An import refuses it; a mere look-up need not.
    pub allows_duplicate_codes: bool,
}

/// Why a file of grids is refused. Features count from 1.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GridFileError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file is not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The file is JSON, but neither a FeatureCollection nor a Feature nor a list of those.
    #[error("not a GeoJSON FeatureCollection: {0}")]
    NotFeatures(&'static str),
    /// One feature is wrong.
    #[error("feature {feature}{}, {field}: {problem}", Named(.code.as_deref()))]
    Feature {
        /// Number of the feature in the file, from 1.
        feature: usize,
        /// Its code, where it could be read.
        code: Option<String>,
        /// The member that is wrong, such as `geometry.coordinates[0][3]`.
        field: String,
        /// What is wrong with it.
        problem: FeatureProblem,
    },
}

/// What is wrong with a member of a feature.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FeatureProblem {
    /// The entry is not an object of type Feature.
    #[error("not a GeoJSON Feature")]
    NotAFeature,
    /// The property that should hold the code is absent or null.
    #[error("missing, and the grid's code should stand there")]
    MissingCode,
    /// The code is neither text nor a number.
    #[error("a grid's code is text or a number")]
    CodeType,
    /// The code is empty text.
    #[error("the grid's code is empty")]
    EmptyCode,
    /// Another feature has the code already.
    #[error("the code stands in feature {first} already")]
    DuplicateCode {
        /// The feature that has it too.
        first: usize,
    },
    /// The feature has no geometry.
    #[error("missing")]
    MissingGeometry,
    /// The geometry is neither a Polygon nor a MultiPolygon.
    #[error("a grid is a Polygon or a MultiPolygon, not {0}")]
    GeometryType(String),
    /// The coordinates are not nested as the type demands.
    #[error("{0}")]
    Shape(&'static str),
    /// A longitude or latitude is out of range.
    #[error("({lon_deg}, {lat_deg}) is not a longitude and latitude in degrees")]
    OutOfRange {
        /// The first number.
        lon_deg: f64,
        /// The second number.
        lat_deg: f64,
    },
    /// The ring has too few points.
    #[error(
        "a ring has at least 4 points, 3 of them different; this one has {points} and {different}"
    )]
    TooFewPoints {
        /// Points of the ring, the repeated first one included.
        points: usize,
        /// Points that differ from the one before.
        different: usize,
    },
    /// The last point is not the first.
    #[error("the ring is not closed: its last point is not its first")]
    NotClosed,
    /// The position has no counterpart in WGS 84.
    #[error("{0}")]
    Datum(String),
    /// The ring crosses itself.
    #[error("the ring crosses itself at longitude {lon_deg}, latitude {lat_deg}")]
    CrossesItself {
        /// Where, rounded, in degrees.
        lon_deg: f64,
        /// Where, rounded, in degrees.
        lat_deg: f64,
    },
}

/// Writes ` (code)` where the code is known.
struct Named<'a>(Option<&'a str>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |code| write!(f, " ({code})"))
    }
}

/// A problem and the member that has it, before the feature is known.
pub(super) type Fault = (String, FeatureProblem);

/// Reads all features of a file, in its order.
///
/// - `bytes`: UTF-8 JSON; a byte order mark is skipped.
///
/// # Errors
/// [`GridFileError`] for the first thing that is wrong; nothing is skipped in silence.
pub fn read_grids(
    bytes: &[u8],
    options: &GridFileOptions<'_>,
) -> Result<Vec<GridCell>, GridFileError> {
    read_grids_from(bytes, options, Datum::Wgs84)
}

/// As [`read_grids`], from positions in another datum; they become WGS 84.
///
/// # Errors
/// As [`read_grids`], and for a position that has no counterpart.
pub fn read_grids_from(
    bytes: &[u8],
    options: &GridFileOptions<'_>,
    datum: Datum,
) -> Result<Vec<GridCell>, GridFileError> {
    let features = read_features(bytes)?.features;
    let mut cells = Vec::with_capacity(features.len());
    let mut first_of: HashMap<String, usize> = HashMap::new();
    for (index, feature) in features.into_iter().enumerate() {
        let number = index + 1;
        let code = read_code(&feature, options.code_property);
        let known = code.as_ref().ok().cloned();
        let refuse = |(field, problem): Fault| GridFileError::Feature {
            feature: number,
            code: known,
            field,
            problem,
        };
        let cell = code.and_then(|code| {
            if !options.allows_duplicate_codes
                && let Some(first) = first_of.insert(code.clone(), number)
            {
                return Err((
                    code_field(options.code_property),
                    FeatureProblem::DuplicateCode { first },
                ));
            }
            Ok(GridCell {
                code,
                polygons: read_geometry(&feature, datum)?,
                terms: CellTerms::default(),
            })
        });
        cells.push(cell.map_err(refuse)?);
    }
    Ok(cells)
}

/// A file's features, and the member that this software writes beside them.
pub(super) struct FeatureFile {
    pub(super) features: Vec<Json>,
    pub(super) own: Option<Json>,
}

/// Reads a FeatureCollection, a Feature or a list of features; what they hold is not looked at.
pub(super) fn read_features(bytes: &[u8]) -> Result<FeatureFile, GridFileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(GridFileError::TooLarge {
            size_bytes: bytes.len(),
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: Json =
        serde_json::from_slice(bytes).map_err(|error| GridFileError::NotJson(error.to_string()))?;
    let alone = |features| FeatureFile {
        features,
        own: None,
    };
    match file {
        Json::List(features) => Ok(alone(features)),
        Json::Object(mut members) => {
            let take = |members: &mut Vec<(Box<str>, Json)>, name: &str| {
                let at = members.iter().rposition(|(n, _)| **n == *name)?;
                Some(members.swap_remove(at).1)
            };
            let kind = members.iter().rev().find(|(n, _)| **n == *"type");
            match kind.and_then(|(_, kind)| kind.text()) {
                Some("Feature") => Ok(alone(vec![Json::Object(members)])),
                Some("FeatureCollection") => match take(&mut members, "features") {
                    Some(Json::List(features)) => Ok(FeatureFile {
                        features,
                        own: take(&mut members, OWN_MEMBER),
                    }),
                    _ => Err(GridFileError::NotFeatures("its `features` is not a list")),
                },
                _ => Err(GridFileError::NotFeatures(
                    "its `type` is neither FeatureCollection nor Feature",
                )),
            }
        }
        _ => Err(GridFileError::NotFeatures(
            "it is neither an object nor a list",
        )),
    }
}

pub(super) fn code_field(property: &str) -> String {
    format!("properties.{property}")
}

pub(super) fn read_code(feature: &Json, property: &str) -> Result<String, Fault> {
    if feature.member("type").and_then(Json::text) != Some("Feature") {
        return Err(("type".to_owned(), FeatureProblem::NotAFeature));
    }
    let fault = |problem| Err((code_field(property), problem));
    match feature
        .member("properties")
        .and_then(|p| p.member(property))
    {
        None | Some(Json::Null) => fault(FeatureProblem::MissingCode),
        Some(Json::Text(text)) if text.is_empty() => fault(FeatureProblem::EmptyCode),
        Some(Json::Text(text)) => Ok(text.to_string()),
        Some(Json::Unsigned(number)) => Ok(number.to_string()),
        Some(Json::Signed(number)) => Ok(number.to_string()),
        Some(Json::Float(number)) => Ok(number.to_string()),
        Some(_) => fault(FeatureProblem::CodeType),
    }
}

/// The polygons of a feature, expressed in WGS 84.
pub(super) fn read_geometry(feature: &Json, datum: Datum) -> Result<Vec<Polygon<f64>>, Fault> {
    match feature.member("geometry") {
        None | Some(Json::Null) => Err(("geometry".to_owned(), FeatureProblem::MissingGeometry)),
        Some(geometry) => read_polygons(geometry, datum),
    }
}

/// The polygons of a geometry, expressed in WGS 84.
pub(super) fn read_polygons(geometry: &Json, datum: Datum) -> Result<Vec<Polygon<f64>>, Fault> {
    let field = "geometry.coordinates";
    let coordinates = geometry.member("coordinates");
    match geometry.member("type").and_then(Json::text) {
        Some("Polygon") => Ok(vec![read_polygon(coordinates, field, datum)?]),
        Some("MultiPolygon") => {
            let polygons = filled_list(coordinates, field, "a MultiPolygon is a list of polygons")?;
            let each = polygons.iter().enumerate();
            each.map(|(i, polygon)| read_polygon(Some(polygon), &format!("{field}[{i}]"), datum))
                .collect()
        }
        other => {
            let found = other.unwrap_or("a geometry without a type").to_owned();
            Err((
                "geometry.type".to_owned(),
                FeatureProblem::GeometryType(found),
            ))
        }
    }
}

fn filled_list<'a>(
    json: Option<&'a Json>,
    field: &str,
    shape: &'static str,
) -> Result<&'a [Json], Fault> {
    match json {
        Some(Json::List(list)) if !list.is_empty() => Ok(list),
        _ => Err((field.to_owned(), FeatureProblem::Shape(shape))),
    }
}

fn read_polygon(json: Option<&Json>, field: &str, datum: Datum) -> Result<Polygon<f64>, Fault> {
    let rings = filled_list(json, field, "a polygon is a list of rings")?;
    let each = rings.iter().enumerate();
    let read: Result<Vec<LineString<f64>>, Fault> = each
        .map(|(i, ring)| read_ring(ring, &format!("{field}[{i}]"), datum))
        .collect();
    let mut rings = read?.into_iter();
    let exterior = rings.next().expect("the list of rings is not empty");
    Ok(Polygon::new(exterior, rings.collect()))
}

fn read_ring(json: &Json, field: &str, datum: Datum) -> Result<LineString<f64>, Fault> {
    let positions = filled_list(Some(json), field, "a ring is a list of positions")?;
    let mut ring: Vec<Coord> = Vec::with_capacity(positions.len());
    for (i, position) in positions.iter().enumerate() {
        let fault = |problem| Err((format!("{field}[{i}]"), problem));
        let Json::Position([lon_deg, lat_deg]) = *position else {
            return fault(FeatureProblem::Shape(
                "a position is a longitude and a latitude",
            ));
        };
        if !(-180.0..=180.0).contains(&lon_deg) || !(-90.0..=90.0).contains(&lat_deg) {
            return fault(FeatureProblem::OutOfRange { lon_deg, lat_deg });
        }
        match convert(datum, Datum::Wgs84, lat_deg, lon_deg) {
            Ok((y, x)) => ring.push(Coord { x, y }),
            Err(error) => return fault(FeatureProblem::Datum(error.to_string())),
        }
    }
    let fault = |problem| Err((field.to_owned(), problem));
    let points = ring.len();
    let different = 1 + ring.windows(2).filter(|w| w[0] != w[1]).count();
    if ring.first() != ring.last() {
        return fault(FeatureProblem::NotClosed);
    }
    // The closing point counts among those that differ from the one before.
    if points < 4 || different < 4 {
        return fault(FeatureProblem::TooFewPoints {
            points,
            different: different.saturating_sub(1),
        });
    }
    if let Some(at) = self_crossing(&ring) {
        return fault(FeatureProblem::CrossesItself {
            lon_deg: at.x,
            lat_deg: at.y,
        });
    }
    Ok(LineString(ring))
}

#[cfg(test)]
mod tests;
