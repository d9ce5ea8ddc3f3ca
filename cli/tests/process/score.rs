//! `score` through the command: the documented page works as it is written, the numbers are
//! the rules', and whatever is wrong is named.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Answer, Bench, bading, run};

const PAGE: &str = include_str!("../../../docs/formats/facts.md");

/// The first block of a language on the page of the format.
fn block(language: &str) -> &'static str {
    let from = PAGE.split(&format!("```{language}\n")).nth(1);
    let block = from.and_then(|from| from.split("```").next());
    block.expect("the page has such a block")
}

fn score(policy: Option<&Path>, facts: &Path) -> Answer {
    let mut arguments: Vec<OsString> = vec!["score".into(), "--facts".into(), facts.into()];
    if let Some(policy) = policy {
        arguments.extend(["--policy".into(), policy.into()]);
    }
    run(arguments)
}

fn files(bench: &Bench) -> (PathBuf, PathBuf) {
    let policy = bench.write("policy.toml", block("toml"));
    let facts = bench.write("facts.json", block("json"));
    (policy, facts)
}

#[test]
fn score_of_the_documented_facts_by_the_documented_policy_recomputes_by_hand() {
    let bench = Bench::new();
    let (policy, facts) = files(&bench);
    let answer = score(Some(&policy), &facts).json();
    assert_eq!(answer["schema"], "bading/score/1");
    assert_eq!(answer["policy"], "2026-1");
    let result = &answer["results"][0];
    assert_eq!(result["coverage"]["score"], "76.00");
    assert_eq!(result["time"]["score"], "88.96");
    // 9 of 8.4, 8.5 of 7, 4 of 2.8 and 6 of 5.6, all capped.
    assert_eq!(result["quantity"]["score"], "100.00");
    assert_eq!(result["quality"]["score"], "88.40");
    // (76.00 × 250 + 88.96 × 150 + 100.00 × 250 + 88.40 × 350) / 1000 − 1.50.
    assert_eq!(result["verdict"]["score"], "86.78");
    assert_eq!(result["verdict"]["grade"], "B");
    // The forged photo is lifted by the appeal, and stays told.
    assert_eq!(result["lifted"][0]["reason"], "forged_photo");
    assert_eq!(
        result["explanation"]["text"]["en"],
        "Verdict 86.78, grade B"
    );
    let chinese = result["explanation"]["text"]["zh-CN"].as_str();
    assert_eq!(chinese, Some("定论 86.78 分，B 级"));
    assert_eq!(
        score(Some(&policy), &facts).stdout,
        score(Some(&policy), &facts).stdout
    );
}

#[test]
fn score_tells_people_the_tree_in_their_language() {
    let bench = Bench::new();
    let (policy, facts) = files(&bench);
    let told = |language: &str| {
        let answer = bading()
            .args(["score", "--lang", language, "--policy"])
            .args([policy.as_os_str(), "--facts".as_ref(), facts.as_os_str()])
            .output()
            .expect("the command runs");
        String::from_utf8(answer.stdout).expect("UTF-8")
    };
    let english = told("en-GB");
    assert!(
        english.contains("\n      Valid reports: 9 of 12 × 7/10, capped"),
        "{english}"
    );
    assert!(english.contains("case-7 does not count: somebody reported it before (case-3)"));
    let chinese = told("zh");
    assert!(chinese.contains("漏报率：1 − 8/160"), "{chinese}");
    let answer = run(["score", "--facts", "x.json", "--lang", "fr"]);
    answer.assert_failed(2, &["--lang", "fr", "zh-CN"]);
}

#[test]
fn wrong_facts_and_policies_exit_with_2_and_name_file_and_field() {
    let bench = Bench::new();
    let (policy, facts) = files(&bench);
    let cases = [
        (
            "\"valid\": [96, 120]",
            "\"valid\": [121, 120]",
            "quality.valid: 121 of 120",
        ),
        ("\"no_fix_min\": 40", "\"no_fix_min\": 41", "time: in grid"),
        (
            "\"covered_m\": 950",
            "\"covered_m\": 1251",
            "coverage: 1251000 mm are covered",
        ),
        (
            "\"leave\": 25",
            "\"leave\": 79",
            "time: 79 are excused of 78",
        ),
        (
            "\"kind\": \"inspector\"",
            "\"kind\": \"mayor\"",
            "subject.kind",
        ),
        ("\"km\": 8.5", "\"km\": \"eight\"", "quantity.items.km"),
        (
            "\"missed\": [8, 160]",
            "\"missed\": [8, 160], \"missed\": [8, 160]",
            "stands twice",
        ),
    ];
    for (right, wrong, named) in cases {
        let text = block("json");
        assert!(text.contains(right), "{right}");
        let file = bench.write("wrong.json", text.replacen(right, wrong, 1));
        score(Some(&policy), &file).assert_failed(2, &["wrong.json", named]);
    }
    let cases = [
        ("coverage = 250", "coverage = 240", "sum to 990"),
        ("B = 7500", "B = 9000", "A must begin above B"),
        ("E = 0", "E = 1", "E must begin at 0"),
        (
            "closing = 400\n",
            "closing = 300\n",
            "scorecards[0] `markets`: weights_permille",
        ),
        ("key = \"standard\"", "key = \"nothing\"", "evaluations[0]"),
        (
            "[[10, 100], [20, 80]]",
            "[[20, 100], [10, 80]]",
            "volume_steps.grid_class_2",
        ),
        ("version = ", "verzion = ", "verzion"),
    ];
    for (right, wrong, named) in cases {
        let text = block("toml");
        assert!(text.contains(right), "{right}");
        let file = bench.write("wrong.toml", text.replacen(right, wrong, 1));
        score(Some(&file), &facts).assert_failed(2, &["wrong.toml", named]);
    }
    let missing = bench.path("nothing.json");
    score(None, &missing).assert_failed(2, &["nothing.json"]);
}

#[test]
fn many_subjects_are_scored_in_their_order_and_the_first_wrong_one_is_named() {
    let bench = Bench::new();
    let one = |id: &str, valid: &str| {
        format!(r#"{{"subject":{{"kind":"inspector","id":"{id}"}},"quality":{{"valid":{valid}}}}}"#)
    };
    let list = format!("[{},{}]", one("a", "[1,2]"), one("b", "[3,4]"));
    let answer = score(None, &bench.write("two.json", list)).json();
    let scores: Vec<&Value> = (0..2)
        .map(|n| &answer["results"][n]["verdict"]["score"])
        .collect();
    assert_eq!(scores, ["50.00", "75.00"]);
    let list = format!("[{},{}]", one("a", "[1,2]"), one("b", "[5,4]"));
    let wrong = bench.write("wrong.json", list);
    score(None, &wrong).assert_failed(2, &["wrong.json", "subjects[1].quality.valid"]);
}
