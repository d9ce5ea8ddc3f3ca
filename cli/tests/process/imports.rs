//! Imports into a hub: all or nothing, and a wrong file is told by row, field and value.

use crate::support::{Answer, Bench, GRIDS, run, snapshot, text};

const ROUTE: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature",
    "properties":{"code":"R-01"},"geometry":{"type":"LineString",
    "coordinates":[[121.4641,31.2281],[121.4669,31.2281]]}}]}"#;
const ROSTER: &str = "person,date,slot,start,end,grids,route\n\
    i-1,2026-03-02,AM,08:00,10:00,310101002001001,R-01\n";
const CALENDAR: &str = r#"{"year":2026,"papers":["p"],"days":[
    {"name":"x","date":"2026-01-01","isOffDay":true}]}"#;

struct City {
    bench: Bench,
}

impl City {
    /// A hub with a grid, a route and one known person.
    fn new() -> Self {
        let bench = Bench::new();
        let city = Self { bench };
        city.hub(&["init"]).json();
        city.import("grids", "grids.geojson", GRIDS).json();
        city.import("routes", "routes.geojson", ROUTE).json();
        city.hub(&[
            "admin",
            "code",
            "create",
            "--role",
            "inspector",
            "--person",
            "i-1",
        ])
        .json();
        city
    }

    fn hub(&self, arguments: &[&str]) -> Answer {
        let dir = text_of(&self.bench.path("hub"));
        let mut all = vec!["hub", arguments[0], "--dir", &dir];
        all.extend(&arguments[1..]);
        run(all)
    }

    fn import(&self, kind: &str, name: &str, content: &str) -> Answer {
        let file = self.bench.write(name, content);
        self.hub(&["import", kind, &text_of(&file)])
    }

    /// Imports what must be refused, and nothing of the hub's folder may change.
    fn refuse(&self, kind: &str, content: &str, names: &[&str]) {
        let blobs = self.bench.path("hub").join("blobs");
        let before = snapshot(&blobs);
        self.import(kind, "wrong", content).assert_failed(2, names);
        assert_eq!(snapshot(&blobs), before);
    }
}

fn text_of(path: &std::path::Path) -> String {
    path.to_str().expect("a test's path is text").to_owned()
}

#[test]
fn routes_roster_calendar_and_policy_are_versions_and_the_same_again_is_none() {
    let city = City::new();
    let files = [
        ("roster", ROSTER),
        ("calendar", CALENDAR),
        ("policy", "version = \"2026-1\"\n"),
    ];
    for (kind, content) in files {
        let first = city.import(kind, "file", content).json();
        assert_eq!(first["kind"], kind);
        assert_eq!(
            (&first["version"], &first["new"]),
            (&1.into(), &true.into())
        );
        let again = city.import(kind, "file", content).json();
        assert_eq!(
            (&again["version"], &again["new"]),
            (&1.into(), &false.into())
        );
        assert_eq!(text(&first["hash"]), text(&again["hash"]));
    }
    // Another year joins the one in force.
    let next = CALENDAR.replace("2026", "2027");
    assert_eq!(city.import("calendar", "file", &next).json()["version"], 2);
    assert_eq!(
        city.import("calendar", "file", CALENDAR).json()["new"],
        false
    );
}

#[test]
fn roster_that_names_what_the_hub_does_not_know_is_refused_by_row_and_value() {
    let city = City::new();
    let with = |from: &str, to: &str| ROSTER.replace(from, to);
    city.refuse("roster", &with("i-1,", "i-9,"), &["row 2", "person", "i-9"]);
    city.refuse("roster", &with("R-01", "R-77"), &["row 2", "route", "R-77"]);
    city.refuse(
        "roster",
        &with("310101002001001", "310101002001999"),
        &["row 2", "grids", "310101002001999"],
    );
    let twice = format!("{ROSTER}i-1,2026-03-02,AM2,09:00,11:00,310101002001001,\n");
    city.refuse("roster", &twice, &["row 3", "i-1"]);
    city.refuse(
        "roster",
        &with("2026-03-02", "2026-02-30"),
        &["row 2", "date", "2026-02-30"],
    );
    city.refuse("roster", &with("person", "who"), &["person"]);
    city.refuse(
        "roster",
        "person,date,slot,start,end,grids\n",
        &["no shifts"],
    );
}

