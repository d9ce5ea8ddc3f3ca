//! Why a score is what it is: the trees of the review, folded up until somebody asks, and the
//! cards of departments, cells and seats.

use bading_core::rules::explain::{Catalogue, Explanation, ReferenceKind};
use bading_core::services::review::ShiftReview;

use super::html::Html;
use super::parts::{View, and_more};
use super::text::Arg;

/// The most cards that the page shows; the JSON has them all.
const MAX_CARDS: usize = 200;
/// The most references that stand beside one statement.
const MAX_REFERENCES: usize = 12;

/// The tree of a shift, from its grade down to cases and operations.
pub(super) fn shift(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    html.node("details", &[("class", &"why")], |html| {
        html.leaf("summary", &[], &view.text.get("why"));
        html.node("ul", &[], |html| {
            statement(html, view, &shift.explanation);
        });
    });
}

/// The cards of the day.
pub(super) fn cards(html: &mut Html, view: &View<'_>) {
    let cards = &view.review.scorecards;
    if cards.is_empty() {
        return;
    }
    html.node("section", &[("aria-labelledby", &"cards")], |html| {
        let count = [("count", Arg::Count(cards.len() as u64))];
        html.leaf(
            "h2",
            &[("id", &"cards")],
            &view.text.with("cards-heading", count),
        );
        for card in cards.iter().take(MAX_CARDS) {
            html.node("details", &[("class", &"why")], |html| {
                html.node("summary", &[], |html| {
                    let kind = catalogue(view).word("subject", card.kind.as_str());
                    html.leaf("span", &[], &kind);
                    html.leaf("bdi", &[], &card.id);
                    html.leaf("span", &[], &catalogue(view).tell(&card.explanation));
                });
                html.node("ul", &[], |html| {
                    for reason in &card.explanation.children {
                        statement(html, view, reason);
                    }
                });
            });
        }
        and_more(html, view, cards.len(), MAX_CARDS);
    });
}

/// Whether every cell had somebody, and the acts that nobody can date well enough.
pub(super) fn staffing(html: &mut Html, view: &View<'_>) {
    let staffing = &view.review.staffing;
    if let Some(score) = staffing.score.filter(|_| !staffing.planned.is_empty()) {
        let told = Explanation::new("staffing")
            .text("score", score)
            .count("staffed", staffing.share.part)
            .count("planned", staffing.share.whole);
        html.leaf("p", &[("class", &"staffing")], &catalogue(view).tell(&told));
    }
    let undecided = &view.review.undecided;
    if !undecided.is_empty() {
        html.node("ul", &[("class", &"undecided")], |html| {
            for act in undecided.iter().take(MAX_CARDS) {
                let told = Explanation::new("sheet-undecided")
                    .text("case", &act.case_id)
                    .text("person", act.person.as_deref().unwrap_or("–"))
                    .text("earliest", &act.earliest)
                    .text("latest", &act.latest)
                    .text("due", act.due.as_deref().unwrap_or("–"));
                html.leaf("li", &[], &catalogue(view).tell(&told));
            }
        });
    }
}

fn statement(html: &mut Html, view: &View<'_>, told: &Explanation) {
    html.node("li", &[], |html| {
        html.leaf("span", &[], &catalogue(view).tell(told));
        let behind = told
            .refs
            .iter()
            .filter(|one| one.kind != ReferenceKind::Fact);
        for reference in behind.take(MAX_REFERENCES) {
            // The beginning of an identifier finds it; the whole one is in its title and in
            // the JSON.
            let short: String = reference.id.chars().take(8).collect();
            html.leaf("code", &[("title", &reference.id)], &short);
        }
        if !told.children.is_empty() {
            html.node("ul", &[], |html| {
                for reason in &told.children {
                    statement(html, view, reason);
                }
            });
        }
    });
}

fn catalogue(view: &View<'_>) -> Catalogue {
    Catalogue::of(view.text.language)
}
