//! Every kind of finding, and layers that have none.

use super::*;
use crate::geo::datum::Datum;
use crate::geo::grid_file::GridCell;
use crate::geo::layer_file::{LayerOptions, read_layer};
use crate::geo::plane::at;
use crate::geo::test_data::shared;
use crate::model::grid::{CellTerms, CodeProfile, Validity};
use geo::{Coord, LineString, Polygon};

/// A rectangle of metres east and north of a place in Shanghai.
fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Polygon<f64> {
    let corners = [
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
    ];
    let ring = corners.map(|(x, y)| {
        let place = at(x, y);
        Coord {
            x: place.lon_deg(),
            y: place.lat_deg(),
        }
    });
    Polygon::new(LineString(ring.to_vec()), vec![])
}

/// Code, metres west, south, east and north, and when the cell is in force.
type Row = (&'static str, [f64; 4], (Option<u64>, Option<u64>));

fn layer(cells: &[Row]) -> LayerFile {
    let cells = (1..)
        .zip(cells)
        .map(|(feature, (code, [w, s, e, n], (from, to)))| {
            let validity = Validity {
                from: from.map(UtcMs),
                to: to.map(UtcMs),
            };
            LayerCell {
                feature,
                cell: GridCell {
                    code: (*code).to_owned(),
                    polygons: vec![rectangle(*w, *s, *e, *n)],
                    terms: CellTerms {
                        validity,
                        ..CellTerms::default()
                    },
                },
            }
        });
    LayerFile {
        cells: cells.collect(),
        ..LayerFile::default()
    }
}

const ALWAYS: (Option<u64>, Option<u64>) = (None, None);
/// DOMAIN's two cells.
const A: Row = ("A", [0.0, 0.0, 100.0, 100.0], ALWAYS);
const B: Row = ("B", [100.0, 0.0, 200.0, 100.0], ALWAYS);

fn parent(west: f64, south: f64, east: f64, north: f64) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![rectangle(west, south, east, north)])
}

fn kinds(report: &LayerFindings) -> Vec<(&'static str, Vec<&str>, i64)> {
    let each = report.findings.iter();
    each.map(|f| {
        let codes = f.codes.iter().map(String::as_str).collect();
        (
            f.kind.as_str(),
            codes,
            f.area_m2.unwrap_or(0.0).round() as i64,
        )
    })
    .collect()
}

#[test]
fn cells_that_fill_their_parent_once_have_no_finding() {
    let cells = layer(&[A, B]);
    let within = parent(0.0, 0.0, 200.0, 100.0);
    assert_eq!(check_cells(&cells, Some(&within)), LayerFindings::default());
    assert_eq!(check_cells(&cells, None), LayerFindings::default());
    assert_eq!(check_cells(&cells, None).judge(false), Ok(()));
}

#[test]
fn overlap_names_both_cells_and_its_square_metres() {
    let cells = layer(&[A, ("C", [90.0, 0.0, 190.0, 100.0], ALWAYS)]);
    let report = check_cells(&cells, None);
    assert_eq!(kinds(&report), [("overlap", vec!["A", "C"], 1_000)]);
    assert_eq!(report.findings[0].features, [1, 2]);
    let (lat, lon) = report.findings[0].at.expect("a place");
    let (low, high) = (at(90.0, 0.0), at(100.0, 100.0));
    assert!(lat > low.lat_deg() && lat < high.lat_deg());
    assert!(lon > low.lon_deg() && lon < high.lon_deg());
}

#[test]
fn gap_in_the_parent_and_ground_outside_it_are_named() {
    let cells = layer(&[A, ("B", [110.0, 0.0, 220.0, 100.0], ALWAYS)]);
    let within = parent(0.0, 0.0, 200.0, 100.0);
    let report = check_cells(&cells, Some(&within));
    assert_eq!(
        kinds(&report),
        [
            ("gap_in_parent", vec![], 1_000),
            ("outside_parent", vec!["B"], 2_000)
        ]
    );
    let refusal = report.judge(false).expect_err("it is refused");
    assert!(refusal.is_acceptable);
    let line = refusal.to_string();
    assert!(line.starts_with("gap_in_parent: no cell covers"), "{line}");
    assert!(line.ends_with("(and 1 more)"), "{line}");
    assert_eq!(report.judge(true), Ok(()));
}

