//! What somebody reported and checked in a shift, what of it counts, and why the rest does not.
//!
//! A problem is credited to whoever reported it first, by the time at which it was done on
//! the device, also when a later report reached the hub first and was filed.
//!
//! Source: DOMAIN "Quantity (定量)", "Which time counts"; docs/decisions/0020.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Undecided;
use super::decided::Decided;
use super::inputs::ReviewInputs;
use crate::geo::distance::distance_m;
use crate::model::case::Field;
use crate::model::identifiers::{CaseId, Hash, PersonId};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::workflow::{Action, Phase};
use crate::oplog::fold::{CaseState, Event, Opening, Outcome};
use crate::oplog::merge::FieldValue;
use crate::oplog::trusted_time::TrustedTimes;
use crate::rules::attendance::Excused;
use crate::rules::policy::Policy;
use crate::rules::quality::formulas::Counted;
use crate::rules::quantity::{Excluded, ExclusionReason};
use crate::rules::roster::Shift;

/// The reports of one person in one time.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// Those that count: filed, unique, with photos that nobody had shown before.
    pub(super) counting: Vec<CaseId>,
    /// Those that do not.
    pub(super) excluded: Vec<Excluded>,
    /// Filed, of those that were decided; a duplicate of somebody else's is neither.
    pub(super) valid: Counted,
    /// Those that count although they were declined.
    pub(super) credited: Vec<Credited>,
    /// The times for which a report was in hand.
    pub(super) in_hand: Vec<Excused>,
}

/// A report that counts under the number of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Credited {
    /// The report, which was declined because its problem was filed already.
    pub case: String,
    /// Somebody's later report, which reached the hub first and was filed.
    pub filed_as: String,
}

/// The checks of one person in one time.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Answered in time, of those answered.
    pub(super) on_time: Counted,
    /// The times for which a check was in hand.
    pub(super) in_hand: Vec<Excused>,
    /// Those of which it is not known whether they were in time: neither part nor whole.
    pub(super) undecided: Vec<Undecided>,
}

/// Looks at what a person reported from `from` until before `to`.
pub(super) fn reports_of(
    inputs: &ReviewInputs<'_>,
    person: &PersonId,
    from: UtcMs,
    to: UtcMs,
) -> Reports {
    let mut reports = Reports::default();
    let policy = &inputs.packs.policy;
    let known = Known::of(&inputs.cases, policy);
    let own = known.opened.iter().enumerate().filter(|(_, (_, opening))| {
        opening.person.as_ref() == Some(person) && opening.at.ms >= from && opening.at.ms < to
    });
    for (number, (case, opening)) in own {
        reports.in_hand.extend(in_hand(case, opening, policy));
        let filed_as = known.credited_for(number);
        let is_valid = case.number.is_some() || filed_as.is_some();
        let earlier = match known.credited_instead_of(number) {
            Some(first) => known.apart(first, number),
            None if is_valid => None,
            None => known.duplicate_of(number),
        };
        let exclusion = known.exclusion_of(case, person, is_valid, earlier.as_ref());
        let is_anothers = earlier
            .as_ref()
            .is_some_and(|(other, _)| !is_by(other, person));
        // Whether a report is valid is asked once it was decided; that somebody else was
        // first says nothing about it.
        if (is_valid || case.phase == Phase::Declined) && !is_anothers {
            reports.valid.denominator += 1;
            if is_valid {
                reports.valid.numerator += 1;
                reports.valid.cases.push(case.case_id.to_string());
            }
        }
        match exclusion {
            None => {
                reports.counting.push(case.case_id);
                reports.credited.extend(filed_as.map(|filed| Credited {
                    case: case.case_id.to_string(),
                    filed_as: filed.case_id.to_string(),
                }));
            }
            Some((reason, detail)) => reports.excluded.push(Excluded {
                what: case.case_id.to_string(),
                reason,
                detail,
            }),
        }
    }
    reports
}

