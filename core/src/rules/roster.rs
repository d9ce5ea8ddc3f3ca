//! The roster (排班): who is on duty where and when, fixes two and five of a city's plan.
//!
//! A roster is all or nothing: a row that is wrong makes none. It is checked in two steps:
//! by itself where it is read (nobody in two places at once, no device with two people), and
//! against the city's people, routes and grids by [`Roster::check`]. It is kept sorted by person and start, so that the same shifts are the
//! same pack, in whatever order a city wrote them.
//!
//! A city writes its roster a week or a month at a time: a new file replaces the days that it
//! names, and the others stay ([`Roster::merged_into`]), so that yesterday can be reviewed.
//!
//! [`Roster::check`]: crate::rules::roster::Roster::check
//! [`Roster::merged_into`]: crate::rules::roster::Roster::merged_into

use std::fmt;

use chrono::NaiveDate;
use thiserror::Error;

use crate::geo::excerpt::excerpt;
use crate::geo::table::TableError;
use crate::model::grid::GridCode;
use crate::model::identifiers::{IdentifierError, PersonId, RouteCode};
use crate::model::quantity::{AmountError, Proration};
use crate::model::time::UtcMs;
use crate::model::track::Mode;

mod file;
mod merge;
mod pack;
mod places;

pub use file::{read_roster, read_roster_rows};
pub use merge::{DayChange, RosterMerge};
pub use places::OtherShift;

/// Files and packs above this size are refused: a year of 500 people has about this much.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// One person's duty in one slot of one day. At least one grid, or a route, is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Who is on duty.
    pub person: PersonId,
    /// The local day on which the shift begins.
    pub date: NaiveDate,
    /// The slot's name in the roster, such as AM.
    pub slot: String,
    /// When it begins.
    pub from: UtcMs,
    /// When it ends; this instant is no longer part of it.
    pub to: UtcMs,
    /// The duty cells, sorted, each once.
    pub grids: Vec<GridCode>,
    /// The route to walk.
    pub route: Option<RouteCode>,
    /// How the person moves.
    pub mode: Mode,
    /// Who steps in while the person is on leave.
    pub backup: Option<PersonId>,
    /// Why the person does not work this shift; nothing when they do.
    pub leave: Option<String>,
    /// The device bound to the shift, as the city names it: whoever works the shift has it.
    pub device: Option<String>,
    /// What the person is in this shift, in the city's words.
    pub role: Option<String>,
    /// What the person is qualified for (一员多能), sorted, each once.
    pub qualifications: Vec<String>,
    /// The part of full duty that the shift owes; all of it unless the person is part-time.
    pub part_time: Proration,
}

impl Shift {
    /// Who works the shift: the person, or the backup while the person is on leave, or
    /// nobody: a vacancy.
    #[must_use]
    pub fn worked_by(&self) -> Option<&PersonId> {
        match self.leave {
            None => Some(&self.person),
            Some(_) => self.backup.as_ref(),
        }
    }

    /// True from the first instant of the shift until before its end.
    #[must_use]
    pub fn contains(&self, at: UtcMs) -> bool {
        self.from <= at && at < self.to
    }
}

/// The shifts of a city in the order of person and start; no person has two at once.
#[derive(Debug, Clone)]
pub struct Roster {
    shifts: Vec<Shift>,
    /// The row of each shift in its file, or its place in its pack; nothing for a shift that
    /// stayed in force when a file was merged into it.
    rows: Vec<Option<u64>>,
    /// Indices of the shifts that a backup works.
    covered: Vec<usize>,
}

/// Rosters of the same shifts are equal, from whichever rows these came.
impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        self.shifts == other.shifts
    }
}

impl Eq for Roster {}

/// Why a roster is refused. Rows count as a spreadsheet shows them, the header being row 1;
/// in a pack, shifts count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RosterError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file is not a CSV with the columns that are needed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file has a header and nothing below it.
    #[error("the roster has no shifts")]
    Empty,
    /// The city's offset from UTC is none.
    #[error("{0} minutes is no offset from UTC; it lies within -1080 to 1080, such as 480")]
    UtcOffset(i32),
    /// The bytes are not a pack of a roster.
    #[error("not a pack of a roster: {0}")]
    NotAPack(String),
    /// A row is wrong.
    #[error("row {row}, {field}: {problem}")]
    Row {
        /// The row.
        row: u64,
        /// The column.
        field: &'static str,
        /// What is wrong with it.
        problem: RosterProblem,
    },
}

