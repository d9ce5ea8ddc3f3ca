//! Pixels: decoded whole or not at all, turned upright, shrunk, encoded.
//!
//! Colours end as eight-bit grey or RGB for JPEG: CMYK is converted, alpha is laid on
//! white, sixteen bits are halved. Only a PNG's public copy keeps what the PNG had.

use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{PngDecoder, PngEncoder};
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Limits, Rgb, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::format::Header;
use super::planes::{self, Small};
use super::scan::{self, Extent};
use super::{MAX_SIDE_PX, PhotoError, PhotoFormat, decode, jpeg};

/// Small copies show where and what; 82 keeps lettering legible at a tenth of the bytes.
pub(super) const THUMBNAIL_QUALITY: u8 = 82;
/// A public copy stands in for the original and is encoded a second time.
const PUBLIC_QUALITY: u8 = 90;
/// Cameras write about ten scans; each one costs a pass over all blocks.
const MAX_SCANS: usize = 64;
/// A decoder's own buffers, palettes and profiles beside the pixels.
const MAX_PNG_ALLOC_BYTES: u64 = 900_000_000;

/// A decoded photo, as stored.
pub(super) struct Picture {
    pub(super) image: DynamicImage,
    /// The JPEG's picture is whole and its end marker is not there.
    pub(super) is_end_missing: bool,
    /// Coded data broke on the way, and the decoder filled in what it could.
    pub(super) is_damaged: bool,
}

/// A small copy of a photo, as stored.
pub(super) struct Work {
    pub(super) small: Small,
    /// As [`Picture::is_end_missing`].
    pub(super) is_end_missing: bool,
    /// As [`Picture::is_damaged`].
    pub(super) is_damaged: bool,
}

/// Decodes the picture at no more than the size that is needed, at most `longest_px`.
///
/// # Errors
/// As [`decode`].
pub(super) fn work(bytes: &[u8], header: &Header<'_>, longest_px: u32) -> Result<Work, PhotoError> {
    if header.format == PhotoFormat::Jpeg
        && header.is_plausible
        && let Ok(drawn) = decode::draw(bytes, longest_px)
    {
        return Ok(Work {
            small: drawn.planes.shrunk(longest_px),
            is_end_missing: !drawn.has_end,
            is_damaged: false,
        });
    }
    let picture = decode(bytes, header)?;
    Ok(Work {
        small: Small::from_image(&shrink(&picture.image, longest_px)),
        is_end_missing: picture.is_end_missing,
        is_damaged: picture.is_damaged,
    })
}

/// Decodes the whole picture.
///
/// # Errors
/// [`PhotoError::NoDecoder`] for HEIC; [`PhotoError::Truncated`] when the picture's data
/// ends early; [`PhotoError::Damaged`] when the decoder gives up.
pub(super) fn decode(bytes: &[u8], header: &Header<'_>) -> Result<Picture, PhotoError> {
    if !header.is_plausible {
        return Err(PhotoError::Truncated);
    }
    match header.format {
        PhotoFormat::Jpeg => decode_jpeg(bytes, header),
        PhotoFormat::Png => decode_png(bytes),
        PhotoFormat::Heic => Err(PhotoError::NoDecoder("HEIC")),
    }
}

fn decode_jpeg(bytes: &[u8], header: &Header<'_>) -> Result<Picture, PhotoError> {
    let survey = scan::survey(bytes);
    match survey.extent {
        Extent::EndsEarly => return Err(PhotoError::Truncated),
        Extent::Unknown if !survey.has_end => return Err(PhotoError::Truncated),
        Extent::Whole | Extent::Unknown => {}
    }
    let essentials = jpeg::essentials(bytes);
    let (image, is_damaged) = match jpeg_pixels(&essentials, header, true) {
        // A flipped bit spoils a stripe, and the rest still shows something: it is kept and said.
        Err(PhotoError::Damaged { .. }) if survey.has_end => {
            (jpeg_pixels(&essentials, header, false)?, true)
        }
        strict => (strict?, false),
    };
    Ok(Picture {
        image,
        is_end_missing: !survey.has_end,
        is_damaged,
    })
}

