//! The standard cards: which indicators belong to whom, and what they weigh.
//!
//! Who counts the facts decides what a numerator holds (DOMAIN "Quality" names each); here
//! they are only put together. A seat's or a department's weights are those of the published
//! standards; the inspector's are the city's policy, as are cards of its own.
//!
//! Source: DOMAIN "Quality (定质)"; the volume steps are those of published municipal
//! standards.

use std::collections::BTreeMap;

pub use crate::model::grid::GridClass;
use crate::model::quality::{IndicatorKey, SubjectKind};
use crate::rules::policy::{Policy, Scorecard, VolumeProfile, VolumeSteps};
use crate::rules::quality::{IndicatorInput, Quality, QualityError, quality};

/// Two counts, the first a part of the second, with the cases behind the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// The counted part.
    pub numerator: u64,
    /// Everything it is a part of.
    pub denominator: u64,
    /// The cases behind the part, as identifiers.
    pub cases: Vec<String>,
}

/// What was counted of one subject in one period. What is absent was not counted: not
/// applicable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectFacts {
    /// The shares.
    pub counted: BTreeMap<IndicatorKey, Counted>,
    /// The volumes.
    pub volumes: BTreeMap<IndicatorKey, u64>,
}

impl SubjectFacts {
    /// The same facts with one share more.
    #[must_use]
    pub fn with(mut self, key: IndicatorKey, counted: Counted) -> Self {
        self.counted.insert(key, counted);
        self
    }

    /// The same facts with one volume more.
    #[must_use]
    pub fn with_volume(mut self, key: IndicatorKey, count: u64) -> Self {
        self.volumes.insert(key, count);
        self
    }

