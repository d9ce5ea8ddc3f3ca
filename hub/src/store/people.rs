//! People, devices, their certificates, and the one-use codes that bring them together.

use bading_core::model::identifiers::{DeviceKey, Hash, PersonId, Zone};
use bading_core::model::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{device_blob, read_device, read_hash, read_uint, sql_int};
use crate::error::HubError;

/// A device with its certificate in force.
pub(crate) struct DeviceRow {
    pub(crate) device: DeviceKey,
    pub(crate) person: PersonId,
    pub(crate) certificate: Vec<u8>,
    pub(crate) epoch: u64,
    pub(crate) is_revoked: bool,
}

/// A one-use code as it is stored: never its text.
pub(crate) struct CodeRow {
    pub(crate) role: u64,
    pub(crate) person: Option<String>,
    /// Beginnings of grid codes, separated by spaces, which no grid code has.
    pub(crate) grids: String,
    pub(crate) department: Option<String>,
    pub(crate) expires: UtcMs,
    /// The device that used it and the certificate that it got.
    pub(crate) used: Option<(DeviceKey, Hash)>,
}

pub(crate) fn add_code(conn: &Connection, hash: &Hash, code: &CodeRow) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT INTO codes (code_hash, role, person, grids, department, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        hash.0,
        sql_int(code.role),
        code.person,
        code.grids,
        code.department,
        sql_int(code.expires.0),
    ])?;
    Ok(())
}

pub(crate) fn find_code(conn: &Connection, hash: &Hash) -> Result<Option<CodeRow>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT role, person, grids, department, expires_ms, used_by, certificate
         FROM codes WHERE code_hash = ?1",
    )?;
    let mut rows = statement.query([hash.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let used: (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(5)?, row.get(6)?);
    let used = match used {
        (Some(device), Some(certificate)) => {
            Some((read_device(&device)?, read_hash(&certificate)?))
        }
        _ => None,
    };
    Ok(Some(CodeRow {
        role: read_uint(row.get(0)?)?,
        person: row.get(1)?,
        grids: row.get(2)?,
        department: row.get(3)?,
        expires: UtcMs(read_uint(row.get(4)?)?),
        used,
    }))
}

pub(crate) fn use_code(
    conn: &Connection,
    hash: &Hash,
    device: &DeviceKey,
    certificate: &Hash,
) -> Result<(), HubError> {
    conn.prepare_cached("UPDATE codes SET used_by = ?2, certificate = ?3 WHERE code_hash = ?1")?
        .execute(params![hash.0, device_blob(device), certificate.0])?;
    Ok(())
}

pub(crate) fn add_person(conn: &Connection, person: &PersonId, now: UtcMs) -> Result<(), HubError> {
    conn.prepare_cached("INSERT OR IGNORE INTO people (person, created_ms) VALUES (?1, ?2)")?
        .execute(params![person.as_str(), sql_int(now.0)])?;
    Ok(())
}

pub(crate) fn list_people(conn: &Connection) -> Result<Vec<PersonId>, HubError> {
    let mut statement = conn.prepare_cached("SELECT person FROM people ORDER BY person")?;
    let mut rows = statement.query([])?;
    let mut people = Vec::new();
    while let Some(row) = rows.next()? {
        people.push(read_person(row.get(0)?)?);
    }
    Ok(people)
}

pub(crate) fn add_certificate(
    conn: &Connection,
    zone: &Zone,
    hash: &Hash,
    device: &DeviceKey,
    bytes: &[u8],
) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT INTO certificates (zone, hash, device, bytes) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![zone.as_str(), hash.0, device_blob(device), bytes])?;
    Ok(())
}

pub(crate) fn find_certificate(
    conn: &Connection,
    zone: &Zone,
    hash: &Hash,
) -> Result<Option<Vec<u8>>, HubError> {
    Ok(conn
        .prepare_cached("SELECT bytes FROM certificates WHERE zone = ?1 AND hash = ?2")?
        .query_row(params![zone.as_str(), hash.0], |row| row.get(0))
        .optional()?)
}

/// Puts a certificate in force for its device, known before or not.
pub(crate) fn set_device(
    conn: &Connection,
    zone: &Zone,
    device: &DeviceKey,
    person: &PersonId,
    certificate: &Hash,
    epoch: u64,
) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT INTO devices (device, person, zone, certificate, epoch)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (device) DO UPDATE SET
             person = excluded.person, zone = excluded.zone,
             certificate = excluded.certificate, epoch = excluded.epoch",
    )?
    .execute(params![
        device_blob(device),
        person.as_str(),
        zone.as_str(),
        certificate.0,
        sql_int(epoch),
    ])?;
    Ok(())
}

pub(crate) fn set_revoked(
    conn: &Connection,
    device: &DeviceKey,
    now: UtcMs,
) -> Result<(), HubError> {
    conn.prepare_cached("UPDATE devices SET revoked_ms = ?2 WHERE device = ?1")?
        .execute(params![device_blob(device), sql_int(now.0)])?;
    Ok(())
}

const DEVICE_COLUMNS: &str = "SELECT devices.device, person, certificates.bytes, epoch,
        revoked_ms IS NOT NULL
    FROM devices JOIN certificates ON certificates.zone = devices.zone
                                  AND certificates.hash = devices.certificate";

pub(crate) fn find_device(
    conn: &Connection,
    device: &DeviceKey,
) -> Result<Option<DeviceRow>, HubError> {
    let mut statement =
        conn.prepare_cached(&format!("{DEVICE_COLUMNS} WHERE devices.device = ?1"))?;
    let mut rows = statement.query([device_blob(device)])?;
    rows.next()?.map(device_row).transpose()
}

pub(crate) fn list_devices(conn: &Connection) -> Result<Vec<DeviceRow>, HubError> {
    let mut statement =
        conn.prepare_cached(&format!("{DEVICE_COLUMNS} ORDER BY person, devices.device"))?;
    let mut rows = statement.query([])?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(device_row(row)?);
    }
    Ok(devices)
}

fn device_row(row: &Row<'_>) -> Result<DeviceRow, HubError> {
    let device: Vec<u8> = row.get(0)?;
    Ok(DeviceRow {
        device: read_device(&device)?,
        person: read_person(row.get(1)?)?,
        certificate: row.get(2)?,
        epoch: read_uint(row.get(3)?)?,
        is_revoked: row.get(4)?,
    })
}

fn read_person(text: String) -> Result<PersonId, HubError> {
    PersonId::parse(&text).map_err(|_| HubError::Damaged("person"))
}
