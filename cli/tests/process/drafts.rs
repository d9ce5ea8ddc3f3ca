//! Drafts by the command: each step is a process of its own, and any of them may be killed.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{AT, Answer, Bench, HubProcess, Phone, Rng, assert_blobs_are_whole, text};

/// Rounds of the kill test: what two slow cores do in some seconds.
const ROUNDS: u64 = 60;

fn path(file: &Path) -> &str {
    file.to_str().expect("the test's own folder")
}

#[test]
fn draft_goes_from_start_over_a_killed_camera_to_a_report() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let draft = phone.run(["draft", "start"]).json();
    let id = text(&draft["draft_id"]);
    phone.run(["draft", "set", "class", "010101"]).json();
    phone.run(["draft", "set", "note", "井盖"]).json();
    let placed = phone
        .run(["draft", "set", "place", AT, "--accuracy-m", "7"])
        .json();
    assert_eq!(placed["place"]["accuracy_m"], 7.0);
    let target = bench.path("camera.jpg");
    let expect = ["draft", "photo", "expect", "--role", "near", "--at", AT];
    let slot = phone
        .run(expect.into_iter().chain(["--target", path(&target)]))
        .json();
    assert_eq!(slot["state"], "expected");
    // The app is gone; the camera has written.
    bench.photo("camera.jpg", 1);
    let drafts = phone.run(["draft", "list"]).json();
    let found = &drafts["drafts"][0]["photos"][0];
    assert_eq!(found["slot"], slot["slot"]);
    assert_eq!(found["target"], path(&target));
    let taken = phone
        .run(["draft", "photo", "take", &text(&slot["slot"])])
        .json();
    assert_eq!(
        (&taken["state"], &taken["at"]),
        (&"taken".into(), &slot["at"])
    );
    let far = bench.photo("far.jpg", 2);
    let add = ["draft", "photo", "add", path(&far), "--role", "far"];
    phone.run(add).json();
    let shown = phone.run(["draft", "show"]).json();
    assert_eq!(shown["photos"].as_array().map(Vec::len), Some(2));

    let reported = phone.run(["draft", "report"]).json();
    assert_eq!(text(&reported["case_id"]), id);
    assert_eq!(reported["photos"].as_array().map(Vec::len), Some(2));
    let again = phone.run(["draft", "report", "--draft", &id]).json();
    assert_eq!(again["commit"], reported["commit"]);
    let drafts = phone.run(["draft", "list"]).json();
    assert_eq!(drafts["drafts"], Value::Array(Vec::new()));
    assert_eq!(phone.cases(), [id]);
    phone.assert_sound();
}

#[test]
fn wrong_drafts_fields_and_files_are_named() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["draft", "list"]).assert_failed(2, &["no store"]);
    phone.run(["draft", "start"]).json();
    phone
        .run(["draft", "set", "grid", "1"])
        .assert_failed(2, &["field", "grid"]);
    phone
        .run(["draft", "set", "note", "x", "--mock"])
        .assert_failed(2, &["--mock"]);
    phone
        .run(["draft", "set", "place", "91,0"])
        .assert_failed(2, &["91"]);
    phone
        .run(["draft", "set", "place", AT, "--accuracy-m", "-1"])
        .assert_failed(2, &["--accuracy-m"]);
    let bad = bench.write("bad.jpg", "not a photo");
    phone
        .run(["draft", "photo", "add", path(&bad)])
        .assert_failed(2, &["bad.jpg"]);
    phone
        .run(["draft", "report"])
        .assert_failed(2, &["at least one photo"]);
    phone.run(["draft", "start"]).json();
    phone
        .run(["draft", "show"])
        .assert_failed(2, &["2 drafts", "--draft"]);
    let unknown = "00000000-0000-4000-8000-000000000000";
    phone
        .run(["draft", "discard", "--draft", unknown])
        .assert_failed(2, &[unknown]);
    phone
        .run(["draft", "photo", "take", unknown, path(&bad)])
        .assert_failed(2, &["slot", unknown]);
}

/// What the killed loop knows to be true.
#[derive(Default)]
struct Known {
    note: Option<String>,
    photos: BTreeSet<String>,
}

/// Runs a step and kills it after a while; its answer, if it acknowledged.
fn killed(phone: &Phone, arguments: &[&str], delay: Duration) -> Option<Value> {
    let mut child = phone
        .command(arguments)
        .spawn()
        .expect("the command was built beside this test");
    // The moment of death is the subject of this test.
    std::thread::sleep(delay);
    child.kill().expect("a child that nobody has waited for");
    let answer = Answer::from(child.wait_with_output().expect("a child of this test"));
    if answer.exit.is_some() {
        return Some(answer.json());
    }
    serde_json::from_str(&answer.stdout).ok()
}

