//! The fixes of a CSV, one row each.

use crate::geo::excerpt::excerpt;
use crate::geo::table::Table;
use crate::geo::track_file::{FixAt, Fixes, TrackFileError, read_accuracy, read_mock};
use crate::model::place::{LatLon, PlaceError};

/// Reads all rows into `fixes`.
pub(super) fn read(bytes: &[u8], fixes: &mut Fixes) -> Result<(), TrackFileError> {
    let mut table = Table::open(bytes, 1)?;
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

fn read_place(at: FixAt, lat: &str, lon: &str) -> Result<LatLon, TrackFileError> {
    let degrees = |field: &'static str, text: &str| -> Result<f64, TrackFileError> {
        text.parse().map_err(|_| TrackFileError::NotANumber {
            at,
            field,
            text: excerpt(text),
        })
    };
    LatLon::try_new(degrees("lat", lat)?, degrees("lon", lon)?).map_err(|error| {
        let (field, text, limit_deg) = match error {
            PlaceError::Latitude(_) => ("lat", lat, 90),
            _ => ("lon", lon, 180),
        };
        TrackFileError::OutOfRange {
            at,
            field,
            text: excerpt(text),
            limit_deg,
        }
    })
}
