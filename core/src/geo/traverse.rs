//! Which stretches of a route a walk has traversed: the walk is followed from fix to fix,
//! and nothing is credited that two fixes do not vouch for.
//!
//! Each fix has a *spot* for every stretch of the route that it lies beside. From the spots
//! of one fix to those of the next run *threads*: one for each use of a street. A thread
//! weighs how well its fixes speak for a walk on the street ([`super::evidence`]) and finds
//! the most likely beginning and end of each stretch on it (the Viterbi path of two states,
//! on and off the street): what lies between is credited. A street that the route uses twice
//! has two threads, and both uses are credited.
//!
//! Source: DOMAIN "Patrol and coverage"; docs/decisions/0015, 0026.

use super::evidence::{Node, Weight, params, weigh};
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
/// The most threads at a time.
const MAX_THREADS: usize = 32;
/// Fixes nearer in time than this tell nothing of each other, in milliseconds.
const LEAST_STEP_MS: u64 = 400;

/// A walk along a route, fix by fix.
#[derive(Debug, Clone, Default)]
pub(super) struct Traversal {
    /// The longest time between two fixes that belong together.
    gap_ms: u64,
    last: Option<UtcMs>,
    threads: Vec<Thread>,
    done: StretchSet,
    /// What was credited since it was last asked for.
    fresh: Vec<Stretch>,
    spare: Vec<Thread>,
}

/// A hypothesis: the walk goes along this use of a street.
#[derive(Debug, Clone)]
struct Thread {
    /// Where it was last seen …
    last: (Spot, LatLon),
    /// … and where it is seen now.
    now: (Spot, LatLon),
    is_moved: bool,
    /// What was seen of late, the oldest first.
    nodes: Vec<Node>,
    /// The second stretches of steps over a seam or a junction, by the time of the step.
    seconds: Vec<(UtcMs, (f64, f64))>,
    /// The number of nodes that are weighed.
    weighed: usize,
    /// How much likelier the walk is on the street than off it, at the last weighed node; up
    /// to what leaving the street costs. Nothing when it cannot be on it.
    on: f64,
    /// The last weighed node.
    before: Option<(UtcMs, Weight)>,
    is_boundary: bool,
    /// What is credited if it was on the street since both hypotheses parted.
    pending: StretchSet,
    /// When the thread was last seen within the corridor.
    inside_at: UtcMs,
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
        self.last = None;
        for mut thread in std::mem::take(&mut self.threads) {
            self.end(line, &mut thread, true);
        }
    }

    fn end(&mut self, line: &RouteLine, thread: &mut Thread, is_boundary: bool) {
        thread.weigh(line, self.gap_ms, true, &mut self.done, &mut self.fresh);
        if is_boundary && thread.on + thread.before.map_or(0.0, |b| b.1.end) >= params().q / 2.0 {
            thread.commit(&mut self.done, &mut self.fresh);
        }
    }

    /// Takes the next fix with its spots, in order of time.
    pub(super) fn feed(&mut self, line: &RouteLine, at: UtcMs, place: LatLon, spots: &[Spot]) {
        let gap_ms = self.gap_ms;
        if self
            .last
            .is_some_and(|last| at.0.saturating_sub(last.0) > gap_ms)
        {
            self.break_off(line);
        }
        let is_boundary = self.last.is_none();
        if self.last.is_some_and(|last| at.0.saturating_sub(last.0) < LEAST_STEP_MS) {
            return;
        }
        self.last = Some(at);
        let count = self.threads.len();
        let mut forks: Vec<Thread> = Vec::new();
        for spot in spots {
            // A spot goes on from the likeliest thread that leads to it.
            let mut best: Option<(f64, usize, Way)> = None;
            for (id, thread) in self.threads[..count].iter().enumerate() {
                let (from, from_place) = thread.last;
                let moved_m = line.between_m(spot, from_place, place);
                let Some(way) = Way::between(line, &from, spot, moved_m) else {
                    continue;
                };
                let likely = thread.on.max(-1.0) - 0.02 * (way.advance_m.abs() - moved_m).abs();
                if best.is_none_or(|(other, ..)| likely > other) {
                    best = Some((likely, id, way));
                }
            }
            match best {
                None => {
                    let spare = self.spare.pop();
                    forks.push(Thread::new(spot, at, place, is_boundary, spare));
                }
                Some((_, id, way)) => {
                    let thread = &mut self.threads[id];
                    if thread.is_moved {
                        // It goes on to two places: as it was before, to this one too.
                        let mut fork = thread.clone();
                        fork.nodes.pop();
                        fork.seconds.retain(|(second, _)| *second != at);
                        fork.step(spot, &way, at);
                        fork.now = (*spot, place);
                        forks.push(fork);
                    } else {
                        thread.step(spot, &way, at);
                        thread.now = (*spot, place);
                        thread.is_moved = true;
                    }
                }
            }
        }
        for id in (0..count).rev() {
            let thread = &mut self.threads[id];
            if thread.is_moved {
                continue;
            }
            let ways = spots.iter().filter_map(|spot| {
                let moved_m = line.between_m(spot, thread.last.1, place);
                Way::between(line, &thread.last.0, spot, moved_m).map(|way| (spot, way))
            });
            let nearest = ways.min_by(|a, b| a.1.advance_m.abs().total_cmp(&b.1.advance_m.abs()));
            if let Some((spot, way)) = nearest {
                // Another thread went on from here: this one meets it, and ends.
                thread.step(spot, &way, at);
            } else if at.0.saturating_sub(thread.seen_at().0) <= gap_ms {
                continue;
            }
            let mut thread = self.threads.remove(id);
            self.end(line, &mut thread, false);
            if self.spare.len() < 4 {
                self.spare.push(thread);
            }
        }
        self.threads.append(&mut forks);
        for thread in &mut self.threads {
            thread.last = thread.now;
            if std::mem::take(&mut thread.is_moved) {
                thread.weigh(line, gap_ms, false, &mut self.done, &mut self.fresh);
            }
        }
        while self.threads.len() > MAX_THREADS {
            let worst = (0..self.threads.len())
                .min_by(|a, b| self.threads[*a].on.total_cmp(&self.threads[*b].on))
                .unwrap_or(0);
            let mut thread = self.threads.remove(worst);
            self.end(line, &mut thread, false);
        }
    }

    /// What was credited since the last call, in order of its being certain.
    pub(super) fn fresh(&mut self) -> std::vec::Drain<'_, Stretch> {
        self.fresh.drain(..)
    }

    /// What is covered for certain.
    pub(super) fn done(&self) -> &StretchSet {
        &self.done
    }
}

