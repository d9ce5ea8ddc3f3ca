//! Whole phones against a real hub: lines that break at every request, backups that come
//! back, clones, and clocks that are wrong by decades.

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::{Engine, EngineOptions, ErrorKind, SystemHost};
use bading_core::http::HttpTransport;
use bading_core::model::case::{CaseId, ClassCode, Field};
use bading_core::model::person::Role;
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::place::LatLon;
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::sign::hash_of;
use bading_core::photo::render::{Scene, render};
use bading_core::services::capture::{PhotoInput, Report};
use bading_core::services::case::CasePage;
use bading_core::services::{Host, ServiceError, case, log};
use bading_core::storage::case::CaseFilter;
use bading_core::sync::transport::{Transport, TransportError};
use bading_core::sync::wire::{Reply, Request};
use bading_hub::CodeSpec;

use crate::server::TestHub;

/// Breaks once, at the request of this number: before it is sent, or after the hub has
/// done it and before the phone hears of it.
struct Breaking {
    inner: HttpTransport,
    left: usize,
    is_reply_lost: bool,
}

impl Transport for Breaking {
    fn send(&mut self, request: &Request, token: Option<&str>) -> Result<Reply, TransportError> {
        let breaks = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        if breaks && !self.is_reply_lost {
            return Err(TransportError::Unreachable("lost on the way".to_owned()));
        }
        let reply = self.inner.send(request, token)?;
        if breaks {
            return Err(TransportError::Unreachable(
                "lost on the way back".to_owned(),
            ));
        }
        Ok(reply)
    }
}

/// A host whose wall clock is set to one instant for ever.
pub(crate) struct StoppedClock(pub(crate) SystemHost, pub(crate) UtcMs);

impl Host for StoppedClock {
    fn now(&self) -> ClockReading {
        ClockReading {
            wall: self.1,
            ..self.0.now()
        }
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.fill_random(bytes);
    }
}

fn phone(dir: &Path) -> Engine {
    Engine::open(dir, EngineOptions::default()).expect("opens")
}

pub(crate) fn enrol(hub: &TestHub, phone: &Engine, role: Role) {
    let code = hub
        .hub
        .create_code(&CodeSpec::new(role))
        .expect("a code")
        .code;
    phone.enrol(&hub.url(""), &code).expect("enrols");
}

pub(crate) fn report(phone: &Engine, seed: u64) -> CaseId {
    let scene = Scene {
        seed,
        width_px: 160,
        height_px: 120,
        orientation: 1,
        position: None,
        taken_at: None,
        offset: None,
        make: "Bading".to_owned(),
        model: "Test".to_owned(),
    };
    let report = Report {
        photos: vec![PhotoInput {
            bytes: render(&scene),
            role: None,
        }],
        at: Some(LatLon::try_new(31.23, 121.47).expect("in range")),
        class: Some(ClassCode::parse("010101").expect("a code")),
        note: Some("as reported".to_owned()),
        ..Report::default()
    };
    phone
        .report(&report)
        .expect("reports")
        .case_id
        .parse()
        .expect("a case id")
}

fn list(phone: &Engine) -> CasePage {
    phone
        .list_cases(&CaseFilter::default(), None, 100)
        .expect("lists")
}

fn note(phone: &Engine, case_id: CaseId) -> String {
    let case = phone.show_case(case_id).expect("shows");
    let note = case
        .fields
        .into_iter()
        .find(|field| field.field == "note")
        .expect("a note");
    note.said.value.as_str().expect("a text").to_owned()
}

