//! A commit: one user action, signed by its device and chained to the one before.
//!
//! Written by the device that acts, read by everybody; the bytes are stored and forwarded as
//! they were signed. Byte by byte in docs/formats/commit.md, vectors in
//! `fixtures/formats/commit.json`.
//!
//! A commit is sound on its own when its header, hashes and signature hold ([`Commit::decode`]).
//! Whether its body makes sense is a second question ([`Commit::body`]): a sound commit with a
//! body that cannot be read is kept and refused, so that it never stops a batch.

use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Suite, Zone};
use crate::model::time::{ClockReading, UtcMs};
use crate::oplog::body::{Body, BodyError};
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::hlc::Hlc;
use crate::oplog::sign::{DeviceSigner, Purpose, SignError, Signature, Verifier, hash_of};

/// The version of the header's form.
pub const FORMAT_VERSION: u64 = 1;
/// The version of the body's form that this code writes.
pub const SCHEMA_VERSION: u64 = 1;
/// The most that an encoded commit may have, in bytes.
pub const MAX_COMMIT_BYTES: usize = 128 * 1024;
/// The most that the structure of a body may have, in bytes.
pub const MAX_STRUCTURE_BYTES: usize = 64 * 1024;
/// The most that one value may have, in bytes.
pub const MAX_VALUE_BYTES: usize = 16 * 1024;
/// The most values of a commit.
pub const MAX_VALUES: usize = 256;
/// The most commits that one may name as seen.
pub const MAX_BASIS: usize = 64;
/// Every so many commits one names the heads of the device's other streams.
pub const HEADS_EVERY: u64 = 64;
/// The most heads that such a commit names.
pub const MAX_HEADS: usize = 64;

/// The head of one of the device's other streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHead {
    /// The stream's zone.
    pub zone: Zone,
    /// The number of its last commit.
    pub seq: u64,
    /// The hash of its last commit.
    pub hash: Hash,
}

/// What is signed of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The device that acts.
    pub device: DeviceKey,
    /// The zone, fixed at signing.
    pub zone: Zone,
    /// The place in the stream of this device and zone, from 0.
    pub seq: u64,
    /// The commit before in the stream; nothing for the first.
    pub prev: Option<Hash>,
    /// The device's hybrid clock.
    pub hlc: Hlc,
    /// The last time that a hub told this device, if any.
    pub last_hub_time: Option<UtcMs>,
    /// What the device's clocks said.
    pub clock: ClockReading,
    /// The certificate that the device holds, by its hash.
    pub certificate: Option<Hash>,
    /// The commits that this one has seen of its subjects, ascending and each once.
    pub basis: Vec<Hash>,
    /// The version of the body's form.
    pub schema: u64,
    /// BLAKE3 of the structure.
    pub body: Hash,
    /// Heads of the device's other streams, in every 64th commit.
    pub heads: Vec<StreamHead>,
}

/// A value beside the structure, which holds only BLAKE3(nonce ‖ value).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedValue {
    /// 16 random bytes, so that a short value cannot be guessed from its hash.
    pub nonce: [u8; 16],
    /// The value in CBOR.
    pub value: Vec<u8>,
}

impl CommittedValue {
    /// What the structure holds of it.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.nonce).update(&self.value);
        Hash(*hasher.finalize().as_bytes())
    }
}

/// Why some bytes are not a sound commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommitError {
    /// The envelope or the header is not in its form.
    #[error("commit: {0}")]
    Form(#[from] CborError),
    /// A newer format, which this version cannot verify.
    #[error("commit format {0} is newer than this version reads")]
    UnknownFormat(u64),
    /// A signature suite that this version cannot verify.
    #[error("signature suite {0} is not known")]
    UnknownSuite(u64),
    /// The structure is not the one that the header names.
    #[error("the body does not match the hash in the header")]
    BodyMismatch,
    /// A value is not the one that the structure commits to, or their numbers differ.
    #[error("value {0} does not match its commitment")]
    ValueMismatch(usize),
    /// The signature does not hold.
    #[error("commit: {0}")]
    Signature(#[from] SignError),
    /// The body that was to be sealed could not be read back. Readers never answer this: to
    /// them such a commit is sound, and its body a second question.
    #[error("commit: {0}")]
    Body(#[from] BodyError),
}

/// A sound commit: its hashes and its signature hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    header: Header,
    hash: Hash,
    header_bytes: Vec<u8>,
    structure: Vec<u8>,
    values: Vec<Option<CommittedValue>>,
    signature: Signature,
}

/// What a commit says before it is signed: everything but the body's hash.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The zone, fixed at signing.
    pub zone: Zone,
    /// The place in the stream, from 0.
    pub seq: u64,
    /// The commit before in the stream.
    pub prev: Option<Hash>,
    /// The device's hybrid clock.
    pub hlc: Hlc,
    /// The last time that a hub told this device.
    pub last_hub_time: Option<UtcMs>,
    /// What the device's clocks said.
    pub clock: ClockReading,
    /// The certificate that the device holds.
    pub certificate: Option<Hash>,
    /// The commits seen; sorted and freed of repetitions here.
    pub basis: Vec<Hash>,
    /// Heads of the device's other streams.
    pub heads: Vec<StreamHead>,
}

