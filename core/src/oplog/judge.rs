//! Who may do what to a case: the one judgement that the hub makes at admission, that a
//! phone makes as a hint, and that `verify` makes again.
//!
//! A refusal is about the signer's right, never about timing: that somebody else was faster
//! is found by the fold, which marks a move *ineffective* and keeps it.

use thiserror::Error;

use crate::model::identifiers::DeviceKey;
use crate::model::person::{Authority, Role};
use crate::model::workflow::{AMENDERS, Action, ERASERS, Guard, PATROLLERS, REVIEWERS, SPEAKERS};
use crate::oplog::body::{Body, Kind, Subject};
use crate::oplog::fold::CaseState;
use crate::oplog::verdict_act::VerdictAct;

/// Why an operation may not be folded. The text of each is its stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No role of the signer allows it.
    #[error("role_not_allowed")]
    Role,
    /// The role allows it, but not for this cell.
    #[error("outside_grids")]
    OutsideGrids,
    /// Only the reporter may do it.
    #[error("not_own_report")]
    NotOwnReport,
    /// Only the department that the case was dispatched to may do it.
    #[error("not_own_department")]
    NotOwnDepartment,
    /// A reason must be given and is not.
    #[error("reason_missing")]
    ReasonMissing,
    /// A dispatch must name a department.
    #[error("department_missing")]
    DepartmentMissing,
    /// The case was opened by another commit.
    #[error("already_open")]
    AlreadyOpen,
    /// A supervisor decides nothing about himself.
    #[error("own_verdict")]
    OwnVerdict,
    /// Only the person whom a verdict is about may appeal against it.
    #[error("not_own_verdict")]
    NotOwnVerdict,
    /// The operation is filed under another person than the one that it names.
    #[error("wrong_subject")]
    WrongSubject,
    /// An appeal is upheld by exemptions of the same commit, and rejected without any.
    #[error("exemption_missing")]
    ExemptionMissing,
    /// A value is gone that nobody had ordered to be erased.
    #[error("value_missing")]
    ValueMissing,
    /// The body cannot be read.
    #[error("malformed")]
    Malformed,
}

/// Judges the operations of a body that concern one case, by what the signer may do and how
/// the case stands. The first refusal refuses the whole commit: one commit is one action.
///
/// # Errors
/// [`Refusal`] names the right that is missing.
pub fn judge(
    body: &Body,
    device: &DeviceKey,
    authority: &Authority,
    case: &CaseState,
) -> Result<(), Refusal> {
    let opens_it = body.operations.iter().any(|operation| {
        matches!(operation.kind, Kind::Open { .. })
            && operation.subject.as_case() == Some(case.case_id)
    });
    let is_reporter = opens_it || case.is_reported_by(device, authority.person.as_ref());
    for operation in &body.operations {
        if operation.subject.as_case() != Some(case.case_id) {
            continue;
        }
        match &operation.kind {
            Kind::Open { .. } if case.opened.is_some() => return Err(Refusal::AlreadyOpen),
            // Reporting is open to everybody: a report is never turned away.
            Kind::Open { .. }
            | Kind::Attest(_)
            | Kind::StartPatrol { .. }
            | Kind::Track { .. }
            | Kind::StepPatrol(_)
            | Kind::Verdict(_)
            | Kind::Unknown { .. } => {}
            Kind::Erase(_) => may_erase(authority)?,
            Kind::AddPhoto(_) | Kind::Comment(_) => {
                may(authority, SPEAKERS, case, is_reporter)?;
            }
            Kind::WithdrawPhoto(_) | Kind::Set { .. } => {
                may(authority, AMENDERS, case, is_reporter)?;
            }
            Kind::Transition {
                action,
                department,
                reason,
                ..
            } => {
                let rule = action.rule();
                let guarded = match rule.guard {
                    Guard::None => Ok(()),
                    Guard::OwnReport if is_reporter => Ok(()),
                    Guard::OwnReport => Err(Refusal::NotOwnReport),
                    Guard::OwnDepartment => own_department(authority, case),
                };
                if !rule.roles.is_empty() {
                    may(authority, rule.roles, case, false)?;
                }
                guarded?;
                if rule.needs_reason && reason.is_none() {
                    return Err(Refusal::ReasonMissing);
                }
                if *action == Action::Dispatch && department.is_none() {
                    return Err(Refusal::DepartmentMissing);
                }
            }
        }
    }
    Ok(())
}

