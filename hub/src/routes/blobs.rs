//! `HEAD`, `PUT` and `GET /v1/blobs/{hash}`.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bading_core::sync::wire::MAX_BLOB_BYTES;

use super::Shared;
use super::body::{check_length, file_reply, next_piece};
use super::packs::read_hash;
use super::problem::ProblemReply;
use crate::photos::Wanted;

/// Bytes that are gathered before they are written: one trip off the runtime for each.
const GATHER_BYTES: usize = 256 * 1024;

pub(super) async fn has(
    State(app): Shared,
    hash: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ProblemReply> {
    let caller = app.caller(&headers).await?;
    let hash = read_hash(hash)?;
    let size_bytes = app.job(move |hub| hub.find_photo(&caller, &hash)).await?;
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size_bytes));
    Ok(response)
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
            caller.may_fetch()?;
            let size_bytes = hub.find_photo(&caller, &hash)?;
            Ok((hub.open_file(&hash)?, size_bytes))
        })
        .await?;
    Ok(file_reply(&app.limits, file, size_bytes))
}

pub(super) async fn put(
    State(app): Shared,
    hash: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<StatusCode, ProblemReply> {
    app.caller(request.headers()).await?;
    let hash = read_hash(hash)?;
    check_length(&request, MAX_BLOB_BYTES)?;
    if app.job(move |hub| hub.wants_photo(&hash)).await? == Wanted::Present {
        return Ok(StatusCode::OK);
    }
    let _place = app
        .uploads
        .clone()
        .try_acquire_owned()
        .map_err(|_| ProblemReply::overloaded())?;
    let mut incoming = app.job(|hub| hub.begin_photo()).await?;
    let mut body = request.into_body();
    let (mut size_bytes, mut gathered) = (0, Vec::<Bytes>::new());
    let mut gathered_bytes = 0;
    loop {
        let piece = next_piece(&app.limits, &mut body).await?;
        let is_end = piece.is_none();
        if let Some(piece) = piece {
            size_bytes += piece.len();
            if size_bytes > MAX_BLOB_BYTES {
                return Err(ProblemReply::too_large(MAX_BLOB_BYTES));
            }
            gathered_bytes += piece.len();
            gathered.push(piece);
        }
        if is_end || gathered_bytes >= GATHER_BYTES {
            let pieces = std::mem::take(&mut gathered);
            gathered_bytes = 0;
            incoming = app
                .job(move |_| {
                    for piece in pieces {
                        incoming.write(&piece)?;
                    }
                    Ok(incoming)
                })
                .await?;
        }
        if is_end {
            break;
        }
    }
    app.job(move |hub| hub.keep_photo(&hash, incoming)).await?;
    Ok(StatusCode::CREATED)
}
