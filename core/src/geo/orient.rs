//! On which side of a line a point lies, exactly.
//!
//! Every decision of the locator and of the ring check rests on this sign alone. It is
//! exact, so that it does not depend on the order in which an edge's ends are given, and
//! two cells that share an edge can never disagree about it.

use geo::Coord;
use geo::kernels::{Kernel, Orientation, RobustKernel};

/// Shewchuk's bound: beyond it the rounded determinant has the true sign.
const ERROR_BOUND: f64 = 3.330_669_073_875_471_6e-16;

/// 1 when `p` lies left of the line from `a` to `b`, -1 right of it, 0 on it.
#[inline]
pub(crate) fn side(a: Coord, b: Coord, p: Coord) -> i32 {
    let left = (a.x - p.x) * (b.y - p.y);
    let right = (a.y - p.y) * (b.x - p.x);
    let determinant = left - right;
    if determinant.abs() > ERROR_BOUND * (left.abs() + right.abs()) {
        return if determinant > 0.0 { 1 } else { -1 };
    }
    exact_side(a, b, p)
}

#[cold]
fn exact_side(a: Coord, b: Coord, p: Coord) -> i32 {
    match RobustKernel::orient2d(a, b, p) {
        Orientation::CounterClockwise => 1,
        Orientation::Clockwise => -1,
        Orientation::Collinear => 0,
    }
}
