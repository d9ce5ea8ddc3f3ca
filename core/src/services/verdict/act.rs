//! Deciding, publishing and appealing: each one commit, judged here as the hub will judge it.

use serde::Serialize;

use super::view::{compute, hash_of_verdict, key_of, says, state_of};
use super::{Period, VerdictError};
use crate::model::case::{CaseId, OpId};
use crate::model::identifiers::{GradeKey, Hash, PersonId, ReasonKey};
use crate::model::person::Authority;
use crate::model::time::UtcMs;
use crate::model::verdict::Score;
use crate::oplog::body::{Body, BodyBuilder, Kind, Subject};
use crate::oplog::fold::CaseState;
use crate::oplog::judge::{Refusal, judge_verdicts, may_appeal, may_decide_about};
use crate::oplog::verdict::{Act, Dossier};
use crate::oplog::verdict_act::{
    Exemption, MAX_DEDUCTION_HUNDREDTHS, MAX_EXEMPTIONS, Publication, VerdictAct,
};
use crate::rules::deadline::DeadlineError;
use crate::rules::verdict_state::{AppealStanding, VerdictPhase, appeal_until, cut_off};
use crate::services::capture::check_text;
use crate::services::reference::POLICY;
use crate::services::review::{Packs, packs_of};
use crate::services::{Context, ServiceError, log};
use crate::storage::Tx;
use crate::storage::reference::Setting;

/// What an act gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acted {
    /// The operation, which later acts name.
    pub op: String,
    /// The commit that seals it.
    pub commit: String,
    /// Whom it is about; nobody for everybody.
    pub person: Option<String>,
    /// What was done.
    pub what: &'static str,
}

/// What a publication gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Published {
    /// The person.
    pub person: String,
    /// The beginning of the period, in the city's time.
    pub from: String,
    /// The end.
    pub to: String,
    /// The version's number.
    pub version: u32,
    /// False when this verdict from these inputs was the latest version already.
    pub new: bool,
    /// The operation.
    pub op: String,
    /// The score.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<String>,
    /// The hash of what it was made from.
    pub inputs: String,
    /// The hash of what the verdict comes to.
    pub verdict: String,
    /// Where it stands.
    pub state: VerdictPhase,
    /// Until when it may be appealed against, if the hub had it now.
    pub appeal_until: Option<String>,
}

/// A fact that is confirmed against somebody.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Against whom.
    pub person: PersonId,
    /// What: `forged_photo`.
    pub reason: ReasonKey,
    /// The case.
    pub case: Option<CaseId>,
    /// The photo.
    pub photo: Option<Hash>,
    /// When it was done; without it, when the photo or the report was made.
    pub at: Option<UtcMs>,
    /// More about it.
    pub note: Option<String>,
}

/// Points that are taken off.
#[derive(Debug, Clone)]
pub struct Deducting {
    /// From whom.
    pub person: PersonId,
    /// Why.
    pub reason: ReasonKey,
    /// How much, in hundredths of a point.
    pub points_hundredths: u32,
    /// When it was done; without it, when the case was reported.
    pub at: Option<UtcMs>,
    /// The case that it rests on.
    pub case: Option<CaseId>,
    /// More about it.
    pub note: Option<String>,
}

/// What does not count any more.
#[derive(Debug, Clone)]
pub struct Exempting {
    /// For whom; nobody for everybody.
    pub person: Option<PersonId>,
    /// Why.
    pub reason: ReasonKey,
    /// What.
    pub what: Exemption,
    /// More about it.
    pub note: Option<String>,
}

/// A decision on an appeal.
#[derive(Debug, Clone)]
pub struct AppealDecision {
    /// The appeal.
    pub appeal: OpId,
    /// True when it is upheld.
    pub is_upheld: bool,
    /// What no longer counts; a decision that upholds has at least one, another none.
    pub exemptions: Vec<Exemption>,
    /// Why.
    pub reason: String,
}

/// Now, and not before the last that a hub told this device.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn now(context: &Context<'_>) -> Result<UtcMs, ServiceError> {
    context.store.read(|tx| now_in(tx, context))
}

