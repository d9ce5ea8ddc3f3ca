//! `POST /v1/push`, for phones, and `POST /v1/commits`, for callers that wait for the
//! verdict on one action.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use bading_core::oplog::cbor::CborError;
use bading_core::oplog::commit::MAX_COMMIT_BYTES;
use bading_core::oplog::entry::{Stamp, Verdict};
use bading_core::sync::frame;
use bading_core::sync::wire::{
    MAX_PUSH_COMMITS, MAX_PUSH_PACKED_BYTES, decode_push, encode_receipts,
};
use serde_json::{Value, json};

use super::Shared;
use super::body::{CBOR_ZSTD, bytes_reply, read_whole};
use super::problem::ProblemReply;
use crate::error::HubError;

pub(super) async fn push(State(app): Shared, request: Request) -> Result<Response, ProblemReply> {
    let device = app.caller(request.headers()).await?.device;
    let packed = read_whole(&app.limits, request, MAX_PUSH_PACKED_BYTES).await?;
    let outcome = app
        .job(move |hub| {
            let commits = match unpack(&packed) {
                Ok(commits) => commits,
                Err(problem) => return Ok(Err(problem)),
            };
            hub.admit_batch(&device, &commits).map(Ok)
        })
        .await??;
    if let Some(stop) = outcome.stop {
        // What came before it is sequenced; the device finds it by pulling.
        return Err(stop.into());
    }
    let receipts: Vec<_> = outcome.entries.iter().map(|entry| entry.encode()).collect();
    let packed = frame::pack(&encode_receipts(&receipts));
    Ok(bytes_reply(CBOR_ZSTD, packed))
}

fn unpack(packed: &[u8]) -> Result<Vec<Vec<u8>>, ProblemReply> {
    let bytes = frame::unpack(packed)?;
    decode_push(&bytes).map_err(|error| match error {
        CborError::TooLong {
            what: "commits", ..
        } => ProblemReply::too_large(MAX_PUSH_COMMITS),
        CborError::TooLong { max, .. } => ProblemReply::too_large(max),
        CborError::Form(_)
        | CborError::Parts { .. }
        | CborError::Range(_)
        | CborError::NotExact(_) => ProblemReply::malformed("the frame does not hold a push"),
    })
}

pub(super) async fn commit(
    State(app): Shared,
    request: Request,
) -> Result<Json<Value>, ProblemReply> {
    let device = app.caller(request.headers()).await?.device;
    let commit = read_whole(&app.limits, request, MAX_COMMIT_BYTES).await?;
    let outcome = app
        .job(move |hub| hub.admit_batch(&device, &[commit]))
        .await?;
    if let Some(stop) = outcome.stop {
        return Err(stop.into());
    }
    let damaged = || ProblemReply::from(HubError::Damaged("a commit without its entry"));
    let entry = outcome.entries.first().ok_or_else(damaged)?.entry();
    let Stamp::Commit {
        verdict, number, ..
    } = &entry.stamp
    else {
        return Err(damaged());
    };
    if let Verdict::Refused(reason) = verdict {
        return Err(ProblemReply::refused(reason));
    }
    Ok(Json(json!({
        "position": entry.position,
        "verdict": verdict.as_str(),
        "reason": verdict.reason(),
        "number": number,
    })))
}
