//! What supervisors decided that concerns a shift: facts against its person, points taken
//! off, and what does not count against them.

use serde::Serialize;

use super::inputs::ReviewInputs;
use crate::model::case::OpId;
use crate::model::identifiers::{CaseId, PersonId};
use crate::model::time::UtcMs;
use crate::oplog::verdict::{Act, exempted_stretches};
use crate::oplog::verdict_act::{Exemption, VerdictAct};
use crate::rules::attendance::Excused;
use crate::rules::roster::Shift;
use crate::rules::verdict::{Deduction, Veto};

/// The key of a finding that a problem was missed: it counts in the quality, and caps nothing.
pub(super) const MISSED: &str = "missed_problem";

/// A stretch of a shift's route that does not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExemptedInReview {
    /// Its beginning, in metres along the route.
    pub from_m: f64,
    /// Its end; it may lie beyond the route's.
    pub to_m: f64,
    /// Why.
    pub reason: String,
    /// The operation that exempts it.
    pub op: String,
}

/// What was decided about one shift.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// Every act that the shift's figures rest on, in the order of the operations.
    pub(super) acts: Vec<OpId>,
    /// Stretches of the route that do not count.
    pub(super) exempted: Vec<ExemptedInReview>,
    /// Times that are excused.
    pub(super) excused: Vec<Excused>,
    /// Facts that cap the score.
    pub(super) vetoes: Vec<Veto>,
    /// Points taken off.
    pub(super) deductions: Vec<Deduction>,
    /// Cases that the person should have reported and did not.
    pub(super) missed: Vec<CaseId>,
    /// Cases that they missed in other shifts, where they count.
    pub(super) missed_elsewhere: Vec<CaseId>,
    stretches_mm: Vec<(u64, u64)>,
}

impl Decided {
    /// The exempted stretches in millimetres along the route; they may overlap.
    pub(super) fn stretches(&self) -> Vec<(u64, u64)> {
        self.stretches_mm.clone()
    }

    fn take(&mut self, inputs: &ReviewInputs<'_>, shift: &Shift, act: &Act) {
        match &act.act {
            VerdictAct::Find {
                reason,
                at,
                case,
                photo,
                ..
            } if shift.contains(*at) => {
                self.acts.push(act.op);
                if reason.as_str() == MISSED {
                    self.missed.extend(*case);
                    return;
                }
                let what = case.map(|case| case.to_string());
                let what = what.or_else(|| photo.map(|photo| photo.to_string()));
                let what = what.unwrap_or_default();
                // A fact that the policy caps nothing for is told, and lowers nothing.
                let reason = reason.to_string();
                self.vetoes.push(Veto { reason, what });
            }
            VerdictAct::Find { reason, case, .. } if reason.as_str() == MISSED => {
                self.missed_elsewhere.extend(*case);
            }
            VerdictAct::Deduct {
                reason,
                points_hundredths,
                at,
                case,
                ..
            } if shift.contains(*at) => {
                self.acts.push(act.op);
                let what = case.map(|case| case.to_string());
                self.deductions.push(Deduction {
                    reason: reason.to_string(),
                    points_hundredths: *points_hundredths,
                    what: what.unwrap_or_else(|| act.op.to_string()),
                });
            }
            VerdictAct::Exempt { reason, what, .. } => match what {
                Exemption::Time { from, to } if *from < shift.to && shift.from < *to => {
                    self.acts.push(act.op);
                    self.excused.push(Excused {
                        from: *from,
                        to: *to,
                        reason: excuse(reason.as_str()),
                    });
                }
                Exemption::Act(on) if is_about(inputs, shift, on) => self.acts.push(act.op),
                _ => {}
            },
            _ => {}
        }
    }
}

/// What holds for a shift at a time.
pub(super) fn decided(
    inputs: &ReviewInputs<'_>,
    person: &PersonId,
    shift: &Shift,
    as_of: UtcMs,
) -> Decided {
    let holding = inputs.decisions.holding(person, as_of);
    let mut decided = Decided::default();
    for act in &holding {
        decided.take(inputs, shift, act);
    }
    if let Some(route) = &shift.route {
        for stretch in exempted_stretches(&holding, route, (shift.from, shift.to)) {
            decided.acts.push(stretch.op);
            decided.stretches_mm.push((stretch.from_mm, stretch.to_mm));
            decided.exempted.push(ExemptedInReview {
                from_m: stretch.from_mm as f64 / 1000.0,
                to_m: stretch.to_mm as f64 / 1000.0,
                reason: stretch.reason,
                op: stretch.op.to_string(),
            });
        }
    }
    decided.acts.sort_unstable();
    decided
}

/// True when an act happened in the shift, exempted or not.
fn is_about(inputs: &ReviewInputs<'_>, shift: &Shift, op: &OpId) -> bool {
    let dossiers = inputs.decisions.dossiers().iter();
    let found = dossiers.filter_map(|dossier| dossier.act(op)).next();
    found.is_some_and(|act| match act.act {
        VerdictAct::Find { at, .. } | VerdictAct::Deduct { at, .. } => shift.contains(at),
        _ => false,
    })
}

/// A task or a case in hand excuses no unproven time, and an exemption excuses every kind.
fn excuse(key: &str) -> String {
    match key {
        Excused::TASK | Excused::CASE => format!("{key}_exempted"),
        _ => key.to_owned(),
    }
}
