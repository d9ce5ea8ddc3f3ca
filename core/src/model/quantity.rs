//! Fix six, quantity (定量): how much of a quota was done, exactly.

use crate::model::verdict::Score;

/// One item of a quota: `done` of `quota` units, with its weight in per mille.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaItem {
    /// Units that count (unique valid reports, tenths of kilometres, loops, tasks).
    pub done: u64,
    /// Units asked for; zero makes the item not applicable.
    pub quota: u64,
    /// Its share of the score, per mille.
    pub weight_permille: u32,
}

/// The score of a quota, capped at 100 % per item; the weight of an item that is not
/// applicable is spread over the rest. Nothing at all applicable is not evaluated.
///
/// Source: DOMAIN "Quantity": 9/12 w400, 8.5/10 w200, 4/4 w200, 6/8 w200 → 82.00.
#[must_use]
pub fn quantity_score(items: &[QuotaItem]) -> Option<Score> {
    let shares: Vec<_> = items
        .iter()
        .filter(|item| item.quota > 0)
        .map(|item| (item.done.min(item.quota), item.quota, item.weight_permille))
        .collect();
    Score::weighted(&shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(done: u64, quota: u64, weight_permille: u32) -> QuotaItem {
        QuotaItem {
            done,
            quota,
            weight_permille,
        }
    }

    #[test]
    fn domain_example_gives_82_and_capped_reports_give_92() {
        let rest = [item(85, 100, 200), item(4, 4, 200), item(6, 8, 200)];
        let with = |reports| quantity_score(&[&[item(reports, 12, 400)], &rest[..]].concat());
        assert_eq!(
            with(9).map(|score| score.to_string()).as_deref(),
            Some("82.00")
        );
        assert_eq!(
            with(18).map(|score| score.to_string()).as_deref(),
            Some("92.00")
        );
    }

    #[test]
    fn nothing_asked_for_is_not_evaluated() {
        assert_eq!(quantity_score(&[item(3, 0, 1000)]), None);
    }
}
