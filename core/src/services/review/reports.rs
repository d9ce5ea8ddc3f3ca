//! What somebody reported and checked in a shift, what of it counts, and why the rest does not.

use std::collections::BTreeMap;

use super::Undecided;
use super::inputs::ReviewInputs;
use crate::geo::distance::distance_m;
use crate::model::case::Field;
use crate::model::identifiers::{CaseId, Hash, PersonId};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::workflow::{Action, Phase};
use crate::oplog::fold::{CaseState, Event, Opening, Outcome};
use crate::oplog::merge::FieldValue;
use crate::oplog::trusted_time::TrustedTimes;
use crate::rules::attendance::Excused;
use crate::rules::policy::Policy;
use crate::rules::quality::formulas::Counted;
use crate::rules::quantity::{Excluded, ExclusionReason};

/// The reports of one person in one time.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// Those that count: filed, unique, with photos that nobody had shown before.
    pub(super) counting: Vec<CaseId>,
    /// Those that do not.
    pub(super) excluded: Vec<Excluded>,
    /// Filed, of those that were decided; a duplicate of somebody else's is neither.
    pub(super) valid: Counted,
}

/// The checks of one person in one time.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Answered in time, of those answered.
    pub(super) on_time: Counted,
    /// The times for which a check was in hand.
    pub(super) in_hand: Vec<Excused>,
    /// Those of which it is not known whether they were in time: neither part nor whole.
    pub(super) undecided: Vec<Undecided>,
}

/// Looks at what a person reported from `from` until before `to`.
pub(super) fn reports_of(
    inputs: &ReviewInputs<'_>,
    person: &PersonId,
    from: UtcMs,
    to: UtcMs,
) -> Reports {
    let mut reports = Reports::default();
    let mut opened: Vec<(&CaseState, &Opening)> = inputs
        .cases
        .iter()
        .filter_map(|case| Some((case, case.opened.as_ref()?)))
        .collect();
    opened.sort_by_key(|(case, opening)| (opening.at, case.case_id));
    let photos = first_seen(&opened);
    let own = opened.iter().enumerate().filter(|(_, (_, opening))| {
        opening.person.as_ref() == Some(person) && opening.at.ms >= from && opening.at.ms < to
    });
    for (number, (case, _)) in own {
        let is_filed = case.number.is_some();
        let earlier = duplicate_of(case, &opened[..number], &inputs.packs.policy);
        let exclusion = exclusion_of(case, person, earlier.as_ref(), &photos);
        let is_anothers = earlier
            .as_ref()
            .is_some_and(|(other, _)| !is_by(other, person));
        // Whether a report is valid is asked once it was decided; that somebody else was
        // first says nothing about it.
        let is_decided = is_filed || case.phase == Phase::Declined;
        if is_decided && (is_filed || !is_anothers) {
            reports.valid.denominator += 1;
            if is_filed {
                reports.valid.numerator += 1;
                reports.valid.cases.push(case.case_id.to_string());
            }
        }
        match exclusion {
            None => reports.counting.push(case.case_id),
            Some((reason, detail)) => reports.excluded.push(Excluded {
                what: case.case_id.to_string(),
                reason,
                detail,
            }),
        }
    }
    reports
}

fn is_by(case: &CaseState, person: &PersonId) -> bool {
    let opening = case.opened.as_ref();
    opening.and_then(|opening| opening.person.as_ref()) == Some(person)
}

/// The case that showed each photo first, by the time at which it was added: a picture that
/// somebody adds to an older case later was not there before.
fn first_seen(opened: &[(&CaseState, &Opening)]) -> BTreeMap<Hash, CaseId> {
    let mut shown = Vec::new();
    for (case, opening) in opened {
        for of in case.photos() {
            let added = case.events.iter().find(|event| event.op == of.op);
            let at = added.map_or(opening.at, |event| event.at);
            shown.push((at, case.case_id, of.photo.hash));
        }
    }
    shown.sort_unstable();
    let mut first = BTreeMap::new();
    for (_, case_id, photo) in shown {
        first.entry(photo).or_insert(case_id);
    }
    first
}

fn exclusion_of(
    case: &CaseState,
    person: &PersonId,
    earlier: Option<&(&CaseState, f64)>,
    photos: &BTreeMap<Hash, CaseId>,
) -> Option<(ExclusionReason, String)> {
    let seen = case.photos().find_map(|of| {
        photos
            .get(&of.photo.hash)
            .filter(|first| **first != case.case_id)
    });
    if let Some(first) = seen {
        return Some((ExclusionReason::PhotoSeen, format!("{first}")));
    }
    // What was filed although it is near another was looked at by a person.
    if case.number.is_some() {
        return None;
    }
    if let Some((other, apart_m)) = earlier {
        let reason = if is_by(other, person) {
            ExclusionReason::SelfSplit
        } else {
            ExclusionReason::Duplicate
        };
        return Some((reason, format!("{} · {apart_m:.0} m", other.case_id)));
    }
    match case.phase {
        Phase::Declined | Phase::Withdrawn => {
            Some((ExclusionReason::Void, case.phase.as_str().to_owned()))
        }
        _ => Some((ExclusionReason::NotValidYet, case.phase.as_str().to_owned())),
    }
}

