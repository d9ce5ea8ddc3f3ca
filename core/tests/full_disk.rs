//! A disk that is full: told before anything is half written, at every point at which it
//! fills; what is there stays readable, and goes on once there is room.
//!
//! The disk is a small one in memory, mounted by the test; where that is not allowed the
//! tests say *skipped*.

#![cfg(all(feature = "storage", target_os = "linux"))]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bading_core::engine::{Engine, EngineError, EngineOptions, ErrorKind};
use bading_core::model::draft::{DraftId, DraftValue};
use bading_core::model::time::ClockReading;
use bading_core::oplog::sign::SoftwareSigner;
use bading_core::services::Host;
use bading_core::services::capture::{Report, Reported};
use bading_core::services::draft::PhotoMoment;

use support::camera::photo;
use support::station::{TestHost, commits, open};

const DISK_BYTES: u64 = 8 * 1024 * 1024;
const PAGE: u64 = 4096;

/// A disk of eight mebibytes, gone when it is dropped.
struct Disk {
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Disk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path().join("disk");
        fs::create_dir(&root).expect("the test's own folder");
        let options = format!("size={DISK_BYTES}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&root)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { _dir: dir, root }),
            _ => {
                eprintln!("skipped: this test may not mount a small disk");
                None
            }
        }
    }

    fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    fn free_bytes(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.root).expect("a mounted disk");
        stat.f_bavail * stat.f_frsize
    }

    /// Leaves so much free, or less where there was less.
    fn fill_to(&self, left_bytes: u64) {
        let filler = self.root.join("filler");
        let held = fs::metadata(&filler).map_or(0, |found| found.len());
        let length = (held + self.free_bytes()).saturating_sub(left_bytes) / PAGE * PAGE;
        fs::write(&filler, vec![1; length as usize]).expect("the test's own disk");
    }

    fn free(&self) {
        fs::remove_file(self.root.join("filler")).expect("the test's own file");
    }

    /// Every file of the store but SQLite's own, by name.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.store()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("lists") {
                let path = entry.expect("an entry").path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push(path),
                }
            }
        }
        files.retain(|path| !path.to_string_lossy().contains("store.db-"));
        files.sort();
        files
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.root).output();
    }
}

fn report(engine: &Engine, seed: u64) -> Result<Reported, EngineError> {
    engine.report(&Report {
        photos: vec![photo(seed)],
        note: Some("words".to_owned()),
        ..Report::default()
    })
}

#[track_caller]
fn assert_full<T: std::fmt::Debug>(outcome: Result<T, EngineError>, point: &str) {
    let error = outcome.expect_err(point);
    assert_eq!(error.kind(), ErrorKind::OutOfSpace, "{point}: {error}");
}

/// Nothing of the refused capture is there, and the rest is readable and sound.
#[track_caller]
fn assert_as_before(disk: &Disk, engine: &Engine, before: &[PathBuf], cases: usize, point: &str) {
    assert_eq!(disk.files(), before, "{point}");
    let page = engine.list_cases(&Default::default(), None, 50);
    assert_eq!(page.expect("lists").cases.len(), cases, "{point}");
}

#[test]
fn report_and_draft_photo_on_a_disk_with_too_little_room_are_told_before_anything_is_written() {
    let Some(disk) = Disk::mount() else { return };
    let host = TestHost::new(9);
    let engine = open(&disk.store(), 1, &host);
    report(&engine, 1).expect("there is room");
    let draft = engine.start_draft().expect("starts");
    let draft: DraftId = draft.draft_id.parse().expect("a draft");
    let before = disk.files();
    let mut refused = 0_u64;
    let mut left = 0;
    let needed = loop {
        disk.fill_to(left);
        let point = format!("{left} bytes free");
        match report(&engine, 2) {
            Ok(_) => break left,
            outcome => assert_full(outcome, &point),
        }
        assert_as_before(&disk, &engine, &before, 1, &point);
        let added = engine.add_draft_photo(draft, &photo(3), &PhotoMoment::default());
        assert_full(added, &point);
        assert_as_before(&disk, &engine, &before, 1, &point);
        refused += 1;
        left += 16 * PAGE;
    };
    eprintln!("full disk: refused {refused} times, {needed} bytes are asked for");
    assert!(refused > 15);
    assert!(engine.verify().expect("verifies").sound);
    disk.free();
    engine
        .add_draft_photo(draft, &photo(3), &PhotoMoment::default())
        .expect("there is room again");
    engine.report_draft(draft).expect("reports");
    let last = engine.verify().expect("verifies");
    assert_eq!((last.sound, last.own_commits, last.photos), (true, 3, 3));
}

