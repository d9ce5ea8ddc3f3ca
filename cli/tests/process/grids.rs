//! Grids through the command: a layer is checked, imported over another, and asked.

use std::fs;
use std::path::{Path, PathBuf};

use bading_core::geo::datum::{Datum, convert};
use serde_json::{Value, json};

use crate::support::{Answer, Bench, GRIDS, HubProcess, run, snapshot, text};

/// Degrees of a place so many metres east and north of one in Shanghai, by the usual series.
fn at(x_m: f64, y_m: f64) -> (f64, f64) {
    let (lat, lon) = (31.23_f64, 121.47_f64);
    let phi = lat.to_radians();
    let lat_m = 111_132.92 - 559.82 * (2.0 * phi).cos() + 1.175 * (4.0 * phi).cos();
    let lon_m = 111_412.84 * phi.cos() - 93.5 * (3.0 * phi).cos() + 0.118 * (5.0 * phi).cos();
    (lat + y_m / lat_m, lon + x_m / lon_m)
}

/// The words of `--at` for such a place.
fn words(x_m: f64, y_m: f64) -> String {
    let (lat, lon) = at(x_m, y_m);
    format!("{lat},{lon}")
}

/// A rectangle of metres with properties.
fn rectangle(properties: Value, [west, south, east, north]: [f64; 4]) -> Value {
    let corners = [
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
    ];
    let ring = corners.map(|(x, y)| {
        let (lat, lon) = at(x, y);
        [lon, lat]
    });
    json!({
        "type": "Feature",
        "properties": properties,
        "geometry": { "type": "Polygon", "coordinates": [ring] },
    })
}

fn collection(features: &[Value]) -> String {
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

const A: [f64; 4] = [0.0, 0.0, 100.0, 100.0];
const B: [f64; 4] = [100.0, 0.0, 200.0, 100.0];

/// DOMAIN's two cells.
fn two_cells() -> Vec<Value> {
    vec![
        rectangle(json!({ "code": "110101003002017", "class": 1 }), A),
        rectangle(json!({ "code": "110101003002018", "unit": "一中队" }), B),
    ]
}

fn path(path: &Path) -> String {
    path.to_str().expect("a test's path is text").to_owned()
}

struct City {
    bench: Bench,
    dir: PathBuf,
}

impl City {
    fn new() -> Self {
        let bench = Bench::new();
        let dir = bench.path("hub");
        run(["hub", "init", "--dir", &path(&dir)]).json();
        Self { bench, dir }
    }

    fn hub(&self, command: &str, arguments: &[&str]) -> Answer {
        let dir = path(&self.dir);
        let mut all = vec!["hub", command, "--dir", &dir];
        all.extend(arguments);
        run(all)
    }

    fn import(&self, content: &str, flags: &[&str]) -> Answer {
        let file = path(&self.bench.write("layer.geojson", content));
        let mut arguments = vec!["grids", &file];
        arguments.extend(flags);
        self.hub("import", &arguments)
    }

    /// The code of a place, or nothing outside.
    fn find(&self, at: &str, flags: &[&str]) -> Option<String> {
        let mut arguments = vec!["--at", at];
        arguments.extend(flags);
        let answer = self.hub("locate", &arguments);
        let said: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
        let grid = said["grid"].as_str().map(str::to_owned);
        assert_eq!(answer.exit, Some(i32::from(grid.is_none())), "{answer:?}");
        grid
    }
}

fn check(bench: &Bench, content: &str, flags: &[&str]) -> (Option<i32>, Value) {
    let file = path(&bench.write("checked.geojson", content));
    let mut arguments = vec!["grids", "check", &file];
    arguments.extend(flags);
    let answer = run(arguments);
    let said = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|_| panic!("no JSON document: {answer:?}"));
    (answer.exit, said)
}

fn kinds(said: &Value) -> Vec<String> {
    let findings = said["findings"].as_array().expect("a list");
    findings.iter().map(|f| text(&f["kind"])).collect()
}

#[test]
fn domains_two_cells_are_measured_and_taken_apart() {
    let bench = Bench::new();
    let (exit, said) = check(&bench, &collection(&two_cells()), &["--profile", "15"]);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(said["findings"], json!([]));
    let cell = &said["cells"][0];
    assert_eq!(
        cell["parts"],
        json!({"county": "110101", "street": "003", "community": "002", "sequence": "017"})
    );
    assert_eq!((&cell["class"], &cell["unit"]), (&json!(1), &Value::Null));
    assert_eq!(said["cells"][1]["unit"], "一中队");
    for cell in said["cells"].as_array().expect("a list") {
        let number = |name: &str| cell[name].as_f64().expect("a number");
        assert!((number("area_m2") - 10_000.0).abs() < 1.0, "{cell}");
        assert!((number("perimeter_m") - 400.0).abs() < 0.02, "{cell}");
    }
    let city = City::new();
    city.import(&collection(&two_cells()), &["--profile", "15"])
        .json();
    let found = |x, y| city.find(&words(x, y), &[]);
    // Minimum edges are inclusive, maximum edges are not.
    assert_eq!(found(100.0, 50.0).as_deref(), Some("110101003002018"));
    assert_eq!(found(99.9, 50.0).as_deref(), Some("110101003002017"));
    assert_eq!(found(150.0, 100.1), None);
    assert_eq!(found(150.0, 99.9).as_deref(), Some("110101003002018"));
}

