//! Real drives near Hof against each other's routes: what one vehicle drove is covered by its
//! track, and by no other's beyond what the two routes share.
//!
//! What two routes share is computed here by looking every metre, with nothing of the
//! estimator. Data: A. Wöltche, figshare 19785835.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use bading_core::geo::coverage::{Coverage, CoverageSettings, coverage};
use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};

const CORRIDOR_M: f64 = 20.0;
/// Metres of a degree at Hof, 50.3° N, good to a metre over the width of the data.
const LAT_M: f64 = 111_229.0;
const LON_M: f64 = 71_240.0;

struct Drive {
    id: String,
    route: Route,
    fixes: Vec<Fix>,
    /// The share of the route within 20 m of the line of fixes.
    share_20m: f64,
    near: Near,
}

/// The ends of a straight line, in metres.
type Ends = [(f64, f64); 2];

/// Lines in metres, in squares of the corridor's width.
struct Near {
    squares: HashMap<(i64, i64), Vec<Ends>>,
}

fn metres(place: LatLon) -> (f64, f64) {
    (place.lon_deg() * LON_M, place.lat_deg() * LAT_M)
}

/// A place for each metre of a route's lines.
fn looks(route: &Route) -> Vec<(f64, f64)> {
    let mut looks = Vec::new();
    for pair in route.parts().iter().flat_map(|part| part.windows(2)) {
        let (a, b) = (metres(pair[0]), metres(pair[1]));
        let count = (b.0 - a.0).hypot(b.1 - a.1).ceil().max(1.0);
        let share = |n: u32| (f64::from(n) + 0.5) / count;
        looks.extend(
            (0..count as u32).map(|n| (a.0 + share(n) * (b.0 - a.0), a.1 + share(n) * (b.1 - a.1))),
        );
    }
    looks
}

impl Near {
    fn new(route: &Route) -> Self {
        let mut squares: HashMap<(i64, i64), Vec<Ends>> = HashMap::new();
        for pair in route.parts().iter().flat_map(|part| part.windows(2)) {
            let ends = [metres(pair[0]), metres(pair[1])];
            let [low, high] = [f64::min as fn(f64, f64) -> f64, f64::max].map(|pick| {
                let sides = (pick(ends[0].0, ends[1].0), pick(ends[0].1, ends[1].1));
                square(sides)
            });
            for x in low.0 - 1..=high.0 + 1 {
                for y in low.1 - 1..=high.1 + 1 {
                    squares.entry((x, y)).or_default().push(ends);
                }
            }
        }
        Self { squares }
    }

    fn holds(&self, at: (f64, f64)) -> bool {
        let lines = self.squares.get(&square(at));
        lines.is_some_and(|lines| lines.iter().any(|line| beside_m(at, line) <= CORRIDOR_M))
    }

    /// The share of a route that lies within the corridor of this one.
    fn share_of(&self, route: &Route) -> f64 {
        let looks = looks(route);
        let shared = looks.iter().filter(|at| self.holds(**at)).count();
        shared as f64 / looks.len() as f64
    }
}

fn square(at: (f64, f64)) -> (i64, i64) {
    (
        (at.0 / CORRIDOR_M).floor() as i64,
        (at.1 / CORRIDOR_M).floor() as i64,
    )
}

fn beside_m(at: (f64, f64), [a, b]: &Ends) -> f64 {
    let (along, to) = ((b.0 - a.0, b.1 - a.1), (at.0 - a.0, at.1 - a.1));
    let square = along.0 * along.0 + along.1 * along.1;
    let share = if square > 0.0 {
        ((along.0 * to.0 + along.1 * to.1) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (to.0 - share * along.0).hypot(to.1 - share * along.1)
}

/// The lines of `POINT (x y)` or `MULTILINESTRING ((…), (…))`.
fn wkt(text: &str) -> Vec<Vec<LatLon>> {
    let body = text.trim_start_matches(|c: char| c.is_alphabetic() || c == ' ');
    let place = |pair: &str| {
        let degrees: Vec<f64> = pair
            .split_whitespace()
            .map(|number| number.parse().expect("degrees"))
            .collect();
        LatLon::try_new(degrees[1], degrees[0]).expect("a place")
    };
    body.split("),")
        .map(|part| {
            part.trim_matches(['(', ')', ' '])
                .split(',')
                .map(place)
                .collect()
        })
        .collect()
}

fn rows(name: &str) -> Option<Vec<csv::StringRecord>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, Into::into);
    let path = root.join("tracks/fcd_hof").join(name);
    let Ok(bytes) = std::fs::read(path) else {
        eprintln!("skipped: tracks/fcd_hof/{name} is not in BADING_DATA or ../shared/data");
        return None;
    };
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    Some(reader.records().map(|row| row.expect("CSV")).collect())
}