impl Commit {
    /// Seals a body under a device's key.
    ///
    /// # Errors
    /// [`CommitError::Signature`] when the key cannot be used, [`CommitError::Form`] when the
    /// commit is larger than the format allows, [`CommitError::Body`] when the body is one that
    /// every reader would refuse.
    pub fn seal(draft: Draft, body: &Body, signer: &dyn DeviceSigner) -> Result<Self, CommitError> {
        let structure = body.encode_structure();
        let values: Vec<_> = body.values.iter().cloned().map(Some).collect();
        let mut basis = draft.basis;
        basis.sort_unstable();
        basis.dedup();
        let header = Header {
            device: signer.key(),
            zone: draft.zone,
            seq: draft.seq,
            prev: draft.prev,
            hlc: draft.hlc,
            last_hub_time: draft.last_hub_time,
            clock: draft.clock,
            certificate: draft.certificate,
            basis,
            schema: SCHEMA_VERSION,
            body: hash_of(&structure),
            heads: draft.heads,
        };
        let header_bytes = write_header(&header);
        let hash = hash_of(&header_bytes);
        let signature = signer.sign(&Purpose::Commit.message(&hash))?;
        let commit = Self {
            header,
            hash,
            header_bytes,
            structure,
            values,
            signature,
        };
        // Reading back what was sealed refuses here what every reader would refuse later.
        let commit = Self::decode(&commit.encode())?;
        commit.body()?;
        Ok(commit)
    }

    /// Reads and checks everything that can be checked without knowing what the body means.
    ///
    /// # Errors
    /// [`CommitError`] names what does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, CommitError> {
        Self::decode_by(bytes, &mut Verifier::default())
    }

    /// As [`Commit::decode`], for many commits of few devices.
    ///
    /// # Errors
    /// [`CommitError`] names what does not hold.
    pub fn decode_by(bytes: &[u8], verifier: &mut Verifier) -> Result<Self, CommitError> {
        let (header_bytes, structure, values, signature) = exact(
            "commit",
            bytes,
            read_envelope,
            |(header, structure, values, signature)| {
                write_envelope(header, structure, values, signature)
            },
        )?;
        let header = decode_header(header_bytes)?;
        if hash_of(structure) != header.body {
            return Err(CommitError::BodyMismatch);
        }
        let hash = hash_of(header_bytes);
        verifier.verify(&header.device, Purpose::Commit, &hash, &signature)?;
        let commit = Self {
            header,
            hash,
            header_bytes: header_bytes.to_vec(),
            structure: structure.to_vec(),
            values,
            signature,
        };
        commit.check_values()?;
        Ok(commit)
    }

    /// The bytes that are stored and forwarded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        write_envelope(
            &self.header_bytes,
            &self.structure,
            &self.values,
            &self.signature,
        )
    }

    /// The name of the commit: BLAKE3 of its header's bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The signed header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The commit without its body: what proves its place in the stream and no more.
    #[must_use]
    pub fn signed_header(&self) -> SignedHeader {
        SignedHeader {
            header: self.header.clone(),
            hash: self.hash,
            bytes: self.header_bytes.clone(),
            signature: self.signature,
        }
    }

    /// The values; nothing where one was erased.
    #[must_use]
    pub fn values(&self) -> &[Option<CommittedValue>] {
        &self.values
    }

    /// Drops a value with its nonce, as an authorised erasure orders: hash, chain and
    /// signature still hold, and a fold reads it as erased. Without such a value nothing
    /// changes. Whether it may be erased is the caller's question.
    pub fn erase_value(&mut self, index: usize) {
        if let Some(value) = self.values.get_mut(index) {
            *value = None;
        }
    }

    /// What the commit says, if this version can read it.
    ///
    /// # Errors
    /// [`BodyError`] for a newer schema, or for a body that its own device wrote wrongly.
    pub fn body(&self) -> Result<Body, BodyError> {
        if self.header.schema != SCHEMA_VERSION {
            return Err(BodyError::UnknownSchema(self.header.schema));
        }
        Body::decode(&self.structure, &self.values)
    }

    /// Every value present is the one that the structure commits to. A structure that cannot
    /// be read commits to nothing, so it may carry no values: nobody vouches for them.
    fn check_values(&self) -> Result<(), CommitError> {
        let commitments = Body::commitments(&self.structure).unwrap_or_default();
        if commitments.len() != self.values.len() {
            return Err(CommitError::ValueMismatch(
                commitments.len().min(self.values.len()),
            ));
        }
        for (index, (commitment, value)) in commitments.iter().zip(&self.values).enumerate() {
            if value
                .as_ref()
                .is_some_and(|value| value.commitment() != *commitment)
            {
                return Err(CommitError::ValueMismatch(index));
            }
        }
        Ok(())
    }
}

