//! Grid coverage told to a person.

use bading_core::geo::grid_coverage::{CellCoverage, GridCoverage};
use std::fmt::Write as _;

use super::lines::{fixes, percent};

/// So many codes of cells that nobody saw are named.
const NAMED: usize = 10;

pub(super) fn lines(found: &GridCoverage) -> String {
    let mut lines = String::new();
    // Writing to a String cannot fail.
    let _ = write(found, &mut lines);
    lines
}

fn write(found: &GridCoverage, lines: &mut String) -> std::fmt::Result {
    let (visited, planned) = (found.cells_visited, found.cells_planned);
    writeln!(
        lines,
        "cells        {visited}/{planned}, {}",
        percent(found.ratio)
    )?;
    let in_cells_ms = found.recorded_ms - found.outside_ms - found.no_fix_ms;
    for (what, ms) in [
        ("recorded", found.recorded_ms),
        ("in cells", in_cells_ms),
        ("outside", found.outside_ms),
        ("no fix", found.no_fix_ms),
    ] {
        writeln!(lines, "{what:<13}{}", time(ms))?;
    }
    writeln!(lines, "walked       {:.1} m", found.walked_m)?;
    lines.push_str(&fixes(&found.fixes));
    let was_seen = |cell: &&CellCoverage| cell.first.is_some();
    let seen: Vec<_> = found.cells.iter().filter(was_seen).collect();
    if !seen.is_empty() {
        table(&seen, lines)?;
    }
    let unseen: Vec<_> = found.cells.iter().filter(|cell| !was_seen(cell)).collect();
    if !unseen.is_empty() {
        let codes: Vec<_> = unseen
            .iter()
            .take(NAMED)
            .map(|cell| cell.code.as_str())
            .collect();
        let more = if unseen.len() > NAMED { ", …" } else { "" };
        writeln!(
            lines,
            "never seen   {}: {}{more}",
            unseen.len(),
            codes.join(", ")
        )?;
    }
    Ok(())
}

fn table(cells: &[&CellCoverage], lines: &mut String) -> std::fmt::Result {
    let width = cells.iter().map(|cell| cell.code.chars().count()).max();
    let width = width.unwrap_or_default().max(4);
    let has_streets = cells.iter().any(|cell| cell.streets.is_some());
    let streets = if has_streets { "         streets" } else { "" };
    writeln!(
        lines,
        "{:<width$}  visited      time  entries  exits   walked{streets}",
        "cell"
    )?;
    for cell in cells {
        let visited = if cell.visited { "yes" } else { "no" };
        let (code, time) = (&cell.code, time(cell.in_cell_ms));
        let (entries, exits, walked_m) = (cell.entries, cell.exits, cell.walked_m);
        write!(
            lines,
            "{code:<width$}  {visited:<7}  {time:>8}  {entries:>7}  {exits:>5}  {walked_m:>5.0} m"
        )?;
        if let Some(streets) = cell.streets {
            let (covered_m, streets_m) = (streets.streets_covered_m, streets.streets_m);
            write!(lines, "  {covered_m:.0} of {streets_m:.0} m")?;
        }
        lines.push('\n');
    }
    Ok(())
}

/// Hours, minutes and whole seconds.
fn time(ms: u64) -> String {
    let s = ms / 1000;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}
