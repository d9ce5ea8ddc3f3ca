//! `bading deadline`: answers by the city's clock, and what it turns away.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Answer, Bench, bading, run, text};

const GOLDEN: &str = include_str!("../../../fixtures/golden/deadline.json");

fn golden() -> Value {
    serde_json::from_str(GOLDEN).expect("the fixture is JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list of the fixture")
}

/// A folder with the fixture's calendar of 2025.
fn bench() -> (Bench, PathBuf) {
    let bench = Bench::new();
    let calendar = bench.write("2025.json", golden()["calendar"].to_string());
    (bench, calendar)
}

fn deadline<S: Into<OsString>>(arguments: impl IntoIterator<Item = S>) -> Answer {
    let arguments = arguments.into_iter().map(Into::into);
    run(std::iter::once(OsString::from("deadline")).chain(arguments))
}

fn ask(start: &str, limit: &str, more: &[OsString]) -> Answer {
    let arguments = ["--start", start, "--limit", limit].map(OsString::from);
    deadline(arguments.into_iter().chain(more.iter().cloned()))
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

#[test]
fn deadline_answers_every_example_of_the_fixture_one_by_one_and_at_once() {
    let (bench, calendar) = bench();
    let golden = golden();
    let with_calendar = [OsString::from("--calendar"), calendar.into()];
    let mut file = String::from("note,limit,start\n");
    for case in list(&golden["cases"]) {
        let (start, limit) = (text(&case["start"]), text(&case["limit"]));
        let answer = ask(&start, &limit, &with_calendar).json();
        for field in ["start", "limit", "due", "working_seconds", "continuous"] {
            assert_eq!(answer[field], case[field], "{field} of {case}");
        }
        file.push_str(&format!("x,{limit},{start}\n"));
    }
    let file = bench.write("limits.csv", file);
    let batch = [OsString::from("--batch"), file.into()];
    let answer = deadline(batch.into_iter().chain(with_calendar));
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    let lines: Vec<_> = answer.stdout.lines().collect();
    assert_eq!(lines.len(), list(&golden["cases"]).len());
    for (line, case) in lines.iter().zip(list(&golden["cases"])) {
        let answer: Value = serde_json::from_str(line).expect("an object a line");
        assert_eq!(answer["due"], case["due"], "{case}");
    }
}

#[test]
fn deadline_refuses_every_wrong_example_of_the_fixture() {
    let (_bench, calendar) = bench();
    let with_calendar = [OsString::from("--calendar"), calendar.into()];
    for case in list(&golden()["refused"]) {
        let (start, limit) = (text(&case["start"]), text(&case["limit"]));
        ask(&start, &limit, &with_calendar).assert_failed(2, &[&text(&case["names"])]);
    }
}

#[test]
fn deadline_needs_a_calendar_for_working_time_only() {
    let start = "2025-10-01T23:30:00+08:00";
    let answer = ask(start, "2紧急工作时", &[]).json();
    assert_eq!(answer["due"], "2025-10-02T01:30:00+08:00");
    ask(start, "2工作时", &[]).assert_failed(2, &["2025", "--calendar"]);
    let around = words(["--bare-is-continuous"]);
    let answer = ask(start, "2小时", &around).json();
    assert_eq!(answer["due"], "2025-10-02T01:30:00+08:00");
}

#[test]
fn deadline_goes_by_the_hours_and_the_offset_that_are_given() {
    let (bench, calendar) = bench();
    let empty = bench.write("2026.json", r#"{"year":2026,"papers":[],"days":[]}"#);
    let mut more = words(["--hours", "09:00-17:00", "10-01=10:00-11:00,13:00-15:00"]);
    more.extend(words(["--utc-offset-min", "540", "--calendar"]));
    more.extend([calendar.into(), empty.into()]);
    // 16:00 of 30 September there: one of eight hours, then seven eighths of three.
    let answer = ask("2025-09-30T07:00:00Z", "1天", &more).json();
    assert_eq!(answer["start"], "2025-09-30T16:00:00+09:00");
    assert_eq!(answer["due"], "2025-10-09T14:37:30+09:00");
    assert_eq!(answer["working_seconds"], 3_600 + 9_450);
    ask("2025-12-31T13:00:00+09:00", "1天", &more).assert_failed(2, &["2026"]);
}

#[test]
fn deadline_tells_a_person_in_one_line() {
    let output = bading()
        .args(["deadline", "--start", "2025-10-01T10:00:00.5+08:00"])
        .args(["--limit", "1自然日"])
        .output();
    let answer: Answer = output
        .expect("the command was built beside this test")
        .into();
    assert_eq!(
        answer.stdout,
        "2025-10-01T10:00:00.500+08:00 + 1自然日 → 2025-10-02T10:00:00.500+08:00 \
         (86400 seconds around the clock)\n"
    );
}

#[test]
fn batch_from_stdin_is_answered_in_order() {
    let mut child = bading()
        .args(["deadline", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built beside this test");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin
        .write_all(
            "start,limit\n2025-10-02T00:00:00Z,2自然日\n2025-10-01T00:00:00Z,1自然日\n".as_bytes(),
        )
        .expect("the command reads");
    drop(stdin);
    let answer: Answer = child
        .wait_with_output()
        .expect("a child of this test")
        .into();
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    let due: Vec<_> = answer
        .stdout
        .lines()
        .map(|line| text(&serde_json::from_str::<Value>(line).expect("JSON")["due"]))
        .collect();
    assert_eq!(
        due,
        ["2025-10-04T08:00:00+08:00", "2025-10-02T08:00:00+08:00"]
    );
}

#[test]
fn batch_with_one_wrong_row_names_it_and_prints_nothing() {
    let (bench, calendar) = bench();
    let good = "2025-10-09T08:00:00+08:00,1小时";
    for (name, row, names) in [
        (
            "limit.csv",
            "2025-10-09T08:00:00+08:00,3个半小时",
            ["row 2", "limit"],
        ),
        ("start.csv", "2025-10-09T08:00:00,1小时", ["row 2", "start"]),
        (
            "year.csv",
            "2025-12-31T17:00:00+08:00,2小时",
            ["row 2", "2026"],
        ),
        (
            "fields.csv",
            "2025-12-31T17:00:00+08:00",
            ["row 2", "fields"],
        ),
    ] {
        let file = bench.write(name, format!("start,limit\n{good}\n{row}\n"));
        let arguments = [
            OsString::from("--batch"),
            file.into(),
            "--calendar".into(),
            calendar.clone().into(),
        ];
        deadline(arguments).assert_failed(2, &[&names[..], &[name]].concat());
    }
    let file = bench.write("header.csv", "start,text\n");
    deadline([OsString::from("--batch"), file.into()]).assert_failed(2, &["header", "limit"]);
}

#[test]
fn calendar_that_is_wrong_is_named_with_its_field() {
    let (bench, calendar) = bench();
    let again = bench.write("again.json", golden()["calendar"].to_string());
    let whole = golden()["calendar"].to_string();
    for (name, content, names) in [
        (
            "date.json",
            whole.replace("2025-10-08", "2025-10-32"),
            "days[8].date",
        ),
        (
            "twice.json",
            whole.replace("2025-10-08", "2025-10-07"),
            "2025-10-07",
        ),
        (
            "field.json",
            whole.replace("isOffDay", "off"),
            "days[0].isOffDay",
        ),
        ("empty.json", String::new(), "JSON"),
    ] {
        let more = [
            OsString::from("--calendar"),
            bench.write(name, content).into(),
        ];
        let answer = ask("2025-10-09T08:00:00+08:00", "1小时", &more);
        answer.assert_failed(2, &[name, names]);
    }
    // Repeated, as well as with several values.
    let more = [
        OsString::from("--calendar"),
        calendar.into(),
        "--calendar".into(),
        again.into(),
    ];
    let answer = ask("2025-10-09T08:00:00+08:00", "1小时", &more);
    answer.assert_failed(2, &["again.json", "2025"]);
}

#[test]
fn flag_that_is_wrong_or_missing_is_named() {
    let start = "2025-10-09T08:00:00+08:00";
    for (more, name) in [
        (words(["--hours", "18:00-08:00"]), "--hours"),
        (words(["--utc-offset-min", "841"]), "--utc-offset-min"),
        (words(["--calendar", "nowhere.json"]), "nowhere.json"),
        (words(["--batch", "x.csv"]), "--batch"),
    ] {
        ask(start, "1自然日", &more).assert_failed(2, &[name]);
    }
    ask(start, "-1天", &[]).assert_failed(2, &["--limit", "-1天"]);
    deadline(["--start", start]).assert_failed(2, &["--limit"]);
    deadline::<&str>([]).assert_failed(2, &["--start"]);
}

#[test]
fn case_is_judged_as_in_the_fixture_and_a_wrong_one_is_told_by_its_field() {
    let (bench, calendar) = bench();
    let golden = golden();
    let ask = |content: String| {
        let file = bench.write("case.json", content);
        let case = [OsString::from("--case"), file.into()];
        let calendar = [OsString::from("--calendar"), calendar.clone().into()];
        deadline(case.into_iter().chain(calendar))
    };
    for case in list(&golden["handlings"]).iter().take(4) {
        let answer = ask(case["case"].to_string()).json();
        let expected = case["expected"].as_object().expect("fields");
        for (field, value) in expected {
            assert_eq!(answer[field], *value, "{field} of {case}");
        }
    }
    let dispatched = r#"{"what":"dispatched","at":"2025-10-09T09:00:00+08:00"}"#;
    let with = |more: &str| format!(r#"{{"limit":"4小时","events":[{dispatched},{more}]}}"#);
    ask(with(r#"{"what":"suspended","at":"2025-10-09","until":1}"#))
        .assert_failed(2, &["case.json", "events[1].at", "offset"]);
    ask(with(
        r#"{"what":"paused","at":"2025-10-09T09:00:00+08:00"}"#,
    ))
    .assert_failed(2, &["events[1].what", "suspended"]);
    ask(
        with(r#"{"what":"rework","at":"2025-10-09T09:00:00+08:00"}"#).replace("4小时", "3个半小时"),
    )
    .assert_failed(2, &["case.json", "limit", "3个半小时", "210分钟"]);
    // A limit that reaches beyond the calendar names the year.
    ask(with(r#"{"what":"closed","at":"2025-10-09T09:00:00+08:00"}"#).replace("4小时", "90工作日"))
        .assert_failed(2, &["case.json", "2026", "--calendar"]);
}

#[test]
fn year_that_is_not_published_is_told_from_one_that_was_not_given() {
    let bench = Bench::new();
    let empty = bench.write("2027.json", r#"{"year":2027,"papers":[],"days":[]}"#);
    let more = [OsString::from("--calendar"), empty.into()];
    ask("2027-03-01T09:00:00+08:00", "2工作时", &more)
        .assert_failed(2, &["2027", "not published yet"]);
}
