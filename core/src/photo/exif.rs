//! The camera's notes: orientation, place, time, camera.
//!
//! Each value is read for itself: a damaged block still gives what is sound in it, a wrong
//! type or a zero denominator gives nothing and a problem, and nothing is guessed from XMP,
//! maker's notes or a file's date. The walk over directories is `kamadak-exif`'s, which
//! visits each directory once and reads values only where they are asked for.
//!
//! Source: Exif 2.32 (CIPA DC-008) clauses 4.6.4 to 4.6.6.

use chrono::NaiveDate;
use exif::{Error, Exif, In, Reader, Tag, Value};

use super::PhotoProblem;
use super::format::Header;

/// Exif of phones stays below 128 KiB; one that is larger is not copied and not read.
const MAX_EXIF_BYTES: usize = 1 << 20;
/// Makers write names of a few words; what is longer is cut.
const MAX_NAME_CHARS: usize = 128;
/// From below the deepest mine to above any aircraft.
const ALTITUDES_M: std::ops::RangeInclusive<f64> = -12_000.0..=100_000.0;

/// What the notes say, with what could not be believed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Notes {
    pub(super) orientation: u8,
    pub(super) position: Option<(f64, f64)>,
    pub(super) altitude_m: Option<f64>,
    pub(super) taken_at: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) make: Option<String>,
    pub(super) model: Option<String>,
    pub(super) problems: Vec<PhotoProblem>,
}

/// Reads the notes of a photo; one without notes is upright and says nothing.
pub(super) fn read(header: &Header<'_>) -> Notes {
    let mut notes = Notes {
        orientation: header.orientation.unwrap_or(1),
        ..Notes::default()
    };
    if let Some(block) = header.exif.as_deref().filter(|block| !block.is_empty()) {
        notes.read(block);
    }
    notes
}

impl Notes {
    fn read(&mut self, block: &[u8]) {
        if block.len() > MAX_EXIF_BYTES {
            return self.problems.push(PhotoProblem::ExifUnreadable);
        }
        let exif = match Reader::new().continue_on_error(true).read_raw(block.to_vec()) {
            Ok(exif) => exif,
            Err(Error::PartialResult(partial)) => {
                let (exif, _) = partial.into_inner();
                let is_empty = exif.fields().len() == 0;
                self.problems.push(match is_empty {
                    true => PhotoProblem::ExifUnreadable,
                    false => PhotoProblem::ExifPartial,
                });
                exif
            }
            Err(_) => return self.problems.push(PhotoProblem::ExifUnreadable),
        };
        self.read_orientation(&exif);
        self.read_position(&exif);
        self.read_altitude(&exif);
        self.read_time(&exif);
        self.make = text(&exif, Tag::Make).and_then(|raw| name(&raw));
        self.model = text(&exif, Tag::Model).and_then(|raw| name(&raw));
    }

    fn read_orientation(&mut self, exif: &Exif) {
        let Some(value) = value(exif, Tag::Orientation) else {
            return;
        };
        match value.get_uint(0) {
            Some(found @ 1..=8) => self.orientation = found as u8,
            found => {
                let found = found.unwrap_or(0);
                self.problems.push(PhotoProblem::OrientationIllegal(found));
            }
        }
    }

    fn read_position(&mut self, exif: &Exif) {
        let lat = value(exif, Tag::GPSLatitude);
        let lon = value(exif, Tag::GPSLongitude);
        if lat.is_none() && lon.is_none() {
            return;
        }
        let lat = lat.and_then(degrees);
        let lon = lon.and_then(degrees);
        let (Some(lat), Some(lon)) = (lat, lon) else {
            return self.problems.push(PhotoProblem::PlaceUnreadable);
        };
        if !(0.0..=90.0).contains(&lat.abs()) || !(0.0..=180.0).contains(&lon.abs()) {
            return self.problems.push(PhotoProblem::PlaceOutOfRange);
        }
        if lat == 0.0 && lon == 0.0 {
            self.problems.push(PhotoProblem::PlaceZero);
        }
        let is_south = is_letter(exif, Tag::GPSLatitudeRef, b'S');
        let is_west = is_letter(exif, Tag::GPSLongitudeRef, b'W');
        self.position = Some((signed(lat, is_south), signed(lon, is_west)));
    }

    fn read_altitude(&mut self, exif: &Exif) {
        let Some(found) = value(exif, Tag::GPSAltitude) else {
            return;
        };
        let is_below = value(exif, Tag::GPSAltitudeRef).and_then(|below| below.get_uint(0)) == Some(1);
        match ratio(found, 0).filter(|altitude_m| ALTITUDES_M.contains(altitude_m)) {
            Some(altitude_m) => self.altitude_m = Some(signed(altitude_m, is_below)),
            None => self.problems.push(PhotoProblem::AltitudeUnreadable),
        }
    }

