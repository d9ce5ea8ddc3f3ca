//! The stamp (水印) on a public copy: time, place, person or case in words, drawn into the
//! picture's lower edge. The original is never touched.
//!
//! The font comes from the host, for a phone has one with the city's characters and none is
//! small enough to be carried along. A character that the font has no glyph for is refused:
//! a box in place of a name would say nothing and look like a fault of the photo.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::{DynamicImage, Rgb, RgbImage};
use thiserror::Error;

use super::pixels::{self, Picture};
use super::{PhotoError, exif, format};

/// The most lines a stamp has.
pub const MAX_LINES: usize = 8;
/// The most characters a line has.
pub const MAX_LINE_CHARS: usize = 80;
/// Height of a line as a share of the longest side: legible on a phone, and no curtain.
const LINE_SHARE: f32 = 1.0 / 36.0;
/// Below this many pixels no Chinese character is legible.
const MIN_LINE_PX: f32 = 10.0;
/// How much of the picture shows through the band, in 256ths.
const BAND_SHOWS: u16 = 110;

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// From above to below: 1 to [`MAX_LINES`], each of at most [`MAX_LINE_CHARS`].
    pub lines: &'a [&'a str],
    /// The bytes of a TrueType or OpenType font, or of a collection of them.
    pub font: &'a [u8],
    /// Which font of a collection; 0 for a lone one.
    pub font_index: u32,
}

/// Why a copy was not stamped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StampError {
    /// The photo, as for a copy without a stamp.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// The bytes are no font, or the collection has no font of that number.
    #[error("the font cannot be read")]
    Font,
    /// No line, too many, or one that is too long.
    #[error("a stamp has 1 to {MAX_LINES} lines of at most {MAX_LINE_CHARS} characters")]
    Lines,
    /// The font has no glyph for a character.
    #[error("the font has no glyph for `{0}`")]
    NoGlyph(char),
}

/// As [`super::public_copy`], with the stamp drawn on it. A PNG stays a PNG, in eight-bit RGB.
///
/// # Errors
/// [`StampError`].
pub fn public_copy_stamped(bytes: &[u8], stamp: &Stamp<'_>) -> Result<Vec<u8>, StampError> {
    let is_long = |line: &&str| line.chars().count() > MAX_LINE_CHARS;
    if !(1..=MAX_LINES).contains(&stamp.lines.len()) || stamp.lines.iter().any(is_long) {
        return Err(StampError::Lines);
    }
    let font = FontRef::try_from_slice_and_index(stamp.font, stamp.font_index)
        .map_err(|_| StampError::Font)?;
    for character in stamp.lines.iter().flat_map(|line| line.chars()) {
        if font.glyph_id(character).0 == 0 {
            return Err(StampError::NoGlyph(character));
        }
    }
    let header = format::read(bytes)?;
    let picture = pixels::decode(bytes, &header)?;
    let orientation = exif::read(&header).orientation;
    let mut image = pixels::opaque_rgb(&pixels::upright(picture.image, orientation));
    draw(&mut image, stamp.lines, &font);
    let stamped = Picture {
        image: DynamicImage::from(image),
        is_end_missing: false,
        is_damaged: false,
    };
    Ok(pixels::public_copy(stamped, 1, header.format)?)
}

fn draw(image: &mut RgbImage, lines: &[&str], font: &FontRef<'_>) {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let wanted = (width.max(height) * LINE_SHARE).max(MIN_LINE_PX);
    // Long lines, and many of them, are set smaller until they fit.
    let widest = lines.iter().map(|line| width_of(font, line, wanted));
    let widest = widest.fold(1.0_f32, f32::max);
    let fits = (width * 0.96 / widest).min(height * 0.5 / (wanted * 1.25 * lines.len() as f32));
    let size = wanted * fits.min(1.0);
    let step = size * 1.25;
    let top = height - step * lines.len() as f32 - size * 0.3;
    shade(image, top.max(0.0) as u32);
    let scaled = font.as_scaled(PxScale::from(size));
    for (number, line) in lines.iter().enumerate() {
        let baseline = top + step * number as f32 + size * 0.15 + scaled.ascent();
        let mut x = width * 0.02;
        for character in line.chars() {
            let id = font.glyph_id(character);
            let glyph = id.with_scale_and_position(PxScale::from(size), point(x, baseline));
            x += scaled.h_advance(id);
            let Some(outline) = font.outline_glyph(glyph) else {
                continue; // A space has no outline.
            };
            let bounds = outline.px_bounds();
            outline.draw(|dx, dy, share| {
                let x = bounds.min.x as i64 + i64::from(dx);
                let y = bounds.min.y as i64 + i64::from(dy);
                let at = u32::try_from(x).ok().zip(u32::try_from(y).ok());
                if let Some(pixel) = at.and_then(|(x, y)| image.get_pixel_mut_checked(x, y)) {
                    *pixel = Rgb(pixel.0.map(|level| blend(level, share)));
                }
            });
        }
    }
}

fn blend(level: u8, share: f32) -> u8 {
    (f32::from(level) + (255.0 - f32::from(level)) * share.clamp(0.0, 1.0)).round() as u8
}

fn width_of(font: &FontRef<'_>, line: &str, size: f32) -> f32 {
    let scaled = font.as_scaled(PxScale::from(size));
    let advances = line.chars().map(|c| scaled.h_advance(font.glyph_id(c)));
    advances.sum()
}

/// Darkens everything from row `top` on, so that white letters stand out.
fn shade(image: &mut RgbImage, top: u32) {
    let row_bytes = image.width() as usize * 3;
    for row in image.chunks_exact_mut(row_bytes).skip(top as usize) {
        for level in row {
            *level = (u16::from(*level) * BAND_SHOWS / 256) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;

    #[test]
    fn stamp_without_lines_or_with_a_broken_font_is_refused() {
        let photo = render::small(5);
        let stamp = |lines, font| {
            public_copy_stamped(
                &photo,
                &Stamp {
                    lines,
                    font,
                    font_index: 0,
                },
            )
        };
        assert_eq!(stamp(&[], b""), Err(StampError::Lines));
        assert_eq!(stamp(&["x"; MAX_LINES + 1], b""), Err(StampError::Lines));
        assert_eq!(stamp(&["x"], b"no font"), Err(StampError::Font));
    }

    #[test]
    fn band_darkens_the_lower_rows_only() {
        let mut image = RgbImage::from_pixel(4, 10, Rgb([200; 3]));
        shade(&mut image, 6);
        assert_eq!(image.get_pixel(0, 5).0, [200; 3]);
        assert_eq!(image.get_pixel(3, 6).0, [85; 3]);
        assert_eq!((blend(0, 1.0), blend(100, 0.0)), (255, 100));
    }
}
