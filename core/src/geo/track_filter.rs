//! Which fixes of a track are believed. It works fix by fix in constant memory, as on a
//! phone, and gives the same answer for a whole track at once.
//!
//! A fix is rejected when a mock provider made it, when its accuracy is too poor, when it
//! comes from the past or for an instant that has its fix, or when nobody moves so fast:
//! the outlier is dropped, and not the good fix after it. A fix that stands alone (the first
//! of a track or after a gap) has nothing to vouch for it: three fixes that it contradicts
//! and that agree with each other outvote it.
//!
//! An accepted fix is told with the metres that it adds to the mileage. The noise of a
//! person who stands and the settling of a receiver after its start add none, and their
//! fixes stay accepted: they vouch for presence.
//!
//! Source: DOMAIN "Patrol and coverage".

use super::distance::step_m;
use super::stillness::Stillness;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};

/// Accuracy that is assumed where the receiver tells none, in metres.
const UNKNOWN_ACCURACY_M: f64 = 25.0;
/// So many fixes in agreement outvote one that stands alone.
const OUTVOTE: usize = 3;

/// Why a fix is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// A mock provider made it.
    Mock,
    /// The radius of 68 % is larger than the limit.
    Accuracy,
    /// Farther from the fix before than the mode of moving allows.
    Speed,
    /// Earlier than a fix that was accepted.
    OutOfOrder,
    /// A second fix for one instant.
    Duplicate,
}

impl Rejection {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::Mock,
        Self::Accuracy,
        Self::Speed,
        Self::OutOfOrder,
        Self::Duplicate,
    ];

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Accuracy => "accuracy",
            Self::Speed => "speed",
            Self::OutOfOrder => "out_of_order",
            Self::Duplicate => "duplicate",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == text)
    }
}

/// What becomes of a fix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judged {
    /// It is believed, so far from the accepted fix before it.
    Accepted(Fix, Step),
    /// It is not.
    Rejected(Fix, Rejection),
    /// One that was accepted before, the last one and alone, is outvoted.
    Retracted(Fix),
}

/// The way from one accepted fix to the next.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Step {
    /// Geodesic metres; 0 for the first fix.
    pub length_m: f64,
    /// The metres of them that are no noise of standing still or of a receiver that settles.
    pub moved_m: f64,
}

/// The filter between two fixes.
#[derive(Debug, Clone)]
pub struct TrackFilter {
    cap_mps: f64,
    max_accuracy_m: f64,
    gap_ms: u64,
    anchor: Option<Numbered>,
    is_alone: bool,
    /// The last fix before the anchor: what outvotes an anchor still comes after this one.
    before: Option<UtcMs>,
    challengers: Vec<(Numbered, Rejection)>,
    stillness: Stillness,
    fed: u64,
}

/// A fix and its number in order of arrival, from 0.
type Numbered = (u64, Fix);

impl TrackFilter {
    /// A filter that has seen nothing.
    ///
    /// - `max_accuracy_m`: the worst radius that is believed.
    /// - `gap_ms`: a fix later than this after the one before has nothing to vouch for it.
    #[must_use]
    pub fn new(mode: Mode, max_accuracy_m: f64, gap_ms: u64) -> Self {
        Self {
            cap_mps: mode.speed_cap_mps(),
            max_accuracy_m,
            gap_ms,
            anchor: None,
            is_alone: false,
            before: None,
            challengers: Vec::new(),
            stillness: Stillness::default(),
            fed: 0,
        }
    }

    /// Takes the next fix in order of arrival. What is decided, about it or about fixes that
    /// waited, is told to `tell`; a challenger waits for two more.
    pub fn feed(&mut self, fix: Fix, tell: &mut impl FnMut(Judged)) {
        self.feed_numbered(fix, &mut |_, judged| tell(judged));
    }

    /// As [`TrackFilter::feed`]; each judgement is told with the number of its fix in order
    /// of arrival, from 0.
    pub fn feed_numbered(&mut self, fix: Fix, tell: &mut impl FnMut(u64, Judged)) {
        let number = self.fed;
        self.fed += 1;
        if fix.is_mock {
            return tell(number, Judged::Rejected(fix, Rejection::Mock));
        }
        if fix
            .accuracy_m
            .is_some_and(|m| m.is_nan() || m > self.max_accuracy_m)
        {
            return tell(number, Judged::Rejected(fix, Rejection::Accuracy));
        }
        let Some((anchor_number, anchor)) = self.anchor else {
            self.is_alone = true;
            self.anchor = Some((number, fix));
            self.stillness.begin(&fix);
            return tell(number, Judged::Accepted(fix, Step::default()));
        };
        match self.step(&anchor, &fix) {
            Ok(plain_m) => {
                self.reject_challengers(tell);
                self.is_alone = fix.at.0 - anchor.at.0 > self.gap_ms;
                self.before = Some(anchor.at);
                self.anchor = Some((number, fix));
                let moved_m = self.stillness.step(&anchor, &fix, plain_m);
                if self.is_alone {
                    self.stillness.settle_from(&fix);
                }
                let step = Step {
                    length_m: plain_m,
                    moved_m,
                };
                tell(number, Judged::Accepted(fix, step));
            }
            Err(Rejection::Duplicate) => {
                tell(number, Judged::Rejected(fix, Rejection::Duplicate));
            }
            Err(why) if self.is_alone => {
                self.challenge((anchor_number, anchor), (number, fix), why, tell);
            }
            Err(why) => tell(number, Judged::Rejected(fix, why)),
        }
    }

