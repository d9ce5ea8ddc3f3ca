//! The places nearest to one, by exact geodesic distance, anywhere on the globe.
//!
//! A tree of directions from the Earth's centre (a k-d tree over unit vectors, which knows
//! neither date line nor poles) says which places may be near; each that may is then measured
//! with the geodesic itself. What the tree leaves out is proven to be farther:
//!
//! - A way on the ellipsoid is no shorter than its shadow on the sphere of the polar radius
//!   inside of it, since the projection onto a convex body shortens. So b·θ is a lower bound,
//!   where θ is the angle between two directions.
//! - Lifting the great circle of that sphere onto the ellipsoid stretches it by at most a, so
//!   that a·θ is an upper bound. From it each part of the tree has a radius, and the exact
//!   distance to its middle, less that radius, is the better bound from far away.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::distance::distance_m;
use crate::model::place::LatLon;
use geo::{Bearing, Geodesic, Point};

/// Semi-axes of WGS 84 in metres.
const A_M: f64 = 6_378_137.0;
const B_M: f64 = 6_356_752.314_245_179;
/// What rounding may take from a bound, in metres: a micrometre for the unit vectors, more
/// for the angle between opposite ones.
const SLACK_M: f64 = 0.5;
/// Places of one leaf: few enough to measure, enough to keep the tree small.
const LEAF: usize = 8;
/// From here on the angle alone leaves too much open, and a part's middle is measured.
const FAR_M: f64 = 20_000.0;

/// An index over places, which are known by their number.
#[derive(Debug, Clone, Default)]
pub struct NearestIndex {
    /// In the order of the tree.
    places: Vec<Entry>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    place: LatLon,
    way: [f64; 3],
    number: u32,
}

/// A part of the tree: a leaf, or two parts that follow.
#[derive(Debug, Clone)]
struct Part {
    low: [f64; 3],
    high: [f64; 3],
    middle: LatLon,
    /// No place of the part is farther from its middle.
    radius_m: f64,
    first: u32,
    count: u32,
    /// The second half; the first one stands right behind this part. Zero for a leaf.
    second: u32,
}

/// A place that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The place's number.
    pub number: u32,
    /// Geodesic distance on WGS 84 in metres.
    pub distance_m: f64,
}

impl NearestIndex {
    /// Builds the index; n log n.
    ///
    /// - `places`: each with the number by which it is answered; equal places are welcome. Of
    ///   places at one distance the lowest number comes first.
    #[must_use]
    pub fn build(places: impl IntoIterator<Item = (u32, LatLon)>) -> Self {
        let entries = places.into_iter().map(|(number, place)| Entry {
            place,
            way: direction(place),
            number,
        });
        let mut index = Self {
            places: entries.collect(),
            parts: Vec::new(),
        };
        let mut entries = std::mem::take(&mut index.places);
        if !entries.is_empty() {
            index.add_part(&mut entries, 0);
        }
        index.places = entries;
        index
    }

    /// How many places there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places.len()
    }

    fn add_part(&mut self, entries: &mut [Entry], first: usize) {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for entry in entries.iter() {
            for axis in 0..3 {
                low[axis] = low[axis].min(entry.way[axis]);
                high[axis] = high[axis].max(entry.way[axis]);
            }
        }
        let middle = place_of([0, 1, 2].map(|axis| (low[axis] + high[axis]) / 2.0));
        let middle_way = direction(middle);
        let far = entries
            .iter()
            .map(|entry| square(entry.way, middle_way))
            .fold(0.0, f64::max);
        let at = self.parts.len();
        self.parts.push(Part {
            low,
            high,
            middle,
            radius_m: A_M * angle(far) + SLACK_M,
            // As many as a u32 numbers.
            first: first as u32,
            count: entries.len() as u32,
            second: 0,
        });
        if entries.len() <= LEAF {
            return;
        }
        let widths = [0, 1, 2].map(|axis| high[axis] - low[axis]);
        let axis = (0..3)
            .max_by(|a, b| widths[*a].total_cmp(&widths[*b]))
            .unwrap_or(0);
        let half = entries.len() / 2;
        entries.select_nth_unstable_by(half, |a, b| a.way[axis].total_cmp(&b.way[axis]));
        let (left, right) = entries.split_at_mut(half);
        self.add_part(left, first);
        self.parts[at].second = self.parts.len() as u32;
        self.add_part(right, first + half);
    }
}

