//! `POST /v1/push`: prefixes, repetition, streams.

use std::thread;

use bading_core::model::identifiers::Zone;
use bading_core::model::person::Role;
use bading_core::oplog::entry::Verdict;
use bading_core::sync::frame;
use bading_core::sync::wire::{
    MAX_PUSH_COMMITS, MAX_PUSH_PACKED_BYTES, MAX_PUSH_UNPACKED_BYTES, encode_push,
};
use bading_hub::{BatchStop, Hub};
use reqwest::blocking::Body;

use crate::device::{Device, verdict};
use crate::server::{TestHub, assert_problem, zone};

#[test]
fn push_stamps_each_commit_in_order_and_again_with_the_same_entries() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, a) = device.report(None);
    let (_, b) = device.report(None);
    let first = device.push(&hub, &[&a, &b]);
    let positions: Vec<_> = first.iter().map(|e| e.entry().position).collect();
    assert_eq!(positions, [2, 3]);
    assert!(first.iter().all(|e| verdict(e) == Verdict::Admitted));
    let (_, c) = device.report(None);
    let again = device.push(&hub, &[&a, &b, &c]);
    assert_eq!(again[..2], first[..]);
    assert_eq!(again[2].entry().position, 4);
    assert_eq!(hub.last_position(), 4);
    hub.assert_sound();
}

#[test]
fn push_of_an_empty_batch_gives_no_receipts() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    assert!(device.push(&hub, &[]).is_empty());
    assert_eq!(hub.last_position(), 1);
}

#[test]
fn push_stops_at_a_gap_and_keeps_what_came_before() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, a) = device.report(None);
    let (_, missing) = device.report(None);
    let (_, c) = device.report(None);
    assert_problem(device.try_push(&hub, &[&a, &c]), 409, "gap");
    assert_eq!(hub.last_position(), 2);
    assert_eq!(device.push(&hub, &[&a, &missing, &c]).len(), 3);
    hub.assert_sound();
}

#[test]
fn push_refuses_a_bad_signature_after_keeping_the_sound_prefix() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, a) = device.report(None);
    let (_, b) = device.report(None);
    let (_, c) = device.report(None);
    let mut forged = b.encode();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let batch = [a.encode(), forged, c.encode()];
    let body = frame::pack(&encode_push(&batch));
    let response = device.post(&hub, "/v1/push", body);
    assert_problem(response, 422, "bad_signature");
    assert_eq!(hub.last_position(), 2);
    let garbage = frame::pack(&encode_push(&[vec![0x80]]));
    let response = device.post(&hub, "/v1/push", garbage);
    assert_problem(response, 422, "bad_commit");
}

#[test]
fn push_refuses_another_devices_commit_and_another_hubs_zone() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let mut other = hub.device(2, Role::Inspector);
    let (_, theirs) = other.report(None);
    assert_problem(device.try_push(&hub, &[&theirs]), 403, "other_device");
    let elsewhere = Zone::parse("310104").expect("a county code");
    let (_, mine) = device.report(None);
    let (_, away) = device.report_in(&elsewhere, None);
    assert_problem(device.try_push(&hub, &[&mine, &away]), 403, "other_zone");
    assert_eq!(hub.last_position(), 3);
}

#[test]
fn push_rezones_commits_from_before_enrolment_into_the_intake_zone() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Citizen);
    let unassigned = Zone::unassigned();
    let (_, a) = device.report_in(&unassigned, None);
    let (_, b) = device.report_in(&unassigned, None);
    let (_, c) = device.report(None);
    // Two streams of one device, each from 0; a gap in one is no gap in the other.
    assert_problem(device.try_push(&hub, &[&c, &b]), 409, "gap");
    let entries = device.push(&hub, &[&a, &b, &c]);
    assert!(entries.iter().all(|e| e.entry().zone == zone()));
    let commit = device.page(&hub, 2, 10).items[0].content.clone();
    assert_eq!(
        commit,
        Some(a.encode()),
        "the signed bytes stay as they are"
    );
    hub.assert_sound();
}

