//! The command's contract: fields, exit codes, and one JSON document on stdout.

use std::path::Path;

use serde_json::Value;

use crate::support::{AT, Bench, HubProcess, bading, run, text};

#[track_caller]
fn assert_fields(value: &Value, fields: &[&str]) {
    let object = value.as_object().expect("an object");
    for field in fields {
        assert!(object.contains_key(*field), "no `{field}` in {value}");
    }
}

#[track_caller]
fn assert_demo_agrees(arguments: &[&str]) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let output = bading()
        .args(["--json", "demo", "--once"])
        .args(arguments)
        .env("TMPDIR", temporary.path())
        .output()
        .expect("the command was built beside this test");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(answer["agrees"], true, "{answer}");
    let left = temporary.path().read_dir().expect("a folder").count();
    assert_eq!(left, 0, "a demo of its own folder leaves nothing behind");
}

#[test]
fn demo_on_the_bundled_day_agrees_with_what_is_expected() {
    assert_demo_agrees(&[]);
}

#[test]
fn demo_on_real_photos_and_blocks_agrees_with_what_is_expected() {
    let data = std::env::var("BADING_DATA").unwrap_or_else(|_| {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
        beside.display().to_string()
    });
    if !Path::new(&data).is_dir() {
        eprintln!("skipped: no real data at {data}");
        return;
    }
    assert_demo_agrees(&["--data", &data]);
}

#[test]
fn report_list_and_status_have_the_fields_of_the_contract() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let photo = bench.photo("near.jpg", 1);
    let far = format!("far={}", bench.photo("far.jpg", 2).display());

    let reported = phone
        .run(
            [
                "report",
                "--at",
                AT,
                "--accuracy-m",
                "80",
                "--note",
                "井盖",
                "--photo",
            ]
            .into_iter()
            .map(str::to_owned)
            .chain([photo.display().to_string(), far]),
        )
        .json();
    assert_fields(&reported, &["case_id", "commit", "photos", "grid", "hints"]);
    assert_eq!(reported["photos"].as_array().map(Vec::len), Some(2));
    assert_fields(&reported["photos"][1], &["hash", "role"]);
    assert_eq!(reported["photos"][1]["role"], "far");
    assert!(text(&reported["grid"]).starts_with("h3:"), "{reported}");
    let kinds: Vec<_> = reported["hints"]
        .as_array()
        .expect("a list")
        .iter()
        .inspect(|hint| assert_fields(hint, &["kind", "detail"]))
        .map(|hint| text(&hint["kind"]))
        .collect();
    assert!(kinds.contains(&"accuracy_poor".to_owned()), "{kinds:?}");

    let page = phone.run(["case", "list"]).json();
    assert_fields(&page, &["cases", "next"]);
    let line = &page["cases"][0];
    assert_fields(
        line,
        &["case_id", "number", "phase", "class", "grid", "updated"],
    );
    assert_eq!(line["case_id"], reported["case_id"]);
    assert_eq!(line["phase"], "reported");
    assert_eq!(line["grid"], reported["grid"]);

    let status = phone.run(["status"]).json();
    assert_fields(
        &status,
        &["device", "person", "role", "outbox", "last_sync"],
    );
    assert_eq!(status["person"], Value::Null);
    assert_eq!(status["outbox"], 1);
    let report = phone.assert_sound();
    assert_eq!(report["photos"], 2);
    // A store that nobody has open is its database alone: the log beside it is folded in.
    assert!(!phone.0.join("store.db-wal").exists());
}

#[test]
fn case_list_goes_on_where_next_says() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    for seed in 0..3 {
        phone.report(&bench.photo("photo.jpg", seed)).json();
    }
    let mut seen = Vec::new();
    let mut arguments = vec![
        "case".to_owned(),
        "list".into(),
        "--limit".into(),
        "1".into(),
    ];
    loop {
        let page = phone.run(&arguments).json();
        seen.push(text(&page["cases"][0]["case_id"]));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        arguments.truncate(4);
        arguments.extend(["--after".to_owned(), next.to_owned()]);
    }
    assert_eq!(seen, phone.cases());
}

#[test]
fn sync_has_the_fields_of_the_contract_and_the_outbox_is_empty_afterwards() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let phone = bench.phone("inspector");
    phone.report(&bench.photo("photo.jpg", 1)).json();
    let status = hub.enrol(&phone, "inspector");
    assert_eq!(status["role"], "inspector");
    let report = phone.run(["sync"]).json();
    let fields = ["pushed", "pulled", "refused", "conflicts", "pending_blobs"];
    assert_fields(&report, &fields);
    assert_eq!(report["pushed"], 1);
    assert_eq!(report["pending_blobs"], 0);
    assert_eq!(report["refused"], Value::Array(Vec::new()));
    let status = phone.run(["status"]).json();
    assert_eq!(status["outbox"], 0);
    assert!(status["last_sync"].is_string(), "{status}");
    phone.assert_sound();
}

#[test]
fn exit_codes_tell_no_wrong_refused_and_retry_apart() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let phone = bench.phone("store");
    let photo = bench.photo("photo.jpg", 1);
    let case = text(&phone.report(&photo).json()["case_id"]);
    // Not enrolled, and nobody may accept who is not.
    phone.run(["sync"]).assert_failed(3, &["not enrolled"]);
    phone
        .run(["case", "accept", &case])
        .assert_failed(3, &["not allowed"]);
    phone
        .run(["enrol", "--hub", &hub.url, "--code", "0000-0000"])
        .assert_failed(3, &["code"]);
    hub.enrol(&phone, "inspector");
    drop(hub);
    assert_eq!(phone.run(["sync"]).exit, Some(4), "the hub is gone");
    // A photo whose bytes changed on the disk: the answer is no, with what does not hold.
    let blobs = crate::support::snapshot(&phone.0.join("blobs")).expect("a photo is there");
    let original = blobs.keys().find(|path| path.extension().is_none());
    std::fs::write(original.expect("one photo"), b"other bytes").expect("the test's own store");
    let answer = phone.run(["verify"]);
    assert_eq!(answer.exit, Some(1));
    let report: Value = serde_json::from_str(&answer.stdout).expect("one JSON document");
    assert_eq!(report["sound"], false);
    assert_eq!(report["problems"][0]["kind"], "photo_changed");
}

#[test]
fn photo_inspect_has_the_fields_of_the_contract_and_several_are_a_line_each() {
    let bench = Bench::new();
    let (a, b) = (bench.photo("a.jpg", 1), bench.photo("b.jpg", 2));
    let inspect = ["photo".as_ref(), "inspect".as_ref(), a.as_os_str()];
    let facts = run(inspect).json();
    let fields = "format width height orientation lat lon alt taken_at offset make model sha256 \
                  blake3 phash sharpness brightness problems";
    assert_fields(&facts, &fields.split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        (&facts["width"], &facts["height"]),
        (&640.into(), &480.into())
    );
    let both = run(inspect.into_iter().chain([b.as_os_str()]));
    let lines: Vec<Value> = both
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a document a line"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["blake3"], facts["blake3"]);
}
