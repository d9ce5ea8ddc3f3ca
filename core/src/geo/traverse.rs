//! Which stretches of a route a walk has traversed: the walk is followed from fix to fix,
//! and nothing is credited that two fixes do not vouch for.
//!
//! Each fix has a *spot* for every stretch of the route that it lies beside. From the spots
//! of one fix to those of the next run *threads*, one for each use of a street: where the way
//! along the route agrees with the distance moved. A thread weighs how well its fixes speak
//! for a walk on the street ([`super::evidence`]) and finds the likeliest beginning and end
//! of each walk on it: the best path through two states, on the street and off it (Viterbi),
//! where leaving it costs something. What lies between is credited. A street that the route
//! uses twice has two threads, and both uses are credited.
//!
//! Source: DOMAIN "Patrol and coverage"; docs/decisions/0015 and 0026.

use super::evidence::{HALF_WINDOW_MS, Node, Street, evidence};
use super::intervals::{Stretch, StretchSet};
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
/// Fixes nearer in time than this tell nothing of each other, in milliseconds.
const LEAST_STEP_MS: u64 = 400;
/// A way shorter than this is none, in metres: lengths are not exact.
const LEAST_M: f64 = 1e-6;
/// What it costs to leave the street and to come back to it, in evidence.
const LEAVING: f64 = 1.2;
/// What an excursion from the corridor costs at most, in evidence: less than leaving.
const EXCURSION: f64 = 1.0;
/// The most threads at a time; those that the least speaks for are ended.
const MAX_THREADS: usize = 32;
/// Metres along the route that differ from the metres moved speak against a link.
const MISMATCH_BY_M: f64 = 0.02;
/// So many weighed nodes are kept before the old ones go.
const KEPT_NODES: usize = 32;

/// A walk along a route, fix by fix.
#[derive(Debug, Clone, Default)]
pub(super) struct Traversal {
    /// The longest time between two fixes that belong together.
    gap_ms: u64,
    last: Option<UtcMs>,
    /// A fix that came too soon after the last one.
    skipped: Option<(UtcMs, LatLon)>,
    threads: Vec<Thread>,
    credit: Credit,
    /// Threads that ended, for their memory.
    spare: Vec<Thread>,
}

/// What is covered for certain.
#[derive(Debug, Clone, Default)]
struct Credit {
    done: StretchSet,
    /// What was credited since it was last asked for.
    fresh: Vec<Stretch>,
}

/// A hypothesis: the walk goes along this use of a street.
#[derive(Debug, Clone)]
struct Thread {
    /// Where it was seen last …
    last: (Spot, LatLon),
    /// … and where it is seen now.
    now: (Spot, LatLon),
    is_moved: bool,
    /// Since when it has gone the same way as another thread: only its past is its own.
    joined_at: Option<UtcMs>,
    /// Nothing was known before its first fix.
    is_boundary: bool,
    /// What was seen of late, the oldest first.
    nodes: Vec<Node>,
    /// The second stretches of steps over a seam or a junction, by the time of the step.
    seconds: Vec<(UtcMs, (f64, f64))>,
    /// The number of nodes that are weighed.
    weighed: usize,
    /// The last weighed node: its time and its evidence by the second.
    before: Option<(UtcMs, f64)>,
    /// How much likelier the walk is on the street than off it, at the last weighed node; at
    /// most [`LEAVING`], which is what leaving costs. Minus infinity when it cannot be on it.
    on: f64,
    /// What is credited if it was on the street since both states had one past.
    pending: StretchSet,
    /// When the thread was last seen within the corridor, and what spoke for it there.
    inside_at: UtcMs,
    inside_on: f64,
}

impl Traversal {
    pub(super) fn new(gap_ms: u64) -> Self {
        Self {
            gap_ms,
            ..Self::default()
        }
    }

