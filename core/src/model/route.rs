//! Fix four, the route (定线): the line that a patrol is meant to walk. It is planned; what
//! was walked is a [`crate::model::track::Track`].

use chrono::NaiveDate;
use thiserror::Error;

pub use crate::model::identifiers::RouteCode;
use crate::model::place::LatLon;

/// A place on a route that must be visited, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Its name in the route's file, or its number from 1.
    pub id: String,
    /// Where.
    pub place: LatLon,
    /// How near counts as there, in metres.
    pub radius_m: f64,
    /// How long one must stay, in seconds; 0 asks for passing by.
    pub dwell_s: u32,
}

/// A planned line of one part or several, with the corridor that counts as on it. Each part
/// has at least two different positions; parts that follow each other end to end are walked
/// as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    parts: Vec<Vec<LatLon>>,
    corridor_m: f64,
    is_directed: bool,
    checkpoints: Vec<Checkpoint>,
}

/// A route under the code and the name by which a city plans it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRoute {
    /// Its code, unique among the city's routes.
    pub code: RouteCode,
    /// Its name, such as that of a road; empty where the city gives none.
    pub name: String,
    /// The line, the corridor and the checkpoints.
    pub route: Route,
    /// How often it is to be walked in one time window, at least once.
    pub loops_required: u32,
    /// On which days it is in force.
    pub validity: Validity,
    /// The windows of a day with the loops required in each, by their beginning and apart from
    /// each other; none where [`PlannedRoute::loops_required`] says it for a whole shift.
    pub windows: Vec<LoopWindow>,
}

/// The days on which a route is in force, both ends included; without an end, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// A part of each day in which a route is to be walked, in minutes after local midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopWindow {
    /// Its beginning.
    pub from_min: u16,
    /// Its end, no longer part of it: above the beginning, at most 1440.
    pub to_min: u16,
    /// How often the route is to be walked in it.
    pub loops: u32,
}

impl Validity {
    /// True on a day from the first to the last.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// True when both hold on some day.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let before =
            |a: &Self, b: &Self| matches!((a.to, b.from), (Some(to), Some(from)) if to < from);
        !before(self, other) && !before(other, self)
    }
}

impl PlannedRoute {
    /// The version of a route that is valid on a day; versions of one code never overlap.
    pub fn valid_on<'a>(routes: &'a [Self], code: &RouteCode, day: NaiveDate) -> Option<&'a Self> {
        routes
            .iter()
            .find(|route| route.code == *code && route.validity.holds(day))
    }
}

/// Why some positions are not a route.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RouteError {
    /// A route needs two different positions, and so does each of its parts.
    #[error("a route needs at least two different positions, found {0}")]
    TooFewPositions(usize),
    /// The corridor is not a positive, finite distance.
    #[error("corridor {0} m is not a positive distance")]
    Corridor(f64),
    /// A checkpoint's radius is not a positive, finite distance.
    #[error("checkpoint `{id}`: radius {radius_m} m is not a positive distance")]
    Radius {
        /// The checkpoint.
        id: String,
        /// What was given.
        radius_m: f64,
    },
}

impl Checkpoint {
    /// The radius where none is given, in metres.
    pub const DEFAULT_RADIUS_M: f64 = 25.0;
}

impl Route {
    /// The corridor where a city names none, in metres.
    pub const DEFAULT_CORRIDOR_M: f64 = 25.0;

    /// Checks the positions and the corridor.
    ///
    /// - `parts`: each in walking order.
    ///
    /// # Errors
    /// [`RouteError`] names what is wrong.
    pub fn try_new(parts: Vec<Vec<LatLon>>, corridor_m: f64) -> Result<Self, RouteError> {
        if !is_distance(corridor_m) {
            return Err(RouteError::Corridor(corridor_m));
        }
        if parts.is_empty() {
            return Err(RouteError::TooFewPositions(0));
        }
        for part in &parts {
            if part.windows(2).all(|pair| pair[0] == pair[1]) {
                return Err(RouteError::TooFewPositions(part.len().min(1)));
            }
        }
        Ok(Self {
            parts,
            corridor_m,
            is_directed: false,
            checkpoints: Vec::new(),
        })
    }

    /// The same route, walked in the order of its positions only.
    #[must_use]
    pub fn directed(mut self, is_directed: bool) -> Self {
        self.is_directed = is_directed;
        self
    }

    /// The same route with the places that must be visited.
    ///
    /// # Errors
    /// [`RouteError::Radius`] for one whose radius is no distance.
    pub fn with_checkpoints(mut self, checkpoints: Vec<Checkpoint>) -> Result<Self, RouteError> {
        if let Some(wrong) = checkpoints.iter().find(|c| !is_distance(c.radius_m)) {
            return Err(RouteError::Radius {
                id: wrong.id.clone(),
                radius_m: wrong.radius_m,
            });
        }
        self.checkpoints = checkpoints;
        Ok(self)
    }

    /// The parts, each with its positions in walking order.
    #[must_use]
    pub fn parts(&self) -> &[Vec<LatLon>] {
        &self.parts
    }

    /// How far from the line still counts as on it, in metres.
    #[must_use]
    pub fn corridor_m(&self) -> f64 {
        self.corridor_m
    }

    /// True when walking it backwards covers nothing.
    #[must_use]
    pub fn is_directed(&self) -> bool {
        self.is_directed
    }

    /// The places that must be visited, in the route's order.
    #[must_use]
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }
}

fn is_distance(m: f64) -> bool {
    m.is_finite() && m > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_of_one_place_is_refused_however_often_it_is_named() {
        let here = LatLon::try_new(31.23, 121.47).expect("in range");
        let there = LatLon::try_new(31.24, 121.47).expect("in range");
        assert_eq!(
            Route::try_new(vec![vec![here; 3]], 25.0),
            Err(RouteError::TooFewPositions(1))
        );
        assert_eq!(
            Route::try_new(vec![], 25.0),
            Err(RouteError::TooFewPositions(0))
        );
        let line = vec![here, there];
        assert!(Route::try_new(vec![line.clone()], 25.0).is_ok());
        assert!(Route::try_new(vec![line.clone(), vec![here]], 25.0).is_err());
        assert!(Route::try_new(vec![line.clone()], 0.0).is_err());
        assert!(Route::try_new(vec![line], f64::NAN).is_err());
    }
}
