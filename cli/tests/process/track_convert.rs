//! `bading track convert`.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;

use crate::support::{Answer, Bench, bading, run, text};
use crate::walks::{HEADER, row};

fn convert(file: &Path, more: &[&str]) -> Answer {
    let words = ["track", "convert"].map(OsStr::new);
    run(words
        .into_iter()
        .chain([file.as_os_str()])
        .chain(more.iter().map(OsStr::new)))
}

/// A walk on a line with a mock fix and one far off.
fn walk() -> String {
    let mut fixes: Vec<String> = (0..20_u32)
        .map(|n| row((f64::from(n) * 8.0, f64::from(n) * 10.0, 0.0)))
        .collect();
    fixes[7] = row((56.0, 5_000.0, 0.0));
    fixes[9] = fixes[9].replace("false", "true");
    std::iter::once(HEADER.to_owned()).chain(fixes).collect()
}

fn fixes(found: &Value) -> Vec<Value> {
    found["fixes"].as_array().expect("a list").clone()
}

#[test]
fn track_goes_through_every_format_and_comes_back_with_its_reasons() {
    let bench = Bench::new();
    let walk = bench.write("walk.csv", walk());
    // What is written has its degrees to a centimetre.
    let first = bench.path("first");
    convert(
        &walk,
        &["--to", "csv", "--out", &first.display().to_string()],
    )
    .json();
    let known = convert(&first, &[]).json();
    assert_eq!(fixes(&known).len(), 20);
    assert_eq!(
        known["rejected"],
        serde_json::json!({"mock": 1, "speed": 1})
    );
    assert_eq!(known["fixes"][7]["rejected"], "speed");
    assert_eq!(known["fixes"][9]["rejected"], "mock");
    assert_eq!(known["fixes"][8]["rejected"], Value::Null);
    let mut last = first;
    // The reader goes by content: every file has a name that says nothing.
    for format in ["gpx", "geojson", "csv", "geojson", "gpx"] {
        let whole = std::fs::read(&last).expect("the file of the step before");
        let from = bench.write("from", whole);
        let next = bench.write("track", "to be replaced");
        let out = next.display().to_string();
        let written = convert(&from, &["--to", format, "--out", &out]).json();
        assert_eq!(written["fixes"], 20);
        assert_eq!(text(&written["file"]), out);
        assert_eq!(written["rejected"], known["rejected"]);
        assert_eq!(
            fixes(&convert(&next, &[]).json()),
            fixes(&known),
            "{format}"
        );
        last = next;
    }
}

#[test]
fn document_goes_to_stdout_and_the_mode_decides_what_is_believed() {
    let bench = Bench::new();
    let track = bench.write("walk.csv", walk());
    let told = |more: &[&str]| {
        let output = bading()
            .args(["track", "convert"])
            .arg(&track)
            .args(more)
            .output()
            .expect("the command was built beside this test");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(told(&[]).starts_with("<?xml"));
    assert!(told(&["--to", "csv"]).starts_with("time,lat,lon,accuracy_m,mock\n"));
    let json: Value = serde_json::from_str(&told(&["--to", "geojson"])).expect("GeoJSON");
    assert_eq!(json["features"][7]["properties"]["rejected"], "speed");
    // What is too fast on foot may be a drive, but not 600 m/s.
    let ride = convert(&track, &["--mode", "vehicle"]).json();
    assert_eq!(ride["fixes"][7]["rejected"], "speed");
}

#[test]
fn what_cannot_be_read_or_asked_is_refused_with_its_place() {
    let bench = Bench::new();
    let bad = bench.write(
        "bad.geojson",
        r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties":
        {"time": "2026-03-02T00:00:00Z"}, "geometry": {"type": "Point", "coordinates": [31.2, 121.4]}}]}"#,
    );
    convert(&bad, &[]).assert_failed(2, &["bad.geojson", "feature 1", "lat"]);
    let plt = bench.write("bad.plt", "Geolife trajectory\nBD09\n");
    convert(&plt, &[]).assert_failed(2, &["bad.plt", "line 2", "WGS 84"]);
    let good = bench.write("walk.csv", walk());
    convert(&good, &["--to", "kml"]).assert_failed(2, &["kml"]);
    convert(&good, &["--mode", "kite"]).assert_failed(2, &["--mode", "kite"]);
    let gone = bench.write("gone.csv", "");
    convert(&gone, &[]).assert_failed(2, &["gone.csv", "empty"]);
}
