//! Photos of a case: which bytes, and what the picture is for.

use crate::model::identifiers::Hash;

/// What a photo shows of the case (近景, 远景, 参照物, 处置前, 处置后).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhotoRole {
    /// 近景: the thing itself.
    Near = 1,
    /// 远景: the thing in its surroundings.
    Far = 2,
    /// 参照物: something known beside it.
    Reference = 3,
    /// 处置前: before the repair.
    Before = 4,
    /// 处置后: after the repair.
    After = 5,
}

impl PhotoRole {
    /// Every role, in the order of the codes.
    pub const ALL: [Self; 5] = [
        Self::Near,
        Self::Far,
        Self::Reference,
        Self::Before,
        Self::After,
    ];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The role of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| u64::from(role.code()) == code)
    }

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Far => "far",
            Self::Reference => "reference",
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A photo as a case names it: the original's bytes by their hash, never the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Photo {
    /// BLAKE3 of the original bytes, which is also the blob's name.
    pub hash: Hash,
    /// What it shows.
    pub role: PhotoRole,
    /// Length of the original in bytes.
    pub size_bytes: u64,
}
