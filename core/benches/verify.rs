//! What checking an evidence bundle costs beside the signatures and hashes that nobody can
//! do without, in one run: 1,000 commits with a receipt each and 100 photos.
//!
//! `cargo bench -p bading-core --bench verify`; CPU time of one thread, medians of rounds that
//! take turns. The bare side is given everything parsed: keys as points, messages as bytes.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

#[path = "../tests/support/mod.rs"]
#[allow(unreachable_pub, clippy::unwrap_used)]
mod support;

use std::hint::black_box;
use std::time::Instant;

use bading_core::model::case::{CaseId, Source};
use bading_core::model::identifiers::{Hash, Zone};
use bading_core::model::person::Role;
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::time::ClockReading;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::certificate::{Certificate, Grant};
use bading_core::oplog::commit::{Commit, Draft};
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use bading_core::oplog::evidence::{BundleWriter, CommitPart, Exporter, GrantPart, Manifest};
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::sign::{DeviceSigner, Purpose, SoftwareSigner, hash_of};
use bading_core::services::evidence::verify_bundle;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

use support::city::{START, authority};

const COMMITS: u64 = 1_000;
const PHOTOS: u64 = 100;
const PHOTO_BYTES: usize = 500_000;
const ROUNDS: usize = 15;

/// One signature as the bare side takes it.
struct Bare {
    key: VerifyingKey,
    message: Vec<u8>,
    signature: Signature,
}

struct Made {
    bundle: Vec<u8>,
    signatures: Vec<Bare>,
    /// Everything that has a hash of its own: headers, structures, values, payloads, photos.
    hashed: Vec<Vec<u8>>,
}

fn main() {
    let made = make();
    let report = verify_bundle(made.bundle.as_slice(), None)
        .expect("a bundle")
        .report;
    assert!(report.sound, "{:?}", report.first);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(time(|| {
            for one in &made.signatures {
                black_box(one.key.verify_strict(&one.message, &one.signature)).expect("holds");
            }
            for bytes in &made.hashed {
                black_box(blake3::hash(bytes));
            }
        }));
        ours.push(time(|| {
            black_box(verify_bundle(made.bundle.as_slice(), None)).expect("a bundle");
        }));
    }
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "{} commits, {} signatures, {} photos of {} bytes, bundle of {} bytes",
        report.commits,
        made.signatures.len(),
        report.photos,
        PHOTO_BYTES,
        made.bundle.len()
    );
    println!("RESULT peer=ours ms={ours:.2}");
    println!("RESULT peer=ed25519-dalek+blake3 ms={bare:.2}");
    println!(
        "bare is {:.1} % of ours; the goal is 90 %",
        bare / ours * 100.0
    );
}

