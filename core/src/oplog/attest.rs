//! How a report came about, sealed in the report's own commit: what made the position, what
//! the satellites' time was, where the photos are from, the hub's challenge of the hour, and
//! what looked odd to the device.

use crate::model::attest::{PhotoSource, Provider};
use crate::model::time::UtcMs;
use crate::oplog::body::{Body, BodyBuilder, Lookup, ValueRef};
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::challenge::{HourChallenge, MAX_CHALLENGE_BYTES};
use crate::oplog::commit::{Commit, CommittedValue, read_instant};
use crate::oplog::operation::{read_value_ref, write_value_ref};

/// The kind's number in a body.
pub(super) const ATTEST: u64 = 8;
/// How many parts it has after the subject.
pub(super) const ATTEST_PARTS: usize = 5;
/// The most hints that are sealed.
pub const MAX_HINTS: usize = 32;
const MAX_HINT_BYTES: usize = 256;

/// How a report came about, as its device says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attest {
    /// What made the position.
    pub provider: Provider,
    /// The satellites' time of the position, where known.
    pub gnss_time: Option<UtcMs>,
    /// Where the photos are from, where known.
    pub photo_source: Option<PhotoSource>,
    /// The hub's signed challenge, as it came; it may be anything.
    pub challenge: Option<Vec<u8>>,
    /// What looked odd, as a value.
    pub hints: Option<ValueRef>,
}

/// What an attestation adds to what is known of the time of a commit: bounds from below, each
/// as good as the device's word for the last hub time that it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Witness {
    /// The hour of the hub's challenge that the commit contains.
    pub challenge: Option<UtcMs>,
    /// The satellites' time of the position.
    pub gnss_time: Option<UtcMs>,
}

/// A hint as it is sealed: its stable code, and the figures behind it.
pub type SealedHint = (String, String);

impl Attest {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer
            .uint(self.provider.code().into())
            .optional(self.gnss_time, |writer, at| {
                writer.uint(at.0);
            })
            .optional(self.photo_source, |writer, source| {
                writer.uint(source.code().into());
            })
            .optional(self.challenge.as_ref(), |writer, challenge| {
                writer.bytes(challenge);
            })
            .optional(self.hints, write_value_ref);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        Ok(Self {
            provider: Provider::from_code(reader.uint("provider")?)
                .ok_or(CborError::Range("provider"))?,
            gnss_time: reader.optional("gnss time", |reader| read_instant(reader, "gnss time"))?,
            photo_source: reader.optional("photo source", |reader| {
                PhotoSource::from_code(reader.uint("photo source")?)
                    .ok_or(CborError::Range("photo source"))
            })?,
            challenge: reader.optional("challenge", |reader| {
                let bytes = reader.bytes("challenge", MAX_CHALLENGE_BYTES)?;
                Ok(bytes.to_vec())
            })?,
            hints: reader.optional("hints", read_value_ref)?,
        })
    }

    /// What it adds to what is known of the time. The time of a position that was made up, or
    /// that a network told, is not the satellites'.
    #[must_use]
    pub fn witness(&self) -> Witness {
        let challenge = self.challenge.as_deref();
        Witness {
            challenge: challenge
                .and_then(|bytes| HourChallenge::claimed(bytes).ok())
                .map(|challenge| challenge.hour),
            gnss_time: self
                .gnss_time
                .filter(|_| self.provider.has_satellite_time()),
        }
    }
}

impl BodyBuilder {
    /// Adds what looked odd, with its random nonce; hints beyond [`MAX_HINTS`] are left out,
    /// and so is what a hint has beyond its limit.
    pub fn hints(&mut self, hints: &[SealedHint], nonce: [u8; 16]) -> ValueRef {
        let cut = |text: &str| {
            let end = (0..=text.len().min(MAX_HINT_BYTES))
                .rev()
                .find(|at| text.is_char_boundary(*at));
            text[..end.unwrap_or(0)].to_owned()
        };
        let hints: Vec<_> = hints
            .iter()
            .take(MAX_HINTS)
            .map(|(kind, detail)| (cut(kind), cut(detail)))
            .collect();
        self.chunk(write_hints(&hints), nonce)
    }
}

impl Body {
    /// The hints of a value of this body's commit; what cannot be read is none.
    #[must_use]
    pub fn hints(values: &[Option<CommittedValue>], at: ValueRef) -> Lookup<Vec<SealedHint>> {
        match Self::bytes(values, at) {
            Lookup::Present(bytes) => Lookup::Present(read_hints(bytes).unwrap_or_default()),
            Lookup::Erased => Lookup::Erased,
        }
    }
}

impl Commit {
    /// The challenges that its attestations contain, unchecked.
    #[must_use]
    pub fn challenges(&self) -> Vec<Vec<u8>> {
        let operations = self.body().map(|body| body.operations).unwrap_or_default();
        operations
            .into_iter()
            .filter_map(|operation| match operation.kind {
                super::body::Kind::Attest(attest) => attest.challenge,
                _ => None,
            })
            .collect()
    }
}

fn write_hints(hints: &[SealedHint]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(hints.len());
    for (kind, detail) in hints {
        writer.array(2).text(kind).text(detail);
    }
    writer.finish()
}

fn read_hints(bytes: &[u8]) -> Result<Vec<SealedHint>, CborError> {
    exact(
        "hints",
        bytes,
        |reader| {
            let count = reader.array("hints", MAX_HINTS)?;
            (0..count)
                .map(|_| {
                    reader.parts("hint", 2)?;
                    let kind = reader.text("hint", MAX_HINT_BYTES)?.to_owned();
                    Ok((kind, reader.text("hint", MAX_HINT_BYTES)?.to_owned()))
                })
                .collect()
        },
        |hints: &Vec<_>| write_hints(hints),
    )
}
