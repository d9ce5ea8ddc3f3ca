//! The length of the straight way between two places.

use crate::model::place::LatLon;
use geo::{Distance, Geodesic, Point};

/// Geodesic distance on the WGS 84 ellipsoid, in metres; symmetric, zero for equal places.
///
/// Source: Karney (2013), as implemented by GeographicLib; accurate to nanometres.
#[must_use]
pub fn distance_m(a: LatLon, b: LatLon) -> f64 {
    Geodesic.distance(
        Point::new(a.lon_deg(), a.lat_deg()),
        Point::new(b.lon_deg(), b.lat_deg()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat_deg: f64, lon_deg: f64) -> LatLon {
        LatLon::try_new(lat_deg, lon_deg).expect("test places are on the globe")
    }

    #[test]
    fn distance_of_known_pairs_is_geographiclibs() {
        // One degree of longitude on the equator is a · π / 180; a quarter meridian is 10,001,965.729 m.
        assert!((distance_m(at(0.0, 0.0), at(0.0, 1.0)) - 111_319.490_793).abs() < 1e-5);
        assert!((distance_m(at(0.0, 0.0), at(90.0, 0.0)) - 10_001_965.729_3).abs() < 1e-3);
    }

    #[test]
    fn distance_across_the_antimeridian_is_short() {
        assert!(distance_m(at(0.0, 179.999), at(0.0, -179.999)) < 223.0);
    }
}
