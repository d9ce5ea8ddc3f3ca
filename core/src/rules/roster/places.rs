//! Nobody is in two places at once, and no device with two people.
//!
//! A person is where their own shift is, unless they are on leave; a backup is where the
//! shift of somebody on leave is. A device goes with its shift, to whoever works it.
//!
//! Source: DOMAIN "Person (定人)".

use std::fmt;

use chrono::NaiveDate;

use crate::model::identifiers::PersonId;
use crate::rules::roster::{Roster, RosterError, RosterProblem, Shift, Strictness};

/// The most cells of a shift that an error names.
const MAX_SHOWN: usize = 3;

/// The shift with which another cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherShift {
    /// Its row; nothing when it is in the roster in force.
    pub row: Option<u64>,
    /// Its day.
    pub date: NaiveDate,
    /// Its slot.
    pub slot: String,
    /// Where it is.
    pub place: String,
}

impl fmt::Display for OtherShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "row {row}")?,
            None => f.write_str("the roster in force")?,
        }
        write!(f, " ({} {}, {})", self.date, self.slot, self.place)
    }
}

/// What a shift is to the person who is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Their own, which they work.
    Own,
    /// Their own, which they do not work.
    Away,
    /// Another's, in which they step in.
    Backup,
}

#[derive(Clone, Copy)]
struct Stay<'s> {
    row: Option<u64>,
    shift: &'s Shift,
    part: Part,
}

/// Finds the first row, in the order of the file, that cannot be beside another.
///
/// - `shifts`: by person and start. Two that are both in force already are not compared.
pub(super) fn check(
    shifts: &[(Option<u64>, Shift)],
    strictness: Strictness,
) -> Result<(), RosterError> {
    let mut first: Option<(u64, RosterError)> = None;
    let mut take = |clash: Option<(u64, RosterError)>| {
        let is_earlier = |(row, _): &(u64, _)| first.as_ref().is_none_or(|(told, _)| row < told);
        if let Some(clash) = clash.filter(is_earlier) {
            first = Some(clash);
        }
    };
    let stays = shifts.iter().flat_map(|(row, shift)| {
        let (row, is_away) = (*row, shift.leave.is_some());
        let part = if is_away { Part::Away } else { Part::Own };
        let own = (&shift.person, Stay { row, shift, part });
        let part = Part::Backup;
        let backup = shift.backup.as_ref().filter(|_| is_away);
        let covered = backup.map(|person| (person, Stay { row, shift, part }));
        std::iter::once(own).chain(covered.filter(|_| strictness == Strictness::File))
    });
    each_overlap(stays.collect(), |person, a, b| {
        take(clash_of_person(person, a, b));
    });
    if strictness == Strictness::File {
        let held = shifts.iter().filter_map(|(row, shift)| {
            let (row, part) = (*row, Part::Own);
            shift.worked_by()?;
            Some((shift.device.as_ref()?, Stay { row, shift, part }))
        });
        each_overlap(held.collect(), |device, a, b| {
            take(clash_of_device(device, a, b));
        });
    }
    first.map_or(Ok(()), |(_, error)| Err(error))
}

impl Roster {
    /// True when a person who works a shift works no other at any of its instants. A roster
    /// from a file is always so; a pack of a version that asked for less may not be.
    #[must_use]
    pub fn is_only_place_of(&self, person: &PersonId, shift: &Shift) -> bool {
        let own = self.shifts.partition_point(|other| other.person < *person);
        let own = self.shifts[own..]
            .iter()
            .take_while(|other| other.person == *person && other.from < shift.to);
        let covered = self.covered.iter().map(|at| &self.shifts[*at]);
        let is_elsewhere = |other: &Shift| {
            other.from < shift.to
                && shift.from < other.to
                && other.worked_by() == Some(person)
                && other != shift
        };
        !own.chain(covered).any(is_elsewhere)
    }
}

/// Tells each two stays of one key that share an instant. Of a roster without clashes there
/// is never more than one under way.
fn each_overlap<'s, K: Ord + Copy>(
    mut stays: Vec<(K, Stay<'s>)>,
    mut tell: impl FnMut(K, Stay<'s>, Stay<'s>),
) {
    stays.sort_by_key(|(key, stay)| (*key, stay.shift.from, stay.row));
    let mut under_way: Vec<(K, Stay<'s>)> = Vec::new();
    for (key, stay) in stays {
        under_way.retain(|(other, before)| *other == key && before.shift.to > stay.shift.from);
        for (_, before) in &under_way {
            tell(key, *before, stay);
        }
        under_way.push((key, stay));
        // One clash is enough: a file of nothing but clashes is not compared with itself.
        let excess = under_way.len().saturating_sub(MAX_UNDER_WAY);
        under_way.drain(..excess);
    }
}

/// How many stays are compared with the next one.
const MAX_UNDER_WAY: usize = 8;

/// The row that is told, and the other: a backup's before others, else the later one. Nothing
/// when both are in force already.
fn told<'s>(a: Stay<'s>, b: Stay<'s>) -> Option<(u64, Stay<'s>, Stay<'s>)> {
    let weight = |stay: &Stay<'_>| (stay.row.is_some(), stay.part == Part::Backup, stay.row);
    let (here, other) = if weight(&a) > weight(&b) {
        (a, b)
    } else {
        (b, a)
    };
    Some((here.row?, here, other))
}

