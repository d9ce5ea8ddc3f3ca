//! `bading patrol`: one walk over many processes, and what is turned away.

use std::path::{Path, PathBuf};

use bading_core::engine::{Engine, EngineOptions};
use bading_core::geo::route_file::{RouteFileOptions, read_routes, routes_pack};
use bading_core::oplog::sign::hash_of;
use bading_core::services::ServiceError;
use bading_core::services::reference::{ROUTES, keep_pack};
use serde_json::{Value, json};

use crate::support::{Answer, Bench, HubProcess, Phone, bading, run, snapshot, text};
use crate::walks::{CORNER, corner_walk, csv, gpx, route, street_walk, time};

const VIEW: [&str; 14] = [
    "patrol_id",
    "phase",
    "person",
    "route",
    "mode",
    "started",
    "finished",
    "fixes",
    "accepted",
    "walked_m",
    "interruptions",
    "missing_parts",
    "provisional",
    "coverage",
];

/// Brings routes into force as a session with a hub would.
pub(crate) fn put_routes(store: &Path, feature: &Value) {
    let engine = Engine::open(store, EngineOptions::default()).expect("the store is there");
    let options = RouteFileOptions::default();
    let routes = read_routes(feature.to_string().as_bytes(), &options).expect("a route");
    let pack = routes_pack(&routes);
    let kept = engine
        .context()
        .store
        .write(|tx| -> Result<(), ServiceError> { keep_pack(tx, ROUTES, &hash_of(&pack), &pack) });
    kept.expect("a pack that its hash names");
}

/// A phone with DOMAIN's route as R1.
fn phone_with_route(bench: &Bench) -> Phone {
    let phone = bench.phone("store");
    phone.run(["init"]).json();
    put_routes(
        &phone.0,
        &route(&CORNER, json!({"code": "R1", "name": "延安路"})),
    );
    phone
}

fn feed(phone: &Phone, file: &Path) -> Answer {
    phone.run(["patrol".as_ref(), "feed".as_ref(), file.as_os_str()])
}

fn causes(view: &Value) -> Vec<String> {
    let list = view["interruptions"].as_array().expect("a list");
    list.iter()
        .map(|interruption| text(&interruption["why"]))
        .collect()
}

/// DOMAIN's walk in two files, parted where it has no fix for 240 s.
fn halves(bench: &Bench) -> (PathBuf, PathBuf) {
    let walk = corner_walk();
    (
        bench.write("first.csv", csv(&walk[..31])),
        bench.write("second.gpx", gpx(&walk[31..], true)),
    )
}

