//! Tracks on their own: what of them is conspicuous, which of them are one, and the same
//! track in another format.

use std::collections::BTreeMap;
use std::path::Path;

use bading_core::geo::coverage::CoverageSettings;
use bading_core::geo::distance::distance_m;
use bading_core::geo::plausibility::{Fingerprint, Flag, Plausibility, PlausibilityLimits};
use bading_core::geo::track_file::read_track;
use bading_core::geo::walk::Walk;
use bading_core::model::track::Mode;
use serde::Serialize;

mod convert;

use super::{coverage, flags, read};
use crate::args::Track;
use crate::output::{Exit, Failure, Output};

pub(super) fn run(command: &Track, output: &Output) -> Result<Exit, Failure> {
    match command {
        Track::Check { files, mode } => {
            if files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
                return Err(Failure::input("only one of the files can be stdin"));
            }
            let mode = coverage::mode(mode)?;
            let limits = PlausibilityLimits::default();
            let checked = files
                .iter()
                .map(|path| check(path, mode, Plausibility::new(mode, limits)))
                .collect::<Result<Vec<_>, _>>()?;
            let answer = Checked {
                repeated: pairs(&checked, limits.repeated),
                tracks: checked,
            };
            output.answer(&answer, lines)?;
            Ok(Exit::Done)
        }
        Track::Convert {
            file,
            to,
            out,
            mode,
        } => {
            let mode = coverage::mode(mode)?;
            convert::run(file, *to, out.as_deref(), mode, output)
        }
    }
}

#[derive(Serialize)]
struct Checked {
    tracks: Vec<CheckedTrack>,
    repeated: Vec<Pair>,
}

#[derive(Serialize)]
struct CheckedTrack {
    file: String,
    fixes: u64,
    /// Through all fixes as they were recorded, believed or not.
    length_m: f64,
    /// The mileage: through those that are believed.
    walked_m: f64,
    /// The same without the noise of standing still.
    moving_m: f64,
    rejected: BTreeMap<&'static str, u64>,
    from: String,
    to: String,
    flags: Vec<Flag>,
    /// Nothing where the track is too short to be compared.
    fingerprint: Option<String>,
    #[serde(skip)]
    print: Fingerprint,
}

/// Two files that hold one track.
#[derive(Serialize)]
struct Pair {
    files: [String; 2],
    similarity: f64,
}

fn check(path: &Path, mode: Mode, mut seen: Plausibility) -> Result<CheckedTrack, Failure> {
    let track = read_track(&read(path)?).map_err(|error| Failure::in_file(path, error))?;
    let mut length_m = 0.0;
    for pair in track.fixes.windows(2) {
        length_m += distance_m(pair[0].place, pair[1].place);
    }
    let settings = CoverageSettings::default();
    let mut walk = Walk::new(mode, settings.max_accuracy_m, settings.gap_ms);
    for fix in &track.fixes {
        seen.feed(*fix, None);
        walk.feed(*fix);
    }
    walk.finish();
    let print = seen.fingerprint();
    let millimetres = |m: f64| (m * 1e3).round() / 1e3;
    let times = || track.fixes.iter().map(|fix| fix.at);
    let told = |at: Option<bading_core::model::time::UtcMs>| {
        at.map(|at| at.to_rfc3339()).unwrap_or_default()
    };
    Ok(CheckedTrack {
        file: path.display().to_string(),
        fixes: seen.fixes(),
        length_m: millimetres(length_m),
        walked_m: millimetres(walk.walked_m()),
        moving_m: millimetres(walk.moving_m()),
        rejected: walk.rejected().clone(),
        from: told(times().min()),
        to: told(times().max()),
        flags: seen.flags(),
        fingerprint: (!print.is_too_short()).then(|| print.to_hex()),
        print,
    })
}

fn pairs(tracks: &[CheckedTrack], least: f64) -> Vec<Pair> {
    let mut found = Vec::new();
    for (index, one) in tracks.iter().enumerate() {
        for other in &tracks[index + 1..] {
            let similarity = one.print.similarity(&other.print);
            if similarity >= least {
                found.push(Pair {
                    files: [one.file.clone(), other.file.clone()],
                    similarity: (similarity * 1e6).round() / 1e6,
                });
            }
        }
    }
    found
}

fn lines(checked: &Checked) -> String {
    let mut lines = String::new();
    for track in &checked.tracks {
        let CheckedTrack {
            file,
            fixes,
            length_m,
            walked_m,
            moving_m,
            rejected,
            from,
            to,
            ..
        } = track;
        let rejected: u64 = rejected.values().sum();
        lines += &format!("{file}\n");
        lines += &format!("fixes        {fixes}, {length_m:.1} m, {from} to {to}\n");
        lines += &format!(
            "mileage      {walked_m:.1} m, {moving_m:.1} m without standing, {rejected} fixes not believed\n"
        );
        lines += &flags::lines(&track.flags);
        if track.flags.is_empty() {
            lines += "conspicuous  nothing\n";
        }
    }
    for Pair { files, similarity } in &checked.repeated {
        let [one, other] = files;
        let percent = similarity * 100.0;
        lines += &format!("repeated     {one} and {other} are one track, {percent:.2} % alike\n");
    }
    lines
}
