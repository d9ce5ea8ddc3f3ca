//! The live view of a patrol under way: what is left, where it is, and how much time there is.
//!
//! The picture is the one that grows fix by fix in the process that records; another process
//! reads the track again and sees the same of what is on the disk. Nothing asks the hub.

use serde::Serialize;

use crate::geo::live_view::{LiveRoute, LiveView, LoopsAsked, Moment};
use crate::geo::route_line::RouteLine;
use crate::model::identifiers::PersonId;
use crate::model::patrol::{PatrolId, PatrolPhase};
use crate::model::place::LatLon;
use crate::model::route::PlannedRoute;
use crate::model::time::UtcMs;
use crate::services::{Context, ServiceError};
use crate::storage::Tx;

use super::{PatrolView, Reading, offset_min, read_again, view_of};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// What a look may be told; without anything it is now, where the last believed fix was.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LiveAsk {
    /// When; nothing is by the host's clock.
    pub now: Option<UtcMs>,
    /// Where the person is.
    pub at: Option<LatLon>,
}

/// A patrol as it stands, and what a person who walks it looks at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LivePatrol {
    /// The patrol.
    #[serde(flatten)]
    pub patrol: PatrolView,
    /// What is left of its route; nothing without a route, and once it is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveView>,
}

/// When the time ends, and which loops are asked for in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Duty {
    until: Option<UtcMs>,
    loops: LoopsAsked,
}

/// A patrol of this store with its live view, read again from the log; of one under way, what
/// is on the disk.
///
/// # Errors
/// [`ServiceError::NoSuchPatrol`].
pub fn show_live(
    context: &Context<'_>,
    patrol_id: PatrolId,
    ask: &LiveAsk,
) -> Result<LivePatrol, ServiceError> {
    let now = ask.now.unwrap_or_else(|| context.host.now().wall);
    context.store.read(|tx| {
        let (row, reading, route) = read_again(tx, context, patrol_id)?;
        let patrol = view_of(&row, &reading);
        let route = route.filter(|_| row.phase != PatrolPhase::Finished);
        let live = match route.map(Watched::new) {
            Some(watched) => {
                let started = UtcMs(row.started_ms);
                let duty = watched.duty(tx, context, row.person.as_ref(), started, now)?;
                watched.look(&patrol, &reading, duty, now, ask.at)
            }
            None => None,
        };
        Ok(LivePatrol { patrol, live })
    })
}

impl super::Recording {
    /// The patrol with its live view, from what this process has been fed.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub fn live(&self, context: &Context<'_>, ask: &LiveAsk) -> Result<LivePatrol, ServiceError> {
        let now = ask.now.unwrap_or_else(|| context.host.now().wall);
        let patrol = self.view();
        let live = match &self.watched {
            Some(watched) => {
                let duty = context.store.read(|tx| {
                    watched.duty(tx, context, self.person.as_ref(), self.started, now)
                })?;
                watched.look(&patrol, &self.reading, duty, now, ask.at)
            }
            None => None,
        };
        Ok(LivePatrol { patrol, live })
    }
}

/// A planned route made ready to be looked at.
pub(super) struct Watched {
    planned: PlannedRoute,
    route: LiveRoute,
}

impl Watched {
    pub(super) fn new(planned: PlannedRoute) -> Self {
        Self {
            route: LiveRoute::new(&planned.route, &RouteLine::new(&planned.route)),
            planned,
        }
    }

    /// The shift is the person's now, else the one in which the patrol began: who walks on
    /// after its end has no time left.
    fn duty(
        &self,
        tx: &Tx<'_>,
        context: &Context<'_>,
        person: Option<&PersonId>,
        started: UtcMs,
        now: UtcMs,
    ) -> Result<Duty, ServiceError> {
        let shift_end = match (person, context.reference.roster(tx)?) {
            (Some(person), Some((_, roster))) => roster
                .shift_at(person, now)
                .or_else(|| roster.shift_at(person, started))
                .map(|shift| shift.to),
            _ => None,
        };
        let offset_min = offset_min(tx, context)?;
        Ok(duty_of(&self.planned, shift_end, now, offset_min))
    }

    fn look(
        &self,
        patrol: &PatrolView,
        reading: &Reading,
        duty: Duty,
        now: UtcMs,
        at: Option<LatLon>,
    ) -> Option<LiveView> {
        let picture = patrol.coverage.as_ref()?;
        let walk = reading.walk();
        let (first, last) = (walk.accepted().first(), walk.accepted().last());
        let whole_ms = last
            .zip(first)
            .map_or(0, |(last, first)| last.at.0.saturating_sub(first.at.0));
        let silent_ms = walk.silences().iter().fold(0_u64, |sum, silence| {
            sum.saturating_add(silence.to.0.saturating_sub(silence.from.0))
        });
        let moment = Moment {
            now,
            at: at.or(last.map(|fix| fix.place)),
            until: duty.until,
            loops: duty.loops,
            walking_ms: whole_ms.saturating_sub(silent_ms),
        };
        Some(self.route.view(picture, &moment))
    }
}

