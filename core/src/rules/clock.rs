//! The city's clock: when a limit ends, how much working time lies between two instants,
//! and which colour the lamp of a case has.
//!
//! Each limit runs on a clock of its own: around the clock, on working time, or on working
//! days. A working day counts one whatever its hours, so that on a day of six hours each hour
//! is a sixth; where every day has eight, that is eight working hours a day. All three are
//! measured in whole units from the beginning of what the calendar covers, so that adding,
//! pausing and comparing are integer arithmetic, and a deadline costs a search in a table of
//! days however long the limit is.
//!
//! A deadline is the *first* instant at which the limit is used up: 12:00, never 14:00. Where
//! that falls between two milliseconds (a part of a day, days of different hours) it is the
//! earlier one, the last that is on time.
//!
//! Source: DOMAIN "The clock".

use chrono::{DateTime, Datelike, FixedOffset, Months, SecondsFormat};
use thiserror::Error;

use super::calendar::{Calendar, NotCovered, date_of};
use super::deadline::{Deadline, DeadlineError, Lamp, Pause, joined};
use super::hours::{DayHours, WorkingHours};
use super::limit::{Limit, Span};
use crate::model::time::UtcMs;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Parts of a day that a limit counts in.
const MILLIONTHS: u128 = 1_000_000;

/// What a city decides about its clock, beside the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockPolicy {
    /// The hours of working days.
    pub hours: WorkingHours,
    /// Minutes that local time is ahead of UTC, through the year, -840..=840.
    pub utc_offset_min: i32,
    /// True when 小时, 分钟 and 天 without a word on which are working time.
    pub bare_is_working: bool,
}

impl ClockPolicy {
    /// Beijing time (Asia/Shanghai since 1991, without summer time), 480 minutes ahead of UTC.
    pub const BEIJING_OFFSET_MIN: i32 = 480;
    /// The farthest that a zone is from UTC, in minutes.
    pub const MAX_OFFSET_MIN: i32 = 14 * 60;
}

impl Default for ClockPolicy {
    /// 08:00–12:00 and 14:00–18:00, Beijing time, bare units are working time.
    fn default() -> Self {
        Self {
            hours: WorkingHours::default(),
            utc_offset_min: Self::BEIJING_OFFSET_MIN,
            bare_is_working: true,
        }
    }
}

/// Why a policy makes no clock.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClockError {
    /// The offset is none that a zone has.
    #[error("utc_offset_min: {found} is outside -840..840")]
    Offset {
        /// The offset in minutes.
        found: i32,
    },
}

/// A calendar with hours and a zone. It is built once and asked often.
#[derive(Debug, Clone)]
pub struct WorkingClock {
    calendar: Calendar,
    policy: ClockPolicy,
    kinds: Vec<DayKind>,
    tables: Vec<Table>,
    /// Units of [`Measure::Days`] in a millionth of a day.
    units_per_millionth: u128,
}

/// The hours of one season.
#[derive(Debug, Clone)]
struct DayKind {
    hours: DayHours,
    length_ms: u64,
    /// Units of [`Measure::Days`] in a millisecond worked.
    units_per_ms: u128,
}

/// What is known of each day of one run of covered years.
#[derive(Debug, Clone)]
struct Table {
    /// Working milliseconds before each day, and before the end of the run at last.
    before_ms: Vec<u64>,
    /// Which [`DayKind`] each day has.
    kind: Vec<u8>,
    /// The days that are worked.
    worked: Vec<u32>,
}

/// The clock that a limit runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Milliseconds since 1970.
    Continuous,
    /// Working milliseconds since the run began.
    Hours,
    /// Working days since the run began, in units that every day's millisecond is whole in.
    Days,
}

/// A local moment on a covered day.
#[derive(Debug, Clone, Copy)]
struct Moment {
    run: usize,
    day: usize,
    of_day_ms: u64,
}

