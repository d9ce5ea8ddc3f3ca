//! The review of a time: for each shift what was walked, attended, done and how well, with
//! the verdict and everything that it rests on; for each case whether it was in time.
//!
//! A review is a function of the log and of the packs in force: a phone and a hub that hold
//! the same come to the same. Nothing in it is stored; each score names its counts, each
//! count its cases, each missed stretch its reason, and the whole the hash of its inputs.

mod cases;
mod decided;
mod inputs;
mod period;
mod reports;
mod shift;

use serde::Serialize;

pub use cases::{CaseReview, Timeliness};
pub use decided::ExemptedInReview;
pub(crate) use inputs::packs_of;
pub use inputs::{Gathered, Packs, ReviewInputs, earliest_start, gather};
pub use period::{PeriodVerdict, period_verdict};
pub use shift::{PatrolReview, RouteGeometry, ShiftReview};

use crate::model::grid::GridCode;
use crate::model::identifiers::{Hash, PersonId, RouteCode};
use crate::model::time::UtcMs;
use crate::oplog::sign::hash_of;
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
        self.grid.as_ref().is_none_or(|beginning| {
            grid.is_some_and(|grid| grid.as_str().starts_with(beginning.as_str()))
        })
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
    /// Shifts that nobody worked.
    pub vacancies: Vec<Vacancy>,
    /// The cases that were opened, changed or open in the time, by their beginning.
    pub cases: Vec<CaseReview>,
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
}

/// Reviews a time.
#[must_use]
pub fn review(scope: &ReviewScope, inputs: &ReviewInputs<'_>) -> Review {
    let local = |at: UtcMs| inputs.packs.local(at);
    let cases = cases::review_cases(scope, inputs);
    let totals = Totals {
        cases: cases.len(),
        filed: cases.iter().filter(|c| c.number.is_some()).count(),
        closed: cases.iter().filter(|c| c.phase == "closed").count(),
        overdue: cases.iter().filter(|c| c.is_overdue()).count(),
    };
    let mut shifts = Vec::new();
    let mut vacancies = Vec::new();
    let roster = inputs.packs.roster.as_deref();
    let planned = roster
        .into_iter()
        .flat_map(|roster| roster.shifts_between(scope.from, scope.to));
    for planned in planned {
        let is_wanted = scope
            .person
            .as_ref()
            .is_none_or(|person| planned.worked_by() == Some(person) || planned.person == *person)
            && scope
                .route
                .as_ref()
                .is_none_or(|route| planned.route.as_ref() == Some(route))
            && (scope.grid.is_none() || planned.grids.iter().any(|g| scope.wants_grid(Some(g))));
        if !is_wanted {
            continue;
        }
        match planned.worked_by() {
            Some(_) => shifts.push(shift::review_shift(scope, inputs, planned)),
            None => vacancies.push(Vacancy {
                person: planned.person.to_string(),
                slot: planned.slot.clone(),
                from: local(planned.from),
                leave: planned.leave.clone().unwrap_or_default(),
            }),
        }
    }
    shifts.sort_by(|a, b| (a.from_ms, &a.person).cmp(&(b.from_ms, &b.person)));
    Review {
        schema: SCHEMA,
        zone: inputs.zone.to_string(),
        from: local(scope.from),
        to: local(scope.to),
        as_of: local(scope.as_of),
        policy: inputs.packs.policy.version.clone(),
        packs: inputs.packs.names(),
        shifts,
        vacancies,
        cases,
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
