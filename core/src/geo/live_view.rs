//! What a person who walks a route looks at: how much of it is left, where the next piece of
//! it and the next checkpoint are, and whether the time suffices.
//!
//! Everything follows from the picture of the coverage, a place and an instant: nothing is
//! kept from one look to the next, so that a look after a restart is the same. Ways along the
//! route are told only within one run of streets that follow each other; between others the
//! straight distance is told, and no way through the city is guessed.
//!
//! Source: DOMAIN "Patrol and coverage".

use serde::{Serialize, Serializer};

use super::coverage::{Coverage, MissReason, MissedStretch, millimetres};
use super::distance::distance_m;
use super::nearest::bearing_deg;
use super::route_line::RouteLine;
use crate::model::place::LatLon;
use crate::model::route::{Checkpoint, Route};
use crate::model::time::UtcMs;

mod ground;
#[cfg(test)]
mod tests;

use ground::{Foot, Ground};

/// A pace is known when so much was walked …
const PACE_M: f64 = 20.0;
/// … in so much time.
const PACE_MS: u64 = 60_000;
const MINUTE_MS: u64 = 60_000;

/// A route made ready to be looked at again and again.
#[derive(Debug, Clone)]
pub struct LiveRoute {
    ground: Ground,
    checkpoints: Vec<Place>,
    corridor_m: f64,
    is_directed: bool,
}

/// A checkpoint with the positions along the route that pass by.
#[derive(Debug, Clone)]
struct Place {
    checkpoint: Checkpoint,
    feet: Vec<Foot>,
}

/// The loops that are asked for at the moment of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopsAsked {
    /// How many loops; 0 where none is asked for now.
    pub required: u32,
    /// The time in which a loop must begin, the end not included; nothing is any time.
    pub window: Option<(UtcMs, UtcMs)>,
}

/// What a look needs besides the coverage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// When.
    pub now: UtcMs,
    /// Where the person is: the last believed fix, or what the person says.
    pub at: Option<LatLon>,
    /// When the window or the shift ends; nothing when the end is open.
    pub until: Option<UtcMs>,
    /// The loops that are asked for.
    pub loops: LoopsAsked,
    /// Time spent walking so far, without the silences.
    pub walking_ms: u64,
}

/// What a person who walks looks at. Lengths are metres along the route unless told otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveView {
    /// Length of the route.
    #[serde(serialize_with = "millimetres")]
    pub planned_m: f64,
    /// Length that is not covered yet: planned less covered.
    #[serde(serialize_with = "millimetres")]
    pub left_m: f64,
    /// Left over planned, 0 to 1.
    #[serde(serialize_with = "millionths")]
    pub left_share: f64,
    /// The part of what is left of which fixes speak without proving it.
    #[serde(serialize_with = "millimetres")]
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
    /// The loops.
    pub loops: LoopsLeft,
    /// What was missed, along the route.
    pub missed: Vec<MissedStretch>,
}

/// Where a person is beside the route.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Here {
    /// The place.
    #[serde(serialize_with = "degrees")]
    pub place: LatLon,
    /// The nearest position along the route; where the route passes twice, one that is missed.
    #[serde(serialize_with = "millimetres")]
    pub at_m: f64,
    /// Geodesic distance to it.
    #[serde(serialize_with = "millimetres")]
    pub beside_m: f64,
    /// True within the corridor.
    pub is_on_route: bool,
}

/// The checkpoint to go to: in the route's order on a directed one, else the nearest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextCheckpoint {
    /// Its name.
    pub id: String,
    /// Where it is.
    #[serde(serialize_with = "degrees")]
    pub place: LatLon,
    /// Geodesic distance; nothing while no place is known.
    #[serde(serialize_with = "optional_millimetres")]
    pub distance_m: Option<f64>,
    /// In which direction, degrees clockwise from north.
    #[serde(serialize_with = "optional_millimetres")]
    pub bearing_deg: Option<f64>,
    /// The way along the route, from the position nearest to the person; nothing when none
    /// leads there.
    #[serde(serialize_with = "optional_millimetres")]
    pub along_m: Option<f64>,
    /// How long one must stay, at the least: a stay that was left does not count on.
    pub dwell_left_s: u64,
}

/// The missed stretch to go to: the one with the nearest point, within one run of streets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NearestUncovered {
    /// Its beginning.
    #[serde(serialize_with = "millimetres")]
    pub from_m: f64,
    /// Its end.
    #[serde(serialize_with = "millimetres")]
    pub to_m: f64,
    /// Its length.
    #[serde(serialize_with = "millimetres")]
    pub length_m: f64,
    /// Why it is missed.
    pub reason: MissReason,
    /// Geodesic distance to its nearest point.
    #[serde(serialize_with = "millimetres")]
    pub distance_m: f64,
    /// In which direction, degrees clockwise from north.
    #[serde(serialize_with = "millimetres")]
    pub bearing_deg: f64,
    /// Where walking it begins: its nearer end, of a directed route its beginning; of a whole
    /// ring, its nearest point.
    pub walk_to: WalkTo,
}

