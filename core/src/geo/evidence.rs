//! How well the fixes beside a street speak for a walk on it.
//!
//! Two things tell a walk on a street from one near it. *Level*: how far beside it the fixes
//! lie, and for how long. The noise of a receiver stays on one side for a minute, so that
//! many fixes in a row say little more than one; evidence is counted by the time, not by the
//! fix. *Crossing*: whether the way leads along the street or over it, seen in a window of
//! half a minute around each fix. Both are the same for a walk turned round.
//!
//! Evidence is a logarithm of how much likelier one is than the other; above 0 it speaks for
//! the street. The numbers were chosen on walks whose truth is known by construction
//! (`benches/`), and hold for other receivers too.
//!
//! Source: docs/decisions/0026.

use crate::model::time::UtcMs;

/// Half the window around a fix, in milliseconds.
pub(super) const HALF_WINDOW_MS: u64 = 14_500;
/// How long the noise of a receiver stays on one side, in seconds.
const NOISE_LASTS_S: f64 = 60.0;
/// Noise that stays shows so small a part of itself within a window.
const NOISE_BY_SCATTER: f64 = 3.8;
/// What noise that stays is taken for at least, and at most, in metres: a window is short.
const NOISE_M: (f64, f64) = (8.65, 13.2);
/// From so many fixes in a window noise of each fix is told from noise that stays.
const ENOUGH_FIXES: f64 = 10.0;
/// Noise of each fix where a window is too small to tell, in metres, and the fixes it counts for.
const SCATTER_M: f64 = 7.0;
const SCATTER_FIXES: f64 = 1.0;
/// A walk within the corridor is on the street rather than beside it: evidence by the second.
const ON_STREET: f64 = 0.0067;
/// How far from the street the middle of the corridor is, for what a fix in it tells: that of
/// the corridor where a city names none. In a narrow one a metre tells more.
const LEVEL_M: f64 = 25.0;
/// That somebody crosses a street is so much less likely than that he walks along it.
const CROSSES: f64 = 2.0;
/// A window never says more, for the time it lasts.
const MOST_CROSSING: f64 = 8.0;
/// Who moves faster tells more by the second: in metres a second.
const FAST_MPS: f64 = 2.5;

/// Where a walk was seen beside a street.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    pub(super) at: UtcMs,
    /// Metres walked along the route since the thread began, back and forth.
    pub(super) along_m: f64,
    /// Metres east and north of the line of the street.
    pub(super) off_m: (f64, f64),
    /// The stretch that the step to it traversed, from and to.
    pub(super) way_m: (f64, f64),
    /// True within the corridor.
    pub(super) is_inside: bool,
}

/// What is asked of a street.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Street {
    pub(super) corridor_m: f64,
    pub(super) is_directed: bool,
}

/// The evidence by the second around the node numbered `at`; nothing while it waits for later
/// fixes, which it does not once the thread has ended.
pub(super) fn evidence(nodes: &[Node], at: usize, is_ended: bool, street: Street) -> Option<f64> {
    let now = nodes[at].at.0;
    let last = nodes.len() - 1;
    if !is_ended && (last == at || nodes[last].at.0 <= now + HALF_WINDOW_MS) {
        return None;
    }
    // The fixes before and after it, whatever their time, and those of the window.
    let mut first = at.saturating_sub(1);
    while first > 0 && nodes[first - 1].at.0 + HALF_WINDOW_MS >= now {
        first -= 1;
    }
    let mut end = (at + 1).min(last);
    while end < last && nodes[end + 1].at.0 <= now + HALF_WINDOW_MS {
        end += 1;
    }
    let window = Window::of(&nodes[first..=end]);
    let noise_m2 = window.noise_m2();
    let (x, y) = nodes[at].off_m;
    let level = street.level((x * x + y * y).sqrt(), noise_m2);
    let crossing = street.crossing(&window, noise_m2);
    let speed_mps = window.along_mps;
    let level = if street.is_directed && speed_mps < 0.0 {
        // Who walks against its direction is no nearer to it for being beside it.
        level.min(0.0)
    } else {
        level * (speed_mps.abs() / FAST_MPS).max(1.0)
    };
    Some(level - crossing)
}

