//! Evidence bundles from a shell: export from a store or a hub, check a file.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use bading_core::engine::{EngineError, ErrorKind};
use bading_core::model::case::CaseId;
use bading_core::model::identifiers::{DeviceKey, PatrolId};
use bading_core::oplog::body::Subject;
use bading_core::oplog::evidence::{BundleError, ReadError};
use bading_core::rules::explain::Language;
use bading_core::services::evidence::export::{ExportError, Exported, Wanted};
use bading_core::services::evidence::{
    EvidenceReport, Finding, Pictures, StreamReport, Verified, Words, verify_bundle,
};
use bading_core::services::reference::GRIDS;
use bading_hub::{EvidenceError, Hub, evidence_report};
use serde_json::json;

use super::out_file::{write_whole, write_with};
use super::{hub, open_existing};
use crate::args::{Args, Export, ExportFormat, Verify};
use crate::output::{Exit, Failure, Output};

/// The program, as a bundle names it.
const WRITER: &str = concat!("bading ", env!("CARGO_PKG_VERSION"));
/// A file is read in pieces of this size, long enough for the hash to be fast.
const READ_AT_ONCE: usize = 1024 * 1024;
/// Problems and notices that are printed for people; JSON has up to a thousand.
const MAX_LINES: usize = 50;

pub(super) fn of_store(args: &Args, given: &Export, output: &Output) -> Result<Exit, Failure> {
    let (wanted, language) = (wanted(given)?, language(&given.lang)?);
    let engine = open_existing(args)?;
    let exported = write_with(&given.out, |file| {
        let out = BufWriter::new(file);
        engine
            .export_evidence(&wanted, WRITER, out)
            .map_err(|error| name_file(error, &given.out))
    })?;
    told(given, language, &exported, output)
}

pub(super) fn of_hub(source: &Hub, given: &Export, output: &Output) -> Result<Exit, Failure> {
    let (wanted, language) = (wanted(given)?, language(&given.lang)?);
    let exported = write_with(&given.out, |file| {
        let out = BufWriter::new(file);
        source
            .export_evidence(&wanted, WRITER, out)
            .map_err(|error| hub_failure(error, &given.out))
    })?;
    told(given, language, &exported, output)
}

/// An error of the file that is written names it.
fn name_file(error: EngineError, out: &Path) -> Failure {
    let is_of_file = matches!(error.kind(), ErrorKind::RetryLater | ErrorKind::OutOfSpace);
    let mut failure = Failure::from(error);
    if is_of_file {
        failure.line = format!("{}: {}", out.display(), failure.line);
    }
    failure
}

fn hub_failure(error: EvidenceError, out: &Path) -> Failure {
    match error {
        ExportError::Source(error) => hub::failure(error),
        ExportError::Unknown(_) | ExportError::TooMany(_) => Failure::input(error),
        ExportError::Bundle(BundleError::Io(_) | BundleError::LengthDiffers)
        | ExportError::Commit(_)
        | ExportError::Entry(_) => Failure::retry(format!("{}: {error}", out.display())),
        ExportError::Bundle(_) => Failure {
            exit: Exit::Bug,
            line: error.to_string(),
        },
    }
}

fn wanted(given: &Export) -> Result<Wanted, Failure> {
    let ExportFormat::Evidence = given.format;
    let case = |id: &String| {
        id.parse::<CaseId>()
            .map(Subject::case)
            .map_err(|error| Failure::input(format!("--case `{id}`: {error}")))
    };
    let patrol = |id: &String| {
        id.parse::<PatrolId>()
            .map(Subject::patrol)
            .map_err(|error| Failure::input(format!("--patrol `{id}`: {error}")))
    };
    let subjects = given.cases.iter().map(case);
    let subjects = subjects
        .chain(given.patrols.iter().map(patrol))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Wanted {
        subjects: (!given.all).then_some(subjects),
        photos: !given.without_photos,
        pack_contents: given
            .with_grids
            .then(|| GRIDS.to_owned())
            .into_iter()
            .collect(),
    })
}

fn language(tag: &str) -> Result<Language, Failure> {
    Language::parse(tag)
        .ok_or_else(|| Failure::input(format!("--lang: `{tag}` is neither zh-CN nor en")))
}

