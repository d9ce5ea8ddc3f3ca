//! The facilities nearest to a place, from the list in force and without a network: how far
//! and which way each is, and whether it is open.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};
use serde::Serialize;
use thiserror::Error;

use crate::geo::nearest::{NearestIndex, bearing_deg, nearest as find_nearest};
use crate::model::facility::{Facility, label_of, read_kind};
use crate::model::identifiers::{FacilityKind, IdentifierError};
use crate::model::opening_hours::OpenState;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::rules::clock::{ClockPolicy, WorkingClock};
use crate::services::{Context, ServiceError};
use crate::storage::StoreError;

/// The most facilities of one answer.
pub const MAX_COUNT: usize = 1_000;
/// The most kinds that an error names.
const TOLD_KINDS: usize = 40;

/// Why nothing is answered.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FacilityError {
    /// The store has no list of facilities.
    #[error(
        "this store has no facilities: they come with a sync from a hub that has imported some"
    )]
    NoList,
    /// No facility is of this kind.
    #[error("kind: there is no `{kind}`; there are {known}")]
    UnknownKind {
        /// What was asked for.
        kind: String,
        /// The kinds that there are, on one line.
        known: String,
    },
    /// The word is no kind.
    #[error(transparent)]
    Kind(#[from] IdentifierError),
    /// The count is zero or too large.
    #[error("count: {found} is not a whole number of 1 to {MAX_COUNT}")]
    Count {
        /// What was asked for.
        found: usize,
    },
    /// The limit is no distance.
    #[error("within_m: {found} is not a distance above 0")]
    Within {
        /// What was asked for, in metres.
        found: f64,
    },
}

/// A city's facilities with their index.
pub struct Facilities {
    /// In the order of their ids, by which the index numbers them.
    list: Vec<Facility>,
    kinds: BTreeMap<FacilityKind, NearestIndex>,
}

impl Facilities {
    /// Indexes a list, kind by kind.
    #[must_use]
    pub fn new(mut list: Vec<Facility>) -> Self {
        list.sort_by(|a, b| a.id.cmp(&b.id));
        let mut places: BTreeMap<&FacilityKind, Vec<(u32, LatLon)>> = BTreeMap::new();
        for (number, facility) in (0..).zip(&list) {
            let of_kind = places.entry(&facility.kind).or_default();
            of_kind.push((number, facility.place));
        }
        let indexed = places.into_iter();
        let kinds = indexed
            .map(|(kind, places)| (kind.clone(), NearestIndex::build(places)))
            .collect();
        Self { list, kinds }
    }

    /// The facilities in the order of their ids.
    #[must_use]
    pub fn list(&self) -> &[Facility] {
        &self.list
    }

