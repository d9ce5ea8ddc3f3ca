//! Fix one, the grid (定格): what a cell is apart from its shape, and sets of cells.
//!
//! Codes are taken apart by a profile ([`CodeProfile`]), which is data: cities differ.

use serde::{Deserialize, Serialize};

mod profile;

pub use crate::model::identifiers::GridCode;
use crate::model::time::UtcMs;
pub use profile::{CodeError, CodeProfile, ProfileError, Segment};

/// How closely a cell is looked after: DOMAIN's class 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum GridClass {
    /// Class 1.
    One,
    /// Class 2.
    Two,
}

impl GridClass {
    /// Reads `1` or `2`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::One),
            "2" => Some(Self::Two),
            _ => None,
        }
    }

    /// 1 or 2.
    #[must_use]
    pub fn number(self) -> u8 {
        self.into()
    }
}

impl TryFrom<u8> for GridClass {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Self::parse(&number.to_string()).ok_or_else(|| format!("{number} is not a class: 1 or 2"))
    }
}

impl From<GridClass> for u8 {
    fn from(class: GridClass) -> Self {
        match class {
            GridClass::One => 1,
            GridClass::Two => 2,
        }
    }
}

/// When something holds: from an instant on, the instant included, until another one that no
/// longer belongs to it. An open end has no limit; the default is *always*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Validity {
    /// The first instant; without it from always.
    pub from: Option<UtcMs>,
    /// The first instant after it; without it for ever.
    pub to: Option<UtcMs>,
}

impl Validity {
    /// True when the instant belongs to it.
    #[must_use]
    pub fn holds_at(&self, at: UtcMs) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// True when no instant belongs to it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if to <= from)
    }

    /// The instants that belong to both; it may be empty.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let to = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            // Nothing is earlier than any instant, so the later of the two is the maximum.
            from: self.from.max(other.from),
            to,
        }
    }

    /// True when some instant belongs to both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        !self.and(other).is_empty()
    }
}

/// What a cell is apart from its code and its shape.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellTerms {
    /// Its class, where the city gave one.
    pub class: Option<GridClass>,
    /// The responsible unit, where the city named one.
    pub unit: Option<String>,
    /// When the cell is in force.
    pub validity: Validity,
}

/// A set of grids named by the beginnings of their codes: `310101` covers the whole county,
/// a full code covers one cell. No beginnings at all cover every cell of the zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GridScope(pub Vec<GridCode>);

impl GridScope {
    /// True when the cell lies in the scope; a case without a cell only in an unlimited one.
    #[must_use]
    pub fn covers(&self, grid: Option<&GridCode>) -> bool {
        self.0.is_empty()
            || grid.is_some_and(|grid| {
                self.0
                    .iter()
                    .any(|scope| grid.as_str().starts_with(scope.as_str()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> GridCode {
        GridCode::parse(text).expect("a code of the test")
    }

    fn between(from: Option<u64>, to: Option<u64>) -> Validity {
        Validity {
            from: from.map(UtcMs),
            to: to.map(UtcMs),
        }
    }

    #[test]
    fn validity_holds_its_first_instant_and_not_its_last() {
        let year = between(Some(10), Some(20));
        let held: Vec<_> = (8..22).filter(|at| year.holds_at(UtcMs(*at))).collect();
        assert_eq!(held, (10..20).collect::<Vec<_>>());
        assert!(Validity::default().holds_at(UtcMs(0)));
        assert!(between(Some(5), Some(5)).is_empty());
    }

    #[test]
    fn validities_meet_when_an_instant_belongs_to_both() {
        let first = between(None, Some(20));
        assert!(!first.meets(&between(Some(20), None)));
        assert!(first.meets(&between(Some(19), None)));
        assert_eq!(
            first.and(&between(Some(3), None)),
            between(Some(3), Some(20))
        );
    }

    #[test]
    fn scope_covers_by_beginning_and_nothing_covers_a_case_without_a_cell() {
        let scope = GridScope(vec![code("310101")]);
        assert!(scope.covers(Some(&code("310101000116"))));
        assert!(!scope.covers(Some(&code("310104000116"))));
        assert!(!scope.covers(None));
        assert!(GridScope::default().covers(None));
    }
}
