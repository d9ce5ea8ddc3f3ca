//! Was the route walked? Coverage by traversal, with the reasons for every stretch that is
//! missing.
//!
//! A [`CoverageRun`] takes fixes one by one, as on a phone, and its [`CoverageRun::picture`]
//! is at any moment the same as that of all fixes at once. A missed stretch is *not visited*,
//! or *unproven*: there are fixes that would cover it but for a gap, a rejection, or the
//! window. The two are separate shares; neither is hidden in the other.
//!
//! Source: DOMAIN "Patrol and coverage"; docs/decisions/0015.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::checkpoints::{CheckpointVisit, Visits};
use super::intervals::{Stretch, StretchSet};
use super::laps::Laps;
use super::route_line::{RouteLine, Spot};
use super::track_filter::{Judged, Step, TrackFilter};
use super::traverse::{Traversal, Way};
use crate::model::route::Route;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};

/// A missed stretch shorter than this is not listed, in metres: it lies within what a fix
/// can tell, and its length stays in the figures.
const LISTED_M: f64 = 0.5;

/// What decides whether a walk counts. Defaults are DOMAIN's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoverageSettings {
    /// The longest time between two fixes that vouch for what lies between them.
    pub gap_ms: u64,
    /// The worst accuracy that is believed, in metres.
    pub max_accuracy_m: f64,
    /// How the person moves.
    pub mode: Mode,
    /// Beginning and end of the time that counts, both included; nothing is any time.
    pub window: Option<(UtcMs, UtcMs)>,
    /// The share of the route from which a lap counts as a loop, per mille.
    pub loop_permille: u32,
}

impl Default for CoverageSettings {
    fn default() -> Self {
        Self {
            gap_ms: 60_000,
            max_accuracy_m: 50.0,
            mode: Mode::Walk,
            window: None,
            loop_permille: 800,
        }
    }
}

/// Why a stretch is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissReason {
    /// Nobody was there, as far as any fix tells.
    NotVisited,
    /// Unproven: the fixes on both sides are too far apart in time.
    GapInFixes,
    /// Unproven: fixes were there, and were rejected.
    FixesRejected,
    /// Unproven in this window: it was walked before or after it.
    OutsideWindow,
}

/// A stretch that was covered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CoveredStretch {
    /// Its beginning along the route, in metres.
    #[serde(serialize_with = "millimetres")]
    pub from_m: f64,
    /// Its end.
    #[serde(serialize_with = "millimetres")]
    pub to_m: f64,
    /// When it was first walked, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub enter: UtcMs,
    /// When it was last walked.
    #[serde(serialize_with = "rfc3339")]
    pub leave: UtcMs,
}

/// A stretch that was not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MissedStretch {
    /// Its beginning along the route, in metres.
    #[serde(serialize_with = "millimetres")]
    pub from_m: f64,
    /// Its end.
    #[serde(serialize_with = "millimetres")]
    pub to_m: f64,
    /// Why.
    pub reason: MissReason,
}

/// A lap: from where the walk began, or began again, until it began again or ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lap {
    /// When its first stretch was entered, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub from: UtcMs,
    /// When its last stretch was left.
    #[serde(serialize_with = "rfc3339")]
    pub to: UtcMs,
    /// The share of the route that it covers, 0 to 1.
    #[serde(serialize_with = "millionths")]
    pub ratio: f64,
    /// True when the share reaches the loop's.
    pub counts: bool,
}

/// How many fixes were believed, and how many were not and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FixCounts {
    /// Believed, within the window.
    pub accepted: u64,
    /// Not believed, by the reason's key.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Before or after the window.
    pub outside_window: u64,
}

