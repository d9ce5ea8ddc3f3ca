//! Photos as bytes: what they are, what they say, and the upright copies made of them.
//!
//! Every function goes from bytes to facts or bytes; none reads a file or a clock.
//! A photo comes from a camera, a gallery or a stranger, so the container's header is
//! held against limits before anything is decoded, and what cannot be read becomes a
//! [`PhotoProblem`] beside the facts that can. Two things are refused outright: bytes
//! that are no photo, and, when a report is captured, a JPEG or PNG whose picture is not
//! all there. HEIC pixels are not decoded (its codec has no sound pure-Rust decoder): such a
//! photo has its size, place and time, and at most the small JPEG that stands beside its
//! picture.
//!
//! Source: DOMAIN "Photos and proof"; JPEG ITU-T T.81; PNG third edition; HEIF
//! ISO/IEC 23008-12 over ISO/IEC 14496-12; Exif 2.32.

mod checks;
mod decode;
mod exif;
mod format;
mod heif;
mod jpeg;
mod marks;
mod pixels;
mod planes;
pub mod render;
mod scan;
mod stamp;

use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;

use format::Header;
pub use marks::PhotoMarks;
use pixels::Work;
pub use stamp::{MAX_LINE_CHARS, MAX_LINES, Stamp, StampError, public_copy_stamped};

/// The most bytes a photo may have: a 100-megapixel phone stays below 40 MB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The most pixels a photo may have, by its header.
pub const MAX_PIXELS: u64 = 100_000_000;
/// The longest side a photo may have, by its header.
pub const MAX_SIDE_PX: u32 = 30_000;
/// The copy that figures are taken from and thumbnails are made of, by its longest side, so
/// that both come out the same whoever asks.
const WORK_PX: u32 = 1600;
/// What a JPEG beside a picture can stand for: cameras make it for lists, not for looking at.
const EMBEDDED_PX: u32 = 320;

/// The containers that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhotoFormat {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG.
    Png,
    /// HEIF with any still codec but AV1: what phones call HEIC.
    Heic,
}

impl PhotoFormat {
    /// The word used in JSON and tables: `jpeg`, `png` or `heic`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Heic => "heic",
        }
    }
}

/// What a photo's bytes say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoFacts {
    /// The container, found by content and never by a file's name.
    pub format: PhotoFormat,
    /// Width as stored, before `orientation` is applied.
    pub width_px: u32,
    /// Height as stored, before `orientation` is applied.
    pub height_px: u32,
    /// Exif orientation 1..=8; 1 when it is absent or not a legal value.
    pub orientation: u8,
    /// WGS 84 latitude and longitude in degrees, from the Exif GPS block only.
    pub position: Option<(f64, f64)>,
    /// Metres above sea level, negative below.
    pub altitude_m: Option<f64>,
    /// Camera's local time of the exposure, `YYYY-MM-DDTHH:MM:SS` or with `.sss`.
    pub taken_at: Option<String>,
    /// The offset of `taken_at` from UTC, `+08:00`.
    pub offset: Option<String>,
    /// The camera's maker, trimmed.
    pub make: Option<String>,
    /// The camera's model, trimmed.
    pub model: Option<String>,
    /// SHA-256 of all bytes.
    pub sha256: [u8; 32],
    /// BLAKE3 of all bytes.
    pub blake3: [u8; 32],
    /// Perceptual hash of the upright picture: alike pictures differ in few bits.
    pub phash: Option<u64>,
    /// Variance of the Laplacian of the grey picture at 512 px on its longest side: low is blurred.
    pub sharpness: Option<f64>,
    /// Mean luma, 0.0 black ..= 1.0 white.
    pub brightness: Option<f64>,
    /// Share of burnt-out pixels, 0.0..=1.0.
    pub burnt: Option<f64>,
    /// What could not be read or believed.
    pub problems: Vec<PhotoProblem>,
}

