//! Retention: what a phone may let go, because the hub has it.
//!
//! An original goes only when the hub has confirmed its bytes, every commit that names it is
//! admitted under the hub's receipt, and, once the hub says how far its log is durable, that
//! receipt lies within. It stays while a draft holds it, and while a case in which this device
//! has acted is open. Originals go before the pictures made of them, and those that lists
//! show go last. Nothing that the hub has not is ever let go, however full the disk.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::case::CaseId;
use crate::model::identifiers::Hash;
use crate::model::time::UtcMs;
use crate::model::workflow::Phase;
use crate::oplog::body::{Kind, Subject};
use crate::oplog::commit::Commit;
use crate::oplog::entry::{SignedEntry, Stamp, Verdict};
use crate::oplog::verdict_act::VerdictAct;
use crate::rules::policy::RetentionPolicy;
use crate::services::capture::THUMBNAILS_PX;
use crate::services::log::{damaged, hub_key, place_of, read_time};
use crate::services::{Context, ServiceError};
use crate::storage::log::EntryPlace;
use crate::storage::reference::Setting;
use crate::storage::{StoreError, Tx, room};

/// How many pictures go while captures wait.
const AT_ONCE: usize = 64;
const ROWS_AT_ONCE: usize = 1_000;

/// What is to be let go; what is left out is the city's policy, else its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvictionOrder {
    /// For how many days after the hub's stamp an original stays.
    pub keep_days: Option<u32>,
    /// How much all photos may take, in bytes.
    pub max_bytes: Option<u64>,
    /// Only tells what would go.
    pub is_dry_run: bool,
}

/// What was let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evicted {
    /// The pictures, in the order in which they went.
    pub evicted: Vec<EvictedPicture>,
    /// What all pictures take now, in bytes; in a dry run, what they would.
    pub kept_bytes: u64,
    /// True when nothing was done.
    pub dry_run: bool,
}

/// A picture that was let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvictedPicture {
    /// BLAKE3 of the original.
    pub hash: String,
    /// `original`, or the longest side in pixels of a picture made of it.
    pub picture: String,
    /// What it took on the disk.
    pub bytes: u64,
}

/// Which of a photo's pictures: the original, or one made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Picture {
    Original,
    Derived(u32),
}

/// A picture that may go.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    hash: Hash,
    picture: Picture,
    bytes: u64,
}

/// What the log says of a photo.
#[derive(Debug, Clone, Copy)]
struct Naming {
    is_covered: bool,
    newest_ms: u64,
    is_in_open_case: bool,
}

/// Lets go what the order allows.
///
/// # Errors
/// [`StoreError::Busy`] while captures are under way for longer than three seconds; what went
/// before is told by the next call's `kept_bytes`.
pub fn evict(context: &Context<'_>, order: &EvictionOrder) -> Result<Evicted, ServiceError> {
    let (plan, mut kept_bytes, last_row) = context.store.read(|tx| plan(tx, context, order))?;
    let mut evicted = Vec::with_capacity(plan.len());
    for chunk in plan.chunks(AT_ONCE) {
        let gone = match order.is_dry_run {
            true => chunk.to_vec(),
            false => let_go(context, chunk, last_row)?,
        };
        for candidate in gone {
            kept_bytes -= candidate.bytes;
            evicted.push(EvictedPicture {
                hash: candidate.hash.to_string(),
                picture: match candidate.picture {
                    Picture::Original => "original".to_owned(),
                    Picture::Derived(longest_px) => longest_px.to_string(),
                },
                bytes: candidate.bytes,
            });
        }
    }
    Ok(Evicted {
        evicted,
        kept_bytes,
        dry_run: order.is_dry_run,
    })
}

/// Takes photos away that no commit and no draft names. What cannot be removed now is a file
/// too many and harms nobody.
pub(crate) fn forget_unnamed(context: &Context<'_>, hashes: &[Hash]) {
    let blobs = context.store.blobs();
    let Ok(Some(_gate)) = room::try_shut_gate(context.store.dir()) else {
        return;
    };
    for hash in hashes {
        let named = context.store.read(|tx| tx.is_photo_named(hash));
        if matches!(named, Ok(false)) {
            let _ = blobs.remove(hash);
            for longest_px in THUMBNAILS_PX {
                let _ = blobs.remove_derived(hash, longest_px);
            }
        }
    }
}

