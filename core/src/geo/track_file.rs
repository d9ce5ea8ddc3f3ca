//! The file of a track: GPX, GeoJSON, a GeoLife `.plt` or CSV, told apart by its content.
//!
//! Every fix is taken as it stands and in the order of the file; the track filter judges it
//! later, with a reason. Refused is what would make a patrol look like what it was not: a
//! fix without a time, a number that is none, a file that runs backwards in time.

use std::fmt;

use chrono::DateTime;
use thiserror::Error;

use crate::geo::excerpt::excerpt;
use crate::geo::table::TableError;
use crate::model::place::{LatLon, PlaceError};
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Track};

mod csv;
mod geojson;
pub(in crate::geo) mod gpx;
mod plt;

pub use csv::TrackRows;
pub use gpx::{GpxError, PointKind};

/// Files above this size are refused: a fix a second for a week has about this much.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// Which fix of a file is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixAt {
    /// The row of a CSV, the first after the header being 1.
    Row(u64),
    /// The `trkpt` of a GPX, from 1 over all its segments.
    TrackPoint(u64),
    /// The line of a `.plt`, from 1 with its header.
    Line(u64),
    /// The Point of a GeoJSON, from 1 over all its features.
    Feature(u64),
    /// A feature of a GeoJSON and a position of its line, both from 1.
    Position(u64, u64),
}

impl fmt::Display for FixAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => write!(f, "row {row}"),
            Self::TrackPoint(number) => write!(f, "{} {number}", PointKind::Track),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Feature(feature) => write!(f, "feature {feature}"),
            Self::Position(feature, position) => {
                write!(f, "feature {feature}, position {position}")
            }
        }
    }
}

/// Why a file is not a track.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TrackFileError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file begins as JSON does and is none.
    #[error("the file is not JSON: {0}")]
    NotJson(String),
    /// The file is JSON, but no GeoJSON of features.
    #[error(
        "the file is JSON, but no track in GeoJSON: {0}; a track is GPX, GeoJSON of points or lines with times, .plt, or CSV with the columns time, lat and lon"
    )]
    NotGeoJson(&'static str),
    /// A feature of a GeoJSON is no fix and no line of fixes.
    #[error("feature {feature}: {why}")]
    Feature {
        /// The feature, from 1.
        feature: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A line of a GeoJSON has not a time for each position.
    #[error("feature {feature}: {times} times for {positions} positions")]
    TimesCount {
        /// The feature, from 1.
        feature: u64,
        /// How many positions it has.
        positions: usize,
        /// How many times it has.
        times: usize,
    },
    /// A line of a `.plt` is not as it must be.
    #[error("line {line}: {why}")]
    Plt {
        /// The line, from 1 with the header.
        line: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file is XML, but not a GPX that can be read.
    #[error(transparent)]
    Gpx(#[from] GpxError),
    /// The file is not a CSV with the columns that are needed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The GPX has no `trkpt`.
    #[error(
        "the file has no track points (trkpt); its {way_points} waypoints and {route_points} route points were not walked"
    )]
    NoTrackPoints {
        /// How many `wpt` it has.
        way_points: u64,
        /// How many `rtept` it has.
        route_points: u64,
    },
    /// A CSV or a `.plt` has a header and nothing below it.
    #[error("the file has no fixes: there is nothing below its header")]
    NoRows,
    /// A GeoJSON has no positions.
    #[error("the file has no fixes: it has no features with positions")]
    NoFeatures,
    /// Fixes lack their time.
    #[error(
        "{without} of {of} fixes have no time, the first of them {first}; a planned route is not a track"
    )]
    NoTime {
        /// How many lack it.
        without: u64,
        /// How many fixes there are.
        of: u64,
        /// The first that lacks it.
        first: FixAt,
    },
    /// A time cannot be read.
    #[error(
        "{at}, time: `{text}` is not a time with its offset, such as 2026-03-01T08:00:00+08:00"
    )]
    NotATime {
        /// The fix.
        at: FixAt,
        /// What stands there.
        text: String,
    },
    /// A time lies before 1970 or after 9999.
    #[error("{at}, time: {text} is not within the years 1970 to 9999")]
    TimeRange {
        /// The fix.
        at: FixAt,
        /// What stands there.
        text: String,
    },
    /// The file as a whole runs backwards.
    #[error(
        "times run backwards: {backward} of {steps} steps go back, the first fix is of {first}, the last of {last}; put the oldest first",
        first = .first.to_rfc3339(),
        last = .last.to_rfc3339()
    )]
    RunsBackwards {
        /// Steps from one fix to an earlier one.
        backward: u64,
        /// All steps from fix to fix.
        steps: u64,
        /// Time of the first fix.
        first: UtcMs,
        /// Time of the last fix.
        last: UtcMs,
    },
    /// A degree is not a number.
    #[error("{at}, {field}: `{text}` is not a number")]
    NotANumber {
        /// The fix.
        at: FixAt,
        /// `lat`, `lon` or `accuracy`.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// A degree is not finite or out of range.
    #[error("{at}, {field}: {text} is outside -{limit_deg}..{limit_deg}")]
    OutOfRange {
        /// The fix.
        at: FixAt,
        /// `lat` or `lon`.
        field: &'static str,
        /// What stands there.
        text: String,
        /// The largest degree allowed.
        limit_deg: u8,
    },
    /// An accuracy is negative or not finite.
    #[error("{at}, accuracy: {text} is not a distance in metres; leave it empty if unknown")]
    Accuracy {
        /// The fix.
        at: FixAt,
        /// What stands there.
        text: String,
    },
    /// The mock flag is neither yes nor no.
    #[error("{at}, mock: `{text}` is neither true nor false")]
    Mock {
        /// The fix.
        at: FixAt,
        /// What stands there.
        text: String,
    },
}

