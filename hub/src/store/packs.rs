//! Versions of reference data.

use std::collections::HashSet;

use bading_core::model::identifiers::{Hash, Zone};
use rusqlite::{Connection, OptionalExtension, params};

use super::{read_hash, read_uint, sql_int};
use crate::error::HubError;

/// A version of reference data that is in force.
pub(crate) struct PackRow {
    pub(crate) kind: String,
    pub(crate) version: u64,
    pub(crate) hash: Hash,
    pub(crate) size_bytes: u64,
}

/// The highest version of each kind, by kind.
pub(crate) fn list_active(conn: &Connection, zone: &Zone) -> Result<Vec<PackRow>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT kind, MAX(version), packs.hash, blobs.size_bytes
         FROM packs JOIN blobs ON blobs.hash = packs.hash
         WHERE zone = ?1 GROUP BY kind ORDER BY kind",
    )?;
    let mut rows = statement.query([zone.as_str()])?;
    let mut packs = Vec::new();
    while let Some(row) = rows.next()? {
        let hash: Vec<u8> = row.get(2)?;
        packs.push(PackRow {
            kind: row.get(0)?,
            version: read_uint(row.get(1)?)?,
            hash: read_hash(&hash)?,
            size_bytes: read_uint(row.get(3)?)?,
        });
    }
    Ok(packs)
}

/// The hashes of every version of a kind, the first first.
pub(crate) fn list_hashes(
    conn: &Connection,
    zone: &Zone,
    kind: &str,
) -> Result<Vec<Hash>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT hash FROM packs WHERE zone = ?1 AND kind = ?2 ORDER BY version",
    )?;
    let rows = statement.query_map([zone.as_str(), kind], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|hash| read_hash(&hash?)).collect()
}

/// The hashes of every version of every kind.
pub(crate) fn list_every_hash(conn: &Connection, zone: &Zone) -> Result<HashSet<Hash>, HubError> {
    let mut statement = conn.prepare_cached("SELECT DISTINCT hash FROM packs WHERE zone = ?1")?;
    let rows = statement.query_map([zone.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|hash| read_hash(&hash?)).collect()
}

pub(crate) fn add(
    conn: &Connection,
    zone: &Zone,
    kind: &str,
    version: u64,
    hash: &Hash,
    position: u64,
) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT INTO packs (zone, kind, version, hash, position) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        zone.as_str(),
        kind,
        sql_int(version),
        hash.0,
        sql_int(position)
    ])?;
    Ok(())
}

/// The length of a pack that is or was in force, in bytes.
pub(crate) fn find_size(conn: &Connection, hash: &Hash) -> Result<Option<u64>, HubError> {
    let size: Option<i64> = conn
        .prepare_cached(
            "SELECT blobs.size_bytes FROM packs JOIN blobs ON blobs.hash = packs.hash
             WHERE packs.hash = ?1 LIMIT 1",
        )?
        .query_row([hash.0], |row| row.get(0))
        .optional()?;
    size.map(read_uint).transpose()
}
