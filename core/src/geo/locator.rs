//! Finds the grid that a point lies in, a few million points a second.
//!
//! Geometry is planar in longitude and latitude, as GEOS treats it; inner rings are holes.
//! A point on an edge belongs to the cell on its north-east side (the half-open crossing
//! rule: minimum edges are inclusive, maximum edges are not), so that cells that share
//! edges share no point and leave none out. Where several cells still contain a point, the
//! one with the lowest code, in order of bytes, answers.
//!
//! The plane is cut into buckets. A bucket that no edge touches knows its answer. Any other
//! knows which cells contain its south-west corner and which edges touch it: walking from
//! the corner north to the point's latitude and then east to the point, each edge that is
//! crossed turns the cells on its two sides from containing to not containing and back.
//! Every crossing is decided by the exact sign of `orient`, with the point thought
//! to lie infinitesimally further east, and less so further north. An edge that two cells
//! share is stored once, and so cannot be judged differently for the two.
//!
//! How the index is built, and why hostile cells cannot make it large, is in `build`.

use super::grid_file::GridCell;
use super::orient::side;
use geo::Coord;

mod batch;
mod build;
pub mod cities;
pub mod compact;
pub mod image;

/// A bucket with no cell in it.
const OUTSIDE: u32 = u32::MAX;
/// Set in the word of a bucket that edges touch; the rest is the place of its record.
const BORDER: u32 = 1 << 31;
/// Set in a candidate's word when it contains the bucket's corner.
const HOLDS_CORNER: u32 = 1 << 31;
/// Most candidates of a packed record, whose edges carry one bit for each.
const PACKED_CELLS: u32 = 5;

/// An index of grids; it keeps what it needs of them and borrows nothing.
#[derive(Debug, Clone)]
pub struct Locator {
    plane: Plane,
    /// One word a bucket, row by row: [`OUTSIDE`], a part that covers it, or a [`BORDER`] record.
    buckets: Vec<u32>,
    /// The records of the buckets that edges touch; `build` describes their two forms.
    records: Vec<u32>,
    /// Chains of vertices; edge `i` runs from vertex `i` to vertex `i + 1`.
    vertices: Vec<Coord>,
    /// The cell, by its place in the input, of each part (polygon), parts in order of code.
    owners: Vec<u32>,
    /// All codes, one behind the other, in order of the input.
    codes: String,
    /// Where each code ends, in bytes.
    code_ends: Vec<usize>,
}

/// How degrees map to buckets.
#[derive(Debug, Clone, Copy)]
struct Plane {
    min: Coord,
    max: Coord,
    /// Size of a bucket in degrees.
    size: Coord,
    /// Buckets for each degree.
    scale: Coord,
    columns: usize,
    rows: usize,
}

impl Plane {
    /// South-west corner of a bucket.
    #[inline]
    fn corner(&self, column: usize, row: usize) -> Coord {
        Coord {
            x: self.min.x + column as f64 * self.size.x,
            y: self.min.y + row as f64 * self.size.y,
        }
    }

    /// The place of `p` counted in buckets from the south-west.
    #[inline]
    fn place(&self, p: Coord) -> Coord {
        Coord {
            x: (p.x - self.min.x) * self.scale.x,
            y: (p.y - self.min.y) * self.scale.y,
        }
    }

    /// Column and row of the bucket that `p` lies in; nothing outside of the plane.
    #[inline]
    fn bucket(&self, p: Coord) -> Option<(usize, usize)> {
        // Written so that a NaN is outside.
        if !(p.x >= self.min.x && p.x <= self.max.x && p.y >= self.min.y && p.y <= self.max.y) {
            return None;
        }
        let place = self.place(p);
        let column = (place.x as usize).min(self.columns - 1);
        let row = (place.y as usize).min(self.rows - 1);
        Some((column, row))
    }
}

/// Whether a point that lies on no line by the rule of the module lies left of `a` to `b`.
#[inline]
fn is_left(a: Coord, b: Coord, p: Coord) -> bool {
    let sign = side(a, b, p);
    if sign != 0 {
        return sign > 0;
    }
    // The point is on the line and thought further east; on a level line, further north.
    b.y < a.y || (b.y == a.y && b.x > a.x)
}

