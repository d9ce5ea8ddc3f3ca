//! Open cases when a calendar arrives or changes: filed without one, their deadlines are
//! provisional, and every review computes them anew.

use std::sync::Arc;

use bading_core::engine::{Engine, EngineOptions, SystemHost};
use bading_core::model::identifiers::DepartmentId;
use bading_core::model::person::Role;
use bading_core::model::workflow::Action;
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::hours::WorkingHours;
use bading_core::services::case::MoveDetails;
use bading_core::services::reference::{CALENDAR, DUTIES};
use bading_core::services::review::{ReviewScope, Timeliness};
use serde_json::json;

use crate::phones::{StoppedClock, enrol, report};
use crate::server::{DAY_MS, TestHub, morning};

/// 2026 with New Year's Day off, and more days as `MM-DD`.
fn clock(days_off: &[&str], hours: &str) -> Vec<u8> {
    let off = |day: &&str| json!({"name": "x", "date": format!("2026-{day}"), "isOffDay": true});
    let days: Vec<_> = ["01-01"].iter().chain(days_off).map(off).collect();
    let year = json!({"year": 2026, "papers": ["notice"], "days": days});
    let year = CalendarYear::read(year.to_string().as_bytes()).expect("a year");
    let policy = ClockPolicy {
        hours: WorkingHours::parse(&[hours.to_owned()]).expect("hours"),
        ..ClockPolicy::default()
    };
    let calendar = Calendar::try_new([year]).expect("one year");
    let clock = WorkingClock::try_new(calendar, policy).expect("a clock");
    clock.to_pack()
}

/// The handling of the only case, looked at an hour after its dispatch at 10:00.
fn handling(hub: &TestHub) -> Timeliness {
    let (from, to) = (morning(), morning().plus_ms(DAY_MS));
    let as_of = morning().plus_ms(DAY_MS / 24);
    let scope = ReviewScope::try_new(from, to, as_of).expect("a day");
    let mut review = hub.hub.review(&scope).expect("reviews");
    let case = review.cases.pop().expect("the case");
    case.handling.expect("dispatched")
}

#[test]
fn open_case_gets_its_deadline_when_a_calendar_arrives_and_another_when_it_changes() {
    let hub = TestHub::start();
    let duties = json!({"entries": [{"class": "010101", "name": "井盖", "limit": "2工作时"}]});
    let put = |kind, bytes: &[u8]| hub.hub.put_pack(kind, bytes).expect("a pack");
    put(DUTIES, duties.to_string().as_bytes());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let options = EngineOptions {
        host: Arc::new(StoppedClock(SystemHost::new(), morning())),
        ..EngineOptions::default()
    };
    let centre = Engine::open(dir.path(), options).expect("opens");
    enrol(&hub, &centre, Role::Supervisor);
    let case_id = report(&centre, 1);
    for action in [Action::File, Action::Dispatch] {
        let department = (action == Action::Dispatch)
            .then(|| DepartmentId::parse("roads").expect("a department"));
        let details = MoveDetails {
            department,
            ..MoveDetails::default()
        };
        centre.move_case(case_id, action, &details).expect("moves");
    }
    centre.sync().expect("syncs");

    // The filing was not blocked; the deadline waits for the year, which it names.
    let told = handling(&hub);
    assert_eq!(told.provisional.as_deref(), Some("calendar_missing 2026"));
    assert_eq!(
        (told.due, told.judgement, told.overdue),
        (None, None, false)
    );

    put(CALENDAR, &clock(&[], "08:00-12:00,14:00-18:00"));
    let told = handling(&hub);
    assert_eq!(told.due.as_deref(), Some("2026-03-02T12:00:00+08:00"));
    assert_eq!(
        (told.provisional, told.judgement),
        (None, Some("not_due_yet"))
    );

    // A notice makes the day a holiday: two hours of the next morning.
    put(CALENDAR, &clock(&["03-02"], "08:00-12:00,14:00-18:00"));
    let told = handling(&hub);
    assert_eq!(told.due.as_deref(), Some("2026-03-03T10:00:00+08:00"));

    // Other hours: what is left of them today is half an hour.
    put(CALENDAR, &clock(&[], "08:00-10:30"));
    let told = handling(&hub);
    assert_eq!(told.due.as_deref(), Some("2026-03-03T09:30:00+08:00"));
}
