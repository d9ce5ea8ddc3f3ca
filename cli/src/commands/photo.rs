//! Photos from a shell.

use std::path::Path;

use bading_core::photo::{PhotoFacts, inspect, public_copy, thumbnail};
use serde_json::{Value, json};

use super::read;
use crate::args::Photo;
use crate::output::{Exit, Failure, Output};

pub(super) fn run(command: &Photo, output: &Output) -> Result<Exit, Failure> {
    match command {
        Photo::Inspect { files } => inspect_all(files, output),
        Photo::Thumbnail {
            input,
            output: to,
            max,
        } => {
            let picture = thumbnail(&read(input)?, *max).map_err(|e| Failure::in_file(input, e))?;
            write(to, &picture)
        }
        Photo::Public { input, output: to } => {
            let copy = public_copy(&read(input)?).map_err(|e| Failure::in_file(input, e))?;
            write(to, &copy)
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<Exit, Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::in_file(path, error))?;
    Ok(Exit::Done)
}

/// One photo is one document; several are a line each. A bad one is told and the rest goes
/// on: the exit code remembers it.
fn inspect_all(files: &[std::path::PathBuf], output: &Output) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in files {
        let facts = match read(file).and_then(|bytes| {
            inspect(&bytes).map_err(|error| Failure::in_file(file, format!("photo: {error}")))
        }) {
            Ok(facts) => facts,
            Err(failure) => {
                output.failure(&failure);
                exit = failure.exit;
                continue;
            }
        };
        let value = facts_json(file, &facts);
        if output.is_json() && files.len() > 1 {
            crate::output::quiet_if_closed(std::io::Write::write_all(
                &mut std::io::stdout(),
                format!("{value}\n").as_bytes(),
            ))?;
        } else {
            output.answer(&value, lines)?;
        }
    }
    Ok(exit)
}

fn facts_json(file: &Path, facts: &PhotoFacts) -> Value {
    json!({
        "file": file.display().to_string(),
        "format": facts.format.as_str(),
        "width": facts.width_px,
        "height": facts.height_px,
        "orientation": facts.orientation,
        "lat": facts.position.map(|(lat, _)| lat),
        "lon": facts.position.map(|(_, lon)| lon),
        "alt": facts.altitude_m,
        "taken_at": facts.taken_at,
        "offset": facts.offset,
        "make": facts.make,
        "model": facts.model,
        "sha256": hex::encode(facts.sha256),
        "blake3": hex::encode(facts.blake3),
        "phash": facts.phash.map(|hash| format!("{hash:016x}")),
        "sharpness": facts.sharpness,
        "brightness": facts.brightness,
        "burnt": facts.burnt,
        "problems": facts.problems.iter().map(|p| p.code()).collect::<Vec<_>>(),
    })
}

fn lines(value: &Value) -> String {
    let Some(fields) = value.as_object() else {
        return String::new();
    };
    fields
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name:<12} {text}\n"),
            Value::Null => format!("{name:<12} -\n"),
            other => format!("{name:<12} {other}\n"),
        })
        .collect()
}
