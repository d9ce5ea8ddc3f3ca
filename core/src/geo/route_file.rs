//! The file of one planned route, the file of a city's routes, and the pack made of it.
//!
//! Positions become WGS 84 and are kept to 1e-9 degrees (a tenth of a millimetre), distances to
//! a micrometre: numbers of that length survive JSON unchanged, so that a pack reads back to
//! the same values. Refused, with the feature and the field, is whatever would make the
//! planned length doubtful: areas, lines of one place, codes that two routes share.
//!
//! Source: RFC 7946; <https://www.topografix.com/GPX/1/1/>.

use std::collections::HashMap;
use std::fmt;

use thiserror::Error;

use crate::geo::datum::{Datum, DatumError, Tagged, Wgs84};
use crate::geo::excerpt::excerpt;
use crate::geo::json::Json;
use crate::geo::track_file::gpx;
use crate::geo::track_file::{GpxError, PointKind};
use crate::model::identifiers::{IdentifierError, RouteCode};
use crate::model::place::LatLon;
use crate::model::route::{PlannedRoute, Route, Validity};

pub(in crate::geo) mod feature;
mod gpx_lines;
mod pack;
mod plan;

use feature::{
    Fault, Found, Settings, code_of, geometry_of, is_checkpoint, lines_of, listed_checkpoints,
    loops_of, name_of, point_checkpoints, unique_checkpoints,
};
use gpx_lines::{read_gpx, read_gpx_routes};
pub use pack::{read_routes_pack, routes_pack};
use plan::{validity_of, windows_of};

/// Files above this size are refused: a thousand routes of a thousand positions have about
/// this much, and a file that means harm takes up to about thirty bytes of memory a byte.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// The longest corridor or radius, in metres.
pub const MAX_DISTANCE_M: f64 = 100_000.0;

/// The most loops that a route may ask for in one window.
pub const MAX_LOOPS: u32 = 1000;

