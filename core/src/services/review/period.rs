//! A person's period: the shifts of one person summed, count by count, and judged once.
//! Scores are never averaged.
//!
//! Source: DOMAIN "The eight fixes": longer periods sum counts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::shift::ShiftReview;
use super::{Review, explain, hash_of_names};
use crate::model::identifiers::{Hash, PersonId};
use crate::model::quality::{IndicatorKey, SubjectKind};
use crate::model::quantity::{Proration, QuotaItem, Thousandths};
use crate::model::verdict::{Score, Share};
use crate::rules::evaluation::{EvaluationFacts, EvaluationScore, evaluate};
use crate::rules::explain::Explanation;
use crate::rules::patrol::{CountScore, CoverageScore, coverage_score};
use crate::rules::policy::{EvaluationPart, Policy};
use crate::rules::quality::Quality;
use crate::rules::quality::formulas::{Counted, GridClass, SubjectFacts, measure, standard};
use crate::rules::quantity::{DoneItem, Quantity, quantity};
use crate::rules::score::{CardScore, card_score};
use crate::rules::verdict::{Deduction, Verdict, VerdictParts, Veto, decide};

/// One person's shifts of the period, summed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonReview {
    /// Who.
    pub person: String,
    /// How many shifts were worked.
    pub shifts: u64,
    /// The routes of all shifts together.
    pub coverage: Option<CoverageScore>,
    /// Loops done, of those required.
    pub loops: Option<CountScore>,
    /// Checkpoints visited.
    pub checkpoints: Option<CountScore>,
    /// In the cells or excused, of the scheduled milliseconds.
    pub time: Option<CountScore>,
    /// What was done of the quotas of all shifts.
    pub quantity: Quantity,
    /// How well.
    pub quality: Quality,
    /// The city's own cards for inspectors.
    pub scorecards: Vec<CardScore>,
    /// The city's evaluations of inspectors, by what the log knows.
    pub evaluations: Vec<EvaluationScore>,
    /// The four scores as one.
    pub verdict: Verdict,
    /// The hashes of the shifts' inputs, by their beginning.
    pub inputs: Vec<String>,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// A person's verdict with what it was made from, as it is published.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// The hash of what it was made from: a shift's own, or one over those of all shifts.
    pub inputs: Hash,
    /// How many shifts there are.
    pub shifts: usize,
}

/// The verdict of a person over the time of a review; nothing when they worked no shift in it.
#[must_use]
pub fn period_verdict(review: &Review, person: &PersonId) -> Option<PeriodVerdict> {
    let of_person = |one: &&PersonReview| one.person == person.as_str();
    let found = review.people.iter().find(of_person)?;
    let inputs = match &found.inputs[..] {
        [one] => one.parse().ok()?,
        many => hash_of_names(many.iter().map(|inputs| format!("shift {inputs}"))),
    };
    Some(PeriodVerdict {
        verdict: found.verdict.clone(),
        inputs,
        shifts: found.inputs.len(),
    })
}

/// The people of a review, by their identifiers.
pub(super) fn people(shifts: &[ShiftReview], policy: &Policy) -> Vec<PersonReview> {
    let mut by_person: BTreeMap<&str, Vec<&ShiftReview>> = BTreeMap::new();
    for shift in shifts {
        by_person.entry(&shift.person).or_default().push(shift);
    }
    by_person
        .into_iter()
        .map(|(person, shifts)| person_review(person, &shifts, policy))
        .collect()
}

fn person_review(person: &str, shifts: &[&ShiftReview], policy: &Policy) -> PersonReview {
    let coverage = sum_coverage(shifts);
    let time = shifts
        .iter()
        .filter_map(|shift| shift.attendance.as_ref())
        .map(|attendance| attendance.share)
        .reduce(plus)
        .map(counted);
    let loops = shifts
        .iter()
        .filter_map(|s| s.loops.as_ref())
        .map(|loops| loops.share)
        .reduce(plus)
        .map(counted);
    let checkpoints = shifts
        .iter()
        .filter_map(|s| s.checkpoints.as_ref())
        .map(|checkpoints| checkpoints.share)
        .reduce(plus)
        .map(counted);
    let quantity = sum_quantity(shifts, policy);
    let facts = sum_quality(shifts);
    let card = standard(SubjectKind::Inspector, GridClass::One, policy);
    let quality = measure(&card, &facts).expect("sums of parts are parts of the sums");
    let scorecards: Vec<_> = policy
        .scorecards
        .iter()
        .filter(|card| card.subject == SubjectKind::Inspector)
        .filter(|card| card.classes.is_empty() && card.grids.is_empty())
        .filter_map(|card| card_score(card, &facts, policy).ok())
        .collect();
    let evaluations = evaluations_of(policy, quality.score, &scorecards);
    let vetoes: Vec<Veto> = each_once(shifts.iter().flat_map(|s| &s.verdict.vetoes));
    // Each act is of one shift, so that two alike are two.
    let deductions = shifts.iter().flat_map(|s| s.verdict.deductions.clone());
    let deductions: Vec<Deduction> = deductions.collect();
    let verdict = decide(
        &VerdictParts {
            coverage: coverage.as_ref().and_then(|c| c.score),
            time: time.as_ref().and_then(|t| t.score),
            quantity: quantity.score,
            quality: quality.score,
        },
        &vetoes,
        &deductions,
        policy,
    );
    let mut review = PersonReview {
        person: person.to_owned(),
        shifts: shifts.len() as u64,
        coverage,
        loops,
        checkpoints,
        time,
        quantity,
        quality,
        scorecards,
        evaluations,
        verdict,
        inputs: shifts.iter().map(|shift| shift.inputs.clone()).collect(),
        explanation: Explanation::default(),
    };
    review.explanation = explain::person(&review, shifts, policy);
    review
}

