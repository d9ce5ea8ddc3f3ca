//! An evidence bundle: one file with commits, receipts, grants and photos, which anybody can
//! check who never saw the phone or the hub.
//!
//! Parts follow each other, each framed and limited, so that a reader needs no more memory
//! than one part that is not a photo. The last part is the bundle's hash: over every byte
//! before it except the contents of photos and packs, which their own names cover. So each
//! byte is hashed once.
//!
//! It refuses to be a container for anything else: an unknown part, a part out of order or a
//! byte behind the end makes it unreadable. Byte by byte in docs/formats/evidence.md, a vector
//! in `fixtures/formats/evidence.json`.

mod read;
mod write;

use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::time::UtcMs;
use crate::oplog::body::Subject;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::{MAX_COMMIT_BYTES, read_instant, read_zone};
use crate::oplog::entry::MAX_ENTRY_BYTES;
use crate::oplog::sign::Signature;

pub use read::BundleReader;
pub use write::{BundleError, BundleWriter};

/// What a bundle begins with: 16 bytes, so that a person who opens it in an editor sees what
/// it is, and a transfer that changes line ends breaks it at once.
pub const MAGIC: [u8; 16] = *b"bading evidence\n";
/// The version of the form that is written and read.
pub const VERSION: u64 = 1;
/// The most bytes of a part that is not a photo or a pack.
pub const MAX_PART_BYTES: usize = 256 * 1024;
/// The most bytes of a photo or a pack.
pub const MAX_CONTENT_BYTES: u64 = 64 * 1024 * 1024;
/// The most subjects that an export may ask for by name.
pub const MAX_ASKED: usize = 1024;
/// The most entries of one commit: its first stamp and later releases.
pub const MAX_ENTRIES: usize = 16;
/// The most zones that one exporter has read.
pub const MAX_ZONES: usize = 64;
const MAX_WRITER_BYTES: usize = 64;
const MAX_KIND_BYTES: usize = 32;

/// The kinds of parts, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// What was asked for, by whom, and how far they had read.
    Manifest,
    /// A grant or a revocation with its entry.
    Grant,
    /// A pack of reference data by its hash.
    Pack,
    /// A commit with the entries that stamp it.
    Commit,
    /// A commit of a stream that is not in the bundle: its header alone.
    Link,
    /// A photo's original bytes.
    Photo,
    /// A pack's bytes.
    PackContent,
    /// Something that the exporter did not have.
    Absent,
    /// How many parts of each kind came before.
    Tally,
    /// The bundle's hash.
    End,
}

impl PartKind {
    /// Every kind in its order.
    pub const ALL: [Self; 10] = [
        Self::Manifest,
        Self::Grant,
        Self::Pack,
        Self::Commit,
        Self::Link,
        Self::Photo,
        Self::PackContent,
        Self::Absent,
        Self::Tally,
        Self::End,
    ];

    /// The number in the format, from 1.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// True for what is named by its hash and read in pieces.
    #[must_use]
    pub fn is_content(self) -> bool {
        matches!(self, Self::Photo | Self::PackContent)
    }
}

/// How many parts of each kind stand before the tally, in the order of [`PartKind::ALL`].
pub type Tally = [u64; 8];

/// Who made a bundle. It says so itself and signs nothing: what it carries is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exporter {
    /// A phone, by its device's key.
    Device(DeviceKey),
    /// A hub, by its key.
    Hub(DeviceKey),
}

/// What was asked for, by whom, and how far they had read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The program, such as `bading 0.1.0`.
    pub writer: String,
    /// Who made it.
    pub exporter: Exporter,
    /// When, by the exporter's clock.
    pub exported: UtcMs,
    /// The hub's key as the exporter knows it; nothing before enrolment.
    pub hub: Option<DeviceKey>,
    /// How far the exporter had read each zone: the life of its log, and the position.
    pub zones: Vec<(Zone, u64, u64)>,
    /// The subjects that were asked for, ascending; nothing for everything there was.
    pub asked: Option<Vec<Subject>>,
    /// False when photos were left out on purpose.
    pub has_photos: bool,
}

/// A grant or a revocation as it stands in the sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantPart {
    /// The certificate's bytes.
    pub certificate: Vec<u8>,
    /// The signed entry's bytes.
    pub entry: Vec<u8>,
}

/// A pack of reference data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackPart {
    /// Its kind, such as `grids`; the exporter's word.
    pub kind: String,
    /// Its name.
    pub hash: Hash,
    /// The signed entry that put it in force, where the exporter has it.
    pub entry: Option<Vec<u8>>,
}

/// A commit with its stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitPart {
    /// The commit's bytes as they were signed.
    pub commit: Vec<u8>,
    /// The signed entries that stamp it, ascending by place; none before the hub has it.
    pub entries: Vec<Vec<u8>>,
}

/// A commit that is not in the bundle, as a link of its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPart {
    /// The header's bytes.
    pub header: Vec<u8>,
    /// The device's signature over it.
    pub signature: Signature,
    /// The signed entry that stamps it, where the exporter has it.
    pub entry: Option<Vec<u8>>,
}