#[test]
fn drafts_killed_at_random_moments_lose_nothing_and_double_nothing() {
    let mut rng = Rng::announced("drafts");
    let bench = Bench::new();
    let phone = bench.phone("store");
    phone.run(["draft", "start"]).json();
    let (mut known, mut done, mut died) = (Known::default(), 0_usize, 0_usize);
    let usual = {
        let photo = bench.photo("usual.jpg", 500);
        let started = Instant::now();
        let added = phone.run(["draft", "photo", "add", path(&photo)]).json();
        known.photos.insert(text(&added["hash"]));
        started.elapsed()
    };
    let mut reported = BTreeSet::new();
    for round in 0..ROUNDS {
        let delay = Duration::from_micros(rng.below(usual.as_micros() as usize * 11 / 10) as u64);
        let note = format!("note {round}");
        let photo = bench.photo("photo.jpg", 1_000 + round);
        let id = text(&phone.run(["draft", "show"]).json()["draft_id"]);
        let step = rng.below(5);
        let answer = match step {
            0 | 1 => killed(&phone, &["draft", "set", "note", &note], delay),
            2 | 3 => killed(&phone, &["draft", "photo", "add", path(&photo)], delay),
            _ => killed(&phone, &["draft", "report", "--draft", &id], delay),
        };
        match answer.is_some() {
            true => done += 1,
            false => died += 1,
        }
        match (step, &answer) {
            (0 | 1, Some(_)) => known.note = Some(note),
            (2 | 3, Some(added)) => drop(known.photos.insert(text(&added["hash"]))),
            _ => {}
        }
        let drafts = phone.run(["draft", "list"]).json();
        let listed = drafts["drafts"].as_array().expect("a list");
        match listed.first() {
            Some(draft) => {
                assert_eq!(text(&draft["draft_id"]), id);
                assert_ne!(
                    (step, answer.is_some()),
                    (4, true),
                    "reported and still here"
                );
                assert_draft(draft, &mut known, step, round);
            }
            None => {
                assert_eq!(step, 4, "only a report takes a draft away");
                assert!(phone.cases().contains(&id), "the draft is gone and no case");
                assert!(reported.insert(id.clone()), "reported twice");
                let again = phone.run(["draft", "report", "--draft", &id]).json();
                let photos = again["photos"].as_array().expect("a list");
                let hashes: BTreeSet<_> = photos.iter().map(|p| text(&p["hash"])).collect();
                assert_eq!(hashes, known.photos, "round {round}");
                known = Known::default();
                phone.run(["draft", "start"]).json();
                let photo = bench.photo("next.jpg", 5_000 + round);
                let added = phone.run(["draft", "photo", "add", path(&photo)]).json();
                known.photos.insert(text(&added["hash"]));
            }
        }
    }
    assert_eq!(BTreeSet::from_iter(phone.cases()), reported);
    let report = phone.assert_sound();
    assert_eq!(report["own_commits"], reported.len());
    // Photos of the draft that is left included.
    assert!(report["photos"].as_u64() > Some(0), "{report}");
    assert_blobs_are_whole(&phone.0);
    eprintln!(
        "drafts: {done} steps acknowledged, {died} died before, {} reports",
        reported.len()
    );
    assert!(died > 0 && done > 0, "the moments must hit the work");
}

/// Everything acknowledged is there; a step that died may have been done or not.
#[track_caller]
fn assert_draft(draft: &Value, known: &mut Known, step: usize, round: u64) {
    let photos = draft["photos"].as_array().expect("a list");
    let hashes: BTreeSet<_> = photos.iter().map(|photo| text(&photo["hash"])).collect();
    let lost: Vec<_> = known.photos.difference(&hashes).collect();
    assert!(lost.is_empty(), "round {round}: {lost:?}");
    let extra = hashes.len() - known.photos.len();
    assert!(
        extra <= usize::from(step == 2 || step == 3),
        "round {round}"
    );
    assert_eq!(hashes.len(), photos.len(), "round {round}: a photo twice");
    let note = draft["note"].as_str().map(str::to_owned);
    if note != known.note {
        assert!(step < 2, "round {round}: nobody set the note");
        assert_eq!(note, Some(format!("note {round}")));
    }
    *known = Known {
        note,
        photos: hashes,
    };
}

