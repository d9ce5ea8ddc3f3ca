//! Writing to the log, and folding what is in it: every other use case goes through here.

use std::collections::BTreeSet;

use crate::model::case::{CaseId, Field};
use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::patrol::PatrolId;
use crate::model::person::Authority;
use crate::model::time::UtcMs;
use crate::oplog::body::{Body, Subject};
use crate::oplog::certificate::Certificate;
use crate::oplog::commit::{Commit, Draft, HEADS_EVERY, MAX_BASIS, MAX_HEADS};
use crate::oplog::entry::{Entry, SignedEntry, Stamp};
use crate::oplog::fold::{Annotation, CaseState, Input};
use crate::oplog::history::CaseHistory;
use crate::oplog::hlc::Hlc;
use crate::oplog::merge::FieldValue;
use crate::oplog::patrol::PatrolState;
use crate::oplog::verdict::{Decisions, Dossier};
use crate::services::{Context, ServiceError};
use crate::storage::case::CaseRow;
use crate::storage::log::{EntryPlace, StoredCommit};
use crate::storage::patrol::PatrolRow;
use crate::storage::reference::Setting;
use crate::storage::{StoreError, Tx};

/// Seals a body as the next commit of this device's stream in `zone`, keeps it, and brings
/// the views up to date; all within the caller's transaction.
///
/// # Errors
/// [`ServiceError`]; the transaction must then be dropped.
pub fn append(
    tx: &Tx<'_>,
    context: &Context<'_>,
    zone: &Zone,
    body: &Body,
    basis: Vec<Hash>,
) -> Result<Commit, ServiceError> {
    if tx.setting(Setting::HeadInDoubt)?.is_some() {
        return Err(ServiceError::HeadInDoubt);
    }
    let device = context.device();
    let clock = context.host.now();
    let head = tx.stream_head(&device, zone)?;
    let seq = head.as_ref().map_or(0, |head| head.seq + 1);
    let last_hub_time = read_time(tx, Setting::LastHubTime)?;
    let hlc = read_clock(tx)?.next(clock.wall);
    let mut heads = Vec::new();
    if seq % HEADS_EVERY == HEADS_EVERY - 1 {
        heads = tx.stream_heads(&device)?;
        heads.retain(|other| other.zone != *zone);
        heads.truncate(MAX_HEADS);
    }
    let draft = Draft {
        zone: zone.clone(),
        seq,
        prev: head.map(|head| head.hash),
        hlc,
        last_hub_time,
        clock,
        certificate: own_certificate(tx)?.map(|certificate| certificate.hash()),
        basis: basis.into_iter().take(MAX_BASIS).collect(),
        heads,
    };
    let commit = Commit::seal(draft, body, context.signer)?;
    tx.insert_commit(&commit, &body.subjects(), true)?;
    write_clock(tx, hlc)?;
    for subject in body.subjects() {
        refold_subject(tx, &device, &subject)?;
    }
    Ok(commit)
}

/// Where a new commit about a case is written: the zone that the case is sequenced in, else
/// the enrolment's intake zone, else the unassigned one.
///
/// # Errors
/// [`StoreError`].
pub fn zone_for(tx: &Tx<'_>, case_id: Option<CaseId>) -> Result<Zone, StoreError> {
    if let Some(case_id) = case_id
        && let Some(zone) = tx.zone_of(&Subject::case(case_id))?
    {
        return Ok(zone);
    }
    Ok(own_certificate(tx)?
        .map(|certificate| certificate.grant().intake_zone.clone())
        .unwrap_or_default())
}

/// Where a new commit about a patrol is written: where the patrol began.
///
/// # Errors
/// [`StoreError`].
pub fn zone_of_patrol(tx: &Tx<'_>, patrol_id: PatrolId) -> Result<Zone, StoreError> {
    if let Some(zone) = tx.zone_of(&Subject::patrol(patrol_id))? {
        return Ok(zone);
    }
    // An enrolment on the way does not split the patrol over two streams: nothing says which
    // of two comes first before the hub has both.
    match tx.commits_about(&Subject::patrol(patrol_id))?.first() {
        Some(first) => Ok(Commit::decode(&first.bytes)
            .map_err(damaged)?
            .header()
            .zone
            .clone()),
        None => zone_for(tx, None),
    }
}

