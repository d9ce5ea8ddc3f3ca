//! What is not in the log: the device's own settings and the reference packs.

use std::ops::Range;

use rusqlite::{OptionalExtension, params};

use crate::model::identifiers::Hash;
use crate::model::time::UtcMs;
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
    /// The public half of the city's escrow key, pinned at enrolment.
    EscrowKey,
    /// How far the hub's log is durable beyond one machine, where the hub says so: epoch and
    /// position, 16 bytes.
    DurableThrough,
    /// The hub's last challenge of an hour, signed.
    HourChallenge,
    /// There while something erased may still be read from the files.
    ErasurePending,
    /// Set by a salvage when the hub may know commits of this device that were lost here.
    HeadInDoubt,
}

impl Setting {
    /// Every setting that an enrolled phone has after a session.
    pub const LASTING: [Self; 6] = [
        Self::Clock,
        Self::LastHubTime,
        Self::HubUrl,
        Self::HubKey,
        Self::Certificate,
        Self::LastSync,
    ];

    /// The setting's name in the database.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::LastHubTime => "last_hub_time",
            Self::HubUrl => "hub_url",
            Self::HubKey => "hub_key",
            Self::Certificate => "certificate",
            Self::LastSync => "last_sync",
            Self::EscrowKey => "escrow_key",
            Self::DurableThrough => "durable_through",
            Self::HourChallenge => "hour_challenge",
            Self::ErasurePending => "erasure_pending",
            Self::HeadInDoubt => "head_in_doubt",
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

    /// Takes a setting away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_setting(&self, setting: Setting) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM meta WHERE key = ?1")?
            .execute(params![setting.key()])?;
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

    /// The kinds of the packs that are here, with their hashes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pack_names(&self) -> Result<Vec<(String, Hash)>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT kind, hash FROM packs")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, Hash(row.get(1)?))))?;
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

    /// Hands over the index of a pack's cells that are in force at an instant, with the time
    /// for which it holds; nothing where there is none.
    ///
    /// - `read`: what to make of its bytes, which are derived and may be damaged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn grid_index<T>(
        &self,
        pack: &Hash,
        at: UtcMs,
        read: impl FnOnce(Range<UtcMs>, &[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT from_ms, to_ms, image FROM grid_indexes
             WHERE pack = ?1 AND from_ms <= ?2 AND ?2 < to_ms",
        )?;
        let mut rows = statement.query(params![pack.0, sql_ms(at)])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let ms = |column| row.get::<_, i64>(column).map(|ms| UtcMs(ms as u64));
        // A column of another type is damage as well, and a reader finds that in no bytes.
        let image = row.get_ref(2)?.as_blob().unwrap_or_default();
        Ok(Some(read(ms(0)?..ms(1)?, image)))
    }

    /// Keeps the index of a pack's cells for a time. Those of other packs go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_grid_index(
        &self,
        pack: &Hash,
        time: &Range<UtcMs>,
        image: &[u8],
    ) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM grid_indexes WHERE pack <> ?1")?
            .execute(params![pack.0])?;
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO grid_indexes (pack, from_ms, to_ms, image)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![pack.0, sql_ms(time.start), sql_ms(time.end), image])?;
        Ok(())
    }
}

/// SQLite's integers end where no calendar goes.
fn sql_ms(at: UtcMs) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}