/// A commit without its body: place, clocks and signature can be checked, and what was done
/// stays with those who hold the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeader {
    header: Header,
    hash: Hash,
    bytes: Vec<u8>,
    signature: Signature,
}

impl SignedHeader {
    /// Reads a header and checks the signature over it.
    ///
    /// # Errors
    /// [`CommitError`] names what does not hold.
    pub fn decode(
        bytes: &[u8],
        signature: &Signature,
        verifier: &mut Verifier,
    ) -> Result<Self, CommitError> {
        let header = decode_header(bytes)?;
        let hash = hash_of(bytes);
        verifier.verify(&header.device, Purpose::Commit, &hash, signature)?;
        Ok(Self {
            header,
            hash,
            bytes: bytes.to_vec(),
            signature: *signature,
        })
    }

    /// The signed header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The name of the commit.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The header's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The device's signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}

type Envelope<'b> = (&'b [u8], &'b [u8], Vec<Option<CommittedValue>>, Signature);

fn read_envelope<'b>(reader: &mut Reader<'b>) -> Result<Envelope<'b>, CborError> {
    reader.parts("commit", 4)?;
    let header = reader.bytes("header", MAX_COMMIT_BYTES)?;
    let structure = reader.bytes("structure", MAX_STRUCTURE_BYTES)?;
    let count = reader.array("values", MAX_VALUES)?;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(reader.optional("value", |reader| {
            reader.parts("value", 2)?;
            let nonce = reader.fixed("nonce")?;
            let value = reader.bytes("value", MAX_VALUE_BYTES)?.to_vec();
            Ok(CommittedValue { nonce, value })
        })?);
    }
    let signature = reader.fixed("signature")?;
    if reader.position() > MAX_COMMIT_BYTES {
        let found = reader.position();
        return Err(CborError::TooLong {
            what: "commit",
            max: MAX_COMMIT_BYTES,
            found,
        });
    }
    Ok((header, structure, values, signature))
}

fn write_envelope(
    header: &[u8],
    structure: &[u8],
    values: &[Option<CommittedValue>],
    signature: &Signature,
) -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .array(4)
        .bytes(header)
        .bytes(structure)
        .array(values.len());
    for value in values {
        writer.optional(value.as_ref(), |writer, value| {
            writer.array(2).bytes(&value.nonce).bytes(&value.value);
        });
    }
    writer.bytes(signature);
    writer.finish()
}

fn decode_header(bytes: &[u8]) -> Result<Header, CommitError> {
    // The version and the suite come first and are told apart from bad form: a newer
    // commit is not a damaged one.
    let mut peek = Reader::new(bytes);
    peek.array("header", usize::MAX)?;
    let version = peek.uint("format version")?;
    if version != FORMAT_VERSION {
        return Err(CommitError::UnknownFormat(version));
    }
    let suite = peek.uint("suite")?;
    if Suite::from_code(suite).is_none() {
        return Err(CommitError::UnknownSuite(suite));
    }
    Ok(exact("header", bytes, read_header, write_header)?)
}

