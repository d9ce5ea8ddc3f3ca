//! The reasons of a review as trees: from the grade down to the stretches of the route, the
//! cases and the operations that made them.

use std::collections::BTreeMap;

use super::inputs::{Packs, ReviewInputs};
use super::period::PersonReview;
use super::shift::ShiftReview;
use crate::model::quantity::Proration;
use crate::oplog::fold::{CaseState, Outcome};
use crate::rules::attendance::Attendance;
use crate::rules::duty_scope::{DutyScope, duties_for};
use crate::rules::explain::{self, Explanation, Reference, ReferenceKind};
use crate::rules::policy::Policy;
use crate::rules::quality::Quality;

/// A card with its indicators.
pub(super) fn card(named: &str, quality: &Quality) -> Explanation {
    explain::quality(named, quality)
}

/// One shift: the eight fixes in their order, with the verdict as the root.
pub(super) fn shift(shift: &ShiftReview, packs: &Packs) -> Explanation {
    let mut route = Vec::new();
    if let Some(score) = &shift.coverage_score {
        let mut told = explain::coverage(score, stretches(shift, packs));
        for patrol in &shift.patrols {
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
        ("grid", vec![grid(shift)]),
        ("person", vec![the_person(shift)]),
        ("duty", vec![duty(shift, packs)]),
        ("coverage", route),
        ("time", time.into_iter().collect()),
        ("quantity", vec![explain::quantity(&shift.quantity)]),
        (
            "quality",
            vec![explain::quality("inspector", &shift.quality)],
        ),
    ];
    explain::verdict(&shift.verdict, &packs.policy, behind)
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

/// Fix one: the duty cells.
fn grid(shift: &ShiftReview) -> Explanation {
    match shift.grids.len() {
        0 => Explanation::new("fix-grid-none"),
        count => Explanation::new("fix-grid")
            .count("count", count as u64)
            .text("grids", shift.grids.join(" ")),
    }
}

/// Fix two: who, when, with what.
fn the_person(shift: &ShiftReview) -> Explanation {
    let fix = &shift.person_fix;
    let mut why = Vec::new();
    if let Some(other) = &fix.stands_in_for {
        why.push(Explanation::new("fix-person-instead").text("person", other));
    }
    if !fix.qualifications.is_empty() {
        let all = fix.qualifications.join("、");
        why.push(Explanation::new("fix-person-qualified").text("qualifications", all));
    }
    if fix.part_time != Proration::FULL {
        why.push(Explanation::new("fix-person-part").text("part", fix.part_time));
    }
    if let Some(device) = &fix.device {
        why.push(Explanation::new("fix-person-device").text("device", device));
    }
    if !fix.one_place {
        why.push(Explanation::new("fix-person-twice"));
    }
    Explanation::new("fix-person")
        .text("person", &shift.person)
        .text("slot", &shift.slot)
        .text("from", &shift.from)
        .text("to", &shift.to)
        .because(why)
}

/// Fix three: how much of the duty list this person must look for here.
fn duty(shift: &ShiftReview, packs: &Packs) -> Explanation {
    let Some(list) = &packs.duties_now else {
        return Explanation::new("fix-duty-none");
    };
    let scope = DutyScope {
        roles: shift.person_fix.role.iter().cloned().collect(),
        qualifications: shift.person_fix.qualifications.clone(),
        grids: shift.grids.clone(),
    };
    let count = duties_for(list, &scope).count();
    Explanation::new("fix-duty").count("count", count as u64)
}

/// The stretches of a route in its order, covered, missed and exempted, with times and reasons.
fn stretches(shift: &ShiftReview, packs: &Packs) -> Vec<Explanation> {
    let metres = |m: f64| format!("{m:.1}");
    let mut told: Vec<(f64, Explanation)> = Vec::new();
    let coverage = shift.coverage.as_ref();
    for covered in coverage.iter().flat_map(|coverage| &coverage.intervals) {
        let line = Explanation::new("covered")
            .text("from", metres(covered.from_m))
            .text("to", metres(covered.to_m))
            .text("enter", packs.local(covered.enter))
            .text("leave", packs.local(covered.leave));
        told.push((covered.from_m, line));
    }
    for missed in coverage.iter().flat_map(|coverage| &coverage.missed) {
        let reason = serde_json::to_value(missed.reason).unwrap_or_default();
        let line = Explanation::new("missed")
            .text("from", metres(missed.from_m))
            .text("to", metres(missed.to_m))
            .word("reason", "miss", reason.as_str().unwrap_or_default());
        told.push((missed.from_m, line));
    }
    for exempted in &shift.exempted {
        let line = Explanation::new("exempted")
            .text("from", metres(exempted.from_m))
            .text("to", metres(exempted.to_m))
            .word("reason", "reason", &exempted.reason)
            .on(ReferenceKind::Operation, &exempted.op);
        told.push((exempted.from_m, line));
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
            id: event.op.to_string(),
        })
        .collect()
}
