//! The device's key where the host brings none: a seed in a file, sealed with the store's data
//! key. It is not in the database, so that a damaged database does not take the identity along.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use crate::oplog::sign::SoftwareSigner;
use crate::services::Host;
use crate::storage::blob::write_durably;
use crate::storage::vault::{DataKey, Keys};
use crate::storage::{StoreError, lock_making};

/// What the sealed seed is called, and the name that ties the seal to it.
const KEY_FILE: &str = "device.key";
/// The same bytes again: one bit must not take the identity along.
const KEY_FILES: [&str; 2] = [KEY_FILE, "device.key.copy"];

/// Reads the key in `dir`, drawing a new one when there is none. One that is in the clear, as
/// all were before stores were sealed, or that is sealed with the key before, is sealed anew.
///
/// # Errors
/// [`StoreError::Damaged`] when the file is no key: it is left for a person to look at, and
/// no other key is put in its place.
pub fn software_signer(
    dir: &Path,
    keys: &Keys,
    host: &dyn Host,
) -> Result<SoftwareSigner, StoreError> {
    if let Some((seed, is_current)) = read_either(dir, keys)? {
        if !is_current {
            write(dir, &seed, &keys.current)?;
        }
        return Ok(SoftwareSigner::from_seed(&seed));
    }
    // Two processes may open a new store at once: the lock lets one draw the key.
    let _lock = lock_making(dir)?;
    if let Some((seed, _)) = read_either(dir, keys)? {
        return Ok(SoftwareSigner::from_seed(&seed));
    }
    draw(dir, keys, host)
}

/// As [`software_signer`] for a store that is being salvaged: a key that is lost is set aside
/// in `aside` and another drawn. Answers whether that was so.
///
/// # Errors
/// [`StoreError`].
pub(super) fn salvage_signer(
    dir: &Path,
    aside: &Path,
    keys: &Keys,
    host: &dyn Host,
) -> Result<(SoftwareSigner, bool), StoreError> {
    match read_either(dir, keys) {
        Ok(Some((seed, _))) => Ok((SoftwareSigner::from_seed(&seed), false)),
        Ok(None) => Ok((draw(dir, keys, host)?, true)),
        Err(StoreError::Damaged(_)) => {
            fs::create_dir_all(aside)?;
            for name in KEY_FILES {
                if dir.join(name).exists() {
                    fs::rename(dir.join(name), aside.join(name))?;
                }
            }
            Ok((draw(dir, keys, host)?, true))
        }
        Err(error) => Err(error),
    }
}

fn draw(dir: &Path, keys: &Keys, host: &dyn Host) -> Result<SoftwareSigner, StoreError> {
    let mut seed = Zeroizing::new([0; 32]);
    host.fill_random(&mut *seed);
    write(dir, &seed, &keys.current)?;
    Ok(SoftwareSigner::from_seed(&seed))
}

fn write(dir: &Path, seed: &[u8; 32], key: &DataKey) -> Result<(), StoreError> {
    let sealed = key.seal_secret(KEY_FILE, seed);
    for name in KEY_FILES {
        write_durably(&dir.join(name), &sealed)?;
    }
    Ok(())
}

/// The seed from the first of the two files that is sound; one that is alone, as it was in
/// older stores, is to be written again.
fn read_either(dir: &Path, keys: &Keys) -> Result<Option<(Seed, bool)>, StoreError> {
    let [first, second] = KEY_FILES.map(|name| read(&dir.join(name), keys));
    match (first, second) {
        (Ok(Some((seed, first))), Ok(Some((_, second)))) => Ok(Some((seed, first && second))),
        (Ok(Some((seed, _))), _) | (_, Ok(Some((seed, _)))) => Ok(Some((seed, false))),
        (Ok(None), Ok(None)) => Ok(None),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

type Seed = Zeroizing<[u8; 32]>;

/// The seed, and whether it is sealed with the current key.
fn read(path: &Path, keys: &Keys) -> Result<Option<(Seed, bool)>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if let Ok(plain) = <[u8; 32]>::try_from(bytes.as_slice()) {
        return Ok(Some((Zeroizing::new(plain), false)));
    }
    let (opened, is_current) = match (keys.current.open_secret(KEY_FILE, &bytes), &keys.before) {
        (Err(_), Some(before)) => (before.open_secret(KEY_FILE, &bytes)?, false),
        (opened, _) => (opened?, true),
    };
    let seed = <[u8; 32]>::try_from(opened.as_slice())
        .map_err(|_| StoreError::Damaged(format!("{KEY_FILE} does not hold a key")))?;
    Ok(Some((Zeroizing::new(seed), is_current)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SystemHost;
    use crate::oplog::sign::DeviceSigner;

    fn keys() -> Keys {
        Keys {
            current: DataKey::new([1; 32]),
            before: Some(DataKey::new([2; 32])),
            escrow: None,
        }
    }

    #[test]
    fn key_is_drawn_once_and_a_spoilt_file_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let host = SystemHost::new();
        let signer = || software_signer(dir.path(), &keys(), &host);
        let first = signer().expect("draws").key();
        assert_eq!(signer().expect("reads").key(), first);
        let spoil = |name: &str| {
            fs::write(dir.path().join(name), b"short").expect("the test spoils it");
        };
        spoil(KEY_FILE);
        assert_eq!(signer().expect("the copy serves").key(), first);
        KEY_FILES.into_iter().for_each(spoil);
        assert!(matches!(signer(), Err(StoreError::Damaged(_))));
        for name in KEY_FILES {
            let left = fs::read(dir.path().join(name)).expect("still there");
            assert_eq!(left, b"short");
        }
    }

    #[test]
    fn seed_in_the_clear_or_under_the_key_before_is_the_same_and_sealed_anew() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(KEY_FILE);
        let seed = [5; 32];
        let before = keys().before.expect("there is one");
        for older in [seed.to_vec(), before.seal_secret(KEY_FILE, &seed)] {
            fs::write(&path, older).expect("an older file");
            let signer = software_signer(dir.path(), &keys(), &SystemHost::new());
            assert_eq!(
                signer.expect("reads").key(),
                SoftwareSigner::from_seed(&seed).key()
            );
            let now = fs::read(&path).expect("is there");
            let opened = keys().current.open_secret(KEY_FILE, &now).expect("sealed");
            assert_eq!(opened.as_slice(), seed);
        }
    }
}
