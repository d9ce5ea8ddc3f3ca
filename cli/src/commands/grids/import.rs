//! A layer of grids into force: checked whole, laid over the layers before, all or nothing.

use std::path::Path;

use bading_core::geo::datum::Datum;
use bading_core::geo::finding::Finding;
use bading_core::geo::grid_pack::GridPack;
use bading_core::geo::h3_fill::h3_cells;
use bading_core::geo::layer_file::{LayerCell, LayerFile, read_area};
use bading_core::model::grid::{CodeProfile, Validity};
use bading_core::model::time::UtcMs;
use bading_core::services::reference::GRIDS;
use bading_hub::Hub;
use serde_json::json;

use super::{CheckedLayer, checked, datum_of, finding_json};
use crate::args::{HubDir, ImportGrids};
use crate::commands::hub::{failure, open};
use crate::commands::read;
use crate::output::{Exit, Failure, Output};

/// Reads, checks and imports a layer.
pub(crate) fn import(dir: &HubDir, given: &ImportGrids, output: &Output) -> Result<Exit, Failure> {
    let hub = open(dir)?;
    let utc_offset_min = hub.utc_offset_min();
    let (layer, findings) = match (&given.file, given.h3) {
        (_, Some(resolution)) => (h3_layer(given, resolution)?, Vec::new()),
        (Some(file), None) => sound_layer(file, given, utc_offset_min, output)?,
        (None, None) => return Err(Failure::input("a FILE or --h3 names the layer")),
    };
    let before = match hub.pack_in_force(GRIDS).map_err(failure)? {
        Some(bytes) => Some(
            GridPack::read(&bytes)
                .map_err(|error| Failure::retry(format!("hub: the grids in force: {error}")))?,
        ),
        None => None,
    };
    let during = during(given, before.is_some(), &hub)?;
    let cells_count = layer.cells.len();
    let before = before.unwrap_or_else(|| GridPack {
        cells: Vec::new(),
        ..layer.clone()
    });
    let laid = before.succeeded_by(layer, during);
    if laid.kept_count + laid.begun_count == 0 {
        return Err(Failure::input(
            "no cell of the layer is in force in its time: valid_from and valid_to of its cells lie outside",
        ));
    }
    let pack = laid.pack.to_bytes();
    // What every phone will read is read here first.
    GridPack::read(&pack).map_err(|error| Failure::input(format!("the layer: {error}")))?;
    let outcome = hub.put_pack(GRIDS, &pack).map_err(failure)?;
    let local = |at: Option<UtcMs>| at.map(|at| at.to_rfc3339_at(utc_offset_min));
    let answer = json!({
        "kind": GRIDS,
        "hash": outcome.hash.to_string(),
        "version": outcome.version,
        "new": outcome.is_new,
        "cells_count": cells_count,
        "valid_from": local(during.from),
        "valid_to": local(during.to),
        "kept_count": laid.kept_count,
        "begun_count": laid.begun_count,
        "ended_count": laid.ended_count,
        "findings": findings.iter().map(finding_json).collect::<Vec<_>>(),
    });
    output.answer(&answer, |_| {
        let version = outcome.version;
        if !outcome.is_new {
            return format!("{GRIDS} version {version}: was in force already\n");
        }
        let since = match local(during.from) {
            Some(from) => format!(" from {from}"),
            None => String::new(),
        };
        let mut text = format!(
            "{GRIDS} version {version}: in force{since}; {} cells begin, {} go on, {} end\n",
            laid.begun_count, laid.kept_count, laid.ended_count
        );
        let notices = findings.iter().filter(|f| !f.kind.refuses()).count();
        if notices > 0 {
            text += &format!("{notices} notices: `bading grids check` names them\n");
        }
        text
    })?;
    Ok(Exit::Done)
}

/// The layer of a file. One with findings is refused unless they can be accepted and are;
/// then each is told on stderr.
fn sound_layer(
    file: &Path,
    given: &ImportGrids,
    utc_offset_min: i32,
    output: &Output,
) -> Result<(GridPack, Vec<Finding>), Failure> {
    let CheckedLayer {
        layer,
        report,
        profile,
        datum,
    } = checked(file, &given.reading, utc_offset_min)?;
    if let Err(refusal) = report.judge(given.accept_findings) {
        let hint = match refusal.is_acceptable {
            true => {
                "; `bading grids check` names all, --accept-findings imports the layer as it is"
            }
            false => "; `bading grids check` names all",
        };
        return Err(Failure::in_file(file, format!("{refusal}{hint}")));
    }
    if layer.cells.is_empty() {
        return Err(Failure::in_file(file, "it has no cell"));
    }
    for finding in report.refusing() {
        output.note(format!("{}: {finding}", file.display()));
    }
    let pack = GridPack::of_layer(layer, profile, datum);
    Ok((pack, report.findings))
}

/// The H3 cells that cover the area of --within: they neither overlap nor leave a gap in it.
fn h3_layer(given: &ImportGrids, resolution: u8) -> Result<GridPack, Failure> {
    let within = given.reading.within.as_deref();
    let path = within.ok_or_else(|| Failure::input("--h3 needs --within FILE"))?;
    let area = read_area(&read(path)?, datum_of(&given.reading)?)
        .map_err(|error| Failure::in_file(path, error))?;
    let cells =
        h3_cells(&area, resolution).map_err(|error| Failure::input(format!("--h3: {error}")))?;
    if cells.is_empty() {
        return Err(Failure::in_file(path, "no cell lies in its area"));
    }
    let cells = (1..).zip(cells);
    let layer = LayerFile {
        cells: cells
            .map(|(feature, cell)| LayerCell { feature, cell })
            .collect(),
        ..LayerFile::default()
    };
    Ok(GridPack::of_layer(
        layer,
        CodeProfile::opaque(),
        Datum::Wgs84,
    ))
}

/// When the layer is in force: what is said, else always for a first layer, and from today
/// on for a later one, so that what was found before today stays found.
fn during(given: &ImportGrids, is_later: bool, hub: &Hub) -> Result<Validity, Failure> {
    let offset = hub.utc_offset_min();
    let read = |flag: &str, text: &Option<String>, read: fn(&str, i32) -> Option<UtcMs>| {
        let Some(text) = text else { return Ok(None) };
        read(text, offset).map(Some).ok_or_else(|| {
            Failure::input(format!(
                "{flag}: `{text}` is neither a date such as 2026-03-02 nor RFC 3339 with an offset"
            ))
        })
    };
    let today = || hub.now().local_midnight(offset);
    let from = read("--valid-from", &given.valid_from, UtcMs::parse_from)?;
    let validity = Validity {
        from: from.or_else(|| is_later.then(today)),
        to: read("--valid-to", &given.valid_to, UtcMs::parse_to)?,
    };
    if validity.is_empty() {
        return Err(Failure::input(
            "--valid-to: it is not later than the layer's first day",
        ));
    }
    Ok(validity)
}
