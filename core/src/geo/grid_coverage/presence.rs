//! In which cell somebody is, when the line of fixes trembles over a border.

use super::EXCURSION_MS;
use crate::model::time::UtcMs;

/// Where somebody is: in a cell, by its number, or in none.
type Place = Option<u32>;

/// Who is where, and perhaps on an excursion.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence {
    home: Option<Home>,
}

#[derive(Debug, Clone, Copy)]
struct Home {
    place: Place,
    /// The last instant that was spent there.
    last: UtcMs,
    away: Option<Away>,
}

/// A step over the border that may still come back.
#[derive(Debug, Clone, Copy)]
struct Away {
    since: UtcMs,
    now: Place,
    /// When the place of now was reached.
    entered: UtcMs,
}

/// A cell was left, or entered, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) left: Option<(u32, UtcMs)>,
    pub(super) entered: Option<(u32, UtcMs)>,
}

impl Presence {
    /// After a silence an excursion begins anew: silence proves no time outside.
    pub(super) fn forget_excursion(&mut self) {
        if let Some(home) = &mut self.home {
            home.away = None;
        }
    }

    /// Takes where somebody was from one instant to another, in order of time.
    ///
    /// - `is_far`: whether that was farther than the accuracy from a place given.
    pub(super) fn see(
        &mut self,
        now: Place,
        from: UtcMs,
        to: UtcMs,
        is_far: impl FnOnce(Place) -> bool,
    ) -> Option<Change> {
        let Some(home) = &mut self.home else {
            return self.settle(None, (now, from), to);
        };
        if home.place == now {
            home.last = to;
            home.away = None;
            return None;
        }
        let mut away = home.away.unwrap_or(Away {
            since: from,
            now,
            entered: from,
        });
        if away.now != now {
            (away.now, away.entered) = (now, from);
        }
        home.away = Some(away);
        if to.0.saturating_sub(away.since.0) <= EXCURSION_MS && !is_far(home.place) {
            return None;
        }
        let left = home.place.map(|cell| (cell, home.last));
        self.settle(left, (now, away.entered), to)
    }

    fn settle(
        &mut self,
        left: Option<(u32, UtcMs)>,
        (place, entered): (Place, UtcMs),
        last: UtcMs,
    ) -> Option<Change> {
        self.home = Some(Home {
            place,
            last,
            away: None,
        });
        let entered = place.map(|cell| (cell, entered));
        (left.is_some() || entered.is_some()).then_some(Change { left, entered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Place = Some(0);
    const B: Place = Some(1);

    /// Feeds (place, from, to in seconds, far) and writes what changed.
    fn told(seen: &[(Place, u64, u64, bool)]) -> String {
        let mut presence = Presence::default();
        let mut told = String::new();
        for (place, from, to, is_far) in seen {
            let ms = |s: u64| UtcMs(s * 1000);
            let name = |cell: u32| if cell == 0 { 'A' } else { 'B' };
            let change = presence.see(*place, ms(*from), ms(*to), |_| *is_far);
            if let Some((cell, at)) = change.and_then(|c| c.left) {
                told += &format!("-{}{} ", name(cell), at.0 / 1000);
            }
            if let Some((cell, at)) = change.and_then(|c| c.entered) {
                told += &format!("+{}{} ", name(cell), at.0 / 1000);
            }
        }
        told
    }

    #[test]
    fn excursion_counts_after_more_than_its_time_or_beyond_the_accuracy() {
        let back = |to, far| told(&[(A, 0, 10, false), (B, 10, to, far), (A, to, to + 9, false)]);
        assert_eq!(back(40, false), "+A0 ");
        assert_eq!(back(41, false), "+A0 -A10 +B10 ");
        assert_eq!(back(11, true), "+A0 -A10 +B10 ");
    }

    #[test]
    fn coming_back_ends_an_excursion_and_the_next_begins_anew() {
        let seen = [
            (A, 0, 10, false),
            (B, 10, 35, false),
            (A, 35, 36, false),
            (B, 36, 60, false),
            (A, 60, 61, false),
        ];
        assert_eq!(told(&seen), "+A0 ");
    }

    #[test]
    fn place_between_that_was_never_certain_is_not_entered() {
        // Over a corner of B, 5 s, to the outside.
        let seen = [(A, 0, 10, false), (B, 10, 15, false), (None, 15, 50, true)];
        assert_eq!(told(&seen), "+A0 -A10 ");
        let seen = [(None, 0, 10, false), (A, 10, 20, false), (B, 20, 60, true)];
        assert_eq!(told(&seen), "+B20 ");
    }
}
