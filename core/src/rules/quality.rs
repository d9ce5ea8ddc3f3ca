//! Fix seven, quality (定质): indicators, each with the cases behind it, and their score.
//!
//! This file weighs indicators of any kind; [`formulas`] says which ones belong to an
//! inspector, a department, a cell and the seats of the centre.
//!
//! Source: DOMAIN "Quality (定质)".
//!
//! [`formulas`]: crate::rules::quality::formulas

pub mod formulas;

use serde::Serialize;
use thiserror::Error;

use crate::model::quality::{Indicator, NotAPart};
use crate::model::verdict::{Score, Share};

/// An indicator as it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorInput {
    /// Its name in results: `valid`, `missed`, …
    pub key: String,
    /// The counted part.
    pub numerator: u64,
    /// Everything it is a part of; zero makes the indicator not applicable.
    pub denominator: u64,
    /// Its weight, per mille.
    pub weight_permille: u32,
    /// True for a rate of what went wrong: the rest is what scores.
    pub is_complement: bool,
    /// The cases behind the numerator, as identifiers.
    pub cases: Vec<String>,
    /// Of a volume, how many there were; its counts are the points of its step.
    pub count: Option<u64>,
}

/// One indicator of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QualityIndicator {
    /// Its name.
    pub key: String,
    /// The counted part.
    pub numerator: u64,
    /// Everything it is a part of.
    pub denominator: u64,
    /// True when the rest is what scores.
    pub is_complement: bool,
    /// As the policy or the formula gives it.
    pub weight_permille: u32,
    /// The weight after spreading, of the weights of all indicators that apply.
    pub spread_weight: Option<Share>,
    /// What scores, in lowest terms; nothing when the indicator is not applicable.
    pub share: Option<Share>,
    /// What it adds to the score, in hundredths of a point, for reading: the score itself is
    /// rounded once, from the shares.
    pub points_hundredths: Option<u64>,
    /// The cases behind the numerator.
    pub cases: Vec<String>,
    /// Of a volume, how many there were; its counts are the points of its step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// The quality of one subject in one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quality {
    /// The score; nothing when no indicator applies.
    pub score: Option<Score>,
    /// Every indicator, in the formula's order.
    pub indicators: Vec<QualityIndicator>,
}

/// Why a quality cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QualityError {
    /// A numerator is larger than its denominator.
    #[error("indicator `{key}`: {found}")]
    NotAPart {
        /// The indicator.
        key: String,
        /// The two counts.
        found: NotAPart,
    },
    /// The same rate would count twice.
    #[error("indicator `{0}` stands twice")]
    RepeatedIndicator(String),
}

/// The weighted score of indicators; the weight of one that is not applicable is spread over
/// the rest in proportion.
///
/// # Errors
/// [`QualityError`] names the indicator.
pub fn quality(inputs: &[IndicatorInput]) -> Result<Quality, QualityError> {
    let mut weighed = Vec::with_capacity(inputs.len());
    let mut weights = 0;
    for (index, input) in inputs.iter().enumerate() {
        if inputs[..index].iter().any(|other| other.key == input.key) {
            return Err(QualityError::RepeatedIndicator(input.key.clone()));
        }
        let share = share(input)?;
        if share.is_applicable() {
            weights += u64::from(input.weight_permille);
        }
        weighed.push((share.part, share.whole, input.weight_permille));
    }
    let explained = |(input, (part, whole, _)): (&IndicatorInput, &(u64, u64, u32))| {
        let share = Share {
            part: *part,
            whole: *whole,
        };
        let is_counted = share.is_applicable() && weights > 0;
        let spread = Share {
            part: u64::from(input.weight_permille),
            whole: weights,
        };
        QualityIndicator {
            key: input.key.clone(),
            numerator: input.numerator,
            denominator: input.denominator,
            is_complement: input.is_complement,
            weight_permille: input.weight_permille,
            spread_weight: is_counted.then_some(spread),
            share: share.is_applicable().then(|| share.reduced()),
            points_hundredths: is_counted.then(|| share.points_hundredths(spread)),
            cases: input.cases.clone(),
            count: input.count,
        }
    };
    Ok(Quality {
        score: Score::weighted(&weighed),
        indicators: inputs.iter().zip(&weighed).map(explained).collect(),
    })
}

/// What of an indicator scores.
fn share(input: &IndicatorInput) -> Result<Share, QualityError> {
    let indicator = Indicator::try_new(input.numerator, input.denominator).map_err(|found| {
        let key = input.key.clone();
        QualityError::NotAPart { key, found }
    })?;
    let (part, whole) = if input.is_complement {
        indicator.complement().counts()
    } else {
        indicator.counts()
    };
    Ok(Share { part, whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(key: &str, numerator: u64, denominator: u64, weight_permille: u32) -> IndicatorInput {
        IndicatorInput {
            key: key.to_owned(),
            numerator,
            denominator,
            weight_permille,
            is_complement: false,
            cases: vec![format!("case-of-{key}")],
            count: None,
        }
    }

    #[test]
    fn numerator_beyond_its_denominator_is_refused_with_its_name() {
        let error = quality(&[input("valid", 9, 8, 1000)]).expect_err("not a part");
        assert_eq!(
            error.to_string(),
            "indicator `valid`: 9 of 8 is not a part of a whole"
        );
        let wrong = quality(&[input("valid", 1, 0, 1000)]);
        assert!(wrong.is_err(), "one of nothing");
    }

    #[test]
    fn result_explains_each_indicator_with_its_counts_weights_and_cases() {
        let mut missed = input("missed", 1, 4, 300);
        missed.is_complement = true;
        let inputs = [input("valid", 1, 2, 500), missed, input("check", 0, 0, 200)];
        let result = quality(&inputs).expect("parts");
        // (500 * 1/2 + 300 * 3/4) / 800 = 0.59375, half up.
        assert_eq!(result.score.map(Score::hundredths), Some(5_938));
        let json = serde_json::to_value(&result.indicators[1]).expect("plain data");
        let expected = serde_json::json!({
            "key": "missed", "numerator": 1, "denominator": 4, "is_complement": true,
            "weight_permille": 300, "spread_weight": {"part": 300, "whole": 800},
            "share": {"part": 3, "whole": 4}, "points_hundredths": 2813,
            "cases": ["case-of-missed"],
        });
        assert_eq!(json, expected);
        let check = &result.indicators[2];
        assert_eq!((check.share, check.spread_weight), (None, None));
    }

    #[test]
    fn no_indicator_that_applies_is_not_evaluated() {
        let result = quality(&[input("valid", 0, 0, 1000)]).expect("parts");
        assert_eq!(result.score, None);
        assert_eq!(quality(&[]).map(|q| q.score), Ok(None));
    }
}
