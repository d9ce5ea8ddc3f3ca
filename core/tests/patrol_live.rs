//! The live view on a phone: it is that of the whole track at once, however the track came,
//! whichever process looks, and whoever was killed in between.

#![cfg(feature = "storage")]

mod support;

use std::sync::Arc;

use bading_core::engine::Engine;
use bading_core::geo::coverage::{Coverage, CoverageSettings, coverage};
use bading_core::geo::route_file::{read_routes_pack, routes_pack};
use bading_core::model::patrol::PatrolId;
use bading_core::model::person::Role;
use bading_core::model::route::{Checkpoint, LoopWindow, PlannedRoute, Route};
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::services::patrol::{LiveAsk, LivePatrol, PatrolPlan};
use bading_core::services::reference::{ROSTER, ROUTES};
use serde_json::json;

use support::city::{MINUTE_MS, START};
use support::station::{Stamper, TestHost, at, fix, open, planned, put};

/// The ring of the tests, with a gate at its third corner.
const RING: [(f64, f64); 5] = [
    (0.0, 0.0),
    (400.0, 0.0),
    (400.0, 300.0),
    (0.0, 300.0),
    (0.0, 0.0),
];

struct Desk {
    dir: tempfile::TempDir,
    host: Arc<TestHost>,
    route: PlannedRoute,
}

impl Desk {
    fn new(windows: Vec<LoopWindow>) -> Self {
        let mut route = planned("r1", &RING);
        let gate = Checkpoint {
            id: "gate".to_owned(),
            place: at(400.0, 300.0),
            radius_m: 25.0,
            dwell_s: 0,
        };
        let line = route.route.parts().to_vec();
        route.route = Route::try_new(line, 25.0)
            .and_then(|route| route.with_checkpoints(vec![gate]))
            .expect("a route");
        route.windows = windows;
        // As every store has it: positions in the pack are rounded.
        let pack = routes_pack(&[route]);
        let route = read_routes_pack(&pack).expect("its own pack").remove(0);
        let desk = Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
            host: TestHost::new(1),
            route,
        };
        let engine = desk.engine();
        Stamper::new().enrol(&engine, "u1", Role::Inspector);
        put(&engine, ROUTES, &pack);
        desk
    }

    fn engine(&self) -> Engine {
        open(self.dir.path(), 1, &self.host)
    }

    /// The coverage of fixes as a command on a file has it.
    fn batch(&self, fixes: &[Fix]) -> Coverage {
        coverage(&self.route.route, &CoverageSettings::default(), fixes)
    }
}

fn plan() -> PatrolPlan {
    PatrolPlan {
        route: "r1".parse().ok(),
        ..PatrolPlan::default()
    }
}

/// A walk round the ring and on, a fix every 10 s and 14 m; some are mocks, some come twice.
fn round(count: u64) -> Vec<Fix> {
    let place = |m: f64| match m % 1_400.0 {
        m if m < 400.0 => (m, 0.0),
        m if m < 700.0 => (400.0, m - 400.0),
        m if m < 1_100.0 => (1_100.0 - m, 300.0),
        m => (0.0, 1_400.0 - m),
    };
    let mut fixes = Vec::new();
    for n in 0..count {
        let (x_m, y_m) = place(n as f64 * 14.0);
        let mut fix = fix(START.plus_ms(n * 10_000), x_m, y_m).rounded();
        fix.is_mock = n % 17 == 16;
        fixes.push(fix);
        if n % 23 == 22 {
            fixes.push(fix);
        }
    }
    fixes
}

fn live(engine: &Engine) -> LivePatrol {
    let seen = engine.live_patrol(&LiveAsk::default());
    seen.expect("looks").expect("a patrol is under way")
}

fn id(seen: &LivePatrol) -> PatrolId {
    seen.patrol.patrol_id.parse().expect("a patrol's id")
}

fn left_m(seen: &LivePatrol) -> f64 {
    seen.live.as_ref().expect("a route").left_m
}

#[test]
fn look_after_any_number_of_fixes_is_that_of_the_batch_in_every_process() {
    let desk = Desk::new(Vec::new());
    let engine = desk.engine();
    engine.start_patrol(&plan()).expect("starts");
    let fixes = round(700);
    let mut fed = 0;
    // One by one, in small batches, and in one that is flushed and sealed by itself.
    for size in [1, 1, 1, 5, 40, 1, 90, 7, 500, 60] {
        engine.feed_patrol(&fixes[fed..fed + size]).expect("feeds");
        fed += size;
        let own = live(&engine);
        assert_eq!(
            own.patrol.coverage,
            Some(desk.batch(&fixes[..fed])),
            "{fed}"
        );
        engine.flush_patrol().expect("flushes");
        let other = desk.engine();
        assert_eq!(live(&other), own, "another process after {fed}");
        let shown = other.show_live_patrol(id(&own), &LiveAsk::default());
        assert_eq!(shown.expect("shows"), own);
    }
    let seen = live(&engine).live.expect("a route");
    let laps = desk.batch(&fixes[..fed]).loops;
    let done = laps.iter().filter(|lap| lap.counts).count();
    assert_eq!((seen.loops.done, seen.next_checkpoint), (done as u64, None));
    assert!(done >= 6, "{laps:?}");
    let id = id(&live(&engine));
    engine.finish_patrol().expect("finishes");
    let over = engine.show_live_patrol(id, &LiveAsk::default());
    assert_eq!(over.expect("shows").live, None, "nobody walks it any more");
    assert_eq!(
        engine.live_patrol(&LiveAsk::default()).expect("looks"),
        None
    );
}

