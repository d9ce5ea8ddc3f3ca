//! Instants as a city writes them: dates and times at its offset from UTC.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, SecondsFormat};

use super::time::UtcMs;

impl UtcMs {
    /// Reads the beginning of something: RFC 3339 with an offset, or a date such as
    /// `2026-03-02`, whose local midnight it is.
    #[must_use]
    pub fn parse_from(text: &str, utc_offset_min: i32) -> Option<Self> {
        Self::parse_rfc3339(text).or_else(|| midnight(date(text)?, utc_offset_min))
    }

    /// Reads the end of something, no longer part of it: RFC 3339 with an offset, or a date,
    /// which is meant with its whole day.
    #[must_use]
    pub fn parse_to(text: &str, utc_offset_min: i32) -> Option<Self> {
        Self::parse_rfc3339(text).or_else(|| {
            let next = date(text)?.checked_add_days(Days::new(1))?;
            midnight(next, utc_offset_min)
        })
    }

    /// The local midnight with which the local day of this instant began; the beginning of
    /// time where that would be earlier.
    #[must_use]
    pub fn local_midnight(self, utc_offset_min: i32) -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let offset_ms = i64::from(utc_offset_min) * 60_000;
        let local_ms = i64::try_from(self.0.min(Self::MAX.0)).unwrap_or(0) + offset_ms;
        let start_ms = local_ms - local_ms.rem_euclid(DAY_MS) - offset_ms;
        Self(u64::try_from(start_ms).unwrap_or(0))
    }

    /// Prints RFC 3339 at an offset from UTC; milliseconds only where there are any.
    #[must_use]
    pub fn to_rfc3339_at(self, utc_offset_min: i32) -> String {
        let ms = i64::try_from(self.0.min(Self::MAX.0)).unwrap_or(0);
        let utc = DateTime::from_timestamp_millis(ms).unwrap_or_default();
        match FixedOffset::east_opt(utc_offset_min.saturating_mul(60)) {
            Some(offset) => utc
                .with_timezone(&offset)
                .to_rfc3339_opts(SecondsFormat::AutoSi, false),
            None => self.to_rfc3339(),
        }
    }
}

/// A date of ten characters; chrono alone would also take `2026-3-2` and spaces.
fn date(text: &str) -> Option<NaiveDate> {
    let is_long = text.len() == 10;
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| is_long)
}

fn midnight(date: NaiveDate, utc_offset_min: i32) -> Option<UtcMs> {
    let offset = FixedOffset::east_opt(utc_offset_min.checked_mul(60)?)?;
    let local = date
        .and_hms_opt(0, 0, 0)?
        .and_local_timezone(offset)
        .single()?;
    u64::try_from(local.timestamp_millis())
        .ok()
        .map(UtcMs)
        .filter(|at| *at <= UtcMs::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_its_local_midnight_as_a_beginning_and_the_next_one_as_an_end() {
        let from = UtcMs::parse_from("2026-03-02", 480).expect("a date");
        assert_eq!(from.to_rfc3339(), "2026-03-01T16:00:00.000Z");
        assert_eq!(from.to_rfc3339_at(480), "2026-03-02T00:00:00+08:00");
        let to = UtcMs::parse_to("2026-03-02", 480).expect("a date");
        assert_eq!(to.to_rfc3339_at(480), "2026-03-03T00:00:00+08:00");
        let exact = UtcMs::parse_to("2026-03-02T12:00:00+08:00", 480).expect("a time");
        assert_eq!(exact.local_midnight(480), from);
    }

    #[test]
    fn other_writings_of_a_date_are_none() {
        for text in [
            "2026-3-2",
            "20260302",
            "2026-02-30",
            "",
            "2026-03-02 12:00",
            "1969-12-31",
        ] {
            assert_eq!(UtcMs::parse_from(text, 480), None, "{text}");
        }
    }
}