#[test]
fn patrol_in_parts_covers_what_the_same_fixes_cover_in_one_file() {
    let bench = Bench::new();
    let phone = phone_with_route(&bench);
    let (first, second) = halves(&bench);
    let started = phone.run(["patrol", "start", "--route", "R1"]).json();
    for field in VIEW {
        assert!(started.get(field).is_some(), "no `{field}` in {started}");
    }
    assert_eq!(
        (&started["phase"], &started["route"]),
        (&json!("recording"), &json!("R1"))
    );
    let fed = feed(&phone, &first).json();
    assert_eq!(fed["patrol_id"], started["patrol_id"]);
    assert_eq!(
        (&fed["fed"], &fed["accepted"], &fed["fixes"]),
        (&json!(31), &json!(31), &json!(31))
    );
    assert_eq!(fed["ratio"], 0.4);
    let status = phone.run(["patrol", "status"]).json();
    assert_eq!(status["walked_m"], fed["walked_m"]);
    assert_eq!(status["coverage"]["ratio"], 0.4);

    let paused = phone.run(["patrol", "pause"]).json();
    assert_eq!(paused["phase"], "paused");
    let before = snapshot(&phone.0);
    feed(&phone, &second).assert_failed(3, &["paused"]);
    phone
        .run(["patrol", "feed", "-"])
        .assert_failed(3, &["paused"]);
    phone.run(["patrol", "pause"]).assert_failed(3, &["paused"]);
    phone
        .run(["patrol", "start"])
        .assert_failed(3, &["under way"]);
    assert_eq!(phone.run(["patrol", "status"]).json()["phase"], "paused");
    let phase = |view: Answer| text(&view.json()["phase"]);
    assert_eq!(phase(phone.run(["patrol", "resume"])), "recording");
    assert_ne!(snapshot(&phone.0), before, "resuming is a fact");
    phone
        .run(["patrol", "resume"])
        .assert_failed(3, &["not paused"]);
    assert_eq!(feed(&phone, &second).json()["fixes"], 50);
    let finished = phone.run(["patrol", "finish"]).json();
    assert_eq!(finished["phase"], "finished");
    assert!(finished["finished"].is_string(), "{finished}");
    // Pausing is the only interruption: the processes that came after one another are none.
    assert_eq!(causes(&finished), ["paused"]);

    // The same fixes as they were sealed, in one file.
    let id = text(&finished["patrol_id"]);
    let track = bench.path("track.gpx");
    let out = track.display().to_string();
    phone.run(["patrol", "track", &id, "--out", &out]).json();
    let route = bench.write("route.geojson", route(&CORNER, json!({})).to_string());
    let files = [
        "--route".as_ref(),
        route.as_os_str(),
        "--track".as_ref(),
        track.as_os_str(),
    ];
    let mut whole = run(["coverage".as_ref()].into_iter().chain(files)).json();
    // A file knows of no pause, over which nobody is known to have walked.
    let mut found = finished["coverage"].clone();
    assert!(found["walked_m"].as_f64() < whole["walked_m"].as_f64());
    // What is conspicuous stands beside the coverage of a file, and in the review of a patrol.
    let flags = whole.as_object_mut().and_then(|o| o.remove("plausibility"));
    assert!(flags.is_some_and(|flags| flags.is_array()));
    for coverage in [&mut found, &mut whole] {
        let coverage = coverage.as_object_mut().expect("an object");
        coverage.remove("walked_m");
        coverage.remove("moving_m");
    }
    assert_eq!(found, whole);
    let covered_m = whole["covered_m"].as_f64().expect("metres");
    assert!((covered_m - 950.0).abs() < 0.05, "{covered_m}");
    assert_eq!(phone.run(["patrol", "status", &id]).json(), finished);
    let list = phone.run(["patrol", "list"]).json();
    assert_eq!(list["patrols"][0]["patrol_id"], json!(id));
    assert_eq!(list["patrols"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        phone.run(["patrol", "status"]).json(),
        json!({"patrol": null})
    );
    phone.assert_sound();
}

#[test]
fn track_of_a_patrol_comes_back_as_gpx_and_covers_the_same() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let id = text(&phone.run(["patrol", "start"]).json()["patrol_id"]);
    feed(&phone, &bench.write("walk.csv", csv(&street_walk(0, 400)))).json();
    phone.run(["patrol", "finish"]).json();
    let out = bench.path("track.gpx");
    let file = out.display().to_string();
    let written = phone.run(["patrol", "track", &id, "--out", &file]).json();
    assert_eq!(written, json!({"patrol_id": id, "fixes": 21}));
    let told = phone.run(["patrol", "track", &id]).json();
    assert_eq!(told["fixes"].as_array().map(Vec::len), Some(21));
    assert_eq!(told["fixes"][1]["time"], json!(time(16.0)));
    assert_eq!(told["fixes"][1]["accuracy_m"], 5.0);
    let output = bading()
        .arg("--store")
        .arg(&phone.0)
        .args(["patrol", "track", &id])
        .output();
    let printed: Answer = output
        .expect("the command was built beside this test")
        .into();
    let read = std::fs::read_to_string(&out).expect("it was written");
    assert_eq!(printed.stdout, read);
    // It can be fed again, and is the same walk.
    let again = bench.phone("again");
    again.run(["patrol", "start"]).json();
    let fed = feed(&again, &out).json();
    assert_eq!(fed["accepted"], 21);
    assert_eq!(fed["ratio"], Value::Null);
}

#[test]
fn gap_that_the_host_knows_of_is_noted_and_vouches_for_nothing() {
    let bench = Bench::new();
    let phone = phone_with_route(&bench);
    phone.run(["patrol", "start", "--route", "R1"]).json();
    let walk = street_walk(0, 400);
    feed(&phone, &bench.write("a.csv", csv(&walk[..11]))).json();
    let view = phone
        .run(["patrol", "interrupt", "--why", "permission_lost"])
        .json();
    assert_eq!(causes(&view), ["permission_lost"]);
    feed(&phone, &bench.write("b.csv", csv(&walk[11..]))).json();
    let view = phone.run(["patrol", "finish"]).json();
    assert_eq!(causes(&view), ["permission_lost"]);
    // The 20 m between the last fix before and the first after are not covered.
    let covered_m = view["coverage"]["covered_m"].as_f64().expect("metres");
    assert!((covered_m - 380.0).abs() < 0.1, "{covered_m}");
}

