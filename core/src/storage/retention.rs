//! Which photos are here, which the hub has, and which were let go.

use rusqlite::params;

use crate::model::identifiers::Hash;
use crate::storage::{StoreError, Tx};

/// A photo that the hub has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmedBlob {
    /// BLAKE3 of the original bytes.
    pub hash: Hash,
    /// True while the original is here.
    pub is_held: bool,
}

impl Tx<'_> {
    /// Every photo that the hub has confirmed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn confirmed_blobs(&self) -> Result<Vec<ConfirmedBlob>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT hash, is_held FROM blobs WHERE is_at_hub = 1 ORDER BY hash")?;
        let rows = statement.query_map([], |row| {
            Ok(ConfirmedBlob {
                hash: Hash(row.get(0)?),
                is_held: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every photo that is known, here or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_blobs(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT hash FROM blobs")?;
        let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that a photo's original is let go. The file may go once this is durable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_eviction(&self, hash: &Hash, at_ms: u64) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE blobs SET is_held = 0 WHERE hash = ?1 AND is_at_hub = 1")?
            .execute(params![hash.0])?;
        self.0
            .prepare_cached(
                "INSERT INTO evictions (hash, evicted_ms) VALUES (?1, ?2)
                 ON CONFLICT (hash) DO UPDATE SET evicted_ms = ?2",
            )?
            .execute(params![hash.0, i64::try_from(at_ms).unwrap_or(i64::MAX)])?;
        Ok(())
    }

    /// The photos whose originals were let go and were not fetched again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evicted_blobs(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT hash FROM evictions JOIN blobs USING (hash) WHERE is_held = 0",
        )?;
        let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
