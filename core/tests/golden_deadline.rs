//! The clock against the fixture that Kotlin and Swift read too, and against real calendars.

use std::path::PathBuf;

use bading_core::model::time::UtcMs;
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::deadline::Pause;
use bading_core::rules::deadline_rows::parse_start;
use bading_core::rules::handling_file::HandlingCase;
use bading_core::rules::hours::{DayHours, WorkingHours};
use bading_core::rules::limit::Limit;
use bading_core::rules::task_limit::{Delivery, TaskLimits, delivery, on_shift_due, seat_due};
use chrono::NaiveDate;
use serde_json::Value;

const GOLDEN: &str = include_str!("../../fixtures/golden/deadline.json");

/// Years whose files the data has, published or not.
const YEARS: [i32; 14] = [
    2007, 2008, 2009, 2011, 2012, 2017, 2019, 2020, 2021, 2022, 2023, 2024, 2026, 2027,
];

fn golden() -> (WorkingClock, Value) {
    let golden: Value = serde_json::from_str(GOLDEN).expect("the fixture is JSON");
    let year = CalendarYear::read(golden["calendar"].to_string().as_bytes());
    let calendar = Calendar::try_new([year.expect("the fixture's year")]).expect("one year");
    let clock = WorkingClock::try_new(calendar, ClockPolicy::default()).expect("a clock");
    (clock, golden)
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().expect("a text of the fixture")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list of the fixture")
}

#[test]
fn clock_gives_every_deadline_of_the_fixture() {
    let (clock, golden) = golden();
    assert!(!list(&golden["cases"]).is_empty());
    for case in list(&golden["cases"]) {
        let start = parse_start(text(case, "start")).expect("an instant");
        let limit = Limit::parse(text(case, "limit")).expect("a limit");
        let found = clock.add(start, &limit).expect("covered");
        assert_eq!(
            clock.to_local_rfc3339(found.due),
            text(case, "due"),
            "{case}"
        );
        assert_eq!(clock.to_local_rfc3339(start), text(case, "start"), "{case}");
        let seconds = case["working_seconds"].as_u64().expect("whole seconds");
        assert_eq!(found.limit_ms, seconds * 1000, "{case}");
        assert_eq!(
            Some(found.is_continuous),
            case["continuous"].as_bool(),
            "{case}"
        );
    }
}

#[test]
fn clock_refuses_what_the_fixture_refuses_and_names_it() {
    let (clock, golden) = golden();
    assert!(!list(&golden["refused"]).is_empty());
    for case in list(&golden["refused"]) {
        let start = parse_start(text(case, "start")).map_err(|error| error.to_string());
        let limit = Limit::parse(text(case, "limit")).map_err(|error| error.to_string());
        let told = start
            .and_then(|start| limit.map(|limit| clock.add(start, &limit)))
            .and_then(|found| found.map_err(|error| error.to_string()))
            .expect_err("it is refused");
        assert!(told.contains(text(case, "names")), "{told}");
    }
}

fn instant(value: &Value) -> UtcMs {
    parse_start(value.as_str().expect("a time of the fixture")).expect("an instant")
}

#[test]
fn lamp_has_every_colour_of_the_fixture() {
    let (clock, golden) = golden();
    for case in list(&golden["lamps"]) {
        let limit = Limit::parse(text(case, "limit")).expect("a limit");
        let pauses = case["pauses"].as_array().into_iter().flatten();
        let pauses: Vec<_> = pauses
            .map(|p| Pause::try_new(instant(&p["from"]), instant(&p["to"])).expect("a pause"))
            .collect();
        let (start, at) = (instant(&case["start"]), instant(&case["at"]));
        let lamp = clock.lamp(start, &limit, &pauses, at).expect("covered");
        assert_eq!(lamp.as_str(), text(case, "lamp"), "{case}");
    }
}

#[test]
fn handling_comes_to_every_answer_of_the_fixture() {
    let (clock, golden) = golden();
    for case in list(&golden["handlings"]) {
        let read = HandlingCase::from_json(&case["case"]).expect("a case of the fixture");
        let answer = read.judge(&clock).expect("covered");
        let answer = serde_json::to_value(&answer).expect("plain data");
        let expected = case["expected"].as_object().expect("fields");
        for (field, value) in expected {
            assert_eq!(answer[field], *value, "{field} of {case}");
        }
    }
}

#[test]
fn cities_of_the_fixture_have_their_own_hours_zones_and_years() {
    let (_, golden) = golden();
    for city in list(&golden["cities"]) {
        let year = city.get("calendar").unwrap_or(&golden["calendar"]);
        let year = CalendarYear::read(year.to_string().as_bytes()).expect("a year");
        let hours = city["hours"].as_array().into_iter().flatten();
        let hours: Vec<_> = hours
            .map(|text| text.as_str().expect("hours").to_owned())
            .collect();
        let offset = city["utc_offset_min"].as_i64().unwrap_or(480);
        let policy = ClockPolicy {
            hours: WorkingHours::parse(&hours).expect("hours"),
            utc_offset_min: i32::try_from(offset).expect("an offset"),
            bare_is_working: city["bare_is_continuous"] != true,
        };
        let calendar = Calendar::try_new([year]).expect("one year");
        let clock = WorkingClock::try_new(calendar, policy).expect("a clock");
        for case in list(&city["cases"]) {
            let limit = Limit::parse(text(case, "limit")).expect("a limit");
            let found = clock.add(instant(&case["start"]), &limit).expect("covered");
            let due = clock.to_local_rfc3339(found.due);
            assert_eq!(due, text(case, "due"), "{case}");
        }
    }
}

