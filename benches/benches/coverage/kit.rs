//! Routes and raw tracks that other programs are measured on too: a folder with
//! `routes.geojson` (a line a feature) and `tracks.csv` (track, seconds, lon, lat).

use std::error::Error;
use std::path::Path;

use bading_benches::walks::Walk;
use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;

const START_MS: u64 = 1_748_736_000_000;
/// The duty window of those tracks, in seconds.
const WINDOW_S: std::ops::RangeInclusive<u64> = 900..=13_500;

/// The walks of a folder; their truth is not known.
pub(crate) fn read(folder: &Path, count: u64) -> Result<Vec<Walk>, Box<dyn Error>> {
    let mut walks = Vec::new();
    let routes: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("routes.geojson"))?)?;
    let features = routes["features"].as_array().ok_or("no features")?;
    for feature in features.iter().take(count.try_into()?) {
        let line = feature["geometry"]["coordinates"]
            .as_array()
            .ok_or("no line")?;
        let place = |p: &serde_json::Value| -> Result<LatLon, Box<dyn Error>> {
            let number = |at: usize| p[at].as_f64().ok_or("no number");
            Ok(LatLon::try_new(number(1)?, number(0)?)?)
        };
        let line = line.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        walks.push(Walk {
            route: Route::try_new(vec![line], Route::DEFAULT_CORRIDOR_M)?,
            fixes: Vec::new(),
            truth_m: f64::NAN,
            planned_m: f64::NAN,
            truth: Vec::new(),
            skipped: Vec::new(),
            noise_m: f64::NAN,
        });
    }
    let tracks = std::fs::read_to_string(folder.join("tracks.csv"))?;
    for row in tracks.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [track, seconds, lon, lat] = cells[..] else {
            return Err(format!("`{row}` is no row of four").into());
        };
        let Some(walk) = walks.get_mut(track.parse::<usize>()?) else {
            break;
        };
        let seconds: u64 = seconds.parse()?;
        if WINDOW_S.contains(&seconds) {
            walk.fixes.push(Fix {
                at: UtcMs(START_MS + seconds * 1000),
                place: LatLon::try_new(lat.parse()?, lon.parse()?)?,
                accuracy_m: None,
                is_mock: false,
            });
        }
    }
    Ok(walks)
}
