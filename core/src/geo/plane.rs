//! A plane in metres for tests: x east and y north of a place in Shanghai.

use super::local::Scale;
use crate::model::place::LatLon;
use crate::model::route::Route;
use crate::model::time::UtcMs;
use crate::model::track::Fix;

const ORIGIN: (f64, f64) = (31.23, 121.47);

/// The place so many metres east and north of the origin.
pub(crate) fn at(x_m: f64, y_m: f64) -> LatLon {
    // Two steps settle the latitude at which a degree is measured.
    let mut lat = ORIGIN.0;
    for _ in 0..2 {
        lat = ORIGIN.0 + y_m / Scale::at((ORIGIN.0 + lat) / 2.0).y_m;
    }
    let lon = ORIGIN.1 + x_m / Scale::at(lat).x_m;
    LatLon::try_new(lat, lon).expect("tests stay near Shanghai")
}

/// A route of parts in metres, with the default corridor.
pub(crate) fn route(parts: &[&[(f64, f64)]]) -> Route {
    let parts = parts
        .iter()
        .map(|part| part.iter().map(|(x, y)| at(*x, *y)).collect())
        .collect();
    Route::try_new(parts, Route::DEFAULT_CORRIDOR_M).expect("a route of the test")
}

/// A fix at a second after 2026-03-02T00:00:00Z, without an accuracy.
pub(crate) fn fix(at_s: f64, x_m: f64, y_m: f64) -> Fix {
    Fix {
        at: UtcMs(1_772_409_600_000 + (at_s * 1000.0) as u64),
        place: at(x_m, y_m),
        accuracy_m: None,
        is_mock: false,
    }
}
