//! `bading coverage --grids`: which cells a track visited, and what it turns away.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Answer, Bench, bading, run, text};
use crate::walks::{at, csv, line, route, time};

fn ask(grids: &Path, track: &Path, more: &[&str]) -> Answer {
    let files = ["coverage".as_ref(), "--grids".as_ref(), grids.as_os_str()];
    let track = ["--track".as_ref(), track.as_os_str()];
    let more = more.iter().map(OsString::from);
    let given = files.into_iter().chain(track).map(OsString::from);
    run(given.chain(more))
}

/// A rectangle in metres, 100 m high, under a code.
fn cell(code: &str, west: f64, east: f64) -> Value {
    let corners = [
        (west, 0.0),
        (east, 0.0),
        (east, 100.0),
        (west, 100.0),
        (west, 0.0),
    ];
    let ring = &line(&corners)["coordinates"];
    json!({"type": "Feature", "properties": {"code": code, "name": format!("cell {code}")},
           "geometry": {"type": "Polygon", "coordinates": [ring]}})
}

/// DOMAIN's cells, and C beyond them.
fn grids(bench: &Bench) -> PathBuf {
    let cells = [
        cell("A", 0.0, 100.0),
        cell("B", 100.0, 200.0),
        cell("C", 500.0, 600.0),
    ];
    let file = json!({"type": "FeatureCollection", "features": cells});
    bench.write("grids.geojson", file.to_string())
}

/// Along y = 50 m from 30 m before A to 30 m behind B, 20 m and 16 s a step.
fn walk() -> Vec<(f64, f64, f64)> {
    (0..=13)
        .map(|n| (f64::from(n) * 16.0, f64::from(n) * 20.0 - 30.0, 50.0))
        .collect()
}

fn walked(bench: &Bench) -> (PathBuf, PathBuf) {
    (grids(bench), bench.write("track.csv", csv(&walk())))
}

#[test]
fn walk_through_two_of_three_cells_is_told_with_its_times() {
    let bench = Bench::new();
    let (grids, track) = walked(&bench);
    let found = ask(&grids, &track, &[]).json();
    assert_eq!(found["cells_planned"], 3);
    assert_eq!(found["cells_visited"], 2);
    assert_eq!(found["ratio"], 0.666_667);
    assert_eq!(found["outside_s"], 48.0);
    assert_eq!(found["no_fix_s"], 0.0);
    assert_eq!(found["recorded_s"], 208.0);
    assert_eq!(found["fixes"]["accepted"], 14);
    let b = &found["cells"][1];
    let walked_m = b["walked_m"].as_f64().expect("metres");
    assert!((walked_m - 100.0).abs() < 0.01, "{walked_m}");
    let expected = json!({
        "code": "B", "visited": true, "seconds": 80.0, "entries": 1, "exits": 1,
        "first": time(104.0), "last": time(184.0), "walked_m": walked_m,
        "visits": [{"enter": time(104.0), "leave": time(184.0)}],
    });
    assert_eq!(*b, expected);
    let expected = json!({
        "code": "C", "visited": false, "seconds": 0.0, "entries": 0, "exits": 0,
        "first": null, "last": null, "walked_m": 0.0, "visits": [],
    });
    assert_eq!(found["cells"][2], expected);
}

#[test]
fn only_the_cells_that_are_asked_for_count_and_the_share_can_be_required() {
    let bench = Bench::new();
    let (grids, track) = walked(&bench);
    let found = ask(&grids, &track, &["--cells", "B,C"]).json();
    assert_eq!(found["cells_planned"], 2);
    assert_eq!(found["outside_s"], 128.0);
    let more = ["--cells", "B,C", "--require", "0.5"];
    assert_eq!(ask(&grids, &track, &more).exit, Some(0));
    let more = ["--cells", "B,C", "--require", "0.51"];
    assert_eq!(ask(&grids, &track, &more).exit, Some(1));
    let found = ask(
        &grids,
        &track,
        &["--code-property", "name", "--cells", "cell A"],
    )
    .json();
    assert_eq!(found["ratio"], 1.0);
}

#[test]
fn streets_are_told_for_each_cell() {
    let bench = Bench::new();
    let (grids, track) = walked(&bench);
    let streets = json!({"type": "FeatureCollection", "features": [
        route(&[(-100.0, 50.0), (150.0, 50.0)], json!({"name": "East Street"})),
        route(&[(20.0, 10.0), (20.0, 20.0)], json!({})),
    ]});
    let streets = bench.write("streets.geojson", streets.to_string());
    let streets = streets.to_str().expect("the test's own path");
    let found = ask(&grids, &track, &["--streets", streets]).json();
    let told = |cell: usize| {
        ["streets_m", "streets_covered_m"].map(|field| {
            found["cells"][cell][field]
                .as_f64()
                .expect("metres")
                .round() as u32
        })
    };
    assert_eq!([told(0), told(1), told(2)], [[110, 100], [50, 50], [0, 0]]);
    assert_eq!(found["cells"][1]["streets_ratio"], 1.0);
    assert_eq!(found["cells"][2]["streets_ratio"], Value::Null);
}

