//! Verification: everything in the store is checked again, as if by somebody who trusts
//! neither this phone nor the hub: bytes, hashes, signatures, the own chain, receipts,
//! photos, the hub's judgements, and that the views are what the log says.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::person::Authority;
use crate::oplog::body::{Body, Subject};
use crate::oplog::certificate::Certificate;
use crate::oplog::challenge::HourChallenge;
use crate::oplog::commit::Commit;
use crate::oplog::entry::{SignedEntry, Stamp, Verdict};
use crate::oplog::fold::CaseState;
use crate::oplog::judge::{Refusal, judge, judge_erasures, judge_patrols, judge_verdicts};
use crate::services::log::{self, annotation_of, authority_at, hub_key, place_of};
use crate::services::{Context, ServiceError};
use crate::storage::log::EntryPlace;
use crate::storage::{StoreError, Tx};
use erasures::ErasureCheck;

mod erasures;

/// What was checked and what does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// True when nothing is wrong.
    pub sound: bool,
    /// Commits whose bytes, hashes and signature were checked.
    pub commits: usize,
    /// Those of this device, checked as one unbroken chain for each zone.
    pub own_commits: usize,
    /// Receipts of the hub whose signature was checked.
    pub receipts: usize,
    /// Photos that were hashed again, those of drafts included.
    pub photos: usize,
    /// Photos that were let go because the hub has them; they can be fetched again.
    pub evicted: usize,
    /// Cases that were folded and judged again.
    pub cases: usize,
    /// Patrols that were folded and judged again.
    pub patrols: usize,
    /// People whose verdicts were judged again.
    pub verdicts: usize,
    /// Challenges of the hub in reports whose signature was checked.
    pub challenges: usize,
    /// Values and photos that were ordered to be erased, and are gone.
    pub erasures: usize,
    /// What does not hold.
    pub problems: Vec<Fault>,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The stable code.
    pub kind: &'static str,
    /// Which thing it is.
    pub detail: String,
}

/// Checks everything in the store; works without a hub and changes nothing.
///
/// # Errors
/// [`ServiceError::Store`] when the store cannot be read at all.
pub fn verify(context: &Context<'_>) -> Result<Verification, ServiceError> {
    let mut report = Verification::default();
    let mut erasures = ErasureCheck::default();
    let blobs = context.store.read(|tx| -> Result<_, ServiceError> {
        let hub = hub_key(tx)?;
        verify_log(
            tx,
            &context.device(),
            hub.as_ref(),
            &mut erasures,
            &mut report,
        )?;
        erasures.compare(tx, &mut report)?;
        verify_grants(tx, hub.as_ref(), &mut report)?;
        // What is damaged cannot be folded; it is named already.
        if report.problems.is_empty() {
            verify_cases(tx, context, hub.as_ref(), &mut report)?;
            verify_patrols(tx, context, hub.as_ref(), &mut report)?;
            verify_verdicts(tx, hub.as_ref(), &mut report)?;
        }
        report.evicted = tx.evicted_blobs()?.len();
        let mut held: BTreeSet<_> = tx.held_blobs()?.into_iter().collect();
        held.extend(tx.draft_photo_hashes()?);
        Ok(held)
    })?;
    for hash in blobs {
        report.photos += 1;
        match context.store.blobs().get(&hash) {
            Ok(Some(bytes)) if log_hash(&bytes) == hash => {}
            Ok(Some(_)) | Err(StoreError::BlobDamaged(_)) => report.fault("photo_changed", hash),
            Ok(None) => report.fault("photo_missing", hash),
            Err(error) => report.fault("photo_unreadable", format!("{hash}: {error}")),
        }
    }
    erasures.compare_photos(context.store, &mut report)?;
    report.sound = report.problems.is_empty();
    Ok(report)
}

fn log_hash(bytes: &[u8]) -> Hash {
    crate::oplog::sign::hash_of(bytes)
}

impl Verification {
    fn fault(&mut self, kind: &'static str, detail: impl ToString) {
        self.problems.push(Fault {
            kind,
            detail: detail.to_string(),
        });
    }
}

const ROWS_AT_ONCE: usize = 1_000;

fn verify_log(
    tx: &Tx<'_>,
    own: &DeviceKey,
    hub: Option<&DeviceKey>,
    erasures: &mut ErasureCheck,
    report: &mut Verification,
) -> Result<(), StoreError> {
    let mut chains: BTreeMap<Zone, BTreeMap<u64, (Hash, Option<Hash>)>> = BTreeMap::new();
    let mut after = 0;
    loop {
        let rows = tx.commits_after(after, ROWS_AT_ONCE)?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        for (id, stored) in &rows {
            report.commits += 1;
            let commit = match Commit::decode(&stored.bytes) {
                Ok(commit) => commit,
                Err(error) => {
                    report.fault("commit_unsound", format!("row {id}: {error}"));
                    continue;
                }
            };
            let header = commit.header();
            if header.device == *own {
                report.own_commits += 1;
                let chain = chains.entry(header.zone.clone()).or_default();
                if chain
                    .insert(header.seq, (commit.hash(), header.prev))
                    .is_some()
                {
                    report.fault("chain_forked", commit.hash());
                }
            }
            let verdict = match &stored.entry {
                Some(entry) => verify_receipt(entry, hub, &commit, report),
                None => None,
            };
            erasures.take(&commit, verdict.as_ref());
            verify_challenges(&commit, stored.entry.as_deref(), hub, report);
        }
    }
    for (zone, chain) in &chains {
        verify_chain(zone, chain, report);
    }
    Ok(())
}

