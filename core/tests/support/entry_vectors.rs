//! The vectors of docs/formats/entry.md, made from seeds.

use bading_core::model::grid::GridScope;
use bading_core::model::identifiers::{DepartmentId, GridCode, Hash, PersonId, Zone};
use bading_core::model::person::{Authority, Role};
use bading_core::oplog::certificate::{Certificate, Grant, MAX_VALIDITY_MS};
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use bading_core::oplog::sign::{DeviceSigner, Purpose, SoftwareSigner, hash_of};
use serde_json::{Value, json};

use super::city::START;
use super::commit_vectors::INSPECTOR;
use super::plain_cbor::Item;
use super::told;

/// The seed of the hub.
const HUB: [u8; 32] = [0x09; 32];

/// The whole file.
pub(crate) fn file() -> Value {
    json!({
        "about": "Certificates and zone entries as docs/formats/entry.md describes them: sound ones with every part, and bytes that are refused with the error's name.",
        "hub_seed": hex::encode(HUB),
        "hub": hub().key().to_string(),
        "certificates": certificates(),
        "refused_certificates": refused_certificates(),
        "entries": entries(),
        "refused_entries": refused_entries(),
    })
}

/// The public key of the hub of the vectors.
pub(crate) fn hub_key() -> bading_core::model::identifiers::DeviceKey {
    hub().key()
}

/// The hub of the vectors.
pub(crate) fn hub() -> SoftwareSigner {
    SoftwareSigner::from_seed(&HUB)
}

fn zone() -> Zone {
    Zone::parse("310101").expect("a zone of the vectors")
}

fn grant() -> Grant {
    Grant {
        device: SoftwareSigner::from_seed(&INSPECTOR).key(),
        authority: Authority {
            person: PersonId::parse("A-0042").ok(),
            roles: vec![Role::Inspector, Role::Handler],
            grids: GridScope(vec![
                GridCode::parse("310101").expect("a county"),
                GridCode::parse("310104000116").expect("a community"),
            ]),
            department: DepartmentId::parse("市政 园林局").ok(),
        },
        intake_zone: zone(),
        epoch: 3,
        valid_from: START,
        valid_to: START.plus_ms(MAX_VALIDITY_MS),
    }
}

/// The certificate that the commits of the vectors name.
pub(crate) fn inspector_certificate() -> Certificate {
    Certificate::issue(&grant(), &hub()).expect("a grant within the limits")
}

fn certificates() -> Vec<Value> {
    let anonymous = Grant {
        authority: Authority {
            roles: vec![Role::Citizen],
            ..Authority::unknown()
        },
        epoch: 0,
        valid_to: START,
        ..grant()
    };
    let anonymous = Certificate::issue(&anonymous, &hub()).expect("a grant within the limits");
    [
        ("inspector_and_handler", inspector_certificate()),
        ("anonymous_citizen_for_one_instant", anonymous),
    ]
    .into_iter()
    .map(|(name, certificate)| named(name, told::certificate(&certificate, &hub().key())))
    .collect()
}

/// The eleven parts of the inspector's grant.
fn grant_parts() -> Vec<Item> {
    let grant = grant();
    vec![
        Item::Uint(1),
        Item::Uint(1),
        Item::Bytes(grant.device.bytes.to_vec()),
        Item::text("A-0042"),
        Item::List(vec![Item::Uint(2), Item::Uint(3)]),
        Item::List(vec![Item::text("310101"), Item::text("310104000116")]),
        Item::text("市政 园林局"),
        Item::text("310101"),
        Item::Uint(3),
        Item::Uint(grant.valid_from.0),
        Item::Uint(grant.valid_to.0),
    ]
}

fn sign(payload: &[u8], purpose: Purpose, signer: &SoftwareSigner) -> Vec<u8> {
    let message = purpose.message(&hash_of(payload));
    signer
        .sign(&message)
        .expect("a software key signs")
        .to_vec()
}

