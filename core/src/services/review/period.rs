//! The verdict of one person over a period, from the shifts of a review.
//!
//! A longer period sums counts and never averages scores; the verdict of one shift is its own.

use super::inputs::Packs;
use super::{Review, ShiftReview, hash_of_names};
use crate::model::identifiers::{Hash, PersonId};
use crate::model::quantity::{Proration, Thousandths};
use crate::model::verdict::{Score, Share};
use crate::rules::quality::{IndicatorInput, quality};
use crate::rules::quantity::{DoneItem, quantity};
use crate::rules::verdict::{Verdict, VerdictParts, decide};

/// A verdict with what it was made from.
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
///
/// - `packs`: those that the review was made by.
#[must_use]
pub fn period_verdict(review: &Review, person: &PersonId, packs: &Packs) -> Option<PeriodVerdict> {
    let shifts: Vec<&ShiftReview> = review
        .shifts
        .iter()
        .filter(|shift| shift.person == person.as_str())
        .collect();
    let (verdict, inputs) = match shifts[..] {
        [] => return None,
        [one] => (one.verdict.clone(), one.inputs.parse().ok()?),
        _ => {
            let names = shifts.iter().map(|shift| format!("shift {}", shift.inputs));
            (summed(&shifts, packs), hash_of_names(names))
        }
    };
    Some(PeriodVerdict {
        verdict,
        inputs,
        shifts: shifts.len(),
    })
}

fn summed(shifts: &[&ShiftReview], packs: &Packs) -> Verdict {
    let coverage = shifts.iter().filter_map(|s| s.coverage_score.as_ref());
    let time = shifts.iter().filter_map(|s| s.attendance.as_ref());
    let parts = VerdictParts {
        coverage: score_of(coverage.map(|coverage| coverage.share)),
        time: score_of(time.map(|time| time.share)),
        quantity: quantity_of(shifts, packs),
        quality: quality_of(shifts),
    };
    let vetoes: Vec<_> = shifts
        .iter()
        .flat_map(|s| s.verdict.vetoes.clone())
        .collect();
    let deductions: Vec<_> = shifts
        .iter()
        .flat_map(|s| s.verdict.deductions.clone())
        .collect();
    decide(&parts, &vetoes, &deductions, &packs.policy)
}

fn score_of(shares: impl Iterator<Item = Share>) -> Option<Score> {
    let sum = shares.fold(Share { part: 0, whole: 0 }, |sum, share| Share {
        part: sum.part.saturating_add(share.part),
        whole: sum.whole.saturating_add(share.whole),
    });
    sum.score()
}

fn quantity_of(shifts: &[&ShiftReview], packs: &Packs) -> Option<Score> {
    let mut items: Vec<DoneItem> = Vec::new();
    for asked in &packs.policy.quantity {
        let of_key = || {
            let items = shifts.iter().flat_map(|shift| &shift.quantity.items);
            items.filter(|item| item.key == asked.key)
        };
        let sum = |each: &mut dyn Iterator<Item = Thousandths>| {
            let thousandths = each.fold(0_u64, |sum, t| sum.saturating_add(t.get()));
            Thousandths::try_new(thousandths).unwrap_or(Thousandths::MAX)
        };
        let mut item = asked.clone();
        item.quota = sum(&mut of_key().map(|item| item.quota));
        items.push(DoneItem {
            item,
            done: sum(&mut of_key().map(|item| item.done)),
            excluded: Vec::new(),
        });
    }
    quantity(&items, Proration::FULL).ok()?.score
}

fn quality_of(shifts: &[&ShiftReview]) -> Option<Score> {
    let mut inputs: Vec<IndicatorInput> = Vec::new();
    for indicator in shifts.iter().flat_map(|shift| &shift.quality.indicators) {
        match inputs.iter_mut().find(|input| input.key == indicator.key) {
            Some(input) => {
                input.numerator += indicator.numerator;
                input.denominator += indicator.denominator;
            }
            None => inputs.push(IndicatorInput {
                key: indicator.key.clone(),
                numerator: indicator.numerator,
                denominator: indicator.denominator,
                weight_permille: indicator.weight_permille,
                is_complement: indicator.is_complement,
                cases: Vec::new(),
            }),
        }
    }
    quality(&inputs).ok()?.score
}
