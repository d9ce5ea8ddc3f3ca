//! Writing a bundle, part by part, to whatever takes bytes.

use std::io::{Read, Write};

use thiserror::Error;

use super::{
    AbsentPart, CommitPart, GrantPart, LinkPart, MAGIC, MAX_CONTENT_BYTES, MAX_PART_BYTES,
    Manifest, PackPart, PartKind, ReadError, Tally, encode_tally,
};
use crate::model::identifiers::Hash;

/// Why a bundle was not written. What was written so far is no bundle.
#[derive(Debug, Error)]
pub enum BundleError {
    /// What it was to be written to, or read from, refused.
    #[error("the bundle could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// A part is larger than a bundle may carry.
    #[error("a part of the bundle has {found} bytes, at most {max} are allowed")]
    TooLong {
        /// The most bytes.
        max: u64,
        /// The bytes found.
        found: u64,
    },
    /// A content has another length than was said, as a file that changes while it is read.
    #[error("a content changed while it was read")]
    LengthDiffers,
    /// A part came after one that must stand behind it.
    #[error("the parts came out of order")]
    Order,
    /// What was written would be refused by every reader.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

/// Writes the parts in their order, hashes and counts them.
pub struct BundleWriter<W> {
    out: W,
    hasher: blake3::Hasher,
    tally: Tally,
    last: PartKind,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle.
    ///
    /// # Errors
    /// [`BundleError`]; among them a manifest that readers would refuse.
    pub fn begin(out: W, manifest: &Manifest) -> Result<Self, BundleError> {
        let payload = manifest.encode();
        Manifest::decode(&payload)?;
        let mut writer = Self {
            out,
            hasher: blake3::Hasher::new(),
            tally: Tally::default(),
            last: PartKind::Manifest,
        };
        writer.write(&MAGIC)?;
        writer.part(PartKind::Manifest, &payload)?;
        Ok(writer)
    }

    /// A grant or a revocation; ascending by the entry's zone and place.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn grant(&mut self, part: &GrantPart) -> Result<(), BundleError> {
        self.part(PartKind::Grant, &part.encode())
    }

    /// A pack; ascending by kind and hash.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn pack(&mut self, part: &PackPart) -> Result<(), BundleError> {
        self.part(PartKind::Pack, &part.encode())
    }

    /// A commit; stamped ones first, ascending by the place of the last entry, then the
    /// others by device, zone, number and hash.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn commit(&mut self, part: &CommitPart) -> Result<(), BundleError> {
        self.part(PartKind::Commit, &part.encode())
    }

    /// A link; ascending by device, zone, number and hash.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn link(&mut self, part: &LinkPart) -> Result<(), BundleError> {
        self.part(PartKind::Link, &part.encode())
    }

    /// Something that is not here; ascending by its bytes.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn absent(&mut self, part: &AbsentPart) -> Result<(), BundleError> {
        self.part(PartKind::Absent, &part.encode())
    }

    /// A photo; ascending by name.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn photo(
        &mut self,
        name: &Hash,
        size_bytes: u64,
        content: &mut dyn Read,
    ) -> Result<(), BundleError> {
        self.content(PartKind::Photo, name, size_bytes, content)
    }

    /// A pack's bytes; ascending by name.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn pack_content(
        &mut self,
        name: &Hash,
        size_bytes: u64,
        content: &mut dyn Read,
    ) -> Result<(), BundleError> {
        self.content(PartKind::PackContent, name, size_bytes, content)
    }

    /// Ends the bundle and answers its hash and what it was written to.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn finish(mut self) -> Result<(Hash, Tally, W), BundleError> {
        let tally = self.tally;
        self.part(PartKind::Tally, &encode_tally(&tally))?;
        let hash = Hash(*self.hasher.finalize().as_bytes());
        self.part(PartKind::End, &hash.0)?;
        self.out.flush()?;
        Ok((hash, tally, self.out))
    }

    fn part(&mut self, kind: PartKind, payload: &[u8]) -> Result<(), BundleError> {
        if payload.len() > MAX_PART_BYTES {
            return Err(BundleError::TooLong {
                max: MAX_PART_BYTES as u64,
                found: payload.len() as u64,
            });
        }
        self.count(kind)?;
        let mut head = vec![0x82, kind.code()];
        write_length(&mut head, payload.len() as u64);
        self.write(&head)?;
        self.write(payload)
    }

    fn content(
        &mut self,
        kind: PartKind,
        name: &Hash,
        size_bytes: u64,
        content: &mut dyn Read,
    ) -> Result<(), BundleError> {
        if size_bytes > MAX_CONTENT_BYTES {
            return Err(BundleError::TooLong {
                max: MAX_CONTENT_BYTES,
                found: size_bytes,
            });
        }
        self.count(kind)?;
        let mut head = vec![0x83, kind.code(), 0x58, 32];
        head.extend_from_slice(&name.0);
        write_length(&mut head, size_bytes);
        self.write(&head)?;
        let mut limited = content.take(size_bytes);
        if std::io::copy(&mut limited, &mut self.out)? != size_bytes {
            return Err(BundleError::LengthDiffers);
        }
        Ok(())
    }

    fn count(&mut self, kind: PartKind) -> Result<(), BundleError> {
        if kind < self.last {
            return Err(BundleError::Order);
        }
        self.last = kind;
        if let Some(count) = self.tally.get_mut(usize::from(kind.code() - 1)) {
            *count += 1;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.hasher.update(bytes);
        Ok(self.out.write_all(bytes)?)
    }
}

/// The head of a byte string in its shortest form.
fn write_length(head: &mut Vec<u8>, length: u64) {
    const STRING: u8 = 0x40;
    let bytes = length.to_be_bytes();
    let (info, size) = match length {
        0..=23 => return head.push(STRING | bytes[7]),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    head.push(STRING | info);
    head.extend_from_slice(&bytes[8 - size..]);
}
