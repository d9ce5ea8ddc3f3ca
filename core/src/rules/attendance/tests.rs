use proptest::prelude::*;

use super::AttendanceKind::{InGrid, NoFix, Outside, OverDwell};
use super::*;

const MINUTE_MS: u64 = 60_000;
/// 2026-03-02T08:00+08:00.
const START_MS: u64 = 1_772_409_600_000;

/// A place so many metres north of the corner of the test's cell.
fn place(north_m: f64) -> LatLon {
    LatLon::try_new(31.0 + north_m / 110_850.0, 121.0).expect("in range")
}

fn at(ms: u64) -> UtcMs {
    UtcMs(START_MS + ms)
}

fn slot(ms: u64) -> Interval {
    Interval::try_new(at(0), at(ms)).expect("in order")
}

fn fix(ms: u64, north_m: f64, is_in_grid: bool) -> AttendanceFix {
    AttendanceFix {
        at: at(ms),
        place: place(north_m),
        is_in_grid,
    }
}

fn excused(from_ms: u64, to_ms: u64, reason: &str) -> Excused {
    Excused {
        from: at(from_ms),
        to: at(to_ms),
        reason: reason.to_owned(),
    }
}

/// Fixes every 20 s from minute to minute, their end not included; walking up and down at
/// 1 m/s, 100 m each way, or standing 60 m beyond.
fn fixes(from_min: u64, to_min: u64, is_walking: bool, is_in_grid: bool) -> Vec<AttendanceFix> {
    (from_min * 3..to_min * 3)
        .map(|step| {
            let along_m = (step * 20 % 200) as f64;
            let north_m = if is_walking {
                100.0 - (along_m - 100.0).abs()
            } else {
                160.0
            };
            fix(step * 20_000, north_m, is_in_grid)
        })
        .collect()
}

fn run(slot: Interval, fixes: &[AttendanceFix], excuses: &[Excused]) -> Attendance {
    attendance(slot, fixes, excuses, &AttendancePolicy::default())
}

/// The kinds with their minutes, in order.
fn minutes(result: &Attendance) -> Vec<(AttendanceKind, u64)> {
    let length = |one: &AttendanceInterval| (one.to.0 - one.from.0) / MINUTE_MS;
    result
        .intervals
        .iter()
        .map(|one| (one.kind, length(one)))
        .collect()
}

/// 480 minutes: 200 walking, 40 standing of which 20 are too long, 18 outside, 40 without a
/// fix, 182 walking.
fn domain_day() -> Vec<AttendanceFix> {
    let mut day = fixes(0, 200, true, true);
    day.extend(fixes(200, 240, false, true));
    day.extend(fixes(240, 258, true, false));
    day.push(fix(258 * MINUTE_MS, 0.0, false));
    day.extend(fixes(298, 480, true, true));
    day
}

#[test]
fn domain_example_gives_88_96_from_its_fixes() {
    let excuses = [excused(270 * MINUTE_MS, 295 * MINUTE_MS, "appeal")];
    let result = run(slot(480 * MINUTE_MS), &domain_day(), &excuses);
    let seconds = (
        result.in_grid_s,
        result.outside_s,
        result.over_dwell_s,
        result.no_fix_s,
    );
    assert_eq!(seconds, (402 * 60, 18 * 60, 20 * 60, 40 * 60));
    assert_eq!(result.excused_s, 25 * 60);
    let share = Share {
        part: 427 * MINUTE_MS,
        whole: 480 * MINUTE_MS,
    };
    assert_eq!(result.share, share);
    assert_eq!(
        result.score.map(|s| s.to_string()).as_deref(),
        Some("88.96")
    );
    assert_eq!(
        minutes(&result),
        [
            (InGrid, 220),
            (OverDwell, 20),
            (Outside, 18),
            (NoFix, 12),
            (NoFix, 25),
            (NoFix, 3),
            (InGrid, 182)
        ]
    );
}

#[test]
fn domain_example_gives_88_96_from_its_counts() {
    let score = |excused| attendance_score(480, 402, excused);
    assert_eq!(
        score(25).map(|s| s.map(|s| s.to_string())),
        Ok(Some("88.96".to_owned()))
    );
    assert!(score(78).is_ok());
    assert!(score(79).is_err(), "more than scheduled");
    assert_eq!(attendance_score(0, 0, 0), Ok(None));
}

