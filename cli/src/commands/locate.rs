//! Points and grids: which grid a point is in.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use bading_core::geo::check::{LayerReport, check_layer};
use bading_core::geo::datum::Datum;
use bading_core::geo::finding::{Finding, FindingKind};
use bading_core::geo::grid_file::{GridCell, GridFileOptions, read_grids};
use bading_core::geo::layer_file::{LayerOptions, read_layer};
use bading_core::geo::locator::Locator;
use bading_core::geo::points_file::{PointRow, read_points};
use bading_core::model::grid::CodeProfile;
use bading_core::model::time::UtcMs;
use serde_json::json;

use super::{datum, read};
use crate::args;
use crate::output::{Exit, Failure, Output, quiet_if_closed};

pub(super) fn locate(given: &args::Locate, output: &Output) -> Result<Exit, Failure> {
    datum("--datum", &given.datum)?;
    let cells = match &given.as_of {
        Some(as_of) => cells_as_of(given, as_of)?,
        None => {
            let options = GridFileOptions {
                code_property: &given.code_property,
                allows_duplicate_codes: true,
            };
            read_grids(&read(&given.grids)?, &options)
                .map_err(|error| Failure::in_file(&given.grids, error))?
        }
    };
    // Every point is read before the first line is written: all or nothing.
    let points = match &given.points {
        Some(path) => Some(points_of(path)?),
        None => None,
    };
    let mut exit = Exit::Done;
    if given.check {
        exit = check(&cells, given.points.is_none(), output)?;
    }
    if let Some(points) = points {
        let answers = find(&cells, &points, output);
        if output.is_json() && given.out.is_none() {
            output.answer(&json!({ "points": answers }), |_| String::new())?;
        } else {
            write_csv(
                given.out.as_deref(),
                ["id", "grid"],
                answers.iter().map(|answer| {
                    [
                        answer.id.to_owned(),
                        answer.grid.unwrap_or_default().to_owned(),
                    ]
                }),
            )?;
        }
    }
    Ok(exit)
}

/// The cells of the file that are in force at a time; positions stay in the file's datum,
/// which the points share.
fn cells_as_of(given: &args::Locate, as_of: &str) -> Result<Vec<GridCell>, Failure> {
    let at = UtcMs::parse_from(as_of, given.utc_offset_min).ok_or_else(|| {
        Failure::input(format!(
            "--as-of: `{as_of}` is neither RFC 3339 with an offset nor a date such as 2026-03-02"
        ))
    })?;
    let options = LayerOptions {
        code_property: &given.code_property,
        profile: &CodeProfile::opaque(),
        datum: Datum::Wgs84,
        utc_offset_min: given.utc_offset_min,
    };
    let layer = read_layer(&read(&given.grids)?, &options)
        .map_err(|error| Failure::in_file(&given.grids, error))?;
    // A look-up asks where and when a cell lies; what else is odd matters to an import.
    let is_in_the_way =
        |f: &&Finding| matches!(f.kind, FindingKind::Feature | FindingKind::SelfCrossing);
    if let Some(finding) = layer.findings.iter().find(is_in_the_way) {
        return Err(Failure::in_file(&given.grids, finding));
    }
    let cells = layer.cells.into_iter().map(|row| row.cell);
    Ok(cells
        .filter(|cell| cell.terms.validity.holds_at(at))
        .collect())
}

#[derive(serde::Serialize)]
struct Answer<'a> {
    id: &'a str,
    grid: Option<&'a str>,
}

/// Points that are looked up between two steps of the bar.
const STEP: usize = 1 << 16;

