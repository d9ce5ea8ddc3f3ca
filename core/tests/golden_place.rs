//! The worked examples of places and patrols: `fixtures/golden/place.json` holds positions,
//! a route with the fixes of its walk, and what must come out, for every reader of the core.

use std::path::PathBuf;

use bading_core::geo::coverage::{Coverage, CoverageSettings, coverage};
use bading_core::geo::datum::{Datum, convert};
use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::model::verdict::Score;
use bading_core::rules::patrol::coverage_score;
use serde_json::Value;

fn examples(kind: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/place.json");
    let text = std::fs::read_to_string(path).expect("the examples are part of the project");
    let file: Value = serde_json::from_str(&text).expect("the examples are JSON");
    assert_eq!(file["schema"], "bading/golden-place/1");
    let list = file[kind].as_array().expect("a list");
    assert!(!list.is_empty());
    list.clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn place(value: &Value, from: usize) -> LatLon {
    let (lat, lon) = (number(&value[from]), number(&value[from + 1]));
    LatLon::try_new(lat, lon).expect("a position")
}

#[test]
fn position_of_the_example_agrees_in_every_pair_of_datums() {
    let datums = [
        ("wgs84", Datum::Wgs84),
        ("gcj02", Datum::Gcj02),
        ("bd09", Datum::Bd09),
    ];
    for example in examples("datums") {
        let tolerance = number(&example["tolerance_deg"]);
        for (from_name, from) in datums {
            for (to_name, to) in datums {
                let (given, expected) = (&example[from_name], &example[to_name]);
                let (lat, lon) = (number(&given[0]), number(&given[1]));
                let found = convert(from, to, lat, lon).expect("a position");
                let (lat, lon) = (number(&expected[0]), number(&expected[1]));
                let off = (found.0 - lat).abs().max((found.1 - lon).abs());
                // A rounded position comes back rounded: twice the tolerance.
                assert!(off <= 2.0 * tolerance, "{from_name} to {to_name}: {off}");
            }
        }
    }
}

fn walked(example: &Value) -> Coverage {
    let corners = example["route"].as_array().expect("positions");
    let corners = corners.iter().map(|corner| place(corner, 0)).collect();
    let corridor_m = number(&example["corridor_m"]);
    let route = Route::try_new(vec![corners], corridor_m).expect("a route");
    let fixes = example["fixes"].as_array().expect("fixes");
    let fix = |fix: &Value| Fix {
        at: UtcMs(fix[0].as_u64().expect("seconds") * 1000),
        place: place(fix, 1),
        accuracy_m: None,
        is_mock: false,
    };
    let fixes: Vec<Fix> = fixes.iter().map(fix).collect();
    let settings = CoverageSettings {
        gap_ms: example["gap_s"].as_u64().expect("seconds") * 1000,
        ..CoverageSettings::default()
    };
    coverage(&route, &settings, &fixes)
}

#[test]
fn walk_of_the_example_covers_what_it_says_and_scores_so() {
    for example in examples("coverage") {
        let (found, expected) = (walked(&example), &example["expected"]);
        let planned_m = number(&expected["planned_m"]);
        let covered_m = number(&expected["covered_m"]);
        assert!(
            (found.planned_m - planned_m).abs() < 0.05,
            "{}",
            found.planned_m
        );
        assert!(
            (found.covered_m - covered_m).abs() < 0.05,
            "{}",
            found.covered_m
        );
        let mm = |m: f64| (m * 1000.0).round() as u64;
        let score = |exempted_m: f64| {
            let planned_mm = mm(found.planned_m);
            let scored = coverage_score(planned_mm, mm(exempted_m), mm(found.covered_m));
            scored
                .expect("lengths that belong together")
                .score
                .map(|s: Score| s.to_string())
        };
        assert_eq!(score(0.0).as_deref(), expected["score"].as_str());
        let exempted = expected["score_with_250_m_exempted"].as_str();
        assert_eq!(score(250.0).as_deref(), exempted);
    }
}
