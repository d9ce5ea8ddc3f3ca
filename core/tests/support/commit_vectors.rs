//! The vectors of docs/formats/commit.md, made from seeds.

use bading_core::model::attest::{PhotoSource, Provider};
use bading_core::model::case::{ClassCode, Field, OpId, Source};
use bading_core::model::identifiers::{
    DepartmentId, DeviceKey, GridCode, Hash, PatrolId, ReasonKey, RouteCode, Zone,
};
use bading_core::model::patrol::PatrolStep;
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::track::Mode;
use bading_core::model::workflow::Action;
use bading_core::oplog::attest::Attest;
use bading_core::oplog::body::{Body, BodyBuilder, Content, Kind, Placed, Subject};
use bading_core::oplog::challenge::HourChallenge;
use bading_core::oplog::commit::{Commit, CommittedValue, Draft, StreamHead};
use bading_core::oplog::erasure::{EraseOrder, Erasure};
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::sign::{DeviceSigner, Purpose, SoftwareSigner, hash_of};
use serde_json::{Value, json};

use super::city::{MINUTE_MS, START, op, the_case, unknown_operation};
use super::entry_vectors;
use super::plain_cbor::{Item, RawCommit, part, split_envelope, value_item};
use super::told;
use super::verdict_vectors;

/// The seed of the inspector's phone.
pub(crate) const INSPECTOR: [u8; 32] = [0x01; 32];
/// The seed of the supervisor's phone.
pub(crate) const SUPERVISOR: [u8; 32] = [0x02; 32];
/// The seed of a phone that has not enrolled.
const STRANGER: [u8; 32] = [0x03; 32];

/// The whole file.
pub(crate) fn file() -> Value {
    json!({
        "about": "Commits as docs/formats/commit.md describes them: sound ones with every part, and bytes that are refused with the error's name.",
        "case": the_case().to_string(),
        "hub": entry_vectors::hub_key().to_string(),
        "commits": sound(),
        "refused": refused(),
    })
}

fn signer(seed: [u8; 32]) -> SoftwareSigner {
    SoftwareSigner::from_seed(&seed)
}

pub(crate) fn hash(byte: u8) -> Hash {
    Hash([byte; 32])
}

fn zone(text: &str) -> Zone {
    Zone::parse(text).expect("a zone of the vectors")
}

pub(crate) fn draft(zone_text: &str, seq: u64, prev: Option<Hash>, basis: Vec<Hash>) -> Draft {
    let at = START.plus_ms(seq * MINUTE_MS);
    Draft {
        zone: zone(zone_text),
        seq,
        prev,
        hlc: Hlc { ms: at, counter: 0 },
        last_hub_time: Some(START),
        clock: ClockReading {
            wall: at,
            mono_ms: 86_400_000 + seq * MINUTE_MS,
            boot: [0xb0; 16],
        },
        certificate: Some(entry_vectors::inspector_certificate().hash()),
        basis,
        heads: vec![],
    }
}

fn body(build: impl FnOnce(&mut BodyBuilder) -> Vec<Kind>) -> Body {
    let mut builder = BodyBuilder::new();
    for kind in build(&mut builder) {
        builder.push(Subject::case(the_case()), kind);
    }
    builder.finish()
}

fn placed() -> Placed {
    Placed {
        lat_e7: 312_304_160,
        lon_e7: 1_214_737_010,
        accuracy_cm: Some(450),
        is_mock: false,
    }
}

pub(crate) fn seal(draft: Draft, body: &Body, seed: [u8; 32]) -> Commit {
    Commit::seal(draft, body, &signer(seed)).expect("the vectors' bodies are sound")
}

fn opening() -> Commit {
    let body = body(|body| {
        vec![Kind::Open {
            source: Source::Inspector,
            seen_at: Some(UtcMs(START.0 - 90_000)),
            duty_pin: Some(hash(0xd0)),
            class: ClassCode::parse("010203").ok(),
            grid: GridCode::parse("310101000116001").ok(),
            place: Some(body.place(&placed(), [0x10; 16])),
            note: Some(body.text("井盖松动，夜里有响声", [0x11; 16])),
        }]
    });
    seal(draft("310101", 0, None, vec![]), &body, INSPECTOR)
}

fn opening_before_enrolment() -> Commit {
    let draft = Draft {
        last_hub_time: None,
        certificate: None,
        ..draft("", 0, None, vec![])
    };
    let body = body(|body| {
        vec![Kind::Open {
            source: Source::Citizen,
            seen_at: None,
            duty_pin: None,
            class: None,
            grid: None,
            place: None,
            note: Some(body.text("", [0x12; 16])),
        }]
    });
    seal(draft, &body, STRANGER)
}

