//! The file of a route's checkpoints: CSV or GeoJSON points, told apart by the content.

use thiserror::Error;

use crate::geo::excerpt::excerpt;
use crate::geo::json::Json;
use crate::geo::route_file::MemberProblem;
use crate::geo::route_file::feature::{
    Fault, Found, MAX_DWELL_S, checkpoint_id, count, distance, features_of, place,
    point_checkpoints, unique_checkpoints,
};
use crate::geo::table::{Table, TableError};
use crate::geo::track_file::is_json;
use crate::model::route::Checkpoint;

/// Files above this size are refused: no route has as many checkpoints.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// Why a file is not one of checkpoints. Rows count from 1 after the header, features from 1.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CheckpointFileError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file is not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The file is JSON, but no GeoJSON of the kind that is needed.
    #[error("not a GeoJSON of points: {0}")]
    NotGeoJson(&'static str),
    /// The file is not a CSV with the columns that are needed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file has no checkpoints.
    #[error("the file has no checkpoints")]
    Empty,
    /// A row is wrong.
    #[error("row {row}, {field}: {problem}")]
    Row {
        /// The row.
        row: u64,
        /// The column.
        field: &'static str,
        /// What is wrong with it.
        problem: MemberProblem,
    },
    /// A feature is wrong.
    #[error("feature {feature}, {field}: {problem}")]
    Feature {
        /// The feature.
        feature: usize,
        /// The member that is wrong.
        field: String,
        /// What is wrong with it.
        problem: MemberProblem,
    },
}

/// Reads checkpoints in the order of the file.
///
/// - `bytes`: CSV `id,lat,lon[,radius_m][,dwell_s]`, or GeoJSON points with the properties
///   `id`, `radius_m` and `dwell_s`. Degrees of WGS 84, metres (25), seconds (0). One
///   without an id is named by its number.
///
/// # Errors
/// [`CheckpointFileError`] names row or feature, and the field.
pub fn read_checkpoints(bytes: &[u8]) -> Result<Vec<Checkpoint>, CheckpointFileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(CheckpointFileError::TooLarge {
            size_bytes: bytes.len(),
        });
    }
    let checkpoints = if is_json(bytes) {
        read_json(bytes)?
    } else {
        read_csv(bytes)?
    };
    if checkpoints.is_empty() {
        return Err(CheckpointFileError::Empty);
    }
    Ok(checkpoints)
}

fn read_json(bytes: &[u8]) -> Result<Vec<Checkpoint>, CheckpointFileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: Json = serde_json::from_slice(bytes)
        .map_err(|error| CheckpointFileError::NotJson(error.to_string()))?;
    let features = features_of(file).map_err(CheckpointFileError::NotGeoJson)?;
    let mut found: Vec<Found<usize>> = Vec::new();
    for (number, feature) in (1..).zip(&features) {
        let points = point_checkpoints(feature, number, found.len());
        found.extend(points.map_err(|fault| feature_fault(number, fault))?);
    }
    unique_checkpoints(found).map_err(|(feature, fault)| feature_fault(feature, fault))
}

fn feature_fault(feature: usize, (field, problem): Fault) -> CheckpointFileError {
    CheckpointFileError::Feature {
        feature,
        field,
        problem,
    }
}

