//! Drafts: what is on the disk when a call returns, the camera that kills the app, and a
//! report that is made once however it is interrupted.

#![cfg(feature = "storage")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bading_core::engine::{Engine, EngineOptions, ErrorKind};
use bading_core::model::case::ClassCode;
use bading_core::model::draft::{DraftField, DraftId, DraftValue, SeenPlace, SlotId};
use bading_core::model::identifiers::Hash;
use bading_core::model::photo::PhotoRole;
use bading_core::model::time::ClockReading;
use bading_core::oplog::body::Kind;
use bading_core::oplog::sign::{SoftwareSigner, hash_of};
use bading_core::services::Host;
use bading_core::services::capture::{Report, Reported};
use bading_core::services::draft::{DraftView, MAX_DRAFT_PHOTOS, MAX_DRAFTS, PhotoMoment};
use bading_core::storage::draft::DraftChange;

use support::camera::photo;
use support::city::START;
use support::station::{TestHost, at, commits, in_store, open, why};

struct Desk {
    dir: tempfile::TempDir,
    host: Arc<TestHost>,
}

impl Desk {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
            host: TestHost::new(3),
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn engine(&self) -> Engine {
        open(self.path(), 1, &self.host)
    }
}

/// The process dies: nothing is closed, nothing is handed over.
fn die(engine: Engine) {
    std::mem::forget(engine);
}

fn id(draft: &DraftView) -> DraftId {
    draft.draft_id.parse().expect("a draft's id")
}

fn here(x_m: f64) -> SeenPlace {
    SeenPlace {
        at: at(x_m, 0.0),
        accuracy_m: Some(6.5),
        is_mock: false,
    }
}

fn class(text: &str) -> DraftValue {
    DraftValue::Class(ClassCode::parse(text).expect("a class"))
}

fn has_file(engine: &Engine, hash: &Hash) -> bool {
    engine.context().store.blobs().size_bytes(hash).is_some()
}

#[test]
fn every_field_is_there_for_the_next_process_when_its_call_has_returned() {
    let desk = Desk::new();
    let first = desk.engine();
    let draft = id(&first.start_draft().expect("starts"));
    die(first);
    let values = [
        class("010101"),
        DraftValue::Note("井盖".to_owned()),
        DraftValue::Place(here(12.0)),
        DraftValue::SeenAt(START.plus_ms(5_000)),
    ];
    for value in &values {
        desk.host.forward(1_000);
        let engine = desk.engine();
        engine.set_draft(draft, value).expect("sets");
        die(engine);
    }
    let engine = desk.engine();
    let seen = engine.show_draft(draft).expect("shows");
    assert_eq!(seen.class.as_deref(), Some("010101"));
    assert_eq!(seen.note.as_deref(), Some("井盖"));
    assert_eq!(seen.seen_at, Some(START.plus_ms(5_000).to_rfc3339()));
    let place = seen.place.expect("a place");
    assert_eq!((place.accuracy_m, place.mock), (Some(6.5), false));
    assert!((place.lat - here(12.0).at.lat_deg()).abs() < 1e-7);
    assert_eq!(seen.created, START.to_rfc3339());
    assert_eq!(seen.changed, START.plus_ms(4_000).to_rfc3339());
    for field in DraftField::ALL {
        engine.clear_draft(draft, field).expect("empties");
    }
    let seen = engine.show_draft(draft).expect("shows");
    assert_eq!((seen.class, seen.note), (None, None));
    assert_eq!((seen.place, seen.seen_at), (None, None));
    assert!(commits(&engine).is_empty(), "a draft is in no log");
}

