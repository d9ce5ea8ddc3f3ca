//! `bading patrol status` while somebody walks: what is left, where, and how long it takes;
//! after a kill, and without a hub.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::patrol::put_routes;
use crate::support::{Bench, HubProcess, Phone, bading, run, snapshot};
use crate::walks::{CORNER, HEADER, at, csv, route, row, street_walk, time};

/// DOMAIN's route with a gate in its corner and a door at its end.
fn corner() -> Value {
    let checkpoint = |id: &str, (x_m, y_m): (f64, f64), dwell_s: u32| {
        let (lat, lon) = at(x_m, y_m);
        json!({"id": id, "lat": lat, "lon": lon, "dwell_s": dwell_s})
    };
    let checkpoints = [
        checkpoint("gate", CORNER[1], 0),
        checkpoint("door", CORNER[2], 30),
    ];
    route(&CORNER, json!({"code": "R1", "checkpoints": checkpoints}))
}

fn phone_on_patrol(bench: &Bench) -> Phone {
    let phone = bench.phone("store");
    phone.run(["init"]).json();
    put_routes(&phone.0, &corner());
    phone.run(["patrol", "start", "--route", "R1"]).json();
    phone
}

fn feed(phone: &Phone, bench: &Bench, walk: &[(f64, f64, f64)]) {
    let file = bench.write("walk.csv", csv(walk));
    phone
        .run(["patrol".as_ref(), "feed".as_ref(), file.as_os_str()])
        .json();
}

/// What a person reads.
fn told(phone: &Phone, arguments: &[&str]) -> String {
    let mut command = bading();
    command
        .arg("--store")
        .arg(&phone.0)
        .args(["patrol", "status"]);
    let output = command.args(arguments).output();
    let output = output.expect("the command was built beside this test");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[track_caller]
fn near(found: &Value, wanted: f64) {
    let number = found.as_f64().unwrap_or(f64::NAN);
    assert!((number - wanted).abs() < 0.5, "{found} is not {wanted}");
}

#[test]
fn status_leads_to_what_is_left_and_to_the_next_checkpoint() {
    let bench = Bench::new();
    let phone = phone_on_patrol(&bench);
    feed(&phone, &bench, &street_walk(0, 600));
    let status = phone.run(["patrol", "status"]).json();
    let live = &status["live"];
    near(&live["planned_m"], 1_500.0);
    near(&live["left_m"], 900.0);
    near(&live["left_share"], 0.6);
    near(&live["here"]["at_m"], 600.0);
    assert_eq!(live["here"]["is_on_route"], true);
    near(&live["nearest_uncovered"]["from_m"], 600.0);
    near(&live["nearest_uncovered"]["to_m"], 1_500.0);
    near(&live["nearest_uncovered"]["distance_m"], 0.0);
    assert_eq!(live["nearest_uncovered"]["reason"], "not_visited");
    assert_eq!(live["next_checkpoint"]["id"], "gate");
    near(&live["next_checkpoint"]["distance_m"], 400.0);
    near(&live["next_checkpoint"]["along_m"], 400.0);
    near(&live["next_checkpoint"]["bearing_deg"], 90.0);
    // 600 m in 480 s: 900 m take 12 minutes. No shift and no window ends.
    assert_eq!(
        (&live["minutes_needed"], &live["minutes_left"]),
        (&json!(12), &Value::Null)
    );
    assert_eq!(
        live["loops"],
        json!({"done": 0, "required": 1, "left_m": live["left_m"]})
    );
    assert_eq!(live["missed"], status["coverage"]["missed"]);

    let (lat, lon) = at(1_100.0, 300.0);
    let place = format!("{lat},{lon}");
    let there = phone.run(["patrol", "status", "--at", &place]).json();
    let live = &there["live"];
    assert_eq!(live["here"]["is_on_route"], false);
    near(&live["here"]["beside_m"], 100.0);
    near(&live["nearest_uncovered"]["bearing_deg"], 270.0);
    near(&live["nearest_uncovered"]["walk_to"]["at_m"], 1_500.0);
    assert_eq!(live["next_checkpoint"]["id"], "door");
    assert_eq!(live["next_checkpoint"]["dwell_left_s"], 30);

    let here = told(&phone, &[]);
    for line in [
        "left         900 m of 1.5 km\n",
        "nearest      900 m uncovered here (not visited)\n",
        "checkpoint   \"gate\" 400 m east, 400 m along the route\n",
        "time         the rest takes about 12 minutes at this pace\n",
    ] {
        assert!(here.contains(line), "no `{line}` in {here}");
    }
    let there = told(&phone, &["--at", &place]);
    for line in [
        "off route    by 100 m\n",
        "uncovered 100 m west; begin 224 m north-west",
        "checkpoint   \"door\" 224 m north-west, 200 m along the route, stay 30 s\n",
    ] {
        assert!(there.contains(line), "no `{line}` in {there}");
    }
}

#[test]
fn minutes_are_those_until_the_window_of_the_route_ends() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["init"]).json();
    // The walk is at eight in Beijing.
    let windows = json!([{"from": "07:00", "to": "09:00", "loops": 2}]);
    put_routes(
        &phone.0,
        &route(&CORNER, json!({"code": "R1", "windows": windows})),
    );
    phone.run(["patrol", "start", "--route", "R1"]).json();
    feed(&phone, &bench, &street_walk(0, 600));
    let now = ["--now", "2026-03-02T08:17:59+08:00"];
    let live = phone.run(["patrol", "status", now[0], now[1]]).json()["live"].clone();
    assert_eq!(
        (&live["minutes_left"], &live["loops"]["required"]),
        (&json!(42), &json!(2))
    );
    let words = told(&phone, &now);
    assert!(words.contains("loops        0 of 2 done\n"), "{words}");
    assert!(
        words.contains("time         42 minutes left; the rest takes"),
        "{words}"
    );
    let late = ["patrol", "status", "--now", "2026-03-02T09:00:00+08:00"];
    let late = phone.run(late).json();
    assert_eq!(late["live"]["minutes_left"], Value::Null);
}

