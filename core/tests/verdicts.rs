//! The life of a verdict through the log: published, capped by a forged photo, appealed,
//! upheld, final; with every version kept, and the same on each phone that holds the log.

#![cfg(feature = "storage")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use bading_core::engine::Engine;
use bading_core::geo::route_file::routes_pack;
use bading_core::model::case::{CaseId, ClassCode, OpId, Source};
use bading_core::model::identifiers::{DeviceKey, Hash, PersonId, ReasonKey};
use bading_core::model::patrol::{PatrolId, PatrolStep};
use bading_core::model::person::{Authority, Role};
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Placed, Subject};
use bading_core::oplog::chunk::Chunk;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::judge::judge_verdicts;
use bading_core::oplog::sign::hash_of;
use bading_core::oplog::verdict_act::{Exemption, VerdictAct};
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::verdict_state::VerdictPhase;
use bading_core::services::log;
use bading_core::services::reference::{CALENDAR, GRIDS, POLICY, ROSTER, ROUTES};
use bading_core::services::review::{Review, ReviewScope};
use bading_core::services::verdict::{
    AppealDecision, Deducting, Exempting, Finding, Period, VerdictView,
};
use serde_json::json;
use uuid::Uuid;

use support::city::{MINUTE_MS, Phone, authority};
use support::station::{Stamper, TestHost, at, commits, fix, in_store, open, planned, put, why};

/// 08:00 in Shanghai on Monday, 2 March 2026: the beginning of the shifts.
const EIGHT: UtcMs = UtcMs(1_772_409_600_000);
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
const OFFSET_MIN: i32 = 480;

/// An instant of the city's time.
fn on(text: &str) -> UtcMs {
    UtcMs::parse_rfc3339(&format!("{text}:00+08:00")).expect("an instant of the test")
}

fn case(number: u8) -> CaseId {
    CaseId(Uuid::from_bytes([number; 16]))
}

fn photo(number: u8) -> Photo {
    Photo {
        hash: hash_of(&[number]),
        role: PhotoRole::Near,
        size_bytes: 1,
    }
}

fn reason(key: &str) -> ReasonKey {
    key.parse().expect("a key of the test")
}

fn monday_of(person: &str) -> Period {
    Period {
        person: person.parse().expect("a person of the test"),
        from: on("2026-03-02T00:00"),
        to: on("2026-03-03T00:00"),
    }
}

/// A supervisor's store and the store of the inspector u1, who share one log.
struct Town {
    _dirs: [tempfile::TempDir; 2],
    host: Arc<TestHost>,
    boss: Engine,
    u1: Engine,
    hub: Stamper,
    rights: BTreeMap<DeviceKey, Authority>,
    u1_seed: Phone,
    u2: Phone,
    boss2: Phone,
}

impl Town {
    fn new() -> Self {
        let dirs = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let host = TestHost::new(1);
        let boss = open(dirs[0].path(), 50, &host);
        let u1 = open(dirs[1].path(), 1, &host);
        let mut hub = Stamper::new();
        let u1_seed = Phone::new(1, authority("u1", &[Role::Inspector], None));
        let u2 = Phone::new(2, authority("u2", &[Role::Inspector], None));
        let boss2 = Phone::new(3, authority("boss2", &[Role::Supervisor], None));
        let own = boss.context().signer.key();
        let rights: BTreeMap<_, _> = [
            (own, authority("boss", &[Role::Supervisor], None)),
            (u1_seed.key(), u1_seed.authority.clone()),
            (u2.key(), u2.authority.clone()),
            (boss2.key(), boss2.authority.clone()),
        ]
        .into_iter()
        .collect();
        hub.enrol(&boss, "boss", Role::Supervisor);
        hub.enrol(&u1, "u1", Role::Inspector);
        for engine in [&boss, &u1] {
            for (device, authority) in &rights {
                hub.grant(engine, *device, authority.clone());
            }
            put_packs(engine);
        }
        Self {
            _dirs: dirs,
            host,
            boss,
            u1,
            hub,
            rights,
            u1_seed,
            u2,
            boss2,
        }
    }

