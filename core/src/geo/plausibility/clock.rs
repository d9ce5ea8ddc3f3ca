//! The receiver's time against the phone's clock, where both are known.

use super::flag::{Evidence, Flag};
use super::{PlausibilityLimits, Span};
use crate::model::time::UtcMs;

/// So many offsets are kept for the median.
const KEPT: usize = 512;

/// Offsets of the phone's clock from the receiver's time, in milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Clocks {
    limit_ms: f64,
    count: u64,
    span: Option<Span>,
    least_ms: i64,
    greatest_ms: i64,
    last_ms: Option<i64>,
    jump_ms: u64,
    /// Every `stride`-th offset: when the list is full, every other one is dropped. The
    /// median of few fixes is exact, that of many is of an even sample.
    kept: Vec<i64>,
    stride: u64,
}

impl Clocks {
    pub(super) fn new(limits: &PlausibilityLimits) -> Self {
        Self {
            limit_ms: limits.clock_s * 1000.0,
            count: 0,
            span: None,
            least_ms: i64::MAX,
            greatest_ms: i64::MIN,
            last_ms: None,
            jump_ms: 0,
            kept: Vec::new(),
            stride: 1,
        }
    }

    pub(super) fn feed(&mut self, at: UtcMs, arrived: UtcMs) {
        let ms = |time: UtcMs| i64::try_from(time.0.min(UtcMs::MAX.0)).unwrap_or(i64::MAX);
        let offset_ms = ms(arrived) - ms(at);
        Span::add(&mut self.span, at);
        self.least_ms = self.least_ms.min(offset_ms);
        self.greatest_ms = self.greatest_ms.max(offset_ms);
        if let Some(last_ms) = self.last_ms {
            self.jump_ms = self.jump_ms.max(offset_ms.abs_diff(last_ms));
        }
        self.last_ms = Some(offset_ms);
        if self.count.is_multiple_of(self.stride) {
            if self.kept.len() == KEPT {
                let mut is_kept = false;
                self.kept.retain(|_| {
                    is_kept = !is_kept;
                    is_kept
                });
                self.stride *= 2;
            }
            if self.count.is_multiple_of(self.stride) {
                self.kept.push(offset_ms);
            }
        }
        self.count += 1;
    }

    pub(super) fn flag(&self) -> Option<Flag> {
        let span = self.span?;
        let mut sorted = self.kept.clone();
        sorted.sort_unstable();
        let median_ms = *sorted.get((sorted.len().saturating_sub(1)) / 2)?;
        if (median_ms as f64).abs() <= self.limit_ms && self.jump_ms as f64 <= self.limit_ms {
            return None;
        }
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let evidence = Evidence::Clock {
            median_offset_s: seconds(median_ms),
            least_offset_s: seconds(self.least_ms),
            greatest_offset_s: seconds(self.greatest_ms),
            largest_jump_s: self.jump_ms as f64 / 1000.0,
            count: self.count,
        };
        Some(Flag::new(span, evidence))
    }
}