fn certificate_of(payload: Vec<u8>, purpose: Purpose, signer: &SoftwareSigner) -> Vec<u8> {
    let signature = sign(&payload, purpose, signer);
    let key = signer.key().bytes.to_vec();
    Item::List(vec![
        Item::Bytes(payload),
        Item::Bytes(key),
        Item::Bytes(signature),
    ])
    .encode()
}

fn refused_certificates() -> Vec<Value> {
    let with = |at: usize, item: Item| {
        let mut parts = grant_parts();
        parts[at] = item;
        certificate_of(Item::List(parts).encode(), Purpose::Certificate, &hub())
    };
    let payload = Item::List(grant_parts()).encode();
    let good = inspector_certificate().encode();
    assert_eq!(
        certificate_of(payload.clone(), Purpose::Certificate, &hub()),
        good,
        "the second writer agrees with the first"
    );
    let other = SoftwareSigner::from_seed(&INSPECTOR);
    let grids = vec![Item::text("310101"); 257];
    let cases = [
        (
            "certificate_of_another_hub",
            certificate_of(payload.clone(), Purpose::Certificate, &other),
        ),
        (
            "signature_for_another_purpose",
            certificate_of(payload.clone(), Purpose::Entry, &hub()),
        ),
        ("trailing_byte", [&good[..], &[0]].concat()),
        (
            "grant_with_trailing_byte",
            certificate_of([&payload[..], &[0]].concat(), Purpose::Certificate, &hub()),
        ),
        ("newer_version", with(0, Item::Uint(2))),
        ("unknown_suite", with(1, Item::Uint(2))),
        ("empty_person", with(3, Item::text(""))),
        ("unknown_role", with(4, Item::List(vec![Item::Uint(8)]))),
        (
            "seventeen_roles",
            with(4, Item::List(vec![Item::Uint(2); 17])),
        ),
        ("grids_above_256", with(5, Item::List(grids))),
        (
            "longer_than_fourteen_days",
            with(10, Item::Uint(START.0 + MAX_VALIDITY_MS + 1)),
        ),
        ("ends_before_it_begins", with(10, Item::Uint(START.0 - 1))),
    ];
    let refuse = |(name, bytes): (&str, Vec<u8>)| {
        let error = Certificate::decode(&bytes, &hub().key()).expect_err("each is refused");
        refused(name, &bytes, &format!("{error:?}"), &error.to_string())
    };
    cases.into_iter().map(refuse).collect()
}

fn entry(position: u64, stamp: Stamp) -> SignedEntry {
    let entry = Entry {
        zone: zone(),
        epoch: 1,
        position,
        hub_time: START.plus_ms(position),
        stamp,
    };
    SignedEntry::issue(&entry, &hub()).expect("an entry within the limits")
}

fn entries() -> Vec<Value> {
    let commit = |verdict, number: Option<&str>| Stamp::Commit {
        commit: Hash([0xc0; 32]),
        verdict,
        number: number.map(str::to_owned),
    };
    let certificate = inspector_certificate().hash();
    let why = |code: &str| code.to_owned();
    let all = [
        ("admitted", commit(Verdict::Admitted, None)),
        (
            "admitted_with_a_case_number",
            commit(Verdict::Admitted, Some("310101-2026-000001")),
        ),
        (
            "refused",
            commit(Verdict::Refused(why("role_not_allowed")), None),
        ),
        (
            "waiting",
            commit(Verdict::Waiting(why("grant_expired")), None),
        ),
        (
            "quarantined",
            commit(Verdict::Quarantined(why("forked_stream")), None),
        ),
        ("unfolded", commit(Verdict::Unfolded, None)),
        ("grant", Stamp::Grant(certificate)),
        ("revocation", Stamp::Revocation(certificate)),
        ("pack", Stamp::Pack(Hash([0xac; 32]))),
    ];
    (1..)
        .zip(all)
        .map(|(position, (name, stamp))| named(name, told::entry(&entry(position, stamp))))
        .collect()
}

