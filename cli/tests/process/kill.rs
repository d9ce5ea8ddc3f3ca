//! `kill -9` at random moments of `report`: what was acknowledged is there and sound.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use bading_core::storage::is_store;

use crate::support::{Answer, Bench, Phone, Rng, assert_blobs_are_whole, case_id, text};

const ROUNDS: u64 = 200;
const CHECK_EVERY: u64 = 20;
/// Every so many rounds the store is not there yet: its making is killed as well.
const FRESH_EVERY: u64 = 5;

#[derive(Default)]
struct Tally {
    unacknowledged: usize,
    acknowledged: usize,
    fresh: usize,
}

#[test]
fn report_killed_at_200_random_moments_loses_nothing_that_it_acknowledged() {
    let mut rng = Rng::announced("kill");
    let bench = Bench::new();
    let phone = bench.phone("store");
    let mut acknowledged = BTreeSet::new();
    for seed in 0..3 {
        acknowledged.insert(case_id(&phone.report(&bench.photo("first.jpg", seed))));
    }
    // The moments reach a little beyond the end of a run that nobody kills.
    let usual = longest(3, |seed| {
        let photo = bench.photo("usual.jpg", 10 + seed);
        timed(|| acknowledged.insert(case_id(&phone.report(&photo))))
    });
    let making = longest(3, |seed| {
        let photo = bench.photo("making.jpg", 20 + seed);
        let fresh = bench.phone(&format!("making-{seed}"));
        timed(|| case_id(&fresh.report(&photo)))
    });
    eprintln!("kill: a run takes {usual:?}, one that makes the store {making:?}");

    let mut tally = Tally::default();
    for round in 1..=ROUNDS {
        let photo = bench.photo("photo.jpg", 1_000 + round);
        if round % FRESH_EVERY == 0 {
            let fresh = bench.phone(&format!("fresh-{round}"));
            let killed = report_killed(&fresh, &photo, moment(&mut rng, making));
            tally.count(killed.as_ref());
            tally.fresh += 1;
            let mut expected = BTreeSet::from_iter(killed);
            assert_store_serves(&fresh, &photo, &mut expected);
            std::fs::remove_dir_all(&fresh.0).expect("the test's own store");
        } else {
            let killed = report_killed(&phone, &photo, moment(&mut rng, usual));
            tally.count(killed.as_ref());
            acknowledged.extend(killed);
        }
        if round % CHECK_EVERY == 0 {
            assert_store_serves(&phone, &photo, &mut acknowledged);
        }
    }
    for case in &acknowledged {
        assert_photos_are_here(&phone, case);
    }
    eprintln!(
        "kill: {} rounds died before they acknowledged, {} after; {} made their store",
        tally.unacknowledged, tally.acknowledged, tally.fresh
    );
    assert!(tally.unacknowledged > 0, "the moments must hit the work");
}

impl Tally {
    fn count(&mut self, killed: Option<&String>) {
        match killed {
            Some(_) => self.acknowledged += 1,
            None => self.unacknowledged += 1,
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn longest(runs: u64, run: impl FnMut(u64) -> Duration) -> Duration {
    (0..runs).map(run).max().unwrap_or_default()
}

fn moment(rng: &mut Rng, whole: Duration) -> Duration {
    let end_us = whole.as_micros() * 11 / 10;
    Duration::from_micros(rng.below(end_us.max(1) as usize) as u64)
}

/// Kills a report after `delay`; the case, if it was acknowledged.
fn report_killed(phone: &Phone, photo: &Path, delay: Duration) -> Option<String> {
    let mut child = phone.start_report(photo);
    // The one sleep of these tests: the moment of death is their subject.
    std::thread::sleep(delay);
    child.kill().expect("a child that nobody has waited for");
    let output = child.wait_with_output().expect("a child of this test");
    let answer = Answer::from(output);
    match answer.exit {
        Some(_) => Some(case_id(&answer)),
        // Half a document acknowledges nothing.
        None => {
            let said: Value = serde_json::from_str(&answer.stdout).ok()?;
            Some(text(&said["case_id"]))
        }
    }
}

/// The store takes another report, everything acknowledged is listed, and it is sound.
#[track_caller]
fn assert_store_serves(phone: &Phone, photo: &Path, acknowledged: &mut BTreeSet<String>) {
    if is_store(&phone.0) {
        phone.assert_sound();
    }
    acknowledged.insert(case_id(&phone.report(photo)));
    phone.assert_sound();
    let listed = BTreeSet::from_iter(phone.cases());
    let lost: Vec<_> = acknowledged.difference(&listed).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(assert_blobs_are_whole(&phone.0) > 0);
}

#[track_caller]
fn assert_photos_are_here(phone: &Phone, case: &str) {
    let shown = phone.run(["case", "show", case]).json();
    let photos = shown["photos"].as_array().expect("a list");
    assert_eq!(photos.len(), 1, "{shown}");
    assert_eq!(photos[0]["here"], true, "{shown}");
}
