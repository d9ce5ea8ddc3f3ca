//! A part of a track as bytes: columns of differences in variable-length integers, packed
//! with zstd where that is shorter. A few bytes a fix.
//!
//! Written by the device that walks, read by everybody who may see the track; byte by byte
//! in docs/formats/track.md. A chunk is a value beside a commit's structure, so that it can
//! be erased.

use thiserror::Error;

use crate::model::patrol::{Interruption, Mark};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::Fix;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::MAX_VALUE_BYTES;

/// The most fixes of one chunk: even unpacked and at their longest they fit into a value.
pub const MAX_CHUNK_FIXES: usize = 512;
/// The most marks of one chunk.
pub const MAX_CHUNK_MARKS: usize = 64;
/// The most bytes of the columns, unpacked.
const MAX_COLUMNS_BYTES: usize = MAX_CHUNK_FIXES * 30 + MAX_CHUNK_MARKS * 20 + 64;

/// Columns as they are.
const PLAIN: u64 = 1;
/// Columns in one zstd frame.
const ZSTD: u64 = 2;

/// Fixes in order of arrival, and the gaps that the device knows of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chunk {
    /// The fixes, rounded as they are sealed.
    pub fixes: Vec<Fix>,
    /// The gaps.
    pub marks: Vec<Mark>,
}

