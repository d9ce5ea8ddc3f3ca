//! Photos as files named by their hash, so that what is there is either whole or noticed. In a
//! sealed store they are encrypted, and named by a keyed hash of it.
//!
//! Writing goes: temporary file → fsync → rename → fsync of the folder, and only then may a
//! row name it. Without this order a power cut left 190 of 190 photos missing or wrong.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::identifiers::Hash;
use crate::storage::StoreError;
use crate::storage::seal::{SealError, Sealer, sealed_len};
use crate::storage::vault::DataKey;

/// A folder of content-addressed files, in 256 sub-folders.
pub struct BlobFolder {
    root: PathBuf,
    lock: Option<Lock>,
}

/// What seals the files of a folder.
struct Lock {
    key: DataKey,
    sealer: Sealer,
}

/// A blob, or a picture that was made from it: it can be made again, so it is named by its
/// origin and its longest side in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlobName {
    pub(super) hash: Hash,
    pub(super) longest_px: Option<u32>,
}

impl BlobFolder {
    /// Opens the folder, making it when it is not there; with a key its files are sealed.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`].
    pub fn open(root: &Path, key: Option<&DataKey>) -> Result<Self, StoreError> {
        if !root.is_dir() {
            fs::create_dir_all(root)?;
            if let Some(parent) = root.parent() {
                sync_folder(parent)?;
            }
        }
        Ok(Self {
            root: root.to_owned(),
            lock: key.map(|key| Lock {
                key: key.clone(),
                sealer: key.blob_sealer(),
            }),
        })
    }

    /// Where a blob is or would be.
    #[must_use]
    pub fn path(&self, hash: &Hash) -> PathBuf {
        self.path_of(BlobName {
            hash: *hash,
            longest_px: None,
        })
    }

    pub(super) fn path_of(&self, name: BlobName) -> PathBuf {
        let file = match &self.lock {
            Some(lock) => lock.key.blob_name(&name.hash),
            None => name.hash,
        }
        .to_string();
        let path = self.root.join(&file[..2]).join(file);
        match name.longest_px {
            Some(px) => path.with_extension(format!("{px}.jpg")),
            None => path,
        }
    }

    /// Keeps bytes under their hash, durably; bytes that are there already are not written
    /// again.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`]; nothing half written stays under the name.
    pub fn put(&self, hash: &Hash, bytes: &[u8]) -> Result<(), StoreError> {
        let name = BlobName {
            hash: *hash,
            longest_px: None,
        };
        self.put_as(name, bytes)
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
        let name = BlobName {
            hash: *hash,
            longest_px: Some(longest_px),
        };
        self.put_as(name, bytes)
    }

    pub(super) fn put_as(&self, name: BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path_of(name);
        let size = match &self.lock {
            Some(_) => sealed_len(bytes.len()),
            None => bytes.len(),
        };
        if fs::metadata(&path).is_ok_and(|found| found.len() == size as u64) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.root);
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            sync_folder(&self.root)?;
        }
        write_with(&path, &mut |file| match &self.lock {
            Some(lock) => lock.sealer.seal_to(file, &name.sealed_as(), bytes),
            None => file.write_all(bytes),
        })
    }

    /// The bytes of a blob, or nothing when it is not here.
    ///
    /// # Errors
    /// [`StoreError::BlobDamaged`] when a sealed file does not open, or [`StoreError::Io`].
    pub fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_as(BlobName {
            hash: *hash,
            longest_px: None,
        })
    }

    /// A picture that was made from a blob, or nothing when it is not here.
    ///
    /// # Errors
    /// As [`BlobFolder::get`].
    pub fn get_derived(&self, hash: &Hash, longest_px: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_as(BlobName {
            hash: *hash,
            longest_px: Some(longest_px),
        })
    }

    pub(super) fn get_as(&self, name: BlobName) -> Result<Option<Vec<u8>>, StoreError> {
        let mut file = match File::open(self.path_of(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        let read = match &self.lock {
            Some(lock) => lock.sealer.open_from(&mut file, &name.sealed_as(), size),
            None => {
                let mut bytes = Vec::with_capacity(size);
                io::Read::read_to_end(&mut file, &mut bytes)
                    .map(|_| bytes)
                    .map_err(SealError::from)
            }
        };
        match read {
            Ok(bytes) => Ok(Some(bytes)),
            Err(SealError::Damaged) => Err(StoreError::BlobDamaged(name.hash)),
            Err(SealError::Io(error)) => Err(error.into()),
        }
    }

    /// Every file that is named like a blob, whatever it holds.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut files = Vec::new();
        for folder in fs::read_dir(&self.root)? {
            let folder = folder?;
            if folder.file_type()?.is_dir() {
                for file in fs::read_dir(folder.path())? {
                    files.push(file?.path());
                }
            }
        }
        Ok(files)
    }

    /// How many bytes a blob takes on the disk; nothing when it is not here.
    #[must_use]
    pub fn size_bytes(&self, hash: &Hash) -> Option<u64> {
        Some(fs::metadata(self.path(hash)).ok()?.len())
    }

    /// How many bytes a picture that was made from a blob takes on the disk.
    #[must_use]
    pub fn derived_size_bytes(&self, hash: &Hash, longest_px: u32) -> Option<u64> {
        Some(
            fs::metadata(self.path_of(derived(hash, longest_px)))
                .ok()?
                .len(),
        )
    }

    /// Takes a blob away; one that is not here is done already. Only while the gate of
    /// [`crate::storage::room`] is shut.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove(&self, hash: &Hash) -> Result<(), StoreError> {
        remove_file(&self.path(hash))
    }

    /// Takes a picture that was made from a blob away, as [`BlobFolder::remove`].
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove_derived(&self, hash: &Hash, longest_px: u32) -> Result<(), StoreError> {
        remove_file(&self.path_of(derived(hash, longest_px)))
    }

    /// Erases a blob and the pictures of these longest sides that were made from it, durably;
    /// what is not there is gone already.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn erase(&self, hash: &Hash, longest_px: &[u32]) -> Result<(), StoreError> {
        let derived = longest_px.iter().map(|px| self.path_of(derived(hash, *px)));
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

