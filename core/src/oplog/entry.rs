//! An entry of a zone's sequence: the hub's stamp on a commit, a grant, a revocation or a
//! pack. The stamp is at the same time the receipt of the device that sent the commit and
//! the annotation by which every other device folds it.
//!
//! Byte by byte in docs/formats/entry.md.

use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::time::UtcMs;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::{read_instant, read_zone};
use crate::oplog::sign::{DeviceSigner, Purpose, SignError, Signature, Verifier, hash_of};

const VERSION: u64 = 1;
/// The most bytes of an encoded entry.
pub const MAX_ENTRY_BYTES: usize = 2 * 1024;
const MAX_REASON_BYTES: usize = 256;
const MAX_NUMBER_BYTES: usize = 64;

/// What an entry stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamp {
    /// A commit, with the hub's judgement of it.
    Commit {
        /// The commit.
        commit: Hash,
        /// May it be folded?
        verdict: Verdict,
        /// The official case number, when this commit filed the case.
        number: Option<String>,
    },
    /// A certificate takes effect from this position on.
    Grant(Hash),
    /// The device of this certificate is revoked from this position on.
    Revocation(Hash),
    /// Reference data of this hash is in force from this position on.
    Pack(Hash),
}

impl Stamp {
    /// The hash of what is stamped.
    #[must_use]
    pub fn subject(&self) -> &Hash {
        match self {
            Self::Commit { commit: hash, .. }
            | Self::Grant(hash)
            | Self::Revocation(hash)
            | Self::Pack(hash) => hash,
        }
    }
}

/// The hub's judgement of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be folded; whether it takes effect, the fold decides.
    Admitted,
    /// It may not be folded, and stays visible with the reason.
    Refused(String),
    /// It waits for a grant to be renewed.
    Waiting(String),
    /// It waits for a supervisor's release.
    Quarantined(String),
    /// It is of a newer schema: kept and forwarded, folded once the fold knows it.
    Unfolded,
}

impl Verdict {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused(_) => "refused",
            Self::Waiting(_) => "waiting",
            Self::Quarantined(_) => "quarantined",
            Self::Unfolded => "unfolded",
        }
    }

    /// Why it is not folded, where there is a reason.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(why) | Self::Waiting(why) | Self::Quarantined(why) => Some(why),
            Self::Admitted | Self::Unfolded => None,
        }
    }

    fn code(&self) -> u64 {
        match self {
            Self::Admitted => 1,
            Self::Refused(_) => 2,
            Self::Waiting(_) => 3,
            Self::Quarantined(_) => 4,
            Self::Unfolded => 5,
        }
    }

    fn from_code(code: u64, reason: Option<String>) -> Option<Self> {
        Some(match (code, reason) {
            (1, None) => Self::Admitted,
            (2, Some(why)) => Self::Refused(why),
            (3, Some(why)) => Self::Waiting(why),
            (4, Some(why)) => Self::Quarantined(why),
            (5, None) => Self::Unfolded,
            _ => return None,
        })
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The zone whose sequence it is in.
    pub zone: Zone,
    /// The life of the zone's log: a hub restored from a backup opens a new one.
    pub epoch: u64,
    /// The place in the sequence, from 1.
    pub position: u64,
    /// When the hub stamped it.
    pub hub_time: UtcMs,
    /// What it stamps.
    pub stamp: Stamp,
}

/// An entry under the hub's signature, with the bytes that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEntry {
    entry: Entry,
    payload: Vec<u8>,
    signature: Signature,
}

