//! Fix one, the grid (定格): codes of cells and the profiles that take them apart.
//!
//! Cities differ (15 and 16 characters both exist), so a profile is data, not a type.

use thiserror::Error;

pub use crate::model::identifiers::GridCode;

/// How a city builds its codes: named segments, west to east and north to south in the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeProfile {
    segments: Vec<(String, usize)>,
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
}

impl CodeProfile {
    /// The profile of 15 characters: county 6, street 3, community 3, sequence 3.
    #[must_use]
    pub fn fifteen() -> Self {
        Self::of(&[
            ("county", 6),
            ("street", 3),
            ("community", 3),
            ("sequence", 3),
        ])
    }

    /// The profile of 16 characters, whose sequence has four.
    #[must_use]
    pub fn sixteen() -> Self {
        Self::of(&[
            ("county", 6),
            ("street", 3),
            ("community", 3),
            ("sequence", 4),
        ])
    }

    fn of(segments: &[(&str, usize)]) -> Self {
        Self {
            segments: segments
                .iter()
                .map(|(name, len)| ((*name).to_owned(), *len))
                .collect(),
        }
    }

    /// Takes a code apart: the segments' names with their digits, in order.
    ///
    /// # Errors
    /// [`CodeError`] when the length or a digit is wrong.
    pub fn parts<'a>(&self, code: &'a GridCode) -> Result<Vec<(&str, &'a str)>, CodeError> {
        let text = code.as_str();
        let expected = self.segments.iter().map(|(_, len)| len).sum();
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
        for (name, len) in &self.segments {
            // Codes are ASCII by construction, so a byte range is a character range.
            let part = &text[from..from + len];
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                let (code, segment) = (text.to_owned(), name.clone());
                return Err(CodeError::NotDigits { code, segment });
            }
            parts.push((name.as_str(), part));
            from += len;
        }
        Ok(parts)
    }
}

/// A set of grids named by the beginnings of their codes: `310101` covers the whole county,
/// a full code covers one cell. No beginnings at all cover every cell of the zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GridScope(pub Vec<GridCode>);

impl GridScope {
    /// True when the cell lies in the scope; a case without a cell only in an unlimited one.
    #[must_use]
    pub fn covers(&self, grid: Option<&GridCode>) -> bool {
        self.0.is_empty()
            || grid.is_some_and(|grid| {
                self.0
                    .iter()
                    .any(|scope| grid.as_str().starts_with(scope.as_str()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> GridCode {
        GridCode::parse(text).expect("a code of the test")
    }

    #[test]
    fn fifteen_digits_fall_into_four_parts() {
        let code = code("110101003002017");
        let profile = CodeProfile::fifteen();
        let parts = profile.parts(&code).expect("fits");
        let digits: Vec<_> = parts.iter().map(|(_, digits)| *digits).collect();
        assert_eq!(digits, ["110101", "003", "002", "017"]);
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
    fn letters_in_a_code_name_their_segment() {
        let code = code("1101010030020a7");
        let error = CodeProfile::fifteen().parts(&code).expect_err("not digits");
        assert!(error.to_string().contains("sequence"));
    }

    #[test]
    fn scope_covers_by_beginning_and_nothing_covers_a_case_without_a_cell() {
        let scope = GridScope(vec![code("310101")]);
        assert!(scope.covers(Some(&code("310101000116"))));
        assert!(!scope.covers(Some(&code("310104000116"))));
        assert!(!scope.covers(None));
        assert!(GridScope::default().covers(None));
    }
}
