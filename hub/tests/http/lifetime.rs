//! Making a hub, opening it again, serving it, verifying it.

use std::fs;
use std::sync::Arc;

use bading_core::model::identifiers::Zone;
use bading_core::model::person::Role;
use bading_core::model::workflow::Action;
use bading_core::oplog::sign::hash_of;
use bading_hub::{Hub, HubConfig, HubError, ServeLimits, SystemHubClock, serve};
use serde_json::Value;

use crate::device::number;
use crate::server::{TestHub, ZONE, assert_problem, zone};

#[test]
fn init_refuses_a_folder_that_holds_a_hub_and_leaves_it_as_it_was() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = HubConfig::new("first", zone());
    let key = Hub::init(dir.path(), &config).expect("an empty folder");
    let seed = fs::read(dir.path().join("hub.key")).expect("the key's file");
    let again = Hub::init(dir.path(), &HubConfig::new("second", zone()));
    assert!(matches!(again, Err(HubError::AlreadyAHub)));
    assert_eq!(fs::read(dir.path().join("hub.key")).ok(), Some(seed));
    let hub = Hub::open(dir.path(), Arc::new(SystemHubClock)).expect("the hub");
    assert_eq!((hub.name(), hub.key()), ("first", key));
}

#[test]
fn init_refuses_the_empty_zone_and_an_offset_that_no_place_has() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut config = HubConfig::new("hub", Zone::unassigned());
    let refused = Hub::init(dir.path(), &config);
    assert!(matches!(refused, Err(HubError::Input(_))));
    config.zone = zone();
    config.utc_offset_min = 841;
    let refused = Hub::init(dir.path(), &config);
    assert!(matches!(refused, Err(HubError::Input(_))));
    assert!(!dir.path().join("hub.db").exists());
}

#[cfg(unix)]
#[test]
fn key_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let hub = TestHub::start();
    let file = fs::metadata(hub.dir.path().join("hub.key")).expect("the key's file");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn open_refuses_an_empty_folder_a_lost_key_and_another_key() {
    let clock = || Arc::new(SystemHubClock);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let opened = Hub::open(dir.path(), clock());
    assert!(matches!(opened, Err(HubError::NotAHub)));
    assert!(!dir.path().join("hub.db").exists());
    Hub::init(dir.path(), &HubConfig::new("hub", zone())).expect("an empty folder");
    let key = dir.path().join("hub.key");
    fs::write(&key, [9; 32]).expect("written");
    assert!(matches!(Hub::open(dir.path(), clock()), Err(HubError::Key)));
    fs::write(&key, [9; 31]).expect("written");
    assert!(matches!(Hub::open(dir.path(), clock()), Err(HubError::Key)));
    fs::remove_file(&key).expect("removed");
    assert!(matches!(Hub::open(dir.path(), clock()), Err(HubError::Key)));
}

#[test]
fn restart_keeps_sessions_log_photos_packs_and_the_count_of_numbers() {
    let mut hub = TestHub::start();
    let mut supervisor = hub.device(1, Role::Supervisor);
    let (case_id, report) = supervisor.report(Some(b"photo"));
    let file = supervisor.transition(case_id, Action::File, report.hash());
    let before = supervisor.push(&hub, &[&report, &file]);
    let blob = format!("/v1/blobs/{}", hash_of(b"photo"));
    supervisor.with_token(hub.http.put(hub.url(&blob)).body("photo"));
    let pack = hub.hub.put_pack("duties", b"duties").expect("a pack");
    let log = supervisor.pull(&hub);
    hub.restart();
    assert_eq!(supervisor.pull(&hub), log);
    assert_eq!(supervisor.push(&hub, &[&report, &file]), before);
    let answer = supervisor.get(&hub, &blob);
    assert_eq!(&answer.bytes().expect("a body")[..], b"photo");
    let answer = supervisor.get(&hub, &format!("/v1/packs/{}", pack.hash));
    assert_eq!(&answer.bytes().expect("a body")[..], b"duties");
    let (case_id, report) = supervisor.report(None);
    let file = supervisor.transition(case_id, Action::File, report.hash());
    let entries = supervisor.push(&hub, &[&report, &file]);
    let second = format!("{ZONE}-20260302-00002");
    assert_eq!(number(&entries[1]), Some(second));
    hub.assert_sound();
}