/// Why a file is not a route, or not a city's routes. Features count from 1.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RouteFileError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file is not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The file is JSON, but no GeoJSON of the kind that is needed.
    #[error("not a GeoJSON of routes: {0}")]
    NotGeoJson(&'static str),
    /// The file is XML, but not a GPX that can be read.
    #[error(transparent)]
    Gpx(#[from] GpxError),
    /// A part of a GPX is no line.
    #[error("{kind} {number}: its segment has fewer than two different positions")]
    ShortPart {
        /// Which points are counted.
        kind: PointKind,
        /// The first point of the part, from 1.
        number: u64,
    },
    /// Nothing in the file is a line.
    #[error("the file has no line: a route is a LineString or MultiLineString, or points of a GPX")]
    NoLine,
    /// One feature is wrong, or the geometry of a file without features.
    #[error("{}{field}: {problem}", Named(.feature, .code.as_ref()))]
    Feature {
        /// Number of the feature in the file, from 1; nothing for a geometry alone.
        feature: Option<usize>,
        /// Its route's code, where it could be read.
        code: Option<RouteCode>,
        /// The member that is wrong, such as `geometry.coordinates[3]`.
        field: String,
        /// What is wrong with it.
        problem: MemberProblem,
    },
}

/// What is wrong with a member of a feature or with a field of a row.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MemberProblem {
    /// It is absent, and has no default.
    #[error("missing; {0} should stand there")]
    Missing(&'static str),
    /// The entry of a collection is not an object of type Feature.
    #[error("not a GeoJSON Feature")]
    NotAFeature,
    /// The geometry is of another type.
    #[error("{expected}, not {found}")]
    GeometryType {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The value has another form than it should.
    #[error("{0}")]
    Form(&'static str),
    /// A longitude or latitude is out of range.
    #[error("({lon_deg}, {lat_deg}) is not a longitude and latitude in degrees")]
    OutOfRange {
        /// The longitude.
        lon_deg: f64,
        /// The latitude.
        lat_deg: f64,
    },
    /// The line stays in one place.
    #[error("a line needs at least two different positions")]
    OnePlace,
    /// The code is not one.
    #[error(transparent)]
    Code(#[from] IdentifierError),
    /// Another feature has the code.
    #[error("the code stands in feature {first} already")]
    DuplicateCode {
        /// The feature that has it too.
        first: usize,
    },
    /// Another feature has the code, and both are valid on some day.
    #[error("the route is valid on days on which it is in feature {first} too")]
    OverlappingValidity {
        /// The feature that has it too.
        first: usize,
    },
    /// An end lies before its beginning.
    #[error("{to} lies before {from}")]
    Backwards {
        /// The beginning.
        from: String,
        /// The end.
        to: String,
    },
    /// A position has no counterpart in WGS 84.
    #[error(transparent)]
    Datum(#[from] DatumError),
    /// The distance is not one.
    #[error("{0} is not a distance above 0 and up to {MAX_DISTANCE_M} m")]
    Distance(f64),
    /// The number is not whole or out of range.
    #[error("{found} is not a whole number of {least} to {most}")]
    Count {
        /// What stands there.
        found: f64,
        /// The least that it may be.
        least: u32,
        /// The most that it may be.
        most: u32,
    },
    /// The text is not a number.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// Two checkpoints of one route have one name.
    #[error("a checkpoint before has the id `{0}` too")]
    DuplicateCheckpoint(String),
    /// A feature of the same route says something else.
    #[error("one route has one value, and feature {first} has another")]
    Conflict {
        /// The feature that named it first.
        first: usize,
    },
}

/// Writes `feature 3 (R01), ` where the feature and its code are known.
struct Named<'a>(&'a Option<usize>, Option<&'a RouteCode>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (None, _) => Ok(()),
            (Some(feature), None) => write!(f, "feature {feature}, "),
            (Some(feature), Some(code)) => {
                write!(f, "feature {feature} ({}), ", excerpt(code.as_str()))
            }
        }
    }
}

/// What the reader of a city's routes has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RouteFileOptions<'a> {
    /// Name of the property that holds the code; without it the first of `code`, `route_id`
    /// and `id` that a feature has.
    pub code_property: Option<&'a str>,
    /// The datum of the file's positions; they become WGS 84.
    pub datum: Datum,
}

/// Reads one route.
///
/// - `bytes`: GeoJSON, whose lines all together are the route's parts in the order of the
///   file: a geometry, a Feature, or a collection, in which a Point with `checkpoint` true
///   or `kind` `checkpoint` is a checkpoint, and other points are passed over. Or GPX: each
///   `rte` is a part, or each `trkseg` where there is no `rtept`.
/// - `corridor_m`, `directed` and `checkpoints` are taken from the features' properties as
///   [`read_routes`] takes them.
///
/// # Errors
/// [`RouteFileError`] names feature and field of the first thing that is wrong.
pub fn read_route(bytes: &[u8]) -> Result<Route, RouteFileError> {
    if gpx::is_xml(bytes) {
        check_size(bytes)?;
        return read_gpx(bytes);
    }
    let file = read_json(bytes)?;
    match file.member("type").and_then(Json::text) {
        Some("Feature" | "FeatureCollection") | None => read_parts(&features_of(file)?),
        Some(_) => {
            let parts = lines_of(&file, "").map_err(|fault| fault_of(None, None, fault))?;
            Ok(Settings::default().route(parts, Vec::new()))
        }
    }
}

/// The route of all features together.
fn read_parts(features: &[Json]) -> Result<Route, RouteFileError> {
    let mut parts = Vec::new();
    let mut found: Vec<Found<usize>> = Vec::new();
    let mut settings = Settings::default();
    for (number, feature) in (1..).zip(features) {
        read_part(feature, number, &mut parts, &mut found, &mut settings)
            .map_err(|fault| fault_of(Some(number), None, fault))?;
    }
    if parts.is_empty() {
        return Err(RouteFileError::NoLine);
    }
    let checkpoints =
        unique_checkpoints(found).map_err(|(number, fault)| fault_of(Some(number), None, fault))?;
    Ok(settings.route(parts, checkpoints))
}

/// Adds what one feature has.
fn read_part(
    feature: &Json,
    number: usize,
    parts: &mut Vec<Vec<LatLon>>,
    found: &mut Vec<Found<usize>>,
    settings: &mut Settings,
) -> Result<(), Fault> {
    let geometry = geometry_of(feature)?;
    match geometry.member("type").and_then(Json::text) {
        Some("Point" | "MultiPoint") if is_checkpoint(feature) => {
            found.extend(point_checkpoints(feature, number, found.len())?);
        }
        Some("Point" | "MultiPoint") => {}
        _ => {
            parts.extend(lines_of(geometry, "geometry.")?);
            settings.merge(feature, number)?;
            found.extend(listed_checkpoints(feature, number, found.len())?);
        }
    }
    Ok(())
}

/// Reads a city's routes, each feature one, in the order of the file.
///
/// - `bytes`: GeoJSON FeatureCollection, Feature or list of Features with lines; or GPX, in
///   which each `rte` is a route, or each `trk` where there is no `rtept`, under its name.
/// - Properties: the code (text or number); `name` or `road`; `corridor_m` in metres (25);
///   `directed` (false); `loops`, how many are required in a window (1); `checkpoints`, a
///   list of `{id, lat, lon, radius_m, dwell_s}` in degrees, metres (25) and seconds (0);
///   `windows`, a list of `{from, to, loops}` with local times such as 08:00, where loops are
///   required in each; `valid_from` and `valid_to`, days such as 2026-03-01, both included.
/// - Features with one code are versions of one route: no two may be valid on one day.
///
/// # Errors
/// [`RouteFileError`] names feature and field of the first thing that is wrong.
pub fn read_routes(
    bytes: &[u8],
    options: &RouteFileOptions<'_>,
) -> Result<Vec<PlannedRoute>, RouteFileError> {
    if gpx::is_xml(bytes) {
        check_size(bytes)?;
        let mut routes = read_gpx_routes(bytes)?;
        for (number, route) in (1..).zip(&mut routes) {
            to_wgs84(route, options.datum)
                .map_err(|fault| fault_of(Some(number), Some(route.code.clone()), fault))?;
        }
        return Ok(routes);
    }
    let features = features_of(read_json(bytes)?)?;
    let mut routes = Vec::with_capacity(features.len());
    let mut versions: HashMap<RouteCode, Vec<(usize, Validity)>> = HashMap::new();
    for (index, feature) in features.iter().enumerate() {
        let number = index + 1;
        let (code, field) = code_of(feature, options.code_property)
            .map_err(|fault| fault_of(Some(number), None, fault))?;
        let refuse = |fault| fault_of(Some(number), Some(code.clone()), fault);
        let validity = validity_of(feature).map_err(refuse)?;
        let known = versions.entry(code.clone()).or_default();
        if let Some((first, other)) = known.iter().find(|(_, v)| v.overlaps(&validity)) {
            let first = *first;
            let fault = match [*other, validity].contains(&Validity::default()) {
                true => (field, MemberProblem::DuplicateCode { first }),
                false => {
                    let field = "properties.valid_from".to_owned();
                    (field, MemberProblem::OverlappingValidity { first })
                }
            };
            return Err(refuse(fault));
        }
        known.push((number, validity));
        let mut route = read_planned(feature, number, code.clone()).map_err(refuse)?;
        route.validity = validity;
        to_wgs84(&mut route, options.datum).map_err(refuse)?;
        routes.push(route);
    }
    if routes.is_empty() {
        return Err(RouteFileError::NoLine);
    }
    Ok(routes)
}

fn read_planned(feature: &Json, number: usize, code: RouteCode) -> Result<PlannedRoute, Fault> {
    let parts = lines_of(geometry_of(feature)?, "geometry.")?;
    let mut settings = Settings::default();
    settings.merge(feature, number)?;
    let listed = listed_checkpoints(feature, number, 0)?;
    let checkpoints = unique_checkpoints(listed).map_err(|(_, fault)| fault)?;
    Ok(PlannedRoute {
        code,
        name: name_of(feature)?,
        route: settings.route(parts, checkpoints),
        loops_required: loops_of(feature)?,
        validity: Validity::default(),
        windows: windows_of(feature)?,
    })
}

/// Puts a route's positions on WGS 84; what is there already keeps its digits.
fn to_wgs84(planned: &mut PlannedRoute, datum: Datum) -> Result<(), Fault> {
    if matches!(datum, Datum::Wgs84 | Datum::Cgcs2000) {
        return Ok(());
    }
    let moved = |place: LatLon| -> Result<LatLon, Fault> {
        let wrong = |problem| ("geometry".to_owned(), problem);
        let moved = Tagged::try_new(datum, place.lat_deg(), place.lon_deg())
            .and_then(Tagged::to::<Wgs84>)
            .map_err(|error| wrong(error.into()))?;
        feature::place(moved.lat_deg(), moved.lon_deg()).map_err(wrong)
    };
    let route = &planned.route;
    let lines = route.parts().iter().map(|part| {
        let places = part.iter().map(|place| moved(*place));
        places.collect::<Result<Vec<_>, Fault>>()
    });
    let lines = lines.collect::<Result<Vec<_>, Fault>>()?;
    let mut checkpoints = route.checkpoints().to_vec();
    for checkpoint in &mut checkpoints {
        checkpoint.place = moved(checkpoint.place)?;
    }
    let (corridor_m, is_directed) = (route.corridor_m(), route.is_directed());
    // Places that differ by less than is kept may become one.
    let one_place = |_| ("geometry".to_owned(), MemberProblem::OnePlace);
    planned.route = Route::try_new(lines, corridor_m)
        .map_err(one_place)?
        .directed(is_directed)
        .with_checkpoints(checkpoints)
        .map_err(one_place)?;
    Ok(())
}

fn fault_of(feature: Option<usize>, code: Option<RouteCode>, fault: Fault) -> RouteFileError {
    let (field, problem) = fault;
    RouteFileError::Feature {
        feature,
        code,
        field,
        problem,
    }
}

fn check_size(bytes: &[u8]) -> Result<(), RouteFileError> {
    let size_bytes = bytes.len();
    if size_bytes > MAX_FILE_BYTES {
        return Err(RouteFileError::TooLarge { size_bytes });
    }
    Ok(())
}

fn read_json(bytes: &[u8]) -> Result<Json, RouteFileError> {
    check_size(bytes)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| RouteFileError::NotJson(error.to_string()))
}

fn features_of(file: Json) -> Result<Vec<Json>, RouteFileError> {
    feature::features_of(file).map_err(RouteFileError::NotGeoJson)
}

#[cfg(test)]
mod tests;