/// What is wrong with a field of a roster.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RosterProblem {
    /// It is no identifier of its kind.
    #[error("{error}: `{text}`")]
    Identifier {
        /// Why.
        error: IdentifierError,
        /// What stands there.
        text: String,
    },
    /// It is empty, too long, or holds control characters.
    #[error("`{text}` should be a text of 1 to {most} characters, such as {example}")]
    Text {
        /// What stands there.
        text: String,
        /// The most characters it may have.
        most: usize,
        /// What would be right.
        example: &'static str,
    },
    /// It is not a date.
    #[error("`{0}` is not a date; write it as 2026-03-01")]
    NotADate(String),
    /// It is not a time of day.
    #[error("`{0}` is not a time of day; write it as 08:30")]
    NotATime(String),
    /// The shift lies outside of what instants can be.
    #[error("the shift is not within the years 1970 to 9999")]
    TimeRange,
    /// The shift ends before it begins, or lasts longer than a day.
    #[error("a shift ends after it begins, and within 24 hours")]
    Duration,
    /// It is no way of moving.
    #[error("`{0}` is not a mode; write walk, bicycle or vehicle")]
    UnknownMode(String),
    /// Nothing says where the shift is.
    #[error("a shift needs a grid or a route")]
    NothingToPatrol,
    /// The person steps in for themselves.
    #[error("`{0}` cannot be their own backup; name somebody else or leave it empty")]
    OwnBackup(PersonId),
    /// It is no part of full duty.
    #[error("{0}")]
    PartTime(AmountError),
    /// The person has another shift at the same time.
    #[error(
        "`{person}` would be in two places at once: {here} here, and {other}; end one before \
         the other begins, or name the cells of both in one row"
    )]
    TwoPlaces {
        /// Who.
        person: PersonId,
        /// Where this row has them.
        here: String,
        /// The other shift.
        other: Box<OtherShift>,
    },
    /// The person steps in for somebody while they are on duty elsewhere.
    #[error(
        "`{person}` would be in two places at once: in for `{away}` in {here} here, and {other}; \
         name a backup who is free, or none: the shift is then a vacancy"
    )]
    BackupBusy {
        /// Who steps in.
        person: PersonId,
        /// Who is on leave.
        away: PersonId,
        /// Where this row has them.
        here: String,
        /// The other shift.
        other: Box<OtherShift>,
    },
    /// The person steps in for somebody while they are on leave themselves.
    #[error(
        "`{person}` is to stand in for `{away}` and is on leave as well, by {other}; name a \
         backup who is there, or none: the shift is then a vacancy"
    )]
    BackupAway {
        /// Who should step in.
        person: PersonId,
        /// Who is on leave.
        away: PersonId,
        /// The shift of their own that they do not work.
        other: Box<OtherShift>,
    },
    /// Two people have one device at one time.
    #[error(
        "`{device}` is with `{person}` here and with `{holder}` at the same time, by {other}; a \
         device is bound to one person per shift: name another one"
    )]
    DeviceShared {
        /// The device.
        device: String,
        /// Who has it by this row.
        person: PersonId,
        /// Who has it by the other.
        holder: PersonId,
        /// The other shift.
        other: Box<OtherShift>,
    },
    /// The cell is one of another time.
    #[error(
        "`{0}` is no cell when the shift begins: the grid of that day has others; name one of \
         them, or import the grids from an earlier day on"
    )]
    CellOfAnotherTime(GridCode),
    /// Nothing known has this name.
    #[error("`{value}` is not known; correct it or import {import} first")]
    Unknown {
        /// What stands there.
        value: String,
        /// What is imported to make it known.
        import: &'static str,
    },
}

/// How much is asked of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Of a city's file: everything.
    File,
    /// Of a pack, which was checked when it was made, perhaps by a version that asked for
    /// less: only what look-ups rest on.
    Pack,
}

/// What a city knows of a cell at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownCell {
    /// It is in force.
    InForce,
    /// It was, or will be.
    AtOtherTimes,
    /// There is none of that name.
    Never,
}

impl Roster {
    /// Sorts shifts with their rows and checks what one shift alone cannot show.
    fn try_new(
        shifts: Vec<(Option<u64>, Shift)>,
        strictness: Strictness,
    ) -> Result<Self, RosterError> {
        if shifts.is_empty() {
            return Err(RosterError::Empty);
        }
        let mut shifts = shifts;
        for (row, shift) in &mut shifts {
            shift.grids.sort();
            shift.grids.dedup();
            shift.qualifications.sort();
            shift.qualifications.dedup();
            if let Some(row) = row {
                check_shift(*row, shift)?;
            }
        }
        shifts.sort_by(|(_, a), (_, b)| (&a.person, a.from).cmp(&(&b.person, b.from)));
        places::check(&shifts, strictness)?;
        let (rows, shifts): (Vec<Option<u64>>, Vec<Shift>) = shifts.into_iter().unzip();
        let covered = (0..shifts.len())
            .filter(|i| shifts[*i].leave.is_some() && shifts[*i].backup.is_some())
            .collect();
        Ok(Self {
            shifts,
            rows,
            covered,
        })
    }

