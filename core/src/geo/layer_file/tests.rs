//! What a layer's file may say, and that every feature that is wrong is named.

use super::*;

const SQUARE: &str = "[[[121.0,31.0],[121.1,31.0],[121.1,31.1],[121.0,31.1],[121.0,31.0]]]";
const BOW_TIE: &str = "[[[121.0,31.0],[121.1,31.1],[121.1,31.0],[121.0,31.1],[121.0,31.0]]]";

fn feature(properties: &str, rings: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Polygon","coordinates":{rings}}}}}"#
    )
}

fn read(profile: &str, features: &[String]) -> LayerFile {
    let text = format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    );
    let profile = CodeProfile::parse(profile).expect("a profile of the test");
    let options = LayerOptions {
        code_property: "code",
        profile: &profile,
        datum: Datum::Wgs84,
        utc_offset_min: 480,
    };
    read_layer(text.as_bytes(), &options).expect("it is GeoJSON")
}

fn lines(layer: &LayerFile) -> Vec<String> {
    layer.findings.iter().map(Finding::to_string).collect()
}

#[test]
fn cell_carries_class_unit_and_dates_of_the_citys_time() {
    let properties = r#"{"code":"a","class":"2","unit":" 城管一中队 ",
        "valid_from":"2026-03-01","valid_to":"2026-12-31"}"#;
    let layer = read("opaque", &[feature(properties, SQUARE)]);
    assert_eq!(lines(&layer), Vec::<String>::new());
    let terms = &layer.cells[0].cell.terms;
    assert_eq!(terms.class, Some(GridClass::Two));
    assert_eq!(terms.unit.as_deref(), Some("城管一中队"));
    let text = |at: Option<UtcMs>| at.expect("a time").to_rfc3339_at(480);
    assert_eq!(text(terms.validity.from), "2026-03-01T00:00:00+08:00");
    // The last day belongs to it.
    assert_eq!(text(terms.validity.to), "2027-01-01T00:00:00+08:00");
}

#[test]
fn every_feature_that_is_wrong_is_named_and_the_others_are_read() {
    let layer = read(
        "15",
        &[
            feature("{}", SQUARE),
            feature(r#"{"code":"310101002001001"}"#, SQUARE),
            feature(r#"{"code":"310101002001002"}"#, BOW_TIE),
            feature(r#"{"code":"31010100200100"}"#, SQUARE),
            feature(r#"{"code":"310101002001004","class":3}"#, SQUARE),
            feature(
                r#"{"code":"310101002001005","valid_from":"1.3.2026"}"#,
                SQUARE,
            ),
            feature(
                r#"{"code":"310101002001006","valid_from":"2026-03-02","valid_to":"2026-03-01"}"#,
                SQUARE,
            ),
        ],
    );
    let features: Vec<_> = layer.cells.iter().map(|cell| cell.feature).collect();
    assert_eq!(features, [2, 4, 5]);
    let lines = lines(&layer);
    let wanted = [
        "feature: feature 1, properties.code: missing, and the grid's code should stand there",
        "self_crossing: feature 3 (310101002001002), geometry.coordinates[0]: the ring crosses itself at 31.0500000,121.0500000",
        "code_profile: feature 4 (31010100200100), properties.code: grid code `31010100200100` has 14 characters, the profile wants 15",
        "attribute: feature 5 (310101002001004), properties.class: `3` is not a class of a grid: 1 or 2",
        "feature: feature 6 (310101002001005), properties.valid_from: `1.3.2026` is neither a date such as 2026-03-02 nor RFC 3339 with an offset",
        "feature: feature 7 (310101002001006), properties.valid_to: it is not later than valid_from",
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn ring_that_runs_the_wrong_way_is_a_notice() {
    let clockwise = "[[[121.0,31.0],[121.0,31.1],[121.1,31.1],[121.1,31.0],[121.0,31.0]]]";
    let layer = read("opaque", &[feature(r#"{"code":"a"}"#, clockwise)]);
    assert_eq!(layer.cells.len(), 1);
    let kinds: Vec<_> = layer.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FindingKind::Winding]);
    assert!(!FindingKind::Winding.refuses());
}

#[test]
fn feature_that_says_so_is_the_parent_and_no_cell() {
    for properties in [r#"{"kind":"parent"}"#, r#"{"is_parent":true}"#] {
        let cell = feature(r#"{"code":"a","kind":"block"}"#, SQUARE);
        let layer = read("opaque", &[feature(properties, SQUARE), cell]);
        assert_eq!(layer.cells.len(), 1);
        assert!(layer.parent.is_some());
        assert_eq!(layer.findings, []);
    }
}

#[test]
fn area_is_a_geometry_a_feature_or_a_collection() {
    let geometry = format!(r#"{{"type":"Polygon","coordinates":{SQUARE}}}"#);
    let one = feature("null", SQUARE);
    let all = format!(r#"{{"type":"FeatureCollection","features":[{one},{one}]}}"#);
    for text in [geometry, one, all] {
        let area = read_area(text.as_bytes(), Datum::Wgs84).expect("an area");
        assert_eq!(area.0.len(), 1, "{text}");
    }
    for (text, why) in [
        ("{}", "FeatureCollection"),
        (
            r#"{"type":"FeatureCollection","features":[]}"#,
            "no feature",
        ),
        (
            r#"{"type":"Point","coordinates":[1,2]}"#,
            "FeatureCollection",
        ),
        (
            &feature("null", BOW_TIE),
            "feature 1, geometry.coordinates[0]: the ring crosses",
        ),
    ] {
        let error = read_area(text.as_bytes(), Datum::Wgs84).expect_err(text);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn positions_of_every_datum_become_the_same_cell() {
    use crate::geo::datum::convert;
    let corners = [(31.0, 121.0), (31.0, 121.1), (31.1, 121.1), (31.0, 121.0)];
    let wgs84: Vec<_> = corners.to_vec();
    for datum in [Datum::Wgs84, Datum::Cgcs2000, Datum::Gcj02, Datum::Bd09] {
        let ring: Vec<String> = corners
            .iter()
            .map(|(lat, lon)| convert(Datum::Wgs84, datum, *lat, *lon).expect("in China"))
            .map(|(lat, lon)| format!("[{lon},{lat}]"))
            .collect();
        let text = feature(r#"{"code":"a"}"#, &format!("[[{}]]", ring.join(",")));
        let options = LayerOptions {
            code_property: "code",
            profile: &CodeProfile::opaque(),
            datum,
            utc_offset_min: 480,
        };
        let layer = read_layer(text.as_bytes(), &options).expect("it is GeoJSON");
        let ring = &layer.cells[0].cell.polygons[0].exterior().0;
        for (corner, (lat, lon)) in ring.iter().zip(&wgs84) {
            // A millimetre is about 1e-8 of a degree.
            assert!((corner.x - lon).abs() < 1e-8 && (corner.y - lat).abs() < 1e-8);
        }
    }
}
