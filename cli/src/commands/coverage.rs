//! Whether a planned route was walked, by one track or a folder of them; and which cells were.

use std::path::Path;

use bading_core::geo::checkpoint_file::read_checkpoints;
use bading_core::geo::coverage::{Coverage, CoverageSettings, coverage};
use bading_core::geo::datum::{Datum, Tagged, Wgs84};
use bading_core::geo::plausibility::{Flag, PlausibilityLimits, flags_of};
use bading_core::geo::route_file::{MAX_DISTANCE_M, read_route};
use bading_core::geo::track_file::read_track;
use bading_core::model::place::LatLon;
use bading_core::model::route::{Checkpoint, Route};
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};

use serde::Serialize;

use super::out_file::write_whole;
use super::{flags, read};
use crate::args;
use crate::output::{Exit, Failure, Output};

mod batch;
mod geojson;
mod grid;
mod grid_lines;
mod lines;

pub(in crate::commands) use lines::lines;

pub(super) fn run(given: &args::Coverage, output: &Output) -> Result<Exit, Failure> {
    let ask = Ask::new(given)?;
    if let (Some(grids), Some(track)) = (&given.grids, &given.track) {
        return grid::run(&ask, given, (grids, track), output);
    }
    let (route, track) = match (&given.routes, &given.tracks, &given.route, &given.track) {
        (Some(routes), Some(tracks), ..) => {
            return batch::run(&ask, (routes, tracks), given.threads, output);
        }
        (_, _, Some(route), Some(track)) => (route, track),
        // The grammar asks for one pair or the other.
        _ => {
            return Err(Failure::input(
                "--route and --track, --grids and --track, or --routes and --tracks, are needed",
            ));
        }
    };
    check_stdin([
        Some(route.as_path()),
        Some(track.as_path()),
        given.checkpoints.as_deref(),
    ])?;
    let planned = read_route(&read(route)?).map_err(|error| Failure::in_file(route, error))?;
    let added = match &given.checkpoints {
        Some(path) => {
            let read = read_checkpoints(&read(path)?);
            let added = read.map_err(|error| Failure::in_file(path, error))?;
            check_names(planned.checkpoints(), &added)
                .map_err(|why| Failure::in_file(path, why))?;
            added
        }
        None => Vec::new(),
    };
    let planned = ask
        .route(&planned, added)
        .map_err(|why| Failure::in_file(route, why))?;
    let fixes = ask
        .fixes(&read(track)?)
        .map_err(|why| Failure::in_file(track, why))?;
    let found = coverage(&planned, &ask.settings, &fixes);
    if let Some(path) = &given.geojson {
        let map = geojson::map(&planned, &ask.settings, &fixes, &found)?;
        write_whole(path, &map)?;
    }
    let told = Told {
        coverage: &found,
        plausibility: ask.flags(&fixes),
    };
    output.answer(&told, |told| {
        lines(told.coverage) + &flags::lines(&told.plausibility)
    })?;
    Ok(ask.exit(found.ratio))
}

fn check_stdin(files: [Option<&Path>; 3]) -> Result<(), Failure> {
    let is_stdin = |path: &&Path| path.as_os_str() == "-";
    if files.into_iter().flatten().filter(is_stdin).count() > 1 {
        return Err(Failure::input("only one of the files can be stdin"));
    }
    Ok(())
}

/// What was covered, and what of the track is conspicuous whatever it covers.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    coverage: &'a Coverage,
    plausibility: Vec<Flag>,
}

/// A checkpoint of the file that is added must not have the name of one that is there.
fn check_names(known: &[Checkpoint], added: &[Checkpoint]) -> Result<(), String> {
    match added
        .iter()
        .find(|new| known.iter().any(|old| old.id == new.id))
    {
        Some(twice) => Err(format!("id: the route has a checkpoint `{}` too", twice.id)),
        None => Ok(()),
    }
}

/// What is asked of every route and track alike.
struct Ask {
    settings: CoverageSettings,
    corridor_m: Option<f64>,
    is_directed: bool,
    require: Option<f64>,
    datum: Datum,
}

