//! A duty list through the command: what is understood, what is named, what is imported.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Answer, Bench, DUTIES, bading, run, snapshot, text};

/// Four rows of data: the third is the second again, the fourth has no class.
const WITH_PROBLEMS: &str = "大类代码,小类代码,小类名称,处置单位,立案条件,处置时限\n\
    1,1,井盖,甲、乙,缺失,2天\n,,,,破损,4小时\n,,,,破损,4小时\n1,,路灯,甲,不亮,1天\n";

fn check(file: &Path) -> Answer {
    run([
        OsString::from("duties"),
        "check".into(),
        file.as_os_str().into(),
    ])
}

/// `bading hub import duties` into the bench's hub.
fn import(hub: &Path, file: &Path, flags: &[&str]) -> Answer {
    let mut arguments = ["hub", "import", "--dir"].map(OsString::from).to_vec();
    arguments.extend([hub.as_os_str().into(), "duties".into(), file.into()]);
    arguments.extend(flags.iter().map(OsString::from));
    run(arguments)
}

fn hub(bench: &Bench) -> PathBuf {
    let dir = bench.path("hub");
    run(["hub", "init", "--dir"]
        .map(OsString::from)
        .into_iter()
        .chain([dir.clone().into()]))
    .json();
    dir
}

/// A shared file, or nothing, said aloud, where the data is absent.
fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, Into::into);
    let file = root.join(path);
    if !file.is_file() {
        eprintln!("skipped: {path} is not in BADING_DATA or ../shared/data");
        return None;
    }
    Some(file)
}

#[test]
fn sound_list_is_answered_whole_with_exit_0() {
    let bench = Bench::new();
    let answer = check(&bench.write("duties.csv", DUTIES)).json();
    assert_eq!(answer["entries_count"], 3);
    assert_eq!(answer["classes_count"], 3);
    assert_eq!(answer["problems"], json!([]));
    assert_eq!(
        answer["entries"][0],
        json!({
            "class": "010101", "name": "上水井盖", "major_code": "", "major_name": "公用设施",
            "condition": "井盖破损或丢失", "closing": "井盖完好", "limit": "2紧急工作时",
            "departments": ["市政养护公司"], "supervising": [],
            "required_photos": ["near", "far"], "urgency": "",
        })
    );
}

#[test]
fn list_with_problems_names_each_with_exit_1() {
    let bench = Bench::new();
    let file = bench.write("duties.csv", WITH_PROBLEMS);
    let answer = check(&file);
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    assert_eq!(answer.stderr, "");
    let said: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
    assert_eq!(said["entries_count"], 2);
    assert_eq!(said["classes_count"], 1);
    assert_eq!(said["entries"][1]["class"], "0101");
    assert_eq!(
        said["problems"],
        json!([
            { "sheet": "", "row": 4, "field": "row", "why": "the same as row 3" },
            { "sheet": "", "row": 5, "field": "class",
              "why": "class must have 1 to 32 characters, found 0" },
        ])
    );
    // For people: the counts, then a line for each problem.
    let output = bading().args(["duties", "check"]).arg(&file).output();
    let lines: Answer = output.expect("the command was built").into();
    assert_eq!(lines.exit, Some(1));
    assert_eq!(
        lines.stdout,
        "2 entries of 1 classes, 2 problems\nrow 4, row: the same as row 3\n\
         row 5, class: class must have 1 to 32 characters, found 0\n"
    );
}

#[test]
fn file_that_is_no_list_is_told_with_exit_2() {
    let bench = Bench::new();
    let cases: &[(&str, &[u8], &str)] = &[
        ("points.csv", b"id,lat,lon\na,31,121\n", "row 1: no column"),
        ("empty.csv", b"", "row 1: no column"),
        ("book.xlsx", b"PK\x03\x04rest", "not an XLSX workbook"),
        ("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    ];
    for (name, content, why) in cases {
        check(&bench.write(name, content)).assert_failed(2, &[name, why]);
    }
    check(&bench.path("missing.csv")).assert_failed(2, &["missing.csv", "No such file"]);
}

#[test]
fn import_refuses_problems_until_they_are_accepted() {
    let bench = Bench::new();
    let hub = hub(&bench);
    let before = snapshot(&hub);
    let file = bench.write("duties.csv", WITH_PROBLEMS);
    let named = ["duties.csv", "row 4", "the same as row 3", "and 1 more"];
    import(&hub, &file, &[]).assert_failed(2, &named);
    import(&hub, &file, &["--dry-run"]).assert_failed(2, &named);
    assert_eq!(snapshot(&hub), before);
    let answer = import(&hub, &file, &["--accept-problems"]);
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    assert_eq!(answer.stderr.lines().count(), 2, "{answer:?}");
    assert!(answer.stderr.contains("row 5, class"), "{answer:?}");
    let said: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
    assert_eq!((&said["version"], &said["new"]), (&json!(1), &json!(true)));
    let nothing = bench.write("nothing.csv", "class,name\n,x\n");
    import(&hub, &nothing, &["--accept-problems"]).assert_failed(2, &["row 2", "no row is left"]);
}

#[test]
fn dry_run_says_what_would_be_imported_and_changes_nothing() {
    let bench = Bench::new();
    let hub = hub(&bench);
    let before = snapshot(&hub);
    let answer = import(&hub, &bench.write("duties.csv", DUTIES), &["--dry-run"]).json();
    let wanted =
        json!({ "kind": "duties", "dry_run": true, "entries_count": 3, "classes_count": 3 });
    assert_eq!(answer, wanted);
    assert_eq!(snapshot(&hub), before);
}

/// 375 rows of data below title and header, 92 small classes, counted by other means.
#[test]
fn citys_workbook_is_understood_and_imported_once() {
    let Some(file) = shared("duty/yuncheng_components.xlsx") else {
        return;
    };
    let said = check(&file).json();
    assert_eq!(said["entries_count"], 375);
    assert_eq!(said["classes_count"], 92);
    assert_eq!(said["problems"], json!([]));
    let bench = Bench::new();
    let hub = hub(&bench);
    let first = import(&hub, &file, &[]).json();
    assert_eq!(first["new"], true);
    let again = import(&hub, &file, &[]).json();
    assert_eq!(text(&again["hash"]), text(&first["hash"]));
    assert_eq!(again["new"], false);
}

/// The list's README counts its errors: two codes with one name, one parent that is none.
#[test]
fn known_errors_of_a_districts_list_are_answered() {
    let Some(file) = shared("categories/beijing_chaoyang_components_events.csv") else {
        return;
    };
    let answer = check(&file);
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    let said: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
    let problems = said["problems"].as_array().expect("a list");
    let places: Vec<_> = problems.iter().map(|p| (&p["row"], &p["field"])).collect();
    let wanted = [(&json!(36), &json!("name")), (&json!(42), &json!("parent"))];
    assert_eq!(places, wanted);
}