/// The time for which a report was in hand: from when the problem was seen, as the report
/// says, at most as long as a check may take. What was withdrawn excuses nothing.
fn in_hand(case: &CaseState, opening: &Opening, policy: &Policy) -> Option<Excused> {
    let most_ms = u64::from(policy.check_limit_s) * 1000;
    let earliest = UtcMs(opening.at.ms.0.saturating_sub(most_ms));
    let seen_at = opening.seen_at?.max(earliest);
    (case.phase != Phase::Withdrawn && seen_at < opening.at.ms).then(|| Excused {
        from: seen_at,
        to: opening.at.ms,
        reason: Excused::CASE.to_owned(),
    })
}

/// The cases of a review as their reporters made them, the first first.
struct Known<'c> {
    /// By the time that counts; where two were at one instant, by the hub's order.
    opened: Vec<(&'c CaseState, &'c Opening)>,
    /// The case that showed each photo first.
    photos: BTreeMap<Hash, CaseId>,
    policy: &'c Policy,
}

impl<'c> Known<'c> {
    fn of(cases: &'c [CaseState], policy: &'c Policy) -> Self {
        let mut opened: Vec<(&CaseState, &Opening)> = cases
            .iter()
            .filter_map(|case| Some((case, case.opened.as_ref()?)))
            .collect();
        opened.sort_by_cached_key(|(case, opening)| {
            let stamped = stamped_at(case, opening);
            // What the hub has not stamped comes after what it has.
            let stamped = (stamped.is_none(), stamped);
            (opening.at.ms, stamped, opening.at, case.case_id)
        });
        let photos = first_seen(&opened);
        Self {
            opened,
            photos,
            policy,
        }
    }

    /// The other case whose photo this one shows.
    fn photo_seen(&self, case: &CaseState) -> Option<CaseId> {
        case.photos().find_map(|of| {
            let first = self.photos.get(&of.photo.hash).copied();
            first.filter(|first| *first != case.case_id)
        })
    }

    fn exclusion_of(
        &self,
        case: &CaseState,
        person: &PersonId,
        is_valid: bool,
        earlier: Option<&(&CaseState, f64)>,
    ) -> Option<(ExclusionReason, String)> {
        if let Some(first) = self.photo_seen(case) {
            return Some((ExclusionReason::PhotoSeen, first.to_string()));
        }
        if let Some((other, apart_m)) = earlier {
            let reason = if is_by(other, person) {
                ExclusionReason::SelfSplit
            } else {
                ExclusionReason::Duplicate
            };
            return Some((reason, format!("{} · {apart_m:.0} m", other.case_id)));
        }
        if is_valid {
            return None;
        }
        let phase = case.phase.as_str().to_owned();
        Some(match case.phase {
            Phase::Declined | Phase::Withdrawn => (ExclusionReason::Void, phase),
            _ => (ExclusionReason::NotValidYet, phase),
        })
    }

    /// The distance between two cases that may be one problem: of one class, not farther
    /// apart than the policy's distance, the earlier one open, or ended for less than its
    /// time, when the later one was reported.
    fn apart(&self, earlier: usize, later: usize) -> Option<(&'c CaseState, f64)> {
        let ((first, _), (case, opening)) = (self.opened[earlier], self.opened[later]);
        let limit_ms = u64::from(self.policy.near_duplicate_h) * 3_600_000;
        let is_near_in_time = |ended: UtcMs| opening.at.ms.0.saturating_sub(ended.0) < limit_ms;
        if first.class()? != case.class()? || !ended(first).is_none_or(is_near_in_time) {
            return None;
        }
        let apart_m = distance_m(place_of(case)?, place_of(first)?);
        (apart_m <= f64::from(self.policy.near_duplicate_m)).then_some((first, apart_m))
    }

