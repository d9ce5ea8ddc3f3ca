//! Making a bundle of what somebody holds: the commits about what was asked for, their
//! stamps, what those rest on, the links of every chain they stand in, and the photos.
//!
//! A phone and a hub hold these things differently and export them alike: each is a
//! [`Source`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::time::UtcMs;
use crate::oplog::body::{Kind, Subject};
use crate::oplog::commit::{Commit, CommitError};
use crate::oplog::entry::{EntryError, SignedEntry};
use crate::oplog::evidence::{
    AbsentPart, BundleError, BundleWriter, CommitPart, Exporter, GrantPart, LinkPart, MAX_ASKED,
    Manifest, PackPart, PartKind,
};
use crate::oplog::sign::{Verifier, hash_of};
use crate::oplog::verdict_act::VerdictAct;
use crate::services::evidence::stream::gaps;
use crate::services::evidence::verify::{commit_key, stream_key};

/// A commit as it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The commit's bytes.
    pub commit: Vec<u8>,
    /// The signed entry that counts, once there is one.
    pub entry: Option<Vec<u8>>,
}

/// Whoever holds a log.
pub trait Source {
    /// The failure of the store behind it.
    type Error;

    /// The commits about a subject, in any order.
    ///
    /// # Errors
    /// The store's own.
    fn about(&self, subject: &Subject) -> Result<Vec<Held>, Self::Error>;

    /// Hands every commit over.
    ///
    /// # Errors
    /// The store's own.
    fn everything(&self, each: &mut dyn FnMut(Held)) -> Result<(), Self::Error>;

    /// A commit by its name.
    ///
    /// # Errors
    /// The store's own.
    fn find(&self, commit: &Hash) -> Result<Option<Held>, Self::Error>;

    /// Hands over the commits of a stream up to a number, that one included, in any order.
    ///
    /// # Errors
    /// The store's own.
    fn stream(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        last: u64,
        each: &mut dyn FnMut(Held),
    ) -> Result<(), Self::Error>;

    /// The grants and revocations of a device.
    ///
    /// # Errors
    /// The store's own.
    fn grants(&self, device: &DeviceKey) -> Result<Vec<GrantPart>, Self::Error>;

    /// The packs in force.
    ///
    /// # Errors
    /// The store's own.
    fn packs(&self) -> Result<Vec<PackPart>, Self::Error>;

    /// A pack's bytes.
    ///
    /// # Errors
    /// The store's own.
    fn pack_content(&self, part: &PackPart) -> Result<Option<Vec<u8>>, Self::Error>;

    /// A photo's bytes, whole or damaged; nothing when it is not here.
    ///
    /// # Errors
    /// The store's own.
    fn photo(&self, photo: &Hash) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// What is to be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Cases and patrols; nothing for everything there is.
    pub subjects: Option<Vec<Subject>>,
    /// Whether photos come along.
    pub photos: bool,
    /// The kinds of packs whose bytes come along, such as `grids` for the map of a report.
    pub pack_contents: Vec<String>,
}

/// Who exports, and what they know.
#[derive(Debug, Clone)]
pub struct By {
    /// The program.
    pub writer: String,
    /// The device or the hub.
    pub exporter: Exporter,
    /// Now, by the exporter's clock.
    pub now: UtcMs,
    /// The hub's key.
    pub hub: Option<DeviceKey>,
    /// How far each zone was read.
    pub zones: Vec<(Zone, u64, u64)>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The bundle's hash.
    pub hash: Hash,
    /// Commits.
    pub commits: u64,
    /// Headers of commits that stay where they are.
    pub links: u64,
    /// Photos.
    pub photos: u64,
    /// Things that are not here, each said in the bundle.
    pub absent: u64,
}

