//! The camera's notes: orientation, place, time, camera.
//!
//! Each value is read for itself: a damaged block still gives what is sound in it, a wrong
//! type or a zero denominator gives nothing and a problem, and nothing is guessed from XMP,
//! maker's notes or a file's date. The walk over directories is `kamadak-exif`'s, which
//! reads values only where they are asked for; a block whose directories would multiply
//! its size in memory is refused before.
//!
//! Source: Exif 2.32 (CIPA DC-008) clauses 4.6.4 to 4.6.6.

use chrono::NaiveDate;
use exif::{Error, Exif, In, Reader, Tag, Value};

use super::PhotoProblem;
use super::format::Header;

/// Exif of phones stays below 128 KiB; one that is larger is not copied and not read.
const MAX_EXIF_BYTES: usize = 1 << 20;
/// Cameras write some hundred entries. Directories may overlap, so that 64 KiB could
/// otherwise name millions.
const MAX_ENTRIES: usize = 10_000;
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

/// The small JPEG that cameras put into their notes, as stored; `None` where there is none or
/// its place lies outside the block.
pub(super) fn thumbnail(block: &[u8]) -> Option<&[u8]> {
    if block.len() > MAX_EXIF_BYTES || !is_affordable(block) {
        return None;
    }
    let reader = Reader::new().read_raw(block.to_vec()).ok()?;
    let number = |tag| {
        let field = reader.get_field(tag, In::THUMBNAIL)?;
        usize::try_from(field.value.get_uint(0)?).ok()
    };
    let start = number(Tag::JPEGInterchangeFormat)?;
    let length = number(Tag::JPEGInterchangeFormatLength)?;
    block.get(start..start.checked_add(length)?)
}

impl Notes {
    fn read(&mut self, block: &[u8]) {
        if block.len() > MAX_EXIF_BYTES || !is_affordable(block) {
            return self.problems.push(PhotoProblem::ExifUnreadable);
        }
        let exif = match Reader::new()
            .continue_on_error(true)
            .read_raw(block.to_vec())
        {
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
        let south = hemisphere(exif, Tag::GPSLatitudeRef, b'N', b'S');
        let west = hemisphere(exif, Tag::GPSLongitudeRef, b'E', b'W');
        let place = (lat.and_then(degrees), lon.and_then(degrees), south, west);
        let (Some(lat), Some(lon), Some(is_south), Some(is_west)) = place else {
            return self.problems.push(PhotoProblem::PlaceUnreadable);
        };
        if !(0.0..=90.0).contains(&lat.abs()) || !(0.0..=180.0).contains(&lon.abs()) {
            return self.problems.push(PhotoProblem::PlaceOutOfRange);
        }
        if lat == 0.0 && lon == 0.0 {
            self.problems.push(PhotoProblem::PlaceZero);
        }
        self.position = Some((signed(lat, is_south), signed(lon, is_west)));
    }

    fn read_altitude(&mut self, exif: &Exif) {
        let Some(found) = value(exif, Tag::GPSAltitude) else {
            return;
        };
        let is_below =
            value(exif, Tag::GPSAltitudeRef).and_then(|below| below.get_uint(0)) == Some(1);
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

/// Where a directory stands, which decides the pointers that are followed from it.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Exif,
    Leaf,
}

/// Whether all directories together hold no more than [`MAX_ENTRIES`]. A block that is no
/// TIFF at all is affordable: the reader will say so.
fn is_affordable(block: &[u8]) -> bool {
    let walk = Directories {
        block,
        is_little: block.starts_with(b"II"),
    };
    let mut left = MAX_ENTRIES;
    let mut at = walk.u32(4).unwrap_or(0);
    // The reader follows a chain of eight.
    for _ in 0..8 {
        if at == 0 {
            break;
        }
        match walk.visit(at, Level::Root, &mut left) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}

struct Directories<'a> {
    block: &'a [u8],
    is_little: bool,
}

impl Directories<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let raw = *self.block.get(at..)?.first_chunk()?;
        Some(if self.is_little {
            u16::from_le_bytes(raw)
        } else {
            u16::from_be_bytes(raw)
        })
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let raw = *self.block.get(at..)?.first_chunk()?;
        let word = if self.is_little {
            u32::from_le_bytes(raw)
        } else {
            u32::from_be_bytes(raw)
        };
        usize::try_from(word).ok()
    }

