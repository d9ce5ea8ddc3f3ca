//! `POST /v1/session/challenge` and `POST /v1/session`.

use axum::Json;
use axum::extract::{Request, State};
use bading_core::model::identifiers::{DeviceKey, Zone};
use bading_core::oplog::sign::Signature;
use bading_core::sync::wire::{
    ChallengeReply, ChallengeRequest, Head, SessionReply, SessionRequest, StreamStanding,
};

use super::Shared;
use super::body::read_json;
use super::problem::ProblemReply;
use crate::session::{ClaimedHead, SESSION_MS};

pub(super) async fn challenge(
    State(app): Shared,
    request: Request,
) -> Result<Json<ChallengeReply>, ProblemReply> {
    let asked: ChallengeRequest = read_json(&app, request).await?;
    let device = read_key(&asked.device_key)?;
    let challenge = app.job(move |hub| hub.challenge(&device)).await?;
    let challenge = hex::encode(challenge);
    Ok(Json(ChallengeReply { challenge }))
}

pub(super) async fn open(
    State(app): Shared,
    request: Request,
) -> Result<Json<SessionReply>, ProblemReply> {
    let asked: SessionRequest = read_json(&app, request).await?;
    let device = read_key(&asked.device_key)?;
    let signature = read_signature(&asked.signature)?;
    let challenge = hex::decode(&asked.challenge)
        .map_err(|_| ProblemReply::malformed("challenge: not hexadecimal"))?;
    let heads = asked
        .heads
        .iter()
        .map(read_head)
        .collect::<Result<Vec<_>, _>>()?;
    let opened = app
        .job(move |hub| hub.open_session(&device, &challenge, &signature, &heads))
        .await?;
    Ok(Json(SessionReply {
        token: hex::encode(opened.token),
        expires_in_s: SESSION_MS / 1000,
        hub_time_ms: opened.hub_time.0,
        certificate: hex::encode(opened.certificate.encode()),
        zones: vec![app.hub.zone().as_str().to_owned()],
        hour_challenge: Some(hex::encode(opened.hour_challenge)),
        streams: opened
            .streams
            .into_iter()
            .map(|(zone, standing)| StreamStanding {
                zone: zone.as_str().to_owned(),
                standing,
            })
            .collect(),
        // One machine without backups of its own: it claims nothing.
        durable_through: None,
    }))
}

fn read_head(head: &Head) -> Result<ClaimedHead, ProblemReply> {
    let zone = Zone::parse(&head.zone).map_err(|_| ProblemReply::malformed("heads: bad zone"))?;
    let hash = head
        .hash
        .parse()
        .map_err(|_| ProblemReply::malformed("heads: bad hash"))?;
    Ok(ClaimedHead {
        zone,
        seq: head.seq,
        hash,
    })
}

pub(super) fn read_key(text: &str) -> Result<DeviceKey, ProblemReply> {
    text.parse()
        .map_err(|_| ProblemReply::malformed("device_key: not 32 bytes of hexadecimal"))
}

pub(super) fn read_signature(text: &str) -> Result<Signature, ProblemReply> {
    let mut signature = [0; 64];
    hex::decode_to_slice(text, &mut signature)
        .map_err(|_| ProblemReply::malformed("signature: not 64 bytes of hexadecimal"))?;
    Ok(signature)
}
