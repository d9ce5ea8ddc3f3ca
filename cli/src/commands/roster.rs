//! A roster into a hub: the days that the file names are replaced, the others stay.

use std::path::Path;

use bading_core::rules::roster::{DayChange, Roster, read_roster, read_roster_rows};
use bading_core::services::reference::ROSTER;
use bading_core::sync::wire::MAX_PACK_BYTES;
use bading_hub::{Hub, is_workbook, read_xlsx_tables};
use serde_json::{Value, json};

use super::hub::failure;
use super::read;
use crate::args::RosterImport;
use crate::output::{Exit, Failure, Output};

/// Checks the file by itself, beside the days that stay, and against what the hub knows;
/// only then is anything put in force.
pub(super) fn import(hub: &Hub, given: &RosterImport, output: &Output) -> Result<Exit, Failure> {
    let file = &given.file;
    let in_file = |error: &dyn std::fmt::Display| Failure::in_file(file, error.to_string());
    let read = read_file(file, hub.utc_offset_min())?;
    let before = in_force(hub)?;
    let (roster, kept_days_count) = match before.as_ref().filter(|_| !given.replace) {
        Some(before) => {
            let merge = read.merged_into(before).map_err(|error| in_file(&error))?;
            (merge.roster, merge.kept_days_count)
        }
        None => (read, 0),
    };
    hub.check_roster(&roster)
        .map_err(failure)?
        .map_err(|error| in_file(&error))?;
    let pack = roster.to_pack();
    if pack.len() > MAX_PACK_BYTES {
        let (found, most) = (pack.len(), MAX_PACK_BYTES);
        return Err(in_file(&format!(
            "the roster would have {found} bytes with the {kept_days_count} days that stay; at \
             most {most} are kept: --replace drops the days that the file does not name"
        )));
    }
    let days = roster.changes_since(before.as_ref());
    let mut answer = json!({
        "kind": ROSTER,
        "shifts_count": roster.shifts().len(),
        "kept_days_count": kept_days_count,
        "days": days,
    });
    let said = if given.dry_run {
        answer["dry_run"] = json!(true);
        match days.is_empty() {
            true => format!("{ROSTER}: nothing would change\n"),
            false => format!("{ROSTER}: would change\n"),
        }
    } else {
        let outcome = hub.put_pack(ROSTER, &pack).map_err(failure)?;
        answer["hash"] = Value::from(outcome.hash.to_string());
        answer["version"] = Value::from(outcome.version);
        answer["new"] = Value::from(outcome.is_new);
        let what = match outcome.is_new {
            true => "in force",
            false => "was in force already",
        };
        format!("{ROSTER} version {}: {what}\n", outcome.version)
    };
    output.answer(&answer, |_| said + &lines(&days, kept_days_count))?;
    Ok(Exit::Done)
}

fn in_force(hub: &Hub) -> Result<Option<Roster>, Failure> {
    let pack = hub.pack_in_force(ROSTER).map_err(failure)?;
    pack.map(|bytes| Roster::from_pack(&bytes))
        .transpose()
        .map_err(|error| Failure::retry(format!("hub: the roster in force: {error}")))
}

fn read_file(file: &Path, utc_offset_min: i32) -> Result<Roster, Failure> {
    let bytes = read(file)?;
    if !is_workbook(&bytes) {
        return read_roster(&bytes, utc_offset_min).map_err(|e| Failure::in_file(file, e));
    }
    let tables = read_xlsx_tables(&bytes).map_err(|error| Failure::in_file(file, error))?;
    let mut filled = tables.into_iter().filter(|table| !table.rows.is_empty());
    let table = match (filled.next(), filled.next()) {
        (Some(table), None) => table,
        (None, _) => return Err(Failure::in_file(file, "the workbook is empty")),
        (Some(one), Some(other)) => {
            let (one, other) = (one.sheet, other.sheet);
            let why = format!("two sheets, `{one}` and `{other}`: a roster has one");
            return Err(Failure::in_file(file, why));
        }
    };
    read_roster_rows(&table.rows, utc_offset_min).map_err(|e| Failure::in_file(file, e))
}

fn lines(days: &[DayChange], kept_days_count: usize) -> String {
    let mut text = String::new();
    for day in days {
        let (added, changed, removed) = (day.added, day.changed, day.removed);
        text.push_str(&format!(
            "  {}  {added} added, {changed} changed, {removed} removed\n",
            day.date
        ));
    }
    if kept_days_count > 0 {
        text.push_str(&format!(
            "  days that the file does not name, and that stay: {kept_days_count}\n"
        ));
    }
    text
}
