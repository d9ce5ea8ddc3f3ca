//! Dispatch by ownership through the command: one case, many, and those that wait at a hub.

use serde_json::{Value, json};

use crate::support::{AT, Answer, Bench, GRIDS, HubProcess, case_id, run, snapshot, text};

const TABLE: &str = "小类代码,网格,权属,处置单位,依据\n\
    0101*,310101,,市政公司,三定方案\n\
    010103,310101001*,自来水,水务公司,\n";

fn path(file: &std::path::Path) -> &str {
    file.to_str().expect("a test's path is text")
}

#[test]
fn case_goes_to_the_most_specific_rules_department_with_its_row() {
    let bench = Bench::new();
    let table = bench.write("own.csv", TABLE);
    let decide = |flags: &[&str]| {
        let mut all = vec!["dispatch", "--ownership", path(&table)];
        all.extend(flags);
        run(all).json()
    };
    let grid = ["--grid", "310101001002017"];
    let answer = decide(&["--class", "010103", grid[0], grid[1], "--owner", "自来水"]);
    assert_eq!(
        answer,
        json!({
            "class": "010103", "grid": "310101001002017", "owner": "自来水", "decision": "to",
            "department": "水务公司", "reason": "ownership", "rule_row": 3,
            "rule": { "class": "010103", "grid": "310101001", "owner": "自来水" },
        })
    );
    let answer = decide(&["--class", "010103", grid[0], grid[1]]);
    assert_eq!(
        (&answer["department"], &answer["basis"]),
        (&"市政公司".into(), &"三定方案".into())
    );
    // Nobody to be named is an answer.
    let answer = decide(&["--class", "0201"]);
    assert_eq!(
        (&answer["decision"], &answer["why"]),
        (&"no_rule".into(), &"no_rule".into())
    );
}

#[test]
fn duty_list_decides_where_no_rule_does_and_names_candidates() {
    let bench = Bench::new();
    let duties = bench.write(
        "duties.csv",
        "class,name,departments\n01,a,甲\n02,b,甲、乙\n",
    );
    let table = bench.write("own.csv", "class,grid,owner,department\n03,,,丙\n");
    let batch = bench.write("cases.csv", "id,class,grid\na,01,\nb,02,\nc,03,\n");
    let answer = run([
        "dispatch",
        "--ownership",
        path(&table),
        "--duties",
        path(&duties),
        "--batch",
        path(&batch),
    ]);
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    let lines: Vec<Value> = answer
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("one object a line"))
        .collect();
    assert_eq!(lines[0]["reason"], "duty_list");
    assert_eq!(lines[1]["candidates"], json!(["甲", "乙"]));
    assert_eq!(
        (&lines[2]["id"], &lines[2]["department"]),
        (&"c".into(), &"丙".into())
    );
}

#[test]
fn table_with_two_equal_rules_is_refused_and_nothing_is_imported() {
    let bench = Bench::new();
    let hub = bench.path("hub");
    run(["hub", "init", "--dir", path(&hub)]).json();
    let before = snapshot(&hub);
    let import = |name: &str, content: &str| -> Answer {
        let file = bench.write(name, content);
        run([
            "hub",
            "import",
            "--dir",
            path(&hub),
            "ownership",
            path(&file),
        ])
    };
    let head = "class,grid,owner,department\n";
    for (rows, names) in [
        (
            "01,,,A\n02,,,A\n01,,,B\n",
            &["equal.csv", "row 4", "row 2", "class 01"][..],
        ),
        ("01,,,\n", &["row 2", "department"]),
        ("0*1,,,A\n", &["row 2", "class", "0*1"]),
        ("", &["no rules"]),
    ] {
        import("equal.csv", &format!("{head}{rows}")).assert_failed(2, names);
    }
    import("other.csv", "class,department\n01,A\n").assert_failed(2, &["header", "grid"]);
    assert_eq!(snapshot(&hub), before);
    let first = import("own.csv", TABLE).json();
    assert_eq!(
        (&first["kind"], &first["version"]),
        (&"ownership".into(), &1.into())
    );
    assert_eq!(import("own.csv", TABLE).json()["new"], false);
}

/// Two filed cases, one of a class that the table knows.
#[test]
fn filed_cases_of_a_hub_wait_with_a_suggestion_or_in_the_queue() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let table = "class,grid,owner,department\n010101,,,水务公司\n";
    let duties = "class,name,departments\n010101,井盖,甲\n990101,垃圾,甲、乙\n";
    for (kind, content) in [("grids", GRIDS), ("duties", duties), ("ownership", table)] {
        let file = bench.write(kind, content);
        hub.admin(&["import", kind, path(&file)]).json();
    }
    let (inspector, supervisor) = (bench.phone("inspector"), bench.phone("supervisor"));
    hub.enrol(&inspector, "inspector");
    hub.enrol(&supervisor, "supervisor");
    inspector.run(["sync"]).json();
    let cases: Vec<String> = [("010101", 1), ("990101", 2)]
        .into_iter()
        .map(|(class, seed)| {
            let photo = bench.photo(class, seed);
            let report = [
                "report",
                "--at",
                AT,
                "--class",
                class,
                "--photo",
                path(&photo),
            ];
            case_id(&inspector.run(report))
        })
        .collect();
    inspector.run(["sync"]).json();
    supervisor.run(["sync"]).json();
    let answer = hub.admin(&["dispatch"]).json();
    assert_eq!(answer["cases_count"], 0, "nothing is filed yet");
    for case in &cases {
        supervisor.run(["case", "accept", case]).json();
        supervisor.run(["case", "file", case]).json();
    }
    supervisor.run(["sync"]).json();
    let answer = hub.admin(&["dispatch"]).json();
    assert_eq!(
        (&answer["cases_count"], &answer["queue_count"]),
        (&1.into(), &1.into())
    );
    assert_eq!(answer["cases"][0]["department"], "水务公司");
    assert_eq!(answer["cases"][0]["rule_row"], 2);
    assert_eq!(text(&answer["queue"][0]["case_id"]), cases[1]);
    assert_eq!(answer["queue"][0]["why"], "several_departments");
    assert_eq!(answer["queue"][0]["candidates"], json!(["甲", "乙"]));
}
