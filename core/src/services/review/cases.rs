//! Cases in a review: where each stands, by when it was to be handed back, and whether it was.
//!
//! Handling runs from the hub's dispatch to the department's hand-back, by the time at which
//! it was done, as far as that is trusted: nobody is late for a network that was not there.
//! The rules of its clock are those of [`handling`](crate::rules::handling).

use std::collections::BTreeSet;

use serde::Serialize;

use super::inputs::{Packs, ReviewInputs};
use super::{ReviewScope, Undecided};
use crate::model::case::Field;
use crate::model::time::{TimeSpan, UtcMs};
use crate::model::workflow::Action;
use crate::oplog::fold::{CaseState, Event, Outcome};
use crate::oplog::merge::FieldValue;
use crate::oplog::trusted_time::TrustedTimes;
use crate::rules::deadline::{DeadlineError, Lamp};
use crate::rules::handling::{Handling, HandlingEvent, Judgement, Step, handling};
use crate::rules::limit::Limit;

/// A case in a review.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseReview {
    /// The case.
    pub case_id: String,
    /// The official number, from filing on.
    pub number: Option<String>,
    /// Where it stands.
    pub phase: &'static str,
    /// The small class.
    pub class: Option<String>,
    /// Its name in the duty list.
    pub class_name: Option<String>,
    /// The cell.
    pub grid: Option<String>,
    /// Latitude and longitude, degrees.
    pub place: Option<[f64; 2]>,
    /// How the report came.
    pub source: Option<&'static str>,
    /// Who reported it, where known.
    pub reporter: Option<String>,
    /// The department that it was dispatched to.
    pub department: Option<String>,
    /// When it was reported, in the city's time.
    pub opened: Option<String>,
    /// Its handling against its limit; nothing before it is dispatched.
    pub handling: Option<Timeliness>,
    /// The hashes of its photos with what they show.
    pub photos: Vec<(String, &'static str)>,
}

/// Handling against its limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeliness {
    /// The limit in the duty list's words; nothing where the list has none.
    pub limit: Option<String>,
    /// When the hub dispatched it, in the city's time.
    pub dispatched: String,
    /// When it was handed back; the end of the time in which it was, where that is not known
    /// better.
    pub handed_back: Option<String>,
    /// The beginning and the end of that time, where the hand-back is not an instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<[String; 2]>,
    /// By when it was due.
    pub due: Option<String>,
    /// `green` to 80 % of the limit, `yellow` to 100 %, `red` beyond.
    pub lamp: Option<&'static str>,
    /// True when it was certainly handed back late, or is late and still open.
    pub overdue: bool,
    /// `not_due_yet`, `on_time`, `late`, `undecided` (the hand-back may lie on either side of
    /// the deadline) or `exempt`; nothing while the deadline is provisional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<&'static str>,
    /// Extensions that were approved.
    #[serde(skip_serializing_if = "is_zero")]
    pub extensions: u8,
    /// Times that did not count, from and to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paused: Vec<[String; 2]>,
    /// Who handed it back.
    #[serde(skip)]
    pub handed_back_by: Option<String>,
    /// By when it was due, as an instant.
    #[serde(skip)]
    pub due_at: Option<UtcMs>,
    /// The judgement, as it was made.
    #[serde(skip)]
    pub judged: Option<Judgement>,
    /// Why there is no deadline yet: `no_limit`, `limit_not_understood`, or
    /// `calendar_missing` with the year; the deadline is then provisional.
    pub provisional: Option<String>,
    /// The exemption of its overtime: the fact stays, the statistics leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempted_by: Option<String>,
}

fn is_zero(count: &u8) -> bool {
    *count == 0
}

impl CaseReview {
    /// The hand-back, where it is not known on which side of the deadline it was.
    #[must_use]
    pub fn undecided(&self) -> Option<Undecided> {
        let told = self.handling.as_ref()?;
        let back = told.handed_back.clone()?;
        let [earliest, latest] = told.span.clone().unwrap_or_else(|| [back.clone(), back]);
        (told.judgement == Some(Judgement::Undecided.as_str())).then(|| Undecided {
            case_id: self.case_id.clone(),
            what: Action::Handle.as_str(),
            person: told.handed_back_by.clone(),
            earliest,
            latest,
            due: told.due.clone(),
        })
    }

