//! The locator against a naive exact reference, and against GEOS on real places.

use super::compact::CompactLocator;
use super::*;
use crate::geo::grid_file::{GridFileOptions, read_grids};
use crate::geo::test_data::{DISTRICTS, shared};
use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{LineString, Polygon};
use proptest::prelude::*;

fn polygon(points: &[(f64, f64)]) -> Polygon<f64> {
    Polygon::new(LineString::from(points.to_vec()), Vec::new())
}

pub(super) fn cell(code: &str, points: &[(f64, f64)]) -> GridCell {
    GridCell {
        code: code.to_owned(),
        polygons: vec![polygon(points)],
        terms: Default::default(),
    }
}

pub(super) fn square(code: &str, west: f64, south: f64, size: f64) -> GridCell {
    let (east, north) = (west + size, south + size);
    cell(
        code,
        &[(west, south), (east, south), (east, north), (west, north)],
    )
}

/// Every form of the index over the same cells.
struct Forms<'a> {
    cells: &'a [GridCell],
    built: Locator,
    loaded: Locator,
    compact: Vec<CompactLocator>,
}

impl<'a> Forms<'a> {
    fn of(cells: &'a [GridCell]) -> Self {
        let built = Locator::build(cells);
        let loaded = Locator::from_image(&built.to_image()).expect("our own image");
        let budgets = [0, 8, 24, 200].map(|bytes| bytes * cells.len());
        Self {
            cells,
            compact: budgets
                .map(|most| CompactLocator::build_within(cells, most))
                .into(),
            built,
            loaded,
        }
    }

    /// The answer of one, after each of the others gave the same.
    fn find(&self, lat: f64, lon: f64) -> Option<&str> {
        let found = self.built.find_index(lat, lon);
        assert_eq!(self.loaded.find_index(lat, lon), found, "{lat} {lon}");
        for compact in &self.compact {
            assert_eq!(
                compact.find_index(self.cells, lat, lon),
                found,
                "{lat} {lon}"
            );
        }
        let code = self.built.find(lat, lon);
        assert_eq!(code, found.map(|at| &*self.cells[at as usize].code));
        code
    }

    /// The answers as a batch, after the loaded index gave the same.
    fn find_all(&self, places: &[(f64, f64)]) -> Vec<Option<&str>> {
        let (mut found, mut again) = (vec![Some(7)], Vec::new());
        self.built.find_all(places, &mut found);
        self.loaded.find_all(places, &mut again);
        assert_eq!(found, again);
        let code = |at: Option<u32>| at.and_then(|at| self.built.code(at));
        found.into_iter().map(code).collect()
    }
}

/// The rule without any index: edges that span the latitude and lie strictly east count.
fn naive_holds(polygon: &Polygon<f64>, lat: f64, lon: f64) -> bool {
    let p = Coord { x: lon, y: lat };
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let east = rings.flat_map(|r| r.lines()).filter(|l| {
        let (low, high) = if l.start.y <= l.end.y {
            (l.start, l.end)
        } else {
            (l.end, l.start)
        };
        low.y <= lat
            && lat < high.y
            && RobustKernel::orient2d(low, high, p) == Orientation::CounterClockwise
    });
    east.count() % 2 == 1
}

fn naive(cells: &[GridCell], lat: f64, lon: f64) -> Vec<&str> {
    let holding = cells
        .iter()
        .filter(|c| c.polygons.iter().any(|p| naive_holds(p, lat, lon)));
    let mut codes: Vec<&str> = holding.map(|c| c.code.as_str()).collect();
    codes.sort_unstable();
    codes
}

fn real(path: &str, code_property: &str) -> Option<Vec<GridCell>> {
    let options = GridFileOptions {
        code_property,
        allows_duplicate_codes: false,
    };
    Some(read_grids(&shared(path)?, &options).expect("the file is valid"))
}

#[test]
fn find_gives_the_minimum_edges_to_a_cell_as_the_domain_says() {
    let locator = Locator::build(&[square("A", 0.0, 0.0, 0.1), square("B", 0.1, 0.0, 0.1)]);
    // (x, y) of the example in thousandths of a degree; a latitude comes first here.
    let find = |x: f64, y: f64| locator.find(y, x);
    assert_eq!(find(0.1, 0.05), Some("B"));
    assert_eq!(find(0.15, 0.1), None);
    assert_eq!(find(0.0, 0.0), Some("A"));
    assert_eq!(find(0.0, 0.1), None);
    assert_eq!(find(0.2, 0.05), None);
    assert_eq!(find(0.05, -1e-300), None);
    assert_eq!(find(f64::NAN, 0.05), None);
    assert_eq!(find(f64::INFINITY, f64::NEG_INFINITY), None);
}

