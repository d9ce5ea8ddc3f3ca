//! The two shifts of the public formula with their slopes, and the way back.
//!
//! Both are written without the rectangle of China, so that they stay smooth and have an
//! inverse at its edges too; who calls them asks first where a point lies.
//!
//! Source: the formula as it is published, which `plain.rs` holds for tests and the bench.

use super::turn::Turn;
use std::f64::consts::PI;

/// A latitude and a longitude in degrees.
pub(super) type Pair = (f64, f64);

/// Semi-major axis of the Krasovsky ellipsoid in metres, which the public formula uses.
const AXIS_M: f64 = 6_378_245.0;
/// Square of that ellipsoid's first eccentricity.
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
/// Degrees of a great circle for each metre of it.
const DEG_OF_M: f64 = 180.0 / (AXIS_M * PI);
/// Latitude from which the formula counts, as a turn.
const MIDDLE_DEG: f64 = 35.0;
const MIDDLE: Turn = Turn {
    sin: 0.573_576_436_351_046,
    cos: 0.819_152_044_288_991_8,
};

/// The circles of BD-09's waves for each degree: its angular factor is 3000 π / 180.
const BD_CIRCLES: f64 = 25.0 / 3.0;
/// The same factor, radians for each degree.
const BD_FACTOR: f64 = PI * 3000.0 / 180.0;
/// What BD-09 adds besides its waves, degrees.
const BD_ADDED: Pair = (0.006, 0.0065);

/// Two steps of Newton's method are always taken, since the shifts are so even that these
/// nearly always do; more follow until a step began this close to its goal, 0.4 m. The
/// error left by such a step is its square times the shift's curvature, 0.1 µm at most.
/// Where the root of the formula has its kink, within metres of 105° east, it is 0.4 mm.
const CLOSE_DEG: f64 = 4e-6;
/// The steps of one inverse: the cap that libraries lack which never return.
pub(super) const MAX_STEPS: u32 = 8;

/// Where a shift takes a point, and how that changes with the point, degrees for degrees.
#[derive(Clone, Copy)]
pub(super) struct Shifted {
    at: Pair,
    lat_by_lat: f64,
    lat_by_lon: f64,
    lon_by_lat: f64,
    lon_by_lon: f64,
}

/// A shift of one datum to the next, and where the search for its inverse begins.
pub(super) trait Shift {
    /// The point after the shift.
    fn shift(point: Pair) -> Shifted;
    /// A first guess of the point that comes to `goal`.
    fn guess(goal: Pair) -> Pair;

    /// The point after the shift, without slopes: whatever only they need is not computed.
    #[inline(always)]
    fn forward(point: Pair) -> Pair {
        Self::shift(point).at
    }

    /// The first two steps back, and whether they were enough.
    #[inline(always)]
    fn back_quickly(goal: Pair) -> (Pair, bool) {
        let (first, _) = Self::step_back(Self::guess(goal), goal);
        Self::step_back(first, goal)
    }

    /// The point that comes to `goal`, and the steps that it took; nothing when the cap of
    /// steps is reached.
    #[inline(always)]
    fn back(goal: Pair) -> Option<(Pair, u32)> {
        let (mut point, mut is_close) = Self::back_quickly(goal);
        let mut steps = 2;
        while !is_close {
            if steps == MAX_STEPS {
                return None;
            }
            (point, is_close) = Self::step_back(point, goal);
            steps += 1;
        }
        Some((point, steps))
    }

    /// One step of Newton's method, and whether it began close to the goal.
    #[inline(always)]
    fn step_back(point: Pair, goal: Pair) -> (Pair, bool) {
        let found = Self::shift(point);
        let (lat, lon) = (goal.0 - found.at.0, goal.1 - found.at.1);
        let determinant = found.lat_by_lat * found.lon_by_lon - found.lat_by_lon * found.lon_by_lat;
        let next = (
            point.0 + (lat * found.lon_by_lon - lon * found.lat_by_lon) / determinant,
            point.1 + (lon * found.lat_by_lat - lat * found.lon_by_lat) / determinant,
        );
        (next, (lat.abs() <= CLOSE_DEG) & (lon.abs() <= CLOSE_DEG))
    }
}

