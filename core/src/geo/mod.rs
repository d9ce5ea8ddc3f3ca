//! Places on the ground: datums, distances, the files that describe grids, and the locator.
//!
//! Nothing here opens a file or reads a clock: bytes and numbers come in, values go out.
//! Grids are planar in longitude and latitude; lengths and areas are geodesic on WGS 84.

pub mod area;
pub mod cell_size;
pub mod check;
pub mod checkpoint_file;
pub mod checkpoints;
pub mod coverage;
pub mod datum;
pub mod distance;
mod evidence;
pub(crate) mod excerpt;
pub mod exemption;
pub mod facility_file;
pub mod finding;
pub mod grid_coverage;
pub mod grid_file;
pub mod grid_pack;
pub mod h3;
pub mod h3_fill;
mod intervals;
mod json;
mod laps;
pub mod layer_check;
pub mod layer_file;
pub mod live_view;
mod local;
pub mod locator;
#[cfg(test)]
pub(crate) mod mutate;
pub mod nearest;
mod orient;
#[cfg(test)]
mod plane;
pub mod plausibility;
pub mod points_file;
mod ring;
pub mod route_file;
pub mod route_line;
mod stillness;
pub mod table;
#[cfg(test)]
mod test_data;
pub mod track_file;
pub mod track_filter;
pub mod track_out;
mod traverse;
pub mod walk;
