//! An accuracy that never varies. External receivers tell one for hours, and forged tracks
//! are given one; phones sit at their best for a minute.

use super::flag::{Evidence, Flag};
use super::{PlausibilityLimits, Span, elapsed_s};
use crate::model::track::Fix;

#[derive(Debug, Clone)]
pub(super) struct Accuracies {
    least_fixes: u64,
    least_s: f64,
    run: Option<Run>,
    longest: Option<Run>,
}

/// Fixes of one accuracy, one after the other; those that tell none do not interrupt.
#[derive(Debug, Clone, Copy)]
struct Run {
    accuracy_m: f64,
    count: u64,
    span: Span,
}

impl Accuracies {
    pub(super) fn new(limits: &PlausibilityLimits) -> Self {
        Self {
            least_fixes: limits.accuracy_fixes,
            least_s: limits.accuracy_s,
            run: None,
            longest: None,
        }
    }

    pub(super) fn feed(&mut self, fix: &Fix) {
        let Some(accuracy_m) = fix.accuracy_m.filter(|m| m.is_finite() && *m >= 0.0) else {
            return;
        };
        let run = match self.run {
            // The same number, to the last bit.
            Some(run) if run.accuracy_m.to_bits() == accuracy_m.to_bits() => Run {
                count: run.count + 1,
                span: run.span.and(fix.at),
                ..run
            },
            _ => Run {
                accuracy_m,
                count: 1,
                span: Span::of(fix.at),
            },
        };
        self.run = Some(run);
        let is_long = run.count >= self.least_fixes
            && elapsed_s(run.span.from, run.span.to).unwrap_or(0.0) >= self.least_s;
        if is_long && self.longest.is_none_or(|known| run.count > known.count) {
            self.longest = Some(run);
        }
    }

    pub(super) fn flag(&self) -> Option<Flag> {
        self.longest.map(|run| {
            let evidence = Evidence::ConstantAccuracy {
                accuracy_m: run.accuracy_m,
                count: run.count,
            };
            Flag::new(run.span, evidence)
        })
    }
}
