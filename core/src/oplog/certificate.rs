//! A certificate: the hub's word on who a device belongs to and what it may do, valid for at
//! most fourteen days and renewed at each sync. Offline it is a hint; the hub alone judges,
//! by the grants in the zone's sequence.
//!
//! Byte by byte in docs/formats/entry.md.

use thiserror::Error;

use crate::model::grid::{GridCode, GridScope};
use crate::model::identifiers::{DepartmentId, DeviceKey, Hash, PersonId, Suite, Zone};
use crate::model::person::{Authority, Role};
use crate::model::time::UtcMs;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::{read_instant, read_zone};
use crate::oplog::sign::{self, DeviceSigner, Purpose, SignError, Signature, hash_of};

/// The longest validity of a certificate.
pub const MAX_VALIDITY_MS: u64 = 14 * 24 * 60 * 60 * 1000;
/// The most bytes of an encoded certificate.
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;
const VERSION: u64 = 1;
const MAX_GRIDS: usize = 256;
const MAX_ROLES: usize = 16;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The device.
    pub device: DeviceKey,
    /// Who the device belongs to, in which roles, for which cells and department.
    pub authority: Authority,
    /// Where the device's new cases go.
    pub intake_zone: Zone,
    /// Counts the grants of this device; the highest counts.
    pub epoch: u64,
    /// First instant at which it holds.
    pub valid_from: UtcMs,
    /// Last instant at which it holds.
    pub valid_to: UtcMs,
}

/// A grant under the hub's signature, with the bytes that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    grant: Grant,
    payload: Vec<u8>,
    hub: DeviceKey,
    signature: Signature,
}

/// Why some bytes are not a certificate of this hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Not in its form.
    #[error("certificate: {0}")]
    Form(#[from] CborError),
    /// Signed by another key than the hub's that was named at enrolment.
    #[error("the certificate is of another hub")]
    OtherHub,
    /// The signature does not hold.
    #[error("certificate: {0}")]
    Signature(#[from] SignError),
}

impl Certificate {
    /// Signs a grant with the hub's key.
    ///
    /// # Errors
    /// [`CertificateError::Signature`] when the key cannot be used, [`CertificateError::Form`]
    /// when the grant is larger or longer than a certificate may be.
    pub fn issue(grant: &Grant, hub: &dyn DeviceSigner) -> Result<Self, CertificateError> {
        let payload = write_grant(grant);
        let signature = hub.sign(&Purpose::Certificate.message(&hash_of(&payload)))?;
        let certificate = Self {
            grant: grant.clone(),
            payload,
            hub: hub.key(),
            signature,
        };
        Self::decode(&certificate.encode(), &hub.key())
    }

    /// Reads a certificate and checks that this hub signed it.
    ///
    /// # Errors
    /// [`CertificateError`] names what does not hold.
    pub fn decode(bytes: &[u8], hub: &DeviceKey) -> Result<Self, CertificateError> {
        let (payload, key, signature) = exact(
            "certificate",
            bytes,
            |reader| {
                reader.parts("certificate", 3)?;
                let payload = reader.bytes("certificate", MAX_CERTIFICATE_BYTES)?;
                let key = DeviceKey::ed25519(reader.fixed("hub key")?);
                Ok((payload, key, reader.fixed("signature")?))
            },
            |(payload, key, signature)| write_signed(payload, key, signature),
        )?;
        if key != *hub {
            return Err(CertificateError::OtherHub);
        }
        sign::verify(hub, Purpose::Certificate, &hash_of(payload), &signature)?;
        let grant = exact("grant", payload, read_grant, write_grant)?;
        Ok(Self {
            grant,
            payload: payload.to_vec(),
            hub: key,
            signature,
        })
    }

    /// The bytes that are stored and forwarded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        write_signed(&self.payload, &self.hub, &self.signature)
    }

    /// The certificate's name: BLAKE3 of its payload.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash_of(&self.payload)
    }

    /// What it says.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }
}

fn write_signed(payload: &[u8], key: &DeviceKey, signature: &Signature) -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .array(3)
        .bytes(payload)
        .bytes(&key.bytes)
        .bytes(signature);
    writer.finish()
}

fn write_grant(grant: &Grant) -> Vec<u8> {
    let authority = &grant.authority;
    let mut writer = Writer::new();
    writer
        .array(11)
        .uint(VERSION)
        .uint(grant.device.suite.code().into())
        .bytes(&grant.device.bytes)
        .optional(authority.person.as_ref(), |writer, person| {
            writer.text(person.as_str());
        })
        .array(authority.roles.len());
    for role in &authority.roles {
        writer.uint(role.code().into());
    }
    writer.array(authority.grids.0.len());
    for grid in &authority.grids.0 {
        writer.text(grid.as_str());
    }
    writer
        .optional(authority.department.as_ref(), |writer, department| {
            writer.text(department.as_str());
        })
        .text(grant.intake_zone.as_str())
        .uint(grant.epoch)
        .uint(grant.valid_from.0)
        .uint(grant.valid_to.0);
    writer.finish()
}

fn read_grant(reader: &mut Reader<'_>) -> Result<Grant, CborError> {
    reader.parts("grant", 11)?;
    if reader.uint("version")? != VERSION {
        return Err(CborError::Range("version"));
    }
    let suite = Suite::from_code(reader.uint("suite")?).ok_or(CborError::Range("suite"))?;
    let device = DeviceKey {
        suite,
        bytes: reader.fixed("device key")?,
    };
    let person = reader.optional("person", |reader| {
        PersonId::parse(reader.text("person", 256)?).map_err(|_| CborError::Range("person"))
    })?;
    let count = reader.array("roles", MAX_ROLES)?;
    let roles = (0..count)
        .map(|_| Role::from_code(reader.uint("role")?).ok_or(CborError::Range("role")))
        .collect::<Result<_, _>>()?;
    let count = reader.array("grids", MAX_GRIDS)?;
    let grids = (0..count)
        .map(|_| GridCode::parse(reader.text("grid", 40)?).map_err(|_| CborError::Range("grid")))
        .collect::<Result<_, _>>()?;
    let department = reader.optional("department", |reader| {
        DepartmentId::parse(reader.text("department", 256)?)
            .map_err(|_| CborError::Range("department"))
    })?;
    let intake_zone = read_zone(reader)?;
    let epoch = reader.uint("epoch")?;
    let valid_from = read_instant(reader, "valid from")?;
    let valid_to = read_instant(reader, "valid to")?;
    if valid_to < valid_from || valid_to.0 - valid_from.0 > MAX_VALIDITY_MS {
        return Err(CborError::Range("valid to"));
    }
    let authority = Authority {
        person,
        roles,
        grids: GridScope(grids),
        department,
    };
    Ok(Grant {
        device,
        authority,
        intake_zone,
        epoch,
        valid_from,
        valid_to,
    })
}
