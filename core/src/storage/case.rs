//! The list of cases: a view, folded from the log and rebuilt at will.

use rusqlite::{OptionalExtension, Row, params};

use crate::model::case::CaseId;
use crate::model::identifiers::Hash;
use crate::model::workflow::Phase;
use crate::oplog::body::Subject;
use crate::storage::{StoreError, Tx};

/// A line of the list of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The case.
    pub case_id: CaseId,
    /// The zone in which it is sequenced, once it is.
    pub zone: Option<String>,
    /// The official number, from filing on.
    pub number: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// The small class.
    pub class: Option<String>,
    /// The cell.
    pub grid: Option<String>,
    /// Latitude × 10⁷.
    pub lat_e7: Option<i64>,
    /// Longitude × 10⁷.
    pub lon_e7: Option<i64>,
    /// When it was reported, milliseconds of UTC.
    pub opened_ms: Option<u64>,
    /// When it last changed, milliseconds of UTC.
    pub updated_ms: u64,
    /// True while the hub has not stamped everything that counts.
    pub is_provisional: bool,
}

/// What a page of the list is cut to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only cases that stand here.
    pub phase: Option<Phase>,
    /// Only cases whose cell's code begins with this.
    pub grid_prefix: Option<String>,
    /// Only cases of this class.
    pub class: Option<String>,
}

/// Where a page of the list ends, and the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursor {
    /// The last row's time.
    pub updated_ms: u64,
    /// The last row's case.
    pub case_id: CaseId,
}

const COLUMNS: &str = "case_id, zone, number, phase, class, grid, lat_e7, lon_e7, opened_ms,
    updated_ms, is_provisional";

fn row_of(row: &Row<'_>) -> rusqlite::Result<CaseRow> {
    let phase: i64 = row.get(3)?;
    Ok(CaseRow {
        case_id: CaseId(uuid::Uuid::from_bytes(row.get(0)?)),
        zone: row.get(1)?,
        number: row.get(2)?,
        phase: Phase::from_code(phase as u64).unwrap_or(Phase::Reported),
        class: row.get(4)?,
        grid: row.get(5)?,
        lat_e7: row.get(6)?,
        lon_e7: row.get(7)?,
        opened_ms: row.get::<_, Option<i64>>(8)?.map(|ms| ms as u64),
        updated_ms: row.get::<_, i64>(9)? as u64,
        is_provisional: row.get(10)?,
    })
}

impl Tx<'_> {
    /// Writes a case's line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_case(&self, case: &CaseRow) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO cases (case_id, zone, number, phase, class, grid, lat_e7,
                 lon_e7, opened_ms, updated_ms, is_provisional)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                case.case_id.0.as_bytes(),
                case.zone,
                case.number,
                case.phase.code(),
                case.class,
                case.grid,
                case.lat_e7,
                case.lon_e7,
                case.opened_ms.map(|ms| ms as i64),
                case.updated_ms as i64,
                case.is_provisional
            ])?;
        Ok(())
    }

    /// A page of the list, the latest change first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list_cases(
        &self,
        filter: &CaseFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let after = after.map(|cursor| (cursor.updated_ms as i64, *cursor.case_id.0.as_bytes()));
        let sql = format!(
            "SELECT case_id, NULL, number, phase, class, grid, NULL, NULL, NULL, updated_ms,
                is_provisional
             FROM cases INDEXED BY cases_by_update
             WHERE (?1 IS NULL OR updated_ms < ?1 OR (updated_ms = ?1 AND case_id > ?2))
               {}
               AND (?3 IS NULL OR phase = ?3)
               AND (?4 IS NULL OR substr(grid, 1, length(?4)) = ?4)
               AND (?5 IS NULL OR class = ?5)
             ORDER BY updated_ms DESC, case_id LIMIT ?6",
            // A bound that the index can use, so that a deep page costs what the first does.
            if after.is_some() {
                "AND updated_ms <= ?1"
            } else {
                ""
            }
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![
                after.map(|(ms, _)| ms),
                after.map(|(_, id)| id),
                filter.phase.map(Phase::code),
                filter.grid_prefix,
                filter.class,
                limit as i64
            ],
            row_of,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One case's line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_case(&self, case_id: CaseId) -> Result<Option<CaseRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM cases WHERE case_id = ?1");
        Ok(self
            .0
            .prepare_cached(&sql)?
            .query_row(params![case_id.0.as_bytes()], row_of)
            .optional()?)
    }

    /// The cases of a class within a rectangle (degrees × 10⁷, edges included).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_near(
        &self,
        class: &str,
        lat_e7: std::ops::RangeInclusive<i64>,
        lon_e7: std::ops::RangeInclusive<i64>,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM cases
             WHERE class = ?1 AND lat_e7 BETWEEN ?2 AND ?3 AND lon_e7 BETWEEN ?4 AND ?5"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![
                class,
                lat_e7.start(),
                lat_e7.end(),
                lon_e7.start(),
                lon_e7.end()
            ],
            row_of,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The subjects of one kind that commits are about.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn subjects(&self, kind: u64) -> Result<Vec<Subject>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT DISTINCT subject FROM subject_commits WHERE kind = ?1")?;
        let rows = statement.query_map(params![kind as i64], |row| row.get(0))?;
        rows.map(|id| Ok(Subject { kind, id: id? })).collect()
    }

    /// Takes a case out of the list, of which nothing is here that could be listed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_case(&self, case_id: CaseId) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM cases WHERE case_id = ?1")?
            .execute([case_id.0.as_bytes()])?;
        Ok(())
    }

    /// Throws the views away; the caller folds them again in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_views(&self) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM cases", [])?;
        self.0.execute("DELETE FROM patrols", [])?;
        Ok(())
    }

    /// Notes a photo: its length, and whether its bytes are in this store. Being held or
    /// being at the hub is never taken back here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_blob(&self, hash: &Hash, size_bytes: u64, is_held: bool) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO blobs (hash, size_bytes, is_held, is_at_hub) VALUES (?1, ?2, ?3, 0)
                 ON CONFLICT (hash) DO UPDATE SET is_held = is_held OR ?3",
            )?
            .execute(params![hash.0, size_bytes as i64, is_held])?;
        Ok(())
    }

    /// Notes that the hub has confirmed a photo.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_blob_at_hub(&self, hash: &Hash) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE blobs SET is_at_hub = 1 WHERE hash = ?1")?
            .execute(params![hash.0])?;
        Ok(())
    }

    /// A photo's standing: held here, confirmed by the hub.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_blob(&self, hash: &Hash) -> Result<Option<(bool, bool)>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT is_held, is_at_hub FROM blobs WHERE hash = ?1")?
            .query_row(params![hash.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// The photos that are here and that the hub has not confirmed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pending_blobs(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT hash FROM blobs WHERE is_held = 1 AND is_at_hub = 0")?;
        let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every photo that is here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn held_blobs(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT hash FROM blobs WHERE is_held = 1")?;
        let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
