//! The vectors of what is decided about people: docs/formats/commit.md §4, kinds 19 to 25.

use bading_core::model::case::OpId;
use bading_core::model::identifiers::{GradeKey, Hash, PersonId, ReasonKey, RouteCode};
use bading_core::model::time::UtcMs;
use bading_core::model::verdict::Score;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::verdict_act::{Exemption, Publication, VerdictAct};
use serde_json::{Map, Value, json};

use super::city::{START, the_case};
use super::commit_vectors::{INSPECTOR, SUPERVISOR, by_hand, draft, hash, seal, structure};
use super::plain_cbor::Item;

/// The person whom the vectors are about.
fn person() -> PersonId {
    PersonId::parse("i-0001").expect("a person of the vectors")
}

fn reason(key: &str) -> ReasonKey {
    key.parse().expect("a key of the vectors")
}

fn op(byte: u8, index: u32) -> OpId {
    OpId {
        commit: hash(byte),
        index,
    }
}

fn day() -> (UtcMs, UtcMs) {
    (START, START.plus_ms(86_400_000))
}

fn publication() -> Publication {
    let (from, to) = day();
    Publication {
        person: person(),
        from,
        to,
        as_of: to.plus_ms(3 * 86_400_000),
        inputs: hash(0xe1),
        policy: Some(hash(0xe2)),
        score: Score::from_hundredths(8_884),
        grade: GradeKey::parse("B").ok(),
        verdict: hash(0xe3),
        version: 1,
        basis: None,
    }
}

fn about(
    subject: Subject,
    seq: u64,
    seed: [u8; 32],
    build: impl FnOnce(&mut BodyBuilder) -> Vec<VerdictAct>,
) -> Commit {
    let mut body = BodyBuilder::new();
    for act in build(&mut body) {
        body.push(subject, Kind::Verdict(act));
    }
    let before = Some(hash(0x66));
    seal(draft("310101", seq, before, vec![]), &body.finish(), seed)
}

fn about_person(
    seq: u64,
    seed: [u8; 32],
    build: impl FnOnce(&mut BodyBuilder) -> Vec<VerdictAct>,
) -> Commit {
    about(Subject::verdicts_of(&person()), seq, seed, build)
}

fn facts() -> Commit {
    about_person(70, SUPERVISOR, |body| {
        vec![
            VerdictAct::Find {
                person: person(),
                reason: reason("forged_photo"),
                at: START.plus_ms(60_000),
                case: Some(the_case()),
                photo: Some(hash(0xf0)),
                note: Some(body.text("照片来自网络", [0x20; 16])),
            },
            VerdictAct::Find {
                person: person(),
                reason: reason("forged_photo"),
                at: START,
                case: None,
                photo: Some(hash(0xf1)),
                note: None,
            },
            VerdictAct::Deduct {
                person: person(),
                reason: reason("late_report"),
                points_hundredths: 250,
                at: START.plus_ms(120_000),
                case: Some(the_case()),
                note: None,
            },
        ]
    })
}

fn exemptions() -> Commit {
    let (from, to) = day();
    let exempt = |what| VerdictAct::Exempt {
        person: None,
        reason: reason("closed_road"),
        what,
        note: None,
    };
    about(Subject::verdicts_of_everybody(), 71, SUPERVISOR, |_| {
        vec![
            exempt(Exemption::Stretch {
                route: RouteCode::parse("R01 早班").expect("a route"),
                from_mm: 0,
                to_mm: 250_000,
                from,
                to,
            }),
            exempt(Exemption::Time { from, to }),
            exempt(Exemption::Overtime(the_case())),
        ]
    })
}

fn published() -> Commit {
    about_person(72, SUPERVISOR, |_| {
        vec![VerdictAct::Publish(Box::new(publication()))]
    })
}

fn published_again() -> Commit {
    about_person(73, SUPERVISOR, |_| {
        vec![VerdictAct::Publish(Box::new(Publication {
            policy: None,
            score: None,
            grade: None,
            version: 2,
            basis: Some(op(0x72, 0)),
            ..publication()
        }))]
    })
}

