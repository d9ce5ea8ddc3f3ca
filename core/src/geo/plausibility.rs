//! What of a track looks as if nobody had walked it: flags with their figures, for a person
//! to judge. A flag rejects nothing and changes no score.
//!
//! Forged tracks give themselves away by what a receiver under the sky cannot do: lines
//! without scatter, steps without variation, places that no transport reaches, another day's
//! noise. Honest devices do some of it too: an external receiver may be announced as a mock
//! provider and tell one accuracy for hours, a tunnel makes a leap, a phone corrects its
//! clock. So each flag says what was measured, and the reader decides.
//!
//! It works fix by fix in constant memory, as on a phone; a whole track at once goes through
//! the same state machine. It does not find everything: who adds honest noise to a made-up
//! line, or moves a replayed track by metres, shows nothing here.
//!
//! Source: the limits were set against recorded walks, rides and drives; each limit says
//! what it keeps apart.

use super::distance::distance_m;
use super::local::near_m;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};

mod accuracy;
mod clock;
mod equal;
mod fingerprint;
mod flag;
mod leaps;
mod straight;
#[cfg(test)]
mod tests;

pub use fingerprint::{Fingerprint, FingerprintError, Tracer};
pub use flag::{EqualStretch, Evidence, Flag, Repeated, Step, StraightStretch};

use accuracy::Accuracies;
use clock::Clocks;
use equal::EqualSteps;
use leaps::{Leap, Leaps};
use straight::StraightLines;

/// From when on something is a flag. The numbers are policy. Of 261 recorded walks, rides and
/// drives the defaults flag some for speed and teleports, which receivers do, and no honest one
/// for anything else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlausibilityLimits {
    /// Accuracy that is assumed where the receiver tells none, in metres, as the track filter
    /// assumes it.
    pub unknown_accuracy_m: f64,
    /// A step beyond the cap of the mode of moving is a teleport from this length on, in
    /// metres; a shorter one is speed.
    pub teleport_m: f64,
    /// Lines straighter than this root mean square of the distances to the fitted line, in
    /// metres: no phone's error stands so still for the time of `straight_s`. A receiver good to
    /// 0.8 m may stay below 0.3 m for minutes; a drawn line that is rounded to 1e-6 degrees has
    /// 0.05 m.
    pub straight_rms_m: f64,
    /// A straight line shorter than this, in metres along the way, is none: streets are.
    pub straight_m: f64,
    /// A straight line of fewer fixes is none: two places are always on one.
    pub straight_fixes: u64,
    /// A straight line of a shorter time, in seconds, is none: a receiver's error changes
    /// slowly, and a vehicle covers the length within seconds.
    pub straight_s: f64,
    /// Steps are equal when the standard deviation of their lengths, or of their speeds, is
    /// at most this share of the mean.
    pub equal_cv: f64,
    /// Fewer equal steps one after the other are chance, or a train: one at its constant
    /// speed was recorded with 27.
    pub equal_steps: u64,
    /// Equal steps of a shorter time, in seconds, are chance or a cruise control.
    pub equal_s: f64,
    /// The same accuracy over fewer fixes one after the other is a receiver at its best.
    pub accuracy_fixes: u64,
    /// The same accuracy for a shorter time, in seconds, likewise.
    pub accuracy_s: f64,
    /// The phone's clock and the receiver's time may differ by this, in seconds; a fix may
    /// arrive late by it.
    pub clock_s: f64,
    /// Tracks are one track from this similarity of their fingerprints on, 0 to 1: two honest
    /// walks of one route have about none.
    pub repeated: f64,
    /// The most leaps or stretches that one flag lists; all are counted.
    pub listed: usize,
}

impl Default for PlausibilityLimits {
    fn default() -> Self {
        Self {
            unknown_accuracy_m: 25.0,
            teleport_m: 500.0,
            straight_rms_m: 0.15,
            straight_m: 300.0,
            straight_fixes: 20,
            straight_s: 120.0,
            equal_cv: 0.01,
            equal_steps: 40,
            equal_s: 60.0,
            accuracy_fixes: 100,
            accuracy_s: 300.0,
            clock_s: 60.0,
            repeated: 0.2,
            listed: 20,
        }
    }
}