    /// What follows does not belong to what came before.
    pub(super) fn break_off(&mut self, line: &RouteLine) {
        if let Some((at, place)) = self.skipped.take() {
            // The last fix counts, however soon it came.
            let mut spots = Vec::new();
            line.spots(place, &mut spots);
            self.take(line, at, place, &spots);
        }
        let last = self.last.take();
        for mut thread in std::mem::take(&mut self.threads) {
            thread.end(line, self.gap_ms, &mut self.credit);
            let is_there = |node: &Node| node.is_inside && Some(node.at) == last;
            if thread.nodes.last().is_some_and(is_there) && thread.on >= LEAVING / 2.0 {
                // Whether it went on is not known: half of what leaving costs.
                thread.settle(&mut self.credit);
            }
            self.keep(thread);
        }
    }

    /// Takes the next fix with its spots, in order of time.
    pub(super) fn feed(&mut self, line: &RouteLine, at: UtcMs, place: LatLon, spots: &[Spot]) {
        if let Some(last) = self.last {
            // What comes from the past begins anew: only fixes that do not count do so.
            if at < last || at.0 - last.0 > self.gap_ms {
                self.break_off(line);
            } else if at.0 - last.0 < LEAST_STEP_MS {
                self.skipped = Some((at, place));
                return;
            }
        }
        self.skipped = None;
        self.take(line, at, place, spots);
    }

    fn take(&mut self, line: &RouteLine, at: UtcMs, place: LatLon, spots: &[Spot]) {
        let is_boundary = self.last.replace(at).is_none();
        let count = self.threads.len();
        for spot in spots {
            // A spot goes on from the likeliest thread that leads to it.
            let mut best: Option<((f64, bool), usize, Way)> = None;
            for (id, thread) in self.threads[..count].iter().enumerate() {
                let Some((way, moved_m)) = thread.way_to(line, spot, place) else {
                    continue;
                };
                let mismatch_m = (way.advance_m.abs() - moved_m).abs();
                // Of two that are equally likely, the one whose whole past is its own.
                let is_own = thread.joined_at.is_none();
                let likely = (thread.on.max(-1.0) - MISMATCH_BY_M * mismatch_m, is_own);
                if best.is_none_or(|(other, ..)| likely > other) {
                    best = Some((likely, id, way));
                }
            }
            match best {
                Some((_, id, way)) if self.threads[id].is_moved => {
                    // It goes on to two places: as it was before, to this one too.
                    let mut fork = self.threads[id].clone();
                    fork.take_back();
                    fork.step(spot, &way, at, place);
                    fork.joined_at = None;
                    self.threads.push(fork);
                }
                Some((_, id, way)) => {
                    self.threads[id].step(spot, &way, at, place);
                    self.threads[id].joined_at = None;
                }
                None => {
                    let spare = self.spare.pop();
                    self.threads
                        .push(Thread::new(spot, at, place, is_boundary, spare));
                }
            }
        }
        self.part(line, (at, place), spots, count);
        for thread in &mut self.threads {
            thread.last = thread.now;
            if std::mem::take(&mut thread.is_moved) {
                thread.weigh(line, self.gap_ms, false, &mut self.credit);
            }
        }
        self.decide();
        while self.threads.len() > MAX_THREADS {
            let least = (0..self.threads.len())
                .min_by(|a, b| self.threads[*a].on.total_cmp(&self.threads[*b].on));
            let mut thread = self.threads.remove(least.unwrap_or(0));
            thread.end(line, self.gap_ms, &mut self.credit);
        }
    }

    /// A thread that no spot goes on from meets another one, waits, or ends.
    fn part(
        &mut self,
        line: &RouteLine,
        (at, place): (UtcMs, LatLon),
        spots: &[Spot],
        count: usize,
    ) {
        for id in (0..count).rev() {
            let thread = &mut self.threads[id];
            if thread.is_moved {
                continue;
            }
            let ways = spots
                .iter()
                .filter_map(|spot| Some((spot, thread.way_to(line, spot, place)?.0)));
            let nearest = ways.min_by(|a, b| a.1.advance_m.abs().total_cmp(&b.1.advance_m.abs()));
            if let Some((spot, way)) = nearest {
                // Another thread goes on from there: this one meets it.
                thread.step(spot, &way, at, place);
                thread.joined_at.get_or_insert(at);
                continue;
            }
            let is_brief = at.0.saturating_sub(thread.seen_at().0) <= self.gap_ms;
            if is_brief && line.is_excursion(place, &thread.last.0, thread.last.1) {
                continue;
            }
            let mut thread = self.threads.remove(id);
            thread.end(line, self.gap_ms, &mut self.credit);
            self.keep(thread);
        }
    }

