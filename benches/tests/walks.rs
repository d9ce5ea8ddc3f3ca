//! The walks keep what they promise, and coverage is near their truth.

use bading_benches::walks::{Walk, WalkPlan, walk};
use bading_core::geo::coverage::{Coverage, CoverageSettings, coverage};
use bading_core::model::route::Route;
use bading_core::model::track::Fix;

fn of(walk: &Walk) -> Coverage {
    coverage(&walk.route, &CoverageSettings::default(), &walk.fixes)
}

#[test]
fn seed_makes_the_same_walk_and_each_skip_is_no_truth() {
    let plan = WalkPlan::default();
    let (one, again) = (walk(&plan, 7), walk(&plan, 7));
    assert_eq!(one.fixes, again.fixes);
    assert_eq!(one.truth, again.truth);
    assert!(
        (7_900.0..9_000.0).contains(&one.planned_m),
        "{}",
        one.planned_m
    );
    assert!(one.truth_m < one.planned_m);
    assert!(!one.skipped.is_empty());
    let nothing = walk(
        &WalkPlan {
            skipped: (0.0, 0.0),
            most_gaps: 0,
            ..plan
        },
        7,
    );
    assert!((nothing.truth_m - nothing.planned_m).abs() < 1e-6);
}

#[test]
fn covered_share_is_near_the_truth_of_noisy_walks_with_skipped_sections() {
    let plan = WalkPlan::default();
    let errors = (0..60).map(|seed| {
        let walk = walk(&plan, 7_000_000 + seed);
        of(&walk).ratio - walk.truth_m / walk.planned_m
    });
    let errors: Vec<f64> = errors.collect();
    let mean = errors.iter().map(|error| error.abs()).sum::<f64>() / errors.len() as f64;
    assert!(mean <= 0.020, "{mean:.4}");
    let bias = errors.iter().sum::<f64>() / errors.len() as f64;
    assert!(bias.abs() <= 0.010, "{bias:+.4}");
}

#[test]
fn with_a_quiet_receiver_hardly_a_metre_is_lost_or_given_away() {
    let plan = WalkPlan {
        noise_m: (1.0, 4.0),
        ..WalkPlan::default()
    };
    for seed in 0..20 {
        let walk = walk(&plan, 8_000_000 + seed);
        let error = of(&walk).ratio - walk.truth_m / walk.planned_m;
        assert!(error.abs() < 0.015, "{seed}: {error:+.4}");
    }
}

fn turned(walk: &Walk) -> Vec<Fix> {
    let (first, last) = (walk.fixes[0].at.0, walk.fixes[walk.fixes.len() - 1].at.0);
    let mut back = walk.fixes.clone();
    back.reverse();
    for fix in &mut back {
        fix.at.0 = first + last - fix.at.0;
    }
    back
}

#[test]
fn walk_turned_round_covers_the_same_but_for_what_noise_decides() {
    // Nothing on the way is doubtful: not a millimetre differs.
    let sure = WalkPlan {
        noise_m: (0.0, 0.0),
        outliers: 0.0,
        skipped: (0.0, 0.0),
        ..WalkPlan::default()
    };
    // Where streets are skipped and the receiver is shaky, a corner may be seen otherwise.
    let quiet = WalkPlan {
        noise_m: (0.5, 3.0),
        skipped: (0.05, 0.5),
        ..sure.clone()
    };
    for (plan, most, mean) in [(sure, 1e-6, 1e-6), (quiet, 0.010, 0.001)] {
        let mut sum = 0.0;
        for seed in 0..30 {
            let walk = walk(&plan, 9_000_000 + seed);
            let settings = CoverageSettings::default();
            let back = coverage(&walk.route, &settings, &turned(&walk));
            let apart = (of(&walk).ratio - back.ratio).abs();
            assert!(apart <= most, "{seed}: {apart}");
            sum += apart;
        }
        assert!(sum / 30.0 <= mean, "{}", sum / 30.0);
    }
}

#[test]
fn track_fed_twice_covers_what_it_covered() {
    let walk = walk(&WalkPlan::default(), 5);
    let twice: Vec<Fix> = walk.fixes.iter().chain(&walk.fixes).copied().collect();
    let once = of(&walk);
    let again = coverage(&walk.route, &CoverageSettings::default(), &twice);
    assert_eq!(once.intervals, again.intervals);
    assert!((once.walked_m - again.walked_m).abs() < 1e-9);
}

#[test]
fn corridor_of_another_width_and_a_route_of_parts_are_walked_alike() {
    let plan = WalkPlan {
        noise_m: (1.0, 3.0),
        skipped: (0.0, 0.0),
        most_gaps: 0,
        ..WalkPlan::default()
    };
    let walk = walk(&plan, 3);
    for corridor_m in [10.0, 15.0, 40.0] {
        let route = Route::try_new(walk.route.parts().to_vec(), corridor_m).expect("a route");
        let found = coverage(&route, &CoverageSettings::default(), &walk.fixes);
        assert!(found.ratio > 0.98, "{corridor_m}: {}", found.ratio);
    }
    let line = &walk.route.parts()[0];
    let parts = line.chunks(5).zip(0..).map(|(part, at)| {
        let mut part = part.to_vec();
        part.extend(line.get(at * 5 + 5));
        part
    });
    let parts = parts.filter(|part| part.len() > 1).collect();
    let route = Route::try_new(parts, 25.0).expect("a route");
    let found = coverage(&route, &CoverageSettings::default(), &walk.fixes);
    assert!(found.ratio > 0.99, "{}", found.ratio);
}
