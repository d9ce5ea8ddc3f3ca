//! A city's clock as a pack: calendar, hours, zone and what a bare unit means, as canonical
//! JSON. The same clock has the same bytes, and so the same name.

use serde_json::{Value, json};
use thiserror::Error;

use super::calendar::{Calendar, CalendarError};
use super::clock::{ClockError, ClockPolicy, WorkingClock};
use super::hours::{DayHours, HoursError, MonthDay, Season, WorkingHours};

/// Why a pack holds no clock.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClockPackError {
    /// It is not JSON.
    #[error("clock pack: {why}")]
    NotJson {
        /// What the parser says.
        why: String,
    },
    /// A field is absent or not of its type.
    #[error("clock pack: {field}: {expected} is needed")]
    Field {
        /// Which.
        field: &'static str,
        /// What should stand there.
        expected: &'static str,
    },
    /// The calendar is wrong.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The hours are wrong.
    #[error("clock pack: hours: {0}")]
    Hours(#[from] HoursError),
    /// The zone is wrong.
    #[error("clock pack: {0}")]
    Clock(#[from] ClockError),
}

impl WorkingClock {
    /// The clock as canonical JSON: compact, fields, years and days in order.
    #[must_use]
    pub fn to_pack(&self) -> Vec<u8> {
        let policy = self.policy();
        let seasons: Vec<_> = policy
            .hours
            .seasons()
            .iter()
            .map(|s| json!({"from": s.from.to_string(), "hours": s.hours.to_string()}))
            .collect();
        let default = policy.hours.default_hours().to_string();
        let pack = json!({
            "bare_is_working": policy.bare_is_working,
            "calendar": self.calendar().to_json(),
            "hours": {"default": default, "seasons": seasons},
            "utc_offset_min": policy.utc_offset_min,
        });
        pack.to_string().into_bytes()
    }

    /// Reads what [`Self::to_pack`] wrote.
    ///
    /// # Errors
    /// [`ClockPackError`], which names the field.
    pub fn from_pack(bytes: &[u8]) -> Result<Self, ClockPackError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            let why = error.to_string();
            ClockPackError::NotJson { why }
        })?;
        let field = |field, expected| ClockPackError::Field { field, expected };
        let bare_is_working = value["bare_is_working"]
            .as_bool()
            .ok_or_else(|| field("bare_is_working", "true or false"))?;
        let utc_offset_min = value["utc_offset_min"]
            .as_i64()
            .and_then(|minutes| i32::try_from(minutes).ok())
            .ok_or_else(|| field("utc_offset_min", "a number of minutes"))?;
        let default = value["hours"]["default"]
            .as_str()
            .ok_or_else(|| field("hours.default", "a text"))?;
        let seasons = value["hours"]["seasons"]
            .as_array()
            .ok_or_else(|| field("hours.seasons", "a list"))?;
        let season = |season: &Value| {
            let from = season["from"].as_str();
            let from = from.ok_or_else(|| field("hours.seasons.from", "a text"))?;
            let hours = season["hours"].as_str();
            let hours = hours.ok_or_else(|| field("hours.seasons.hours", "a text"))?;
            Ok::<_, ClockPackError>(Season {
                from: MonthDay::parse(from)?,
                hours: DayHours::parse(hours)?,
            })
        };
        let seasons = seasons.iter().map(season).collect::<Result<_, _>>()?;
        let policy = ClockPolicy {
            hours: WorkingHours::try_new(DayHours::parse(default)?, seasons)?,
            utc_offset_min,
            bare_is_working,
        };
        Ok(Self::try_new(
            Calendar::from_json(&value["calendar"])?,
            policy,
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::calendar_file::CalendarYear;

    fn clock() -> WorkingClock {
        let file = br#"{"year":2025,"papers":["p"],"days":[
            {"name":"x","date":"2025-01-01","isOffDay":true}]}"#;
        let year = CalendarYear::read(file).expect("well formed");
        let hours = ["06-01=08:00-11:00".to_owned()];
        let policy = ClockPolicy {
            hours: WorkingHours::parse(&hours).expect("hours"),
            utc_offset_min: 540,
            bare_is_working: false,
        };
        WorkingClock::try_new(Calendar::try_new([year]).expect("a year"), policy).expect("a clock")
    }

    #[test]
    fn pack_holds_all_that_the_clock_is() {
        let clock = clock();
        let pack = clock.to_pack();
        assert_eq!(
            String::from_utf8(pack.clone()).expect("JSON is text"),
            concat!(
                r#"{"bare_is_working":false,"calendar":{"years":[{"days":[{"date":"2025-01-01","#,
                r#""isOffDay":true,"name":"x"}],"papers":["p"],"year":2025}]},"hours":{"default":"#,
                r#""08:00-12:00,14:00-18:00","seasons":[{"from":"06-01","hours":"08:00-11:00"}]},"#,
                r#""utc_offset_min":540}"#
            )
        );
        let read = WorkingClock::from_pack(&pack).expect("its own pack");
        assert_eq!(read.policy(), clock.policy());
        assert_eq!(read.calendar(), clock.calendar());
        assert_eq!(read.to_pack(), pack);
    }

    #[test]
    fn from_pack_names_the_field_that_is_wrong() {
        let pack = String::from_utf8(clock().to_pack()).expect("JSON is text");
        for (from, to, said) in [
            ("{\"bare", "[\"bare", "clock pack"),
            ("false", "0", "bare_is_working"),
            ("540", "\"540\"", "utc_offset_min"),
            ("540", "841", "841"),
            ("\"default\"", "\"usual\"", "hours.default"),
            ("14:00", "11:00", "overlaps"),
            ("06-01", "06-31", "06-31"),
            ("2025-01-01", "2025-01-32", "years[0].days[0].date"),
        ] {
            let wrong = pack.replacen(from, to, 1);
            let error = WorkingClock::from_pack(wrong.as_bytes()).expect_err(said);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
