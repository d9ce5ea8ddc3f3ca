//! The life of verdicts: facts confirmed, exemptions, publications, appeals and decisions,
//! each an operation in the log that hub and phones fold to the same.
//!
//! What a verdict *says* is computed (`services/review`); what is published here is its score
//! with the hashes by which anybody can compute it again. The rules of time (cut-off, window)
//! are asked before an operation is sealed: the log itself knows no calendar.

mod act;
mod view;

use thiserror::Error;

pub use act::{
    Acted, AppealDecision, Deducting, Exempting, Finding, Published, appeal, decide, deduct,
    exempt, find, now, publish, withdraw,
};
pub use view::{
    ActView, AppealView, DecisionView, DraftView, VerdictLine, VerdictView, VersionView, lines_of,
    show, state_of,
};

use crate::model::case::{CaseId, OpId};
use crate::model::identifiers::PersonId;
use crate::model::time::UtcMs;

/// The person and the time that a verdict is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Whose.
    pub person: PersonId,
    /// The beginning.
    pub from: UtcMs,
    /// The end, not included.
    pub to: UtcMs,
}

/// Why something about a verdict was not done. Instants are in the city's time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerdictError {
    /// There is nothing to judge.
    #[error("{person} worked no shift from {from} to {to}")]
    NoShift {
        /// The person.
        person: PersonId,
        /// The period's beginning.
        from: String,
        /// Its end.
        to: String,
    },
    /// Evidence is still coming in.
    #[error("the period ends at {ends} and closes at {closes}: nothing is published before")]
    BeforeCutOff {
        /// The period's end.
        ends: String,
        /// The first instant at which its verdict may be published.
        closes: String,
    },
    /// The calendar does not say which days are worked.
    #[error("{what}: {why} (import the calendar of that year)")]
    Calendar {
        /// What was to be computed.
        what: &'static str,
        /// Why it cannot be.
        why: String,
    },
    /// There is no published verdict.
    #[error("no verdict of {person} from {from} to {to} is published here")]
    NotPublished {
        /// The person.
        person: PersonId,
        /// The period's beginning.
        from: String,
        /// Its end.
        to: String,
    },
    /// An appeal must be decided before the next version.
    #[error("appeal {0} is not decided: decide it before publishing again")]
    AppealPending(OpId),
    /// The window for appeals is over.
    #[error("the verdict could be appealed against until {0}")]
    WindowClosed(String),
    /// The version was appealed against before.
    #[error("version {0} was appealed against before")]
    AlreadyAppealed(u32),
    /// No such appeal.
    #[error("appeal {0} is not in this store")]
    NoSuchAppeal(OpId),
    /// The appeal is not one that waits for a decision.
    #[error("appeal {op} is not open: {standing}")]
    NotOpen {
        /// The appeal.
        op: OpId,
        /// What became of it.
        standing: String,
    },
    /// No such act, or not one of this kind.
    #[error("operation {op} is no {expected} in this store")]
    NoSuchAct {
        /// The operation.
        op: OpId,
        /// What it should be.
        expected: &'static str,
    },
    /// The case has nothing to do with the person.
    #[error("case {case} has nothing that {person} reported or added")]
    NotTheirs {
        /// The case.
        case: CaseId,
        /// The person.
        person: PersonId,
    },
    /// The case does not show the photo.
    #[error("photo: case {0} does not show it")]
    NotOfTheCase(CaseId),
    /// Neither a case nor a photo is named.
    #[error("a finding rests on a case or a photo, and on an instant where no case says it")]
    NoEvidence,
    /// Points that cannot be taken off.
    #[error("points: from 0.01 to 100.00 can be taken off")]
    Points,
    /// A time or a stretch that ends before it begins.
    #[error("{0}: the end must come after the beginning")]
    Empty(&'static str),
    /// An appeal is upheld by what no longer counts.
    #[error("an appeal is upheld by naming what does not count any more, and rejected without")]
    Exemptions,
}
