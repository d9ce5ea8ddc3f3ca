//! CSV as cities and phones write it: columns found by name, fields parted by a comma, a
//! semicolon or a tab, a byte order mark or a `#` before the header.

use thiserror::Error;

/// Why a CSV is refused before any of its fields is read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// The file has no header line.
    #[error("the file is empty: a header line is needed")]
    Empty,
    /// The header or a row is not UTF-8 text.
    #[error("{}: not UTF-8 text; save the file as CSV UTF-8", Line(.row))]
    NotText {
        /// The row; nothing for the header.
        row: Option<u64>,
    },
    /// The header lacks a column.
    #[error("header: no column {0}")]
    MissingColumn(String),
    /// The header names a column twice.
    #[error("header: two columns `{0}`")]
    DuplicateColumn(String),
    /// The row has not the header's number of fields.
    #[error("row {row}: {found} fields where the header has {expected}")]
    FieldCount {
        /// The row.
        row: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
    },
}

struct Line<'a>(&'a Option<u64>);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(row) => write!(f, "row {row}"),
            None => f.write_str("header"),
        }
    }
}

/// The rows of a CSV, one at a time.
pub(crate) struct Table<'a> {
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    header: Vec<String>,
    row: u64,
}

impl<'a> Table<'a> {
    /// Reads the header of `bytes`; the first row after it has the number `first_row`.
    pub(crate) fn open(bytes: &'a [u8], first_row: u64) -> Result<Self, TableError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(delimiter(bytes))
            .from_reader(bytes);
        let names = reader
            .headers()
            .map_err(|_| TableError::NotText { row: None })?;
        let header: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let name = name.trim();
                let name = if at == 0 {
                    name.trim_start_matches('#').trim_start()
                } else {
                    name
                };
                name.to_lowercase()
            })
            .collect();
        if header.iter().all(String::is_empty) {
            return Err(TableError::Empty);
        }
        Ok(Self {
            reader,
            record: csv::StringRecord::new(),
            header,
            row: first_row.saturating_sub(1),
        })
    }

    /// The column of the first of `names` (lower case) that the header has.
    pub(crate) fn find(&self, names: &[&str]) -> Result<Option<usize>, TableError> {
        for wanted in names {
            let mut at = (0..self.header.len()).filter(|at| self.header[*at] == *wanted);
            match (at.next(), at.next()) {
                (_, Some(_)) => return Err(TableError::DuplicateColumn((*wanted).to_owned())),
                (Some(at), None) => return Ok(Some(at)),
                (None, None) => {}
            }
        }
        Ok(None)
    }

    /// As [`Table::find`], for a column that must be there.
    pub(crate) fn need(&self, names: &[&str]) -> Result<usize, TableError> {
        self.find(names)?.ok_or_else(|| {
            let mut said = format!("`{}`", names.first().unwrap_or(&""));
            if names.len() > 1 {
                said += &format!(" (or {})", names[1..].join(", "));
            }
            TableError::MissingColumn(said)
        })
    }

    /// Goes to the next row that is not blank and gives its number.
    pub(crate) fn advance(&mut self) -> Result<Option<u64>, TableError> {
        loop {
            self.row += 1;
            let row = self.row;
            match self.reader.read_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(_) => return Err(TableError::NotText { row: Some(row) }),
            }
            // Spreadsheets end in rows of nothing but separators.
            if self.record.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            let (expected, found) = (self.header.len(), self.record.len());
            if found != expected {
                return Err(TableError::FieldCount {
                    row,
                    expected,
                    found,
                });
            }
            return Ok(Some(row));
        }
    }

    /// The field of the present row, trimmed; empty for a column that is not there.
    pub(crate) fn field(&self, column: Option<usize>) -> &str {
        column
            .and_then(|at| self.record.get(at))
            .unwrap_or_default()
            .trim()
    }
}

/// What parts the fields of the first line that is not blank: whichever of the three it has
/// most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes
        .split(|b| matches!(b, b'\n' | b'\r'))
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in line {
        if *byte == b'"' {
            is_quoted = !is_quoted;
        }
        if let Some((_, count)) = counts.iter_mut().find(|(d, _)| d == byte && !is_quoted) {
            *count += 1;
        }
    }
    // The last of equals wins in `max_by_key`, and a comma is to win.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiter_is_told_from_the_header_line() {
        assert_eq!(delimiter(b"a,b\n1;2;3"), b',');
        assert_eq!(delimiter(b"\n a;b;\"c,d,e,f\"\n1,2"), b';');
        assert_eq!(delimiter(b"a\tb"), b'\t');
        assert_eq!(delimiter(b"a"), b',');
    }

    #[test]
    fn columns_are_found_by_any_of_their_names_in_any_case() {
        let table = Table::open("\u{feff}# Time;LAT;note\n".as_bytes(), 1).expect("a header");
        assert_eq!(table.find(&["timestamp", "time"]), Ok(Some(0)));
        assert_eq!(table.need(&["lat"]), Ok(1));
        assert_eq!(
            table.need(&["lon", "lng"]).map_err(|e| e.to_string()),
            Err("header: no column `lon` (or lng)".to_owned())
        );
        let twice = Table::open(b"lat,Lat\n", 1).expect("a header");
        assert!(twice.find(&["lat"]).is_err());
    }

    #[test]
    fn blank_rows_are_passed_over_and_counted_where_they_have_separators() {
        let mut table = Table::open(b"a,b\n1,2\n,\n3,4\n5\n", 2).expect("a header");
        assert_eq!(table.advance(), Ok(Some(2)));
        assert_eq!(table.advance(), Ok(Some(4)));
        assert_eq!(table.field(Some(1)), "4");
        assert_eq!(
            table.advance().map_err(|e| e.to_string()),
            Err("row 5: 1 fields where the header has 2".to_owned())
        );
    }

    #[test]
    fn what_is_no_text_and_what_is_nothing_is_refused() {
        assert_eq!(Table::open(b" \n", 1).err(), Some(TableError::Empty));
        assert_eq!(Table::open(b"", 1).err(), Some(TableError::Empty));
        let header = Table::open(b"l\xffat\n", 1).err().map(|e| e.to_string());
        assert!(header.is_some_and(|line| line.starts_with("header: not UTF-8")));
        let mut row = Table::open(b"lat\n\xff\n", 1).expect("a header");
        assert_eq!(row.advance(), Err(TableError::NotText { row: Some(1) }));
    }
}
