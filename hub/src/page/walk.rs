//! What was walked: coverage in figures, what is missing of it, the patrols themselves.

use bading_core::geo::coverage::MissReason;
use bading_core::services::review::{PatrolReview, ShiftReview};

use super::flags;
use super::html::Html;
use super::parts::{Cell, View, and_more, row, table};
use super::text::{Arg, metres, percent};

/// The most stretches, silences and interruptions of one list.
const MAX_ROWS: usize = 60;

/// The key of a reason.
pub(super) fn miss_key(reason: MissReason) -> &'static str {
    match reason {
        MissReason::NotVisited => "not_visited",
        MissReason::GapInFixes => "gap_in_fixes",
        MissReason::FixesRejected => "fixes_rejected",
        MissReason::OutsideWindow => "outside_window",
    }
}

/// Metres with their unit.
pub(super) fn length(view: &View<'_>, m: f64) -> String {
    view.text.with("metres", [("value", Arg::Word(metres(m)))])
}

/// The coverage in figures.
pub(super) fn coverage(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let text = view.text;
    html.leaf("h3", &[], &text.get("coverage-heading"));
    let Some(coverage) = &shift.coverage else {
        html.leaf("p", &[], &text.get("coverage-none"));
        return;
    };
    html.node("dl", &[("class", &"figures")], |html| {
        let share = [("value", Arg::Word(percent(coverage.ratio)))];
        let mut figures = vec![
            (
                "strong",
                text.get("coverage-ratio"),
                text.with("percent", share),
            ),
            (
                "",
                text.get("coverage-planned"),
                length(view, coverage.planned_m),
            ),
            (
                "covered",
                text.get("coverage-covered"),
                length(view, coverage.covered_m),
            ),
            (
                "unproven",
                text.get("coverage-unproven"),
                length(view, coverage.unproven_m),
            ),
            (
                "not-visited",
                text.get("coverage-not-visited"),
                length(view, coverage.not_visited_m),
            ),
            (
                "",
                text.get("coverage-walked"),
                length(view, coverage.walked_m),
            ),
        ];
        let counts = [
            (text.get("coverage-loops"), &shift.loops),
            (text.get("coverage-checkpoints"), &shift.checkpoints),
        ];
        for (label, count) in counts {
            if let Some(count) = count {
                let told = [
                    ("part", Arg::Count(count.share.part)),
                    ("whole", Arg::Count(count.share.whole)),
                ];
                figures.push(("", label, text.with("part-of", told)));
            }
        }
        for (class, label, value) in figures {
            html.node("div", &[("class", &class)], |html| {
                html.leaf("dt", &[], &label);
                html.leaf("dd", &[], &value);
            });
        }
    });
}

/// The stretches that are missing, each with its reason and its label on the map, and the
/// checkpoints.
pub(super) fn missed(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let text = view.text;
    let Some(coverage) = &shift.coverage else {
        return;
    };
    if coverage.missed.is_empty() {
        html.leaf("p", &[], &text.get("missed-none"));
    } else {
        let columns = [
            text.get("column-label"),
            text.get("column-stretch"),
            text.get("column-length"),
            text.get("column-reason"),
        ];
        table(html, &text.get("missed-caption"), &columns, |html| {
            for (number, stretch) in coverage.missed.iter().take(MAX_ROWS).enumerate() {
                let cells = [
                    Cell::Number(stretch_of(view, stretch.from_m, stretch.to_m)),
                    Cell::Number(length(view, stretch.to_m - stretch.from_m)),
                    Cell::Text(text.named("miss", miss_key(stretch.reason))),
                ];
                row(html, Cell::Text(label(view, number)), &cells);
            }
        });
        and_more(html, view, coverage.missed.len(), MAX_ROWS);
    }
    if coverage.checkpoints.is_empty() {
        return;
    }
    let columns = [
        text.get("column-checkpoint"),
        text.get("column-visited"),
        text.get("column-stay"),
        text.get("column-stay-asked"),
        text.get("column-from"),
    ];
    table(html, &text.get("checkpoints-caption"), &columns, |html| {
        for visit in coverage.checkpoints.iter().take(MAX_ROWS) {
            let told = match visit.visited {
                true => text.get("visited"),
                false => text.get("visited-not"),
            };
            let seconds = |s: u64| text.with("seconds", [("count", Arg::Count(s))]);
            let cells = [
                Cell::Text(told),
                Cell::Number(seconds(visit.dwell_s)),
                Cell::Number(seconds(visit.required_s.into())),
                Cell::Number(visit.at.map_or_else(String::new, |at| view.instant(at))),
            ];
            row(html, Cell::Name(&visit.id), &cells);
        }
    });
    and_more(html, view, coverage.checkpoints.len(), MAX_ROWS);
}

