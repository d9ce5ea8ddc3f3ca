//! Reads the whole hub again as an auditor would: every entry, signature, chain, verdict,
//! number and file. It believes nothing that can be computed from the bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;

use bading_core::model::identifiers::{DeviceKey, Hash, Zone};
use bading_core::model::time::UtcMs;
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::challenge::HourChallenge;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use bading_core::oplog::erasure::Erasure;
use bading_core::oplog::fold::CaseState;
use bading_core::oplog::sign::DeviceSigner as _;
use bading_core::sync::admission::{self, Admission, StreamEntry, Streams};
use rusqlite::Connection;

use crate::Hub;
use crate::admit::case_number;
use crate::error::HubError;
use crate::judgement::{self, Arrival, Cases, Signer};
use crate::store::log::{self, Reader, StoredEntry};
use crate::store::{blobs, challenges, erasures, packs};

/// Disagreements that are listed; beyond, they are only counted.
const MAX_LISTED: usize = 1000;
/// Files that are looked up at a time.
const FILES_AT_ONCE: usize = 1000;

/// What a verification read and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Entries read.
    pub entries_count: u64,
    /// Commits read and judged again.
    pub commits_count: u64,
    /// Photos hashed again.
    pub photos_count: u64,
    /// Packs of reference data hashed again.
    pub packs_count: u64,
    /// Everything that does not hold.
    pub disagreements_count: u64,
    /// The first thousand of them.
    pub disagreements: Vec<Disagreement>,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The position in the zone's sequence, where it concerns one.
    pub position: Option<u64>,
    /// What does not hold.
    pub what: String,
}

impl VerifyReport {
    /// True when everything holds.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.disagreements_count == 0
    }

    fn disagree(&mut self, position: Option<u64>, what: impl Into<String>) {
        self.disagreements_count += 1;
        if self.disagreements.len() < MAX_LISTED {
            let what = what.into();
            self.disagreements.push(Disagreement { position, what });
        }
    }
}

impl Hub {
    /// Reads everything again. Takes as long as it takes; other requests go on beside it.
    /// Holds the state of every case in memory.
    ///
    /// # Errors
    /// The store's failures; what does not hold is in the report.
    pub fn verify(&self) -> Result<VerifyReport, HubError> {
        let mut report = VerifyReport::default();
        self.store.read(|conn| {
            let head = log::zone_head(conn, &self.zone)?;
            let mut replay = Replay {
                hub: self,
                hub_key: self.key.key(),
                next_position: 1,
                signers: HashMap::new(),
                streams: KnownStreams::default(),
                cases: Cases::new(),
                numbers: HashMap::new(),
                ordered: BTreeSet::new(),
                missing: Vec::new(),
                photos: BTreeSet::new(),
                challenges: Vec::new(),
            };
            let everything = (0, u64::MAX);
            log::entries_between(
                conn,
                &self.zone,
                everything,
                &Reader::Everything,
                |stored| {
                    replay.entry(&stored, &mut report);
                    Ok(true)
                },
            )?;
            replay.erasures(conn, &mut report)?;
            replay.challenges(conn, &mut report)?;
            if replay.next_position != head.next_position {
                report.disagree(None, "the counter of positions is not at the end");
            }
            for pack in packs::list_active(conn, &self.zone)? {
                if blobs::find_size(conn, &pack.hash)?.is_none() {
                    report.disagree(None, format!("pack {} has no file", pack.kind));
                }
            }
            Ok(())
        })?;
        self.verify_files(&mut report)?;
        Ok(report)
    }

    fn verify_files(&self, report: &mut VerifyReport) -> Result<(), HubError> {
        let mut after = None;
        let packs = self
            .store
            .read(|conn| packs::list_every_hash(conn, &self.zone))?;
        loop {
            let files = self
                .store
                .read(|conn| blobs::list_after(conn, after.as_ref(), FILES_AT_ONCE))?;
            let Some((last, _)) = files.last() else {
                return Ok(());
            };
            after = Some(*last);
            for (hash, size_bytes) in &files {
                let (count, what) = match packs.contains(hash) {
                    true => (&mut report.packs_count, "pack"),
                    false => (&mut report.photos_count, "photo"),
                };
                *count += 1;
                if !self.folder.is_whole(hash, *size_bytes)? {
                    report.disagree(None, format!("{what} {hash} is missing or damaged"));
                }
            }
        }
    }
}

