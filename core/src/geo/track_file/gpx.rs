//! The points of a GPX, 1.0 or 1.1, whatever else it holds.
//!
//! Elements are known by their local names and by where they stand, so that prefixes and
//! strange name spaces do no harm. Entities of a DOCTYPE are never expanded. All markup is
//! ASCII: a file in another encoding than UTF-8 is read for its markup and its numbers.
//!
//! Source: <https://www.topografix.com/GPX/1/1/>.

use std::borrow::Cow;
use std::fmt;

use quick_xml::XmlVersion;
use quick_xml::errors::{Error as XmlError, SyntaxError};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use thiserror::Error;

use crate::geo::excerpt::excerpt;
use crate::model::place::{LatLon, PlaceError};

/// Which points are meant; they are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointKind {
    /// A `trkpt` of a `trkseg` of a `trk`.
    Track,
    /// An `rtept` of an `rte`.
    Route,
}

impl fmt::Display for PointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Track => "track point",
            Self::Route => "route point",
        })
    }
}

/// Why a file is not a GPX whose points can be read. Points count from 1 over the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GpxError {
    /// The text breaks the rules of XML.
    #[error("line {line}: not XML: {why}")]
    NotXml {
        /// Line from 1.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// The file ends inside of something.
    #[error("line {line}: `{begun}` begins here and never ends: the file is cut off or damaged")]
    Truncated {
        /// Line from 1 where it begins.
        line: usize,
        /// How it begins.
        begun: String,
    },
    /// The outermost element is not `gpx`.
    #[error("the file is XML, but not a GPX: it begins with <{root}>")]
    NotGpx {
        /// The outermost element.
        root: String,
    },
    /// A point lacks `lat` or `lon`.
    #[error("{kind} {number}: no attribute `{field}`")]
    MissingAttribute {
        /// Which points are counted.
        kind: PointKind,
        /// The point.
        number: u64,
        /// `lat` or `lon`.
        field: &'static str,
    },
    /// A degree is not a number.
    #[error("{kind} {number}, {field}: `{text}` is not a number")]
    NotANumber {
        /// Which points are counted.
        kind: PointKind,
        /// The point.
        number: u64,
        /// `lat` or `lon`.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// A degree is not finite or out of range.
    #[error("{kind} {number}, {field}: {text} is outside -{limit_deg}..{limit_deg}")]
    OutOfRange {
        /// Which points are counted.
        kind: PointKind,
        /// The point.
        number: u64,
        /// `lat` or `lon`.
        field: &'static str,
        /// What stands there.
        text: String,
        /// The largest degree allowed.
        limit_deg: u8,
    },
}

/// A point as it stands, its times and extensions still text; empty where there are none.
#[derive(Debug)]
pub(in crate::geo) struct RawPoint<'a> {
    pub(in crate::geo) kind: PointKind,
    /// From 1, over all points of its kind.
    pub(in crate::geo) number: u64,
    /// Which `trkseg` or `rte` of the file it belongs to, from 1.
    pub(in crate::geo) part: u64,
    /// Which `trk` or `rte` of the file it belongs to, from 1.
    pub(in crate::geo) line: u64,
    /// The name of that `trk` or `rte`, where it stands before the points.
    pub(in crate::geo) name: &'a str,
    pub(in crate::geo) place: LatLon,
    pub(in crate::geo) time: &'a str,
    pub(in crate::geo) accuracy: &'a str,
    pub(in crate::geo) mock: &'a str,
}

/// How many points a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::geo) struct PointCounts {
    pub(in crate::geo) track: u64,
    pub(in crate::geo) route: u64,
    pub(in crate::geo) way: u64,
}

/// True when a file is XML rather than anything else: its first character is `<`.
pub(in crate::geo) fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

/// What an element is to this reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Gpx,
    Track,
    Segment,
    Route,
    Point(PointKind),
    Time,
    Accuracy,
    Mock,
    Name,
    Other,
}

/// The point that is being read.
struct Pending {
    kind: PointKind,
    number: u64,
    place: LatLon,
}

