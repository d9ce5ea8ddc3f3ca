//! The route of a shift as a drawing: duty cells, planned line, what was covered, what was
//! missed and why, what was walked, checkpoints and cases. North is up; a scale bar says how
//! large it is. Missed stretches are dashed and labelled, so that no colour stands alone.

use bading_core::model::place::LatLon;
use bading_core::services::review::{RouteGeometry, ShiftReview};

use super::html::{Attributes, Html};
use super::parts::View;
use super::text::{Arg, metres};
use super::walk::{label, length, miss_key, stretch_of};

const WIDTH: f64 = 800.0;
const MARGIN: f64 = 36.0;
const MIN_HEIGHT: f64 = 260.0;
const MAX_HEIGHT: f64 = 760.0;
/// Walked lines are thinned to this, in units of the drawing.
const THIN: f64 = 1.5;
/// The most points of one walked line.
const MAX_POINTS: usize = 2_000;
/// The most labels of stretches.
const MAX_LABELS: usize = 30;
/// Metres of a degree of latitude; the drawing needs no better.
const DEGREE_M: f64 = 111_195.0;

/// From places to the drawing: metres around the middle, fitted into it.
struct Frame {
    middle: (f64, f64),
    east_m: f64,
    /// Units of the drawing for a metre.
    scale: f64,
    height: f64,
}

