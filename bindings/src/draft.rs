//! Drafts: a report made field by field, safe whatever happens to the app.

use bading_core::model::case::ClassCode;
use bading_core::model::draft::{self as model, DraftField};
use bading_core::model::identifiers::IdentifierError;
use bading_core::model::photo::PhotoRole;
use bading_core::model::place::LatLon as CoreLatLon;
use bading_core::model::time::UtcMs;
use bading_core::services::ServiceError;
use bading_core::services::capture::PhotoInput;
use bading_core::services::draft as core;

use crate::{CoreError, FieldCore, LatLon, PhotoFile, ReportOutcome, key};

/// A field of a draft.
#[uniffi::remote(Enum)]
pub enum DraftField {
    /// The small class.
    Class,
    /// The reporter's words.
    Note,
    /// Where it is.
    Place,
    /// When it was seen.
    SeenAt,
}

/// What a field of a draft is set to.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum DraftValue {
    /// The small class; whether the duty list has it is asked when the draft is reported.
    Class {
        /// The code.
        code: String,
    },
    /// The reporter's words.
    Note {
        /// The text.
        text: String,
    },
    /// Where it is.
    Place {
        /// The place.
        place: SeenPlace,
    },
    /// When it was seen.
    SeenAt {
        /// Milliseconds of UTC.
        at_ms: u64,
    },
}

/// Where somebody stood, as the platform told it.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct SeenPlace {
    /// The position, WGS 84.
    pub at: LatLon,
    /// Radius of 68 %, in metres.
    #[uniffi(default = None)]
    pub accuracy_m: Option<f64>,
    /// True when the platform says that a mock provider made it.
    #[uniffi(default = false)]
    pub is_mock: bool,
}

/// What is known of a photo's moment.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct PhotoMoment {
    /// When it was taken, milliseconds of UTC; nothing for now, or for when it was expected.
    #[uniffi(default = None)]
    pub at_ms: Option<u64>,
    /// Where the person stood.
    #[uniffi(default = None)]
    pub place: Option<SeenPlace>,
}

/// A draft as it stands.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Draft {
    /// The draft, and the case that it becomes.
    pub draft_id: String,
    /// When it was begun, RFC 3339.
    pub created: String,
    /// When it last changed, RFC 3339.
    pub changed: String,
    /// The small class.
    pub class_code: Option<String>,
    /// The reporter's words.
    pub note: Option<String>,
    /// Where it is, where somebody said so.
    pub place: Option<SeenPlace>,
    /// When the problem was seen, where somebody said so, RFC 3339.
    pub seen_at: Option<String>,
    /// Its photos, in their order.
    pub photos: Vec<DraftPhoto>,
}

/// A photo of a draft.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct DraftPhoto {
    /// Its place in the draft.
    pub slot: String,
    /// True once its bytes are in the store; until then it is expected.
    pub is_taken: bool,
    /// What it is to show, where somebody said so.
    pub role: Option<PhotoRole>,
    /// Where the camera was told to write.
    pub target: Option<String>,
    /// When it was taken, as far as is known, RFC 3339.
    pub at: String,
    /// Where the person stood then.
    pub place: Option<SeenPlace>,
    /// BLAKE3 of the original bytes, hex, once they are here.
    pub hash: Option<String>,
    /// Their length.
    pub size_bytes: Option<u64>,
}

