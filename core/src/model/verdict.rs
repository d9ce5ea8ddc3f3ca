//! Fix eight, the verdict (定论): scores that a person can recompute by hand, and grades.

mod natural;

use std::fmt;

use serde::{Serialize, Serializer};

use natural::Natural;

/// A score from 0.00 to 100.00, held in hundredths of a point. It is rounded once, half up,
/// where it is published; what builds on it uses the rounded value. In JSON it is a text with
/// two decimals, such as `"88.40"`: a number there would be a binary fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

/// A part of a whole as two counts of the same unit; it is not a percentage. An uncapped
/// part may exceed its whole, and a whole of zero makes the share not applicable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Share {
    /// The part.
    pub part: u64,
    /// The whole.
    pub whole: u64,
}

/// The grade of a published score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Grade {
    /// 90.00 to 100.00.
    A,
    /// 75.00 to 89.99.
    B,
    /// 60.00 to 74.99.
    C,
    /// 40.00 to 59.99.
    D,
    /// 0.00 to 39.99.
    E,
}

impl Score {
    /// A score in hundredths of a point, 0 to 10,000.
    #[must_use]
    pub fn from_hundredths(hundredths: u16) -> Option<Self> {
        (hundredths <= 10_000).then_some(Self(hundredths))
    }

    /// The score in hundredths of a point.
    #[must_use]
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// Reads what [`Display`](fmt::Display) prints: points with exactly two decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (points, rest) = text.split_once('.')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if rest.len() != 2 || !digits(rest) || !digits(points) {
            return None;
        }
        let points: u16 = points.parse().ok()?;
        let rest: u16 = rest.parse().ok()?;
        Self::from_hundredths(points.checked_mul(100)?.checked_add(rest)?)
    }

    /// The weighted mean of shares `(part, whole, weight)`, exact for every input until one
    /// rounding, half up; a mean above 100 is 100. A share without a whole is not applicable:
    /// it is left out, so that its weight is spread over the rest in proportion. Nothing with
    /// a weight is not evaluated, the only reason for `None`.
    #[must_use]
    pub fn weighted(shares: &[(u64, u64, u32)]) -> Option<Self> {
        if let Some(score) = Self::weighted_in_128_bits(shares) {
            return Some(score);
        }
        let mut weights = 0_u64;
        // The sum of the fractions by cross-multiplication, in numbers of any size.
        let (mut numerator, mut denominator) = (Natural::of(0), Natural::of(1));
        for &(part, whole, weight) in shares {
            if whole == 0 || weight == 0 {
                continue;
            }
            weights = weights.saturating_add(u64::from(weight));
            let divisor = gcd(part, whole);
            let (part, whole) = (part / divisor, whole / divisor);
            let term = denominator.times(part).times(u64::from(weight));
            numerator = numerator.times(whole).plus(&term);
            denominator = denominator.times(whole);
        }
        if weights == 0 {
            return None;
        }
        // The largest h with mean >= (h - 1/2) / 10,000: half up, without a division.
        let scaled = numerator.times(20_000);
        let unit = denominator.times(weights);
        let (mut low, mut high) = (0_u16, 10_000_u16);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if scaled >= unit.times(2 * u64::from(middle) - 1) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Some(Self(low))
    }

    /// The same where every product fits, as those of a person's day do; nothing otherwise,
    /// or when nothing has a weight.
    fn weighted_in_128_bits(shares: &[(u64, u64, u32)]) -> Option<Self> {
        let mut weights = 0_u128;
        let (mut numerator, mut denominator) = (0_u128, 1_u128);
        for &(part, whole, weight) in shares {
            if whole == 0 || weight == 0 {
                continue;
            }
            weights += u128::from(weight);
            let divisor = gcd(part, whole);
            let (part, whole) = (u128::from(part / divisor), u128::from(whole / divisor));
            let term = denominator
                .checked_mul(part)?
                .checked_mul(u128::from(weight))?;
            numerator = numerator.checked_mul(whole)?.checked_add(term)?;
            denominator = denominator.checked_mul(whole)?;
        }
        let unit = denominator.checked_mul(weights)?;
        let scaled = numerator.checked_mul(20_000)?.checked_add(unit)?;
        let hundredths = scaled.checked_div(unit.checked_mul(2)?)?;
        u16::try_from(hundredths.min(10_000)).ok().map(Self)
    }

    /// The grade; the limits belong to the better one.
    #[must_use]
    pub fn grade(self) -> Grade {
        match self.0 {
            9_000.. => Grade::A,
            7_500.. => Grade::B,
            6_000.. => Grade::C,
            4_000.. => Grade::D,
            _ => Grade::E,
        }
    }
}

impl Share {
    /// True when there is a whole.
    #[must_use]
    pub fn is_applicable(self) -> bool {
        self.whole > 0
    }

