//! The pieces of a JPEG, in the order in which they stand: segments and coded scans.
//!
//! Phones put junk between segments, several pictures behind one another (MPF, Ultra HDR)
//! and films behind the picture; this walk keeps to the first picture and ends at its end
//! marker. It also rebuilds that picture without anything the decoder does not need, so
//! that a maker's odd segment can never make a good photo undecodable.
//!
//! Source: ITU-T T.81 annex B.

use super::PhotoError;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
pub(super) const SOS: u8 = 0xDA;
pub(super) const DHT: u8 = 0xC4;
pub(super) const DRI: u8 = 0xDD;
pub(super) const DQT: u8 = 0xDB;
const JPG: u8 = 0xC8;
const DAC: u8 = 0xCC;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
pub(super) const APP14: u8 = 0xEE;

/// One piece of a JPEG behind its start marker.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// A marker with its body, the length word left out.
    Segment { marker: u8, body: &'a [u8] },
    /// The entropy-coded bytes behind a start of scan, restart markers included.
    Scan(&'a [u8]),
    /// The end marker.
    End,
}

/// Walks the pieces; it stops behind [`Piece::End`] or where the bytes run out.
pub(super) struct Pieces<'a> {
    bytes: &'a [u8],
    at: usize,
    is_scan_next: bool,
}

pub(super) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, SOI, 0xFF])
}

pub(super) fn pieces(bytes: &[u8]) -> Pieces<'_> {
    Pieces {
        bytes,
        at: 2,
        is_scan_next: false,
    }
}

impl<'a> Pieces<'a> {
    fn scan(&mut self) -> Piece<'a> {
        self.is_scan_next = false;
        let coded = self.bytes.get(self.at..).unwrap_or_default();
        let mut end = 0;
        loop {
            match coded
                .get(end..)
                .and_then(|rest| rest.iter().position(|&b| b == 0xFF))
            {
                None => {
                    end = coded.len();
                    break;
                }
                Some(skip) => end += skip,
            }
            // A stuffed zero, a fill byte or a restart marker belongs to the scan.
            match coded.get(end + 1) {
                Some(0x00 | 0xD0..=0xD7) => end += 2,
                Some(0xFF) => end += 1,
                Some(_) => break,
                None => {
                    end = coded.len();
                    break;
                }
            }
        }
        self.at += end;
        Piece::Scan(&coded[..end])
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.is_scan_next {
            return Some(self.scan());
        }
        loop {
            // Bytes between segments are illegal and common; the next marker is looked for.
            let rest = self.bytes.get(self.at..)?;
            let lead = rest.iter().position(|&b| b == 0xFF)?;
            let fill = rest[lead..].iter().position(|&b| b != 0xFF)?;
            let marker = rest[lead + fill];
            self.at += lead + fill + 1;
            match marker {
                0x00..=0xBF | 0xD0..=0xD7 | SOI => continue,
                EOI => {
                    self.at = self.bytes.len();
                    return Some(Piece::End);
                }
                _ => {}
            }
            let length = self.bytes.get(self.at..self.at + 2)?;
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            if length < 2 {
                continue;
            }
            let Some(body) = self.bytes.get(self.at + 2..self.at + length) else {
                self.at = self.bytes.len();
                return None;
            };
            self.at += length;
            self.is_scan_next = marker == SOS;
            return Some(Piece::Segment { marker, body });
        }
    }
}

/// The frame header (SOF).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// 0xC0 baseline, 0xC1 extended, 0xC2 progressive; the others are not decoded.
    pub(super) marker: u8,
    pub(super) precision_bits: u8,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) components: Vec<Component>,
}

/// One colour component: its identifier, its sampling factors and its quantiser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Component {
    pub(super) id: u8,
    pub(super) across: usize,
    pub(super) down: usize,
    /// Which of four tables.
    pub(super) quant: usize,
}

pub(super) fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, DHT | JPG | DAC)
}

/// Reads a frame header's body; `None` when it is cut or its parts contradict each other.
pub(super) fn frame(marker: u8, body: &[u8]) -> Option<Frame> {
    let (head, parts) = body.split_at_checked(6)?;
    let count = usize::from(head[5]);
    let components: Vec<_> = parts
        .chunks_exact(3)
        .take(count)
        .map(|part| Component {
            id: part[0],
            across: usize::from(part[1] >> 4),
            down: usize::from(part[1] & 15),
            quant: usize::from(part[2] & 3),
        })
        .collect();
    let is_legal = |c: &Component| (1..=4).contains(&c.across) && (1..=4).contains(&c.down);
    let is_whole = (1..=4).contains(&count) && components.len() == count;
    (is_whole && components.iter().all(is_legal)).then(|| Frame {
        marker,
        precision_bits: head[0],
        width_px: u32::from(u16::from_be_bytes([head[3], head[4]])),
        height_px: u32::from(u16::from_be_bytes([head[1], head[2]])),
        components,
    })
}

/// Finds the frame and the Exif block in front of the first scan.
///
/// # Errors
/// [`PhotoError::Truncated`] when the bytes end before the first scan begins, and
/// [`PhotoError::Damaged`] when a scan begins without a sound frame header.
pub(super) fn head(bytes: &[u8]) -> Result<(Frame, Option<&[u8]>), PhotoError> {
    let mut found = None;
    let mut exif = None;
    for piece in pieces(bytes) {
        match piece {
            Piece::Segment { marker, body } if is_frame(marker) && found.is_none() => {
                found = frame(marker, body);
            }
            Piece::Segment { marker: APP1, body } if exif.is_none() => {
                exif = body.strip_prefix(b"Exif\0").and_then(|rest| rest.get(1..));
            }
            Piece::Segment { marker: SOS, .. } => {
                let frame = found.ok_or_else(|| PhotoError::damaged("no frame header"))?;
                return Ok((frame, exif));
            }
            Piece::End => return Err(PhotoError::damaged("no scan")),
            _ => {}
        }
    }
    Err(PhotoError::Truncated)
}

/// The same picture with nothing in it but what a decoder needs, and an end marker.
pub(super) fn essentials(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend([0xFF, SOI]);
    for piece in pieces(bytes) {
        match piece {
            Piece::Segment { marker, body } if is_needed(marker, body) => {
                let length = u16::try_from(body.len() + 2).expect("it came from a length word");
                out.extend([0xFF, marker]);
                out.extend(length.to_be_bytes());
                out.extend(body);
            }
            Piece::Scan(coded) => out.extend(coded),
            Piece::Segment { .. } | Piece::End => {}
        }
    }
    out.extend([0xFF, EOI]);
    out
}

fn is_needed(marker: u8, body: &[u8]) -> bool {
    match marker {
        // They say whether three components are YCbCr or RGB, and four CMYK or YCCK.
        APP0 => body.starts_with(b"JFIF\0"),
        APP14 => body.starts_with(b"Adobe"),
        DHT | DQT | DRI | SOS => true,
        _ => is_frame(marker),
    }
}
