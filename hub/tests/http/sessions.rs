//! `POST /v1/session/challenge` and `POST /v1/session`.

use bading_core::model::identifiers::Zone;
use bading_core::model::person::Role;
use bading_core::sync::wire::{SessionReply, Standing};
use bading_hub::CodeSpec;

use crate::device::{Device, post_json, read_certificate};
use crate::server::{DAY_MS, MINUTE_MS, TestHub, ZONE, assert_problem, zone};

fn standings(reply: &SessionReply) -> Vec<(&str, Standing)> {
    let streams = reply.streams.iter();
    streams.map(|s| (s.zone.as_str(), s.standing)).collect()
}

#[test]
fn device_that_is_not_enrolled_gets_no_challenge_and_no_session() {
    let hub = TestHub::start();
    let stranger = Device::new(9);
    let asked = bading_core::sync::wire::ChallengeRequest {
        device_key: stranger.key().to_string(),
    };
    let response = post_json(&hub, "/v1/session/challenge", &asked);
    assert_problem(response, 401, "unknown_device");
    let request = stranger.session_request(&"ab".repeat(32));
    let response = post_json(&hub, "/v1/session", &request);
    assert_problem(response, 401, "unknown_device");
}

#[test]
fn session_refuses_a_signature_of_another_key_and_uses_the_challenge_up() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    let good = device.session_request(&device.challenge(&hub));
    let mut forged = good.clone();
    forged.signature = Device::new(2).session_request(&good.challenge).signature;
    let response = post_json(&hub, "/v1/session", &forged);
    assert_problem(response, 401, "bad_signature");
    let response = post_json(&hub, "/v1/session", &good);
    assert_problem(response, 401, "challenge_expired");
}

#[test]
fn challenge_serves_one_session_of_its_own_device_for_one_minute() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    let other = hub.device(2, Role::Inspector);
    let request = device.session_request(&device.challenge(&hub));
    assert_eq!(post_json(&hub, "/v1/session", &request).status(), 200);
    let response = post_json(&hub, "/v1/session", &request);
    assert_problem(response, 401, "challenge_expired");
    let request = other.session_request(&device.challenge(&hub));
    let response = post_json(&hub, "/v1/session", &request);
    assert_problem(response, 401, "challenge_expired");
    let request = device.session_request(&device.challenge(&hub));
    hub.clock.forward(MINUTE_MS);
    let response = post_json(&hub, "/v1/session", &request);
    assert_problem(response, 401, "challenge_expired");
}

#[test]
fn token_ends_after_an_hour_and_its_absence_or_another_is_told_alike() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    hub.clock.forward(60 * MINUTE_MS - 1);
    assert_eq!(device.get(&hub, "/v1/packs").status(), 200);
    hub.clock.forward(1);
    assert_problem(device.get(&hub, "/v1/packs"), 401, "session_expired");
    let response = hub.http.get(hub.url("/v1/packs")).send();
    assert_problem(response.expect("an answer"), 401, "session_expired");
    device.token = "00".repeat(32);
    assert_problem(device.get(&hub, "/v1/packs"), 401, "session_expired");
    device.token = "none".to_owned();
    assert_problem(device.get(&hub, "/v1/packs"), 401, "session_expired");
}

#[test]
fn session_renews_a_certificate_that_holds_less_than_seven_days() {
    let hub = TestHub::start();
    let mut device = Device::new(1);
    let first = device.enrol(&hub, &hub.code(&CodeSpec::new(Role::Inspector)));
    hub.clock.forward(7 * DAY_MS);
    let reply = device.open_session(&hub);
    assert_eq!(read_certificate(&hub, &reply.certificate), first);
    hub.clock.forward(1);
    let reply = device.open_session(&hub);
    let renewed = read_certificate(&hub, &reply.certificate);
    assert_eq!(renewed.grant().epoch, 2);
    assert_eq!(renewed.grant().authority, first.grant().authority);
    assert_eq!(hub.last_position(), 2);
    // Long after its end the device may still come back.
    hub.clock.forward(100 * DAY_MS);
    let reply = device.open_session(&hub);
    assert_eq!(read_certificate(&hub, &reply.certificate).grant().epoch, 3);
    hub.assert_sound();
}

#[test]
fn session_of_a_revoked_device_opens_and_renews_nothing() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    hub.hub.revoke(&device.key()).expect("known");
    hub.clock.forward(10 * DAY_MS);
    let reply = device.open_session(&hub);
    assert_eq!(read_certificate(&hub, &reply.certificate).grant().epoch, 1);
}

#[test]
fn session_tells_equal_behind_ahead_and_fork_of_each_stream() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    assert_eq!(standings(&device.open_session(&hub)), []);
    let unassigned = Zone::unassigned();
    let (_, before) = device.report_in(&unassigned, None);
    let (_, first) = device.report(None);
    device.push(&hub, &[&before, &first]);
    let both = [("", Standing::Equal), (ZONE, Standing::Equal)];
    assert_eq!(standings(&device.open_session(&hub)), both);
    let (_, second) = device.report(None);
    let reply = device.open_session(&hub);
    assert_eq!(standings(&reply)[1], (ZONE, Standing::HubBehind));
    device.push(&hub, &[&second]);
    device.streams.insert(zone(), (0, first.hash()));
    let reply = device.open_session(&hub);
    assert_eq!(standings(&reply)[1], (ZONE, Standing::HubAhead));
    device.streams.insert(zone(), (1, first.hash()));
    let reply = device.open_session(&hub);
    assert_eq!(standings(&reply)[1], (ZONE, Standing::Fork));
    device.streams.clear();
    let ahead = [("", Standing::HubAhead), (ZONE, Standing::HubAhead)];
    assert_eq!(standings(&device.open_session(&hub)), ahead);
}

#[test]
fn session_refuses_a_body_that_is_not_its_json() {
    let hub = TestHub::start();
    for path in ["/v1/session", "/v1/session/challenge", "/v1/enrol"] {
        for body in ["", "{}", "[", r#"{"device_key":"zz"}"#] {
            let response = hub.http.post(hub.url(path)).body(body).send();
            assert_problem(response.expect("an answer"), 400, "malformed");
        }
    }
}