fn photos() -> Commit {
    let body = body(|_| {
        [
            (PhotoRole::Near, 0xa1, 2_345_678),
            (PhotoRole::Far, 0xa2, 1),
        ]
        .map(|(role, byte, size_bytes)| {
            Kind::AddPhoto(Photo {
                hash: hash(byte),
                role,
                size_bytes,
            })
        })
        .to_vec()
    });
    let before = opening().hash();
    seal(
        draft("310101", 1, Some(before), vec![before]),
        &body,
        INSPECTOR,
    )
}

fn remark() -> Commit {
    let added = op(&photos(), 1);
    let body = body(|body| {
        vec![
            Kind::WithdrawPhoto(added),
            Kind::Comment(body.text("第二张拍错了", [0x13; 16])),
        ]
    });
    let before = photos().hash();
    seal(
        draft("310101", 2, Some(before), vec![before]),
        &body,
        INSPECTOR,
    )
}

fn set_over_others() -> Commit {
    let mut over = vec![
        op(&opening(), 0),
        OpId {
            commit: hash(0x77),
            index: 300,
        },
    ];
    over.sort_unstable();
    let body = body(|body| {
        let elsewhere = Placed {
            lat_e7: -900_000_000,
            lon_e7: -1_800_000_000,
            accuracy_cm: None,
            is_mock: true,
        };
        let set = |field, content, over| Kind::Set {
            field,
            content,
            over,
        };
        let note = body.text("井盖已移位", [0x14; 16]);
        let place = body.place(&elsewhere, [0x15; 16]);
        vec![
            set(Field::Note, Content::Value(note), over),
            set(Field::Class, Content::Plain("010204".to_owned()), vec![]),
            set(Field::Grid, Content::Nothing, vec![]),
            set(Field::Place, Content::Value(place), vec![op(&opening(), 0)]),
        ]
    });
    let seen = vec![remark().hash(), opening().hash()];
    seal(draft("310101", 0, None, seen), &body, SUPERVISOR)
}

fn dispatch() -> Commit {
    let body = body(|body| {
        vec![Kind::Transition {
            action: Action::Dispatch,
            basis: op(&opening(), 0),
            department: DepartmentId::parse("市政 园林局").ok(),
            reason: Some(body.text("请今天处理", [0x16; 16])),
        }]
    });
    let before = set_over_others().hash();
    let seen = vec![before, opening().hash()];
    seal(draft("310101", 1, Some(before), seen), &body, SUPERVISOR)
}

fn sixty_fourth() -> Commit {
    let mut draft = draft("310101", 63, Some(hash(0x3e)), vec![]);
    draft.heads = [("310104", 23), ("310105", 24), ("310106", 65_536)]
        .map(|(name, seq)| StreamHead {
            zone: zone(name),
            seq,
            hash: hash(0x40 + seq as u8),
        })
        .to_vec();
    let body = body(|body| vec![Kind::Comment(body.text("巡查完毕", [0x17; 16]))]);
    seal(draft, &body, INSPECTOR)
}

fn at_the_limits() -> Commit {
    let draft = Draft {
        seq: u64::MAX - 1,
        hlc: Hlc {
            ms: UtcMs::MAX,
            counter: u32::MAX,
        },
        clock: ClockReading {
            wall: UtcMs::MAX,
            mono_ms: u64::MAX,
            boot: [0xff; 16],
        },
        last_hub_time: Some(UtcMs(0)),
        ..draft(
            "Aa0zZ9Aa0zZ9Aa0z",
            1,
            Some(hash(0xff)),
            vec![hash(0), hash(0xff)],
        )
    };
    seal(draft, &body(|_| vec![]), INSPECTOR)
}

fn with_erased_note() -> Commit {
    let mut commit = opening();
    commit.erase_value(1);
    commit
}

fn with_unknown_operation() -> Commit {
    let body = body(|body| {
        vec![
            Kind::Comment(body.text("新版本", [0x18; 16])),
            unknown_operation(7),
        ]
    });
    seal(
        draft("310101", 64, Some(sixty_fourth().hash()), vec![]),
        &body,
        INSPECTOR,
    )
}

fn about_a_patrol(seq: u64, build: impl FnOnce(&mut BodyBuilder) -> Kind) -> Commit {
    let mut builder = BodyBuilder::new();
    let kind = build(&mut builder);
    let patrol = PatrolId(uuid::Uuid::from_bytes([0x9a; 16]));
    builder.push(Subject::patrol(patrol), kind);
    let before = Some(hash(0x65));
    seal(
        draft("310101", seq, before, vec![]),
        &builder.finish(),
        INSPECTOR,
    )
}

