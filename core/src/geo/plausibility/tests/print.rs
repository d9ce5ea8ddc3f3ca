//! Fingerprints: what is one track, what is not, and the bytes.

use proptest::prelude::*;

use super::honest::walk;
use crate::geo::plausibility::{Fingerprint, FingerprintError, Plausibility, Tracer};
use crate::geo::plausibility::{PlausibilityLimits, flags_of};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};

fn print_of(fixes: &[Fix]) -> Fingerprint {
    let mut tracer = Tracer::default();
    for fix in fixes {
        tracer.feed(fix.at, fix.place);
    }
    tracer.fingerprint()
}

fn rounded(fix: &Fix, digits: i32) -> Fix {
    let unit = 10.0_f64.powi(digits);
    let round = |deg: f64| (deg * unit).round() / unit;
    let place = LatLon::try_new(round(fix.place.lat_deg()), round(fix.place.lon_deg()));
    Fix {
        at: fix.at.plus_ms(3 * 86_400_000 + 777),
        place: place.expect("a place stays one"),
        ..*fix
    }
}

/// The track as a replayer plays it: a fix so often, on the line between its fixes.
fn resampled(fixes: &[Fix], step_ms: u64) -> Vec<Fix> {
    let (Some(first), Some(last)) = (fixes.first(), fixes.last()) else {
        return Vec::new();
    };
    let mut played = Vec::new();
    let mut at = first.at;
    let mut index = 0;
    while at <= last.at {
        while index + 2 < fixes.len() && fixes[index + 1].at < at {
            index += 1;
        }
        let (a, b) = (fixes[index], fixes[index + 1]);
        let part = (at.0 - a.at.0) as f64 / (b.at.0 - a.at.0) as f64;
        let between = |a: f64, b: f64| a + (b - a) * part;
        let lat = between(a.place.lat_deg(), b.place.lat_deg());
        let lon = between(a.place.lon_deg(), b.place.lon_deg());
        let place = LatLon::try_new(lat, lon).expect("between two places");
        played.push(Fix { at, place, ..a });
        at = at.plus_ms(step_ms);
    }
    played
}

#[test]
fn replay_is_known_whenever_it_begins_and_however_it_is_rounded_sampled_or_cut() {
    let limit = PlausibilityLimits::default().repeated;
    let kinds = [
        (5.0, 0.92, 3.0),
        (5.0, 0.92, 15.0),
        (1.0, 0.0, 2.0),
        (1.0, 0.983, 3.0),
    ];
    for (step_s, keeps, sd_m) in kinds {
        for seed in 0..40 {
            let fixes = walk(seed, step_s, keeps, sd_m);
            let once = print_of(&fixes);
            let known = |what: &str, again: &[Fix], least: f64| {
                let similarity = print_of(again).similarity(&once);
                assert!(
                    similarity > least,
                    "{what} {seed} {step_s} {sd_m}: {similarity}"
                );
            };
            let at = |digits| -> Vec<Fix> { fixes.iter().map(|f| rounded(f, digits)).collect() };
            known("exact", &at(12), 0.95);
            known("sealed", &at(7), 0.8);
            known("rounded", &at(6), limit * 1.5);
            known("finer", &resampled(&fixes, 500), 0.9);
            known("cut", &fixes[fixes.len() / 10..fixes.len() * 19 / 20], 0.6);
        }
    }
}

#[test]
fn similarity_is_symmetric_and_none_for_what_is_too_short() {
    let (a, b) = (walk(1, 5.0, 0.92, 3.0), walk(2, 5.0, 0.92, 3.0));
    // The half of one and the half of another.
    let mixed: Vec<Fix> = a[..a.len() / 2]
        .iter()
        .chain(&b[b.len() / 2..])
        .copied()
        .collect();
    let [a, b, mixed] = [&a[..], &b[..], &mixed[..]].map(print_of);
    assert!(mixed.similarity(&a) > 0.1 && mixed.similarity(&a) < 0.8);
    assert!((mixed.similarity(&b) - b.similarity(&mixed)).abs() < 1e-12);
    let short = print_of(&walk(1, 5.0, 0.92, 3.0)[..5]);
    assert!(short.is_too_short());
    assert!(short.similarity(&short).abs() < 1e-12);
}

#[test]
fn bytes_that_are_no_sketch_are_refused() {
    let print = print_of(&walk(1, 5.0, 0.92, 3.0));
    let bytes = print.to_bytes();
    assert!(bytes.len() <= 1025);
    assert_eq!(Fingerprint::from_bytes(&[]), Err(FingerprintError::Form));
    assert_eq!(
        Fingerprint::from_bytes(&bytes[..9 + 3]),
        Err(FingerprintError::Form)
    );
    assert_eq!(Fingerprint::from_hex("zz"), Err(FingerprintError::Form));
    let mut other = bytes.clone();
    other[0] = 2;
    assert_eq!(
        Fingerprint::from_bytes(&other),
        Err(FingerprintError::Version(2))
    );
    let twice = [&bytes[..9], &bytes[1..9]].concat();
    assert_eq!(
        Fingerprint::from_bytes(&twice),
        Err(FingerprintError::Order)
    );
    let long = [&[1][..], &[0; 8 * 129]].concat();
    assert_eq!(Fingerprint::from_bytes(&long), Err(FingerprintError::Form));
}

fn any_fix() -> impl Strategy<Value = (u64, f64, f64, Option<f64>, bool)> {
    let near = (0..90_000_u64, 31.0..31.01, 121.0..121.01);
    let far = (0..u64::MAX, -90.0..=90.0, -180.0..=180.0);
    let accuracy_m = proptest::option::of(proptest::num::f64::ANY);
    (prop_oneof![4 => near, 1 => far], accuracy_m, any::<bool>())
        .prop_map(|((at, lat, lon), accuracy_m, is_mock)| (at, lat, lon, accuracy_m, is_mock))
}

proptest! {
    #[test]
    fn any_fixes_are_judged_alike_at_once_and_one_by_one(
        given in proptest::collection::vec(any_fix(), 0..200)
    ) {
        let fixes: Vec<Fix> = given
            .into_iter()
            .map(|(at, lat, lon, accuracy_m, is_mock)| Fix {
                at: UtcMs(at),
                place: LatLon::try_new(lat, lon).expect("in range"),
                accuracy_m,
                is_mock,
            })
            .collect();
        let limits = PlausibilityLimits::default();
        let mut seen = Plausibility::new(Mode::Walk, limits);
        for fix in &fixes {
            // Looking at it changes nothing.
            let _ = (seen.flags(), seen.fingerprint());
            seen.feed(*fix, None);
        }
        let text = |flags| serde_json::to_string(&flags).expect("JSON");
        prop_assert_eq!(text(seen.flags()), text(flags_of(Mode::Walk, limits, &fixes)));
        let print = seen.fingerprint();
        prop_assert_eq!(Fingerprint::from_hex(&print.to_hex()), Ok(print));
    }
}
