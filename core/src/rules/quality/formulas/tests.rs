use super::*;

fn of(numerator: u64, denominator: u64) -> Counted {
    Counted {
        numerator,
        denominator,
        cases: Vec::new(),
    }
}

fn legacy() -> Policy {
    Policy {
        volume_profile: VolumeProfile::LegacyPart4,
        ..Policy::default()
    }
}

fn measured(kind: SubjectKind, facts: &SubjectFacts, policy: &Policy) -> Quality {
    measure(&standard(kind, GridClass::One, policy), facts).expect("parts")
}

fn text(kind: SubjectKind, facts: &SubjectFacts, policy: &Policy) -> String {
    let score = measured(kind, facts, policy).score;
    score.map_or_else(|| "not evaluated".to_owned(), |score| score.to_string())
}

fn facts<const N: usize>(counted: [(IndicatorKey, Counted); N]) -> SubjectFacts {
    SubjectFacts {
        counted: counted.into_iter().collect(),
        volumes: BTreeMap::new(),
    }
}

use IndicatorKey as K;

fn inspector_example() -> SubjectFacts {
    facts([
        (K::Valid, of(96, 120)),
        (K::Missed, of(8, 160)),
        (K::Verification, of(23, 25)),
        (K::Check, of(76, 80)),
    ])
}

fn department_example() -> SubjectFacts {
    facts([
        (K::Closing, of(95, 100)),
        (K::OnTimeHandling, of(90, 100)),
        (K::Rework, of(9, 180)),
    ])
    .with_volume(K::FiledVolume, 180)
}

fn grid_example() -> SubjectFacts {
    facts([
        (K::Complaint, of(1, 4)),
        (K::Closing, of(4, 4)),
        (K::OnTimeClosing, of(3, 4)),
    ])
    .with_volume(K::FiledVolume, 4)
}

#[test]
fn domain_example_of_the_inspector_gives_88_40_and_87_50_without_verifications() {
    let policy = Policy::default();
    let mut facts = inspector_example();
    assert_eq!(text(SubjectKind::Inspector, &facts, &policy), "88.40");
    facts.counted.insert(K::Verification, of(0, 0));
    assert_eq!(text(SubjectKind::Inspector, &facts, &policy), "87.50");
    facts.counted.remove(&K::Verification);
    assert_eq!(text(SubjectKind::Inspector, &facts, &policy), "87.50");
}

#[test]
fn domain_examples_of_department_and_grid_stand_in_the_legacy_profile() {
    let policy = legacy();
    let department = department_example();
    assert_eq!(text(SubjectKind::Department, &department, &policy), "91.50");
    assert_eq!(text(SubjectKind::Grid, &grid_example(), &policy), "82.50");
}

#[test]
fn volumes_weigh_nothing_by_default_and_the_rest_is_spread() {
    let none = Policy::default();
    // (95 + 90 + 95) / 3.
    let department = department_example();
    assert_eq!(text(SubjectKind::Department, &department, &none), "93.33");
    // (75 + 300 + 300) / 800.
    assert_eq!(text(SubjectKind::Grid, &grid_example(), &none), "84.38");
    let grid = measured(SubjectKind::Grid, &grid_example(), &none);
    let volume = &grid.indicators[1];
    assert_eq!((volume.weight_permille, volume.share), (0, None));
    assert_eq!(volume.count, Some(4));
}

#[test]
fn steps_of_class_2_are_the_citys() {
    let mut policy = legacy();
    let card = |policy: &Policy| standard(SubjectKind::Grid, GridClass::Two, policy);
    let score = |policy: &Policy| {
        measure(&card(policy), &grid_example())
            .expect("parts")
            .score
    };
    assert_eq!(
        score(&policy).map(|s| s.to_string()).as_deref(),
        Some("84.38")
    );
    policy.volume_steps.grid_class_2 = Some(VolumeSteps {
        up_to: vec![(10, 100)],
        beyond: 0,
    });
    // (75 + 200 + 300 + 300) / 1000.
    assert_eq!(
        score(&policy).map(|s| s.to_string()).as_deref(),
        Some("87.50")
    );
}