/// Why some bytes are not a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// The value around the columns.
    #[error("track chunk: {0}")]
    Form(#[from] CborError),
    /// Packed in a way that this version does not know.
    #[error("track chunk: packing {0} is not known")]
    UnknownPacking(u64),
    /// The columns are cut off, too long, or hold a number that has no meaning.
    #[error("track chunk: {0}")]
    Columns(&'static str),
    /// More fixes or marks than a chunk may have.
    #[error("track chunk: more than {MAX_CHUNK_FIXES} fixes or {MAX_CHUNK_MARKS} marks")]
    TooMany,
}

impl Chunk {
    /// The chunk as a value: `[packing, columns]`.
    ///
    /// # Errors
    /// [`ChunkError::TooMany`].
    pub fn encode(&self) -> Result<Vec<u8>, ChunkError> {
        if self.fixes.len() > MAX_CHUNK_FIXES || self.marks.len() > MAX_CHUNK_MARKS {
            return Err(ChunkError::TooMany);
        }
        let plain = self.columns();
        let packed = pack(&plain);
        let (packing, columns) = match packed.filter(|packed| packed.len() < plain.len()) {
            Some(packed) => (ZSTD, packed),
            None => (PLAIN, plain),
        };
        Ok(write(packing, &columns))
    }

    /// Reads a chunk.
    ///
    /// # Errors
    /// [`ChunkError`] names what does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChunkError> {
        let (packing, columns) = exact(
            "track chunk",
            bytes,
            |reader: &mut Reader<'_>| {
                reader.parts("track chunk", 2)?;
                let packing = reader.uint("packing")?;
                Ok((packing, reader.bytes("columns", MAX_VALUE_BYTES)?.to_vec()))
            },
            |(packing, columns)| write(*packing, columns),
        )?;
        match packing {
            PLAIN => Self::read_columns(&columns),
            ZSTD => Self::read_columns(&unpack(&columns)?),
            other => Err(ChunkError::UnknownPacking(other)),
        }
    }

    fn columns(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.fixes.len() * 10 + 32);
        put(&mut out, self.fixes.len() as u64);
        put(&mut out, self.marks.len() as u64);
        let e7 = |deg: f64| (deg * 1e7).round() as i64;
        let mut column = |value: &dyn Fn(&Fix) -> i64| {
            let mut before = 0_i64;
            for fix in &self.fixes {
                let now = value(fix);
                put(&mut out, zigzag(now.wrapping_sub(before)));
                before = now;
            }
        };
        column(&|fix| fix.at.0.min(UtcMs::MAX.0) as i64);
        column(&|fix| e7(fix.place.lat_deg()));
        column(&|fix| e7(fix.place.lon_deg()));
        // Centimetres and one more, so that zero is none.
        column(&|fix| fix.accuracy_m.map_or(0, |m| (m * 100.0).round() as i64 + 1));
        for fix in &self.fixes {
            out.push(u8::from(fix.is_mock));
        }
        for mark in &self.marks {
            put(&mut out, mark.why.code().into());
            put(&mut out, mark.at.0);
            put(&mut out, mark.after_fixes.into());
        }
        out
    }

    fn read_columns(bytes: &[u8]) -> Result<Self, ChunkError> {
        let mut bytes = bytes;
        let fixes = take(&mut bytes)?;
        let marks = take(&mut bytes)?;
        if fixes > MAX_CHUNK_FIXES as u64 || marks > MAX_CHUNK_MARKS as u64 {
            return Err(ChunkError::TooMany);
        }
        let (fixes, marks) = (fixes as usize, marks as usize);
        let mut column = || -> Result<Vec<i64>, ChunkError> {
            let mut before = 0_i64;
            (0..fixes)
                .map(|_| {
                    before = before.wrapping_add(unzigzag(take(&mut bytes)?));
                    Ok(before)
                })
                .collect()
        };
        let (times, lats, lons, accuracies) = (column()?, column()?, column()?, column()?);
        let flags = bytes
            .split_off(..fixes)
            .ok_or(ChunkError::Columns("cut off"))?;
        let mut chunk = Self::default();
        for number in 0..fixes {
            let at = u64::try_from(times[number])
                .ok()
                .filter(|ms| *ms <= UtcMs::MAX.0)
                .ok_or(ChunkError::Columns("a time is out of range"))?;
            let place = LatLon::try_new(lats[number] as f64 / 1e7, lons[number] as f64 / 1e7)
                .map_err(|_| ChunkError::Columns("a place is out of range"))?;
            let accuracy_m = match accuracies[number] {
                0 => None,
                cm @ 1..=0x1_0000_0000 => Some((cm - 1) as f64 / 100.0),
                _ => return Err(ChunkError::Columns("an accuracy is out of range")),
            };
            if flags[number] > 1 {
                return Err(ChunkError::Columns("a flag is not known"));
            }
            chunk.fixes.push(Fix {
                at: UtcMs(at),
                place,
                accuracy_m,
                is_mock: flags[number] == 1,
            });
        }
        for _ in 0..marks {
            let why = Interruption::from_code(take(&mut bytes)?)
                .ok_or(ChunkError::Columns("an interruption is not known"))?;
            let at = UtcMs(take(&mut bytes)?);
            let after_fixes = u32::try_from(take(&mut bytes)?)
                .ok()
                .filter(|after| *after as usize <= fixes && at <= UtcMs::MAX)
                .ok_or(ChunkError::Columns("a mark is out of range"))?;
            chunk.marks.push(Mark {
                at,
                why,
                after_fixes,
            });
        }
        if !bytes.is_empty() {
            return Err(ChunkError::Columns("there is more than it says"));
        }
        Ok(chunk)
    }
}

fn write(packing: u64, columns: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(2).uint(packing).bytes(columns);
    writer.finish()
}

#[cfg(feature = "frames")]
fn pack(plain: &[u8]) -> Option<Vec<u8>> {
    // Chunks are small: a higher level costs microseconds and saves a tenth.
    zstd::encode_all(plain, 9).ok()
}

#[cfg(not(feature = "frames"))]
fn pack(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(feature = "frames")]
fn unpack(packed: &[u8]) -> Result<Vec<u8>, ChunkError> {
    use std::io::Read as _;

    let damaged = ChunkError::Columns("not a zstd frame");
    let decoder = zstd::Decoder::with_buffer(packed).map_err(|_| damaged)?;
    let mut plain = Vec::new();
    decoder
        .take(MAX_COLUMNS_BYTES as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| damaged)?;
    if plain.len() > MAX_COLUMNS_BYTES {
        return Err(ChunkError::Columns("too long"));
    }
    Ok(plain)
}

