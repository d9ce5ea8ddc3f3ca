//! Fix eight, the verdict (定论): the four published scores as one, with its grade.
//!
//! The order is fixed: weigh, deduct, clamp to 0 to 100, cap, round, grade. The parts are
//! published scores, already rounded, so that a printed sheet recomputes by hand.
//!
//! Source: DOMAIN "Verdict (定论)".

use serde::Serialize;

use crate::model::verdict::{Grade, Score, Share};
use crate::rules::policy::Policy;

/// The published scores that a verdict weighs; nothing where a part is not applicable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerdictParts {
    /// Coverage of the route.
    pub coverage: Option<Score>,
    /// Attendance.
    pub time: Option<Score>,
    /// Quantity.
    pub quantity: Option<Score>,
    /// Quality.
    pub quality: Option<Score>,
}

/// A confirmed fact that caps the score, whatever else was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Veto {
    /// What was confirmed: `forged_photo`, or a key of the city's `caps_hundredths`.
    pub reason: String,
    /// The case or photo, as an identifier.
    pub what: String,
}

/// Points taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deduction {
    /// Why, as the city's key.
    pub reason: String,
    /// How much, in hundredths of a point.
    pub points_hundredths: u32,
    /// The case it rests on, as an identifier.
    pub what: String,
}

/// One part of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct VerdictPart {
    /// `coverage`, `time`, `quantity` or `quality`; `quality` alone for whoever walks no route.
    pub key: &'static str,
    /// Its published score; nothing when it is not applicable.
    pub score: Option<Score>,
    /// As the policy gives it.
    pub weight_permille: u32,
    /// The weight after spreading, of the weights of all parts that apply.
    pub spread_weight: Option<Share>,
}

/// A cap that lowered the score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedCap {
    /// What it left.
    pub cap: Score,
    /// The veto's reason.
    pub reason: String,
    /// The veto's case or photo.
    pub what: String,
}

/// A verdict's score with its reasons. It is not the hub's judgement of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The policy's version.
    pub policy_version: String,
    /// The score; nothing when no part applies.
    pub score: Option<Score>,
    /// Its grade, by the policy's limits.
    pub grade: Option<Grade>,
    /// True when no part applies: neither 0 nor 100.
    pub not_evaluated: bool,
    /// The four parts.
    pub parts: Vec<VerdictPart>,
    /// The weighed mean before everything else: hundredths of a point as a fraction.
    pub weighed: Option<Share>,
    /// What was taken off.
    pub deductions: Vec<Deduction>,
    /// What was confirmed against the person.
    pub vetoes: Vec<Veto>,
    /// The cap, where it lowered the score.
    pub cap: Option<AppliedCap>,
}

/// Weighs the parts and grades the result. The weight of a part that is not applicable is
/// spread over the rest; with none left the verdict is not evaluated, vetoes or not.
///
/// - `policy`: as [`Policy::validate`] accepts it.
#[must_use]
pub fn decide(
    parts: &VerdictParts,
    vetoes: &[Veto],
    deductions: &[Deduction],
    policy: &Policy,
) -> Verdict {
    let weights = policy.verdict_permille;
    let given = [
        ("coverage", parts.coverage, weights.coverage),
        ("time", parts.time, weights.time),
        ("quantity", parts.quantity, weights.quantity),
        ("quality", parts.quality, weights.quality),
    ];
    decide_on(&given, vetoes, deductions, policy)
}

/// The verdict on whoever walks no route: their published quality, less what is taken off.
#[must_use]
pub fn decide_by_quality(
    quality: Option<Score>,
    vetoes: &[Veto],
    deductions: &[Deduction],
    policy: &Policy,
) -> Verdict {
    decide_on(&[("quality", quality, 1000)], vetoes, deductions, policy)
}

