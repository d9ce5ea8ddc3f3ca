//! Walks over a street lattice whose truth is known by construction.
//!
//! A route of about 8 km follows the streets of a lattice, 80 to 200 m apart, and uses some
//! of them twice. The walk follows it and leaves it for 5 to 50 % of its sections: by a
//! parallel street 30 to 40 m off, by a detour round the block, or by a zigzag that crosses
//! the route at right angles. The receiver gives a fix every 5 s; its noise stays on one side
//! for minutes (autocorrelation 0.92, 5 to 15 m), 0.5 % of the fixes lie 150 m off, and up to
//! three times it is silent for 90 to 420 s.
//!
//! The truth is where the way really walked runs on the route, between fixes that were given
//! and are at most 60 s apart: both are lines along the lattice, so that it is exact.

use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;

use crate::draw::Draw;

/// A place in metres, east and north.
pub type Xy = (f64, f64);

const ORIGIN_DEG: (f64, f64) = (31.23, 121.47);
/// Metres of a degree there, on WGS 84.
const DEG_M: (f64, f64) = (110_860.84, 95_299.35);
const START_MS: u64 = 1_772_409_600_000;
/// The longest time between two fixes that vouch for what lies between.
const GAP_S: f64 = 60.0;

/// How walks are made.
#[derive(Debug, Clone)]
pub struct WalkPlan {
    /// Length of the route, about.
    pub route_m: f64,
    /// The share of its sections that are skipped, from and to.
    pub skipped: (f64, f64),
    /// Speed of the walk.
    pub speed_mps: (f64, f64),
    /// Seconds from fix to fix.
    pub every_s: f64,
    /// Standard deviation of the noise on each axis.
    pub noise_m: (f64, f64),
    /// Correlation of the noise from one fix to the next.
    pub autocorrelation: f64,
    /// Noise of each fix for itself, on top.
    pub white_m: f64,
    /// The share of fixes that lie 150 m off.
    pub outliers: f64,
    /// The most silences of 90 to 420 s.
    pub most_gaps: usize,
    /// The walk ends after this time at the latest.
    pub most_s: f64,
    /// True when each fix tells its 68 % radius.
    pub tells_accuracy: bool,
}

impl Default for WalkPlan {
    fn default() -> Self {
        Self {
            route_m: 8_000.0,
            skipped: (0.05, 0.5),
            speed_mps: (1.0, 1.6),
            every_s: 5.0,
            noise_m: (5.0, 15.0),
            autocorrelation: 0.92,
            white_m: 0.0,
            outliers: 0.005,
            most_gaps: 3,
            most_s: f64::INFINITY,
            tells_accuracy: true,
        }
    }
}

impl WalkPlan {
    /// A shift of four hours: 2,880 times five seconds for about 8 km and what is walked
    /// beside them.
    #[must_use]
    pub fn four_hours() -> Self {
        Self {
            speed_mps: (0.66, 0.8),
            most_s: 14_400.0,
            ..Self::default()
        }
    }
}

/// How a run of sections is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// By a parallel street 30 to 40 m off.
    Parallel,
    /// By the streets round the block.
    Detour,
    /// By a zigzag across the route.
    Zigzag,
}

/// A walk and its truth.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The planned route.
    pub route: Route,
    /// The fixes in order of time.
    pub fixes: Vec<Fix>,
    /// Metres of the route that were really walked between fixes.
    pub truth_m: f64,
    /// Length of the route in metres.
    pub planned_m: f64,
    /// Stretches of the route really walked, metres from its beginning, in order.
    pub truth: Vec<(f64, f64)>,
    /// Stretches skipped, and how.
    pub skipped: Vec<(f64, f64, Skip)>,
    /// Standard deviation of its noise on each axis.
    pub noise_m: f64,
}

/// Makes the walk of a seed.
#[must_use]
pub fn walk(plan: &WalkPlan, seed: u64) -> Walk {
    let mut draw = Draw::from_seed(seed);
    let lattice = Lattice::new(&mut draw);
    let nodes = lattice.route(plan.route_m, &mut draw);
    let places: Vec<Xy> = nodes.iter().map(|node| lattice.place(*node)).collect();
    let (way, skipped) = lattice.way(&nodes, plan, &mut draw);
    let (fixes, given, noise_m) = record(&way, plan, &mut draw);
    let truth = truth(&places, &way, &given);
    let route = Route::try_new(
        vec![places.iter().map(|xy| place(*xy)).collect()],
        Route::DEFAULT_CORRIDOR_M,
    )
    .expect("a lattice route has many nodes");
    let at_m = along(&places);
    let skipped = skipped
        .into_iter()
        .map(|(from, to, how)| (at_m[from], at_m[to], how))
        .collect();
    Walk {
        route,
        fixes,
        truth_m: truth.iter().map(|(from, to)| to - from).sum(),
        planned_m: *at_m.last().expect("not empty"),
        truth,
        skipped,
        noise_m,
    }
}

