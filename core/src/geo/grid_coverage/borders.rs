//! The borders of cells: where a straight way crosses them, and how near a place is to one.
//!
//! The edges stand in a tree of parts that halves them by their middles: its depth is the
//! logarithm of their number, whatever a file holds.

use geo::Coord;

use super::super::grid_file::GridCell;
use super::super::local::Scale;

/// Edges of one leaf.
const LEAF: usize = 8;
/// A crossing so little beyond an edge's end is one, as a share of the edge: two edges that
/// meet must leave no way between them.
const SLACK: f64 = 1e-9;

/// The part of a straight way that lies in one cell, or in none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub(super) cell: Option<u32>,
    /// Where it begins, as a share of the way.
    pub(super) from: f64,
    /// Where it ends.
    pub(super) to: f64,
    /// Its middle, in degrees.
    pub(super) middle: Coord,
    /// Its end, in degrees.
    pub(super) end: Coord,
}

/// Every edge of some cells.
#[derive(Debug, Clone)]
pub(super) struct Borders {
    /// In the order of the tree.
    edges: Vec<Edge>,
    parts: Vec<Part>,
}

/// An edge of a cell, by its number; positions are longitude and latitude in degrees.
#[derive(Debug, Clone, Copy)]
struct Edge {
    from: Coord,
    to: Coord,
    cell: u32,
}

/// A part of the tree: a leaf, or two parts, the first of which stands right behind it.
#[derive(Debug, Clone, Copy)]
struct Part {
    low: Coord,
    high: Coord,
    first: usize,
    end: usize,
    /// Zero for a leaf.
    second: usize,
}

impl Borders {
    pub(super) fn new(cells: &[GridCell]) -> Self {
        let mut edges = Vec::new();
        for (number, cell) in (0_u32..).zip(cells) {
            for polygon in &cell.polygons {
                let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                for line in rings.flat_map(|ring| ring.lines()) {
                    let (from, to) = (line.start, line.end);
                    // As in the locator, an edge that is not finite bounds nothing.
                    if [from.x, from.y, to.x, to.y]
                        .iter()
                        .all(|deg| deg.is_finite())
                    {
                        let cell = number;
                        edges.push(Edge { from, to, cell });
                    }
                }
            }
        }
        let mut borders = Self {
            edges,
            parts: Vec::new(),
        };
        if !borders.edges.is_empty() {
            borders.grow(0, borders.edges.len());
        }
        borders
    }

    /// Makes the part of these edges, and tells where it stands.
    fn grow(&mut self, first: usize, end: usize) -> usize {
        let edges = &mut self.edges[first..end];
        let (mut low, mut high) = (edges[0].from, edges[0].from);
        for at in edges.iter().flat_map(|edge| [edge.from, edge.to]) {
            (low.x, low.y) = (low.x.min(at.x), low.y.min(at.y));
            (high.x, high.y) = (high.x.max(at.x), high.y.max(at.y));
        }
        let number = self.parts.len();
        self.parts.push(Part {
            low,
            high,
            first,
            end,
            second: 0,
        });
        if edges.len() > LEAF {
            let half = edges.len() / 2;
            let is_wide = high.x - low.x > high.y - low.y;
            let middle = |edge: &Edge| {
                let sum = edge.from + edge.to;
                if is_wide { sum.x } else { sum.y }
            };
            edges.select_nth_unstable_by(half, |a, b| middle(a).total_cmp(&middle(b)));
            self.grow(first, first + half);
            self.parts[number].second = self.grow(first + half, end);
        }
        number
    }

    /// Shows every edge whose part of the tree meets a box, until one is enough.
    fn any(&self, low: Coord, high: Coord, is_enough: &mut impl FnMut(&Edge) -> bool) -> bool {
        let mut waiting = vec![0];
        while let Some(number) = waiting.pop() {
            let Some(part) = self.parts.get(number) else {
                continue;
            };
            let is_apart = part.low.x > high.x
                || part.high.x < low.x
                || part.low.y > high.y
                || part.high.y < low.y;
            if is_apart {
                continue;
            }
            if part.second > 0 {
                waiting.extend([number + 1, part.second]);
            } else if self.edges[part.first..part.end].iter().any(&mut *is_enough) {
                return true;
            }
        }
        false
    }

    /// Adds the shares of the way from `a` to `b` at which it crosses an edge, in no order.
    pub(super) fn crossings(&self, a: Coord, b: Coord, shares: &mut Vec<f64>) {
        let way = b - a;
        let cross = |u: Coord, v: Coord| u.x * v.y - u.y * v.x;
        let (west, east) = (a.x.min(b.x), a.x.max(b.x));
        let (south, north) = (a.y.min(b.y), a.y.max(b.y));
        let (low, high) = (Coord { x: west, y: south }, Coord { x: east, y: north });
        self.any(low, high, &mut |edge| {
            let (start, along) = (edge.from - a, edge.to - edge.from);
            let spread = cross(way, along);
            let (share, at) = (cross(start, along) / spread, cross(start, way) / spread);
            // A way along an edge, of which these are no numbers, crosses those at its ends.
            if share > 0.0 && share < 1.0 && (-SLACK..=1.0 + SLACK).contains(&at) {
                shares.push(share);
            }
            false
        });
    }

    /// True when an edge, of one cell or of any, passes within so many metres of a place.
    pub(super) fn is_near(&self, at: Coord, m: f64, of_cell: Option<u32>) -> bool {
        let scale = Scale::at(at.y);
        let wide = Coord {
            x: m / scale.x_m,
            y: m / scale.y_m,
        };
        let metres = |c: Coord| Coord {
            x: (c.x - at.x) * scale.x_m,
            y: (c.y - at.y) * scale.y_m,
        };
        self.any(at - wide, at + wide, &mut |edge| {
            if of_cell.is_some_and(|cell| edge.cell != cell) {
                return false;
            }
            let from = metres(edge.from);
            let along = metres(edge.to) - from;
            let square = along.x * along.x + along.y * along.y;
            let share = if square > 0.0 {
                (-(from.x * along.x + from.y * along.y) / square).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let nearest = from + along * share;
            nearest.x.hypot(nearest.y) <= m
        })
    }
}
