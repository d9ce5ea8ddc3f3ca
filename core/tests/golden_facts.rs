//! The worked examples as facts: `fixtures/golden/facts.json` holds policy, facts and the
//! scores that must come out, for every reader of the core, whatever its language.

use std::path::PathBuf;

use bading_core::model::verdict::Score;
use bading_core::rules::facts::read_facts;
use bading_core::rules::policy::Policy;
use bading_core::rules::score::{SubjectScore, score};
use serde_json::{Map, Value, json};

fn examples() -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/facts.json");
    let text = std::fs::read_to_string(path).expect("the examples are part of the project");
    let file: Value = serde_json::from_str(&text).expect("the examples are JSON");
    assert_eq!(file["schema"], "bading/golden-facts/1");
    file["examples"].as_array().expect("a list").clone()
}

fn scored(example: &Value) -> SubjectScore {
    let policy = Policy::from_json(example["policy"].to_string().as_bytes()).expect("a policy");
    let facts = read_facts(example["facts"].to_string().as_bytes()).expect("facts");
    assert_eq!(facts.len(), 1);
    score(&facts[0], &policy).expect("scores")
}

/// What the example asks for, of what came out.
fn found(result: &SubjectScore, asked: &Map<String, Value>) -> Value {
    let one = |score: Option<Score>| json!(score);
    let by_code = |scores: Vec<(String, Option<Score>)>| -> Value {
        scores
            .into_iter()
            .map(|(code, score)| (code, json!(score)))
            .collect::<Map<_, _>>()
            .into()
    };
    let value = |key: &str| match key {
        "staffing" => one(result.staffing.as_ref().and_then(|s| s.score)),
        "coverage" => one(result.coverage.as_ref().and_then(|s| s.score)),
        "checkpoints" => one(result.checkpoints.as_ref().and_then(|s| s.score)),
        "loops" => one(result.loops.as_ref().and_then(|s| s.score)),
        "time" => one(result.time.as_ref().and_then(|s| s.score)),
        "quantity" => one(result.quantity.as_ref().and_then(|s| s.score)),
        "quality" => one(result.quality.as_ref().and_then(|s| s.score)),
        "score" => one(result.verdict.score),
        "grade" => json!(result.verdict.grade),
        "cards" => by_code(
            result
                .scorecards
                .iter()
                .map(|card| (card.code.clone(), card.score))
                .collect(),
        ),
        "evaluations" => by_code(
            result
                .evaluations
                .iter()
                .map(|one| (one.code.clone(), one.score))
                .collect(),
        ),
        other => panic!("`{other}` is not known here"),
    };
    asked
        .keys()
        .map(|key| (key.clone(), value(key)))
        .collect::<Map<_, _>>()
        .into()
}

#[test]
fn every_example_of_facts_gives_its_scores() {
    let examples = examples();
    assert!(examples.len() >= 22, "{} examples", examples.len());
    for example in &examples {
        let result = scored(example);
        let asked = example["expected"].as_object().expect("an object");
        assert_eq!(
            found(&result, asked),
            example["expected"],
            "{}",
            example["name"]
        );
    }
}

#[test]
fn same_facts_in_another_order_give_the_same_bytes() {
    for example in &examples() {
        // serde_json sorts the names; a text with the names reversed is the same facts.
        let text = example["facts"].to_string();
        let spaced = text.replace("\":", "\" :  ");
        let policy = Policy::default();
        let bytes = |text: &str| {
            let facts = read_facts(text.as_bytes()).expect("facts");
            score(&facts[0], &policy)
                .map(|s| serde_json::to_string(&s).expect("plain data"))
                .ok()
        };
        assert_eq!(bytes(&text), bytes(&spaced));
    }
}

