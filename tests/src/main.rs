//! A phone that captures without end, for tests that kill it: it opens a store, reports one
//! problem after another, and says `ack CASE PHOTO` once each is durable.
//!
//! `bading-torture STORE COUNT SEED`

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use bading_core::engine::{Engine, EngineError, EngineOptions, ErrorKind};
use bading_core::model::place::LatLon;
use bading_core::photo::render::{Scene, render};
use bading_core::services::capture::{PhotoInput, Report};

/// What each note has in it, so that a test can search for it.
const PLANTED: &str = "planted: a note that nobody else may read";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, store, count, seed] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let (Ok(count), Ok(seed)) = (count.parse(), seed.parse::<u64>()) else {
        return ExitCode::from(2);
    };
    match run(Path::new(store), count, seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

fn run(store: &Path, count: u64, seed: u64) -> Result<(), u8> {
    let engine = Engine::open(store, EngineOptions::default()).map_err(|error| code_of(&error))?;
    for number in seed..seed.saturating_add(count) {
        let report = Report {
            photos: vec![PhotoInput {
                bytes: photo(number),
                role: None,
            }],
            at: LatLon::try_new(31.23, 121.47).ok(),
            note: Some(format!("{PLANTED} {number}")),
            ..Report::default()
        };
        let done = engine.report(&report).map_err(|error| code_of(&error))?;
        let line = format!("ack {} {}\n", done.case_id, done.photos[0].hash);
        let mut out = io::stdout().lock();
        let said = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        said.map_err(|_| 4_u8)?;
    }
    Ok(())
}

/// A photo of a few kilobytes; another number is another street.
fn photo(number: u64) -> Vec<u8> {
    render(&Scene {
        seed: number,
        width_px: 48,
        height_px: 32,
        orientation: 1,
        position: None,
        taken_at: None,
        offset: None,
        make: String::new(),
        model: String::new(),
    })
}

/// The command's exit codes.
fn code_of(error: &EngineError) -> u8 {
    // Whatever breaks here has nowhere to be told.
    let _ = writeln!(io::stderr(), "{error}");
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::NotFound => 2,
        ErrorKind::NotAllowed | ErrorKind::UpdateApp | ErrorKind::BadKey => 3,
        ErrorKind::OutOfSpace
        | ErrorKind::StorageDamaged
        | ErrorKind::KeyUnavailable
        | ErrorKind::RetryLater => 4,
        ErrorKind::Bug => 70,
    }
}
