//! How large a cell is: geodesic area and perimeter on the WGS 84 ellipsoid.
//!
//! Source: Karney (2013), as implemented by GeographicLib. DOMAIN's cells are of about
//! 10,000 m².

use geo::{GeodesicArea, LineString, Polygon};

/// The size of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellSize {
    /// Area without the holes.
    pub area_m2: f64,
    /// Length of all rings, those of holes included.
    pub perimeter_m: f64,
}

/// Measures polygons that share no ground, whichever way their rings are wound.
///
/// - `polygons`: degrees of WGS 84; the sides are the shortest ways between the corners.
#[must_use]
pub fn cell_size(polygons: &[Polygon<f64>]) -> CellSize {
    let ring = |ring: &LineString<f64>| {
        let (perimeter_m, area_m2) =
            Polygon::new(ring.clone(), Vec::new()).geodesic_perimeter_area_signed();
        (perimeter_m, area_m2.abs())
    };
    let mut size = CellSize {
        area_m2: 0.0,
        perimeter_m: 0.0,
    };
    for polygon in polygons {
        let (perimeter_m, area_m2) = ring(polygon.exterior());
        size.area_m2 += area_m2;
        size.perimeter_m += perimeter_m;
        for hole in polygon.interiors() {
            let (perimeter_m, area_m2) = ring(hole);
            size.area_m2 -= area_m2;
            size.perimeter_m += perimeter_m;
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::at;
    use geo::Coord;

    fn square(from_m: f64, to_m: f64, is_clockwise: bool) -> LineString<f64> {
        let corners = [
            (from_m, from_m),
            (to_m, from_m),
            (to_m, to_m),
            (from_m, to_m),
            (from_m, from_m),
        ];
        let mut ring: Vec<Coord> = corners
            .iter()
            .map(|(x, y)| {
                let place = at(*x, *y);
                Coord {
                    x: place.lon_deg(),
                    y: place.lat_deg(),
                }
            })
            .collect();
        if is_clockwise {
            ring.reverse();
        }
        LineString(ring)
    }

    #[test]
    fn size_of_a_hundred_metres_squared_is_ten_thousand_whichever_way_it_is_wound() {
        for is_clockwise in [false, true] {
            let cell = Polygon::new(square(0.0, 100.0, is_clockwise), vec![]);
            let size = cell_size(&[cell]);
            assert!((size.area_m2 - 10_000.0).abs() < 0.5, "{size:?}");
            assert!((size.perimeter_m - 400.0).abs() < 0.01, "{size:?}");
        }
    }

    #[test]
    fn size_leaves_holes_out_of_the_area_and_counts_their_rings() {
        for is_clockwise in [false, true] {
            let hole = square(25.0, 75.0, is_clockwise);
            let cell = Polygon::new(square(0.0, 100.0, false), vec![hole]);
            let size = cell_size(&[cell]);
            assert!((size.area_m2 - 7_500.0).abs() < 0.5, "{size:?}");
            assert!((size.perimeter_m - 600.0).abs() < 0.02, "{size:?}");
        }
    }
}
