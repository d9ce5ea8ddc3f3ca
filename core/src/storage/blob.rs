//! Photos as files named by their BLAKE3, so that what is there is either whole or noticed.
//!
//! Writing goes: temporary file → fsync → rename → fsync of the folder, and only then may a
//! row name it. Without this order a power cut left 190 of 190 photos missing or wrong.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::identifiers::Hash;
use crate::storage::StoreError;

/// A folder of content-addressed files, in 256 sub-folders.
pub struct BlobFolder {
    root: PathBuf,
}

impl BlobFolder {
    /// Opens the folder, making it when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`].
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        if !root.is_dir() {
            fs::create_dir_all(root)?;
            if let Some(parent) = root.parent() {
                sync_folder(parent)?;
            }
        }
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Where a blob is or would be.
    #[must_use]
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        self.root.join(&name[..2]).join(name)
    }

    /// Keeps bytes under their hash, durably; bytes that are there already are not written
    /// again.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`]; nothing half written stays under the name.
    pub fn put(&self, hash: &Hash, bytes: &[u8]) -> Result<(), StoreError> {
        self.put_at(&self.path(hash), bytes)
    }

    /// Where a picture that was made from a blob is or would be: it can be made again, so it
    /// is named by its origin and its longest side in pixels.
    #[must_use]
    pub fn derived_path(&self, hash: &Hash, longest_px: u32) -> PathBuf {
        self.path(hash).with_extension(format!("{longest_px}.jpg"))
    }

    /// Keeps a picture that was made from a blob.
    ///
    /// # Errors
    /// As [`BlobFolder::put`].
    pub fn put_derived(
        &self,
        hash: &Hash,
        longest_px: u32,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.put_at(&self.derived_path(hash, longest_px), bytes)
    }

    fn put_at(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        if fs::metadata(path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.root);
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            sync_folder(&self.root)?;
        }
        write_durably(path, bytes)
    }

    /// The bytes of a blob, or nothing when it is not here.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.path(hash)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a blob and the pictures of these longest sides that were made from it, durably;
    /// what is not there is gone already.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove(&self, hash: &Hash, longest_px: &[u32]) -> Result<(), StoreError> {
        let derived = longest_px.iter().map(|px| self.derived_path(hash, *px));
        for path in derived.chain([self.path(hash)]) {
            match fs::remove_file(&path) {
                Ok(()) => path.parent().map_or(Ok(()), sync_folder)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Writes a file so that after a power cut it is there whole or not at all. The folder must
/// be there.
///
/// # Errors
/// [`StoreError::Full`] or [`StoreError::Io`]; the temporary file is removed.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    // Two processes, or two threads of one, may write the same blob at once.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{count}.tmp", std::process::id()));
    let written = write_and_rename(&temporary, path, bytes);
    if written.is_err() {
        // The first failure is the one to report; what is left behind is only a temporary.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_and_rename(temporary: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(temporary, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// [`StoreError::Io`].
pub fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    // An empty path is the folder that the process runs in.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    Ok(File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_is_there_after_put_and_a_wrong_length_is_written_again() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let blobs = BlobFolder::open(&dir.path().join("blobs")).expect("opens");
        let hash = Hash(*blake3::hash(b"photo").as_bytes());
        assert_eq!(blobs.get(&hash).expect("reads"), None);
        blobs.put(&hash, b"photo").expect("writes");
        fs::write(blobs.path(&hash), b"").expect("the test truncates it");
        blobs.put(&hash, b"photo").expect("writes again");
        assert_eq!(
            blobs.get(&hash).expect("reads").as_deref(),
            Some(&b"photo"[..])
        );
    }

    #[test]
    fn failed_write_leaves_no_temporary_behind() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let target = dir.path().join("taken");
        fs::create_dir_all(target.join("inside")).expect("a folder in the way");
        assert!(write_durably(&target, b"x").is_err());
        let left = fs::read_dir(dir.path()).expect("lists").count();
        assert_eq!(left, 1);
    }
}
