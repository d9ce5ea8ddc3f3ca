//! The phone's store: one folder with a database, photos, and a lock. With a key, which every
//! host brings, all of it is sealed.
//!
//! It holds the only SQL and never judges: it keeps commits as their bytes, the hub's
//! stamps beside them, and views that [`Tx::clear_views`] may throw away at any time.
//! Photos are files named by their hash, durable before a row names them.

pub mod blob;
pub mod case;
pub mod draft;
pub mod erasure;
pub mod escrow;
pub mod log;
mod migrations;
pub mod patrol;
mod photo_marks;
pub mod reference;
pub mod retention;
pub mod room;
pub(crate) mod salvage;
mod seal;
mod sealing;
pub mod vault;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use thiserror::Error;

use crate::model::identifiers::Hash;
pub use crate::storage::sealing::check_alone;

use crate::storage::blob::BlobFolder;
use crate::storage::vault::{DataKey, Keys};

/// How long a second writer waits before it is told that the store is busy: whoever asked
/// hears of it within five seconds, a photo's decoding included.
const BUSY_TIMEOUT: Duration = Duration::from_millis(3_000);
/// The database within the store's folder …
const DATABASE: &str = "store.db";
/// … and that of a store in the clear, as all were before stores were sealed.
const PLAIN_DATABASE: &str = "bading.db";

/// Why the store did not do what it was asked to. Nothing is half written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process is writing and did not finish in time.
    #[error("the store is busy: another process is writing to it")]
    Busy,
    /// The disk has no room.
    #[error("no space left for the store")]
    Full,
    /// The database cannot be read; it is left as it is for salvage.
    #[error("the store's database is damaged: {0}")]
    Damaged(String),
    /// Written by a newer version of this software.
    #[error("the store has schema {found}, this version knows {known}: update the software")]
    TooNew {
        /// The store's schema.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// The store is sealed and its key is not there, or not now. Nothing was changed.
    #[error("the store's key is not available")]
    KeyUnavailable,
    /// The store is sealed with another key. Nothing was changed.
    #[error("the store was sealed with another key")]
    BadKey,
    /// A photo's sealed file does not open: a bit differs, or a part is missing.
    #[error("photo {0} is damaged")]
    BlobDamaged(Hash),
    /// A file of the store could not be read or written.
    #[error("the store's files: {0}")]
    Io(#[source] std::io::Error),
    /// The database refused for another reason, which is a defect of ours.
    #[error("the store's database: {0}")]
    Database(#[source] rusqlite::Error),
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // The index of the write-ahead log has no room: SQLite names it as a failure to size it.
        let extended = error.sqlite_error().map(|error| error.extended_code);
        if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::Full;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Database(error),
        }
    }
}

/// A phone's store, open.
pub struct Store {
    dir: PathBuf,
    database: PathBuf,
    // Fields are dropped in this order: the writer closes last and folds the write-ahead log
    // into the database, which a connection that only reads would leave for the next process.
    reader: OnceLock<Mutex<Connection>>,
    writer: Mutex<Connection>,
    blobs: BlobFolder,
    key: Option<DataKey>,
}

/// A transaction on the store: reads see one state, writes happen together or not at all.
pub struct Tx<'c>(pub(crate) Transaction<'c>);

impl Store {
    /// Opens the store in `dir`, making it when it is not there. A store in the clear is
    /// sealed when keys are given, and what is sealed with the key before is sealed anew.
    ///
    /// # Errors
    /// [`StoreError`], the store untouched.
    pub fn open(dir: &Path, keys: Option<&Keys>) -> Result<Self, StoreError> {
        prepare(dir)?;
        if let Some(keys) = keys {
            check_whole(dir)?;
            sealing::finish(dir, keys)?;
        }
        let key = keys.map(|keys| keys.current.clone());
        let path = database(dir, key.as_ref());
        Self::open_database(dir, path, key)
    }

