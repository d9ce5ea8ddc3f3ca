//! Fix eight, the verdict (定论): scores that a person can recompute by hand, and grades.

use std::fmt;

/// A score from 0.00 to 100.00, held in hundredths of a point. It is rounded once, half up,
/// where it is published; what builds on it uses the rounded value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

/// The grade of a published score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// The weighted mean of shares `(part, whole, weight)` with `part <= whole`, exact until
    /// one rounding, half up. Shares without a whole must be left out by the caller, which
    /// spreads their weight. No weight left is not evaluated.
    #[must_use]
    pub fn weighted(shares: &[(u64, u64, u32)]) -> Option<Self> {
        let weights: u128 = shares
            .iter()
            .map(|(_, _, weight)| u128::from(*weight))
            .sum();
        if weights == 0 {
            return None;
        }
        // Sum of fractions by cross-multiplication; reduced at each step so that it fits.
        let (mut numerator, mut denominator) = (0_u128, 1_u128);
        for (part, whole, weight) in shares {
            let (part, whole) = (u128::from(*part), u128::from(*whole));
            let top = numerator.checked_mul(whole)?.checked_add(
                part.checked_mul(u128::from(*weight))?
                    .checked_mul(denominator)?,
            )?;
            let bottom = denominator.checked_mul(whole)?;
            let divisor = gcd(top, bottom).max(1);
            (numerator, denominator) = (top / divisor, bottom / divisor);
        }
        let scaled = numerator.checked_mul(10_000 * 2)?;
        let bottom = denominator.checked_mul(weights)?;
        let hundredths = (scaled / bottom.max(1)).div_ceil(2).min(10_000);
        // Half up on an exact doubled quotient: odd means at least a half remained.
        u16::try_from(hundredths).ok().map(Self)
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

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
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
    }
}
