//! Which stretches of a route a walk has traversed: the walk is followed from fix to fix,
//! and nothing is credited that two fixes do not vouch for.
//!
//! Each fix has a *spot* for every stretch of the route that it lies on. From the spots of
//! one fix to those of the next run *threads*: where the way along the route agrees with the
//! distance moved, the stretch between the two spots is credited. Threads that belong
//! together are a *pass*; a pass that leads across the route rather than along it is worth
//! nothing. A street that the route uses twice has two spots, and both uses are credited.
//!
//! Source: DOMAIN "Patrol and coverage"; docs/decisions/0015.

use super::intervals::{Stretch, StretchSet};
use super::local::{Scale, near_m};
use super::route_line::{RouteLine, Spot};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;

/// A route may be longer than the straight way between two fixes by this factor (a right
/// angle needs 1.42), and by its corridor once.
const LONGEST_WAY: f64 = 1.5;
/// An advance of less than this share of the distance moved is a way across …
const LEAST_ADVANCE: f64 = 0.5;
/// … beyond what the noise of two fixes explains, in metres.
const NOISE_M: f64 = 10.0;

/// On a directed route an advance is believed once it has been so far, in metres: fixes a
/// second apart jump forth by more than their noise while the walk goes back.
const SURE_M: f64 = 25.0;
/// … or this share of a route that is shorter.
const SURE_SHARE: f64 = 0.8;

/// So many fixes in a row lie on a stretch by more than chance.
const SURE_ROW: u32 = 3;

/// A walk along a route, fix by fix.
#[derive(Debug, Clone, Default)]
pub(super) struct Traversal {
    /// The longest time between two fixes that belong together.
    gap_ms: u64,
    last: Option<UtcMs>,
    threads: Vec<Thread>,
    passes: Vec<Pass>,
    done: StretchSet,
}

/// The end of a chain of spots: where it was last seen.
#[derive(Debug, Clone, Copy)]
struct Thread {
    spot: Spot,
    at: UtcMs,
    place: LatLon,
    pass: usize,
    ahead: Ahead,
    trust: Trust,
}

/// How often a thread was seen on its stretch, and how often a fix lay elsewhere. While the
/// latter are the more, only fixes in a row are credited: a walk leaves the corridor for a
/// moment, a walk along the next street strays into it for a moment.
#[derive(Debug, Clone, Copy)]
struct Trust {
    since: UtcMs,
    here: u32,
    elsewhere: u32,
    /// How many fixes in a row lie here; none when the last lay elsewhere.
    in_a_row: u32,
}

/// How a thread advances on a directed route, so that noise is not taken for progress.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    /// The lowest position since it last went back, and when.
    base_m: f64,
    base_at: UtcMs,
    /// The highest since then.
    top_m: f64,
    is_certain: bool,
}