/// The longest time or number that is kept; whatever is longer is neither.
const MAX_VALUE_BYTES: usize = 128;

#[derive(Default)]
struct Values {
    time: String,
    accuracy: String,
    mock: String,
    name: String,
}

/// Gives every point of the tracks and the routes to `sink`, in the order of the file.
pub(in crate::geo) fn read_points<E: From<GpxError>>(
    bytes: &[u8],
    mut sink: impl FnMut(RawPoint<'_>) -> Result<(), E>,
) -> Result<PointCounts, E> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes.trim_ascii_start());
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    // A bare `&` in a name is a common fault and none of ours.
    config.allow_dangling_amp = true;

    let mut open: Vec<(usize, Tag)> = Vec::new();
    let mut has_root = false;
    let mut counts = PointCounts::default();
    let (mut part, mut line) = (0, 0);
    let mut pending: Option<Pending> = None;
    let mut values = Values::default();
    loop {
        let at = position(reader.buffer_position());
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                return Err(xml_error(&text, position(reader.error_position()), &error).into());
            }
        };
        match event {
            Event::Start(element) => {
                let tag = match open.last() {
                    None if has_root => {
                        let why = "a second outermost element".to_owned();
                        let line = line_of(&text, at);
                        return Err(GpxError::NotXml { line, why }.into());
                    }
                    None => {
                        has_root = true;
                        read_root(&element)?
                    }
                    Some((_, parent)) => {
                        tag_of(&element, *parent, pending.is_some(), &mut counts.way)
                    }
                };
                if matches!(tag, Tag::Track | Tag::Route) {
                    line += 1;
                    values.name.clear();
                }
                match tag {
                    Tag::Segment | Tag::Route => part += 1,
                    Tag::Point(kind) => {
                        let number = match kind {
                            PointKind::Track => &mut counts.track,
                            PointKind::Route => &mut counts.route,
                        };
                        *number += 1;
                        let place = read_place(&element, kind, *number)
                            .map_err(|fault| fault.into_error(&text, at))?;
                        pending = Some(Pending {
                            kind,
                            number: *number,
                            place,
                        });
                        values.time.clear();
                        values.accuracy.clear();
                        values.mock.clear();
                    }
                    _ => {}
                }
                open.push((at, tag));
            }
            Event::End(_) => {
                if let Some((_, Tag::Point(_))) = open.pop()
                    && let Some(point) = pending.take()
                {
                    sink(RawPoint {
                        kind: point.kind,
                        number: point.number,
                        part,
                        line,
                        name: values.name.trim(),
                        place: point.place,
                        time: values.time.trim(),
                        accuracy: values.accuracy.trim(),
                        mock: values.mock.trim(),
                    })?;
                }
            }
            Event::Text(content) => values.add(open.last(), &content),
            Event::CData(content) => values.add(open.last(), &content),
            Event::GeneralRef(reference) => {
                let mut letter = [0; 4];
                let meant = match reference.resolve_char_ref() {
                    Ok(Some(c)) => &*c.encode_utf8(&mut letter),
                    // What is not known must not vanish from a number.
                    _ => resolve_predefined_entity(&reference).unwrap_or("\u{fffd}"),
                };
                values.add(open.last(), meant);
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            // Empty elements arrive as a start and an end.
            Event::Empty(_) => {}
        }
    }
    match open.last() {
        Some((begin, _)) => Err(truncated(&text, *begin).into()),
        None if has_root => Ok(counts),
        None => Err(GpxError::NotXml {
            line: 1,
            why: "there is no element in it".to_owned(),
        }
        .into()),
    }
}

impl Values {
    /// Adds text to the value of the innermost element, if it is one that is asked for.
    fn add(&mut self, innermost: Option<&(usize, Tag)>, text: &str) {
        let value = match innermost {
            Some((_, Tag::Time)) => &mut self.time,
            Some((_, Tag::Accuracy)) => &mut self.accuracy,
            Some((_, Tag::Mock)) => &mut self.mock,
            Some((_, Tag::Name)) => &mut self.name,
            _ => return,
        };
        if value.len() <= MAX_VALUE_BYTES {
            value.extend(text.chars().take(MAX_VALUE_BYTES));
        }
    }
}