    /// True when its handling is late and that is not exempted.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        let handling = self.handling.as_ref();
        handling.is_some_and(|h| h.overdue && h.exempted_by.is_none())
    }
}

/// Every case that was begun by the end of the time, by its beginning. The cards count them
/// all: a case may have ended before the period in which it was due.
pub(super) fn review_cases(
    scope: &ReviewScope,
    inputs: &ReviewInputs<'_>,
    times: &TrustedTimes,
) -> Vec<CaseReview> {
    let mut cases: Vec<_> = inputs
        .cases
        .iter()
        .filter(|case| {
            let opened = case.opened.as_ref();
            opened.is_some_and(|opened| opened.at.ms < scope.to)
                && scope.wants_grid(case.grid().as_ref())
        })
        .collect();
    cases.sort_by_key(|case| (case.opened.as_ref().map(|o| o.at), case.case_id));
    cases
        .into_iter()
        .map(|case| {
            let mut told = review_case(case, scope.as_of, inputs.packs, times);
            if let Some(handling) = told.handling.as_mut().filter(|h| h.overdue) {
                let exemption = inputs
                    .decisions
                    .overtime_exemption(case.case_id, scope.as_of);
                // The fact stays, the statistics leave it out.
                if let Some(act) = exemption {
                    handling.exempted_by = Some(act.op.to_string());
                    handling.judged = Some(Judgement::Exempt);
                    handling.judgement = Some(Judgement::Exempt.as_str());
                }
            }
            told
        })
        .collect()
}

/// The cases that a review lists: those that had not ended before it.
pub(super) fn listed(scope: &ReviewScope, inputs: &ReviewInputs<'_>) -> BTreeSet<String> {
    let is_listed = |case: &&CaseState| {
        let is_over = matches!(case.phase.as_str(), "closed" | "declined" | "withdrawn");
        !is_over || case.updated.ms >= scope.from
    };
    let cases = inputs.cases.iter().filter(is_listed);
    cases.map(|case| case.case_id.to_string()).collect()
}

fn review_case(case: &CaseState, as_of: UtcMs, packs: &Packs, times: &TrustedTimes) -> CaseReview {
    let opened = case.opened.as_ref();
    let place = case
        .register(Field::Place)
        .and_then(|register| register.winner())
        .and_then(|version| match &version.value {
            FieldValue::Place(place) => place.position(),
            _ => None,
        });
    CaseReview {
        case_id: case.case_id.to_string(),
        number: case.number.clone(),
        phase: case.phase.as_str(),
        class: case.class().map(|class| class.to_string()),
        class_name: class_name(case, packs),
        grid: case.grid().map(|grid| grid.to_string()),
        place: place.map(|at| [at.lat_deg(), at.lon_deg()]),
        source: opened.map(|opened| opened.source.as_str()),
        reporter: opened
            .and_then(|opened| opened.person.as_ref())
            .map(ToString::to_string),
        department: case.department.as_ref().map(ToString::to_string),
        opened: opened.map(|opened| packs.local(opened.at.ms)),
        handling: handling_of(case, as_of, packs, times),
        photos: case
            .photos()
            .map(|of| (of.photo.hash.to_string(), of.photo.role.as_str()))
            .collect(),
    }
}

fn entries_of<'p>(case: &CaseState, packs: &'p Packs) -> Vec<&'p crate::model::duty::DutyEntry> {
    let pinned = case
        .opened
        .as_ref()
        .and_then(|opened| opened.duty_pin)
        .and_then(|pin| packs.duties.get(&pin));
    let (Some(list), Some(class)) = (pinned.or(packs.duties_now.as_ref()), case.class()) else {
        return Vec::new();
    };
    list.entries
        .iter()
        .filter(|entry| entry.class == class)
        .collect()
}

fn class_name(case: &CaseState, packs: &Packs) -> Option<String> {
    entries_of(case, packs)
        .first()
        .map(|entry| entry.name.clone())
}

/// What concerns the handling of a case, from its moves that took effect. The hub's and the
/// centre's moves count from the hub's stamp, a hand-back from when it was done.
fn steps_of(case: &CaseState, times: &TrustedTimes) -> Vec<HandlingEvent> {
    let moves = case.events.iter().filter_map(|event| {
        let stamped = TimeSpan::at(event.hub_time.unwrap_or(event.at.ms));
        let what = STEPS
            .iter()
            .find(|(action, _)| event.what == action.as_str())
            .map(|(_, step)| *step)?;
        let at = match what {
            Step::HandedBack => times.span_of(event),
            _ => stamped,
        };
        (event.outcome == Outcome::Effective).then_some(HandlingEvent { at, what })
    });
    moves.collect()
}

