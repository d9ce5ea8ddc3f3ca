//! A review from a shell: of a phone's store or of a hub, as JSON, CSV or a sheet for people.

mod workbook;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bading_core::model::grid::GridCode;
use bading_core::model::identifiers::{PersonId, RouteCode};
use bading_core::model::time::UtcMs;
use bading_core::model::verdict::Score;
use bading_core::rules::explain::{Catalogue, Explanation};
use bading_core::services::review::{CaseReview, Review, ReviewScope, ShiftReview, StaffingReview};
use bading_hub::{Hub, SystemHubClock};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};

use super::hub::failure;
use super::open_existing;
use crate::args::{self, Args, ReviewFormat};
use crate::output::{Exit, Failure, Output, quiet_if_closed};
use workbook::workbook;

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
    let catalogue = Catalogue::of(super::score::language(&given.lang)?);
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
        Some(ReviewFormat::Xlsx) => {
            workbook(review, catalogue, &HEADER, &lines(review)).map_err(|error| Failure {
                exit: Exit::Bug,
                line: error.to_string(),
            })?
        }
        None => sheet(review, catalogue).into_bytes(),
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

/// The columns of the shifts.
const HEADER: [&str; 16] = [
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
];

/// A line for each shift; empty fields are not applicable.
fn lines(review: &Review) -> Vec<Vec<String>> {
    let text = |score: Option<Score>| score.map_or_else(String::new, |s| s.to_string());
    let line = |shift: &ShiftReview| {
        let coverage = shift.coverage.as_ref();
        let metres = |m: Option<f64>| m.map_or_else(String::new, |m| format!("{m:.1}"));
        let part = |key: &str| {
            let part = shift.verdict.parts.iter().find(|part| part.key == key);
            text(part.and_then(|part| part.score))
        };
        vec![
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
        ]
    };
    review.shifts.iter().map(line).collect()
}

fn csv(review: &Review) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for line in lines(review) {
        writer.write_record(line)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// The sheet that a person recomputes by hand: each shift with its eight fixes, the sums of
/// people with several shifts, the cards, the staffing, the cases.
fn sheet(review: &Review, catalogue: Catalogue) -> String {
    let mut text = String::new();
    let mut line = |told: &Explanation| {
        text.push_str(&told.lines(catalogue));
    };
    line(
        &Explanation::new("sheet-head")
            .text("zone", &review.zone)
            .text("from", &review.from)
            .text("to", &review.to)
            .text("at", &review.as_of)
            .text("policy", &review.policy),
    );
    let person = review.shifts.iter().map(|shift| {
        let route = shift.route.as_deref().unwrap_or("–");
        Explanation::new("sheet-shift")
            .text("person", &shift.person)
            .text("slot", &shift.slot)
            .text("from", &shift.from)
            .text("to", &shift.to)
            .text("route", route)
            .because([shift.explanation.clone()])
            .because([Explanation::new("inputs").text("hash", &shift.inputs)])
    });
    person.for_each(|told| line(&told));
    for person in review.people.iter().filter(|person| person.shifts > 1) {
        let told = Explanation::new("sheet-person")
            .text("person", &person.person)
            .count("count", person.shifts);
        line(&told.because([person.explanation.clone()]));
    }
    for card in &review.scorecards {
        let told = Explanation::new("sheet-card")
            .word("kind", "subject", card.kind.as_str())
            .text("id", &card.id);
        line(&told.because([card.explanation.clone()]));
    }
    if !review.staffing.planned.is_empty() {
        line(&staffing(&review.staffing));
    }
    let totals = &review.totals;
    line(
        &Explanation::new("sheet-cases")
            .count("count", totals.cases as u64)
            .count("filed", totals.filed as u64)
            .count("closed", totals.closed as u64)
            .count("overdue", totals.overdue as u64)
            .because(review.cases.iter().map(case_line)),
    );
    let undecided = review.undecided.iter().map(|act| {
        Explanation::new("sheet-undecided")
            .text("case", &act.case_id)
            .text("person", act.person.as_deref().unwrap_or("–"))
            .text("earliest", &act.earliest)
            .text("latest", &act.latest)
            .text("due", act.due.as_deref().unwrap_or("–"))
    });
    undecided.for_each(|told| line(&told));
    text
}

/// The most vacant cells that the sheet lists; the JSON has them all.
const MAX_VACANCIES: usize = 50;

fn staffing(staffing: &StaffingReview) -> Explanation {
    let vacant = staffing
        .vacancies
        .iter()
        .take(MAX_VACANCIES)
        .map(|vacancy| {
            let told = Explanation::new(match &vacancy.leave {
                Some(_) => "sheet-vacant-leave",
                None => "sheet-vacant",
            })
            .text("day", vacancy.date)
            .text("slot", &vacancy.slot)
            .text("grid", &vacancy.grid);
            match (&vacancy.person, &vacancy.leave) {
                (person, Some(leave)) => told
                    .text("person", person.as_deref().unwrap_or("–"))
                    .text("leave", leave),
                _ => told,
            }
        });
    let score = staffing
        .score
        .map_or_else(|| "–".to_owned(), |score| score.to_string());
    let mut told = Explanation::new("staffing")
        .text("score", score)
        .count("staffed", staffing.share.part)
        .count("planned", staffing.share.whole)
        .because(vacant);
    let more = staffing.vacancies.len().saturating_sub(MAX_VACANCIES);
    if more > 0 {
        told = told.because([Explanation::new("sheet-more").count("count", more as u64)]);
    }
    let never = &staffing.never_planned;
    if let Some(first) = never.grids.first() {
        let cells = Explanation::new("sheet-never-planned")
            .count("count", never.grids.len() as u64)
            .text("grid", first);
        told = told.because([cells]);
    }
    told
}

fn case_line(case: &CaseReview) -> Explanation {
    let name = case.number.as_ref().unwrap_or(&case.case_id);
    let class = case.class_name.as_deref().unwrap_or("–");
    let (key, due) = match &case.handling {
        None => ("sheet-case", ""),
        Some(handling) => {
            let key = match handling.judgement {
                _ if handling.exempted_by.is_some() => "sheet-case-exempt",
                _ if handling.overdue => "sheet-case-overdue",
                Some("undecided") => "sheet-case-undecided",
                _ => "sheet-case-due",
            };
            match handling.due.as_deref() {
                Some(due) => (key, due),
                None => (
                    "sheet-case-provisional",
                    handling.provisional.as_deref().unwrap_or(""),
                ),
            }
        }
    };
    Explanation::new(key)
        .text("name", name)
        .word("phase", "phase", case.phase)
        .text("class", class)
        .text("due", due)
}

fn grade(shift: &ShiftReview) -> String {
    let grade = shift.verdict.grade.map(|grade| format!("{grade:?}"));
    grade.unwrap_or_default()
}
