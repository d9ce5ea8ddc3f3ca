//! The device's key where the host brings none: a seed in a file that only its owner reads.
//! It is not in the database, so that a damaged database does not take the identity along.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::oplog::sign::SoftwareSigner;
use crate::services::Host;
use crate::storage::blob::write_durably;
use crate::storage::{StoreError, lock_making};

const KEY_FILE: &str = "device.key";

/// Reads the key in `dir`, drawing a new one when there is none.
///
/// # Errors
/// [`StoreError::Damaged`] when the file is no key: it is left for a person to look at, and
/// no other key is put in its place.
pub fn software_signer(dir: &Path, host: &dyn Host) -> Result<SoftwareSigner, StoreError> {
    let path = dir.join(KEY_FILE);
    if let Some(signer) = read(&path)? {
        return Ok(signer);
    }
    // Two processes may open a new store at once: the lock lets one draw the key.
    let _lock = lock_making(dir)?;
    if let Some(signer) = read(&path)? {
        return Ok(signer);
    }
    let mut seed = [0; 32];
    host.fill_random(&mut seed);
    write_durably(&path, &seed)?;
    Ok(SoftwareSigner::from_seed(&seed))
}

fn read(path: &Path) -> Result<Option<SoftwareSigner>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let seed: [u8; 32] = bytes
        .try_into()
        .map_err(|_| StoreError::Damaged("device.key does not hold a key".to_owned()))?;
    Ok(Some(SoftwareSigner::from_seed(&seed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SystemHost;
    use crate::oplog::sign::DeviceSigner;

    #[test]
    fn key_is_drawn_once_and_a_spoilt_file_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let host = SystemHost::new();
        let first = software_signer(dir.path(), &host).expect("draws").key();
        assert_eq!(
            software_signer(dir.path(), &host).expect("reads").key(),
            first
        );
        fs::write(dir.path().join(KEY_FILE), b"short").expect("the test spoils it");
        assert!(matches!(
            software_signer(dir.path(), &host),
            Err(StoreError::Damaged(_))
        ));
        assert_eq!(
            fs::read(dir.path().join(KEY_FILE)).expect("still there"),
            b"short"
        );
    }
}
