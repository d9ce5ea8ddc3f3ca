//! An order of erasure as bytes: which values of which commit, or which photo, and why.
//!
//! An order is an operation like any other. It takes effect where the hub has admitted it:
//! every store then drops nonce and value (or the photo's bytes) and takes them from nobody
//! again; hashes, chain and signatures stay (docs/formats/commit.md §6).

use crate::model::identifiers::{Hash, ReasonKey};
use crate::oplog::body::{Body, Kind};
use crate::oplog::cbor::{CborError, Reader, Writer};
use crate::oplog::commit::{Commit, MAX_VALUES};

/// The kind's number in a body.
pub(super) const ERASE: u64 = 26;
/// How many parts it has after the subject.
pub(super) const ERASE_PARTS: usize = 2;
const VALUES: u64 = 1;
const PHOTO: u64 = 2;

/// What is to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// Values of a commit, which may be unknown here and arrive later.
    Values {
        /// The commit.
        commit: Hash,
        /// The places of the values, from 0, ascending and each once; at least one.
        values: Vec<u32>,
    },
    /// A photo: its bytes and every picture made of them. Its hash stays in the log.
    Photo(Hash),
}

/// What is to be gone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseOrder {
    /// What.
    pub what: Erasure,
    /// The stable code of the reason: a request of the person, a court's order …
    pub reason: ReasonKey,
}

impl EraseOrder {
    pub(super) fn write(&self, writer: &mut Writer) {
        match &self.what {
            Erasure::Values { commit, values } => {
                writer.array(3).uint(VALUES).bytes(&commit.0);
                writer.array(values.len());
                for value in values {
                    writer.uint((*value).into());
                }
            }
            Erasure::Photo(photo) => {
                writer.array(2).uint(PHOTO).bytes(&photo.0);
            }
        }
        writer.text(self.reason.as_str());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let parts = reader.array("erasure", 3)?;
        let what = match (reader.uint("erasure")?, parts) {
            (VALUES, 3) => Erasure::Values {
                commit: Hash(reader.fixed("erased commit")?),
                values: read_values(reader)?,
            },
            (PHOTO, 2) => Erasure::Photo(Hash(reader.fixed("erased photo")?)),
            _ => return Err(CborError::Range("erasure")),
        };
        let reason =
            ReasonKey::parse(reader.text("reason", 32)?).map_err(|_| CborError::Range("reason"))?;
        Ok(Self { what, reason })
    }
}

fn read_values(reader: &mut Reader<'_>) -> Result<Vec<u32>, CborError> {
    let count = reader.array("erased values", MAX_VALUES)?;
    let values = (0..count)
        .map(|_| {
            let value = reader.uint("erased value")?;
            u32::try_from(value)
                .ok()
                .filter(|value| (*value as usize) < MAX_VALUES)
                .ok_or(CborError::Range("erased value"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if values.is_empty() {
        return Err(CborError::Range("erased values"));
    }
    if values.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(CborError::NotExact("erased values"));
    }
    Ok(values)
}

impl Body {
    /// The orders of erasure in it.
    pub fn erasures(&self) -> impl Iterator<Item = &EraseOrder> {
        self.operations
            .iter()
            .filter_map(|operation| match &operation.kind {
                Kind::Erase(order) => Some(order),
                _ => None,
            })
    }
}

impl Commit {
    /// The places of the values that are gone.
    pub fn missing_values(&self) -> impl Iterator<Item = u32> {
        (0..)
            .zip(self.values())
            .filter_map(|(at, value)| value.is_none().then_some(at))
    }

    /// Drops the values at these places ([`Commit::erase_value`]); answers whether one of
    /// them was there.
    pub fn erase_values(&mut self, places: &[u32]) -> bool {
        let mut changed = false;
        for at in places {
            let at = *at as usize;
            changed |= matches!(self.values().get(at), Some(Some(_)));
            self.erase_value(at);
        }
        changed
    }
}
