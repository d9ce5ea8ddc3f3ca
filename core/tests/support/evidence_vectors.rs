//! The vector of docs/formats/evidence.md, made from seeds: a bundle with a part of every kind.

use bading_core::model::case::{CaseId, Source};
use bading_core::model::identifiers::{Hash, Zone};
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::time::ClockReading;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::commit::{Commit, Draft};
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use bading_core::oplog::evidence::{
    AbsentPart, BundleReader, BundleWriter, CommitPart, Exporter, GrantPart, LinkPart, Manifest,
    PackPart,
};
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::sign::{DeviceSigner, SoftwareSigner, hash_of};
use serde_json::{Value, json};
use uuid::Uuid;

use super::city::START;
use super::commit_vectors::INSPECTOR;
use super::entry_vectors::{hub, inspector_certificate};

/// Not a picture: a bundle does not look into it.
const PHOTO: &[u8] = "照片".as_bytes();
const PACK: &[u8] = b"{}";

/// The whole file.
pub(crate) fn file() -> Value {
    let (bytes, hash) = bundle();
    let (reader, manifest) = BundleReader::begin(bytes.as_slice()).expect("a bundle");
    assert_eq!(reader.tally()[0], 1);
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = bytes.len() - 1;
    let refused = [
        ("another_magic", flipped(3)),
        ("another_version", flipped(21)),
        (
            "cut_off_before_the_end_part",
            bytes[..bytes.len() - 36].to_vec(),
        ),
        ("another_hash", flipped(last)),
        ("byte_behind_the_end", [&bytes[..], &[0]].concat()),
    ];
    json!({
        "about": "An evidence bundle as docs/formats/evidence.md describes it, with a part of every kind, and files that are refused or do not hold.",
        "hub": hub().key().to_string(),
        "bundles": [{
            "name": "a_part_of_every_kind",
            "hex": hex::encode(&bytes),
            "hash": hash.to_string(),
            "tally": [1, 1, 1, 1, 1, 1, 1, 4],
            "manifest": {
                "writer": manifest.writer,
                "exporter": ["hub", hub().key().to_string()],
                "exported_ms": manifest.exported.0,
                "hub": manifest.hub.map(|hub| hub.to_string()),
                "zones": [["310101", 1, 9]],
                "asked": [[1, hex::encode([0xca; 16])]],
                "photos": true,
            },
        }],
        "refused_bundles": refused
            .iter()
            .map(|(name, bytes)| json!({ "name": name, "hex": hex::encode(bytes) }))
            .collect::<Vec<_>>(),
    })
}

fn entry(position: u64, stamp: Stamp) -> Vec<u8> {
    let entry = Entry {
        zone: Zone::parse("310101").expect("a zone"),
        epoch: 1,
        position,
        hub_time: START.plus_ms(position * 1_000),
        stamp,
    };
    SignedEntry::issue(&entry, &hub())
        .expect("an entry")
        .encode()
}

fn commit(seq: u64, prev: Option<Hash>, case: u8) -> Commit {
    let mut body = BodyBuilder::new();
    let subject = Subject::case(CaseId(Uuid::from_bytes([case; 16])));
    let note = body.text("井盖破损", [seq as u8; 16]);
    let opened = Kind::Open {
        source: Source::Inspector,
        seen_at: None,
        duty_pin: None,
        class: None,
        grid: None,
        place: None,
        note: Some(note),
    };
    body.push(subject, opened);
    let photo = Photo {
        hash: hash_of(PHOTO),
        role: PhotoRole::Near,
        size_bytes: PHOTO.len() as u64,
    };
    body.push(subject, Kind::AddPhoto(photo));
    let wall = START.plus_ms(seq * 1_000);
    let draft = Draft {
        zone: Zone::parse("310101").expect("a zone"),
        seq,
        prev,
        hlc: Hlc {
            ms: wall,
            counter: 0,
        },
        last_hub_time: Some(START),
        clock: ClockReading {
            wall,
            mono_ms: 5_000 + seq * 1_000,
            boot: [0xb0; 16],
        },
        certificate: Some(inspector_certificate().hash()),
        basis: Vec::new(),
        heads: Vec::new(),
    };
    let signer = SoftwareSigner::from_seed(&INSPECTOR);
    Commit::seal(draft, &body.finish(), &signer).expect("sound")
}

fn bundle() -> (Vec<u8>, Hash) {
    let admitted = |commit: &Commit| Stamp::Commit {
        commit: commit.hash(),
        verdict: Verdict::Admitted,
        number: None,
    };
    let one = commit(0, None, 0xcb);
    let two = commit(1, Some(one.hash()), 0xca);
    let manifest = Manifest {
        writer: "bading 0.1.0".to_owned(),
        exporter: Exporter::Hub(hub().key()),
        exported: START.plus_ms(60_000),
        hub: Some(hub().key()),
        zones: vec![(Zone::parse("310101").expect("a zone"), 1, 9)],
        asked: Some(vec![Subject::case(CaseId(Uuid::from_bytes([0xca; 16])))]),
        has_photos: true,
    };
    let certificate = inspector_certificate();
    let link = one.signed_header();
    let pack = hash_of(PACK);
    let absent = [
        AbsentPart::Photo(Hash([1; 32])),
        AbsentPart::DamagedPhoto(Hash([2; 32])),
        AbsentPart::Commit(Hash([4; 32])),
        AbsentPart::Commits {
            device: hub().key(),
            zone: Zone::parse("310101").expect("a zone"),
            from: 0,
            to: 24,
        },
    ];
    let write = || {
        let mut bundle = BundleWriter::begin(Vec::new(), &manifest)?;
        bundle.grant(&GrantPart {
            certificate: certificate.encode(),
            entry: entry(1, Stamp::Grant(certificate.hash())),
        })?;
        bundle.pack(&PackPart {
            kind: "grids".to_owned(),
            hash: pack,
            entry: Some(entry(2, Stamp::Pack(pack))),
        })?;
        bundle.commit(&CommitPart {
            commit: two.encode(),
            entries: vec![entry(4, admitted(&two))],
        })?;
        bundle.link(&LinkPart {
            header: link.bytes().to_vec(),
            signature: *link.signature(),
            entry: Some(entry(3, admitted(&one))),
        })?;
        bundle.photo(&hash_of(PHOTO), PHOTO.len() as u64, &mut { PHOTO })?;
        bundle.pack_content(&pack, PACK.len() as u64, &mut { PACK })?;
        for part in &absent {
            bundle.absent(part)?;
        }
        bundle.finish()
    };
    let (hash, _, bytes) = write().expect("in order, to memory");
    (bytes, hash)
}
