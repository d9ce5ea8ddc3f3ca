//! A verdict as a person sees it: where it stands, every version, every appeal, and what was
//! decided beside it. Inspector, supervisor and hub see the same.

use serde::Serialize;

use super::Period;
use crate::model::identifiers::Hash;
use crate::model::time::UtcMs;
use crate::model::verdict::{Grade, Score};
use crate::oplog::fold::Outcome;
use crate::oplog::sign::hash_of;
use crate::oplog::verdict::{Act, Decisions, Dossier};
use crate::oplog::verdict_act::{Exemption, Publication, VerdictAct};
use crate::rules::verdict::Verdict;
use crate::rules::verdict_state::{
    AppealFacts, AppealStanding, DecisionFacts, VerdictPhase, VerdictState, VersionFacts, cut_off,
    verdict_state,
};
use crate::services::review::{
    Packs, PeriodVerdict, ReviewInputs, ReviewScope, gather, period_verdict, review,
};
use crate::services::{Context, ServiceError};

/// Everything about the verdict of one person and period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictView {
    /// The person.
    pub person: String,
    /// The beginning of the period, in the city's time.
    pub from: String,
    /// The end.
    pub to: String,
    /// When it was looked at.
    pub as_of: String,
    /// `draft`, `published`, `appealed` or `final`.
    pub state: VerdictPhase,
    /// When the period closes; nothing where the calendar does not reach.
    pub cut_off: Option<String>,
    /// What it comes to by what this store knows; nothing where no shift was worked.
    pub draft: Option<DraftView>,
    /// True when the latest version comes out the same again, by the time at which it was
    /// computed; nothing before one is published.
    pub recomputes: Option<bool>,
    /// Every version, the ineffective among them.
    pub versions: Vec<VersionView>,
    /// Findings, deductions and exemptions that concern the person.
    pub acts: Vec<ActView>,
}

/// A verdict that is not published.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DraftView {
    /// The score.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<Grade>,
    /// The hash of what it was made from.
    pub inputs: String,
    /// How many shifts there are.
    pub shifts: usize,
}

/// A published version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionView {
    /// Its number.
    pub version: u32,
    /// The operation.
    pub op: String,
    /// Who published it.
    pub by: Option<String>,
    /// When the hub stamped it, in the city's time; until then when it was sealed.
    pub published: String,
    /// When it was computed.
    pub as_of: String,
    /// The score.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<String>,
    /// The hash of what it was made from.
    pub inputs: String,
    /// The policy pack.
    pub policy: Option<String>,
    /// The hash of what the verdict comes to.
    pub verdict: String,
    /// `effective`, `ineffective`, `refused`, `waiting` or `unread`.
    pub outcome: &'static str,
    /// Why, when it did not take effect.
    pub reason: Option<String>,
    /// True until the hub has stamped it.
    pub provisional: bool,
    /// True when it was published before the period closed.
    pub before_cut_off: bool,
    /// Until when it may be appealed against.
    pub appeal_until: Option<String>,
    /// The appeals against it.
    pub appeals: Vec<AppealView>,
}

/// An appeal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AppealView {
    /// The operation.
    pub op: String,
    /// Who appealed.
    pub by: Option<String>,
    /// When, by the time that counts.
    pub at: String,
    /// Why; nothing where it was erased.
    pub reason: Option<String>,
    /// `pending`, `rejected`, `upheld`, `too_late`, `already_appealed`; for one that did not
    /// take effect its outcome or the reason of it.
    pub standing: String,
    /// True until the hub has stamped it.
    pub provisional: bool,
    /// How it was decided.
    pub decision: Option<DecisionView>,
}

/// A decision on an appeal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionView {
    /// The operation.
    pub op: String,
    /// Who decided.
    pub by: Option<String>,
    /// When.
    pub at: String,
    /// True when the appeal was upheld.
    pub upheld: bool,
    /// Why.
    pub reason: Option<String>,
    /// The exemptions that follow.
    pub exemptions: Vec<String>,
}

