//! The four datums that coordinates in China come in, and the way between each two.
//!
//! GCJ-02 shifts WGS 84 by hundreds of metres, which is three or four cells; BD-09 shifts
//! GCJ-02 once more. A coordinate is tagged with its datum where it enters and is never
//! guessed. CGCS2000 differs from WGS 84 by centimetres and counts as the same numbers.
//!
//! Both shifts belong to China: a point outside the rectangle [`CHINA_LAT_DEG`] by
//! [`CHINA_LON_DEG`] (edges are inside), read in the datum that it comes in, is returned
//! unchanged whatever the two datums are. Libraries disagree on BD-09 abroad; a point in
//! London that moves by 800 m serves nobody. A rectangle is no border: Seoul lies inside.
//!
//! Source: DOMAIN "Place" (a = 6378245, ee = 0.00669342162296594323) and the public formula.

use std::f64::consts::PI;
use std::ops::RangeInclusive;
use thiserror::Error;

/// Latitudes, in degrees, in which the shifts apply.
pub const CHINA_LAT_DEG: RangeInclusive<f64> = 0.8293..=55.8271;
/// Longitudes, in degrees, in which the shifts apply.
pub const CHINA_LON_DEG: RangeInclusive<f64> = 72.004..=137.8347;

/// Semi-major axis of the Krasovsky ellipsoid in metres, which the public formula uses.
const AXIS_M: f64 = 6_378_245.0;
/// Square of that ellipsoid's first eccentricity.
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
/// The angular factor of BD-09.
const BD_FACTOR: f64 = PI * 3000.0 / 180.0;

/// The inverses stop when the forward shift meets the input this closely, about 0.01 mm.
const INVERSE_TOLERANCE_DEG: f64 = 1e-10;
/// The inverses contract by a factor of some hundreds a step and need about five of them;
/// the cap is what libraries lack that never return at the edge of the rectangle.
const INVERSE_STEPS: usize = 30;

/// The reference that a pair of degrees is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Datum {
    /// What satellites give and what is stored.
    #[default]
    Wgs84,
    /// The national datum; the same numbers as WGS 84 within centimetres.
    Cgcs2000,
    /// The shifted datum of maps published in China.
    Gcj02,
    /// Baidu's shift on top of GCJ-02.
    Bd09,
}

/// Why a coordinate has no counterpart in another datum.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum DatumError {
    /// The name is none of the four.
    #[error("`{0}` is not a datum: wgs84, cgcs2000, gcj02 or bd09")]
    Unknown(String),
    /// The latitude is not a finite number in -90..=90.
    #[error("latitude {0} is outside -90..90")]
    Latitude(f64),
    /// The longitude is not a finite number in -180..=180.
    #[error("longitude {0} is outside -180..180")]
    Longitude(f64),
    /// The inverse did not settle within its cap of steps.
    #[error("no point shifts to latitude {lat_deg}, longitude {lon_deg}")]
    NoInverse {
        /// Latitude of the point whose origin was sought, in degrees.
        lat_deg: f64,
        /// Longitude of that point, in degrees.
        lon_deg: f64,
    },
}

impl Datum {
    /// Reads the lower-case name that the command and files use.
    ///
    /// # Errors
    /// [`DatumError::Unknown`] for anything but `wgs84`, `cgcs2000`, `gcj02` and `bd09`.
    pub fn parse(text: &str) -> Result<Self, DatumError> {
        match text {
            "wgs84" => Ok(Self::Wgs84),
            "cgcs2000" => Ok(Self::Cgcs2000),
            "gcj02" => Ok(Self::Gcj02),
            "bd09" => Ok(Self::Bd09),
            _ => Err(DatumError::Unknown(text.to_owned())),
        }
    }

    /// The name that [`Datum::parse`] reads.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Cgcs2000 => "cgcs2000",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }

    /// How many shifts lie between WGS 84 and this datum.
    fn shifts(self) -> u8 {
        match self {
            Self::Wgs84 | Self::Cgcs2000 => 0,
            Self::Gcj02 => 1,
            Self::Bd09 => 2,
        }
    }
}

