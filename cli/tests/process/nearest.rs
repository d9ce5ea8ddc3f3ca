//! What is near, offline: a city's list through a hub into a phone, and out of a file.
//!
//! Distances and bearings are those of GeographicLib for Python, computed apart from this
//! project.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Answer, Bench, HubProcess, run, snapshot, text};

const AT: &str = "31.23,121.47";
const LIST: &str = "编号,类别,名称,纬度,经度,开放时间\n\
    T-1,公厕,人民广场公厕,31.2301,121.4702,06:00-22:00\n\
    T-2,公厕,,31.2312,121.4689,Mo-Fr 08:00-18:00\n\
    T-3,公厕,,31.24,121.48,看门人说了算\n\
    P-1,停车场,,31.2288,121.4731,24/7\n";
/// Metres and degrees from [`AT`] to each of the list.
const EXACT: [(&str, f64, f64); 4] = [
    ("T-1", 22.045_776_334, 59.806_330_699),
    ("T-2", 169.366_644_500, 321.773_038_905),
    ("P-1", 323.936_202_509, 114.249_466_614),
    ("T-3", 1_461.819_633_829, 40.668_580_555),
];

fn path(file: &Path) -> &str {
    file.to_str().expect("a test's path is text")
}

fn ids(answer: &Value) -> Vec<String> {
    let found = answer["facilities"].as_array().expect("a list");
    found.iter().map(|facility| text(&facility["id"])).collect()
}

/// Asserts that the facilities are these, as far and as bearing as GeographicLib says.
#[track_caller]
fn assert_exact(answer: &Value, expected: &[&str]) {
    assert_eq!(ids(answer), expected);
    for facility in answer["facilities"].as_array().expect("a list") {
        let known = EXACT.iter().find(|known| facility["id"] == known.0);
        let (_, distance_m, bearing_deg) = known.expect("a facility of the list");
        let off =
            |field: &str, exact: f64| (facility[field].as_f64().expect("a number") - exact).abs();
        assert!(off("distance_m", *distance_m) < 1e-4, "{facility}");
        assert!(off("bearing_deg", *bearing_deg) < 1e-4, "{facility}");
    }
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
        let mut all = vec!["hub", arguments[0], "--dir", path(&dir)];
        all.extend(&arguments[1..]);
        run(all)
    }

    fn import(&self, content: &str, flags: &[&str]) -> Answer {
        let file = self.0.write("facilities", content);
        let mut all = vec!["import", "facilities", path(&file)];
        all.extend(flags);
        self.hub(&all)
    }
}

#[test]
fn phone_finds_what_the_hub_imported_with_the_hub_gone() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let phone = bench.phone("phone");
    hub.enrol(&phone, "inspector");
    phone
        .run(["nearest", "--at", AT, "--kind", "toilet"])
        .assert_failed(2, &["no facilities", "bading sync", "--facilities"]);
    let import = |name: &str, content: &str| {
        let file = bench.write(name, content);
        hub.admin(&["import", "facilities", path(&file)]).json()
    };
    assert_eq!(import("first", LIST)["version"], 1);
    phone.run(["sync"]).json();
    // Another list is another version, which the phone has after its next sync only.
    let near = |kind: &str| phone.run(["nearest", "--at", AT, "--kind", kind]).json();
    let closer = format!("{LIST}T-0,wc,,31.23,121.47,\n");
    assert_eq!(import("second", &closer)["version"], 2);
    assert_exact(&near("toilet"), &["T-1", "T-2", "T-3"]);
    phone.run(["sync"]).json();
    let dir = hub.dir.clone();
    hub.stop_and_verify();
    std::fs::remove_dir_all(&dir).expect("the test's own folder");

    let found = near("公厕");
    assert_eq!(ids(&found), ["T-0", "T-1", "T-2", "T-3"]);
    assert_eq!(found["facilities"][0]["distance_m"], 0.0);
    assert_eq!(found["facilities"][0]["bearing_deg"], 0.0);
    assert_eq!(
        found["kinds"],
        json!([
            {"kind": "parking", "label_zh": "停车场", "label_en": "car park", "count": 1},
            {"kind": "toilet", "label_zh": "公厕", "label_en": "public toilet", "count": 4},
        ])
    );
    let all = ["nearest", "--at", AT, "--count", "3", "--within-m", "200"];
    assert_eq!(ids(&phone.run(all).json()), ["T-0", "T-1", "T-2"]);
    phone
        .run(["nearest", "--at", AT, "--kind", "helipad"])
        .assert_failed(
            2,
            &["--kind", "helipad", "parking (停车场)", "toilet (公厕)"],
        );
    phone.assert_sound();
}