/// A finding, a deduction or an exemption.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActView {
    /// The operation.
    pub op: String,
    /// `find`, `deduct` or `exempt`.
    pub what: &'static str,
    /// The reason's key.
    pub reason: String,
    /// True when it is for everybody.
    pub everybody: bool,
    /// What it rests on or exempts: a case, a photo, a stretch, a time, an operation.
    pub about: String,
    /// Points taken off, in hundredths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points_hundredths: Option<u32>,
    /// Who decided it.
    pub by: Option<String>,
    /// When, by the time that counts.
    pub at: String,
    /// The supervisor's words.
    pub note: Option<String>,
    /// True while it counts.
    pub holds: bool,
    /// `effective`, `ineffective`, `refused`, `waiting` or `unread`.
    pub outcome: &'static str,
    /// True until the hub has stamped it.
    pub provisional: bool,
}

/// A verdict in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictLine {
    /// The person.
    pub person: String,
    /// The beginning of the period, in the city's time.
    pub from: String,
    /// The end.
    pub to: String,
    /// Where it stands.
    pub state: VerdictPhase,
    /// The latest version.
    pub version: u32,
    /// Its score.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<String>,
    /// Until when it may be appealed against.
    pub appeal_until: Option<String>,
    /// Appeals that wait for their decision.
    pub pending: Vec<String>,
}

/// Where the verdict of a period stands, with the publications that took effect.
#[must_use]
pub fn state_of<'d>(
    dossier: &'d Dossier,
    (from, to): (UtcMs, UtcMs),
    packs: &Packs,
    as_of: UtcMs,
) -> (VerdictState, Vec<&'d Act>) {
    let by_then = |act: &&Act| act.is_effective() && act.at.ms <= as_of;
    let versions = dossier.chain(from, to, as_of);
    let place = |act: &Act| dossier.acts().iter().position(|other| other.op == act.op);
    let last = versions.last().copied().and_then(place);
    let facts: Vec<_> = versions
        .iter()
        .map(|version| VersionFacts {
            published: version.hub_time.unwrap_or(version.at.ms),
            appeals: dossier
                .appeals(version.op)
                .filter(by_then)
                .map(|appeal| AppealFacts {
                    at: appeal.at.ms,
                    decision: decision_on(dossier, appeal)
                        .filter(by_then)
                        .map(|decision| DecisionFacts {
                            is_upheld: is_upheld(decision),
                            is_answered: last > place(decision),
                        }),
                })
                .collect(),
        })
        .collect();
    let window = packs.policy.appeal_window_working_days;
    let state = verdict_state(&facts, window, &packs.clock, as_of);
    (state, versions)
}

/// The decision that counts for an appeal.
fn decision_on<'d>(dossier: &'d Dossier, appeal: &Act) -> Option<&'d Act> {
    dossier.decisions(appeal.op).find(|act| act.is_effective())
}

fn is_upheld(decision: &Act) -> bool {
    matches!(
        decision.act,
        VerdictAct::Decide {
            is_upheld: true,
            ..
        }
    )
}

/// A verdict computed from what a store knows, with what it was computed by.
pub(super) struct Computed {
    pub(super) packs: Packs,
    pub(super) decisions: Decisions,
    pub(super) found: Option<PeriodVerdict>,
}

/// Computes the verdict of a period by what this store knows.
pub(super) fn compute(
    context: &Context<'_>,
    period: &Period,
    as_of: UtcMs,
    utc_offset_min: i32,
) -> Result<Computed, ServiceError> {
    let mut scope = ReviewScope::try_new(period.from, period.to, as_of)?;
    scope.person = Some(period.person.clone());
    let (zone, packs, cases, patrols, decisions) =
        gather(context, period.from, period.to, utc_offset_min)?;
    let inputs = ReviewInputs {
        zone: &zone,
        packs: &packs,
        cases,
        patrols,
        decisions,
    };
    let found = period_verdict(&review(&scope, &inputs), &period.person);
    let decisions = inputs.decisions;
    Ok(Computed {
        packs,
        decisions,
        found,
    })
}