fn patrol_started() -> Commit {
    about_a_patrol(65, |_| Kind::StartPatrol {
        mode: Mode::Walk,
        route: RouteCode::parse("R01 早班").ok(),
        routes_pin: Some(hash(0xd1)),
    })
}

fn track_of_a_patrol() -> Commit {
    about_a_patrol(66, |body| Kind::Track {
        index: 0,
        fixes: 3,
        chunk: body.chunk(super::track_vectors::plain_chunk(), [0x1a; 16]),
    })
}

fn patrol_finished() -> Commit {
    about_a_patrol(67, |_| Kind::StepPatrol(PatrolStep::Finish))
}

/// A commit of the inspector's phone with another structure and these values.
fn attested_opening() -> Commit {
    let challenge = HourChallenge {
        hour: HourChallenge::hour_of(START),
        nonce: [0xc4; 32],
    };
    let challenge = challenge.issue(&entry_vectors::hub());
    let body = body(|body| {
        let open = Kind::Open {
            source: Source::Citizen,
            seen_at: None,
            duty_pin: None,
            class: None,
            grid: None,
            place: Some(body.place(&placed(), [0x12; 16])),
            note: None,
        };
        let hint = ("exif_time".to_owned(), "photo 1: 42 min apart".to_owned());
        let attest = Kind::Attest(Attest {
            provider: Provider::Fused,
            gnss_time: Some(UtcMs(START.0 + 58_000)),
            photo_source: Some(PhotoSource::Gallery),
            challenge: Some(challenge.expect("a software key signs")),
            hints: Some(body.hints(&[hint], [0x13; 16])),
        });
        let bare = Kind::Attest(Attest {
            provider: Provider::Unknown,
            gnss_time: None,
            photo_source: None,
            challenge: None,
            hints: None,
        });
        vec![open, attest, bare]
    });
    seal(
        draft("310101", 1, Some(opening().hash()), vec![]),
        &body,
        INSPECTOR,
    )
}

fn order_to_erase(what: Erasure) -> Commit {
    let reason = ReasonKey::parse("court_order_17").expect("a code");
    let body = body(|_| vec![Kind::Erase(EraseOrder { what, reason })]);
    seal(draft("310101", 0, None, vec![]), &body, SUPERVISOR)
}

fn order_to_erase_values() -> Commit {
    order_to_erase(Erasure::Values {
        commit: opening().hash(),
        values: vec![0, 1, 255],
    })
}

fn order_to_erase_a_photo() -> Commit {
    order_to_erase(Erasure::Photo(hash(0xf0)))
}

pub(crate) fn by_hand(schema: u64, structure: &Item, values: &[CommittedValue]) -> Commit {
    let mut raw = RawCommit::of(&opening(), vec![])
        .with_structure(structure.encode())
        .with(part::SCHEMA, Item::Uint(schema));
    raw.values = values.iter().map(value_item).collect();
    Commit::decode(&raw.sign(&signer(INSPECTOR))).expect("sound, whatever the body means")
}

fn value(item: &Item) -> CommittedValue {
    CommittedValue {
        nonce: [0x19; 16],
        value: item.encode(),
    }
}

pub(crate) fn structure(values: &[CommittedValue], operations: Vec<Item>) -> Item {
    let commitments = values.iter().map(|value| Item::hash(value.commitment()));
    Item::List(vec![
        Item::List(commitments.collect()),
        Item::List(operations),
    ])
}

fn comment_item(at: u64) -> Item {
    Item::List(vec![
        Item::Uint(5),
        Item::Uint(1),
        Item::Bytes(the_case().0.as_bytes().to_vec()),
        Item::Uint(at),
    ])
}

fn of_unknown_schema() -> Commit {
    let values = [value(&Item::text("来自将来"))];
    let Item::List(mut parts) = structure(&values, vec![]) else {
        unreachable!("a structure is a list")
    };
    parts.push(Item::text("a third part"));
    by_hand(2, &Item::List(parts), &values)
}

fn with_a_number_for_a_comment() -> Commit {
    let values = [value(&Item::Uint(5))];
    by_hand(1, &structure(&values, vec![comment_item(0)]), &values)
}

fn with_a_value_that_is_not_there() -> Commit {
    by_hand(1, &structure(&[], vec![comment_item(0)]), &[])
}

