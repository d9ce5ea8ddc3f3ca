//! Hints: what looks odd about a report, told while the reporter still stands there.
//!
//! Each is a measurement against a limit of the city's policy, for a person to judge; none
//! turns a report away, and the figures are kept beside it. Whether a photo shows a screen or
//! a print is not told: nothing at hand measures how often such a claim would be wrong.

use super::{Checked, Hint, PhotoFigures, Report};
use crate::geo::distance::distance_m;
use crate::model::case::ClassCode;
use crate::model::photo::PhotoRole;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::workflow::Phase;
use crate::photo::{PhotoFacts, PhotoMarks};
use crate::rules::policy::{HintLimits, Policy};
use crate::services::{Context, ServiceError};
use crate::storage::Tx;
use crate::storage::case::CaseRow;

/// The place given, else that of the first photo that knows one.
pub(super) fn place_of(report: &Report, photos: &[Checked]) -> Option<LatLon> {
    report.at.or_else(|| photos.iter().find_map(exif_place))
}

/// The place in a photo; a camera without a fix writes 0, 0.
fn exif_place(checked: &Checked) -> Option<LatLon> {
    let (lat, lon) = checked
        .facts
        .position
        .filter(|place| *place != (0.0, 0.0))?;
    LatLon::try_new(lat, lon).ok()
}

/// The instant in a photo, when it tells its offset from UTC; nothing is guessed.
fn exif_time(facts: &PhotoFacts) -> Option<UtcMs> {
    let text = format!("{}{}", facts.taken_at.as_deref()?, facts.offset.as_deref()?);
    UtcMs::parse_rfc3339(&text)
}

fn hint(kind: &'static str, detail: impl Into<String>) -> Hint {
    Hint {
        kind,
        detail: detail.into(),
    }
}

/// What is measured of a photo by itself and against the report.
pub(super) fn figures(report: &Report, seen_at: UtcMs, checked: &Checked) -> PhotoFigures {
    let facts = &checked.facts;
    let permille = |share: f64| (share * 1000.0).round() as u16;
    let places = report.at.zip(exif_place(checked));
    PhotoFigures {
        sharpness: facts.sharpness.map(|sharpness| sharpness.round() as u32),
        brightness_permille: facts.brightness.map(permille),
        burnt_permille: facts.burnt.map(permille),
        exif_place_m: places.map(|(at, exif)| distance_m(at, exif).round() as u32),
        exif_time_s: exif_time(facts).map(|exif| seen_at.0.abs_diff(exif.0) / 1000),
        seen_bits: None,
    }
}

/// What the report and its photos say by themselves.
pub(super) fn photo_hints(
    report: &Report,
    limits: &HintLimits,
    at: Option<LatLon>,
    photos: &[Checked],
    figures: &[PhotoFigures],
) -> Vec<Hint> {
    let mut hints = Vec::new();
    match (report.at, at) {
        (None, Some(_)) => hints.push(hint("place_from_photo", "no position was given")),
        (None, None) => hints.push(hint("no_place", "neither the report nor a photo has one")),
        _ => {}
    }
    if report.is_mock {
        hints.push(hint("mock_position", "a mock provider made the position"));
    }
    let is_poor = |m: &f64| *m > f64::from(limits.accuracy_m);
    if let Some(m) = report.accuracy_m.filter(is_poor) {
        hints.push(hint("accuracy_poor", format!("{m:.0} m")));
    }
    for ((number, checked), figures) in (1..).zip(photos).zip(figures) {
        let mut say =
            |kind, what: String| hints.push(hint(kind, format!("photo {number}: {what}")));
        if let Some(m) = figures.exif_place_m.filter(|&m| m > limits.exif_place_m) {
            say("exif_place", format!("{m} m away"));
        }
        let is_far = |s: &u64| *s > u64::from(limits.exif_time_s);
        if let Some(s) = figures.exif_time_s.filter(is_far) {
            say("exif_time", format!("{} min apart", s / 60));
        }
        picture_hints(limits, figures, &mut say);
        for problem in &checked.facts.problems {
            say("photo_problem", problem.code().to_owned());
        }
    }
    hints
}

