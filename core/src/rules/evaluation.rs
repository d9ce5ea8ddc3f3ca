//! Composite and special evaluations (综合评价, 专项评价): published scores of cards beside
//! what was seen on site and what people answered.
//!
//! A card enters with its published, rounded score, so that a printed sheet recomputes by
//! hand; visits and answers enter with their counts. A source without anything is not
//! applicable, and its weight is spread over the rest.
//!
//! Source: DOMAIN "The eight fixes" and "Quality (定质)".

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::verdict::{Grade, Score, Share};
use crate::rules::policy::{Evaluation, EvaluationKind, PartSource, Policy};
use crate::rules::quality::formulas::Counted;
use crate::rules::quality::{IndicatorInput, QualityError, quality};

/// What evaluations are made from, beside the cards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvaluationFacts {
    /// What was in order, of what was visited, by the indicator's key.
    pub on_site: BTreeMap<String, Counted>,
    /// Points given, of those that could be given, by the indicator's key.
    pub questionnaire: BTreeMap<String, Counted>,
}

/// One part of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvaluationPartScore {
    /// Where it comes from.
    pub source: PartSource,
    /// The card or the indicator.
    pub key: String,
    /// As the policy gives it.
    pub weight_permille: u32,
    /// The weight after spreading, of the weights of all parts that apply.
    pub spread_weight: Option<Share>,
    /// What scores; of a card its published score in hundredths of 100 points.
    pub share: Option<Share>,
}

/// An evaluation with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvaluationScore {
    /// Its code in the policy.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it looks at everything or at one matter.
    pub kind: EvaluationKind,
    /// The score; nothing when no part applies.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<Grade>,
    /// The parts, in the policy's order.
    pub parts: Vec<EvaluationPartScore>,
}

/// Evaluates a subject.
///
/// - `published`: the published score of each card, by its code.
///
/// # Errors
/// [`QualityError`] for counts that are no parts.
pub fn evaluate(
    evaluation: &Evaluation,
    published: &BTreeMap<String, Option<Score>>,
    facts: &EvaluationFacts,
    policy: &Policy,
) -> Result<EvaluationScore, QualityError> {
    let nothing = Counted::default();
    let inputs: Vec<_> = evaluation
        .parts
        .iter()
        .map(|part| {
            let (numerator, denominator) = match part.source {
                PartSource::System => published
                    .get(&part.key)
                    .copied()
                    .flatten()
                    .map_or((0, 0), |score| (u64::from(score.hundredths()), 10_000)),
                PartSource::OnSite | PartSource::Questionnaire => {
                    let given = match part.source {
                        PartSource::OnSite => &facts.on_site,
                        _ => &facts.questionnaire,
                    };
                    let counted = given.get(&part.key).unwrap_or(&nothing);
                    (counted.numerator, counted.denominator)
                }
            };
            IndicatorInput {
                key: format!("{} {}", part.source.as_str(), part.key),
                numerator,
                denominator,
                weight_permille: part.weight_permille,
                is_complement: false,
                cases: Vec::new(),
                count: None,
            }
        })
        .collect();
    let weighed = quality(&inputs)?;
    let parts = evaluation.parts.iter().zip(weighed.indicators);
    Ok(EvaluationScore {
        code: evaluation.code.clone(),
        name: evaluation.name.clone(),
        kind: evaluation.kind,
        score: weighed.score,
        grade: weighed.score.map(|score| policy.grades.grade(score)),
        parts: parts
            .map(|(part, counted)| EvaluationPartScore {
                source: part.source,
                key: part.key.clone(),
                weight_permille: part.weight_permille,
                spread_weight: counted.spread_weight,
                share: counted.share.map(|_| Share {
                    part: counted.numerator,
                    whole: counted.denominator,
                }),
            })
            .collect(),
    })
}
