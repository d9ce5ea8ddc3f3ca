use super::*;

fn of(numerator: u64, denominator: u64) -> Counted {
    Counted {
        numerator,
        denominator,
        cases: Vec::new(),
    }
}

fn text(result: &Result<Quality, QualityError>) -> String {
    let result = result.as_ref().expect("parts");
    result
        .score
        .map_or_else(|| "not evaluated".to_owned(), |score| score.to_string())
}

fn inspector_example() -> InspectorFacts {
    InspectorFacts {
        valid: of(96, 120),
        missed: of(8, 160),
        verification: of(23, 25),
        check: of(76, 80),
    }
}

fn department_example() -> DepartmentFacts {
    DepartmentFacts {
        filed_count: 180,
        closing: of(95, 100),
        on_time_handling: of(90, 100),
        rework: of(9, 180),
    }
}

fn grid_example() -> GridFacts {
    GridFacts {
        filed_count: 4,
        complaint: of(1, 4),
        closing: of(4, 4),
        on_time_closing: of(3, 4),
    }
}

#[test]
fn domain_example_of_the_inspector_gives_88_40_and_87_50_without_verifications() {
    let weights = QualityWeights::default();
    let mut facts = inspector_example();
    assert_eq!(text(&inspector(&facts, &weights)), "88.40");
    facts.verification = of(0, 0);
    assert_eq!(text(&inspector(&facts, &weights)), "87.50");
}

#[test]
fn domain_examples_of_department_and_grid_stand_in_the_legacy_profile() {
    let legacy = VolumeProfile::LegacyPart4;
    let department = department(&department_example(), legacy.department_steps());
    assert_eq!(text(&department), "91.50");
    let grid = grid(&grid_example(), legacy.grid_class_1_steps());
    assert_eq!(text(&grid), "82.50");
}

#[test]
fn volumes_weigh_nothing_by_default_and_the_rest_is_spread() {
    let none = VolumeProfile::default();
    let department = department(&department_example(), none.department_steps());
    // (95 + 90 + 95) / 3.
    assert_eq!(text(&department), "93.33");
    let grid = grid(&grid_example(), none.grid_class_1_steps());
    // (75 + 300 + 300) / 800.
    assert_eq!(text(&grid), "84.38");
    let volume = &grid.expect("parts").indicators[1];
    assert_eq!((volume.weight_permille, volume.share), (0, None));
}

#[test]
fn volume_steps_change_just_beyond_each_limit() {
    let check = |steps: VolumeSteps<'_>, limits: &[(u64, u8)], beyond: u8| {
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
        VolumeSteps::DEPARTMENT,
        &[(50, 100), (100, 90), (200, 75), (500, 60), (1000, 40)],
        0,
    );
    check(
        VolumeSteps::GRID_CLASS_1,
        &[(0, 100), (2, 90), (4, 75), (6, 60), (8, 40)],
        0,
    );
    check(
        VolumeSteps::CLERK,
        &[(100, 0), (300, 40), (500, 60), (1200, 75), (2000, 90)],
        100,
    );
}

#[test]
fn seats_of_the_centre_are_weighed_by_their_formulas() {
    let clerk = ClerkFacts {
        accepted_count: 1_200,
        verifications_sent: of(9, 10),
        checks_sent: of(8, 10),
    };
    // 250 * 75 + 400 * 90 + 350 * 80 = 82,750.
    assert_eq!(text(&accepting_clerk(&clerk)), "82.75");
    let head = ShiftHeadFacts {
        filed_on_time: of(9, 10),
        filed_correctly: of(19, 20),
        closed_on_time: of(4, 5),
    };
    // 250 * 90 + 400 * 95 + 350 * 80 = 88,500.
    assert_eq!(text(&shift_head(&head)), "88.50");
    let seat = DispatcherFacts {
        dispatched_count: 600,
        on_time: of(9, 10),
        correct: of(4, 5),
    };
    // 400 * 90 + 400 * 80 = 68,000 of 800; with 200 * 50 more, 78,000 of 1000.
    assert_eq!(text(&dispatcher(&seat, None)), "85.00");
    let steps = VolumeSteps {
        up_to: &[(500, 0)],
        beyond: 50,
    };
    assert_eq!(text(&dispatcher(&seat, Some(steps))), "78.00");
}

#[test]
fn steps_above_100_points_are_refused() {
    let steps = VolumeSteps {
        up_to: &[],
        beyond: 101,
    };
    let result = dispatcher(&DispatcherFacts::default(), Some(steps));
    assert!(matches!(result, Err(QualityError::NotAPart { .. })));
}

#[test]
fn weights_of_every_formula_sum_to_1000() {
    let legacy = VolumeProfile::LegacyPart4;
    let steps = legacy.department_steps();
    for result in [
        inspector(&inspector_example(), &QualityWeights::default()),
        department(&department_example(), steps),
        grid(&grid_example(), legacy.grid_class_1_steps()),
        accepting_clerk(&ClerkFacts::default()),
        shift_head(&ShiftHeadFacts::default()),
        dispatcher(&DispatcherFacts::default(), steps),
    ] {
        let indicators = result.expect("parts").indicators;
        let sum: u32 = indicators.iter().map(|one| one.weight_permille).sum();
        assert_eq!(sum, 1000);
    }
}