#[cfg(not(feature = "frames"))]
fn unpack(_: &[u8]) -> Result<Vec<u8>, ChunkError> {
    Err(ChunkError::UnknownPacking(ZSTD))
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Result<u64, ChunkError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(ChunkError::Columns("cut off"))?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f)
            .checked_shl(shift)
            .filter(|_| shift < 63 || *byte < 2)
            .ok_or(ChunkError::Columns("a number is too long"))?;
        if byte & 0x80 == 0 {
            // A last byte of zero would be a second spelling of the same number.
            if *byte == 0 && shift > 0 {
                return Err(ChunkError::Columns("a number is spelt too long"));
            }
            return Ok(value);
        }
    }
    Err(ChunkError::Columns("a number is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_fix() -> impl Strategy<Value = Fix> {
        (
            0..=UtcMs::MAX.0,
            -90.0..=90.0_f64,
            -180.0..=180.0_f64,
            prop::option::of(0.0..5_000.0_f64),
            any::<bool>(),
        )
            .prop_map(|(at, lat, lon, accuracy_m, is_mock)| {
                let place = LatLon::try_new(lat, lon).expect("in range");
                Fix {
                    at: UtcMs(at),
                    place,
                    accuracy_m,
                    is_mock,
                }
                .rounded()
            })
    }

    fn any_mark() -> impl Strategy<Value = Mark> {
        (0..=UtcMs::MAX.0, 1_u64..=4).prop_map(|(at, code)| Mark {
            at: UtcMs(at),
            why: Interruption::from_code(code).expect("a code of the table"),
            after_fixes: 0,
        })
    }

    proptest! {
        #[test]
        fn chunk_reads_back_what_it_writes_and_fits_into_a_value(
            fixes in prop::collection::vec(any_fix(), 0..=MAX_CHUNK_FIXES),
            marks in prop::collection::vec(any_mark(), 0..=MAX_CHUNK_MARKS),
        ) {
            let chunk = Chunk { fixes, marks };
            let bytes = chunk.encode().expect("within the limits");
            prop_assert!(bytes.len() <= MAX_VALUE_BYTES, "{}", bytes.len());
            prop_assert_eq!(Chunk::decode(&bytes).expect("reads back"), chunk);
        }

        #[test]
        fn any_bytes_are_a_chunk_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Chunk::decode(&bytes);
            let _ = Chunk::read_columns(&bytes);
        }
    }

    #[test]
    fn steady_walk_takes_a_few_bytes_a_fix() {
        let fixes = (0..500_u32).map(|n| {
            let sway = f64::from(n * 7919 % 13) * 1e-7;
            Fix {
                at: UtcMs(1_772_409_600_000 + u64::from(n) * 5_000),
                place: LatLon::try_new(31.23 + f64::from(n) * 6e-5 + sway, 121.47 - sway)
                    .expect("in range"),
                accuracy_m: Some(4.0 + f64::from(n % 3)),
                is_mock: false,
            }
            .rounded()
        });
        let chunk = Chunk {
            fixes: fixes.collect(),
            marks: Vec::new(),
        };
        let bytes = chunk.encode().expect("within the limits").len();
        assert!(bytes < 500 * 4, "{bytes} bytes for 500 fixes");
    }

    #[test]
    fn too_many_fixes_are_refused() {
        let fix = Fix {
            at: UtcMs(0),
            place: LatLon::try_new(0.0, 0.0).expect("in range"),
            accuracy_m: None,
            is_mock: false,
        };
        let chunk = Chunk {
            fixes: vec![fix; MAX_CHUNK_FIXES + 1],
            marks: Vec::new(),
        };
        assert_eq!(chunk.encode(), Err(ChunkError::TooMany));
    }
}
