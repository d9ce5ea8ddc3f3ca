//! What was owed besides the route: the time of the shift, its quota, its quality.

use bading_core::rules::attendance::{Attendance, AttendanceKind};
use bading_core::rules::quantity::{Excluded, ExclusionReason};
use bading_core::services::review::ShiftReview;

use super::html::{Attributes, Html};
use super::parts::{Cell, View, and_more, row, table};
use super::shift::{score, spread, weight};
use super::text::{Arg, hundredths};

/// The most excluded reports of one list, and the most stretches of a bar.
const MAX_ROWS: usize = 100;
const BAR_WIDTH: f64 = 1000.0;

/// Where the time of the shift went.
pub(super) fn attendance(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let text = view.text;
    html.leaf("h3", &[], &text.get("attendance-heading"));
    let Some(attendance) = &shift.attendance else {
        html.leaf("p", &[], &text.get("attendance-none"));
        return;
    };
    let told = [
        ("share", Arg::Word(score(view, attendance.score))),
        ("scheduled", Arg::Word(minutes(attendance.scheduled_s))),
    ];
    html.leaf("p", &[], &text.with("attendance-share", told));
    bar(html, view, attendance);
    let kinds = [
        (AttendanceKind::InGrid, attendance.in_grid_s),
        (AttendanceKind::Outside, attendance.outside_s),
        (AttendanceKind::OverDwell, attendance.over_dwell_s),
        (AttendanceKind::NoFix, attendance.no_fix_s),
    ];
    html.node("dl", &[("class", &"figures")], |html| {
        for (kind, seconds) in kinds {
            let key = kind_key(kind);
            html.node("div", &[("class", &format!("bar-{key}"))], |html| {
                html.leaf("dt", &[], &text.named("presence", key));
                html.leaf("dd", &[], &in_minutes(view, seconds));
            });
        }
        html.node("div", &[], |html| {
            html.leaf("dt", &[], &text.get("attendance-excused"));
            html.leaf("dd", &[], &in_minutes(view, attendance.excused_s));
        });
    });
    if !attendance.excused.is_empty() {
        html.node("ul", &[], |html| {
            for excused in attendance.excused.iter().take(MAX_ROWS) {
                let told = [
                    ("time", Arg::Word(in_minutes(view, excused.excused_s))),
                    ("reason", Arg::Word(text.named("excuse", &excused.reason))),
                ];
                html.leaf("li", &[], &text.with("attendance-excused-by", told));
            }
        });
    }
}

fn kind_key(kind: AttendanceKind) -> &'static str {
    match kind {
        AttendanceKind::InGrid => "in_grid",
        AttendanceKind::Outside => "outside",
        AttendanceKind::OverDwell => "over_dwell",
        AttendanceKind::NoFix => "no_fix",
    }
}

/// Minutes with a decimal, where they are not whole.
fn minutes(seconds: u64) -> String {
    let tenths = (seconds + 3) / 6;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

fn in_minutes(view: &View<'_>, seconds: u64) -> String {
    view.text
        .with("minutes", [("value", Arg::Word(minutes(seconds)))])
}

/// The shift as a bar from its beginning to its end. The table of figures beside it says
/// the same without colours.
fn bar(html: &mut Html, view: &View<'_>, attendance: &Attendance) {
    let intervals = &attendance.intervals;
    let Some((first, last)) = intervals.first().zip(intervals.last()) else {
        return;
    };
    let whole_ms = last.to.0.saturating_sub(first.from.0);
    if whole_ms == 0 || intervals.len() > 10 * MAX_ROWS {
        return;
    }
    let text = view.text;
    let label = text.get("attendance-bar");
    let around: Attributes<'_> = &[
        ("class", &"bar"),
        ("viewBox", &format!("0 0 {BAR_WIDTH} 24")),
        ("preserveAspectRatio", &"none"),
        ("role", &"img"),
        ("aria-label", &label),
    ];
    html.node("svg", around, |html| {
        for interval in intervals {
            let at = |ms: u64| ms.saturating_sub(first.from.0) as f64 / whole_ms as f64 * BAR_WIDTH;
            let (x, end) = (at(interval.from.0), at(interval.to.0));
            let key = kind_key(interval.kind);
            let attributes: Attributes<'_> = &[
                ("class", &format!("bar-{key}")),
                ("x", &format!("{x:.2}")),
                ("width", &format!("{:.2}", end - x)),
                ("height", &"24"),
            ];
            html.node("rect", attributes, |html| {
                let told = [
                    ("from", Arg::Word(view.instant(interval.from))),
                    ("to", Arg::Word(view.instant(interval.to))),
                    ("what", Arg::Word(text.named("presence", key))),
                ];
                html.leaf("title", &[], &text.with("attendance-interval", told));
            });
        }
    });
}

