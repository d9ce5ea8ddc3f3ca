//! The boxes of a HEIF file: how large its picture is, how it is turned, and its Exif block.
//!
//! Pixels are not decoded. Every length comes from the file and is held against the bytes
//! that are there; each loop consumes bytes, so a hostile file costs no more than its size.
//!
//! Source: ISO/IEC 14496-12 (boxes, `iloc`, `iinf`), ISO/IEC 23008-12 (`ispe`, `irot`, `ipma`,
//! Exif items).

use std::borrow::Cow;

use super::PhotoError;

/// Brands of still pictures and of their sequences, whatever the codec.
const BRANDS: [&[u8; 4]; 9] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"mif1", b"msf1",
];
/// AV1 in the same boxes is another format (AVIF), which no phone camera here writes.
const FOREIGN: [&[u8; 4]; 2] = [b"avif", b"avis"];
/// Boxes of phones take tens of kilobytes; each byte of them can cost ten in lists.
const MAX_META_BYTES: usize = 8 << 20;
/// Exif of phones stays below 128 KiB, maker's notes and preview included.
const MAX_EXIF_BYTES: usize = 1 << 20;

/// What the boxes say about the primary picture.
#[derive(Debug)]
pub(super) struct Heif<'a> {
    /// As stored, before `irot`.
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    /// The Exif orientation that the container's `irot` stands for, if there is one.
    pub(super) orientation: Option<u8>,
    /// The TIFF block of the Exif item.
    pub(super) exif: Option<Cow<'a, [u8]>>,
    /// A JPEG beside the primary picture: the small copy that some cameras keep.
    pub(super) thumbnail: Option<&'a [u8]>,
    /// All data that the locations name lies within the file.
    pub(super) is_whole: bool,
}

pub(super) fn is_heif(bytes: &[u8]) -> bool {
    if bytes.get(4..8) != Some(b"ftyp") {
        return false;
    }
    let length = bytes
        .first_chunk()
        .map_or(0, |&word| u32::from_be_bytes(word) as usize);
    let body = bytes.get(8..length.min(bytes.len())).unwrap_or_default();
    let Some((major, rest)) = body.split_first_chunk::<4>() else {
        return false;
    };
    let mut compatible = rest.get(4..).unwrap_or_default().chunks_exact(4);
    !FOREIGN.contains(&major)
        && (BRANDS.contains(&major)
            || compatible.any(|brand| BRANDS.iter().any(|known| brand == *known)))
}

/// Reads the `meta` box.
///
/// # Errors
/// [`PhotoError::Truncated`] when the `meta` box is not all there, [`PhotoError::Damaged`]
/// when there is none, or when no size belongs to the primary picture.
pub(super) fn read(bytes: &[u8]) -> Result<Heif<'_>, PhotoError> {
    let mut rest = Input(bytes);
    let meta = loop {
        match rest.child() {
            Ok((b"meta", body)) => break body,
            Ok(_) if !rest.0.is_empty() => {}
            Ok(_) => return Err(PhotoError::damaged("no meta box")),
            Err(Broken) => return Err(PhotoError::Truncated),
        }
    };
    if meta.0.len() > MAX_META_BYTES {
        return Err(PhotoError::damaged(
            "the meta box is larger than any photo needs",
        ));
    }
    Meta::read(meta)
        .and_then(|meta| meta.heif(bytes))
        .map_err(|Broken| PhotoError::damaged("the meta box contradicts itself"))
}

/// A box that does not hold what it says.
#[derive(Debug)]
struct Broken;

#[derive(Debug, Clone, Copy)]
enum Property {
    Size(u32, u32),
    /// Quarter turns anticlockwise.
    Turn(u8),
    Other,
}

/// Where an item's data lies: in the file, or in the `idat` box.
struct Location {
    item: u32,
    is_in_idat: bool,
    extents: Vec<(u64, u64)>,
}

#[derive(Default)]
struct Meta<'a> {
    primary: u32,
    exif: Option<u32>,
    jpeg: Option<u32>,
    properties: Vec<Property>,
    of_primary: Vec<usize>,
    locations: Vec<Location>,
    idat: &'a [u8],
}

