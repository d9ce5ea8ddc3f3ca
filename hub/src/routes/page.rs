//! `GET /`, `GET /page.json`, `GET /page/photos/{hash}/{longest}`: the page for people.
//!
//! It shows where people were and has no sign-in, so it is answered to the hub's own machine
//! only: the hub must listen on a loopback address, the peer must be one, the request must
//! name such a host (a name of somebody else's that leads here is DNS rebinding), and no
//! proxy may stand in between. A hub in front of which a proxy adds none of the usual headers
//! is served with `--no-page`.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use bading_core::model::identifiers::Hash;
use serde::Deserialize;

use super::problem::ProblemReply;
use super::{App, Shared};
use crate::page::{Ask, Language, notice, preferred_language};
use crate::server::Ends;

/// Nothing is loaded or sent but styles of the page itself, its own pictures and its own form.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The longest sides that photos are made in, in pixels.
const SIDES_PX: [u32; 2] = [320, 1600];
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">\
    <rect width=\"32\" height=\"32\" rx=\"6\" fill=\"#0b5cad\"/>\
    <path d=\"M7 24L13 10L19 19L25 8\" fill=\"none\" stroke=\"#fff\" stroke-width=\"3\"/></svg>";

/// The routes of the page.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(page))
        .route("/page.json", get(json))
        .route("/page/icon.svg", get(icon))
        .route("/page/photos/{hash}/{longest}", get(photo))
        .route_layer(middleware::map_response(with_headers))
}

/// Proof that a request comes from the hub's own machine and from nobody behind it.
struct OwnMachine;

impl FromRequestParts<Arc<App>> for OwnMachine {
    type Rejection = ProblemReply;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ProblemReply> {
        let is_own = parts.extensions.get::<Ends>().is_some_and(is_own_machine)
            && names_own_machine(parts)
            && !is_forwarded(&parts.headers);
        is_own.then_some(Self).ok_or_else(|| {
            let detail = "the page is answered to the hub's own machine only";
            ProblemReply::new(StatusCode::FORBIDDEN, "own_machine_only", detail)
        })
    }
}

fn is_own_machine(ends: &Ends) -> bool {
    let ends = [ends.peer, ends.listener];
    ends.iter().all(|end| end.ip().to_canonical().is_loopback())
}

fn names_own_machine(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    host.to_str().is_ok_and(is_own_name) && authority.is_none_or(is_own_name)
}

fn is_own_name(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let Some((start, rest)) = host.split_at_checked(name.len()) else {
            return false;
        };
        let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
        start.eq_ignore_ascii_case(name)
            && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
    })
}

/// True when a proxy says that it stands in between.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded"
            || name == "via"
            || name == "x-real-ip"
            || name.starts_with("x-forwarded-")
    })
}

#[derive(Deserialize)]
struct Asked {
    day: Option<String>,
    person: Option<String>,
    lang: Option<String>,
}

type Wanted = Result<Query<Asked>, QueryRejection>;

fn ask(query: Wanted, headers: &HeaderMap) -> Result<Ask, ProblemReply> {
    let Ok(Query(asked)) = query else {
        return Err(ProblemReply::malformed(
            "the address's query cannot be read",
        ));
    };
    let named = asked.lang.as_deref().filter(|lang| !lang.is_empty());
    let named = named
        .map(|lang| {
            Language::parse(lang).ok_or_else(|| ProblemReply::malformed("lang: zh-CN or en"))
        })
        .transpose()?;
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let preferred = accepted.and_then(|value| preferred_language(value.to_str().ok()?));
    Ok(Ask {
        day: asked.day.filter(|day| !day.is_empty()),
        person: asked.person,
        language: named.or(preferred).unwrap_or(Language::Chinese),
        is_language_asked: named.is_some(),
    })
}

async fn page(
    State(app): Shared,
    own: Result<OwnMachine, ProblemReply>,
    query: Wanted,
    headers: HeaderMap,
) -> Response {
    if own.is_err() {
        return html(StatusCode::FORBIDDEN, notice("refused", ""));
    }
    let written = async {
        let ask = ask(query, &headers)?;
        app.job(move |hub| hub.day_page(&ask)).await
    };
    match written.await {
        Ok(page) => html(StatusCode::OK, page),
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => html(
            StatusCode::BAD_REQUEST,
            notice("malformed", problem.detail()),
        ),
        Err(problem) => problem.into_response(),
    }
}

fn html(status: StatusCode, page: String) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], page).into_response()
}

async fn json(
    State(app): Shared,
    _: OwnMachine,
    query: Wanted,
    headers: HeaderMap,
) -> Result<Response, ProblemReply> {
    let ask = ask(query, &headers)?;
    let review = app.job(move |hub| hub.day_review(&ask)).await?;
    Ok(Json(review).into_response())
}

async fn icon(_: OwnMachine) -> Response {
    let kind = HeaderValue::from_static("image/svg+xml");
    ([(header::CONTENT_TYPE, kind)], ICON).into_response()
}

async fn photo(
    State(app): Shared,
    _: OwnMachine,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, ProblemReply> {
    let unknown = || ProblemReply::from(crate::error::HubError::UnknownBlob);
    let Path((hash, longest)) = path.map_err(|_| unknown())?;
    let hash: Hash = hash.parse().map_err(|_| unknown())?;
    let side = SIDES_PX
        .into_iter()
        .find(|side| side.to_string() == longest);
    let side_px = side.ok_or_else(unknown)?;
    // Waits instead of refusing: a browser asks for all photos of a page at once.
    let renders = app.renders.clone();
    let place = renders
        .acquire_owned()
        .await
        .map_err(|_| ProblemReply::internal())?;
    let bytes = app
        .job(move |hub| {
            // Held by the work itself: a browser that went away does not make room.
            let _place = place;
            hub.photo_copy(&hash, side_px)
        })
        .await?;
    let kind = HeaderValue::from_static("image/jpeg");
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_loopback_with_or_without_a_port_and_nothing_that_begins_so() {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1:8787",
            "[::1]",
            "[::1]:1",
        ] {
            assert!(is_own_name(host), "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:80:80",
            "127.0.0.1@evil",
            "localhost:x",
            "::1",
            "192.168.0.2",
            "evil",
            "лocalhost",
        ] {
            assert!(!is_own_name(host), "{host}");
        }
    }

    #[test]
    fn own_machine_needs_both_ends_to_be_it() {
        let ends = |peer: &str, listener: &str| Ends {
            peer: peer.parse().expect("an address"),
            listener: listener.parse().expect("an address"),
        };
        assert!(is_own_machine(&ends("127.0.0.1:5", "127.0.0.1:80")));
        assert!(is_own_machine(&ends("[::ffff:127.0.0.1]:5", "[::1]:80")));
        assert!(!is_own_machine(&ends("127.0.0.1:5", "0.0.0.0:80")));
        assert!(!is_own_machine(&ends("10.0.0.1:5", "127.0.0.1:80")));
    }
}
