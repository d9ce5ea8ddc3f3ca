//! `POST /v1/enrol`.

use axum::Json;
use axum::extract::{Request, State};
use bading_core::sync::wire::{EnrolReply, EnrolRequest};

use super::Shared;
use super::body::read_json;
use super::problem::ProblemReply;
use super::session::{read_key, read_signature};

pub(super) async fn enrol(
    State(app): Shared,
    request: Request,
) -> Result<Json<EnrolReply>, ProblemReply> {
    let asked: EnrolRequest = read_json(&app, request).await?;
    let device = read_key(&asked.device_key)?;
    let signature = read_signature(&asked.signature)?;
    let (certificate, escrow_key) = app
        .job(move |hub| {
            let certificate = hub.enrol(&asked.code, &device, &signature)?;
            Ok((certificate, hub.escrow_key()?))
        })
        .await?;
    Ok(Json(EnrolReply {
        hub_key: app.hub.key().to_string(),
        certificate: hex::encode(certificate.encode()),
        hub_time_ms: app.hub.now().0,
        escrow_key: escrow_key.map(|key| key.to_string()),
    }))
}
