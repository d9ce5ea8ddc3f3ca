//! Request bodies within their limits, and answers that are read from a file as they go.

use std::fs::File;
use std::io::{Read as _, Take};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use http_body_util::channel::Channel;
use serde::de::DeserializeOwned;

use super::App;
use super::problem::ProblemReply;
use crate::config::ServeLimits;

/// The most bytes of a JSON body.
const MAX_JSON_BYTES: usize = 64 * 1024;
/// Files are answered in pieces of this many bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// CBOR in a zstd frame.
pub(super) const CBOR_ZSTD: &str = "application/cbor+zstd";

/// Refuses a body that says itself that it is too large, before any of it is read.
pub(super) fn check_length(request: &Request, max: usize) -> Result<(), ProblemReply> {
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > max as u64) {
        return Err(ProblemReply::too_large(max));
    }
    Ok(())
}

/// Reads a whole body of at most `max` bytes.
pub(super) async fn read_whole(
    limits: &ServeLimits,
    request: Request,
    max: usize,
) -> Result<Vec<u8>, ProblemReply> {
    check_length(&request, max)?;
    let mut body = request.into_body();
    let mut whole = Vec::new();
    while let Some(piece) = next_piece(limits, &mut body).await? {
        if whole.len() + piece.len() > max {
            return Err(ProblemReply::too_large(max));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The next bytes of a body; nothing at its end.
pub(super) async fn next_piece(
    limits: &ServeLimits,
    body: &mut Body,
) -> Result<Option<Bytes>, ProblemReply> {
    loop {
        let frame = tokio::time::timeout(limits.idle_timeout, body.frame())
            .await
            .map_err(|_| ProblemReply::timeout())?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(ProblemReply::malformed("the body broke off")),
            // Trailers say nothing here.
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

/// Reads a JSON body.
pub(super) async fn read_json<T: DeserializeOwned>(
    app: &App,
    request: Request,
) -> Result<T, ProblemReply> {
    let bytes = read_whole(&app.limits, request, MAX_JSON_BYTES).await?;
    // serde's own message would quote the input.
    serde_json::from_slice(&bytes)
        .map_err(|_| ProblemReply::malformed("the body is not the JSON that this route takes"))
}

/// An answer of bytes under a media type.
pub(super) fn bytes_reply(media_type: &'static str, bytes: Vec<u8>) -> Response {
    with_type(media_type, Response::new(Body::from(bytes)))
}

/// An answer that is read from a file as fast as the caller takes it.
pub(super) fn file_reply(limits: &ServeLimits, file: File, size_bytes: u64) -> Response {
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    let idle_timeout = limits.idle_timeout;
    tokio::spawn(async move {
        let mut file = Some(file.take(size_bytes));
        while let Some(open) = file.take() {
            let piece = match tokio::task::spawn_blocking(move || read_piece(open)).await {
                Ok(Ok((rest, piece))) => {
                    file = rest;
                    piece
                }
                // Cutting the answer short tells the caller: the length was promised.
                _ => return sender.abort(std::io::Error::other("the file cannot be read")),
            };
            let sent = tokio::time::timeout(idle_timeout, sender.send_data(piece)).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    });
    let mut response = with_type("application/octet-stream", Response::new(Body::new(body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size_bytes));
    response
}

/// Reads the next piece; gives the file back while there is more.
fn read_piece(mut file: Take<File>) -> std::io::Result<(Option<Take<File>>, Bytes)> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    file.by_ref()
        .take(PIECE_BYTES as u64)
        .read_to_end(&mut piece)?;
    let has_more = file.limit() > 0;
    if has_more && piece.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok((has_more.then_some(file), piece.into()))
}

pub(super) fn with_type(media_type: &'static str, mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
