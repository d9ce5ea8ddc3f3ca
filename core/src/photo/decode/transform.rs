//! From coefficients to pixels at 1, 2, 4 or 8 pixels a side of a block.
//!
//! A block is drawn at a half, a quarter or an eighth by keeping its lowest frequencies
//! only: an ideal low-pass within the block, and sharper than averaging pixels. Both passes
//! work on whole rows of numbers, so that the compiler uses vectors for them.
//!
//! Source: ITU-T T.81 A.3.3; for the scaling, Dugad and Ahuja, "A fast scheme for image size
//! change in the compressed domain" (IEEE TCSVT 11, 2001).

/// Natural place (row * 8 + column) of each coefficient in the order of the file.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A block's coefficients while it is read: those kept, and one place for all others.
pub(super) type Block = [i32; 128];

/// Where each coefficient of the file's order is kept for blocks of `side` pixels; what is
/// not kept goes to `side * side`.
pub(super) fn places(side: usize) -> [u8; 64] {
    ZIGZAG.map(|natural| {
        let (row, column) = (usize::from(natural) / 8, usize::from(natural) % 8);
        if row < side && column < side {
            (row * side + column) as u8
        } else {
            (side * side) as u8
        }
    })
}

/// One component's way from coefficients to pixels.
pub(super) struct Transform {
    pub(super) side: usize,
    /// Quantisation of the kept coefficients, row by row.
    quant: [f32; 64],
    basis1: [[f32; 1]; 1],
    basis2: [[f32; 2]; 2],
    basis4: [[f32; 4]; 4],
    basis8: [[f32; 8]; 8],
}

impl Transform {
    /// - `side`: 1, 2, 4 or 8 pixels.
    /// - `quant`: in the file's order.
    pub(super) fn new(side: usize, quant: &[u16; 64]) -> Self {
        let mut kept = [0.0; 64];
        for (&place, &step) in places(side).iter().zip(quant) {
            if usize::from(place) < side * side {
                kept[usize::from(place)] = f32::from(step);
            }
        }
        Self {
            side,
            quant: kept,
            basis1: basis(),
            basis2: basis(),
            basis4: basis(),
            basis8: basis(),
        }
    }

    /// Draws a block whose upper left pixel is at `at` of a plane with `stride` pixels a row.
    /// The plane holds all of it.
    #[inline(always)]
    pub(super) fn draw(
        &self,
        block: &Block,
        is_flat: bool,
        plane: &mut [u8],
        at: usize,
        stride: usize,
    ) {
        if is_flat {
            let level = to_level(block[0] as f32 * self.quant[0] / 8.0);
            for row in plane[at..].chunks_mut(stride).take(self.side) {
                row[..self.side].fill(level);
            }
            return;
        }
        match self.side {
            8 => self.draw_side(&self.basis8, block, plane, at, stride),
            4 => self.draw_side(&self.basis4, block, plane, at, stride),
            2 => self.draw_side(&self.basis2, block, plane, at, stride),
            _ => self.draw_side(&self.basis1, block, plane, at, stride),
        }
    }

    #[inline(always)]
    fn draw_side<const N: usize>(
        &self,
        basis: &[[f32; N]; N],
        block: &Block,
        plane: &mut [u8],
        at: usize,
        stride: usize,
    ) {
        let mut input = [[0.0_f32; N]; N];
        for v in 0..N {
            for u in 0..N {
                input[v][u] = block[v * N + u] as f32 * self.quant[v * N + u];
            }
        }
        let mut half = [[0.0_f32; N]; N];
        for y in 0..N {
            for v in 0..N {
                for u in 0..N {
                    half[y][u] += basis[v][y] * input[v][u];
                }
            }
        }
        let rows = plane[at..].chunks_mut(stride).take(N);
        for (half, row) in half.iter().zip(rows) {
            let mut sums = [0.0_f32; N];
            for u in 0..N {
                for x in 0..N {
                    sums[x] += half[u] * basis[u][x];
                }
            }
            let mut levels = [0_u8; N];
            for x in 0..N {
                levels[x] = to_level(sums[x]);
            }
            row[..N].copy_from_slice(&levels);
        }
    }
}

/// Waves of the cosine transform over `N` pixels, scaled so that eight coefficients' worth
/// of amplitude gives levels.
fn basis<const N: usize>() -> [[f32; N]; N] {
    let n = N as f64;
    std::array::from_fn(|frequency| {
        let norm = if frequency == 0 { 1.0 / n } else { 2.0 / n };
        let amplitude = (norm * n / 8.0).sqrt();
        std::array::from_fn(|x| {
            let angle = (2 * x + 1) as f64 * frequency as f64 * std::f64::consts::PI / (2.0 * n);
            (amplitude * angle.cos()) as f32
        })
    })
}

/// Shifts to 0..=255, rounds and limits.
#[inline(always)]
fn to_level(value: f32) -> u8 {
    // Adding 1.5 x 2^23 leaves the rounded number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    ((value + 128.0).clamp(0.0, 255.0) + ROUND).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(side: usize, set: &[(usize, i32)]) -> Vec<u8> {
        let places = places(side);
        let mut block: Block = [0; 128];
        for &(at, value) in set {
            block[usize::from(places[at])] = value;
        }
        let mut plane = vec![0; side * side];
        Transform::new(side, &[2; 64]).draw(&block, false, &mut plane, 0, side);
        plane
    }

    #[test]
    fn mean_is_the_same_at_every_size() {
        for side in [1, 2, 4, 8] {
            assert!(drawn(side, &[(0, 200)]).iter().all(|&level| level == 178));
        }
    }

    #[test]
    fn first_wave_has_the_amplitude_worked_out_by_hand() {
        // Orthonormal: 100 x 2 / 4 x cos(pi / 16) / sqrt(2) above grey at the left.
        let full = drawn(8, &[(1, 100)]);
        assert_eq!((full[0], full[7]), (128 + 35, 128 - 35));
        // Half size: the mean of the first two pixels, 34.68 and 29.40, but for the low-pass.
        let half = drawn(4, &[(1, 100)]);
        assert_eq!((half[0], half[3]), (128 + 33, 128 - 33));
    }

    #[test]
    fn values_beyond_white_and_black_stay_there() {
        assert!(drawn(4, &[(0, 2000)]).iter().all(|&level| level == 255));
        assert!(drawn(4, &[(0, -2000)]).iter().all(|&level| level == 0));
    }
}