/// The straight line that fits the fixes of a window best, as a way beside the street.
#[derive(Debug, Clone, Copy)]
struct Window {
    fixes: f64,
    span_s: f64,
    /// Metres a second along the street and over it.
    along_mps: f64,
    over_mps: f64,
    /// The sum of the squared distances from that line, in square metres …
    residual_m2: f64,
    /// … and of the squared changes from fix to fix.
    change_m2: f64,
    /// The sum of the squared times from their mean.
    times_s2: f64,
}

impl Window {
    fn of(nodes: &[Node]) -> Self {
        let (origin, from_m) = (nodes[0].at.0, nodes[0].along_m);
        let (mut t1, mut t2, mut x1, mut y1, mut s1) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut tx, mut ty, mut ts, mut squares, mut change_m2) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut before = nodes[0].off_m;
        for node in nodes {
            let t = (node.at.0 - origin) as f64 * 1e-3;
            let s = node.along_m - from_m;
            let (x, y) = node.off_m;
            let (dx, dy) = (x - before.0, y - before.1);
            change_m2 += dx * dx + dy * dy;
            before = (x, y);
            t1 += t;
            t2 += t * t;
            x1 += x;
            y1 += y;
            s1 += s;
            tx += t * x;
            ty += t * y;
            ts += t * s;
            squares += x * x + y * y;
        }
        let fixes = nodes.len() as f64;
        let share = 1.0 / fixes;
        let times_s2 = t2 - t1 * t1 * share;
        // A window of one fix has no direction.
        let by_times = if times_s2 > 0.0 { 1.0 / times_s2 } else { 0.0 };
        let (cx, cy, cs) = (
            tx - t1 * x1 * share,
            ty - t1 * y1 * share,
            ts - t1 * s1 * share,
        );
        let over2 = cx * cx + cy * cy;
        let around_mean = squares - (x1 * x1 + y1 * y1) * share;
        Self {
            fixes,
            span_s: (nodes[nodes.len() - 1].at.0 - origin) as f64 * 1e-3,
            along_mps: cs * by_times,
            over_mps: over2.sqrt() * by_times,
            residual_m2: (around_mean - over2 * by_times).max(0.0),
            change_m2,
            times_s2,
        }
    }

    /// The noise that stays on one side, squared, as far as the scatter tells it.
    fn noise_m2(&self) -> f64 {
        let scatter_m2 = if self.fixes > 2.0 {
            self.residual_m2 / (self.fixes - 2.0)
        } else {
            0.0
        };
        let stays_m2 = if self.fixes >= ENOUGH_FIXES {
            // Noise of each fix changes by twice its square from one to the next.
            let step_s = self.span_s / (self.fixes - 1.0);
            let own_m2 = self.change_m2 / (self.fixes - 1.0) / 2.0;
            let shown = 1.0 / (NOISE_BY_SCATTER * NOISE_BY_SCATTER) - step_s / NOISE_LASTS_S;
            (scatter_m2 - own_m2).max(0.0) / shown.max(0.01)
        } else {
            scatter_m2 * NOISE_BY_SCATTER * NOISE_BY_SCATTER
        };
        stays_m2.clamp(NOISE_M.0 * NOISE_M.0, NOISE_M.1 * NOISE_M.1)
    }
}

impl Street {
    /// Evidence by the second of a fix so far beside it.
    fn level(self, beside_m: f64, noise_m2: f64) -> f64 {
        let share = 1.0 - beside_m / self.corridor_m;
        LEVEL_M * LEVEL_M * share / (2.0 * noise_m2 * NOISE_LASTS_S) + ON_STREET
    }

