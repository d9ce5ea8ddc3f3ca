//! The cards that a city scores by: which indicators a subject is measured by, what each
//! weighs, and how cards, visits on site and questionnaires make an evaluation.
//!
//! Source: DOMAIN "Quality (定质)".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PolicyError, check_weights};
use crate::model::quality::{IndicatorKey, SubjectKind};

/// The most cards, and the most evaluations, of a policy.
const MAX_CARDS: usize = 200;
/// The most characters of a card's code and of its name.
const MAX_CODE_CHARS: usize = 64;
const MAX_NAME_CHARS: usize = 100;

/// Points from 0 to 100 for a volume: of the first step that reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeSteps {
    /// Rising upper limits, each included in its step, with the points.
    pub up_to: Vec<(u64, u8)>,
    /// The points beyond the last limit.
    pub beyond: u8,
}

/// The steps that a city sets itself; where it sets none, the profile's hold, or none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CitySteps {
    /// Cases filed for a department in a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<VolumeSteps>,
    /// Cases filed in a cell of class 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_class_1: Option<VolumeSteps>,
    /// Cases filed in a cell of class 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_class_2: Option<VolumeSteps>,
    /// Cases accepted by a clerk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepting_clerk: Option<VolumeSteps>,
    /// Cases dispatched by a dispatcher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatcher: Option<VolumeSteps>,
}

/// How long a period of a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// A local day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months.
    Quarter,
    /// A calendar year.
    Year,
}

/// A card (评分表): the indicators of one kind of subject with their weights, perhaps of some
/// classes and cells only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    /// Its code, unique in the policy.
    pub code: String,
    /// Its name in the city's words, empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who is measured.
    pub subject: SubjectKind,
    /// The period that it is meant for; any without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodUnit>,
    /// Beginnings of the classes whose cases count; all without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Beginnings of the cells whose cases count; all without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grids: Vec<String>,
    /// What each indicator weighs; they sum to 1000.
    pub weights_permille: BTreeMap<IndicatorKey, u32>,
    /// The steps of its volume, where it weighs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<VolumeSteps>,
}

/// Where a part of an evaluation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartSource {
    /// The published score of a card, or of the subject's standard one.
    System,
    /// What was in order, of what was visited (实地考察).
    OnSite,
    /// Points given, of those that could be given (问卷调查).
    Questionnaire,
}

/// Whether an evaluation looks at everything or at one matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationKind {
    /// 综合评价.
    Composite,
    /// 专项评价.
    Special,
}

/// One part of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationPart {
    /// Where it comes from.
    pub source: PartSource,
    /// The card's code, `standard` for the subject's standard card, or the indicator's key.
    pub key: String,
    /// What it weighs, per mille.
    pub weight_permille: u32,
}

/// An evaluation of a kind of subject by several sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Its code, unique in the policy.
    pub code: String,
    /// Its name in the city's words, empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether it looks at everything or at one matter.
    pub kind: EvaluationKind,
    /// Who is evaluated.
    pub subject: SubjectKind,
    /// Its parts; their weights sum to 1000.
    pub parts: Vec<EvaluationPart>,
}

impl EvaluationPart {
    /// The key of the subject's standard card.
    pub const STANDARD: &'static str = "standard";
}

impl PartSource {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::OnSite => "on_site",
            Self::Questionnaire => "questionnaire",
        }
    }
}

impl VolumeSteps {
    /// The points of a volume.
    #[must_use]
    pub fn points(&self, count: u64) -> u8 {
        let step = self.up_to.iter().find(|(up_to, _)| count <= *up_to);
        step.map_or(self.beyond, |(_, points)| *points)
    }

    fn check(&self, field: impl Fn() -> String) -> Result<(), PolicyError> {
        let wrong = |why: String| {
            Err(PolicyError::Card {
                field: field(),
                why,
            })
        };
        if let Some(pair) = self.up_to.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return wrong(format!(
                "the limits of steps must rise, found {} before {}",
                pair[0].0, pair[1].0
            ));
        }
        let points = self.up_to.iter().map(|(_, points)| *points);
        match points.chain([self.beyond]).find(|points| *points > 100) {
            Some(found) => wrong(format!("a step gives at most 100 points, found {found}")),
            None => Ok(()),
        }
    }
}

impl CitySteps {
    /// True when the city sets none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let all = [
            ("department", &self.department),
            ("grid_class_1", &self.grid_class_1),
            ("grid_class_2", &self.grid_class_2),
            ("accepting_clerk", &self.accepting_clerk),
            ("dispatcher", &self.dispatcher),
        ];
        for (name, steps) in all {
            if let Some(steps) = steps {
                steps.check(|| format!("volume_steps.{name}"))?;
            }
        }
        Ok(())
    }
}

