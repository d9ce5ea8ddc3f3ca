//! From places on the ground to a drawing: metres east and north of the middle, by the length
//! of a degree there, fitted into a box. Good for a few kilometres, which is what a shift is.

use bading_core::model::place::LatLon;
use bading_core::services::review::RouteGeometry;

/// The width of the drawing, in its units.
pub(super) const WIDTH: f64 = 800.0;
const MARGIN: f64 = 36.0;
const MIN_HEIGHT: f64 = 260.0;
const MAX_HEIGHT: f64 = 760.0;
/// Walked lines are thinned to this, in units of the drawing.
const THIN: f64 = 1.5;
/// The most points of one walked line.
const MAX_POINTS: usize = 2_000;
/// Metres of a degree of latitude; the drawing needs no better.
const DEGREE_M: f64 = 111_195.0;

/// From places to the drawing: metres around the middle, fitted into it.
pub(super) struct Frame {
    middle: (f64, f64),
    east_m: f64,
    /// Units of the drawing for a metre.
    pub(super) scale: f64,
    /// The height of the drawing, in its units.
    pub(super) height: f64,
}

impl Frame {
    /// Holds the route and the cells, and what was walked near them.
    pub(super) fn fit(geometry: &RouteGeometry) -> Option<Self> {
        let planned = geometry.route.iter().chain(&geometry.cells).flatten();
        let mut bounds = Bounds::of(planned);
        let walked = || geometry.walked.iter().flatten();
        match &mut bounds {
            // A walk that leads far away must not make the route a dot.
            Some(bounds) => bounds.grow(walked()),
            None => bounds = Bounds::of(walked()),
        }
        let bounds = bounds?;
        let middle = (
            (bounds.south + bounds.north) / 2.0,
            (bounds.west + bounds.east) / 2.0,
        );
        let east_m = DEGREE_M * middle.0.to_radians().cos().max(1e-6);
        let width_m = ((bounds.east - bounds.west) * east_m).max(20.0);
        let height_m = ((bounds.north - bounds.south) * DEGREE_M).max(20.0);
        let inner = WIDTH - 2.0 * MARGIN;
        let scale = (inner / width_m).min((MAX_HEIGHT - 2.0 * MARGIN) / height_m);
        let height = (height_m * scale + 2.0 * MARGIN).clamp(MIN_HEIGHT, MAX_HEIGHT);
        Some(Self {
            middle,
            east_m,
            scale,
            height,
        })
    }

    /// Where a place is in the drawing.
    pub(super) fn at(&self, place: LatLon) -> (f64, f64) {
        let x_m = (place.lon_deg() - self.middle.1) * self.east_m;
        let y_m = (place.lat_deg() - self.middle.0) * DEGREE_M;
        (
            WIDTH / 2.0 + x_m * self.scale,
            self.height / 2.0 - y_m * self.scale,
        )
    }

    /// True for what lies in the drawing.
    pub(super) fn holds(&self, (x, y): (f64, f64)) -> bool {
        (0.0..=WIDTH).contains(&x) && (0.0..=self.height).contains(&y)
    }

    /// Lines as the data of a path.
    pub(super) fn path(&self, lines: &[Vec<LatLon>]) -> String {
        let lines = lines
            .iter()
            .map(|line| line.iter().map(|place| self.at(*place)));
        let mut data = String::new();
        for line in lines {
            write_line(&mut data, line);
        }
        data
    }

    /// A walked line without the points that nobody would see.
    pub(super) fn thinned(&self, line: &[LatLon]) -> String {
        let mut kept: Vec<(f64, f64)> = Vec::new();
        for place in line {
            let at = self.at(*place);
            let is_near = |last: &(f64, f64)| (at.0 - last.0).hypot(at.1 - last.1) < THIN;
            if !kept.last().is_some_and(is_near) {
                kept.push(at);
            }
        }
        let step = kept.len().div_ceil(MAX_POINTS).max(1);
        let mut data = String::new();
        write_line(&mut data, kept.into_iter().step_by(step));
        data
    }
}