#[test]
fn interval_of_60_seconds_belongs_to_its_earlier_fix_and_one_of_a_millisecond_more_to_none() {
    let two = |ms| {
        run(
            slot(ms + 10_000),
            &[fix(0, 0.0, false), fix(ms, 0.0, true)],
            &[],
        )
    };
    let kinds = |result: &Attendance| result.intervals.iter().map(|i| i.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&two(60_000)), [Outside, InGrid]);
    assert_eq!(kinds(&two(60_001)), [NoFix, InGrid]);
}

#[test]
fn ends_of_the_slot_are_unproven_before_the_first_fix_and_60_seconds_after_the_last() {
    let one = |slot_ms| run(slot(slot_ms), &[fix(5_000, 0.0, true)], &[]);
    let near = one(65_000);
    assert_eq!((near.no_fix_s, near.in_grid_s), (5, 60));
    let far = one(65_001);
    assert_eq!((far.no_fix_s, far.in_grid_s, far.scheduled_s), (65, 0, 65));
}

#[test]
fn slot_without_fixes_is_unproven_and_an_empty_slot_is_not_evaluated() {
    let result = run(slot(MINUTE_MS), &[], &[]);
    assert_eq!(
        (result.no_fix_s, result.score.map(Score::hundredths)),
        (60, Some(0))
    );
    let empty = run(slot(0), &[fix(0, 0.0, true)], &[excused(0, 9, "leave")]);
    assert_eq!((empty.score, empty.intervals.len()), (None, 0));
}

#[test]
fn stay_of_20_minutes_is_allowed_and_a_step_beyond_50_m_begins_another() {
    let stay = |minutes| {
        run(
            slot(minutes * MINUTE_MS),
            &fixes(0, minutes, false, true),
            &[],
        )
    };
    assert_eq!(stay(20).over_dwell_s, 0);
    assert_eq!(stay(21).over_dwell_s, 60);
    let mut moved = fixes(0, 21, false, true);
    moved[30].place = place(160.0 + 49.0);
    assert_eq!(run(slot(21 * MINUTE_MS), &moved, &[]).over_dwell_s, 60);
    moved[30].place = place(160.0 + 51.0);
    assert_eq!(run(slot(21 * MINUTE_MS), &moved, &[]).over_dwell_s, 0);
}

#[test]
fn stay_is_not_carried_over_a_time_without_fixes() {
    let mut two = fixes(0, 19, false, true);
    two.extend(fixes(25, 44, false, true));
    let result = run(slot(44 * MINUTE_MS), &two, &[]);
    assert_eq!(result.over_dwell_s, 0);
}

#[test]
fn staying_outside_is_outside_and_never_over_dwell() {
    let result = run(slot(30 * MINUTE_MS), &fixes(0, 30, false, false), &[]);
    assert_eq!((result.outside_s, result.over_dwell_s), (1_800, 0));
}

#[test]
fn task_excuses_outside_and_over_dwell_but_neither_the_unproven_nor_the_attended() {
    let all = [excused(0, 480 * MINUTE_MS, Excused::TASK)];
    let result = run(slot(480 * MINUTE_MS), &domain_day(), &all);
    assert_eq!(result.excused_s, 38 * 60);
    let leave = [excused(0, 480 * MINUTE_MS, "leave")];
    let result = run(slot(480 * MINUTE_MS), &domain_day(), &leave);
    assert_eq!(result.excused_s, 78 * 60);
    assert_eq!(result.score.map(Score::hundredths), Some(10_000));
}

#[test]
fn overlapping_excuses_count_once_for_the_one_that_began_first() {
    let excuses = [
        excused(20_000, 50_000, "order"),
        excused(10_000, 30_500, "leave"),
        excused(40_000, 40_000, "empty"),
    ];
    let mut result = run(slot(MINUTE_MS), &[], &excuses);
    let leave = |result: &Attendance| {
        let list = result
            .excused
            .iter()
            .map(|one| (one.reason.clone(), one.excused_s));
        list.collect::<Vec<_>>()
    };
    let expected = [("leave".to_owned(), 20), ("order".to_owned(), 20)];
    assert_eq!(leave(&result), expected);
    assert_eq!(result.excused_s, 40);
    let reversed: Vec<_> = excuses.into_iter().rev().collect();
    assert_eq!(run(slot(MINUTE_MS), &[], &reversed), result);
    result.intervals.retain(|one| one.excused_by.is_none());
    assert_eq!(result.intervals.len(), 2, "before and after");
}

