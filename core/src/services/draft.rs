//! Drafts: a report that is made field by field and photo by photo, and survives whatever
//! happens to the app in between.
//!
//! - Each call is durable when it returns: an app that is killed loses the field being typed.
//! - A photo's bytes are durable before the draft names them.
//! - The camera is another app, and phones kill the one behind it. The host says beforehand
//!   that a photo is coming ([`expect_photo`]); after a restart the draft still has the slot,
//!   with role, target, time and place, and [`take_photo`] fills it.
//! - [`report`] seals the draft and removes it in one transaction. The case has the draft's
//!   name, so that a report that is repeated finds what it did.

use serde::Serialize;
use uuid::Uuid;

use crate::model::case::{CaseId, ClassCode};
use crate::model::draft::{DraftField, DraftId, DraftValue, SeenPlace, SlotId};
use crate::model::identifiers::Hash;
use crate::model::photo::PhotoRole;
use crate::model::place::PlaceError;
use crate::model::time::UtcMs;
use crate::oplog::body::{Placed, Subject};
use crate::oplog::commit::Commit;
use crate::oplog::sign::hash_of;
use crate::services::capture::{
    self, Checked, Hint, PhotoFigures, PhotoInput, Report, Reported, ReportedPhoto, check_photos,
    check_text, keep_photos, uuid_bytes,
};
use crate::services::log::{damaged, history};
use crate::services::{Context, ServiceError, retention};
use crate::storage::Tx;
use crate::storage::draft::{DraftChange, DraftPhotoRow, DraftRow, TakenPhoto};

/// The most drafts of one list, and of one store: more are not drafts but a lost way.
pub const MAX_DRAFTS: usize = 200;
/// The most photos of one draft: as many as a commit has operations to spare for.
pub const MAX_DRAFT_PHOTOS: usize = 64;
/// The longest target, in bytes.
pub const MAX_TARGET_BYTES: usize = 4096;

/// What is known of a photo's moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PhotoMoment {
    /// When it was taken; nothing for now, or for the moment in which it was expected.
    pub at: Option<UtcMs>,
    /// Where the person stood.
    pub place: Option<SeenPlace>,
}

/// A draft as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DraftView {
    /// The draft, and the case that it becomes.
    pub draft_id: String,
    /// When it was begun, RFC 3339.
    pub created: String,
    /// When it last changed, RFC 3339.
    pub changed: String,
    /// The small class.
    pub class: Option<String>,
    /// The reporter's words.
    pub note: Option<String>,
    /// Where it is, where somebody said so.
    pub place: Option<PlaceView>,
    /// When the problem was seen, where somebody said so, RFC 3339.
    pub seen_at: Option<String>,
    /// Its photos, in their order.
    pub photos: Vec<DraftPhotoView>,
}

/// A place as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PlaceView {
    /// Latitude, degrees on WGS 84.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
    /// Radius of 68 %, in metres.
    pub accuracy_m: Option<f64>,
    /// True when the platform says that a mock provider made it.
    pub mock: bool,
}

/// A photo of a draft.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DraftPhotoView {
    /// Its place in the draft.
    pub slot: String,
    /// `expected` until its bytes are here, then `taken`.
    pub state: &'static str,
    /// What it is to show, where somebody said so.
    pub role: Option<&'static str>,
    /// Where the camera was told to write.
    pub target: Option<String>,
    /// When it was taken, as far as is known, RFC 3339.
    pub at: String,
    /// Where the person stood then.
    pub place: Option<PlaceView>,
    /// BLAKE3 of the original bytes, once they are here.
    pub hash: Option<String>,
    /// Their length.
    pub size_bytes: Option<u64>,
}

