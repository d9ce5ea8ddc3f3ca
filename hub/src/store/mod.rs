//! The hub's database: the only SQL of the hub. It stores and finds, and never judges.
//!
//! One writer behind a lock, in immediate transactions, so that a second process (the
//! operator's command beside a serving hub) waits its turn; readers beside it.

pub(crate) mod blobs;
pub(crate) mod challenges;
pub(crate) mod erasures;
pub(crate) mod log;
mod migrations;
pub(crate) mod packs;
pub(crate) mod patrols;
pub(crate) mod people;
pub(crate) mod session;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bading_core::model::identifiers::{DeviceKey, Hash, Suite};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::error::HubError;

/// How long a process waits for another's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Idle readers that are kept open.
const KEPT_READERS: usize = 8;

/// The database of one hub.
pub(crate) struct Store {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the database, making it only when `create` says so, and brings its schema up
    /// to date.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, HubError> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let mut writer = Connection::open_with_flags(path, flags)?;
        configure(&writer)?;
        migrations::run(&mut writer)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// Runs a use case in one transaction, which is kept only when it succeeds.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HubError>,
    ) -> Result<T, HubError> {
        // A panic in an earlier job rolled its transaction back: the connection is sound.
        let mut writer = locked(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcome = work(&transaction)?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// Reads one consistent state of the database beside the writer.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HubError>,
    ) -> Result<T, HubError> {
        let idle = locked(&self.readers).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => self.open_reader()?,
        };
        let transaction = reader.transaction()?;
        let outcome = work(&transaction);
        drop(transaction);
        let mut readers = locked(&self.readers);
        if readers.len() < KEPT_READERS {
            readers.push(reader);
        }
        outcome
    }

    fn open_reader(&self) -> Result<Connection, HubError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags)?;
        configure(&reader)?;
        // A reader that tries to write is an error of ours and must show.
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    }
}

fn configure(connection: &Connection) -> Result<(), HubError> {
    // There are more statements than the sixteen that are kept prepared by default.
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Readers go on while the writer writes.
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A receipt is a promise: in WAL mode, NORMAL loses acknowledged commits on power loss.
    connection.pragma_update(None, "synchronous", "full")?;
    // Off by default in SQLite; the schema's references are meant.
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: an erased note must not stay in a free page.
    connection.pragma_update(None, "secure_delete", true)?;
    // Schema text from a damaged file must not call functions with side effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a fact about the hub.
pub(crate) fn meta(conn: &Connection, name: &str) -> Result<Option<String>, HubError> {
    Ok(conn
        .prepare_cached("SELECT value FROM hub_meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Writes a fact about the hub, once.
pub(crate) fn set_meta(conn: &Connection, name: &str, value: &str) -> Result<(), HubError> {
    conn.prepare_cached("INSERT INTO hub_meta (name, value) VALUES (?1, ?2)")?
        .execute(params![name, value])?;
    Ok(())
}

/// A device as it is stored: the suite's byte, then the key.
pub(crate) fn device_blob(device: &DeviceKey) -> Vec<u8> {
    let mut blob = vec![device.suite.code()];
    blob.extend_from_slice(&device.bytes);
    blob
}

pub(crate) fn read_device(blob: &[u8]) -> Result<DeviceKey, HubError> {
    let damaged = HubError::Damaged("device key");
    let Some((suite, key)) = blob.split_first() else {
        return Err(damaged);
    };
    match (Suite::from_code((*suite).into()), key.try_into()) {
        (Some(suite), Ok(bytes)) => Ok(DeviceKey { suite, bytes }),
        _ => Err(damaged),
    }
}

pub(crate) fn read_hash(blob: &[u8]) -> Result<Hash, HubError> {
    Hash::try_from(blob).map_err(|_| HubError::Damaged("hash"))
}

/// SQLite's integers are signed; what does not fit is larger than anything stored.
pub(crate) fn sql_int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Counts and instants are never negative in the store.
pub(crate) fn read_uint(value: i64) -> Result<u64, HubError> {
    u64::try_from(value).map_err(|_| HubError::Damaged("number"))
}