impl Thread {
    fn new(spot: &Spot, at: UtcMs, place: LatLon, is_boundary: bool, spare: Option<Self>) -> Self {
        let (mut nodes, mut pending) = spare.map_or_else(Default::default, |s| (s.nodes, s.pending));
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
            nodes,
            seconds: Vec::new(),
            weighed: 0,
            on: f64::NEG_INFINITY,
            before: None,
            is_boundary,
            pending,
            inside_at: at,
        }
    }

    fn seen_at(&self) -> UtcMs {
        self.nodes.last().map_or(UtcMs(0), |node| node.at)
    }

    fn step(&mut self, spot: &Spot, way: &Way, at: UtcMs) {
        let before = *self.nodes.last().expect("a thread has a node");
        let mut ways = way.stretches();
        let way_m = ways.next().unwrap_or((spot.at_m, spot.at_m));
        self.seconds.extend(ways.map(|second| (at, second)));
        self.nodes.push(Node {
            at,
            along_m: before.along_m + way.advance_m,
            off_m: spot.off_m,
            way_m,
            is_inside: spot.is_inside,
        });
    }

    fn commit(&mut self, done: &mut StretchSet, fresh: &mut Vec<Stretch>) {
        for stretch in self.pending.stretches() {
            done.insert(*stretch);
            fresh.push(*stretch);
        }
        self.pending.clear();
    }

    fn weigh(
        &mut self,
        line: &RouteLine,
        gap_ms: u64,
        is_ended: bool,
        done: &mut StretchSet,
        fresh: &mut Vec<Stretch>,
    ) {
        let q = params().q;
        while self.weighed < self.nodes.len() {
            let at = self.weighed;
            let Some(weight) = weigh(&self.nodes, at, is_ended, line.corridor_m(), line.is_directed()) else {
                break;
            };
            let node = self.nodes[at];
            self.weighed += 1;
            let Some(before) = self.before.replace((node.at, weight)) else {
                // The first one.
                if node.is_inside {
                    self.on = weight.end + if self.is_boundary { q / 2.0 } else { 0.0 };
                    self.inside_at = node.at;
                }
                continue;
            };
            let step_ms = (node.at.0 - before.0.0) as f64;
            self.on += (before.1.rate + weight.rate - before.1.cross - weight.cross) / 2.0 * step_ms;
            if node.is_inside {
                self.inside_at = node.at;
                if self.on < weight.end {
                    self.on = weight.end;
                    self.pending.clear();
                } else {
                    self.traverse(before.0, &node);
                }
                if self.on + weight.end >= q {
                    self.on = q - weight.end;
                    self.commit(done, fresh);
                }
            } else if self.on < -20.0 || node.at.0 - self.inside_at.0 > gap_ms {
                self.on = f64::NEG_INFINITY;
                self.pending.clear();
            } else {
                self.traverse(before.0, &node);
            }
        }
        // The window of the next one reaches so far back; what is older goes by the dozen.
        if self.weighed >= 32 {
            let half = params().half as u64;
            let next = self.nodes[self.weighed.min(self.nodes.len() - 1)].at.0;
            let old = self.nodes[..self.weighed - 1]
                .partition_point(|node| node.at.0 + half < next);
            self.nodes.drain(..old);
            self.weighed -= old;
        }
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
        if !self.seconds.is_empty() {
            for (at, second) in &self.seconds {
                if *at == node.at {
                    self.pending.insert(stretch(*second));
                }
            }
            self.seconds.retain(|(at, _)| *at > node.at);
        }
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
            .filter(|(from_m, to_m)| to_m > from_m)
    }
}
