//! Capture: a report with photos, sealed at once, offline, before any enrolment.
//!
//! Photos are checked and durable before the commit names them. What looks odd is a hint that
//! the reporter sees while still standing there; nothing but bytes that are no photo, or
//! numbers that are no place, turns a report away.

use serde::Serialize;
use uuid::Uuid;

use crate::geo::distance::distance_m;
use crate::model::attest::{PhotoSource, Provider};
use crate::model::case::{CaseId, ClassCode, Source};
use crate::model::identifiers::Hash;
use crate::model::person::Role;
use crate::model::photo::{Photo, PhotoRole};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::workflow::Phase;
use crate::oplog::attest::Attest;
use crate::oplog::body::{BodyBuilder, Kind, MAX_TEXT_BYTES, Placed, Subject};
use crate::photo::{self, PhotoFacts};
use crate::services::log::{append, own_authority, zone_for};
use crate::services::{Context, ServiceError};
use crate::storage::Tx;
use crate::storage::case::CaseRow;
use crate::storage::reference::Setting;

/// The longest sides of the pictures that are made of a photo, in pixels.
pub const THUMBNAILS_PX: [u32; 2] = [1600, 320];
/// Reports of one class closer than this are likely one problem.
pub const NEAR_DUPLICATE_M: f64 = 50.0;
/// A case that was closed longer ago is another problem.
const NEAR_DUPLICATE_MS: u64 = 24 * 60 * 60 * 1000;
/// A photo taken farther from the fix than this was likely taken elsewhere.
const EXIF_PLACE_M: f64 = 100.0;
/// A photo taken longer before or after than this was likely taken at another time.
const EXIF_TIME_MS: u64 = 10 * 60 * 1000;
/// A fix less sure than this does not tell one side of a street from the other.
const POOR_ACCURACY_M: f64 = 50.0;

/// A photo as it comes in.
#[derive(Debug, Clone)]
pub struct PhotoInput {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// What it shows, where the reporter says so.
    pub role: Option<PhotoRole>,
}

/// A report as it comes in.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// At least one.
    pub photos: Vec<PhotoInput>,
    /// Where; else the first photo that knows its place.
    pub at: Option<LatLon>,
    /// Radius of 68 %, in metres.
    pub accuracy_m: Option<f64>,
    /// The small class.
    pub class: Option<ClassCode>,
    /// The reporter's words.
    pub note: Option<String>,
    /// When the problem was seen, where that is not now.
    pub taken_at: Option<UtcMs>,
    /// True when the platform says that a mock provider made the position.
    pub is_mock: bool,
    /// What made the position, where the platform tells.
    pub provider: Provider,
    /// The satellites' time of the position, where the platform tells.
    pub gnss_time: Option<UtcMs>,
    /// True for photos from the gallery, false for photos taken in the app, where known.
    pub is_from_gallery: Option<bool>,
}

/// What the reporter is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reported {
    /// The case, named at once.
    pub case_id: String,
    /// The commit that seals it.
    pub commit: String,
    /// The photos, in the report's order.
    pub photos: Vec<ReportedPhoto>,
    /// The cell; nothing outside the city's grid.
    pub grid: Option<String>,
    /// What looks odd.
    pub hints: Vec<Hint>,
}

/// A photo that was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportedPhoto {
    /// BLAKE3 of the original bytes.
    pub hash: String,
    /// What it shows.
    pub role: &'static str,
}

/// Something that looks odd, for a person to judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// The stable code.
    pub kind: &'static str,
    /// The figures behind it.
    pub detail: String,
}

/// A photo that was checked, with its pictures, not yet on the disk.
pub(crate) struct Checked {
    pub(crate) photo: Photo,
    facts: PhotoFacts,
    thumbnails: Vec<(u32, Vec<u8>)>,
}

/// A report that holds by itself, before any store is asked.
pub struct Prepared<'r> {
    report: &'r Report,
    photos: Vec<Checked>,
}

/// Checks a report without a store, so that a bad one does not even make one.
///
/// # Errors
/// [`ServiceError::Photo`] for bytes that are no photo, [`ServiceError::NoPhoto`],
/// [`ServiceError::TextTooLong`], or [`ServiceError::Place`] for an accuracy that is none.
pub fn prepare(report: &Report) -> Result<Prepared<'_>, ServiceError> {
    if let Some(m) = report.accuracy_m.filter(|m| !(m.is_finite() && *m >= 0.0)) {
        return Err(crate::model::place::PlaceError::Accuracy(m).into());
    }
    if report.photos.is_empty() {
        return Err(ServiceError::NoPhoto);
    }
    check_text("note", report.note.as_deref())?;
    let photos = check_photos(&report.photos, &[PhotoRole::Near, PhotoRole::Far])?;
    Ok(Prepared { report, photos })
}

