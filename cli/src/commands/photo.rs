//! Photos from a shell.

use std::path::{Path, PathBuf};

use bading_core::photo::{
    PhotoFacts, Stamp, StampError, inspect, public_copy, public_copy_stamped, thumbnail,
};
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
        Photo::Public {
            input,
            output: to,
            stamp,
            font,
        } => {
            let copy = if stamp.is_empty() {
                public_copy(&read(input)?).map_err(|e| Failure::in_file(input, e))?
            } else {
                stamped(input, stamp, font.as_deref())?
            };
            write(to, &copy)
        }
    }
}

fn stamped(input: &Path, lines: &[String], font: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let font_file = match font {
        Some(file) => file.to_owned(),
        None => system_font().ok_or_else(|| {
            Failure::input("no font with Chinese characters was found: name one with --font FILE")
        })?,
    };
    let font = read(&font_file)?;
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let stamp = Stamp {
        lines: &lines,
        font: &font,
        font_index: simplified_index(&font_file),
    };
    public_copy_stamped(&read(input)?, &stamp).map_err(|error| match error {
        StampError::Font | StampError::NoGlyph(_) => Failure::in_file(&font_file, error),
        StampError::Lines => Failure::input(format!("--stamp: {error}")),
        StampError::Photo(_) => Failure::in_file(input, error),
    })
}

/// Noto and Source Han collections hold Japanese, Korean and then simplified Chinese shapes;
/// of other files the first font is taken.
fn simplified_index(font: &Path) -> u32 {
    let name = font.file_name().unwrap_or_default().to_string_lossy();
    let is_pan_cjk = name.starts_with("NotoSansCJK") || name.starts_with("SourceHanSans");
    if is_pan_cjk && name.ends_with(".ttc") {
        2
    } else {
        0
    }
}

/// A font with Chinese characters in the folders that fontconfig, macOS and Windows use.
fn system_font() -> Option<PathBuf> {
    const NAMES: [&str; 10] = [
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJKsc-Regular.otf",
        "NotoSansSC-Regular.otf",
        "SourceHanSansSC-Regular.otf",
        "SourceHanSans.ttc",
        "wqy-microhei.ttc",
        "wqy-zenhei.ttc",
        "DroidSansFallbackFull.ttf",
        "PingFang.ttc",
        "msyh.ttc",
    ];
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let own = home
        .iter()
        .flat_map(|home| [home.join(".local/share/fonts"), home.join(".fonts")]);
    let folders = own.chain(
        [
            "/usr/local/share/fonts",
            "/usr/share/fonts",
            "/System/Library/Fonts",
            "/Library/Fonts",
            "C:\\Windows\\Fonts",
        ]
        .map(PathBuf::from),
    );
    let found: Vec<_> = folders.flat_map(|folder| files_below(&folder, 4)).collect();
    NAMES.iter().find_map(|name| {
        let of_name = |file: &&PathBuf| file.file_name().is_some_and(|found| found == *name);
        found.iter().find(of_name).cloned()
    })
}

fn files_below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => {
                files.extend(files_below(&entry.path(), depth - 1));
            }
            Ok(_) => files.push(entry.path()),
            Err(_) => {}
        }
    }
    files
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