#[test]
fn interval_that_ends_before_it_begins_is_refused() {
    assert!(Interval::try_new(at(1), at(0)).is_err());
    assert!(Interval::try_new(at(1), at(1)).is_ok());
}

#[test]
fn json_tells_times_with_an_offset_and_kinds_by_their_keys() {
    let json = serde_json::to_value(run(slot(500), &[], &[])).expect("plain data");
    assert_eq!(json["intervals"][0]["from"], "2026-03-02T00:00:00.000Z");
    assert_eq!(json["intervals"][0]["kind"], "no_fix");
    assert_eq!(json["score"], "0.00");
}

fn any_fixes() -> impl Strategy<Value = Vec<AttendanceFix>> {
    let one = (0..7_200_000_u64, 0.0..200.0_f64, any::<bool>());
    prop::collection::vec(
        one.prop_map(|(ms, north_m, inside)| fix(ms, north_m, inside)),
        0..60,
    )
}

fn any_excuses() -> impl Strategy<Value = Vec<Excused>> {
    let reason = prop::sample::select(vec![Excused::TASK, Excused::CASE, "leave", "order"]);
    let one = (0..7_200_000_u64, 0..3_600_000_u64, reason);
    let excuse = one.prop_map(|(from, length, reason)| excused(from, from + length, reason));
    prop::collection::vec(excuse, 0..6)
}

/// The middle hour of two, with a policy under which short walks overstay.
fn judge(fixes: &[AttendanceFix], excuses: &[Excused]) -> Attendance {
    let slot = Interval::try_new(at(1_800_000), at(5_400_123)).expect("in order");
    let policy = AttendancePolicy {
        max_interval_s: 300,
        dwell_allowed_s: 200,
        ..AttendancePolicy::default()
    };
    attendance(slot, fixes, excuses, &policy)
}

proptest! {
    #[test]
    fn kinds_sum_to_the_slot_and_intervals_tile_it(fixes in any_fixes(), excuses in any_excuses()) {
        let result = judge(&fixes, &excuses);
        let sum = result.in_grid_s + result.outside_s + result.over_dwell_s + result.no_fix_s;
        prop_assert_eq!((sum, result.scheduled_s), (3_600, 3_600));
        let by_reason: u64 = result.excused.iter().map(|one| one.excused_s).sum();
        prop_assert_eq!(by_reason, result.excused_s);
        prop_assert_eq!(result.intervals.first().map(|i| i.from), Some(at(1_800_000)));
        prop_assert_eq!(result.intervals.last().map(|i| i.to), Some(at(5_400_123)));
        for pair in result.intervals.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            let same = pair[0].kind == pair[1].kind && pair[0].excused_by == pair[1].excused_by;
            prop_assert!(!same, "merged");
        }
    }

    #[test]
    fn order_repetition_and_fixes_outside_the_slot_change_nothing(
        fixes in any_fixes(), excuses in any_excuses(), shuffled in any::<prop::sample::Index>(),
    ) {
        let before = judge(&fixes, &excuses);
        let mut other = fixes.clone();
        other.extend(fixes.iter().copied());
        if !other.is_empty() {
            let by = shuffled.index(other.len());
            other.rotate_left(by);
        }
        other.reverse();
        other.push(fix(1_799_999, 0.0, true));
        other.push(fix(5_400_123, 0.0, true));
        prop_assert_eq!(judge(&other, &excuses), before);
    }

    #[test]
    fn more_excuses_never_lower_the_score(
        fixes in any_fixes(), excuses in any_excuses(), more in any_excuses(),
    ) {
        let before = judge(&fixes, &excuses);
        let after = judge(&fixes, &[excuses, more].concat());
        prop_assert!(after.share.part >= before.share.part);
        prop_assert!(after.score >= before.score);
    }
}
