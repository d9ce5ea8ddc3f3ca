//! Patrols at the hub: who receives them, who may not walk them, and that what arrives is
//! what was recorded.

use std::path::Path;

use bading_core::engine::{Engine, EngineOptions};
use bading_core::model::identifiers::Hash;
use bading_core::model::patrol::{Interruption, PatrolId};
use bading_core::model::person::Role;
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};
use bading_core::oplog::body::{Kind, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{SignedEntry, Stamp, Verdict};
use bading_core::oplog::fold::{Annotation, Input};
use bading_core::oplog::patrol::PatrolState;
use bading_core::services::patrol::PatrolPlan;
use bading_hub::CodeSpec;

use crate::device::{Device, verdict};
use crate::server::{TestHub, morning, person};

fn phone(hub: &TestHub, dir: &Path, name: &str, spec: &CodeSpec) -> Engine {
    let phone = Engine::open(&dir.join(name), EngineOptions::default()).expect("opens");
    phone.enrol(&hub.url(""), &hub.code(spec)).expect("enrols");
    phone
}

fn of_person(role: Role, name: &str) -> CodeSpec {
    CodeSpec {
        person: Some(person(name)),
        ..CodeSpec::new(role)
    }
}

fn fixes(from: u64, count: u64) -> Vec<Fix> {
    (from..from + count)
        .map(|n| {
            Fix {
                at: UtcMs(morning().0 + n * 5_000),
                place: LatLon::try_new(31.23 + n as f64 * 6.3e-5, 121.47 - n as f64 * 1.7e-6)
                    .expect("in range"),
                accuracy_m: Some(4.0 + (n % 7) as f64 / 3.0),
                is_mock: n % 50 == 49,
            }
            .rounded()
        })
        .collect()
}

/// Walks a patrol of some parts with a session in between, and gives its id.
fn walk(phone: &Engine) -> PatrolId {
    let begun = phone.start_patrol(&PatrolPlan::default()).expect("starts");
    phone.feed_patrol(&fixes(0, 600)).expect("feeds");
    phone.sync().expect("syncs while it walks");
    phone.feed_patrol(&fixes(600, 30)).expect("feeds");
    phone
        .interrupt_patrol(Interruption::BatterySaver)
        .expect("notes it");
    phone.feed_patrol(&fixes(630, 30)).expect("feeds");
    phone.finish_patrol().expect("finishes");
    phone.sync().expect("syncs");
    begun.patrol_id.parse().expect("a patrol's id")
}

fn assert_sound(phone: &Engine) {
    let report = phone.verify().expect("verifies");
    assert!(report.sound, "{:?}", report.problems);
}

#[test]
fn patrol_reaches_its_person_and_the_supervisors_and_nobody_else() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let open = |name: &str, spec: &CodeSpec| phone(&hub, dir.path(), name, spec);
    let walker = open("walker", &of_person(Role::Inspector, "u1"));
    let second = open("second", &of_person(Role::Inspector, "u1"));
    let patrol_id = walk(&walker);
    let told = walker.show_patrol(patrol_id).expect("shows");
    assert!(!told.provisional);
    assert_eq!((told.fixes, told.missing_parts), (660, 0));
    assert_eq!(walker.track(patrol_id).expect("reads"), fixes(0, 660));

    let mut readers = vec![("second", second)];
    for role in [Role::Supervisor, Role::Administrator, Role::Auditor] {
        readers.push((role.as_str(), open(role.as_str(), &CodeSpec::new(role))));
    }
    for (name, reader) in &readers {
        reader.sync().expect("syncs");
        assert_eq!(
            reader.track(patrol_id).expect(name),
            fixes(0, 660),
            "{name}"
        );
        assert_eq!(reader.show_patrol(patrol_id).expect(name), told, "{name}");
        assert_sound(reader);
    }
    let strangers = [
        ("inspector", of_person(Role::Inspector, "u2")),
        ("handler", CodeSpec::new(Role::Handler)),
        ("citizen", CodeSpec::new(Role::Citizen)),
    ];
    for (name, spec) in strangers {
        let stranger = open(name, &spec);
        stranger.sync().expect("syncs");
        assert!(stranger.show_patrol(patrol_id).is_err(), "{name}");
        assert!(stranger.list_patrols().expect("lists").is_empty(), "{name}");
        let context = stranger.context();
        let held = context
            .store
            .read(|tx| tx.commits_about(&Subject::patrol(patrol_id)))
            .expect("reads");
        assert!(held.is_empty(), "{name}");
        let cursor = context
            .store
            .read(|tx| tx.cursor(&crate::server::zone()))
            .expect("reads");
        assert_eq!(cursor.map(|c| c.1), Some(hub.last_position()), "{name}");
        assert_sound(&stranger);
    }
    hub.assert_sound();
}

