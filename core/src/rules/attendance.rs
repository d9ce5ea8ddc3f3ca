//! Fix five, time (定时): which part of a slot a person spent where they were due.
//!
//! Every millisecond of the slot is exactly one of four kinds, so that the kinds always sum
//! to the slot. The cells (widened by the policy's metres) are the caller's: each fix says
//! whether it lies in them. Rejected fixes are left out by the caller as well.
//!
//! Source: DOMAIN "Time (定时)".

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::geo::distance::distance_m;
use crate::model::place::LatLon;
use crate::model::quality::{Indicator, NotAPart};
use crate::model::time::UtcMs;
use crate::model::verdict::{Score, Share};
use crate::rules::policy::AttendancePolicy;

/// A stretch of time, its end not included; it may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    #[serde(serialize_with = "rfc3339")]
    from: UtcMs,
    #[serde(serialize_with = "rfc3339")]
    to: UtcMs,
}

/// A stretch of time that ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an interval from {} to {} ends before it begins", from.to_rfc3339(), to.to_rfc3339())]
pub struct EndsBeforeItBegins {
    /// Its beginning.
    pub from: UtcMs,
    /// Its end.
    pub to: UtcMs,
}

/// An accepted fix, and whether it lies in the duty cells of its person at its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttendanceFix {
    /// When.
    pub at: UtcMs,
    /// Where.
    pub place: LatLon,
    /// True inside the duty cells, widened.
    pub is_in_grid: bool,
}

/// A stretch of time that is excused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excused {
    /// Its beginning.
    pub from: UtcMs,
    /// Its end, not included; one that is not after the beginning excuses nothing.
    pub to: UtcMs,
    /// Why, as a key: [`Excused::TASK`], [`Excused::CASE`] or the city's own (`leave`,
    /// `appeal`, …).
    pub reason: String,
}

/// What a moment of a slot was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttendanceKind {
    /// In the duty cells.
    InGrid,
    /// Elsewhere.
    Outside,
    /// In the duty cells, but longer in one place than allowed.
    OverDwell,
    /// Unproven: too long between two fixes.
    NoFix,
}

/// One stretch of the slot, as long as kind and excuse stay the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttendanceInterval {
    /// Its beginning.
    #[serde(serialize_with = "rfc3339")]
    pub from: UtcMs,
    /// Its end, not included.
    #[serde(serialize_with = "rfc3339")]
    pub to: UtcMs,
    /// What it was.
    pub kind: AttendanceKind,
    /// The reason that excused it, where one did; time in the cells needs none.
    pub excused_by: Option<String>,
}

/// How much of a slot one reason excused, beyond the time in the cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExcusedTime {
    /// The reason's key.
    pub reason: String,
    /// Seconds.
    pub excused_s: u64,
}

/// The attendance of one slot. Whole seconds are for reading: they are cut so that the four
/// kinds sum to the slot and the reasons to `excused_s`; the share is in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attendance {
    /// The slot, in seconds.
    pub scheduled_s: u64,
    /// In the duty cells.
    pub in_grid_s: u64,
    /// Elsewhere.
    pub outside_s: u64,
    /// In the cells, but too long in one place.
    pub over_dwell_s: u64,
    /// Unproven.
    pub no_fix_s: u64,
    /// Excused, of the kinds other than in the cells.
    pub excused_s: u64,
    /// The same by reason, in the order of the keys.
    pub excused: Vec<ExcusedTime>,
    /// (In the cells + excused) of the slot, in milliseconds.
    pub share: Share,
    /// The share as a score; nothing for an empty slot.
    pub score: Option<Score>,
    /// The whole slot in order: the explanation.
    pub intervals: Vec<AttendanceInterval>,
}

impl Interval {
    /// Checks the order of the two instants.
    ///
    /// # Errors
    /// [`EndsBeforeItBegins`] when it does.
    pub fn try_new(from: UtcMs, to: UtcMs) -> Result<Self, EndsBeforeItBegins> {
        if to < from {
            return Err(EndsBeforeItBegins { from, to });
        }
        Ok(Self { from, to })
    }

    /// Its beginning.
    #[must_use]
    pub fn from(self) -> UtcMs {
        self.from
    }