fn seconds(case: &Value, field: &str) -> u32 {
    let seconds = case[field].as_u64().expect("seconds of the fixture");
    u32::try_from(seconds).expect("seconds of the fixture")
}

#[test]
fn seats_and_tasks_are_due_as_in_the_fixture() {
    let (clock, golden) = golden();
    let local = |at| clock.to_local_rfc3339(at);
    for case in list(&golden["seats"]) {
        let hours = case["hours"].as_str();
        let hours = hours.map(|text| DayHours::parse(text).expect("hours"));
        let (start, limit_s) = (instant(&case["start"]), seconds(case, "limit_s"));
        let due = seat_due(start, limit_s, hours.as_ref(), 480);
        assert_eq!(local(due), text(case, "due"), "{case}");
    }
    for case in list(&golden["tasks"]) {
        let shifts = list(&case["shifts"]).iter();
        let shifts: Vec<_> = shifts.map(|s| (instant(&s[0]), instant(&s[1]))).collect();
        let limit_s = seconds(case, "limit_s");
        let due = on_shift_due(instant(&case["delivered"]), limit_s, &shifts);
        assert_eq!(due.map(local).as_deref(), case["due"].as_str(), "{case}");
    }
    for case in list(&golden["deliveries"]) {
        let acknowledged = case["acknowledged"].as_str();
        let acknowledged = acknowledged.map(|text| parse_start(text).expect("an instant"));
        let (sent, as_of) = (instant(&case["sent"]), instant(&case["as_of"]));
        let (key, at) = match delivery(sent, acknowledged, seconds(case, "undelivered_s"), as_of) {
            Delivery::Acknowledged(at) => ("acknowledged", at),
            Delivery::Waiting(at) => ("waiting", at),
            Delivery::Reassign(at) => ("reassign", at),
        };
        assert_eq!(
            (key, &*local(at)),
            (text(case, "expected"), text(case, "at")),
            "{case}"
        );
    }
    let limits = TaskLimits::default();
    assert_eq!((limits.accept_s, limits.dispatch_s), (900, 900));
    assert_eq!(
        (limits.verify_s, limits.check_s, limits.undelivered_s),
        (1800, 1800, 600)
    );
}

fn shared(path: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, PathBuf::from);
    let bytes = std::fs::read(root.join("calendar").join(path)).ok();
    if bytes.is_none() {
        eprintln!("skipped: calendar/{path} is not in BADING_DATA or ../shared/data");
    }
    bytes
}

/// All years of the data, or nothing, said aloud, where it is absent.
fn real_calendar() -> Option<Calendar> {
    let mut years = Vec::new();
    for year in YEARS {
        let bytes = shared(&format!("holiday-cn/{year}.json"))?;
        years.push(CalendarYear::read(&bytes).expect("a published file"));
    }
    Some(Calendar::try_new(years).expect("each year once"))
}

fn rows(bytes: &[u8]) -> Vec<csv::StringRecord> {
    let rows = csv::Reader::from_reader(bytes).into_records();
    rows.collect::<Result<_, _>>().expect("a sound table")
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date of the table")
}

#[test]
fn calendar_agrees_with_three_sources_on_every_day() {
    let (Some(calendar), Some(bytes)) = (real_calendar(), shared("workdays_three_sources.csv"))
    else {
        return;
    };
    let rows = rows(&bytes);
    assert_eq!(rows.len(), 4_749);
    for row in rows {
        let found = calendar.is_working_day(date(&row[0])).expect("covered");
        for said in row.iter().skip(2) {
            assert_eq!(said, if found { "1" } else { "0" }, "{row:?}");
        }
    }
}

#[test]
fn calendar_counts_every_interval_of_the_data_and_so_does_the_clock() {
    let (Some(calendar), Some(bytes)) = (real_calendar(), shared("working_days_between.csv"))
    else {
        return;
    };
    let clock = WorkingClock::try_new(calendar.clone(), ClockPolicy::default()).expect("a clock");
    let rows = rows(&bytes);
    assert_eq!(rows.len(), 400);
    for row in rows {
        let expected: u32 = row[3].parse().expect("a count");
        let found = calendar.working_days_between(date(&row[0]), date(&row[1]));
        assert_eq!(found, Ok(expected), "{row:?}");
        let evening =
            |day: &str| parse_start(&format!("{day}T18:00:00+08:00")).expect("an instant");
        let (start, end) = (evening(&row[0]), evening(&row[1]));
        let ms = clock.working_ms_between(start, end).expect("covered");
        assert_eq!(ms, u64::from(expected) * 8 * 3_600_000, "{row:?}");
        if expected == 0 {
            continue;
        }
        // The limit of so many days ends on the last of them that is worked.
        let limit = Limit::parse(&format!("{expected}个工作日")).expect("a limit");
        let due = clock.add(start, &limit).expect("covered").due;
        assert!(start < due && due <= end, "{row:?}");
        let left = clock.working_ms_between(due, end).expect("covered");
        assert_eq!(left, 0, "{row:?}");
    }
}

#[test]
fn pack_of_real_calendars_reads_back() {
    let Some(calendar) = real_calendar() else {
        return;
    };
    let pack = calendar.to_pack();
    assert_eq!(Calendar::from_pack(&pack), Ok(calendar));
}
