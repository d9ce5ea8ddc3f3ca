//! `bading coverage`: what it answers, and what it turns away.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use bading_core::geo::datum::{Datum, convert};
use serde_json::{Value, json};

use crate::support::{Answer, Bench, bading, run, snapshot, text};
use crate::walks::{CORNER, at, corner_walk, csv, gpx, line, route, street_walk, time};

/// Asks about one route and one track.
fn ask(route: &Path, track: &Path, more: &[&str]) -> Answer {
    let files = ["coverage".as_ref(), "--route".as_ref(), route.as_os_str()];
    let track = ["--track".as_ref(), track.as_os_str()];
    let more = more.iter().map(OsString::from);
    run(files
        .into_iter()
        .chain(track)
        .map(OsString::from)
        .chain(more))
}

/// DOMAIN's example as files.
fn corner(bench: &Bench) -> (PathBuf, PathBuf) {
    (
        bench.write("route.geojson", line(&CORNER).to_string()),
        bench.write("track.csv", csv(&corner_walk())),
    )
}

/// A street of 400 m and a walk of all of it.
fn street(bench: &Bench) -> (PathBuf, PathBuf) {
    let planned = route(&[(0.0, 0.0), (400.0, 0.0)], json!({}));
    (
        bench.write("street.geojson", planned.to_string()),
        bench.write("street.csv", csv(&street_walk(0, 400))),
    )
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

#[track_caller]
fn assert_near(value: &Value, expected: f64, tolerance: f64) {
    let found = value.as_f64().expect("a number");
    assert!(
        (found - expected).abs() <= tolerance,
        "{found}, not {expected}"
    );
}

#[test]
fn domain_example_is_covered_to_950_of_1500_metres() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let found = ask(&route, &track, &[]).json();
    assert_near(&found["planned_m"], 1500.0, 0.01);
    assert_near(&found["covered_m"], 950.0, 0.01);
    assert_near(&found["ratio"], 0.633_333, 2e-6);
    assert_eq!(
        found["fixes"],
        json!({"accepted": 50, "rejected": {}, "outside_window": 0})
    );
    let missed: Vec<_> = list(&found["missed"])
        .iter()
        .map(|missed| {
            let metres = |end: &str| missed[end].as_f64().expect("metres").round() as i64;
            (metres("from_m"), metres("to_m"), text(&missed["reason"]))
        })
        .collect();
    let expected = [
        (600, 900, "gap_in_fixes".to_owned()),
        (1250, 1500, "not_visited".to_owned()),
    ];
    assert_eq!(missed, expected);
    let first = &found["intervals"][0];
    assert_eq!(first["enter"], json!(time(0.0)));
    assert_eq!(first["leave"], json!(time(480.0)));
    assert_eq!(found["checkpoints"], json!([]));
    assert_eq!(list(&found["loops"]).len(), 1);
    // The same fixes as GPX, and from stdin.
    let other = bench.write("track.gpx", gpx(&corner_walk(), true));
    assert_eq!(ask(&route, &other, &[]).json(), found);
    let output = bading()
        .args(["--json", "coverage", "--track", "-", "--route"])
        .arg(&route)
        .stdin(std::fs::File::open(&track).expect("the test's own file"))
        .output();
    let answer: Answer = output
        .expect("the command was built beside this test")
        .into();
    assert_eq!(answer.json(), found);
}

#[test]
fn person_is_told_metres_percent_and_reasons() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let output = bading()
        .args([OsString::from("coverage"), "--route".into(), route.into()])
        .args([OsString::from("--track"), track.into()])
        .output();
    let answer: Answer = output
        .expect("the command was built beside this test")
        .into();
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    for line in [
        "planned      1500.0 m",
        "covered      950.0 m, 63.33 %",
        "missed       600.0 to 900.0 m: unproven: gap in fixes",
        "missed       1250.0 to 1500.0 m: not visited",
        "fixes        50 accepted",
        "loops        0/1",
    ] {
        assert!(
            answer.stdout.lines().any(|l| l == line),
            "no `{line}` in {answer:?}"
        );
    }
}

#[test]
fn less_than_is_required_exits_1_with_the_answer() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    for (required, exit) in [("0.633", 0), ("0.633333", 0), ("0.64", 1), ("1", 1)] {
        let answer = ask(&route, &track, &["--require", required]);
        assert_eq!(answer.exit, Some(exit), "{required}: {answer:?}");
        let found: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
        assert_near(&found["covered_m"], 950.0, 0.01);
    }
    let (route, track) = street(&bench);
    assert_eq!(ask(&route, &track, &["--require", "1"]).exit, Some(0));
}

