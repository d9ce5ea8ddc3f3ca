//! The clock of one case's handling (处置): from the hub's dispatch to the department's
//! hand-back, with what moves the deadline on the way, and what is to be said of it.
//!
//! A pure fold over what happened. What a rule does not allow changes nothing and is listed
//! with its reason: an extension or a suspension once the case is overdue, a third extension,
//! a second suspension, an appeal where nothing was late. Extensions and the suspension belong
//! to the assignment: a return voids its clock, and the next dispatch starts a full limit with
//! all of its rights.
//!
//! A hand-back is an interval where its time is not known better. Then the pause that a rework
//! ends is one too, and so is the deadline: the case is on time when the latest hand-back meets
//! the earliest deadline, late when the earliest hand-back misses the latest deadline, and
//! undecided between them.
//!
//! Source: DOMAIN "The clock", "Which time counts".

mod words;

pub use words::{HandlingEvent, HandlingState, Ignored, Judgement, Step};

use super::clock::WorkingClock;
use super::deadline::{DeadlineError, Lamp, Pause};
use super::limit::Limit;
use crate::model::time::{TimeSpan, UtcMs};

/// The most extensions that one assignment gets.
pub const MAX_EXTENSIONS: u8 = 2;

/// Time that did not count, at its longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PausedTime {
    /// From here.
    pub from: UtcMs,
    /// To here; of a suspension that goes on, where it ends by itself.
    pub to: UtcMs,
    /// `rework` or `suspension`.
    pub why: &'static str,
}

/// The clock of a handling, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handling {
    /// Where it stands.
    pub state: HandlingState,
    /// When the assignment that counts was dispatched.
    pub start: Option<UtcMs>,
    /// The latest instant that may be on time; nothing without a clock.
    pub due: Option<UtcMs>,
    /// The latest instant that certainly is on time; `due`, but where a pause is an interval.
    pub due_earliest: Option<UtcMs>,
    /// The limit with its extensions, in milliseconds of its own clock.
    pub limit_ms: Option<u64>,
    /// Extensions that were approved.
    pub extensions: u8,
    /// Time that did not count, in order.
    pub pauses: Vec<PausedTime>,
    /// When it was handed back.
    pub handed_back: Option<TimeSpan>,
    /// The lamp at the hand-back, or at the time of the question.
    pub lamp: Option<Lamp>,
    /// What is to be said of it.
    pub judgement: Judgement,
    /// Why, as a key: `handed_back_by_due`, `handed_back_after_due`, `open_after_due`,
    /// `open_before_due`, `hand_back_straddles_due`, `appeal_upheld`, `suspended`,
    /// `not_dispatched`.
    pub why: &'static str,
    /// The calendar that an open suspension reaches beyond: its deadline is not known yet.
    pub missing: Option<DeadlineError>,
    /// Steps that changed nothing, by their place in the events, and why.
    pub ignored: Vec<(usize, Ignored)>,
}

/// Folds what happened, in the hub's order, and looks at it `as_of`.
///
/// # Errors
/// [`DeadlineError`] when the calendar does not reach, other than beyond the end of a
/// suspension that goes on.
pub fn handling(
    clock: &WorkingClock,
    limit: &Limit,
    events: &[HandlingEvent],
    as_of: UtcMs,
) -> Result<Handling, DeadlineError> {
    let mut fold = Fold {
        clock,
        limit,
        assignment: None,
        is_closed: false,
        appeal: None,
        ignored: Vec::new(),
    };
    for (index, event) in events.iter().enumerate() {
        if let Some(why) = fold.take(event)? {
            fold.ignored.push((index, why));
        }
    }
    fold.told(as_of)
}

/// A pause whose beginning may be an interval.
#[derive(Debug, Clone, Copy)]
struct Paused {
    longest: Pause,
    shortest: Pause,
    why: &'static str,
}

/// What one department has to do, from its dispatch on.
#[derive(Debug, Clone)]
struct Assignment {
    start: UtcMs,
    extensions: u8,
    pauses: Vec<Paused>,
    /// The place of the suspension among the pauses.
    suspension: Option<usize>,
    handed_back: Option<TimeSpan>,
}

/// The deadline, at the earliest and at the latest.
#[derive(Debug, Clone, Copy)]
struct Due {
    earliest: UtcMs,
    latest: UtcMs,
    limit_ms: u64,
}

struct Fold<'a> {
    clock: &'a WorkingClock,
    limit: &'a Limit,
    assignment: Option<Assignment>,
    is_closed: bool,
    /// Whether the one appeal was upheld.
    appeal: Option<bool>,
    ignored: Vec<(usize, Ignored)>,
}

