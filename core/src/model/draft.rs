//! The draft: a report that is still being made, kept field by field.
//!
//! It belongs to one device and is in no log: nothing of it is signed, sent or shown to
//! others before it is reported. It may be incomplete in any way.

pub use crate::model::identifiers::{DraftId, SlotId};

use crate::model::case::ClassCode;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;

/// A field of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DraftField {
    /// The small class.
    Class,
    /// The reporter's words.
    Note,
    /// Where it is.
    Place,
    /// When it was seen.
    SeenAt,
}

impl DraftField {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::Class, Self::Note, Self::Place, Self::SeenAt];

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Note => "note",
            Self::Place => "place",
            Self::SeenAt => "seen_at",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == text)
    }
}

/// What a field of a draft is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum DraftValue {
    /// The small class. Whether the duty list has it is asked when the draft is reported.
    Class(ClassCode),
    /// The reporter's words.
    Note(String),
    /// Where it is.
    Place(SeenPlace),
    /// When it was seen.
    SeenAt(UtcMs),
}

impl DraftValue {
    /// The field that it belongs to.
    #[must_use]
    pub fn field(&self) -> DraftField {
        match self {
            Self::Class(_) => DraftField::Class,
            Self::Note(_) => DraftField::Note,
            Self::Place(_) => DraftField::Place,
            Self::SeenAt(_) => DraftField::SeenAt,
        }
    }
}

/// Where somebody stood, as the platform told it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeenPlace {
    /// The position, WGS 84.
    pub at: LatLon,
    /// Radius of 68 %, in metres.
    pub accuracy_m: Option<f64>,
    /// True when the platform says that a mock provider made it.
    pub is_mock: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_reads_back_from_its_key() {
        for field in DraftField::ALL {
            assert_eq!(DraftField::parse(field.as_str()), Some(field));
        }
        assert_eq!(
            DraftField::parse("grid"),
            None,
            "a cell follows from the place"
        );
    }
}