/// Begins a draft.
///
/// # Errors
/// [`ServiceError::TooManyDrafts`]; [`ServiceError::Store`].
pub fn start(context: &Context<'_>) -> Result<DraftView, ServiceError> {
    let draft_id = DraftId(drawn(context));
    let now = context.host.now().wall;
    context.store.write(|tx| {
        if tx.list_drafts(MAX_DRAFTS)?.len() >= MAX_DRAFTS {
            return Err(ServiceError::TooManyDrafts(MAX_DRAFTS));
        }
        tx.insert_draft(draft_id, now.0)?;
        seen(tx, draft_id)
    })
}

/// Sets a field; it is durable when this returns.
///
/// # Errors
/// [`ServiceError::NoSuchDraft`], [`ServiceError::TextTooLong`], [`ServiceError::Place`].
pub fn set(
    context: &Context<'_>,
    draft_id: DraftId,
    value: &DraftValue,
) -> Result<DraftView, ServiceError> {
    if let DraftValue::Note(note) = value {
        check_text("note", Some(note))?;
    }
    let place = match value {
        DraftValue::Place(place) => Some(placed(place)?),
        _ => None,
    };
    let change = match value {
        DraftValue::Class(class) => DraftChange::Class(Some(class.as_str())),
        DraftValue::Note(note) => DraftChange::Note(Some(note)),
        DraftValue::SeenAt(at) => DraftChange::SeenMs(Some((*at).min(UtcMs::MAX).0)),
        DraftValue::Place(_) => DraftChange::Place(place.as_ref()),
    };
    change_field(context, draft_id, &change)
}

/// Empties a field.
///
/// # Errors
/// [`ServiceError::NoSuchDraft`].
pub fn clear(
    context: &Context<'_>,
    draft_id: DraftId,
    field: DraftField,
) -> Result<DraftView, ServiceError> {
    let change = match field {
        DraftField::Class => DraftChange::Class(None),
        DraftField::Note => DraftChange::Note(None),
        DraftField::SeenAt => DraftChange::SeenMs(None),
        DraftField::Place => DraftChange::Place(None),
    };
    change_field(context, draft_id, &change)
}

fn change_field(
    context: &Context<'_>,
    draft_id: DraftId,
    change: &DraftChange<'_>,
) -> Result<DraftView, ServiceError> {
    let now = context.host.now().wall;
    context.store.write(|tx| {
        tx.set_draft(draft_id, change, now.0)?;
        seen(tx, draft_id)
    })
}

/// Says that a photo is coming, before the camera opens. The slot survives the process.
///
/// - `target`: where the camera is told to write, in the host's own words (a file, a URI).
///
/// # Errors
/// [`ServiceError::NoSuchDraft`], [`ServiceError::TooManyPhotos`], [`ServiceError::TextTooLong`],
/// [`ServiceError::Place`].
pub fn expect_photo(
    context: &Context<'_>,
    draft_id: DraftId,
    role: Option<PhotoRole>,
    target: Option<&str>,
    place: Option<&SeenPlace>,
) -> Result<DraftPhotoView, ServiceError> {
    let found = target.map_or(0, str::len);
    if found > MAX_TARGET_BYTES {
        return Err(ServiceError::TextTooLong {
            field: "target",
            max: MAX_TARGET_BYTES,
            found,
        });
    }
    let now = context.host.now().wall;
    let photo = DraftPhotoRow {
        slot: SlotId(drawn(context)),
        role,
        target: target.map(str::to_owned),
        at_ms: now.0,
        place: place.map(placed).transpose()?,
        taken: None,
    };
    context
        .store
        .write(|tx| add_row(tx, draft_id, &photo, now))?;
    Ok(photo_view(&photo))
}