    /// The kinds that there are, with their labels.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindLine> {
        self.kinds
            .iter()
            .map(|(kind, index)| {
                let label = label_of(kind);
                KindLine {
                    kind: kind.to_string(),
                    label_zh: label.zh,
                    label_en: label.en,
                    count: index.count(),
                }
            })
            .collect()
    }

    /// The kinds that words stand for; all of them for no words.
    fn indexes(&self, words: &[String]) -> Result<Vec<&NearestIndex>, FacilityError> {
        if words.is_empty() {
            return Ok(self.kinds.values().collect());
        }
        let mut asked = BTreeMap::new();
        for word in words {
            let kind = read_kind(word)?;
            let Some(index) = self.kinds.get(&kind) else {
                return Err(FacilityError::UnknownKind {
                    kind: word.clone(),
                    known: self.known(),
                });
            };
            // A kind that is named twice is searched once.
            asked.insert(kind, index);
        }
        Ok(asked.into_values().collect())
    }

    fn known(&self) -> String {
        let keys = self.kinds.keys().take(TOLD_KINDS);
        let told: Vec<_> = keys
            .map(|kind| match label_of(kind).zh {
                zh if zh == kind.as_str() => zh,
                zh => format!("{kind} ({zh})"),
            })
            .collect();
        match self.kinds.len() - told.len() {
            0 => told.join(", "),
            more => format!("{} and {more} more", told.join(", ")),
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestQuery {
    /// Words for the kinds, as [`read_kind`] takes them; none for all kinds.
    pub kinds: Vec<String>,
    /// From where, on WGS 84.
    pub at: LatLon,
    /// How many at most, 1 to [`MAX_COUNT`].
    pub count: usize,
    /// How far away at most, in metres; nothing for any distance.
    pub within_m: Option<f64>,
    /// When it is asked whether they are open; nothing for now.
    pub open_at: Option<UtcMs>,
    /// The city's offset from UTC in minutes, where no calendar is in force.
    pub utc_offset_min: i32,
}

impl NearestQuery {
    /// The five nearest of these kinds, now, in Beijing's time.
    #[must_use]
    pub fn new(kinds: Vec<String>, at: LatLon) -> Self {
        Self {
            kinds,
            at,
            count: 5,
            within_m: None,
            open_at: None,
            utc_offset_min: ClockPolicy::BEIJING_OFFSET_MIN,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearestAnswer {
    /// The nearest first; of equal distances the one whose id comes first.
    pub facilities: Vec<NearestLine>,
    /// All kinds that there are, found or not, by their keys.
    pub kinds: Vec<KindLine>,
    /// When `open` is told for, RFC 3339 at the city's offset.
    pub open_at: String,
}

/// A kind of facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindLine {
    /// The stable key.
    pub kind: String,
    /// What people call it in Chinese.
    pub label_zh: String,
    /// What people call it in English.
    pub label_en: String,
    /// How many facilities are of this kind.
    pub count: usize,
}

/// A facility that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearestLine {
    /// Its name for machines.
    pub id: String,
    /// The key of its kind.
    pub kind: String,
    /// What people call it, empty where it has no name.
    pub name: String,
    /// Latitude in degrees, WGS 84.
    pub lat: f64,
    /// Longitude in degrees, WGS 84.
    pub lon: f64,
    /// Geodesic distance in metres.
    pub distance_m: f64,
    /// The direction in which the way there begins, degrees clockwise from north, 0 to
    /// below 360; 0 on the spot.
    pub bearing_deg: f64,
    /// `open`, `closed` or `unknown`.
    pub open: &'static str,
    /// When that changes next, RFC 3339; nothing where it does not within two weeks, or is
    /// not known.
    pub changes_at: Option<String>,
    /// The hours in the list's own words.
    pub opening_hours: Option<String>,
    /// The address in the list's own words.
    pub address: Option<String>,
    /// A telephone number in the list's own words.
    pub phone: Option<String>,
}

impl NearestLine {
    /// Whether it is open; nothing where that is not known.
    #[must_use]
    pub fn is_open(&self) -> Option<bool> {
        match self.open {
            "open" => Some(true),
            "closed" => Some(false),
            _ => None,
        }
    }
}

/// The facilities nearest to a place by the list in force.
///
/// # Errors
/// [`ServiceError::Facility`]; [`ServiceError::Store`].
pub fn nearest(context: &Context<'_>, query: &NearestQuery) -> Result<NearestAnswer, ServiceError> {
    let (facilities, clock) = context.store.read(|tx| -> Result<_, StoreError> {
        let facilities = context.reference.facilities(tx)?;
        Ok((facilities, context.reference.clock(tx)?))
    })?;
    let (_, facilities) = facilities.ok_or(FacilityError::NoList)?;
    let clock = clock.as_ref().map(|(_, clock)| clock.as_ref());
    let now = context.host.now().wall;
    Ok(nearest_of(&facilities, query, clock, now)?)
}

/// The facilities of a list nearest to a place.
///
/// - `clock`: the city's, for its offset and its public holidays.
/// - `now`: what [`NearestQuery::open_at`] stands for when it is nothing.
///
/// # Errors
/// [`FacilityError`] names what of the query is wrong.
pub fn nearest_of(
    facilities: &Facilities,
    query: &NearestQuery,
    clock: Option<&WorkingClock>,
    now: UtcMs,
) -> Result<NearestAnswer, FacilityError> {
    if !(1..=MAX_COUNT).contains(&query.count) {
        return Err(FacilityError::Count { found: query.count });
    }
    let within_m = query.within_m.unwrap_or(f64::INFINITY);
    if within_m.is_nan() || within_m <= 0.0 {
        return Err(FacilityError::Within { found: within_m });
    }
    let indexes = facilities.indexes(&query.kinds)?;
    let offset_min = clock.map_or(query.utc_offset_min, |clock| clock.policy().utc_offset_min);
    let at = query.open_at.unwrap_or(now);
    let local = local_time(at, offset_min);
    let holidays = |day: NaiveDate| clock.and_then(|clock| is_holiday(clock, day));
    let found = find_nearest(indexes, query.at, query.count, within_m);
    let lines = found.into_iter().filter_map(|near| {
        let facility = facilities.list.get(near.number as usize)?;
        let hours = facility.opening.as_ref().and_then(|o| o.hours().ok());
        let open = hours.map_or(OpenState::Unknown, |h| h.state_at(local, &holidays));
        let changes_at = hours
            .filter(|_| open != OpenState::Unknown)
            .and_then(|hours| hours.next_change(local, &holidays))
            .and_then(|change| instant(change, offset_min))
            .map(|change| change.to_rfc3339_at(offset_min));
        Some(NearestLine {
            id: facility.id.to_string(),
            kind: facility.kind.to_string(),
            name: facility.name.clone(),
            lat: facility.place.lat_deg(),
            lon: facility.place.lon_deg(),
            distance_m: near.distance_m,
            bearing_deg: bearing_deg(query.at, facility.place),
            open: open.as_str(),
            changes_at,
            opening_hours: facility.opening.as_ref().map(|o| o.text().to_owned()),
            address: facility.address.clone(),
            phone: facility.phone.clone(),
        })
    });
    Ok(NearestAnswer {
        facilities: lines.collect(),
        kinds: facilities.kinds(),
        open_at: at.to_rfc3339_at(offset_min),
    })
}

/// Whether the notices of the year make a day a public holiday; nothing for a year without.
fn is_holiday(clock: &WorkingClock, day: NaiveDate) -> Option<bool> {
    use chrono::Datelike;
    let mut years = clock.calendar().years();
    let year = years.find(|year| year.year() == day.year() && year.is_published())?;
    Some(year.days().get(&day).is_some_and(|day| day.is_off))
}

fn local_time(at: UtcMs, offset_min: i32) -> NaiveDateTime {
    let ms = i64::try_from(at.0.min(UtcMs::MAX.0)).unwrap_or(0) + i64::from(offset_min) * 60_000;
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .naive_utc()
}

fn instant(local: NaiveDateTime, offset_min: i32) -> Option<UtcMs> {
    let utc = local.checked_sub_signed(TimeDelta::minutes(i64::from(offset_min)))?;
    u64::try_from(utc.and_utc().timestamp_millis())
        .ok()
        .map(UtcMs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::datum::Datum;
    use crate::geo::facility_file::read_facilities;
    use crate::rules::calendar::Calendar;
    use crate::rules::calendar_file::CalendarYear;

    const LIST: &str = "id,kind,name,lat,lon,opening_hours\n\
        b,toilet,,31.231,121.47,Mo-Fr 08:00-18:00; PH off\n\
        a,toilet,,31.231,121.47,24/7\n\
        c,toilet,,31.25,121.47,by appointment\n\
        p,parking,,31.2301,121.47,\n";

    fn facilities() -> Facilities {
        let list = read_facilities(LIST.as_bytes(), Datum::Wgs84).expect("a good list");
        Facilities::new(list.facilities)
    }

    fn query(kinds: &[&str]) -> NearestQuery {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        NearestQuery::new(kinds, LatLon::try_new(31.23, 121.47).expect("a place"))
    }

    fn answer(query: &NearestQuery, clock: Option<&WorkingClock>) -> NearestAnswer {
        // Monday.
        let now = UtcMs::parse_rfc3339("2026-03-02T09:00:00+08:00").expect("a time");
        nearest_of(&facilities(), query, clock, now).expect("a good query")
    }

    fn ids(answer: &NearestAnswer) -> Vec<&str> {
        answer.facilities.iter().map(|f| f.id.as_str()).collect()
    }

    #[test]
    fn nearest_answers_a_kind_by_any_word_for_it_and_all_kinds_for_none() {
        for words in [&["toilet"][..], &["公厕"], &["amenity=toilets", "WC"]] {
            assert_eq!(ids(&answer(&query(words), None)), ["a", "b", "c"]);
        }
        let all = answer(&query(&[]), None);
        assert_eq!(ids(&all), ["p", "a", "b", "c"]);
        let kinds: Vec<_> = all
            .kinds
            .iter()
            .map(|k| (k.kind.as_str(), k.count))
            .collect();
        assert_eq!(kinds, [("parking", 1), ("toilet", 3)]);
        assert_eq!(
            (
                all.kinds[1].label_zh.as_str(),
                all.kinds[1].label_en.as_str()
            ),
            ("公厕", "public toilet")
        );
        let mut near = query(&[]);
        (near.count, near.within_m) = (2, Some(100.0));
        assert_eq!(ids(&answer(&near, None)), ["p"]);
    }

    #[test]
    fn line_has_distance_bearing_and_state() {
        let found = answer(&query(&["toilet"]), None);
        let first = &found.facilities[0];
        // By GeographicLib for Python.
        assert!(
            (first.distance_m - 110.873_434_388).abs() < 1e-6,
            "{first:?}"
        );
        assert!(first.bearing_deg.abs() < 1e-9);
        assert_eq!((first.open, &first.changes_at), ("open", &None));
        // Whether the second is open depends on a calendar, and the third speaks in riddles.
        let states: Vec<_> = found.facilities.iter().map(|f| f.open).collect();
        assert_eq!(states, ["open", "unknown", "unknown"]);
        assert_eq!(found.open_at, "2026-03-02T09:00:00+08:00");
    }

    #[test]
    fn calendar_in_force_tells_public_holidays() {
        let year = r#"{"year":2026,"papers":["p"],"days":[
            {"name":"x","date":"2026-03-03","isOffDay":true}]}"#;
        let year = CalendarYear::read(year.as_bytes()).expect("a year");
        let calendar = Calendar::try_new([year]).expect("a calendar");
        let clock = WorkingClock::try_new(calendar, ClockPolicy::default()).expect("a clock");
        let state = |time: &str| {
            let mut query = query(&["toilet"]);
            query.open_at = UtcMs::parse_rfc3339(time);
            let answer = answer(&query, Some(&clock));
            (
                answer.facilities[1].open,
                answer.facilities[1].changes_at.clone(),
            )
        };
        let open = state("2026-03-02T09:00:00+08:00");
        assert_eq!(open, ("open", Some("2026-03-02T18:00:00+08:00".to_owned())));
        // The next day is a holiday, so that it opens the day after.
        let closed = state("2026-03-02T20:00:00+08:00");
        assert_eq!(
            closed,
            ("closed", Some("2026-03-04T08:00:00+08:00".to_owned()))
        );
        assert_eq!(state("2027-03-02T09:00:00+08:00").0, "unknown");
    }

    #[test]
    fn query_that_is_wrong_says_what_is_right() {
        let now = UtcMs(0);
        let said = |query: &NearestQuery| {
            let answer = nearest_of(&facilities(), query, None, now);
            answer.expect_err("a wrong query").to_string()
        };
        assert_eq!(
            said(&query(&["toilet", "spaceport"])),
            "kind: there is no `spaceport`; there are parking (停车场), toilet (公厕)"
        );
        assert!(said(&query(&[""])).starts_with("kind must have 1 to 64 characters"));
        let with = |count, within_m| NearestQuery {
            count,
            within_m,
            ..query(&[])
        };
        assert!(said(&with(0, None)).starts_with("count: 0"));
        assert!(said(&with(1_001, None)).starts_with("count: 1001"));
        for within_m in [0.0, -1.0, f64::NAN] {
            assert!(said(&with(5, Some(within_m))).starts_with("within_m: "));
        }
    }
}
