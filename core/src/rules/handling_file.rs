//! The JSON in which one case's handling is asked for, and the JSON of the answer.
//!
//! `{limit, events: [{what, at | earliest + latest, until?}…], as_of?}`; times are RFC 3339 with
//! an offset. Events may stand in any order and are taken by their time, an interval by its
//! end. Without `as_of` the question is asked at the last event. A field that is not known is
//! refused: a misspelt `until` would otherwise be a year.

mod answer;

pub use answer::{HandlingAnswer, IgnoredAnswer, PauseAnswer, SpanAnswer};

use serde_json::{Map, Value};
use thiserror::Error;

use super::clock::WorkingClock;
use super::deadline::DeadlineError;
use super::deadline_rows::{StartError, parse_start};
use super::handling::{HandlingEvent, Step, handling};
use super::limit::{Limit, LimitError};
use crate::model::time::{TimeSpan, UtcMs};

/// The largest file that is read.
const MAX_BYTES: usize = 1 << 20;
/// The steps of a file.
const STEPS: [Step; 11] = [
    Step::Dispatched,
    Step::HandedBack,
    Step::Rework,
    Step::Returned,
    Step::ExtensionApproved,
    Step::ExtensionRefused,
    Step::Suspended { until: None },
    Step::Resumed,
    Step::Closed,
    Step::AppealUpheld,
    Step::AppealDismissed,
];

/// A case whose handling is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlingCase {
    /// The limit.
    pub limit: Limit,
    /// What happened, by time, each with its place in the file.
    pub events: Vec<(usize, HandlingEvent)>,
    /// When it is looked at.
    pub as_of: UtcMs,
}

/// What is wrong with a case's file. Events count from 0, as in the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandlingFileError {
    /// The file is larger than 1 MiB.
    #[error("{found} bytes: a case has at most {MAX_BYTES}")]
    TooLarge {
        /// Bytes that there are.
        found: usize,
    },
    /// The file is not JSON.
    #[error("not JSON: {why}")]
    NotJson {
        /// What the parser says.
        why: String,
    },
    /// A field is absent, not of its type, or has no meaning.
    #[error("{field}: {expected} is needed")]
    Field {
        /// Where, as `events[3].what`.
        field: String,
        /// What should stand there.
        expected: String,
    },
    /// A field that no case has.
    #[error("{field}: not known; there are {known}")]
    UnknownField {
        /// Where.
        field: String,
        /// The fields that there are.
        known: &'static str,
    },
    /// A time that is none.
    #[error("{field}: {error}")]
    Time {
        /// Where.
        field: String,
        /// What is wrong with it.
        error: StartError,
    },
    /// A time that ends before it begins.
    #[error("{field}: {text} is before `{begins}`")]
    Backwards {
        /// Where the end stands.
        field: String,
        /// What stands there.
        text: String,
        /// The field that it must not be before.
        begins: &'static str,
    },
    /// The limit is not understood.
    #[error("limit: {0}")]
    Limit(#[from] LimitError),
}

impl HandlingCase {
    /// Reads a case (JSON in UTF-8; a byte order mark is skipped).
    ///
    /// # Errors
    /// [`HandlingFileError`], which names the field.
    pub fn read(bytes: &[u8]) -> Result<Self, HandlingFileError> {
        if bytes.len() > MAX_BYTES {
            return Err(HandlingFileError::TooLarge { found: bytes.len() });
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value = serde_json::from_slice(bytes).map_err(|error| HandlingFileError::NotJson {
            why: error.to_string(),
        })?;
        Self::from_json(&value)
    }

    /// Reads a case from JSON.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn from_json(value: &Value) -> Result<Self, HandlingFileError> {
        let case = Fields::of(value, String::new())?;
        case.only(&["limit", "events", "as_of"], "limit, events and as_of")?;
        let limit = Limit::parse(case.text("limit", "a text such as 4小时")?)?;
        let listed = case.fields.get("events").and_then(Value::as_array);
        let listed = listed.ok_or_else(|| case.needs("events", "a list"))?;
        let mut events = Vec::with_capacity(listed.len());
        for (index, event) in listed.iter().enumerate() {
            events.push((index, read_event(event, index)?));
        }
        events.sort_by_key(|(_, event)| event.at.latest());
        let last = events.last().map(|(_, event)| event.at.latest());
        let as_of = case.time("as_of")?.or(last);
        let as_of = as_of.ok_or_else(|| case.needs("as_of", "a time, as there are no events,"))?;
        Ok(Self {
            limit,
            events,
            as_of,
        })
    }

