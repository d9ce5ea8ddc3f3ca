//! A patrol as it is recorded on a phone: what reaches the disk and when, processes that die,
//! two processes at once, and that what is shown afterwards is what was shown before.

#![cfg(feature = "storage")]

mod support;

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::{Engine, ErrorKind};
use bading_core::geo::route_file::routes_pack;
use bading_core::model::patrol::{Interruption, PatrolId};
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::oplog::body::Kind;
use bading_core::oplog::chunk::{MAX_CHUNK_FIXES, MAX_CHUNK_MARKS};
use bading_core::oplog::entry::Verdict;
use bading_core::services::ServiceError;
use bading_core::services::patrol::{FLUSH_MS, PatrolPlan, PatrolView, seal};
use bading_core::services::reference::ROUTES;

use support::city::START;
use support::station::{Stamper, TestHost, commits, fix, in_store, open, planned, put, why};

/// An inspector's phone with a route of 1,000 m.
struct Desk {
    dir: tempfile::TempDir,
    host: Arc<TestHost>,
    hub: Stamper,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
            host: TestHost::new(1),
            hub: Stamper::new(),
        };
        let mut desk = desk;
        let engine = desk.engine();
        desk.hub.enrol(&engine, "u1", Role::Inspector);
        let route = planned("r1", &[(0.0, 0.0), (1000.0, 0.0)]);
        put(&engine, ROUTES, &routes_pack(&[route]));
        desk
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn engine(&self) -> Engine {
        open(self.path(), 1, &self.host)
    }
}

fn on_route() -> PatrolPlan {
    PatrolPlan {
        route: "r1".parse().ok(),
        ..PatrolPlan::default()
    }
}

fn id(view: &PatrolView) -> PatrolId {
    view.patrol_id.parse().expect("a patrol's id")
}

/// Fixes along the route, one every 10 s and 14 m.
fn along(from: u64, count: u64) -> Vec<Fix> {
    (from..from + count)
        .map(|n| fix(START.plus_ms(n * 10_000), n as f64 * 14.0, 0.0).rounded())
        .collect()
}

fn whys(view: &PatrolView) -> Vec<&'static str> {
    view.interruptions.iter().map(|i| i.why).collect()
}

fn kinds(engine: &Engine) -> Vec<&'static str> {
    commits(engine)
        .iter()
        .map(
            |commit| match &commit.body().expect("readable").operations[0].kind {
                Kind::StartPatrol { .. } => "start",
                Kind::Track { .. } => "track",
                Kind::StepPatrol(step) => step.as_str(),
                _ => "other",
            },
        )
        .collect()
}

