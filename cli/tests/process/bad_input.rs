//! Input that is wrong: exit 2, one line that names file and field, and nothing has changed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use bading_core::engine::{Engine, EngineOptions};
use bading_core::oplog::sign::hash_of;
use bading_core::services::ServiceError;
use bading_core::services::packs::duties_pack;
use bading_core::services::reference::{DUTIES as DUTIES_PACK, keep_pack};

use crate::support::{AT, Bench, DUTIES, GRIDS, Phone, case_id, run, snapshot};

/// A square whose second corner is pulled over to the other side.
const CROSSING: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"code":"a1"},"geometry":{"type":"Polygon",
  "coordinates":[[[121.0,31.0],[121.1,31.1],[121.1,31.0],[121.0,31.1],[121.0,31.0]]]}}]}"#;
/// A sound square that has no code.
const NAMELESS: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"name":"x"},"geometry":{"type":"Polygon",
  "coordinates":[[[121.0,31.0],[121.1,31.0],[121.1,31.1],[121.0,31.1],[121.0,31.0]]]}}]}"#;

/// The report's photos that are none, each with a part of what is said about it.
fn bad_photos(bench: &Bench) -> Vec<(PathBuf, &'static str)> {
    let photo = crate::support::photo(1, 640, 480);
    let folder = bench.path("folder.jpg");
    std::fs::create_dir(&folder).expect("the test's own folder");
    vec![
        (
            bench.write("truncated.jpg", &photo[..photo.len() / 2]),
            "photo: ",
        ),
        (
            bench.write("text.jpg", "no photo at all, only text\n"),
            "photo: ",
        ),
        (bench.write("empty.jpg", ""), "photo: "),
        (bench.path("missing.jpg"), "No such file"),
        (folder, "directory"),
    ]
}

/// Asserts that a report is turned away: by a store that is there, which stays as it is, and
/// where none is, none comes into being.
#[track_caller]
fn assert_report_refused(phone: &Phone, arguments: &[OsString], names: &[&str]) {
    let report = || {
        [OsString::from("report")]
            .into_iter()
            .chain(arguments.iter().cloned())
    };
    let before = snapshot(&phone.0).expect("the store is there");
    phone.run(report()).assert_failed(2, names);
    assert_eq!(snapshot(&phone.0), Some(before), "{arguments:?}");
    let absent = Phone(phone.0.with_extension("absent"));
    absent.run(report()).assert_failed(2, names);
    assert!(!absent.0.exists(), "{arguments:?} made a store");
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn photo_that_is_none_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let good = bench.photo("good.jpg", 1);
    case_id(&phone.report(&good));
    for (bad, why) in bad_photos(&bench) {
        let name = bad.display().to_string();
        let mut arguments = words(&["--at", AT, "--photo"]);
        arguments.push(bad.into());
        assert_report_refused(&phone, &arguments, &[&name, why]);
        // A good photo before it is not kept either.
        arguments.insert(3, good.clone().into());
        assert_report_refused(&phone, &arguments, &[&name, why]);
    }
    phone.assert_sound();
}

#[test]
fn field_that_is_out_of_range_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let photo = bench.photo("good.jpg", 1);
    case_id(&phone.report(&photo));
    let long = "长".repeat(9 * 1024 / 3);
    let cases: &[(&[&str], &[&str])] = &[
        (&["--at", "91,0"], &["--at", "91"]),
        (&["--at", "-90.5,0"], &["--at", "-90.5"]),
        (&["--at", "0,181"], &["--at", "181"]),
        (&["--at", "nan,nan"], &["--at", "NaN"]),
        (&["--at", "inf,0"], &["--at", "inf"]),
        (&["--at", "here"], &["--at", "here"]),
        (&["--at", "31.2"], &["--at", "31.2"]),
        (&["--at", "31.2,121.4,7"], &["--at", "121.4,7"]),
        (&["--at", ""], &["--at"]),
        (&["--at", AT, "--datum", "mars"], &["--datum", "mars"]),
        (&["--at", AT, "--accuracy-m", "-1"], &["--accuracy-m", "-1"]),
        (
            &["--at", AT, "--accuracy-m", "nan"],
            &["--accuracy-m", "NaN"],
        ),
        (
            &["--at", AT, "--taken-at", "yesterday"],
            &["--taken-at", "yesterday"],
        ),
        (
            &["--at", AT, "--taken-at", "2026-03-02T10:00:00"],
            &["--taken-at", "offset"],
        ),
        (&["--at", AT, "--class", ""], &["--class"]),
        (&["--at", AT, "--note", &long], &["note", "8192", "9216"]),
    ];
    for (arguments, names) in cases {
        let mut arguments = words(arguments);
        arguments.extend(["--photo".into(), photo.clone().into()]);
        assert_report_refused(&phone, &arguments, names);
    }
}

