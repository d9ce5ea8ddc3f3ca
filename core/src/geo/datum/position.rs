//! Positions that carry their datum: in the type where it is known when the program is
//! written, beside the numbers where a file or a person names it.
//!
//! A function that takes a `Position<Gcj02>` cannot be given a `Position<Wgs84>`:
//!
//! ```compile_fail,E0308
//! use bading_core::geo::datum::{Gcj02, Position, Wgs84};
//!
//! fn show_on_map(_: Position<Gcj02>) {}
//!
//! let fix = Position::<Wgs84>::try_new(39.901_05, 116.420_79).expect("a place");
//! show_on_map(fix);
//! ```
//!
//! It has to be converted:
//!
//! ```
//! use bading_core::geo::datum::{Gcj02, Position, Wgs84};
//!
//! fn show_on_map(_: Position<Gcj02>) {}
//!
//! let fix = Position::<Wgs84>::try_new(39.901_05, 116.420_79).expect("a place");
//! show_on_map(fix.to().expect("an inverse that settles"));
//! ```

use super::{Datum, DatumError, check_range, convert};
use crate::model::place::LatLon;
use std::marker::PhantomData;

mod sealed {
    pub trait Sealed {}
}

/// A datum as a type. The four of them are all there are.
pub trait Reference: sealed::Sealed + Copy {
    /// The same as a value.
    const DATUM: Datum;
}

macro_rules! references {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl sealed::Sealed for $name {}

        impl Reference for $name {
            const DATUM: Datum = Datum::$name;
        }
    )*};
}

references! {
    /// [`Datum::Wgs84`] as a type.
    Wgs84
    /// [`Datum::Cgcs2000`] as a type.
    Cgcs2000
    /// [`Datum::Gcj02`] as a type.
    Gcj02
    /// [`Datum::Bd09`] as a type.
    Bd09
}

/// A position in the datum `R`: latitude in -90..=90 and longitude in -180..=180 degrees,
/// both finite. It is as large as the two numbers, and costs nothing beside them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position<R: Reference> {
    lat_deg: f64,
    lon_deg: f64,
    datum: PhantomData<R>,
}

impl<R: Reference> Position<R> {
    /// Checks both ranges. Latitude and longitude that changed places are caught where the
    /// longitude is above 90, as it is nearly everywhere in the east of China.
    ///
    /// # Errors
    /// [`DatumError::Latitude`] or [`DatumError::Longitude`] for what is out of range or not
    /// finite.
    pub fn try_new(lat_deg: f64, lon_deg: f64) -> Result<Self, DatumError> {
        check_range(lat_deg, lon_deg)?;
        Ok(Self::new((lat_deg, lon_deg)))
    }

    fn new((lat_deg, lon_deg): (f64, f64)) -> Self {
        Self {
            lat_deg,
            lon_deg,
            datum: PhantomData,
        }
    }

    /// Latitude in degrees, north positive.
    #[must_use]
    pub fn lat_deg(self) -> f64 {
        self.lat_deg
    }

    /// Longitude in degrees, east positive.
    #[must_use]
    pub fn lon_deg(self) -> f64 {
        self.lon_deg
    }

    /// The same place in the datum `T`, as [`convert`] has it.
    ///
    /// # Errors
    /// [`DatumError::NoInverse`] if an inverse does not settle, which no point is known for.
    pub fn to<T: Reference>(self) -> Result<Position<T>, DatumError> {
        convert(R::DATUM, T::DATUM, self.lat_deg, self.lon_deg).map(Position::new)
    }
}

impl From<LatLon> for Position<Wgs84> {
    fn from(place: LatLon) -> Self {
        Self::new((place.lat_deg(), place.lon_deg()))
    }
}

impl From<Position<Wgs84>> for LatLon {
    fn from(position: Position<Wgs84>) -> Self {
        Self::try_new(position.lat_deg, position.lon_deg)
            .expect("a position is held to the same ranges")
    }
}

/// A position whose datum was named by a file or a person: ranges as in [`Position`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tagged {
    datum: Datum,
    lat_deg: f64,
    lon_deg: f64,
}

impl Tagged {
    /// Checks both ranges.
    ///
    /// # Errors
    /// As [`Position::try_new`].
    pub fn try_new(datum: Datum, lat_deg: f64, lon_deg: f64) -> Result<Self, DatumError> {
        check_range(lat_deg, lon_deg)?;
        Ok(Self {
            datum,
            lat_deg,
            lon_deg,
        })
    }

