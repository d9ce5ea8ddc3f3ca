//! The one object that a host holds. Its methods are in the file of their concept.

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::{Engine, EngineError, Status as CoreStatus};
use bading_core::model::person::Role;

use crate::key_store::{KeyStore, options};
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
    /// The store is sealed with a data key that `key_store` wraps; without one, a key in a
    /// file of the folder serves, and whoever copies the folder reads the store.
    ///
    /// # Errors
    /// [`CoreError`]; nothing is half made. `KeyUnavailable` and `BadKey` by the keystore's
    /// answer: the store is as it was.
    #[uniffi::constructor(name = "open", default(key_store = None))]
    pub fn open(dir: &str, key_store: Option<Arc<dyn KeyStore>>) -> Result<Self, CoreError> {
        let engine = Engine::open(Path::new(dir), options(key_store))?;
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// Draws a new data key, seals the whole store with it and opens it. Nobody else may have
    /// the store open. One that is cut off is finished by the next `open`.
    ///
    /// # Errors
    /// As `open`; `RetryLater` when somebody has the store open.
    #[uniffi::constructor(name = "change_key", default(key_store = None))]
    pub fn change_key(dir: &str, key_store: Option<Arc<dyn KeyStore>>) -> Result<Self, CoreError> {
        let engine = Engine::change_key(Path::new(dir), options(key_store))?;
        Ok(Self {
            engine: Arc::new(engine),
        })
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
