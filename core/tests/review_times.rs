//! Which time counts in a review: through the log, from sealed commits and the hub's stamps.

#![cfg(feature = "storage")]

mod support;

use bading_core::engine::Engine;
use bading_core::model::case::{CaseId, ClassCode, OpId, Source};
use bading_core::model::person::Role;
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Placed, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::services::log;
use bading_core::services::reference::{DUTIES, ROSTER};
use bading_core::services::review::{CaseReview, Review, ReviewScope};
use serde_json::json;
use uuid::Uuid;

use support::city::{MINUTE_MS, Phone, authority};
use support::station::{Stamper, TestHost, at, in_store, open, put};

/// 08:00 in Shanghai on Monday, 2 March 2026.
const EIGHT: UtcMs = UtcMs(1_772_409_600_000);
const OFFSET_MIN: i32 = 480;

fn after(minutes: u64) -> UtcMs {
    EIGHT.plus_ms(minutes * MINUTE_MS)
}

fn case() -> CaseId {
    CaseId(Uuid::from_bytes([1; 16]))
}

/// What a phone's clocks say at a minute: how wrong the wall is, and when it last booted.
fn clock(minute: u64, wall_off_min: i64, booted: u64) -> ClockReading {
    let wall = after(minute).0.checked_add_signed(wall_off_min * 60_000);
    ClockReading {
        wall: UtcMs(wall.expect("a wall clock after 1970")),
        mono_ms: (minute - booted) * MINUTE_MS,
        boot: [u8::try_from(booted).expect("a minute of the test"); 16],
    }
}

/// A case with a limit of one urgent hour, dispatched at 08:00: due at 09:00.
struct Desk {
    _dir: tempfile::TempDir,
    engine: Engine,
    hub: Stamper,
    roads: Phone,
    u2: Phone,
    dispatch: OpId,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let engine = open(dir.path(), 50, &TestHost::new(1));
        let mut hub = Stamper::new();
        hub.enrol(&engine, "boss", Role::Supervisor);
        let mut phone = |seed, authority: bading_core::model::person::Authority| {
            let mut phone = Phone::new(seed, authority.clone());
            hub.grant(&engine, phone.key(), authority);
            phone.last_hub_time = Some(after(5));
            phone
        };
        let mut u1 = phone(1, authority("u1", &[Role::Inspector], None));
        let mut boss = phone(3, authority("boss2", &[Role::Supervisor], None));
        let u2 = phone(2, authority("u2", &[Role::Inspector], None));
        let roads = phone(4, authority("h1", &[Role::Handler], Some("roads")));
        let duties = json!({"entries": [
            {"class": "010102", "name": "井盖", "limit": "1紧急工作时"},
        ]});
        put(&engine, DUTIES, duties.to_string().as_bytes());
        let roster = json!({"format": "bading/roster/1", "shifts": [{
            "person": "u2", "date": "2026-03-02", "slot": "AM",
            "from": "2026-03-02T08:00:00+08:00", "to": "2026-03-02T18:00:00+08:00",
            "grids": ["c1"], "mode": "walk",
        }]});
        put(&engine, ROSTER, roster.to_string().as_bytes());
        let mut body = BodyBuilder::new();
        let place = body.place(&Placed::new(at(0.0, 0.0), None, false), u1.nonce());
        let open = Kind::Open {
            source: Source::Inspector,
            seen_at: None,
            duty_pin: None,
            class: ClassCode::parse("010102").ok(),
            grid: "c1".parse().ok(),
            place: Some(place),
            note: None,
        };
        body.push(Subject::case(case()), open);
        let opened = u1.seal(&body.finish(), Vec::new(), EIGHT);
        let mut desk = Self {
            _dir: dir,
            engine,
            hub,
            roads,
            u2,
            dispatch: op(&opened),
        };
        desk.deliver(&opened, EIGHT, None);
        for action in [Action::File, Action::Dispatch] {
            let basis = desk.dispatch;
            let moved = boss.seal(
                &moving(action, basis, &mut [3; 16]),
                vec![basis.commit],
                EIGHT,
            );
            let number = (action == Action::File).then_some("310101-20260302-00001");
            desk.deliver(&moved, EIGHT, number);
            desk.dispatch = op(&moved);
        }
        desk
    }

    fn deliver(&mut self, commit: &Commit, stamped: UtcMs, number: Option<&str>) {
        let device = self.engine.context().signer.key();
        in_store(&self.engine, |tx| {
            let subjects = commit.body().expect("readable").subjects();
            tx.insert_commit(commit, &subjects, false)?;
            for subject in &subjects {
                log::refold_subject(tx, &device, subject)?;
            }
            Ok(())
        });
        let hash = commit.hash();
        self.hub
            .stamp(&self.engine, &hash, stamped, Verdict::Admitted, number);
    }

    /// The department hands the case back, by its clocks; the hub has it at a minute.
    fn hand_back(&mut self, clock: ClockReading, stamped: u64) -> OpId {
        let basis = self.dispatch;
        let body = moving(Action::Handle, basis, &mut self.roads.nonce());
        let commit = self.roads.seal_by(&body, vec![basis.commit], clock);
        self.deliver(&commit, after(stamped), None);
        op(&commit)
    }

    /// The department says something about the case.
    fn comment(&mut self, clock: ClockReading, stamped: u64) {
        let mut body = BodyBuilder::new();
        let text = body.text("在路上", self.roads.nonce());
        body.push(Subject::case(case()), Kind::Comment(text));
        let basis = vec![self.dispatch.commit];
        let commit = self.roads.seal_by(&body.finish(), basis, clock);
        self.deliver(&commit, after(stamped), None);
    }

    fn review(&self) -> Review {
        let end = after(16 * 60);
        let scope = ReviewScope::try_new(EIGHT, end, end).expect("a day");
        self.engine.review(&scope, OFFSET_MIN).expect("reviews")
    }

    /// Judgement, whether it is overdue, and the span's times of day.
    fn judged(&self) -> (Option<&'static str>, bool, Option<String>) {
        let review = self.review();
        let case: &CaseReview = review.cases.first().expect("the case");
        let told = case.handling.as_ref().expect("dispatched");
        assert_eq!(told.due.as_deref(), Some("2026-03-02T09:00:00+08:00"));
        assert_eq!(review.totals.overdue, usize::from(told.overdue));
        let is_undecided = told.judgement == Some("undecided");
        assert_eq!(review.totals.undecided, usize::from(is_undecided));
        let span = told.span.as_ref();
        let span = span.map(|[from, to]| format!("{}-{}", &from[11..16], &to[11..16]));
        (told.judgement, told.overdue, span)
    }
}