/// What is odd about a photo that is a photo all the same.
#[derive(Debug, Clone, PartialEq)]
pub enum PhotoProblem {
    /// There is an Exif block and nothing in it can be read.
    ExifUnreadable,
    /// Parts of the Exif block are damaged; the rest was read.
    ExifPartial,
    /// The Exif orientation is not in 1..=8; 1 is assumed.
    OrientationIllegal(u32),
    /// There is a GPS latitude or longitude that makes no position: half of it, a value that
    /// is no number, or no hemisphere.
    PlaceUnreadable,
    /// The position is 0, 0: a receiver without a fix writes that. The position is kept.
    PlaceZero,
    /// The latitude or longitude is outside its range; there is no position.
    PlaceOutOfRange,
    /// The altitude cannot be one on Earth; there is none.
    AltitudeUnreadable,
    /// The exposure's time is there and is no time of the calendar.
    TimeUnreadable,
    /// The offset from UTC is there and is none.
    OffsetUnreadable,
    /// The JPEG's picture is whole, but the end marker is missing.
    EndMissing,
    /// The JPEG's coded data is damaged on the way; part of the picture is not what was seen.
    PictureDamaged,
    /// The pixels could not be decoded, and why.
    PixelsNotDecoded(PhotoError),
}

impl PhotoProblem {
    /// The stable code, snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ExifUnreadable => "exif_unreadable",
            Self::ExifPartial => "exif_partial",
            Self::OrientationIllegal(_) => "orientation_illegal",
            Self::PlaceUnreadable => "place_unreadable",
            Self::PlaceZero => "place_zero",
            Self::PlaceOutOfRange => "place_out_of_range",
            Self::AltitudeUnreadable => "altitude_unreadable",
            Self::TimeUnreadable => "time_unreadable",
            Self::OffsetUnreadable => "offset_unreadable",
            Self::EndMissing => "end_missing",
            Self::PictureDamaged => "picture_damaged",
            Self::PixelsNotDecoded(_) => "pixels_not_decoded",
        }
    }
}

impl fmt::Display for PhotoProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExifUnreadable => f.write_str("the camera's notes (Exif) cannot be read"),
            Self::ExifPartial => f.write_str("parts of the camera's notes (Exif) are damaged"),
            Self::OrientationIllegal(found) => {
                write!(f, "orientation {found} is not in 1..=8; taken as upright")
            }
            Self::PlaceUnreadable => f.write_str("the place in the photo cannot be read"),
            Self::PlaceZero => f.write_str("the place in the photo is 0, 0: the camera had no fix"),
            Self::PlaceOutOfRange => f.write_str("the place in the photo is not on Earth"),
            Self::AltitudeUnreadable => f.write_str("the altitude in the photo cannot be read"),
            Self::TimeUnreadable => f.write_str("the time in the photo is not a time"),
            Self::OffsetUnreadable => f.write_str("the time zone in the photo cannot be read"),
            Self::EndMissing => f.write_str("the end mark is missing, though the picture is whole"),
            Self::PictureDamaged => f.write_str("part of the picture is damaged"),
            Self::PixelsNotDecoded(why) => write!(f, "the picture was not decoded: {why}"),
        }
    }
}

/// Why bytes are not a photo that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PhotoError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The content is neither JPEG, PNG nor HEIC, whatever the name says.
    #[error("this is not a JPEG, PNG or HEIC photo")]
    UnknownFormat,
    /// More than [`MAX_BYTES`].
    #[error("{size_bytes} bytes are more than the {limit_bytes} a photo may have")]
    TooLarge {
        /// What was given.
        size_bytes: usize,
        /// [`MAX_BYTES`].
        limit_bytes: usize,
    },
    /// The header claims more than [`MAX_PIXELS`], or a side above [`MAX_SIDE_PX`].
    #[error("{width_px} x {height_px} pixels are more than a photo may have")]
    TooManyPixels {
        /// Width by the header.
        width_px: u32,
        /// Height by the header.
        height_px: u32,
    },
    /// The bytes end before the header, or the picture, is complete.
    #[error("the photo is cut off")]
    Truncated,
    /// The header or the coded picture breaks its format's rules.
    #[error("the photo is damaged: {why}")]
    Damaged {
        /// The rule that is broken, for logs.
        why: String,
    },
    /// The container is understood; its codec is not decoded here.
    #[error("the pixels of a {0} photo cannot be decoded here")]
    NoDecoder(&'static str),
    /// A copy of zero pixels was asked for.
    #[error("a copy needs at least one pixel")]
    SizeZero,
}

impl PhotoError {
    /// The stable code, snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownFormat => "unknown_format",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Truncated => "truncated",
            Self::Damaged { .. } => "damaged",
            Self::NoDecoder(_) => "no_decoder",
            Self::SizeZero => "size_zero",
        }
    }

    fn damaged(why: impl Into<String>) -> Self {
        Self::Damaged { why: why.into() }
    }
}

