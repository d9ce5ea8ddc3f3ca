//! Honest walks: the noise of a receiver, steps of a person, pauses, corners. None is flagged
//! as forged, none repeats another.

use super::limits;
use crate::geo::plane::fix;
use crate::geo::plausibility::{Fingerprint, Plausibility};
use crate::model::track::{Fix, Mode};

/// Numbers that a seed determines.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// Even in 0..1.
    fn even(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, of deviation 1 (the sum of twelve even ones).
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.even()).sum::<f64>() - 6.0
    }
}

/// A walk of about 1200 m round three sides of a block, with a pause.
///
/// - `step_s`: the time between fixes; `keeps`: how much of the error the next fix keeps;
///   `sd_m`: its standard deviation.
pub(super) fn walk(seed: u64, step_s: f64, keeps: f64, sd_m: f64) -> Vec<Fix> {
    let mut dice = Dice::new(seed);
    for _ in 0..20 {
        dice.even();
    }
    let speed_mps = 1.3 + 0.1 * dice.normal();
    let (mut along_m, mut at_s) = (0.0, 0.0);
    let (mut x_off, mut y_off) = (sd_m * dice.normal(), sd_m * dice.normal());
    let fresh_m = sd_m * (1.0_f64 - keeps * keeps).sqrt();
    let mut fixes = Vec::new();
    while along_m < 1_200.0 {
        let (x, y) = match along_m {
            m if m < 500.0 => (m, 0.0),
            m if m < 700.0 => (500.0, m - 500.0),
            m => (1_200.0 - m, 200.0),
        };
        fixes.push(fix(at_s, x + x_off, y + y_off));
        x_off = keeps * x_off + fresh_m * dice.normal();
        y_off = keeps * y_off + fresh_m * dice.normal();
        let is_pause = (300.0..420.0).contains(&at_s);
        if !is_pause {
            along_m += (speed_mps * (1.0 + 0.08 * dice.normal()) * step_s).max(0.0);
        }
        at_s += step_s;
    }
    fixes
}

fn judged(fixes: &[Fix]) -> (Vec<&'static str>, Fingerprint) {
    let mut seen = Plausibility::new(Mode::Walk, limits());
    for fix in fixes {
        seen.feed(*fix, None);
    }
    let flags = seen.flags();
    (
        flags.iter().map(|flag| flag.evidence.key()).collect(),
        seen.fingerprint(),
    )
}

#[test]
fn honest_walks_of_one_route_are_neither_forged_nor_repeated() {
    let kinds = [
        (5.0, 0.92, 3.0),
        (5.0, 0.92, 15.0),
        (1.0, 0.0, 2.0),
        // A receiver whose error hardly moves, a fix a second.
        (1.0, 0.983, 3.0),
        // Better than phones are.
        (1.0, 0.983, 0.8),
    ];
    for (step_s, keeps, sd_m) in kinds {
        let mut prints: Vec<Fingerprint> = Vec::new();
        for seed in 0..200 {
            let (keys, print) = judged(&walk(seed, step_s, keeps, sd_m));
            let forged = |key: &&str| ["straight_line", "equal_steps"].contains(key);
            assert!(!keys.iter().any(forged), "{seed} {step_s} {sd_m}: {keys:?}");
            assert!(!print.is_too_short(), "{seed} {step_s} {sd_m}");
            for (other, earlier) in prints.iter().enumerate() {
                let similarity = print.similarity(earlier);
                assert!(
                    similarity < 0.1,
                    "{seed} {other} {step_s} {sd_m}: {similarity}"
                );
            }
            prints.push(print);
        }
    }
}
