//! What a phone lets go, and what it never does.

#![cfg(feature = "storage")]

mod support;

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::Engine;
use bading_core::model::identifiers::Hash;
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_core::model::workflow::Action;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::sign::hash_of;
use bading_core::rules::policy::{Policy, RetentionPolicy};
use bading_core::services::capture::{Report, THUMBNAILS_PX};
use bading_core::services::case::MoveDetails;
use bading_core::services::draft::PhotoMoment;
use bading_core::services::reference::POLICY;
use bading_core::services::retention::{Evicted, EvictionOrder};
use bading_core::storage::reference::Setting;

use support::camera::photo;
use support::city::START;
use support::station::{Stamper, TestHost, in_store, open, put};

const DAY_MS: u64 = 86_400_000;
const EVERYTHING: EvictionOrder = EvictionOrder {
    keep_days: Some(0),
    max_bytes: Some(0),
    is_dry_run: false,
};

struct Desk {
    _dir: tempfile::TempDir,
    host: Arc<TestHost>,
    hub: Stamper,
    engine: Engine,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let host = TestHost::new(5);
        let engine = open(Path::new(dir.path()), 1, &host);
        let mut hub = Stamper::new();
        hub.enrol(&engine, "u1", Role::Inspector);
        Self {
            _dir: dir,
            host,
            hub,
            engine,
        }
    }

    /// A report that is withdrawn again, so that its case is over.
    fn report(&self, seed: u64) -> Hash {
        let reported = self.report_open(seed);
        let case_id = reported.parse().expect("a case");
        let details = MoveDetails {
            reason: Some("a mistake".to_owned()),
            ..MoveDetails::default()
        };
        let moved = self.engine.move_case(case_id, Action::Withdraw, &details);
        moved.expect("withdraws");
        hash_of(&photo(seed).bytes)
    }

    fn report_open(&self, seed: u64) -> String {
        let report = Report {
            photos: vec![photo(seed)],
            ..Report::default()
        };
        self.engine.report(&report).expect("reports").case_id
    }

    fn stamp(&mut self, at: UtcMs) {
        self.hub.stamp_rest(&self.engine, at, &Verdict::Admitted);
    }

    fn confirm(&self, hash: &Hash) {
        in_store(&self.engine, |tx| Ok(tx.set_blob_at_hub(hash)?));
    }

    fn synced(&mut self, seed: u64, at: UtcMs) -> Hash {
        let hash = self.report(seed);
        self.stamp(at);
        self.confirm(&hash);
        hash
    }

    #[track_caller]
    fn evict(&self, order: &EvictionOrder) -> Evicted {
        let evicted = self.engine.evict(order).expect("evicts");
        let report = self.engine.verify().expect("verifies");
        assert!(report.sound, "{report:?}");
        evicted
    }

    #[track_caller]
    fn assert_all_stay(&self, why: &str) {
        let evicted = self.evict(&EVERYTHING);
        assert!(evicted.evicted.is_empty(), "{why}: {evicted:?}");
        assert!(evicted.kept_bytes > 0, "{why}");
    }
}

fn pictures(evicted: &Evicted) -> Vec<(&str, &str)> {
    let named = evicted.evicted.iter();
    named
        .map(|gone| (gone.hash.as_str(), gone.picture.as_str()))
        .collect()
}

#[test]
fn nothing_goes_that_the_hub_has_not_confirmed_and_stamped() {
    let mut desk = Desk::new();
    let hash = desk.report(1);
    desk.host.forward(400 * DAY_MS);
    desk.assert_all_stay("neither stamped nor at the hub");
    desk.confirm(&hash);
    desk.assert_all_stay("at the hub, without a receipt");
    desk.stamp(START);
    assert_eq!(desk.evict(&EVERYTHING).evicted.len(), 3);

    let mut desk = Desk::new();
    desk.report(1);
    desk.stamp(START);
    desk.assert_all_stay("stamped, not at the hub");

    let mut desk = Desk::new();
    let hash = desk.report(1);
    let quarantined = Verdict::Quarantined("revoked".to_owned());
    desk.hub.stamp_rest(&desk.engine, START, &quarantined);
    desk.confirm(&hash);
    desk.assert_all_stay("the hub has not taken it into its log's state");
}

#[test]
fn photo_named_by_a_commit_without_a_receipt_stays() {
    let mut desk = Desk::new();
    desk.synced(1, START);
    desk.report(1);
    desk.assert_all_stay("the second report of the same photo is unsent");
}

#[test]
fn photo_of_an_open_case_and_of_a_draft_stays() {
    let mut desk = Desk::new();
    let case = desk.report_open(1);
    let hash = hash_of(&photo(1).bytes);
    desk.stamp(START);
    desk.confirm(&hash);
    desk.assert_all_stay("the case is open");
    let details = MoveDetails {
        reason: Some("a mistake".to_owned()),
        ..MoveDetails::default()
    };
    let case_id = case.parse().expect("a case");
    let moved = desk.engine.move_case(case_id, Action::Withdraw, &details);
    moved.expect("withdraws");
    let draft = desk.engine.start_draft().expect("starts");
    let draft = draft.draft_id.parse().expect("a draft");
    let now = PhotoMoment::default();
    let added = desk.engine.add_draft_photo(draft, &photo(1), &now);
    added.expect("adds");
    desk.assert_all_stay("a draft has it");
    desk.engine.discard_draft(draft).expect("discards");
    assert_eq!(desk.evict(&EVERYTHING).evicted.len(), 3);
}

