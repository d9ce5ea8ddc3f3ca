//! Numbers that say how a picture looks: sharpness, brightness, and a hash of its shapes.
//!
//! All are taken from one small grey copy, so that they cost little and mean the same for
//! every camera. They are hints for a person; none of them refuses a photo.
//!
//! Source: variance of the Laplacian after Pech-Pacheco et al., "Diatom autofocusing in
//! brightfield microscopy" (ICPR 2000); the hash is the usual 64-bit one: signs of the
//! lowest frequencies of a cosine transform against their median.

use image::{GrayImage, imageops};

use super::pixels;

/// Longest side of the grey copy: blur of a shaken phone spans several pixels even here.
pub(super) const GREY_SIDE_PX: u32 = 512;
/// Levels from here on hold no drawing; JPEG's noise keeps even pure white a little below 255.
const BURNT_LEVEL: u8 = 250;
/// Side of the square that is hashed, and of the block of low frequencies that is kept.
const HASH_SIDE: usize = 32;
const HASH_KEPT: usize = 8;

/// Variance of the four-neighbour Laplacian in squared grey levels; 0 for a picture too small for one.
pub(super) fn sharpness(grey: &GrayImage) -> f64 {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    if width < 3 || height < 3 {
        return 0.0;
    }
    let rows = grey.as_raw();
    let (mut sum, mut squares) = (0_i64, 0_i64);
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let around = [at - 1, at + 1, at - width, at + width];
            let around: i64 = around.iter().map(|&i| i64::from(rows[i])).sum();
            let edge = around - 4 * i64::from(rows[at]);
            sum += edge;
            squares += edge * edge;
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    squares as f64 / count - mean * mean
}

/// Mean luma, 0.0..=1.0.
pub(super) fn brightness(grey: &GrayImage) -> f64 {
    let sum: u64 = grey.as_raw().iter().map(|&level| u64::from(level)).sum();
    sum as f64 / (255.0 * grey.as_raw().len().max(1) as f64)
}

/// Share of pixels that are burnt out, 0.0..=1.0: white without any drawing in it.
pub(super) fn burnt(grey: &GrayImage) -> f64 {
    let count = grey
        .as_raw()
        .iter()
        .filter(|&&level| level >= BURNT_LEVEL)
        .count();
    count as f64 / grey.as_raw().len().max(1) as f64
}

/// The hash of the picture as people see it, so that a turned copy hashes alike.
pub(super) fn phash(grey: &GrayImage, orientation: u8) -> u64 {
    let side = HASH_SIDE as u32;
    let small = imageops::resize(grey, side, side, imageops::FilterType::Triangle);
    let small = pixels::upright(small.into(), orientation).into_luma8();
    let low = low_frequencies(small.as_raw());
    // The first value is the mean brightness, which says nothing about shapes.
    let mut sorted = low;
    sorted[1..].sort_by(f64::total_cmp);
    let median = sorted[1 + (low.len() - 1) / 2];
    let above = |value: &f64| u64::from(*value > median);
    low.iter().fold(0, |hash, value| hash << 1 | above(value))
}

/// The lowest frequencies of the two-dimensional cosine transform, row by row, rounded to
/// sixteenths so that a flat picture has zeros and not noise.
fn low_frequencies(levels: &[u8]) -> [f64; HASH_KEPT * HASH_KEPT] {
    let step = std::f64::consts::PI / HASH_SIDE as f64;
    let wave: [[f64; HASH_SIDE]; HASH_KEPT] = std::array::from_fn(|frequency| {
        std::array::from_fn(|at| (step * (at as f64 + 0.5) * frequency as f64).cos())
    });
    let mut across = [[0.0; HASH_KEPT]; HASH_SIDE];
    for (row, sums) in levels.chunks_exact(HASH_SIDE).zip(&mut across) {
        for (wave, sum) in wave.iter().zip(sums) {
            *sum = row
                .iter()
                .zip(wave)
                .map(|(&level, w)| f64::from(level) * w)
                .sum();
        }
    }
    std::array::from_fn(|index| {
        let (down, right) = (index / HASH_KEPT, index % HASH_KEPT);
        let sum: f64 = across
            .iter()
            .zip(&wave[down])
            .map(|(sums, w)| sums[right] * w)
            .sum();
        (sum * 16.0).round() / 16.0
    })
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn stripes(period: u32) -> GrayImage {
        GrayImage::from_fn(64, 48, |x, _| {
            Luma([if (x / period).is_multiple_of(2) {
                40
            } else {
                210
            }])
        })
    }

    #[test]
    fn blurred_picture_is_less_sharp_than_the_same_in_focus() {
        let sharp = stripes(4);
        let blurred = imageops::blur(&sharp, 3.0);
        assert!(sharpness(&sharp) > 20.0 * sharpness(&blurred));
        assert_eq!(sharpness(&GrayImage::new(2, 9)), 0.0);
    }

    #[test]
    fn laplacian_of_one_bright_pixel_has_the_variance_worked_out_by_hand() {
        // Inner 3 x 3: -40 in the middle, 10 at its four sides, 0 at the corners.
        let dot = GrayImage::from_fn(5, 5, |x, y| Luma([if (x, y) == (2, 2) { 10 } else { 0 }]));
        assert!((sharpness(&dot) - (1600.0 + 400.0) / 9.0).abs() < 1e-9);
    }

    #[test]
    fn brightness_runs_from_black_to_white() {
        let level = |level| brightness(&GrayImage::from_pixel(8, 8, Luma([level])));
        assert_eq!((level(0), level(255)), (0.0, 1.0));
        assert!((level(51) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn burnt_share_counts_white_only() {
        let half = GrayImage::from_fn(8, 8, |x, _| Luma([if x < 4 { 252 } else { 249 }]));
        assert_eq!(burnt(&half), 0.5);
    }

    #[test]
    fn hash_stays_near_when_brighter_and_goes_far_for_another_picture() {
        let scene = |shift: u8| {
            GrayImage::from_fn(80, 60, |x, y| {
                Luma([(x * y / 40 + x % 17 * 3) as u8 / 2 + shift])
            })
        };
        let far = imageops::rotate180(&stripes(9));
        let hash = phash(&scene(0), 1);
        assert!((hash ^ phash(&scene(25), 1)).count_ones() <= 4);
        assert!((hash ^ phash(&far, 1)).count_ones() >= 16);
    }

    #[test]
    fn hash_of_a_flat_picture_holds_no_noise() {
        let flat = |level| phash(&GrayImage::from_pixel(50, 40, Luma([level])), 1);
        assert_eq!(flat(90), flat(91));
    }
}
