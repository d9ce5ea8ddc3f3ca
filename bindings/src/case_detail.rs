//! One case with everything that was said of it: values with their losers, photos, history.

use bading_core::model::case::{Field, Source};
use bading_core::model::photo::PhotoRole;
use bading_core::services::case as core;
use serde_json::{Map, Value};

use crate::{CaseLine, LatLon, key};

/// A case with everything that was said of it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CaseDetail {
    /// The line of the list.
    pub line: CaseLine,
    /// How the report came.
    pub source: Option<Source>,
    /// Who reported it, where known.
    pub reporter: Option<String>,
    /// When it was reported, RFC 3339.
    pub opened: Option<String>,
    /// When the report was made, as far as it is proved.
    pub seen: Option<Seen>,
    /// The department that it was dispatched to.
    pub department: Option<String>,
    /// The fields.
    pub fields: Vec<FieldDetail>,
    /// The photos.
    pub photos: Vec<PhotoDetail>,
    /// What happened, in the order of the log.
    pub timeline: Vec<TimelineEntry>,
}

/// When a report was made: an instant where the device's clock is believed, else the bounds.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Seen {
    /// Not before this, RFC 3339.
    pub from: String,
    /// Not after this, RFC 3339; nothing while nothing bounds it.
    pub to: Option<String>,
    /// What says so: stable codes.
    pub by: Vec<String>,
}

/// How the report of a case came.
#[uniffi::remote(Enum)]
pub enum Source {
    /// 网格员上报.
    Inspector,
    /// 随手拍.
    Citizen,
}

/// A field with what was said beside the value that is shown.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FieldDetail {
    /// The field.
    pub field: Field,
    /// What counts.
    pub said: Said,
    /// What others said at the same time, not knowing of it.
    pub also_said: Vec<Said>,
}

/// A value of a field, by whom and when.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Said {
    /// The value.
    pub value: FieldValue,
    /// The person, where known.
    pub by: Option<String>,
    /// The device.
    pub device: String,
    /// When, RFC 3339.
    pub at: String,
    /// True until the hub has stamped it.
    pub is_provisional: bool,
    /// True when the value was erased.
    pub is_erased: bool,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum FieldValue {
    /// Of class, grid and note.
    Text {
        /// The text.
        text: String,
    },
    /// Of the place.
    Place {
        /// Where.
        at: LatLon,
        /// Radius of 68 %, in metres.
        accuracy_m: Option<f64>,
        /// True when a mock provider made the position.
        is_mock: bool,
    },
    /// Emptied or erased.
    Empty,
}

/// A photo of a case.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhotoDetail {
    /// BLAKE3 of the original bytes, hex.
    pub hash: String,
    /// What it shows.
    pub role: PhotoRole,
    /// Length in bytes.
    pub size_bytes: u64,
    /// True when the bytes are in this store.
    pub is_here: bool,
    /// True when the hub has confirmed the bytes.
    pub is_at_hub: bool,
    /// True when the bytes were ordered to be erased everywhere.
    pub is_erased: bool,
}

/// One line of a case's history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelineEntry {
    /// What was done: `open`, `photo`, `set`, `comment` and the like, or the action's key.
    pub what: String,
    /// The person, where known.
    pub by: Option<String>,
    /// The device.
    pub device: String,
    /// The time that counts, RFC 3339.
    pub at: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, when it did not take effect: a stable code.
    pub reason: Option<String>,
    /// The comment or the reason that was given.
    pub text: Option<String>,
    /// True until the hub has stamped it.
    pub is_provisional: bool,
    /// The commit, hex.
    pub commit: String,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Outcome {
    /// It took effect.
    Effective,
    /// It was allowed and came too late.
    Ineffective,
    /// It was not allowed.
    Refused,
    /// It waits for something that has not arrived, a grant or a release.
    Waiting,
    /// It is of a newer version: kept and forwarded, not read.
    Unread,
}

impl From<core::CaseDetail> for CaseDetail {
    fn from(detail: core::CaseDetail) -> Self {
        Self {
            line: detail.line.into(),
            source: detail.source.map(key::source),
            reporter: detail.reporter,
            opened: detail.opened,
            seen: detail.seen.map(Into::into),
            department: detail.department,
            fields: detail.fields.into_iter().map(Into::into).collect(),
            photos: detail.photos.into_iter().map(Into::into).collect(),
            timeline: detail.timeline.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<bading_core::services::seen::Seen> for Seen {
    fn from(seen: bading_core::services::seen::Seen) -> Self {
        Self {
            from: seen.from,
            to: seen.to,
            by: seen.by.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl From<core::FieldDetail> for FieldDetail {
    fn from(detail: core::FieldDetail) -> Self {
        Self {
            field: key::field(detail.field),
            said: detail.said.into(),
            also_said: detail.also_said.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::Said> for Said {
    fn from(said: core::Said) -> Self {
        Self {
            value: said.value.into(),
            by: said.by,
            device: said.device,
            at: said.at,
            is_provisional: said.provisional,
            is_erased: said.erased,
        }
    }
}

const OWN: &str = "the core writes both numbers of every place";

fn number(place: &Map<String, Value>, name: &str) -> Option<f64> {
    place.get(name)?.as_f64()
}

impl From<Value> for FieldValue {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text { text },
            Value::Object(place) => Self::Place {
                at: LatLon {
                    lat_deg: number(&place, "lat").expect(OWN),
                    lon_deg: number(&place, "lon").expect(OWN),
                },
                accuracy_m: number(&place, "accuracy_m"),
                is_mock: place.get("mock") == Some(&Value::Bool(true)),
            },
            _ => Self::Empty,
        }
    }
}

impl From<core::PhotoDetail> for PhotoDetail {
    fn from(photo: core::PhotoDetail) -> Self {
        Self {
            hash: photo.hash,
            role: key::photo_role(photo.role),
            size_bytes: photo.size_bytes,
            is_here: photo.here,
            is_at_hub: photo.at_hub,
            is_erased: photo.erased,
        }
    }
}

impl From<core::TimelineEntry> for TimelineEntry {
    fn from(entry: core::TimelineEntry) -> Self {
        Self {
            what: entry.what.to_owned(),
            by: entry.by,
            device: entry.device,
            at: entry.at,
            outcome: key::outcome(entry.outcome),
            reason: entry.reason,
            text: entry.text,
            is_provisional: entry.provisional,
            commit: entry.commit,
        }
    }
}