/// What may go, in the order in which it goes, what all pictures take now, and the last row
/// of the log that was read.
fn plan(
    tx: &Tx<'_>,
    context: &Context<'_>,
    order: &EvictionOrder,
) -> Result<(Vec<Candidate>, u64, i64), ServiceError> {
    let policy = context.reference.policy(tx)?;
    let policy = policy.map_or_else(RetentionPolicy::default, |(_, policy)| policy.retention);
    let keep_ms = order
        .keep_days
        .map_or(policy.keep_ms(), |days| u64::from(days) * 86_400_000);
    let max_bytes = order.max_bytes.unwrap_or(policy.max_bytes());
    // A phone's clock may stand still; the hub's last word does not lie ahead.
    let now = read_time(tx, Setting::LastHubTime)?
        .unwrap_or(UtcMs(0))
        .max(context.host.now().wall);
    let (namings, last_row) = namings(tx, context)?;
    let held_by_drafts: BTreeSet<_> = tx.draft_photo_hashes()?.into_iter().collect();
    let mut free: Vec<_> = tx
        .confirmed_blobs()?
        .into_iter()
        .filter_map(|blob| Some((blob, *namings.get(&blob.hash)?)))
        .filter(|(blob, naming)| {
            naming.is_covered && !naming.is_in_open_case && !held_by_drafts.contains(&blob.hash)
        })
        .collect();
    free.sort_by_key(|(blob, naming)| (naming.newest_ms, blob.hash));

    let blobs = context.store.blobs();
    let all_bytes = total_bytes(tx, context)?;
    let mut kept_bytes = all_bytes;
    let mut plan = Vec::new();
    let pictures = [Picture::Original]
        .into_iter()
        .chain(THUMBNAILS_PX.map(Picture::Derived));
    for picture in pictures {
        for (blob, naming) in &free {
            let hash = blob.hash;
            let bytes = match picture {
                Picture::Original => blobs.size_bytes(&hash),
                Picture::Derived(longest_px) => blobs.derived_size_bytes(&hash, longest_px),
            };
            let Some(bytes) = bytes else { continue };
            let is_old = now.0.saturating_sub(naming.newest_ms) > keep_ms;
            // An original that was let go and whose file outlived the process that did it.
            let is_left = picture == Picture::Original && !blob.is_held;
            let is_due = picture == Picture::Original && (is_old || is_left);
            if is_due || kept_bytes > max_bytes {
                kept_bytes -= bytes;
                plan.push(Candidate {
                    hash,
                    picture,
                    bytes,
                });
            }
        }
    }
    Ok((plan, all_bytes, last_row))
}

/// What all pictures of this store take on the disk.
fn total_bytes(tx: &Tx<'_>, context: &Context<'_>) -> Result<u64, StoreError> {
    let blobs = context.store.blobs();
    let mut hashes: BTreeSet<_> = tx.known_blobs()?.into_iter().collect();
    hashes.extend(tx.draft_photo_hashes()?);
    let of = |hash: &Hash| {
        let derived = THUMBNAILS_PX.map(|px| blobs.derived_size_bytes(hash, px).unwrap_or(0));
        blobs.size_bytes(hash).unwrap_or(0) + derived.iter().sum::<u64>()
    };
    Ok(hashes.iter().map(of).sum())
}

