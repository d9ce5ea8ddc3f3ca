//! A session with the hub: the machine of [`crate::sync::phone`] says what to do, this
//! drives it with the store, the key and a transport.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::identifiers::{DeviceKey, Hash};
use crate::model::time::UtcMs;
use crate::oplog::body::Subject;
use crate::oplog::certificate::Certificate;
use crate::oplog::challenge::HourChallenge;
use crate::oplog::commit::Commit;
use crate::oplog::entry::{SignedEntry, Stamp, Verdict};
use crate::oplog::sign::{Purpose, hash_of};
use crate::services::log::{self, hub_key, place_of, refold_subject, take_hub_time};
use crate::services::reference::keep_pack;
use crate::services::{Context, ServiceError, erasure, patrol};
use crate::storage::log::StoredGrant;
use crate::storage::reference::Setting;
use crate::storage::{StoreError, Tx, room};
use crate::sync::phone::{Event, PhoneSession, Step, Tally};
use crate::sync::transport::{Transport, TransportError};
use crate::sync::wire::{Head, Page, SessionReply};

/// The most commits of one push of this phone.
const PUSH_COMMITS: usize = 200;
/// The most bytes of one push of this phone before packing; it shrinks to a fraction, and
/// signatures and nonces do not shrink at all.
const PUSH_BYTES: usize = 200 * 1024;

/// What a session did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Commits that got the hub's receipt.
    pub pushed: usize,
    /// Entries that came from the hub.
    pub pulled: usize,
    /// Photos that the hub confirmed in this session.
    pub photos_sent: usize,
    /// Own commits that the hub did not admit, with its reason.
    pub refused: Vec<RefusedCommit>,
    /// Cases in which values stand beside each other.
    pub conflicts: Vec<Conflict>,
    /// Photos that the hub has not confirmed yet.
    pub pending_blobs: usize,
    /// True when the hub has revoked this device: it took what was sent, for a supervisor
    /// to look at, and gave nothing.
    pub revoked: bool,
}

/// An own commit that the hub did not admit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedCommit {
    /// The commit.
    pub commit: String,
    /// `refused`, `waiting`, `quarantined` or `unfolded`.
    pub verdict: &'static str,
    /// Why: a stable code.
    pub reason: Option<String>,
}

/// A field of a case in which values stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The case.
    pub case_id: String,
    /// The field.
    pub field: &'static str,
    /// How many values stand there.
    pub values: usize,
}

/// Runs one session to its end.
///
/// # Errors
/// [`ServiceError`]; whatever was kept before stays kept, and the next session goes on there.
pub fn sync(
    context: &Context<'_>,
    transport: &mut dyn Transport,
) -> Result<SyncReport, ServiceError> {
    // What was recorded so far goes along.
    context.store.write(|tx| patrol::seal(tx, context))?;
    // What an earlier session could not clean; nothing that was erased waits longer.
    erasure::finish(context)?;
    let (mut driver, begin) = Driver::begin(context, transport)?;
    let mut session = PhoneSession::new();
    let mut step = session.advance(begin)?;
    loop {
        if let Step::Finished(tally) = step {
            let report = driver.finish(&tally)?;
            keep_grid_index(context)?;
            erasure::finish(context)?;
            return Ok(report);
        }
        let event = driver.carry_out(step)?;
        step = session.advance(event)?;
    }
}

/// Stores the index of the grids where it is not. It is derived: a full or busy store goes
/// without it, the next session tries again, and this one is done all the same.
fn keep_grid_index(context: &Context<'_>) -> Result<(), ServiceError> {
    let now = context.host.now().wall;
    match context.reference.keep_grid_index(context.store, now) {
        Err(StoreError::Full | StoreError::Busy) => Ok(()),
        other => Ok(other?),
    }
}

fn begin(tx: &Tx<'_>, context: &Context<'_>) -> Result<(DeviceKey, Event), ServiceError> {
    let device = context.device();
    let hub = hub_key(tx)?.ok_or(ServiceError::NotEnrolled)?;
    let heads = tx
        .stream_heads(&device)?
        .into_iter()
        .map(|head| Head {
            zone: head.zone.as_str().to_owned(),
            seq: head.seq,
            hash: head.hash.to_string(),
        })
        .collect();
    let packs = tx.pack_hashes()?;
    Ok((
        hub,
        Event::Begin {
            device,
            hub,
            heads,
            packs,
        },
    ))
}