    fn read_time(&mut self, exif: &Exif) {
        if let Some(raw) = text(exif, Tag::DateTimeOriginal).filter(|raw| !is_blank(raw)) {
            let fraction = text(exif, Tag::SubSecTimeOriginal);
            self.taken_at = local_time(&raw, fraction.as_deref());
            if self.taken_at.is_none() {
                self.problems.push(PhotoProblem::TimeUnreadable);
            }
        }
        if let Some(raw) = text(exif, Tag::OffsetTimeOriginal).filter(|raw| !is_blank(raw)) {
            self.offset = utc_offset(&raw);
            if self.offset.is_none() {
                self.problems.push(PhotoProblem::OffsetUnreadable);
            }
        }
    }
}

fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

/// The text of an ASCII field up to its first NUL, trimmed; `None` for another type.
fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match value(exif, tag)? {
        Value::Ascii(parts) => {
            let raw = parts.iter().find(|part| !part.is_empty())?;
            Some(String::from_utf8_lossy(raw).trim().to_owned())
        }
        _ => None,
    }
}

/// A name for people: one line, bounded, `None` when nothing is left of it.
fn name(raw: &str) -> Option<String> {
    let line: String = raw.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Exif writes an unknown time with blanks or nothing between the colons.
fn is_blank(raw: &str) -> bool {
    raw.chars().all(|c| c == ' ' || c == ':' || c == '\0')
}

fn is_letter(exif: &Exif, tag: Tag, letter: u8) -> bool {
    text(exif, tag).is_some_and(|raw| raw.as_bytes().first().is_some_and(|b| b.eq_ignore_ascii_case(&letter)))
}

fn signed(amount: f64, is_negative: bool) -> f64 {
    // Zero stays plain zero: `-0` would read as another place.
    if is_negative && amount != 0.0 { -amount } else { amount }
}

/// One rational as a number; `None` for a wrong type, a missing part or a zero denominator.
fn ratio(value: &Value, index: usize) -> Option<f64> {
    let number = match value {
        Value::Rational(parts) => parts.get(index)?.to_f64(),
        Value::SRational(parts) => parts.get(index)?.to_f64(),
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn parts(value: &Value) -> usize {
    match value {
        Value::Rational(parts) => parts.len(),
        Value::SRational(parts) => parts.len(),
        _ => 0,
    }
}

/// Degrees, minutes and seconds as degrees. Missing minutes or seconds are zero, and so are
/// seconds written 0/0 behind sound minutes; minutes without a value are no position.
fn degrees(value: &Value) -> Option<f64> {
    let degrees = ratio(value, 0)?;
    let minutes = if parts(value) > 1 { ratio(value, 1)? } else { 0.0 };
    let seconds = ratio(value, 2).unwrap_or(0.0);
    Some(degrees + minutes / 60.0 + seconds / 3600.0)
}

/// `YYYY:MM:DD HH:MM:SS`, with an optional fraction here or in its own field, as
/// `YYYY-MM-DDTHH:MM:SS` with milliseconds where a fraction is known.
fn local_time(raw: &str, fraction: Option<&str>) -> Option<String> {
    let (second, tail) = raw.split_at_checked(19)?;
    let (date, time) = second.split_at_checked(10)?;
    let [year, month, day] = numbers(date, &[':', '-', '/', '.'])?;
    let time = time.strip_prefix([' ', 'T'])?;
    let [hour, minute, second] = numbers(time, &[':'])?;
    let year = i32::try_from(year).ok().filter(|&year| year > 0)?;
    let at = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)?;
    let digits = tail.strip_prefix('.').or(fraction).map_or("", str::trim);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let at = at.format("%Y-%m-%dT%H:%M:%S");
    Some(match is_number {
        true => format!("{at}.{:0<3.3}", digits),
        false => at.to_string(),
    })
}

fn numbers(raw: &str, separators: &[char]) -> Option<[u32; 3]> {
    let mut parts = raw.split(separators).map(|part| {
        let is_number = part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse().ok()).flatten()
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// `+08:00`, `-03:30` or `Z`, at most fourteen hours.
fn utc_offset(raw: &str) -> Option<String> {
    if raw == "Z" {
        return Some("+00:00".to_owned());
    }
    let (sign, rest) = raw.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let is_pair = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let is_legal = matches!(sign, "+" | "-") && is_pair(hours) && is_pair(minutes);
    (is_legal && hours <= "14" && minutes <= "59").then(|| raw.to_owned())
}