/// Everything that the hub has of a patrol, folded by itself.
fn folded_at(hub: &TestHub, auditor: &Device, patrol_id: PatrolId) -> PatrolState {
    let page = auditor.page(hub, 0, 500);
    assert!(!page.has_more);
    let mut inputs = Vec::new();
    for item in &page.items {
        let signed = SignedEntry::decode(&item.entry, &hub.hub.key()).expect("the hub's entry");
        let (Stamp::Commit { verdict, .. }, Some(bytes)) = (&signed.entry().stamp, &item.content)
        else {
            continue;
        };
        inputs.push(Input {
            commit: Commit::decode(bytes).expect("sound"),
            annotation: Some(Annotation {
                position: (signed.entry().epoch, signed.entry().position),
                hub_time: signed.entry().hub_time,
                verdict: verdict.clone(),
                number: None,
            }),
            authority: bading_core::model::person::Authority::unknown(),
        });
    }
    PatrolState::fold(patrol_id, &inputs)
}

#[test]
fn track_that_the_hub_folds_is_the_phones_fix_by_fix() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let walker = phone(
        &hub,
        dir.path(),
        "walker",
        &of_person(Role::Inspector, "u1"),
    );
    let patrol_id = walk(&walker);
    let auditor = hub.device(9, Role::Auditor);
    let folded = folded_at(&hub, &auditor, patrol_id);
    assert_eq!(folded.fixes(), fixes(0, 660));
    assert_eq!(folded.fixes(), walker.track(patrol_id).expect("reads"));
    assert!(folded.set_aside.is_empty() && folded.finished.is_some());
}

#[test]
fn patrol_begun_before_the_enrolment_is_one_patrol_at_the_hub() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let walker = Engine::open(&dir.path().join("w"), EngineOptions::default()).expect("opens");
    let begun = walker.start_patrol(&PatrolPlan::default()).expect("starts");
    let patrol_id = begun.patrol_id.parse().expect("a patrol's id");
    walker.feed_patrol(&fixes(0, 300)).expect("feeds");
    walker.pause_patrol().expect("pauses");
    let code = hub.code(&of_person(Role::Inspector, "u1"));
    walker
        .enrol(&hub.url(""), &code)
        .expect("enrols on the way");
    walker.resume_patrol().expect("goes on");
    walker.feed_patrol(&fixes(300, 300)).expect("feeds");
    walker.finish_patrol().expect("finishes");
    assert_eq!(walker.track(patrol_id).expect("reads"), fixes(0, 600));
    let sync = walker.sync().expect("syncs");
    assert!(sync.refused.is_empty(), "{:?}", sync.refused);
    let auditor = hub.device(9, Role::Auditor);
    assert_eq!(folded_at(&hub, &auditor, patrol_id).fixes(), fixes(0, 600));
    assert_sound(&walker);
    hub.assert_sound();
}

