//! A shift reviewed, with every number recomputed by hand: what was walked, attended and
//! reported, who stood in, what is not over yet, and whether cases are late.

#![cfg(feature = "storage")]

mod support;

use bading_core::engine::Engine;
use bading_core::geo::route_file::routes_pack;
use bading_core::model::case::{CaseId, ClassCode, OpId, Source};
use bading_core::model::identifiers::{Hash, PersonId};
use bading_core::model::patrol::{PatrolId, PatrolStep};
use bading_core::model::person::{Authority, Role};
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Placed, Subject};
use bading_core::oplog::chunk::Chunk;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::patrol::PatrolState;
use bading_core::oplog::sign::hash_of;
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::quantity::ExclusionReason;
use bading_core::services::log;
use bading_core::services::reference::{CALENDAR, DUTIES, GRIDS, POLICY, ROSTER, ROUTES};
use bading_core::services::review::{
    CaseReview, Review, ReviewInputs, ReviewScope, ShiftReview, gather, review,
};
use serde_json::json;
use uuid::Uuid;

use support::city::{MINUTE_MS, Phone, START, authority};
use support::station::{Stamper, TestHost, at, commits, fix, in_store, open, planned, put};

/// 08:00 in Shanghai on Monday, 2 March 2026: the beginning of the shift.
const EIGHT: UtcMs = UtcMs(1_772_409_600_000);
const OFFSET_MIN: i32 = 480;

fn after(minutes: u64) -> UtcMs {
    EIGHT.plus_ms(minutes * MINUTE_MS)
}

fn case(number: u8) -> CaseId {
    CaseId(Uuid::from_bytes([number; 16]))
}

/// A supervisor's store and the phones whose commits reach it.
struct Town {
    _dir: tempfile::TempDir,
    engine: Engine,
    hub: Stamper,
    u1: Phone,
    u2: Phone,
    boss: Phone,
    roads: Phone,
}

