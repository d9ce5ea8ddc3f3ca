//! What a track is worth without a route: which fixes are believed, how far they lead, and
//! where they stop.

use std::collections::BTreeMap;

use super::track_filter::{Judged, TrackFilter};
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
            silences: Vec::new(),
        }
    }

    /// Takes the next fix in order of arrival.
    pub fn feed(&mut self, fix: Fix) {
        self.filter
            .feed(fix, &mut |judged| self.judged.push(judged));
        self.keep();
    }

    /// The track has ended, or is interrupted: what waited is decided.
    pub fn finish(&mut self) {
        self.filter.finish(&mut |judged| self.judged.push(judged));
        self.keep();
    }

    fn keep(&mut self) {
        for judged in self.judged.drain(..) {
            match judged {
                Judged::Accepted(fix, moved_m) => {
                    let is_silent = |last: &&Fix| fix.at.0 - last.at.0 > self.gap_ms;
                    if let Some(last) = self.accepted.last().filter(is_silent) {
                        self.silences.push(Silence {
                            from: last.at,
                            to: fix.at,
                        });
                    }
                    self.walked_m += moved_m;
                    self.accepted.push(fix);
                }
                Judged::Rejected(_, why) => {
                    *self.rejected.entry(why.as_str()).or_default() += 1;
                }
                Judged::Retracted(fix) => {
                    *self.rejected.entry("speed").or_default() += 1;
                    self.accepted.pop();
                    // The way to a fix that is outvoted was none.
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

    /// Geodesic length of the line through the believed fixes, in metres.
    #[must_use]
    pub fn walked_m(&self) -> f64 {
        self.walked_m
    }

    /// The times without a fix.
    #[must_use]
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::fix;

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
