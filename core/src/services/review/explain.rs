//! The reasons of a review as trees: from the grade down to the stretches of the route, the
//! cases and the operations that made them.

use std::collections::BTreeMap;

use super::inputs::ReviewInputs;
use super::period::PersonReview;
use super::shift::ShiftReview;
use crate::geo::coverage::Coverage;
use crate::oplog::fold::{CaseState, Outcome};
use crate::rules::attendance::Attendance;
use crate::rules::explain::{self, Explanation, Reference, ReferenceKind};
use crate::rules::policy::Policy;
use crate::rules::quality::Quality;

/// A card with its indicators.
pub(super) fn card(named: &str, quality: &Quality) -> Explanation {
    explain::quality(named, quality)
}

/// One shift: the eight fixes in their order, the verdict with its parts last.
pub(super) fn shift(shift: &ShiftReview, policy: &Policy) -> Explanation {
    let mut route = Vec::new();
    if let Some(score) = &shift.coverage_score {
        let stretches = shift.coverage.as_ref().map(stretches).unwrap_or_default();
        let mut told = explain::coverage(score, stretches);
        let patrols = shift.patrols.iter();
        for patrol in patrols {
            told = told.on(ReferenceKind::Patrol, &patrol.patrol_id);
        }
        route.push(told);
    }
    if let Some(loops) = &shift.loops {
        route.push(explain::count_score("loops", "loops-none", loops));
    }
    if let Some(checkpoints) = &shift.checkpoints {
        let told = explain::count_score("checkpoints", "checkpoints-none", checkpoints);
        route.push(told);
    }
    let time = shift.attendance.as_ref().map(attendance);
    let behind = vec![
        ("coverage", route),
        ("time", time.into_iter().collect()),
        ("quantity", vec![explain::quantity(&shift.quantity)]),
        (
            "quality",
            vec![explain::quality("inspector", &shift.quality)],
        ),
    ];
    explain::verdict(&shift.verdict, policy, behind)
}

/// A person's period: the sums, and below them each shift.
pub(super) fn person(
    person: &PersonReview,
    shifts: &[&ShiftReview],
    policy: &Policy,
) -> Explanation {
    let mut route = Vec::new();
    if let Some(score) = &person.coverage {
        route.push(explain::coverage(score, Vec::new()));
    }
    if let Some(loops) = &person.loops {
        route.push(explain::count_score("loops", "loops-none", loops));
    }
    if let Some(checkpoints) = &person.checkpoints {
        let told = explain::count_score("checkpoints", "checkpoints-none", checkpoints);
        route.push(told);
    }
    let attended: Vec<&Attendance> = shifts
        .iter()
        .filter_map(|s| s.attendance.as_ref())
        .collect();
    let time = person.time.as_ref().map(|time| {
        let sum = |of: fn(&Attendance) -> u64| attended.iter().map(|a| of(a)).sum::<u64>();
        let kinds = [
            ("in_grid", sum(|a| a.in_grid_s)),
            ("outside", sum(|a| a.outside_s)),
            ("over_dwell", sum(|a| a.over_dwell_s)),
            ("no_fix", sum(|a| a.no_fix_s)),
        ];
        let mut excused: BTreeMap<String, u64> = BTreeMap::new();
        for one in attended.iter().flat_map(|a| &a.excused) {
            *excused.entry(one.reason.clone()).or_default() += one.excused_s;
        }
        let excused: Vec<_> = excused.into_iter().collect();
        explain::attendance(time.score, sum(|a| a.scheduled_s), &kinds, &excused)
    });
    let behind = vec![
        ("coverage", route),
        ("time", time.into_iter().collect()),
        ("quantity", vec![explain::quantity(&person.quantity)]),
        (
            "quality",
            vec![explain::quality("inspector", &person.quality)],
        ),
    ];
    let told = explain::verdict(&person.verdict, policy, behind);
    let cards = person.scorecards.iter().map(|card| {
        let named = if card.name.is_empty() {
            &card.code
        } else {
            &card.name
        };
        let quality = Quality {
            score: card.score,
            indicators: card.indicators.clone(),
        };
        explain::quality(named, &quality)
    });
    let cards: Vec<_> = cards.collect();
    told.because(cards)
        .because(person.evaluations.iter().map(explain::evaluation))
}

/// The stretches of a route in its order, covered, missed and exempted, with times and reasons.
fn stretches(coverage: &Coverage) -> Vec<Explanation> {
    let metres = |m: f64| format!("{m:.1}");
    let mut told: Vec<(f64, Explanation)> = Vec::new();
    for covered in &coverage.intervals {
        let line = Explanation::new("covered")
            .text("from", metres(covered.from_m))
            .text("to", metres(covered.to_m))
            .text("enter", covered.enter.to_rfc3339())
            .text("leave", covered.leave.to_rfc3339());
        told.push((covered.from_m, line));
    }
    for missed in &coverage.missed {
        let reason = serde_json::to_value(missed.reason).unwrap_or_default();
        let line = Explanation::new("missed")
            .text("from", metres(missed.from_m))
            .text("to", metres(missed.to_m))
            .word("reason", "miss", reason.as_str().unwrap_or_default());
        told.push((missed.from_m, line));
    }
    told.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    told.into_iter().map(|(_, line)| line).collect()
}

fn attendance(attendance: &Attendance) -> Explanation {
    let kinds = [
        ("in_grid", attendance.in_grid_s),
        ("outside", attendance.outside_s),
        ("over_dwell", attendance.over_dwell_s),
        ("no_fix", attendance.no_fix_s),
    ];
    let excused = attendance.excused.iter();
    let excused: Vec<_> = excused
        .map(|one| (one.reason.clone(), one.excused_s))
        .collect();
    explain::attendance(attendance.score, attendance.scheduled_s, &kinds, &excused)
}

/// Adds to every case in a tree the operations that moved it, and its opening.
pub(super) fn with_operations(tree: &mut Explanation, inputs: &ReviewInputs<'_>) {
    let by_id: BTreeMap<String, &CaseState> = inputs
        .cases
        .iter()
        .map(|case| (case.case_id.to_string(), case))
        .collect();
    tree.deepen(&|reference| {
        let case = (reference.kind == ReferenceKind::Case).then(|| by_id.get(&reference.id));
        case.flatten()
            .map(|case| operations(case))
            .unwrap_or_default()
    });
}

fn operations(case: &CaseState) -> Vec<Reference> {
    let is_move = |what: &str| {
        what == "open"
            || crate::model::workflow::WORKFLOW
                .iter()
                .any(|row| row.action.as_str() == what)
    };
    case.events
        .iter()
        .filter(|event| event.outcome == Outcome::Effective && is_move(event.what))
        .map(|event| Reference {
            kind: ReferenceKind::Operation,
            id: format!("{}/{}", event.op.commit, event.op.index),
        })
        .collect()
}