/// The commits of a case with their stamps and signers, folded.
///
/// # Errors
/// [`StoreError`].
pub fn history(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    case_id: CaseId,
) -> Result<CaseHistory, StoreError> {
    let hub = hub_key(tx)?;
    let mut history = CaseHistory::new(case_id);
    let stored = tx.commits_about(&Subject::case(case_id))?;
    let inputs = stored
        .iter()
        .map(|stored| read_input(tx, stored, hub.as_ref(), own_device))
        .collect::<Result<Vec<_>, _>>()?;
    history.deliver_all(inputs);
    Ok(history)
}

/// Folds a case again and writes its line in the list.
///
/// # Errors
/// [`StoreError`].
pub fn refold(tx: &Tx<'_>, own_device: &DeviceKey, case_id: CaseId) -> Result<(), StoreError> {
    let history = history(tx, own_device, case_id)?;
    let zone = tx.zone_of(&Subject::case(case_id))?;
    match case_line(history.state(), zone) {
        Some(line) => tx.put_case(&line),
        None => tx.remove_case(case_id),
    }
}

/// The commits of a patrol with their stamps and signers, folded.
///
/// # Errors
/// [`StoreError`].
pub fn patrol_state(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    patrol_id: PatrolId,
) -> Result<PatrolState, StoreError> {
    let inputs = patrol_inputs(tx, own_device, patrol_id)?;
    Ok(PatrolState::fold(patrol_id, &inputs))
}

/// What this device recorded of a patrol, whatever the hub says of it.
///
/// # Errors
/// [`StoreError`].
pub fn patrol_as_recorded(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    patrol_id: PatrolId,
) -> Result<PatrolState, StoreError> {
    let inputs = patrol_inputs(tx, own_device, patrol_id)?;
    Ok(PatrolState::as_recorded(patrol_id, &inputs, own_device))
}

/// What was decided about one person, or for everybody.
///
/// # Errors
/// [`StoreError`].
pub fn dossier(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    subject: Subject,
) -> Result<Dossier, StoreError> {
    Ok(Dossier::fold(
        subject,
        &inputs_about(tx, own_device, &subject)?,
    ))
}

/// What was decided about anybody, as far as this store knows.
///
/// # Errors
/// [`StoreError`].
pub fn decisions(tx: &Tx<'_>, own_device: &DeviceKey) -> Result<Decisions, StoreError> {
    let subjects = tx.subjects(Subject::VERDICT)?;
    let dossiers = subjects
        .into_iter()
        .map(|subject| dossier(tx, own_device, subject))
        .collect::<Result<_, _>>()?;
    Ok(Decisions::new(dossiers))
}

/// The commits about a subject that no other of them names as seen: the basis of the next.
/// Of more than a commit may name, the least by hash; the one after it names the rest.
///
/// # Errors
/// [`StoreError`].
pub fn heads_about(tx: &Tx<'_>, subject: &Subject) -> Result<Vec<Hash>, StoreError> {
    let mut heads = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for stored in tx.commits_about(subject)? {
        let commit = Commit::decode(&stored.bytes).map_err(damaged)?;
        seen.extend(commit.header().basis.iter().copied());
        heads.insert(commit.hash());
    }
    Ok(heads.difference(&seen).take(MAX_BASIS).copied().collect())
}

fn patrol_inputs(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    patrol_id: PatrolId,
) -> Result<Vec<Input>, StoreError> {
    inputs_about(tx, own_device, &Subject::patrol(patrol_id))
}

fn inputs_about(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    subject: &Subject,
) -> Result<Vec<Input>, StoreError> {
    let hub = hub_key(tx)?;
    tx.commits_about(subject)?
        .iter()
        .map(|stored| read_input(tx, stored, hub.as_ref(), own_device))
        .collect()
}

/// Folds what a subject's commits say and writes its line in the list; of a kind that this
/// version does not know nothing is written.
///
/// # Errors
/// [`StoreError`].
pub fn refold_subject(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    subject: &Subject,
) -> Result<(), StoreError> {
    if let Some(case_id) = subject.as_case() {
        return refold(tx, own_device, case_id);
    }
    let Some(patrol_id) = subject.as_patrol() else {
        return Ok(());
    };
    let state = patrol_state(tx, own_device, patrol_id)?;
    match patrol_line(&state, tx.zone_of(subject)?) {
        Some(line) => tx.put_patrol(&line),
        // Its start has not arrived, or was refused: there is nothing to list any more.
        None => tx.remove_patrol(patrol_id),
    }
}

