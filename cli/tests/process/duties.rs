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
            "required_photos": ["near", "far"], "urgency": "", "kind": "",
            "roles": [], "qualifications": [], "grids": [],
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
            { "sheet": "", "row": 4, "field": "row", "why": "the same as row 3", "is_notice": false },
            { "sheet": "", "row": 5, "field": "class",
              "why": "class must have 1 to 32 characters, found 0", "is_notice": false },
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
    assert_eq!(answer["dry_run"], true);
    assert_eq!(
        (&answer["entries_count"], &answer["classes_count"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(
        (&answer["new"], &answer["diff"]["added_count"]),
        (&json!(true), &json!(3))
    );
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

#[test]
fn dry_run_tells_the_difference_from_what_is_in_force() {
    let bench = Bench::new();
    let hub = hub(&bench);
    let old = "class,name,condition,limit\n0101,井盖,缺失,2天\n0102,灯,不亮,1天\n";
    import(&hub, &bench.write("old.csv", old), &[]).json();
    let new = bench.write(
        "new.csv",
        old.replace("2天", "4小时").replace("0102", "0103"),
    );
    let answer = import(&hub, &new, &["--dry-run"]).json();
    let diff = &answer["diff"];
    let counts = ["added_count", "removed_count", "changed_count"].map(|name| diff[name].clone());
    assert_eq!(counts, [json!(1), json!(1), json!(1)]);
    assert_eq!(
        diff["changed"][0],
        json!({ "class": "0101", "name": "井盖", "condition": "缺失",
            "fields": [{ "field": "limit", "old": "2天", "new": "4小时" }] })
    );
    // Where there is no hub, nothing is in force, and none is made.
    let nowhere = bench.path("nowhere");
    let answer = import(&nowhere, &new, &["--dry-run"]).json();
    assert_eq!(answer["diff"]["added_count"], 2);
    assert!(!nowhere.exists());
    let again = import(&hub, &bench.path("old.csv"), &["--dry-run"]).json();
    assert_eq!(
        (&again["new"], &again["diff"]["same"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn diff_of_two_files_exits_1_where_they_differ_and_0_where_not() {
    let bench = Bench::new();
    let old = bench.write("old.csv", "class,name,limit\n0101,井盖,2天\n");
    let new = bench.write("new.csv", "小类代码,小类名称,处理时限\n0101,井盖,3天\n");
    let diff =
        |a: &Path, b: &Path| run([OsString::from("duties"), "diff".into(), a.into(), b.into()]);
    assert_eq!(diff(&old, &old).json()["same"], true);
    let answer = diff(&old, &new);
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    assert_eq!(answer.stderr, "");
    let said: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
    assert_eq!(said["changed_count"], 1);
    diff(&old, &bench.path("missing.csv")).assert_failed(2, &["missing.csv"]);
}

#[test]
fn limit_that_is_not_understood_is_named_with_its_row_and_nothing_is_imported() {
    let bench = Bench::new();
    let hub = hub(&bench);
    let before = snapshot(&hub);
    let file = bench.write(
        "duties.csv",
        "class,name,limit\n0101,井盖,2天\n0102,灯,3个半小时\n",
    );
    import(&hub, &file, &[]).assert_failed(2, &["row 3", "limit", "3个半小时"]);
    assert_eq!(snapshot(&hub), before);
}

#[test]
fn what_one_must_look_for_is_bound_by_role_qualification_and_cell() {
    let bench = Bench::new();
    let file = bench.write(
        "duties.csv",
        "class,name,资质,网格\n0101,井盖,,\n0102,燃气箱,燃气,\n0103,码头,,310101002\n",
    );
    let classes = |flags: &[&str]| -> Vec<String> {
        let mut all = ["duties", "for", "--duties"].map(OsString::from).to_vec();
        all.push(file.clone().into());
        all.extend(flags.iter().map(OsString::from));
        let answer = run(all).json();
        let entries = answer["entries"].as_array().expect("a list");
        entries
            .iter()
            .map(|entry| text(&entry["class"]).to_owned())
            .collect()
    };
    assert_eq!(classes(&["--grid", "310101001001001"]), ["0101"]);
    assert_eq!(
        classes(&["--qualification", "燃气"]),
        ["0101", "0102", "0103"]
    );
}

#[test]
fn remarks_and_columns_that_are_not_read_are_told_and_are_no_problems() {
    let bench = Bench::new();
    let file = bench.write(
        "duties.csv",
        "小类代码,小类名称,扣分\n0101,井盖,2\n注：试行,,\n",
    );
    let said = check(&file).json();
    assert_eq!(said["problems"], json!([]));
    assert_eq!(
        said["notes"],
        json!([{ "sheet": "", "row": 3, "text": "注：试行" }])
    );
    assert_eq!(
        said["ignored_columns"],
        json!([{ "sheet": "", "column": "扣分" }])
    );
}