/// The hub's decisions, made again from the first entry on.
struct Replay<'h> {
    hub: &'h Hub,
    hub_key: DeviceKey,
    next_position: u64,
    signers: HashMap<DeviceKey, Signer>,
    streams: KnownStreams,
    cases: Cases,
    numbers: HashMap<String, u64>,
    /// Values that admitted orders name, and those that are gone, with the position.
    ordered: BTreeSet<(Hash, u32)>,
    missing: Vec<(u64, (Hash, u32))>,
    /// Photos that admitted orders name.
    photos: BTreeSet<Hash>,
    /// Challenges that reports contain, with position and time of the entry.
    challenges: Vec<(u64, UtcMs, Vec<u8>)>,
}

impl Replay<'_> {
    fn entry(&mut self, stored: &StoredEntry, report: &mut VerifyReport) {
        report.entries_count += 1;
        let at = Some(stored.position);
        if stored.position != self.next_position {
            report.disagree(at, "positions are missing before it");
        }
        self.next_position = stored.position + 1;
        let signed = match SignedEntry::decode(&stored.entry, &self.hub_key) {
            Ok(signed) => signed,
            Err(error) => return report.disagree(at, error.to_string()),
        };
        let entry = signed.entry();
        if entry.position != stored.position || entry.zone != self.hub.zone {
            report.disagree(at, "the entry was signed for another place");
        }
        let content = stored.content.as_deref();
        match &entry.stamp {
            Stamp::Commit {
                commit,
                verdict,
                number,
            } => {
                report.commits_count += 1;
                match content.map(Commit::decode) {
                    None => report.disagree(at, "the commit is missing"),
                    Some(Err(error)) => report.disagree(at, error.to_string()),
                    Some(Ok(found)) if found.hash() != *commit => {
                        report.disagree(at, "the commit is not the one that was stamped");
                    }
                    Some(Ok(found)) => {
                        self.commit(found, entry, verdict, number.as_deref(), report);
                    }
                }
            }
            Stamp::Grant(hash) => {
                if let Some(certificate) = self.certificate(hash, content, at, report) {
                    let grant = certificate.grant();
                    let signer = Signer {
                        authority: grant.authority.clone(),
                        valid_to: Some(grant.valid_to),
                        is_revoked: false,
                    };
                    self.signers.insert(grant.device, signer);
                }
            }
            Stamp::Revocation(hash) => {
                if let Some(certificate) = self.certificate(hash, content, at, report) {
                    let signer = self.signers.entry(certificate.grant().device);
                    signer.or_default().is_revoked = true;
                }
            }
            Stamp::Pack(_) => {}
        }
    }

    fn certificate(
        &self,
        hash: &Hash,
        content: Option<&[u8]>,
        at: Option<u64>,
        report: &mut VerifyReport,
    ) -> Option<Certificate> {
        match content.map(|bytes| Certificate::decode(bytes, &self.hub_key)) {
            Some(Ok(certificate)) if certificate.hash() == *hash => Some(certificate),
            Some(Err(error)) => {
                report.disagree(at, error.to_string());
                None
            }
            _ => {
                report.disagree(at, "the certificate is not the one that was stamped");
                None
            }
        }
    }

    fn commit(
        &mut self,
        commit: Commit,
        entry: &Entry,
        verdict: &Verdict,
        number: Option<&str>,
        report: &mut VerifyReport,
    ) {
        let at = Some(entry.position);
        let Ok(placed) = admission::place(0, &commit, &self.streams);
        let is_forked = match placed {
            Ok(Admission::Next) => false,
            Ok(Admission::Fork) => true,
            Ok(Admission::Known) => return report.disagree(at, "the commit is here twice"),
            Err(stop) => {
                report.disagree(at, stop.code());
                false
            }
        };
        self.streams.add(&commit, is_forked);
        let device = commit.header().device;
        let signer = self.signers.get(&device).cloned().unwrap_or_default();
        let body = commit.body();
        let about: Vec<_> = body.iter().flat_map(judgement::cases_of).collect();
        for case_id in &about {
            self.cases
                .entry(*case_id)
                .or_insert_with(|| CaseState::empty(*case_id));
        }
        let is_refused_for = |why: &str| matches!(verdict, Verdict::Refused(code) if code == why);
        let is_stripped = is_refused_for("value_missing");
        let has_lost = commit.missing_values().next().is_some();
        if !is_stripped {
            let hash = commit.hash();
            let gone = commit.missing_values();
            self.missing
                .extend(gone.map(|value| (entry.position, (hash, value))));
        }
        if let (Verdict::Admitted, Ok(body)) = (verdict, &body) {
            for order in body.erasures() {
                match &order.what {
                    Erasure::Values { commit, values } => {
                        self.ordered
                            .extend(values.iter().map(|value| (*commit, *value)));
                    }
                    Erasure::Photo(photo) => {
                        self.photos.insert(*photo);
                    }
                }
            }
        }
        let contained = commit.challenges().into_iter();
        self.challenges
            .extend(contained.map(|bytes| (entry.position, entry.hub_time, bytes)));
        let arrival = Arrival {
            is_forked,
            is_stripped,
        };
        let again = judgement::verdict_on(
            &commit,
            &body,
            arrival,
            &signer,
            entry.hub_time,
            &self.cases,
        );
        // The value that could not be read may be one that was erased since.
        let is_past_judging = has_lost && is_refused_for("malformed");
        if again != *verdict && !is_past_judging {
            let (was, is) = (describe(verdict), describe(&again));
            report.disagree(at, format!("the verdict was {was} and would be {is}"));
        }
        let mut input = judgement::input(
            commit,
            (entry.epoch, entry.position),
            entry.hub_time,
            verdict.clone(),
            None,
            signer.authority,
        );
        let is_due =
            *verdict == Verdict::Admitted && judgement::is_number_due(&input, &body, &self.cases);
        let expected = is_due.then(|| {
            let day = judgement::local_day(entry.hub_time, self.hub.utc_offset_min);
            let count = self.numbers.entry(day.clone()).or_default();
            *count += 1;
            case_number(&self.hub.zone, &day, *count)
        });
        if expected.as_deref() != number {
            report.disagree(at, "the case number is not the one that was due");
        }
        if let Some(annotation) = &mut input.annotation {
            annotation.number = number.map(str::to_owned);
        }
        for case_id in about {
            if let Some(case) = self.cases.get_mut(&case_id) {
                case.apply(&input);
            }
        }
    }

    /// A challenge in a report is one that this hub drew, in an hour before the entry.
    fn challenges(&self, conn: &Connection, report: &mut VerifyReport) -> Result<(), HubError> {
        for (position, stamped, bytes) in &self.challenges {
            let at = Some(*position);
            match HourChallenge::decode(bytes, &self.hub_key) {
                Err(error) => report.disagree(at, error.to_string()),
                Ok(found) if found.hour > *stamped => {
                    report.disagree(at, "the challenge is of a later hour");
                }
                Ok(found) => {
                    if challenges::of_hour(conn, found.hour)?.as_ref() != Some(bytes) {
                        report.disagree(at, "the challenge is not one that was drawn");
                    }
                }
            }
        }
        Ok(())
    }

    /// What is gone was ordered, and what was ordered is gone.
    fn erasures(&self, conn: &Connection, report: &mut VerifyReport) -> Result<(), HubError> {
        for (position, thing) in &self.missing {
            if !self.ordered.contains(thing) {
                let what = format!("value {} is missing, and nobody ordered it", thing.1);
                report.disagree(Some(*position), what);
            }
        }
        for (hash, value) in &self.ordered {
            let commit = erasures::find_commit(conn, &self.hub.zone, hash)?;
            let is_here = commit.is_some_and(|commit| {
                matches!(commit.values().get(*value as usize), Some(Some(_)))
            });
            if is_here {
                report.disagree(None, format!("value {value} of {hash} was to be erased"));
            }
        }
        for photo in &self.photos {
            if blobs::find_size(conn, photo)?.is_some() || self.hub.folder.has(photo) {
                report.disagree(None, format!("photo {photo} was to be erased"));
            }
        }
        Ok(())
    }
}

fn describe(verdict: &Verdict) -> String {
    match verdict.reason() {
        Some(reason) => format!("{} ({reason})", verdict.as_str()),
        None => verdict.as_str().to_owned(),
    }
}

/// The streams as far as they have been read.
#[derive(Default)]
struct KnownStreams {
    known: HashSet<Hash>,
    at: BTreeMap<(DeviceKey, Zone, u64), Vec<StreamEntry>>,
}

impl KnownStreams {
    fn add(&mut self, commit: &Commit, is_forked: bool) {
        let (header, hash) = (commit.header(), commit.hash());
        self.known.insert(hash);
        self.at
            .entry((header.device, header.zone.clone(), header.seq))
            .or_default()
            .push(StreamEntry { hash, is_forked });
    }
}

impl Streams for KnownStreams {
    type Error = Infallible;

    fn is_known(&self, commit: &Hash) -> Result<bool, Infallible> {
        Ok(self.known.contains(commit))
    }

    fn at(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        seq: u64,
    ) -> Result<Vec<StreamEntry>, Infallible> {
        let key = (*device, zone.clone(), seq);
        Ok(self.at.get(&key).cloned().unwrap_or_default())
    }
}
