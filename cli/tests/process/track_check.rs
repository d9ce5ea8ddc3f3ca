//! `bading track check`, and the flags beside a coverage.

use std::path::Path;

use serde_json::Value;

use crate::support::{Answer, Bench, bading, run, text};
use crate::walks::{HEADER, csv, line, row};

fn check(files: &[&Path], more: &[&str]) -> Answer {
    let words = ["track", "check"].map(AsRef::as_ref);
    let files = files.iter().map(|path| path.as_os_str());
    let more = more.iter().map(AsRef::as_ref);
    run(words.into_iter().chain(files).chain(more))
}

/// A walk of 900 m with the noise of its seed.
fn stroll(seed: u64) -> Vec<(f64, f64, f64)> {
    let mut state = seed;
    let mut noise_m = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 22) - 2.0
    };
    (0..90_u32)
        .map(|n| {
            let n = f64::from(n);
            (n * 8.0, n * 10.0 + noise_m(), noise_m())
        })
        .collect()
}

/// The CSV of a walk with an accuracy that varies.
fn varied(walk: &[(f64, f64, f64)]) -> String {
    let rows = walk.iter().enumerate().map(|(n, fix)| {
        let accuracy = format!(",{},", 4 + n % 3);
        row(*fix).replace(",5,", &accuracy)
    });
    std::iter::once(HEADER.to_owned()).chain(rows).collect()
}

fn kinds(flags: &Value) -> Vec<String> {
    let flags = flags.as_array().expect("a list");
    flags.iter().map(|flag| text(&flag["kind"])).collect()
}

#[test]
fn track_drawn_with_a_ruler_has_its_flags_and_an_honest_one_has_none() {
    let bench = Bench::new();
    let drawn: Vec<_> = (0..120_u32)
        .map(|n| (f64::from(n) * 8.0, f64::from(n) * 10.0, 0.0))
        .collect();
    let drawn = bench.write("drawn.csv", csv(&drawn));
    let honest = bench.write("honest.csv", varied(&stroll(1)));
    let found = check(&[&drawn, &honest], &[]).json();
    let expected = ["straight_line", "equal_steps", "constant_accuracy"];
    assert_eq!(kinds(&found["tracks"][0]["flags"]), expected);
    assert_eq!(kinds(&found["tracks"][1]["flags"]), [""; 0]);
    assert_eq!(found["tracks"][0]["fixes"], 120);
    let length_m = found["tracks"][0]["length_m"].as_f64().expect("metres");
    assert!((length_m - 1_190.0).abs() < 0.1, "{length_m}");
    assert_eq!(found["repeated"], serde_json::json!([]));
    let print = text(&found["tracks"][1]["fingerprint"]);
    assert!(
        print.starts_with("01") && print.len() <= 2 * 1025,
        "{print}"
    );
}

#[test]
fn replay_on_another_day_is_one_track_with_its_origin() {
    let bench = Bench::new();
    let walk = stroll(1);
    let later: Vec<_> = walk
        .iter()
        .map(|(s, x, y)| (s + 86_400.0, *x, *y))
        .collect();
    let first = bench.write("first.csv", varied(&walk));
    let replay = bench.write("replay.csv", varied(&later));
    let other = bench.write("other.csv", varied(&stroll(2)));
    let found = check(&[&first, &other, &replay], &[]).json();
    let repeated = found["repeated"].as_array().expect("a list");
    assert_eq!(repeated.len(), 1, "{found}");
    let names = [&repeated[0]["files"][0], &repeated[0]["files"][1]].map(text);
    assert!(names[0].ends_with("first.csv") && names[1].ends_with("replay.csv"));
    assert!(repeated[0]["similarity"].as_f64().expect("a share") > 0.8);
    let told = bading()
        .args(["track", "check"])
        .args([&first, &replay])
        .output()
        .expect("the command was built beside this test");
    let told = String::from_utf8(told.stdout).expect("UTF-8");
    assert!(told.contains("conspicuous  nothing"), "{told}");
    assert!(told.contains("are one track"), "{told}");
}

#[test]
fn mode_decides_what_is_fast() {
    let bench = Bench::new();
    let ride: Vec<_> = stroll(1)
        .iter()
        .map(|(s, x, y)| (*s, x * 7.0, *y))
        .collect();
    let ride = bench.write("ride.csv", varied(&ride));
    let kinds_as = |mode| {
        let found = check(&[&ride], &["--mode", mode]).json();
        kinds(&found["tracks"][0]["flags"])
    };
    assert_eq!(kinds_as("walk"), ["speed"]);
    assert_eq!(kinds_as("vehicle"), [""; 0]);
    check(&[&ride], &["--mode", "kite"]).assert_failed(2, &["--mode", "kite"]);
}

#[test]
fn what_is_no_track_is_refused_by_its_name_and_row() {
    let bench = Bench::new();
    let good = bench.write("good.csv", varied(&stroll(1)));
    let bad = bench.write(
        "bad.csv",
        format!("{HEADER}2026-03-02T00:00:00Z,121.4,31.2,5,false\n"),
    );
    check(&[&good, &bad], &[]).assert_failed(2, &["bad.csv", "row 1", "lat"]);
    let gone = bench.write("good.csv", String::new());
    check(&[&gone], &[]).assert_failed(2, &["good.csv"]);
    check(&["-".as_ref(), "-".as_ref()], &[]).assert_failed(2, &["stdin"]);
    check(&[], &[]).assert_failed(2, &["FILE"]);
}

#[test]
fn coverage_tells_the_flags_of_its_track() {
    let bench = Bench::new();
    let route = bench.write(
        "route.geojson",
        line(&[(0.0, 0.0), (900.0, 0.0)]).to_string(),
    );
    let mut mock = csv(&stroll(1));
    mock = mock.replacen("false", "true", 3);
    let track = bench.write("track.csv", mock);
    let ask = |is_json: bool| {
        let mut command = bading();
        if is_json {
            command.arg("--json");
        }
        let files = [Path::new("--route"), &route, Path::new("--track"), &track];
        let output = command.arg("coverage").args(files).output();
        Answer::from(output.expect("the command was built beside this test"))
    };
    let found = ask(true).json();
    assert_eq!(kinds(&found["plausibility"]), ["mock"]);
    assert_eq!(found["plausibility"][0]["count"], 3);
    assert!(found["covered_m"].as_f64().expect("metres") > 500.0);
    let told = ask(false).stdout;
    assert!(
        told.contains("conspicuous  3 fixes marked as mock positions"),
        "{told}"
    );
}
