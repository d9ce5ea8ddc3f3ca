//! What holds for every score: the laws, and the mistakes that other systems made.

use bading_core::model::quality::{IndicatorKey, SubjectKind};
use bading_core::model::quantity::{Proration, QuotaItem, QuotaKey, Thousandths};
use bading_core::model::verdict::{Grade, Score};
use bading_core::rules::attendance::attendance_score;
use bading_core::rules::patrol::checkpoints_score;
use bading_core::rules::policy::{GradeLimits, Policy, PolicyError};
use bading_core::rules::quality::formulas::{Counted, GridClass, SubjectFacts, measure, standard};
use bading_core::rules::quality::{IndicatorInput, QualityError, quality};
use bading_core::rules::quantity::{DoneItem, QuantityError, quantity};
use bading_core::rules::verdict::{VerdictParts, decide};
use proptest::prelude::*;

fn input(key: &str, numerator: u64, denominator: u64, weight_permille: u32) -> IndicatorInput {
    IndicatorInput {
        key: key.to_owned(),
        numerator,
        denominator,
        weight_permille,
        is_complement: false,
        cases: Vec::new(),
        count: None,
    }
}

fn score_of(inputs: &[IndicatorInput]) -> Option<Score> {
    quality(inputs).expect("parts of wholes").score
}

#[test]
fn mistake_of_a_rate_used_where_its_rest_was_meant() {
    let missed = |numerator| {
        let counted = Counted {
            numerator,
            denominator: 160,
            cases: Vec::new(),
        };
        let facts = SubjectFacts::default().with(IndicatorKey::Missed, counted);
        let card = standard(SubjectKind::Inspector, GridClass::One, &Policy::default());
        measure(&card, &facts).expect("a part").score
    };
    assert_eq!(missed(0).map(Score::hundredths), Some(10_000));
    assert_eq!(missed(8).map(Score::hundredths), Some(9_500));
    assert_eq!(missed(160).map(Score::hundredths), Some(0));
}

#[test]
fn mistake_of_weights_that_do_not_sum_to_1000() {
    let mut policy = Policy::default();
    policy.quality_permille.valid = 390;
    let expected = PolicyError::Weights {
        group: "quality_permille".to_owned(),
        found: 990,
    };
    assert_eq!(policy.validate(), Err(expected.clone()));
    assert_eq!(Policy::from_json(&policy.to_pack()), Err(expected));
}

#[test]
fn mistake_of_a_zero_denominator_scored_as_0_or_as_100() {
    let half = [input("valid", 1, 2, 400), input("check", 0, 0, 600)];
    assert_eq!(score_of(&half).map(Score::hundredths), Some(5_000));
    assert_eq!(score_of(&[input("check", 0, 0, 1000)]), None);
    let mut rest = input("missed", 0, 0, 1000);
    rest.is_complement = true;
    assert_eq!(score_of(&[rest]), None);
    assert_eq!(attendance_score(0, 0, 0), Ok(None));
    assert_eq!(checkpoints_score(0, 0).map(|c| c.score), Ok(None));
    let verdict = decide(&VerdictParts::default(), &[], &[], &Policy::default());
    assert!(verdict.not_evaluated && verdict.score.is_none() && verdict.grade.is_none());
}

#[test]
fn mistake_of_a_chained_comparison_that_is_always_true() {
    let limits = GradeLimits::default();
    let mut counts = [0; 5];
    for hundredths in 0..=10_000 {
        let score = Score::from_hundredths(hundredths).expect("in range");
        counts[limits.grade(score) as usize] += 1;
    }
    // From A to E: [90, 100], [75, 90), [60, 75), [40, 60), [0, 40).
    assert_eq!(counts, [1_001, 1_500, 1_500, 2_000, 4_000]);
    let worst = Score::from_hundredths(0).expect("in range");
    assert_eq!(limits.grade(worst), Grade::E);
}

