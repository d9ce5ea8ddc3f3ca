//! Evidence by the command: exported from a phone and from a hub, checked on a machine that
//! knows neither, with the first thing that is wrong in words and by a code.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Answer, Bench, HubProcess, bading, case_id, run, text};

fn verify(file: &Path, more: &[&str]) -> Answer {
    let mut command = bading();
    command.arg("--json").arg("verify").arg(file).args(more);
    let output = command.output();
    output
        .expect("the command was built beside this test")
        .into()
}

/// The answer of a check that says no.
#[track_caller]
fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    serde_json::from_str(&answer.stdout).expect("one JSON document")
}

fn path(file: &Path) -> &str {
    file.to_str().expect("a path of the test")
}

#[test]
fn reported_case_is_exported_before_any_hub_and_checked_elsewhere() {
    let bench = Bench::new();
    let phone = bench.phone("phone");
    let case = case_id(&phone.report(&bench.photo("a.jpg", 1)));
    let file = bench.path("case.bading");
    let export = ["export", "--format", "evidence", "--case", &case, "--out"];
    let told = phone.run(export.iter().chain(&[path(&file)])).json();
    let report = verify(&file, &[]).json();
    assert_eq!(
        (&report["sound"], &report["hash"]),
        (&true.into(), &told["hash"])
    );
    assert_eq!(
        (&report["commits"], &report["photos"]),
        (&1.into(), &1.into())
    );
    assert_eq!(report["hub_key"], Value::Null);
    assert_eq!(report["cases"][0]["case_id"], case);
    assert_eq!(report["notices"][0]["code"], "not_stamped");
    // A photo in the file is changed by one bit.
    let mut bytes = fs::read(&file).expect("it was written");
    let middle = bytes.len() - 2_000;
    bytes[middle] ^= 1;
    let changed = bench.write("changed.bading", &bytes);
    let report = refused(&verify(&changed, &[]));
    assert_eq!(report["first"]["code"], "photo_changed");
    assert_eq!(text(&report["first"]["case"]), case);
    let lines = bading()
        .arg("verify")
        .arg(&changed)
        .args(["--lang", "zh-CN"])
        .output();
    let lines = String::from_utf8(lines.expect("it runs").stdout).expect("UTF-8");
    assert!(lines.starts_with("核验未通过: 案件"), "{lines}");
    let cut = bench.write("cut.bading", &bytes[..bytes.len() / 2]);
    assert_eq!(refused(&verify(&cut, &[]))["first"]["code"], "cut_off");
}

#[test]
fn hub_and_phone_export_one_case_with_receipts_and_the_report_prints() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let phone = bench.phone("phone");
    hub.enrol(&phone, "inspector");
    let photo = bench.photo("a.jpg", 1);
    let case = case_id(&phone.report(&photo));
    let other = case_id(&phone.report(&bench.photo("b.jpg", 2)));
    phone
        .run(["case", "comment", &case, "--text", "已设围挡"])
        .json();
    phone.run(["sync"]).json();
    let (of_phone, of_hub) = (bench.path("phone.bading"), bench.path("hub.bading"));
    let page = bench.path("report.html");
    phone
        .run([
            "export",
            "--format",
            "evidence",
            "--case",
            &case,
            "--out",
            path(&of_phone),
            "--report",
            path(&page),
        ])
        .json();
    hub.admin(&[
        "export",
        "--format",
        "evidence",
        "--case",
        &case,
        "--out",
        path(&of_hub),
    ])
    .json();
    let key = text(&verify(&of_hub, &[]).json()["hub_key"]);
    for file in [&of_phone, &of_hub] {
        let report = verify(file, &["--hub-key", &key]).json();
        assert_eq!(report["sound"], true, "{report}");
        assert_eq!(report["hub_key_pinned"], true);
        assert_eq!(
            (&report["commits"], &report["links"]),
            (&2.into(), &1.into())
        );
        assert_eq!(report["judged"], 2);
        let step = &report["cases"][0]["timeline"][0];
        assert!(
            step["not_before"].is_string() && step["not_after"].is_string(),
            "{step}"
        );
        let bytes = fs::read(file).expect("it was written");
        assert!(!String::from_utf8_lossy(&bytes).contains(&other));
    }
    let wrong = refused(&verify(&of_hub, &["--hub-key", &"11".repeat(32)]));
    assert_eq!(wrong["first"]["code"], "other_hub");
    let page = fs::read_to_string(&page).expect("it was written");
    for part in [
        "定格",
        "data:image/jpeg;base64,",
        "class=\"qr\"",
        "@page",
        "核验通过",
        &case,
    ] {
        assert!(page.contains(part), "no {part}");
    }
    assert!(!page.contains("http://") && !page.contains("https://"));
    let report = hub.stop_and_verify();
    assert_eq!(
        (&report["photos"], &report["packs"]),
        (&2.into(), &0.into())
    );
}

#[test]
fn what_is_no_bundle_and_what_cannot_be_exported_is_told_in_one_line() {
    let bench = Bench::new();
    let none = bench.write("none.bading", "nothing of the kind");
    verify(&none, &[]).assert_failed(2, &["none.bading", "not an evidence bundle"]);
    verify(&bench.path("absent"), &[]).assert_failed(2, &["absent"]);
    verify(&none, &["--hub-key", "12"]).assert_failed(2, &["--hub-key"]);
    verify(&none, &["--lang", "fr"]).assert_failed(2, &["--lang"]);
    let phone = bench.phone("phone");
    phone.report(&bench.photo("a.jpg", 1)).json();
    let out = bench.path("out.bading");
    let export = |more: &[&str]| {
        let start = ["export", "--format", "evidence", "--out", path(&out)];
        phone.run(start.iter().chain(more))
    };
    let nobody = "00000000-0000-4000-8000-000000000000";
    export(&["--case", nobody]).assert_failed(2, &[nobody]);
    export(&["--case", "x"]).assert_failed(2, &["--case"]);
    export(&[]).assert_failed(2, &["--case"]);
    assert!(!out.exists(), "nothing is left of what failed");
    let other = ["export", "--format", "gpkg", "--all", "--out", path(&out)];
    phone.run(other).assert_failed(2, &["gpkg", "evidence"]);
    let newer = [b"bading evidence\n".as_slice(), &[0x82, 1, 0x42, 0x81, 2]].concat();
    let newer = bench.write("newer.bading", newer);
    verify(&newer, &[]).assert_failed(3, &["version 2"]);
    assert_eq!(run(["verify"]).exit, Some(2));
}
