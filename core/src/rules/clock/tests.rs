//! The clock against worked examples and laws.

use proptest::prelude::*;

use super::*;
use crate::rules::calendar_file::CalendarYear;
use crate::rules::deadline::PauseBackwards;

fn at(text: &str) -> UtcMs {
    UtcMs::parse_rfc3339(&format!("{text}+08:00")).expect("an instant of the test")
}

fn limit(text: &str) -> Limit {
    Limit::parse(text).expect("a limit of the test")
}

fn calendar() -> Calendar {
    let year = |year: i32, days: &[(&str, bool)]| {
        let days: Vec<_> = days
            .iter()
            .map(|(day, is_off)| {
                serde_json::json!({"name": "x", "date": format!("{year}-{day}"), "isOffDay": is_off})
            })
            .collect();
        let file = serde_json::json!({"year": year, "papers": ["p"], "days": days});
        CalendarYear::read(file.to_string().as_bytes()).expect("well formed")
    };
    let off_2025: Vec<_> = (1..=8).map(|day| format!("10-0{day}")).collect();
    let mut days_2025: Vec<_> = off_2025.iter().map(|day| (day.as_str(), true)).collect();
    days_2025.extend([("01-01", true), ("09-28", false), ("10-11", false)]);
    Calendar::try_new([
        year(2024, &[("01-01", true)]),
        year(2025, &days_2025),
        year(2028, &[("01-01", true)]),
    ])
    .expect("three years")
}

fn clock() -> WorkingClock {
    WorkingClock::try_new(calendar(), ClockPolicy::default()).expect("a clock")
}

/// Six hours from June to September, eight otherwise.
fn seasonal() -> WorkingClock {
    let hours = [
        "06-01=08:00-11:00,15:00-18:00",
        "10-01=08:00-12:00,14:00-18:00",
    ];
    let hours = WorkingHours::parse(&hours.map(str::to_owned)).expect("hours");
    let policy = ClockPolicy {
        hours,
        ..ClockPolicy::default()
    };
    WorkingClock::try_new(calendar(), policy).expect("a clock")
}

#[track_caller]
fn assert_due(clock: &WorkingClock, start: &str, wording: &str, due: &str) {
    let found = clock.add(at(start), &limit(wording)).expect("covered");
    assert_eq!(
        clock.to_local_rfc3339(found.due),
        format!("{due}+08:00"),
        "{wording} from {start}"
    );
}

#[test]
fn limit_is_due_at_the_first_instant_that_uses_it_up() {
    for (start, wording, due) in [
        // DOMAIN.
        ("2025-09-30T17:00:00", "4小时", "2025-10-09T11:00:00"),
        ("2025-10-10T16:00:00", "2天", "2025-10-13T16:00:00"),
        ("2025-10-01T23:30:00", "2紧急工作时", "2025-10-02T01:30:00"),
        ("2025-10-09T12:30:00", "2工作时", "2025-10-09T16:00:00"),
        // At the edges of the hours.
        ("2025-10-09T08:00:00", "4工作时", "2025-10-09T12:00:00"),
        ("2025-10-09T12:00:00", "4工作时", "2025-10-09T18:00:00"),
        (
            "2025-10-09T11:59:59.999",
            "1分钟",
            "2025-10-09T14:00:59.999",
        ),
        ("2025-10-09T18:00:00", "1工作日", "2025-10-10T18:00:00"),
        ("2025-10-09T00:00:00", "1工作日", "2025-10-09T18:00:00"),
        ("2025-10-10T00:00:00", "2工作日", "2025-10-11T18:00:00"),
        ("2025-10-01T10:00:00", "0.5工作日", "2025-10-09T12:00:00"),
        ("2025-10-09T08:00:00", "1.5工作日", "2025-10-10T12:00:00"),
        ("2025-10-01T10:00:00", "30分钟", "2025-10-09T08:30:00"),
        // Leap days are worked and counted.
        ("2024-02-28T17:00:00", "2工作时", "2024-02-29T09:00:00"),
        ("2028-02-28T17:00:00", "1自然日", "2028-02-29T17:00:00"),
        // New Year, and the last moment that is covered.
        ("2024-12-31T17:00:00", "2小时", "2025-01-02T09:00:00"),
        ("2025-12-31T17:00:00", "1小时", "2025-12-31T18:00:00"),
    ] {
        assert_due(&clock(), start, wording, due);
    }
}

