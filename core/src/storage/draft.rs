//! Drafts: reports that are still being made, and which photos they hold.

use rusqlite::{OptionalExtension, Row, params};

use crate::model::draft::{DraftId, SlotId};
use crate::model::identifiers::Hash;
use crate::model::photo::PhotoRole;
use crate::oplog::body::Placed;
use crate::storage::{StoreError, Tx};

/// A draft as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The draft.
    pub draft_id: DraftId,
    /// When it was begun, milliseconds of UTC.
    pub created_ms: u64,
    /// When it last changed.
    pub changed_ms: u64,
    /// Goes up with each change.
    pub revision: u64,
    /// The small class.
    pub class: Option<String>,
    /// The reporter's words.
    pub note: Option<String>,
    /// When the problem was seen, where somebody said so.
    pub seen_ms: Option<u64>,
    /// Where it is, where somebody said so.
    pub place: Option<Placed>,
    /// Its photos, in their order.
    pub photos: Vec<DraftPhotoRow>,
}

/// A photo of a draft, expected or taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPhotoRow {
    /// The photo's place in the draft.
    pub slot: SlotId,
    /// What it is to show.
    pub role: Option<PhotoRole>,
    /// Where the camera was told to write, in the host's own words.
    pub target: Option<String>,
    /// When it was taken, as far as is known.
    pub at_ms: u64,
    /// Where the person stood then.
    pub place: Option<Placed>,
    /// The bytes that are here; nothing while the photo is expected.
    pub taken: Option<TakenPhoto>,
}

/// The bytes of a draft's photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenPhoto {
    /// BLAKE3 of the original bytes.
    pub hash: Hash,
    /// Their length.
    pub size_bytes: u64,
}

