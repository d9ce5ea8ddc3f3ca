//! Who owns what stands where (权属): class × grid × owner → department, the table by which
//! cases are dispatched.
//!
//! A rule names a class, the beginning of classes, or none; the beginning of cells' codes, or
//! none; an owner, or none: what it does not name is any. No two rules may ask the same, so
//! that the most specific one is always one. The table is all or nothing.
//!
//! Source: DOMAIN, fix three; docs/formats/ownership.md.

use std::collections::HashMap;
use std::fmt;

use thiserror::Error;

use crate::geo::excerpt::excerpt;
use crate::geo::table::TableError;
use crate::model::grid::GridCode;
use crate::model::identifiers::{ClassCode, DepartmentId, IdentifierError};

mod file;

pub use file::{DispatchRow, read_dispatch_rows, read_ownership};

/// Files and packs above this size are refused: a hundred thousand rules have about a fifth
/// of it.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;
/// The most characters of an owner.
pub const MAX_OWNER_CHARS: usize = 64;
/// The most characters of a reason.
pub const MAX_REASON_CHARS: usize = 200;

/// Which classes a rule is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassPattern {
    /// All of them, and a case without a class.
    Any,
    /// Those whose code begins so.
    Prefix(ClassCode),
    /// This one.
    Exact(ClassCode),
}

impl fmt::Display for ClassPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Prefix(code) => write!(f, "{code}*"),
            Self::Exact(code) => write!(f, "{code}"),
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipRule {
    /// The row of the file that it came from, the header being row 1.
    pub row: u64,
    /// Which classes.
    pub class: ClassPattern,
    /// The beginning of the cells' codes, empty for all.
    pub grid: String,
    /// Whose property (权属), empty for anybody's.
    pub owner: String,
    /// Who is to repair it.
    pub department: DepartmentId,
    /// Why, in the city's words; empty where it says nothing.
    pub reason: String,
}

impl OwnershipRule {
    /// What the rule asks; no two rules ask the same.
    pub(in crate::rules) fn key(&self) -> (&str, &str, &ClassPattern) {
        (&self.owner, &self.grid, &self.class)
    }
}

/// A table of rules in the order of its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ownership {
    rules: Vec<OwnershipRule>,
}

/// Why a table is refused. Rows count as a spreadsheet shows them, the header being row 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OwnershipError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file is not a CSV with the columns that are needed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file has a header and nothing below it.
    #[error("the table has no rules")]
    Empty,
    /// The bytes are not a pack of a table.
    #[error("not a pack of ownership: {0}")]
    NotAPack(String),
    /// A row is wrong.
    #[error("row {row}, {field}: {problem}")]
    Row {
        /// The row.
        row: u64,
        /// The column.
        field: &'static str,
        /// What is wrong with it.
        problem: OwnershipProblem,
    },
    /// Two rules ask the same, so that neither is the more specific.
    #[error(
        "row {row}: asks the same class, grid and owner as row {first} ({asked}); one of them should go"
    )]
    Equal {
        /// The later row.
        row: u64,
        /// The earlier row.
        first: u64,
        /// What both ask.
        asked: String,
    },
}

/// What is wrong with a field of a table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OwnershipProblem {
    /// It is no identifier of its kind.
    #[error("{error}: `{text}`")]
    Identifier {
        /// Why.
        error: IdentifierError,
        /// What stands there.
        text: String,
    },
    /// A star that is not the last character.
    #[error("`{0}`: a `*` stands only at the end, as in 0101*")]
    Star(String),
    /// No department.
    #[error("empty; the department that repairs it should stand there")]
    NoDepartment,
    /// It is too long, or holds control characters.
    #[error("`{text}` should be a text of at most {most} characters")]
    Text {
        /// What stands there.
        text: String,
        /// The most characters.
        most: usize,
    },
}