#[test]
fn mistake_of_the_same_rate_counted_twice() {
    let twice = [input("closing", 1, 2, 500), input("closing", 1, 2, 500)];
    let repeated = QualityError::RepeatedIndicator("closing".to_owned());
    assert_eq!(quality(&twice).map(|q| q.score), Err(repeated));
    let item = DoneItem {
        item: QuotaItem {
            key: QuotaKey::Km,
            quota: Thousandths::of_units(1).expect("small"),
            weight_permille: 500,
            is_capped: true,
        },
        done: Thousandths::default(),
        excluded: Vec::new(),
    };
    let twice = quantity(&[item.clone(), item], Proration::FULL).map(|q| q.score);
    assert_eq!(twice, Err(QuantityError::RepeatedItem(QuotaKey::Km)));
}

fn any_inputs() -> impl Strategy<Value = Vec<IndicatorInput>> {
    let counts = (0..2_000_000_000_u64).prop_flat_map(|whole| (0..=whole, Just(whole)));
    let one = (counts, 0..1_000_u32, any::<bool>());
    prop::collection::vec(one, 1..7).prop_map(|list| {
        let input = |(index, ((part, whole), weight, is_complement)): (usize, _)| IndicatorInput {
            is_complement,
            ..input(&format!("i{index}"), part, whole, weight)
        };
        list.into_iter().enumerate().map(input).collect()
    })
}

fn any_part() -> impl Strategy<Value = Option<Score>> {
    prop::option::of((0..=10_000_u16).prop_map(|h| Score::from_hundredths(h).expect("in range")))
}

proptest! {
    #[test]
    fn weights_permuted_with_their_parts_give_the_same_score(
        inputs in any_inputs(), by in any::<prop::sample::Index>(),
    ) {
        let mut permuted = inputs.clone();
        permuted.rotate_left(by.index(inputs.len()));
        prop_assert_eq!(score_of(&permuted), score_of(&inputs));
        permuted.reverse();
        prop_assert_eq!(score_of(&permuted), score_of(&inputs));
    }

    #[test]
    fn parts_of_a_verdict_permuted_with_their_weights_give_the_same_score(
        a in any_part(), b in any_part(), c in any_part(), d in any_part(),
        cuts in prop::array::uniform3(0..=1_000_u32),
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let weights = [cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], 1_000 - cuts[2]];
        let verdict = |[a, b, c, d]: [Option<Score>; 4], weights: [u32; 4]| {
            let mut policy = Policy::default();
            let given = &mut policy.verdict_permille;
            [given.coverage, given.time, given.quantity, given.quality] = weights;
            policy.validate().expect("weights sum to 1000");
            let parts = VerdictParts { coverage: a, time: b, quantity: c, quality: d };
            decide(&parts, &[], &[], &policy).score
        };
        let [u, v, w, x] = weights;
        prop_assert_eq!(
            verdict([a, b, c, d], weights),
            verdict([d, b, a, c], [x, v, u, w])
        );
    }

    #[test]
    fn indicator_that_is_not_applicable_changes_nothing(
        inputs in any_inputs(), weight in 0..1_000_u32, is_complement in any::<bool>(),
    ) {
        let mut more = inputs.clone();
        more.push(IndicatorInput { is_complement, ..input("nothing", 0, 0, weight) });
        let (before, after) = (quality(&inputs), quality(&more));
        let (before, after) = (before.expect("parts"), after.expect("parts"));
        prop_assert_eq!(after.score, before.score);
        prop_assert_eq!(&after.indicators[..inputs.len()], &before.indicators[..]);
    }

    #[test]
    fn score_lies_between_the_worst_and_the_best_part(inputs in any_inputs()) {
        let alone = |input: &IndicatorInput| score_of(std::slice::from_ref(input));
        let scores: Vec<_> = inputs.iter().filter_map(alone).collect();
        if let Some(score) = score_of(&inputs) {
            prop_assert!(scores.iter().any(|one| *one <= score));
            prop_assert!(scores.iter().any(|one| *one >= score));
        } else {
            prop_assert!(scores.is_empty());
        }
    }
}