    /// Reads `lat,lon` in degrees of `datum`, as the command takes it.
    ///
    /// # Errors
    /// [`DatumError::Form`] when it is not two numbers with a comma, else as
    /// [`Tagged::try_new`].
    pub fn parse(datum: Datum, text: &str) -> Result<Self, DatumError> {
        let form = || DatumError::Form(text.to_owned());
        let (lat, lon) = text.split_once(',').ok_or_else(form)?;
        let lat_deg = lat.trim().parse().map_err(|_| form())?;
        let lon_deg = lon.trim().parse().map_err(|_| form())?;
        Self::try_new(datum, lat_deg, lon_deg)
    }

    /// The datum.
    #[must_use]
    pub fn datum(self) -> Datum {
        self.datum
    }

    /// Latitude in degrees of [`Tagged::datum`], north positive.
    #[must_use]
    pub fn lat_deg(self) -> f64 {
        self.lat_deg
    }

    /// Longitude in degrees of [`Tagged::datum`], east positive.
    #[must_use]
    pub fn lon_deg(self) -> f64 {
        self.lon_deg
    }

    /// The same place in the datum `T`; what is in it already keeps its digits.
    ///
    /// # Errors
    /// As [`Position::to`].
    pub fn to<T: Reference>(self) -> Result<Position<T>, DatumError> {
        convert(self.datum, T::DATUM, self.lat_deg, self.lon_deg).map(Position::new)
    }

    /// The same place in a datum that is named as the program runs.
    ///
    /// # Errors
    /// As [`Position::to`].
    pub fn to_datum(self, datum: Datum) -> Result<Self, DatumError> {
        let (lat_deg, lon_deg) = convert(self.datum, datum, self.lat_deg, self.lon_deg)?;
        Ok(Self {
            datum,
            lat_deg,
            lon_deg,
        })
    }
}

impl<R: Reference> From<Position<R>> for Tagged {
    fn from(position: Position<R>) -> Self {
        Self {
            datum: R::DATUM,
            lat_deg: position.lat_deg,
            lon_deg: position.lon_deg,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gcj(lat_deg: f64, lon_deg: f64) -> Position<Gcj02> {
        Position::try_new(lat_deg, lon_deg).expect("a place")
    }

    #[test]
    fn position_is_two_numbers_and_converts_as_its_datums_do() {
        assert_eq!(size_of::<Position<Bd09>>(), 16);
        let found = gcj(39.9, 116.4).to::<Bd09>().expect("in China");
        let known = convert(Datum::Gcj02, Datum::Bd09, 39.9, 116.4).expect("in China");
        assert_eq!((found.lat_deg(), found.lon_deg()), known);
        let same = gcj(39.9, 116.4).to::<Gcj02>();
        assert_eq!(same, Ok(gcj(39.9, 116.4)));
    }

    #[test]
    fn tag_keeps_its_datum_on_every_way() {
        let tagged = Tagged::from(gcj(39.9, 116.4));
        assert_eq!(tagged.datum(), Datum::Gcj02);
        assert_eq!(tagged.to::<Gcj02>(), Ok(gcj(39.9, 116.4)));
        let wgs = tagged.to_datum(Datum::Wgs84).expect("in China");
        assert_eq!(wgs.datum(), Datum::Wgs84);
        let typed = gcj(39.9, 116.4).to::<Wgs84>().expect("in China");
        assert_eq!(Tagged::from(typed), wgs);
        // Centimetres apart in truth, the same numbers here, and yet not the same datum.
        let national = wgs.to_datum(Datum::Cgcs2000).expect("in China");
        assert_eq!(national.lat_deg(), wgs.lat_deg());
        assert_ne!(national, wgs);
    }

    #[test]
    fn stored_place_is_wgs84_and_comes_back() {
        for (lat, lon) in [(90.0, -180.0), (-90.0, 180.0), (31.2, 121.5), (-0.0, 0.0)] {
            let place = LatLon::try_new(lat, lon).expect("a place");
            let position = Position::<Wgs84>::from(place);
            assert_eq!(LatLon::from(position), place);
        }
    }

    #[test]
    fn tag_is_read_from_text_or_says_what_is_wrong() {
        let read = |text| Tagged::parse(Datum::Bd09, text);
        assert_eq!(
            read(" 31.2, 121.5"),
            Tagged::try_new(Datum::Bd09, 31.2, 121.5)
        );
        for text in ["", "31.2", "31.2 121.5", "31.2,121.5,4", "north,east"] {
            assert_eq!(read(text), Err(DatumError::Form(text.to_owned())));
        }
        // Latitude and longitude that changed places.
        assert_eq!(read("121.5,31.2"), Err(DatumError::Latitude(121.5)));
        assert!(matches!(read("nan,31.2"), Err(DatumError::Latitude(_))));
        assert_eq!(
            read("31.2,-inf"),
            Err(DatumError::Longitude(f64::NEG_INFINITY))
        );
        assert!(Position::<Gcj02>::try_new(31.2, 180.000_001).is_err());
    }
}
