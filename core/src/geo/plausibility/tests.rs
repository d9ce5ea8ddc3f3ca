//! Each flag just inside and just outside its limits, on tracks made for it.

use super::*;
use crate::geo::plane::fix;

mod honest;
mod print;
mod real;

fn limits() -> PlausibilityLimits {
    PlausibilityLimits::default()
}

fn keys(fixes: &[Fix]) -> Vec<&'static str> {
    let flags = flags_of(Mode::Walk, limits(), fixes);
    flags.iter().map(|flag| flag.evidence.key()).collect()
}

/// Every other fix to the left, the next to the right, and steps that are not alike: no line
/// and no equal steps.
fn uneven(count: u32, step_s: f64) -> Vec<Fix> {
    (0..count)
        .map(|n| {
            let side_m = if n % 2 == 0 { 2.0 } else { -2.0 };
            let along_m = f64::from(n) * step_s * 1.3 + f64::from(n * 7 % 5) * 0.3;
            fix(f64::from(n) * step_s, along_m, side_m)
        })
        .collect()
}

/// A line with `side_m` of scatter and uneven steps.
fn line(count: u32, step_m: f64, side_m: f64) -> Vec<Fix> {
    (0..count)
        .map(|n| {
            let side_m = if n % 2 == 0 { side_m } else { -side_m };
            let along_m = f64::from(n) * step_m + f64::from(n * 7 % 5) * 0.4;
            fix(f64::from(n) * 10.0, along_m, side_m)
        })
        .collect()
}

#[test]
fn uneven_walk_has_no_flag() {
    assert_eq!(keys(&uneven(400, 5.0)), [""; 0]);
    assert_eq!(keys(&[]), [""; 0]);
}

#[test]
fn mock_fixes_are_counted_with_their_share_and_times() {
    let mut fixes = uneven(10, 5.0);
    fixes[3].is_mock = true;
    fixes[6].is_mock = true;
    let flags = flags_of(Mode::Walk, limits(), &fixes);
    let share = 0.2;
    assert_eq!(flags[0].evidence, Evidence::Mock { count: 2, share });
    assert_eq!((flags[0].from, flags[0].to), (fixes[3].at, fixes[6].at));
}

#[test]
fn speed_begins_beyond_the_cap_and_both_accuracies() {
    // 3 m/s for 10 s and twice 25 m.
    let step = |m: f64| [fix(0.0, 0.0, 0.0), fix(10.0, m, 0.0)];
    assert_eq!(keys(&step(79.9)), [""; 0]);
    assert_eq!(keys(&step(80.1)), ["speed"]);
    let mut sure = step(79.9);
    sure[0].accuracy_m = Some(5.0);
    assert_eq!(keys(&sure), ["speed"]);
    // An accuracy that is no number is one that is not told.
    sure[0].accuracy_m = Some(f64::NAN);
    assert_eq!(keys(&sure), [""; 0]);
    let vehicle = flags_of(Mode::Vehicle, limits(), &step(80.1));
    assert!(vehicle.is_empty(), "{vehicle:?}");
}

#[test]
fn fastest_step_is_told_and_one_without_time_is_the_fastest() {
    let fixes = [
        fix(0.0, 0.0, 0.0),
        fix(10.0, 100.0, 0.0),
        fix(20.0, 400.0, 0.0),
        fix(20.0, 460.0, 0.0),
    ];
    let flags = flags_of(Mode::Walk, limits(), &fixes);
    let Evidence::Speed { count, fastest, .. } = &flags[0].evidence else {
        panic!("{flags:?}");
    };
    assert_eq!((*count, fastest.seconds, fastest.mps), (3, 0.0, None));
    assert!((fastest.moved_m - 60.0).abs() < 0.01);
}

#[test]
fn teleport_begins_at_its_length_and_a_slow_long_step_is_none() {
    let step = |s: f64, m: f64| [fix(0.0, 0.0, 0.0), fix(s, m, 0.0)];
    assert_eq!(keys(&step(10.0, 499.0)), ["speed"]);
    assert_eq!(keys(&step(10.0, 501.0)), ["teleport"]);
    assert_eq!(keys(&step(400.0, 1200.0)), [""; 0]);
    let there_and_back: Vec<_> = (0..50)
        .map(|n| fix(f64::from(n), f64::from(n % 2) * 900.0, 0.0))
        .collect();
    let flags = flags_of(Mode::Walk, limits(), &there_and_back);
    let Evidence::Teleport { count, steps } = &flags[0].evidence else {
        panic!("{flags:?}");
    };
    // All are counted, some are listed.
    assert_eq!((*count, steps.len()), (49, 20));
    assert!(steps[0].mps.is_some_and(|mps| (mps - 900.0).abs() < 0.1));
}

#[test]
fn times_that_run_backwards_are_counted_with_the_largest() {
    let mut fixes = uneven(10, 5.0);
    fixes.swap(2, 3);
    fixes.swap(6, 8);
    let flags = flags_of(Mode::Walk, limits(), &fixes);
    let evidence = Evidence::Backwards {
        count: 3,
        largest_s: 5.0,
    };
    assert_eq!(flags.last().map(|flag| &flag.evidence), Some(&evidence));
}

