//! A city's list of facilities, and the pack made of it.
//!
//! CSV, or GeoJSON as a map's export has it: OpenStreetMap's tags say what a feature is where
//! the property `kind` does not, and an area or a line is taken by its centre. The whole file
//! is read before anything is said, so that every problem is named at once; a file with one
//! problem gives no facilities. Opening hours that are not understood are kept as they are
//! and noted, since they make a facility no less near.
//!
//! Source: RFC 7946; <https://wiki.openstreetmap.org/wiki/Map_features>.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use thiserror::Error;

use crate::geo::datum::{Datum, DatumError, convert};
use crate::geo::excerpt::excerpt;
use crate::geo::json::Json;
use crate::geo::route_file::feature::{features_of, place};
use crate::geo::table::{Table, TableError};
use crate::geo::track_file::is_json;
use crate::model::facility::{Facility, Opening, read_kind};
use crate::model::identifiers::{FacilityId, FacilityKind, IdentifierError};
use crate::model::opening_hours::OpeningHoursError;
use crate::model::place::LatLon;

mod geojson;
mod pack;

pub use pack::{facilities_pack, read_facilities_pack};

/// Files above this size are refused; 200,000 facilities of a map's export have about this.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// The most facilities of one list.
pub const MAX_FACILITIES: usize = 500_000;
/// The most problems that are kept; the rest is counted.
const MAX_PROBLEMS: usize = 100;
/// The most problems that one line tells.
const TOLD_PROBLEMS: usize = 5;
const MAX_NAME_CHARS: usize = 200;
const MAX_TEXT_CHARS: usize = 500;

/// Where in a file something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    /// A row of a CSV; the one after the header is 2, as a spreadsheet shows it.
    Row(u64),
    /// A feature of a GeoJSON, from 1.
    Feature(usize),
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => write!(f, "row {row}"),
            Self::Feature(feature) => write!(f, "feature {feature}"),
        }
    }
}