impl<'a> Meta<'a> {
    fn read(mut body: Input<'a>) -> Result<Self, Broken> {
        body.version()?;
        let mut meta = Meta::default();
        let (mut iinf, mut iloc, mut iprp) = (None, None, None);
        while !body.0.is_empty() {
            let (kind, mut inner) = body.child()?;
            match kind {
                b"pitm" => {
                    let version = inner.version()?;
                    meta.primary = inner.id(version >= 1)?;
                }
                b"iinf" => iinf = Some(inner),
                b"iloc" => iloc = Some(inner),
                b"iprp" => iprp = Some(inner),
                b"idat" => meta.idat = inner.0,
                _ => {}
            }
        }
        meta.sizes(iprp.ok_or(Broken)?)?;
        // Without a sound list of items there is no Exif, and the picture's size still holds.
        if let (Some(iinf), Some(iloc)) = (iinf, iloc)
            && meta.items(iinf).and_then(|()| meta.places(iloc)).is_err()
        {
            meta.exif = None;
        }
        Ok(meta)
    }

    fn sizes(&mut self, mut iprp: Input<'a>) -> Result<(), Broken> {
        while !iprp.0.is_empty() {
            let (kind, mut inner) = iprp.child()?;
            match kind {
                b"ipco" => {
                    while !inner.0.is_empty() {
                        let property = match inner.child()? {
                            (b"ispe", mut size) => {
                                size.version()?;
                                Property::Size(size.u32()?, size.u32()?)
                            }
                            (b"irot", mut turn) => Property::Turn(turn.u8()? & 3),
                            _ => Property::Other,
                        };
                        self.properties.push(property);
                    }
                }
                b"ipma" => self.associations(inner)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn associations(&mut self, mut ipma: Input<'a>) -> Result<(), Broken> {
        let head = ipma.u32()?;
        let (is_wide_id, is_wide_index) = (head >> 24 >= 1, head & 1 == 1);
        for _ in 0..ipma.u32()? {
            let item = ipma.id(is_wide_id)?;
            for _ in 0..ipma.u8()? {
                let index = match is_wide_index {
                    true => ipma.u16()? & 0x7FFF,
                    false => u16::from(ipma.u8()? & 0x7F),
                };
                if item == self.primary && index > 0 {
                    self.of_primary.push(usize::from(index) - 1);
                }
            }
        }
        Ok(())
    }

    fn items(&mut self, mut iinf: Input<'a>) -> Result<(), Broken> {
        let count = if iinf.version()? == 0 {
            u32::from(iinf.u16()?)
        } else {
            iinf.u32()?
        };
        for _ in 0..count {
            let (kind, mut entry) = iinf.child()?;
            let version = if kind == b"infe" { entry.version()? } else { 0 };
            if version < 2 {
                continue;
            }
            let item = entry.id(version >= 3)?;
            entry.u16()?;
            match entry.take(4)? {
                b"Exif" if self.exif.is_none() => self.exif = Some(item),
                b"jpeg" if self.jpeg.is_none() && item != self.primary => self.jpeg = Some(item),
                _ => {}
            }
        }
        Ok(())
    }

    fn places(&mut self, mut iloc: Input<'a>) -> Result<(), Broken> {
        let version = iloc.version()?;
        let sizes = iloc.u16()?;
        let [offset, length, base, index] = [12, 8, 4, 0].map(|shift| sizes >> shift & 15);
        let count = if version < 2 {
            u32::from(iloc.u16()?)
        } else {
            iloc.u32()?
        };
        for _ in 0..count {
            let item = iloc.id(version >= 2)?;
            let method = if version >= 1 { iloc.u16()? & 15 } else { 0 };
            let is_elsewhere = iloc.u16()? != 0 || method > 1;
            let start = iloc.sized(base)?;
            let mut extents = Vec::new();
            // Extents of no size on disk consume nothing, so one of them stands for all.
            let is_sized = offset + length + if version >= 1 { index } else { 0 } > 0;
            let count = iloc.u16()?;
            for _ in 0..if is_sized { count } else { count.min(1) } {
                if version >= 1 {
                    iloc.sized(index)?;
                }
                let from = start.checked_add(iloc.sized(offset)?).ok_or(Broken)?;
                let bytes = iloc.sized(length)?;
                extents.push((from, bytes));
            }
            if !is_elsewhere {
                let is_in_idat = method == 1;
                self.locations.push(Location {
                    item,
                    is_in_idat,
                    extents,
                });
            }
        }
        Ok(())
    }

    fn heif(&self, bytes: &'a [u8]) -> Result<Heif<'a>, Broken> {
        let own = self
            .of_primary
            .iter()
            .filter_map(|&index| self.properties.get(index));
        let (mut size, mut turn) = (None, None);
        for property in own {
            match *property {
                Property::Size(width, height) if size.is_none() => size = Some((width, height)),
                Property::Turn(quarters) => turn = Some(quarters),
                _ => {}
            }
        }
        let (width_px, height_px) = size.ok_or(Broken)?;
        let orientation = turn.map(|quarters| [1, 8, 3, 6][usize::from(quarters)]);
        let source = |place: &Location| if place.is_in_idat { self.idat } else { bytes };
        let is_whole = self.locations.iter().all(|place| {
            let extents = &mut place.extents.iter();
            extents.all(|&extent| slice(source(place), extent).is_some())
        });
        let place = self
            .locations
            .iter()
            .find(|place| Some(place.item) == self.exif);
        let exif = place.and_then(|place| exif_block(source(place), &place.extents));
        let place = self
            .locations
            .iter()
            .find(|place| Some(place.item) == self.jpeg);
        let thumbnail = place.and_then(|place| match *place.extents.as_slice() {
            [extent] => slice(source(place), extent),
            _ => None,
        });
        Ok(Heif {
            width_px,
            height_px,
            orientation,
            exif,
            thumbnail,
            is_whole,
        })
    }
}

fn slice(source: &[u8], (from, length): (u64, u64)) -> Option<&[u8]> {
    let from = usize::try_from(from).ok()?;
    match usize::try_from(length).ok()? {
        0 => source.get(from..),
        length => source.get(from..from.checked_add(length)?),
    }
}

/// The Exif item without its own header: four bytes say how far the TIFF block begins.
fn exif_block<'a>(source: &'a [u8], extents: &[(u64, u64)]) -> Option<Cow<'a, [u8]>> {
    let whole = match extents {
        [extent] => Cow::Borrowed(slice(source, *extent)?),
        _ => {
            let mut joined = Vec::new();
            for &extent in extents {
                joined.extend(slice(source, extent)?);
                if joined.len() > MAX_EXIF_BYTES {
                    return None;
                }
            }
            Cow::Owned(joined)
        }
    };
    let skip = u32::from_be_bytes(*whole.first_chunk()?) as usize;
    let start = skip.checked_add(4).filter(|&start| start <= whole.len())?;
    Some(match whole {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..]),
        Cow::Owned(bytes) => Cow::Owned(bytes[start..].to_vec()),
    })
}