/// The `count` nearest places of several indexes together, nearest first; of equal distances
/// the lowest number first. Numbers must not repeat among the indexes.
///
/// - `within_m`: nothing farther is answered, in metres; infinity for no limit.
#[must_use]
pub fn nearest<'i>(
    indexes: impl IntoIterator<Item = &'i NearestIndex>,
    at: LatLon,
    count: usize,
    within_m: f64,
) -> Vec<Near> {
    let way = direction(at);
    let mut best = Best {
        heap: BinaryHeap::new(),
        count,
        within_m,
    };
    if count == 0 {
        return Vec::new();
    }
    let mut waiting = BinaryHeap::new();
    let indexes: Vec<_> = indexes.into_iter().collect();
    for (which, index) in indexes.iter().enumerate() {
        if let Some(root) = index.parts.first() {
            waiting.push(Waiting::new(which, 0, root, way));
        }
    }
    while let Some(next) = waiting.pop() {
        if next.at_least_m > best.limit_m() {
            break;
        }
        let index = indexes[next.index];
        let part = &index.parts[next.part];
        if next.at_least_m > FAR_M && !next.is_measured {
            let at_least_m = distance_m(at, part.middle) - part.radius_m;
            waiting.push(Waiting {
                at_least_m: at_least_m.max(next.at_least_m),
                is_measured: true,
                ..next
            });
            continue;
        }
        if part.second == 0 {
            let first = part.first as usize;
            for entry in &index.places[first..first + part.count as usize] {
                if at_least_m(square(entry.way, way)) <= best.limit_m() {
                    best.offer(Near {
                        number: entry.number,
                        distance_m: distance_m(at, entry.place),
                    });
                }
            }
            continue;
        }
        for half in [next.part + 1, part.second as usize] {
            let waits = Waiting::new(next.index, half, &index.parts[half], way);
            if waits.at_least_m <= best.limit_m() {
                waiting.push(waits);
            }
        }
    }
    let found = best.heap.into_sorted_vec();
    found.into_iter().map(|ranked| ranked.0).collect()
}

/// The direction in which the geodesic to another place begins: degrees clockwise from north,
/// in 0.0..360.0; 0 for the same place. At a pole north is where the pole's own longitude
/// points, as GeographicLib has it.
#[must_use]
pub fn bearing_deg(from: LatLon, to: LatLon) -> f64 {
    if from == to {
        return 0.0;
    }
    let point = |place: LatLon| Point::new(place.lon_deg(), place.lat_deg());
    let bearing = Geodesic.bearing(point(from), point(to)).rem_euclid(360.0);
    // Just below nothing rounds to a whole turn.
    if bearing < 360.0 { bearing } else { 0.0 }
}

/// The best that were found so far, the worst of them on top.
struct Best {
    heap: BinaryHeap<Ranked>,
    count: usize,
    within_m: f64,
}

impl Best {
    /// Nothing farther than this is of interest; what is as far may be, by its number.
    fn limit_m(&self) -> f64 {
        match self.heap.peek() {
            Some(worst) if self.heap.len() == self.count => worst.0.distance_m,
            _ => self.within_m,
        }
    }

    fn offer(&mut self, near: Near) {
        if near.distance_m <= self.within_m {
            self.heap.push(Ranked(near));
            if self.heap.len() > self.count {
                self.heap.pop();
            }
        }
    }
}

struct Ranked(Near);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_distance = self.0.distance_m.total_cmp(&other.0.distance_m);
        by_distance.then(self.0.number.cmp(&other.0.number))
    }
}

/// A part that is still to be looked at; the one that may be nearest is the greatest.
#[derive(Clone, Copy)]
struct Waiting {
    at_least_m: f64,
    index: usize,
    part: usize,
    is_measured: bool,
}

impl Waiting {
    fn new(index: usize, number: usize, part: &Part, way: [f64; 3]) -> Self {
        let outside = [0, 1, 2].map(|axis| way[axis].clamp(part.low[axis], part.high[axis]));
        Self {
            at_least_m: at_least_m(square(outside, way)),
            index,
            part: number,
            is_measured: false,
        }
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at_least_m.total_cmp(&self.at_least_m)
    }
}

/// Orders by `Ord`, which is total; equality follows it.
macro_rules! ordered {
    ($($name:ty)*) => {$(
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }
        impl Eq for $name {}
    )*};
}
ordered!(Ranked Waiting);

/// A lower bound of the geodesic between two places whose directions are this far apart,
/// given as the square of their chord.
fn at_least_m(chord_square: f64) -> f64 {
    B_M * angle(chord_square) - SLACK_M
}

/// The angle of a chord of the unit sphere.
fn angle(chord_square: f64) -> f64 {
    2.0 * (chord_square.sqrt() / 2.0).min(1.0).asin()
}

fn square(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum()
}

/// The unit vector from the Earth's centre to a place on the ellipsoid.
fn direction(place: LatLon) -> [f64; 3] {
    let (sin, cos) = place.lat_deg().to_radians().sin_cos();
    let (lon_sin, lon_cos) = place.lon_deg().to_radians().sin_cos();
    let flat = (B_M / A_M).powi(2) * sin;
    let length = flat.hypot(cos);
    [
        cos * lon_cos / length,
        cos * lon_sin / length,
        flat / length,
    ]
}

/// The place in a direction, which need not be of unit length.
fn place_of([x, y, z]: [f64; 3]) -> LatLon {
    let lat = (z * (A_M / B_M).powi(2)).atan2(x.hypot(y)).to_degrees();
    let lon = y.atan2(x).to_degrees();
    LatLon::try_new(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0))
        .expect("an arc tangent of finite numbers is an angle within these")
}

#[cfg(test)]
mod tests;
