//! The phone's side of a session as a state machine: it is told what happened and says what
//! to do next. It holds no connection and no store, so that a test can lose, repeat or
//! reorder whatever it likes.

use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::oplog::entry::{EntryError, SignedEntry};
use crate::sync::wire::{
    ChallengeRequest, Head, PackInfo, Page, Reply, Request, SessionReply, SessionRequest, Standing,
};

/// What the driver is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Sign this challenge (hex) under the purpose *session* and answer [`Event::Signed`].
    SignChallenge(String),
    /// Send to the hub and answer [`Event::Reply`].
    Send(Box<Request>),
    /// Keep the certificate and the hub's time, then [`Event::Done`].
    KeepSession(SessionReply),
    /// Keep a pack's bytes after checking its hash, then [`Event::Done`].
    KeepPack(PackInfo, Vec<u8>),
    /// Load the next commits that have no receipt, answer [`Event::Outbox`].
    LoadOutbox,
    /// Keep receipts, then [`Event::Done`].
    KeepReceipts(Vec<SignedEntry>),
    /// Apply a page and its cursor in one transaction, answer [`Event::Cursor`] with the
    /// cursor that is stored now.
    KeepPage(Page),
    /// Answer [`Event::Cursor`] with the stored cursor of this zone.
    LoadCursor(Zone),
    /// List the photos that the hub is not known to have, answer [`Event::Blobs`].
    ListBlobs,
    /// Load a photo's bytes, answer [`Event::Blob`].
    LoadBlob(Hash),
    /// Note that the hub has this photo, then [`Event::Done`].
    KeepBlobPresent(Hash),
    /// The session is over.
    Finished(Tally),
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session begins: the device's key, the heads of its streams, the packs it holds.
    Begin {
        /// The device.
        device: DeviceKey,
        /// The hub's key, pinned at enrolment.
        hub: DeviceKey,
        /// The heads of its own streams.
        heads: Vec<Head>,
        /// The packs that it holds.
        packs: Vec<Hash>,
    },
    /// The signature over the challenge, hex.
    Signed(String),
    /// The hub answered.
    Reply(Reply),
    /// Commits without a receipt, encoded, oldest first; none when the outbox is empty.
    Outbox(Vec<Vec<u8>>),
    /// The stored cursor.
    Cursor(u64),
    /// Photos to send.
    Blobs(Vec<Hash>),
    /// A photo's bytes, or nothing when it is not on this phone.
    Blob(Option<Vec<u8>>),
    /// What was to be kept is kept.
    Done,
}

/// What a session did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commits that got a receipt.
    pub pushed: usize,
    /// Entries that came.
    pub pulled: usize,
    /// Photos that the hub confirmed.
    pub photos_sent: usize,
    /// Photos that are still to be sent.
    pub pending_blobs: usize,
    /// True when the hub has revoked this device: it took what was sent and gave nothing.
    pub is_revoked: bool,
}

/// Why a session cannot go on. What was kept stays kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// An answer or an event that does not belong to the step.
    #[error("the hub answered out of turn")]
    OutOfTurn,
    /// Two copies of this device have written: the device enrols again with a new key.
    #[error("this device's history has a fork: enrol it again")]
    Forked,
    /// The hub's receipt does not hold.
    #[error("the hub's receipt does not hold: {0}")]
    Receipt(#[from] EntryError),
    /// The hub gave fewer or more receipts than commits were sent, or none.
    #[error("the hub confirmed {found} of {sent} commits")]
    ReceiptCount {
        /// Commits sent.
        sent: usize,
        /// Receipts that came.
        found: usize,
    },
    /// A page that does not move the cursor though it says that there is more.
    #[error("the hub's pages do not advance")]
    NoProgress,
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    New,
    Challenge,
    Signing(String),
    Session,
    KeepingSession,
    Packs,
    FetchingPack,
    KeepingPack,
    Outbox,
    Pushing(usize),
    KeepingReceipts,
    Cursor(Zone),
    Pulling(Zone, u64),
    KeepingPage(Zone, bool),
    Blobs,
    CheckingBlob(Hash),
    LoadingBlob(Hash),
    SendingBlob(Hash),
    KeepingBlob,
    Finished,
}

