//! A duty list from a shell: what of it is understood, row by row.

use std::path::Path;

use bading_core::model::duty::{DutyEntry, DutyList};
use bading_core::rules::limit::Limit;
use bading_core::services::duty_file::{DutyProblem, DutyReading, csv_table, read_duty_tables};
use bading_hub::{is_workbook, read_xlsx_tables};
use serde_json::{Value, json};

use super::read;
use crate::args::Duties;
use crate::output::{Exit, Failure, Output};

pub(super) fn run(command: &Duties, output: &Output) -> Result<Exit, Failure> {
    match command {
        Duties::Check { file } => check(&read_list(file)?, output),
    }
}

/// Reads a list from XLSX or CSV, told apart by their first bytes: names lie.
pub(super) fn read_list(file: &Path) -> Result<DutyReading, Failure> {
    let bytes = read(file)?;
    let tables = if is_workbook(&bytes) {
        read_xlsx_tables(&bytes).map_err(|error| Failure::in_file(file, error))?
    } else {
        vec![csv_table(&bytes).map_err(|error| Failure::in_file(file, error))?]
    };
    read_duty_tables(&tables, understood).map_err(|error| Failure::in_file(file, error))
}

/// Why a limit is not understood, if it is not.
fn understood(wording: &str) -> Option<String> {
    Limit::parse(wording).err().map(|error| error.to_string())
}

/// How many small classes a list has.
pub(super) fn classes_count(list: &DutyList) -> usize {
    let mut classes: Vec<_> = list.entries.iter().map(|entry| &entry.class).collect();
    classes.sort();
    classes.dedup();
    classes.len()
}

fn check(reading: &DutyReading, output: &Output) -> Result<Exit, Failure> {
    let list = &reading.list;
    let answer = json!({
        "entries_count": list.entries.len(),
        "classes_count": classes_count(list),
        "entries": list.entries.iter().map(entry_json).collect::<Vec<_>>(),
        "problems": reading.problems.iter().map(problem_json).collect::<Vec<_>>(),
    });
    output.answer(&answer, |_| lines(reading))?;
    Ok(match reading.problems.is_empty() {
        true => Exit::Done,
        false => Exit::No,
    })
}

/// Every field, also those that a pack leaves out where they are empty.
fn entry_json(entry: &DutyEntry) -> Value {
    json!({
        "class": entry.class.as_str(),
        "name": entry.name,
        "major_code": entry.major_code,
        "major_name": entry.major_name,
        "condition": entry.condition,
        "closing": entry.closing,
        "limit": entry.limit,
        "departments": entry.departments,
        "supervising": entry.supervising,
        "required_photos": entry.required_photos,
        "urgency": entry.urgency,
    })
}

fn problem_json(problem: &DutyProblem) -> Value {
    json!({
        "sheet": problem.sheet,
        "row": problem.row,
        "field": problem.field,
        "why": problem.why,
    })
}

fn lines(reading: &DutyReading) -> String {
    let list = &reading.list;
    let mut text = format!(
        "{} entries of {} classes, {} problems\n",
        list.entries.len(),
        classes_count(list),
        reading.problems.len()
    );
    for problem in &reading.problems {
        text += &format!("{problem}\n");
    }
    text
}
