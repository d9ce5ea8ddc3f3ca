//! A picture as one plane of luma and two of chroma, shrunk, turned and encoded as it is.
//!
//! JPEG stores planes; going through RGB and back would cost more than all of this. Chroma
//! is kept at half the width and height, as every camera and every thumbnail has it.
//!
//! Source: JFIF 1.02 for the colours and where chroma samples lie.

use std::borrow::Cow;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, GrayImage};
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, QuantizationTableType, SamplingFactor};

use super::PhotoError;

/// One plane as it was decoded: whole blocks, of which a part is the picture.
pub(super) struct Plane {
    pub(super) width_px: usize,
    pub(super) height_px: usize,
    /// How much of it the picture takes, in its pixels; parts of a pixel occur.
    pub(super) extent: (f64, f64),
    pub(super) levels: Vec<u8>,
}

impl Plane {
    pub(super) fn new(width_px: usize, height_px: usize, wide: f64, high: f64) -> Self {
        Self {
            width_px,
            height_px,
            extent: (wide, high),
            levels: vec![0; width_px * height_px],
        }
    }

    /// The picture's part at another size.
    fn resized(self, width_px: u32, height_px: u32) -> Vec<u8> {
        let to = (width_px as usize, height_px as usize);
        let is_same = |extent: f64, side: usize| extent.ceil() as usize == side;
        if is_same(self.extent.0, to.0) && is_same(self.extent.1, to.1) {
            let rows = self.levels.chunks_exact(self.width_px).take(to.1);
            return rows.flat_map(|row| &row[..to.0]).copied().collect();
        }
        let source = ImageRef::new(
            self.width_px as u32,
            self.height_px as u32,
            &self.levels,
            PixelType::U8,
        )
        .expect("a plane's levels have the size of the plane");
        let options = lanczos().crop(0.0, 0.0, self.extent.0, self.extent.1);
        resize(&source, width_px, height_px, &options)
    }
}

/// A decoded picture.
pub(super) struct Planes {
    /// By the header, before any scaling.
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) luma: Plane,
    pub(super) chroma: Option<[Plane; 2]>,
}

impl Planes {
    /// At most `longest_px` on the longest side, never enlarged.
    pub(super) fn shrunk(self, longest_px: u32) -> Small {
        let (width_px, height_px) = fitted(self.width_px, self.height_px, longest_px);
        let (wide, high) = (width_px.div_ceil(2), height_px.div_ceil(2));
        Small {
            width_px,
            height_px,
            luma: self.luma.resized(width_px, height_px),
            chroma: self
                .chroma
                .map(|planes| planes.map(|plane| plane.resized(wide, high))),
        }
    }
}

/// The sides of a copy with at most `longest_px` on its longest side, never enlarged.
pub(super) fn fitted(width_px: u32, height_px: u32, longest_px: u32) -> (u32, u32) {
    let longest = width_px.max(height_px);
    if longest <= longest_px {
        return (width_px, height_px);
    }
    let side = |full_px: u32| {
        let exact = f64::from(full_px) * f64::from(longest_px) / f64::from(longest);
        (exact.round() as u32).max(1)
    };
    (side(width_px), side(height_px))
}

fn lanczos() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
}

fn resize(
    source: &ImageRef<'_>,
    width_px: u32,
    height_px: u32,
    options: &ResizeOptions,
) -> Vec<u8> {
    let mut target = Image::new(width_px, height_px, PixelType::U8);
    Resizer::new()
        .resize(source, &mut target, options)
        .expect("both sides have one byte a pixel, and the part lies within the plane");
    target.into_vec()
}

/// A small copy: luma at its size, chroma at half of it, rounded up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Small {
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) luma: Vec<u8>,
    pub(super) chroma: Option<[Vec<u8>; 2]>,
}

impl Small {
    /// From a picture in eight-bit grey or RGB that has its size already.
    pub(super) fn from_image(image: &DynamicImage) -> Self {
        let (width_px, height_px) = (image.width(), image.height());
        let DynamicImage::ImageRgb8(rgb) = image else {
            return Self {
                width_px,
                height_px,
                luma: image.to_luma8().into_raw(),
                chroma: None,
            };
        };
        let (wide, high) = (
            width_px.div_ceil(2) as usize,
            height_px.div_ceil(2) as usize,
        );
        let mut luma = Vec::with_capacity(rgb.as_raw().len() / 3);
        let mut sums = vec![(0_u32, 0_u32, 0_u32); wide * high];
        for (x, y, pixel) in rgb.enumerate_pixels() {
            let [red, green, blue] = pixel.0;
            let (level, cb, cr) = jpeg_encoder::rgb_to_ycbcr(red, green, blue);
            luma.push(level);
            let sum = &mut sums[(y / 2) as usize * wide + (x / 2) as usize];
            *sum = (sum.0 + u32::from(cb), sum.1 + u32::from(cr), sum.2 + 1);
        }
        let mean = |sum: u32, count: u32| ((sum + count / 2) / count.max(1)) as u8;
        let chroma = [
            sums.iter().map(|sum| mean(sum.0, sum.2)).collect(),
            sums.iter().map(|sum| mean(sum.1, sum.2)).collect(),
        ];
        Self {
            width_px,
            height_px,
            luma,
            chroma: Some(chroma),
        }
    }

