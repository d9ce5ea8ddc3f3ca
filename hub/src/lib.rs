//! `bading-hub`: what a city runs. It enrols devices, admits their commits into the zone's
//! sequence, judges each, gives cases their numbers, keeps photos, and lets every device
//! pull what concerns it.
//!
//! [`Hub`] holds the use cases as plain functions, for the command on the hub's machine and
//! for the routes alike; [`serve`] puts HTTP around it (docs/formats/sync.md). The SQL is in
//! `store`, the verdicts are in `judgement`, and both are reached only through here.

mod admit;
mod clock;
mod code;
mod config;
mod dispatch;
mod duty_table;
mod enrol;
mod erase;
mod error;
mod evidence;
mod folder;
mod import;
mod judgement;
mod log;
mod page;
mod person;
mod photos;
mod policy_file;
mod review;
mod routes;
mod sequence;
mod server;
mod session;
mod store;
mod verdicts;
mod verify;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bading_core::model::identifiers::{DeviceKey, Zone};
use bading_core::model::time::UtcMs;
use bading_core::oplog::sign::{DeviceSigner as _, SoftwareSigner};
use bading_core::storage::escrow::EscrowKey;

pub use admit::{BatchOutcome, BatchStop};
pub use clock::{HubClock, RehearsalClock, SystemHubClock};
pub use config::{HubConfig, ServeLimits};
pub use dispatch::WaitingCase;
pub use duty_table::{
    MAX_CELLS, MAX_SHEETS, MAX_UNPACKED_BYTES, MAX_XLSX_BYTES, XlsxTableError, is_workbook,
    read_xlsx_tables,
};
pub use enrol::{CodeSpec, CreatedCode, DEFAULT_CODE_DAYS, DeviceInfo, MAX_CODE_DAYS, PersonInfo};
pub use error::HubError;
pub use evidence::EvidenceError;
pub use import::PackOutcome;
pub use log::ZoneStatus;
pub use page::evidence_report;
pub use policy_file::{PolicyFileError, read_policy};
pub use server::{serve, serve_with};
pub use session::{CHALLENGE_MS, Caller, ClaimedHead, OpenedSession, RENEW_BELOW_MS, SESSION_MS};
pub use verify::{Disagreement, VerifyReport};

use folder::Folder;
use store::Store;

/// A hub in its folder.
pub struct Hub {
    name: String,
    zone: Zone,
    utc_offset_min: i32,
    key: SoftwareSigner,
    clock: Arc<dyn HubClock>,
    store: Store,
    folder: Folder,
}

const META_NAME: &str = "name";
const META_ZONE: &str = "intake_zone";
const META_OFFSET: &str = "utc_offset_min";
const META_KEY: &str = "hub_key";
const META_ESCROW: &str = "escrow_key";

impl Hub {
    /// Makes a hub in a folder, with a new key, and gives its public key. An interrupted call
    /// may be repeated.
    ///
    /// # Errors
    /// [`HubError::AlreadyAHub`], [`HubError::Input`] for a zone or an offset out of range.
    pub fn init(dir: &Path, config: &HubConfig) -> Result<DeviceKey, HubError> {
        if config.zone.is_unassigned() {
            return Err(HubError::Input("zone must not be empty"));
        }
        if !(-14 * 60..=14 * 60).contains(&config.utc_offset_min) {
            return Err(HubError::Input("utc_offset_min must be -840 to 840"));
        }
        let folder = Folder::new(dir);
        folder.create()?;
        let store = Store::open(&folder.database(), true)?;
        store.write(|conn| {
            if store::meta(conn, META_KEY)?.is_some() {
                return Err(HubError::AlreadyAHub);
            }
            let key = folder.create_key()?.key();
            store::set_meta(conn, META_NAME, &config.name)?;
            store::set_meta(conn, META_ZONE, config.zone.as_str())?;
            store::set_meta(conn, META_OFFSET, &config.utc_offset_min.to_string())?;
            store::set_meta(conn, META_KEY, &key.to_string())?;
            store::log::add_zone(conn, &config.zone)?;
            Ok(key)
        })
    }

    /// Opens the hub of a folder.
    ///
    /// # Errors
    /// [`HubError::NotAHub`], [`HubError::Key`], [`HubError::NewerDatabase`].
    pub fn open(dir: &Path, clock: Arc<dyn HubClock>) -> Result<Self, HubError> {
        let folder = Folder::new(dir);
        if !folder.database().is_file() {
            return Err(HubError::NotAHub);
        }
        let store = Store::open(&folder.database(), false)?;
        let meta = |name| store.read(|conn| store::meta(conn, name));
        let key_text = meta(META_KEY)?.ok_or(HubError::NotAHub)?;
        let damaged = HubError::Damaged("what hub init wrote");
        let (Some(name), Some(zone), Some(offset)) =
            (meta(META_NAME)?, meta(META_ZONE)?, meta(META_OFFSET)?)
        else {
            return Err(damaged);
        };
        let (Ok(zone), Ok(utc_offset_min)) = (Zone::parse(&zone), offset.parse()) else {
            return Err(damaged);
        };
        let key = folder.read_key()?;
        if key.key().to_string() != key_text {
            return Err(HubError::Key);
        }
        let hub = Self {
            name,
            zone,
            utc_offset_min,
            key,
            clock,
            store,
            folder,
        };
        hub.finish_erasures()?;
        Ok(hub)
    }

    /// The hub's name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone that it sequences and that new cases go to.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Its public key, which phones pin.
    #[must_use]
    pub fn key(&self) -> DeviceKey {
        self.key.key()
    }

    /// The public half of the city's escrow key, where there is one.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn escrow_key(&self) -> Result<Option<EscrowKey>, HubError> {
        let text = self.store.read(|conn| store::meta(conn, META_ESCROW))?;
        let key = text.map(|text| text.parse()).transpose();
        key.map_err(|_| HubError::Damaged("escrow key"))
    }

    /// Names the city's escrow key, once: phones that enrol from now on wrap their data keys
    /// for it too.
    ///
    /// # Errors
    /// [`HubError::Input`] when there is one already: what was wrapped for it would be lost to
    /// whoever holds another.
    pub fn set_escrow_key(&self, key: EscrowKey) -> Result<(), HubError> {
        self.store.write(|conn| {
            if store::meta(conn, META_ESCROW)?.is_some() {
                return Err(HubError::Input("there is an escrow key already"));
            }
            store::set_meta(conn, META_ESCROW, &key.to_string())
        })
    }

    /// Its clock.
    #[must_use]
    pub fn now(&self) -> UtcMs {
        self.clock.now()
    }

    /// Holds the folder for one serving process and clears what interrupted uploads left.
    fn claim(&self) -> Result<File, HubError> {
        let lock = self.folder.lock()?;
        self.folder.sweep()?;
        Ok(lock)
    }
}