/// What has been seen of a track so far.
#[derive(Debug, Clone)]
pub struct Plausibility {
    fixes: u64,
    mocks: u64,
    mock_span: Option<Span>,
    last: Option<Fix>,
    leaps: Leaps,
    straight: StraightLines,
    equal: EqualSteps,
    accuracies: Accuracies,
    clocks: Clocks,
    tracer: Tracer,
}

/// From when to when, by the least and the greatest time that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: UtcMs,
    to: UtcMs,
}

impl Span {
    fn of(at: UtcMs) -> Self {
        Self { from: at, to: at }
    }

    fn and(self, at: UtcMs) -> Self {
        Self {
            from: self.from.min(at),
            to: self.to.max(at),
        }
    }

    fn add(span: &mut Option<Self>, at: UtcMs) {
        *span = Some(span.map_or(Self::of(at), |known| known.and(at)));
    }
}

impl Plausibility {
    /// Nothing seen yet of a track of a person who moves so.
    #[must_use]
    pub fn new(mode: Mode, limits: PlausibilityLimits) -> Self {
        Self {
            fixes: 0,
            mocks: 0,
            mock_span: None,
            last: None,
            leaps: Leaps::new(mode, &limits),
            straight: StraightLines::new(&limits),
            equal: EqualSteps::new(&limits),
            accuracies: Accuracies::new(&limits),
            clocks: Clocks::new(&limits),
            tracer: Tracer::default(),
        }
    }

    /// Takes the next fix in order of arrival, believed or not.
    ///
    /// - `arrived`: what the device's wall clock said when the fix came, where that is known.
    pub fn feed(&mut self, fix: Fix, arrived: Option<UtcMs>) {
        self.fixes += 1;
        if fix.is_mock {
            self.mocks += 1;
            Span::add(&mut self.mock_span, fix.at);
        }
        self.accuracies.feed(&fix);
        if let Some(arrived) = arrived {
            self.clocks.feed(fix.at, arrived);
        }
        if let Some(last) = self.last {
            let moved_m = moved_m(last.place, fix.place);
            self.leaps.feed(&Leap {
                from: last,
                to: fix,
                moved_m,
            });
            self.equal.feed(last.at, fix.at, moved_m);
        }
        self.straight.feed(&fix);
        self.tracer.feed(fix.at, fix.place);
        self.last = Some(fix);
    }

    /// The recording was interrupted: a step over the gap is no step, though whoever moved
    /// farther in it than the mode allows still leapt.
    pub fn interrupt(&mut self) {
        self.straight.interrupt();
        self.equal.interrupt();
        self.tracer.interrupt();
    }

    /// Everything that is conspicuous so far, as if the track ended here, in the order of
    /// [`Evidence`].
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        if let Some(span) = self.mock_span {
            let share = self.mocks as f64 / self.fixes as f64;
            let count = self.mocks;
            flags.push(Flag::new(span, Evidence::Mock { count, share }));
        }
        flags.extend(self.leaps.flags());
        flags.extend(self.straight.flag());
        flags.extend(self.equal.flag());
        flags.extend(self.accuracies.flag());
        flags.extend(self.clocks.flag());
        flags
    }

    /// The fingerprint of the track so far.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.tracer.fingerprint()
    }

    /// How many fixes it was fed.
    #[must_use]
    pub fn fixes(&self) -> u64 {
        self.fixes
    }
}

/// The flags of a whole track at once; the wall clock's time of each fix is not known.
#[must_use]
pub fn flags_of(mode: Mode, limits: PlausibilityLimits, fixes: &[Fix]) -> Vec<Flag> {
    let mut seen = Plausibility::new(mode, limits);
    for fix in fixes {
        seen.feed(*fix, None);
    }
    seen.flags()
}

/// Metres between two fixes: fast where that is exact to millimetres, geodesic elsewhere.
fn moved_m(from: LatLon, to: LatLon) -> f64 {
    const NEAR_M: f64 = 1_000.0;
    const POLAR_DEG: f64 = 80.0;
    let near_m = near_m(from, to);
    match near_m < NEAR_M && from.lat_deg().abs() < POLAR_DEG {
        true => near_m,
        false => distance_m(from, to),
    }
}

/// Seconds from one time to a later one; nothing where time stands still or runs backwards.
fn elapsed_s(from: UtcMs, to: UtcMs) -> Option<f64> {
    (to > from).then(|| (to.0 - from.0) as f64 / 1000.0)
}
