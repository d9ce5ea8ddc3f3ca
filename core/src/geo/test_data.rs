//! Where tests find the real data that lies beside the project.

/// Districts of four cities, the places inside them, and the number of districts.
pub(super) const DISTRICTS: [(&str, &str, usize); 4] = [
    (
        "regions/districts/qingdao_districts_gcj02.geojson",
        "regions/districts/qingdao_towns_communities_gcj02.csv",
        10,
    ),
    (
        "regions/districts/shanghai_districts_gcj02.geojson",
        "regions/districts/shanghai_towns_communities_gcj02.csv",
        16,
    ),
    (
        "regions/districts/wuhan_districts_gcj02.geojson",
        "regions/districts/wuhan_towns_communities_gcj02.csv",
        13,
    ),
    (
        "regions/districts/xuzhou_districts_gcj02.geojson",
        "regions/districts/xuzhou_towns_communities_gcj02.csv",
        10,
    ),
];

/// The bytes of a shared file, or nothing, said aloud, where the data is absent.
pub(super) fn shared(path: &str) -> Option<Vec<u8>> {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, Into::into);
    let bytes = std::fs::read(root.join(path)).ok();
    if bytes.is_none() {
        eprintln!("skipped: {path} is not in BADING_DATA or ../shared/data");
    }
    bytes
}
