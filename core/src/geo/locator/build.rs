//! Builds the index of [`Locator`]: shared edges, buckets, and what each bucket knows.
//!
//! A record of [`Locator::records`] has one of two forms, in words of 32 bits:
//! - *packed*, at most five candidates: `edges << 8 | holds-corner bits << 3 | cells`, then
//!   the candidates in order of code, then for each edge `first vertex << 5 | bits of the
//!   candidates that it bounds`;
//! - *listed*: 0, the number of candidates, then for each `HOLDS_CORNER | part`, its number
//!   of edges and their first vertices.
//!
//! Buckets are made as fine as pays and no finer than memory allows: cells that are long,
//! crossed or piled up get fewer buckets, down to a single one, so that the index stays
//! within a fixed number of words for each edge that came in.

use super::{BORDER, HOLDS_CORNER, Locator, OUTSIDE, PACKED_CELLS, Plane};
use crate::geo::grid_file::GridCell;
use crate::geo::orient::side;
use geo::Coord;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Edges for each bucket. With 17,000 real-sized cells the index has 7 MB; one edge for each
/// bucket makes it 8 MB and answers no faster, as both lie beyond the processor's near caches.
const EDGES_PER_BUCKET: usize = 2;
/// Most buckets, whatever the number of edges.
const MOST_BUCKETS: usize = 1 << 20;
/// Entries that the buckets may hold for each edge that came in; one bucket needs at most six.
const ENTRIES_PER_EDGE: f64 = 8.0;
/// A bucket is at least this wide, about 10 cm, far above the rounding of a degree.
const LEAST_SIZE_DEG: f64 = 1e-6;
/// Buckets overlap their neighbours by this share of their size when edges are assigned:
/// more than any rounding on the way from degrees to buckets.
const MARGIN: f64 = 1e-4;
/// Stands in the place of an edge where a part contains the bucket's corner; sorts last.
const CORNER: u32 = u32::MAX;

/// One polygon of a cell and where its edges stand in [`Edges::of_parts`].
struct Part {
    owner: u32,
    min: Coord,
    max: Coord,
    edges: std::ops::Range<usize>,
}

/// A part has an edge in a bucket, or contains the bucket's corner.
type Item = (u32, u32, u32);

/// The cells' polygons in the order in which they answer, and the edges that bound them.
fn take_apart(cells: &[&GridCell]) -> (Vec<Part>, Edges) {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by(|&a, &b| cells[a].code.cmp(&cells[b].code).then(a.cmp(&b)));
    let mut edges = Edges::default();
    let mut parts = Vec::new();
    for owner in order {
        for polygon in &cells[owner].polygons {
            let start = edges.of_parts.len();
            std::iter::once(polygon.exterior())
                .chain(polygon.interiors())
                .for_each(|ring| edges.add_ring(&ring.0));
            let range = start..edges.of_parts.len();
            if range.is_empty() {
                continue;
            }
            let (min, max) = edges.bounds(range.clone());
            parts.push(Part {
                owner: owner as u32,
                min,
                max,
                edges: range,
            });
        }
    }
    (parts, edges)
}

/// What each bucket has to know, in the order of buckets, then of parts.
fn spread(plane: &Plane, parts: &[Part], edges: &Edges) -> Vec<Item> {
    let mut items = Vec::new();
    for (rank, part) in parts.iter().enumerate() {
        let rank = rank as u32;
        for &edge in &edges.of_parts[part.edges.clone()] {
            let (a, b) = edges.ends(edge);
            plane.each_touched(a, b, |bucket| items.push((bucket, rank, edge)));
        }
        plane.each_held_corner(part, edges, |bucket| items.push((bucket, rank, CORNER)));
    }
    items.sort_unstable();
    items
}