/// What was walked of a route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Length of the route, in metres.
    #[serde(serialize_with = "millimetres")]
    pub planned_m: f64,
    /// Length that was covered.
    #[serde(serialize_with = "millimetres")]
    pub covered_m: f64,
    /// Covered over planned, 0 to 1.
    #[serde(serialize_with = "millionths")]
    pub ratio: f64,
    /// Length that fixes speak of without proving it.
    #[serde(serialize_with = "millimetres")]
    pub unproven_m: f64,
    /// Length of which no fix speaks.
    #[serde(serialize_with = "millimetres")]
    pub not_visited_m: f64,
    /// Geodesic length of the accepted fixes' line within the window, in metres.
    #[serde(serialize_with = "millimetres")]
    pub walked_m: f64,
    /// The same without the noise of standing still and of a receiver that settles.
    #[serde(serialize_with = "millimetres")]
    pub moving_m: f64,
    /// What was covered, along the route.
    pub intervals: Vec<CoveredStretch>,
    /// What was missed, along the route.
    pub missed: Vec<MissedStretch>,
    /// The fixes by what became of them.
    pub fixes: FixCounts,
    /// The places that must be visited.
    pub checkpoints: Vec<CheckpointVisit>,
    /// The laps.
    pub loops: Vec<Lap>,
}

/// The share of a route's planned length that a track has traversed, with its reasons.
///
/// Source: DOMAIN "Patrol and coverage".
#[must_use]
pub fn coverage(route: &Route, settings: &CoverageSettings, fixes: &[Fix]) -> Coverage {
    let line = RouteLine::new(route);
    let mut run = CoverageRun::new(route, *settings);
    for fix in fixes {
        run.feed(&line, *fix);
    }
    run.finish(&line);
    run.picture(&line)
}

/// Coverage as it grows. Its memory grows with the pieces of the route that are covered and
/// with the laps, not with the fixes.
#[derive(Debug, Clone)]
pub struct CoverageRun {
    filter: TrackFilter,
    kept: Kept,
}

/// What is kept of the fixes that were judged.
#[derive(Debug, Clone)]
struct Kept {
    settings: CoverageSettings,
    counts: FixCounts,
    walked_m: f64,
    moving_m: f64,
    /// The last accepted fix within the window.
    last: Option<Fix>,
    /// What the last accepted fix added, should it be outvoted; nothing when it
    /// was outside the window.
    last_step: Option<Step>,
    /// True when a fix was rejected since the last accepted one.
    has_rejected: bool,
    /// True when nothing vouches for the way from the last accepted fix.
    is_cut: bool,
    counted: Traversal,
    /// What would be covered if silences were bridged …
    bridged: StretchSet,
    /// … if those were, in which fixes were rejected …
    patched: StretchSet,
    /// … if rejected fixes were believed …
    doubted: Beside,
    /// … and what was walked outside the window.
    outside: Beside,
    laps: Laps,
    visits: Visits,
    /// The spots of the fix at hand, and of the last accepted one.
    spots: Vec<Spot>,
    last_spots: Vec<Spot>,
}

/// Fixes that do not count, with those on both sides of them: what they would cover.
#[derive(Debug, Clone)]
struct Beside {
    walk: Traversal,
    /// True when the last fix was one of them.
    is_open: bool,
}

impl Beside {
    fn new(gap_ms: u64) -> Self {
        Self {
            walk: Traversal::new(gap_ms),
            is_open: false,
        }
    }

    /// Takes a fix that does not count; `before` is the one that did, just before it.
    fn take(&mut self, line: &RouteLine, before: Option<&Fix>, fix: &Fix, spots: &mut Vec<Spot>) {
        if !self.is_open
            && let Some(before) = before
        {
            line.spots(before.place, spots);
            self.walk.feed(line, before.at, before.place, spots);
        }
        self.is_open = true;
        line.spots(fix.place, spots);
        self.walk.feed(line, fix.at, fix.place, spots);
    }

    /// Takes the next fix that counts.
    fn close(&mut self, line: &RouteLine, fix: &Fix, spots: &[Spot]) {
        if std::mem::take(&mut self.is_open) {
            self.walk.feed(line, fix.at, fix.place, spots);
        }
    }
}

impl CoverageRun {
    /// Nothing walked yet.
    #[must_use]
    pub fn new(route: &Route, settings: CoverageSettings) -> Self {
        let gap_ms = settings.gap_ms;
        Self {
            filter: TrackFilter::new(settings.mode, settings.max_accuracy_m, settings.gap_ms),
            kept: Kept {
                settings,
                counts: FixCounts::default(),
                walked_m: 0.0,
                moving_m: 0.0,
                last: None,
                last_step: None,
                has_rejected: false,
                is_cut: false,
                counted: Traversal::new(gap_ms),
                bridged: StretchSet::default(),
                patched: StretchSet::default(),
                doubted: Beside::new(gap_ms),
                outside: Beside::new(gap_ms),
                laps: Laps::new(settings.loop_permille),
                visits: Visits::new(route.checkpoints(), settings.gap_ms),
                spots: Vec::new(),
                last_spots: Vec::new(),
            },
        }
    }

