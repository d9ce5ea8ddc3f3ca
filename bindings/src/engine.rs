//! The one object that a host holds. Its methods are in the file of their concept.

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::{Engine, EngineError, EngineOptions, Status as CoreStatus};
use bading_core::model::person::Role;

use crate::{CoreError, key};

/// An open phone: a store, the device's key, the clocks. It may be shared between threads.
/// Calls that are not `suspend` read and write the store: they block, at worst for the five
/// seconds in which another process holds it, and are not for a thread that draws.
///
/// Keep one for the app's life. Close it after its calls have returned: a patrol under way
/// is then on the disk, and the next one goes on with it without a gap. A `suspend` call
/// holds the store until it has ended, even when nobody waits for it any more.
#[derive(uniffi::Object)]
pub struct FieldCore {
    pub(crate) engine: Arc<Engine>,
}

/// Who this device is and what it still has to send.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Status {
    /// The device's public key, hex.
    pub device: String,
    /// The person, once enrolled.
    pub person: Option<String>,
    /// The role, once enrolled: the first where there are several.
    pub role: Option<Role>,
    /// Every role.
    pub roles: Vec<Role>,
    /// The zone of new cases; nothing before enrolment.
    pub zone: Option<String>,
    /// The hub's address, once enrolled.
    pub hub: Option<String>,
    /// Until when the certificate holds, RFC 3339.
    pub certificate_until: Option<String>,
    /// Commits without the hub's receipt.
    pub outbox_count: u64,
    /// Photos that the hub has not confirmed.
    pub pending_blobs_count: u64,
    /// When the last session ended, by this device's clock, RFC 3339.
    pub last_sync: Option<String>,
}

#[uniffi::export]
impl FieldCore {
    /// Opens the store in the folder `dir`, making it and the device's key when they are not
    /// there. It blocks, longest when a store of an older version is brought up to date.
    ///
    /// # Errors
    /// [`CoreError`]; nothing is half made.
    #[uniffi::constructor(name = "open")]
    pub fn open(dir: &str) -> Result<Self, CoreError> {
        let engine = Arc::new(Engine::open(Path::new(dir), EngineOptions::default())?);
        Ok(Self { engine })
    }

    /// Who this device is and what it still has to send.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn status(&self) -> Result<Status, CoreError> {
        Ok(self.engine.status()?.into())
    }
}

impl FieldCore {
    /// Makes a call that waits for the network on a thread made for waiting, so that the
    /// caller's is free meanwhile. A caller that stops waiting does not stop the call.
    pub(crate) async fn unblocked<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, CoreError> {
        let engine = Arc::clone(&self.engine);
        Ok(tokio::task::spawn_blocking(move || call(&engine)).await??)
    }
}

impl From<CoreStatus> for Status {
    fn from(status: CoreStatus) -> Self {
        Self {
            device: status.device,
            person: status.person,
            role: status.role.map(key::role),
            roles: status.roles.into_iter().map(key::role).collect(),
            zone: status.zone,
            hub: status.hub,
            certificate_until: status.certificate_until,
            outbox_count: status.outbox,
            pending_blobs_count: status.pending_blobs as u64,
            last_sync: status.last_sync,
        }
    }
}