    /// Its end, not included.
    #[must_use]
    pub fn to(self) -> UtcMs {
        self.to
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn length_ms(self) -> u64 {
        self.to.0 - self.from.0
    }
}

impl Excused {
    /// A task in hand: excuses being outside and staying, not an unproven time.
    pub const TASK: &'static str = "task";
    /// A case in hand: likewise.
    pub const CASE: &'static str = "case";

    /// True when the reason holds for such a time.
    fn covers(&self, kind: AttendanceKind) -> bool {
        match kind {
            AttendanceKind::InGrid => false,
            AttendanceKind::Outside | AttendanceKind::OverDwell => true,
            AttendanceKind::NoFix => self.reason != Self::TASK && self.reason != Self::CASE,
        }
    }
}

/// Attendance from the fixes of one person in one slot.
///
/// - `fixes`: accepted ones, in any order; those outside the slot change nothing, so the
///   time before the first fix of the slot is unproven.
/// - `excused`: may overlap; doubly excused time goes to the excuse that began first.
///
/// An interval of at most `max_interval_s` belongs to its earlier fix, the one from the last
/// fix to the slot's end too; a longer one is unproven as a whole and ends a stay.
///
/// Source: DOMAIN "Time (定时)".
#[must_use]
pub fn attendance(
    slot: Interval,
    fixes: &[AttendanceFix],
    excused: &[Excused],
    policy: &AttendancePolicy,
) -> Attendance {
    let mut timeline = Timeline::default();
    classify(slot, &in_order(slot, fixes), policy, &mut timeline);
    let intervals = excuse(&timeline.0, excused);
    summed(slot, intervals)
}

/// The score of attendance from counts of one unit, minutes for instance.
///
/// - Nothing scheduled is not applicable.
///
/// # Errors
/// [`NotAPart`] when more was attended than scheduled.
pub fn attendance_score(
    scheduled: u64,
    in_grid: u64,
    excused: u64,
) -> Result<Option<Score>, NotAPart> {
    let attended = in_grid.saturating_add(excused);
    let (part, whole) = Indicator::try_new(attended, scheduled)?.counts();
    Ok(Share { part, whole }.score())
}

/// The fixes of the slot in order of time. Which of two fixes of one instant counts must not
/// depend on the order they came in: the one in the cells, then the one farther north-east.
fn in_order(slot: Interval, fixes: &[AttendanceFix]) -> Vec<AttendanceFix> {
    let is_inside = |fix: &&AttendanceFix| (slot.from..slot.to).contains(&fix.at);
    let mut inside: Vec<_> = fixes.iter().filter(is_inside).copied().collect();
    inside.sort_by(|a, b| {
        let by_place = |a: LatLon, b: LatLon| {
            let by_lat = a.lat_deg().total_cmp(&b.lat_deg());
            by_lat.then(a.lon_deg().total_cmp(&b.lon_deg()))
        };
        let order = a.at.cmp(&b.at).then(a.is_in_grid.cmp(&b.is_in_grid));
        order.then_with(|| by_place(a.place, b.place))
    });
    // The last of one instant is kept.
    inside.reverse();
    inside.dedup_by_key(|fix| fix.at);
    inside.reverse();
    inside
}

/// Stretches of one kind in order of time, without gaps.
#[derive(Default)]
struct Timeline(Vec<(UtcMs, UtcMs, AttendanceKind)>);

impl Timeline {
    fn push(&mut self, from: UtcMs, to: UtcMs, kind: AttendanceKind) {
        if from >= to {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.2 == kind => last.1 = to,
            _ => self.0.push((from, to, kind)),
        }
    }
}

fn classify(
    slot: Interval,
    fixes: &[AttendanceFix],
    policy: &AttendancePolicy,
    timeline: &mut Timeline,
) {
    let max_interval_ms = u64::from(policy.max_interval_s) * 1000;
    let allowed_ms = u64::from(policy.dwell_allowed_s) * 1000;
    let radius_m = f64::from(policy.dwell_radius_m);
    let first = fixes.first().map_or(slot.to, |fix| fix.at);
    timeline.push(slot.from, first, AttendanceKind::NoFix);
    let mut stay: Option<AttendanceFix> = None;
    for (index, fix) in fixes.iter().enumerate() {
        let to = fixes.get(index + 1).map_or(slot.to, |next| next.at);
        let began = match stay {
            Some(began) if distance_m(began.place, fix.place) <= radius_m => began,
            _ => *fix,
        };
        if to.0 - fix.at.0 > max_interval_ms {
            // Nobody knows whether the stay went on.
            stay = None;
            timeline.push(fix.at, to, AttendanceKind::NoFix);
            continue;
        }
        stay = Some(began);
        if fix.is_in_grid {
            let limit = began.at.plus_ms(allowed_ms).clamp(fix.at, to);
            timeline.push(fix.at, limit, AttendanceKind::InGrid);
            timeline.push(limit, to, AttendanceKind::OverDwell);
        } else {
            timeline.push(fix.at, to, AttendanceKind::Outside);
        }
    }
}

/// Cuts the stretches where excuses begin and end.
fn excuse(
    timeline: &[(UtcMs, UtcMs, AttendanceKind)],
    excused: &[Excused],
) -> Vec<AttendanceInterval> {
    let mut excused: Vec<_> = excused.iter().filter(|one| one.from < one.to).collect();
    excused.sort_by(|a, b| (a.from, &a.reason, a.to).cmp(&(b.from, &b.reason, b.to)));
    let mut intervals: Vec<AttendanceInterval> = Vec::with_capacity(timeline.len());
    for &(from, to, kind) in timeline {
        let covers = |one: &&&Excused| one.covers(kind) && one.from < to && from < one.to;
        let here: Vec<_> = excused.iter().filter(covers).collect();
        let mut cuts = vec![from, to];
        cuts.extend(here.iter().flat_map(|one| [one.from, one.to]));
        cuts.retain(|cut| (from..=to).contains(cut));
        cuts.sort();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let by = here.iter().find(|one| one.from <= from && to <= one.to);
            let excused_by = by.map(|one| one.reason.clone());
            match intervals.last_mut() {
                Some(last) if last.kind == kind && last.excused_by == excused_by => last.to = to,
                _ => intervals.push(AttendanceInterval {
                    from,
                    to,
                    kind,
                    excused_by,
                }),
            }
        }
    }
    intervals
}

