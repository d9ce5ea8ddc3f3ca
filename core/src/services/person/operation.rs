//! Operations as a person reads them: every part by its name, every value beside it.

use serde_json::{Map, Value, json};

use crate::model::track::Fix;
use crate::oplog::body::{Body, Content, Kind, Lookup, Operation, Subject, ValueRef};
use crate::oplog::chunk::Chunk;
use crate::oplog::commit::CommittedValue;
use crate::oplog::erasure::Erasure;
use crate::oplog::verdict_act::{Exemption, VerdictAct};
use crate::services::draft::place_view;

type Values = [Option<CommittedValue>];

/// An operation with its values; an erased one is `{"erased":true}`.
pub(super) fn operation_json(operation: &Operation, values: &Values) -> Value {
    let mut told = Map::new();
    tell_subject(&operation.subject, &mut told);
    let mut tell = |key: &str, value: Value| told.insert(key.to_owned(), value);
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
            tell("kind", json!("open"));
            tell("source", json!(source.as_str()));
            tell("seen_at", json!(seen_at.map(|at| at.to_rfc3339())));
            tell("duty_list", json!(duty_pin.map(|hash| hash.to_string())));
            tell("class", json!(class.as_ref().map(|class| class.as_str())));
            tell("grid", json!(grid.as_ref().map(|grid| grid.as_str())));
            tell("place", place_json(values, *place));
            tell("note", text_json(values, *note));
        }
        Kind::AddPhoto(photo) => {
            tell("kind", json!("photo"));
            tell("photo", json!(photo.hash.to_string()));
            tell("role", json!(photo.role.as_str()));
            tell("size_bytes", json!(photo.size_bytes));
        }
        Kind::WithdrawPhoto(op) => {
            tell("kind", json!("withdraw_photo"));
            tell("added_by", json!(op.to_string()));
        }
        Kind::Set { field, content, .. } => {
            tell("kind", json!("set"));
            tell("field", json!(field.as_str()));
            let value = match content {
                Content::Nothing => Value::Null,
                Content::Plain(text) => json!(text),
                Content::Value(at) if *field == crate::model::case::Field::Place => {
                    place_json(values, Some(*at))
                }
                Content::Value(at) => text_json(values, Some(*at)),
            };
            tell("value", value);
        }
        Kind::Comment(text) => {
            tell("kind", json!("comment"));
            tell("text", text_json(values, Some(*text)));
        }
        Kind::Transition {
            action,
            department,
            reason,
            ..
        } => {
            tell("kind", json!("transition"));
            tell("action", json!(action.as_str()));
            tell("department", json!(department.as_ref().map(|d| d.as_str())));
            tell("reason", text_json(values, *reason));
        }
        Kind::StartPatrol { mode, route, .. } => {
            tell("kind", json!("start_patrol"));
            tell("mode", json!(mode.as_str()));
            tell("route", json!(route.as_ref().map(|route| route.as_str())));
        }
        Kind::Track {
            index: part,
            fixes,
            chunk,
        } => {
            tell("kind", json!("track"));
            tell("part", json!(part));
            tell("fixes", json!(fixes));
            tell("positions", track_json(values, *chunk));
        }
        Kind::StepPatrol(step) => {
            tell("kind", json!("step_patrol"));
            tell("step", json!(step.as_str()));
        }
        Kind::Attest(attest) => {
            tell("kind", json!("attest"));
            tell("provider", json!(attest.provider.as_str()));
            let gnss_time = attest.gnss_time.map(|at| at.to_rfc3339());
            tell("gnss_time", json!(gnss_time));
            let source = attest.photo_source.map(|source| source.as_str());
            tell("photo_source", json!(source));
            tell("hints", hints_json(values, attest.hints));
        }
        Kind::Erase(order) => {
            tell("kind", json!("erase"));
            tell("reason", json!(order.reason.as_str()));
            match &order.what {
                Erasure::Values { commit, values } => {
                    tell("commit", json!(commit.to_string()));
                    tell("values", json!(values));
                }
                Erasure::Photo(photo) => {
                    tell("photo", json!(photo.to_string()));
                }
            }
        }
        Kind::Verdict(act) => tell_act(act, values, &mut told),
        Kind::Unknown { code, bytes } => {
            tell("kind", json!("unknown"));
            tell("code", json!(code));
            tell("cbor", json!(hex::encode(bytes)));
        }
    }
    Value::Object(told)
}

/// Positions in the order of the recording: time, latitude, longitude, accuracy, mock.
pub(super) fn chunk_json(chunk: &Chunk) -> Value {
    let row = |fix: &Fix| {
        json!([
            fix.at.to_rfc3339(),
            fix.place.lat_deg(),
            fix.place.lon_deg(),
            fix.accuracy_m,
            fix.is_mock
        ])
    };
    chunk.fixes.iter().map(row).collect()
}

