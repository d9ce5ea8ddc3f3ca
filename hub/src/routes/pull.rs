//! `GET /v1/zones/{zone}/log?after=N&limit=M`.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bading_core::model::identifiers::Zone;
use bading_core::sync::frame;
use bading_core::sync::wire::MAX_PAGE_ENTRIES;
use serde::Deserialize;

use super::Shared;
use super::body::{CBOR_ZSTD, bytes_reply};
use super::problem::ProblemReply;
use crate::error::HubError;

#[derive(Deserialize)]
pub(super) struct Cursor {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

pub(super) async fn page(
    State(app): Shared,
    zone: Result<Path<String>, PathRejection>,
    cursor: Result<Query<Cursor>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ProblemReply> {
    let caller = app.caller(&headers).await?;
    let Ok(Query(cursor)) = cursor else {
        return Err(ProblemReply::malformed("after and limit must be numbers"));
    };
    let zone = zone
        .ok()
        .and_then(|Path(zone)| Zone::parse(&zone).ok())
        .ok_or(HubError::UnknownZone)?;
    let limit = cursor.limit.unwrap_or(MAX_PAGE_ENTRIES);
    let packed = app
        .job(move |hub| {
            let page = hub.page(&caller, &zone, cursor.after, limit)?;
            Ok(frame::pack(&page.encode()))
        })
        .await?;
    Ok(bytes_reply(CBOR_ZSTD, packed))
}