#[test]
fn app_that_the_camera_kills_goes_on_with_photo_and_form() {
    let desk = Desk::new();
    let engine = desk.engine();
    let draft = id(&engine.start_draft().expect("starts"));
    engine.set_draft(draft, &class("010101")).expect("sets");
    desk.host.forward(60_000);
    let mock = SeenPlace {
        is_mock: true,
        ..here(30.0)
    };
    let expected = engine
        .expect_draft_photo(draft, Some(PhotoRole::Far), Some("DCIM/7.jpg"), Some(&mock))
        .expect("expects");
    assert_eq!((expected.state, expected.hash), ("expected", None));
    die(engine);

    desk.host.forward(3_600_000);
    let engine = desk.engine();
    let found = engine.list_drafts().expect("lists");
    let slot = &found[0].photos[0];
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].class.as_deref(), Some("010101"));
    assert_eq!((slot.state, slot.role), ("expected", Some("far")));
    assert_eq!(slot.target.as_deref(), Some("DCIM/7.jpg"));
    let slot_id: SlotId = slot.slot.parse().expect("a slot's id");
    let taken = engine
        .take_draft_photo(slot_id, &photo(1), &PhotoMoment::default())
        .expect("takes");
    assert_eq!((taken.state, &taken.at), ("taken", &slot.at));
    die(engine);

    let engine = desk.engine();
    let reported = engine.report_draft(draft).expect("reports");
    assert_eq!(reported.case_id, draft.to_string());
    assert_eq!(reported.photos[0].role, "far");
    let body = commits(&engine)[0].body().expect("readable");
    let Kind::Open { seen_at, .. } = &body.operations[0].kind else {
        panic!("a report opens a case");
    };
    // It was seen when the camera opened, not when the app came back.
    assert_eq!(*seen_at, Some(START.plus_ms(60_000)));
    let shown = engine
        .show_case(reported.case_id.parse().expect("a case"))
        .expect("shows");
    let place = shown.fields.iter().find(|f| f.field == "place");
    let place = &place.expect("a place").said.value;
    assert_eq!(place["mock"], true, "{place}");
    assert_eq!(place["accuracy_m"], 6.5, "{place}");
    assert!(engine.list_drafts().expect("lists").is_empty());
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn slot_takes_the_same_photo_again_and_refuses_another() {
    let desk = Desk::new();
    let engine = desk.engine();
    let draft = id(&engine.start_draft().expect("starts"));
    let slot = engine
        .expect_draft_photo(draft, None, None, None)
        .expect("expects");
    let slot: SlotId = slot.slot.parse().expect("a slot's id");
    let now = PhotoMoment::default();
    let first = engine.take_draft_photo(slot, &photo(1), &now);
    let again = engine.take_draft_photo(slot, &photo(1), &now);
    assert_eq!(first.expect("takes"), again.expect("is done already"));
    let other = engine.take_draft_photo(slot, &photo(2), &now);
    let other = other.expect_err("another photo is in it");
    assert_eq!(other.kind(), ErrorKind::NotAllowed);
    assert!(!has_file(&engine, &hash_of(&photo(2).bytes)));
    engine.remove_draft_photo(slot).expect("removes");
    assert!(!has_file(&engine, &hash_of(&photo(1).bytes)));
    let gone = engine.take_draft_photo(slot, &photo(1), &now);
    assert_eq!(gone.expect_err("no slot").kind(), ErrorKind::NotFound);
}