/// The position of a place in metres.
#[must_use]
pub fn place(xy: Xy) -> LatLon {
    LatLon::try_new(ORIGIN_DEG.0 + xy.1 / DEG_M.0, ORIGIN_DEG.1 + xy.0 / DEG_M.1)
        .expect("the lattice is a small one")
}

type Node = (usize, usize);

/// Streets that cross at right angles.
struct Lattice {
    x_m: Vec<f64>,
    y_m: Vec<f64>,
}

const STREETS: usize = 24;

impl Lattice {
    fn new(draw: &mut Draw) -> Self {
        let mut streets = || {
            let mut at_m = 0.0;
            let line = (0..STREETS).map(|_| {
                at_m += draw.between(80.0, 200.0);
                at_m
            });
            let line: Vec<f64> = line.collect();
            let middle_m = line[STREETS / 2];
            line.iter().map(|m| m - middle_m).collect::<Vec<_>>()
        };
        Self {
            x_m: streets(),
            y_m: streets(),
        }
    }

    fn place(&self, node: Node) -> Xy {
        (self.x_m[node.0], self.y_m[node.1])
    }

    /// From node to node, straight on more often than not, now and then back again.
    fn route(&self, length_m: f64, draw: &mut Draw) -> Vec<Node> {
        let mut nodes = vec![(STREETS / 2, STREETS / 2)];
        let mut heading: usize = draw.below(4);
        let mut walked_m = 0.0;
        while walked_m < length_m {
            let turn = match draw.share() {
                share if share < 0.5 => 0,
                share if share < 0.73 => 1,
                share if share < 0.96 => 3,
                _ => 2,
            };
            let at = *nodes.last().expect("not empty");
            let Some(next) = self.next(at, (heading + turn) % 4) else {
                heading = (heading + 1) % 4;
                continue;
            };
            heading = (heading + turn) % 4;
            walked_m += apart(self.place(at), self.place(next));
            nodes.push(next);
        }
        nodes
    }

    /// The node beyond a street, two streets from the edge at the least.
    fn next(&self, node: Node, heading: usize) -> Option<Node> {
        let (x, y) = node;
        let next = match heading {
            0 => (x + 1, y),
            1 => (x, y + 1),
            2 => (x - 1, y),
            _ => (x, y - 1),
        };
        let inside = |n: usize| (2..STREETS - 2).contains(&n);
        (inside(next.0) && inside(next.1)).then_some(next)
    }

    /// The way really walked, and the runs of sections that it skips.
    #[allow(clippy::type_complexity, reason = "told by its name")]
    fn way(
        &self,
        nodes: &[Node],
        plan: &WalkPlan,
        draw: &mut Draw,
    ) -> (Vec<Xy>, Vec<(usize, usize, Skip)>) {
        let sections = nodes.len() - 1;
        let share = draw.between(plan.skipped.0, plan.skipped.1);
        let wanted = (share * sections as f64).round() as usize;
        let mut how: Vec<Option<Skip>> = vec![None; sections];
        let mut count = 0;
        while count < wanted {
            let begin = draw.below(sections);
            let skip = [Skip::Parallel, Skip::Detour, Skip::Zigzag][draw.below(3)];
            for slot in how.iter_mut().skip(begin).take(1 + draw.below(4)) {
                if slot.is_none() && count < wanted {
                    *slot = Some(skip);
                    count += 1;
                }
            }
        }
        let mut way = vec![self.place(nodes[0])];
        let mut runs = Vec::new();
        let mut at = 0;
        while at < sections {
            let mut end = at + 1;
            while end < sections && how[end] == how[at] {
                end += 1;
            }
            let run: Vec<Xy> = nodes[at..=end].iter().map(|n| self.place(*n)).collect();
            match how[at] {
                None => way.extend(&run[1..]),
                Some(Skip::Parallel) => parallel(&run, draw, &mut way),
                Some(Skip::Zigzag) => zigzag(&run, draw, &mut way),
                Some(Skip::Detour) => {
                    for pair in nodes[at..=end].windows(2) {
                        self.detour(pair[0], pair[1], draw, &mut way);
                    }
                }
            }
            if let Some(skip) = how[at] {
                runs.push((at, end, skip));
            }
            at = end;
        }
        way.dedup();
        (way, runs)
    }

