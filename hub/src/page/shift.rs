//! One shift: the verdict first, then the parts that it rests on.

use bading_core::model::verdict::{Grade, Score, Share};
use bading_core::rules::verdict::{Verdict, VerdictPart};
use bading_core::services::review::ShiftReview;

use super::html::{Attributes, Html};
use super::parts::{Cell, View, row, table};
use super::text::{Arg, hundredths, percent};
use super::{MAX_SHIFTS, duty, map, walk, why};

/// The shifts of the day at a glance, each with a link to its part of the page.
pub(super) fn list(html: &mut Html, view: &View<'_>) {
    let (text, shifts) = (view.text, &view.review.shifts);
    html.node("section", &[("aria-labelledby", &"shifts")], |html| {
        let count = [("count", Arg::Count(shifts.len() as u64))];
        html.leaf(
            "h2",
            &[("id", &"shifts")],
            &text.with("shifts-heading", count),
        );
        if shifts.is_empty() {
            html.leaf("p", &[], &text.get("shifts-none"));
            return;
        }
        let columns = [
            text.get("column-person"),
            text.get("column-slot"),
            text.get("column-time"),
            text.get("column-grade"),
            text.get("column-score"),
            text.get("column-coverage"),
        ];
        table(html, &text.get("shifts-caption"), &columns, |html| {
            for (number, shift) in shifts.iter().take(MAX_SHIFTS).enumerate() {
                let coverage = shift.coverage.as_ref();
                let none = || text.get("not-applicable");
                let cells = [
                    Cell::Name(&shift.slot),
                    Cell::Number(times(view, shift)),
                    Cell::Text(shift.verdict.grade.map_or_else(
                        || text.get("not-evaluated"),
                        |grade| letter(grade).to_owned(),
                    )),
                    Cell::Number(score(view, shift.verdict.score)),
                    Cell::Number(coverage.map_or_else(none, |c| {
                        text.with("percent", [("value", Arg::Word(percent(c.ratio)))])
                    })),
                ];
                let link = Cell::Link(format!("#shift-{}", number + 1), &shift.person);
                row(html, link, &cells);
            }
        });
    });
}

/// One shift.
pub(super) fn write(html: &mut Html, view: &View<'_>, number: usize, shift: &ShiftReview) {
    let text = view.text;
    let id = format!("shift-{number}");
    let around: Attributes<'_> = &[
        ("class", &"shift"),
        ("id", &id),
        ("aria-labelledby", &format!("{id}-of")),
    ];
    html.node("article", around, |html| {
        html.node("h2", &[("id", &format!("{id}-of"))], |html| {
            let alone = view.link(view.date, Some(&shift.person));
            html.node("a", &[("href", &alone)], |html| {
                html.leaf("bdi", &[], &shift.person)
            });
            html.leaf("bdi", &[], &shift.slot);
            html.leaf("span", &[("class", &"number")], &times(view, shift));
        });
        html.node("p", &[("class", &"quiet")], |html| about(html, view, shift));
        verdict(html, view, &shift.verdict);
        walk::coverage(html, view, shift);
        map::figure(html, view, number, shift);
        walk::missed(html, view, shift);
        duty::attendance(html, view, shift);
        duty::quantity(html, view, shift);
        duty::quality(html, view, shift);
        walk::patrols(html, view, shift);
        why::shift(html, view, shift);
        html.node("p", &[("class", &"quiet inputs")], |html| {
            let policy = [("version", Arg::Name(&shift.verdict.policy_version))];
            html.leaf("span", &[], &text.with("inputs", policy));
            html.leaf("code", &[], &shift.inputs);
        });
    });
}

fn times(view: &View<'_>, shift: &ShiftReview) -> String {
    let [from, to] = [&shift.from, &shift.to].map(|at| Arg::Word(view.moment(at)));
    view.text.with("from-to", [("from", from), ("to", to)])
}

fn about(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let text = view.text;
    if let Some(other) = &shift.stands_in_for {
        let other = [("person", Arg::Name(other))];
        html.leaf("span", &[], &text.with("stands-in", other));
    }
    match (&shift.route, &shift.route_name) {
        (Some(code), Some(name)) => {
            let route = [("code", Arg::Name(code)), ("name", Arg::Name(name))];
            html.leaf("span", &[], &text.with("route-named", route));
        }
        (Some(code), None) => {
            let route = [("code", Arg::Name(code))];
            html.leaf("span", &[], &text.with("route-unknown", route));
        }
        (None, _) => html.leaf("span", &[], &text.get("route-none")),
    }
    html.leaf("span", &[], &text.named("mode", shift.mode));
    if !shift.grids.is_empty() {
        let shown = shift.grids.iter().take(12);
        let grids: Vec<_> = shown.map(String::as_str).collect();
        let grids = [
            ("count", Arg::Count(shift.grids.len() as u64)),
            ("grids", Arg::Word(grids.join(" "))),
        ];
        html.leaf("span", &[], &text.with("duty-cells", grids));
    }
}

