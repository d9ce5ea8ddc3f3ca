//! Whether a closed ring crosses itself.
//!
//! A sweep from west to east (Shamos and Hoey 1976) over exact signs: n log n whatever the
//! shape, and it ends at the first crossing. What counts is that the line passes from one
//! side of itself to the other, through an edge or through a vertex. What does not change
//! which points are inside is tolerated: touching at a vertex, repeated points, a spike
//! that runs out and back, and stretches walked twice.

use super::orient::side;
use geo::Coord;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// An edge under the sweep line, its ends in order of x, then y.
///
/// The order of two edges that are swept together never changes before the first crossing,
/// so that it can be the order of a tree without knowing where the sweep stands.
#[derive(Debug, Clone, Copy)]
struct Edge {
    left: Coord,
    right: Coord,
    id: usize,
}

impl Edge {
    fn side(&self, p: Coord) -> i32 {
        side(self.left, self.right, p)
    }

    /// 1 when `later`, which begins on or right of this edge's left end, runs above it.
    fn side_of(&self, later: &Self) -> i32 {
        match self.side(later.left) {
            0 => self.side(later.right),
            s => s,
        }
    }

    fn crosses(&self, other: &Self) -> bool {
        self.side(other.left) * self.side(other.right) < 0
            && other.side(self.left) * other.side(self.right) < 0
    }
}