fn jpeg_pixels(
    essentials: &[u8],
    header: &Header<'_>,
    is_strict: bool,
) -> Result<DynamicImage, PhotoError> {
    let options = DecoderOptions::default()
        .set_strict_mode(is_strict)
        .set_max_width(MAX_SIDE_PX as usize)
        .set_max_height(MAX_SIDE_PX as usize)
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(essentials), options);
    decoder.decode_headers().map_err(jpeg_error)?;
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let colours = if is_grey {
        ColorSpace::Luma
    } else {
        ColorSpace::RGB
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let pixels = decoder.decode().map_err(jpeg_error)?;
    let (width_px, height_px) = (header.width_px, header.height_px);
    let image = if is_grey {
        GrayImage::from_raw(width_px, height_px, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width_px, height_px, pixels).map(DynamicImage::from)
    };
    image.ok_or_else(|| PhotoError::damaged("two frame headers"))
}

fn jpeg_error(error: DecodeErrors) -> PhotoError {
    match error {
        DecodeErrors::ExhaustedData => PhotoError::Truncated,
        other => PhotoError::damaged(format!("{other:?}")),
    }
}

fn decode_png(bytes: &[u8]) -> Result<Picture, PhotoError> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_PNG_ALLOC_BYTES);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(png_error)?;
    let image = DynamicImage::from_decoder(decoder).map_err(png_error)?;
    Ok(Picture {
        image,
        is_end_missing: false,
        is_damaged: false,
    })
}

fn png_error(error: ImageError) -> PhotoError {
    match error {
        ImageError::IoError(_) => PhotoError::Truncated,
        other => PhotoError::damaged(other.to_string()),
    }
}

/// The full picture, upright and bare.
pub(super) fn public_copy(
    picture: Picture,
    orientation: u8,
    format: PhotoFormat,
) -> Result<Vec<u8>, PhotoError> {
    let image = upright(picture.image, orientation);
    if format != PhotoFormat::Png {
        return encode_jpeg(opaque(&image), PUBLIC_QUALITY);
    }
    let mut out = Vec::new();
    image
        .write_with_encoder(PngEncoder::new(&mut out))
        .map_err(|error| PhotoError::damaged(error.to_string()))?;
    Ok(out)
}

/// Turns and mirrors a stored picture into the one that was seen.
pub(super) fn upright(mut image: DynamicImage, orientation: u8) -> DynamicImage {
    if let Some(orientation) = Orientation::from_exif(orientation) {
        image.apply_orientation(orientation);
    }
    image
}

/// An eight-bit opaque copy with at most `longest_px` on its longest side, never enlarged.
pub(super) fn shrink(image: &DynamicImage, longest_px: u32) -> DynamicImage {
    let (width_px, height_px) = (image.width(), image.height());
    let (to_width, to_height) = planes::fitted(width_px, height_px, longest_px);
    if (to_width, to_height) == (width_px, height_px) {
        return opaque(image);
    }
    let converted;
    let (raw, pixel) = match image {
        DynamicImage::ImageLuma8(grey) => (grey.as_raw(), PixelType::U8),
        DynamicImage::ImageRgb8(rgb) => (rgb.as_raw(), PixelType::U8x3),
        other => {
            converted = opaque_rgb(other);
            (converted.as_raw(), PixelType::U8x3)
        }
    };
    let source = ImageRef::new(width_px, height_px, raw, pixel)
        .expect("an image's buffer has the size of the image");
    let mut target = Image::new(to_width, to_height, pixel);
    let filter = ResizeAlg::Convolution(FilterType::Lanczos3);
    Resizer::new()
        .resize(
            &source,
            &mut target,
            &ResizeOptions::new().resize_alg(filter),
        )
        .expect("both sides have the same pixel type");
    let raw = target.into_vec();
    let small = match pixel {
        PixelType::U8 => GrayImage::from_raw(to_width, to_height, raw).map(DynamicImage::from),
        _ => RgbImage::from_raw(to_width, to_height, raw).map(DynamicImage::from),
    };
    small.expect("the resizer fills the whole target")
}

/// The same picture in eight-bit grey or RGB, alpha laid on white.
fn opaque(image: &DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => image.clone(),
        DynamicImage::ImageLuma16(_) => image.to_luma8().into(),
        other => opaque_rgb(other).into(),
    }
}

pub(super) fn opaque_rgb(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let rgba = image.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        let over = |level: u8| {
            let mixed = u32::from(level) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            ((mixed + 127) / 255) as u8
        };
        Rgb([over(red), over(green), over(blue)])
    })
}

