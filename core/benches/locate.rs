//! Points to grids: the locator against geo + rstar, in interleaved rounds of one run.
//!
//! Inputs are 16,764 cells (132 × 127, shared jagged borders of 3 to 10 edges) and
//! 1,000,000 points (88 % anywhere, 10 % within metres of a border, 2 % outside), seeded.
//! `BADING_BENCH_DATA` names a folder whose `grids.geojson` (code property `gid`) and
//! `points.csv` are read instead. Prints one `RESULT` line a peer, medians of the rounds,
//! and the ratios. It fails when an answer differs for a point that is on no edge, and when
//! the batch, the loaded image or the compact form differ from the index at any point.
//! With the feature `storage` a phone's store is opened cold, with its image and without.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use bading_core::geo::grid_file::{GridCell, GridFileOptions, read_grids};
use bading_core::geo::locator::Locator;
use bading_core::geo::locator::compact::CompactLocator;
use bading_core::geo::points_file::read_points;
use geo::{BoundingRect, Contains, Coord, Intersects, LineString, Point, Polygon};
use rstar::{AABB, RTree, RTreeObject};
use std::error::Error;
use std::time::Instant;

const ROUNDS: usize = 7;
const COLUMNS: usize = 132;
const ROWS: usize = 127;
const POINTS: usize = 1_000_000;
/// What a phone may have to spare for each cell.
const COMPACT_BYTES_PER_CELL: usize = 24;
/// South-west corner and size of the made-up city, degrees; about 60 km across.
const CORNER: Coord = Coord { x: 114.0, y: 30.3 };
const SIZE: Coord = Coord { x: 0.626, y: 0.541 };
/// No cell.
const NONE: u32 = u32::MAX;

fn main() -> Result<(), Box<dyn Error>> {
    let (cells, points) = match std::env::var_os("BADING_BENCH_DATA") {
        Some(folder) => read(folder.as_ref())?,
        None => make(),
    };
    let vertices: usize = cells
        .iter()
        .flat_map(|c| &c.polygons)
        .map(|p| p.exterior().0.len() - 1)
        .sum();
    println!(
        "{} cells, {vertices} vertices, {} points, {ROUNDS} rounds",
        cells.len(),
        points.len()
    );

    let (mut ours, mut peer) = (Figures::default(), Figures::default());
    let (mut our_answers, mut peer_answers) = (Vec::new(), Vec::new());
    let mut size_bytes = 0;
    let (mut batch, mut loaded, mut compact) =
        (Figures::default(), Figures::default(), Figures::default());
    let (mut image_bytes, mut compact_bytes) = (0, 0);
    let places: Vec<(f64, f64)> = points.iter().map(|p| (p.y, p.x)).collect();
    let mut batch_answers = Vec::new();
    for _ in 0..ROUNDS {
        let locator = ours.build(|| Locator::build(&cells));
        our_answers = ours.query(&points, |p| locator.find_index(p.y, p.x).unwrap_or(NONE));
        size_bytes = locator.size_bytes();
        batch.time(places.len(), || {
            locator.find_all(&places, &mut batch_answers);
        });
        same("in a batch", &our_answers, &batch_answers)?;

        let image = locator.to_image();
        image_bytes = image.len();
        // The first look-up counts as part of the loading.
        let again = loaded.build(|| {
            let again = Locator::from_image(&image);
            let _ = again
                .as_ref()
                .map(|l| l.find_index(points[0].y, points[0].x));
            again
        })?;
        let answers = loaded.query(&points, |p| again.find_index(p.y, p.x).unwrap_or(NONE));
        same_ids("loaded", &our_answers, &answers)?;

        let most_bytes = COMPACT_BYTES_PER_CELL * cells.len();
        let small = compact.build(|| CompactLocator::build_within(&cells, most_bytes));
        let answers = compact.query(&points, |p| {
            small.find_index(&cells, p.y, p.x).unwrap_or(NONE)
        });
        same_ids("in the compact form", &our_answers, &answers)?;
        compact_bytes = small.size_bytes();
        let tree =
            peer.build(|| RTree::bulk_load(cells.iter().enumerate().map(Item::new).collect()));
        peer_answers = peer.query(&points, |p| ask_peer(&tree, p));
    }
    let on_edge = count_on_edge(&cells, &points, &our_answers, &peer_answers)?;

    let (our_rate, peer_rate) = (ours.rate(), peer.rate());
    println!(
        "RESULT peer=bading points_per_s={our_rate:.0} build_s={:.4} index_bytes={size_bytes}",
        median(&mut ours.build_s.clone())
    );
    println!(
        "RESULT peer=geo-rstar points_per_s={peer_rate:.0} build_s={:.4}",
        median(&mut peer.build_s.clone())
    );
    println!("RESULT peer=bading-batch points_per_s={:.0}", batch.rate());
    println!(
        "RESULT peer=bading-image points_per_s={:.0} load_s={:.4} image_bytes={image_bytes}",
        loaded.rate(),
        median(&mut loaded.build_s.clone())
    );
    println!(
        "RESULT peer=bading-compact points_per_s={:.0} build_s={:.4} index_bytes={compact_bytes} bytes_per_cell={:.1}",
        compact.rate(),
        median(&mut compact.build_s.clone()),
        compact_bytes as f64 / cells.len() as f64
    );
    ratio("bading/geo-rstar", &peer.query_s, &ours.query_s);
    println!("differing_on_edges={on_edge}");
    ratio("batch/bading", &ours.query_s, &batch.query_s);
    ratio("compact/geo-rstar", &peer.query_s, &compact.query_s);
    ratio("load/build", &ours.build_s, &loaded.build_s);
    #[cfg(feature = "storage")]
    stored::measure(cells, &points, &our_answers)?;
    Ok(())
}