    /// Round one of the two blocks beside a street.
    fn detour(&self, from: Node, to: Node, draw: &mut Draw, way: &mut Vec<Xy>) {
        let up = draw.chance(0.5);
        let beside = |n: usize| if up { n + 1 } else { n - 1 };
        let (a, b) = if from.0 == to.0 {
            ((beside(from.0), from.1), (beside(to.0), to.1))
        } else {
            ((from.0, beside(from.1)), (to.0, beside(to.1)))
        };
        way.extend([a, b, to].map(|node| self.place(node)));
    }
}

fn apart(a: Xy, b: Xy) -> f64 {
    (b.0 - a.0).hypot(b.1 - a.1)
}

/// The direction of a step, of length 1.
fn towards(a: Xy, b: Xy) -> Xy {
    let length_m = apart(a, b);
    ((b.0 - a.0) / length_m, (b.1 - a.1) / length_m)
}

/// Beside a run of sections, 30 to 40 m to one side.
fn parallel(run: &[Xy], draw: &mut Draw, way: &mut Vec<Xy>) {
    let side_m = draw.between(30.0, 40.0) * if draw.chance(0.5) { 1.0 } else { -1.0 };
    for (number, pair) in run.windows(2).enumerate() {
        let u = towards(pair[0], pair[1]);
        let normal = (-u.1 * side_m, u.0 * side_m);
        let shifted = |p: Xy| (p.0 + normal.0, p.1 + normal.1);
        let (mut begin, end) = (shifted(pair[0]), shifted(pair[1]));
        if number > 0 {
            // The corner of both shifted lines; where the route turns back, straight across.
            let before = towards(run[number - 1], run[number]);
            let cross = before.0 * u.1 - before.1 * u.0;
            if cross.abs() > 0.5 {
                let last = way.pop().expect("the section before ended somewhere");
                begin = if before.0.abs() > 0.5 {
                    (begin.0, last.1)
                } else {
                    (last.0, begin.1)
                };
            }
        }
        way.extend([begin, end]);
    }
    way.push(*run.last().expect("a run of sections"));
}

/// Across each section and back, again and again.
fn zigzag(run: &[Xy], draw: &mut Draw, way: &mut Vec<Xy>) {
    let wide_m = draw.between(30.0, 60.0);
    let step_m = draw.between(20.0, 45.0);
    for pair in run.windows(2) {
        let (a, u) = (pair[0], towards(pair[0], pair[1]));
        let length_m = apart(pair[0], pair[1]);
        let steps = (length_m / step_m).floor().max(1.0) as usize;
        let step_m = length_m / steps as f64;
        let mut side = 1.0;
        for step in 0..steps {
            let at =
                |m: f64, beside: f64| (a.0 + u.0 * m - u.1 * beside, a.1 + u.1 * m + u.0 * beside);
            // The first crossing begins at the node, so that the corner itself is met.
            way.push(at(step as f64 * step_m, side * wide_m));
            way.push(at((step + 1) as f64 * step_m, side * wide_m));
            side = -side;
        }
        way.push(pair[1]);
    }
}

/// Distance from the beginning at each corner.
fn along(line: &[Xy]) -> Vec<f64> {
    let mut at_m = vec![0.0];
    for pair in line.windows(2) {
        at_m.push(at_m[at_m.len() - 1] + apart(pair[0], pair[1]));
    }
    at_m
}

