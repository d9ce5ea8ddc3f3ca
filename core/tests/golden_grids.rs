//! Grids against the fixture that Kotlin and Swift read too: DOMAIN's two cells, their codes,
//! and the same places as of two days.

use bading_core::geo::cell_size::cell_size;
use bading_core::geo::datum::Datum;
use bading_core::geo::grid_pack::GridPack;
use bading_core::geo::layer_check::check_cells;
use bading_core::geo::layer_file::{LayerOptions, read_area, read_layer};
use bading_core::model::grid::{CodeProfile, GridCode, Validity};
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::services::grids::Grids;
use serde_json::{Value, json};

const GOLDEN: &str = include_str!("../../fixtures/golden/grids.json");

fn golden() -> (Value, i32) {
    let golden: Value = serde_json::from_str(GOLDEN).expect("the fixture is JSON");
    let offset = golden["utc_offset_min"].as_i64().expect("an offset");
    (golden, i32::try_from(offset).expect("minutes of a day"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list of the fixture")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text of the fixture")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number of the fixture")
}

/// The fixture's layers, one laid over the other.
fn grids() -> Grids {
    let (golden, utc_offset_min) = golden();
    let profile = CodeProfile::parse(text(&golden["profile"])).expect("a profile");
    let datum = Datum::Wgs84;
    let parent = read_area(golden["parent"].to_string().as_bytes(), datum).expect("an area");
    let mut pack = GridPack {
        cells: Vec::new(),
        profile: profile.clone(),
        source_datum: datum,
    };
    for layer in list(&golden["layers"]) {
        let options = LayerOptions {
            code_property: "code",
            profile: &profile,
            datum,
            utc_offset_min,
        };
        let bytes = layer["cells"].to_string();
        let read = read_layer(bytes.as_bytes(), &options).expect("it is GeoJSON");
        let report = check_cells(&read, Some(&parent));
        assert_eq!(report.findings, []);
        let from = layer["valid_from"].as_str();
        let during = Validity {
            from: from.map(|day| UtcMs::parse_from(day, utc_offset_min).expect("a day")),
            to: None,
        };
        let layer = GridPack::of_layer(read, profile.clone(), datum);
        pack = pack.succeeded_by(layer, during).pack;
    }
    Grids::new(GridPack::read(&pack.to_bytes()).expect("a pack"))
}

#[test]
fn cells_have_the_sizes_of_the_fixture() {
    let (golden, grids) = (golden().0, grids());
    for wanted in list(&golden["sizes"]) {
        let cell = grids.cells.iter().find(|c| wanted["code"] == c.code);
        let size = cell_size(&cell.expect("a cell").polygons);
        // The corners are rounded to a tenth of a millimetre.
        assert!((size.area_m2 - number(&wanted["area_m2"])).abs() < 0.5);
        assert!((size.perimeter_m - number(&wanted["perimeter_m"])).abs() < 0.01);
    }
}

#[test]
fn places_have_the_cells_of_the_fixture_as_of_each_time() {
    let ((golden, offset), grids) = (golden(), grids());
    for wanted in list(&golden["places"]) {
        let place = LatLon::try_new(number(&wanted["lat"]), number(&wanted["lon"]));
        let at = UtcMs::parse_from(text(&wanted["as_of"]), offset).expect("a time");
        let found = grids.find(place.expect("a place"), at);
        assert_eq!(
            json!(found.map(|cell| &cell.code)),
            wanted["grid"],
            "{wanted}"
        );
    }
}

#[test]
fn codes_fall_into_the_parts_of_the_fixture() {
    for wanted in list(&golden().0["codes"]) {
        let profile = CodeProfile::parse(text(&wanted["profile"])).expect("a profile");
        let code = GridCode::parse(text(&wanted["code"])).expect("a code");
        assert_eq!(
            json!(profile.parts(&code).ok()),
            wanted["parts"],
            "{wanted}"
        );
    }
}
