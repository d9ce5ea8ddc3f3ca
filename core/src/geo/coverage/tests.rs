//! DOMAIN's worked example and the properties that it asks for, on a plane in metres.

use super::*;
use crate::geo::plane::{at, fix, route};
use crate::model::route::Checkpoint;

const BEND: &[(f64, f64)] = &[(0.0, 0.0), (1000.0, 0.0), (1000.0, 500.0)];

/// Fixes every 20 m and 16 s along a line, both ends included, from a second on.
fn walk(begin_s: f64, from: (f64, f64), to: (f64, f64)) -> Vec<Fix> {
    let length_m = (to.0 - from.0).hypot(to.1 - from.1);
    let steps = (length_m / 20.0).ceil().max(1.0) as u32;
    (0..=steps)
        .map(|step| {
            let m = (f64::from(step) * 20.0).min(length_m);
            let share = m / length_m;
            fix(
                begin_s + m * 0.8,
                from.0 + share * (to.0 - from.0),
                from.1 + share * (to.1 - from.1),
            )
        })
        .collect()
}

fn of(route: &Route, fixes: &[Fix]) -> Coverage {
    let result = coverage(route, &CoverageSettings::default(), fixes);
    let parts_m = result.covered_m + result.unproven_m + result.not_visited_m;
    assert!((parts_m - result.planned_m).abs() < 1e-6, "{result:?}");
    result
}

fn metres(m: f64, expected: f64) {
    assert!((m - expected).abs() < 0.05, "{m} is not {expected}");
}

/// Small deterministic noise in metres, the same for the same number.
fn noise(number: u64) -> f64 {
    let mixed = (number ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed >> 40) as f64 / f64::from(1 << 24) - 0.5) * 2.0
}

fn noisy(fixes: &[Fix], by_m: f64) -> Vec<Fix> {
    let origin = at(0.0, 0.0);
    let (a, b) = (at(1.0, 0.0), at(0.0, 1.0));
    let (lon_m, lat_m) = (
        a.lon_deg() - origin.lon_deg(),
        b.lat_deg() - origin.lat_deg(),
    );
    (0_u64..)
        .zip(fixes)
        .map(|(number, fix)| {
            let lat = fix.place.lat_deg() + by_m * noise(number * 2) * lat_m;
            let lon = fix.place.lon_deg() + by_m * noise(number * 2 + 1) * lon_m;
            let place = crate::model::place::LatLon::try_new(lat, lon).expect("near Shanghai");
            Fix { place, ..*fix }
        })
        .collect()
}

#[test]
fn worked_example_of_the_domain_covers_950_of_1500_metres_and_says_why_not_more() {
    let mut fixes = walk(0.0, (0.0, 0.0), (600.0, 0.0));
    fixes.extend(walk(480.0 + 240.0, (900.0, 0.0), (1000.0, 0.0)));
    fixes.extend(walk(816.0, (1000.0, 16.0), (1000.0, 250.0)));
    let result = of(&route(&[BEND]), &fixes);
    metres(result.planned_m, 1500.0);
    metres(result.covered_m, 950.0);
    assert_eq!(format!("{:.4}", result.ratio), "0.6333");
    metres(result.unproven_m, 300.0);
    metres(result.not_visited_m, 250.0);
    let missed: Vec<_> = result
        .missed
        .iter()
        .map(|m| (m.from_m.round() as i64, m.to_m.round() as i64, m.reason))
        .collect();
    assert_eq!(
        missed,
        [
            (600, 900, MissReason::GapInFixes),
            (1250, 1500, MissReason::NotVisited)
        ]
    );
    assert_eq!(result.intervals.len(), 2);
    assert_eq!(result.intervals[0].enter, fixes[0].at);
}

#[test]
fn crossing_a_route_covers_nothing_with_and_without_noise() {
    for every_m in [1.0, 5.0, 20.0] {
        let steps = (200.0 / every_m) as u32;
        let fixes: Vec<_> = (0..=steps)
            .map(|n| {
                let m = f64::from(n) * every_m;
                fix(m * 0.8, 500.0, m - 100.0)
            })
            .collect();
        let straight = of(&route(&[BEND]), &fixes);
        assert!(
            straight.covered_m < 0.01,
            "{every_m}: {}",
            straight.covered_m
        );
        let shaky = of(&route(&[BEND]), &noisy(&fixes, 4.0));
        assert!(shaky.covered_m < 0.01, "{every_m}: {}", shaky.covered_m);
    }
}