/// Reports a problem.
///
/// # Errors
/// As [`prepare`] and [`report_prepared`]; the store is unchanged.
pub fn report(context: &Context<'_>, report: &Report) -> Result<Reported, ServiceError> {
    report_prepared(context, &prepare(report)?)
}

/// Reports a problem that [`prepare`] has checked.
///
/// # Errors
/// [`ServiceError::UnknownClass`] for a class that the duty list has not; the store is
/// unchanged.
pub fn report_prepared(
    context: &Context<'_>,
    prepared: &Prepared<'_>,
) -> Result<Reported, ServiceError> {
    let Prepared { report, photos } = prepared;
    let accuracy_m = report.accuracy_m;
    let (class, at) = (report.class.as_ref(), place_of(report, photos));
    // What can turn the report away is asked before the first byte is written.
    context.store.read(|tx| check_class(tx, context, class))?;
    let seen_at = report.taken_at.unwrap_or(context.host.now().wall);
    let mut hints = photo_hints(report, seen_at, at, photos);
    keep_photos(context, &report.photos, photos)?;
    context.store.write(|tx| {
        let duties = check_class(tx, context, class)?;
        let grid = match at {
            Some(at) => context.reference.grid_at(tx, at, seen_at)?,
            None => None,
        };
        hints.extend(store_hints(tx, context, report, at, seen_at, photos)?);
        let case_id = CaseId(Uuid::from_bytes(uuid_bytes(context.nonce())));
        let subject = Subject::case(case_id);
        let mut body = BodyBuilder::new();
        let place = at.map(|at| {
            body.place(
                &Placed::new(at, accuracy_m, report.is_mock),
                context.nonce(),
            )
        });
        let note = report
            .note
            .as_ref()
            .map(|note| body.text(note, context.nonce()));
        let is_inspector = own_authority(tx)?.roles.contains(&Role::Inspector);
        let open = Kind::Open {
            source: if is_inspector {
                Source::Inspector
            } else {
                Source::Citizen
            },
            seen_at: report.taken_at,
            duty_pin: duties.map(|(hash, _)| hash),
            class: report.class.clone(),
            grid: grid.clone(),
            place,
            note,
        };
        body.push(subject, open);
        for checked in photos {
            body.push(subject, Kind::AddPhoto(checked.photo));
        }
        let attest = attest(tx, context, report, &hints, &mut body)?;
        body.push(subject, Kind::Attest(attest));
        note_photos(tx, photos)?;
        let zone = zone_for(tx, None)?;
        let commit = append(tx, context, &zone, &body.finish(), Vec::new())?;
        Ok(Reported {
            case_id: case_id.to_string(),
            commit: commit.hash().to_string(),
            photos: photos
                .iter()
                .map(|checked| ReportedPhoto {
                    hash: checked.photo.hash.to_string(),
                    role: checked.photo.role.as_str(),
                })
                .collect(),
            grid: grid.map(|grid| grid.as_str().to_owned()),
            hints,
        })
    })
}

/// How the report came about, with what looked odd sealed beside it: the person who reviews
/// it later sees what the reporter saw.
fn attest(
    tx: &Tx<'_>,
    context: &Context<'_>,
    report: &Report,
    hints: &[Hint],
    body: &mut BodyBuilder,
) -> Result<Attest, ServiceError> {
    let sealed: Vec<_> = hints
        .iter()
        .map(|hint| (hint.kind.to_owned(), hint.detail.clone()))
        .collect();
    Ok(Attest {
        provider: if report.is_mock {
            Provider::Mock
        } else {
            report.provider
        },
        gnss_time: report.gnss_time,
        photo_source: report.is_from_gallery.map(|is_from_gallery| {
            if is_from_gallery {
                PhotoSource::Gallery
            } else {
                PhotoSource::Camera
            }
        }),
        challenge: tx.setting(Setting::HourChallenge)?,
        hints: (!sealed.is_empty()).then(|| body.hints(&sealed, context.nonce())),
    })
}

/// Random bytes as a UUID of version 4.
fn uuid_bytes(random: [u8; 16]) -> [u8; 16] {
    *uuid::Builder::from_random_bytes(random)
        .as_uuid()
        .as_bytes()
}

