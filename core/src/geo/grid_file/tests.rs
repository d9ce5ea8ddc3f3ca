//! What a file of grids may hold, what is refused and in which words.

use super::*;
use crate::geo::test_data::{DISTRICTS, shared};

const CODE: GridFileOptions<'static> = GridFileOptions {
    code_property: "code",
    allows_duplicate_codes: false,
};
const SQUARE: &str = "[[0,0],[1,0],[1,1],[0,1],[0,0]]";

fn feature(code: &str, kind: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"code":{code}}},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"x":[1,"a",null]}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn polygon(ring: &str) -> Result<Vec<GridCell>, GridFileError> {
    read_grids(
        collection(&[feature("\"a\"", "Polygon", &format!("[{ring}]"))]).as_bytes(),
        &CODE,
    )
}

fn said<T>(answer: Result<T, GridFileError>) -> String {
    answer
        .err()
        .map_or_else(|| "accepted".to_owned(), |e| e.to_string())
}

#[test]
fn read_takes_a_collection_a_feature_and_a_list_of_features() {
    let one = feature("7", "Polygon", &format!("[{SQUARE}]"));
    let many = feature("\"b\"", "MultiPolygon", &format!("[[{SQUARE}],[{SQUARE}]]"));
    for text in [
        collection(&[one.clone(), many.clone()]),
        format!("\u{feff}[{one},{many}]"),
    ] {
        let cells = read_grids(text.as_bytes(), &CODE).expect("the features are fine");
        assert_eq!((cells[0].code.as_str(), cells[0].polygons.len()), ("7", 1));
        assert_eq!((cells[1].code.as_str(), cells[1].polygons.len()), ("b", 2));
    }
    assert_eq!(read_grids(one.as_bytes(), &CODE).map(|c| c.len()), Ok(1));
}

#[test]
fn read_keeps_holes_and_ignores_heights() {
    let coordinates = "[[[0,0,9],[9,0,9],[9,9,9],[0,9,9],[0,0,9]],[[1,1],[2,1],[2,2],[1,1]]]";
    let cells = read_grids(feature("-3", "Polygon", coordinates).as_bytes(), &CODE)
        .expect("the feature is fine");
    assert_eq!(cells[0].code, "-3");
    assert_eq!(cells[0].polygons[0].interiors().len(), 1);
}

#[test]
fn read_refuses_a_ring_that_crosses_itself_and_names_feature_and_field() {
    let good = feature("\"a\"", "Polygon", &format!("[{SQUARE}]"));
    let bow_tie = feature("\"110101\"", "Polygon", "[[[0,0],[2,2],[2,0],[0,2],[0,0]]]");
    let text = collection(&[good, bow_tie]);
    assert_eq!(
        said(read_grids(text.as_bytes(), &CODE)),
        "feature 2 (110101), geometry.coordinates[0]: the ring crosses itself at longitude 1, latitude 1"
    );
}

#[test]
fn read_refuses_rings_that_are_open_short_or_off_the_globe() {
    let ring = "feature 1 (a), geometry.coordinates[0]";
    assert_eq!(
        said(polygon("[[0,0],[1,0],[1,1],[0,1]]")),
        format!("{ring}: the ring is not closed: its last point is not its first")
    );
    let short = |points, different| {
        format!(
            "{ring}: a ring has at least 4 points, 3 of them different; this one has {points} and {different}"
        )
    };
    assert_eq!(said(polygon("[[0,0],[1,0],[0,0]]")), short(3, 2));
    assert_eq!(
        said(polygon("[[0,0],[1,0],[1,0],[1,0],[0,0]]")),
        short(5, 2)
    );
    assert_eq!(
        said(polygon("[[0,0],[180.1,0],[1,1],[0,0]]")),
        format!("{ring}[1]: (180.1, 0) is not a longitude and latitude in degrees")
    );
    for wrong in [
        "[[0,0],[\"1\",0],[1,1],[0,0]]",
        "[[0,0],[null,0],[1,1],[0,0]]",
        "[[0,0],[1],[1,1],[0,0]]",
    ] {
        assert_eq!(
            said(polygon(wrong)),
            format!("{ring}[1]: a position is a longitude and a latitude")
        );
    }
    assert_eq!(
        said(polygon("[0,0]")),
        format!("{ring}: a ring is a list of positions")
    );
    assert_eq!(
        said(polygon("[]")),
        format!("{ring}: a ring is a list of positions")
    );
    assert!(
        said(polygon("[[0,0],[1e999,0],[1,1],[0,0]]")).starts_with("not JSON: number out of range")
    );
}