    /// All shifts, by person and start.
    #[must_use]
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// Checks the names in the roster against what a city has; a backup is a person too.
    ///
    /// # Errors
    /// [`RosterError::Row`] with [`RosterProblem::Unknown`] for the first row of the file
    /// that names something unknown, or with [`RosterProblem::CellOfAnotherTime`].
    pub fn check(
        &self,
        knows_person: impl Fn(&PersonId) -> bool,
        knows_route: impl Fn(&RouteCode) -> bool,
        knows_grid: impl Fn(&GridCode, UtcMs) -> KnownCell,
    ) -> Result<(), RosterError> {
        // What stayed in force was checked when it came.
        let rows = self.rows.iter().zip(&self.shifts);
        let mut by_row: Vec<(u64, &Shift)> = rows
            .filter_map(|(row, shift)| Some(((*row)?, shift)))
            .collect();
        by_row.sort_by_key(|(row, _)| *row);
        for (row, shift) in by_row {
            let unknown = |field, value: &dyn fmt::Display, import| RosterError::Row {
                row,
                field,
                problem: RosterProblem::Unknown {
                    value: excerpt(&value.to_string()),
                    import,
                },
            };
            if !knows_person(&shift.person) {
                return Err(unknown("person", &shift.person, "the people"));
            }
            for grid in &shift.grids {
                match knows_grid(grid, shift.from) {
                    KnownCell::InForce => {}
                    KnownCell::AtOtherTimes => {
                        let problem = RosterProblem::CellOfAnotherTime(grid.clone());
                        let field = "grids";
                        return Err(RosterError::Row {
                            row,
                            field,
                            problem,
                        });
                    }
                    KnownCell::Never => return Err(unknown("grids", grid, "the grids")),
                }
            }
            if let Some(route) = shift.route.as_ref().filter(|route| !knows_route(route)) {
                return Err(unknown("route", route, "the routes"));
            }
            if let Some(backup) = shift.backup.as_ref().filter(|b| !knows_person(b)) {
                return Err(unknown("backup", backup, "the people"));
            }
        }
        Ok(())
    }

    /// The shift that a person works at an instant: their own unless they are on leave, else
    /// one of somebody on leave whose backup they are.
    #[must_use]
    pub fn shift_at(&self, person: &PersonId, at: UtcMs) -> Option<&Shift> {
        let next = self
            .shifts
            .partition_point(|shift| (&shift.person, shift.from) <= (person, at));
        let own = next.checked_sub(1).map(|i| &self.shifts[i]);
        own.into_iter()
            .chain(self.covered.iter().map(|i| &self.shifts[*i]))
            .find(|shift| shift.contains(at) && shift.worked_by() == Some(person))
    }

    /// The shifts that share an instant with `from` until before `to`, by person and start,
    /// those on leave among them.
    pub fn shifts_between(&self, from: UtcMs, to: UtcMs) -> impl Iterator<Item = &Shift> {
        self.shifts
            .iter()
            .filter(move |shift| shift.from < to && from < shift.to)
    }
}

/// The most characters of a slot's name and of the reason of a leave.
const MAX_SLOT_CHARS: usize = 32;
const MAX_LEAVE_CHARS: usize = 200;
/// The most characters of a device's name, a role and a qualification.
const MAX_NAME_CHARS: usize = 64;

fn check_shift(row: u64, shift: &Shift) -> Result<(), RosterError> {
    let fail = |field, problem| {
        Err(RosterError::Row {
            row,
            field,
            problem,
        })
    };
    if let Some(problem) = text_problem(&shift.slot, MAX_SLOT_CHARS, "AM") {
        return fail("slot", problem);
    }
    if let Some(leave) = &shift.leave
        && let Some(problem) = text_problem(leave, MAX_LEAVE_CHARS, "ill")
    {
        return fail("leave", problem);
    }
    let named = [
        ("device", &shift.device, "T-07"),
        ("role", &shift.role, "网格员"),
    ];
    let qualified = shift.qualifications.iter();
    let names = named
        .into_iter()
        .filter_map(|(field, name, example)| Some((field, name.as_ref()?, example)))
        .chain(qualified.map(|name| ("qualifications", name, "消防、市容")));
    for (field, name, example) in names {
        if let Some(problem) = text_problem(name, MAX_NAME_CHARS, example) {
            return fail(field, problem);
        }
    }
    if shift.to > UtcMs::MAX {
        return fail("end", RosterProblem::TimeRange);
    }
    let longest = shift.from.plus_ms(24 * 60 * 60 * 1000);
    if shift.to <= shift.from || shift.to > longest {
        return fail("end", RosterProblem::Duration);
    }
    if shift.grids.is_empty() && shift.route.is_none() {
        return fail("grids", RosterProblem::NothingToPatrol);
    }
    if shift.backup.as_ref() == Some(&shift.person) {
        return fail("backup", RosterProblem::OwnBackup(shift.person.clone()));
    }
    Ok(())
}

fn text_problem(text: &str, most: usize, example: &'static str) -> Option<RosterProblem> {
    let count = text.chars().count();
    let is_right = count > 0 && count <= most && !text.contains(|c: char| c.is_control());
    (!is_right).then(|| RosterProblem::Text {
        text: excerpt(text),
        most,
        example,
    })
}

#[cfg(test)]
mod tests;
