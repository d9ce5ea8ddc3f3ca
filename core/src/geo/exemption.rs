//! Coverage without the stretches that do not count: a closed road, an emergency order, an
//! upheld appeal. What was walked stays what it was; only the plan is shorter.
//!
//! Source: DOMAIN "Route (定线)".

use super::coverage::Coverage;
use super::intervals::{Stretch, StretchSet};
use crate::model::time::UtcMs;

/// The lengths of a coverage score, in whole millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedLengths {
    /// The whole route.
    pub planned_mm: u64,
    /// Exempted of it, each place once.
    pub exempted_mm: u64,
    /// Covered outside what is exempted; never more than what is left of the plan.
    pub covered_mm: u64,
}

/// What of a coverage counts when stretches of the route are exempted.
///
/// - `exempted`: beginnings and ends in millimetres along the route, in any order; they may
///   overlap and reach beyond its end.
///
/// Lengths are rounded once, to the millimetre.
#[must_use]
pub fn counted(coverage: &Coverage, exempted: &[(u64, u64)]) -> CountedLengths {
    let mm = |m: f64| (m * 1000.0).round() as u64;
    let planned_mm = mm(coverage.planned_m);
    let mut set = StretchSet::default();
    for (from_mm, to_mm) in exempted {
        let to_mm = (*to_mm).min(planned_mm);
        if *from_mm < to_mm {
            set.insert(Stretch {
                from_m: *from_mm as f64 / 1000.0,
                to_m: to_mm as f64 / 1000.0,
                enter: UtcMs::default(),
                leave: UtcMs::default(),
            });
        }
    }
    let exempted_mm = mm(set.length_m()).min(planned_mm);
    // What is held by both leaves the covered length as it leaves the planned one.
    let both_m: f64 = coverage
        .intervals
        .iter()
        .flat_map(|covered| set.within(covered.from_m, covered.to_m))
        .map(|(from_m, to_m)| to_m - from_m)
        .sum();
    // Rounding each by itself may push the part a millimetre over the whole.
    let covered_mm = mm((coverage.covered_m - both_m).max(0.0)).min(planned_mm - exempted_mm);
    CountedLengths {
        planned_mm,
        exempted_mm,
        covered_mm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::coverage::{CoverageSettings, coverage};
    use crate::model::place::LatLon;
    use crate::model::route::Route;
    use crate::model::track::Fix;

    /// A street of about a kilometre, of which the first 600 m are walked.
    fn walked() -> Coverage {
        let at = |x_m: f64| LatLon::try_new(31.23, 121.47 + x_m / 95_300.0).expect("a place");
        let route = Route::try_new(vec![vec![at(0.0), at(1000.0)]], Route::DEFAULT_CORRIDOR_M);
        let fixes: Vec<_> = (0..=40_u32)
            .map(|n| Fix {
                at: UtcMs(u64::from(n) * 10_000),
                place: at(f64::from(n) * 15.0),
                accuracy_m: Some(5.0),
                is_mock: false,
            })
            .collect();
        coverage(
            &route.expect("a line"),
            &CoverageSettings::default(),
            &fixes,
        )
    }

    #[test]
    fn nothing_exempted_counts_what_was_covered() {
        let coverage = walked();
        let lengths = counted(&coverage, &[]);
        assert_eq!(lengths.exempted_mm, 0);
        assert_eq!(
            lengths.planned_mm,
            (coverage.planned_m * 1000.0).round() as u64
        );
        assert_eq!(
            lengths.covered_mm,
            (coverage.covered_m * 1000.0).round() as u64
        );
    }

    #[test]
    fn stretch_leaves_the_plan_and_what_was_covered_of_it_leaves_the_covered_length() {
        let coverage = walked();
        let all = counted(&coverage, &[]);
        // Half walked, half not; told twice, in two overlapping parts.
        let lengths = counted(&coverage, &[(500_000, 650_000), (550_000, 700_000)]);
        assert_eq!(lengths.exempted_mm, 200_000);
        let walked_of_it_mm = all.covered_mm - 500_000;
        assert_eq!(lengths.covered_mm, all.covered_mm - walked_of_it_mm);
    }

    #[test]
    fn stretch_beyond_the_end_is_cut_and_the_whole_route_leaves_nothing() {
        let coverage = walked();
        let planned_mm = counted(&coverage, &[]).planned_mm;
        let lengths = counted(
            &coverage,
            &[(planned_mm - 10, u64::MAX), (u64::MAX - 1, u64::MAX)],
        );
        assert_eq!(lengths.exempted_mm, 10);
        let nothing = counted(&coverage, &[(0, u64::MAX)]);
        assert_eq!((nothing.exempted_mm, nothing.covered_mm), (planned_mm, 0));
    }
}