/// Expresses a point of one datum in another.
///
/// - `lat_deg`, `lon_deg`: degrees in `from`.
/// - Returns `(lat_deg, lon_deg)` in `to`; the forward shifts are the public formula to the
///   last digits, the inverses meet it to better than 1 mm. Outside the rectangle of China
///   the input comes back unchanged.
///
/// # Errors
/// [`DatumError::Latitude`] or [`DatumError::Longitude`] for what is out of range or not
/// finite, [`DatumError::NoInverse`] if an inverse does not settle.
pub fn convert(
    from: Datum,
    to: Datum,
    lat_deg: f64,
    lon_deg: f64,
) -> Result<(f64, f64), DatumError> {
    if !(-90.0..=90.0).contains(&lat_deg) {
        return Err(DatumError::Latitude(lat_deg));
    }
    if !(-180.0..=180.0).contains(&lon_deg) {
        return Err(DatumError::Longitude(lon_deg));
    }
    let mut point = (lat_deg, lon_deg);
    if !CHINA_LAT_DEG.contains(&lat_deg) || !CHINA_LON_DEG.contains(&lon_deg) {
        return Ok(point);
    }
    let (mut at, goal) = (from.shifts(), to.shifts());
    while at < goal {
        point = if at == 0 {
            wgs_to_gcj(point)
        } else {
            gcj_to_bd(point)
        };
        at += 1;
    }
    while at > goal {
        at -= 1;
        point = if at == 0 {
            invert(wgs_to_gcj, point)?
        } else {
            invert(gcj_to_bd, point)?
        };
    }
    Ok(point)
}

