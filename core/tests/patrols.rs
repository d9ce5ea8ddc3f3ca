//! Patrols over several processes of one phone: nothing that was recorded is lost.

use bading_core::engine::{Engine, EngineOptions};
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::services::patrol::PatrolPlan;

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
