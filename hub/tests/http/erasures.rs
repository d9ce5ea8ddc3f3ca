//! Erasure end to end: what an administrator orders to be gone is in no file of the hub or of
//! any phone, and nothing brings it back.

use std::fs;
use std::path::Path;

use bading_core::engine::{Engine, EngineOptions, ErrorKind};
use bading_core::model::case::{CaseId, Field};
use bading_core::model::identifiers::{Hash, PersonId, ReasonKey};
use bading_core::model::person::Role;
use bading_core::oplog::body::{BodyBuilder, Kind, Placed, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::erasure::{EraseOrder, Erasure};
use bading_core::oplog::sign::hash_of;
use bading_core::services::erasure::ToErase;
use bading_core::storage::StoreError;
use bading_hub::CodeSpec;

use crate::device::{Device, add_photo, open, verdict};
use crate::phones::{enrol, report};
use crate::server::{TestHub, assert_problem};

const SECRET: &str = "王家沟二十七号的老人每天三点独自出门";

fn phone(dir: &Path) -> Engine {
    Engine::open(dir, EngineOptions::default()).expect("opens")
}

fn reason() -> ReasonKey {
    ReasonKey::parse("court_order_17").expect("a code")
}

/// In which files under a folder these bytes stand, and which of them.
fn found(folder: &Path, needles: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(self::found(&path, needles));
            continue;
        }
        let bytes = fs::read(&path).expect("reads");
        for needle in needles {
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(format!("{}: {}", path.display(), hex::encode(needle)));
            }
        }
    }
    found
}

fn assert_clean(folder: &Path, needles: &[Vec<u8>]) {
    assert_eq!(found(folder, needles), Vec::<String>::new());
}

/// The first commit about a case as a phone has it.
fn opening_of(phone: &Engine, case_id: CaseId) -> Commit {
    let stored = phone
        .context()
        .store
        .read(|tx| tx.commits_about(&Subject::case(case_id)))
        .expect("reads");
    Commit::decode(&stored[0].bytes).expect("a sound commit")
}

/// The nonces of a commit, random each: where one is, its value is beside it.
fn nonces_of(commit: &Commit) -> Vec<Vec<u8>> {
    let values = commit.values().iter().flatten();
    values.map(|value| value.nonce.to_vec()).collect()
}

fn order(what: Erasure) -> Kind {
    let reason = reason();
    Kind::Erase(EraseOrder { what, reason })
}

fn values_of(commit: &Commit) -> Erasure {
    Erasure::Values {
        commit: commit.hash(),
        values: (0..commit.values().len() as u32).collect(),
    }
}

