//! A review from a shell: of a phone's store or of a hub, as JSON, CSV or a sheet for people.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bading_core::model::grid::GridCode;
use bading_core::model::identifiers::{PersonId, RouteCode};
use bading_core::model::time::UtcMs;
use bading_core::model::verdict::{Score, Share};
use bading_core::services::review::{Review, ReviewScope, ShiftReview};
use bading_hub::{Hub, SystemHubClock};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};

use super::hub::failure;
use super::open_existing;
use crate::args::{self, Args, ReviewFormat};
use crate::output::{Exit, Failure, Output, quiet_if_closed};

/// Reviews by what a phone's store knows: an inspector sees what a supervisor sees.
pub(super) fn of_store(
    args: &Args,
    utc_offset_min: i32,
    given: &args::Review,
    output: &Output,
) -> Result<Exit, Failure> {
    let engine = open_existing(args)?;
    let now = engine.now()?;
    let latest = engine
        .list_patrols()?
        .first()
        .and_then(|patrol| UtcMs::parse_rfc3339(&patrol.started));
    let scope = scope(given, utc_offset_min, latest.unwrap_or(now), now)?;
    tell(&engine.review(&scope, utc_offset_min)?, given, output)
}

/// Reviews by what a hub has sequenced.
pub(super) fn of_hub(dir: &Path, given: &args::Review, output: &Output) -> Result<Exit, Failure> {
    let hub = Hub::open(dir, Arc::new(SystemHubClock)).map_err(failure)?;
    let (latest, _) = hub.latest_day().map_err(failure)?;
    let scope = scope(given, hub.utc_offset_min(), latest, hub.now())?;
    tell(&hub.review(&scope).map_err(failure)?, given, output)
}

pub(super) fn scope(
    given: &args::Review,
    utc_offset_min: i32,
    latest: UtcMs,
    now: UtcMs,
) -> Result<ReviewScope, Failure> {
    let offset = FixedOffset::east_opt(utc_offset_min.saturating_mul(60))
        .ok_or_else(|| Failure::input("--utc-offset-min: not an offset from UTC"))?;
    let day_of = |at: UtcMs| -> NaiveDate {
        let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
        let utc = DateTime::from_timestamp_millis(ms).unwrap_or_default();
        utc.with_timezone(&offset).date_naive()
    };
    let midnight = |day: NaiveDate| -> Option<UtcMs> {
        let local = day
            .and_hms_opt(0, 0, 0)?
            .and_local_timezone(offset)
            .single()?;
        u64::try_from(local.timestamp_millis()).ok().map(UtcMs)
    };
    let time = |flag: &str, text: &str, is_end: bool| -> Result<UtcMs, Failure> {
        let wrong = || {
            Failure::input(format!(
                "{flag}: `{text}` is neither RFC 3339 with an offset nor a date such as 2026-03-02"
            ))
        };
        if let Some(at) = UtcMs::parse_rfc3339(text) {
            return Ok(at);
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| wrong())?;
        let day = if is_end {
            day.checked_add_days(Days::new(1))
        } else {
            Some(day)
        };
        day.and_then(midnight).ok_or_else(wrong)
    };
    let from = match &given.from {
        Some(text) => time("--from", text, false)?,
        None => midnight(day_of(latest)).unwrap_or(latest),
    };
    let to = match &given.to {
        Some(text) => time("--to", text, true)?,
        None => day_of(from)
            .checked_add_days(Days::new(1))
            .and_then(midnight)
            .unwrap_or(from),
    };
    let as_of = match &given.as_of {
        Some(text) => time("--as-of", text, true)?,
        None => now,
    };
    let mut scope = ReviewScope::try_new(from, to, as_of)
        .map_err(|error| Failure::input(format!("--from, --to: {error}")))?;
    let named =
        |flag: &str, error: &dyn std::fmt::Display| Failure::input(format!("{flag}: {error}"));
    let person = given.person.as_deref().map(PersonId::parse).transpose();
    scope.person = person.map_err(|error| named("--person", &error))?;
    let grid = given.grid.as_deref().map(GridCode::parse).transpose();
    scope.grid = grid.map_err(|error| named("--grid", &error))?;
    let route = given.route.as_deref().map(RouteCode::parse).transpose();
    scope.route = route.map_err(|error| named("--route", &error))?;
    Ok(scope)
}