#[test]
fn cells_and_parents_of_either_winding_are_the_same_ground() {
    let turn = |shape: &mut Polygon| shape.exterior_mut(|ring| ring.0.reverse());
    let mut cells = layer(&[A, B]);
    turn(&mut cells.cells[0].cell.polygons[0]);
    let mut within = parent(0.0, 0.0, 200.0, 100.0);
    assert_eq!(check_cells(&cells, Some(&within)), LayerFindings::default());
    within.0.iter_mut().for_each(turn);
    assert_eq!(check_cells(&cells, Some(&within)), LayerFindings::default());
}

#[test]
fn parent_without_any_cell_is_one_gap() {
    let within = parent(0.0, 0.0, 200.0, 100.0);
    let report = check_cells(&LayerFile::default(), Some(&within));
    assert_eq!(kinds(&report), [("gap_in_parent", vec![], 20_000)]);
}

#[test]
fn hole_between_cells_is_a_notice_until_a_parent_is_declared() {
    let ring = [
        ("S", [0.0, 0.0, 300.0, 100.0], ALWAYS),
        ("N", [0.0, 200.0, 300.0, 300.0], ALWAYS),
        ("W", [0.0, 100.0, 100.0, 200.0], ALWAYS),
        ("E", [200.0, 100.0, 300.0, 200.0], ALWAYS),
    ];
    let mut cells = layer(&ring);
    let report = check_cells(&cells, None);
    assert_eq!(kinds(&report), [("gap", vec![], 10_000)]);
    assert_eq!(report.judge(false), Ok(()));
    cells.parent = Some(parent(0.0, 0.0, 300.0, 300.0));
    assert_eq!(
        kinds(&check_cells(&cells, None)),
        [("gap_in_parent", vec![], 10_000)]
    );
}

#[test]
fn code_twice_at_one_time_is_refused_and_never_accepted() {
    let mut b = B;
    b.0 = "A";
    let report = check_cells(&layer(&[A, b]), None);
    assert_eq!(kinds(&report), [("duplicate_code", vec!["A"], 0)]);
    assert!(report.findings[0].why.contains("feature 1"));
    let refusal = report.judge(true).expect_err("it is refused");
    assert!(!refusal.is_acceptable);
}

#[test]
fn cells_that_are_never_in_force_together_neither_overlap_nor_repeat() {
    let whole = ("A", [0.0, 0.0, 200.0, 100.0], (None, Some(1_000)));
    let west = ("A", [0.0, 0.0, 100.0, 100.0], (Some(1_000), None));
    let east = ("B", [100.0, 0.0, 200.0, 100.0], (Some(1_000), None));
    let within = parent(0.0, 0.0, 200.0, 100.0);
    let report = check_cells(&layer(&[whole, west, east]), Some(&within));
    assert_eq!(report, LayerFindings::default());
    // Without its eastern half the layer has a gap from the date on.
    let report = check_cells(&layer(&[whole, west]), Some(&within));
    assert_eq!(kinds(&report), [("gap_in_parent", vec![], 10_000)]);
    // A cell that begins a moment too early overlaps.
    let early = ("C", [100.0, 0.0, 200.0, 100.0], (Some(999), None));
    let report = check_cells(&layer(&[whole, west, early]), None);
    assert_eq!(kinds(&report), [("overlap", vec!["A", "C"], 10_000)]);
}

#[test]
fn real_blocks_have_gaps_and_wrong_winding_and_are_not_refused() {
    let Some(bytes) = shared("regions/shanghai_center/blocks.geojson") else {
        return;
    };
    let options = LayerOptions {
        code_property: "grid_id",
        profile: &CodeProfile::opaque(),
        datum: Datum::Wgs84,
        utc_offset_min: 480,
    };
    let blocks = read_layer(&bytes, &options).expect("it is GeoJSON");
    let report = check_cells(&blocks, None);
    assert_eq!(report.judge(false), Ok(()));
    assert!(report.findings.iter().any(|f| f.kind == FindingKind::Gap));
}
