//! What changed between two duty lists, and what an import would change.

use std::sync::Arc;

use bading_core::model::duty::{DutyEntry, DutyList};
use bading_core::rules::duty_diff::{DutyDiff, duty_diff};
use bading_core::services::packs::write_duties;
use bading_core::services::reference::DUTIES;
use bading_hub::{Hub, HubError, SystemHubClock};
use serde_json::{Value, json};

use super::super::hub::failure;
use super::{classes_count, entry_json, usable_list};
use crate::args::{self, HubDir};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(given: &args::DutyDiff, output: &Output) -> Result<Exit, Failure> {
    if given.old.as_os_str() == "-" && given.new.as_os_str() == "-" {
        return Err(Failure::input("only one of the lists can be stdin"));
    }
    let (old, new) = (
        usable_list(&given.old, output)?,
        usable_list(&given.new, output)?,
    );
    let diff = duty_diff(&old, &new);
    output.answer(&diff_json(&diff), |_| lines(&diff))?;
    Ok(match diff.is_empty() {
        true => Exit::Done,
        false => Exit::No,
    })
}

/// Says what an import of the list would change of what is in force; changes nothing. Where
/// there is no hub yet, nothing is in force.
pub(in crate::commands) fn dry_run(
    dir: &HubDir,
    list: &DutyList,
    output: &Output,
) -> Result<Exit, Failure> {
    let before = match Hub::open(&dir.dir, Arc::new(SystemHubClock)) {
        Ok(hub) => hub.pack_in_force(DUTIES).map_err(failure)?,
        Err(HubError::NotAHub) => None,
        Err(error) => return Err(failure(error)),
    };
    let before: DutyList = match &before {
        Some(pack) => serde_json::from_slice(pack)
            .map_err(|error| Failure::retry(format!("hub: the duties in force: {error}")))?,
        None => DutyList::default(),
    };
    let diff = duty_diff(&before, list);
    let (entries, classes) = (list.entries.len(), classes_count(list));
    let answer = json!({
        "kind": DUTIES,
        "dry_run": true,
        "entries_count": entries,
        "classes_count": classes,
        "new": write_duties(&before) != write_duties(list),
        "diff": diff_json(&diff),
    });
    output.answer(&answer, |_| {
        let head = format!("{DUTIES}: {entries} entries of {classes} classes would be imported\n");
        head + &lines(&diff)
    })?;
    Ok(Exit::Done)
}

fn diff_json(diff: &DutyDiff<'_>) -> Value {
    let entries = |entries: &[&DutyEntry]| -> Vec<Value> {
        entries.iter().map(|entry| entry_json(entry)).collect()
    };
    let changed = diff.changed.iter().map(|change| {
        json!({
            "class": change.new.class.as_str(),
            "name": change.new.name,
            "condition": change.new.condition,
            "fields": change.fields,
        })
    });
    json!({
        "same": diff.is_empty(),
        "added_count": diff.added.len(),
        "removed_count": diff.removed.len(),
        "changed_count": diff.changed.len(),
        "added": entries(&diff.added),
        "removed": entries(&diff.removed),
        "changed": changed.collect::<Vec<_>>(),
    })
}

fn lines(diff: &DutyDiff<'_>) -> String {
    let mut text = format!(
        "{} added, {} removed, {} changed\n",
        diff.added.len(),
        diff.removed.len(),
        diff.changed.len()
    );
    let name = |entry: &DutyEntry| match entry.condition.as_str() {
        "" => format!("{} {}", entry.class, entry.name),
        condition => format!("{} {} ({condition})", entry.class, entry.name),
    };
    for entry in &diff.added {
        text += &format!("+ {}\n", name(entry));
    }
    for entry in &diff.removed {
        text += &format!("- {}\n", name(entry));
    }
    for change in &diff.changed {
        for field in &change.fields {
            let (old, new) = (&field.old, &field.new);
            text += &format!("~ {}, {}: {old} → {new}\n", name(change.new), field.field);
        }
    }
    text
}
