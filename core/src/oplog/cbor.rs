//! Deterministic CBOR (RFC 8949, section 4.2.1): shortest integers, definite lengths, no
//! maps, no floats, no tags. Arrays in a fixed order keep the bytes small and leave one way
//! only to write a thing.
//!
//! A reader takes any CBOR that has the right shape; `exact` then writes what was read and
//! compares, so that two byte strings never mean the same commit.

use minicbor::{Decoder, Encoder};
use thiserror::Error;

/// Why some bytes are not what they should be. No content is repeated: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CborError {
    /// Not CBOR, or not of the kind that stands here.
    #[error("{0} is not in its form")]
    Form(&'static str),
    /// A list has more or fewer parts than its form has.
    #[error("{what} has {found} parts, expected {expected}")]
    Parts {
        /// What was being read.
        what: &'static str,
        /// The number of parts of its form.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// Longer than this format allows.
    #[error("{what} has a length of {found}, at most {max} is allowed")]
    TooLong {
        /// What was being read.
        what: &'static str,
        /// The most that is allowed.
        max: usize,
        /// The length found.
        found: usize,
    },
    /// A number or a code that has no meaning here.
    #[error("{0} is out of range")]
    Range(&'static str),
    /// The same content in another spelling than the deterministic one, or bytes after the end.
    #[error("{0} is not in deterministic encoding")]
    NotExact(&'static str),
}

/// Writes to a vector, which cannot fail.
pub(crate) struct Writer(Encoder<Vec<u8>>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn array(&mut self, parts: usize) -> &mut Self {
        self.0
            .array(parts as u64)
            .expect("a vector takes every byte");
        self
    }

    pub(crate) fn uint(&mut self, value: u64) -> &mut Self {
        self.0.u64(value).expect("a vector takes every byte");
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.0.i64(value).expect("a vector takes every byte");
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.0.bytes(value).expect("a vector takes every byte");
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.0.str(value).expect("a vector takes every byte");
        self
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.0.bool(value).expect("a vector takes every byte");
        self
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.0.null().expect("a vector takes every byte");
        self
    }

    /// Writes the value, or null where there is none.
    pub(crate) fn optional<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T),
    ) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => {
                self.null();
            }
        }
        self
    }

    /// Appends bytes that are CBOR already, as they stand.
    pub(crate) fn raw(&mut self, cbor: &[u8]) -> &mut Self {
        self.0.writer_mut().extend_from_slice(cbor);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

/// Reads from a slice and names what it was reading when it fails.
pub(crate) struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// The number of parts of a definite array.
    pub(crate) fn array(&mut self, what: &'static str, max: usize) -> Result<usize, CborError> {
        let parts = self.0.array().map_err(|_| CborError::Form(what))?;
        let parts = parts.ok_or(CborError::NotExact(what))?;
        let found = usize::try_from(parts).unwrap_or(usize::MAX);
        if found > max {
            return Err(CborError::TooLong { what, max, found });
        }
        Ok(found)
    }

    /// An array that must have exactly `expected` parts.
    pub(crate) fn parts(&mut self, what: &'static str, expected: u64) -> Result<(), CborError> {
        let found = self.array(what, usize::MAX)? as u64;
        if found != expected {
            return Err(CborError::Parts {
                what,
                expected,
                found,
            });
        }
        Ok(())
    }

    pub(crate) fn uint(&mut self, what: &'static str) -> Result<u64, CborError> {
        self.0.u64().map_err(|_| CborError::Form(what))
    }

    pub(crate) fn int(&mut self, what: &'static str) -> Result<i64, CborError> {
        self.0.i64().map_err(|_| CborError::Form(what))
    }

    pub(crate) fn flag(&mut self, what: &'static str) -> Result<bool, CborError> {
        self.0.bool().map_err(|_| CborError::Form(what))
    }

    pub(crate) fn bytes(&mut self, what: &'static str, max: usize) -> Result<&'b [u8], CborError> {
        let bytes = self.0.bytes().map_err(|_| CborError::Form(what))?;
        if bytes.len() > max {
            return Err(CborError::TooLong {
                what,
                max,
                found: bytes.len(),
            });
        }
        Ok(bytes)
    }

    pub(crate) fn fixed<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], CborError> {
        self.bytes(what, N)?
            .try_into()
            .map_err(|_| CborError::Form(what))
    }

    pub(crate) fn text(&mut self, what: &'static str, max: usize) -> Result<&'b str, CborError> {
        let text = self.0.str().map_err(|_| CborError::Form(what))?;
        if text.len() > max {
            return Err(CborError::TooLong {
                what,
                max,
                found: text.len(),
            });
        }
        Ok(text)
    }

    /// Reads null as nothing, anything else with `read`.
    pub(crate) fn optional<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, CborError>,
    ) -> Result<Option<T>, CborError> {
        if self.0.datatype().map_err(|_| CborError::Form(what))? == minicbor::data::Type::Null {
            self.0.null().map_err(|_| CborError::Form(what))?;
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// Steps over one item of whatever kind this dialect has and gives its bytes. The item
    /// is checked as strictly as one that is understood, so that every reader finds the same
    /// end of what it does not know.
    pub(crate) fn skip(&mut self, what: &'static str) -> Result<&'b [u8], CborError> {
        let input = self.0.input();
        let from = self.0.position();
        let mut rest = input.get(from..).ok_or(CborError::Form(what))?;
        let mut items = 1_u64;
        while items > 0 {
            let (kind, argument, after) = read_head(rest, what)?;
            items -= 1;
            rest = match kind {
                0 | 1 => after,
                2 | 3 => {
                    let len = usize::try_from(argument).map_err(|_| CborError::Form(what))?;
                    let (content, after) =
                        after.split_at_checked(len).ok_or(CborError::Form(what))?;
                    if kind == 3 && str::from_utf8(content).is_err() {
                        return Err(CborError::Form(what));
                    }
                    after
                }
                4 => {
                    // An item is a byte or more, so a longer list cannot end.
                    if argument > after.len() as u64 {
                        return Err(CborError::Form(what));
                    }
                    items += argument;
                    after
                }
                // False, true and null; floats, tags and maps are not of this dialect.
                7 if matches!(argument, 20..=22) => after,
                _ => return Err(CborError::Form(what)),
            };
        }
        let to = input.len() - rest.len();
        self.0.set_position(to);
        input.get(from..to).ok_or(CborError::Form(what))
    }

    pub(crate) fn position(&self) -> usize {
        self.0.position()
    }
}

/// The major type and the argument of the item that begins here, in the shortest form only,
/// and the bytes after them.
fn read_head<'b>(bytes: &'b [u8], what: &'static str) -> Result<(u8, u64, &'b [u8]), CborError> {
    let (first, rest) = bytes.split_first().ok_or(CborError::Form(what))?;
    let (kind, info) = (first >> 5, first & 0x1f);
    let size = match info {
        0..=23 => return Ok((kind, info.into(), rest)),
        24..=27 if kind != 7 => 1 << (info - 24),
        // A list or a string without a length.
        31 if (2..=5).contains(&kind) => return Err(CborError::NotExact(what)),
        _ => return Err(CborError::Form(what)),
    };
    let (number, rest) = rest.split_at_checked(size).ok_or(CborError::Form(what))?;
    let argument = number
        .iter()
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    // Each longer form begins where the next shorter one ends.
    let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(info - 24)];
    if argument < least {
        return Err(CborError::NotExact(what));
    }
    Ok((kind, argument, rest))
}

/// Reads a whole byte string and refuses every spelling but the one that `write` gives.
pub(crate) fn exact<'b, T>(
    what: &'static str,
    bytes: &'b [u8],
    read: impl FnOnce(&mut Reader<'b>) -> Result<T, CborError>,
    write: impl FnOnce(&T) -> Vec<u8>,
) -> Result<T, CborError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    if reader.position() != bytes.len() || write(&value) != bytes {
        return Err(CborError::NotExact(what));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(bytes: &[u8]) -> Result<u64, CborError> {
        exact(
            "number",
            bytes,
            |reader| {
                reader.parts("list", 1)?;
                reader.uint("number")
            },
            |value| {
                let mut writer = Writer::new();
                writer.array(1).uint(*value);
                writer.finish()
            },
        )
    }

    #[test]
    fn exact_refuses_longer_integers_indefinite_lists_and_trailing_bytes() {
        assert_eq!(read_one(&[0x81, 0x05]), Ok(5));
        assert_eq!(
            read_one(&[0x81, 0x18, 0x05]),
            Err(CborError::NotExact("number"))
        );
        assert_eq!(
            read_one(&[0x9f, 0x05, 0xff]),
            Err(CborError::NotExact("list"))
        );
        assert_eq!(
            read_one(&[0x81, 0x05, 0x00]),
            Err(CborError::NotExact("number"))
        );
        assert_eq!(read_one(&[0x81]), Err(CborError::Form("number")));
        assert!(matches!(
            read_one(&[0x82, 0x05, 0x05]),
            Err(CborError::Parts { found: 2, .. })
        ));
    }

    #[test]
    fn skip_ends_where_every_strict_reader_ends_and_refuses_other_cbor() {
        let skip = |bytes: &[u8]| Reader::new(bytes).skip("item").map(<[u8]>::len);
        // [7, [-1, "定"], h'00', null, false] and one byte that belongs to the next item.
        let item = [
            0x85, 0x07, 0x82, 0x20, 0x63, 0xe5, 0xae, 0x9a, 0x41, 0x00, 0xf6, 0xf4, 0x00,
        ];
        assert_eq!(skip(&item), Ok(item.len() - 1));
        assert_eq!(skip(&[0x19, 0x01, 0x00]), Ok(3));
        for longer in [&[0x18, 0x17][..], &[0x19, 0, 0xff], &[0x9f, 0xff]] {
            assert_eq!(skip(longer), Err(CborError::NotExact("item")));
        }
        let float: &[u8] = &[0xf9, 0, 0];
        let not_utf8: &[u8] = &[0x61, 0xff];
        let endless: &[u8] = &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        for other in [
            &[0x81, 0xff][..], // a break without a list
            &[0xa0],           // a map
            &[0xc0, 0x00],     // a tag
            &[0xf7],           // undefined
            &[0x82, 0x00],     // cut off
            float,
            not_utf8,
            endless,
        ] {
            assert_eq!(skip(other), Err(CborError::Form("item")), "{other:02x?}");
        }
        // A hundred thousand lists in one another need no stack.
        assert!(skip(&vec![0x81; 100_000]).is_err());
    }

    #[test]
    fn list_that_claims_four_billion_parts_is_refused_before_anything_is_reserved() {
        let mut reader = Reader::new(&[0x9a, 0xff, 0xff, 0xff, 0xff]);
        assert!(matches!(
            reader.array("list", 64),
            Err(CborError::TooLong { .. })
        ));
    }
}