fn encode_jpeg(image: DynamicImage, quality: u8) -> Result<Vec<u8>, PhotoError> {
    let mut out = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut out, quality))
        .map_err(|error| PhotoError::damaged(error.to_string()))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, ImageFormat, LumaA, Rgba};

    use super::super::render::{Field, small, tiff, with_exif};
    use super::super::{capture, format, public_copy, thumbnail};
    use super::*;

    const RED: [u8; 3] = [220, 30, 30];
    const GREEN: [u8; 3] = [30, 200, 40];
    const BLUE: [u8; 3] = [30, 40, 220];
    const WHITE: [u8; 3] = [250, 250, 250];

    fn open(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory(bytes).expect("we have just encoded it")
    }

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        image
            .write_to(&mut out, ImageFormat::Png)
            .expect("memory takes everything");
        out.into_inner()
    }

    /// Red, green, blue, white: upper left, upper right, lower left, lower right.
    fn corners(image: &DynamicImage) -> [[u8; 3]; 4] {
        let rgb = image.to_rgb8();
        let (right, low) = (rgb.width() * 7 / 8, rgb.height() * 7 / 8);
        let (left, high) = (rgb.width() / 8, rgb.height() / 8);
        [(left, high), (right, high), (left, low), (right, low)].map(|(x, y)| rgb.get_pixel(x, y).0)
    }

    fn is_near(found: [u8; 3], wanted: [u8; 3]) -> bool {
        found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 40)
    }

    #[test]
    fn photo_stored_in_any_orientation_comes_out_upright() {
        let flag = RgbImage::from_fn(96, 64, |x, y| {
            Rgb(match (x < 48, y < 32) {
                (true, true) => RED,
                (false, true) => GREEN,
                (true, false) => BLUE,
                (false, false) => WHITE,
            })
        });
        // What a sensor stores for each orientation, by the corner that row 0, column 0 shows
        // (Exif 2.32, Orientation): written out here and not computed by the code under test.
        let stored = [
            [RED, GREEN, BLUE, WHITE],
            [GREEN, RED, WHITE, BLUE],
            [WHITE, BLUE, GREEN, RED],
            [BLUE, WHITE, RED, GREEN],
            [RED, BLUE, GREEN, WHITE],
            [GREEN, WHITE, RED, BLUE],
            [WHITE, GREEN, BLUE, RED],
            [BLUE, RED, WHITE, GREEN],
        ];
        for (orientation, colours) in (1_u8..).zip(stored) {
            let (width, height) = if orientation < 5 { (96, 64) } else { (64, 96) };
            let sensor = RgbImage::from_fn(width, height, |x, y| {
                let index = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
                Rgb(colours[index])
            });
            let bare = encode_jpeg(sensor.into(), 95).expect("memory takes everything");
            let exif = tiff(vec![Field::short(0x0112, u16::from(orientation))], &[], &[]);
            let photo = with_exif(&bare, &exif);
            let copies = [
                thumbnail(&photo, 48).expect("a thumbnail"),
                public_copy(&photo).expect("a copy"),
                capture(&photo, &[48])
                    .expect("a capture")
                    .thumbnails
                    .remove(0)
                    .1,
            ];
            for (copy, sides) in copies.iter().zip([(48, 32), (96, 64), (48, 32)]) {
                let copy = open(copy);
                assert_eq!(
                    (copy.width(), copy.height()),
                    sides,
                    "orientation {orientation}"
                );
                let wanted = corners(&flag.clone().into());
                let is_upright = corners(&copy)
                    .iter()
                    .zip(wanted)
                    .all(|(&c, w)| is_near(c, w));
                assert!(
                    is_upright,
                    "orientation {orientation}: {:?}",
                    corners(&copy)
                );
            }
        }
    }

    #[test]
    fn thumbnail_is_never_enlarged_and_never_thinner_than_a_pixel() {
        let small = small(3);
        let sides = |bytes: &[u8], longest_px| {
            let copy = open(&thumbnail(bytes, longest_px).expect("a thumbnail"));
            (copy.width(), copy.height())
        };
        assert_eq!(sides(&small, 1600), (96, 64));
        assert_eq!(sides(&small, 95), (95, 63));
        assert_eq!(sides(&png(&DynamicImage::new_rgb8(600, 2)), 100), (100, 1));
        assert_eq!(thumbnail(&small, 0), Err(PhotoError::SizeZero));
        assert_eq!(capture(&small, &[96, 0]), Err(PhotoError::SizeZero));
    }

    #[test]
    fn copies_hold_no_metadata() {
        let exif = tiff(vec![Field::ascii(0x010F, "Secret Maker")], &[], &[]);
        let photo = with_exif(&small(3), &exif);
        for copy in [thumbnail(&photo, 50), public_copy(&photo)] {
            let copy = copy.expect("a copy");
            assert!(
                !copy
                    .windows(6)
                    .any(|part| part == b"Secret" || part == b"Exif\0\0")
            );
        }
    }

    #[test]
    fn transparent_and_deep_pictures_become_opaque_eight_bit_jpegs() {
        let clear = ImageBuffer::from_pixel(20, 20, Rgba([255_u16, 0, 0, 0]));
        let half = ImageBuffer::from_pixel(20, 20, LumaA([0_u8, 128]));
        let deep = ImageBuffer::from_pixel(20, 20, image::Luma([0x8000_u16]));
        for (image, level) in [(clear.into(), 255), (half.into(), 127), (deep.into(), 128)] {
            let image: DynamicImage = image;
            for longest_px in [20, 10] {
                let copy = open(&thumbnail(&png(&image), longest_px).expect("a thumbnail"));
                assert!(is_near(copy.to_rgb8().get_pixel(5, 5).0, [level; 3]));
                assert!(!copy.color().has_alpha());
            }
        }
    }

    #[test]
    fn public_copy_of_a_png_stays_a_png_with_its_depth_and_alpha() {
        let image: DynamicImage = ImageBuffer::from_pixel(9, 7, Rgba([300_u16, 2, 3, 4])).into();
        let copy = public_copy(&png(&image)).expect("a copy");
        assert_eq!(image::guess_format(&copy).ok(), Some(ImageFormat::Png));
        assert_eq!(open(&copy), image);
    }

    /// Eight by eight pixels of one colour in CMYK as Adobe stores it: 255 is no ink.
    fn cmyk(inks: [u8; 4]) -> Vec<u8> {
        let mut jpeg = vec![0xFF, 0xD8];
        let mut segment = |marker: u8, body: &[u8]| {
            jpeg.extend([0xFF, marker, 0, body.len() as u8 + 2]);
            jpeg.extend(body);
        };
        segment(0xEE, b"Adobe\0\x64\0\0\0\0\0");
        segment(0xDB, &[&[0], [8; 64].as_slice()].concat());
        segment(
            0xC0,
            &[
                8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0,
            ],
        );
        // Twelve sizes of four bits each; the only code for the rest says that all is zero.
        segment(
            0xC4,
            &[
                0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                10, 11,
            ],
        );
        segment(
            0xC4,
            &[0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        );
        segment(0xDA, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
        let mut bits = String::new();
        for ink in inks {
            let level = i32::from(ink) - 128;
            let size = 32 - level.unsigned_abs().leading_zeros() as usize;
            let coded = if level < 0 {
                level + (1 << size) - 1
            } else {
                level
            };
            bits += &format!("{size:04b}{coded:0size$b}0");
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        for byte in bits.as_bytes().chunks(8) {
            let byte = byte.iter().fold(0, |byte, &bit| byte << 1 | (bit - b'0'));
            jpeg.push(byte);
            jpeg.extend((byte == 0xFF).then_some(0));
        }
        jpeg.extend([0xFF, 0xD9]);
        jpeg
    }

    #[test]
    fn photo_in_cmyk_comes_out_in_the_colours_of_its_inks() {
        let inks = [
            ([255, 2, 2, 255], [255, 0, 0]),
            ([255, 255, 255, 2], [0; 3]),
            ([2, 255, 255, 255], [0, 255, 255]),
        ];
        for (inks, colour) in inks {
            let copy = open(&thumbnail(&cmyk(inks), 8).expect("a thumbnail"));
            let found = copy.to_rgb8().get_pixel(4, 4).0;
            assert!(is_near(found, colour), "{inks:?}: {found:?}");
        }
    }

    #[test]
    fn jpeg_with_a_flipped_bit_is_kept_and_said_to_be_damaged() {
        let photo = small(4);
        let scan = photo
            .windows(2)
            .position(|pair| pair == [0xFF, 0xDA])
            .expect("a scan");
        let mut outcomes = std::collections::BTreeMap::new();
        for at in scan + 14..photo.len() - 2 {
            let mut hurt = photo.clone();
            hurt[at] ^= 0x55;
            let header = format::read(&hurt).expect("the header is sound");
            let outcome = match decode(&hurt, &header) {
                Ok(picture) if picture.is_damaged => "damaged",
                Ok(_) => "decodes",
                Err(PhotoError::Truncated) => "truncated",
                Err(other) => panic!("at {at}: {other}"),
            };
            *outcomes.entry(outcome).or_insert(0) += 1;
        }
        assert!(outcomes.contains_key("damaged"), "{outcomes:?}");
    }
}