/// What is wrong with a member of a feature or a field of a row.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FacilityFault {
    /// It is absent or empty.
    #[error("missing; {0} should stand there")]
    Missing(&'static str),
    /// It is text of another length or form than it may have.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// A text is too long or has control characters.
    #[error("`{text}` has {found} characters; at most {most}, none of them a control character")]
    Text {
        /// Its beginning.
        text: String,
        /// How many it has.
        found: usize,
        /// How many it may have.
        most: usize,
    },
    /// The text is not a number.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// Degrees out of range; the other way round they would be a place.
    #[error("latitude {lat_deg} is outside -90..90; latitude and longitude look swapped")]
    Swapped {
        /// What stands for the latitude.
        lat_deg: f64,
    },
    /// Degrees out of range.
    #[error("{deg} is outside -{limit_deg}..{limit_deg}")]
    OutOfRange {
        /// What stands there.
        deg: f64,
        /// The largest degree allowed.
        limit_deg: u8,
    },
    /// Another facility has the id.
    #[error("`{id}` stands in {first} already")]
    DuplicateId {
        /// The id.
        id: String,
        /// Where it stands too.
        first: Record,
    },
    /// The geometry is none that has a centre.
    #[error("{0}")]
    Geometry(&'static str),
    /// The place has no counterpart in WGS 84.
    #[error(transparent)]
    Datum(#[from] DatumError),
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{record}, {field}: {fault}")]
pub struct FacilityProblem {
    /// Where.
    pub record: Record,
    /// The column, or the member of the feature.
    pub field: String,
    /// What is wrong with it.
    pub fault: FacilityFault,
}

/// Why a file gives no facilities.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FacilityFileError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {size_bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The file is not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The file is JSON, but no GeoJSON of features.
    #[error("not a GeoJSON of facilities: {0}")]
    NotGeoJson(&'static str),
    /// The file is no CSV with the columns that are needed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file has no facilities.
    #[error("the file has no facilities")]
    Empty,
    /// The file has more than [`MAX_FACILITIES`].
    #[error("the file has more than {MAX_FACILITIES} facilities")]
    TooMany,
    /// Rows or features are wrong.
    #[error("{}", Told(.problems, *.count))]
    Problems {
        /// The first of them in the order of the file, at most a hundred.
        problems: Vec<FacilityProblem>,
        /// How many there are.
        count: usize,
    },
}

/// Some problems on one line.
struct Told<'a>(&'a [FacilityProblem], usize);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.iter().take(TOLD_PROBLEMS).map(ToString::to_string);
        let told: Vec<_> = told.collect();
        f.write_str(&told.join("; "))?;
        match self.1.saturating_sub(told.len()) {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

/// Opening hours that are kept and not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursNotice {
    /// Where they stand.
    pub record: Record,
    /// The words.
    pub text: String,
    /// What of them is outside of the grammar.
    pub why: OpeningHoursError,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FacilityList {
    /// In the order of the ids, on WGS 84.
    pub facilities: Vec<Facility>,
    /// Opening hours that are not understood, in the order of the file.
    pub notices: Vec<HoursNotice>,
}

/// Reads a list of facilities.
///
/// - `bytes`: CSV in UTF-8, its columns found by name: `id` (编号), `kind` (类别), `lat`
///   (纬度), `lon` (经度), and where wanted `name` (名称), `opening_hours` (开放时间),
///   `address` (地址), `phone` (电话). Or GeoJSON: `kind` or a tag such as `amenity`, `id`,
///   `@id` or the feature's own id, any geometry with a centre.
/// - `datum`: that of the file; places become WGS 84, kept to 1e-9 degrees.
///
/// # Errors
/// [`FacilityFileError`]; [`FacilityFileError::Problems`] names every row or feature.
pub fn read_facilities(bytes: &[u8], datum: Datum) -> Result<FacilityList, FacilityFileError> {
    let size_bytes = bytes.len();
    if size_bytes > MAX_FILE_BYTES {
        return Err(FacilityFileError::TooLarge { size_bytes });
    }
    let mut reader = Reader::new(datum);
    if is_json(bytes) {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let file: Json = serde_json::from_slice(bytes)
            .map_err(|error| FacilityFileError::NotJson(error.to_string()))?;
        let features = features_of(file).map_err(FacilityFileError::NotGeoJson)?;
        if features.len() > MAX_FACILITIES {
            return Err(FacilityFileError::TooMany);
        }
        for (number, feature) in (1..).zip(&features) {
            reader.take(Record::Feature(number), geojson::fields(feature));
        }
    } else {
        read_csv(bytes, &mut reader)?;
    }
    reader.finish()
}

fn read_csv(bytes: &[u8], reader: &mut Reader) -> Result<(), FacilityFileError> {
    let mut table = Table::open(bytes, 2)?;
    let id = table.need(&[
        "id",
        "编号",
        "编码",
        "设施编号",
        "设施编码",
        "标识码",
        "序号",
    ])?;
    let kind = table.need(&[
        "kind",
        "类别",
        "类型",
        "种类",
        "设施类别",
        "设施类型",
        "category",
        "type",
    ])?;
    let lat = table.need(&["lat", "latitude", "纬度"])?;
    let lon = table.need(&["lon", "lng", "longitude", "经度"])?;
    let name = table.find(&["name", "名称", "设施名称"])?;
    let hours = table.find(&["opening_hours", "hours", "开放时间", "营业时间", "开放时段"])?;
    let address = table.find(&["address", "地址", "详细地址", "位置"])?;
    let phone = table.find(&["phone", "电话", "联系电话", "tel"])?;
    let mut count = 0;
    while let Some(row) = table.advance()? {
        count += 1;
        if count > MAX_FACILITIES {
            return Err(FacilityFileError::TooMany);
        }
        let text = |column| table.field(column).to_owned();
        let degrees = |column: usize, field: &'static str| match table.field(Some(column)) {
            "" => Err((field.to_owned(), FacilityFault::Missing("degrees"))),
            text => text
                .parse()
                .map_err(|_| (field.to_owned(), FacilityFault::NotANumber(excerpt(text)))),
        };
        let place = degrees(lat, "lat").and_then(|lat_deg| {
            let lon_deg = degrees(lon, "lon")?;
            checked_place(lat_deg, lon_deg, ["lat", "lon"])
        });
        let fields = Fields {
            id: (text(Some(id)), "id".to_owned()),
            kind: (text(Some(kind)), "kind".to_owned()),
            name: (text(name), "name".to_owned()),
            hours: (text(hours), "opening_hours".to_owned()),
            address: (text(address), "address".to_owned()),
            phone: (text(phone), "phone".to_owned()),
            place,
        };
        reader.take(Record::Row(row), fields);
    }
    Ok(())
}

/// The field that is wrong, and what is wrong with it.
type Fault = (String, FacilityFault);

/// What a row or a feature says, each text with the name of its field; empty for nothing.
struct Fields {
    id: (String, String),
    kind: (String, String),
    name: (String, String),
    hours: (String, String),
    address: (String, String),
    phone: (String, String),
    /// In the file's own datum.
    place: Result<LatLon, Fault>,
}

/// A position, rounded as it is kept; what is out of range is named by its field.
fn checked_place(lat_deg: f64, lon_deg: f64, fields: [&str; 2]) -> Result<LatLon, Fault> {
    let is_lat = |deg: f64| (-90.0..=90.0).contains(&deg);
    let is_lon = |deg: f64| (-180.0..=180.0).contains(&deg);
    place(lat_deg, lon_deg).map_err(|_| {
        if !is_lat(lat_deg) {
            let fault = match is_lon(lat_deg) && is_lat(lon_deg) {
                true => FacilityFault::Swapped { lat_deg },
                false => FacilityFault::OutOfRange {
                    deg: lat_deg,
                    limit_deg: 90,
                },
            };
            return (fields[0].to_owned(), fault);
        }
        let fault = FacilityFault::OutOfRange {
            deg: lon_deg,
            limit_deg: 180,
        };
        (fields[1].to_owned(), fault)
    })
}

/// Collects facilities and problems.
struct Reader {
    datum: Datum,
    facilities: Vec<Facility>,
    ids: HashMap<FacilityId, Record>,
    notices: Vec<HoursNotice>,
    problems: Vec<FacilityProblem>,
    problem_count: usize,
}

impl Reader {
    fn new(datum: Datum) -> Self {
        Self {
            datum,
            facilities: Vec::new(),
            ids: HashMap::new(),
            notices: Vec::new(),
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    /// Takes one record; everything that is wrong with it is kept.
    fn take(&mut self, record: Record, fields: Fields) {
        let id = self.answer(record, read_id(fields.id));
        if let Some(id) = &id {
            if let Some(first) = self.ids.get(id).copied() {
                let id = excerpt(id.as_str());
                let fault = FacilityFault::DuplicateId { id, first };
                self.note(record, ("id".to_owned(), fault));
            } else {
                self.ids.insert(id.clone(), record);
            }
        }
        let kind = self.answer(record, read_kind_field(fields.kind));
        let name = self.answer(record, read_text(fields.name, MAX_NAME_CHARS));
        let hours = self.answer(record, read_text(fields.hours, MAX_TEXT_CHARS));
        let address = self.answer(record, read_text(fields.address, MAX_TEXT_CHARS));
        let phone = self.answer(record, read_text(fields.phone, MAX_NAME_CHARS));
        let datum = self.datum;
        let place = self.answer(
            record,
            fields.place.and_then(|place| to_wgs84(place, datum)),
        );
        let (Some(id), Some(kind), Some(name), Some(place)) = (id, kind, name, place) else {
            return;
        };
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let opening = given(hours).map(|text| Opening::new(&text));
        if let Some(opening) = &opening
            && let Err(why) = opening.hours()
        {
            self.notices.push(HoursNotice {
                record,
                text: opening.text().to_owned(),
                why: why.clone(),
            });
        }
        self.facilities.push(Facility {
            id,
            kind,
            name,
            place,
            opening,
            address: given(address),
            phone: given(phone),
        });
    }

    fn answer<T>(&mut self, record: Record, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.note(record, fault)).ok()
    }

    fn note(&mut self, record: Record, (field, fault): Fault) {
        self.problem_count += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(FacilityProblem {
                record,
                field,
                fault,
            });
        }
    }

    fn finish(mut self) -> Result<FacilityList, FacilityFileError> {
        if self.problem_count > 0 {
            return Err(FacilityFileError::Problems {
                problems: self.problems,
                count: self.problem_count,
            });
        }
        if self.facilities.is_empty() {
            return Err(FacilityFileError::Empty);
        }
        self.facilities.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(FacilityList {
            facilities: self.facilities,
            notices: self.notices,
        })
    }
}

fn read_id((text, field): (String, String)) -> Result<FacilityId, Fault> {
    if text.is_empty() {
        let fault = FacilityFault::Missing("an id that stays the same from list to list");
        return Err((field, fault));
    }
    FacilityId::parse(&text).map_err(|why| (field, why.into()))
}

fn read_kind_field((text, field): (String, String)) -> Result<FacilityKind, Fault> {
    if text.is_empty() {
        let fault = FacilityFault::Missing("what it is, such as toilet or parking");
        return Err((field, fault));
    }
    read_kind(&text).map_err(|why| (field, why.into()))
}

fn read_text((text, field): (String, String), most: usize) -> Result<String, Fault> {
    let found = text.chars().count();
    if found > most || text.contains(char::is_control) {
        let text = excerpt(&text);
        return Err((field, FacilityFault::Text { text, found, most }));
    }
    Ok(text)
}

fn to_wgs84(given: LatLon, datum: Datum) -> Result<LatLon, Fault> {
    // What is on WGS 84 already keeps its digits.
    if matches!(datum, Datum::Wgs84 | Datum::Cgcs2000) {
        return Ok(given);
    }
    let (lat_deg, lon_deg) = convert(datum, Datum::Wgs84, given.lat_deg(), given.lon_deg())
        .map_err(|why| ("place".to_owned(), why.into()))?;
    checked_place(lat_deg, lon_deg, ["lat", "lon"])
}

/// The kinds of some facilities, in order.
#[must_use]
pub fn kinds_of(facilities: &[Facility]) -> BTreeSet<&FacilityKind> {
    facilities.iter().map(|facility| &facility.kind).collect()
}

#[cfg(test)]
mod tests;
