//! Fix four, the route (定线): the line that a patrol is meant to walk. It is planned; what
//! was walked is a [`crate::model::track::Track`].

use thiserror::Error;

use crate::model::place::LatLon;

/// A planned line of at least two different positions, with the corridor that counts as on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    vertices: Vec<LatLon>,
    corridor_m: f64,
}

/// Why some positions are not a route.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RouteError {
    /// A route needs two different positions.
    #[error("a route needs at least two different positions, found {0}")]
    TooFewPositions(usize),
    /// The corridor is not a positive, finite distance.
    #[error("corridor {0} m is not a positive distance")]
    Corridor(f64),
}

impl Route {
    /// The corridor where a city names none, in metres.
    pub const DEFAULT_CORRIDOR_M: f64 = 25.0;

    /// Checks the positions and the corridor.
    ///
    /// # Errors
    /// [`RouteError`] names what is wrong.
    pub fn try_new(vertices: Vec<LatLon>, corridor_m: f64) -> Result<Self, RouteError> {
        if !(corridor_m.is_finite() && corridor_m > 0.0) {
            return Err(RouteError::Corridor(corridor_m));
        }
        let different = vertices
            .windows(2)
            .filter(|pair| pair[0] != pair[1])
            .count();
        if different == 0 {
            return Err(RouteError::TooFewPositions(vertices.len().min(1)));
        }
        Ok(Self {
            vertices,
            corridor_m,
        })
    }

    /// The positions in walking order.
    #[must_use]
    pub fn vertices(&self) -> &[LatLon] {
        &self.vertices
    }

    /// How far from the line still counts as on it, in metres.
    #[must_use]
    pub fn corridor_m(&self) -> f64 {
        self.corridor_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_of_one_place_is_refused_however_often_it_is_named() {
        let here = LatLon::try_new(31.23, 121.47).expect("in range");
        let there = LatLon::try_new(31.24, 121.47).expect("in range");
        assert_eq!(
            Route::try_new(vec![here; 3], 25.0),
            Err(RouteError::TooFewPositions(1))
        );
        assert!(Route::try_new(vec![here, there], 25.0).is_ok());
        assert!(Route::try_new(vec![here, there], 0.0).is_err());
        assert!(Route::try_new(vec![here, there], f64::NAN).is_err());
    }
}
