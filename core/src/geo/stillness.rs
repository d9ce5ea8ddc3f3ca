//! Whether a person stands still, fix by fix in constant memory: what a receiver's noise
//! moves is no way that was walked.
//!
//! A *stay* begins at a fix and holds as long as the fixes lie around their mean. One that
//! has lasted [`STILL_S_PER_M`] for each metre of its reach is *still*: from then on only a
//! distance from its first fix that was not counted before adds metres. Whoever walks
//! straight on, however slowly, loses nothing by being taken for still; only ways to and fro
//! inside the reach are not counted. Each fix adds at most its plain step. A person who is
//! moving is judged by nothing here: each step counts in full.
//!
//! A receiver that has just been switched on settles: where it says itself that its first
//! fix was poor, the way to a better one inside that fix's radius is no way either.
//!
//! Figures: fixes around a person who stands scatter by two thirds of the radius of 68 % on
//! each axis, so that twice that radius holds all but a hundredth of them.

use super::distance::step_m;
use super::local::east_deg;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::Fix;

/// The reach of a stay, in radii of 68 %.
const REACH_RADII: f64 = 2.0;
/// The smallest and the largest reach, in metres. The largest keeps a slow walk from being
/// taken for a stay where a receiver is poor.
const REACH_M: (f64, f64) = (8.0, 15.0);
/// The reach where the receiver tells no accuracy: receivers of the years before phones told
/// one scatter by three to five metres.
const UNKNOWN_REACH_M: f64 = 10.0;
/// Seconds in a stay that make it still, for each metre of its reach: a walk straight on
/// leaves a stay before, unless it is slower than 0.2 m/s.
const STILL_S_PER_M: f64 = 10.0;
/// So many fixes in a row outside of its reach end a stay that is still …
const LEAVE_FIXES: u8 = 3;
/// … or one that is so many reaches away.
const LEAVE_REACHES: f64 = 2.0;
/// A stay is taken up again by who was not farther from it than so many reaches.
const RETURN_REACHES: f64 = 3.0;
/// A first fix with a radius above this is poor, in metres.
const POOR_M: f64 = 15.0;

/// The state between two fixes.
#[derive(Debug, Clone, Default)]
pub(super) struct Stillness {
    stay: Option<Stay>,
    /// A stay that was still and has just been left.
    left: Option<Stay>,
    settling: Option<Settling>,
}

/// Fixes around their mean.
#[derive(Debug, Clone)]
struct Stay {
    since: UtcMs,
    first: LatLon,
    mean: LatLon,
    fixes: u32,
    /// Metres that its fixes added to the mileage.
    counted_m: f64,
    outside: u8,
    is_still: bool,
}

/// A receiver that has a poor first fix and may find better ones.
#[derive(Debug, Clone)]
struct Settling {
    first: LatLon,
    first_m: f64,
    best_m: f64,
}

impl Stillness {
    /// Nothing before `first` vouches for it: a track or what follows a silence begins.
    pub(super) fn begin(&mut self, first: &Fix) {
        self.forget();
        self.settle_from(first);
    }

    /// What comes next has nothing to do with what was before.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Metres of mileage from one accepted fix to the next, `plain_m` apart: 0 to `plain_m`.
    pub(super) fn step(&mut self, from: &Fix, to: &Fix, plain_m: f64) -> f64 {
        if self.settles(to) {
            (self.stay, self.left) = (Some(Stay::begin(to)), None);
            return 0.0;
        }
        let reach_m = to.accuracy_m.map_or(UNKNOWN_REACH_M, |m| {
            (m * REACH_RADII).clamp(REACH_M.0, REACH_M.1)
        });
        self.take_up(to, reach_m);
        let mut stay = self.stay.take().unwrap_or_else(|| Stay::begin(from));
        // The mean of one fix is that fix, and the way from it is known.
        let away_m = if stay.fixes == 1 {
            plain_m
        } else {
            step_m(stay.mean, to.place)
        };
        if away_m <= reach_m {
            stay.include(to, reach_m);
        } else {
            stay.outside = stay.outside.saturating_add(1);
        }
        let moved_m = if stay.is_still {
            let fresh_m = step_m(stay.first, to.place) - stay.counted_m;
            fresh_m.clamp(0.0, plain_m)
        } else {
            plain_m
        };
        stay.counted_m += moved_m;
        let is_left = stay.outside > 0
            && (!stay.is_still || stay.outside >= LEAVE_FIXES || away_m > LEAVE_REACHES * reach_m);
        if is_left {
            if stay.is_still {
                self.left = Some(stay);
            }
            stay = Stay::begin(to);
        } else if stay.is_still {
            self.left = None;
        }
        self.stay = Some(stay);
        moved_m
    }

    /// The next step, over a silence, brought a fix that nothing vouches for.
    pub(super) fn settle_from(&mut self, fix: &Fix) {
        self.settling = fix.accuracy_m.filter(|m| *m > POOR_M).map(|m| Settling {
            first: fix.place,
            first_m: m,
            best_m: m,
        });
    }

    /// True when the receiver only found out where it had been all the time.
    fn settles(&mut self, to: &Fix) -> bool {
        let (Some(settling), Some(accuracy_m)) = (&mut self.settling, to.accuracy_m) else {
            return false;
        };
        if step_m(settling.first, to.place) > settling.first_m + accuracy_m {
            self.settling = None;
            return false;
        }
        let is_better = accuracy_m < settling.best_m
            || (accuracy_m <= settling.best_m && (POOR_M..settling.first_m).contains(&accuracy_m));
        if is_better {
            settling.best_m = accuracy_m;
        } else if settling.best_m <= POOR_M {
            self.settling = None;
        }
        is_better
    }

    /// Goes back to a stay that noise seemed to end.
    fn take_up(&mut self, to: &Fix, reach_m: f64) {
        let Some(left) = &self.left else {
            return;
        };
        let away_m = step_m(left.mean, to.place);
        if away_m <= reach_m {
            self.stay = self.left.take();
        } else if away_m > RETURN_REACHES * reach_m {
            self.left = None;
        }
    }
}

impl Stay {
    fn begin(first: &Fix) -> Self {
        Self {
            since: first.at,
            first: first.place,
            mean: first.place,
            fixes: 1,
            counted_m: 0.0,
            outside: 0,
            is_still: false,
        }
    }

    fn include(&mut self, fix: &Fix, reach_m: f64) {
        self.outside = 0;
        self.fixes = self.fixes.saturating_add(1);
        let share = 1.0 / f64::from(self.fixes);
        let (lat, lon) = (self.mean.lat_deg(), self.mean.lon_deg());
        let north = (fix.place.lat_deg() - lat) * share;
        let east = east_deg(lon, fix.place.lon_deg()) * share;
        let wrapped = east_deg(0.0, lon + east);
        // Rounding may leave the range at its limit: the mean then stays where it was.
        self.mean = LatLon::try_new(lat + north, wrapped).unwrap_or(self.mean);
        let lasted_s = fix.at.0.saturating_sub(self.since.0) as f64 / 1000.0;
        self.is_still |= lasted_s >= STILL_S_PER_M * reach_m;
    }
}

#[cfg(test)]
mod tests;