struct Driver<'a, 'c> {
    context: &'a Context<'c>,
    transport: &'a mut dyn Transport,
    hub: DeviceKey,
    token: Option<String>,
    touched: BTreeSet<Subject>,
    report: SyncReport,
}

impl<'a, 'c> Driver<'a, 'c> {
    /// A driver that has done nothing yet, and the event with which its session begins.
    fn begin(
        context: &'a Context<'c>,
        transport: &'a mut dyn Transport,
    ) -> Result<(Self, Event), ServiceError> {
        let (hub, begin) = context.store.read(|tx| begin(tx, context))?;
        let driver = Self {
            context,
            transport,
            hub,
            token: None,
            touched: BTreeSet::new(),
            report: SyncReport::default(),
        };
        Ok((driver, begin))
    }

    fn carry_out(&mut self, step: Step) -> Result<Event, ServiceError> {
        let context = self.context;
        Ok(match step {
            Step::SignChallenge(challenge) => {
                let bytes = hex::decode(&challenge)
                    .map_err(|_| TransportError::BadReply("the challenge".to_owned()))?;
                let message = Purpose::Session.message(&hash_of(&bytes));
                Event::Signed(hex::encode(context.signer.sign(&message)?))
            }
            Step::Send(request) => {
                Event::Reply(self.transport.send(&request, self.token.as_deref())?)
            }
            Step::KeepSession(reply) => self.keep_session(&reply)?,
            Step::KeepPack(info, bytes) => {
                let hash: Hash = info
                    .hash
                    .parse()
                    .map_err(|_| ServiceError::BadPage("a pack's hash".to_owned()))?;
                context
                    .store
                    .write(|tx| keep_pack(tx, &info.kind, &hash, &bytes))?;
                Event::Done
            }
            Step::LoadOutbox => Event::Outbox(self.load_outbox()?),
            Step::KeepReceipts(entries) => self.keep_receipts(&entries)?,
            Step::LoadCursor(zone) => {
                let cursor = context.store.read(|tx| tx.cursor(&zone))?;
                Event::Cursor(cursor.map_or(0, |(_, position)| position))
            }
            Step::KeepPage(page) => self.keep_page(&page)?,
            Step::ListBlobs => Event::Blobs(context.store.read(|tx| tx.pending_blobs())?),
            Step::LoadBlob(hash) => Event::Blob(match context.store.blobs().get(&hash) {
                // One damaged photo holds up no other; `verify` names it.
                Err(StoreError::BlobDamaged(_)) => None,
                found => found?,
            }),
            Step::KeepBlobPresent(hash) => {
                context.store.write(|tx| tx.set_blob_at_hub(&hash))?;
                Event::Done
            }
            Step::Finished(_) => Event::Done,
        })
    }

    fn keep_session(&mut self, reply: &SessionReply) -> Result<Event, ServiceError> {
        let bytes = hex::decode(&reply.certificate)
            .map_err(|_| TransportError::BadReply("the certificate".to_owned()))?;
        let certificate = Certificate::decode(&bytes, &self.hub)?;
        if certificate.grant().device != self.context.device() {
            return Err(ServiceError::BadPage(
                "a certificate of another device".to_owned(),
            ));
        }
        self.token = Some(reply.token.clone());
        self.context.store.write(|tx| {
            tx.set_setting(Setting::Certificate, &bytes)?;
            if let Some(through) = reply.durable_through {
                let bytes = [through.epoch.to_be_bytes(), through.position.to_be_bytes()];
                tx.set_setting(Setting::DurableThrough, &bytes.concat())?;
            }
            // One that does not hold is left alone: a report needs none.
            let challenge = reply.hour_challenge.as_deref().map(hex::decode);
            if let Some(Ok(challenge)) = challenge
                && HourChallenge::decode(&challenge, &self.hub).is_ok()
            {
                tx.set_setting(Setting::HourChallenge, &challenge)?;
            }
            take_hub_time(tx, UtcMs(reply.hub_time_ms))?;
            Ok(Event::Done)
        })
    }

