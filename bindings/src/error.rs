//! Errors as a host sees them: what can be done about one, never what it was about. A message
//! may end in a log or a fault report, so it holds no name, coordinate, note or file name.

use bading_core::engine::{EngineError, ErrorKind};
use bading_core::services::ServiceError;
use tokio::task::JoinError;

/// What a host can do about an error; one variant for each kind of the core. `code` is the
/// kind's stable key, `detail` a sentence for a developer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum CoreError {
    /// What was given is wrong: ask the person again.
    InvalidInput {
        /// `invalid_input`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// What was asked for is not there.
    NotFound {
        /// `not_found`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// The signer may not do this, or not now.
    NotAllowed {
        /// `not_allowed`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// The device has no room left.
    OutOfSpace {
        /// `out_of_space`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// The store is damaged; nothing was changed, it can be salvaged.
    StorageDamaged {
        /// `storage_damaged`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// The store is sealed, and the keystore cannot give its key now: unlock the phone.
    KeyUnavailable {
        /// `key_unavailable`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// The store is sealed with another key than the keystore has.
    BadKey {
        /// `bad_key`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// It may work later: the store is busy, the hub is away.
    RetryLater {
        /// `retry_later`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// The store or the hub is newer than this library.
    UpdateApp {
        /// `update_app`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
    /// A defect of ours.
    Bug {
        /// `bug`.
        code: String,
        /// A sentence for a developer.
        detail: String,
    },
}

impl std::fmt::Display for CoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::InvalidInput { code, detail }
        | Self::NotFound { code, detail }
        | Self::NotAllowed { code, detail }
        | Self::OutOfSpace { code, detail }
        | Self::StorageDamaged { code, detail }
        | Self::KeyUnavailable { code, detail }
        | Self::BadKey { code, detail }
        | Self::RetryLater { code, detail }
        | Self::UpdateApp { code, detail }
        | Self::Bug { code, detail }) = self;
        write!(f, "{code}: {detail}")
    }
}

impl std::error::Error for CoreError {}

impl From<ErrorKind> for CoreError {
    fn from(kind: ErrorKind) -> Self {
        let (code, detail) = (kind.as_str().to_owned(), sentence(kind).to_owned());
        match kind {
            ErrorKind::InvalidInput => Self::InvalidInput { code, detail },
            ErrorKind::NotFound => Self::NotFound { code, detail },
            ErrorKind::NotAllowed => Self::NotAllowed { code, detail },
            ErrorKind::OutOfSpace => Self::OutOfSpace { code, detail },
            ErrorKind::StorageDamaged => Self::StorageDamaged { code, detail },
            ErrorKind::KeyUnavailable => Self::KeyUnavailable { code, detail },
            ErrorKind::BadKey => Self::BadKey { code, detail },
            ErrorKind::RetryLater => Self::RetryLater { code, detail },
            ErrorKind::UpdateApp => Self::UpdateApp { code, detail },
            ErrorKind::Bug => Self::Bug { code, detail },
        }
    }
}

/// The core's own message names what was given, coordinates included, so it stays behind.
fn sentence(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "what was given is wrong",
        ErrorKind::NotFound => "what was asked for is not there",
        ErrorKind::NotAllowed => "this device may not do this, or not now",
        ErrorKind::OutOfSpace => "the device has no room left",
        ErrorKind::StorageDamaged => "the store is damaged; nothing was changed",
        ErrorKind::KeyUnavailable => "the keystore cannot give the store's key now",
        ErrorKind::BadKey => "the keystore has another key than the store was sealed with",
        ErrorKind::RetryLater => "the store is busy or the hub is away",
        ErrorKind::UpdateApp => "the store or the hub is newer than this library",
        ErrorKind::Bug => "a defect of the core",
    }
}

impl From<EngineError> for CoreError {
    fn from(error: EngineError) -> Self {
        error.kind().into()
    }
}

impl From<ServiceError> for CoreError {
    fn from(error: ServiceError) -> Self {
        EngineError::from(error).into()
    }
}

/// A call that was moved to another thread and did not come back has panicked there.
impl From<JoinError> for CoreError {
    fn from(_: JoinError) -> Self {
        ErrorKind::Bug.into()
    }
}

#[cfg(test)]
mod tests {
    use bading_core::model::place::PlaceError;

    use super::*;

    #[test]
    fn error_about_a_coordinate_keeps_the_kind_and_loses_the_coordinate() {
        let error = CoreError::from(ServiceError::Place(PlaceError::Latitude(121.4737)));
        assert!(matches!(&error, CoreError::InvalidInput { code, .. } if code == "invalid_input"));
        assert!(!error.to_string().contains("121"), "{error}");
    }
}
