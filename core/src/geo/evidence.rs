//! How well the fixes beside a stretch of the route speak for a walk on it.
//!
//! Two things tell a walk on a street from one near it. *Level*: how far beside it the fixes
//! lie, for how long. The noise of a receiver stays on one side for a minute, so that a
//! hundred fixes in a row say little more than two; evidence is counted by the time, not by
//! the fix. *Crossing*: whether the way leads along the street or over it, seen in a window
//! of half a minute around each step. Both look the same from the other end: a walk turned
//! round is judged alike.
//!
//! Source: docs/decisions/0026.

use super::intervals::Stretch;
use crate::model::time::UtcMs;

/// Half the window around a step, in milliseconds.
const HALF_WINDOW_MS: u64 = 12_500;
/// How long the noise of a receiver stays on one side, in milliseconds.
const NOISE_MS: f64 = 60_000.0;

/// Where a walk was seen beside the route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    pub(super) at: UtcMs,
    /// Metres walked along the route since the thread began, back and forth.
    pub(super) along_m: f64,
    /// Metres east and north of the line of the street.
    pub(super) off_m: (f64, f64),
    /// The stretch that the step to it traversed, from and to.
    pub(super) way_m: (f64, f64),
    pub(super) is_inside: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct P { pub kappa: f64, pub q: f64, pub lam: f64, pub cmax: f64, pub rs: f64, pub smin: f64, pub smax: f64, pub cw: f64, pub half: f64, pub slope: f64, pub reach: f64 , pub vf: f64, pub useacc: f64, pub outx: f64, pub lvmax: f64, pub linear: f64, pub ew: f64, pub ecap: f64, pub endmean: f64, pub g0: f64, pub soft: f64, pub pri: f64, pub slopes: f64, pub vref: f64, pub wmin: f64, pub vw: f64, pub wk: f64, pub w0: f64}
pub static PARAMS: std::sync::OnceLock<P> = std::sync::OnceLock::new();
pub fn params() -> &'static P {
    PARAMS.get_or_init(|| {
        let g = |n: &str, d: f64| std::env::var(n).ok().and_then(|s| s.parse().ok()).unwrap_or(d);
        P { kappa: g("KAPPA", 0.0), q: g("QQ", 1.2), lam: g("LAM", 1.0), cmax: g("CMAX", 8.0), rs: g("RS", 4.0), smin: g("SMIN", 7.8), smax: g("SMAX", 15.0), cw: g("CW", 1.0), half: g("HALF", 14_500.0), slope: g("SLOPE", 0.6), reach: g("REACH", 25.0), vf: g("VF", 2.0), useacc: g("ACC", 0.0), outx: g("OUTX", 1.0), lvmax: g("LVMAX", 1e9), linear: g("LINEAR", 1.0), ew: g("EW", 0.0), ecap: g("ECAP", 3.0), endmean: g("ENDMEAN", 1.0), g0: g("G0", 0.0067), soft: g("SOFT", 0.9), pri: g("PRI", 2.0), slopes: g("SLOPES", 1.0), vref: g("VREF", 2.5), wmin: g("WMIN", 10.0), vw: g("VW", 1.0), wk: g("WK", 2.0), w0: g("W0", 7.0) }
    })
}

/// What the fixes around a node tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weight {
    /// Evidence by the millisecond.
    pub(super) rate: f64,
    pub(super) cross: f64,
    /// Evidence of a stretch that begins or ends here.
    pub(super) end: f64,
}

