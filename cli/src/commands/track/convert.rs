//! A track in another format, all its fixes in their order.

use std::collections::BTreeMap;
use std::path::Path;

use bading_core::geo::coverage::CoverageSettings;
use bading_core::geo::track_file::read_track;
use bading_core::geo::track_filter::{Rejection, judge_all};
use bading_core::geo::track_out::{track_csv, track_geojson, track_gpx};
use bading_core::model::track::{Fix, Mode, Track};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::TrackFormat;
use crate::commands::out_file::write_whole;
use crate::commands::read;
use crate::output::{Exit, Failure, Output};

pub(super) fn run(
    path: &Path,
    to: TrackFormat,
    out: Option<&Path>,
    mode: Mode,
    output: &Output,
) -> Result<Exit, Failure> {
    let track = read_track(&read(path)?).map_err(|error| Failure::in_file(path, error))?;
    let settings = CoverageSettings::default();
    let judged = judge_all(&track.fixes, mode, settings.max_accuracy_m, settings.gap_ms);
    let mut rejected: BTreeMap<&str, u64> = BTreeMap::new();
    for why in judged.iter().flatten() {
        *rejected.entry(why.as_str()).or_default() += 1;
    }
    if let Some(out) = out {
        write_whole(out, text(&track, &judged, to).as_bytes())?;
        let written = Written {
            file: out.display().to_string(),
            fixes: track.fixes.len(),
            rejected,
        };
        output.answer(&written, written_line)?;
        return Ok(Exit::Done);
    }
    let answer = json!({
        "file": path.display().to_string(),
        "fixes": track.fixes.iter().zip(&judged).map(fix_json).collect::<Vec<_>>(),
        "rejected": rejected,
    });
    output.answer(&answer, |_| text(&track, &judged, to))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Written {
    file: String,
    fixes: usize,
    rejected: BTreeMap<&'static str, u64>,
}

fn written_line(written: &Written) -> String {
    let rejected: u64 = written.rejected.values().sum();
    let count = written.fixes;
    format!("{count} fixes written, {rejected} of them not believed\n")
}

fn text(track: &Track, judged: &[Option<Rejection>], to: TrackFormat) -> String {
    match to {
        TrackFormat::Gpx => track_gpx(track),
        TrackFormat::Geojson => track_geojson(track, judged),
        TrackFormat::Csv => track_csv(track),
    }
}

fn fix_json((fix, why): (&Fix, &Option<Rejection>)) -> Value {
    json!({
        "time": fix.at.to_rfc3339(),
        "lat": fix.place.lat_deg(),
        "lon": fix.place.lon_deg(),
        "accuracy_m": fix.accuracy_m,
        "mock": fix.is_mock,
        "rejected": why.map(Rejection::as_str),
    })
}
