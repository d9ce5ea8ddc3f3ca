//! A store worth damaging, copies of it, and dice that always fall the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bading_core::engine::{Engine, EngineError, EngineOptions};
use bading_core::model::identifiers::Hash;
use bading_core::model::person::Role;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::sign::hash_of;
use bading_core::photo::render::{Scene, render};
use bading_core::services::capture::{PhotoInput, Report};
use bading_core::storage::case::CaseFilter;

use super::city::START;
use super::station::{Stamper, TestHost, at, commits};

/// Captures that the database itself has …
pub(crate) const IN_DATABASE: u64 = 30;
/// … and those that stand in its write-ahead log.
pub(crate) const IN_LOG: u64 = 30;

/// A store as it was before anything happened to it.
pub(crate) struct Pristine {
    dir: tempfile::TempDir,
    /// The database's bytes when only half of the captures were in it.
    pub(crate) earlier: Vec<u8>,
    /// Each case's photo.
    pub(crate) captures: BTreeMap<String, Hash>,
    /// Each commit that carries one.
    pub(crate) commits: BTreeSet<String>,
}

/// A photo of a few kilobytes; another seed is another street.
pub(crate) fn photo(seed: u64) -> Vec<u8> {
    render(&Scene {
        seed,
        width_px: 48,
        height_px: 32,
        orientation: 1,
        position: None,
        taken_at: None,
        offset: None,
        make: String::new(),
        model: String::new(),
    })
}

pub(crate) fn open(dir: &Path) -> Result<Engine, EngineError> {
    let options = EngineOptions {
        host: TestHost::new(1_000),
        ..EngineOptions::default()
    };
    Engine::open(dir, options)
}

/// Reports one problem; its case and its photo.
pub(crate) fn capture(engine: &Engine, seed: u64) -> (String, Hash) {
    let bytes = photo(seed);
    let hash = hash_of(&bytes);
    let report = Report {
        photos: vec![PhotoInput { bytes, role: None }],
        at: Some(at(seed as f64 * 100.0, 0.0)),
        note: Some(format!("a note of {seed}")),
        ..Report::default()
    };
    let done = engine.report(&report).expect("the store works");
    (done.case_id, hash)
}

impl Pristine {
    /// Makes it: some captures in the database with receipts, some in its log without.
    pub(crate) fn make() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let work = tempfile::tempdir().expect("a temporary folder");
        let host = TestHost::new(1);
        let open = || {
            let options = EngineOptions {
                host: Arc::<TestHost>::clone(&host),
                ..EngineOptions::default()
            };
            Engine::open(work.path(), options).expect("opens")
        };
        let mut captures = BTreeMap::new();
        let mut stamper = Stamper::new();
        let engine = open();
        stamper.enrol(&engine, "张三", Role::Inspector);
        let mut earlier = Vec::new();
        drop(engine);
        for half in 0..2 {
            let engine = open();
            for seed in 0..IN_DATABASE / 2 {
                host.forward(1_000);
                captures.extend([capture(&engine, half * 1_000 + seed)]);
            }
            stamper.stamp_rest(&engine, START.plus_ms(60_000), &Verdict::Admitted);
            drop(engine);
            if half == 0 {
                earlier = fs::read(work.path().join("store.db")).expect("reads");
            }
        }
        let engine = open();
        for seed in 0..IN_LOG {
            host.forward(1_000);
            captures.extend([capture(&engine, 9_000 + seed)]);
        }
        let commits = commits(&engine)
            .iter()
            .map(|commit| commit.hash().to_string())
            .collect();
        copy(work.path(), dir.path());
        drop(engine);
        assert_eq!(captures.len() as u64, IN_DATABASE + IN_LOG);
        assert!(dir.path().join("store.db-wal").is_file());
        Self {
            dir,
            earlier,
            captures,
            commits,
        }
    }

    /// A copy to damage.
    pub(crate) fn copy(&self) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        copy(self.dir.path(), dir.path());
        dir
    }

    /// Every file, by its path within the store.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("lists") {
                let path = entry.expect("lists").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let inside = path.strip_prefix(self.dir.path()).expect("inside");
                    files.push(inside.to_owned());
                }
            }
        }
        files.sort();
        files
    }

    /// What somebody who opens a damaged store is told: true when it is everything, false
    /// when the damage is said. Anything else fails the test.
    pub(crate) fn look(&self, dir: &Path) -> bool {
        let Ok(engine) = open(dir) else { return false };
        let Ok(page) = engine.list_cases(&CaseFilter::default(), None, 500) else {
            return false;
        };
        for line in &page.cases {
            assert!(
                self.captures.contains_key(&line.case_id),
                "an invented case"
            );
            if let Ok(id) = line.case_id.parse() {
                let Ok(case) = engine.show_case(id) else {
                    return false;
                };
                let hash = self.captures[&line.case_id];
                assert_eq!(case.photos[0].hash, hash.to_string(), "another photo");
                match engine.context().store.blobs().get(&hash) {
                    Ok(Some(bytes)) => assert_eq!(hash_of(&bytes), hash, "a wrong read"),
                    Ok(None) | Err(_) => return false,
                }
            }
        }
        let Ok(verified) = engine.verify() else {
            return false;
        };
        if !verified.sound {
            return false;
        }
        assert_eq!(page.cases.len(), self.captures.len(), "silently lost");
        true
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the test's own folder");
    for entry in fs::read_dir(from).expect("lists") {
        let path = entry.expect("lists").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copies");
        }
    }
}

/// SplitMix64.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// Seeded by `BADING_TEST_SEED`, else always the same; says so.
    pub(crate) fn announced(test: &str) -> Self {
        let given = std::env::var("BADING_TEST_SEED").ok();
        let seed = given.map_or(20_260_302, |text| text.parse().expect("a number"));
        eprintln!("{test}: BADING_TEST_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

/// How often: the whole run where `BADING_TORTURE` is `full`, else a part of it.
pub(crate) fn rounds(whole: usize, part: usize) -> usize {
    match std::env::var("BADING_TORTURE") {
        Ok(value) if value == "full" => whole,
        _ => part,
    }
}
