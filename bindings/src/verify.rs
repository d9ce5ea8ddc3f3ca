//! Verification of the whole store.

use bading_core::services::verify as core;

use crate::{CoreError, FieldCore};

/// What was checked and what does not hold.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Verification {
    /// True when nothing is wrong.
    pub is_sound: bool,
    /// Commits whose bytes, hashes and signature were checked.
    pub commits_count: u64,
    /// Those of this device, checked as one unbroken chain for each zone.
    pub own_commits_count: u64,
    /// Receipts of the hub whose signature was checked.
    pub receipts_count: u64,
    /// Photos that were hashed again.
    pub photos_count: u64,
    /// Photos that were let go because the hub has them; they can be fetched again.
    pub evicted_count: u64,
    /// Cases that were folded and judged again.
    pub cases_count: u64,
    /// Challenges of the hub in reports whose signature was checked.
    pub challenges_count: u64,
    /// Values and photos that were ordered to be erased, and are gone.
    pub erasures_count: u64,
    /// What does not hold.
    pub problems: Vec<Fault>,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Fault {
    /// The stable code.
    pub kind: String,
    /// Which thing it is.
    pub detail: String,
}

#[uniffi::export]
impl FieldCore {
    /// Checks everything in the store again, without a hub; changes nothing. It blocks for as
    /// long as reading the whole store and every photo takes.
    ///
    /// # Errors
    /// [`CoreError`] when the store cannot be read at all; what does not hold is an answer.
    pub fn verify(&self) -> Result<Verification, CoreError> {
        Ok(self.engine.verify()?.into())
    }
}

impl From<core::Verification> for Verification {
    fn from(report: core::Verification) -> Self {
        Self {
            is_sound: report.sound,
            commits_count: report.commits as u64,
            own_commits_count: report.own_commits as u64,
            receipts_count: report.receipts as u64,
            photos_count: report.photos as u64,
            evicted_count: report.evicted as u64,
            cases_count: report.cases as u64,
            challenges_count: report.challenges as u64,
            erasures_count: report.erasures as u64,
            problems: report.problems.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::Fault> for Fault {
    fn from(fault: core::Fault) -> Self {
        Self {
            kind: fault.kind.to_owned(),
            detail: fault.detail,
        }
    }
}