fn verify_receipt(
    entry: &[u8],
    hub: Option<&DeviceKey>,
    commit: &Commit,
    report: &mut Verification,
) -> Option<Verdict> {
    report.receipts += 1;
    let Some(hub) = hub else {
        report.fault("receipt_without_hub", commit.hash());
        return None;
    };
    match SignedEntry::decode(entry, hub) {
        Ok(signed) => match &signed.entry().stamp {
            Stamp::Commit {
                commit: stamped,
                verdict,
                ..
            } if *stamped == commit.hash() => return Some(verdict.clone()),
            _ => report.fault("receipt_of_another", commit.hash()),
        },
        Err(error) => report.fault("receipt_unsound", format!("{}: {error}", commit.hash())),
    }
    None
}

/// A challenge in a report is the hub's, and of an hour before the receipt.
fn verify_challenges(
    commit: &Commit,
    entry: Option<&[u8]>,
    hub: Option<&DeviceKey>,
    report: &mut Verification,
) {
    let Some(hub) = hub else { return };
    let stamped = entry
        .and_then(|entry| SignedEntry::decode(entry, hub).ok())
        .map(|signed| signed.entry().hub_time);
    for challenge in commit.challenges() {
        report.challenges += 1;
        match HourChallenge::decode(&challenge, hub) {
            Ok(found) if stamped.is_some_and(|at| found.hour > at) => {
                report.fault("challenge_too_late", commit.hash());
            }
            Ok(_) => {}
            Err(error) => {
                report.fault("challenge_unsound", format!("{}: {error}", commit.hash()));
            }
        }
    }
}

fn verify_chain(
    zone: &Zone,
    chain: &BTreeMap<u64, (Hash, Option<Hash>)>,
    report: &mut Verification,
) {
    let mut before: Option<Hash> = None;
    for (expected, (seq, (hash, prev))) in (0..).zip(chain) {
        if *seq != expected {
            return report.fault(
                "chain_gap",
                format!("zone `{zone}`: commit {expected} is missing"),
            );
        }
        if *prev != before {
            return report.fault("chain_broken", hash);
        }
        before = Some(*hash);
    }
}

fn verify_grants(
    tx: &Tx<'_>,
    hub: Option<&DeviceKey>,
    report: &mut Verification,
) -> Result<(), StoreError> {
    for (device, grant) in tx.all_grants()? {
        let Some(hub) = hub else {
            report.fault("grant_without_hub", device);
            continue;
        };
        match (
            Certificate::decode(&grant.certificate, hub),
            SignedEntry::decode(&grant.entry, hub),
        ) {
            (Ok(certificate), Ok(signed)) => {
                let stamped = match &signed.entry().stamp {
                    Stamp::Grant(hash) => !grant.is_revoked && *hash == certificate.hash(),
                    Stamp::Revocation(hash) => grant.is_revoked && *hash == certificate.hash(),
                    Stamp::Commit { .. } | Stamp::Pack(_) => false,
                };
                if !stamped || certificate.grant().device != device {
                    report.fault("grant_of_another", device);
                }
            }
            (Err(error), _) => report.fault("grant_unsound", format!("{device}: {error}")),
            (_, Err(error)) => report.fault("grant_unsound", format!("{device}: {error}")),
        }
    }
    Ok(())
}

/// Folds every case again, judges as the hub should have judged, and compares the view.
fn verify_cases(
    tx: &Tx<'_>,
    context: &Context<'_>,
    hub: Option<&DeviceKey>,
    report: &mut Verification,
) -> Result<(), ServiceError> {
    let own = context.device();
    for subject in tx.subjects(Subject::CASE)? {
        let Some(case_id) = subject.as_case() else {
            continue;
        };
        report.cases += 1;
        let history = log::history(tx, &own, case_id)?;
        let state = history.state();
        let line = log::case_line(state, tx.zone_of(&subject)?);
        let agrees = tx.find_case(case_id)? == line;
        if !agrees {
            report.fault("view_differs", case_id);
        }
        if let Some(hub) = hub {
            judge_again(tx, &subject, hub, report)?;
        }
    }
    Ok(())
}

