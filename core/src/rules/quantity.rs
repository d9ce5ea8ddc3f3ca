//! Fix six, quantity (定量): how much of a quota was done, and what did not count.
//!
//! Source: DOMAIN "Quantity (定量)".

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::quantity::{Proration, QuotaItem, QuotaKey, Thousandths};
use crate::model::verdict::{Score, Share};

/// Why something that was done does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionReason {
    /// Somebody reported it before.
    Duplicate,
    /// It was declared void.
    Void,
    /// One problem was split into several reports by its own reporter.
    SelfSplit,
    /// A photo of it was seen before.
    PhotoSeen,
    /// Nobody has decided yet whether it is valid.
    NotValidYet,
}

/// Something that was done and does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Its identifier: a case, a task, a loop.
    pub what: String,
    /// Why.
    pub reason: ExclusionReason,
    /// What the reason rests on: the earlier case, the photo's hash.
    pub detail: String,
}

/// What was done of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneItem {
    /// What the policy asks for.
    pub item: QuotaItem,
    /// How much counts.
    pub done: Thousandths,
    /// What does not, with its reason.
    pub excluded: Vec<Excluded>,
}

/// One item of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuantityItem {
    /// Of what.
    pub key: QuotaKey,
    /// How much counts.
    pub done: Thousandths,
    /// How much a full period asks for.
    pub quota: Thousandths,
    /// As the policy gives it.
    pub weight_permille: u32,
    /// The weight after spreading, of the weights of all items that apply.
    pub spread_weight: Option<Share>,
    /// True when more than the quota counts as the quota.
    pub is_capped: bool,
    /// Done of the prorated quota, capped where it is, in lowest terms; nothing when nothing
    /// was asked for.
    pub share: Option<Share>,
    /// What it adds to the score, in hundredths of a point, for reading: the score itself is
    /// rounded once, from the shares.
    pub points_hundredths: Option<u64>,
    /// What does not count, with its reason.
    pub excluded: Vec<Excluded>,
}

/// The quantity of one person in one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quantity {
    /// The score; nothing when no item applies.
    pub score: Option<Score>,
    /// The part of the period that was owed.
    pub proration: Proration,
    /// Every item, in the policy's order.
    pub items: Vec<QuantityItem>,
}

/// Why a quantity cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// One thing counted twice.
    #[error("quantity: `{0}` stands twice")]
    RepeatedItem(QuotaKey),
}

/// The score of what was done. An item that asks for nothing is not applicable: its weight
/// is spread over the rest.
///
/// # Errors
/// [`QuantityError::RepeatedItem`] when a key stands twice.
pub fn quantity(items: &[DoneItem], proration: Proration) -> Result<Quantity, QuantityError> {
    for (index, one) in items.iter().enumerate() {
        let key = one.item.key;
        if items[..index].iter().any(|other| other.item.key == key) {
            return Err(QuantityError::RepeatedItem(key));
        }
    }
    let shares: Vec<_> = items.iter().map(|one| share(one, proration)).collect();
    let weight = |(one, share): (&DoneItem, &Share)| {
        let is_counted = share.is_applicable();
        is_counted.then_some(u64::from(one.item.weight_permille))
    };
    let weights: u64 = items.iter().zip(&shares).filter_map(weight).sum();
    let weighted: Vec<_> = items
        .iter()
        .zip(&shares)
        .map(|(one, share)| (share.part, share.whole, one.item.weight_permille))
        .collect();
    let items = items.iter().zip(shares).map(|(one, share)| {
        let is_counted = share.is_applicable() && weights > 0;
        let spread = Share {
            part: u64::from(one.item.weight_permille),
            whole: weights,
        };
        QuantityItem {
            key: one.item.key,
            done: one.done,
            quota: one.item.quota,
            weight_permille: one.item.weight_permille,
            spread_weight: is_counted.then_some(spread),
            is_capped: one.item.is_capped,
            share: share.is_applicable().then_some(share),
            points_hundredths: is_counted.then(|| share.points_hundredths(spread)),
            excluded: one.excluded.clone(),
        }
    });
    Ok(Quantity {
        score: Score::weighted(&weighted),
        proration,
        items: items.collect(),
    })
}