    /// Both stores hold every commit, stamped by the hub at a time; the clocks show it.
    fn sync(&mut self, at: UtcMs) {
        self.host.set_wall(at);
        for (from, to) in [(&self.boss, &self.u1), (&self.u1, &self.boss)] {
            let own = to.context().signer.key();
            for commit in commits(from) {
                let subjects = commit.body().expect("readable").subjects();
                let is_own = commit.header().device == own;
                in_store(to, |tx| Ok(tx.insert_commit(&commit, &subjects, is_own)?));
            }
        }
        let open: Vec<_> = commits(&self.boss)
            .into_iter()
            .filter(|commit| {
                let found = in_store(&self.boss, |tx| Ok(tx.find_commit(&commit.hash())?));
                found.is_some_and(|stored| stored.entry.is_none())
            })
            .collect();
        for commit in open {
            let rights = &self.rights[&commit.header().device];
            let body = commit.body().expect("readable");
            let verdict = match judge_verdicts(&body, rights) {
                Ok(()) => Verdict::Admitted,
                Err(refusal) => Verdict::Refused(refusal.to_string()),
            };
            let files = body.operations.iter().any(|operation| {
                matches!(
                    operation.kind,
                    Kind::Transition {
                        action: Action::File,
                        ..
                    }
                )
            });
            let number = files.then_some("310101-20260302-00001");
            for engine in [&self.boss, &self.u1] {
                self.hub
                    .stamp(engine, &commit.hash(), at, verdict.clone(), number);
            }
        }
        for engine in [&self.boss, &self.u1] {
            in_store(engine, |tx| Ok(log::take_hub_time(tx, at)?));
        }
    }

    /// A commit of a phone, brought into the supervisor's store.
    fn deliver(&mut self, who: &str, body: BodyBuilder, basis: Vec<Hash>, at: UtcMs) -> OpId {
        let phone = match who {
            "u1" => &mut self.u1_seed,
            "u2" => &mut self.u2,
            _ => &mut self.boss2,
        };
        let commit = phone.seal(&body.finish(), basis, at);
        let device = self.boss.context().signer.key();
        in_store(&self.boss, |tx| {
            let subjects = commit.body().expect("readable").subjects();
            tx.insert_commit(&commit, &subjects, false)?;
            for subject in &subjects {
                log::refold_subject(tx, &device, subject)?;
            }
            Ok(())
        });
        self.sync(at);
        OpId {
            commit: commit.hash(),
            index: 0,
        }
    }

    /// A report of u1 with a photo, filed by a supervisor.
    fn report(&mut self, number: u8, x_m: f64, at_ms: UtcMs) {
        let subject = Subject::case(case(number));
        let mut body = BodyBuilder::new();
        let place = Some(body.place(&Placed::new(at(x_m, 0.0), None, false), [number; 16]));
        body.push(
            subject,
            Kind::Open {
                source: Source::Inspector,
                seen_at: None,
                duty_pin: None,
                class: ClassCode::parse("010101").ok(),
                grid: "c1".parse().ok(),
                place,
                note: None,
            },
        );
        body.push(subject, Kind::AddPhoto(photo(number)));
        let opened = self.deliver("u1", body, Vec::new(), at_ms);
        let mut body = BodyBuilder::new();
        body.push(
            subject,
            Kind::Transition {
                action: Action::File,
                basis: opened,
                department: None,
                reason: None,
            },
        );
        self.deliver("boss2", body, vec![opened.commit], at_ms);
    }

