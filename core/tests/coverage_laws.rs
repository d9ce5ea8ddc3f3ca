//! The laws of coverage, over random walks and by example: what is added, turned, split,
//! shifted or hostile.

use std::f64::consts::PI;

use bading_core::geo::coverage::{Coverage, CoverageRun, CoverageSettings, coverage};
use bading_core::geo::route_line::RouteLine;
use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use proptest::prelude::*;

const START_MS: u64 = 1_772_409_600_000;
/// Metres of a degree near the place of the tests, as good as the laws need.
const LAT_M: f64 = 110_856.0;
const LON_M: f64 = 95_280.0;

fn place(origin: (f64, f64), x_m: f64, y_m: f64) -> LatLon {
    LatLon::try_new(origin.0 + y_m / LAT_M, origin.1 + x_m / LON_M).expect("in range")
}

fn at(x_m: f64, y_m: f64) -> LatLon {
    place((31.23, 121.47), x_m, y_m)
}

fn fix(at_s: f64, x_m: f64, y_m: f64) -> Fix {
    Fix {
        at: UtcMs(START_MS + (at_s * 1000.0) as u64),
        place: at(x_m, y_m),
        accuracy_m: Some(5.0),
        is_mock: false,
    }
}

fn route(line: &[(f64, f64)]) -> Route {
    let line = line.iter().map(|(x, y)| at(*x, *y)).collect();
    Route::try_new(vec![line], Route::DEFAULT_CORRIDOR_M).expect("a line")
}

fn of(route: &Route, fixes: &[Fix]) -> Coverage {
    let result = coverage(route, &CoverageSettings::default(), fixes);
    let parts_m = result.covered_m + result.unproven_m + result.not_visited_m;
    assert!(result.covered_m <= result.planned_m + 1e-9);
    assert!((parts_m - result.planned_m).abs() < 1e-6, "{result:?}");
    assert!((0.0..=1.0).contains(&result.ratio));
    result
}

/// A line of a few bends, its corners at least a corridor apart.
fn line() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((60.0_f64..300.0, -PI / 2.0..PI / 2.0), 1..5).prop_map(|legs| {
        let mut line = vec![(0.0, 0.0)];
        let (mut x, mut y, mut bearing) = (0.0, 0.0, 0.0);
        for (length_m, turn) in legs {
            bearing += turn;
            x += length_m * f64::cos(bearing);
            y += length_m * f64::sin(bearing);
            line.push((x, y));
        }
        line
    })
}

/// A walk along a line with noise, skips, jumps, bad accuracies and uneven steps.
#[derive(Debug, Clone)]
struct Walked {
    line: Vec<(f64, f64)>,
    fixes: Vec<Fix>,
}

fn along(line: &[(f64, f64)], m: f64) -> (f64, f64) {
    let mut left = m;
    for pair in line.windows(2) {
        let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
        let length = (bx - ax).hypot(by - ay);
        if left <= length {
            let share = left / length;
            return (ax + share * (bx - ax), ay + share * (by - ay));
        }
        left -= length;
    }
    *line.last().expect("a line")
}

fn walked() -> impl Strategy<Value = Walked> {
    let step = (
        1_u8..30,
        0.2_f64..2.0,
        -6.0_f64..6.0,
        -6.0_f64..6.0,
        0_u8..40,
    );
    (line(), prop::collection::vec(step, 1..90)).prop_map(|(line, steps)| {
        let (mut at_s, mut m) = (0.0, 0.0);
        let mut fixes = Vec::new();
        for (seconds, speed, dx, dy, event) in steps {
            let seconds = f64::from(seconds) + if event == 0 { 90.0 } else { 0.0 };
            at_s += seconds;
            m += seconds * speed;
            let (x, y) = along(&line, m);
            let (x, y) = if event == 1 { (x + 3_000.0, y) } else { (x, y) };
            let mut next = fix(at_s, x + dx, y + dy);
            next.is_mock = event == 2;
            if event == 3 {
                next.accuracy_m = Some(90.0);
            }
            fixes.push(next);
        }
        Walked { line, fixes }
    })
}

