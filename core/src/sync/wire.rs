//! What phone and hub say to each other. Control calls are JSON, named here as serde types;
//! commits and pages are CBOR in zstd frames ([`super::frame`]). docs/formats/sync.md is
//! the normative description.

use serde::{Deserialize, Serialize};

use crate::model::identifiers::{Hash, Zone};
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::MAX_COMMIT_BYTES;
use crate::oplog::entry::MAX_ENTRY_BYTES;

/// The most commits of one push.
pub const MAX_PUSH_COMMITS: usize = 500;
/// The most bytes of one push as it travels.
pub const MAX_PUSH_PACKED_BYTES: usize = 256 * 1024;
/// The most bytes of one push (or page) unpacked.
pub const MAX_PUSH_UNPACKED_BYTES: usize = 4 * 1024 * 1024;
/// The most entries of one page.
pub const MAX_PAGE_ENTRIES: usize = 500;
/// The most bytes of a blob.
pub const MAX_BLOB_BYTES: usize = 64 * 1024 * 1024;
/// The most bytes of a pack.
pub const MAX_PACK_BYTES: usize = 64 * 1024 * 1024;
const VERSION: u64 = 1;

/// `GET /v1/hub`: who the hub is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubInfo {
    /// The hub's public key, hex.
    pub hub_key: String,
    /// The version of the hub's software.
    pub version: String,
    /// The zones that it sequences.
    pub zones: Vec<String>,
    /// Its clock, milliseconds of UTC.
    pub hub_time_ms: u64,
}

/// `POST /v1/enrol`: a device asks to belong to the person of a one-use code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The one-use code.
    pub code: String,
    /// The device's public key, hex.
    pub device_key: String,
    /// The device's signature (purpose *enrolment*) over BLAKE3(code ‖ key), hex.
    pub signature: String,
}

/// The bytes whose BLAKE3 an enrolment signs: code ‖ device key.
#[must_use]
pub fn enrolment_bytes(code: &str, device_key: &[u8; 32]) -> Vec<u8> {
    [code.as_bytes(), device_key].concat()
}

/// The answer to an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// The hub's public key, hex; the phone pins it.
    pub hub_key: String,
    /// The device's certificate, hex.
    pub certificate: String,
    /// The hub's clock, milliseconds of UTC.
    pub hub_time_ms: u64,
    /// The public half of the city's escrow key, hex, where its policy has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escrow_key: Option<String>,
}

/// `POST /v1/session/challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// The device's public key, hex.
    pub device_key: String,
}

/// 32 random bytes to sign, good for one minute and for one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeReply {
    /// The bytes, hex.
    pub challenge: String,
}

/// `POST /v1/session`: the device proves its key and says how far its streams are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The device's public key, hex.
    pub device_key: String,
    /// The challenge, hex.
    pub challenge: String,
    /// The device's signature (purpose *session*) over BLAKE3(challenge), hex.
    pub signature: String,
    /// The heads of the device's own streams.
    pub heads: Vec<Head>,
}

/// The head of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The stream's zone.
    pub zone: String,
    /// The number of its last commit.
    pub seq: u64,
    /// The hash of its last commit, hex.
    pub hash: String,
}

/// How the hub's copy of a stream stands to the device's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The same head.
    Equal,
    /// The device has more: it pushes.
    HubBehind,
    /// The hub has more, as after a restored backup of the phone: the device pulls its own
    /// commits before it writes.
    HubAhead,
    /// The same number under another hash: two copies of this device have written.
    Fork,
}

/// How one stream stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamStanding {
    /// The stream's zone.
    pub zone: String,
    /// How it stands.
    pub standing: Standing,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionReply {
    /// The bearer token; opaque and short-lived.
    pub token: String,
    /// How long it holds, seconds.
    pub expires_in_s: u64,
    /// The hub's clock, milliseconds of UTC.
    pub hub_time_ms: u64,
    /// The device's certificate, renewed where it was due, hex.
    pub certificate: String,
    /// The zones that the device follows.
    pub zones: Vec<String>,
    /// How the device's streams stand, those that the hub knows and the device did not name
    /// included.
    pub streams: Vec<StreamStanding>,
    /// How far the hub's log is durable beyond one machine (a backup, a second one), where the
    /// hub says so. A phone then keeps the photos of what was stamped later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durable_through: Option<DurableThrough>,
    /// The hub's signed challenge of the hour, hex; older hubs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour_challenge: Option<String>,
}

/// A position up to which a hub's log outlives its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurableThrough {
    /// The life of the zone's log.
    pub epoch: u64,
    /// The position in it, included.
    pub position: u64,
}

/// `GET /v1/packs`: the reference data in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackList {
    /// One for each kind and name.
    pub packs: Vec<PackInfo>,
}

/// One version of reference data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackInfo {
    /// `grids` or `duties`.
    pub kind: String,
    /// BLAKE3 of its bytes, hex.
    pub hash: String,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// An error of the hub (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank` extended by [`Problem::code`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, for a developer; never personal.
    pub detail: String,
    /// The stable code.
    pub code: String,
}

/// A push: encoded commits in the order in which they are to be sequenced.
#[must_use]
pub fn encode_push(commits: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(2).uint(VERSION).array(commits.len());
    for commit in commits {
        writer.bytes(commit);
    }
    writer.finish()
}

/// Reads a push; the commits themselves are checked one by one afterwards.
///
/// # Errors
/// [`CborError`] when it is not one or has too many commits.
pub fn decode_push(bytes: &[u8]) -> Result<Vec<Vec<u8>>, CborError> {
    exact(
        "push",
        bytes,
        |reader| {
            reader.parts("push", 2)?;
            version(reader)?;
            let count = reader.array("commits", MAX_PUSH_COMMITS)?;
            (0..count)
                .map(|_| reader.bytes("commit", MAX_COMMIT_BYTES).map(<[u8]>::to_vec))
                .collect::<Result<Vec<_>, _>>()
        },
        |commits| encode_push(commits),
    )
}