impl Town {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let engine = open(dir.path(), 50, &TestHost::new(1));
        let mut hub = Stamper::new();
        hub.enrol(&engine, "boss", Role::Supervisor);
        let mut phone = |seed, authority: Authority| {
            let mut phone = Phone::new(seed, authority.clone());
            phone.last_hub_time = Some(START);
            hub.grant(&engine, phone.key(), authority);
            phone
        };
        let u1 = phone(1, authority("u1", &[Role::Inspector], None));
        let u2 = phone(2, authority("u2", &[Role::Inspector], None));
        let boss = phone(3, authority("boss2", &[Role::Supervisor], None));
        let roads = phone(4, authority("h1", &[Role::Handler], Some("roads")));
        let town = Self {
            _dir: dir,
            engine,
            hub,
            u1,
            u2,
            boss,
            roads,
        };
        town.put_packs();
        town
    }

    fn put_packs(&self) {
        let route = planned("r1", &[(0.0, 0.0), (1000.0, 0.0)]);
        put(&self.engine, ROUTES, &routes_pack(&[route]));
        let ring: Vec<_> = [
            (-100.0, -200.0),
            (1100.0, -200.0),
            (1100.0, 200.0),
            (-100.0, 200.0),
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
        put(&self.engine, GRIDS, grids.to_string().as_bytes());
        let policy = json!({
            "version": "town-1",
            "quantity": [
                {"key": "reports", "quota": "2", "weight_permille": 500},
                {"key": "km", "quota": "1", "weight_permille": 500},
            ],
        });
        put(&self.engine, POLICY, policy.to_string().as_bytes());
        let shift = |person: &str, from: &str, to: &str, more: serde_json::Value| {
            let mut shift = json!({
                "person": person, "date": "2026-03-02", "slot": "AM",
                "from": format!("2026-03-02T{from}:00+08:00"),
                "to": format!("2026-03-02T{to}:00+08:00"),
                "grids": ["c1"], "route": "r1", "mode": "walk",
            });
            let fields = shift.as_object_mut().expect("an object");
            fields.extend(more.as_object().cloned().unwrap_or_default());
            shift
        };
        let roster = json!({"format": "bading/roster/1", "shifts": [
            shift("u1", "08:00", "08:30", json!({})),
            shift("u2", "08:00", "08:30", json!({"grids": ["c1"]})),
            shift("u3", "14:00", "14:30", json!({"leave": "病假", "backup": "u1"})),
            shift("u5", "08:00", "08:30", json!({"leave": "事假"})),
        ]});
        put(&self.engine, ROSTER, roster.to_string().as_bytes());
        let duty =
            |class: &str, limit: &str| json!({"class": class, "name": class, "limit": limit});
        let duties = json!({"entries": [duty("010101", "2工作时"), duty("010102", "1紧急工作时")]});
        put(&self.engine, DUTIES, duties.to_string().as_bytes());
    }

    fn put_calendar(&self) {
        let year = json!({"year": 2026, "papers": ["notice"], "days": [
            {"name": "元旦", "date": "2026-01-01", "isOffDay": true},
        ]});
        let year = CalendarYear::read(year.to_string().as_bytes()).expect("a year");
        let calendar = Calendar::try_new([year]).expect("one year");
        let policy = ClockPolicy {
            utc_offset_min: OFFSET_MIN,
            ..ClockPolicy::default()
        };
        let clock = WorkingClock::try_new(calendar, policy).expect("a clock");
        put(&self.engine, CALENDAR, &clock.to_pack());
    }

    /// Brings a commit into the store, stamped as admitted at a time, or not stamped.
    fn deliver(&mut self, commit: &Commit, stamped: Option<UtcMs>, number: Option<&str>) -> OpId {
        let device = self.engine.context().signer.key();
        in_store(&self.engine, |tx| {
            let subjects = commit.body().expect("readable").subjects();
            tx.insert_commit(commit, &subjects, false)?;
            for subject in &subjects {
                log::refold_subject(tx, &device, subject)?;
            }
            Ok(())
        });
        if let Some(at) = stamped {
            let hash = commit.hash();
            self.hub
                .stamp(&self.engine, &hash, at, Verdict::Admitted, number);
        }
        OpId {
            commit: commit.hash(),
            index: 0,
        }
    }

    fn by(&mut self, who: &str) -> &mut Phone {
        match who {
            "u1" => &mut self.u1,
            "u2" => &mut self.u2,
            "boss" => &mut self.boss,
            _ => &mut self.roads,
        }
    }

    /// A report of class 010101, so many metres along the street, with a photo if one is named.
    fn report(&mut self, who: &str, number: u8, minute: u64, x_m: f64, photo: Option<u8>) -> OpId {
        self.report_of("010101", who, number, minute, x_m, photo)
    }

    fn report_of(
        &mut self,
        class: &str,
        who: &str,
        number: u8,
        minute: u64,
        x_m: f64,
        photo: Option<u8>,
    ) -> OpId {
        let commit = self.seal_report(class, who, number, (None, minute), x_m, photo);
        self.deliver(&commit, Some(after(minute)), None)
    }

    /// A report as a phone seals it, with the minutes at which it was seen and done.
    fn seal_report(
        &mut self,
        class: &str,
        who: &str,
        number: u8,
        (seen, minute): (Option<u64>, u64),
        x_m: f64,
        photo: Option<u8>,
    ) -> Commit {
        let phone = self.by(who);
        let nonce = phone.nonce();
        let mut body = BodyBuilder::new();
        let place = Some(body.place(&Placed::new(at(x_m, 0.0), None, false), nonce));
        body.push(
            Subject::case(case(number)),
            Kind::Open {
                source: Source::Inspector,
                seen_at: seen.map(after),
                duty_pin: None,
                class: ClassCode::parse(class).ok(),
                grid: "c1".parse().ok(),
                place,
                note: None,
            },
        );
        if let Some(photo) = photo {
            body.push(Subject::case(case(number)), add_photo(photo));
        }
        phone.seal(&body.finish(), Vec::new(), after(minute))
    }

    fn move_case(
        &mut self,
        who: &str,
        number: u8,
        minute: u64,
        action: Action,
        basis: OpId,
    ) -> OpId {
        let phone = self.by(who);
        let nonce = phone.nonce();
        let mut body = BodyBuilder::new();
        let reason = Some(body.text("看过了", nonce));
        let department = (action == Action::Dispatch)
            .then(|| "roads".parse().ok())
            .flatten();
        body.push(
            Subject::case(case(number)),
            Kind::Transition {
                action,
                basis,
                department,
                reason,
            },
        );
        let commit = phone.seal(&body.finish(), vec![basis.commit], after(minute));
        let official = format!("310101-20260302-{number:05}");
        let number = (action == Action::File).then_some(official.as_str());
        self.deliver(&commit, Some(after(minute)), number)
    }

    fn walk(&mut self, who: &str, number: u8, fixes: &[Fix], is_over: bool) -> Vec<Hash> {
        let patrol = Subject::patrol(PatrolId(Uuid::from_bytes([number; 16])));
        let began = fixes.first().expect("a walk").at;
        let ended = fixes.last().expect("a walk").at;
        let phone = self.by(who);
        let nonce = phone.nonce();
        let mut commits = Vec::new();
        let mut body = BodyBuilder::new();
        body.push(
            patrol,
            Kind::StartPatrol {
                mode: Mode::Walk,
                route: "r1".parse().ok(),
                routes_pin: None,
            },
        );
        commits.push(phone.seal(&body.finish(), Vec::new(), began));
        let mut body = BodyBuilder::new();
        let chunk = Chunk {
            fixes: fixes.iter().map(|fix| fix.rounded()).collect(),
            marks: Vec::new(),
        };
        let chunk = body.chunk(chunk.encode().expect("within the limits"), nonce);
        body.push(
            patrol,
            Kind::Track {
                index: 0,
                fixes: fixes.len() as u64,
                chunk,
            },
        );
        commits.push(phone.seal(&body.finish(), Vec::new(), ended));
        if is_over {
            let mut body = BodyBuilder::new();
            body.push(patrol, Kind::StepPatrol(PatrolStep::Finish));
            commits.push(phone.seal(&body.finish(), Vec::new(), ended));
        }
        for commit in &commits {
            self.deliver(commit, None, None);
        }
        commits.iter().map(Commit::hash).collect()
    }

    fn review_at(&self, as_of: UtcMs) -> Review {
        let scope = ReviewScope::try_new(EIGHT, after(24 * 60), as_of).expect("a day");
        self.engine.review(&scope, OFFSET_MIN).expect("reviews")
    }

    fn review(&self) -> Review {
        self.review_at(after(24 * 60))
    }

    fn case_at(&self, number: u8, minute: u64) -> CaseReview {
        let review = self.review_at(after(minute));
        let id = case(number).to_string();
        let found = review.cases.into_iter().find(|case| case.case_id == id);
        found.expect("the case is in the review")
    }
}

