//! A duty list from a shell: what of it is understood, row by row.

use std::path::Path;

use bading_core::model::duty::{DutyEntry, DutyList};
use bading_core::rules::duty_scope::{DutyScope as Scope, duties_for};
use bading_core::rules::limit::Limit;
use bading_core::services::duty_file::{
    DutyNote, DutyProblem, DutyReading, csv_table, read_duty_tables,
};
use bading_hub::{is_workbook, read_xlsx_tables};
use serde_json::{Value, json};

use super::read;
use crate::args::{Duties, DutyScope};
use crate::output::{Exit, Failure, Output};

pub(in crate::commands) mod diff;

pub(super) fn run(command: &Duties, output: &Output) -> Result<Exit, Failure> {
    match command {
        Duties::Check { file } => check(&read_list(file)?, output),
        Duties::Diff(given) => diff::run(given, output),
        Duties::For(given) => of_person(given, output),
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
        "notes": reading.notes.iter().map(note_json).collect::<Vec<_>>(),
        "ignored_columns": reading
            .ignored_columns
            .iter()
            .map(|(sheet, column)| json!({ "sheet": sheet, "column": column }))
            .collect::<Vec<_>>(),
    });
    output.answer(&answer, |_| lines(reading))?;
    Ok(match reading.problems.is_empty() {
        true => Exit::Done,
        false => Exit::No,
    })
}

/// Every field, also those that a pack leaves out where they are empty.
pub(super) fn entry_json(entry: &DutyEntry) -> Value {
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
        "kind": entry.kind,
        "roles": entry.roles,
        "qualifications": entry.qualifications,
        "grids": entry.grids,
    })
}

fn problem_json(problem: &DutyProblem) -> Value {
    json!({
        "sheet": problem.sheet,
        "row": problem.row,
        "field": problem.field,
        "why": problem.why,
        "is_notice": problem.is_notice,
    })
}

fn note_json(note: &DutyNote) -> Value {
    json!({ "sheet": note.sheet, "row": note.row, "text": note.text })
}

/// A list for other commands: what is wrong with it is told on stderr, the rest serves.
pub(super) fn usable_list(file: &Path, output: &Output) -> Result<DutyList, Failure> {
    let reading = read_list(file)?;
    for problem in &reading.problems {
        output.note(format!("{}: {problem}", file.display()));
    }
    Ok(reading.list)
}

/// What one person must look for.
fn of_person(given: &DutyScope, output: &Output) -> Result<Exit, Failure> {
    let list = usable_list(&given.duties, output)?;
    let scope = Scope {
        roles: given.role.clone(),
        qualifications: given.qualification.clone(),
        grids: given.grid.clone(),
    };
    let found: Vec<&DutyEntry> = duties_for(&list, &scope).collect();
    let answer = json!({
        "entries_count": found.len(),
        "of": list.entries.len(),
        "entries": found.iter().map(|entry| entry_json(entry)).collect::<Vec<_>>(),
    });
    output.answer(&answer, |_| {
        let mut text = format!("{} of {} entries\n", found.len(), list.entries.len());
        for entry in &found {
            text += &format!("{} {}: {}\n", entry.class, entry.name, entry.condition);
        }
        text
    })?;
    Ok(Exit::Done)
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
    for note in &reading.notes {
        text += &format!("note, {note}\n");
    }
    for (sheet, column) in &reading.ignored_columns {
        let place = match sheet.as_str() {
            "" => String::new(),
            sheet => format!("sheet {sheet}, "),
        };
        text += &format!("{place}column {column}: not read\n");
    }
    text
}
