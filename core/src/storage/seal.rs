//! Sealed bytes: what every file of an encrypted store is, the database apart.
//!
//! ```text
//! "BDS1" ‖ prefix (19) ‖ chunk … ‖ last chunk
//! chunk = 65,536 bytes of content, encrypted ‖ tag (16); the last has 0 to 65,536
//! ```
//!
//! XChaCha20-Poly1305; the nonce of a chunk is prefix ‖ number (4, big-endian, from 0) ‖ 1 for
//! the last and 0 for the others, so that no chunk can be moved, dropped or added unseen
//! (STREAM, Hoang, Reyhanitabar, Rogaway, Vizár 2015). What the file is stands in the
//! associated data of each chunk, so that no file can stand for another. The prefix is drawn
//! from the content and its name with a key of its own: one nonce never serves two contents.
//!
//! Source: docs/formats/store.md.

use std::io::{self, Read, Write};

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use thiserror::Error;

/// Bytes of content in a chunk.
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const MAGIC: [u8; 4] = *b"BDS1";
const PREFIX: usize = 19;

/// Why sealed bytes cannot be opened.
#[derive(Debug, Error)]
pub(super) enum SealError {
    /// A bit differs, a part is missing, or the key or the name is another.
    #[error("a sealed file is damaged or belongs to another key")]
    Damaged,
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Seals and opens bytes with one key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    prefixes: zeroize::Zeroizing<[u8; 32]>,
}

impl Sealer {
    /// A sealer whose two keys come from `key`.
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let cipher = zeroize::Zeroizing::new(blake3::derive_key("bading 1 seal chunks", key));
        Self {
            cipher: XChaCha20Poly1305::new((&*cipher).into()),
            prefixes: zeroize::Zeroizing::new(blake3::derive_key("bading 1 seal prefixes", key)),
        }
    }

    /// Writes `content`, sealed as `name`.
    ///
    /// # Errors
    /// Those of the writer.
    pub(super) fn seal_to(
        &self,
        writer: &mut dyn Write,
        name: &[u8],
        content: &[u8],
    ) -> io::Result<()> {
        let prefix = self.prefix(name, content);
        writer.write_all(&MAGIC)?;
        writer.write_all(&prefix)?;
        let mut buffer = Vec::with_capacity(CHUNK + TAG);
        let last = chunks_of(content.len()) - 1;
        for number in 0..=last {
            let from = number * CHUNK;
            buffer.clear();
            buffer.extend_from_slice(&content[from..content.len().min(from + CHUNK)]);
            let nonce = nonce(&prefix, number, number == last);
            let tag = self
                .cipher
                .encrypt_inout_detached(&nonce, name, buffer.as_mut_slice().into())
                .map_err(|_| io::Error::other("a chunk is within the cipher's limit"))?;
            buffer.extend_from_slice(&tag);
            writer.write_all(&buffer)?;
        }
        Ok(())
    }

    /// `content`, sealed as `name`.
    pub(super) fn seal(&self, name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(sealed_len(content.len()));
        self.seal_to(&mut sealed, name, content)
            .expect("memory takes every byte");
        sealed
    }

    /// The content of what was sealed as `name`, read from `reader`.
    ///
    /// # Errors
    /// [`SealError`]; nothing of a damaged file is given out.
    pub(super) fn open_from(
        &self,
        reader: &mut dyn Read,
        name: &[u8],
        size_hint: usize,
    ) -> Result<Vec<u8>, SealError> {
        let mut head = [0; MAGIC.len() + PREFIX];
        if read_full(reader, &mut head)? < head.len() || head[..MAGIC.len()] != MAGIC {
            return Err(SealError::Damaged);
        }
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&head[MAGIC.len()..]);
        let mut content = Vec::with_capacity(size_hint);
        let mut chunk = vec![0; CHUNK + TAG];
        let mut read = read_full(reader, &mut chunk)?;
        let mut next = vec![0; CHUNK + TAG];
        for number in 0.. {
            // Whether a chunk is the last one shows in what follows it.
            let followed = if read == chunk.len() {
                read_full(reader, &mut next)?
            } else {
                0
            };
            let at = read.checked_sub(TAG).ok_or(SealError::Damaged)?;
            let (bytes, tag) = chunk[..read].split_at_mut(at);
            let tag = Tag::try_from(&*tag).map_err(|_| SealError::Damaged)?;
            let nonce = nonce(&prefix, number, followed == 0);
            self.cipher
                .decrypt_inout_detached(&nonce, name, (&mut *bytes).into(), &tag)
                .map_err(|_| SealError::Damaged)?;
            content.extend_from_slice(bytes);
            if followed == 0 {
                break;
            }
            std::mem::swap(&mut chunk, &mut next);
            read = followed;
        }
        Ok(content)
    }

    /// The content of what was sealed as `name`.
    ///
    /// # Errors
    /// [`SealError::Damaged`].
    pub(super) fn open(&self, name: &[u8], mut sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let size = sealed.len();
        self.open_from(&mut sealed, name, size)
    }

    fn prefix(&self, name: &[u8], content: &[u8]) -> [u8; PREFIX] {
        let mut hasher = blake3::Hasher::new_keyed(&self.prefixes);
        hasher.update(&(name.len() as u64).to_be_bytes());
        hasher.update(name);
        hasher.update(content);
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&hasher.finalize().as_bytes()[..PREFIX]);
        prefix
    }
}