#[test]
fn parallel_street_outside_the_corridor_covers_nothing_and_inside_covers_all() {
    let route = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let along = |y| walk(0.0, (0.0, y), (1000.0, y));
    metres(of(&route, &along(26.0)).covered_m, 0.0);
    metres(of(&route, &along(24.0)).covered_m, 1000.0);
    metres(of(&route, &along(-24.0)).covered_m, 1000.0);
}

#[test]
fn parallel_street_walked_with_noise_is_not_bridged_from_stray_fix_to_stray_fix() {
    let every_s = |y: f64| -> Vec<Fix> {
        (0..=1000)
            .map(|s| fix(f64::from(s), f64::from(s), y))
            .collect()
    };
    // The next street lies 30 m off, so that one fix in four strays into the corridor …
    let street = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let stray = of(&street, &noisy(&every_s(30.0), 10.0));
    assert!(stray.ratio < 0.2, "{}", stray.ratio);
    // … and is itself a part of the route.
    let both = route(&[&[(0.0, 0.0), (1000.0, 0.0), (1000.0, 30.0), (0.0, 30.0)]]);
    for by_m in [3.0, 6.0, 10.0] {
        let one = of(&both, &noisy(&every_s(0.0), by_m));
        assert!((0.48..0.6).contains(&one.ratio), "{by_m}: {}", one.ratio);
    }
    // A walk that loses the street for a fix in ten has walked it all.
    let mut shaky = noisy(&every_s(0.0), 10.0);
    for number in (5..shaky.len()).step_by(10) {
        shaky[number] = fix(number as f64, number as f64, 27.0);
    }
    assert!(of(&street, &shaky).ratio > 0.99);
}

#[test]
fn walk_backwards_covers_a_route_and_nothing_of_a_directed_one() {
    let back: Vec<_> = {
        let mut fixes = walk(0.0, (1000.0, 500.0), (1000.0, 0.0));
        fixes.extend(walk(416.0, (980.0, 0.0), (0.0, 0.0)));
        fixes
    };
    let both = route(&[BEND]);
    metres(of(&both, &back).covered_m, 1500.0);
    let one_way = both.clone().directed(true);
    metres(of(&one_way, &back).covered_m, 0.0);
    metres(of(&one_way, &noisy(&back, 4.0)).covered_m, 0.0);
    let mut forth = walk(0.0, (0.0, 0.0), (1000.0, 0.0));
    forth.extend(walk(816.0, (1000.0, 16.0), (1000.0, 500.0)));
    metres(of(&one_way, &forth).covered_m, 1500.0);
    assert!(of(&one_way, &noisy(&forth, 4.0)).ratio > 0.98);
}

#[test]
fn directed_route_gets_nothing_from_a_noisy_walk_back_with_a_fix_a_second() {
    let one_way = route(&[BEND]).directed(true);
    let mut forth: Vec<_> = (0..=800)
        .map(|n| fix(f64::from(n), f64::from(n) * 1.25, 0.0))
        .collect();
    forth.extend((1..=400).map(|n| fix(800.0 + f64::from(n), 1000.0, f64::from(n) * 1.25)));
    let mut places: Vec<_> = forth.iter().map(|fix| fix.place).collect();
    places.reverse();
    let back: Vec<_> = forth
        .iter()
        .zip(places)
        .map(|(fix, place)| Fix { place, ..*fix })
        .collect();
    for by_m in [4.0, 8.0, 12.0] {
        let gained_m = of(&one_way, &noisy(&back, by_m)).covered_m;
        assert!(gained_m < 30.0, "{gained_m} m by noise of {by_m} m");
        let share = of(&one_way, &noisy(&forth, by_m)).ratio;
        assert!(share > 0.98, "{share} by noise of {by_m} m");
    }
    // A short part is walked in its direction too.
    let short = route(&[&[(0.0, 0.0), (12.0, 0.0)]]).directed(true);
    metres(
        of(&short, &walk(0.0, (-100.0, 0.0), (100.0, 0.0))).covered_m,
        12.0,
    );
    metres(
        of(&short, &walk(0.0, (100.0, 0.0), (-100.0, 0.0))).covered_m,
        0.0,
    );
}

