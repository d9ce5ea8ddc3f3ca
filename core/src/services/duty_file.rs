//! Reads a city's duty list (立案、处置和结案标准) from tables, whatever file they came in.
//!
//! A table is rows of text; CSV makes one here and XLSX one for each sheet at the hub, so
//! that both follow the same rules. Every row below a header is understood or named: what is
//! wrong with it is a [`DutyProblem`], and whether a list with problems serves is the
//! caller's decision. Nothing is guessed: a cell that is empty means "as above" only where
//! merged cells were flattened, and a code is completed only from its own row and from the
//! way in which the list writes its codes.
//!
//! Source: the lists of cities that follow GB/T 30428; docs/glossary.md has the words.

mod code;
mod header;
mod parents;
mod raw;
mod row;
mod split;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use thiserror::Error;

use crate::model::duty::DutyList;
use code::CodeScheme;
use header::Header;
use parents::Parents;
use raw::raw_rows;
use row::Rows;
use text::tidy;

/// How far down a sheet its header may stand, titles and notes above it.
const HEADER_ROWS: usize = 20;

/// One sheet as text, merged cells filled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The sheet's name, empty where the file has no sheets.
    pub sheet: String,
    /// Rows with their number in the file, which counts from 1; rows may be missing, and a
    /// row may be shorter than others.
    pub rows: Vec<(u64, Vec<String>)>,
}

/// What is wrong with one row, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyProblem {
    /// The sheet, empty where the file has no sheets.
    pub sheet: String,
    /// The row in the file, from 1.
    pub row: u64,
    /// The column by its English name, `row` for the row as a whole.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
    /// True when the row is in the list all the same; other problems leave it out.
    pub is_notice: bool,
}

impl fmt::Display for DutyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place(&self.sheet, self.row);
        write!(f, "{place}, {}: {}", self.field, self.why)
    }
}

/// A row by sheet and number.
struct Place<'a>(&'a str, u64);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() {
            write!(f, "sheet {}, ", self.0)?;
        }
        write!(f, "row {}", self.1)
    }
}

/// A list with what could not be read of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DutyReading {
    /// The rows that were understood, in the file's order.
    pub list: DutyList,
    /// What was not, in the file's order.
    pub problems: Vec<DutyProblem>,
    /// Rows that are remarks, headings or sums, and how shared codes are written.
    pub notes: Vec<DutyNote>,
    /// Columns whose names are not known, by sheet: they are not read.
    pub ignored_columns: Vec<(String, String)>,
}

/// A row that is no row of the list, and nothing wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyNote {
    /// The sheet, empty where the file has no sheets.
    pub sheet: String,
    /// The row in the file, from 1; 0 for a note on the list as a whole.
    pub row: u64,
    /// What stands there.
    pub text: String,
}

impl fmt::Display for DutyNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            0 => write!(f, "{}", self.text),
            row => write!(f, "{}: {}", Place(&self.sheet, row), self.text),
        }
    }
}

/// Why a file is no duty list. Rows count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DutyFileError {
    /// A column that must be there is not.
    #[error("{}: no column `{column}`", Place(.sheet, *.row))]
    MissingColumn {
        /// The sheet, empty where the file has no sheets.
        sheet: String,
        /// The row that looks most like a header.
        row: u64,
        /// The column.
        column: &'static str,
    },
    /// The file has a header and nothing below it.
    #[error("the list has no entries")]
    Empty,
    /// A row is wrong.
    #[error("{0}")]
    Row(DutyProblem),
}

/// Takes any wording for a limit: what is given to [`read_duty_tables`] by callers that do
/// not judge limits.
#[must_use]
pub fn any_limit(_limit: &str) -> Option<String> {
    None
}

