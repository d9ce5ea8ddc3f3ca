//! Duty cells as one area that may be widened: is this place in it, or near it?

use super::grid_file::GridCell;
use super::local::Scale;
use crate::model::place::LatLon;

/// Some cells, each with its bounds.
#[derive(Debug, Clone)]
pub struct Area {
    rings: Vec<Ring>,
}

#[derive(Debug, Clone)]
struct Ring {
    cell: usize,
    corners: Vec<(f64, f64)>,
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Area {
    /// The area of these cells.
    #[must_use]
    pub fn new<'c>(cells: impl IntoIterator<Item = &'c GridCell>) -> Self {
        let mut rings = Vec::new();
        for (cell, grid) in cells.into_iter().enumerate() {
            for polygon in &grid.polygons {
                let lines = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                rings.extend(lines.map(|line| Ring::new(cell, line)));
            }
        }
        Self { rings }
    }

    /// True when there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rings.is_empty()
    }

    /// True inside a cell, and outside within `widen_m` metres of its edge.
    #[must_use]
    pub fn holds(&self, at: LatLon, widen_m: f64) -> bool {
        let scale = Scale::at(at.lat_deg());
        let (wide, high) = (widen_m / scale.x_m, widen_m / scale.y_m);
        let (x, y) = (at.lon_deg(), at.lat_deg());
        // Cells are planar in degrees and never cross the antimeridian.
        let near = self.rings.iter().filter(|ring| {
            (ring.west - wide..=ring.east + wide).contains(&x)
                && (ring.south - high..=ring.north + high).contains(&y)
        });
        let mut inside: Option<(usize, bool)> = None;
        for ring in near {
            if ring.is_within(at, scale, widen_m) {
                return true;
            }
            // A hole turns its cell's inside out again; rings of a cell stand together.
            let is_in = ring.winds_around(x, y);
            inside = match inside {
                Some((cell, odd)) if cell == ring.cell => Some((cell, odd != is_in)),
                Some((_, true)) => return true,
                _ => Some((ring.cell, is_in)),
            };
        }
        inside.is_some_and(|(_, odd)| odd)
    }
}

impl Ring {
    fn new(cell: usize, line: &geo::LineString<f64>) -> Self {
        let corners: Vec<_> = line.0.iter().map(|c| (c.x, c.y)).collect();
        let fold = |start: f64, pick: fn(f64, f64) -> f64, of: fn(&(f64, f64)) -> f64| {
            corners.iter().map(of).fold(start, pick)
        };
        Self {
            cell,
            south: fold(f64::INFINITY, f64::min, |c| c.1),
            north: fold(f64::NEG_INFINITY, f64::max, |c| c.1),
            west: fold(f64::INFINITY, f64::min, |c| c.0),
            east: fold(f64::NEG_INFINITY, f64::max, |c| c.0),
            corners,
        }
    }

    fn edges(&self) -> impl Iterator<Item = ((f64, f64), (f64, f64))> {
        self.corners.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// True on a point around which the ring winds an odd number of times.
    fn winds_around(&self, x: f64, y: f64) -> bool {
        self.edges()
            .filter(|((ax, ay), (bx, by))| {
                (ay > &y) != (by > &y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
            })
            .count()
            % 2
            == 1
    }

    /// True when an edge passes within so many metres.
    fn is_within(&self, at: LatLon, scale: Scale, m: f64) -> bool {
        let metres = |(x, y): (f64, f64)| {
            (
                (x - at.lon_deg()) * scale.x_m,
                (y - at.lat_deg()) * scale.y_m,
            )
        };
        self.edges().any(|(a, b)| {
            let ((ax, ay), (bx, by)) = (metres(a), metres(b));
            let (dx, dy) = (bx - ax, by - ay);
            let square = dx * dx + dy * dy;
            let share = if square > 0.0 {
                (-(ax * dx + ay * dy) / square).clamp(0.0, 1.0)
            } else {
                0.0
            };
            (ax + share * dx).hypot(ay + share * dy) <= m
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::at;
    use geo::{Coord, LineString, Polygon};

    fn ring(corners: &[(f64, f64)]) -> LineString<f64> {
        let corners = corners.iter().map(|(x, y)| {
            let place = at(*x, *y);
            Coord {
                x: place.lon_deg(),
                y: place.lat_deg(),
            }
        });
        LineString(corners.collect())
    }

    fn square(from: f64, to: f64) -> LineString<f64> {
        ring(&[(from, from), (to, from), (to, to), (from, to), (from, from)])
    }

    fn cell(code: &str, outer: LineString<f64>, holes: Vec<LineString<f64>>) -> GridCell {
        GridCell {
            code: code.to_owned(),
            polygons: vec![Polygon::new(outer, holes)],
            terms: Default::default(),
        }
    }

    #[test]
    fn area_is_its_cells_and_a_margin_around_them() {
        let cells = [cell("a", square(0.0, 100.0), vec![])];
        let area = Area::new(&cells);
        assert!(area.holds(at(50.0, 50.0), 0.0));
        assert!(!area.holds(at(120.0, 50.0), 0.0));
        assert!(area.holds(at(129.0, 50.0), 30.0));
        assert!(!area.holds(at(131.0, 50.0), 30.0));
        assert!(area.holds(at(-20.0, -20.0), 30.0));
        assert!(!area.holds(at(-22.0, -22.0), 30.0));
        assert!(Area::new(&[]).is_empty());
    }

    #[test]
    fn hole_is_outside_beyond_the_margin_unless_another_cell_fills_it() {
        let holed = cell("a", square(0.0, 300.0), vec![square(100.0, 200.0)]);
        let filling = cell("b", square(100.0, 200.0), vec![]);
        let alone = [holed.clone()];
        assert!(!Area::new(&alone).holds(at(150.0, 150.0), 30.0));
        assert!(Area::new(&alone).holds(at(125.0, 150.0), 30.0));
        let both = [holed, filling];
        assert!(Area::new(&both).holds(at(150.0, 150.0), 0.0));
    }
}
