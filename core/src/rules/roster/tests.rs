use super::*;
use crate::geo::mutate::mutations;

const ROSTER: &str = "\u{feff}人员,日期,班次,开始,结束,网格,路线,方式,替班,请假\n\
    u2,2026-03-02,AM,08:00,12:00,310101001001002,,,,\n\
    u1,2026-03-01,NIGHT,22:00,6:00,,R01,bicycle,,\n\
    u1,2026-03-01,AM,08:00,12:00,310101001001002、310101001001001 310101001001001,R01,,u3,ill\n\
    ,,,,,,,,,\n\
    u1,2026-03-01,PM,12:00,18:00,310101001001001,,Walk,,\n\
    u2,2026-03-02,LATE,18：00,24:00,\"a,b;c|d\",,vehicle,,\n";

fn roster() -> Roster {
    read_roster(ROSTER.as_bytes(), 480).expect("a good roster")
}

fn person(text: &str) -> PersonId {
    PersonId::parse(text).expect("a person")
}

fn at(text: &str) -> UtcMs {
    UtcMs::parse_rfc3339(text).expect("an instant")
}

fn refusal(rows: &str) -> String {
    let text = format!("person,date,slot,start,end,grids,route,mode,backup,leave\n{rows}\n");
    let line = read_roster(text.as_bytes(), 480)
        .expect_err("the rows are wrong")
        .to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[test]
fn roster_is_sorted_by_person_and_start_whatever_the_order_of_rows() {
    let roster = roster();
    let names = |s: &Shift| format!("{} {}", s.person, s.slot);
    let order: Vec<String> = roster.shifts().iter().map(names).collect();
    assert_eq!(order, ["u1 AM", "u1 PM", "u1 NIGHT", "u2 AM", "u2 LATE"]);
    assert_eq!(roster.rows, [4, 6, 3, 2, 7].map(Some));
}

#[test]
fn shift_has_its_instants_in_utc_and_its_grids_once() {
    let roster = roster();
    let [am, _, night, _, late] = roster.shifts() else {
        panic!("five shifts");
    };
    let grids: Vec<&str> = am.grids.iter().map(GridCode::as_str).collect();
    assert_eq!(grids, ["310101001001001", "310101001001002"]);
    assert_eq!(
        (am.from, am.to),
        (at("2026-03-01T00:00:00Z"), at("2026-03-01T04:00:00Z"))
    );
    assert_eq!(
        (am.worked_by(), am.leave.as_deref()),
        (Some(&person("u3")), Some("ill"))
    );
    assert_eq!(
        (night.from, night.to),
        (at("2026-03-01T14:00:00Z"), at("2026-03-01T22:00:00Z"))
    );
    assert_eq!((night.mode, night.grids.len()), (Mode::Bicycle, 0));
    assert_eq!(late.to, at("2026-03-02T16:00:00Z"));
    assert_eq!(late.grids.len(), 4);
}

#[test]
fn end_that_is_the_start_makes_a_shift_of_a_day() {
    let text = "person,date,slot,start,end,route\nu1,2026-03-01,ALL,00:00,00:00,R 1\n";
    let roster = read_roster(text.as_bytes(), -300).expect("a good roster");
    let shift = &roster.shifts()[0];
    assert_eq!(
        (shift.from, shift.to),
        (at("2026-03-01T05:00:00Z"), at("2026-03-02T05:00:00Z"))
    );
}

#[test]
fn roster_that_is_wrong_names_row_and_field_and_what_would_be_right() {
    assert_eq!(
        refusal("u1,2026-03-01,AM,8,12:00,g,,,,"),
        "row 2, start: `8` is not a time of day; write it as 08:30"
    );
    assert!(refusal("u1,2026-03-01,AM,08:00,24:01,g,,,,").starts_with("row 2, end: `24:01`"));
    assert!(refusal("u1,2026-03-01,AM,24:00,08:00,g,,,,").starts_with("row 2, start: `24:00`"));
    assert!(refusal("u1,2026-03-01,AM,08:60,09:00,g,,,,").starts_with("row 2, start: `08:60`"));
    assert_eq!(
        refusal("u1,2026/3/1,AM,08:00,12:00,g,,,,"),
        "row 2, date: `2026/3/1` is not a date; write it as 2026-03-01"
    );
    assert!(refusal("u1,2026-02-29,AM,08:00,12:00,g,,,,").contains("`2026-02-29` is not a date"));
    assert_eq!(
        refusal("u1,1970-01-01,AM,07:00,12:00,g,,,,"),
        "row 2, date: the shift is not within the years 1970 to 9999"
    );
    assert_eq!(
        refusal("u1,2026-03-01,AM,08:00,12:00,,,,,"),
        "row 2, grids: a shift needs a grid or a route"
    );
    assert_eq!(
        refusal("u1,2026-03-01,,08:00,12:00,g,,,,"),
        "row 2, slot: `` should be a text of 1 to 32 characters, such as AM"
    );
    assert_eq!(
        refusal("u1,2026-03-01,AM,08:00,12:00,g,,run,,"),
        "row 2, mode: `run` is not a mode; write walk, bicycle or vehicle"
    );
    assert_eq!(
        refusal("u1,2026-03-01,AM,08:00,12:00,g,,,u1,ill"),
        "row 2, backup: `u1` cannot be their own backup; name somebody else or leave it empty"
    );
    assert_eq!(
        refusal("张 三,2026-03-01,AM,08:00,12:00,g,,,,"),
        "row 2, person: person has a character that it may not have at position 2: `张 三`"
    );
    assert_eq!(
        refusal(
            "u1,2026-03-01,B,08:00,12:00,g,,,,\nu2,2026-03-01,B,08:00,12:00,g,,,,\nu1,2026-03-01,A,07:00,08:01,g,,,,"
        ),
        "row 4, start: `u1` would be in two places at once: g here, and row 2 (2026-03-01 B, g); \
         end one before the other begins, or name the cells of both in one row"
    );
    assert!(
        refusal("u1,2026-03-01,N,22:00,06:00,g,,,,\nu1,2026-03-02,A,05:59,09:00,g,,,,")
            .starts_with("row 3, start")
    );
    assert_eq!(refusal(""), "the roster has no shifts");
    assert_eq!(
        refusal("u1,2026-03-01"),
        "row 2: 2 fields where the header has 10"
    );
}

#[test]
fn roster_without_its_columns_or_with_no_offset_is_refused() {
    let said = |text: &str, offset| {
        let read = read_roster(text.as_bytes(), offset);
        read.expect_err("it is wrong").to_string()
    };
    assert_eq!(
        said("person,date,slot,start\n", 480),
        "header: no column `end` (or 结束)"
    );
    let no_place = "person,date,slot,start,end\n";
    assert_eq!(said(no_place, 480), "header: no column `grids` (or 网格)");
    assert!(said(ROSTER, 1081).starts_with("1081 minutes is no offset"));
    assert!(said(ROSTER, i32::MIN).contains("is no offset"));
}

#[test]
fn check_names_the_first_row_of_what_is_unknown() {
    let roster = roster();
    let said = |p: &str, r: &str, g: &str| {
        roster
            .check(
                |x| x.as_str() != p,
                |x| x.as_str() != r,
                |x, _| match x.as_str() == g {
                    true => KnownCell::Never,
                    false => KnownCell::InForce,
                },
            )
            .map_err(|error| error.to_string())
    };
    assert_eq!(said("", "", ""), Ok(()));
    assert_eq!(
        said("u3", "", ""),
        Err("row 4, backup: `u3` is not known; correct it or import the people first".to_owned())
    );
    assert_eq!(
        said("", "R01", ""),
        Err("row 3, route: `R01` is not known; correct it or import the routes first".to_owned())
    );
    assert_eq!(
        said("", "R01", "310101001001002"),
        Err(
            "row 2, grids: `310101001001002` is not known; correct it or import the grids first"
                .to_owned()
        )
    );
}

#[test]
fn check_asks_for_the_cells_that_are_in_force_when_the_shift_begins() {
    let from = at("2026-03-02T00:00:00+08:00");
    let knows = |_: &GridCode, begins: UtcMs| match begins >= from {
        true => KnownCell::InForce,
        false => KnownCell::AtOtherTimes,
    };
    let said = roster().check(|_| true, |_| true, knows);
    assert_eq!(
        said.map_err(|error| error.to_string()),
        Err(
            "row 4, grids: `310101001001001` is no cell when the shift begins: the grid of that \
             day has others; name one of them, or import the grids from an earlier day on"
                .to_owned()
        )
    );
}

#[test]
fn shift_at_is_the_one_that_the_person_works() {
    let roster = roster();
    let slot = |who: &str, when: &str| {
        roster
            .shift_at(&person(who), at(when))
            .map(|s| s.slot.as_str())
    };
    assert_eq!(slot("u1", "2026-03-01T12:00:00+08:00"), Some("PM"));
    assert_eq!(
        slot("u1", "2026-03-01T18:00:00+08:00"),
        None,
        "the end is outside"
    );
    assert_eq!(slot("u1", "2026-03-02T05:59:59+08:00"), Some("NIGHT"));
    assert_eq!(slot("u1", "2026-03-01T09:00:00+08:00"), None, "on leave");
    assert_eq!(
        slot("u3", "2026-03-01T09:00:00+08:00"),
        Some("AM"),
        "steps in"
    );
    assert_eq!(slot("u3", "2026-03-01T12:00:00+08:00"), None);
    assert_eq!(slot("u0", "2026-03-01T09:00:00+08:00"), None);
    assert_eq!(slot("u9", "2026-03-01T09:00:00+08:00"), None);
}

#[test]
fn shifts_between_share_an_instant_with_the_span() {
    let roster = roster();
    let slots = |from: &str, to: &str| -> Vec<&str> {
        roster
            .shifts_between(at(from), at(to))
            .map(|s| s.slot.as_str())
            .collect()
    };
    assert_eq!(
        slots("2026-03-01T12:00:00+08:00", "2026-03-01T22:00:00+08:00"),
        ["PM"]
    );
    assert_eq!(
        slots("2026-03-01T11:59:59+08:00", "2026-03-01T22:00:01+08:00"),
        ["AM", "PM", "NIGHT"]
    );
    assert!(slots("2026-03-01T13:00:00+08:00", "2026-03-01T13:00:00+08:00").len() == 1);
}

#[test]
fn pack_reads_back_and_is_the_same_for_any_order_of_rows() {
    let roster = roster();
    let pack = roster.to_pack();
    assert_eq!(Roster::from_pack(&pack), Ok(roster));
    let (header, rows) = ROSTER.split_once('\n').expect("a header");
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    let reversed = format!("{header}\n{}\n", rows.join("\n"));
    let again = read_roster(reversed.as_bytes(), 480).expect("a good roster");
    assert_eq!(again.to_pack(), pack);
}

#[test]
fn pack_has_one_form_and_others_are_refused() {
    let text = "person,date,slot,start,end,route\nu1,2026-03-01,AM,08:00,12:00,R1\n";
    let pack = read_roster(text.as_bytes(), 480)
        .expect("a good roster")
        .to_pack();
    let pack = String::from_utf8(pack).expect("text");
    assert_eq!(
        pack,
        r#"{"format":"bading/roster/1","shifts":[{"person":"u1","date":"2026-03-01","slot":"AM","from":"2026-03-01T00:00:00.000Z","to":"2026-03-01T04:00:00.000Z","grids":[],"route":"R1","mode":"walk"}]}"#
    );
    let said = |text: &str| {
        let read = Roster::from_pack(text.as_bytes());
        read.expect_err("no pack").to_string()
    };
    assert!(said("{}").starts_with("not a pack of a roster: "));
    assert!(said(&pack.replace("roster/1", "roster/2")).contains("`bading/roster/2`"));
    assert_eq!(
        said(&pack.replace("T04", "T00")),
        "row 1, end: a shift ends after it begins, and within 24 hours"
    );
    assert!(said(&pack.replace("\"walk\"", "\"run\"")).starts_with("row 1, mode: `run`"));
}

const PEOPLE: &str = "人员,日期,班次,开始,结束,网格,设备,角色,资质,兼职\n\
    u1,2026-03-01,AM,08:00,12:00,A,城管通 7,网格员,市容、消防,５０％\n\
    u2,2026-03-01,AM,08:00,12:00,B,T-08,,\"first aid, 市容\",1/3\n\
    u3,2026-03-01,AM,08:00,12:00,C,,,,\n";

#[test]
fn device_role_qualifications_and_part_time_are_read_and_stay_in_the_pack() {
    let roster = read_roster(PEOPLE.as_bytes(), 480).expect("a good roster");
    let [u1, u2, u3] = roster.shifts() else {
        panic!("three shifts");
    };
    assert_eq!(
        (u1.device.as_deref(), u1.role.as_deref()),
        (Some("城管通 7"), Some("网格员"))
    );
    assert_eq!(u1.qualifications, ["市容", "消防"]);
    assert_eq!(u1.part_time.parts(), (1, 2));
    assert_eq!(u2.qualifications, ["first aid", "市容"]);
    assert_eq!(u2.part_time.parts(), (1, 3));
    assert_eq!((u3.device.as_ref(), u3.part_time), (None, Proration::FULL));
    let pack = roster.to_pack();
    assert_eq!(Roster::from_pack(&pack), Ok(roster));
    let pack = String::from_utf8(pack).expect("text");
    assert!(pack.contains(
        r#""device":"城管通 7","role":"网格员","qualifications":["市容","消防"],"part_time":"1/2"}"#
    ));
    assert!(
        pack.ends_with(r#""grids":["C"],"mode":"walk"}]}"#),
        "{pack}"
    );
}

#[test]
fn part_time_and_names_that_are_wrong_say_what_would_be_right() {
    let said = |from: &str, to: &str| {
        let read = read_roster(PEOPLE.replace(from, to).as_bytes(), 480);
        read.expect_err("it is wrong").to_string()
    };
    assert_eq!(
        said("1/3", "是"),
        "row 3, part_time: `是` is not a part of full duty: write 1/2, 0.5 or 50%, above 0 and \
         at most 1"
    );
    assert!(said("1/3", "0").starts_with("row 3, part_time: `0`"));
    assert!(said("T-08", &"长".repeat(65)).starts_with("row 3, device: `长"));
    assert!(said("市容、消防", &"长".repeat(65)).starts_with("row 2, qualifications: `长"));
}

#[test]
fn sheet_is_read_as_a_csv_is_with_the_numbers_of_its_rows() {
    let row = |number: u64, cells: &[&str]| {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        (number, cells)
    };
    let mut rows = vec![
        row(1, &["三月排班表"]),
        row(3, &["人员", "日期", "班次", "开始", "结束", "网格", "兼职"]),
        row(4, &["u1", "2026-03-01", "AM", "08:00:00", "12:00:00", "A"]),
        row(
            6,
            &[
                "u2",
                "2026-03-01",
                "AM",
                "8:00",
                "12:00",
                "B",
                "0.5",
                "note",
            ],
        ),
    ];
    let roster = read_roster_rows(&rows, 480).expect("a good roster");
    assert_eq!(roster.rows, [Some(4), Some(6)]);
    let csv = "人员,日期,班次,开始,结束,网格,兼职\n\
        u1,2026-03-01,AM,08:00,12:00,A,\nu2,2026-03-01,AM,08:00,12:00,B,0.5\n";
    assert_eq!(read_roster(csv.as_bytes(), 480), Ok(roster));
    rows[3].1[6] = "2".to_owned();
    let said = read_roster_rows(&rows, 480).map_err(|error| error.to_string());
    assert!(
        said.expect_err("too much")
            .starts_with("row 6, part_time: `2`")
    );
    let said = |rows: &[(u64, Vec<String>)]| {
        let read = read_roster_rows(rows, 480);
        read.expect_err("no roster").to_string()
    };
    assert_eq!(said(&rows[..2]), "the roster has no shifts");
    assert!(said(&rows[..1]).contains("no column `person`"));
    assert!(said(&[]).contains("header"));
}

#[test]
fn bytes_gone_wrong_never_panic() {
    for bytes in mutations(PEOPLE.as_bytes(), 0x2057e4, 300) {
        drop(read_roster(&bytes, 480));
    }
    for bytes in mutations(ROSTER.as_bytes(), 0x2057e2, 300) {
        drop(read_roster(&bytes, 480));
    }
    for bytes in mutations(&roster().to_pack(), 0x2057e3, 300) {
        drop(Roster::from_pack(&bytes));
    }
}
