//! `GET /v1/packs` and `GET /v1/packs/{hash}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bading_core::model::identifiers::Hash;
use bading_core::sync::wire::PackList;

use super::Shared;
use super::body::file_reply;
use super::problem::ProblemReply;

pub(super) async fn list(
    State(app): Shared,
    headers: HeaderMap,
) -> Result<Json<PackList>, ProblemReply> {
    let caller = app.caller(&headers).await?;
    let packs = app
        .job(move |hub| {
            caller.may_fetch()?;
            hub.packs()
        })
        .await?;
    Ok(Json(PackList { packs }))
}

pub(super) async fn fetch(
    State(app): Shared,
    hash: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ProblemReply> {
    let caller = app.caller(&headers).await?;
    let hash = read_hash(hash)?;
    let (file, size_bytes) = app
        .job(move |hub| {
            let size_bytes = hub.find_pack(&caller, &hash)?;
            Ok((hub.open_file(&hash)?, size_bytes))
        })
        .await?;
    Ok(file_reply(&app.limits, file, size_bytes))
}

pub(super) fn read_hash(path: Result<Path<String>, PathRejection>) -> Result<Hash, ProblemReply> {
    path.ok()
        .and_then(|Path(text)| text.parse().ok())
        .ok_or_else(|| ProblemReply::malformed("the path's hash is not 32 bytes of hexadecimal"))
}