/// Bytes read from the front.
#[derive(Clone, Copy)]
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Broken> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, Broken> {
        self.array::<1>().map(|&[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, Broken> {
        self.array().map(|&bytes| u16::from_be_bytes(bytes))
    }

    fn u32(&mut self) -> Result<u32, Broken> {
        self.array().map(|&bytes| u32::from_be_bytes(bytes))
    }

    fn id(&mut self, is_wide: bool) -> Result<u32, Broken> {
        if is_wide {
            self.u32()
        } else {
            self.u16().map(u32::from)
        }
    }

    fn sized(&mut self, size_bytes: u16) -> Result<u64, Broken> {
        match size_bytes {
            0 => Ok(0),
            4 => self.u32().map(u64::from),
            8 => self.array().map(|&bytes| u64::from_be_bytes(bytes)),
            _ => Err(Broken),
        }
    }

    /// The version of a full box; its flags are passed over.
    fn version(&mut self) -> Result<u8, Broken> {
        self.u32().map(|word| (word >> 24) as u8)
    }

    /// The next box: its kind and its body.
    fn child(&mut self) -> Result<(&'a [u8; 4], Input<'a>), Broken> {
        let size = self.u32()?;
        let kind = self.array()?;
        let length = match size {
            0 => self.0.len(),
            1 => {
                let large = u64::from_be_bytes(*self.array()?);
                usize::try_from(large.checked_sub(16).ok_or(Broken)?).map_err(|_| Broken)?
            }
            _ => size.checked_sub(8).ok_or(Broken)? as usize,
        };
        Ok((kind, Input(self.take(length)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [
            &(body.len() as u32 + 8).to_be_bytes(),
            kind.as_slice(),
            &body,
        ]
        .concat()
    }

    /// A picture of 40 x 30 turned by `turn` quarters, its Exif item behind the boxes.
    fn heic(turn: u8) -> Vec<u8> {
        let ftyp = boxed(b"ftyp", &[b"heic\0\0\0\0mif1heic"]);
        let exif = [
            b"\0\0\0\x06Exif\0\0".as_slice(),
            b"MM\0\x2A\0\0\0\x08\0\0\0\0\0\0",
        ]
        .concat();
        let meta = |exif_at: u32| {
            let pitm = boxed(b"pitm", &[&[0; 4], &[0, 1]]);
            let item =
                |id: u8, kind: &[u8]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, b"\0"]);
            let iinf = boxed(
                b"iinf",
                &[&[0; 4], &[0, 2], &item(1, b"hvc1"), &item(2, b"Exif")],
            );
            let thumbnail = boxed(b"ispe", &[&[0; 4], &[0, 0, 0, 9, 0, 0, 0, 9]]);
            let size = boxed(b"ispe", &[&[0; 4], &[0, 0, 0, 40, 0, 0, 0, 30]]);
            let ipco = boxed(b"ipco", &[&thumbnail, &size, &boxed(b"irot", &[&[turn]])]);
            let ipma = boxed(
                b"ipma",
                &[&[0; 4], &[0, 0, 0, 2, 0, 9, 1, 1, 0, 1, 2, 0x82, 3]],
            );
            let iprp = boxed(b"iprp", &[&ipco, &ipma]);
            let place = [&exif_at.to_be_bytes(), &(exif.len() as u32).to_be_bytes()]
                .map(|b| *b)
                .concat();
            let iloc = boxed(
                b"iloc",
                &[&[0, 0, 0, 0, 0x44, 0, 0, 1, 0, 2, 0, 0, 0, 1], &place],
            );
            boxed(b"meta", &[&[0; 4], &pitm, &iinf, &iprp, &iloc])
        };
        let exif_at = ftyp.len() + meta(0).len() + 8;
        [ftyp, meta(exif_at as u32), boxed(b"mdat", &[&exif])].concat()
    }

    #[test]
    fn primary_picture_gives_its_own_size_turn_and_exif() {
        for (turn, orientation) in [(0, 1), (1, 8), (2, 3), (3, 6)] {
            let bytes = heic(turn);
            assert!(is_heif(&bytes));
            let heif = read(&bytes).expect("the boxes are sound");
            assert_eq!((heif.width_px, heif.height_px), (40, 30));
            assert_eq!(heif.orientation, Some(orientation));
            assert_eq!(
                heif.exif.as_deref().and_then(|exif| exif.get(..4)),
                Some(b"MM\0\x2A".as_slice())
            );
            assert!(heif.is_whole);
        }
    }

    #[test]
    fn file_cut_in_its_data_is_not_whole_and_cut_in_its_boxes_is_truncated() {
        let bytes = heic(0);
        assert!(
            read(&bytes[..bytes.len() - 1]).is_ok_and(|heif| !heif.is_whole && heif.exif.is_none())
        );
        assert!(matches!(read(&bytes[..80]), Err(PhotoError::Truncated)));
    }

    #[test]
    fn every_byte_changed_or_cut_off_is_an_answer_and_no_panic() {
        let bytes = heic(3);
        for at in 0..bytes.len() {
            let _ = read(&bytes[..at]);
            for value in [0x00, 0x7F, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = value;
                let _ = read(&changed);
            }
        }
    }
}
