//! The few answers that a host can act on. Inside, errors are rich; here one exhaustive match
//! maps them, so that a new variant stops the build until somebody has decided.

use std::fmt;

use crate::oplog::evidence::BundleError;
use crate::services::ServiceError;
use crate::services::evidence::export::ExportError;
use crate::services::facility::FacilityError;
use crate::services::verdict::VerdictError;
use crate::storage::StoreError;
use crate::sync::phone::SessionError;
use crate::sync::transport::TransportError;

/// What a host can do about an error. The keys are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was given is wrong; the message says which field.
    InvalidInput,
    /// What was asked for is not there.
    NotFound,
    /// The signer may not do this, or not now.
    NotAllowed,
    /// The device has no room left.
    OutOfSpace,
    /// The store is damaged; nothing was changed, it can be salvaged.
    StorageDamaged,
    /// The store is sealed, and the host's keystore cannot give its key now: unlock the phone.
    KeyUnavailable,
    /// The store is sealed with another key than the host's keystore has.
    BadKey,
    /// It may work later: the store is busy, the hub is away.
    RetryLater,
    /// The store or the hub is newer than this software.
    UpdateApp,
    /// A defect of ours.
    Bug,
}

impl ErrorKind {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::OutOfSpace => "out_of_space",
            Self::StorageDamaged => "storage_damaged",
            Self::KeyUnavailable => "key_unavailable",
            Self::BadKey => "bad_key",
            Self::RetryLater => "retry_later",
            Self::UpdateApp => "update_app",
            Self::Bug => "bug",
        }
    }
}

/// An error as a host sees it: the kind to act on, the message for a developer.
#[derive(Debug)]
pub struct EngineError {
    kind: ErrorKind,
    source: ServiceError,
}

impl EngineError {
    /// What can be done about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The error with all its detail.
    #[must_use]
    pub fn detail(&self) -> &ServiceError {
        &self.source
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl From<ServiceError> for EngineError {
    fn from(source: ServiceError) -> Self {
        Self {
            kind: kind_of(&source),
            source,
        }
    }
}

fn kind_of(error: &ServiceError) -> ErrorKind {
    match error {
        ServiceError::Store(error) => kind_of_store(error),
        ServiceError::Photo { .. }
        | ServiceError::NoPhoto
        | ServiceError::Place(_)
        | ServiceError::Identifier { .. }
        | ServiceError::TextTooLong { .. }
        | ServiceError::UnknownClass(_)
        | ServiceError::UnknownRoute(_)
        | ServiceError::ReviewSpan
        | ServiceError::TooManyDrafts(_)
        | ServiceError::TooManyPhotos(_)
        | ServiceError::Commit(_)
        | ServiceError::Grids(_)
        | ServiceError::GridLayer(_)
        | ServiceError::Duties(_) => ErrorKind::InvalidInput,
        ServiceError::NoSuchCase(_)
        | ServiceError::NoSuchPhoto(_)
        | ServiceError::NoSuchDraft(_)
        | ServiceError::NoSuchSlot(_)
        | ServiceError::NoSuchPatrol(_)
        | ServiceError::NoPatrol => ErrorKind::NotFound,
        ServiceError::Refused(_)
        | ServiceError::WrongPhase { .. }
        | ServiceError::PatrolUnderWay(_)
        | ServiceError::PatrolPaused
        | ServiceError::PatrolNotPaused
        | ServiceError::PatrolElsewhere
        | ServiceError::SlotTaken(_)
        | ServiceError::NotEnrolled
        | ServiceError::HeadInDoubt
        | ServiceError::OtherHub
        | ServiceError::Sign(_) => ErrorKind::NotAllowed,
        ServiceError::Transport(error) => match error {
            TransportError::Unreachable(_) | TransportError::BadReply(_) => ErrorKind::RetryLater,
            TransportError::Problem { status, .. } => kind_of_status(*status),
        },
        ServiceError::Session(error) => match error {
            SessionError::Forked => ErrorKind::NotAllowed,
            SessionError::OutOfTurn
            | SessionError::Receipt(_)
            | SessionError::ReceiptCount { .. }
            | SessionError::NoProgress => ErrorKind::RetryLater,
        },
        ServiceError::Facility(error) => match error {
            FacilityError::NoList => ErrorKind::NotFound,
            FacilityError::UnknownKind { .. }
            | FacilityError::Kind(_)
            | FacilityError::Count { .. }
            | FacilityError::Within { .. } => ErrorKind::InvalidInput,
        },
        ServiceError::Verdict(error) => kind_of_verdict(error),
        ServiceError::Certificate(_) | ServiceError::BadPage(_) | ServiceError::DraftChanged(_) => {
            ErrorKind::RetryLater
        }
        ServiceError::Export(error) => kind_of_export(error),
    }
}

fn kind_of_verdict(error: &VerdictError) -> ErrorKind {
    match error {
        VerdictError::NoShift { .. }
        | VerdictError::NotPublished { .. }
        | VerdictError::NoSuchAppeal(_)
        | VerdictError::NoSuchAct { .. } => ErrorKind::NotFound,
        VerdictError::BeforeCutOff { .. }
        | VerdictError::AppealPending(_)
        | VerdictError::WindowClosed(_)
        | VerdictError::AlreadyAppealed(_)
        | VerdictError::NotOpen { .. } => ErrorKind::NotAllowed,
        VerdictError::Calendar { .. }
        | VerdictError::NotTheirs { .. }
        | VerdictError::NotOfTheCase(_)
        | VerdictError::NoEvidence
        | VerdictError::Points
        | VerdictError::Empty(_)
        | VerdictError::Exemptions => ErrorKind::InvalidInput,
    }
}

/// What is wrong with an export is in what was asked for, in the store, or in the file.
fn kind_of_export(error: &ExportError<StoreError>) -> ErrorKind {
    match error {
        ExportError::Source(error) => kind_of_store(error),
        ExportError::TooMany(_) => ErrorKind::InvalidInput,
        ExportError::Unknown(_) => ErrorKind::NotFound,
        ExportError::Commit(_) | ExportError::Entry(_) => ErrorKind::StorageDamaged,
        ExportError::Bundle(BundleError::Io(error)) => match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ErrorKind::OutOfSpace
            }
            _ => ErrorKind::RetryLater,
        },
        ExportError::Bundle(BundleError::LengthDiffers) => ErrorKind::RetryLater,
        ExportError::Bundle(
            BundleError::TooLong { .. } | BundleError::Order | BundleError::Unreadable(_),
        ) => ErrorKind::Bug,
    }
}

fn kind_of_store(error: &StoreError) -> ErrorKind {
    match error {
        StoreError::Busy | StoreError::Io(_) => ErrorKind::RetryLater,
        StoreError::Full => ErrorKind::OutOfSpace,
        StoreError::Damaged(_) | StoreError::BlobDamaged(_) => ErrorKind::StorageDamaged,
        StoreError::TooNew { .. } => ErrorKind::UpdateApp,
        StoreError::KeyUnavailable => ErrorKind::KeyUnavailable,
        StoreError::BadKey => ErrorKind::BadKey,
        StoreError::Database(_) => ErrorKind::Bug,
    }
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::NotAllowed,
        404 => ErrorKind::NotFound,
        400 | 413 | 415 | 422 => ErrorKind::InvalidInput,
        426 => ErrorKind::UpdateApp,
        _ => ErrorKind::RetryLater,
    }
}
