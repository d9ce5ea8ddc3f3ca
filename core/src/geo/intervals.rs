//! Stretches along a line, with the times at which they were walked: a set that grows.

use crate::model::time::UtcMs;

/// Two stretches nearer than this are one, in metres: less than positions are sealed with.
const JOINT_M: f64 = 1e-3;

/// A stretch along a line, and when it was walked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// Its beginning, in metres from the line's.
    pub(super) from_m: f64,
    /// Its end, in metres from the line's beginning; never less than `from_m`.
    pub(super) to_m: f64,
    /// The earliest time at which any of it was walked.
    pub(super) enter: UtcMs,
    /// The latest.
    pub(super) leave: UtcMs,
}

impl Stretch {
    /// Its length in metres.
    #[must_use]
    pub(super) fn length_m(&self) -> f64 {
        self.to_m - self.from_m
    }
}

/// Stretches that neither overlap nor touch, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct StretchSet {
    stretches: Vec<Stretch>,
    /// The number of the one that was touched last.
    last: usize,
}

impl PartialEq for StretchSet {
    fn eq(&self, other: &Self) -> bool {
        self.stretches == other.stretches
    }
}

impl StretchSet {
    /// The stretches in order.
    #[must_use]
    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// True when there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.stretches.clear();
        self.last = 0;
    }

    /// Their length together, in metres.
    #[must_use]
    pub(super) fn length_m(&self) -> f64 {
        // The sum of nothing would be -0.0.
        self.stretches
            .iter()
            .map(Stretch::length_m)
            .fold(0.0, |sum, m| sum + m)
    }

    /// Adds a stretch; what it touches becomes one with it. Returns the metres that are new.
    pub(super) fn insert(&mut self, mut new: Stretch) -> f64 {
        let list = &mut self.stretches;
        // Walking on touches what was walked last: nothing else is looked at.
        let is_last = list
            .get(self.last)
            .is_some_and(|s| s.from_m <= new.to_m + JOINT_M && s.to_m + JOINT_M >= new.from_m)
            && (self.last == 0 || list[self.last - 1].to_m + JOINT_M < new.from_m)
            && list
                .get(self.last + 1)
                .is_none_or(|next| next.from_m > new.to_m + JOINT_M);
        if is_last {
            let s = &mut list[self.last];
            let before_m = s.length_m();
            s.from_m = s.from_m.min(new.from_m);
            s.to_m = s.to_m.max(new.to_m);
            s.enter = s.enter.min(new.enter);
            s.leave = s.leave.max(new.leave);
            return s.length_m() - before_m;
        }
        let first = list.partition_point(|s| s.to_m + JOINT_M < new.from_m);
        let mut end = first;
        let mut known_m = 0.0;
        while let Some(met) = list.get(end).filter(|s| s.from_m <= new.to_m + JOINT_M) {
            known_m += met.length_m();
            new.from_m = new.from_m.min(met.from_m);
            new.to_m = new.to_m.max(met.to_m);
            new.enter = new.enter.min(met.enter);
            new.leave = new.leave.max(met.leave);
            end += 1;
        }
        let new_m = new.length_m() - known_m;
        // Walking on in one direction meets one stretch and replaces it in place.
        if end == first + 1 {
            list[first] = new;
        } else if end == first {
            list.insert(first, new);
        } else {
            list[first] = new;
            list.drain(first + 1..end);
        }
        self.last = first;
        new_m
    }

    /// Adds every stretch of another set.
    pub(super) fn extend(&mut self, other: &Self) {
        for stretch in &other.stretches {
            self.insert(*stretch);
        }
    }

    /// The parts of `from_m..to_m` that the set does not hold, in order.
    #[must_use]
    pub(super) fn gaps(&self, from_m: f64, to_m: f64) -> Vec<(f64, f64)> {
        let mut gaps = Vec::new();
        let mut at_m = from_m;
        let first = self.stretches.partition_point(|s| s.to_m <= from_m);
        for stretch in &self.stretches[first..] {
            if stretch.from_m >= to_m {
                break;
            }
            if stretch.from_m > at_m {
                gaps.push((at_m, stretch.from_m));
            }
            at_m = at_m.max(stretch.to_m);
        }
        if at_m < to_m {
            gaps.push((at_m, to_m));
        }
        gaps
    }

    /// The parts of `from_m..to_m` that the set holds, in order.
    #[must_use]
    pub(super) fn within(&self, from_m: f64, to_m: f64) -> Vec<(f64, f64)> {
        let first = self.stretches.partition_point(|s| s.to_m <= from_m);
        self.stretches[first..]
            .iter()
            .take_while(|s| s.from_m < to_m)
            .map(|s| (s.from_m.max(from_m), s.to_m.min(to_m)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretch(from_m: f64, to_m: f64) -> Stretch {
        Stretch {
            from_m,
            to_m,
            enter: UtcMs(from_m as u64),
            leave: UtcMs(to_m as u64),
        }
    }

    fn set(pairs: &[(f64, f64)]) -> StretchSet {
        let mut set = StretchSet::default();
        for (from_m, to_m) in pairs {
            set.insert(stretch(*from_m, *to_m));
        }
        set
    }

    #[test]
    fn stretches_that_touch_become_one_with_the_earliest_and_the_latest_time() {
        let set = set(&[(10.0, 20.0), (30.0, 40.0), (20.0, 30.0)]);
        assert_eq!(set.stretches(), [stretch(10.0, 40.0)]);
    }

    #[test]
    fn gaps_and_what_is_within_make_the_whole() {
        let set = set(&[(10.0, 20.0), (30.0, 40.0)]);
        assert_eq!(set.gaps(0.0, 35.0), [(0.0, 10.0), (20.0, 30.0)]);
        assert_eq!(set.within(15.0, 35.0), [(15.0, 20.0), (30.0, 35.0)]);
        assert_eq!(set.gaps(12.0, 18.0), []);
        assert_eq!(StretchSet::default().gaps(0.0, 5.0), [(0.0, 5.0)]);
    }

    proptest! {
        #[test]
        fn order_of_insertion_changes_nothing(
            mut pairs in prop::collection::vec((0_u16..500, 1_u16..60), 1..30),
            seed in any::<u64>(),
        ) {
            let stretches = |pairs: &[(u16, u16)]| -> Vec<(f64, f64)> {
                pairs.iter().map(|(a, n)| (f64::from(*a), f64::from(*a + *n))).collect()
            };
            let one = set(&stretches(&pairs));
            let turn = (seed as usize) % pairs.len();
            pairs.rotate_left(turn);
            pairs.reverse();
            prop_assert_eq!(&one, &set(&stretches(&pairs)));
            let missing: f64 = one.gaps(0.0, 600.0).iter().map(|(a, b)| b - a).sum();
            prop_assert!((missing + one.length_m() - 600.0).abs() < 1e-9);
        }
    }
}
