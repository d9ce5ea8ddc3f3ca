//! How a city builds the codes of its cells, and what a code says.
//!
//! Cities differ (15 digits and 16 characters both exist, and some count otherwise), so a
//! profile is data that an operator writes: segments with a name and a length, the last one
//! numbered west to east and north to south.

use std::fmt;

use thiserror::Error;

use super::GridCode;

/// The most segments of a profile.
const MAX_SEGMENTS: usize = 9;
/// The most characters of a code, as [`GridCode`] has it.
const MAX_CODE_LEN: usize = 40;
/// The most characters of a segment's name.
const MAX_NAME_LEN: usize = 24;

/// One stretch of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What it stands for: lower-case ASCII letters, digits and `_`.
    pub name: String,
    /// Its characters.
    pub len: usize,
    /// True when letters may stand in it beside digits.
    pub has_letters: bool,
}

/// How a city builds its codes: named segments in order. No segments at all are the opaque
/// profile, by which every code is one piece.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeProfile {
    segments: Vec<Segment>,
}

/// Why a code does not fit a profile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodeError {
    /// The code is shorter or longer than the segments together.
    #[error("grid code `{code}` has {found} characters, the profile wants {expected}")]
    Length {
        /// The code as it was given.
        code: String,
        /// The profile's length.
        expected: usize,
        /// The code's length.
        found: usize,
    },
    /// A segment holds something other than digits.
    #[error("grid code `{code}`: segment `{segment}` is not digits")]
    NotDigits {
        /// The code as it was given.
        code: String,
        /// The segment's name.
        segment: String,
    },
    /// A segment holds something other than letters and digits.
    #[error("grid code `{code}`: segment `{segment}` is not letters and digits")]
    NotAlphanumeric {
        /// The code as it was given.
        code: String,
        /// The segment's name.
        segment: String,
    },
}

/// Why a text is no profile; each says what would be one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// A segment is not `name:length`.
    #[error(
        "`{0}` is not a segment of a profile; right are 15, 16, opaque, \
         segments such as county:6,street:3,community:3,sequence:4, or 6+3+3+3"
    )]
    Segment(String),
    /// A name is not lower-case letters, digits and `_`.
    #[error(
        "segment name `{0}`: 1 to {MAX_NAME_LEN} lower-case letters, digits or `_`, beginning with a letter"
    )]
    Name(String),
    /// A name stands twice.
    #[error("segment `{0}` stands twice; each name once")]
    Twice(String),
    /// Too many segments, or too many characters.
    #[error(
        "{segments} segments of {len} characters together; at most {MAX_SEGMENTS} segments and {MAX_CODE_LEN} characters"
    )]
    TooLong {
        /// Segments of the text.
        segments: usize,
        /// Their characters together.
        len: usize,
    },
}

impl CodeProfile {
    /// The profile by which every code is one piece.
    #[must_use]
    pub fn opaque() -> Self {
        Self::default()
    }

    /// The profile of 15 characters: county 6, street 3, community 3, sequence 3.
    #[must_use]
    pub fn fifteen() -> Self {
        Self::standard(3)
    }

    /// The profile of 16 characters, whose sequence has four.
    #[must_use]
    pub fn sixteen() -> Self {
        Self::standard(4)
    }

    fn standard(sequence: usize) -> Self {
        let lens = [
            ("county", 6),
            ("street", 3),
            ("community", 3),
            ("sequence", sequence),
        ];
        let segments = lens.into_iter().map(|(name, len)| Segment {
            name: name.to_owned(),
            len,
            has_letters: false,
        });
        Self {
            segments: segments.collect(),
        }
    }

    /// Reads a profile: `opaque`, `15`, `16`, segments `name:length` with commas between, or
    /// bare lengths with `+` between, whose segments are called `part_1`, `part_2` … A length
    /// is of digits; with an `x` behind it (`sequence:4x`) letters may stand among them.
    ///
    /// # Errors
    /// [`ProfileError`] names the segment.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        match text.trim() {
            "opaque" => return Ok(Self::opaque()),
            "15" => return Ok(Self::fifteen()),
            "16" => return Ok(Self::sixteen()),
            _ => {}
        }
        // One bare number is a slip of 15 or 16 rather than a code of a single part.
        let has_names = text.contains(':');
        if !has_names && !text.contains('+') {
            return Err(ProfileError::Segment(short(text)));
        }
        let mut segments: Vec<Segment> = Vec::new();
        for (number, piece) in (1..).zip(text.split(if has_names { ',' } else { '+' })) {
            let wrong = || ProfileError::Segment(short(piece));
            let (name, len) = match has_names {
                true => piece.split_once(':').ok_or_else(wrong)?,
                false => ("", piece),
            };
            let name = match has_names {
                true => name.trim().to_owned(),
                false => format!("part_{number}"),
            };
            let (len, has_letters) = match len.trim().strip_suffix('x') {
                Some(len) => (len, true),
                None => (len.trim(), false),
            };
            let is_number = (1..=2).contains(&len.len()) && len.bytes().all(|b| b.is_ascii_digit());
            let len = match len.parse::<usize>() {
                Ok(len) if is_number && len > 0 => len,
                _ => return Err(wrong()),
            };
            let is_name = name.len() <= MAX_NAME_LEN
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !is_name {
                return Err(ProfileError::Name(short(&name)));
            }
            if segments.iter().any(|other| other.name == name) {
                return Err(ProfileError::Twice(name));
            }
            segments.push(Segment {
                name,
                len,
                has_letters,
            });
        }
        let len = segments.iter().map(|segment| segment.len).sum();
        if segments.len() > MAX_SEGMENTS || len > MAX_CODE_LEN {
            let segments = segments.len();
            return Err(ProfileError::TooLong { segments, len });
        }
        Ok(Self { segments })
    }

    /// True when every code is one piece.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.segments.is_empty()
    }

    /// The segments, in the order of the code; none for the opaque profile.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Takes a code apart: the segments' names with their characters, in order; nothing by
    /// the opaque profile.
    ///
    /// # Errors
    /// [`CodeError`] when the length or a character is wrong.
    pub fn parts<'a>(&self, code: &'a GridCode) -> Result<Vec<(&str, &'a str)>, CodeError> {
        if self.is_opaque() {
            return Ok(Vec::new());
        }
        let text = code.as_str();
        let expected = self.segments.iter().map(|segment| segment.len).sum();
        if text.len() != expected {
            let (code, found) = (text.to_owned(), text.len());
            return Err(CodeError::Length {
                code,
                expected,
                found,
            });
        }
        let mut from = 0;
        let mut parts = Vec::with_capacity(self.segments.len());
        for segment in &self.segments {
            // Codes are ASCII by construction, so a byte range is a character range.
            let part = &text[from..from + segment.len];
            let (code, name) = (|| text.to_owned(), || segment.name.clone());
            if segment.has_letters && !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                let (code, segment) = (code(), name());
                return Err(CodeError::NotAlphanumeric { code, segment });
            }
            if !segment.has_letters && !part.bytes().all(|b| b.is_ascii_digit()) {
                let (code, segment) = (code(), name());
                return Err(CodeError::NotDigits { code, segment });
            }
            parts.push((segment.name.as_str(), part));
            from += segment.len;
        }
        Ok(parts)
    }
}