#[test]
fn patrol_goes_from_start_over_a_pause_to_its_finish() {
    let desk = Desk::new();
    let engine = desk.engine();
    let begun = engine.start_patrol(&on_route()).expect("starts");
    assert_eq!((begun.phase, begun.fixes), ("recording", 0));
    engine.feed_patrol(&along(0, 20)).expect("feeds");
    let paused = engine.pause_patrol().expect("pauses");
    assert_eq!(paused.phase, "paused");
    assert!(why(engine.feed_patrol(&along(20, 1))).contains("paused"));
    assert!(why(engine.pause_patrol()).contains("paused"));
    engine.resume_patrol().expect("goes on");
    assert!(why(engine.resume_patrol()).contains("not paused"));
    engine.feed_patrol(&along(20, 20)).expect("feeds");
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!((over.phase, over.fixes), ("finished", 40));
    assert_eq!(over.person.as_deref(), Some("u1"));
    assert_eq!(whys(&over), ["paused"]);
    // The pause splits the walk: the 14 m over it are vouched for by nobody.
    let coverage = over.coverage.expect("a route");
    assert!(
        (coverage.covered_m - 38.0 * 14.0).abs() < 0.5,
        "{}",
        coverage.covered_m
    );
    assert_eq!(
        kinds(&engine),
        ["start", "track", "pause", "resume", "track", "finish"]
    );
    assert!(why(engine.feed_patrol(&along(40, 1))).contains("no patrol"));
    assert_eq!(engine.track(id(&begun)).expect("reads"), along(0, 40));
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn patrol_survives_an_engine_that_is_closed_without_an_interruption() {
    let desk = Desk::new();
    let patrol_id = {
        let engine = desk.engine();
        let begun = engine.start_patrol(&on_route()).expect("starts");
        engine.feed_patrol(&along(0, 3)).expect("feeds");
        id(&begun)
    };
    let engine = desk.engine();
    let seen = engine.patrol_now().expect("looks").expect("under way");
    assert_eq!((seen.fixes, seen.phase), (3, "recording"));
    engine.feed_patrol(&along(3, 3)).expect("feeds on");
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!((over.fixes, over.interruptions.len()), (6, 0));
    assert!((over.coverage.expect("a route").covered_m - 70.0).abs() < 0.2);
    assert_eq!(engine.track(patrol_id).expect("reads"), along(0, 6));
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn process_that_dies_loses_only_what_was_not_flushed_and_the_track_says_so() {
    let desk = Desk::new();
    let engine = desk.engine();
    let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
    desk.host.forward(FLUSH_MS);
    engine
        .feed_patrol(&along(0, 4))
        .expect("flushed, for the time is up");
    desk.host.forward(FLUSH_MS - 1);
    engine.feed_patrol(&along(4, 2)).expect("not due yet");
    std::mem::forget(engine);

    let next = desk.engine();
    desk.host.forward(60_000);
    let died = next.patrol_now().expect("looks").expect("under way");
    assert_eq!(died.fixes, 4, "four were due, two were not");
    assert_eq!(whys(&died), [""; 0], "looking takes nothing over");
    next.feed_patrol(&along(6, 3)).expect("takes over");
    let seen = next.patrol_now().expect("looks").expect("under way");
    assert_eq!(whys(&seen), ["process_ended"]);
    let over = next.finish_patrol().expect("finishes");
    assert_eq!((over.fixes, whys(&over)), (7, vec!["process_ended"]));
    // 3 steps before the gap, 2 after it, and nothing across.
    assert!((over.coverage.expect("a route").covered_m - 70.0).abs() < 0.2);
    let kept: Vec<_> = along(0, 4).into_iter().chain(along(6, 3)).collect();
    assert_eq!(next.track(patrol_id).expect("reads"), kept);
    assert!(next.verify().expect("verifies").sound);
}

#[test]
fn fixes_are_on_the_disk_once_the_time_is_up_and_not_before() {
    let desk = Desk::new();
    for (waited_ms, survive) in [(FLUSH_MS - 1, 0), (FLUSH_MS, 2)] {
        let engine = desk.engine();
        let patrol_id = id(&engine.start_patrol(&PatrolPlan::default()).expect("starts"));
        engine.feed_patrol(&along(0, 1)).expect("feeds");
        desk.host.forward(waited_ms);
        engine.feed_patrol(&along(1, 1)).expect("feeds");
        std::mem::forget(engine);
        let next = desk.engine();
        let seen = next.show_patrol(patrol_id).expect("shows");
        assert_eq!(seen.fixes, survive, "after {waited_ms} ms");
        next.finish_patrol().expect("finishes");
    }
}

#[test]
fn feeding_nothing_writes_what_is_due() {
    let desk = Desk::new();
    let engine = desk.engine();
    let patrol_id = id(&engine.start_patrol(&PatrolPlan::default()).expect("starts"));
    engine.feed_patrol(&along(0, 1)).expect("feeds");
    desk.host.forward(FLUSH_MS);
    engine.feed_patrol(&[]).expect("feeds nothing");
    assert_eq!(engine.show_patrol(patrol_id).expect("shows").fixes, 1);
}

#[test]
fn second_engine_takes_over_and_the_first_is_refused_and_writes_nothing() {
    let desk = Desk::new();
    let first = desk.engine();
    let second = open(desk.path(), 1, &TestHost::new(2));
    let patrol_id = id(&first.start_patrol(&on_route()).expect("starts"));
    first.feed_patrol(&along(0, 2)).expect("feeds");
    first.flush_patrol().expect("flushes");
    second.feed_patrol(&along(2, 2)).expect("takes over");
    second.flush_patrol().expect("flushes");
    let refused = first.flush_patrol().expect_err("not its own any more");
    assert!(matches!(refused.detail(), ServiceError::PatrolElsewhere));
    assert_eq!(refused.kind(), ErrorKind::NotAllowed);
    let seen = second.show_patrol(patrol_id).expect("shows");
    assert_eq!((seen.fixes, whys(&seen)), (4, vec!["process_ended"]));
    second.finish_patrol().expect("is still the writer");
    assert!(second.verify().expect("verifies").sound);
}

#[test]
fn every_call_of_an_engine_that_was_taken_over_from_is_refused_once() {
    type Call = fn(&Engine) -> Result<(), bading_core::engine::EngineError>;
    let calls: [(&str, Call); 5] = [
        ("flush", |e| e.flush_patrol()),
        ("pause", |e| e.pause_patrol().map(|_| ())),
        ("interrupt", |e| {
            e.interrupt_patrol(Interruption::BatterySaver)
        }),
        ("finish", |e| e.finish_patrol().map(|_| ())),
        ("feed", |e| e.feed_patrol(&along(9, 300))),
    ];
    for (name, call) in calls {
        let desk = Desk::new();
        let first = desk.engine();
        first.start_patrol(&on_route()).expect("starts");
        let second = open(desk.path(), 1, &TestHost::new(2));
        second.feed_patrol(&along(0, 2)).expect("takes over");
        let refused = call(&first).expect_err(name);
        assert!(
            matches!(refused.detail(), ServiceError::PatrolElsewhere),
            "{name}"
        );
        let over = second.finish_patrol().expect("is still the writer");
        assert_eq!(over.fixes, 2, "{name}");
        // The patrol is over: the first one knows it, and can begin anew.
        assert!(first.patrol_now().expect("looks").is_none(), "{name}");
        first.start_patrol(&on_route()).expect("begins the next");
    }
}

#[test]
fn patrol_that_another_process_finished_is_not_shown_as_under_way() {
    let desk = Desk::new();
    let first = desk.engine();
    first.start_patrol(&on_route()).expect("starts");
    let second = open(desk.path(), 1, &TestHost::new(2));
    second.finish_patrol().expect("takes over and finishes");
    assert!(first.patrol_now().expect("looks").is_none());
    assert!(why(first.finish_patrol()).contains("no patrol"));
}

#[test]
fn more_fixes_and_marks_than_a_part_holds_are_split_and_none_is_lost() {
    let desk = Desk::new();
    let engine = desk.engine();
    let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
    let many = along(0, 3 * MAX_CHUNK_FIXES as u64 + 7);
    engine.feed_patrol(&many).expect("feeds");
    for _ in 0..MAX_CHUNK_MARKS + 10 {
        let why = Interruption::PermissionLost;
        engine.interrupt_patrol(why).expect("notes it");
    }
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!(over.fixes, many.len() as u64);
    assert_eq!(over.interruptions.len(), MAX_CHUNK_MARKS + 10);
    assert_eq!(over.missing_parts, 0);
    assert_eq!(engine.track(patrol_id).expect("reads"), many);
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn session_seals_what_was_recorded_and_sealing_again_adds_nothing() {
    let desk = Desk::new();
    let engine = desk.engine();
    let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
    let seal_now = || {
        let context = engine.context();
        context.store.write(|tx| seal(tx, &context)).expect("seals");
    };
    engine.feed_patrol(&along(0, 5)).expect("feeds");
    engine.flush_patrol().expect("flushes");
    seal_now();
    seal_now();
    assert_eq!(kinds(&engine), ["start", "track"]);
    engine.feed_patrol(&along(5, 5)).expect("feeds");
    engine.flush_patrol().expect("flushes");
    let unsealed = engine.track(patrol_id).expect("reads");
    assert_eq!(unsealed, along(0, 10), "sealed or not, it is recorded");
    seal_now();
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!(kinds(&engine), ["start", "track", "track", "finish"]);
    assert_eq!((over.fixes, over.interruptions.len()), (10, 0));
    assert!((over.coverage.expect("a route").covered_m - 9.0 * 14.0).abs() < 0.2);
}

#[test]
fn patrol_does_not_begin_while_another_is_under_way_in_this_process_or_an_earlier_one() {
    let desk = Desk::new();
    let first = desk.engine();
    let begun = first.start_patrol(&on_route()).expect("starts");
    for engine in [&first, &desk.engine()] {
        let refused = engine.start_patrol(&on_route()).expect_err("one at a time");
        assert!(
            matches!(refused.detail(), ServiceError::PatrolUnderWay(other) if *other == id(&begun))
        );
    }
    first.feed_patrol(&along(0, 1)).expect("goes on");
    first.finish_patrol().expect("finishes");
    first.start_patrol(&on_route()).expect("the next");
}

/// What was walked of a view, without the words that change with the phase.
fn figures(view: &PatrolView) -> serde_json::Value {
    let mut value = serde_json::to_value(view).expect("plain data");
    for name in ["phase", "person", "finished", "provisional"] {
        value.as_object_mut().expect("an object").remove(name);
    }
    value
}

#[test]
fn picture_before_the_finish_is_the_picture_after_it() {
    // The last two fixes are far off a fix that stands alone: they wait for a third.
    let mut waiting = along(0, 8);
    waiting.push(fix(START.plus_ms(400_000), 500.0, 0.0));
    waiting.push(fix(START.plus_ms(405_000), 120.0, 0.0));
    waiting.push(fix(START.plus_ms(410_000), 127.0, 0.0));
    let mut rejected = along(0, 30);
    rejected[7].accuracy_m = Some(80.0);
    rejected[12].is_mock = true;
    rejected[20].place = support::station::at(5_000.0, 0.0);
    for fixes in [along(0, 60), waiting, rejected] {
        let desk = Desk::new();
        let engine = desk.engine();
        let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
        engine.feed_patrol(&fixes).expect("feeds");
        let before = engine.patrol_now().expect("looks").expect("under way");
        let over = engine.finish_patrol().expect("finishes");
        assert_eq!(figures(&before), figures(&over));
        let shown = engine.show_patrol(patrol_id).expect("shows");
        assert_eq!(shown, over);
    }
}

#[test]
fn picture_is_the_same_for_a_process_that_took_over_in_order() {
    let desk = Desk::new();
    let mut fixes = along(0, 40);
    fixes.insert(20, fix(START.plus_ms(500_000), 900.0, 0.0));
    let patrol_id = {
        let engine = desk.engine();
        let begun = engine.start_patrol(&on_route()).expect("starts");
        engine.feed_patrol(&fixes[..22]).expect("feeds");
        id(&begun)
    };
    let engine = desk.engine();
    engine.feed_patrol(&fixes[22..]).expect("feeds on");
    let live = engine.patrol_now().expect("looks").expect("under way");
    assert_eq!(live.patrol_id, patrol_id.to_string());
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!(figures(&live), figures(&over));
    assert_eq!(over.fixes, 41);
}

#[test]
fn mileage_leaves_out_what_was_moved_over_a_pause() {
    let desk = Desk::new();
    let engine = desk.engine();
    engine.start_patrol(&on_route()).expect("starts");
    engine.feed_patrol(&along(0, 11)).expect("feeds");
    engine.pause_patrol().expect("pauses");
    desk.host.forward(1_800_000);
    engine.resume_patrol().expect("goes on");
    // Half an hour later and two kilometres on, within what a person can walk.
    let later: Vec<_> = (0..11)
        .map(|n| {
            let time = START.plus_ms(1_900_000 + n * 10_000);
            fix(time, 2_140.0 + n as f64 * 14.0, 0.0)
        })
        .collect();
    engine.feed_patrol(&later).expect("feeds");
    let over = engine.finish_patrol().expect("finishes");
    assert!((over.walked_m - 280.0).abs() < 1.0, "{}", over.walked_m);
    let coverage = over.coverage.expect("a route");
    assert!(
        (coverage.walked_m - 280.0).abs() < 1.0,
        "{}",
        coverage.walked_m
    );
}

#[test]
fn views_that_are_folded_again_have_the_same_rows() {
    let mut desk = Desk::new();
    let engine = desk.engine();
    for round in 0..3 {
        engine.start_patrol(&on_route()).expect("starts");
        engine.feed_patrol(&along(round * 50, 10)).expect("feeds");
        engine.finish_patrol().expect("finishes");
        desk.host.forward(60_000);
    }
    desk.hub.stamp_rest(&engine, START, &Verdict::Admitted);
    engine.start_patrol(&PatrolPlan::default()).expect("starts");
    let before = engine.list_patrols().expect("lists");
    assert_eq!(before.len(), 4);
    assert_eq!(before.iter().filter(|line| line.provisional).count(), 1);
    engine.rebuild_views().expect("folds again");
    assert_eq!(engine.list_patrols().expect("lists"), before);
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn route_that_is_not_in_force_does_not_begin_a_patrol_and_ends_no_picture() {
    let desk = Desk::new();
    let engine = desk.engine();
    let plan = PatrolPlan {
        route: "r9".parse().ok(),
        ..PatrolPlan::default()
    };
    let refused = engine.start_patrol(&plan).expect_err("nobody planned it");
    assert!(matches!(refused.detail(), ServiceError::UnknownRoute(code) if code == "r9"));
    assert!(engine.patrol_now().expect("looks").is_none());
    let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
    engine.feed_patrol(&along(0, 10)).expect("feeds");
    let other = planned("r2", &[(0.0, 0.0), (0.0, 500.0)]);
    put(&engine, ROUTES, &routes_pack(&[other]));
    drop(engine);
    let engine = desk.engine();
    engine.feed_patrol(&along(10, 10)).expect("feeds on");
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!((over.route.as_deref(), over.coverage), (Some("r1"), None));
    assert_eq!(over.fixes, 20);
    assert!((over.walked_m - 19.0 * 14.0).abs() < 0.5);
    assert_eq!(engine.show_patrol(patrol_id).expect("shows").fixes, 20);
}

/// A walk with the noise of a receiver: positions by up to 4 m, accuracies, uneven seconds.
fn noisy_walk(count: u64) -> Vec<Fix> {
    let noise = |n: u64| {
        let mixed = (n ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 40) as f64 / f64::from(1_u32 << 24) * 2.0 - 1.0
    };
    (0..count)
        .map(|n| Fix {
            accuracy_m: Some(6.0 + 4.0 * noise(n * 7 + 3)),
            ..fix(
                UtcMs(START.0 + n * 5_000 + (200.0 * (noise(n * 7) + 1.0)) as u64),
                n as f64 * 7.0 + 4.0 * noise(n * 7 + 1),
                4.0 * noise(n * 7 + 2),
            )
        })
        .collect()
}

#[test]
fn walk_of_two_thousand_fixes_is_a_handful_of_commits_and_few_bytes_a_fix() {
    let desk = Desk::new();
    let engine = desk.engine();
    engine.start_patrol(&on_route()).expect("starts");
    for fix in noisy_walk(2_000) {
        desk.host.forward(5_000);
        engine.feed_patrol(&[fix]).expect("feeds");
    }
    engine.finish_patrol().expect("finishes");
    let all = commits(&engine);
    let tracks: Vec<_> = all
        .iter()
        .filter(|commit| {
            let body = commit.body().expect("readable");
            matches!(body.operations[0].kind, Kind::Track { .. })
        })
        .collect();
    assert_eq!((all.len(), tracks.len()), (7, 5));
    let value_bytes: usize = tracks
        .iter()
        .flat_map(|commit| commit.values())
        .map(|value| value.as_ref().map_or(0, |value| value.value.len()))
        .sum();
    let bytes: usize = all.iter().map(|commit| commit.encode().len()).sum();
    let each = |bytes: usize| bytes as f64 / 2_000.0;
    assert!(each(bytes) < 9.0, "{} with everything", each(bytes));
    assert!(each(value_bytes) < 8.0, "{}", each(value_bytes));
}

#[test]
fn patrol_begun_before_the_enrolment_can_be_taken_over_finished_and_shown() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let host = TestHost::new(1);
    let engine = open(dir.path(), 1, &host);
    let patrol_id = id(&engine.start_patrol(&PatrolPlan::default()).expect("starts"));
    engine.feed_patrol(&along(0, 5)).expect("feeds");
    drop(engine);
    let engine = open(dir.path(), 1, &host);
    engine.feed_patrol(&along(5, 5)).expect("feeds on");
    assert_eq!(engine.list_patrols().expect("lists").len(), 1);
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!((over.fixes, over.provisional), (10, true));
    assert_eq!(engine.show_patrol(patrol_id).expect("shows"), over);
    assert!(engine.verify().expect("verifies").sound);
}

#[test]
fn patrol_whose_start_the_hub_holds_or_refuses_goes_on_and_the_store_stays_sound() {
    for verdict in [
        Verdict::Refused("role_not_allowed".to_owned()),
        Verdict::Waiting("grant_expired".to_owned()),
        Verdict::Quarantined("revoked".to_owned()),
    ] {
        let mut desk = Desk::new();
        let engine = desk.engine();
        let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
        engine.feed_patrol(&along(0, 5)).expect("feeds");
        if matches!(verdict, Verdict::Refused(_)) {
            // A refusal holds against a device that may not walk.
            desk.hub.enrol(&engine, "u1", Role::Citizen);
        }
        desk.hub
            .stamp_rest(&engine, START.plus_ms(60_000), &verdict);
        assert!(engine.verify().expect("verifies").sound, "{verdict:?}");
        drop(engine);
        let engine = desk.engine();
        engine.feed_patrol(&along(5, 5)).expect("feeds on");
        let over = engine.finish_patrol().expect("finishes");
        assert_eq!((over.phase, over.fixes), ("finished", 10), "{verdict:?}");
        assert_eq!(engine.track(patrol_id).expect("reads"), along(0, 10));
        let report = engine.verify().expect("verifies");
        assert!(report.sound, "{verdict:?} {:?}", report.problems);
        engine.start_patrol(&PatrolPlan::default()).err();
    }
}

#[test]
fn fixes_that_could_not_be_written_are_written_later() {
    let desk = Desk::new();
    let engine = desk.engine();
    let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
    // Nothing can be sealed while the certificate cannot be read.
    let kept = in_store(&engine, |tx| {
        Ok(tx.setting(bading_core::storage::reference::Setting::Certificate)?)
    });
    let set = |bytes: &[u8]| {
        in_store(&engine, |tx| {
            Ok(tx.set_setting(bading_core::storage::reference::Setting::Certificate, bytes)?)
        });
    };
    set(b"damaged");
    let fixes = along(0, 600);
    engine
        .feed_patrol(&fixes[..500])
        .expect_err("cannot be sealed");
    for _ in 0..70 {
        let why = Interruption::PermissionLost;
        engine.interrupt_patrol(why).expect_err("cannot be sealed");
    }
    set(&kept.expect("enrolled"));
    engine.feed_patrol(&fixes[500..]).expect("feeds");
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!((over.fixes, over.interruptions.len()), (600, 70));
    assert_eq!(engine.track(patrol_id).expect("reads"), fixes);
}

#[test]
fn fix_of_a_time_beyond_all_calendars_is_shown_as_it_is_sealed() {
    let desk = Desk::new();
    let engine = desk.engine();
    let patrol_id = id(&engine.start_patrol(&on_route()).expect("starts"));
    let mut fixes = along(0, 3);
    fixes.push(fix(UtcMs(u64::MAX), 0.0, 0.0));
    desk.host.set_wall(UtcMs(u64::MAX));
    engine.feed_patrol(&fixes).expect("feeds");
    engine
        .interrupt_patrol(Interruption::BatterySaver)
        .expect("notes it");
    let before = engine.patrol_now().expect("looks").expect("under way");
    desk.host.set_wall(START);
    let over = engine.finish_patrol().expect("finishes");
    assert_eq!(figures(&before), figures(&over));
    assert_eq!(engine.track(patrol_id).expect("reads").len(), 4);
}

#[test]
fn positions_are_recorded_on_a_patrol_and_nowhere_else() {
    let desk = Desk::new();
    let engine = desk.engine();
    // Off shift nothing takes a fix, whoever offers it.
    assert!(why(engine.feed_patrol(&along(0, 3))).contains("no patrol"));
    let begun = engine.start_patrol(&on_route()).expect("starts");
    engine.feed_patrol(&along(0, 3)).expect("feeds");
    engine.pause_patrol().expect("pauses");
    assert!(why(engine.feed_patrol(&along(3, 3))).contains("paused"));
    engine.resume_patrol().expect("goes on");
    engine.finish_patrol().expect("finishes");
    assert!(why(engine.feed_patrol(&along(6, 3))).contains("no patrol"));
    // A report, a draft and a remark are work without a patrol: they leave no track.
    let report = bading_core::services::capture::Report {
        photos: vec![support::camera::photo(1)],
        at: Some(support::station::at(0.0, 0.0)),
        ..Default::default()
    };
    let case = engine.report(&report).expect("reports").case_id;
    engine
        .comment(case.parse().expect("a case"), "seen")
        .expect("comments");
    engine.start_draft().expect("starts");
    let tracks: Vec<_> = commits(&engine)
        .iter()
        .flat_map(|commit| commit.body().expect("readable").operations)
        .filter(|operation| matches!(operation.kind, Kind::Track { .. }))
        .map(|operation| operation.subject.as_patrol())
        .collect();
    assert_eq!(tracks, [Some(id(&begun))], "the one patrol's, and no other");
    let (recording, pieces) = in_store(&engine, |tx| Ok((tx.recording()?, tx.pieces()?)));
    assert_eq!((recording, pieces.len()), (None, 0));
    assert_eq!(engine.track(id(&begun)).expect("reads"), along(0, 3));
}