    /// Takes the next fix in order of arrival; `line` is that of the route.
    pub fn feed(&mut self, line: &RouteLine, fix: Fix) {
        let kept = &mut self.kept;
        self.filter.feed(fix, &mut |judged| kept.take(line, judged));
    }

    /// The recording was interrupted: what follows vouches for nothing before.
    pub fn interrupt(&mut self, line: &RouteLine) {
        self.finish(line);
        self.kept.break_off(line);
        self.kept.is_cut = true;
    }

    /// The track has ended: what waited for more fixes is decided.
    pub fn finish(&mut self, line: &RouteLine) {
        let kept = &mut self.kept;
        self.filter.finish(&mut |judged| kept.take(line, judged));
    }

    /// What is covered so far, as if the track ended here.
    #[must_use]
    pub fn picture(&self, line: &RouteLine) -> Coverage {
        let mut ended = self.clone();
        ended.finish(line);
        ended.kept.end(line);
        ended.kept.picture(line)
    }
}

impl Kept {
    fn is_outside(&self, at: UtcMs) -> bool {
        self.settings
            .window
            .is_some_and(|(from, to)| at < from || at > to)
    }

    /// What follows vouches for nothing that was counted before.
    fn break_off(&mut self, line: &RouteLine) {
        self.counted.break_off(line);
        self.count_laps(line);
        self.visits.break_off();
    }

    fn end(&mut self, line: &RouteLine) {
        self.break_off(line);
        self.doubted.walk.break_off(line);
        self.outside.walk.break_off(line);
    }

    fn count_laps(&mut self, line: &RouteLine) {
        let fresh = self.counted.fresh();
        if !fresh.is_empty() {
            self.laps.feed(fresh, line.length_m());
            self.counted.forget_fresh();
        }
    }

    fn take(&mut self, line: &RouteLine, judged: Judged) {
        match judged {
            Judged::Rejected(fix, why) => {
                *self.counts.rejected.entry(why.as_str()).or_default() += 1;
                self.has_rejected = true;
                if !self.is_outside(fix.at) {
                    let before = self.last.filter(|_| !self.is_cut);
                    let spots = &mut self.spots;
                    self.doubted.take(line, before.as_ref(), &fix, spots);
                }
            }
            Judged::Retracted(_) => {
                match self.last_step.take() {
                    Some(step) => {
                        self.counts.accepted -= 1;
                        self.walked_m -= step.length_m;
                        self.moving_m -= step.moved_m;
                    }
                    None => self.counts.outside_window -= 1,
                }
                *self.counts.rejected.entry("speed").or_default() += 1;
                self.has_rejected = true;
                self.last = None;
                self.last_spots.clear();
                self.visits.take_back();
                self.break_off(line);
            }
            Judged::Accepted(fix, step) => self.accept(line, fix, step),
        }
    }

    fn accept(&mut self, line: &RouteLine, fix: Fix, step: Step) {
        if self.is_outside(fix.at) {
            self.counts.outside_window += 1;
            let before = self.last.take();
            let spots = &mut self.spots;
            self.outside.take(line, before.as_ref(), &fix, spots);
            self.last_step = None;
            self.last_spots.clear();
            return;
        }
        line.spots(fix.place, &mut self.spots);
        self.doubted.close(line, &fix, &self.spots);
        self.outside.close(line, &fix, &self.spots);
        self.counts.accepted += 1;
        let is_vouched = self.last.is_some() && !self.is_cut;
        let step = if is_vouched { step } else { Step::default() };
        self.last_step = Some(step);
        self.walked_m += step.length_m;
        self.moving_m += step.moved_m;
        if let Some(last) = self.last
            && (self.is_cut || fix.at.0 - last.at.0 > self.settings.gap_ms)
        {
            let set = if self.has_rejected {
                &mut self.patched
            } else {
                &mut self.bridged
            };
            bridge(line, (&last, &self.last_spots), (&fix, &self.spots), set);
        }
        self.last = Some(fix);
        (self.has_rejected, self.is_cut) = (false, false);
        self.visits.feed(&fix);
        self.counted.feed(line, fix.at, fix.place, &self.spots);
        self.count_laps(line);
        std::mem::swap(&mut self.spots, &mut self.last_spots);
    }

