//! The cards of a period, counted from sealed commits with the hub's stamps: what each
//! numerator and denominator holds, and which cases stand behind it.

#![cfg(feature = "storage")]

mod support;

use std::sync::Arc;

use bading_core::model::case::{CaseId, ClassCode, OpId, Source};
use bading_core::model::identifiers::Zone;
use bading_core::model::person::Role;
use bading_core::model::quality::SubjectKind;
use bading_core::model::time::UtcMs;
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::fold::{CaseState, Input};
use bading_core::oplog::sign::hash_of;
use bading_core::oplog::verdict::Decisions;
use bading_core::rules::policy::Policy;
use bading_core::services::reference::{DUTIES, GRIDS};
use bading_core::services::review::{
    Packs, Review, ReviewInputs, ReviewScope, SubjectCard, review,
};
use serde_json::{Value, json};
use uuid::Uuid;

use support::city::{MINUTE_MS, Phone, authority, op, stamp};

/// 08:00 in Shanghai on Monday, 2 March 2026.
const EIGHT: UtcMs = UtcMs(1_772_409_600_000);

fn after(minutes: u64) -> UtcMs {
    EIGHT.plus_ms(minutes * MINUTE_MS)
}

/// Who acts in the city of the test.
struct City {
    phones: Vec<(&'static str, Phone)>,
    position: u64,
}

impl City {
    fn new() -> Self {
        let people: [(&str, &[Role], Option<&str>); 8] = [
            ("citizen", &[Role::Citizen], None),
            ("u1", &[Role::Inspector], None),
            ("u2", &[Role::Inspector], None),
            ("clerk", &[Role::Supervisor], None),
            ("head", &[Role::Supervisor], None),
            ("desk", &[Role::Dispatcher], None),
            ("road", &[Role::Handler], Some("roads")),
            ("pipe", &[Role::Handler], Some("water")),
        ];
        let phone = |(seed, (name, roles, department)): (u8, (&'static str, &[Role], _))| {
            let mut phone = Phone::new(seed, authority(name, roles, department));
            phone.last_hub_time = Some(EIGHT);
            (name, phone)
        };
        Self {
            phones: (1..).zip(people).map(phone).collect(),
            position: 0,
        }
    }

    fn seal(&mut self, who: &str, at: UtcMs, subject: Subject, kind: Kind) -> (OpId, Input) {
        let found = self.phones.iter_mut().find(|(name, _)| *name == who);
        let (_, phone) = found.expect("somebody of the test");
        let mut body = BodyBuilder::new();
        body.push(subject, kind);
        let commit = phone.seal(&body.finish(), Vec::new(), at);
        self.position += 1;
        let stamped = stamp(self.position, at, Verdict::Admitted);
        (op(&commit, 0), phone.input(&commit, Some(stamped)))
    }

    /// A case: who reported it, in which cell, and what was done at which minute by whom.
    fn case(
        &mut self,
        number: u8,
        (reporter, source): (&str, Source),
        grid: &str,
        moves: &[(u64, &str, Action, &str)],
    ) -> CaseState {
        let case_id = CaseId(Uuid::from_bytes([number; 16]));
        let subject = Subject::case(case_id);
        let open = Kind::Open {
            source,
            seen_at: None,
            duty_pin: None,
            class: ClassCode::parse("010102").ok(),
            grid: grid.parse().ok(),
            place: None,
            note: None,
        };
        let (mut basis, opened) = self.seal(reporter, EIGHT, subject, open);
        let mut inputs = vec![opened];
        for (minute, who, action, department) in moves {
            let mut body = BodyBuilder::new();
            let needs_reason = action.rule().needs_reason;
            let reason = needs_reason.then(|| body.text("看过了", [number; 16]));
            body.push(
                subject,
                Kind::Transition {
                    action: *action,
                    basis,
                    department: department.parse().ok(),
                    reason,
                },
            );
            let found = self.phones.iter_mut().find(|(name, _)| name == who);
            let (_, phone) = found.expect("somebody of the test");
            let commit = phone.seal(&body.finish(), Vec::new(), after(*minute));
            self.position += 1;
            let mut stamped = stamp(self.position, after(*minute), Verdict::Admitted);
            if *action == Action::File {
                stamped.number = Some(format!("310101-20260302-{number:05}"));
            }
            inputs.push(phone.input(&commit, Some(stamped)));
            basis = op(&commit, 0);
        }
        CaseState::fold(case_id, &inputs)
    }
}

fn cases() -> Vec<CaseState> {
    use Action::{Accept, Check, Close, Dispatch, File, Handle, Return, Rework};
    let mut city = City::new();
    // In the order of the hand-backs: a phone's clock runs forward.
    vec![
        // Handed back in time, sent back, and never again: late.
        city.case(
            3,
            ("u1", Source::Inspector),
            "c2",
            &[
                (5, "head", File, ""),
                (6, "desk", Dispatch, "roads"),
                (20, "road", Handle, ""),
                (30, "u2", Rework, ""),
            ],
        ),
        // Filed 30 minutes after it arrived, dispatched to the wrong department, then late to
        // the right one, which is late.
        city.case(
            2,
            ("u1", Source::Inspector),
            "c1",
            &[
                (30, "head", File, ""),
                (31, "desk", Dispatch, "roads"),
                (40, "road", Return, ""),
                (60, "desk", Dispatch, "water"),
                (130, "pipe", Handle, ""),
            ],
        ),
        // A citizen's: in time everywhere.
        city.case(
            1,
            ("citizen", Source::Citizen),
            "c1",
            &[
                (5, "clerk", Accept, ""),
                (10, "head", File, ""),
                (20, "desk", Dispatch, "roads"),
                (60, "road", Handle, ""),
                (70, "u2", Check, ""),
                (80, "head", Close, ""),
            ],
        ),
    ]
}

fn packs(policy: Policy) -> Packs {
    let mut packs = Packs::none(480);
    let duties = json!({"entries": [{"class": "010102", "name": "井盖", "limit": "1紧急工作时"}]});
    let bytes = duties.to_string().into_bytes();
    packs.take(DUTIES, hash_of(&bytes), &bytes).expect("a list");
    let square = |west: f64| {
        json!([[[
            [west, 31.0],
            [west + 0.001, 31.0],
            [west + 0.001, 31.001],
            [west, 31.001],
            [west, 31.0]
        ]]])
    };
    let cell = |code: &str, class: u8, west: f64| {
        json!({"type": "Feature", "properties": {"code": code, "class": class},
               "geometry": {"type": "MultiPolygon", "coordinates": square(west)}})
    };
    let cells = [cell("c1", 1, 121.0), cell("c2", 2, 121.001)];
    let layer = json!({"type": "FeatureCollection", "features": cells});
    let bytes = layer.to_string().into_bytes();
    packs.take(GRIDS, hash_of(&bytes), &bytes).expect("a layer");
    packs.policy = Arc::new(policy);
    packs
}

fn reviewed(policy: Policy, minutes: u64) -> Review {
    reviewed_from(cases(), policy, minutes)
}

fn reviewed_from(cases: Vec<CaseState>, policy: Policy, minutes: u64) -> Review {
    let scope = ReviewScope::try_new(EIGHT, after(16 * 60), after(minutes)).expect("a day");
    let packs = packs(policy);
    let inputs = ReviewInputs {
        zone: &Zone::parse("310101").expect("a zone"),
        packs: &packs,
        cases,
        patrols: Vec::new(),
        decisions: Decisions::default(),
    };
    review(&scope, &inputs)
}

fn card<'r>(review: &'r Review, kind: SubjectKind, id: &str) -> &'r SubjectCard {
    let is_it =
        |card: &&SubjectCard| card.kind == kind && card.id == id && card.card == kind.as_str();
    review
        .scorecards
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("a card of {id}"))
}

