//! The write-ahead log of a database, frame by frame, and whether it is whole.
//!
//! SQLite reads a log up to the first frame whose checksum does not hold and silently forgets
//! the rest: right after a power cut, which tears at most the last transaction, and wrong when
//! a bit of an older one has changed, since what follows was acknowledged. [`is_broken`] tells
//! the two apart before SQLite sees the log.
//!
//! Source: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::storage::StoreError;
use crate::storage::salvage::page::PAGE;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Bytes of a frame: its header and a page.
const FRAME: usize = FRAME_HEADER + PAGE;
/// The magic of a log whose checksums are little-endian; one more is big-endian.
const MAGIC: u32 = 0x377f_0682;

/// A frame: one version of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The page's number.
    pub(super) number: u32,
    /// Where the page begins in the file.
    pub(super) offset: usize,
    /// True for the last frame of a transaction.
    pub(super) is_commit: bool,
    /// True when it was written since the log began anew; others are older than the database.
    pub(super) is_current: bool,
    /// True when both of its salts are the log's.
    is_exact: bool,
    /// True when its checksum follows from that of the frame before.
    is_linked: bool,
}

/// What a log holds.
#[derive(Debug, Default)]
pub(super) struct Wal {
    /// In the file's order.
    pub(super) frames: Vec<Frame>,
    is_header_sound: bool,
}

/// True when something that was acknowledged stands in a log that SQLite would not read to
/// its end. Of the last transaction that is said when it is there in its whole length: what a
/// power cut tears lacks a piece that a frame begins in.
///
/// # Errors
/// [`StoreError::Io`].
pub(in crate::storage) fn is_broken(path: &Path) -> Result<bool, StoreError> {
    let Some(bytes) = read_file(path)? else {
        return Ok(false);
    };
    if !Wal::read(&bytes).is_broken(&bytes) {
        return Ok(false);
    }
    // Another process may be writing the very frames that were read: a log that is damaged
    // stays as it is.
    Ok(read_file(path)?.is_some_and(|again| again == bytes))
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok((!bytes.is_empty()).then_some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Wal {
    /// Reads a log; whatever the bytes are, this answers.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let Some(header) = bytes.get(..HEADER) else {
            return Self::default();
        };
        let is_big = word(header, 0) == MAGIC + 1;
        let sum = checksum(is_big, (0, 0), &header[..24]);
        let is_header_sound =
            word(header, 0) & !1 == MAGIC && sum == (word(header, 24), word(header, 28));
        let wal = Self::read_as(bytes, is_big, is_header_sound);
        if is_header_sound || wal.frames.iter().any(|frame| frame.is_linked) {
            return wal;
        }
        // Which way round its numbers are is what the header would have said.
        Self::read_as(bytes, !is_big, false)
    }

    fn read_as(bytes: &[u8], is_big: bool, is_header_sound: bool) -> Self {
        let mut wal = Self {
            frames: Vec::new(),
            is_header_sound,
        };
        // A log whose header does not hold still has its first frame, which is never older.
        let salts_at = if is_header_sound { 16 } else { HEADER + 8 };
        if bytes.len() < HEADER + FRAME {
            return wal;
        }
        let salts = (word(bytes, salts_at), word(bytes, salts_at + 4));
        let mut before = (word(bytes, 24), word(bytes, 28));
        for (index, frame) in bytes[HEADER..].chunks_exact(FRAME).enumerate() {
            let sum = checksum(is_big, before, &frame[..8]);
            let sum = checksum(is_big, sum, &frame[FRAME_HEADER..]);
            before = (word(frame, 16), word(frame, 20));
            wal.frames.push(Frame {
                number: word(frame, 0),
                offset: HEADER + index * FRAME + FRAME_HEADER,
                is_commit: word(frame, 4) != 0,
                // One salt counts up and the other is drawn anew: one bit changes one only.
                is_current: word(frame, 8) == salts.0 || word(frame, 12) == salts.1,
                is_exact: (word(frame, 8), word(frame, 12)) == salts,
                is_linked: sum == before,
            });
        }
        wal
    }

    /// See [`is_broken`].
    pub(super) fn is_broken(&self, bytes: &[u8]) -> bool {
        if !self.is_header_sound {
            return self.frames.iter().any(|frame| frame.is_linked);
        }
        let is_good = |frame: &Frame| frame.is_exact && frame.is_linked;
        let Some(bad) = self.frames.iter().position(|frame| !is_good(frame)) else {
            return false;
        };
        let ends = |frame: &Frame| frame.is_current && frame.is_commit;
        let Some(end) = self.frames[bad..].iter().position(ends).map(|at| bad + at) else {
            return false;
        };
        if self.frames[end + 1..].iter().any(is_good) {
            return true;
        }
        let is_complete = self.frames[bad..=end].iter().all(|frame| frame.is_current);
        is_complete && !(bad == end && self.is_tail_absent(bytes, end))
    }

    /// True when the last piece of the file system that a frame reaches into is empty: no
    /// frame begins there, so that its absence shows in no header.
    fn is_tail_absent(&self, bytes: &[u8], frame: usize) -> bool {
        let end = self.frames[frame].offset + PAGE;
        let tail = &bytes[end / PAGE * PAGE..end];
        !tail.is_empty() && tail.iter().all(|byte| *byte == 0)
    }

    /// The index after the last frame that a transaction ended with.
    pub(super) fn committed(&self) -> usize {
        let ends = |frame: &Frame| frame.is_current && frame.is_commit;
        self.frames.iter().rposition(ends).map_or(0, |at| at + 1)
    }
}