#[test]
fn straight_line_begins_below_the_scatter_of_receivers() {
    // Alternating sides of 0.14 and 0.16 m are so much root mean square.
    assert_eq!(keys(&line(40, 13.0, 0.14)), ["straight_line"]);
    assert_eq!(keys(&line(40, 13.0, 0.16)), [""; 0]);
}

#[test]
fn straight_line_needs_its_length_its_fixes_and_its_time() {
    assert_eq!(keys(&line(24, 13.1, 0.1)), ["straight_line"]);
    assert_eq!(keys(&line(24, 12.9, 0.1)), [""; 0]);
    // 19 fixes of 25 m are no 20, though 450 m.
    assert_eq!(keys(&line(19, 25.0, 0.1)), [""; 0]);
    assert_eq!(keys(&line(20, 25.0, 0.1)), ["straight_line"]);
    let hurried: Vec<_> = (0..30)
        .map(|n| fix(f64::from(n) * 4.0, f64::from(n * 12 + n * 7 % 5), 0.0))
        .collect();
    let flags = flags_of(Mode::Bicycle, limits(), &hurried);
    assert!(flags.is_empty(), "{flags:?}");
}

#[test]
fn standing_and_one_leap_make_no_line() {
    let mut fixes: Vec<_> = (0..60).map(|n| fix(f64::from(n) * 5.0, 0.0, 0.0)).collect();
    fixes.extend((0..60).map(|n| fix(600.0 + f64::from(n) * 5.0, 400.0, 0.0)));
    assert_eq!(keys(&fixes), [""; 0]);
}

#[test]
fn straight_line_within_a_noisy_walk_is_found_with_its_figures() {
    let mut fixes = uneven(60, 10.0);
    let (from_s, from_m) = (600.0, 60.0 * 13.0);
    fixes.extend((0..50).map(|n| {
        let along_m = f64::from(n * 13) + f64::from(n * 7 % 5) * 0.4;
        let at_s = from_s + f64::from(n) * 10.0;
        fix(at_s, from_m + along_m, along_m * 0.4)
    }));
    let flags = flags_of(Mode::Walk, limits(), &fixes);
    let Evidence::StraightLine {
        count: 1,
        stretches,
        ..
    } = &flags[0].evidence
    else {
        panic!("{flags:?}");
    };
    assert!(
        stretches[0].fixes >= 48 && stretches[0].rms_m < 0.15,
        "{stretches:?}"
    );
}

#[test]
fn equal_steps_begin_at_their_variation_count_and_time() {
    let steps = |count: u32, off: f64| -> Vec<Fix> {
        let mut x_m = 0.0;
        (0..=count)
            .map(|n| {
                x_m += if n % 2 == 0 {
                    7.0 * (1.0 + off)
                } else {
                    7.0 * (1.0 - off)
                };
                // A bow, so that it is no line.
                let y_m = (x_m / 40.0).sin() * 4.0;
                fix(f64::from(n) * 5.0, x_m, y_m)
            })
            .collect()
    };
    let straight = |count: u32, off: f64| -> Vec<&'static str> {
        let mut lined = limits();
        lined.straight_m = f64::INFINITY;
        let fixes: Vec<_> = steps(count, off)
            .into_iter()
            .map(|f| Fix {
                place: LatLon::try_new(31.23, f.place.lon_deg()).expect("a place"),
                ..f
            })
            .collect();
        let flags = flags_of(Mode::Walk, lined, &fixes);
        flags.iter().map(|flag| flag.evidence.key()).collect()
    };
    assert_eq!(straight(40, 0.009), ["equal_steps"]);
    assert_eq!(straight(40, 0.011), [""; 0]);
    assert_eq!(straight(39, 0.0), [""; 0]);
    let quick: Vec<_> = (0..50)
        .map(|n| fix(f64::from(n), f64::from(n) * 3.0, 0.0))
        .collect();
    assert_eq!(keys(&quick), [""; 0]);
}

#[test]
fn equal_speeds_are_found_where_the_intervals_vary() {
    let mut at_s = 0.0;
    let fixes: Vec<_> = (0..60)
        .map(|n| {
            at_s += 3.0 + f64::from(n * 7 % 5);
            fix(at_s, at_s * 1.4, 0.0)
        })
        .collect();
    let flags = flags_of(Mode::Walk, limits(), &fixes);
    let equal = flags
        .iter()
        .find(|flag| flag.evidence.key() == "equal_steps");
    let Some(Evidence::EqualSteps { count, stretches }) = equal.map(|flag| &flag.evidence) else {
        panic!("{flags:?}");
    };
    assert_eq!(*count, 59);
    assert!(stretches[0].speed_cv < 0.01 && stretches[0].length_cv > 0.1);
}

