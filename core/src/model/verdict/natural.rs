//! Natural numbers of any size: what a sum of fractions needs when its denominators have
//! nothing in common. Only what one comparison asks for is here.

use std::cmp::Ordering;

/// A natural number, least limb first, without zero limbs at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Natural(Vec<u64>);

impl Natural {
    pub(super) fn of(value: u64) -> Self {
        Self(if value == 0 { vec![] } else { vec![value] })
    }

    pub(super) fn times(&self, factor: u64) -> Self {
        if factor == 0 {
            return Self(vec![]);
        }
        let mut carry = 0_u128;
        let mut limbs = Vec::with_capacity(self.0.len() + 1);
        for limb in &self.0 {
            carry += u128::from(*limb) * u128::from(factor);
            push_low(&mut limbs, &mut carry);
        }
        if carry > 0 {
            push_low(&mut limbs, &mut carry);
        }
        Self(limbs)
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut carry = 0_u128;
        let length = self.0.len().max(other.0.len());
        let mut limbs = Vec::with_capacity(length + 1);
        for at in 0..length {
            let limb = |of: &Self| of.0.get(at).copied().map_or(0, u128::from);
            carry += limb(self) + limb(other);
            push_low(&mut limbs, &mut carry);
        }
        if carry > 0 {
            push_low(&mut limbs, &mut carry);
        }
        Self(limbs)
    }
}

/// Moves the low limb of a carry to the end of the limbs.
fn push_low(limbs: &mut Vec<u64>, carry: &mut u128) {
    let low = *carry & u128::from(u64::MAX);
    limbs.push(u64::try_from(low).expect("masked to 64 bits"));
    *carry >>= 64;
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(value: u128) -> Natural {
        let low = u64::try_from(value & u128::from(u64::MAX)).expect("masked");
        let high = u64::try_from(value >> 64).expect("shifted");
        let shifted = Natural::of(high).times(1 << 63).times(2);
        shifted.plus(&Natural::of(low))
    }

    proptest! {
        #[test]
        fn naturals_agree_with_u128_where_it_suffices(a: u64, b: u64, c: u64) {
            let (wide_a, wide_b) = (u128::from(a), u128::from(b));
            prop_assert_eq!(Natural::of(a).times(b), of(wide_a * wide_b));
            prop_assert_eq!(Natural::of(a).plus(&Natural::of(b)), of(wide_a + wide_b));
            let (x, y) = (wide_a * u128::from(c), wide_b * u128::from(c));
            prop_assert_eq!(of(x).cmp(&of(y)), x.cmp(&y));
        }
    }

    #[test]
    fn carry_reaches_a_new_limb() {
        let most = Natural::of(u64::MAX);
        assert_eq!(most.plus(&Natural::of(1)), Natural(vec![0, 1]));
        assert_eq!(most.times(u64::MAX), Natural(vec![1, u64::MAX - 1]));
        assert_eq!(most.times(0), Natural::of(0));
    }
}
