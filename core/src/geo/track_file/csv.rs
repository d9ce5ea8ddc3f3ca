//! The fixes of a CSV, one row each.

use crate::geo::table::Table;
use crate::geo::track_file::{FixAt, Fixes, TrackFileError, read_accuracy, read_mock, read_place};
use crate::model::track::Fix;

/// The rows of a CSV that comes line by line, as from a program that records. Columns are
/// those of [`super::read_track`]; a field with a line break in it is not understood.
#[derive(Debug, Clone)]
pub struct TrackRows {
    header: Vec<u8>,
}

impl TrackRows {
    /// Checks the header line.
    ///
    /// # Errors
    /// [`TrackFileError::Table`] when a column is missing.
    pub fn open(header: &[u8]) -> Result<Self, TrackFileError> {
        read(header, 1, &mut Fixes::default())?;
        let mut header = header.to_vec();
        while header
            .pop_if(|byte| matches!(byte, b'\r' | b'\n'))
            .is_some()
        {}
        header.push(b'\n');
        Ok(Self { header })
    }

    /// Reads one line, which is row `number`, counted from 1 after the header. A blank line
    /// has no fix.
    ///
    /// # Errors
    /// [`TrackFileError`] for the first thing that is wrong with it.
    pub fn read(&self, number: u64, line: &[u8]) -> Result<Vec<Fix>, TrackFileError> {
        let mut fixes = Fixes::default();
        read(&[&self.header, line].concat(), number, &mut fixes)?;
        match fixes.first_without {
            Some(at) => Err(TrackFileError::NotATime {
                at,
                text: String::new(),
            }),
            None => Ok(fixes.fixes),
        }
    }
}

/// Reads all rows into `fixes`; the first after the header has the number `first_row`.
pub(super) fn read(bytes: &[u8], first_row: u64, fixes: &mut Fixes) -> Result<(), TrackFileError> {
    let mut table = Table::open(bytes, first_row)?;
    let time = table.need(&["time", "timestamp", "tracked_at"]);
    let lat = table.need(&["lat", "latitude"])?;
    let lon = table.need(&["lon", "lng", "longitude"])?;
    let time = time?;
    let accuracy = table.find(&["accuracy_m", "accuracy"])?;
    let mock = table.find(&["mock"])?;
    while let Some(row) = table.advance()? {
        let at = FixAt::Row(row);
        let place = read_place(at, table.field(Some(lat)), table.field(Some(lon)))?;
        let accuracy_m = read_accuracy(at, table.field(accuracy))?;
        let is_mock = read_mock(at, table.field(mock))?;
        fixes.add(at, table.field(Some(time)), place, accuracy_m, is_mock)?;
    }
    Ok(())
}