/// Adds a photo that is here already.
///
/// # Errors
/// As [`expect_photo`]; [`ServiceError::Photo`] for bytes that are no photo, and
/// [`StoreError::Full`](crate::storage::StoreError::Full) before anything is written.
pub fn add_photo(
    context: &Context<'_>,
    draft_id: DraftId,
    photo: &PhotoInput,
    moment: &PhotoMoment,
) -> Result<DraftPhotoView, ServiceError> {
    let now = context.host.now().wall;
    let place = moment.place.as_ref().map(placed).transpose()?;
    context.store.read(|tx| find(tx, draft_id).map(|_| ()))?;
    keep_one(context, photo, |tx, taken| {
        let row = DraftPhotoRow {
            slot: SlotId(drawn(context)),
            role: photo.role,
            target: None,
            at_ms: moment.at.unwrap_or(now).min(UtcMs::MAX).0,
            place,
            taken: Some(taken),
        };
        add_row(tx, draft_id, &row, now)?;
        Ok(photo_view(&row))
    })
}

/// Fills the slot of an expected photo, perhaps in another process than the one that
/// expected it. The same photo once more changes nothing.
///
/// What `moment` and the photo's role leave out is what was said when it was expected.
///
/// # Errors
/// [`ServiceError::NoSuchSlot`], [`ServiceError::SlotTaken`] when another photo is in it;
/// those of [`add_photo`].
pub fn take_photo(
    context: &Context<'_>,
    slot: SlotId,
    photo: &PhotoInput,
    moment: &PhotoMoment,
) -> Result<DraftPhotoView, ServiceError> {
    let now = context.host.now().wall;
    let place = moment.place.as_ref().map(placed).transpose()?;
    let expected = |tx: &Tx<'_>, hash: Option<Hash>| {
        let (draft_id, row) = tx
            .find_draft_photo(slot)?
            .ok_or(ServiceError::NoSuchSlot(slot))?;
        match row.taken {
            Some(taken) if Some(taken.hash) != hash => Err(ServiceError::SlotTaken(slot)),
            _ => Ok((draft_id, row)),
        }
    };
    let hash = hash_of(&photo.bytes);
    context
        .store
        .read(|tx| expected(tx, Some(hash)).map(|_| ()))?;
    keep_one(context, photo, |tx, taken| {
        let (draft_id, mut row) = expected(tx, Some(taken.hash))?;
        row.taken = Some(taken);
        row.role = photo.role.or(row.role);
        row.place = place.or(row.place);
        row.at_ms = moment.at.map_or(row.at_ms, |at| at.min(UtcMs::MAX).0);
        tx.update_draft_photo(draft_id, &row, now.0)?;
        Ok(photo_view(&row))
    })
}

/// Makes one photo durable and runs the transaction by which a draft names it.
fn keep_one<T>(
    context: &Context<'_>,
    photo: &PhotoInput,
    name: impl FnOnce(&Tx<'_>, TakenPhoto) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let inputs = std::slice::from_ref(photo);
    let checked: Vec<Checked> = check_photos(inputs, &[])?;
    let taken = TakenPhoto {
        hash: hash_of(&photo.bytes),
        size_bytes: photo.bytes.len() as u64,
    };
    keep_photos(context, inputs, &checked, |tx| name(tx, taken))
}

/// Takes a photo, expected or taken, out of its draft. Its bytes go when nothing else names
/// them.
///
/// # Errors
/// [`ServiceError::NoSuchSlot`].
pub fn remove_photo(context: &Context<'_>, slot: SlotId) -> Result<DraftView, ServiceError> {
    let now = context.host.now().wall;
    let (view, taken) = context.store.write(|tx| {
        let (draft_id, row) = tx
            .find_draft_photo(slot)?
            .ok_or(ServiceError::NoSuchSlot(slot))?;
        tx.remove_draft_photo(draft_id, slot, now.0)?;
        Ok::<_, ServiceError>((seen(tx, draft_id)?, row.taken))
    })?;
    let hashes: Vec<_> = taken.iter().map(|taken| taken.hash).collect();
    retention::forget_unnamed(context, &hashes);
    Ok(view)
}

/// The drafts of this store, the latest change first.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn list(context: &Context<'_>) -> Result<Vec<DraftView>, ServiceError> {
    let rows = context.store.read(|tx| tx.list_drafts(MAX_DRAFTS))?;
    Ok(rows.iter().map(view_of).collect())
}

