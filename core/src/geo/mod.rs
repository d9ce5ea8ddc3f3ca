//! Places on the ground: datums, distances, the files that describe grids, and the locator.
