//! The random number of each hour, kept for ever: 32 bytes an hour.

use bading_core::model::time::UtcMs;
use bading_core::oplog::challenge::HourChallenge;
use rusqlite::{Connection, OptionalExtension, params};

use super::sql_int;
use crate::error::HubError;

/// The signed challenge of an hour, if it was drawn.
pub(crate) fn of_hour(conn: &Connection, hour: UtcMs) -> Result<Option<Vec<u8>>, HubError> {
    Ok(conn
        .prepare_cached("SELECT bytes FROM hour_challenges WHERE hour_ms = ?1")?
        .query_row([sql_int(hour.0)], |row| row.get(0))
        .optional()?)
}

/// Keeps the challenge of an hour.
pub(crate) fn add(
    conn: &Connection,
    challenge: &HourChallenge,
    bytes: &[u8],
) -> Result<(), HubError> {
    conn.prepare_cached("INSERT INTO hour_challenges (hour_ms, nonce, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![sql_int(challenge.hour.0), challenge.nonce, bytes])?;
    Ok(())
}