fn same(a: &Coverage, b: &Coverage, by_m: f64) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() <= by_m;
    near(a.planned_m, b.planned_m)
        && near(a.covered_m, b.covered_m)
        && near(a.unproven_m, b.unproven_m)
        && near(a.not_visited_m, b.not_visited_m)
        && near(a.walked_m, b.walked_m)
        && a.fixes == b.fixes
        && a.loops.len() == b.loops.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fix_by_fix_is_the_same_as_all_at_once_at_every_moment(walked in walked()) {
        let route = route(&walked.line);
        let line = RouteLine::new(&route);
        let mut run = CoverageRun::new(&route, CoverageSettings::default());
        for (count, fix) in walked.fixes.iter().enumerate() {
            run.feed(&line, *fix);
            if count % 7 == 0 || count + 1 == walked.fixes.len() {
                prop_assert_eq!(run.picture(&line), of(&route, &walked.fixes[..=count]));
            }
        }
    }

    #[test]
    fn settled_stretch_is_never_lost(walked in walked(), cut in any::<prop::sample::Index>()) {
        let route = route(&walked.line);
        let part = &walked.fixes[..cut.index(walked.fixes.len()) + 1];
        // A minute of silence settles what was walked before it.
        let last = part.iter().map(|fix| fix.at.0).max().expect("not empty");
        let mut settled = part.to_vec();
        settled.push(Fix { at: UtcMs(last + 61_000), ..fix(0.0, 0.0, 5_000.0) });
        let before = of(&route, &settled);
        let mut more = settled.clone();
        more.extend(walked.fixes.iter().rev().enumerate().map(|(n, fix)| Fix {
            at: UtcMs(last + 200_000 + 10_000 * n as u64),
            ..*fix
        }));
        let after = of(&route, &more);
        for stretch in &before.intervals {
            let is_kept = after.intervals.iter().any(|kept| {
                kept.from_m <= stretch.from_m + 1e-6 && kept.to_m >= stretch.to_m - 1e-6
            });
            prop_assert!(is_kept, "{:?} of {:?}", stretch, after.intervals);
        }
    }

    #[test]
    fn turning_the_route_mirrors_what_was_covered(walked in walked()) {
        let there = of(&route(&walked.line), &walked.fixes);
        let turned: Vec<_> = walked.line.iter().rev().copied().collect();
        let back = of(&route(&turned), &walked.fixes);
        prop_assert!(same(&there, &back, 0.02), "{:?} {:?}", there, back);
        prop_assert_eq!(there.intervals.len(), back.intervals.len());
        for (one, other) in there.intervals.iter().zip(back.intervals.iter().rev()) {
            prop_assert!((there.planned_m - one.to_m - other.from_m).abs() < 0.02);
            prop_assert!((there.planned_m - one.from_m - other.to_m).abs() < 0.02);
        }
    }

    #[test]
    fn more_vertices_on_its_segments_change_nothing(walked in walked(), parts in 2_u8..9) {
        let split: Vec<_> = walked.line.windows(2).flat_map(|pair| {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            (0..parts).map(move |n| {
                let share = f64::from(n) / f64::from(parts);
                (ax + share * (bx - ax), ay + share * (by - ay))
            })
        }).chain(walked.line.last().copied()).collect();
        let one = of(&route(&walked.line), &walked.fixes);
        let other = of(&route(&split), &walked.fixes);
        prop_assert!(same(&one, &other, 0.01), "{:?} {:?}", one, other);
    }

    #[test]
    fn other_meridian_changes_nothing(walked in walked(), degrees in -240_i32..240) {
        let there = |at: LatLon| {
            let lon = (at.lon_deg() + f64::from(degrees) + 540.0).rem_euclid(360.0) - 180.0;
            LatLon::try_new(at.lat_deg(), lon).expect("in range")
        };
        let one = route(&walked.line);
        let moved: Vec<Vec<LatLon>> = one.parts().iter().map(|part| part.iter().map(|p| there(*p)).collect()).collect();
        let other = Route::try_new(moved, one.corridor_m()).expect("a line");
        let fixes: Vec<_> = walked.fixes.iter().map(|fix| Fix { place: there(fix.place), ..*fix }).collect();
        let (one, other) = (of(&one, &walked.fixes), of(&other, &fixes));
        prop_assert!(same(&one, &other, 0.01), "{:?} {:?}", one, other);
    }

    #[test]
    fn noise_far_from_the_route_covers_nothing(line in line(), noise in prop::collection::vec((-400.0_f64..400.0, 2_600.0_f64..3_400.0, 1_u8..40), 1..120)) {
        let mut at_s = 0.0;
        let fixes: Vec<_> = noise.iter().map(|(x, y, seconds)| {
            at_s += f64::from(*seconds);
            fix(at_s, *x, *y)
        }).collect();
        let result = of(&route(&line), &fixes);
        prop_assert_eq!(result.covered_m, 0.0);
        prop_assert_eq!(result.unproven_m, 0.0);
    }

    #[test]
    fn hostile_fixes_neither_panic_nor_break_the_sum(line in line(), fixes in prop::collection::vec((any::<u64>(), -90.0_f64..=90.0, -180.0_f64..=180.0, prop_oneof![Just(None), Just(Some(f64::NAN)), Just(Some(f64::INFINITY)), (0.0_f64..60.0).prop_map(Some)], any::<bool>()), 0..60)) {
        let fixes: Vec<_> = fixes.iter().map(|(ms, lat, lon, accuracy_m, near)| Fix {
            at: UtcMs(if *near { START_MS + ms % 100_000 } else { *ms }),
            place: if *near { at(lat * 5.0, *lon) } else { LatLon::try_new(*lat, *lon).expect("in range") },
            accuracy_m: *accuracy_m,
            is_mock: false,
        }).collect();
        of(&route(&line), &fixes);
    }
}