    /// Evidence by the second, against it, of the direction of the way.
    fn crossing(self, window: &Window, noise_m2: f64) -> f64 {
        let span_s = window.span_s;
        if span_s <= 0.0 {
            return 0.0;
        }
        let (over_m, along_m) = (window.over_mps * span_s, window.along_mps * span_s);
        // How far noise alone moves the ends of the line apart, squared.
        let stays_m2 = 2.0 * noise_m2 * span_s.min(NOISE_LASTS_S) / (NOISE_LASTS_S + span_s);
        let own_m2 = (window.residual_m2 + SCATTER_FIXES * SCATTER_M * SCATTER_M) * span_s * span_s
            / ((window.fixes - 2.0 + SCATTER_FIXES) * window.times_s2);
        let ends_m2 = stays_m2 + own_m2;
        let moved_m = (over_m * over_m + along_m * along_m).sqrt();
        let over = CROSSING_WEIGHT * moved_m * (over_m - along_m.abs());
        let against = if self.is_directed && along_m < 0.0 {
            (along_m * along_m - ends_m2).max(0.0) / (2.0 * ends_m2)
        } else {
            0.0
        };
        if over <= (CROSSES - 3.0) * ends_m2 && against == 0.0 {
            return 0.0;
        }
        (soft(over / ends_m2 - CROSSES) + against).min(MOST_CROSSING) / span_s
    }
}

/// Tuned together with [`CROSSES`]: the noise of the ends of a line is not quite normal.
const CROSSING_WEIGHT: f64 = 0.9;

/// ln(1 + e^x), near enough: 0 up to -3, x from 3 on, and a parabola between that joins both
/// without a bend.
fn soft(x: f64) -> f64 {
    if x >= 3.0 {
        x
    } else if x <= -3.0 {
        0.0
    } else {
        (x + 3.0) * (x + 3.0) / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREET: Street = Street {
        corridor_m: 25.0,
        is_directed: false,
    };

    /// Fixes every 5 s, each so many metres along and beside.
    fn nodes(places: impl Iterator<Item = (f64, f64)>) -> Vec<Node> {
        (0_u64..)
            .zip(places)
            .map(|(n, (along_m, beside_m))| Node {
                at: UtcMs(1_000_000 + n * 5_000),
                along_m,
                off_m: (0.0, beside_m),
                way_m: (along_m, along_m),
                is_inside: true,
            })
            .collect()
    }

    fn middle(nodes: &[Node], street: Street) -> f64 {
        evidence(nodes, nodes.len() / 2, true, street).expect("it has ended")
    }

    #[test]
    fn walk_on_the_street_is_for_it_and_one_beside_or_over_it_against() {
        let along = |beside_m: f64| nodes((0..9).map(move |n| (f64::from(n) * 6.5, beside_m)));
        assert!(middle(&along(0.0), STREET) > 0.03);
        assert!(middle(&along(24.0), STREET) > 0.0);
        assert!(middle(&along(35.0), STREET) < -0.005);
        let over = nodes((0..9).map(|n| (0.0, f64::from(n) * 6.5 - 26.0)));
        assert!(middle(&over, STREET) < -0.1);
        // Standing still on it is no crossing.
        let still = nodes((0..9).map(|n| (0.0, f64::from(n % 2) * 3.0)));
        assert!(middle(&still, STREET) > 0.0);
    }

    #[test]
    fn evidence_is_the_same_from_the_other_end() {
        let there = nodes((0..9).map(|n| (f64::from(n * n), f64::from(n * 5 % 7) * 4.0)));
        let mut back = there.clone();
        back.reverse();
        for (node, other) in back.iter_mut().zip(&there) {
            node.at = other.at;
        }
        for at in 0..there.len() {
            let one = evidence(&there, at, true, STREET).expect("it has ended");
            let other = evidence(&back, there.len() - 1 - at, true, STREET);
            let other = other.expect("it has ended");
            assert!((one - other).abs() < 1e-9, "{at}: {one} {other}");
        }
    }

    #[test]
    fn walking_against_the_direction_of_a_street_is_against_it() {
        let street = Street {
            is_directed: true,
            ..STREET
        };
        let forth = nodes((0..9).map(|n| (f64::from(n) * 6.5, 0.0)));
        let back = nodes((0..9).map(|n| (f64::from(-n) * 6.5, 0.0)));
        assert!(middle(&forth, street) > 0.03);
        assert!(middle(&back, street) < 0.0);
        assert!(middle(&back, STREET) > 0.03);
    }

    #[test]
    fn it_waits_for_the_fixes_of_its_window() {
        let some = nodes((0..5).map(|n| (f64::from(n) * 6.5, 0.0)));
        assert_eq!(evidence(&some, 2, false, STREET), None);
        assert!(evidence(&some, 1, false, STREET).is_some());
        assert!(evidence(&some, 2, true, STREET).is_some());
    }
}