impl Ask {
    fn new(given: &args::Coverage) -> Result<Self, Failure> {
        let corridor_m = given
            .corridor_m
            .map(|m| positive("--corridor-m", m, MAX_DISTANCE_M))
            .transpose()?;
        let gap_s = positive("--gap-s", given.gap_s, f64::MAX)?;
        let mode = mode(&given.mode)?;
        let require = given
            .require
            .map(|share| positive("--require", share, 1.0))
            .transpose()?;
        let settings = CoverageSettings {
            // A number beyond all times becomes the longest.
            gap_ms: (gap_s * 1000.0).round().max(1.0) as u64,
            mode,
            window: window(given.from.as_deref(), given.to.as_deref())?,
            ..CoverageSettings::default()
        };
        Ok(Self {
            settings,
            corridor_m,
            is_directed: given.directed,
            require,
            datum: super::datum("--datum", &given.datum)?,
        })
    }

    /// The route as it is asked about: on WGS 84, with the corridor and the direction that the
    /// command line sets, and with more checkpoints.
    fn route(&self, planned: &Route, added: Vec<Checkpoint>) -> Result<Route, String> {
        let mut parts = Vec::with_capacity(planned.parts().len());
        for (number, part) in (1..).zip(planned.parts()) {
            let places = part.iter().map(|place| self.place(*place));
            let places: Result<Vec<_>, _> = places.collect();
            parts.push(places.map_err(|why| format!("part {number}: {why}"))?);
        }
        let mut checkpoints = planned.checkpoints().to_vec();
        checkpoints.extend(added);
        for checkpoint in &mut checkpoints {
            checkpoint.place = self
                .place(checkpoint.place)
                .map_err(|why| format!("checkpoint `{}`: {why}", checkpoint.id))?;
        }
        let corridor_m = self.corridor_m.unwrap_or(planned.corridor_m());
        Route::try_new(parts, corridor_m)
            .and_then(|route| route.with_checkpoints(checkpoints))
            .map(|route| route.directed(self.is_directed || planned.is_directed()))
            .map_err(|error| error.to_string())
    }

    /// The fixes of a track's file, on WGS 84.
    fn fixes(&self, bytes: &[u8]) -> Result<Vec<Fix>, String> {
        let mut fixes = read_track(bytes).map_err(|error| error.to_string())?.fixes;
        for (number, fix) in (1..).zip(&mut fixes) {
            fix.place = self
                .place(fix.place)
                .map_err(|why| format!("fix {number}: {why}"))?;
        }
        Ok(fixes)
    }

    /// What of a track is conspicuous, the time that counts or not.
    fn flags(&self, fixes: &[Fix]) -> Vec<Flag> {
        flags_of(self.settings.mode, PlausibilityLimits::default(), fixes)
    }

    fn place(&self, at: LatLon) -> Result<LatLon, String> {
        // The readers take the numbers as they stand; here they get their datum.
        Tagged::try_new(self.datum, at.lat_deg(), at.lon_deg())
            .and_then(Tagged::to::<Wgs84>)
            .map(LatLon::from)
            .map_err(|error| error.to_string())
    }

    /// Whether the share is what is required, as it is printed: to a millionth.
    fn exit(&self, ratio: f64) -> Exit {
        let told = (ratio * 1e6).round() / 1e6;
        match self.require {
            Some(required) if told < required => Exit::No,
            _ => Exit::Done,
        }
    }
}

/// Reads a way of moving.
pub(super) fn mode(text: &str) -> Result<Mode, Failure> {
    Mode::parse(text).ok_or_else(|| {
        Failure::input(format!(
            "--mode: `{text}` is none of walk, bicycle and vehicle"
        ))
    })
}

fn positive(flag: &str, given: f64, most: f64) -> Result<f64, Failure> {
    if given.is_finite() && given > 0.0 && given <= most {
        return Ok(given);
    }
    let up_to = if most < f64::MAX {
        format!(" and up to {most}")
    } else {
        String::new()
    };
    Err(Failure::input(format!(
        "{flag}: {given} is not a number above 0{up_to}"
    )))
}

fn window(from: Option<&str>, to: Option<&str>) -> Result<Option<(UtcMs, UtcMs)>, Failure> {
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let from = time("--from", from)?.unwrap_or(UtcMs(0));
    let to = time("--to", to)?.unwrap_or(UtcMs::MAX);
    if to < from {
        return Err(Failure::input("--to: it lies before --from"));
    }
    Ok(Some((from, to)))
}

fn time(flag: &str, given: Option<&str>) -> Result<Option<UtcMs>, Failure> {
    let Some(text) = given else { return Ok(None) };
    match UtcMs::parse_rfc3339(text) {
        Some(at) => Ok(Some(at)),
        None => Err(Failure::input(format!(
            "{flag}: `{text}` is not RFC 3339 with an offset"
        ))),
    }
}

/// The name of a file in a line of many answers.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
