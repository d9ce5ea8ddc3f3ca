//! The fixes of a GeoJSON: points with a time each, or lines with a list of times.
//!
//! A Point has its `time` in the properties, and where known `accuracy_m` in metres of 68 %
//! and `mock`. A LineString has one time for each position in the property `coordTimes`,
//! `times` or `time`, or in `coordinateProperties.times`; a MultiLineString a list of such
//! lists. Other members do no harm, a height is not used. Positions are WGS 84, longitude
//! first.
//!
//! Source: RFC 7946; for the times the usage of togeojson, which converts GPX.

use crate::geo::excerpt::excerpt;
use crate::geo::json::Json;
use crate::geo::track_file::{FixAt, Fixes, TrackFileError, read_accuracy};
use crate::model::place::{LatLon, PlaceError};

/// Where lines keep their times, in the order in which they are looked for.
const TIMES: [&str; 3] = ["coordTimes", "times", "time"];
/// What points may call their time; as in a CSV.
const TIME: [&str; 3] = ["time", "timestamp", "tracked_at"];
const ACCURACY: [&str; 2] = ["accuracy_m", "accuracy"];

/// Reads all features into `fixes`, in the order of the file.
pub(super) fn read(bytes: &[u8], fixes: &mut Fixes) -> Result<(), TrackFileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: Json = serde_json::from_slice(bytes)
        .map_err(|error| TrackFileError::NotJson(excerpt(&error.to_string())))?;
    for (number, feature) in (1..).zip(features_of(file)?) {
        Feature { number, feature }.read(fixes)?;
    }
    Ok(())
}

fn features_of(file: Json) -> Result<Vec<Json>, TrackFileError> {
    let refused = |why| Err(TrackFileError::NotGeoJson(why));
    match file.member("type").and_then(Json::text) {
        Some("FeatureCollection") => match file.into_member("features") {
            Some(Json::List(features)) => Ok(features),
            _ => refused("its `features` is not a list"),
        },
        Some("Feature") => Ok(vec![file]),
        Some(_) => refused("its `type` is neither FeatureCollection nor Feature"),
        None if matches!(file, Json::Object(_)) => refused("it has no `type`"),
        None => refused("it is a list"),
    }
}

struct Feature {
    number: u64,
    feature: Json,
}

impl Feature {
    fn read(&self, fixes: &mut Fixes) -> Result<(), TrackFileError> {
        if self.feature.member("type").and_then(Json::text) != Some("Feature") {
            return Err(self.refused("its `type` is not Feature"));
        }
        let Some(geometry) = self.feature.member("geometry") else {
            return Err(self.refused("it has no `geometry`"));
        };
        let Some(coordinates) = geometry.member("coordinates") else {
            return Err(self.refused("its geometry has no `coordinates`"));
        };
        match geometry.member("type").and_then(Json::text) {
            Some("Point") => self.point(coordinates, fixes),
            Some("LineString") => {
                let mut first = 1;
                self.line(coordinates, self.times(), &mut first, fixes)
            }
            Some("MultiLineString") => self.lines(coordinates, fixes),
            _ => Err(self.refused("its geometry is neither Point nor LineString")),
        }
    }

    fn point(&self, position: &Json, fixes: &mut Fixes) -> Result<(), TrackFileError> {
        let at = FixAt::Feature(self.number);
        let place = self.place(at, position)?;
        let named = |names: &[&str]| names.iter().find_map(|name| self.property(name));
        let accuracy = match named(&ACCURACY) {
            None => String::new(),
            Some(value) => text_of(value)
                .ok_or_else(|| self.refused("its `accuracy_m` is neither a number nor text"))?,
        };
        let is_mock = match self.property("mock") {
            None | Some(Json::Bool(false)) => false,
            Some(Json::Bool(true)) => true,
            Some(_) => return Err(self.refused("its `mock` is neither true nor false")),
        };
        let time = self.time(named(&TIME))?;
        fixes.add(at, &time, place, read_accuracy(at, &accuracy)?, is_mock)
    }

    fn lines(&self, coordinates: &Json, fixes: &mut Fixes) -> Result<(), TrackFileError> {
        let Json::List(lines) = coordinates else {
            return Err(self.refused("its coordinates are not a list of lines"));
        };
        let times = match self.times() {
            None => None,
            Some(Json::List(times)) if times.len() == lines.len() => Some(times),
            Some(_) => return Err(self.refused("its times are not a list for each of its lines")),
        };
        let mut first = 1;
        for (index, line) in lines.iter().enumerate() {
            self.line(line, times.map(|times| &times[index]), &mut first, fixes)?;
        }
        Ok(())
    }

    /// Reads a line; `first` is the number of its first position in the feature.
    fn line(
        &self,
        coordinates: &Json,
        times: Option<&Json>,
        first: &mut u64,
        fixes: &mut Fixes,
    ) -> Result<(), TrackFileError> {
        let Json::List(positions) = coordinates else {
            return Err(self.refused("its coordinates are not a list of positions"));
        };
        let times = match times {
            None => None,
            Some(Json::List(times)) if times.len() == positions.len() => Some(times),
            Some(Json::List(times)) => {
                return Err(TrackFileError::TimesCount {
                    feature: self.number,
                    positions: positions.len(),
                    times: times.len(),
                });
            }
            Some(_) => return Err(self.refused("its times are not a list of texts")),
        };
        for (index, position) in positions.iter().enumerate() {
            let at = FixAt::Position(self.number, *first);
            *first += 1;
            let place = self.place(at, position)?;
            let time = self.time(times.map(|times| &times[index]))?;
            fixes.add(at, &time, place, None, false)?;
        }
        Ok(())
    }

    fn place(&self, at: FixAt, position: &Json) -> Result<LatLon, TrackFileError> {
        let Json::Position([lon, lat]) = *position else {
            return Err(self.refused("a position is not two numbers, longitude first"));
        };
        LatLon::try_new(lat, lon).map_err(|error| {
            let (field, degrees, limit_deg) = match error {
                PlaceError::Latitude(_) => ("lat", lat, 90),
                _ => ("lon", lon, 180),
            };
            let text = excerpt(&degrees.to_string());
            TrackFileError::OutOfRange {
                at,
                field,
                text,
                limit_deg,
            }
        })
    }

    /// A time as it stands, empty where there is none.
    fn time(&self, value: Option<&Json>) -> Result<String, TrackFileError> {
        match value {
            None | Some(Json::Null) => Ok(String::new()),
            Some(value) => {
                text_of(value).ok_or_else(|| self.refused("a time is neither text nor a number"))
            }
        }
    }

    fn times(&self) -> Option<&Json> {
        let of_positions = || self.property("coordinateProperties")?.member("times");
        // A `time` that is text is when the whole line began.
        let is_list = |value: &&Json| value.text().is_none();
        let named = || {
            let mut found = TIMES.iter().filter_map(|name| self.property(name));
            found.find(is_list)
        };
        named().or_else(of_positions)
    }

    /// A property that is there and not null.
    fn property(&self, name: &str) -> Option<&Json> {
        let value = self.feature.member("properties")?.member(name)?;
        Some(value).filter(|value| **value != Json::Null)
    }

    fn refused(&self, why: &'static str) -> TrackFileError {
        TrackFileError::Feature {
            feature: self.number,
            why,
        }
    }
}

fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.trim().to_owned()),
        _ => value.number().map(|number| number.to_string()),
    }
}