/// Why some bytes are not an entry of this hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EntryError {
    /// Not in its form.
    #[error("entry: {0}")]
    Form(#[from] CborError),
    /// The signature does not hold under the hub's key.
    #[error("entry: {0}")]
    Signature(#[from] SignError),
}

impl SignedEntry {
    /// Signs an entry with the hub's key.
    ///
    /// # Errors
    /// [`EntryError::Signature`] when the key cannot be used, [`EntryError::Form`] when a text
    /// is longer than an entry may carry.
    pub fn issue(entry: &Entry, hub: &dyn DeviceSigner) -> Result<Self, EntryError> {
        let payload = write_entry(entry);
        let signature = hub.sign(&Purpose::Entry.message(&hash_of(&payload)))?;
        // Read back so that what readers refuse is never issued.
        let entry = exact("entry", &payload, read_entry, write_entry)?;
        Ok(Self {
            entry,
            payload,
            signature,
        })
    }

    /// Reads an entry and checks that this hub signed it.
    ///
    /// # Errors
    /// [`EntryError`] names what does not hold.
    pub fn decode(bytes: &[u8], hub: &DeviceKey) -> Result<Self, EntryError> {
        Self::decode_by(bytes, hub, &mut Verifier::default())
    }

    /// As [`SignedEntry::decode`], for many entries of one hub.
    ///
    /// # Errors
    /// [`EntryError`] names what does not hold.
    pub fn decode_by(
        bytes: &[u8],
        hub: &DeviceKey,
        verifier: &mut Verifier,
    ) -> Result<Self, EntryError> {
        let (payload, signature) = exact(
            "entry",
            bytes,
            |reader| {
                reader.parts("entry", 2)?;
                Ok((
                    reader.bytes("entry", MAX_ENTRY_BYTES)?,
                    reader.fixed("signature")?,
                ))
            },
            |(payload, signature)| write_signed(payload, signature),
        )?;
        verifier.verify(hub, Purpose::Entry, &hash_of(payload), &signature)?;
        let entry = exact("entry", payload, read_entry, write_entry)?;
        Ok(Self {
            entry,
            payload: payload.to_vec(),
            signature,
        })
    }

    /// The bytes that are stored and forwarded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        write_signed(&self.payload, &self.signature)
    }

    /// What it says.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// What it says, without the signature.
    #[must_use]
    pub fn into_entry(self) -> Entry {
        self.entry
    }
}

fn write_signed(payload: &[u8], signature: &Signature) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(2).bytes(payload).bytes(signature);
    writer.finish()
}

fn write_entry(entry: &Entry) -> Vec<u8> {
    let mut writer = Writer::new();
    let mut begin = |parts: usize, kind: u64, subject: &Hash| {
        writer
            .array(parts + 7)
            .uint(VERSION)
            .text(entry.zone.as_str())
            .uint(entry.epoch)
            .uint(entry.position)
            .uint(entry.hub_time.0)
            .uint(kind)
            .bytes(&subject.0);
    };
    match &entry.stamp {
        Stamp::Commit {
            commit,
            verdict,
            number,
        } => {
            begin(3, 1, commit);
            writer
                .uint(verdict.code())
                .optional(verdict.reason(), |writer, reason| {
                    writer.text(reason);
                })
                .optional(number.as_deref(), |writer, number| {
                    writer.text(number);
                });
        }
        Stamp::Grant(certificate) => begin(0, 2, certificate),
        Stamp::Revocation(certificate) => begin(0, 3, certificate),
        Stamp::Pack(pack) => begin(0, 4, pack),
    }
    writer.finish()
}

fn read_entry(reader: &mut Reader<'_>) -> Result<Entry, CborError> {
    let parts = reader.array("entry", 10)? as u64;
    if reader.uint("version")? != VERSION {
        return Err(CborError::Range("version"));
    }
    let zone = read_zone(reader)?;
    let epoch = reader.uint("epoch")?;
    let position = reader.uint("position")?;
    // Zero is the cursor of a phone that has read nothing yet.
    if position == 0 {
        return Err(CborError::Range("position"));
    }
    let hub_time = read_instant(reader, "hub time")?;
    let kind = reader.uint("entry kind")?;
    let subject = Hash(reader.fixed("entry subject")?);
    let expected = if kind == 1 { 10 } else { 7 };
    if parts != expected {
        return Err(CborError::Parts {
            what: "entry",
            expected,
            found: parts,
        });
    }
    let stamp = match kind {
        1 => {
            let code = reader.uint("verdict")?;
            let reason = reader.optional("reason", |reader| {
                reader.text("reason", MAX_REASON_BYTES).map(str::to_owned)
            })?;
            let number = reader.optional("case number", |reader| {
                reader
                    .text("case number", MAX_NUMBER_BYTES)
                    .map(str::to_owned)
            })?;
            let verdict = Verdict::from_code(code, reason).ok_or(CborError::Range("verdict"))?;
            Stamp::Commit {
                commit: subject,
                verdict,
                number,
            }
        }
        2 => Stamp::Grant(subject),
        3 => Stamp::Revocation(subject),
        4 => Stamp::Pack(subject),
        _ => return Err(CborError::Range("entry kind")),
    };
    Ok(Entry {
        zone,
        epoch,
        position,
        hub_time,
        stamp,
    })
}
