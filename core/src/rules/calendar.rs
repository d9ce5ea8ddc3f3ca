//! Which days are worked: weekdays, less holidays, and make-up days (调休).
//!
//! A date is covered by its own year's published file; the next year's file, when it is
//! there, has the last word on the December before it. Nothing is guessed about a year
//! without a file: the answer is an error that names the year.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use serde_json::{Value, json};
use thiserror::Error;

use super::calendar_file::{CalendarFileError, CalendarYear};

/// No published calendar covers this year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no published calendar covers {year}")]
pub struct NotCovered {
    /// The year whose file is needed.
    pub year: i32,
}

/// Why years make no calendar, or a pack is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// A year is given twice.
    #[error("two calendars for {year}")]
    YearTwice {
        /// The year.
        year: i32,
    },
    /// The pack is not JSON, or not of this form.
    #[error("calendar pack: {why}")]
    Form {
        /// What is wrong.
        why: String,
    },
    /// A year in the pack is wrong.
    #[error("calendar pack: {0}")]
    Year(#[from] CalendarFileError),
}

/// Working days of the years that are covered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    years: BTreeMap<i32, CalendarYear>,
    runs: Vec<Run>,
}

/// Covered years without a gap between them. Days are numbered from 1970-01-01.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The first day.
    pub(super) first: i64,
    /// Working days before each day of the run, and before its end at last.
    pub(super) before: Vec<u32>,
    /// The year after its last.
    pub(super) end_year: i32,
}

impl Run {
    /// The first day after it.
    pub(super) fn end(&self) -> i64 {
        self.first + self.before.len() as i64 - 1
    }

    pub(super) fn is_working(&self, index: usize) -> bool {
        self.before[index] != self.before[index + 1]
    }
}

impl Calendar {
    /// Puts years together, in any order; those that are not published cover nothing.
    ///
    /// # Errors
    /// [`CalendarError::YearTwice`].
    pub fn try_new(years: impl IntoIterator<Item = CalendarYear>) -> Result<Self, CalendarError> {
        let mut by_year = BTreeMap::new();
        for year in years {
            let number = year.year();
            if by_year.insert(number, year).is_some() {
                return Err(CalendarError::YearTwice { year: number });
            }
        }
        let runs = runs(&by_year);
        Ok(Self {
            years: by_year,
            runs,
        })
    }

    /// The years that it was made of, in order, the unpublished ones included.
    pub fn years(&self) -> impl Iterator<Item = &CalendarYear> {
        self.years.values()
    }

    /// True for a day that is worked.
    ///
    /// # Errors
    /// [`NotCovered`] for a date of a year without a published file.
    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, NotCovered> {
        let (run, index) = self.find(day_number(date))?;
        Ok(self.runs[run].is_working(index))
    }

    /// How many days d with `after` < d <= `until` are worked; none when `until` is not later.
    ///
    /// # Errors
    /// [`NotCovered`] for a year from the day after `after` to `until` without a published file.
    pub fn working_days_between(
        &self,
        after: NaiveDate,
        until: NaiveDate,
    ) -> Result<u32, NotCovered> {
        if until <= after {
            return Ok(0);
        }
        let (run, from) = self.find(day_number(after) + 1)?;
        let run = &self.runs[run];
        let to = usize::try_from(day_number(until) + 1 - run.first).unwrap_or(usize::MAX);
        let before = run
            .before
            .get(to)
            .ok_or(NotCovered { year: run.end_year })?;
        Ok(before - run.before[from])
    }

    /// All years as canonical JSON: compact, years and days in order, fields in theirs.
    #[must_use]
    pub fn to_pack(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }

    /// Reads what [`Self::to_pack`] wrote.
    ///
    /// # Errors
    /// [`CalendarError`] for bytes that are none, or years that are wrong.
    pub fn from_pack(bytes: &[u8]) -> Result<Self, CalendarError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| CalendarError::Form {
            why: error.to_string(),
        })?;
        Self::from_json(&value)
    }

    pub(super) fn to_json(&self) -> Value {
        let years: Vec<_> = self.years().map(CalendarYear::to_json).collect();
        json!({ "years": years })
    }

    pub(super) fn from_json(value: &Value) -> Result<Self, CalendarError> {
        let years = value["years"].as_array().ok_or(CalendarError::Form {
            why: "years: a list is needed".to_owned(),
        })?;
        let read = years
            .iter()
            .enumerate()
            .map(|(index, year)| CalendarYear::from_json(year, &format!("years[{index}].")));
        Self::try_new(read.collect::<Result<Vec<_>, _>>()?)
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The run of a day and its place there.
    pub(super) fn find(&self, day: i64) -> Result<(usize, usize), NotCovered> {
        let run = self.runs.partition_point(|run| run.end() <= day);
        match self.runs.get(run) {
            Some(found) if found.first <= day => {
                // Both lie within the run, which has a few thousand days.
                Ok((run, usize::try_from(day - found.first).unwrap_or(0)))
            }
            _ => Err(NotCovered { year: year_of(day) }),
        }
    }
}

/// Days since 1970-01-01.
pub(super) fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

/// The date of a day's number, for the days that instants reach.
pub(super) fn date_of(day: i64) -> Option<NaiveDate> {
    i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days)
}

/// The year of a day's number.
fn year_of(day: i64) -> i32 {
    date_of(day).map_or(0, |date| date.year())
}