fn add_photo(number: u8) -> Kind {
    Kind::AddPhoto(Photo {
        hash: hash_of(&[number]),
        role: PhotoRole::Near,
        size_bytes: 1,
    })
}

/// A fix every 10 s and 14 m from the beginning of the route on.
fn steps(from: UtcMs, count: u64) -> Vec<Fix> {
    (0..count)
        .map(|n| fix(from.plus_ms(n * 10_000), n as f64 * 14.0, 0.0))
        .collect()
}

fn first(review: &Review) -> &ShiftReview {
    shift_of(review, "u1")
}

fn shift_of<'r>(review: &'r Review, person: &str) -> &'r ShiftReview {
    let found = review.shifts.iter().find(|shift| shift.person == person);
    found.expect("the person has a shift")
}

/// The kinds of what is conspicuous in a patrol of a shift.
fn flags(shift: &ShiftReview, patrol: usize) -> Vec<&'static str> {
    let flags = &shift.patrols[patrol].flags;
    flags.iter().map(|flag| flag.evidence.key()).collect()
}

/// A walk along the route with the noise of a day.
fn stroll(from: UtcMs, seed: u64) -> Vec<Fix> {
    let mut state = seed;
    let mut noise_m = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 22) - 2.0
    };
    (0..90)
        .map(|n| {
            let along_m = n as f64 * 11.0 + noise_m();
            fix(from.plus_ms(n * 10_000), along_m, noise_m())
        })
        .collect()
}