    /// The nearest earlier case of the same problem. What was filed although it is near
    /// another was looked at by a person, and is not asked. A case that was withdrawn or
    /// declined is nobody's first valid report.
    fn duplicate_of(&self, number: usize) -> Option<(&'c CaseState, f64)> {
        (0..number)
            .filter(|earlier| {
                let phase = self.opened[*earlier].0.phase;
                !matches!(phase, Phase::Declined | Phase::Withdrawn)
            })
            .filter_map(|earlier| self.apart(earlier, number))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// The case under which the problem of a declined report was filed, when this report was
    /// the first of it and had not reached the hub: nobody is punished for the network. Had
    /// it been there, filing the other one would have been a judgement of both.
    fn filed_instead(&self, number: usize) -> Option<usize> {
        let (case, opening) = self.opened[number];
        if case.phase != Phase::Declined || case.number.is_some() || self.photo_seen(case).is_some()
        {
            return None;
        }
        let arrived = stamped_at(case, opening)?;
        (number + 1..self.opened.len()).find(|later| {
            let (other, _) = self.opened[*later];
            let is_anothers = opening.person.is_some()
                && other.opened.as_ref().and_then(|o| o.person.as_ref()) != opening.person.as_ref();
            is_anothers
                && filed_at(other).is_some_and(|filed| filed < arrived)
                && self.apart(number, *later).is_some()
        })
    }

    /// The declined report that was the first of a filed case's problem.
    fn credited_instead_of(&self, filed: usize) -> Option<usize> {
        self.opened[filed].0.number.as_ref()?;
        (0..filed).find(|earlier| {
            self.opened[*earlier].0.phase == Phase::Declined
                && self.apart(*earlier, filed).is_some()
                && self.filed_instead(*earlier) == Some(filed)
        })
    }

    /// The filed case for which a declined report has the credit.
    fn credited_for(&self, number: usize) -> Option<&'c CaseState> {
        let filed = self.filed_instead(number)?;
        (self.credited_instead_of(filed) == Some(number)).then(|| self.opened[filed].0)
    }
}

/// When the hub stamped a report.
fn stamped_at(case: &CaseState, opening: &Opening) -> Option<UtcMs> {
    let event = case.events.iter().find(|event| event.op == opening.op)?;
    event.hub_time
}

/// When the hub stamped the filing of a case.
fn filed_at(case: &CaseState) -> Option<UtcMs> {
    case.number.as_ref()?;
    let is_filing =
        |event: &&Event| event.what == Action::File.as_str() && event.outcome == Outcome::Effective;
    case.events.iter().find(is_filing)?.hub_time
}

fn is_by(case: &CaseState, person: &PersonId) -> bool {
    let opening = case.opened.as_ref();
    opening.and_then(|opening| opening.person.as_ref()) == Some(person)
}

/// The case that showed each photo first, by the time at which it was added: a picture that
/// somebody adds to an older case later was not there before.
fn first_seen(opened: &[(&CaseState, &Opening)]) -> BTreeMap<Hash, CaseId> {
    let mut shown = Vec::new();
    for (case, opening) in opened {
        for of in case.photos() {
            let added = case.events.iter().find(|event| event.op == of.op);
            let at = added.map_or(opening.at, |event| event.at);
            shown.push((at, case.case_id, of.photo.hash));
        }
    }
    shown.sort_unstable();
    let mut first = BTreeMap::new();
    for (_, case_id, photo) in shown {
        first.entry(photo).or_insert(case_id);
    }
    first
}

/// When a case ended: by the move that ended it, whatever was said of it afterwards.
fn ended(case: &CaseState) -> Option<UtcMs> {
    let is_over = matches!(
        case.phase,
        Phase::Closed | Phase::Declined | Phase::Withdrawn
    );
    let ends = [Action::Close, Action::Decline, Action::Withdraw].map(Action::as_str);
    let last = case
        .events
        .iter()
        .filter(|event| event.outcome == Outcome::Effective && ends.contains(&event.what))
        .map(|event| event.at.ms)
        .max();
    last.filter(|_| is_over)
}