/// The end of the window that is open now, or of the shift where that comes first. A route
/// with windows asks for no loop between them.
fn duty_of(planned: &PlannedRoute, shift_end: Option<UtcMs>, now: UtcMs, offset_min: i32) -> Duty {
    let Some((window, required)) = window_at(planned, now, offset_min) else {
        let has_windows = !planned.windows.is_empty();
        return Duty {
            until: shift_end,
            loops: LoopsAsked {
                required: if has_windows {
                    0
                } else {
                    planned.loops_required
                },
                window: None,
            },
        };
    };
    Duty {
        until: Some(shift_end.map_or(window.1, |end| end.min(window.1))),
        loops: LoopsAsked {
            required,
            window: Some(window),
        },
    }
}

/// The window of the city's day that an instant lies in, and its loops.
fn window_at(planned: &PlannedRoute, now: UtcMs, offset_min: i32) -> Option<((UtcMs, UtcMs), u32)> {
    // A day more keeps it above 0 wherever the city lies.
    let offset_ms = (DAY_MS as i64 + i64::from(offset_min) * MINUTE_MS as i64).cast_unsigned();
    let of_day_ms = now.0.checked_add(offset_ms)? % DAY_MS;
    let midnight_ms = i64::try_from(now.0).ok()? - i64::try_from(of_day_ms).ok()?;
    let utc = |minute: u16| {
        let ms = midnight_ms + i64::from(minute) * MINUTE_MS as i64;
        UtcMs(u64::try_from(ms).unwrap_or(0))
    };
    let windows = planned.windows.iter();
    let mut windows = windows.map(|w| ((utc(w.from_min), utc(w.to_min)), w.loops));
    windows.find(|((from, to), _)| *from <= now && now < *to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::route::{LoopWindow, Route, Validity};

    /// 2026-03-02 00:00 in Beijing.
    const MIDNIGHT: u64 = 1_772_380_800_000;

    fn clock(hour: u64, minute: u64) -> UtcMs {
        UtcMs(MIDNIGHT + (hour * 60 + minute) * MINUTE_MS)
    }

    fn place(lat_deg: f64) -> LatLon {
        LatLon::try_new(lat_deg, 121.47).expect("in range")
    }

    fn planned(windows: &[(u16, u16, u32)]) -> PlannedRoute {
        let window = |(from, to, loops): &(u16, u16, u32)| LoopWindow {
            from_min: from * 60,
            to_min: to * 60,
            loops: *loops,
        };
        PlannedRoute {
            code: "R1".parse().expect("a code"),
            name: String::new(),
            route: Route::try_new(vec![vec![place(31.23), place(31.24)]], 25.0).expect("a line"),
            loops_required: 4,
            validity: Validity::default(),
            windows: windows.iter().map(window).collect(),
        }
    }

    #[test]
    fn window_of_the_day_sets_the_end_and_the_loops_and_the_shift_cuts_it() {
        let planned = planned(&[(6, 9, 2), (20, 24, 1)]);
        let duty = duty_of(&planned, None, clock(8, 18), 480);
        assert_eq!(duty.until, Some(clock(9, 0)));
        assert_eq!(duty.loops.required, 2);
        assert_eq!(duty.loops.window, Some((clock(6, 0), clock(9, 0))));
        let cut = duty_of(&planned, Some(clock(8, 30)), clock(8, 18), 480);
        assert_eq!(cut.until, Some(clock(8, 30)));
        assert_eq!(
            duty_of(&planned, None, clock(23, 59), 480).until,
            Some(clock(24, 0))
        );
        // Its end is no longer part of it.
        let between = duty_of(&planned, Some(clock(17, 0)), clock(9, 0), 480);
        assert_eq!(
            (between.until, between.loops.required),
            (Some(clock(17, 0)), 0)
        );
        // West of Greenwich the same instant is the afternoon before.
        assert_eq!(
            duty_of(&planned, None, clock(8, 18), -300).loops.required,
            0
        );
        assert_eq!(
            duty_of(&planned, None, clock(21, 0), -300).until,
            Some(clock(22, 0))
        );
    }

    #[test]
    fn route_without_windows_asks_for_its_loops_and_is_open_without_a_shift() {
        let duty = duty_of(&planned(&[]), None, UtcMs(0), -1080);
        assert_eq!((duty.until, duty.loops.required), (None, 4));
        assert_eq!(
            duty_of(&planned(&[(0, 24, 1)]), None, UtcMs(u64::MAX), 480).until,
            None
        );
    }
}