fn decide_on(
    given: &[(&'static str, Option<Score>, u32)],
    vetoes: &[Veto],
    deductions: &[Deduction],
    policy: &Policy,
) -> Verdict {
    let mut sum = Share { part: 0, whole: 0 };
    for (_, score, weight) in given {
        let Some(score) = score else { continue };
        sum.part += u64::from(score.hundredths()) * u64::from(*weight);
        sum.whole += u64::from(*weight);
    }
    let weighed = sum.is_applicable().then_some(sum);
    let capped = weighed.map(|weighed| score_of(weighed, vetoes, deductions, policy));
    let score = capped.as_ref().map(|(score, _)| *score);
    let part = |(key, score, weight_permille): &(&'static str, Option<Score>, u32)| VerdictPart {
        key,
        score: *score,
        weight_permille: *weight_permille,
        spread_weight: score.and(weighed).map(|weighed| Share {
            part: u64::from(*weight_permille),
            whole: weighed.whole,
        }),
    };
    Verdict {
        policy_version: policy.version.clone(),
        score,
        grade: score.map(|score| policy.grades.grade(score)),
        not_evaluated: score.is_none(),
        parts: given.iter().map(part).collect(),
        weighed,
        deductions: deductions.to_vec(),
        vetoes: vetoes.to_vec(),
        cap: capped.and_then(|(_, cap)| cap),
    }
}

/// Deducts, clamps, caps and rounds a mean of hundredths, in units of its denominator.
fn score_of(
    weighed: Share,
    vetoes: &[Veto],
    deductions: &[Deduction],
    policy: &Policy,
) -> (Score, Option<AppliedCap>) {
    let whole = u128::from(weighed.whole);
    let off: u128 = deductions
        .iter()
        .map(|d| u128::from(d.points_hundredths))
        .sum();
    let deducted = u128::from(weighed.part).saturating_sub(off * whole);
    let mut left = deducted.min(10_000 * whole);
    let mut applied = None;
    for veto in vetoes {
        // A fact that the policy caps nothing for is told and lowers nothing.
        let Some(cap) = policy.cap_of(&veto.reason) else {
            continue;
        };
        let most = u128::from(cap.hundredths()) * whole;
        if left > most {
            left = most;
            applied = Some(AppliedCap {
                cap,
                reason: veto.reason.clone(),
                what: veto.what.clone(),
            });
        }
    }
    // Half up: a half and more is the next hundredth.
    let hundredths = (2 * left + whole) / (2 * whole);
    let score = u16::try_from(hundredths)
        .ok()
        .and_then(Score::from_hundredths);
    (score.expect("clamped to 100.00"), applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::policy::FORGED_PHOTO;

    fn score(text: &str) -> Option<Score> {
        Some(Score::parse(text).expect("a score of the test"))
    }

    fn example() -> VerdictParts {
        VerdictParts {
            coverage: score("92.00"),
            time: score("96.00"),
            quantity: score("82.00"),
            quality: score("88.40"),
        }
    }

    fn forged(what: &str) -> Veto {
        Veto {
            reason: FORGED_PHOTO.to_owned(),
            what: what.to_owned(),
        }
    }

    fn off(points_hundredths: u32) -> Deduction {
        Deduction {
            reason: "late_shift".to_owned(),
            points_hundredths,
            what: "shift-1".to_owned(),
        }
    }

    fn told(verdict: &Verdict) -> (String, Option<Grade>) {
        (
            verdict.score.map(|s| s.to_string()).unwrap_or_default(),
            verdict.grade,
        )
    }

    fn graded(text: &str, grade: Grade) -> (String, Option<Grade>) {
        (text.to_owned(), Some(grade))
    }

    #[test]
    fn domain_example_gives_88_84_b_and_59_99_d_with_a_forged_photo() {
        let policy = Policy::default();
        let verdict = decide(&example(), &[], &[], &policy);
        assert_eq!(told(&verdict), graded("88.84", Grade::B));
        assert_eq!(verdict.cap, None);
        let verdict = decide(&example(), &[forged("p1"), forged("p2")], &[], &policy);
        assert_eq!(told(&verdict), graded("59.99", Grade::D));
        let cap = verdict.cap.expect("applied");
        assert_eq!(
            (cap.cap.to_string().as_str(), cap.what.as_str()),
            ("59.99", "p1")
        );
        assert_eq!(verdict.vetoes.len(), 2);
    }

    #[test]
    fn mean_of_89_995_is_rounded_before_it_is_graded() {
        let policy = Policy::default();
        let parts = VerdictParts {
            coverage: score("90.00"),
            time: None,
            quantity: score("89.99"),
            quality: None,
        };
        assert_eq!(
            told(&decide(&parts, &[], &[], &policy)),
            graded("90.00", Grade::A)
        );
        let mut policy = policy;
        policy.verdict_permille.coverage = 400;
        policy.verdict_permille.quantity = 600;
        assert_eq!(
            told(&decide(&parts, &[], &[], &policy)),
            graded("89.99", Grade::B)
        );
    }

    #[test]
    fn deduction_comes_before_the_clamp_and_the_clamp_before_the_cap() {
        let policy = Policy::default();
        let taken = |points| told(&decide(&example(), &[], &[off(points), off(1)], &policy)).0;
        assert_eq!(taken(883), "80.00");
        assert_eq!(taken(8_883), "0.00");
        assert_eq!(taken(u32::MAX), "0.00");
        // Deducted first, 58.84 stands below the cap: the cap is not applied.
        let verdict = decide(&example(), &[forged("p1")], &[off(3_000)], &policy);
        assert_eq!(told(&verdict), graded("58.84", Grade::D));
        assert_eq!((verdict.cap, verdict.vetoes.len()), (None, 1));
    }

    #[test]
    fn deduction_is_taken_from_the_exact_mean_and_rounded_once() {
        let mut policy = Policy::default();
        policy.verdict_permille.coverage = 500;
        policy.verdict_permille.quantity = 500;
        let parts = VerdictParts {
            coverage: score("90.00"),
            quantity: score("89.99"),
            ..VerdictParts::default()
        };
        let verdict = decide(&parts, &[], &[off(1)], &policy);
        assert_eq!(told(&verdict), graded("89.99", Grade::B));
        assert_eq!(
            verdict.weighed,
            Some(Share {
                part: 8_999_500,
                whole: 1_000
            })
        );
    }

    #[test]
    fn part_that_does_not_apply_spreads_its_weight_and_none_at_all_is_not_evaluated() {
        let policy = Policy::default();
        let parts = VerdictParts {
            coverage: None,
            ..example()
        };
        let verdict = decide(&parts, &[], &[], &policy);
        // (96 * 150 + 82 * 250 + 88.4 * 350) / 750 = 87.7867.
        assert_eq!(told(&verdict), graded("87.79", Grade::B));
        assert_eq!(verdict.parts[0].spread_weight, None);
        let quality = verdict.parts[3];
        assert_eq!(
            quality.spread_weight,
            Some(Share {
                part: 350,
                whole: 750
            })
        );
        let nothing = decide(&VerdictParts::default(), &[forged("p")], &[off(1)], &policy);
        assert!(nothing.not_evaluated);
        assert_eq!(
            (nothing.score, nothing.grade, nothing.cap),
            (None, None, None)
        );
    }

    #[test]
    fn json_tells_the_parts_with_both_weights() {
        let verdict = decide(&example(), &[forged("p1")], &[], &Policy::default());
        let json = serde_json::to_value(&verdict).expect("plain data");
        assert_eq!(json["score"], "59.99");
        assert_eq!(json["grade"], "D");
        assert_eq!(json["cap"]["reason"], "forged_photo");
        assert_eq!(json["not_evaluated"], false);
        let part = serde_json::json!({
            "key": "time", "score": "96.00", "weight_permille": 150,
            "spread_weight": {"part": 150, "whole": 1000},
        });
        assert_eq!(json["parts"][1], part);
    }
}
