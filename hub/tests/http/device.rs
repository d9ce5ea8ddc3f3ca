//! A device of the tests: a key, its streams, and a token.

use std::collections::HashMap;

use bading_core::model::case::{CaseId, OpId, Source};
use bading_core::model::identifiers::{DeviceKey, Hash, Zone};
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::commit::{Commit, Draft};
use bading_core::oplog::entry::{SignedEntry, Stamp, Verdict};
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::sign::{DeviceSigner as _, Purpose, SoftwareSigner, hash_of};
use bading_core::sync::frame;
use bading_core::sync::wire::{
    ChallengeReply, EnrolReply, EnrolRequest, Head, Page, SessionReply, SessionRequest,
    decode_receipts, encode_push, enrolment_bytes,
};
use reqwest::blocking::{RequestBuilder, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::server::{TestHub, ZONE, morning, read_page, zone};

pub(crate) struct Device {
    pub(crate) signer: SoftwareSigner,
    pub(crate) token: String,
    pub(crate) streams: HashMap<Zone, (u64, Hash)>,
    seed: u8,
    cases: u8,
}

pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

impl Device {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            signer: SoftwareSigner::from_seed(&[seed; 32]),
            token: String::new(),
            streams: HashMap::new(),
            seed,
            cases: 0,
        }
    }

    pub(crate) fn key(&self) -> DeviceKey {
        self.signer.key()
    }

    fn sign(&self, purpose: Purpose, bytes: &[u8]) -> String {
        let message = purpose.message(&hash_of(bytes));
        hex::encode(self.signer.sign(&message).expect("a software key"))
    }

    pub(crate) fn enrol_request(&self, code: &str) -> EnrolRequest {
        EnrolRequest {
            code: code.to_owned(),
            device_key: self.key().to_string(),
            signature: self.sign(
                Purpose::Enrolment,
                &enrolment_bytes(code, &self.key().bytes),
            ),
        }
    }

    pub(crate) fn try_enrol(&self, hub: &TestHub, code: &str) -> Response {
        post_json(hub, "/v1/enrol", &self.enrol_request(code))
    }

    pub(crate) fn enrol(&self, hub: &TestHub, code: &str) -> Certificate {
        let response = self.try_enrol(hub, code);
        assert_eq!(response.status().as_u16(), 200);
        let text = response.text().expect("a body");
        let reply: EnrolReply = serde_json::from_str(&text).expect("an answer");
        assert_eq!(reply.hub_key, hub.hub.key().to_string());
        read_certificate(hub, &reply.certificate)
    }

    pub(crate) fn challenge(&self, hub: &TestHub) -> String {
        let body = format!(r#"{{"device_key":"{}"}}"#, self.key());
        let response = hub
            .http
            .post(hub.url("/v1/session/challenge"))
            .body(body)
            .send()
            .expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        let text = response.text().expect("a body");
        let reply: ChallengeReply = serde_json::from_str(&text).expect("a challenge");
        reply.challenge
    }

    pub(crate) fn session_request(&self, challenge: &str) -> SessionRequest {
        let bytes = hex::decode(challenge).expect("hex of the hub");
        let heads = self.streams.iter().map(|(zone, (seq, hash))| Head {
            zone: zone.as_str().to_owned(),
            seq: *seq,
            hash: hash.to_string(),
        });
        SessionRequest {
            device_key: self.key().to_string(),
            challenge: challenge.to_owned(),
            signature: self.sign(Purpose::Session, &bytes),
            heads: heads.collect(),
        }
    }

    pub(crate) fn open_session(&mut self, hub: &TestHub) -> SessionReply {
        let request = self.session_request(&self.challenge(hub));
        let response = post_json(hub, "/v1/session", &request);
        assert_eq!(response.status().as_u16(), 200);
        let text = response.text().expect("a body");
        let reply: SessionReply = serde_json::from_str(&text).expect("a session");
        self.token.clone_from(&reply.token);
        reply
    }

    pub(crate) fn with_token(&self, request: RequestBuilder) -> Response {
        request
            .header("authorization", format!("Bearer {}", self.token))
            .send()
            .expect("an answer")
    }

    pub(crate) fn get(&self, hub: &TestHub, path: &str) -> Response {
        self.with_token(hub.http.get(hub.url(path)))
    }

    pub(crate) fn post(&self, hub: &TestHub, path: &str, body: Vec<u8>) -> Response {
        self.with_token(hub.http.post(hub.url(path)).body(body))
    }

    /// Seals the next commit of the stream of the hub's zone.
    pub(crate) fn commit(&mut self, build: impl FnOnce(&mut BodyBuilder)) -> Commit {
        self.commit_in(&zone(), build)
    }

    pub(crate) fn commit_in(
        &mut self,
        zone: &Zone,
        build: impl FnOnce(&mut BodyBuilder),
    ) -> Commit {
        let before = self.streams.get(zone);
        let mut body = BodyBuilder::new();
        build(&mut body);
        let draft = Draft {
            zone: zone.clone(),
            seq: before.map_or(0, |(seq, _)| seq + 1),
            prev: before.map(|(_, hash)| *hash),
            hlc: Hlc {
                ms: morning(),
                counter: 0,
            },
            last_hub_time: None,
            clock: ClockReading {
                wall: UtcMs(0),
                mono_ms: 0,
                boot: [0; 16],
            },
            certificate: None,
            basis: Vec::new(),
            heads: Vec::new(),
        };
        let commit = Commit::seal(draft, &body.finish(), &self.signer).expect("a sound body");
        let next = (commit.header().seq, commit.hash());
        self.streams.insert(zone.clone(), next);
        commit
    }

    /// Reports a case, with a photo where one is given.
    pub(crate) fn report(&mut self, photo: Option<&[u8]>) -> (CaseId, Commit) {
        self.report_in(&zone(), photo)
    }

    pub(crate) fn report_in(&mut self, zone: &Zone, photo: Option<&[u8]>) -> (CaseId, Commit) {
        self.cases += 1;
        let case_id = CaseId(Uuid::from_bytes([self.seed ^ (self.cases << 4); 16]));
        let commit = self.commit_in(zone, |body| {
            body.push(Subject::case(case_id), open());
            if let Some(bytes) = photo {
                body.push(Subject::case(case_id), add_photo(bytes));
            }
        });
        (case_id, commit)
    }

    pub(crate) fn comment(&mut self, case_id: CaseId, text: &str) -> Commit {
        self.commit(|body| {
            let text = body.text(text, [7; 16]);
            body.push(Subject::case(case_id), Kind::Comment(text));
        })
    }

    /// Moves a case, having seen `basis` as its last move.
    pub(crate) fn transition(&mut self, case_id: CaseId, action: Action, basis: Hash) -> Commit {
        self.commit(|body| {
            body.push(Subject::case(case_id), transition(action, basis));
        })
    }

    pub(crate) fn try_push(&self, hub: &TestHub, commits: &[&Commit]) -> Response {
        let commits: Vec<_> = commits.iter().map(|commit| commit.encode()).collect();
        self.post(hub, "/v1/push", frame::pack(&encode_push(&commits)))
    }

    pub(crate) fn push(&self, hub: &TestHub, commits: &[&Commit]) -> Vec<SignedEntry> {
        let response = self.try_push(hub, commits);
        assert_eq!(response.status().as_u16(), 200);
        read_receipts(hub, &response.bytes().expect("a body"))
    }

    pub(crate) fn page(&self, hub: &TestHub, after: u64, limit: usize) -> Page {
        let path = format!("/v1/zones/{ZONE}/log?after={after}&limit={limit}");
        read_page(self.get(hub, &path))
    }

    /// Everything that the device receives, in pages of seven.
    pub(crate) fn pull(&self, hub: &TestHub) -> Vec<SignedEntry> {
        let (mut cursor, mut entries) = (0, Vec::new());
        loop {
            let page = self.page(hub, cursor, 7);
            for item in &page.items {
                let entry = SignedEntry::decode(&item.entry, &hub.hub.key());
                entries.push(entry.expect("the hub's entry"));
            }
            if !page.has_more {
                return entries;
            }
            assert!(page.cursor > cursor, "pages advance");
            cursor = page.cursor;
        }
    }
}

