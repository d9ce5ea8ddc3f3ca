//! Which part of a period somebody owed, from their shifts.
//!
//! A leave without a backup owes nothing. A backup who steps in owes what they step in for.
//! The parts that the shifts owe sum to what the period owes, so that a month recomputes
//! from its days.
//!
//! Source: DOMAIN "Quantity (定量)".

use crate::model::identifiers::PersonId;
use crate::model::quantity::{AmountError, Proration};
use crate::model::time::UtcMs;
use crate::rules::roster::{Roster, Shift};

/// One shift of somebody's period, as a proration sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedTime {
    /// How long it lasts, in milliseconds.
    pub length_ms: u64,
    /// The part of full duty that it owes when it is worked.
    pub part_time: Proration,
    /// True when the person worked it.
    pub is_worked: bool,
}

impl PlannedTime {
    /// What a shift is in the period of a person: of their own, or of one that they step in
    /// for; nothing when the shift does not concern them.
    #[must_use]
    pub fn of(shift: &Shift, person: &PersonId) -> Option<Self> {
        let is_worked = shift.worked_by() == Some(person);
        (is_worked || shift.person == *person).then(|| Self {
            length_ms: shift.to.0 - shift.from.0,
            part_time: shift.part_time,
            is_worked,
        })
    }
}

/// The shifts of a person that begin from `from` until before `to`, their own and those that
/// they step in for.
#[must_use]
pub fn planned_times(
    roster: &Roster,
    person: &PersonId,
    from: UtcMs,
    to: UtcMs,
) -> Vec<PlannedTime> {
    let begins = |shift: &&Shift| shift.from >= from && shift.from < to;
    let shifts = roster.shifts_between(from, to).filter(begins);
    shifts
        .filter_map(|shift| PlannedTime::of(shift, person))
        .collect()
}

/// The part of a full period that was owed: the time worked, each shift in its part of full
/// duty, of the time planned. A period without shifts owes nothing.
///
/// # Errors
/// [`AmountError::TooFine`] where the exact part has a larger denominator than a proration
/// may have; whole minutes and quarters of duty never have within a year.
pub fn proration_of(shifts: &[PlannedTime]) -> Result<Proration, AmountError> {
    let common = shifts.iter().fold(1_u128, |common, shift| {
        let denominator = u128::from(shift.part_time.parts().1);
        lcm(common, denominator)
    });
    // Of lengths in milliseconds below 2^64 and prorations of at most 10^6, in a period that
    // any roster can hold, only a common denominator beyond all use leaves 128 bits.
    let (mut owed, mut planned) = (0_u128, 0_u128);
    for shift in shifts {
        let (numerator, denominator) = shift.part_time.parts();
        let whole = u128::from(shift.length_ms)
            .checked_mul(common)
            .ok_or(AmountError::TooFine)?;
        planned = planned.checked_add(whole).ok_or(AmountError::TooFine)?;
        if shift.is_worked {
            owed += whole / u128::from(denominator) * u128::from(numerator);
        }
    }
    match planned {
        0 => Proration::try_new(0, 1),
        planned => Proration::reduced(owed, planned),
    }
}