fn entry_of(payload: Vec<u8>, purpose: Purpose, signer: &SoftwareSigner) -> Vec<u8> {
    let signature = sign(&payload, purpose, signer);
    Item::List(vec![Item::Bytes(payload), Item::Bytes(signature)]).encode()
}

fn refused_entries() -> Vec<Value> {
    // The ten parts of the stamp on a commit that is refused.
    let parts = || {
        vec![
            Item::Uint(1),
            Item::text("310101"),
            Item::Uint(1),
            Item::Uint(3),
            Item::Uint(START.0 + 3),
            Item::Uint(1),
            Item::hash(Hash([0xc0; 32])),
            Item::Uint(2),
            Item::text("role_not_allowed"),
            Item::Null,
        ]
    };
    let of = |parts: Vec<Item>| entry_of(Item::List(parts).encode(), Purpose::Entry, &hub());
    let with = |changes: &[(usize, Item)]| {
        let mut parts = parts();
        for (at, item) in changes {
            parts[*at] = item.clone();
        }
        of(parts)
    };
    let good = of(parts());
    let verdict = Verdict::Refused("role_not_allowed".to_owned());
    let commit = Hash([0xc0; 32]);
    let number = None;
    assert_eq!(
        entry(
            3,
            Stamp::Commit {
                commit,
                verdict,
                number
            }
        )
        .encode(),
        good,
        "the second writer agrees with the first"
    );
    let payload = Item::List(parts()).encode();
    let seven = parts().into_iter().take(7).collect();
    let cases = [
        (
            "signature_of_another_key",
            entry_of(
                payload.clone(),
                Purpose::Entry,
                &SoftwareSigner::from_seed(&INSPECTOR),
            ),
        ),
        (
            "signature_for_another_purpose",
            entry_of(payload.clone(), Purpose::Certificate, &hub()),
        ),
        ("trailing_byte", [&good[..], &[0]].concat()),
        (
            "entry_of_indefinite_length",
            entry_of(
                [&[0x9f], &payload[1..], &[0xff]].concat(),
                Purpose::Entry,
                &hub(),
            ),
        ),
        ("newer_version", with(&[(0, Item::Uint(2))])),
        ("position_zero", with(&[(3, Item::Uint(0))])),
        (
            "hub_time_after_the_year_9999",
            with(&[(4, Item::Uint(253_402_300_800_000))]),
        ),
        (
            "unknown_kind",
            of(parts()
                .into_iter()
                .take(7)
                .enumerate()
                .map(|(at, item)| if at == 5 { Item::Uint(5) } else { item })
                .collect()),
        ),
        ("grant_of_ten_parts", with(&[(5, Item::Uint(2))])),
        ("commit_of_seven_parts", of(seven)),
        ("unknown_verdict", with(&[(7, Item::Uint(6))])),
        ("admitted_with_a_reason", with(&[(7, Item::Uint(1))])),
        ("refused_without_a_reason", with(&[(8, Item::Null)])),
        (
            "reason_of_257_bytes",
            with(&[(8, Item::text(&"a".repeat(257)))]),
        ),
        (
            "number_of_65_bytes",
            with(&[(9, Item::text(&"1".repeat(65)))]),
        ),
    ];
    let refuse = |(name, bytes): (&str, Vec<u8>)| {
        let error = SignedEntry::decode(&bytes, &hub().key()).expect_err("each is refused");
        refused(name, &bytes, &format!("{error:?}"), &error.to_string())
    };
    cases.into_iter().map(refuse).collect()
}

fn named(name: &str, mut told: Value) -> Value {
    told["name"] = json!(name);
    told
}

fn refused(name: &str, bytes: &[u8], error: &str, message: &str) -> Value {
    json!({ "name": name, "hex": hex::encode(bytes), "error": error, "message": message })
}