/// The nearest earlier case of the same class within the policy's distance that was open,
/// or closed for less than its time, when this one was reported.
fn duplicate_of<'c>(
    case: &CaseState,
    earlier: &[(&'c CaseState, &Opening)],
    policy: &Policy,
) -> Option<(&'c CaseState, f64)> {
    let (class, at, opened) = (case.class()?, place_of(case)?, case.opened.as_ref()?.at.ms);
    let limit_m = f64::from(policy.near_duplicate_m);
    let limit_ms = u64::from(policy.near_duplicate_h) * 3_600_000;
    earlier
        .iter()
        .filter(|(other, _)| other.class().as_ref() == Some(&class))
        .filter(|(other, _)| {
            ended(other).is_none_or(|ended| opened.0.saturating_sub(ended.0) < limit_ms)
        })
        .filter_map(|(other, _)| Some((*other, distance_m(at, place_of(other)?))))
        .filter(|(_, apart_m)| *apart_m <= limit_m)
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// When a case ended: by the move that ended it, whatever was said of it afterwards.
fn ended(case: &CaseState) -> Option<UtcMs> {
    let is_over = matches!(
        case.phase,
        Phase::Closed | Phase::Declined | Phase::Withdrawn
    );
    let ends = [Action::Close, Action::Decline, Action::Withdraw].map(Action::as_str);
    let last = case
        .events
        .iter()
        .filter(|event| event.outcome == Outcome::Effective && ends.contains(&event.what))
        .map(|event| event.at.ms)
        .max();
    last.filter(|_| is_over)
}

fn place_of(case: &CaseState) -> Option<LatLon> {
    match &case.register(Field::Place)?.winner()?.value {
        FieldValue::Place(place) => place.position(),
        _ => None,
    }
}

/// Looks at the checks that a person answered from `from` until before `to`.
///
/// A check is due from the moment at which it was delivered. The log knows of no delivery
/// yet: the latest is taken that it allows, the last session with the hub before the answer,
/// so that nobody is late for what they had not received.
pub(super) fn checks_of(
    inputs: &ReviewInputs<'_>,
    times: &TrustedTimes,
    person: &PersonId,
    from: UtcMs,
    to: UtcMs,
) -> Checks {
    let mut checks = Checks::default();
    let limit_ms = u64::from(inputs.packs.policy.check_limit_s) * 1000;
    for case in &inputs.cases {
        for (number, event) in case.events.iter().enumerate() {
            let is_check =
                event.what == Action::Check.as_str() || event.what == Action::Rework.as_str();
            let is_own =
                event.person.as_ref() == Some(person) && event.outcome == Outcome::Effective;
            if !is_check || !is_own || event.at.ms < from || event.at.ms >= to {
                continue;
            }
            let delivered = delivered_at(event, &case.events[..number]);
            let (answered, due) = (times.span_of(event), delivered.plus_ms(limit_ms));
            if answered.latest() <= due {
                checks.on_time.denominator += 1;
                checks.on_time.numerator += 1;
                checks.on_time.cases.push(case.case_id.to_string());
            } else if answered.earliest() > due {
                checks.on_time.denominator += 1;
            } else {
                checks.undecided.push(Undecided {
                    case_id: case.case_id.to_string(),
                    what: event.what,
                    person: Some(person.to_string()),
                    earliest: inputs.packs.local(answered.earliest()),
                    latest: inputs.packs.local(answered.latest()),
                    due: Some(inputs.packs.local(due)),
                });
            }
            checks.in_hand.push(Excused {
                from: delivered,
                to: event.at.ms,
                reason: Excused::TASK.to_owned(),
            });
        }
    }
    checks
}

fn delivered_at(answer: &Event, before: &[Event]) -> UtcMs {
    let handed_back = before
        .iter()
        .rev()
        .find(|event| event.what == Action::Handle.as_str() && event.outcome == Outcome::Effective)
        .map_or(answer.at.ms, |event| event.hub_time.unwrap_or(event.at.ms));
    answer
        .last_hub_time
        .map_or(handed_back, |session| session.max(handed_back))
        .min(answer.at.ms)
}
