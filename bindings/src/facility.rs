//! Facilities near a place, offline.

use bading_core::model::place::LatLon as CoreLatLon;
use bading_core::model::time::UtcMs;
use bading_core::services::ServiceError;
use bading_core::services::facility as core;

use crate::{CoreError, FieldCore, LatLon};

/// Facilities that were found, and the kinds that there are.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NearestAnswer {
    /// The nearest first.
    pub facilities: Vec<NearestFacility>,
    /// All kinds in this store, found or not.
    pub kinds: Vec<FacilityKindLine>,
    /// When `is_open` is told for, RFC 3339 at the city's offset.
    pub open_at: String,
}

/// A kind of facility. Kinds are the city's data, so a key is text.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FacilityKindLine {
    /// The stable key.
    pub kind: String,
    /// What people call it in Chinese.
    pub label_zh: String,
    /// What people call it in English.
    pub label_en: String,
    /// How many facilities are of this kind.
    pub count: u64,
}

/// A facility that was found.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NearestFacility {
    /// Its name for machines.
    pub id: String,
    /// The key of its kind.
    pub kind: String,
    /// What people call it, empty where it has no name.
    pub name: String,
    /// Where it stands.
    pub place: LatLon,
    /// Geodesic distance in metres.
    pub distance_m: f64,
    /// Degrees clockwise from north, 0 to below 360; 0 on the spot.
    pub bearing_deg: f64,
    /// Whether it is open; nothing where that is not known.
    pub is_open: Option<bool>,
    /// When that changes next, RFC 3339; nothing where it does not within two weeks.
    pub changes_at: Option<String>,
    /// The hours in the list's own words.
    pub opening_hours: Option<String>,
    /// The address in the list's own words.
    pub address: Option<String>,
    /// A telephone number in the list's own words.
    pub phone: Option<String>,
}

#[uniffi::export]
impl FieldCore {
    /// The facilities nearest to a place, by the list that the last sync brought.
    ///
    /// - `kinds`: keys, labels or tags (`toilet`, `公厕`, `amenity=toilets`); none for all.
    /// - `count`: how many, 1 to 1000.
    /// - `within_m`: nothing farther, in metres.
    /// - `open_at_ms`: when it is asked whether they are open, milliseconds of UTC; now
    ///   without it.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] before the first list is here, [`CoreError::InvalidInput`] for
    /// a kind that there is not, a place or a number out of range.
    #[uniffi::method(default(count = 5, within_m = None, open_at_ms = None))]
    pub fn nearest_facilities(
        &self,
        kinds: Vec<String>,
        at: LatLon,
        count: u32,
        within_m: Option<f64>,
        open_at_ms: Option<u64>,
    ) -> Result<NearestAnswer, CoreError> {
        let at = CoreLatLon::try_from(at).map_err(ServiceError::from)?;
        let query = core::NearestQuery {
            count: count as usize,
            within_m,
            open_at: open_at_ms.map(UtcMs),
            ..core::NearestQuery::new(kinds, at)
        };
        Ok(self.engine.nearest(&query)?.into())
    }
}

impl From<core::NearestAnswer> for NearestAnswer {
    fn from(answer: core::NearestAnswer) -> Self {
        Self {
            facilities: answer.facilities.into_iter().map(Into::into).collect(),
            kinds: answer.kinds.into_iter().map(Into::into).collect(),
            open_at: answer.open_at,
        }
    }
}

impl From<core::KindLine> for FacilityKindLine {
    fn from(line: core::KindLine) -> Self {
        Self {
            kind: line.kind,
            label_zh: line.label_zh,
            label_en: line.label_en,
            count: line.count as u64,
        }
    }
}

impl From<core::NearestLine> for NearestFacility {
    fn from(line: core::NearestLine) -> Self {
        Self {
            is_open: line.is_open(),
            id: line.id,
            kind: line.kind,
            name: line.name,
            place: LatLon {
                lat_deg: line.lat,
                lon_deg: line.lon,
            },
            distance_m: line.distance_m,
            bearing_deg: line.bearing_deg,
            changes_at: line.changes_at,
            opening_hours: line.opening_hours,
            address: line.address,
            phone: line.phone,
        }
    }
}
