//! A planned route made ready for questions: where along it is this place, and how far beside?
//!
//! Positions along the route are metres from its beginning, its parts one after the other
//! without a gap. Parts of which one begins where the other ends are one chain; where the
//! end of a chain lies on another, one may be walked over to the other.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::distance::distance_m;
use super::local::{Scale, east_deg, near_m};
use crate::model::place::LatLon;
use crate::model::route::Route;

/// An end that lies so near to another chain is joined to it, in metres.
const JUNCTION_M: f64 = 1.0;
/// So far beyond the corridor a walk is followed, in metres.
const REACH_M: f64 = 25.0;
/// So far beyond the corridor an excursion is forgiven, in metres: a street farther off is
/// another one, however soon the walk comes back.
const EXCURSION_M: f64 = 50.0;
/// The most spots that one place may have; the nearest are kept.
const MAX_SPOTS: usize = 16;
/// The most cells on each side of a segment in the index, against routes around a pole.
const MAX_MARGIN_CELLS: f64 = 64.0;

/// Where a place lies along the route: the nearest point of a stretch that passes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    pub(super) chain: u32,
    /// Metres from the route's beginning.
    pub at_m: f64,
    /// Metres beside the route.
    pub beside_m: f64,
    /// Metres east and north of the street's line, its end prolonged.
    pub(super) off_m: (f64, f64),
    /// Within the corridor.
    pub(super) is_inside: bool,
    pub(super) segment: u32,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    chain: u32,
    from_m: f64,
    length_m: f64,
    start: LatLon,
    end: LatLon,
    scale: Scale,
    x_m: f64,
    y_m: f64,
    /// One by the square of its length; 0 for one shorter than numbers can tell, which is its
    /// own beginning.
    by_square: f64,
}

/// Segments that are walked on from one to the next.
#[derive(Debug, Clone, Copy)]
struct Chain {
    first: usize,
    end: usize,
    from_m: f64,
    to_m: f64,
    is_closed: bool,
}

/// A place at which one may go over from one chain to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Junction {
    pub(super) chains: (u32, u32),
    pub(super) at_m: (f64, f64),
}

/// A route with its lengths and its index.
#[derive(Debug, Clone)]
pub struct RouteLine {
    segments: Vec<Segment>,
    chains: Vec<Chain>,
    junctions: Vec<Junction>,
    length_m: f64,
    corridor_m: f64,
    is_directed: bool,
    index: Index,
}

/// Squares of the plane with the segments that pass within reach of each.
#[derive(Debug, Clone)]
struct Index {
    origin: LatLon,
    scale: Scale,
    cells_per_m: f64,
    cells: HashMap<Cell, Vec<u32>, BuildHasherDefault<CellHasher>>,
}

/// Column and row of a square.
type Cell = (i64, i64);

/// Squares are numbers of our own making: one multiplication spreads them.
#[derive(Debug, Clone, Copy, Default)]
struct CellHasher(u64);

impl Hasher for CellHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

impl RouteLine {
    /// Measures and indexes a route.
    #[must_use]
    pub fn new(route: &Route) -> Self {
        let mut segments: Vec<Segment> = Vec::new();
        let mut chains: Vec<Chain> = Vec::new();
        let mut length_m = 0.0;
        for part in route.parts() {
            let continues = segments
                .last()
                .zip(part.first())
                .is_some_and(|(last, first)| near_m(last.end, *first) <= JUNCTION_M / 10.0);
            if !continues {
                chains.push(Chain {
                    first: segments.len(),
                    end: segments.len(),
                    from_m: length_m,
                    to_m: length_m,
                    is_closed: false,
                });
            }
            let number = u32::try_from(chains.len() - 1).unwrap_or(u32::MAX);
            for pair in part.windows(2).filter(|pair| pair[0] != pair[1]) {
                let segment = Segment::new(number, length_m, pair[0], pair[1]);
                length_m += segment.length_m;
                segments.push(segment);
            }
            if let Some(chain) = chains.last_mut() {
                (chain.end, chain.to_m) = (segments.len(), length_m);
            }
        }
        for chain in &mut chains {
            let ends = segments[chain.first..chain.end].first().zip(
                segments[chain.first..chain.end]
                    .last()
                    .filter(|_| chain.end > chain.first + 1),
            );
            chain.is_closed =
                ends.is_some_and(|(first, last)| near_m(first.start, last.end) <= JUNCTION_M);
        }
        let corridor_m = route.corridor_m();
        let index = Index::new(&segments, corridor_m + EXCURSION_M, length_m);
        let mut line = Self {
            segments,
            chains,
            junctions: Vec::new(),
            length_m,
            corridor_m,
            is_directed: route.is_directed(),
            index,
        };
        line.junctions = line.find_junctions();
        line
    }

