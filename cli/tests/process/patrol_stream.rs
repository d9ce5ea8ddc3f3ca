//! `bading patrol feed -`: rows as they come, from a program that records.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Bench, Phone, text};
use crate::walks::{HEADER, csv, row, street_walk};

/// Feeds a file's rows through stdin.
fn pipe(phone: &Phone, file: &Path) -> Answer {
    let mut command = phone.command(["patrol", "feed", "-"]);
    command.stdin(File::open(file).expect("the test's own file"));
    let output = command.output();
    output
        .expect("the command was built beside this test")
        .into()
}

fn start_stream(phone: &Phone) -> Child {
    let mut command = phone.command(["patrol", "feed", "-"]);
    let child = command.stdin(Stdio::piped()).spawn();
    child.expect("the command was built beside this test")
}

/// Looks at the patrol until the store has so many fixes of it.
#[track_caller]
fn wait_for_fixes(phone: &Phone, count: usize) -> Value {
    let started = Instant::now();
    loop {
        let view = phone.run(["patrol", "status"]).json();
        if view["fixes"] == count {
            return view;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{count} fixes: {view}"
        );
    }
}

fn causes(view: &Value) -> Vec<String> {
    let list = view["interruptions"].as_array().expect("a list");
    list.iter()
        .map(|interruption| text(&interruption["why"]))
        .collect()
}

#[test]
fn killed_stream_loses_nothing_that_was_written_and_says_that_it_died() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["patrol", "start"]).json();
    let walk = street_walk(0, 2_000);
    let mut child = start_stream(&phone);
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin
        .write_all(HEADER.as_bytes())
        .expect("the command reads");
    for fix in &walk[..40] {
        stdin
            .write_all(row(*fix).as_bytes())
            .expect("the command reads");
    }
    // The pipe stays open: what was fed is written without a row after it.
    let view = wait_for_fixes(&phone, 40);
    assert_eq!(view["phase"], "recording");
    stdin
        .write_all(row(walk[40]).as_bytes())
        .expect("the command reads");
    wait_for_fixes(&phone, 41);
    child.kill().expect("a child that nobody has waited for");
    let died = Answer::from(child.wait_with_output().expect("a child of this test"));
    assert_eq!(died.exit, None, "a signal ended it");

    let view = phone.run(["patrol", "status"]).json();
    assert_eq!(view["fixes"], 41, "looking takes nothing over");
    assert_eq!(causes(&view), Vec::<String>::new());
    let rest = bench.write("rest.csv", csv(&walk[41..]));
    let fed = pipe(&phone, &rest).json();
    assert_eq!((&fed["fed"], &fed["fixes"]), (&json!(60), &json!(101)));
    let view = phone.run(["patrol", "status"]).json();
    assert_eq!(causes(&view), ["process_ended"]);
    assert_eq!(view["accepted"], 101);
    let view = phone.run(["patrol", "finish"]).json();
    assert_eq!((&view["fixes"], causes(&view).len()), (&json!(101), 1));
    phone.assert_sound();
}

#[test]
fn row_that_is_wrong_is_told_with_its_number_and_the_others_are_fed() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["patrol", "start"]).json();
    let walk = street_walk(0, 100);
    let mut rows = String::from("mock,lon,lat,time,note\n");
    for (number, fix) in (1..).zip(&walk) {
        let row = row(*fix);
        let fields: Vec<_> = row.trim().split(',').collect();
        let lat = if number == 3 { "north" } else { fields[1] };
        rows += &format!("{},{},{lat},{},x\n", fields[4], fields[2], fields[0]);
    }
    rows += &format!("\nfalse,{}\n", "9".repeat(100_000));
    let answer = pipe(&phone, &bench.write("rows.csv", rows));
    assert_eq!(answer.exit, Some(2), "{answer:?}");
    let told: Vec<_> = answer.stderr.lines().collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("row 3, lat: `north`"), "{told:?}");
    assert!(told[1].contains("row 7: longer than"), "{told:?}");
    assert!(told[2].contains("2 of 7 rows"), "{told:?}");
    let fed: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
    assert_eq!((&fed["fed"], &fed["accepted"]), (&json!(5), &json!(5)));
    // In order of arrival, from process to process, without a gap of its own making.
    let more = street_walk(100, 300);
    let later: Vec<_> = more.iter().map(|(s, x, y)| (s + 200.0, *x, *y)).collect();
    pipe(&phone, &bench.write("more.csv", csv(&later))).json();
    let view = phone.run(["patrol", "finish"]).json();
    assert_eq!((&view["fixes"], causes(&view).len()), (&json!(16), 0));
    phone.assert_sound();
}

#[test]
fn header_that_is_wrong_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["patrol", "start"]).json();
    let before = crate::support::snapshot(&phone.0);
    for (header, names) in [
        ("when,lat,lon\n", ["header", "time"]),
        ("", ["header", "empty"]),
        ("<gpx version=\"1.1\">\n", ["header", "column"]),
    ] {
        let answer = pipe(&phone, &bench.write("header.csv", header));
        answer.assert_failed(2, &names);
        assert_eq!(crate::support::snapshot(&phone.0), before, "{header}");
    }
    assert_eq!(phone.run(["patrol", "status"]).json()["fixes"], 0);
}