/// WGS 84 to GCJ-02.
pub(super) struct ToGcj;

impl Shift for ToGcj {
    #[inline(always)]
    fn shift((lat_deg, lon_deg): Pair) -> Shifted {
        let (x, y) = (lon_deg - 105.0, lat_deg - MIDDLE_DEG);

        // Turns by π x / n and π y / n, each made of the one before.
        let x_60 = Turn::small(x * (PI / 240.0)).twice().twice();
        let x_30 = x_60.twice();
        let x_12 = x_30.twice().plus(x_60);
        let x_3 = x_12.twice().twice();
        let x_1 = x_3.thrice();
        let x_double = x_1.twice();
        let x_sixfold = x_double.thrice();
        let y_180 = Turn::small(y * (PI / 180.0));
        let y_60 = y_180.thrice();
        let y_30 = y_60.twice();
        let y_12 = y_30.twice().plus(y_60);
        let y_3 = y_12.twice().twice();
        let y_1 = y_3.thrice();
        let lat = y_180.plus(MIDDLE);

        let root = x.abs().sqrt();
        let waves = (20.0 * x_sixfold.sin + 20.0 * x_double.sin) * (2.0 / 3.0);
        let north_m = -100.0
            + 2.0 * x
            + 3.0 * y
            + 0.2 * y * y
            + 0.1 * x * y
            + 0.2 * root
            + waves
            + (20.0 * y_1.sin + 40.0 * y_3.sin + 160.0 * y_12.sin + 320.0 * y_30.sin) * (2.0 / 3.0);
        let east_m = 300.0
            + x
            + 2.0 * y
            + 0.1 * x * x
            + 0.1 * x * y
            + 0.1 * root
            + waves
            + (20.0 * x_1.sin + 40.0 * x_3.sin + 150.0 * x_12.sin + 300.0 * x_30.sin) * (2.0 / 3.0);

        let magic = 1.0 - ECCENTRICITY_SQUARED * lat.sin * lat.sin;
        let magic_root = magic.sqrt();
        let lat_of_m = DEG_OF_M / (1.0 - ECCENTRICITY_SQUARED) * magic * magic_root;
        let lon_of_m = DEG_OF_M * magic_root / lat.cos;

        // At 105° east the root has no slope; a bound keeps the step sane there.
        let root_slope = (0.5 / root.max(1e-3)).copysign(x);
        let waves_slope = (6.0 * x_sixfold.cos + 2.0 * x_double.cos) * (20.0 * PI * 2.0 / 3.0);
        let north_by_x = 2.0 + 0.1 * y + 0.2 * root_slope + waves_slope;
        let north_by_y = 3.0
            + 0.4 * y
            + 0.1 * x
            + (20.0 * y_1.cos
                + 40.0 / 3.0 * y_3.cos
                + 160.0 / 12.0 * y_12.cos
                + 320.0 / 30.0 * y_30.cos)
                * (PI * 2.0 / 3.0);
        let east_by_x = 1.0
            + 0.2 * x
            + 0.1 * y
            + 0.1 * root_slope
            + waves_slope
            + (20.0 * x_1.cos
                + 40.0 / 3.0 * x_3.cos
                + 150.0 / 12.0 * x_12.cos
                + 300.0 / 30.0 * x_30.cos)
                * (PI * 2.0 / 3.0);
        let east_by_y = 2.0 + 0.1 * x;
        // How the length of a degree of longitude changes with latitude counts; how the
        // radii of the ellipsoid do is a thousandth of that.
        let tangent_of_deg = lat.sin / lat.cos * (PI / 180.0);

        Shifted {
            at: (lat_deg + north_m * lat_of_m, lon_deg + east_m * lon_of_m),
            lat_by_lat: 1.0 + north_by_y * lat_of_m,
            lat_by_lon: north_by_x * lat_of_m,
            lon_by_lat: (east_by_y + east_m * tangent_of_deg) * lon_of_m,
            lon_by_lon: 1.0 + east_by_x * lon_of_m,
        }
    }