#[test]
fn find_skips_holes_and_prefers_the_lowest_code_of_several() {
    let mut ring = square("z", 0.0, 0.0, 9.0);
    let hole = LineString::from(vec![
        (3.0, 3.0),
        (6.0, 3.0),
        (6.0, 6.0),
        (3.0, 6.0),
        (3.0, 3.0),
    ]);
    ring.polygons[0].interiors_push(hole);
    let cells = [
        ring,
        square("b", 4.0, 4.0, 1.0),
        square("a10", 7.0, 7.0, 5.0),
        square("a9", 8.0, 8.0, 5.0),
    ];
    let locator = Locator::build(&cells);
    assert_eq!(locator.find(3.5, 3.5), None);
    assert_eq!(locator.find(4.5, 4.5), Some("b"));
    assert_eq!(locator.find(3.0, 3.0), None);
    assert_eq!(locator.find(6.0, 6.0), Some("z"));
    assert_eq!(locator.find(7.5, 7.5), Some("a10"));
    assert_eq!(locator.find(8.5, 8.5), Some("a10"));
    assert_eq!(locator.find_index(12.5, 12.5), Some(3));
}

#[test]
fn find_treats_polygons_of_one_cell_as_their_union() {
    let both = GridCell {
        code: "m".to_owned(),
        polygons: [square("", 0.0, 0.0, 2.0), square("", 1.0, 1.0, 2.0)]
            .into_iter()
            .flat_map(|c| c.polygons)
            .collect(),
        terms: Default::default(),
    };
    let locator = Locator::build(&[both]);
    assert_eq!(locator.find(1.5, 1.5), Some("m"));
    assert_eq!(locator.find(0.5, 1.5), Some("m"));
    assert_eq!(locator.find(0.5, 2.5), None);
}

#[test]
fn build_of_nothing_finds_nothing() {
    let empty = GridCell {
        code: "e".to_owned(),
        polygons: Vec::new(),
        terms: Default::default(),
    };
    let broken = cell(
        "n",
        &[(f64::NAN, 0.0), (1.0, f64::INFINITY), (0.0, f64::NAN)],
    );
    for cells in [vec![], vec![empty], vec![broken]] {
        assert_eq!(Locator::build(&cells).find(0.0, 0.0), None);
    }
}

#[test]
fn build_of_piled_up_cells_stays_in_proportion() {
    // 3,000 nested squares would fill every bucket 3,000 times.
    let cells: Vec<GridCell> = (0..3000)
        .map(|i| {
            square(
                &format!("{i:05}"),
                -f64::from(i) / 100.0,
                -f64::from(i) / 100.0,
                f64::from(i) / 50.0 + 0.01,
            )
        })
        .collect();
    let locator = Locator::build(&cells);
    assert!(
        locator.size_bytes() < 100 * 12_000,
        "{}",
        locator.size_bytes()
    );
    assert_eq!(locator.find(0.005, 0.005), Some("00000"));
    assert_eq!(locator.find(-29.985, 0.0), Some("02999"));
}