fn appealed() -> Commit {
    about_person(74, INSPECTOR, |body| {
        vec![VerdictAct::Appeal {
            publication: op(0x73, 0),
            reason: body.text("照片是我拍的", [0x21; 16]),
        }]
    })
}

fn upheld() -> Commit {
    about_person(75, SUPERVISOR, |body| {
        vec![
            VerdictAct::Exempt {
                person: Some(person()),
                reason: reason("appeal_upheld"),
                what: Exemption::Act(op(0x70, 0)),
                note: None,
            },
            VerdictAct::Decide {
                appeal: op(0x74, 0),
                is_upheld: true,
                exemptions: vec![0],
                reason: body.text("原图核对无误", [0x22; 16]),
            },
        ]
    })
}

fn rejected_and_withdrawn() -> Commit {
    about_person(76, SUPERVISOR, |body| {
        vec![
            VerdictAct::Decide {
                appeal: op(0x74, 0),
                is_upheld: false,
                exemptions: Vec::new(),
                reason: body.text("理由不足", [0x23; 16]),
            },
            VerdictAct::Withdraw {
                act: op(0x70, 2),
                reason: None,
            },
        ]
    })
}

fn operation(kind: u64, subject: Subject, parts: Vec<Item>) -> Item {
    let head = [
        Item::Uint(kind),
        Item::Uint(subject.kind),
        Item::Bytes(subject.id.to_vec()),
    ];
    Item::List(head.into_iter().chain(parts).collect())
}

fn exempting(what: Vec<Item>) -> Commit {
    let parts = vec![
        Item::Null,
        Item::text("closed_road"),
        Item::List(what),
        Item::Null,
    ];
    let subject = Subject::verdicts_of_everybody();
    by_hand(1, &structure(&[], vec![operation(21, subject, parts)]), &[])
}

fn time_that_is_empty() -> Commit {
    exempting(vec![
        Item::Uint(2),
        Item::Uint(START.0),
        Item::Uint(START.0),
    ])
}

fn exemption_of_a_code_without_meaning() -> Commit {
    exempting(vec![Item::Uint(5), Item::Uint(0)])
}

fn finding_without_evidence() -> Commit {
    let parts = vec![
        Item::text("i-0001"),
        Item::text("forged_photo"),
        Item::Uint(START.0),
        Item::Null,
        Item::Null,
        Item::Null,
    ];
    let subject = Subject::verdicts_of(&person());
    by_hand(1, &structure(&[], vec![operation(19, subject, parts)]), &[])
}

fn first_version_with_a_basis() -> Commit {
    let (from, to) = day();
    let parts = vec![
        Item::text("i-0001"),
        Item::Uint(from.0),
        Item::Uint(to.0),
        Item::Uint(to.0),
        Item::hash(hash(0xe1)),
        Item::Null,
        Item::Uint(8_884),
        Item::text("B"),
        Item::hash(hash(0xe3)),
        Item::Uint(1),
        Item::List(vec![Item::hash(hash(0x72)), Item::Uint(0)]),
    ];
    let subject = Subject::verdicts_of(&person());
    by_hand(1, &structure(&[], vec![operation(22, subject, parts)]), &[])
}

/// The sound commits, by name and seed.
pub(crate) fn commits() -> Vec<(&'static str, [u8; 32], Commit)> {
    vec![
        ("verdict_facts", SUPERVISOR, facts()),
        ("verdict_exemptions", SUPERVISOR, exemptions()),
        ("verdict_published", SUPERVISOR, published()),
        ("verdict_published_again", SUPERVISOR, published_again()),
        ("verdict_appealed", INSPECTOR, appealed()),
        ("verdict_upheld", SUPERVISOR, upheld()),
        (
            "verdict_rejected_and_withdrawn",
            SUPERVISOR,
            rejected_and_withdrawn(),
        ),
        (
            "verdict_exemption_of_no_time",
            INSPECTOR,
            time_that_is_empty(),
        ),
        (
            "verdict_exemption_of_a_code_without_meaning",
            INSPECTOR,
            exemption_of_a_code_without_meaning(),
        ),
        (
            "verdict_finding_without_evidence",
            INSPECTOR,
            finding_without_evidence(),
        ),
        (
            "verdict_first_version_with_a_basis",
            INSPECTOR,
            first_version_with_a_basis(),
        ),
    ]
}