impl Scorecard {
    /// True when a case of this class and cell counts for the card.
    #[must_use]
    pub fn wants(&self, class: Option<&str>, grid: Option<&str>) -> bool {
        let begins = |beginnings: &[String], code: Option<&str>| {
            beginnings.is_empty()
                || code.is_some_and(|code| beginnings.iter().any(|b| code.starts_with(b.as_str())))
        };
        begins(&self.classes, class) && begins(&self.grids, grid)
    }
}

/// Checks the cards and evaluations of a policy.
pub(super) fn check(cards: &[Scorecard], evaluations: &[Evaluation]) -> Result<(), PolicyError> {
    if cards.len() > MAX_CARDS || evaluations.len() > MAX_CARDS {
        return Err(PolicyError::Card {
            field: "scorecards".to_owned(),
            why: format!("a policy has at most {MAX_CARDS} cards and evaluations each"),
        });
    }
    for (index, card) in cards.iter().enumerate() {
        let field = |name: &str| format!("scorecards[{index}] `{}`: {name}", card.code);
        check_names(&card.code, &card.name, &field)?;
        if cards[..index].iter().any(|other| other.code == card.code) {
            return wrong(field("code"), "another card has it already; each is unique");
        }
        if card.code == EvaluationPart::STANDARD || SubjectKind::parse(&card.code).is_some() {
            return wrong(
                field("code"),
                "is the name of a standard card; choose another",
            );
        }
        let counted = IndicatorKey::of_subject(card.subject);
        for key in card.weights_permille.keys() {
            if !counted.contains(key) {
                let of = card.subject.as_str();
                let known: Vec<_> = counted.iter().map(|key| key.as_str()).collect();
                let why = format!("is not counted for {of}; write {}", known.join(", "));
                return wrong(field(&format!("weights_permille.{}", key.as_str())), &why);
            }
            if key.is_volume() && card.steps.is_none() {
                return wrong(field("steps"), "a volume needs the steps of its points");
            }
        }
        if let Some(steps) = &card.steps {
            steps.check(|| field("steps"))?;
        }
        let weights = card.weights_permille.values().copied();
        check_weights(field("weights_permille"), weights)?;
    }
    for (index, evaluation) in evaluations.iter().enumerate() {
        let field = |name: &str| format!("evaluations[{index}] `{}`: {name}", evaluation.code);
        check_names(&evaluation.code, &evaluation.name, &field)?;
        let before = &evaluations[..index];
        if before.iter().any(|other| other.code == evaluation.code) {
            return wrong(field("code"), "another evaluation has it; each is unique");
        }
        for (at, part) in evaluation.parts.iter().enumerate() {
            let field = |name: &str| field(&format!("parts[{at}].{name}"));
            let is_twice = evaluation.parts[..at]
                .iter()
                .any(|other| (other.source, &other.key) == (part.source, &part.key));
            if is_twice {
                return wrong(field("key"), "the same part would count twice");
            }
            let fits =
                |card: &Scorecard| card.code == part.key && card.subject == evaluation.subject;
            if part.source == PartSource::System
                && part.key != EvaluationPart::STANDARD
                && !cards.iter().any(fits)
            {
                let why = format!(
                    "`{}` is no card for {}; write the code of one, or standard",
                    part.key,
                    evaluation.subject.as_str()
                );
                return wrong(field("key"), &why);
            }
            check_names(&part.key, "", &|_| field("key"))?;
        }
        let weights = evaluation.parts.iter().map(|part| part.weight_permille);
        check_weights(field("parts"), weights)?;
    }
    Ok(())
}

fn check_names(code: &str, name: &str, field: &dyn Fn(&str) -> String) -> Result<(), PolicyError> {
    let is_plain = |text: &str| !text.contains(|c: char| c.is_control());
    let length = code.chars().count();
    if !(1..=MAX_CODE_CHARS).contains(&length) || !is_plain(code) {
        return wrong(field("code"), "must have 1 to 64 plain characters");
    }
    if name.chars().count() > MAX_NAME_CHARS || !is_plain(name) {
        return wrong(field("name"), "must have at most 100 plain characters");
    }
    Ok(())
}

fn wrong<T>(field: String, why: &str) -> Result<T, PolicyError> {
    let why = why.to_owned();
    Err(PolicyError::Card { field, why })
}