/// A host on whose disk somebody else writes: after so many looks at clock or randomness it
/// is full.
struct Crowded {
    host: Arc<TestHost>,
    left: AtomicUsize,
    filler: PathBuf,
}

impl Crowded {
    fn step(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // Whatever fits, to the last byte.
            let _ = fs::write(&self.filler, vec![1; DISK_BYTES as usize]);
        }
    }
}

impl Host for Crowded {
    fn now(&self) -> ClockReading {
        self.step();
        self.host.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.step();
        self.host.fill_random(bytes);
    }
}

fn open_crowded(disk: &Disk, host: &Arc<TestHost>, steps: usize) -> Engine {
    let options = EngineOptions {
        signer: Some(Arc::new(SoftwareSigner::from_seed(&[1; 32]))),
        host: Arc::new(Crowded {
            host: Arc::clone(host),
            left: AtomicUsize::new(steps),
            filler: disk.root.join("filler"),
        }),
        ..EngineOptions::default()
    };
    Engine::open(&disk.store(), options).expect("opens")
}

#[test]
fn disk_that_fills_in_the_middle_of_a_capture_leaves_all_of_it_or_nothing() {
    let Some(disk) = Disk::mount() else { return };
    let host = TestHost::new(9);
    report(&open(&disk.store(), 1, &host), 1).expect("there is room");
    let (mut steps, mut refused, mut seed) = (1, 0, 2);
    loop {
        let engine = open_crowded(&disk, &host, steps);
        let (before, cases) = (disk.files(), commits(&engine).len());
        let outcome = report(&engine, seed);
        let is_filled = disk.root.join("filler").exists();
        let point = format!("full after {steps} steps");
        match outcome {
            Ok(_) => {
                assert_eq!(commits(&engine).len(), cases + 1, "{point}");
                seed += 1;
            }
            outcome => {
                assert_full(outcome, &point);
                assert_as_before(&disk, &engine, &before, cases, &point);
                refused += 1;
            }
        }
        let sound = engine.verify().expect("verifies");
        assert!(sound.sound, "{point}: {sound:?}");
        if !is_filled {
            break;
        }
        disk.free();
        steps += 1;
    }
    eprintln!(
        "full disk: filled at {} points, {refused} captures were refused",
        steps - 1
    );
    assert!(refused > 0, "the disk must fill before the commit");
}

#[test]
fn store_opens_and_reads_on_a_full_disk() {
    let Some(disk) = Disk::mount() else { return };
    let host = TestHost::new(9);
    let case = {
        let engine = open(&disk.store(), 1, &host);
        report(&engine, 1).expect("there is room").case_id
    };
    disk.fill_to(0);
    assert_eq!(disk.free_bytes(), 0);
    let engine = open(&disk.store(), 1, &host);
    let shown = engine.show_case(case.parse().expect("a case"));
    assert_eq!(shown.expect("shows").photos.len(), 1);
    assert!(engine.verify().expect("verifies").sound);
    disk.fill_to(0);
    assert_full(report(&engine, 2), "full");
    assert_full(engine.start_draft().map(|_| ()), "full");
    drop(engine);
    disk.free();
    let engine = open(&disk.store(), 1, &host);
    report(&engine, 2).expect("there is room again");
    assert!(engine.verify().expect("verifies").sound);
    drop(engine);
    assert!(
        open(&disk.store(), 1, &host)
            .verify()
            .expect("verifies")
            .sound
    );
    assert!(has_spare(&disk.store()), "the spare is laid by again");
}

fn has_spare(store: &Path) -> bool {
    store.join("store.spare").is_file()
}

#[test]
fn field_of_a_draft_on_a_full_disk_is_told_and_the_draft_is_as_it_was() {
    let Some(disk) = Disk::mount() else { return };
    let host = TestHost::new(9);
    let engine = open(&disk.store(), 1, &host);
    let draft: DraftId = engine
        .start_draft()
        .expect("starts")
        .draft_id
        .parse()
        .expect("a draft");
    let note = |text: &str| DraftValue::Note(text.repeat(4096));
    engine.set_draft(draft, &note("a")).expect("sets");
    disk.fill_to(0);
    // The log has room of its own for a while; in the end the disk says no.
    let mut last = "a";
    let refused = (0..10_000).find_map(|round| {
        let next = ["b", "c"][round % 2];
        match engine.set_draft(draft, &note(next)) {
            Ok(_) => {
                last = next;
                None
            }
            Err(error) => Some(error.kind()),
        }
    });
    assert_eq!(refused, Some(ErrorKind::OutOfSpace));
    let seen = engine.show_draft(draft).expect("shows");
    assert_eq!(seen.note, Some(last.repeat(4096)));
    disk.free();
    engine.set_draft(draft, &note("d")).expect("sets");
    assert!(engine.verify().expect("verifies").sound);
}