/// SQLite's checksum of a log, over whole pairs of words.
fn checksum(is_big: bool, mut sum: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let number = |word: &[u8]| {
        let word = [word[0], word[1], word[2], word[3]];
        if is_big {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        }
    };
    for pair in bytes.chunks_exact(8) {
        sum.0 = sum.0.wrapping_add(number(&pair[..4])).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(number(&pair[4..])).wrapping_add(sum.0);
    }
    sum
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identifiers::Hash;
    use crate::storage::Store;
    use crate::storage::vault::{DataKey, Keys};

    /// The log of a store with some transactions in it.
    fn log() -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let keys = Keys {
            current: DataKey::new([1; 32]),
            before: None,
            escrow: None,
        };
        drop(Store::open(dir.path(), Some(&keys)).expect("opens"));
        let store = Store::open(dir.path(), Some(&keys)).expect("opens");
        for byte in 0..4 {
            let written: Result<(), StoreError> =
                store.write(|tx| tx.put_blob(&Hash([byte; 32]), 1, true));
            written.expect("writes");
        }
        fs::read(dir.path().join("store.db-wal")).expect("a log")
    }

    fn is_broken(bytes: &[u8]) -> bool {
        Wal::read(bytes).is_broken(bytes)
    }

    #[test]
    fn every_bit_of_a_header_and_some_of_every_page_are_missed() {
        let log = log();
        assert!(!is_broken(&log));
        let count = (log.len() - HEADER) / FRAME;
        let frames = (0..count).map(|index| HEADER + index * FRAME);
        let mut places: Vec<usize> = (0..HEADER).collect();
        for frame in frames {
            places.extend(frame..frame + FRAME_HEADER);
            places.extend((0..PAGE).step_by(511).map(|at| frame + FRAME_HEADER + at));
        }
        for bit in places.into_iter().flat_map(|at| at * 8..at * 8 + 8) {
            let mut changed = log.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(is_broken(&changed), "bit {} of byte {}", bit % 8, bit / 8);
        }
    }

    #[test]
    fn what_a_power_cut_tears_is_not_called_damage() {
        let log = log();
        let count = (log.len() - HEADER) / FRAME;
        for len in [0, 1, HEADER, HEADER + 1, log.len() - FRAME, log.len() - 1] {
            assert!(!is_broken(&log[..len]), "cut at {len}");
        }
        let last = HEADER + (count - 1) * FRAME;
        let mut torn = log.clone();
        torn[last..].fill(0);
        assert!(!is_broken(&torn), "the last frame was not written");
        let mut torn = log.clone();
        let end = log.len();
        torn[end / PAGE * PAGE..].fill(0);
        assert!(!is_broken(&torn), "the last piece was not written");
        let mut torn = log.clone();
        torn[HEADER + FRAME_HEADER..HEADER + FRAME].fill(0);
        assert!(is_broken(&torn), "but the first one was acknowledged over");
    }
}
