//! Fix four, the route (定线): what a walk of it scores, from lengths and counts.
//!
//! Lengths come in whole millimetres: the geometry above rounds them once, the score is
//! exact from there on.
//!
//! Source: DOMAIN "Route (定线)" and "Patrol and coverage".

use serde::Serialize;
use thiserror::Error;

use crate::model::quality::{Indicator, NotAPart};
use crate::model::verdict::{Score, Share};

/// The coverage of a route with its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageScore {
    /// The whole route.
    pub planned_mm: u64,
    /// Exempted stretches: closed roads, emergency orders, upheld appeals.
    pub exempted_mm: u64,
    /// Walked, outside the exempted stretches.
    pub covered_mm: u64,
    /// Covered of what is left of the plan.
    pub share: Share,
    /// The share as a score; nothing when all of the plan is exempted.
    pub score: Option<Score>,
}

/// Lengths that do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CoverageError {
    /// More is exempted than was planned.
    #[error("{exempted_mm} mm are exempted of {planned_mm} mm planned")]
    ExemptedBeyondPlan {
        /// Exempted.
        exempted_mm: u64,
        /// Planned.
        planned_mm: u64,
    },
    /// More is covered than is left of the plan: an exempted stretch was counted as covered.
    #[error("{covered_mm} mm are covered of {left_mm} mm left of the plan")]
    CoveredBeyondPlan {
        /// Covered.
        covered_mm: u64,
        /// Planned less exempted.
        left_mm: u64,
    },
}

/// A count of things with a score: loops, checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountScore {
    /// Those that count, of all.
    pub share: Share,
    /// The share as a score; nothing when there were none.
    pub score: Option<Score>,
}

/// Coverage with exempted stretches, which leave the planned length.
///
/// # Errors
/// [`CoverageError`] for lengths that do not belong together.
pub fn coverage_score(
    planned_mm: u64,
    exempted_mm: u64,
    covered_mm: u64,
) -> Result<CoverageScore, CoverageError> {
    let left_mm = planned_mm
        .checked_sub(exempted_mm)
        .ok_or(CoverageError::ExemptedBeyondPlan {
            exempted_mm,
            planned_mm,
        })?;
    if covered_mm > left_mm {
        return Err(CoverageError::CoveredBeyondPlan {
            covered_mm,
            left_mm,
        });
    }
    let share = Share {
        part: covered_mm,
        whole: left_mm,
    };
    Ok(CoverageScore {
        planned_mm,
        exempted_mm,
        covered_mm,
        share,
        score: share.score(),
    })
}

/// True when enough of a loop was walked to count as one; a loop of no length never is.
#[must_use]
pub fn is_loop_done(walked: Share, loop_ratio_permille: u16) -> bool {
    let walked_permille = u128::from(walked.part) * 1000;
    walked.is_applicable()
        && walked_permille >= u128::from(walked.whole) * u128::from(loop_ratio_permille)
}

/// Loops done of loops required. Loops beyond those required change nothing.
///
/// - `walked`: what was walked of each loop, in one unit.
#[must_use]
pub fn loops_score(walked: &[Share], required: u64, loop_ratio_permille: u16) -> CountScore {
    let is_done = |share: &&Share| is_loop_done(**share, loop_ratio_permille);
    let done = u64::try_from(walked.iter().filter(is_done).count()).unwrap_or(u64::MAX);
    count_score(done.min(required), required)
}

/// Loops in several windows together: what is too many in one makes up for nothing in
/// another.
///
/// - `windows`: loops done and loops required of each.
#[must_use]
pub fn windows_score(windows: impl IntoIterator<Item = (u64, u64)>) -> CountScore {
    let (done, required) = windows
        .into_iter()
        .fold((0_u64, 0_u64), |sum, (done, required)| {
            (
                sum.0.saturating_add(done.min(required)),
                sum.1.saturating_add(required),
            )
        });
    count_score(done, required)
}

/// Checkpoints visited of checkpoints planned.
///
/// # Errors
/// [`NotAPart`] when more were visited than planned.
pub fn checkpoints_score(visited: u64, planned: u64) -> Result<CountScore, NotAPart> {
    let (part, whole) = Indicator::try_new(visited, planned)?.counts();
    Ok(count_score(part, whole))
}

fn count_score(part: u64, whole: u64) -> CountScore {
    let share = Share { part, whole };
    CountScore {
        share,
        score: share.score(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(score: Option<Score>) -> String {
        score.map_or_else(|| "not evaluated".to_owned(), |score| score.to_string())
    }

    #[test]
    fn domain_example_of_coverage_gives_63_33_and_76_00_with_the_exemption() {
        let score = |exempted| coverage_score(1_500_000, exempted, 950_000).map(|c| text(c.score));
        assert_eq!(score(0).as_deref(), Ok("63.33"));
        assert_eq!(score(250_000).as_deref(), Ok("76.00"));
    }

    #[test]
    fn route_that_is_all_exempted_is_not_evaluated() {
        assert_eq!(coverage_score(9, 9, 0).map(|c| c.score), Ok(None));
        assert!(coverage_score(9, 9, 1).is_err());
        assert!(coverage_score(9, 10, 0).is_err());
    }

    #[test]
    fn domain_example_of_loops_gives_3_of_4() {
        let walked = [9_200, 8_500, 7_990, 9_500].map(|part| Share {
            part,
            whole: 10_000,
        });
        let score = loops_score(&walked, 4, 800);
        assert_eq!(score.share, Share { part: 3, whole: 4 });
        assert_eq!(text(score.score), "75.00");
        assert_eq!(text(loops_score(&walked, 2, 800).score), "100.00");
        assert_eq!(text(loops_score(&walked, 0, 800).score), "not evaluated");
    }

    #[test]
    fn loop_of_exactly_80_percent_is_done_and_one_of_a_millimetre_less_is_not() {
        let walked = |part| Share { part, whole: 5_000 };
        assert!(is_loop_done(walked(4_000), 800));
        assert!(!is_loop_done(walked(3_999), 800));
        assert!(!is_loop_done(Share { part: 0, whole: 0 }, 0));
    }

    #[test]
    fn surplus_of_one_window_makes_up_for_nothing_in_another() {
        let score = windows_score([(3, 2), (1, 2)]);
        assert_eq!(score.share, Share { part: 3, whole: 4 });
        assert_eq!(text(windows_score([]).score), "not evaluated");
    }

    #[test]
    fn domain_example_of_checkpoints_gives_80_00() {
        assert_eq!(
            checkpoints_score(8, 10).map(|c| text(c.score)).as_deref(),
            Ok("80.00")
        );
        assert!(checkpoints_score(11, 10).is_err());
    }
}
