//! What was covered of a route, with the reasons for what was not.

use bading_core::geo::checkpoints::CheckpointVisit as CoreVisit;
use bading_core::geo::coverage::{self as core, MissReason};
use bading_core::geo::track_filter::Rejection;

use crate::key;

/// Why a stretch is not covered.
#[uniffi::remote(Enum)]
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

/// Why a fix is not believed.
#[uniffi::remote(Enum)]
pub enum Rejection {
    /// A mock provider made it.
    Mock,
    /// The radius of 68 % is larger than the limit.
    Accuracy,
    /// Farther from the fix before than the mode of moving allows.
    Speed,
    /// Earlier than a fix that was accepted.
    OutOfOrder,
    /// A second fix for one instant.
    Duplicate,
}

/// What was walked of a planned route. Lengths are in metres along the route; covered,
/// unproven and not visited sum to planned.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Coverage {
    /// Length of the route.
    pub planned_m: f64,
    /// Length that was covered.
    pub covered_m: f64,
    /// Covered over planned, 0 to 1.
    pub ratio: f64,
    /// Length that fixes speak of without proving it.
    pub unproven_m: f64,
    /// Length of which no fix speaks.
    pub not_visited_m: f64,
    /// Length of the line of the believed fixes, on the ground.
    pub walked_m: f64,
    /// What was covered, along the route.
    pub intervals: Vec<CoveredStretch>,
    /// What was missed, along the route.
    pub missed: Vec<MissedStretch>,
    /// The fixes by what became of them.
    pub fixes: FixCounts,
    /// The places that must be visited.
    pub checkpoints: Vec<CheckpointVisit>,
    /// The laps, loops and others.
    pub loops: Vec<Lap>,
}

/// A stretch that was covered.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CoveredStretch {
    /// Its beginning along the route, in metres.
    pub from_m: f64,
    /// Its end.
    pub to_m: f64,
    /// When it was first walked, RFC 3339.
    pub enter: String,
    /// When it was last walked, RFC 3339.
    pub leave: String,
}

/// A stretch that was not.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MissedStretch {
    /// Its beginning along the route, in metres.
    pub from_m: f64,
    /// Its end.
    pub to_m: f64,
    /// Why.
    pub reason: MissReason,
}

/// How many fixes were believed, and how many were not and why.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FixCounts {
    /// Believed.
    pub accepted_count: u64,
    /// Not believed.
    pub rejected: Vec<RejectedFixes>,
    /// Before or after the time that counts.
    pub outside_window_count: u64,
}

/// Fixes that one reason turned away; they stay in the track.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RejectedFixes {
    /// Why.
    pub reason: Rejection,
    /// How many.
    pub count: u64,
}

/// A place that must be visited, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckpointVisit {
    /// Its name in the route, or its number from 1.
    pub id: String,
    /// True when somebody was there for as long as is asked for.
    pub is_visited: bool,
    /// The longest stay, in whole seconds.
    pub dwell_s: u64,
    /// The stay that is asked for, in seconds.
    pub required_s: u32,
    /// When the longest stay began, RFC 3339.
    pub at: Option<String>,
}

/// From where the walk began, or began again, until it began again or ended.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Lap {
    /// When its first stretch was entered, RFC 3339.
    pub from: String,
    /// When its last stretch was left, RFC 3339.
    pub to: String,
    /// The share of the route that it covers, 0 to 1.
    pub ratio: f64,
    /// True when the share is large enough for a loop.
    pub is_loop: bool,
}

impl From<core::Coverage> for Coverage {
    fn from(coverage: core::Coverage) -> Self {
        Self {
            planned_m: coverage.planned_m,
            covered_m: coverage.covered_m,
            ratio: coverage.ratio,
            unproven_m: coverage.unproven_m,
            not_visited_m: coverage.not_visited_m,
            walked_m: coverage.walked_m,
            intervals: coverage.intervals.into_iter().map(Into::into).collect(),
            missed: coverage.missed.into_iter().map(Into::into).collect(),
            fixes: coverage.fixes.into(),
            checkpoints: coverage.checkpoints.into_iter().map(Into::into).collect(),
            loops: coverage.loops.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::CoveredStretch> for CoveredStretch {
    fn from(stretch: core::CoveredStretch) -> Self {
        Self {
            from_m: stretch.from_m,
            to_m: stretch.to_m,
            enter: stretch.enter.to_rfc3339(),
            leave: stretch.leave.to_rfc3339(),
        }
    }
}

impl From<core::MissedStretch> for MissedStretch {
    fn from(stretch: core::MissedStretch) -> Self {
        Self {
            from_m: stretch.from_m,
            to_m: stretch.to_m,
            reason: stretch.reason,
        }
    }
}

impl From<core::FixCounts> for FixCounts {
    fn from(counts: core::FixCounts) -> Self {
        let rejected = counts.rejected.into_iter();
        Self {
            accepted_count: counts.accepted,
            rejected: rejected
                .map(|(reason, count)| RejectedFixes {
                    reason: key::rejection(reason),
                    count,
                })
                .collect(),
            outside_window_count: counts.outside_window,
        }
    }
}

impl From<CoreVisit> for CheckpointVisit {
    fn from(visit: CoreVisit) -> Self {
        Self {
            id: visit.id,
            is_visited: visit.visited,
            dwell_s: visit.dwell_s,
            required_s: visit.required_s,
            at: visit.at.map(|at| at.to_rfc3339()),
        }
    }
}

impl From<core::Lap> for Lap {
    fn from(lap: core::Lap) -> Self {
        Self {
            from: lap.from.to_rfc3339(),
            to: lap.to.to_rfc3339(),
            ratio: lap.ratio,
            is_loop: lap.counts,
        }
    }
}