/// What the exporter did not have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AbsentPart {
    /// A photo that a commit names is not there.
    Photo(Hash),
    /// A photo is there, and its bytes are not those of its name.
    DamagedPhoto(Hash),
    /// A commit that another names as seen about the same subject is not there.
    Commit(Hash),
    /// Commits of a stream, from one number to another, both included.
    Commits {
        /// The stream's device.
        device: DeviceKey,
        /// The stream's zone.
        zone: Zone,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
}

/// One part of a bundle. Of a photo or a pack only the name: [`BundleReader::content`] hands
/// the bytes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The first.
    Manifest(Manifest),
    /// See [`GrantPart`].
    Grant(GrantPart),
    /// See [`PackPart`].
    Pack(PackPart),
    /// See [`CommitPart`].
    Commit(CommitPart),
    /// See [`LinkPart`].
    Link(LinkPart),
    /// A photo, by the name that the bundle gives it, and its length in bytes.
    Photo(Hash, u64),
    /// A pack's bytes likewise.
    PackContent(Hash, u64),
    /// See [`AbsentPart`].
    Absent(AbsentPart),
    /// How many parts of each kind came before.
    Tally(Tally),
    /// The bundle's hash as it stands in the bundle; the last.
    End(Hash),
}

/// Why some bytes are not a bundle that can be read on.
#[derive(Debug, Error)]
pub enum ReadError {
    /// They do not begin as one.
    #[error("this is not an evidence bundle")]
    NotABundle,
    /// Made by a newer version.
    #[error("bundle version {0} is newer than this version reads")]
    UnknownVersion(u64),
    /// They end before the end part.
    #[error("the bundle is cut off")]
    CutOff,
    /// A part is not in its form, or longer than it may be.
    #[error("the bundle cannot be read: {0}")]
    Form(#[from] CborError),
    /// A part stands where it may not.
    #[error("the bundle's parts are out of order")]
    Order,
    /// Something follows the end.
    #[error("bytes follow the end of the bundle")]
    Trailing,
    /// The file could not be read.
    #[error("the bundle could not be read: {0}")]
    Io(#[source] std::io::Error),
}

impl Manifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (who, key) = match self.exporter {
            Exporter::Device(key) => (1, key),
            Exporter::Hub(key) => (2, key),
        };
        let mut writer = Writer::new();
        writer
            .array(8)
            .uint(VERSION)
            .text(&self.writer)
            .array(2)
            .uint(who)
            .bytes(&key.bytes)
            .uint(self.exported.0)
            .optional(self.hub, |writer, hub| {
                writer.bytes(&hub.bytes);
            })
            .array(self.zones.len());
        for (zone, epoch, position) in &self.zones {
            writer
                .array(3)
                .text(zone.as_str())
                .uint(*epoch)
                .uint(*position);
        }
        writer.optional(self.asked.as_ref(), |writer, asked| {
            writer.array(asked.len());
            for subject in asked {
                writer.array(2).uint(subject.kind).bytes(&subject.id);
            }
        });
        writer.flag(self.has_photos);
        writer.finish()
    }

    /// Reads the payload of the first part. The version comes first, so that a newer bundle
    /// is told apart from a damaged one.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut peek = Reader::new(bytes);
        peek.array("manifest", usize::MAX)?;
        let version = peek.uint("bundle version")?;
        if version != VERSION {
            return Err(ReadError::UnknownVersion(version));
        }
        Ok(exact("manifest", bytes, read_manifest, Self::encode)?)
    }
}

fn read_manifest(reader: &mut Reader<'_>) -> Result<Manifest, CborError> {
    reader.parts("manifest", 8)?;
    reader.uint("bundle version")?;
    let writer = reader.text("writer", MAX_WRITER_BYTES)?.to_owned();
    reader.parts("exporter", 2)?;
    let who = reader.uint("exporter")?;
    let key = DeviceKey::ed25519(reader.fixed("exporter")?);
    let exporter = match who {
        1 => Exporter::Device(key),
        2 => Exporter::Hub(key),
        _ => return Err(CborError::Range("exporter")),
    };
    let exported = read_instant(reader, "time of the export")?;
    let hub = reader.optional("hub key", |reader| {
        Ok(DeviceKey::ed25519(reader.fixed("hub key")?))
    })?;
    let count = reader.array("zones", MAX_ZONES)?;
    let zones = (0..count)
        .map(|_| {
            reader.parts("zone", 3)?;
            let zone = read_zone(reader)?;
            Ok((zone, reader.uint("epoch")?, reader.uint("position")?))
        })
        .collect::<Result<Vec<_>, CborError>>()?;
    if zones.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(CborError::NotExact("zones"));
    }
    let asked = reader.optional("subjects asked for", |reader| {
        let count = reader.array("subjects asked for", MAX_ASKED)?;
        let asked = (0..count)
            .map(|_| {
                reader.parts("subject", 2)?;
                let kind = reader.uint("subject")?;
                let id = reader.fixed("subject")?;
                Ok(Subject { kind, id })
            })
            .collect::<Result<Vec<_>, CborError>>()?;
        if asked.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(CborError::NotExact("subjects asked for"));
        }
        Ok(asked)
    })?;
    Ok(Manifest {
        writer,
        exporter,
        exported,
        hub,
        zones,
        asked,
        has_photos: reader.flag("has photos")?,
    })
}

