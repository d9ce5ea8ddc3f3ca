//! Scores of facts by a policy: each of the eight fixes that applies, the city's cards and
//! evaluations, the verdict, and why.
//!
//! A pure function: the same facts and the same policy give the same bytes, wherever it runs.
//!
//! Source: DOMAIN "The eight fixes".

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use crate::model::quality::{NotAPart, SubjectKind};
use crate::model::quantity::Thousandths;
use crate::model::verdict::{Grade, Score, Share};
use crate::rules::attendance::attendance_score;
use crate::rules::evaluation::{EvaluationScore, evaluate};
use crate::rules::explain::{self, Explanation};
use crate::rules::facts::{Facts, Given, StaffingFacts, TimeFacts};
use crate::rules::patrol::{
    CountScore, CoverageError, CoverageScore, checkpoints_score, coverage_score, loops_score,
};
use crate::rules::policy::{EvaluationPart, PartSource, Policy, Scorecard};
use crate::rules::quality::formulas::{SubjectFacts, measure, standard};
use crate::rules::quality::{Quality, QualityError};
use crate::rules::quantity::{DoneItem, Quantity, QuantityError, quantity};
use crate::rules::staffing::{Staffing, staffing};
use crate::rules::verdict::{Verdict, VerdictParts, Veto, decide, decide_by_quality};

/// The name of the answer's schema.
pub const SCHEMA: &str = "bading/score/1";

/// The scores of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectScore {
    /// Who or what.
    pub kind: SubjectKind,
    /// Its identifier.
    pub id: String,
    /// The period, in the words of the facts.
    pub period: Option<(String, String)>,
    /// Whether every cell has somebody in every slot; it is no part of the verdict.
    pub staffing: Option<Staffing>,
    /// The route.
    pub coverage: Option<CoverageScore>,
    /// Checkpoints; they are no part of the verdict.
    pub checkpoints: Option<CountScore>,
    /// Loops; they enter by the quantity.
    pub loops: Option<CountScore>,
    /// The time of the shifts.
    pub time: Option<TimeScore>,
    /// What was done of the quota.
    pub quantity: Option<Quantity>,
    /// The standard card.
    pub quality: Option<Quality>,
    /// The city's own cards for such a subject.
    pub scorecards: Vec<CardScore>,
    /// The city's evaluations of such a subject.
    pub evaluations: Vec<EvaluationScore>,
    /// The verdict.
    pub verdict: Verdict,
    /// Confirmed facts that an upheld appeal has lifted.
    pub lifted: Vec<Veto>,
    /// BLAKE3 over facts and policy, hex.
    pub inputs: String,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// Attendance by its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimeScore {
    /// Seconds scheduled.
    pub scheduled_s: u64,
    /// In the duty cells.
    pub in_grid_s: u64,
    /// Excused, of the other kinds.
    pub excused_s: u64,
    /// (In the cells + excused) of all.
    pub share: Share,
    /// The share as a score.
    pub score: Option<Score>,
}

/// A card of the city's with its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardScore {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The published score.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<Grade>,
    /// The indicators behind it.
    pub indicators: Vec<crate::rules::quality::QualityIndicator>,
}