pub(super) fn build(cells: &[&GridCell]) -> Locator {
    let (parts, mut edges) = take_apart(cells);
    let wanted = edges.known.len() / EDGES_PER_BUCKET;
    let plane = lay_out(&parts, &edges, wanted);
    let items = spread(&plane, &parts, &edges);

    let mut buckets = vec![OUTSIDE; plane.columns * plane.rows];
    let mut records = Vec::new();
    for group in items.chunk_by(|a, b| a.0 == b.0) {
        buckets[group[0].0 as usize] = record(group, edges.vertices.len(), &mut records);
    }
    records.shrink_to_fit();
    edges.vertices.shrink_to_fit();
    let mut codes = String::with_capacity(cells.iter().map(|c| c.code.len()).sum());
    let mut code_ends = Vec::with_capacity(cells.len());
    for cell in cells {
        codes.push_str(&cell.code);
        code_ends.push(codes.len());
    }
    let owners = parts.iter().map(|p| p.owner).collect();
    Locator {
        plane,
        buckets,
        records,
        vertices: edges.vertices,
        owners,
        codes,
        code_ends,
    }
}

/// The edges of all parts, each stored once however many parts share it.
#[derive(Default)]
struct Edges {
    vertices: Vec<Coord>,
    known: HashMap<[u64; 4], u32>,
    of_parts: Vec<u32>,
}

impl Edges {
    fn add_ring(&mut self, ring: &[Coord]) {
        // The chain of vertices goes on only where the edge before was stored just now.
        let mut is_chain = false;
        for ends in ring.windows(2) {
            // Adding zero makes -0.0 and 0.0 the same bits.
            let [a, b] = [ends[0], ends[1]].map(|p| Coord {
                x: p.x + 0.0,
                y: p.y + 0.0,
            });
            if a == b || ![a.x, a.y, b.x, b.y].iter().all(|n| n.is_finite()) {
                is_chain &= a == b;
                continue;
            }
            let bits = |p: Coord| [p.x.to_bits(), p.y.to_bits()];
            let (low, high) = if bits(a) < bits(b) {
                (bits(a), bits(b))
            } else {
                (bits(b), bits(a))
            };
            let edge = match self.known.entry([low[0], low[1], high[0], high[1]]) {
                Entry::Occupied(known) => {
                    is_chain = false;
                    *known.get()
                }
                Entry::Vacant(free) => {
                    if !is_chain {
                        self.vertices.push(a);
                    }
                    is_chain = true;
                    self.vertices.push(b);
                    *free.insert((self.vertices.len() - 2) as u32)
                }
            };
            self.of_parts.push(edge);
        }
    }

    fn ends(&self, edge: u32) -> (Coord, Coord) {
        (
            self.vertices[edge as usize],
            self.vertices[edge as usize + 1],
        )
    }

    /// South-west and north-east corner of a range of [`Edges::of_parts`] that is not empty.
    fn bounds(&self, range: std::ops::Range<usize>) -> (Coord, Coord) {
        let start = self.ends(self.of_parts[range.start]).0;
        let ends = self.of_parts[range]
            .iter()
            .flat_map(|&e| <[Coord; 2]>::from(self.ends(e)));
        ends.fold((start, start), |(min, max), p| {
            (
                Coord {
                    x: min.x.min(p.x),
                    y: min.y.min(p.y),
                },
                Coord {
                    x: max.x.max(p.x),
                    y: max.y.max(p.y),
                },
            )
        })
    }
}

