//! Drafts, as a host makes them.

use crate::engine::{Engine, EngineError};
use crate::model::draft::{DraftField, DraftId, DraftValue, SeenPlace, SlotId};
use crate::model::photo::PhotoRole;
use crate::services::capture::{PhotoInput, Reported};
use crate::services::draft::{self, DraftPhotoView, DraftView, PhotoMoment};

impl Engine {
    /// Begins a draft.
    ///
    /// # Errors
    /// As [`draft::start`].
    pub fn start_draft(&self) -> Result<DraftView, EngineError> {
        Ok(draft::start(&self.context())?)
    }

    /// Sets a field of a draft; it is on the disk when this returns.
    ///
    /// # Errors
    /// As [`draft::set`].
    pub fn set_draft(
        &self,
        draft_id: DraftId,
        value: &DraftValue,
    ) -> Result<DraftView, EngineError> {
        Ok(draft::set(&self.context(), draft_id, value)?)
    }

    /// Empties a field of a draft.
    ///
    /// # Errors
    /// As [`draft::clear`].
    pub fn clear_draft(
        &self,
        draft_id: DraftId,
        field: DraftField,
    ) -> Result<DraftView, EngineError> {
        Ok(draft::clear(&self.context(), draft_id, field)?)
    }

    /// Says that a photo is coming, before the camera opens.
    ///
    /// # Errors
    /// As [`draft::expect_photo`].
    pub fn expect_draft_photo(
        &self,
        draft_id: DraftId,
        role: Option<PhotoRole>,
        target: Option<&str>,
        place: Option<&SeenPlace>,
    ) -> Result<DraftPhotoView, EngineError> {
        let context = self.context();
        Ok(draft::expect_photo(
            &context, draft_id, role, target, place,
        )?)
    }

    /// Fills the slot of an expected photo.
    ///
    /// # Errors
    /// As [`draft::take_photo`].
    pub fn take_draft_photo(
        &self,
        slot: SlotId,
        photo: &PhotoInput,
        moment: &PhotoMoment,
    ) -> Result<DraftPhotoView, EngineError> {
        Ok(draft::take_photo(&self.context(), slot, photo, moment)?)
    }

    /// Adds a photo that is here already to a draft.
    ///
    /// # Errors
    /// As [`draft::add_photo`].
    pub fn add_draft_photo(
        &self,
        draft_id: DraftId,
        photo: &PhotoInput,
        moment: &PhotoMoment,
    ) -> Result<DraftPhotoView, EngineError> {
        Ok(draft::add_photo(&self.context(), draft_id, photo, moment)?)
    }

    /// Takes a photo, expected or taken, out of its draft.
    ///
    /// # Errors
    /// As [`draft::remove_photo`].
    pub fn remove_draft_photo(&self, slot: SlotId) -> Result<DraftView, EngineError> {
        Ok(draft::remove_photo(&self.context(), slot)?)
    }

    /// The drafts of this store, the latest change first.
    ///
    /// # Errors
    /// As [`draft::list`].
    pub fn list_drafts(&self) -> Result<Vec<DraftView>, EngineError> {
        Ok(draft::list(&self.context())?)
    }

    /// A draft of this store.
    ///
    /// # Errors
    /// As [`draft::show`].
    pub fn show_draft(&self, draft_id: DraftId) -> Result<DraftView, EngineError> {
        Ok(draft::show(&self.context(), draft_id)?)
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// As [`draft::discard`].
    pub fn discard_draft(&self, draft_id: DraftId) -> Result<(), EngineError> {
        Ok(draft::discard(&self.context(), draft_id)?)
    }

    /// Reports a draft, exactly once.
    ///
    /// # Errors
    /// As [`draft::report`].
    pub fn report_draft(&self, draft_id: DraftId) -> Result<Reported, EngineError> {
        Ok(draft::report(&self.context(), draft_id)?)
    }
}
