//! The data key of a store over its life: changed, recovered by the city, and what is done when
//! the store itself is damaged.

use std::path::Path;
use std::sync::Arc;

use super::key::salvage_signer;
use super::key_store::{draw, keys_of, wrap_for_city};
use super::{Engine, EngineError, EngineOptions};
use crate::oplog::sign::DeviceSigner;
use crate::services::ServiceError;
use crate::services::salvage::{self, Salvage};
use crate::storage::escrow::EscrowSecret;
use crate::storage::vault::{Keys, read_keys, recover_keys, write_keys};
use crate::storage::{StoreError, check_alone};

impl Engine {
    /// Draws a new data key and seals the store in `dir` with it. Nobody else may have the
    /// store open. One that is cut off is finished when the store is opened again.
    ///
    /// # Errors
    /// [`EngineError`]: `retry_later` when another process has the store open.
    pub fn change_key(dir: &Path, options: EngineOptions) -> Result<Self, EngineError> {
        let host = Arc::clone(&options.host);
        let keystore = options.keystore_of(dir);
        // A change that was cut off is finished first: there is one key before, not two.
        drop(Self::open(
            dir,
            EngineOptions {
                keystore: Some(Arc::clone(&keystore)),
                signer: options.signer.clone(),
                host: Arc::clone(&host),
            },
        )?);
        let before = keys_of(dir, keystore.as_ref(), host.as_ref()).map_err(ServiceError::from)?;
        check_alone(dir, &before.current).map_err(ServiceError::from)?;
        let keys = Keys {
            current: draw(host.as_ref()),
            before: Some(before.current),
            escrow: before.escrow,
        };
        write_keys(dir, keystore.as_ref(), &keys).map_err(ServiceError::from)?;
        Self::open(
            dir,
            EngineOptions {
                keystore: Some(keystore),
                ..options
            },
        )
    }

    /// Opens the store in `dir` to a keystore that has lost its key, with the secret half of
    /// the city's escrow key.
    ///
    /// # Errors
    /// [`EngineError`]: `key_unavailable` when nothing is wrapped for an escrow key,
    /// `bad_key` when it is for another one; the store is as it was.
    pub fn recover(
        dir: &Path,
        secret: &EscrowSecret,
        options: EngineOptions,
    ) -> Result<Self, EngineError> {
        let keys = recover_keys(dir, secret).map_err(ServiceError::from)?;
        let keystore = options.keystore_of(dir);
        write_keys(dir, keystore.as_ref(), &keys).map_err(ServiceError::from)?;
        Self::open(dir, options)
    }

    pub(super) fn keep_escrow(&self) -> Result<(), StoreError> {
        match read_keys(self.store.dir(), self.keystore.as_ref())? {
            Some(mut keys) => wrap_for_city(&self.store, self.keystore.as_ref(), &mut keys),
            None => Ok(()),
        }
    }

    /// Makes a sound store of what is left of a damaged one. What is damaged is set aside
    /// within the folder, never deleted. Nobody may have the store open. One that is cut off
    /// is gone on with by the next.
    ///
    /// # Errors
    /// [`EngineError`]: `retry_later` when another process has the store open,
    /// `key_unavailable` when there is no store, or none whose key is there.
    pub fn salvage(dir: &Path, options: EngineOptions) -> Result<Salvage, EngineError> {
        let keystore = options.keystore_of(dir);
        let host = options.host;
        let keys = read_keys(dir, keystore.as_ref())
            .and_then(|keys| keys.ok_or(StoreError::KeyUnavailable))
            .map_err(ServiceError::from)?;
        let (signer, is_lost): (Arc<dyn DeviceSigner>, bool) = match options.signer {
            Some(signer) => (signer, false),
            None => {
                let aside = dir.join("damaged-keys");
                let (signer, is_lost) = salvage_signer(dir, &aside, &keys, host.as_ref())
                    .map_err(ServiceError::from)?;
                (Arc::new(signer), is_lost)
            }
        };
        let report = salvage::salvage(dir, &keys, signer.as_ref(), host.as_ref(), is_lost)?;
        Ok(report)
    }
}