/// Threads that belong together, with what they have credited.
#[derive(Debug, Clone)]
struct Pass {
    covered: StretchSet,
    /// The pass that this one became a part of.
    joined: Option<usize>,
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Traversal {
    pub(super) fn new(gap_ms: u64) -> Self {
        Self {
            gap_ms,
            ..Self::default()
        }
    }

    /// What follows does not belong to what came before.
    pub(super) fn break_off(&mut self) {
        self.last = None;
        self.threads.clear();
        self.settle();
    }

    /// Takes the next fix with its spots, in order of time.
    pub(super) fn feed(&mut self, line: &RouteLine, at: UtcMs, place: LatLon, spots: &[Spot]) {
        let gap_ms = self.gap_ms;
        let is_over = |last: UtcMs| at.0.saturating_sub(last.0) > gap_ms;
        if self.last.is_some_and(is_over) {
            self.break_off();
        }
        if self.threads.iter().any(|thread| is_over(thread.at)) {
            self.threads.retain(|thread| !is_over(thread.at));
            self.settle();
        }
        self.last = Some(at);
        let before = std::mem::take(&mut self.threads);
        let mut is_continued = vec![false; before.len()];
        for spot in spots {
            let mut pass = None;
            let mut ahead = Ahead::from(spot.at_m, at);
            let mut trust: Option<Trust> = None;
            let directed_sure_m = line
                .is_directed()
                .then(|| SURE_M.min(SURE_SHARE * line.chain_m(spot.chain)));
            for (thread, continued) in before.iter().zip(&mut is_continued) {
                let moved_m = near_m(thread.place, place);
                let Some(way) = Way::between(line, &thread.spot, spot, moved_m) else {
                    continue;
                };
                *continued = true;
                let joined = self.join(pass, thread.pass);
                pass = Some(joined);
                let here = thread.trust.here(at, gap_ms);
                trust = Some(trust.map_or(here, |other| other.max(here)));
                if !here.is_earned() {
                    continue;
                }
                self.credit(joined, directed_sure_m, thread, &way, spot, at, &mut ahead);
            }
            let pass = pass.unwrap_or_else(|| self.begin_pass());
            if !line.is_beyond(spot) {
                self.passes[pass].reach(place);
            }
            self.threads.push(Thread {
                spot: *spot,
                at,
                place,
                pass,
                ahead,
                trust: trust.unwrap_or_else(|| Trust::from(at)),
            });
        }
        let waiting = before.into_iter().zip(is_continued);
        self.threads.extend(
            waiting
                .filter(|(_, continued)| !continued)
                .map(|(thread, _)| Thread {
                    trust: thread.trust.elsewhere(at, gap_ms),
                    ..thread
                }),
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one step, told apart for its length"
    )]
    fn credit(
        &mut self,
        pass: usize,
        directed_sure_m: Option<f64>,
        thread: &Thread,
        way: &Way,
        spot: &Spot,
        at: UtcMs,
        ahead: &mut Ahead,
    ) {
        let covered = &mut self.passes[pass].covered;
        let Some(sure_m) = directed_sure_m else {
            for (from_m, to_m) in way.stretches() {
                covered.insert(Stretch {
                    from_m,
                    to_m,
                    enter: thread.at,
                    leave: at,
                });
            }
            return;
        };
        let mut next = thread.ahead;
        if way.is_direct() {
            let before = (thread.spot.at_m, thread.at);
            if let Some((from_m, enter)) = next.advance(spot.at_m, before, at, sure_m) {
                covered.insert(Stretch {
                    from_m,
                    to_m: spot.at_m,
                    enter,
                    leave: at,
                });
            }
        } else if way.advance_m > 0.0 {
            for (from_m, to_m) in way.stretches() {
                covered.insert(Stretch {
                    from_m,
                    to_m,
                    enter: thread.at,
                    leave: at,
                });
            }
            next = Ahead {
                is_certain: next.is_certain,
                ..Ahead::from(spot.at_m, at)
            };
        }
        *ahead = next;
    }

    fn begin_pass(&mut self) -> usize {
        self.passes.push(Pass {
            covered: StretchSet::default(),
            joined: None,
            south: f64::INFINITY,
            north: f64::NEG_INFINITY,
            west: f64::INFINITY,
            east: f64::NEG_INFINITY,
        });
        self.passes.len() - 1
    }

    /// Makes two passes one.
    fn join(&mut self, one: Option<usize>, other: usize) -> usize {
        let other = self.whole(other);
        let Some(one) = one.filter(|one| *one != other) else {
            return other;
        };
        let covered = std::mem::take(&mut self.passes[other].covered);
        self.passes[other].joined = Some(one);
        let absorbed = Pass {
            covered,
            ..self.passes[other].clone()
        };
        self.passes[one].absorb(&absorbed);
        one
    }

    /// The pass that a pass is now a part of, or itself.
    fn whole(&self, mut pass: usize) -> usize {
        while let Some(joined) = self.passes[pass].joined {
            pass = joined;
        }
        pass
    }

    /// Takes the passes to which no thread belongs any more into account.
    fn settle(&mut self) {
        for number in 0..self.threads.len() {
            self.threads[number].pass = self.whole(self.threads[number].pass);
        }
        let mut kept = Vec::new();
        let mut moved = vec![None; self.passes.len()];
        for (number, pass) in std::mem::take(&mut self.passes).into_iter().enumerate() {
            if self.threads.iter().any(|thread| thread.pass == number) {
                moved[number] = Some(kept.len());
                kept.push(pass);
            } else if pass.joined.is_none() && pass.leads_along() {
                self.done.extend(&pass.covered);
            }
        }
        self.passes = kept;
        for thread in &mut self.threads {
            if let Some(Some(number)) = moved.get(thread.pass) {
                thread.pass = *number;
            }
        }
    }

    /// The length that is covered so far, in metres.
    pub(super) fn covered_m(&self) -> f64 {
        match &self.passes[..] {
            [] => self.done.length_m(),
            _ => self.covered().length_m(),
        }
    }

    /// What is covered so far, passes under way included.
    pub(super) fn covered(&self) -> StretchSet {
        let mut covered = self.done.clone();
        let whole = self.passes.iter().filter(|pass| pass.joined.is_none());
        for pass in whole.filter(|pass| pass.leads_along()) {
            covered.extend(&pass.covered);
        }
        covered
    }
}

impl Pass {
    /// Takes the place of a fix beside the route into its extent.
    fn reach(&mut self, place: LatLon) {
        self.south = self.south.min(place.lat_deg());
        self.north = self.north.max(place.lat_deg());
        self.west = self.west.min(place.lon_deg());
        self.east = self.east.max(place.lon_deg());
    }

