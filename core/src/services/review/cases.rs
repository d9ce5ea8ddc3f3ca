//! Cases in a review: where each stands, by when it was to be handed back, and whether it was.
//!
//! Handling runs from the hub's dispatch to the department's hand-back, by the time at which
//! it was done. A return voids the clock, the next dispatch starts a full limit; after a
//! rework the remainder goes on.

use serde::Serialize;

use super::ReviewScope;
use super::inputs::{Packs, ReviewInputs};
use crate::model::case::Field;
use crate::model::time::UtcMs;
use crate::model::workflow::Action;
use crate::oplog::fold::{CaseState, Event, Outcome};
use crate::oplog::merge::FieldValue;
use crate::rules::deadline::{Deadline, DeadlineError, Lamp, Pause};
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
    /// When it was handed back.
    pub handed_back: Option<String>,
    /// By when it was due.
    pub due: Option<String>,
    /// `green` to 80 % of the limit, `yellow` to 100 %, `red` beyond.
    pub lamp: Option<&'static str>,
    /// True when it was handed back late, or is late and still open.
    pub overdue: bool,
    /// Why there is no deadline yet: `no_limit`, `limit_not_understood`, or
    /// `calendar_missing` with the year; the deadline is then provisional.
    pub provisional: Option<String>,
    /// The exemption of its overtime: the fact stays, the statistics leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempted_by: Option<String>,
}

impl CaseReview {
    /// True when its handling is late and that is not exempted.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        let handling = self.handling.as_ref();
        handling.is_some_and(|h| h.overdue && h.exempted_by.is_none())
    }
}

/// The cases of a review, by their beginning.
pub(super) fn review_cases(scope: &ReviewScope, inputs: &ReviewInputs<'_>) -> Vec<CaseReview> {
    let mut cases: Vec<_> = inputs
        .cases
        .iter()
        .filter(|case| is_in_scope(case, scope))
        .collect();
    cases.sort_by_key(|case| (case.opened.as_ref().map(|o| o.at), case.case_id));
    cases
        .into_iter()
        .map(|case| {
            let mut told = review_case(case, scope.as_of, inputs.packs);
            if let Some(handling) = told.handling.as_mut().filter(|h| h.overdue) {
                let exemption = inputs
                    .decisions
                    .overtime_exemption(case.case_id, scope.as_of);
                handling.exempted_by = exemption.map(|act| act.op.to_string());
            }
            told
        })
        .collect()
}

/// True for a case that was begun by the end of the time and had not ended before it.
fn is_in_scope(case: &CaseState, scope: &ReviewScope) -> bool {
    let Some(opened) = &case.opened else {
        return false;
    };
    let is_over = matches!(case.phase.as_str(), "closed" | "declined" | "withdrawn");
    opened.at.ms < scope.to
        && (!is_over || case.updated.ms >= scope.from)
        && scope.wants_grid(case.grid().as_ref())
}

fn review_case(case: &CaseState, as_of: UtcMs, packs: &Packs) -> CaseReview {
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
        handling: handling_of(case, as_of, packs),
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

/// What counts of a case's handling, from its moves that took effect.
#[derive(Debug, Default)]
struct Handling {
    dispatched: Option<UtcMs>,
    handed_back: Option<UtcMs>,
    pauses: Vec<Pause>,
}

impl Handling {
    fn of(case: &CaseState) -> Self {
        let mut handling = Self::default();
        for event in &case.events {
            if event.outcome == Outcome::Effective {
                handling.take(event);
            }
        }
        handling
    }

    fn take(&mut self, event: &Event) {
        let stamped = event.hub_time.unwrap_or(event.at.ms);
        let is = |action: Action| event.what == action.as_str();
        if is(Action::Dispatch) {
            *self = Self {
                dispatched: Some(stamped),
                ..Self::default()
            };
        } else if is(Action::Handle) {
            self.handed_back = Some(event.at.ms);
        } else if is(Action::Rework) {
            let back = self.handed_back.take();
            self.pauses
                .extend(back.and_then(|from| Pause::try_new(from, stamped.max(from)).ok()));
        } else if is(Action::Return) {
            *self = Self::default();
        }
    }
}

fn handling_of(case: &CaseState, as_of: UtcMs, packs: &Packs) -> Option<Timeliness> {
    let handling = Handling::of(case);
    let dispatched = handling.dispatched?;
    let entries = entries_of(case, packs);
    let mut told = Timeliness {
        limit: None,
        dispatched: packs.local(dispatched),
        handed_back: handling.handed_back.map(|at| packs.local(at)),
        due: None,
        lamp: None,
        overdue: false,
        provisional: None,
        exempted_by: None,
    };
    // A class with several conditions has several limits, and the case does not say which
    // condition it is: only the latest deadline is certainly missed.
    let mut latest: Option<(Deadline, &str)> = None;
    for entry in entries.iter().filter(|entry| !entry.limit.is_empty()) {
        let Ok(limit) = Limit::parse(&entry.limit) else {
            told.provisional = Some("limit_not_understood".to_owned());
            continue;
        };
        match packs
            .clock
            .add_with_pauses(dispatched, &limit, &handling.pauses)
        {
            Ok(deadline) if latest.as_ref().is_none_or(|(l, _)| deadline.due > l.due) => {
                latest = Some((deadline, &entry.limit));
            }
            Ok(_) => {}
            Err(error) => told.provisional = Some(why_not(&error)),
        }
    }
    let Some((deadline, limit)) = latest else {
        told.provisional
            .get_or_insert_with(|| "no_limit".to_owned());
        return Some(told);
    };
    let until = handling.handed_back.unwrap_or(as_of);
    told.limit = Some(limit.to_owned());
    told.due = Some(packs.local(deadline.due));
    // One condition that cannot be decided yet leaves the whole undecided.
    told.overdue = told.provisional.is_none() && !deadline.is_met_at(until);
    told.lamp = lamp_of(packs, &deadline, limit, &handling, until);
    Some(told)
}

fn lamp_of(
    packs: &Packs,
    deadline: &Deadline,
    limit: &str,
    handling: &Handling,
    until: UtcMs,
) -> Option<&'static str> {
    let limit = Limit::parse(limit).ok()?;
    let lamp = packs
        .clock
        .lamp(deadline.start, &limit, &handling.pauses, until)
        .ok()?;
    Some(match lamp {
        Lamp::Green => "green",
        Lamp::Yellow => "yellow",
        Lamp::Red => "red",
    })
}

fn why_not(error: &DeadlineError) -> String {
    match error {
        DeadlineError::NotCovered(missing) => format!("calendar_missing {}", missing.year),
        other => other.to_string(),
    }
}
