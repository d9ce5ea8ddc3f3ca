//! The CSV of points that are to be located.
//!
//! The header names the columns `id`, `lat` and `lon`, in any order and among others, which
//! are ignored. Without an `id` column the row's number serves. Degrees are those of
//! whatever datum the caller says: only their range is checked here.

use std::borrow::Cow;
use thiserror::Error;

/// One row: what to locate, and the name under which to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PointRow {
    /// The row's `id` as it stands, or its number, the first row after the header being 1.
    pub id: String,
    /// Latitude in -90..=90 degrees.
    pub lat_deg: f64,
    /// Longitude in -180..=180 degrees.
    pub lon_deg: f64,
}

/// What is wrong with a file of points. Rows count from 1 after the header.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PointsFileError {
    /// The file has no header line.
    #[error("the file of points is empty: a header with lat and lon is needed")]
    Empty,
    /// The header lacks `lat` or `lon`.
    #[error("header: no column `{0}`")]
    MissingColumn(&'static str),
    /// The header names a column that is needed twice.
    #[error("header: two columns `{0}`")]
    DuplicateColumn(&'static str),
    /// The row has not the header's number of fields.
    #[error("row {row}: {found} fields where the header has {expected}")]
    FieldCount {
        /// Row number from 1.
        row: u64,
        /// Fields in the header.
        expected: u64,
        /// Fields in the row.
        found: u64,
    },
    /// The row is not UTF-8 text. The header is row 0.
    #[error("row {row}: not UTF-8 text")]
    NotText {
        /// Row number from 1.
        row: u64,
    },
    /// The field is not a number.
    #[error("row {row}, {field}: `{text}` is not a number")]
    NotANumber {
        /// Row number from 1.
        row: u64,
        /// `lat` or `lon`.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// The number is not finite, or no degree of latitude or longitude.
    #[error("row {row}, {field}: {text} is outside -{limit_deg}..{limit_deg}")]
    OutOfRange {
        /// Row number from 1.
        row: u64,
        /// `lat` or `lon`.
        field: &'static str,
        /// What stands there.
        text: String,
        /// The largest degree allowed.
        limit_deg: u8,
    },
}

/// The rows of a file, one at a time; it ends after the first error.
#[derive(Debug)]
pub struct PointRows<'a> {
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    columns: Columns,
    row: u64,
    is_done: bool,
}

#[derive(Debug)]
struct Columns {
    id: Option<usize>,
    lat: usize,
    lon: usize,
}

/// Reads the header of `bytes` (UTF-8 CSV; a byte order mark is skipped) and returns its rows.
///
/// # Errors
/// [`PointsFileError`] for a header that is absent, not text, or without what is needed.
pub fn read_points(bytes: &[u8]) -> Result<PointRows<'_>, PointsFileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(|error| row_error(&error, 0))?;
    if header.is_empty() {
        return Err(PointsFileError::Empty);
    }
    let columns = Columns {
        id: column(header, "id")?,
        lat: column(header, "lat")?.ok_or(PointsFileError::MissingColumn("lat"))?,
        lon: column(header, "lon")?.ok_or(PointsFileError::MissingColumn("lon"))?,
    };
    Ok(PointRows {
        reader,
        record: csv::StringRecord::new(),
        columns,
        row: 0,
        is_done: false,
    })
}

fn column(
    header: &csv::StringRecord,
    name: &'static str,
) -> Result<Option<usize>, PointsFileError> {
    let mut found = header
        .iter()
        .enumerate()
        .filter(|(_, h)| h.trim() == name)
        .map(|(i, _)| i);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(PointsFileError::DuplicateColumn(name)),
        (first, None) => Ok(first),
    }
}

fn row_error(error: &csv::Error, row: u64) -> PointsFileError {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => PointsFileError::FieldCount {
            row,
            expected: *expected_len,
            found: *len,
        },
        // A slice of bytes has no I/O errors, and no row is deserialised or sought.
        _ => PointsFileError::NotText { row },
    }
}

