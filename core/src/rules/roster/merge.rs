//! A new file of a roster into the one in force: the days that it names are replaced, the
//! others stay, so that what was planned for a day is still there when it is reviewed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::rules::roster::{Roster, RosterError, Shift, Strictness};

/// A roster with a file merged into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterMerge {
    /// The result.
    pub roster: Roster,
    /// How many days stayed as they were planned because the file does not name them.
    pub kept_days_count: usize,
}

/// What becomes of one day. A shift is the same in both when person, slot and everything
/// else agree; it is changed when person and slot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayChange {
    /// The local day on which the shifts begin.
    pub date: NaiveDate,
    /// Shifts that were not there.
    pub added: usize,
    /// Shifts that are otherwise now.
    pub changed: usize,
    /// Shifts that are there no more.
    pub removed: usize,
}

impl Roster {
    /// This roster, just read, in the place of the days that it names of the one in force.
    ///
    /// # Errors
    /// [`RosterError::Row`] for a shift of this roster with which somebody would be in two
    /// places, or a device with two people, because of a shift that stays: the night before,
    /// for instance.
    pub fn merged_into(&self, in_force: &Self) -> Result<RosterMerge, RosterError> {
        let named: BTreeSet<NaiveDate> = self.shifts.iter().map(|shift| shift.date).collect();
        let stays = in_force.shifts.iter();
        let stays: Vec<&Shift> = stays.filter(|s| !named.contains(&s.date)).collect();
        let kept_days: BTreeSet<NaiveDate> = stays.iter().map(|shift| shift.date).collect();
        let fresh = self.rows.iter().copied().zip(self.shifts.iter().cloned());
        let all = stays.into_iter().map(|shift| (None, shift.clone()));
        Ok(RosterMerge {
            roster: Self::try_new(all.chain(fresh).collect(), Strictness::File)?,
            kept_days_count: kept_days.len(),
        })
    }

    /// The days on which this roster is another than the one before, in their order.
    #[must_use]
    pub fn changes_since(&self, before: Option<&Self>) -> Vec<DayChange> {
        let mut days: BTreeMap<NaiveDate, BTreeMap<_, [Vec<&Shift>; 2]>> = BTreeMap::new();
        let both = [before.map(Self::shifts).unwrap_or_default(), &self.shifts];
        for (side, shifts) in both.into_iter().enumerate() {
            for shift in shifts {
                let day = days.entry(shift.date).or_default();
                day.entry((&shift.person, &shift.slot)).or_default()[side].push(shift);
            }
        }
        days.into_iter()
            .map(|(date, named)| {
                let none = DayChange {
                    date,
                    added: 0,
                    changed: 0,
                    removed: 0,
                };
                named.into_values().fold(none, DayChange::and)
            })
            .filter(|day| day.added + day.changed + day.removed > 0)
            .collect()
    }
}

impl DayChange {
    /// Counts the shifts of one person in slots of one name, before and after.
    fn and(mut self, [mut before, mut after]: [Vec<&Shift>; 2]) -> Self {
        before.retain(|old| match after.iter().position(|new| new == old) {
            Some(at) => {
                after.swap_remove(at);
                false
            }
            None => true,
        });
        let changed = before.len().min(after.len());
        self.changed += changed;
        self.added += after.len() - changed;
        self.removed += before.len() - changed;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::roster::read_roster;

    fn read(rows: &str) -> Roster {
        let text = format!("person,date,slot,start,end,grids,backup,leave\n{rows}");
        read_roster(text.as_bytes(), 480).expect("a good roster")
    }

    fn week() -> Roster {
        read(
            "u1,2026-03-01,AM,08:00,12:00,A,,\n\
             u1,2026-03-01,NIGHT,22:00,06:00,A,,\n\
             u2,2026-03-02,AM,08:00,12:00,A,,\n\
             u2,2026-03-03,AM,08:00,12:00,A,,\n",
        )
    }

    #[test]
    fn merge_replaces_the_days_of_the_file_and_keeps_the_others() {
        let in_force = week();
        let file = read("u2,2026-03-02,AM,08:00,12:00,B,,\nu3,2026-03-04,AM,08:00,12:00,A,,\n");
        let merged = file.merged_into(&in_force).expect("no clash");
        assert_eq!(
            (merged.roster.shifts().len(), merged.kept_days_count),
            (5, 2)
        );
        let days = merged.roster.changes_since(Some(&in_force));
        let told = |d: &DayChange| (d.date.to_string(), d.added, d.changed, d.removed);
        assert_eq!(
            days.iter().map(told).collect::<Vec<_>>(),
            [
                ("2026-03-02".to_owned(), 0, 1, 0),
                ("2026-03-04".to_owned(), 1, 0, 0),
            ]
        );
        let again = file.merged_into(&merged.roster).expect("no clash");
        assert_eq!(again.roster.to_pack(), merged.roster.to_pack());
        assert_eq!(again.roster.changes_since(Some(&merged.roster)), []);
    }

    #[test]
    fn whole_file_in_the_place_of_another_tells_what_it_takes_away() {
        let file = read("u2,2026-03-02,AM,08:00,12:00,A,,\n");
        let days = file.changes_since(Some(&week()));
        let removed: Vec<_> = days.iter().map(|day| day.removed).collect();
        assert_eq!(removed, [2, 1]);
        assert_eq!(file.changes_since(None)[0].added, 1);
    }

    #[test]
    fn merge_is_refused_when_the_night_before_reaches_into_the_file() {
        let file = read("u9,2026-03-02,AM,05:00,09:00,B,,\nu1,2026-03-02,AM,05:59,09:00,B,,\n");
        let said = file.merged_into(&week()).map_err(|error| error.to_string());
        assert_eq!(
            said.expect_err("two places"),
            "row 3, start: `u1` would be in two places at once: B here, and the roster in force \
             (2026-03-01 NIGHT, A); end one before the other begins, or name the cells of both \
             in one row"
        );
        let file = read("u7,2026-03-02,AM,05:59,09:00,B,u1,ill\n");
        let said = file.merged_into(&week()).map_err(|error| error.to_string());
        let line = said.expect_err("two places");
        assert!(line.starts_with("row 2, backup: `u1`"), "{line}");
    }

    #[test]
    fn what_is_in_force_is_not_held_against_the_file() {
        // A version that asked for less let this in.
        let rows = "u1,2026-03-01,AM,08:00,12:00,A,u3,ill\nu3,2026-03-01,PM,12:00,18:00,B,,\n";
        let pack = String::from_utf8(read(rows).to_pack()).expect("text");
        let busy = pack.replace(
            "2026-03-01T04:00:00.000Z\",\"to",
            "2026-03-01T00:00:00.000Z\",\"to",
        );
        assert_ne!(busy, pack);
        let in_force = Roster::from_pack(busy.as_bytes()).expect("an old pack");
        let file = read("u9,2026-03-02,AM,08:00,12:00,A,,\n");
        let merged = file.merged_into(&in_force).expect("the file is good");
        assert_eq!(merged.roster.shifts().len(), 3);
    }
}