pub(crate) fn check_text(field: &'static str, text: Option<&str>) -> Result<(), ServiceError> {
    let found = text.map_or(0, str::len);
    if found > MAX_TEXT_BYTES {
        return Err(ServiceError::TextTooLong {
            field,
            max: MAX_TEXT_BYTES,
            found,
        });
    }
    Ok(())
}

/// Decodes photos and gives those without a role one of `defaults` by their place, and
/// *reference* to the rest.
pub(crate) fn check_photos(
    photos: &[PhotoInput],
    defaults: &[PhotoRole],
) -> Result<Vec<Checked>, ServiceError> {
    photos
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let capture = photo::capture(&input.bytes, &THUMBNAILS_PX).map_err(|why| {
                ServiceError::Photo {
                    index: index + 1,
                    why,
                }
            })?;
            let default = defaults.get(index).copied().unwrap_or(PhotoRole::Reference);
            let photo = Photo {
                hash: Hash(capture.facts.blake3),
                role: input.role.unwrap_or(default),
                size_bytes: input.bytes.len() as u64,
            };
            Ok(Checked {
                photo,
                facts: capture.facts,
                thumbnails: capture.thumbnails,
            })
        })
        .collect()
}

/// Writes photos and their pictures durably; a commit may name them afterwards. What no
/// commit comes to name is only a file too many.
pub(crate) fn keep_photos(
    context: &Context<'_>,
    inputs: &[PhotoInput],
    photos: &[Checked],
) -> Result<(), ServiceError> {
    let blobs = context.store.blobs();
    for (input, checked) in inputs.iter().zip(photos) {
        // What was ordered to be erased does not come back by reporting it again.
        if context
            .store
            .read(|tx| tx.is_photo_erased(&checked.photo.hash))?
        {
            continue;
        }
        blobs.put(&checked.photo.hash, &input.bytes)?;
        for (longest_px, picture) in &checked.thumbnails {
            blobs.put_derived(&checked.photo.hash, *longest_px, picture)?;
        }
    }
    Ok(())
}

/// Notes that photos are here, in the transaction of the commit that names them.
pub(crate) fn note_photos(tx: &Tx<'_>, photos: &[Checked]) -> Result<(), ServiceError> {
    for checked in photos {
        let is_held = !tx.is_photo_erased(&checked.photo.hash)?;
        tx.put_blob(&checked.photo.hash, checked.photo.size_bytes, is_held)?;
    }
    Ok(())
}

type Duties = Option<(Hash, std::sync::Arc<crate::model::duty::DutyList>)>;

fn check_class(
    tx: &Tx<'_>,
    context: &Context<'_>,
    class: Option<&ClassCode>,
) -> Result<Duties, ServiceError> {
    let duties = context.reference.duties(tx)?;
    if let (Some(class), Some((_, list))) = (class, &duties)
        && list.find(class).next().is_none()
    {
        return Err(ServiceError::UnknownClass(class.as_str().to_owned()));
    }
    Ok(duties)
}

/// The place given, else that of the first photo that knows one.
fn place_of(report: &Report, photos: &[Checked]) -> Option<LatLon> {
    report.at.or_else(|| photos.iter().find_map(exif_place))
}

/// The place in a photo; a camera without a fix writes 0, 0.
fn exif_place(checked: &Checked) -> Option<LatLon> {
    let (lat, lon) = checked
        .facts
        .position
        .filter(|place| *place != (0.0, 0.0))?;
    LatLon::try_new(lat, lon).ok()
}

/// The instant in a photo, when it tells its offset from UTC; nothing is guessed.
fn exif_time(facts: &PhotoFacts) -> Option<UtcMs> {
    let text = format!("{}{}", facts.taken_at.as_deref()?, facts.offset.as_deref()?);
    UtcMs::parse_rfc3339(&text)
}

fn hint(kind: &'static str, detail: impl Into<String>) -> Hint {
    Hint {
        kind,
        detail: detail.into(),
    }
}

