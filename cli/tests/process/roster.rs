//! A roster from a city's file into a hub's review: what it replaces, what it refuses, and
//! which cells have nobody.

use serde_json::{Value, json};

use crate::support::{Answer, Bench, run, snapshot};

const DAY: &str = "人员,日期,班次,开始,结束,网格,设备,资质,兼职,替班,请假\n\
    u1,2026-03-02,AM,08:00,12:00,A,T-1,市容、消防,1/2,,\n\
    u2,2026-03-02,AM,08:00,12:00,B,T-2,,,,\n\
    u1,2026-03-02,PM,14:00,18:00,A B,T-1,,,,\n";

struct City {
    bench: Bench,
}

impl City {
    /// A hub with the cells A and B and three people.
    fn new() -> Self {
        let city = Self {
            bench: Bench::new(),
        };
        city.hub(&["init"]).json();
        let cell = |code: &str, west: f64| {
            let (east, ring) = (west + 0.001, [31.22, 31.221]);
            json!({"type": "Feature", "properties": {"code": code}, "geometry": {
                "type": "Polygon", "coordinates": [[[west, ring[0]], [east, ring[0]],
                [east, ring[1]], [west, ring[1]], [west, ring[0]]]]}})
        };
        let cells = [cell("A", 121.46), cell("B", 121.461)];
        let grids = json!({"type": "FeatureCollection", "features": cells});
        let file = city.bench.write("grids.geojson", grids.to_string());
        let file = file.to_str().expect("a test's path is text");
        city.hub(&["import", "grids", file]).json();
        for person in ["u1", "u2", "u3"] {
            let code = ["admin", "code", "create", "--role", "inspector", "--person"];
            city.hub(&[&code[..], &[person]].concat()).json();
        }
        city
    }

    fn hub(&self, arguments: &[&str]) -> Answer {
        let dir = self.bench.path("hub");
        let dir = dir.to_str().expect("a test's path is text");
        let mut all = vec!["hub", arguments[0], "--dir", dir];
        all.extend(&arguments[1..]);
        run(all)
    }

    fn import(&self, content: impl AsRef<[u8]>, flags: &[&str]) -> Answer {
        let file = self.bench.write("roster", content);
        let file = file.to_str().expect("a test's path is text");
        self.hub(&[&["import", "roster", file], flags].concat())
    }

    /// Imports what must be refused, and nothing of the hub's folder may change.
    #[track_caller]
    fn refuse(&self, content: &str, names: &[&str]) {
        let blobs = self.bench.path("hub").join("blobs");
        let before = snapshot(&blobs);
        self.import(content, &[]).assert_failed(2, names);
        self.import(content, &["--dry-run"]).assert_failed(2, names);
        assert_eq!(snapshot(&blobs), before);
    }

    fn review(&self, day: &str) -> Value {
        self.hub(&["review", "--from", day]).json()
    }
}

#[test]
fn domain_example_goes_from_the_citys_file_to_the_review() {
    let city = City::new();
    city.import(DAY, &[]).json();
    let review = city.review("2026-03-02");
    assert_eq!(review["staffing"]["score"], "100.00");
    assert_eq!(review["staffing"]["share"], json!({"part": 4, "whole": 4}));
    let fix = &review["shifts"][0]["person_fix"];
    assert_eq!(fix["qualifications"], json!(["市容", "消防"]));
    assert_eq!(
        (&fix["device"], &fix["one_place"]),
        (&json!("T-1"), &json!(true))
    );
    let proration = &review["shifts"][0]["quantity"]["proration"];
    assert_eq!(proration, &json!({"numerator": 1, "denominator": 2}));
    city.import(DAY.replace("A B,T-1,,,,", "A B,T-1,,,,病假"), &[])
        .json();
    let review = city.review("2026-03-02");
    let staffing = &review["staffing"];
    assert_eq!(staffing["score"], "50.00");
    let vacant = |at: usize| {
        let vacancy = &staffing["vacancies"][at];
        ["slot", "grid", "person", "reason"].map(|key| vacancy[key].as_str().expect("a text"))
    };
    assert_eq!(vacant(0), ["PM", "A", "u1", "leave"]);
    assert_eq!(vacant(1), ["PM", "B", "u1", "leave"]);
    assert_eq!(staffing["vacancies"].as_array().map(Vec::len), Some(2));
    let backup = DAY.replace("A B,T-1,,,,", "A B,T-1,,,u3,病假");
    city.import(backup, &[]).json();
    assert_eq!(city.review("2026-03-02")["staffing"]["score"], "100.00");
}

