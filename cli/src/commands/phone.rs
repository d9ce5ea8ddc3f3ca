//! A phone's own jobs: enrol, report, sync, verify.

use std::path::{Path, PathBuf};

use bading_core::engine::{Engine, EngineError, Status};
use bading_core::model::attest::Provider;
use bading_core::model::identifiers::ClassCode;
use bading_core::model::photo::PhotoRole;
use bading_core::model::place::PlaceError;
use bading_core::model::time::UtcMs;
use bading_core::services::ServiceError;
use bading_core::services::capture::{PhotoInput, Report, Reported, prepare};
use bading_core::services::salvage::Salvage;
use bading_core::services::sync::SyncReport;
use bading_core::services::verify::Verification;
use serde_json::json;

use super::{open, open_existing, options, place_at, read, require_store};
use crate::args::{self, Args};
use crate::output::{Exit, Failure, Output};

pub(super) fn init(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let status = open(args)?.status()?;
    output.answer(&status, status_lines)?;
    Ok(Exit::Done)
}

pub(super) fn enrol(args: &Args, enrol: &args::Enrol, output: &Output) -> Result<Exit, Failure> {
    let status = open(args)?.enrol(&enrol.hub, &enrol.code)?;
    output.answer(&status, status_lines)?;
    Ok(Exit::Done)
}

pub(super) fn status(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let status = open_existing(args)?.status()?;
    output.answer(&status, status_lines)?;
    Ok(Exit::Done)
}

fn status_lines(status: &Status) -> String {
    let person = match (&status.person, status.role) {
        (Some(person), Some(role)) => format!("{person} ({role})"),
        _ => "not enrolled".to_owned(),
    };
    format!(
        "device    {}\nperson    {person}\noutbox    {} commits, {} photos\nlast sync {}\n",
        status.device,
        status.outbox,
        status.pending_blobs,
        status.last_sync.as_deref().unwrap_or("never")
    )
}

pub(super) fn report(args: &Args, given: &args::Report, output: &Output) -> Result<Exit, Failure> {
    // The whole input is read and checked before the store is made or opened.
    let (files, photos) = read_photos(&given.photo)?;
    let class = given.class.as_deref().map(ClassCode::parse).transpose();
    let taken_at = instant("--taken-at", given.taken_at.as_deref())?;
    let gnss_time = instant("--gnss-time", given.gnss_time.as_deref())?;
    let provider = Provider::parse(&given.provider).ok_or_else(|| {
        let known = "gps, network, fused, mock or unknown";
        Failure::input(format!("--provider: `{}` is not {known}", given.provider))
    })?;
    let report = Report {
        photos,
        at: given
            .at
            .as_deref()
            .map(|at| place_at(at, &given.datum))
            .transpose()?,
        accuracy_m: given.accuracy_m,
        class: class.map_err(|error| Failure::input(format!("--class: {error}")))?,
        note: given.note.clone(),
        taken_at,
        is_mock: given.mock,
        provider,
        gnss_time,
        // A file from a shell may be either; only the flag says so.
        is_from_gallery: given.gallery.then_some(true),
    };
    let prepared = prepare(&report).map_err(|error| name_input(error.into(), &files))?;
    let reported = open(args)?.report_prepared(&prepared)?;
    output.answer(&reported, report_lines)?;
    Ok(Exit::Done)
}

fn instant(flag: &str, text: Option<&str>) -> Result<Option<UtcMs>, Failure> {
    text.map(|text| {
        UtcMs::parse_rfc3339(text).ok_or_else(|| {
            Failure::input(format!("{flag}: `{text}` is not RFC 3339 with an offset"))
        })
    })
    .transpose()
}

pub(super) fn report_lines(reported: &Reported) -> String {
    let mut lines = format!(
        "case {}\ngrid {}\n",
        reported.case_id,
        reported.grid.as_deref().unwrap_or("outside")
    );
    for hint in &reported.hints {
        lines.push_str(&format!("hint {}: {}\n", hint.kind, hint.detail));
    }
    lines
}

