//! The index as bytes, so that a cold process loads it and does not build it again.
//!
//! docs/formats/locator.md describes them. The bytes may come from a damaged file or from
//! someone who means harm: a digest finds the first, and for the second every count, record,
//! vertex and owner is checked once, in one pass, before a [`Locator`] is made of them. What
//! passes may answer nonsense, but it cannot panic or read what is not there.

use super::{BORDER, HOLDS_CORNER, Locator, OUTSIDE, PACKED_CELLS, Plane};
use geo::Coord;
use thiserror::Error;

/// The first bytes of every image.
const MAGIC: [u8; 8] = *b"BDLOCATE";
/// The form that this version writes and reads. Another form is another number.
pub const IMAGE_VERSION: u32 = 1;
/// Where the digest stands, behind magic and version; it covers all that follows it.
const DIGEST_AT: usize = 12;
/// Where the counts begin.
const COUNTS_AT: usize = DIGEST_AT + 32;
/// Columns, rows, words of records, vertices, parts, cells, bytes of codes.
const COUNTS: usize = 7;
/// Where the eight numbers of the plane begin.
const PLANE_AT: usize = COUNTS_AT + 4 * COUNTS;
/// Where the arrays begin.
const BODY_AT: usize = PLANE_AT + 8 * 8;

/// Why bytes are no image of a locator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageError {
    /// They do not begin as an image does.
    #[error("not a locator's image")]
    NotAnImage,
    /// Another version of this software wrote them.
    #[error("a locator's image of form {found}; this version reads {IMAGE_VERSION}")]
    Version {
        /// The form that stands there.
        found: u32,
    },
    /// There are fewer or more bytes than the counts say.
    #[error("a locator's image of {expected} bytes by its counts has {found}")]
    Length {
        /// By the counts; `u64::MAX` where their sum is larger.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The digest is another one.
    #[error("a locator's image is damaged: its digest does not match")]
    Digest,
    /// A number points nowhere.
    #[error("a locator's image: {section} {place}: {why}")]
    Content {
        /// The array: `plane`, `vertices`, `buckets`, `records`, `owners` or `codes`.
        section: &'static str,
        /// The place within it, from 0.
        place: usize,
        /// What is wrong there.
        why: &'static str,
    },
}

fn content(section: &'static str, place: usize, why: &'static str) -> ImageError {
    ImageError::Content {
        section,
        place,
        why,
    }
}