    /// Counts a directory and those below it; gives the next one of the chain (0 for none),
    /// or `None` when the count is spent.
    fn visit(&self, at: usize, level: Level, left: &mut usize) -> Option<usize> {
        let Some(count) = self.u16(at) else {
            return Some(0);
        };
        let first = at + 2;
        for entry in (0..usize::from(count)).map(|index| first + 12 * index) {
            let (Some(tag), Some(kind)) = (self.u16(entry), self.u16(entry + 2)) else {
                return Some(0);
            };
            *left = left.checked_sub(1)?;
            let below = match (level, tag) {
                (Level::Root, 0x8769) => Level::Exif,
                (Level::Root, 0x8825) | (Level::Exif, 0xA005) => Level::Leaf,
                _ => continue,
            };
            let target = match (kind, self.u32(entry + 4)) {
                (1, Some(1)) => self.block.get(entry + 8).map(|&byte| usize::from(byte)),
                (3, Some(1)) => self.u16(entry + 8).map(usize::from),
                (4, Some(1)) => self.u32(entry + 8),
                // A list of pointers is nothing that a camera writes, and not worth following.
                (1 | 3 | 4, Some(2..)) => return None,
                _ => None,
            };
            if let Some(target) = target {
                self.visit(target, below, left)?;
            }
        }
        Some(self.u32(first + 12 * usize::from(count)).unwrap_or(0))
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
    let line: String = raw
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Exif writes an unknown time with blanks or nothing between the colons.
fn is_blank(raw: &str) -> bool {
    raw.chars().all(|c| c == ' ' || c == ':' || c == '\0')
}

/// Whether the reference names the negative hemisphere; `None` when it names neither.
fn hemisphere(exif: &Exif, tag: Tag, positive: u8, negative: u8) -> Option<bool> {
    let letter = text(exif, tag)?.bytes().next()?.to_ascii_uppercase();
    (letter == positive || letter == negative).then_some(letter == negative)
}

fn signed(amount: f64, is_negative: bool) -> f64 {
    // Zero stays plain zero: `-0` would read as another place.
    if is_negative && amount != 0.0 {
        -amount
    } else {
        amount
    }
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
    let minutes = if parts(value) > 1 {
        ratio(value, 1)?
    } else {
        0.0
    };
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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::PhotoFormat;
    use super::super::render::{Field, tiff};
    use super::*;

    fn notes_of(block: &[u8]) -> Notes {
        read(&Header {
            format: PhotoFormat::Jpeg,
            width_px: 4,
            height_px: 3,
            exif: Some(Cow::Borrowed(block)),
            orientation: None,
            thumbnail: None,
            is_plausible: true,
        })
    }

    fn place(lat: &[(u32, u32)], south: &str, lon: &[(u32, u32)], west: &str) -> Notes {
        let gps = [
            Field::ascii(1, south),
            Field::rationals(2, lat),
            Field::ascii(3, west),
            Field::rationals(4, lon),
        ];
        notes_of(&tiff(vec![Field::short(0x0112, 1)], &[], &gps))
    }

    fn time(taken_at: &str, fraction: &str, offset: &str) -> Notes {
        let exif = [
            Field::ascii(0x9003, taken_at),
            Field::ascii(0x9011, offset),
            Field::ascii(0x9291, fraction),
        ];
        notes_of(&tiff(Vec::new(), &exif, &[]))
    }

    #[test]
    fn position_south_west_is_negative_in_both_parts() {
        let notes = place(
            &[(33, 1), (30, 1), (36, 1)],
            "S",
            &[(70, 1), (15, 1), (0, 1)],
            "W",
        );
        assert_eq!(notes.position, Some((-33.51, -70.25)));
        assert_eq!(notes.problems, []);
    }

    #[test]
    fn position_in_decimal_minutes_or_degrees_reads_without_seconds() {
        let notes = place(
            &[(31, 1), (1350, 100), (0, 0)],
            "N",
            &[(121_500_000, 1_000_000)],
            "E",
        );
        assert_eq!(notes.position, Some((31.225, 121.5)));
    }

    #[test]
    fn position_zero_is_kept_and_reported() {
        let zero = [(0, 1); 3];
        let notes = place(&zero, "S", &zero, "W");
        assert_eq!(notes.position, Some((0.0, 0.0)));
        assert!(
            notes
                .position
                .is_some_and(|(lat, lon)| !lat.is_sign_negative() && !lon.is_sign_negative())
        );
        assert_eq!(notes.problems, [PhotoProblem::PlaceZero]);
    }

    #[test]
    fn position_just_beyond_the_poles_or_the_date_line_is_none() {
        let (pole, beyond) = ([(90, 1), (0, 1), (0, 1)], [(90, 1), (0, 1), (1, 100)]);
        let (line, past) = ([(180, 1), (0, 1), (0, 1)], [(180, 1), (0, 1), (1, 100)]);
        assert_eq!(
            place(&pole, "S", &line, "W").position,
            Some((-90.0, -180.0))
        );
        for notes in [
            place(&beyond, "N", &line, "E"),
            place(&pole, "N", &past, "E"),
        ] {
            assert_eq!(notes.position, None);
            assert_eq!(notes.problems, [PhotoProblem::PlaceOutOfRange]);
        }
    }

    #[test]
    fn position_with_zero_denominator_or_no_hemisphere_is_none() {
        let sound = [(10, 1), (0, 1), (0, 1)];
        let unreadable = [
            place(&[(10, 0), (0, 1), (0, 1)], "N", &sound, "E"),
            place(&[(10, 1), (3, 0), (0, 1)], "N", &sound, "E"),
            place(&sound, "", &sound, "E"),
            place(&sound, "N", &sound, "X"),
        ];
        for notes in unreadable {
            assert_eq!(notes.position, None);
            assert_eq!(notes.problems, [PhotoProblem::PlaceUnreadable]);
        }
    }

    #[test]
    fn position_of_a_wrong_type_is_none() {
        let gps = [
            Field::ascii(1, "N"),
            Field::ascii(2, "31.2"),
            Field::ascii(3, "E"),
            Field::short(4, 121),
        ];
        let notes = notes_of(&tiff(Vec::new(), &[], &gps));
        assert_eq!(
            (notes.position, notes.problems),
            (None, vec![PhotoProblem::PlaceUnreadable])
        );
    }

    #[test]
    fn altitude_below_the_sea_is_negative_and_an_impossible_one_is_none() {
        let altitude = |over: u32, under: u32| {
            let gps = [
                Field::bytes(5, 1, &[1]),
                Field::rationals(6, &[(over, under)]),
            ];
            notes_of(&tiff(Vec::new(), &[], &gps))
        };
        assert_eq!(altitude(848, 2).altitude_m, Some(-424.0));
        assert_eq!(altitude(1, 0).problems, [PhotoProblem::AltitudeUnreadable]);
        assert_eq!(
            altitude(u32::MAX, 1).problems,
            [PhotoProblem::AltitudeUnreadable]
        );
    }

    #[test]
    fn orientation_outside_one_to_eight_is_one_and_reported() {
        for (stored, read, is_reported) in
            [(0, 1, true), (1, 1, false), (8, 8, false), (9, 1, true)]
        {
            let notes = notes_of(&tiff(vec![Field::short(0x0112, stored)], &[], &[]));
            assert_eq!(notes.orientation, read);
            let illegal = PhotoProblem::OrientationIllegal(u32::from(stored));
            assert_eq!(notes.problems.contains(&illegal), is_reported);
        }
    }

    #[test]
    fn time_with_fraction_is_cut_or_filled_to_milliseconds() {
        let read = |fraction| time("2024:02:29 23:59:58", fraction, "+08:00").taken_at;
        assert_eq!(read("5").as_deref(), Some("2024-02-29T23:59:58.500"));
        assert_eq!(read("0887").as_deref(), Some("2024-02-29T23:59:58.088"));
        assert_eq!(read(" ").as_deref(), Some("2024-02-29T23:59:58"));
        assert_eq!(read("x").as_deref(), Some("2024-02-29T23:59:58"));
        let notes = time("2024:02:29 23:59:58.25", "", "-03:30");
        assert_eq!(notes.taken_at.as_deref(), Some("2024-02-29T23:59:58.250"));
        assert_eq!(notes.offset.as_deref(), Some("-03:30"));
    }

    #[test]
    fn time_outside_the_calendar_is_none_and_reported() {
        for wrong in [
            "2023:02:29 10:00:00",
            "0000:00:00 00:00:00",
            "2023:02:28 24:00:00",
            "yesterday",
            "２０２３:02:28",
        ] {
            let notes = time(wrong, "", "");
            assert_eq!(
                (notes.taken_at, notes.problems),
                (None, vec![PhotoProblem::TimeUnreadable])
            );
        }
        assert_eq!(time("    :  :     :  :  ", "", "   :  ").problems, []);
        assert_eq!(
            time("2023:02:28 10:00:00", "", "+15:00").problems,
            [PhotoProblem::OffsetUnreadable]
        );
    }

    #[test]
    fn block_whose_directories_overlap_a_thousandfold_is_refused() {
        // Each of 2,000 pointers names another offset, and any offset there reads as a
        // directory of 0x0808 entries.
        let mut bomb = b"MM\0\x2A\0\0\0\x08".to_vec();
        bomb.extend(2000_u16.to_be_bytes());
        for index in 0..2000_u32 {
            bomb.extend([0x87, 0x69, 0, 4, 0, 0, 0, 1]);
            bomb.extend((24_100 + index).to_be_bytes());
        }
        bomb.resize(65_000, 8);
        assert_eq!(notes_of(&bomb).problems, [PhotoProblem::ExifUnreadable]);
        // Hundreds of entries are nothing unusual and still read.
        let root = (0..400).map(|tag| Field::short(0x4000 + tag, 1));
        let root = std::iter::once(Field::short(0x0112, 6))
            .chain(root)
            .collect();
        let notes = notes_of(&tiff(root, &[], &[]));
        assert_eq!((notes.orientation, notes.problems), (6, Vec::new()));
    }

    #[test]
    fn names_are_trimmed_and_empty_ones_are_none() {
        let root = vec![
            Field::ascii(0x010F, "  Pinecone \0\0 x"),
            Field::ascii(0x0110, "   \0"),
        ];
        let notes = notes_of(&tiff(root, &[], &[]));
        assert_eq!(
            (notes.make.as_deref(), notes.model),
            (Some("Pinecone"), None)
        );
    }

    #[test]
    fn block_that_is_cut_gives_what_is_left_of_it() {
        let root = vec![
            Field::ascii(0x010F, "Pin"),
            Field::short(0x0112, 6),
            Field::ascii(0x0131, "a long value"),
        ];
        let block = tiff(root, &[], &[]);
        let notes = notes_of(&block[..block.len() - 4]);
        assert_eq!((notes.make.as_deref(), notes.orientation), (Some("Pin"), 6));
        assert_eq!(notes.problems, [PhotoProblem::ExifPartial]);
        assert_eq!(
            notes_of(&block[..6]).problems,
            [PhotoProblem::ExifUnreadable]
        );
        assert_eq!(
            notes_of(&vec![0; MAX_EXIF_BYTES + 1]).problems,
            [PhotoProblem::ExifUnreadable]
        );
    }
}
