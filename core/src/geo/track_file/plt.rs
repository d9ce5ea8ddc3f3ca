//! The fixes of a GeoLife `.plt`: six lines of header, then a fix a line.
//!
//! A line is `lat,lon,0,altitude,days,date,time`: degrees of WGS 84, feet (not used), days
//! since 1899-12-30 (not used), and the date and the time of day in GMT.
//!
//! Source: GeoLife GPS Trajectories 1.3, User Guide (Microsoft Research, 2012).

use crate::geo::track_file::{FixAt, Fixes, TrackFileError, read_place};

/// Lines before the first fix.
const HEADER_LINES: usize = 6;
/// The first line of every such file.
const TITLE: &str = "Geolife trajectory";
/// The datum that the second line names.
const DATUM: &str = "WGS 84";

/// True when a file begins as a `.plt` does.
pub(super) fn is_plt(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let title = bytes.split(|byte| *byte == b'\n').next();
    title.is_some_and(|line| line.trim_ascii().eq_ignore_ascii_case(TITLE.as_bytes()))
}

/// Reads all lines into `fixes`.
pub(super) fn read(bytes: &[u8], fixes: &mut Fixes) -> Result<(), TrackFileError> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim);
    let datum = lines.nth(1).unwrap_or_default();
    if datum != DATUM {
        return Err(TrackFileError::Plt {
            line: 2,
            why: "a .plt names its datum here, and only WGS 84 is read",
        });
    }
    for (line, text) in (1..).zip(text.lines().map(str::trim)).skip(HEADER_LINES) {
        if text.is_empty() {
            continue;
        }
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let [lat, lon, _, _, _, date, time] = fields[..] else {
            return Err(TrackFileError::Plt {
                line,
                why: "a fix has 7 fields: lat, lon, 0, altitude, days, date, time",
            });
        };
        let at = FixAt::Line(line);
        let place = read_place(at, lat, lon)?;
        let stamp = match (date, time) {
            ("", "") => String::new(),
            _ => format!("{date}T{time}Z"),
        };
        fixes.add(at, &stamp, place, None, false)?;
    }
    Ok(())
}