#[uniffi::export]
impl FieldCore {
    /// Begins a draft.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn start_draft(&self) -> Result<Draft, CoreError> {
        Ok(self.engine.start_draft()?.into())
    }

    /// Sets a field. It is on the disk when this returns: call it as the person types.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] for a draft that is not here, [`CoreError::InvalidInput`].
    pub fn set_draft(&self, draft_id: &str, value: DraftValue) -> Result<Draft, CoreError> {
        let value = value.try_into()?;
        Ok(self.engine.set_draft(id(draft_id)?, &value)?.into())
    }

    /// Empties a field.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] for a draft that is not here.
    pub fn clear_draft(&self, draft_id: &str, field: DraftField) -> Result<Draft, CoreError> {
        Ok(self.engine.clear_draft(id(draft_id)?, field)?.into())
    }

    /// Says that a photo is coming. Call it before the camera opens: the camera is another
    /// app, and the system may end this one behind it. The slot is there after a restart.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] for a draft that is not here, [`CoreError::InvalidInput`].
    #[uniffi::method(default(role = None, target = None, place = None))]
    pub fn expect_draft_photo(
        &self,
        draft_id: &str,
        role: Option<PhotoRole>,
        target: Option<String>,
        place: Option<SeenPlace>,
    ) -> Result<DraftPhoto, CoreError> {
        let place = place.map(TryInto::try_into).transpose()?;
        let (draft_id, target) = (id(draft_id)?, target.as_deref());
        let expected = self
            .engine
            .expect_draft_photo(draft_id, role, target, place.as_ref())?;
        Ok(expected.into())
    }

    /// Fills the slot of an expected photo, before or after a restart. It blocks while the
    /// photo is read and written: not for a thread that draws.
    ///
    /// # Errors
    /// [`CoreError::NotFound`], [`CoreError::NotAllowed`] when another photo is in the slot,
    /// [`CoreError::InvalidInput`] for bytes that are no photo.
    pub fn take_draft_photo(
        &self,
        slot: &str,
        photo: PhotoFile,
        moment: PhotoMoment,
    ) -> Result<DraftPhoto, CoreError> {
        let photo = PhotoInput::try_from(photo)?;
        let taken = self
            .engine
            .take_draft_photo(slot_id(slot)?, &photo, &moment.try_into()?)?;
        Ok(taken.into())
    }

    /// Adds a photo that is here already. It blocks while the photo is read and written.
    ///
    /// # Errors
    /// As [`FieldCore::take_draft_photo`].
    pub fn add_draft_photo(
        &self,
        draft_id: &str,
        photo: PhotoFile,
        moment: PhotoMoment,
    ) -> Result<DraftPhoto, CoreError> {
        let photo = PhotoInput::try_from(photo)?;
        let added = self
            .engine
            .add_draft_photo(id(draft_id)?, &photo, &moment.try_into()?)?;
        Ok(added.into())
    }

    /// Takes a photo, expected or taken, out of its draft.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub fn remove_draft_photo(&self, slot: &str) -> Result<Draft, CoreError> {
        Ok(self.engine.remove_draft_photo(slot_id(slot)?)?.into())
    }

    /// The drafts, the latest change first. Call it at the start of the app.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn list_drafts(&self) -> Result<Vec<Draft>, CoreError> {
        let drafts = self.engine.list_drafts()?;
        Ok(drafts.into_iter().map(Into::into).collect())
    }

    /// A draft.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub fn show_draft(&self, draft_id: &str) -> Result<Draft, CoreError> {
        Ok(self.engine.show_draft(id(draft_id)?)?.into())
    }

    /// Throws a draft away, with photos that nothing else names.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub fn discard_draft(&self, draft_id: &str) -> Result<(), CoreError> {
        Ok(self.engine.discard_draft(id(draft_id)?)?)
    }

    /// Reports a draft: sealed and removed at once. Called again, it answers as before.
    ///
    /// # Errors
    /// [`CoreError::NotFound`], [`CoreError::InvalidInput`] for a draft without a photo or
    /// with a class that the duty list has not; the draft is then as it was.
    pub fn report_draft(&self, draft_id: &str) -> Result<ReportOutcome, CoreError> {
        Ok(self.engine.report_draft(id(draft_id)?)?.into())
    }
}

fn identifier(field: &'static str) -> impl Fn(IdentifierError) -> ServiceError {
    move |why| ServiceError::Identifier { field, why }
}

fn id(text: &str) -> Result<model::DraftId, CoreError> {
    Ok(text.parse().map_err(identifier("draft"))?)
}

fn slot_id(text: &str) -> Result<model::SlotId, CoreError> {
    Ok(text.parse().map_err(identifier("slot"))?)
}

impl TryFrom<DraftValue> for model::DraftValue {
    type Error = CoreError;

    fn try_from(value: DraftValue) -> Result<Self, CoreError> {
        Ok(match value {
            DraftValue::Class { code } => {
                Self::Class(ClassCode::parse(&code).map_err(identifier("class"))?)
            }
            DraftValue::Note { text } => Self::Note(text),
            DraftValue::Place { place } => Self::Place(place.try_into()?),
            DraftValue::SeenAt { at_ms } => Self::SeenAt(UtcMs(at_ms)),
        })
    }
}

impl TryFrom<SeenPlace> for model::SeenPlace {
    type Error = CoreError;

    fn try_from(place: SeenPlace) -> Result<Self, CoreError> {
        Ok(Self {
            at: CoreLatLon::try_from(place.at).map_err(ServiceError::from)?,
            accuracy_m: place.accuracy_m,
            is_mock: place.is_mock,
        })
    }
}

impl TryFrom<PhotoMoment> for core::PhotoMoment {
    type Error = CoreError;

    fn try_from(moment: PhotoMoment) -> Result<Self, CoreError> {
        Ok(Self {
            at: moment.at_ms.map(UtcMs),
            place: moment.place.map(TryInto::try_into).transpose()?,
        })
    }
}

impl From<core::PlaceView> for SeenPlace {
    fn from(place: core::PlaceView) -> Self {
        Self {
            at: LatLon {
                lat_deg: place.lat,
                lon_deg: place.lon,
            },
            accuracy_m: place.accuracy_m,
            is_mock: place.mock,
        }
    }
}

impl From<core::DraftView> for Draft {
    fn from(draft: core::DraftView) -> Self {
        Self {
            draft_id: draft.draft_id,
            created: draft.created,
            changed: draft.changed,
            class_code: draft.class,
            note: draft.note,
            place: draft.place.map(Into::into),
            seen_at: draft.seen_at,
            photos: draft.photos.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::DraftPhotoView> for DraftPhoto {
    fn from(photo: core::DraftPhotoView) -> Self {
        Self {
            slot: photo.slot,
            is_taken: photo.hash.is_some(),
            role: photo.role.map(key::photo_role),
            target: photo.target,
            at: photo.at,
            place: photo.place.map(Into::into),
            hash: photo.hash,
            size_bytes: photo.size_bytes,
        }
    }
}