/// Now, and not before the last that a hub told this device: a clock that runs behind must
/// not leave out what was decided already.
fn now_in(tx: &Tx<'_>, context: &Context<'_>) -> Result<UtcMs, ServiceError> {
    let told = log::read_time(tx, Setting::LastHubTime)?.unwrap_or_default();
    Ok(context.host.now().wall.max(told))
}

/// Publishes the verdict of a person and period as this store computes it; the same verdict
/// from the same inputs is not published again.
///
/// # Errors
/// [`VerdictError`]: no shift, before the cut-off, no calendar, an appeal undecided;
/// [`ServiceError::Refused`] for somebody who may not.
pub fn publish(
    context: &Context<'_>,
    period: &Period,
    utc_offset_min: i32,
) -> Result<Published, ServiceError> {
    let subject = Subject::verdicts_of(&period.person);
    // Asked first, so that nobody computes for minutes what they may not publish.
    let as_of = context.store.read(|tx| {
        let authority = log::own_authority(tx)?;
        may_decide_about(&authority, subject)
            .map_err(|refusal| not_enrolled_or(&authority, refusal))?;
        now_in(tx, context)
    })?;
    let computed = compute(context, period, as_of, utc_offset_min)?;
    let packs = &computed.packs;
    let local = |at: UtcMs| packs.local(at);
    let closes = cut_off(period.to, packs.policy.cut_off_working_days, &packs.clock)
        .map_err(|why| calendar("cut-off", &why))?;
    if as_of < closes {
        return Err(VerdictError::BeforeCutOff {
            ends: local(period.to),
            closes: local(closes),
        }
        .into());
    }
    let found = computed
        .found
        .as_ref()
        .ok_or_else(|| VerdictError::NoShift {
            person: period.person.clone(),
            from: local(period.from),
            to: local(period.to),
        })?;
    context.store.write(|tx| {
        let dossier = log::dossier(tx, &context.device(), subject)?;
        let span = (period.from, period.to);
        let (state, _) = state_of(&dossier, span, packs, as_of);
        // A colleague's clock may run some minutes ahead: the next version builds on all.
        let versions = dossier.chain(period.from, period.to, UtcMs::MAX);
        let latest = versions
            .last()
            .and_then(|act| Some((*act, act.publication()?)));
        if let Some((act, publication)) = latest
            && says(publication, found)
        {
            let until = state.versions.last().and_then(|v| v.appeal_until);
            return Ok(told(publication, act.op, state.phase, until, packs, false));
        }
        if let Some(open) = pending_appeal(&dossier, &versions, packs, as_of) {
            return Err(VerdictError::AppealPending(open).into());
        }
        let grade = found.verdict.grade.map(|grade| format!("{grade:?}"));
        let publication = Publication {
            person: period.person.clone(),
            from: period.from,
            to: period.to,
            as_of,
            inputs: found.inputs,
            policy: packs.names().get(POLICY).and_then(|hash| hash.parse().ok()),
            score: found.verdict.score,
            grade: grade.and_then(|grade| GradeKey::parse(&grade).ok()),
            verdict: hash_of_verdict(&found.verdict),
            version: latest.map_or(1, |(_, publication)| publication.version.saturating_add(1)),
            basis: latest.map(|(act, _)| act.op),
        };
        let mut body = BodyBuilder::new();
        let kind = VerdictAct::Publish(Box::new(publication.clone()));
        let index = body.push(subject, Kind::Verdict(kind));
        let op = seal(tx, context, subject, &body.finish(), index)?;
        let window = packs.policy.appeal_window_working_days;
        let until = appeal_until(as_of, window, &packs.clock).ok();
        let phase = VerdictPhase::Published;
        Ok(told(&publication, op, phase, until, packs, true))
    })
}

