//! The hybrid logical clock of a device, and the time that counts.
//!
//! A device's clock may be wrong by years, by accident or by intent. Its HLC orders its own
//! edits and is believed by others only as far as the hub's stamps allow.

use crate::model::time::UtcMs;

/// Wall time in milliseconds with a counter for edits within one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc {
    /// Milliseconds of UTC, as the device believed.
    pub ms: UtcMs,
    /// Position within that millisecond.
    pub counter: u32,
}

/// How far ahead of the hub's stamp a device's clock may be and still be believed.
pub const CLOCK_LEAD_MS: u64 = 5 * 60 * 1000;

impl Hlc {
    /// The time of the next edit: the wall clock, or just after the last edit when the wall
    /// clock did not advance.
    #[must_use]
    pub fn next(self, wall: UtcMs) -> Self {
        let wall = wall.min(UtcMs::MAX);
        if wall > self.ms {
            return Self {
                ms: wall,
                counter: 0,
            };
        }
        match self.counter.checked_add(1) {
            Some(counter) => Self {
                ms: self.ms,
                counter,
            },
            None => Self {
                ms: self.ms.plus_ms(1),
                counter: 0,
            },
        }
    }

    /// Takes the hub's time at a session: forwards always, backwards when this clock had run
    /// further ahead than the hub believes, so that one wrong day does not spoil a year.
    #[must_use]
    pub fn take_hub_time(self, hub: UtcMs) -> Self {
        if self.ms < hub || self.ms > hub.plus_ms(CLOCK_LEAD_MS) {
            return Self {
                ms: hub,
                counter: 0,
            };
        }
        self
    }

    /// The time that counts for a commit that the hub has stamped: its own when that lies
    /// between the last hub time the device had seen and five minutes after the stamp, else
    /// that last hub time: the worst place that the device could honestly claim.
    #[must_use]
    pub fn effective(self, last_hub_time: Option<UtcMs>, stamped: UtcMs) -> Self {
        let floor = last_hub_time.unwrap_or_default().min(stamped);
        if self.ms >= floor && self.ms <= stamped.plus_ms(CLOCK_LEAD_MS) {
            return self;
        }
        Self {
            ms: floor,
            counter: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Hlc {
        Hlc {
            ms: UtcMs(ms),
            counter: 0,
        }
    }

    #[test]
    fn next_never_runs_backwards_when_the_wall_clock_does() {
        let first = Hlc::default().next(UtcMs(1_000));
        let second = first.next(UtcMs(400));
        assert!(second > first);
        assert_eq!(
            second,
            Hlc {
                ms: UtcMs(1_000),
                counter: 1
            }
        );
        let last = Hlc {
            ms: UtcMs(7),
            counter: u32::MAX,
        };
        assert!(last.next(UtcMs(0)) > last);
    }

    #[test]
    fn phone_set_to_2099_or_1970_takes_the_last_hub_time_it_had_seen() {
        let (seen, stamped) = (Some(UtcMs(1_000_000)), UtcMs(2_000_000));
        assert_eq!(
            at(4_070_908_800_000).effective(seen, stamped),
            at(1_000_000)
        );
        assert_eq!(at(0).effective(seen, stamped), at(1_000_000));
        assert_eq!(at(4_070_908_800_000).effective(None, stamped), at(0));
    }

    #[test]
    fn honest_late_edit_keeps_its_place_and_five_minutes_ahead_is_the_limit() {
        let (seen, stamped) = (Some(UtcMs(1_000_000)), UtcMs(9_000_000));
        assert_eq!(at(1_500_000).effective(seen, stamped), at(1_500_000));
        let limit = 9_000_000 + CLOCK_LEAD_MS;
        assert_eq!(at(limit).effective(seen, stamped), at(limit));
        assert_eq!(at(limit + 1).effective(seen, stamped), at(1_000_000));
    }

    #[test]
    fn session_pulls_a_clock_back_from_the_future() {
        assert_eq!(at(4_070_908_800_000).take_hub_time(UtcMs(5)), at(5));
        assert_eq!(at(3).take_hub_time(UtcMs(5)), at(5));
        assert_eq!(at(6).take_hub_time(UtcMs(5)), at(6));
    }
}
