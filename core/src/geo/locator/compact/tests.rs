//! The compact form: its bounds, its order, its sources. That it answers as the full index
//! does is tested beside that one.

use super::super::tests::{lattice, square};
use super::*;
use std::cell::Cell;

#[test]
fn build_within_keeps_to_its_budget_down_to_one_bucket() {
    let cells = lattice(24, &[(0.1, 0.2), (-0.2, 0.15), (0.25, -0.1)]);
    let least = size_of::<CompactLocator>() + 2 * size_of::<u32>() + 2 * cells.len();
    let mut sizes = Vec::new();
    for bytes_per_cell in [0, 4, 12, 24, 100] {
        let most_bytes = bytes_per_cell * cells.len();
        let size_bytes = CompactLocator::build_within(&cells, most_bytes).size_bytes();
        assert!(
            size_bytes <= most_bytes.max(least),
            "{bytes_per_cell}: {size_bytes}"
        );
        sizes.push(size_bytes);
    }
    assert!(sizes[0] < sizes[3] && sizes[3] < sizes[4], "{sizes:?}");
}

#[test]
fn piled_up_cells_stay_within_the_budget() {
    let cells: Vec<GridCell> = (0..3000)
        .map(|i| {
            let reach = f64::from(i) / 100.0;
            square(&format!("{i:05}"), -reach, -reach, 2.0 * reach + 0.01)
        })
        .collect();
    let compact = CompactLocator::build_within(&cells, 24 * cells.len());
    assert!(compact.size_bytes() <= 24 * cells.len());
    assert_eq!(compact.find_index(&cells, 0.005, 0.005), Some(0));
    assert_eq!(compact.find_index(&cells, -29.985, 0.0), Some(2999));
}

#[test]
fn nothing_and_no_numbers_find_nothing() {
    let broken = [f64::NAN, f64::INFINITY].map(|n| square("n", n, 0.0, 1.0));
    for cells in [&[][..], &broken] {
        let compact = CompactLocator::build_within(cells, 0);
        assert_eq!(compact.find_index(cells, 0.5, 0.5), None);
    }
    let cells = [square("a", 0.0, 0.0, 1.0)];
    let compact = CompactLocator::build_within(&cells, 1000);
    for p in [
        (f64::NAN, 0.5),
        (0.5, f64::NAN),
        (f64::INFINITY, 0.5),
        (1e300, -1e300),
    ] {
        assert_eq!(compact.find_index(&cells, p.0, p.1), None);
    }
    // Fewer cells than were indexed: a cell that is not there holds nothing.
    assert_eq!(
        CompactLocator::build_within(&cells, 0).find_index(&[], 0.5, 0.5),
        None
    );
}

/// Rings that count how often they were asked for, and break down on demand.
struct Counted<'a> {
    cells: &'a [GridCell],
    reads: Cell<usize>,
    breaks: bool,
}

impl Rings for Counted<'_> {
    type Error = &'static str;

    fn visit(&self, cell: u32, ring: impl FnMut(usize, &[Coord])) -> Result<(), Self::Error> {
        if self.breaks {
            return Err("no such row");
        }
        self.reads.set(self.reads.get() + 1);
        let Ok(()) = self.cells.visit(cell, ring);
        Ok(())
    }
}

#[test]
fn rings_of_a_store_are_read_for_a_few_cells_only_and_their_errors_arrive() {
    let cells = lattice(24, &[(0.1, 0.2), (-0.2, 0.15), (0.25, -0.1)]);
    let compact = CompactLocator::build_within(&cells, 24 * cells.len());
    let mut source = Counted {
        cells: &cells,
        reads: Cell::new(0),
        breaks: false,
    };
    let places: Vec<(f64, f64)> = (0..1000)
        .map(|i| {
            (
                30.6 + 0.096 * f64::from(i % 37) / 37.0,
                114.3 + 0.096 * f64::from(i % 41) / 41.0,
            )
        })
        .collect();
    for &(lat, lon) in &places {
        let found = compact.find_index_in(&source, lat, lon);
        assert_eq!(found, Ok(compact.find_index(&cells, lat, lon)));
    }
    let reads = source.reads.get();
    assert!(reads > 0 && reads < 3 * places.len(), "{reads}");
    source.breaks = true;
    let broken = places
        .iter()
        .filter(|p| compact.find_index_in(&source, p.0, p.1).is_err());
    assert!(broken.count() > 0);
    assert_eq!(
        compact.find_index_in(&source, 90.0, 0.0),
        Ok(None),
        "nobody is asked"
    );
}