impl Iterator for PointRows<'_> {
    type Item = Result<PointRow, PointsFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        self.row += 1;
        let answer = match self.reader.read_record(&mut self.record) {
            Ok(true) => self.point(),
            Ok(false) => {
                self.is_done = true;
                return None;
            }
            Err(error) => Err(row_error(&error, self.row)),
        };
        self.is_done = answer.is_err();
        Some(answer)
    }
}

impl PointRows<'_> {
    fn point(&self) -> Result<PointRow, PointsFileError> {
        let id = match self.columns.id {
            Some(i) => Cow::Borrowed(&self.record[i]),
            None => Cow::Owned(self.row.to_string()),
        };
        Ok(PointRow {
            id: id.into_owned(),
            lat_deg: self.degrees("lat", self.columns.lat, 90)?,
            lon_deg: self.degrees("lon", self.columns.lon, 180)?,
        })
    }

    fn degrees(
        &self,
        field: &'static str,
        column: usize,
        limit_deg: u8,
    ) -> Result<f64, PointsFileError> {
        let (row, text) = (self.row, self.record[column].trim());
        let value: f64 = text.parse().map_err(|_| PointsFileError::NotANumber {
            row,
            field,
            text: text.to_owned(),
        })?;
        if value.abs() <= f64::from(limit_deg) {
            Ok(value)
        } else {
            Err(PointsFileError::OutOfRange {
                row,
                field,
                text: text.to_owned(),
                limit_deg,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<PointRow>, PointsFileError> {
        read_points(text.as_bytes())?.collect()
    }

    fn row(id: &str, lat_deg: f64, lon_deg: f64) -> PointRow {
        PointRow {
            id: id.to_owned(),
            lat_deg,
            lon_deg,
        }
    }

    #[test]
    fn read_finds_columns_by_name_in_any_order_behind_a_byte_order_mark() {
        let text = "\u{feff}lon,note,id,lat\r\n116.4,\"a, b\",x7,39.9\r\n-180,,,90\n";
        assert_eq!(
            all(text),
            Ok(vec![row("x7", 39.9, 116.4), row("", 90.0, -180.0)])
        );
    }

    #[test]
    fn read_numbers_the_rows_when_there_is_no_id() {
        assert_eq!(
            all("lat,lon\n1,2\n3,4"),
            Ok(vec![row("1", 1.0, 2.0), row("2", 3.0, 4.0)])
        );
    }

    #[test]
    fn read_names_the_row_and_the_field_of_what_is_wrong() {
        let said = |text: &str| all(text).expect_err("the text is wrong").to_string();
        assert_eq!(
            said(""),
            "the file of points is empty: a header with lat and lon is needed"
        );
        assert_eq!(said("id,lat\n"), "header: no column `lon`");
        assert_eq!(said("lat,lat,lon\n"), "header: two columns `lat`");
        assert_eq!(
            said("lat,lon\n1,2\n1,2°\n"),
            "row 2, lon: `2°` is not a number"
        );
        assert_eq!(
            said("lat,lon\n90.1,2\n"),
            "row 1, lat: 90.1 is outside -90..90"
        );
        assert_eq!(
            said("lat,lon\n1,nan\n"),
            "row 1, lon: nan is outside -180..180"
        );
        assert_eq!(
            said("lat,lon\n1\n"),
            "row 1: 1 fields where the header has 2"
        );
    }

    #[test]
    fn read_refuses_bytes_that_are_no_text_and_ends_there() {
        let mut rows = read_points(b"lat,lon\n1,\xff\n1,2\n").expect("the header is fine");
        assert_eq!(rows.next(), Some(Err(PointsFileError::NotText { row: 1 })));
        assert_eq!(rows.next(), None);
        assert_eq!(
            read_points(b"l\xffat,lon\n").err(),
            Some(PointsFileError::NotText { row: 0 })
        );
    }
}