/// The size of sealed bytes by the size of their content.
pub(super) fn sealed_len(content: usize) -> usize {
    MAGIC.len() + PREFIX + content + chunks_of(content) * TAG
}

/// Empty content has one chunk of nothing.
fn chunks_of(content: usize) -> usize {
    content.div_ceil(CHUNK).max(1)
}

fn nonce(prefix: &[u8; PREFIX], number: usize, is_last: bool) -> XNonce {
    let mut nonce = [0; 24];
    nonce[..PREFIX].copy_from_slice(prefix);
    // A content of 2^32 chunks would be 256 TiB.
    nonce[PREFIX..23].copy_from_slice(&(number as u32).to_be_bytes());
    nonce[23] = u8::from(is_last);
    nonce.into()
}

/// Reads until the buffer is full or the file ends.
fn read_full(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn content(size: usize) -> Vec<u8> {
        (0..size).map(|n| (n * 31 % 251) as u8).collect()
    }

    #[test]
    fn what_is_sealed_opens_again_at_every_border_of_a_chunk() {
        let sealer = Sealer::new(&KEY);
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 9] {
            let plain = content(size);
            let sealed = sealer.seal(b"a", &plain);
            assert_eq!(sealed.len(), sealed_len(size));
            assert_eq!(sealer.open(b"a", &sealed).expect("opens"), plain);
        }
    }

    #[test]
    fn another_key_or_name_does_not_open_it() {
        let sealed = Sealer::new(&KEY).seal(b"a", b"a note");
        assert!(Sealer::new(&[8; 32]).open(b"a", &sealed).is_err());
        assert!(Sealer::new(&KEY).open(b"b", &sealed).is_err());
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_noticed() {
        let sealer = Sealer::new(&KEY);
        let sealed = sealer.seal(b"a", b"a note of somebody");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open(b"a", &changed).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(sealer.open(b"a", &sealed[..len]).is_err(), "cut at {len}");
        }
    }

    #[test]
    fn chunk_that_is_dropped_moved_or_added_is_noticed() {
        let sealer = Sealer::new(&KEY);
        let sealed = sealer.seal(b"a", &content(3 * CHUNK));
        let (head, whole) = (MAGIC.len() + PREFIX, CHUNK + TAG);
        let chunk = |n: usize| &sealed[head + n * whole..head + (n + 1) * whole];
        let with = |order: &[usize]| {
            let mut bytes = sealed[..head].to_vec();
            order
                .iter()
                .for_each(|n| bytes.extend_from_slice(chunk(*n)));
            bytes
        };
        assert!(sealer.open(b"a", &with(&[0, 1, 2])).is_ok());
        for order in [
            &[0, 1][..],
            &[0, 2],
            &[1, 0, 2],
            &[0, 1, 2, 2],
            &[0, 1, 1, 2],
            &[],
        ] {
            assert!(sealer.open(b"a", &with(order)).is_err(), "{order:?}");
        }
    }

    #[test]
    fn different_contents_of_one_name_never_share_a_nonce() {
        let sealer = Sealer::new(&KEY);
        let nonce = |content: &[u8]| sealer.seal(b"a", content)[..MAGIC.len() + PREFIX].to_vec();
        assert_ne!(nonce(b"one"), nonce(b"two"));
        assert_eq!(nonce(b"one"), nonce(b"one"));
    }
}
