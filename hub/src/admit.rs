//! Admission of a batch: the longest valid prefix, judged commit by commit and sequenced in
//! one transaction. Repeating a batch changes nothing and gives the same entries.

use std::collections::HashMap;

use bading_core::model::case::CaseId;
use bading_core::model::identifiers::{DeviceKey, Zone};
use bading_core::oplog::body::{Body, BodyError, Kind, Subject};
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{SignedEntry, Stamp, Verdict};
use bading_core::oplog::fold::CaseState;
use bading_core::oplog::sign::DeviceSigner as _;
use bading_core::sync::admission::{self, Admission, Stop};
use rusqlite::Connection;

use crate::Hub;
use crate::error::HubError;
use crate::judgement::{self, Arrival, Cases, Signer};
use crate::sequence::Sequencer;
use crate::store::log::{self, ZoneStreams};
use crate::store::{blobs, erasures, patrols, people};

/// What became of a batch.
#[derive(Debug)]
pub struct BatchOutcome {
    /// The stamp of each commit of the admitted prefix, in the batch's order.
    pub entries: Vec<SignedEntry>,
    /// Why the batch ended early, if it did.
    pub stop: Option<BatchStop>,
}

/// Why a batch ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchStop {
    /// The commit is not sound, has no predecessor here, or is another device's.
    Stop(Stop),
    /// The commit is of a zone that this hub does not sequence.
    OtherZone {
        /// Its place in the batch, from 0.
        index: usize,
    },
}

impl BatchStop {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stop(stop) => stop.code(),
            Self::OtherZone { .. } => "other_zone",
        }
    }
}

impl Hub {
    /// Admits a batch that an enrolled device brought, oldest first: the longest valid
    /// prefix, in one transaction.
    ///
    /// # Errors
    /// [`HubError::UnknownDevice`] for a device that is not enrolled; the store's failures,
    /// after which nothing of the batch is kept.
    pub fn admit_batch(
        &self,
        session_device: &DeviceKey,
        commits: &[Vec<u8>],
    ) -> Result<BatchOutcome, HubError> {
        // Signatures are most of the work and need no lock.
        let mut sound = Vec::with_capacity(commits.len());
        let mut stop = None;
        for (index, bytes) in commits.iter().enumerate() {
            match admission::read(index, bytes, session_device) {
                Ok(commit) => sound.push(commit),
                Err(why) => {
                    stop = Some(BatchStop::Stop(why));
                    break;
                }
            }
        }
        let hub_time = self.clock.now();
        let outcome = self.store.write(|conn| {
            let sequencer = Sequencer::open(conn, &self.zone, &self.key, hub_time)?;
            let mut batch = Batch {
                hub: self,
                signer: self.signer_now(conn, session_device)?,
                sequencer,
                cases: Cases::new(),
                signers: Signers::default(),
                entries: Vec::with_capacity(sound.len()),
            };
            for (index, commit) in sound.into_iter().enumerate() {
                if let Some(earlier) = batch.take(index, commit)? {
                    stop = Some(earlier);
                    break;
                }
            }
            let entries = batch.entries;
            batch.sequencer.finish()?;
            Ok(BatchOutcome { entries, stop })
        })?;
        self.finish_erasures()?;
        Ok(outcome)
    }

    fn signer_now(&self, conn: &Connection, device: &DeviceKey) -> Result<Signer, HubError> {
        let row = people::find_device(conn, device)?.ok_or(HubError::UnknownDevice)?;
        let mut signer =
            Signers::default().at(conn, &self.zone, &self.key.key(), device, u64::MAX)?;
        signer.is_revoked |= row.is_revoked;
        Ok(signer)
    }
}

/// A batch under way inside its transaction.
struct Batch<'t> {
    hub: &'t Hub,
    signer: Signer,
    sequencer: Sequencer<'t>,
    cases: Cases,
    signers: Signers,
    entries: Vec<SignedEntry>,
}

