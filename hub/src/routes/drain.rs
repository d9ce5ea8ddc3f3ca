//! What is left of a request's body when its answer is ready. A connection that is closed
//! on unread bytes is reset, and the caller loses the answer with it: a bounded rest is
//! read and thrown away first.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::oneshot;

/// The most bytes that are read to no purpose.
const MAX_DRAIN_BYTES: u64 = 16 * 1024 * 1024;
/// The longest time that is spent on them.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A body that comes back when whoever reads it lets it go unfinished.
pub(super) struct Lent {
    body: Body,
    owner: Option<oneshot::Sender<Body>>,
}

/// Where a lent body comes back.
pub(super) struct Owner(oneshot::Receiver<Body>);

pub(super) fn lend(body: Body) -> (Body, Owner) {
    let (sender, receiver) = oneshot::channel();
    let owner = Some(sender);
    (Body::new(Lent { body, owner }), Owner(receiver))
}

impl Owner {
    /// Reads what is left, within bounds.
    pub(super) async fn drain(mut self) {
        let Ok(mut body) = self.0.try_recv() else {
            return;
        };
        if body.size_hint().lower() > MAX_DRAIN_BYTES {
            return;
        }
        let reading = async {
            let mut count = 0;
            while let Some(Ok(frame)) = body.frame().await {
                count += frame.data_ref().map_or(0, |data| data.len() as u64);
                if count > MAX_DRAIN_BYTES {
                    return;
                }
            }
        };
        // Too slow a caller loses the answer; that is its own doing.
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, reading).await;
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take()
            && !self.body.is_end_stream()
        {
            // Nobody waits for it once the connection is gone.
            let _ = owner.send(std::mem::take(&mut self.body));
        }
    }
}