#[test]
fn erased_note_place_and_photo_are_in_no_file_of_hub_and_phones_and_never_return() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folders: Vec<_> = ["a", "b", "c", "admin"]
        .map(|name| dir.path().join(name))
        .into();
    let (a, b, late) = (phone(&folders[0]), phone(&folders[1]), phone(&folders[2]));
    let admin = phone(&folders[3]);
    enrol(&hub, &a, Role::Inspector);
    enrol(&hub, &b, Role::Supervisor);
    enrol(&hub, &late, Role::Inspector);
    enrol(&hub, &admin, Role::Administrator);
    let case_id = report(&a, 1);
    a.amend(case_id, Field::Note, SECRET).expect("amends");
    a.amend(case_id, Field::Place, "31.2304561,121.4737891")
        .expect("amends");
    // Enough rows around it that pages split and rows move when they get their stamps.
    for seed in 2..12 {
        let other = report(&a, seed);
        for _ in 0..6 {
            a.comment(other, &"别的话".repeat(60)).expect("comments");
        }
    }
    for phone in [&a, &b, &late, &admin] {
        phone.sync().expect("syncs");
    }
    let shown = b.show_case(case_id).expect("shows");
    let photo: Hash = shown.photos[0].hash.parse().expect("a hash");
    let bytes = b.fetch_photo(&photo).expect("the hub has it");
    let opening = opening_of(&a, case_id);
    let stored = a.context().store;
    let commits = stored
        .read(|tx| tx.commits_about(&Subject::case(case_id)))
        .expect("reads");
    let mut needles: Vec<_> = commits
        .iter()
        .flat_map(|stored| nonces_of(&Commit::decode(&stored.bytes).expect("sound")))
        .collect();
    needles.push(SECRET.as_bytes().to_vec());
    let last = commits.last().expect("the amended place");
    let place = Commit::decode(&last.bytes).expect("sound").values()[0].clone();
    needles.push(place.expect("not erased yet").value);
    needles.push(bytes[bytes.len() / 2..][..64].to_vec());
    // Phones' stores are sealed: a search finds nothing in them either way.
    assert!(
        !found(hub.dir.path(), &needles).is_empty(),
        "the search finds what is there"
    );

    let refused = b.erase(&ToErase::Photo(photo), &reason());
    assert_eq!(refused.expect_err("no right").kind(), ErrorKind::NotAllowed);
    for what in [
        ToErase::Field {
            case: case_id,
            field: Field::Note,
        },
        ToErase::Field {
            case: case_id,
            field: Field::Place,
        },
        ToErase::Photo(photo),
    ] {
        let erasing = admin.erase(&what, &reason()).expect("orders");
        assert_eq!(erasing.commits.len(), 1);
        assert!(erasing.values + erasing.photos > 0);
    }
    let shown = admin.show_case(case_id).expect("shows");
    assert!(
        shown.fields.iter().all(|field| !field.said.erased),
        "an order alone does nothing"
    );
    admin.sync().expect("syncs");
    assert_clean(hub.dir.path(), &needles);
    assert_clean(&folders[3], &needles);

    // One of the phones still has a remark to send; it hears of the order all the same.
    late.comment(case_id, "看过").expect("comments");
    for phone in [&a, &b, &late] {
        phone.sync().expect("syncs");
    }
    for folder in &folders {
        assert_clean(folder, &needles);
    }
    for phone in [&a, &b, &late, &admin] {
        let report = phone.verify().expect("verifies");
        assert!(report.sound, "{:?}", report.problems);
        assert_eq!(
            report.erasures, 6,
            "two notes, two places, the hints, a photo"
        );
        let case = phone.show_case(case_id).expect("shows");
        for field in ["note", "place"] {
            let field = case.fields.iter().find(|shown| shown.field == field);
            assert!(field.expect("still a field").said.erased);
        }
        assert!(case.photos[0].erased && !case.photos[0].here);
        assert_eq!(case.photos[0].hash, photo.to_string(), "the hash stays");
    }
    assert!(a.fetch_photo(&photo).is_err());
    hub.assert_sound();

    // The original commit comes by another way: to a phone that has it, and to a new one.
    let full = opening.encode();
    let replayed: Result<(), StoreError> = stored.write(|tx| {
        tx.insert_commit(&opening, &[Subject::case(case_id)], true)?;
        Ok(())
    });
    replayed.expect("changes nothing");
    assert_ne!(opening_of(&a, case_id).encode(), full);
    a.sync().expect("syncs");
    assert_clean(&folders[0], &needles);
    assert_clean(hub.dir.path(), &needles);
    let new = phone(&dir.path().join("new"));
    enrol(&hub, &new, Role::Inspector);
    new.sync().expect("syncs");
    assert_clean(&dir.path().join("new"), &needles);
    assert!(new.verify().expect("verifies").sound);
    let again = admin
        .erase(&ToErase::Photo(photo), &reason())
        .expect("asks");
    assert!(
        again.commits.is_empty(),
        "what is ordered is not ordered again"
    );
}

