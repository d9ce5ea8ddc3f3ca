//! The streets of a route as pieces of straight line, to find what is nearest: near or far,
//! in the whole route or between two positions of it.
//!
//! A run is a chain of pieces that are walked on from one to the next. Positions are those of
//! the [`RouteLine`]: a run's end and the beginning of the next one have the same number.

use crate::geo::distance::distance_m;
use crate::geo::local::{Scale, east_deg, near_m};
use crate::geo::route_line::RouteLine;
use crate::model::place::LatLon;

/// Two distances are the same when they differ by less, in metres.
const SAME_M: f64 = 0.01;
/// The ends of a run are one place when they are so near, in metres: as in the route's line.
const CLOSED_M: f64 = 1.0;
/// A part of a stretch that is shorter is no place to go to while there is a longer one.
const PART_M: f64 = 0.5;

/// A point of the route and how far a place is from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Foot {
    pub(super) run: usize,
    pub(super) at_m: f64,
    pub(super) place: LatLon,
    /// In the plane: for comparing, not for telling.
    pub(super) beside_m: f64,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    start: LatLon,
    end: LatLon,
    from_m: f64,
    to_m: f64,
}

#[derive(Debug, Clone)]
struct Run {
    pieces: Vec<Piece>,
    from_m: f64,
    to_m: f64,
    is_closed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Ground {
    runs: Vec<Run>,
}

/// True when nobody could tell two distances apart.
pub(super) fn is_as_near(a_m: f64, b_m: f64) -> bool {
    (a_m - b_m).abs() < SAME_M
}

impl Ground {
    pub(super) fn new(line: &RouteLine) -> Self {
        let mut at_m = 0.0;
        let runs = line.cut(0.0, line.length_m()).into_iter().map(|places| {
            let from_m = at_m;
            let mut pieces = Vec::with_capacity(places.len().saturating_sub(1));
            for pair in places.windows(2) {
                let before_m = at_m;
                at_m += distance_m(pair[0], pair[1]);
                pieces.push(Piece {
                    start: pair[0],
                    end: pair[1],
                    from_m: before_m,
                    to_m: at_m,
                });
            }
            let ends = places.first().zip(places.last());
            let is_closed = ends.is_some_and(|(a, b)| near_m(*a, *b) <= CLOSED_M);
            Run {
                is_closed: is_closed && pieces.len() > 1,
                pieces,
                from_m,
                to_m: at_m,
            }
        });
        Self {
            runs: runs.collect(),
        }
    }

    /// The length of a run that leads back to where it began; nothing for another.
    pub(super) fn round_m(&self, run: usize) -> Option<f64> {
        let run = self.runs.get(run).filter(|run| run.is_closed)?;
        Some(run.to_m - run.from_m)
    }

    /// Where the route passes by a place: within the corridor each time, else where it comes
    /// nearest.
    pub(super) fn feet(&self, line: &RouteLine, place: LatLon) -> Vec<Foot> {
        let mut spots = Vec::new();
        line.spots(place, &mut spots);
        let spots = spots.iter().filter(|s| s.beside_m <= line.corridor_m());
        let feet: Vec<Foot> = spots
            .map(|spot| Foot {
                run: spot.chain as usize,
                at_m: spot.at_m,
                place: line.place_at(spot.at_m).unwrap_or(place),
                beside_m: spot.beside_m,
            })
            .collect();
        match feet.is_empty() {
            true => self.foot(place, 0.0, line.length_m()).into_iter().collect(),
            false => feet,
        }
    }

    /// The point between two positions that is nearest to a place.
    pub(super) fn foot(&self, place: LatLon, from_m: f64, to_m: f64) -> Option<Foot> {
        let feet = (0..self.runs.len()).filter_map(|run| self.foot_in(run, place, from_m, to_m));
        feet.min_by(|a, b| a.beside_m.total_cmp(&b.beside_m))
    }

    /// The same of one run.
    pub(super) fn foot_in(
        &self,
        run: usize,
        place: LatLon,
        from_m: f64,
        to_m: f64,
    ) -> Option<Foot> {
        let pieces = self.runs.get(run)?.between(from_m, to_m);
        let feet = pieces.iter().filter_map(|piece| {
            let (share, beside_m) = piece.nearest(place, from_m, to_m)?;
            Some((piece, share, beside_m))
        });
        let (piece, share, beside_m) = feet.min_by(|a, b| a.2.total_cmp(&b.2))?;
        Some(Foot {
            run,
            at_m: (piece.from_m + share * (piece.to_m - piece.from_m))
                .max(from_m)
                .min(to_m),
            place: piece.at(share),
            beside_m,
        })
    }

    /// The place of a position of a run.
    pub(super) fn place_in(&self, run: usize, at_m: f64) -> Option<LatLon> {
        let pieces = self.runs.get(run)?.between(at_m, at_m);
        let piece = pieces.first()?;
        Some(piece.at(piece.share(at_m)))
    }

    /// A stretch of the route by the runs that it meets: each run with the positions from
    /// which to which. What is too short to go to is left out where there is more.
    pub(super) fn parts(&self, from_m: f64, to_m: f64) -> Vec<(usize, f64, f64)> {
        let runs = self.runs.iter().enumerate();
        let parts = runs.map(|(n, run)| (n, from_m.max(run.from_m), to_m.min(run.to_m)));
        let mut parts: Vec<_> = parts.filter(|(_, from, to)| to > from).collect();
        if parts.iter().any(|(_, from, to)| to - from >= PART_M) {
            parts.retain(|(_, from, to)| to - from >= PART_M);
        }
        parts
    }
}

impl Run {
    /// The pieces that have something between two positions, their ends included.
    fn between(&self, from_m: f64, to_m: f64) -> &[Piece] {
        let first = self.pieces.partition_point(|piece| piece.to_m < from_m);
        let end = self.pieces.partition_point(|piece| piece.from_m <= to_m);
        self.pieces.get(first..end).unwrap_or_default()
    }
}

impl Piece {
    fn share(&self, at_m: f64) -> f64 {
        let share = (at_m - self.from_m) / (self.to_m - self.from_m);
        // Of a piece shorter than numbers can tell, any point will do.
        if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }

    /// The share at which the piece comes nearest to a place between two positions, and how
    /// near.
    fn nearest(&self, place: LatLon, from_m: f64, to_m: f64) -> Option<(f64, f64)> {
        let (low, high) = (self.share(from_m), self.share(to_m));
        if low > high {
            return None;
        }
        let scale = Scale::at((self.start.lat_deg() + place.lat_deg()) / 2.0);
        let (x, y) = scale.between(self.start, place);
        let (dx, dy) = scale.between(self.start, self.end);
        let square = dx * dx + dy * dy;
        let share = (x * dx + y * dy) / square;
        let share = if share.is_finite() {
            share.clamp(low, high)
        } else {
            low
        };
        Some((share, (x - share * dx).hypot(y - share * dy)))
    }

    fn at(&self, share: f64) -> LatLon {
        if share >= 1.0 {
            return self.end;
        }
        let (start, end) = (self.start, self.end);
        let mut lon_deg = start.lon_deg() + share * east_deg(start.lon_deg(), end.lon_deg());
        if lon_deg.abs() > 180.0 {
            lon_deg -= 360.0_f64.copysign(lon_deg);
        }
        let lat_deg = start.lat_deg() + share * (end.lat_deg() - start.lat_deg());
        LatLon::try_new(lat_deg, lon_deg).unwrap_or(start)
    }
}