pub(super) fn letter(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "A",
        Grade::B => "B",
        Grade::C => "C",
        Grade::D => "D",
        Grade::E => "E",
    }
}

/// A score, or that there is none.
pub(super) fn score(view: &View<'_>, score: Option<Score>) -> String {
    score.map_or_else(
        || view.text.get("not-applicable"),
        |score| score.to_string(),
    )
}

fn verdict(html: &mut Html, view: &View<'_>, verdict: &Verdict) {
    let text = view.text;
    html.node("div", &[("class", &"verdict")], |html| {
        html.node("p", &[("class", &"grade")], |html| {
            match verdict.score.zip(verdict.grade) {
                Some((score, grade)) => {
                    let class = format!("letter grade-{}", letter(grade).to_ascii_lowercase());
                    let label = [("grade", Arg::Word(letter(grade).to_owned()))];
                    let label = text.with("grade-label", label);
                    let attributes: Attributes<'_> =
                        &[("class", &class), ("role", &"img"), ("aria-label", &label)];
                    html.leaf("span", attributes, letter(grade));
                    html.leaf("span", &[("class", &"score")], &score.to_string());
                }
                None => html.leaf("span", &[("class", &"score")], &text.get("not-evaluated")),
            }
        });
        html.node("div", &[("class", &"parts")], |html| {
            let columns = [
                text.get("column-part"),
                text.get("column-score"),
                text.get("column-weight"),
                text.get("column-spread"),
                text.get("column-points"),
            ];
            table(html, &text.get("verdict-caption"), &columns, |html| {
                for part in &verdict.parts {
                    let cells = [
                        Cell::Number(score(view, part.score)),
                        Cell::Number(weight(view, part.weight_permille)),
                        Cell::Number(spread(view, part.spread_weight)),
                        Cell::Number(points(view, part)),
                    ];
                    row(html, Cell::Text(text.named("part", part.key)), &cells);
                }
            });
            reckoning(html, view, verdict);
        });
    });
}

/// A weight as it was given.
pub(super) fn weight(view: &View<'_>, permille: u32) -> String {
    let value = format!("{}.{}", permille / 10, permille % 10);
    view.text.with("percent", [("value", Arg::Word(value))])
}

/// A weight after spreading.
pub(super) fn spread(view: &View<'_>, share: Option<Share>) -> String {
    let Some(share) = share.filter(|share| share.is_applicable()) else {
        return view.text.get("not-applicable");
    };
    let value = percent(share.part as f64 / share.whole as f64);
    view.text.with("percent", [("value", Arg::Word(value))])
}

fn points(view: &View<'_>, part: &VerdictPart) -> String {
    let Some((score, spread)) = part.score.zip(part.spread_weight) else {
        return view.text.get("not-applicable");
    };
    let share = Share {
        part: score.hundredths().into(),
        whole: 10_000,
    };
    hundredths(share.points_hundredths(spread))
}

/// From the weighted mean to the score: what was taken off, and what caps it.
fn reckoning(html: &mut Html, view: &View<'_>, verdict: &Verdict) {
    let text = view.text;
    html.node("ul", &[("class", &"reckoning")], |html| {
        if let Some(mean) = verdict.weighed.filter(|mean| mean.is_applicable()) {
            let mean = format!("{:.4}", mean.part as f64 / mean.whole as f64 / 100.0);
            html.leaf(
                "li",
                &[],
                &text.with("weighed", [("mean", Arg::Word(mean))]),
            );
        }
        for deduction in verdict.deductions.iter().take(50) {
            let told = [
                (
                    "points",
                    Arg::Word(hundredths(deduction.points_hundredths.into())),
                ),
                ("reason", Arg::Name(&deduction.reason)),
                ("what", Arg::Name(&deduction.what)),
            ];
            html.leaf("li", &[], &text.with("deduction", told));
        }
        if verdict.deductions.is_empty() {
            html.leaf("li", &[], &text.get("deduction-none"));
        }
        match &verdict.cap {
            Some(cap) => {
                let told = [
                    ("cap", Arg::Word(cap.cap.to_string())),
                    ("reason", Arg::Word(text.named("veto", &cap.reason))),
                    ("what", Arg::Name(&cap.what)),
                ];
                html.leaf("li", &[("class", &"bad")], &text.with("cap", told));
            }
            None => html.leaf("li", &[], &text.get("cap-none")),
        }
    });
}
