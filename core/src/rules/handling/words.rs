//! What is said of a handling: its steps, its states, the judgements, and why a step changed
//! nothing; each with its key in JSON.

use crate::model::time::{TimeSpan, UtcMs};

/// What happened to a case that concerns its handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 任务派遣: the hub gave it to a department; the limit begins.
    Dispatched,
    /// 处理反馈: the department says that it is done.
    HandedBack,
    /// 返工: checked, not done; the remainder of the limit goes on.
    Rework,
    /// 回退, accepted: the assignment's clock is void.
    Returned,
    /// 延期, approved: one original limit more.
    ExtensionApproved,
    /// 延期, refused: it does not count.
    ExtensionRefused,
    /// 挂账: the clock stands until it is resumed, until this time, or for a year.
    Suspended {
        /// Where it ends by itself; a year later at the latest, and where nothing is said.
        until: Option<UtcMs>,
    },
    /// The suspension is over.
    Resumed,
    /// 结案.
    Closed,
    /// An appeal against overtime, upheld: the statistics exempt the case.
    AppealUpheld,
    /// An appeal against overtime, dismissed; there is no second one.
    AppealDismissed,
}

impl Step {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dispatched => "dispatched",
            Self::HandedBack => "handed_back",
            Self::Rework => "rework",
            Self::Returned => "returned",
            Self::ExtensionApproved => "extension_approved",
            Self::ExtensionRefused => "extension_refused",
            Self::Suspended { .. } => "suspended",
            Self::Resumed => "resumed",
            Self::Closed => "closed",
            Self::AppealUpheld => "appeal_upheld",
            Self::AppealDismissed => "appeal_dismissed",
        }
    }
}

/// A step and when it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandlingEvent {
    /// When, as far as that is trusted; the hub's own acts are instants.
    pub at: TimeSpan,
    /// What.
    pub what: Step,
}

/// Where a case stands on its handling's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlingState {
    /// Not dispatched, or returned.
    NotDispatched,
    /// With the department.
    Running,
    /// With the department, and its clock stands.
    Suspended,
    /// Handed back.
    HandedBack,
    /// Closed.
    Closed,
}

impl HandlingState {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDispatched => "not_dispatched",
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::HandedBack => "handed_back",
            Self::Closed => "closed",
        }
    }
}

/// What is said of a handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Not handed back, and not due; or not dispatched.
    NotDueYet,
    /// Handed back by the deadline.
    OnTime,
    /// Handed back after it, or still open after it.
    Late,
    /// The hand-back may have been on either side: it does not count, a supervisor looks.
    Undecided,
    /// Late, and exempted by an appeal: the fact stays, the statistics leave it out.
    Exempt,
}

impl Judgement {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDueYet => "not_due_yet",
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Undecided => "undecided",
            Self::Exempt => "exempt",
        }
    }
}

/// Why a step changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// No clock runs: the case is not dispatched, or was returned.
    NotDispatched,
    /// It is dispatched already.
    AlreadyDispatched,
    /// It was handed back, so nothing is left to be done in time.
    AlreadyHandedBack,
    /// It was not handed back.
    NotHandedBack,
    /// The case is closed.
    AlreadyClosed,
    /// The deadline had passed.
    Overdue,
    /// Two extensions were approved before.
    TwoExtensionsBefore,
    /// It was suspended before.
    SuspendedBefore,
    /// It is not suspended at that time.
    NotSuspended,
    /// The case is not closed.
    NotClosed,
    /// It was not late.
    NotLate,
    /// There was an appeal before.
    AppealedBefore,
    /// Refused: it never changes anything.
    Refused,
    /// It took effect, but ends by itself after a year.
    CutToAYear,
}

impl Ignored {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDispatched => "not_dispatched",
            Self::AlreadyDispatched => "already_dispatched",
            Self::AlreadyHandedBack => "already_handed_back",
            Self::NotHandedBack => "not_handed_back",
            Self::AlreadyClosed => "already_closed",
            Self::Overdue => "overdue",
            Self::TwoExtensionsBefore => "two_extensions_before",
            Self::SuspendedBefore => "suspended_before",
            Self::NotSuspended => "not_suspended",
            Self::NotClosed => "not_closed",
            Self::NotLate => "not_late",
            Self::AppealedBefore => "appealed_before",
            Self::Refused => "refused",
            Self::CutToAYear => "cut_to_a_year",
        }
    }
}