#[test]
fn file_that_is_wrong_is_named_and_feeds_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["patrol", "start"]).json();
    feed(&phone, &bench.write("good.csv", csv(&street_walk(0, 200)))).json();
    let before = snapshot(&phone.0);
    let walk = csv(&street_walk(200, 400));
    let mut backwards = street_walk(200, 400);
    backwards.reverse();
    let cases = [
        (
            "range.csv",
            walk.replacen(",31.", ",131.", 1),
            &["row 1", "lat"][..],
        ),
        (
            "mock.csv",
            walk.replacen(",false\n", ",maybe\n", 1),
            &["row 1", "mock"],
        ),
        (
            "short.csv",
            format!("{walk}2026-03-02T01:00:00Z,31.23\n"),
            &["row 12", "fields"],
        ),
        ("backwards.csv", csv(&backwards), &["backwards"]),
        ("times.gpx", gpx(&street_walk(0, 40), false), &["no time"]),
        ("empty.csv", String::new(), &["header"]),
    ];
    for (name, content, names) in cases {
        let wrong = bench.write(name, content);
        feed(&phone, &wrong).assert_failed(2, &[names, &[name]].concat());
        assert_eq!(snapshot(&phone.0), before, "{name}");
    }
    feed(&phone, &bench.path("gone.csv")).assert_failed(2, &["gone.csv"]);
    assert_eq!(snapshot(&phone.0), before);
    phone.assert_sound();
}

#[test]
fn what_is_not_there_is_named_and_makes_no_store() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let good = bench.write("good.csv", csv(&street_walk(0, 200)));
    feed(&phone, &good).assert_failed(2, &["no store"]);
    for command in ["pause", "resume", "finish", "status", "list"] {
        phone
            .run(["patrol", command])
            .assert_failed(2, &["no store"]);
    }
    phone
        .run(["patrol", "start", "--route", "R1"])
        .assert_failed(2, &["no store"]);
    phone
        .run(["patrol", "start", "--mode", "horse"])
        .assert_failed(2, &["--mode", "horse"]);
    assert!(!phone.0.exists());
    phone.run(["init"]).json();
    let before = snapshot(&phone.0);
    phone
        .run(["patrol", "start", "--route", "R1"])
        .assert_failed(2, &["route", "R1"]);
    phone
        .run(["patrol", "start", "--route", ""])
        .assert_failed(2, &["--route"]);
    for command in ["pause", "resume", "finish"] {
        phone
            .run(["patrol", command])
            .assert_failed(2, &["no patrol is under way"]);
    }
    feed(&phone, &good).assert_failed(2, &["no patrol is under way"]);
    phone
        .run(["patrol", "feed", "-"])
        .assert_failed(2, &["no patrol is under way"]);
    for why in ["paused", "rain"] {
        phone
            .run(["patrol", "interrupt", "--why", why])
            .assert_failed(2, &["--why", why]);
    }
    let unknown = "00000000-0000-4000-8000-000000000000";
    phone
        .run(["patrol", "status", unknown])
        .assert_failed(2, &[unknown]);
    phone
        .run(["patrol", "track", unknown])
        .assert_failed(2, &[unknown]);
    phone
        .run(["patrol", "status", "mine"])
        .assert_failed(2, &["patrol", "mine"]);
    assert_eq!(snapshot(&phone.0), before);
}

#[test]
fn patrol_before_enrolment_is_the_inspectors_and_not_a_citizens() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let walk = bench.write("walk.csv", csv(&street_walk(0, 400)));
    let inspector = bench.phone("inspector");
    inspector.run(["patrol", "start"]).json();
    feed(&inspector, &walk).json();
    let person = hub.enrol(&inspector, "inspector")["person"].clone();
    let view = inspector.run(["patrol", "status"]).json();
    assert_eq!((&view["person"], &view["fixes"]), (&person, &json!(21)));
    inspector.run(["patrol", "finish"]).json();
    inspector.assert_sound();
    inspector.run(["sync"]).json();
    let id = text(&view["patrol_id"]);
    assert_eq!(
        inspector.run(["patrol", "status", &id]).json()["provisional"],
        false
    );
    inspector.assert_sound();

    let citizen = bench.phone("citizen");
    citizen.run(["patrol", "start"]).json();
    feed(&citizen, &walk).json();
    hub.enrol(&citizen, "citizen");
    // What was begun may be ended, whoever the device belongs to now: the hub judges it.
    let id = text(&citizen.run(["patrol", "finish"]).json()["patrol_id"]);
    citizen
        .run(["patrol", "start"])
        .assert_failed(3, &["role_not_allowed"]);
    let refused = citizen.run(["sync"]).json();
    let refused = refused["refused"].as_array().expect("a list").len();
    assert!(refused >= 3, "start, track and finish: {refused}");
    assert_eq!(citizen.run(["patrol", "status", &id]).json()["fixes"], 21);
    citizen.assert_sound();
    hub.stop_and_verify();
}
