//! Routes and tracks drawn in metres near Shanghai, as the files that a city has.

use std::fmt::Write as _;

use bading_core::model::time::UtcMs;
use serde_json::{Value, json};

const ORIGIN: (f64, f64) = (31.23, 121.47);
/// When the walks begin: 2026-03-02T00:00:00Z.
const START_MS: u64 = 1_772_409_600_000;

/// The latitude and longitude so many metres east and north of the origin.
pub(crate) fn at(x_m: f64, y_m: f64) -> (f64, f64) {
    let scale = |lat_deg: f64| {
        let (sin, cos) = lat_deg.to_radians().sin_cos();
        let w2 = 1.0 - 0.006_694_379_990_141_317 * sin * sin;
        let deg_m = 6_378_137.0 * std::f64::consts::PI / 180.0;
        let north = deg_m * (1.0 - 0.006_694_379_990_141_317) / (w2 * w2.sqrt());
        (deg_m / w2.sqrt() * cos, north)
    };
    // Two steps settle the latitude at which a degree is measured.
    let mut lat = ORIGIN.0;
    for _ in 0..2 {
        lat = ORIGIN.0 + y_m / scale((ORIGIN.0 + lat) / 2.0).1;
    }
    (lat, ORIGIN.1 + x_m / scale(lat).0)
}

/// The time so many seconds after the beginning.
pub(crate) fn time(at_s: f64) -> String {
    UtcMs(START_MS + (at_s * 1000.0) as u64).to_rfc3339()
}

/// A route through places in metres.
pub(crate) fn line(places: &[(f64, f64)]) -> Value {
    let position = |(x, y): &(f64, f64)| {
        let (lat, lon) = at(*x, *y);
        json!([lon, lat])
    };
    let positions: Vec<_> = places.iter().map(position).collect();
    json!({"type": "LineString", "coordinates": positions})
}

/// A feature of a route with its properties.
pub(crate) fn route(places: &[(f64, f64)], properties: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": line(places)})
}

/// DOMAIN's route.
pub(crate) const CORNER: [(f64, f64); 3] = [(0.0, 0.0), (1000.0, 0.0), (1000.0, 500.0)];

/// DOMAIN's walk of that route, as seconds and metres: a fix every 16 s and 20 m over x 0 to
/// 600 and 900 to 1000, between them 240 s without one, then y 0 to 250.
pub(crate) fn corner_walk() -> Vec<(f64, f64, f64)> {
    let mut fixes = Vec::new();
    let mut at_s = 0.0;
    for step in 0..=30 {
        fixes.push((at_s, f64::from(step) * 20.0, 0.0));
        at_s += 16.0;
    }
    at_s += 240.0 - 16.0;
    for step in 0..=5 {
        fixes.push((at_s, 900.0 + f64::from(step) * 20.0, 0.0));
        at_s += 16.0;
    }
    for y_m in (1..=12).map(|step| f64::from(step) * 20.0).chain([250.0]) {
        fixes.push((at_s, 1000.0, y_m));
        at_s += 16.0;
    }
    fixes
}

/// A straight walk along x, a fix every 16 s and 20 m.
pub(crate) fn street_walk(from_m: i32, to_m: i32) -> Vec<(f64, f64, f64)> {
    let back = to_m < from_m;
    let step = |n: i32| from_m + if back { -20 * n } else { 20 * n };
    (0..=(to_m - from_m).abs() / 20)
        .map(|n| (f64::from(n) * 16.0, f64::from(step(n)), 0.0))
        .collect()
}

pub(crate) const HEADER: &str = "time,lat,lon,accuracy_m,mock\n";

/// One row of a CSV.
pub(crate) fn row((at_s, x_m, y_m): (f64, f64, f64)) -> String {
    let (lat, lon) = at(x_m, y_m);
    format!("{},{lat:.9},{lon:.9},5,false\n", time(at_s))
}

/// The CSV of a walk.
pub(crate) fn csv(walk: &[(f64, f64, f64)]) -> String {
    let rows = walk.iter().map(|fix| row(*fix));
    std::iter::once(HEADER.to_owned()).chain(rows).collect()
}

/// The GPX of a walk, with or without its times.
pub(crate) fn gpx(walk: &[(f64, f64, f64)], has_times: bool) -> String {
    let mut gpx = String::from("<gpx version=\"1.1\"><trk><trkseg>\n");
    for (at_s, x_m, y_m) in walk {
        let (lat, lon) = at(*x_m, *y_m);
        let time = match has_times {
            true => format!("<time>{}</time>", time(*at_s)),
            false => String::new(),
        };
        writeln!(gpx, "<trkpt lat=\"{lat}\" lon=\"{lon}\">{time}</trkpt>").expect("a String");
    }
    gpx + "</trkseg></trk></gpx>\n"
}
