//! The frozen bytes: what `fixtures/formats` holds decodes to what it says, encodes to the
//! same bytes, and is made again from the seeds.
//!
//! The files are never changed for bytes that were released; a new format has new vectors.
//! After an addition: `cargo test -p bading-core --test format_vectors -- --ignored`.

mod support;

use std::path::PathBuf;

use bading_core::model::identifiers::{DeviceKey, Hash};
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::SignedEntry;
use bading_core::oplog::sign::{Purpose, Signature, verify};
use serde_json::Value;

use support::{commit_vectors, entry_vectors, evidence_vectors, told, track_vectors};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/formats")
        .join(name)
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(path(name)).expect("the vectors are part of the project");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

fn list<'a>(file: &'a Value, key: &str) -> &'a [Value] {
    let list = file[key].as_array().expect("a list of vectors");
    assert!(!list.is_empty(), "{key} has vectors");
    list
}

fn bytes(vector: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(vector, key)).expect("hexadecimal")
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is a text"))
}

/// What decoding tells of a vector, with the parts that only the vector knows.
fn check_told(vector: &Value, mut told: Value) {
    for key in ["name", "seed"] {
        if let Some(known) = vector.get(key) {
            told[key] = known.clone();
        }
    }
    assert_eq!(&told, vector, "{}", text(vector, "name"));
}

#[test]
fn sound_commits_decode_to_their_parts_and_encode_to_their_bytes() {
    for vector in list(&read("commit.json"), "commits") {
        let bytes_of = |key| bytes(vector, key);
        let commit = Commit::decode(&bytes_of("hex")).expect("a sound commit");
        assert_eq!(commit.encode(), bytes_of("hex"));
        check_told(vector, told::commit(&commit));
        let hash: Hash = text(vector, "hash").parse().expect("a hash");
        assert_eq!(Purpose::Commit.message(&hash), bytes_of("message_hex"));
        let signature: Signature = bytes_of("signature").try_into().expect("64 bytes");
        let device = text(&vector["header"], "device").parse().expect("a key");
        assert_eq!(verify(&device, Purpose::Commit, &hash, &signature), Ok(()));
    }
}

#[test]
fn refused_commits_name_the_error_of_the_vector() {
    for vector in list(&read("commit.json"), "refused") {
        let error = Commit::decode(&bytes(vector, "hex")).expect_err("refused");
        assert_eq!(format!("{error:?}"), text(vector, "error"));
        assert_eq!(error.to_string(), text(vector, "message"));
    }
}

#[test]
fn certificates_and_entries_decode_to_their_parts_and_encode_to_their_bytes() {
    let file = read("entry.json");
    let hub: DeviceKey = text(&file, "hub").parse().expect("a key");
    for vector in list(&file, "certificates") {
        let certificate = Certificate::decode(&bytes(vector, "hex"), &hub).expect("sound");
        assert_eq!(certificate.encode(), bytes(vector, "hex"));
        check_told(vector, told::certificate(&certificate, &hub));
    }
    for vector in list(&file, "entries") {
        let entry = SignedEntry::decode(&bytes(vector, "hex"), &hub).expect("sound");
        assert_eq!(entry.encode(), bytes(vector, "hex"));
        check_told(vector, told::entry(&entry));
    }
}

#[test]
fn chunks_of_tracks_decode_to_their_fixes_and_marks() {
    let file = read("track.json");
    for vector in [list(&file, "chunks"), list(&file, "packed")].concat() {
        let name = text(&vector, "name");
        assert_eq!(track_vectors::told(name, &bytes(&vector, "hex")), vector);
    }
    // Unpacked ones have one spelling; what zstd makes of them may change.
    assert_eq!(track_vectors::file()["chunks"], file["chunks"]);
}

#[test]
fn refused_certificates_and_entries_name_the_error_of_the_vector() {
    let file = read("entry.json");
    let hub: DeviceKey = text(&file, "hub").parse().expect("a key");
    for vector in list(&file, "refused_certificates") {
        let error = Certificate::decode(&bytes(vector, "hex"), &hub).expect_err("refused");
        assert_eq!(format!("{error:?}"), text(vector, "error"));
    }
    for vector in list(&file, "refused_entries") {
        let error = SignedEntry::decode(&bytes(vector, "hex"), &hub).expect_err("refused");
        assert_eq!(format!("{error:?}"), text(vector, "error"));
    }
}

#[test]
fn vectors_made_again_from_their_seeds_are_the_ones_on_file() {
    for (name, again) in [
        ("commit.json", commit_vectors::file()),
        ("entry.json", entry_vectors::file()),
        ("evidence.json", evidence_vectors::file()),
    ] {
        assert!(read(name) == again, "{name} would come out otherwise now");
    }
}

#[test]
fn bundle_on_file_holds_and_the_refused_ones_do_not() {
    use bading_core::services::evidence::verify_bundle;

    let file = read("evidence.json");
    for vector in list(&file, "bundles") {
        let bytes = bytes(vector, "hex");
        let report = verify_bundle(bytes.as_slice(), None)
            .expect("a bundle")
            .report;
        assert_eq!(report.first, None);
        assert_eq!(report.hash.as_deref(), Some(text(vector, "hash")));
    }
    for vector in list(&file, "refused_bundles") {
        let bytes = bytes(vector, "hex");
        let holds = verify_bundle(bytes.as_slice(), None).is_ok_and(|it| it.report.sound);
        assert!(!holds, "{}", text(vector, "name"));
    }
}

#[test]
fn header_written_a_second_time_from_the_document_has_the_same_bytes() {
    commit_vectors::check_second_writer();
}

#[test]
#[ignore = "writes the vectors; run it after adding one"]
fn write_the_vectors() {
    for (name, file) in [
        ("commit.json", commit_vectors::file()),
        ("entry.json", entry_vectors::file()),
        ("track.json", track_vectors::file()),
        ("evidence.json", evidence_vectors::file()),
    ] {
        let text = serde_json::to_string_pretty(&file).expect("plain data");
        std::fs::write(path(name), text + "\n").expect("the folder is there");
    }
}