#[test]
fn process_that_is_killed_is_taken_over_with_the_same_picture() {
    let desk = Desk::new(Vec::new());
    let engine = desk.engine();
    engine.start_patrol(&plan()).expect("starts");
    let fixes = round(60);
    engine.feed_patrol(&fixes[..40]).expect("feeds");
    engine.flush_patrol().expect("flushes");
    let before = live(&engine);
    // Nothing is written of what comes now.
    engine.feed_patrol(&fixes[40..45]).expect("feeds");
    std::mem::forget(engine);

    let next = desk.engine();
    assert_eq!(live(&next), before, "what was flushed is all there");
    // The host feeds everything again: what is known changes nothing.
    next.feed_patrol(&fixes[..40]).expect("feeds");
    let again = live(&next);
    let (was, is) = (before.patrol.coverage, again.patrol.coverage.clone());
    let (was, is) = (was.expect("a route"), is.expect("a route"));
    assert_eq!(
        (is.covered_m, &is.intervals),
        (was.covered_m, &was.intervals)
    );
    assert_eq!(is.walked_m, was.walked_m);
    assert_eq!(
        left_m(&again),
        before.live.as_ref().expect("a route").left_m
    );
    assert_eq!(again.patrol.interruptions.len(), 1);
    // What was lost comes again, and the walk goes on; the kill vouches for no way over it.
    next.feed_patrol(&fixes[40..]).expect("feeds on");
    next.flush_patrol().expect("flushes");
    let own = live(&next);
    assert_eq!(live(&desk.engine()), own);
    let whole_m = desk.batch(&fixes).covered_m;
    let lost_m = whole_m - own.patrol.coverage.as_ref().expect("a route").covered_m;
    assert!((lost_m - 14.0).abs() < 0.5, "{lost_m}");
}

#[test]
fn walker_is_led_to_the_gate_and_told_the_minutes_of_the_shift() {
    let desk = Desk::new(Vec::new());
    let engine = desk.engine();
    let end = START.plus_ms(30 * MINUTE_MS);
    let roster = json!({"format": "bading/roster/1", "shifts": [
        {"person": "u1", "date": "2026-03-01", "slot": "AM", "grids": [], "route": "r1",
         "mode": "walk", "from": "2026-03-01T08:00:00+08:00", "to": "2026-03-01T08:30:00+08:00"},
    ]});
    put(&engine, ROSTER, roster.to_string().as_bytes());
    engine.start_patrol(&plan()).expect("starts");
    engine.feed_patrol(&round(15)).expect("feeds");
    let ask = LiveAsk {
        now: Some(START.plus_ms(12 * MINUTE_MS)),
        at: None,
    };
    let at_12 = |ask: &LiveAsk| {
        let seen = engine.live_patrol(ask).expect("looks");
        seen.and_then(|seen| seen.live).expect("a route")
    };
    let seen = at_12(&ask);
    assert_eq!(seen.minutes_left, Some(18));
    // 196 m in 140 s; 1,204 m take 14 minutes and 20 seconds.
    assert_eq!(seen.minutes_needed, Some(15));
    let gate = seen.next_checkpoint.expect("not visited");
    assert!(
        (gate.along_m.expect("on the ring") - 504.0).abs() < 2.0,
        "{gate:?}"
    );
    assert!(
        seen.nearest_uncovered
            .is_some_and(|near| near.distance_m < 1.0)
    );
    let elsewhere = at_12(&LiveAsk {
        at: Some(at(600.0, 150.0)),
        ..ask
    });
    let here = elsewhere.here.expect("a place is given");
    assert!(
        !here.is_on_route && (here.beside_m - 200.0).abs() < 1.0,
        "{here:?}"
    );
    let over = at_12(&LiveAsk {
        now: Some(end.plus_ms(MINUTE_MS)),
        at: None,
    });
    assert_eq!(
        over.minutes_left,
        Some(0),
        "the shift in which it began has ended"
    );
}

#[test]
fn window_that_is_open_sets_the_end_and_counts_its_own_loops() {
    // START is 08:00 in Beijing.
    let window = |from_min, to_min, loops| LoopWindow {
        from_min,
        to_min,
        loops,
    };
    let desk = Desk::new(vec![window(420, 510, 2), window(510, 600, 3)]);
    let engine = desk.engine();
    engine.start_patrol(&plan()).expect("starts");
    // 1,400 m take 1,000 s: the second lap begins before half past eight and ends after it.
    engine.feed_patrol(&round(300)).expect("feeds");
    let look = |minutes: u64| {
        let now = UtcMs(START.0 + minutes * MINUTE_MS);
        let seen = engine.live_patrol(&LiveAsk {
            now: Some(now),
            at: None,
        });
        seen.expect("looks")
            .and_then(|seen| seen.live)
            .expect("a route")
    };
    let first = look(20);
    assert_eq!(
        (first.minutes_left, first.loops.done, first.loops.required),
        (Some(10), 2, 2)
    );
    let second = look(33);
    assert_eq!(
        (
            second.minutes_left,
            second.loops.done,
            second.loops.required
        ),
        (Some(87), 1, 3)
    );
    assert_eq!(
        (look(200).minutes_left, look(200).loops.required),
        (None, 0)
    );
}

#[test]
fn patrol_without_a_route_has_a_status_and_no_live_view() {
    let desk = Desk::new(Vec::new());
    let engine = desk.engine();
    assert_eq!(
        engine.live_patrol(&LiveAsk::default()).expect("looks"),
        None
    );
    engine.start_patrol(&PatrolPlan::default()).expect("starts");
    engine.feed_patrol(&round(5)).expect("feeds");
    let seen = live(&engine);
    assert_eq!((seen.patrol.fixes, seen.live), (5, None));
}