fn tell(review: &Review, given: &args::Review, output: &Output) -> Result<Exit, Failure> {
    let format = given
        .format
        .or(output.is_json().then_some(ReviewFormat::Json));
    let bytes = match format {
        Some(ReviewFormat::Json) => {
            let mut bytes = serde_json::to_vec_pretty(review).map_err(|error| Failure {
                exit: Exit::Bug,
                line: error.to_string(),
            })?;
            bytes.push(b'\n');
            bytes
        }
        Some(ReviewFormat::Csv) => csv(review).map_err(Failure::retry)?,
        None => sheet(review).into_bytes(),
    };
    match &given.out {
        Some(path) => std::fs::write(path, bytes).map_err(|e| Failure::in_file(path, e))?,
        None => {
            let mut out = std::io::stdout().lock();
            quiet_if_closed(out.write_all(&bytes).and_then(|()| out.flush()))?;
        }
    }
    Ok(Exit::Done)
}

/// A line for each shift; empty fields are not applicable.
fn csv(review: &Review) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "person",
        "slot",
        "from",
        "to",
        "route",
        "planned_m",
        "covered_m",
        "unproven_m",
        "not_visited_m",
        "coverage",
        "time",
        "quantity",
        "quality",
        "score",
        "grade",
        "inputs",
    ])?;
    let text = |score: Option<Score>| score.map_or_else(String::new, |s| s.to_string());
    for shift in &review.shifts {
        let coverage = shift.coverage.as_ref();
        let metres = |m: Option<f64>| m.map_or_else(String::new, |m| format!("{m:.1}"));
        let part = |key: &str| {
            let part = shift.verdict.parts.iter().find(|part| part.key == key);
            text(part.and_then(|part| part.score))
        };
        writer.write_record([
            shift.person.clone(),
            shift.slot.clone(),
            shift.from.clone(),
            shift.to.clone(),
            shift.route.clone().unwrap_or_default(),
            metres(coverage.map(|c| c.planned_m)),
            metres(coverage.map(|c| c.covered_m)),
            metres(coverage.map(|c| c.unproven_m)),
            metres(coverage.map(|c| c.not_visited_m)),
            part("coverage"),
            part("time"),
            part("quantity"),
            part("quality"),
            text(shift.verdict.score),
            grade(shift),
            shift.inputs.clone(),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

fn grade(shift: &ShiftReview) -> String {
    let grade = shift.verdict.grade.map(|grade| format!("{grade:?}"));
    grade.unwrap_or_default()
}

fn score(score: Option<Score>) -> String {
    score.map_or_else(|| "not applicable".to_owned(), |score| score.to_string())
}

fn of(share: Share) -> String {
    format!("{}/{}", share.part, share.whole)
}

/// The sheet that a person recomputes by hand.
fn sheet(review: &Review) -> String {
    let mut text = format!(
        "zone {} from {} to {}, as of {}, policy {}\n",
        review.zone,
        review.from,
        review.to,
        review.as_of,
        if review.policy.is_empty() {
            "default"
        } else {
            &review.policy
        },
    );
    for shift in &review.shifts {
        write_shift(shift, &mut text);
    }
    for vacancy in &review.vacancies {
        text.push_str(&format!(
            "\nvacant: {} {} from {} ({})\n",
            vacancy.person, vacancy.slot, vacancy.from, vacancy.leave
        ));
    }
    let totals = &review.totals;
    text.push_str(&format!(
        "\ncases: {}, filed {}, closed {}, overdue {}\n",
        totals.cases, totals.filed, totals.closed, totals.overdue
    ));
    for case in &review.cases {
        let name = case.number.as_ref().unwrap_or(&case.case_id);
        let class = case.class_name.as_deref().unwrap_or("-");
        text.push_str(&format!("  {name}  {}  {class}", case.phase));
        if let Some(handling) = &case.handling {
            let due = handling.due.as_deref().unwrap_or("no deadline yet");
            let mark = if handling.overdue { "  OVERDUE" } else { "" };
            text.push_str(&format!("  due {due}{mark}"));
        }
        text.push('\n');
    }
    text
}

fn write_shift(shift: &ShiftReview, text: &mut String) {
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(String::new());
    line(format!(
        "{}  {}  {} to {}  route {}",
        shift.person,
        shift.slot,
        shift.from,
        shift.to,
        shift.route.as_deref().unwrap_or("-")
    ));
    line(format!(
        "  verdict   {}  {}",
        score(shift.verdict.score),
        grade(shift)
    ));
    for part in &shift.verdict.parts {
        let (key, weight) = (part.key, part.weight_permille);
        line(format!("    {key:<9} {} × {weight}", score(part.score)));
    }
    for taken in &shift.verdict.deductions {
        let (points, what) = (taken.points_hundredths, &taken.what);
        let (whole, rest) = (points / 100, points % 100);
        line(format!(
            "    less {whole}.{rest:02}: {} {what}",
            taken.reason
        ));
    }
    if let Some(applied) = &shift.verdict.cap {
        let reason = serde_json::to_value(applied.reason).unwrap_or_default();
        let reason = reason.as_str().unwrap_or_default();
        line(format!(
            "    capped {}: {reason} {}",
            applied.cap, applied.what
        ));
    }
    if let Some(coverage) = &shift.coverage {
        line(format!(
            "  route     {:.1} of {:.1} m = {:.2} %, unproven {:.1} m, not visited {:.1} m",
            coverage.covered_m,
            coverage.planned_m,
            coverage.ratio * 100.0,
            coverage.unproven_m,
            coverage.not_visited_m
        ));
        for missed in &coverage.missed {
            let reason = serde_json::to_value(missed.reason).unwrap_or_default();
            line(format!(
                "    missed {:.0}–{:.0} m: {}",
                missed.from_m,
                missed.to_m,
                reason.as_str().unwrap_or_default()
            ));
        }
    }
    for exempted in &shift.exempted {
        let (from_m, to_m, reason) = (exempted.from_m, exempted.to_m, &exempted.reason);
        line(format!("    exempted {from_m:.0}–{to_m:.0} m: {reason}"));
    }
    if let Some(time) = &shift.attendance {
        line(format!(
            "  time      {} s = {} in grid + {} outside + {} over dwell + {} no fix; {} excused",
            time.scheduled_s,
            time.in_grid_s,
            time.outside_s,
            time.over_dwell_s,
            time.no_fix_s,
            time.excused_s
        ));
    }
    for item in &shift.quantity.items {
        let share = item.share.map_or_else(|| "not applicable".to_owned(), of);
        line(format!(
            "  quantity  {}: {} of {} ({share})",
            item.key.as_str(),
            item.done,
            item.quota
        ));
        for excluded in &item.excluded {
            let reason = serde_json::to_value(excluded.reason).unwrap_or_default();
            line(format!(
                "    does not count: {} {} {}",
                excluded.what,
                reason.as_str().unwrap_or_default(),
                excluded.detail
            ));
        }
    }
    for indicator in &shift.quality.indicators {
        let counted = if indicator.denominator == 0 {
            "not applicable".to_owned()
        } else {
            format!("{}/{}", indicator.numerator, indicator.denominator)
        };
        line(format!("  quality   {}: {counted}", indicator.key));
    }
    line(format!("  inputs    {}", shift.inputs));
}