#[test]
fn flag_that_is_wrong_is_named_in_one_line() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["report", "--photo", "a.jpg", "--accuracy-m", "abc"],
            &["--accuracy-m", "abc"],
        ),
        (&["report", "--at", AT], &["--photo"]),
        (&["case", "list", "--limit", "many"], &["--limit", "many"]),
        (&["locate", "--grids"], &["--grids"]),
        (&["fly"], &["fly"]),
    ];
    for (arguments, named) in cases {
        run(*arguments).assert_failed(2, named);
    }
}

#[test]
fn class_that_the_duty_list_has_not_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let photo = bench.photo("good.jpg", 1);
    case_id(&phone.report(&photo));
    put_duties(&phone.0);
    let before = snapshot(&phone.0);
    let other = bench.photo("other.jpg", 2);
    let arguments = words(&["report", "--at", AT, "--class", "999999", "--photo"]);
    let answer = phone.run(arguments.into_iter().chain([other.into()]));
    answer.assert_failed(2, &["class", "999999", "duty list"]);
    assert_eq!(snapshot(&phone.0), before);
}

/// Brings a duty list into force as a session with a hub would.
fn put_duties(store: &Path) {
    let engine = Engine::open(store, EngineOptions::default()).expect("the store is there");
    let pack = duties_pack(DUTIES.as_bytes()).expect("the bundled list");
    let kept = engine
        .context()
        .store
        .write(|tx| -> Result<(), ServiceError> {
            keep_pack(tx, DUTIES_PACK, &hash_of(&pack), &pack)
        });
    kept.expect("a pack that its hash names");
}

#[test]
fn move_that_is_refused_keeps_no_photo() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let case = case_id(&phone.report(&bench.photo("good.jpg", 1)));
    let before = snapshot(&phone.0);
    let photo = bench.photo("after.jpg", 2).display().to_string();
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (command, case, exit, named) in [
        ("close", unknown, 2, unknown),
        ("close", case.as_str(), 3, "close"),
        ("accept", case.as_str(), 3, "role_not_allowed"),
    ] {
        let answer = phone.run(["case", command, case, "--photo", &photo]);
        answer.assert_failed(exit, &[named]);
        assert_eq!(snapshot(&phone.0), before, "{command}");
    }
}

#[test]
fn case_that_is_not_here_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    case_id(&phone.report(&bench.photo("good.jpg", 1)));
    let before = snapshot(&phone.0);
    let unknown = "00000000-0000-4000-8000-000000000000";
    for command in ["show", "withdraw", "close"] {
        let answer = phone.run(["case", command, unknown]);
        answer.assert_failed(2, &["case", unknown]);
        let answer = phone.run(["case", command, "no-id"]);
        answer.assert_failed(2, &["case", "no-id"]);
    }
    phone
        .run(["case", "comment", unknown, "--text", "hello"])
        .assert_failed(2, &["case", unknown]);
    phone
        .run([
            "case", "amend", unknown, "--field", "colour", "--value", "red",
        ])
        .assert_failed(2, &["--field", "colour"]);
    phone
        .run(["case", "list", "--phase", "lost"])
        .assert_failed(2, &["--phase", "lost"]);
    phone
        .run(["case", "list", "--after", "page 2"])
        .assert_failed(2, &["--after", "page 2"]);
    assert_eq!(snapshot(&phone.0), before);
    let absent = bench.phone("absent");
    for command in [&["status"][..], &["verify"], &["sync"], &["case", "list"]] {
        absent
            .run(command)
            .assert_failed(2, &["absent", "no store"]);
        assert!(!absent.0.exists());
    }
}

/// Grid files that are wrong, with what is said beside the file's name.
fn bad_grids(bench: &Bench) -> Vec<(PathBuf, &'static [&'static str])> {
    let cut = &GRIDS[..GRIDS.len() / 2];
    let far = CROSSING.replace("121.0,31.0", "1210.0,31.0");
    vec![
        (
            bench.write("crossing.geojson", CROSSING),
            &["feature 1", "a1", "geometry.coordinates", "crosses itself"],
        ),
        (
            bench.write("nameless.geojson", NAMELESS),
            &["feature 1", "code", "missing"],
        ),
        (
            bench.write("far.geojson", far),
            &["feature 1", "geometry.coordinates", "1210"],
        ),
        (bench.write("text.geojson", "grids: none"), &["not JSON"]),
        (bench.write("cut.geojson", cut), &["not JSON"]),
        (bench.write("number.geojson", "7"), &["not a GeoJSON"]),
        (bench.path("missing.geojson"), &["No such file"]),
        (bench.dir.path().to_owned(), &["directory"]),
    ]
}