#[test]
fn routes_calendars_and_policies_that_do_not_hold_are_refused() {
    let city = City::new();
    let one = ROUTE.replace(",[121.4669,31.2281]", "");
    city.refuse("routes", &one, &["feature 1"]);
    let outside = ROUTE.replace("31.2281]]", "131.0]]");
    city.refuse("routes", &outside, &["feature 1"]);
    city.refuse(
        "routes",
        &ROUTE.replace("\"code\"", "\"name\""),
        &["feature 1", "code"],
    );
    let twice = CALENDAR.replace(
        "]}",
        ",{\"name\":\"y\",\"date\":\"2026-01-01\",\"isOffDay\":false}]}",
    );
    city.refuse("calendar", &twice, &["2026-01-01"]);
    city.refuse(
        "calendar",
        "{\"year\":2026,\"papers\":[\"p\"],\"days\":[]}",
        &["days"],
    );
    let weights = "[verdict_permille]\ncoverage = 240\ntime = 150\nquantity = 250\nquality = 350\n";
    city.refuse("policy", weights, &["990", "1000"]);
    city.refuse("policy", "version = = 1\n", &["line 1"]);
}

#[test]
fn review_of_a_hub_without_patrols_is_empty_and_its_times_are_checked() {
    let city = City::new();
    let review = city.hub(&["review", "--from", "2026-03-02"]).json();
    assert_eq!(review["schema"], "bading/review/1");
    assert_eq!(review["shifts"], serde_json::json!([]));
    city.hub(&["review", "--from", "yesterday"])
        .assert_failed(2, &["--from", "yesterday"]);
    let backwards = ["review", "--from", "2026-03-03", "--to", "2026-03-01"];
    city.hub(&backwards).assert_failed(2, &["--from"]);
    city.import("roster", "roster.csv", ROSTER).json();
    let review = city
        .hub(&["review", "--from", "2026-03-02", "--person", "i-1"])
        .json();
    let shift = &review["shifts"][0];
    assert_eq!(shift["person"], "i-1");
    assert_eq!(shift["coverage"]["ratio"], 0.0);
    assert_eq!(shift["verdict"]["parts"][0]["score"], "0.00");
    let other = city
        .hub(&["review", "--from", "2026-03-02", "--person", "i-2"])
        .json();
    assert_eq!(other["shifts"], serde_json::json!([]));
    let file = city.bench.path("review.xlsx");
    let out = file.to_str().expect("a path of the test");
    let whole_book = ["review", "--from", "2026-03-02", "--format", "xlsx"];
    let written = city.hub(&[&whole_book[..], &["--out", out]].concat());
    assert_eq!(written.exit, Some(0));
    let bytes = std::fs::read(&file).expect("a workbook was written");
    let tables = bading_hub::read_xlsx_tables(&bytes).expect("it is one");
    let names: Vec<_> = tables.iter().map(|table| table.sheet.clone()).collect();
    assert!(
        names.iter().any(|name| name.as_str() == "shifts"),
        "{names:?}"
    );
    let csv = city.hub(&["review", "--from", "2026-03-02", "--format", "csv"]);
    assert_eq!(csv.exit, Some(0));
    assert_eq!(csv.stdout.lines().count(), 2, "{csv:?}");
}

#[test]
fn calendar_without_days_is_refused_alone_and_waits_beside_a_published_one() {
    let city = City::new();
    let none = |papers: &str| format!(r#"{{"year":2027,"papers":[{papers}],"days":[]}}"#);
    city.refuse("calendar", &none(""), &["days", "2027", "not published"]);
    city.refuse("calendar", &none(r#""p""#), &["days: none"]);
    city.refuse(
        "calendar",
        r#"{"year":2027,"papers":[]}"#,
        &["days: a list"],
    );
    let twice = CALENDAR.replace(
        "}]}",
        r#"},{"name":"y","date":"2026-01-01","isOffDay":false}]}"#,
    );
    city.refuse("calendar", &twice, &["days[1].date", "2026-01-01", "twice"]);
    let empty = city.bench.write("2027.json", none(""));
    let good = city.bench.write("2026.json", CALENDAR);
    let both = ["import", "calendar", &text_of(&good), &text_of(&empty)];
    assert_eq!(city.hub(&both).json()["new"], true);
}
