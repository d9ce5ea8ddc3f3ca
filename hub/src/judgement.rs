//! The hub's verdict on a commit: made at admission, and made again by `verify` from the
//! same facts. Nothing here reads the store or the clock.

use std::collections::HashMap;

use bading_core::model::case::CaseId;
use bading_core::model::person::Authority;
use bading_core::model::time::UtcMs;
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{Body, BodyError, Kind, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::fold::{Annotation, CaseState, Input, Outcome};
use bading_core::oplog::judge::{Refusal, judge, judge_erasures, judge_patrols, judge_verdicts};

/// Cases as they stand before the commit that is judged.
pub(crate) type Cases = HashMap<CaseId, CaseState>;

/// What the sequence says of the signer up to here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signer {
    pub(crate) authority: Authority,
    /// The end of the grant's validity; nothing for a device without one.
    pub(crate) valid_to: Option<UtcMs>,
    pub(crate) is_revoked: bool,
}

/// The cases that a body is about.
pub(crate) fn cases_of(body: &Body) -> Vec<CaseId> {
    let subjects = body.subjects();
    subjects.iter().filter_map(Subject::as_case).collect()
}

/// How a commit came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrival {
    /// It is on a second branch of its stream.
    pub(crate) is_forked: bool,
    /// A value was gone that nobody had ordered to be erased.
    pub(crate) is_stripped: bool,
}

/// Judges a sound commit. `cases` holds every case that it is about.
pub(crate) fn verdict_on(
    commit: &Commit,
    body: &Result<Body, BodyError>,
    arrival: Arrival,
    signer: &Signer,
    hub_time: UtcMs,
    cases: &Cases,
) -> Verdict {
    // What waits for a person's release is not judged further: it will be at its release.
    if arrival.is_forked {
        return Verdict::Quarantined("fork".to_owned());
    }
    if signer.is_revoked {
        return Verdict::Quarantined("revoked".to_owned());
    }
    if arrival.is_stripped {
        return Verdict::Refused(Refusal::ValueMissing.to_string());
    }
    let body = match body {
        Ok(body) => body,
        Err(BodyError::UnknownSchema(_)) => return Verdict::Unfolded,
        Err(BodyError::Form(_) | BodyError::NoSuchValue(_)) => {
            return Verdict::Refused(Refusal::Malformed.to_string());
        }
    };
    if signer.valid_to.is_some_and(|valid_to| hub_time > valid_to) {
        return Verdict::Waiting("grant_expired".to_owned());
    }
    if files_beside_other_moves(body) {
        return Verdict::Refused("files_several_cases".to_owned());
    }
    for case in cases_of(body)
        .iter()
        .filter_map(|case_id| cases.get(case_id))
    {
        if let Err(refusal) = judge(body, &commit.header().device, &signer.authority, case) {
            return Verdict::Refused(refusal.to_string());
        }
    }
    let authority = &signer.authority;
    let judged = judge_patrols(body, authority)
        .and_then(|()| judge_verdicts(body, authority))
        .and_then(|()| judge_erasures(body, authority));
    if let Err(refusal) = judged {
        return Verdict::Refused(refusal.to_string());
    }
    Verdict::Admitted
}

/// An entry carries one official number, and the fold gives it to every move of the commit:
/// a commit that files one case may not move another.
fn files_beside_other_moves(body: &Body) -> bool {
    let moves = || {
        body.operations
            .iter()
            .filter_map(|operation| match operation.kind {
                Kind::Transition { action, .. } => Some((operation.subject, action)),
                _ => None,
            })
    };
    moves()
        .find(|(_, action)| *action == Action::File)
        .is_some_and(|(filed, _)| moves().any(|(subject, _)| subject != filed))
}

/// True when the commit brings a case that has no number past its filing, so that an
/// official number is due. Found by trying, because the fold decides what takes effect.
pub(crate) fn is_number_due(input: &Input, body: &Result<Body, BodyError>, cases: &Cases) -> bool {
    let Ok(body) = body else { return false };
    let mut moved: Vec<CaseId> = body
        .operations
        .iter()
        .filter(|operation| matches!(operation.kind, Kind::Transition { .. }))
        .filter_map(|operation| operation.subject.as_case())
        .collect();
    moved.dedup();
    // Only a commit that moves one case can carry a number to the right one.
    let [case_id] = moved[..] else { return false };
    let Some(case) = cases.get(&case_id).filter(|case| case.number.is_none()) else {
        return false;
    };
    let mut tried = case.clone();
    tried.apply(input);
    let commit = input.commit.hash();
    let effective = || {
        tried
            .events
            .iter()
            .filter(|event| event.outcome == Outcome::Effective)
    };
    effective().any(|event| event.what == Action::File.as_str())
        && effective().any(|event| {
            event.op.commit == commit
                && body
                    .operations
                    .get(event.op.index as usize)
                    .is_some_and(|operation| matches!(operation.kind, Kind::Transition { .. }))
        })
}

/// A commit with its stamp, as the fold takes it.
pub(crate) fn input(
    commit: Commit,
    position: (u64, u64),
    hub_time: UtcMs,
    verdict: Verdict,
    number: Option<String>,
    authority: Authority,
) -> Input {
    Input {
        commit,
        annotation: Some(Annotation {
            position,
            hub_time,
            verdict,
            number,
        }),
        authority,
    }
}

/// The day of a case number: the date at the hub's place, as `yyyymmdd`.
pub(crate) fn local_day(at: UtcMs, utc_offset_min: i32) -> String {
    use chrono::Datelike as _;
    let local_ms = i64::try_from(at.0)
        .unwrap_or(0)
        .saturating_add(i64::from(utc_offset_min) * 60_000);
    let date = chrono::DateTime::from_timestamp_millis(local_ms)
        .unwrap_or_default()
        .date_naive();
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_turns_at_local_midnight_and_not_at_utc_midnight() {
        let at = |text| UtcMs::parse_rfc3339(text).expect("an instant of the test");
        assert_eq!(
            local_day(at("2026-03-01T23:59:59.999+08:00"), 480),
            "20260301"
        );
        assert_eq!(local_day(at("2026-03-02T00:00:00+08:00"), 480), "20260302");
        assert_eq!(local_day(at("2026-03-02T00:00:00+08:00"), 0), "20260301");
        assert_eq!(local_day(at("1970-01-01T00:00:00Z"), -60), "19691231");
    }
}