impl Frame {
    /// Holds the route and the cells, and what was walked near them.
    fn fit(geometry: &RouteGeometry) -> Option<Self> {
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

    fn at(&self, place: LatLon) -> (f64, f64) {
        let x_m = (place.lon_deg() - self.middle.1) * self.east_m;
        let y_m = (place.lat_deg() - self.middle.0) * DEGREE_M;
        (
            WIDTH / 2.0 + x_m * self.scale,
            self.height / 2.0 - y_m * self.scale,
        )
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        (0.0..=WIDTH).contains(&x) && (0.0..=self.height).contains(&y)
    }

    /// Lines as the data of a path.
    fn path(&self, lines: &[Vec<LatLon>]) -> String {
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
    fn thinned(&self, line: &[LatLon]) -> String {
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

/// The drawing with its legend; nothing where there is nothing to draw.
pub(super) fn figure(html: &mut Html, view: &View<'_>, number: usize, shift: &ShiftReview) {
    let Some(frame) = Frame::fit(&shift.geometry) else {
        return;
    };
    html.node("figure", &[], |html| {
        let title = format!("map-{number}");
        let around: Attributes<'_> = &[
            ("class", &"map"),
            ("viewBox", &format!("0 0 {WIDTH} {:.0}", frame.height)),
            ("role", &"img"),
            ("aria-labelledby", &title),
        ];
        html.node("svg", around, |html| {
            let person = [("person", Arg::Name(&shift.person))];
            html.leaf(
                "title",
                &[("id", &title)],
                &view.text.with("map-title", person),
            );
            ground(html, &frame, &shift.geometry);
            stretches(html, view, &frame, shift);
            checkpoints(html, view, &frame, shift);
            cases(html, view, &frame);
            scale_bar(html, view, &frame);
            north(html, view);
        });
        legend(html, view, shift);
    });
}

fn ground(html: &mut Html, frame: &Frame, geometry: &RouteGeometry) {
    for ring in &geometry.cells {
        let data = frame.path(std::slice::from_ref(ring));
        html.leaf("path", &[("class", &"cell"), ("d", &data)], "");
    }
    if !geometry.route.is_empty() {
        let data = frame.path(&geometry.route);
        html.leaf("path", &[("class", &"planned"), ("d", &data)], "");
    }
}

fn stretches(html: &mut Html, view: &View<'_>, frame: &Frame, shift: &ShiftReview) {
    let (text, geometry) = (view.text, &shift.geometry);
    let Some(coverage) = &shift.coverage else {
        walked(html, frame, geometry);
        return;
    };
    for (stretch, lines) in coverage.intervals.iter().zip(&geometry.covered) {
        let told = [
            (
                "stretch",
                Arg::Word(stretch_of(view, stretch.from_m, stretch.to_m)),
            ),
            ("enter", Arg::Word(view.instant(stretch.enter))),
            ("leave", Arg::Word(view.instant(stretch.leave))),
        ];
        path(
            html,
            "covered",
            &frame.path(lines),
            &text.with("map-covered", told),
        );
    }
    for (stretch, (reason, lines)) in coverage.missed.iter().zip(&geometry.missed) {
        let key = miss_key(*reason);
        let told = [
            (
                "stretch",
                Arg::Word(stretch_of(view, stretch.from_m, stretch.to_m)),
            ),
            ("reason", Arg::Word(text.named("miss", key))),
        ];
        let class = format!("missed {}", key.replace('_', "-"));
        path(
            html,
            &class,
            &frame.path(lines),
            &text.with("map-missed", told),
        );
    }
    walked(html, frame, geometry);
    for (number, (_, lines)) in geometry.missed.iter().take(MAX_LABELS).enumerate() {
        let longest = lines.iter().max_by_key(|line| line.len());
        let Some(at) = longest.and_then(|line| middle_of(frame, line)) else {
            continue;
        };
        // Beside the line, not on it.
        let attributes: Attributes<'_> = &[
            ("class", &"label"),
            ("x", &format!("{:.1}", at.0)),
            ("y", &format!("{:.1}", at.1 - 9.0)),
        ];
        html.leaf("text", attributes, &label(view, number));
    }
}

fn walked(html: &mut Html, frame: &Frame, geometry: &RouteGeometry) {
    for line in &geometry.walked {
        let data = frame.thinned(line);
        html.leaf("path", &[("class", &"walked"), ("d", &data)], "");
    }
}

fn path(html: &mut Html, class: &str, data: &str, title: &str) {
    html.node("path", &[("class", &class), ("d", &data)], |html| {
        html.leaf("title", &[], title);
    });
}

/// The place halfway along a line, in the drawing.
fn middle_of(frame: &Frame, line: &[LatLon]) -> Option<(f64, f64)> {
    let points: Vec<_> = line.iter().map(|place| frame.at(*place)).collect();
    let step = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
    let mut left = points.windows(2).map(step).sum::<f64>() / 2.0;
    for pair in points.windows(2) {
        let length = step(pair);
        if length >= left && length > 0.0 {
            let part = left / length;
            let between = |a: f64, b: f64| a + (b - a) * part;
            return Some((between(pair[0].0, pair[1].0), between(pair[0].1, pair[1].1)));
        }
        left -= length;
    }
    points.first().copied()
}

fn checkpoints(html: &mut Html, view: &View<'_>, frame: &Frame, shift: &ShiftReview) {
    let text = view.text;
    let visits = shift
        .coverage
        .iter()
        .flat_map(|coverage| &coverage.checkpoints);
    for (visit, place) in visits.zip(&shift.geometry.checkpoints) {
        let (x, y) = frame.at(*place);
        let (class, told) = match visit.visited {
            true => ("checkpoint visited", text.get("visited")),
            false => ("checkpoint", text.get("visited-not")),
        };
        // A diamond, so that it is not taken for a case.
        let data = format!("M{x:.1} {:.1}l8 8l-8 8l-8 -8z", y - 8.0);
        let told = [("name", Arg::Name(&visit.id)), ("visited", Arg::Word(told))];
        path(html, class, &data, &text.with("map-checkpoint", told));
    }
}

fn cases(html: &mut Html, view: &View<'_>, frame: &Frame) {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let shown = view.review.cases.iter().take(super::MAX_CASES).enumerate();
    for (number, case) in shown {
        let place = case
            .place
            .and_then(|[lat, lon]| LatLon::try_new(lat, lon).ok());
        let Some(at) = place
            .map(|place| frame.at(place))
            .filter(|at| frame.holds(*at))
        else {
            continue;
        };
        let mut mark = at;
        // Markers of one place stand beside each other, each with a line to the place.
        let is_taken = |mark: (f64, f64)| {
            let near = |other: &(f64, f64)| (mark.0 - other.0).hypot(mark.1 - other.1) < 22.0;
            taken.iter().any(near)
        };
        while taken.len() < 200 && is_taken(mark) && mark.0 < WIDTH - 40.0 {
            mark.0 += 24.0;
        }
        taken.push(mark);
        let class = if case.is_overdue() {
            "case overdue"
        } else {
            "case"
        };
        html.node("g", &[("class", &class)], |html| {
            html.leaf("title", &[], &super::cases::title(view, number, case));
            if mark != at {
                let data = format!("M{:.1} {:.1}L{:.1} {:.1}", at.0, at.1, mark.0, mark.1);
                html.leaf("path", &[("class", &"lead"), ("d", &data)], "");
            }
            let (x, y) = (format!("{:.1}", mark.0), format!("{:.1}", mark.1));
            html.leaf("circle", &[("cx", &x), ("cy", &y), ("r", &"11")], "");
            let below = format!("{:.1}", mark.1 + 4.5);
            html.leaf(
                "text",
                &[("x", &x), ("y", &below)],
                &(number + 1).to_string(),
            );
        });
    }
}

/// A bar of 1, 2 or 5 times a power of ten metres, at most a quarter of the width.
fn scale_bar(html: &mut Html, view: &View<'_>, frame: &Frame) {
    let most_m = WIDTH / 4.0 / frame.scale;
    let power = 10_f64.powf(most_m.log10().floor());
    let long_m = [5.0, 2.0, 1.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|m| *m <= most_m)
        .unwrap_or(power);
    let (x, y) = (16.0, frame.height - 14.0);
    let end = x + long_m * frame.scale;
    html.node("g", &[("class", &"scale")], |html| {
        let data = format!("M{x} {}v6H{end:.1}v-6", y - 6.0);
        html.leaf("path", &[("d", &data)], "");
        let attributes: Attributes<'_> = &[
            ("x", &format!("{:.1}", end + 8.0)),
            ("y", &format!("{y:.0}")),
        ];
        html.leaf("text", attributes, &length(view, long_m));
    });
}

fn north(html: &mut Html, view: &View<'_>) {
    html.node("g", &[("class", &"north")], |html| {
        let x = WIDTH - 22.0;
        let data = format!("M{x} 12l7 20l-7 -5l-7 5z");
        html.leaf("path", &[("d", &data)], "");
        let attributes: Attributes<'_> = &[("x", &format!("{x}")), ("y", &"46")];
        html.leaf("text", attributes, &view.text.get("north"));
    });
}

/// What each line and mark is; only what this drawing has.
fn legend(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let (text, geometry) = (view.text, &shift.geometry);
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut add = |is_there: bool, class: &str, words: String| {
        if is_there {
            entries.push((class.to_owned(), words));
        }
    };
    add(!geometry.cells.is_empty(), "cell", text.get("legend-cell"));
    add(
        !geometry.route.is_empty(),
        "planned",
        text.get("legend-planned"),
    );
    add(
        !geometry.covered.is_empty(),
        "covered",
        text.get("legend-covered"),
    );
    let mut reasons: Vec<_> = geometry.missed.iter().map(|(reason, _)| *reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let key = miss_key(reason);
        let of_reason = shift.coverage.iter().flat_map(|coverage| &coverage.missed);
        let sum: f64 = of_reason
            .filter(|stretch| stretch.reason == reason)
            .map(|stretch| stretch.to_m - stretch.from_m)
            .sum();
        let told = [
            ("reason", Arg::Word(text.named("miss", key))),
            ("length", Arg::Word(metres(sum))),
        ];
        let class = format!("missed {}", key.replace('_', "-"));
        add(true, &class, text.with("legend-missed", told));
    }
    add(
        !geometry.walked.is_empty(),
        "walked",
        text.get("legend-walked"),
    );
    add(
        !geometry.checkpoints.is_empty(),
        "checkpoint",
        text.get("legend-checkpoint"),
    );
    let has_places = view.review.cases.iter().any(|case| case.place.is_some());
    add(has_places, "case", text.get("legend-case"));
    html.node("figcaption", &[], |html| {
        html.node("ul", &[("class", &"legend")], |html| {
            for (class, words) in &entries {
                html.node("li", &[], |html| {
                    let around: Attributes<'_> =
                        &[("viewBox", &"0 0 40 16"), ("aria-hidden", &"true")];
                    html.node("svg", around, |html| sign(html, class));
                    html.leaf("span", &[], words);
                });
            }
        });
    });
}

fn sign(html: &mut Html, class: &str) {
    let data = match class {
        "cell" => "M4 2h32v12h-32z",
        "checkpoint" => "M20 1l7 7l-7 7l-7 -7z",
        "case" => {
            html.node("g", &[("class", &"case")], |html| {
                html.leaf("circle", &[("cx", &"20"), ("cy", &"8"), ("r", &"7")], "");
            });
            return;
        }
        _ => "M2 8h36",
    };
    html.leaf("path", &[("class", &class), ("d", &data)], "");
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