/// One session of a phone with its hub.
#[derive(Debug)]
pub struct PhoneSession {
    state: State,
    device: Option<DeviceKey>,
    hub: Option<DeviceKey>,
    heads: Vec<Head>,
    held_packs: Vec<Hash>,
    wanted_packs: Vec<PackInfo>,
    zones: Vec<Zone>,
    /// The zones still to be pulled in this round, the next one last.
    to_pull: Vec<Zone>,
    /// True when this phone lacks commits of its own, so that it pulls before it pushes.
    pulls_first: bool,
    blobs: Vec<Hash>,
    tally: Tally,
}

impl Default for PhoneSession {
    fn default() -> Self {
        Self::new()
    }
}

impl PhoneSession {
    /// A session that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::New,
            device: None,
            hub: None,
            heads: Vec::new(),
            held_packs: Vec::new(),
            wanted_packs: Vec::new(),
            zones: Vec::new(),
            to_pull: Vec::new(),
            pulls_first: false,
            blobs: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Takes what happened and says what to do next.
    ///
    /// # Errors
    /// [`SessionError`] ends the session; nothing that was kept is undone.
    pub fn advance(&mut self, event: Event) -> Result<Step, SessionError> {
        match (std::mem::replace(&mut self.state, State::Finished), event) {
            (
                State::New,
                Event::Begin {
                    device,
                    hub,
                    heads,
                    packs,
                },
            ) => {
                (self.device, self.hub) = (Some(device), Some(hub));
                (self.heads, self.held_packs) = (heads, packs);
                let device_key = device.to_string();
                Ok(self.send(
                    State::Challenge,
                    Request::Challenge(ChallengeRequest { device_key }),
                ))
            }
            (State::Challenge, Event::Reply(Reply::Challenge(reply))) => {
                self.state = State::Signing(reply.challenge.clone());
                Ok(Step::SignChallenge(reply.challenge))
            }
            (State::Signing(challenge), Event::Signed(signature)) => {
                let request = SessionRequest {
                    device_key: self.device.ok_or(SessionError::OutOfTurn)?.to_string(),
                    challenge,
                    signature,
                    heads: std::mem::take(&mut self.heads),
                };
                Ok(self.send(State::Session, Request::Session(request)))
            }
            (State::Session, Event::Reply(Reply::Session(reply))) => self.begin(reply),
            (State::KeepingSession, Event::Done) if self.pulls_first => {
                self.to_pull = self.zones.clone();
                Ok(self.next_zone())
            }
            (State::KeepingSession, Event::Done) => Ok(self.load_outbox()),
            (State::Packs | State::Pulling(..), Event::Reply(Reply::Revoked)) => {
                self.tally.is_revoked = true;
                Ok(self.list_blobs())
            }
            (State::Packs, Event::Reply(Reply::Packs(list))) => {
                self.wanted_packs = list.packs;
                let held = std::mem::take(&mut self.held_packs);
                self.wanted_packs
                    .retain(|pack| !held.iter().any(|hash| hash.to_string() == pack.hash));
                self.next_pack()
            }
            (State::FetchingPack, Event::Reply(Reply::Bytes(bytes))) => {
                let info = self.wanted_packs.pop().ok_or(SessionError::OutOfTurn)?;
                self.state = State::KeepingPack;
                Ok(Step::KeepPack(info, bytes))
            }
            (State::KeepingPack, Event::Done) => self.next_pack(),
            (State::Outbox, Event::Outbox(commits)) if commits.is_empty() => {
                self.to_pull = self.zones.clone();
                Ok(self.next_zone())
            }
            (State::Outbox, Event::Outbox(commits)) => {
                Ok(self.send(State::Pushing(commits.len()), Request::Push(commits)))
            }
            (State::Pushing(sent), Event::Reply(Reply::Receipts(receipts))) => {
                self.take_receipts(sent, &receipts)
            }
            (State::KeepingReceipts, Event::Done) => Ok(self.load_outbox()),
            (State::Cursor(zone), Event::Cursor(after)) => Ok(self.pull(zone, after)),
            (State::Pulling(zone, after), Event::Reply(Reply::Page(page))) => {
                if page.zone != zone || (page.has_more && page.cursor <= after) {
                    return Err(SessionError::NoProgress);
                }
                self.tally.pulled += page.items.len();
                self.state = State::KeepingPage(zone, page.has_more);
                Ok(Step::KeepPage(page))
            }
            (State::KeepingPage(zone, true), Event::Cursor(after)) => Ok(self.pull(zone, after)),
            (State::KeepingPage(_, false), Event::Cursor(_)) => Ok(self.next_zone()),
            (State::Blobs, Event::Blobs(blobs)) => {
                self.blobs = blobs;
                self.tally.pending_blobs = self.blobs.len();
                Ok(self.next_blob())
            }
            (State::CheckingBlob(hash), Event::Reply(Reply::HasBlob(true))) => {
                Ok(self.blob_is_there(hash))
            }
            (State::CheckingBlob(hash), Event::Reply(Reply::HasBlob(false))) => {
                self.state = State::LoadingBlob(hash);
                Ok(Step::LoadBlob(hash))
            }
            // The file is not on this phone: it stays pending and the rest goes on.
            (State::LoadingBlob(_), Event::Blob(None)) => Ok(self.next_blob()),
            (State::LoadingBlob(hash), Event::Blob(Some(bytes))) => {
                Ok(self.send(State::SendingBlob(hash), Request::PutBlob(hash, bytes)))
            }
            (State::SendingBlob(hash), Event::Reply(Reply::Stored)) => {
                self.tally.photos_sent += 1;
                Ok(self.blob_is_there(hash))
            }
            (State::SendingBlob(_), Event::Reply(Reply::NotTaken)) => Ok(self.next_blob()),
            (State::KeepingBlob, Event::Done) => Ok(self.next_blob()),
            _ => Err(SessionError::OutOfTurn),
        }
    }