fn op_id(id: &OpId) -> Value {
    json!([id.commit.to_string(), id.index])
}

fn hash_text(hash: Option<Hash>) -> Value {
    hash.map_or(Value::Null, |hash| json!(hash.to_string()))
}

/// What an act says, part by part; `text` tells a value.
pub(crate) fn told(act: &VerdictAct, text: impl Fn(u32) -> Value) -> Map<String, Value> {
    let note =
        |at: &Option<bading_core::oplog::body::ValueRef>| at.map_or(Value::Null, |at| text(at.0));
    let told = match act {
        VerdictAct::Find {
            person,
            reason,
            at,
            case,
            photo,
            note: words,
        } => json!({
            "person": person.as_str(), "reason": reason.as_str(), "at_ms": at.0,
            "case": case.map(|case| hex::encode(case.0.as_bytes())),
            "photo": hash_text(*photo), "note": note(words),
        }),
        VerdictAct::Deduct {
            person,
            reason,
            points_hundredths,
            at,
            case,
            note: words,
        } => json!({
            "person": person.as_str(), "reason": reason.as_str(),
            "points_hundredths": points_hundredths, "at_ms": at.0,
            "case": case.map(|case| hex::encode(case.0.as_bytes())), "note": note(words),
        }),
        VerdictAct::Exempt {
            person,
            reason,
            what,
            note: words,
        } => json!({
            "person": person.as_ref().map(|person| person.as_str()),
            "reason": reason.as_str(), "what": exemption(what), "note": note(words),
        }),
        VerdictAct::Publish(publication) => json!({
            "person": publication.person.as_str(),
            "from_ms": publication.from.0, "to_ms": publication.to.0,
            "as_of_ms": publication.as_of.0, "inputs": publication.inputs.to_string(),
            "policy": hash_text(publication.policy),
            "score_hundredths": publication.score.map(Score::hundredths),
            "grade": publication.grade.as_ref().map(|grade| grade.as_str()),
            "verdict": publication.verdict.to_string(), "version": publication.version,
            "basis": publication.basis.as_ref().map(op_id),
        }),
        VerdictAct::Appeal {
            publication,
            reason,
        } => json!({ "publication": op_id(publication), "reason": text(reason.0) }),
        VerdictAct::Decide {
            appeal,
            is_upheld,
            exemptions,
            reason,
        } => json!({
            "appeal": op_id(appeal), "is_upheld": is_upheld, "exemptions": exemptions,
            "reason": text(reason.0),
        }),
        VerdictAct::Withdraw { act, reason } => {
            json!({ "act": op_id(act), "reason": note(reason) })
        }
    };
    let mut told = told.as_object().cloned().unwrap_or_default();
    let kind = match act {
        VerdictAct::Withdraw { .. } => "withdraw_act",
        _ => act.as_str(),
    };
    told.insert("kind".to_owned(), json!(kind));
    told
}

fn exemption(what: &Exemption) -> Value {
    match what {
        Exemption::Stretch {
            route,
            from_mm,
            to_mm,
            from,
            to,
        } => json!({
            "stretch": [route.as_str(), from_mm, to_mm], "from_ms": from.0, "to_ms": to.0,
        }),
        Exemption::Time { from, to } => json!({ "from_ms": from.0, "to_ms": to.0 }),
        Exemption::Overtime(case) => json!({ "overtime": hex::encode(case.0.as_bytes()) }),
        Exemption::Act(op) => json!({ "act": op_id(op) }),
    }
}
