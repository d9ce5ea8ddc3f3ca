//! Which indicators belong to whom, and what they weigh.
//!
//! Who counts the facts decides what a numerator holds (DOMAIN "Quality" names each); here
//! they are only put together. A seat's or a department's weights are constants of the
//! published standards; the inspector's are the city's policy.
//!
//! Source: DOMAIN "Quality (定质)"; the volume steps are those of published municipal
//! standards.

use crate::rules::policy::{QualityWeights, VolumeProfile};
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

/// What an inspector's quality is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InspectorFacts {
    /// Own reports that were filed, of own reports.
    pub valid: Counted,
    /// Problems confirmed as missed, of all filed in the inspector's cells.
    pub missed: Counted,
    /// Verifications answered in time, of those due.
    pub verification: Counted,
    /// Checks answered in time, of those due.
    pub check: Counted,
}

/// What a department's quality is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DepartmentFacts {
    /// Cases filed for it in a month.
    pub filed_count: u64,
    /// Closed, of those due.
    pub closing: Counted,
    /// Handed back in time, of those due.
    pub on_time_handling: Counted,
    /// Sent back, of those due for closing.
    pub rework: Counted,
}

/// What a cell's quality is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GridFacts {
    /// Cases filed in it.
    pub filed_count: u64,
    /// Verified public complaints, of those filed.
    pub complaint: Counted,
    /// Closed, of those due.
    pub closing: Counted,
    /// Closed in time, of those due.
    pub on_time_closing: Counted,
}

/// What an accepting clerk's (受理员) quality is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClerkFacts {
    /// Cases accepted.
    pub accepted_count: u64,
    /// Verifications sent in time, of those due.
    pub verifications_sent: Counted,
    /// Checks sent in time, of those due.
    pub checks_sent: Counted,
}

/// What a shift head's (值班长) quality is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShiftHeadFacts {
    /// Filed in time, of those due.
    pub filed_on_time: Counted,
    /// Filed correctly, of those filed.
    pub filed_correctly: Counted,
    /// Closed in time, of those due.
    pub closed_on_time: Counted,
}

/// What a dispatcher's (派遣员) quality is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DispatcherFacts {
    /// Cases dispatched.
    pub dispatched_count: u64,
    /// Dispatched in time, of those due.
    pub on_time: Counted,
    /// Dispatched to the right department, of those dispatched.
    pub correct: Counted,
}

/// Points from 0 to 100 for a volume: of the first step that reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeSteps<'a> {
    /// Rising upper limits, each included in its step, with the points.
    pub up_to: &'a [(u64, u8)],
    /// The points beyond the last limit.
    pub beyond: u8,
}

impl VolumeSteps<'_> {
    /// Cases filed for a department in a month: the fewer, the more points.
    pub const DEPARTMENT: VolumeSteps<'static> = VolumeSteps {
        up_to: &[(50, 100), (100, 90), (200, 75), (500, 60), (1000, 40)],
        beyond: 0,
    };
    /// Cases filed in a cell of class 1: the fewer, the more points.
    pub const GRID_CLASS_1: VolumeSteps<'static> = VolumeSteps {
        up_to: &[(0, 100), (2, 90), (4, 75), (6, 60), (8, 40)],
        beyond: 0,
    };
    /// Cases accepted by a clerk: the more, the more points.
    pub const CLERK: VolumeSteps<'static> = VolumeSteps {
        up_to: &[(100, 0), (300, 40), (500, 60), (1200, 75), (2000, 90)],
        beyond: 100,
    };

    /// The points of a volume.
    #[must_use]
    pub fn points(&self, count: u64) -> u8 {
        let step = self.up_to.iter().find(|(up_to, _)| count <= *up_to);
        step.map_or(self.beyond, |(_, points)| *points)
    }
}

impl VolumeProfile {
    /// The steps of a department, or none where volumes do not count.
    #[must_use]
    pub fn department_steps(self) -> Option<VolumeSteps<'static>> {
        match self {
            Self::None => None,
            Self::LegacyPart4 => Some(VolumeSteps::DEPARTMENT),
        }
    }

    /// The steps of a cell of class 1, or none where volumes do not count. Those of class 2
    /// are the city's.
    #[must_use]
    pub fn grid_class_1_steps(self) -> Option<VolumeSteps<'static>> {
        match self {
            Self::None => None,
            Self::LegacyPart4 => Some(VolumeSteps::GRID_CLASS_1),
        }
    }
}