#[test]
fn session_that_breaks_at_any_request_loses_and_repeats_nothing() {
    for is_reply_lost in [false, true] {
        let mut broke_at_every_request = true;
        for at in 0..20 {
            let hub = TestHub::start();
            let dir = tempfile::tempdir().expect("a temporary folder");
            let (a, b) = (phone(&dir.path().join("a")), phone(&dir.path().join("b")));
            let case_id = report(&a, 1);
            enrol(&hub, &a, Role::Inspector);
            enrol(&hub, &b, Role::Supervisor);
            report(&a, 2);
            a.comment(case_id, "still there").expect("comments");
            let inner = HttpTransport::new(&hub.url("")).expect("an address");
            let mut line = Breaking {
                inner,
                left: at,
                is_reply_lost,
            };
            let broken = a.sync_through(&mut line);
            broke_at_every_request &= broken.is_err();
            if let Err(error) = &broken {
                assert_eq!(error.kind(), ErrorKind::RetryLater);
                assert!(a.verify().expect("verifies").sound, "after a break at {at}");
            }
            let again = a.sync().expect("the line holds now");
            assert_eq!(again.pending_blobs, 0);
            b.sync().expect("syncs");
            assert_eq!(list(&a), list(&b), "break at {at}");
            assert_eq!(list(&b).cases.len(), 2);
            let comments = b.show_case(case_id).expect("shows").timeline;
            assert_eq!(
                comments
                    .iter()
                    .filter(|event| event.what == "comment")
                    .count(),
                1
            );
            assert!(a.verify().expect("verifies").sound && b.verify().expect("verifies").sound);
            assert!(hub.hub.verify().expect("verifies").is_sound());
            if broken.is_ok() {
                break;
            }
        }
        assert!(
            !broke_at_every_request,
            "the session has more requests than were broken"
        );
    }
}

#[test]
fn backup_that_comes_back_pulls_its_own_commits_before_it_writes() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (live, backup) = (dir.path().join("live"), dir.path().join("backup"));
    let first = {
        let phone = phone(&live);
        enrol(&hub, &phone, Role::Inspector);
        let first = report(&phone, 1);
        phone.sync().expect("syncs");
        first
    };
    copy_folder(&live, &backup);
    let second = {
        let phone = phone(&live);
        let second = report(&phone, 2);
        phone.sync().expect("syncs");
        second
    };
    let restored = phone(&backup);
    restored
        .sync()
        .expect("the hub has more than this phone, and gives it");
    assert_eq!(list(&restored).cases.len(), 2);
    restored
        .comment(first, "after the restore")
        .expect("comments");
    restored
        .comment(second, "on what came back")
        .expect("comments");
    let sync = restored.sync().expect("goes on in its own stream");
    assert_eq!((sync.pushed, sync.refused.len()), (2, 0));
    assert!(restored.verify().expect("verifies").sound);
}

#[test]
fn clone_that_has_written_is_told_that_it_forked() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (live, clone) = (dir.path().join("live"), dir.path().join("clone"));
    enrol(&hub, &phone(&live), Role::Inspector);
    copy_folder(&live, &clone);
    let (live, clone) = (phone(&live), phone(&clone));
    report(&live, 1);
    report(&clone, 2);
    live.sync().expect("the first one is in time");
    let error = clone.sync().expect_err("the second one is not");
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
    assert!(
        clone.verify().expect("verifies").sound,
        "nothing of the clone's is lost"
    );
    assert_eq!(list(&clone).cases.len(), 1);
}

#[test]
fn phone_set_to_2099_wins_nothing_once_the_hub_has_stamped_it() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let far = UtcMs::parse_rfc3339("2099-01-01T00:00:00Z").expect("an instant");
    let wrong = EngineOptions {
        host: Arc::new(StoppedClock(SystemHost::new(), far)),
        ..EngineOptions::default()
    };
    let wrong = Engine::open(&dir.path().join("wrong"), wrong).expect("opens");
    let now = hub.hub.now().plus_ms(60_000);
    let honest = EngineOptions {
        host: Arc::new(StoppedClock(SystemHost::new(), now)),
        ..EngineOptions::default()
    };
    let honest = Engine::open(&dir.path().join("honest"), honest).expect("opens");
    enrol(&hub, &wrong, Role::Inspector);
    enrol(&hub, &honest, Role::Supervisor);
    let case_id = report(&honest, 1);
    honest.sync().expect("syncs");
    wrong.sync().expect("syncs");
    wrong
        .amend(case_id, Field::Note, "from 2099")
        .expect("amends");
    honest
        .amend(case_id, Field::Note, "from today")
        .expect("amends");
    assert_eq!(
        note(&wrong, case_id),
        "from 2099",
        "its own view, until the hub speaks"
    );
    hub.clock.forward(120_000);
    for phone in [&wrong, &honest, &wrong] {
        phone.sync().expect("syncs");
    }
    for phone in [&wrong, &honest] {
        assert_eq!(note(phone, case_id), "from today");
        let case = phone.show_case(case_id).expect("shows");
        let field = case
            .fields
            .iter()
            .find(|field| field.field == "note")
            .expect("a note");
        assert_eq!(field.also_said.len(), 1, "what 2099 said stays visible");
    }
}

