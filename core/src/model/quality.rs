//! Fix seven, quality (定质): indicators whose numerator is a part of their denominator.

use thiserror::Error;

/// A share of counted things, kept as two counts so that longer periods sum exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicator {
    numerator: u64,
    denominator: u64,
}

/// A numerator larger than its denominator is a rate of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{numerator} of {denominator} is not a part of a whole")]
pub struct NotAPart {
    /// The count that should have been a part.
    pub numerator: u64,
    /// The whole.
    pub denominator: u64,
}

impl Indicator {
    /// Checks that the numerator is a part of the denominator.
    ///
    /// # Errors
    /// [`NotAPart`] when it is not.
    pub fn try_new(numerator: u64, denominator: u64) -> Result<Self, NotAPart> {
        if numerator > denominator {
            return Err(NotAPart {
                numerator,
                denominator,
            });
        }
        Ok(Self {
            numerator,
            denominator,
        })
    }

    /// False when there was nothing to count: not applicable, neither 0 nor 100.
    #[must_use]
    pub fn is_applicable(self) -> bool {
        self.denominator > 0
    }

    /// The two counts.
    #[must_use]
    pub fn counts(self) -> (u64, u64) {
        (self.numerator, self.denominator)
    }

    /// The indicator of the rest: a rate of what went wrong becomes one of what did not.
    #[must_use]
    pub fn complement(self) -> Self {
        Self {
            numerator: self.denominator - self.numerator,
            denominator: self.denominator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::Score;

    /// The weighted score of indicators, as the verdict computes it.
    fn score(parts: &[(Indicator, u32)]) -> Option<Score> {
        let shares: Vec<_> = parts
            .iter()
            .filter(|(indicator, _)| indicator.is_applicable())
            .map(|(indicator, weight)| {
                let (numerator, denominator) = indicator.counts();
                (numerator, denominator, *weight)
            })
            .collect();
        Score::weighted(&shares)
    }

    #[test]
    fn domain_example_of_the_inspector_gives_88_40_and_87_50_without_verifications() {
        let of = |n, d| Indicator::try_new(n, d).expect("a part");
        let parts = |verified| {
            score(&[
                (of(96, 120), 400),
                (of(8, 160).complement(), 200),
                (verified, 200),
                (of(76, 80), 200),
            ])
        };
        assert_eq!(
            parts(of(23, 25)).map(|score| score.to_string()).as_deref(),
            Some("88.40")
        );
        assert_eq!(
            parts(of(0, 0)).map(|score| score.to_string()).as_deref(),
            Some("87.50")
        );
    }

    #[test]
    fn numerator_larger_than_its_denominator_is_refused() {
        assert!(Indicator::try_new(9, 8).is_err());
        assert!(Indicator::try_new(8, 8).is_ok());
    }
}
