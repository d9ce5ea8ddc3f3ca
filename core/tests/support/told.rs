//! Commits, certificates and entries told in JSON, part by part, as the vectors hold them.

use bading_core::model::case::OpId;
use bading_core::model::identifiers::{DeviceKey, Hash};
use bading_core::oplog::body::{Body, Content, Kind, Lookup, Operation, ValueRef};
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::challenge::HourChallenge;
use bading_core::oplog::commit::{Commit, CommittedValue};
use bading_core::oplog::entry::{SignedEntry, Stamp};
use bading_core::oplog::erasure::Erasure;
use bading_core::oplog::sign::{Purpose, hash_of};
use serde_json::{Map, Value, json};

use super::plain_cbor::split_envelope;
use super::verdict_vectors;

type Values<'a> = &'a [Option<CommittedValue>];

/// A sound commit with everything that can be read of it.
pub(crate) fn commit(commit: &Commit) -> Value {
    let bytes = commit.encode();
    let (header_bytes, structure, signature) = split_envelope(&bytes);
    let header = commit.header();
    let heads = header
        .heads
        .iter()
        .map(|head| json!([head.zone.as_str(), head.seq, head.hash.to_string()]));
    let values = commit.values().iter().map(|value| match value {
        Some(value) => json!({
            "nonce": hex::encode(value.nonce),
            "value_hex": hex::encode(&value.value),
        }),
        None => Value::Null,
    });
    let commitments = Body::commitments(&structure).unwrap_or_default();
    let body = match commit.body() {
        Ok(body) => json!({
            "operations": body
                .operations
                .iter()
                .map(|each| operation(each, commit.values()))
                .collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "error": format!("{error:?}"), "message": error.to_string() }),
    };
    json!({
        "hex": hex::encode(&bytes),
        "header_hex": hex::encode(&header_bytes),
        "structure_hex": hex::encode(&structure),
        "hash": commit.hash().to_string(),
        "message_hex": hex::encode(Purpose::Commit.message(&hash_of(&header_bytes))),
        "signature": hex::encode(signature),
        "header": {
            "format": 1,
            "suite": header.device.suite.code(),
            "device": header.device.to_string(),
            "zone": header.zone.as_str(),
            "seq": header.seq,
            "prev": optional_hash(header.prev),
            "hlc": [header.hlc.ms.0, header.hlc.counter],
            "last_hub_time_ms": header.last_hub_time.map(|time| time.0),
            "wall_ms": header.clock.wall.0,
            "mono_ms": header.clock.mono_ms,
            "boot": hex::encode(header.clock.boot),
            "certificate": optional_hash(header.certificate),
            "basis": texts(&header.basis),
            "schema": header.schema,
            "body": header.body.to_string(),
            "heads": heads.collect::<Vec<_>>(),
        },
        "commitments": texts(&commitments),
        "values": values.collect::<Vec<_>>(),
        "body": body,
    })
}

fn operation(operation: &Operation, values: Values<'_>) -> Value {
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| told.insert(key.to_owned(), value);
    put("subject_kind", json!(operation.subject.kind));
    put("subject", json!(hex::encode(operation.subject.id)));
    let text_at = |at: &Option<ValueRef>| at.map_or(Value::Null, |at| text(values, at));
    let place_at = |at: &Option<ValueRef>| at.map_or(Value::Null, |at| place(values, at));
    match &operation.kind {
        Kind::Open {
            source,
            seen_at,
            duty_pin,
            class,
            grid,
            place,
            note,
        } => {
            put("kind", json!("open"));
            put("source", json!(source.as_str()));
            put("seen_at_ms", json!(seen_at.map(|at| at.0)));
            put("duty_pin", optional_hash(*duty_pin));
            put("class", json!(class.as_ref().map(|class| class.as_str())));
            put("grid", json!(grid.as_ref().map(|grid| grid.as_str())));
            put("place", place_at(place));
            put("note", text_at(note));
        }
        Kind::AddPhoto(photo) => {
            put("kind", json!("photo"));
            put("hash", json!(photo.hash.to_string()));
            put("role", json!(photo.role.as_str()));
            put("size_bytes", json!(photo.size_bytes));
        }
        Kind::WithdrawPhoto(added) => {
            put("kind", json!("withdraw_photo"));
            put("added", op_id(added));
        }
        Kind::Set {
            field,
            content,
            over,
        } => {
            put("kind", json!("set"));
            put("field", json!(field.as_str()));
            let content = match content {
                Content::Nothing => Value::Null,
                Content::Plain(text) => json!(text),
                Content::Value(at) if field.as_str() == "place" => place(values, *at),
                Content::Value(at) => text(values, *at),
            };
            put("content", content);
            put("over", over.iter().map(op_id).collect());
        }
        Kind::Comment(at) => {
            put("kind", json!("comment"));
            put("text", text(values, *at));
        }
        Kind::Transition {
            action,
            basis,
            department,
            reason,
        } => {
            put("kind", json!("transition"));
            put("action", json!(action.as_str()));
            put("basis", op_id(basis));
            let department = department.as_ref().map(|department| department.as_str());
            put("department", json!(department));
            put("reason", text_at(reason));
        }
        Kind::StartPatrol {
            mode,
            route,
            routes_pin,
        } => {
            put("kind", json!("start_patrol"));
            put("mode", json!(mode.as_str()));
            put("route", json!(route.as_ref().map(|route| route.as_str())));
            put("routes_pin", optional_hash(*routes_pin));
        }
        Kind::Track {
            index,
            fixes,
            chunk,
        } => {
            put("kind", json!("track"));
            put("index", json!(index));
            put("fixes", json!(fixes));
            put("chunk", json!(chunk.0));
        }
        Kind::StepPatrol(step) => {
            put("kind", json!("step_patrol"));
            put("step", json!(step.as_str()));
        }
        Kind::Attest(attest) => {
            put("kind", json!("attest"));
            put("provider", json!(attest.provider.as_str()));
            put("gnss_time_ms", json!(attest.gnss_time.map(|at| at.0)));
            let source = attest.photo_source.map(|source| source.as_str());
            put("photo_source", json!(source));
            put("challenge", challenge(attest.challenge.as_deref()));
            put("hints", json!(attest.hints.map(|at| hints(values, at))));
        }
        Kind::Erase(order) => {
            put("kind", json!("erase"));
            put("reason", json!(order.reason.as_str()));
            match &order.what {
                Erasure::Values {
                    commit,
                    values: erased,
                } => {
                    put("commit", json!(commit.to_string()));
                    put("values", json!(erased));
                }
                Erasure::Photo(photo) => {
                    put("photo", json!(photo.to_string()));
                }
            }
        }
        Kind::Verdict(act) => {
            told.extend(verdict_vectors::told(act, |at| text(values, ValueRef(at))));
        }
        Kind::Unknown { code, bytes } => {
            put("kind", json!("unknown"));
            put("code", json!(code));
            put("operation_hex", json!(hex::encode(bytes)));
        }
    }
    Value::Object(told)
}