fn drives() -> Option<Vec<Drive>> {
    let [truth, points, stats] = ["ground_truth.csv", "points.csv", "truth_stats.csv"].map(rows);
    let (truth, points, stats) = (truth?, points?, stats?);
    let mut tracks: BTreeMap<String, Vec<Fix>> = BTreeMap::new();
    for row in points {
        let at = UtcMs::parse_rfc3339(&row[1].replace(' ', "T")).expect("a time");
        tracks.entry(row[0].to_owned()).or_default().push(Fix {
            at,
            place: wkt(&row[2])[0][0],
            accuracy_m: None,
            is_mock: false,
        });
    }
    let shares: BTreeMap<_, f64> = stats
        .iter()
        .map(|row| (row[0].to_owned(), row[8].parse().expect("a share")))
        .collect();
    let drive = |row: &csv::StringRecord| {
        let id = row[0].to_owned();
        let route = Route::try_new(wkt(&row[1]), CORRIDOR_M).expect("a route");
        Drive {
            fixes: tracks.remove(&id).expect("a track"),
            share_20m: shares[&id],
            near: Near::new(&route),
            route,
            id,
        }
    };
    Some(truth.iter().map(drive).collect())
}

fn driven(route: &Route, track: &[Fix]) -> Coverage {
    let settings = CoverageSettings {
        mode: Mode::Vehicle,
        ..CoverageSettings::default()
    };
    let found = coverage(route, &settings, track);
    let explained_m: f64 = found
        .missed
        .iter()
        .map(|missed| missed.to_m - missed.from_m)
        .sum();
    let missed_m = found.planned_m - found.covered_m;
    // Half a metre beside each covered stretch lies within what a fix can tell.
    let unlisted_m = missed_m - explained_m;
    let most_m = 0.5 * (found.intervals.len() + 1) as f64;
    assert!((-1e-6..=most_m).contains(&unlisted_m), "{found:?}");
    let parts_m = found.unproven_m + found.not_visited_m;
    assert!((parts_m - missed_m).abs() < 1e-6, "{found:?}");
    found
}

/// Every pair of a track and a route of another vehicle that `is_asked` by the share of the
/// route that lies within the corridor of the track's own; tells those that cover too much.
fn beyond(drives: &[Drive], is_asked: impl Fn(usize, usize, f64) -> bool) -> Vec<String> {
    let (mut pairs, mut beyond, mut most) = (0, Vec::new(), f64::MIN);
    for (i, vehicle) in drives.iter().enumerate() {
        for (j, other) in drives.iter().enumerate().filter(|(j, _)| *j != i) {
            let shared = vehicle.near.share_of(&other.route);
            if !is_asked(i, j, shared) {
                continue;
            }
            let found = driven(&other.route, &vehicle.fixes);
            pairs += 1;
            most = f64::max(most, found.ratio - shared);
            if found.ratio > shared + 0.02 {
                let (track, route) = (&vehicle.id, &other.id);
                let (ratio, planned_m) = (found.ratio, found.planned_m);
                beyond.push(format!(
                    "track {track} on route {route} of {planned_m:.0} m: {ratio:.4}, shared {shared:.4}"
                ));
            }
        }
    }
    let count = beyond.len();
    eprintln!("{pairs} pairs, at most {most:.4} beyond what they share; {count} above 0.02");
    assert!(pairs > 1000, "{pairs}");
    beyond
}

#[test]
fn route_that_shares_nothing_with_the_one_driven_is_not_covered() {
    let Some(drives) = drives() else { return };
    // They are most of the pairs, and an eighth of them tells enough.
    let is_asked = |i, j, shared| shared == 0.0 && (i * 31 + j) % 8 == 0;
    let beyond = beyond(&drives, is_asked);
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
}

#[test]
fn route_driven_by_another_is_covered_no_more_than_the_two_routes_share() {
    let Some(drives) = drives() else { return };
    let beyond = beyond(&drives, |_, _, shared| shared > 0.0);
    eprintln!("{} pairs beyond:\n{}", beyond.len(), beyond.join("\n"));
    // Of 8,044 pairs these few leave the corridor for less than a minute and some metres, as
    // noise does, and are forgiven.
    assert!(beyond.len() <= 18, "{}", beyond.join("\n"));
}

#[test]
fn routes_that_were_driven_are_covered_as_far_as_their_tracks_lead() {
    let Some(drives) = drives() else { return };
    let (mut covered_m, mut planned_m, mut below) = (0.0, 0.0, Vec::new());
    for drive in &drives {
        let found = driven(&drive.route, &drive.fixes);
        covered_m += found.covered_m;
        planned_m += found.planned_m;
        if found.ratio < drive.share_20m - 0.02 {
            let (ratio, share) = (found.ratio, drive.share_20m);
            below.push(format!("{}: {ratio:.4}, 20 m buffer {share:.4}", drive.id));
        }
    }
    let (mean, count) = (covered_m / planned_m, drives.len());
    eprintln!(
        "{count} drives: {mean:.4} by length, {} below the buffer",
        below.len()
    );
    assert!(mean >= 0.96, "{mean}");
    assert!(below.len() * 10 <= count, "{}", below.join("\n"));
}
