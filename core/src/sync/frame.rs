//! zstd frames around what travels in bulk, with the limits that keep a frame of a few
//! bytes from filling a phone's memory.

use std::io::Read;

use thiserror::Error;

use crate::sync::wire::{MAX_PUSH_PACKED_BYTES, MAX_PUSH_UNPACKED_BYTES};

/// Why a frame cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Larger than a frame may be, packed or unpacked.
    #[error("a frame may have {max} bytes, this one has more")]
    TooLarge {
        /// The limit that it passes.
        max: usize,
    },
    /// Not zstd, or cut off.
    #[error("not a zstd frame")]
    Damaged,
}

/// The level at which commits shrink best for the time it takes.
const LEVEL: i32 = 3;

/// Packs bytes.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, LEVEL).expect("memory to memory, a valid level")
}

/// Unpacks a frame of at most [`MAX_PUSH_UNPACKED_BYTES`].
///
/// # Errors
/// [`FrameError`] for what is too large or no frame.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, FrameError> {
    // A page may travel larger than a push; both unpack to the same limit.
    if packed.len() > MAX_PUSH_UNPACKED_BYTES {
        return Err(FrameError::TooLarge {
            max: MAX_PUSH_UNPACKED_BYTES,
        });
    }
    let decoder = zstd::Decoder::with_buffer(packed).map_err(|_| FrameError::Damaged)?;
    let mut bytes = Vec::new();
    let limit = MAX_PUSH_UNPACKED_BYTES as u64 + 1;
    decoder
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|_| FrameError::Damaged)?;
    if bytes.len() > MAX_PUSH_UNPACKED_BYTES {
        return Err(FrameError::TooLarge {
            max: MAX_PUSH_UNPACKED_BYTES,
        });
    }
    Ok(bytes)
}

/// True when a packed push may travel.
#[must_use]
pub fn fits_push(packed: &[u8]) -> bool {
    packed.len() <= MAX_PUSH_PACKED_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bomb_is_refused_at_the_limit_and_not_after_it() {
        let at_limit = pack(&vec![0; MAX_PUSH_UNPACKED_BYTES]);
        assert_eq!(
            unpack(&at_limit).map(|bytes| bytes.len()),
            Ok(MAX_PUSH_UNPACKED_BYTES)
        );
        let bomb = pack(&vec![0; MAX_PUSH_UNPACKED_BYTES + 1]);
        assert!(bomb.len() < 2_000);
        assert!(matches!(unpack(&bomb), Err(FrameError::TooLarge { .. })));
    }

    #[test]
    fn damaged_frame_is_told() {
        let mut packed = pack(b"some commits");
        packed.truncate(packed.len() - 2);
        assert_eq!(unpack(&packed), Err(FrameError::Damaged));
        assert_eq!(unpack(b"not a frame"), Err(FrameError::Damaged));
    }
}