/// A draft of this store.
///
/// # Errors
/// [`ServiceError::NoSuchDraft`].
pub fn show(context: &Context<'_>, draft_id: DraftId) -> Result<DraftView, ServiceError> {
    context.store.read(|tx| seen(tx, draft_id))
}

/// Throws a draft away. The bytes of its photos go when nothing else names them.
///
/// # Errors
/// [`ServiceError::NoSuchDraft`].
pub fn discard(context: &Context<'_>, draft_id: DraftId) -> Result<(), ServiceError> {
    let draft = context.store.write(|tx| {
        let draft = find(tx, draft_id)?;
        tx.remove_draft(draft_id)?;
        Ok::<_, ServiceError>(draft)
    })?;
    let taken = draft.photos.iter().filter_map(|photo| photo.taken);
    let hashes: Vec<_> = taken.map(|taken| taken.hash).collect();
    retention::forget_unnamed(context, &hashes);
    Ok(())
}

/// Reports a draft: it is sealed and removed in one transaction, exactly once. A draft that
/// was reported before is answered as it was then, without hints.
///
/// The report's time is that of the draft, else that of its first photo; so is its place.
///
/// # Errors
/// [`ServiceError::NoSuchDraft`]; [`ServiceError::DraftChanged`] when another process changed
/// it meanwhile; [`ServiceError::NoPhoto`] and those of [`capture::report`], the draft as it was.
pub fn report(context: &Context<'_>, draft_id: DraftId) -> Result<Reported, ServiceError> {
    let found = context.store.read(|tx| tx.find_draft(draft_id))?;
    let Some(draft) = found else {
        return reported_before(context, draft_id);
    };
    let report = report_of(context, &draft)?;
    let prepared = capture::prepare(&report)?;
    let case_id = CaseId(draft_id.0);
    let mut reported = capture::report_as(context, &prepared, case_id, |tx| {
        let now = tx.find_draft(draft_id)?;
        if now.is_none_or(|now| now.revision != draft.revision) {
            return Err(ServiceError::DraftChanged(draft_id));
        }
        tx.remove_draft(draft_id)?;
        Ok(())
    })?;
    let missing = draft.photos.iter().filter(|p| p.taken.is_none()).count();
    if missing > 0 {
        reported.hints.push(Hint {
            kind: "photo_not_taken",
            detail: format!("{missing} expected and never taken"),
        });
    }
    Ok(reported)
}

/// The report that a draft makes, its photos read from the disk.
fn report_of(context: &Context<'_>, draft: &DraftRow) -> Result<Report, ServiceError> {
    let mut photos = Vec::new();
    for photo in &draft.photos {
        let Some(taken) = photo.taken else { continue };
        let bytes = context.store.blobs().get(&taken.hash)?;
        let bytes = bytes.filter(|bytes| hash_of(bytes) == taken.hash);
        photos.push(PhotoInput {
            bytes: bytes.ok_or_else(|| damaged("a draft's photo is not what it was"))?,
            role: photo.role,
        });
    }
    let here = || draft.photos.iter().filter(|photo| photo.taken.is_some());
    let place = draft.place.or_else(|| here().find_map(|photo| photo.place));
    let taken_ms = here().map(|photo| photo.at_ms).min();
    let class = draft.class.as_deref().map(ClassCode::parse).transpose();
    Ok(Report {
        photos,
        at: place.and_then(|place| place.position()),
        accuracy_m: place
            .and_then(|place| place.accuracy_cm)
            .map(|cm| cm as f64 / 100.0),
        class: class.map_err(damaged)?,
        note: draft.note.clone(),
        taken_at: draft.seen_ms.or(taken_ms).map(UtcMs),
        is_mock: place.is_some_and(|place| place.is_mock),
        ..Report::default()
    })
}