#[test]
fn replay_of_anothers_patrol_is_flagged_with_whose_it_was_and_costs_no_point() {
    let mut town = Town::new();
    let honest = stroll(EIGHT, 1);
    town.walk("u2", 1, &honest, true);
    town.walk("u1", 2, &stroll(EIGHT, 2), true);
    let replayed: Vec<_> = honest
        .iter()
        .map(|fix| Fix {
            at: fix.at.plus_ms(6 * 3_600_000 + 5_000),
            ..*fix
        })
        .collect();
    town.walk("u1", 3, &replayed, true);
    let review = town.review();
    assert_eq!(flags(shift_of(&review, "u2"), 0), [""; 0]);
    assert_eq!(flags(first(&review), 0), [""; 0]);
    let backup = review.shifts.iter().find(|s| s.stands_in_for.is_some());
    let backup = backup.expect("u1 in the afternoon");
    assert_eq!(flags(backup, 0), ["repeated_track"]);
    let flag = serde_json::to_value(&backup.patrols[0].flags[0]).expect("JSON");
    assert_eq!(flag["person"], "u2");
    assert_eq!(flag["started"], "2026-03-02T08:00:00+08:00");
    assert_eq!(flag["from"], "2026-03-02T06:00:05.000Z");
    assert!(
        flag["similarity"].as_f64().expect("a share") > 0.8,
        "{flag}"
    );
    let covered = |shift: &ShiftReview| shift.coverage.as_ref().map(|c| c.covered_m);
    assert_eq!(covered(backup), covered(shift_of(&review, "u2")));
    assert!(backup.verdict.vetoes.is_empty() && backup.verdict.deductions.is_empty());
}

/// Reports that count, and valid of decided ones.
fn credit(shift: &ShiftReview) -> (String, (u64, u64)) {
    let valid = &shift.quality.indicators[0];
    let done = shift.quantity.items[0].done.to_string();
    (done, (valid.numerator, valid.denominator))
}

/// A part of a whole as hundredths of a point, rounded half up.
fn score(part: u64, whole: u64) -> u16 {
    u16::try_from((part * 20_000 + whole) / (whole * 2)).expect("at most 100.00")
}

fn excluded(shift: &ShiftReview) -> Vec<(String, ExclusionReason)> {
    shift
        .quantity
        .items
        .iter()
        .flat_map(|item| &item.excluded)
        .map(|excluded| (excluded.what.clone(), excluded.reason))
        .collect()
}

/// u1 walks 700 of 1,000 m in 500 s of 1,800, and reports six times.
fn busy_morning() -> Town {
    let mut town = Town::new();
    // Another's case of an hour before, at 300 m, with photo 9.
    town.report("u2", 20, 0, 300.0, Some(9));
    let basis = town.report("u1", 10, 1, 0.0, Some(1));
    town.move_case("boss", 10, 40, Action::File, basis);
    town.report("u1", 11, 2, 310.0, Some(2));
    town.report("u1", 12, 3, 20.0, Some(3));
    town.report("u1", 13, 4, 600.0, Some(9));
    let basis = town.report("u1", 14, 5, 700.0, Some(4));
    town.move_case("boss", 14, 41, Action::Decline, basis);
    town.report("u1", 15, 6, 800.0, Some(5));
    // Sealed last: a phone's clock never goes back, and a stamp does not believe a late one.
    town.walk("u1", 1, &steps(EIGHT, 51), true);
    town
}

