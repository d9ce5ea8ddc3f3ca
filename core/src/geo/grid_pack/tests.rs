//! One layer over another: what was known stays known, and the same again changes nothing.

use super::*;
use crate::geo::cell_size::cell_size;
use crate::model::grid::{CellTerms, GridClass};
use crate::model::time::UtcMs;
use geo::{Coord, Rect};
use proptest::prelude::*;

/// A square of thousandths of a degree.
fn cell(code: &str, x: i32, y: i32) -> GridCell {
    let corner = |x: i32, y: i32| Coord {
        x: 121.0 + f64::from(x) / 1e3,
        y: 31.0 + f64::from(y) / 1e3,
    };
    GridCell {
        code: code.to_owned(),
        polygons: vec![Rect::new(corner(x, y), corner(x + 1, y + 1)).to_polygon()],
        terms: CellTerms::default(),
    }
}

fn pack(cells: &[GridCell]) -> GridPack {
    GridPack {
        cells: cells.to_vec(),
        profile: CodeProfile::opaque(),
        source_datum: Datum::Wgs84,
    }
}

fn from(at: u64) -> Validity {
    Validity {
        from: Some(UtcMs(at)),
        to: None,
    }
}

/// Code, beginning and end of every cell.
fn times(pack: &GridPack) -> Vec<(&str, Option<u64>, Option<u64>)> {
    let each = pack.cells.iter();
    each.map(|cell| {
        let Validity { from, to } = cell.terms.validity;
        (cell.code.as_str(), from.map(|at| at.0), to.map(|at| at.0))
    })
    .collect()
}

fn at(pack: &GridPack, at: u64) -> Vec<(String, i64)> {
    let in_force = pack
        .cells
        .iter()
        .filter(|c| c.terms.validity.holds_at(UtcMs(at)));
    in_force
        .map(|c| (c.code.clone(), (cell_size(&c.polygons).area_m2) as i64))
        .collect()
}

#[test]
fn pack_of_a_released_version_keeps_its_bytes() {
    let released = r#"{"features":[{"geometry":{"coordinates":[[[[121.0,31.0],[121.1,31.0],[121.1,31.1],[121.0,31.0]]]],"type":"MultiPolygon"},"properties":{"code":"a"},"type":"Feature"}],"type":"FeatureCollection"}"#;
    let read = GridPack::read(released.as_bytes()).expect("a pack");
    assert_eq!(String::from_utf8(read.to_bytes()).as_deref(), Ok(released));
    assert!(read.profile.is_opaque());
}

#[test]
fn pack_keeps_profile_datum_class_unit_and_times() {
    let mut one = cell("3101", 0, 0);
    one.terms = CellTerms {
        class: Some(GridClass::One),
        unit: Some("一队".to_owned()),
        validity: Validity {
            from: Some(UtcMs(1_000)),
            to: Some(UtcMs(2_000)),
        },
    };
    let written = GridPack {
        cells: vec![one],
        profile: CodeProfile::parse("town:2,cell:2").expect("a profile"),
        source_datum: Datum::Gcj02,
    };
    assert_eq!(GridPack::read(&written.to_bytes()), Ok(written));
}

#[test]
fn pack_keeps_cells_whose_codes_an_earlier_profile_built() {
    let layer = GridPack {
        profile: CodeProfile::fifteen(),
        ..pack(&[cell("310101002001001", 0, 0)])
    };
    let laid = pack(&[cell("old", 0, 0)])
        .succeeded_by(layer, from(1_000))
        .pack;
    assert_eq!(GridPack::read(&laid.to_bytes()), Ok(laid));
}

#[test]
fn pack_with_a_code_twice_at_one_time_is_refused() {
    let twice = pack(&[cell("a", 0, 0), cell("a", 1, 0)]);
    let error = GridPack::read(&twice.to_bytes()).expect_err("twice");
    assert!(error.to_string().contains("`a`") || error.to_string().contains("code a"));
    let own = br#"{"type":"FeatureCollection","features":[],"bading":{"profile":"x"}}"#;
    let error = GridPack::read(own).expect_err("no profile");
    assert!(error.to_string().starts_with("bading.profile"), "{error}");
}