#[test]
fn grid_file_that_is_wrong_is_named_by_locate_and_import() {
    let bench = Bench::new();
    let hub = bench.path("hub");
    run(["hub", "init", "--dir"]
        .map(OsString::from)
        .into_iter()
        .chain([hub.clone().into()]))
    .json();
    let before = snapshot(&hub).expect("a hub");
    let points = bench.write("points.csv", "id,lat,lon\na,31.2294,121.4645\n");
    let out = bench.path("out.csv");
    for (file, names) in bad_grids(&bench) {
        let name = file.display().to_string();
        let names: Vec<_> = names.iter().copied().chain([name.as_str()]).collect();
        let mut arguments = words(&["locate", "--grids"]);
        arguments.push(file.clone().into());
        arguments.extend(["--points".into(), points.clone().into()]);
        arguments.extend(["--out".into(), out.clone().into()]);
        run(&arguments).assert_failed(2, &names);
        assert!(!out.exists());
        let mut arguments = words(&["hub", "import", "--dir"]);
        arguments.extend([hub.clone().into(), "grids".into(), file.into()]);
        run(&arguments).assert_failed(2, &names);
        assert_eq!(snapshot(&hub).as_ref(), Some(&before), "{name}");
    }
    // A code that the city's profile has not is wrong for an import alone.
    let opaque = bench.write("opaque.geojson", NAMELESS.replace("name", "code"));
    let mut arguments = words(&["hub", "import", "--dir"]);
    arguments.extend([hub.clone().into(), "grids".into(), opaque.into()]);
    arguments.extend(words(&["--profile", "15"]));
    run(&arguments).assert_failed(2, &["opaque.geojson", "feature 1", "code"]);
    assert_eq!(snapshot(&hub).as_ref(), Some(&before));
}

#[test]
fn points_file_that_is_wrong_is_named_with_row_and_column() {
    let bench = Bench::new();
    let grids = bench.write("grids.geojson", GRIDS);
    let cases: &[(&str, &[u8], &[&str])] = &[
        (
            "column.csv",
            b"id,latitude,lon\na,31,121\n",
            &["header", "`lat`"],
        ),
        (
            "number.csv",
            b"id,lat,lon\na,31,121\nb,31,east\n",
            &["row 2", "lon", "east"],
        ),
        (
            "range.csv",
            b"id,lat,lon\na,91,121\n",
            &["row 1", "lat", "91"],
        ),
        ("fields.csv", b"id,lat,lon\na,31\n", &["row 1", "fields"]),
        ("empty.csv", b"", &["empty"]),
        ("bytes.csv", b"id,lat,lon\n\xff,1,2\n", &["row 1", "UTF-8"]),
    ];
    let out = bench.path("out.csv");
    for (name, content, names) in cases {
        let points = bench.write(name, content);
        let names: Vec<_> = names.iter().copied().chain([*name]).collect();
        let mut arguments = words(&["locate", "--out"]);
        arguments.extend([out.clone().into(), "--grids".into(), grids.clone().into()]);
        arguments.extend(["--points".into(), points.clone().into()]);
        run(&arguments).assert_failed(2, &names);
        assert!(!out.exists());
        let mut arguments = words(&["convert", "--from", "wgs84", "--to", "gcj02"]);
        arguments.push(points.into());
        run(&arguments).assert_failed(2, &names);
    }
}

#[test]
fn duty_list_that_is_wrong_is_named_with_row_and_column() {
    let bench = Bench::new();
    let hub = bench.path("hub");
    let import = |file: PathBuf| {
        let mut arguments = words(&["hub", "import", "--dir"]);
        arguments.extend([hub.clone().into(), "duties".into(), file.into()]);
        run(&arguments)
    };
    // Where there is no hub, a good file does not make one.
    import(bench.write("good.csv", DUTIES)).assert_failed(2, &["hub"]);
    assert!(!hub.exists());
    run(["hub", "init", "--dir"]
        .map(OsString::from)
        .into_iter()
        .chain([hub.clone().into()]))
    .json();
    let before = snapshot(&hub).expect("a hub");
    let cases: &[(&str, &[u8], &[&str])] = &[
        (
            "column.csv",
            b"class,title\n010101,x\n",
            &["row 1", "`name"],
        ),
        (
            "class.csv",
            b"class,name\n010101,x\n,y\n",
            &["row 3", "class"],
        ),
        ("name.csv", b"class,name\n010101,\n", &["row 2", "name"]),
        (
            "photos.csv",
            b"class,name,photos\n1,x,sideways\n",
            &["row 2", "photos", "sideways"],
        ),
        ("empty.csv", b"", &["row 1"]),
        ("bytes.csv", b"class,name\n1,\xff\n", &["row 2", "UTF-8"]),
        ("book.xlsx", b"PK\x03\x04rest", &["not an XLSX workbook"]),
    ];
    for (name, content, names) in cases {
        let names: Vec<_> = names.iter().copied().chain([*name]).collect();
        import(bench.write(name, content)).assert_failed(2, &names);
        assert_eq!(snapshot(&hub).as_ref(), Some(&before), "{name}");
    }
}
