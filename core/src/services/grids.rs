//! The grids in force, and which cell holds a place as of a time.
//!
//! A city's cells change a few times a year, and what is asked is nearly always about one
//! day: the index of a time is built when it is first asked for, and kept.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use crate::geo::grid_file::GridCell;
use crate::geo::grid_pack::GridPack;
use crate::geo::locator::Locator;
use crate::model::grid::CodeProfile;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;

/// The cells of a city of all times, with their look-up.
pub struct Grids {
    /// In the order of their codes, then of the time they begin.
    pub cells: Vec<GridCell>,
    /// How their codes are built.
    pub profile: CodeProfile,
    /// When the set of cells in force becomes another one, ascending.
    changes: Vec<UtcMs>,
    /// One more than there are changes: before the first, between each two, after the last.
    indexes: Vec<OnceLock<Index>>,
}

/// The look-up of the cells that are in force together.
struct Index {
    locator: Locator,
    /// Their places in [`Grids::cells`].
    members: Vec<u32>,
}

impl Grids {
    /// The grids of a pack.
    #[must_use]
    pub fn new(pack: GridPack) -> Self {
        let mut changes = BTreeSet::new();
        for cell in &pack.cells {
            let validity = &cell.terms.validity;
            changes.extend(validity.from.into_iter().chain(validity.to));
        }
        Self {
            indexes: (0..=changes.len()).map(|_| OnceLock::new()).collect(),
            changes: changes.into_iter().collect(),
            cells: pack.cells,
            profile: pack.profile,
        }
    }

    /// The cells in force at an instant, in the order of their codes.
    pub fn cells_at(&self, at: UtcMs) -> impl Iterator<Item = &GridCell> {
        let is_in_force = move |cell: &&GridCell| cell.terms.validity.holds_at(at);
        self.cells.iter().filter(is_in_force)
    }

    /// The cell that holds a place at an instant.
    #[must_use]
    pub fn find(&self, place: LatLon, at: UtcMs) -> Option<&GridCell> {
        let epoch = self.changes.partition_point(|change| *change <= at);
        let index = self.indexes[epoch].get_or_init(|| self.index(at));
        let found = index.locator.find_index(place.lat_deg(), place.lon_deg())?;
        let member = index.members[found as usize];
        self.cells.get(member as usize)
    }

    /// The times, without a change in them, that an instant and what follows it fall into.
    pub fn epochs_from(&self, at: UtcMs) -> impl Iterator<Item = Range<UtcMs>> {
        let first = self.changes.partition_point(|change| *change <= at);
        let begins = move |epoch: usize| match epoch {
            0 => UtcMs(0),
            _ => self.changes[epoch - 1],
        };
        let never = UtcMs(UtcMs::MAX.0 + 1);
        let ends = move |epoch: usize| self.changes.get(epoch).copied().unwrap_or(never);
        (first..=self.changes.len()).map(move |epoch| begins(epoch)..ends(epoch))
    }

    /// The look-up of the cells in force at an instant, built anew: it outlives the cells.
    #[must_use]
    pub fn build_locator(&self, at: UtcMs) -> Locator {
        Locator::build_some(&self.cells_at(at).collect::<Vec<_>>())
    }

    /// No change lies between `at` and any other instant of its epoch, so that the cells of
    /// one are those of all.
    fn index(&self, at: UtcMs) -> Index {
        let members: Vec<u32> = (0..)
            .zip(&self.cells)
            .filter(|(_, cell)| cell.terms.validity.holds_at(at))
            .map(|(member, _)| member)
            .collect();
        Index {
            locator: self.build_locator(at),
            members,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One cell until an instant, two halves of it from then on.
    const SPLIT: &str = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"code":"w","valid_from":"2026-03-01T00:00:00+08:00"},
         "geometry":{"type":"Polygon","coordinates":[[[121.0,31.0],[121.1,31.0],[121.1,31.1],[121.0,31.1],[121.0,31.0]]]}},
        {"type":"Feature","properties":{"code":"old","valid_to":"2026-03-01T00:00:00+08:00"},
         "geometry":{"type":"Polygon","coordinates":[[[121.0,31.0],[121.2,31.0],[121.2,31.1],[121.0,31.1],[121.0,31.0]]]}},
        {"type":"Feature","properties":{"code":"e","valid_from":"2026-03-01T00:00:00+08:00"},
         "geometry":{"type":"Polygon","coordinates":[[[121.1,31.0],[121.2,31.0],[121.2,31.1],[121.1,31.1],[121.1,31.0]]]}}]}"#;

    #[test]
    fn find_gives_the_cell_of_the_time_when_a_cell_was_split() {
        let grids = Grids::new(GridPack::read(SPLIT.as_bytes()).expect("a pack"));
        let place = LatLon::try_new(31.05, 121.15).expect("a place");
        let split = UtcMs::parse_rfc3339("2026-03-01T00:00:00+08:00").expect("a time");
        let code = |at| grids.find(place, at).map(|cell| cell.code.as_str());
        assert_eq!(code(UtcMs(0)), Some("old"));
        assert_eq!(code(UtcMs(split.0 - 1)), Some("old"));
        assert_eq!(code(split), Some("e"));
        assert_eq!(code(UtcMs::MAX), Some("e"));
        assert_eq!(grids.cells_at(split).count(), 2);
        // Minimum edges are inclusive: the border belongs to the eastern half.
        let border = LatLon::try_new(31.05, 121.1).expect("a place");
        assert_eq!(
            grids.find(border, split).map(|c| c.code.as_str()),
            Some("e")
        );
    }
}