    /// The geodesic length of the whole route, in metres.
    #[must_use]
    pub fn length_m(&self) -> f64 {
        self.length_m
    }

    /// How far beside the line still counts as on it, in metres.
    #[must_use]
    pub fn corridor_m(&self) -> f64 {
        self.corridor_m
    }

    /// True when walking it backwards covers nothing.
    #[must_use]
    pub fn is_directed(&self) -> bool {
        self.is_directed
    }

    pub(super) fn junctions(&self) -> &[Junction] {
        &self.junctions
    }

    /// Beginning and end of a closed chain, in metres; nothing for an open one.
    pub(super) fn round(&self, chain: u32) -> Option<(f64, f64)> {
        let chain = self.chains.get(chain as usize)?;
        chain.is_closed.then_some((chain.from_m, chain.to_m))
    }

    /// Finds where along the route a place lies: one spot for each stretch that comes nearest
    /// there, in the route's order, up to 25 m beyond the corridor. Empty when it lies farther.
    pub fn spots(&self, at: LatLon, spots: &mut Vec<Spot>) {
        self.spots_within(at, self.reach_m(), spots);
    }

    /// How far beside the line a walk is followed, in metres: what strays out of the corridor
    /// tells as much as what lies in it.
    fn reach_m(&self) -> f64 {
        self.corridor_m + REACH_M
    }

    /// The distance of two places, measured where a spot lies.
    pub(super) fn between_m(&self, spot: &Spot, a: LatLon, b: LatLon) -> f64 {
        let (x, y) = self.segments[spot.segment as usize].scale.between(a, b);
        (x * x + y * y).sqrt()
    }

    /// True for a place of an excursion from a spot that may be noise: not farther from the
    /// route than [`EXCURSION_M`] beyond the corridor, where the walk may have come to since.
    pub(super) fn is_excursion(&self, at: LatLon, from: &Spot, from_place: LatLon) -> bool {
        let limit_m = self.corridor_m + EXCURSION_M;
        let reach_m = 2.0 * self.between_m(from, from_place, at) + limit_m;
        let near = self.index.near(at).unwrap_or_default();
        near.iter().any(|id| {
            let segment = &self.segments[*id as usize];
            let (share, (x, y)) = segment.foot(at);
            let at_m = segment.from_m + share * segment.length_m;
            let is_there = segment.chain != from.chain || (at_m - from.at_m).abs() <= reach_m;
            is_there && x * x + y * y <= limit_m * limit_m
        })
    }

    fn spots_within(&self, at: LatLon, limit_m: f64, spots: &mut Vec<Spot>) {
        spots.clear();
        let Some(near) = self.index.near(at) else {
            return;
        };
        // The foot before, to tell whether a vertex is the nearest point of both its sides.
        let mut before: Option<(u32, f64)> = None;
        for &id in near {
            let segment = &self.segments[id as usize];
            let (share, off_m) = segment.foot(at);
            let beside2 = off_m.0 * off_m.0 + off_m.1 * off_m.1;
            if beside2 > limit_m * limit_m {
                before = None;
                continue;
            }
            let beside_m = beside2.sqrt();
            let chain = &self.chains[segment.chain as usize];
            let is_spot = if share > 0.0 && share < 1.0 {
                true
            } else if share <= 0.0 {
                // The vertex before: nearest only when the segment before ends there too.
                id as usize == chain.first
                    || before.is_some_and(|(other, s)| other + 1 == id && s >= 1.0)
            } else {
                id as usize + 1 == chain.end
            };
            before = Some((id, share));
            let is_past = !chain.is_closed
                && (share <= 0.0 && id as usize == chain.first
                    || share >= 1.0 && id as usize + 1 == chain.end);
            let off_m = if is_past { segment.aside(off_m) } else { off_m };
            if is_spot {
                spots.push(Spot {
                    chain: segment.chain,
                    at_m: segment.from_m + share * segment.length_m,
                    beside_m,
                    off_m,
                    is_inside: beside_m <= self.corridor_m,
                    segment: id,
                });
            }
        }
        if spots.len() > MAX_SPOTS {
            spots.sort_by(|a, b| a.beside_m.total_cmp(&b.beside_m));
            spots.truncate(MAX_SPOTS);
            spots.sort_by(|a, b| a.at_m.total_cmp(&b.at_m));
        }
    }