    /// Ends the threads whose past is decided since they went the way of another one.
    fn decide(&mut self) {
        let mut id = 0;
        while let Some(thread) = self.threads.get(id) {
            if thread.is_decided() {
                let thread = self.threads.remove(id);
                self.keep(thread);
            } else {
                id += 1;
            }
        }
    }

    fn keep(&mut self, thread: Thread) {
        if self.spare.len() < 4 {
            self.spare.push(thread);
        }
    }

    /// What was credited since it was last forgotten.
    pub(super) fn fresh(&self) -> &[Stretch] {
        &self.credit.fresh
    }

    /// What was credited so far has been taken.
    pub(super) fn forget_fresh(&mut self) {
        self.credit.fresh.clear();
    }

    /// What is covered for certain.
    pub(super) fn done(&self) -> &StretchSet {
        &self.credit.done
    }
}

impl Thread {
    fn new(spot: &Spot, at: UtcMs, place: LatLon, is_boundary: bool, spare: Option<Self>) -> Self {
        let (mut nodes, mut pending) =
            spare.map_or_else(Default::default, |spare| (spare.nodes, spare.pending));
        nodes.clear();
        pending.clear();
        nodes.push(Node {
            at,
            along_m: 0.0,
            off_m: spot.off_m,
            way_m: (spot.at_m, spot.at_m),
            is_inside: spot.is_inside,
        });
        Self {
            last: (*spot, place),
            now: (*spot, place),
            is_moved: true,
            joined_at: None,
            is_boundary,
            nodes,
            seconds: Vec::new(),
            weighed: 0,
            before: None,
            on: f64::NEG_INFINITY,
            pending,
            inside_at: at,
            inside_on: f64::NEG_INFINITY,
        }
    }

    /// True when it goes the way of another one, and nothing of its past is pending.
    fn is_decided(&self) -> bool {
        let is_weighed = |joined: UtcMs| self.before.is_some_and(|(at, _)| at >= joined);
        self.joined_at.is_some_and(is_weighed) && self.pending.is_empty()
    }

    fn seen_at(&self) -> UtcMs {
        self.nodes.last().map_or(UtcMs(0), |node| node.at)
    }

    /// The way from where it was seen last to a spot, and the metres moved.
    fn way_to(&self, line: &RouteLine, spot: &Spot, place: LatLon) -> Option<(Way, f64)> {
        let moved_m = line.between_m(spot, self.last.1, place);
        Some((Way::between(line, &self.last.0, spot, moved_m)?, moved_m))
    }

    fn step(&mut self, spot: &Spot, way: &Way, at: UtcMs, place: LatLon) {
        let along_m = self.nodes.last().map_or(0.0, |node| node.along_m) + way.advance_m;
        let mut ways = way.stretches();
        let way_m = ways.next().unwrap_or((spot.at_m, spot.at_m));
        self.seconds.extend(ways.map(|second| (at, second)));
        self.nodes.push(Node {
            at,
            along_m,
            off_m: spot.off_m,
            way_m,
            is_inside: spot.is_inside,
        });
        self.now = (*spot, place);
        self.is_moved = true;
    }

    /// As it was before its last step.
    fn take_back(&mut self) {
        if let Some(node) = self.nodes.pop() {
            self.seconds.retain(|(at, _)| *at != node.at);
        }
    }

    /// Nothing follows: what waited for later fixes is weighed without them.
    fn end(&mut self, line: &RouteLine, gap_ms: u64, credit: &mut Credit) {
        self.weigh(line, gap_ms, true, credit);
    }

