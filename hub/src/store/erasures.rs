//! What was ordered to be erased, and how it leaves the database.

use bading_core::model::identifiers::{Hash, Zone};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::erasure::Erasure;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, read_hash, sql_int};
use crate::error::HubError;

/// In the place of a value's number where a photo is meant.
const PHOTO: i64 = -1;
/// The fact that something erased may still be read from the files.
const PENDING: &str = "erasure_pending";

/// Notes what the order at a position names.
pub(crate) fn note(
    conn: &Connection,
    zone: &Zone,
    what: &Erasure,
    position: u64,
) -> Result<(), HubError> {
    let mut insert = conn.prepare_cached(
        "INSERT OR IGNORE INTO erasures (zone, target, value_at, position)
         VALUES (?1, ?2, ?3, ?4)",
    )?;
    let position = sql_int(position);
    match what {
        Erasure::Values { commit, values } => {
            for value in values {
                insert.execute(params![
                    zone.as_str(),
                    commit.0,
                    i64::from(*value),
                    position
                ])?;
            }
        }
        Erasure::Photo(photo) => {
            insert.execute(params![zone.as_str(), photo.0, PHOTO, position])?;
        }
    }
    conn.prepare_cached("INSERT OR IGNORE INTO hub_meta (name, value) VALUES (?1, '1')")?
        .execute([PENDING])?;
    Ok(())
}

/// The values of a commit that were ordered to be erased.
pub(crate) fn values_of(
    conn: &Connection,
    zone: &Zone,
    commit: &Hash,
) -> Result<Vec<u32>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT value_at FROM erasures
         WHERE zone = ?1 AND target = ?2 AND value_at >= 0 ORDER BY value_at",
    )?;
    let rows = statement.query_map(params![zone.as_str(), commit.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// True when a photo was ordered to be erased.
pub(crate) fn is_photo(conn: &Connection, zone: &Zone, photo: &Hash) -> Result<bool, HubError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM erasures WHERE zone = ?1 AND target = ?2 AND value_at = ?3")?
        .exists(params![zone.as_str(), photo.0, PHOTO])?)
}

/// The photos that were ordered to be erased.
pub(crate) fn photos(conn: &Connection, zone: &Zone) -> Result<Vec<Hash>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT target FROM erasures WHERE zone = ?1 AND value_at = ?2 ORDER BY target",
    )?;
    let rows = statement.query_map(params![zone.as_str(), PHOTO], |row| {
        row.get::<_, Vec<u8>>(0)
    })?;
    rows.map(|hash| read_hash(&hash?)).collect()
}

/// A commit by its hash.
pub(crate) fn find_commit(
    conn: &Connection,
    zone: &Zone,
    hash: &Hash,
) -> Result<Option<Commit>, HubError> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT bytes FROM commits WHERE zone = ?1 AND hash = ?2")?
        .query_row(params![zone.as_str(), hash.0], |row| row.get(0))
        .optional()?;
    bytes
        .map(|bytes| Commit::decode(&bytes).map_err(|_| HubError::Damaged("commit")))
        .transpose()
}

/// Writes a commit again without what was ordered to be erased of it, when it is here.
pub(crate) fn strip(conn: &Connection, zone: &Zone, hash: &Hash) -> Result<(), HubError> {
    let Some(mut commit) = find_commit(conn, zone, hash)? else {
        return Ok(());
    };
    if commit.erase_values(&values_of(conn, zone, hash)?) {
        conn.prepare_cached("UPDATE commits SET bytes = ?3 WHERE zone = ?1 AND hash = ?2")?
            .execute(params![zone.as_str(), hash.0, commit.encode()])?;
    }
    Ok(())
}

/// The file of this photo is not to be served any more.
pub(crate) fn drop_photo(conn: &Connection, photo: &Hash) -> Result<(), HubError> {
    conn.prepare_cached("DELETE FROM blobs WHERE hash = ?1")?
        .execute([photo.0])?;
    Ok(())
}

/// True while something erased may still be read from the files.
pub(crate) fn is_pending(conn: &Connection) -> Result<bool, HubError> {
    Ok(super::meta(conn, PENDING)?.is_some())
}

/// Nothing that was erased can be read from the files.
pub(crate) fn set_done(conn: &Connection) -> Result<(), HubError> {
    conn.execute("DELETE FROM hub_meta WHERE name = ?1", [PENDING])?;
    Ok(())
}

impl Store {
    /// Writes the database anew and empties the write-ahead log: SQLite leaves copies of rows
    /// that it moved between pages, and overwrites only what it deletes. Takes as long as
    /// copying the database does, and holds writers off meanwhile.
    ///
    /// # Errors
    /// [`HubError::Busy`] while somebody reads an earlier state; to be tried again then.
    pub(crate) fn scrub(&self) -> Result<(), HubError> {
        let writer = super::locked(&self.writer);
        writer.execute_batch("VACUUM")?;
        let is_busy: bool =
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            return Err(HubError::Busy);
        }
        Ok(())
    }
}
