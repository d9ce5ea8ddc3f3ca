//! Stores of every released schema open, are brought up to date, hold what they held, and go
//! on. How the files were made: fixtures/db/README.md.

#![cfg(feature = "storage")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use bading_core::engine::{Engine, EngineOptions};
use bading_core::model::draft::DraftId;
use bading_core::oplog::sign::hash_of;
use bading_core::services::capture::Report;
use bading_core::services::draft::PhotoMoment;
use bading_core::storage::case::CaseFilter;
use bading_core::storage::reference::Setting;

use support::camera::photo;
use support::station::in_store;

/// The seed of the device's key in all of them.
const SEED: [u8; 32] = [0x2a; 32];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/db")
}

/// A store as that version left it, opened by this one.
fn open(version: u32, dir: &Path) -> Engine {
    let file = fixtures().join(format!("v{version}.db"));
    fs::copy(file, dir.join("bading.db")).expect("a released schema");
    fs::write(dir.join("device.key"), SEED).expect("the test's own folder");
    let engine = Engine::open(dir, EngineOptions::default()).expect("opens");
    let original = fs::read(fixtures().join("photo.jpg")).expect("its photo");
    let blobs = engine.context().store.blobs();
    blobs.put(&hash_of(&original), &original).expect("puts");
    engine
}

#[track_caller]
fn assert_held(version: u32, patrols: usize, commits: usize) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let engine = open(version, dir.path());
    let report = engine.verify().expect("verifies");
    assert!(report.sound, "v{version}: {report:?}");
    assert_eq!(
        (report.own_commits, report.receipts, report.photos),
        (commits, commits - 1, 1),
        "v{version}"
    );
    assert_eq!((report.cases, report.patrols), (1, patrols), "v{version}");

    let page = engine.list_cases(&CaseFilter::default(), None, 50);
    let page = page.expect("lists");
    assert_eq!(page.cases.len(), 1, "v{version}");
    assert_eq!(page.cases[0].class.as_deref(), Some("010101"), "v{version}");
    let case = page.cases[0].case_id.parse().expect("a case");
    let shown = engine.show_case(case).expect("shows");
    let note = shown.fields.iter().find(|field| field.field == "note");
    assert_eq!(note.expect("a note").said.value, "before enrolment");
    assert!(shown.photos[0].at_hub, "v{version}");
    let status = engine.status().expect("tells");
    assert_eq!(status.person.as_deref(), Some("u7"), "v{version}");
    assert_eq!(status.outbox, 1, "v{version}");
    let walked = engine.list_patrols().expect("lists");
    assert_eq!(walked.len(), patrols, "v{version}");
    for patrol in walked {
        let fixes = engine.track(patrol.patrol_id.parse().expect("a patrol"));
        assert_eq!(fixes.expect("reads").len(), 2, "v{version}");
    }
    let url = in_store(&engine, |tx| Ok(tx.setting(Setting::HubUrl)?));
    assert!(url.is_some(), "v{version}: settings stay");

    // What came later works in it, and what it held goes on.
    let draft = engine.start_draft().expect("starts");
    let draft: DraftId = draft.draft_id.parse().expect("a draft");
    engine
        .add_draft_photo(draft, &photo(1), &PhotoMoment::default())
        .expect("adds");
    engine.report_draft(draft).expect("reports");
    engine
        .report(&Report {
            photos: vec![photo(2)],
            ..Report::default()
        })
        .expect("reports");
    engine.comment(case, "goes on").expect("comments");
    drop(engine);
    let engine = Engine::open(dir.path(), EngineOptions::default()).expect("opens again");
    let report = engine.verify().expect("verifies");
    assert!(report.sound, "v{version}: {report:?}");
    assert_eq!(report.own_commits, commits + 3, "v{version}");
    assert_eq!(engine.rebuild_views().expect("folds"), 3, "v{version}");
    assert!(engine.verify().expect("verifies").sound, "v{version}");
}

#[test]
fn store_of_schema_1_opens_migrates_and_goes_on() {
    assert_held(1, 0, 2);
}

#[test]
fn store_of_schema_2_opens_migrates_and_goes_on() {
    assert_held(2, 1, 5);
}

#[test]
fn store_of_schema_3_opens_migrates_and_goes_on() {
    assert_held(3, 1, 5);
}