/// A cold phone: the store is opened, and a place gets its cell.
#[cfg(feature = "storage")]
mod stored {
    use super::*;
    use bading_core::geo::datum::Datum;
    use bading_core::geo::grid_pack::GridPack;
    use bading_core::model::grid::CodeProfile;
    use bading_core::model::place::LatLon;
    use bading_core::model::time::UtcMs;
    use bading_core::oplog::sign::hash_of;
    use bading_core::services::reference::{GRIDS, Reference, keep_pack};
    use bading_core::storage::{Store, StoreError};

    pub(super) fn measure(
        cells: Vec<GridCell>,
        points: &[Coord],
        answers: &[u32],
    ) -> Result<(), Box<dyn Error>> {
        let codes: Vec<String> = cells.iter().map(|cell| cell.code.clone()).collect();
        let pack = GridPack {
            cells,
            profile: CodeProfile::opaque(),
            source_datum: Datum::Wgs84,
        };
        let dir = tempfile::tempdir()?;
        let store = Store::open(dir.path(), None)?;
        let bytes = pack.to_bytes();
        store.write(|tx| keep_pack(tx, GRIDS, &hash_of(&bytes), &bytes))?;
        let now = UtcMs(1_700_000_000_000);
        let places = points
            .iter()
            .map(|p| LatLon::try_new(p.y, p.x))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut loaded, mut built) = (Figures::default(), Figures::default());
        for (figures, expected) in [(&mut built, 1), (&mut loaded, 0)] {
            for round in 0..ROUNDS {
                let start = Instant::now();
                let store = Store::open(dir.path(), None)?;
                let reference = Reference::default();
                let found = store.read(|tx| reference.grid_at(tx, places[round], now))?;
                figures.build_s.push(start.elapsed().as_secs_f64());
                let code = codes.get(answers[round] as usize).map(String::as_str);
                if found.as_ref().map(|code| code.as_str()) != code {
                    return Err(format!("point {round}: another answer from the store").into());
                }
                if reference.locators_built() != expected {
                    return Err("the index was built where it was to be loaded".into());
                }
            }
            let reference = Reference::default();
            let start = Instant::now();
            reference.keep_grid_index(&store, now)?;
            figures.query_s.push(start.elapsed().as_secs_f64());
        }
        store.read(|tx| {
            let reference = Reference::default();
            for (place, &answer) in places.iter().zip(answers) {
                let found = reference.grid_at(tx, *place, now)?;
                let code = codes.get(answer as usize).map(String::as_str);
                assert_eq!(found.as_ref().map(|code| code.as_str()), code);
            }
            Ok::<_, StoreError>(())
        })?;
        println!(
            "RESULT peer=bading-store open_and_find_s={:.4} without_index_s={:.4} keep_index_s={:.4}",
            median(&mut loaded.build_s.clone()),
            median(&mut built.build_s.clone()),
            built.query_s[0]
        );
        ratio("store-with-index/without", &built.build_s, &loaded.build_s);
        Ok(())
    }
}