fn told(
    publication: &Publication,
    op: OpId,
    state: VerdictPhase,
    until: Option<UtcMs>,
    packs: &Packs,
    new: bool,
) -> Published {
    Published {
        person: publication.person.to_string(),
        from: packs.local(publication.from),
        to: packs.local(publication.to),
        version: publication.version,
        new,
        op: op.to_string(),
        score: publication.score,
        grade: publication.grade.as_ref().map(ToString::to_string),
        inputs: publication.inputs.to_string(),
        verdict: publication.verdict.to_string(),
        state,
        appeal_until: until.map(|at| packs.local(at)),
    }
}

/// An appeal of a period that waits for its decision.
fn pending_appeal(
    dossier: &Dossier,
    versions: &[&Act],
    packs: &Packs,
    as_of: UtcMs,
) -> Option<OpId> {
    let appeals = versions
        .iter()
        .flat_map(|version| dossier.appeals(version.op));
    appeals
        .filter(|appeal| {
            standing_of(dossier, appeal, packs, as_of) == Some(AppealStanding::Pending)
        })
        .map(|appeal| appeal.op)
        .next()
}

/// What became of an appeal, by the rules of time; nothing for one that took no effect.
fn standing_of(
    dossier: &Dossier,
    appeal: &Act,
    packs: &Packs,
    as_of: UtcMs,
) -> Option<AppealStanding> {
    let VerdictAct::Appeal { publication, .. } = appeal.act else {
        return None;
    };
    let published = dossier.act(&publication)?.publication()?;
    let (state, versions) = state_of(dossier, (published.from, published.to), packs, as_of);
    let place = versions.iter().position(|act| act.op == publication)?;
    let mut counted = dossier
        .appeals(publication)
        .filter(|act| act.is_effective() && act.at.ms <= as_of);
    let number = counted.position(|act| act.op == appeal.op)?;
    state.versions[place].appeals.get(number).copied()
}

/// Appeals against the verdict of a period; only the person concerned may.
///
/// # Errors
/// [`VerdictError`]: nothing published, the window over, appealed before;
/// [`ServiceError::Refused`] for anybody else.
pub fn appeal(
    context: &Context<'_>,
    period: &Period,
    reason: &str,
    utc_offset_min: i32,
) -> Result<Acted, ServiceError> {
    check_text("reason", Some(reason))?;
    let subject = Subject::verdicts_of(&period.person);
    context.store.write(|tx| {
        let authority = log::own_authority(tx)?;
        may_appeal(&authority, subject).map_err(|refusal| not_enrolled_or(&authority, refusal))?;
        let as_of = now_in(tx, context)?;
        let packs = packs_of(tx, utc_offset_min)?;
        let dossier = log::dossier(tx, &context.device(), subject)?;
        let (state, versions) = state_of(&dossier, (period.from, period.to), &packs, as_of);
        let (Some(act), Some(window)) = (versions.last(), state.versions.last()) else {
            return Err(VerdictError::NotPublished {
                person: period.person.clone(),
                from: packs.local(period.from),
                to: packs.local(period.to),
            }
            .into());
        };
        if let Some(until) = window.appeal_until.filter(|until| as_of > *until) {
            return Err(VerdictError::WindowClosed(packs.local(until)).into());
        }
        if !window.appeals.is_empty() {
            let version = act.publication().map_or(0, |p| p.version);
            return Err(VerdictError::AlreadyAppealed(version).into());
        }
        let mut body = BodyBuilder::new();
        let reason = body.text(reason, context.nonce());
        let kind = VerdictAct::Appeal {
            publication: act.op,
            reason,
        };
        one(tx, context, subject, Some(&period.person), body, kind)
    })
}

