use crate::geo::plane::fix;
use crate::geo::walk::Walk;
use crate::model::track::{Fix, Mode};
use proptest::prelude::*;

/// The walk of these fixes on foot.
fn walked(fixes: &[Fix]) -> Walk {
    let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
    for fix in fixes {
        walk.feed(*fix);
    }
    walk.finish();
    walk
}

/// The same way in the other direction.
fn turned(fixes: &[Fix]) -> Vec<Fix> {
    let end = fixes.last().map_or(0, |fix| fix.at.0);
    let begin = fixes.first().map_or(0, |fix| fix.at.0);
    let turn = |fix: &Fix| {
        let mut fix = *fix;
        fix.at.0 = begin + end - fix.at.0;
        fix
    };
    fixes.iter().rev().map(turn).collect()
}

/// Noise that remembers: `sigma_m` on each axis, forgotten in `tau_s`.
struct Noise {
    state: u64,
    sigma_m: f64,
    keep: f64,
    at_m: (f64, f64),
}

impl Noise {
    fn new(seed: u64, sigma_m: f64, tau_s: f64, every_s: f64) -> Self {
        let keep = (-every_s / tau_s).exp();
        let at_m = (0.0, 0.0);
        let state = seed;
        let mut noise = Self {
            state,
            sigma_m,
            keep,
            at_m,
        };
        noise.at_m = (sigma_m * noise.normal(), sigma_m * noise.normal());
        noise
    }

    fn normal(&mut self) -> f64 {
        // The sum of twelve uniform numbers is normal enough.
        let uniform = |state: &mut u64| {
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*state >> 40) as f64 / f64::from(1 << 24)
        };
        (0..12).map(|_| uniform(&mut self.state)).sum::<f64>() - 6.0
    }

    fn next(&mut self) -> (f64, f64) {
        let fresh_m = self.sigma_m * (1.0 - self.keep * self.keep).sqrt();
        self.at_m.0 = self.keep * self.at_m.0 + fresh_m * self.normal();
        self.at_m.1 = self.keep * self.at_m.1 + fresh_m * self.normal();
        self.at_m
    }
}

/// An hour along `way`, in metres at a second, with the noise of a phone.
fn hour(seed: u64, every_s: u32, sigma_m: f64, way: impl Fn(f64) -> (f64, f64)) -> Vec<Fix> {
    let mut noise = Noise::new(seed, sigma_m, 60.0, f64::from(every_s));
    (0..3600 / every_s)
        .map(|n| {
            let at_s = f64::from(n * every_s);
            let ((x_m, y_m), (east_m, north_m)) = (way(at_s), noise.next());
            let mut fix = fix(at_s, x_m + east_m, y_m + north_m);
            fix.accuracy_m = Some((sigma_m * 1.5).max(3.0));
            fix
        })
        .collect()
}

/// Streets of 60 m that turn at right angles.
fn streets(speed_mps: f64) -> impl Fn(f64) -> (f64, f64) {
    move |at_s| {
        let gone_m = speed_mps * at_s;
        let street = (gone_m / 60.0).floor();
        let rest_m = gone_m - 60.0 * street;
        let (x_m, y_m) = (
            60.0 * ((street + 1.0) / 2.0).floor(),
            60.0 * (street / 2.0).floor(),
        );
        if street % 2.0 == 0.0 {
            (x_m + rest_m, y_m)
        } else {
            (x_m, y_m + rest_m)
        }
    }
}

#[test]
fn noise_of_who_stands_is_no_mileage_and_every_fix_is_kept() {
    for seed in 1..=4 {
        for (every_s, sigma_m) in [(1, 3.3), (5, 3.3), (1, 5.0)] {
            let fixes = hour(seed, every_s, sigma_m, |_| (0.0, 0.0));
            let walk = walked(&fixes);
            assert_eq!(walk.accepted().len(), fixes.len());
            let (plain_m, walked_m) = (walk.walked_m(), walk.moving_m());
            assert!(plain_m > 1_000.0, "{plain_m}");
            assert!(
                walked_m < 300.0 && walked_m < plain_m * 0.1,
                "{walked_m} of {plain_m}"
            );
        }
    }
}

#[test]
fn slow_walk_is_not_taken_for_standing() {
    for speed_mps in [0.25, 0.3, 0.5] {
        for every_s in [1, 5, 16] {
            let walk = walked(&hour(1, every_s, 0.0, streets(speed_mps)));
            let lost = 1.0 - walk.moving_m() / walk.walked_m();
            assert!(
                (0.0..0.02).contains(&lost),
                "{speed_mps}, {every_s}: {lost}"
            );
            // With noise the plain sum is too much already; the truth must not be undercut.
            let noisy = walked(&hour(2, every_s, 3.3, streets(speed_mps)));
            assert!(
                noisy.moving_m() > walk.walked_m() * 0.98,
                "{}",
                noisy.moving_m()
            );
        }
    }
}

#[test]
fn walk_on_a_line_is_exact_with_or_without_a_stop() {
    let on: Vec<Fix> = (0..=30)
        .map(|n| fix(f64::from(n) * 16.0, f64::from(n) * 20.0, 0.0))
        .collect();
    assert!((walked(&on).moving_m() - 600.0).abs() < 1e-3);
    // Ten minutes on the spot, then on.
    let stop = (0..60).map(|n| fix(480.0 + f64::from(n) * 10.0, 600.0, 0.0));
    let then = (1..=20).map(|n| {
        fix(
            1_080.0 + f64::from(n) * 16.0,
            600.0 + f64::from(n) * 20.0,
            0.0,
        )
    });
    let fixes: Vec<Fix> = on[..30].iter().copied().chain(stop).chain(then).collect();
    assert!(
        (walked(&fixes).moving_m() - 1_000.0).abs() < 1e-3,
        "{}",
        walked(&fixes).moving_m()
    );
}

