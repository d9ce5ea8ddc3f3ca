//! Which cells were visited: how long, how often, how far, and how much of their streets.
//!
//! A [`GridRun`] takes fixes one by one, as on a phone, and its [`GridRun::report`] is at any
//! moment the same as that of all fixes at once. Its memory grows with the cells and not with
//! the fixes (with streets, also with the pieces of them that are covered).
//!
//! - **Time** follows the straight line between two believed fixes that vouch for each other:
//!   it is cut where it crosses a border, to the millisecond. What lies between two fixes
//!   farther apart than the gap, or with an interruption between them, is time without a fix
//!   and in no cell. Cells, outside and no fix add up to the recorded time exactly.
//! - **Entries and exits** are held back: a step over the border is an excursion until it has
//!   lasted more than [`EXCURSION_MS`], or led farther from the cell than the fixes'
//!   accuracy. An excursion that comes back is neither an exit nor an entry, though its
//!   seconds count where they were spent. So a cell may have seconds and not be visited. A
//!   gap is no exit: only a fix elsewhere is, and then the visit ends at the last fix before.
//! - **Streets** are one undirected route of [`super::coverage`], a network whose ends join:
//!   one index serves all streets, and a walk from one street into the next covers both up to
//!   the corner, which a route for each street could not know. Turning where two streets cross
//!   between their ends loses what lies between the fixes on both sides of the corner. A
//!   street on the border of two cells belongs to the one that the locator names there.
//!
//! This is what was seen on the ground; attendance ([`crate::rules`]) widens the duty cells
//! and gives a whole interval to its earlier fix, and answers another question.
//!
//! Source: DOMAIN "Patrol and coverage".

use serde::{Serialize, Serializer};

use super::coverage::{CoverageRun, CoverageSettings, FixCounts};
use super::track_filter::{Judged, TrackFilter};
use crate::model::time::UtcMs;
use crate::model::track::Fix;

mod borders;
mod plan;
mod presence;

use borders::Piece;
pub use plan::{GridCoverageError, GridPlan, asked_cells};
use presence::Presence;

/// Somebody who has stepped over a border is still where he was for so long, in milliseconds.
pub const EXCURSION_MS: u64 = 30_000;
/// So many visits of a cell are listed; all are counted.
pub const MAX_LISTED_VISITS: usize = 32;
/// Accuracy that is assumed where the receiver tells none, in metres, as the track filter does.
const UNKNOWN_ACCURACY_M: f64 = 25.0;

/// From an entry to the exit after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CellVisit {
    /// When the border was crossed, or the first fix was there, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub enter: UtcMs,
    /// When it was crossed again, or the last fix before a gap was there; nothing when the
    /// track ends inside.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub leave: Option<UtcMs>,
}

/// What was walked of the streets in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CellStreets {
    /// Geodesic length of the streets in the cell, in metres.
    #[serde(serialize_with = "millimetres")]
    pub streets_m: f64,
    /// How much of it was traversed.
    #[serde(serialize_with = "millimetres")]
    pub streets_covered_m: f64,
    /// Covered over length, 0 to 1; nothing in a cell without streets.
    #[serde(serialize_with = "millionths_or_null")]
    pub streets_ratio: Option<f64>,
}

/// What was seen of one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellCoverage {
    /// Its code.
    pub code: String,
    /// True when it was entered, or the track began there.
    pub visited: bool,
    /// Time in it, told in seconds; short excursions over its border count elsewhere.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub in_cell_ms: u64,
    /// How often it was entered, the beginning of the track included.
    pub entries: u64,
    /// How often it was left: as many, or one less when the track ends inside.
    pub exits: u64,
    /// When the line of fixes was first in it, RFC 3339.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub first: Option<UtcMs>,
    /// When it was last in it.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub last: Option<UtcMs>,
    /// Geodesic length of the line of fixes in it, in metres.
    #[serde(serialize_with = "millimetres")]
    pub walked_m: f64,
    /// The first [`MAX_LISTED_VISITS`] visits.
    pub visits: Vec<CellVisit>,
    /// Its streets, where streets were given.
    #[serde(flatten)]
    pub streets: Option<CellStreets>,
}

/// What was seen of the cells that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GridCoverage {
    /// How many cells were asked for.
    pub cells_planned: usize,
    /// How many of them were visited.
    pub cells_visited: usize,
    /// Visited over planned, 0 to 1.
    #[serde(serialize_with = "millionths")]
    pub ratio: f64,
    /// Each cell, in the order in which they were given.
    pub cells: Vec<CellCoverage>,
    /// Time in none of the cells, told in seconds as the next two.
    #[serde(rename = "outside_s", serialize_with = "seconds")]
    pub outside_ms: u64,
    /// Time for which no fix vouches.
    #[serde(rename = "no_fix_s", serialize_with = "seconds")]
    pub no_fix_ms: u64,
    /// From the first believed fix to the last: the sum of the cells', outside and no fix.
    #[serde(rename = "recorded_s", serialize_with = "seconds")]
    pub recorded_ms: u64,
    /// Geodesic length of the line of fixes, in metres, outside the cells included.
    #[serde(serialize_with = "millimetres")]
    pub walked_m: f64,
    /// The fixes by what became of them.
    pub fixes: FixCounts,
}

