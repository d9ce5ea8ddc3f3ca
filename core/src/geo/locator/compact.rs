//! The locator for memory that is short: a few bytes a cell beside the cells' own rings.
//!
//! Each bucket lists the cells that reach into it, in the order in which they answer; one
//! that a cell covers knows its answer. Whatever else is asked of the rings themselves, by
//! the rule and the exact sign of the full index, so that the two never differ. What is
//! counted is what this keeps; the rings stay where they are ([`Rings`]): in memory, in a
//! mapped file, in a store.

use std::convert::Infallible;

use super::build::Sketch;
use super::{Plane, is_left};
use crate::geo::grid_file::GridCell;
use geo::Coord;

/// Least and greatest share of the buckets that is tried next when an index is too large.
const SHRINK: (f64, f64) = (0.6, 0.97);
/// Set in the start of a bucket that its last cell covers whole.
const COVERED: u32 = 1 << 31;

/// Where the rings of cells are read from.
pub trait Rings {
    /// Why a cell could not be read.
    type Error;

    /// Visits the rings of a cell: the polygon, counted from 0 within the cell, then the
    /// closed ring, (longitude, latitude) in degrees. A cell that is not there has none.
    ///
    /// # Errors
    /// That of the source.
    fn visit(&self, cell: u32, ring: impl FnMut(usize, &[Coord])) -> Result<(), Self::Error>;
}

impl Rings for [GridCell] {
    type Error = Infallible;

    #[inline]
    fn visit(&self, cell: u32, mut ring: impl FnMut(usize, &[Coord])) -> Result<(), Infallible> {
        let polygons = self.get(cell as usize).map_or(&[][..], |c| &c.polygons);
        for (number, polygon) in polygons.iter().enumerate() {
            ring(number, &polygon.exterior().0);
            for hole in polygon.interiors() {
                ring(number, &hole.0);
            }
        }
        Ok(())
    }
}

/// An index of a bounded size, which looks into the cells' rings.
#[derive(Debug, Clone)]
pub struct CompactLocator {
    plane: Plane,
    /// Where each bucket's list begins, one more than there are buckets; and [`COVERED`].
    starts: Vec<u32>,
    lists: Lists,
}

/// Cells by their place, in as many bytes as they need.
#[derive(Debug, Clone)]
enum Lists {
    Short(Vec<u16>),
    Long(Vec<u32>),
}

impl CompactLocator {
    /// Indexes cells in at most `most_bytes`, its own struct included, as finely as that
    /// allows. A single bucket, which lists each cell once, is the least there is: a budget
    /// below 2 bytes a cell (4 above 65,536 cells) is exceeded by that much and no more.
    #[must_use]
    pub fn build_within(cells: &[GridCell], most_bytes: usize) -> Self {
        let cells: Vec<&GridCell> = cells.iter().collect();
        let sketch = Sketch::of(&cells);
        let is_short = cells.len() <= usize::from(u16::MAX) + 1;
        // A bucket and its entries take at least 4 + 2 bytes, mostly three times that.
        let mut wanted = most_bytes / 6;
        loop {
            let built = Self::of(&sketch, wanted, is_short);
            if built.size_bytes() <= most_bytes || wanted <= 1 {
                return built;
            }
            let over = most_bytes as f64 / built.size_bytes() as f64;
            let buckets = built.starts.len().min(wanted) as f64;
            wanted = ((buckets * over.clamp(SHRINK.0, SHRINK.1)) as usize).max(1);
        }
    }

    fn of(sketch: &Sketch, wanted: usize, is_short: bool) -> Self {
        let mut starts = vec![0_u32];
        let mut entries: Vec<u32> = Vec::new();
        let plane = sketch.each_bucket(wanted, |bucket, is_covered, cells| {
            starts.resize(bucket + 1, entries.len() as u32);
            if is_covered {
                starts[bucket] |= COVERED;
            }
            entries.extend(cells);
            starts.push(entries.len() as u32);
        });
        starts.resize(plane.columns * plane.rows + 1, entries.len() as u32);
        starts.shrink_to_fit();
        let lists = if is_short {
            Lists::Short(entries.iter().map(|&cell| cell as u16).collect())
        } else {
            entries.shrink_to_fit();
            Lists::Long(entries)
        };
        Self {
            plane,
            starts,
            lists,
        }
    }

    /// The place, in the slice that was indexed, of the cell that contains the point.
    ///
    /// - `cells`: the slice that was indexed.
    #[must_use]
    pub fn find_index(&self, cells: &[GridCell], lat_deg: f64, lon_deg: f64) -> Option<u32> {
        match self.find_index_in(cells, lat_deg, lon_deg) {
            Ok(found) => found,
            Err(never) => match never {},
        }
    }

    /// As [`CompactLocator::find_index`], with the rings of the cells that were indexed from
    /// any source; few look-ups need more than three cells, and every other one none.
    ///
    /// # Errors
    /// That of the source.
    pub fn find_index_in<R: Rings + ?Sized>(
        &self,
        rings: &R,
        lat_deg: f64,
        lon_deg: f64,
    ) -> Result<Option<u32>, R::Error> {
        let p = Coord {
            x: lon_deg,
            y: lat_deg,
        };
        let Some((column, row)) = self.plane.bucket(p) else {
            return Ok(None);
        };
        let bucket = row * self.plane.columns + column;
        let is_covered = self.starts[bucket] & COVERED != 0;
        let list = (self.starts[bucket] & !COVERED) as usize
            ..(self.starts[bucket + 1] & !COVERED) as usize;
        let last = list.end.wrapping_sub(1);
        for place in list {
            let cell = match &self.lists {
                Lists::Short(cells) => u32::from(cells[place]),
                Lists::Long(cells) => cells[place],
            };
            if (is_covered && place == last) || holds(rings, cell, p)? {
                return Ok(Some(cell));
            }
        }
        Ok(None)
    }

    /// Bytes that the index holds, its own included; the cells' rings are not its own.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let lists = match &self.lists {
            Lists::Short(cells) => size_of::<u16>() * cells.capacity(),
            Lists::Long(cells) => size_of::<u32>() * cells.capacity(),
        };
        size_of::<Self>() + size_of::<u32>() * self.starts.capacity() + lists
    }
}

/// Whether one of the cell's polygons holds the point: an odd number of its edges lies on
/// the way east from it, as the module of the full index has it.
fn holds<R: Rings + ?Sized>(rings: &R, cell: u32, p: Coord) -> Result<bool, R::Error> {
    let (mut is_held, mut is_odd, mut current) = (false, false, 0);
    rings.visit(cell, |polygon, ring| {
        if polygon != current {
            is_held |= is_odd;
            is_odd = false;
            current = polygon;
        }
        for ends in ring.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            if (a.y <= p.y) != (b.y <= p.y) {
                let is_finite = [a.x, a.y, b.x, b.y].iter().all(|n| n.is_finite());
                // East of the point: the point lies left of the edge that goes north.
                is_odd ^= is_finite && is_left(a, b, p) == (a.y < b.y);
            }
        }
    })?;
    Ok(is_held | is_odd)
}

#[cfg(test)]
mod tests;
