//! Dispatch from a shell: one case, a file of them, or those that wait at a hub.

use std::io::{self, Write};
use std::path::Path;

use bading_core::rules::dispatch::{Dispatcher, Suggestion};
use bading_core::rules::ownership::{read_dispatch_rows, read_ownership};
use bading_hub::Hub;
use serde::Serialize;
use serde_json::json;

use super::duties::usable_list;
use super::hub::failure;
use super::read;
use crate::args;
use crate::output::{Exit, Failure, Output, quiet_if_closed};

/// One case with its decision.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    class: &'a str,
    grid: &'a str,
    owner: &'a str,
    #[serde(flatten)]
    suggestion: Suggestion,
}

/// Nobody to be named is an answer, not a failure: such a case goes to a dispatcher.
pub(super) fn run(given: &args::Dispatch, output: &Output) -> Result<Exit, Failure> {
    let files = [&given.ownership, &given.duties, &given.batch];
    if files
        .iter()
        .filter(|file| is_stdin(file.as_deref()))
        .count()
        > 1
    {
        return Err(Failure::input("only one of the files can be stdin"));
    }
    let ownership = match &given.ownership {
        Some(file) => {
            Some(read_ownership(&read(file)?).map_err(|error| Failure::in_file(file, error))?)
        }
        None => None,
    };
    let duties = match &given.duties {
        Some(file) => Some(usable_list(file, output)?),
        None => None,
    };
    let dispatcher = Dispatcher::new(ownership.as_ref(), duties.as_ref());
    if let Some(file) = &given.batch {
        return batch(&dispatcher, file);
    }
    let [class, grid, owner] =
        [&given.class, &given.grid, &given.owner].map(|text| text.as_deref().unwrap_or(""));
    let answer = Answer {
        id: None,
        class,
        grid,
        owner,
        suggestion: dispatcher.decide(class, grid, owner).into(),
    };
    output.answer(&answer, |answer| format!("{}\n", line(&answer.suggestion)))?;
    Ok(Exit::Done)
}

fn is_stdin(file: Option<&Path>) -> bool {
    file.is_some_and(|file| file.as_os_str() == "-")
}

/// Every row is read before the first line is written: all or nothing.
fn batch(dispatcher: &Dispatcher<'_>, file: &Path) -> Result<Exit, Failure> {
    let rows = read_dispatch_rows(&read(file)?).map_err(|error| Failure::in_file(file, error))?;
    let mut lines = Vec::new();
    for row in &rows {
        let answer = Answer {
            id: Some(&row.id),
            class: &row.class,
            grid: &row.grid,
            owner: &row.owner,
            suggestion: dispatcher.decide(&row.class, &row.grid, &row.owner).into(),
        };
        serde_json::to_writer(&mut lines, &answer).map_err(|error| Failure {
            exit: Exit::Bug,
            line: error.to_string(),
        })?;
        lines.push(b'\n');
    }
    let mut out = io::stdout().lock();
    quiet_if_closed(out.write_all(&lines).and_then(|()| out.flush()))?;
    Ok(Exit::Done)
}

/// The filed cases of a hub that wait for a department: those that the table or the duty list
/// names somebody for, and the queue of the others.
pub(super) fn waiting(hub: &Hub, output: &Output) -> Result<Exit, Failure> {
    let waiting = hub.waiting_for_dispatch().map_err(failure)?;
    let (cases, queue): (Vec<_>, Vec<_>) = waiting
        .iter()
        .partition(|case| matches!(case.suggestion, Suggestion::To { .. }));
    let answer = json!({
        "cases_count": cases.len(),
        "queue_count": queue.len(),
        "cases": cases,
        "queue": queue,
    });
    output.answer(&answer, |_| {
        let mut text = format!(
            "{} cases to dispatch, {} without a rule\n",
            cases.len(),
            queue.len()
        );
        for case in cases.iter().chain(&queue) {
            let name = case.number.as_deref().unwrap_or(&case.case_id);
            let place = [&case.class, &case.grid].map(|text| text.as_deref().unwrap_or("?"));
            text += &format!(
                "{name} {} {}: {}\n",
                place[0],
                place[1],
                line(&case.suggestion)
            );
        }
        text
    })?;
    Ok(Exit::Done)
}

fn line(suggestion: &Suggestion) -> String {
    match suggestion {
        Suggestion::To {
            department,
            rule_row,
            rule,
            basis,
            ..
        } => {
            let by = match (rule_row, rule) {
                (Some(row), Some(rule)) => {
                    let any = |text: &str| if text.is_empty() { "any" } else { text }.to_owned();
                    let (class, grid, owner) =
                        (any(&rule.class), any(&rule.grid), any(&rule.owner));
                    format!("row {row} of the table: class {class}, grid {grid}, owner {owner}")
                }
                _ => "the duty list names nobody else".to_owned(),
            };
            let basis = basis.as_ref().map(|basis| format!("; {basis}"));
            format!("{department} ({by}{})", basis.unwrap_or_default())
        }
        Suggestion::NoRule { candidates, .. } if candidates.is_empty() => {
            "no rule: a dispatcher decides".to_owned()
        }
        Suggestion::NoRule { candidates, .. } => {
            format!(
                "no rule: a dispatcher decides among {}",
                candidates.join("、")
            )
        }
    }
}