/// Reads photos given as `FILE` or `ROLE=FILE`.
pub(super) fn read_photos(given: &[String]) -> Result<(Vec<PathBuf>, Vec<PhotoInput>), Failure> {
    let mut files = Vec::with_capacity(given.len());
    let mut photos = Vec::with_capacity(given.len());
    for text in given {
        let named = text
            .split_once('=')
            .and_then(|(role, file)| PhotoRole::parse(role).map(|role| (role, file)));
        let (role, file) = match named {
            Some((role, file)) => (Some(role), file),
            None => (None, text.as_str()),
        };
        let path = Path::new(file).to_owned();
        photos.push(PhotoInput {
            bytes: read(&path)?,
            role,
        });
        files.push(path);
    }
    Ok((files, photos))
}

/// An error about what was given names the file or the flag.
pub(super) fn name_input(error: EngineError, files: &[PathBuf]) -> Failure {
    match error.detail() {
        ServiceError::Photo { index, why } => match files.get(index - 1) {
            Some(file) => Failure::in_file(file, format!("photo: {why}")),
            None => error.into(),
        },
        ServiceError::Place(why @ PlaceError::Accuracy(_)) => {
            Failure::input(format!("--accuracy-m: {why}"))
        }
        _ => error.into(),
    }
}

pub(super) fn sync(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let report = open_existing(args)?.sync()?;
    output.answer(&report, sync_lines)?;
    if report.revoked {
        output
            .note("bading: this device was revoked: the hub took what was sent and gives nothing");
        return Ok(Exit::Refused);
    }
    Ok(Exit::Done)
}

fn sync_lines(report: &SyncReport) -> String {
    let mut lines = format!(
        "pushed {}, pulled {}, photos sent {}, photos pending {}\n",
        report.pushed, report.pulled, report.photos_sent, report.pending_blobs
    );
    for refused in &report.refused {
        let reason = refused.reason.as_deref().unwrap_or("");
        lines.push_str(&format!(
            "{} {}: {reason}\n",
            refused.verdict, refused.commit
        ));
    }
    for conflict in &report.conflicts {
        let (case, field, values) = (&conflict.case_id, conflict.field, conflict.values);
        lines.push_str(&format!(
            "case {case}: {values} values of {field} stand side by side\n"
        ));
    }
    lines
}

pub(super) fn outbox(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let status = open_existing(args)?.status()?;
    let answer = json!({ "commits": status.outbox, "pending_blobs": status.pending_blobs });
    output.answer(&answer, |_| {
        format!(
            "{} commits and {} photos wait\n",
            status.outbox, status.pending_blobs
        )
    })?;
    Ok(Exit::Done)
}

pub(super) fn verify(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let report = open_existing(args)?.verify()?;
    output.answer(&report, verify_lines)?;
    Ok(if report.sound { Exit::Done } else { Exit::No })
}

fn verify_lines(report: &Verification) -> String {
    let mut lines = format!(
        "{}: {} commits ({} own), {} receipts, {} photos, {} cases\n",
        if report.sound { "sound" } else { "NOT SOUND" },
        report.commits,
        report.own_commits,
        report.receipts,
        report.photos,
        report.cases
    );
    for fault in &report.problems {
        lines.push_str(&format!("{}: {}\n", fault.kind, fault.detail));
    }
    lines
}

pub(super) fn rebuild(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let count = open_existing(args)?.rebuild_views()?;
    output.answer(&json!({ "cases": count }), |_| {
        format!("{count} cases folded again\n")
    })?;
    Ok(Exit::Done)
}

pub(super) fn salvage(args: &Args, output: &Output) -> Result<Exit, Failure> {
    require_store(args)?;
    let report = Engine::salvage(&args.store, options(args))?;
    output.answer(&report, salvage_lines)?;
    Ok(if report.is_whole() {
        Exit::Done
    } else {
        Exit::No
    })
}

fn salvage_lines(report: &Salvage) -> String {
    let mut lines = format!(
        "{} commits, {} receipts, {} photos, {} cases are here\n",
        report.commits, report.receipts, report.photos, report.cases
    );
    match &report.set_aside {
        Some(folder) => lines.push_str(&format!("what is damaged was set aside: {folder}\n")),
        None => lines.push_str("nothing is damaged\n"),
    }
    if report.needs_sync {
        lines.push_str("sync before writing: the hub may know more of this device\n");
    }
    let lost = &report.lost;
    for (kind, names) in [
        ("commit", &lost.commits),
        ("photo", &lost.photos),
        ("setting", &lost.settings),
        ("table", &lost.tables),
    ] {
        for name in names {
            lines.push_str(&format!("lost {kind}: {name}\n"));
        }
    }
    lines
}
