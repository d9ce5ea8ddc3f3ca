//! HTTP around the session: the one file of the core that knows of it.
//!
//! Plain HTTP, for a hub on the same machine or behind the city's own tunnel; TLS with the
//! key pinned at enrolment is not there yet, and `https` addresses are refused rather than
//! trusted blindly.

use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;

use crate::sync::frame::{pack, unpack};
use crate::sync::transport::{Transport, TransportError};
use crate::sync::wire::{
    MAX_BLOB_BYTES, MAX_PACK_BYTES, MAX_PUSH_UNPACKED_BYTES, Page, Problem, Reply, Request,
    decode_receipts, encode_push,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough for a photo of 64 MiB on a bad line, and an end to a dead one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);
/// Control answers and problems are small.
const MAX_JSON_BYTES: usize = 1024 * 1024;
const FRAMES: &str = "application/cbor+zstd";

/// A hub over HTTP.
pub struct HttpTransport {
    client: Client,
    base: String,
}

impl HttpTransport {
    /// A transport to the hub at `url`, such as `http://127.0.0.1:8787`.
    ///
    /// # Errors
    /// [`TransportError::Unreachable`] for an address that is not `http://…`.
    pub fn new(url: &str) -> Result<Self, TransportError> {
        if !url.starts_with("http://") {
            return Err(TransportError::Unreachable(
                "the hub's address must begin with http:// in this version".to_owned(),
            ));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| unreachable(&error))?;
        Ok(Self {
            client,
            base: url.trim_end_matches('/').to_owned(),
        })
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn json<T: serde::Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &T,
        token: Option<&str>,
    ) -> Result<R, TransportError> {
        let body = serde_json::to_vec(body).map_err(|error| bad(&error))?;
        let request = self.request(Method::POST, path, token);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        parse(&send(request, MAX_JSON_BYTES)?)
    }

    fn get(
        &self,
        path: &str,
        token: Option<&str>,
        max_bytes: usize,
    ) -> Result<Vec<u8>, TransportError> {
        send(self.request(Method::GET, path, token), max_bytes)
    }
}

impl Transport for HttpTransport {
    fn send(&mut self, request: &Request, token: Option<&str>) -> Result<Reply, TransportError> {
        Ok(match request {
            Request::Enrol(body) => Reply::Enrol(self.json("/v1/enrol", body, token)?),
            Request::Challenge(body) => {
                Reply::Challenge(self.json("/v1/session/challenge", body, token)?)
            }
            Request::Session(body) => Reply::Session(self.json("/v1/session", body, token)?),
            Request::Packs => {
                Reply::Packs(parse(&self.get("/v1/packs", token, MAX_JSON_BYTES)?)?)
            }
            Request::Pack(hash) => {
                Reply::Bytes(self.get(&format!("/v1/packs/{hash}"), token, MAX_PACK_BYTES)?)
            }
            Request::Push(commits) => {
                let body = pack(&encode_push(commits));
                let request = self.request(Method::POST, "/v1/push", token);
                let request = request.header("content-type", FRAMES).body(body);
                let frame = send(request, MAX_PUSH_UNPACKED_BYTES)?;
                let bytes = unpack(&frame).map_err(|error| bad(&error))?;
                Reply::Receipts(decode_receipts(&bytes).map_err(|error| bad(&error))?)
            }
            Request::Pull { zone, after } => {
                let path = format!("/v1/zones/{zone}/log?after={after}");
                let frame = self.get(&path, token, MAX_PUSH_UNPACKED_BYTES)?;
                let bytes = unpack(&frame).map_err(|error| bad(&error))?;
                Reply::Page(Page::decode(&bytes).map_err(|error| bad(&error))?)
            }
            Request::HasBlob(hash) => {
                let request = self.request(Method::HEAD, &format!("/v1/blobs/{hash}"), token);
                match send(request, 0) {
                    Ok(_) => Reply::HasBlob(true),
                    Err(TransportError::Problem { status: 404, .. }) => Reply::HasBlob(false),
                    Err(error) => return Err(error),
                }
            }
            Request::PutBlob(hash, bytes) => {
                let request = self.request(Method::PUT, &format!("/v1/blobs/{hash}"), token);
                let request = request.header("content-type", "application/octet-stream");
                send(request.body(bytes.clone()), MAX_JSON_BYTES)?;
                Reply::Stored
            }
            Request::GetBlob(hash) => {
                Reply::Bytes(self.get(&format!("/v1/blobs/{hash}"), token, MAX_BLOB_BYTES)?)
            }
        })
    }
}

/// Sends, and reads an answer of at most `max_bytes`; anything but success is a problem.
fn send(request: RequestBuilder, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
    let response = request.send().map_err(|error| unreachable(&error))?;
    let status = response.status();
    if status.is_success() {
        return read(response, max_bytes);
    }
    let body = read(response, MAX_JSON_BYTES).unwrap_or_default();
    let (code, detail) = match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => (problem.code, problem.detail),
        Err(_) => ("unknown".to_owned(), "no problem details".to_owned()),
    };
    Err(TransportError::Problem {
        status: status.as_u16(),
        code,
        detail,
    })
}

fn read(response: Response, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
    use std::io::Read;

    let mut bytes = Vec::new();
    let limit = max_bytes as u64 + 1;
    response
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| TransportError::Unreachable(error.kind().to_string()))?;
    if bytes.len() > max_bytes {
        return Err(TransportError::BadReply(format!(
            "more than {max_bytes} bytes"
        )));
    }
    Ok(bytes)
}

fn parse<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, TransportError> {
    serde_json::from_slice(bytes).map_err(|error| bad(&error))
}

fn bad(error: &dyn std::fmt::Display) -> TransportError {
    TransportError::BadReply(error.to_string())
}

fn unreachable(error: &reqwest::Error) -> TransportError {
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "nobody answers at its address"
    } else {
        "the connection broke"
    };
    TransportError::Unreachable(what.to_owned())
}
