//! The one handle that a host holds: an open store, the device's key, the host's clocks.
//!
//! Every call is one use case of [`crate::services`]. Calls block; `sync`, `enrol` and
//! `fetch_photo` wait for the network. The handle may be shared between threads.

mod draft;
mod error;
mod key;
mod key_store;
mod keys;
mod patrol;
mod retention;
mod system;
mod verdict;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

pub use error::{EngineError, ErrorKind};
pub use key::software_signer;
pub use key_store::{FileKeyStore, KEY_STORE_FILE};
use key_store::{keys_of, wrap_for_city};
pub use system::SystemHost;

use crate::model::case::{CaseId, Field};
use crate::model::grid::GridCode;
use crate::model::identifiers::{Hash, ReasonKey};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::workflow::Action;
use crate::oplog::sign::DeviceSigner;
use crate::services::capture::{self, Prepared, Report, Reported};
use crate::services::case::{self, Acted, CaseDetail, CasePage, MoveDetails};
use crate::services::enrol;
use crate::services::erasure::{self, Erasing, ToErase};
use crate::services::evidence;
use crate::services::evidence::export::{Exported, Wanted};
use crate::services::facility::{self, NearestAnswer, NearestQuery};
use crate::services::patrol::Recording;
use crate::services::reference::Reference;
use crate::services::review::{self, Review, ReviewInputs, ReviewScope};
use crate::services::sync::{self, SyncReport};
use crate::services::verify::{self, Verification};
use crate::services::{Context, Host, ServiceError, log};
use crate::storage::case::{CaseFilter, ListCursor};
use crate::storage::reference::Setting;
use crate::storage::vault::{KeyStore, write_keys};
use crate::storage::{Store, StoreError, prepare};
use crate::sync::transport::Transport;

/// What a host brings.
pub struct EngineOptions {
    /// What wraps the store's data key; without one, a key in a file of the store serves.
    pub keystore: Option<Arc<dyn KeyStore>>,
    /// The device's key; without one, a key in a file of the store serves.
    pub signer: Option<Arc<dyn DeviceSigner>>,
    /// The host's clocks and randomness.
    pub host: Arc<dyn Host>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            keystore: None,
            signer: None,
            host: Arc::new(SystemHost::new()),
        }
    }
}

impl EngineOptions {
    /// The host's keystore, or the one in a file of the store.
    fn keystore_of(&self, dir: &Path) -> Arc<dyn KeyStore> {
        match &self.keystore {
            Some(keystore) => Arc::clone(keystore),
            None => {
                let file = dir.join(KEY_STORE_FILE);
                Arc::new(FileKeyStore::new(&file, Arc::clone(&self.host)))
            }
        }
    }
}

/// An open phone.
pub struct Engine {
    store: Store,
    keystore: Arc<dyn KeyStore>,
    signer: Arc<dyn DeviceSigner>,
    host: Arc<dyn Host>,
    reference: Reference,
    /// The patrol under way in this process, once somebody asked for it.
    recording: Mutex<Option<Recording>>,
}

/// Who this device is and what it still has to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The device's public key, hex.
    pub device: String,
    /// The person, once enrolled.
    pub person: Option<String>,
    /// The role, once enrolled: the first where there are several.
    pub role: Option<&'static str>,
    /// Every role.
    pub roles: Vec<&'static str>,
    /// The zone of new cases; nothing before enrolment.
    pub zone: Option<String>,
    /// The hub's address, once enrolled.
    pub hub: Option<String>,
    /// Until when the certificate holds, RFC 3339.
    pub certificate_until: Option<String>,
    /// Commits without the hub's receipt.
    pub outbox: u64,
    /// Photos that the hub has not confirmed.
    pub pending_blobs: usize,
    /// When the last session ended, by this device's clock, RFC 3339.
    pub last_sync: Option<String>,
}

impl Engine {
    /// Opens the store in `dir`, making it and the device's key when they are not there.
    ///
    /// # Errors
    /// [`EngineError`]; nothing is half made.
    pub fn open(dir: &Path, options: EngineOptions) -> Result<Self, EngineError> {
        Ok(Self::open_store(dir, options).map_err(ServiceError::from)?)
    }

    fn open_store(dir: &Path, options: EngineOptions) -> Result<Self, StoreError> {
        let keystore = options.keystore_of(dir);
        let host = options.host;
        prepare(dir)?;
        let mut keys = keys_of(dir, keystore.as_ref(), host.as_ref())?;
        let store = Store::open(dir, Some(&keys))?;
        let signer: Arc<dyn DeviceSigner> = match options.signer {
            Some(signer) => signer,
            None => Arc::new(software_signer(dir, &keys, host.as_ref())?),
        };
        if keys.before.take().is_some() {
            // All that the key before sealed is sealed anew: it may be forgotten.
            write_keys(dir, keystore.as_ref(), &keys)?;
        }
        wrap_for_city(&store, keystore.as_ref(), &mut keys)?;
        Ok(Self {
            store,
            keystore,
            signer,
            host,
            reference: Reference::default(),
            recording: Mutex::new(None),
        })
    }

