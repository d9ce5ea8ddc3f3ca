//! The second fix in a review: which cells × slots are staffed, each vacancy with its reason,
//! and what the roster says of the person of a shift.

#![cfg(feature = "storage")]

use std::collections::BTreeMap;

use bading_core::model::grid::GridCode;
use bading_core::model::identifiers::{PersonId, RouteCode, Zone};
use bading_core::model::time::UtcMs;
use bading_core::oplog::sign::hash_of;
use bading_core::rules::roster::read_roster;
use bading_core::rules::staffing::{Assignment, staffing};
use bading_core::services::reference::{GRIDS, ROSTER};
use bading_core::services::review::{
    Packs, Review, ReviewInputs, ReviewScope, StaffingReview, VacancyReason, review,
};
use proptest::prelude::*;
use serde_json::json;

const OFFSET_MIN: i32 = 480;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Midnight of 2 March 2026 in Shanghai.
const MIDNIGHT: UtcMs = UtcMs(1_772_380_800_000);
const HEADER: &str = "person,date,slot,start,end,grids,route,backup,leave,device,role,\
    qualifications,part_time\n";

/// DOMAIN's example: cells A and B, slots AM and PM.
const DOMAIN: &str = "u1,2026-03-02,AM,08:00,12:00,A,,,,T-1,网格员,市容、消防,1/2\n\
    u2,2026-03-02,AM,08:00,12:00,B,,,,,,,\n\
    u1,2026-03-02,PM,14:00,18:00,A B,,,,,,,\n";

fn packs(grids: &[&str], rows: &str) -> Packs {
    let mut packs = Packs::none(OFFSET_MIN);
    if !grids.is_empty() {
        let cell = |(at, code): (usize, &&str)| {
            let (west, east) = (121.0 + at as f64 * 0.001, 121.001 + at as f64 * 0.001);
            json!({"type": "Feature", "properties": {"code": code}, "geometry": {
                "type": "Polygon", "coordinates": [[[west, 31.0], [east, 31.0], [east, 31.001],
                [west, 31.001], [west, 31.0]]]}})
        };
        let features: Vec<_> = grids.iter().enumerate().map(cell).collect();
        let layer = json!({"type": "FeatureCollection", "features": features}).to_string();
        let hash = hash_of(layer.as_bytes());
        packs.take(GRIDS, hash, layer.as_bytes()).expect("a layer");
    }
    let roster = read_roster(format!("{HEADER}{rows}").as_bytes(), OFFSET_MIN);
    let pack = roster.expect("a good roster").to_pack();
    packs.take(ROSTER, hash_of(&pack), &pack).expect("a roster");
    packs
}

fn days(from: u64, count: u64) -> ReviewScope {
    let at = |day: u64| MIDNIGHT.plus_ms(day * DAY_MS);
    ReviewScope::try_new(at(from), at(from + count), at(from + count)).expect("days")
}

fn review_of(packs: &Packs, scope: &ReviewScope) -> Review {
    let zone = Zone::parse("310101").expect("a zone");
    review(
        scope,
        &ReviewInputs {
            zone: &zone,
            packs,
            cases: Vec::new(),
            patrols: Vec::new(),
            decisions: bading_core::oplog::verdict::Decisions::default(),
        },
    )
}

fn staffed(packs: &Packs, scope: &ReviewScope) -> StaffingReview {
    review_of(packs, scope).staffing
}

fn counts(told: &StaffingReview) -> (u64, u64) {
    (told.share.part, told.share.whole)
}

fn vacant(told: &StaffingReview) -> Vec<String> {
    let line = |v: &bading_core::services::review::CellVacancy| {
        let why = v.person.clone().unwrap_or_else(|| "nobody".to_owned());
        format!("{} {} {} {why}", v.date, v.slot, v.grid)
    };
    told.vacancies.iter().map(line).collect()
}

#[test]
fn domain_example_is_100_00_and_on_leave_50_00_with_two_vacancies() {
    let full = staffed(&packs(&["A", "B"], DOMAIN), &days(0, 1));
    assert_eq!(counts(&full), (4, 4));
    assert_eq!(full.score.map(|s| s.to_string()).as_deref(), Some("100.00"));
    assert_eq!(full.vacancies, []);
    let rows = DOMAIN.replace("A B,,,,", "A B,,,病假,");
    let leave = staffed(&packs(&["A", "B"], &rows), &days(0, 1));
    assert_eq!(counts(&leave), (2, 4));
    assert_eq!(leave.score.map(|s| s.to_string()).as_deref(), Some("50.00"));
    assert_eq!(vacant(&leave), ["2026-03-02 PM A u1", "2026-03-02 PM B u1"]);
    let first = serde_json::to_value(&leave.vacancies[0]).expect("plain data");
    assert_eq!(
        first,
        json!({"date": "2026-03-02", "slot": "PM", "grid": "A", "reason": "leave",
            "person": "u1", "leave": "病假", "since": "2026-03-02T14:00:00+08:00"})
    );
    let planned = serde_json::to_value(&leave.planned).expect("plain data");
    assert_eq!(
        planned,
        json!([
            {"date": "2026-03-02", "slot": "AM", "cells_count": 2, "staffed_count": 2},
            {"date": "2026-03-02", "slot": "PM", "cells_count": 2, "staffed_count": 0},
        ])
    );
}

