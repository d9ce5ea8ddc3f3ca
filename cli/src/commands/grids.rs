//! Grids from a shell: a layer is checked before it is imported, and asked afterwards.

use std::path::Path;

use bading_core::geo::cell_size::cell_size;
use bading_core::geo::datum::Datum;
use bading_core::geo::finding::Finding;
use bading_core::geo::grid_file::GridCell;
use bading_core::geo::layer_check::{LayerFindings, check_cells};
use bading_core::geo::layer_file::{LayerFile, LayerOptions, read_area, read_layer};
use bading_core::model::grid::{CodeProfile, GridCode};
use bading_core::model::time::UtcMs;
use serde_json::{Map, Value, json};

use super::read;
use crate::args::{Grids, LayerReading};
use crate::output::{Exit, Failure, Output};

mod import;
mod lookup;

pub(super) use import::import;
pub(super) use lookup::{list, locate};

pub(super) fn run(command: &Grids, output: &Output) -> Result<Exit, Failure> {
    match command {
        Grids::Check {
            file,
            reading,
            utc_offset_min,
        } => check(file, reading, *utc_offset_min, output),
    }
}

/// A layer as it was read, with what it was read by and what is wrong with it.
struct CheckedLayer {
    layer: LayerFile,
    report: LayerFindings,
    profile: CodeProfile,
    datum: Datum,
}

fn datum_of(reading: &LayerReading) -> Result<Datum, Failure> {
    super::datum("--datum", &reading.datum)
}

/// Reads a layer and its parent, and checks the one against the other.
fn checked(
    file: &Path,
    reading: &LayerReading,
    utc_offset_min: i32,
) -> Result<CheckedLayer, Failure> {
    let profile = CodeProfile::parse(&reading.profile)
        .map_err(|error| Failure::input(format!("--profile: {error}")))?;
    let datum = datum_of(reading)?;
    let within = match &reading.within {
        Some(path) => {
            let area = read_area(&read(path)?, datum);
            Some(area.map_err(|error| Failure::in_file(path, error))?)
        }
        None => None,
    };
    let options = LayerOptions {
        code_property: &reading.code_property,
        profile: &profile,
        datum,
        utc_offset_min,
    };
    let layer =
        read_layer(&read(file)?, &options).map_err(|error| Failure::in_file(file, error))?;
    let report = check_cells(&layer, within.as_ref());
    Ok(CheckedLayer {
        layer,
        report,
        profile,
        datum,
    })
}

fn check(
    file: &Path,
    reading: &LayerReading,
    utc_offset_min: i32,
    output: &Output,
) -> Result<Exit, Failure> {
    let checked = checked(file, reading, utc_offset_min)?;
    let (layer, report) = (&checked.layer, &checked.report);
    let cells: Vec<Value> = layer
        .cells
        .iter()
        .map(|row| {
            let mut cell = cell_json(&row.cell, &checked.profile, utc_offset_min);
            cell["feature"] = row.feature.into();
            cell
        })
        .collect();
    let refusing_count = report.refusing().count();
    let area_m2: f64 = cells.iter().filter_map(|c| c["area_m2"].as_f64()).sum();
    let answer = json!({
        "cells_count": cells.len(),
        "area_m2": rounded(area_m2),
        "refused": refusing_count > 0,
        "cut_short": report.is_cut_short,
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "cells": cells,
    });
    output.answer(&answer, |answer| {
        let mut text = String::new();
        for cell in answer["cells"].as_array().into_iter().flatten() {
            text += &cell_line(cell, &checked.profile);
        }
        for finding in &report.findings {
            let notice = if finding.kind.refuses() {
                ""
            } else {
                "notice: "
            };
            text += &format!("{notice}{finding}\n");
        }
        if report.is_cut_short {
            text += "not everything was compared: too many cells or dates\n";
        }
        let notices = report.findings.len() - refusing_count;
        text + &format!(
            "{} cells, {area_m2:.1} m², {refusing_count} findings, {notices} notices\n",
            layer.cells.len()
        )
    })?;
    Ok(match refusing_count {
        0 => Exit::Done,
        _ => Exit::No,
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind.as_str(),
        "refuses": finding.kind.refuses(),
        "codes": finding.codes,
        "feature": finding.features.first(),
        "features": finding.features,
        "field": finding.field,
        "where": finding.at.map(|(lat, lon)| json!({"lat": lat, "lon": lon})),
        "area_m2": finding.area_m2.map(rounded),
        "why": finding.why,
    })
}

/// A cell with its parts by the profile, its size and its terms.
fn cell_json(cell: &GridCell, profile: &CodeProfile, utc_offset_min: i32) -> Value {
    let size = cell_size(&cell.polygons);
    let local = |at: Option<UtcMs>| at.map(|at| at.to_rfc3339_at(utc_offset_min));
    json!({
        "code": cell.code,
        "parts": parts(&cell.code, profile),
        "area_m2": rounded(size.area_m2),
        "perimeter_m": rounded(size.perimeter_m),
        "polygons_count": cell.polygons.len(),
        "class": cell.terms.class,
        "unit": cell.terms.unit,
        "valid_from": local(cell.terms.validity.from),
        "valid_to": local(cell.terms.validity.to),
    })
}

/// The code's segments by name; nothing by the opaque profile, or where the code is none.
fn parts(code: &str, profile: &CodeProfile) -> Option<Map<String, Value>> {
    let code = GridCode::parse(code).ok()?;
    let parts = profile.parts(&code).ok()?;
    let parts = parts.into_iter();
    let map: Map<_, _> = parts
        .map(|(name, part)| (name.to_owned(), Value::from(part)))
        .collect();
    (!map.is_empty()).then_some(map)
}

/// To the square millimetre and the millimetre: beyond it there are only digits.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

/// One line for people, the parts in the order of the code.
fn cell_line(cell: &Value, profile: &CodeProfile) -> String {
    let code = cell["code"].as_str().unwrap_or_default();
    let mut line = code.to_owned();
    if let Ok(code) = GridCode::parse(code)
        && let Ok(parts) = profile.parts(&code)
        && !parts.is_empty()
    {
        let told = parts.iter().map(|(name, part)| format!("{name} {part}"));
        line += &format!(" = {}", told.collect::<Vec<_>>().join(" / "));
    }
    let number = |name: &str| cell[name].as_f64().unwrap_or_default();
    line += &format!(
        ", {:.1} m², {:.1} m around",
        number("area_m2"),
        number("perimeter_m")
    );
    if let Some(class) = cell["class"].as_u64() {
        line += &format!(", class {class}");
    }
    for (name, label) in [
        ("unit", ""),
        ("valid_from", "from "),
        ("valid_to", "until "),
    ] {
        if let Some(text) = cell[name].as_str() {
            line += &format!(", {label}{text}");
        }
    }
    line + "\n"
}