#[test]
fn walking_the_other_way_round_covers_the_same_stretches() {
    let line = [(0.0, 0.0), (300.0, 0.0), (300.0, 200.0), (80.0, 260.0)];
    let points: Vec<_> = (0..=40)
        .map(|n| along(&line, f64::from(n) * 15.0))
        .collect();
    let walk = |points: &mut dyn Iterator<Item = &(f64, f64)>| -> Vec<Fix> {
        (0..)
            .zip(points)
            .map(|(n, (x, y))| fix(f64::from(n) * 12.0, *x, *y))
            .collect()
    };
    let there = of(&route(&line), &walk(&mut points.iter()));
    let back = of(&route(&line), &walk(&mut points.iter().rev()));
    assert!(same(&there, &back, 0.01), "{there:?} {back:?}");
    assert!((there.covered_m - 600.0).abs() < 0.5, "{}", there.covered_m);
}

/// The most that crossing a straight route once covers, by angle and by spacing.
fn crossing(angle_deg: f64, spacing_m: f64, offset_m: f64, noise_m: f64) -> f64 {
    let noise = |n: u64| {
        let mixed = (n ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 40) as f64 / f64::from(1_u32 << 24) * 2.0 - 1.0
    };
    let angle = angle_deg.to_radians();
    let steps = (300.0 / spacing_m) as u64;
    let fixes: Vec<_> = (0..=steps)
        .map(|n| {
            let m = n as f64 * spacing_m - 150.0 + offset_m;
            fix(
                n as f64 * spacing_m * 0.8,
                500.0 + m * angle.cos() + noise_m * noise(n * 2),
                m * angle.sin() + noise_m * noise(n * 2 + 1),
            )
        })
        .collect();
    of(&route(&[(0.0, 0.0), (1000.0, 0.0)]), &fixes).covered_m
}