/// What the report and its photos say by themselves.
fn photo_hints(
    report: &Report,
    seen_at: UtcMs,
    at: Option<LatLon>,
    photos: &[Checked],
) -> Vec<Hint> {
    let mut hints = Vec::new();
    match (report.at, at) {
        (None, Some(_)) => hints.push(hint("place_from_photo", "no position was given")),
        (None, None) => hints.push(hint("no_place", "neither the report nor a photo has one")),
        _ => {}
    }
    if report.is_mock {
        hints.push(hint("mock_position", "a mock provider made the position"));
    }
    if let Some(m) = report.accuracy_m.filter(|m| *m > POOR_ACCURACY_M) {
        hints.push(hint("accuracy_poor", format!("{m:.0} m")));
    }
    for (number, checked) in (1..).zip(photos) {
        if let (Some(at), Some(exif)) = (report.at, exif_place(checked)) {
            let apart_m = distance_m(at, exif);
            if apart_m > EXIF_PLACE_M {
                hints.push(hint(
                    "exif_place",
                    format!("photo {number}: {apart_m:.0} m away"),
                ));
            }
        }
        if let Some(exif) = exif_time(&checked.facts) {
            let apart_ms = seen_at.0.abs_diff(exif.0);
            if apart_ms > EXIF_TIME_MS {
                let minutes = apart_ms / 60_000;
                hints.push(hint(
                    "exif_time",
                    format!("photo {number}: {minutes} min apart"),
                ));
            }
        }
        for problem in &checked.facts.problems {
            hints.push(hint(
                "photo_problem",
                format!("photo {number}: {}", problem.code()),
            ));
        }
    }
    hints
}

/// What the store knows around the report.
fn store_hints(
    tx: &Tx<'_>,
    context: &Context<'_>,
    report: &Report,
    at: Option<LatLon>,
    seen_at: UtcMs,
    photos: &[Checked],
) -> Result<Vec<Hint>, ServiceError> {
    let mut hints = Vec::new();
    for (number, checked) in (1..).zip(photos) {
        if tx.find_blob(&checked.photo.hash)?.is_some() {
            hints.push(hint(
                "photo_seen",
                format!("photo {number} is in another report"),
            ));
        }
    }
    if let Some(at) = at
        && context.reference.grid_at(tx, at, seen_at)?.is_none()
    {
        hints.push(hint(
            "outside_grid",
            "no cell of the city's grid holds the place",
        ));
    }
    let Some(class) = &report.class else {
        hints.push(hint("no_class", "no class was chosen"));
        return Ok(hints);
    };
    match context.reference.duties(tx)? {
        None => hints.push(hint("class_unchecked", "no duty list is here")),
        Some((_, list)) => {
            let given: Vec<_> = photos.iter().map(|checked| checked.photo.role).collect();
            let missing = list.missing_roles(class, &given);
            if !missing.is_empty() {
                let keys: Vec<_> = missing.into_iter().map(PhotoRole::as_str).collect();
                hints.push(hint("roles_missing", keys.join(" ")));
            }
        }
    }
    if let Some(at) = at {
        let now = context.host.now().wall;
        for (row, apart_m) in near_duplicates(tx, class, at, now)? {
            hints.push(hint(
                "near_duplicate",
                format!("{} at {apart_m:.0} m", row.case_id),
            ));
        }
    }
    Ok(hints)
}

/// Cases of the class within [`NEAR_DUPLICATE_M`] that are open or were closed less than a
/// day ago, nearest first, with their distance in metres.
fn near_duplicates(
    tx: &Tx<'_>,
    class: &ClassCode,
    at: LatLon,
    now: UtcMs,
) -> Result<Vec<(CaseRow, f64)>, ServiceError> {
    // A box a little larger than the circle: a degree of latitude has at least 110,500 m.
    let lat_span = NEAR_DUPLICATE_M / 110_500.0 * 1e7;
    let shrink = at.lat_deg().to_radians().cos().max(0.01);
    let around = |deg: f64, span: f64| {
        let e7 = (deg * 1e7).round();
        (e7 - span).floor() as i64..=(e7 + span).ceil() as i64
    };
    let rows = tx.cases_near(
        class.as_str(),
        around(at.lat_deg(), lat_span),
        around(at.lon_deg(), lat_span / shrink),
    )?;
    let mut near: Vec<_> = rows
        .into_iter()
        .filter(|row| {
            let is_over = matches!(
                row.phase,
                Phase::Closed | Phase::Declined | Phase::Withdrawn
            );
            !is_over || now.0.saturating_sub(row.updated_ms) < NEAR_DUPLICATE_MS
        })
        .filter_map(|row| {
            let (lat, lon) = (row.lat_e7? as f64 / 1e7, row.lon_e7? as f64 / 1e7);
            let apart_m = distance_m(at, LatLon::try_new(lat, lon).ok()?);
            (apart_m <= NEAR_DUPLICATE_M).then_some((row, apart_m))
        })
        .collect();
    near.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(near)
}