/// Decides on an appeal; one that is upheld names what no longer counts.
///
/// # Errors
/// [`VerdictError`]: no such appeal, not open, exemptions where there should be none or none
/// where there should be; [`ServiceError::Refused`].
pub fn decide(
    context: &Context<'_>,
    given: &AppealDecision,
    utc_offset_min: i32,
) -> Result<Acted, ServiceError> {
    check_text("reason", Some(&given.reason))?;
    let is_within = given.exemptions.len() <= MAX_EXEMPTIONS;
    if given.is_upheld == given.exemptions.is_empty() || !is_within {
        return Err(VerdictError::Exemptions.into());
    }
    given.exemptions.iter().try_for_each(check_exemption)?;
    context.store.write(|tx| {
        let missing = || VerdictError::NoSuchAppeal(given.appeal);
        let decisions = log::decisions(tx, &context.device())?;
        let holds = |dossier: &&Dossier| dossier.act(&given.appeal).is_some();
        let dossier = decisions
            .dossiers()
            .iter()
            .find(holds)
            .ok_or_else(missing)?;
        let appeal = dossier.act(&given.appeal).ok_or_else(missing)?;
        let packs = packs_of(tx, utc_offset_min)?;
        let standing = standing_of(dossier, appeal, &packs, now_in(tx, context)?);
        if standing != Some(AppealStanding::Pending) {
            let standing = standing.map_or("without effect", key_of).to_owned();
            let op = given.appeal;
            return Err(VerdictError::NotOpen { op, standing }.into());
        }
        for exemption in &given.exemptions {
            if let Exemption::Act(op) = exemption {
                check_act(dossier, op, is_fact, "finding or deduction")?;
            }
        }
        let VerdictAct::Appeal { publication, .. } = appeal.act else {
            return Err(missing().into());
        };
        let published = dossier.act(&publication).and_then(Act::publication);
        let published = published.ok_or_else(missing)?;
        let person = Some(published.person.clone());
        let within: Vec<_> = given
            .exemptions
            .iter()
            .map(|e| within(e, published))
            .collect();
        within.iter().try_for_each(check_exemption)?;
        let mut body = BodyBuilder::new();
        let upheld: ReasonKey = "appeal_upheld".parse().expect("a reason's key");
        let exemptions = within
            .into_iter()
            .map(|what| {
                let kind = VerdictAct::Exempt {
                    person: person.clone(),
                    reason: upheld.clone(),
                    what,
                    note: None,
                };
                body.push(dossier.subject, Kind::Verdict(kind))
            })
            .collect();
        let reason = body.text(&given.reason, context.nonce());
        let kind = VerdictAct::Decide {
            appeal: given.appeal,
            is_upheld: given.is_upheld,
            exemptions,
            reason,
        };
        one(tx, context, dossier.subject, person.as_ref(), body, kind)
    })
}

/// Confirms a fact against somebody.
///
/// # Errors
/// [`VerdictError`]: no evidence, a case that is not theirs, a photo that is not the case's;
/// [`ServiceError::NoSuchCase`], [`ServiceError::Refused`].
pub fn find(context: &Context<'_>, given: &Finding) -> Result<Acted, ServiceError> {
    check_text("note", given.note.as_deref())?;
    if given.case.is_none() && given.photo.is_none() {
        return Err(VerdictError::NoEvidence.into());
    }
    context.store.write(|tx| {
        let said = match given.case {
            None => None,
            Some(case) => Some(done_at(tx, context, case, given)?),
        };
        let at = given.at.or(said).ok_or(VerdictError::NoEvidence)?;
        let mut body = BodyBuilder::new();
        let note = given.note.as_ref();
        let kind = VerdictAct::Find {
            person: given.person.clone(),
            reason: given.reason.clone(),
            at,
            case: given.case,
            photo: given.photo,
            note: note.map(|note| body.text(note, context.nonce())),
        };
        let subject = Subject::verdicts_of(&given.person);
        one(tx, context, subject, Some(&given.person), body, kind)
    })
}

/// When somebody did what is found against them: added the photo, or reported the case.
fn done_at(
    tx: &Tx<'_>,
    context: &Context<'_>,
    case_id: CaseId,
    given: &Finding,
) -> Result<UtcMs, ServiceError> {
    let case = case_of(tx, context, case_id)?;
    let is_theirs = |person: Option<&PersonId>| person == Some(&given.person);
    let theirs = || VerdictError::NotTheirs {
        case: case_id,
        person: given.person.clone(),
    };
    if let Some(photo) = &given.photo {
        let mut shown = case
            .photos()
            .filter(|of| of.photo.hash == *photo)
            .peekable();
        if shown.peek().is_none() {
            return Err(VerdictError::NotOfTheCase(case_id).into());
        }
        let own = shown.find(|of| is_theirs(of.person.as_ref()));
        let own = own.ok_or_else(theirs)?;
        let added = case.events.iter().find(|event| event.op == own.op);
        return Ok(added.ok_or_else(theirs)?.at.ms);
    }
    let opened = case.opened.as_ref();
    if let Some(opened) = opened.filter(|opened| is_theirs(opened.person.as_ref())) {
        return Ok(opened.at.ms);
    }
    let event = case
        .events
        .iter()
        .find(|event| is_theirs(event.person.as_ref()));
    Ok(event.ok_or_else(theirs)?.at.ms)
}