    fn walk(&mut self, who: &str, number: u8, fixes: &[Fix]) {
        let patrol = Subject::patrol(PatrolId(Uuid::from_bytes([number; 16])));
        let (began, ended) = (fixes[0].at, fixes[fixes.len() - 1].at);
        let mut body = BodyBuilder::new();
        body.push(
            patrol,
            Kind::StartPatrol {
                mode: Mode::Walk,
                route: None,
                routes_pin: None,
            },
        );
        self.deliver(who, body, Vec::new(), began);
        let mut body = BodyBuilder::new();
        let chunk = Chunk {
            fixes: fixes.iter().map(|fix| fix.rounded()).collect(),
            marks: Vec::new(),
        };
        let chunk = body.chunk(chunk.encode().expect("within the limits"), [number; 16]);
        body.push(
            patrol,
            Kind::Track {
                index: 0,
                fixes: fixes.len() as u64,
                chunk,
            },
        );
        body.push(patrol, Kind::StepPatrol(PatrolStep::Finish));
        self.deliver(who, body, Vec::new(), ended);
    }

    fn review(&self, as_of: UtcMs) -> Review {
        let (from, to) = (on("2026-03-02T00:00"), on("2026-03-03T00:00"));
        let scope = ReviewScope::try_new(from, to, as_of).expect("a day");
        let boss = self.boss.review(&scope, OFFSET_MIN).expect("reviews");
        let u1 = self.u1.review(&scope, OFFSET_MIN).expect("reviews");
        assert_eq!(boss.to_json(), u1.to_json(), "both phones come to the same");
        boss
    }

    fn score(&self, person: &str) -> (String, String) {
        let review = self.review(self.boss.now().expect("a time"));
        let mut shifts = review.shifts.iter();
        let shift = shifts
            .find(|shift| shift.person == person)
            .expect("a shift");
        let verdict = &shift.verdict;
        (
            verdict.score.expect("evaluated").to_string(),
            format!("{:?}", verdict.grade.expect("graded")),
        )
    }

    /// The view of u1's verdict, which both phones must agree on.
    fn view(&self) -> VerdictView {
        let period = monday_of("u1");
        let now = self.boss.now().expect("a time");
        let show = |engine: &Engine| {
            engine
                .show_verdict(&period, now, OFFSET_MIN)
                .expect("shows")
        };
        let (boss, u1) = (show(&self.boss), show(&self.u1));
        assert_eq!(boss, u1);
        boss
    }

    fn publish(&self) -> (u32, String, bool) {
        let published = self.boss.publish_verdict(&monday_of("u1"), OFFSET_MIN);
        let published = published.expect("publishes");
        let score = published.score.expect("evaluated").to_string();
        (published.version, score, published.new)
    }

    fn assert_sound(&self) {
        for engine in [&self.boss, &self.u1] {
            let report = engine.verify().expect("verifies");
            assert!(report.sound, "{report:?}");
            assert!(report.verdicts > 0);
        }
    }
}