/// Reads the fixes of a file in its order.
///
/// - `bytes`: GPX 1.0 or 1.1 (every `trkpt` of every segment; a time without an offset is
///   UTC, as the schema says), a GeoLife `.plt` (times are GMT), GeoJSON (points with the
///   property `time`, or lines with a list of times in `coordTimes`, `times` or `time`), or
///   CSV (`time`, `timestamp` or `tracked_at`; `lat`; `lon`). Times of the last two are RFC
///   3339 with an offset; points and rows may have `accuracy_m` in metres of 68 % and
///   `mock`. Positions are WGS 84.
/// - A few fixes out of order are taken as they are.
///
/// # Errors
/// [`TrackFileError`] for the first thing that is wrong, with its row or point.
pub fn read_track(bytes: &[u8]) -> Result<Track, TrackFileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(TrackFileError::TooLarge {
            size_bytes: bytes.len(),
        });
    }
    let is_xml = gpx::is_xml(bytes);
    let mut fixes = Fixes {
        is_utc_understood: is_xml,
        ..Fixes::default()
    };
    if is_xml {
        let counts = gpx::read_points(bytes, |point| {
            if point.kind != PointKind::Track {
                return Ok(());
            }
            let at = FixAt::TrackPoint(point.number);
            let accuracy_m = read_accuracy(at, point.accuracy)?;
            let is_mock = read_mock(at, point.mock)?;
            fixes.add(at, point.time, point.place, accuracy_m, is_mock)
        })?;
        if counts.track == 0 {
            return Err(TrackFileError::NoTrackPoints {
                way_points: counts.way,
                route_points: counts.route,
            });
        }
    } else if is_json(bytes) {
        geojson::read(bytes, &mut fixes)?;
        if fixes.of == 0 {
            return Err(TrackFileError::NoFeatures);
        }
    } else if plt::is_plt(bytes) {
        plt::read(bytes, &mut fixes)?;
    } else {
        csv::read(bytes, 1, &mut fixes)?;
    }
    fixes.into_track()
}

/// True when a file begins as JSON does.
pub(in crate::geo) fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The fixes so far, and what they lack.
#[derive(Default)]
struct Fixes {
    fixes: Vec<Fix>,
    is_utc_understood: bool,
    of: u64,
    without: u64,
    first_without: Option<FixAt>,
}

impl Fixes {
    fn add(
        &mut self,
        at: FixAt,
        time: &str,
        place: LatLon,
        accuracy_m: Option<f64>,
        is_mock: bool,
    ) -> Result<(), TrackFileError> {
        self.of += 1;
        if time.is_empty() {
            self.without += 1;
            self.first_without.get_or_insert(at);
            return Ok(());
        }
        self.fixes.push(Fix {
            at: read_time(at, time, self.is_utc_understood)?,
            place,
            accuracy_m,
            is_mock,
        });
        Ok(())
    }

    fn into_track(self) -> Result<Track, TrackFileError> {
        if let Some(first) = self.first_without {
            return Err(TrackFileError::NoTime {
                without: self.without,
                of: self.of,
                first,
            });
        }
        let (Some(first), Some(last)) = (self.fixes.first(), self.fixes.last()) else {
            return Err(TrackFileError::NoRows);
        };
        let (mut backward, mut forward) = (0, 0);
        for pair in self.fixes.windows(2) {
            backward += u64::from(pair[1].at < pair[0].at);
            forward += u64::from(pair[1].at > pair[0].at);
        }
        if last.at < first.at || (backward > 0 && backward >= forward) {
            return Err(TrackFileError::RunsBackwards {
                backward,
                steps: self.of.saturating_sub(1),
                first: first.at,
                last: last.at,
            });
        }
        Ok(Track { fixes: self.fixes })
    }
}

fn read_time(at: FixAt, text: &str, is_utc_understood: bool) -> Result<UtcMs, TrackFileError> {
    // RFC 3339 lets people write a space instead of the T (section 5.6).
    let mut form = match text.as_bytes().get(10) {
        Some(b' ') => text.replacen(' ', "T", 1),
        _ => text.to_owned(),
    };
    let mut is_time = DateTime::parse_from_rfc3339(&form).is_ok();
    if !is_time && is_utc_understood {
        form.push('Z');
        is_time = DateTime::parse_from_rfc3339(&form).is_ok();
    }
    if !is_time {
        let text = excerpt(text);
        return Err(TrackFileError::NotATime { at, text });
    }
    UtcMs::parse_rfc3339(&form).ok_or_else(|| TrackFileError::TimeRange {
        at,
        text: excerpt(text),
    })
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

fn read_accuracy(at: FixAt, text: &str) -> Result<Option<f64>, TrackFileError> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(accuracy_m) if accuracy_m.is_finite() && accuracy_m >= 0.0 => Ok(Some(accuracy_m)),
        Ok(_) => Err(TrackFileError::Accuracy {
            at,
            text: excerpt(text),
        }),
        Err(_) => Err(TrackFileError::NotANumber {
            at,
            field: "accuracy",
            text: excerpt(text),
        }),
    }
}

fn read_mock(at: FixAt, text: &str) -> Result<bool, TrackFileError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(TrackFileError::Mock {
            at,
            text: excerpt(text),
        }),
    }
}

#[cfg(test)]
mod tests;