#[test]
fn fourteen_digits_are_refused_by_the_fifteen_digit_profile_and_own_segments_are_taken() {
    let bench = Bench::new();
    let short = collection(&[rectangle(json!({ "code": "11010100300201" }), A)]);
    let (exit, said) = check(&bench, &short, &["--profile", "15"]);
    assert_eq!(exit, Some(1));
    assert_eq!(kinds(&said), ["code_profile"]);
    assert_eq!(said["findings"][0]["feature"], 1);
    assert_eq!(said["findings"][0]["field"], "properties.code");
    let own = "county:6,street:3,community:3,sequence:2";
    let (exit, said) = check(&bench, &short, &["--profile", own]);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(said["cells"][0]["parts"]["sequence"], "01");
    let city = City::new();
    city.import(&short, &["--profile", "15"]).assert_failed(
        2,
        &["layer.geojson", "feature 1", "properties.code", "wants 15"],
    );
}

#[test]
fn every_kind_of_finding_is_named_with_cell_place_and_square_metres() {
    let bench = Bench::new();
    let mut bow = rectangle(json!({ "code": "bow" }), [300.0, 0.0, 400.0, 100.0]);
    let ring = bow["geometry"]["coordinates"][0]
        .as_array_mut()
        .expect("a ring");
    ring.swap(1, 2);
    let mut clockwise = rectangle(json!({ "code": "cw" }), [0.0, 100.0, 100.0, 200.0]);
    let ring = clockwise["geometry"]["coordinates"][0]
        .as_array_mut()
        .expect("a ring");
    ring.reverse();
    let layer = collection(&[
        rectangle(json!({ "code": "a" }), A),
        rectangle(
            json!({ "code": "b", "class": "A" }),
            [90.0, 0.0, 200.0, 100.0],
        ),
        rectangle(json!({ "code": "a" }), [-50.0, 0.0, 0.0, 100.0]),
        bow,
        clockwise,
        rectangle(json!({}), B),
        rectangle(json!({ "kind": "parent" }), [0.0, 0.0, 200.0, 200.0]),
    ]);
    let (exit, said) = check(&bench, &layer, &[]);
    assert_eq!(exit, Some(1));
    assert_eq!(said["refused"], true);
    let mut kinds = kinds(&said);
    kinds.sort();
    let wanted = [
        "attribute",
        "duplicate_code",
        "feature",
        "gap_in_parent",
        "outside_parent",
        "overlap",
        "self_crossing",
        "winding",
    ];
    assert_eq!(kinds, wanted);
    for finding in said["findings"].as_array().expect("a list") {
        let wanted_m2 = match finding["kind"].as_str().expect("a kind") {
            "overlap" => 1_000.0,
            "gap_in_parent" => 10_000.0,
            "outside_parent" => 5_000.0,
            _ => continue,
        };
        let area_m2 = finding["area_m2"].as_f64().expect("a number");
        assert!((area_m2 - wanted_m2).abs() < 1.0, "{finding}");
        assert!(finding["where"]["lat"].is_f64(), "{finding}");
    }
}

#[test]
fn layer_with_a_gap_in_its_parent_is_refused_and_nothing_is_imported() {
    let city = City::new();
    let within = city.bench.write(
        "parent.geojson",
        rectangle(json!({}), [0.0, 0.0, 200.0, 100.0]).to_string(),
    );
    let gap = collection(&[rectangle(json!({ "code": "a" }), [0.0, 0.0, 150.0, 100.0])]);
    let blobs = city.dir.join("blobs");
    let before = snapshot(&blobs);
    let within = path(&within);
    city.import(&gap, &["--within", &within]).assert_failed(
        2,
        &[
            "layer.geojson",
            "gap_in_parent",
            "5000.",
            "m²",
            "--accept-findings",
        ],
    );
    let declared = collection(&[
        rectangle(json!({ "code": "a" }), [0.0, 0.0, 150.0, 100.0]),
        rectangle(json!({ "is_parent": true }), [0.0, 0.0, 200.0, 100.0]),
    ]);
    city.import(&declared, &[])
        .assert_failed(2, &["gap_in_parent"]);
    let overlap = collection(&[
        rectangle(json!({ "code": "a" }), [0.0, 0.0, 150.0, 100.0]),
        rectangle(json!({ "code": "b" }), B),
    ]);
    city.import(&overlap, &[])
        .assert_failed(2, &["overlap", "feature 1 (a)", "feature 2 (b)"]);
    assert_eq!(snapshot(&blobs), before);
    // Accepted, it is imported and told; a code that stands twice never is.
    let answer = city.import(&overlap, &["--accept-findings"]);
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    assert!(answer.stderr.contains("overlap"), "{answer:?}");
    let twice = collection(&[
        rectangle(json!({ "code": "a" }), A),
        rectangle(json!({ "code": "a" }), B),
    ]);
    city.import(&twice, &["--accept-findings"])
        .assert_failed(2, &["duplicate_code", "feature 2 (a)", "feature 1"]);
}