/// A photo taken into a report: its facts and its thumbnails, decoded once.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// As [`inspect`] would say.
    pub facts: PhotoFacts,
    /// What the picture is known again by; nothing where its pixels were not decoded, or
    /// where it has no shapes.
    pub marks: Option<PhotoMarks>,
    /// One upright JPEG for each size asked for, in that order; for HEIC at most the small ones.
    pub thumbnails: Vec<(u32, Vec<u8>)>,
}

/// Reads everything that the bytes say, as far as they can be read.
///
/// A picture that cannot be decoded under a sound header is the problem
/// `pixels_not_decoded`, and the facts that need pixels are absent.
///
/// # Errors
/// [`PhotoError::Empty`], [`PhotoError::UnknownFormat`], [`PhotoError::TooLarge`] and
/// [`PhotoError::TooManyPixels`]; [`PhotoError::Truncated`] and [`PhotoError::Damaged`]
/// when the header itself is not there or breaks the format.
pub fn inspect(bytes: &[u8]) -> Result<PhotoFacts, PhotoError> {
    let header = format::read(bytes)?;
    let mut facts = facts_of(bytes, &header);
    match pixels::work(bytes, &header, WORK_PX) {
        Ok(work) => add_picture_facts(&mut facts, &work),
        Err(why) => facts.problems.push(PhotoProblem::PixelsNotDecoded(why)),
    }
    Ok(facts)
}

/// Takes a photo into a report: facts and thumbnails from one decoding.
///
/// - `sizes_px`: longest sides; a picture is never enlarged, so a small one comes back at
///   its own size.
/// - A HEIC photo has the problem `pixels_not_decoded`, and only thumbnails of up to 320 px,
///   where the camera put a small JPEG beside the picture.
///
/// # Errors
/// Those of [`inspect`]; also [`PhotoError::Truncated`] or [`PhotoError::Damaged`] when
/// the picture is not whole, and [`PhotoError::SizeZero`].
pub fn capture(bytes: &[u8], sizes_px: &[u32]) -> Result<Capture, PhotoError> {
    if sizes_px.contains(&0) {
        return Err(PhotoError::SizeZero);
    }
    let header = format::read(bytes)?;
    let longest_px = sizes_px.iter().copied().fold(WORK_PX, u32::max);
    let work = match pixels::work(bytes, &header, longest_px) {
        Ok(work) => work,
        Err(why @ PhotoError::NoDecoder(_)) => {
            let mut facts = facts_of(bytes, &header);
            facts.problems.push(PhotoProblem::PixelsNotDecoded(why));
            let thumbnails = embedded(&header, facts.orientation, sizes_px);
            return Ok(Capture {
                facts,
                marks: None,
                thumbnails,
            });
        }
        Err(why) => return Err(why),
    };
    let mut facts = facts_of(bytes, &header);
    add_picture_facts(&mut facts, &work);
    let upright = work.small.upright(facts.orientation);
    let marks = PhotoMarks::of(&upright.grey(checks::GREY_SIDE_PX));
    let thumbnails = sizes_px
        .iter()
        .map(|&size_px| {
            let small = upright.shrunk(size_px);
            Ok((size_px, small.encode(pixels::THUMBNAIL_QUALITY)?))
        })
        .collect::<Result<_, PhotoError>>()?;
    Ok(Capture {
        facts,
        marks,
        thumbnails,
    })
}

/// The small sizes from the JPEG that some cameras put beside a picture which is not decoded
/// here. It stands for the picture in lists; no figure is taken from it.
fn embedded(header: &Header<'_>, orientation: u8, sizes_px: &[u32]) -> Vec<(u32, Vec<u8>)> {
    let in_notes = header.exif.as_deref().and_then(exif::thumbnail);
    let candidates = [header.thumbnail, in_notes].into_iter().flatten();
    let mut works = candidates.filter_map(|bytes| {
        let header = format::read(bytes).ok()?;
        pixels::work(bytes, &header, EMBEDDED_PX).ok()
    });
    let Some(work) = works.next() else {
        return Vec::new();
    };
    let upright = work.small.upright(orientation);
    let sizes = sizes_px.iter().filter(|&&size_px| size_px <= EMBEDDED_PX);
    sizes
        .filter_map(|&size_px| {
            let small = upright.shrunk(size_px);
            Some((size_px, small.encode(pixels::THUMBNAIL_QUALITY).ok()?))
        })
        .collect()
}