#[test]
fn stream_that_is_killed_leaves_the_live_view_of_the_same_fixes_in_a_file() {
    let bench = Bench::new();
    let phone = phone_on_patrol(&bench);
    let walk = street_walk(0, 1_000);
    let mut command = phone.command(["patrol", "feed", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .expect("the command was built beside this test");
    let mut stdin = child.stdin.take().expect("it is piped");
    let rows: String = walk[..26].iter().map(|fix| row(*fix)).collect();
    stdin
        .write_all([HEADER, &rows].concat().as_bytes())
        .expect("the command reads");
    let started = Instant::now();
    let before = loop {
        let status = phone.run(["patrol", "status"]).json();
        if status["fixes"] == 26 {
            break status;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{status}");
    };
    child.kill().expect("a child that nobody has waited for");
    child.wait().expect("a child of this test");
    assert_eq!(
        phone.run(["patrol", "status"]).json()["live"],
        before["live"]
    );

    let route = bench.write("route.geojson", corner().to_string());
    let batch = |name: &str, walk: &[(f64, f64, f64)]| {
        let track = bench.write(name, csv(walk));
        let arguments = [
            "coverage".as_ref(),
            "--route".as_ref(),
            route.as_os_str(),
            "--track".as_ref(),
            track.as_os_str(),
        ];
        run(arguments).json()
    };
    let first = batch("first.csv", &walk[..26]);
    near(&before["live"]["left_m"], 1_000.0);
    near(
        &before["live"]["left_m"],
        1_500.0 - first["covered_m"].as_f64().expect("metres"),
    );
    // The whole file is fed to the next process: what was there before changes nothing, and
    // nobody vouches for the 20 m over the kill.
    feed(&phone, &bench, &walk);
    let after = phone.run(["patrol", "status"]).json();
    let whole = batch("whole.csv", &walk);
    near(&whole["covered_m"], 1_000.0);
    near(&after["coverage"]["covered_m"], 980.0);
    near(&after["live"]["left_m"], 520.0);
    assert_eq!(after["live"]["next_checkpoint"]["id"], "door");
    near(&after["live"]["nearest_uncovered"]["from_m"], 1_000.0);
    phone.assert_sound();
}

#[test]
fn status_is_told_while_the_hub_is_down_and_without_a_patrol() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let phone = bench.phone("store");
    hub.enrol(&phone, "inspector");
    put_routes(&phone.0, &corner());
    hub.stop_and_verify();
    assert_eq!(
        phone.run(["patrol", "status"]).json(),
        json!({"patrol": null})
    );
    assert_eq!(told(&phone, &[]), "no patrol is under way\n");
    let started = phone.run(["patrol", "start", "--route", "R1"]).json();
    feed(&phone, &bench, &street_walk(0, 1_000));
    let status = phone.run(["patrol", "status"]).json();
    near(&status["live"]["left_m"], 500.0);
    assert_eq!(status["live"]["next_checkpoint"]["id"], "door");
    let finished = phone.run(["patrol", "finish"]).json();
    let id = started["patrol_id"].as_str().expect("an id");
    let over = phone.run(["patrol", "status", id]).json();
    assert_eq!(
        (&over["live"], &over["coverage"]),
        (&Value::Null, &finished["coverage"])
    );
}

#[test]
fn wrong_time_or_place_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = phone_on_patrol(&bench);
    feed(&phone, &bench, &street_walk(0, 100));
    let before = snapshot(&phone.0);
    for (flag, value) in [
        ("--now", "2026-03-02 08:00"),
        ("--now", "soon"),
        ("--now", ""),
        ("--at", "121.47,31.23"),
        ("--at", "NaN,121.47"),
        ("--at", "-91,0"),
        ("--at", "31.23"),
        ("--at", "31.23,1e400"),
    ] {
        phone
            .run(["patrol", "status", flag, value])
            .assert_failed(2, &[flag]);
    }
    for place in ["90,0", "-90,180", "0,-180"] {
        let status = phone.run(["patrol", "status", "--at", place]).json();
        let distance_m = status["live"]["nearest_uncovered"]["distance_m"].as_f64();
        assert!(
            distance_m.is_some_and(|m| m > 1e6),
            "{place}: {distance_m:?}"
        );
    }
    let later = phone.run(["patrol", "status", "--now", &time(1e6)]).json();
    assert_eq!(later["live"]["minutes_left"], Value::Null);
    assert_eq!(snapshot(&phone.0), before);
}
