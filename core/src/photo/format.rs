//! What kind of file the bytes are, and whether its header stays within the limits.
//!
//! Everything here is read before a single pixel: a decompression bomb is refused by what
//! its header claims, or by claiming more picture than its bytes could possibly hold.
//!
//! Source: PNG third edition (clauses 5 and 11); T.81 annex B through [`super::jpeg`];
//! HEIF through [`super::heif`].

use std::borrow::Cow;

use super::{MAX_BYTES, MAX_PIXELS, MAX_SIDE_PX, PhotoError, PhotoFormat, heif, jpeg};

const PNG_SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
/// Deflate cannot shrink by more than this.
const DEFLATE_RATIO_MAX: u64 = 1032;
/// What a decoded PNG may take: 100 megapixels in eight-bit RGBA.
const MAX_PNG_RAW_BYTES: u64 = MAX_PIXELS * 4;

/// A header that was read and lies within the limits.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) format: PhotoFormat,
    /// As stored.
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    /// The Exif block as TIFF.
    pub(super) exif: Option<Cow<'a, [u8]>>,
    /// What the container says about turning, where Exif does not.
    pub(super) orientation: Option<u8>,
    /// A small JPEG of the same picture that stands beside it in the container.
    pub(super) thumbnail: Option<&'a [u8]>,
    /// False when the header alone shows that the picture's data cannot be all there.
    pub(super) is_plausible: bool,
}

/// Finds the format and reads the header.
///
/// # Errors
/// As [`super::inspect`].
pub(super) fn read(bytes: &[u8]) -> Result<Header<'_>, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(PhotoError::TooLarge {
            size_bytes: bytes.len(),
            limit_bytes: MAX_BYTES,
        });
    }
    let header = if jpeg::is_jpeg(bytes) {
        read_jpeg(bytes)?
    } else if bytes.starts_with(PNG_SIGNATURE) {
        read_png(bytes)?
    } else if heif::is_heif(bytes) {
        read_heif(bytes)?
    } else {
        return Err(PhotoError::UnknownFormat);
    };
    Ok(header)
}

fn check_size(width_px: u32, height_px: u32) -> Result<u64, PhotoError> {
    let pixels = u64::from(width_px) * u64::from(height_px);
    if pixels == 0 {
        return Err(PhotoError::damaged("a side of zero pixels"));
    }
    if pixels > MAX_PIXELS || width_px.max(height_px) > MAX_SIDE_PX {
        return Err(PhotoError::TooManyPixels {
            width_px,
            height_px,
        });
    }
    Ok(pixels)
}

fn read_jpeg(bytes: &[u8]) -> Result<Header<'_>, PhotoError> {
    let (frame, exif) = jpeg::head(bytes)?;
    check_size(frame.width_px, frame.height_px)?;
    let blocks = u64::from(frame.width_px.div_ceil(8)) * u64::from(frame.height_px.div_ceil(8));
    // A block takes one bit or more; odd sampling can spare half of the blocks.
    let fewest_bits = blocks / 2;
    Ok(Header {
        format: PhotoFormat::Jpeg,
        width_px: frame.width_px,
        height_px: frame.height_px,
        exif: exif.map(Cow::Borrowed),
        orientation: None,
        thumbnail: None,
        is_plausible: bytes.len() as u64 * 8 >= fewest_bits,
    })
}

fn read_heif(bytes: &[u8]) -> Result<Header<'_>, PhotoError> {
    let heif = heif::read(bytes)?;
    check_size(heif.width_px, heif.height_px)?;
    Ok(Header {
        format: PhotoFormat::Heic,
        width_px: heif.width_px,
        height_px: heif.height_px,
        exif: heif.exif,
        orientation: heif.orientation,
        thumbnail: heif.thumbnail,
        is_plausible: heif.is_whole,
    })
}

