//! The facts that scores are computed from, as a city or an auditor writes them down: JSON of
//! the schema `bading/facts/1` (docs/formats/facts.md).
//!
//! A part may be given as counts or, where somebody else computed it, as its published score.
//! What is absent is not applicable. Fields that nobody knows are refused: a misspelt count
//! would silently be none.
//!
//! Source: DOMAIN "The eight fixes".

mod node;
mod read;
pub(super) mod strict;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::model::quality::SubjectKind;
use crate::model::quantity::{Proration, QuotaKey, Thousandths};
use crate::model::verdict::{Score, Share};
use crate::rules::evaluation::EvaluationFacts;
use crate::rules::quality::formulas::{GridClass, SubjectFacts};
use crate::rules::quantity::Excluded;
use crate::rules::staffing::{Assignment, Leave, Vacancy};
use crate::rules::verdict::{Deduction, Veto};

pub use read::read_facts;

/// The name of the schema.
pub const SCHEMA: &str = "bading/facts/1";
/// The most subjects of one file.
pub const MAX_SUBJECTS: usize = 1_000_000;

/// A part as counts, or as the score that was published for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// Counts, from which the score is computed.
    Counted(T),
    /// A score that was published already.
    Published(Score),
}

/// What was counted of one subject in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Who or what.
    pub kind: SubjectKind,
    /// Its identifier, 1 to 128 characters.
    pub id: String,
    /// The class of a cell.
    pub grid_class: GridClass,
    /// The period in the writer's words, such as `2026-03` or two dates.
    pub period: Option<(String, String)>,
    /// Who was to be where.
    pub staffing: Option<StaffingFacts>,
    /// The route.
    pub coverage: Option<Given<CoverageFacts>>,
    /// Checkpoints visited, of those planned.
    pub checkpoints: Option<Share>,
    /// What was walked of each loop.
    pub loops: Option<LoopFacts>,
    /// The time of the shifts.
    pub time: Option<Given<TimeFacts>>,
    /// What was done of the quota.
    pub quantity: Option<Given<QuantityFacts>>,
    /// What was counted for the indicators.
    pub quality: Option<Given<SubjectFacts>>,
    /// What was counted for the city's cards that look at some cases only, by their codes.
    pub cards: BTreeMap<String, SubjectFacts>,
    /// What was seen on site and answered.
    pub evaluation: EvaluationFacts,
    /// What was confirmed against the subject.
    pub vetoes: Vec<Veto>,
    /// What was confirmed and is lifted by an appeal that was upheld.
    pub lifted: Vec<Veto>,
    /// Points taken off.
    pub deductions: Vec<Deduction>,
    /// BLAKE3 of the facts as they were given, without spaces and in the order of the names.
    pub digest: [u8; 32],
}

/// Who was to be where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffingFacts {
    /// Cells, slots and who is assigned to them.
    Plan {
        /// The cells.
        grids: Vec<crate::model::grid::GridCode>,
        /// The slots.
        slots: Vec<String>,
        /// Who is to be where.
        assignments: Vec<Assignment>,
        /// Who is away.
        leaves: Vec<Leave>,
    },
    /// Counts, with the vacancies where they are known.
    Counts {
        /// Staffed, of all cells × slots.
        share: Share,
        /// The rest.
        vacancies: Vec<Vacancy>,
    },
}

/// Lengths in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverageFacts {
    /// The whole route.
    pub planned_mm: u64,
    /// Exempted stretches.
    pub exempted_mm: u64,
    /// Walked, outside the exempted stretches.
    pub covered_mm: u64,
}

/// Loops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopFacts {
    /// What was walked of each, of its length.
    pub walked: Vec<Share>,
    /// How many were required.
    pub required: u64,
}

/// Seconds of the scheduled time by kind, and what of it is excused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFacts {
    /// All of it.
    pub scheduled_s: u64,
    /// In the duty cells.
    pub in_grid_s: u64,
    /// Elsewhere.
    pub outside_s: u64,
    /// Too long in one place.
    pub over_dwell_s: u64,
    /// Unproven.
    pub no_fix_s: u64,
    /// Excused, by the reason's key.
    pub excused: Vec<(String, u64)>,
}

/// What was done of the quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityFacts {
    /// The part of the period that was owed.
    pub proration: Proration,
    /// What was done, by item.
    pub done: Vec<DoneFacts>,
}

/// What was done of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneFacts {
    /// Of what.
    pub key: QuotaKey,
    /// How much counts.
    pub done: Thousandths,
    /// The quota of this subject, where it differs from the policy's.
    pub quota: Option<Thousandths>,
    /// What does not count, with its reason.
    pub excluded: Vec<Excluded>,
}

/// Why facts cannot be read: the field, what stands there, what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {why}")]
pub struct FactsError {
    /// The field, as a path into the JSON.
    pub field: String,
    /// What is wrong and what would be right.
    pub why: String,
}
