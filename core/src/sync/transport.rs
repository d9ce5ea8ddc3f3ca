//! The way to a hub, whatever it is: a request goes, a reply or a reason comes back.

use thiserror::Error;

use crate::sync::wire::{Reply, Request};

/// How a hub could not be talked to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// Nobody answered, or the connection broke.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
    /// The hub said no, with a code.
    #[error("the hub answered {status} {code}: {detail}")]
    Problem {
        /// The HTTP status.
        status: u16,
        /// The stable code.
        code: String,
        /// The hub's words.
        detail: String,
    },
    /// The answer is not in its form.
    #[error("the hub's answer is not in its form: {0}")]
    BadReply(String),
}

/// The way to a hub; HTTP in the product, anything in a test.
pub trait Transport {
    /// Sends a request and waits for its answer. After a session has begun, its token goes
    /// along.
    ///
    /// # Errors
    /// [`TransportError`].
    fn send(&mut self, request: &Request, token: Option<&str>) -> Result<Reply, TransportError>;
}