/// Folds every patrol again, judges as the hub should have judged, and compares the view.
fn verify_patrols(
    tx: &Tx<'_>,
    context: &Context<'_>,
    hub: Option<&DeviceKey>,
    report: &mut Verification,
) -> Result<(), ServiceError> {
    for subject in tx.subjects(Subject::PATROL)? {
        let Some(patrol_id) = subject.as_patrol() else {
            continue;
        };
        report.patrols += 1;
        let state = log::patrol_state(tx, &context.device(), patrol_id)?;
        let line = log::patrol_line(&state, tx.zone_of(&subject)?);
        if tx.find_patrol(patrol_id)? != line {
            report.fault("view_differs", patrol_id);
        }
        if let Some(hub) = hub {
            let judge = |body: &Body, authority: &Authority| {
                judge_patrols(body, authority).and_then(|()| judge_erasures(body, authority))
            };
            judge_by_signer(tx, &subject, hub, judge, report)?;
        }
    }
    Ok(())
}

/// Judges what was decided about people as the hub should have judged.
fn verify_verdicts(
    tx: &Tx<'_>,
    hub: Option<&DeviceKey>,
    report: &mut Verification,
) -> Result<(), ServiceError> {
    for subject in tx.subjects(Subject::VERDICT)? {
        report.verdicts += 1;
        if let Some(hub) = hub {
            let judge = |body: &Body, authority: &Authority| {
                judge_verdicts(body, authority).and_then(|()| judge_erasures(body, authority))
            };
            judge_by_signer(tx, &subject, hub, judge, report)?;
        }
    }
    Ok(())
}

/// Judges the stamped commits about a subject by their signer alone.
fn judge_by_signer(
    tx: &Tx<'_>,
    subject: &Subject,
    hub: &DeviceKey,
    judge: fn(&Body, &Authority) -> Result<(), Refusal>,
    report: &mut Verification,
) -> Result<(), ServiceError> {
    for stored in tx.commits_about(subject)? {
        let Some(entry) = stored.entry else { continue };
        let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
        let signed = SignedEntry::decode(&entry, hub).map_err(log::damaged)?;
        let place = place_of(signed.entry());
        let device = commit.header().device;
        let authority = authority_at(tx, &device, Some(&place), Some(hub))?;
        let body = commit.body();
        let expected = match &body {
            Ok(body) => judge(body, &authority),
            Err(_) => Err(Refusal::Malformed),
        };
        // A commit about several subjects is refused as a whole for any one of them.
        let is_alone = body.is_ok_and(|body| body.subjects().len() == 1);
        if is_alone && is_reached(tx, &place)? {
            compare(&signed, expected, &commit, report);
        }
    }
    Ok(())
}

/// Grants are known up to the cursor; what lies beyond is judged after the next pull.
fn is_reached(tx: &Tx<'_>, place: &EntryPlace) -> Result<bool, StoreError> {
    let cursor = tx.cursor(&place.zone)?;
    Ok(cursor.is_some_and(|c| c >= (place.epoch, place.position)))
}

/// Only *admitted* and *refused* can be judged from the log alone.
fn compare(
    signed: &SignedEntry,
    expected: Result<(), Refusal>,
    commit: &Commit,
    report: &mut Verification,
) {
    let Stamp::Commit { verdict, .. } = &signed.entry().stamp else {
        return;
    };
    if disagrees(verdict, &expected, commit) {
        report.fault("verdict_disagrees", commit.hash());
    }
}

/// True when the hub let pass what it had to refuse, or the other way round.
pub(crate) fn disagrees(
    verdict: &Verdict,
    expected: &Result<(), Refusal>,
    commit: &Commit,
) -> bool {
    match verdict {
        Verdict::Admitted => expected.is_err(),
        Verdict::Refused(why) => expected.is_ok() && !erasures::is_about_values(why, commit),
        Verdict::Waiting(_) | Verdict::Quarantined(_) | Verdict::Unfolded => false,
    }
}

/// Judges the stamped commits of a case in the hub's order. Only *admitted* and *refused*
/// can be judged from the log alone; the rest depends on the hub's clock and people.
fn judge_again(
    tx: &Tx<'_>,
    subject: &Subject,
    hub: &DeviceKey,
    report: &mut Verification,
) -> Result<(), ServiceError> {
    let Some(case_id) = subject.as_case() else {
        return Ok(());
    };
    let mut stamped: Vec<(EntryPlace, Commit, SignedEntry)> = Vec::new();
    for stored in tx.commits_about(subject)? {
        let Some(entry) = stored.entry else { continue };
        let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
        let signed = SignedEntry::decode(&entry, hub).map_err(log::damaged)?;
        stamped.push((place_of(signed.entry()), commit, signed));
    }
    stamped.sort_by_key(|(place, _, _)| (place.epoch, place.position));
    let mut state = CaseState::empty(case_id);
    for (place, commit, signed) in stamped {
        let device = commit.header().device;
        let authority = authority_at(tx, &device, Some(&place), Some(hub))?;
        let expected = match commit.body() {
            Ok(body) => judge(&body, &device, &authority, &state),
            Err(_) => Err(Refusal::Malformed),
        };
        // A commit about several cases is refused as a whole for any one of them.
        let cases = commit.body().map_or(1, |body| body.subjects().len());
        if cases == 1 && is_reached(tx, &place)? {
            compare(&signed, expected, &commit, report);
        }
        let annotation = annotation_of(signed.entry());
        state.apply(&crate::oplog::fold::Input {
            commit,
            annotation,
            authority,
        });
    }
    Ok(())
}