impl Locator {
    /// The index as bytes: the same for the same cells, on every machine.
    #[must_use]
    pub fn to_image(&self) -> Vec<u8> {
        let plane = &self.plane;
        let mut image = Vec::with_capacity(BODY_AT + self.body_bytes());
        image.extend(MAGIC);
        image.extend(IMAGE_VERSION.to_le_bytes());
        image.extend([0; 32]);
        let counts: [usize; COUNTS] = [
            plane.columns,
            plane.rows,
            self.records.len(),
            self.vertices.len(),
            self.owners.len(),
            self.code_ends.len(),
            self.codes.len(),
        ];
        for count in counts {
            let count = u32::try_from(count).expect("files of cells are limited to 64 MiB");
            image.extend(count.to_le_bytes());
        }
        for p in [plane.min, plane.max, plane.size, plane.scale] {
            put_coord(&mut image, p);
        }
        for &vertex in &self.vertices {
            put_coord(&mut image, vertex);
        }
        for words in [&self.buckets, &self.records, &self.owners] {
            image.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        for &end in &self.code_ends {
            image.extend((end as u32).to_le_bytes());
        }
        image.extend(self.codes.as_bytes());
        let digest = blake3::hash(&image[COUNTS_AT..]);
        image[DIGEST_AT..COUNTS_AT].copy_from_slice(digest.as_bytes());
        image
    }

    fn body_bytes(&self) -> usize {
        16 * self.vertices.len()
            + 4 * (self.buckets.len()
                + self.records.len()
                + self.owners.len()
                + self.code_ends.len())
            + self.codes.len()
    }

    /// The index that [`Locator::to_image`] wrote, in time in proportion to its bytes.
    ///
    /// # Errors
    /// [`ImageError`] for bytes of another form, damaged ones, and such as would lead astray.
    pub fn from_image(image: &[u8]) -> Result<Self, ImageError> {
        let body = check_head(image)?;
        let count = |i: usize| word(&image[COUNTS_AT + 4 * i..]) as usize;
        let (columns, rows) = (count(0), count(1));
        let mut rest = body;
        let mut take = |bytes: usize| {
            // The length was compared with the sum of all of these.
            let (taken, after) = rest.split_at(bytes);
            rest = after;
            taken
        };
        let vertices: Vec<Coord> = take(16 * count(3)).chunks_exact(16).map(coord).collect();
        let buckets = words(take(4 * columns * rows));
        let records = words(take(4 * count(2)));
        let owners = words(take(4 * count(4)));
        let code_ends: Vec<usize> = words(take(4 * count(5)))
            .into_iter()
            .map(|end| end as usize)
            .collect();
        let codes = std::str::from_utf8(take(count(6)))
            .map_err(|error| content("codes", error.valid_up_to(), "not UTF-8"))?
            .to_owned();
        let corner = |i: usize| coord(&image[PLANE_AT + 16 * i..]);
        let plane = Plane {
            min: corner(0),
            max: corner(1),
            size: corner(2),
            scale: corner(3),
            columns,
            rows,
        };
        let locator = Self {
            plane,
            buckets,
            records,
            vertices,
            owners,
            codes,
            code_ends,
        };
        locator.check()?;
        Ok(locator)
    }

    /// Checks all that the look-up relies on, once for each number.
    fn check(&self) -> Result<(), ImageError> {
        self.check_plane()?;
        if let Some(place) = self
            .vertices
            .iter()
            .position(|v| !(v.x.is_finite() && v.y.is_finite()))
        {
            return Err(content("vertices", place, "not a finite number"));
        }
        let cells = self.code_ends.len();
        if let Some(place) = self.owners.iter().position(|&o| o as usize >= cells) {
            return Err(content("owners", place, "no such cell"));
        }
        let mut start = 0;
        for (place, &end) in self.code_ends.iter().enumerate() {
            if end < start || !self.codes.is_char_boundary(end) {
                return Err(content("codes", place, "ends where no code can"));
            }
            start = end;
        }
        if start != self.codes.len() {
            return Err(content("codes", cells, "text that belongs to no code"));
        }
        // Records stand in the order of their buckets, without a word between them.
        let mut next = 0;
        for (place, &word) in self.buckets.iter().enumerate() {
            if word == OUTSIDE {
                continue;
            }
            if word & BORDER == 0 {
                if word as usize >= self.owners.len() {
                    return Err(content("buckets", place, "no such part"));
                }
            } else if (word & !BORDER) as usize != next {
                return Err(content("buckets", place, "not the next record"));
            } else {
                next = self.check_record(next)?;
            }
        }
        if next != self.records.len() {
            return Err(content("records", next, "belongs to no bucket"));
        }
        Ok(())
    }

    fn check_plane(&self) -> Result<(), ImageError> {
        let plane = &self.plane;
        let coords = [plane.min, plane.max, plane.size, plane.scale];
        let numbers: Vec<f64> = coords.iter().flat_map(|c| [c.x, c.y]).collect();
        if self.owners.is_empty() {
            // An index of nothing has bounds that hold no point.
            let is_nowhere = plane.min.x > plane.max.x && plane.min.y > plane.max.y;
            return is_nowhere
                .then_some(())
                .ok_or_else(|| content("plane", 0, "has bounds around nothing"));
        }
        if let Some(place) = numbers.iter().position(|n| !n.is_finite()) {
            return Err(content("plane", place, "not a finite number"));
        }
        if let Some(place) = numbers[4..].iter().position(|n| *n <= 0.0) {
            return Err(content("plane", place + 4, "not a size"));
        }
        if plane.min.x > plane.max.x || plane.min.y > plane.max.y {
            return Err(content("plane", 0, "ends before it begins"));
        }
        Ok(())
    }

    /// Checks the record at `start` and returns where it ends.
    fn check_record(&self, start: usize) -> Result<usize, ImageError> {
        let record = self.records.get(start..).unwrap_or_default();
        let at = |offset: usize| {
            record
                .get(offset)
                .copied()
                .ok_or_else(|| content("records", start + offset, "cut off"))
        };
        let has_part = |offset: usize, part: u32| {
            let known = (part as usize) < self.owners.len();
            known
                .then_some(())
                .ok_or_else(|| content("records", start + offset, "no such part"))
        };
        let has_edge = |offset: usize, first: u32| {
            let known = (first as usize) + 1 < self.vertices.len();
            known
                .then_some(())
                .ok_or_else(|| content("records", start + offset, "no such edge"))
        };
        let head = at(0)?;
        if head == 0 {
            let mut offset = 2;
            for _ in 0..at(1)? {
                has_part(offset, at(offset)? & !HOLDS_CORNER)?;
                let edges = at(offset + 1)? as usize;
                offset += 2;
                let listed = record
                    .get(offset..)
                    .and_then(|rest| rest.get(..edges))
                    .ok_or_else(|| content("records", start + offset, "cut off"))?;
                for (place, &first) in (offset..).zip(listed) {
                    has_edge(place, first)?;
                }
                offset += edges;
            }
            return Ok(start + offset);
        }
        let (cells, edges) = (head & 7, (head >> 8) as usize);
        if cells == 0 || cells > PACKED_CELLS || ((head >> 3) & 31) >> cells != 0 {
            return Err(content("records", start, "no such candidate"));
        }
        let cells_end = 1 + cells as usize;
        for offset in 1..cells_end {
            has_part(offset, at(offset)?)?;
        }
        let packed = record
            .get(cells_end..)
            .and_then(|rest| rest.get(..edges))
            .ok_or_else(|| content("records", start + cells_end, "cut off"))?;
        for (place, &word) in (cells_end..).zip(packed) {
            has_edge(place, word >> PACKED_CELLS)?;
            if (word & 31) >> cells != 0 {
                return Err(content("records", start + place, "no such candidate"));
            }
        }
        Ok(start + cells_end + edges)
    }
}

/// Checks all that stands before the arrays and returns the arrays' bytes.
fn check_head(image: &[u8]) -> Result<&[u8], ImageError> {
    if image.get(..8) != Some(&MAGIC[..]) {
        return Err(ImageError::NotAnImage);
    }
    let found = image.get(8..12).map_or(0, word);
    if found != IMAGE_VERSION {
        return Err(ImageError::Version { found });
    }
    let length = |expected| ImageError::Length {
        expected,
        found: image.len() as u64,
    };
    let Some(body) = image.get(BODY_AT..) else {
        return Err(length(BODY_AT as u64));
    };
    let count = |i: usize| u64::from(word(&image[COUNTS_AT + 4 * i..]));
    // Six counts below 2^32 times 16 stay far below 2^64; the product is the exception.
    let buckets = count(0)
        .checked_mul(count(1))
        .and_then(|b| b.checked_mul(4));
    let others = 16 * count(3) + 4 * (count(2) + count(4) + count(5)) + count(6);
    let expected = buckets
        .and_then(|b| b.checked_add(others))
        .and_then(|b| b.checked_add(BODY_AT as u64))
        .unwrap_or(u64::MAX);
    if expected != image.len() as u64 {
        return Err(length(expected));
    }
    if count(0) == 0 || count(1) == 0 {
        return Err(content("plane", 0, "has no buckets"));
    }
    if blake3::hash(&image[COUNTS_AT..]).as_bytes()[..] != image[DIGEST_AT..COUNTS_AT] {
        return Err(ImageError::Digest);
    }
    Ok(body)
}

/// The first four bytes, which the caller knows to be there.
fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(word).collect()
}

/// The first sixteen bytes, which the caller knows to be there.
fn coord(bytes: &[u8]) -> Coord {
    let number = |at: usize| {
        let eight: [u8; 8] = std::array::from_fn(|i| bytes[at + i]);
        f64::from_le_bytes(eight)
    };
    Coord {
        x: number(0),
        y: number(8),
    }
}

fn put_coord(image: &mut Vec<u8>, p: Coord) {
    image.extend(p.x.to_le_bytes());
    image.extend(p.y.to_le_bytes());
}

#[cfg(test)]
mod tests;