#[test]
fn backup_who_steps_in_staffs_the_cells_of_the_leave() {
    let rows = DOMAIN.replace("A B,,,,", "A B,,u3,病假,");
    let told = staffed(&packs(&["A", "B"], &rows), &days(0, 1));
    assert_eq!((counts(&told), vacant(&told).len()), ((4, 4), 0));
}

#[test]
fn cell_that_no_shift_of_the_time_names_is_vacant_in_every_slot_and_listed_once() {
    let told = staffed(&packs(&["A", "B", "C", "D"], DOMAIN), &days(0, 1));
    assert_eq!(counts(&told), (4, 8));
    assert_eq!(vacant(&told).len(), 0);
    assert_eq!(told.never_planned.grids, ["C", "D"]);
    assert_eq!(told.never_planned.vacancies_count, 4);
    let rows = DOMAIN.replace("AM,08:00,12:00,B", "AM,08:00,12:00,A");
    let told = staffed(&packs(&["A", "B"], &rows), &days(0, 1));
    assert_eq!(vacant(&told), ["2026-03-02 AM B nobody"]);
    assert_eq!(told.vacancies[0].reason, VacancyReason::NoAssignment);
    assert_eq!(told.vacancies[0].since, "2026-03-02T08:00:00+08:00");
}

#[test]
fn city_without_a_grid_counts_the_cells_that_the_day_names() {
    let rows = format!("{DOMAIN}u1,2026-03-03,AM,08:00,12:00,C,,,,,,,\n");
    let packs = packs(&[], &rows);
    assert_eq!(counts(&staffed(&packs, &days(0, 1))), (4, 4));
    assert_eq!(counts(&staffed(&packs, &days(1, 1))), (1, 1));
    assert_eq!(counts(&staffed(&packs, &days(0, 2))), (5, 5));
}

#[test]
fn days_sum_to_the_whole_time_and_a_night_counts_where_it_begins() {
    let rows = "u1,2026-03-02,NIGHT,22:00,06:00,A,,,ill,,,,\n\
        u2,2026-03-03,AM,08:00,12:00,B,,,,,,,\n\
        u2,2026-03-04,AM,08:00,12:00,A,,,,,,,\n";
    let packs = packs(&["A", "B"], rows);
    let each: Vec<_> = (0..3)
        .map(|day| counts(&staffed(&packs, &days(day, 1))))
        .collect();
    assert_eq!(each, [(0, 2), (1, 2), (1, 2)]);
    assert_eq!(counts(&staffed(&packs, &days(0, 3))), (2, 6));
    assert_eq!(staffed(&packs, &days(1, 1)).never_planned.grids, ["A"]);
    assert_eq!(staffed(&packs, &days(0, 3)).never_planned.grids.len(), 0);
}

#[test]
fn route_without_cells_and_a_city_without_a_roster_are_not_evaluated() {
    let rows = "u1,2026-03-02,AM,08:00,12:00,,R-01,,,,,,\n";
    let told = staffed(&packs(&["A"], rows), &days(0, 1));
    assert_eq!((counts(&told), told.score), ((0, 0), None));
    let told = staffed(&Packs::none(OFFSET_MIN), &days(0, 1));
    assert_eq!((counts(&told), told.score), ((0, 0), None));
}

#[test]
fn review_of_a_person_a_route_or_a_part_of_the_city_counts_its_own_cells() {
    let rows = DOMAIN.replace("A B,,,,", "A B,,,ill,");
    let packs = packs(&["A", "B", "C"], &rows);
    let of_person = |person: &str| ReviewScope {
        person: PersonId::parse(person).ok(),
        ..days(0, 1)
    };
    assert_eq!(counts(&staffed(&packs, &of_person("u1"))), (1, 3));
    assert_eq!(counts(&staffed(&packs, &of_person("u2"))), (1, 1));
    assert_eq!(counts(&staffed(&packs, &of_person("u9"))), (0, 0));
    let of_cell = ReviewScope {
        grid: GridCode::parse("B").ok(),
        ..days(0, 1)
    };
    assert_eq!(counts(&staffed(&packs, &of_cell)), (1, 2));
    let of_route = ReviewScope {
        route: RouteCode::parse("R-01").ok(),
        ..days(0, 1)
    };
    assert_eq!(counts(&staffed(&packs, &of_route)), (0, 0));
}