impl Fold<'_> {
    /// Takes a step, or says why it changes nothing.
    fn take(&mut self, event: &HandlingEvent) -> Result<Option<Ignored>, DeadlineError> {
        if matches!(event.what, Step::AppealUpheld | Step::AppealDismissed) {
            return self.appeal(event.what == Step::AppealUpheld);
        }
        if event.what == Step::ExtensionRefused {
            return Ok(Some(Ignored::Refused));
        }
        if self.is_closed {
            return Ok(Some(Ignored::AlreadyClosed));
        }
        let Some(mut own) = self.assignment.take() else {
            if event.what != Step::Dispatched {
                return Ok(Some(Ignored::NotDispatched));
            }
            self.assignment = Some(Assignment::from(event.at.latest()));
            return Ok(None);
        };
        let taken = self.take_assigned(&mut own, event);
        let is_void = event.what == Step::Returned && taken == Ok(None);
        self.assignment = (!is_void).then_some(own);
        taken
    }

    fn take_assigned(
        &mut self,
        own: &mut Assignment,
        event: &HandlingEvent,
    ) -> Result<Option<Ignored>, DeadlineError> {
        let (at, is_back) = (event.at, own.handed_back.is_some());
        let refused = match event.what {
            Step::Dispatched => Some(Ignored::AlreadyDispatched),
            Step::Rework | Step::Closed if !is_back => Some(Ignored::NotHandedBack),
            Step::Rework => {
                own.rework(at.latest());
                None
            }
            Step::Closed => {
                self.is_closed = true;
                None
            }
            _ if is_back => Some(Ignored::AlreadyHandedBack),
            Step::HandedBack => {
                own.hand_back(at);
                None
            }
            Step::ExtensionApproved if own.extensions >= MAX_EXTENSIONS => {
                Some(Ignored::TwoExtensionsBefore)
            }
            Step::Suspended { .. } if own.suspension.is_some() => Some(Ignored::SuspendedBefore),
            Step::ExtensionApproved | Step::Suspended { .. } if self.is_overdue(own, at)? => {
                Some(Ignored::Overdue)
            }
            Step::ExtensionApproved => {
                own.extensions += 1;
                None
            }
            Step::Suspended { until } => {
                let from = at.latest().max(own.start);
                let last = self.clock.a_year_after(from);
                own.suspend(from, until.unwrap_or(last).min(last));
                until
                    .filter(|until| *until > last)
                    .map(|_| Ignored::CutToAYear)
            }
            Step::Resumed => (!own.resume(at.earliest())).then_some(Ignored::NotSuspended),
            // Its caller drops the assignment; the rest was answered before.
            Step::Returned
            | Step::ExtensionRefused
            | Step::AppealUpheld
            | Step::AppealDismissed => None,
        };
        Ok(refused)
    }

    fn appeal(&mut self, is_upheld: bool) -> Result<Option<Ignored>, DeadlineError> {
        let own = match &self.assignment {
            Some(own) if self.is_closed => own,
            _ => return Ok(Some(Ignored::NotClosed)),
        };
        if self.appeal.is_some() {
            return Ok(Some(Ignored::AppealedBefore));
        }
        let due = self.due(own)?;
        if own
            .handed_back
            .is_none_or(|back| back.earliest() <= due.latest)
        {
            return Ok(Some(Ignored::NotLate));
        }
        self.appeal = Some(is_upheld);
        Ok(None)
    }

    /// True when the deadline had certainly passed.
    fn is_overdue(&self, own: &Assignment, at: TimeSpan) -> Result<bool, DeadlineError> {
        // A case whose clock stands is not overdue, and where its suspension ends may lie
        // beyond the calendar.
        if own.is_suspended_at(at.earliest()) {
            return Ok(false);
        }
        Ok(at.earliest() > self.due(own)?.latest)
    }

    fn due(&self, own: &Assignment) -> Result<Due, DeadlineError> {
        let add = |pauses: Vec<Pause>| {
            let times = own.extensions + 1;
            self.clock
                .add_extended(own.start, self.limit, times, &pauses)
        };
        let longest = add(own.pauses.iter().map(|paused| paused.longest).collect())?;
        let is_known = own
            .pauses
            .iter()
            .all(|paused| paused.longest == paused.shortest);
        let earliest = if is_known {
            longest.due
        } else {
            add(own.pauses.iter().map(|paused| paused.shortest).collect())?.due
        };
        Ok(Due {
            earliest,
            latest: longest.due,
            limit_ms: longest.limit_ms,
        })
    }

    fn told(self, as_of: UtcMs) -> Result<Handling, DeadlineError> {
        let Some(own) = &self.assignment else {
            return Ok(self.without_a_clock());
        };
        let is_suspended = own.handed_back.is_none() && own.is_suspended_at(as_of);
        let (due, missing) = match self.due(own) {
            Ok(due) => (Some(due), None),
            Err(error) if is_suspended => (None, Some(error)),
            Err(error) => return Err(error),
        };
        let (judgement, why) = self.judgement(own, due, is_suspended, as_of);
        let pauses: Vec<_> = own.pauses.iter().map(|paused| paused.longest).collect();
        let seen_at = own.handed_back.map_or(as_of, TimeSpan::earliest);
        let times = own.extensions + 1;
        let lamp = match self
            .clock
            .lamp_extended(own.start, self.limit, times, &pauses, seen_at)
        {
            // Beyond the deadline and the calendar both, it is red on every calendar.
            Err(_) if due.is_some_and(|due| seen_at > due.latest) => Lamp::Red,
            lamp => lamp?,
        };
        let state = match own.handed_back {
            _ if self.is_closed => HandlingState::Closed,
            Some(_) => HandlingState::HandedBack,
            None if is_suspended => HandlingState::Suspended,
            None => HandlingState::Running,
        };
        let paused = own
            .pauses
            .iter()
            .filter(|paused| paused.longest.from < paused.longest.to);
        Ok(Handling {
            state,
            start: Some(own.start),
            due: due.map(|due| due.latest),
            due_earliest: due.map(|due| due.earliest),
            limit_ms: due.map(|due| due.limit_ms),
            extensions: own.extensions,
            pauses: paused
                .map(|paused| PausedTime {
                    from: paused.longest.from,
                    to: paused.longest.to,
                    why: paused.why,
                })
                .collect(),
            handed_back: own.handed_back,
            lamp: Some(lamp),
            judgement,
            why,
            missing,
            ignored: self.ignored,
        })
    }

    fn judgement(
        &self,
        own: &Assignment,
        due: Option<Due>,
        is_suspended: bool,
        as_of: UtcMs,
    ) -> (Judgement, &'static str) {
        let due = match due {
            _ if is_suspended => return (Judgement::NotDueYet, "suspended"),
            Some(due) => due,
            None => return (Judgement::NotDueYet, "suspended"),
        };
        match own.handed_back {
            Some(_) if self.appeal == Some(true) => (Judgement::Exempt, "appeal_upheld"),
            Some(back) if back.latest() <= due.earliest => {
                (Judgement::OnTime, "handed_back_by_due")
            }
            Some(back) if back.earliest() > due.latest => {
                (Judgement::Late, "handed_back_after_due")
            }
            Some(_) => (Judgement::Undecided, "hand_back_straddles_due"),
            None if as_of > due.latest => (Judgement::Late, "open_after_due"),
            None => (Judgement::NotDueYet, "open_before_due"),
        }
    }

    fn without_a_clock(self) -> Handling {
        Handling {
            state: HandlingState::NotDispatched,
            start: None,
            due: None,
            due_earliest: None,
            limit_ms: None,
            extensions: 0,
            pauses: Vec::new(),
            handed_back: None,
            lamp: None,
            judgement: Judgement::NotDueYet,
            why: "not_dispatched",
            missing: None,
            ignored: self.ignored,
        }
    }
}