#[test]
fn order_that_comes_before_its_commit_holds_when_the_commit_comes() {
    let hub = TestHub::start();
    let admin = &mut hub.device(1, Role::Administrator);
    let reporter = &mut hub.device(2, Role::Inspector);
    let (case_id, opening) = reporter.report(None);
    let comment = reporter.comment(case_id, SECRET);
    let ordering = admin.commit(|body| {
        body.push(Subject::case(case_id), order(values_of(&comment)));
    });
    assert_eq!(
        verdict(&admin.push(&hub, &[&ordering])[0]),
        Verdict::Admitted
    );
    let receipts = reporter.push(&hub, &[&opening, &comment]);
    assert_eq!(verdict(&receipts[1]), Verdict::Admitted);
    assert_eq!(
        reporter.push(&hub, &[&opening, &comment]),
        receipts,
        "again"
    );
    assert_clean(hub.dir.path(), &[SECRET.as_bytes().to_vec()]);
    let page = admin.page(&hub, 0, 500);
    let served = page.items.iter().filter_map(|item| item.content.as_deref());
    let served: Vec<_> = served
        .filter_map(|bytes| Commit::decode(bytes).ok())
        .collect();
    let found = served.iter().find(|commit| commit.hash() == comment.hash());
    assert_eq!(found.expect("served").values(), [None]);
    hub.assert_sound();
}

#[test]
fn order_by_anybody_but_an_administrator_is_refused_and_changes_nothing() {
    let hub = TestHub::start();
    let reporter = &mut hub.device(2, Role::Inspector);
    let (case_id, opening) = reporter.report(None);
    let comment = reporter.comment(case_id, SECRET);
    reporter.push(&hub, &[&opening, &comment]);
    let refused = Verdict::Refused("role_not_allowed".to_owned());
    for (seed, role) in [
        (3, Role::Supervisor),
        (4, Role::Inspector),
        (5, Role::Auditor),
    ] {
        let device = &mut hub.device(seed, role);
        // Under a case, and where no other judgement looks.
        for subject in [
            Subject::case(case_id),
            Subject {
                kind: 9,
                id: [1; 16],
            },
        ] {
            let ordering = device.commit(|body| {
                body.push(subject, order(values_of(&comment)));
            });
            assert_eq!(verdict(&device.push(&hub, &[&ordering])[0]), refused);
        }
    }
    assert!(!found(hub.dir.path(), &[SECRET.as_bytes().to_vec()]).is_empty());
    hub.assert_sound();
}

#[test]
fn erased_photo_is_not_taken_again_and_not_served() {
    let hub = TestHub::start();
    let admin = &mut hub.device(1, Role::Administrator);
    let reporter = &mut hub.device(2, Role::Inspector);
    let photo = b"a photo, as far as the hub can tell".repeat(9);
    let (case_id, opening) = reporter.report(Some(&photo));
    reporter.push(&hub, &[&opening]);
    let path = format!("/v1/blobs/{}", hash_of(&photo));
    let put = |device: &Device| device.with_token(hub.http.put(hub.url(&path)).body(photo.clone()));
    assert_eq!(put(reporter).status().as_u16(), 201);
    let ordering = admin.commit(|body| {
        let erased = Erasure::Photo(hash_of(&photo));
        body.push(Subject::case(case_id), order(erased));
    });
    admin.push(&hub, &[&ordering]);
    assert_clean(hub.dir.path(), &[photo[..64].to_vec()]);
    assert_problem(reporter.get(&hub, &path), 404, "unknown_blob");
    assert_problem(put(reporter), 409, "not_announced");
    // Nor for another report that names it.
    let (_, second) = reporter.report(Some(&photo));
    reporter.push(&hub, &[&second]);
    assert_problem(put(reporter), 409, "not_announced");
    hub.assert_sound();
}