fn op(commit: &Commit) -> OpId {
    OpId {
        commit: commit.hash(),
        index: 0,
    }
}

fn moving(action: Action, basis: OpId, nonce: &mut [u8; 16]) -> bading_core::oplog::body::Body {
    let mut body = BodyBuilder::new();
    let reason = Some(body.text("看过了", *nonce));
    let department = (action == Action::Dispatch)
        .then(|| "roads".parse().ok())
        .flatten();
    let kind = Kind::Transition {
        action,
        basis,
        department,
        reason,
    };
    body.push(Subject::case(case()), kind);
    body.finish()
}

#[test]
fn hand_back_done_in_time_and_synced_late_is_on_time() {
    let mut desk = Desk::new();
    desk.hand_back(clock(50, 0, 0), 600);
    assert_eq!(desk.judged(), (Some("on_time"), false, None));
    let mut desk = Desk::new();
    desk.hand_back(clock(61, 0, 0), 600);
    assert_eq!(desk.judged(), (Some("late"), true, None));
}

#[test]
fn hand_back_after_a_reboot_is_undecided_when_it_straddles_the_deadline() {
    let mut desk = Desk::new();
    desk.hand_back(clock(50, 0, 30), 600);
    let span = Some("08:05-18:00".to_owned());
    assert_eq!(desk.judged(), (Some("undecided"), false, span));
    let review = desk.review();
    let told: Vec<_> = review
        .undecided
        .iter()
        .map(|act| (act.what, act.person.as_deref(), act.due.as_deref()))
        .collect();
    let due = Some("2026-03-02T09:00:00+08:00");
    assert_eq!(told, [("handle", Some("h1"), due)]);
    // Synced before the deadline, it was in time on either clock.
    let mut desk = Desk::new();
    desk.hand_back(clock(50, 0, 30), 59);
    let span = Some("08:05-08:59".to_owned());
    assert_eq!(desk.judged(), (Some("on_time"), false, span));
}

#[test]
fn later_act_of_the_same_boot_decides_a_hand_back_after_a_reboot() {
    let mut desk = Desk::new();
    desk.hand_back(clock(50, 0, 30), 70);
    assert_eq!(desk.judged().0, Some("undecided"));
    // 15 minutes after the hand-back by the boot's own clock, and the hub has it at once.
    desk.comment(clock(65, 0, 30), 66);
    let span = Some("08:05-08:51".to_owned());
    assert_eq!(desk.judged(), (Some("on_time"), false, span));
}

#[test]
fn clock_rolled_back_to_seem_in_time_proves_nothing() {
    // Set to 1 March, and to 2099.
    for off in [-24 * 60, 73 * 365 * 24 * 60] {
        let mut desk = Desk::new();
        desk.hand_back(clock(120, off, 0), 121);
        let span = Some("08:05-10:01".to_owned());
        assert_eq!(desk.judged(), (Some("undecided"), false, span), "{off}");
    }
    // Set back for the one act only: the boot's clock tells when it was.
    let mut desk = Desk::new();
    desk.comment(clock(110, 0, 0), 111);
    desk.roads.last_hub_time = Some(after(111));
    desk.hand_back(clock(120, -70, 0), 121);
    let span = Some("09:51-10:01".to_owned());
    assert_eq!(desk.judged(), (Some("late"), true, span));
}

#[test]
fn check_that_may_have_been_in_time_counts_nowhere_and_is_listed() {
    let mut desk = Desk::new();
    let basis = desk.hand_back(clock(50, 0, 0), 51);
    desk.u2.last_hub_time = Some(after(52));
    // Booted after the hub gave the check; half an hour was allowed.
    let body = moving(Action::Check, basis, &mut desk.u2.nonce());
    let commit = desk.u2.seal_by(&body, vec![basis.commit], clock(70, 0, 60));
    desk.deliver(&commit, after(300), None);
    let review = desk.review();
    let shift = review.shifts.first().expect("u2's");
    let check = shift.quality.indicators.iter().find(|i| i.key == "check");
    let counts = check.map(|check| (check.numerator, check.denominator));
    assert_eq!(counts, Some((0, 0)));
    assert_eq!(review.totals.undecided, 1);
    let act = &review.undecided[0];
    assert_eq!((act.what, act.person.as_deref()), ("check", Some("u2")));
    assert_eq!(
        (&act.earliest[11..16], &act.latest[11..16]),
        ("08:52", "13:00")
    );
}