    /// A smaller copy, or this one where it is no larger.
    pub(super) fn shrunk(&self, longest_px: u32) -> Cow<'_, Self> {
        let (width_px, height_px) = fitted(self.width_px, self.height_px, longest_px);
        if (width_px, height_px) == (self.width_px, self.height_px) {
            return Cow::Borrowed(self);
        }
        let resized = |levels: &[u8], from: (u32, u32), to: (u32, u32)| {
            let source = ImageRef::new(from.0, from.1, levels, PixelType::U8)
                .expect("a plane's levels have the size of the plane");
            resize(&source, to.0, to.1, &lanczos())
        };
        let half = |side: (u32, u32)| (side.0.div_ceil(2), side.1.div_ceil(2));
        let (from, to) = ((self.width_px, self.height_px), (width_px, height_px));
        Cow::Owned(Self {
            width_px,
            height_px,
            luma: resized(&self.luma, from, to),
            chroma: self.chroma.as_ref().map(|planes| {
                planes
                    .each_ref()
                    .map(|plane| resized(plane, half(from), half(to)))
            }),
        })
    }

    /// The luma as a grey picture of at most `longest_px`.
    pub(super) fn grey(&self, longest_px: u32) -> GrayImage {
        let grey = Self {
            chroma: None,
            ..self.clone_luma()
        };
        let small = grey.shrunk(longest_px).into_owned();
        GrayImage::from_raw(small.width_px, small.height_px, small.luma)
            .expect("a plane's levels have the size of the plane")
    }

    fn clone_luma(&self) -> Self {
        Self {
            width_px: self.width_px,
            height_px: self.height_px,
            luma: self.luma.clone(),
            chroma: None,
        }
    }

    /// Turned and mirrored from the way it was stored to the way it was seen.
    pub(super) fn upright(self, orientation: u8) -> Self {
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let (wide, high) = (self.width_px as usize, self.height_px as usize);
        let half = (wide.div_ceil(2), high.div_ceil(2));
        let is_turned = orientation >= 5;
        Self {
            width_px: if is_turned {
                self.height_px
            } else {
                self.width_px
            },
            height_px: if is_turned {
                self.width_px
            } else {
                self.height_px
            },
            luma: turned(&self.luma, wide, high, orientation),
            chroma: self
                .chroma
                .map(|planes| planes.map(|plane| turned(&plane, half.0, half.1, orientation))),
        }
    }

    /// As JPEG, chroma halved both ways, without any metadata.
    pub(super) fn encode(&self, quality: u8) -> Result<Vec<u8>, PhotoError> {
        let mut out = Vec::with_capacity(self.luma.len() / 6 + 1024);
        let mut encoder = Encoder::new(&mut out, quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.set_quantization_tables(
            QuantizationTableType::Default,
            QuantizationTableType::Default,
        );
        encoder
            .encode_image(Rows(self))
            .map_err(|error| PhotoError::damaged(error.to_string()))?;
        Ok(out)
    }
}

/// Exif orientations 2 to 8 of one plane (Exif 2.32, tag Orientation).
fn turned(levels: &[u8], wide: usize, high: usize, orientation: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(levels.len());
    if orientation < 5 {
        let is_mirrored = matches!(orientation, 2 | 3);
        let is_upside_down = matches!(orientation, 3 | 4);
        for y in 0..high {
            let row = &levels[if is_upside_down { high - 1 - y } else { y } * wide..][..wide];
            if is_mirrored {
                out.extend(row.iter().rev());
            } else {
                out.extend_from_slice(row);
            }
        }
        return out;
    }
    // Rows become columns: small squares at a time, so that both sides stay in the cache.
    const TILE: usize = 32;
    out.resize(levels.len(), 0);
    let (is_from_right, is_from_below) =
        (matches!(orientation, 7 | 8), matches!(orientation, 6 | 7));
    for tile_y in (0..high).step_by(TILE) {
        for tile_x in (0..wide).step_by(TILE) {
            for x in tile_x..(tile_x + TILE).min(wide) {
                let to_y = if is_from_right { wide - 1 - x } else { x };
                for y in tile_y..(tile_y + TILE).min(high) {
                    let to_x = if is_from_below { high - 1 - y } else { y };
                    out[to_y * high + to_x] = levels[y * wide + x];
                }
            }
        }
    }
    out
}

/// A small copy as the encoder asks for it.
struct Rows<'a>(&'a Small);

impl ImageBuffer for Rows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        match self.0.chroma {
            Some(_) => JpegColorType::Ycbcr,
            None => JpegColorType::Luma,
        }
    }

    fn width(&self) -> u16 {
        u16::try_from(self.0.width_px).expect("sides were held against MAX_SIDE_PX")
    }

    fn height(&self) -> u16 {
        u16::try_from(self.0.height_px).expect("sides were held against MAX_SIDE_PX")
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let (wide, y) = (self.0.width_px as usize, usize::from(y));
        buffers[0].extend_from_slice(&self.0.luma[y * wide..][..wide]);
        let half = wide.div_ceil(2);
        for (plane, buffer) in self.0.chroma.iter().flatten().zip(&mut buffers[1..]) {
            let row = &plane[y / 2 * half..][..half];
            buffer.extend(row.iter().flat_map(|&level| [level; 2]).take(wide));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_turned_as_exif_says() {
        // Stored rows: 1 2 3 / 4 5 6.
        let stored = [1, 2, 3, 4, 5, 6];
        let seen = [
            vec![3, 2, 1, 6, 5, 4],
            vec![6, 5, 4, 3, 2, 1],
            vec![4, 5, 6, 1, 2, 3],
            vec![1, 4, 2, 5, 3, 6],
            vec![4, 1, 5, 2, 6, 3],
            vec![6, 3, 5, 2, 4, 1],
            vec![3, 6, 2, 5, 1, 4],
        ];
        for (orientation, seen) in (2..).zip(seen) {
            assert_eq!(
                turned(&stored, 3, 2, orientation),
                seen,
                "orientation {orientation}"
            );
        }
    }
}
