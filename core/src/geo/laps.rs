//! How many times a route was walked round.
//!
//! A lap ends when it covers its share of the route and the walk goes over again what it has
//! covered: there the next lap begins.

use super::coverage::Lap;
use super::intervals::{Stretch, StretchSet};

/// So much must be walked again before it is a new lap: metres, and share of the route.
const AGAIN_M: f64 = 50.0;
const AGAIN_SHARE: f64 = 0.1;
/// A stretch of which so little is new leads over old ground.
const NEW_SHARE: f64 = 0.2;

#[derive(Debug, Clone)]
pub(super) struct Laps {
    loop_permille: u32,
    done: Vec<Lap>,
    lap: StretchSet,
    lap_m: f64,
    /// What has been walked since the lap was full: the beginning of the next, perhaps.
    next: Option<StretchSet>,
    next_m: f64,
}

impl Laps {
    pub(super) fn new(loop_permille: u32) -> Self {
        Self {
            loop_permille,
            done: Vec::new(),
            lap: StretchSet::default(),
            lap_m: 0.0,
            next: None,
            next_m: 0.0,
        }
    }

    /// Takes what became certain at one time: as a whole, so that a route that is turned round
    /// has the same laps.
    pub(super) fn feed(&mut self, stretches: &[Stretch], planned_m: f64) {
        let length_m: f64 = stretches.iter().map(Stretch::length_m).sum();
        let new_m: f64 = stretches.iter().map(|s| self.lap.insert(*s)).sum();
        self.lap_m += new_m;
        let is_new = new_m > NEW_SHARE * length_m;
        if !is_new && let Some(next) = &mut self.next {
            self.next_m += stretches.iter().map(|s| next.insert(*s)).sum::<f64>();
            let again_m = AGAIN_M.max(AGAIN_SHARE * planned_m).min(planned_m / 2.0);
            if self.next_m >= again_m {
                // What the new lap covers, the old one has covered before: it ends here.
                self.done.extend(self.lap_of(&self.lap, planned_m));
                self.lap = self.next.take().unwrap_or_default();
                self.lap_m = self.next_m;
                return;
            }
        }
        let is_full = self.lap_m * 1000.0 >= f64::from(self.loop_permille) * planned_m;
        if is_full && is_new {
            // Still finding new ground: a new lap can begin here at the earliest.
            self.next = Some(StretchSet::default());
            self.next_m = 0.0;
        }
    }

    fn lap_of(&self, lap: &StretchSet, planned_m: f64) -> Option<Lap> {
        let from = lap.stretches().iter().map(|s| s.enter).min()?;
        let to = lap.stretches().iter().map(|s| s.leave).max()?;
        let ratio = (lap.length_m() / planned_m).min(1.0);
        Some(Lap {
            from,
            to,
            ratio,
            // A millionth is forgiven: lengths are not exact, shares of 80 % are meant so.
            counts: ratio * 1000.0 + 1e-3 >= f64::from(self.loop_permille),
        })
    }

    pub(super) fn result(&self, planned_m: f64) -> Vec<Lap> {
        let mut laps = self.done.clone();
        laps.extend(self.lap_of(&self.lap, planned_m));
        laps
    }
}