/// What the picture looks like. A dark one is not said to be blurred too: without light
/// there is nothing to be sharp.
fn picture_hints(
    limits: &HintLimits,
    figures: &PhotoFigures,
    say: &mut impl FnMut(&'static str, String),
) {
    let dark = figures.brightness_permille;
    if let Some(level) = dark.filter(|&level| level < limits.dark_below_permille) {
        let limit = limits.dark_below_permille;
        say(
            "photo_dark",
            format!("brightness {level} \u{2030}, below {limit}"),
        );
    } else if let Some(sharpness) = figures.sharpness.filter(|&s| s < limits.blurred_below) {
        let limit = limits.blurred_below;
        say(
            "photo_blurred",
            format!("sharpness {sharpness}, below {limit}"),
        );
    }
    if let Some(share) = figures
        .burnt_permille
        .filter(|&s| s > limits.burnt_above_permille)
    {
        let limit = limits.burnt_above_permille;
        say(
            "photo_burnt",
            format!("{share} \u{2030} white, above {limit}"),
        );
    }
}

/// Which photos are in another report already, byte for byte or by their look.
pub(super) fn seen(
    tx: &Tx<'_>,
    limits: &HintLimits,
    photos: &[Checked],
    figures: &mut [PhotoFigures],
) -> Result<Vec<Hint>, ServiceError> {
    let mut hints = Vec::new();
    for ((number, checked), figures) in (1..).zip(photos).zip(figures) {
        if tx.find_blob(&checked.photo.hash)?.is_some() {
            figures.seen_bits = Some(0);
            let detail = format!("photo {number} is in another report");
            hints.push(hint("photo_seen", detail));
            continue;
        }
        let Some(marks) = &checked.marks else {
            continue;
        };
        let distance = |known: &[u8]| {
            let bits = PhotoMarks::from_bytes(known)?.distance_bits(marks);
            (bits <= u32::from(limits.seen_bits)).then_some(bits)
        };
        if let Some((known, bits)) = tx.nearest_photo(distance)? {
            figures.seen_bits = u16::try_from(bits).ok();
            let detail = format!("photo {number}: {bits} of 63 bits from {known}");
            hints.push(hint("photo_alike", detail));
        }
    }
    Ok(hints)
}

/// What the store knows around the report.
pub(super) fn store_hints(
    tx: &Tx<'_>,
    context: &Context<'_>,
    policy: &Policy,
    report: &Report,
    at: Option<LatLon>,
    seen_at: UtcMs,
    photos: &[Checked],
) -> Result<Vec<Hint>, ServiceError> {
    let mut hints = Vec::new();
    if let Some(at) = at
        && context.reference.grid_at(tx, at, seen_at)?.is_none()
    {
        hints.push(hint(
            "outside_grid",
            "no cell of the city's grid holds the place",
        ));
    }
    let Some(class) = &report.class else {
        hints.push(hint("no_class", "no class was chosen"));
        return Ok(hints);
    };
    match context.reference.duties(tx)? {
        None => hints.push(hint("class_unchecked", "no duty list is here")),
        Some((_, list)) => {
            let given: Vec<_> = photos.iter().map(|checked| checked.photo.role).collect();
            let missing = list.missing_roles(class, &given);
            if !missing.is_empty() {
                let keys: Vec<_> = missing.into_iter().map(PhotoRole::as_str).collect();
                hints.push(hint("roles_missing", keys.join(" ")));
            }
        }
    }
    if let Some(at) = at {
        let now = context.host.now().wall;
        for (row, apart_m) in near_duplicates(tx, policy, class, at, now)? {
            hints.push(hint(
                "near_duplicate",
                format!("{} at {apart_m:.0} m", row.case_id),
            ));
        }
    }
    Ok(hints)
}

/// Cases of the class near the place that are open or were closed a short while ago, nearest
/// first, with their distance in metres; the policy says how near and how short.
fn near_duplicates(
    tx: &Tx<'_>,
    policy: &Policy,
    class: &ClassCode,
    at: LatLon,
    now: UtcMs,
) -> Result<Vec<(CaseRow, f64)>, ServiceError> {
    let radius_m = f64::from(policy.near_duplicate_m);
    let window_ms = u64::from(policy.near_duplicate_h) * 3_600_000;
    // A box a little larger than the circle: a degree of latitude has at least 110,500 m.
    let lat_span = radius_m / 110_500.0 * 1e7;
    let shrink = at.lat_deg().to_radians().cos().max(0.01);
    let around = |deg: f64, span: f64| {
        let e7 = (deg * 1e7).round();
        (e7 - span).floor() as i64..=(e7 + span).ceil() as i64
    };
    let rows = tx.cases_near(
        class.as_str(),
        around(at.lat_deg(), lat_span),
        around(at.lon_deg(), lat_span / shrink),
    )?;
    let mut near: Vec<_> = rows
        .into_iter()
        .filter(|row| {
            let is_over = matches!(
                row.phase,
                Phase::Closed | Phase::Declined | Phase::Withdrawn
            );
            !is_over || now.0.saturating_sub(row.updated_ms) < window_ms
        })
        .filter_map(|row| {
            let (lat, lon) = (row.lat_e7? as f64 / 1e7, row.lon_e7? as f64 / 1e7);
            let apart_m = distance_m(at, LatLon::try_new(lat, lon).ok()?);
            (apart_m <= radius_m).then_some((row, apart_m))
        })
        .collect();
    near.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(figures: PhotoFigures) -> Vec<&'static str> {
        let mut kinds = Vec::new();
        picture_hints(&HintLimits::default(), &figures, &mut |kind, _| {
            kinds.push(kind)
        });
        kinds
    }

    #[test]
    fn picture_is_odd_just_beyond_each_limit_and_not_at_it() {
        let figures = |sharpness, brightness, burnt| PhotoFigures {
            sharpness: Some(sharpness),
            brightness_permille: Some(brightness),
            burnt_permille: Some(burnt),
            ..PhotoFigures::default()
        };
        assert!(said(figures(60, 100, 300)).is_empty());
        assert_eq!(said(figures(59, 100, 300)), ["photo_blurred"]);
        assert_eq!(said(figures(60, 100, 301)), ["photo_burnt"]);
        // A dark picture is only dark.
        assert_eq!(said(figures(1, 99, 0)), ["photo_dark"]);
        assert!(said(PhotoFigures::default()).is_empty());
    }
}
