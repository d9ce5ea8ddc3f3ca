//! Coverage as a map: what was covered and missed, the route, the walk, the checkpoints.

use bading_core::geo::coverage::{Coverage, CoverageSettings};
use bading_core::geo::grid_coverage::GridCoverage;
use bading_core::geo::grid_file::GridCell;
use bading_core::geo::route_line::RouteLine;
use bading_core::geo::walk::Walk;
use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::track::Fix;
use serde_json::{Value, json};

use crate::output::{Exit, Failure};

/// A FeatureCollection on WGS 84; the property `kind` tells the features apart.
pub(super) fn map(
    route: &Route,
    settings: &CoverageSettings,
    fixes: &[Fix],
    found: &Coverage,
) -> Result<Vec<u8>, Failure> {
    let line = RouteLine::new(route);
    let mut features = vec![feature(
        json!({"kind": "route", "length_m": millimetres(line.length_m()),
               "corridor_m": route.corridor_m(), "directed": route.is_directed()}),
        lines(route.parts()),
    )];
    let walked = walked(settings, fixes);
    if !walked.is_empty() {
        let properties = json!({"kind": "track", "walked_m": millimetres(found.walked_m),
                                "fixes": found.fixes.accepted});
        features.push(feature(properties, lines(&walked)));
    }
    for stretch in &found.intervals {
        features.push(feature(
            with_kind("covered", stretch)?,
            lines(&line.cut(stretch.from_m, stretch.to_m)),
        ));
    }
    for stretch in &found.missed {
        features.push(feature(
            with_kind("missed", stretch)?,
            lines(&line.cut(stretch.from_m, stretch.to_m)),
        ));
    }
    for (checkpoint, visit) in route.checkpoints().iter().zip(&found.checkpoints) {
        let mut properties = with_kind("checkpoint", visit)?;
        properties["radius_m"] = json!(checkpoint.radius_m);
        let point = json!({"type": "Point", "coordinates": position(&checkpoint.place)});
        features.push(feature(properties, point));
    }
    let map = json!({"type": "FeatureCollection", "features": features});
    serde_json::to_vec(&map).map_err(bug)
}

/// The cells with what was seen of each, and the walk, as a FeatureCollection on WGS 84.
pub(super) fn grid_map(
    cells: &[GridCell],
    settings: &CoverageSettings,
    fixes: &[Fix],
    found: &GridCoverage,
) -> Result<Vec<u8>, Failure> {
    let mut features = Vec::with_capacity(cells.len() + 1);
    for (cell, seen) in cells.iter().zip(&found.cells) {
        let polygons: Vec<_> = cell
            .polygons
            .iter()
            .map(|polygon| {
                let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                let positions = rings.map(|ring| -> Vec<_> {
                    ring.0.iter().map(|at| rounded([at.x, at.y])).collect()
                });
                positions.collect::<Vec<_>>()
            })
            .collect();
        let geometry = json!({"type": "MultiPolygon", "coordinates": polygons});
        features.push(feature(with_kind("cell", seen)?, geometry));
    }
    let walked = walked(settings, fixes);
    if !walked.is_empty() {
        let properties = json!({"kind": "track", "walked_m": millimetres(found.walked_m),
                                "fixes": found.fixes.accepted});
        features.push(feature(properties, lines(&walked)));
    }
    let map = json!({"type": "FeatureCollection", "features": features});
    serde_json::to_vec(&map).map_err(bug)
}

/// The believed fixes that count, parted where a gap lies between two of them: no line is
/// drawn over what no fix vouches for.
fn walked(settings: &CoverageSettings, fixes: &[Fix]) -> Vec<Vec<LatLon>> {
    let mut walk = Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms);
    for fix in fixes {
        walk.feed(*fix);
    }
    walk.finish();
    let counts = |fix: &&Fix| {
        settings
            .window
            .is_none_or(|(from, to)| from <= fix.at && fix.at <= to)
    };
    let mut parts: Vec<Vec<LatLon>> = Vec::new();
    let mut last = None;
    for fix in walk.accepted().iter().filter(counts) {
        let goes_on = last.is_some_and(|at: u64| fix.at.0.saturating_sub(at) <= settings.gap_ms);
        match parts.last_mut() {
            Some(part) if goes_on => part.push(fix.place),
            _ => parts.push(vec![fix.place]),
        }
        last = Some(fix.at.0);
    }
    for part in &mut parts {
        // A line has two positions; a fix that stands alone is there twice.
        if let [alone] = part[..] {
            part.push(alone);
        }
    }
    parts
}

fn with_kind(kind: &str, value: &impl serde::Serialize) -> Result<Value, Failure> {
    let mut properties = serde_json::to_value(value).map_err(bug)?;
    properties["kind"] = json!(kind);
    Ok(properties)
}

fn bug(error: serde_json::Error) -> Failure {
    Failure {
        exit: Exit::Bug,
        line: error.to_string(),
    }
}

fn feature(properties: Value, geometry: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": geometry})
}

fn lines(parts: &[Vec<LatLon>]) -> Value {
    let line = |part: &Vec<LatLon>| part.iter().map(position).collect::<Vec<_>>();
    match parts {
        [part] => json!({"type": "LineString", "coordinates": line(part)}),
        _ => {
            let parts: Vec<_> = parts.iter().map(line).collect();
            json!({"type": "MultiLineString", "coordinates": parts})
        }
    }
}

fn position(place: &LatLon) -> [f64; 2] {
    rounded([place.lon_deg(), place.lat_deg()])
}

/// Longitude and latitude to 1e-7 degrees, about a centimetre.
fn rounded(position: [f64; 2]) -> [f64; 2] {
    position.map(|deg| (deg * 1e7).round() / 1e7)
}

fn millimetres(m: f64) -> f64 {
    (m * 1e3).round() / 1e3
}
