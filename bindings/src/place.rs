//! Positions.

use bading_core::model::place::{LatLon as CoreLatLon, PlaceError};

/// A position on WGS 84, degrees; not one in GCJ-02 or BD-09, as Chinese maps draw them.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct LatLon {
    /// Latitude in degrees, -90 to 90, north positive.
    pub lat_deg: f64,
    /// Longitude in degrees, -180 to 180, east positive.
    pub lon_deg: f64,
}

impl TryFrom<LatLon> for CoreLatLon {
    type Error = PlaceError;

    fn try_from(at: LatLon) -> Result<Self, PlaceError> {
        Self::try_new(at.lat_deg, at.lon_deg)
    }
}

impl From<CoreLatLon> for LatLon {
    fn from(at: CoreLatLon) -> Self {
        Self {
            lat_deg: at.lat_deg(),
            lon_deg: at.lon_deg(),
        }
    }
}