/// BLAKE3 of what a verdict comes to, as docs/formats/commit.md §4 spells it. A spelling of
/// its own, so that a later version may tell more of a verdict and still find the same hash.
pub(super) fn hash_of_verdict(verdict: &Verdict) -> Hash {
    let parts = verdict.parts.iter();
    let deductions = verdict.deductions.iter();
    let vetoes = verdict.vetoes.iter();
    let spelled = serde_json::json!([
        "bading/verdict/1",
        verdict.policy_version,
        verdict.score,
        verdict.grade,
        parts
            .map(|part| serde_json::json!([part.key, part.score, part.weight_permille]))
            .collect::<Vec<_>>(),
        deductions
            .map(|d| serde_json::json!([d.reason, d.points_hundredths, d.what]))
            .collect::<Vec<_>>(),
        vetoes
            .map(|veto| serde_json::json!([veto.reason, veto.what]))
            .collect::<Vec<_>>(),
        verdict.cap.as_ref().map(|applied| applied.cap),
    ]);
    hash_of(spelled.to_string().as_bytes())
}

/// True when a publication says what was computed.
pub(super) fn says(publication: &Publication, found: &PeriodVerdict) -> bool {
    publication.inputs == found.inputs && publication.verdict == hash_of_verdict(&found.verdict)
}

/// Everything about the verdict of one person and period, by what this store knows.
///
/// - `utc_offset_min`: the city's, where no calendar is in force.
///
/// # Errors
/// [`ServiceError::ReviewSpan`] for a period that is none, [`ServiceError::Store`].
pub fn show(
    context: &Context<'_>,
    period: &Period,
    as_of: UtcMs,
    utc_offset_min: i32,
) -> Result<VerdictView, ServiceError> {
    let computed = compute(context, period, as_of, utc_offset_min)?;
    let dossier = computed.decisions.of(&period.person);
    let chain = dossier.map(|dossier| dossier.chain(period.from, period.to, as_of));
    let latest = chain.as_ref().and_then(|chain| chain.last());
    let recomputes = match latest.and_then(|act| act.publication()) {
        None => None,
        Some(publication) => {
            let again = compute(context, period, publication.as_of, utc_offset_min)?;
            Some(again.found.is_some_and(|found| says(publication, &found)))
        }
    };
    Ok(view(period, as_of, &computed, recomputes))
}

fn view(
    period: &Period,
    as_of: UtcMs,
    computed: &Computed,
    recomputes: Option<bool>,
) -> VerdictView {
    let packs = &computed.packs;
    let closes = cut_off(period.to, packs.policy.cut_off_working_days, &packs.clock).ok();
    let dossier = computed.decisions.of(&period.person);
    let span = (period.from, period.to);
    let state = dossier.map(|dossier| state_of(dossier, span, packs, as_of));
    let phase = state.as_ref().map_or(VerdictPhase::Draft, |(s, _)| s.phase);
    let versions = dossier.map_or_else(Vec::new, |dossier| {
        let versions = dossier.versions(period.from, period.to);
        versions
            .filter(|act| act.at.ms <= as_of)
            .filter_map(|act| version_view(dossier, act, packs, state.as_ref(), (closes, as_of)))
            .collect()
    });
    let holding = computed.decisions.holding(&period.person, as_of);
    let everybody =
        computed.decisions.dossiers().iter().filter(|dossier| {
            dossier.subject == crate::oplog::body::Subject::verdicts_of_everybody()
        });
    let acts = dossier
        .into_iter()
        .chain(everybody)
        .flat_map(Dossier::acts)
        .filter(|act| act.at.ms <= as_of)
        .filter_map(|act| act_view(act, packs, holding.iter().any(|held| held.op == act.op)))
        .collect();
    VerdictView {
        person: period.person.to_string(),
        from: packs.local(period.from),
        to: packs.local(period.to),
        as_of: packs.local(as_of),
        state: phase,
        cut_off: closes.map(|at| packs.local(at)),
        draft: computed.found.as_ref().map(|found| DraftView {
            score: found.verdict.score,
            grade: found.verdict.grade,
            inputs: found.inputs.to_string(),
            shifts: found.shifts,
        }),
        recomputes,
        versions,
        acts,
    }
}