impl WorkingClock {
    /// Builds a clock.
    ///
    /// # Errors
    /// [`ClockError::Offset`].
    pub fn try_new(calendar: Calendar, policy: ClockPolicy) -> Result<Self, ClockError> {
        let max = ClockPolicy::MAX_OFFSET_MIN;
        if !(-max..=max).contains(&policy.utc_offset_min) {
            let found = policy.utc_offset_min;
            return Err(ClockError::Offset { found });
        }
        let seasons = policy.hours.seasons().iter().map(|season| &season.hours);
        let all = || std::iter::once(policy.hours.default_hours()).chain(seasons.clone());
        // At most five lengths of at most 1440 minutes: far from the end of 128 bits.
        let units_per_day = MILLIONTHS * all().map(|h| u128::from(h.length_ms())).fold(1, lcm);
        let kinds: Vec<_> = all()
            .map(|hours| DayKind {
                hours: hours.clone(),
                length_ms: hours.length_ms(),
                units_per_ms: units_per_day / u128::from(hours.length_ms()),
            })
            .collect();
        let tables = tables(&calendar, &policy.hours, &kinds);
        Ok(Self {
            calendar,
            policy,
            kinds,
            tables,
            units_per_millionth: units_per_day / MILLIONTHS,
        })
    }

    /// The calendar.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Hours, zone, and what a bare unit means.
    #[must_use]
    pub fn policy(&self) -> &ClockPolicy {
        &self.policy
    }

    /// The deadline of a limit that is not paused.
    ///
    /// # Errors
    /// [`DeadlineError::NotCovered`] when a working limit begins or ends outside the calendar;
    /// a limit around the clock needs none. [`DeadlineError::BeyondTime`].
    pub fn add(&self, start: UtcMs, limit: &Limit) -> Result<Deadline, DeadlineError> {
        self.add_with_pauses(start, limit, &[])
    }

    /// The deadline of a limit that was paused, in any order and also at once: each moment
    /// counts once. What is paused on the limit's own clock is added to the limit. A pause
    /// that begins after the deadline moves nothing.
    ///
    /// # Errors
    /// As [`Self::add`]; the calendar must cover the pauses too.
    pub fn add_with_pauses(
        &self,
        start: UtcMs,
        limit: &Limit,
        pauses: &[Pause],
    ) -> Result<Deadline, DeadlineError> {
        self.add_extended(start, limit, 1, pauses)
    }

    /// The deadline of `times` limits one after the other, as an extension (延期) grants them.
    ///
    /// # Errors
    /// As [`Self::add_with_pauses`].
    pub fn add_extended(
        &self,
        start: UtcMs,
        limit: &Limit,
        times: u8,
        pauses: &[Pause],
    ) -> Result<Deadline, DeadlineError> {
        let (measure, one) = self.own_clock(limit.span());
        let amount = one * u128::from(times);
        let (run, begun) = self.position(measure, start)?;
        let unpaused = self.instant(measure, run, begun + amount)?;
        let limit_ms = match measure {
            Measure::Days => self.working_ms_between(start, unpaused)?,
            // Ten years a limit at most, as it promises.
            Measure::Continuous | Measure::Hours => u64::try_from(amount).unwrap_or(u64::MAX),
        };
        let mut due = unpaused;
        let mut paused = 0;
        for pause in joined(pauses, start, UtcMs::MAX) {
            if due < pause.from {
                break;
            }
            paused += self.measure(measure, pause.from, pause.to)?;
            due = self.instant(measure, run, begun + amount + paused)?;
        }
        Ok(Deadline {
            start,
            due,
            limit_ms,
            is_continuous: measure == Measure::Continuous,
        })
    }