    /// What the use cases work with, for hosts that compose their own.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        Context {
            store: &self.store,
            host: self.host.as_ref(),
            signer: self.signer.as_ref(),
            reference: &self.reference,
        }
    }

    /// Who this device is and what it still has to send.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn status(&self) -> Result<Status, EngineError> {
        let status = self.store.read(|tx| -> Result<_, ServiceError> {
            let certificate = log::own_certificate(tx)?;
            let grant = certificate.as_ref().map(|certificate| certificate.grant());
            let roles: Vec<_> = grant
                .map(|grant| {
                    grant
                        .authority
                        .roles
                        .iter()
                        .map(|role| role.as_str())
                        .collect()
                })
                .unwrap_or_default();
            Ok(Status {
                device: self.signer.key().to_string(),
                person: grant
                    .and_then(|g| g.authority.person.as_ref())
                    .map(ToString::to_string),
                role: roles.first().copied(),
                roles,
                zone: grant.map(|grant| grant.intake_zone.to_string()),
                hub: self.hub_url(tx)?,
                certificate_until: grant.map(|grant| grant.valid_to.to_rfc3339()),
                outbox: tx.outbox_count()?,
                pending_blobs: tx.pending_blobs()?.len(),
                last_sync: log::read_time(tx, Setting::LastSync)?.map(UtcMs::to_rfc3339),
            })
        })?;
        Ok(status)
    }

    fn hub_url(&self, tx: &crate::storage::Tx<'_>) -> Result<Option<String>, ServiceError> {
        let url = tx.setting(Setting::HubUrl)?;
        Ok(url.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Reports a problem, offline.
    ///
    /// # Errors
    /// As [`capture::report`].
    pub fn report(&self, report: &Report) -> Result<Reported, EngineError> {
        Ok(capture::report(&self.context(), report)?)
    }

    /// Reports a problem that [`capture::prepare`] has checked before the store was opened.
    ///
    /// # Errors
    /// As [`capture::report_prepared`].
    pub fn report_prepared(&self, prepared: &Prepared<'_>) -> Result<Reported, EngineError> {
        Ok(capture::report_prepared(&self.context(), prepared)?)
    }

    /// Writes an evidence bundle of what this store holds.
    ///
    /// - `writer`: the program that exports, such as `bading 0.1.0`.
    ///
    /// # Errors
    /// As [`evidence::export_from_store`].
    pub fn export_evidence(
        &self,
        wanted: &Wanted,
        writer: &str,
        out: impl std::io::Write,
    ) -> Result<Exported, EngineError> {
        Ok(evidence::export_from_store(
            &self.context(),
            wanted,
            writer,
            out,
        )?)
    }

    /// A page of cases, the latest change first.
    ///
    /// # Errors
    /// As [`case::list`].
    pub fn list_cases(
        &self,
        filter: &CaseFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<CasePage, EngineError> {
        Ok(case::list(&self.context(), filter, after, limit)?)
    }

    /// Everything about one case.
    ///
    /// # Errors
    /// As [`case::show`].
    pub fn show_case(&self, case_id: CaseId) -> Result<CaseDetail, EngineError> {
        Ok(case::show(&self.context(), case_id)?)
    }

    /// Adds a remark to a case.
    ///
    /// # Errors
    /// As [`case::comment`].
    pub fn comment(&self, case_id: CaseId, text: &str) -> Result<Acted, EngineError> {
        Ok(case::comment(&self.context(), case_id, text)?)
    }

    /// Sets a field of a case again.
    ///
    /// # Errors
    /// As [`case::amend`].
    pub fn amend(&self, case_id: CaseId, field: Field, text: &str) -> Result<Acted, EngineError> {
        Ok(case::amend(&self.context(), case_id, field, text)?)
    }

    /// Moves a case.
    ///
    /// # Errors
    /// As [`case::move_case`].
    pub fn move_case(
        &self,
        case_id: CaseId,
        action: Action,
        details: &MoveDetails,
    ) -> Result<Acted, EngineError> {
        Ok(case::move_case(&self.context(), case_id, action, details)?)
    }

    /// Orders what is personal to be erased, everywhere.
    ///
    /// # Errors
    /// As [`erasure::erase`].
    pub fn erase(&self, what: &ToErase, reason: &ReasonKey) -> Result<Erasing, EngineError> {
        Ok(erasure::erase(&self.context(), what, reason)?)
    }

    /// Enrols this device with a one-use code at the hub behind `transport`, at `url`.
    ///
    /// # Errors
    /// As [`enrol::enrol`].
    pub fn enrol_through(
        &self,
        transport: &mut dyn Transport,
        url: &str,
        code: &str,
    ) -> Result<Status, EngineError> {
        enrol::enrol(&self.context(), transport, url, code)?;
        self.keep_escrow().map_err(ServiceError::from)?;
        self.status()
    }

    /// Runs one session with the hub behind `transport`.
    ///
    /// # Errors
    /// As [`sync::sync`].
    pub fn sync_through(&self, transport: &mut dyn Transport) -> Result<SyncReport, EngineError> {
        let mut now = self.recording_now();
        match now.as_mut().map(|own| own.seal(&self.context())) {
            // What another process records is no reason not to send.
            Some(Err(ServiceError::PatrolElsewhere)) => *now = None,
            Some(sealed) => sealed?,
            None => {}
        }
        drop(now);
        Ok(sync::sync(&self.context(), transport)?)
    }

    /// Reviews a time by what this store knows.
    ///
    /// - `utc_offset_min`: the city's, where no calendar is in force.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn review(&self, scope: &ReviewScope, utc_offset_min: i32) -> Result<Review, EngineError> {
        let context = self.context();
        let (zone, packs, cases, patrols, decisions) =
            review::gather(&context, scope.from, scope.to, utc_offset_min)?;
        Ok(review::review(
            scope,
            &ReviewInputs {
                zone: &zone,
                packs: &packs,
                cases,
                patrols,
                decisions,
            },
        ))
    }

    /// Checks everything in the store again.
    ///
    /// # Errors
    /// As [`verify::verify`].
    pub fn verify(&self) -> Result<Verification, EngineError> {
        Ok(verify::verify(&self.context())?)
    }

    /// Folds every view again from the log; answers how many cases there are.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn rebuild_views(&self) -> Result<usize, EngineError> {
        let device = self.signer.key();
        let count = self
            .store
            .write(|tx| log::rebuild_views(tx, &device).map_err(ServiceError::from))?;
        Ok(count)
    }

    /// The cell of a place by the grids in force here and now; an H3 cell where there are none.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn grid_at(&self, at: LatLon) -> Result<Option<GridCode>, EngineError> {
        let now = self.host.now().wall;
        let found = self.store.read(|tx| {
            let grid = self.reference.grid_at(tx, at, now);
            grid.map_err(ServiceError::from)
        });
        Ok(found?)
    }

    /// The facilities nearest to a place, by the list in this store.
    ///
    /// # Errors
    /// As [`facility::nearest`].
    pub fn nearest(&self, query: &NearestQuery) -> Result<NearestAnswer, EngineError> {
        Ok(facility::nearest(&self.context(), query)?)
    }

    /// A photo's bytes, when they are in this store.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn photo(&self, hash: &Hash) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(case::photo(&self.context(), hash)?)
    }

    /// The upright picture of a photo with this longest side in pixels, a JPEG; it is there
    /// for photos that were taken on this device and whose pixels could be read.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn thumbnail(&self, hash: &Hash, longest_px: u32) -> Result<Option<Vec<u8>>, EngineError> {
        let found = self.store.blobs().get_derived(hash, longest_px);
        Ok(found.map_err(ServiceError::from)?)
    }
}

