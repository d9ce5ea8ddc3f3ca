//! What was walked: the fixes of a device in the order in which it gave them, and what the
//! device knows of its own gaps.

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

impl Fix {
    /// The fix as it is sealed: degrees in units of 1e-7 (about a centimetre), the accuracy
    /// in centimetres. What a phone computes from it, a hub computes alike.
    #[must_use]
    pub fn rounded(self) -> Self {
        let e7 = |deg: f64| (deg * 1e7).round() / 1e7;
        // Rounding towards the limit of a range never leaves the range.
        let place = LatLon::try_new(e7(self.place.lat_deg()), e7(self.place.lon_deg()));
        let accuracy_m = self
            .accuracy_m
            .filter(|m| m.is_finite() && *m >= 0.0)
            .map(|m| (m * 100.0).round().min(f64::from(u32::MAX)) / 100.0);
        Self {
            at: self.at.min(UtcMs::MAX),
            place: place.unwrap_or(self.place),
            accuracy_m,
            ..self
        }
    }
}

/// How a person moves on a patrol; it caps the speed that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// On foot, up to 3 m/s.
    #[default]
    Walk = 1,
    /// By bicycle, up to 8 m/s.
    Bicycle = 2,
    /// In a vehicle, up to 45 m/s.
    Vehicle = 3,
}

impl Mode {
    /// Every mode, in the order of the codes.
    pub const ALL: [Self; 3] = [Self::Walk, Self::Bicycle, Self::Vehicle];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The mode of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|m| u64::from(m.code()) == code)
    }

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Bicycle => "bicycle",
            Self::Vehicle => "vehicle",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// The speed beyond which a step is not believed, in metres a second.
    #[must_use]
    pub fn speed_cap_mps(self) -> f64 {
        match self {
            Self::Walk => 3.0,
            Self::Bicycle => 8.0,
            Self::Vehicle => 45.0,
        }
    }
}

/// The fixes of one patrol in order of arrival: times may run backwards, nothing is dropped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// The fixes.
    pub fixes: Vec<Fix>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_the_poles_and_repeats_to_the_same() {
        let fix = Fix {
            at: UtcMs(1),
            place: LatLon::try_new(90.0, -179.999_999_99).expect("in range"),
            accuracy_m: Some(4.123_456),
            is_mock: false,
        };
        let once = fix.rounded();
        assert_eq!(once, once.rounded());
        assert_eq!(once.accuracy_m, Some(4.12));
        assert!((once.place.lon_deg() + 180.0).abs() < 1e-12);
    }

    #[test]
    fn every_mode_reads_back_from_its_code_and_its_key() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_code(mode.code().into()), Some(mode));
            assert_eq!(Mode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(Mode::from_code(0), None);
    }
}