    /// The track has ended or was interrupted: what waited is decided.
    pub fn finish(&mut self, tell: &mut impl FnMut(Judged)) {
        self.finish_numbered(&mut |_, judged| tell(judged));
    }

    /// As [`TrackFilter::finish`], with the number of each fix.
    pub fn finish_numbered(&mut self, tell: &mut impl FnMut(u64, Judged)) {
        self.reject_challengers(tell);
        // Who stood before an interruption may be anywhere after it.
        self.stillness.forget();
    }

    /// True while a fix waits for others: its judgement has not been told.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.challengers.is_empty()
    }

    /// Metres from one fix to the next, or why they cannot be of one walk.
    fn step(&self, from: &Fix, to: &Fix) -> Result<f64, Rejection> {
        if to.at < from.at {
            return Err(Rejection::OutOfOrder);
        }
        if to.at == from.at {
            return Err(Rejection::Duplicate);
        }
        let accuracy_m = |fix: &Fix| fix.accuracy_m.unwrap_or(UNKNOWN_ACCURACY_M);
        let elapsed_s = (to.at.0 - from.at.0) as f64 / 1000.0;
        let moved_m = step_m(from.place, to.place);
        if moved_m > self.cap_mps * elapsed_s + accuracy_m(from) + accuracy_m(to) {
            return Err(Rejection::Speed);
        }
        Ok(moved_m)
    }

    fn challenge(
        &mut self,
        (anchor_number, anchor): Numbered,
        (number, fix): Numbered,
        why: Rejection,
        tell: &mut impl FnMut(u64, Judged),
    ) {
        if self.before.is_some_and(|before| fix.at <= before) {
            return tell(number, Judged::Rejected(fix, why));
        }
        let agrees = self.challengers.last().is_some_and(|((_, last), _)| {
            self.step(last, &fix).is_ok() && fix.at.0 - last.at.0 <= self.gap_ms
        });
        if !agrees {
            self.reject_challengers(tell);
        }
        self.challengers.push(((number, fix), why));
        if self.challengers.len() < OUTVOTE {
            return;
        }
        tell(anchor_number, Judged::Retracted(anchor));
        self.stillness.forget();
        let mut before: Option<Numbered> = None;
        for ((number, challenger), _) in std::mem::take(&mut self.challengers) {
            let step = before.map_or_else(Step::default, |(_, b)| {
                let length_m = step_m(b.place, challenger.place);
                let moved_m = self.stillness.step(&b, &challenger, length_m);
                Step { length_m, moved_m }
            });
            tell(number, Judged::Accepted(challenger, step));
            before = Some((number, challenger));
        }
        self.anchor = before;
        self.is_alone = false;
    }

    fn reject_challengers(&mut self, tell: &mut impl FnMut(u64, Judged)) {
        for ((number, fix), why) in self.challengers.drain(..) {
            tell(number, Judged::Rejected(fix, why));
        }
    }
}

