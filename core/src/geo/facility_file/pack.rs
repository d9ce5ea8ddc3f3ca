//! The pack of a city's facilities: GeoJSON in one order and one form, so that the same list
//! is the same bytes, and opens in any map.

use serde::Serialize;

use super::{FacilityFileError, read_facilities};
use crate::geo::datum::Datum;
use crate::model::facility::Facility;

#[derive(Serialize)]
struct Collection<'a> {
    r#type: &'static str,
    features: Vec<Feature<'a>>,
}

#[derive(Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    properties: Properties<'a>,
    geometry: Geometry,
}

#[derive(Serialize)]
struct Properties<'a> {
    id: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_hours: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

#[derive(Serialize)]
struct Geometry {
    r#type: &'static str,
    coordinates: [f64; 2],
}

/// The pack: a GeoJSON FeatureCollection of points on WGS 84 in the order of the ids,
/// properties only where a facility has them. [`read_facilities_pack`] gives the facilities
/// back as they were.
#[must_use]
pub fn facilities_pack(facilities: &[Facility]) -> Vec<u8> {
    let mut sorted: Vec<&Facility> = facilities.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let collection = Collection {
        r#type: "FeatureCollection",
        features: sorted.into_iter().map(feature).collect(),
    };
    serde_json::to_vec(&collection).expect("text and numbers are always JSON")
}

fn feature(facility: &Facility) -> Feature<'_> {
    Feature {
        r#type: "Feature",
        properties: Properties {
            id: facility.id.as_str(),
            kind: facility.kind.as_str(),
            name: &facility.name,
            opening_hours: facility.opening.as_ref().map(|opening| opening.text()),
            address: facility.address.as_deref(),
            phone: facility.phone.as_deref(),
        },
        geometry: Geometry {
            r#type: "Point",
            coordinates: [facility.place.lon_deg(), facility.place.lat_deg()],
        },
    }
}

/// Reads the pack that [`facilities_pack`] made; in the order of the ids.
///
/// # Errors
/// As [`read_facilities`], for bytes that are no pack.
pub fn read_facilities_pack(bytes: &[u8]) -> Result<Vec<Facility>, FacilityFileError> {
    Ok(read_facilities(bytes, Datum::Wgs84)?.facilities)
}
