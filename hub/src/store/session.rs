//! Challenges and sessions, by the hash of what the device holds.

use bading_core::model::identifiers::{DeviceKey, Hash};
use bading_core::model::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::{device_blob, read_device, sql_int};
use crate::error::HubError;

/// Challenges that one device may have open; older ones go.
const MAX_CHALLENGES: i64 = 8;
/// Sessions that one device may have open; older ones go.
const MAX_SESSIONS: i64 = 8;

pub(crate) fn add_challenge(
    conn: &Connection,
    hash: &Hash,
    device: &DeviceKey,
    now: UtcMs,
    expires: UtcMs,
) -> Result<(), HubError> {
    conn.prepare_cached("DELETE FROM challenges WHERE expires_ms <= ?1")?
        .execute([sql_int(now.0)])?;
    conn.prepare_cached(
        "INSERT INTO challenges (challenge_hash, device, expires_ms) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![hash.0, device_blob(device), sql_int(expires.0)])?;
    conn.prepare_cached(
        "DELETE FROM challenges WHERE device = ?1 AND challenge_hash NOT IN (
             SELECT challenge_hash FROM challenges WHERE device = ?1
             ORDER BY expires_ms DESC, challenge_hash = ?3 DESC LIMIT ?2)",
    )?
    .execute(params![device_blob(device), MAX_CHALLENGES, hash.0])?;
    Ok(())
}

/// Removes a challenge; true when it was this device's and had not expired.
pub(crate) fn take_challenge(
    conn: &Connection,
    hash: &Hash,
    device: &DeviceKey,
    now: UtcMs,
) -> Result<bool, HubError> {
    let expires: Option<i64> = conn
        .prepare_cached(
            "DELETE FROM challenges WHERE challenge_hash = ?1 AND device = ?2
             RETURNING expires_ms",
        )?
        .query_row(params![hash.0, device_blob(device)], |row| row.get(0))
        .optional()?;
    Ok(expires.is_some_and(|expires| expires > sql_int(now.0)))
}

pub(crate) fn add_session(
    conn: &Connection,
    hash: &Hash,
    device: &DeviceKey,
    now: UtcMs,
    expires: UtcMs,
) -> Result<(), HubError> {
    conn.prepare_cached("DELETE FROM sessions WHERE expires_ms <= ?1")?
        .execute([sql_int(now.0)])?;
    conn.prepare_cached(
        "INSERT INTO sessions (token_hash, device, expires_ms) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![hash.0, device_blob(device), sql_int(expires.0)])?;
    conn.prepare_cached(
        "DELETE FROM sessions WHERE device = ?1 AND token_hash NOT IN (
             SELECT token_hash FROM sessions WHERE device = ?1
             ORDER BY expires_ms DESC, token_hash = ?3 DESC LIMIT ?2)",
    )?
    .execute(params![device_blob(device), MAX_SESSIONS, hash.0])?;
    Ok(())
}

/// The device of a session that has not ended.
pub(crate) fn find_session(
    conn: &Connection,
    hash: &Hash,
    now: UtcMs,
) -> Result<Option<DeviceKey>, HubError> {
    let device: Option<Vec<u8>> = conn
        .prepare_cached("SELECT device FROM sessions WHERE token_hash = ?1 AND expires_ms > ?2")?
        .query_row(params![hash.0, sql_int(now.0)], |row| row.get(0))
        .optional()?;
    device.map(|device| read_device(&device)).transpose()
}