#[test]
fn constant_accuracy_needs_its_fixes_and_its_time() {
    let told = |count: u32, step_s: f64| -> Vec<Fix> {
        let mut fixes = uneven(count, step_s);
        fixes.iter_mut().for_each(|fix| fix.accuracy_m = Some(4.0));
        fixes
    };
    assert_eq!(keys(&told(100, 5.0)), ["constant_accuracy"]);
    assert_eq!(keys(&told(99, 5.0)), [""; 0]);
    assert_eq!(keys(&told(101, 2.9)), [""; 0]);
    let mut broken = told(199, 5.0);
    broken[99].accuracy_m = Some(4.5);
    assert_eq!(keys(&broken), [""; 0].as_slice().to_vec());
    broken[99].accuracy_m = None;
    let flags = flags_of(Mode::Walk, limits(), &broken);
    let evidence = Evidence::ConstantAccuracy {
        accuracy_m: 4.0,
        count: 198,
    };
    assert_eq!(flags[0].evidence, evidence);
}

#[test]
fn clock_is_told_beyond_its_limit_and_when_it_jumps() {
    let seen = |offset_ms: &dyn Fn(u64) -> u64| {
        let mut seen = Plausibility::new(Mode::Walk, limits());
        for (n, fix) in (0..).zip(uneven(2_000, 5.0)) {
            seen.feed(fix, Some(fix.at.plus_ms(offset_ms(n))));
        }
        seen.flags()
    };
    assert!(seen(&|_| 60_000).is_empty());
    let flags = seen(&|_| 60_001);
    let Evidence::Clock {
        median_offset_s,
        count,
        ..
    } = flags[0].evidence
    else {
        panic!("{flags:?}");
    };
    assert_eq!((median_offset_s, count), (60.001, 2_000));
    let flags = seen(&|n| if n < 1_500 { 100 } else { 3_600_100 });
    let Evidence::Clock {
        median_offset_s,
        largest_jump_s,
        ..
    } = flags[0].evidence
    else {
        panic!("{flags:?}");
    };
    assert_eq!((median_offset_s, largest_jump_s), (0.1, 3_600.0));
}

#[test]
fn poles_the_date_line_and_a_million_fixes_of_one_second_are_judged() {
    let place = |lat, lon| LatLon::try_new(lat, lon).expect("on the globe");
    let corners = [
        (90.0, 0.0),
        (-90.0, 180.0),
        (0.0, 180.0),
        (0.0, -180.0),
        (0.0, 179.999_9),
        (0.000_1, -179.999_9),
        (89.999_999, -90.0),
        (90.0, 90.0),
    ];
    let mut seen = Plausibility::new(Mode::Walk, limits());
    for n in 0..1_000_000_u64 {
        let (lat, lon) = corners[(n * n % 11 % 8) as usize];
        let at = UtcMs(1_772_409_600_000 + n / 1_000);
        let accuracy_m = [None, Some(f64::NAN), Some(f64::INFINITY), Some(-1.0)][(n % 4) as usize];
        let fix = Fix {
            at,
            place: place(lat, lon),
            accuracy_m,
            is_mock: n % 2 == 0,
        };
        seen.feed(fix, Some(UtcMs(u64::MAX - n)));
    }
    let text = serde_json::to_string(&seen.flags()).expect("numbers are JSON");
    for key in ["mock", "teleport", "clock"] {
        assert!(text.contains(key), "{text}");
    }
    assert!(!text.contains("straight_line"), "{text}");
    // A walk over the date line is a walk.
    let over: Vec<_> = (0..100)
        .map(|n| {
            let lon = 179.998 + f64::from(n) * 5e-5 + f64::from(n * 7 % 5) * 4e-6;
            let lon = if lon >= 180.0 { lon - 360.0 } else { lon };
            Fix {
                place: place(f64::from(n % 2) * 3e-5, lon),
                ..fix(f64::from(n) * 5.0, 0.0, 0.0)
            }
        })
        .collect();
    assert_eq!(keys(&over), [""; 0]);
}

#[test]
fn interruption_ends_lines_and_equal_steps() {
    let mut whole = Plausibility::new(Mode::Walk, limits());
    let mut parted = whole.clone();
    for (n, fix) in line(60, 12.0, 0.0).into_iter().enumerate() {
        whole.feed(fix, None);
        if n % 20 == 0 {
            parted.interrupt();
        }
        parted.feed(fix, None);
    }
    assert!(!whole.flags().is_empty());
    assert!(parted.flags().is_empty());
}

#[test]
fn flag_is_told_in_json_by_its_kind() {
    let fixes = [fix(0.0, 0.0, 0.0), fix(10.0, 100.0, 0.0)];
    let flag = &flags_of(Mode::Walk, limits(), &fixes)[0];
    let told = serde_json::to_value(flag).expect("JSON");
    assert_eq!(told["kind"], "speed");
    assert_eq!(told["from"], "2026-03-02T00:00:00.000Z");
    assert_eq!(told["to"], "2026-03-02T00:00:10.000Z");
    assert_eq!(told["fastest"]["mps"], 10.0);
    assert_eq!(told["cap_mps"], 3.0);
    assert!(Evidence::KEYS.contains(&flag.evidence.key()));
}