#[test]
fn short_street_that_is_walked_through_is_covered_and_crossed_it_is_not() {
    for length_m in [3.0, 12.0, 30.0, 45.0, 60.0] {
        let street = route(&[&[(0.0, 0.0), (length_m, 0.0)]]);
        let through: Vec<_> = (-100..=200)
            .map(|n| fix(f64::from(n + 100), f64::from(n), 0.0))
            .collect();
        metres(of(&street, &through).covered_m, length_m);
        assert!(of(&street, &noisy(&through, 4.0)).ratio > 0.98);
        for x in [0.0, length_m / 3.0, length_m] {
            let across: Vec<_> = (-100..=100)
                .map(|n| fix(f64::from(n + 100), x, f64::from(n)))
                .collect();
            metres(of(&street, &across).covered_m, 0.0);
        }
    }
    // A street in parts that do not touch.
    let parts: Vec<[(f64, f64); 2]> = (0..10)
        .map(|n| {
            [
                (f64::from(n) * 60.0, 0.0),
                (f64::from(n) * 60.0 + 40.0, 0.0),
            ]
        })
        .collect();
    let parts: Vec<&[(f64, f64)]> = parts.iter().map(|part| &part[..]).collect();
    metres(
        of(&route(&parts), &walk(0.0, (-50.0, 0.0), (700.0, 0.0))).covered_m,
        400.0,
    );
}

#[test]
fn nothing_covered_is_zero_and_not_minus_zero() {
    let result = of(&route(&[BEND]), &[fix(0.0, 0.0, 500.0)]);
    let told = serde_json::to_string(&result).expect("numbers and texts");
    assert!(!told.contains("-0.0"), "{told}");
    let whole = of(
        &route(&[&[(0.0, 0.0), (100.0, 0.0)]]),
        &walk(0.0, (0.0, 0.0), (100.0, 0.0)),
    );
    let told = serde_json::to_string(&whole).expect("numbers and texts");
    assert!(!told.contains("-0.0"), "{told}");
}

#[test]
fn noisy_walk_with_a_fix_a_second_covers_the_whole_route_and_not_more() {
    let mut fixes: Vec<_> = (0..=1000)
        .map(|n| fix(f64::from(n), f64::from(n), 0.0))
        .collect();
    fixes.extend((1..=500).map(|n| fix(1000.0 + f64::from(n), 1000.0, f64::from(n))));
    let result = of(&route(&[BEND]), &noisy(&fixes, 8.0));
    assert!(result.ratio > 0.985, "{}", result.ratio);
    assert!(result.missed.len() <= 2, "{:?}", result.missed);
    // Walking a part only covers that part, give or take the noise.
    let part = of(&route(&[BEND]), &noisy(&fixes[100..400], 8.0));
    assert!((part.covered_m - 299.0).abs() < 20.0, "{}", part.covered_m);
}

#[test]
fn brief_excursion_is_forgiven_and_a_long_one_is_a_miss() {
    let line = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let aside = |from_m: f64, to_m: f64| -> Vec<Fix> {
        (0..=100)
            .map(|n| {
                let x = f64::from(n) * 10.0;
                let y = if x > from_m && x < to_m { 60.0 } else { 0.0 };
                fix(x, x, y)
            })
            .collect()
    };
    metres(of(&line, &aside(480.0, 520.0)).covered_m, 1000.0);
    let long = of(&line, &aside(400.0, 600.0));
    assert!(long.covered_m < 810.0, "{}", long.covered_m);
    // Out of the corridor and back to the same place adds nothing.
    let mut detour = walk(0.0, (0.0, 0.0), (100.0, 0.0));
    detour.push(fix(100.0, 100.0, 40.0));
    detour.push(fix(120.0, 100.0, 0.0));
    metres(of(&line, &detour).covered_m, 100.0);
}

