//! The pack of a city's routes: GeoJSON in one order and one form, so that the same routes
//! are the same bytes, and open in any map.

use serde::Serialize;

use crate::geo::route_file::{RouteFileError, RouteFileOptions, read_routes};
use crate::model::place::LatLon;
use crate::model::route::{LoopWindow, PlannedRoute};

#[derive(Serialize)]
struct Collection<'a> {
    r#type: &'static str,
    features: Vec<Feature<'a>>,
}

#[derive(Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    properties: Properties<'a>,
    geometry: Geometry,
}

#[derive(Serialize)]
struct Properties<'a> {
    code: &'a str,
    name: &'a str,
    corridor_m: f64,
    directed: bool,
    loops: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
    checkpoints: Vec<CheckpointEntry<'a>>,
}

#[derive(Serialize)]
struct WindowEntry {
    from: String,
    to: String,
    loops: u32,
}

#[derive(Serialize)]
struct CheckpointEntry<'a> {
    id: &'a str,
    lat: f64,
    lon: f64,
    radius_m: f64,
    dwell_s: u32,
}

#[derive(Serialize)]
struct Geometry {
    r#type: &'static str,
    coordinates: Vec<Vec<[f64; 2]>>,
}

/// The pack: a GeoJSON FeatureCollection of MultiLineStrings in the order of the codes and of
/// their first days, properties written out; windows and days only where a route has them, so
/// that routes of the first release keep their bytes. Routes from [`read_routes`] come back from it as they were.
#[must_use]
pub fn routes_pack(routes: &[PlannedRoute]) -> Vec<u8> {
    let mut sorted: Vec<&PlannedRoute> = routes.iter().collect();
    sorted.sort_by(|a, b| (&a.code, a.validity.from).cmp(&(&b.code, b.validity.from)));
    let collection = Collection {
        r#type: "FeatureCollection",
        features: sorted.into_iter().map(feature).collect(),
    };
    serde_json::to_vec(&collection).expect("text and numbers are always JSON")
}

fn feature(planned: &PlannedRoute) -> Feature<'_> {
    let route = &planned.route;
    let position = |place: &LatLon| [place.lon_deg(), place.lat_deg()];
    let checkpoints = route.checkpoints().iter();
    let parts = route.parts().iter();
    Feature {
        r#type: "Feature",
        properties: Properties {
            code: planned.code.as_str(),
            name: &planned.name,
            corridor_m: route.corridor_m(),
            directed: route.is_directed(),
            loops: planned.loops_required,
            windows: planned.windows.iter().map(window).collect(),
            valid_from: planned.validity.from.map(|day| day.to_string()),
            valid_to: planned.validity.to.map(|day| day.to_string()),
            checkpoints: checkpoints
                .map(|c| CheckpointEntry {
                    id: &c.id,
                    lat: c.place.lat_deg(),
                    lon: c.place.lon_deg(),
                    radius_m: c.radius_m,
                    dwell_s: c.dwell_s,
                })
                .collect(),
        },
        geometry: Geometry {
            r#type: "MultiLineString",
            coordinates: parts
                .map(|part| part.iter().map(position).collect())
                .collect(),
        },
    }
}

fn window(window: &LoopWindow) -> WindowEntry {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    WindowEntry {
        from: clock(window.from_min),
        to: clock(window.to_min),
        loops: window.loops,
    }
}

/// Reads the pack that [`routes_pack`] made.
///
/// # Errors
/// As [`read_routes`], for bytes that are no pack.
pub fn read_routes_pack(bytes: &[u8]) -> Result<Vec<PlannedRoute>, RouteFileError> {
    let code_property = Some("code");
    let options = RouteFileOptions {
        code_property,
        ..RouteFileOptions::default()
    };
    read_routes(bytes, &options)
}