fn runs(years: &BTreeMap<i32, CalendarYear>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (number, year) in years.iter().filter(|(_, year)| year.is_published()) {
        let Some(first) = NaiveDate::from_ymd_opt(*number, 1, 1) else {
            continue;
        };
        if runs.last().is_none_or(|run| run.end_year != *number) {
            runs.push(Run {
                first: day_number(first),
                before: vec![0],
                end_year: *number,
            });
        }
        let Some(run) = runs.last_mut() else {
            continue;
        };
        run.end_year = number + 1;
        let next = years.get(&run.end_year).filter(|next| next.is_published());
        let mut count = run.before.last().copied().unwrap_or(0);
        for date in first.iter_days().take_while(|date| date.year() == *number) {
            let said = next
                .and_then(|next| next.days().get(&date))
                .or_else(|| year.days().get(&date));
            let is_working = match said {
                Some(day) => !day.is_off,
                None => !matches!(date.weekday(), Weekday::Sat | Weekday::Sun),
            };
            count += u32::from(is_working);
            run.before.push(count);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date of the test")
    }

    fn year(year: i32, days: &[(&str, bool)]) -> CalendarYear {
        let days: Vec<_> = days
            .iter()
            .map(|(date, is_off)| json!({"name": "x", "date": date, "isOffDay": is_off}))
            .collect();
        let file = json!({"year": year, "papers": ["p"], "days": days});
        CalendarYear::read(file.to_string().as_bytes()).expect("well formed")
    }

    fn two_years() -> Calendar {
        Calendar::try_new([
            // 2024-12-29 is a Sunday, 2024-12-31 a Tuesday, 2024-02-29 a Thursday.
            year(
                2025,
                &[
                    ("2024-12-29", false),
                    ("2024-12-31", true),
                    ("2025-01-01", true),
                ],
            ),
            year(2024, &[("2024-01-01", true), ("2024-12-31", false)]),
        ])
        .expect("two years")
    }

    #[test]
    fn next_years_file_has_the_last_word_on_december() {
        let calendar = two_years();
        for (day, is_working) in [
            ("2024-02-29", true),
            ("2024-12-28", false),
            ("2024-12-29", true),
            ("2024-12-30", true),
            ("2024-12-31", false),
            ("2025-01-01", false),
            ("2025-01-02", true),
            ("2025-12-31", true),
        ] {
            assert_eq!(calendar.is_working_day(date(day)), Ok(is_working), "{day}");
        }
        let alone = Calendar::try_new([year(2025, &[("2024-12-29", false)])]).expect("a year");
        assert_eq!(
            alone.is_working_day(date("2024-12-29")),
            Err(NotCovered { year: 2024 })
        );
        // A file that is not published says nothing of the December before it either.
        let empty = CalendarYear::read(br#"{"year":2026,"papers":[],"days":[]}"#);
        let calendar =
            Calendar::try_new([year(2025, &[("2025-01-01", true)]), empty.expect("empty")]);
        let calendar = calendar.expect("two years");
        assert_eq!(calendar.is_working_day(date("2025-12-31")), Ok(true));
        assert_eq!(
            calendar.is_working_day(date("2026-01-01")),
            Err(NotCovered { year: 2026 })
        );
    }

    #[test]
    fn days_between_leave_the_first_out_and_stop_where_cover_stops() {
        let calendar = two_years();
        let between = |a, b| calendar.working_days_between(date(a), date(b));
        assert_eq!(between("2024-12-27", "2025-01-02"), Ok(3));
        assert_eq!(between("2024-02-28", "2024-02-29"), Ok(1));
        assert_eq!(between("2023-12-31", "2024-01-02"), Ok(1));
        assert_eq!(between("2025-12-30", "2025-12-31"), Ok(1));
        assert_eq!(
            between("2025-12-30", "2026-01-01"),
            Err(NotCovered { year: 2026 })
        );
        assert_eq!(
            between("2023-12-30", "2024-01-02"),
            Err(NotCovered { year: 2023 })
        );
        assert_eq!(between("1999-01-02", "1999-01-02"), Ok(0));
        let gap = Calendar::try_new([
            year(2023, &[("2023-01-01", true)]),
            year(2025, &[("2025-01-01", true)]),
        ]);
        assert_eq!(
            gap.expect("years")
                .working_days_between(date("2023-12-01"), date("2025-02-01")),
            Err(NotCovered { year: 2024 })
        );
    }

    #[test]
    fn pack_is_canonical_and_reads_back() {
        let calendar = two_years();
        let pack = calendar.to_pack();
        assert_eq!(Calendar::from_pack(&pack).as_ref(), Ok(&calendar));
        let turned = Calendar::try_new(
            calendar
                .years()
                .cloned()
                .collect::<Vec<_>>()
                .into_iter()
                .rev(),
        );
        assert_eq!(turned.expect("the same years").to_pack(), pack);
        assert!(pack.starts_with(br#"{"years":[{"days":[{"date":"2024-01-01""#));
        let twice = [
            year(2025, &[("2025-01-01", true)]),
            year(2025, &[("2025-01-02", true)]),
        ];
        assert_eq!(
            Calendar::try_new(twice),
            Err(CalendarError::YearTwice { year: 2025 })
        );
        for (bytes, said) in [
            (&b"\xff"[..], "pack"),
            (b"{}", "years"),
            (br#"{"years":[{"year":2025,"papers":[]}]}"#, "years[0].days"),
        ] {
            let error = Calendar::from_pack(bytes).expect_err("no pack").to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
