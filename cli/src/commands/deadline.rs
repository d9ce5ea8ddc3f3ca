//! When limits end: one on the command line, or a file of them.

use std::io::{self, Write};
use std::path::Path;

use bading_core::model::time::UtcMs;
use bading_core::rules::calendar::{Calendar, CalendarError};
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::deadline::{Deadline, DeadlineError};
use bading_core::rules::deadline_rows::{parse_start, read_deadline_rows};
use bading_core::rules::hours::WorkingHours;
use bading_core::rules::limit::Limit;
use serde_json::Number;

use super::{deadline_case, read};
use crate::args;
use crate::output::{Exit, Failure, Output, quiet_if_closed};

pub(super) fn run(given: &args::Deadline, output: &Output) -> Result<Exit, Failure> {
    let clock = clock(given)?;
    if let Some(path) = &given.case {
        return deadline_case::run(path, &clock, output);
    }
    match (&given.batch, &given.start, &given.limit) {
        (Some(path), ..) => batch(path, &clock, output)?,
        (None, Some(start), Some(limit)) => one(start, limit, &clock, output)?,
        // The grammar asks for one or the other.
        (None, ..) => {
            return Err(Failure::input(
                "--start and --limit, or --batch, or --case, are needed",
            ));
        }
    }
    Ok(Exit::Done)
}

#[derive(serde::Serialize)]
struct Answer<'a> {
    start: String,
    limit: &'a str,
    due: String,
    /// Seconds of the limit's own clock.
    working_seconds: Number,
    /// True when that clock runs around the clock.
    continuous: bool,
}

impl<'a> Answer<'a> {
    fn new(found: &Deadline, limit: &'a Limit, clock: &WorkingClock) -> Self {
        Self {
            start: clock.to_local_rfc3339(found.start),
            limit: limit.wording(),
            due: clock.to_local_rfc3339(found.due),
            working_seconds: seconds(found.limit_ms),
            continuous: found.is_continuous,
        }
    }

    fn line(&self) -> String {
        let (start, limit, due) = (&self.start, self.limit, &self.due);
        let (seconds, kind) = (&self.working_seconds, self.kind());
        format!("{start} + {limit} → {due} ({seconds} {kind})\n")
    }

    fn kind(&self) -> &'static str {
        if self.continuous {
            "seconds around the clock"
        } else {
            "working seconds"
        }
    }
}

/// Whole seconds as an integer, others with their milliseconds.
fn seconds(ms: u64) -> Number {
    if ms.is_multiple_of(1000) {
        return Number::from(ms / 1000);
    }
    // A finite number always is one of JSON.
    Number::from_f64(ms as f64 / 1000.0).unwrap_or_else(|| Number::from(ms / 1000))
}

fn one(start: &str, limit: &str, clock: &WorkingClock, output: &Output) -> Result<(), Failure> {
    let start = parse_start(start).map_err(|e| Failure::input(format!("--start: {e}")))?;
    let limit = Limit::parse(limit).map_err(|e| Failure::input(format!("--limit: {e}")))?;
    let found = due(clock, start, &limit).map_err(Failure::input)?;
    output.answer(&Answer::new(&found, &limit, clock), Answer::line)
}

/// Every row is read and answered before the first line is written: all or nothing.
fn batch(path: &Path, clock: &WorkingClock, output: &Output) -> Result<(), Failure> {
    let rows = read_deadline_rows(&read(path)?).map_err(|error| Failure::in_file(path, error))?;
    let bar = output.progress("limits", rows.len() as u64);
    let mut lines = Vec::new();
    for chunk in rows.chunks(10_000) {
        for row in chunk {
            let found = due(clock, row.start, &row.limit).map_err(|why| {
                Failure::in_file(path, format!("{}, start and limit: {why}", row.place))
            })?;
            let answer = Answer::new(&found, &row.limit, clock);
            serde_json::to_writer(&mut lines, &answer).map_err(|error| Failure {
                exit: Exit::Bug,
                line: error.to_string(),
            })?;
            lines.push(b'\n');
        }
        Output::advance(&bar, chunk.len() as u64);
    }
    bar.finish_and_clear();
    let mut out = io::stdout().lock();
    quiet_if_closed(out.write_all(&lines).and_then(|()| out.flush()))
}

fn due(clock: &WorkingClock, start: UtcMs, limit: &Limit) -> Result<Deadline, String> {
    clock.add(start, limit).map_err(|error| told(clock, &error))
}

/// Why there is no deadline, and what would help.
pub(super) fn told(clock: &WorkingClock, error: &DeadlineError) -> String {
    let DeadlineError::NotCovered(missing) = error else {
        return error.to_string();
    };
    let mut given = clock.calendar().years();
    match given.any(|year| year.year() == missing.year) {
        true => format!("{error} (its file names no papers or no days: it is not published yet)"),
        false => format!("{error} (--calendar FILE gives one)"),
    }
}

fn clock(given: &args::Deadline) -> Result<WorkingClock, Failure> {
    let policy = ClockPolicy {
        hours: WorkingHours::parse(&given.hours)
            .map_err(|error| Failure::input(format!("--hours: {error}")))?,
        utc_offset_min: given.utc_offset_min,
        bare_is_working: !given.bare_is_continuous,
    };
    let mut years = Vec::new();
    for path in &given.calendar {
        let year = CalendarYear::read(&read(path)?).map_err(|e| Failure::in_file(path, e))?;
        let is_known = |other: &CalendarYear| other.year() == year.year();
        if years.iter().any(is_known) {
            let twice = CalendarError::YearTwice { year: year.year() };
            return Err(Failure::in_file(path, twice));
        }
        years.push(year);
    }
    let calendar = Calendar::try_new(years);
    let calendar = calendar.map_err(|error| Failure::input(format!("--calendar: {error}")))?;
    WorkingClock::try_new(calendar, policy)
        .map_err(|error| Failure::input(format!("--utc-offset-min: {error}")))
}