#[test]
fn shift_is_reviewed_with_the_numbers_that_a_hand_finds() {
    let town = busy_morning();
    let review = town.review();
    let shift = first(&review);
    let covered = shift.coverage_score.as_ref().expect("a route");
    assert!(covered.planned_mm.abs_diff(1_000_000) < 100, "{covered:?}");
    assert!(covered.covered_mm.abs_diff(700_000) < 100, "{covered:?}");
    let coverage = score(covered.covered_mm, covered.planned_mm);
    assert_eq!(coverage, 7_000);
    assert_eq!(covered.score.map(|s| s.hundredths()), Some(coverage));

    let attendance = shift.attendance.as_ref().expect("a cell");
    assert_eq!(attendance.scheduled_s, 1_800);
    assert_eq!((attendance.in_grid_s, attendance.no_fix_s), (500, 1_300));
    assert_eq!((attendance.outside_s, attendance.over_dwell_s), (0, 0));
    let time = score(500, 1_800);
    assert_eq!(attendance.score.map(|s| s.hundredths()), Some(time));

    let named = |number, reason| (case(number).to_string(), reason);
    assert_eq!(
        excluded(shift),
        [
            named(11, ExclusionReason::Duplicate),
            named(12, ExclusionReason::SelfSplit),
            named(13, ExclusionReason::PhotoSeen),
            named(14, ExclusionReason::Void),
            named(15, ExclusionReason::NotValidYet),
        ]
    );
    // One report of two, and the walked kilometres of one, each of half the weight.
    let metres = shift.patrols[0].walked_m as u64;
    assert!(metres.abs_diff(700) <= 1, "{metres}");
    // The walk is drawn with a ruler, and the review says so; no score depends on it.
    assert_eq!(flags(shift, 0), ["straight_line", "equal_steps"]);
    let quantity = score(500 * 500 + 500 * metres, 1_000 * 1_000);
    assert_eq!(shift.quantity.score.map(|s| s.hundredths()), Some(quantity));
    // One filed of the two that were decided.
    let valid = &shift.quality.indicators[0];
    assert_eq!(
        (&*valid.key, valid.numerator, valid.denominator),
        ("valid", 1, 2)
    );
    // Nobody was found to have missed what was filed in the cells: (400 × 1/2 + 200) / 600.
    let missed = &shift.quality.indicators[1];
    assert_eq!((&*missed.key, missed.numerator), ("missed", 0));
    assert!(missed.denominator > 0);
    assert_eq!(shift.quality.score.map(|s| s.hundredths()), Some(6_667));

    let weighed =
        250 * u64::from(coverage) + 150 * u64::from(time) + 250 * u64::from(quantity) + 350 * 6_667;
    let verdict = u16::try_from((weighed + 500) / 1_000).expect("a score");
    assert_eq!(shift.verdict.score.map(|s| s.hundredths()), Some(verdict));
    assert_eq!(shift.verdict.policy_version, "town-1");
    assert_eq!(
        shift.loops.as_ref().map(|l| (l.share.part, l.share.whole)),
        Some((0, 1))
    );
    assert!(town.engine.verify().expect("verifies").sound);
}

#[test]
fn one_fix_or_one_report_more_changes_the_numbers_and_the_hash_of_the_inputs() {
    let town = busy_morning();
    let before = town.review();
    assert_eq!(town.review(), before, "the same inputs are the same review");
    let mut more = busy_morning();
    let later = vec![
        fix(EIGHT.plus_ms(510_000), 714.0, 0.0),
        fix(EIGHT.plus_ms(520_000), 728.0, 0.0),
    ];
    more.walk("u1", 2, &later, true);
    let after_walk = more.review();
    let (a, b) = (first(&before), first(&after_walk));
    assert_ne!(a.inputs, b.inputs);
    assert_ne!(a.coverage_score, b.coverage_score);
    assert_ne!(a.attendance, b.attendance);
    let mut more = busy_morning();
    let basis = more.report("u1", 16, 12, 900.0, None);
    more.move_case("boss", 16, 42, Action::File, basis);
    let after_report = more.review();
    let (a, b) = (first(&before), first(&after_report));
    assert_ne!(a.inputs, b.inputs);
    assert_ne!(a.quantity.score, b.quantity.score);
    assert_ne!(a.verdict.score, b.verdict.score);
}

