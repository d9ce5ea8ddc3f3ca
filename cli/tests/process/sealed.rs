//! A store at rest tells nothing, and opens to its own key only.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{AT, Bench, HubProcess, Phone, case_id, snapshot, text};

const NOTE: &str = "the kerb before Ms. Zhang's door";

fn report(bench: &Bench, phone: &Phone) -> String {
    let photo = bench.photo("photo.jpg", 1);
    let arguments = ["report", "--at", AT, "--note", NOTE, "--photo"];
    let mut arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
    arguments.push(photo.display().to_string());
    case_id(&phone.run(&arguments))
}

/// Every file below a folder with its bytes.
fn bytes(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = snapshot(dir).expect("the store is there");
    files
        .into_keys()
        .map(|path| (path.clone(), fs::read(path).expect("a file of the test")))
        .collect()
}

/// No file holds the note, a picture's first bytes, or a database's.
#[track_caller]
fn assert_tells_nothing(dir: &Path) {
    let planted: [&[u8]; 4] = [
        NOTE.as_bytes(),
        b"\xff\xd8\xff",
        b"SQLite format 3",
        b"JFIF",
    ];
    for (path, found) in bytes(dir) {
        for plain in planted {
            let is_there = found.windows(plain.len()).any(|bytes| bytes == plain);
            // Three bytes are met by chance in some megabytes: a JPEG begins with them.
            let is_there = is_there && (plain.len() > 3 || found.starts_with(plain));
            assert!(!is_there, "{}", path.display());
        }
    }
}

#[test]
fn store_tells_nothing_and_a_missing_or_other_key_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let case = report(&bench, &phone);
    assert_tells_nothing(&phone.0);
    let keystore = phone.0.join("keystore.key");
    let own = fs::read(&keystore).expect("the command's keystore");

    fs::remove_file(&keystore).expect("the test takes it away");
    let before = bytes(&phone.0);
    phone
        .run(["status"])
        .assert_failed(4, &["key", "not available"]);
    assert!(bytes(&phone.0) == before, "a missing key changes nothing");

    let other = bench.phone("other");
    report(&bench, &other);
    fs::copy(other.0.join("keystore.key"), &keystore).expect("another key");
    let before = bytes(&phone.0);
    phone.run(["status"]).assert_failed(3, &["another key"]);
    assert!(bytes(&phone.0) == before, "another key changes nothing");

    fs::write(&keystore, own).expect("the key comes back");
    assert_eq!(phone.cases(), [case]);
    phone.assert_sound();
}

#[test]
fn keystore_may_be_elsewhere_and_the_warning_comes_once() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let keystore = bench.path("elsewhere.key").display().to_string();
    let first = phone.run(["init", "--keystore", &keystore]);
    assert!(
        first.warnings.contains("the key of this store"),
        "{first:?}"
    );
    let second = phone.run(["status", "--keystore", &keystore]);
    assert_eq!((second.exit, second.warnings.as_str()), (Some(0), ""));
    assert!(!phone.0.join("keystore.key").exists());
    phone.run(["status"]).assert_failed(4, &["not available"]);
    assert!(!phone.0.join("keystore.key").exists());
}

#[test]
fn changed_key_opens_the_store_and_the_one_before_does_not() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    let case = report(&bench, &phone);
    let keys = ["store.keys", "store.keys.copy"].map(|name| phone.0.join(name));
    let before = keys
        .each_ref()
        .map(|path| fs::read(path).expect("is there"));
    let device = text(&phone.run(["status"]).json()["device"]);
    assert_eq!(phone.run(["key", "change"]).json()["changed"], true);
    assert_tells_nothing(&phone.0);
    assert_eq!(phone.cases(), [case]);
    assert_eq!(text(&phone.run(["status"]).json()["device"]), device);
    assert_eq!(phone.assert_sound()["photos"], 1);
    for (path, bytes) in keys.iter().zip(before) {
        fs::write(path, bytes).expect("the test puts the old key back");
    }
    assert_ne!(phone.run(["status"]).exit, Some(0));
}

#[test]
fn city_s_escrow_key_opens_a_store_whose_keystore_is_lost() {
    let bench = Bench::new();
    let hub = HubProcess::start(bench.path("hub"));
    let secret = bench.path("escrow.key").display().to_string();
    let made = hub.admin(&["admin", "escrow", "--out", &secret]);
    let public = text(&made.json()["escrow_key"]);
    let again = bench.path("again.key").display().to_string();
    hub.admin(&["admin", "escrow", "--out", &again])
        .assert_failed(2, &["already"]);
    let phone = bench.phone("store");
    let case = report(&bench, &phone);
    hub.enrol(&phone, "inspector");
    fs::remove_file(phone.0.join("keystore.key")).expect("the keystore is lost");
    phone.run(["status"]).assert_failed(4, &["not available"]);
    let wrong = bench.path("wrong.key");
    fs::write(&wrong, "11".repeat(32)).expect("another escrow key");
    let wrong = wrong.display().to_string();
    phone
        .run(["key", "recover", "--escrow", &wrong])
        .assert_failed(3, &["another key"]);
    let recovered = phone.run(["key", "recover", "--escrow", &secret]).json();
    assert_eq!(recovered["escrow_key"], public.as_str());
    assert_eq!(phone.cases(), [case]);
    phone.assert_sound();
}