fn clash_of_person(person: &PersonId, a: Stay<'_>, b: Stay<'_>) -> Option<(u64, RosterError)> {
    let (row, here, other) = told(a, b)?;
    let backup_part = [here, other].into_iter().find(|s| s.part == Part::Backup);
    let (person, other_shift) = (person.clone(), other.as_other());
    let (field, problem) = match (backup_part, here.part, other.part) {
        (None, _, _) => (
            "start",
            RosterProblem::TwoPlaces {
                person,
                here: place(here.shift),
                other: other_shift,
            },
        ),
        (Some(backup), Part::Away, _) | (Some(backup), _, Part::Away) => (
            if here.part == Part::Backup {
                "backup"
            } else {
                "leave"
            },
            RosterProblem::BackupAway {
                person,
                away: backup.shift.person.clone(),
                other: other_shift,
            },
        ),
        // The backup's shift is in force already: the file's row is the one too many.
        (Some(_), Part::Own, _) => (
            "start",
            RosterProblem::TwoPlaces {
                person,
                here: place(here.shift),
                other: other_shift,
            },
        ),
        (Some(_), Part::Backup, _) => (
            "backup",
            RosterProblem::BackupBusy {
                person,
                away: here.shift.person.clone(),
                here: place(here.shift),
                other: other_shift,
            },
        ),
    };
    Some((
        row,
        RosterError::Row {
            row,
            field,
            problem,
        },
    ))
}

fn clash_of_device(device: &str, a: Stay<'_>, b: Stay<'_>) -> Option<(u64, RosterError)> {
    let (row, here, other) = told(a, b)?;
    let (person, holder) = (here.shift.worked_by()?, other.shift.worked_by()?);
    // One person in two places is told as that.
    if person == holder {
        return None;
    }
    let problem = RosterProblem::DeviceShared {
        device: device.to_owned(),
        person: person.clone(),
        holder: holder.clone(),
        other: other.as_other(),
    };
    let field = "device";
    Some((
        row,
        RosterError::Row {
            row,
            field,
            problem,
        },
    ))
}

impl Stay<'_> {
    fn as_other(&self) -> Box<OtherShift> {
        Box::new(OtherShift {
            row: self.row,
            date: self.shift.date,
            slot: self.shift.slot.clone(),
            place: place(self.shift),
        })
    }
}