pub(super) fn weigh(
    nodes: &[Node],
    at: usize,
    is_ended: bool,
    corridor_m: f64,
    is_directed: bool,
) -> Option<Weight> {
    let p = params();
    let half = p.half as u64;
    let t = nodes[at].at.0;
    let last = nodes.len() - 1;
    if !is_ended && (last < at + 1 || nodes[last].at.0 <= t + half) {
        return None;
    }
    let mut l = at.saturating_sub(1);
    while l > 0 && nodes[l - 1].at.0 + half >= t {
        l -= 1;
    }
    let mut r = (at + 1).min(last);
    while r < last && nodes[r + 1].at.0 <= t + half {
        r += 1;
    }
    let m = (r - l + 1) as f64;
    let origin = nodes[l].at.0;
    let (mut st, mut sx, mut sy, mut stt, mut sxx, mut stx, mut sty, mut sa, mut sta, mut sd) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let mut prev: Option<(f64, f64)> = None;
    for node in &nodes[l..=r] {
        let t = (node.at.0 - origin) as f64 * 1e-3;
        let (x, y) = node.off_m;
        if let Some((px, py)) = prev.replace((x, y)) { sd += (x - px) * (x - px) + (y - py) * (y - py); }
        st += t;
        stt += t * t;
        sx += x;
        sy += y;
        sxx += x * x + y * y;
        stx += t * x;
        sty += t * y;
        sa += node.along_m;
        sta += t * node.along_m;
    }
    let vt = stt - st * st / m;
    let (cx, cy) = (stx - st * sx / m, sty - st * sy / m);
    let total = sxx - (sx * sx + sy * sy) / m;
    let residual = if vt > 0.0 { (total - (cx * cx + cy * cy) / vt).max(0.0) } else { 0.0 };
    let scatter = if m > 2.0 { (residual / (m - 2.0)).sqrt() } else { 0.0 };
    let noise_m = if m >= p.wmin {
        // What changes from fix to fix is no noise that stays.
        let span_s = (nodes[r].at.0 - nodes[l].at.0) as f64 * 1e-3;
        let dt = span_s / (m - 1.0);
        let stays2 = (scatter * scatter - sd / (m - 1.0) / 2.0).max(0.0) / (1.0 / (p.rs * p.rs) - dt / 60.0).max(0.01);
        stays2.sqrt().min(p.smax)
    } else { (p.rs * scatter).min(p.smax) };
    let node = &nodes[at];
    let sq = |n: &Node| n.off_m.0 * n.off_m.0 + n.off_m.1 * n.off_m.1;
    let threshold = corridor_m - p.kappa * noise_m;
    let s = noise_m.max(p.smin);
    let lev = |n2: f64| if p.linear > 0.0 { 2.0 * threshold * (threshold - n2.sqrt()) } else { threshold * threshold - n2 };
    let level = lev(sq(node)) / (4.0 * s * s * NOISE_MS);
    let level = level.min(p.lvmax * 1e-3) + p.g0 * 1e-3;
    let mean2 = if p.endmean > 0.0 { sxx / m } else { sq(node) };
    let end = (p.ew * lev(mean2) / (4.0 * s * s)).clamp(-p.ecap, p.ecap);

    let (first, end_node) = (&nodes[l], &nodes[r]);
    let span = (end_node.at.0 - first.at.0) as f64;
    let (lat2, adv) = if p.slopes > 0.0 {
        let k = if vt > 0.0 { span * 1e-3 / vt } else { 0.0 };
        let ca = sta - st * sa / m;
        ((cx * cx + cy * cy) * k * k, ca * k)
    } else {
        let (ox, oy) = (end_node.off_m.0 - first.off_m.0, end_node.off_m.1 - first.off_m.1);
        (ox * ox + oy * oy, end_node.along_m - first.along_m)
    };
    let v = 2.0 * s * s * (span / NOISE_MS).min(1.0) / (1.0 + span / NOISE_MS) * p.lam + p.vf + p.vw * (residual + p.wk * p.w0 * p.w0) / (m - 2.0 + p.wk) * span * span * 1e-6 / vt.max(1e-9);
    let cross = (lat2 - p.slope * adv * adv - v).max(0.0) / (2.0 * v);
    let cross = if p.soft > 0.0 { let x = lat2.sqrt(); let c = (lat2 + adv * adv).sqrt(); let x = p.soft * c * (x - adv.abs()) / v - p.pri; if x >= 3.0 { x } else if x <= -3.0 { 0.0 } else { (x + 3.0) * (x + 3.0) / 12.0 } } else { cross };
    let against = if is_directed && adv < 0.0 { (adv * adv - v).max(0.0) / (2.0 * v) } else { 0.0 };
    let share = if span > 0.0 { 1.0 / span } else { 0.0 };
    let speed = if span > 0.0 { adv / span * 1e3 } else { 0.0 };
    let level = if is_directed && speed < 0.0 { level.min(0.0) } else { level * (speed.abs() / p.vref).max(1.0) };
    Some(Weight { rate: level, cross: ((cross + against) * p.cw).min(p.cmax) * share, end })
}