/// What a track has seen of some cells.
///
/// - `fixes`: in order of arrival, WGS 84.
/// - `settings`: gap, accuracy, mode and window as for a route; loops mean nothing here.
///
/// Source: DOMAIN "Patrol and coverage".
#[must_use]
pub fn grid_coverage(plan: &GridPlan, settings: &CoverageSettings, fixes: &[Fix]) -> GridCoverage {
    let mut run = GridRun::new(plan, *settings);
    for fix in fixes {
        run.feed(plan, *fix);
    }
    run.report(plan)
}

/// Grid coverage as it grows.
#[derive(Debug, Clone)]
pub struct GridRun {
    filter: TrackFilter,
    kept: Kept,
    streets: Option<CoverageRun>,
}

/// What is kept of the fixes that were judged.
#[derive(Debug, Clone)]
struct Kept {
    settings: CoverageSettings,
    counts: FixCounts,
    cells: Vec<Tally>,
    outside_ms: u64,
    no_fix_ms: u64,
    walked_m: f64,
    presence: Presence,
    /// The last fix that counts for certain.
    last: Option<Fix>,
    /// One after it that stands alone: the next three may outvote it, the next one settles it.
    held: Option<Fix>,
    /// True when nothing vouches for the way to the next fix.
    is_cut: bool,
    /// Kept for the next step.
    pieces: Vec<Piece>,
}

/// What is kept of a cell.
#[derive(Debug, Clone, Default)]
struct Tally {
    ms: u64,
    walked_m: f64,
    entries: u64,
    exits: u64,
    seen: Option<(UtcMs, UtcMs)>,
    visits: Vec<CellVisit>,
}

impl GridRun {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(plan: &GridPlan, settings: CoverageSettings) -> Self {
        let streets = plan.street_route();
        Self {
            filter: TrackFilter::new(settings.mode, settings.max_accuracy_m, settings.gap_ms),
            kept: Kept {
                settings,
                counts: FixCounts::default(),
                cells: vec![Tally::default(); plan.count()],
                outside_ms: 0,
                no_fix_ms: 0,
                walked_m: 0.0,
                presence: Presence::default(),
                last: None,
                held: None,
                is_cut: false,
                pieces: Vec::new(),
            },
            streets: streets.map(|(route, _)| CoverageRun::new(route, settings)),
        }
    }

    /// Takes the next fix in order of arrival; `plan` is the one that the run began with.
    pub fn feed(&mut self, plan: &GridPlan, fix: Fix) {
        let kept = &mut self.kept;
        self.filter.feed(fix, &mut |judged| kept.take(plan, judged));
        if let Some((run, (_, line))) = self.streets.as_mut().zip(plan.street_route()) {
            run.feed(line, fix);
        }
    }

    /// The recording was interrupted: nobody vouches for the time until the next fix.
    pub fn interrupt(&mut self, plan: &GridPlan) {
        let kept = &mut self.kept;
        self.filter.finish(&mut |judged| kept.take(plan, judged));
        kept.is_cut = true;
        if let Some((run, (_, line))) = self.streets.as_mut().zip(plan.street_route()) {
            run.interrupt(line);
        }
    }

    /// What was seen so far, as if the track ended here.
    #[must_use]
    pub fn report(&self, plan: &GridPlan) -> GridCoverage {
        let mut ended = self.clone();
        let kept = &mut ended.kept;
        ended.filter.finish(&mut |judged| kept.take(plan, judged));
        kept.settle(plan);
        let picture = ended.streets.as_ref().zip(plan.street_route());
        let covered = picture.map(|(run, (_, line))| run.picture(line).intervals);
        ended
            .kept
            .report(plan, plan.streets_by_cell(&covered.unwrap_or_default()))
    }
}

impl Kept {
    fn take(&mut self, plan: &GridPlan, judged: Judged) {
        match judged {
            Judged::Accepted(fix, step) => self.accept(plan, fix, step.length_m),
            Judged::Rejected(_, why) => {
                *self.counts.rejected.entry(why.as_str()).or_default() += 1;
            }
            Judged::Retracted(_) => {
                // Only a fix that stands alone is outvoted, and within the window such a one
                // is held.
                match self.held.take() {
                    Some(_) => self.counts.accepted -= 1,
                    None => self.counts.outside_window -= 1,
                }
                *self.counts.rejected.entry("speed").or_default() += 1;
                self.is_cut = true;
            }
        }
    }

    fn accept(&mut self, plan: &GridPlan, fix: Fix, moved_m: f64) {
        self.settle(plan);
        let window = self.settings.window;
        if window.is_some_and(|(from, to)| fix.at < from || fix.at > to) {
            self.counts.outside_window += 1;
            self.last = None;
            return;
        }
        self.counts.accepted += 1;
        let is_cut = std::mem::take(&mut self.is_cut);
        let near = |last: &Fix| fix.at.0.saturating_sub(last.at.0) <= self.settings.gap_ms;
        match self.last.filter(|last| !is_cut && near(last)) {
            Some(last) => {
                self.step(plan, &last, &fix, moved_m);
                self.last = Some(fix);
            }
            None => self.held = Some(fix),
        }
    }

