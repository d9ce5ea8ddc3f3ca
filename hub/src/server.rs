//! Serving: connections with limits and time limits, until told to stop, then an orderly end.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::config::ServeLimits;
use crate::error::HubError;
use crate::{Hub, routes};

/// The most bytes of a request's headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// How long to wait when the system gives no connection, as when file handles run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The two ends of a connection, for routes that answer this machine only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// Who connected.
    pub(crate) peer: SocketAddr,
    /// Where the hub listens.
    pub(crate) listener: SocketAddr,
}

/// Serves a hub under the default limits until `shutdown` completes, then lets requests
/// under way finish.
///
/// # Errors
/// [`HubError::AlreadyServed`] when another process serves the folder.
pub async fn serve(
    hub: Arc<Hub>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), HubError> {
    serve_with(hub, listener, shutdown, ServeLimits::default()).await
}

/// Serves a hub under given limits.
///
/// # Errors
/// [`HubError::AlreadyServed`] when another process serves the folder.
pub async fn serve_with(
    hub: Arc<Hub>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    limits: ServeLimits,
) -> Result<(), HubError> {
    let _lock = hub.claim()?;
    let router = routes::router(hub, limits.clone());
    let listens_at = listener.local_addr()?;
    let places = Arc::new(Semaphore::new(limits.connections));
    let (stop, stopped) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut shutdown => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, stopped) = (router.clone(), stopped.clone());
                let ends = Ends {
                    peer,
                    listener: listens_at,
                };
                let header_timeout = limits.header_timeout;
                tokio::spawn(async move {
                    let _place = place;
                    if let Err(error) =
                        connection(stream, ends, router, header_timeout, stopped).await
                    {
                        tracing::debug!(%error, "a connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(stopped);
    // Connections hold a receiver each; the channel closes when the last has ended.
    let _ = stop.send(true);
    if tokio::time::timeout(limits.drain_timeout, stop.closed())
        .await
        .is_err()
    {
        tracing::warn!("requests under way were cut off");
    }
    Ok(())
}

async fn connection(
    stream: TcpStream,
    ends: Ends,
    router: Router,
    header_timeout: Duration,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Answers are small: waiting to fill a packet would only delay them.
    stream.set_nodelay(true)?;
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ends);
        router.call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_buf_size(MAX_HEADER_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        ended = &mut connection => return Ok(ended?),
        _ = stopped.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}