fn told(
    given: &Export,
    language: Language,
    exported: &Exported,
    output: &Output,
) -> Result<Exit, Failure> {
    if let Some(report) = &given.report {
        let verified = check(&given.out, None)?;
        write_report(
            &given.out,
            report,
            &verified,
            language,
            given.utc_offset_min,
        )?;
    }
    let answer = json!({
        "file": given.out.display().to_string(),
        "hash": exported.hash.to_string(),
        "commits": exported.commits,
        "links": exported.links,
        "photos": exported.photos,
        "absent": exported.absent,
    });
    output.answer(&answer, |_| {
        format!(
            "{}: {} commits, {} photos, {} things that are not here\nhash {}\n",
            given.out.display(),
            exported.commits,
            exported.photos,
            exported.absent,
            exported.hash
        )
    })?;
    Ok(Exit::Done)
}

pub(super) fn verify(file: &Path, given: &Verify, output: &Output) -> Result<Exit, Failure> {
    let language = language(&given.lang)?;
    let hub = given.hub_key.as_deref().map(str::parse::<DeviceKey>);
    let hub = hub
        .transpose()
        .map_err(|error| Failure::input(format!("--hub-key: {error}")))?;
    let verified = check(file, hub.as_ref())?;
    if let Some(report) = &given.report {
        write_report(file, report, &verified, language, given.utc_offset_min)?;
    }
    output.answer(&verified.report, |report| lines(report, language))?;
    Ok(if verified.report.sound {
        Exit::Done
    } else {
        Exit::No
    })
}

fn check(file: &Path, hub: Option<&DeviceKey>) -> Result<Verified, Failure> {
    let opened = File::open(file).map_err(|error| Failure::in_file(file, error))?;
    let input = BufReader::with_capacity(READ_AT_ONCE, opened);
    verify_bundle(input, hub).map_err(|error| match error {
        ReadError::UnknownVersion(_) => Failure {
            exit: Exit::Refused,
            line: format!("{}: {error}", file.display()),
        },
        ReadError::Io(_) => Failure::retry(format!("{}: {error}", file.display())),
        _ => Failure::in_file(file, error),
    })
}

fn write_report(
    file: &Path,
    out: &Path,
    verified: &Verified,
    language: Language,
    utc_offset_min: i32,
) -> Result<(), Failure> {
    let opened = File::open(file).map_err(|error| Failure::in_file(file, error))?;
    let input = BufReader::with_capacity(READ_AT_ONCE, opened);
    // Of a bundle that cannot be read to its end the report shows what was read, and no photo.
    let pictures = Pictures::read(input, &verified.photos).unwrap_or_default();
    let html = evidence_report(verified, &pictures, language, utc_offset_min);
    write_whole(out, html.as_bytes())
}

/// The answer for people: the verdict, the first thing that is wrong, then the rest.
fn lines(report: &EvidenceReport, language: Language) -> String {
    let words = Words::of(language);
    let mut lines = Vec::new();
    match &report.first {
        None => lines.push(words.get("sound")),
        Some(first) => {
            let verdict = words.get("not-sound");
            lines.push(format!(
                "{verdict}: {} [{}]",
                first.tell(language),
                first.code
            ));
        }
    }
    lines.extend(report.origin(words, str::to_owned));
    lines.push(match &report.hash {
        Some(hash) => words.tell("hash-line", [("hash", hash.clone())]),
        None => words.get("no-hash"),
    });
    for stream in &report.streams {
        lines.push(chain_line(words, stream));
    }
    let further = report.problems.iter().skip(1);
    listed(
        &mut lines,
        words,
        language,
        further,
        report.problems_count.saturating_sub(1),
    );
    listed(
        &mut lines,
        words,
        language,
        report.notices.iter(),
        report.notices_count,
    );
    lines.join("\n") + "\n"
}

fn chain_line(words: Words, stream: &StreamReport) -> String {
    let mentions = [
        ("device", stream.device.clone()),
        ("zone", stream.zone.clone()),
        ("first", stream.first.to_string()),
        ("last", stream.last.to_string()),
        ("whole", stream.commits.to_string()),
    ];
    words.tell("chain-line", mentions)
}

fn listed<'f>(
    lines: &mut Vec<String>,
    words: Words,
    language: Language,
    findings: impl Iterator<Item = &'f Finding>,
    count: usize,
) {
    let told = findings.take(MAX_LINES);
    lines.extend(told.map(|found| format!("- {} [{}]", found.tell(language), found.code)));
    if count > MAX_LINES {
        let more = (count - MAX_LINES).to_string();
        lines.push(words.tell("more", [("count", more)]));
    }
}
