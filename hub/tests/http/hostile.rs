//! What is sent by mistake or by intent: never a fault of the hub, always a problem document.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bading_core::model::person::Role;
use bading_core::sync::frame;
use bading_hub::ServeLimits;
use proptest::prelude::*;
use reqwest::Method;

use crate::device::Device;
use crate::server::{TestHub, ZONE, assert_problem};

#[test]
fn unknown_route_is_404_and_another_method_405() {
    let hub = TestHub::start();
    for path in ["/page", "/v1", "/v1/nothing", "/v1/admin", "/v2/push"] {
        let answer = hub.http.get(hub.url(path)).send().expect("an answer");
        assert_problem(answer, 404, "not_found");
    }
    for path in ["/v1/push", "/v1/session", "/v1/enrol"] {
        let answer = hub.http.get(hub.url(path)).send().expect("an answer");
        assert_problem(answer, 405, "method_not_allowed");
    }
    let answer = hub.http.delete(hub.url("/v1/packs")).send();
    assert_problem(answer.expect("an answer"), 405, "method_not_allowed");
}

#[test]
fn json_body_that_is_too_large_is_413_for_strangers_too() {
    let hub = TestHub::start();
    for path in ["/v1/enrol", "/v1/session", "/v1/session/challenge"] {
        let answer = hub.http.post(hub.url(path)).body(vec![b' '; 65_537]).send();
        assert_problem(answer.expect("an answer"), 413, "too_large");
    }
}

#[test]
fn stranger_with_a_large_body_still_reads_the_answer() {
    let hub = TestHub::start();
    let request = hub.http.post(hub.url("/v1/push")).body(vec![0; 4_000_000]);
    assert_problem(request.send().expect("an answer"), 401, "session_expired");
}

#[test]
fn body_that_never_comes_ends_with_408() {
    let hub = TestHub::start_with(ServeLimits {
        idle_timeout: Duration::from_millis(50),
        ..ServeLimits::default()
    });
    let mut stream = TcpStream::connect(("127.0.0.1", hub.port())).expect("connected");
    stream
        .write_all(b"POST /v1/enrol HTTP/1.1\r\nhost: hub\r\ncontent-length: 10\r\n\r\n{")
        .expect("sent");
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 408");
}

#[test]
fn headers_that_never_end_close_the_connection() {
    let hub = TestHub::start_with(ServeLimits {
        header_timeout: Duration::from_millis(50),
        ..ServeLimits::default()
    });
    let mut stream = TcpStream::connect(("127.0.0.1", hub.port())).expect("connected");
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: h")
        .expect("sent");
    let mut rest = Vec::new();
    // Ends when the hub closes; a hub that waits for ever would hang here.
    stream.read_to_end(&mut rest).expect("closed");
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

/// Every route, with the method that it takes.
fn routes(zone: &str, name: &str) -> Vec<(Method, String)> {
    vec![
        (Method::GET, "/healthz".to_owned()),
        (Method::GET, "/v1/hub".to_owned()),
        (Method::POST, "/v1/enrol".to_owned()),
        (Method::POST, "/v1/session/challenge".to_owned()),
        (Method::POST, "/v1/session".to_owned()),
        (Method::POST, "/v1/push".to_owned()),
        (Method::POST, "/v1/commits".to_owned()),
        (Method::GET, format!("/v1/zones/{zone}/log?after={name}")),
        (Method::GET, "/v1/packs".to_owned()),
        (Method::GET, format!("/v1/packs/{name}")),
        (Method::GET, format!("/v1/blobs/{name}")),
        (Method::HEAD, format!("/v1/blobs/{name}")),
        (Method::PUT, format!("/v1/blobs/{name}")),
        (Method::POST, "/v1/admin/codes".to_owned()),
        (Method::GET, "/v1/admin/devices".to_owned()),
        (Method::POST, format!("/v1/admin/devices/{name}/revoke")),
    ]
}

fn send_everywhere(hub: &TestHub, device: &Device, name: &str, body: &[u8]) {
    for zone in [ZONE, name] {
        for (method, path) in routes(zone, name) {
            let request = hub.http.request(method.clone(), hub.url(&path));
            let answer = device.with_token(request.body(body.to_vec()));
            let status = answer.status().as_u16();
            assert!(status < 500, "{method} {path}: {status}");
            if status >= 400 {
                let media_type = answer.headers()["content-type"].clone();
                assert_eq!(media_type, "application/problem+json", "{method} {path}");
            }
        }
    }
}

#[test]
fn random_bytes_on_every_route_are_never_a_fault_of_the_hub() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Administrator);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let input = (
        proptest::collection::vec(any::<u8>(), 0..300),
        "[0-9a-f]{64}|[0-9a-zA-Z._~-]{1,20}|(%[0-9A-F]{2}){1,8}",
    );
    let outcome = runner.run(&input, |(bytes, name)| {
        send_everywhere(&hub, &device, &name, &bytes);
        send_everywhere(&hub, &device, &name, &frame::pack(&bytes));
        Ok(())
    });
    outcome.expect("no input is a fault of the hub");
    hub.assert_sound();
}

#[test]
fn every_byte_of_a_push_damaged_in_turn_is_never_a_fault_and_never_a_second_commit() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, report) = device.report(Some(b"photo"));
    let push = bading_core::sync::wire::encode_push(&[report.encode()]);
    for at in 0..push.len() {
        let mut damaged = push.clone();
        damaged[at] ^= 0x15;
        let answer = device.post(&hub, "/v1/push", frame::pack(&damaged));
        let status = answer.status().as_u16();
        assert!(
            [400, 403, 413, 422].contains(&status),
            "byte {at}: {status}"
        );
    }
    assert_eq!(hub.last_position(), 1);
    assert_eq!(device.push(&hub, &[&report]).len(), 1);
}