#[test]
fn street_used_twice_is_covered_twice_by_one_walk_unless_directed() {
    let twice = route(&[&[(0.0, 0.0), (500.0, 0.0), (0.0, 0.0)]]);
    let once = walk(0.0, (0.0, 0.0), (500.0, 0.0));
    metres(of(&twice, &once).covered_m, 1000.0);
    let one_way = twice.clone().directed(true);
    metres(of(&one_way, &once).covered_m, 500.0);
    let mut back = once.clone();
    back.extend(walk(416.0, (480.0, 0.0), (0.0, 0.0)));
    assert!(of(&one_way, &back).covered_m > 975.0);
}

#[test]
fn route_that_crosses_itself_is_covered_where_it_was_walked() {
    let eight = route(&[&[
        (0.0, 0.0),
        (400.0, 0.0),
        (400.0, 200.0),
        (200.0, 200.0),
        (200.0, -200.0),
    ]]);
    // The first street only; the crossing street lies across it.
    let result = of(&eight, &walk(0.0, (0.0, 0.0), (400.0, 0.0)));
    assert!(
        (result.covered_m - 400.0).abs() < 1.0,
        "{}",
        result.covered_m
    );
}

#[test]
fn branches_are_walked_over_their_junctions() {
    let branched = route(&[
        &[(0.0, 0.0), (200.0, 0.0), (400.0, 0.0)],
        &[(200.0, 0.0), (200.0, 300.0)],
    ]);
    let mut fixes = walk(0.0, (10.0, 0.0), (190.0, 0.0));
    fixes.push(fix(152.0, 200.0, 7.0));
    fixes.extend(walk(168.0, (200.0, 27.0), (200.0, 300.0)));
    let result = of(&branched, &fixes);
    metres(result.planned_m, 700.0);
    assert!((result.covered_m - 490.0).abs() < 1.0, "{result:?}");
}

#[test]
fn closed_route_is_covered_over_its_seam() {
    let ring = route(&[&[
        (0.0, 0.0),
        (200.0, 0.0),
        (200.0, 200.0),
        (0.0, 200.0),
        (0.0, 0.0),
    ]]);
    let corners = [
        (100.0, 0.0),
        (200.0, 0.0),
        (200.0, 200.0),
        (0.0, 200.0),
        (0.0, 0.0),
        (100.0, 0.0),
    ];
    let mut fixes = Vec::new();
    let mut begin_s = 0.0;
    for pair in corners.windows(2) {
        // A fix every 20 m, none on the seam itself.
        let leg = walk(begin_s, pair[0], pair[1]);
        begin_s += leg.len() as f64 * 16.0;
        fixes.extend(leg);
    }
    fixes.retain(|fix| crate::geo::local::near_m(fix.place, at(0.0, 0.0)) > 1.0);
    metres(of(&ring, &fixes).covered_m, 800.0);
}

#[test]
fn rejected_fixes_and_the_window_are_told_as_reasons() {
    let line = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let mut fixes = walk(0.0, (0.0, 0.0), (1000.0, 0.0));
    for fix in &mut fixes[20..30] {
        fix.is_mock = true;
    }
    let settings = CoverageSettings {
        window: Some((fixes[0].at, fixes[40].at)),
        ..CoverageSettings::default()
    };
    let result = coverage(&line, &settings, &fixes);
    let reasons: Vec<_> = result.missed.iter().map(|m| m.reason).collect();
    assert_eq!(
        reasons,
        [MissReason::FixesRejected, MissReason::OutsideWindow],
        "{:?}",
        result.missed
    );
    metres(result.covered_m, 380.0 + 200.0);
    assert_eq!(result.fixes.rejected.get("mock"), Some(&10));
    assert_eq!(result.fixes.outside_window, 10);
    assert_eq!(result.fixes.accepted, 31);
}

#[test]
fn being_elsewhere_is_no_gap_in_fixes() {
    let line = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let mut fixes = walk(0.0, (0.0, 0.0), (400.0, 0.0));
    fixes.extend(walk(336.0, (400.0, 100.0), (600.0, 100.0)));
    fixes.extend(walk(520.0, (600.0, 0.0), (1000.0, 0.0)));
    let result = of(&line, &fixes);
    let reasons: Vec<_> = result.missed.iter().map(|m| m.reason).collect();
    assert_eq!(reasons, [MissReason::NotVisited], "{:?}", result.missed);
}

