//! From where on a photo or a report looks odd: limits of the hints at capture.
//!
//! Source of the defaults: 42 photos of phones and the same ones blurred, see
//! docs/decisions/0028.

use serde::{Deserialize, Serialize};

use super::{PolicyError, check_most};

/// The limits of hints; none of them turns a report away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HintLimits {
    /// A fix is poor above this radius of 68 %, in metres.
    pub accuracy_m: u32,
    /// A photo was taken elsewhere when its place is farther from the fix, in metres.
    pub exif_place_m: u32,
    /// A photo was taken at another time when its own is farther off, in seconds.
    pub exif_time_s: u32,
    /// A photo is blurred below this sharpness, in squared grey levels.
    pub blurred_below: u32,
    /// A photo is dark below this mean luma, per mille of white.
    pub dark_below_permille: u16,
    /// A photo is burnt when more of its pixels are white, per mille.
    pub burnt_above_permille: u16,
    /// A photo was seen before when its marks differ in no more bits of 63.
    pub seen_bits: u16,
}

impl HintLimits {
    /// True for the limits of a policy that says nothing of them.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        check_most("hints.dark_below_permille", self.dark_below_permille, 1000)?;
        check_most(
            "hints.burnt_above_permille",
            self.burnt_above_permille,
            1000,
        )?;
        // Beyond this, pictures that have nothing in common would be alike.
        check_most("hints.seen_bits", self.seen_bits, 16)
    }
}

impl Default for HintLimits {
    fn default() -> Self {
        Self {
            accuracy_m: 50,
            exif_place_m: 100,
            exif_time_s: 600,
            blurred_below: 60,
            dark_below_permille: 100,
            burnt_above_permille: 300,
            seen_bits: 8,
        }
    }
}