fn plus(a: Share, b: Share) -> Share {
    Share {
        part: a.part.saturating_add(b.part),
        whole: a.whole.saturating_add(b.whole),
    }
}

fn counted(share: Share) -> CountScore {
    CountScore {
        share,
        score: share.score(),
    }
}

fn sum_coverage(shifts: &[&ShiftReview]) -> Option<CoverageScore> {
    let walked = shifts.iter().filter_map(|s| s.coverage_score.as_ref());
    let sum = walked.fold(None, |sum: Option<(u64, u64, u64)>, one| {
        let (planned, exempted, covered) = sum.unwrap_or_default();
        Some((
            planned + one.planned_mm,
            exempted + one.exempted_mm,
            covered + one.covered_mm,
        ))
    });
    let (planned_mm, exempted_mm, covered_mm) = sum?;
    let sum = coverage_score(planned_mm, exempted_mm, covered_mm);
    Some(sum.expect("each shift holds, so their sums do"))
}

/// The quotas of the shifts summed, each by the part of full time that it was owed: exactly,
/// as thousandths of one part that all shifts have in common.
fn sum_quantity(shifts: &[&ShiftReview], policy: &Policy) -> Quantity {
    let parts: Vec<(u32, u32)> = shifts
        .iter()
        .map(|shift| shift.quantity.proration.parts())
        .collect();
    let owed = common(&parts);
    let (_, whole) = owed.parts();
    let mut items: Vec<DoneItem> = Vec::new();
    for asked in &policy.quantity {
        let mut sum = DoneItem {
            item: QuotaItem {
                quota: Thousandths::default(),
                ..asked.clone()
            },
            done: Thousandths::default(),
            excluded: Vec::new(),
        };
        for (shift, part) in shifts.iter().zip(&parts) {
            let one = shift.quantity.items.iter().find(|i| i.key == asked.key);
            let Some(one) = one else { continue };
            let quota = match owed.parts() == *part {
                true => one.quota.get(),
                // Of a common part 1/L, each shift brings so many.
                false => {
                    let scaled = u128::from(part.0) * u128::from(whole);
                    let quota = u128::from(one.quota.get()) * scaled;
                    u64::try_from(quota.div_ceil(u128::from(part.1))).unwrap_or(u64::MAX)
                }
            };
            sum.item.quota = add(sum.item.quota, quota);
            sum.done = add(sum.done, one.done.get());
            sum.excluded.extend_from_slice(&one.excluded);
        }
        items.push(sum);
    }
    quantity(&items, owed).expect("a valid policy names each item once")
}

/// The part that all shifts owed, where it is one; else one over a denominator that all have
/// in common, or over the largest, which rounds a quota up by less than a millionth of it.
fn common(parts: &[(u32, u32)]) -> Proration {
    let first = parts.first().copied().unwrap_or((1, 1));
    if parts.iter().all(|part| *part == first) {
        return Proration::try_new(first.0, first.1).unwrap_or(Proration::FULL);
    }
    let max = u64::from(Proration::MAX_DENOMINATOR);
    let lcm = parts.iter().try_fold(1_u64, |lcm, (_, whole)| {
        let (mut a, mut b) = (lcm, u64::from(*whole));
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(lcm / a * u64::from(*whole)).filter(|lcm| *lcm <= max)
    });
    let whole = u32::try_from(lcm.unwrap_or(max)).unwrap_or(Proration::MAX_DENOMINATOR);
    Proration::try_new(1, whole).unwrap_or(Proration::FULL)
}

fn add(amount: Thousandths, more: u64) -> Thousandths {
    let sum = amount.get().saturating_add(more);
    Thousandths::try_new(sum).unwrap_or(Thousandths::MAX)
}

fn sum_quality(shifts: &[&ShiftReview]) -> SubjectFacts {
    let mut facts = SubjectFacts::default();
    for indicator in shifts.iter().flat_map(|shift| &shift.quality.indicators) {
        let Some(key) = IndicatorKey::parse(&indicator.key) else {
            continue;
        };
        let counted = Counted {
            numerator: indicator.numerator,
            denominator: indicator.denominator,
            cases: indicator.cases.clone(),
        };
        facts.add(&SubjectFacts::default().with(key, counted));
    }
    facts
}

fn evaluations_of(
    policy: &Policy,
    quality: Option<Score>,
    cards: &[CardScore],
) -> Vec<EvaluationScore> {
    let mut published: BTreeMap<String, Option<Score>> = cards
        .iter()
        .map(|card| (card.code.clone(), card.score))
        .collect();
    published.insert(EvaluationPart::STANDARD.to_owned(), quality);
    policy
        .evaluations
        .iter()
        .filter(|evaluation| evaluation.subject == SubjectKind::Inspector)
        .filter_map(|one| evaluate(one, &published, &EvaluationFacts::default(), policy).ok())
        .collect()
}

fn each_once<'a, T: PartialEq + Clone + 'a>(all: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut once: Vec<T> = Vec::new();
    for one in all {
        if !once.contains(one) {
            once.push(one.clone());
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_full_time_have_one_part_in_common_exactly() {
        assert_eq!(common(&[]).parts(), (1, 1));
        assert_eq!(common(&[(1, 3), (1, 3)]).parts(), (1, 3));
        assert_eq!(common(&[(1, 2), (1, 3), (1, 1)]).parts(), (1, 6));
        // Too fine for any proration: the finest that there is.
        assert_eq!(
            common(&[(1, 999_983), (1, 999_979)]).parts(),
            (1, 1_000_000)
        );
    }
}