#[test]
fn hub_that_says_how_far_its_log_is_durable_holds_the_rest_back() {
    let mut desk = Desk::new();
    let hash = desk.synced(1, START);
    // The grant is entry 1, the report entry 2.
    for (position, count) in [(1_u64, 0), (2, 3)] {
        in_store(&desk.engine, |tx| {
            let through = [1_u64.to_be_bytes(), position.to_be_bytes()].concat();
            Ok(tx.set_setting(Setting::DurableThrough, &through)?)
        });
        let order = EvictionOrder {
            is_dry_run: true,
            ..EVERYTHING
        };
        let evicted = desk.evict(&order);
        assert_eq!(evicted.evicted.len(), count, "{hash}: through {position}");
    }
}

#[test]
fn originals_go_by_age_and_their_small_pictures_stay() {
    let mut desk = Desk::new();
    let old = desk.synced(1, START);
    let young = desk.synced(2, START.plus_ms(20 * DAY_MS));
    desk.host.forward(31 * DAY_MS);
    let dry = EvictionOrder {
        is_dry_run: true,
        ..EvictionOrder::default()
    };
    let told = desk.evict(&dry);
    let name = old.to_string();
    assert_eq!(pictures(&told), [(name.as_str(), "original")]);
    assert!(desk.engine.photo(&old).expect("reads").is_some(), "dry");
    let done = desk.evict(&EvictionOrder::default());
    assert_eq!(done.evicted, told.evicted);
    assert_eq!(done.kept_bytes, told.kept_bytes);
    assert!(desk.engine.photo(&old).expect("reads").is_none());
    assert!(desk.engine.photo(&young).expect("reads").is_some());
    let blobs = desk.engine.context().store.blobs();
    for longest_px in THUMBNAILS_PX {
        let picture = blobs.get_derived(&old, longest_px).expect("reads");
        assert!(picture.is_some(), "{longest_px}");
    }
    let report = desk.engine.verify().expect("verifies");
    assert_eq!((report.photos, report.evicted), (1, 1));
    assert!(desk.evict(&EvictionOrder::default()).evicted.is_empty());
}

#[test]
fn space_takes_originals_first_then_large_then_small_pictures() {
    let mut desk = Desk::new();
    let a = desk.synced(1, START).to_string();
    let b = desk.synced(2, START.plus_ms(1)).to_string();
    let dry = EvictionOrder {
        max_bytes: Some(0),
        is_dry_run: true,
        ..EvictionOrder::default()
    };
    let all = desk.evict(&dry);
    let (a, b) = (a.as_str(), b.as_str());
    let order = [
        (a, "original"),
        (b, "original"),
        (a, "1600"),
        (b, "1600"),
        (a, "320"),
        (b, "320"),
    ];
    assert_eq!(pictures(&all), order);
    assert_eq!(all.kept_bytes, 0);
    let total: u64 = all.evicted.iter().map(|gone| gone.bytes).sum();
    // One byte less than all: the oldest original goes, and no more.
    let one = EvictionOrder {
        max_bytes: Some(total - 1),
        ..EvictionOrder::default()
    };
    let gone = desk.evict(&one);
    assert_eq!(pictures(&gone), order[..1]);
    assert_eq!(gone.kept_bytes, total - gone.evicted[0].bytes);
    let exact = EvictionOrder {
        max_bytes: Some(gone.kept_bytes),
        ..EvictionOrder::default()
    };
    assert!(desk.evict(&exact).evicted.is_empty());
    assert_eq!(pictures(&desk.evict(&EVERYTHING)), order[1..]);
}

#[test]
fn policy_of_the_city_says_how_long_and_how_much() {
    let mut desk = Desk::new();
    let hash = desk.synced(1, START);
    let policy = Policy {
        retention: RetentionPolicy {
            keep_days: 2,
            max_mib: 100,
        },
        ..Policy::default()
    };
    put(&desk.engine, POLICY, &policy.to_pack());
    desk.host.forward(2 * DAY_MS);
    assert!(desk.evict(&EvictionOrder::default()).evicted.is_empty());
    desk.host.forward(1);
    let gone = desk.evict(&EvictionOrder::default());
    assert_eq!(pictures(&gone), [(hash.to_string().as_str(), "original")]);
}

#[test]
fn eviction_that_died_between_row_and_file_is_finished_by_the_next() {
    let mut desk = Desk::new();
    let hash = desk.synced(1, START);
    in_store(&desk.engine, |tx| Ok(tx.note_eviction(&hash, START.0)?));
    assert!(desk.engine.photo(&hash).expect("reads").is_some());
    let gone = desk.evict(&EvictionOrder::default());
    assert_eq!(pictures(&gone), [(hash.to_string().as_str(), "original")]);
    assert!(desk.engine.photo(&hash).expect("reads").is_none());
}

#[test]
fn evicted_photo_that_is_reported_again_is_here_again() {
    let mut desk = Desk::new();
    let hash = desk.synced(1, START);
    desk.evict(&EVERYTHING);
    desk.report(1);
    let report = desk.engine.verify().expect("verifies");
    assert_eq!((report.sound, report.photos, report.evicted), (true, 1, 0));
    assert!(desk.engine.photo(&hash).expect("reads").is_some());
    desk.assert_all_stay("it waits for the hub's receipt again");
}