/// The fixes of a way, and the stretches of the way between those that are near in time.
fn record(way: &[Xy], plan: &WalkPlan, draw: &mut Draw) -> (Vec<Fix>, Vec<(f64, f64)>, f64) {
    let at_m = along(way);
    let total_m = at_m[at_m.len() - 1];
    let speed_mps = draw.between(plan.speed_mps.0, plan.speed_mps.1);
    let noise_m = draw.between(plan.noise_m.0, plan.noise_m.1);
    let duration_s = total_m / speed_mps;
    let gaps: Vec<(f64, f64)> = (0..draw.below(plan.most_gaps + 1))
        .map(|_| {
            let begin = draw.between(0.0, duration_s);
            (begin, begin + draw.between(90.0, 420.0))
        })
        .collect();
    let fresh = (1.0 - plan.autocorrelation * plan.autocorrelation).sqrt();
    let mut noise = (noise_m * draw.normal(), noise_m * draw.normal());
    let (mut m, mut at_s, mut corner) = (0.0, 0.0, 0);
    let (mut fixes, mut given) = (Vec::new(), Vec::new());
    let mut last: Option<(f64, f64)> = None;
    loop {
        while corner + 2 < at_m.len() && at_m[corner + 1] < m {
            corner += 1;
        }
        let (a, b) = (way[corner], way[corner + 1]);
        let share = ((m - at_m[corner]) / (at_m[corner + 1] - at_m[corner])).min(1.0);
        let mut xy = (
            a.0 + share * (b.0 - a.0) + noise.0 + plan.white_m * draw.normal(),
            a.1 + share * (b.1 - a.1) + noise.1 + plan.white_m * draw.normal(),
        );
        if draw.chance(plan.outliers) {
            let angle = draw.between(0.0, std::f64::consts::TAU);
            xy = (xy.0 + 150.0 * angle.cos(), xy.1 + 150.0 * angle.sin());
        }
        let accuracy_m = 1.51 * noise_m.hypot(plan.white_m) * draw.between(0.8, 1.25);
        if !gaps.iter().any(|(from, to)| (*from..*to).contains(&at_s)) {
            fixes.push(Fix {
                at: UtcMs(START_MS + (at_s * 1000.0).round() as u64),
                place: place(xy),
                accuracy_m: plan.tells_accuracy.then_some(accuracy_m),
                is_mock: false,
            });
            if let Some((before_s, before_m)) = last
                && at_s - before_s <= GAP_S
            {
                given.push((before_m, m));
            }
            last = Some((at_s, m));
        }
        if m >= total_m || at_s + plan.every_s > plan.most_s {
            return (fixes, given, noise_m);
        }
        noise = (
            plan.autocorrelation * noise.0 + fresh * noise_m * draw.normal(),
            plan.autocorrelation * noise.1 + fresh * noise_m * draw.normal(),
        );
        at_s += plan.every_s;
        m = (m + plan.every_s * speed_mps * draw.between(0.9, 1.1)).min(total_m);
    }
}

/// Where the way, between given fixes, runs on the route: lines along the axes both.
fn truth(route: &[Xy], way: &[Xy], given: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (route_m, way_m) = (along(route), along(way));
    let mut found: Vec<(f64, f64)> = Vec::new();
    let mut pieces: Vec<(Xy, Xy)> = Vec::new();
    let mut begin = 0;
    for (from_m, to_m) in given {
        while begin + 2 < way_m.len() && way_m[begin + 1] <= *from_m {
            begin += 1;
        }
        for corner in begin..way.len() - 1 {
            let (low, high) = (way_m[corner].max(*from_m), way_m[corner + 1].min(*to_m));
            if way_m[corner] >= *to_m {
                break;
            }
            if high > low {
                let u = towards(way[corner], way[corner + 1]);
                let at = |m: f64| {
                    let m = m - way_m[corner];
                    (way[corner].0 + u.0 * m, way[corner].1 + u.1 * m)
                };
                pieces.push((at(low), at(high)));
            }
        }
    }
    for (section, pair) in route.windows(2).enumerate() {
        let u = towards(pair[0], pair[1]);
        let length_m = apart(pair[0], pair[1]);
        for (a, b) in &pieces {
            let beside = |p: Xy| (p.1 - pair[0].1) * u.0 - (p.0 - pair[0].0) * u.1;
            if beside(*a).abs() > 1e-6 || beside(*b).abs() > 1e-6 {
                continue;
            }
            let on = |p: Xy| (p.0 - pair[0].0) * u.0 + (p.1 - pair[0].1) * u.1;
            let (low, high) = (
                on(*a).min(on(*b)).max(0.0),
                on(*a).max(on(*b)).min(length_m),
            );
            if high > low {
                found.push((route_m[section] + low, route_m[section] + high));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut union: Vec<(f64, f64)> = Vec::new();
    for (from, to) in found {
        match union.last_mut() {
            Some(last) if from <= last.1 + 1e-6 => last.1 = last.1.max(to),
            _ => union.push((from, to)),
        }
    }
    union
}