#[test]
fn deadline_says_how_long_its_own_clock_runs() {
    let found = clock().add(at("2025-10-10T16:00:00"), &limit("2天"));
    let found = found.expect("covered");
    assert_eq!((found.limit_ms, found.is_continuous), (57_600_000, false));
    assert!(found.is_met_at(found.due));
    assert!(!found.is_met_at(found.due.plus_ms(1)));
    let found = clock().add(at("2025-10-10T16:00:00"), &limit("2紧急工作日"));
    let found = found.expect("needs no calendar");
    assert_eq!((found.limit_ms, found.is_continuous), (172_800_000, true));
}

#[test]
fn bare_units_run_around_the_clock_when_the_city_says_so() {
    let policy = ClockPolicy {
        bare_is_working: false,
        ..ClockPolicy::default()
    };
    let clock = WorkingClock::try_new(Calendar::default(), policy).expect("a clock");
    assert_due(
        &clock,
        "2025-10-01T20:00:00",
        "4小时",
        "2025-10-02T00:00:00",
    );
    assert_due(
        &clock,
        "2025-10-01T20:00:00",
        "1.5天",
        "2025-10-03T08:00:00",
    );
    let refused = clock.add(at("2025-10-01T20:00:00"), &limit("4工作时"));
    assert_eq!(refused, Err(NotCovered { year: 2025 }.into()));
}

#[test]
fn working_day_counts_one_whatever_its_hours() {
    let clock = seasonal();
    // The last hour of a day of six is a sixth; five sixths of a day of eight remain.
    assert_due(
        &clock,
        "2025-09-30T17:00:00",
        "1工作日",
        "2025-10-09T16:40:00",
    );
    assert_due(
        &clock,
        "2025-06-02T08:00:00",
        "2工作日",
        "2025-06-03T18:00:00",
    );
    let found = clock.add(at("2025-06-02T08:00:00"), &limit("2工作日"));
    assert_eq!(found.expect("covered").limit_ms, 2 * 6 * 3_600_000);
    // Hours are hours in every season.
    assert_due(
        &clock,
        "2025-09-30T17:00:00",
        "2工作时",
        "2025-10-09T09:00:00",
    );
}

#[test]
fn year_without_a_calendar_is_named_and_never_guessed() {
    let clock = clock();
    let year = |start: &str, wording: &str| match clock.add(at(start), &limit(wording)) {
        Err(DeadlineError::NotCovered(NotCovered { year })) => Some(year),
        _ => None,
    };
    assert_eq!(year("2023-12-31T23:59:59", "1工作时"), Some(2023));
    assert_eq!(year("2024-01-01T00:00:00", "1工作时"), None);
    assert_eq!(year("2025-12-31T17:00:00.001", "1工作时"), Some(2026));
    assert_eq!(year("2025-12-31T17:00:00", "1工作日"), Some(2026));
    assert_eq!(year("2026-01-01T00:00:00", "1工作时"), Some(2026));
    assert_eq!(year("2027-05-01T00:00:00", "3天"), Some(2027));
    assert_eq!(year("2027-05-01T00:00:00", "3自然日"), None);
    let between = |a, b| clock.working_ms_between(at(a), at(b));
    let hours = |count: u64| Ok(count * 3_600_000);
    assert_eq!(
        between("2025-12-31T00:00:00", "2026-01-01T00:00:00"),
        hours(8)
    );
    assert_eq!(
        between("2024-12-31T00:00:00", "2025-01-03T00:00:00"),
        hours(16)
    );
    let refused = Err(NotCovered { year: 2026 }.into());
    assert_eq!(
        between("2025-12-31T00:00:00", "2026-01-01T00:00:00.001"),
        refused
    );
    assert_eq!(
        between("2025-12-31T00:00:00", "2028-06-01T00:00:00"),
        refused
    );
    assert_eq!(
        between("2025-10-09T12:00:00", "2025-10-09T08:00:00"),
        hours(0)
    );
}