/// 400 valid + 200 (1 − missed) + 200 on-time verification + 200 on-time check, by default.
///
/// # Errors
/// [`QualityError`] for counts that are no parts.
pub fn inspector(
    facts: &InspectorFacts,
    weights: &QualityWeights,
) -> Result<Quality, QualityError> {
    quality(&[
        rate("valid", &facts.valid, weights.valid),
        rest("missed", &facts.missed, weights.missed),
        rate("verification", &facts.verification, weights.verification),
        rate("check", &facts.check, weights.check),
    ])
}

/// 100 filed-volume step + 300 closing + 300 on-time handling + 300 (1 − rework).
///
/// # Errors
/// [`QualityError`] for counts that are no parts, or steps above 100 points.
pub fn department(
    facts: &DepartmentFacts,
    steps: Option<VolumeSteps<'_>>,
) -> Result<Quality, QualityError> {
    quality(&[
        volume("filed_volume", facts.filed_count, steps, 100),
        rate("closing", &facts.closing, 300),
        rate("on_time_handling", &facts.on_time_handling, 300),
        rest("rework", &facts.rework, 300),
    ])
}

/// 100 (1 − complaint) + 200 filed-volume step + 300 closing + 400 on-time closing.
///
/// - `steps`: [`VolumeProfile::grid_class_1_steps`], or the city's for class 2.
///
/// # Errors
/// [`QualityError`] for counts that are no parts, or steps above 100 points.
pub fn grid(facts: &GridFacts, steps: Option<VolumeSteps<'_>>) -> Result<Quality, QualityError> {
    quality(&[
        rest("complaint", &facts.complaint, 100),
        volume("filed_volume", facts.filed_count, steps, 200),
        rate("closing", &facts.closing, 300),
        rate("on_time_closing", &facts.on_time_closing, 400),
    ])
}

/// 250 volume + 400 verifications sent on time + 350 checks sent on time.
///
/// # Errors
/// [`QualityError`] for counts that are no parts.
pub fn accepting_clerk(facts: &ClerkFacts) -> Result<Quality, QualityError> {
    let steps = Some(VolumeSteps::CLERK);
    quality(&[
        volume("accepted_volume", facts.accepted_count, steps, 250),
        rate("verifications_sent", &facts.verifications_sent, 400),
        rate("checks_sent", &facts.checks_sent, 350),
    ])
}

/// 250 filed on time + 400 filed correctly + 350 closed on time.
///
/// # Errors
/// [`QualityError`] for counts that are no parts.
pub fn shift_head(facts: &ShiftHeadFacts) -> Result<Quality, QualityError> {
    quality(&[
        rate("filed_on_time", &facts.filed_on_time, 250),
        rate("filed_correctly", &facts.filed_correctly, 400),
        rate("closed_on_time", &facts.closed_on_time, 350),
    ])
}

/// 200 volume + 400 on time + 400 correct.
///
/// - `steps`: the city's; without them the volume does not count.
///
/// # Errors
/// [`QualityError`] for counts that are no parts, or steps above 100 points.
pub fn dispatcher(
    facts: &DispatcherFacts,
    steps: Option<VolumeSteps<'_>>,
) -> Result<Quality, QualityError> {
    quality(&[
        volume("dispatched_volume", facts.dispatched_count, steps, 200),
        rate("on_time", &facts.on_time, 400),
        rate("correct", &facts.correct, 400),
    ])
}

fn rate(key: &str, counted: &Counted, weight_permille: u32) -> IndicatorInput {
    IndicatorInput {
        key: key.to_owned(),
        numerator: counted.numerator,
        denominator: counted.denominator,
        weight_permille,
        is_complement: false,
        cases: counted.cases.clone(),
    }
}

fn rest(key: &str, counted: &Counted, weight_permille: u32) -> IndicatorInput {
    IndicatorInput {
        is_complement: true,
        ..rate(key, counted, weight_permille)
    }
}

/// A volume as its points of 100; without steps it weighs nothing and is not applicable.
fn volume(
    key: &str,
    count: u64,
    steps: Option<VolumeSteps<'_>>,
    weight_permille: u32,
) -> IndicatorInput {
    let counted = |points: u8| Counted {
        numerator: u64::from(points),
        denominator: 100,
        cases: Vec::new(),
    };
    match steps {
        Some(steps) => rate(key, &counted(steps.points(count)), weight_permille),
        None => rate(key, &Counted::default(), 0),
    }
}

#[cfg(test)]
mod tests;
