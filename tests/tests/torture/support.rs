//! The phone as a process, and what must be true of its store afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bading_core::engine::{Engine, EngineOptions};
use bading_core::model::identifiers::Hash;
use bading_core::oplog::sign::hash_of;

/// A capture that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) case: String,
    pub(crate) photo: Hash,
}

impl Ack {
    /// Half a line acknowledges nothing.
    pub(crate) fn all(stdout: &[u8]) -> Vec<Self> {
        let text = String::from_utf8_lossy(stdout);
        let lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        lines.filter_map(Self::parse).collect()
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim_end().split(' ');
        (words.next() == Some("ack")).then_some(())?;
        Some(Self {
            case: words.next()?.to_owned(),
            photo: words.next()?.parse().ok()?,
        })
    }
}

pub(crate) const DRIVER: &str = env!("CARGO_BIN_EXE_bading-torture");

pub(crate) fn driver(store: &Path, count: u64, seed: u64) -> Command {
    let mut command = Command::new(DRIVER);
    command
        .arg(store)
        .args([count.to_string(), seed.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Captures on a store; what was acknowledged.
pub(crate) fn captures(store: &Path, count: u64, seed: u64) -> Vec<Ack> {
    let output = driver(store, count, seed).output().expect("it was built");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    Ack::all(&output.stdout)
}

pub(crate) fn open(store: &Path) -> Engine {
    Engine::open(store, EngineOptions::default()).expect("the store opens")
}

/// Everything that was acknowledged is there, its photo's hash right.
#[track_caller]
pub(crate) fn assert_here(engine: &Engine, acks: &[Ack], what: &str) {
    for ack in acks {
        let case = ack.case.parse().expect("a case's name");
        let shown = engine.show_case(case);
        let shown = shown.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shown.photos[0].hash, ack.photo.to_string(), "{what}");
        let bytes = engine.context().store.blobs().get(&ack.photo);
        let bytes = bytes.unwrap_or_else(|error| panic!("{what}: {error}"));
        let hash = bytes.map(|bytes| hash_of(&bytes));
        assert_eq!(hash, Some(ack.photo), "{what}: {}", ack.case);
    }
}

#[track_caller]
pub(crate) fn assert_sound(engine: &Engine, what: &str) {
    let verified = engine.verify().expect("reads");
    assert!(verified.sound, "{what}: {verified:?}");
}

/// Nothing that would tell a note or a photo stands in any file; how many files that were.
#[track_caller]
pub(crate) fn assert_nothing_in_the_clear(store: &Path) -> usize {
    // What JPEGs of these cameras begin with, and what a database in the clear does.
    let planted: [&[u8]; 4] = [
        b"planted: a note",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"Exif\0\0",
        b"SQLite format 3",
    ];
    let files = files(store);
    for path in &files {
        // A file may go while it is looked at: the store is open.
        let Ok(bytes) = fs::read(path) else { continue };
        assert!(!bytes.starts_with(b"\xff\xd8\xff"), "{}", path.display());
        for text in planted {
            let is_there = bytes.windows(text.len()).any(|found| found == text);
            assert!(!is_there, "{}", path.display());
        }
    }
    files.len()
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

pub(crate) fn copy(from: &Path, to: &Path) {
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

/// True when strace is here and may trace; says so when not.
pub(crate) fn has_strace(test: &str) -> bool {
    let ran = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    let has = ran.is_ok_and(|output| output.status.success());
    if !has {
        eprintln!("{test}: skipped, strace is not here or may not trace");
    }
    has
}

/// How often: the whole run where `BADING_TORTURE` is `full`, else a part of it.
pub(crate) fn rounds(whole: usize, part: usize) -> usize {
    match std::env::var("BADING_TORTURE") {
        Ok(value) if value == "full" => whole,
        _ => part,
    }
}

/// SplitMix64.
pub(crate) struct Rng(u64);

impl Rng {
    /// Seeded by `BADING_TEST_SEED`, else always the same; says so.
    pub(crate) fn announced(test: &str) -> Self {
        let given = std::env::var("BADING_TEST_SEED").ok();
        let seed = given.map_or(20_260_302, |text| text.parse().expect("a number"));
        eprintln!("{test}: BADING_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
