//! Reference data from a city's own files into force: read, checked whole, all or nothing.

use std::path::{Path, PathBuf};

use bading_core::geo::datum::Datum;
use bading_core::geo::route_file::{RouteFileOptions, read_routes, routes_pack};
use bading_core::model::duty::DutyList;
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::hours::WorkingHours;
use bading_core::rules::ownership::read_ownership;
use bading_core::services::duty_file::DutyReading;
use bading_core::services::packs::write_duties;
use bading_core::services::reference::{CALENDAR, DUTIES, OWNERSHIP, POLICY, ROUTES};
use bading_hub::{Hub, PackOutcome, read_policy};
use serde_json::json;

use super::duties::{diff as duty_diff, read_list};
use super::hub::{failure, open};
use super::read;
use crate::args::{HubDir, Import};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(dir: &HubDir, command: &Import, output: &Output) -> Result<Exit, Failure> {
    // The file is read whole before the hub is opened: all or nothing.
    let (kind, pack) = match command {
        Import::Grids(given) => return super::grids::import(dir, given, output),
        Import::Duties {
            file,
            accept_problems,
            dry_run,
        } => {
            let list = accepted_duties(file, *accept_problems, output)?;
            if *dry_run {
                return duty_diff::dry_run(dir, &list, output);
            }
            (DUTIES, write_duties(&list))
        }
        Import::Ownership { file } => {
            let table = read_ownership(&read(file)?).map_err(|e| Failure::in_file(file, e))?;
            (OWNERSHIP, table.to_pack())
        }
        Import::Routes {
            file,
            code_property,
            datum,
        } => (ROUTES, routes(file, code_property.as_deref(), datum)?),
        Import::Roster(given) => return super::roster::import(&open(dir)?, given, output),
        Import::Calendar {
            files,
            hours,
            bare_is_continuous,
        } => (
            CALENDAR,
            calendar(&open(dir)?, files, hours, *bare_is_continuous)?,
        ),
        Import::Facilities(given) => return super::nearest::import(dir, given, output),
        Import::Policy { file } => {
            let policy = read_policy(&read(file)?).map_err(|e| Failure::in_file(file, e))?;
            (POLICY, policy.to_pack())
        }
    };
    let outcome: PackOutcome = open(dir)?.put_pack(kind, &pack).map_err(failure)?;
    let answer = json!({
        "kind": kind,
        "hash": outcome.hash.to_string(),
        "version": outcome.version,
        "new": outcome.is_new,
    });
    output.answer(&answer, |_| {
        let what = if outcome.is_new {
            "in force"
        } else {
            "was in force already"
        };
        format!("{kind} version {}: {what}\n", outcome.version)
    })?;
    Ok(Exit::Done)
}

/// The list of a file. A list with problems is refused unless they are accepted; then each is
/// told on stderr and the rest of the list serves.
fn accepted_duties(file: &Path, accepts: bool, output: &Output) -> Result<DutyList, Failure> {
    let DutyReading { list, problems, .. } = read_list(file)?;
    // What costs a row is told before what is only worth a look.
    let worst = problems.iter().find(|problem| !problem.is_notice);
    let Some(first) = worst.or(problems.first()) else {
        return Ok(list);
    };
    if !accepts {
        let others = match problems.len() - 1 {
            0 => String::new(),
            count => format!(" (and {count} more)"),
        };
        return Err(Failure::in_file(
            file,
            format!("{first}{others}; --accept-problems imports what is understood"),
        ));
    }
    if list.entries.is_empty() {
        return Err(Failure::in_file(file, format!("{first}; no row is left")));
    }
    for problem in &problems {
        output.note(format!("{}: {problem}", file.display()));
    }
    Ok(list)
}

/// Routes from GeoJSON or GPX, on WGS 84 from whichever datum the file has.
fn routes(file: &Path, code_property: Option<&str>, datum: &str) -> Result<Vec<u8>, Failure> {
    let datum = Datum::parse(datum).map_err(|e| Failure::input(format!("--datum: {e}")))?;
    let options = RouteFileOptions {
        code_property,
        datum,
    };
    let routes = read_routes(&read(file)?, &options).map_err(|e| Failure::in_file(file, e))?;
    Ok(routes_pack(&routes))
}

/// Years join those in force, and replace them where they are the same; hours that are not
/// given stay.
fn calendar(
    hub: &Hub,
    files: &[PathBuf],
    hours: &[String],
    bare_is_continuous: bool,
) -> Result<Vec<u8>, Failure> {
    let mut years: Vec<CalendarYear> = Vec::new();
    for file in files {
        let year = CalendarYear::read(&read(file)?).map_err(|e| Failure::in_file(file, e))?;
        if years.iter().any(|other| other.year() == year.year()) {
            let why = format!("year {} is given twice", year.year());
            return Err(Failure::in_file(file, why));
        }
        years.push(year);
    }
    // One that is not published yet may come with others; alone it is no calendar.
    if let Some((file, year)) = files.iter().zip(&years).next()
        && years.iter().all(|year| !year.is_published())
    {
        let why = format!(
            "papers, days: none: {} is not published yet; a published year names its papers, \
             days off and make-up days",
            year.year()
        );
        return Err(Failure::in_file(file, why));
    }
    let in_force = hub.pack_in_force(CALENDAR).map_err(failure)?;
    let before = in_force
        .map(|bytes| WorkingClock::from_pack(&bytes))
        .transpose()
        .map_err(|error| Failure::retry(format!("hub: the calendar in force: {error}")))?;
    let mut policy = ClockPolicy {
        utc_offset_min: hub.utc_offset_min(),
        ..ClockPolicy::default()
    };
    if let Some(before) = &before {
        policy = before.policy().clone();
        for year in before.calendar().years() {
            if years.iter().all(|other| other.year() != year.year()) {
                years.push(year.clone());
            }
        }
    }
    if !hours.is_empty() {
        policy.hours = WorkingHours::parse(hours)
            .map_err(|error| Failure::input(format!("--hours: {error}")))?;
    }
    policy.bare_is_working &= !bare_is_continuous;
    let calendar = Calendar::try_new(years).map_err(Failure::input)?;
    let clock = WorkingClock::try_new(calendar, policy).map_err(Failure::input)?;
    Ok(clock.to_pack())
}