impl BlobName {
    /// What ties a sealed file to its name.
    fn sealed_as(self) -> Vec<u8> {
        let mut name = self.hash.0.to_vec();
        name.extend_from_slice(&self.longest_px.unwrap_or(0).to_be_bytes());
        name
    }
}

fn derived(hash: &Hash, longest_px: u32) -> BlobName {
    BlobName {
        hash: *hash,
        longest_px: Some(longest_px),
    }
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a file so that after a power cut it is there whole or not at all. The folder must
/// be there.
///
/// # Errors
/// [`StoreError::Full`] or [`StoreError::Io`]; the temporary file is removed.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_with(path, &mut |file| file.write_all(bytes))
}

/// As [`write_durably`], of what `write` writes.
fn write_with(
    path: &Path,
    write: &mut dyn FnMut(&mut File) -> io::Result<()>,
) -> Result<(), StoreError> {
    // Two processes, or two threads of one, may write the same blob at once.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{count}.tmp", std::process::id()));
    let written = write_and_rename(&temporary, path, write);
    if written.is_err() {
        // The first failure is the one to report; what is left behind is only a temporary.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_and_rename(
    temporary: &Path,
    path: &Path,
    write: &mut dyn FnMut(&mut File) -> io::Result<()>,
) -> Result<(), StoreError> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(temporary)?;
    write(&mut file)?;
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
        let blobs = BlobFolder::open(&dir.path().join("blobs"), None).expect("opens");
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

    #[test]
    fn sealed_blob_tells_neither_its_bytes_nor_its_name_and_opens_by_its_own_only() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path().join("blobs");
        let blobs = BlobFolder::open(&root, Some(&DataKey::new([1; 32]))).expect("opens");
        let photo = b"\xff\xd8\xff a photo of a place".repeat(9_000);
        let hash = Hash(*blake3::hash(&photo).as_bytes());
        blobs.put(&hash, &photo).expect("writes");
        blobs.put_derived(&hash, 320, b"a picture").expect("writes");
        assert_eq!(blobs.get(&hash).expect("opens"), Some(photo.clone()));
        let derived = blobs.get_derived(&hash, 320).expect("opens");
        assert_eq!(derived.as_deref(), Some(&b"a picture"[..]));
        for path in blobs.files().expect("lists") {
            assert!(!path.display().to_string().contains(&hash.to_string()));
            let bytes = fs::read(&path).expect("reads");
            assert!(!bytes.windows(7).any(|found| found == b"a place"));
        }
        let other = BlobName {
            hash,
            longest_px: Some(1600),
        };
        fs::copy(blobs.path(&hash), blobs.path_of(other)).expect("the test swaps files");
        assert!(matches!(
            blobs.get_as(other),
            Err(StoreError::BlobDamaged(_))
        ));
    }
}