pub(crate) fn open() -> Kind {
    Kind::Open {
        source: Source::Inspector,
        seen_at: None,
        duty_pin: None,
        class: None,
        grid: None,
        place: None,
        note: None,
    }
}

pub(crate) fn add_photo(bytes: &[u8]) -> Kind {
    Kind::AddPhoto(Photo {
        hash: hash_of(bytes),
        role: PhotoRole::Near,
        size_bytes: bytes.len() as u64,
    })
}

pub(crate) fn transition(action: Action, basis: Hash) -> Kind {
    Kind::Transition {
        action,
        basis: OpId {
            commit: basis,
            index: 0,
        },
        department: None,
        reason: None,
    }
}

/// The same header with another structure and schema under it, signed again.
pub(crate) fn reseal(
    commit: &Commit,
    signer: &SoftwareSigner,
    structure: &[u8],
    schema: u8,
) -> Commit {
    let bytes = commit.encode();
    // Envelope of four parts; the first is the header, as bytes of two length bytes.
    assert_eq!(bytes[..2], [0x84, 0x58], "the header is shorter than 256");
    let mut header = bytes[3..3 + usize::from(bytes[2])].to_vec();
    // The body's hash stands before the empty list of heads, the schema before the hash.
    let at = header.len() - 1 - 34;
    assert_eq!(
        header[at - 1..at + 2],
        [1, 0x58, 32],
        "schema, then 32 bytes"
    );
    header[at - 1] = schema;
    header[at + 2..at + 34].copy_from_slice(&hash_of(structure).0);
    let message = Purpose::Commit.message(&hash_of(&header));
    let signature = signer.sign(&message).expect("a software key");
    let short = |bytes: &[u8]| u8::try_from(bytes.len()).expect("short");
    assert!(structure.len() < 24);
    let mut envelope = vec![0x84, 0x58, short(&header)];
    envelope.extend_from_slice(&header);
    envelope.push(0x40 + short(structure));
    envelope.extend_from_slice(structure);
    envelope.extend_from_slice(&[0x80, 0x58, 64]);
    envelope.extend_from_slice(&signature);
    Commit::decode(&envelope).expect("a sound commit")
}

