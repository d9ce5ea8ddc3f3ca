//! Laws of the clock of a handling, whatever happens in whatever order.

use bading_core::model::time::{TimeSpan, UtcMs};
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::handling::{Handling, HandlingEvent, Judgement, Step, handling};
use bading_core::rules::hours::WorkingHours;
use bading_core::rules::limit::Limit;
use proptest::prelude::*;

const HOUR_MS: u64 = 3_600_000;
/// 08:00 in Shanghai on 2 January 2024, a leap year.
const BEGIN: u64 = 1_704_153_600_000;

/// 2024 to 2027, with a night shift that works over midnight where it is asked for.
fn clock(is_night: bool) -> WorkingClock {
    let years = (2024..=2027).map(|year| {
        let text = format!(
            r#"{{"year":{year},"papers":["p"],"days":[
            {{"name":"x","date":"{year}-01-01","isOffDay":true}},
            {{"name":"x","date":"{year}-10-01","isOffDay":true}}]}}"#
        );
        CalendarYear::read(text.as_bytes()).expect("a year")
    });
    let night = ["00:00-06:00,22:00-24:00".to_owned()];
    let summer = ["06-01=08:00-11:00,15:00-18:00".to_owned()];
    let policy = ClockPolicy {
        hours: WorkingHours::parse(if is_night { &night } else { &summer }).expect("hours"),
        ..ClockPolicy::default()
    };
    WorkingClock::try_new(Calendar::try_new(years).expect("years"), policy).expect("a clock")
}

fn limit(hours: u64, unit: usize) -> Limit {
    let unit = ["工作时", "紧急工作时", "工作日", "小时"][unit];
    Limit::parse(&format!("{hours}{unit}")).expect("a limit")
}

fn at(ms: u64) -> UtcMs {
    UtcMs(BEGIN + ms)
}

fn event(ms: u64, what: Step) -> HandlingEvent {
    HandlingEvent {
        at: TimeSpan::at(at(ms)),
        what,
    }
}

fn judge(clock: &WorkingClock, limit: &Limit, events: &[HandlingEvent], as_of: u64) -> Handling {
    handling(clock, limit, events, at(as_of)).expect("four years are enough")
}

fn step() -> impl Strategy<Value = Step> {
    (0_usize..11, 0_u64..5_000).prop_map(|(which, until_h)| {
        let until = Some(at(until_h * HOUR_MS));
        [
            Step::Dispatched,
            Step::HandedBack,
            Step::Rework,
            Step::Returned,
            Step::ExtensionApproved,
            Step::ExtensionRefused,
            Step::Suspended { until },
            Step::Resumed,
            Step::Closed,
            Step::AppealUpheld,
            Step::AppealDismissed,
        ][which]
    })
}

/// Late is worse than undecided, and that worse than on time.
fn badness(judgement: Judgement) -> u8 {
    match judgement {
        Judgement::OnTime => 0,
        Judgement::Undecided => 1,
        _ => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn suspension_moves_a_deadline_by_what_the_limits_own_clock_loses(
        is_night in any::<bool>(), start_h in 0_u64..8_000, hours in 1_u64..60,
        into_h in 0_u64..60, length_ms in 1_u64..2_000_000_000
    ) {
        let clock = clock(is_night);
        let start = start_h * HOUR_MS;
        for unit in 0..2 {
            let limit = limit(hours, unit);
            let plain = clock.add(at(start), &limit).expect("covered").due;
            let from = (start + into_h * HOUR_MS).min(plain.0 - BEGIN);
            let to = from + length_ms;
            let events = [
                event(start, Step::Dispatched),
                event(from, Step::Suspended { until: None }),
                event(to, Step::Resumed),
            ];
            let due = judge(&clock, &limit, &events, to).due.expect("a deadline");
            if unit == 1 {
                prop_assert_eq!(due, plain.plus_ms(length_ms));
                continue;
            }
            let inside_ms = clock.working_ms_between(at(from), at(to)).expect("covered");
            let total_ms = hours * HOUR_MS + inside_ms;
            let longer = Limit::parse(&format!("{}工作分钟", total_ms / 60_000)).expect("a limit");
            // The minutes of the pause are whole, or the deadline lies within the next one.
            let added = clock.add(at(start), &longer).expect("covered").due;
            let rest = clock.working_ms_between(added, due).expect("covered");
            prop_assert_eq!(rest, total_ms % 60_000);
        }
    }

    #[test]
    fn extension_is_the_deadline_of_the_limit_twice(
        is_night in any::<bool>(), start_h in 0_u64..8_000, hours in 1_u64..20, unit in 0_usize..4
    ) {
        let clock = clock(is_night);
        let start = start_h * HOUR_MS;
        let mut events = vec![event(start, Step::Dispatched)];
        for times in 1..=4 {
            let found = judge(&clock, &limit(hours, unit), &events, start);
            let granted = times.min(3);
            let whole = clock.add(at(start), &limit(hours * granted, unit)).expect("covered");
            prop_assert_eq!(found.due, Some(whole.due));
            events.push(event(start, Step::ExtensionApproved));
        }
    }

    #[test]
    fn narrower_time_never_turns_what_was_decided(
        hours in 1_u64..60, from in 0_u64..100, wide in 0_u64..100, cut in 0_u64..100,
        cut_end in 0_u64..100
    ) {
        let (clock, limit) = (clock(false), limit(hours, 1));
        let span = |from: u64, to: u64| HandlingEvent {
            at: TimeSpan::try_new(at(from * HOUR_MS), at(to * HOUR_MS)).expect("forwards"),
            what: Step::HandedBack,
        };
        let of = |back| judge(&clock, &limit, &[event(0, Step::Dispatched), back], 0).judgement;
        let (low, high) = (from + cut.min(wide), (from + wide).saturating_sub(cut_end));
        let (outer, inner) = (of(span(from, from + wide)), of(span(low, high.max(low))));
        prop_assert!(outer == Judgement::Undecided || outer == inner);
        // Done later is never judged better.
        let later = of(span(from + 1, from + wide + 1));
        prop_assert!(badness(outer) <= badness(later));
    }

    #[test]
    fn whatever_happens_is_judged_and_every_ignored_event_is_named_once(
        hours in 1_u64..60, unit in 0_usize..4,
        events in prop::collection::vec((step(), 0_u64..3_000, 0_u64..50), 0..12),
        as_of in 0_u64..4_000
    ) {
        let clock = clock(false);
        let events: Vec<_> = events
            .into_iter()
            .map(|(what, from, wide)| {
                let (from, to) = (at(from * HOUR_MS), at((from + wide) * HOUR_MS));
                HandlingEvent { at: TimeSpan::try_new(from, to).expect("forwards"), what }
            })
            .collect();
        let found = judge(&clock, &limit(hours, unit), &events, as_of * HOUR_MS);
        let mut named: Vec<_> = found.ignored.iter().map(|(index, _)| *index).collect();
        let count = named.len();
        named.dedup();
        prop_assert_eq!(named.len(), count);
        prop_assert!(named.iter().all(|index| *index < events.len()));
        prop_assert!(found.extensions <= 2);
        prop_assert_eq!(found.start.is_some(), found.lamp.is_some());
        prop_assert!(found.due_earliest <= found.due);
    }
}
