//! Planned routes into a hub: GeoJSON and GPX, versions with days, windows, datums.

use crate::support::{Answer, Bench, run, snapshot};

const GPX: &str = "<gpx><rte><name>R-01</name><rtept lat='31.2281' lon='121.4641'/>\
    <rtept lat='31.2281' lon='121.4669'/></rte></gpx>";

fn version(days: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"code":"R-01"{days}}},"geometry":{{"type":"LineString",
        "coordinates":[[121.4641,31.2281],[121.4669,31.2281]]}}}}"#
    )
}

fn collection(features: &[String]) -> String {
    let features = features.join(",");
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

struct City(Bench);

impl City {
    fn new() -> Self {
        let city = Self(Bench::new());
        city.hub(&["init"]).json();
        city
    }

    fn hub(&self, arguments: &[&str]) -> Answer {
        let dir = self.0.path("hub");
        let dir = dir.to_str().expect("a test's path is text");
        let mut all = vec!["hub", arguments[0], "--dir", dir];
        all.extend(&arguments[1..]);
        run(all)
    }

    fn import(&self, content: &str, flags: &[&str]) -> Answer {
        let file = self.0.write("routes", content);
        let mut all = vec![
            "import",
            "routes",
            file.to_str().expect("a test's path is text"),
        ];
        all.extend(flags);
        self.hub(&all)
    }
}

#[test]
fn routes_come_from_gpx_and_from_another_datum() {
    let city = City::new();
    let first = city.import(GPX, &[]).json();
    assert_eq!(
        (&first["kind"], &first["version"]),
        (&"routes".into(), &1.into())
    );
    // The same line of a GPX is the same route as a feature of that code and name.
    let named = version(r#","name":"R-01""#);
    assert_eq!(city.import(&collection(&[named]), &[]).json()["new"], false);
    assert_eq!(city.import(GPX, &["--datum", "gcj02"]).json()["version"], 2);
    city.import(GPX, &["--datum", "bj54"])
        .assert_failed(2, &["--datum", "bj54"]);
}

#[test]
fn versions_with_days_are_imported_and_overlapping_or_backward_ones_are_not() {
    let city = City::new();
    let before = snapshot(&city.0.path("hub"));
    let refuse = |first: &str, second: &str, names: &[&str]| {
        let text = collection(&[version(first), version(second)]);
        city.import(&text, &[]).assert_failed(2, names);
        assert_eq!(snapshot(&city.0.path("hub")), before);
    };
    let until_march = r#","valid_to":"2026-03-31""#;
    refuse(
        until_march,
        r#","valid_from":"2026-03-31""#,
        &["feature 2 (R-01)", "valid_from", "feature 1"],
    );
    refuse("", until_march, &["feature 2 (R-01)", "code", "feature 1"]);
    let backward = r#","valid_from":"2026-05-01","valid_to":"2026-04-01""#;
    refuse(
        until_march,
        backward,
        &[
            "feature 2 (R-01)",
            "valid_to",
            "2026-04-01 lies before 2026-05-01",
        ],
    );
    refuse(
        until_march,
        r#","valid_from":"2026-04-01","windows":[{"from":"12:00","to":"08:00"}]"#,
        &["windows[0].to", "08:00"],
    );
    let good = [
        version(until_march),
        version(r#","valid_from":"2026-04-01""#),
    ];
    assert_eq!(city.import(&collection(&good), &[]).json()["version"], 1);
}

/// The review takes the version of the shift's day, and counts loops by window.
#[test]
fn review_takes_the_version_of_the_day_with_its_windows() {
    let city = City::new();
    let good = [
        version(r#","name":"winter","valid_to":"2026-03-31","loops":4"#),
        version(
            r#","name":"summer","valid_from":"2026-04-01",
            "windows":[{"from":"08:00","to":"09:00","loops":2},{"from":"09:00","to":"10:00"},{"from":"14:00","to":"18:00"}]"#,
        ),
    ];
    city.import(&collection(&good), &[]).json();
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
    let roster = "person,date,slot,start,end,grids,route\n\
        i-1,2026-03-31,AM,08:00,10:00,,R-01\ni-1,2026-04-01,AM,08:00,10:00,,R-01\n";
    let file = city.0.write("roster.csv", roster);
    city.hub(&["import", "roster", file.to_str().expect("text")])
        .json();
    let shift = |day: &str| city.hub(&["review", "--from", day]).json()["shifts"][0].clone();
    let winter = shift("2026-03-31");
    assert_eq!(winter["route_name"], "winter");
    assert_eq!(winter["loops"]["share"]["whole"], 4);
    assert_eq!(winter["loop_windows"], serde_json::Value::Null);
    let summer = shift("2026-04-01");
    assert_eq!(summer["route_name"], "summer");
    assert_eq!(summer["loops"]["share"]["whole"], 3);
    let windows = summer["loop_windows"].as_array().expect("windows");
    let told: Vec<_> = windows
        .iter()
        .map(|w| (&w["done"], &w["required"]))
        .collect();
    assert_eq!(told, [(&0.into(), &2.into()), (&0.into(), &1.into())]);
}