impl Batch<'_> {
    /// Places, judges and stamps one commit, or says why the batch ends before it.
    fn take(&mut self, index: usize, mut commit: Commit) -> Result<Option<BatchStop>, HubError> {
        let (conn, zone) = (self.sequencer.conn, self.sequencer.zone);
        let stream_zone = &commit.header().zone;
        if !stream_zone.is_unassigned() && stream_zone != zone {
            return Ok(Some(BatchStop::OtherZone { index }));
        }
        let is_forked = match admission::place(index, &commit, &ZoneStreams { conn, zone })? {
            Err(stop) => return Ok(Some(BatchStop::Stop(stop))),
            Ok(Admission::Known) => {
                let entry = log::entry_of_commit(conn, zone, &commit.hash())?
                    .ok_or(HubError::Damaged("a commit without its entry"))?;
                self.entries
                    .push(SignedEntry::decode(&entry, &self.hub.key.key())?);
                return Ok(None);
            }
            Ok(Admission::Next) => false,
            Ok(Admission::Fork) => true,
        };
        let erased = erasures::values_of(conn, zone, &commit.hash())?;
        commit.erase_values(&erased);
        let arrival = Arrival {
            is_forked,
            is_stripped: commit.missing_values().any(|at| !erased.contains(&at)),
        };
        let body = commit.body();
        for case_id in body.iter().flat_map(judgement::cases_of) {
            self.load(case_id)?;
        }
        let hub_time = self.sequencer.hub_time;
        let signer = &self.signer;
        let verdict = judgement::verdict_on(&commit, &body, arrival, signer, hub_time, &self.cases);
        self.stamp(commit, &body, is_forked, verdict)?;
        Ok(None)
    }

    fn stamp(
        &mut self,
        commit: Commit,
        body: &Result<Body, BodyError>,
        is_forked: bool,
        verdict: Verdict,
    ) -> Result<(), HubError> {
        let (conn, zone) = (self.sequencer.conn, self.sequencer.zone);
        let position = self.sequencer.next_position();
        let entry_time = self.sequencer.hub_time;
        let mut input = judgement::input(
            commit,
            (self.sequencer.epoch(), position),
            self.sequencer.hub_time,
            verdict.clone(),
            None,
            self.signer.authority.clone(),
        );
        let mut number = None;
        if verdict == Verdict::Admitted && judgement::is_number_due(&input, body, &self.cases) {
            let day = judgement::local_day(self.sequencer.hub_time, self.hub.utc_offset_min);
            let count = log::take_case_number(conn, zone, &day)?;
            number = Some(case_number(zone, &day, count));
        }
        if let Some(annotation) = &mut input.annotation {
            annotation.number.clone_from(&number);
        }
        let stamp = Stamp::Commit {
            commit: input.commit.hash(),
            verdict: verdict.clone(),
            number,
        };
        let signed = self.sequencer.stamp(stamp, None)?;
        let subjects = body.as_ref().map(Body::subjects).unwrap_or_default();
        log::add_commit(conn, zone, position, &input.commit, is_forked, &subjects)?;
        for case_id in body.iter().flat_map(judgement::cases_of) {
            if let Some(case) = self.cases.get_mut(&case_id) {
                let was_open = case.opened.is_some();
                case.apply(&input);
                if let (false, Some(opening)) = (was_open, &case.opened) {
                    let person = opening.person.as_ref();
                    log::note_opening(conn, zone, case_id, position, &opening.device, person)?;
                }
            }
        }
        if let (Verdict::Admitted, Ok(body)) = (&verdict, body) {
            self.hub.take_orders(conn, body, position)?;
            for operation in &body.operations {
                if let (Kind::StartPatrol { .. }, Some(patrol_id)) =
                    (&operation.kind, operation.subject.as_patrol())
                {
                    let header = input.commit.header();
                    let started = header.hlc.effective(header.last_hub_time, entry_time).ms;
                    let person = self.signer.authority.person.as_ref();
                    patrols::note(
                        conn,
                        zone,
                        patrol_id,
                        position,
                        &header.device,
                        person,
                        started,
                    )?;
                }
                if let (Kind::AddPhoto(photo), Some(case_id)) =
                    (&operation.kind, operation.subject.as_case())
                {
                    blobs::announce(conn, zone, &photo.hash, case_id, position)?;
                }
            }
        }
        self.entries.push(signed);
        Ok(())
    }

    /// Folds a case from the log, once for each batch.
    fn load(&mut self, case_id: CaseId) -> Result<(), HubError> {
        if self.cases.contains_key(&case_id) {
            return Ok(());
        }
        let subject = Subject::case(case_id);
        let inputs = self
            .hub
            .inputs_about(self.sequencer.conn, &mut self.signers, &subject)?;
        let mut case = CaseState::empty(case_id);
        for input in &inputs {
            case.apply(input);
        }
        self.cases.insert(case_id, case);
        Ok(())
    }
}

/// The official number of a case: zone, local day, count of that day from 1.
pub(crate) fn case_number(zone: &Zone, day: &str, count: u64) -> String {
    format!("{zone}-{day}-{count:05}")
}

/// What the sequence says of devices, so that a certificate is verified once for each batch
/// and not once for each commit.
#[derive(Default)]
pub(crate) struct Signers {
    known: HashMap<Vec<u8>, Signer>,
}

impl Signers {
    /// What a device may do by the entries before a position.
    pub(crate) fn at(
        &mut self,
        conn: &Connection,
        zone: &Zone,
        hub_key: &DeviceKey,
        device: &DeviceKey,
        position: u64,
    ) -> Result<Signer, HubError> {
        let Some(row) = log::grant_before(conn, zone, device, position)? else {
            return Ok(Signer::default());
        };
        let mut signer = match self.known.get(&row.certificate) {
            Some(signer) => signer.clone(),
            None => {
                let certificate = Certificate::decode(&row.certificate, hub_key)?;
                let grant = certificate.grant();
                let signer = Signer {
                    authority: grant.authority.clone(),
                    valid_to: Some(grant.valid_to),
                    is_revoked: false,
                };
                self.known.insert(row.certificate, signer.clone());
                signer
            }
        };
        signer.is_revoked = row.is_revocation;
        Ok(signer)
    }
}