    fn absorb(&mut self, other: &Self) {
        self.covered.extend(&other.covered);
        self.south = self.south.min(other.south);
        self.north = self.north.max(other.north);
        self.west = self.west.min(other.west);
        self.east = self.east.max(other.east);
    }

    /// True when it covers more of the route than crossing it would.
    fn leads_along(&self) -> bool {
        // No fix lies beside the route: those before its beginning and after its end do not
        // tell how wide the way across was.
        if self.south > self.north {
            return true;
        }
        let scale = Scale::at((self.south + self.north) / 2.0);
        // A pass over the antimeridian has no short width; none is lost for it.
        let wide_deg = Some(self.east - self.west).filter(|deg| *deg < 180.0);
        let across_m =
            (wide_deg.unwrap_or(0.0) * scale.x_m).hypot((self.north - self.south) * scale.y_m);
        self.covered.length_m() >= LEAST_ADVANCE * across_m
    }
}

impl Trust {
    fn from(since: UtcMs) -> Self {
        Self {
            since,
            here: 1,
            elsewhere: 0,
            in_a_row: 1,
        }
    }

    /// After one more fix on the stretch.
    fn here(self, at: UtcMs, gap_ms: u64) -> Self {
        let faded = self.faded(at, gap_ms);
        Self {
            here: faded.here.saturating_add(1),
            in_a_row: faded.in_a_row.saturating_add(1),
            ..faded
        }
    }

    /// After one more fix that lies elsewhere.
    fn elsewhere(self, at: UtcMs, gap_ms: u64) -> Self {
        let faded = self.faded(at, gap_ms);
        Self {
            elsewhere: faded.elsewhere.saturating_add(1),
            in_a_row: 0,
            ..faded
        }
    }

    /// What is long ago counts less: both counts are halved in the time of two gaps.
    fn faded(self, at: UtcMs, gap_ms: u64) -> Self {
        if at.0.saturating_sub(self.since.0) < gap_ms.saturating_mul(2) {
            return self;
        }
        Self {
            since: at,
            here: self.here / 2,
            elsewhere: self.elsewhere / 2,
            ..self
        }
    }