fn place_of(case: &CaseState) -> Option<LatLon> {
    match &case.register(Field::Place)?.winner()?.value {
        FieldValue::Place(place) => place.position(),
        _ => None,
    }
}

/// Problems confirmed as missed, of all that were filed in the cells of the shift: those that
/// were reported while it lasted, and those that a supervisor names as missed in it.
pub(super) fn missed_of(
    inputs: &ReviewInputs<'_>,
    shift: &Shift,
    until: UtcMs,
    decided: &Decided,
) -> Counted {
    let mut counted = Counted::default();
    for case in inputs.cases.iter().filter(|case| case.number.is_some()) {
        let is_missed = decided.missed.contains(&case.case_id);
        // It counts once in a period: in the shift in which it was missed.
        if !is_missed && decided.missed_elsewhere.contains(&case.case_id) {
            continue;
        }
        let is_then = case
            .opened
            .as_ref()
            .is_some_and(|opened| opened.at.ms >= shift.from && opened.at.ms < until);
        let is_here = case.grid().is_some_and(|grid| shift.grids.contains(&grid));
        if !(is_missed || (is_then && is_here)) {
            continue;
        }
        counted.denominator += 1;
        if is_missed {
            counted.numerator += 1;
            counted.cases.push(case.case_id.to_string());
        }
    }
    // The same wherever the cases come from.
    counted.cases.sort();
    counted
}

/// Looks at the checks that a person answered from `from` until before `to`.
///
/// A check is due from the moment at which it was delivered. The log knows of no delivery
/// yet: the latest is taken that it allows, the last session with the hub before the answer,
/// so that nobody is late for what they had not received.
pub(super) fn checks_of(
    inputs: &ReviewInputs<'_>,
    times: &TrustedTimes,
    person: &PersonId,
    from: UtcMs,
    to: UtcMs,
) -> Checks {
    let mut checks = Checks::default();
    let limit_ms = u64::from(inputs.packs.policy.check_limit_s) * 1000;
    for case in &inputs.cases {
        for (number, event) in case.events.iter().enumerate() {
            let is_check =
                event.what == Action::Check.as_str() || event.what == Action::Rework.as_str();
            let is_own =
                event.person.as_ref() == Some(person) && event.outcome == Outcome::Effective;
            if !is_check || !is_own || event.at.ms < from || event.at.ms >= to {
                continue;
            }
            let delivered = delivered_at(event, &case.events[..number]);
            let (answered, due) = (times.span_of(event), delivered.plus_ms(limit_ms));
            if answered.latest() <= due {
                checks.on_time.denominator += 1;
                checks.on_time.numerator += 1;
                checks.on_time.cases.push(case.case_id.to_string());
            } else if answered.earliest() > due {
                checks.on_time.denominator += 1;
            } else {
                checks.undecided.push(Undecided {
                    case_id: case.case_id.to_string(),
                    what: event.what,
                    person: Some(person.to_string()),
                    earliest: inputs.packs.local(answered.earliest()),
                    latest: inputs.packs.local(answered.latest()),
                    due: Some(inputs.packs.local(due)),
                });
            }
            checks.in_hand.push(Excused {
                from: delivered,
                to: event.at.ms,
                reason: Excused::TASK.to_owned(),
            });
        }
    }
    // The same wherever the cases come from.
    checks.on_time.cases.sort();
    checks
        .undecided
        .sort_by(|a, b| (&a.earliest, &a.case_id).cmp(&(&b.earliest, &b.case_id)));
    checks
}

fn delivered_at(answer: &Event, before: &[Event]) -> UtcMs {
    let handed_back = before
        .iter()
        .rev()
        .find(|event| event.what == Action::Handle.as_str() && event.outcome == Outcome::Effective)
        .map_or(answer.at.ms, |event| event.hub_time.unwrap_or(event.at.ms));
    answer
        .last_hub_time
        .map_or(handed_back, |session| session.max(handed_back))
        .min(answer.at.ms)
}
