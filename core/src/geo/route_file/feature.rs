//! The members of a GeoJSON feature that routes and checkpoints are made of.

use std::collections::HashSet;

use crate::geo::excerpt::excerpt;
use crate::geo::json::Json;
use crate::geo::route_file::{MAX_DISTANCE_M, MAX_LOOPS, MemberProblem};
use crate::model::identifiers::RouteCode;
use crate::model::place::LatLon;
use crate::model::route::{Checkpoint, Route};

/// The member that is wrong, and what is wrong with it.
pub(in crate::geo) type Fault = (String, MemberProblem);

/// The most characters of a route's name.
const MAX_NAME_CHARS: usize = 200;
/// The most characters of a checkpoint's id.
const MAX_ID_CHARS: usize = 64;

/// The features of a file: of a collection, of a list, or the one that it is.
pub(in crate::geo) fn features_of(file: Json) -> Result<Vec<Json>, &'static str> {
    match file {
        Json::List(features) => Ok(features),
        Json::Object(_) => match file.member("type").and_then(Json::text) {
            Some("Feature") => Ok(vec![file]),
            Some("FeatureCollection") => match file.into_member("features") {
                Some(Json::List(features)) => Ok(features),
                _ => Err("its `features` is not a list"),
            },
            _ => Err("its `type` is neither FeatureCollection nor Feature"),
        },
        _ => Err("it is neither an object nor a list"),
    }
}

/// The geometry of a feature.
pub(in crate::geo) fn geometry_of(feature: &Json) -> Result<&Json, Fault> {
    if feature.member("type").and_then(Json::text) != Some("Feature") {
        return Err(("type".to_owned(), MemberProblem::NotAFeature));
    }
    match feature.member("geometry") {
        None | Some(Json::Null) => Err((
            "geometry".to_owned(),
            MemberProblem::Missing("a geometry of type LineString"),
        )),
        Some(geometry) => Ok(geometry),
    }
}

/// A property that is there and not null.
pub(super) fn property<'a>(feature: &'a Json, name: &str) -> Option<&'a Json> {
    given(feature.member("properties")?, name)
}

fn given<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    object.member(name).filter(|value| **value != Json::Null)
}

pub(super) fn property_field(name: &str) -> String {
    format!("properties.{name}")
}

/// Text, or a number in decimal, trimmed.
fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.trim().to_owned()),
        Json::Unsigned(number) => Some(number.to_string()),
        Json::Signed(number) => Some(number.to_string()),
        Json::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The code of a feature's route, and the field that has it.
pub(super) fn code_of(feature: &Json, named: Option<&str>) -> Result<(RouteCode, String), Fault> {
    if feature.member("type").and_then(Json::text) != Some("Feature") {
        return Err(("type".to_owned(), MemberProblem::NotAFeature));
    }
    let names = match &named {
        Some(name) => std::slice::from_ref(name),
        None => &["code", "route_id", "id"][..],
    };
    let found = names.iter().find_map(|n| Some((*n, property(feature, n)?)));
    let Some((name, value)) = found else {
        let first = names.first().copied().unwrap_or("code");
        return Err((
            property_field(first),
            MemberProblem::Missing("the route's code"),
        ));
    };
    let field = property_field(name);
    let Some(text) = text_of(value) else {
        let form = MemberProblem::Form("a route's code is text or a number");
        return Err((field, form));
    };
    match RouteCode::parse(&text) {
        Ok(code) => Ok((code, field)),
        Err(error) => Err((field, error.into())),
    }
}

/// The name of a feature's route, empty where it has none.
pub(super) fn name_of(feature: &Json) -> Result<String, Fault> {
    let named = |n| Some((n, property(feature, n)?));
    let Some((name, value)) = named("name").or_else(|| named("road")) else {
        return Ok(String::new());
    };
    let is_plain = |text: &String| {
        text.chars().count() <= MAX_NAME_CHARS && !text.contains(|c: char| c.is_control())
    };
    text_of(value).filter(is_plain).ok_or_else(|| {
        let form = "a name is text of up to 200 characters, none a control character";
        (property_field(name), MemberProblem::Form(form))
    })
}