/// Stays at its greatest value instead of overflowing: the product that follows is refused.
fn lcm(a: u128, b: u128) -> u128 {
    let mut divisor = (a, b);
    while divisor.1 > 0 {
        divisor = (divisor.1, divisor.0 % divisor.1);
    }
    (a / divisor.0.max(1)).saturating_mul(b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::roster::read_roster;

    const HOUR_MS: u64 = 3_600_000;

    fn time(hours: u64, part: &str, is_worked: bool) -> PlannedTime {
        PlannedTime {
            length_ms: hours * HOUR_MS,
            part_time: part.parse().expect("a part"),
            is_worked,
        }
    }

    fn parts(shifts: &[PlannedTime]) -> (u32, u32) {
        proration_of(shifts).expect("coarse enough").parts()
    }

    #[test]
    fn leave_owes_nothing_and_part_time_owes_its_part() {
        let (full, leave) = (time(8, "1", true), time(8, "1", false));
        assert_eq!(parts(&[full, full, leave, full]), (3, 4));
        assert_eq!(parts(&[time(8, "1/2", true), full]), (3, 4));
        assert_eq!(parts(&[time(4, "1", true), leave]), (1, 3));
        assert_eq!(
            parts(&[time(8, "1/3", true), time(8, "1/2", true)]),
            (5, 12)
        );
        assert_eq!(parts(&[leave]), (0, 1));
        assert_eq!(parts(&[]), (0, 1));
    }

    #[test]
    fn part_that_cannot_be_told_exactly_is_refused_and_never_rounded() {
        let odd = PlannedTime {
            length_ms: 1_000_003,
            ..time(0, "1", true)
        };
        let other = PlannedTime {
            length_ms: 2,
            ..time(0, "1", false)
        };
        assert_eq!(proration_of(&[odd, other]), Err(AmountError::TooFine));
        // Primes near a thousand: the common denominator outgrows every number.
        let primes = [
            997, 991, 983, 977, 971, 967, 953, 947, 941, 937, 929, 919, 911, 907,
        ];
        let shifts = primes.map(|prime| time(8, &format!("1/{prime}"), true));
        assert_eq!(proration_of(&shifts), Err(AmountError::TooFine));
    }

    #[test]
    fn backup_owes_what_he_steps_in_for_and_the_person_on_leave_nothing() {
        let text = "person,date,slot,start,end,grids,backup,leave,part_time\n\
            u1,2026-03-02,AM,08:00,12:00,A,,,\n\
            u1,2026-03-03,AM,08:00,12:00,A,u2,ill,1/2\n\
            u1,2026-03-04,AM,08:00,12:00,A,,ill,\n\
            u2,2026-03-02,AM,08:00,12:00,B,,,\n";
        let roster = read_roster(text.as_bytes(), 480).expect("a good roster");
        let of = |person: &str| {
            let person = PersonId::parse(person).expect("a person");
            let times = planned_times(&roster, &person, UtcMs(0), UtcMs::MAX);
            (times.len(), parts(&times))
        };
        assert_eq!(of("u1"), (3, (1, 3)));
        assert_eq!(of("u2"), (2, (3, 4)));
        assert_eq!(of("u3"), (0, (0, 1)));
    }

    fn any_times() -> impl Strategy<Value = Vec<PlannedTime>> {
        let part = prop::sample::select(vec!["1", "1/2", "1/3", "3/4", "80%"]);
        let one = (1..=24_u64, part, any::<bool>());
        prop::collection::vec(
            one.prop_map(|(hours, part, is_worked)| time(hours, part, is_worked)),
            1..40,
        )
    }

    proptest! {
        /// A quota of 60 × the hours planned, so that each shift's share of it is whole.
        #[test]
        fn quotas_of_the_shifts_sum_to_the_quota_of_the_period(times in any_times()) {
            let hours: u64 = times.iter().map(|time| time.length_ms / HOUR_MS).sum();
            let quota = 60 * hours;
            let of_shifts: u64 = times
                .iter()
                .filter(|time| time.is_worked)
                .map(|time| {
                    let (numerator, denominator) = time.part_time.parts();
                    60 * (time.length_ms / HOUR_MS) * u64::from(numerator) / u64::from(denominator)
                })
                .sum();
            let (numerator, denominator) = parts(&times);
            prop_assert_eq!(quota * u64::from(numerator) % u64::from(denominator), 0);
            prop_assert_eq!(quota * u64::from(numerator) / u64::from(denominator), of_shifts);
        }

        #[test]
        fn order_changes_nothing_and_a_leave_never_raises_what_is_owed(times in any_times()) {
            let mut reversed = times.clone();
            reversed.reverse();
            prop_assert_eq!(parts(&reversed), parts(&times));
            let on_leave: Vec<_> = times
                .iter()
                .enumerate()
                .map(|(at, time)| PlannedTime { is_worked: time.is_worked && at > 0, ..*time })
                .collect();
            let (less, more) = (parts(&on_leave), parts(&times));
            prop_assert!(
                u64::from(less.0) * u64::from(more.1) <= u64::from(more.0) * u64::from(less.1)
            );
        }
    }
}
