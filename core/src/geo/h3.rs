//! H3 cells as grid codes: the grid of a city that has none.
//!
//! A code is `h3:` and the cell's index in lower-case hexadecimal, so that it cannot be
//! taken for a city's own code.

use crate::model::place::LatLon;
use h3o::{CellIndex, LatLng, Resolution};
use thiserror::Error;

/// What an H3 code begins with.
pub const PREFIX: &str = "h3:";

/// Why there is no H3 cell.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum H3Error {
    /// H3 has the resolutions 0 (continents) to 15 (square metres).
    #[error("{0} is not an H3 resolution: 0 to 15")]
    Resolution(u8),
    /// The text is not `h3:` and the index of a cell in lower-case hexadecimal.
    #[error("`{0}` is not an H3 cell such as h3:8c2a1072b59cdff")]
    Code(String),
}

/// The code of the cell of `resolution` that holds `place`.
///
/// # Errors
/// [`H3Error::Resolution`] for a resolution above 15.
pub fn h3_code(place: LatLon, resolution: u8) -> Result<String, H3Error> {
    let level = Resolution::try_from(resolution).map_err(|_| H3Error::Resolution(resolution))?;
    let point = LatLng::new(place.lat_deg(), place.lon_deg()).expect("a LatLon is finite");
    Ok(format!("{PREFIX}{:x}", u64::from(point.to_cell(level))))
}

/// Reads a code that [`h3_code`] wrote; returns the cell's centre and its resolution.
///
/// # Errors
/// [`H3Error::Code`] for anything that [`h3_code`] would not write.
pub fn parse_h3_code(code: &str) -> Result<(LatLon, u8), H3Error> {
    let refuse = || H3Error::Code(code.to_owned());
    let digits = code.strip_prefix(PREFIX).ok_or_else(refuse)?;
    // `from_str_radix` takes a sign, capitals and leading zeros; a code has one spelling.
    if digits.is_empty()
        || !digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        || digits.starts_with('0')
    {
        return Err(refuse());
    }
    let index = u64::from_str_radix(digits, 16).map_err(|_| refuse())?;
    let cell = CellIndex::try_from(index).map_err(|_| refuse())?;
    let centre = LatLng::from(cell);
    let place = LatLon::try_new(centre.lat(), centre.lng()).map_err(|_| refuse())?;
    Ok((place, u8::from(cell.resolution())))
}

/// The outline of the cell of a code, closed, in degrees on WGS 84.
///
/// # Errors
/// [`H3Error::Code`] for anything that [`h3_code`] would not write.
pub fn h3_outline(code: &str) -> Result<Vec<LatLon>, H3Error> {
    parse_h3_code(code)?;
    let refuse = || H3Error::Code(code.to_owned());
    let digits = code.strip_prefix(PREFIX).ok_or_else(refuse)?;
    let index = u64::from_str_radix(digits, 16).map_err(|_| refuse())?;
    let cell = CellIndex::try_from(index).map_err(|_| refuse())?;
    let corner = |corner: &LatLng| LatLon::try_new(corner.lat(), corner.lng());
    let mut ring = cell
        .boundary()
        .iter()
        .map(corner)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| refuse())?;
    ring.extend(ring.first().copied());
    Ok(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing() -> LatLon {
        LatLon::try_new(39.901_05, 116.420_79).expect("Beijing is on the globe")
    }

    #[test]
    fn code_and_parse_are_inverse_at_every_resolution() {
        for resolution in 0..=15 {
            let code = h3_code(beijing(), resolution).expect("the resolution exists");
            let (centre, parsed) = parse_h3_code(&code).expect("we wrote it");
            assert_eq!(parsed, resolution);
            assert_eq!(h3_code(centre, resolution), Ok(code));
        }
    }

    #[test]
    fn code_beyond_the_finest_resolution_is_refused() {
        assert_eq!(h3_code(beijing(), 16), Err(H3Error::Resolution(16)));
    }

    #[test]
    fn parse_refuses_other_spellings() {
        let code = h3_code(beijing(), 9).expect("the resolution exists");
        let digits = &code[PREFIX.len()..];
        for bad in [
            "",
            "h3:",
            digits,
            &code.to_uppercase(),
            &format!("h3:0{digits}"),
            &format!("h3:+{digits}"),
            "h3:ffffffffffffffffff",
            "h3:123",
        ] {
            assert_eq!(
                parse_h3_code(bad),
                Err(H3Error::Code((*bad).to_owned())),
                "{bad}"
            );
        }
    }
}