/// Chooses the buckets: as many as are wanted, halved until they hold no more entries than
/// [`ENTRIES_PER_EDGE`] allows.
fn lay_out(parts: &[Part], edges: &Edges, wanted: usize) -> Plane {
    if parts.is_empty() {
        let nowhere = Coord {
            x: f64::INFINITY,
            y: f64::INFINITY,
        };
        let zero = Coord { x: 0.0, y: 0.0 };
        return Plane {
            min: nowhere,
            max: zero - nowhere,
            size: zero,
            scale: zero,
            columns: 1,
            rows: 1,
        };
    }
    let (min, max) = edges.bounds(0..edges.of_parts.len());
    let extent = Coord {
        x: (max.x - min.x).max(LEAST_SIZE_DEG),
        y: (max.y - min.y).max(LEAST_SIZE_DEG),
    };
    // How many buckets edges and boxes span is linear in the number of columns and rows.
    let (mut across, mut up) = (0.0, 0.0);
    for &edge in &edges.of_parts {
        let (a, b) = edges.ends(edge);
        across += (a.x - b.x).abs() / extent.x;
        up += (a.y - b.y).abs() / extent.y;
    }
    let edge_count = edges.of_parts.len() as f64;
    let mut wanted = wanted.clamp(1, MOST_BUCKETS);
    loop {
        let columns = (wanted as f64 * extent.x / extent.y)
            .sqrt()
            .round()
            .clamp(1.0, wanted as f64);
        let rows = (wanted as f64 / columns).floor().max(1.0);
        let size = Coord {
            x: (extent.x / columns).max(LEAST_SIZE_DEG),
            y: (extent.y / rows).max(LEAST_SIZE_DEG),
        };
        let (columns, rows) = ((extent.x / size.x).ceil(), (extent.y / size.y).ceil());
        let spanned =
            |p: &Part| ((p.max.x - p.min.x) / size.x + 2.0) * ((p.max.y - p.min.y) / size.y + 2.0);
        let boxes: f64 = parts.iter().map(spanned).sum();
        let entries = edge_count + across * columns + up * rows + boxes;
        if wanted == 1 || entries <= ENTRIES_PER_EDGE * edge_count {
            let scale = Coord {
                x: 1.0 / size.x,
                y: 1.0 / size.y,
            };
            return Plane {
                min,
                max,
                size,
                scale,
                columns: columns as usize,
                rows: rows as usize,
            };
        }
        wanted = wanted.div_ceil(2);
    }
}

impl Plane {
    /// First and last of `count` buckets that `low..=high`, counted in buckets, touches.
    fn span(low: f64, high: f64, count: usize) -> std::ops::RangeInclusive<usize> {
        // A cast from negative to unsigned gives 0.
        let last = count - 1;
        ((low - MARGIN) as usize).min(last)..=((high + MARGIN) as usize).min(last)
    }