/// Judges the orders of erasure in a body, whatever they are filed under.
///
/// # Errors
/// As [`may_erase`].
pub fn judge_erasures(body: &Body, authority: &Authority) -> Result<(), Refusal> {
    match body.erasures().next() {
        Some(_) => may_erase(authority),
        None => Ok(()),
    }
}

/// Whether somebody may order an erasure. It has no cell, and nothing undoes it: a grant for
/// some cells is not enough.
///
/// # Errors
/// [`Refusal::Role`], [`Refusal::OutsideGrids`].
pub fn may_erase(authority: &Authority) -> Result<(), Refusal> {
    if !authority.has_any(ERASERS) {
        return Err(Refusal::Role);
    }
    if !authority.grids.covers(None) {
        return Err(Refusal::OutsideGrids);
    }
    Ok(())
}

/// Judges the operations of a body that concern patrols: only inspectors walk them. An order
/// of erasure concerns a patrol and walks none.
///
/// # Errors
/// [`Refusal::Role`].
pub fn judge_patrols(body: &Body, authority: &Authority) -> Result<(), Refusal> {
    let walks = body.operations.iter().any(|operation| {
        operation.subject.as_patrol().is_some() && !matches!(operation.kind, Kind::Erase(_))
    });
    if walks && !authority.has_any(PATROLLERS) {
        return Err(Refusal::Role);
    }
    Ok(())
}

/// Judges the operations of a body that decide something about people. Supervisors do, but
/// never about themselves; only the person concerned appeals. A verdict has no cell, so that
/// a grant for some cells is not enough.
///
/// # Errors
/// [`Refusal`] names the right that is missing.
pub fn judge_verdicts(body: &Body, authority: &Authority) -> Result<(), Refusal> {
    for operation in &body.operations {
        let Kind::Verdict(act) = &operation.kind else {
            continue;
        };
        let subject = operation.subject;
        if subject.kind != Subject::VERDICT || act.subject().is_some_and(|own| own != subject) {
            return Err(Refusal::WrongSubject);
        }
        if let VerdictAct::Appeal { .. } = act {
            may_appeal(authority, subject)?;
            continue;
        }
        may_decide_about(authority, subject)?;
        if let VerdictAct::Decide {
            is_upheld,
            exemptions,
            ..
        } = act
        {
            let is_exemption = |index: &u32| {
                body.operations.get(*index as usize).is_some_and(|other| {
                    other.subject == subject
                        && matches!(other.kind, Kind::Verdict(VerdictAct::Exempt { .. }))
                })
            };
            if *is_upheld == exemptions.is_empty() || !exemptions.iter().all(is_exemption) {
                return Err(Refusal::ExemptionMissing);
            }
        }
    }
    Ok(())
}

/// Whether somebody may appeal against the verdicts of a subject: only the person concerned.
///
/// # Errors
/// [`Refusal::NotOwnVerdict`].
pub fn may_appeal(authority: &Authority, subject: Subject) -> Result<(), Refusal> {
    let own = authority.person.as_ref().map(Subject::verdicts_of);
    (own == Some(subject))
        .then_some(())
        .ok_or(Refusal::NotOwnVerdict)
}

/// Whether somebody may decide something about a subject.
///
/// # Errors
/// [`Refusal`] names the right that is missing.
pub fn may_decide_about(authority: &Authority, subject: Subject) -> Result<(), Refusal> {
    let Some(person) = &authority.person else {
        return Err(Refusal::Role);
    };
    if !authority.has_any(REVIEWERS) {
        return Err(Refusal::Role);
    }
    if !authority.grids.covers(None) {
        return Err(Refusal::OutsideGrids);
    }
    if Subject::verdicts_of(person) == subject {
        return Err(Refusal::OwnVerdict);
    }
    Ok(())
}

fn may(
    authority: &Authority,
    roles: &[Role],
    case: &CaseState,
    is_reporter: bool,
) -> Result<(), Refusal> {
    if is_reporter {
        return Ok(());
    }
    if !authority.has_any(roles) {
        return Err(Refusal::Role);
    }
    if !authority.grids.covers(case.grid().as_ref()) {
        return Err(Refusal::OutsideGrids);
    }
    Ok(())
}

/// A handler without a department serves them all, as in a small town.
fn own_department(authority: &Authority, case: &CaseState) -> Result<(), Refusal> {
    match (&authority.department, &case.department) {
        (Some(own), Some(asked)) if own != asked => Err(Refusal::NotOwnDepartment),
        _ => Ok(()),
    }
}