fn version_view(
    dossier: &Dossier,
    act: &Act,
    packs: &Packs,
    state: Option<&(VerdictState, Vec<&Act>)>,
    (closes, as_of): (Option<UtcMs>, UtcMs),
) -> Option<VersionView> {
    let publication = act.publication()?;
    let (outcome, reason) = outcome_of(&act.outcome);
    let found = state.and_then(|(state, versions)| {
        let at = versions.iter().position(|version| version.op == act.op)?;
        state.versions.get(at)
    });
    let standings = found.map_or(&[][..], |found| &found.appeals);
    let published = act.hub_time.unwrap_or(act.at.ms);
    let mut counted = standings.iter();
    let appeals = dossier
        .appeals(act.op)
        .filter(|appeal| appeal.at.ms <= as_of)
        .map(|appeal| {
            let standing = appeal.is_effective().then(|| counted.next()).flatten();
            appeal_view(dossier, appeal, standing, packs)
        })
        .collect();
    Some(VersionView {
        version: publication.version,
        op: act.op.to_string(),
        by: act.by.as_ref().map(ToString::to_string),
        published: packs.local(published),
        as_of: packs.local(publication.as_of),
        score: publication.score,
        grade: publication.grade.as_ref().map(ToString::to_string),
        inputs: publication.inputs.to_string(),
        policy: publication.policy.map(|policy| policy.to_string()),
        verdict: publication.verdict.to_string(),
        outcome,
        reason,
        provisional: act.is_provisional(),
        before_cut_off: closes.is_some_and(|closes| published < closes),
        appeal_until: found
            .and_then(|found| found.appeal_until)
            .map(|at| packs.local(at)),
        appeals,
    })
}

fn appeal_view(
    dossier: &Dossier,
    appeal: &Act,
    standing: Option<&AppealStanding>,
    packs: &Packs,
) -> AppealView {
    let decision = decision_on(dossier, appeal).map(|decision| DecisionView {
        op: decision.op.to_string(),
        by: decision.by.as_ref().map(ToString::to_string),
        at: packs.local(decision.at.ms),
        upheld: is_upheld(decision),
        reason: decision.text.clone(),
        exemptions: dossier
            .acts()
            .iter()
            .filter(|act| act.under == Some(decision.op))
            .map(|act| act.op.to_string())
            .collect(),
    });
    let standing = standing.map(|standing| key_of(*standing).to_owned());
    AppealView {
        op: appeal.op.to_string(),
        by: appeal.by.as_ref().map(ToString::to_string),
        at: packs.local(appeal.at.ms),
        reason: appeal.text.clone(),
        standing: standing.unwrap_or_else(|| {
            let (outcome, reason) = outcome_of(&appeal.outcome);
            reason.unwrap_or_else(|| outcome.to_owned())
        }),
        provisional: appeal.is_provisional(),
        decision,
    }
}

/// The key of an appeal's standing in JSON.
pub(super) fn key_of(standing: AppealStanding) -> &'static str {
    match standing {
        AppealStanding::Pending => "pending",
        AppealStanding::Rejected => "rejected",
        AppealStanding::Upheld => "upheld",
        AppealStanding::TooLate => "too_late",
        AppealStanding::AlreadyAppealed => "already_appealed",
    }
}

