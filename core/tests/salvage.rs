//! Damage of every kind to a store: what is read is right or an error, and what was not hit
//! is brought over.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bading_core::engine::{Engine, EngineOptions, ErrorKind};
use bading_core::services::salvage::Salvage;
use bading_core::storage::case::CaseFilter;
use support::damage::{Pristine, Rng, capture, open, rounds};

const PAGE: usize = 4096;
const FRAME: usize = 24 + PAGE;

#[derive(Debug, Default)]
struct Tally {
    harmless: usize,
    salvaged: usize,
    captures: usize,
    kept: usize,
    hit: usize,
}

fn salvage(dir: &Path) -> Salvage {
    Engine::salvage(dir, EngineOptions::default()).expect("salvages")
}

/// Looks, salvages where that is told to be needed, and counts what is there afterwards.
///
/// - `most`: captures that the damage can have hit.
fn judge(pristine: &Pristine, dir: &Path, most: usize, what: &str, tally: &mut Tally) {
    if pristine.look(dir) {
        tally.harmless += 1;
        return;
    }
    let report = salvage(dir);
    tally.salvaged += 1;
    let engine = open(dir).unwrap_or_else(|error| panic!("{what}: {error}: {report:?}"));
    let verified = engine.verify().expect("reads");
    // A commit that is lost leaves a gap, which verification tells; nothing else may be wrong.
    let is_gap = |kind: &str| kind.starts_with("chain_") && !report.lost.commits.is_empty();
    let faults = &verified.problems;
    let is_told = faults.iter().all(|fault| is_gap(fault.kind));
    assert!(is_told, "{what}: {verified:?} {report:?}");
    let page = engine
        .list_cases(&CaseFilter::default(), None, 500)
        .expect("lists");
    let mut kept = 0;
    for line in &page.cases {
        let hash = pristine.captures.get(&line.case_id).expect("not invented");
        let bytes = engine.context().store.blobs().get(hash).expect("reads");
        kept += usize::from(bytes.is_some());
    }
    let lost = pristine.captures.len() - kept;
    let named = report.lost.commits.len() + report.lost.photos.len();
    assert!(lost <= named, "{what}: {lost} lost, named are {report:?}");
    for commit in &report.lost.commits {
        assert!(pristine.commits.contains(commit), "{what}: not one of ours");
    }
    assert!(lost <= most, "{what}: {lost} lost: {report:?}");
    tally.captures += pristine.captures.len();
    tally.kept += kept;
    tally.hit += lost.min(most);
}

impl Tally {
    fn told(&self, what: &str) {
        let undamaged = self.captures - self.hit;
        eprintln!(
            "{what}: {} harmless, {} salvaged; {} of {undamaged} undamaged captures are there, \
             {} were hit; 0 panics, 0 silent wrong reads",
            self.harmless, self.salvaged, self.kept, self.hit
        );
        assert!(self.kept * 100 >= undamaged * 99);
        assert!(self.salvaged > 0, "the damage must hit something");
    }
}

#[test]
fn flipped_bits_are_noticed_and_all_that_they_did_not_hit_is_salvaged() {
    let mut rng = Rng::announced("flips");
    let pristine = Pristine::make();
    let files = pristine.files();
    let (mut tally, mut places) = (Tally::default(), BTreeSet::new());
    for round in 0..rounds(1_000, 40) {
        // The database and its log are one file each among hundreds of photos.
        let file = match round % 4 {
            0 => PathBuf::from("store.db"),
            1 => PathBuf::from("store.db-wal"),
            _ => files[rng.below(files.len())].clone(),
        };
        let dir = pristine.copy();
        let path = dir.path().join(&file);
        let mut bytes = fs::read(&path).expect("reads");
        if bytes.is_empty() {
            continue;
        }
        let bit = rng.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, bytes).expect("the test spoils it");
        places.insert(file.clone());
        let what = format!("round {round}: bit {bit} of {}", file.display());
        // One bit changes two blocks of sixteen bytes, which may be of two rows.
        judge(&pristine, dir.path(), 2, &what, &mut tally);
    }
    tally.told(&format!("flips in {} files", places.len()));
}

#[test]
fn torn_pages_are_noticed_and_all_that_they_did_not_hit_is_salvaged() {
    let mut rng = Rng::announced("torn");
    let pristine = Pristine::make();
    let mut tally = Tally::default();
    for round in 0..rounds(200, 20) {
        let dir = pristine.copy();
        let is_log = round % 2 == 1;
        let path = dir
            .path()
            .join(if is_log { "store.db-wal" } else { "store.db" });
        let mut bytes = fs::read(&path).expect("reads");
        let (first, step) = if is_log { (32 + 24, FRAME) } else { (0, PAGE) };
        let page = rng.below((bytes.len() - first) / step);
        let start = first + page * step;
        let from = 512 * rng.below(7);
        let to = from + 512 * (1 + rng.below(7 - from / 512));
        let torn = &mut bytes[start + from..start + to];
        match pristine.earlier.get(page * PAGE + from..page * PAGE + to) {
            Some(earlier) if !is_log && round % 4 == 0 => torn.copy_from_slice(earlier),
            _ => torn.fill(0),
        }
        fs::write(&path, bytes).expect("the test spoils it");
        let what = format!("round {round}: page {page}, {from}..{to}, in the log: {is_log}");
        // A commit has more than 400 bytes.
        judge(
            &pristine,
            dir.path(),
            (to - from) / 400 + 2,
            &what,
            &mut tally,
        );
    }
    tally.told("torn pages");
}

#[test]
fn sound_store_is_left_as_it_is_by_salvage() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let engine = open(dir.path()).expect("opens");
    capture(&engine, 1);
    drop(engine);
    let before = fs::read(dir.path().join("store.db")).expect("reads");
    let report = salvage(dir.path());
    assert!(report.is_whole());
    assert_eq!((report.set_aside, report.commits), (None, 1));
    let after = fs::read(dir.path().join("store.db")).expect("reads");
    assert!(after == before, "it was written to");
}

#[test]
fn damaged_store_says_so_is_not_touched_and_works_again_after_salvage() {
    let pristine = Pristine::make();
    let dir = pristine.copy();
    let path = dir.path().join("store.db");
    let mut spoilt = fs::read(&path).expect("reads");
    for page in spoilt.chunks_mut(PAGE) {
        page[100] ^= 1;
    }
    fs::write(&path, &spoilt).expect("the test spoils it");
    let error = open(dir.path()).err().expect("is refused");
    assert_eq!(error.kind(), ErrorKind::StorageDamaged, "{error}");
    let after = fs::read(&path).expect("reads");
    assert!(after == spoilt, "it was touched");
    let report = salvage(dir.path());
    let folder = report.set_aside.expect("is set aside");
    let aside = fs::read(dir.path().join(folder).join("store.db")).expect("is kept");
    assert!(aside == spoilt, "it is another");
    // Every page lost a block; the rows around it are there.
    assert!(
        report.commits * 10 >= pristine.captures.len() * 6,
        "{}",
        report.commits
    );
    drop(open(dir.path()).expect("opens"));
}
