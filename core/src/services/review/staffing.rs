//! Fix two, the person (定人), in a review: whether every cell has somebody in every slot of
//! every day, and each place and time at which it has nobody.
//!
//! The roster says which slots a day has: those in which some shift names a cell. The city's
//! grid says which cells there are; without one, those that the day's shifts name. A cell
//! that no shift names is vacant like one whose inspector is on leave: nobody is there. Shifts
//! count where they begin, so that the counts of days sum to those of a month.
//!
//! Source: DOMAIN "Person (定人)"; docs/decisions/0020.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::ReviewScope;
use super::inputs::Packs;
use crate::model::grid::GridCode;
use crate::model::identifiers::PersonId;
use crate::model::quantity::Proration;
use crate::model::time::UtcMs;
use crate::model::verdict::{Score, Share};
use crate::oplog::patrol::PatrolState;
use crate::rules::roster::{Roster, Shift};

/// The second fix of a time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StaffingReview {
    /// Staffed, of all cells × slots × days.
    pub share: Share,
    /// The share as a score; nothing where the roster plans no cell.
    pub score: Option<Score>,
    /// The slots of the days, in their order.
    pub planned: Vec<PlannedSlot>,
    /// The cells that nobody is in, by day, slot and cell, but for those never planned.
    pub vacancies: Vec<CellVacancy>,
    /// The cells of the grid that no shift of the time names.
    pub never_planned: NeverPlanned,
}

/// A slot of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedSlot {
    /// The local day.
    pub date: NaiveDate,
    /// The slot's name.
    pub slot: String,
    /// How many cells there are.
    pub cells_count: u64,
    /// In how many of them somebody is.
    pub staffed_count: u64,
}

/// A cell that nobody is in for a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellVacancy {
    /// The local day.
    pub date: NaiveDate,
    /// The slot.
    pub slot: String,
    /// The cell.
    pub grid: String,
    /// Why.
    pub reason: VacancyReason,
    /// Who is away; nothing where nobody was to be there.
    pub person: Option<String>,
    /// Why they are.
    pub leave: Option<String>,
    /// From when on, in the city's time.
    pub since: String,
}

/// Why a cell has nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VacancyReason {
    /// The person is on leave and nobody steps in.
    Leave,
    /// No shift of the slot names the cell.
    NoAssignment,
}

/// Cells that no shift of the time names: each is vacant in every slot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NeverPlanned {
    /// Their codes, in order.
    pub grids: Vec<String>,
    /// How many cells × slots × days they leave vacant.
    pub vacancies_count: u64,
}

/// The second fix of one shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonFix {
    /// What the person is in this shift, in the city's words.
    pub role: Option<String>,
    /// What they are qualified for.
    pub qualifications: Vec<String>,
    /// The part of full duty that the shift owes.
    pub part_time: Proration,
    /// The device that the roster binds to the shift.
    pub device: Option<String>,
    /// The keys of the devices that recorded the shift's patrols, in order.
    pub devices: Vec<String>,
    /// The duty cells.
    pub grids: Vec<String>,
    /// The slot.
    pub slot: String,
    /// Who steps in while the person is on leave.
    pub backup: Option<String>,
    /// For whom the shift is worked, when it was somebody else's.
    pub stands_in_for: Option<String>,
    /// True when the roster has the person nowhere else during the shift.
    pub one_place: bool,
}

/// What the roster says of the person who works a shift, and which devices they used.
pub(super) fn person_fix(
    roster: Option<&Roster>,
    shift: &Shift,
    person: &PersonId,
    patrols: &[&PatrolState],
) -> PersonFix {
    let started = patrols.iter().filter_map(|patrol| patrol.started.as_ref());
    let devices: BTreeSet<String> = started.map(|s| s.device.to_string()).collect();
    PersonFix {
        role: shift.role.clone(),
        qualifications: shift.qualifications.clone(),
        part_time: shift.part_time,
        device: shift.device.clone(),
        devices: devices.into_iter().collect(),
        grids: shift.grids.iter().map(ToString::to_string).collect(),
        slot: shift.slot.clone(),
        backup: shift.backup.as_ref().map(ToString::to_string),
        stands_in_for: (*person != shift.person).then(|| shift.person.to_string()),
        one_place: roster.is_none_or(|roster| roster.is_only_place_of(person, shift)),
    }
}

/// A slot of a day: what its shifts say of each cell.
struct Slot<'r> {
    since: UtcMs,
    cells: BTreeMap<&'r GridCode, Cell<'r>>,
}

/// What the shifts of a slot say of a cell that they name.
enum Cell<'r> {
    Staffed,
    Away(&'r Shift),
}

