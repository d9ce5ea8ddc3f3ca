//! The cells that are made cover their area, and are the ones that the default names.

use super::*;
use crate::geo::h3::h3_code;
use crate::geo::layer_check::check_cells;
use crate::geo::layer_file::{LayerCell, LayerFile};
use crate::geo::locator::Locator;
use crate::model::place::LatLon;
use geo::{Contains, Point};
use proptest::prelude::*;

fn ring(points: &[(f64, f64)]) -> LineString<f64> {
    let closed = points.iter().chain(points.first());
    LineString(closed.map(|&(x, y)| Coord { x, y }).collect())
}

fn area(points: &[(f64, f64)]) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![Polygon::new(ring(points), vec![])])
}

fn as_layer(cells: &[GridCell]) -> LayerFile {
    LayerFile {
        cells: (1..)
            .zip(cells.iter().cloned())
            .map(|(feature, cell)| LayerCell { feature, cell })
            .collect(),
        ..LayerFile::default()
    }
}

/// What is wrong with the cells but that they reach beyond their area.
fn faults(cells: &[GridCell], area: &MultiPolygon<f64>) -> Vec<String> {
    let report = check_cells(&as_layer(cells), Some(area));
    let faults = report
        .findings
        .iter()
        .filter(|f| f.kind.as_str() != "outside_parent");
    faults.map(ToString::to_string).collect()
}

const CENTRE: [(f64, f64); 5] = [
    (121.46, 31.22),
    (121.49, 31.221),
    (121.485, 31.24),
    (121.47, 31.231),
    (121.461, 31.239),
];

#[test]
fn cells_cover_the_area_without_gap_or_overlap_at_every_resolution() {
    let area = area(&CENTRE);
    for resolution in 7..=11 {
        let cells = h3_cells(&area, resolution).expect("a small area");
        assert_eq!(faults(&cells, &area), Vec::<String>::new(), "{resolution}");
        let codes: Vec<_> = cells.iter().map(|cell| &cell.code).collect();
        assert!(codes.is_sorted());
    }
}

#[test]
fn area_smaller_than_a_cell_and_one_with_a_hole_are_covered() {
    let dot = area(&[
        (121.470_1, 31.230_1),
        (121.470_2, 31.230_1),
        (121.470_2, 31.230_2),
    ]);
    assert!(!h3_cells(&dot, 7).expect("one cell").is_empty());
    assert_eq!(
        faults(&h3_cells(&dot, 9).expect("a cell"), &dot),
        Vec::<String>::new()
    );
    let hole = ring(&[
        (121.465, 31.225),
        (121.48, 31.225),
        (121.48, 31.23),
        (121.465, 31.23),
    ]);
    let ringed = MultiPolygon::new(vec![Polygon::new(
        ring(&[
            (121.46, 31.22),
            (121.49, 31.22),
            (121.49, 31.24),
            (121.46, 31.24),
        ]),
        vec![hole],
    )]);
    let cells = h3_cells(&ringed, 10).expect("a small area");
    let without = faults(&cells, &ringed);
    // What the cells enclose inside the hole lies outside the area.
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn resolution_and_size_are_limited() {
    let small = area(&CENTRE);
    for resolution in [0, 6, 13, 16] {
        assert_eq!(
            h3_cells(&small, resolution),
            Err(H3FillError::Resolution(resolution))
        );
    }
    let country = area(&[(100.0, 25.0), (120.0, 25.0), (120.0, 40.0), (100.0, 40.0)]);
    assert_eq!(
        h3_cells(&country, 10),
        Err(H3FillError::TooMany { resolution: 10 })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any star-shaped area is covered, and a place in it has the cell that H3 names, also
    /// where its icosahedron's edges bend the cells.
    #[test]
    fn place_in_the_area_has_the_cell_that_h3_names(
        lon in 75.0..134.0_f64, lat in 18.0..53.0_f64, resolution in 7..=10_u8,
        radii in prop::collection::vec(0.2..1.0_f64, 3..9),
        places in prop::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64), 20),
    ) {
        let reach = 0.04 / 2.6_f64.powi(i32::from(resolution) - 7);
        let turn = std::f64::consts::TAU / radii.len() as f64;
        let star: Vec<_> = radii.iter().enumerate().map(|(i, radius)| {
            let angle = turn * i as f64;
            (lon + reach * radius * angle.cos(), lat + reach * radius * angle.sin())
        }).collect();
        let area = area(&star);
        let cells = h3_cells(&area, resolution).expect("a small area");
        prop_assert_eq!(faults(&cells, &area), Vec::<String>::new());
        let locator = Locator::build(&cells);
        for (x, y) in places {
            let (x, y) = (lon + reach * x, lat + reach * y);
            if area.contains(&Point::new(x, y)) {
                let place = LatLon::try_new(y, x).expect("in China");
                let named = h3_code(place, resolution).expect("a resolution");
                // A cell's sides are straight in degrees here and on the globe there: in the
                // middle of a long one they part by centimetres.
                let found = locator.find(y, x).expect("the area is covered");
                prop_assert!(found == named || is_near_edge(&cells, found, x, y), "{} {}", found, named);
            }
        }
    }
}

/// Whether the place lies within about a metre of the cell's outline.
fn is_near_edge(cells: &[GridCell], code: &str, x: f64, y: f64) -> bool {
    let cell = cells
        .iter()
        .find(|cell| cell.code == code)
        .expect("it was found");
    let place = LatLon::try_new(y, x).expect("in China");
    let area = crate::geo::area::Area::new([cell]);
    let step = 1.0 / 111_000.0;
    let around = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)];
    area.holds(place, 0.0)
        && around.iter().any(|(dx, dy)| {
            let place = LatLon::try_new(y + dy, x + dx).expect("in China");
            !area.holds(place, 0.0)
        })
}