#[test]
fn stop_between_two_walks_keeps_their_metres() {
    // 20 minutes on, 20 minutes at a place, 20 minutes on, all with noise.
    let way = |s: f64| ((s.min(1_200.0) + (s - 2_400.0).max(0.0)) * 1.2, 0.0);
    for seed in 1..=4 {
        let fixes = hour(seed, 5, 3.3, way);
        let (there, back) = (walked(&fixes), walked(&turned(&fixes)));
        let standing = |fixes: &[Fix]| {
            let stop = fixes.iter().filter(|fix| {
                let s = (fix.at.0 - fixes[0].at.0) / 1000;
                (1_200..2_400).contains(&s)
            });
            walked(&stop.copied().collect::<Vec<_>>()).walked_m()
        };
        let saved_m = there.walked_m() - there.moving_m();
        let noise_m = standing(&fixes);
        assert!(
            saved_m > noise_m * 0.75 && saved_m < noise_m * 1.05,
            "{saved_m} of {noise_m}"
        );
        let apart = (there.moving_m() - back.moving_m()).abs() / there.moving_m();
        assert!(apart < 0.01, "turned around it differs by {apart}");
    }
}

#[test]
fn receiver_that_settles_adds_no_metres_and_one_that_is_good_at_once_adds_all() {
    // 50 m off at first, better with every fix, then a walk of 300 m.
    let settle = |accuracy_m: [f64; 8]| -> Vec<Fix> {
        let mut fixes: Vec<Fix> = (0..8)
            .map(|n| fix(f64::from(n) * 5.0, 0.0, 50.0 * 0.5_f64.powi(n)))
            .collect();
        fixes[7] = fix(35.0, 0.0, 0.0);
        for (fix, m) in fixes.iter_mut().zip(accuracy_m) {
            fix.accuracy_m = Some(m);
        }
        fixes.extend((1..=30).map(|n| {
            let mut fix = fix(35.0 + f64::from(n) * 8.0, f64::from(n) * 10.0, 0.0);
            fix.accuracy_m = Some(5.0);
            fix
        }));
        fixes
    };
    let cold = walked(&settle([48.0, 30.0, 30.0, 20.0, 10.0, 8.0, 6.0, 5.0]));
    assert_eq!(cold.accepted().len(), 38, "they vouch for presence");
    assert!((cold.moving_m() - 300.0).abs() < 0.5, "{}", cold.moving_m());
    assert!((cold.walked_m() - 350.0).abs() < 0.5, "{}", cold.walked_m());
    let sure = walked(&settle([5.0; 8]));
    assert!((sure.moving_m() - 350.0).abs() < 0.5, "{}", sure.moving_m());
    // A poor radius that never gets better explains nothing away.
    let poor = walked(&settle([40.0; 8]));
    assert!(poor.moving_m() > 345.0, "{}", poor.moving_m());
}

#[test]
fn interruption_ends_a_stay() {
    let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
    for n in 0..60 {
        walk.feed(fix(f64::from(n) * 5.0, 0.0, 0.0));
    }
    walk.interrupt();
    // Carried off while nothing was recorded: that way was not walked.
    for n in 0..10 {
        walk.feed(fix(300.0 + f64::from(n) * 5.0, 12.0 + f64::from(n), 0.0));
    }
    walk.finish();
    assert!((walk.moving_m() - 9.0).abs() < 0.01, "{}", walk.moving_m());
}

proptest! {
    #[test]
    fn mileage_is_at_most_the_plain_sum_and_the_same_in_pieces(
        steps in prop::collection::vec((1_u32..90, -12.0_f64..12.0, -12.0_f64..12.0, prop::option::of(1.0_f64..60.0), 0.0_f64..1.0), 1..200),
        cut in 0_usize..200,
    ) {
        let (mut s, mut x, mut y) = (0.0, 0.0, 0.0);
        let fixes: Vec<Fix> = steps.iter().map(|(dt, dx, dy, accuracy_m, slow)| {
            // Still and moving stretches of all kinds, and some fixes far off.
            let by = if *slow > 0.97 { 30.0 } else if *slow < 0.7 { 0.2 } else { 1.0 };
            s += f64::from(*dt);
            (x, y) = (x + dx * by, y + dy * by);
            let mut fix = fix(s, x, y);
            fix.accuracy_m = *accuracy_m;
            fix
        }).collect();
        let whole = walked(&fixes);
        prop_assert!(whole.moving_m() <= whole.walked_m() + 1e-6);
        prop_assert!(whole.moving_m() >= 0.0);
        let plain_m: f64 = whole.accepted().windows(2)
            .map(|pair| crate::geo::distance::distance_m(pair[0].place, pair[1].place)).sum();
        // A fix that was outvoted parts the walk: the way over it is not known.
        if !whole.rejected().contains_key("speed") {
            prop_assert!((whole.walked_m() - plain_m).abs() < 0.1, "{} {}", whole.walked_m(), plain_m);
        }
        // A copy that goes on where a phone was asked is the whole.
        let cut = cut.min(fixes.len());
        let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
        for fix in &fixes[..cut] {
            walk.feed(*fix);
        }
        let mut asked = walk.clone();
        asked.finish();
        for fix in &fixes[cut..] {
            walk.feed(*fix);
        }
        walk.finish();
        prop_assert_eq!(walk.moving_m().to_bits(), whole.moving_m().to_bits());
    }
}
