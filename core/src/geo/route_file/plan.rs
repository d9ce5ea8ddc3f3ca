//! When a planned route is to be walked: the days on which it is in force, and the windows of
//! a day with their loops.

use chrono::NaiveDate;

use super::feature::{Fault, count, property, property_field};
use super::{MAX_LOOPS, MemberProblem};
use crate::geo::excerpt::excerpt;
use crate::geo::json::Json;
use crate::model::route::{LoopWindow, Validity};

/// The most windows of one day.
const MAX_WINDOWS: usize = 48;

/// The days from `valid_from` to `valid_to`, each as 2026-03-01, both included.
pub(super) fn validity_of(feature: &Json) -> Result<Validity, Fault> {
    let day = |name: &'static str| -> Result<Option<NaiveDate>, Fault> {
        let Some(value) = property(feature, name) else {
            return Ok(None);
        };
        let text = value.text().unwrap_or_default().trim();
        // The long form only: 3/4 is March to some and April to others.
        let day = Some(text)
            .filter(|text| text.len() == 10)
            .and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
        day.map(Some).ok_or_else(|| {
            let form = MemberProblem::Form("a day is written 2026-03-01");
            (property_field(name), form)
        })
    };
    let validity = Validity {
        from: day("valid_from")?,
        to: day("valid_to")?,
    };
    match (validity.from, validity.to) {
        (Some(from), Some(to)) if to < from => {
            let problem = MemberProblem::Backwards {
                from: from.to_string(),
                to: to.to_string(),
            };
            Err((property_field("valid_to"), problem))
        }
        _ => Ok(validity),
    }
}

/// The windows in the order of the day.
pub(super) fn windows_of(feature: &Json) -> Result<Vec<LoopWindow>, Fault> {
    let field = property_field("windows");
    let list = match property(feature, "windows") {
        None => return Ok(Vec::new()),
        Some(Json::List(list)) if list.len() <= MAX_WINDOWS => list,
        Some(_) => {
            let form = "windows are a list of up to 48 {from, to, loops}";
            return Err((field, MemberProblem::Form(form)));
        }
    };
    let mut windows: Vec<(usize, LoopWindow)> = Vec::with_capacity(list.len());
    for (i, entry) in list.iter().enumerate() {
        windows.push((i, window_of(entry, &format!("{field}[{i}]."))?));
    }
    windows.sort_by_key(|(i, window)| (window.from_min, *i));
    for pair in windows.windows(2) {
        if pair[0].1.to_min > pair[1].1.from_min {
            let form = "a window begins before another ends";
            let field = format!("{field}[{}].from", pair[1].0);
            return Err((field, MemberProblem::Form(form)));
        }
    }
    Ok(windows.into_iter().map(|(_, window)| window).collect())
}

fn window_of(entry: &Json, prefix: &str) -> Result<LoopWindow, Fault> {
    let clock = |name: &str| -> Result<u16, Fault> {
        let text = entry.member(name).and_then(Json::text).unwrap_or_default();
        minutes(text.trim()).ok_or_else(|| {
            let form = "a time of the day is written 08:00, up to 24:00";
            (format!("{prefix}{name}"), MemberProblem::Form(form))
        })
    };
    let (from_min, to_min) = (clock("from")?, clock("to")?);
    if to_min <= from_min {
        let text = |name| excerpt(entry.member(name).and_then(Json::text).unwrap_or_default());
        let problem = MemberProblem::Backwards {
            from: text("from"),
            to: text("to"),
        };
        return Err((format!("{prefix}to"), problem));
    }
    let loops = match entry.member("loops") {
        None => Ok(1),
        Some(value) => value
            .number()
            .ok_or(MemberProblem::Form(
                "the loops required in a window are a number",
            ))
            .and_then(|found| count(found, 1, MAX_LOOPS)),
    };
    Ok(LoopWindow {
        from_min,
        to_min,
        loops: loops.map_err(|problem| (format!("{prefix}loops"), problem))?,
    })
}

/// Minutes after midnight of `08:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| -> Option<u16> {
        let is_form = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        is_form.then(|| part.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}
