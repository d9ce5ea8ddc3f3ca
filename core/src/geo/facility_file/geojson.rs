//! What a GeoJSON feature says of a facility.

use geo::{Centroid, Coord, Geometry, GeometryCollection, Line, LineString, Point, Polygon};

use super::{FacilityFault, Fault, Fields, checked_place};
use crate::geo::json::Json;
use crate::model::place::LatLon;

/// OpenStreetMap's keys whose value says what a thing is, the telling ones first.
const TAGS: [&str; 15] = [
    "amenity",
    "emergency",
    "highway",
    "public_transport",
    "leisure",
    "tourism",
    "shop",
    "healthcare",
    "office",
    "man_made",
    "barrier",
    "power",
    "railway",
    "historic",
    "natural",
];

pub(super) fn fields(feature: &Json) -> Fields {
    let text = |names: &[&str]| named_text(feature, names);
    let mut id = text(&["id", "@id", "编号", "编码"]);
    if id.0.is_empty()
        && let Some(own) = feature.member("id").and_then(text_of)
    {
        id = (own, "id".to_owned());
    }
    let mut kind = text(&["kind", "类别", "类型"]);
    if kind.0.is_empty() {
        let tag = text(&TAGS);
        if !tag.0.is_empty() {
            kind = tag;
        }
    }
    let mut address = text(&["address", "addr:full", "地址"]);
    if address.0.is_empty() {
        let parts = [text(&["addr:street"]).0, text(&["addr:housenumber"]).0];
        address.0 = parts.join(" ").trim().to_owned();
    }
    Fields {
        id,
        kind,
        name: text(&["name", "名称"]),
        hours: text(&["opening_hours", "开放时间"]),
        address,
        phone: text(&["phone", "contact:phone", "电话"]),
        place: place_of(feature),
    }
}

/// The first of these properties that is there as text or number, and its name; nothing and
/// the first name where none is.
fn named_text(feature: &Json, names: &[&str]) -> (String, String) {
    let property = |name: &str| feature.member("properties")?.member(name).and_then(text_of);
    let found = names.iter().find_map(|name| Some((property(name)?, *name)));
    let (text, name) = found.unwrap_or((String::new(), names.first().copied().unwrap_or("")));
    (text, format!("properties.{name}"))
}

fn text_of(value: &Json) -> Option<String> {
    let text = match value {
        Json::Text(text) => text.trim().to_owned(),
        Json::Unsigned(number) => number.to_string(),
        Json::Signed(number) => number.to_string(),
        Json::Float(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// A point, or the centre of anything else: of an area's surface, of a line's length, of
/// several points. It is planar in degrees, which moves a building's centre by nothing.
fn place_of(feature: &Json) -> Result<LatLon, Fault> {
    let fault = |field: &str, why| (field.to_owned(), FacilityFault::Geometry(why));
    if feature.member("type").and_then(Json::text) != Some("Feature") {
        return Err(fault("type", "not a GeoJSON Feature"));
    }
    let geometry = match feature.member("geometry") {
        None | Some(Json::Null) => {
            let fault = FacilityFault::Missing("a geometry, best a Point");
            return Err(("geometry".to_owned(), fault));
        }
        Some(geometry) => geometry,
    };
    // Longitudes are counted on from the first one, so that an area on the date line, whole or
    // cut there as RFC 7946 wants it, has its centre in it.
    let mut first_lon = None;
    let parts = parts_of(geometry, "geometry", &mut first_lon)?;
    let centre = GeometryCollection::new_from(parts).centroid();
    let Some(centre) = centre else {
        return Err(fault(
            "geometry.coordinates",
            "a geometry without a position",
        ));
    };
    let lon_deg = match centre.x() {
        lon if lon > 180.0 => lon - 360.0,
        lon if lon < -180.0 => lon + 360.0,
        lon => lon,
    };
    checked_place(centre.y(), lon_deg, ["geometry.coordinates"; 2])
}

fn parts_of(
    geometry: &Json,
    field: &str,
    first_lon: &mut Option<f64>,
) -> Result<Vec<Geometry>, Fault> {
    let coordinates = geometry.member("coordinates").unwrap_or(&Json::Null);
    let inner = format!("{field}.coordinates");
    let mut lines = |json: &Json, depth| lines_of(json, depth, &inner, first_lon);
    let area = |rings: Vec<LineString>| -> Option<Geometry> {
        let mut rings = rings.into_iter();
        let outer = rings.next()?;
        Some(Polygon::new(outer, rings.collect()).into())
    };
    Ok(match geometry.member("type").and_then(Json::text) {
        Some("Point") => points(lines(coordinates, 0)?),
        Some("MultiPoint") => points(lines(coordinates, 1)?),
        Some("LineString") => lines(coordinates, 1)?.into_iter().map(line).collect(),
        Some("MultiLineString") => lines(coordinates, 2)?.into_iter().map(line).collect(),
        Some("Polygon") => area(lines(coordinates, 2)?).into_iter().collect(),
        Some("MultiPolygon") => {
            let Json::List(polygons) = coordinates else {
                let why = FacilityFault::Geometry("a MultiPolygon is a list of polygons");
                return Err((inner, why));
            };
            let mut areas = Vec::new();
            for polygon in polygons {
                areas.extend(area(lines(polygon, 2)?));
            }
            areas
        }
        _ => {
            let why = "a facility is a Point, or an area or a line with a centre";
            return Err((format!("{field}.type"), FacilityFault::Geometry(why)));
        }
    })
}

fn points(lines: Vec<LineString>) -> Vec<Geometry> {
    let all = lines.into_iter().flat_map(|line| line.0);
    all.map(|at| Geometry::Point(Point(at))).collect()
}

/// A line; one of a single place is that place.
fn line(line: LineString) -> Geometry {
    match line.0.as_slice() {
        [from, to] => Geometry::Line(Line::new(*from, *to)),
        _ => Geometry::LineString(line),
    }
}

/// Positions as lines: one position is a line of one, `depth` says how many lists are around.
fn lines_of(
    json: &Json,
    depth: u8,
    field: &str,
    first_lon: &mut Option<f64>,
) -> Result<Vec<LineString>, Fault> {
    let form = |why| (field.to_owned(), FacilityFault::Geometry(why));
    match (depth, json) {
        (0, Json::Position([lon_deg, lat_deg])) => {
            let place = checked_place(*lat_deg, *lon_deg, [field; 2])?;
            let first = *first_lon.get_or_insert(place.lon_deg());
            let x = match place.lon_deg() - first {
                east if east > 180.0 => place.lon_deg() - 360.0,
                east if east < -180.0 => place.lon_deg() + 360.0,
                _ => place.lon_deg(),
            };
            let y = place.lat_deg();
            Ok(vec![LineString(vec![Coord { x, y }])])
        }
        (0, _) => Err(form("a position is a longitude and a latitude")),
        (1, Json::List(positions)) if !positions.is_empty() => {
            let mut line = Vec::with_capacity(positions.len());
            for position in positions {
                let at = lines_of(position, 0, field, first_lon)?;
                line.extend(at.into_iter().flat_map(|line| line.0));
            }
            Ok(vec![LineString(line)])
        }
        (2, Json::List(list)) if !list.is_empty() => {
            let mut lines = Vec::with_capacity(list.len());
            for json in list {
                lines.extend(lines_of(json, 1, field, first_lon)?);
            }
            Ok(lines)
        }
        _ => Err(form("a list of positions is needed")),
    }
}
