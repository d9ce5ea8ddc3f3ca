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

/// When an act was done, as far as it can be trusted: at the earliest and at the latest, both
/// included. An act whose time is known is one instant. It is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeSpan {
    earliest: UtcMs,
    latest: UtcMs,
}

impl TimeSpan {
    /// From one instant to another; nothing when the second comes first.
    #[must_use]
    pub fn try_new(earliest: UtcMs, latest: UtcMs) -> Option<Self> {
        (earliest <= latest).then_some(Self { earliest, latest })
    }

    /// An act whose time is known.
    #[must_use]
    pub fn at(instant: UtcMs) -> Self {
        Self {
            earliest: instant,
            latest: instant,
        }
    }

    /// It was not before this.
    #[must_use]
    pub fn earliest(self) -> UtcMs {
        self.earliest
    }

    /// It was not after this.
    #[must_use]
    pub fn latest(self) -> UtcMs {
        self.latest
    }

    /// True when the time is known.
    #[must_use]
    pub fn is_instant(self) -> bool {
        self.earliest == self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_of_an_act_never_ends_before_it_begins() {
        assert_eq!(TimeSpan::try_new(UtcMs(2), UtcMs(1)), None);
        let one = TimeSpan::try_new(UtcMs(2), UtcMs(2)).expect("an instant");
        assert!(one.is_instant() && one == TimeSpan::at(UtcMs(2)));
    }

    #[test]
    fn rfc3339_with_an_offset_becomes_utc() {
        let t = UtcMs::parse_rfc3339("2026-03-01T08:00:00.250+08:00").expect("well formed");
        assert_eq!(t.to_rfc3339(), "2026-03-01T00:00:00.250Z");
        assert_eq!(UtcMs::parse_rfc3339("2026-03-01T08:00:00"), None);
        assert_eq!(UtcMs::parse_rfc3339("1969-12-31T23:59:59Z"), None);
        assert_eq!(UtcMs(u64::MAX).to_rfc3339(), "9999-12-31T23:59:59.999Z");
    }
}