#[test]
fn directed_route_is_covered_in_its_order_only() {
    let bench = Bench::new();
    let (route, forth) = street(&bench);
    let back = bench.write("back.csv", csv(&street_walk(400, 0)));
    assert_near(&ask(&route, &back, &[]).json()["ratio"], 1.0, 1e-6);
    assert_near(
        &ask(&route, &back, &["--directed"]).json()["ratio"],
        0.0,
        0.0,
    );
    assert_near(
        &ask(&route, &forth, &["--directed"]).json()["ratio"],
        1.0,
        1e-6,
    );
}

#[test]
fn corridor_of_the_command_goes_before_that_of_the_file() {
    let bench = Bench::new();
    let places = [(0.0, 10.0), (400.0, 10.0)];
    let track = bench.write("track.csv", csv(&street_walk(0, 400)));
    let narrow = route(&places, json!({"corridor_m": 5})).to_string();
    let narrow = bench.write("narrow.geojson", narrow);
    let unsaid = bench.write("unsaid.geojson", route(&places, json!({})).to_string());
    let ratio = |route, more: &[&str]| ask(route, &track, more).json()["ratio"].clone();
    assert_near(&ratio(&narrow, &[]), 0.0, 0.0);
    assert_near(&ratio(&narrow, &["--corridor-m", "25"]), 1.0, 1e-3);
    assert_near(&ratio(&unsaid, &[]), 1.0, 1e-3);
    assert_near(&ratio(&unsaid, &["--corridor-m", "5"]), 0.0, 0.0);
}

#[test]
fn gap_and_mode_are_those_of_the_command() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let found = ask(&route, &track, &["--gap-s", "300"]).json();
    assert_near(&found["covered_m"], 1250.0, 0.01);
    let ride: Vec<_> = street_walk(0, 400)
        .iter()
        .map(|(at_s, x_m, y_m)| (at_s / 4.0, *x_m, *y_m))
        .collect();
    let (street, _) = street(&bench);
    let ride = bench.write("ride.csv", csv(&ride).replace(",5,false", ",0,false"));
    assert_near(
        &ask(&street, &ride, &["--mode", "bicycle"]).json()["ratio"],
        1.0,
        1e-6,
    );
    let found = ask(&street, &ride, &[]).json();
    assert!(found["fixes"]["rejected"]["speed"].is_u64(), "{found}");
}

#[test]
fn what_was_walked_outside_the_window_is_told_apart() {
    let bench = Bench::new();
    let (route, track) = street(&bench);
    let (from, to) = (time(80.0), time(240.0));
    let found = ask(&route, &track, &["--from", &from, "--to", &to]).json();
    assert_near(&found["covered_m"], 200.0, 0.01);
    let reasons: Vec<_> = list(&found["missed"])
        .iter()
        .map(|m| text(&m["reason"]))
        .collect();
    assert_eq!(reasons, ["outside_window"; 2]);
    assert_eq!(found["fixes"]["accepted"], 11);
    assert_near(
        &ask(&route, &track, &["--from", &from]).json()["covered_m"],
        300.0,
        0.01,
    );
    assert_near(
        &ask(&route, &track, &["--to", &to]).json()["covered_m"],
        300.0,
        0.01,
    );
    for (from, to, names) in [
        (to.as_str(), from.as_str(), ["--to", "--from"]),
        ("2026-03-02T08:00:00", to.as_str(), ["--from", "offset"]),
        (from.as_str(), "later", ["--to", "later"]),
    ] {
        let answer = ask(&route, &track, &["--from", from, "--to", to]);
        answer.assert_failed(2, &names);
    }
}

