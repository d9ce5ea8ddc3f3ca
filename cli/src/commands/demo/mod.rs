//! The whole loop on this machine, with nothing pretended: a hub process that is killed and
//! started again, four devices with stores of their own, real photos, real HTTP, a day in
//! the field from the first report to the verdict. What the run finds is compared with
//! `fixtures/demo/expected.json`, so it fails when anything differs.

mod clock;
mod day;
mod facts;
mod play;
mod process;
mod real;

use std::path::PathBuf;

use serde_json::{Value, json};

use self::play::Demo;
use self::process::free_port;
use crate::args;
use crate::output::{Exit, Failure, Output};

const EXPECTED: &str = include_str!("../../../../fixtures/demo/expected.json");
/// What comes out of the real data is as reproducible as the bundled day.
const EXPECTED_OF_DATA: &str = include_str!("../../../../fixtures/demo/expected_data.json");

pub(super) fn run(given: &args::Demo, output: &Output) -> Result<Exit, Failure> {
    let (day, expected) = match (&given.data, &given.day) {
        (Some(dir), _) => (real::day(dir)?, EXPECTED_OF_DATA),
        (None, Some(dir)) => (day::from_folder(dir)?, EXPECTED),
        (None, None) => (day::bundled()?, EXPECTED),
    };
    let (dir, is_temporary) = match &given.dir {
        Some(dir) => (dir.clone(), false),
        None => (temporary_dir(), true),
    };
    if dir.exists()
        && dir
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(Failure::in_file(
            &dir,
            "the folder is not empty: the demo starts from nothing",
        ));
    }
    let port = if given.once { free_port()? } else { given.port };
    let mut demo = Demo::new(&dir, port, day, output)?;
    let mut found = demo.play()?;
    if let Some(dir) = &given.data {
        found["beside_other_software"] = real::comparisons(dir)?;
    }
    let expected: Value = serde_json::from_str(expected).map_err(|error| Failure {
        exit: Exit::Bug,
        line: format!("expected.json: {error}"),
    })?;
    let differences = differences("", &expected, &found);
    let answer =
        json!({ "agrees": differences.is_empty(), "differences": differences, "found": found });
    output.answer(&answer, |_| summary(&found, &differences))?;
    let exit = if differences.is_empty() {
        Exit::Done
    } else {
        Exit::No
    };
    if !given.once {
        demo.hub_in_the_evening()?;
        output.note(format!(
            "the day's page: {} (stop the hub with Ctrl-C)",
            demo.hub.url()
        ));
        demo.hub.wait();
    }
    drop(demo);
    if is_temporary && given.once {
        // What stays behind in a temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&dir);
    }
    Ok(exit)
}

fn temporary_dir() -> PathBuf {
    std::env::temp_dir().join(format!("bading-demo-{}", std::process::id()))
}

/// Where two documents differ, each with its path.
fn differences(path: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let mut keys: Vec<_> = expected.keys().chain(found.keys()).collect();
            keys.sort();
            keys.dedup();
            let null = Value::Null;
            keys.into_iter()
                .flat_map(|key| {
                    let (e, f) = (expected.get(key), found.get(key));
                    differences(
                        &format!("{path}/{key}"),
                        e.unwrap_or(&null),
                        f.unwrap_or(&null),
                    )
                })
                .collect()
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!("{path}: expected {expected}, found {found}")],
    }
}

fn summary(found: &Value, differences: &[String]) -> String {
    let mut lines = String::new();
    write_leaves("", found, &mut lines);
    for difference in differences {
        lines.push_str(&format!("DIFFERS {difference}\n"));
    }
    lines.push_str(match differences {
        [] => "everything is as expected\n",
        _ => "NOT as expected\n",
    });
    lines
}

/// One line for each thing that was found, by its path.
fn write_leaves(path: &str, value: &Value, lines: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                write_leaves(&path, member, lines);
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(plain).collect();
            lines.push_str(&format!("{path:<34} {}\n", items.join(", ")));
        }
        leaf => lines.push_str(&format!("{path:<34} {}\n", plain(leaf))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