    /// What was covered, after the end.
    fn picture(&self, line: &RouteLine) -> Coverage {
        let planned_m = line.length_m();
        let covered = self.counted.done();
        let mut rejected = self.doubted.walk.done().clone();
        rejected.extend(&self.patched);
        let evidence = [
            (MissReason::OutsideWindow, self.outside.walk.done()),
            (MissReason::FixesRejected, &rejected),
            (MissReason::GapInFixes, &self.bridged),
        ];
        let mut missed = Vec::new();
        for (from_m, to_m) in covered.gaps(0.0, planned_m) {
            explain(from_m, to_m, &evidence, &mut missed);
        }
        let length_of = |is_visited: bool| -> f64 {
            missed
                .iter()
                .filter(|m: &&MissedStretch| (m.reason == MissReason::NotVisited) == is_visited)
                .map(|m| m.to_m - m.from_m)
                // The sum of nothing would be -0.0.
                .fold(0.0, |sum, m| sum + m)
        };
        let (not_visited_m, unproven_m) = (length_of(true), length_of(false));
        missed.retain(|m| m.to_m - m.from_m >= LISTED_M);
        let covered_m = covered.length_m().min(planned_m);
        Coverage {
            planned_m,
            covered_m,
            // A route around a pole may have no length: nothing of it is covered.
            ratio: if planned_m > 0.0 {
                covered_m / planned_m
            } else {
                0.0
            },
            unproven_m,
            not_visited_m,
            walked_m: self.walked_m,
            moving_m: self.moving_m,
            intervals: covered.stretches().iter().map(covered_stretch).collect(),
            missed,
            fixes: self.counts.clone(),
            checkpoints: self.visits.result(),
            loops: self.laps.result(planned_m),
        }
    }
}

/// The stretches between the spots of two fixes that a silence parts.
fn bridge(
    line: &RouteLine,
    (last, before): (&Fix, &[Spot]),
    (fix, after): (&Fix, &[Spot]),
    set: &mut StretchSet,
) {
    for from in before {
        for to in after {
            let moved_m = line.between_m(to, last.place, fix.place);
            for (from_m, to_m) in Way::between(line, from, to, moved_m)
                .iter()
                .flat_map(Way::stretches)
            {
                set.insert(Stretch {
                    from_m,
                    to_m,
                    enter: last.at,
                    leave: fix.at,
                });
            }
        }
    }
}

fn covered_stretch(stretch: &Stretch) -> CoveredStretch {
    CoveredStretch {
        from_m: stretch.from_m,
        to_m: stretch.to_m,
        enter: stretch.enter,
        leave: stretch.leave,
    }
}

/// Splits a missed stretch by the first evidence that speaks of each part of it.
fn explain(
    from_m: f64,
    to_m: f64,
    evidence: &[(MissReason, &StretchSet)],
    missed: &mut Vec<MissedStretch>,
) {
    let Some(((reason, known), rest)) = evidence.split_first() else {
        missed.push(MissedStretch {
            from_m,
            to_m,
            reason: MissReason::NotVisited,
        });
        return;
    };
    let mut at_m = from_m;
    for (begin_m, end_m) in known.within(from_m, to_m) {
        if begin_m > at_m {
            explain(at_m, begin_m, rest, missed);
        }
        missed.push(MissedStretch {
            from_m: begin_m,
            to_m: end_m,
            reason: *reason,
        });
        at_m = end_m;
    }
    if at_m < to_m {
        explain(at_m, to_m, rest, missed);
    }
}

/// Lengths are told to the millimetre: positions are sealed to the centimetre.
pub(super) fn millimetres<S: Serializer>(m: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((m * 1e3).round() / 1e3)
}

fn millionths<S: Serializer>(share: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((share * 1e6).round() / 1e6)
}

pub(super) fn rfc3339<S: Serializer>(at: &UtcMs, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339())
}

#[cfg(test)]
mod tests;