#[test]
fn read_refuses_codes_that_are_missing_wrong_or_taken() {
    let square = format!("[{SQUARE}]");
    let read = |codes: &[&str], options: &GridFileOptions<'_>| {
        let features: Vec<String> = codes
            .iter()
            .map(|c| feature(c, "Polygon", &square))
            .collect();
        read_grids(collection(&features).as_bytes(), options)
    };
    assert_eq!(
        said(read(&["null"], &CODE)),
        "feature 1, properties.code: missing, and the grid's code should stand there"
    );
    let other = GridFileOptions {
        code_property: "gid",
        ..CODE
    };
    assert_eq!(
        said(read(&["1"], &other)),
        "feature 1, properties.gid: missing, and the grid's code should stand there"
    );
    assert_eq!(
        said(read(&["[1,2]"], &CODE)),
        "feature 1, properties.code: a grid's code is text or a number"
    );
    assert_eq!(
        said(read(&["\"\""], &CODE)),
        "feature 1, properties.code: the grid's code is empty"
    );
    // Text and number are one code when they read alike.
    assert_eq!(
        said(read(&["1", "2", "\"1\""], &CODE)),
        "feature 3 (1), properties.code: the code stands in feature 1 already"
    );
    let relaxed = GridFileOptions {
        allows_duplicate_codes: true,
        ..CODE
    };
    assert_eq!(read(&["1", "1"], &relaxed).map(|c| c.len()), Ok(2));
}

#[test]
fn read_refuses_what_is_no_collection_of_polygons() {
    let read = |text: &str| said(read_grids(text.as_bytes(), &CODE));
    assert!(read("{").starts_with("not JSON: "));
    assert!(read(&"[".repeat(100_000)).starts_with("not JSON: recursion limit"));
    assert_eq!(
        read("3"),
        "not a GeoJSON FeatureCollection: it is neither an object nor a list"
    );
    assert_eq!(
        read("{\"type\":\"Topology\"}"),
        "not a GeoJSON FeatureCollection: its `type` is neither FeatureCollection nor Feature"
    );
    assert_eq!(
        read("{\"type\":\"FeatureCollection\"}"),
        "not a GeoJSON FeatureCollection: its `features` is not a list"
    );
    assert_eq!(read("[null]"), "feature 1, type: not a GeoJSON Feature");
    assert_eq!(
        read(&feature("1", "Point", "[0,0]")),
        "feature 1 (1), geometry.type: a grid is a Polygon or a MultiPolygon, not Point"
    );
    assert_eq!(
        read("{\"type\":\"Feature\",\"properties\":{\"code\":1},\"geometry\":null}"),
        "feature 1 (1), geometry: missing"
    );
    assert_eq!(
        read(&feature("1", "MultiPolygon", "[]")),
        "feature 1 (1), geometry.coordinates: a MultiPolygon is a list of polygons"
    );
    assert_eq!(
        read(&feature("1", "MultiPolygon", &format!("[{SQUARE}]"))),
        "feature 1 (1), geometry.coordinates[0][0]: a ring is a list of positions"
    );
}

#[test]
fn read_takes_every_real_file() {
    let mut read = 0;
    let blocks = ("regions/shanghai_center/blocks.geojson", "grid_id", 246);
    for (path, code_property, count) in DISTRICTS
        .iter()
        .map(|d| (d.0, "adcode", d.2))
        .chain([blocks])
    {
        let Some(bytes) = shared(path) else { continue };
        let options = GridFileOptions {
            code_property,
            allows_duplicate_codes: false,
        };
        let cells = read_grids(&bytes, &options).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(cells.len(), count, "{path}");
        read += 1;
    }
    eprintln!("{read} real files read");
}
