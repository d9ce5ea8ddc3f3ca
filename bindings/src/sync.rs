//! Enrolment and exchange with the hub.

use bading_core::model::case::Field;
use bading_core::services::sync as core;

use crate::{CoreError, FieldCore, Status, key};

/// What a session did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncReport {
    /// Commits that got the hub's receipt.
    pub pushed_count: u64,
    /// Entries that came from the hub.
    pub pulled_count: u64,
    /// Photos that the hub confirmed in this session.
    pub photos_sent_count: u64,
    /// Own commits that the hub did not admit, with its reason.
    pub refused: Vec<RefusedCommit>,
    /// Fields of cases in which values stand beside each other.
    pub conflicts: Vec<Conflict>,
    /// Photos that the hub has not confirmed yet.
    pub pending_blobs_count: u64,
}

/// An own commit that the hub did not admit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RefusedCommit {
    /// The commit, hex.
    pub commit: String,
    /// `refused`, `waiting`, `quarantined` or `unfolded`.
    pub verdict: String,
    /// Why: a stable code.
    pub reason: Option<String>,
}

/// A field of a case in which values stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Conflict {
    /// The case.
    pub case_id: String,
    /// The field.
    pub field: Field,
    /// How many values stand there.
    pub values_count: u64,
}

#[uniffi::export(async_runtime = "tokio")]
impl FieldCore {
    /// Enrols this device at the hub at `hub_url` with a one-use code.
    ///
    /// # Errors
    /// [`CoreError::NotAllowed`] for a code that does not hold or another hub than before,
    /// [`CoreError::RetryLater`] when the hub is away; the store is unchanged.
    pub async fn enrol(&self, hub_url: String, code: String) -> Result<Status, CoreError> {
        let enrolled = self.unblocked(move |engine| engine.enrol(&hub_url, &code));
        Ok(enrolled.await?.into())
    }

    /// Runs one session with the hub that this device is enrolled at.
    ///
    /// # Errors
    /// [`CoreError::NotAllowed`] before enrolment, [`CoreError::RetryLater`] when the hub is
    /// away; what was exchanged until then stays, and the next session goes on there.
    pub async fn sync(&self) -> Result<SyncReport, CoreError> {
        Ok(self.unblocked(|engine| engine.sync()).await?.into())
    }
}

impl From<core::SyncReport> for SyncReport {
    fn from(report: core::SyncReport) -> Self {
        Self {
            pushed_count: report.pushed as u64,
            pulled_count: report.pulled as u64,
            photos_sent_count: report.photos_sent as u64,
            refused: report.refused.into_iter().map(Into::into).collect(),
            conflicts: report.conflicts.into_iter().map(Into::into).collect(),
            pending_blobs_count: report.pending_blobs as u64,
        }
    }
}

impl From<core::RefusedCommit> for RefusedCommit {
    fn from(refused: core::RefusedCommit) -> Self {
        Self {
            commit: refused.commit,
            verdict: refused.verdict.to_owned(),
            reason: refused.reason,
        }
    }
}

impl From<core::Conflict> for Conflict {
    fn from(conflict: core::Conflict) -> Self {
        Self {
            case_id: conflict.case_id,
            field: key::field(conflict.field),
            values_count: conflict.values as u64,
        }
    }
}
