use std::collections::BTreeSet;

use super::text::{CHINESE, ENGLISH};
use super::*;
use crate::model::quality::{IndicatorKey, SubjectKind};
use crate::model::quantity::QuotaKey;
use crate::model::verdict::Score;
use crate::rules::policy::{FORGED_PHOTO, Policy};
use crate::rules::verdict::{VerdictParts, Veto, decide};

/// The keys of a catalogue, with the names that each message mentions.
fn messages(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in source.lines() {
        if let Some((key, _)) = line
            .split_once(" = ")
            .filter(|(key, _)| !key.starts_with(' '))
        {
            found.push((key.to_owned(), BTreeSet::new()));
        }
        let Some((_, mentions)) = found.last_mut() else {
            continue;
        };
        for piece in line.split("{ $").skip(1) {
            let name: String = piece
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric())
                .collect();
            mentions.insert(name);
        }
    }
    found
}

#[test]
fn both_catalogues_have_the_same_messages_with_the_same_mentions() {
    let (chinese, english) = (messages(CHINESE), messages(ENGLISH));
    assert!(english.len() > 100, "{}", english.len());
    assert_eq!(chinese, english);
    for (source, language) in [(CHINESE, Language::Chinese), (ENGLISH, Language::English)] {
        assert!(fluent_bundle::FluentResource::try_new(source.to_owned()).is_ok());
        let keys: BTreeSet<_> = messages(source).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), english.len(), "{language:?} repeats a key");
    }
}

#[test]
fn every_key_of_a_fixed_set_has_a_word_in_both_languages() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        let has = |set: &str, value: &str| {
            assert_ne!(
                catalogue.word(set, value),
                value,
                "{set} {value} {language:?}"
            );
        };
        IndicatorKey::ALL
            .iter()
            .for_each(|key| has("indicator", key.as_str()));
        SubjectKind::ALL
            .iter()
            .for_each(|kind| has("card", kind.as_str()));
        QuotaKey::ALL
            .iter()
            .for_each(|key| has("item", key.as_str()));
        for reason in [
            "duplicate",
            "void",
            "self_split",
            "photo_seen",
            "not_valid_yet",
        ] {
            has("exclusion", reason);
        }
        for miss in [
            "not_visited",
            "gap_in_fixes",
            "fixes_rejected",
            "outside_window",
        ] {
            has("miss", miss);
        }
        for kind in ["in_grid", "outside", "over_dwell", "no_fix"] {
            has("kind", kind);
        }
        has("reason", FORGED_PHOTO);
        // A city's own key is told as the city writes it.
        assert_eq!(catalogue.word("reason", "吃拿卡要"), "吃拿卡要");
    }
}

#[test]
fn verdict_explains_the_cap_that_it_rests_on_in_both_languages() {
    let score = |text| Score::parse(text);
    let parts = VerdictParts {
        coverage: score("92.00"),
        time: score("96.00"),
        quantity: score("82.00"),
        quality: score("88.40"),
    };
    let veto = Veto {
        reason: FORGED_PHOTO.to_owned(),
        what: "photo-1".to_owned(),
    };
    let policy = Policy::default();
    let result = decide(&parts, &[veto], &[], &policy);
    let told = verdict(&result, &policy, Vec::new());
    let english = told.lines(Catalogue::of(Language::English));
    assert_eq!(
        english,
        "Verdict 59.99, grade D\n\
         \x20 Route: 92.00 with 250 of 1000 ‰\n\
         \x20 Time: 96.00 with 150 of 1000 ‰\n\
         \x20 Quantity: 82.00 with 250 of 1000 ‰\n\
         \x20 Quality: 88.40 with 350 of 1000 ‰\n\
         \x20 Weighed mean: 88840.00 ÷ 1000 = 88.84\n\
         \x20 At most 59.99, because a forged photo was confirmed (photo-1)\n\
         \x20 Rounded half up, once: 59.99; graded on the rounded score\n"
    );
    let chinese = told.lines(Catalogue::of(Language::Chinese));
    assert!(
        chinese.starts_with("定论 59.99 分，D 级\n  定线：92.00，权重 250/1000 ‰\n"),
        "{chinese}"
    );
    let json = serde_json::to_value(&told).expect("plain data");
    assert_eq!(json["text"]["en"], "Verdict 59.99, grade D");
    assert_eq!(json["children"][5]["refs"][0]["id"], "photo-1");
}

#[test]
fn mean_is_told_exactly_or_with_an_ellipsis() {
    let parts = |quality| VerdictParts {
        coverage: Score::parse("50.00"),
        quality: Score::parse(quality),
        ..VerdictParts::default()
    };
    let policy = Policy::default();
    let told = |quality| {
        let result = decide(&parts(quality), &[], &[], &policy);
        verdict(&result, &policy, Vec::new()).lines(Catalogue::of(Language::English))
    };
    assert!(told("50.00").contains("30000.00 ÷ 600 = 50.00\n"));
    assert!(told("50.01").contains("30003.50 ÷ 600 = 50.005833…\n"));
}