#[test]
fn find_all_answers_each_place_in_its_order_whatever_their_number() {
    let cells = lattice(8, &[(0.1, 0.2), (-0.2, 0.15), (0.25, -0.1)]);
    let forms = Forms::of(&cells);
    // Around the sizes below which nothing is sorted and above which batches are cut.
    for count in [0, 1, 1023, 1024, 65_535, 65_536, 65_537, 66_600, 131_073] {
        let places: Vec<(f64, f64)> = (0..count)
            .map(|k: u32| match k % 97 {
                0 => (f64::NAN, 114.31),
                1 => (30.61, f64::INFINITY),
                2 => (114.31, 30.61),
                _ => {
                    let mixed = f64::from(k.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
                    (
                        30.6 + 0.034 * mixed,
                        114.3 + 0.034 * (f64::from(k % 101) / 101.0),
                    )
                }
            })
            .collect();
        let one_by_one: Vec<_> = places.iter().map(|p| forms.built.find(p.0, p.1)).collect();
        assert!(forms.find_all(&places) == one_by_one, "{count}");
    }
}

#[test]
fn find_agrees_with_geos_on_real_blocks() {
    let Some(blocks) = real("regions/shanghai_center/blocks.geojson", "grid_id") else {
        return;
    };
    let Some(points) = shared("regions/shanghai_center/points_expected.csv") else {
        return;
    };
    let forms = Forms::of(&blocks);
    let (mut places, mut answers) = (Vec::new(), Vec::new());
    let (mut inside, mut outside, mut on_edge, mut on_edge_empty) = (0, 0, 0, 0);
    for row in csv::Reader::from_reader(points.as_slice()).records() {
        let row = row.expect("the file is CSV");
        let (lon, lat) = (
            row[0].parse().expect("a number"),
            row[1].parse().expect("a number"),
        );
        let found = forms.find(lat, lon);
        places.push((lat, lon));
        answers.push(found);
        assert_eq!(found, naive(&blocks, lat, lon).first().copied(), "{row:?}");
        let intersects: Vec<&str> = row[4].split(';').filter(|c| !c.is_empty()).collect();
        if !row[3].is_empty() {
            assert_eq!(found, Some(&row[3]), "{row:?}");
            inside += 1;
        } else if intersects.is_empty() {
            assert_eq!(found, None, "{row:?}");
            outside += 1;
        } else {
            assert!(
                found.is_none_or(|code| intersects.contains(&code)),
                "{row:?} {found:?}"
            );
            on_edge += 1;
            on_edge_empty += u32::from(found.is_none());
        }
    }
    assert_eq!(forms.find_all(&places), answers);
    // Blocks leave gaps, so that a vertex's north-east side need not be a block.
    assert_eq!((inside, outside, on_edge), (1060, 940, 200));
    assert_eq!(on_edge_empty, EXPECTED_EMPTY);
}

/// Vertices of the blocks' file whose north-east side belongs to no block.
const EXPECTED_EMPTY: u32 = 37;

#[test]
fn find_agrees_with_geos_on_towns_in_districts() {
    for (districts, towns, _) in DISTRICTS {
        let (Some(cells), Some(rows)) = (real(districts, "adcode"), shared(towns)) else {
            continue;
        };
        let forms = Forms::of(&cells);
        let (mut places, mut answers) = (Vec::new(), Vec::new());
        for row in csv::Reader::from_reader(rows.as_slice()).records() {
            let row = row.expect("the file is CSV");
            let (lon, lat) = (
                row[5].parse().expect("a number"),
                row[6].parse().expect("a number"),
            );
            let expected: Vec<&str> = row[10].split(';').filter(|c| !c.is_empty()).collect();
            let found = forms.find(lat, lon);
            assert_eq!(found, expected.iter().min().copied(), "{row:?}");
            places.push((lat, lon));
            answers.push(found);
        }
        assert!(places.len() > 300, "{towns}: {}", places.len());
        assert_eq!(forms.find_all(&places), answers);
        // Latitude and longitude swapped: far away, and said so.
        let swapped: Vec<_> = places.iter().map(|&(lat, lon)| (lon, lat)).collect();
        assert!(forms.find_all(&swapped).iter().all(Option::is_none));
    }
}

/// Cells of a lattice whose nodes are moved at random, on shared nodes and edges.
pub(super) fn lattice(side: usize, moves: &[(f64, f64)]) -> Vec<GridCell> {
    let node = |i: usize, j: usize| {
        let (dx, dy) = moves[(j * (side + 1) + i) % moves.len()];
        let is_rim = |k: usize| k == 0 || k == side;
        let x = i as f64 + if is_rim(i) { 0.0 } else { dx };
        let y = j as f64 + if is_rim(j) { 0.0 } else { dy };
        (114.3 + 0.004 * x, 30.6 + 0.004 * y)
    };
    let cells = (0..side * side).map(|k| {
        let (i, j) = (k % side, k / side);
        cell(
            &format!("{:03}", (k * 7919) % 1000),
            &[
                node(i, j),
                node(i + 1, j),
                node(i + 1, j + 1),
                node(i, j + 1),
            ],
        )
    });
    cells.collect()
}

proptest! {
    #[test]
    fn find_agrees_with_the_naive_rule_on_random_cells(
        rings in prop::collection::vec(prop::collection::vec((0..9_i32, 0..9_i32), 3..7), 1..12),
        points in prop::collection::vec((-1..19_i32, -1..19_i32), 40),
        scale in prop::sample::select(vec![1.0, 0.1, 1e-7, 19.7]),
    ) {
        // Small whole numbers make points, vertices and corners coincide all the time.
        let at = |n: i32| f64::from(n) * scale;
        let cells: Vec<GridCell> = rings.iter().enumerate().map(|(i, ring)| {
            let points: Vec<(f64, f64)> = ring.iter().map(|&(x, y)| (at(x), at(y))).collect();
            cell(&format!("{}", i % 10), &points)
        }).collect();
        let locator = Locator::build(&cells);
        for (x, y) in points {
            let (lon, lat) = (at(x) / 2.0, at(y) / 2.0);
            prop_assert_eq!(locator.find(lat, lon), naive(&cells, lat, lon).first().copied());
        }
    }

    #[test]
    fn find_gives_one_cell_for_points_on_shared_vertices_and_edges(
        side in 2..9_usize,
        moves in prop::collection::vec((-0.3..0.3_f64, -0.3..0.3_f64), 100),
        shares in prop::collection::vec(0.0..1.0_f64, 8),
    ) {
        let cells = lattice(side, &moves);
        let locator = Forms::of(&cells);
        for line in cells.iter().flat_map(|c| c.polygons[0].exterior().lines().collect::<Vec<_>>()) {
            for share in shares.iter().copied().chain([0.0, 0.5]) {
                let p = line.start + line.delta() * share;
                let holding = naive(&cells, p.y, p.x);
                let rim = 0.004 * side as f64;
                let is_inside = p.x >= 114.3 && p.x < 114.3 + rim && p.y >= 30.6 && p.y < 30.6 + rim;
                prop_assert_eq!(holding.len(), usize::from(is_inside), "{:?}", p);
                prop_assert_eq!(locator.find(p.y, p.x), holding.first().copied());
            }
        }
    }
}