    #[inline(always)]
    fn guess(goal: Pair) -> Pair {
        goal
    }
}

/// GCJ-02 to BD-09.
pub(super) struct ToBd;

impl Shift for ToBd {
    /// The formula goes to radius and angle, adds a wave to each, and comes back. The angle's
    /// wave is at most 3 µrad, so its sine and cosine are a series of two terms, and those
    /// of the sum follow without the angle itself.
    #[inline(always)]
    fn shift((lat_deg, lon_deg): Pair) -> Shifted {
        let (lat_wave, lon_wave) = (
            Turn::circles(lat_deg * BD_CIRCLES),
            Turn::circles(lon_deg * BD_CIRCLES),
        );
        let radius = (lat_deg * lat_deg + lon_deg * lon_deg).sqrt();
        let stretch = 1.0 + 0.000_02 * lat_wave.sin / radius;
        let angle = 0.000_003 * lon_wave.cos;
        let square = angle * angle;
        let (sin, cos) = (angle - angle * square * (1.0 / 6.0), 1.0 - 0.5 * square);
        let (lat, lon) = (lat_deg * cos + lon_deg * sin, lon_deg * cos - lat_deg * sin);

        let stretch_slope = 0.000_02 * BD_FACTOR * lat_wave.cos / radius;
        let angle_slope = -0.000_003 * BD_FACTOR * lon_wave.sin;
        Shifted {
            at: (stretch * lat + BD_ADDED.0, stretch * lon + BD_ADDED.1),
            lat_by_lat: stretch * cos + stretch_slope * lat,
            lat_by_lon: stretch * sin + angle_slope * lon,
            lon_by_lat: stretch_slope * lon - stretch * sin,
            lon_by_lon: stretch * cos - angle_slope * lat,
        }
    }

    #[inline(always)]
    fn guess(goal: Pair) -> Pair {
        (goal.0 - BD_ADDED.0, goal.1 - BD_ADDED.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shift that never comes nearer.
    struct Restless;

    impl Shift for Restless {
        fn shift(point: Pair) -> Shifted {
            Shifted {
                at: (point.0 + 1.0, point.1),
                lat_by_lat: 1.0,
                lat_by_lon: 0.0,
                lon_by_lat: 0.0,
                lon_by_lon: 1e-3,
            }
        }

        fn guess(goal: Pair) -> Pair {
            (goal.0, goal.1 + 1.0)
        }
    }

    #[test]
    fn back_gives_up_at_its_cap() {
        assert_eq!(Restless::back((1.0, 2.0)), None);
    }

    fn slopes_are_those_of_differences<S: Shift>(within: f64) {
        const STEP_DEG: f64 = 1e-6;
        for lat in [1.0, 20.3, 35.0, 39.9, 55.5] {
            for lon in [72.5, 90.07, 104.9, 116.4, 137.5] {
                let slopes = S::shift((lat, lon));
                let (north, south) = (
                    S::forward((lat + STEP_DEG, lon)),
                    S::forward((lat - STEP_DEG, lon)),
                );
                let (east, west) = (
                    S::forward((lat, lon + STEP_DEG)),
                    S::forward((lat, lon - STEP_DEG)),
                );
                let pairs = [
                    (slopes.lat_by_lat, north.0 - south.0),
                    (slopes.lon_by_lat, north.1 - south.1),
                    (slopes.lat_by_lon, east.0 - west.0),
                    (slopes.lon_by_lon, east.1 - west.1),
                ];
                for (slope, difference) in pairs {
                    let off = (slope - difference / (2.0 * STEP_DEG)).abs();
                    assert!(off < within, "{lat} {lon}: {slope}, off by {off}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_right_to_what_newton_needs() {
        slopes_are_those_of_differences::<ToGcj>(2e-6);
        slopes_are_those_of_differences::<ToBd>(2e-6);
    }
}
