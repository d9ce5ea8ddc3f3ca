//! Fix two, the person (定人): whether every duty cell has somebody in every slot.
//!
//! Source: DOMAIN "Person (定人)".

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::model::grid::GridCode;
use crate::model::person::PersonId;
use crate::model::verdict::{Score, Share};

/// A person who is to be in a cell in a slot, and who stands in for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub person: PersonId,
    /// Who takes over when the person is on leave.
    pub backup: Option<PersonId>,
    /// Where.
    pub grid: GridCode,
    /// When, by the slot's name.
    pub slot: String,
}

/// A person who is away for a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Who.
    pub person: PersonId,
    /// When, by the slot's name.
    pub slot: String,
}

/// A cell that nobody is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Vacancy {
    /// Where.
    #[serde(serialize_with = "as_text")]
    pub grid: GridCode,
    /// When, by the slot's name.
    pub slot: String,
}

/// The cells × slots that are staffed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Staffing {
    /// Staffed, of all cells × slots.
    pub share: Share,
    /// The share as a score; nothing without cells or slots.
    pub score: Option<Score>,
    /// The rest, in the order of cells and slots.
    pub vacancies: Vec<Vacancy>,
}

/// Which cells are staffed in which slots. Cells and slots named twice count once;
/// assignments to other cells or slots staff nothing.
#[must_use]
pub fn staffing(
    grids: &[GridCode],
    slots: &[&str],
    assignments: &[Assignment],
    leaves: &[Leave],
) -> Staffing {
    let away: BTreeSet<_> = leaves
        .iter()
        .map(|l| (&l.person, l.slot.as_str()))
        .collect();
    let is_there = |one: &&Assignment| {
        let mut people = std::iter::once(&one.person).chain(&one.backup);
        people.any(|person| !away.contains(&(person, one.slot.as_str())))
    };
    let staffed: BTreeSet<_> = assignments
        .iter()
        .filter(is_there)
        .map(|one| (&one.grid, one.slot.as_str()))
        .collect();
    let grids: BTreeSet<_> = grids.iter().collect();
    let slots: BTreeSet<_> = slots.iter().copied().collect();
    let mut share = Share { part: 0, whole: 0 };
    let mut vacancies = Vec::new();
    for grid in grids {
        for slot in &slots {
            share.whole += 1;
            if staffed.contains(&(grid, *slot)) {
                share.part += 1;
            } else {
                vacancies.push(Vacancy {
                    grid: grid.clone(),
                    slot: (*slot).to_owned(),
                });
            }
        }
    }
    Staffing {
        share,
        score: share.score(),
        vacancies,
    }
}

fn as_text<S: Serializer>(grid: &GridCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(grid.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(text: &str) -> PersonId {
        PersonId::parse(text).expect("a person of the test")
    }

    fn grid(text: &str) -> GridCode {
        GridCode::parse(text).expect("a cell of the test")
    }

    fn assigned(who: &str, cell: &str, slot: &str) -> Assignment {
        Assignment {
            person: person(who),
            backup: None,
            grid: grid(cell),
            slot: slot.to_owned(),
        }
    }

    fn roster() -> Vec<Assignment> {
        vec![
            assigned("u1", "A", "AM"),
            assigned("u2", "B", "AM"),
            assigned("u1", "A", "PM"),
            assigned("u1", "B", "PM"),
        ]
    }

    fn judge(roster: &[Assignment], leaves: &[Leave]) -> Staffing {
        staffing(&[grid("A"), grid("B")], &["AM", "PM"], roster, leaves)
    }

    fn afternoon_off(who: &str) -> Leave {
        Leave {
            person: person(who),
            slot: "PM".to_owned(),
        }
    }

    #[test]
    fn domain_example_gives_100_00_and_50_00_with_two_vacancies_on_leave() {
        let full = judge(&roster(), &[]);
        assert_eq!(full.share, Share { part: 4, whole: 4 });
        assert_eq!(full.score.map(Score::hundredths), Some(10_000));
        let leave = judge(&roster(), &[afternoon_off("u1")]);
        assert_eq!(leave.share, Share { part: 2, whole: 4 });
        assert_eq!(leave.score.map(Score::hundredths), Some(5_000));
        let vacant: Vec<_> = leave
            .vacancies
            .iter()
            .map(|v| (v.grid.as_str(), &*v.slot))
            .collect();
        assert_eq!(vacant, [("A", "PM"), ("B", "PM")]);
    }

    #[test]
    fn backup_fills_a_leave_unless_away_too() {
        let mut roster = roster();
        roster[2].backup = Some(person("u3"));
        roster[3].backup = Some(person("u3"));
        let away = [afternoon_off("u1"), afternoon_off("u3")];
        assert_eq!(judge(&roster, &away[..1]).vacancies.len(), 0);
        assert_eq!(judge(&roster, &away).vacancies.len(), 2);
    }

    #[test]
    fn no_cells_are_not_evaluated_and_cells_named_twice_count_once() {
        assert_eq!(staffing(&[], &["AM"], &roster(), &[]).score, None);
        let twice = staffing(&[grid("A"), grid("A")], &["AM", "AM"], &roster(), &[]);
        assert_eq!(twice.share, Share { part: 1, whole: 1 });
    }
}