#[test]
fn volume_steps_change_just_beyond_each_limit() {
    let check = |steps: VolumeSteps, limits: &[(u64, u8)], beyond: u8| {
        assert_eq!(steps.up_to, limits);
        for (index, (limit, points)) in limits.iter().enumerate() {
            let next = limits.get(index + 1).map_or(beyond, |(_, points)| *points);
            assert_eq!(
                (steps.points(*limit), steps.points(limit + 1)),
                (*points, next)
            );
        }
    };
    check(
        steps::department(),
        &[(50, 100), (100, 90), (200, 75), (500, 60), (1000, 40)],
        0,
    );
    check(
        steps::grid_class_1(),
        &[(0, 100), (2, 90), (4, 75), (6, 60), (8, 40)],
        0,
    );
    check(
        steps::accepting_clerk(),
        &[(100, 0), (300, 40), (500, 60), (1200, 75), (2000, 90)],
        100,
    );
}

#[test]
fn seats_of_the_centre_are_weighed_by_their_formulas() {
    let mut policy = Policy::default();
    let clerk = facts([
        (K::VerificationsSent, of(9, 10)),
        (K::ChecksSent, of(8, 10)),
    ])
    .with_volume(K::AcceptedVolume, 1_200);
    // 250 * 75 + 400 * 90 + 350 * 80 = 82,750.
    assert_eq!(text(SubjectKind::AcceptingClerk, &clerk, &policy), "82.75");
    let head = facts([
        (K::FiledOnTime, of(9, 10)),
        (K::FiledCorrectly, of(19, 20)),
        (K::ClosedOnTime, of(4, 5)),
    ]);
    // 250 * 90 + 400 * 95 + 350 * 80 = 88,500.
    assert_eq!(text(SubjectKind::ShiftHead, &head, &policy), "88.50");
    let seat = facts([
        (K::DispatchedOnTime, of(9, 10)),
        (K::DispatchedCorrectly, of(4, 5)),
    ])
    .with_volume(K::DispatchedVolume, 600);
    // 400 * 90 + 400 * 80 = 68,000 of 800; with 200 * 50 more, 78,000 of 1000.
    assert_eq!(text(SubjectKind::Dispatcher, &seat, &policy), "85.00");
    policy.volume_steps.dispatcher = Some(VolumeSteps {
        up_to: vec![(500, 0)],
        beyond: 50,
    });
    assert_eq!(text(SubjectKind::Dispatcher, &seat, &policy), "78.00");
}

#[test]
fn steps_above_100_points_are_refused() {
    let mut policy = Policy::default();
    policy.volume_steps.dispatcher = Some(VolumeSteps {
        up_to: vec![],
        beyond: 101,
    });
    assert!(policy.validate().is_err());
    let facts = SubjectFacts::default().with_volume(K::DispatchedVolume, 1);
    let card = standard(SubjectKind::Dispatcher, GridClass::One, &policy);
    let result = measure(&card, &facts);
    assert!(matches!(result, Err(QualityError::NotAPart { .. })));
}

#[test]
fn weights_of_every_standard_card_sum_to_1000() {
    let policy = legacy();
    for kind in SubjectKind::ALL {
        let card = standard(kind, GridClass::One, &policy);
        let sum: u32 = card.weights_permille.values().sum();
        assert_eq!(sum, 1000, "{kind:?}");
    }
}

#[test]
fn longer_period_sums_counts_and_never_averages_scores() {
    // 1/1 and 0/3: the mean of the scores is 50.00, the score of the sums 25.00.
    let mut month = facts([(K::Valid, of(1, 1))]);
    month.add(&facts([(K::Valid, of(0, 3))]));
    let policy = Policy::default();
    assert_eq!(text(SubjectKind::Inspector, &month, &policy), "25.00");
}