fn write_line(data: &mut String, line: impl Iterator<Item = (f64, f64)>) {
    for (number, (x, y)) in line.enumerate() {
        let letter = if number == 0 { 'M' } else { 'L' };
        data.push_str(&format!("{letter}{x:.1} {y:.1}"));
    }
}

/// A box of degrees.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Bounds {
    fn of<'a>(places: impl Iterator<Item = &'a LatLon>) -> Option<Self> {
        places.fold(None, |bounds: Option<Self>, place| {
            let (lat, lon) = (place.lat_deg(), place.lon_deg());
            let mut bounds = bounds.unwrap_or(Self {
                south: lat,
                north: lat,
                west: lon,
                east: lon,
            });
            bounds.take(lat, lon);
            Some(bounds)
        })
    }

    fn take(&mut self, lat: f64, lon: f64) {
        self.south = self.south.min(lat);
        self.north = self.north.max(lat);
        self.west = self.west.min(lon);
        self.east = self.east.max(lon);
    }

    /// Takes in further places, by at most a third on each side.
    fn grow<'a>(&mut self, places: impl Iterator<Item = &'a LatLon>) {
        let room = ((self.north - self.south).max(self.east - self.west)) / 3.0;
        let (least, most) = (
            (self.south - room, self.west - room),
            (self.north + room, self.east + room),
        );
        for place in places {
            let lat = place.lat_deg().clamp(least.0, most.0);
            self.take(lat, place.lon_deg().clamp(least.1, most.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: f64, lon: f64) -> LatLon {
        LatLon::try_new(lat, lon).expect("in range")
    }

    #[test]
    fn frame_keeps_north_up_and_shapes_true() {
        let geometry = RouteGeometry {
            route: vec![vec![
                place(31.0, 121.0),
                place(31.001, 121.0),
                place(31.001, 121.002),
            ]],
            ..RouteGeometry::default()
        };
        let frame = Frame::fit(&geometry).expect("a route");
        let [south_west, north_west, north_east] =
            [(31.0, 121.0), (31.001, 121.0), (31.001, 121.002)].map(|(a, b)| frame.at(place(a, b)));
        assert!(north_west.1 < south_west.1 && north_east.0 > north_west.0);
        // A metre is as long northwards as eastwards.
        let (up, right) = (south_west.1 - north_west.1, north_east.0 - north_west.0);
        let expected = 111.195 / (222.39 * 31.0005_f64.to_radians().cos());
        assert!((up / right - expected).abs() < 1e-6, "{}", up / right);
        assert!(frame.holds(south_west) && frame.holds(north_east));
    }

    #[test]
    fn walk_that_leads_far_away_leaves_the_route_large() {
        let geometry = RouteGeometry {
            route: vec![vec![place(31.0, 121.0), place(31.001, 121.001)]],
            walked: vec![vec![place(31.0, 121.0), place(35.0, 125.0)]],
            ..RouteGeometry::default()
        };
        let frame = Frame::fit(&geometry).expect("a route");
        let (a, b) = (
            frame.at(place(31.0, 121.0)),
            frame.at(place(31.001, 121.001)),
        );
        assert!((a.0 - b.0).hypot(a.1 - b.1) > 200.0);
    }

    #[test]
    fn frame_of_one_place_is_finite_and_of_nothing_is_none() {
        let geometry = RouteGeometry {
            walked: vec![vec![place(90.0, 0.0)]],
            ..RouteGeometry::default()
        };
        let frame = Frame::fit(&geometry).expect("a place");
        let (x, y) = frame.at(place(90.0, 0.0));
        assert!(x.is_finite() && y.is_finite() && frame.scale.is_finite());
        assert!(Frame::fit(&RouteGeometry::default()).is_none());
    }

    #[test]
    fn thinned_line_has_a_bounded_number_of_points() {
        let zigzag: Vec<_> = (0..50_000_u32)
            .map(|n| place(31.0 + f64::from(n % 2) * 0.001, 121.0 + f64::from(n) * 1e-8))
            .collect();
        let geometry = RouteGeometry {
            walked: vec![zigzag.clone()],
            ..RouteGeometry::default()
        };
        let frame = Frame::fit(&geometry).expect("a walk");
        assert!(frame.thinned(&zigzag).matches('L').count() <= MAX_POINTS);
    }
}