fn put_packs(engine: &Engine) {
    let routes = [
        planned("r1", &[(0.0, 0.0), (1000.0, 0.0)]),
        planned("r2", &[(0.0, 0.0), (1000.0, 0.0), (1000.0, 500.0)]),
    ];
    put(engine, ROUTES, &routes_pack(&routes));
    let ring: Vec<_> = [
        (-100.0, -200.0),
        (1100.0, -200.0),
        (1100.0, 700.0),
        (-100.0, 700.0),
        (-100.0, -200.0),
    ]
    .map(|(x, y)| at(x, y))
    .iter()
    .map(|place| [place.lon_deg(), place.lat_deg()])
    .collect();
    let grids = json!({"type": "FeatureCollection", "features": [{
        "type": "Feature", "properties": {"code": "c1"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }]});
    put(engine, GRIDS, grids.to_string().as_bytes());
    let policy = json!({
        "version": "town-1",
        "quantity": [
            {"key": "reports", "quota": "1", "weight_permille": 500},
            {"key": "km", "quota": "1", "weight_permille": 500},
        ],
    });
    put(engine, POLICY, policy.to_string().as_bytes());
    let shift = |person: &str, route: &str| {
        json!({
            "person": person, "date": "2026-03-02", "slot": "AM",
            "from": "2026-03-02T08:00:00+08:00", "to": "2026-03-02T08:30:00+08:00",
            "grids": ["c1"], "route": route, "mode": "walk",
        })
    };
    let mut tuesday = shift("u1", "r1");
    tuesday["date"] = json!("2026-03-03");
    tuesday["from"] = json!("2026-03-03T08:00:00+08:00");
    tuesday["to"] = json!("2026-03-03T08:30:00+08:00");
    let shifts = [shift("u1", "r1"), tuesday, shift("u2", "r2")];
    let roster = json!({"format": "bading/roster/1", "shifts": shifts});
    put(engine, ROSTER, roster.to_string().as_bytes());
    let year = json!({"year": 2026, "papers": ["notice"], "days": [
        {"name": "元旦", "date": "2026-01-01", "isOffDay": true},
    ]});
    let year = CalendarYear::read(year.to_string().as_bytes()).expect("a year");
    let calendar = Calendar::try_new([year]).expect("one year");
    let clock = WorkingClock::try_new(calendar, ClockPolicy::default()).expect("a clock");
    put(engine, CALENDAR, &clock.to_pack());
}

/// The street up and down for the whole shift, a fix every 10 s and 14 m.
fn whole_shift() -> Vec<Fix> {
    (0..=180_u64)
        .map(|n| {
            let walked = n as f64 * 14.0 % 2000.0;
            let x_m = if walked > 1000.0 {
                2000.0 - walked
            } else {
                walked
            };
            fix(EIGHT.plus_ms(n * 10_000), x_m, 0.0)
        })
        .collect()
}

/// DOMAIN's walk: 950 m of the corner's 1,500 m.
fn corner_walk() -> Vec<Fix> {
    let step = |n: u32| f64::from(n) * 20.0;
    let places = (0..=30)
        .map(|n| (u64::from(n), step(n), 0.0))
        .chain((0..=5).map(|n| (u64::from(n) + 45, 900.0 + step(n), 0.0)))
        .chain((1..=12).map(|n| (u64::from(n) + 50, 1000.0, step(n))))
        .chain([(63, 1000.0, 250.0)]);
    places
        .map(|(n, x, y)| fix(EIGHT.plus_ms(n * 16_000), x, y))
        .collect()
}

/// Monday, worked as DOMAIN's example scores it: 99.85 less 11.01 points is 88.84.
fn monday() -> Town {
    let mut town = Town::new();
    town.report(10, 300.0, EIGHT.plus_ms(MINUTE_MS));
    town.walk("u1", 1, &whole_shift());
    town.sync(on("2026-03-02T20:00"));
    let deducting = Deducting {
        person: "u1".parse().expect("a person"),
        reason: reason("late_report"),
        points_hundredths: 1_101,
        at: None,
        case: Some(case(10)),
        note: None,
    };
    town.boss.deduct(&deducting).expect("deducts");
    town.sync(on("2026-03-02T20:01"));
    town
}

fn forged(person: &str) -> Finding {
    Finding {
        person: person.parse().expect("a person of the test"),
        reason: reason("forged_photo"),
        case: Some(case(10)),
        photo: Some(photo(10).hash),
        at: None,
        note: Some("照片来自网络".to_owned()),
    }
}

#[test]
fn forged_photo_caps_the_score_until_an_upheld_appeal_exempts_the_finding() {
    let mut town = monday();
    assert_eq!(town.score("u1"), ("88.84".to_owned(), "B".to_owned()));
    assert_eq!(town.view().state, VerdictPhase::Draft);

    // Monday closes on Thursday, 18:00.
    town.host.set_wall(UtcMs(on("2026-03-05T18:00").0 - 1));
    let early = why(town.boss.publish_verdict(&monday_of("u1"), OFFSET_MIN));
    assert!(early.contains("2026-03-05T18:00:00"), "{early}");
    town.host.set_wall(on("2026-03-05T18:00"));
    assert_eq!(town.publish(), (1, "88.84".to_owned(), true));
    assert_eq!(town.publish(), (1, "88.84".to_owned(), false));
    town.sync(on("2026-03-05T18:01"));
    let view = town.view();
    assert_eq!(view.state, VerdictPhase::Published);
    assert_eq!(view.recomputes, Some(true));

    // Later evidence: a new version, the old one kept.
    town.host.set_wall(on("2026-03-06T09:00"));
    let found = town.boss.find_against(&forged("u1")).expect("finds");
    town.sync(on("2026-03-06T09:01"));
    assert_eq!(town.score("u1"), ("59.99".to_owned(), "D".to_owned()));
    assert_eq!(town.publish(), (2, "59.99".to_owned(), true));
    town.sync(on("2026-03-06T10:00"));

    // Only the person concerned appeals, and once.
    let stranger = why(town.boss.appeal(&monday_of("u1"), "不公", OFFSET_MIN));
    assert!(stranger.contains("not_own_verdict"), "{stranger}");
    town.host.set_wall(on("2026-03-09T10:00"));
    let appeal = town.u1.appeal(&monday_of("u1"), "照片是我拍的", OFFSET_MIN);
    let appeal = appeal.expect("appeals");
    let again = why(town.u1.appeal(&monday_of("u1"), "再次", OFFSET_MIN));
    assert!(again.contains("version 2"), "{again}");
    town.sync(on("2026-03-09T10:01"));
    assert_eq!(town.view().state, VerdictPhase::Appealed);

    let finding: OpId = found.op.parse().expect("an operation");
    let decision = AppealDecision {
        appeal: appeal.op.parse().expect("an operation"),
        is_upheld: true,
        exemptions: vec![Exemption::Act(finding)],
        reason: "原图核对无误".to_owned(),
    };
    town.boss
        .decide_appeal(&decision, OFFSET_MIN)
        .expect("decides");
    town.sync(on("2026-03-09T11:00"));
    assert_eq!(town.score("u1"), ("88.84".to_owned(), "B".to_owned()));
    assert_eq!(town.view().state, VerdictPhase::Appealed);
    assert_eq!(town.publish(), (3, "88.84".to_owned(), true));
    town.sync(on("2026-03-09T12:00"));

    let view = town.view();
    assert_eq!(view.state, VerdictPhase::Published);
    assert_eq!(view.recomputes, Some(true));
    let versions: Vec<_> = view
        .versions
        .iter()
        .map(|v| {
            (
                v.version,
                v.score.expect("evaluated").to_string(),
                v.outcome,
            )
        })
        .collect();
    let version = |number, score: &str| (number, score.to_owned(), "effective");
    assert_eq!(
        versions,
        [
            version(1, "88.84"),
            version(2, "59.99"),
            version(3, "88.84")
        ]
    );
    assert_ne!(view.versions[0].inputs, view.versions[2].inputs);
    let appealed = &view.versions[1].appeals[0];
    assert_eq!(appealed.standing, "upheld");
    assert_eq!(appealed.reason.as_deref(), Some("照片是我拍的"));
    let decided = appealed.decision.as_ref().expect("decided");
    assert_eq!((decided.upheld, decided.exemptions.len()), (true, 1));
    // The fact stays, it only does not count.
    let fact = view.acts.iter().find(|act| act.op == found.op);
    assert!(fact.is_some_and(|fact| fact.outcome == "effective" && !fact.holds));
    // From Monday 12:00 three working days: Thursday 12:00.
    town.host.set_wall(on("2026-03-12T12:00"));
    assert_eq!(town.view().state, VerdictPhase::Published);
    town.host.set_wall(on("2026-03-12T12:01"));
    assert_eq!(town.view().state, VerdictPhase::Final);
    let late = why(town.u1.appeal(&monday_of("u1"), "太晚", OFFSET_MIN));
    assert!(late.contains("2026-03-12T12:00:00"), "{late}");
    // As it stood on the 6th, by today's log.
    let then = town
        .boss
        .show_verdict(&monday_of("u1"), on("2026-03-06T12:00"), OFFSET_MIN);
    let then = then.expect("shows");
    assert_eq!(
        (then.state, then.versions.len()),
        (VerdictPhase::Published, 2)
    );
    let draft = then.draft.expect("a shift").score.expect("evaluated");
    assert_eq!(draft.to_string(), "59.99");
    town.assert_sound();
}

#[test]
fn exempted_stretch_leaves_the_plan_and_950_of_1500_become_76_00() {
    let mut town = Town::new();
    town.walk("u2", 1, &corner_walk());
    let shift = |town: &Town| {
        let review = town.review(town.boss.now().expect("a time"));
        let found = review.shifts.into_iter().find(|shift| shift.person == "u2");
        found.expect("a shift")
    };
    let score = |town: &Town| {
        let score = shift(town).coverage_score.expect("a route").score;
        score.expect("evaluated").to_string()
    };
    assert_eq!(score(&town), "63.33");
    let before = shift(&town);
    let missed: Vec<_> = before.coverage.expect("a route").missed;
    assert_eq!(missed.len(), 2, "{missed:?}");
    let exempting = |from_mm, to_mm| Exempting {
        person: None,
        reason: reason("closed_road"),
        what: Exemption::Stretch {
            route: "r2".parse().expect("a route"),
            from_mm,
            to_mm,
            from: on("2026-03-02T00:00"),
            to: on("2026-03-03T00:00"),
        },
        note: Some("道路封闭".to_owned()),
    };
    let exempted = town
        .boss
        .exempt(&exempting(1_250_000, 1_500_000))
        .expect("exempts");
    town.sync(on("2026-03-02T20:00"));
    let after = shift(&town);
    assert_eq!(score(&town), "76.00");
    let lengths = after.coverage_score.expect("a route");
    assert!(lengths.exempted_mm.abs_diff(250_000) <= 50, "{lengths:?}");
    // What was walked and missed is what it was; what does not count is told beside it.
    assert_eq!(after.coverage.expect("a route").missed, missed);
    assert_eq!(after.exempted.len(), 1);
    assert_eq!(
        (after.exempted[0].reason.as_str(), &after.exempted[0].op),
        ("closed_road", &exempted.op)
    );
    assert_ne!(before.inputs, after.inputs);

    // Told again, wider, it leaves once; taken back, it counts again.
    let wider = town
        .boss
        .exempt(&exempting(1_200_000, 1_500_000))
        .expect("exempts");
    town.sync(on("2026-03-02T20:01"));
    let lengths = shift(&town).coverage_score.expect("a route");
    assert!(lengths.exempted_mm.abs_diff(300_000) <= 50, "{lengths:?}");
    assert!(lengths.covered_mm.abs_diff(900_000) <= 150, "{lengths:?}");
    for op in [wider.op, exempted.op] {
        let op = op.parse().expect("an operation");
        town.boss.withdraw_act(op, Some("填错")).expect("withdraws");
    }
    town.sync(on("2026-03-02T20:02"));
    assert_eq!(score(&town), "63.33");
    assert!(shift(&town).exempted.is_empty());
    town.assert_sound();
}

#[test]
fn excused_time_of_whatever_kind_counts_as_attended() {
    let mut town = Town::new();
    // 1,008 s of 1,800 are walked; the rest has no fix, as have 240 s between.
    town.walk("u2", 1, &corner_walk());
    let attended = |town: &Town| {
        let review = town.review(town.boss.now().expect("a time"));
        let mut shifts = review.shifts.into_iter();
        let shift = shifts.find(|shift| shift.person == "u2").expect("a shift");
        shift.attendance.expect("a cell")
    };
    town.sync(on("2026-03-02T19:59"));
    let before = attended(&town);
    assert_eq!((before.no_fix_s, before.excused_s), (1_032, 0));
    let exempting = Exempting {
        person: "u2".parse().ok(),
        reason: reason("emergency_order"),
        what: Exemption::Time {
            from: on("2026-03-02T08:17"),
            to: on("2026-03-02T09:00"),
        },
        note: None,
    };
    town.boss.exempt(&exempting).expect("exempts");
    town.sync(on("2026-03-02T20:00"));
    let after = attended(&town);
    assert_eq!(after.no_fix_s, before.no_fix_s);
    assert_eq!(after.excused_s, 13 * 60);
    assert_eq!(after.excused[0].reason, "emergency_order");
    assert_eq!(after.share.part, before.share.part + 13 * 60 * 1000);
}

#[test]
fn what_is_not_allowed_is_refused_here_and_moves_nothing_when_it_was_sealed_all_the_same() {
    let mut town = monday();
    town.host.set_wall(on("2026-03-06T10:00"));
    assert_eq!(town.publish().0, 1);
    town.sync(on("2026-03-06T10:01"));
    let published = town.view().versions[0].op.parse().expect("an operation");

    // An inspector decides nothing, and a supervisor nothing about himself.
    let refused = why(town.u1.publish_verdict(&monday_of("u1"), OFFSET_MIN));
    assert!(refused.contains("role_not_allowed"), "{refused}");
    let refused = why(town.u1.find_against(&forged("u1")));
    assert!(refused.contains("role_not_allowed"), "{refused}");
    let refused = why(town.boss.publish_verdict(&monday_of("boss"), OFFSET_MIN));
    assert!(refused.contains("own_verdict"), "{refused}");
    // A finding must rest on what the person did.
    let refused = why(town.boss.find_against(&forged("u2")));
    assert!(refused.contains("u2"), "{refused}");
    let other = Finding {
        photo: Some(photo(99).hash),
        ..forged("u1")
    };
    let refused = why(town.boss.find_against(&other));
    assert!(refused.contains("photo"), "{refused}");
    let nobody = why(town.boss.publish_verdict(&monday_of("u9"), OFFSET_MIN));
    assert!(nobody.contains("u9 worked no shift"), "{nobody}");

    // A colleague's tampered phone seals an appeal and an exemption for u1.
    let before = town.view();
    let subject = Subject::verdicts_of(&"u1".parse::<PersonId>().expect("a person"));
    let mut body = BodyBuilder::new();
    let text = body.text("假的", [9; 16]);
    let appeal = VerdictAct::Appeal {
        publication: published,
        reason: text,
    };
    body.push(subject, Kind::Verdict(appeal));
    town.deliver("u2", body, Vec::new(), on("2026-03-06T11:00"));
    let mut body = BodyBuilder::new();
    let exempt = VerdictAct::Exempt {
        person: "u1".parse().ok(),
        reason: reason("appeal_upheld"),
        what: Exemption::Time {
            from: EIGHT,
            to: EIGHT.plus_ms(DAY_MS),
        },
        note: None,
    };
    body.push(subject, Kind::Verdict(exempt));
    town.deliver("u2", body, Vec::new(), on("2026-03-06T11:01"));
    let after = town.view();
    assert_eq!(after.state, VerdictPhase::Published);
    assert_eq!(after.draft, before.draft);
    // Both stay in sight, refused.
    assert_eq!(after.versions[0].appeals[0].standing, "not_own_verdict");
    let exempted = after.acts.iter().find(|act| act.what == "exempt");
    assert!(exempted.is_some_and(|act| act.outcome == "refused" && !act.holds));
    town.assert_sound();
}

#[test]
fn appeal_that_waits_stops_the_next_version_and_a_rejected_one_is_final() {
    let mut town = monday();
    town.host.set_wall(on("2026-03-06T10:00"));
    assert_eq!(town.publish().0, 1);
    town.sync(on("2026-03-06T10:01"));
    let appeal = town.u1.appeal(&monday_of("u1"), "迟报另有原因", OFFSET_MIN);
    let appeal = appeal.expect("appeals");
    town.sync(on("2026-03-06T10:02"));
    town.boss.find_against(&forged("u1")).expect("finds");
    let waits = why(town.boss.publish_verdict(&monday_of("u1"), OFFSET_MIN));
    assert!(waits.contains(&appeal.op), "{waits}");
    let decision = |is_upheld, exemptions| AppealDecision {
        appeal: appeal.op.parse().expect("an operation"),
        is_upheld,
        exemptions,
        reason: "理由不足".to_owned(),
    };
    let empty = why(town
        .boss
        .decide_appeal(&decision(true, Vec::new()), OFFSET_MIN));
    assert!(empty.contains("naming what does not count"), "{empty}");
    town.boss
        .decide_appeal(&decision(false, Vec::new()), OFFSET_MIN)
        .expect("decides");
    town.sync(on("2026-03-06T10:03"));
    assert_eq!(town.view().state, VerdictPhase::Final);
    let twice = why(town
        .boss
        .decide_appeal(&decision(false, Vec::new()), OFFSET_MIN));
    assert!(twice.contains("rejected"), "{twice}");
    // Later evidence still makes a version, with a window of its own.
    assert_eq!(town.publish(), (2, "59.99".to_owned(), true));
    town.sync(on("2026-03-06T10:04"));
    assert_eq!(town.view().state, VerdictPhase::Published);
}

#[test]
fn longer_period_sums_counts_of_its_shifts_and_keeps_what_was_found_in_each() {
    let mut town = monday();
    town.sync(on("2026-03-04T08:00"));
    let show = |engine: &Engine, to: &str| {
        let period = Period {
            to: on(to),
            ..monday_of("u1")
        };
        let now = engine.now().expect("a time");
        let view = engine
            .show_verdict(&period, now, OFFSET_MIN)
            .expect("shows");
        view.draft.expect("shifts")
    };
    let one = show(&town.boss, "2026-03-03T00:00");
    let two = show(&town.boss, "2026-03-04T00:00");
    assert_eq!(two, show(&town.u1, "2026-03-04T00:00"));
    assert_eq!((one.shifts, two.shifts), (1, 2));
    assert_ne!(one.inputs, two.inputs);
    let review = town.review(town.boss.now().expect("a time"));
    let monday = review.shifts.iter().find(|shift| shift.person == "u1");
    let monday = &monday.expect("a shift").verdict;
    // On Tuesday nothing was done: half of the route and of the time, all kilometres (2.52
    // of two) and half of the reports, all of one report valid; less what was taken off.
    let part = |key: &str| {
        let part = monday.parts.iter().find(|part| part.key == key);
        u64::from(
            part.and_then(|part| part.score)
                .map_or(0, |score| score.hundredths()),
        )
    };
    let half = |key| part(key).div_ceil(2);
    let quantity = (10_000 + 5_000) / 2;
    let weighed = 250 * half("coverage") + 150 * half("time") + 250 * quantity + 350 * 10_000;
    let expected = weighed.div_ceil(1_000) - 1_101;
    let found = u64::from(two.score.expect("evaluated").hundredths());
    assert!(found.abs_diff(expected) <= 1, "{found} {expected}");
    town.boss.find_against(&forged("u1")).expect("finds");
    town.sync(on("2026-03-04T08:01"));
    let capped = show(&town.boss, "2026-03-04T00:00")
        .score
        .expect("evaluated");
    assert_eq!(capped.to_string(), "59.99");
}
