use super::*;
use crate::rules::calendar::Calendar;
use crate::rules::calendar_file::CalendarYear;
use crate::rules::clock::ClockPolicy;

/// 2025 and 2026 with the holidays of October 2025.
fn clock() -> WorkingClock {
    let year = |year: i32, days: &str| {
        let text = format!(r#"{{"year":{year},"papers":["p"],"days":[{days}]}}"#);
        CalendarYear::read(text.as_bytes()).expect("a year")
    };
    let off: Vec<_> = (1..=8)
        .map(|day| format!(r#"{{"name":"国庆节","date":"2025-10-0{day}","isOffDay":true}}"#))
        .collect();
    let first = r#"{"name":"元旦","date":"2026-01-01","isOffDay":true}"#;
    let years = [year(2025, &off.join(",")), year(2026, first)];
    let calendar = Calendar::try_new(years).expect("two years");
    WorkingClock::try_new(calendar, ClockPolicy::default()).expect("a clock")
}

/// A time in the city, as `10-09T10:00` of 2025 or with its year.
fn at(text: &str) -> UtcMs {
    let year = if text.len() > 11 { "" } else { "2025-" };
    UtcMs::parse_rfc3339(&format!("{year}{text}:00+08:00")).expect("an instant")
}

fn step(time: &str, what: Step) -> HandlingEvent {
    HandlingEvent {
        at: TimeSpan::at(at(time)),
        what,
    }
}

fn between(from: &str, to: &str, what: Step) -> HandlingEvent {
    HandlingEvent {
        at: TimeSpan::try_new(at(from), at(to)).expect("an interval"),
        what,
    }
}

fn judge(limit: &str, events: &[HandlingEvent], as_of: &str) -> Handling {
    let limit = Limit::parse(limit).expect("a limit");
    handling(&clock(), &limit, events, at(as_of)).expect("covered")
}

fn due(found: &Handling) -> String {
    let due = found.due.expect("a deadline");
    clock().to_local_rfc3339(due)[5..16].to_owned()
}

const DISPATCH: &str = "10-09T09:00";

fn dispatched() -> HandlingEvent {
    step(DISPATCH, Step::Dispatched)
}

#[test]
fn hand_back_exactly_at_the_deadline_is_on_time_and_a_second_later_late() {
    let back = |time: &str| judge("4小时", &[dispatched(), step(time, Step::HandedBack)], time);
    let on_time = back("10-09T15:00");
    assert_eq!(on_time.judgement, Judgement::OnTime);
    assert_eq!(
        (due(&on_time).as_str(), on_time.lamp),
        ("10-09T15:00", Some(Lamp::Yellow))
    );
    let late = back("10-09T15:01");
    assert_eq!(
        (late.judgement, late.why),
        (Judgement::Late, "handed_back_after_due")
    );
    assert_eq!(late.lamp, Some(Lamp::Red));
}

#[test]
fn open_case_is_not_due_until_its_deadline_and_late_after_it() {
    let open = |as_of| judge("4小时", &[dispatched()], as_of);
    let before = open("10-09T15:00");
    assert_eq!(
        (before.judgement, before.state),
        (Judgement::NotDueYet, HandlingState::Running)
    );
    assert_eq!(open("10-09T15:01").judgement, Judgement::Late);
    let none = judge("4小时", &[], "10-09T15:01");
    assert_eq!(
        (none.judgement, none.why),
        (Judgement::NotDueYet, "not_dispatched")
    );
}

#[test]
fn hand_back_whose_interval_straddles_the_deadline_is_undecided() {
    let back = |from, to| {
        let events = [dispatched(), between(from, to, Step::HandedBack)];
        judge("4小时", &events, "10-10T09:00").judgement
    };
    assert_eq!(back("10-09T11:00", "10-09T15:00"), Judgement::OnTime);
    assert_eq!(back("10-09T15:00", "10-09T15:01"), Judgement::Undecided);
    assert_eq!(back("10-09T15:01", "10-09T18:00"), Judgement::Late);
}

#[test]
fn rework_goes_on_with_the_remainder_and_a_return_begins_a_full_limit() {
    let events = [
        dispatched(),
        step("10-09T11:00", Step::HandedBack),
        step("10-09T16:00", Step::Rework),
    ];
    let found = judge("4小时", &events, "10-09T16:30");
    // Two hours were used and two remain from 16:00.
    assert_eq!(
        (due(&found).as_str(), found.judgement),
        ("10-09T18:00", Judgement::NotDueYet)
    );
    assert_eq!(found.pauses.len(), 1);
    let mut again = vec![dispatched(), step("10-09T11:00", Step::ExtensionApproved)];
    again.push(step("10-09T11:30", Step::Returned));
    let void = judge("4小时", &again, "10-20T09:00");
    assert_eq!((void.due, void.judgement), (None, Judgement::NotDueYet));
    again.push(step("10-09T16:00", Step::Dispatched));
    let found = judge("4小时", &again, "10-09T16:30");
    assert_eq!((due(&found).as_str(), found.extensions), ("10-10T10:00", 0));
}

#[test]
fn rework_after_a_hand_back_of_unknown_time_leaves_the_deadline_an_interval() {
    let events = [
        dispatched(),
        between("10-09T10:00", "10-09T11:00", Step::HandedBack),
        step("10-09T11:30", Step::Rework),
    ];
    let mut told = events.to_vec();
    let open = judge("4小时", &told, "10-09T15:00");
    let earliest = clock().to_local_rfc3339(open.due_earliest.expect("a deadline"));
    assert_eq!(
        (due(&open).as_str(), &earliest[11..16]),
        ("10-09T16:30", "15:30")
    );
    told.push(step("10-09T16:00", Step::HandedBack));
    assert_eq!(
        judge("4小时", &told, "10-10T09:00").judgement,
        Judgement::Undecided
    );
}

#[test]
fn extension_adds_one_original_limit_twice_at_most_and_not_once_overdue() {
    let mut events = vec![dispatched(), step("10-09T10:00", Step::ExtensionRefused)];
    events.push(step("10-09T10:00", Step::ExtensionApproved));
    events.push(step("10-09T11:00", Step::ExtensionApproved));
    events.push(step("10-09T11:30", Step::ExtensionApproved));
    let found = judge("4小时", &events, "10-09T12:00");
    assert_eq!((due(&found).as_str(), found.extensions), ("10-10T15:00", 2));
    assert_eq!(found.limit_ms, Some(12 * 3_600_000));
    assert_eq!(
        found.ignored,
        [(1, Ignored::Refused), (4, Ignored::TwoExtensionsBefore)]
    );
    // Three of twelve hours are used.
    assert_eq!(found.lamp, Some(Lamp::Green));
    let at_due = [dispatched(), step("10-09T15:00", Step::ExtensionApproved)];
    assert_eq!(judge("4小时", &at_due, "10-09T15:00").extensions, 1);
    let overdue = [dispatched(), step("10-09T15:01", Step::ExtensionApproved)];
    let found = judge("4小时", &overdue, "10-09T15:01");
    assert_eq!(found.ignored, [(1, Ignored::Overdue)]);
}

#[test]
fn suspension_moves_a_working_limit_by_its_working_time_and_an_urgent_one_by_all_of_it() {
    let events = [
        dispatched(),
        step("10-09T11:00", Step::Suspended { until: None }),
        step("10-10T10:00", Step::Resumed),
    ];
    let working = judge("4小时", &events, "10-10T10:30");
    // 11:00-12:00, 14:00-18:00 and 08:00-10:00 are seven working hours after 15:00.
    assert_eq!(due(&working), "10-10T12:00");
    let urgent = judge("4紧急工作时", &events, "10-10T10:30");
    assert_eq!(due(&urgent), "10-10T12:00");
    let again = [
        events[0],
        events[1],
        events[2],
        step("10-10T11:00", Step::Suspended { until: None }),
    ];
    let found = judge("4小时", &again, "10-10T11:00");
    assert_eq!(found.ignored, [(3, Ignored::SuspendedBefore)]);
    let late = [
        dispatched(),
        step("10-09T15:01", Step::Suspended { until: None }),
    ];
    assert_eq!(
        judge("4小时", &late, "10-09T16:00").ignored,
        [(1, Ignored::Overdue)]
    );
}

#[test]
fn suspension_resumes_by_itself_where_it_says_and_after_a_year_at_the_latest() {
    let until = |until| {
        let events = [dispatched(), step("10-09T11:00", Step::Suspended { until })];
        judge("4紧急工作时", &events, "10-12T00:00")
    };
    let found = until(Some(at("10-10T11:00")));
    assert_eq!(
        (due(&found).as_str(), found.judgement),
        ("10-10T13:00", Judgement::Late)
    );
    let year = until(None);
    assert_eq!(
        (year.state, year.judgement),
        (HandlingState::Suspended, Judgement::NotDueYet)
    );
    assert_eq!(year.due, Some(at("2026-10-09T13:00")));
    let longer = until(Some(at("2027-01-01T00:00")));
    assert_eq!(
        (longer.due, longer.ignored),
        (year.due, vec![(1, Ignored::CutToAYear)])
    );
}

#[test]
fn suspension_beyond_the_calendar_has_no_deadline_yet_and_names_the_year() {
    let events = [
        step("2026-06-01T09:00", Step::Dispatched),
        step("2026-06-01T10:00", Step::Suspended { until: None }),
    ];
    let found = judge("4小时", &events, "2026-06-02T09:00");
    assert_eq!((found.due, found.judgement), (None, Judgement::NotDueYet));
    let told = found.missing.expect("a year is missing").to_string();
    assert!(told.contains("2027"), "{told}");
    // A hand-back ends it, and the calendar suffices again, also when it was done before.
    for back in ["2026-06-03T09:00", "2026-06-01T09:30"] {
        let all = [events[0], events[1], step(back, Step::HandedBack)];
        assert_eq!(
            judge("4小时", &all, "2026-06-04T09:00").judgement,
            Judgement::OnTime
        );
    }
}

#[test]
fn appeal_exempts_a_closed_late_case_once_and_the_fact_stays() {
    let mut events = vec![
        dispatched(),
        step("10-09T16:00", Step::HandedBack),
        step("10-09T16:30", Step::AppealUpheld),
        step("10-09T17:00", Step::Closed),
    ];
    let early = judge("4小时", &events, "10-10T09:00");
    assert_eq!(
        (early.judgement, early.ignored),
        (Judgement::Late, vec![(2, Ignored::NotClosed)])
    );
    events.push(step("10-10T09:00", Step::AppealUpheld));
    events.push(step("10-10T10:00", Step::AppealDismissed));
    let found = judge("4小时", &events, "10-10T11:00");
    assert_eq!(
        (found.judgement, found.lamp),
        (Judgement::Exempt, Some(Lamp::Red))
    );
    assert_eq!(found.ignored[1..], [(5, Ignored::AppealedBefore)]);
    events[4].what = Step::AppealDismissed;
    events[5].what = Step::AppealUpheld;
    assert_eq!(
        judge("4小时", &events, "10-10T11:00").judgement,
        Judgement::Late
    );
    events[1] = step("10-09T15:00", Step::HandedBack);
    let met = judge("4小时", &events, "10-10T11:00");
    assert_eq!(
        (met.judgement, met.ignored[1].1),
        (Judgement::OnTime, Ignored::NotLate)
    );
}

#[test]
fn step_out_of_place_changes_nothing_and_says_why() {
    let events = [
        step("10-09T08:00", Step::HandedBack),
        dispatched(),
        step("10-09T09:10", Step::Dispatched),
        step("10-09T09:20", Step::Rework),
        step("10-09T09:30", Step::Resumed),
        step("10-09T09:40", Step::Closed),
        step("10-09T10:00", Step::HandedBack),
        step("10-09T10:10", Step::HandedBack),
        step("10-09T10:20", Step::ExtensionApproved),
        step("10-09T10:30", Step::Closed),
        step("10-09T10:40", Step::Rework),
    ];
    let found = judge("4小时", &events, "10-09T12:00");
    let why: Vec<_> = found
        .ignored
        .iter()
        .map(|(at, why)| (*at, why.as_str()))
        .collect();
    assert_eq!(
        why,
        [
            (0, "not_dispatched"),
            (2, "already_dispatched"),
            (3, "not_handed_back"),
            (4, "not_suspended"),
            (5, "not_handed_back"),
            (7, "already_handed_back"),
            (8, "already_handed_back"),
            (10, "already_closed"),
        ]
    );
    assert_eq!(
        (found.state, found.judgement),
        (HandlingState::Closed, Judgement::OnTime)
    );
}