/// Why nothing was exported.
#[derive(Debug, Error)]
pub enum ExportError<E> {
    /// What holds the log refused.
    #[error(transparent)]
    Source(E),
    /// Writing the bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A commit that was sound when it was kept is not any more.
    #[error("a stored commit is damaged: {0}")]
    Commit(#[from] CommitError),
    /// A stamp that was sound when it was kept is not any more.
    #[error("a stored receipt is damaged: {0}")]
    Entry(#[from] EntryError),
    /// More subjects than a bundle may name; everything can be asked for instead.
    #[error("at most {MAX_ASKED} cases and patrols may be asked for by name, found {0}")]
    TooMany(usize),
    /// Nothing is known about a subject that was asked for.
    #[error("nothing is known about {0}")]
    Unknown(String),
}

/// The place of a commit in the bundle, by which it is found again when its turn comes.
struct Plan {
    /// By the order of the bundle.
    commits: BTreeMap<Vec<u8>, Hash>,
    names: BTreeSet<Hash>,
    /// The numbers that are here whole, by stream.
    streams: BTreeMap<(DeviceKey, Zone), BTreeSet<u64>>,
    photos: BTreeSet<Hash>,
    /// What commits about one subject name as seen.
    seen: BTreeSet<Hash>,
    absent: BTreeMap<Vec<u8>, AbsentPart>,
    verifier: Verifier,
    hub: Option<DeviceKey>,
}

/// Writes a bundle. What it answers is durable only once the caller has synced `out`.
///
/// # Errors
/// [`ExportError`]; what was written is no bundle then.
pub fn export<S: Source, W: Write>(
    source: &S,
    wanted: &Wanted,
    by: &By,
    out: W,
) -> Result<Exported, ExportError<S::Error>> {
    let mut plan = Plan {
        commits: BTreeMap::new(),
        names: BTreeSet::new(),
        streams: BTreeMap::new(),
        photos: BTreeSet::new(),
        seen: BTreeSet::new(),
        absent: BTreeMap::new(),
        verifier: Verifier::default(),
        hub: by.hub,
    };
    let asked = gather(source, wanted, &mut plan)?;
    let manifest = Manifest {
        writer: by.writer.clone(),
        exporter: by.exporter,
        exported: by.now,
        hub: by.hub,
        zones: by.zones.clone(),
        asked,
        has_photos: wanted.photos,
    };
    let mut bundle = BundleWriter::begin(out, &manifest)?;
    write_grants(source, &mut plan, &mut bundle)?;
    let packs = source.packs().map_err(ExportError::Source)?;
    let mut by_kind = packs.clone();
    by_kind.sort_by(|a, b| (&a.kind, a.hash).cmp(&(&b.kind, b.hash)));
    for part in &by_kind {
        bundle.pack(part)?;
    }
    for name in plan.commits.values() {
        // It was here a moment ago, in the same reading of the store.
        if let Some(held) = source.find(name).map_err(ExportError::Source)? {
            bundle.commit(&CommitPart {
                commit: held.commit,
                entries: held.entry.into_iter().collect(),
            })?;
        }
    }
    write_links(source, &mut plan, &mut bundle)?;
    if wanted.photos {
        write_photos(source, &mut plan, &mut bundle)?;
    }
    let mut contents: Vec<_> = packs
        .iter()
        .filter(|part| wanted.pack_contents.contains(&part.kind))
        .collect();
    contents.sort_by_key(|part| part.hash);
    contents.dedup_by_key(|part| part.hash);
    for part in contents {
        if let Some(bytes) = source.pack_content(part).map_err(ExportError::Source)? {
            bundle.pack_content(&part.hash, bytes.len() as u64, &mut bytes.as_slice())?;
        }
    }
    for part in plan.absent.values() {
        bundle.absent(part)?;
    }
    let (hash, tally, _) = bundle.finish()?;
    let count = |kind: PartKind| {
        let at = usize::from(kind.code() - 1);
        tally.get(at).copied().unwrap_or_default()
    };
    Ok(Exported {
        hash,
        commits: count(PartKind::Commit),
        links: count(PartKind::Link),
        photos: count(PartKind::Photo),
        absent: count(PartKind::Absent),
    })
}

/// Finds every commit that belongs into the bundle; answers the subjects in their order.
fn gather<S: Source>(
    source: &S,
    wanted: &Wanted,
    plan: &mut Plan,
) -> Result<Option<Vec<Subject>>, ExportError<S::Error>> {
    let Some(subjects) = &wanted.subjects else {
        let mut failed = None;
        source
            .everything(&mut |held| {
                if failed.is_none() {
                    failed = plan.take::<S::Error>(&held).err();
                }
            })
            .map_err(ExportError::Source)?;
        failed.map_or(Ok(()), Err)?;
        plan.complete(source)?;
        return Ok(None);
    };
    let asked: BTreeSet<Subject> = subjects.iter().copied().collect();
    if asked.len() > MAX_ASKED {
        return Err(ExportError::TooMany(asked.len()));
    }
    for subject in &asked {
        let about = source.about(subject).map_err(ExportError::Source)?;
        if about.is_empty() {
            return Err(ExportError::Unknown(name_of(subject)));
        }
        for held in &about {
            plan.take::<S::Error>(held)?;
        }
    }
    plan.complete(source)?;
    Ok(Some(asked.into_iter().collect()))
}

fn name_of(subject: &Subject) -> String {
    match (subject.as_case(), subject.as_patrol()) {
        (Some(case_id), _) => format!("case {case_id}"),
        (None, Some(patrol_id)) => format!("patrol {patrol_id}"),
        (None, None) => format!("subject {}", hex::encode(subject.id)),
    }
}

impl Plan {
    fn take<E>(&mut self, held: &Held) -> Result<(), ExportError<E>> {
        let commit = Commit::decode_by(&held.commit, &mut self.verifier)?;
        let (header, name) = (commit.header(), commit.hash());
        let entry = match (&held.entry, &self.hub) {
            (Some(bytes), Some(hub)) => {
                Some(SignedEntry::decode_by(bytes, hub, &mut self.verifier)?.into_entry())
            }
            _ => None,
        };
        let key = commit_key(header, &name, entry.as_ref());
        self.commits.insert(key, name);
        self.names.insert(name);
        self.streams
            .entry((header.device, header.zone.clone()))
            .or_default()
            .insert(header.seq);
        let Ok(body) = commit.body() else {
            return Ok(());
        };
        if body.subjects().len() == 1 {
            self.seen.extend(&header.basis);
        }
        for operation in &body.operations {
            match &operation.kind {
                Kind::AddPhoto(photo) => {
                    self.photos.insert(photo.hash);
                }
                Kind::Verdict(VerdictAct::Find {
                    photo: Some(photo), ..
                }) => {
                    self.photos.insert(*photo);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a commit about one subject names as seen comes along, or is said to be absent.
    fn complete<S: Source>(&mut self, source: &S) -> Result<(), ExportError<S::Error>> {
        let mut done = BTreeSet::new();
        while let Some(name) = self.seen.iter().find(|name| !done.contains(*name)).copied() {
            done.insert(name);
            if self.names.contains(&name) {
                continue;
            }
            match source.find(&name).map_err(ExportError::Source)? {
                Some(held) => self.take::<S::Error>(&held)?,
                None => self.say_absent(AbsentPart::Commit(name)),
            }
        }
        Ok(())
    }

    fn say_absent(&mut self, part: AbsentPart) {
        self.absent.insert(part.encode(), part);
    }
}

fn write_grants<S: Source, W: Write>(
    source: &S,
    plan: &mut Plan,
    bundle: &mut BundleWriter<W>,
) -> Result<(), ExportError<S::Error>> {
    let Some(hub) = plan.hub else { return Ok(()) };
    let devices: BTreeSet<DeviceKey> = plan.streams.keys().map(|(device, _)| *device).collect();
    let mut grants = BTreeMap::new();
    for device in &devices {
        for part in source.grants(device).map_err(ExportError::Source)? {
            let signed = SignedEntry::decode_by(&part.entry, &hub, &mut plan.verifier)?;
            let entry = signed.into_entry();
            grants.insert((entry.zone, entry.epoch, entry.position), part);
        }
    }
    for part in grants.values() {
        bundle.grant(part)?;
    }
    Ok(())
}

/// The headers of what stands before and between in each chain, and what is not held of it.
fn write_links<S: Source, W: Write>(
    source: &S,
    plan: &mut Plan,
    bundle: &mut BundleWriter<W>,
) -> Result<(), ExportError<S::Error>> {
    let streams = std::mem::take(&mut plan.streams);
    for ((device, zone), whole) in &streams {
        let Some(last) = whole.last().copied() else {
            continue;
        };
        let is_whole_chain = gaps(whole.iter().copied(), 0).is_empty();
        let mut numbers = whole.clone();
        if !is_whole_chain {
            let mut links = BTreeMap::new();
            let mut failed: Option<ExportError<S::Error>> = None;
            source
                .stream(device, zone, last, &mut |held| match Commit::decode_by(
                    &held.commit,
                    &mut plan.verifier,
                ) {
                    Ok(commit) if !plan.names.contains(&commit.hash()) => {
                        numbers.insert(commit.header().seq);
                        let key = stream_key(commit.header(), &commit.hash());
                        let link = commit.signed_header();
                        let part = LinkPart {
                            header: link.bytes().to_vec(),
                            signature: *link.signature(),
                            entry: held.entry,
                        };
                        links.insert(key, part);
                    }
                    Ok(_) => {}
                    Err(error) => failed = Some(error.into()),
                })
                .map_err(ExportError::Source)?;
            failed.map_or(Ok(()), Err)?;
            for part in links.values() {
                bundle.link(part)?;
            }
        }
        let missing = gaps(numbers.iter().copied(), 0);
        for (from, to) in missing {
            plan.say_absent(AbsentPart::Commits {
                device: *device,
                zone: zone.clone(),
                from,
                to,
            });
        }
    }
    plan.streams = streams;
    Ok(())
}

fn write_photos<S: Source, W: Write>(
    source: &S,
    plan: &mut Plan,
    bundle: &mut BundleWriter<W>,
) -> Result<(), ExportError<S::Error>> {
    for name in std::mem::take(&mut plan.photos) {
        match source.photo(&name).map_err(ExportError::Source)? {
            Some(bytes) if hash_of(&bytes) == name => {
                bundle.photo(&name, bytes.len() as u64, &mut bytes.as_slice())?;
            }
            Some(_) => plan.say_absent(AbsentPart::DamagedPhoto(name)),
            None => plan.say_absent(AbsentPart::Photo(name)),
        }
    }
    Ok(())
}