#[test]
fn serving_a_folder_twice_is_refused_and_uploads_cut_off_are_swept() {
    let mut hub = TestHub::start();
    let second = Arc::new(Hub::open(hub.dir.path(), hub.clock.clone()).expect("the folder"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let refused = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        serve(
            second,
            listener.expect("a free port"),
            std::future::pending(),
        )
        .await
    });
    assert!(matches!(refused, Err(HubError::AlreadyServed)));
    let left = hub.dir.path().join("incoming").join("cut-off");
    fs::write(&left, b"half a photo").expect("written");
    hub.restart();
    assert!(!left.exists());
}

#[test]
fn verify_counts_everything_and_finds_a_damaged_photo_a_changed_entry_and_a_lost_one() {
    let mut hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (_, report) = device.report(Some(b"photo"));
    let (_, second) = device.report(None);
    device.push(&hub, &[&report, &second]);
    let hash = hash_of(b"photo").to_string();
    let path = format!("/v1/blobs/{hash}");
    device.with_token(hub.http.put(hub.url(&path)).body("photo"));
    let sound = hub.hub.verify().expect("the store reads");
    assert!(sound.is_sound(), "{sound:?}");
    let counts = (sound.entries_count, sound.commits_count, sound.photos_count);
    assert_eq!(counts, (3, 2, 1));
    hub.stop();
    let file = hub
        .dir
        .path()
        .join("blobs")
        .join(&hash[..2])
        .join(&hash[2..4]);
    fs::write(file.join(&hash), b"phot0").expect("written");
    let report = hub.hub.verify().expect("the store reads");
    assert_eq!(report.disagreements_count, 1);
    assert!(report.disagreements[0].what.contains("damaged"));
    fs::remove_file(file.join(&hash)).expect("removed");
    assert!(!hub.hub.verify().expect("the store reads").is_sound());
    fs::write(file.join(&hash), b"photo").expect("written");
    hub.assert_sound();
    let database = rusqlite::Connection::open(hub.dir.path().join("hub.db")).expect("opens");
    let swap = "UPDATE entries SET bytes = (SELECT bytes FROM entries WHERE position = 3)
                WHERE position = 2";
    database.execute(swap, []).expect("changed");
    let report = hub.hub.verify().expect("the store reads");
    assert_eq!(report.disagreements[0].position, Some(2));
    database
        .pragma_update(None, "foreign_keys", false)
        .expect("off");
    database
        .execute("DELETE FROM entries WHERE position = 2", [])
        .expect("deleted");
    let report = hub.hub.verify().expect("the store reads");
    assert_eq!(
        report.disagreements[0].what,
        "positions are missing before it"
    );
}

#[test]
fn health_and_hub_info_need_no_session() {
    let hub = TestHub::start();
    let read = |path: &str| -> Value {
        let answer = hub.http.get(hub.url(path)).send().expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        serde_json::from_str(&answer.text().expect("a body")).expect("json")
    };
    let health = read("/healthz");
    assert_eq!(health["status"], "ok");
    assert_eq!(health["zones"][0]["zone"], ZONE);
    assert_eq!(health["zones"][0]["last_position"], 0);
    let info = read("/v1/hub");
    assert_eq!(info["hub_key"], hub.hub.key().to_string());
    assert_eq!(info["zones"][0], ZONE);
}

#[test]
fn hub_that_takes_on_nothing_says_when_to_come_back() {
    let hub = TestHub::start_with(ServeLimits {
        jobs: 0,
        ..ServeLimits::default()
    });
    let answer = hub.http.get(hub.url("/healthz")).send().expect("an answer");
    assert_eq!(answer.headers()["retry-after"], "5");
    assert_problem(answer, 503, "overloaded");
}