/// The answer to a push: a signed entry for each commit, in order.
#[must_use]
pub fn encode_receipts(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(2).uint(VERSION).array(entries.len());
    for entry in entries {
        writer.bytes(entry);
    }
    writer.finish()
}

/// Reads the answer to a push.
///
/// # Errors
/// [`CborError`] when it is not one.
pub fn decode_receipts(bytes: &[u8]) -> Result<Vec<Vec<u8>>, CborError> {
    exact(
        "receipts",
        bytes,
        |reader| {
            reader.parts("receipts", 2)?;
            version(reader)?;
            let count = reader.array("receipts", MAX_PUSH_COMMITS)?;
            (0..count)
                .map(|_| reader.bytes("entry", MAX_ENTRY_BYTES).map(<[u8]>::to_vec))
                .collect::<Result<Vec<_>, _>>()
        },
        |entries| encode_receipts(entries),
    )
}

/// A page of a zone's sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The zone.
    pub zone: Zone,
    /// The life of the zone's log.
    pub epoch: u64,
    /// The position up to which this page reaches, entries left out included; the cursor
    /// for the next page.
    pub cursor: u64,
    /// True when there is more.
    pub has_more: bool,
    /// The entries in order.
    pub items: Vec<PageItem>,
}

/// One entry of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageItem {
    /// The signed entry.
    pub entry: Vec<u8>,
    /// The commit or the certificate that it stamps; nothing for a pack.
    pub content: Option<Vec<u8>>,
}

impl Page {
    /// The bytes that travel, before they are packed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .array(6)
            .uint(VERSION)
            .text(self.zone.as_str())
            .uint(self.epoch)
            .uint(self.cursor)
            .flag(self.has_more)
            .array(self.items.len());
        for item in &self.items {
            writer.array(2).bytes(&item.entry).optional(
                item.content.as_ref(),
                |writer, content| {
                    writer.bytes(content);
                },
            );
        }
        writer.finish()
    }

    /// Reads a page; entries and contents are checked one by one afterwards.
    ///
    /// # Errors
    /// [`CborError`] when it is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        exact(
            "page",
            bytes,
            |reader| {
                reader.parts("page", 6)?;
                version(reader)?;
                let zone =
                    Zone::parse(reader.text("zone", 16)?).map_err(|_| CborError::Range("zone"))?;
                let epoch = reader.uint("epoch")?;
                let cursor = reader.uint("cursor")?;
                let has_more = reader.flag("more")?;
                let count = reader.array("items", MAX_PAGE_ENTRIES)?;
                let items = (0..count)
                    .map(|_| {
                        reader.parts("item", 2)?;
                        let entry = reader.bytes("entry", MAX_ENTRY_BYTES)?.to_vec();
                        let content = reader.optional("content", |reader| {
                            reader
                                .bytes("content", MAX_COMMIT_BYTES)
                                .map(<[u8]>::to_vec)
                        })?;
                        Ok(PageItem { entry, content })
                    })
                    .collect::<Result<_, CborError>>()?;
                Ok(Self {
                    zone,
                    epoch,
                    cursor,
                    has_more,
                    items,
                })
            },
            Self::encode,
        )
    }
}

fn version(reader: &mut Reader<'_>) -> Result<(), CborError> {
    match reader.uint("version")? {
        VERSION => Ok(()),
        _ => Err(CborError::Range("version")),
    }
}

/// A request of a phone, apart from how it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `POST /v1/enrol`.
    Enrol(EnrolRequest),
    /// `POST /v1/session/challenge`.
    Challenge(ChallengeRequest),
    /// `POST /v1/session`.
    Session(SessionRequest),
    /// `GET /v1/packs`.
    Packs,
    /// `GET /v1/packs/{hash}`.
    Pack(Hash),
    /// `POST /v1/push` with encoded commits.
    Push(Vec<Vec<u8>>),
    /// `GET /v1/zones/{zone}/log?after=N`.
    Pull {
        /// The zone.
        zone: Zone,
        /// The cursor.
        after: u64,
    },
    /// `HEAD /v1/blobs/{hash}`.
    HasBlob(Hash),
    /// `PUT /v1/blobs/{hash}`.
    PutBlob(Hash, Vec<u8>),
    /// `GET /v1/blobs/{hash}`.
    GetBlob(Hash),
}

/// The hub's answer to the request of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To [`Request::Enrol`].
    Enrol(EnrolReply),
    /// To [`Request::Challenge`].
    Challenge(ChallengeReply),
    /// To [`Request::Session`].
    Session(SessionReply),
    /// To [`Request::Packs`].
    Packs(PackList),
    /// To [`Request::Pack`] and [`Request::GetBlob`].
    Bytes(Vec<u8>),
    /// To [`Request::Push`]: signed entries.
    Receipts(Vec<Vec<u8>>),
    /// To [`Request::Pull`].
    Page(Page),
    /// To [`Request::HasBlob`]: is it there?
    HasBlob(bool),
    /// To [`Request::PutBlob`].
    Stored,
    /// To [`Request::PutBlob`]: the hub does not take this photo (no admitted commit names
    /// it, or it is too large); it stays on the phone and the rest goes on.
    NotTaken,
    /// To [`Request::Pull`] and [`Request::Packs`]: this device was revoked. What it has to
    /// send is still taken, for a supervisor to look at.
    Revoked,
}
