//! `bading erase` from a shell: who may, what is wrong, and that it is gone after a sync.

use std::fs;
use std::path::Path;

use crate::support::{Bench, HubProcess, text};

const SECRET: &str = "a word that stands nowhere else";

fn holds(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).expect("lists").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn note_is_erased_by_an_administrator_only_and_stands_in_no_file_after_the_syncs() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let (inspector, admin) = (bench.phone("inspector"), bench.phone("admin"));
    hub.enrol(&inspector, "inspector");
    hub.enrol(&admin, "administrator");
    let reported = inspector.report(&bench.photo("photo.jpg", 1)).json();
    let case = text(&reported["case_id"]);
    inspector
        .run(["case", "amend", &case, "--field", "note", "--value", SECRET])
        .json();
    inspector.run(["sync"]).json();
    admin.run(["sync"]).json();
    assert!(holds(&bench.path("hub"), SECRET.as_bytes()));

    let order = [
        "erase",
        "--case",
        &case,
        "--field",
        "note",
        "--reason",
        "on_request",
    ];
    assert_eq!(inspector.run(order).exit, Some(3), "no administrator");
    for wrong in [
        &[
            "erase", "--case", &case, "--field", "class", "--reason", "x",
        ][..],
        &["erase", "--case", &case, "--reason", "x"],
        &["erase", "--photo", "abc", "--reason", "x"],
        &["erase", "--person", "p-1", "--reason", "not a code"],
        &["erase", "--person", "p-1"],
        &["erase", "--reason", "x"],
    ] {
        assert_eq!(admin.run(wrong).exit, Some(2), "{wrong:?}");
    }
    let erasing = admin.run(order).json();
    assert!(
        erasing["values"].as_u64().expect("a count") >= 1,
        "{erasing}"
    );
    admin.run(["sync"]).json();
    inspector.run(["sync"]).json();
    for folder in ["hub", "admin", "inspector"] {
        let folder = bench.path(folder);
        assert!(!holds(&folder, SECRET.as_bytes()), "{}", folder.display());
    }
    let shown = inspector.run(["case", "show", &case]).json();
    let fields = shown["fields"].as_array().expect("a list");
    let note = fields.iter().find(|field| field["field"] == "note");
    assert_eq!(note.expect("a note")["erased"], true, "{shown}");
    inspector.assert_sound();
    admin.assert_sound();
    hub.stop_and_verify();
}
