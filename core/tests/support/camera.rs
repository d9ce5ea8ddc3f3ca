//! Photos of the tests, drawn.

use bading_core::photo::render::{Scene, render};
use bading_core::services::capture::PhotoInput;

/// A photo without a place of its own; another seed is another street.
pub(crate) fn photo(seed: u64) -> PhotoInput {
    let bytes = render(&Scene {
        seed,
        width_px: 640,
        height_px: 480,
        orientation: 1,
        position: None,
        taken_at: None,
        offset: None,
        make: "Bading".to_owned(),
        model: "Test".to_owned(),
    });
    PhotoInput { bytes, role: None }
}
