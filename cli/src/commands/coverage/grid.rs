//! Which cells a track visited: `bading coverage --grids`.

use std::path::Path;

use bading_core::geo::grid_coverage::{GridCoverage, GridPlan, asked_cells, grid_coverage};
use bading_core::geo::grid_file::{GridCell, GridFileOptions, read_grids_from};
use bading_core::geo::plausibility::Flag;
use bading_core::geo::route_file::read_route;
use bading_core::model::route::Route;
use serde::Serialize;

use super::{Ask, geojson, grid_lines};
use crate::args;
use crate::commands::out_file::write_whole;
use crate::commands::{flags, read};
use crate::output::{Exit, Failure, Output};

/// What was seen of the cells, and what of the track is conspicuous.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    coverage: &'a GridCoverage,
    plausibility: Vec<Flag>,
}

pub(super) fn run(
    ask: &Ask,
    given: &args::Coverage,
    (grids, track): (&Path, &Path),
    output: &Output,
) -> Result<Exit, Failure> {
    let files = [Some(grids), Some(track), given.streets.as_deref()];
    super::check_stdin(files)?;
    let cells = cells(ask, given, grids)?;
    let streets = match &given.streets {
        Some(path) => Some(streets(ask, path)?),
        None => None,
    };
    let fixes = ask
        .fixes(&read(track)?)
        .map_err(|why| Failure::in_file(track, why))?;
    let plan = GridPlan::try_new(&cells, streets.as_ref())
        .map_err(|error| Failure::in_file(grids, error))?;
    let found = grid_coverage(&plan, &ask.settings, &fixes);
    if let Some(path) = &given.geojson {
        write_whole(
            path,
            &geojson::grid_map(&cells, &ask.settings, &fixes, &found)?,
        )?;
    }
    let told = Told {
        coverage: &found,
        plausibility: ask.flags(&fixes),
    };
    output.answer(&told, |told| {
        grid_lines::lines(told.coverage) + &flags::lines(&told.plausibility)
    })?;
    Ok(ask.exit(found.ratio))
}

/// The cells that are asked for, on WGS 84.
fn cells(ask: &Ask, given: &args::Coverage, grids: &Path) -> Result<Vec<GridCell>, Failure> {
    let options = GridFileOptions {
        code_property: given.code_property.as_deref().unwrap_or("code"),
        // The times of a cell are told under its code.
        allows_duplicate_codes: false,
    };
    let cells = read_grids_from(&read(grids)?, &options, ask.datum)
        .map_err(|error| Failure::in_file(grids, error))?;
    if given.cells.is_empty() {
        return Ok(cells);
    }
    asked_cells(cells, &given.cells)
        .map_err(|error| Failure::in_file(grids, format!("--cells: {error}")))
}

fn streets(ask: &Ask, path: &Path) -> Result<Route, Failure> {
    let lines = read_route(&read(path)?).map_err(|error| Failure::in_file(path, error))?;
    ask.route(&lines, Vec::new())
        .map_err(|why| Failure::in_file(path, why))
}