    /// Judges the case by a city's clock.
    ///
    /// # Errors
    /// [`DeadlineError`] when the calendar does not reach.
    pub fn judge(&self, clock: &WorkingClock) -> Result<HandlingAnswer, DeadlineError> {
        let events: Vec<_> = self.events.iter().map(|(_, event)| *event).collect();
        let found = handling(clock, &self.limit, &events, self.as_of)?;
        Ok(self.answer(&found, clock))
    }
}

/// The fields of one object and where it stands.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    at: String,
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, at: String) -> Result<Self, HandlingFileError> {
        let Some(fields) = value.as_object() else {
            let field = at.trim_end_matches('.');
            return Err(HandlingFileError::Field {
                field: if field.is_empty() { "the case" } else { field }.to_owned(),
                expected: "an object".to_owned(),
            });
        };
        Ok(Self { fields, at })
    }

    fn only(&self, names: &[&str], known: &'static str) -> Result<(), HandlingFileError> {
        match self.fields.keys().find(|name| !names.contains(&&***name)) {
            None => Ok(()),
            Some(name) => Err(HandlingFileError::UnknownField {
                field: format!("{}{}", self.at, name.chars().take(40).collect::<String>()),
                known,
            }),
        }
    }

    fn needs(&self, name: &str, expected: impl Into<String>) -> HandlingFileError {
        HandlingFileError::Field {
            field: format!("{}{name}", self.at),
            expected: expected.into(),
        }
    }

    fn text(&self, name: &str, expected: &str) -> Result<&'a str, HandlingFileError> {
        let text = self.fields.get(name).and_then(Value::as_str);
        text.ok_or_else(|| self.needs(name, expected))
    }

    /// A time, where the field is there.
    fn time(&self, name: &str) -> Result<Option<UtcMs>, HandlingFileError> {
        if self.fields.get(name).is_none_or(Value::is_null) {
            return Ok(None);
        }
        let text = self.text(name, "a time such as 2025-09-30T17:00:00+08:00")?;
        let at = parse_start(text).map_err(|error| HandlingFileError::Time {
            field: format!("{}{name}", self.at),
            error,
        })?;
        Ok(Some(at))
    }

    fn backwards(&self, name: &str, begins: &'static str) -> HandlingFileError {
        let text = self.fields.get(name).map(ToString::to_string);
        HandlingFileError::Backwards {
            field: format!("{}{name}", self.at),
            text: text.unwrap_or_default(),
            begins,
        }
    }
}

