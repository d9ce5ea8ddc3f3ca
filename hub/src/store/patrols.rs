//! When patrols began and who walks them: a view of the log.

use bading_core::model::identifiers::{DeviceKey, PersonId, Zone};
use bading_core::model::patrol::PatrolId;
use bading_core::model::time::UtcMs;
use rusqlite::{Connection, params};

use super::{device_blob, sql_int};
use crate::error::HubError;

/// Notes a patrol; the first start stays.
pub(crate) fn note(
    conn: &Connection,
    zone: &Zone,
    patrol_id: PatrolId,
    position: u64,
    device: &DeviceKey,
    person: Option<&PersonId>,
    started: UtcMs,
) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO patrols (zone, patrol_id, position, device, person, started_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        zone.as_str(),
        patrol_id.0.as_bytes(),
        sql_int(position),
        device_blob(device),
        person.map(PersonId::as_str),
        sql_int(started.0),
    ])?;
    Ok(())
}

/// The patrols that began in a time, both ends included, in the order of their beginning.
pub(crate) fn started_between(
    conn: &Connection,
    zone: &Zone,
    from: UtcMs,
    to: UtcMs,
) -> Result<Vec<PatrolId>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT patrol_id FROM patrols WHERE zone = ?1 AND started_ms BETWEEN ?2 AND ?3
         ORDER BY started_ms, patrol_id",
    )?;
    let rows = statement.query_map(
        params![zone.as_str(), sql_int(from.0), sql_int(to.0)],
        |row| row.get::<_, [u8; 16]>(0),
    )?;
    rows.map(|id| Ok(PatrolId(uuid::Uuid::from_bytes(id?))))
        .collect()
}

/// When the latest patrol began, if there was one.
pub(crate) fn latest_start(conn: &Connection, zone: &Zone) -> Result<Option<UtcMs>, HubError> {
    let latest: Option<i64> = conn
        .prepare_cached("SELECT MAX(started_ms) FROM patrols WHERE zone = ?1")?
        .query_row([zone.as_str()], |row| row.get(0))?;
    latest.map(|ms| super::read_uint(ms).map(UtcMs)).transpose()
}
