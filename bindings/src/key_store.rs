//! The host's keystore: the hardware that wraps the store's data key.

use std::sync::Arc;

use bading_core::engine::EngineOptions;
use bading_core::storage::vault::{self, KeyStoreError as CoreKeyStoreError};
use zeroize::Zeroizing;

/// Keeps the store's data key safe: Android Keystore, Secure Enclave. The core calls it while
/// a store is being opened, on the caller's thread.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// Wraps the 32 bytes of a data key so that only this keystore unwraps them.
    fn wrap(&self, data_key: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;

    /// Unwraps what `wrap` gave. It must change nothing, and must make no key where its own
    /// is missing.
    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;
}

/// Why a keystore does not do what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Error)]
pub enum KeyStoreError {
    /// Its key is not there, or not now: the phone is locked.
    Unavailable,
    /// Its key is another one.
    Wrong,
}

impl std::fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        CoreKeyStoreError::from(*self).fmt(f)
    }
}

impl std::error::Error for KeyStoreError {}

impl From<KeyStoreError> for CoreKeyStoreError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Unavailable => Self::Unavailable,
            KeyStoreError::Wrong => Self::Wrong,
        }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    /// What a host throws unforeseen may pass: the store is left as it is.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// A host's keystore as the core asks it.
struct Foreign(Arc<dyn KeyStore>);

impl vault::KeyStore for Foreign {
    fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, CoreKeyStoreError> {
        Ok(self.0.wrap(data_key.to_vec())?)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, CoreKeyStoreError> {
        Ok(Zeroizing::new(self.0.unwrap(wrapped.to_vec())?))
    }
}

/// What a host brings to the engine.
pub(crate) fn options(key_store: Option<Arc<dyn KeyStore>>) -> EngineOptions {
    EngineOptions {
        keystore: key_store.map(|host| Arc::new(Foreign(host)) as Arc<dyn vault::KeyStore>),
        ..EngineOptions::default()
    }
}
