//! Patrols: the list of them, which is a view, and the one that this device is recording.

use rusqlite::{OptionalExtension, Row, params};

use crate::model::identifiers::{DeviceKey, PersonId, RouteCode, Suite};
use crate::model::patrol::{PatrolId, PatrolPhase};
use crate::model::track::Mode;
use crate::storage::{StoreError, Tx};

/// A line of the list of patrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatrolRow {
    /// The patrol.
    pub patrol_id: PatrolId,
    /// The zone in which it is sequenced, once it is.
    pub zone: Option<String>,
    /// The person, where known.
    pub person: Option<PersonId>,
    /// The device that walks.
    pub device: DeviceKey,
    /// The planned route, when there is one.
    pub route: Option<RouteCode>,
    /// How the person moves.
    pub mode: Mode,
    /// Where it stands.
    pub phase: PatrolPhase,
    /// When it began, milliseconds of UTC.
    pub started_ms: u64,
    /// When it was finished.
    pub finished_ms: Option<u64>,
    /// When it last changed.
    pub updated_ms: u64,
    /// True while the hub has not stamped everything that counts.
    pub is_provisional: bool,
}

/// The patrol that this device is recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingRow {
    /// The patrol.
    pub patrol_id: PatrolId,
    /// The number of the next part that is sealed.
    pub next_index: u64,
    /// The token of the process that records, or of one that died recording.
    pub writer: Option<[u8; 16]>,
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<PatrolRow> {
    let device: Vec<u8> = row.get(3)?;
    let key = device
        .get(1..)
        .and_then(|key| <[u8; 32]>::try_from(key).ok());
    let suite = device.first().and_then(|s| Suite::from_code((*s).into()));
    let (Some(suite), Some(bytes)) = (suite, key) else {
        return Err(rusqlite::Error::InvalidColumnType(
            3,
            "device".to_owned(),
            rusqlite::types::Type::Blob,
        ));
    };
    let text = |at: usize| row.get::<_, Option<String>>(at);
    Ok(PatrolRow {
        patrol_id: PatrolId(uuid::Uuid::from_bytes(row.get(0)?)),
        zone: text(1)?,
        person: text(2)?.and_then(|person| PersonId::parse(&person).ok()),
        device: DeviceKey { suite, bytes },
        route: text(4)?.and_then(|route| RouteCode::parse(&route).ok()),
        mode: Mode::from_code(row.get::<_, i64>(5)? as u64).unwrap_or_default(),
        phase: PatrolPhase::from_code(row.get::<_, i64>(6)? as u64)
            .unwrap_or(PatrolPhase::Recording),
        started_ms: row.get::<_, i64>(7)? as u64,
        finished_ms: row.get::<_, Option<i64>>(8)?.map(|ms| ms as u64),
        updated_ms: row.get::<_, i64>(9)? as u64,
        is_provisional: row.get(10)?,
    })
}

impl Tx<'_> {
    /// Writes a patrol's line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_patrol(&self, patrol: &PatrolRow) -> Result<(), StoreError> {
        let device = [&[patrol.device.suite.code()], &patrol.device.bytes[..]].concat();
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO patrols (patrol_id, zone, person, device, route, mode,
                 phase, started_ms, finished_ms, updated_ms, is_provisional)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                patrol.patrol_id.0.as_bytes(),
                patrol.zone,
                patrol.person.as_ref().map(PersonId::as_str),
                device,
                patrol.route.as_ref().map(RouteCode::as_str),
                patrol.mode.code(),
                patrol.phase.code(),
                patrol.started_ms as i64,
                patrol.finished_ms.map(|ms| ms as i64),
                patrol.updated_ms as i64,
                patrol.is_provisional
            ])?;
        Ok(())
    }

    /// Takes a patrol out of the list: nothing of it counts any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_patrol(&self, patrol_id: PatrolId) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM patrols WHERE patrol_id = ?1")?
            .execute(params![patrol_id.0.as_bytes()])?;
        Ok(())
    }

    /// A patrol's line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_patrol(&self, patrol_id: PatrolId) -> Result<Option<PatrolRow>, StoreError> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT patrol_id, zone, person, device, route, mode, phase, started_ms,
                 finished_ms, updated_ms, is_provisional FROM patrols WHERE patrol_id = ?1",
            )?
            .query_row(params![patrol_id.0.as_bytes()], row_of)
            .optional()?)
    }

    /// The patrols that began in a time, both ends included, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list_patrols(
        &self,
        from_ms: u64,
        to_ms: u64,
        limit: usize,
    ) -> Result<Vec<PatrolRow>, StoreError> {
        let int = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let mut statement = self.0.prepare_cached(
            "SELECT patrol_id, zone, person, device, route, mode, phase, started_ms,
             finished_ms, updated_ms, is_provisional FROM patrols
             WHERE started_ms BETWEEN ?1 AND ?2 ORDER BY started_ms DESC, patrol_id LIMIT ?3",
        )?;
        let rows =
            statement.query_map(params![int(from_ms), int(to_ms), int(limit as u64)], row_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The patrol that this device is recording.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn recording(&self) -> Result<Option<RecordingRow>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT patrol_id, next_index, writer FROM recording WHERE id = 1")?
            .query_row([], |row| {
                Ok(RecordingRow {
                    patrol_id: PatrolId(uuid::Uuid::from_bytes(row.get(0)?)),
                    next_index: row.get::<_, i64>(1)? as u64,
                    writer: row.get(2)?,
                })
            })
            .optional()?)
    }

    /// Notes what this device is recording, or that it records nothing any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_recording(&self, recording: Option<&RecordingRow>) -> Result<(), StoreError> {
        match recording {
            Some(recording) => {
                let index = i64::try_from(recording.next_index).unwrap_or(i64::MAX);
                self.0
                    .prepare_cached(
                        "INSERT OR REPLACE INTO recording (id, patrol_id, next_index, writer)
                         VALUES (1, ?1, ?2, ?3)",
                    )?
                    .execute(params![
                        recording.patrol_id.0.as_bytes(),
                        index,
                        recording.writer
                    ])?;
            }
            None => {
                self.0.execute("DELETE FROM recording", [])?;
            }
        }
        Ok(())
    }

    /// Keeps a piece of the track that is being recorded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_piece(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT INTO recording_pieces (bytes) VALUES (?1)")?
            .execute(params![bytes])?;
        Ok(())
    }

    /// The pieces that are not sealed yet, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pieces(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT bytes FROM recording_pieces ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes the pieces: they are sealed in a commit of the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_pieces(&self) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM recording_pieces", [])?;
        Ok(())
    }
}
