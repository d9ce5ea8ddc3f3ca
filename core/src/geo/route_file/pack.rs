//! The pack of a city's routes: GeoJSON in one order and one form, so that the same routes
//! are the same bytes, and open in any map.

use serde::Serialize;

use crate::geo::route_file::{RouteFileError, RouteFileOptions, read_routes};
use crate::model::place::LatLon;
use crate::model::route::PlannedRoute;

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
    checkpoints: Vec<CheckpointEntry<'a>>,
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

/// The pack: a GeoJSON FeatureCollection of MultiLineStrings in the order of the codes, all
/// properties written out. Routes from [`read_routes`] come back from it as they were.
#[must_use]
pub fn routes_pack(routes: &[PlannedRoute]) -> Vec<u8> {
    let mut sorted: Vec<&PlannedRoute> = routes.iter().collect();
    sorted.sort_by(|a, b| a.code.cmp(&b.code));
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

/// Reads the pack that [`routes_pack`] made.
///
/// # Errors
/// As [`read_routes`], for bytes that are no pack.
pub fn read_routes_pack(bytes: &[u8]) -> Result<Vec<PlannedRoute>, RouteFileError> {
    let code_property = Some("code");
    read_routes(bytes, &RouteFileOptions { code_property })
}