#[test]
fn file_replaces_the_days_that_it_names_and_keeps_the_others() {
    let city = City::new();
    let first = city.import(DAY, &[]).json();
    assert_eq!(
        (&first["version"], &first["new"]),
        (&json!(1), &json!(true))
    );
    let again = city.import(DAY, &[]).json();
    assert_eq!(
        (&again["version"], &again["new"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(again["days"], json!([]));
    let next = DAY.replace("2026-03-02", "2026-03-03");
    let dry = city.import(&next, &["--dry-run"]).json();
    let added = json!([{"date": "2026-03-03", "added": 3, "changed": 0, "removed": 0}]);
    assert_eq!((&dry["dry_run"], &dry["days"]), (&json!(true), &added));
    assert_eq!(city.review("2026-03-03")["shifts"], json!([]), "a dry run");
    let merged = city.import(&next, &[]).json();
    assert_eq!(
        (&merged["days"], &merged["kept_days_count"]),
        (&added, &json!(1))
    );
    // Yesterday is reviewed as it was planned.
    assert_eq!(
        city.review("2026-03-02")["shifts"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(
        city.review("2026-03-03")["shifts"].as_array().map(Vec::len),
        Some(3)
    );
    let dry = city.import(&next, &["--replace", "--dry-run"]).json();
    assert_eq!(
        dry["days"],
        json!([{"date": "2026-03-02", "added": 0, "changed": 0, "removed": 3}])
    );
    city.import(&next, &["--replace"]).json();
    assert_eq!(city.review("2026-03-02")["shifts"], json!([]));
}

#[test]
fn roster_with_one_person_or_one_device_in_two_places_is_refused_with_both_rows() {
    let city = City::new();
    city.import(DAY, &[]).json();
    city.refuse(
        &DAY.replace("u2,", "u1,"),
        &[
            "row 3",
            "start",
            "`u1`",
            "row 2",
            "(2026-03-02 AM, A)",
            "two places",
        ],
    );
    city.refuse(
        &DAY.replace("T-2", "T-1"),
        &["row 3", "device", "`T-1`", "`u2`", "`u1`", "row 2"],
    );
    let busy = DAY.replace("A,T-1,市容、消防,1/2,,", "A,T-1,,,u2,病假");
    city.refuse(&busy, &["row 2", "backup", "`u2`", "row 3", "vacancy"]);
    city.refuse(
        &DAY.replace("1/2", "150%"),
        &["row 2", "part_time", "150%", "1/2"],
    );
    let unknown = DAY.replace("A B,T-1,,,,", "A B,T-1,,,u8,病假");
    city.refuse(&unknown, &["row 4", "backup", "u8"]);
    // The night that stays in force reaches into the file's morning.
    let night = "person,date,slot,start,end,grids\nu1,2026-03-04,NIGHT,22:00,06:00,A\n";
    city.import(night, &[]).json();
    let early = "person,date,slot,start,end,grids\nu1,2026-03-05,AM,05:00,12:00,B\n";
    city.refuse(
        early,
        &["row 2", "start", "roster in force", "2026-03-04 NIGHT"],
    );
}

#[test]
fn days_that_stay_are_not_asked_again_for_what_the_hub_knows() {
    let city = City::new();
    city.import(DAY, &[]).json();
    // The city draws its cells anew; the days before name the old ones.
    let grids = json!({"type": "FeatureCollection", "features": [{"type": "Feature",
        "properties": {"code": "C"}, "geometry": {"type": "Polygon", "coordinates": [[
        [121.46, 31.22], [121.462, 31.22], [121.462, 31.221], [121.46, 31.221], [121.46, 31.22]
    ]]}}]});
    let file = city.bench.write("new.geojson", grids.to_string());
    let file = file.to_str().expect("a test's path is text");
    city.hub(&["import", "grids", file, "--valid-from", "2026-03-03"])
        .json();
    let next = "person,date,slot,start,end,grids\nu1,2026-03-03,AM,08:00,12:00,C\n";
    let merged = city.import(next, &[]).json();
    assert_eq!(merged["shifts_count"], 4);
    city.refuse(
        &next.replace(",C", ",A"),
        &["row 2", "grids", "`A`", "that day"],
    );
    city.refuse(
        &next.replace(",C", ",D"),
        &["row 2", "grids", "`D`", "not known"],
    );
    let staffed = |day| city.review(day)["staffing"]["share"].clone();
    assert_eq!(staffed("2026-03-02"), json!({"part": 4, "whole": 4}));
    assert_eq!(staffed("2026-03-03"), json!({"part": 1, "whole": 1}));
}
