//! The review of a time: for each shift what was walked, attended, done and how well, with
//! the verdict and everything that it rests on; for each case whether it was in time.
//!
//! A review is a function of the log and of the packs in force: a phone and a hub that hold
//! the same come to the same. Nothing in it is stored; each score names its counts, each
//! count its cases, each missed stretch its reason, and the whole the hash of its inputs.

mod cases;
mod decided;
mod explain;
mod inputs;
mod period;
mod repeated;
mod reports;
mod scorecards;
mod shift;
mod staffing;
mod windows;

use serde::Serialize;

pub use cases::{CaseReview, Timeliness};
pub use decided::ExemptedInReview;
pub(crate) use inputs::packs_of;
pub use inputs::{Gathered, Packs, ReviewInputs, earliest_start, gather, latest_start};
pub use period::{PeriodVerdict, PersonReview, period_verdict};
pub use reports::Credited;
pub use scorecards::SubjectCard;
pub use shift::{PatrolReview, RouteGeometry, ShiftReview};
pub use staffing::{
    CellVacancy, NeverPlanned, PersonFix, PlannedSlot, StaffingReview, VacancyReason,
};

use crate::geo::plausibility::PlausibilityLimits;
use crate::model::grid::GridCode;
use crate::model::identifiers::{Hash, PersonId, RouteCode};
use crate::model::time::UtcMs;
use crate::oplog::sign::hash_of;
use crate::oplog::trusted_time::TrustedTimes;
use crate::rules::roster::Shift;
use crate::services::ServiceError;

/// The version of the review's JSON.
pub const SCHEMA: &str = "bading/review/1";
/// The longest time that one review looks at: a year and a day.
pub const MAX_SPAN_MS: u64 = 367 * 24 * 60 * 60 * 1000;

/// What a review looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewScope {
    /// Its beginning.
    pub from: UtcMs,
    /// Its end, no longer part of it.
    pub to: UtcMs,
    /// When it is made: what was still open then is so in it.
    pub as_of: UtcMs,
    /// Only shifts of this person.
    pub person: Option<PersonId>,
    /// Only shifts and cases whose cell's code begins so.
    pub grid: Option<GridCode>,
    /// Only shifts on this route.
    pub route: Option<RouteCode>,
}

impl ReviewScope {
    /// Everything in a time.
    ///
    /// # Errors
    /// [`ServiceError::ReviewSpan`] for a time that ends before it begins or is too long.
    pub fn try_new(from: UtcMs, to: UtcMs, as_of: UtcMs) -> Result<Self, ServiceError> {
        if to <= from || to.0 - from.0 > MAX_SPAN_MS {
            return Err(ServiceError::ReviewSpan);
        }
        Ok(Self {
            from,
            to,
            as_of,
            person: None,
            grid: None,
            route: None,
        })
    }

    fn wants_grid(&self, grid: Option<&GridCode>) -> bool {
        self.grid.is_none() || grid.is_some_and(|grid| self.wants_code(grid.as_str()))
    }

    fn wants_code(&self, code: &str) -> bool {
        let beginning = self.grid.as_ref();
        beginning.is_none_or(|beginning| code.starts_with(beginning.as_str()))
    }

    /// True for a shift of the person (planned or worked), on the route, in the cells.
    fn wants_shift(&self, shift: &Shift) -> bool {
        let is_theirs =
            |person: &PersonId| shift.worked_by() == Some(person) || shift.person == *person;
        self.person.as_ref().is_none_or(is_theirs)
            && self
                .route
                .as_ref()
                .is_none_or(|route| shift.route.as_ref() == Some(route))
            && (self.grid.is_none() || shift.grids.iter().any(|g| self.wants_grid(Some(g))))
    }
}

/// What happened in a time, judged by a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Review {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The zone.
    pub zone: String,
    /// The beginning, in the city's time.
    pub from: String,
    /// The end.
    pub to: String,
    /// When it is made.
    pub as_of: String,
    /// The version of the policy.
    pub policy: String,
    /// The packs in force, by their kind.
    pub packs: std::collections::BTreeMap<&'static str, String>,
    /// The shifts, by their beginning, then by person.
    pub shifts: Vec<ShiftReview>,
    /// The shifts of each person summed and judged once, by person.
    pub people: Vec<PersonReview>,
    /// The cards of departments, cells and the centre's seats, counted from the cases.
    pub scorecards: Vec<SubjectCard>,
    /// Shifts that nobody worked.
    pub vacancies: Vec<Vacancy>,
    /// Whether every cell has somebody in every slot.
    pub staffing: StaffingReview,
    /// The cases that were opened, changed or open in the time, by their beginning.
    pub cases: Vec<CaseReview>,
    /// Acts that may have been in time or late: they count nowhere, a supervisor looks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
    /// How many of the cases there are, and how many are late.
    pub totals: Totals,
}