/// How many times faster the second is, round by round.
fn ratio(name: &str, slow: &[f64], fast: &[f64]) {
    let mut ratios: Vec<f64> = fast.iter().zip(slow).map(|(f, s)| s / f).collect();
    let middle = median(&mut ratios);
    println!(
        "RATIO {name}={middle:.2} [{:.2}..{:.2}]",
        ratios[0],
        ratios[ratios.len() - 1]
    );
}

fn same(how: &str, ours: &[u32], others: &[Option<u32>]) -> Result<(), String> {
    let others: Vec<u32> = others.iter().map(|found| found.unwrap_or(NONE)).collect();
    same_ids(how, ours, &others)
}

fn same_ids(how: &str, ours: &[u32], others: &[u32]) -> Result<(), String> {
    match ours.iter().zip(others).position(|(a, b)| a != b) {
        Some(point) => Err(format!("point {point}: another answer {how}")),
        None => Ok(()),
    }
}

/// Seconds of each round.
#[derive(Default)]
struct Figures {
    build_s: Vec<f64>,
    query_s: Vec<f64>,
    points: usize,
}

impl Figures {
    fn build<T>(&mut self, build: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let built = build();
        self.build_s.push(start.elapsed().as_secs_f64());
        built
    }

    fn time(&mut self, points: usize, work: impl FnOnce()) {
        let start = Instant::now();
        work();
        self.query_s.push(start.elapsed().as_secs_f64());
        self.points = points;
    }

    fn query(&mut self, points: &[Coord], find: impl Fn(Coord) -> u32) -> Vec<u32> {
        let start = Instant::now();
        let answers = points.iter().map(|p| find(*p)).collect();
        self.query_s.push(start.elapsed().as_secs_f64());
        self.points = points.len();
        answers
    }

    fn rate(&self) -> f64 {
        self.points as f64 / median(&mut self.query_s.clone())
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a user would write: boxes in a tree, then the polygons themselves; lowest place of several.
struct Item<'a> {
    index: u32,
    cell: &'a GridCell,
    bounds: AABB<[f64; 2]>,
}

impl<'a> Item<'a> {
    fn new((index, cell): (usize, &'a GridCell)) -> Self {
        let rect = cell.polygons[0].bounding_rect().expect("a cell has points");
        let bounds = AABB::from_corners([rect.min().x, rect.min().y], [rect.max().x, rect.max().y]);
        Self {
            index: index as u32,
            cell,
            bounds,
        }
    }
}

impl RTreeObject for Item<'_> {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

fn ask_peer(tree: &RTree<Item<'_>>, p: Coord) -> u32 {
    let near = tree.locate_in_envelope_intersecting(AABB::from_point([p.x, p.y]));
    let holding = near.filter(|item| item.cell.polygons[0].intersects(&Point(p)));
    holding.map(|item| item.index).min().unwrap_or(NONE)
}

/// Counts the points on edges that the two rules give to different cells.
fn count_on_edge(
    cells: &[GridCell],
    points: &[Coord],
    ours: &[u32],
    peers: &[u32],
) -> Result<usize, String> {
    let touches = |index: u32, p: Coord| {
        cells.get(index as usize).is_none_or(|c| {
            c.polygons[0].intersects(&Point(p)) && !c.polygons[0].contains(&Point(p))
        })
    };
    let mut count = 0;
    for ((&p, &a), &b) in points.iter().zip(ours).zip(peers) {
        if a == b {
            continue;
        }
        if !touches(a, p) || !touches(b, p) {
            return Err(format!("{p:?}: the locator says {a}, geo says {b}"));
        }
        count += 1;
    }
    Ok(count)
}

fn read(folder: &std::path::Path) -> Result<(Vec<GridCell>, Vec<Coord>), Box<dyn Error>> {
    let grids = std::fs::read(folder.join("grids.geojson"))?;
    let start = Instant::now();
    let cells = read_grids(
        &grids,
        &GridFileOptions {
            code_property: "gid",
            allows_duplicate_codes: false,
        },
    )?;
    println!("read_grids_s={:.3}", start.elapsed().as_secs_f64());
    let rows = std::fs::read(folder.join("points.csv"))?;
    let points: Result<Vec<Coord>, _> = read_points(&rows)?
        .map(|row| {
            row.map(|r| Coord {
                x: r.lon_deg,
                y: r.lat_deg,
            })
        })
        .collect();
    Ok((cells, points?))
}

/// SplitMix64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn below_one(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn around_zero(&mut self, reach: f64) -> f64 {
        (2.0 * self.below_one() - 1.0) * reach
    }
}