    fn open_database(
        dir: &Path,
        database: PathBuf,
        key: Option<DataKey>,
    ) -> Result<Self, StoreError> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let had_log = Path::new(&log).exists();
        let mut connection = connect(&database, key.as_ref(), OpenFlags::default())?;
        // A database that turns out to be damaged stays as it is: closing would fold the
        // write-ahead log into it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let is_ready = match is_ready(&connection) {
            // A full disk has no page for SQLite's shared memory: the spare makes room.
            Err(StoreError::Full) if room::spend_spare(dir) => is_ready(&connection)?,
            asked => asked?,
        };
        if !is_ready {
            // Two processes may make the store at once, and switching to the write-ahead
            // log does not wait for locks by itself. The kernel frees the lock of a process
            // that died half-way; the next one finds out here and goes on.
            let _lock = lock_making(dir)?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            configure(&connection)?;
            migrations::migrate(&mut connection)?;
            blob::sync_folder(dir)?;
        }
        configure(&connection)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        if !had_log {
            // SQLite makes its log's name durable as well, and ignores it when that fails.
            database.parent().map_or(Ok(()), blob::sync_folder)?;
        }
        let blobs = BlobFolder::open(&dir.join("blobs"), key.as_ref())?;
        room::keep_spare(dir);
        let writer = Mutex::new(connection);
        Ok(Self {
            dir: dir.to_owned(),
            database,
            reader: OnceLock::new(),
            writer,
            blobs,
            key,
        })
    }

    /// The store's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The photos.
    #[must_use]
    pub fn blobs(&self) -> &BlobFolder {
        &self.blobs
    }

    /// Runs `work` in one durable transaction: when this returns `Ok`, it is on the disk.
    ///
    /// # Errors
    /// Those of `work`, everything rolled back, or [`StoreError`].
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = lock(&self.writer);
        // Immediate: the write lock is waited for at the start, where waiting is allowed,
        // and not in the middle, where SQLite answers busy at once.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let tx = Tx(transaction);
        let value = work(&tx)?;
        tx.0.commit().map_err(StoreError::from)?;
        Ok(value)
    }

    /// Runs `work` on one state of the store, beside a writer.
    ///
    /// # Errors
    /// Those of `work`, or [`StoreError`].
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let reader = match self.reader.get() {
            Some(reader) => reader,
            None => {
                let connection = self.open_reader()?;
                self.reader.get_or_init(|| Mutex::new(connection))
            }
        };
        let mut connection = lock(reader);
        let tx = Tx(connection.transaction().map_err(StoreError::from)?);
        work(&tx)
    }

    fn open_reader(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        connect(&self.database, self.key.as_ref(), flags)
    }
}

/// True when a store is in `dir`, sealed or not.
#[must_use]
pub fn is_store(dir: &Path) -> bool {
    is_sealed(dir) || dir.join(PLAIN_DATABASE).is_file()
}

/// True when a sealed store is in `dir`.
pub(crate) fn is_sealed(dir: &Path) -> bool {
    dir.join(DATABASE).is_file() || dir.join(salvage::SALVAGED).is_file()
}

/// Looks at what SQLite would not: the rest of a write-ahead log behind a damaged frame, and
/// a salvage that was cut off. Nearly always neither file is there.
fn check_whole(dir: &Path) -> Result<(), StoreError> {
    if dir.join(salvage::SALVAGED).is_file() {
        return Err(StoreError::Damaged("a salvage was cut off".to_owned()));
    }
    if salvage::wal::is_broken(&dir.join(format!("{DATABASE}-wal")))? {
        return Err(StoreError::Damaged("the write-ahead log".to_owned()));
    }
    Ok(())
}

/// Opens the database `path` with the photos of `dir`: one that salvage is making.
fn open_at(dir: &Path, path: &Path, key: &DataKey) -> Result<Store, StoreError> {
    Store::open_database(dir, path.to_owned(), Some(key.clone()))
}

fn database(dir: &Path, key: Option<&DataKey>) -> PathBuf {
    dir.join(if key.is_some() {
        DATABASE
    } else {
        PLAIN_DATABASE
    })
}