#[test]
fn cell_that_is_split_is_found_whole_before_its_day_and_in_halves_after() {
    let city = City::new();
    let whole = collection(&[rectangle(
        json!({ "code": "old" }),
        [0.0, 0.0, 200.0, 100.0],
    )]);
    let first = city.import(&whole, &[]).json();
    assert_eq!(
        (&first["version"], &first["new"]),
        (&json!(1), &json!(true))
    );
    let again = city.import(&whole, &[]).json();
    assert_eq!(
        (&again["version"], &again["new"]),
        (&json!(1), &json!(false))
    );
    let halves = collection(&two_cells());
    let split = city.import(&halves, &["--valid-from", "2026-03-02"]).json();
    assert_eq!(split["version"], 2);
    assert_eq!(
        (
            &split["begun_count"],
            &split["kept_count"],
            &split["ended_count"]
        ),
        (&json!(2), &json!(0), &json!(1))
    );
    let again = city.import(&halves, &["--valid-from", "2026-03-02"]).json();
    assert_eq!(
        (&again["version"], &again["new"]),
        (&json!(2), &json!(false))
    );

    let place = words(150.0, 50.0);
    let found = |as_of: &str| city.find(&place, &["--as-of", as_of]);
    assert_eq!(found("2026-03-01").as_deref(), Some("old"));
    assert_eq!(found("2026-03-01T23:59:59+08:00").as_deref(), Some("old"));
    assert_eq!(found("2026-03-02").as_deref(), Some("110101003002018"));
    let answer = city
        .hub("locate", &["--at", &place, "--as-of", "2026-03-01"])
        .json();
    assert_eq!(answer["valid_from"], Value::Null);
    assert_eq!(answer["valid_to"], "2026-03-02T00:00:00+08:00");
    assert_eq!(answer["version"], split["hash"]);
    let listed = city.hub("grids", &["--as-of", "2026-03-02"]).json();
    assert_eq!(listed["cells_count"], 2);
    // The pack is GeoJSON that a look-up without a hub reads as of a time, too.
    let pack = fs::read_dir(city.dir.join("blobs"))
        .expect("the hub's folder")
        .flat_map(|entry| find_files(&entry.expect("an entry").path()))
        .find(|file| file.to_string_lossy().contains(&text(&split["hash"])[8..]))
        .expect("the pack");
    let points = city.bench.write("points.csv", {
        let (lat, lon) = at(150.0, 50.0);
        format!("id,lat,lon\np,{lat},{lon}\n")
    });
    for (as_of, grid) in [("2026-03-01", "old"), ("2026-03-02", "110101003002018")] {
        let (pack, points) = (path(&pack), path(&points));
        let arguments = [
            "locate", "--grids", &pack, "--points", &points, "--as-of", as_of,
        ];
        assert_eq!(run(arguments).json()["points"][0]["grid"], grid);
    }
}

fn find_files(path: &Path) -> Vec<PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) => entries
            .flat_map(|entry| find_files(&entry.expect("an entry").path()))
            .collect(),
        Err(_) => vec![path.to_owned()],
    }
}

#[test]
fn report_lies_in_the_cell_of_its_own_time() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let layers = [
        (
            collection(&[rectangle(
                json!({ "code": "old" }),
                [0.0, 0.0, 200.0, 100.0],
            )]),
            None,
        ),
        (collection(&two_cells()), Some("2026-03-02")),
    ];
    for (content, from) in layers {
        let file = path(&bench.write("layer.geojson", content));
        let mut arguments = vec!["import", "grids", &file];
        arguments.extend(from.map(|_| "--valid-from"));
        arguments.extend(from);
        hub.admin(&arguments).json();
    }
    let phone = bench.phone("phone");
    hub.enrol(&phone, "inspector");
    phone.run(["sync"]).json();
    let place = words(150.0, 50.0);
    for (seed, taken_at, grid) in [
        (1, "2026-03-01T09:00:00+08:00", "old"),
        (2, "2026-03-02T09:00:00+08:00", "110101003002018"),
    ] {
        let photo = path(&bench.photo(&format!("{seed}.jpg"), seed));
        let answer = phone
            .run([
                "report",
                "--photo",
                &photo,
                "--at",
                &place,
                "--taken-at",
                taken_at,
            ])
            .json();
        assert_eq!(answer["grid"], grid, "{answer}");
    }
}

