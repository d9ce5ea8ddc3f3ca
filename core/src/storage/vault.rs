//! The store's data key: drawn once, wrapped by the host's keystore, and the keys that come
//! from it. The file that holds it wrapped is there twice, since without it nothing opens.
//!
//! Source: docs/formats/store.md; docs/decisions/0027.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use minicbor::{Decoder, Encoder};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::model::identifiers::Hash;
use crate::storage::StoreError;
use crate::storage::blob::write_durably;
use crate::storage::escrow::{EscrowKey, EscrowSecret};
use crate::storage::seal::Sealer;

/// The wrapped data key, and the same bytes again.
const KEY_FILES: [&str; 2] = ["store.keys", "store.keys.copy"];
const FORMAT: u8 = 1;
const CHECK_BYTES: usize = 32;
/// A hardware keystore wraps 32 bytes into some hundred.
const MAX_WRAPPED_BYTES: usize = 4096;

/// Keeps data keys safe: what a phone's hardware does, and a file does worse.
pub trait KeyStore: Send + Sync {
    /// Wraps a data key so that only this keystore unwraps it.
    ///
    /// # Errors
    /// [`KeyStoreError::Unavailable`].
    fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError>;

    /// Unwraps what [`KeyStore::wrap`] gave. It changes nothing.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError>;
}

/// Why a keystore does not do what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyStoreError {
    /// Its key is not there, or not now: the phone is locked, the file is missing.
    #[error("the keystore's key is not available")]
    Unavailable,
    /// Its key is another one.
    #[error("the keystore has another key")]
    Wrong,
}

impl From<KeyStoreError> for StoreError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Unavailable => Self::KeyUnavailable,
            KeyStoreError::Wrong => Self::BadKey,
        }
    }
}

/// The key of one store, from which every other comes. It leaves memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// Names a data key without telling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub [u8; 16]);

impl DataKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What names this key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.derive("bading 1 data key id")[..16]);
        KeyId(id)
    }

    fn derive(&self, what: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(what, &*self.0))
    }

    /// The database's key as SQLCipher takes it: `x'…'` of the key and the salt.
    pub(super) fn database(&self) -> Zeroizing<String> {
        let (key, salt) = (self.database_key(), self.database_salt());
        Zeroizing::new(format!("x'{}{}'", hex::encode(*key), hex::encode(salt)))
    }

    pub(super) fn database_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive("bading 1 database key")
    }

    pub(super) fn database_salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.derive("bading 1 database salt")[..16]);
        salt
    }

    pub(super) fn blob_sealer(&self) -> Sealer {
        Sealer::new(&self.derive("bading 1 blobs"))
    }

    /// What a blob's file is called, so that a folder's listing tells nobody which photos are
    /// in it.
    pub(super) fn blob_name(&self, hash: &Hash) -> Hash {
        let names = self.derive("bading 1 blob names");
        Hash(*blake3::keyed_hash(&names, &hash.0).as_bytes())
    }

    /// Seals a small secret of the store, such as the device's seed.
    #[must_use]
    pub fn seal_secret(&self, name: &str, content: &[u8]) -> Vec<u8> {
        Sealer::new(&self.derive("bading 1 secrets")).seal(name.as_bytes(), content)
    }

    /// Opens what [`DataKey::seal_secret`] sealed under the same name.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn open_secret(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Sealer::new(&self.derive("bading 1 secrets"))
            .open(name.as_bytes(), sealed)
            .map(Zeroizing::new)
            .map_err(|error| StoreError::Damaged(format!("{name}: {error}")))
    }
}

/// A data key as the key file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrapped {
    id: KeyId,
    bytes: Vec<u8>,
}

impl Wrapped {
    fn of(key: &DataKey, keystore: &dyn KeyStore) -> Result<Self, StoreError> {
        Ok(Self {
            id: key.id(),
            bytes: keystore.wrap(key.bytes())?,
        })
    }

    fn unwrap(&self, keystore: &dyn KeyStore) -> Result<DataKey, StoreError> {
        let bytes = keystore.unwrap(&self.bytes)?;
        let bytes: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::BadKey)?;
        let key = DataKey::new(bytes);
        if key.id() == self.id {
            Ok(key)
        } else {
            Err(StoreError::BadKey)
        }
    }

    fn encode(&self, encoder: &mut Encoder<&mut Vec<u8>>) {
        let written = encoder
            .array(2)
            .and_then(|e| e.bytes(&self.id.0))
            .and_then(|e| e.bytes(&self.bytes));
        written.map(|_| ()).expect("memory takes every byte");
    }

    fn decode(decoder: &mut Decoder<'_>) -> Option<Self> {
        (decoder.array().ok()? == Some(2)).then_some(())?;
        let id = KeyId(decoder.bytes().ok()?.try_into().ok()?);
        let bytes = decoder.bytes().ok()?.to_vec();
        (bytes.len() <= MAX_WRAPPED_BYTES).then_some(Self { id, bytes })
    }
}

