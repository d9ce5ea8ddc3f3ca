//! What a clock answers: the deadline of a limit, the pauses that move it, and the lamp.

use thiserror::Error;

use super::calendar::NotCovered;
use crate::model::time::UtcMs;

/// Why there is no answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DeadlineError {
    /// The calendar does not reach.
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
    /// The instant, or the deadline, is after the year 9999.
    #[error("time ends with the year 9999")]
    BeyondTime,
}

/// Time that does not count against a limit: a suspension, a check that is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub(super) from: UtcMs,
    pub(super) to: UtcMs,
}

/// A pause that ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a pause ends before it begins")]
pub struct PauseBackwards;

impl Pause {
    /// From one instant to another; one that is not over yet ends where the caller looks.
    ///
    /// # Errors
    /// [`PauseBackwards`].
    pub fn try_new(from: UtcMs, to: UtcMs) -> Result<Self, PauseBackwards> {
        if to < from {
            return Err(PauseBackwards);
        }
        Ok(Self { from, to })
    }
}

/// The instant that a limit leads to (截止时间).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// Where the limit began.
    pub start: UtcMs,
    /// The last instant that is on time.
    pub due: UtcMs,
    /// The limit in milliseconds of its own clock, pauses left out.
    pub limit_ms: u64,
    /// True when it runs around the clock.
    pub is_continuous: bool,
}

impl Deadline {
    /// True for what was done by then: exactly at the deadline is on time.
    #[must_use]
    pub fn is_met_at(&self, done: UtcMs) -> bool {
        done <= self.due
    }
}

/// How much of a limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lamp {
    /// At most 80 %.
    Green,
    /// At most 100 %.
    Yellow,
    /// More than all of it.
    Red,
}

impl Lamp {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// The lamp of a share: both in the same unit, the limit's own.
    #[must_use]
    pub fn of(used: u128, limit: u128) -> Self {
        if used.saturating_mul(5) <= limit.saturating_mul(4) {
            Self::Green
        } else if used <= limit {
            Self::Yellow
        } else {
            Self::Red
        }
    }
}

/// Pauses between two instants in order, those that touch joined into one.
pub(super) fn joined(pauses: &[Pause], start: UtcMs, end: UtcMs) -> Vec<Pause> {
    let mut clipped: Vec<_> = pauses
        .iter()
        .map(|pause| Pause {
            from: pause.from.max(start),
            to: pause.to.min(end),
        })
        .filter(|pause| pause.from < pause.to)
        .collect();
    clipped.sort_by_key(|pause| pause.from);
    let mut joined: Vec<Pause> = Vec::with_capacity(clipped.len());
    for pause in clipped {
        match joined.last_mut() {
            Some(last) if pause.from <= last.to => last.to = last.to.max(pause.to),
            _ => joined.push(pause),
        }
    }
    joined
}
