//! What a track is worth without a route: which fixes are believed, how far they lead, and
//! where they stop.

use std::collections::BTreeMap;

use super::track_filter::{Judged, Step, TrackFilter};
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};

/// A time without a believed fix, longer than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// The last fix before.
    pub from: UtcMs,
    /// The first fix after.
    pub to: UtcMs,
}

/// A track as it is believed, fix by fix.
#[derive(Debug, Clone)]
pub struct Walk {
    filter: TrackFilter,
    gap_ms: u64,
    judged: Vec<Judged>,
    accepted: Vec<Fix>,
    rejected: BTreeMap<&'static str, u64>,
    walked_m: f64,
    moving_m: f64,
    /// What the last accepted fix added to the mileage and to the length, should it be
    /// outvoted.
    last_step: Step,
    /// True after a fix was outvoted, until the next: nobody knows the way to that.
    is_parted: bool,
    /// True until the first fix after an interruption.
    is_interrupted: bool,
    silences: Vec<Silence>,
}

impl Walk {
    /// Nothing walked yet; limits as in [`TrackFilter::new`].
    #[must_use]
    pub fn new(mode: Mode, max_accuracy_m: f64, gap_ms: u64) -> Self {
        Self {
            filter: TrackFilter::new(mode, max_accuracy_m, gap_ms),
            gap_ms,
            judged: Vec::new(),
            accepted: Vec::new(),
            rejected: BTreeMap::new(),
            walked_m: 0.0,
            moving_m: 0.0,
            last_step: Step::default(),
            is_parted: false,
            is_interrupted: false,
            silences: Vec::new(),
        }
    }

    /// Takes the next fix in order of arrival.
    pub fn feed(&mut self, fix: Fix) {
        self.filter
            .feed(fix, &mut |judged| self.judged.push(judged));
        self.keep();
    }

    /// The recording was interrupted: nobody vouches for the way to the next fix.
    pub fn interrupt(&mut self) {
        self.finish();
        self.is_interrupted = true;
    }

    /// The track has ended: what waited is decided.
    pub fn finish(&mut self) {
        self.filter.finish(&mut |judged| self.judged.push(judged));
        self.keep();
    }

    fn keep(&mut self) {
        for judged in self.judged.drain(..) {
            match judged {
                Judged::Accepted(fix, step) => {
                    let is_silent = |last: &&Fix| fix.at.0 - last.at.0 > self.gap_ms;
                    if let Some(last) = self.accepted.last().filter(is_silent) {
                        self.silences.push(Silence {
                            from: last.at,
                            to: fix.at,
                        });
                    }
                    let is_parted = std::mem::take(&mut self.is_parted);
                    let is_interrupted = std::mem::take(&mut self.is_interrupted);
                    self.last_step = if is_parted || is_interrupted {
                        Step::default()
                    } else {
                        step
                    };
                    self.walked_m += self.last_step.length_m;
                    self.moving_m += self.last_step.moved_m;
                    self.accepted.push(fix);
                }
                Judged::Rejected(_, why) => {
                    *self.rejected.entry(why.as_str()).or_default() += 1;
                }
                Judged::Retracted(fix) => {
                    *self.rejected.entry("speed").or_default() += 1;
                    self.accepted.pop();
                    // The way to a fix that is outvoted was none.
                    let step = std::mem::take(&mut self.last_step);
                    self.walked_m -= step.length_m;
                    self.moving_m -= step.moved_m;
                    self.is_parted = true;
                    self.silences.retain(|silence| silence.to != fix.at);
                }
            }
        }
    }

    /// The fixes that are believed, in order of time.
    #[must_use]
    pub fn accepted(&self) -> &[Fix] {
        &self.accepted
    }

    /// How many are not, by the reason's key.
    #[must_use]
    pub fn rejected(&self) -> &BTreeMap<&'static str, u64> {
        &self.rejected
    }

    /// Geodesic length of the line through the believed fixes, in metres; ways over an
    /// interruption and to or from a fix that was outvoted are no part of it.
    #[must_use]
    pub fn walked_m(&self) -> f64 {
        self.walked_m
    }

    /// The same without what the noise of standing still and of a receiver that settles adds
    /// to it; never more.
    #[must_use]
    pub fn moving_m(&self) -> f64 {
        self.moving_m
    }

    /// The times without a fix.
    #[must_use]
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }
}

#[cfg(test)]
mod real;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::fix;

    #[test]
    fn way_to_a_fix_that_is_outvoted_is_not_walked() {
        let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
        let fixes = [
            (0.0, 0.0),
            (10.0, 10.0),
            (120.0, 330.0),
            (130.0, 20.0),
            (140.0, 30.0),
            (150.0, 40.0),
        ];
        for (at_s, x_m) in fixes {
            walk.feed(fix(at_s, x_m, 0.0));
        }
        walk.finish();
        assert_eq!(walk.accepted().len(), 5);
        assert!((walk.walked_m() - 30.0).abs() < 0.01, "{}", walk.walked_m());
    }

    #[test]
    fn way_over_an_interruption_is_not_walked() {
        let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
        walk.feed(fix(0.0, 0.0, 0.0));
        walk.feed(fix(10.0, 10.0, 0.0));
        walk.interrupt();
        walk.feed(fix(20.0, 30.0, 0.0));
        walk.feed(fix(30.0, 40.0, 0.0));
        walk.finish();
        assert!((walk.walked_m() - 20.0).abs() < 0.01, "{}", walk.walked_m());
    }

    #[test]
    fn fixes_that_run_backwards_after_one_from_the_future_are_no_silence() {
        let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
        for n in 0..=10 {
            walk.feed(fix(f64::from(n) * 10.0, 0.0, 0.0));
        }
        walk.feed(fix(9_000_000.0, 0.0, 0.0));
        for n in 2..6 {
            walk.feed(fix(f64::from(n) * 10.0 + 1.0, 0.0, 0.0));
        }
        walk.finish();
        assert_eq!(walk.accepted().len(), 12);
        assert_eq!(walk.silences().len(), 1);
    }

    #[test]
    fn walk_measures_what_is_believed_and_names_its_silences() {
        let mut walk = Walk::new(Mode::Walk, 50.0, 60_000);
        for (at_s, x_m) in [
            (0.0, 0.0),
            (10.0, 15.0),
            (20.0, 900.0),
            (30.0, 40.0),
            (130.0, 90.0),
        ] {
            walk.feed(fix(at_s, x_m, 0.0));
        }
        walk.finish();
        assert_eq!(walk.accepted().len(), 4);
        assert!((walk.walked_m() - 90.0).abs() < 0.01, "{}", walk.walked_m());
        assert_eq!(walk.rejected().get("speed"), Some(&1));
        assert_eq!(
            walk.silences(),
            [Silence {
                from: fix(30.0, 0.0, 0.0).at,
                to: fix(130.0, 0.0, 0.0).at
            }]
        );
    }
}
