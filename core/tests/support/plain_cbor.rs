//! Deterministic CBOR and the header of a commit, written a second time and without the
//! core's writer, from docs/formats/commit.md alone. It also writes what the core never would.

use bading_core::model::identifiers::Hash;
use bading_core::oplog::commit::{Commit, CommittedValue};
use bading_core::oplog::sign::{DeviceSigner, Purpose, hash_of};

/// One item of the dialect, or bytes that stand for themselves.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Uint(u64),
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Item>),
    Flag(bool),
    Null,
    Raw(Vec<u8>),
}

impl Item {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn hash(hash: Hash) -> Self {
        Self::Bytes(hash.0.to_vec())
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Uint(value) => head(0, *value),
            Self::Int(value) => match u64::try_from(*value) {
                Ok(value) => head(0, value),
                Err(_) => head(1, value.unsigned_abs() - 1),
            },
            Self::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Self::Text(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
            Self::List(items) => items
                .iter()
                .fold(head(4, items.len() as u64), |bytes, item| {
                    [bytes, item.encode()].concat()
                }),
            Self::Flag(flag) => vec![0xf4 + u8::from(*flag)],
            Self::Null => vec![0xf6],
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

fn head(major: u8, argument: u64) -> Vec<u8> {
    let (info, len) = match argument {
        0..24 => return vec![major << 5 | argument as u8],
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    [&[major << 5 | info], &argument.to_be_bytes()[8 - len..]].concat()
}

/// A commit of which every part may be put out of order before it is signed.
pub(crate) struct RawCommit {
    /// The 16 parts of the header.
    pub(crate) header: Vec<Item>,
    /// The bytes of the structure.
    pub(crate) structure: Vec<u8>,
    /// The values as they stand in the envelope.
    pub(crate) values: Vec<Item>,
}

/// Where the parts stand in the header.
pub(crate) mod part {
    pub(crate) const FORMAT: usize = 0;
    pub(crate) const SUITE: usize = 1;
    pub(crate) const DEVICE: usize = 2;
    pub(crate) const ZONE: usize = 3;
    pub(crate) const SEQ: usize = 4;
    pub(crate) const PREV: usize = 5;
    pub(crate) const HLC: usize = 6;
    pub(crate) const WALL: usize = 8;
    pub(crate) const BASIS: usize = 12;
    pub(crate) const SCHEMA: usize = 13;
    pub(crate) const BODY: usize = 14;
    pub(crate) const HEADS: usize = 15;
}

impl RawCommit {
    /// The parts of a sound commit.
    pub(crate) fn of(commit: &Commit, structure: Vec<u8>) -> Self {
        let header = commit.header();
        let optional = |hash: Option<Hash>| hash.map_or(Item::Null, Item::hash);
        let heads = header.heads.iter().map(|head| {
            Item::List(vec![
                Item::text(head.zone.as_str()),
                Item::Uint(head.seq),
                Item::hash(head.hash),
            ])
        });
        Self {
            header: vec![
                Item::Uint(1),
                Item::Uint(1),
                Item::Bytes(header.device.bytes.to_vec()),
                Item::text(header.zone.as_str()),
                Item::Uint(header.seq),
                optional(header.prev),
                Item::List(vec![
                    Item::Uint(header.hlc.ms.0),
                    Item::Uint(header.hlc.counter.into()),
                ]),
                header
                    .last_hub_time
                    .map_or(Item::Null, |time| Item::Uint(time.0)),
                Item::Uint(header.clock.wall.0),
                Item::Uint(header.clock.mono_ms),
                Item::Bytes(header.clock.boot.to_vec()),
                optional(header.certificate),
                Item::List(header.basis.iter().copied().map(Item::hash).collect()),
                Item::Uint(header.schema),
                Item::hash(header.body),
                Item::List(heads.collect()),
            ],
            structure,
            values: commit
                .values()
                .iter()
                .map(|value| value.as_ref().map_or(Item::Null, value_item))
                .collect(),
        }
    }

    /// Puts another structure in and its hash into the header.
    pub(crate) fn with_structure(mut self, structure: Vec<u8>) -> Self {
        self.header[part::BODY] = Item::hash(hash_of(&structure));
        self.structure = structure;
        self
    }

    /// Puts another part into the header.
    pub(crate) fn with(mut self, at: usize, item: Item) -> Self {
        self.header[at] = item;
        self
    }

    /// Signs the header and puts the envelope around it.
    pub(crate) fn sign(&self, signer: &dyn DeviceSigner) -> Vec<u8> {
        self.sign_bytes(Item::List(self.header.clone()).encode(), signer)
    }

    /// Signs these bytes as the header.
    pub(crate) fn sign_bytes(&self, header: Vec<u8>, signer: &dyn DeviceSigner) -> Vec<u8> {
        let signature = signer
            .sign(&Purpose::Commit.message(&hash_of(&header)))
            .expect("a software key signs");
        self.envelope(header, signature.to_vec())
    }

    /// The envelope around these bytes and this signature.
    pub(crate) fn envelope(&self, header: Vec<u8>, signature: Vec<u8>) -> Vec<u8> {
        Item::List(vec![
            Item::Bytes(header),
            Item::Bytes(self.structure.clone()),
            Item::List(self.values.clone()),
            Item::Bytes(signature),
        ])
        .encode()
    }
}

/// A value as it stands in the envelope.
pub(crate) fn value_item(value: &CommittedValue) -> Item {
    Item::List(vec![
        Item::Bytes(value.nonce.to_vec()),
        Item::Bytes(value.value.clone()),
    ])
}

/// The parts of an encoded envelope: header, structure, signature.
pub(crate) fn split_envelope(bytes: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let string = |at: usize| {
        let (len, from) = match bytes[at] & 0x1f {
            24 => (usize::from(bytes[at + 1]), at + 2),
            25 => (
                usize::from(u16::from_be_bytes([bytes[at + 1], bytes[at + 2]])),
                at + 3,
            ),
            short => (usize::from(short), at + 1),
        };
        (bytes[from..from + len].to_vec(), from + len)
    };
    let (header, at) = string(1);
    let (structure, _) = string(at);
    (header, structure, bytes[bytes.len() - 64..].to_vec())
}
