//! `bading salvage`: what it says and with which exit code, and that it may be killed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Bench, Phone, Rng, assert_blobs_are_whole, case_id};

const REPORTS: u64 = 12;
const KILLS: usize = 25;
const PAGE: usize = 4096;

fn filled(bench: &Bench) -> (Phone, Vec<String>) {
    let phone = bench.phone("store");
    // Making a store warns of where its key is; nothing after it does.
    phone.run(["init"]);
    let reports = 0..REPORTS;
    let cases = reports.map(|seed| case_id(&phone.report(&bench.photo("photo.jpg", seed))));
    let mut cases: Vec<_> = cases.collect();
    cases.sort();
    (phone, cases)
}

/// Changes a byte near the end of each page: a row is hit here and there at most.
fn spoil(store: &Path) {
    let path = store.join("store.db");
    let mut bytes = fs::read(&path).expect("the test's own store");
    for page in bytes.chunks_mut(PAGE) {
        page[PAGE - 1] ^= 1;
    }
    fs::write(path, bytes).expect("the test's own store");
}

#[track_caller]
fn assert_listed(phone: &Phone, cases: &[String]) {
    let mut listed = phone.cases();
    listed.sort();
    assert_eq!(listed, cases);
    assert_eq!(assert_blobs_are_whole(&phone.0) as u64, REPORTS);
}

#[test]
fn damaged_store_is_refused_and_salvage_brings_all_of_it_back() {
    let bench = Bench::new();
    let (phone, cases) = filled(&bench);
    let sound = phone.run(["salvage"]).json();
    assert_eq!(sound["set_aside"], serde_json::Value::Null, "{sound}");
    // The HMAC of each page is hit, its content is not: everything proves itself or is found.
    spoil(&phone.0);
    phone.run(["status"]).assert_failed(4, &["damaged"]);
    let answer = phone.run(["salvage"]);
    assert_eq!(
        answer.exit,
        Some(1),
        "no page proves the settings: {answer:?}"
    );
    let said: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(said["commits"], REPORTS, "{said}");
    assert_eq!(said["photos"], REPORTS, "{said}");
    assert_eq!(said["set_aside"], "damaged-1", "{said}");
    assert!(phone.0.join("damaged-1/store.db").is_file());
    assert!(phone.0.join("damaged-1/salvage.json").is_file());
    assert_listed(&phone, &cases);
    phone.assert_sound();
    case_id(&phone.report(&bench.photo("after.jpg", 99)));
    phone.assert_sound();
}

#[test]
fn photo_that_does_not_open_is_set_aside_and_named() {
    let bench = Bench::new();
    let (phone, _) = filled(&bench);
    let report = phone.report(&bench.photo("spoilt.jpg", 77)).json();
    let hash = report["photos"][0]["hash"]
        .as_str()
        .expect("a hash")
        .to_owned();
    let store = crate::support::open_store(&phone.0);
    let path = store.blobs().path(&hash.parse().expect("a hash"));
    drop(store);
    let mut bytes = fs::read(&path).expect("a photo");
    bytes[100] ^= 1;
    fs::write(&path, bytes).expect("the test's own store");
    let answer = phone.run(["salvage"]);
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    assert!(answer.stdout.contains(&hash), "{answer:?}");
    assert!(!path.exists(), "it is set aside");
    assert_eq!(assert_blobs_are_whole(&phone.0) as u64, REPORTS);
    phone.assert_sound();
}

#[test]
fn salvage_killed_at_random_moments_is_gone_on_with_and_loses_nothing() {
    let mut rng = Rng::announced("salvage");
    let bench = Bench::new();
    let (phone, cases) = filled(&bench);
    let begun = Instant::now();
    phone.run(["salvage"]);
    let usual_us = begun.elapsed().as_micros() as usize * 2;
    let mut finished = 0;
    for _ in 0..KILLS {
        if phone.0.join("store.db").is_file() && !phone.0.join("store.db.salvaged").exists() {
            // Damaged anew where the last one came to its end.
            if phone.run(["status"]).exit == Some(0) {
                finished += 1;
                spoil(&phone.0);
            }
        }
        let mut child = phone.command(["salvage"]).spawn().expect("it was built");
        // The moment of death is this test's subject.
        std::thread::sleep(Duration::from_micros(rng.below(usual_us.max(1)) as u64));
        child.kill().expect("a child that nobody has waited for");
        child.wait().expect("a child of this test");
        // In between the store is damaged or whole, and never empty.
        let answer = phone.run(["case", "list", "--limit", "500"]);
        match answer.exit {
            Some(0) => assert_listed(&phone, &cases),
            _ => answer.assert_failed(4, &["damaged"]),
        }
    }
    phone.run(["salvage"]);
    assert_listed(&phone, &cases);
    phone.assert_sound();
    eprintln!("salvage: {KILLS} kills, {finished} times it had come to its end; 0 lost");
}