/// As much of a wrong text as a line of an error has room for.
fn short(text: &str) -> String {
    text.chars().take(MAX_CODE_LEN).collect()
}

/// Writes what [`CodeProfile::parse`] reads, the short name where there is one.
impl fmt::Display for CodeProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_opaque() {
            return f.write_str("opaque");
        }
        if *self == Self::fifteen() {
            return f.write_str("15");
        }
        if *self == Self::sixteen() {
            return f.write_str("16");
        }
        for (at, segment) in self.segments.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let letters = if segment.has_letters { "x" } else { "" };
            write!(f, "{comma}{}:{}{letters}", segment.name, segment.len)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> GridCode {
        GridCode::parse(text).expect("a code of the test")
    }

    fn digits(profile: &str, text: &str) -> Vec<String> {
        let profile = CodeProfile::parse(profile).expect("a profile of the test");
        let code = code(text);
        let parts = profile.parts(&code).expect("fits");
        parts.iter().map(|(_, part)| (*part).to_owned()).collect()
    }

    #[test]
    fn fifteen_digits_fall_into_four_parts() {
        assert_eq!(
            digits("15", "110101003002017"),
            ["110101", "003", "002", "017"]
        );
        assert_eq!(
            digits("16", "1101010030020017"),
            ["110101", "003", "002", "0017"]
        );
    }

    #[test]
    fn fourteen_digits_are_refused_by_the_fifteen_digit_profile() {
        let code = code("11010100300201");
        assert!(matches!(
            CodeProfile::fifteen().parts(&code),
            Err(CodeError::Length {
                expected: 15,
                found: 14,
                ..
            })
        ));
    }

    #[test]
    fn letters_in_a_code_name_their_segment_unless_it_may_have_them() {
        let code = code("1101010030020a7");
        let error = CodeProfile::fifteen().parts(&code).expect_err("not digits");
        assert!(error.to_string().contains("sequence"));
        let parts = digits("6+3+3+3x", "1101010030020a7");
        assert_eq!(parts[3], "0a7");
        let dashed = GridCode::parse("110101003002-17").expect("a code");
        let profile = CodeProfile::parse("6+3+3+3x").expect("a profile");
        assert!(matches!(
            profile.parts(&dashed),
            Err(CodeError::NotAlphanumeric { .. })
        ));
    }

    #[test]
    fn profile_of_own_segments_names_them_and_is_written_as_it_is_read() {
        for (text, written) in [
            ("opaque", "opaque"),
            ("15", "15"),
            ("county:6,street:3,community:3,sequence:4", "16"),
            ("town:4, cell:2x", "town:4,cell:2x"),
            ("6+3", "part_1:6,part_2:3"),
        ] {
            let profile = CodeProfile::parse(text).expect("a profile of the test");
            assert_eq!(profile.to_string(), written);
            assert_eq!(CodeProfile::parse(written), Ok(profile));
        }
        let town = CodeProfile::parse("town:4,cell:2x").expect("a profile");
        let code = code("3101a7");
        assert_eq!(
            town.parts(&code),
            Ok(vec![("town", "3101"), ("cell", "a7")])
        );
        assert_eq!(CodeProfile::opaque().parts(&code), Ok(vec![]));
    }

    #[test]
    fn profile_that_is_none_is_refused_with_what_would_be_right() {
        for (text, why) in [
            ("", "county:6,street:3"),
            ("17digits", "opaque"),
            ("17", "right are 15, 16"),
            ("county:6,street", "`street`"),
            ("county:0", "`county:0`"),
            ("county:-6", "`county:-6`"),
            ("6++3", "segment"),
            ("County:6", "lower-case"),
            (":6", "lower-case"),
            ("a:6,a:3", "twice"),
            ("a:41", "at most 9 segments and 40 characters"),
            ("1+1+1+1+1+1+1+1+1+1", "at most 9 segments"),
        ] {
            let error = CodeProfile::parse(text).expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