    /// The same share in lowest terms; nothing of nothing stays what it is.
    #[must_use]
    pub fn reduced(self) -> Self {
        let divisor = gcd(self.part, self.whole).max(1);
        Self {
            part: self.part / divisor,
            whole: self.whole / divisor,
        }
    }

    /// What the share adds to a score under a weight, in hundredths of a point, rounded half
    /// up. It is for reading: a score is rounded from its shares, not summed from these.
    #[must_use]
    pub fn points_hundredths(self, weight: Self) -> u64 {
        let (share, weight) = (self.reduced(), weight.reduced());
        let part = u128::from(share.part).saturating_mul(u128::from(weight.part));
        let whole = u128::from(share.whole).saturating_mul(u128::from(weight.whole));
        let doubled = part.saturating_mul(20_000) / whole.max(1);
        u64::try_from(doubled.div_ceil(2)).unwrap_or(u64::MAX)
    }

    /// The share as a score of its own, or nothing when it is not applicable.
    #[must_use]
    pub fn score(self) -> Option<Score> {
        Score::weighted(&[(self.part, self.whole, 1)])
    }
}

/// The greatest common divisor; 0 only of two zeros.
fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_rounds_half_up_exactly_at_the_grade_limit() {
        let score = |millipoints| Score::weighted(&[(millipoints, 100_000, 1)]).expect("weighted");
        assert_eq!(score(89_995).to_string(), "90.00");
        assert_eq!(score(89_995).grade(), Grade::A);
        assert_eq!(score(89_994).to_string(), "89.99");
        assert_eq!(score(89_994).grade(), Grade::B);
    }

    #[test]
    fn grades_begin_at_their_lower_limit() {
        let grade = |hundredths| Score::from_hundredths(hundredths).map(Score::grade);
        assert_eq!(grade(7_500), Some(Grade::B));
        assert_eq!(grade(7_499), Some(Grade::C));
        assert_eq!(grade(5_999), Some(Grade::D));
        assert_eq!(grade(3_999), Some(Grade::E));
        assert_eq!(grade(10_001), None);
    }

    #[test]
    fn verdict_of_published_scores_gives_88_84() {
        let shares = [
            (9_200, 10_000, 250),
            (9_600, 10_000, 150),
            (8_200, 10_000, 250),
            (8_840, 10_000, 350),
        ];
        assert_eq!(
            Score::weighted(&shares).map(|s| s.to_string()).as_deref(),
            Some("88.84")
        );
    }

    #[test]
    fn no_weight_is_not_evaluated() {
        assert_eq!(Score::weighted(&[]), None);
        assert_eq!(Score::weighted(&[(1, 2, 0)]), None);
        assert_eq!(Score::weighted(&[(0, 0, 1000)]), None);
    }

    #[test]
    fn share_without_a_whole_is_left_out_and_counts_neither_as_0_nor_as_100() {
        let without = Score::weighted(&[(1, 2, 400)]);
        assert_eq!(Score::weighted(&[(1, 2, 400), (0, 0, 600)]), without);
        assert_eq!(Score::weighted(&[(0, 0, 600), (1, 2, 400)]), without);
    }

    #[test]
    fn huge_counts_without_a_common_divisor_are_still_exact() {
        // Eight primes near 10^9, and shares that miss the half by one part in each.
        let primes = [
            999_999_937_u64,
            999_999_929,
            999_999_893,
            999_999_883,
            999_999_797,
            999_999_761,
            999_999_757,
            999_999_751,
        ];
        let shares: Vec<_> = primes.iter().map(|p| (p / 2, *p, 125)).collect();
        let score = |shares: &[_]| Score::weighted(shares).map(Score::hundredths);
        assert_eq!(score(&shares), Some(5_000));
        let most = [
            (u64::MAX, u64::MAX, u32::MAX),
            (u64::MAX - 1, u64::MAX, u32::MAX),
        ];
        assert_eq!(score(&most), Some(10_000));
        // Exactly 0.005 points is rounded up; one part in 2 * 10^10 less is not.
        assert_eq!(score(&[(1_000_000, 20_000_000_000, 7)]), Some(1));
        assert_eq!(score(&[(999_999, 20_000_000_000, 7)]), Some(0));
    }

    #[test]
    fn part_above_its_whole_never_exceeds_100() {
        assert_eq!(Score::weighted(&[(3, 2, 1)]).map(|s| s.0), Some(10_000));
        // Uncapped, it makes up for another item first.
        assert_eq!(
            Score::weighted(&[(3, 2, 1), (0, 1, 1)]).map(|s| s.0),
            Some(7_500)
        );
    }

    #[test]
    fn score_reads_back_what_it_prints_and_nothing_else() {
        for hundredths in 0..=10_000 {
            let score = Score::from_hundredths(hundredths).expect("in range");
            assert_eq!(Score::parse(&score.to_string()), Some(score));
        }
        for text in ["100.01", "88.4", "88", "+1.00", "1.+1", "655.36", ""] {
            assert_eq!(Score::parse(text), None, "{text}");
        }
    }
}