/// Opens a database, with its key when it is sealed.
fn connect(path: &Path, key: Option<&DataKey>, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)?;
    if let Some(key) = key {
        // What SQLCipher has to say it says by its answers, never on a terminal.
        connection.pragma_update(None, "cipher_log_level", "NONE")?;
        connection.pragma_update(None, "key", key.database().as_str())?;
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Makes the store's folder, its name durable in the folder above. Nobody but its owner may
/// look inside: places and notes are personal.
///
/// # Errors
/// [`StoreError::Full`] or [`StoreError::Io`].
pub fn prepare(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    dir.parent().map_or(Ok(()), blob::sync_folder)
}

/// Takes the lock under which a store is made. It ends when the file is dropped, and the
/// kernel ends that of a process that died; one that was only stopped is not waited for
/// longer than any other writer.
///
/// # Errors
/// [`StoreError::Busy`], or [`StoreError::Io`].
pub(crate) fn lock_making(dir: &Path) -> Result<File, StoreError> {
    const STEP: Duration = Duration::from_millis(10);
    let file = File::create(dir.join("store.lock"))?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if waited < BUSY_TIMEOUT => {
                std::thread::sleep(STEP);
                waited += STEP;
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// A panic in another thread leaves the connection as sound as SQLite left it: its
/// transaction was rolled back.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True when the database is in write-ahead mode and has the newest schema.
fn is_ready(connection: &Connection) -> Result<bool, StoreError> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal" && migrations::is_current(connection)?)
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    // FULL: with NORMAL a power cut loses commits that were acknowledged (measured).
    connection.pragma_update(None, "synchronous", "full")?;
    // A row that names a commit which is not there is a defect; let it show at once.
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: an erased note must not stay in a free page.
    connection.pragma_update(None, "secure_delete", true)?;
    // Sorting and temporary indexes never touch the phone's flash.
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_transaction_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(dir.path(), None).expect("opens");
        let failed: Result<(), StoreError> = store.write(|tx| {
            tx.put_blob(&Hash([1; 32]), 5, true)?;
            Err(StoreError::Full)
        });
        assert!(matches!(failed, Err(StoreError::Full)));
        let held = store.read(|tx| tx.held_blobs()).expect("reads");
        assert!(held.is_empty());
    }

    #[test]
    fn second_writer_is_told_busy_when_the_first_does_not_end() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let first = Store::open(dir.path(), None).expect("opens");
        let second = Store::open(dir.path(), None).expect("opens beside it");
        let outcome: Result<(), StoreError> = first.write(|tx| {
            tx.put_blob(&Hash([1; 32]), 5, true)?;
            let busy: Result<(), StoreError> = second.write(|_| Ok(()));
            assert!(matches!(busy, Err(StoreError::Busy)));
            Ok(())
        });
        assert!(outcome.is_ok());
        let held = second.read(|tx| tx.held_blobs()).expect("reads");
        assert_eq!(held, [Hash([1; 32])], "and what the first wrote is there");
    }

    #[test]
    fn store_of_a_newer_version_is_refused_and_left_as_it_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        drop(Store::open(dir.path(), None).expect("opens"));
        let connection = Connection::open(dir.path().join(PLAIN_DATABASE)).expect("opens");
        connection
            .pragma_update(None, "user_version", 99)
            .expect("the test pretends");
        drop(connection);
        let refused = Store::open(dir.path(), None);
        assert!(matches!(refused, Err(StoreError::TooNew { found: 99, .. })));
    }

    #[test]
    fn file_that_is_no_database_is_damaged_and_left_as_it_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(PLAIN_DATABASE);
        let spoilt = vec![0x5a; 8192];
        std::fs::write(&path, &spoilt).expect("the test spoils it");
        assert!(matches!(
            Store::open(dir.path(), None),
            Err(StoreError::Damaged(_))
        ));
        assert_eq!(std::fs::read(&path).expect("still there"), spoilt);
    }

    #[cfg(unix)]
    #[test]
    fn folder_of_a_new_store_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = dir.path().join("phone");
        drop(Store::open(&made, None).expect("opens"));
        let mode = std::fs::metadata(&made)
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
