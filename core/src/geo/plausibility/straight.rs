//! Lines without scatter: the longest runs of fixes whose distances to the line fitted
//! through them (total least squares) stay below what a receiver gives.
//!
//! A run grows as long as it is straight; the fix that bends it begins the next one together
//! with the fix before. Only sums are kept.

use super::flag::{Evidence, Flag, StraightStretch};
use super::{PlausibilityLimits, Span, elapsed_s};
use crate::geo::local::Scale;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::Fix;

/// Fixes nearer than this to the one before count once, in metres: who stands still, or a
/// receiver that repeats itself, draws no line.
const STANDING_M: f64 = 1.0;
/// A longer step, in metres, begins a new run: two clusters of fixes far apart are always on
/// a line.
const LONGEST_STEP_M: f64 = 250.0;
/// A run is closed at this length, in metres: the plane around its first fix bends a straight
/// line of this length by less than the limit.
const LONGEST_RUN_M: f64 = 5_000.0;
/// Nearer to a pole than this latitude a degree of longitude is no measure.
const POLAR_DEG: f64 = 85.0;

#[derive(Debug, Clone)]
pub(super) struct StraightLines {
    limits: PlausibilityLimits,
    run: Option<Run>,
    found: Found,
}

#[derive(Debug, Clone, Default)]
struct Found {
    count: u64,
    length_m: f64,
    span: Option<Span>,
    stretches: Vec<StraightStretch>,
}

/// Fixes on one line so far, in metres around the first.
#[derive(Debug, Clone, Copy)]
struct Run {
    origin: LatLon,
    scale: Scale,
    from: UtcMs,
    last: UtcMs,
    last_place: LatLon,
    last_xy: (f64, f64),
    length_m: f64,
    sums: Sums,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: u64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    fn with(mut self, (x, y): (f64, f64)) -> Self {
        self.n += 1;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
        self.yy += y * y;
        self
    }

    /// Root mean square of the distances to the line that fits best.
    fn rms_m(&self) -> f64 {
        let n = self.n as f64;
        let xx = self.xx / n - (self.x / n) * (self.x / n);
        let yy = self.yy / n - (self.y / n) * (self.y / n);
        let xy = self.xy / n - (self.x / n) * (self.y / n);
        // The smaller eigenvalue of the covariance.
        let smaller = (xx + yy) / 2.0 - ((xx - yy) / 2.0).hypot(xy);
        smaller.max(0.0).sqrt()
    }
}

impl Run {
    fn new(at: UtcMs, place: LatLon) -> Self {
        Self {
            origin: place,
            scale: Scale::at(place.lat_deg()),
            from: at,
            last: at,
            last_place: place,
            last_xy: (0.0, 0.0),
            length_m: 0.0,
            sums: Sums::default().with((0.0, 0.0)),
        }
    }
}

impl StraightLines {
    pub(super) fn new(limits: &PlausibilityLimits) -> Self {
        Self {
            limits: *limits,
            run: None,
            found: Found::default(),
        }
    }

    pub(super) fn feed(&mut self, fix: &Fix) {
        if fix.place.lat_deg().abs() > POLAR_DEG {
            return self.interrupt();
        }
        let Some(mut run) = self.run else {
            self.run = Some(Run::new(fix.at, fix.place));
            return;
        };
        let xy = run.scale.between(run.origin, fix.place);
        let step_m = (xy.0 - run.last_xy.0).hypot(xy.1 - run.last_xy.1);
        if step_m > LONGEST_STEP_M || fix.at < run.last || run.length_m > LONGEST_RUN_M {
            self.interrupt();
            self.run = Some(Run::new(fix.at, fix.place));
            return;
        }
        if step_m < STANDING_M {
            return;
        }
        let sums = run.sums.with(xy);
        if sums.rms_m() > self.limits.straight_rms_m {
            self.interrupt();
            run = Run::new(run.last, run.last_place);
            run.last_xy = run.scale.between(run.origin, fix.place);
            run.sums = run.sums.with(run.last_xy);
            run.length_m = step_m;
        } else {
            run.last_xy = xy;
            run.sums = sums;
            run.length_m += step_m;
        }
        run.last = fix.at;
        run.last_place = fix.place;
        self.run = Some(run);
    }

    /// Ends the run: what follows is on no line with it.
    pub(super) fn interrupt(&mut self) {
        if let Some(run) = self.run.take() {
            self.found.take(&run, &self.limits);
        }
    }

    pub(super) fn flag(&self) -> Option<Flag> {
        let mut found = self.found.clone();
        if let Some(run) = &self.run {
            found.take(run, &self.limits);
        }
        let evidence = Evidence::StraightLine {
            count: found.count,
            length_m: found.length_m,
            stretches: found.stretches,
        };
        found.span.map(|span| Flag::new(span, evidence))
    }
}

impl Found {
    fn take(&mut self, run: &Run, limits: &PlausibilityLimits) {
        if run.sums.n < limits.straight_fixes
            || run.length_m < limits.straight_m
            || elapsed_s(run.from, run.last).unwrap_or(0.0) < limits.straight_s
        {
            return;
        }
        self.count += 1;
        self.length_m += run.length_m;
        Span::add(&mut self.span, run.from);
        Span::add(&mut self.span, run.last);
        if self.stretches.len() < limits.listed {
            self.stretches.push(StraightStretch {
                from: run.from,
                to: run.last,
                fixes: run.sums.n,
                length_m: run.length_m,
                rms_m: run.sums.rms_m(),
            });
        }
    }
}
