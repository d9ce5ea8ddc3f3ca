//! The four datums that coordinates in China come in, and the way between each two.
//!
//! GCJ-02 shifts WGS 84 by hundreds of metres, which is three or four cells; BD-09 shifts
//! GCJ-02 once more. A coordinate is tagged with its datum where it enters and is never
//! guessed: [`Position`] has it in its type, [`Tagged`] beside its numbers. CGCS2000 differs
//! from WGS 84 by centimetres and counts as the same numbers.
//!
//! Both shifts belong to China, and the public formula has them end at a rectangle,
//! [`CHINA_LAT_DEG`] by [`CHINA_LON_DEG`], edges inside. A rectangle is no border: Seoul
//! lies inside. One rule holds for every pair, so that an answer depends on nothing but the
//! point that is given, read in the datum that it comes in:
//!
//! - Outside the rectangle it is returned as it is, to the bit. Libraries disagree on BD-09
//!   abroad; a point in London that moves by 800 m serves nobody.
//! - Inside it is shifted, or shifted back, all the way, wherever the answer and the steps
//!   between come to lie. The shifts are smooth across the edge, so a point at the very
//!   edge has its inverse, and no search can hang there.
//!
//! A step at the edge is part of the public formula, and no rule can take every point beside
//! it there and back: the formula sends two points of WGS 84 to some of GCJ-02 just outside
//! and none to some just inside. What this rule does is that a point comes back to 1 mm
//! where its counterpart lies inside, and that a counterpart outside stays what it is. Only
//! points within 0.03° of an edge, none of them in China, have such a counterpart.
//!
//! Source: DOMAIN "Place" (a = 6378245, ee = 0.00669342162296594323) and the public formula.

mod position;
mod shift;
mod turn;

#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;

pub use position::{Bd09, Cgcs2000, Gcj02, Position, Reference, Tagged, Wgs84};

use self::shift::{Pair, Shift, ToBd, ToGcj};
use std::ops::RangeInclusive;
use thiserror::Error;

/// Latitudes, in degrees, in which the shifts apply.
pub const CHINA_LAT_DEG: RangeInclusive<f64> = 0.8293..=55.8271;
/// Longitudes, in degrees, in which the shifts apply.
pub const CHINA_LON_DEG: RangeInclusive<f64> = 72.004..=137.8347;

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
    /// The text is not `lat,lon`.
    #[error("`{0}` is not `lat,lon` in degrees")]
    Form(String),
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

/// A point of many that has no counterpart.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("point {index}: {error}")]
pub struct BatchError {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub error: DatumError,
}

/// Expresses a point of one datum in another.
///
/// - `lat_deg`, `lon_deg`: degrees in `from`.
/// - Returns `(lat_deg, lon_deg)` in `to`. The forward shifts differ from the public formula,
///   computed as it is written in double precision, by no more than its own rounding: 1e-13
///   degrees, or 11 nm. The inverses meet the forward shifts to better than 1 mm, and to
///   1 µm except within ten metres of 105° east, where the formula has a kink.
/// - The four operations and roots only: the same bits on every machine, alone or in
///   [`convert_all`].
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
    convert_counted(from, to, lat_deg, lon_deg).map(|(point, _)| point)
}

/// As [`convert`], with the evaluations of forward shifts that the inverses took: none on
/// the way forward, at least two for each shift taken back.
///
/// # Errors
/// As [`convert`].
pub fn convert_counted(
    from: Datum,
    to: Datum,
    lat_deg: f64,
    lon_deg: f64,
) -> Result<((f64, f64), u32), DatumError> {
    check_range(lat_deg, lon_deg)?;
    let given = (lat_deg, lon_deg);
    if !is_in_china(given) {
        return Ok((given, 0));
    }
    let no_inverse = DatumError::NoInverse { lat_deg, lon_deg };
    let (mut point, mut count) = (given, 0);
    let (mut at, goal) = (from.shifts(), to.shifts());
    while at < goal {
        point = match at {
            0 => ToGcj::forward(point),
            _ => ToBd::forward(point),
        };
        at += 1;
    }
    while at > goal {
        at -= 1;
        let found = match at {
            0 => ToGcj::back(point),
            _ => ToBd::back(point),
        };
        let Some((origin, steps)) = found else {
            return Err(no_inverse);
        };
        (point, count) = (origin, count + steps);
    }
    Ok((point, count))
}

