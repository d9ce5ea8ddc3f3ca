//! What was walked: the fixes of a device in the order in which it gave them.

use crate::model::place::LatLon;
use crate::model::time::UtcMs;

/// One position that the device gave, as it gave it; the track filter judges it later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When the receiver says it was.
    pub at: UtcMs,
    /// Where.
    pub place: LatLon,
    /// Radius of 68 %, in metres, when the receiver tells it.
    pub accuracy_m: Option<f64>,
    /// True when the platform says that a mock provider made it.
    pub is_mock: bool,
}

/// The fixes of one patrol in order of arrival: times may run backwards, nothing is dropped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// The fixes.
    pub fixes: Vec<Fix>,
}