#[test]
fn pause_moves_a_deadline_by_what_its_own_clock_loses() {
    let clock = clock();
    let pause = |from, to| Pause::try_new(at(from), at(to)).expect("forwards");
    let due = |wording: &str, pauses: &[Pause]| {
        let found = clock.add_with_pauses(at("2025-10-09T08:00:00"), &limit(wording), pauses);
        clock.to_local_rfc3339(found.expect("covered").due)
    };
    // 09:00 to 15:00 holds four working hours, six hours around the clock.
    let noon = pause("2025-10-09T09:00:00", "2025-10-09T15:00:00");
    assert_eq!(due("4工作时", &[noon]), "2025-10-09T18:00:00+08:00");
    assert_eq!(due("4紧急工作时", &[noon]), "2025-10-09T18:00:00+08:00");
    assert_eq!(due("1工作日", &[noon]), "2025-10-10T12:00:00+08:00");
    // A pause that holds no working time moves nothing; one that is too late neither.
    let night = pause("2025-10-09T18:00:00", "2025-10-10T08:00:00");
    assert_eq!(due("1工作日", &[night]), "2025-10-09T18:00:00+08:00");
    assert_eq!(due("4工作时", &[night]), "2025-10-09T12:00:00+08:00");
    // Overlapping pauses count once, one before the start not at all.
    let early = pause("2025-10-01T00:00:00", "2025-10-09T08:00:00");
    let again = pause("2025-10-09T10:00:00", "2025-10-09T15:00:00");
    assert_eq!(
        due("4工作时", &[again, early, noon]),
        "2025-10-09T18:00:00+08:00"
    );
    assert_eq!(Pause::try_new(UtcMs(1), UtcMs(0)), Err(PauseBackwards));
}

#[test]
fn lamp_changes_just_after_four_fifths_and_after_all() {
    let clock = clock();
    let start = at("2025-10-09T08:00:00");
    let lamp = |wording: &str, now: &str| clock.lamp(start, &limit(wording), &[], at(now));
    assert_eq!(lamp("5工作时", "2025-10-09T12:00:00"), Ok(Lamp::Green));
    assert_eq!(lamp("5工作时", "2025-10-09T13:59:00"), Ok(Lamp::Green));
    assert_eq!(lamp("5工作时", "2025-10-09T14:00:00.001"), Ok(Lamp::Yellow));
    assert_eq!(lamp("5工作时", "2025-10-09T15:00:00"), Ok(Lamp::Yellow));
    assert_eq!(lamp("5工作时", "2025-10-09T15:00:00.001"), Ok(Lamp::Red));
    assert_eq!(
        lamp("5紧急工作时", "2025-10-09T13:00:00.001"),
        Ok(Lamp::Red)
    );
    assert_eq!(lamp("1工作日", "2025-10-01T00:00:00"), Ok(Lamp::Green));
    assert_eq!(lamp("1工作日", "2025-10-10T08:00:00"), Ok(Lamp::Yellow));
    let pause = Pause::try_new(at("2025-10-09T09:00:00"), at("2025-10-10T08:00:00"));
    let pauses = [pause.expect("forwards")];
    let paused = clock.lamp(start, &limit("1工作日"), &pauses, at("2025-10-10T10:00:00"));
    assert_eq!(paused, Ok(Lamp::Green));
}

#[test]
fn offset_decides_the_local_day() {
    let with_offset = |utc_offset_min| {
        let policy = ClockPolicy {
            utc_offset_min,
            ..ClockPolicy::default()
        };
        WorkingClock::try_new(calendar(), policy)
    };
    let west = with_offset(-600).expect("a clock");
    let start = UtcMs::parse_rfc3339("2025-10-09T08:00:00-10:00").expect("an instant");
    let due = west.add(start, &limit("4工作时")).expect("covered").due;
    assert_eq!(west.to_local_rfc3339(due), "2025-10-09T12:00:00-10:00");
    let found = 841;
    assert_eq!(with_offset(found).err(), Some(ClockError::Offset { found }));
    assert!(with_offset(-840).is_ok());
}

/// Instants of 2024 and most of 2025.
fn covered() -> impl Strategy<Value = UtcMs> {
    (at("2024-01-01T00:00:00").0..at("2025-06-01T00:00:00").0).prop_map(UtcMs)
}

fn working() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (1_u32..400).prop_map(|n| format!("{n}工作时")),
        (1_u32..3_000).prop_map(|n| format!("{n}分钟")),
        (1_u32..4_000).prop_map(|n| format!("{}.{:02}工作日", n / 100, n % 100)),
    ]
    .prop_map(|text| limit(&text))
}

fn any_limit() -> impl Strategy<Value = Limit> {
    let around = (1_u32..900).prop_map(|n| limit(&format!("{n}紧急工作时")));
    prop_oneof![working(), around]
}

fn either(is_seasonal: bool) -> WorkingClock {
    if is_seasonal { seasonal() } else { clock() }
}

