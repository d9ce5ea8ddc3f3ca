//! Salvage: what is left of a damaged store becomes a sound one, and what is lost is listed.
//!
//! The log comes back commit by commit, each proved by its own signature; views are folded
//! from it; photos are opened and hashed again. Nothing is deleted: the damaged database and
//! photos that do not open stay in a folder of their own.
//!
//! Source: docs/decisions/0033.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use crate::model::identifiers::{DeviceKey, Hash};
use crate::oplog::body::Kind;
use crate::oplog::commit::Commit;
use crate::oplog::entry::{Entry, SignedEntry, Stamp};
use crate::oplog::hlc::Hlc;
use crate::oplog::sign::{DeviceSigner, hash_of};
use crate::services::log::{hub_key, place_of, rebuild_views, restore_clock};
use crate::services::{Context, Host, ServiceError, reference};
use crate::storage::reference::Setting;
use crate::storage::salvage::{Carved, Found, Salvaging};
use crate::storage::vault::Keys;
use crate::storage::{Store, StoreError, Tx};

/// What was brought over, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Salvage {
    /// The folder, within the store's, to which what is damaged was set aside; nothing when
    /// nothing is damaged.
    pub set_aside: Option<String>,
    /// Commits that are in the store.
    pub commits: usize,
    /// Those of them with the hub's receipt.
    pub receipts: usize,
    /// Photos that are here, hashed again.
    pub photos: usize,
    /// Cases, folded again.
    pub cases: usize,
    /// True when the device may not write before it has spoken to its hub.
    pub needs_sync: bool,
    /// What could not be brought over.
    pub lost: Lost,
}

/// What is lost on this phone; the hub may have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Commits that something names and that are not here.
    pub commits: Vec<String>,
    /// Photos that were here and do not open.
    pub photos: Vec<String>,
    /// Settings that are not known any more.
    pub settings: Vec<String>,
    /// Tables of which rows may be missing.
    pub tables: Vec<String>,
}

impl Salvage {
    /// True when nothing is lost.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lost == Lost::default()
    }
}

/// Salvages the store in `dir`. A sound one stays as it is, its damaged photos apart.
///
/// - `is_device_lost`: the device's key could not be read, and `signer` has another.
///
/// # Errors
/// [`ServiceError::Store`]: busy when somebody has the store open; it is as it was, and the
/// next salvage goes on.
pub fn salvage(
    dir: &Path,
    keys: &Keys,
    signer: &dyn DeviceSigner,
    host: &dyn Host,
    is_device_lost: bool,
) -> Result<Salvage, ServiceError> {
    let mut work = Salvaging::begin(dir, keys)?;
    let mut report = Salvage::default();
    if is_device_lost {
        report.lost.settings.push("device_key".to_owned());
    }
    if work.is_sound()? {
        work.release();
        // A page that is proved may still hold what the software before spoilt.
        match Store::open(dir, Some(keys)) {
            Ok(store) => {
                let reference = reference::Reference::default();
                let context = Context {
                    store: &store,
                    host,
                    signer,
                    reference: &reference,
                };
                return salvage_photos(&context, &work, report);
            }
            Err(StoreError::Damaged(_)) => work = Salvaging::begin(dir, keys)?,
            Err(error) => return Err(error.into()),
        }
    }
    let (found, store) = work.rebuild()?;
    let reference = reference::Reference::default();
    let context = Context {
        store: &store,
        host,
        signer,
        reference: &reference,
    };
    store.write(|tx| restore(tx, &signer.key(), &found, &mut report))?;
    report.set_aside = Some(work.folder_name());
    let mut report = salvage_photos(&context, &work, report)?;
    report.set_aside = Some(work.folder_name());
    let kept = serde_json::to_vec_pretty(&report)
        .map_err(|error| StoreError::Damaged(error.to_string()))?;
    work.finish(store, &kept)?;
    Ok(report)
}

