//! The demo's numbers are computed from its day: another fix or another report is another day.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Answer, Bench, bading};

const DAY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/demo");

fn play(day: &Path) -> (Option<i32>, Value) {
    let output = bading()
        .args(["--json", "demo", "--once", "--day"])
        .arg(day)
        .output()
        .expect("the command was built beside this test");
    let answer = Answer::from(output);
    let json = serde_json::from_str(&answer.stdout);
    (answer.exit, json.unwrap_or_else(|_| panic!("{answer:?}")))
}

/// A copy of the bundled day with one file rewritten.
fn changed(bench: &Bench, file: &str, change: impl FnOnce(String) -> String) -> PathBuf {
    let copy = bench.path("day");
    fs::create_dir(&copy).expect("a new folder");
    for entry in fs::read_dir(DAY).expect("the bundled day") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), copy.join(entry.file_name())).expect("a copy");
    }
    let path = copy.join(file);
    let text = fs::read_to_string(&path).expect("a text");
    let other = change(text.clone());
    assert_ne!(text, other, "the change changes {file}");
    fs::write(&path, other).expect("written");
    copy
}

fn differing(found: &Value) -> Vec<&str> {
    let all = found["differences"].as_array().expect("a list");
    let lines = all.iter().map(|line| line.as_str().expect("a line"));
    lines
        .map(|line| line.split(':').next().unwrap_or(line))
        .collect()
}

#[test]
fn day_with_one_fix_moved_has_another_coverage_and_another_verdict() {
    let bench = Bench::new();
    // A fix in the middle of the first street, half a kilometre north.
    let day = changed(&bench, "walk.csv", |text| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines[60] = lines[60].replacen(",31.22", ",31.23", 1);
        lines.join("\n")
    });
    let (exit, found) = play(&day);
    assert_eq!(exit, Some(1));
    let differing = differing(&found);
    assert!(
        differing.contains(&"/review/shift/fixes/rejected/speed"),
        "{differing:?}"
    );
    assert!(
        differing
            .iter()
            .all(|path| path.starts_with("/review/shift/")),
        "{differing:?}"
    );
}

#[test]
fn day_with_the_duplicate_reported_elsewhere_counts_and_scores_otherwise() {
    let bench = Bench::new();
    let day = changed(&bench, "reports.csv", |text| {
        text.replace("020101,31.2286,121.4657,", "010201,31.2286,121.4657,")
    });
    let (exit, found) = play(&day);
    assert_eq!(exit, Some(1));
    let differing = differing(&found);
    for path in [
        "/near_duplicate_hints",
        "/review/shift/excluded",
        "/review/shift/quality",
    ] {
        assert!(differing.contains(&path), "{path}: {differing:?}");
    }
    assert!(
        differing.contains(&"/review/shift/verdict"),
        "{differing:?}"
    );
}

#[test]
fn day_whose_roster_names_somebody_unknown_is_refused_before_it_is_played() {
    let bench = Bench::new();
    let day = changed(&bench, "roster.csv", |text| {
        text.replace("i-0002", "i-0404")
    });
    let output = bading()
        .args(["demo", "--once", "--day"])
        .arg(&day)
        .output()
        .expect("the command was built beside this test");
    Answer::from(output).assert_failed(2, &["roster", "i-0404"]);
}
