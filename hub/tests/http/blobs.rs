//! `HEAD`, `PUT` and `GET /v1/blobs/{hash}`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use bading_core::model::identifiers::Hash;
use bading_core::model::person::Role;
use bading_core::oplog::sign::hash_of;
use bading_core::sync::wire::MAX_BLOB_BYTES;
use reqwest::blocking::Response;

use crate::device::Device;
use crate::server::{TestHub, assert_problem};

fn put(hub: &TestHub, device: &Device, hash: &Hash, bytes: &[u8]) -> Response {
    let request = hub.http.put(hub.url(&format!("/v1/blobs/{hash}")));
    device.with_token(request.body(bytes.to_vec()))
}

fn get(hub: &TestHub, device: &Device, hash: &Hash) -> Response {
    device.get(hub, &format!("/v1/blobs/{hash}"))
}

fn head(hub: &TestHub, device: &Device, hash: &Hash) -> Response {
    device.with_token(hub.http.head(hub.url(&format!("/v1/blobs/{hash}"))))
}

/// More than one piece of reading and of writing.
fn photo(seed: u8) -> Vec<u8> {
    (0..1_000_003_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed)
        .collect()
}

fn incoming_files(hub: &TestHub) -> usize {
    let folder = hub.dir.path().join("incoming");
    std::fs::read_dir(folder).expect("the hub's folder").count()
}

#[test]
fn photo_that_a_commit_names_is_taken_once_and_given_back_whole() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let bytes = photo(1);
    let hash = hash_of(&bytes);
    let (_, report) = device.report(Some(&bytes));
    device.push(&hub, &[&report]);
    assert_eq!(head(&hub, &device, &hash).status(), 404);
    assert_problem(get(&hub, &device, &hash), 404, "unknown_blob");
    assert_eq!(put(&hub, &device, &hash, &bytes).status(), 201);
    assert_eq!(put(&hub, &device, &hash, &bytes).status(), 200);
    let answer = head(&hub, &device, &hash);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-length"], "1000003");
    let answer = get(&hub, &device, &hash);
    assert_eq!(answer.headers()["content-length"], "1000003");
    assert!(answer.bytes().expect("a body") == bytes);
    assert_eq!(incoming_files(&hub), 0);
    hub.assert_sound();
}

#[test]
fn photo_of_no_bytes_is_a_photo() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, report) = device.report(Some(b""));
    device.push(&hub, &[&report]);
    assert_eq!(put(&hub, &device, &hash_of(b""), b"").status(), 201);
    let answer = get(&hub, &device, &hash_of(b""));
    assert!(answer.bytes().expect("a body").is_empty());
}

#[test]
fn photo_that_no_admitted_commit_names_is_not_taken() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut citizen = hub.device(2, Role::Citizen);
    let bytes = photo(2);
    let hash = hash_of(&bytes);
    assert_problem(put(&hub, &inspector, &hash, &bytes), 409, "not_announced");
    let (case_id, report) = inspector.report(None);
    inspector.push(&hub, &[&report]);
    // Refused for the role, so the photo is not announced by it.
    let forged = citizen.commit(|body| {
        let subject = bading_core::oplog::body::Subject::case(case_id);
        body.push(subject, crate::device::add_photo(&bytes));
    });
    citizen.push(&hub, &[&forged]);
    assert_problem(put(&hub, &citizen, &hash, &bytes), 409, "not_announced");
}

#[test]
fn photo_with_other_bytes_is_refused_and_leaves_nothing() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let bytes = photo(3);
    let hash = hash_of(&bytes);
    let (_, report) = device.report(Some(&bytes));
    device.push(&hub, &[&report]);
    for wrong in [&bytes[1..], b"", &photo(4)] {
        let answer = put(&hub, &device, &hash, wrong);
        assert_problem(answer, 422, "hash_mismatch");
    }
    assert_eq!(incoming_files(&hub), 0);
    assert_eq!(head(&hub, &device, &hash).status(), 404);
    assert_eq!(put(&hub, &device, &hash, &bytes).status(), 201);
}

#[test]
fn photo_that_is_too_large_is_refused_by_its_length() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, report) = device.report(Some(b"named"));
    device.push(&hub, &[&report]);
    // A caller that waits to be asked is told before it sends sixty-four megabytes.
    let request = format!(
        "PUT /v1/blobs/{} HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {}\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        hash_of(b"named"),
        device.token,
        MAX_BLOB_BYTES + 1
    );
    let mut stream = TcpStream::connect(("127.0.0.1", hub.port())).expect("connected");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[test]
fn citizen_gets_photos_of_own_cases_and_cannot_tell_others_from_absent_ones() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut citizen = hub.device(2, Role::Citizen);
    let (mine, theirs) = (photo(5), photo(6));
    let (own_case, own) = citizen.report(Some(&mine));
    citizen.push(&hub, &[&own]);
    let (_, other) = inspector.report(Some(&theirs));
    inspector.push(&hub, &[&other]);
    put(&hub, &citizen, &hash_of(&mine), &mine);
    put(&hub, &inspector, &hash_of(&theirs), &theirs);
    assert_eq!(get(&hub, &citizen, &hash_of(&mine)).status(), 200);
    let answer = get(&hub, &citizen, &hash_of(&theirs));
    assert_problem(answer, 404, "unknown_blob");
    assert_eq!(head(&hub, &citizen, &hash_of(&theirs)).status(), 404);
    assert_eq!(get(&hub, &inspector, &hash_of(&mine)).status(), 200);
    // The repaired place, photographed by somebody else, belongs to the citizen's case.
    let after = photo(7);
    let repaired = inspector.commit(|body| {
        let subject = bading_core::oplog::body::Subject::case(own_case);
        body.push(subject, crate::device::add_photo(&after));
    });
    inspector.push(&hub, &[&repaired]);
    put(&hub, &inspector, &hash_of(&after), &after);
    assert_eq!(get(&hub, &citizen, &hash_of(&after)).status(), 200);
}

#[test]
fn name_that_is_no_hash_is_malformed() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    for name in ["abc", "..%2f..%2fhub.key", "%ff"] {
        let answer = device.get(&hub, &format!("/v1/blobs/{name}"));
        assert_problem(answer, 400, "malformed");
        let answer = device.get(&hub, &format!("/v1/packs/{name}"));
        assert_problem(answer, 400, "malformed");
    }
}
