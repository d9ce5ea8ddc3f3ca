//! A phone that speaks raw HTTP: it may send what an honest one never would.

use bading_core::model::case::{CaseId, OpId};
use bading_core::model::identifiers::{Hash, Zone};
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::commit::{Commit, Draft};
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::sign::{DeviceSigner as _, Purpose, SoftwareSigner, hash_of};
use bading_core::sync::wire::enrolment_bytes;
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};

use crate::support::{HubProcess, text};

pub(crate) struct Device {
    signer: SoftwareSigner,
    http: Client,
    url: String,
    token: Option<String>,
}

impl Device {
    pub(crate) fn new(hub: &HubProcess, seed: u8) -> Self {
        Self {
            signer: SoftwareSigner::from_seed(&[seed; 32]),
            http: Client::new(),
            url: hub.url.clone(),
            token: None,
        }
    }

    /// A device that is enrolled in a role and has a session.
    pub(crate) fn enrolled(hub: &HubProcess, seed: u8, role: &str) -> Self {
        let mut device = Self::new(hub, seed);
        let code = hub.code(role);
        let key = device.signer.key();
        let signature = device.sign(Purpose::Enrolment, &enrolment_bytes(&code, &key.bytes));
        let request =
            json!({ "code": code, "device_key": key.to_string(), "signature": signature });
        let response = device.post("/v1/enrol", request.to_string());
        assert_eq!(response.status().as_u16(), 200);
        let challenge = read(device.challenge());
        let bytes = hex::decode(text(&challenge["challenge"])).expect("hex of the hub");
        let request = json!({
            "device_key": key.to_string(),
            "challenge": challenge["challenge"],
            "signature": device.sign(Purpose::Session, &bytes),
            "heads": [],
        });
        let session = read(device.post("/v1/session", request.to_string()));
        device.token = Some(text(&session["token"]));
        device
    }

    fn sign(&self, purpose: Purpose, bytes: &[u8]) -> String {
        let message = purpose.message(&hash_of(bytes));
        hex::encode(self.signer.sign(&message).expect("a software key"))
    }

    pub(crate) fn challenge(&self) -> Response {
        let request = json!({ "device_key": self.signer.key().to_string() });
        self.post("/v1/session/challenge", request.to_string())
    }

    pub(crate) fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Response {
        let mut request = self
            .http
            .post(format!("{}{path}", self.url))
            .body(body.into());
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.send().expect("the hub answers")
    }

    /// Seals a move of a case as this device's first commit in the zone.
    pub(crate) fn transition(&self, case_id: CaseId, action: Action, basis: Hash) -> Commit {
        let mut body = BodyBuilder::new();
        let basis = OpId {
            commit: basis,
            index: 0,
        };
        let kind = Kind::Transition {
            action,
            basis,
            department: None,
            reason: None,
        };
        body.push(Subject::case(case_id), kind);
        let wall = UtcMs::parse_rfc3339("2026-03-02T10:00:00+08:00").expect("an instant");
        let draft = Draft {
            zone: Zone::parse("310101").expect("a county code"),
            seq: 0,
            prev: None,
            hlc: Hlc {
                ms: wall,
                counter: 0,
            },
            last_hub_time: None,
            clock: ClockReading {
                wall,
                mono_ms: 0,
                boot: [0; 16],
            },
            certificate: None,
            basis: Vec::new(),
            heads: Vec::new(),
        };
        Commit::seal(draft, &body.finish(), &self.signer).expect("a sound body")
    }
}

#[track_caller]
fn read(response: Response) -> Value {
    assert_eq!(response.status().as_u16(), 200);
    let body = response.text().expect("a body");
    serde_json::from_str(&body).expect("an answer in JSON")
}
