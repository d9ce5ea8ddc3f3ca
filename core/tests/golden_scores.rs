//! The worked examples of scores: `fixtures/golden/scores.json` holds inputs and results for
//! every reader of the core, whatever its language.

use std::path::PathBuf;

use bading_core::model::grid::GridCode;
use bading_core::model::person::PersonId;
use bading_core::model::quality::{IndicatorKey, SubjectKind};
use bading_core::model::quantity::{Proration, QuotaItem};
use bading_core::model::verdict::{Score, Share};
use bading_core::rules::attendance::attendance_score;
use bading_core::rules::patrol::{checkpoints_score, coverage_score, loops_score};
use bading_core::rules::policy::{FORGED_PHOTO, Policy, VolumeProfile};
use bading_core::rules::quality::formulas::{Counted, GridClass, SubjectFacts, measure, standard};
use bading_core::rules::quantity::{DoneItem, quantity};
use bading_core::rules::staffing::{Assignment, Leave, staffing};
use bading_core::rules::verdict::{Deduction, VerdictParts, Veto, decide};
use serde_json::{Value, json};

fn count(input: &Value, key: &str) -> u64 {
    input[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} is a count"))
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn pair(value: &Value) -> (u64, u64) {
    let number = |at: usize| value[at].as_u64().expect("two counts");
    (number(0), number(1))
}

fn counted(input: &Value, key: &str) -> Counted {
    let (numerator, denominator) = pair(&input[key]);
    Counted {
        numerator,
        denominator,
        cases: Vec::new(),
    }
}

fn profile(input: &Value) -> VolumeProfile {
    serde_json::from_value(input["volume_profile"].clone()).expect("a profile")
}

fn only(score: Option<Score>) -> Value {
    json!({ "score": score })
}

fn quantity_of(input: &Value) -> Value {
    let item = |item: &Value| {
        let mut asked = item.clone();
        let done = asked.as_object_mut().and_then(|asked| asked.remove("done"));
        DoneItem {
            item: serde_json::from_value::<QuotaItem>(asked).expect("an item"),
            done: text(&done.expect("what was done"))
                .parse()
                .expect("an amount"),
            excluded: Vec::new(),
        }
    };
    let items: Vec<_> = list(&input["items"]).iter().map(item).collect();
    let (numerator, denominator) = pair(&input["proration"]);
    let number = |n: u64| u32::try_from(n).expect("a small number");
    let proration = Proration::try_new(number(numerator), number(denominator)).expect("a part");
    only(quantity(&items, proration).expect("each key once").score)
}

/// Every field of the input is an indicator or a volume, but for the profile.
fn quality_of(kind: SubjectKind, input: &Value) -> Value {
    let mut facts = SubjectFacts::default();
    for key in IndicatorKey::of_subject(kind) {
        if input.get(key.as_str()).is_some() {
            facts = facts.with(*key, counted(input, key.as_str()));
        }
    }
    let mut policy = Policy::default();
    if input.get("volume_profile").is_some() {
        policy.volume_profile = profile(input);
        facts = facts.with_volume(IndicatorKey::FiledVolume, count(input, "filed_count"));
    }
    let card = standard(kind, GridClass::One, &policy);
    only(measure(&card, &facts).expect("parts").score)
}

fn verdict_of(input: &Value) -> Value {
    let part = |key: &str| {
        let part = &input["parts"][key];
        part.as_str()
            .map(|text| Score::parse(text).expect("a score"))
    };
    let parts = VerdictParts {
        coverage: part("coverage"),
        time: part("time"),
        quantity: part("quantity"),
        quality: part("quality"),
    };
    let mut policy = Policy::default();
    if let Some(weights) = input.get("weights") {
        policy.verdict_permille = serde_json::from_value(weights.clone()).expect("weights");
    }
    policy.validate().expect("a valid policy");
    let veto = |number| Veto {
        reason: FORGED_PHOTO.to_owned(),
        what: format!("photo-{number}"),
    };
    let vetoes: Vec<_> = (0..count(input, "forged_photos")).map(veto).collect();
    let deduction = Deduction {
        reason: "example".to_owned(),
        points_hundredths: u32::try_from(count(input, "deducted_hundredths")).expect("small"),
        what: String::new(),
    };
    let verdict = decide(&parts, &vetoes, &[deduction], &policy);
    assert_eq!(verdict.not_evaluated, verdict.score.is_none());
    json!({ "score": verdict.score, "grade": verdict.grade })
}

fn staffing_of(input: &Value) -> Value {
    let person = |value: &Value| PersonId::parse(text(value)).expect("a person");
    let cell = |value: &Value| GridCode::parse(text(value)).expect("a cell");
    let assignment = |one: &Value| Assignment {
        person: person(&one[0]),
        backup: None,
        grid: cell(&one[1]),
        slot: text(&one[2]).to_owned(),
    };
    let leave = |one: &Value| Leave {
        person: person(&one[0]),
        slot: text(&one[1]).to_owned(),
    };
    let grids: Vec<_> = list(&input["grids"]).iter().map(cell).collect();
    let slots: Vec<_> = list(&input["slots"]).iter().map(text).collect();
    let assignments: Vec<_> = list(&input["assignments"]).iter().map(assignment).collect();
    let leaves: Vec<_> = list(&input["leaves"]).iter().map(leave).collect();
    let result = staffing(&grids, &slots, &assignments, &leaves);
    let vacant = result
        .vacancies
        .iter()
        .map(|v| json!([v.grid.as_str(), v.slot]));
    json!({ "score": result.score, "vacancies": vacant.collect::<Vec<_>>() })
}

fn loops_of(input: &Value) -> Value {
    let share = |value: &Value| {
        let (part, whole) = pair(value);
        Share { part, whole }
    };
    let walked: Vec<_> = list(&input["walked"]).iter().map(share).collect();
    let ratio = u16::try_from(count(input, "loop_ratio_permille")).expect("per mille");
    only(loops_score(&walked, count(input, "required"), ratio).score)
}

fn result_of(rule: &str, input: &Value) -> Value {
    let of = |key| count(input, key);
    match rule {
        "attendance" => {
            let score = attendance_score(of("scheduled"), of("in_grid"), of("excused"));
            only(score.expect("a part"))
        }
        "coverage" => {
            let score = coverage_score(of("planned_mm"), of("exempted_mm"), of("covered_mm"));
            only(score.expect("lengths that belong together").score)
        }
        "checkpoints" => only(
            checkpoints_score(of("visited"), of("planned"))
                .expect("a part")
                .score,
        ),
        "loops" => loops_of(input),
        "quantity" => quantity_of(input),
        "inspector" => quality_of(SubjectKind::Inspector, input),
        "department" => quality_of(SubjectKind::Department, input),
        "grid_class_1" => quality_of(SubjectKind::Grid, input),
        "verdict" => verdict_of(input),
        "staffing" => staffing_of(input),
        other => panic!("rule `{other}` is not known here"),
    }
}

#[test]
fn every_worked_example_gives_its_score() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/scores.json");
    let text_of_file = std::fs::read_to_string(path).expect("the examples are part of the project");
    let file: Value = serde_json::from_str(&text_of_file).expect("the examples are JSON");
    assert_eq!(file["schema"], "bading/golden-scores/1");
    let examples = list(&file["examples"]);
    assert!(examples.len() >= 19, "{} examples", examples.len());
    for example in examples {
        let result = result_of(text(&example["rule"]), &example["input"]);
        assert_eq!(result, example["expected"], "{}", text(&example["name"]));
    }
}
