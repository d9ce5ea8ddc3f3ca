//! Real walks, rides and drives in Beijing against the outline of a campus.
//!
//! The data's manifest counts for each track the points inside and how often a point inside
//! follows one outside, by another program and without any filter. Data: Microsoft Research
//! GeoLife 1.3.

use std::path::{Path, PathBuf};

use bading_core::geo::coverage::CoverageSettings;
use bading_core::geo::grid_coverage::{GridPlan, grid_coverage};
use bading_core::geo::grid_file::{GridFileOptions, read_grids};
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};

fn tracks() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, Into::into);
    root.join("tracks")
}

/// The fixes of a .plt: six lines of header, then lat, lon, 0, altitude, days, date, time.
fn fixes(plt: &str) -> Vec<Fix> {
    let fix = |line: &str| {
        let fields: Vec<_> = line.trim().split(',').collect();
        let degrees = |at: usize| fields[at].parse().expect("degrees");
        Fix {
            at: UtcMs::parse_rfc3339(&format!("{}T{}Z", fields[5], fields[6])).expect("a time"),
            place: LatLon::try_new(degrees(0), degrees(1)).expect("a place"),
            accuracy_m: None,
            is_mock: false,
        }
    };
    plt.lines()
        .skip(6)
        .filter(|line| !line.is_empty())
        .map(fix)
        .collect()
}

#[test]
fn campus_is_entered_as_often_as_points_tell_but_for_trembling() {
    let (Ok(campus), Ok(mut manifest)) = (
        std::fs::read(tracks().join("geolife/tsinghua_wgs84.geojson")),
        csv::Reader::from_path(tracks().join("manifest.csv")),
    ) else {
        eprintln!("skipped: tracks is not in BADING_DATA or ../shared/data");
        return;
    };
    let options = GridFileOptions {
        code_property: "name",
        allows_duplicate_codes: false,
    };
    let cells = read_grids(&campus, &options).expect("an outline");
    let plan = GridPlan::try_new(&cells, None).expect("a cell");
    let settings = CoverageSettings {
        mode: Mode::Vehicle,
        ..CoverageSettings::default()
    };
    let header = manifest.headers().expect("a header").clone();
    let column = |name: &str| {
        header
            .iter()
            .position(|field| field == name)
            .expect("a column")
    };
    let (file, inside, entered) = (
        column("file"),
        column("in_tsinghua_points"),
        column("tsinghua_entries"),
    );
    let (mut count, mut equal, mut told, mut counted) = (0, 0, 0, 0);
    for row in manifest.records() {
        let row = row.expect("CSV");
        if !row[file].ends_with(".plt") {
            continue;
        }
        let plt = std::fs::read_to_string(tracks().join(&row[file])).expect("a track");
        let number = |at: usize| -> u64 { row[at].parse().expect("a count") };
        let fixes = fixes(&plt);
        let found = grid_coverage(&plan, &settings, &fixes);
        let cell = &found.cells[0];
        count += 1;
        told += cell.entries;
        counted += number(entered);
        if cell.entries == number(entered) {
            equal += 1;
        } else {
            let (points, entries) = (number(inside), number(entered));
            eprintln!(
                "{}: {} entries, {entries} by {points} points",
                &row[file], cell.entries
            );
        }
        assert_eq!(
            found.recorded_ms,
            cell.in_cell_ms + found.outside_ms + found.no_fix_ms
        );
        let first = fixes.iter().map(|fix| fix.at).min().expect("fixes");
        let last = fixes.iter().map(|fix| fix.at).max().expect("fixes");
        assert!(found.recorded_ms <= last.0 - first.0, "{}", &row[file]);
    }
    eprintln!("{count} tracks: {told} entries, {counted} by points, {equal} tracks alike");
    assert!(count > 0);
    assert!(told <= counted, "{told} entries, {counted} by points");
    assert!(equal * 10 >= count * 9, "{equal} of {count} alike");
}