#[test]
fn checkpoints_of_a_file_are_added_to_those_of_the_route() {
    let bench = Bench::new();
    let point = |x_m, y_m| at(x_m, y_m);
    let (lat, lon) = point(100.0, 0.0);
    let own = json!({"checkpoints": [{"id": "own", "lat": lat, "lon": lon}]});
    let planned = route(&[(0.0, 0.0), (400.0, 0.0)], own).to_string();
    let planned = bench.write("route.geojson", planned);
    let track = bench.write("track.csv", csv(&street_walk(0, 400)));
    let ((a_lat, a_lon), (b_lat, b_lon)) = (point(200.0, 10.0), point(200.0, 80.0));
    let more =
        format!("id,lat,lon,radius_m,dwell_s\nnear,{a_lat},{a_lon},20,\nfar,{b_lat},{b_lon},,\n");
    let more = bench.write("more.csv", more).display().to_string();
    let found = ask(&planned, &track, &["--checkpoints", &more]).json();
    let visits: Vec<_> = list(&found["checkpoints"])
        .iter()
        .map(|visit| (text(&visit["id"]), visit["visited"] == true))
        .collect();
    let expected = [("own", true), ("near", true), ("far", false)];
    assert_eq!(
        visits,
        expected.map(|(id, visited)| (id.to_owned(), visited))
    );
    let twice = bench.write("twice.csv", format!("id,lat,lon\nown,{lat},{lon}\n"));
    let twice = twice.display().to_string();
    let answer = ask(&planned, &track, &["--checkpoints", &twice]);
    answer.assert_failed(2, &["twice.csv", "id", "own"]);
    let wrong = bench.write("wrong.csv", "id,lat,lon\na,31,121\nb,91,121\n");
    let wrong = wrong.display().to_string();
    let answer = ask(&planned, &track, &["--checkpoints", &wrong]);
    answer.assert_failed(2, &["wrong.csv", "row 2", "lat"]);
}

#[test]
fn datum_is_that_of_route_track_and_checkpoints() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let expected = ask(&route, &track, &[]).json();
    let shifted = |(x_m, y_m): (f64, f64)| {
        let (lat, lon) = at(x_m, y_m);
        convert(Datum::Wgs84, Datum::Bd09, lat, lon).expect("Shanghai")
    };
    let positions: Vec<_> = CORNER
        .map(shifted)
        .iter()
        .map(|(lat, lon)| [*lon, *lat])
        .collect();
    let route = json!({"type": "LineString", "coordinates": positions});
    let route = bench.write("bd09.geojson", route.to_string());
    let mut rows = String::from("time,lat,lon\n");
    for (at_s, x_m, y_m) in corner_walk() {
        let (lat, lon) = shifted((x_m, y_m));
        rows += &format!("{},{lat},{lon}\n", time(at_s));
    }
    let track = bench.write("bd09.csv", rows);
    let (lat, lon) = shifted((300.0, 0.0));
    let places = bench.write("places.csv", format!("id,lat,lon\na,{lat},{lon}\n"));
    let places = places.display().to_string();
    let found = ask(
        &route,
        &track,
        &["--datum", "bd09", "--checkpoints", &places],
    )
    .json();
    assert_near(
        &found["ratio"],
        expected["ratio"].as_f64().expect("a share"),
        1e-5,
    );
    assert_eq!(found["checkpoints"][0]["visited"], true);
    ask(&route, &track, &["--datum", "mars"]).assert_failed(2, &["--datum", "mars"]);
}

#[test]
fn map_shows_what_was_covered_missed_walked_and_visited() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let (lat, lon) = at(300.0, 0.0);
    let places = bench.write("places.csv", format!("id,lat,lon\na,{lat},{lon}\n"));
    let map = bench.write("map.geojson", "what was there before");
    let more = [map.display().to_string(), places.display().to_string()];
    let more = ["--geojson", &more[0], "--checkpoints", &more[1]];
    ask(&route, &track, &more).json();
    let drawn: Value =
        serde_json::from_slice(&std::fs::read(&map).expect("it was written")).expect("JSON");
    assert_eq!(drawn["type"], "FeatureCollection");
    let of_kind = |kind: &str| -> Vec<&Value> {
        let features = list(&drawn["features"]).iter();
        features
            .filter(|f| f["properties"]["kind"] == kind)
            .collect()
    };
    let counts = ["route", "track", "covered", "missed", "checkpoint"].map(|k| of_kind(k).len());
    assert_eq!(counts, [1, 1, 2, 2, 1]);
    assert_eq!(of_kind("checkpoint")[0]["properties"]["visited"], true);
    assert_eq!(of_kind("missed")[0]["properties"]["reason"], "gap_in_fixes");
    assert_eq!(
        of_kind("covered")[0]["properties"]["enter"],
        json!(time(0.0))
    );
    // The stretch after the gap leads around the corner, and the walk has a part on each side.
    let covered = &of_kind("covered")[1]["geometry"];
    assert_eq!(covered["type"], "LineString");
    assert_eq!(list(&covered["coordinates"]).len(), 3);
    let walked = &of_kind("track")[0]["geometry"];
    assert_eq!(walked["type"], "MultiLineString");
    let parts: Vec<_> = list(&walked["coordinates"])
        .iter()
        .map(|p| list(p).len())
        .collect();
    assert_eq!(parts, [31, 19]);
    let names: Vec<_> = snapshot(bench.dir.path())
        .expect("a folder")
        .into_keys()
        .collect();
    assert_eq!(names.len(), 4, "nothing half-written is left: {names:?}");
}

