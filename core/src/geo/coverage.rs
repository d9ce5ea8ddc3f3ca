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
use super::track_filter::{Judged, TrackFilter};
use super::traverse::Traversal;
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
    judged: Vec<Judged>,
}

/// What is kept of the fixes that were judged.
#[derive(Debug, Clone)]
struct Kept {
    settings: CoverageSettings,
    counts: FixCounts,
    walked_m: f64,
    last: Option<UtcMs>,
    /// The metres that the last accepted fix added, should it be outvoted; nothing when it
    /// was outside the window.
    last_step_m: Option<f64>,
    /// True when a fix was rejected since the last accepted one.
    has_rejected: bool,
    counted: Traversal,
    /// Time in which no step is longer than the gap limit: a silence of any length is bridged
    /// in it, and fixes elsewhere are still elsewhere.
    shortened: UtcMs,
    /// What would be covered if gaps of any length were bridged …
    bridged: Traversal,
    /// … if those were, in which fixes were rejected …
    patched: Traversal,
    /// … if every fix were believed …
    raw: Traversal,
    /// … and what was walked at any time, where a window is set.
    any_time: Traversal,
    laps: Laps,
    visits: Visits,
    spots: Vec<Spot>,
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
                last: None,
                last_step_m: None,
                has_rejected: false,
                counted: Traversal::new(gap_ms),
                shortened: UtcMs(0),
                bridged: Traversal::new(gap_ms),
                patched: Traversal::new(gap_ms),
                raw: Traversal::new(gap_ms),
                any_time: Traversal::new(gap_ms),
                laps: Laps::new(settings.gap_ms, settings.loop_permille),
                visits: Visits::new(route.checkpoints(), settings.gap_ms),
                spots: Vec::new(),
            },
            judged: Vec::new(),
        }
    }

    /// Takes the next fix in order of arrival; `line` is that of the route.
    pub fn feed(&mut self, line: &RouteLine, fix: Fix) {
        self.filter
            .feed(fix, &mut |judged| self.judged.push(judged));
        self.keep(line);
    }

    /// The recording was interrupted: what follows vouches for nothing before.
    pub fn interrupt(&mut self, line: &RouteLine) {
        self.finish(line);
        self.kept.interrupt();
    }

    /// The track has ended: what waited for more fixes is decided.
    pub fn finish(&mut self, line: &RouteLine) {
        self.filter.finish(&mut |judged| self.judged.push(judged));
        self.keep(line);
    }

    fn keep(&mut self, line: &RouteLine) {
        for judged in self.judged.drain(..) {
            self.kept.take(line, judged);
        }
    }

    /// What is covered so far.
    #[must_use]
    pub fn picture(&self, line: &RouteLine) -> Coverage {
        if self.filter.is_waiting() {
            // As if the track ended here.
            let mut ended = self.clone();
            ended.finish(line);
            return ended.kept.picture(line);
        }
        self.kept.picture(line)
    }
}

impl Kept {
    fn is_outside(&self, at: UtcMs) -> bool {
        self.settings
            .window
            .is_some_and(|(from, to)| at < from || at > to)
    }

    fn interrupt(&mut self) {
        self.last = None;
        self.break_off();
        self.raw.break_off();
        if !self.has_rejected {
            self.patched.break_off();
        }
    }

    /// What follows vouches for nothing that was counted before.
    fn break_off(&mut self) {
        self.counted.break_off();
        self.any_time.break_off();
        self.laps.break_off();
        self.visits.break_off();
    }

    fn take(&mut self, line: &RouteLine, judged: Judged) {
        match judged {
            Judged::Rejected(fix, why) => {
                *self.counts.rejected.entry(why.as_str()).or_default() += 1;
                self.has_rejected = true;
                self.raw(line, &fix);
            }
            Judged::Retracted(_) => {
                match self.last_step_m.take() {
                    Some(step_m) => {
                        self.counts.accepted -= 1;
                        self.walked_m -= step_m;
                    }
                    None => self.counts.outside_window -= 1,
                }
                *self.counts.rejected.entry("speed").or_default() += 1;
                self.has_rejected = true;
                self.last = None;
                self.break_off();
            }
            Judged::Accepted(fix, moved_m) => self.accept(line, &fix, moved_m),
        }
    }

    fn accept(&mut self, line: &RouteLine, fix: &Fix, moved_m: f64) {
        self.raw(line, fix);
        if self.settings.window.is_some() {
            self.any_time.feed(line, fix.at, fix.place, &self.spots);
        }
        if self.is_outside(fix.at) {
            self.counts.outside_window += 1;
            self.last = None;
            self.last_step_m = None;
            return;
        }
        self.counts.accepted += 1;
        let step_m = self.last.map_or(0.0, |_| moved_m);
        self.last_step_m = Some(step_m);
        self.walked_m += step_m;
        if let Some(last) = self.last {
            let step_ms = fix.at.0 - last.0;
            if step_ms > self.settings.gap_ms && !self.has_rejected {
                self.patched.break_off();
            }
            let shortened_ms = step_ms.min(self.settings.gap_ms);
            self.shortened = self.shortened.plus_ms(shortened_ms);
        }
        self.last = Some(fix.at);
        self.has_rejected = false;
        self.visits.feed(fix);
        let (at, place, spots) = (fix.at, fix.place, &self.spots);
        self.counted.feed(line, at, place, spots);
        self.bridged.feed(line, self.shortened, place, spots);
        self.patched.feed(line, self.shortened, place, spots);
        self.laps.feed(line, at, place, spots);
    }

    /// Finds the spots of a fix, and takes it as if every fix were believed.
    fn raw(&mut self, line: &RouteLine, fix: &Fix) {
        line.spots(fix.place, &mut self.spots);
        if !self.is_outside(fix.at) {
            self.raw.feed(line, fix.at, fix.place, &self.spots);
        }
    }

    fn picture(&self, line: &RouteLine) -> Coverage {
        let planned_m = line.length_m();
        let covered = self.counted.covered();
        let mut rejected = self.raw.covered();
        rejected.extend(&self.patched.covered());
        let evidence = [
            (MissReason::OutsideWindow, self.any_time.covered()),
            (MissReason::FixesRejected, rejected),
            (MissReason::GapInFixes, self.bridged.covered()),
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
            ratio: covered_m / planned_m,
            unproven_m,
            not_visited_m,
            walked_m: self.walked_m,
            intervals: covered.stretches().iter().map(covered_stretch).collect(),
            missed,
            fixes: self.counts.clone(),
            checkpoints: self.visits.result(),
            loops: self.laps.result(planned_m),
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
    evidence: &[(MissReason, StretchSet)],
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