fn outcome_of(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::Effective => ("effective", None),
        Outcome::Ineffective(why) => ("ineffective", Some((*why).to_owned())),
        Outcome::Refused(why) => ("refused", Some(why.clone())),
        Outcome::Waiting(why) => ("waiting", Some(why.clone())),
        Outcome::Unread => ("unread", None),
    }
}

fn act_view(act: &Act, packs: &Packs, holds: bool) -> Option<ActView> {
    let (reason, about, points_hundredths) = match &act.act {
        VerdictAct::Find {
            reason,
            case,
            photo,
            ..
        } => {
            let what = [
                case.map(|case| format!("case {case}")),
                photo.map(|photo| format!("photo {photo}")),
            ];
            let what: Vec<_> = what.into_iter().flatten().collect();
            (reason, what.join(", "), None)
        }
        VerdictAct::Deduct {
            reason,
            points_hundredths,
            at,
            case,
            ..
        } => {
            let what = case.map(|case| format!("case {case}"));
            let what = what.unwrap_or_else(|| packs.local(*at));
            (reason, what, Some(*points_hundredths))
        }
        VerdictAct::Exempt { reason, what, .. } => (reason, told(what, packs), None),
        _ => return None,
    };
    let (outcome, _) = outcome_of(&act.outcome);
    Some(ActView {
        op: act.op.to_string(),
        what: act.act.as_str(),
        reason: reason.to_string(),
        everybody: matches!(act.act, VerdictAct::Exempt { person: None, .. }),
        about,
        points_hundredths,
        by: act.by.as_ref().map(ToString::to_string),
        at: packs.local(act.at.ms),
        note: act.text.clone(),
        holds,
        outcome,
        provisional: act.is_provisional(),
    })
}

fn told(what: &Exemption, packs: &Packs) -> String {
    match what {
        Exemption::Stretch {
            route,
            from_mm,
            to_mm,
            from,
            to,
        } => format!(
            "route {route} {}.{:03}-{}.{:03} m, {} to {}",
            from_mm / 1000,
            from_mm % 1000,
            to_mm / 1000,
            to_mm % 1000,
            packs.local(*from),
            packs.local(*to)
        ),
        Exemption::Time { from, to } => {
            format!("time {} to {}", packs.local(*from), packs.local(*to))
        }
        Exemption::Overtime(case) => format!("overtime of case {case}"),
        Exemption::Act(op) => format!("operation {op}"),
    }
}

/// The verdicts that were published, by person and period.
#[must_use]
pub fn lines_of(decisions: &Decisions, packs: &Packs, as_of: UtcMs) -> Vec<VerdictLine> {
    let mut lines = Vec::new();
    for dossier in decisions.dossiers() {
        for span in dossier.periods() {
            let (state, versions) = state_of(dossier, span, packs, as_of);
            let (Some(latest), Some(window)) = (versions.last(), state.versions.last()) else {
                continue;
            };
            let Some(publication) = latest.publication() else {
                continue;
            };
            let pending = versions
                .iter()
                .zip(&state.versions)
                .flat_map(|(version, state)| {
                    let appeals = dossier.appeals(version.op);
                    let counted = appeals.filter(|act| act.is_effective() && act.at.ms <= as_of);
                    counted
                        .zip(&state.appeals)
                        .filter(|(_, standing)| **standing == AppealStanding::Pending)
                        .map(|(appeal, _)| appeal.op.to_string())
                });
            lines.push((
                (publication.person.clone(), span),
                VerdictLine {
                    person: publication.person.to_string(),
                    from: packs.local(span.0),
                    to: packs.local(span.1),
                    state: state.phase,
                    version: publication.version,
                    score: publication.score,
                    grade: publication.grade.as_ref().map(ToString::to_string),
                    appeal_until: window.appeal_until.map(|at| packs.local(at)),
                    pending: pending.collect(),
                },
            ));
        }
    }
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    lines.into_iter().map(|(_, line)| line).collect()
}