#[test]
fn file_is_asked_without_a_hub_or_a_store_and_hours_by_the_local_time() {
    let bench = Bench::new();
    let file = bench.write("list.csv", LIST);
    let ask = |flags: &[&str]| {
        let phone = bench.phone("none");
        let mut all = vec!["nearest", "--facilities", path(&file), "--at", AT];
        all.extend(flags);
        let answer = phone.run(all);
        assert!(!phone.0.exists(), "looking makes no store");
        answer
    };
    assert_exact(&ask(&[]).json(), &["T-1", "T-2", "P-1", "T-3"]);
    assert_exact(
        &ask(&["--kind", "parking,toilets", "--count", "3"]).json(),
        &["T-1", "T-2", "P-1"],
    );
    let states = |time: &str, flags: &[&str]| {
        let answer = ask(&[&["--open-at", time][..], flags].concat()).json();
        let all = answer["facilities"].as_array().expect("a list").clone();
        all.iter()
            .map(|facility| text(&facility["open"]))
            .collect::<Vec<_>>()
    };
    // Sunday noon in Shanghai; seven in the morning of a Monday; the same instant elsewhere.
    assert_eq!(
        states("2026-03-01T04:00:00Z", &[]),
        ["open", "closed", "open", "unknown"]
    );
    assert_eq!(
        states("2026-03-02T05:59:59+08:00", &[]),
        ["closed", "closed", "open", "unknown"]
    );
    let berlin = ["--utc-offset-min", "60"];
    assert_eq!(
        states("2026-03-02T12:00:00Z", &berlin),
        ["open", "open", "open", "unknown"]
    );
    let first = ask(&["--open-at", "2026-03-02T23:00:00+08:00"]).json()["facilities"][0].clone();
    assert_eq!(first["opening_hours"], "06:00-22:00");
    assert_eq!(first["changes_at"], "2026-03-03T06:00:00+08:00");

    for (flags, names) in [
        (&["--count", "0"][..], &["--count", "0"][..]),
        (&["--count", "1001"], &["--count", "1001"]),
        (&["--within-m", "-3"], &["--within-m", "-3"]),
        (&["--within-m", "nan"], &["--within-m", "NaN"]),
        (&["--open-at", "noon"], &["--open-at", "noon"]),
        (&["--datum", "mars"], &["--datum", "mars"]),
        (&["--kind", "helipad"], &["--kind", "helipad", "toilet"]),
        (&["--lang", "fr"], &["--lang", "fr"]),
        (&["--utc-offset-min", "9999"], &["--utc-offset-min", "9999"]),
    ] {
        ask(flags).assert_failed(2, names);
    }
    for at in ["91,0", "0,181", "nan,0", "here", ""] {
        run(["nearest", "--facilities", path(&file), "--at", at]).assert_failed(2, &["--at"]);
    }
    let store = bench.phone("none");
    store
        .run(["nearest", "--at", AT])
        .assert_failed(2, &["there is no store"]);
}