    /// A fix that was held counts.
    fn settle(&mut self, plan: &GridPlan) {
        let Some(fix) = self.held.take() else { return };
        if let Some(last) = self.last {
            self.no_fix_ms += fix.at.0.saturating_sub(last.at.0);
        }
        self.last = Some(fix);
        let piece = plan.stand(fix.place);
        self.presence.forget_excursion();
        self.see(plan, &piece, (fix.at, fix.at), accuracy_m(&fix));
    }

    /// The straight way between two fixes that vouch for each other.
    fn step(&mut self, plan: &GridPlan, from: &Fix, to: &Fix, moved_m: f64) {
        let mut pieces = std::mem::take(&mut self.pieces);
        plan.split(from.place, to.place, &mut pieces);
        let step_ms = to.at.0.saturating_sub(from.at.0);
        let within_m = accuracy_m(from).max(accuracy_m(to));
        // Whole milliseconds, each piece from the end of the one before: nothing is lost.
        let at = |share: f64| from.at.plus_ms((share * step_ms as f64).round() as u64);
        for piece in &pieces {
            let (begin, end) = (at(piece.from), at(piece.to));
            let (ms, m) = (end.0 - begin.0, (piece.to - piece.from) * moved_m);
            self.walked_m += m;
            match piece.cell {
                Some(cell) => {
                    let tally = &mut self.cells[cell as usize];
                    tally.ms += ms;
                    tally.walked_m += m;
                }
                None => self.outside_ms += ms,
            }
            self.see(plan, piece, (begin, end), within_m);
        }
        self.pieces = pieces;
    }

    /// Somebody was in the cell of a piece from one instant to the other.
    fn see(&mut self, plan: &GridPlan, piece: &Piece, (from, to): (UtcMs, UtcMs), within_m: f64) {
        if let Some(cell) = piece.cell {
            let tally = &mut self.cells[cell as usize];
            let first = tally.seen.map_or(from, |(first, _)| first);
            tally.seen = Some((first, to));
        }
        let is_far = |home| plan.is_far(piece, home, within_m);
        let Some(change) = self.presence.see(piece.cell, from, to, is_far) else {
            return;
        };
        if let Some((cell, at)) = change.left {
            self.cells[cell as usize].leave(at);
        }
        if let Some((cell, at)) = change.entered {
            self.cells[cell as usize].enter(at);
        }
    }

    fn report(self, plan: &GridPlan, streets: Option<Vec<CellStreets>>) -> GridCoverage {
        let in_cells_ms: u64 = self.cells.iter().map(|tally| tally.ms).sum();
        let tallies = self.cells.into_iter().zip(plan.codes()).enumerate();
        let cells: Vec<_> = tallies
            .map(|(number, (tally, code))| CellCoverage {
                code: code.to_owned(),
                visited: tally.entries > 0,
                in_cell_ms: tally.ms,
                entries: tally.entries,
                exits: tally.exits,
                first: tally.seen.map(|(first, _)| first),
                last: tally.seen.map(|(_, last)| last),
                walked_m: tally.walked_m,
                visits: tally.visits,
                streets: streets.as_ref().and_then(|all| all.get(number)).copied(),
            })
            .collect();
        let cells_visited = cells.iter().filter(|cell| cell.visited).count();
        GridCoverage {
            cells_planned: cells.len(),
            cells_visited,
            // A plan has at least one cell.
            ratio: cells_visited as f64 / cells.len() as f64,
            cells,
            outside_ms: self.outside_ms,
            no_fix_ms: self.no_fix_ms,
            recorded_ms: in_cells_ms + self.outside_ms + self.no_fix_ms,
            walked_m: self.walked_m,
            fixes: self.counts,
        }
    }
}

impl Tally {
    fn enter(&mut self, at: UtcMs) {
        self.entries += 1;
        if self.visits.len() < MAX_LISTED_VISITS {
            self.visits.push(CellVisit {
                enter: at,
                leave: None,
            });
        }
    }

    fn leave(&mut self, at: UtcMs) {
        self.exits += 1;
        // Beyond the listed ones every visit in the list is closed.
        if let Some(open) = self.visits.last_mut().filter(|visit| visit.leave.is_none()) {
            open.leave = Some(at);
        }
    }
}

fn accuracy_m(fix: &Fix) -> f64 {
    fix.accuracy_m.unwrap_or(UNKNOWN_ACCURACY_M)
}

fn millimetres<S: Serializer>(m: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((m * 1e3).round() / 1e3)
}

fn millionths<S: Serializer>(share: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((share * 1e6).round() / 1e6)
}

fn millionths_or_null<S: Serializer>(share: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match share {
        Some(share) => millionths(share, to),
        None => to.serialize_none(),
    }
}

fn seconds<S: Serializer>(ms: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(*ms as f64 / 1e3)
}

fn rfc3339<S: Serializer>(at: &UtcMs, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339())
}

fn rfc3339_or_null<S: Serializer>(at: &Option<UtcMs>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, to),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