    fn find_junctions(&self) -> Vec<Junction> {
        let mut junctions = Vec::new();
        let mut spots = Vec::new();
        if self.chains.len() < 2 {
            return junctions;
        }
        for (number, chain) in (0_u32..).zip(&self.chains) {
            let ends = [
                (self.segments[chain.first].start, chain.from_m),
                (self.segments[chain.end - 1].end, chain.to_m),
            ];
            for (place, end_m) in ends {
                self.spots_within(place, JUNCTION_M.min(self.corridor_m), &mut spots);
                for spot in spots.iter().filter(|spot| spot.chain != number) {
                    junctions.push(Junction {
                        chains: (number, spot.chain),
                        at_m: (end_m, spot.at_m),
                    });
                }
            }
        }
        junctions
    }

    /// The position of a place along the route.
    #[must_use]
    pub fn place_at(&self, at_m: f64) -> Option<LatLon> {
        let after = self.segments.partition_point(|s| s.from_m <= at_m);
        let segment = self.segments.get(after.saturating_sub(1))?;
        Some(segment.place_at(at_m - segment.from_m))
    }

    /// The route from one position along it to another, as lines of at least two places: one
    /// for each chain that it meets.
    #[must_use]
    pub fn cut(&self, from_m: f64, to_m: f64) -> Vec<Vec<LatLon>> {
        let mut lines: Vec<Vec<LatLon>> = Vec::new();
        let mut chain = None;
        let first = self
            .segments
            .partition_point(|s| s.from_m + s.length_m <= from_m);
        for segment in &self.segments[first..] {
            if segment.from_m >= to_m {
                break;
            }
            let begin = segment.place_at(from_m - segment.from_m);
            let end = segment.place_at(to_m - segment.from_m);
            match lines.last_mut() {
                Some(line) if chain == Some(segment.chain) => line.push(end),
                _ => lines.push(vec![begin, end]),
            }
            chain = Some(segment.chain);
        }
        lines
    }
}

impl Segment {
    fn new(chain: u32, from_m: f64, start: LatLon, end: LatLon) -> Self {
        let scale = Scale::at((start.lat_deg() + end.lat_deg()) / 2.0);
        let (x_m, y_m) = scale.between(start, end);
        let by_square = 1.0 / (x_m * x_m + y_m * y_m);
        Self {
            chain,
            from_m,
            length_m: distance_m(start, end),
            start,
            end,
            scale,
            x_m,
            y_m,
            by_square: if by_square.is_finite() {
                by_square
            } else {
                0.0
            },
        }
    }

    /// The nearest point: its share of the segment, 0 to 1, and the way from it in metres east
    /// and north.
    fn foot(&self, at: LatLon) -> (f64, (f64, f64)) {
        let (x, y) = self.scale.between(self.start, at);
        let share = ((x * self.x_m + y * self.y_m) * self.by_square).clamp(0.0, 1.0);
        (share, (x - share * self.x_m, y - share * self.y_m))
    }

    /// The part of a way that leads away from the segment's line.
    fn aside(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let share = (x * self.x_m + y * self.y_m) * self.by_square;
        (x - share * self.x_m, y - share * self.y_m)
    }

    /// The place so many metres from its start, its ends at the most.
    fn place_at(&self, from_start_m: f64) -> LatLon {
        let share = from_start_m / self.length_m;
        if share.is_nan() || share <= 0.0 {
            return self.start;
        }
        if share >= 1.0 {
            return self.end;
        }
        let east = east_deg(self.start.lon_deg(), self.end.lon_deg());
        let mut lon_deg = self.start.lon_deg() + share * east;
        if lon_deg > 180.0 {
            lon_deg -= 360.0;
        } else if lon_deg < -180.0 {
            lon_deg += 360.0;
        }
        let north = self.end.lat_deg() - self.start.lat_deg();
        let lat_deg = self.start.lat_deg() + share * north;
        LatLon::try_new(lat_deg, lon_deg).unwrap_or(self.start)
    }
}

impl Index {
    fn new(segments: &[Segment], reach_m: f64, length_m: f64) -> Self {
        let origin = segments.first().map_or_else(
            || LatLon::try_new(0.0, 0.0).expect("the origin is a place"),
            |s| s.start,
        );
        // Bounded by the number of segments, however long and empty the route is.
        let steps = 4.0 * segments.len() as f64 + 1_000.0;
        let cell_m = reach_m.max(length_m / steps);
        let mut index = Self {
            origin,
            scale: Scale::at(origin.lat_deg()),
            cells_per_m: 1.0 / cell_m,
            cells: HashMap::default(),
        };
        for (id, segment) in (0_u32..).zip(segments) {
            let count = (segment.length_m / cell_m).ceil().max(1.0);
            let step_m = segment.length_m / count;
            for step in 0..count as u64 {
                let middle = segment.place_at((step as f64 + 0.5) * step_m);
                for cell in index.cells_around(middle, reach_m + step_m / 2.0) {
                    let ids: &mut Vec<u32> = index.cells.entry(cell).or_default();
                    if ids.last() != Some(&id) {
                        ids.push(id);
                    }
                }
            }
        }
        index
    }

