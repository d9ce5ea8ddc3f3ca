//! Marks by which a picture is known again after it was encoded anew, resized or cropped.
//!
//! A mark is the signs of the lowest frequencies of the upright grey picture. One is taken
//! of the whole and one of each of 35 windows that leave out up to a tenth of a side; a
//! cropped copy's whole then lies near one of the original's windows, and the other way
//! round. That is a hint for a person: a picture of the same wall from the same spot is near
//! too.
//!
//! Source: the 64-bit hash of [`super::checks`], over windows in place of the whole alone.

use std::sync::LazyLock;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::GrayImage;

/// Side of the square that windows are cut from.
const SIDE: usize = 160;
/// Where windows begin and end along one side: none, a twentieth or a tenth is left out.
const SPANS: [(usize, usize); 6] = [(0, 160), (0, 152), (8, 160), (0, 144), (8, 152), (16, 160)];
/// How many windows there are; the first is the whole.
const WINDOWS: usize = SPANS.len() * SPANS.len();
/// Frequencies kept each way.
const KEPT: usize = 8;
/// A picture with less contrast than this many grey levels (standard deviation) has no
/// shapes to be known by.
const MIN_DEVIATION: f64 = 4.0;

/// The marks of one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoMarks([u64; WINDOWS]);

impl PhotoMarks {
    /// How many bytes the marks take where they are kept.
    pub const SIZE_BYTES: usize = WINDOWS * 8;

    /// Takes the marks of a grey picture that is upright; `None` for one without shapes.
    pub(super) fn of(grey: &GrayImage) -> Option<Self> {
        let count = grey.as_raw().len().max(1) as f64;
        let mean = grey.as_raw().iter().map(|&l| f64::from(l)).sum::<f64>() / count;
        let squares = grey.as_raw().iter().map(|&l| (f64::from(l) - mean).powi(2));
        if (squares.sum::<f64>() / count).sqrt() < MIN_DEVIATION {
            return None;
        }
        let square = squared(grey);
        let across = SPANS.map(|span| project_rows(&square, span));
        let mut marks = [0; WINDOWS];
        for (index, mark) in marks.iter_mut().enumerate() {
            let (down, right) = (index / SPANS.len(), index % SPANS.len());
            *mark = signs(&across[right], SPANS[down]);
        }
        Some(Self(marks))
    }

    /// Reads marks as [`PhotoMarks::to_bytes`] wrote them; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::SIZE_BYTES] = bytes.try_into().ok()?;
        let (words, _) = bytes.as_chunks::<8>();
        let mut marks = [0; WINDOWS];
        for (mark, word) in marks.iter_mut().zip(words) {
            *mark = u64::from_be_bytes(*word);
        }
        Some(Self(marks))
    }

    /// The marks as bytes, big-endian, the whole first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|mark| mark.to_be_bytes()).collect()
    }

    /// In how many of 63 bits the nearest pair differs: one side's whole against the other's
    /// windows. Up to about 8 is the same picture.
    #[must_use]
    pub fn distance_bits(&self, other: &Self) -> u32 {
        let nearest = |whole: u64, windows: &[u64]| {
            let apart = windows.iter().map(|window| (whole ^ window).count_ones());
            apart.min().unwrap_or(u64::BITS)
        };
        nearest(self.0[0], &other.0).min(nearest(other.0[0], &self.0))
    }
}

/// The picture in a square of [`SIDE`], whatever its shape.
fn squared(grey: &GrayImage) -> Vec<u8> {
    let source = ImageRef::new(grey.width(), grey.height(), grey.as_raw(), PixelType::U8)
        .expect("an image's buffer has the size of the image");
    let mut square = Image::new(SIDE as u32, SIDE as u32, PixelType::U8);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new()
        .resize(&source, &mut square, &options)
        .expect("both sides have one byte a pixel");
    square.into_vec()
}

type Waves = [[f32; KEPT]; SIDE];

/// The waves of each length of window, position by position.
static WAVES: LazyLock<[Waves; 3]> = LazyLock::new(|| {
    [160, 152, 144].map(|length| {
        std::array::from_fn(|at| {
            std::array::from_fn(|frequency| {
                let step = std::f64::consts::PI / f64::from(length);
                (step * (at as f64 + 0.5) * frequency as f64).cos() as f32
            })
        })
    })
});

fn waves((from, to): (usize, usize)) -> &'static Waves {
    &WAVES[(SIDE - (to - from)) / 8]
}

fn project_rows(square: &[u8], span: (usize, usize)) -> [[f32; KEPT]; SIDE] {
    let waves = waves(span);
    let mut sums = [[0.0; KEPT]; SIDE];
    for (row, sums) in square.chunks_exact(SIDE).zip(&mut sums) {
        for (&level, wave) in row[span.0..span.1].iter().zip(waves) {
            for (sum, w) in sums.iter_mut().zip(wave) {
                *sum += f32::from(level) * w;
            }
        }
    }
    sums
}

/// The signs of the frequencies against their median; the mean says nothing about shapes.
fn signs(across: &[[f32; KEPT]; SIDE], span: (usize, usize)) -> u64 {
    let mut values = [[0.0_f32; KEPT]; KEPT];
    for (sums, wave) in across[span.0..span.1].iter().zip(waves(span)) {
        for (row, w) in values.iter_mut().zip(wave) {
            for (value, sum) in row.iter_mut().zip(sums) {
                *value += sum * w;
            }
        }
    }
    let values = values.as_flattened();
    let mut sorted = values.to_vec();
    sorted[1..].sort_by(f32::total_cmp);
    let median = sorted[values.len() / 2];
    let bits = values[1..].iter().map(|&value| u64::from(value > median));
    bits.fold(0, |mark, bit| mark << 1 | bit)
}

#[cfg(test)]
mod tests {
    use super::super::{capture, render};
    use super::*;

    fn scene(seed: u64) -> GrayImage {
        let photo = render::small(seed);
        image::load_from_memory(&photo)
            .expect("our own photo")
            .to_luma8()
    }

    #[test]
    fn cropped_and_resized_copy_is_near_and_another_street_is_not() {
        let whole = scene(3);
        let marks = PhotoMarks::of(&whole).expect("it has shapes");
        let crop = image::imageops::crop_imm(&whole, 0, 0, 87, 58).to_image();
        let crop = image::imageops::resize(&crop, 300, 200, image::imageops::FilterType::Triangle);
        let cropped = PhotoMarks::of(&crop).expect("it has shapes");
        assert!(
            marks.distance_bits(&cropped) <= 8,
            "{}",
            marks.distance_bits(&cropped)
        );
        assert_eq!(marks.distance_bits(&cropped), cropped.distance_bits(&marks));
        let other = PhotoMarks::of(&scene(4)).expect("it has shapes");
        assert!(marks.distance_bits(&other) > 8);
    }

    #[test]
    fn marks_outlive_their_bytes_and_a_flat_picture_has_none() {
        let marks = PhotoMarks::of(&scene(3)).expect("it has shapes");
        assert_eq!(PhotoMarks::from_bytes(&marks.to_bytes()), Some(marks));
        assert_eq!(PhotoMarks::from_bytes(&[0; 12]), None);
        assert_eq!(PhotoMarks::of(&GrayImage::new(90, 70)), None);
        let captured = capture(&render::small(3), &[]).expect("our own photo");
        assert!(captured.marks.is_some());
    }
}