/// The line of a patrol in the list; nothing before its start has arrived.
#[must_use]
pub fn patrol_line(state: &PatrolState, zone: Option<Zone>) -> Option<PatrolRow> {
    let started = state.started.as_ref()?;
    Some(PatrolRow {
        patrol_id: state.patrol_id,
        zone: zone.map(|zone| zone.as_str().to_owned()),
        person: started.person.clone(),
        device: started.device,
        route: started.route.clone(),
        mode: started.mode,
        phase: state.phase,
        started_ms: started.at.ms.0,
        finished_ms: state.finished.map(|at| at.ms.0),
        updated_ms: state.updated.ms.0,
        is_provisional: state.is_provisional,
    })
}

/// Folds every case and patrol again from the log; answers how many cases there are.
///
/// # Errors
/// [`StoreError`].
pub fn rebuild_views(tx: &Tx<'_>, own_device: &DeviceKey) -> Result<usize, StoreError> {
    tx.clear_views()?;
    let subjects = tx.subjects(Subject::CASE)?;
    for case_id in subjects.iter().filter_map(Subject::as_case) {
        refold(tx, own_device, case_id)?;
    }
    for patrol in tx.subjects(Subject::PATROL)? {
        refold_subject(tx, own_device, &patrol)?;
    }
    Ok(subjects.len())
}

/// The line of a case in the list; nothing where only orders of erasure are here.
#[must_use]
pub fn case_line(state: &CaseState, zone: Option<Zone>) -> Option<CaseRow> {
    (!state.is_only_erased()).then(|| line_of(state, zone))
}

fn line_of(state: &CaseState, zone: Option<Zone>) -> CaseRow {
    let place = match state
        .register(Field::Place)
        .and_then(|r| r.winner())
        .map(|v| &v.value)
    {
        Some(FieldValue::Place(place)) => Some(*place),
        _ => None,
    };
    CaseRow {
        case_id: state.case_id,
        zone: zone.map(|zone| zone.as_str().to_owned()),
        number: state.number.clone(),
        phase: state.phase,
        class: state.class().map(|class| class.as_str().to_owned()),
        grid: state.grid().map(|grid| grid.as_str().to_owned()),
        lat_e7: place.map(|place| place.lat_e7),
        lon_e7: place.map(|place| place.lon_e7),
        opened_ms: state.opened.as_ref().map(|opened| opened.at.ms.0),
        updated_ms: state.updated.ms.0,
        is_provisional: state.is_provisional,
    }
}

/// A commit as the fold takes it: with its stamp, and what its signer could do there.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn read_input(
    tx: &Tx<'_>,
    stored: &StoredCommit,
    hub: Option<&DeviceKey>,
    own_device: &DeviceKey,
) -> Result<Input, StoreError> {
    let commit = Commit::decode(&stored.bytes).map_err(damaged)?;
    let annotation = match (&stored.entry, hub) {
        (Some(bytes), Some(hub)) => {
            let entry = SignedEntry::decode(bytes, hub).map_err(damaged)?;
            annotation_of(entry.entry()).map(|found| (found, place_of(entry.entry())))
        }
        _ => None,
    };
    let device = commit.header().device;
    let authority = match &annotation {
        Some((_, place)) => authority_at(tx, &device, Some(place), hub)?,
        // A phone's own certificate may be newer than the last grant that it has pulled.
        None if device == *own_device => own_authority(tx)?,
        None => authority_at(tx, &device, None, hub)?,
    };
    Ok(Input {
        commit,
        annotation: annotation.map(|(found, _)| found),
        authority,
    })
}

/// The annotation that an entry gives the commit that it stamps.
#[must_use]
pub fn annotation_of(entry: &Entry) -> Option<Annotation> {
    match &entry.stamp {
        Stamp::Commit {
            verdict, number, ..
        } => Some(Annotation {
            position: (entry.epoch, entry.position),
            hub_time: entry.hub_time,
            verdict: verdict.clone(),
            number: number.clone(),
        }),
        Stamp::Grant(_) | Stamp::Revocation(_) | Stamp::Pack(_) => None,
    }
}

/// Where an entry stands.
#[must_use]
pub fn place_of(entry: &Entry) -> EntryPlace {
    EntryPlace {
        zone: entry.zone.clone(),
        epoch: entry.epoch,
        position: entry.position,
    }
}

