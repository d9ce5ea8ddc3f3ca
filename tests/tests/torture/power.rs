//! Power cuts, from the calls of one run: a disk in memory that is as hostile as POSIX allows
//! is given the calls up to a random one, and keeps of what was not made durable what chance
//! keeps. It shows what a real disk may do on a bad day, not what one file system does.
//!
//! - Bytes written since a file's last fsync are kept or lost in pieces of 4,096.
//! - Names changed since the last fsync of their folder are lost from a random one on; making
//!   a file's bytes durable does not make its name durable.
//! - Memory that is mapped is not seen: SQLite's shared memory, which it makes anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use bading_core::engine::{Engine, EngineOptions, ErrorKind};

use crate::support::{
    Ack, DRIVER, Rng, assert_here, assert_sound, captures, copy, files, has_strace, open, rounds,
};
use crate::syscalls::{Call, TRACED, read};

const BLOCK: usize = 4096;

/// What a file's bytes are, and what may or may not become of them.
#[derive(Debug, Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

#[derive(Debug, Clone)]
enum Naming {
    Make(String, usize),
    Folder(String),
    Move(String, String),
    Remove(String),
}

#[derive(Debug, Clone, Default)]
struct Disk {
    inodes: Vec<Inode>,
    /// Names as the process sees them, and as the disk has them; a folder has no inode.
    live: BTreeMap<String, Option<usize>>,
    durable: BTreeMap<String, Option<usize>>,
    /// By folder, in order.
    pending: BTreeMap<String, Vec<Naming>>,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bytes(offset, written) => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(written);
            }
            Self::Length(len) => bytes.resize(*len, 0),
        }
    }

    /// Its pieces that the disk writes by themselves.
    fn pieces(&self) -> Vec<Self> {
        let Self::Bytes(offset, written) = self else {
            return vec![self.clone()];
        };
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < written.len() {
            let size = (BLOCK - (offset + at) % BLOCK).min(written.len() - at);
            pieces.push(Self::Bytes(offset + at, written[at..at + size].to_vec()));
            at += size;
        }
        pieces
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, Option<usize>>) {
        match self {
            Self::Make(path, inode) => {
                names.insert(path.clone(), Some(*inode));
            }
            Self::Folder(path) => {
                names.insert(path.clone(), None);
            }
            Self::Move(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            Self::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned()
}

impl Disk {
    /// A folder whose files are all durable.
    fn of(dir: &Path) -> Self {
        let mut disk = Self::default();
        for path in files(dir) {
            disk.inodes.push(Inode {
                durable: fs::read(&path).expect("reads"),
                pending: Vec::new(),
            });
            let name = path.to_str().expect("a plain name").to_owned();
            let mut folder = folder_of(&name);
            while folder.len() >= dir.to_str().map_or(0, str::len) {
                disk.durable.insert(folder.clone(), None);
                folder = folder_of(&folder);
            }
            disk.durable.insert(name, Some(disk.inodes.len() - 1));
        }
        disk.live = disk.durable.clone();
        disk
    }

    fn name(&mut self, path: &str, naming: Naming) {
        naming.apply(&mut self.live);
        self.pending
            .entry(folder_of(path))
            .or_default()
            .push(naming);
    }

    fn change(&mut self, path: &str, change: Change) {
        if let Some(Some(inode)) = self.live.get(path) {
            self.inodes[*inode].pending.push(change);
        }
    }

    fn take(&mut self, call: &Call) {
        match call {
            Call::Open { path, is_emptied } => {
                if !self.live.contains_key(path) {
                    self.inodes.push(Inode::default());
                    self.name(path, Naming::Make(path.clone(), self.inodes.len() - 1));
                } else if *is_emptied {
                    self.change(path, Change::Length(0));
                }
            }
            Call::Write {
                path,
                offset,
                bytes,
            } => self.change(path, Change::Bytes(*offset, bytes.clone())),
            Call::Truncate { path, len } => self.change(path, Change::Length(*len)),
            Call::Sync { path } => match self.live.get(path) {
                Some(Some(inode)) => {
                    let inode = &mut self.inodes[*inode];
                    for change in std::mem::take(&mut inode.pending) {
                        change.apply(&mut inode.durable);
                    }
                }
                _ => {
                    for naming in self.pending.remove(path).unwrap_or_default() {
                        naming.apply(&mut self.durable);
                    }
                }
            },
            Call::Rename { from, to } => self.name(to, Naming::Move(from.clone(), to.clone())),
            Call::Unlink { path } => self.name(path, Naming::Remove(path.clone())),
            Call::Mkdir { path } => self.name(path, Naming::Folder(path.clone())),
            Call::Said(_) => {}
        }
    }

    /// What is on the disk when the power goes, written to the folder `to` in place of `from`.
    fn cut(mut self, rng: &mut Rng, from: &Path, to: &Path) {
        // Now and then nothing is kept, or everything.
        let odds = rng.below(4);
        let keeps = |rng: &mut Rng| match odds {
            0 => false,
            1 => true,
            _ => rng.below(2) == 0,
        };
        for (_, pending) in std::mem::take(&mut self.pending) {
            for naming in pending {
                if !keeps(rng) {
                    break;
                }
                naming.apply(&mut self.durable);
            }
        }
        for inode in &mut self.inodes {
            for change in std::mem::take(&mut inode.pending) {
                for piece in change.pieces() {
                    if keeps(rng) {
                        piece.apply(&mut inode.durable);
                    }
                }
            }
        }
        fs::create_dir_all(to).expect("the test's own folder");
        for (path, inode) in &self.durable {
            let Ok(inside) = Path::new(path).strip_prefix(from) else {
                continue;
            };
            let target = to.join(inside);
            // What is in a folder that was never made is lost with it.
            let has_folder = target.parent().is_some_and(Path::is_dir);
            match inode {
                None => drop(fs::create_dir(&target)),
                Some(inode) if has_folder => {
                    fs::write(&target, &self.inodes[*inode].durable).expect("writes");
                }
                Some(_) => {}
            }
        }
    }
}

#[test]
fn power_cut_anywhere_loses_nothing_that_was_acknowledged() {
    if !has_strace("power") {
        return;
    }
    let mut rng = Rng::announced("power");
    let base = tempfile::tempdir().expect("a temporary folder");
    let before = captures(base.path(), 2, 1);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, log) = (dir.path().join("store"), dir.path().join("log"));
    copy(base.path(), &store);
    let start = Disk::of(&store);
    let status = Command::new("strace")
        .args(["-f", "-y", "-xx", "-qq", "-s", "1000000", "-e"])
        .arg(format!("trace={TRACED}"))
        .arg("-o")
        .arg(&log)
        .arg(DRIVER)
        .arg(&store)
        .args([rounds(60, 10).to_string(), "1000".to_owned()])
        .output()
        .expect("strace is here")
        .status;
    assert!(status.success());
    let calls = read(&fs::read_to_string(&log).expect("a log of hexadecimal digits"));
    let (mut cuts_with_acks, mut salvaged) = (0, 0);
    let cuts = rounds(200, 25);
    for round in 0..cuts {
        let at = rng.below(calls.len() + 1);
        let what = format!("cut {round} before call {at} of {}", calls.len());
        let (mut disk, mut said) = (start.clone(), Vec::new());
        for call in &calls[..at] {
            disk.take(call);
            if let Call::Said(bytes) = call {
                said.extend_from_slice(bytes);
            }
        }
        let acks = Ack::all(&said);
        cuts_with_acks += usize::from(!acks.is_empty());
        let after = tempfile::tempdir().expect("a temporary folder");
        let after = after.path().join("store");
        disk.cut(&mut rng, &store, &after);
        if let Err(error) = Engine::open(&after, EngineOptions::default()) {
            assert_eq!(error.kind(), ErrorKind::StorageDamaged, "{what}: {error}");
            salvaged += 1;
            let report = Engine::salvage(&after, EngineOptions::default());
            report.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        let engine = open(&after);
        assert_here(&engine, &before, &what);
        assert_here(&engine, &acks, &what);
        assert_sound(&engine, &what);
    }
    eprintln!(
        "power: {cuts} cuts within {} calls, {cuts_with_acks} of them after an acknowledgement: \
         0 acknowledged lost; {salvaged} had to be salvaged",
        calls.len()
    );
    assert!(cuts_with_acks > 0);
}