impl Drop for Engine {
    /// A handle that is closed in order leaves no gap in the track of a patrol under way.
    fn drop(&mut self) {
        let recording = self
            .recording
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(mut recording) = recording.take() {
            let context = Context {
                store: &self.store,
                host: self.host.as_ref(),
                signer: self.signer.as_ref(),
                reference: &self.reference,
            };
            // What cannot be written now is a gap, and the next process says so.
            let _ = recording.hand_over(&context);
        }
    }
}

#[cfg(feature = "http")]
impl Engine {
    /// Enrols this device at the hub at `url` with a one-use code.
    ///
    /// # Errors
    /// As [`enrol::enrol`].
    pub fn enrol(&self, url: &str, code: &str) -> Result<Status, EngineError> {
        let mut transport = crate::http::HttpTransport::new(url).map_err(ServiceError::from)?;
        self.enrol_through(&mut transport, url, code)
    }

    /// Runs one session with the hub that this device is enrolled at.
    ///
    /// # Errors
    /// As [`sync::sync`].
    pub fn sync(&self) -> Result<SyncReport, EngineError> {
        self.sync_through(&mut self.transport()?)
    }

    /// A photo's bytes, from this store or from the hub.
    ///
    /// # Errors
    /// As [`sync::fetch_photo`].
    pub fn fetch_photo(&self, hash: &Hash) -> Result<Vec<u8>, EngineError> {
        if let Some(bytes) = self.photo(hash)? {
            return Ok(bytes);
        }
        Ok(sync::fetch_photo(
            &self.context(),
            &mut self.transport()?,
            hash,
        )?)
    }

    fn transport(&self) -> Result<crate::http::HttpTransport, EngineError> {
        let url = self.store.read(|tx| self.hub_url(tx))?;
        let url = url.ok_or(ServiceError::NotEnrolled)?;
        Ok(crate::http::HttpTransport::new(&url).map_err(ServiceError::from)?)
    }
}
