//! The usual way: the route sampled every 5 m, each sample within the corridor of the track
//! or not, the track's segments in an R-tree.

use bading_core::geo::track_filter::{Judged, TrackFilter};
use bading_core::model::place::LatLon;
use bading_core::model::route::Route;
use bading_core::model::track::{Fix, Mode};
use rstar::primitives::Line;
use rstar::{PointDistance, RTree};

const STEP_M: f64 = 5.0;
const GAP_MS: u64 = 60_000;

/// A track as the peers get it: what the filter believes, cut where it is silent.
pub(crate) fn clean(fixes: &[Fix]) -> Vec<Vec<LatLon>> {
    let mut filter = TrackFilter::new(Mode::Walk, 50.0, GAP_MS);
    let mut believed: Vec<Fix> = Vec::new();
    let mut tell = |judged: Judged| match judged {
        Judged::Accepted(fix, _) => believed.push(fix),
        Judged::Retracted(_) => {
            believed.pop();
        }
        Judged::Rejected(..) => {}
    };
    for fix in fixes {
        filter.feed(*fix, &mut tell);
    }
    filter.finish(&mut tell);
    believed
        .chunk_by(|a, b| b.at.0 - a.at.0 <= GAP_MS)
        .map(|part| part.iter().map(|fix| fix.place).collect())
        .collect()
}

/// The share of a route within its corridor of a track.
pub(crate) fn share(route: &Route, track: &[Vec<LatLon>]) -> f64 {
    let origin = route.parts()[0][0];
    let lat = origin.lat_deg().to_radians();
    let (x_m, y_m) = (
        111_412.84 * lat.cos() - 93.5 * (3.0 * lat).cos() + 0.118 * (5.0 * lat).cos(),
        111_132.92 - 559.82 * (2.0 * lat).cos() + 1.175 * (4.0 * lat).cos(),
    );
    let xy = |p: &LatLon| {
        [
            (p.lon_deg() - origin.lon_deg()) * x_m,
            (p.lat_deg() - origin.lat_deg()) * y_m,
        ]
    };
    let lines = track.iter().flat_map(|part| {
        part.windows(2)
            .map(|pair| Line::new(xy(&pair[0]), xy(&pair[1])))
    });
    let tree = RTree::bulk_load(lines.collect());
    let near2 = route.corridor_m() * route.corridor_m();
    let (mut all, mut covered) = (0.0, 0.0);
    for part in route.parts() {
        for pair in part.windows(2) {
            let (a, b) = (xy(&pair[0]), xy(&pair[1]));
            let length_m = (b[0] - a[0]).hypot(b[1] - a[1]);
            let count = (length_m / STEP_M).ceil().max(1.0);
            for step in 0..count as usize {
                let t = (step as f64 + 0.5) / count;
                let at = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
                let nearest = tree.nearest_neighbor(at);
                if nearest.is_some_and(|line| line.distance_2(&at) <= near2) {
                    covered += length_m / count;
                }
            }
            all += length_m;
        }
    }
    covered / all
}