    fn is_earned(self) -> bool {
        self.here >= self.elsewhere || self.in_a_row >= SURE_ROW
    }

    /// The better of two.
    fn max(self, other: Self) -> Self {
        let surplus = |trust: Self| i64::from(trust.here) - i64::from(trust.elsewhere);
        if surplus(other) > surplus(self) {
            other
        } else {
            self
        }
    }
}

impl Ahead {
    fn from(at_m: f64, at: UtcMs) -> Self {
        Self {
            base_m: at_m,
            base_at: at,
            top_m: at_m,
            is_certain: false,
        }
    }

    /// Goes to a position; gives from where (and from when) on the way there is credited.
    fn advance(
        &mut self,
        to_m: f64,
        (before_m, before_at): (f64, UtcMs),
        at: UtcMs,
        sure_m: f64,
    ) -> Option<(f64, UtcMs)> {
        if self.is_certain && to_m < self.top_m - NOISE_M || !self.is_certain && to_m < self.base_m
        {
            *self = Self::from(to_m, at);
            return None;
        }
        self.top_m = self.top_m.max(to_m);
        if self.is_certain {
            return (to_m > before_m).then_some((before_m, before_at));
        }
        self.is_certain = to_m - self.base_m >= sure_m;
        self.is_certain.then_some((self.base_m, self.base_at))
    }
}

/// The way along the route from one spot to another that agrees with the distance moved.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Metres along the route, negative when walked backwards.
    advance_m: f64,
    first: (f64, f64),
    /// The second stretch of a way round a closed route's seam or over a junction.
    second: Option<(f64, f64)>,
}

impl Way {
    fn between(line: &RouteLine, from: &Spot, to: &Spot, moved_m: f64) -> Option<Self> {
        let agrees = |advance_m: f64| {
            advance_m.abs() <= LONGEST_WAY * moved_m + line.corridor_m()
                && advance_m.abs() + NOISE_M >= LEAST_ADVANCE * moved_m
        };
        let direct = Self {
            advance_m: to.at_m - from.at_m,
            first: (from.at_m, to.at_m),
            second: None,
        };
        if from.chain == to.chain {
            if agrees(direct.advance_m) {
                return Some(direct);
            }
            let (begin_m, end_m) = line.round(from.chain)?;
            let length_m = end_m - begin_m;
            let (advance_m, leave_m, enter_m) = if direct.advance_m < 0.0 {
                (direct.advance_m + length_m, end_m, begin_m)
            } else {
                (direct.advance_m - length_m, begin_m, end_m)
            };
            return agrees(advance_m).then_some(Self {
                advance_m,
                first: (from.at_m, leave_m),
                second: Some((enter_m, to.at_m)),
            });
        }
        let over = line.junctions().iter().filter_map(|junction| {
            let (leave_m, enter_m) = if junction.chains == (from.chain, to.chain) {
                junction.at_m
            } else if junction.chains == (to.chain, from.chain) {
                (junction.at_m.1, junction.at_m.0)
            } else {
                return None;
            };
            let (one_m, two_m) = (leave_m - from.at_m, to.at_m - enter_m);
            if line.is_directed() && (one_m < 0.0 || two_m < 0.0) {
                return None;
            }
            let advance_m = one_m.abs() + two_m.abs();
            agrees(advance_m).then_some(Self {
                advance_m,
                first: (from.at_m, leave_m),
                second: Some((enter_m, to.at_m)),
            })
        });
        over.min_by(|a, b| a.advance_m.total_cmp(&b.advance_m))
    }

    fn is_direct(&self) -> bool {
        self.second.is_none()
    }

    fn stretches(&self) -> impl Iterator<Item = (f64, f64)> {
        std::iter::once(self.first)
            .chain(self.second)
            .map(|(a, b)| (a.min(b), a.max(b)))
            .filter(|(from_m, to_m)| to_m > from_m)
    }
}