/// What the log says of each photo that it names, and its last row.
fn namings(
    tx: &Tx<'_>,
    context: &Context<'_>,
) -> Result<(BTreeMap<Hash, Naming>, i64), ServiceError> {
    let hub = hub_key(tx)?;
    let durable = durable_through(tx)?;
    let mut found: BTreeMap<Hash, Naming> = BTreeMap::new();
    let mut cases_of: BTreeMap<Hash, BTreeSet<CaseId>> = BTreeMap::new();
    let mut own_cases = BTreeSet::new();
    let mut after = 0;
    loop {
        let rows = tx.commits_after(after, ROWS_AT_ONCE)?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        for (_, stored) in &rows {
            let commit = Commit::decode(&stored.bytes).map_err(damaged)?;
            let stamp = match (&stored.entry, &hub) {
                (Some(bytes), Some(hub)) => Some(SignedEntry::decode(bytes, hub).map_err(damaged)?),
                _ => None,
            };
            let admitted = stamp.as_ref().filter(|signed| is_admitted(signed));
            let is_covered = admitted
                .is_some_and(|signed| is_durable(&place_of(signed.entry()), durable.as_ref()));
            let hub_time = stamp.map_or(u64::MAX, |signed| signed.entry().hub_time.0);
            let is_own = commit.header().device == context.device();
            for (hash, case_id) in photos_of(&commit) {
                let naming = found.entry(hash).or_insert(Naming {
                    is_covered: true,
                    newest_ms: 0,
                    is_in_open_case: false,
                });
                naming.is_covered &= is_covered;
                naming.newest_ms = naming.newest_ms.max(hub_time);
                cases_of.entry(hash).or_default().extend(case_id);
            }
            if is_own && let Ok(body) = commit.body() {
                own_cases.extend(body.subjects().iter().filter_map(Subject::as_case));
            }
        }
    }
    let mut open = BTreeSet::new();
    for case_id in own_cases {
        if tx
            .find_case(case_id)?
            .is_some_and(|row| !is_over(row.phase))
        {
            open.insert(case_id);
        }
    }
    for (hash, naming) in &mut found {
        let cases = cases_of.get(hash);
        naming.is_in_open_case = cases.is_some_and(|cases| !cases.is_disjoint(&open));
    }
    Ok((found, after))
}

fn is_admitted(signed: &SignedEntry) -> bool {
    matches!(&signed.entry().stamp, Stamp::Commit { verdict, .. } if *verdict == Verdict::Admitted)
}

fn is_over(phase: Phase) -> bool {
    matches!(phase, Phase::Closed | Phase::Declined | Phase::Withdrawn)
}

/// A hub that does not say how far its log is durable is taken by its receipts.
fn is_durable(place: &EntryPlace, durable: Option<&(u64, u64)>) -> bool {
    durable.is_none_or(|through| (place.epoch, place.position) <= *through)
}

/// How far the hub's log is durable beyond one machine, where it says so.
fn durable_through(tx: &Tx<'_>) -> Result<Option<(u64, u64)>, StoreError> {
    let Some(bytes) = tx.setting(Setting::DurableThrough)? else {
        return Ok(None);
    };
    let form = || damaged("how far the hub's log is durable is not in its form");
    let (epoch, position) = bytes.split_at_checked(8).ok_or_else(form)?;
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).map_err(|_| form());
    Ok(Some((number(epoch)?, number(position)?)))
}

/// The photos that a commit names, each with its case. A body that cannot be read names
/// none: its photos are none of this device's.
fn photos_of(commit: &Commit) -> Vec<(Hash, Option<CaseId>)> {
    let Ok(body) = commit.body() else {
        return Vec::new();
    };
    let named = |operation: &crate::oplog::body::Operation| match &operation.kind {
        Kind::AddPhoto(photo) => Some((photo.hash, operation.subject.as_case())),
        Kind::Verdict(VerdictAct::Find {
            photo: Some(hash),
            case,
            ..
        }) => Some((*hash, *case)),
        _ => None,
    };
    body.operations.iter().filter_map(named).collect()
}

/// Takes a few pictures away, with the gate shut: first the rows, durably, then the files.
/// What was named anew since the plan was made stays.
fn let_go(
    context: &Context<'_>,
    chunk: &[Candidate],
    last_row: i64,
) -> Result<Vec<Candidate>, ServiceError> {
    let _gate = room::shut_gate(context.store.dir())?;
    let now = context.host.now().wall;
    let gone = context.store.write(|tx| {
        let mut named_anew: BTreeSet<_> = tx.draft_photo_hashes()?.into_iter().collect();
        for (_, stored) in tx.commits_after(last_row, usize::MAX)? {
            let commit = Commit::decode(&stored.bytes).map_err(damaged)?;
            named_anew.extend(photos_of(&commit).into_iter().map(|(hash, _)| hash));
        }
        let mut gone = Vec::new();
        for candidate in chunk {
            if named_anew.contains(&candidate.hash) {
                continue;
            }
            if candidate.picture == Picture::Original {
                tx.note_eviction(&candidate.hash, now.0)?;
            }
            gone.push(*candidate);
        }
        Ok::<_, ServiceError>(gone)
    })?;
    let blobs = context.store.blobs();
    for candidate in &gone {
        match candidate.picture {
            Picture::Original => blobs.remove(&candidate.hash)?,
            Picture::Derived(longest_px) => blobs.remove_derived(&candidate.hash, longest_px)?,
        }
    }
    Ok(gone)
}