#[test]
fn name_that_the_policy_does_not_know_is_refused_and_not_left_out() {
    let policy: Policy = serde_json::from_value(json!({"evaluations": [
        {"code": "c", "kind": "composite", "subject": "department", "parts": [
            {"source": "system", "key": "standard", "weight_permille": 850},
            {"source": "questionnaire", "key": "sat", "weight_permille": 150},
        ]},
    ]}))
    .expect("a policy");
    let scored = |more: &str| {
        let text = format!(r#"{{"subject":{{"kind":"department","id":"d"}},{more}}}"#);
        let facts = read_facts(text.as_bytes()).expect("facts");
        score(&facts[0], &policy)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(scored(r#""questionnaire":{"sat":[20,100]}"#), Ok(()));
    for (wrong, said) in [
        (
            r#""questionnaire":{"satt":[20,100]}"#,
            "questionnaire.satt: ",
        ),
        (r#""on_site":{"sat":[20,100]}"#, "on_site.sat: "),
        (
            r#""vetoes":[{"reason":"bribe"}]"#,
            "vetoes: `bribe` caps nothing",
        ),
        (r#""cards":{"nope":{}}"#, "cards.nope: "),
    ] {
        let error = scored(wrong).expect_err(said);
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn facts_that_are_wrong_are_named_with_their_field() {
    let subject = r#""subject":{"kind":"inspector","id":"u1"}"#;
    for (facts, said) in [
        (
            r#"{"quality":{"valid":[9,8]}}"#,
            "quality.valid: 9 of 8 is not a part",
        ),
        (
            r#"{"quality":{"closing":[1,2]}}"#,
            "quality.closing: is not counted for inspector",
        ),
        (
            r#"{"quality":{"valid":[1,2],"valid":[1,2]}}"#,
            "`valid` stands twice",
        ),
        (r#"{"qualty":{}}"#, "`qualty` is not known"),
        (
            r#"{"coverage":{"planned_m":10}}"#,
            "coverage: `covered_m` is missing",
        ),
        (
            r#"{"coverage":{"planned_m":-1,"covered_m":0}}"#,
            "coverage.planned_m: ",
        ),
        (r#"{"coverage":{"score":"92.001"}}"#, "coverage.score: "),
        (
            r#"{"time":{"scheduled_min":480,"in_grid_min":402}}"#,
            "time: in grid",
        ),
        (
            r#"{"time":{"scheduled_min":10,"in_grid_min":5,"outside_min":5,"excused_min":6}}"#,
            "time: 6 are excused of 5",
        ),
        (
            r#"{"quantity":{"items":{"photos":3}}}"#,
            "quantity.items.photos: is no item",
        ),
        (
            r#"{"quantity":{"proration":"3/2","items":{}}}"#,
            "quantity.proration: 3/2",
        ),
        (
            r#"{"deductions":[{"reason":"x","points":0.005}]}"#,
            "deductions[0].points: ",
        ),
        (
            r#"{"vetoes":[{"reason":"x","appeal":"maybe"}]}"#,
            "vetoes[0].appeal: ",
        ),
        (
            r#"{"schema":"bading/facts/2"}"#,
            "schema: must be `bading/facts/1`",
        ),
    ] {
        let with_subject = facts.replacen('{', &format!("{{{subject},"), 1);
        let error = read_facts(with_subject.as_bytes())
            .expect_err(said)
            .to_string();
        assert!(error.contains(said), "{error}\n{said}");
    }
    for (facts, said) in [
        ("[]", "subjects: "),
        ("3", "the file: "),
        ("{", "the file: not JSON"),
        (
            r#"{"subject":{"kind":"mayor","id":"m"}}"#,
            "subject.kind: must be one of inspector",
        ),
        (
            r#"{"subjects":[{"subject":{"kind":"grid","id":"g"},"time":{}}]}"#,
            "subjects[0].time: is counted for an inspector, not for grid",
        ),
    ] {
        let error = read_facts(facts.as_bytes()).expect_err(said).to_string();
        assert!(error.contains(said), "{error}\n{said}");
    }
}