#[test]
fn track_that_was_erased_changes_the_hash_with_the_numbers() {
    let mut town = Town::new();
    town.walk("u1", 1, &steps(EIGHT, 51), true);
    let before = town.review();
    let (from, to) = (EIGHT, after(24 * 60));
    let context = town.engine.context();
    let (zone, packs, cases, _, decisions) =
        gather(&context, from, to, OFFSET_MIN).expect("gathers");
    // The value is gone, the commits are the same.
    let mut inputs: Vec<_> = commits(&town.engine)
        .iter()
        .map(|commit| town.u1.input(commit, None))
        .collect();
    inputs[1].commit.erase_value(0);
    let erased = PatrolState::fold(PatrolId(Uuid::from_bytes([1; 16])), &inputs);
    let inputs = ReviewInputs {
        zone: &zone,
        packs: &packs,
        cases,
        patrols: vec![erased],
        decisions,
    };
    let scope = ReviewScope::try_new(from, to, to).expect("a day");
    let after = review(&scope, &inputs);
    let (a, b) = (first(&before), first(&after));
    assert_ne!(a.coverage_score, b.coverage_score);
    assert_eq!(b.patrols[0].missing_parts, 1);
    assert_ne!(a.inputs, b.inputs);
}

#[test]
fn photo_that_another_added_later_to_an_earlier_case_was_not_seen_before() {
    let mut town = Town::new();
    let theirs = town.report("u2", 20, 0, 300.0, None);
    town.report("u1", 10, 5, 800.0, Some(7));
    // Ten minutes later the other adds the same picture to a case that is older.
    let mut body = BodyBuilder::new();
    body.push(Subject::case(case(20)), add_photo(7));
    let commit = town.u2.seal(&body.finish(), vec![theirs.commit], after(15));
    town.deliver(&commit, Some(after(15)), None);
    let review = town.review();
    let why = excluded(first(&review));
    assert_eq!(why, [(case(10).to_string(), ExclusionReason::NotValidYet)]);
}

#[test]
fn first_of_two_offline_reports_has_the_credit_although_it_is_synced_later() {
    let mut town = Town::new();
    // u1 at 08:03 without a network, u2 at 08:05 with one.
    let early = town.seal_report("010101", "u1", 10, (None, 3), 300.0, Some(1));
    town.report("u2", 20, 5, 310.0, Some(2));
    let basis = town.deliver(&early, Some(after(50)), None);
    let review = town.review();
    assert_eq!(
        excluded(first(&review)),
        [(case(10).to_string(), ExclusionReason::NotValidYet)]
    );
    assert_eq!(
        excluded(shift_of(&review, "u2")),
        [(case(20).to_string(), ExclusionReason::Duplicate)]
    );
    town.move_case("boss", 10, 55, Action::File, basis);
    let review = town.review();
    assert_eq!(credit(first(&review)), ("1".to_owned(), (1, 1)));
    assert_eq!(credit(shift_of(&review, "u2")), ("0".to_owned(), (0, 0)));
}

#[test]
fn credit_goes_to_the_first_reporter_when_the_later_report_was_filed_without_it() {
    let mut town = Town::new();
    let early = town.seal_report("010101", "u1", 10, (None, 3), 300.0, Some(1));
    let basis = town.report("u2", 20, 5, 310.0, Some(2));
    town.move_case("boss", 20, 10, Action::File, basis);
    let before = town.review();
    assert_eq!(credit(shift_of(&before, "u2")), ("1".to_owned(), (1, 1)));
    // Only now does the first report arrive; it is declined because the problem is filed.
    let basis = town.deliver(&early, Some(after(50)), None);
    town.move_case("boss", 10, 55, Action::Decline, basis);
    let review = town.review();
    let (u1, u2) = (first(&review), shift_of(&review, "u2"));
    assert_eq!(credit(u1), ("1".to_owned(), (1, 1)));
    assert_eq!(credit(u2), ("0".to_owned(), (0, 0)));
    assert_eq!(excluded(u1), []);
    assert_eq!(
        excluded(u2),
        [(case(20).to_string(), ExclusionReason::Duplicate)]
    );
    assert_eq!(
        (&*u1.credited[0].case, &*u1.credited[0].filed_as),
        (&*case(10).to_string(), &*case(20).to_string())
    );
}