/// The answers in the order of the points. Points are shared out to the processors, as no
/// answer depends on another.
fn find<'a>(cells: &'a [GridCell], points: &'a [PointRow], output: &Output) -> Vec<Answer<'a>> {
    let locator = Locator::build(cells);
    let bar = output.progress("points", points.len() as u64);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = points.len().div_ceil(threads).max(STEP);
    let answer = |points: &'a [PointRow]| -> Vec<Answer<'a>> {
        let mut answers = Vec::with_capacity(points.len());
        let (mut places, mut found) = (Vec::new(), Vec::new());
        for step in points.chunks(STEP) {
            places.clear();
            places.extend(step.iter().map(|point| (point.lat_deg, point.lon_deg)));
            locator.find_all(&places, &mut found);
            answers.extend(step.iter().zip(&found).map(|(point, found)| {
                Answer {
                    id: &point.id,
                    grid: found
                        .and_then(|at| cells.get(at as usize))
                        .map(|cell| cell.code.as_str()),
                }
            }));
            Output::advance(&bar, step.len() as u64);
        }
        answers
    };
    let answers = std::thread::scope(|scope| {
        let answer = &answer;
        let shares: Vec<_> = points
            .chunks(share)
            .map(|share| scope.spawn(move || answer(share)))
            .collect();
        let joined = shares.into_iter().map(|share| {
            share
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.flatten().collect()
    });
    bar.finish_and_clear();
    answers
}

pub(super) fn points_of(path: &Path) -> Result<Vec<PointRow>, Failure> {
    let bytes = read(path)?;
    read_points(&bytes)
        .and_then(Iterator::collect)
        .map_err(|error| Failure::in_file(path, error))
}

/// Tells what is wrong with a layer: on stdout when nothing else goes there.
fn check(cells: &[GridCell], is_answer: bool, output: &Output) -> Result<Exit, Failure> {
    let report = check_layer(cells);
    if is_answer {
        output.answer(&check_json(&report), |_| check_lines(&report))?;
    } else {
        output.note(check_lines(&report).trim_end());
    }
    let is_clean = report.overlaps.is_empty() && report.gaps.is_empty();
    Ok(if is_clean { Exit::Done } else { Exit::No })
}

fn check_json(report: &LayerReport) -> serde_json::Value {
    let overlaps: Vec<_> = report
        .overlaps
        .iter()
        .map(|o| json!({"a": o.a, "b": o.b, "lat": o.lat_deg, "lon": o.lon_deg, "area_m2": o.area_m2}))
        .collect();
    let gaps: Vec<_> = report
        .gaps
        .iter()
        .map(|gap| json!({"lat": gap.lat_deg, "lon": gap.lon_deg, "area_m2": gap.area_m2}))
        .collect();
    json!({ "overlaps": overlaps, "gaps": gaps, "cut_short": report.is_cut_short })
}

fn check_lines(report: &LayerReport) -> String {
    let mut lines = String::new();
    for o in &report.overlaps {
        let (lat, lon, m2) = (o.lat_deg, o.lon_deg, o.area_m2);
        lines.push_str(&format!(
            "overlap {} {}: {m2:.1} m² at {lat},{lon}\n",
            o.a, o.b
        ));
    }
    for gap in &report.gaps {
        let (lat, lon, m2) = (gap.lat_deg, gap.lon_deg, gap.area_m2);
        lines.push_str(&format!("gap: {m2:.1} m² at {lat},{lon}\n"));
    }
    let (overlaps, gaps) = (report.overlaps.len(), report.gaps.len());
    lines.push_str(&format!("{overlaps} overlaps, {gaps} gaps\n"));
    lines
}

pub(super) fn write_csv<const N: usize>(
    out: Option<&Path>,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), Failure> {
    let target: Box<dyn Write> = match out {
        Some(path) => Box::new(File::create(path).map_err(|e| Failure::in_file(path, e))?),
        None => Box::new(io::stdout().lock()),
    };
    let mut writer = csv::Writer::from_writer(io::BufWriter::new(target));
    let write = || -> io::Result<()> {
        writer.write_record(header).map_err(io_error)?;
        for row in rows {
            writer.write_record(&row).map_err(io_error)?;
        }
        writer.flush()
    };
    quiet_if_closed(write())
}

/// The error below one of CSV, as it was: a closed pipe has to be told from a full disk.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}
