//! What the hub has ordered to be erased, as rows, and how it leaves the disk.
//!
//! A deleted row is overwritten at once (`secure_delete`), but SQLite leaves copies of rows
//! that it moved between pages, and the write-ahead log keeps earlier pages. So an erasure ends
//! with [`Store::scrub`]: the database is written anew and the log is emptied.

use rusqlite::{OptionalExtension, params};

use crate::model::identifiers::{DeviceKey, Hash};
use crate::oplog::commit::Commit;
use crate::oplog::erasure::Erasure;
use crate::storage::log::{StoredCommit, device_bytes, stored};
use crate::storage::{Store, StoreError, Tx};

/// In the place of a value's number where a photo is meant.
const PHOTO: i64 = -1;

/// One thing that was ordered to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErasedThing {
    /// The commit, or the photo.
    pub target: Hash,
    /// The value of the commit; nothing for a photo.
    pub value: Option<u32>,
}

impl ErasedThing {
    /// What an order names, one by one.
    #[must_use]
    pub fn all_of(what: &Erasure) -> Vec<Self> {
        match what {
            Erasure::Values { commit, values } => values
                .iter()
                .map(|value| Self {
                    target: *commit,
                    value: Some(*value),
                })
                .collect(),
            Erasure::Photo(photo) => vec![Self {
                target: *photo,
                value: None,
            }],
        }
    }
}

impl Tx<'_> {
    /// Notes what an order names; an earlier order of the same stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_erasure(&self, thing: &ErasedThing, ordered: &Hash) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO erasures (target, value_at, ordered) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                thing.target.0,
                thing.value.map_or(PHOTO, i64::from),
                ordered.0
            ])?;
        Ok(())
    }

    /// Everything that was ordered to be erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erased_things(&self) -> Result<Vec<ErasedThing>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT target, value_at FROM erasures ORDER BY target, value_at")?;
        let rows = statement.query_map([], |row| {
            Ok(ErasedThing {
                target: Hash(row.get(0)?),
                value: u32::try_from(row.get::<_, i64>(1)?).ok(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The values of a commit that were ordered to be erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erased_values(&self, commit: &Hash) -> Result<Vec<u32>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT value_at FROM erasures WHERE target = ?1 AND value_at >= 0 ORDER BY value_at",
        )?;
        let rows = statement.query_map([commit.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// True when a photo was ordered to be erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_photo_erased(&self, photo: &Hash) -> Result<bool, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT 1 FROM erasures WHERE target = ?1 AND value_at = ?2")?
            .exists(params![photo.0, PHOTO])?)
    }

    /// Writes a commit again without what was ordered to be erased of it. Answers it as it is
    /// now, when it is here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn strip_commit(&self, hash: &Hash) -> Result<Option<Commit>, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .0
            .prepare_cached("SELECT bytes FROM commits WHERE hash = ?1")?
            .query_row([hash.0], |row| row.get(0))
            .optional()?;
        let Some(bytes) = bytes else { return Ok(None) };
        let damaged =
            |error: crate::oplog::commit::CommitError| StoreError::Damaged(error.to_string());
        let mut commit = Commit::decode(&bytes).map_err(damaged)?;
        if commit.erase_values(&self.erased_values(hash)?) {
            self.0
                .prepare_cached("UPDATE commits SET bytes = ?2 WHERE hash = ?1")?
                .execute(params![hash.0, commit.encode()])?;
        }
        Ok(Some(commit))
    }

    /// Notes that a photo's bytes are not here any more and are not to be sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_blob(&self, hash: &Hash) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE blobs SET is_held = 0, is_at_hub = 0 WHERE hash = ?1")?
            .execute([hash.0])?;
        Ok(())
    }

    /// The commits that a device signed, in order of arrival.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commits_of(&self, device: &DeviceKey) -> Result<Vec<StoredCommit>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT bytes, entry FROM commits WHERE device = ?1 ORDER BY id")?;
        let rows = statement.query_map([device_bytes(device)], stored)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The commits whose bytes hold a hash somewhere, in order of arrival.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commits_naming(&self, hash: &Hash) -> Result<Vec<StoredCommit>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT bytes, entry FROM commits WHERE instr(bytes, ?1) > 0 ORDER BY id",
        )?;
        let rows = statement.query_map([hash.0], stored)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Store {
    /// Writes the database anew and empties the write-ahead log, so that nothing which was
    /// deleted can be read from the files. Takes as long as copying the database does.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another process reads an earlier state, [`StoreError::Full`]
    /// when there is no room for the copy; it is to be tried again then.
    pub fn scrub(&self) -> Result<(), StoreError> {
        let connection = super::lock(&self.writer);
        connection.execute_batch("VACUUM")?;
        let is_busy: bool =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            return Err(StoreError::Busy);
        }
        Ok(())
    }
}
