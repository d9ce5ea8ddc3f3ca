//! `bading coverage --routes --tracks`: a folder of tracks, a line each.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Answer, Bench, run, text};
use crate::walks::{CORNER, corner_walk, csv, gpx, route, street_walk};

fn ask(routes: &Path, tracks: &Path, more: &[&str]) -> Answer {
    let files = ["coverage".as_ref(), "--routes".as_ref(), routes.as_os_str()];
    let tracks = ["--tracks".as_ref(), tracks.as_os_str()];
    let more = more.iter().map(OsString::from);
    let given = files.into_iter().chain(tracks).map(OsString::from);
    run(given.chain(more))
}

fn lines(answer: &Answer) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).expect("an object a line");
    answer.stdout.lines().map(line).collect()
}

fn folder(bench: &Bench, files: &[(&str, String)]) -> PathBuf {
    let folder = bench.path("tracks");
    fs::create_dir(&folder).expect("the test's own folder");
    for (name, content) in files {
        fs::write(folder.join(name), content).expect("the test's own folder");
    }
    folder
}

/// DOMAIN's route as R1 and a street of 400 m as R2.
fn two_routes(bench: &Bench) -> PathBuf {
    let features = [
        route(&CORNER, json!({"code": "R1"})),
        route(&[(0.0, 0.0), (400.0, 0.0)], json!({"code": "R2"})),
    ];
    let routes = json!({"type": "FeatureCollection", "features": features});
    bench.write("routes.geojson", routes.to_string())
}

#[test]
fn tracks_are_judged_in_the_order_of_their_names_and_a_bad_one_does_not_stop_the_others() {
    let bench = Bench::new();
    let routes = two_routes(&bench);
    let tracks = folder(
        &bench,
        &[
            ("R2.gpx", gpx(&street_walk(0, 400), true)),
            ("R1.csv", csv(&corner_walk())),
            ("R1.GPX", gpx(&corner_walk(), false)),
            ("R3.csv", csv(&corner_walk())),
            ("notes.txt", "no track".to_owned()),
        ],
    );
    let answer = ask(&routes, &tracks, &["--require", "0.9"]);
    assert_eq!(answer.exit, Some(2), "{answer:?}");
    assert_eq!(answer.stderr.lines().count(), 1, "{answer:?}");
    assert!(answer.stderr.contains("2 of 4 tracks"), "{answer:?}");
    let lines = lines(&answer);
    let told: Vec<_> = lines.iter().map(|line| text(&line["track"])).collect();
    assert_eq!(told, ["R1.GPX", "R1.csv", "R2.gpx", "R3.csv"]);
    assert!(text(&lines[0]["error"]).contains("no time"), "{}", lines[0]);
    assert_eq!(lines[1]["route"], "R1");
    assert_eq!(lines[1]["ratio"], 0.633_333);
    assert_eq!(lines[2]["ratio"], 1.0);
    assert!(text(&lines[3]["error"]).contains("R3"), "{}", lines[3]);
    // Without the bad ones: below what is required, and not.
    for name in ["R1.GPX", "R3.csv"] {
        fs::remove_file(tracks.join(name)).expect("the test's own file");
    }
    assert_eq!(ask(&routes, &tracks, &["--require", "0.9"]).exit, Some(1));
    let answer = ask(&routes, &tracks, &[]);
    assert_eq!((answer.exit, answer.stderr.as_str()), (Some(0), ""));
}

#[test]
fn only_route_of_a_file_judges_every_track() {
    let bench = Bench::new();
    let routes = route(&[(0.0, 0.0), (400.0, 0.0)], json!({"code": "R1"}));
    let routes = bench.write("routes.geojson", routes.to_string());
    let walk = |n: i32| (format!("{n:03}.csv"), csv(&street_walk(0, 20 * (n % 21))));
    // More than are judged before the threads wait for each other.
    let files: Vec<_> = (1..=300).map(walk).collect();
    let files: Vec<_> = files
        .iter()
        .map(|(name, csv)| (name.as_str(), csv.clone()))
        .collect();
    let tracks = folder(&bench, &files);
    let answer = ask(&routes, &tracks, &[]);
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    for threads in ["1", "2", "7"] {
        let again = ask(&routes, &tracks, &["--threads", threads]);
        assert_eq!(again.stdout, answer.stdout, "{threads} threads");
    }
    assert_eq!(lines(&answer).len(), 300);
    for (line, n) in lines(&answer).iter().zip(1..) {
        assert_eq!(line["track"], format!("{n:03}.csv"));
        let covered_m = line["covered_m"].as_f64().expect("metres");
        assert!(
            (covered_m - f64::from(20 * (n % 21))).abs() < 0.01,
            "{line}"
        );
    }
}

