//! One year's holidays and make-up days, as holiday-cn publishes them.
//!
//! A year whose file has no papers or no days is not published yet: it is read and covers
//! nothing. A file may hold days of late December before its year, and no others outside it.
//!
//! Source: github.com/NateScarlet/holiday-cn, `schema.json`, as read in November 2025.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use thiserror::Error;

/// The largest file that is read.
const MAX_BYTES: usize = 1 << 20;

/// One day that is not what its weekday says, or is said again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    /// The holiday's name (元旦, 春节 …).
    pub name: String,
    /// True for a day off, false for a make-up day (调休).
    pub is_off: bool,
}

/// The file of one year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarYear {
    year: i32,
    papers: Vec<String>,
    days: BTreeMap<NaiveDate, CalendarDay>,
}

/// What is wrong with a year's file. Days count from 0, as in the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarFileError {
    /// The file is larger than 1 MiB.
    #[error("{found} bytes: a year's calendar has at most {MAX_BYTES}")]
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
    /// A field is absent or not of its type.
    #[error("{field}: {expected} is needed")]
    Field {
        /// Where, as `days[3].date`.
        field: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A date that no calendar has.
    #[error("{field}: {text:?} is no date (one looks like 2025-10-01)")]
    NotADate {
        /// Where.
        field: String,
        /// What stands there.
        text: String,
    },
    /// A date that is neither in the file's year nor in the December before.
    #[error("{field}: {date} is neither in {year} nor in the December before")]
    OutsideYear {
        /// Where.
        field: String,
        /// The date.
        date: NaiveDate,
        /// The file's year.
        year: i32,
    },
    /// A date stands twice.
    #[error("{field}: {date} stands twice; each day is named once")]
    DayTwice {
        /// Where the second one is.
        field: String,
        /// The date.
        date: NaiveDate,
    },
    /// There are papers and no days.
    #[error(
        "days: none, though papers are named; a published year names its days off and make-up days"
    )]
    NoDays,
}

