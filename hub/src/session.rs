//! Sessions: a device proves its key over a fresh challenge and gets a short-lived token.
//! The token says who is calling; what a commit may do is judged by the commit itself.

use bading_core::model::identifiers::{DeviceKey, Hash, Zone};
use bading_core::model::person::{Authority, Role};
use bading_core::model::time::UtcMs;
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::challenge::HourChallenge;
use bading_core::oplog::entry::EntryError;
use bading_core::oplog::sign::{self, DeviceSigner as _, Purpose, Signature, hash_of};
use bading_core::sync::admission::Streams as _;
use bading_core::sync::wire::Standing;
use rusqlite::Connection;

use crate::Hub;
use crate::error::HubError;
use crate::folder::random;
use crate::sequence::Sequencer;
use crate::store::log::{self, ZoneStreams};
use crate::store::{challenges, people, session};

/// How long a challenge holds, in milliseconds.
pub const CHALLENGE_MS: u64 = 60 * 1000;
/// How long a session holds, in milliseconds.
pub const SESSION_MS: u64 = 60 * 60 * 1000;
/// A certificate that holds less than this is renewed when a session opens, in milliseconds.
pub const RENEW_BELOW_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The head of one of the device's streams, as the device says.
#[derive(Debug, Clone)]
pub struct ClaimedHead {
    /// The stream's zone.
    pub zone: Zone,
    /// The number of its last commit.
    pub seq: u64,
    /// The hash of its last commit.
    pub hash: Hash,
}

/// A session that was opened.
pub struct OpenedSession {
    /// The bearer token, told once and stored only as a hash.
    pub token: [u8; 32],
    /// The certificate in force, renewed where it was due.
    pub certificate: Certificate,
    /// How the streams of this hub's zones stand.
    pub streams: Vec<(Zone, Standing)>,
    /// The hub's clock.
    pub hub_time: UtcMs,
    /// The signed challenge of the hour.
    pub hour_challenge: Vec<u8>,
}

/// Who calls, by a valid token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The device.
    pub device: DeviceKey,
    /// What it may do, by its certificate in force.
    pub authority: Authority,
    /// True when it was revoked: it may bring its commits and fetch nothing.
    pub is_revoked: bool,
}

impl Caller {
    /// True for a caller who receives only their own cases.
    #[must_use]
    pub fn is_citizen(&self) -> bool {
        self.authority
            .roles
            .iter()
            .all(|role| *role == Role::Citizen)
    }

    /// # Errors
    /// [`HubError::Revoked`] for a revoked device.
    pub(crate) fn may_fetch(&self) -> Result<(), HubError> {
        if self.is_revoked {
            return Err(HubError::Revoked);
        }
        Ok(())
    }

    pub(crate) fn entries(&self) -> log::Reader<'_> {
        if self.is_citizen() {
            return log::Reader::OwnCases {
                device: &self.device,
                person: self.authority.person.as_ref(),
            };
        }
        if self.authority.has_any(REVIEWERS) {
            return log::Reader::Everything;
        }
        log::Reader::NotAboutOthers {
            device: &self.device,
            person: self.authority.person.as_ref(),
        }
    }
}

/// Who receives everybody's patrols and verdicts.
const REVIEWERS: &[Role] = &[Role::Supervisor, Role::Administrator, Role::Auditor];

impl Hub {
    /// Draws a challenge for an enrolled device, good for one minute and one session.
    ///
    /// # Errors
    /// [`HubError::UnknownDevice`].
    pub fn challenge(&self, device: &DeviceKey) -> Result<[u8; 32], HubError> {
        // Read first: strangers cost no write.
        let known = self
            .store
            .read(|conn| Ok(people::find_device(conn, device)?.is_some()))?;
        if !known {
            return Err(HubError::UnknownDevice);
        }
        let challenge: [u8; 32] = random()?;
        let now = self.clock.now();
        let expires = now.plus_ms(CHALLENGE_MS);
        self.store.write(|conn| {
            session::add_challenge(conn, &hash_of(&challenge), device, now, expires)
        })?;
        Ok(challenge)
    }