fn read_csv(bytes: &[u8]) -> Result<Vec<Checkpoint>, CheckpointFileError> {
    let mut table = Table::open(bytes, 1)?;
    let id = table.find(&["id"])?;
    let lat = table.need(&["lat", "latitude"])?;
    let lon = table.need(&["lon", "lng", "longitude"])?;
    let radius = table.find(&["radius_m", "radius"])?;
    let dwell = table.find(&["dwell_s", "dwell"])?;
    let mut found = Vec::new();
    while let Some(row) = table.advance()? {
        let fault = |field, problem| CheckpointFileError::Row {
            row,
            field,
            problem,
        };
        let number = |text: &str| -> Result<f64, MemberProblem> {
            text.parse()
                .map_err(|_| MemberProblem::NotANumber(excerpt(text)))
        };
        let text = table.field(id);
        let id = match text {
            "" => row.to_string(),
            text => checkpoint_id(text).map_err(|why| fault("id", why))?,
        };
        let lat_deg = number(table.field(Some(lat))).map_err(|why| fault("lat", why))?;
        let lon_deg = number(table.field(Some(lon))).map_err(|why| fault("lon", why))?;
        let is_lat = !(-90.0..=90.0).contains(&lat_deg);
        let place = place(lat_deg, lon_deg)
            .map_err(|why| fault(if is_lat { "lat" } else { "lon" }, why))?;
        let radius_m = match table.field(radius) {
            "" => Checkpoint::DEFAULT_RADIUS_M,
            text => number(text)
                .and_then(distance)
                .map_err(|why| fault("radius_m", why))?,
        };
        let dwell_s = match table.field(dwell) {
            "" => 0,
            text => number(text)
                .and_then(|s| count(s, 0, MAX_DWELL_S))
                .map_err(|why| fault("dwell_s", why))?,
        };
        let checkpoint = Checkpoint {
            id,
            place,
            radius_m,
            dwell_s,
        };
        found.push((row, "id".to_owned(), checkpoint));
    }
    unique_checkpoints(found).map_err(|(row, (_, problem))| CheckpointFileError::Row {
        row,
        field: "id",
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::mutate::mutations;

    const CSV: &str = "id,lat,lon,radius_m,dwell_s\nA,31.5,121.5,30,60\n,31.6,121.6,,\n";
    const JSON: &str = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"id":"A","radius_m":30,"dwell_s":60},
         "geometry":{"type":"Point","coordinates":[121.5,31.5]}},
        {"type":"Feature","properties":null,
         "geometry":{"type":"Point","coordinates":[121.6,31.6,4]}}]}"#;

    fn refusal(text: &str) -> String {
        let read = read_checkpoints(text.as_bytes());
        read.expect_err("the text is wrong").to_string()
    }

    #[test]
    fn csv_and_geojson_give_the_same_checkpoints() {
        let csv = read_checkpoints(CSV.as_bytes()).expect("a good CSV");
        let json = read_checkpoints(JSON.as_bytes()).expect("a good GeoJSON");
        assert_eq!(csv, json);
        assert_eq!(
            (csv[0].id.as_str(), csv[0].radius_m, csv[0].dwell_s),
            ("A", 30.0, 60)
        );
        assert_eq!(
            (csv[1].id.as_str(), csv[1].radius_m, csv[1].dwell_s),
            ("2", 25.0, 0)
        );
    }

    #[test]
    fn file_that_is_wrong_names_where() {
        assert_eq!(
            refusal("id,lat\n"),
            "header: no column `lon` (or lng, longitude)"
        );
        assert_eq!(refusal("id,lat,lon\n"), "the file has no checkpoints");
        assert_eq!(refusal("[]"), "the file has no checkpoints");
        assert_eq!(
            refusal("id,lat,lon\nA,1,2\nA,3,4\n"),
            "row 2, id: a checkpoint before has the id `A` too"
        );
        assert_eq!(
            refusal("id,lat,lon\nA,91,2\n"),
            "row 1, lat: (2, 91) is not a longitude and latitude in degrees"
        );
        assert_eq!(
            refusal("id,lat,lon,radius_m\nA,1,2,0\n"),
            "row 1, radius_m: 0 is not a distance above 0 and up to 100000 m"
        );
        assert_eq!(
            refusal("id,lat,lon,dwell_s\nA,1,2,-1\n"),
            "row 1, dwell_s: -1 is not a whole number of 0 to 86400"
        );
        let line = JSON.replace(
            "\"Point\",\"coordinates\":[121.6",
            "\"Circle\",\"x\":[121.6",
        );
        assert_eq!(
            refusal(&line),
            "feature 2, geometry.type: a checkpoint is a Point or a MultiPoint, not Circle"
        );
    }

    #[test]
    fn bytes_gone_wrong_never_panic() {
        for good in [CSV, JSON] {
            for bytes in mutations(good.as_bytes(), 0xc4ec, 300) {
                drop(read_checkpoints(&bytes));
            }
        }
    }
}
