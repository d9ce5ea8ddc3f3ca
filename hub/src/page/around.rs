//! What stands around the shifts and cases of a day: heading, links, first steps, footer.

use chrono::Days;

use super::html::{Attributes, Html};
use super::parts::View;
use super::text::{Arg, Language};

/// The heading with what leads to other days and languages.
pub(super) fn banner(html: &mut Html, view: &View<'_>) {
    let text = view.text;
    html.node("header", &[], |html| {
        html.node("h1", &[], |html| {
            html.leaf("bdi", &[], view.hub);
            html.node("span", &[("class", &"day")], |html| {
                html.text(&view.date.to_string())
            });
        });
        html.node("p", &[("class", &"quiet")], |html| {
            let zone = [("zone", Arg::Name(&view.review.zone))];
            html.leaf("span", &[], &text.with("page-zone", zone));
            let as_of = [("at", Arg::Word(view.full(&view.review.as_of)))];
            html.leaf("span", &[], &text.with("page-as-of", as_of));
            if let Some(person) = view.person {
                let only = [("person", Arg::Name(person))];
                html.leaf("strong", &[], &text.with("page-person", only));
            }
        });
        html.node("nav", &[("aria-label", &text.get("nav-label"))], |html| {
            let neighbours = [
                (
                    view.date.checked_sub_days(Days::new(1)),
                    text.get("nav-before"),
                ),
                (
                    view.date.checked_add_days(Days::new(1)),
                    text.get("nav-after"),
                ),
            ];
            for (date, label) in neighbours {
                if let Some(date) = date {
                    html.leaf("a", &[("href", &view.link(date, view.person))], &label);
                }
            }
            html.leaf(
                "a",
                &[("href", &view.latest_link())],
                &text.get("nav-latest"),
            );
            if view.person.is_some() {
                let everybody = view.link(view.date, None);
                html.leaf("a", &[("href", &everybody)], &text.get("nav-everybody"));
            }
            choose_day(html, view);
            html.node("span", &[("class", &"languages")], |html| {
                for language in Language::ALL {
                    let name = match language {
                        Language::Chinese => text.get("language-chinese"),
                        Language::English => text.get("language-english"),
                    };
                    let tag = language.tag();
                    if language == text.language {
                        html.leaf("b", &[("lang", &tag), ("aria-current", &"true")], &name);
                    } else {
                        let href = view.link_in(view.date, view.person, Some(language));
                        let to: Attributes<'_> =
                            &[("lang", &tag), ("hreflang", &tag), ("href", &href)];
                        html.leaf("a", to, &name);
                    }
                }
            });
        });
    });
}

fn choose_day(html: &mut Html, view: &View<'_>) {
    let text = view.text;
    html.node("form", &[("method", &"get"), ("action", &"/")], |html| {
        html.node("label", &[], |html| {
            html.leaf("span", &[], &text.get("day-field"));
            let value = view.date.to_string();
            let field: Attributes<'_> = &[("type", &"date"), ("name", &"day"), ("value", &value)];
            html.void("input", field);
        });
        let kept = [
            ("person", view.person),
            ("lang", view.kept_language.map(Language::tag)),
        ];
        for (name, value) in kept {
            if let Some(value) = value {
                let field: Attributes<'_> =
                    &[("type", &"hidden"), ("name", &name), ("value", &value)];
                html.void("input", field);
            }
        }
        html.leaf("button", &[], &text.get("day-show"));
    });
}

/// What to do first in a hub that knows no duty yet.
pub(super) fn empty(html: &mut Html, view: &View<'_>) {
    let text = view.text;
    html.node(
        "section",
        &[("class", &"empty"), ("aria-labelledby", &"empty")],
        |html| {
            html.leaf("h2", &[("id", &"empty")], &text.get("empty-heading"));
            html.leaf("p", &[], &text.get("empty-why"));
            html.node("ol", &[], |html| {
                let steps = [
                    (
                        text.get("empty-grids"),
                        "bading hub import grids --dir DIR grids.geojson",
                    ),
                    (
                        text.get("empty-duties"),
                        "bading hub import duties --dir DIR duties.xlsx",
                    ),
                    (
                        text.get("empty-routes"),
                        "bading hub import routes --dir DIR routes.geojson",
                    ),
                    (
                        text.get("empty-roster"),
                        "bading hub import roster --dir DIR roster.csv",
                    ),
                    (
                        text.get("empty-people"),
                        "bading hub admin code create --dir DIR --role inspector --person P",
                    ),
                ];
                for (step, command) in steps {
                    html.node("li", &[], |html| {
                        html.leaf("span", &[], &step);
                        html.leaf("code", &[], command);
                    });
                }
            });
            html.leaf("p", &[], &text.get("empty-then"));
        },
    );
}

/// What all of it rests on.
pub(super) fn footer(html: &mut Html, view: &View<'_>) {
    let (text, review) = (view.text, view.review);
    html.node("footer", &[], |html| {
        html.node("p", &[], |html| {
            let policy = [("version", Arg::Name(&review.policy))];
            html.text(&text.with("footer-policy", policy));
        });
        if !review.packs.is_empty() {
            html.node("ul", &[("class", &"packs")], |html| {
                for (kind, hash) in &review.packs {
                    html.node("li", &[], |html| {
                        html.leaf("span", &[], &text.named("pack", kind));
                        html.leaf("code", &[], hash);
                    });
                }
            });
        }
        html.node("p", &[], |html| {
            let command = format!(
                "bading hub review --dir DIR --from {} --to {}",
                review.from, review.to
            );
            html.leaf("span", &[], &text.get("footer-json"));
            html.leaf("code", &[], &command);
            html.leaf(
                "a",
                &[("href", &view.json_link())],
                &text.get("footer-json-link"),
            );
        });
        html.leaf("p", &[], &text.get("footer-privacy"));
    });
}