/// The data key of a store; while it is being changed, the key before it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// What everything is sealed with, or is about to be.
    pub current: DataKey,
    /// What something may still be sealed with.
    pub before: Option<DataKey>,
    /// The city's key that may unwrap the current one too.
    pub escrow: Option<EscrowKey>,
}

/// The keys of the store in `dir`; nothing when it has none yet. It changes nothing.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] and [`StoreError::BadKey`] by the keystore's answer;
/// [`StoreError::KeyUnavailable`] too when a sealed store has lost its key file;
/// [`StoreError::Damaged`] when both copies of it are spoilt.
pub fn read_keys(dir: &Path, keystore: &dyn KeyStore) -> Result<Option<Keys>, StoreError> {
    match read_file(dir)? {
        Some(file) => Ok(Some(Keys {
            current: file.current.unwrap(keystore)?,
            before: file.before.map(|key| key.unwrap(keystore)).transpose()?,
            escrow: file.escrow.map(|(escrow, _)| escrow),
        })),
        None if super::is_sealed(dir) => Err(StoreError::KeyUnavailable),
        None => Ok(None),
    }
}

/// The keys of the store in `dir` by the city's escrow key, for a keystore that lost its own.
/// While the key is being changed there is no such way: the one before is the keystore's alone.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] when nothing is wrapped for an escrow key,
/// [`StoreError::BadKey`] when it is wrapped for another one.
pub fn recover_keys(dir: &Path, secret: &EscrowSecret) -> Result<Keys, StoreError> {
    let file = read_file(dir)?.ok_or(StoreError::KeyUnavailable)?;
    let (escrow, wrapped) = match (file.escrow, file.before) {
        (Some(escrow), None) => escrow,
        _ => return Err(StoreError::KeyUnavailable),
    };
    let current = secret.unwrap(&wrapped)?;
    if current.id() != file.current.id {
        return Err(StoreError::BadKey);
    }
    Ok(Keys {
        current,
        before: None,
        escrow: Some(escrow),
    })
}

/// What a key file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyFile {
    current: Wrapped,
    before: Option<Wrapped>,
    escrow: Option<(EscrowKey, Vec<u8>)>,
}