    fn send(&mut self, next: State, request: Request) -> Step {
        self.state = next;
        Step::Send(Box::new(request))
    }

    fn begin(&mut self, reply: SessionReply) -> Result<Step, SessionError> {
        if reply
            .streams
            .iter()
            .any(|stream| stream.standing == Standing::Fork)
        {
            return Err(SessionError::Forked);
        }
        self.pulls_first = reply
            .streams
            .iter()
            .any(|stream| stream.standing == Standing::HubAhead);
        self.zones = reply
            .zones
            .iter()
            .filter_map(|zone| Zone::parse(zone).ok())
            .collect();
        self.zones.reverse();
        self.state = State::KeepingSession;
        Ok(Step::KeepSession(reply))
    }

    fn next_pack(&mut self) -> Result<Step, SessionError> {
        let Some(pack) = self.wanted_packs.last() else {
            return Ok(self.list_blobs());
        };
        let hash = pack.hash.parse().map_err(|_| SessionError::OutOfTurn)?;
        Ok(self.send(State::FetchingPack, Request::Pack(hash)))
    }

    fn load_outbox(&mut self) -> Step {
        self.state = State::Outbox;
        Step::LoadOutbox
    }

    fn take_receipts(&mut self, sent: usize, receipts: &[Vec<u8>]) -> Result<Step, SessionError> {
        // Fewer are allowed, as the hub may stop in a batch; none at all would never end.
        let found = receipts.len();
        if found == 0 || found > sent {
            return Err(SessionError::ReceiptCount { sent, found });
        }
        let hub = self.hub.ok_or(SessionError::OutOfTurn)?;
        let entries = receipts
            .iter()
            .map(|bytes| SignedEntry::decode(bytes, &hub))
            .collect::<Result<Vec<_>, _>>()?;
        self.tally.pushed += entries.len();
        self.state = State::KeepingReceipts;
        Ok(Step::KeepReceipts(entries))
    }

    fn next_zone(&mut self) -> Step {
        if let Some(zone) = self.to_pull.pop() {
            self.state = State::Cursor(zone.clone());
            return Step::LoadCursor(zone);
        }
        if std::mem::take(&mut self.pulls_first) {
            return self.load_outbox();
        }
        self.send(State::Packs, Request::Packs)
    }

    fn list_blobs(&mut self) -> Step {
        self.state = State::Blobs;
        Step::ListBlobs
    }

    fn pull(&mut self, zone: Zone, after: u64) -> Step {
        self.send(
            State::Pulling(zone.clone(), after),
            Request::Pull { zone, after },
        )
    }

    fn next_blob(&mut self) -> Step {
        match self.blobs.pop() {
            Some(hash) => self.send(State::CheckingBlob(hash), Request::HasBlob(hash)),
            None => Step::Finished(self.tally.clone()),
        }
    }

    fn blob_is_there(&mut self, hash: Hash) -> Step {
        self.tally.pending_blobs = self.tally.pending_blobs.saturating_sub(1);
        self.state = State::KeepingBlob;
        Step::KeepBlobPresent(hash)
    }
}