#[test]
fn push_quarantines_the_branch_that_comes_second_and_all_that_follows_it() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, root) = device.report(None);
    let (case_id, main) = device.report(None);
    device.push(&hub, &[&root, &main]);
    let mut clone = Device::new(1);
    clone.token.clone_from(&device.token);
    clone.streams.insert(zone(), (0, root.hash()));
    let branch = clone.comment(case_id, "from the clone");
    let leaf = clone.comment(case_id, "after it");
    let fork = Verdict::Quarantined("fork".to_owned());
    assert_eq!(verdict(&clone.push(&hub, &[&branch])[0]), fork);
    let on_main = device.comment(case_id, "the first branch goes on");
    let entries = device.push(&hub, &[&on_main]);
    assert_eq!(verdict(&entries[0]), Verdict::Admitted);
    assert_eq!(verdict(&clone.push(&hub, &[&branch, &leaf])[1]), fork);
    hub.assert_sound();
}

#[test]
fn push_of_one_batch_by_many_at_once_gives_one_set_of_entries() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let commits: Vec<_> = (0..15).map(|_| device.report(None).1).collect();
    let commits: Vec<_> = commits.iter().collect();
    let answers = thread::scope(|scope| {
        let pushing: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| device.push(&hub, &commits)))
            .collect();
        let join = |pushing: thread::ScopedJoinHandle<'_, _>| pushing.join().expect("no panic");
        pushing.into_iter().map(join).collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|entries| *entries == answers[0]));
    assert_eq!(hub.last_position(), 16);
    hub.assert_sound();
}

#[test]
fn push_through_two_opened_hubs_on_one_folder_leaves_no_hole_in_the_positions() {
    let hub = TestHub::start();
    let mut a = hub.device(1, Role::Inspector);
    let mut b = hub.device(2, Role::Inspector);
    let second = Hub::open(hub.dir.path(), hub.clock.clone()).expect("the same folder");
    let of_a: Vec<_> = (0..12).map(|_| a.report(None).1.encode()).collect();
    let of_b: Vec<_> = (0..12).map(|_| b.report(None).1.encode()).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            for commit in &of_a {
                let outcome = hub.hub.admit_batch(&a.key(), std::slice::from_ref(commit));
                assert_eq!(outcome.expect("no failure").stop, None::<BatchStop>);
            }
        });
        for commit in &of_b {
            let outcome = second.admit_batch(&b.key(), std::slice::from_ref(commit));
            assert_eq!(outcome.expect("no failure").stop, None::<BatchStop>);
        }
    });
    assert_eq!(hub.last_position(), 26);
    hub.assert_sound();
}

#[test]
fn push_refuses_what_is_too_large_packed_unpacked_or_in_number() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    let packed = vec![0; MAX_PUSH_PACKED_BYTES + 1];
    let response = device.post(&hub, "/v1/push", packed.clone());
    assert_problem(response, 413, "too_large");
    // Without a length in the headers, the limit is met while reading.
    let request = hub.http.post(hub.url("/v1/push"));
    let streamed = Body::new(std::io::Cursor::new(packed));
    let response = device.with_token(request.body(streamed));
    assert_problem(response, 413, "too_large");
    let bomb = frame::pack(&vec![0; MAX_PUSH_UNPACKED_BYTES + 1]);
    let response = device.post(&hub, "/v1/push", bomb);
    assert_problem(response, 413, "too_large");
    let many = vec![vec![0x80]; MAX_PUSH_COMMITS + 1];
    let many = frame::pack(&encode_push(&many));
    let response = device.post(&hub, "/v1/push", many);
    assert_problem(response, 413, "too_large");
    let at_limit = device.post(&hub, "/v1/push", vec![0; MAX_PUSH_PACKED_BYTES]);
    assert_problem(at_limit, 400, "malformed");
}

#[test]
fn push_answers_malformed_for_what_is_no_frame_or_no_push() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    let mut cut = frame::pack(&encode_push(&[]));
    cut.truncate(cut.len() - 1);
    for body in [
        Vec::new(),
        b"plain".to_vec(),
        cut,
        frame::pack(b"\x82\x02\x80"),
    ] {
        let response = device.post(&hub, "/v1/push", body);
        assert_problem(response, 400, "malformed");
    }
}