#[test]
fn laps_are_told_apart_where_the_walk_begins_again() {
    let ring = &[
        (0.0, 0.0),
        (300.0, 0.0),
        (300.0, 300.0),
        (0.0, 300.0),
        (0.0, 0.0),
    ];
    let mut fixes = Vec::new();
    let mut begin_s = 0.0;
    for _ in 0..3 {
        for pair in ring.windows(2) {
            let leg = walk(begin_s, pair[0], pair[1]);
            begin_s += leg.len() as f64 * 16.0;
            fixes.extend(leg);
        }
    }
    let result = of(&route(&[ring]), &fixes);
    let counting = result.loops.iter().filter(|lap| lap.counts).count();
    assert_eq!(counting, 3, "{:?}", result.loops);
    let one = of(&route(&[ring]), &fixes[..60]);
    assert_eq!(one.loops.iter().filter(|lap| lap.counts).count(), 1);
    let none = of(&route(&[ring]), &fixes[..30]);
    assert_eq!(none.loops.iter().filter(|lap| lap.counts).count(), 0);
}

#[test]
fn checkpoints_are_part_of_the_picture() {
    let checkpoint = |id: &str, x_m: f64| Checkpoint {
        id: id.to_owned(),
        place: at(x_m, 5.0),
        radius_m: 20.0,
        dwell_s: 0,
    };
    let line = route(&[&[(0.0, 0.0), (1000.0, 0.0)]])
        .with_checkpoints(vec![checkpoint("a", 100.0), checkpoint("b", 900.0)])
        .expect("good radii");
    let result = of(&line, &walk(0.0, (0.0, 0.0), (500.0, 0.0)));
    let visited: Vec<_> = result.checkpoints.iter().map(|c| c.visited).collect();
    assert_eq!(visited, [true, false]);
}

#[test]
fn picture_fix_by_fix_ends_as_the_picture_of_all_at_once() {
    let bend = route(&[BEND]);
    let mut fixes = walk(0.0, (0.0, 0.0), (1000.0, 0.0));
    fixes.extend(walk(900.0, (1000.0, 20.0), (1000.0, 480.0)));
    let fixes = noisy(&fixes, 20.0);
    let line = RouteLine::new(&bend);
    let mut run = CoverageRun::new(&bend, CoverageSettings::default());
    let mut before_m = 0.0;
    for fix in &fixes {
        run.feed(&line, *fix);
        let now_m = run.picture(&line).covered_m;
        assert!(
            now_m >= before_m - 25.0,
            "a picture may lose a crossing, not a walk"
        );
        before_m = now_m;
    }
    run.finish(&line);
    let whole = coverage(&bend, &CoverageSettings::default(), &fixes);
    assert_eq!(run.picture(&line), whole);
}

/// Positions of `POINT (x y)`, `LINESTRING (…)` and `MULTILINESTRING ((…), (…))`.
fn wkt(text: &str) -> Vec<Vec<crate::model::place::LatLon>> {
    let body = &text[text.find('(').expect("WKT")..];
    body.split("),")
        .map(|part| {
            part.trim_matches(|c: char| "() ".contains(c))
                .split(',')
                .map(|pair| {
                    let (lon, lat) = pair.trim().split_once(' ').expect("x y");
                    let degrees = |text: &str| text.parse().expect("a number");
                    crate::model::place::LatLon::try_new(degrees(lat), degrees(lon))
                        .expect("a place")
                })
                .collect()
        })
        .collect()
}

