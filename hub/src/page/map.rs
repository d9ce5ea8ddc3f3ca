//! The route of a shift as a drawing: duty cells, planned line, what was covered, what was
//! missed and why, what was walked, checkpoints and cases. North is up; a scale bar says how
//! large it is. Missed stretches are dashed and labelled, so that no colour stands alone.

use bading_core::model::place::LatLon;
use bading_core::services::review::{CaseReview, RouteGeometry, ShiftReview};

use super::html::{Attributes, Html};
use super::parts::View;
use super::projection::{Frame, WIDTH};
use super::text::{Arg, metres};
use super::walk::{label, length, miss_key, stretch_of};

/// The most labels of stretches.
const MAX_LABELS: usize = 30;

/// The drawing with its legend; nothing where there is nothing to draw.
pub(super) fn figure(html: &mut Html, view: &View<'_>, number: usize, shift: &ShiftReview) {
    // A cell alone is no picture of a shift.
    if shift.geometry.route.is_empty() && shift.geometry.walked.is_empty() {
        return;
    }
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
        legend(html, view, &frame, shift);
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
        let Some(at) = place_of(frame, case) else {
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

/// Where a case is in the drawing, if it is in it.
fn place_of(frame: &Frame, case: &CaseReview) -> Option<(f64, f64)> {
    let [lat, lon] = case.place?;
    let at = frame.at(LatLon::try_new(lat, lon).ok()?);
    frame.holds(at).then_some(at)
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
        let attributes: Attributes<'_> = &[("x", &format!("{x}")), ("y", &"50")];
        html.leaf("text", attributes, &view.text.get("north"));
    });
}

/// What each line and mark is; only what this drawing has.
fn legend(html: &mut Html, view: &View<'_>, frame: &Frame, shift: &ShiftReview) {
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
    let shown = view.review.cases.iter().take(super::MAX_CASES);
    let has_cases = shown
        .filter_map(|case| place_of(frame, case))
        .next()
        .is_some();
    add(has_cases, "case", text.get("legend-case"));
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