#[test]
fn same_list_again_changes_nothing_in_any_order_and_form() {
    let city = City::new();
    let dry = city.import(LIST, &["--dry-run"]).json();
    assert_eq!(
        (&dry["new"], &dry["facilities_count"]),
        (&true.into(), &4.into())
    );
    let first = city.import(LIST, &[]).json();
    assert_eq!(
        (&first["kind"], &first["version"]),
        (&"facilities".into(), &1.into())
    );
    assert_eq!(first["new"], true);
    assert_eq!(first["notices"][0]["at"], "row 4");
    assert_eq!(first["notices"].as_array().map(Vec::len), Some(1));
    let before = snapshot(&city.0.path("hub").join("blobs"));
    let mut rows: Vec<&str> = LIST.lines().collect();
    rows[1..].reverse();
    for content in [LIST.to_owned(), rows.join("\n"), LIST.replace(',', ";")] {
        let again = city.import(&content, &[]).json();
        assert_eq!(
            (&again["new"], &again["version"]),
            (&false.into(), &1.into())
        );
        assert_eq!(again["hash"], first["hash"]);
    }
    assert_eq!(snapshot(&city.0.path("hub").join("blobs")), before);
    assert_eq!(city.import(LIST, &["--dry-run"]).json()["new"], false);
    let moved = city.import(LIST, &["--datum", "gcj02"]).json();
    assert_eq!(
        (&moved["new"], &moved["version"]),
        (&true.into(), &2.into())
    );
}

#[test]
fn file_with_anything_wrong_names_all_of_it_and_imports_nothing() {
    let city = City::new();
    city.import(LIST, &[]).json();
    let before = snapshot(&city.0.path("hub"));
    let refuse = |content: &str, names: &[&str]| {
        city.import(content, &[]).assert_failed(2, names);
        city.import(content, &["--dry-run"]).assert_failed(2, names);
        assert_eq!(snapshot(&city.0.path("hub")), before, "{content}");
    };
    refuse("", &["empty"]);
    refuse("id,kind,lat,lon\n", &["no facilities"]);
    refuse("id,kind,lat\na,toilet,1\n", &["no column `lon`"]);
    let wrong = format!("{LIST}T-1,公厕,,31.2,121.4,\nX,,,121.4,31.2,\nY,公厕,,nan,7,\n");
    refuse(
        &wrong,
        &[
            "facilities",
            "row 6, id: `T-1` stands in row 2",
            "row 7, kind",
            "row 7, lat",
            "swapped",
            "row 8, lat: NaN",
        ],
    );
    let swapped = r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":7,
        "properties":{"amenity":"toilets"},"geometry":{"type":"Point","coordinates":[31.2,121.4]}}]}"#;
    refuse(swapped, &["feature 1, geometry.coordinates", "swapped"]);
    refuse("{\"type\":", &["not JSON"]);
    refuse("[]", &["no facilities"]);
    city.import(LIST, &["--datum", "bj54"])
        .assert_failed(2, &["--datum", "bj54"]);
}

/// Real maps: what is nearest agrees with GeographicLib's own distances from the same places.
#[test]
fn map_of_monaco_answers_its_nearest_toilets() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("BADING_DATA").map_or(beside, Into::into);
    let map = data.join("regions/osm_small/monaco_pois.geojson");
    if !map.is_file() {
        eprintln!("skipped: no map of Monaco");
        return;
    }
    let ask = [
        "nearest",
        "--facilities",
        path(&map),
        "--at",
        "43.7384,7.4246",
    ];
    let answer = run([&ask[..], &["--kind", "toilet", "--count", "3"]].concat()).json();
    let found = answer["facilities"].as_array().expect("a list");
    let exact = [
        ("node/1685061947", 658.165_154_627, 51.842_856_723),
        ("node/280487301", 793.734_690_699, 197.941_938_020),
        ("node/280487234", 803.186_138_459, 210.448_040_531),
    ];
    assert_eq!(found.len(), exact.len());
    for (facility, (id, distance_m, bearing_deg)) in found.iter().zip(exact) {
        assert_eq!(facility["id"], id);
        let off =
            |field: &str, exact: f64| (facility[field].as_f64().expect("a number") - exact).abs();
        assert!(
            off("distance_m", distance_m) < 1e-4 && off("bearing_deg", bearing_deg) < 1e-4,
            "{facility}"
        );
        assert_eq!(facility["open"], "unknown");
    }
}