/// Expresses many points of one datum in another, some times faster than one by one and to
/// the same bits.
///
/// - `points`: `(lat_deg, lon_deg)` in `from`.
/// - Returns the points in `to`, in their order.
///
/// # Errors
/// [`BatchError`] for the first point that [`convert`] refuses.
pub fn convert_all(
    from: Datum,
    to: Datum,
    points: &[(f64, f64)],
) -> Result<Vec<(f64, f64)>, BatchError> {
    for (index, (lat_deg, lon_deg)) in points.iter().enumerate() {
        check_range(*lat_deg, *lon_deg).map_err(|error| BatchError { index, error })?;
    }
    let (start, goal) = (from.shifts(), to.shifts());
    let mut converted = Vec::with_capacity(points.len());
    for chunk in points.chunks(CHUNK) {
        // Every lane computes: those of points outside, and beyond the chunk's end, take a
        // point that is at hand.
        let mut lanes = [IN_CHINA; CHUNK];
        for (lane, point) in lanes.iter_mut().zip(chunk) {
            *lane = if is_in_china(*point) {
                *point
            } else {
                IN_CHINA
            };
        }
        let mut is_settled = true;
        match (start, goal) {
            (0, 1) => forward::<ToGcj>(&mut lanes),
            (1, 2) => forward::<ToBd>(&mut lanes),
            (0, 2) => {
                forward::<ToGcj>(&mut lanes);
                forward::<ToBd>(&mut lanes);
            }
            (2, 1) => is_settled = back::<ToBd>(&mut lanes),
            (1, 0) => is_settled = back::<ToGcj>(&mut lanes),
            (2, 0) => is_settled = back::<ToBd>(&mut lanes) & back::<ToGcj>(&mut lanes),
            _ => {}
        }
        for (lane, point) in lanes.iter_mut().zip(chunk) {
            *lane = if is_in_china(*point) { *lane } else { *point };
        }
        if !is_settled {
            // Some lane needs more steps than all are given; the way of one point has them.
            for (i, (lane, point)) in lanes.iter_mut().zip(chunk).enumerate() {
                let index = converted.len() + i;
                *lane = convert(from, to, point.0, point.1)
                    .map_err(|error| BatchError { index, error })?;
            }
        }
        converted.extend_from_slice(&lanes[..chunk.len()]);
    }
    Ok(converted)
}

/// Points that go through the shifts together: they and what is between stay in the
/// nearest cache.
const CHUNK: usize = 64;
/// Some point inside the rectangle, latitude first.
const IN_CHINA: Pair = (30.0, 110.0);

#[inline(always)]
fn forward<S: Shift>(lanes: &mut [Pair; CHUNK]) {
    for lane in lanes {
        *lane = S::forward(*lane);
    }
}

#[inline(always)]
fn back<S: Shift>(lanes: &mut [Pair; CHUNK]) -> bool {
    let mut is_settled = true;
    for lane in lanes {
        let (origin, is_close) = S::back_quickly(*lane);
        *lane = origin;
        is_settled &= is_close;
    }
    is_settled
}

#[inline(always)]
fn is_in_china((lat_deg, lon_deg): Pair) -> bool {
    CHINA_LAT_DEG.contains(&lat_deg) & CHINA_LON_DEG.contains(&lon_deg)
}

fn check_range(lat_deg: f64, lon_deg: f64) -> Result<(), DatumError> {
    if !(-90.0..=90.0).contains(&lat_deg) {
        return Err(DatumError::Latitude(lat_deg));
    }
    if !(-180.0..=180.0).contains(&lon_deg) {
        return Err(DatumError::Longitude(lon_deg));
    }
    Ok(())
}