/// What one field of a draft becomes; nothing empties it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftChange<'a> {
    /// The small class.
    Class(Option<&'a str>),
    /// The reporter's words.
    Note(Option<&'a str>),
    /// When the problem was seen, milliseconds of UTC.
    SeenMs(Option<u64>),
    /// Where it is.
    Place(Option<&'a Placed>),
}

const DRAFT_COLUMNS: &str = "draft_id, created_ms, changed_ms, revision, class, note, seen_ms,
    lat_e7, lon_e7, accuracy_cm, is_mock";
const PHOTO_COLUMNS: &str = "slot, role, target, at_ms, lat_e7, lon_e7, accuracy_cm, is_mock,
    hash, size_bytes";

fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The four columns of a place, from the first of them on.
fn place_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Placed>> {
    let (lat_e7, lon_e7) = (row.get(first)?, row.get(first + 1)?);
    let accuracy_cm: Option<i64> = row.get(first + 2)?;
    let is_mock: Option<bool> = row.get(first + 3)?;
    let (Some(lat_e7), Some(lon_e7)) = (lat_e7, lon_e7) else {
        return Ok(None);
    };
    Ok(Some(Placed {
        lat_e7,
        lon_e7,
        accuracy_cm: accuracy_cm.map(|cm| cm as u64),
        is_mock: is_mock.unwrap_or_default(),
    }))
}

fn draft_of(row: &Row<'_>) -> rusqlite::Result<DraftRow> {
    let ms = |column| row.get::<_, i64>(column).map(|ms| ms as u64);
    Ok(DraftRow {
        draft_id: DraftId(uuid::Uuid::from_bytes(row.get(0)?)),
        created_ms: ms(1)?,
        changed_ms: ms(2)?,
        revision: ms(3)?,
        class: row.get(4)?,
        note: row.get(5)?,
        seen_ms: row.get::<_, Option<i64>>(6)?.map(|ms| ms as u64),
        place: place_of(row, 7)?,
        photos: Vec::new(),
    })
}

fn photo_of(row: &Row<'_>) -> rusqlite::Result<DraftPhotoRow> {
    let role: Option<i64> = row.get(1)?;
    let hash: Option<[u8; 32]> = row.get(8)?;
    let size_bytes: Option<i64> = row.get(9)?;
    Ok(DraftPhotoRow {
        slot: SlotId(uuid::Uuid::from_bytes(row.get(0)?)),
        role: role.and_then(|code| PhotoRole::from_code(code as u64)),
        target: row.get(2)?,
        at_ms: row.get::<_, i64>(3)? as u64,
        place: place_of(row, 4)?,
        taken: hash.map(|hash| TakenPhoto {
            hash: Hash(hash),
            size_bytes: size_bytes.unwrap_or_default() as u64,
        }),
    })
}

impl Tx<'_> {
    /// Keeps a new draft, without photos.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_draft(&self, draft_id: DraftId, created_ms: u64) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO drafts (draft_id, created_ms, changed_ms, revision)
                 VALUES (?1, ?2, ?2, 0)",
            )?
            .execute(params![draft_id.0.as_bytes(), int(created_ms)])?;
        Ok(())
    }

    /// A draft with its photos.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_draft(&self, draft_id: DraftId) -> Result<Option<DraftRow>, StoreError> {
        let sql = format!("SELECT {DRAFT_COLUMNS} FROM drafts WHERE draft_id = ?1");
        let found = self
            .0
            .prepare_cached(&sql)?
            .query_row(params![draft_id.0.as_bytes()], draft_of)
            .optional()?;
        found.map(|draft| self.with_photos(draft)).transpose()
    }

    /// The drafts with their photos, the latest change first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list_drafts(&self, limit: usize) -> Result<Vec<DraftRow>, StoreError> {
        let sql = format!(
            "SELECT {DRAFT_COLUMNS} FROM drafts ORDER BY changed_ms DESC, draft_id LIMIT ?1"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![int(limit as u64)], draft_of)?;
        rows.map(|draft| self.with_photos(draft?)).collect()
    }

    fn with_photos(&self, mut draft: DraftRow) -> Result<DraftRow, StoreError> {
        let sql =
            format!("SELECT {PHOTO_COLUMNS} FROM draft_photos WHERE draft_id = ?1 ORDER BY number");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![draft.draft_id.0.as_bytes()], photo_of)?;
        draft.photos = rows.collect::<Result<_, _>>()?;
        Ok(draft)
    }

    /// Sets one field of a draft; answers whether the draft is here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_draft(
        &self,
        draft_id: DraftId,
        change: &DraftChange<'_>,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        let id = draft_id.0.as_bytes();
        let changed = match change {
            DraftChange::Class(class) => self
                .0
                .prepare_cached("UPDATE drafts SET class = ?2 WHERE draft_id = ?1")?
                .execute(params![id, class])?,
            DraftChange::Note(note) => self
                .0
                .prepare_cached("UPDATE drafts SET note = ?2 WHERE draft_id = ?1")?
                .execute(params![id, note])?,
            DraftChange::SeenMs(seen_ms) => self
                .0
                .prepare_cached("UPDATE drafts SET seen_ms = ?2 WHERE draft_id = ?1")?
                .execute(params![id, seen_ms.map(int)])?,
            DraftChange::Place(place) => self
                .0
                .prepare_cached(
                    "UPDATE drafts SET lat_e7 = ?2, lon_e7 = ?3, accuracy_cm = ?4, is_mock = ?5
                     WHERE draft_id = ?1",
                )?
                .execute(params![
                    id,
                    place.map(|place| place.lat_e7),
                    place.map(|place| place.lon_e7),
                    place.and_then(|place| place.accuracy_cm).map(int),
                    place.map(|place| place.is_mock)
                ])?,
        };
        self.touch_draft(draft_id, at_ms)?;
        Ok(changed > 0)
    }

    fn touch_draft(&self, draft_id: DraftId, at_ms: u64) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "UPDATE drafts SET changed_ms = ?2, revision = revision + 1 WHERE draft_id = ?1",
            )?
            .execute(params![draft_id.0.as_bytes(), int(at_ms)])?;
        Ok(())
    }

    /// Adds a photo, expected or taken, to a draft that is here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_draft_photo(
        &self,
        draft_id: DraftId,
        photo: &DraftPhotoRow,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO draft_photos (slot, draft_id, role, target, at_ms, lat_e7, lon_e7,
                 accuracy_cm, is_mock, hash, size_bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                photo.slot.0.as_bytes(),
                draft_id.0.as_bytes(),
                photo.role.map(PhotoRole::code),
                photo.target,
                int(photo.at_ms),
                photo.place.map(|place| place.lat_e7),
                photo.place.map(|place| place.lon_e7),
                photo.place.and_then(|place| place.accuracy_cm).map(int),
                photo.place.map(|place| place.is_mock),
                photo.taken.map(|taken| taken.hash.0),
                photo.taken.map(|taken| int(taken.size_bytes))
            ])?;
        self.touch_draft(draft_id, at_ms)
    }

    /// A photo of a draft, with the draft that it belongs to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_draft_photo(
        &self,
        slot: SlotId,
    ) -> Result<Option<(DraftId, DraftPhotoRow)>, StoreError> {
        let sql = format!("SELECT {PHOTO_COLUMNS}, draft_id FROM draft_photos WHERE slot = ?1");
        Ok(self
            .0
            .prepare_cached(&sql)?
            .query_row(params![slot.0.as_bytes()], |row| {
                let draft_id = DraftId(uuid::Uuid::from_bytes(row.get(10)?));
                Ok((draft_id, photo_of(row)?))
            })
            .optional()?)
    }

    /// Writes a photo of a draft again, in its place; its bytes are durable before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn update_draft_photo(
        &self,
        draft_id: DraftId,
        photo: &DraftPhotoRow,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "UPDATE draft_photos SET role = ?2, at_ms = ?3, lat_e7 = ?4, lon_e7 = ?5,
                 accuracy_cm = ?6, is_mock = ?7, hash = ?8, size_bytes = ?9 WHERE slot = ?1",
            )?
            .execute(params![
                photo.slot.0.as_bytes(),
                photo.role.map(PhotoRole::code),
                int(photo.at_ms),
                photo.place.map(|place| place.lat_e7),
                photo.place.map(|place| place.lon_e7),
                photo.place.and_then(|place| place.accuracy_cm).map(int),
                photo.place.map(|place| place.is_mock),
                photo.taken.map(|taken| taken.hash.0),
                photo.taken.map(|taken| int(taken.size_bytes))
            ])?;
        self.touch_draft(draft_id, at_ms)
    }

    /// Takes a photo out of a draft; the bytes stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_draft_photo(
        &self,
        draft_id: DraftId,
        slot: SlotId,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM draft_photos WHERE slot = ?1")?
            .execute(params![slot.0.as_bytes()])?;
        self.touch_draft(draft_id, at_ms)
    }

    /// Removes a draft; the bytes of its photos stay. Answers whether it was here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_draft(&self, draft_id: DraftId) -> Result<bool, StoreError> {
        let id = draft_id.0.as_bytes();
        self.0
            .prepare_cached("DELETE FROM draft_photos WHERE draft_id = ?1")?
            .execute(params![id])?;
        let removed = self
            .0
            .prepare_cached("DELETE FROM drafts WHERE draft_id = ?1")?
            .execute(params![id])?;
        Ok(removed > 0)
    }

    /// The photos that drafts hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn draft_photo_hashes(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT DISTINCT hash FROM draft_photos WHERE hash IS NOT NULL")?;
        let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// True when a commit or a draft of this store names a photo.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_photo_named(&self, hash: &Hash) -> Result<bool, StoreError> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = ?1)
                     OR EXISTS (SELECT 1 FROM draft_photos WHERE hash = ?1)",
            )?
            .query_row(params![hash.0], |row| row.get(0))?)
    }
}