#[test]
fn value_that_its_own_device_left_out_is_refused_as_missing() {
    let hub = TestHub::start();
    let reporter = &mut hub.device(2, Role::Inspector);
    let (case_id, opening) = reporter.report(None);
    let mut comment = reporter.comment(case_id, SECRET);
    comment.erase_value(0);
    let receipts = reporter.push(&hub, &[&opening, &comment]);
    let missing = Verdict::Refused("value_missing".to_owned());
    assert_eq!(verdict(&receipts[1]), missing);
    hub.assert_sound();
}

#[test]
fn order_about_a_patrol_or_a_verdict_reaches_those_who_may_not_see_them() {
    let hub = TestHub::start();
    let admin = &mut hub.device(1, Role::Administrator);
    let others = [hub.device(3, Role::Inspector), hub.device(4, Role::Citizen)];
    let comment = Device::new(9).commit(|body| {
        let text = body.text("x", [1; 16]);
        body.push(
            Subject {
                kind: 9,
                id: [2; 16],
            },
            Kind::Comment(text),
        );
    });
    for kind in [Subject::PATROL, Subject::VERDICT] {
        let before = hub.last_position();
        let ordering = admin.commit(|body| {
            body.push(Subject { kind, id: [3; 16] }, order(values_of(&comment)));
        });
        admin.push(&hub, &[&ordering]);
        for device in &others {
            let page = device.page(&hub, before, 500);
            assert_eq!(page.items.len(), 1, "kind {kind}");
        }
    }
}

#[test]
fn everything_personal_of_a_person_is_erased_with_the_photos_where_asked() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let admin = phone(&dir.path().join("admin"));
    enrol(&hub, &admin, Role::Administrator);
    let somebody = PersonId::parse("p-17").expect("a person");
    let mut spec = CodeSpec::new(Role::Inspector);
    spec.person = Some(somebody.clone());
    let walker = &mut hub.device_of(5, spec);
    let other = &mut hub.device(6, Role::Inspector);
    let photo = b"somebody's front door".repeat(9);
    let case_id = CaseId(uuid::Uuid::from_bytes([8; 16]));
    let opening = walker.commit(|body: &mut BodyBuilder| {
        let at = bading_core::model::place::LatLon::try_new(31.2, 121.4).expect("a place");
        let place = Some(body.place(&Placed::new(at, None, false), [3; 16]));
        let Kind::Open { source, note, .. } = open() else {
            unreachable!("it is one")
        };
        let opening = Kind::Open {
            source,
            seen_at: None,
            duty_pin: None,
            class: None,
            grid: None,
            place,
            note,
        };
        body.push(Subject::case(case_id), opening);
        body.push(Subject::case(case_id), add_photo(&photo));
    });
    let words = walker.comment(case_id, SECRET);
    let others = other.comment(case_id, "of somebody else");
    walker.push(&hub, &[&opening, &words]);
    other.push(&hub, &[&others]);
    admin.sync().expect("syncs");
    let what = ToErase::Person {
        person: somebody,
        with_photos: true,
    };
    let erasing = admin.erase(&what, &reason()).expect("orders");
    assert_eq!((erasing.values, erasing.photos), (2, 1));
    admin.sync().expect("syncs");
    let case = admin.show_case(case_id).expect("shows");
    let told: Vec<_> = case
        .timeline
        .iter()
        .filter(|e| e.what == "comment")
        .collect();
    let texts: Vec<_> = told.iter().map(|event| event.text.as_deref()).collect();
    assert_eq!(texts, [None, Some("of somebody else")]);
    let orders = case.timeline.iter().filter(|e| e.what == "erase");
    assert!(orders.clone().count() > 0);
    assert!(orders.into_iter().all(|event| event.outcome == "effective"));
    let place = opening.values()[0].clone().expect("there").value;
    let needles = [place, SECRET.as_bytes().to_vec()];
    assert_clean(hub.dir.path(), &needles);
    assert_clean(&dir.path().join("admin"), &needles);
    assert!(admin.verify().expect("verifies").sound);
    hub.assert_sound();
}