#[test]
fn report_of_a_draft_tells_missing_photos_and_leaves_a_draft_that_it_refuses() {
    let desk = Desk::new();
    let engine = desk.engine();
    let draft = id(&engine.start_draft().expect("starts"));
    engine
        .expect_draft_photo(draft, None, None, None)
        .expect("expects");
    let refused = why(engine.report_draft(draft));
    assert!(refused.contains("at least one photo"), "{refused}");
    assert_eq!(engine.list_drafts().expect("lists").len(), 1);
    let added = engine.add_draft_photo(draft, &photo(1), &PhotoMoment::default());
    added.expect("adds");
    let reported = engine.report_draft(draft).expect("reports");
    let kinds: Vec<_> = reported.hints.iter().map(|hint| hint.kind).collect();
    assert!(kinds.contains(&"photo_not_taken"), "{kinds:?}");
    assert!(
        !kinds.contains(&"photo_seen"),
        "its own draft is no other report"
    );

    let again = engine.report_draft(draft).expect("answers as before");
    assert_eq!(again.commit, reported.commit);
    // What was measured of them is not measured again.
    let named = |of: &Reported| -> Vec<_> {
        let photos = of.photos.iter();
        photos
            .map(|photo| (photo.hash.clone(), photo.role))
            .collect()
    };
    assert_eq!(named(&again), named(&reported));
    assert_eq!(commits(&engine).len(), 1, "it is reported once");
    let unknown = DraftId(uuid::Uuid::from_bytes([9; 16]));
    let gone = engine.report_draft(unknown).expect_err("no such draft");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[test]
fn photo_of_a_draft_that_changed_on_the_disk_is_damage_and_the_draft_stays() {
    let desk = Desk::new();
    let engine = desk.engine();
    let draft = id(&engine.start_draft().expect("starts"));
    engine
        .add_draft_photo(draft, &photo(1), &PhotoMoment::default())
        .expect("adds");
    let sound = engine.verify().expect("verifies");
    assert_eq!((sound.sound, sound.photos), (true, 1));
    let hash = hash_of(&photo(1).bytes);
    engine
        .context()
        .store
        .blobs()
        .remove(&hash)
        .expect("the test takes it away");
    let refused = engine.report_draft(draft).expect_err("it is not there");
    assert_eq!(refused.kind(), ErrorKind::StorageDamaged);
    assert_eq!(engine.list_drafts().expect("lists").len(), 1);
    let found = engine.verify().expect("verifies");
    assert_eq!(found.problems[0].kind, "photo_missing");
}

#[test]
fn discarded_photo_goes_unless_something_else_names_it() {
    let desk = Desk::new();
    let engine = desk.engine();
    let now = PhotoMoment::default();
    let [a, b] = [(); 2].map(|()| id(&engine.start_draft().expect("starts")));
    for draft in [a, b] {
        engine
            .add_draft_photo(draft, &photo(1), &now)
            .expect("adds");
    }
    engine.add_draft_photo(a, &photo(2), &now).expect("adds");
    let report = Report {
        photos: vec![photo(2)],
        ..Report::default()
    };
    engine.report(&report).expect("reports");
    engine.add_draft_photo(a, &photo(3), &now).expect("adds");
    engine.discard_draft(a).expect("discards");
    let stays = |seed| has_file(&engine, &hash_of(&photo(seed).bytes));
    assert!(stays(1), "another draft has it");
    assert!(stays(2), "a report has it");
    assert!(!stays(3));
    engine.discard_draft(b).expect("discards");
    assert!(!stays(1));
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn limits_are_told_one_beyond_them() {
    let desk = Desk::new();
    let engine = desk.engine();
    let draft = id(&engine.start_draft().expect("starts"));
    for _ in 0..MAX_DRAFT_PHOTOS {
        engine
            .expect_draft_photo(draft, None, None, None)
            .expect("expects");
    }
    let many = engine.expect_draft_photo(draft, None, None, None);
    assert_eq!(
        many.expect_err("one too many").kind(),
        ErrorKind::InvalidInput
    );
    for _ in 1..MAX_DRAFTS {
        engine.start_draft().expect("starts");
    }
    let many = engine.start_draft().expect_err("one too many");
    assert_eq!(many.kind(), ErrorKind::InvalidInput);
    let note = |length| DraftValue::Note("x".repeat(length));
    engine.set_draft(draft, &note(8 * 1024)).expect("the most");
    let long = engine.set_draft(draft, &note(8 * 1024 + 1));
    assert_eq!(long.expect_err("too long").kind(), ErrorKind::InvalidInput);
    let bad = SeenPlace {
        accuracy_m: Some(f64::NAN),
        ..here(0.0)
    };
    let bad = engine.set_draft(draft, &DraftValue::Place(bad));
    assert_eq!(bad.expect_err("no radius").kind(), ErrorKind::InvalidInput);
}

/// A host that dies at a given draw of randomness, which every step of a seal makes.
struct Fuse {
    host: Arc<TestHost>,
    left: AtomicUsize,
}

impl Host for Fuse {
    fn now(&self) -> ClockReading {
        self.host.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        assert!(left != 1, "the test's fuse");
        self.host.fill_random(bytes);
    }
}

#[test]
fn report_interrupted_inside_its_transaction_is_made_once_in_the_end() {
    let desk = Desk::new();
    let draft = {
        let engine = desk.engine();
        let draft = id(&engine.start_draft().expect("starts"));
        let place = DraftValue::Place(here(0.0));
        engine.set_draft(draft, &place).expect("sets");
        let note = DraftValue::Note("words".to_owned());
        engine.set_draft(draft, &note).expect("sets");
        let now = PhotoMoment::default();
        engine
            .add_draft_photo(draft, &photo(1), &now)
            .expect("adds");
        draft
    };
    let mut deaths = 0;
    loop {
        let options = EngineOptions {
            signer: Some(Arc::new(SoftwareSigner::from_seed(&[1; 32]))),
            host: Arc::new(Fuse {
                host: Arc::clone(&desk.host),
                left: AtomicUsize::new(deaths + 1),
            }),
            ..EngineOptions::default()
        };
        let engine = Engine::open(desk.path(), options).expect("opens");
        let outcome = catch_unwind(AssertUnwindSafe(|| engine.report_draft(draft)));
        let (drafts, cases) = (engine.list_drafts().expect("lists"), commits(&engine));
        if let Ok(reported) = outcome {
            reported.expect("reports");
            assert_eq!((drafts.len(), cases.len()), (0, 1));
            break;
        }
        assert_eq!(
            (drafts.len(), cases.len()),
            (1, 0),
            "neither lost nor doubled"
        );
        deaths += 1;
    }
    assert!(deaths >= 2, "the place's and the note's nonces: {deaths}");
    assert!(desk.engine().verify().expect("verifies").sound);
}

/// A host whose clock is looked at while another process changes the draft.
struct Meddler {
    host: Arc<TestHost>,
    other: Engine,
    draft: DraftId,
}

impl Host for Meddler {
    fn now(&self) -> ClockReading {
        in_store(&self.other, |tx| {
            Ok(tx.set_draft(self.draft, &DraftChange::Note(Some("later")), START.0)?)
        });
        self.host.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.host.fill_random(bytes);
    }
}

#[test]
fn draft_changed_by_another_process_while_it_is_reported_is_not_sealed_without_the_change() {
    let desk = Desk::new();
    let other = desk.engine();
    let draft = id(&other.start_draft().expect("starts"));
    let now = PhotoMoment::default();
    other.add_draft_photo(draft, &photo(1), &now).expect("adds");
    let options = EngineOptions {
        signer: Some(Arc::new(SoftwareSigner::from_seed(&[1; 32]))),
        host: Arc::new(Meddler {
            host: Arc::clone(&desk.host),
            other: desk.engine(),
            draft,
        }),
        ..EngineOptions::default()
    };
    let engine = Engine::open(desk.path(), options).expect("opens");
    // The report takes its time from the photo, so the clock is first read on the way.
    let outcome = engine.report_draft(draft).expect_err("it was changed");
    assert_eq!(outcome.kind(), ErrorKind::RetryLater, "{outcome}");
    assert!(commits(&other).is_empty());
    assert!(has_file(&other, &hash_of(&photo(1).bytes)));
    other.report_draft(draft).expect("reports with the change");
    let shown = other.show_case(draft.to_string().parse().expect("a case"));
    let fields = shown.expect("shows").fields;
    let note = fields.iter().find(|f| f.field == "note").expect("a note");
    assert_eq!(note.said.value, "later");
}