    /// Opens a session: takes the challenge, renews the certificate where it is due, and says
    /// how the device's streams stand.
    ///
    /// # Errors
    /// [`HubError::UnknownDevice`], [`HubError::ChallengeExpired`],
    /// [`HubError::BadChallengeSignature`]; the challenge is used up all the same.
    pub fn open_session(
        &self,
        device: &DeviceKey,
        challenge: &[u8],
        signature: &Signature,
        heads: &[ClaimedHead],
    ) -> Result<OpenedSession, HubError> {
        let challenge = hash_of(challenge);
        let is_signed = sign::verify(device, Purpose::Session, &challenge, signature).is_ok();
        let now = self.clock.now();
        let is_fresh = self
            .store
            .write(|conn| session::take_challenge(conn, &challenge, device, now))?;
        let token: [u8; 32] = random()?;
        self.store.write(|conn| {
            let row = people::find_device(conn, device)?.ok_or(HubError::UnknownDevice)?;
            if !is_signed {
                return Err(HubError::BadChallengeSignature);
            }
            if !is_fresh {
                return Err(HubError::ChallengeExpired);
            }
            let mut certificate = Certificate::decode(&row.certificate, &self.key.key())?;
            let ends = certificate.grant().valid_to;
            if !row.is_revoked && ends < now.plus_ms(RENEW_BELOW_MS) {
                let authority = certificate.grant().authority.clone();
                let mut sequencer = Sequencer::open(conn, &self.zone, &self.key, now)?;
                certificate = sequencer.grant(device, authority, row.epoch + 1)?;
                sequencer.finish()?;
            }
            let expires = now.plus_ms(SESSION_MS);
            session::add_session(conn, &hash_of(&token), device, now, expires)?;
            Ok(OpenedSession {
                token,
                certificate,
                streams: self.standings(conn, device, heads)?,
                hub_time: now,
                hour_challenge: self.hour_challenge(conn, now)?,
            })
        })
    }

    /// The signed random number of the hour, drawn when it is first asked for and kept for
    /// whoever checks a report later.
    fn hour_challenge(&self, conn: &Connection, now: UtcMs) -> Result<Vec<u8>, HubError> {
        let hour = HourChallenge::hour_of(now);
        if let Some(bytes) = challenges::of_hour(conn, hour)? {
            return Ok(bytes);
        }
        let nonce = random()?;
        let challenge = HourChallenge { hour, nonce };
        let bytes = challenge.issue(&self.key).map_err(EntryError::from)?;
        challenges::add(conn, &challenge, &bytes)?;
        Ok(bytes)
    }

    /// Who holds a token.
    ///
    /// # Errors
    /// [`HubError::SessionExpired`] for a token that is unknown or over.
    pub fn caller(&self, token: &[u8]) -> Result<Caller, HubError> {
        let now = self.clock.now();
        self.store.read(|conn| {
            let device = session::find_session(conn, &hash_of(token), now)?
                .ok_or(HubError::SessionExpired)?;
            let row = people::find_device(conn, &device)?.ok_or(HubError::SessionExpired)?;
            let info = self.device_info(&row)?;
            Ok(Caller {
                device,
                authority: info.authority,
                is_revoked: info.is_revoked,
            })
        })
    }

    /// The streams that the device named, then those of this hub that it did not name.
    /// Streams of zones that are sequenced elsewhere are left out: this hub knows nothing
    /// of them.
    fn standings(
        &self,
        conn: &Connection,
        device: &DeviceKey,
        heads: &[ClaimedHead],
    ) -> Result<Vec<(Zone, Standing)>, HubError> {
        let mut standings = Vec::new();
        for stream_zone in [Zone::unassigned(), self.zone.clone()] {
            let ours = log::stream_head(conn, &self.zone, device, &stream_zone)?;
            let theirs = heads.iter().find(|head| head.zone == stream_zone);
            let standing = match (theirs, ours) {
                (None, None) => continue,
                (None, Some(_)) => Standing::HubAhead,
                (Some(theirs), ours) => self.standing_of(conn, device, theirs, ours)?,
            };
            standings.push((stream_zone, standing));
        }
        Ok(standings)
    }

    fn standing_of(
        &self,
        conn: &Connection,
        device: &DeviceKey,
        theirs: &ClaimedHead,
        ours: Option<(u64, Hash)>,
    ) -> Result<Standing, HubError> {
        let streams = ZoneStreams {
            conn,
            zone: &self.zone,
        };
        let at_their_number = streams.at(device, &theirs.zone, theirs.seq)?;
        if at_their_number.is_empty() {
            return Ok(Standing::HubBehind);
        }
        let is_on_main = at_their_number
            .iter()
            .any(|entry| entry.hash == theirs.hash && !entry.is_forked);
        Ok(match ours {
            _ if !is_on_main => Standing::Fork,
            Some((seq, _)) if seq > theirs.seq => Standing::HubAhead,
            _ => Standing::Equal,
        })
    }
}
