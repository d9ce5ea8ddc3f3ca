//! Limits outside handling: of the seats of the centre, and of an inspector's tasks.
//!
//! A seat's limit runs in the seat's duty hours, on every day of the week: a centre has no
//! holidays. A task's limit runs from the moment at which the inspector's device acknowledged
//! it, and on shift only. A task that nobody acknowledges goes to somebody else.
//!
//! Source: DOMAIN "The clock", default limits outside handling.

use super::hours::DayHours;
use crate::model::time::UtcMs;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The limits, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskLimits {
    /// From the report to its acceptance (受理).
    pub accept_s: u32,
    /// From filing to dispatch (派遣).
    pub dispatch_s: u32,
    /// From the acknowledged delivery of a verification (核实) to its answer.
    pub verify_s: u32,
    /// From the acknowledged delivery of a check (核查) to its answer.
    pub check_s: u32,
    /// How long a task may be undelivered before somebody else gets it.
    pub undelivered_s: u32,
}

impl Default for TaskLimits {
    /// 15 minutes for a seat, 30 for a task, 10 for its delivery.
    fn default() -> Self {
        Self {
            accept_s: 15 * 60,
            dispatch_s: 15 * 60,
            verify_s: 30 * 60,
            check_s: 30 * 60,
            undelivered_s: 10 * 60,
        }
    }
}

/// By when a seat has to act.
///
/// - `hours`: the seat's duty hours, the same on every day; nothing for around the clock.
/// - `utc_offset_min`: minutes that the city's time is ahead of UTC, -840..=840.
/// - Returns the first instant at which the limit is used up.
#[must_use]
pub fn seat_due(
    start: UtcMs,
    limit_s: u32,
    hours: Option<&DayHours>,
    utc_offset_min: i32,
) -> UtcMs {
    let limit_ms = u64::from(limit_s) * 1000;
    let (Some(hours), Ok(utc_ms)) = (hours, i64::try_from(start.0.min(UtcMs::MAX.0))) else {
        return start.plus_ms(limit_ms).min(UtcMs::MAX);
    };
    if limit_ms == 0 {
        return start;
    }
    let offset_ms = i64::from(utc_offset_min) * 60_000;
    let local_ms = utc_ms + offset_ms;
    let of_day_ms = local_ms.rem_euclid(DAY_MS).unsigned_abs();
    let worked_ms = hours.worked_ms(of_day_ms) + limit_ms;
    // A day that is used up ends at its own last minute, not at the next one's first.
    let whole_days = (worked_ms - 1) / hours.length_ms();
    let moment_ms = hours.moment_ms(worked_ms - whole_days * hours.length_ms());
    let days = local_ms.div_euclid(DAY_MS) + whole_days as i64;
    let due_ms = days * DAY_MS + moment_ms as i64 - offset_ms;
    UtcMs(u64::try_from(due_ms).unwrap_or(0)).min(UtcMs::MAX)
}

/// By when an inspector has to answer a task; nothing while the shifts do not reach so far,
/// as it is not due before the next one.
///
/// - `delivered`: when the device acknowledged the task.
/// - `shifts`: from and to of the person's shifts, in order and apart.
#[must_use]
pub fn on_shift_due(delivered: UtcMs, limit_s: u32, shifts: &[(UtcMs, UtcMs)]) -> Option<UtcMs> {
    let mut left_ms = u64::from(limit_s) * 1000;
    for (from, to) in shifts {
        let from = (*from).max(delivered);
        let length_ms = to.0.saturating_sub(from.0);
        if length_ms > 0 && left_ms <= length_ms {
            return Some(from.plus_ms(left_ms));
        }
        left_ms -= length_ms;
    }
    None
}

/// What became of sending a task to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The device has it: the limit runs from here.
    Acknowledged(UtcMs),
    /// Not yet; until then there is time.
    Waiting(UtcMs),
    /// Not in time: somebody else gets it, from here.
    Reassign(UtcMs),
}

/// Looks at a task that was sent; acknowledged exactly at the end of the time is in time.
#[must_use]
pub fn delivery(
    sent: UtcMs,
    acknowledged: Option<UtcMs>,
    undelivered_s: u32,
    as_of: UtcMs,
) -> Delivery {
    let until = sent.plus_ms(u64::from(undelivered_s) * 1000);
    match acknowledged {
        Some(at) if at <= until => Delivery::Acknowledged(at),
        None if as_of <= until => Delivery::Waiting(until),
        _ => Delivery::Reassign(until),
    }
}