#[test]
fn cell_that_is_split_ends_and_its_halves_begin() {
    let before = pack(&[cell("a", 0, 0), cell("b", 1, 0)]);
    let layer = pack(&[cell("a", 0, 0), cell("b1", 1, 0), cell("b2", 2, 0)]);
    let laid = before.succeeded_by(layer, from(1_000));
    assert_eq!(
        times(&laid.pack),
        [
            ("a", None, None),
            ("b", None, Some(1_000)),
            ("b1", Some(1_000), None),
            ("b2", Some(1_000), None),
        ]
    );
    assert_eq!(
        (laid.kept_count, laid.begun_count, laid.ended_count),
        (1, 2, 1)
    );
}

#[test]
fn same_layer_again_changes_nothing_whenever_it_is_laid() {
    let before = pack(&[cell("a", 0, 0), cell("b", 1, 0)]);
    let always = before.succeeded_by(before.clone(), Validity::default());
    assert_eq!(always.pack, before);
    let later = before.succeeded_by(before.clone(), from(1_000));
    assert_eq!(later.pack, before);
    assert_eq!(
        (later.kept_count, later.begun_count, later.ended_count),
        (2, 0, 0)
    );
}

#[test]
fn change_of_class_or_unit_alone_is_another_cell_of_the_same_code() {
    let before = pack(&[cell("a", 0, 0)]);
    let mut other = cell("a", 0, 0);
    other.terms.class = Some(GridClass::Two);
    let laid = before.succeeded_by(pack(&[other]), from(1_000));
    assert_eq!(
        times(&laid.pack),
        [("a", None, Some(1_000)), ("a", Some(1_000), None)]
    );
}

#[test]
fn layer_with_an_end_leaves_what_follows() {
    let now = pack(&[cell("a", 0, 0)]);
    let next = now.succeeded_by(pack(&[cell("z", 0, 0)]), from(2_000)).pack;
    let between = Validity {
        from: Some(UtcMs(1_000)),
        to: Some(UtcMs(2_000)),
    };
    let laid = next.succeeded_by(pack(&[cell("m", 0, 0)]), between).pack;
    assert_eq!(
        times(&laid),
        [
            ("a", None, Some(1_000)),
            ("m", Some(1_000), Some(2_000)),
            ("z", Some(2_000), None),
        ]
    );
    // A layer without an end replaces it.
    let laid = next
        .succeeded_by(pack(&[cell("m", 0, 0)]), from(1_000))
        .pack;
    assert_eq!(
        times(&laid),
        [("a", None, Some(1_000)), ("m", Some(1_000), None)]
    );
}

#[test]
fn cells_own_dates_count_within_the_layers_time() {
    let mut early = cell("a", 0, 0);
    early.terms.validity = Validity {
        from: Some(UtcMs(500)),
        to: Some(UtcMs(3_000)),
    };
    let laid = pack(&[]).succeeded_by(pack(&[early]), from(1_000));
    assert_eq!(times(&laid.pack), [("a", Some(1_000), Some(3_000))]);
}

proptest! {
    /// Whatever layers are laid, one that begins at a time changes nothing before it, is the
    /// layer alone from then on, and a second time nothing at all.
    #[test]
    fn laying_a_layer_keeps_the_past_and_is_idempotent(
        layers in prop::collection::vec((prop::collection::btree_map(0..5_i32, 0..3_i32, 0..5), 1..8_u64), 1..6)
    ) {
        let mut known = pack(&[cell("c0", 0, 0)]);
        for (cells, start) in layers {
            let cells: Vec<_> = cells.iter().map(|(code, y)| cell(&format!("c{code}"), *code, *y)).collect();
            let layer = pack(&cells);
            let laid = known.succeeded_by(layer.clone(), from(start)).pack;
            for moment in 0..start {
                prop_assert_eq!(at(&laid, moment), at(&known, moment));
            }
            for moment in start..10 {
                prop_assert_eq!(at(&laid, moment), at(&layer, moment));
            }
            prop_assert_eq!(&laid.succeeded_by(layer, from(start)).pack, &laid);
            prop_assert_eq!(GridPack::read(&laid.to_bytes()), Ok(laid.clone()));
            known = laid;
        }
    }
}