fn read_event(value: &Value, index: usize) -> Result<HandlingEvent, HandlingFileError> {
    let event = Fields::of(value, format!("events[{index}]."))?;
    let known = ["what", "at", "earliest", "latest", "until"];
    event.only(&known, "what, at, earliest, latest and until")?;
    let keys = STEPS.map(Step::as_str).join(", ");
    let key = event.text("what", &format!("one of {keys}"))?;
    let step = STEPS.into_iter().find(|step| step.as_str() == key);
    let step = step.ok_or_else(|| event.needs("what", format!("one of {keys}")))?;
    let at = match (
        event.time("at")?,
        event.time("earliest")?,
        event.time("latest")?,
    ) {
        (Some(at), None, None) => TimeSpan::at(at),
        (None, Some(earliest), Some(latest)) => TimeSpan::try_new(earliest, latest)
            .ok_or_else(|| event.backwards("latest", "earliest"))?,
        (None, Some(_), None) => return Err(event.needs("latest", "the end of the time")),
        (None, None, Some(_)) => return Err(event.needs("earliest", "the beginning of the time")),
        _ => return Err(event.needs("at", "one time, or earliest and latest instead of it,")),
    };
    let until = event.time("until")?;
    let what = match (step, until) {
        (step, None) => step,
        (Step::Suspended { .. }, Some(until)) if until < at.latest() => {
            return Err(event.backwards("until", "at"));
        }
        (Step::Suspended { .. }, until) => Step::Suspended { until },
        _ => return Err(event.needs("until", "a suspension, as nothing else has an end,")),
    };
    Ok(HandlingEvent { at, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        HandlingCase::read(text.as_bytes())
            .expect_err("the case is wrong")
            .to_string()
    }

    fn with_event(event: &str) -> String {
        let first = r#"{"what":"dispatched","at":"2025-10-09T09:00:00+08:00"}"#;
        format!(r#"{{"limit":"4小时","events":[{first},{event}]}}"#)
    }

    #[test]
    fn read_names_the_field_of_what_is_wrong() {
        for (text, names) in [
            ("{".to_owned(), "not JSON"),
            ("[]".to_owned(), "the case: an object"),
            (r#"{"events":[]}"#.to_owned(), "limit: a text"),
            (
                r#"{"limit":"3个半小时","events":[]}"#.to_owned(),
                "limit: \"3个半小时\"",
            ),
            (r#"{"limit":"4小时"}"#.to_owned(), "events: a list"),
            (
                r#"{"limit":"4小时","events":[]}"#.to_owned(),
                "as_of: a time",
            ),
            (
                r#"{"limit":"4小时","events":[],"asof":1}"#.to_owned(),
                "asof: not known",
            ),
            (
                r#"{"limit":"4小时","events":[],"as_of":1}"#.to_owned(),
                "as_of: a time such as",
            ),
            (with_event("7"), "events[1]: an object"),
            (with_event("{}"), "events[1].what: one of dispatched"),
            (
                with_event(r#"{"what":"close"}"#),
                "events[1].what: one of dispatched",
            ),
            (with_event(r#"{"what":"closed"}"#), "events[1].at: one time"),
            (
                with_event(r#"{"what":"closed","at":"2025-10-09"}"#),
                "events[1].at: \"2025-10-09\"",
            ),
            (
                with_event(r#"{"what":"closed","earliest":"2025-10-09T09:00:00Z"}"#),
                "events[1].latest: the end",
            ),
            (
                with_event(
                    r#"{"what":"handed_back","earliest":"2025-10-09T09:00:00Z",
                    "latest":"2025-10-09T08:59:59Z"}"#,
                ),
                "events[1].latest: \"2025-10-09T08:59:59Z\" is before `earliest`",
            ),
            (
                with_event(
                    r#"{"what":"suspended","at":"2025-10-09T09:00:00Z",
                    "until":"2025-10-09T08:00:00Z"}"#,
                ),
                "events[1].until: \"2025-10-09T08:00:00Z\" is before `at`",
            ),
            (
                with_event(
                    r#"{"what":"resumed","at":"2025-10-09T09:00:00Z",
                    "until":"2025-10-09T08:00:00Z"}"#,
                ),
                "events[1].until: a suspension",
            ),
            (
                with_event(r#"{"what":"suspended","at":"2025-10-09T09:00:00Z","untill":1}"#),
                "events[1].untill: not known",
            ),
        ] {
            let told = said(&text);
            assert!(told.starts_with(names), "{text}: {told}");
        }
        assert!(HandlingCase::read(&vec![b' '; MAX_BYTES + 1]).is_err());
    }

    #[test]
    fn events_are_taken_by_time_and_keep_their_place_in_the_file() {
        let text = r#"{"limit":"1紧急工作时","events":[
            {"what":"handed_back","at":"2025-10-09T09:30:00+08:00"},
            {"what":"dispatched","at":"2025-10-09T09:00:00+08:00"},
            {"what":"handed_back","at":"2025-10-09T09:40:00+08:00"}]}"#;
        let case = HandlingCase::read(text.as_bytes()).expect("a case");
        let answer = case
            .judge(&clock())
            .expect("urgent limits need no calendar");
        assert_eq!((answer.judgement, answer.state), ("on_time", "handed_back"));
        assert_eq!((answer.ignored.len(), answer.ignored[0].event), (1, 2));
        assert_eq!(answer.as_of, "2025-10-09T09:40:00+08:00");
    }

    fn clock() -> WorkingClock {
        let calendar = crate::rules::calendar::Calendar::try_new([]).expect("no year");
        WorkingClock::try_new(calendar, super::super::clock::ClockPolicy::default())
            .expect("a clock")
    }
}
