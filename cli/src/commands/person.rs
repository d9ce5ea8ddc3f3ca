//! What is held about a person, from a shell: of a phone's store or a hub's folder.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use bading_core::model::identifiers::{Hash, PersonId};
use bading_core::services::person::PersonSummary;
use bading_hub::Hub;
use serde_json::json;

use super::open_existing;
use super::out_file::{beside, private_file, write_whole};
use crate::args::{Args, Person, PersonExport};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(args: &Args, command: &Person, output: &Output) -> Result<Exit, Failure> {
    let Person::Export(given) = command;
    let person = person(&given.person)?;
    let engine = open_existing(args)?;
    export(
        given,
        output,
        |out| Ok(engine.export_person(&person, out)?),
        |hash| Ok(engine.photo(hash)?),
    )
}

pub(super) fn of_hub(hub: &Hub, given: &PersonExport, output: &Output) -> Result<Exit, Failure> {
    let person = person(&given.person)?;
    export(
        given,
        output,
        |out| hub.export_person(&person, out).map_err(super::hub::failure),
        |hash| hub.photo(hash).map_err(super::hub::failure),
    )
}

fn person(text: &str) -> Result<PersonId, Failure> {
    PersonId::parse(text).map_err(|error| Failure::input(format!("--person: {error}")))
}

/// Writes the document whole or not at all, readable by its owner alone, then the photos.
fn export(
    given: &PersonExport,
    output: &Output,
    write: impl FnOnce(&mut dyn Write) -> Result<PersonSummary, Failure>,
    photo: impl Fn(&Hash) -> Result<Option<Vec<u8>>, Failure>,
) -> Result<Exit, Failure> {
    let failed = |error| Failure::in_file(&given.out, error);
    let partial = beside(&given.out).map_err(failed)?;
    let written = (|| {
        let file = private_file(&partial).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let summary = write(&mut out)?;
        if summary.is_empty() {
            return Err(Failure::input(format!(
                "--person: nothing is held about `{}`",
                given.person
            )));
        }
        let file = out
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        fs::rename(&partial, &given.out).map_err(failed)?;
        Ok(summary)
    })();
    if written.is_err() {
        // Whether or not it came into being, it is not left behind.
        let _ = fs::remove_file(&partial);
    }
    let summary = written?;
    let photos = match &given.photos {
        Some(dir) => write_photos(dir, &summary.photos, photo)?,
        None => 0,
    };
    let answer = json!({
        "person": given.person,
        "out": given.out.display().to_string(),
        "devices": summary.devices,
        "commits": summary.commits,
        "positions": summary.positions,
        "cases": summary.cases,
        "patrols": summary.patrols,
        "shifts": summary.shifts,
        "unsealed": summary.unsealed,
        "photos": summary.photos.len(),
        "photos_written": photos,
    });
    output.answer(&answer, |_| {
        format!(
            "{} commits, {} cases, {} patrols, {} positions, {} photos ({photos} written)\n",
            summary.commits,
            summary.cases,
            summary.patrols,
            summary.positions,
            summary.photos.len()
        )
    })?;
    Ok(Exit::Done)
}

fn write_photos(
    dir: &Path,
    hashes: &[String],
    photo: impl Fn(&Hash) -> Result<Option<Vec<u8>>, Failure>,
) -> Result<usize, Failure> {
    fs::create_dir_all(dir).map_err(|error| Failure::in_file(dir, error))?;
    let mut count = 0;
    for name in hashes {
        let hash = name.parse().expect("the core's own hash");
        if let Some(bytes) = photo(&hash)? {
            write_whole(&dir.join(name), &bytes)?;
            count += 1;
        }
    }
    Ok(count)
}