    fn cells_around(&self, place: LatLon, around_m: f64) -> impl Iterator<Item = Cell> + use<> {
        let (x, y) = self.scale.between(self.origin, place);
        let local = Scale::at(place.lat_deg());
        // Where degrees are shorter than at the origin, a metre is more of the index's.
        let wide = |ratio: f64| {
            let margin = around_m * ratio.max(1.0) * 1.01;
            margin.min(MAX_MARGIN_CELLS / self.cells_per_m)
        };
        let (wide_x, wide_y) = (
            wide(self.scale.x_m / local.x_m),
            wide(self.scale.y_m / local.y_m),
        );
        let rows = self.cell(y - wide_y)..=self.cell(y + wide_y);
        let columns = self.cell(x - wide_x)..=self.cell(x + wide_x);
        columns.flat_map(move |column| rows.clone().map(move |row| (column, row)))
    }

    fn cell(&self, m: f64) -> i64 {
        let cells = m * self.cells_per_m;
        let whole = cells as i64;
        whole - i64::from((whole as f64) > cells)
    }

    /// The segments near a place, in the route's order.
    fn near(&self, at: LatLon) -> Option<&[u32]> {
        let (x, y) = self.scale.between(self.origin, at);
        self.cells
            .get(&(self.cell(x), self.cell(y)))
            .map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::{at, route};

    fn spots(line: &RouteLine, x_m: f64, y_m: f64) -> Vec<(i64, i64)> {
        let mut spots = Vec::new();
        line.spots(at(x_m, y_m), &mut spots);
        let whole = |m: f64| m.round() as i64;
        spots
            .iter()
            .filter(|spot| spot.is_inside)
            .map(|spot| (whole(spot.at_m), whole(spot.beside_m)))
            .collect()
    }

    #[test]
    fn place_beside_a_bend_has_one_spot_outside_and_two_inside() {
        let line = RouteLine::new(&route(&[&[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)]]));
        assert_eq!(spots(&line, 50.0, 10.0), [(50, 10)]);
        assert_eq!(spots(&line, 110.0, -10.0), [(100, 14)]);
        assert_eq!(spots(&line, 90.0, 10.0), [(90, 10), (110, 10)]);
        assert_eq!(spots(&line, 50.0, 26.0), []);
        assert_eq!(spots(&line, -20.0, 0.0), [(0, 20)]);
        assert_eq!(spots(&line, 100.0, 120.0), [(200, 20)]);
    }

    #[test]
    fn street_used_twice_has_a_spot_for_each_use() {
        let line = RouteLine::new(&route(&[&[(0.0, 0.0), (100.0, 0.0), (0.0, 0.0)]]));
        assert_eq!(spots(&line, 30.0, 5.0), [(30, 5), (170, 5)]);
    }

    #[test]
    fn parts_end_to_end_are_one_chain_and_a_branch_has_a_junction() {
        let line = RouteLine::new(&route(&[
            &[(0.0, 0.0), (100.0, 0.0)],
            &[(100.0, 0.0), (200.0, 0.0)],
            &[(100.0, 0.0), (100.0, 80.0)],
        ]));
        assert_eq!(line.chains.len(), 2);
        assert_eq!(line.junctions().len(), 1);
        assert!((line.length_m() - 280.0).abs() < 1e-3);
        assert_eq!(spots(&line, 150.0, 1.0), [(150, 1)]);
    }

    #[test]
    fn cut_gives_a_line_for_each_chain_with_its_bends() {
        let line = RouteLine::new(&route(&[
            &[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)],
            &[(300.0, 0.0), (400.0, 0.0)],
        ]));
        let cut = line.cut(50.0, 250.0);
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
        assert!(near_m(cut[1][1], at(350.0, 0.0)) < 0.01);
        assert!(line.cut(10.0, 10.0).concat().len() <= 2);
    }

    #[test]
    fn long_segments_far_from_the_beginning_are_found() {
        let line = RouteLine::new(&route(&[&[(0.0, 0.0), (30_000.0, 40_000.0)]]));
        let found = spots(&line, 15_000.0, 20_000.0);
        assert_eq!(found.len(), 1);
        assert!((found[0].0 - 25_000).abs() < 50, "{found:?}");
    }
}