#[test]
fn routes_or_folder_that_are_wrong_are_named() {
    let bench = Bench::new();
    let routes = two_routes(&bench);
    let tracks = folder(&bench, &[("R1.csv", csv(&corner_walk()))]);
    let nameless = bench.write("nameless.geojson", route(&CORNER, json!({})).to_string());
    ask(&nameless, &tracks, &[]).assert_failed(2, &["nameless.geojson", "code"]);
    ask(&routes, &bench.path("gone"), &[]).assert_failed(2, &["gone"]);
    let empty = bench.path("empty");
    fs::create_dir(&empty).expect("the test's own folder");
    ask(&routes, &empty, &[]).assert_failed(2, &["empty", ".gpx"]);
    ask(&routes, &tracks, &["--threads", "0"]).assert_failed(2, &["--threads"]);
    ask(&routes, &tracks, &["--geojson", "x"]).assert_failed(2, &["--geojson"]);
    ask(&routes, &tracks, &["--checkpoints", "x"]).assert_failed(2, &["--checkpoints"]);
}

/// A shared file, or nothing, said aloud, where the data is absent.
fn shared(path: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, Into::into);
    let read = fs::read_to_string(root.join(path)).ok();
    if read.is_none() {
        eprintln!("skipped: {path} is not in BADING_DATA or ../shared/data");
    }
    read
}

/// The lines of a MULTILINESTRING as GeoJSON positions.
fn positions(wkt: &str) -> Vec<Vec<[f64; 2]>> {
    let body = wkt.trim_start_matches(|c: char| c.is_alphabetic() || c == ' ');
    let pair = |pair: &str| {
        let mut degrees = pair.split_whitespace().map(|d| d.parse().expect("degrees"));
        [(); 2].map(|()| degrees.next().expect("x y"))
    };
    body.split("),")
        .map(|part| {
            part.trim_matches(['(', ')', ' '])
                .split(',')
                .map(pair)
                .collect()
        })
        .collect()
}

#[test]
fn drives_near_hof_cover_the_routes_that_were_driven() {
    let files =
        ["ground_truth", "points"].map(|name| shared(&format!("tracks/fcd_hof/{name}.csv")));
    let [Some(truth), Some(points)] = files else {
        return;
    };
    let records = |text: &str| -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.records().map(|row| row.expect("CSV")).collect()
    };
    let features: Vec<_> = records(&truth)
        .iter()
        .map(|row| {
            let geometry = json!({"type": "MultiLineString", "coordinates": positions(&row[1])});
            json!({"type": "Feature", "properties": {"code": row[0]}, "geometry": geometry})
        })
        .collect();
    let count = features.len();
    let mut tracks: BTreeMap<String, String> = BTreeMap::new();
    for row in records(&points) {
        let [lon, lat] = positions(&row[2])[0][0];
        *tracks
            .entry(format!("{}.csv", &row[0]))
            .or_insert_with(|| "time,lat,lon\n".to_owned()) +=
            &format!("{},{lat},{lon}\n", &row[1]);
    }
    let bench = Bench::new();
    let routes = json!({"type": "FeatureCollection", "features": features});
    let routes = bench.write("routes.geojson", routes.to_string());
    let files: Vec<_> = tracks
        .iter()
        .map(|(name, csv)| (name.as_str(), csv.clone()))
        .collect();
    let folder = folder(&bench, &files);
    let answer = ask(
        &routes,
        &folder,
        &["--mode", "vehicle", "--corridor-m", "20"],
    );
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let lines = lines(&answer);
    assert_eq!(lines.len(), count);
    let sum: f64 = lines
        .iter()
        .map(|line| line["ratio"].as_f64().expect("a share"))
        .sum();
    let mean = sum / count as f64;
    eprintln!("{count} drives: mean {mean:.4}");
    assert!(mean > 0.985, "{mean}");
}