    /// What is pending is certain.
    fn settle(&mut self, credit: &mut Credit) {
        for stretch in self.pending.stretches() {
            credit.done.insert(*stretch);
            credit.fresh.push(*stretch);
        }
        self.pending.clear();
    }

    /// Goes on through the nodes whose window is full.
    fn weigh(&mut self, line: &RouteLine, gap_ms: u64, is_ended: bool, credit: &mut Credit) {
        let street = Street {
            corridor_m: line.corridor_m(),
            is_directed: line.is_directed(),
        };
        while self.weighed < self.nodes.len() {
            let node = self.nodes[self.weighed];
            if !node.is_inside && self.on == f64::NEG_INFINITY {
                // It is not on the street and cannot come to it here: nothing to weigh.
                self.before = Some((node.at, 0.0));
                self.weighed += 1;
                continue;
            }
            let Some(now) = evidence(&self.nodes, self.weighed, is_ended, street) else {
                break;
            };
            self.weighed += 1;
            let Some((from, before)) = self.before.replace((node.at, now)) else {
                if node.is_inside {
                    self.on = if self.is_boundary { LEAVING / 2.0 } else { 0.0 };
                    (self.inside_at, self.inside_on) = (node.at, self.on);
                }
                continue;
            };
            let step_s = (node.at.0 - from.0) as f64 * 1e-3;
            self.on += (before + now) / 2.0 * step_s;
            if node.is_inside {
                // An excursion is forgiven up to the gap limit.
                let is_back = node.at.0 - self.inside_at.0 <= gap_ms;
                if self.on < 0.0 || !is_back {
                    // Likelier that it came to the street only now.
                    self.on = 0.0;
                    self.pending.clear();
                } else {
                    self.traverse(from, &node);
                }
                if self.on >= LEAVING {
                    // Even if it leaves here, it was on the street up to here.
                    self.on = LEAVING;
                    self.settle(credit);
                }
                (self.inside_at, self.inside_on) = (node.at, self.on);
            } else if node.at.0 - self.inside_at.0 > gap_ms {
                self.on = f64::NEG_INFINITY;
                self.pending.clear();
            } else {
                // It may be noise: one excursion alone ends no walk that was certain.
                self.on = self.on.max(self.inside_on - EXCURSION);
                self.traverse(from, &node);
            }
        }
        self.forget();
    }

    /// Takes what a step traversed into what is pending.
    fn traverse(&mut self, from: UtcMs, node: &Node) {
        let stretch = |(from_m, to_m): (f64, f64)| Stretch {
            from_m,
            to_m,
            enter: from,
            leave: node.at,
        };
        if node.way_m.1 > node.way_m.0 {
            self.pending.insert(stretch(node.way_m));
        }
        for (at, second) in &self.seconds {
            if *at == node.at {
                self.pending.insert(stretch(*second));
            }
        }
    }

    /// Drops the nodes that no window reaches any more, by the dozen.
    fn forget(&mut self) {
        if self.weighed < KEPT_NODES {
            return;
        }
        let next = self.nodes[self.weighed.min(self.nodes.len() - 1)].at;
        let weighed = &self.nodes[..self.weighed - 1];
        let old = weighed.partition_point(|node| node.at.0 + HALF_WINDOW_MS < next.0);
        self.nodes.drain(..old);
        self.weighed -= old;
        let first = self.nodes[0].at;
        self.seconds.retain(|(at, _)| *at >= first);
    }
}

/// The way along the route from one spot to another that agrees with the distance moved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Metres along the route, negative when walked backwards.
    advance_m: f64,
    first: (f64, f64),
    /// The second stretch of a way round a closed route's seam or over a junction.
    second: Option<(f64, f64)>,
}

impl Way {
    pub(super) fn between(line: &RouteLine, from: &Spot, to: &Spot, moved_m: f64) -> Option<Self> {
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

    pub(super) fn stretches(&self) -> impl Iterator<Item = (f64, f64)> {
        std::iter::once(self.first)
            .chain(self.second)
            .map(|(a, b)| (a.min(b), a.max(b)))
            .filter(|(from_m, to_m)| to_m - from_m > LEAST_M)
    }
}