#[test]
fn declined_report_that_was_there_at_the_filing_of_another_has_no_credit() {
    let mut town = Town::new();
    let declined = town.report("u1", 10, 3, 300.0, Some(1));
    let basis = town.report("u2", 20, 5, 310.0, Some(2));
    town.move_case("boss", 20, 10, Action::File, basis);
    town.move_case("boss", 10, 11, Action::Decline, declined);
    let review = town.review();
    assert_eq!(credit(first(&review)), ("0".to_owned(), (0, 1)));
    assert_eq!(
        excluded(first(&review)),
        [(case(10).to_string(), ExclusionReason::Void)]
    );
    assert_eq!(credit(shift_of(&review, "u2")), ("1".to_owned(), (1, 1)));
}

#[test]
fn report_that_was_withdrawn_or_declined_is_nobodys_first() {
    let mut town = Town::new();
    let basis = town.report("u2", 20, 1, 300.0, None);
    town.move_case("u2", 20, 2, Action::Withdraw, basis);
    let basis = town.report("u2", 21, 3, 600.0, None);
    town.move_case("boss", 21, 4, Action::Decline, basis);
    town.report("u1", 10, 5, 310.0, None);
    town.report("u1", 11, 6, 610.0, None);
    let review = town.review();
    let open = |number| (case(number).to_string(), ExclusionReason::NotValidYet);
    assert_eq!(excluded(first(&review)), [open(10), open(11)]);
    let void = |number| (case(number).to_string(), ExclusionReason::Void);
    assert_eq!(excluded(shift_of(&review, "u2")), [void(20), void(21)]);
}

#[test]
fn report_in_hand_excuses_staying_and_at_most_as_long_as_a_check_may_take() {
    // 30 minutes in one place: the last ten are longer than a stay may be.
    let stay = |seen: Option<u64>| {
        let mut town = Town::new();
        let fixes: Vec<_> = (0..180)
            .map(|n| fix(EIGHT.plus_ms(n * 10_000), 0.0, 0.0))
            .collect();
        let commit = town.seal_report("010101", "u1", 10, (seen, 26), 0.0, None);
        town.deliver(&commit, Some(after(26)), None);
        town.walk("u1", 1, &fixes, true);
        let review = town.review();
        let attendance = first(&review).attendance.clone().expect("a cell");
        assert_eq!(
            (attendance.in_grid_s, attendance.over_dwell_s),
            (1_200, 600)
        );
        attendance.excused_s
    };
    assert_eq!(stay(None), 0);
    assert_eq!(stay(Some(23)), 180);
    assert_eq!(stay(Some(0)), 360, "from 08:20, when the stay was too long");
    assert_eq!(stay(Some(27)), 0, "seen after it was reported");
}

#[test]
fn shift_on_leave_is_its_backups_or_a_vacancy() {
    let mut town = Town::new();
    town.walk("u1", 1, &steps(after(6 * 60), 20), true);
    let review = town.review();
    let backup = review
        .shifts
        .iter()
        .find(|shift| shift.stands_in_for.is_some())
        .expect("the backup's");
    assert_eq!(
        (&*backup.person, backup.stands_in_for.as_deref()),
        ("u1", Some("u3"))
    );
    assert_eq!(backup.patrols.len(), 1);
    let attendance = backup.attendance.as_ref().expect("a cell");
    assert_eq!(attendance.in_grid_s, 190);
    assert_eq!(
        first(&review).patrols.len(),
        0,
        "the morning is another shift"
    );
    let vacant: Vec<_> = review
        .vacancies
        .iter()
        .map(|v| (&*v.person, &*v.leave))
        .collect();
    assert_eq!(vacant, [("u5", "事假")]);
    let scope = ReviewScope {
        person: PersonId::parse("u3").ok(),
        ..ReviewScope::try_new(EIGHT, after(1_440), after(1_440)).expect("a day")
    };
    let asked = town.engine.review(&scope, OFFSET_MIN).expect("reviews");
    assert_eq!(asked.shifts.len(), 1, "u3's shift, whoever worked it");
}

