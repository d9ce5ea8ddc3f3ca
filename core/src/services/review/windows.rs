//! The loops of a shift, window by window: a route may ask for two in the morning and one in
//! the afternoon.

use serde::Serialize;

use super::Packs;
use super::shift::permillionth;
use crate::geo::coverage::Lap;
use crate::model::route::{LoopWindow, PlannedRoute};
use crate::model::time::UtcMs;
use crate::rules::patrol::{CountScore, is_loop_done, windows_score};
use crate::rules::roster::Shift;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The loops of one window of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WindowLoops {
    /// Its beginning, in the city's time.
    pub from: String,
    /// Its end.
    pub to: String,
    /// Loops done that began in it.
    pub done: u64,
    /// Loops required in it.
    pub required: u64,
}

/// The windows that are this shift's, with the laps that began in each. A window is a shift's
/// when half of it or more lies within: two shifts that meet in it are not both asked.
pub(super) fn loop_windows(
    planned: &PlannedRoute,
    shift: &Shift,
    laps: &[Lap],
    loop_permille: u16,
    packs: &Packs,
) -> Vec<WindowLoops> {
    let offset_min = packs.clock.policy().utc_offset_min;
    let windows = windows_of_shift(&planned.windows, shift, offset_min).into_iter();
    windows
        .map(|(from, to, loops)| {
            let done = laps.iter().filter(|lap| {
                lap.from >= from
                    && lap.from < to
                    && is_loop_done(permillionth(lap.ratio), loop_permille)
            });
            WindowLoops {
                from: packs.local(from),
                to: packs.local(to),
                done: done.count() as u64,
                required: loops.into(),
            }
        })
        .collect()
}

/// All windows together.
pub(super) fn score_of(windows: &[WindowLoops]) -> CountScore {
    windows_score(windows.iter().map(|window| (window.done, window.required)))
}

fn windows_of_shift(
    windows: &[LoopWindow],
    shift: &Shift,
    offset_min: i32,
) -> Vec<(UtcMs, UtcMs, u32)> {
    let ms = |at: UtcMs| i64::try_from(at.0.min(UtcMs::MAX.0)).unwrap_or(0);
    let offset_ms = i64::from(offset_min) * MINUTE_MS;
    let (begin, end) = (ms(shift.from), ms(shift.to));
    let first_day = (begin + offset_ms).div_euclid(DAY_MS);
    let last_day = (end + offset_ms).div_euclid(DAY_MS);
    let mut found = Vec::new();
    for day in first_day..=last_day {
        let midnight = day * DAY_MS - offset_ms;
        for window in windows {
            let from = midnight + i64::from(window.from_min) * MINUTE_MS;
            let to = midnight + i64::from(window.to_min) * MINUTE_MS;
            let within = to.min(end) - from.max(begin);
            if within > 0 && within * 2 >= to - from {
                let utc = |at: i64| UtcMs(u64::try_from(at).unwrap_or(0));
                found.push((utc(from), utc(to), window.loops));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    const HOUR_MS: u64 = 3_600_000;
    /// 2026-03-02 00:00 in Beijing.
    const MIDNIGHT: u64 = 1_772_380_800_000;

    fn hours(from: u64, to: u64) -> Shift {
        Shift {
            person: "p".parse().expect("a person"),
            date: NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day"),
            slot: "AM".to_owned(),
            from: UtcMs(MIDNIGHT + from * HOUR_MS),
            to: UtcMs(MIDNIGHT + to * HOUR_MS),
            grids: Vec::new(),
            route: None,
            mode: crate::model::track::Mode::Walk,
            backup: None,
            leave: None,
            device: None,
            role: None,
            qualifications: Vec::new(),
            part_time: crate::model::quantity::Proration::FULL,
        }
    }

    fn window(from: u16, to: u16, loops: u32) -> LoopWindow {
        LoopWindow {
            from_min: from * 60,
            to_min: to * 60,
            loops,
        }
    }

    #[test]
    fn window_is_a_shifts_when_half_of_it_lies_within() {
        let windows = [window(8, 12, 2), window(14, 18, 1)];
        let asked = |from, to| -> Vec<u32> {
            let found = windows_of_shift(&windows, &hours(from, to), 480);
            found.iter().map(|(.., loops)| *loops).collect()
        };
        assert_eq!(asked(8, 18), [2, 1]);
        assert_eq!(asked(10, 12), [2]);
        assert_eq!(asked(11, 14), [0; 0]);
        // Over midnight into the next morning.
        assert_eq!(asked(16, 34), [1, 2]);
        let (from, to, _) = windows_of_shift(&windows, &hours(8, 12), 480)[0];
        assert_eq!(
            (from.0 - MIDNIGHT, to.0 - MIDNIGHT),
            (8 * HOUR_MS, 12 * HOUR_MS)
        );
    }
}