fn summed(slot: Interval, intervals: Vec<AttendanceInterval>) -> Attendance {
    use AttendanceKind::{InGrid, NoFix, Outside, OverDwell};
    let mut kinds_ms = BTreeMap::from([InGrid, Outside, OverDwell, NoFix].map(|kind| (kind, 0)));
    let mut reasons_ms = BTreeMap::<&str, u64>::new();
    for interval in &intervals {
        let length_ms = interval.to.0 - interval.from.0;
        *kinds_ms.entry(interval.kind).or_default() += length_ms;
        if let Some(reason) = &interval.excused_by {
            *reasons_ms.entry(reason).or_default() += length_ms;
        }
    }
    let excused_ms: u64 = reasons_ms.values().sum();
    let share = Share {
        part: kinds_ms[&InGrid] + excused_ms,
        whole: slot.length_ms(),
    };
    let mut kinds = whole_seconds(kinds_ms.values().copied()).into_iter();
    let mut next = || kinds.next().unwrap_or_default();
    let (in_grid_s, outside_s, over_dwell_s, no_fix_s) = (next(), next(), next(), next());
    let reasons_s = whole_seconds(reasons_ms.values().copied());
    let excused = reasons_ms.keys().zip(reasons_s);
    Attendance {
        scheduled_s: slot.length_ms() / 1000,
        in_grid_s,
        outside_s,
        over_dwell_s,
        no_fix_s,
        excused_s: excused_ms / 1000,
        excused: excused
            .map(|(reason, excused_s)| ExcusedTime {
                reason: (*reason).to_owned(),
                excused_s,
            })
            .collect(),
        share,
        score: share.score(),
        intervals,
    }
}

/// Whole seconds whose sum is the whole seconds of the sum; each is less than one off.
fn whole_seconds(parts_ms: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut until_ms = 0;
    parts_ms
        .map(|part_ms| {
            let before_s = until_ms / 1000;
            until_ms += part_ms;
            until_ms / 1000 - before_s
        })
        .collect()
}

fn rfc3339<S: Serializer>(at: &UtcMs, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339())
}

#[cfg(test)]
mod tests;
