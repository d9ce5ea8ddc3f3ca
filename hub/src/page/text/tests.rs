//! The catalogues against each other and against the code.

use std::collections::BTreeSet;

use bading_core::model::workflow::Phase;

use super::*;

const SOURCES: &[&str] = &[
    include_str!("../mod.rs"),
    include_str!("../around.rs"),
    include_str!("../parts.rs"),
    include_str!("../shift.rs"),
    include_str!("../walk.rs"),
    include_str!("../flags.rs"),
    include_str!("../why.rs"),
    include_str!("../duty.rs"),
    include_str!("../map.rs"),
    include_str!("../cases.rs"),
    include_str!("../../routes/page.rs"),
];

/// The sets whose words are found by a value, with every value that is known.
fn sets() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("phase", Phase::ALL.iter().map(|p| p.as_str()).collect()),
        ("part", vec!["coverage", "time", "quantity", "quality"]),
        (
            "miss",
            vec![
                "not_visited",
                "gap_in_fixes",
                "fixes_rejected",
                "outside_window",
            ],
        ),
        (
            "presence",
            vec!["in_grid", "outside", "over_dwell", "no_fix"],
        ),
        ("quota", vec!["reports", "km", "loops", "tasks"]),
        (
            "excluded",
            vec![
                "duplicate",
                "void",
                "self_split",
                "photo_seen",
                "not_valid_yet",
            ],
        ),
        (
            "indicator",
            vec!["valid", "missed", "verification", "check"],
        ),
        (
            "rejected",
            vec!["mock", "accuracy", "speed", "out_of_order", "duplicate"],
        ),
        (
            "interruption",
            vec![
                "process_ended",
                "permission_lost",
                "battery_saver",
                "paused",
            ],
        ),
        ("mode", vec!["walk", "bicycle", "vehicle"]),
        ("source", vec!["inspector", "citizen"]),
        ("photo", vec!["near", "far", "reference", "before", "after"]),
        ("lamp", vec!["green", "yellow", "red"]),
        ("veto", vec!["forged_photo"]),
        ("excuse", vec!["task", "case", "leave", "appeal"]),
        (
            "provisional",
            vec!["no_limit", "limit_not_understood", "calendar_missing"],
        ),
        (
            "pack",
            vec!["grids", "duties", "routes", "roster", "calendar", "policy"],
        ),
    ]
}

fn keys(catalogue: &str) -> BTreeSet<&str> {
    let lines = catalogue.lines();
    lines
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
        .collect()
}

fn variables(catalogue: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in catalogue.lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let key = line.split(' ').next().unwrap_or_default();
            found.push((key.to_owned(), BTreeSet::new()));
        }
        let names = line.split('$').skip(1).map(|rest| {
            let is_name = |c: &char| c.is_ascii_alphanumeric();
            rest.chars().take_while(is_name).collect::<String>()
        });
        if let Some((_, variables)) = found.last_mut() {
            variables.extend(names);
        }
    }
    found.sort();
    found
}

#[test]
fn catalogues_have_the_same_keys_that_mention_the_same() {
    assert_eq!(variables(CHINESE), variables(ENGLISH));
}

#[test]
fn catalogues_parse_whole_and_name_each_key_once() {
    for catalogue in [CHINESE, ENGLISH] {
        let read = fluent_bundle::FluentResource::try_new(catalogue.to_owned())
            .expect("a sound catalogue");
        assert_eq!(read.entries().count(), variables(catalogue).len());
        assert_eq!(keys(catalogue).len(), variables(catalogue).len());
    }
}

/// Keys stand in the code as `get("…")`, `with("…", …)` and `named("set", …)`.
#[test]
fn every_key_that_the_code_names_exists_and_every_other_is_of_a_set() {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for source in SOURCES {
        for (call, is_set) in [
            (".get(", false),
            (".with(", false),
            ("notice(", false),
            (".named(", true),
        ] {
            for rest in source.split(call).skip(1) {
                let Some(rest) = rest.trim_start().strip_prefix('"') else {
                    continue;
                };
                let key = rest.split('"').next().expect("a closing quote");
                if is_set {
                    named.insert(key);
                } else {
                    used.insert(key.to_owned());
                }
            }
        }
    }
    let sets = sets();
    let known: BTreeSet<_> = sets.iter().map(|(set, _)| *set).collect();
    assert_eq!(named, known, "the code's sets are those of this test");
    for (set, values) in sets {
        used.extend(
            values
                .iter()
                .map(|value| format!("{set}-{}", value.replace('_', "-"))),
        );
    }
    let there: BTreeSet<String> = keys(ENGLISH).into_iter().map(str::to_owned).collect();
    assert_eq!(used, there);
}

#[test]
fn preferred_language_is_the_one_with_the_highest_weight() {
    assert_eq!(
        preferred_language("fr, en-GB;q=0.8, zh;q=0.9"),
        Some(Language::Chinese)
    );
    assert_eq!(preferred_language("en,zh-CN"), Some(Language::English));
    assert_eq!(preferred_language("en;q=0, fr;q=x"), None);
    assert_eq!(preferred_language(""), None);
}

#[test]
fn name_keeps_its_direction_to_itself() {
    assert_eq!(isolated("\u{202e}evil\u{2069}"), "\u{2068}evil\u{2069}");
}

#[test]
fn metres_are_whole_from_ten_on() {
    assert_eq!(metres(600.04), "600");
    assert_eq!(metres(3.26), "3.3");
    assert_eq!(metres(3.0), "3");
    assert_eq!(metres(9.97), "10");
}