/// The moves that concern the handling.
const STEPS: [(Action, Step); 5] = [
    (Action::Dispatch, Step::Dispatched),
    (Action::Handle, Step::HandedBack),
    (Action::Rework, Step::Rework),
    (Action::Return, Step::Returned),
    (Action::Close, Step::Closed),
];

fn handling_of(
    case: &CaseState,
    as_of: UtcMs,
    packs: &Packs,
    times: &TrustedTimes,
) -> Option<Timeliness> {
    let steps = steps_of(case, times);
    let (dispatched, handed_back) = clock_of(&steps)?;
    let local = |at: UtcMs| packs.local(at);
    let mut told = Timeliness {
        limit: None,
        dispatched: local(dispatched),
        handed_back: handed_back.map(|back| local(back.latest())),
        span: handed_back
            .filter(|back| !back.is_instant())
            .map(|back| [local(back.earliest()), local(back.latest())]),
        due: None,
        lamp: None,
        overdue: false,
        judgement: None,
        extensions: 0,
        paused: Vec::new(),
        handed_back_by: handed_back.and_then(|_| handled_by(case)),
        due_at: None,
        judged: None,
        provisional: None,
        exempted_by: None,
    };
    // A class with several conditions has several limits, and the case does not say which
    // condition it is: only the latest deadline is certainly missed.
    let entries = entries_of(case, packs);
    let mut latest: Option<(Handling, &str)> = None;
    for entry in entries.iter().filter(|entry| !entry.limit.is_empty()) {
        let Ok(limit) = Limit::parse(&entry.limit) else {
            told.provisional = Some("limit_not_understood".to_owned());
            continue;
        };
        match handling(&packs.clock, &limit, &steps, as_of) {
            Ok(found) if latest.as_ref().is_none_or(|(l, _)| found.due > l.due) => {
                latest = Some((found, &entry.limit));
            }
            Ok(_) => {}
            Err(error) => told.provisional = Some(why_not(&error)),
        }
    }
    let Some((found, limit)) = latest else {
        told.provisional
            .get_or_insert_with(|| "no_limit".to_owned());
        return Some(told);
    };
    if let Some(missing) = &found.missing {
        told.provisional = Some(why_not(missing));
    }
    told.limit = Some(limit.to_owned());
    told.due = found.due.map(local);
    told.lamp = found.lamp.map(Lamp::as_str);
    told.extensions = found.extensions;
    told.paused = found
        .pauses
        .iter()
        .map(|paused| [local(paused.from), local(paused.to)])
        .collect();
    // One condition that cannot be decided yet leaves the whole undecided.
    if told.provisional.is_none() {
        told.overdue = matches!(found.judgement, Judgement::Late | Judgement::Exempt);
        told.judgement = Some(found.judgement.as_str());
        told.judged = Some(found.judgement);
        told.due_at = found.due;
    }
    Some(told)
}

fn handled_by(case: &CaseState) -> Option<String> {
    let is_hand_back = |event: &&Event| {
        event.what == Action::Handle.as_str() && event.outcome == Outcome::Effective
    };
    let last = case.events.iter().rev().find(is_hand_back)?;
    last.person.as_ref().map(ToString::to_string)
}

/// When the assignment that counts was dispatched, and when it was handed back.
fn clock_of(steps: &[HandlingEvent]) -> Option<(UtcMs, Option<TimeSpan>)> {
    let mut clock = None;
    for step in steps {
        match (step.what, &mut clock) {
            (Step::Dispatched, None) => clock = Some((step.at.latest(), None)),
            (Step::HandedBack, Some((_, back))) => *back = Some(step.at),
            (Step::Rework, Some((_, back))) => *back = None,
            (Step::Returned, _) => clock = None,
            _ => {}
        }
    }
    clock
}

fn why_not(error: &DeadlineError) -> String {
    match error {
        DeadlineError::NotCovered(missing) => format!("calendar_missing {}", missing.year),
        other => other.to_string(),
    }
}