/// Makes a table of CSV in UTF-8, with or without a byte order mark.
///
/// # Errors
/// [`DutyFileError::Row`] names the first row that is not UTF-8 CSV.
pub fn csv_table(bytes: &[u8]) -> Result<Table, DutyFileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(bytes);
    let mut rows = Vec::new();
    let mut row = 0;
    let mut record = csv::StringRecord::new();
    loop {
        // The reader passes over blank lines, which a spreadsheet counts.
        let start = usize::try_from(reader.position().byte()).unwrap_or(bytes.len());
        row += 1 + blank_lines(bytes, start);
        match reader.read_record(&mut record) {
            Ok(true) => rows.push((row, record.iter().map(str::to_owned).collect())),
            Ok(false) => break,
            Err(_) => {
                return Err(DutyFileError::Row(DutyProblem {
                    sheet: String::new(),
                    row,
                    field: "row",
                    why: "not UTF-8 CSV".to_owned(),
                    is_notice: false,
                }));
            }
        }
    }
    let sheet = String::new();
    Ok(Table { sheet, rows })
}

/// The blank lines that begin at `start`, which is where the reader left a record: at its
/// line break, behind it, or between its CR and LF.
fn blank_lines(bytes: &[u8], start: usize) -> u64 {
    let rest = bytes.get(start..).unwrap_or_default();
    let run = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    let mut before = start.checked_sub(1).and_then(|at| bytes.get(at)).copied();
    let mut count = 0;
    for &byte in run {
        count += u64::from(!(byte == b'\n' && before == Some(b'\r')));
        before = Some(byte);
    }
    count
}

/// Reads a duty list from its tables. Columns are found by name, Chinese or English; others
/// are ignored. A column that the list has not leaves its field empty and is no problem.
///
/// - `check_limit`: why a time limit's wording is not understood, nothing when it is; empty
///   limits are not asked about. [`any_limit`] takes all.
///
/// # Errors
/// [`DutyFileError::MissingColumn`] when no table has a header,
/// [`DutyFileError::Empty`] when nothing stands below one.
pub fn read_duty_tables(
    tables: &[Table],
    check_limit: impl Fn(&str) -> Option<String>,
) -> Result<DutyReading, DutyFileError> {
    let headers: Vec<Header> = tables.iter().map(Header::find).collect();
    if !headers.iter().any(|h| matches!(h, Header::Found { .. })) {
        return Err(missing_column(tables, &headers));
    }
    let mut rows = Vec::new();
    let mut reading = DutyReading::default();
    for (table, header) in tables.iter().zip(&headers) {
        match header {
            Header::Found { index, columns } => {
                rows.extend(raw_rows(table, *index, columns, &mut reading.notes));
                let ignored = columns.ignored.iter();
                reading
                    .ignored_columns
                    .extend(ignored.map(|name| (table.sheet.clone(), name.clone())));
            }
            Header::Missing { row, .. } => reading.problems.push(DutyProblem {
                sheet: table.sheet.clone(),
                row: *row,
                field: "row",
                why: "the sheet has no header with class and name: not read".to_owned(),
                is_notice: true,
            }),
            Header::Blank => {}
        }
    }
    if rows.is_empty() {
        return Err(DutyFileError::Empty);
    }
    let (rows, parents) = Parents::take(rows);
    let codes: Vec<_> = rows
        .iter()
        .map(|row| (row.major_code.as_str(), row.class.as_str()))
        .collect();
    let scheme = CodeScheme::of(&codes);
    let mut judged = Rows::new(scheme, check_limit, parents.widened(scheme), &rows);
    for row in &rows {
        judged.read(row);
    }
    if judged.shares_codes() {
        reading.notes.push(DutyNote {
            sheet: String::new(),
            row: 0,
            text: "components and events share codes: theirs are read as 10… and 20…".to_owned(),
        });
    }
    let (list, found) = judged.finish();
    reading.list = list;
    reading.problems.extend(found);
    Ok(reading)
}

/// Names the column that the likeliest header lacks.
fn missing_column(tables: &[Table], headers: &[Header]) -> DutyFileError {
    let likeliest = tables
        .iter()
        .zip(headers)
        .filter_map(|(table, header)| match header {
            Header::Missing { row, known, column } => Some((*known, table, *row, *column)),
            _ => None,
        })
        // The first of equals: what a person sees on opening the file.
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    match likeliest {
        Some((_, table, row, column)) => DutyFileError::MissingColumn {
            sheet: table.sheet.clone(),
            row,
            column,
        },
        None => DutyFileError::MissingColumn {
            sheet: String::new(),
            row: 1,
            column: header::CLASS_COLUMN,
        },
    }
}