/// Whether the way from `corner` north and then east to `p` crosses the edge an odd number of times.
#[inline]
fn is_crossed(a: Coord, b: Coord, corner: Coord, p: Coord) -> bool {
    let turn = Coord {
        x: corner.x,
        y: p.y,
    };
    let mut crossed = false;
    if (a.x <= corner.x) != (b.x <= corner.x) {
        crossed ^= is_left(a, b, corner) != is_left(a, b, turn);
    }
    if (a.y <= p.y) != (b.y <= p.y) {
        crossed ^= is_left(a, b, turn) != is_left(a, b, p);
    }
    crossed
}

impl Locator {
    /// Indexes cells, in time and memory in proportion to their vertices.
    ///
    /// - `cells`: planar degrees, as [`super::grid_file::read_grids`] returns them; rings
    ///   that cross themselves are read by the even-odd rule, edges that are not finite are left out.
    #[must_use]
    pub fn build(cells: &[GridCell]) -> Self {
        build::build(&cells.iter().collect::<Vec<_>>())
    }

    /// As [`Locator::build`], from some of the cells of a larger set.
    #[must_use]
    pub fn build_some(cells: &[&GridCell]) -> Self {
        build::build(cells)
    }

    /// The code of the cell that contains the point, given in degrees of the cells' datum.
    #[must_use]
    pub fn find(&self, lat_deg: f64, lon_deg: f64) -> Option<&str> {
        self.code(self.find_index(lat_deg, lon_deg)?)
    }

    /// The code of a cell by its place in the slice that was indexed.
    #[must_use]
    pub fn code(&self, cell: u32) -> Option<&str> {
        let cell = cell as usize;
        let end = *self.code_ends.get(cell)?;
        let start = if cell == 0 {
            0
        } else {
            self.code_ends[cell - 1]
        };
        Some(&self.codes[start..end])
    }

    /// As [`Locator::find`], but the cell's place in the slice that was indexed.
    #[must_use]
    pub fn find_index(&self, lat_deg: f64, lon_deg: f64) -> Option<u32> {
        let p = Coord {
            x: lon_deg,
            y: lat_deg,
        };
        let (column, row) = self.plane.bucket(p)?;
        self.search(column, row, p)
    }

    /// The answer within the bucket in which `p` lies.
    #[inline]
    fn search(&self, column: usize, row: usize, p: Coord) -> Option<u32> {
        let word = self.buckets[row * self.plane.columns + column];
        let part = if word == OUTSIDE {
            return None;
        } else if word & BORDER == 0 {
            word
        } else {
            let record = &self.records[(word & !BORDER) as usize..];
            let corner = self.plane.corner(column, row);
            if record[0] == 0 {
                self.search_listed(record, corner, p)?
            } else {
                self.search_packed(record, corner, p)?
            }
        };
        Some(self.owners[part as usize])
    }

    /// Bytes that the index holds, its own included.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        size_of::<Self>()
            + size_of::<u32>()
                * (self.buckets.capacity() + self.records.capacity() + self.owners.capacity())
            + size_of::<Coord>() * self.vertices.capacity()
            + size_of::<usize>() * self.code_ends.capacity()
            + self.codes.capacity()
    }

    /// Every edge once, a bit for each candidate that it bounds.
    #[inline]
    fn search_packed(&self, record: &[u32], corner: Coord, p: Coord) -> Option<u32> {
        let head = record[0];
        let (cells, edges) = ((head & 7) as usize, (head >> 8) as usize);
        let mut holding = (head >> 3) & 31;
        for &word in &record[1 + cells..1 + cells + edges] {
            let first = (word >> PACKED_CELLS) as usize;
            let ends = &self.vertices[first..first + 2];
            if is_crossed(ends[0], ends[1], corner, p) {
                holding ^= word & 31;
            }
        }
        if holding == 0 {
            None
        } else {
            Some(record[1 + holding.trailing_zeros() as usize])
        }
    }

    /// The candidates one after the other, each with its own edges.
    #[cold]
    fn search_listed(&self, record: &[u32], corner: Coord, p: Coord) -> Option<u32> {
        let mut rest = &record[2..];
        for _ in 0..record[1] {
            let (cell, edges) = (rest[0], rest[1] as usize);
            let crossed = rest[2..2 + edges].iter().filter(|&&first| {
                let ends = &self.vertices[first as usize..first as usize + 2];
                is_crossed(ends[0], ends[1], corner, p)
            });
            if (crossed.count() % 2 == 1) != (cell & HOLDS_CORNER != 0) {
                return Some(cell & !HOLDS_CORNER);
            }
            rest = &rest[2 + edges..];
        }
        None
    }
}

#[cfg(test)]
mod tests;
