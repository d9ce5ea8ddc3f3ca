//! How concurrent values meet. Nothing said is lost: the value that wins is shown, and
//! whatever was said beside it, without having seen it, is shown with it.
//!
//! | what | rule |
//! |---|---|
//! | class, cell, note, place | [`Register`]: the last writer among those that nobody overwrote |
//! | photos | added once is there, until the adding operation itself is taken back |
//! | comments | only grow |
//! | phase | no register: decided by `basis` and the hub's order, in [`super::fold`] |

use std::collections::BTreeSet;

use crate::model::case::OpId;
use crate::model::identifiers::{DeviceKey, PersonId};
use crate::oplog::body::{MAX_OVERWRITES, Placed};
use crate::oplog::hlc::Hlc;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Emptied.
    Nothing,
    /// A text: class, cell or note.
    Text(String),
    /// A place.
    Place(Placed),
    /// A personal value that was erased.
    Erased,
}

/// One value said of a field, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The operation that said it.
    pub op: OpId,
    /// What it said.
    pub value: FieldValue,
    /// The time that counts.
    pub at: Hlc,
    /// The device that signed.
    pub device: DeviceKey,
    /// The person, where known.
    pub person: Option<PersonId>,
    /// True until the hub has stamped it.
    pub is_provisional: bool,
}

/// A field: every value said of it, and which of them somebody has replaced knowingly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Register {
    versions: Vec<Version>,
    overwritten: BTreeSet<OpId>,
}

impl Register {
    /// Takes a value and the operations that it replaces.
    pub fn set(&mut self, version: Version, over: &[OpId]) {
        self.overwritten.extend(over.iter().copied());
        self.versions.push(version);
    }

    /// The values that nobody has replaced, the winner first: latest by the time that
    /// counts, ties by the operation's name.
    #[must_use]
    pub fn heads(&self) -> Vec<&Version> {
        let mut heads: Vec<_> = self
            .versions
            .iter()
            .filter(|version| !self.overwritten.contains(&version.op))
            .collect();
        heads.sort_by_key(|version| std::cmp::Reverse((version.at, version.op)));
        heads
    }

    /// The value that is shown.
    #[must_use]
    pub fn winner(&self) -> Option<&Version> {
        self.heads().first().copied()
    }

    /// What was said beside the winner without having seen it ("also said by …").
    #[must_use]
    pub fn also_said(&self) -> Vec<&Version> {
        self.heads().split_off(1.min(self.heads().len()))
    }

    /// What a new value must name so that it replaces all that its author sees, as far as
    /// one operation may name it: the winner first of all.
    #[must_use]
    pub fn to_overwrite(&self) -> Vec<OpId> {
        let mut ops: Vec<_> = self
            .heads()
            .iter()
            .take(MAX_OVERWRITES)
            .map(|version| version.op)
            .collect();
        ops.sort_unstable();
        ops
    }
}
