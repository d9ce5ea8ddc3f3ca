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
use super::scan::{self, Extent};
use super::{MAX_SIDE_PX, PhotoError, PhotoFormat, jpeg};

/// Small copies show where and what; 82 keeps lettering legible at a tenth of the bytes.
const THUMBNAIL_QUALITY: u8 = 82;
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
}

/// Decodes the picture.
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
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(MAX_SIDE_PX as usize)
        .set_max_height(MAX_SIDE_PX as usize)
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(essentials.as_slice()), options);
    decoder.decode_headers().map_err(jpeg_error)?;
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let colours = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let pixels = decoder.decode().map_err(jpeg_error)?;
    let (width_px, height_px) = (header.width_px, header.height_px);
    let image = if is_grey {
        GrayImage::from_raw(width_px, height_px, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width_px, height_px, pixels).map(DynamicImage::from)
    };
    Ok(Picture {
        image: image.ok_or_else(|| PhotoError::damaged("two frame headers"))?,
        is_end_missing: !survey.has_end,
    })
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
    })
}

fn png_error(error: ImageError) -> PhotoError {
    match error {
        ImageError::IoError(_) => PhotoError::Truncated,
        other => PhotoError::damaged(other.to_string()),
    }
}

/// A thumbnail as JPEG: upright, at most `longest_px`, never enlarged.
pub(super) fn thumbnail(
    picture: &Picture,
    orientation: u8,
    longest_px: u32,
) -> Result<Vec<u8>, PhotoError> {
    let small = shrink(&picture.image, longest_px);
    encode_jpeg(upright(small, orientation), THUMBNAIL_QUALITY)
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
    let longest = width_px.max(height_px);
    if longest <= longest_px {
        return opaque(image);
    }
    let side = |full_px: u32| {
        let exact = f64::from(full_px) * f64::from(longest_px) / f64::from(longest);
        (exact.round() as u32).max(1)
    };
    let (to_width, to_height) = (side(width_px), side(height_px));
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
        .resize(&source, &mut target, &ResizeOptions::new().resize_alg(filter))
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

fn opaque_rgb(image: &DynamicImage) -> RgbImage {
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