#[test]
fn patrol_of_a_citizen_is_refused_and_stays_visible() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let citizen = Engine::open(&dir.path().join("c"), EngineOptions::default()).expect("opens");
    // Before the enrolment nobody knows the role.
    let begun = citizen
        .start_patrol(&PatrolPlan::default())
        .expect("starts");
    let patrol_id = begun.patrol_id.parse().expect("a patrol's id");
    citizen.feed_patrol(&fixes(0, 10)).expect("feeds");
    citizen.finish_patrol().expect("finishes");
    let code = hub.code(&CodeSpec::new(Role::Citizen));
    citizen.enrol(&hub.url(""), &code).expect("enrols");
    let sync = citizen.sync().expect("syncs");
    let whys: Vec<_> = sync.refused.iter().map(|r| r.reason.as_deref()).collect();
    assert_eq!(whys, [Some("role_not_allowed"); 3]);
    assert_eq!(citizen.track(patrol_id).expect("still there").len(), 10);
    assert_sound(&citizen);
    assert!(citizen.start_patrol(&PatrolPlan::default()).is_err());
    let supervisor = phone(&hub, dir.path(), "s", &CodeSpec::new(Role::Supervisor));
    supervisor.sync().expect("syncs");
    assert!(supervisor.list_patrols().expect("lists").is_empty());
    let held = supervisor
        .context()
        .store
        .read(|tx| tx.commits_about(&Subject::patrol(patrol_id)))
        .expect("reads");
    assert_eq!(held.len(), 3, "refused, and visible");
    assert_sound(&supervisor);
    hub.assert_sound();
}

#[test]
fn session_goes_on_while_another_process_records() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let first = phone(
        &hub,
        dir.path(),
        "walker",
        &of_person(Role::Inspector, "u1"),
    );
    first.start_patrol(&PatrolPlan::default()).expect("starts");
    first.feed_patrol(&fixes(0, 3)).expect("feeds");
    let second = Engine::open(&dir.path().join("walker"), EngineOptions::default()).expect("opens");
    second.feed_patrol(&fixes(3, 3)).expect("takes over");
    first.sync().expect("has commits to send all the same");
    first.sync().expect("again");
    second.finish_patrol().expect("is still the writer");
    first.sync().expect("after the patrol too");
    assert_eq!(first.status().expect("a status").outbox, 0);
    hub.assert_sound();
}

fn start(device: &mut Device, patrol_id: PatrolId) -> Commit {
    device.commit(|body| {
        body.push(
            Subject::patrol(patrol_id),
            Kind::StartPatrol {
                mode: Mode::Walk,
                route: None,
                routes_pin: None,
            },
        );
    })
}

fn commits(entries: &[SignedEntry]) -> Vec<Hash> {
    let of = |entry: &SignedEntry| match &entry.entry().stamp {
        Stamp::Commit { commit, .. } => Some(*commit),
        _ => None,
    };
    entries.iter().filter_map(of).collect()
}

#[test]
fn commit_about_another_persons_patrol_or_about_a_case_beside_it_is_not_handed_out() {
    let hub = TestHub::start();
    let mut walker = hub.device(1, Role::Inspector);
    let mut other = hub.device(2, Role::Inspector);
    let mut citizen = hub.device(3, Role::Citizen);
    let patrol_id = PatrolId(uuid::Uuid::from_bytes([5; 16]));
    let (case_id, report) = citizen.report(None);
    citizen.push(&hub, &[&report]);
    let begun = start(&mut walker, patrol_id);
    // One commit about the citizen's case and the walker's patrol.
    let both = walker.commit(|body| {
        let text = body.text("seen on the way", [7; 16]);
        body.push(Subject::case(case_id), Kind::Comment(text));
        let step = bading_core::model::patrol::PatrolStep::Pause;
        body.push(Subject::patrol(patrol_id), Kind::StepPatrol(step));
    });
    walker.push(&hub, &[&begun, &both]);
    let meddling = start(&mut other, patrol_id);
    let entries = other.push(&hub, &[&meddling]);
    assert_eq!(verdict(&entries[0]), Verdict::Admitted);
    assert_eq!(commits(&citizen.pull(&hub)), [report.hash()]);
    assert_eq!(
        commits(&other.pull(&hub)),
        [report.hash(), meddling.hash()],
        "what it sent itself, and no walk of another's"
    );
    let whole = [report.hash(), begun.hash(), both.hash(), meddling.hash()];
    assert_eq!(commits(&walker.pull(&hub)), whole);
    hub.assert_sound();
}