/// How often a feature's route is to be walked in one window.
pub(super) fn loops_of(feature: &Json) -> Result<u32, Fault> {
    let Some(value) = property(feature, "loops") else {
        return Ok(1);
    };
    let number = value.number().ok_or(MemberProblem::Form(
        "the loops required in a window are a number",
    ));
    number
        .and_then(|found| count(found, 1, MAX_LOOPS))
        .map_err(|problem| (property_field("loops"), problem))
}

/// What the features of one route say of it, and which said it first.
#[derive(Default)]
pub(super) struct Settings {
    corridor_m: Option<(usize, f64)>,
    is_directed: Option<(usize, bool)>,
}

impl Settings {
    /// Adds what the feature of this number says.
    pub(super) fn merge(&mut self, feature: &Json, number: usize) -> Result<(), Fault> {
        if let Some(value) = property(feature, "corridor_m") {
            let corridor_m = value
                .number()
                .ok_or(MemberProblem::Form("a corridor is a number of metres"))
                .and_then(distance);
            corridor_m
                .and_then(|m| settle(&mut self.corridor_m, number, m))
                .map_err(|problem| (property_field("corridor_m"), problem))?;
        }
        if let Some(value) = property(feature, "directed") {
            let is_directed = match value {
                Json::Bool(value) => Ok(*value),
                Json::Unsigned(0) => Ok(false),
                Json::Unsigned(1) => Ok(true),
                _ => Err(MemberProblem::Form("it is true or false")),
            };
            is_directed
                .and_then(|value| settle(&mut self.is_directed, number, value))
                .map_err(|problem| (property_field("directed"), problem))?;
        }
        Ok(())
    }

    /// The route of parts that [`lines_of`] gave.
    pub(super) fn route(&self, parts: Vec<Vec<LatLon>>, checkpoints: Vec<Checkpoint>) -> Route {
        let corridor_m = self.corridor_m.map_or(Route::DEFAULT_CORRIDOR_M, |c| c.1);
        Route::try_new(parts, corridor_m)
            .expect("each line has two different positions, and the corridor is a distance")
            .directed(self.is_directed.is_some_and(|d| d.1))
            .with_checkpoints(checkpoints)
            .expect("each radius is a distance")
    }
}

fn settle<T: PartialEq>(
    slot: &mut Option<(usize, T)>,
    number: usize,
    value: T,
) -> Result<(), MemberProblem> {
    match slot {
        Some((first, known)) if *known != value => Err(MemberProblem::Conflict { first: *first }),
        Some(_) => Ok(()),
        None => {
            *slot = Some((number, value));
            Ok(())
        }
    }
}

/// The lines of a geometry, each with at least two different positions.
///
/// - `prefix`: what leads to the geometry in a field's name, such as `geometry.`.
pub(super) fn lines_of(geometry: &Json, prefix: &str) -> Result<Vec<Vec<LatLon>>, Fault> {
    let field = format!("{prefix}coordinates");
    let coordinates = geometry.member("coordinates");
    match geometry.member("type").and_then(Json::text) {
        Some("LineString") => Ok(vec![read_line(coordinates, field)?]),
        Some("MultiLineString") => {
            let lines = filled_list(coordinates, &field, "a MultiLineString is a list of lines")?;
            let each = lines.iter().enumerate();
            each.map(|(i, line)| read_line(Some(line), format!("{field}[{i}]")))
                .collect()
        }
        Some("GeometryCollection") => {
            let field = format!("{prefix}geometries");
            let form = "a GeometryCollection is a list of geometries";
            let mut lines = Vec::new();
            // The reader of JSON limits how deep collections lie within each other.
            for (i, part) in filled_list(geometry.member("geometries"), &field, form)?
                .iter()
                .enumerate()
            {
                lines.extend(lines_of(part, &format!("{field}[{i}]."))?);
            }
            Ok(lines)
        }
        other => Err((
            format!("{prefix}type"),
            MemberProblem::GeometryType {
                expected: "a route is a LineString or a MultiLineString",
                found: other.map_or("a geometry without a type".to_owned(), excerpt),
            },
        )),
    }
}

fn filled_list<'a>(
    json: Option<&'a Json>,
    field: &str,
    form: &'static str,
) -> Result<&'a [Json], Fault> {
    match json {
        Some(Json::List(list)) if !list.is_empty() => Ok(list),
        _ => Err((field.to_owned(), MemberProblem::Form(form))),
    }
}

