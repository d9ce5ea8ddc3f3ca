use super::*;
use proptest::prelude::*;

/// A local time of the week that begins on Monday 2026-03-02.
fn at(weekday: u32, clock: &str) -> NaiveDateTime {
    let text = format!("2026-03-{:02}T{clock}:00", 2 + weekday);
    text.parse().expect("a time of the test")
}

fn nobody_knows(_: NaiveDate) -> Option<bool> {
    None
}

fn hours(text: &str) -> OpeningHours {
    OpeningHours::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn is_open(text: &str, weekday: u32, clock: &str) -> bool {
    let state = hours(text).state_at(at(weekday, clock), &nobody_knows);
    assert_ne!(state, OpenState::Unknown, "{text}");
    state == OpenState::Open
}

#[test]
fn week_is_open_in_its_hours_and_closed_at_their_end() {
    let text = "Mo-Fr 08:00-18:00; Sa 09:00-12:00";
    assert!(!is_open(text, 0, "07:59"));
    assert!(is_open(text, 0, "08:00"));
    assert!(is_open(text, 4, "17:59"));
    assert!(!is_open(text, 4, "18:00"));
    assert!(is_open(text, 5, "11:59"));
    assert!(!is_open(text, 5, "12:00"));
    assert!(!is_open(text, 6, "10:00"));
    assert!(is_open("24/7", 6, "00:00"));
    assert!(is_open("06:00-22:00", 6, "21:59"));
    assert!(!is_open("06:00-22:00", 6, "22:00"));
    assert!(is_open("Sa-Mo 8:00-9:00", 6, "08:30"));
    assert!(!is_open("Sa-Mo 8:00-9:00", 1, "08:30"));
    assert!(is_open("Mo-Fr", 2, "23:59"));
    assert!(!is_open("off", 2, "12:00"));
}

#[test]
fn night_belongs_to_the_day_on_which_it_began() {
    let text = "Fr 18:00-02:00";
    assert!(!is_open(text, 4, "01:00"));
    assert!(is_open(text, 4, "18:00"));
    assert!(is_open(text, 5, "01:59"));
    assert!(!is_open(text, 5, "02:00"));
    assert!(is_open("Fr 18:00-26:00", 5, "01:59"));
    // Sunday's night is Monday's morning.
    assert!(is_open("Su 20:00-04:00", 0, "03:00"));
}

#[test]
fn later_rule_replaces_its_days_and_one_after_a_comma_adds() {
    let text = "Mo-Su 08:00-18:00; We off; Th 10:00-12:00";
    assert!(is_open(text, 1, "09:00"));
    assert!(!is_open(text, 2, "09:00"));
    assert!(!is_open(text, 3, "09:00"));
    assert!(is_open(text, 3, "11:00"));
    let text = "Mo-Fr 08:00-12:00, 13:00-17:00, We 18:00-20:00";
    assert!(is_open(text, 2, "08:00") && is_open(text, 2, "19:00"));
    assert!(!is_open(text, 2, "12:30") && !is_open(text, 1, "19:00"));
    let lunch = "08:00-18:00; 12:00-13:00 off";
    assert!(
        is_open(lunch, 0, "11:59") && !is_open(lunch, 0, "12:30") && is_open(lunch, 0, "13:00")
    );
}

#[test]
fn chinese_words_say_the_same() {
    for (theirs, ours) in [
        (
            "周一至周五 08：00—18：00；周六、周日 09:00～12:00",
            "Mo-Fr 08:00-18:00;Sa,Su 09:00-12:00",
        ),
        ("星期一到星期五08:00-18:00", "Mo-Fr 08:00-18:00"),
        ("全天开放", "24/7"),
        ("24小时", "24/7"),
        ("每日6:00-22:00，周一休息", "06:00-22:00, Mo off"),
        ("08:00-18:00；法定节假日不开放", "08:00-18:00; PH off"),
    ] {
        let read = |text| {
            OpeningHours::parse(text).map(|hours| {
                let weekday = |day| {
                    [6, 9, 12, 23].map(|hour| {
                        hours.state_at(at(day, &format!("{hour:02}:30")), &|_| Some(day == 3))
                    })
                };
                (0..7).map(weekday).collect::<Vec<_>>()
            })
        };
        assert_eq!(read(theirs), read(ours), "{theirs}");
    }
}

#[test]
fn holiday_counts_where_a_calendar_tells_and_where_it_makes_no_difference() {
    let hours = hours("Mo-Fr 08:00-18:00; PH off");
    let state = |clock: &str, holiday| hours.state_at(at(0, clock), &|_| holiday);
    assert_eq!(state("09:00", Some(false)), OpenState::Open);
    assert_eq!(state("09:00", Some(true)), OpenState::Closed);
    assert_eq!(state("09:00", None), OpenState::Unknown);
    assert_eq!(state("19:00", None), OpenState::Closed);
    // Sunday, which no rule but that of holidays names.
    let special = OpeningHours::parse("Mo-Sa 08:00-18:00; PH 10:00-12:00").expect("good");
    let sunday = |holiday| special.state_at(at(6, "11:00"), &|_| holiday);
    assert_eq!(sunday(Some(true)), OpenState::Open);
    assert_eq!(sunday(Some(false)), OpenState::Closed);
    // A holiday's night runs into a day that is none.
    let night = OpeningHours::parse("Mo-Su off; PH 20:00-04:00").expect("good");
    let monday = at(0, "00:00").date();
    let eve = |day: NaiveDate| Some(day == monday);
    assert_eq!(night.state_at(at(1, "03:00"), &eve), OpenState::Open);
    assert_eq!(night.state_at(at(2, "03:00"), &eve), OpenState::Closed);
}

#[test]
fn next_change_is_the_first_edge_at_which_the_state_is_another() {
    let next = |text: &str, weekday, clock: &str| {
        let next = hours(text).next_change(at(weekday, clock), &nobody_knows);
        next.map(|at| at.format("%d %H:%M").to_string())
    };
    let week = "Mo-Fr 08:00-18:00; Sa 09:00-12:00";
    assert_eq!(next(week, 0, "07:00").as_deref(), Some("02 08:00"));
    assert_eq!(next(week, 0, "08:00").as_deref(), Some("02 18:00"));
    assert_eq!(next(week, 5, "12:00").as_deref(), Some("09 08:00"));
    assert_eq!(
        next("Fr 18:00-02:00", 4, "18:30").as_deref(),
        Some("07 02:00")
    );
    // Midnight between two days that are open all day is no change.
    assert_eq!(next("24/7", 0, "12:00"), None);
    assert_eq!(
        next("Mo-Fr 00:00-24:00", 0, "12:00").as_deref(),
        Some("07 00:00")
    );
    assert_eq!(next("08:00-18:00; PH off", 0, "07:00"), None);
}

#[test]
fn what_is_outside_of_the_grammar_is_named() {
    let said = |text: &str| OpeningHours::parse(text).expect_err(text).to_string();
    assert_eq!(said(" "), "no opening hours");
    assert_eq!(said("Mo-Fr 08:00-18:00;; Sa off"), "rule 2 is empty");
    assert!(said("Apr-Oct 08:00-18:00").starts_with("rule 1: `apr-oct` is neither"));
    assert!(said("24/7; sunrise-sunset").starts_with("rule 2: `sunrise-sunset`"));
    for text in [
        "18:00+",
        "25-26",
        "08:60-09:00",
        "49:00-50:00",
        "8-18",
        "Mo-Xy 08:00-09:00",
        "SH off",
        "周末 08:00-09:00",
        "\"by appointment\"",
    ] {
        assert!(said(text).starts_with("rule 1: `"), "{text}");
    }
    for text in ["08:00-08:00", "24:00-26:00", "08:00-40:00"] {
        assert!(
            said(text).ends_with("is no time of at most a day"),
            "{text}"
        );
    }
    assert!(said("off 08:00-09:00").ends_with("does not belong there"));
    assert!(said(&"长".repeat(256)).contains("256"));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "[MoTuPHoff24/7:;,\\- 0-9周一至休息]{0,40}", minute in 0_u32..10_080) {
        if let Ok(hours) = OpeningHours::parse(&text) {
            let start = at(0, "00:00") + chrono::TimeDelta::minutes(i64::from(minute));
            let state = hours.state_at(start, &|_| Some(false));
            prop_assert_ne!(state, OpenState::Unknown);
            // Up to the next change nothing changes, and at it something does.
            if let Some(next) = hours.next_change(start, &|_| Some(false)) {
                prop_assert_ne!(hours.state_at(next, &|_| Some(false)), state);
                let before = next - chrono::TimeDelta::minutes(1);
                prop_assert_eq!(hours.state_at(before.max(start), &|_| Some(false)), state);
            }
        }
    }
}