/// What an earlier call made of a draft that is no longer here.
fn reported_before(context: &Context<'_>, draft_id: DraftId) -> Result<Reported, ServiceError> {
    let case_id = CaseId(draft_id.0);
    context.store.read(|tx| {
        let gone = || ServiceError::NoSuchDraft(draft_id);
        let stored = tx.commits_about(&Subject::case(case_id))?;
        let first = stored.first().ok_or_else(gone)?;
        let commit = Commit::decode(&first.bytes).map_err(damaged)?;
        if commit.header().device != context.device() {
            return Err(gone());
        }
        let history = history(tx, &context.device(), case_id)?;
        let state = history.state();
        let photos = state.photos().map(|of| ReportedPhoto {
            hash: of.photo.hash.to_string(),
            role: of.photo.role.as_str(),
            figures: PhotoFigures::default(),
        });
        Ok(Reported {
            case_id: case_id.to_string(),
            commit: commit.hash().to_string(),
            photos: photos.collect(),
            grid: state.grid().map(|grid| grid.as_str().to_owned()),
            hints: Vec::new(),
        })
    })
}

fn drawn(context: &Context<'_>) -> Uuid {
    Uuid::from_bytes(uuid_bytes(context.nonce()))
}

fn find(tx: &Tx<'_>, draft_id: DraftId) -> Result<DraftRow, ServiceError> {
    tx.find_draft(draft_id)?
        .ok_or(ServiceError::NoSuchDraft(draft_id))
}

fn seen(tx: &Tx<'_>, draft_id: DraftId) -> Result<DraftView, ServiceError> {
    Ok(view_of(&find(tx, draft_id)?))
}

fn add_row(
    tx: &Tx<'_>,
    draft_id: DraftId,
    photo: &DraftPhotoRow,
    now: UtcMs,
) -> Result<(), ServiceError> {
    if find(tx, draft_id)?.photos.len() >= MAX_DRAFT_PHOTOS {
        return Err(ServiceError::TooManyPhotos(MAX_DRAFT_PHOTOS));
    }
    Ok(tx.add_draft_photo(draft_id, photo, now.0)?)
}

/// A place rounded to what is sealed one day.
fn placed(place: &SeenPlace) -> Result<Placed, ServiceError> {
    if let Some(m) = place.accuracy_m.filter(|m| !(m.is_finite() && *m >= 0.0)) {
        return Err(PlaceError::Accuracy(m).into());
    }
    Ok(Placed::new(place.at, place.accuracy_m, place.is_mock))
}

pub(crate) fn place_view(place: &Placed) -> PlaceView {
    PlaceView {
        lat: place.lat_e7 as f64 / 1e7,
        lon: place.lon_e7 as f64 / 1e7,
        accuracy_m: place.accuracy_cm.map(|cm| cm as f64 / 100.0),
        mock: place.is_mock,
    }
}

pub(crate) fn view_of(draft: &DraftRow) -> DraftView {
    DraftView {
        draft_id: draft.draft_id.to_string(),
        created: UtcMs(draft.created_ms).to_rfc3339(),
        changed: UtcMs(draft.changed_ms).to_rfc3339(),
        class: draft.class.clone(),
        note: draft.note.clone(),
        place: draft.place.as_ref().map(place_view),
        seen_at: draft.seen_ms.map(|ms| UtcMs(ms).to_rfc3339()),
        photos: draft.photos.iter().map(photo_view).collect(),
    }
}

fn photo_view(photo: &DraftPhotoRow) -> DraftPhotoView {
    DraftPhotoView {
        slot: photo.slot.to_string(),
        state: match photo.taken {
            Some(_) => "taken",
            None => "expected",
        },
        role: photo.role.map(PhotoRole::as_str),
        target: photo.target.clone(),
        at: UtcMs(photo.at_ms).to_rfc3339(),
        place: photo.place.as_ref().map(place_view),
        hash: photo.taken.map(|taken| taken.hash.to_string()),
        size_bytes: photo.taken.map(|taken| taken.size_bytes),
    }
}