fn read_line(json: Option<&Json>, field: String) -> Result<Vec<LatLon>, Fault> {
    let positions = filled_list(json, &field, "a line is a list of positions")?;
    let mut line = Vec::with_capacity(positions.len());
    for (i, position) in positions.iter().enumerate() {
        line.push(read_position(position).map_err(|why| (format!("{field}[{i}]"), why))?);
    }
    if line.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err((field, MemberProblem::OnePlace));
    }
    Ok(line)
}

fn read_position(json: &Json) -> Result<LatLon, MemberProblem> {
    let Json::Position([lon_deg, lat_deg]) = *json else {
        let form = "a position is a longitude and a latitude";
        return Err(MemberProblem::Form(form));
    };
    place(lat_deg, lon_deg)
}

/// A position as routes keep it.
pub(in crate::geo) fn place(lat_deg: f64, lon_deg: f64) -> Result<LatLon, MemberProblem> {
    LatLon::try_new(lat_deg, lon_deg)
        .map(kept_place)
        .map_err(|_| MemberProblem::OutOfRange { lon_deg, lat_deg })
}

/// The position to 1e-9 degrees.
pub(super) fn kept_place(place: LatLon) -> LatLon {
    // Adding zero makes a negative zero a plain one. Rounding never leaves the range.
    let kept = |deg: f64| (deg * 1e9).round() / 1e9 + 0.0;
    LatLon::try_new(kept(place.lat_deg()), kept(place.lon_deg())).unwrap_or(place)
}

/// A distance to a micrometre.
pub(in crate::geo) fn distance(m: f64) -> Result<f64, MemberProblem> {
    let kept = (m * 1e6).round() / 1e6;
    if kept > 0.0 && kept <= MAX_DISTANCE_M {
        Ok(kept)
    } else {
        Err(MemberProblem::Distance(m))
    }
}

/// A whole number within a range.
pub(in crate::geo) fn count(found: f64, least: u32, most: u32) -> Result<u32, MemberProblem> {
    if found.fract() == 0.0 && found >= f64::from(least) && found <= f64::from(most) {
        // Whole and within a range of u32, so that nothing is lost.
        Ok(found as u32)
    } else {
        Err(MemberProblem::Count { found, least, most })
    }
}

/// True for a point that its properties call a checkpoint.
pub(super) fn is_checkpoint(feature: &Json) -> bool {
    property(feature, "checkpoint") == Some(&Json::Bool(true))
        || property(feature, "kind").and_then(Json::text) == Some("checkpoint")
}

/// The checkpoints of a feature with a Point or a MultiPoint.
///
/// - `number`: that of the feature.
/// - `before`: how many checkpoints came before; those without an id are numbered on.
pub(in crate::geo) fn point_checkpoints(
    feature: &Json,
    number: usize,
    before: usize,
) -> Result<Vec<Found<usize>>, Fault> {
    let geometry = geometry_of(feature)?;
    let coordinates = geometry.member("coordinates");
    let field = "geometry.coordinates";
    let places: Vec<LatLon> = match geometry.member("type").and_then(Json::text) {
        Some("Point") => {
            let position = coordinates.unwrap_or(&Json::Null);
            vec![read_position(position).map_err(|why| (field.to_owned(), why))?]
        }
        Some("MultiPoint") => {
            let form = "a MultiPoint is a list of positions";
            let each = filled_list(coordinates, field, form)?.iter().enumerate();
            each.map(|(i, p)| read_position(p).map_err(|why| (format!("{field}[{i}]"), why)))
                .collect::<Result<_, Fault>>()?
        }
        other => {
            let expected = "a checkpoint is a Point or a MultiPoint";
            let found = other.map_or("a geometry without a type".to_owned(), excerpt);
            return Err((
                "geometry.type".to_owned(),
                MemberProblem::GeometryType { expected, found },
            ));
        }
    };
    let none = Json::Object(Vec::new());
    let properties = feature.member("properties").unwrap_or(&none);
    let (id, radius_m, dwell_s) = read_checkpoint(properties, "properties.")?;
    let is_one = places.len() == 1;
    let each = places.into_iter().enumerate();
    let found = each.map(|(i, place)| {
        let id = match &id {
            Some(id) if is_one => id.clone(),
            Some(id) => format!("{id}-{}", i + 1),
            None => (before + i + 1).to_string(),
        };
        let checkpoint = Checkpoint {
            id,
            place,
            radius_m,
            dwell_s,
        };
        (number, "properties.id".to_owned(), checkpoint)
    });
    Ok(found.collect())
}