/// Done of the prorated quota. Amounts are at most 10^12 thousandths and prorations have
/// denominators of at most 10^6, so that the products fit.
fn share(one: &DoneItem, proration: Proration) -> Share {
    let (numerator, denominator) = proration.parts();
    let whole = one.item.quota.get() * u64::from(numerator);
    let done = one.done.get() * u64::from(denominator);
    let part = if one.item.is_capped {
        done.min(whole)
    } else {
        done
    };
    Share { part, whole }.reduced()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(key: QuotaKey, done: &str, quota: &str, weight_permille: u32) -> DoneItem {
        DoneItem {
            item: QuotaItem {
                key,
                quota: quota.parse().expect("an amount"),
                weight_permille,
                is_capped: true,
            },
            done: done.parse().expect("an amount"),
            excluded: Vec::new(),
        }
    }

    fn day(reports: &str) -> Vec<DoneItem> {
        vec![
            done(QuotaKey::Reports, reports, "12", 400),
            done(QuotaKey::Km, "8.5", "10", 200),
            done(QuotaKey::Loops, "4", "4", 200),
            done(QuotaKey::Tasks, "6", "8", 200),
        ]
    }

    fn score(items: &[DoneItem], proration: Proration) -> Option<String> {
        let result = quantity(items, proration).expect("each key once");
        result.score.map(|score| score.to_string())
    }

    #[test]
    fn domain_example_gives_82_and_92_with_capped_reports() {
        assert_eq!(score(&day("9"), Proration::FULL).as_deref(), Some("82.00"));
        assert_eq!(score(&day("18"), Proration::FULL).as_deref(), Some("92.00"));
        let result = quantity(&day("9"), Proration::FULL).expect("each key once");
        let points: Vec<_> = result.items.iter().map(|i| i.points_hundredths).collect();
        assert_eq!(points, [Some(3_000), Some(1_700), Some(2_000), Some(1_500)]);
    }

    #[test]
    fn uncapped_item_makes_up_for_others_but_never_beyond_100() {
        let mut items = day("18");
        items[0].item.is_capped = false;
        assert_eq!(score(&items, Proration::FULL).as_deref(), Some("100.00"));
        items[0].done = "13.2".parse().expect("an amount");
        assert_eq!(score(&items, Proration::FULL).as_deref(), Some("96.00"));
    }

    #[test]
    fn proration_lowers_what_is_owed_exactly() {
        // A third of the period: 9 of 4 are capped, 8.5 of 3.33, 4 of 1.33, 6 of 2.67.
        let third = Proration::try_new(1, 3).expect("a part");
        assert_eq!(score(&day("9"), third).as_deref(), Some("100.00"));
        let items = [done(QuotaKey::Reports, "1", "4", 1000)];
        assert_eq!(score(&items, third).as_deref(), Some("75.00"));
        let none = Proration::try_new(0, 3).expect("a part");
        assert_eq!(score(&items, none), None);
    }

    #[test]
    fn item_that_asks_for_nothing_spreads_its_weight() {
        let mut items = day("9");
        items[3] = done(QuotaKey::Tasks, "0", "0", 200);
        // (300 + 170 + 200) / 800.
        assert_eq!(score(&items, Proration::FULL).as_deref(), Some("83.75"));
        let result = quantity(&items, Proration::FULL).expect("each key once");
        let weight = |part| Some(Share { part, whole: 800 });
        assert_eq!(result.items[0].spread_weight, weight(400));
        assert_eq!(
            (result.items[3].spread_weight, result.items[3].share),
            (None, None)
        );
    }

    #[test]
    fn largest_amounts_are_still_exact() {
        let most = Proration::try_new(999_999, 1_000_000).expect("a part");
        let mut items = [done(QuotaKey::Reports, "1000000000", "1000000000", 1000)];
        assert_eq!(score(&items, most).as_deref(), Some("100.00"));
        items[0].done = "500000000".parse().expect("an amount");
        assert_eq!(score(&items, most).as_deref(), Some("50.00"));
    }

    #[test]
    fn what_does_not_count_is_told_with_its_reason() {
        let mut items = day("9");
        items[0].excluded.push(Excluded {
            what: "case-7".to_owned(),
            reason: ExclusionReason::SelfSplit,
            detail: "case-6".to_owned(),
        });
        let result = quantity(&items, Proration::FULL).expect("each key once");
        let json = serde_json::to_value(&result).expect("plain data");
        assert_eq!(json["score"], "82.00");
        assert_eq!(json["items"][0]["excluded"][0]["reason"], "self_split");
        assert_eq!(json["items"][1]["done"], "8.5");
        assert_eq!(
            json["items"][0]["share"],
            serde_json::json!({"part": 3, "whole": 4})
        );
    }
}