fn case_of(tx: &Tx<'_>, context: &Context<'_>, case_id: CaseId) -> Result<CaseState, ServiceError> {
    tx.find_case(case_id)?
        .ok_or(ServiceError::NoSuchCase(case_id))?;
    Ok(log::history(tx, &context.device(), case_id)?
        .state()
        .clone())
}

/// Takes points off.
///
/// # Errors
/// [`VerdictError::Points`], [`VerdictError::NoEvidence`] without an instant and a case,
/// [`ServiceError::NoSuchCase`], [`ServiceError::Refused`].
pub fn deduct(context: &Context<'_>, given: &Deducting) -> Result<Acted, ServiceError> {
    check_text("note", given.note.as_deref())?;
    if !(1..=MAX_DEDUCTION_HUNDREDTHS).contains(&given.points_hundredths) {
        return Err(VerdictError::Points.into());
    }
    context.store.write(|tx| {
        let said = match given.case {
            None => None,
            Some(case) => case_of(tx, context, case)?
                .opened
                .map(|opened| opened.at.ms),
        };
        let at = given.at.or(said).ok_or(VerdictError::NoEvidence)?;
        let mut body = BodyBuilder::new();
        let note = given.note.as_ref();
        let kind = VerdictAct::Deduct {
            person: given.person.clone(),
            reason: given.reason.clone(),
            points_hundredths: given.points_hundredths,
            at,
            case: given.case,
            note: note.map(|note| body.text(note, context.nonce())),
        };
        let subject = Subject::verdicts_of(&given.person);
        one(tx, context, subject, Some(&given.person), body, kind)
    })
}

/// Says that something does not count against somebody, or against anybody.
///
/// # Errors
/// [`VerdictError`]: an empty stretch or time, an operation that is no fact of the person;
/// [`ServiceError::UnknownRoute`], [`ServiceError::NoSuchCase`], [`ServiceError::Refused`].
pub fn exempt(context: &Context<'_>, given: &Exempting) -> Result<Acted, ServiceError> {
    check_text("note", given.note.as_deref())?;
    check_exemption(&given.what)?;
    let person = given.person.as_ref();
    let subject = person.map_or_else(Subject::verdicts_of_everybody, Subject::verdicts_of);
    context.store.write(|tx| {
        match &given.what {
            Exemption::Act(op) => {
                let dossier = log::dossier(tx, &context.device(), subject)?;
                check_act(
                    &dossier,
                    op,
                    is_fact,
                    "finding or deduction about the person",
                )?;
            }
            Exemption::Stretch { route, .. } => {
                let packs = packs_of(tx, 0)?;
                if packs.routes.iter().all(|known| known.code != *route) {
                    return Err(ServiceError::UnknownRoute(route.to_string()));
                }
            }
            Exemption::Overtime(case) => {
                case_of(tx, context, *case)?;
            }
            Exemption::Time { .. } => {}
        }
        let mut body = BodyBuilder::new();
        let note = given.note.as_ref();
        let kind = VerdictAct::Exempt {
            person: given.person.clone(),
            reason: given.reason.clone(),
            what: given.what.clone(),
            note: note.map(|note| body.text(note, context.nonce())),
        };
        one(tx, context, subject, person, body, kind)
    })
}