fn make() -> (Vec<GridCell>, Vec<Coord>) {
    let mut random = Random(1);
    let step = Coord {
        x: SIZE.x / COLUMNS as f64,
        y: SIZE.y / ROWS as f64,
    };
    let mut nodes = Vec::new();
    for j in 0..=ROWS {
        for i in 0..=COLUMNS {
            let jitter = |k: usize, last: usize, random: &mut Random| {
                if k == 0 || k == last {
                    0.0
                } else {
                    random.around_zero(0.22)
                }
            };
            let x = i as f64 + jitter(i, COLUMNS, &mut random);
            let y = j as f64 + jitter(j, ROWS, &mut random);
            nodes.push(Coord {
                x: CORNER.x + x * step.x,
                y: CORNER.y + y * step.y,
            });
        }
    }
    let node = |i: usize, j: usize| nodes[j * (COLUMNS + 1) + i];
    let mut border = |a: Coord, b: Coord, is_rim: bool| -> Vec<Coord> {
        let inner = 2 + (random.below_one() * 8.0) as usize;
        let bow = |random: &mut Random| {
            if is_rim {
                0.0
            } else {
                random.around_zero(0.06)
            }
        };
        (1..=inner)
            .map(|k| {
                let (share, off) = (k as f64 / (inner + 1) as f64, bow(&mut random));
                let d = b - a;
                Coord {
                    x: a.x + share * d.x - off * d.y,
                    y: a.y + share * d.y + off * d.x,
                }
            })
            .collect()
    };
    let mut level = Vec::new();
    for j in 0..=ROWS {
        level.extend(
            (0..COLUMNS)
                .map(|i| border(node(i, j), node(i + 1, j), j == 0 || j == ROWS))
                .collect::<Vec<_>>(),
        );
    }
    let mut upright = Vec::new();
    for j in 0..ROWS {
        upright.extend(
            (0..=COLUMNS)
                .map(|i| border(node(i, j), node(i, j + 1), i == 0 || i == COLUMNS))
                .collect::<Vec<_>>(),
        );
    }
    let mut cells = Vec::new();
    for (j, i) in (0..ROWS).flat_map(|j| (0..COLUMNS).map(move |i| (j, i))) {
        let mut ring = vec![node(i, j)];
        ring.extend(&level[j * COLUMNS + i]);
        ring.push(node(i + 1, j));
        ring.extend(&upright[j * (COLUMNS + 1) + i + 1]);
        ring.push(node(i + 1, j + 1));
        ring.extend(level[(j + 1) * COLUMNS + i].iter().rev());
        ring.push(node(i, j + 1));
        ring.extend(upright[j * (COLUMNS + 1) + i].iter().rev());
        cells.push(GridCell {
            code: format!("4201{:08}", cells.len()),
            polygons: vec![Polygon::new(LineString(ring), Vec::new())],
            terms: Default::default(),
        });
    }
    let mut random = Random(2);
    let points = (0..POINTS).map(|_| {
        let kind = random.below_one();
        if kind < 0.88 {
            return Coord {
                x: CORNER.x + SIZE.x * random.below_one(),
                y: CORNER.y + SIZE.y * random.below_one(),
            };
        }
        if kind < 0.98 {
            let ring =
                cells[(random.below_one() * cells.len() as f64) as usize].polygons[0].exterior();
            let edge = (random.below_one() * (ring.0.len() - 1) as f64) as usize;
            let on = ring.0[edge] + (ring.0[edge + 1] - ring.0[edge]) * random.below_one();
            return Coord {
                x: on.x + random.around_zero(3e-5),
                y: on.y + random.around_zero(3e-5),
            };
        }
        let angle = std::f64::consts::TAU * random.below_one();
        let reach = 0.75 + 0.3 * random.below_one();
        Coord {
            x: CORNER.x + SIZE.x * (0.5 + reach * angle.cos()),
            y: CORNER.y + SIZE.y * (0.5 + reach * angle.sin()),
        }
    });
    let points = points.collect();
    (cells, points)
}