/// The public WGS 84 to GCJ-02 formula without its rectangle, so that it stays smooth and
/// its inverse exists at the rectangle's edges too. Latitude first, degrees.
fn wgs_to_gcj((lat_deg, lon_deg): (f64, f64)) -> (f64, f64) {
    let (x, y) = (lon_deg - 105.0, lat_deg - 35.0);
    let waves = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;

    let mut north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    north_m += waves;
    north_m += (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0;
    north_m += (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;

    let mut east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    east_m += waves;
    east_m += (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0;
    east_m += (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;

    let lat_rad = lat_deg.to_radians();
    let magic = 1.0 - ECCENTRICITY_SQUARED * lat_rad.sin() * lat_rad.sin();
    let root = magic.sqrt();
    let meridian_m = AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * root);
    let parallel_m = AXIS_M / root * lat_rad.cos();
    (
        lat_deg + north_m * 180.0 / (meridian_m * PI),
        lon_deg + east_m * 180.0 / (parallel_m * PI),
    )
}

/// The public GCJ-02 to BD-09 formula. Latitude first, degrees.
fn gcj_to_bd((lat_deg, lon_deg): (f64, f64)) -> (f64, f64) {
    let radius = lon_deg.hypot(lat_deg) + 0.000_02 * (lat_deg * BD_FACTOR).sin();
    let angle = lat_deg.atan2(lon_deg) + 0.000_003 * (lon_deg * BD_FACTOR).cos();
    (radius * angle.sin() + 0.006, radius * angle.cos() + 0.0065)
}

/// The point that `shift` moves to `goal`, by fixed-point iteration: both shifts change so
/// slowly with the place that what is missing is corrected by the same amount.
fn invert(
    shift: impl Fn((f64, f64)) -> (f64, f64),
    goal: (f64, f64),
) -> Result<(f64, f64), DatumError> {
    let mut point = goal;
    for _ in 0..INVERSE_STEPS {
        let reached = shift(point);
        let missing = (goal.0 - reached.0, goal.1 - reached.1);
        if missing.0.abs().max(missing.1.abs()) <= INVERSE_TOLERANCE_DEG {
            return Ok(point);
        }
        point = (point.0 + missing.0, point.1 + missing.1);
    }
    Err(DatumError::NoInverse {
        lat_deg: goal.0,
        lon_deg: goal.1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::distance::distance_m;
    use crate::geo::test_data::shared;
    use crate::model::place::LatLon;
    use proptest::prelude::*;

    const ALL: [Datum; 4] = [Datum::Wgs84, Datum::Cgcs2000, Datum::Gcj02, Datum::Bd09];

    fn apart_m(a: (f64, f64), b: (f64, f64)) -> f64 {
        let place =
            |p: (f64, f64)| LatLon::try_new(p.0, p.1).expect("test points are on the globe");
        distance_m(place(a), place(b))
    }

    #[test]
    fn convert_gives_the_domain_vector() {
        let (lat, lon) =
            convert(Datum::Wgs84, Datum::Gcj02, 39.90105, 116.42079).expect("in range");
        assert_eq!(format!("{lat:.6},{lon:.6}"), "39.902446,116.427022");
        let (lat, lon) =
            convert(Datum::Cgcs2000, Datum::Bd09, 39.90105, 116.42079).expect("in range");
        assert_eq!(format!("{lat:.6},{lon:.6}"), "39.908500,116.433501");
    }

    #[test]
    fn convert_agrees_with_map_services_in_chinese_cities() {
        let Some(bytes) = shared("coords/gcoord_china_cities.csv") else {
            return;
        };
        let mut rows = csv::Reader::from_reader(bytes.as_slice());
        let mut worst_m = [0.0_f64; 3];
        for row in rows.records() {
            let row = row.expect("the file is CSV");
            let pair = |i: usize| -> (f64, f64) {
                let n = |j: usize| row[j].parse::<f64>().expect("the file holds numbers");
                (n(i + 1), n(i))
            };
            let (wgs, gcj, bd) = (pair(5), pair(7), pair(9));
            let go = |f, t, p: (f64, f64)| convert(f, t, p.0, p.1).expect("cities are in range");
            worst_m[0] = worst_m[0].max(apart_m(go(Datum::Wgs84, Datum::Gcj02, wgs), gcj));
            worst_m[1] = worst_m[1].max(apart_m(go(Datum::Gcj02, Datum::Bd09, gcj), bd));
            worst_m[2] = worst_m[2].max(apart_m(go(Datum::Bd09, Datum::Gcj02, bd), gcj));
        }
        assert!(
            worst_m[0] < 0.74 && worst_m[1] < 0.03 && worst_m[2] < 0.19,
            "{worst_m:?}"
        );
    }

    #[test]
    fn convert_agrees_with_five_libraries_inside_and_leaves_the_outside_alone() {
        let Some(bytes) = shared("coords/five_libraries.csv") else {
            return;
        };
        let mut rows = csv::Reader::from_reader(bytes.as_slice());
        let mut compared = [0_u32; 2];
        for row in rows.records() {
            let row = row.expect("the file is CSV");
            let n = |j: usize| row[j].parse::<f64>().ok();
            let (Some(in_lon), Some(in_lat), Some(out_lon), Some(out_lat)) =
                (n(4), n(5), n(7), n(8))
            else {
                continue;
            };
            let (from, to) = match &row[3] {
                "wgs2gcj" => (Datum::Wgs84, Datum::Gcj02),
                "gcj2bd" => (Datum::Gcj02, Datum::Bd09),
                "wgs2bd" => (Datum::Wgs84, Datum::Bd09),
                "gcj2wgs" => (Datum::Gcj02, Datum::Wgs84),
                "bd2gcj" => (Datum::Bd09, Datum::Gcj02),
                _ => (Datum::Bd09, Datum::Wgs84),
            };
            // Points of the file that lie off the globe are refused, which other tests cover.
            let Ok(ours) = convert(from, to, in_lat, in_lon) else {
                continue;
            };
            let iterated = matches!(&row[6], "gcoord" | "coord-convert" | "eviltransform_exact");
            let limit_m = match &row[3] {
                "wgs2gcj" | "wgs2bd" => 0.012,
                "gcj2bd" => 0.001_5,
                "bd2gcj" => 0.18,
                _ if iterated => 0.18,
                _ => 3.0,
            };
            if &row[2] == "in_china" {
                let off_m = apart_m(ours, (out_lat, out_lon));
                assert!(off_m < limit_m, "{off_m} m from {row:?}");
                compared[0] += 1;
            } else if !CHINA_LAT_DEG.contains(&in_lat) || !CHINA_LON_DEG.contains(&in_lon) {
                assert_eq!(ours, (in_lat, in_lon));
                compared[1] += 1;
            }
        }
        assert!(compared[0] > 3_000 && compared[1] > 100, "{compared:?}");
    }

    #[test]
    fn convert_returns_where_other_inverses_never_do() {
        for (lat, lon) in [(40.0, 72.004), (0.8293, 110.0)] {
            let (lat_w, lon_w) =
                convert(Datum::Gcj02, Datum::Wgs84, lat, lon).expect("the inverse is capped");
            assert!(apart_m(wgs_to_gcj((lat_w, lon_w)), (lat, lon)) < 0.001);
        }
    }

    #[test]
    fn convert_refuses_what_is_no_place() {
        let go = |lat, lon| convert(Datum::Wgs84, Datum::Gcj02, lat, lon);
        assert!(matches!(go(f64::NAN, 0.0), Err(DatumError::Latitude(_))));
        assert_eq!(go(90.000_001, 0.0), Err(DatumError::Latitude(90.000_001)));
        assert_eq!(
            go(0.0, f64::INFINITY),
            Err(DatumError::Longitude(f64::INFINITY))
        );
    }

    #[test]
    fn parse_reads_every_name_and_refuses_others() {
        for datum in ALL {
            assert_eq!(Datum::parse(datum.as_str()), Ok(datum));
        }
        assert_eq!(
            Datum::parse("GCJ02"),
            Err(DatumError::Unknown("GCJ02".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn convert_there_and_back_is_within_a_millimetre(lat in 1.0..55.5, lon in 72.1..137.7) {
            for from in ALL {
                for to in ALL {
                    let there = convert(from, to, lat, lon).expect("in range");
                    let back = convert(to, from, there.0, there.1).expect("in range");
                    prop_assert!(apart_m(back, (lat, lon)) < 0.001);
                }
            }
        }
    }
}