#[test]
fn layer_of_any_datum_puts_a_place_into_the_same_cell() {
    for datum in [Datum::Wgs84, Datum::Cgcs2000, Datum::Gcj02, Datum::Bd09] {
        let city = City::new();
        let mut cells = two_cells();
        for cell in &mut cells {
            let ring = cell["geometry"]["coordinates"][0]
                .as_array_mut()
                .expect("a ring");
            for corner in ring {
                let number = |at: usize| corner[at].as_f64().expect("a number");
                let (lat, lon) =
                    convert(Datum::Wgs84, datum, number(1), number(0)).expect("in China");
                *corner = json!([lon, lat]);
            }
        }
        city.import(&collection(&cells), &["--datum", datum.as_str()])
            .json();
        let found = city.find(&words(150.0, 50.0), &[]);
        assert_eq!(found.as_deref(), Some("110101003002018"), "{datum:?}");
        // Centimetres beside the common edge.
        let found = city.find(&words(99.95, 50.0), &[]);
        assert_eq!(found.as_deref(), Some("110101003002017"), "{datum:?}");
        let (lat, lon) = at(150.0, 50.0);
        let (lat, lon) = convert(Datum::Wgs84, datum, lat, lon).expect("in China");
        let found = city.find(&format!("{lat},{lon}"), &["--datum", datum.as_str()]);
        assert_eq!(found.as_deref(), Some("110101003002018"), "{datum:?}");
    }
}

#[test]
fn h3_cells_cover_their_area_and_are_those_of_a_city_without_a_grid() {
    let (city, bare) = (City::new(), City::new());
    let area = city.bench.write(
        "area.geojson",
        rectangle(json!({ "name": "x" }), [0.0, 0.0, 1_000.0, 700.0]).to_string(),
    );
    let area = path(&area);
    let flags = ["grids", "--h3", "10", "--within", &area];
    let first = city.hub("import", &flags).json();
    assert_eq!(first["new"], true);
    assert_eq!(city.hub("import", &flags).json()["new"], false);
    for step in 0..20 {
        let place = words(5.0 + 51.0 * f64::from(step), 350.0 - 17.0 * f64::from(step));
        let found = city.find(&place, &[]);
        assert!(found.as_deref().is_some_and(|code| code.starts_with("h3:")));
        assert_eq!(found, bare.find(&place, &[]), "{place}");
    }
    assert_eq!(city.find(&words(9_000.0, 0.0), &[]), None);
}

#[test]
fn flag_that_is_wrong_is_told_with_what_would_be_right() {
    let city = City::new();
    let layer = collection(&two_cells());
    for (flags, names) in [
        (&["--profile", "17"][..], &["--profile", "county:6"][..]),
        (&["--datum", "wgs72"], &["--datum", "gcj02"]),
        (
            &["--valid-from", "3/2/2026"],
            &["--valid-from", "2026-03-02"],
        ),
        (
            &["--valid-from", "2026-03-02", "--valid-to", "2026-03-01"],
            &["--valid-to"],
        ),
        (&["--within", "none.geojson"], &["none.geojson"]),
        (&["--h3", "10"], &["--h3"]),
    ] {
        city.import(&layer, flags).assert_failed(2, names);
    }
    city.import("{\"type\":\"FeatureCollection\",\"features\":[]}", &[])
        .assert_failed(2, &["layer.geojson", "no cell"]);
    let area = path(
        &city
            .bench
            .write("area.geojson", rectangle(json!({}), A).to_string()),
    );
    let import = |flags: &[&str]| {
        let mut all = vec!["grids"];
        all.extend(flags);
        city.hub("import", &all)
    };
    import(&["--h3", "13", "--within", &area]).assert_failed(2, &["--h3", "7", "12"]);
    import(&["--h3", "10"]).assert_failed(2, &["--within"]);
    import(&[]).assert_failed(2, &["FILE"]);
    city.hub("locate", &["--at", "31.2", "--as-of", "2026-03-02"])
        .assert_failed(2, &["--at"]);
    city.hub("locate", &["--at", "31.2,121.4", "--as-of", "noon"])
        .assert_failed(2, &["--as-of", "noon"]);
    city.hub("grids", &[]).assert_failed(2, &["no grids"]);
    // The bundled layer is sound.
    city.import(GRIDS, &["--profile", "15"]).json();
}
