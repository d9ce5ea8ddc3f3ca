//! Metres around a place: how long a degree is there, on the WGS 84 ellipsoid.
//!
//! Good to a millimetre within a kilometre, which is what a corridor and a step need.
//! Lengths that are published are geodesic ([`super::distance`]).

use crate::model::place::LatLon;

const A: f64 = 6_378_137.0;
const E2: f64 = 0.006_694_379_990_141_317;

/// Metres of a degree of longitude and of latitude at a latitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) x_m: f64,
    pub(super) y_m: f64,
}

impl Scale {
    pub(super) fn at(lat_deg: f64) -> Self {
        let (sin, cos) = lat_deg.to_radians().sin_cos();
        let w2 = 1.0 - E2 * sin * sin;
        let w = w2.sqrt();
        let deg = std::f64::consts::PI / 180.0;
        Self {
            // At a pole a degree of longitude has no length; a little keeps divisions finite.
            x_m: (A / w * cos * deg).max(1e-3),
            y_m: A * (1.0 - E2) / (w2 * w) * deg,
        }
    }

    /// From one place to another, in metres east and north.
    pub(super) fn between(self, from: LatLon, to: LatLon) -> (f64, f64) {
        (
            east_deg(from.lon_deg(), to.lon_deg()) * self.x_m,
            (to.lat_deg() - from.lat_deg()) * self.y_m,
        )
    }
}

/// Degrees east from one longitude to another by the shorter way.
pub(super) fn east_deg(from: f64, to: f64) -> f64 {
    let east = to - from;
    if east > 180.0 {
        east - 360.0
    } else if east < -180.0 {
        east + 360.0
    } else {
        east
    }
}

/// The distance of two near places in metres, fast.
pub(super) fn near_m(a: LatLon, b: LatLon) -> f64 {
    let (x, y) = Scale::at((a.lat_deg() + b.lat_deg()) / 2.0).between(a, b);
    x.hypot(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::distance::distance_m;

    #[test]
    fn near_distance_agrees_with_the_geodesic_within_a_millimetre_a_kilometre() {
        for lat in [-80.0, -31.2, 0.0, 31.2, 50.3, 80.0] {
            for (north, east) in [(0.0, 0.008), (0.006, 0.0), (0.005, -0.006)] {
                let a = LatLon::try_new(lat, 179.998).expect("in range");
                let lon = 179.998 + east;
                let lon = if lon > 180.0 { lon - 360.0 } else { lon };
                let b = LatLon::try_new(lat + north, lon).expect("in range");
                assert!(
                    (near_m(a, b) - distance_m(a, b)).abs() < 2e-3,
                    "{lat} {north} {east}"
                );
            }
        }
    }
}