fn challenge(bytes: Option<&[u8]>) -> Value {
    let Some(bytes) = bytes else {
        return Value::Null;
    };
    let hub = super::entry_vectors::hub_key();
    let found = HourChallenge::decode(bytes, &hub).expect("the vectors' challenges are the hub's");
    json!({
        "hex": hex::encode(bytes),
        "hour_ms": found.hour.0,
        "nonce": hex::encode(found.nonce),
    })
}

fn hints(values: Values<'_>, at: ValueRef) -> Value {
    match Body::hints(values, at) {
        Lookup::Present(hints) => json!({ "value": at.0, "hints": hints }),
        Lookup::Erased => json!({ "value": at.0, "erased": true }),
    }
}

fn text(values: Values<'_>, at: ValueRef) -> Value {
    match Body::text(values, at) {
        Lookup::Present(text) => json!({ "value": at.0, "text": text }),
        Lookup::Erased => json!({ "value": at.0, "erased": true }),
    }
}

fn place(values: Values<'_>, at: ValueRef) -> Value {
    match Body::place(values, at) {
        Lookup::Present(place) => json!({
            "value": at.0,
            "lat_e7": place.lat_e7,
            "lon_e7": place.lon_e7,
            "accuracy_cm": place.accuracy_cm,
            "is_mock": place.is_mock,
        }),
        Lookup::Erased => json!({ "value": at.0, "erased": true }),
    }
}

/// A certificate with what it grants.
pub(crate) fn certificate(certificate: &Certificate, hub: &DeviceKey) -> Value {
    let bytes = certificate.encode();
    let grant = certificate.grant();
    let authority = &grant.authority;
    json!({
        "hex": hex::encode(&bytes),
        "hash": certificate.hash().to_string(),
        "message_hex": hex::encode(Purpose::Certificate.message(&certificate.hash())),
        "hub": hub.to_string(),
        "signature": hex::encode(&bytes[bytes.len() - 64..]),
        "grant": {
            "version": 1,
            "suite": grant.device.suite.code(),
            "device": grant.device.to_string(),
            "person": authority.person.as_ref().map(|person| person.as_str()),
            "roles": authority.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
            "grids": authority.grids.0.iter().map(|grid| grid.as_str()).collect::<Vec<_>>(),
            "department": authority.department.as_ref().map(|department| department.as_str()),
            "intake_zone": grant.intake_zone.as_str(),
            "epoch": grant.epoch,
            "valid_from_ms": grant.valid_from.0,
            "valid_to_ms": grant.valid_to.0,
        },
    })
}

/// An entry with what it stamps.
pub(crate) fn entry(signed: &SignedEntry) -> Value {
    let bytes = signed.encode();
    let entry = signed.entry();
    let (kind, subject) = match &entry.stamp {
        Stamp::Commit { commit, .. } => ("commit", commit),
        Stamp::Grant(hash) => ("grant", hash),
        Stamp::Revocation(hash) => ("revocation", hash),
        Stamp::Pack(hash) => ("pack", hash),
    };
    let mut told = json!({
        "hex": hex::encode(&bytes),
        "signature": hex::encode(&bytes[bytes.len() - 64..]),
        "entry": {
            "version": 1,
            "zone": entry.zone.as_str(),
            "epoch": entry.epoch,
            "position": entry.position,
            "hub_time_ms": entry.hub_time.0,
            "kind": kind,
            "subject": subject.to_string(),
        },
    });
    if let Stamp::Commit {
        verdict, number, ..
    } = &entry.stamp
    {
        told["entry"]["verdict"] = json!(verdict.as_str());
        told["entry"]["reason"] = json!(verdict.reason());
        told["entry"]["number"] = json!(number);
    }
    told
}

fn op_id(id: &OpId) -> Value {
    json!([id.commit.to_string(), id.index])
}

fn optional_hash(hash: Option<Hash>) -> Value {
    hash.map_or(Value::Null, |hash| json!(hash.to_string()))
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}
