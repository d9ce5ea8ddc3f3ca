//! Fix five, time (定时): instants, and what a device knew of the time when it acted.
//!
//! Instants are milliseconds of UTC; a city's zone and calendar enter only where a rule
//! asks for them. No code here reads a clock: a [`ClockReading`] is a parameter.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// An instant of UTC in milliseconds since 1970-01-01. It is not a local time and not a
/// duration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct UtcMs(pub u64);

impl UtcMs {
    /// The latest instant that formats carry: the end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Reads RFC 3339 with an offset.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        u64::try_from(instant.timestamp_millis())
            .ok()
            .map(Self)
            .filter(|t| *t <= Self::MAX)
    }

    /// Prints RFC 3339 in UTC, with milliseconds.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let ms = i64::try_from(self.0.min(Self::MAX.0)).unwrap_or(0);
        DateTime::<Utc>::from_timestamp_millis(ms)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The day of a place whose time is ahead of UTC by this many minutes.
    #[must_use]
    pub fn local_day(self, utc_offset_min: i32) -> NaiveDate {
        let local_ms = i64::try_from(self.0.min(Self::MAX.0)).unwrap_or(0)
            + i64::from(utc_offset_min) * 60_000;
        DateTime::from_timestamp_millis(local_ms)
            .unwrap_or_default()
            .date_naive()
    }

    /// The instant `ms` milliseconds later.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// What a device's clocks said in one moment: the wall clock may be wrong, the monotonic
/// one counts truly, but only within one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, as wrong as its owner left it.
    pub wall: UtcMs,
    /// Milliseconds since the boot, sleep included.
    pub mono_ms: u64,
    /// Which boot the monotonic clock counts from.
    pub boot: [u8; 16],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_with_an_offset_becomes_utc() {
        let t = UtcMs::parse_rfc3339("2026-03-01T08:00:00.250+08:00").expect("well formed");
        assert_eq!(t.to_rfc3339(), "2026-03-01T00:00:00.250Z");
        assert_eq!(UtcMs::parse_rfc3339("2026-03-01T08:00:00"), None);
        assert_eq!(UtcMs::parse_rfc3339("1969-12-31T23:59:59Z"), None);
        assert_eq!(UtcMs(u64::MAX).to_rfc3339(), "9999-12-31T23:59:59.999Z");
    }
}
