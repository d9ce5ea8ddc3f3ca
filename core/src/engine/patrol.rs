//! Patrols: the one under way in this process, and those that were walked.

use std::sync::{MutexGuard, PoisonError};

use super::{Engine, EngineError};
use crate::model::patrol::{Interruption, PatrolId};
use crate::model::track::Fix;
use crate::services::patrol::{
    self, LiveAsk, LivePatrol, PatrolLine, PatrolPlan, PatrolView, Recording,
};
use crate::services::{Context, ServiceError};

impl Engine {
    /// Begins a patrol.
    ///
    /// # Errors
    /// As [`patrol::start`].
    pub fn start_patrol(&self, plan: &PatrolPlan) -> Result<PatrolView, EngineError> {
        let mut now = self.recording_now();
        let recording = patrol::start(&self.context(), plan)?;
        Ok(now.insert(recording).view())
    }

    /// Feeds fixes to the patrol under way, one or many, in order of arrival; they are on the
    /// disk within [`patrol::FLUSH_MS`].
    ///
    /// # Errors
    /// As [`Recording::feed`]; [`ServiceError::NoPatrol`].
    pub fn feed_patrol(&self, fixes: &[Fix]) -> Result<(), EngineError> {
        self.with_recording(|recording, context| recording.feed(context, fixes))
    }

    /// Notes a gap in the recording that the host knows of.
    ///
    /// # Errors
    /// As [`Recording::interrupt`]; [`ServiceError::NoPatrol`].
    pub fn interrupt_patrol(&self, why: Interruption) -> Result<(), EngineError> {
        self.with_recording(|recording, context| recording.interrupt(context, why))
    }

    /// Writes what was fed to the disk now.
    ///
    /// # Errors
    /// As [`Recording::flush`]; [`ServiceError::NoPatrol`].
    pub fn flush_patrol(&self) -> Result<(), EngineError> {
        self.with_recording(|recording, context| recording.flush(context))
    }

    /// Interrupts the patrol under way.
    ///
    /// # Errors
    /// As [`Recording::pause`]; [`ServiceError::NoPatrol`].
    pub fn pause_patrol(&self) -> Result<PatrolView, EngineError> {
        self.with_recording(|recording, context| {
            recording.pause(context).map(|()| recording.view())
        })
    }

    /// Goes on with the paused patrol.
    ///
    /// # Errors
    /// As [`Recording::resume`]; [`ServiceError::NoPatrol`].
    pub fn resume_patrol(&self) -> Result<PatrolView, EngineError> {
        self.with_recording(|recording, context| {
            recording.resume(context).map(|()| recording.view())
        })
    }

    /// Ends the patrol under way.
    ///
    /// # Errors
    /// As [`Recording::finish`]; [`ServiceError::NoPatrol`].
    pub fn finish_patrol(&self) -> Result<PatrolView, EngineError> {
        let mut now = self.recording_now();
        self.take_over(&mut now)?;
        let recording = now.as_mut().ok_or(ServiceError::NoPatrol)?;
        let outcome = recording.finish(&self.context());
        if recording.is_finished() || matches!(outcome, Err(ServiceError::PatrolElsewhere)) {
            *now = None;
        }
        Ok(outcome?)
    }

    /// The patrol under way as it stands; nothing when there is none.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn patrol_now(&self) -> Result<Option<PatrolView>, EngineError> {
        self.look(|recording, _| Ok(recording.view()), patrol::show)
    }

    /// The patrol under way with what a person who walks it looks at; nothing when there is
    /// none. It asks no hub.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn live_patrol(&self, ask: &LiveAsk) -> Result<Option<LivePatrol>, EngineError> {
        self.look(
            |recording, context| recording.live(context, ask),
            |context, patrol_id| patrol::show_live(context, patrol_id, ask),
        )
    }

    /// Looks at the patrol under way: at this process's own recording, else at what is on the
    /// disk. Another process may be recording: looking takes nothing over.
    pub(super) fn look<T>(
        &self,
        own: impl FnOnce(&Recording, &Context<'_>) -> Result<T, ServiceError>,
        other: impl FnOnce(&Context<'_>, PatrolId) -> Result<T, ServiceError>,
    ) -> Result<Option<T>, EngineError> {
        let mut now = self.recording_now();
        if let Some(recording) = now.as_ref() {
            if self.store.read(|tx| recording.is_current(tx))? {
                return Ok(Some(own(recording, &self.context())?));
            }
            *now = None;
        }
        let recorded = self
            .store
            .read(|tx| tx.recording().map_err(ServiceError::from))?;
        let Some(row) = recorded else { return Ok(None) };
        match other(&self.context(), row.patrol_id) {
            // Its start does not stand: the next call ends the recording.
            Err(ServiceError::NoSuchPatrol(_)) => Ok(None),
            seen => Ok(Some(seen?)),
        }
    }

    /// A patrol of this store with its live view; a finished one has none.
    ///
    /// # Errors
    /// As [`patrol::show_live`].
    pub fn show_live_patrol(
        &self,
        patrol_id: PatrolId,
        ask: &LiveAsk,
    ) -> Result<LivePatrol, EngineError> {
        Ok(patrol::show_live(&self.context(), patrol_id, ask)?)
    }

    /// A patrol of this store.
    ///
    /// # Errors
    /// As [`patrol::show`].
    pub fn show_patrol(&self, patrol_id: PatrolId) -> Result<PatrolView, EngineError> {
        Ok(patrol::show(&self.context(), patrol_id)?)
    }

    /// The patrols of this store, the latest first.
    ///
    /// # Errors
    /// As [`patrol::list`].
    pub fn list_patrols(&self) -> Result<Vec<PatrolLine>, EngineError> {
        Ok(patrol::list(&self.context())?)
    }

    /// The recorded fixes of a patrol of this store; of one under way, what is on the disk.
    ///
    /// # Errors
    /// As [`patrol::track`].
    pub fn track(&self, patrol_id: PatrolId) -> Result<Vec<Fix>, EngineError> {
        Ok(patrol::track(&self.context(), patrol_id)?)
    }

    pub(super) fn recording_now(&self) -> MutexGuard<'_, Option<Recording>> {
        // A panic in between left at most fixes that were not flushed.
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what an earlier process was recording.
    pub(super) fn take_over(&self, now: &mut Option<Recording>) -> Result<(), ServiceError> {
        if now.is_none() {
            *now = patrol::take_over(&self.context())?;
        }
        Ok(())
    }

    pub(super) fn with_recording<T>(
        &self,
        work: impl FnOnce(&mut Recording, &Context<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, EngineError> {
        let mut now = self.recording_now();
        self.take_over(&mut now)?;
        let recording = now.as_mut().ok_or(ServiceError::NoPatrol)?;
        match work(recording, &self.context()) {
            Err(ServiceError::PatrolElsewhere) => {
                *now = None;
                Err(ServiceError::PatrolElsewhere.into())
            }
            outcome => Ok(outcome?),
        }
    }
}