pub(super) type Fault = (&'static str, OwnershipProblem);

impl Ownership {
    /// Checks that no two rules ask the same.
    ///
    /// # Errors
    /// [`OwnershipError::Equal`], [`OwnershipError::Empty`].
    pub fn try_new(rules: Vec<OwnershipRule>) -> Result<Self, OwnershipError> {
        if rules.is_empty() {
            return Err(OwnershipError::Empty);
        }
        let mut first_of = HashMap::with_capacity(rules.len());
        for rule in &rules {
            if let Some(first) = first_of.insert(rule.key(), rule.row) {
                let named = |name: &str, value: &str| match value {
                    "" => format!("any {name}"),
                    value => format!("{name} {}", excerpt(value)),
                };
                return Err(OwnershipError::Equal {
                    row: rule.row,
                    first,
                    asked: [
                        named("class", &rule.class.to_string()),
                        named("grid", &rule.grid),
                        named("owner", &rule.owner),
                    ]
                    .join(", "),
                });
            }
        }
        Ok(Self { rules })
    }

    /// The rules in the order of their file.
    #[must_use]
    pub fn rules(&self) -> &[OwnershipRule] {
        &self.rules
    }
}

impl OwnershipRule {
    /// Reads a rule's fields, trimmed already.
    pub(super) fn parse(row: u64, fields: RuleFields<'_>) -> Result<Self, OwnershipError> {
        let RuleFields {
            class,
            grid,
            owner,
            department,
            reason,
        } = fields;
        let wrong = |(field, problem)| OwnershipError::Row {
            row,
            field,
            problem,
        };
        let (class, is_prefix) = starred("class", class).map_err(wrong)?;
        let class = match (class, is_prefix) {
            ("", _) => ClassPattern::Any,
            (code, true) => ClassPattern::Prefix(identifier("class", code).map_err(wrong)?),
            (code, false) => ClassPattern::Exact(identifier("class", code).map_err(wrong)?),
        };
        let (grid, _) = starred("grid", grid).map_err(wrong)?;
        if !grid.is_empty() {
            identifier::<GridCode>("grid", grid).map_err(wrong)?;
        }
        if department.is_empty() {
            return Err(wrong(("department", OwnershipProblem::NoDepartment)));
        }
        Ok(Self {
            row,
            class,
            grid: grid.to_owned(),
            owner: text("owner", owner, MAX_OWNER_CHARS).map_err(wrong)?,
            department: identifier("department", department).map_err(wrong)?,
            reason: text("reason", reason, MAX_REASON_CHARS).map_err(wrong)?,
        })
    }
}

/// The fields of a rule as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuleFields<'a> {
    pub(super) class: &'a str,
    pub(super) grid: &'a str,
    pub(super) owner: &'a str,
    pub(super) department: &'a str,
    pub(super) reason: &'a str,
}

/// The text without the star at its end, and whether there was one.
fn starred<'a>(field: &'static str, given: &'a str) -> Result<(&'a str, bool), Fault> {
    let (bare, is_prefix) = match given.strip_suffix(['*', '＊']) {
        Some(bare) => (bare, true),
        None => (given, false),
    };
    match bare.contains(['*', '＊']) {
        true => Err((field, OwnershipProblem::Star(excerpt(given)))),
        false => Ok((bare, is_prefix)),
    }
}

fn identifier<T: std::str::FromStr<Err = IdentifierError>>(
    field: &'static str,
    text: &str,
) -> Result<T, Fault> {
    text.parse().map_err(|error| {
        let text = excerpt(text);
        (field, OwnershipProblem::Identifier { error, text })
    })
}

fn text(field: &'static str, given: &str, most: usize) -> Result<String, Fault> {
    if given.chars().count() > most || given.contains(|c: char| c.is_control()) {
        let text = excerpt(given);
        return Err((field, OwnershipProblem::Text { text, most }));
    }
    Ok(given.to_owned())
}

#[cfg(test)]
mod tests;
