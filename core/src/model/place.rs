//! Where something is: a position in degrees, and how far it may be trusted.
//!
//! Source: DOMAIN "Place". Raw positions are WGS 84; every other datum is named and
//! converted at the edge, never guessed.

use thiserror::Error;

/// A position on WGS 84: latitude in -90..=90 and longitude in -180..=180 degrees,
/// both finite. It is not a position in GCJ-02 or BD-09: `geo::datum` converts those.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatLon {
    lat_deg: f64,
    lon_deg: f64,
}

/// Why a pair of numbers is not a position.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlaceError {
    /// The latitude is not a finite number in -90..=90.
    #[error("latitude {0} is outside -90..90")]
    Latitude(f64),
    /// The longitude is not a finite number in -180..=180.
    #[error("longitude {0} is outside -180..180")]
    Longitude(f64),
    /// The accuracy is not a finite number of metres, zero or more.
    #[error("accuracy {0} m is not a distance")]
    Accuracy(f64),
    /// The text is not `lat,lon`.
    #[error("`{0}` is not `lat,lon` in degrees")]
    Form(String),
}

impl LatLon {
    /// Checks both ranges.
    ///
    /// # Errors
    /// [`PlaceError::Latitude`] or [`PlaceError::Longitude`] for what is out of range or not finite.
    pub fn try_new(lat_deg: f64, lon_deg: f64) -> Result<Self, PlaceError> {
        if !(-90.0..=90.0).contains(&lat_deg) {
            return Err(PlaceError::Latitude(lat_deg));
        }
        if !(-180.0..=180.0).contains(&lon_deg) {
            return Err(PlaceError::Longitude(lon_deg));
        }
        Ok(Self { lat_deg, lon_deg })
    }

    /// Reads `lat,lon` in degrees, as the command takes it.
    ///
    /// # Errors
    /// [`PlaceError::Form`] when it is not two numbers with a comma, else as [`LatLon::try_new`].
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let form = || PlaceError::Form(text.to_owned());
        let (lat, lon) = text.split_once(',').ok_or_else(form)?;
        let lat_deg = lat.trim().parse().map_err(|_| form())?;
        let lon_deg = lon.trim().parse().map_err(|_| form())?;
        Self::try_new(lat_deg, lon_deg)
    }

    /// Latitude in degrees, north positive.
    #[must_use]
    pub fn lat_deg(&self) -> f64 {
        self.lat_deg
    }

    /// Longitude in degrees, east positive.
    #[must_use]
    pub fn lon_deg(&self) -> f64 {
        self.lon_deg
    }
}