/// The checkpoints that a feature lists in its property of that name.
pub(super) fn listed_checkpoints(
    feature: &Json,
    number: usize,
    before: usize,
) -> Result<Vec<Found<usize>>, Fault> {
    let field = property_field("checkpoints");
    let list = match property(feature, "checkpoints") {
        None => return Ok(Vec::new()),
        Some(Json::List(list)) => list,
        Some(_) => {
            let form = "checkpoints are a list of {id, lat, lon, radius_m, dwell_s}";
            return Err((field, MemberProblem::Form(form)));
        }
    };
    let each = list.iter().enumerate();
    each.map(|(i, entry)| {
        let prefix = format!("{field}[{i}].");
        let (id, radius_m, dwell_s) = read_checkpoint(entry, &prefix)?;
        let degrees = |name: &'static str| -> Result<f64, Fault> {
            given(entry, name)
                .and_then(Json::number)
                .ok_or_else(|| (format!("{prefix}{name}"), MemberProblem::Missing("degrees")))
        };
        let (lat_deg, lon_deg) = (degrees("lat")?, degrees("lon")?);
        let place = place(lat_deg, lon_deg).map_err(|why| {
            let is_lat = !(-90.0..=90.0).contains(&lat_deg);
            (
                format!("{prefix}{}", if is_lat { "lat" } else { "lon" }),
                why,
            )
        })?;
        let checkpoint = Checkpoint {
            id: id.unwrap_or_else(|| (before + i + 1).to_string()),
            place,
            radius_m,
            dwell_s,
        };
        Ok((number, format!("{prefix}id"), checkpoint))
    })
    .collect()
}

/// The id, the radius in metres and the dwell in seconds of a checkpoint.
fn read_checkpoint(object: &Json, prefix: &str) -> Result<(Option<String>, f64, u32), Fault> {
    let fault = |name: &str, problem| (format!("{prefix}{name}"), problem);
    let id = match given(object, "id") {
        None => None,
        Some(value) => {
            let text = text_of(value).unwrap_or_default();
            Some(checkpoint_id(&text).map_err(|why| fault("id", why))?)
        }
    };
    let number = |name: &'static str, form: &'static str| {
        given(object, name).map(|value| value.number().ok_or(MemberProblem::Form(form)))
    };
    let radius_m = match number("radius_m", "a radius is a number of metres") {
        None => Checkpoint::DEFAULT_RADIUS_M,
        Some(found) => found
            .and_then(distance)
            .map_err(|why| fault("radius_m", why))?,
    };
    let dwell_s = match number("dwell_s", "a dwell is a number of seconds") {
        None => 0,
        Some(found) => found
            .and_then(|s| count(s, 0, MAX_DWELL_S))
            .map_err(|why| fault("dwell_s", why))?,
    };
    Ok((id, radius_m, dwell_s))
}

/// The longest stay that a checkpoint may ask for: a day.
pub(in crate::geo) const MAX_DWELL_S: u32 = 86_400;

/// Checks a checkpoint's id.
pub(in crate::geo) fn checkpoint_id(text: &str) -> Result<String, MemberProblem> {
    let count = text.chars().count();
    if count == 0 || count > MAX_ID_CHARS || text.contains(|c: char| c.is_control()) {
        let form = "a checkpoint's id has 1 to 64 characters, none a control character";
        return Err(MemberProblem::Form(form));
    }
    Ok(text.to_owned())
}

/// A checkpoint, what of the file it stands in, and the field of its id there.
pub(in crate::geo) type Found<P> = (P, String, Checkpoint);

/// The checkpoints in their order, or the first whose id one before has.
pub(in crate::geo) fn unique_checkpoints<P>(
    found: Vec<Found<P>>,
) -> Result<Vec<Checkpoint>, (P, Fault)> {
    let mut ids = HashSet::new();
    let mut checkpoints = Vec::with_capacity(found.len());
    for (at, field, checkpoint) in found {
        if !ids.insert(checkpoint.id.clone()) {
            let problem = MemberProblem::DuplicateCheckpoint(excerpt(&checkpoint.id));
            return Err((at, (field, problem)));
        }
        checkpoints.push(checkpoint);
    }
    Ok(checkpoints)
}
