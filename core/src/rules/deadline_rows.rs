//! The CSV of deadlines that are asked for: columns `start` and `limit`, in any order and
//! among others, which are ignored.

use std::fmt;

use thiserror::Error;

use super::limit::{Limit, LimitError};
use crate::model::time::UtcMs;

/// One row: when something begins and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineRow {
    /// Where it stands.
    pub place: RowPlace,
    /// The instant of `start`.
    pub start: UtcMs,
    /// The wording of `limit`, read.
    pub limit: Limit,
}

/// Where a row stands: its number, the first after the header being 1, and the file's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPlace {
    /// Row number from 1; the header is 0.
    pub row: u64,
    /// Line number from 1.
    pub line: u64,
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} (line {})", self.row, self.line)
    }
}

/// What is wrong with a file of deadlines.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeadlineFileError {
    /// The file has no header line.
    #[error("the file is empty: a header with start and limit is needed")]
    Empty,
    /// The header lacks `start` or `limit`.
    #[error("header: no column `{0}`")]
    MissingColumn(&'static str),
    /// The header names `start` or `limit` twice.
    #[error("header: two columns `{0}`")]
    DuplicateColumn(&'static str),
    /// The row has not the header's number of fields.
    #[error("{place}: {found} fields where the header has {expected}")]
    FieldCount {
        /// Where.
        place: RowPlace,
        /// Fields in the header.
        expected: u64,
        /// Fields in the row.
        found: u64,
    },
    /// The row is not UTF-8 text.
    #[error("{place}: not UTF-8 text")]
    NotText {
        /// Where.
        place: RowPlace,
    },
    /// The start is no instant.
    #[error("{place}, start: {error}")]
    Start {
        /// Where.
        place: RowPlace,
        /// What is wrong with it.
        error: StartError,
    },
    /// The limit is not understood.
    #[error("{place}, limit: {error}")]
    Limit {
        /// Where.
        place: RowPlace,
        /// What is wrong with it.
        error: LimitError,
    },
}

/// A start that is no instant from 1970 to 9999, or does not say in which zone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no time with an offset; one looks like 2025-09-30T17:00:00+08:00")]
pub struct StartError {
    /// What stands there, cut after 40 characters.
    pub text: String,
}

/// Reads a start: RFC 3339 with an offset, which is never guessed.
///
/// # Errors
/// [`StartError`].
pub fn parse_start(text: &str) -> Result<UtcMs, StartError> {
    let text = text.trim();
    UtcMs::parse_rfc3339(text).ok_or_else(|| StartError {
        text: text.chars().take(40).collect(),
    })
}

/// Reads all rows of `bytes` (UTF-8 CSV with a header; a byte order mark is skipped).
///
/// # Errors
/// [`DeadlineFileError`] for the first row that is wrong, with its field.
pub fn read_deadline_rows(bytes: &[u8]) -> Result<Vec<DeadlineRow>, DeadlineFileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader
        .headers()
        .map_err(|error| row_error(&error, RowPlace { row: 0, line: 1 }))?;
    if header.is_empty() {
        return Err(DeadlineFileError::Empty);
    }
    let (start, limit) = (column(header, "start")?, column(header, "limit")?);
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    for row in 1.. {
        let place = place_at(bytes, row, reader.position());
        let is_row = reader
            .read_record(&mut record)
            .map_err(|error| row_error(&error, place))?;
        if !is_row {
            break;
        }
        rows.push(DeadlineRow {
            place,
            start: parse_start(&record[start])
                .map_err(|error| DeadlineFileError::Start { place, error })?,
            limit: Limit::parse(&record[limit])
                .map_err(|error| DeadlineFileError::Limit { place, error })?,
        });
    }
    Ok(rows)
}

/// The place of the row that comes next: a reader stands before the rest of a line's end and
/// the blank lines that it will skip.
fn place_at(bytes: &[u8], row: u64, position: &csv::Position) -> RowPlace {
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = bytes.get(from..).unwrap_or_default();
    let skipped = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    let lines = skipped.filter(|b| **b == b'\n').count() as u64;
    RowPlace {
        row,
        line: position.line() + lines,
    }
}

fn column(header: &csv::StringRecord, name: &'static str) -> Result<usize, DeadlineFileError> {
    let mut found = (0..).zip(header).filter(|(_, h)| h.trim() == name);
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (None, _) => Err(DeadlineFileError::MissingColumn(name)),
        (Some(_), Some(_)) => Err(DeadlineFileError::DuplicateColumn(name)),
    }
}

fn row_error(error: &csv::Error, place: RowPlace) -> DeadlineFileError {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => DeadlineFileError::FieldCount {
            place,
            expected: *expected_len,
            found: *len,
        },
        // A slice of bytes has no I/O errors, and no row is deserialised or sought.
        _ => DeadlineFileError::NotText { place },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        read_deadline_rows(bytes)
            .expect_err("the file is wrong")
            .to_string()
    }

    #[test]
    fn read_finds_columns_by_name_and_knows_rows_and_lines() {
        let text = "\u{feff}limit,note,start\r\n4小时,\"a\nb\", 2025-09-30T17:00:00+08:00\r\n\r\n\
                    2天,,2025-10-10T08:00:00Z";
        let rows = read_deadline_rows(text.as_bytes()).expect("two rows");
        let places: Vec<_> = rows.iter().map(|row| row.place.to_string()).collect();
        assert_eq!(places, ["row 1 (line 2)", "row 2 (line 5)"]);
        assert_eq!(rows[0].limit.wording(), "4小时");
        assert_eq!(rows[0].start.to_rfc3339(), "2025-09-30T09:00:00.000Z");
        assert_eq!(read_deadline_rows(b"start,limit\n"), Ok(vec![]));
    }

    #[test]
    fn read_names_the_row_and_the_field_of_what_is_wrong() {
        let good = "2025-09-30T17:00:00+08:00,4小时\n";
        let row = |row: &str| format!("start,limit\n{good}{row}").into_bytes();
        assert!(said(b"").contains("header with start and limit"));
        assert_eq!(said(b"start\n"), "header: no column `limit`");
        assert_eq!(said(b"start,limit,start\n"), "header: two columns `start`");
        assert_eq!(
            said(&row("x\n")),
            "row 2 (line 3): 1 fields where the header has 2"
        );
        for start in [
            "2025-09-30T17:00:00",
            "1969-12-31T00:00:00Z",
            "",
            "2025-02-30T00:00:00Z",
        ] {
            let told = said(&row(&format!("{start},4小时\n")));
            assert!(told.starts_with("row 2 (line 3), start: "), "{told}");
            assert!(told.contains(start) && told.contains("offset"), "{told}");
        }
        for limit in ["3个半小时", "0天", ""] {
            let told = said(&row(&format!("2025-09-30T17:00:00Z,{limit}\n")));
            assert!(told.starts_with("row 2 (line 3), limit: "), "{told}");
            assert!(told.contains(limit), "{told}");
        }
        assert_eq!(
            said(b"start,limit\n\xff,1\n"),
            "row 1 (line 2): not UTF-8 text"
        );
        assert_eq!(said(b"st\xffart,limit\n"), "row 0 (line 1): not UTF-8 text");
    }
}