/// What a photo's picture is known again by; nothing for bytes whose picture cannot be read
/// or has no shapes.
#[must_use]
pub fn marks(bytes: &[u8]) -> Option<PhotoMarks> {
    let header = format::read(bytes).ok()?;
    let work = pixels::work(bytes, &header, WORK_PX).ok()?;
    let upright = work.small.upright(exif::read(&header).orientation);
    PhotoMarks::of(&upright.grey(checks::GREY_SIDE_PX))
}

/// An upright JPEG without metadata, at most `longest_px` on its longest side and never enlarged.
///
/// # Errors
/// Those of [`capture`]; [`PhotoError::NoDecoder`] for HEIC.
pub fn thumbnail(bytes: &[u8], longest_px: u32) -> Result<Vec<u8>, PhotoError> {
    if longest_px == 0 {
        return Err(PhotoError::SizeZero);
    }
    let header = format::read(bytes)?;
    let work = pixels::work(bytes, &header, longest_px)?;
    let orientation = exif::read(&header).orientation;
    work.small
        .upright(orientation)
        .encode(pixels::THUMBNAIL_QUALITY)
}

/// The photo for the public: upright, full size, without any metadata. A JPEG is encoded
/// anew, a PNG stays a PNG; a colour profile counts as metadata.
///
/// # Errors
/// As [`thumbnail`].
pub fn public_copy(bytes: &[u8]) -> Result<Vec<u8>, PhotoError> {
    let header = format::read(bytes)?;
    let picture = pixels::decode(bytes, &header)?;
    let orientation = exif::read(&header).orientation;
    pixels::public_copy(picture, orientation, header.format)
}

fn facts_of(bytes: &[u8], header: &Header<'_>) -> PhotoFacts {
    let notes = exif::read(header);
    PhotoFacts {
        format: header.format,
        width_px: header.width_px,
        height_px: header.height_px,
        orientation: notes.orientation,
        position: notes.position,
        altitude_m: notes.altitude_m,
        taken_at: notes.taken_at,
        offset: notes.offset,
        make: notes.make,
        model: notes.model,
        sha256: Sha256::digest(bytes).into(),
        blake3: *blake3::hash(bytes).as_bytes(),
        phash: None,
        sharpness: None,
        brightness: None,
        burnt: None,
        problems: notes.problems,
    }
}

fn add_picture_facts(facts: &mut PhotoFacts, work: &Work) {
    if work.is_end_missing {
        facts.problems.push(PhotoProblem::EndMissing);
    }
    if work.is_damaged {
        facts.problems.push(PhotoProblem::PictureDamaged);
    }
    let grey = work.small.grey(checks::GREY_SIDE_PX);
    facts.sharpness = Some(checks::sharpness(&grey));
    facts.brightness = Some(checks::brightness(&grey));
    facts.burnt = Some(checks::burnt(&grey));
    facts.phash = Some(checks::phash(&grey, facts.orientation));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photo_cut_in_its_picture_is_inspected_and_not_captured() {
        let photo = render::small(6);
        let cut = &photo[..photo.len() / 2];
        let facts = inspect(cut).expect("the header is whole");
        assert_eq!((facts.width_px, facts.height_px), (96, 64));
        assert_eq!(
            (facts.phash, facts.sharpness, facts.brightness),
            (None, None, None)
        );
        let reason = PhotoProblem::PixelsNotDecoded(PhotoError::Truncated);
        assert_eq!(facts.problems, [reason]);
        assert_eq!(capture(cut, &[32]), Err(PhotoError::Truncated));
        assert_eq!(public_copy(cut), Err(PhotoError::Truncated));
    }

    #[test]
    fn photo_without_its_end_marker_is_captured_with_a_problem() {
        let photo = render::small(6);
        let open = capture(&photo[..photo.len() - 2], &[32]).expect("every block is there");
        assert_eq!(open.facts.problems, [PhotoProblem::EndMissing]);
        let whole = capture(&photo, &[32]).expect("our own photo");
        assert_eq!(open.thumbnails, whole.thumbnails);
        assert_ne!(open.facts.sha256, whole.facts.sha256);
    }

    #[test]
    fn hashes_are_those_of_all_bytes() {
        let photo = [render::small(6), b"behind the end".to_vec()].concat();
        let facts = inspect(&photo).expect("bytes behind the end are no problem");
        assert_eq!(facts.sha256, <[u8; 32]>::from(Sha256::digest(&photo)));
        assert_eq!(facts.blake3, *blake3::hash(&photo).as_bytes());
        assert_eq!(facts.problems, []);
    }
}