    fn load_outbox(&self) -> Result<Vec<Vec<u8>>, ServiceError> {
        let commits = self.context.store.read(|tx| tx.outbox(PUSH_COMMITS))?;
        let mut bytes = 0;
        let batch = commits
            .into_iter()
            .map(|stored| stored.bytes)
            .take_while(|commit| {
                // The first one always goes, however large.
                let fits = bytes == 0 || bytes + commit.len() <= PUSH_BYTES;
                bytes += commit.len();
                fits
            });
        Ok(batch.collect())
    }

    fn keep_receipts(&mut self, entries: &[SignedEntry]) -> Result<Event, ServiceError> {
        self.context.store.write(|tx| {
            let mut touched = BTreeSet::new();
            for signed in entries {
                let Stamp::Commit {
                    commit, verdict, ..
                } = &signed.entry().stamp
                else {
                    return Err(ServiceError::BadPage("a receipt of no commit".to_owned()));
                };
                if !tx.stamp_commit(commit, &place_of(signed.entry()), &signed.encode())? {
                    return Err(ServiceError::BadPage("a receipt of another's".to_owned()));
                }
                if *verdict != Verdict::Admitted {
                    self.report.refused.push(RefusedCommit {
                        commit: commit.to_string(),
                        verdict: verdict.as_str(),
                        reason: verdict.reason().map(str::to_owned),
                    });
                }
                touched.extend(keep_stamped(tx, commit, verdict)?);
            }
            self.refold(tx, touched)?;
            Ok(Event::Done)
        })
    }

    fn keep_page(&mut self, page: &Page) -> Result<Event, ServiceError> {
        let device = self.context.device();
        self.context.store.write(|tx| {
            let mut touched = BTreeSet::new();
            for item in &page.items {
                let signed = SignedEntry::decode(&item.entry, &self.hub)
                    .map_err(|error| ServiceError::BadPage(error.to_string()))?;
                let entry = signed.entry();
                if entry.zone != page.zone || entry.epoch != page.epoch {
                    return Err(ServiceError::BadPage("an entry of another zone".to_owned()));
                }
                match (&entry.stamp, &item.content) {
                    (
                        Stamp::Commit {
                            commit: hash,
                            verdict,
                            ..
                        },
                        Some(bytes),
                    ) => {
                        let commit = Commit::decode(bytes)
                            .map_err(|error| ServiceError::BadPage(error.to_string()))?;
                        if commit.hash() != *hash {
                            return Err(ServiceError::BadPage("another commit".to_owned()));
                        }
                        let body = commit.body();
                        let subjects = body.map(|body| body.subjects()).unwrap_or_default();
                        // Own commits come back to a phone that was restored from a backup.
                        let is_own = commit.header().device == device;
                        tx.insert_commit(&commit, &subjects, is_own)?;
                        tx.stamp_commit(hash, &place_of(entry), &item.entry)?;
                        touched.extend(keep_stamped(tx, hash, verdict)?);
                    }
                    (Stamp::Grant(hash) | Stamp::Revocation(hash), Some(bytes)) => {
                        let certificate = Certificate::decode(bytes, &self.hub)?;
                        if certificate.hash() != *hash {
                            return Err(ServiceError::BadPage("another grant".to_owned()));
                        }
                        let grant = StoredGrant {
                            position: (entry.epoch, entry.position),
                            is_revoked: matches!(entry.stamp, Stamp::Revocation(_)),
                            certificate: bytes.clone(),
                            entry: item.entry.clone(),
                        };
                        tx.insert_grant(&certificate.grant().device, &entry.zone, &grant)?;
                    }
                    // Packs are fetched by their list; an entry only says since when.
                    (Stamp::Pack(_), _) => {}
                    (_, None) => {
                        return Err(ServiceError::BadPage("an entry without content".to_owned()));
                    }
                }
            }
            tx.set_cursor(&page.zone, page.epoch, page.cursor)?;
            self.refold(tx, touched)?;
            Ok(Event::Cursor(page.cursor))
        })
    }

    fn refold(&mut self, tx: &Tx<'_>, touched: BTreeSet<Subject>) -> Result<(), ServiceError> {
        for subject in &touched {
            refold_subject(tx, &self.context.device(), subject)?;
        }
        self.touched.extend(touched);
        Ok(())
    }