#[test]
fn map_holds_the_cells_with_what_was_seen_and_the_walk() {
    let bench = Bench::new();
    let (grids, track) = walked(&bench);
    let map = bench.path("map.geojson");
    let told = ask(
        &grids,
        &track,
        &["--geojson", map.to_str().expect("own path")],
    )
    .json();
    let map: Value = serde_json::from_slice(&fs::read(map).expect("written")).expect("JSON");
    let features = map["features"].as_array().expect("a list");
    let kinds: Vec<_> = features
        .iter()
        .map(|feature| text(&feature["properties"]["kind"]))
        .collect();
    assert_eq!(kinds, ["cell", "cell", "cell", "track"]);
    assert_eq!(
        features[1]["properties"]["seconds"],
        told["cells"][1]["seconds"]
    );
    let corner = &features[1]["geometry"]["coordinates"][0][0][0];
    let (_, lon) = at(100.0, 0.0);
    assert!((corner[0].as_f64().expect("degrees") - lon).abs() < 1e-7);
}

#[test]
fn person_reads_a_table() {
    let bench = Bench::new();
    let (grids, track) = walked(&bench);
    let output = bading()
        .args(["coverage".as_ref(), "--grids".as_ref(), grids.as_os_str()])
        .args(["--track".as_ref(), track.as_os_str()])
        .output()
        .expect("the command was built beside this test");
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "cells        2/3, 66.67 %\n",
        "in cells     0:02:40\n",
        "outside      0:00:48\n",
        "B     yes       0:01:20        1      1    100 m\n",
        "never seen   1: C\n",
    ] {
        assert!(lines.contains(part), "no `{part}` in\n{lines}");
    }
}

#[test]
fn cells_and_tracks_of_one_datum_give_the_same_times() {
    use bading_core::geo::datum::{Datum, convert};
    let bench = Bench::new();
    let mut file: Value =
        serde_json::from_slice(&fs::read(grids(&bench)).expect("own")).expect("own");
    for feature in file["features"].as_array_mut().expect("a list") {
        for position in feature["geometry"]["coordinates"][0]
            .as_array_mut()
            .expect("a ring")
        {
            let deg = |at: usize| position[at].as_f64().expect("degrees");
            let (lat, lon) = convert(Datum::Wgs84, Datum::Gcj02, deg(1), deg(0)).expect("in China");
            *position = json!([lon, lat]);
        }
    }
    let grids = bench.write("gcj.geojson", file.to_string());
    let mut track = "time,lat,lon\n".to_owned();
    for (at_s, x_m, y_m) in walk() {
        let (lat, lon) = at(x_m, y_m);
        let (lat, lon) = convert(Datum::Wgs84, Datum::Gcj02, lat, lon).expect("in China");
        track += &format!("{},{lat},{lon}\n", time(at_s));
    }
    let track = bench.write("gcj.csv", track);
    let found = ask(&grids, &track, &["--datum", "gcj02"]).json();
    for cell in 0..2 {
        let seconds = found["cells"][cell]["seconds"].as_f64().expect("seconds");
        assert!((seconds - 80.0).abs() < 0.01, "{seconds}");
    }
}

#[test]
fn wrong_input_is_named() {
    let bench = Bench::new();
    let (grids, track) = walked(&bench);
    let own = |path: &Path| path.to_str().expect("own path").to_owned();
    let fails = |grids: &Path, track: &Path, more: &[&str], names: &[&str]| {
        ask(grids, track, more).assert_failed(2, names);
    };
    fails(
        &grids,
        &track,
        &["--cells", "A,X"],
        &["grids.geojson", "--cells", "`X`"],
    );
    fails(
        &grids,
        &track,
        &["--code-property", "nr"],
        &["grids.geojson", "feature 1", "nr"],
    );
    fails(&bench.path("gone"), &track, &[], &["gone"]);
    fails(&grids, &bench.path("gone"), &[], &["gone"]);
    let empty = bench.write(
        "empty.geojson",
        r#"{"type":"FeatureCollection","features":[]}"#,
    );
    fails(&empty, &track, &[], &["empty.geojson", "no cell"]);
    let twice = json!({"type": "FeatureCollection",
                       "features": [cell("A", 0.0, 100.0), cell("A", 100.0, 200.0)]});
    let twice = bench.write("twice.geojson", twice.to_string());
    fails(&twice, &track, &[], &["twice.geojson", "feature 2"]);
    let swapped = bench.write(
        "swapped.csv",
        format!("time,lat,lon\n{},121.47,31.23\n", time(0.0)),
    );
    fails(&grids, &swapped, &[], &["swapped.csv", "row 1"]);
    let nan = bench.write(
        "nan.csv",
        format!("time,lat,lon\n{},NaN,121.47\n", time(0.0)),
    );
    fails(&grids, &nan, &[], &["nan.csv", "row 1"]);
    fails(
        &grids,
        &track,
        &["--streets", &own(&grids)],
        &["grids.geojson", "feature 1"],
    );
    fails(&grids, &track, &["--directed"], &["--directed"]);
    fails(Path::new("-"), Path::new("-"), &[], &["stdin"]);
    let route = own(&bench.write(
        "route.geojson",
        line(&[(0.0, 0.0), (50.0, 0.0)]).to_string(),
    ));
    fails(&grids, &track, &["--route", &route], &["--route"]);
    run([
        "coverage",
        "--route",
        &route,
        "--track",
        &own(&track),
        "--cells",
        "A",
    ])
    .assert_failed(2, &["--cells"]);
    for more in [["--threads", "2"], ["--tracks", "folder"]] {
        fails(&grids, &track, &more, &more[..1]);
    }
    run(["coverage", "--track", &own(&track)]).assert_failed(2, &["--route"]);
}
