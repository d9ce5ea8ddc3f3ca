//! HTTP around the hub: each route reads its input, runs one use case off the runtime's
//! threads, and writes the answer. Every error is a problem document.

mod admin;
mod blobs;
mod body;
mod drain;
mod enrol;
mod packs;
mod page;
mod problem;
mod pull;
mod push;
mod session;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bading_core::sync::wire::HubInfo;
use serde_json::json;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::ServeLimits;
use crate::error::HubError;
use crate::{Caller, Hub};
use problem::ProblemReply;

/// What the routes share.
pub(crate) struct App {
    hub: Arc<Hub>,
    limits: ServeLimits,
    jobs: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    renders: Arc<Semaphore>,
    requests: AtomicU64,
}

/// Photos at once that are made smaller for the page: a hundred megapixels take much memory.
const RENDERS: usize = 2;

type Shared = State<Arc<App>>;

/// The routes of a hub.
pub(crate) fn router(hub: Arc<Hub>, limits: ServeLimits) -> Router {
    let app = Arc::new(App {
        hub,
        jobs: Arc::new(Semaphore::new(limits.jobs)),
        uploads: Arc::new(Semaphore::new(limits.uploads)),
        renders: Arc::new(Semaphore::new(RENDERS)),
        limits,
        requests: AtomicU64::new(0),
    });
    let mut routes = Router::new();
    if app.limits.page {
        routes = page::routes();
    }
    routes
        .route("/healthz", get(healthz))
        .route("/v1/hub", get(hub_info))
        .route("/v1/enrol", post(enrol::enrol))
        .route("/v1/session/challenge", post(session::challenge))
        .route("/v1/session", post(session::open))
        .route("/v1/push", post(push::push))
        .route("/v1/commits", post(push::commit))
        .route("/v1/zones/{zone}/log", get(pull::page))
        .route("/v1/packs", get(packs::list))
        .route("/v1/packs/{hash}", get(packs::fetch))
        .route(
            "/v1/blobs/{hash}",
            get(blobs::fetch).head(blobs::has).put(blobs::put),
        )
        .route("/v1/admin/codes", post(admin::create_code))
        .route("/v1/admin/devices", get(admin::list_devices))
        .route("/v1/admin/devices/{key}/revoke", post(admin::revoke))
        .fallback(async || ProblemReply::new(StatusCode::NOT_FOUND, "not_found", "no such route"))
        .method_not_allowed_fallback(async || {
            let detail = "this route has no such method";
            ProblemReply::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}

impl App {
    /// Runs a use case where it may block. What exceeds the limit is told to come back.
    async fn job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hub) -> Result<T, HubError> + Send + 'static,
    ) -> Result<T, ProblemReply> {
        let permit = self
            .jobs
            .clone()
            .try_acquire_owned()
            .map_err(|_| ProblemReply::overloaded())?;
        let hub = self.hub.clone();
        let job = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller that went away does not make room.
            let _permit = permit;
            work(&hub)
        });
        match job.await {
            Ok(outcome) => outcome.map_err(ProblemReply::from),
            Err(_) => Err(ProblemReply::internal()),
        }
    }

    /// Who calls, by the bearer token.
    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, ProblemReply> {
        let token = bearer(headers).ok_or_else(|| ProblemReply::from(HubError::SessionExpired))?;
        self.job(move |hub| hub.caller(&token)).await
    }
}

fn bearer(headers: &HeaderMap) -> Option<[u8; 32]> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(token.trim(), &mut bytes).ok()?;
    scheme.eq_ignore_ascii_case("bearer").then_some(bytes)
}

async fn healthz(State(app): Shared) -> Result<Response, ProblemReply> {
    let zones = app.job(|hub| hub.zones()).await?;
    let zones: Vec<_> = zones
        .iter()
        .map(|zone| {
            json!({
                "zone": zone.zone.as_str(),
                "epoch": zone.epoch,
                "last_position": zone.last_position,
            })
        })
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    Ok(Json(json!({"status": "ok", "version": version, "zones": zones})).into_response())
}

async fn hub_info(State(app): Shared) -> Json<HubInfo> {
    Json(HubInfo {
        hub_key: app.hub.key().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        zones: vec![app.hub.zone().as_str().to_owned()],
        hub_time_ms: app.hub.now().0,
    })
}

/// Around every request: a number for the logs, a time limit, and no caches in between.
async fn around(State(app): Shared, request: Request, next: Next) -> Response {
    let number = app.requests.fetch_add(1, Ordering::Relaxed);
    let method = request.method().clone();
    // The route's pattern and never the path, which names devices and photos.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let began = Instant::now();
    // A photo takes as long as it keeps coming; its route watches the pauses instead.
    let is_upload = method == Method::PUT;
    // A caller that waits to be asked for the body is not asked for one that nobody reads.
    let waits_to_send = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let (body, unread) = drain::lend(body);
    let request = Request::from_parts(parts, body);
    let mut response = if is_upload {
        next.run(request).await
    } else {
        match tokio::time::timeout(app.limits.request_timeout, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ProblemReply::timeout().into_response(),
        }
    };
    let is_too_slow = response.status() == StatusCode::REQUEST_TIMEOUT;
    if !waits_to_send && !is_too_slow {
        unread.drain().await;
    }
    let status = response.status().as_u16();
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request = number, %method, route, status, elapsed_ms, "answered");
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-request-id"),
        HeaderValue::from(number),
    );
    response
}

fn after_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    // The panic's own text may quote input; the hook has written its place to stderr.
    tracing::error!("a handler panicked");
    ProblemReply::internal().into_response()
}