impl Ord for Edge {
    fn cmp(&self, other: &Self) -> Ordering {
        let above = match order(self.left, other.left) {
            Ordering::Greater => other.side_of(self),
            _ => -self.side_of(other),
        };
        above.cmp(&0).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Edge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Edge {}

/// At one point edges end first, then its vertices are looked at, then edges begin: the
/// tree holds at a vertex only those edges that pass through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    End,
    Vertex,
    Start,
}

fn order(a: Coord, b: Coord) -> Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

/// Where the ring first crosses itself, from the west, or nothing.
///
/// - `ring`: finite planar coordinates, the last point repeating the first.
/// - Returns the vertex that the ring crosses itself at, or the rounded crossing of two edges.
pub(crate) fn self_crossing(ring: &[Coord]) -> Option<Coord> {
    // Adding zero makes -0.0 and 0.0 one number for `total_cmp`.
    let mut points: Vec<Coord> = ring
        .iter()
        .map(|p| Coord {
            x: p.x + 0.0,
            y: p.y + 0.0,
        })
        .collect();
    points.dedup();
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    let count = points.len();
    if count < 3 {
        return None;
    }
    let edges: Vec<Edge> = (0..count)
        .map(|id| {
            let (a, b) = (points[id], points[(id + 1) % count]);
            let (left, right) = if order(a, b).is_lt() { (a, b) } else { (b, a) };
            Edge { left, right, id }
        })
        .collect();
    let mut events: Vec<(Coord, Event, usize)> = Vec::with_capacity(3 * count);
    for (id, edge) in edges.iter().enumerate() {
        events.push((edge.left, Event::Start, id));
        events.push((edge.right, Event::End, id));
        events.push((points[id], Event::Vertex, id));
    }
    events.sort_unstable_by(|a, b| order(a.0, b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));

    let mut swept: BTreeSet<Edge> = BTreeSet::new();
    for (at, &(point, event, id)) in events.iter().enumerate() {
        let edge = &edges[id];
        match event {
            Event::End => {
                // An order that lost an edge was broken by a crossing through this point.
                if !swept.remove(edge) {
                    return Some(point);
                }
                let below = swept.range(..*edge).next_back();
                let above = swept.range(*edge..).next();
                if let (Some(below), Some(above)) = (below, above)
                    && below.crosses(above)
                {
                    return Some(meeting(below, above));
                }
            }
            Event::Vertex => {
                let ends = (points[(id + count - 1) % count], points[(id + 1) % count]);
                let probe = Edge {
                    left: point,
                    right: point,
                    id: usize::MAX,
                };
                let through = swept
                    .range(..probe)
                    .next_back()
                    .filter(|e| e.side(point) == 0);
                if through.is_some_and(|e| e.side(ends.0) * e.side(ends.1) < 0) {
                    return Some(point);
                }
                let is_last = events
                    .get(at + 1)
                    .is_none_or(|n| n.0 != point || n.1 != event);
                if is_last {
                    let here = events[..=at]
                        .iter()
                        .rev()
                        .take_while(|e| e.0 == point && e.1 == event);
                    let here: Vec<usize> = here.map(|e| e.2).collect();
                    if here.len() > 1 && passes_interleave(&points, &here) {
                        return Some(point);
                    }
                }
            }
            Event::Start => {
                let below = swept.range(..*edge).next_back();
                let above = swept.range(*edge..).next();
                if let Some(other) = below.into_iter().chain(above).find(|e| e.crosses(edge)) {
                    return Some(meeting(edge, other));
                }
                swept.insert(*edge);
            }
        }
    }
    None
}

/// Whether the ring's passes through one point, at the vertices `here`, cross each other.
///
/// Sorted around the point, the two legs of every pass must nest like brackets. Legs that
/// leave in the same direction are a stretch walked twice, which is tolerated.
fn passes_interleave(points: &[Coord], here: &[usize]) -> bool {
    let count = points.len();
    let centre = points[here[0]];
    let mut legs: Vec<(Coord, usize)> = Vec::with_capacity(2 * here.len());
    for &vertex in here {
        legs.push((points[(vertex + count - 1) % count], vertex));
        legs.push((points[(vertex + 1) % count], vertex));
    }
    let is_lower = |p: Coord| p.y < centre.y || (p.y == centre.y && p.x < centre.x);
    let around = |a: Coord, b: Coord| {
        is_lower(a)
            .cmp(&is_lower(b))
            .then_with(|| 0.cmp(&side(centre, a, b)))
    };
    legs.sort_by(|a, b| around(a.0, b.0));
    if legs.windows(2).any(|w| around(w[0].0, w[1].0).is_eq()) {
        return false;
    }
    let mut open: Vec<usize> = Vec::new();
    for (_, vertex) in legs {
        if open.last() == Some(&vertex) {
            open.pop();
        } else {
            open.push(vertex);
        }
    }
    !open.is_empty()
}

/// The point where two edges cross, rounded, for people to look at.
fn meeting(a: &Edge, b: &Edge) -> Coord {
    let (u, v) = (a.right - a.left, b.right - b.left);
    let w = b.left - a.left;
    let share = (w.x * v.y - w.y * v.x) / (u.x * v.y - u.y * v.x);
    Coord {
        x: a.left.x + share * u.x,
        y: a.left.y + share * u.y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(points: &[(i32, i32)]) -> Vec<Coord> {
        let closed = points.iter().chain(points.first());
        closed
            .map(|&(x, y)| Coord {
                x: f64::from(x),
                y: f64::from(y),
            })
            .collect()
    }

    fn crossing(points: &[(i32, i32)]) -> Option<(f64, f64)> {
        self_crossing(&ring(points)).map(|c| (c.x, c.y))
    }

    #[test]
    fn crossing_of_a_bow_tie_is_found_where_it_lies() {
        assert_eq!(
            crossing(&[(0, 0), (10, 10), (10, 0), (0, 10)]),
            Some((5.0, 5.0))
        );
        assert_eq!(
            crossing(&[(0, 0), (10, 0), (0, 10), (10, 10)]),
            Some((5.0, 5.0))
        );
    }

    #[test]
    fn crossing_through_a_vertex_is_found() {
        // Both lines have a vertex at the crossing.
        assert_eq!(
            crossing(&[(0, 0), (5, 5), (10, 10), (10, 0), (5, 5), (0, 10)]),
            Some((5.0, 5.0))
        );
        // Only one of them has.
        assert_eq!(
            crossing(&[(0, 0), (5, 5), (10, 10), (10, 0), (0, 10)]),
            Some((5.0, 5.0))
        );
        assert_eq!(
            crossing(&[(0, 0), (10, 10), (10, 0), (5, 5), (0, 10)]),
            Some((5.0, 5.0))
        );
    }

    #[test]
    fn touching_spikes_and_repeated_points_are_no_crossing() {
        // Two triangles that touch in (5, 5), walked without crossing over.
        assert_eq!(
            crossing(&[(0, 0), (5, 5), (10, 0), (10, 10), (5, 5), (0, 10)]),
            None
        );
        // A vertex that touches an edge from inside.
        assert_eq!(
            crossing(&[(0, 0), (10, 0), (10, 10), (5, 0), (0, 10)]),
            None
        );
        // A spike that runs out and back, and points given twice.
        assert_eq!(
            crossing(&[
                (0, 0),
                (10, 0),
                (15, 0),
                (10, 0),
                (10, 10),
                (10, 10),
                (0, 10)
            ]),
            None
        );
        assert_eq!(crossing(&[(0, 0), (0, 0), (0, 0)]), None);
    }

    #[test]
    fn comb_of_a_hundred_thousand_vertices_is_checked_in_one_sweep() {
        // Long diagonal teeth: every box overlaps every other, which defeats plain boxes.
        let teeth = 50_000;
        let mut points: Vec<(i32, i32)> = (0..teeth)
            .flat_map(|i| [(4 * i, 0), (4 * i + 400_002, 400_000)])
            .collect();
        points.push((4 * teeth, -10));
        points.push((0, -10));
        assert_eq!(crossing(&points), None);
        points[50_001].0 += 9;
        assert!(crossing(&points).is_some());
    }

    /// Every pair of edges, and every pair of passes, against the sweep's shortcuts.
    fn naive(points: &[(i32, i32)]) -> bool {
        let closed = ring(points);
        let edges: Vec<(Coord, Coord)> = closed.windows(2).map(|w| (w[0], w[1])).collect();
        edges.iter().any(|a| {
            edges.iter().any(|b| {
                side(a.0, a.1, b.0) * side(a.0, a.1, b.1) < 0
                    && side(b.0, b.1, a.0) * side(b.0, b.1, a.1) < 0
            })
        })
    }

    proptest! {
        #[test]
        fn sweep_finds_every_proper_crossing(points in prop::collection::vec((0..12_i32, 0..12_i32), 3..12)) {
            if naive(&points) {
                prop_assert!(crossing(&points).is_some());
            }
        }

        #[test]
        fn sweep_agrees_where_no_three_points_are_in_line(points in prop::collection::vec((0..1_000_000_i32, 0..1_000_000_i32), 3..14)) {
            prop_assert_eq!(crossing(&points).is_some(), naive(&points));
        }

        #[test]
        fn sweep_passes_a_star_shaped_ring(radii in prop::collection::vec(1..1000_u32, 3..200)) {
            let turn = std::f64::consts::TAU / radii.len() as f64;
            let mut star: Vec<Coord> = radii.iter().enumerate().map(|(i, &r)| {
                let angle = turn * i as f64;
                Coord { x: f64::from(r) * angle.cos(), y: f64::from(r) * angle.sin() }
            }).collect();
            star.push(star[0]);
            prop_assert_eq!(self_crossing(&star), None);
        }
    }
}