fn time(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn make() -> Made {
    let hub = SoftwareSigner::from_seed(&[0xfe; 32]);
    let device = SoftwareSigner::from_seed(&[1; 32]);
    let zone = Zone::parse("310101").expect("a zone");
    let mut signatures = Vec::new();
    let mut hashed = Vec::new();
    let key =
        |signer: &SoftwareSigner| VerifyingKey::from_bytes(&signer.key().bytes).expect("a point");
    let (hub_key, device_key) = (key(&hub), key(&device));
    let stamp =
        |position: u64, of: Stamp, hashed: &mut Vec<Vec<u8>>, signatures: &mut Vec<Bare>| {
            let entry = Entry {
                zone: zone.clone(),
                epoch: 1,
                position,
                hub_time: START.plus_ms(position * 1_000),
                stamp: of,
            };
            let bytes = SignedEntry::issue(&entry, &hub).expect("an entry").encode();
            // [bytes, bytes of 64]: the signature stands last, the payload behind a short head.
            let (payload, signature) = bytes.split_at(bytes.len() - 66);
            let payload = &payload[if payload[1] == 0x58 { 3 } else { 2 }..];
            let message = Purpose::Entry.message(&hash_of(payload));
            let signature = Signature::from_slice(&signature[2..]).expect("64 bytes");
            hub_key
                .verify(&message, &signature)
                .expect("taken apart rightly");
            signatures.push(Bare {
                key: hub_key,
                message,
                signature,
            });
            hashed.push(payload.to_vec());
            bytes
        };
    let grant = Grant {
        device: device.key(),
        authority: authority("A-0042", &[Role::Inspector], None),
        intake_zone: zone.clone(),
        epoch: 1,
        valid_from: START,
        valid_to: START.plus_ms(86_400_000),
    };
    let certificate = Certificate::issue(&grant, &hub).expect("a certificate");
    let entry = stamp(
        1,
        Stamp::Grant(certificate.hash()),
        &mut hashed,
        &mut signatures,
    );
    let grant = GrantPart {
        certificate: certificate.encode(),
        entry,
    };
    let photos: Vec<Vec<u8>> = (0..PHOTOS)
        .map(|number| {
            let mut bytes = vec![0; PHOTO_BYTES];
            blake3::Hasher::new()
                .update(&number.to_le_bytes())
                .finalize_xof()
                .fill(&mut bytes);
            bytes
        })
        .collect();
    let manifest = Manifest {
        writer: "bench".to_owned(),
        exporter: Exporter::Hub(hub.key()),
        exported: START,
        hub: Some(hub.key()),
        zones: vec![(zone.clone(), 1, COMMITS + 1)],
        asked: None,
        has_photos: true,
    };
    let mut bundle = BundleWriter::begin(Vec::new(), &manifest).expect("begins");
    bundle.grant(&grant).expect("in order");
    let mut prev = None;
    for number in 0..COMMITS {
        // Ten commits a case: a report with a photo, then comments.
        let case = CaseId(uuid::Uuid::from_u128(u128::from(number / 10) + 1));
        let mut body = BodyBuilder::new();
        let nonce = [number as u8; 16];
        if number % 10 == 0 {
            let note = body.text("人行道上的井盖破损，需要尽快更换", nonce);
            let opened = Kind::Open {
                source: Source::Inspector,
                seen_at: None,
                duty_pin: None,
                class: None,
                grid: None,
                place: None,
                note: Some(note),
            };
            body.push(Subject::case(case), opened);
            if let Some(photo) = photos.get((number / 10) as usize) {
                let photo = Photo {
                    hash: hash_of(photo),
                    role: PhotoRole::Near,
                    size_bytes: photo.len() as u64,
                };
                body.push(Subject::case(case), Kind::AddPhoto(photo));
            }
        } else {
            let text = body.text("已到现场查看，围挡已设置", nonce);
            body.push(Subject::case(case), Kind::Comment(text));
        }
        let wall = START.plus_ms(number * 1_000 + 500);
        let draft = Draft {
            zone: zone.clone(),
            seq: number,
            prev,
            hlc: Hlc {
                ms: wall,
                counter: 0,
            },
            last_hub_time: Some(START),
            clock: ClockReading {
                wall,
                mono_ms: wall.0 - START.0,
                boot: [7; 16],
            },
            certificate: Some(certificate.hash()),
            basis: Vec::new(),
            heads: Vec::new(),
        };
        let commit = Commit::seal(draft, &body.finish(), &device).expect("sound");
        let header = commit.signed_header();
        signatures.push(Bare {
            key: device_key,
            message: Purpose::Commit.message(&commit.hash()),
            signature: Signature::from_bytes(header.signature()),
        });
        hashed.push(header.bytes().to_vec());
        hashed.extend(
            commit
                .values()
                .iter()
                .flatten()
                .map(|value| [&value.nonce[..], &value.value].concat()),
        );
        let whole = commit.encode();
        let mut parts = minicbor::Decoder::new(&whole);
        parts.array().expect("an envelope");
        parts.bytes().expect("the header");
        hashed.push(parts.bytes().expect("the structure").to_vec());
        let stamped = Stamp::Commit {
            commit: commit.hash(),
            verdict: Verdict::Admitted,
            number: None,
        };
        let entry = stamp(number + 2, stamped, &mut hashed, &mut signatures);
        bundle
            .commit(&CommitPart {
                commit: whole,
                entries: vec![entry],
            })
            .expect("in order");
        prev = Some(commit.hash());
    }
    let mut named: Vec<(Hash, &Vec<u8>)> =
        photos.iter().map(|bytes| (hash_of(bytes), bytes)).collect();
    named.sort_by_key(|(name, _)| *name);
    for (name, bytes) in named {
        bundle
            .photo(&name, bytes.len() as u64, &mut bytes.as_slice())
            .expect("in order");
    }
    let (_, _, bundle) = bundle.finish().expect("ends");
    hashed.extend(photos);
    Made {
        bundle,
        signatures,
        hashed,
    }
}