/// A place to walk to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WalkTo {
    /// The place.
    #[serde(serialize_with = "degrees")]
    pub place: LatLon,
    /// Its position along the route.
    #[serde(serialize_with = "millimetres")]
    pub at_m: f64,
    /// Geodesic distance.
    #[serde(serialize_with = "millimetres")]
    pub distance_m: f64,
    /// In which direction, degrees clockwise from north.
    #[serde(serialize_with = "millimetres")]
    pub bearing_deg: f64,
}

/// Loops done of those that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LoopsLeft {
    /// Done, in the window where there is one.
    pub done: u64,
    /// Asked for.
    pub required: u64,
    /// What the loops that are missing have of the route in all, less the lap under way.
    #[serde(serialize_with = "millimetres")]
    pub left_m: f64,
}

impl LiveRoute {
    /// Makes a route ready; `line` is that of the route.
    #[must_use]
    pub fn new(route: &Route, line: &RouteLine) -> Self {
        let ground = Ground::new(line);
        let checkpoints = route.checkpoints().iter();
        let checkpoints = checkpoints.map(|checkpoint| Place {
            feet: ground.feet(line, checkpoint.place),
            checkpoint: checkpoint.clone(),
        });
        Self {
            checkpoints: checkpoints.collect(),
            ground,
            corridor_m: line.corridor_m(),
            is_directed: line.is_directed(),
        }
    }

    /// What there is to see at a moment; `picture` is the coverage of this route.
    #[must_use]
    pub fn view(&self, picture: &Coverage, moment: &Moment) -> LiveView {
        let left_m = (picture.planned_m - picture.covered_m).max(0.0);
        let loops = loops_left(picture, moment.loops);
        let here = moment.at.and_then(|place| self.here(picture, place));
        LiveView {
            planned_m: picture.planned_m,
            left_m,
            left_share: left_m / picture.planned_m,
            unproven_m: picture.unproven_m,
            here: here.map(|(here, _)| here),
            next_checkpoint: self.next_checkpoint(picture, here.as_ref()),
            nearest_uncovered: here.and_then(|(here, _)| self.nearest_uncovered(picture, &here)),
            minutes_left: moment
                .until
                .map(|until| until.0.saturating_sub(moment.now.0) / MINUTE_MS),
            minutes_needed: minutes_needed(picture, moment, left_m.max(loops.left_m)),
            loops,
            missed: picture.missed.clone(),
        }
    }

    fn here(&self, picture: &Coverage, place: LatLon) -> Option<(Here, Foot)> {
        let nearest = self.ground.foot(place, 0.0, picture.planned_m)?;
        let missed = picture.missed.iter();
        let missed = missed.filter_map(|m| self.ground.foot(place, m.from_m, m.to_m));
        let foot = missed
            .min_by(|a, b| a.beside_m.total_cmp(&b.beside_m))
            .filter(|foot| ground::is_as_near(foot.beside_m, nearest.beside_m))
            .unwrap_or(nearest);
        let beside_m = distance_m(place, foot.place);
        let here = Here {
            place,
            at_m: foot.at_m,
            beside_m,
            is_on_route: beside_m <= self.corridor_m,
        };
        Some((here, foot))
    }

    fn next_checkpoint(
        &self,
        picture: &Coverage,
        here: Option<&(Here, Foot)>,
    ) -> Option<NextCheckpoint> {
        let visits = self.checkpoints.iter().zip(&picture.checkpoints);
        let open = visits.filter(|(_, visit)| !visit.visited);
        let mut open = open.map(|(place, visit)| {
            let checkpoint = &place.checkpoint;
            let distance = here.map(|(here, _)| distance_m(here.place, checkpoint.place));
            let bearing = here.map(|(here, _)| bearing_deg(here.place, checkpoint.place));
            // Who has left begins the stay anew.
            let is_there = distance.is_none_or(|m| m <= checkpoint.radius_m);
            let stayed_s = if is_there { visit.dwell_s } else { 0 };
            NextCheckpoint {
                id: checkpoint.id.clone(),
                place: checkpoint.place,
                distance_m: distance,
                bearing_deg: bearing,
                along_m: here.and_then(|(_, foot)| self.along_m(foot, place)),
                dwell_left_s: u64::from(visit.required_s).saturating_sub(stayed_s),
            }
        });
        match here {
            Some((here, _)) if !self.is_directed => {
                // Far from the route, the way along it says nothing.
                let far = |next: &NextCheckpoint| {
                    let along_m = next.along_m.filter(|_| here.is_on_route);
                    along_m.or(next.distance_m).unwrap_or(f64::INFINITY)
                };
                open.min_by(|a, b| far(a).total_cmp(&far(b)))
            }
            _ => open.next(),
        }
    }