#[test]
fn drives_near_hof_cover_the_routes_that_were_driven() {
    use crate::geo::test_data::shared;
    let files = ["ground_truth", "points", "truth_stats"]
        .map(|name| shared(&format!("tracks/fcd_hof/{name}.csv")));
    let [Some(truth), Some(points), Some(stats)] = files else {
        return;
    };
    let rows = |bytes: &[u8]| -> Vec<csv::StringRecord> {
        csv::Reader::from_reader(bytes)
            .records()
            .map(|r| r.expect("CSV"))
            .collect()
    };
    let mut tracks: BTreeMap<String, Vec<Fix>> = BTreeMap::new();
    for row in rows(&points) {
        let at = UtcMs::parse_rfc3339(&row[1].replace(' ', "T")).expect("a time");
        let place = wkt(&row[2])[0][0];
        tracks.entry(row[0].to_owned()).or_default().push(Fix {
            at,
            place,
            accuracy_m: None,
            is_mock: false,
        });
    }
    let expected: BTreeMap<String, (f64, f64)> = rows(&stats)
        .iter()
        .map(|row| {
            let number = |at: usize| row[at].parse().expect("a number");
            (row[0].to_owned(), (number(3), number(8)))
        })
        .collect();
    let settings = CoverageSettings {
        mode: Mode::Vehicle,
        ..CoverageSettings::default()
    };
    let (mut count, mut below, mut sum, mut sum_expected) = (0, Vec::new(), 0.0, 0.0);
    for row in rows(&truth) {
        let route = Route::try_new(wkt(&row[1]), 20.0).expect("a route");
        let result = coverage(&route, &settings, &tracks[&row[0]]);
        let (length_m, share) = expected[&row[0]];
        assert!(
            (result.planned_m - length_m).abs() < 0.02,
            "{}",
            row[0].to_owned()
        );
        if result.ratio < share - 0.02 {
            below.push((
                row[0].to_owned(),
                result.ratio,
                share,
                result.missed.clone(),
            ));
        }
        count += 1;
        sum += result.ratio;
        sum_expected += share;
    }
    // What lies below has fixes that were rejected, far aside or far apart, and says so.
    let mean = sum / f64::from(count);
    eprintln!(
        "{count} drives: mean {mean:.4} (20 m buffer {:.4}), {} below it",
        sum_expected / f64::from(count),
        below.len()
    );
    assert!(mean > 0.985, "{below:?}");
    assert!(below.len() <= 6, "{below:?}");
}

#[test]
fn fix_that_is_outvoted_leaves_no_trace_in_counts_metres_and_loops() {
    let route = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    // After a gap a fix 900 m on stands alone; three at the beginning outvote it.
    let mut fixes = walk(0.0, (0.0, 0.0), (100.0, 0.0));
    fixes.push(fix(400.0, 950.0, 0.0));
    fixes.extend((0..6).map(|n| fix(405.0 + f64::from(n) * 5.0, f64::from(n) * 5.0, 0.0)));
    let result = of(&route, &fixes);
    metres(result.covered_m, 100.0);
    metres(result.walked_m, 125.0);
    assert_eq!(result.fixes.accepted, 12);
    assert_eq!(result.fixes.rejected.get("speed"), Some(&1));
    assert!(
        result.loops.iter().all(|lap| lap.ratio < 0.11),
        "{:?}",
        result.loops
    );
}

#[test]
fn fix_that_is_outvoted_outside_the_window_is_no_accepted_one_less() {
    let route = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let mut fixes = vec![fix(9_000_000.0, 0.0, 0.0)];
    fixes.extend(walk(0.0, (0.0, 0.0), (100.0, 0.0)));
    let settings = CoverageSettings {
        window: Some((fix(0.0, 0.0, 0.0).at, fix(1_000.0, 0.0, 0.0).at)),
        ..CoverageSettings::default()
    };
    let result = coverage(&route, &settings, &fixes);
    assert_eq!((result.fixes.accepted, result.fixes.outside_window), (6, 0));
    assert_eq!(result.fixes.rejected.get("speed"), Some(&1));
}

#[test]
fn interruption_splits_metres_loops_and_reasons_like_the_coverage() {
    let route = route(&[&[(0.0, 0.0), (1000.0, 0.0)]]);
    let line = RouteLine::new(&route);
    let mut run = CoverageRun::new(&route, CoverageSettings::default());
    let fixes = walk(0.0, (0.0, 0.0), (1000.0, 0.0));
    for (number, fix) in fixes.iter().enumerate() {
        if number == 25 {
            run.interrupt(&line);
        }
        run.feed(&line, *fix);
    }
    run.finish(&line);
    let result = run.picture(&line);
    metres(result.covered_m, 980.0);
    metres(result.walked_m, 980.0);
    let missed: Vec<_> = result.missed.iter().map(|m| m.reason).collect();
    assert_eq!(missed, [MissReason::GapInFixes]);
    assert_eq!(result.loops.len(), 1);
    assert!(
        (result.loops[0].ratio - 0.98).abs() < 1e-4,
        "{:?}",
        result.loops
    );
}
