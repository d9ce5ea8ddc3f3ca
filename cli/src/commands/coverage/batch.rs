//! A folder of tracks against the routes of a file, on all cores, one JSON object a line in
//! the order of the file names. A track that is wrong says so on its line; the others go on.
//! Apart from the files' names, memory does not grow with their number.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use bading_core::geo::coverage::{Coverage, coverage};
use bading_core::geo::plausibility::Flag;
use bading_core::geo::route_file::{RouteFileOptions, read_routes};
use bading_core::model::route::PlannedRoute;
use serde::Serialize;

use super::{Ask, file_name};
use crate::commands::read;
use crate::output::{Exit, Failure, Output, quiet_if_closed};

/// So many tracks are judged before the threads wait for each other: the most answers that
/// one slow track can keep waiting.
const BATCH: usize = 256;

#[derive(Serialize)]
struct Answer<'a> {
    track: &'a str,
    route: &'a str,
    #[serde(flatten)]
    coverage: &'a Coverage,
    plausibility: Vec<Flag>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    track: &'a str,
    error: &'a str,
}

/// What became of one track.
struct Judged {
    line: Vec<u8>,
    exit: Exit,
}

pub(super) fn run(
    ask: &Ask,
    (routes, tracks): (&Path, &Path),
    threads: Option<NonZeroUsize>,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut planned = read_routes(&read(routes)?, &RouteFileOptions::default())
        .map_err(|error| Failure::in_file(routes, error))?;
    for one in &mut planned {
        one.route = ask
            .route(&one.route, Vec::new())
            .map_err(|why| Failure::in_file(routes, format!("route {}: {why}", one.code)))?;
    }
    let files = track_files(tracks).map_err(|error| Failure::in_file(tracks, error))?;
    if files.is_empty() {
        let why = "the folder has no track: no file ends in .gpx or .csv";
        return Err(Failure::in_file(tracks, why));
    }
    let (mut bad, mut below) = (0_usize, 0_usize);
    let bar = output.progress("tracks", files.len() as u64);
    let threads = threads
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let mut tell = |judged: &Judged| {
        Output::advance(&bar, 1);
        match judged.exit {
            Exit::Done => {}
            Exit::No => below += 1,
            _ => bad += 1,
        }
        io::stdout().lock().write_all(&judged.line)
    };
    let written = files
        .chunks(BATCH)
        .try_for_each(|some| in_order(some, threads, |path| judge(ask, &planned, path), &mut tell));
    bar.finish_and_clear();
    quiet_if_closed(written.and_then(|()| io::stdout().lock().flush()))?;
    if bad > 0 {
        let of = files.len();
        let why = format!("{bad} of {of} tracks could not be judged; their lines say why");
        return Err(Failure::in_file(tracks, why));
    }
    Ok(if below > 0 { Exit::No } else { Exit::Done })
}

/// The GPX and CSV files of a folder in the order of their names.
fn track_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_track = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("gpx") || extension.eq_ignore_ascii_case("csv")
        });
        if is_track && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Judges every file on so many threads, and tells the answers in the files' order as they come;
/// ends early when they cannot be told.
fn in_order(
    files: &[PathBuf],
    threads: usize,
    judge: impl Fn(&Path) -> Judged + Sync,
    mut tell: impl FnMut(&Judged) -> io::Result<()>,
) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let (to_teller, answers) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.min(files.len()) {
            let (to_teller, next, judge) = (to_teller.clone(), &next, &judge);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else { return };
                    // Nobody listens any more: the output was closed.
                    if to_teller.send((index, judge(path))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(to_teller);
        // Moved in, so that it is dropped when telling ends early.
        let answers = answers;
        let mut waiting = BTreeMap::new();
        let mut told = 0;
        for (index, judged) in &answers {
            waiting.insert(index, judged);
            while let Some(judged) = waiting.remove(&told) {
                tell(&judged)?;
                told += 1;
            }
        }
        Ok(())
    })
}

fn judge(ask: &Ask, planned: &[PlannedRoute], path: &Path) -> Judged {
    let track = file_name(path);
    match line(ask, planned, path, &track) {
        Ok(judged) => judged,
        Err(error) => {
            let refusal = Refusal {
                track: &track,
                error: &error,
            };
            Judged {
                line: json_line(&refusal),
                exit: Exit::Input,
            }
        }
    }
}

fn line(ask: &Ask, planned: &[PlannedRoute], path: &Path, track: &str) -> Result<Judged, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let found = planned.iter().find(|one| one.code.as_str() == stem);
    let one = match (found, planned) {
        (Some(one), _) => one,
        (None, [only]) => only,
        (None, _) => return Err(format!("no route has the code `{stem}`")),
    };
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "the file is gone".to_owned(),
        _ => error.to_string(),
    })?;
    let fixes = ask.fixes(&bytes)?;
    let coverage = coverage(&one.route, &ask.settings, &fixes);
    let answer = Answer {
        track,
        route: one.code.as_str(),
        coverage: &coverage,
        plausibility: ask.flags(&fixes),
    };
    Ok(Judged {
        line: json_line(&answer),
        exit: ask.exit(coverage.ratio),
    })
}

fn json_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("text and numbers are always JSON");
    line.push(b'\n');
    line
}