/// Writes the log into the new database and folds it.
fn restore(
    tx: &Tx<'_>,
    own: &DeviceKey,
    found: &Found,
    report: &mut Salvage,
) -> Result<(), ServiceError> {
    let order = order_of(&found.carved);
    let mut known = BTreeSet::new();
    let mut referred = found.named.clone();
    let mut greatest = Hlc::default();
    let mut was_enrolled = false;
    let mut own_heads: BTreeMap<(Vec<u8>, String), u64> = BTreeMap::new();
    for (hlc, seq, hash) in order {
        let Some(commit) = found.carved.commits.get(&hash).map(|b| Commit::decode(b)) else {
            continue;
        };
        let commit = commit.map_err(crate::services::log::damaged)?;
        let header = commit.header();
        let is_own = header.device == *own;
        let subjects = commit.body().map(|body| body.subjects());
        tx.insert_commit(&commit, &subjects.unwrap_or_default(), is_own)?;
        known.insert(hash);
        if is_own {
            greatest = greatest.max(hlc);
            was_enrolled |= header.certificate.is_some();
            referred.extend(header.prev);
            referred.extend(header.heads.iter().map(|head| head.hash));
            let device = [&[own.suite.code()], &own.bytes[..]].concat();
            let stream = (device, header.zone.as_str().to_owned());
            let head = own_heads.entry(stream).or_insert(seq);
            *head = seq.max(*head);
        }
    }
    report.commits = known.len();
    let (stamped, mut named) = restore_receipts(tx, &found.carved)?;
    report.receipts = stamped;
    referred.append(&mut named);
    restore_clock(tx, greatest)?;
    let lost: Vec<_> = referred.difference(&known).collect();
    report.lost.commits = lost.iter().map(ToString::to_string).collect();
    report.lost.tables.clone_from(&found.lost_tables);
    let is_enrolled = tx.setting(Setting::HubKey)?.is_some();
    if !found.is_settings_whole && tx.setting(Setting::Certificate)?.is_none() {
        let missing = Setting::LASTING
            .into_iter()
            .filter(|setting| matches!(tx.setting(*setting), Ok(None)))
            .map(|setting| setting.key().to_owned());
        report.lost.settings.extend(missing);
    }
    let is_log_whole = lost.is_empty() && (found.is_log_whole || found.heads.is_some());
    if !is_log_whole {
        tx.forget_cursors()?;
    }
    let is_head_known = match &found.heads {
        Some(heads) => own_streams(heads, own)
            .all(|(stream, seq)| own_heads.get(stream).is_some_and(|head| head >= seq)),
        None => found.is_log_whole,
    };
    // Before its first certificate nobody else has anything of this device.
    if (is_enrolled || was_enrolled) && !is_head_known {
        tx.set_setting(Setting::HeadInDoubt, &[1])?;
        report.needs_sync = true;
    }
    report.cases = rebuild_views(tx, own)?;
    Ok(())
}

/// The streams of a device among all.
fn own_streams<'h>(
    heads: &'h BTreeMap<(Vec<u8>, String), u64>,
    own: &DeviceKey,
) -> impl Iterator<Item = (&'h (Vec<u8>, String), &'h u64)> {
    let device = [&[own.suite.code()], &own.bytes[..]].concat();
    heads.iter().filter(move |((key, _), _)| *key == device)
}

/// Cause before effect: a device's clock counts its own commits up, and what travels to the
/// hub does so in this order.
fn order_of(carved: &Carved) -> Vec<(Hlc, u64, Hash)> {
    let mut order: Vec<_> = carved
        .commits
        .iter()
        .filter_map(|(hash, bytes)| {
            let commit = Commit::decode(bytes).ok()?;
            let header = commit.header();
            Some((header.hlc, header.seq, *hash))
        })
        .collect();
    order.sort_unstable();
    order
}

