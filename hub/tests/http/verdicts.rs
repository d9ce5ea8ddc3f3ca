//! What the hub says of a commit: roles, numbers, schemas, revocation; by push and by the
//! direct call.

use bading_core::model::identifiers::Hash;
use bading_core::model::person::Role;
use bading_core::model::workflow::Action;
use bading_core::oplog::body::Subject;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{Stamp, Verdict};
use serde_json::Value;

use crate::device::{Device, number, reseal, transition, verdict};
use crate::server::{DAY_MS, MINUTE_MS, TestHub, ZONE, assert_problem};

fn direct(hub: &TestHub, device: &Device, commit: &Commit) -> Value {
    let response = device.post(hub, "/v1/commits", commit.encode());
    assert_eq!(response.status().as_u16(), 200);
    let text = response.text().expect("a body");
    serde_json::from_str(&text).expect("an answer")
}

fn refused(why: &str) -> Verdict {
    Verdict::Refused(why.to_owned())
}

#[test]
fn forged_role_is_403_on_the_direct_call_and_stays_refused_in_the_log() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut citizen = hub.device(2, Role::Citizen);
    let (case_id, report) = inspector.report(None);
    inspector.push(&hub, &[&report]);
    let close = citizen.transition(case_id, Action::Close, report.hash());
    let response = citizen.post(&hub, "/v1/commits", close.encode());
    assert_problem(response, 403, "role_not_allowed");
    let entries = inspector.pull(&hub);
    let last = entries.last().expect("the log is not empty");
    assert_eq!(verdict(last), refused("role_not_allowed"));
    // The same commit by push is known, and does not stop what follows.
    let (_, own) = citizen.report(None);
    let entries = citizen.push(&hub, &[&close, &own]);
    assert_eq!(verdict(&entries[0]), refused("role_not_allowed"));
    assert_eq!(verdict(&entries[1]), Verdict::Admitted);
    let response = citizen.post(&hub, "/v1/commits", close.encode());
    assert_problem(response, 403, "role_not_allowed");
    hub.assert_sound();
}

#[test]
fn direct_call_answers_position_verdict_and_number() {
    let hub = TestHub::start();
    let mut supervisor = hub.device(1, Role::Supervisor);
    let (case_id, report) = supervisor.report(None);
    let answer = direct(&hub, &supervisor, &report);
    assert_eq!(answer["position"], 2);
    assert_eq!(answer["verdict"], "admitted");
    assert_eq!(answer["number"], Value::Null);
    let file = supervisor.transition(case_id, Action::File, report.hash());
    let answer = direct(&hub, &supervisor, &file);
    assert_eq!(answer["number"], format!("{ZONE}-20260302-00001"));
    let mut damaged = file.encode();
    damaged[10] ^= 1;
    let response = supervisor.post(&hub, "/v1/commits", damaged);
    assert_eq!(response.status(), 422);
    let (_, skipped) = supervisor.report(None);
    let (_, after) = supervisor.report(None);
    let response = supervisor.post(&hub, "/v1/commits", after.encode());
    assert_problem(response, 409, "gap");
    direct(&hub, &supervisor, &skipped);
}

#[test]
fn numbers_are_dense_for_each_local_day_and_only_for_what_takes_effect() {
    let hub = TestHub::start();
    let mut supervisor = hub.device(1, Role::Supervisor);
    let mut file_one = |hub: &TestHub| {
        let (case_id, report) = supervisor.report(None);
        let file = supervisor.transition(case_id, Action::File, report.hash());
        let late = supervisor.transition(case_id, Action::File, report.hash());
        supervisor.open_session(hub);
        let entries = supervisor.push(hub, &[&report, &file, &late]);
        assert_eq!(verdict(&entries[2]), Verdict::Admitted);
        assert_eq!(number(&entries[2]), None, "it came too late");
        number(&entries[1])
    };
    let expect = |day: &str, count: u32| Some(format!("{ZONE}-{day}-{count:05}"));
    assert_eq!(file_one(&hub), expect("20260302", 1));
    assert_eq!(file_one(&hub), expect("20260302", 2));
    hub.clock.forward((13 * 60 + 59) * MINUTE_MS);
    assert_eq!(file_one(&hub), expect("20260302", 3));
    hub.clock.forward(MINUTE_MS);
    assert_eq!(file_one(&hub), expect("20260303", 1));
    hub.clock.forward(DAY_MS);
    assert_eq!(file_one(&hub), expect("20260304", 1));
    hub.assert_sound();
}

#[test]
fn refused_filing_takes_no_number() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut supervisor = hub.device(2, Role::Supervisor);
    let (case_id, report) = inspector.report(None);
    let forged = inspector.transition(case_id, Action::File, report.hash());
    let entries = inspector.push(&hub, &[&report, &forged]);
    assert_eq!(verdict(&entries[1]), refused("role_not_allowed"));
    assert_eq!(number(&entries[1]), None);
    let file = supervisor.transition(case_id, Action::File, report.hash());
    let entries = supervisor.push(&hub, &[&file]);
    let first = format!("{ZONE}-20260302-00001");
    assert_eq!(number(&entries[0]), Some(first));
}

