//! Patrols over several processes of one phone: nothing that was recorded is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bading_core::engine::{Engine, EngineOptions};
use bading_core::model::identifiers::DeviceKey;
use bading_core::model::patrol::Interruption;
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::oplog::sign::{DeviceSigner, SignError, Signature, SoftwareSigner};
use bading_core::services::patrol::PatrolPlan;

/// A key in hardware that is away while the device is locked.
struct LockedAtTimes {
    key: SoftwareSigner,
    is_locked: AtomicBool,
}

impl DeviceSigner for LockedAtTimes {
    fn key(&self) -> DeviceKey {
        self.key.key()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        if self.is_locked.load(Ordering::Relaxed) {
            return Err(SignError::KeyUnavailable);
        }
        self.key.sign(message)
    }
}

fn fixes(seconds: std::ops::Range<u64>) -> Vec<Fix> {
    let fix = |s: u64| Fix {
        at: UtcMs(1_772_409_600_000 + s * 1000),
        place: LatLon::try_new(31.23 + s as f64 * 1e-5, 121.47).expect("near Shanghai"),
        accuracy_m: Some(5.0),
        is_mock: false,
    };
    seconds.map(fix).collect()
}

#[test]
fn patrol_of_a_device_that_is_not_enrolled_goes_on_in_the_next_process() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let open = || Engine::open(dir.path(), EngineOptions::default()).expect("a store");
    let plan = PatrolPlan::default();
    let started = open().start_patrol(&plan).expect("the hub will judge");
    open().feed_patrol(&fixes(0..20)).expect("it is under way");
    let now = open()
        .patrol_now()
        .expect("reads")
        .expect("it is under way");
    assert_eq!((&now.patrol_id, now.fixes), (&started.patrol_id, 20));
    assert!(now.provisional && now.interruptions.is_empty(), "{now:?}");
    let view = open().finish_patrol().expect("finishes");
    assert_eq!((view.phase, view.accepted), ("finished", 20));
    assert_eq!(open().list_patrols().expect("reads").len(), 1);
    let report = open().verify().expect("reads");
    assert!(report.sound, "{:?}", report.problems);
}

#[test]
fn fixes_reach_the_disk_when_the_key_is_away_and_are_sealed_when_it_is_back() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let signer = Arc::new(LockedAtTimes {
        key: SoftwareSigner::from_seed(&[7; 32]),
        is_locked: AtomicBool::new(false),
    });
    let open = || {
        let options = EngineOptions {
            signer: Some(signer.clone()),
            ..EngineOptions::default()
        };
        Engine::open(dir.path(), options).expect("the test's own store")
    };
    let engine = open();
    engine.start_patrol(&PatrolPlan::default()).expect("starts");
    signer.is_locked.store(true, Ordering::Relaxed);
    // More than a commit holds: it reaches the disk, and waits there for its seal.
    for fix in fixes(0..1200) {
        engine.feed_patrol(&[fix]).expect("the disk can be written");
    }
    engine
        .interrupt_patrol(Interruption::BatterySaver)
        .expect("it is noted");
    // Looked at from beside, as another process would.
    let beside = open()
        .patrol_now()
        .expect("reads")
        .expect("it is under way");
    assert_eq!(beside.fixes, 1200);
    assert!(engine.pause_patrol().is_err(), "a step needs the key");
    signer.is_locked.store(false, Ordering::Relaxed);
    engine.feed_patrol(&fixes(1200..1210)).expect("goes on");
    drop(engine);

    let engine = open();
    let view = engine.finish_patrol().expect("finishes");
    assert_eq!((view.fixes, view.accepted), (1210, 1210));
    let causes: Vec<_> = view.interruptions.iter().map(|i| i.why).collect();
    assert_eq!(causes, ["battery_saver"], "what was not done is not noted");
    let patrol_id = view.patrol_id.parse().expect("its own id");
    let kept = engine.track(patrol_id).expect("recorded");
    let expected: Vec<_> = fixes(0..1210).into_iter().map(Fix::rounded).collect();
    assert_eq!(kept, expected);
    let report = engine.verify().expect("reads");
    assert!(report.sound, "{:?}", report.problems);
}
