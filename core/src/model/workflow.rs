//! The workflow of a case as one table: which action moves it from where to where, who may
//! do it, and what else must hold. Nothing else in the project decides a move.
//!
//! The keys are stable; their labels in an app are a city's configuration.

use crate::model::person::Role;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// 信息收集: reported, nobody has looked at it yet.
    Reported = 1,
    /// 受理: taken up by the supervision centre.
    Accepted = 2,
    /// 立案: a case with an official number.
    Filed = 3,
    /// 不予立案: not filed, with a reason that the reporter sees.
    Declined = 4,
    /// 任务派遣: with a department.
    Dispatched = 5,
    /// 处理反馈: the department says it is done.
    Handled = 6,
    /// 核查: a person on site has seen that it is done.
    Checked = 7,
    /// 结案.
    Closed = 8,
    /// Withdrawn by its reporter before anybody took it up.
    Withdrawn = 9,
}

/// What a person does to move a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// 受理.
    Accept = 1,
    /// 立案.
    File = 2,
    /// 不予立案.
    Decline = 3,
    /// 任务派遣.
    Dispatch = 4,
    /// 处理反馈.
    Handle = 5,
    /// 核查, passed.
    Check = 6,
    /// 返工: checked, not done; back to the department.
    Rework = 7,
    /// 结案.
    Close = 8,
    /// The reporter takes the report back.
    Withdraw = 9,
    /// 回退: the department says that it is not theirs; back to dispatch.
    Return = 10,
}

/// What must hold beside the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing else.
    None,
    /// The signer reported the case.
    OwnReport,
    /// The signer's department is the one that the case was dispatched to.
    OwnDepartment,
}

/// One row of the workflow.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// What is done.
    pub action: Action,
    /// Where the case may stand before.
    pub from: &'static [Phase],
    /// Where it stands after.
    pub to: Phase,
    /// Who may do it; an empty list leaves it to the guard alone.
    pub roles: &'static [Role],
    /// What else must hold.
    pub guard: Guard,
    /// True when a reason must be given, because somebody will ask for it.
    pub needs_reason: bool,
}

use Action as A;
use Phase as P;

/// The workflow. A case may be filed straight from the report where a city has no separate
/// desk for accepting.
pub const WORKFLOW: &[Move] = &[
    row(
        A::Accept,
        &[P::Reported],
        P::Accepted,
        &[Role::Supervisor],
        Guard::None,
        false,
    ),
    row(
        A::File,
        &[P::Reported, P::Accepted],
        P::Filed,
        &[Role::Supervisor],
        Guard::None,
        false,
    ),
    row(
        A::Decline,
        &[P::Reported, P::Accepted],
        P::Declined,
        &[Role::Supervisor],
        Guard::None,
        true,
    ),
    row(
        A::Dispatch,
        &[P::Filed],
        P::Dispatched,
        &[Role::Dispatcher, Role::Supervisor],
        Guard::None,
        false,
    ),
    row(
        A::Handle,
        &[P::Dispatched],
        P::Handled,
        &[Role::Handler],
        Guard::OwnDepartment,
        false,
    ),
    row(
        A::Return,
        &[P::Dispatched],
        P::Filed,
        &[Role::Handler],
        Guard::OwnDepartment,
        true,
    ),
    row(
        A::Check,
        &[P::Handled],
        P::Checked,
        &[Role::Inspector],
        Guard::None,
        false,
    ),
    row(
        A::Rework,
        &[P::Handled],
        P::Dispatched,
        &[Role::Inspector],
        Guard::None,
        true,
    ),
    row(
        A::Close,
        &[P::Checked],
        P::Closed,
        &[Role::Supervisor],
        Guard::None,
        false,
    ),
    row(
        A::Withdraw,
        &[P::Reported],
        P::Withdrawn,
        &[],
        Guard::OwnReport,
        false,
    ),
];

const fn row(
    action: Action,
    from: &'static [Phase],
    to: Phase,
    roles: &'static [Role],
    guard: Guard,
    needs_reason: bool,
) -> Move {
    Move {
        action,
        from,
        to,
        roles,
        guard,
        needs_reason,
    }
}

/// Who may set a field again, amend it, or take a photo back, beside the reporter.
pub const AMENDERS: &[Role] = &[
    Role::Inspector,
    Role::Handler,
    Role::Dispatcher,
    Role::Supervisor,
];

/// Who may comment and add photos, beside the reporter.
pub const SPEAKERS: &[Role] = &[
    Role::Inspector,
    Role::Handler,
    Role::Dispatcher,
    Role::Supervisor,
    Role::Administrator,
];

/// Who walks patrols.
pub const PATROLLERS: &[Role] = &[Role::Inspector];

/// Who confirms facts, exempts, publishes verdicts and decides on appeals.
pub const REVIEWERS: &[Role] = &[Role::Supervisor];

/// Who orders what is personal to be erased.
pub const ERASERS: &[Role] = &[Role::Administrator];

impl Action {
    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The action of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        WORKFLOW
            .iter()
            .map(|row| row.action)
            .find(|action| u64::from(action.code()) == code)
    }

    /// The row of the table.
    #[must_use]
    pub fn rule(self) -> &'static Move {
        WORKFLOW
            .iter()
            .find(|row| row.action == self)
            .expect("every action has a row; a test walks them all")
    }

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::File => "file",
            Self::Decline => "decline",
            Self::Dispatch => "dispatch",
            Self::Handle => "handle",
            Self::Check => "check",
            Self::Rework => "rework",
            Self::Close => "close",
            Self::Withdraw => "withdraw",
            Self::Return => "return",
        }
    }
}

impl Phase {
    /// Every phase, in the order of the codes.
    pub const ALL: [Self; 9] = [
        Self::Reported,
        Self::Accepted,
        Self::Filed,
        Self::Declined,
        Self::Dispatched,
        Self::Handled,
        Self::Checked,
        Self::Closed,
        Self::Withdrawn,
    ];

    /// The number that stands for it in the store.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The phase of a code.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|phase| u64::from(phase.code()) == code)
    }

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Accepted => "accepted",
            Self::Filed => "filed",
            Self::Declined => "declined",
            Self::Dispatched => "dispatched",
            Self::Handled => "handled",
            Self::Checked => "checked",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_row_and_reads_back_from_its_code() {
        for code in 1..=10 {
            let action = Action::from_code(code).expect("codes are dense");
            assert_eq!(u64::from(action.code()), code);
            assert_eq!(action.rule().action, action);
            assert_eq!(
                WORKFLOW.iter().filter(|row| row.action == action).count(),
                1
            );
        }
        assert_eq!(Action::from_code(11), None);
    }

    #[test]
    fn citizens_move_nothing_by_role() {
        assert!(
            WORKFLOW
                .iter()
                .all(|row| !row.roles.contains(&Role::Citizen))
        );
    }

    #[test]
    fn every_phase_but_the_first_is_reached_by_some_action() {
        for phase in &Phase::ALL[1..] {
            assert!(WORKFLOW.iter().any(|row| row.to == *phase), "{phase:?}");
        }
    }
}