pub(crate) fn post_json(hub: &TestHub, path: &str, body: &impl Serialize) -> Response {
    let request = hub.http.post(hub.url(path)).body(json(body));
    request.send().expect("an answer")
}

pub(crate) fn read_certificate(hub: &TestHub, text: &str) -> Certificate {
    let bytes = hex::decode(text).expect("hex of the hub");
    Certificate::decode(&bytes, &hub.hub.key()).expect("a certificate of this hub")
}

pub(crate) fn read_receipts(hub: &TestHub, packed: &[u8]) -> Vec<SignedEntry> {
    let bytes = frame::unpack(packed).expect("a frame");
    let entries = decode_receipts(&bytes).expect("receipts");
    let read = |bytes: &Vec<u8>| SignedEntry::decode(bytes, &hub.hub.key());
    let entries: Result<_, _> = entries.iter().map(read).collect();
    entries.expect("the hub's entries")
}

#[track_caller]
pub(crate) fn verdict(entry: &SignedEntry) -> Verdict {
    match &entry.entry().stamp {
        Stamp::Commit { verdict, .. } => verdict.clone(),
        other => panic!("not a commit's entry: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn number(entry: &SignedEntry) -> Option<String> {
    match &entry.entry().stamp {
        Stamp::Commit { number, .. } => number.clone(),
        other => panic!("not a commit's entry: {other:?}"),
    }
}
