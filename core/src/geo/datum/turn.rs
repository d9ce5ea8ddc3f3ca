//! Sines and cosines of many multiples of one angle, from one series.
//!
//! The public formulas take sines of six to ten angles that are all multiples of two. An
//! angle held as its sine and cosine is doubled, tripled and added to another with a few
//! products, so one short series each serves them all. Nothing here but sums and products:
//! a phone, a hub and a browser get the same bits, which the sines of their system
//! libraries would not promise, and a loop over many points runs in vector registers.

/// An angle as its sine and cosine.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) sin: f64,
    pub(super) cos: f64,
}

impl Turn {
    /// The turn by an angle in -0.8..=0.8 radians, to the last digit or two. Beyond that the
    /// series of Taylor, which ends at the 16th power, loses digits but never fails.
    #[inline(always)]
    pub(super) fn small(angle_rad: f64) -> Self {
        let square = angle_rad * angle_rad;
        let mut sin = -1.0 / 1_307_674_368_000.0;
        sin = sin * square + 1.0 / 6_227_020_800.0;
        sin = sin * square - 1.0 / 39_916_800.0;
        sin = sin * square + 1.0 / 362_880.0;
        sin = sin * square - 1.0 / 5_040.0;
        sin = sin * square + 1.0 / 120.0;
        sin = sin * square - 1.0 / 6.0;
        let mut cos = 1.0 / 20_922_789_888_000.0;
        cos = cos * square - 1.0 / 87_178_291_200.0;
        cos = cos * square + 1.0 / 479_001_600.0;
        cos = cos * square - 1.0 / 3_628_800.0;
        cos = cos * square + 1.0 / 40_320.0;
        cos = cos * square - 1.0 / 720.0;
        cos = cos * square + 1.0 / 24.0;
        cos = cos * square - 0.5;
        Self {
            sin: sin * square * angle_rad + angle_rad,
            cos: cos * square + 1.0,
        }
    }

    /// The turn by so many full circles; the number may be of thousands.
    #[inline(always)]
    pub(super) fn circles(count: f64) -> Self {
        // Adding and taking away 1.5 · 2⁵² rounds to a whole number in two sums; the rounding
        // of the standard library is a call on processors without an instruction for it.
        const WHOLE: f64 = 6_755_399_441_055_744.0;
        let rest = count - ((count + WHOLE) - WHOLE);
        Self::small(rest * (std::f64::consts::PI / 2.0))
            .twice()
            .twice()
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            sin: self.sin * other.cos + self.cos * other.sin,
            cos: self.cos * other.cos - self.sin * other.sin,
        }
    }

    #[inline(always)]
    pub(super) fn twice(self) -> Self {
        Self {
            sin: 2.0 * self.sin * self.cos,
            cos: (self.cos - self.sin) * (self.cos + self.sin),
        }
    }

    #[inline(always)]
    pub(super) fn thrice(self) -> Self {
        self.twice().plus(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Turn;

    fn assert_is(turn: Turn, angle_rad: f64, within: f64) {
        let off = (turn.sin - angle_rad.sin())
            .abs()
            .max((turn.cos - angle_rad.cos()).abs());
        assert!(off <= within, "{angle_rad}: {off}");
    }

    #[test]
    fn series_and_multiples_are_the_sines_of_the_standard_library() {
        for step in -800..=800 {
            let angle = f64::from(step) / 1000.0;
            let turn = Turn::small(angle);
            assert_is(turn, angle, 2e-16);
            assert_is(turn.twice(), 2.0 * angle, 1e-15);
            assert_is(turn.thrice(), 3.0 * angle, 1e-15);
            assert_is(turn.plus(Turn::small(0.25)), angle + 0.25, 1e-15);
        }
    }

    #[test]
    fn circles_are_turned_whole_and_in_part() {
        for step in -4000..=4000 {
            // Eighths of a circle: the angle of the comparison is exact to some 1e-12.
            let circles = f64::from(step) / 8.0;
            assert_is(
                Turn::circles(circles),
                circles * std::f64::consts::TAU,
                1e-12,
            );
        }
    }
}
