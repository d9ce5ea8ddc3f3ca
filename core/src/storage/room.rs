//! Room on the disk: asked for before the first byte of a capture is written, so that a full
//! disk is told before anything is half done.
//!
//! - [`reserve`] takes the room from the file system itself, in a file that has no name, and
//!   not from what the system says is free: quotas, other processes and reserved blocks all
//!   have their say, and a process that dies leaves nothing behind.
//! - Whoever writes photos that no row names yet holds the gate open ([`Reservation`]); whoever
//!   takes files away holds it shut ([`Gate`]). So a photo never goes between the moment in
//!   which it is durable and the one in which a commit names it.
//! - A small spare file lets a process on a full disk open the store and read: SQLite needs
//!   one page of shared memory for that.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::storage::StoreError;

/// What one commit may need beside photos: at most 128 KiB of its own, written to the log in
/// whole pages and once more when the log is folded in, the indexes and views that it
/// changes, and the index of the log; doubled.
pub const COMMIT_MARGIN_BYTES: u64 = 1024 * 1024;
/// Files grow by blocks of this size.
const BLOCK_BYTES: u64 = 4096;
/// The folders that a photo may need.
const FOLDERS_BYTES: u64 = 2 * BLOCK_BYTES;
/// The spare: SQLite's shared memory begins with 32 KiB, and the log with a header.
const SPARE_BYTES: u64 = 64 * 1024;
/// The spare is laid by only where so much is free, or it would itself fill the disk.
const SPARE_FREE_BYTES: u64 = 4 * COMMIT_MARGIN_BYTES;
/// How long one side of the gate waits for the other.
const GATE_TIMEOUT: Duration = Duration::from_millis(3_000);
const GATE: &str = "photos.lock";
const SPARE: &str = "store.spare";

/// Room that was found, and the gate held open: photos may be written, and a commit that
/// names them. It ends when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Reservation {
    ballast: Option<File>,
    _gate: File,
}

/// The gate held shut: nobody is between a photo's bytes and the row that names them.
#[derive(Debug)]
#[must_use]
pub struct Gate {
    _file: File,
}

/// Takes room in the store's folder `dir` for `bytes` of files and one commit.
///
/// # Errors
/// [`StoreError::Full`], nothing written; [`StoreError::Busy`] while files are taken away for
/// longer than three seconds; [`StoreError::Io`].
pub fn reserve(dir: &Path, bytes: u64) -> Result<Reservation, StoreError> {
    let gate = gate_file(dir)?;
    wait(|| gate.try_lock_shared())?;
    let ballast = unnamed_file(dir)?;
    allocate(&ballast, bytes.saturating_add(COMMIT_MARGIN_BYTES))?;
    Ok(Reservation {
        ballast: Some(ballast),
        _gate: gate,
    })
}

impl Reservation {
    /// Lets the files' room go, to be written into; the commit's stays taken.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn release_files(&self) -> Result<(), StoreError> {
        if let Some(ballast) = &self.ballast {
            ballast.set_len(COMMIT_MARGIN_BYTES)?;
        }
        Ok(())
    }

    /// Lets the commit's room go, to be written into. The gate stays open.
    pub fn release_commit(&mut self) {
        self.ballast = None;
    }
}

/// What a file of this length takes, with what encryption may add and a folder for its name.
#[must_use]
pub fn room_of_file(bytes: u64) -> u64 {
    let sealed = bytes
        .saturating_add(bytes / 1024)
        .saturating_add(BLOCK_BYTES);
    sealed.div_ceil(BLOCK_BYTES) * BLOCK_BYTES + FOLDERS_BYTES
}

/// Shuts the gate, so that files may be taken away.
///
/// # Errors
/// [`StoreError::Busy`] when captures hold it open for longer than three seconds.
pub fn shut_gate(dir: &Path) -> Result<Gate, StoreError> {
    let file = gate_file(dir)?;
    wait(|| file.try_lock())?;
    Ok(Gate { _file: file })
}

/// Shuts the gate if nobody holds it open; nothing when somebody does.
///
/// # Errors
/// [`StoreError::Io`].
pub fn try_shut_gate(dir: &Path) -> Result<Option<Gate>, StoreError> {
    let file = gate_file(dir)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Gate { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Lays the spare by where it is not and there is plenty of room. Derived and unimportant:
/// what fails here is tried again at the next opening.
pub(super) fn keep_spare(dir: &Path) {
    let path = dir.join(SPARE);
    if path.exists() || !has_free(dir, SPARE_FREE_BYTES) {
        return;
    }
    let Ok(file) = private().create_new(true).open(&path) else {
        return;
    };
    if allocate(&file, SPARE_BYTES).is_err() {
        let _ = fs::remove_file(&path);
    }
}

/// Gives the spare's room away; answers whether there was one.
pub(super) fn spend_spare(dir: &Path) -> bool {
    fs::remove_file(dir.join(SPARE)).is_ok()
}

fn wait(mut try_once: impl FnMut() -> Result<(), TryLockError>) -> Result<(), StoreError> {
    const STEP: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match try_once() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if waited < GATE_TIMEOUT => {
                std::thread::sleep(STEP);
                waited += STEP;
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

fn private() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// An empty file: making its name may need a block of the folder, no more.
fn gate_file(dir: &Path) -> Result<File, StoreError> {
    Ok(private()
        .create(true)
        .truncate(false)
        .open(dir.join(GATE))?)
}

/// A file that loses its name before it gets its first block.
fn unnamed_file(dir: &Path) -> Result<File, StoreError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path: PathBuf = dir.join(format!("room.{}-{count}.tmp", std::process::id()));
    let file = private().create(true).truncate(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(unix)]
fn allocate(file: &File, bytes: u64) -> Result<(), StoreError> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        // Larger than any file here may be.
        Err(Errno::FBIG) => Err(StoreError::Full),
        // A file system that cannot allocate ahead says what is free.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
            let stat = rustix::fs::fstatvfs(file).map_err(io::Error::from)?;
            match stat.f_bavail.saturating_mul(stat.f_frsize) < bytes {
                true => Err(StoreError::Full),
                false => Ok(()),
            }
        }
        Err(error) => Err(io::Error::from(error).into()),
    }
}

/// Elsewhere the first write that does not fit says so.
#[cfg(not(unix))]
fn allocate(_: &File, _: u64) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(unix)]
fn has_free(dir: &Path, bytes: u64) -> bool {
    rustix::fs::statvfs(dir).is_ok_and(|stat| stat.f_bavail.saturating_mul(stat.f_frsize) >= bytes)
}

#[cfg(not(unix))]
fn has_free(_: &Path, _: u64) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservation_leaves_no_file_but_the_gate_and_holds_it_open() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let room = reserve(dir.path(), 1_000_000).expect("there is room");
        room.release_files().expect("shrinks");
        let names: Vec<_> = fs::read_dir(dir.path())
            .expect("lists")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, [GATE]);
        assert!(try_shut_gate(dir.path()).expect("asks").is_none());
        let other = reserve(dir.path(), 1).expect("two may write at once");
        drop((room, other));
        let shut = try_shut_gate(dir.path()).expect("asks");
        assert!(shut.is_some());
    }

    #[test]
    fn more_room_than_any_disk_has_is_full() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        // 4 EiB: within what a file's length may be, beyond what any disk holds.
        let refused = reserve(dir.path(), 1 << 62);
        assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    }
}