#[test]
fn evicted_photo_is_not_missing_and_can_be_fetched_again() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let phone = bench.phone("store");
    let reported = phone.report(&bench.photo("photo.jpg", 1)).json();
    let (case, hash) = (
        text(&reported["case_id"]),
        text(&reported["photos"][0]["hash"]),
    );
    hub.enrol(&phone, "inspector");
    let all = ["evict", "--keep-days", "0", "--max-bytes", "0"];
    assert_eq!(phone.run(all).json()["evicted"], Value::Array(Vec::new()));
    phone.run(["sync"]).json();
    assert_eq!(
        phone.run(all).json()["evicted"],
        Value::Array(Vec::new()),
        "its case is open"
    );
    phone
        .run(["case", "withdraw", &case, "--reason", "a mistake"])
        .json();
    let dry = phone.run(all.into_iter().chain(["--dry-run"])).json();
    let gone = phone.run(all).json();
    assert_eq!(dry["evicted"], gone["evicted"]);
    assert_eq!(gone["evicted"][0]["hash"].as_str(), Some(hash.as_str()));
    assert!(gone["evicted"][0]["bytes"].as_u64() > Some(0));
    assert_eq!(gone["kept_bytes"], 0);
    let report = phone.assert_sound();
    assert_eq!(
        (&report["photos"], &report["evicted"]),
        (&0.into(), &1.into())
    );
    let shown = phone.run(["case", "show", &case]).json();
    assert_eq!(shown["photos"][0]["here"], false);
    assert_eq!(shown["photos"][0]["at_hub"], true);

    let options = bading_core::engine::EngineOptions::default();
    let engine = bading_core::engine::Engine::open(&phone.0, options).expect("opens");
    let hash = hash.parse().expect("a hash");
    let bytes = engine.fetch_photo(&hash).expect("the hub has it");
    assert_eq!(
        bytes,
        std::fs::read(bench.path("photo.jpg")).expect("the original")
    );
    drop(engine);
    let report = phone.assert_sound();
    assert_eq!(
        (&report["photos"], &report["evicted"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn export_about_a_person_tells_the_same_from_their_phone_and_from_the_hub() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let create = [
        "admin",
        "code",
        "create",
        "--role",
        "inspector",
        "--person",
        "u7",
    ];
    let code = text(&hub.admin(&create).json()["code"]);
    let (phone, other) = (bench.phone("u7"), bench.phone("other"));
    phone
        .run(["enrol", "--hub", &hub.url, "--code", &code])
        .json();
    hub.enrol(&other, "inspector");
    phone.report(&bench.photo("own.jpg", 1)).json();
    other.report(&bench.photo("other.jpg", 2)).json();
    phone.run(["patrol", "start"]).json();
    let walk = bench.write(
        "walk.csv",
        "time,lat,lon,accuracy_m,mock\n\
         2026-03-02T09:00:00+08:00,31.2294,121.4645,5,false\n\
         2026-03-02T09:00:10+08:00,31.2295,121.4646,5,true\n",
    );
    phone.run(["patrol", "feed", path(&walk)]).json();
    phone.run(["patrol", "finish"]).json();
    phone.run(["draft", "start"]).json();
    phone.run(["draft", "set", "note", "not sealed"]).json();
    other.run(["sync"]).json();
    phone.run(["sync"]).json();

    let (from_phone, from_hub) = (bench.path("phone.json"), bench.path("hub.json"));
    let photos = bench.path("photos");
    let export = ["person", "export", "--person", "u7", "--out"];
    let told = phone
        .run(
            export
                .into_iter()
                .chain([path(&from_phone), "--photos", path(&photos)]),
        )
        .json();
    assert_eq!((&told["cases"], &told["patrols"]), (&1.into(), &1.into()));
    assert_eq!(
        (&told["positions"], &told["photos_written"]),
        (&2.into(), &1.into())
    );
    assert_eq!(told["unsealed"], 1);
    hub.admin(&["export-person", "--person", "u7", "--out", path(&from_hub)])
        .json();
    let read = |file: &Path| -> Value {
        let bytes = std::fs::read(file).expect("it was written");
        serde_json::from_slice(&bytes).expect("one JSON document")
    };
    let (mine, theirs) = (read(&from_phone), read(&from_hub));
    assert_eq!(mine["format"], "bading/person/1");
    assert_eq!(theirs["unsealed"], Value::Array(Vec::new()));
    assert_eq!(mine["unsealed"][0]["draft"]["note"], "not sealed");
    let operations = |document: &Value| -> BTreeSet<String> {
        let commits = document["commits"].as_array().expect("a list").iter();
        let mut told = BTreeSet::new();
        for commit in commits {
            assert_eq!(commit["signed_by_person"], true, "{commit}");
            for operation in commit["operations"].as_array().expect("a list") {
                told.insert(operation.to_string());
            }
        }
        told
    };
    assert_eq!(operations(&mine), operations(&theirs));
    assert_eq!(mine["cases"], theirs["cases"]);
    assert_eq!(mine["patrols"], theirs["patrols"]);
    assert_eq!(mine["photos"], theirs["photos"]);
    let text_of = std::fs::read_to_string(&from_hub).expect("it was written");
    assert!(
        text_of.contains("\"mock\"") || text_of.contains("true]"),
        "a mock position"
    );
    let written = std::fs::read_dir(&photos).expect("a folder").count();
    assert_eq!(written, 1, "the other inspector's photo is not theirs");
    phone
        .run([
            "person",
            "export",
            "--person",
            "nobody",
            "--out",
            path(&bench.path("x.json")),
        ])
        .assert_failed(2, &["nobody"]);
    assert!(!bench.path("x.json").exists());
}