/// Why each fix of a whole track is not believed, in order of arrival; nothing for those
/// that are. Arguments as in [`TrackFilter::new`].
#[must_use]
pub fn judge_all(
    fixes: &[Fix],
    mode: Mode,
    max_accuracy_m: f64,
    gap_ms: u64,
) -> Vec<Option<Rejection>> {
    let mut found = vec![None; fixes.len()];
    let mut keep = |number: u64, judged: Judged| {
        let at = usize::try_from(number).ok();
        if let Some(slot) = at.and_then(|at| found.get_mut(at)) {
            *slot = match judged {
                Judged::Accepted(..) => None,
                Judged::Rejected(_, why) => Some(why),
                Judged::Retracted(_) => Some(Rejection::Speed),
            };
        }
    };
    let mut filter = TrackFilter::new(mode, max_accuracy_m, gap_ms);
    for fix in fixes {
        filter.feed_numbered(*fix, &mut keep);
    }
    filter.finish_numbered(&mut keep);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::fix;

    #[test]
    fn every_rejection_reads_back_from_its_key() {
        for why in Rejection::ALL {
            assert_eq!(Rejection::parse(why.as_str()), Some(why));
        }
    }

    /// What becomes of fixes on a line: one letter each, in order of arrival.
    fn judge(fixes: &[Fix]) -> String {
        let mut filter = TrackFilter::new(Mode::Walk, 50.0, 60_000);
        let mut told = String::new();
        let mut tell = |judged: Judged| {
            told.push(match judged {
                Judged::Accepted(..) => 'a',
                Judged::Rejected(_, Rejection::Mock) => 'm',
                Judged::Rejected(_, Rejection::Accuracy) => 'p',
                Judged::Rejected(_, Rejection::Speed) => 's',
                Judged::Rejected(_, Rejection::OutOfOrder) => 'o',
                Judged::Rejected(_, Rejection::Duplicate) => 'd',
                Judged::Retracted(_) => '-',
            });
        };
        for fix in fixes {
            filter.feed(*fix, &mut tell);
        }
        filter.finish(&mut tell);
        told
    }

    #[test]
    fn outlier_is_dropped_and_not_the_good_fix_after_it() {
        let fixes = [
            fix(0.0, 0.0, 0.0),
            fix(10.0, 14.0, 0.0),
            fix(20.0, 900.0, 0.0),
            fix(30.0, 42.0, 0.0),
        ];
        assert_eq!(judge(&fixes), "aasa");
    }

    #[test]
    fn limit_of_a_step_is_the_cap_and_both_accuracies() {
        // 3 m/s × 10 s + 25 m + 25 m = 80 m.
        let step = |x_m| [fix(0.0, 0.0, 0.0), fix(10.0, 0.0, 0.0), fix(20.0, x_m, 0.0)];
        assert_eq!(judge(&step(79.9)), "aaa");
        assert_eq!(judge(&step(80.1)), "aas");
        let mut sure = step(79.9);
        sure[1].accuracy_m = Some(5.0);
        assert_eq!(judge(&sure), "aas");
    }

    #[test]
    fn mock_poor_early_and_double_fixes_are_told_apart() {
        let mut fixes = vec![
            fix(0.0, 0.0, 0.0),
            fix(10.0, 10.0, 0.0),
            fix(20.0, 20.0, 0.0),
            fix(30.0, 30.0, 0.0),
            fix(5.0, 8.0, 0.0),
            fix(10.0, 10.0, 0.0),
            fix(40.0, 40.0, 0.0),
        ];
        fixes[1].is_mock = true;
        fixes[2].accuracy_m = Some(50.1);
        fixes[3].accuracy_m = Some(50.0);
        assert_eq!(judge(&fixes), "ampaooa");
        fixes.push(fix(40.0, 41.0, 0.0));
        assert_eq!(judge(&fixes), "ampaooad");
    }

    #[test]
    fn first_fix_far_off_is_outvoted_by_three_that_agree() {
        let mut fixes = vec![fix(0.0, 5000.0, 0.0)];
        fixes.extend((1..=5).map(|n| fix(f64::from(n) * 10.0, f64::from(n) * 14.0, 0.0)));
        assert_eq!(judge(&fixes), "a-aaaaa");
        assert_eq!(judge(&fixes[..3]), "ass");
    }

    #[test]
    fn fix_from_the_future_is_outvoted_and_poisons_nothing() {
        let fixes = [
            fix(0.0, 0.0, 0.0),
            fix(10.0, 10.0, 0.0),
            fix(9_000_000.0, 20.0, 0.0),
            fix(20.0, 20.0, 0.0),
            fix(30.0, 30.0, 0.0),
            fix(40.0, 40.0, 0.0),
        ];
        assert_eq!(judge(&fixes), "aaa-aaa");
    }

    #[test]
    fn fixes_from_the_past_do_not_outvote_one_from_the_future() {
        let mut fixes: Vec<_> = (0..=10)
            .map(|n| fix(f64::from(n) * 10.0, 0.0, 0.0))
            .collect();
        fixes.push(fix(9_000_000.0, 20.0, 0.0));
        fixes.extend((2..6).map(|n| fix(f64::from(n) * 10.0 + 1.0, 0.0, 0.0)));
        assert_eq!(judge(&fixes), "aaaaaaaaaaaaoooo");
        fixes.extend((11..14).map(|n| fix(f64::from(n) * 10.0, 0.0, 0.0)));
        assert_eq!(judge(&fixes), "aaaaaaaaaaaaoooo-aaa");
    }

    #[test]
    fn burst_of_outliers_does_not_outvote_fixes_that_agreed_before() {
        let mut fixes: Vec<_> = (0..3).map(|n| fix(f64::from(n) * 5.0, 0.0, 0.0)).collect();
        fixes.extend((3..8).map(|n| fix(f64::from(n) * 5.0, 2000.0, 0.0)));
        fixes.push(fix(40.0, 5.0, 0.0));
        assert_eq!(judge(&fixes), "aaasssssa");
    }

    #[test]
    fn each_fix_has_its_own_reason_though_some_wait_for_others() {
        let mut fixes = vec![fix(0.0, 5000.0, 0.0)];
        fixes.extend((1..=5).map(|n| fix(f64::from(n) * 10.0, f64::from(n) * 14.0, 0.0)));
        // Told at once, while the first challenger still waits.
        let mut mock = fix(15.0, 20.0, 0.0);
        mock.is_mock = true;
        fixes.insert(2, mock);
        let mut expected = vec![None; 7];
        expected[0] = Some(Rejection::Speed);
        expected[2] = Some(Rejection::Mock);
        assert_eq!(judge_all(&fixes, Mode::Walk, 50.0, 60_000), expected);
        assert_eq!(
            judge_all(&fixes[..3], Mode::Walk, 50.0, 60_000),
            [None, Some(Rejection::Speed), Some(Rejection::Mock)]
        );
    }
}