impl Review {
    /// The review as its JSON text, [`SCHEMA`], on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("every key of a review is a text")
    }
}

/// A shift that nobody worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vacancy {
    /// Whose shift it was.
    pub person: String,
    /// The slot.
    pub slot: String,
    /// Its beginning, in the city's time.
    pub from: String,
    /// Why its person was not there.
    pub leave: String,
}

/// An act whose time is not known well enough to say on which side of its limit it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undecided {
    /// The case.
    pub case_id: String,
    /// The action's key.
    pub what: &'static str,
    /// Who did it, where known.
    pub person: Option<String>,
    /// Not before, in the city's time.
    pub earliest: String,
    /// Not after.
    pub latest: String,
    /// By when it was due; where that is an interval too, its end.
    pub due: Option<String>,
}

/// Counts over the cases of a review.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// The cases listed.
    pub cases: usize,
    /// With an official number.
    pub filed: usize,
    /// Closed.
    pub closed: usize,
    /// Not handed back, or handed back after the deadline.
    pub overdue: usize,
    /// Acts of which it is not known on which side of their limit they were: they do not
    /// count, and a supervisor looks at them.
    pub undecided: usize,
}

/// Reviews a time.
#[must_use]
pub fn review(scope: &ReviewScope, inputs: &ReviewInputs<'_>) -> Review {
    let local = |at: UtcMs| inputs.packs.local(at);
    let times = TrustedTimes::of_states(&inputs.cases, &inputs.patrols);
    let all = cases::review_cases(scope, inputs, &times);
    let mut shifts: Vec<ShiftReview> = Vec::new();
    let mut vacancies = Vec::new();
    let roster = inputs.packs.roster.as_deref();
    let repeats = repeated::repeats(inputs, &PlausibilityLimits::default());
    let planned = roster
        .into_iter()
        .flat_map(|roster| roster.shifts_between(scope.from, scope.to))
        // A shift over midnight belongs to the day on which it begins, as a whole: each counts
        // in one period, and in one only.
        .filter(|shift| scope.from <= shift.from && shift.from < scope.to);
    for planned in planned {
        if !scope.wants_shift(planned) {
            continue;
        }
        match planned.worked_by() {
            Some(_) => shifts.push(shift::review_shift(
                scope,
                inputs,
                (&times, &repeats),
                planned,
            )),
            None => vacancies.push(Vacancy {
                person: planned.person.to_string(),
                slot: planned.slot.clone(),
                from: local(planned.from),
                leave: planned.leave.clone().unwrap_or_default(),
            }),
        }
    }
    let listed = cases::listed(scope, inputs);
    let mut cases = all.clone();
    cases.retain(|case| listed.contains(&case.case_id));
    let hand_backs = cases.iter().filter_map(CaseReview::undecided);
    let answers = shifts.iter().flat_map(|shift| shift.undecided.clone());
    let undecided: Vec<_> = hand_backs.chain(answers).collect();
    let totals = Totals {
        cases: cases.len(),
        filed: cases.iter().filter(|c| c.number.is_some()).count(),
        closed: cases.iter().filter(|c| c.phase == "closed").count(),
        overdue: cases.iter().filter(|c| c.is_overdue()).count(),
        undecided: undecided.len(),
    };
    shifts.sort_by(|a, b| (a.from_ms, &a.person).cmp(&(b.from_ms, &b.person)));
    let policy = &inputs.packs.policy;
    let mut people = period::people(&shifts, policy);
    let mut scorecards = scorecards::cards(scope, inputs, &all);
    for shift in &mut shifts {
        shift.explanation = explain::shift(shift, inputs.packs);
        explain::with_operations(&mut shift.explanation, inputs);
    }
    for person in &mut people {
        explain::with_operations(&mut person.explanation, inputs);
    }
    for card in &mut scorecards {
        explain::with_operations(&mut card.explanation, inputs);
    }
    Review {
        schema: SCHEMA,
        zone: inputs.zone.to_string(),
        from: local(scope.from),
        to: local(scope.to),
        as_of: local(scope.as_of),
        policy: inputs.packs.policy.version.clone(),
        packs: inputs.packs.names(),
        shifts,
        people,
        scorecards,
        vacancies,
        staffing: staffing::staffing_of(scope, inputs.packs),
        cases,
        undecided,
        totals,
    }
}

/// A hash over names, each on a line of its own.
fn hash_of_names(names: impl IntoIterator<Item = String>) -> Hash {
    let mut text = String::new();
    for name in names {
        text.push_str(&name);
        text.push('\n');
    }
    hash_of(text.as_bytes())
}