fn with_a_body_in_longer_spelling() -> Commit {
    by_hand(1, &Item::Raw(vec![0x82, 0x80, 0x98, 0x00]), &[])
}

fn sound() -> Vec<Value> {
    let all: [(&str, [u8; 32], Commit); 20] = [
        ("opening_with_place_and_note", INSPECTOR, opening()),
        (
            "opening_before_enrolment",
            STRANGER,
            opening_before_enrolment(),
        ),
        ("photos", INSPECTOR, photos()),
        ("withdrawn_photo_and_comment", INSPECTOR, remark()),
        ("sets_over_others", SUPERVISOR, set_over_others()),
        ("dispatch", SUPERVISOR, dispatch()),
        ("sixty_fourth_commit_with_heads", INSPECTOR, sixty_fourth()),
        ("numbers_at_their_limits", INSPECTOR, at_the_limits()),
        ("erased_note", INSPECTOR, with_erased_note()),
        (
            "unknown_operation_kind",
            INSPECTOR,
            with_unknown_operation(),
        ),
        ("unknown_schema", INSPECTOR, of_unknown_schema()),
        (
            "body_with_a_number_for_a_comment",
            INSPECTOR,
            with_a_number_for_a_comment(),
        ),
        (
            "body_that_names_a_missing_value",
            INSPECTOR,
            with_a_value_that_is_not_there(),
        ),
        (
            "body_in_longer_spelling",
            INSPECTOR,
            with_a_body_in_longer_spelling(),
        ),
        ("patrol_started", INSPECTOR, patrol_started()),
        ("track_of_a_patrol", INSPECTOR, track_of_a_patrol()),
        ("patrol_finished", INSPECTOR, patrol_finished()),
        (
            "opening_with_its_attestation",
            INSPECTOR,
            attested_opening(),
        ),
        ("order_to_erase_values", SUPERVISOR, order_to_erase_values()),
        (
            "order_to_erase_a_photo",
            SUPERVISOR,
            order_to_erase_a_photo(),
        ),
    ];
    let tell = |(name, seed, commit): (&str, [u8; 32], Commit)| {
        let mut told = told::commit(&commit);
        told["name"] = json!(name);
        told["seed"] = json!(hex::encode(seed));
        told
    };
    let all = all.into_iter().chain(verdict_vectors::commits());
    all.map(tell).collect()
}

