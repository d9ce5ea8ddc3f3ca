//! Enrolment: a one-use code makes this device the device of a person.

use crate::model::identifiers::DeviceKey;
use crate::oplog::certificate::Certificate;
use crate::oplog::sign::{Purpose, hash_of};
use crate::services::log::{hub_key, rebuild_views, take_hub_time};
use crate::services::{Context, ServiceError};
use crate::storage::escrow::EscrowKey;
use crate::storage::reference::Setting;
use crate::sync::transport::{Transport, TransportError};
use crate::sync::wire::{EnrolReply, EnrolRequest, Reply, Request, enrolment_bytes};

/// Enrols this device at the hub behind `transport`, whose address is `url`.
///
/// # Errors
/// [`ServiceError::Transport`] with the hub's words; [`ServiceError::OtherHub`] when this
/// device belongs to another hub; the store is unchanged.
pub fn enrol(
    context: &Context<'_>,
    transport: &mut dyn Transport,
    url: &str,
    code: &str,
) -> Result<Certificate, ServiceError> {
    let device = context.device();
    let code = code.trim();
    let message = Purpose::Enrolment.message(&hash_of(&enrolment_bytes(code, &device.bytes)));
    let signature = hex::encode(context.signer.sign(&message)?);
    let request = EnrolRequest {
        code: code.to_owned(),
        device_key: device.to_string(),
        signature,
    };
    let reply = match transport.send(&Request::Enrol(request), None)? {
        Reply::Enrol(reply) => reply,
        _ => return Err(TransportError::BadReply("not an enrolment".to_owned()).into()),
    };
    let (hub, certificate) = check(&reply, &device)?;
    let escrow = reply.escrow_key.as_deref().map(str::parse::<EscrowKey>);
    let escrow = escrow
        .transpose()
        .map_err(|_| TransportError::BadReply("the escrow key".to_owned()))?;
    context.store.write(|tx| {
        if hub_key(tx)?.is_some_and(|known| known != hub) {
            return Err(ServiceError::OtherHub);
        }
        tx.set_setting(Setting::HubKey, &hub.bytes)?;
        tx.set_setting(Setting::HubUrl, url.as_bytes())?;
        if let Some(escrow) = &escrow {
            tx.set_setting(Setting::EscrowKey, &escrow.0)?;
        }
        tx.set_setting(Setting::Certificate, &certificate.encode())?;
        // What waits for the hub is read by what this device may do, which has changed.
        if tx.outbox_count()? > 0 {
            rebuild_views(tx, &device)?;
        }
        take_hub_time(tx, crate::model::time::UtcMs(reply.hub_time_ms))?;
        Ok(certificate)
    })
}

fn check(reply: &EnrolReply, device: &DeviceKey) -> Result<(DeviceKey, Certificate), ServiceError> {
    let bad = |what: &str| TransportError::BadReply(what.to_owned());
    let hub: DeviceKey = reply.hub_key.parse().map_err(|_| bad("the hub's key"))?;
    let bytes = hex::decode(&reply.certificate).map_err(|_| bad("the certificate"))?;
    let certificate = Certificate::decode(&bytes, &hub)?;
    if certificate.grant().device != *device {
        return Err(bad("a certificate of another device").into());
    }
    Ok((hub, certificate))
}
