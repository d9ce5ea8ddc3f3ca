//! What a hub's grids say: the cell of a place, and all cells, as of a time.

use bading_core::geo::grid_pack::GridPack;
use bading_core::geo::h3::h3_code;
use bading_core::model::grid::CodeProfile;
use bading_core::model::time::UtcMs;
use bading_core::oplog::sign::hash_of;
use bading_core::services::reference::{GRIDS, Grids, H3_RESOLUTION};
use bading_hub::Hub;
use serde_json::{Value, json};

use super::{cell_json, cell_line, parts};
use crate::args::{HubGrids, HubLocate};
use crate::commands::hub::{failure, open};
use crate::commands::place_at;
use crate::output::{Exit, Failure, Output};

/// The grids in force at a hub, with the hash of their version.
fn in_force(hub: &Hub) -> Result<Option<(String, Grids)>, Failure> {
    let Some(bytes) = hub.pack_in_force(GRIDS).map_err(failure)? else {
        return Ok(None);
    };
    let pack = GridPack::read(&bytes)
        .map_err(|error| Failure::retry(format!("hub: the grids in force: {error}")))?;
    Ok(Some((hash_of(&bytes).to_string(), Grids::new(pack))))
}

fn as_of(given: Option<&str>, hub: &Hub) -> Result<UtcMs, Failure> {
    let Some(text) = given else {
        return Ok(hub.now());
    };
    UtcMs::parse_from(text, hub.utc_offset_min()).ok_or_else(|| {
        Failure::input(format!(
            "--as-of: `{text}` is neither RFC 3339 with an offset nor a date such as 2026-03-02"
        ))
    })
}

/// The cell of a place: the city's, or an H3 cell where the city has no grid.
pub(crate) fn locate(given: &HubLocate, output: &Output) -> Result<Exit, Failure> {
    let place = place_at(&given.at, &given.datum)?;
    let hub = open(&given.dir)?;
    let when = as_of(given.as_of.as_deref(), &hub)?;
    let offset = hub.utc_offset_min();
    let mut answer = json!({
        "grid": null,
        "parts": null,
        "class": null,
        "unit": null,
        "valid_from": null,
        "valid_to": null,
        "as_of": when.to_rfc3339_at(offset),
        "version": null,
    });
    match in_force(&hub)? {
        Some((hash, grids)) => {
            answer["version"] = hash.into();
            if let Some(cell) = grids.find(place, when) {
                let mut found = cell_json(cell, &grids.profile, offset);
                answer["grid"] = found["code"].take();
                for name in ["parts", "class", "unit", "valid_from", "valid_to"] {
                    answer[name] = found[name].take();
                }
            }
        }
        None => {
            let code = h3_code(place, H3_RESOLUTION)
                .map_err(|error| Failure::input(format!("--at: {error}")))?;
            answer["parts"] = json!(parts(&code, &CodeProfile::opaque()));
            answer["grid"] = code.into();
        }
    }
    output.answer(&answer, |answer| match answer["grid"].as_str() {
        Some(code) => line(code, answer),
        None => "no cell\n".to_owned(),
    })?;
    Ok(match answer["grid"].is_null() {
        true => Exit::No,
        false => Exit::Done,
    })
}

fn line(code: &str, answer: &Value) -> String {
    let mut line = code.to_owned();
    for (name, label) in [
        ("class", "class "),
        ("unit", ""),
        ("valid_from", "from "),
        ("valid_to", "until "),
    ] {
        match &answer[name] {
            Value::Null => {}
            Value::String(text) => line += &format!(", {label}{text}"),
            other => line += &format!(", {label}{other}"),
        }
    }
    line + "\n"
}

/// Every cell in force, with its parts and its size.
pub(crate) fn list(given: &HubGrids, output: &Output) -> Result<Exit, Failure> {
    let hub = open(&given.dir)?;
    let when = as_of(given.as_of.as_deref(), &hub)?;
    let offset = hub.utc_offset_min();
    let Some((hash, grids)) = in_force(&hub)? else {
        return Err(Failure::input(
            "the hub has no grids; `bading hub import grids` brings some into force",
        ));
    };
    let cells: Vec<Value> = grids
        .cells_at(when)
        .map(|cell| cell_json(cell, &grids.profile, offset))
        .collect();
    let answer = json!({
        "as_of": when.to_rfc3339_at(offset),
        "version": hash,
        "profile": grids.profile.to_string(),
        "cells_count": cells.len(),
        "cells": cells,
    });
    output.answer(&answer, |answer| {
        let cells = answer["cells"].as_array().into_iter().flatten();
        let lines: String = cells.map(|cell| cell_line(cell, &grids.profile)).collect();
        format!("{lines}{} cells\n", answer["cells_count"])
    })?;
    Ok(Exit::Done)
}