/// Why facts have no score.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScoreError {
    /// Lengths that do not belong together.
    #[error("coverage: {0}")]
    Coverage(#[from] CoverageError),
    /// An indicator that is none.
    #[error("quality: {0}")]
    Quality(#[from] QualityError),
    /// A quota that is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// More of something than there is.
    #[error("{field}: {found}")]
    NotAPart {
        /// The field.
        field: &'static str,
        /// The counts.
        found: NotAPart,
    },
    /// An item that the policy does not ask for.
    #[error("quantity.items.{0}: the policy asks for no such item")]
    UnknownItem(String),
    /// Counts for an indicator that no evaluation of the policy asks for.
    #[error("{source_key}.{key}: no evaluation of the policy asks for it; write {known}")]
    UnknownIndicator {
        /// `on_site` or `questionnaire`.
        source_key: &'static str,
        /// What stands there.
        key: String,
        /// What is asked for.
        known: String,
    },
    /// A confirmed fact that the policy has no cap for.
    #[error("vetoes: `{reason}` caps nothing; write forged_photo or a key of caps_hundredths")]
    UnknownVeto {
        /// What stands there.
        reason: String,
    },
    /// Counts for a card that the policy does not have for such a subject.
    #[error("cards.{0}: the policy has no such card for such a subject")]
    UnknownCard(String),
}

/// Scores the facts of one subject.
///
/// - `policy`: as [`Policy::validate`] accepts it.
///
/// # Errors
/// [`ScoreError`] names the part that does not hold.
pub fn score(facts: &Facts, policy: &Policy) -> Result<SubjectScore, ScoreError> {
    check_names(facts, policy)?;
    let mut behind: Vec<(&'static str, Vec<Explanation>)> = Vec::new();
    let mut tell = |key, told| behind.push((key, vec![told]));

    let staffed = facts.staffing.as_ref().map(staffing_of);
    if let Some(staffed) = &staffed {
        tell("staffing", explain::staffing(staffed));
    }
    let (coverage, covered) = match &facts.coverage {
        Some(Given::Counted(given)) => {
            let scored = coverage_score(given.planned_mm, given.exempted_mm, given.covered_mm)?;
            tell("coverage", explain::coverage(&scored, Vec::new()));
            (scored.score, Some(scored))
        }
        Some(Given::Published(score)) => (Some(*score), None),
        None => (None, None),
    };
    let checkpoints = facts
        .checkpoints
        .map(|share| checkpoints_score(share.part, share.whole))
        .transpose()
        .map_err(|found| ScoreError::NotAPart {
            field: "checkpoints",
            found,
        })?;
    if let Some(counted) = &checkpoints {
        let told = explain::count_score("checkpoints", "checkpoints-none", counted);
        tell("checkpoints", told);
    }
    let loops = facts
        .loops
        .as_ref()
        .map(|given| loops_score(&given.walked, given.required, policy.loop_ratio_permille));
    if let Some(counted) = &loops {
        tell(
            "loops",
            explain::count_score("loops", "loops-none", counted),
        );
    }
    let (time, timed) = match &facts.time {
        Some(Given::Counted(given)) => {
            let (scored, told) = time_of(given)?;
            tell("time", told);
            (scored.score, Some(scored))
        }
        Some(Given::Published(score)) => (Some(*score), None),
        None => (None, None),
    };
    let (quantity, done) = match &facts.quantity {
        Some(Given::Counted(_)) => {
            let scored = quantity_of(facts, policy, loops.as_ref())?;
            tell("quantity", explain::quantity(&scored));
            (scored.score, Some(scored))
        }
        Some(Given::Published(score)) => (Some(*score), None),
        None => (None, None),
    };
    let (quality, measured) = match &facts.quality {
        Some(Given::Counted(given)) => {
            let card = standard(facts.kind, facts.grid_class, policy);
            let scored = measure(&card, given)?;
            tell("quality", explain::quality(&card.code, &scored));
            (scored.score, Some(scored))
        }
        Some(Given::Published(score)) => (Some(*score), None),
        None => (None, None),
    };
    let verdict = match facts.kind {
        SubjectKind::Inspector => decide(
            &VerdictParts {
                coverage,
                time,
                quantity,
                quality,
            },
            &facts.vetoes,
            &facts.deductions,
            policy,
        ),
        _ => decide_by_quality(quality, &facts.vetoes, &facts.deductions, policy),
    };
    let mut explanation = explain::verdict(&verdict, policy, behind);
    let scorecards = cards_of(facts, policy)?;
    let evaluations = evaluations_of(facts, policy, quality, &scorecards)?;
    for card in &scorecards {
        let name = if card.name.is_empty() {
            &card.code
        } else {
            &card.name
        };
        let quality = Quality {
            score: card.score,
            indicators: card.indicators.clone(),
        };
        explanation.children.push(explain::quality(name, &quality));
    }
    let told = evaluations.iter().map(explain::evaluation);
    explanation.children.extend(told);
    Ok(SubjectScore {
        kind: facts.kind,
        id: facts.id.clone(),
        period: facts.period.clone(),
        staffing: staffed,
        coverage: covered,
        checkpoints,
        loops,
        time: timed,
        quantity: done,
        quality: measured,
        scorecards,
        evaluations,
        verdict,
        lifted: facts.lifted.clone(),
        inputs: inputs_hash(facts, policy),
        explanation,
    })
}

/// A misspelt name would silently count nothing.
fn check_names(facts: &Facts, policy: &Policy) -> Result<(), ScoreError> {
    let vetoes = facts.vetoes.iter().chain(&facts.lifted);
    if let Some(veto) = vetoes
        .into_iter()
        .find(|v| policy.cap_of(&v.reason).is_none())
    {
        let reason = veto.reason.clone();
        return Err(ScoreError::UnknownVeto { reason });
    }
    let given = [
        (PartSource::OnSite, &facts.evaluation.on_site),
        (PartSource::Questionnaire, &facts.evaluation.questionnaire),
    ];
    for (source, counts) in given {
        let evaluations = policy.evaluations.iter();
        let known: Vec<&str> = evaluations
            .filter(|evaluation| evaluation.subject == facts.kind)
            .flat_map(|evaluation| &evaluation.parts)
            .filter(|part| part.source == source)
            .map(|part| part.key.as_str())
            .collect();
        if let Some(key) = counts.keys().find(|key| !known.contains(&key.as_str())) {
            let known = match known.is_empty() {
                true => "none".to_owned(),
                false => known.join(", "),
            };
            return Err(ScoreError::UnknownIndicator {
                source_key: source.as_str(),
                key: key.clone(),
                known,
            });
        }
    }
    Ok(())
}

fn staffing_of(given: &StaffingFacts) -> Staffing {
    match given {
        StaffingFacts::Plan {
            grids,
            slots,
            assignments,
            leaves,
        } => {
            let slots: Vec<_> = slots.iter().map(String::as_str).collect();
            staffing(grids, &slots, assignments, leaves)
        }
        StaffingFacts::Counts { share, vacancies } => Staffing {
            share: *share,
            score: share.score(),
            vacancies: vacancies.clone(),
        },
    }
}

fn time_of(given: &TimeFacts) -> Result<(TimeScore, Explanation), ScoreError> {
    let excused_s = given.excused.iter().map(|(_, s)| *s).sum();
    let score =
        attendance_score(given.scheduled_s, given.in_grid_s, excused_s).map_err(|found| {
            ScoreError::NotAPart {
                field: "time",
                found,
            }
        })?;
    let kinds = [
        ("in_grid", given.in_grid_s),
        ("outside", given.outside_s),
        ("over_dwell", given.over_dwell_s),
        ("no_fix", given.no_fix_s),
    ];
    let told = explain::attendance(score, given.scheduled_s, &kinds, &given.excused);
    let scored = TimeScore {
        scheduled_s: given.scheduled_s,
        in_grid_s: given.in_grid_s,
        excused_s,
        share: Share {
            part: given.in_grid_s + excused_s,
            whole: given.scheduled_s,
        },
        score,
    };
    Ok((scored, told))
}

/// The policy's items with what was done of each. An item of which nothing was said is not
/// applicable; loops count themselves where only the loops are given.
fn quantity_of(
    facts: &Facts,
    policy: &Policy,
    loops: Option<&CountScore>,
) -> Result<Quantity, ScoreError> {
    let Some(Given::Counted(given)) = &facts.quantity else {
        unreachable!("the caller has looked");
    };
    let asks = |key| policy.quantity.iter().any(|item| item.key == key);
    if let Some(unknown) = given.done.iter().find(|done| !asks(done.key)) {
        return Err(ScoreError::UnknownItem(unknown.key.to_string()));
    }
    let units = |n: u64| Thousandths::of_units(n).unwrap_or(Thousandths::MAX);
    let items: Vec<_> = policy
        .quantity
        .iter()
        .map(|item| {
            let mut item = item.clone();
            let done = given.done.iter().find(|done| done.key == item.key);
            let by_loops = loops
                .filter(|_| item.key == crate::model::quantity::QuotaKey::Loops && done.is_none());
            if let Some(loops) = by_loops {
                item.quota = units(loops.share.whole);
                return DoneItem {
                    item,
                    done: units(loops.share.part),
                    excluded: Vec::new(),
                };
            }
            match done {
                Some(done) => {
                    item.quota = done.quota.unwrap_or(item.quota);
                    DoneItem {
                        item,
                        done: done.done,
                        excluded: done.excluded.clone(),
                    }
                }
                None => {
                    item.quota = Thousandths::default();
                    DoneItem {
                        item,
                        done: Thousandths::default(),
                        excluded: Vec::new(),
                    }
                }
            }
        })
        .collect();
    Ok(quantity(&items, given.proration)?)
}

/// The city's cards for such a subject: by counts of their own where those are given; one that
/// looks at all classes and cells else by the subject's counts.
fn cards_of(facts: &Facts, policy: &Policy) -> Result<Vec<CardScore>, ScoreError> {
    let is_known = |code: &&String| {
        let cards = &policy.scorecards;
        cards
            .iter()
            .any(|card| card.code == **code && card.subject == facts.kind)
    };
    if let Some(unknown) = facts.cards.keys().find(|code| !is_known(code)) {
        return Err(ScoreError::UnknownCard(unknown.clone()));
    }
    let mut scored = Vec::new();
    for card in policy
        .scorecards
        .iter()
        .filter(|card| card.subject == facts.kind)
    {
        let own = facts.cards.get(&card.code);
        let is_for_everything = card.classes.is_empty() && card.grids.is_empty();
        match (own, &facts.quality) {
            (Some(counts), _) => scored.push(card_score(card, counts, policy)?),
            (None, Some(Given::Counted(counts))) if is_for_everything => {
                scored.push(card_score(card, counts, policy)?);
            }
            _ => scored.push(card_score(card, &SubjectFacts::default(), policy)?),
        }
    }
    Ok(scored)
}

/// A card's score of counts that were taken for it.
///
/// # Errors
/// [`ScoreError::Quality`].
pub fn card_score(
    card: &Scorecard,
    counts: &SubjectFacts,
    policy: &Policy,
) -> Result<CardScore, ScoreError> {
    let scored = measure(card, counts)?;
    Ok(CardScore {
        code: card.code.clone(),
        name: card.name.clone(),
        score: scored.score,
        grade: scored.score.map(|score| policy.grades.grade(score)),
        indicators: scored.indicators,
    })
}

fn evaluations_of(
    facts: &Facts,
    policy: &Policy,
    standard: Option<Score>,
    cards: &[CardScore],
) -> Result<Vec<EvaluationScore>, ScoreError> {
    let mut published: BTreeMap<String, Option<Score>> = cards
        .iter()
        .map(|card| (card.code.clone(), card.score))
        .collect();
    published.insert(EvaluationPart::STANDARD.to_owned(), standard);
    policy
        .evaluations
        .iter()
        .filter(|evaluation| evaluation.subject == facts.kind)
        .map(|one| Ok(evaluate(one, &published, &facts.evaluation, policy)?))
        .collect()
}

/// The hash of what a score is made from: the policy's pack, then the facts.
fn inputs_hash(facts: &Facts, policy: &Policy) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&policy.to_pack());
    hasher.update(&facts.digest);
    hasher.finalize().to_hex().to_string()
}
