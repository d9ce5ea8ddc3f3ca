//! Reference data from a city's own files into force: read, checked whole, all or nothing.

use std::path::{Path, PathBuf};

use bading_core::geo::route_file::{RouteFileOptions, read_routes, routes_pack};
use bading_core::model::duty::DutyList;
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::hours::WorkingHours;
use bading_core::rules::roster::read_roster;
use bading_core::services::duty_file::DutyReading;
use bading_core::services::packs::{Profile, grids_pack, write_duties};
use bading_core::services::reference::{CALENDAR, DUTIES, GRIDS, POLICY, ROSTER, ROUTES};
use bading_hub::{Hub, PackOutcome, read_policy};
use serde_json::json;

use super::duties::{classes_count, read_list};
use super::hub::{failure, open};
use super::read;
use crate::args::{CodeProfile, HubDir, Import};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(dir: &HubDir, command: &Import, output: &Output) -> Result<Exit, Failure> {
    // The file is read whole before the hub is opened: all or nothing.
    let (kind, pack) = match command {
        Import::Grids {
            file,
            code_property,
            profile,
        } => {
            let profile = match profile {
                CodeProfile::Opaque => Profile::Opaque,
                CodeProfile::Fifteen => Profile::Fifteen,
                CodeProfile::Sixteen => Profile::Sixteen,
            };
            let pack = grids_pack(&read(file)?, code_property, profile)
                .map_err(|error| Failure::in_file(file, error))?;
            (GRIDS, pack)
        }
        Import::Duties {
            file,
            accept_problems,
            dry_run,
        } => {
            let list = accepted_duties(file, *accept_problems, output)?;
            if *dry_run {
                let answer = json!({
                    "kind": DUTIES,
                    "dry_run": true,
                    "entries_count": list.entries.len(),
                    "classes_count": classes_count(&list),
                });
                output.answer(&answer, |_| {
                    let (entries, classes) = (list.entries.len(), classes_count(&list));
                    format!("{DUTIES}: {entries} entries of {classes} classes would be imported\n")
                })?;
                return Ok(Exit::Done);
            }
            (DUTIES, write_duties(&list))
        }
        Import::Routes {
            file,
            code_property,
        } => {
            let options = RouteFileOptions {
                code_property: code_property.as_deref(),
            };
            let routes = read_routes(&read(file)?, &options)
                .map_err(|error| Failure::in_file(file, error))?;
            (ROUTES, routes_pack(&routes))
        }
        Import::Roster { file } => (ROSTER, roster(&open(dir)?, file)?),
        Import::Calendar {
            files,
            hours,
            bare_is_continuous,
        } => (
            CALENDAR,
            calendar(&open(dir)?, files, hours, *bare_is_continuous)?,
        ),
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
    let DutyReading { list, problems } = read_list(file)?;
    let Some(first) = problems.first() else {
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

/// A roster names people, routes and cells: what this hub does not know is named with its row.
fn roster(hub: &Hub, file: &Path) -> Result<Vec<u8>, Failure> {
    let roster = read_roster(&read(file)?, hub.utc_offset_min())
        .map_err(|error| Failure::in_file(file, error))?;
    hub.check_roster(&roster)
        .map_err(failure)?
        .map_err(|error| Failure::in_file(file, error))?;
    Ok(roster.to_pack())
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
