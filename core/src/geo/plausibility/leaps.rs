//! Steps that are too fast or too far, and times that run backwards.

use super::flag::{Evidence, Flag, Step};
use super::{PlausibilityLimits, Span, elapsed_s};
use crate::model::track::{Fix, Mode};

/// A step from one fix to the next one that arrived.
pub(super) struct Leap {
    pub(super) from: Fix,
    pub(super) to: Fix,
    pub(super) moved_m: f64,
}

/// What of the steps is conspicuous so far.
#[derive(Debug, Clone)]
pub(super) struct Leaps {
    cap_mps: f64,
    unknown_accuracy_m: f64,
    teleport_m: f64,
    listed: usize,
    fast: u64,
    fast_span: Option<Span>,
    fastest: Option<Step>,
    teleports: u64,
    teleport_span: Option<Span>,
    steps: Vec<Step>,
    backwards: u64,
    backwards_span: Option<Span>,
    largest_ms: u64,
}

impl Leaps {
    pub(super) fn new(mode: Mode, limits: &PlausibilityLimits) -> Self {
        Self {
            cap_mps: mode.speed_cap_mps(),
            unknown_accuracy_m: limits.unknown_accuracy_m,
            teleport_m: limits.teleport_m,
            listed: limits.listed,
            fast: 0,
            fast_span: None,
            fastest: None,
            teleports: 0,
            teleport_span: None,
            steps: Vec::new(),
            backwards: 0,
            backwards_span: None,
            largest_ms: 0,
        }
    }

    pub(super) fn feed(&mut self, leap: &Leap) {
        let Leap { from, to, moved_m } = leap;
        if to.at < from.at {
            self.backwards += 1;
            self.largest_ms = self.largest_ms.max(from.at.0 - to.at.0);
            Span::add(&mut self.backwards_span, from.at);
            Span::add(&mut self.backwards_span, to.at);
            return;
        }
        let seconds = elapsed_s(from.at, to.at).unwrap_or(0.0);
        let accuracy_m = |fix: &Fix| {
            fix.accuracy_m
                .filter(|m| m.is_finite() && *m >= 0.0)
                .unwrap_or(self.unknown_accuracy_m)
        };
        if *moved_m <= self.cap_mps * seconds + accuracy_m(from) + accuracy_m(to) {
            return;
        }
        let degrees = |fix: &Fix| [fix.place.lat_deg(), fix.place.lon_deg()];
        let step = Step {
            at: from.at,
            from_lat_lon: degrees(from),
            to_lat_lon: degrees(to),
            moved_m: *moved_m,
            seconds,
            mps: (seconds > 0.0).then(|| moved_m / seconds),
        };
        if *moved_m >= self.teleport_m {
            self.teleports += 1;
            Span::add(&mut self.teleport_span, from.at);
            Span::add(&mut self.teleport_span, to.at);
            if self.steps.len() < self.listed {
                self.steps.push(step);
            }
            return;
        }
        self.fast += 1;
        Span::add(&mut self.fast_span, from.at);
        Span::add(&mut self.fast_span, to.at);
        // What took no time is faster than anything; among such the longer is.
        let rank = |step: &Step| (step.mps.unwrap_or(f64::INFINITY), step.moved_m);
        if self.fastest.is_none_or(|known| rank(&step) > rank(&known)) {
            self.fastest = Some(step);
        }
    }

    pub(super) fn flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        if let Some((span, fastest)) = self.fast_span.zip(self.fastest) {
            let evidence = Evidence::Speed {
                count: self.fast,
                cap_mps: self.cap_mps,
                fastest,
            };
            flags.push(Flag::new(span, evidence));
        }
        if let Some(span) = self.teleport_span {
            let evidence = Evidence::Teleport {
                count: self.teleports,
                steps: self.steps.clone(),
            };
            flags.push(Flag::new(span, evidence));
        }
        if let Some(span) = self.backwards_span {
            let evidence = Evidence::Backwards {
                count: self.backwards,
                largest_s: self.largest_ms as f64 / 1000.0,
            };
            flags.push(Flag::new(span, evidence));
        }
        flags
    }
}
