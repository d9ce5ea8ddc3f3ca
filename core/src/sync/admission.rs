//! What a hub may take into a stream: soundness and chain, before any judgement of rights.
//!
//! The longest sound prefix of a batch is admitted. A commit that is sound and out of order
//! stops the batch; one whose signature or bytes do not hold refuses the rest of it; one that
//! is known already is answered with the stamp that it has.

use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::oplog::commit::{Commit, CommitError};

/// What a hub knows of a stream, asked while a batch is checked.
pub trait Streams {
    /// The failure of the store behind it.
    type Error;

    /// True when the commit is sequenced already.
    ///
    /// # Errors
    /// The store's own.
    fn is_known(&self, commit: &Hash) -> Result<bool, Self::Error>;

    /// The commits of a stream at a number: none, one, or several after a fork.
    ///
    /// # Errors
    /// The store's own.
    fn at(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        seq: u64,
    ) -> Result<Vec<StreamEntry>, Self::Error>;
}

/// A commit in a stream as the hub knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEntry {
    /// The commit.
    pub hash: Hash,
    /// True when it is on a branch that waits for release.
    pub is_forked: bool,
}

/// What is to be done with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Known already: answer with its stamp.
    Known,
    /// Next in its stream: judge and stamp it.
    Next,
    /// On a second branch of its stream: stamp it as quarantined.
    Fork,
}

/// Why a batch stops at a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Stop {
    /// The bytes, the hashes or the signature do not hold.
    #[error("commit {index}: {why}")]
    Unsound {
        /// Its place in the batch, from 0.
        index: usize,
        /// What does not hold.
        why: CommitError,
    },
    /// The commit before it in its stream is not here.
    #[error("commit {index}: the one before it in its stream is missing")]
    Gap {
        /// Its place in the batch, from 0.
        index: usize,
    },
    /// Another device's commit, which this session may not bring.
    #[error("commit {index}: of another device")]
    OtherDevice {
        /// Its place in the batch, from 0.
        index: usize,
    },
}

impl Stop {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsound {
                why: CommitError::Signature(_),
                ..
            } => "bad_signature",
            Self::Unsound {
                why: CommitError::UnknownFormat(_),
                ..
            } => "unknown_format",
            Self::Unsound {
                why: CommitError::UnknownSuite(_),
                ..
            } => "unknown_suite",
            Self::Unsound { .. } => "bad_commit",
            Self::Gap { .. } => "gap",
            Self::OtherDevice { .. } => "other_device",
        }
    }
}

/// Reads and checks one commit of a batch.
///
/// # Errors
/// [`Stop`] when the batch ends before this commit.
pub fn read(index: usize, bytes: &[u8], device: &DeviceKey) -> Result<Commit, Stop> {
    let commit = Commit::decode(bytes).map_err(|why| Stop::Unsound { index, why })?;
    if commit.header().device != *device {
        return Err(Stop::OtherDevice { index });
    }
    Ok(commit)
}

/// Finds the place of a sound commit in its stream.
///
/// # Errors
/// The store's own; within, [`Stop::Gap`] when its predecessor is missing.
pub fn place<S: Streams>(
    index: usize,
    commit: &Commit,
    streams: &S,
) -> Result<Result<Admission, Stop>, S::Error> {
    let header = commit.header();
    if streams.is_known(&commit.hash())? {
        return Ok(Ok(Admission::Known));
    }
    let mut is_forked = !streams
        .at(&header.device, &header.zone, header.seq)?
        .is_empty();
    if let Some(prev) = header.prev {
        let before = streams.at(&header.device, &header.zone, header.seq - 1)?;
        match before.iter().find(|entry| entry.hash == prev) {
            None => return Ok(Err(Stop::Gap { index })),
            Some(entry) => is_forked |= entry.is_forked,
        }
    }
    Ok(Ok(if is_forked {
        Admission::Fork
    } else {
        Admission::Next
    }))
}
