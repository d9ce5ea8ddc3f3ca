//! Problem documents (RFC 9457): one status and one stable code for everything that can go
//! wrong. Details are for developers and never name a person, a place or a secret.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bading_core::sync::frame::FrameError;
use bading_core::sync::wire::Problem;

use crate::admit::BatchStop;
use crate::error::HubError;
use bading_core::sync::admission::Stop;

/// When to come back after an overload, seconds.
const RETRY_AFTER_S: u32 = 5;

/// An error as it is answered.
#[derive(Debug)]
pub(super) struct ProblemReply {
    problem: Problem,
    retry_after_s: Option<u32>,
}

impl ProblemReply {
    pub(super) fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        Self {
            problem: Problem {
                kind: "about:blank".to_owned(),
                title: status.canonical_reason().unwrap_or("Error").to_owned(),
                status: status.as_u16(),
                detail: detail.to_owned(),
                code: code.to_owned(),
            },
            retry_after_s: None,
        }
    }

    pub(super) fn malformed(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    pub(super) fn too_large(max: usize) -> Self {
        let max = max as u64;
        Self::from(HubError::TooLarge { max })
    }

    pub(super) fn timeout() -> Self {
        let detail = "the request took too long to arrive or to be answered";
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail)
    }

    pub(super) fn internal() -> Self {
        let detail = "a fault of the hub; its log has the request's number";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    pub(super) fn overloaded() -> Self {
        let detail = "the hub has as much to do as it takes on";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).retry()
    }

    /// A commit that was kept in the log as refused, answered to the direct call.
    pub(super) fn refused(reason: &str) -> Self {
        let detail = "the commit was refused and is kept in the log as such";
        Self::new(StatusCode::FORBIDDEN, reason, detail)
    }

    /// The status that it is answered with.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What it says.
    pub(super) fn detail(&self) -> &str {
        &self.problem.detail
    }

    fn retry(mut self) -> Self {
        self.retry_after_s = Some(RETRY_AFTER_S);
        self
    }
}

impl From<HubError> for ProblemReply {
    fn from(error: HubError) -> Self {
        use StatusCode as S;
        let (status, code) = match &error {
            HubError::Input(_) => (S::BAD_REQUEST, "malformed"),
            HubError::CodeInvalid => (S::FORBIDDEN, "code_invalid"),
            HubError::BadSignature => (S::UNPROCESSABLE_ENTITY, "bad_signature"),
            HubError::BadChallengeSignature => (S::UNAUTHORIZED, "bad_signature"),
            HubError::ChallengeExpired => (S::UNAUTHORIZED, "challenge_expired"),
            HubError::UnknownDevice => (S::UNAUTHORIZED, "unknown_device"),
            HubError::SessionExpired => (S::UNAUTHORIZED, "session_expired"),
            HubError::Revoked => (S::FORBIDDEN, "revoked"),
            HubError::RoleNotAllowed => (S::FORBIDDEN, "role_not_allowed"),
            HubError::UnknownZone => (S::NOT_FOUND, "unknown_zone"),
            HubError::UnknownPack => (S::NOT_FOUND, "unknown_pack"),
            HubError::UnknownBlob => (S::NOT_FOUND, "unknown_blob"),
            HubError::NotAnnounced => (S::CONFLICT, "not_announced"),
            HubError::HashMismatch => (S::UNPROCESSABLE_ENTITY, "hash_mismatch"),
            HubError::TooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "too_large"),
            HubError::DiskFull => (S::INSUFFICIENT_STORAGE, "disk_full"),
            HubError::Busy => (S::SERVICE_UNAVAILABLE, "busy"),
            HubError::NotAHub
            | HubError::AlreadyAHub
            | HubError::AlreadyServed
            | HubError::Key
            | HubError::NewerDatabase { .. }
            | HubError::Damaged(_)
            | HubError::Database(_)
            | HubError::File(_)
            | HubError::NoRandomness
            | HubError::Entry(_)
            | HubError::Certificate(_) => {
                // What failed inside is for the operator and not for the caller.
                tracing::error!(%error, "a request failed inside");
                return Self::internal();
            }
        };
        let reply = Self::new(status, code, &error.to_string());
        match status {
            S::SERVICE_UNAVAILABLE | S::INSUFFICIENT_STORAGE => reply.retry(),
            _ => reply,
        }
    }
}

impl From<FrameError> for ProblemReply {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::TooLarge { max } => Self::too_large(max),
            FrameError::Damaged => Self::malformed("the body is not a zstd frame"),
        }
    }
}

impl From<BatchStop> for ProblemReply {
    fn from(stop: BatchStop) -> Self {
        use StatusCode as S;
        let (status, detail) = match &stop {
            BatchStop::Stop(Stop::Unsound { .. }) => (S::UNPROCESSABLE_ENTITY, None),
            BatchStop::Stop(Stop::Gap { .. }) => (S::CONFLICT, None),
            BatchStop::Stop(Stop::OtherDevice { .. }) => (S::FORBIDDEN, None),
            BatchStop::OtherZone { index } => (
                S::FORBIDDEN,
                Some(format!("commit {index}: of a zone sequenced elsewhere")),
            ),
        };
        let detail = match (&stop, detail) {
            (BatchStop::Stop(stop), _) => stop.to_string(),
            (_, detail) => detail.unwrap_or_default(),
        };
        Self::new(status, stop.code(), &detail)
    }
}

impl IntoResponse for ProblemReply {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(&self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