/// Bytes that no reader takes, each by one thing that is wrong.
fn refused() -> Vec<Value> {
    let good = photos();
    let key = signer(INSPECTOR);
    let bytes = good.encode();
    let (header, structure, signature) = split_envelope(&bytes);
    let raw = || RawCommit::of(&photos(), structure.clone());
    let with = |at: usize, item: Item| raw().with(at, item).sign(&key);
    let reopened = |change: &dyn Fn(&mut RawCommit)| {
        let (header, structure, signature) = split_envelope(&opening().encode());
        let mut raw = RawCommit::of(&opening(), structure);
        change(&mut raw);
        raw.envelope(header, signature)
    };
    let flipped = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        bytes
    };
    let foreign = key
        .sign(&Purpose::Session.message(&good.hash()))
        .expect("a software key signs");
    let other_value = value(&Item::text("another"));
    let weak = DeviceKey::ed25519([0; 32]).bytes.to_vec();
    let many = (0..65).map(|byte| Item::hash(hash(byte))).collect();
    let head = Item::List(vec![
        Item::text("310104"),
        Item::Uint(1),
        Item::hash(hash(1)),
    ]);
    let fifteen = Item::List(raw().header.into_iter().take(15).collect()).encode();
    let indefinite = [&[0x9f], &header[1..], &[0xff]].concat();
    let hashes = |bytes: &[u8]| Item::List(bytes.iter().map(|b| Item::hash(hash(*b))).collect());
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no_bytes", vec![]),
        ("map_instead_of_a_list", vec![0xa0]),
        ("cut_off", bytes[..bytes.len() - 1].to_vec()),
        ("trailing_byte", [&bytes[..], &[0]].concat()),
        (
            "envelope_of_indefinite_length",
            [&[0x9f], &bytes[1..], &[0xff]].concat(),
        ),
        (
            "envelope_of_three_parts",
            Item::List(vec![Item::Null, Item::Null, Item::Null]).encode(),
        ),
        (
            "envelope_in_longer_spelling",
            [&[0x98, 0x04], &bytes[1..]].concat(),
        ),
        ("newer_format", with(part::FORMAT, Item::Uint(2))),
        ("unknown_suite", with(part::SUITE, Item::Uint(2))),
        ("header_of_fifteen_parts", raw().sign_bytes(fifteen, &key)),
        (
            "header_of_indefinite_length",
            raw().sign_bytes(indefinite, &key),
        ),
        (
            "header_with_trailing_byte",
            raw().sign_bytes([&header[..], &[0]].concat(), &key),
        ),
        (
            "seq_in_longer_spelling",
            with(part::SEQ, Item::Raw(vec![0x18, 0x01])),
        ),
        ("zone_with_a_hyphen", with(part::ZONE, Item::text("31-01"))),
        (
            "zone_of_seventeen_letters",
            with(part::ZONE, Item::text("Aa0zZ9Aa0zZ9Aa0zZ")),
        ),
        (
            "zone_that_is_not_utf8",
            with(part::ZONE, Item::Raw(vec![0x61, 0xff])),
        ),
        (
            "first_of_a_stream_with_prev",
            with(part::SEQ, Item::Uint(0)),
        ),
        (
            "second_of_a_stream_without_prev",
            with(part::PREV, Item::Null),
        ),
        (
            "counter_above_32_bits",
            with(
                part::HLC,
                Item::List(vec![Item::Uint(0), Item::Uint(1 << 32)]),
            ),
        ),
        (
            "wall_clock_after_the_year_9999",
            with(part::WALL, Item::Uint(UtcMs::MAX.0 + 1)),
        ),
        ("wall_clock_before_1970", with(part::WALL, Item::Int(-1))),
        ("basis_out_of_order", with(part::BASIS, hashes(&[2, 1]))),
        ("basis_that_repeats", with(part::BASIS, hashes(&[1, 1]))),
        ("basis_of_sixty_five", with(part::BASIS, Item::List(many))),
        (
            "heads_in_another_than_the_sixty_fourth",
            with(part::HEADS, Item::List(vec![head])),
        ),
        (
            "body_mismatch",
            raw().with(part::BODY, Item::hash(hash(0))).sign(&key),
        ),
        ("wrong_signature", flipped(&bytes)),
        (
            "signature_for_another_purpose",
            raw().envelope(header.clone(), foreign.to_vec()),
        ),
        ("signature_of_another_key", raw().sign(&signer(SUPERVISOR))),
        ("signature_of_a_weak_key", {
            let raw = raw().with(part::DEVICE, Item::Bytes(weak));
            let header = Item::List(raw.header.clone()).encode();
            // The neutral element with s = 0 passes every check that is not strict.
            raw.envelope(header, [&[1][..], &[0; 63]].concat())
        }),
        (
            "signature_of_63_bytes",
            raw().envelope(header, signature[..63].to_vec()),
        ),
        (
            "value_mismatch",
            reopened(&|raw| raw.values[1] = value_item(&other_value)),
        ),
        ("one_value_too_few", reopened(&|raw| raw.values.truncate(1))),
        (
            "one_value_too_many",
            reopened(&|raw| raw.values.push(Item::Null)),
        ),
        ("value_beside_an_empty_structure", {
            let values = [value(&Item::text("behind the end"))];
            let behind = Item::List(vec![Item::hash(values[0].commitment())]).encode();
            let mut raw = raw().with_structure([&[0x80], &behind[..]].concat());
            raw.values = values.iter().map(value_item).collect();
            raw.sign(&key)
        }),
        ("values_beside_an_unreadable_structure", {
            let mut raw = raw().with_structure(vec![0xf6]);
            raw.values = vec![Item::Null];
            raw.sign(&key)
        }),
    ];
    let tell = |(name, bytes): (&str, Vec<u8>)| {
        let error = Commit::decode(&bytes).expect_err("each of them is refused");
        json!({
            "name": name,
            "hex": hex::encode(bytes),
            "error": format!("{error:?}"),
            "message": error.to_string(),
        })
    };
    cases.into_iter().map(tell).collect()
}

/// The header that this test writes on its own is the one that was sealed.
pub(crate) fn check_second_writer() {
    for commit in [
        opening(),
        opening_before_enrolment(),
        set_over_others(),
        sixty_fourth(),
    ] {
        let bytes = commit.encode();
        let (header, structure, signature) = split_envelope(&bytes);
        let raw = RawCommit::of(&commit, structure.clone());
        assert_eq!(Item::List(raw.header.clone()).encode(), header);
        assert_eq!(raw.envelope(header.clone(), signature), bytes);
        assert_eq!(hash_of(&header), commit.hash());
        assert_eq!(hash_of(&structure), commit.header().body);
    }
}