/// The counts of a card, by key.
fn counts(card: &SubjectCard) -> Value {
    let of = |one: &bading_core::rules::quality::QualityIndicator| {
        let value = match one.count {
            Some(count) => json!(count),
            None => json!([one.numerator, one.denominator]),
        };
        (one.key.clone(), value)
    };
    card.quality
        .indicators
        .iter()
        .map(of)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn cards_count_each_case_for_the_subjects_that_it_names() {
    let review = reviewed(Policy::default(), 10 * 60);
    let count = |kind, id| counts(card(&review, kind, id));
    assert_eq!(
        count(SubjectKind::Department, "roads"),
        json!({"filed_volume": 2, "closing": [1, 2], "on_time_handling": [1, 2], "rework": [1, 2]})
    );
    assert_eq!(
        count(SubjectKind::Department, "water"),
        json!({"filed_volume": 1, "closing": [0, 1], "on_time_handling": [0, 1], "rework": [0, 1]})
    );
    assert_eq!(
        count(SubjectKind::Grid, "c1"),
        json!({"complaint": [1, 2], "filed_volume": 2, "closing": [1, 2], "on_time_closing": [1, 2]})
    );
    assert_eq!(
        count(SubjectKind::AcceptingClerk, "clerk"),
        json!({"accepted_volume": 1, "verifications_sent": [0, 0], "checks_sent": [0, 0]})
    );
    assert_eq!(
        count(SubjectKind::ShiftHead, "head"),
        json!({"filed_on_time": [2, 3], "filed_correctly": [0, 0], "closed_on_time": [1, 1]})
    );
    assert_eq!(
        count(SubjectKind::Dispatcher, "desk"),
        json!({"dispatched_volume": 4, "dispatched_on_time": [3, 4], "dispatched_correctly": [3, 4]})
    );
    // Without the volume: (300 × 1/2 + 300 × 1/2 + 300 × 1/2) / 900.
    let roads = card(&review, SubjectKind::Department, "roads");
    assert_eq!(
        roads.quality.score.map(|s| s.to_string()).as_deref(),
        Some("50.00")
    );
}

#[test]
fn indicator_names_its_cases_and_the_explanation_their_operations() {
    let review = reviewed(Policy::default(), 10 * 60);
    let roads = card(&review, SubjectKind::Department, "roads");
    let closing = &roads.quality.indicators[1];
    let first = Uuid::from_bytes([1; 16]).to_string();
    assert_eq!(closing.cases, std::slice::from_ref(&first));
    let json = serde_json::to_value(&roads.explanation).expect("plain data");
    let refs = json["children"][1]["refs"].as_array().expect("references");
    assert_eq!(refs[0], json!({"kind": "case", "id": first}));
    // Opened, accepted, filed, dispatched, handled, checked, closed.
    let operations = refs.iter().filter(|one| one["kind"] == "operation").count();
    assert_eq!(operations, 7);
    let text = json["children"][1]["text"]["zh-CN"].as_str();
    assert_eq!(text, Some("结案率：1/2，权重 300/900 ‰"));
}

#[test]
fn case_counts_when_its_handling_is_due_and_not_before() {
    // At 08:50 nothing is due yet: case 1 is due at 09:20, case 3 at 09:16.
    let review = reviewed(Policy::default(), 50);
    let roads = counts(card(&review, SubjectKind::Department, "roads"));
    assert_eq!(roads["closing"], json!([0, 0]));
    let review = reviewed(Policy::default(), 77);
    let roads = counts(card(&review, SubjectKind::Department, "roads"));
    assert_eq!(
        (&roads["closing"], &roads["on_time_handling"]),
        (&json!([0, 1]), &json!([0, 1]))
    );
}

#[test]
fn citys_own_card_looks_at_its_cells_only() {
    let policy: Policy = serde_json::from_value(json!({"scorecards": [
        {"code": "west", "name": "西片", "subject": "department", "grids": ["c2"],
         "weights_permille": {"on_time_handling": 600, "rework": 400}},
    ]}))
    .expect("a policy");
    policy.validate().expect("it holds");
    let review = reviewed(policy, 10 * 60);
    let west: Vec<_> = review
        .scorecards
        .iter()
        .filter(|card| card.card == "west")
        .collect();
    assert_eq!(west.len(), 1, "only roads has a case in c2");
    assert_eq!(
        counts(west[0]),
        json!({"on_time_handling": [0, 1], "rework": [1, 1]})
    );
    assert_eq!(
        west[0].quality.score.map(|s| s.to_string()).as_deref(),
        Some("0.00")
    );
    assert_eq!(
        west[0].grade.map(|g| format!("{g:?}")).as_deref(),
        Some("E")
    );
}

#[test]
fn cases_in_another_order_give_the_same_bytes() {
    let mut backwards = cases();
    backwards.reverse();
    let found = reviewed_from(backwards, Policy::default(), 10 * 60);
    let expected = reviewed(Policy::default(), 10 * 60);
    assert_eq!(found.to_json(), expected.to_json());
}

#[test]
fn volume_of_a_cell_has_the_steps_of_its_class() {
    let policy: Policy = serde_json::from_value(json!({
        "volume_profile": "legacy-part4",
        "volume_steps": {"grid_class_2": {"up_to": [[10, 55]], "beyond": 0}},
    }))
    .expect("a policy");
    let review = reviewed(policy, 10 * 60);
    let points = |id: &str| {
        let indicators = &card(&review, SubjectKind::Grid, id).quality.indicators;
        let volume = indicators.iter().find(|one| one.key == "filed_volume");
        volume.map(|one| (one.count, one.numerator))
    };
    // Two filed in c1, of class 1; one in c2, of class 2.
    assert_eq!(points("c1"), Some((Some(2), 90)));
    assert_eq!(points("c2"), Some((Some(1), 55)));
}