/// Stamps the commits with the entries that the hub signed, the latest of each last; answers
/// how many commits have one, and the commits that entries name.
fn restore_receipts(tx: &Tx<'_>, carved: &Carved) -> Result<(usize, BTreeSet<Hash>), ServiceError> {
    let Some(hub) = hub_key(tx)? else {
        // Without the hub's key nobody can tell; they come again with the next session.
        return Ok((0, BTreeSet::new()));
    };
    let sound = carved
        .entries
        .iter()
        .filter_map(|bytes| SignedEntry::decode(bytes, &hub).ok());
    let mut entries: Vec<_> = sound
        .map(|signed| (signed.entry().epoch, signed.entry().position, signed))
        .collect();
    entries.sort_by_key(|(epoch, position, _)| (*epoch, *position));
    let mut stamped = BTreeSet::new();
    for (_, _, signed) in &entries {
        if let Entry {
            stamp: Stamp::Commit { commit, .. },
            ..
        } = signed.entry()
        {
            tx.stamp_commit(commit, &place_of(signed.entry()), &signed.encode())?;
            stamped.insert(*commit);
        }
    }
    Ok((stamped.len(), stamped))
}

/// Opens every photo that is or was here, sets aside what does not open, and counts.
fn salvage_photos(
    context: &Context<'_>,
    work: &Salvaging,
    mut report: Salvage,
) -> Result<Salvage, ServiceError> {
    let store = context.store;
    let (held, named) = store.read(|tx| -> Result<_, StoreError> {
        let held: BTreeSet<Hash> = tx.held_blobs()?.into_iter().collect();
        Ok((held, photos_named(tx, &context.device(), &mut report)?))
    })?;
    let mut here = Vec::new();
    for hash in held.iter().chain(named.keys()).collect::<BTreeSet<_>>() {
        let was_here = held.contains(hash);
        match store.blobs().get(hash) {
            Ok(Some(bytes)) if hash_of(&bytes) == *hash => {
                here.push((*hash, bytes.len() as u64));
            }
            Ok(None) => {
                // Whose own report it is had it, when the table cannot say.
                let is_own = named.get(hash).copied().unwrap_or(false);
                if was_here || (is_own && report.set_aside.is_some()) {
                    report.lost.photos.push(hash.to_string());
                }
            }
            Ok(Some(_)) | Err(StoreError::BlobDamaged(_)) => {
                work.set_photo_aside(&store.blobs().path(hash))?;
                report.set_aside = Some(work.folder_name());
                report.lost.photos.push(hash.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    report.photos = here.len();
    let is_as_noted = here.iter().all(|(hash, _)| held.contains(hash));
    if is_as_noted && report.lost.photos.is_empty() {
        return Ok(report);
    }
    store.write(|tx| {
        for (hash, size_bytes) in &here {
            tx.put_blob(hash, *size_bytes, true)?;
        }
        for hash in &report.lost.photos {
            if let Ok(hash) = hash.parse() {
                tx.set_blob_lost(&hash)?;
            }
        }
        Ok::<_, ServiceError>(())
    })?;
    Ok(report)
}

const ROWS_AT_ONCE: usize = 1_000;

/// The photos that commits name, and whether an own commit does; counts on the way.
fn photos_named(
    tx: &Tx<'_>,
    own: &DeviceKey,
    report: &mut Salvage,
) -> Result<BTreeMap<Hash, bool>, StoreError> {
    let mut named = BTreeMap::new();
    let (mut after, mut commits, mut receipts) = (0, 0, 0);
    loop {
        let rows = tx.commits_after(after, ROWS_AT_ONCE)?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        for (_, stored) in &rows {
            commits += 1;
            receipts += usize::from(stored.entry.is_some());
            let Ok(commit) = Commit::decode(&stored.bytes) else {
                continue;
            };
            let is_own = commit.header().device == *own;
            let Ok(body) = commit.body() else { continue };
            for operation in &body.operations {
                if let Kind::AddPhoto(photo) = &operation.kind {
                    *named.entry(photo.hash).or_insert(false) |= is_own;
                }
            }
        }
    }
    (report.commits, report.receipts) = (commits, receipts);
    report.cases = tx.subjects(crate::oplog::body::Subject::CASE)?.len();
    Ok(named)
}