/// What a device could do at a position of a zone (or can do by the latest that is known).
///
/// # Errors
/// [`StoreError`].
pub fn authority_at(
    tx: &Tx<'_>,
    device: &DeviceKey,
    at: Option<&EntryPlace>,
    hub: Option<&DeviceKey>,
) -> Result<Authority, StoreError> {
    let (Some(grant), Some(hub)) = (tx.grant_before(device, at)?, hub) else {
        return Ok(Authority::unknown());
    };
    if grant.is_revoked {
        return Ok(Authority::unknown());
    }
    let certificate = Certificate::decode(&grant.certificate, hub).map_err(damaged)?;
    Ok(certificate.grant().authority.clone())
}

/// What this device may do by the certificate that it holds: a hint, the hub judges.
///
/// # Errors
/// [`StoreError`].
pub fn own_authority(tx: &Tx<'_>) -> Result<Authority, StoreError> {
    Ok(own_certificate(tx)?
        .map(|certificate| certificate.grant().authority.clone())
        .unwrap_or_default())
}

/// The certificate that this device holds.
///
/// # Errors
/// [`StoreError`].
pub fn own_certificate(tx: &Tx<'_>) -> Result<Option<Certificate>, StoreError> {
    match (tx.setting(Setting::Certificate)?, hub_key(tx)?) {
        (Some(bytes), Some(hub)) => Certificate::decode(&bytes, &hub).map(Some).map_err(damaged),
        _ => Ok(None),
    }
}

/// The hub's key, pinned at enrolment.
///
/// # Errors
/// [`StoreError`].
pub fn hub_key(tx: &Tx<'_>) -> Result<Option<DeviceKey>, StoreError> {
    let Some(bytes) = tx.setting(Setting::HubKey)? else {
        return Ok(None);
    };
    let bytes = bytes
        .try_into()
        .map_err(|_| damaged("the hub's key is not in its form"))?;
    Ok(Some(DeviceKey::ed25519(bytes)))
}

/// An instant among the settings.
///
/// # Errors
/// [`StoreError`].
pub fn read_time(tx: &Tx<'_>, setting: Setting) -> Result<Option<UtcMs>, StoreError> {
    let Some(bytes) = tx.setting(setting)? else {
        return Ok(None);
    };
    let bytes = bytes
        .try_into()
        .map_err(|_| damaged("an instant is not in its form"))?;
    Ok(Some(UtcMs(u64::from_be_bytes(bytes))))
}

/// Takes the hub's time at a session.
///
/// # Errors
/// [`StoreError`].
pub fn take_hub_time(tx: &Tx<'_>, hub_time: UtcMs) -> Result<(), StoreError> {
    let hub_time = hub_time.min(UtcMs::MAX);
    tx.set_setting(Setting::LastHubTime, &hub_time.0.to_be_bytes())?;
    write_clock(tx, read_clock(tx)?.take_hub_time(hub_time))
}

/// The clock after a salvage: it may not stand before any commit of this device.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn restore_clock(tx: &Tx<'_>, greatest: Hlc) -> Result<(), StoreError> {
    let kept = read_clock(tx).unwrap_or_default();
    write_clock(tx, kept.max(greatest))
}

fn read_clock(tx: &Tx<'_>) -> Result<Hlc, StoreError> {
    let Some(bytes) = tx.setting(Setting::Clock)? else {
        return Ok(Hlc::default());
    };
    let bytes: [u8; 12] = bytes
        .try_into()
        .map_err(|_| damaged("the clock is not in its form"))?;
    let (ms, counter) = bytes.split_at(8);
    let fixed = "twelve bytes split in eight and four";
    Ok(Hlc {
        ms: UtcMs(u64::from_be_bytes(ms.try_into().expect(fixed))),
        counter: u32::from_be_bytes(counter.try_into().expect(fixed)),
    })
}

fn write_clock(tx: &Tx<'_>, clock: Hlc) -> Result<(), StoreError> {
    let bytes = [&clock.ms.0.to_be_bytes()[..], &clock.counter.to_be_bytes()].concat();
    tx.set_setting(Setting::Clock, &bytes)
}

/// What was sound when it was kept and is not any more was changed on the disk.
pub(crate) fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(error.to_string())
}