    fn finish(mut self, tally: &Tally) -> Result<SyncReport, ServiceError> {
        let context = self.context;
        let now = context.host.now().wall;
        context.store.write(|tx| {
            tx.set_setting(Setting::LastSync, &now.0.to_be_bytes())?;
            if !tally.is_revoked {
                // What a salvage had lost of this device's commits, the hub has given back.
                tx.clear_setting(Setting::HeadInDoubt)?;
            }
            for case_id in self.touched.iter().filter_map(Subject::as_case) {
                let history = log::history(tx, &context.device(), case_id)?;
                for field in crate::model::case::Field::ALL {
                    let Some(register) = history.state().register(field) else {
                        continue;
                    };
                    let values = register.heads().len();
                    if values > 1 {
                        self.report.conflicts.push(Conflict {
                            case_id: case_id.to_string(),
                            field: field.as_str(),
                            values,
                        });
                    }
                }
            }
            self.report.pushed = tally.pushed;
            self.report.pulled = tally.pulled;
            self.report.photos_sent = tally.photos_sent;
            self.report.pending_blobs = tally.pending_blobs;
            self.report.revoked = tally.is_revoked;
            Ok(self.report)
        })
    }
}

/// Does what the stamp of a commit in the store orders; answers what is to be folded again.
fn keep_stamped(tx: &Tx<'_>, hash: &Hash, verdict: &Verdict) -> Result<Vec<Subject>, ServiceError> {
    let Some(stored) = tx.find_commit(hash)? else {
        return Ok(Vec::new());
    };
    let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
    let body = commit.body();
    let mut subjects = body.map(|body| body.subjects()).unwrap_or_default();
    subjects.extend(erasure::take_orders(tx, &commit, verdict)?);
    Ok(subjects)
}

/// Fetches a photo that is not in this store, checks it by its hash and keeps it.
///
/// # Errors
/// [`ServiceError::NoSuchPhoto`] when the hub has it not, [`ServiceError::BadPage`] when its
/// bytes are others.
pub fn fetch_photo(
    context: &Context<'_>,
    transport: &mut dyn Transport,
    hash: &Hash,
) -> Result<Vec<u8>, ServiceError> {
    use crate::sync::wire::{Reply, Request};

    if let Some(bytes) = context.store.blobs().get(hash)? {
        return Ok(bytes);
    }
    let (mut driver, begin) = Driver::begin(context, transport)?;
    // The session's opening is all that is needed: challenge, signature, token.
    let mut session = PhoneSession::new();
    let mut step = session.advance(begin)?;
    while driver.token.is_none() {
        let event = driver.carry_out(step)?;
        step = session.advance(event)?;
    }
    let token = driver.token.take();
    let reply = driver
        .transport
        .send(&Request::GetBlob(*hash), token.as_deref());
    let bytes = match reply {
        Ok(Reply::Bytes(bytes)) => bytes,
        Ok(_) => return Err(TransportError::BadReply("not a photo".to_owned()).into()),
        Err(TransportError::Problem { status: 404, .. }) => {
            return Err(ServiceError::NoSuchPhoto(*hash));
        }
        Err(error) => return Err(error.into()),
    };
    if hash_of(&bytes) != *hash {
        return Err(ServiceError::BadPage(
            "the photo is not what its hash says".to_owned(),
        ));
    }
    if context.store.read(|tx| tx.is_photo_erased(hash))? {
        return Err(ServiceError::NoSuchPhoto(*hash));
    }
    let mut room = room::reserve(context.store.dir(), room::room_of_file(bytes.len() as u64))?;
    room.release_files()?;
    context.store.blobs().put(hash, &bytes)?;
    room.release_commit();
    // A photo that another phone took is known again as well; bytes that are none have no marks.
    let marks = crate::photo::marks(&bytes);
    context.store.write(|tx| {
        tx.put_blob(hash, bytes.len() as u64, true)?;
        if let Some(marks) = &marks {
            tx.put_photo_marks(hash, &marks.to_bytes())?;
        }
        tx.set_blob_at_hub(hash)?;
        Ok(bytes)
    })
}