proptest! {
    #[test]
    fn deadline_never_comes_earlier_for_a_later_start(
        is_seasonal in any::<bool>(), a in covered(), later_ms in 0_u64..400_000_000, limit in any_limit()
    ) {
        let clock = either(is_seasonal);
        let one = clock.add(a, &limit).expect("covered").due;
        let other = clock.add(a.plus_ms(later_ms), &limit).expect("covered").due;
        prop_assert!(one <= other);
        prop_assert!(a < one);
    }

    #[test]
    fn deadline_comes_later_for_a_longer_limit(
        is_seasonal in any::<bool>(), start in covered(), n in 1_u32..60, unit in 0_usize..3
    ) {
        let clock = either(is_seasonal);
        let unit = ["工作时", "工作日", "自然日"][unit];
        let due = |n: u32| clock.add(start, &limit(&format!("{n}{unit}"))).expect("covered").due;
        prop_assert!(due(n) < due(n + 1));
    }

    #[test]
    fn working_time_up_to_a_deadline_is_the_limit(
        is_seasonal in any::<bool>(), start in covered(), limit in working()
    ) {
        let clock = either(is_seasonal);
        let found = clock.add(start, &limit).expect("covered");
        let between = clock.working_ms_between(start, found.due).expect("covered");
        prop_assert_eq!(between, found.limit_ms);
        if let Span::Working { ms } | Span::Bare { ms } = limit.span() {
            prop_assert_eq!(between, ms);
        }
        // One millisecond earlier some of it is left: the deadline is the first such instant.
        // Days of different hours may end between two milliseconds.
        if !is_seasonal {
            let earlier = UtcMs(found.due.0 - 1);
            let before = clock.working_ms_between(start, earlier).expect("covered");
            prop_assert_eq!(before, between - 1);
        }
    }

    #[test]
    fn pause_acts_as_a_longer_limit(
        start in covered(), hours in 1_u64..200, into_ms in 0_u64..400_000_000,
        length_ms in 0_u64..400_000_000
    ) {
        let clock = clock();
        let limit_ms = hours * 3_600_000;
        let plain = limit(&format!("{hours}工作时"));
        let unpaused = clock.add(start, &plain).expect("covered").due;
        let from = start.plus_ms(into_ms).min(unpaused);
        let pause = Pause::try_new(from, from.plus_ms(length_ms)).expect("forwards");
        let paused = clock.add_with_pauses(start, &plain, &[pause]).expect("covered").due;
        let inside_ms = clock.working_ms_between(pause.from, pause.to).expect("covered");
        let total = clock.working_ms_between(start, paused).expect("covered");
        prop_assert_eq!(total, limit_ms + inside_ms);
        let (run, begun) = clock.position(Measure::Hours, start).expect("covered");
        let lawful = clock.instant(Measure::Hours, run, begun + u128::from(limit_ms + inside_ms));
        prop_assert_eq!(Ok(paused), lawful);
        let around = limit(&format!("{hours}紧急工作时"));
        let unpaused = clock.add(start, &around).expect("no calendar").due;
        let from = start.plus_ms(into_ms).min(unpaused);
        let pause = Pause::try_new(from, from.plus_ms(length_ms)).expect("forwards");
        let paused = clock.add_with_pauses(start, &around, &[pause]).expect("no calendar").due;
        prop_assert_eq!(paused, unpaused.plus_ms(length_ms));
    }

    #[test]
    fn lamp_is_red_only_after_the_deadline(
        is_seasonal in any::<bool>(), start in covered(), limit in any_limit(), after_ms in 0_u64..900_000_000
    ) {
        let clock = either(is_seasonal);
        let due = clock.add(start, &limit).expect("covered").due;
        let now = start.plus_ms(after_ms);
        let lamp = clock.lamp(start, &limit, &[], now).expect("covered");
        prop_assert!(lamp != Lamp::Red || now > due);
        prop_assert_eq!(clock.lamp(start, &limit, &[], due), Ok(Lamp::Yellow));
    }

    #[test]
    fn no_instant_breaks_the_clock(
        is_seasonal in any::<bool>(), a in any::<u64>(), b in any::<u64>(), limit in any_limit()
    ) {
        let clock = either(is_seasonal);
        let (low, high) = (UtcMs(a.min(b)), UtcMs(a.max(b)));
        let pause = Pause::try_new(low, high).expect("forwards");
        for start in [UtcMs(a), UtcMs(a % (UtcMs::MAX.0 + 2)), UtcMs(a % 1_000)] {
            let _ = clock.add_with_pauses(start, &limit, &[pause]);
            let _ = clock.working_ms_between(start, UtcMs(b));
            let _ = clock.lamp(start, &limit, &[pause], high);
            let _ = clock.to_local_rfc3339(start);
        }
    }
}