#[test]
fn revoked_phone_still_hands_in_its_work_and_gets_nothing() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let lost = phone(&dir.path().join("lost"));
    enrol(&hub, &lost, Role::Inspector);
    report(&lost, 1);
    let key = lost
        .status()
        .expect("a status")
        .device
        .parse()
        .expect("a key");
    hub.hub.revoke(&key).expect("revokes");
    let sync = lost.sync().expect("hands in");
    assert!(sync.revoked);
    assert_eq!((sync.pushed, sync.pulled), (1, 0));
    assert_eq!(
        sync.refused.first().map(|commit| commit.verdict),
        Some("quarantined")
    );
    assert!(lost.verify().expect("verifies").sound);
}

#[test]
fn photo_that_the_hub_does_not_take_holds_up_nothing() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (inspector, handler) = (
        phone(&dir.path().join("inspector")),
        phone(&dir.path().join("handler")),
    );
    enrol(&hub, &inspector, Role::Inspector);
    enrol(&hub, &handler, Role::Handler);
    let case_id = report(&inspector, 1);
    inspector.sync().expect("syncs");
    handler.sync().expect("syncs");
    // The commit that names the photo is refused: its move needs a right that a handler
    // has not.
    let refused = forge_with_photo(&handler, case_id);
    let second = report(&handler, 3);
    let sync = handler.sync().expect("goes on past the photo");
    assert_eq!(
        sync.refused.first().map(|c| c.commit.clone()),
        Some(refused)
    );
    assert_eq!((sync.photos_sent, sync.pending_blobs), (1, 1));
    assert!(
        handler
            .show_case(second)
            .expect("shows")
            .photos
            .iter()
            .all(|photo| photo.at_hub)
    );
}

/// Keeps a photo and seals a close beside it, past the check that an honest app makes.
fn forge_with_photo(phone: &Engine, case_id: CaseId) -> String {
    let context = phone.context();
    let bytes = b"a photo of nobody's";
    let hash = hash_of(bytes);
    context.store.blobs().put(&hash, bytes).expect("keeps");
    let sealed: Result<_, ServiceError> = context.store.write(|tx| {
        let history = log::history(tx, &context.signer.key(), case_id)?;
        let basis = history.state().head.expect("the case is open");
        let mut body = BodyBuilder::new();
        let subject = Subject::case(case_id);
        let size_bytes = bytes.len() as u64;
        body.push(
            subject,
            Kind::AddPhoto(Photo {
                hash,
                role: PhotoRole::After,
                size_bytes,
            }),
        );
        let (department, reason) = (None, None);
        let close = Kind::Transition {
            action: Action::Close,
            basis,
            department,
            reason,
        };
        body.push(subject, close);
        tx.put_blob(&hash, size_bytes, true)?;
        Ok(case::seal_about(tx, &context, case_id, &body.finish(), &history)?.hash())
    });
    sealed.expect("seals").to_string()
}

#[test]
fn views_that_are_folded_again_say_the_same() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let phone = phone(&dir.path().join("phone"));
    enrol(&hub, &phone, Role::Inspector);
    let cases: Vec<_> = (0..5).map(|seed| report(&phone, seed)).collect();
    phone.sync().expect("syncs");
    phone.comment(cases[2], "not yet sent").expect("comments");
    let before = list(&phone);
    assert_eq!(phone.rebuild_views().expect("folds again"), 5);
    assert_eq!(list(&phone), before);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("makes the folder");
    for entry in std::fs::read_dir(from).expect("lists") {
        let entry = entry.expect("lists");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}