    /// Visits every bucket that the edge touches, and perhaps a few that it all but touches.
    fn each_touched(&self, a: Coord, b: Coord, mut visit: impl FnMut(u32)) {
        let (a, b) = (self.place(a), self.place(b));
        let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
        let rise = high.y - low.y;
        for row in Self::span(low.y, high.y, self.rows) {
            let x_at = |y: f64| {
                let share = if rise > 0.0 {
                    ((y - low.y) / rise).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                low.x + share * (high.x - low.x)
            };
            let (from, to) = if rise > 0.0 {
                (x_at(row as f64 - MARGIN), x_at(row as f64 + 1.0 + MARGIN))
            } else {
                (low.x, high.x)
            };
            for column in Self::span(from.min(to), from.max(to), self.columns) {
                visit((row * self.columns + column) as u32);
            }
        }
    }

    /// Visits every bucket whose corner the part contains: for each row, every edge that the
    /// row's corners look at eastwards turns those west of it.
    fn each_held_corner(&self, part: &Part, edges: &Edges, mut visit: impl FnMut(u32)) {
        let (min, max) = (self.place(part.min), self.place(part.max));
        let (columns, rows) = (
            Self::span(min.x, max.x, self.columns),
            Self::span(min.y, max.y, self.rows),
        );
        let width = columns.end() - columns.start() + 1;
        let mut turns = vec![false; (rows.end() - rows.start() + 1) * (width + 1)];
        for &edge in &edges.of_parts[part.edges.clone()] {
            let (a, b) = edges.ends(edge);
            let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
            for row in Self::span(self.place(low).y, self.place(high).y, self.rows) {
                let level = self.corner(0, row).y;
                if (low.y <= level) == (high.y <= level) {
                    continue;
                }
                let is_west = |column: usize| side(low, high, self.corner(column, row)) > 0;
                // The rounded crossing is the first guess; the exact sign has the last word.
                let x = low.x + (level - low.y) / (high.y - low.y) * (high.x - low.x);
                let mut end = (((x - self.min.x) * self.scale.x) as usize + 1)
                    .clamp(*columns.start(), columns.end() + 1);
                while end > *columns.start() && !is_west(end - 1) {
                    end -= 1;
                }
                while end <= *columns.end() && is_west(end) {
                    end += 1;
                }
                let first = (row - rows.start()) * (width + 1);
                turns[first] ^= true;
                turns[first + end - columns.start()] ^= true;
            }
        }
        for (row, turns) in rows.zip(turns.chunks(width + 1)) {
            let mut holds = false;
            for (column, turn) in columns.clone().zip(turns) {
                holds ^= turn;
                if holds {
                    visit((row * self.columns + column) as u32);
                }
            }
        }
    }
}

/// Each candidate's items; a part that covers the bucket hides all parts behind it.
fn candidates(items: &[Item]) -> Vec<&[Item]> {
    let mut candidates: Vec<&[Item]> = Vec::new();
    for candidate in items.chunk_by(|a, b| a.1 == b.1) {
        candidates.push(candidate);
        if candidate[0].2 == CORNER {
            break;
        }
    }
    candidates
}

/// Writes what one bucket knows and returns its word. `items` are sorted and not empty.
fn record(items: &[Item], vertex_count: usize, records: &mut Vec<u32>) -> u32 {
    let candidates = candidates(items);
    if candidates[0][0].2 == CORNER {
        return candidates[0][0].1;
    }
    let holds_corner = |c: &[Item]| c.last().is_some_and(|i| i.2 == CORNER);
    let place = BORDER | records.len() as u32;

    let mut bits: Vec<(u32, u32)> = Vec::new();
    if candidates.len() <= PACKED_CELLS as usize && vertex_count < 1 << (32 - PACKED_CELLS) {
        for (slot, candidate) in candidates.iter().enumerate() {
            bits.extend(
                candidate
                    .iter()
                    .filter(|i| i.2 != CORNER)
                    .map(|i| (i.2, 1 << slot)),
            );
        }
        bits.sort_unstable();
        if bits.len() < 1 << 24 {
            let head = records.len();
            records.push(0);
            records.extend(candidates.iter().map(|c| c[0].1));
            let mut corners = 0;
            for (slot, candidate) in candidates.iter().enumerate() {
                corners |= u32::from(holds_corner(candidate)) << slot;
            }
            let edges = bits.chunk_by(|a, b| a.0 == b.0);
            let first_edge = records.len();
            // An edge that a part walks twice bounds nothing: its bits cancel.
            records.extend(
                edges.map(|e| e[0].0 << PACKED_CELLS | e.iter().fold(0, |all, (_, bit)| all ^ bit)),
            );
            let edge_count = (records.len() - first_edge) as u32;
            records[head] = edge_count << 8 | corners << 3 | candidates.len() as u32;
            return place;
        }
    }
    records.extend([0, candidates.len() as u32]);
    for candidate in candidates {
        let corner = if holds_corner(candidate) {
            HOLDS_CORNER
        } else {
            0
        };
        let edges = candidate.iter().map(|i| i.2).filter(|&edge| edge != CORNER);
        records.extend([corner | candidate[0].1, edges.clone().count() as u32]);
        records.extend(edges);
    }
    place
}

/// Cells taken apart, for [`super::compact`], which keeps no edges and tries several planes.
pub(super) struct Sketch {
    parts: Vec<Part>,
    edges: Edges,
}

impl Sketch {
    pub(super) fn of(cells: &[&GridCell]) -> Self {
        let (parts, edges) = take_apart(cells);
        Self { parts, edges }
    }

    /// Visits each bucket, of about `wanted`, that holds something: its number, then whether the last of its
    /// cells covers it whole, then the cells in the order in which they answer.
    pub(super) fn each_bucket(
        &self,
        wanted: usize,
        mut visit: impl FnMut(usize, bool, &[u32]),
    ) -> Plane {
        let plane = lay_out(&self.parts, &self.edges, wanted);
        let items = spread(&plane, &self.parts, &self.edges);
        let mut cells = Vec::new();
        for group in items.chunk_by(|a, b| a.0 == b.0) {
            let candidates = candidates(group);
            cells.clear();
            cells.extend(candidates.iter().map(|c| self.parts[c[0].1 as usize].owner));
            // Parts of one cell stand side by side, as their codes are the same.
            cells.dedup();
            let is_covered = candidates.last().is_some_and(|c| c[0].2 == CORNER);
            visit(group[0].0 as usize, is_covered, &cells);
        }
        plane
    }
}