#[test]
fn filing_whose_basis_arrives_later_is_numbered_with_the_next_move() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut supervisor = hub.device(2, Role::Supervisor);
    let (case_id, report) = inspector.report(None);
    let file = supervisor.transition(case_id, Action::File, report.hash());
    let entries = supervisor.push(&hub, &[&file]);
    assert_eq!(number(&entries[0]), None, "nothing is filed yet");
    inspector.push(&hub, &[&report]);
    let dispatch = supervisor.commit(|body| {
        let mut kind = transition(Action::Dispatch, file.hash());
        if let bading_core::oplog::body::Kind::Transition { department, .. } = &mut kind {
            *department = "roads".parse().ok();
        }
        body.push(Subject::case(case_id), kind);
    });
    let entries = supervisor.push(&hub, &[&dispatch]);
    let first = format!("{ZONE}-20260302-00001");
    assert_eq!(number(&entries[0]), Some(first));
    hub.assert_sound();
}

#[test]
fn commit_that_files_one_case_and_moves_another_is_refused() {
    let hub = TestHub::start();
    let mut supervisor = hub.device(1, Role::Supervisor);
    let (a, report_a) = supervisor.report(None);
    let (b, report_b) = supervisor.report(None);
    let both = supervisor.commit(|body| {
        body.push(Subject::case(a), transition(Action::File, report_a.hash()));
        body.push(Subject::case(b), transition(Action::File, report_b.hash()));
    });
    let entries = supervisor.push(&hub, &[&report_a, &report_b, &both]);
    assert_eq!(verdict(&entries[2]), refused("files_several_cases"));
    assert_eq!(number(&entries[2]), None);
}

#[test]
fn loop_of_a_case_is_admitted_through_each_role_of_it() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut supervisor = hub.device(2, Role::Supervisor);
    let mut roads = hub.handler(3, "roads");
    let mut parks = hub.handler(4, "parks");
    let (case_id, report) = inspector.report(None);
    inspector.push(&hub, &[&report]);
    let file = supervisor.transition(case_id, Action::File, report.hash());
    let dispatch = supervisor.commit(|body| {
        let mut kind = transition(Action::Dispatch, file.hash());
        if let bading_core::oplog::body::Kind::Transition { department, .. } = &mut kind {
            *department = "roads".parse().ok();
        }
        body.push(Subject::case(case_id), kind);
    });
    supervisor.push(&hub, &[&file, &dispatch]);
    let step = |device: &mut Device, action, basis: Hash| {
        let commit = device.transition(case_id, action, basis);
        let entry = device.push(&hub, &[&commit]).remove(0);
        (verdict(&entry), commit.hash())
    };
    let (wrong, _) = step(&mut parks, Action::Handle, dispatch.hash());
    assert_eq!(wrong, refused("not_own_department"));
    let (handled, basis) = step(&mut roads, Action::Handle, dispatch.hash());
    assert_eq!(handled, Verdict::Admitted);
    let (checked, basis) = step(&mut inspector, Action::Check, basis);
    assert_eq!(checked, Verdict::Admitted);
    let (closed, _) = step(&mut supervisor, Action::Close, basis);
    assert_eq!(closed, Verdict::Admitted);
    hub.assert_sound();
}

#[test]
fn unknown_schema_is_unfolded_and_a_broken_body_refused_and_neither_stops_a_batch() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, plain) = device.report(None);
    let newer = reseal(&plain, &device.signer, b"\x82\x80\x80", 2);
    device
        .streams
        .insert(newer.header().zone.clone(), (0, newer.hash()));
    let (_, plain) = device.report(None);
    let broken = reseal(&plain, &device.signer, b"\x82\x80\x61x", 1);
    device
        .streams
        .insert(broken.header().zone.clone(), (1, broken.hash()));
    let (_, after) = device.report(None);
    let entries = device.push(&hub, &[&newer, &broken, &after]);
    assert_eq!(verdict(&entries[0]), Verdict::Unfolded);
    assert_eq!(verdict(&entries[1]), refused("malformed"));
    assert_eq!(verdict(&entries[2]), Verdict::Admitted);
    hub.assert_sound();
}

#[test]
fn late_work_of_a_revoked_device_is_quarantined_and_it_fetches_nothing() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let auditor = hub.device(2, Role::Auditor);
    let (case_id, before) = device.report(None);
    device.push(&hub, &[&before]);
    hub.hub.revoke(&device.key()).expect("known");
    device.open_session(&hub);
    let after = device.comment(case_id, "late");
    let entries = device.push(&hub, &[&before, &after]);
    assert_eq!(verdict(&entries[0]), Verdict::Admitted);
    let quarantined = Verdict::Quarantined("revoked".to_owned());
    assert_eq!(verdict(&entries[1]), quarantined);
    let log = format!("/v1/zones/{ZONE}/log?after=0");
    let blob = format!("/v1/blobs/{}", before.hash());
    for path in ["/v1/packs", &log, &blob, "/v1/admin/devices"] {
        assert_problem(device.get(&hub, path), 403, "revoked");
    }
    let stamps = auditor.pull(&hub);
    let is_revocation = |entry: &&bading_core::oplog::entry::SignedEntry| {
        matches!(entry.entry().stamp, Stamp::Revocation(_))
    };
    assert_eq!(stamps.iter().filter(is_revocation).count(), 1);
    hub.assert_sound();
}

#[test]
fn commit_under_an_expired_grant_waits_for_its_renewal() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, report) = device.report(None);
    // No session lasts that long: the use case is called as the route would.
    hub.clock.forward(14 * DAY_MS + 1);
    let outcome = hub.hub.admit_batch(&device.key(), &[report.encode()]);
    let entries = outcome.expect("no failure").entries;
    let waiting = Verdict::Waiting("grant_expired".to_owned());
    assert_eq!(verdict(&entries[0]), waiting);
    hub.assert_sound();
}