/// The label of a missed stretch, counted from 0.
pub(super) fn label(view: &View<'_>, number: usize) -> String {
    let number = [("number", Arg::Count(number as u64 + 1))];
    view.text.with("missed-label", number)
}

/// From where to where, along the route.
pub(super) fn stretch_of(view: &View<'_>, from_m: f64, to_m: f64) -> String {
    let [from, to] = [from_m, to_m].map(|m| Arg::Word(metres(m)));
    view.text.with("stretch", [("from", from), ("to", to)])
}

/// What the patrols of the shift are made of.
pub(super) fn patrols(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let text = view.text;
    html.leaf("h3", &[], &text.get("patrols-heading"));
    if shift.patrols.is_empty() {
        html.leaf("p", &[], &text.get("patrols-none"));
        return;
    }
    for (number, patrol) in shift.patrols.iter().take(MAX_ROWS).enumerate() {
        html.node("section", &[("class", &"patrol")], |html| {
            let number = [("number", Arg::Count(number as u64 + 1))];
            html.leaf("h4", &[], &text.with("patrol-heading", number));
            html.node("ul", &[], |html| told(html, view, patrol));
        });
    }
    and_more(html, view, shift.patrols.len(), MAX_ROWS);
}

fn told(html: &mut Html, view: &View<'_>, patrol: &PatrolReview) {
    let text = view.text;
    let from = Arg::Word(view.second(&patrol.started));
    html.leaf(
        "li",
        &[],
        &match &patrol.finished {
            Some(finished) => {
                let to = Arg::Word(view.second(finished));
                text.with("patrol-finished", [("from", from), ("to", to)])
            }
            None => text.with("patrol-under-way", [("from", from)]),
        },
    );
    let walked = [("length", Arg::Word(length(view, patrol.walked_m)))];
    html.leaf("li", &[], &text.with("patrol-walked", walked));
    let fixes = [
        ("fixes", Arg::Count(patrol.fixes)),
        ("accepted", Arg::Count(patrol.accepted)),
    ];
    html.leaf("li", &[], &text.with("patrol-fixes", fixes));
    for (reason, count) in &patrol.rejected {
        let told = [
            ("count", Arg::Count(*count)),
            ("reason", Arg::Word(text.named("rejected", reason))),
        ];
        html.leaf("li", &[], &text.with("patrol-rejected", told));
    }
    for (from, to) in patrol.silences.iter().take(MAX_ROWS) {
        let [from, to] = [from, to].map(|at| Arg::Word(view.second(at)));
        html.leaf(
            "li",
            &[],
            &text.with("patrol-silence", [("from", from), ("to", to)]),
        );
    }
    for (at, why) in patrol.interruptions.iter().take(MAX_ROWS) {
        let told = [
            ("at", Arg::Word(view.second(at))),
            ("why", Arg::Word(text.named("interruption", why))),
        ];
        html.leaf("li", &[], &text.with("patrol-interruption", told));
    }
    let left_out = |count: usize| count.saturating_sub(MAX_ROWS);
    let left_out = left_out(patrol.silences.len()) + left_out(patrol.interruptions.len());
    if left_out > 0 {
        let more = [("count", Arg::Count(left_out as u64))];
        html.leaf("li", &[], &text.with("and-more", more));
    }
    html.leaf(
        "li",
        &[],
        &match patrol.missing_parts {
            0 => text.get("patrol-whole"),
            parts => text.with("patrol-missing", [("count", Arg::Count(parts))]),
        },
    );
    flags::write(html, view, patrol);
}