/// Takes a finding, a deduction or an exemption back: it was wrong.
///
/// # Errors
/// [`VerdictError::NoSuchAct`], [`ServiceError::Refused`].
pub fn withdraw(
    context: &Context<'_>,
    op: OpId,
    reason: Option<&str>,
) -> Result<Acted, ServiceError> {
    check_text("reason", reason)?;
    context.store.write(|tx| {
        let decisions = log::decisions(tx, &context.device())?;
        let expected = "finding, deduction or exemption that stands";
        let holds = |dossier: &&Dossier| dossier.act(&op).is_some();
        let dossier = decisions
            .dossiers()
            .iter()
            .find(holds)
            .ok_or(VerdictError::NoSuchAct { op, expected })?;
        let stands = |act: &Act| {
            let is_exemption = matches!(act.act, VerdictAct::Exempt { .. });
            (is_exemption || is_fact(act)) && act.withdrawn.is_none()
        };
        check_act(dossier, &op, stands, expected)?;
        let mut body = BodyBuilder::new();
        let kind = VerdictAct::Withdraw {
            act: op,
            reason: reason.map(|reason| body.text(reason, context.nonce())),
        };
        let person = dossier.person();
        one(tx, context, dossier.subject, person, body, kind)
    })
}

/// What an appeal exempts holds for the period of its verdict.
fn within(what: &Exemption, published: &Publication) -> Exemption {
    let mut what = what.clone();
    if let Exemption::Stretch { from, to, .. } = &mut what {
        *from = published.from.max(*from).min(published.to);
        *to = published.to.min(*to).max(*from);
    }
    what
}

fn is_fact(act: &Act) -> bool {
    matches!(act.act, VerdictAct::Find { .. } | VerdictAct::Deduct { .. })
}

fn check_act(
    dossier: &Dossier,
    op: &OpId,
    fits: impl Fn(&Act) -> bool,
    expected: &'static str,
) -> Result<(), VerdictError> {
    let act = dossier
        .act(op)
        .filter(|act| act.is_effective() && fits(act));
    act.map(|_| ())
        .ok_or(VerdictError::NoSuchAct { op: *op, expected })
}

fn check_exemption(what: &Exemption) -> Result<(), VerdictError> {
    match what {
        Exemption::Stretch { from_mm, to_mm, .. } if from_mm >= to_mm => {
            Err(VerdictError::Empty("stretch"))
        }
        Exemption::Stretch { from, to, .. } | Exemption::Time { from, to } if from >= to => {
            Err(VerdictError::Empty("time"))
        }
        _ => Ok(()),
    }
}

/// Adds the last operation of a body and seals it.
fn one(
    tx: &Tx<'_>,
    context: &Context<'_>,
    subject: Subject,
    person: Option<&PersonId>,
    mut body: BodyBuilder,
    kind: VerdictAct,
) -> Result<Acted, ServiceError> {
    let what = kind.as_str();
    let index = body.push(subject, Kind::Verdict(kind));
    let op = seal(tx, context, subject, &body.finish(), index)?;
    Ok(Acted {
        op: op.to_string(),
        commit: op.commit.to_string(),
        person: person.map(ToString::to_string),
        what,
    })
}

/// Judges a body as the hub will, and seals it.
fn seal(
    tx: &Tx<'_>,
    context: &Context<'_>,
    subject: Subject,
    body: &Body,
    index: u32,
) -> Result<OpId, ServiceError> {
    let authority = log::own_authority(tx)?;
    judge_verdicts(body, &authority).map_err(|refusal| not_enrolled_or(&authority, refusal))?;
    let zone = log::zone_for(tx, None)?;
    let seen = log::heads_about(tx, &subject)?;
    let commit = log::append(tx, context, &zone, body, seen)?;
    Ok(OpId {
        commit: commit.hash(),
        index,
    })
}

/// A device that belongs to nobody is told so, rather than which role it lacks.
fn not_enrolled_or(authority: &Authority, refusal: Refusal) -> ServiceError {
    if authority.person.is_some() {
        ServiceError::Refused(refusal)
    } else {
        ServiceError::NotEnrolled
    }
}

fn calendar(what: &'static str, why: &DeadlineError) -> VerdictError {
    VerdictError::Calendar {
        what,
        why: why.to_string(),
    }
}