fn read_png(bytes: &[u8]) -> Result<Header<'_>, PhotoError> {
    let mut rest = &bytes[PNG_SIGNATURE.len()..];
    let head = match next_chunk(&mut rest) {
        Some((b"IHDR", body)) => body,
        Some(_) => return Err(PhotoError::damaged("the first chunk is not IHDR")),
        None => return Err(PhotoError::Truncated),
    };
    let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, ..] = head else {
        return Err(PhotoError::damaged("IHDR is too short"));
    };
    let (width_px, height_px) = (
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    );
    let pixels = check_size(width_px, height_px)?;
    let channels = match colour {
        0 | 3 => 1,
        4 => 2,
        2 => 3,
        6 => 4,
        _ => return Err(PhotoError::damaged("no such colour type")),
    };
    let raw_bytes = pixels * channels * u64::from(depth) / 8;
    if raw_bytes > MAX_PNG_RAW_BYTES {
        return Err(PhotoError::TooManyPixels {
            width_px,
            height_px,
        });
    }
    let (mut packed_bytes, mut exif) = (0, None);
    while let Some((kind, body)) = next_chunk(&mut rest) {
        match kind {
            b"IDAT" => packed_bytes += body.len() as u64,
            b"eXIf" if exif.is_none() => {
                exif = Some(Cow::Borrowed(
                    body.strip_prefix(b"Exif\0\0").unwrap_or(body),
                ));
            }
            b"IEND" => break,
            _ => {}
        }
    }
    Ok(Header {
        format: PhotoFormat::Png,
        width_px,
        height_px,
        exif,
        orientation: None,
        thumbnail: None,
        is_plausible: packed_bytes * DEFLATE_RATIO_MAX >= raw_bytes,
    })
}

/// The next whole PNG chunk: its kind and its body. Check sums are the decoder's business.
fn next_chunk<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8; 4], &'a [u8])> {
    let (length, after) = rest.split_first_chunk()?;
    let (kind, after) = after.split_first_chunk()?;
    let (body, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after.get(4..)?;
    Some((kind, body))
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;

    fn png_claiming(width_px: u32, height_px: u32) -> Vec<u8> {
        let mut png = PNG_SIGNATURE.to_vec();
        png.extend([0, 0, 0, 13]);
        png.extend(b"IHDR");
        png.extend(width_px.to_be_bytes());
        png.extend(height_px.to_be_bytes());
        png.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        png
    }

    fn jpeg_claiming(width_px: u16, height_px: u16) -> Vec<u8> {
        let mut jpeg = render::small(1);
        let at = jpeg
            .windows(2)
            .position(|pair| pair == [0xFF, 0xC0])
            .expect("a baseline frame");
        jpeg[at + 5..at + 7].copy_from_slice(&height_px.to_be_bytes());
        jpeg[at + 7..at + 9].copy_from_slice(&width_px.to_be_bytes());
        jpeg
    }

    #[test]
    fn bytes_that_are_no_photo_are_refused_by_content() {
        assert_eq!(read(b"").map(|_| ()), Err(PhotoError::Empty));
        for other in [
            b"just words".as_slice(),
            b"\xFF\xD8",
            b"GIF89a\0\0",
            b"\0\0\0\x10ftypavif\0\0\0\0",
        ] {
            assert_eq!(read(other).map(|_| ()), Err(PhotoError::UnknownFormat));
        }
    }

    #[test]
    fn bytes_one_over_the_limit_are_refused() {
        let mut photo = render::small(1);
        photo.resize(MAX_BYTES, 0);
        assert!(read(&photo).is_ok());
        photo.push(0);
        assert_eq!(
            read(&photo).map_err(|error| error.code()).map(|_| ()),
            Err("too_large")
        );
    }

    #[test]
    fn header_that_claims_too_much_is_refused() {
        let too_many = |bytes: &[u8]| matches!(read(bytes), Err(PhotoError::TooManyPixels { .. }));
        assert!(too_many(&png_claiming(30_001, 1)));
        assert!(too_many(&png_claiming(10_001, 10_000)));
        assert!(too_many(&jpeg_claiming(65_535, 65_535)));
        assert!(too_many(&jpeg_claiming(1, 30_001)));
        assert!(read(&png_claiming(10_000, 10_000)).is_ok_and(|header| !header.is_plausible));
        assert!(read(&jpeg_claiming(10_000, 10_000)).is_ok_and(|header| !header.is_plausible));
        assert!(read(&jpeg_claiming(0, 10)).is_err_and(|error| error.code() == "damaged"));
    }

    #[test]
    fn header_that_is_cut_is_truncated() {
        let jpeg = render::small(1);
        let scan = jpeg
            .windows(2)
            .position(|pair| pair == [0xFF, 0xDA])
            .expect("a scan");
        for cut in [3, scan / 2, scan, scan + 3] {
            assert_eq!(
                read(&jpeg[..cut]).map(|_| ()),
                Err(PhotoError::Truncated),
                "at {cut}"
            );
        }
        let png = png_claiming(4, 4);
        assert_eq!(read(&png[..20]).map(|_| ()), Err(PhotoError::Truncated));
    }
}