#[test]
fn crossing_at_60_to_90_degrees_covers_at_most_the_corridors_width() {
    let mut worst = [(0.0_f64, 0, 0); 2];
    for (kind, noise_m) in [(0, 0.0), (1, 4.0)] {
        for angle in 60..=90 {
            for spacing in 1..=20 {
                for offset in 0..4 {
                    let offset_m = f64::from(offset * spacing) / 4.0;
                    let m = crossing(f64::from(angle), f64::from(spacing), offset_m, noise_m);
                    if m > worst[kind].0 {
                        worst[kind] = (m, angle, spacing);
                    }
                }
            }
        }
    }
    // A crossing that only noise lengthens: the measured worst is 36 m, at 60 degrees.
    assert!(worst[0].0 < 0.01, "without noise nothing: {worst:?}");
    for (m, _, _) in worst {
        assert!(m <= 2.0 * Route::DEFAULT_CORRIDOR_M, "{worst:?}");
    }
}

fn walk_of(route: &Route, fixes: u64, step_ms: u64) -> Vec<Fix> {
    let line = RouteLine::new(route);
    (0..fixes)
        .map(|n| Fix {
            at: UtcMs(START_MS + n * step_ms),
            place: line
                .place_at(line.length_m() * n as f64 / fixes as f64)
                .expect("on the route"),
            accuracy_m: Some(20.0),
            is_mock: false,
        })
        .collect()
}

#[test]
fn ten_thousand_vertices_in_one_metre_are_a_route_like_any_other() {
    let line: Vec<_> = (0..10_000)
        .map(|n| (f64::from(n) * 1e-4, if n % 2 == 0 { 0.0 } else { 1e-4 }))
        .collect();
    let route = route(&line);
    let fixes: Vec<_> = (0..300)
        .map(|n| fix(f64::from(n), f64::from(n % 3), 0.0))
        .collect();
    let result = of(&route, &fixes);
    assert!(result.planned_m < 3.0, "{}", result.planned_m);
}

#[test]
fn identical_fixes_and_a_crowd_of_fixes_in_one_second_are_taken() {
    let route = route(&[(0.0, 0.0), (1000.0, 0.0)]);
    let one = fix(0.0, 10.0, 0.0);
    let result = of(&route, &vec![one; 5_000]);
    assert_eq!(result.fixes.rejected.get("duplicate"), Some(&4_999));
    // Many fixes a second on a route of many switchbacks, far apart along it.
    let switchbacks: Vec<_> = (0..40)
        .flat_map(|n| {
            let y = f64::from(n) * 5.0;
            let (a, b) = if n % 2 == 0 {
                (0.0, 400.0)
            } else {
                (400.0, 0.0)
            };
            [(a, y), (b, y)]
        })
        .collect();
    let route = self::route(&switchbacks);
    let fixes: Vec<_> = (0..2_000)
        .map(|n| {
            let y = f64::from(n * 37 % 8) * 5.0;
            fix(f64::from(n) * 0.02, 200.0, y)
        })
        .collect();
    let result = of(&route, &fixes);
    assert_eq!(
        result.fixes.accepted + result.fixes.rejected.values().sum::<u64>(),
        2_000
    );
}

#[test]
fn routes_around_a_pole_and_over_the_antimeridian_are_walked() {
    let round: Vec<_> = (0..=72)
        .map(|n| LatLon::try_new(89.999, -180.0 + f64::from(n) * 5.0).expect("in range"))
        .collect();
    let over: Vec<_> = [(10.0, 179.999), (10.0, -179.999)]
        .map(|(lat, lon)| LatLon::try_new(lat, lon).expect("in range"))
        .to_vec();
    let through: Vec<_> = [(89.999, 0.0), (90.0, 0.0), (89.999, 180.0)]
        .map(|(lat, lon)| LatLon::try_new(lat, lon).expect("in range"))
        .to_vec();
    for (name, line, least) in [
        ("round", round, 0.99),
        ("over", over, 0.99),
        ("through", through, 0.99),
    ] {
        let route = Route::try_new(vec![line], 25.0).expect("a line");
        let result = of(&route, &walk_of(&route, 200, 5_000));
        assert!(result.ratio >= least, "{name}: {}", result.ratio);
    }
}
