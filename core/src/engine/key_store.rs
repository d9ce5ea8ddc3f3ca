//! The keystore of a command or a test: a key in a file that only its owner reads. Whoever
//! copies that file and the store reads the store; a phone's hardware is better.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::services::Host;
use crate::storage::blob::write_durably;
use crate::storage::escrow::EscrowKey;
use crate::storage::reference::Setting;
use crate::storage::vault::{DataKey, KeyStore, KeyStoreError, Keys, read_keys, write_keys};
use crate::storage::{Store, StoreError, lock_making};

/// The file's name where the host names none.
pub const KEY_STORE_FILE: &str = "keystore.key";
const CHECK_BYTES: usize = 8;

/// A keystore in a file.
pub struct FileKeyStore {
    path: PathBuf,
    host: Arc<dyn Host>,
}

impl FileKeyStore {
    /// The keystore in the file `path`; it is made when a store is.
    #[must_use]
    pub fn new(path: &Path, host: Arc<dyn Host>) -> Self {
        Self {
            path: path.to_owned(),
            host,
        }
    }

    /// The key, when the file is there. It is in the file twice, each time with its check:
    /// one bit must not take a store along.
    fn read(&self) -> Result<Option<DataKey>, KeyStoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(KeyStoreError::Unavailable),
        };
        let copies = bytes.chunks_exact(32 + CHECK_BYTES);
        let sound = copies.into_iter().find_map(|copy| {
            let (key, check) = copy.split_at(32);
            let is_sound = blake3::hash(key).as_bytes()[..CHECK_BYTES] == *check;
            is_sound.then(|| key.try_into().ok().map(DataKey::new))?
        });
        sound.map(Some).ok_or(KeyStoreError::Unavailable)
    }

    fn make(&self) -> Result<DataKey, StoreError> {
        let mut key = Zeroizing::new([0; 32]);
        self.host.fill_random(&mut *key);
        let check = blake3::hash(&*key);
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * (32 + CHECK_BYTES)));
        for _ in 0..2 {
            bytes.extend_from_slice(&*key);
            bytes.extend_from_slice(&check.as_bytes()[..CHECK_BYTES]);
        }
        write_durably(&self.path, &bytes)?;
        Ok(DataKey::new(*key))
    }
}

impl KeyStore for FileKeyStore {
    fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError> {
        let key = match self.read()? {
            Some(key) => key,
            None => self.make().map_err(|_| KeyStoreError::Unavailable)?,
        };
        Ok(key.seal_secret("data key", data_key))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        let key = self.read()?.ok_or(KeyStoreError::Unavailable)?;
        key.open_secret("data key", wrapped)
            .map_err(|_| KeyStoreError::Wrong)
    }
}

/// The keys of the store in `dir`, drawn when it has none.
///
/// # Errors
/// As [`read_keys`] and [`write_keys`].
pub(super) fn keys_of(
    dir: &Path,
    keystore: &dyn KeyStore,
    host: &dyn Host,
) -> Result<Keys, StoreError> {
    if let Some(keys) = read_keys(dir, keystore)? {
        return Ok(keys);
    }
    // Two processes may make a store at once: the lock lets one draw the key.
    let _lock = lock_making(dir)?;
    if let Some(keys) = read_keys(dir, keystore)? {
        return Ok(keys);
    }
    let keys = Keys {
        current: draw(host),
        before: None,
        escrow: None,
    };
    write_keys(dir, keystore, &keys)?;
    Ok(keys)
}

/// Wraps the data key for the city's escrow key too, once enrolment has told one.
pub(super) fn wrap_for_city(
    store: &Store,
    keystore: &dyn KeyStore,
    keys: &mut Keys,
) -> Result<(), StoreError> {
    let told = store.read(|tx| tx.setting(Setting::EscrowKey))?;
    let told = told.and_then(|bytes| bytes.try_into().ok()).map(EscrowKey);
    if told.is_none() || told == keys.escrow {
        return Ok(());
    }
    keys.escrow = told;
    write_keys(store.dir(), keystore, keys)
}

pub(super) fn draw(host: &dyn Host) -> DataKey {
    let mut bytes = Zeroizing::new([0; 32]);
    host.fill_random(&mut *bytes);
    DataKey::new(*bytes)
}
