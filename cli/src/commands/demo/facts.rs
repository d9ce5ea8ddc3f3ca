//! What the day must have come to, in the form of `expected.json`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bading_core::model::identifiers::Hash;
use bading_core::model::verdict::Score;
use bading_core::services::case::CaseDetail;
use bading_core::services::review::{Review, ShiftReview};
use serde_json::{Value, json};

use crate::output::Failure;

/// What every store that holds the case must agree on.
pub(super) fn case(shown: &[CaseDetail], cell: Option<&str>) -> Value {
    let case = &shown[shown.len() - 1];
    let agrees = shown.iter().all(|other| {
        (
            other.line.phase,
            &other.line.number,
            &other.line.grid,
            &other.fields,
        ) == (
            case.line.phase,
            &case.line.number,
            &case.line.grid,
            &case.fields,
        ) && other.timeline.len() == case.timeline.len()
    });
    let mut roles: Vec<_> = case.photos.iter().map(|photo| photo.role).collect();
    roles.sort_unstable();
    let steps: Vec<_> = case
        .timeline
        .iter()
        .filter(|event| event.what != "photo" && event.what != "set")
        .map(|event| format!("{} {}", event.what, event.outcome))
        .collect();
    json!({
        "stores_agree": agrees,
        "phase": case.line.phase,
        "number_ends_with": case.line.number.as_deref().and_then(|n| n.rsplit('-').next()),
        "class": case.line.class,
        "grid_is_right": cell.is_some() && case.line.grid.as_deref() == cell,
        "reporter": case.reporter,
        "source": case.source,
        "department": case.department,
        "photo_roles": roles,
        "steps": steps,
        "provisional": case.line.provisional,
    })
}

pub(super) fn values_of_note(shown: &[CaseDetail]) -> Vec<usize> {
    let values = |case: &CaseDetail| {
        let note = case.fields.iter().find(|field| field.field == "note");
        note.map_or(0, |note| 1 + note.also_said.len())
    };
    shown.iter().map(values).collect()
}

pub(super) fn outcome_of(case: &CaseDetail, commit: &Hash) -> Option<&'static str> {
    let commit = commit.to_string();
    case.timeline
        .iter()
        .find(|event| event.commit == commit)
        .map(|event| event.outcome)
}

/// The numbers of the day's review, and that everybody comes to the same.
pub(super) fn review(
    hub: &Review,
    supervisor: &Review,
    inspector: &Review,
    overdue: &dyn Fn(&Review) -> Vec<String>,
) -> Value {
    let shift = hub.shifts.first();
    json!({
        "hub_and_supervisor_agree": hub == supervisor,
        "inspector_sees_the_same": shift.is_some() && shift == inspector.shifts.first(),
        "shift": shift.map(shift_facts),
        "vacancies": hub.vacancies.len(),
        "filed": hub.totals.filed,
        "overdue": overdue(hub),
    })
}

fn shift_facts(shift: &ShiftReview) -> Value {
    let score = |score: Option<Score>| score.map_or("n/a".to_owned(), |score| score.to_string());
    let whole = |m: f64| m.round() as i64;
    let coverage = shift.coverage.as_ref();
    let missed = coverage.map(|coverage| {
        let line = |m: &bading_core::geo::coverage::MissedStretch| {
            let reason = serde_json::to_value(m.reason).unwrap_or_default();
            let reason = reason.as_str().unwrap_or_default().to_owned();
            format!("{}-{} {reason}", whole(m.from_m), whole(m.to_m))
        };
        coverage.missed.iter().map(line).collect::<Vec<_>>()
    });
    let parts: serde_json::Map<String, Value> = shift
        .verdict
        .parts
        .iter()
        .map(|part| (part.key.to_owned(), score(part.score).into()))
        .collect();
    let items: Vec<_> = shift
        .quantity
        .items
        .iter()
        .map(|item| format!("{} {}/{}", item.key.as_str(), item.done, item.quota))
        .collect();
    let excluded: Vec<_> = shift
        .quantity
        .items
        .iter()
        .flat_map(|item| &item.excluded)
        .map(|excluded| serde_json::to_value(excluded.reason).unwrap_or_default())
        .collect();
    let indicators: Vec<_> = shift
        .quality
        .indicators
        .iter()
        .filter(|indicator| indicator.denominator > 0)
        .map(|i| format!("{} {}/{}", i.key, i.numerator, i.denominator))
        .collect();
    let interruptions: Vec<_> = shift
        .patrols
        .iter()
        .flat_map(|patrol| &patrol.interruptions)
        .map(|(_, why)| *why)
        .collect();
    json!({
        "person": shift.person,
        "route": shift.route,
        "planned_m": coverage.map(|c| whole(c.planned_m)),
        "covered_m": coverage.map(|c| whole(c.covered_m)),
        "missed": missed,
        "checkpoints": shift.checkpoints.as_ref().map(|c| format!("{}/{}", c.share.part, c.share.whole)),
        "loops": shift.loops.as_ref().map(|c| format!("{}/{}", c.share.part, c.share.whole)),
        "fixes": coverage.map(|c| json!({ "accepted": c.fixes.accepted, "rejected": c.fixes.rejected })),
        "interruptions": interruptions,
        "attendance": shift.attendance.as_ref().map(|a| json!({
            "scheduled_s": a.scheduled_s, "in_grid_s": a.in_grid_s, "outside_s": a.outside_s,
            "over_dwell_s": a.over_dwell_s, "no_fix_s": a.no_fix_s, "excused_s": a.excused_s,
        })),
        "quantity": items,
        "excluded": excluded,
        "quality": indicators,
        "scores": parts,
        "verdict": score(shift.verdict.score),
        "grade": shift.verdict.grade.map(|grade| format!("{grade:?}")),
    })
}

/// What the hub's page answers to a browser on this machine.
pub(super) fn page(url: &str) -> Result<Value, Failure> {
    let address = url.trim_start_matches("http://");
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let request =
            format!("GET /?lang=en HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = asked().map_err(|error| Failure::retry(format!("the page: {error}")))?;
    Ok(json!({
        "answers": answer.starts_with("HTTP/1.1 200"),
        "has_a_map": answer.contains("<svg"),
        "photos": answer.matches("<img").count(),
    }))
}