#[test]
fn future_is_not_missing_in_the_middle_of_a_shift() {
    let mut town = Town::new();
    town.report("u1", 10, 20, 0.0, None);
    town.walk("u1", 1, &steps(EIGHT, 180), false);
    let shift_at = |minute| first(&town.review_at(after(minute))).clone();
    let middle = shift_at(10);
    let attendance = middle.attendance.as_ref().expect("a cell");
    assert_eq!((attendance.scheduled_s, attendance.in_grid_s), (600, 600));
    assert_eq!(attendance.score.map(|s| s.hundredths()), Some(10_000));
    let covered = middle.coverage_score.as_ref().expect("a route").covered_mm;
    // What was walked by then: 59 or 60 steps of 14 m.
    assert!((825_000..=841_000).contains(&covered), "{covered}");
    assert_eq!(excluded(&middle), [], "the report is not made yet");
    let before = shift_at(0);
    assert_eq!(
        before.attendance.map(|a| (a.scheduled_s, a.score)),
        Some((0, None))
    );
    let whole = shift_at(24 * 60);
    assert_eq!(
        whole.attendance.as_ref().map(|a| a.scheduled_s),
        Some(1_800)
    );
    assert_eq!(excluded(&whole).len(), 1);
}

fn dispatched(town: &mut Town, class: &str, number: u8, minute: u64) -> OpId {
    let basis = town.report_of(class, "u1", number, 0, 0.0, None);
    let basis = town.move_case("boss", number, 0, Action::File, basis);
    town.move_case("boss", number, minute, Action::Dispatch, basis)
}

fn handling(case: &CaseReview) -> (Option<&str>, bool, Option<&str>) {
    let handling = case.handling.as_ref().expect("dispatched");
    let due = handling.due.as_deref().and_then(|due| due.get(11..16));
    (due, handling.overdue, handling.provisional.as_deref())
}

#[test]
fn case_is_late_after_its_working_hours_and_without_a_calendar_nobody_knows() {
    let mut town = Town::new();
    dispatched(&mut town, "010101", 10, 60);
    let unknown = town.case_at(10, 600);
    assert_eq!(
        handling(&unknown),
        (None, false, Some("calendar_missing 2026"))
    );
    town.put_calendar();
    // Dispatched at 09:00, two working hours: 11:00, which is still in time.
    assert_eq!(
        handling(&town.case_at(10, 180)),
        (Some("11:00"), false, None)
    );
    assert_eq!(
        handling(&town.case_at(10, 181)),
        (Some("11:00"), true, None)
    );
    assert_eq!(town.review_at(after(181)).totals.overdue, 1);
}

#[test]
fn urgent_limit_runs_through_the_noon_and_needs_no_calendar() {
    let mut town = Town::new();
    let basis = dispatched(&mut town, "010102", 10, 235);
    assert_eq!(
        handling(&town.case_at(10, 295)),
        (Some("12:55"), false, None)
    );
    assert_eq!(
        handling(&town.case_at(10, 296)),
        (Some("12:55"), true, None)
    );
    // Handed back at 12:50: in time, whenever one looks.
    town.move_case("roads", 10, 290, Action::Handle, basis);
    assert_eq!(
        handling(&town.case_at(10, 900)),
        (Some("12:55"), false, None)
    );
}

#[test]
fn remainder_goes_on_after_a_rework_and_a_return_begins_anew() {
    let mut town = Town::new();
    town.put_calendar();
    let basis = dispatched(&mut town, "010101", 10, 0);
    let basis = town.move_case("roads", 10, 60, Action::Handle, basis);
    town.move_case("u2", 10, 90, Action::Rework, basis);
    // One hour was used, half an hour was the checker's: due at 10:30.
    assert_eq!(
        handling(&town.case_at(10, 150)),
        (Some("10:30"), false, None)
    );
    assert_eq!(
        handling(&town.case_at(10, 151)),
        (Some("10:30"), true, None)
    );

    let basis = dispatched(&mut town, "010101", 11, 0);
    let basis = town.move_case("roads", 11, 60, Action::Return, basis);
    assert_eq!(town.case_at(11, 600).handling, None, "nobody's clock runs");
    town.move_case("boss", 11, 180, Action::Dispatch, basis);
    // 11:00 to noon, and an hour from 14:00.
    assert_eq!(
        handling(&town.case_at(11, 420)),
        (Some("15:00"), false, None)
    );
    assert_eq!(
        handling(&town.case_at(11, 421)),
        (Some("15:00"), true, None)
    );
}