/// Counts the cells × slots of the shifts that begin in a time.
///
/// A scope of one person or route looks only at the cells × slots that their shifts name;
/// whoever is there staffs them.
pub(super) fn staffing_of(scope: &ReviewScope, packs: &Packs) -> StaffingReview {
    let Some(roster) = packs.roster.as_deref() else {
        return StaffingReview::default();
    };
    let is_narrow = scope.person.is_some() || scope.route.is_some();
    let slots = slots_of(scope, roster, is_narrow);
    let named: BTreeSet<&str> = slots
        .values()
        .flat_map(|slot| slot.cells.keys().map(|grid| grid.as_str()))
        .collect();
    let grids = packs.grids.as_deref().filter(|_| !is_narrow);
    // The cells that are in force when a slot begins.
    let layer_at = |at: UtcMs| -> Option<BTreeSet<&str>> {
        let codes = grids?.cells_at(at).map(|cell| cell.code.as_str());
        Some(codes.filter(|code| scope.wants_code(code)).collect())
    };
    let mut told = StaffingReview::default();
    let mut never = BTreeSet::new();
    let mut days: BTreeMap<NaiveDate, BTreeSet<&str>> = BTreeMap::new();
    for ((date, _), slot) in &slots {
        let day = days.entry(*date).or_default();
        day.extend(slot.cells.keys().map(|grid| grid.as_str()));
    }
    for ((date, name), slot) in &slots {
        let layer = layer_at(slot.since);
        let cells = match &layer {
            Some(layer) => layer,
            None if is_narrow => &slot.cells.keys().map(|grid| grid.as_str()).collect(),
            None => &days[date],
        };
        let states: BTreeMap<&str, &Cell<'_>> = slot
            .cells
            .iter()
            .map(|(grid, cell)| (grid.as_str(), cell))
            .collect();
        let mut planned = PlannedSlot {
            date: *date,
            slot: (*name).to_owned(),
            cells_count: 0,
            staffed_count: 0,
        };
        for grid in cells {
            planned.cells_count += 1;
            let away = match states.get(grid) {
                Some(Cell::Staffed) => {
                    planned.staffed_count += 1;
                    continue;
                }
                Some(Cell::Away(shift)) => Some(*shift),
                None if !named.contains(grid) => {
                    never.insert(*grid);
                    told.never_planned.vacancies_count += 1;
                    continue;
                }
                None => None,
            };
            told.vacancies.push(CellVacancy {
                date: *date,
                slot: (*name).to_owned(),
                grid: (*grid).to_owned(),
                reason: away.map_or(VacancyReason::NoAssignment, |_| VacancyReason::Leave),
                person: away.map(|shift| shift.person.to_string()),
                leave: away.and_then(|shift| shift.leave.clone()),
                since: packs.local(away.map_or(slot.since, |shift| shift.from)),
            });
        }
        told.share.part += planned.staffed_count;
        told.share.whole += planned.cells_count;
        told.planned.push(planned);
    }
    told.score = told.share.score();
    told.never_planned.grids = never.into_iter().map(str::to_owned).collect();
    told
}

/// The slots of the shifts that begin in the scope and name a cell, each with what all
/// shifts of that day and slot say of the cells that are looked at.
fn slots_of<'r>(
    scope: &ReviewScope,
    roster: &'r Roster,
    is_narrow: bool,
) -> BTreeMap<(NaiveDate, &'r str), Slot<'r>> {
    let mut slots: BTreeMap<(NaiveDate, &str), Slot<'_>> = BTreeMap::new();
    let mut looked_at: BTreeSet<(NaiveDate, &str, &GridCode)> = BTreeSet::new();
    let begins = |shift: &&Shift| shift.from >= scope.from && shift.from < scope.to;
    for shift in roster.shifts().iter().filter(begins) {
        let grids = shift.grids.iter().filter(|g| scope.wants_grid(Some(g)));
        let key = (shift.date, shift.slot.as_str());
        for grid in grids.filter(|_| scope.wants_shift(shift)) {
            let slot = slots.entry(key).or_insert(Slot {
                since: shift.from,
                cells: BTreeMap::new(),
            });
            slot.since = slot.since.min(shift.from);
            if is_narrow {
                looked_at.insert((key.0, key.1, grid));
            }
        }
    }
    for shift in roster.shifts() {
        let key = (shift.date, shift.slot.as_str());
        let Some(slot) = slots.get_mut(&key) else {
            continue;
        };
        for grid in shift.grids.iter().filter(|g| scope.wants_grid(Some(g))) {
            if is_narrow && !looked_at.contains(&(key.0, key.1, grid)) {
                continue;
            }
            let is_staffed = shift.worked_by().is_some();
            let state = slot.cells.entry(grid).or_insert(Cell::Away(shift));
            if is_staffed {
                *state = Cell::Staffed;
            }
        }
    }
    slots
}