/// Where a shift is, for an error: a few cells, else the route.
fn place(shift: &Shift) -> String {
    let mut shown: Vec<String> = shift
        .grids
        .iter()
        .take(MAX_SHOWN)
        .map(ToString::to_string)
        .collect();
    match shift.grids.len() {
        0 => shown.extend(shift.route.as_ref().map(|route| format!("route {route}"))),
        count if count > MAX_SHOWN => shown.push(format!("and {} more", count - MAX_SHOWN)),
        _ => {}
    }
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use crate::rules::roster::{Roster, read_roster};

    const HEADER: &str = "person,date,slot,start,end,grids,route,backup,leave,device";

    fn read(rows: &[&str]) -> Result<Roster, String> {
        let text = format!("{HEADER}\n{}\n", rows.join("\n"));
        read_roster(text.as_bytes(), 480).map_err(|error| error.to_string())
    }

    fn refusal(rows: &[&str]) -> String {
        read(rows).expect_err("the rows are wrong")
    }

    #[test]
    fn person_in_two_places_at_once_is_refused_with_both_rows_and_places() {
        assert_eq!(
            refusal(&[
                "u2,2026-03-02,AM,08:00,12:00,A,,,,",
                "u1,2026-03-02,AM,08:00,12:00,A B C D E,,,,",
                "u1,2026-03-02,AM,11:59,12:30,,R-01,,,",
            ]),
            "row 4, start: `u1` would be in two places at once: route R-01 here, and row 3 \
             (2026-03-02 AM, A B C and 2 more); end one before the other begins, or name the \
             cells of both in one row"
        );
        let touching = [
            "u1,2026-03-02,AM,08:00,12:00,A,,,,",
            "u1,2026-03-02,PM,12:00,18:00,B,,,,",
        ];
        assert!(read(&touching).is_ok(), "noon belongs to the afternoon");
    }

    #[test]
    fn first_row_that_is_wrong_is_told_whoever_it_is_about() {
        let line = refusal(&[
            "u9,2026-03-02,AM,08:00,12:00,A,,,,",
            "u9,2026-03-02,AM,08:00,12:00,B,,,,",
            "u1,2026-03-02,AM,08:00,12:00,C,,,,",
            "u1,2026-03-02,AM,08:00,12:00,D,,,,",
        ]);
        assert!(line.starts_with("row 3, start: `u9`"), "{line}");
    }

    #[test]
    fn backup_on_duty_elsewhere_is_refused_only_when_the_leave_makes_him_work() {
        let rows = |leave: &str, start: &str| {
            read(&[
                &format!("u1,2026-03-02,AM,08:00,12:00,A,,u3,{leave},"),
                &format!("u3,2026-03-02,AM,{start},18:00,B,,,,"),
            ])
        };
        assert!(rows("", "08:00").is_ok());
        assert!(rows("ill", "12:00").is_ok());
        assert_eq!(
            rows("ill", "11:00"),
            Err(
                "row 2, backup: `u3` would be in two places at once: in for `u1` in A here, and \
                 row 3 (2026-03-02 AM, B); name a backup who is free, or none: the shift is then \
                 a vacancy"
                    .to_owned()
            )
        );
    }

    #[test]
    fn backup_of_two_on_leave_or_on_leave_himself_is_refused() {
        let line = refusal(&[
            "u1,2026-03-02,AM,08:00,12:00,A,,u3,ill,",
            "u2,2026-03-02,AM,08:00,12:00,B,,u3,ill,",
        ]);
        assert!(
            line.starts_with("row 3, backup: `u3` would be in two places at once: in for `u2`"),
            "{line}"
        );
        let line = refusal(&[
            "u1,2026-03-02,AM,08:00,12:00,A,,u3,ill,",
            "u3,2026-03-02,AM,08:00,12:00,B,,,ill,",
        ]);
        assert_eq!(
            line,
            "row 2, backup: `u3` is to stand in for `u1` and is on leave as well, by row 3 \
             (2026-03-02 AM, B); name a backup who is there, or none: the shift is then a vacancy"
        );
    }

    #[test]
    fn device_with_two_people_at_once_is_refused_with_both_rows() {
        assert_eq!(
            refusal(&[
                "u1,2026-03-02,AM,08:00,12:00,A,,,,T-07",
                "u2,2026-03-02,AM,11:00,13:00,B,,,,T-07",
            ]),
            "row 3, device: `T-07` is with `u2` here and with `u1` at the same time, by row 2 \
             (2026-03-02 AM, A); a device is bound to one person per shift: name another one"
        );
        let one_after_another = [
            "u1,2026-03-02,AM,08:00,12:00,A,,,,T-07",
            "u2,2026-03-02,PM,12:00,18:00,B,,,,T-07",
        ];
        assert!(read(&one_after_another).is_ok());
    }

    #[test]
    fn device_of_a_leave_is_free_or_the_backups() {
        let rows = |backup: &str| {
            read(&[
                &format!("u1,2026-03-02,AM,08:00,12:00,A,,{backup},ill,T-07"),
                "u2,2026-03-02,AM,08:00,12:00,B,,,,T-07",
            ])
        };
        assert!(rows("").is_ok());
        let line = rows("u3").expect_err("two people");
        assert!(line.contains("is with `u2` here and with `u3`"), "{line}");
    }

    #[test]
    fn pack_of_a_version_that_asked_for_less_still_opens() {
        let rows = [
            "u1,2026-03-02,AM,08:00,12:00,A,,u3,ill,T-07",
            "u3,2026-03-02,PM,12:00,18:00,B,,,,T-07",
        ];
        let pack = read(&rows).expect("a good roster").to_pack();
        let pack = String::from_utf8(pack).expect("text");
        let busy = pack.replace(
            "2026-03-02T04:00:00.000Z\",\"to",
            "2026-03-02T01:00:00.000Z\",\"to",
        );
        assert_ne!(busy, pack);
        assert!(Roster::from_pack(busy.as_bytes()).is_ok());
        let twice = busy.replace("\"u3\",\"date", "\"u1\",\"date");
        assert_ne!(twice, busy);
        assert!(Roster::from_pack(twice.as_bytes()).is_err());
    }

    #[test]
    fn file_of_nothing_but_clashes_is_refused_in_the_time_of_a_good_one() {
        let row = "u1,2026-03-02,AM,08:00,12:00,A,,,,";
        let rows = vec![row; 50_000];
        assert!(refusal(&rows).starts_with("row 3, start"));
    }
}
