//! The hub's challenge of the hour, and what a report says of its time.

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::{Engine, EngineOptions, SystemHost};
use bading_core::model::attest::Provider;
use bading_core::model::case::CaseId;
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_core::oplog::attest::Attest;
use bading_core::oplog::body::{Kind, Subject};
use bading_core::oplog::challenge::{HOUR_MS, HourChallenge};
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::sign::SoftwareSigner;
use bading_core::photo::render::{Scene, render};
use bading_core::services::capture::{PhotoInput, Report};

use crate::device::{open, verdict};
use crate::phones::{StoppedClock, enrol};
use crate::server::{TestHub, morning};

/// A phone whose wall clock shows one time for ever.
fn phone_at(dir: &Path, wall: UtcMs) -> Engine {
    let host = Arc::new(StoppedClock(SystemHost::new(), wall));
    let options = EngineOptions {
        host,
        ..EngineOptions::default()
    };
    Engine::open(dir, options).expect("opens")
}

fn report(phone: &Engine, seed: u64, told: Report) -> CaseId {
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
    let photo = PhotoInput {
        bytes: render(&scene),
        role: None,
    };
    let report = Report {
        photos: vec![photo],
        ..told
    };
    let reported = phone.report(&report).expect("reports");
    reported.case_id.parse().expect("a case id")
}

fn attest(challenge: Option<Vec<u8>>) -> Kind {
    Kind::Attest(Attest {
        provider: Provider::Gps,
        gnss_time: None,
        photo_source: None,
        challenge,
        hints: None,
    })
}

#[test]
fn challenge_is_one_for_the_hour_and_survives_a_restart() {
    let mut hub = TestHub::start();
    let device = &mut hub.device(1, Role::Inspector);
    let key = hub.hub.key();
    let mut ask = |hub: &TestHub| {
        let text = device.open_session(hub).hour_challenge.expect("one");
        let bytes = hex::decode(text).expect("hexadecimal");
        HourChallenge::decode(&bytes, &key).expect("the hub's")
    };
    let first = ask(&hub);
    assert_eq!(first.hour, HourChallenge::hour_of(morning()));
    hub.restart();
    assert_eq!(ask(&hub), first);
    hub.clock.forward(HOUR_MS);
    let second = ask(&hub);
    assert_eq!(second.hour.0, first.hour.0 + HOUR_MS);
    assert_ne!(second.nonce, first.nonce);
}

#[test]
fn report_contains_the_last_challenge_and_every_reader_checks_it() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (
        phone_at(&dir.path().join("a"), morning()),
        phone_at(&dir.path().join("b"), morning()),
    );
    let without = report(&a, 1, Report::default());
    enrol(&hub, &a, Role::Inspector);
    enrol(&hub, &b, Role::Supervisor);
    a.sync().expect("syncs");
    let told = Report {
        provider: Provider::Fused,
        is_from_gallery: Some(true),
        note: Some("as seen".to_owned()),
        ..Report::default()
    };
    let with = report(&a, 2, told);
    a.sync().expect("syncs");
    b.sync().expect("syncs");
    let attested = |case_id| {
        b.show_case(case_id)
            .expect("shows")
            .attested
            .expect("attested")
    };
    assert_eq!(attested(without).challenge_hour, None);
    let found = attested(with);
    let hour = HourChallenge::hour_of(morning()).to_rfc3339();
    assert_eq!(found.challenge_hour, Some(hour));
    assert_eq!(
        (found.provider, found.photo_source),
        ("fused", Some("gallery"))
    );
    assert!(found.hints.iter().any(|hint| hint.kind == "no_class"));
    for phone in [&a, &b] {
        let report = phone.verify().expect("verifies");
        assert!(report.sound, "{:?}", report.problems);
        assert_eq!(report.challenges, 1);
    }
    hub.assert_sound();
}

#[test]
fn challenge_that_is_not_the_hubs_is_admitted_and_named_by_verify() {
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let reader = phone_at(&dir.path().join("reader"), morning());
    enrol(&hub, &reader, Role::Supervisor);
    let device = &mut hub.device(1, Role::Inspector);
    let forged = HourChallenge {
        hour: HourChallenge::hour_of(morning()),
        nonce: [1; 32],
    };
    let forged = forged
        .issue(&SoftwareSigner::from_seed(&[5; 32]))
        .expect("signs");
    for (place, challenge) in [(1, forged), (2, b"anything".to_vec())] {
        let subject = Subject::case(CaseId(uuid::Uuid::from_bytes([place; 16])));
        let commit = device.commit(|body| {
            body.push(subject, open());
            body.push(subject, attest(Some(challenge)));
        });
        assert_eq!(
            verdict(&device.push(&hub, &[&commit])[0]),
            Verdict::Admitted
        );
    }
    reader.sync().expect("syncs");
    let faults = reader.verify().expect("verifies").problems;
    let kinds: Vec<_> = faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, ["challenge_unsound", "challenge_unsound"]);
    assert_eq!(hub.hub.verify().expect("verifies").disagreements_count, 2);
}

#[test]
fn clock_that_was_set_back_shows_as_an_interval_and_satellites_narrow_it() {
    const MINUTE_MS: u64 = 60_000;
    let hub = TestHub::start();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let honest = phone_at(&dir.path().join("a"), morning());
    enrol(&hub, &honest, Role::Inspector);
    honest.sync().expect("syncs");
    drop(honest);
    let back = UtcMs(morning().0 - 3 * HOUR_MS);
    let phone = phone_at(&dir.path().join("a"), back);
    let plain = report(&phone, 1, Report::default());
    let fix = morning().plus_ms(20 * MINUTE_MS);
    let told = |provider| Report {
        provider,
        gnss_time: Some(fix),
        ..Report::default()
    };
    let seen = |case_id| phone.show_case(case_id).expect("shows").seen.expect("seen");
    let before = seen(plain);
    assert_eq!((before.from, before.to), (morning().to_rfc3339(), None));
    assert_eq!(before.by, ["hub_contact"]);
    // Of a network the time is the phone's own, and bounds nothing.
    let network = report(&phone, 2, told(Provider::Network));
    let satellites = report(&phone, 3, told(Provider::Gps));
    hub.clock.forward(HOUR_MS);
    phone.sync().expect("syncs");
    let receipt = morning().plus_ms(HOUR_MS).to_rfc3339();
    for (case_id, from, lower) in [
        (plain, morning(), "hub_contact"),
        (network, morning(), "hub_contact"),
        (satellites, fix, "gnss"),
    ] {
        let seen = seen(case_id);
        assert_eq!(seen.from, from.to_rfc3339());
        assert_eq!(seen.to.as_ref(), Some(&receipt));
        assert_eq!(seen.by, [lower, "receipt"]);
    }
    assert!(phone.verify().expect("verifies").sound);
}