fn read_header(reader: &mut Reader<'_>) -> Result<Header, CborError> {
    reader.parts("header", 16)?;
    reader.uint("format version")?;
    let suite = Suite::from_code(reader.uint("suite")?).ok_or(CborError::Range("suite"))?;
    let device = DeviceKey {
        suite,
        bytes: reader.fixed("device key")?,
    };
    let zone = read_zone(reader)?;
    let seq = reader.uint("seq")?;
    let prev = reader.optional("prev", |reader| reader.fixed("prev").map(Hash))?;
    reader.parts("hlc", 2)?;
    let ms = read_instant(reader, "hlc")?;
    let counter = reader
        .uint("hlc")?
        .try_into()
        .map_err(|_| CborError::Range("hlc"))?;
    let last_hub_time = reader.optional("last hub time", |reader| {
        read_instant(reader, "last hub time")
    })?;
    let wall = read_instant(reader, "wall clock")?;
    let mono_ms = reader.uint("monotonic clock")?;
    let boot = reader.fixed("boot")?;
    let certificate = reader.optional("certificate", |reader| {
        reader.fixed("certificate").map(Hash)
    })?;
    let count = reader.array("basis", MAX_BASIS)?;
    let mut basis = Vec::with_capacity(count);
    for _ in 0..count {
        basis.push(Hash(reader.fixed("basis")?));
    }
    if basis.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(CborError::NotExact("basis"));
    }
    let schema = reader.uint("schema")?;
    let body = Hash(reader.fixed("body hash")?);
    let count = reader.array("heads", MAX_HEADS)?;
    let mut heads = Vec::with_capacity(count);
    for _ in 0..count {
        reader.parts("head", 3)?;
        let zone = read_zone(reader)?;
        let seq = reader.uint("head")?;
        heads.push(StreamHead {
            zone,
            seq,
            hash: Hash(reader.fixed("head")?),
        });
    }
    if (seq == 0) != prev.is_none() {
        return Err(CborError::Range("prev"));
    }
    if !heads.is_empty() && seq % HEADS_EVERY != HEADS_EVERY - 1 {
        return Err(CborError::Range("heads"));
    }
    let clock = ClockReading {
        wall,
        mono_ms,
        boot,
    };
    let hlc = Hlc { ms, counter };
    Ok(Header {
        device,
        zone,
        seq,
        prev,
        hlc,
        last_hub_time,
        clock,
        certificate,
        basis,
        schema,
        body,
        heads,
    })
}

pub(crate) fn read_zone(reader: &mut Reader<'_>) -> Result<Zone, CborError> {
    Zone::parse(reader.text("zone", 16)?).map_err(|_| CborError::Range("zone"))
}

pub(crate) fn read_instant(
    reader: &mut Reader<'_>,
    what: &'static str,
) -> Result<UtcMs, CborError> {
    let instant = UtcMs(reader.uint(what)?);
    if instant > UtcMs::MAX {
        return Err(CborError::Range(what));
    }
    Ok(instant)
}

fn write_header(header: &Header) -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .array(16)
        .uint(FORMAT_VERSION)
        .uint(header.device.suite.code().into())
        .bytes(&header.device.bytes)
        .text(header.zone.as_str())
        .uint(header.seq)
        .optional(header.prev, |writer, prev| {
            writer.bytes(&prev.0);
        })
        .array(2)
        .uint(header.hlc.ms.0)
        .uint(header.hlc.counter.into())
        .optional(header.last_hub_time, |writer, time| {
            writer.uint(time.0);
        })
        .uint(header.clock.wall.0)
        .uint(header.clock.mono_ms)
        .bytes(&header.clock.boot)
        .optional(header.certificate, |writer, certificate| {
            writer.bytes(&certificate.0);
        })
        .array(header.basis.len());
    for hash in &header.basis {
        writer.bytes(&hash.0);
    }
    writer
        .uint(header.schema)
        .bytes(&header.body.0)
        .array(header.heads.len());
    for head in &header.heads {
        writer
            .array(3)
            .text(head.zone.as_str())
            .uint(head.seq)
            .bytes(&head.hash.0);
    }
    writer.finish()
}
