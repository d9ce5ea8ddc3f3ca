//! The statuses that a hub must have, from the real process by raw HTTP.

use bading_core::model::identifiers::Hash;
use bading_core::model::workflow::Action;
use bading_core::sync::frame;
use bading_core::sync::wire::encode_push;
use reqwest::blocking::Response;
use serde_json::Value;

use crate::device::Device;
use crate::support::{Bench, HubProcess, text};

#[track_caller]
fn assert_problem(response: Response, status: u16, code: &str) {
    assert_eq!(response.status().as_u16(), status);
    let media_type = response.headers()["content-type"].to_str().expect("ascii");
    assert_eq!(media_type, "application/problem+json");
    let body = response.text().expect("a body");
    let problem: Value = serde_json::from_str(&body).expect("a problem document");
    assert_eq!(problem["status"], status, "{problem}");
    assert_eq!(problem["code"], code, "{problem}");
}

#[test]
fn body_over_the_limit_is_413() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let stranger = Device::new(&hub, 9);
    assert_problem(
        stranger.post("/v1/enrol", vec![b' '; 64 * 1024 + 1]),
        413,
        "too_large",
    );
    let device = Device::enrolled(&hub, 1, "inspector");
    assert_problem(
        device.post("/v1/push", vec![0; 256 * 1024 + 1]),
        413,
        "too_large",
    );
    assert_problem(
        device.post("/v1/commits", vec![0; 128 * 1024 + 1]),
        413,
        "too_large",
    );
    // A few bytes that unpack to more than a push may hold.
    let bomb = frame::pack(&vec![0; 5 * 1024 * 1024]);
    assert!(bomb.len() < 1024);
    assert_problem(device.post("/v1/push", bomb), 413, "too_large");
}

#[test]
fn device_that_is_not_enrolled_is_401() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let stranger = Device::new(&hub, 9);
    assert_problem(stranger.challenge(), 401, "unknown_device");
    let push = frame::pack(&encode_push(&[]));
    assert_problem(stranger.post("/v1/push", push), 401, "session_expired");
}

#[test]
fn commit_whose_signature_does_not_hold_is_422_by_push_and_by_the_direct_call() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let device = Device::enrolled(&hub, 1, "inspector");
    let case_id = "00000000-0000-4000-8000-000000000001"
        .parse()
        .expect("an id");
    let commit = device.transition(case_id, Action::Accept, Hash([1; 32]));
    let mut bytes = commit.encode();
    // The signature ends the commit.
    *bytes.last_mut().expect("not empty") ^= 1;
    assert_problem(
        device.post("/v1/commits", bytes.clone()),
        422,
        "bad_signature",
    );
    let push = frame::pack(&encode_push(&[bytes]));
    assert_problem(device.post("/v1/push", push), 422, "bad_signature");
    let report = hub.stop_and_verify();
    assert_eq!(report["commits"], 0, "{report}");
}

#[test]
fn forged_role_is_403_on_the_direct_call_and_seen_as_refused_in_another_store() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let inspector = bench.phone("inspector");
    hub.enrol(&inspector, "inspector");
    let reported = inspector.report(&bench.photo("photo.jpg", 1)).json();
    let case = text(&reported["case_id"]);
    inspector.run(["sync"]).json();

    let citizen = Device::enrolled(&hub, 2, "citizen");
    let opening = text(&reported["commit"]).parse().expect("a hash");
    let forged = citizen.transition(case.parse().expect("an id"), Action::Close, opening);
    assert_problem(
        citizen.post("/v1/commits", forged.encode()),
        403,
        "role_not_allowed",
    );

    inspector.run(["sync"]).json();
    let shown = inspector.run(["case", "show", &case]).json();
    assert_eq!(shown["phase"], "reported", "{shown}");
    let timeline = shown["timeline"].as_array().expect("a list");
    let close = timeline
        .iter()
        .find(|event| event["commit"] == forged.hash().to_string())
        .expect("what was refused stays visible");
    assert_eq!(close["outcome"], "refused", "{close}");
    assert_eq!(close["reason"], "role_not_allowed", "{close}");
    inspector.assert_sound();
    let report = hub.stop_and_verify();
    assert_eq!(report["commits"], 2, "{report}");
}
