//! Capture: a report with photos, sealed at once, offline, before any enrolment.
//!
//! Photos are checked and durable before the commit names them. What looks odd is a hint that
//! the reporter sees while still standing there; nothing but bytes that are no photo, or
//! numbers that are no place, turns a report away.

mod hints;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::attest::{PhotoSource, Provider};
use crate::model::case::{CaseId, ClassCode, Source};
use crate::model::identifiers::Hash;
use crate::model::person::Role;
use crate::model::photo::{Photo, PhotoRole};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::oplog::attest::Attest;
use crate::oplog::body::{BodyBuilder, Kind, MAX_TEXT_BYTES, Placed, Subject};
use crate::photo::{self, PhotoFacts, PhotoMarks};
use crate::services::log::{append, own_authority, zone_for};
use crate::services::{Context, ServiceError, retention};
use crate::storage::reference::Setting;
use crate::storage::{StoreError, Tx, room};
use hints::{photo_hints, place_of, store_hints};

/// The longest sides of the pictures that are made of a photo, in pixels.
pub const THUMBNAILS_PX: [u32; 2] = [1600, 320];
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
    /// The figures that the hints were decided by.
    #[serde(skip)]
    pub figures: PhotoFigures,
}

/// What was measured of one photo when it was taken in, so that a hint can be told again
/// under other limits. Whole numbers, because they are to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PhotoFigures {
    /// Variance of the Laplacian in squared grey levels; nothing without pixels, as below.
    pub sharpness: Option<u32>,
    /// Mean luma, per mille of white.
    pub brightness_permille: Option<u16>,
    /// Share of burnt-out pixels, per mille.
    pub burnt_permille: Option<u16>,
    /// From the place of the report to that in the photo, in metres.
    pub exif_place_m: Option<u32>,
    /// From the time of the report to that in the photo, in seconds.
    pub exif_time_s: Option<u64>,
    /// In how many bits of 63 the nearest photo known before differs, where it is near.
    pub seen_bits: Option<u16>,
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
    marks: Option<PhotoMarks>,
    thumbnails: Vec<(u32, Vec<u8>)>,
}

impl Checked {
    /// What its files take on the disk.
    fn room_bytes(&self) -> u64 {
        let pictures = self.thumbnails.iter().map(|(_, bytes)| bytes.len() as u64);
        let files = pictures.chain([self.photo.size_bytes]);
        files.map(room::room_of_file).sum()
    }
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
    let case_id = CaseId(Uuid::from_bytes(uuid_bytes(context.nonce())));
    report_as(context, prepared, case_id, |_| Ok(()))
}

/// Reports a problem as the case of a name that is known before.
///
/// - `also`: what belongs into the transaction of the report; when it fails, nothing is
///   reported.
///
/// # Errors
/// As [`report_prepared`], and those of `also`.
pub(crate) fn report_as(
    context: &Context<'_>,
    prepared: &Prepared<'_>,
    case_id: CaseId,
    also: impl FnOnce(&Tx<'_>) -> Result<(), ServiceError>,
) -> Result<Reported, ServiceError> {
    let Prepared { report, photos } = prepared;
    let accuracy_m = report.accuracy_m;
    let (class, at) = (report.class.as_ref(), place_of(report, photos));
    // What can turn the report away is asked before the first byte is written.
    context.store.read(|tx| check_class(tx, context, class))?;
    let seen_at = report.taken_at.unwrap_or(context.host.now().wall);
    keep_photos(context, &report.photos, photos, |tx| {
        also(tx)?;
        let duties = check_class(tx, context, class)?;
        let grid = match at {
            Some(at) => context.reference.grid_at(tx, at, seen_at)?,
            None => None,
        };
        let policy = context.reference.policy(tx)?.map(|(_, policy)| policy);
        let policy = policy.unwrap_or_default();
        let mut figures: Vec<_> = photos
            .iter()
            .map(|checked| hints::figures(report, seen_at, checked))
            .collect();
        let mut hints = photo_hints(report, &policy.hints, at, photos, &figures);
        let sights = hints::seen(tx, &policy.hints, photos, &mut figures)?;
        hints.extend(sights);
        hints.extend(store_hints(
            tx, context, &policy, report, at, seen_at, photos,
        )?);
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
                .zip(&figures)
                .map(|(checked, &figures)| ReportedPhoto {
                    hash: checked.photo.hash.to_string(),
                    role: checked.photo.role.as_str(),
                    figures,
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
pub(crate) fn uuid_bytes(random: [u8; 16]) -> [u8; 16] {
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
                marks: capture.marks,
                thumbnails: capture.thumbnails,
            })
        })
        .collect()
}

/// Writes photos and their pictures durably, then runs the transaction that names them.
///
/// Room for all of it is asked for before the first byte. When the transaction fails, the
/// photos that nothing else names are taken away again.
///
/// # Errors
/// [`StoreError::Full`] before anything is written; those of `name`.
pub(crate) fn keep_photos<T>(
    context: &Context<'_>,
    inputs: &[PhotoInput],
    photos: &[Checked],
    name: impl FnOnce(&Tx<'_>) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let blobs = context.store.blobs();
    let is_new = |checked: &&Checked| blobs.size_bytes(&checked.photo.hash).is_none();
    let bytes = photos.iter().filter(is_new).map(Checked::room_bytes).sum();
    let mut room = room::reserve(context.store.dir(), bytes)?;
    room.release_files()?;
    let written = write_photos(context, inputs, photos);
    room.release_commit();
    let outcome = match written {
        Ok(()) => context.store.write(name),
        Err(error) => Err(error.into()),
    };
    drop(room);
    if outcome.is_err() {
        let hashes: Vec<_> = photos.iter().map(|checked| checked.photo.hash).collect();
        retention::forget_unnamed(context, &hashes);
    }
    outcome
}

fn write_photos(
    context: &Context<'_>,
    inputs: &[PhotoInput],
    photos: &[Checked],
) -> Result<(), StoreError> {
    let blobs = context.store.blobs();
    for (input, checked) in inputs.iter().zip(photos) {
        // What was ordered to be erased does not come back by reporting it again.
        let hash = &checked.photo.hash;
        if context.store.read(|tx| tx.is_photo_erased(hash))? {
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
        if let Some(marks) = checked.marks.as_ref().filter(|_| is_held) {
            tx.put_photo_marks(&checked.photo.hash, &marks.to_bytes())?;
        }
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
