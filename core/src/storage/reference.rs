//! What is not in the log: the device's own settings and the reference packs.

use rusqlite::{OptionalExtension, params};

use crate::model::identifiers::Hash;
use crate::storage::{StoreError, Tx};

/// Settings by their key; each is one small value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The device's hybrid clock: milliseconds and counter, 12 bytes.
    Clock,
    /// The last time that a hub told, milliseconds.
    LastHubTime,
    /// The hub's address.
    HubUrl,
    /// The hub's public key, pinned at enrolment.
    HubKey,
    /// The device's certificate.
    Certificate,
    /// When the last session ended, milliseconds.
    LastSync,
}

impl Setting {
    fn key(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::LastHubTime => "last_hub_time",
            Self::HubUrl => "hub_url",
            Self::HubKey => "hub_key",
            Self::Certificate => "certificate",
            Self::LastSync => "last_sync",
        }
    }
}

impl Tx<'_> {
    /// A setting's value.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn setting(&self, setting: Setting) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
            .query_row(params![setting.key()], |row| row.get(0))
            .optional()?)
    }

    /// Keeps a setting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_setting(&self, setting: Setting, value: &[u8]) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = ?2",
            )?
            .execute(params![setting.key(), value])?;
        Ok(())
    }

    /// The pack of a kind that is in force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pack(&self, kind: &str) -> Result<Option<(Hash, Vec<u8>)>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT hash, bytes FROM packs WHERE kind = ?1")?
            .query_row(params![kind], |row| Ok((Hash(row.get(0)?), row.get(1)?)))
            .optional()?)
    }

    /// The hash of the pack of a kind that is in force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pack_hash(&self, kind: &str) -> Result<Option<Hash>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT hash FROM packs WHERE kind = ?1")?
            .query_row(params![kind], |row| row.get(0).map(Hash))
            .optional()?)
    }

    /// The hashes of the packs that are here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pack_hashes(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT hash FROM packs")?;
        let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Puts a pack in force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_pack(&self, kind: &str, hash: &Hash, bytes: &[u8]) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO packs (kind, hash, bytes) VALUES (?1, ?2, ?3)")?
            .execute(params![kind, hash.0, bytes])?;
        Ok(())
    }
}