/// What was done of the quota.
pub(super) fn quantity(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let (text, quantity) = (view.text, &shift.quantity);
    html.leaf("h3", &[], &text.get("quantity-heading"));
    let told = [("score", Arg::Word(score(view, quantity.score)))];
    html.leaf("p", &[], &text.with("part-score", told));
    let columns = [
        text.get("column-item"),
        text.get("column-done"),
        text.get("column-quota"),
        text.get("column-weight"),
        text.get("column-spread"),
        text.get("column-points"),
    ];
    let none = || text.get("not-applicable");
    table(html, &text.get("quantity-caption"), &columns, |html| {
        for item in &quantity.items {
            let quota = match item.share {
                Some(_) => item.quota.to_string(),
                None => none(),
            };
            let cells = [
                Cell::Number(item.done.to_string()),
                Cell::Number(quota),
                Cell::Number(weight(view, item.weight_permille)),
                Cell::Number(spread(view, item.spread_weight)),
                Cell::Number(item.points_hundredths.map_or_else(none, hundredths)),
            ];
            row(
                html,
                Cell::Text(text.named("quota", item.key.as_str())),
                &cells,
            );
        }
    });
    let excluded: Vec<_> = quantity
        .items
        .iter()
        .flat_map(|item| &item.excluded)
        .collect();
    if excluded.is_empty() {
        return;
    }
    let columns = [
        text.get("column-case"),
        text.get("column-reason"),
        text.get("column-detail"),
    ];
    table(html, &text.get("excluded-caption"), &columns, |html| {
        for excluded in excluded.iter().take(MAX_ROWS) {
            exclusion(html, view, excluded);
        }
    });
    and_more(html, view, excluded.len(), MAX_ROWS);
}

fn exclusion(html: &mut Html, view: &View<'_>, excluded: &Excluded) {
    let key = match excluded.reason {
        ExclusionReason::Duplicate => "duplicate",
        ExclusionReason::Void => "void",
        ExclusionReason::SelfSplit => "self_split",
        ExclusionReason::PhotoSeen => "photo_seen",
        ExclusionReason::NotValidYet => "not_valid_yet",
    };
    // The detail of a void or undecided report is its phase.
    let detail = match excluded.reason {
        ExclusionReason::Void | ExclusionReason::NotValidYet => {
            Cell::Text(view.text.named("phase", &excluded.detail))
        }
        ExclusionReason::Duplicate | ExclusionReason::SelfSplit | ExclusionReason::PhotoSeen => {
            Cell::Name(&excluded.detail)
        }
    };
    let cells = [Cell::Text(view.text.named("excluded", key)), detail];
    let cases = &view.review.cases;
    match cases.iter().position(|case| case.case_id == excluded.what) {
        Some(at) => {
            let link = Cell::Link(format!("#case-{}", at + 1), &excluded.what);
            row(html, link, &cells);
        }
        None => row(html, Cell::Name(&excluded.what), &cells),
    }
}

/// How well it was done.
pub(super) fn quality(html: &mut Html, view: &View<'_>, shift: &ShiftReview) {
    let (text, quality) = (view.text, &shift.quality);
    html.leaf("h3", &[], &text.get("quality-heading"));
    let told = [("score", Arg::Word(score(view, quality.score)))];
    html.leaf("p", &[], &text.with("part-score", told));
    let columns = [
        text.get("column-indicator"),
        text.get("column-counted"),
        text.get("column-weight"),
        text.get("column-spread"),
        text.get("column-points"),
    ];
    let none = || text.get("not-applicable");
    table(html, &text.get("quality-caption"), &columns, |html| {
        for indicator in &quality.indicators {
            let counted = [
                ("part", Arg::Count(indicator.numerator)),
                ("whole", Arg::Count(indicator.denominator)),
            ];
            let counted = match (indicator.share, indicator.is_complement) {
                (None, _) => none(),
                (Some(_), false) => text.with("part-of", counted),
                (Some(_), true) => text.with("part-of-against", counted),
            };
            let cells = [
                Cell::Number(counted),
                Cell::Number(weight(view, indicator.weight_permille)),
                Cell::Number(spread(view, indicator.spread_weight)),
                Cell::Number(indicator.points_hundredths.map_or_else(none, hundredths)),
            ];
            row(
                html,
                Cell::Text(text.named("indicator", &indicator.key)),
                &cells,
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn minutes_have_a_decimal_where_they_are_not_whole() {
        assert_eq!(minutes(402 * 60), "402");
        assert_eq!(minutes(90), "1.5");
        assert_eq!(minutes(62), "1");
        assert_eq!(minutes(57), "1");
    }
}
