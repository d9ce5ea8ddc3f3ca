//! The cases of the day: where each stands, by when it is due, its photos.

use bading_core::services::review::{CaseReview, Timeliness};

use super::html::{Attributes, Html};
use super::parts::{View, and_more};
use super::text::Arg;
use super::{MAX_CASES, Shown};

/// The most photos of one case.
const MAX_PHOTOS: usize = 24;

/// All cases of the page.
pub(super) fn write(html: &mut Html, view: &View<'_>) {
    let (text, cases) = (view.text, &view.review.cases);
    html.node("section", &[("aria-labelledby", &"cases")], |html| {
        let overdue = cases.iter().filter(|case| case.is_overdue()).count();
        let counts = [
            ("count", Arg::Count(cases.len() as u64)),
            ("overdue", Arg::Count(overdue as u64)),
        ];
        html.leaf(
            "h2",
            &[("id", &"cases")],
            &text.with("cases-heading", counts),
        );
        if cases.is_empty() {
            html.leaf("p", &[], &text.get("cases-none"));
            return;
        }
        html.node("ol", &[("class", &"cases")], |html| {
            for (number, case) in cases.iter().take(MAX_CASES).enumerate() {
                let id = format!("case-{}", number + 1);
                let class = if case.is_overdue() {
                    "case overdue"
                } else {
                    "case"
                };
                html.node("li", &[("id", &id), ("class", &class)], |html| {
                    one(html, view, number, case);
                });
            }
        });
        and_more(html, view, cases.len(), MAX_CASES);
    });
}

/// What a case is called: its number on the page, its official one or its id, its class.
pub(super) fn title(view: &View<'_>, number: usize, case: &CaseReview) -> String {
    let told = [
        ("number", Arg::Count(number as u64 + 1)),
        (
            "name",
            Arg::Name(case.number.as_deref().unwrap_or(&case.case_id)),
        ),
        ("class", Arg::Word(class_of(view, case))),
    ];
    view.text.with("case-title", told)
}

fn class_of(view: &View<'_>, case: &CaseReview) -> String {
    match (&case.class_name, &case.class) {
        (Some(name), _) => name.clone(),
        (None, Some(class)) => class.clone(),
        (None, None) => view.text.get("case-class-none"),
    }
}

fn one(html: &mut Html, view: &View<'_>, number: usize, case: &CaseReview) {
    let text = view.text;
    html.node("h3", &[], |html| {
        html.leaf("span", &[("class", &"mark")], &(number + 1).to_string());
        html.leaf("bdi", &[], &class_of(view, case));
        html.leaf(
            "span",
            &[("class", &"phase")],
            &text.named("phase", case.phase),
        );
        if case.is_overdue() {
            html.leaf(
                "strong",
                &[("class", &"overdue-mark")],
                &text.get("case-overdue"),
            );
        }
    });
    html.node("dl", &[("class", &"facts")], |html| {
        let none = || text.get("unknown");
        let mut fact = |label: String, value: &str| {
            html.node("div", &[], |html| {
                html.leaf("dt", &[], &label);
                html.node("dd", &[], |html| html.leaf("bdi", &[], value));
            });
        };
        match &case.number {
            Some(number) => fact(text.get("case-number"), number),
            None => fact(text.get("case-id"), &case.case_id),
        }
        let opened = case
            .opened
            .as_deref()
            .map_or_else(none, |at| view.moment(at));
        fact(text.get("case-opened"), &opened);
        fact(
            text.get("case-reporter"),
            case.reporter.as_deref().unwrap_or(&none()),
        );
        if let Some(source) = case.source {
            fact(text.get("case-source"), &text.named("source", source));
        }
        fact(
            text.get("case-cell"),
            case.grid.as_deref().unwrap_or(&none()),
        );
        if let Some(department) = &case.department {
            fact(text.get("case-department"), department);
        }
    });
    match &case.handling {
        Some(handling) => self::handling(html, view, handling),
        None => html.leaf("p", &[("class", &"quiet")], &text.get("handling-none")),
    }
    photos(html, view, case);
}

fn handling(html: &mut Html, view: &View<'_>, handling: &Timeliness) {
    let text = view.text;
    html.node("p", &[("class", &"handling")], |html| {
        if let Some(lamp) = handling.lamp {
            let class = format!("lamp {lamp}");
            html.leaf("span", &[("class", &class)], &text.named("lamp", lamp));
        }
        let dispatched = [("at", Arg::Word(view.moment(&handling.dispatched)))];
        html.leaf("span", &[], &text.with("handling-dispatched", dispatched));
        if let Some(limit) = &handling.limit {
            html.leaf(
                "span",
                &[],
                &text.with("handling-limit", [("limit", Arg::Name(limit))]),
            );
        }
        if let Some(due) = &handling.due {
            let due = [("at", Arg::Word(view.moment(due)))];
            html.leaf("span", &[], &text.with("handling-due", due));
        }
        html.leaf(
            "span",
            &[],
            &match &handling.handed_back {
                Some(at) => text.with("handling-back", [("at", Arg::Word(view.moment(at)))]),
                None => text.get("handling-open"),
            },
        );
        if let Some(why) = &handling.provisional {
            // A missing calendar names its year behind the key.
            let (key, year) = why.split_once(' ').unwrap_or((why, ""));
            let told = [
                ("why", Arg::Word(text.named("provisional", key))),
                ("detail", Arg::Name(year)),
            ];
            html.leaf(
                "span",
                &[("class", &"provisional")],
                &match year {
                    "" => text.with("handling-provisional", told.into_iter().take(1)),
                    _ => text.with("handling-provisional-detail", told),
                },
            );
        }
    });
}

fn photos(html: &mut Html, view: &View<'_>, case: &CaseReview) {
    let text = view.text;
    if case.photos.is_empty() {
        html.leaf("p", &[("class", &"quiet")], &text.get("photos-none"));
        return;
    }
    html.node("ul", &[("class", &"photos")], |html| {
        for (hash, role) in case.photos.iter().take(MAX_PHOTOS) {
            let name = text.named("photo", role);
            html.node("li", &[], |html| match view.photos.get(hash) {
                Some(Shown::Picture) => picture(html, view, hash, &name),
                Some(Shown::Heic) => placeholder(html, &name, &text.get("photo-is-heic")),
                Some(Shown::Unreadable) => {
                    placeholder(html, &name, &text.get("photo-is-unreadable"))
                }
                Some(Shown::NotHere) | None => {
                    placeholder(html, &name, &text.get("photo-is-not-here"))
                }
            });
        }
    });
    and_more(html, view, case.photos.len(), MAX_PHOTOS);
}

fn picture(html: &mut Html, view: &View<'_>, hash: &str, name: &str) {
    let large = format!("/page/photos/{hash}/1600");
    html.node("a", &[("href", &large)], |html| {
        let alt = view
            .text
            .with("photo-alt", [("role", Arg::Word(name.to_owned()))]);
        let small = format!("/page/photos/{hash}/320");
        let attributes: Attributes<'_> = &[
            ("src", &small),
            ("alt", &alt),
            ("loading", &"lazy"),
            ("decoding", &"async"),
        ];
        html.void("img", attributes);
    });
    html.leaf("span", &[], name);
}

fn placeholder(html: &mut Html, name: &str, why: &str) {
    html.leaf("p", &[("class", &"placeholder")], why);
    html.leaf("span", &[], name);
}
