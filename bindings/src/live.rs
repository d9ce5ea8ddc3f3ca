//! What a person who walks a route looks at.

use bading_core::geo::coverage::MissReason;
use bading_core::geo::live_view as core;
use bading_core::services::ServiceError;
use bading_core::services::patrol::{LiveAsk, LivePatrol as CoreLivePatrol};

use crate::{CoreError, FieldCore, LatLon, MissedStretch, PatrolView};

/// A patrol as it stands, and what a person who walks it looks at.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LivePatrol {
    /// The patrol.
    pub patrol: PatrolView,
    /// What is left of its route; nothing without a route.
    pub live: Option<LiveView>,
}

/// What a person who walks looks at. Lengths are metres along the route unless told otherwise.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LiveView {
    /// Length of the route.
    pub planned_m: f64,
    /// Length that is not covered yet: planned less covered.
    pub left_m: f64,
    /// Left over planned, 0 to 1.
    pub left_share: f64,
    /// The part of what is left of which fixes speak without proving it.
    pub unproven_m: f64,
    /// Where the person is; nothing while no place is known.
    pub here: Option<Here>,
    /// The checkpoint to go to; nothing when all were visited or there is none.
    pub next_checkpoint: Option<NextCheckpoint>,
    /// The missed stretch to go to; nothing when nothing is missed or no place is known.
    pub nearest_uncovered: Option<NearestUncovered>,
    /// Whole minutes until the window or the shift ends, 0 after it; nothing when it is open.
    pub minutes_left: Option<u64>,
    /// Minutes, rounded up, that the rest takes at the pace walked so far; nothing while the
    /// pace is not known.
    pub minutes_needed: Option<u64>,
    /// Loops done, in the window where there is one.
    pub loops_done_count: u64,
    /// Loops asked for.
    pub loops_required_count: u64,
    /// What was missed, along the route.
    pub missed: Vec<MissedStretch>,
}

/// Where a person is beside the route.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Here {
    /// The place.
    pub place: LatLon,
    /// The nearest position along the route.
    pub at_m: f64,
    /// Distance to it on the ground.
    pub beside_m: f64,
    /// True within the corridor.
    pub is_on_route: bool,
}

/// The checkpoint to go to: in the route's order on a directed one, else the nearest.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NextCheckpoint {
    /// Its name.
    pub id: String,
    /// Where it is.
    pub place: LatLon,
    /// Distance on the ground; nothing while no place is known.
    pub distance_m: Option<f64>,
    /// In which direction, degrees clockwise from north.
    pub bearing_deg: Option<f64>,
    /// The way along the route; nothing when none leads there.
    pub along_m: Option<f64>,
    /// How long one must stay, at the least.
    pub dwell_left_s: u64,
}

/// The missed stretch to go to: the one with the nearest point.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct NearestUncovered {
    /// Its beginning along the route.
    pub from_m: f64,
    /// Its end.
    pub to_m: f64,
    /// Its length.
    pub length_m: f64,
    /// Why it is missed.
    pub reason: MissReason,
    /// Distance on the ground to its nearest point.
    pub distance_m: f64,
    /// In which direction, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Where walking it begins.
    pub walk_to: WalkTo,
}

/// A place to walk to.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct WalkTo {
    /// The place.
    pub place: LatLon,
    /// Its position along the route.
    pub at_m: f64,
    /// Distance on the ground.
    pub distance_m: f64,
    /// In which direction, degrees clockwise from north.
    pub bearing_deg: f64,
}

#[uniffi::export]
impl FieldCore {
    /// The patrol under way with what a person who walks it looks at, now; nothing when there
    /// is none. It needs no network. Without `at` the person is where the last believed fix
    /// was. It blocks while another call writes, and reads the whole track when this object
    /// did not record it: not for a thread that draws.
    ///
    /// # Errors
    /// [`CoreError::InvalidInput`] for a place that is none.
    #[uniffi::method(default(at = None))]
    pub fn live_patrol(&self, at: Option<LatLon>) -> Result<Option<LivePatrol>, CoreError> {
        let at = at.map(TryInto::try_into).transpose();
        let ask = LiveAsk {
            now: None,
            at: at.map_err(ServiceError::from)?,
        };
        Ok(self.engine.live_patrol(&ask)?.map(Into::into))
    }
}

impl From<CoreLivePatrol> for LivePatrol {
    fn from(seen: CoreLivePatrol) -> Self {
        Self {
            patrol: seen.patrol.into(),
            live: seen.live.map(Into::into),
        }
    }
}

impl From<core::LiveView> for LiveView {
    fn from(view: core::LiveView) -> Self {
        Self {
            planned_m: view.planned_m,
            left_m: view.left_m,
            left_share: view.left_share,
            unproven_m: view.unproven_m,
            here: view.here.map(Into::into),
            next_checkpoint: view.next_checkpoint.map(Into::into),
            nearest_uncovered: view.nearest_uncovered.map(Into::into),
            minutes_left: view.minutes_left,
            minutes_needed: view.minutes_needed,
            loops_done_count: view.loops.done,
            loops_required_count: view.loops.required,
            missed: view.missed.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::Here> for Here {
    fn from(here: core::Here) -> Self {
        Self {
            place: here.place.into(),
            at_m: here.at_m,
            beside_m: here.beside_m,
            is_on_route: here.is_on_route,
        }
    }
}

impl From<core::NextCheckpoint> for NextCheckpoint {
    fn from(next: core::NextCheckpoint) -> Self {
        Self {
            id: next.id,
            place: next.place.into(),
            distance_m: next.distance_m,
            bearing_deg: next.bearing_deg,
            along_m: next.along_m,
            dwell_left_s: next.dwell_left_s,
        }
    }
}

impl From<core::NearestUncovered> for NearestUncovered {
    fn from(nearest: core::NearestUncovered) -> Self {
        Self {
            from_m: nearest.from_m,
            to_m: nearest.to_m,
            length_m: nearest.length_m,
            reason: nearest.reason,
            distance_m: nearest.distance_m,
            bearing_deg: nearest.bearing_deg,
            walk_to: nearest.walk_to.into(),
        }
    }
}

impl From<core::WalkTo> for WalkTo {
    fn from(walk_to: core::WalkTo) -> Self {
        Self {
            place: walk_to.place.into(),
            at_m: walk_to.at_m,
            distance_m: walk_to.distance_m,
            bearing_deg: walk_to.bearing_deg,
        }
    }
}