    /// Working milliseconds from one instant to another; none when it is not later.
    ///
    /// # Errors
    /// [`DeadlineError::NotCovered`] when the calendar does not cover all of it.
    pub fn working_ms_between(&self, from: UtcMs, to: UtcMs) -> Result<u64, DeadlineError> {
        let ms = self.measure(Measure::Hours, from, to)?;
        Ok(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// The lamp at an instant: the share of the limit that is used on its own clock, pauses
    /// excluded. A limit used up at 12:00 stays yellow until that clock runs on at 14:00.
    ///
    /// # Errors
    /// As [`Self::add_with_pauses`].
    pub fn lamp(
        &self,
        start: UtcMs,
        limit: &Limit,
        pauses: &[Pause],
        at: UtcMs,
    ) -> Result<Lamp, DeadlineError> {
        self.lamp_extended(start, limit, 1, pauses, at)
    }

    /// The lamp of `times` limits one after the other.
    ///
    /// # Errors
    /// As [`Self::add_with_pauses`].
    pub fn lamp_extended(
        &self,
        start: UtcMs,
        limit: &Limit,
        times: u8,
        pauses: &[Pause],
        at: UtcMs,
    ) -> Result<Lamp, DeadlineError> {
        let (measure, one) = self.own_clock(limit.span());
        let amount = one * u128::from(times);
        let mut used = self.measure(measure, start, at)?;
        for pause in joined(pauses, start, at) {
            used -= self.measure(measure, pause.from, pause.to)?;
        }
        Ok(Lamp::of(used, amount))
    }

    /// The same local time a year later; 28 February where 29 February has no other.
    #[must_use]
    pub fn a_year_after(&self, at: UtcMs) -> UtcMs {
        let shifted = i64::try_from(at.0.min(UtcMs::MAX.0)).unwrap_or(0) + self.offset_ms();
        DateTime::from_timestamp_millis(shifted)
            .and_then(|local| local.checked_add_months(Months::new(12)))
            .and_then(|local| u64::try_from(local.timestamp_millis() - self.offset_ms()).ok())
            .map_or(UtcMs::MAX, |ms| UtcMs(ms).min(UtcMs::MAX))
    }

    /// Prints an instant as RFC 3339 with the city's offset; milliseconds only where there are
    /// any.
    #[must_use]
    pub fn to_local_rfc3339(&self, at: UtcMs) -> String {
        let ms = i64::try_from(at.0.min(UtcMs::MAX.0)).unwrap_or(0);
        let offset = FixedOffset::east_opt(self.policy.utc_offset_min * 60);
        let utc = DateTime::from_timestamp_millis(ms).unwrap_or_default();
        match offset {
            Some(offset) => utc
                .with_timezone(&offset)
                .to_rfc3339_opts(SecondsFormat::AutoSi, false),
            None => at.to_rfc3339(),
        }
    }

    /// The clock that a limit runs on here, and how much of it, above zero.
    fn own_clock(&self, span: Span) -> (Measure, u128) {
        let days = |millionths: u64| u128::from(millionths) * self.units_per_millionth;
        match span {
            Span::Working { ms } => (Measure::Hours, u128::from(ms)),
            Span::Bare { ms } if self.policy.bare_is_working => (Measure::Hours, u128::from(ms)),
            Span::Bare { ms } | Span::Continuous { ms } => (Measure::Continuous, u128::from(ms)),
            Span::WorkingDays { millionths } => (Measure::Days, days(millionths)),
            Span::BareDays { millionths } if self.policy.bare_is_working => {
                (Measure::Days, days(millionths))
            }
            Span::BareDays { millionths } => {
                let scaled = u128::from(millionths) * u128::from(DAY_MS);
                (Measure::Continuous, scaled / MILLIONTHS)
            }
        }
    }

    /// What a clock counts from one instant to another; none when it is not later.
    fn measure(&self, measure: Measure, from: UtcMs, to: UtcMs) -> Result<u128, DeadlineError> {
        if to <= from {
            return Ok(0);
        }
        let (run, begun) = self.position(measure, from)?;
        if measure == Measure::Continuous {
            return Ok(u128::from(to.0) - begun);
        }
        // The last moment that counts is the one before `to`, so that midnight still belongs
        // to the day before. A gap in the calendar begins where the run of `from` ends.
        let end = self.moment(UtcMs(to.0 - 1)).ok();
        match end.filter(|end| end.run == run) {
            Some(mut end) => {
                end.of_day_ms += 1;
                Ok(self.counted(measure, end) - begun)
            }
            None if to > UtcMs::MAX => Err(DeadlineError::BeyondTime),
            None => Err(self.after_run(run)),
        }
    }

    /// The run that an instant lies in, and its place on a clock.
    fn position(&self, measure: Measure, at: UtcMs) -> Result<(usize, u128), DeadlineError> {
        if measure == Measure::Continuous {
            if at > UtcMs::MAX {
                return Err(DeadlineError::BeyondTime);
            }
            return Ok((0, u128::from(at.0)));
        }
        let moment = self.moment(at)?;
        Ok((moment.run, self.counted(measure, moment)))
    }

    fn counted(&self, measure: Measure, moment: Moment) -> u128 {
        let table = &self.tables[moment.run];
        let kind = &self.kinds[usize::from(table.kind[moment.day])];
        let before_ms = table.before_ms[moment.day];
        let is_worked = before_ms != table.before_ms[moment.day + 1];
        let worked_ms = match is_worked {
            true => kind.hours.worked_ms(moment.of_day_ms),
            false => 0,
        };
        if measure == Measure::Hours {
            return u128::from(before_ms + worked_ms);
        }
        let days = self.calendar.runs()[moment.run].before[moment.day];
        u128::from(days) * self.units_per_millionth * MILLIONTHS
            + u128::from(worked_ms) * kind.units_per_ms
    }

    /// The first instant at which a clock has counted so much, which is above zero; the last
    /// whole millisecond before it where it is none.
    fn instant(&self, measure: Measure, run: usize, units: u128) -> Result<UtcMs, DeadlineError> {
        if measure == Measure::Continuous {
            let at = u64::try_from(units).map_or(UtcMs(u64::MAX), UtcMs);
            return Some(at)
                .filter(|at| *at <= UtcMs::MAX)
                .ok_or(DeadlineError::BeyondTime);
        }
        let table = &self.tables[run];
        let last_ms = table.before_ms.last().copied().unwrap_or(0);
        let (day, worked_ms) = if measure == Measure::Hours {
            let target_ms = u64::try_from(units).unwrap_or(u64::MAX);
            if target_ms > last_ms {
                return Err(self.after_run(run));
            }
            let day = table
                .before_ms
                .partition_point(|before| *before < target_ms);
            let day = day.saturating_sub(1);
            (day, target_ms - table.before_ms[day])
        } else {
            let units_per_day = self.units_per_millionth * MILLIONTHS;
            let whole = units.saturating_sub(1) / units_per_day;
            let day = usize::try_from(whole)
                .ok()
                .and_then(|whole| table.worked.get(whole))
                .ok_or_else(|| self.after_run(run))?;
            let day = *day as usize;
            let kind = &self.kinds[usize::from(table.kind[day])];
            let worked_ms = (units - whole * units_per_day) / kind.units_per_ms;
            (day, u64::try_from(worked_ms).unwrap_or(kind.length_ms))
        };
        let kind = &self.kinds[usize::from(table.kind[day])];
        self.utc(run, day, kind.hours.moment_ms(worked_ms))
    }

    /// A local moment of a covered day as an instant.
    fn utc(&self, run: usize, day: usize, of_day_ms: u64) -> Result<UtcMs, DeadlineError> {
        let day = self.calendar.runs()[run].first + day as i64;
        let ms = day * DAY_MS as i64 + of_day_ms as i64 - self.offset_ms();
        u64::try_from(ms)
            .ok()
            .map(UtcMs)
            .filter(|at| *at <= UtcMs::MAX)
            .ok_or(DeadlineError::BeyondTime)
    }

    fn moment(&self, at: UtcMs) -> Result<Moment, DeadlineError> {
        let utc_ms = i64::try_from(at.0)
            .ok()
            .filter(|_| at <= UtcMs::MAX)
            .ok_or(DeadlineError::BeyondTime)?;
        let local_ms = utc_ms + self.offset_ms();
        let day_ms = DAY_MS as i64;
        let (run, day) = self.calendar.find(local_ms.div_euclid(day_ms))?;
        Ok(Moment {
            run,
            day,
            of_day_ms: local_ms.rem_euclid(day_ms).unsigned_abs(),
        })
    }

    fn offset_ms(&self) -> i64 {
        i64::from(self.policy.utc_offset_min) * 60_000
    }

    fn after_run(&self, run: usize) -> DeadlineError {
        let year = self.calendar.runs()[run].end_year;
        NotCovered { year }.into()
    }
}

fn tables(calendar: &Calendar, hours: &WorkingHours, kinds: &[DayKind]) -> Vec<Table> {
    let table = |run: &super::calendar::Run| {
        let count = run.before.len() - 1;
        let mut table = Table {
            before_ms: Vec::with_capacity(count + 1),
            kind: Vec::with_capacity(count),
            worked: Vec::new(),
        };
        let mut before_ms = 0;
        for (day, number) in (0..count).zip(run.first..) {
            let kind = date_of(number).map_or(0, |date| {
                let (month, day) = (date.month(), date.day());
                let seasons = hours.seasons();
                seasons.partition_point(|season| season.from.has_begun(month, day))
            });
            table.before_ms.push(before_ms);
            // Four seasons and the default at most.
            table.kind.push(u8::try_from(kind).unwrap_or(0));
            if run.is_working(day) {
                before_ms += kinds[kind].length_ms;
                table.worked.push(u32::try_from(day).unwrap_or(u32::MAX));
            }
        }
        table.before_ms.push(before_ms);
        table
    };
    calendar.runs().iter().map(table).collect()
}

fn lcm(a: u128, b: u128) -> u128 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

#[cfg(test)]
mod tests;