    /// The shortest way along the route from a position to a checkpoint.
    fn along_m(&self, from: &Foot, to: &Place) -> Option<f64> {
        let ways = to.feet.iter().filter(|foot| foot.run == from.run);
        let ways = ways.filter_map(|foot| {
            let ahead_m = foot.at_m - from.at_m;
            let round_m = self.ground.round_m(from.run);
            match (self.is_directed, round_m) {
                (false, None) => Some(ahead_m.abs()),
                (false, Some(m)) => Some(ahead_m.abs().min(m - ahead_m.abs())),
                // Who has just passed it is still there.
                (true, _) if ahead_m.abs() <= to.checkpoint.radius_m => Some(ahead_m.max(0.0)),
                (true, None) => Some(ahead_m).filter(|m| *m >= 0.0),
                (true, Some(m)) => Some(ahead_m.rem_euclid(m)),
            }
        });
        ways.min_by(f64::total_cmp)
    }

    fn nearest_uncovered(&self, picture: &Coverage, here: &Here) -> Option<NearestUncovered> {
        let stretches = picture.missed.iter().flat_map(|missed| {
            let parts = self.ground.parts(missed.from_m, missed.to_m).into_iter();
            parts.map(|(run, from_m, to_m)| (missed.reason, run, from_m, to_m))
        });
        let mut best: Option<(f64, NearestUncovered)> = None;
        for (reason, run, from_m, to_m) in stretches {
            let Some(foot) = self.ground.foot_in(run, here.place, from_m, to_m) else {
                continue;
            };
            let is_farther = |m: f64| foot.beside_m > m && !ground::is_as_near(foot.beside_m, m);
            if best.as_ref().is_some_and(|(m, _)| is_farther(*m)) {
                continue;
            }
            let found = NearestUncovered {
                from_m,
                to_m,
                length_m: to_m - from_m,
                reason,
                distance_m: distance_m(here.place, foot.place),
                bearing_deg: bearing_deg(here.place, foot.place),
                walk_to: self.walk_to(here.place, (from_m, to_m), &foot),
            };
            // Of two that are as near, the one whose end is nearer.
            let is_better = best.as_ref().is_none_or(|(m, other)| {
                !ground::is_as_near(foot.beside_m, *m)
                    || found.walk_to.distance_m < other.walk_to.distance_m
            });
            if is_better {
                best = Some((foot.beside_m, found));
            }
        }
        best.map(|(_, found)| found)
    }

    fn walk_to(&self, here: LatLon, (from_m, to_m): (f64, f64), foot: &Foot) -> WalkTo {
        let walk_to = |place: LatLon, at_m: f64| WalkTo {
            place,
            at_m,
            distance_m: distance_m(here, place),
            bearing_deg: bearing_deg(here, place),
        };
        let is_whole_ring = self
            .ground
            .round_m(foot.run)
            .is_some_and(|round_m| ground::is_as_near(to_m - from_m, round_m));
        if is_whole_ring {
            return walk_to(foot.place, foot.at_m);
        }
        let end = |at_m: f64| {
            let place = self.ground.place_in(foot.run, at_m).unwrap_or(foot.place);
            walk_to(place, at_m)
        };
        let (begin, end) = (end(from_m), end(to_m));
        if self.is_directed || begin.distance_m <= end.distance_m {
            begin
        } else {
            end
        }
    }
}

fn loops_left(picture: &Coverage, asked: LoopsAsked) -> LoopsLeft {
    let is_in = |at: UtcMs| asked.window.is_none_or(|(from, to)| from <= at && at < to);
    let laps = picture
        .loops
        .iter()
        .filter(|lap| lap.counts && is_in(lap.from));
    let done = laps.count() as u64;
    let missing = u64::from(asked.required).saturating_sub(done);
    let under_way = picture
        .loops
        .last()
        .filter(|lap| !lap.counts && is_in(lap.from));
    let walked = under_way.map_or(0.0, |lap| lap.ratio);
    LoopsLeft {
        done,
        required: asked.required.into(),
        left_m: ((missing as f64 - walked) * picture.planned_m).max(0.0),
    }
}

fn minutes_needed(picture: &Coverage, moment: &Moment, left_m: f64) -> Option<u64> {
    let is_known = picture.moving_m >= PACE_M && moment.walking_ms >= PACE_MS;
    let per_m = moment.walking_ms as f64 / MINUTE_MS as f64 / picture.moving_m;
    // Less than a second over a whole minute is none more. A float becomes the nearest whole
    // number that there is; none of them wraps.
    is_known.then(|| (left_m * per_m - 1.0 / 60.0).ceil() as u64)
}

fn millionths<S: Serializer>(share: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((share * 1e6).round() / 1e6)
}

fn optional_millimetres<S: Serializer>(m: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match m {
        Some(m) => millimetres(m, to),
        None => to.serialize_none(),
    }
}

/// As fixes are sealed: whole units of 1e-7 degrees.
fn degrees<S: Serializer>(place: &LatLon, to: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct as _;
    let round = |deg: f64| (deg * 1e7).round() / 1e7;
    let mut fields = to.serialize_struct("place", 2)?;
    fields.serialize_field("lat", &round(place.lat_deg()))?;
    fields.serialize_field("lon", &round(place.lon_deg()))?;
    fields.end()
}
