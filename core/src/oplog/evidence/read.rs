//! Reading a bundle part by part. Whatever the bytes are, it ends with an error or with the
//! end part, and holds no more than one part that is not a photo.

use std::io::{BufRead, ErrorKind};

use super::{
    AbsentPart, CommitPart, GrantPart, LinkPart, MAGIC, MAX_CONTENT_BYTES, MAX_PART_BYTES,
    Manifest, PackPart, Part, PartKind, ReadError, Tally, decode_tally,
};
use crate::model::identifiers::Hash;
use crate::oplog::cbor::CborError;

/// Small parts are hashed together: BLAKE3 is several times as fast on long inputs.
const HASH_AT_ONCE: usize = 64 * 1024;

/// Reads the parts in their order, hashes and counts them.
pub struct BundleReader<R> {
    input: R,
    hasher: blake3::Hasher,
    unhashed: Vec<u8>,
    payload: Vec<u8>,
    tally: Tally,
    last: PartKind,
    /// Bytes of a content that nobody has taken yet.
    content_left: u64,
    hash: Option<Hash>,
}

impl<R: BufRead> BundleReader<R> {
    /// Reads the magic and the manifest.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn begin(input: R) -> Result<(Self, Manifest), ReadError> {
        let mut reader = Self {
            input,
            hasher: blake3::Hasher::new(),
            unhashed: Vec::with_capacity(2 * HASH_AT_ONCE),
            payload: Vec::new(),
            tally: Tally::default(),
            last: PartKind::Manifest,
            content_left: 0,
            hash: None,
        };
        let magic: [u8; 16] = reader.take().map_err(|error| match error {
            ReadError::CutOff => ReadError::NotABundle,
            other => other,
        })?;
        if magic != MAGIC {
            return Err(ReadError::NotABundle);
        }
        match reader.next()? {
            Part::Manifest(manifest) => Ok((reader, manifest)),
            _ => Err(ReadError::Order),
        }
    }

    /// Reads the next part; what is left of a content before it is passed over. Nothing may
    /// be read behind [`Part::End`].
    ///
    /// # Errors
    /// [`ReadError`]; the reader is of no use afterwards.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator would hide that a failure is the end"
    )]
    pub fn next(&mut self) -> Result<Part, ReadError> {
        if self.content_left > 0 {
            self.content(|_| {})?;
        }
        if self.last == PartKind::End {
            return Err(ReadError::Order);
        }
        let [form, code]: [u8; 2] = self.take()?;
        let kind = PartKind::from_code(code).ok_or(CborError::Range("kind of part"))?;
        let form_of_kind = if kind.is_content() { 0x83 } else { 0x82 };
        if form != form_of_kind {
            return Err(CborError::Form("part").into());
        }
        self.count(kind)?;
        if kind == PartKind::End {
            return self.end();
        }
        if kind.is_content() {
            let [head, length]: [u8; 2] = self.take()?;
            if (head, length) != (0x58, 32) {
                return Err(CborError::Form("name").into());
            }
            let name = Hash(self.take()?);
            let size_bytes = self.length(MAX_CONTENT_BYTES)?;
            self.content_left = size_bytes;
            return Ok(match kind {
                PartKind::Photo => Part::Photo(name, size_bytes),
                _ => Part::PackContent(name, size_bytes),
            });
        }
        let length = self.length(MAX_PART_BYTES as u64)?;
        self.read_payload(length as usize)?;
        let payload = self.payload.as_slice();
        Ok(match kind {
            PartKind::Manifest => Part::Manifest(Manifest::decode(payload)?),
            PartKind::Grant => Part::Grant(GrantPart::decode(payload)?),
            PartKind::Pack => Part::Pack(PackPart::decode(payload)?),
            PartKind::Commit => Part::Commit(CommitPart::decode(payload)?),
            PartKind::Link => Part::Link(LinkPart::decode(payload)?),
            PartKind::Absent => Part::Absent(AbsentPart::decode(payload)?),
            PartKind::Tally => Part::Tally(decode_tally(payload)?),
            PartKind::Photo | PartKind::PackContent | PartKind::End => {
                return Err(ReadError::Order);
            }
        })
    }

    /// Hands over what is left of the content whose name came last, piece by piece, and
    /// answers its hash.
    ///
    /// # Errors
    /// [`ReadError::CutOff`], [`ReadError::Io`].
    pub fn content(&mut self, mut each: impl FnMut(&[u8])) -> Result<Hash, ReadError> {
        let mut hasher = blake3::Hasher::new();
        while self.content_left > 0 {
            let found = match self.input.fill_buf() {
                Ok([]) => return Err(ReadError::CutOff),
                Ok(found) => found,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(ReadError::Io(error)),
            };
            let left = usize::try_from(self.content_left).unwrap_or(usize::MAX);
            let piece = &found[..found.len().min(left)];
            hasher.update(piece);
            each(piece);
            let taken = piece.len();
            self.input.consume(taken);
            self.content_left -= taken as u64;
        }
        Ok(Hash(*hasher.finalize().as_bytes()))
    }

    /// How many parts of each kind were read.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The bundle's hash as its bytes give it, once the end was read.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        self.hash
    }

    fn end(&mut self) -> Result<Part, ReadError> {
        // The head of the end part is not hashed: it stands behind what the hash is over.
        let head = self.unhashed.len() - 2;
        self.unhashed.truncate(head);
        self.hasher.update(&self.unhashed);
        self.unhashed.clear();
        let hash = Hash(*self.hasher.finalize().as_bytes());
        if self.length(32)? != 32 {
            return Err(CborError::Form("end").into());
        }
        let said = Hash(self.take()?);
        match self.input.fill_buf() {
            Ok([]) => {}
            Ok(_) => return Err(ReadError::Trailing),
            Err(error) => return Err(ReadError::Io(error)),
        }
        self.hash = Some(hash);
        Ok(Part::End(said))
    }

    /// Each kind in its turn; one manifest, one tally, one end, and the tally before the end.
    fn count(&mut self, kind: PartKind) -> Result<(), ReadError> {
        let is_single = matches!(kind, PartKind::Manifest | PartKind::Tally | PartKind::End);
        let is_first = kind == PartKind::Manifest && self.tally[0] == 0;
        let is_in_turn = match kind {
            PartKind::Manifest => is_first,
            PartKind::End => self.last == PartKind::Tally,
            _ => self.tally[0] == 1 && (kind > self.last || kind == self.last && !is_single),
        };
        if !is_in_turn {
            return Err(ReadError::Order);
        }
        self.last = kind;
        if let Some(count) = self.tally.get_mut(usize::from(kind.code() - 1)) {
            *count += 1;
        }
        Ok(())
    }

    /// The length in the head of a byte string, in its shortest form.
    fn length(&mut self, max: u64) -> Result<u64, ReadError> {
        let [first] = self.take()?;
        let (info, least) = (first & 0x1f, [24, 1 << 8, 1 << 16, 1 << 32]);
        if first >> 5 != 2 {
            return Err(CborError::Form("part").into());
        }
        let length = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => u64::from(u8::from_be_bytes(self.take()?)),
            25 => u64::from(u16::from_be_bytes(self.take()?)),
            26 => u64::from(u32::from_be_bytes(self.take()?)),
            27 => u64::from_be_bytes(self.take()?),
            _ => return Err(CborError::Form("part").into()),
        };
        if length < least[usize::from(info - 24)] {
            return Err(CborError::NotExact("part").into());
        }
        if length > max {
            return Err(CborError::TooLong {
                what: "part",
                max: max as usize,
                found: usize::try_from(length).unwrap_or(usize::MAX),
            }
            .into());
        }
        Ok(length)
    }

    fn read_payload(&mut self, length: usize) -> Result<(), ReadError> {
        // Within a limit, so the space may be asked for before the bytes are there.
        self.payload.clear();
        self.payload.resize(length, 0);
        fill(&mut self.input, &mut self.payload)?;
        self.unhashed.extend_from_slice(&self.payload);
        self.hash_when_many();
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut bytes = [0; N];
        fill(&mut self.input, &mut bytes)?;
        self.unhashed.extend_from_slice(&bytes);
        self.hash_when_many();
        Ok(bytes)
    }

    fn hash_when_many(&mut self) {
        // Some bytes stay, so that the head of the end part can be taken back.
        if self.unhashed.len() > HASH_AT_ONCE {
            let keep = self.unhashed.len() - 64;
            self.hasher.update(&self.unhashed[..keep]);
            self.unhashed.drain(..keep);
        }
    }
}

fn fill(input: &mut impl BufRead, bytes: &mut [u8]) -> Result<(), ReadError> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => ReadError::CutOff,
        _ => ReadError::Io(error),
    })
}
