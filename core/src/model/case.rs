//! The case: what a problem is called on its way from the report to the verdict.

use std::fmt;
use std::str::FromStr;

pub use crate::model::identifiers::{CaseId, ClassCode};
use crate::model::identifiers::{Hash, IdentifierError};

/// Who or what the report came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// 网格员上报.
    Inspector = 1,
    /// 随手拍.
    Citizen = 2,
}

impl Source {
    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The source of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        [Self::Inspector, Self::Citizen]
            .into_iter()
            .find(|s| u64::from(s.code()) == code)
    }

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inspector => "inspector",
            Self::Citizen => "citizen",
        }
    }
}

/// A field of a case that may be set again: each is a register with its losers visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The small class; plain text in the log.
    Class = 1,
    /// The cell; plain text in the log.
    Grid = 2,
    /// What the reporter wrote; personal, so only its hash is sealed.
    Note = 3,
    /// Where it is; personal, so only its hash is sealed.
    Place = 4,
}

impl Field {
    /// Every field, in the order of the codes.
    pub const ALL: [Self; 4] = [Self::Class, Self::Grid, Self::Note, Self::Place];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The field of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|field| u64::from(field.code()) == code)
    }

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Grid => "grid",
            Self::Note => "note",
            Self::Place => "place",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == text)
    }
}

/// One operation of one commit: what a `basis`, an overwrite and a withdrawal name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    /// The commit.
    pub commit: Hash,
    /// The operation's place in it, from 0.
    pub index: u32,
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.commit, self.index)
    }
}

impl FromStr for OpId {
    type Err = IdentifierError;

    /// Reads `COMMIT:INDEX`, as it is printed.
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let form = || IdentifierError::Form { what: "operation" };
        let (commit, index) = text.split_once(':').ok_or_else(form)?;
        Ok(Self {
            commit: commit.parse().map_err(|_| form())?,
            index: index.parse().map_err(|_| form())?,
        })
    }
}
