//! One file for each family of commands; here they are told apart.

mod case;
mod convert;
mod coverage;
mod deadline;
mod deadline_case;
mod demo;
mod dispatch;
mod draft;
mod duties;
mod erase;
mod evidence;
mod flags;
mod grids;
mod hub;
mod import;
mod key;
mod locate;
mod nearest;
mod out_file;
mod patrol;
mod person;
mod phone;
mod photo;
mod retention;
mod review;
mod roster;
mod score;
mod track;
mod verdict;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bading_core::engine::{Engine, EngineOptions, FileKeyStore, KEY_STORE_FILE};
use bading_core::geo::datum::{Datum, Tagged, Wgs84};
use bading_core::model::place::LatLon;
use bading_core::storage::is_store;
use clap::CommandFactory;

use crate::args::{Args, Command};
use crate::output::{Exit, Failure, Output, quiet_if_closed};

/// Runs the command that the arguments name.
pub(crate) fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Init => phone::init(args, output),
        Command::Enrol(enrol) => phone::enrol(args, enrol, output),
        Command::Status => phone::status(args, output),
        Command::Report(report) => phone::report(args, report, output),
        Command::Draft { command } => draft::run(args, command, output),
        Command::Case { command } => case::run(args, command, output),
        Command::Patrol { command } => patrol::run(args, command, output),
        Command::Nearest(given) => nearest::run(args, given, output),
        Command::Erase(given) => erase::run(args, given, output),
        Command::Sync => phone::sync(args, output),
        Command::Outbox => phone::outbox(args, output),
        Command::Evict(given) => retention::evict(args, given, output),
        Command::Person { command } => person::run(args, command, output),
        Command::Verify(given) => match &given.file {
            Some(file) => evidence::verify(file, given, output),
            None => phone::verify(args, output),
        },
        Command::Export(given) => evidence::of_store(args, given, output),
        Command::Rebuild => phone::rebuild(args, output),
        Command::Salvage => phone::salvage(args, output),
        Command::Key { command } => key::run(args, command, output),
        Command::Locate(locate) => locate::locate(locate, output),
        Command::Coverage(given) => coverage::run(given, output),
        Command::Convert(convert) => convert::run(convert, output),
        Command::Track { command } => track::run(command, output),
        Command::Deadline(given) => deadline::run(given, output),
        Command::Score(given) => score::run(given, output),
        Command::Photo { command } => photo::run(command, output),
        Command::Duties { command } => duties::run(command, output),
        Command::Grids { command } => grids::run(command, output),
        Command::Dispatch(given) => dispatch::run(given, output),
        Command::Review {
            dir,
            utc_offset_min,
            review,
        } => match dir {
            Some(dir) => review::of_hub(dir, review, output),
            None => review::of_store(args, *utc_offset_min, review, output),
        },
        Command::Verdict {
            utc_offset_min,
            command,
        } => verdict::run(args, *utc_offset_min, command, output),
        Command::Hub { command } => hub::run(command, output),
        Command::Demo(given) => demo::run(given, output),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "bading", &mut text);
            quiet_if_closed(io::stdout().write_all(&text)).map(|()| Exit::Done)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Args::command())
                .render(&mut text)
                .map_err(Failure::retry)?;
            quiet_if_closed(io::stdout().write_all(&text)).map(|()| Exit::Done)
        }
    }
}

/// Opens the store, making it when it is not there.
fn open(args: &Args) -> Result<Engine, Failure> {
    let file = keystore_file(args);
    let is_there = file.exists();
    let engine = Engine::open(&args.store, options(args))?;
    if !is_there && file.exists() {
        eprintln!(
            "warning: the key of this store is in {}; whoever copies both can read the store \
             (--keystore puts it elsewhere)",
            file.display()
        );
    }
    Ok(engine)
}

fn keystore_file(args: &Args) -> PathBuf {
    match &args.keystore {
        Some(file) => file.clone(),
        None => args.store.join(KEY_STORE_FILE),
    }
}

/// What this command brings to the engine.
fn options(args: &Args) -> EngineOptions {
    let options = EngineOptions::default();
    let keystore = FileKeyStore::new(&keystore_file(args), Arc::clone(&options.host));
    EngineOptions {
        keystore: Some(Arc::new(keystore)),
        ..options
    }
}

/// Opens a store that must be there: looking at nothing should not make something.
fn open_existing(args: &Args) -> Result<Engine, Failure> {
    require_store(args)?;
    open(args)
}

fn require_store(args: &Args) -> Result<(), Failure> {
    if is_store(&args.store) {
        return Ok(());
    }
    Err(Failure::in_file(
        &args.store,
        "there is no store (bading init makes one)",
    ))
}

/// The datum that an option names.
fn datum(flag: &str, text: &str) -> Result<Datum, Failure> {
    Datum::parse(text).map_err(|error| Failure::input(format!("{flag}: {error}")))
}

/// The place that `--at LAT,LON` means in the datum of `--datum`.
fn place_at(text: &str, datum_name: &str) -> Result<LatLon, Failure> {
    let datum = datum("--datum", datum_name)?;
    Tagged::parse(datum, text)
        .and_then(Tagged::to::<Wgs84>)
        .map(LatLon::from)
        .map_err(|error| Failure::input(format!("--at: {error}")))
}

/// Reads a file, or stdin for `-`.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|e| Failure::in_file(path, e))?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| Failure::in_file(path, error))
}
