//! Steps without variation: runs of moving steps whose lengths, or whose speeds, are alike
//! as no person's are. Equal intervals alone say nothing: receivers give a fix a second.
//!
//! Positions rounded to 1e-6 degrees vary a step by centimetres, which hides equal steps
//! shorter than about five metres; sealed tracks keep 1e-7.

use super::flag::{EqualStretch, Evidence, Flag};
use super::{PlausibilityLimits, Span, elapsed_s};
use crate::model::time::UtcMs;

/// A shorter step, in metres, is standing.
const STANDING_M: f64 = 0.5;

#[derive(Debug, Clone)]
pub(super) struct EqualSteps {
    limits: PlausibilityLimits,
    run: Option<Run>,
    found: Found,
}

#[derive(Debug, Clone, Default)]
struct Found {
    count: u64,
    span: Option<Span>,
    stretches: Vec<EqualStretch>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    from: UtcMs,
    to: UtcMs,
    lengths: Moments,
    speeds: Moments,
    seconds: f64,
    /// True as long as the lengths were alike from the first step on …
    is_length_equal: bool,
    /// … and the speeds.
    is_speed_equal: bool,
}

/// Mean and variance as they grow (Welford).
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: u64,
    mean: f64,
    square: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.square += off * (value - self.mean);
    }

    /// Standard deviation over the mean; every value is above zero.
    fn cv(&self) -> f64 {
        (self.square / self.n as f64).sqrt() / self.mean
    }
}

impl Run {
    fn new(at: UtcMs) -> Self {
        Self {
            from: at,
            to: at,
            lengths: Moments::default(),
            speeds: Moments::default(),
            seconds: 0.0,
            is_length_equal: true,
            is_speed_equal: true,
        }
    }

    fn with(mut self, to: UtcMs, moved_m: f64, seconds: f64, equal_cv: f64) -> Self {
        self.to = to;
        self.lengths.add(moved_m);
        self.speeds.add(moved_m / seconds);
        self.seconds += seconds;
        self.is_length_equal &= self.lengths.cv() <= equal_cv;
        self.is_speed_equal &= self.speeds.cv() <= equal_cv;
        self
    }
}

impl EqualSteps {
    pub(super) fn new(limits: &PlausibilityLimits) -> Self {
        Self {
            limits: *limits,
            run: None,
            found: Found::default(),
        }
    }

    /// Takes a step from one fix to the next.
    pub(super) fn feed(&mut self, from: UtcMs, to: UtcMs, moved_m: f64) {
        let seconds = match elapsed_s(from, to) {
            Some(seconds) if moved_m >= STANDING_M => seconds,
            _ => return self.interrupt(),
        };
        let cv = self.limits.equal_cv;
        let run = self.run.unwrap_or_else(|| Run::new(from));
        let grown = run.with(to, moved_m, seconds, cv);
        if grown.is_length_equal || grown.is_speed_equal {
            self.run = Some(grown);
            return;
        }
        self.interrupt();
        self.run = Some(Run::new(from).with(to, moved_m, seconds, cv));
    }

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
        let evidence = Evidence::EqualSteps {
            count: found.count,
            stretches: found.stretches,
        };
        found.span.map(|span| Flag::new(span, evidence))
    }
}

impl Found {
    fn take(&mut self, run: &Run, limits: &PlausibilityLimits) {
        let steps = run.lengths.n;
        if steps < limits.equal_steps || run.seconds < limits.equal_s {
            return;
        }
        self.count += steps;
        Span::add(&mut self.span, run.from);
        Span::add(&mut self.span, run.to);
        if self.stretches.len() < limits.listed {
            self.stretches.push(EqualStretch {
                from: run.from,
                to: run.to,
                steps,
                mean_m: run.lengths.mean,
                mean_s: run.seconds / steps as f64,
                length_cv: run.lengths.cv(),
                speed_cv: run.speeds.cv(),
            });
        }
    }
}