impl CalendarYear {
    /// Reads a year's file (JSON in UTF-8; a byte order mark is skipped, unknown fields too).
    ///
    /// # Errors
    /// [`CalendarFileError`], which names the field.
    pub fn read(bytes: &[u8]) -> Result<Self, CalendarFileError> {
        if bytes.len() > MAX_BYTES {
            return Err(CalendarFileError::TooLarge { found: bytes.len() });
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value = serde_json::from_slice(bytes).map_err(|error| CalendarFileError::NotJson {
            why: error.to_string(),
        })?;
        Self::from_json(&value, "")
    }

    /// Reads a year from JSON that lies at `at` (with its dot) of a larger document.
    pub(super) fn from_json(value: &Value, at: &str) -> Result<Self, CalendarFileError> {
        let field = |name: &str, expected| CalendarFileError::Field {
            field: format!("{at}{name}"),
            expected,
        };
        let year = value["year"]
            .as_i64()
            .and_then(|year| i32::try_from(year).ok())
            .filter(|year| (1970..=9999).contains(year))
            .ok_or_else(|| field("year", "a year from 1970 to 9999"))?;
        let papers = value["papers"]
            .as_array()
            .and_then(|papers| {
                papers
                    .iter()
                    .map(|p| p.as_str().map(str::to_owned))
                    .collect()
            })
            .ok_or_else(|| field("papers", "a list of texts"))?;
        let listed = value["days"]
            .as_array()
            .ok_or_else(|| field("days", "a list"))?;
        let mut days = BTreeMap::new();
        for (index, day) in listed.iter().enumerate() {
            let (date, day) = read_day(day, year, &format!("{at}days[{index}]"))?;
            if days.insert(date, day).is_some() {
                return Err(CalendarFileError::DayTwice {
                    field: format!("{at}days[{index}].date"),
                    date,
                });
            }
        }
        let year = Self { year, papers, days };
        if year.days.is_empty() && !year.papers.is_empty() {
            return Err(CalendarFileError::NoDays);
        }
        Ok(year)
    }

    /// The same as JSON, days in order, without what is not read.
    pub(super) fn to_json(&self) -> Value {
        let days: Vec<_> = self
            .days
            .iter()
            .map(|(date, day)| {
                json!({"date": date.to_string(), "isOffDay": day.is_off, "name": day.name})
            })
            .collect();
        json!({"days": days, "papers": self.papers, "year": self.year})
    }

    /// The year.
    #[must_use]
    pub fn year(&self) -> i32 {
        self.year
    }

    /// True when it has papers and days: then it covers its year.
    #[must_use]
    pub fn is_published(&self) -> bool {
        !self.papers.is_empty() && !self.days.is_empty()
    }

    /// The days that it names, of its year and of the December before.
    #[must_use]
    pub fn days(&self) -> &BTreeMap<NaiveDate, CalendarDay> {
        &self.days
    }
}

fn read_day(
    value: &Value,
    year: i32,
    at: &str,
) -> Result<(NaiveDate, CalendarDay), CalendarFileError> {
    let missing = |name: &str, expected| CalendarFileError::Field {
        field: format!("{at}.{name}"),
        expected,
    };
    let name = value["name"]
        .as_str()
        .ok_or_else(|| missing("name", "a text"))?;
    let text = value["date"]
        .as_str()
        .ok_or_else(|| missing("date", "a text"))?;
    let is_off = value["isOffDay"]
        .as_bool()
        .ok_or_else(|| missing("isOffDay", "true or false"))?;
    let field = || format!("{at}.date");
    let date = text
        .parse::<NaiveDate>()
        .ok()
        // The parser takes more than the one form.
        .filter(|date| date.to_string() == text)
        .ok_or_else(|| CalendarFileError::NotADate {
            field: field(),
            text: text.chars().take(40).collect(),
        })?;
    if date.year() != year && (date.year(), date.month()) != (year - 1, 12) {
        return Err(CalendarFileError::OutsideYear {
            field: field(),
            date,
            year,
        });
    }
    let name = name.to_owned();
    Ok((date, CalendarDay { name, is_off }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        CalendarYear::read(text.as_bytes())
            .expect_err("the file is wrong")
            .to_string()
    }

    fn with_days(days: &str) -> String {
        format!(r#"{{"year":2025,"papers":["p"],"days":[{days}]}}"#)
    }

    #[test]
    fn read_names_the_field_of_what_is_wrong() {
        let day = r#"{"name":"元旦","date":"2025-01-01","isOffDay":true}"#;
        let with_date = |date: &str| with_days(&day.replace("2025-01-01", date));
        for (text, names) in [
            ("{".to_owned(), vec!["not JSON"]),
            ("[]".to_owned(), vec!["year"]),
            (
                r#"{"year":"2025","papers":[],"days":[]}"#.into(),
                vec!["year"],
            ),
            (
                r#"{"year":1969,"papers":[],"days":[]}"#.into(),
                vec!["year"],
            ),
            (r#"{"year":2025,"days":[]}"#.into(), vec!["papers"]),
            (
                r#"{"year":2025,"papers":[1],"days":[]}"#.into(),
                vec!["papers"],
            ),
            (r#"{"year":2025,"papers":[]}"#.into(), vec!["days"]),
            (with_days(""), vec!["days", "papers"]),
            (
                with_days(&format!("{day},{day}")),
                vec!["days[1].date", "2025-01-01", "twice"],
            ),
            (
                with_days(r#"{"date":"2025-01-01","isOffDay":true}"#),
                vec!["days[0].name"],
            ),
            (
                with_days(r#"{"name":"x","isOffDay":true}"#),
                vec!["days[0].date"],
            ),
            (
                with_days(r#"{"name":"x","date":"2025-01-01"}"#),
                vec!["days[0].isOffDay"],
            ),
            (with_date("2025-02-29"), vec!["days[0].date", "2025-02-29"]),
            (with_date("2025-1-1"), vec!["days[0].date", "2025-1-1"]),
            (with_date("2024-11-30"), vec!["2024-11-30", "December"]),
            (with_date("2026-01-01"), vec!["2026-01-01", "2025"]),
        ] {
            let told = said(&text);
            for name in names {
                assert!(told.contains(name), "{text}: {told}");
            }
        }
        assert!(CalendarYear::read(&vec![b' '; MAX_BYTES + 1]).is_err());
        assert!(CalendarYear::read(with_date("2024-12-01").as_bytes()).is_ok());
    }

    #[test]
    fn year_without_papers_or_days_is_not_published() {
        let read = |text: &str| CalendarYear::read(text.as_bytes()).expect("well formed");
        assert!(!read(r#"{"year":2027,"papers":[],"days":[]}"#).is_published());
        let text = with_days(r#"{"name":"x","date":"2025-01-01","isOffDay":true}"#);
        assert!(read(&text).is_published());
        assert!(!read(&text.replace(r#"["p"]"#, "[]")).is_published());
    }
}