#[test]
fn shift_tells_what_the_roster_says_of_its_person_and_owes_its_part_of_full_duty() {
    let review = review_of(&packs(&["A", "B"], DOMAIN), &days(0, 1));
    let shift = &review.shifts[0];
    let fix = serde_json::to_value(&shift.person_fix).expect("plain data");
    assert_eq!(
        fix,
        json!({"role": "网格员", "qualifications": ["市容", "消防"],
            "part_time": {"numerator": 1, "denominator": 2}, "device": "T-1", "devices": [],
            "grids": ["A"], "slot": "AM", "backup": null, "stands_in_for": null,
            "one_place": true})
    );
    assert_eq!(shift.quantity.proration.parts(), (1, 2));
    assert_eq!(review.shifts[1].quantity.proration.parts(), (1, 1));
}

#[test]
fn roster_of_an_older_version_with_a_person_in_two_places_says_so() {
    let rows = "u1,2026-03-02,AM,08:00,12:00,A,,u3,ill,,,,\n\
        u3,2026-03-02,PM,12:00,18:00,B,,,,,,,\n";
    let roster = read_roster(format!("{HEADER}{rows}").as_bytes(), OFFSET_MIN);
    let pack = String::from_utf8(roster.expect("a good roster").to_pack()).expect("text");
    let pack = pack.replace(
        r#"PM","from":"2026-03-02T04"#,
        r#"PM","from":"2026-03-02T03"#,
    );
    let mut packs = Packs::none(OFFSET_MIN);
    let hash = hash_of(pack.as_bytes());
    packs.take(ROSTER, hash, pack.as_bytes()).expect("it opens");
    let review = review_of(&packs, &days(0, 1));
    let told: Vec<_> = review
        .shifts
        .iter()
        .map(|shift| (&*shift.person, shift.person_fix.one_place))
        .collect();
    assert_eq!(told, [("u3", false), ("u3", false)]);
}

/// Who is where: person, slot, cells, whether on leave.
type Row = (u8, u8, u8, bool);

fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let one = (0..6_u8, 0..3_u8, 1..16_u8, any::<bool>());
    prop::collection::vec(one, 1..18).prop_map(|rows| {
        // One row for each person and slot: nobody is in two places.
        let named: BTreeMap<_, _> = rows.into_iter().map(|row| ((row.0, row.1), row)).collect();
        named.into_values().collect()
    })
}

proptest! {
    #[test]
    fn review_agrees_with_the_formula_of_the_second_fix(rows in any_rows()) {
        let cells = ["A", "B", "C", "D"];
        let slots = ["AM", "PM", "LATE"];
        let starts = ["08:00,12:00", "12:00,18:00", "18:00,22:00"];
        let named = |mask: u8| (0..4).filter(move |at| mask >> at & 1 == 1).map(move |at| cells[at]);
        let mut text = String::new();
        let (mut assignments, mut used) = (Vec::new(), Vec::new());
        for (person, slot, mask, is_away) in rows {
            let slot = usize::from(slot);
            let grids: Vec<_> = named(mask).collect();
            let leave = if is_away { "ill" } else { "" };
            text += &format!(
                "u{person},2026-03-02,{},{},{},,,{leave},,,,\n",
                slots[slot], starts[slot], grids.join(" ")
            );
            used.push(slots[slot]);
            if !is_away {
                assignments.extend(grids.iter().map(|grid| Assignment {
                    person: PersonId::parse(&format!("u{person}")).expect("a person"),
                    backup: None,
                    grid: GridCode::parse(grid).expect("a cell"),
                    slot: slots[slot].to_owned(),
                }));
            }
        }
        let told = staffed(&packs(&cells, &text), &days(0, 1));
        let codes = cells.map(|code| GridCode::parse(code).expect("a cell"));
        let expected = staffing(&codes, &used, &assignments, &[]);
        prop_assert_eq!(told.share, expected.share);
        prop_assert_eq!(told.score, expected.score);
        let listed = told.vacancies.len() as u64 + told.never_planned.vacancies_count;
        prop_assert_eq!(listed, expected.vacancies.len() as u64);
    }
}
