//! The positions of a CSV between datums.

use bading_core::geo::datum::convert_all;
use serde::Serialize;

use super::datum;
use super::locate::{points_of, write_csv};
use crate::args;
use crate::output::{Exit, Failure, Output};

/// Digits after the point of a degree in the CSV: 0.1 mm.
const DIGITS: usize = 9;

#[derive(Serialize)]
struct Converted<'a> {
    id: &'a str,
    lat: f64,
    lon: f64,
}

#[derive(Serialize)]
struct Answer<'a> {
    points: Vec<Converted<'a>>,
}

pub(super) fn run(given: &args::Convert, output: &Output) -> Result<Exit, Failure> {
    let (from, to) = (datum("--from", &given.from)?, datum("--to", &given.to)?);
    // Every row is read before the first line is written: all or nothing.
    let rows = points_of(&given.file)?;
    let points: Vec<_> = rows.iter().map(|row| (row.lat_deg, row.lon_deg)).collect();
    let points = convert_all(from, to, &points).map_err(|refused| {
        let (row, error) = (refused.index + 1, refused.error);
        Failure::in_file(&given.file, format!("row {row}: {error}"))
    })?;
    let converted = rows.iter().zip(points);
    if output.is_json() {
        let points = converted
            .map(|(row, (lat, lon))| Converted {
                id: &row.id,
                lat,
                lon,
            })
            .collect();
        output.answer(&Answer { points }, |_| String::new())?;
    } else {
        write_csv(
            None,
            ["id", "lat", "lon"],
            converted.map(|(row, (lat, lon))| {
                [
                    row.id.clone(),
                    format!("{lat:.DIGITS$}"),
                    format!("{lon:.DIGITS$}"),
                ]
            }),
        )?;
    }
    Ok(Exit::Done)
}