impl Assignment {
    fn from(start: UtcMs) -> Self {
        Self {
            start,
            extensions: 0,
            pauses: Vec::new(),
            suspension: None,
            handed_back: None,
        }
    }

    /// A hand-back follows the dispatch that it answers, and ends a suspension.
    fn hand_back(&mut self, at: TimeSpan) {
        let (earliest, latest) = (at.earliest().max(self.start), at.latest().max(self.start));
        self.handed_back = TimeSpan::try_new(earliest, latest);
        // Also one that the hub took up before it had the hand-back, and that began after it.
        if let Some(paused) = self.suspension.and_then(|index| self.pauses.get_mut(index)) {
            let to = paused.longest.to.min(latest).max(paused.longest.from);
            (paused.longest.to, paused.shortest.to) = (to, to);
        }
    }

    fn rework(&mut self, until: UtcMs) {
        let Some(back) = self.handed_back.take() else {
            return;
        };
        let pause = |from: UtcMs| Pause {
            from,
            to: until.max(from),
        };
        self.pauses.push(Paused {
            longest: pause(back.earliest()),
            shortest: pause(back.latest()),
            why: "rework",
        });
    }

    fn suspend(&mut self, from: UtcMs, until: UtcMs) {
        let pause = Pause {
            from,
            to: until.max(from),
        };
        self.suspension = Some(self.pauses.len());
        self.pauses.push(Paused {
            longest: pause,
            shortest: pause,
            why: "suspension",
        });
    }

    fn is_suspended_at(&self, at: UtcMs) -> bool {
        self.suspension
            .and_then(|index| self.pauses.get(index))
            .is_some_and(|paused| paused.longest.from <= at && at < paused.longest.to)
    }

    /// Ends the suspension; false when none lasts then.
    fn resume(&mut self, at: UtcMs) -> bool {
        let is_suspended = self.is_suspended_at(at);
        let paused = self.suspension.and_then(|index| self.pauses.get_mut(index));
        match paused {
            Some(paused) if is_suspended => {
                paused.longest.to = at;
                paused.shortest.to = at;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
