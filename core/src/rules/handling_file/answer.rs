//! The answer to a case's handling as JSON.

use serde::Serialize;

use super::HandlingCase;
use crate::model::time::{TimeSpan, UtcMs};
use crate::rules::clock::WorkingClock;
use crate::rules::deadline::Lamp;
use crate::rules::handling::{Handling, PausedTime};

/// The answer as JSON; times are the city's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandlingAnswer {
    /// The limit's words.
    pub limit: String,
    /// Where the case stands on this clock.
    pub state: &'static str,
    /// When the assignment that counts was dispatched.
    pub start: Option<String>,
    /// The latest instant that may be on time.
    pub due: Option<String>,
    /// The latest instant that certainly is, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_earliest: Option<String>,
    /// The limit with its extensions, in milliseconds of its own clock.
    pub limit_ms: Option<u64>,
    /// Extensions that were approved.
    pub extensions: u8,
    /// Time that did not count.
    pub pauses: Vec<PauseAnswer>,
    /// When it was handed back.
    pub handed_back: Option<SpanAnswer>,
    /// When this was asked.
    pub as_of: String,
    /// `green`, `yellow` or `red`.
    pub lamp: Option<&'static str>,
    /// `not_due_yet`, `on_time`, `late`, `undecided` or `exempt`.
    pub judgement: &'static str,
    /// Why, as a key.
    pub why: &'static str,
    /// What is missing for a deadline, where an open suspension reaches beyond the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisional: Option<String>,
    /// Events that changed nothing.
    pub ignored: Vec<IgnoredAnswer>,
}

/// Time that did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauseAnswer {
    /// From here.
    pub from: String,
    /// To here.
    pub to: String,
    /// `rework` or `suspension`.
    pub why: &'static str,
}

/// When something was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SpanAnswer {
    /// At an instant.
    At {
        /// The instant.
        at: String,
    },
    /// Between two.
    Between {
        /// Not before.
        earliest: String,
        /// Not after.
        latest: String,
    },
}

impl SpanAnswer {
    fn new(span: TimeSpan, local: impl Fn(UtcMs) -> String) -> Self {
        let (earliest, latest) = (local(span.earliest()), local(span.latest()));
        if span.is_instant() {
            return Self::At { at: earliest };
        }
        Self::Between { earliest, latest }
    }
}

/// An event that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IgnoredAnswer {
    /// Its place in the file, from 0.
    pub event: usize,
    /// What it was.
    pub what: &'static str,
    /// Why, as a key.
    pub why: &'static str,
}

impl HandlingCase {
    pub(super) fn answer(&self, found: &Handling, clock: &WorkingClock) -> HandlingAnswer {
        let local = |at: UtcMs| clock.to_local_rfc3339(at);
        let due_earliest = found.due_earliest.filter(|at| Some(*at) != found.due);
        let ignored = found.ignored.iter().filter_map(|(at, why)| {
            let (event, happened) = self.events.get(*at)?;
            Some(IgnoredAnswer {
                event: *event,
                what: happened.what.as_str(),
                why: why.as_str(),
            })
        });
        HandlingAnswer {
            limit: self.limit.wording().to_owned(),
            state: found.state.as_str(),
            start: found.start.map(local),
            due: found.due.map(local),
            due_earliest: due_earliest.map(local),
            limit_ms: found.limit_ms,
            extensions: found.extensions,
            pauses: found
                .pauses
                .iter()
                .map(|PausedTime { from, to, why }| PauseAnswer {
                    from: local(*from),
                    to: local(*to),
                    why,
                })
                .collect(),
            handed_back: found.handed_back.map(|back| SpanAnswer::new(back, local)),
            as_of: local(self.as_of),
            lamp: found.lamp.map(Lamp::as_str),
            judgement: found.judgement.as_str(),
            why: found.why,
            provisional: found.missing.as_ref().map(ToString::to_string),
            ignored: ignored.collect(),
        }
    }
}
