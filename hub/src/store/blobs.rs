//! Which photos are announced, which files are whole, and who may see them.

use bading_core::model::case::CaseId;
use bading_core::model::identifiers::{DeviceKey, Hash, PersonId, Zone};
use rusqlite::{Connection, OptionalExtension, params};

use super::{device_blob, read_hash, read_uint, sql_int};
use crate::error::HubError;

/// An admitted commit names a photo of a case.
pub(crate) fn announce(
    conn: &Connection,
    zone: &Zone,
    hash: &Hash,
    case_id: CaseId,
    position: u64,
) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO case_photos (zone, hash, case_id, position)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        zone.as_str(),
        hash.0,
        case_id.0.as_bytes(),
        sql_int(position)
    ])?;
    Ok(())
}

pub(crate) fn is_announced(conn: &Connection, hash: &Hash, zone: &Zone) -> Result<bool, HubError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM case_photos WHERE zone = ?1 AND hash = ?2")?
        .exists(params![zone.as_str(), hash.0])?)
}

/// True when a case that this device or person reported has the photo.
pub(crate) fn is_of_own_case(
    conn: &Connection,
    zone: &Zone,
    hash: &Hash,
    device: &DeviceKey,
    person: Option<&PersonId>,
) -> Result<bool, HubError> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM case_photos JOIN case_openings USING (zone, case_id)
             WHERE zone = ?1 AND hash = ?2
               AND (case_openings.device = ?3 OR case_openings.person = ?4)",
        )?
        .exists(params![
            zone.as_str(),
            hash.0,
            device_blob(device),
            person.map(PersonId::as_str),
        ])?)
}

/// The length of a file that is whole, in bytes.
pub(crate) fn find_size(conn: &Connection, hash: &Hash) -> Result<Option<u64>, HubError> {
    let size: Option<i64> = conn
        .prepare_cached("SELECT size_bytes FROM blobs WHERE hash = ?1")?
        .query_row([hash.0], |row| row.get(0))
        .optional()?;
    size.map(read_uint).transpose()
}

/// The file of this hash is whole and durable.
pub(crate) fn add(conn: &Connection, hash: &Hash, size_bytes: u64) -> Result<(), HubError> {
    conn.prepare_cached("INSERT OR IGNORE INTO blobs (hash, size_bytes) VALUES (?1, ?2)")?
        .execute(params![hash.0, sql_int(size_bytes)])?;
    Ok(())
}

/// Every file that should be whole, a part at a time in the order of the hashes.
pub(crate) fn list_after(
    conn: &Connection,
    after: Option<&Hash>,
    limit: usize,
) -> Result<Vec<(Hash, u64)>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT hash, size_bytes FROM blobs WHERE ?1 IS NULL OR hash > ?1
         ORDER BY hash LIMIT ?2",
    )?;
    let limit = sql_int(u64::try_from(limit).unwrap_or(u64::MAX));
    let mut rows = statement.query(params![after.map(|hash| hash.0), limit])?;
    let mut files = Vec::new();
    while let Some(row) = rows.next()? {
        let hash: Vec<u8> = row.get(0)?;
        files.push((read_hash(&hash)?, read_uint(row.get(1)?)?));
    }
    Ok(files)
}