/// The first of the two files that is sound.
fn read_file(dir: &Path) -> Result<Option<KeyFile>, StoreError> {
    let mut is_there = false;
    for name in KEY_FILES {
        match fs::read(dir.join(name)) {
            Ok(bytes) => match decode(&bytes) {
                Some(file) => return Ok(Some(file)),
                None => is_there = true,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    if is_there {
        return Err(StoreError::Damaged("both copies of store.keys".to_owned()));
    }
    Ok(None)
}

/// Writes the keys, wrapped, durably and twice.
///
/// # Errors
/// [`StoreError`]; one of the two copies always reads.
pub fn write_keys(dir: &Path, keystore: &dyn KeyStore, keys: &Keys) -> Result<(), StoreError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    encoder
        .array(4)
        .and_then(|e| e.u8(FORMAT))
        .map(|_| ())
        .expect("memory takes every byte");
    Wrapped::of(&keys.current, keystore)?.encode(&mut encoder);
    match &keys.before {
        Some(before) => Wrapped::of(before, keystore)?.encode(&mut encoder),
        None => encoder.null().map(|_| ()).expect("memory takes every byte"),
    }
    let written = match &keys.escrow {
        Some(escrow) => encoder
            .array(2)
            .and_then(|e| e.bytes(&escrow.0))
            .and_then(|e| e.bytes(&escrow.wrap(&keys.current))),
        None => encoder.null(),
    };
    written.map(|_| ()).expect("memory takes every byte");
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(check.as_bytes());
    for name in KEY_FILES {
        write_durably(&dir.join(name), &bytes)?;
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> Option<KeyFile> {
    let at = bytes.len().checked_sub(CHECK_BYTES)?;
    let (content, check) = bytes.split_at(at);
    (blake3::hash(content).as_bytes() == check).then_some(())?;
    let mut decoder = Decoder::new(content);
    (decoder.array().ok()? == Some(4) && decoder.u8().ok()? == FORMAT).then_some(())?;
    let current = Wrapped::decode(&mut decoder)?;
    let before = optional(&mut decoder, Wrapped::decode)?;
    let escrow = optional(&mut decoder, |decoder| {
        (decoder.array().ok()? == Some(2)).then_some(())?;
        let key = EscrowKey(decoder.bytes().ok()?.try_into().ok()?);
        Some((key, decoder.bytes().ok()?.to_vec()))
    })?;
    let file = KeyFile {
        current,
        before,
        escrow,
    };
    (decoder.position() == content.len()).then_some(file)
}

/// What may be absent; nothing at all when it is neither.
fn optional<T>(
    decoder: &mut Decoder<'_>,
    read: impl FnOnce(&mut Decoder<'_>) -> Option<T>,
) -> Option<Option<T>> {
    if decoder.datatype().ok()? == minicbor::data::Type::Null {
        decoder.null().ok()?;
        return Some(None);
    }
    read(decoder).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wraps by adding its own byte.
    struct Plain(u8);

    impl KeyStore for Plain {
        fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError> {
            Ok(data_key
                .iter()
                .map(|byte| byte.wrapping_add(self.0))
                .collect())
        }

        fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
            let bytes = wrapped.iter().map(|byte| byte.wrapping_sub(self.0));
            Ok(Zeroizing::new(bytes.collect()))
        }
    }

    fn keys() -> Keys {
        Keys {
            current: DataKey::new([1; 32]),
            before: Some(DataKey::new([2; 32])),
            escrow: Some(EscrowSecret::new([9; 32]).public()),
        }
    }

    #[test]
    fn keys_come_back_and_another_keystore_is_told_bad_key() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(read_keys(dir.path(), &Plain(3)).expect("nothing yet"), None);
        write_keys(dir.path(), &Plain(3), &keys()).expect("writes");
        assert_eq!(
            read_keys(dir.path(), &Plain(3)).expect("reads"),
            Some(keys())
        );
        assert!(matches!(
            read_keys(dir.path(), &Plain(4)),
            Err(StoreError::BadKey)
        ));
    }

    #[test]
    fn city_s_escrow_key_gives_the_data_key_to_a_keystore_that_lost_its_own() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (lost, secret) = (Plain(3), EscrowSecret::new([9; 32]));
        let mut keys = keys();
        keys.before = None;
        write_keys(dir.path(), &lost, &keys).expect("writes");
        let recovered = recover_keys(dir.path(), &secret).expect("recovers");
        assert_eq!(recovered, keys);
        write_keys(dir.path(), &Plain(5), &recovered).expect("writes");
        let read = read_keys(dir.path(), &Plain(5)).expect("reads");
        assert_eq!(read, Some(keys.clone()));
        let other = recover_keys(dir.path(), &EscrowSecret::new([8; 32]));
        assert!(matches!(other, Err(StoreError::BadKey)));
        keys.escrow = None;
        write_keys(dir.path(), &lost, &keys).expect("writes");
        let none = recover_keys(dir.path(), &secret);
        assert!(matches!(none, Err(StoreError::KeyUnavailable)));
    }

    #[test]
    fn one_spoilt_copy_is_borne_and_two_are_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_keys(dir.path(), &Plain(3), &keys()).expect("writes");
        for (spoilt, name) in KEY_FILES.iter().enumerate() {
            let path = dir.path().join(name);
            let mut bytes = fs::read(&path).expect("is there");
            let len = bytes.len();
            for at in 0..len {
                bytes[at] ^= 4;
                fs::write(&path, &bytes).expect("the test spoils it");
                let read = read_keys(dir.path(), &Plain(3));
                if spoilt == 0 {
                    assert_eq!(read.expect("the copy serves"), Some(keys()));
                } else {
                    assert!(matches!(read, Err(StoreError::Damaged(_))));
                }
                bytes[at] ^= 4;
            }
            fs::write(&path, b"spoilt").expect("the test spoils it");
        }
    }

    #[test]
    fn secret_opens_under_its_own_name_only() {
        let key = DataKey::new([1; 32]);
        let sealed = key.seal_secret("device.key", b"seed");
        assert_eq!(
            key.open_secret("device.key", &sealed)
                .expect("opens")
                .as_slice(),
            b"seed"
        );
        assert!(key.open_secret("other", &sealed).is_err());
        assert!(
            DataKey::new([2; 32])
                .open_secret("device.key", &sealed)
                .is_err()
        );
    }
}