    /// Adds what was counted in another period or part: counts are summed, never scores.
    pub fn add(&mut self, other: &Self) {
        for (key, counted) in &other.counted {
            let sum = self.counted.entry(*key).or_default();
            sum.numerator = sum.numerator.saturating_add(counted.numerator);
            sum.denominator = sum.denominator.saturating_add(counted.denominator);
            sum.cases.extend_from_slice(&counted.cases);
        }
        for (key, count) in &other.volumes {
            let sum = self.volumes.entry(*key).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
}

/// Steps of the optional profile that published municipal standards take from part 4 of the
/// series: the fewer cases, the more points, but for the clerk.
pub mod steps {
    use super::VolumeSteps;

    /// Cases filed for a department in a month.
    #[must_use]
    pub fn department() -> VolumeSteps {
        of(&[(50, 100), (100, 90), (200, 75), (500, 60), (1000, 40)], 0)
    }

    /// Cases filed in a cell of class 1.
    #[must_use]
    pub fn grid_class_1() -> VolumeSteps {
        of(&[(0, 100), (2, 90), (4, 75), (6, 60), (8, 40)], 0)
    }

    /// Cases accepted by a clerk: the more, the more points, in every profile.
    #[must_use]
    pub fn accepting_clerk() -> VolumeSteps {
        of(
            &[(100, 0), (300, 40), (500, 60), (1200, 75), (2000, 90)],
            100,
        )
    }

    fn of(up_to: &[(u64, u8)], beyond: u8) -> VolumeSteps {
        let up_to = up_to.to_vec();
        VolumeSteps { up_to, beyond }
    }
}

/// The standard card of a kind of subject. A volume without steps is not on it.
///
/// - `class`: that of the cell; it says nothing of other subjects.
#[must_use]
pub fn standard(kind: SubjectKind, class: GridClass, policy: &Policy) -> Scorecard {
    use IndicatorKey as K;
    let inspector = policy.quality_permille;
    let city = &policy.volume_steps;
    let legacy = |steps: fn() -> VolumeSteps| {
        (policy.volume_profile == VolumeProfile::LegacyPart4).then(steps)
    };
    let (weights, steps): (Vec<(IndicatorKey, u32)>, Option<VolumeSteps>) = match kind {
        SubjectKind::Inspector => (
            vec![
                (K::Valid, inspector.valid),
                (K::Missed, inspector.missed),
                (K::Verification, inspector.verification),
                (K::Check, inspector.check),
            ],
            None,
        ),
        SubjectKind::Department => (
            vec![
                (K::FiledVolume, 100),
                (K::Closing, 300),
                (K::OnTimeHandling, 300),
                (K::Rework, 300),
            ],
            city.department
                .clone()
                .or_else(|| legacy(steps::department)),
        ),
        SubjectKind::Grid => (
            vec![
                (K::Complaint, 100),
                (K::FiledVolume, 200),
                (K::Closing, 300),
                (K::OnTimeClosing, 400),
            ],
            match class {
                GridClass::One => city
                    .grid_class_1
                    .clone()
                    .or_else(|| legacy(steps::grid_class_1)),
                GridClass::Two => city.grid_class_2.clone(),
            },
        ),
        SubjectKind::AcceptingClerk => (
            vec![
                (K::AcceptedVolume, 250),
                (K::VerificationsSent, 400),
                (K::ChecksSent, 350),
            ],
            Some(
                city.accepting_clerk
                    .clone()
                    .unwrap_or_else(steps::accepting_clerk),
            ),
        ),
        SubjectKind::ShiftHead => (
            vec![
                (K::FiledOnTime, 250),
                (K::FiledCorrectly, 400),
                (K::ClosedOnTime, 350),
            ],
            None,
        ),
        SubjectKind::Dispatcher => (
            vec![
                (K::DispatchedVolume, 200),
                (K::DispatchedOnTime, 400),
                (K::DispatchedCorrectly, 400),
            ],
            city.dispatcher.clone(),
        ),
    };
    Scorecard {
        code: kind.as_str().to_owned(),
        name: String::new(),
        subject: kind,
        period: None,
        classes: Vec::new(),
        grids: Vec::new(),
        weights_permille: weights.into_iter().collect(),
        steps,
    }
}

/// Scores facts by a card; what is not on it does not count.
///
/// # Errors
/// [`QualityError`] for counts that are no parts, or steps above 100 points.
pub fn measure(card: &Scorecard, facts: &SubjectFacts) -> Result<Quality, QualityError> {
    let nothing = Counted::default();
    let inputs: Vec<_> = IndicatorKey::of_subject(card.subject)
        .iter()
        .filter_map(|key| {
            let weight_permille = *card.weights_permille.get(key)?;
            Some(if key.is_volume() {
                volume(*key, facts, card.steps.as_ref(), weight_permille)
            } else {
                rate(
                    *key,
                    facts.counted.get(key).unwrap_or(&nothing),
                    weight_permille,
                )
            })
        })
        .collect();
    quality(&inputs)
}

fn rate(key: IndicatorKey, counted: &Counted, weight_permille: u32) -> IndicatorInput {
    IndicatorInput {
        key: key.as_str().to_owned(),
        numerator: counted.numerator,
        denominator: counted.denominator,
        weight_permille,
        is_complement: key.is_complement(),
        cases: counted.cases.clone(),
        count: None,
    }
}

/// A volume as its points of 100; without steps it weighs nothing and is not applicable.
fn volume(
    key: IndicatorKey,
    facts: &SubjectFacts,
    steps: Option<&VolumeSteps>,
    weight_permille: u32,
) -> IndicatorInput {
    let count = facts.volumes.get(&key).copied();
    let Some((steps, count)) = steps.zip(count) else {
        let weight_permille = if steps.is_some() { weight_permille } else { 0 };
        return IndicatorInput {
            count,
            ..rate(key, &Counted::default(), weight_permille)
        };
    };
    let points = Counted {
        numerator: u64::from(steps.points(count)),
        denominator: 100,
        cases: Vec::new(),
    };
    IndicatorInput {
        count: Some(count),
        ..rate(key, &points, weight_permille)
    }
}

#[cfg(test)]
mod tests;