impl GrantPart {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(2).bytes(&self.certificate).bytes(&self.entry);
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let read = |reader: &mut Reader<'_>| {
            reader.parts("grant", 2)?;
            let certificate = reader.bytes("certificate", MAX_PART_BYTES)?.to_vec();
            let entry = read_entry(reader)?;
            Ok(Self { certificate, entry })
        };
        exact("grant", bytes, read, Self::encode)
    }
}

impl PackPart {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .array(3)
            .text(&self.kind)
            .bytes(&self.hash.0)
            .optional(self.entry.as_ref(), |writer, entry| {
                writer.bytes(entry);
            });
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let read = |reader: &mut Reader<'_>| {
            reader.parts("pack", 3)?;
            Ok(Self {
                kind: reader.text("kind of pack", MAX_KIND_BYTES)?.to_owned(),
                hash: Hash(reader.fixed("pack")?),
                entry: reader.optional("entry", read_entry)?,
            })
        };
        exact("pack", bytes, read, Self::encode)
    }
}

impl CommitPart {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .array(2)
            .bytes(&self.commit)
            .array(self.entries.len());
        for entry in &self.entries {
            writer.bytes(entry);
        }
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let read = |reader: &mut Reader<'_>| {
            reader.parts("commit", 2)?;
            let commit = reader.bytes("commit", MAX_COMMIT_BYTES)?.to_vec();
            let count = reader.array("entries", MAX_ENTRIES)?;
            let entries = (0..count)
                .map(|_| read_entry(reader))
                .collect::<Result<_, _>>()?;
            Ok(Self { commit, entries })
        };
        exact("commit", bytes, read, Self::encode)
    }
}

impl LinkPart {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .array(3)
            .bytes(&self.header)
            .bytes(&self.signature)
            .optional(self.entry.as_ref(), |writer, entry| {
                writer.bytes(entry);
            });
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let read = |reader: &mut Reader<'_>| {
            reader.parts("link", 3)?;
            Ok(Self {
                header: reader.bytes("header", MAX_COMMIT_BYTES)?.to_vec(),
                signature: reader.fixed("signature")?,
                entry: reader.optional("entry", read_entry)?,
            })
        };
        exact("link", bytes, read, Self::encode)
    }
}

impl AbsentPart {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Photo(hash) => writer.array(2).uint(1).bytes(&hash.0),
            Self::DamagedPhoto(hash) => writer.array(2).uint(2).bytes(&hash.0),
            Self::Commit(hash) => writer.array(2).uint(4).bytes(&hash.0),
            Self::Commits {
                device,
                zone,
                from,
                to,
            } => writer
                .array(5)
                .uint(3)
                .bytes(&device.bytes)
                .text(zone.as_str())
                .uint(*from)
                .uint(*to),
        };
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let read = |reader: &mut Reader<'_>| {
            let parts = reader.array("absence", 5)?;
            let absent = match (reader.uint("absence")?, parts) {
                (1, 2) => Self::Photo(Hash(reader.fixed("photo")?)),
                (2, 2) => Self::DamagedPhoto(Hash(reader.fixed("photo")?)),
                (4, 2) => Self::Commit(Hash(reader.fixed("commit")?)),
                (3, 5) => {
                    let device = DeviceKey::ed25519(reader.fixed("device")?);
                    let zone = read_zone(reader)?;
                    let (from, to) = (reader.uint("seq")?, reader.uint("seq")?);
                    if from > to {
                        return Err(CborError::Range("seq"));
                    }
                    Self::Commits {
                        device,
                        zone,
                        from,
                        to,
                    }
                }
                _ => return Err(CborError::Range("absence")),
            };
            Ok(absent)
        };
        exact("absence", bytes, read, Self::encode)
    }
}

fn read_entry(reader: &mut Reader<'_>) -> Result<Vec<u8>, CborError> {
    // The payload's limit, its head, and the signature.
    Ok(reader.bytes("entry", MAX_ENTRY_BYTES + 128)?.to_vec())
}

pub(crate) fn encode_tally(tally: &Tally) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(tally.len());
    for count in tally {
        writer.uint(*count);
    }
    writer.finish()
}

pub(crate) fn decode_tally(bytes: &[u8]) -> Result<Tally, CborError> {
    let read = |reader: &mut Reader<'_>| {
        let mut tally = Tally::default();
        reader.parts("tally", tally.len() as u64)?;
        for count in &mut tally {
            *count = reader.uint("tally")?;
        }
        Ok(tally)
    };
    exact("tally", bytes, read, encode_tally)
}
