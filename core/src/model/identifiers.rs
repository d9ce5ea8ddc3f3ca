//! Names of things: each is a type of its own, so that a case cannot be looked up by a
//! person's name, and each is checked where it enters.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// Why a text or some bytes are not the identifier that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentifierError {
    /// The text is empty or longer than the identifier may be.
    #[error("{what} must have 1 to {max} characters, found {found}")]
    Length {
        /// What was being read.
        what: &'static str,
        /// The most characters it may have.
        max: usize,
        /// How many it had.
        found: usize,
    },
    /// The text holds a character that the identifier may not have.
    #[error("{what} has a character that it may not have at position {at}")]
    Character {
        /// What was being read.
        what: &'static str,
        /// The position of the character, from 1.
        at: usize,
    },
    /// The text is not hexadecimal of the right length, or not a UUID.
    #[error("{what} is not in the form of one")]
    Form {
        /// What was being read.
        what: &'static str,
    },
}

/// A BLAKE3 hash of 32 bytes: of a commit, a photo, a certificate or a pack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", &hex::encode(self.0)[..12])
    }
}

impl FromStr for Hash {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| IdentifierError::Form { what: "hash" })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = IdentifierError;

    fn try_from(bytes: &[u8]) -> Result<Self, IdentifierError> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| IdentifierError::Form { what: "hash" })
    }
}

/// A case, named by the device that reported it, at once and offline. It is not the
/// official number, which the hub gives at filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId(pub Uuid);

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CaseId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| IdentifierError::Form { what: "case id" })
    }
}

/// A patrol, named by the device that walks it, at once and offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatrolId(pub Uuid);

impl fmt::Display for PatrolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PatrolId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| IdentifierError::Form { what: "patrol id" })
    }
}

/// A draft, named by the device that makes it. The case that it becomes has the same name,
/// so that a report that was repeated is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DraftId(pub Uuid);

impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DraftId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| IdentifierError::Form { what: "draft id" })
    }
}

/// The place of one photo in a draft, from the moment the camera opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub Uuid);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SlotId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| IdentifierError::Form { what: "slot id" })
    }
}

/// How a device signs, fixed when it enrols and written in every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// BLAKE3 hashes, Ed25519 signatures verified strictly; keys of 32 bytes.
    Ed25519 = 1,
}

impl Suite {
    /// The suite of a code, or nothing for one that this version cannot verify.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        (code == 1).then_some(Self::Ed25519)
    }

    /// The byte that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// The public key of a device (or of a hub): who signed, before anybody knows the person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceKey {
    /// How signatures of this key are verified.
    pub suite: Suite,
    /// The key itself: 32 bytes for Ed25519.
    pub bytes: [u8; 32],
}

impl DeviceKey {
    /// An Ed25519 key.
    #[must_use]
    pub fn ed25519(bytes: [u8; 32]) -> Self {
        Self {
            suite: Suite::Ed25519,
            bytes,
        }
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.bytes))
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", &hex::encode(self.bytes)[..12])
    }
}

impl FromStr for DeviceKey {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| IdentifierError::Form { what: "device key" })?;
        Ok(Self::ed25519(bytes))
    }
}

/// Defines a checked text identifier: its longest form and the characters that it may have.
macro_rules! text_identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks length and characters.
            ///
            /// # Errors
            /// [`IdentifierError`] names what is wrong and where.
            pub fn parse(text: &str) -> Result<Self, IdentifierError> {
                check_text($what, text, $max, $allowed).map(|()| Self(text.to_owned()))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                Self::parse(text)
            }
        }
    };
}

fn check_text(
    what: &'static str,
    text: &str,
    max: usize,
    allowed: fn(char) -> bool,
) -> Result<(), IdentifierError> {
    let found = text.chars().count();
    if found == 0 || found > max {
        return Err(IdentifierError::Length { what, max, found });
    }
    match text.chars().position(|c| !allowed(c)) {
        Some(at) => Err(IdentifierError::Character { what, at: at + 1 }),
        None => Ok(()),
    }
}

fn is_plain(c: char) -> bool {
    !c.is_control() && !c.is_whitespace()
}

text_identifier!(
    /// A person as the city's roster names them: a personnel number, never a name.
    PersonId, "person", 64, is_plain
);
text_identifier!(
    /// A department (处置部门) as the duty list and the dispatch name it.
    DepartmentId, "department", 64, |c| !c.is_control()
);
text_identifier!(
    /// A small class (小类) of the duty list, as text: cities write codes with leading zeros.
    ClassCode, "class", 32, is_plain
);
text_identifier!(
    /// A planned route as the city's file of routes and its roster name it.
    RouteCode, "route code", 64, |c| !c.is_control()
);
text_identifier!(
    /// A cell of the unit grid, or `h3:` and an H3 index where a city has no grid. The text
    /// is opaque here; a [`crate::model::grid::CodeProfile`] takes it apart.
    GridCode, "grid code", 40, |c| c.is_ascii_graphic()
);

text_identifier!(
    /// A facility as the city's list names it, or an object of OpenStreetMap: `node/1234`.
    FacilityId, "facility id", 64, |c| !c.is_control()
);
text_identifier!(
    /// What a facility is, as a stable key of the city's data: `toilet`, `street_lamp`.
    FacilityKind, "kind", 64, is_plain
);

text_identifier!(
    /// Why something was decided, as the city's stable key: `forged_photo`, `closed_road`.
    ReasonKey, "reason", 32, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
);
text_identifier!(
    /// A grade as it was published: what a policy called it then.
    GradeKey, "grade", 16, is_plain
);

/// The unit of sequence, subscription and sharding: a district, by its county code of six
/// digits, or the empty zone of a device that has not enrolled yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Zone(String);

impl Zone {
    /// The zone of commits that were signed before any enrolment; the hub re-zones them.
    #[must_use]
    pub fn unassigned() -> Self {
        Self(String::new())
    }

    /// Reads a zone: empty, or 1 to 16 ASCII letters and digits.
    ///
    /// # Errors
    /// [`IdentifierError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if !text.is_empty() {
            check_text("zone", text, 16, |c| c.is_ascii_alphanumeric())?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, empty for the unassigned zone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True before enrolment has named an intake zone.
    #[must_use]
    pub fn is_unassigned(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_reads_back_what_it_prints() {
        let hash = Hash([0xa5; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("a5".parse::<Hash>().is_err());
    }

    #[test]
    fn text_identifiers_refuse_what_is_just_outside() {
        assert!(PersonId::parse("").is_err());
        assert!(PersonId::parse("张 三").is_err());
        assert!(PersonId::parse(&"1".repeat(64)).is_ok());
        assert!(PersonId::parse(&"1".repeat(65)).is_err());
        assert!(DepartmentId::parse("市政 园林局").is_ok());
        assert!(DepartmentId::parse("a\nb").is_err());
        assert!(RouteCode::parse("延安路 早班").is_ok());
        assert!(RouteCode::parse("R\t1").is_err());
        assert!(RouteCode::parse(&"路".repeat(65)).is_err());
        assert_eq!(
            GridCode::parse("110101 03"),
            Err(IdentifierError::Character {
                what: "grid code",
                at: 7
            })
        );
    }

    #[test]
    fn zone_accepts_the_empty_one_and_county_codes() {
        assert!(Zone::parse("").is_ok_and(|zone| zone.is_unassigned()));
        assert!(Zone::parse("310101").is_ok());
        assert!(Zone::parse("31-01").is_err());
    }
}