fn read_root(element: &BytesStart<'_>) -> Result<Tag, GpxError> {
    match element.local_name().as_ref() {
        "gpx" => Ok(Tag::Gpx),
        other => Err(GpxError::NotGpx {
            root: excerpt(other),
        }),
    }
}

fn tag_of(element: &BytesStart<'_>, parent: Tag, in_point: bool, ways: &mut u64) -> Tag {
    match (element.local_name().as_ref(), parent) {
        ("trk", Tag::Gpx) => Tag::Track,
        ("trkseg", Tag::Track) => Tag::Segment,
        ("rte", Tag::Gpx) => Tag::Route,
        ("trkpt", Tag::Segment) => Tag::Point(PointKind::Track),
        ("rtept", Tag::Route) => Tag::Point(PointKind::Route),
        ("wpt", Tag::Gpx) => {
            *ways += 1;
            Tag::Other
        }
        ("name", Tag::Track | Tag::Route) => Tag::Name,
        ("time", Tag::Point(_)) => Tag::Time,
        ("accuracy" | "hacc", _) if in_point => Tag::Accuracy,
        ("mock", _) if in_point => Tag::Mock,
        _ => Tag::Other,
    }
}

/// What is wrong with a point's attributes, before its line is known.
enum PlaceFault {
    Xml(XmlError),
    Gpx(GpxError),
}

impl PlaceFault {
    fn into_error(self, text: &str, at: usize) -> GpxError {
        match self {
            Self::Xml(error) => xml_error(text, at, &error),
            Self::Gpx(error) => error,
        }
    }
}

fn read_place(
    element: &BytesStart<'_>,
    kind: PointKind,
    number: u64,
) -> Result<LatLon, PlaceFault> {
    let mut found: [Option<Cow<'_, str>>; 2] = [None, None];
    // Comparing each attribute with all before it would cost a hostile tag's square.
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| PlaceFault::Xml(error.into()))?;
        let slot = match attribute.key.as_ref() {
            "lat" => &mut found[0],
            "lon" => &mut found[1],
            _ => continue,
        };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        slot.get_or_insert(value.map_err(PlaceFault::Xml)?);
    }
    let [lat, lon] = found;
    let degrees = |field: &'static str, text: &Option<Cow<'_, str>>| -> Result<f64, PlaceFault> {
        let Some(text) = text else {
            return Err(PlaceFault::Gpx(GpxError::MissingAttribute {
                kind,
                number,
                field,
            }));
        };
        text.trim().parse().map_err(|_| {
            PlaceFault::Gpx(GpxError::NotANumber {
                kind,
                number,
                field,
                text: excerpt(text),
            })
        })
    };
    let (lat_deg, lon_deg) = (degrees("lat", &lat)?, degrees("lon", &lon)?);
    LatLon::try_new(lat_deg, lon_deg).map_err(|error| {
        let (field, text, limit_deg) = match error {
            PlaceError::Latitude(_) => ("lat", lat, 90),
            _ => ("lon", lon, 180),
        };
        PlaceFault::Gpx(GpxError::OutOfRange {
            kind,
            number,
            field,
            text: excerpt(&text.unwrap_or_default()),
            limit_deg,
        })
    })
}

fn xml_error(text: &str, at: usize, error: &XmlError) -> GpxError {
    match error {
        // All the others say that the end of the file came first.
        XmlError::Syntax(error) if *error != SyntaxError::InvalidBangMarkup => truncated(text, at),
        error => GpxError::NotXml {
            line: line_of(text, at),
            why: excerpt(&error.to_string()),
        },
    }
}

fn truncated(text: &str, at: usize) -> GpxError {
    let rest = text.get(at..).unwrap_or_default();
    let word = |c: char| c.is_whitespace() || c == '>';
    GpxError::Truncated {
        line: line_of(text, at),
        begun: excerpt(rest.split(word).next().unwrap_or_default()),
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.iter().filter(|b| **b == b'\n').count()
}
