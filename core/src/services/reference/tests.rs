//! Look-ups in the store: what a second process loads, and what it does when that is spoilt.

use super::*;
use crate::storage::Store;

/// West and east half, the border moved at an instant: two epochs.
const PACK: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"code":"e","valid_from":"2026-03-01T00:00:00+08:00"},
     "geometry":{"type":"Polygon","coordinates":[[[121.1,31.0],[121.2,31.0],[121.2,31.1],[121.1,31.1],[121.1,31.0]]]}},
    {"type":"Feature","properties":{"code":"old","valid_to":"2026-03-01T00:00:00+08:00"},
     "geometry":{"type":"Polygon","coordinates":[[[121.0,31.0],[121.2,31.0],[121.2,31.1],[121.0,31.1],[121.0,31.0]]]}}]}"#;

fn store(dir: &std::path::Path) -> Store {
    Store::open(dir, None).expect("opens")
}

fn put(store: &Store, pack: &str) -> Hash {
    let hash = hash_of(pack.as_bytes());
    store
        .write(|tx| keep_pack(tx, GRIDS, &hash, pack.as_bytes()))
        .expect("a pack");
    hash
}

fn code(reference: &Reference, store: &Store, lon_deg: f64, at: UtcMs) -> Option<String> {
    let place = LatLon::try_new(31.05, lon_deg).expect("a place");
    let found = store.read(|tx| reference.grid_at(tx, place, at));
    found.expect("reads").map(|code| code.as_str().to_owned())
}

fn split() -> UtcMs {
    UtcMs::parse_rfc3339("2026-03-01T00:00:00+08:00").expect("a time")
}

#[test]
fn second_process_loads_the_index_of_today_and_of_the_next_time_and_builds_none() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (first, split) = (store(dir.path()), split());
    put(&first, PACK);
    let reference = Reference::default();
    assert_eq!(
        code(&reference, &first, 121.15, UtcMs(5)).as_deref(),
        Some("old")
    );
    assert_eq!(
        reference.locators_built(),
        1,
        "without an index one is built"
    );
    reference.keep_grid_index(&first, UtcMs(5)).expect("keeps");
    drop(first);

    let second = store(dir.path());
    let cold = Reference::default();
    for (lon, at, expected) in [
        (121.15, UtcMs(0), Some("old")),
        (121.15, UtcMs(split.0 - 1), Some("old")),
        (121.05, UtcMs(split.0 - 1), Some("old")),
        (121.15, split, Some("e")),
        (121.1, split, Some("e")),
        (121.05, split, None),
        (121.15, UtcMs(u64::MAX), Some("e")),
    ] {
        assert_eq!(
            code(&cold, &second, lon, at).as_deref(),
            expected,
            "{lon} {at:?}"
        );
    }
    assert_eq!(cold.locators_built(), 0);
    assert!(
        cold.grids.lock().expect("no panic").is_none(),
        "and no pack was read"
    );
}

#[test]
fn spoilt_index_is_built_again_and_mended_by_the_next_session() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = store(dir.path());
    let hash = put(&store, PACK);
    Reference::default()
        .keep_grid_index(&store, split())
        .expect("keeps");
    let whole: Vec<u8> = store
        .read(|tx| tx.grid_index(&hash, split(), |_, image| image.to_vec()))
        .expect("reads")
        .expect("is there");
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("has bytes") ^= 1;
    let mut newer = whole.clone();
    newer[8] += 1;
    for spoilt in [vec![], whole[..whole.len() - 1].to_vec(), flipped, newer] {
        store
            .write(|tx| tx.put_grid_index(&hash, &(split()..UtcMs(UtcMs::MAX.0 + 1)), &spoilt))
            .expect("the test spoils it");
        let reference = Reference::default();
        assert_eq!(
            code(&reference, &store, 121.15, split()).as_deref(),
            Some("e")
        );
        assert_eq!(reference.locators_built(), 1);
        reference.keep_grid_index(&store, split()).expect("mends");
        let cold = Reference::default();
        assert_eq!(code(&cold, &store, 121.15, split()).as_deref(), Some("e"));
        assert_eq!(cold.locators_built(), 0);
    }
}

#[test]
fn other_grids_bring_their_own_index_and_drop_the_old_ones() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = store(dir.path());
    let old = put(&store, PACK);
    let reference = Reference::default();
    reference.keep_grid_index(&store, UtcMs(5)).expect("keeps");
    assert_eq!(
        code(&reference, &store, 121.15, split()).as_deref(),
        Some("e")
    );
    let new = put(&store, &PACK.replace("\"e\"", "\"f\""));
    assert_eq!(
        code(&reference, &store, 121.15, split()).as_deref(),
        Some("f")
    );
    reference.keep_grid_index(&store, split()).expect("keeps");
    let is_there = |pack: Hash, at| {
        store
            .read(|tx| tx.grid_index(&pack, at, |_, _| ()))
            .expect("reads")
            .is_some()
    };
    assert!(is_there(new, split()));
    assert!(!is_there(new, UtcMs(5)), "what is over is not kept");
    assert!(!is_there(old, split()));
}

#[test]
fn city_without_grids_keeps_no_index_and_answers_by_h3() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = store(dir.path());
    let reference = Reference::default();
    reference
        .keep_grid_index(&store, UtcMs(5))
        .expect("nothing to do");
    let found = code(&reference, &store, 121.15, UtcMs(5)).expect("a cell");
    assert!(found.starts_with("h3:"), "{found}");
}