#[test]
fn map_that_cannot_be_written_is_named_and_nothing_is_printed() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let nowhere = bench.path("no/map.geojson").display().to_string();
    let answer = ask(&route, &track, &["--geojson", &nowhere]);
    answer.assert_failed(2, &["no/map.geojson"]);
    let folder = bench.dir.path().display().to_string();
    ask(&route, &track, &["--geojson", &folder]).assert_failed(2, &[&folder]);
}

#[test]
fn file_that_is_wrong_is_named_with_its_field_and_nothing_is_written() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    let map = bench.path("map.geojson");
    let walk = corner_walk();
    let mut backwards = walk.clone();
    backwards.reverse();
    let spoilt = csv(&walk).replacen(",5,false", ",-5,false", 3);
    let far = csv(&walk).replacen("\n2026", "\nnoon2026", 1);
    let tracks = [
        ("times.gpx", gpx(&walk, false), &["no time"][..]),
        ("empty.csv", String::new(), &["header"]),
        ("header.csv", csv(&[]), &["no fixes"]),
        ("nothing.gpx", gpx(&[], true), &["no track points"]),
        ("backwards.csv", csv(&backwards), &["backwards"]),
        (
            "column.csv",
            csv(&walk).replace("time,", "when,"),
            &["header", "time"],
        ),
        ("accuracy.csv", spoilt, &["row 1", "accuracy"]),
        ("noon.csv", far, &["row 1", "time", "noon"]),
        ("route.json", line(&CORNER).to_string(), &["JSON"]),
    ];
    for (name, content, names) in tracks {
        let wrong = bench.write(name, content);
        let answer = ask(&route, &wrong, &["--geojson", &map.display().to_string()]);
        answer.assert_failed(2, &[names, &[name]].concat());
        assert!(!map.exists(), "{name}");
    }
    let one = line(&[(0.0, 0.0)]).to_string();
    let same = line(&[(0.0, 0.0), (0.0, 0.0)]).to_string();
    let area = json!({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 0], [0, 0]]]});
    let routes = [
        ("one.geojson", one, &["coordinates"][..]),
        ("same.geojson", same, &["two different positions"]),
        ("area.geojson", area.to_string(), &["type", "Polygon"]),
        (
            "cut.geojson",
            line(&CORNER).to_string()[..60].to_owned(),
            &["not JSON"],
        ),
        ("empty.geojson", String::new(), &["not JSON"]),
    ];
    for (name, content, names) in routes {
        let wrong = bench.write(name, content);
        let answer = ask(&wrong, &track, &["--geojson", &map.display().to_string()]);
        answer.assert_failed(2, &[names, &[name]].concat());
        assert!(!map.exists(), "{name}");
    }
    ask(&bench.path("gone.geojson"), &track, &[]).assert_failed(2, &["gone.geojson"]);
    ask(&route, &bench.path("gone.csv"), &[]).assert_failed(2, &["gone.csv"]);
}

#[test]
fn flag_that_is_wrong_is_named() {
    let bench = Bench::new();
    let (route, track) = corner(&bench);
    for (flag, values) in [
        (
            "--corridor-m",
            &["0", "-1", "nan", "inf", "wide", "100001"][..],
        ),
        ("--gap-s", &["0", "-60", "nan", "inf"]),
        ("--require", &["0", "-0.5", "nan", "80", "1.01"]),
        ("--mode", &["horse", ""]),
    ] {
        for value in values {
            ask(&route, &track, &[flag, value]).assert_failed(2, &[flag]);
        }
    }
    let dash = Path::new("-");
    ask(dash, dash, &[]).assert_failed(2, &["stdin"]);
    let alone = ["coverage".as_ref(), "--route".as_ref(), route.as_os_str()];
    run(alone).assert_failed(2, &["--track"]);
    run(["coverage"]).assert_failed(2, &["--route"]);
    run(["coverage", "--routes", "x"]).assert_failed(2, &["--tracks"]);
}