fn tell_subject(subject: &Subject, told: &mut Map<String, Value>) {
    if let Some(case_id) = subject.as_case() {
        told.insert("case_id".to_owned(), json!(case_id.to_string()));
    } else if let Some(patrol_id) = subject.as_patrol() {
        told.insert("patrol_id".to_owned(), json!(patrol_id.to_string()));
    } else {
        let name = hex::encode(subject.id);
        told.insert("subject".to_owned(), json!([subject.kind, name]));
    }
}

fn tell_act(act: &VerdictAct, values: &Values, told: &mut Map<String, Value>) {
    let mut tell = |key: &str, value: Value| told.insert(key.to_owned(), value);
    tell("kind", json!(act.as_str()));
    match act {
        VerdictAct::Find {
            person,
            reason,
            at,
            case,
            photo,
            ..
        } => {
            tell("person", json!(person.as_str()));
            tell("reason", json!(reason.as_str()));
            tell("at", json!(at.to_rfc3339()));
            tell("case", json!(case.map(|case_id| case_id.to_string())));
            tell("photo", json!(photo.map(|hash| hash.to_string())));
        }
        VerdictAct::Deduct {
            person,
            reason,
            points_hundredths,
            at,
            case,
            ..
        } => {
            tell("person", json!(person.as_str()));
            tell("reason", json!(reason.as_str()));
            tell("points_hundredths", json!(points_hundredths));
            tell("at", json!(at.to_rfc3339()));
            tell("case", json!(case.map(|case_id| case_id.to_string())));
        }
        VerdictAct::Exempt {
            person,
            reason,
            what,
            ..
        } => {
            tell(
                "person",
                json!(person.as_ref().map(|person| person.as_str())),
            );
            tell("reason", json!(reason.as_str()));
            tell("what", exemption_json(what));
        }
        VerdictAct::Publish(published) => {
            tell("person", json!(published.person.as_str()));
            tell("from", json!(published.from.to_rfc3339()));
            tell("to", json!(published.to.to_rfc3339()));
            tell("as_of", json!(published.as_of.to_rfc3339()));
            tell("version", json!(published.version));
            tell(
                "score",
                json!(published.score.map(|score| score.to_string())),
            );
            let grade = published.grade.as_ref();
            tell("grade", json!(grade.map(|grade| grade.as_str())));
            tell("verdict", json!(published.verdict.to_string()));
            tell("inputs", json!(published.inputs.to_string()));
            tell(
                "policy",
                json!(published.policy.map(|hash| hash.to_string())),
            );
        }
        VerdictAct::Appeal { publication, .. } => {
            tell("publication", json!(publication.to_string()));
        }
        VerdictAct::Decide {
            appeal, is_upheld, ..
        } => {
            tell("appeal", json!(appeal.to_string()));
            tell("upheld", json!(is_upheld));
        }
        VerdictAct::Withdraw { act, .. } => {
            tell("act", json!(act.to_string()));
        }
    }
    tell("text", text_json(values, act.text()));
}

fn exemption_json(what: &Exemption) -> Value {
    match what {
        Exemption::Stretch {
            route,
            from_mm,
            to_mm,
            from,
            to,
        } => json!({
            "route": route.as_str(),
            "from_m": *from_mm as f64 / 1e3,
            "to_m": *to_mm as f64 / 1e3,
            "from": from.to_rfc3339(),
            "to": to.to_rfc3339(),
        }),
        Exemption::Time { from, to } => {
            json!({ "from": from.to_rfc3339(), "to": to.to_rfc3339() })
        }
        Exemption::Overtime(case_id) => json!({ "overtime_of": case_id.to_string() }),
        Exemption::Act(op) => json!({ "act": op.to_string() }),
    }
}

fn erased() -> Value {
    json!({ "erased": true })
}

fn text_json(values: &Values, at: Option<ValueRef>) -> Value {
    match at.map(|at| Body::text(values, at)) {
        None => Value::Null,
        Some(Lookup::Present(text)) => json!(text),
        Some(Lookup::Erased) => erased(),
    }
}

fn hints_json(values: &Values, at: Option<ValueRef>) -> Value {
    match at.map(|at| Body::hints(values, at)) {
        None => Value::Null,
        Some(Lookup::Present(hints)) => json!(hints),
        Some(Lookup::Erased) => erased(),
    }
}

fn place_json(values: &Values, at: Option<ValueRef>) -> Value {
    match at.map(|at| Body::place(values, at)) {
        None => Value::Null,
        Some(Lookup::Present(place)) => json!(place_view(&place)),
        Some(Lookup::Erased) => erased(),
    }
}

/// A part that cannot be read is given as its bytes: it is the person's all the same.
fn track_json(values: &Values, at: ValueRef) -> Value {
    match Body::bytes(values, at) {
        Lookup::Erased => erased(),
        Lookup::Present(bytes) => match Chunk::decode(bytes) {
            Ok(chunk) => chunk_json(&chunk),
            Err(_) => json!({ "cbor": hex::encode(bytes) }),
        },
    }
}
