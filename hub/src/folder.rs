//! The files of a hub: its key, and photos and packs under the name of their content.
//!
//! What is acknowledged is on the disk: written to a temporary file, synced, renamed, the
//! folder synced, and only then a row says that it is there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bading_core::model::identifiers::Hash;
use bading_core::oplog::sign::SoftwareSigner;

use crate::error::HubError;

/// The name of the database in the folder.
pub(crate) const DATABASE: &str = "hub.db";
const KEY: &str = "hub.key";
const LOCK: &str = "hub.lock";
const BLOBS: &str = "blobs";
const INCOMING: &str = "incoming";

/// The folder of one hub.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// A file on its way in: hashed as it is written, and gone when it is dropped unfinished.
pub(crate) struct Incoming {
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
    size_bytes: u64,
    is_kept: bool,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    /// Makes the folder and what belongs in it, where it is missing. Nobody but the hub's
    /// own user may look inside: photos, places and notes are personal.
    pub(crate) fn create(&self) -> Result<(), HubError> {
        let mut private = fs::DirBuilder::new();
        private.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
        private.create(self.root.join(BLOBS))?;
        private.create(self.root.join(INCOMING))?;
        sync_folder(&self.root)?;
        Ok(())
    }

    /// Reads the hub's key.
    pub(crate) fn read_key(&self) -> Result<SoftwareSigner, HubError> {
        let bytes = fs::read(self.root.join(KEY)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => HubError::Key,
            _ => error.into(),
        })?;
        let seed: [u8; 32] = bytes.try_into().map_err(|_| HubError::Key)?;
        Ok(SoftwareSigner::from_seed(&seed))
    }

    /// Draws the hub's key, or reads the one that an interrupted `hub init` left.
    pub(crate) fn create_key(&self) -> Result<SoftwareSigner, HubError> {
        if self.root.join(KEY).exists() {
            return self.read_key();
        }
        let seed: [u8; 32] = random()?;
        let temporary = self.root.join(format!("{KEY}.new"));
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // Only the hub's own account may read what signs every receipt.
            options.mode(0o600);
        }
        let mut file = options.open(&temporary)?;
        file.write_all(&seed)?;
        file.sync_all()?;
        fs::rename(&temporary, self.root.join(KEY))?;
        sync_folder(&self.root)?;
        Ok(SoftwareSigner::from_seed(&seed))
    }

    /// Holds the folder for serving, until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File, HubError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.root.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(HubError::AlreadyServed),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Removes what interrupted uploads left. Only for the process that holds the lock.
    pub(crate) fn sweep(&self) -> Result<(), HubError> {
        for entry in fs::read_dir(self.root.join(INCOMING))? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Begins a file.
    pub(crate) fn begin(&self) -> Result<Incoming, HubError> {
        let name: [u8; 16] = random()?;
        let path = self.root.join(INCOMING).join(hex::encode(name));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Incoming {
            path,
            file,
            hasher: blake3::Hasher::new(),
            size_bytes: 0,
            is_kept: false,
        })
    }

    /// Gives a file that was received whole the name of its content, durably.
    pub(crate) fn keep(&self, mut incoming: Incoming) -> Result<(Hash, u64), HubError> {
        let hash = incoming.hash();
        incoming.file.sync_all()?;
        let (outer, inner) = self.fan_out(&hash);
        if !inner.exists() {
            fs::create_dir_all(&inner)?;
            sync_folder(&self.root.join(BLOBS))?;
            sync_folder(&outer)?;
        }
        fs::rename(&incoming.path, self.path_of(&hash))?;
        incoming.is_kept = true;
        sync_folder(&inner)?;
        Ok((hash, incoming.size_bytes))
    }

    /// True when there is a file of this name.
    pub(crate) fn has(&self, hash: &Hash) -> bool {
        self.path_of(hash).exists()
    }

    /// Opens a file by its content's name.
    pub(crate) fn open(&self, hash: &Hash) -> Result<File, HubError> {
        File::open(self.path_of(hash)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => HubError::Damaged("a blob's file is missing"),
            _ => error.into(),
        })
    }

    /// Removes a file, durably; one that is not there is gone already.
    pub(crate) fn remove(&self, hash: &Hash) -> Result<(), HubError> {
        match fs::remove_file(self.path_of(hash)) {
            Ok(()) => sync_folder(&self.fan_out(hash).1),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a file again: is its content what its name promises, and as long as it was?
    pub(crate) fn is_whole(&self, hash: &Hash, size_bytes: u64) -> Result<bool, HubError> {
        let mut file = match File::open(self.path_of(hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let mut hasher = blake3::Hasher::new();
        let (mut buffer, mut length) = (vec![0; 256 * 1024], 0_u64);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            length += read as u64;
        }
        Ok(length == size_bytes && *hasher.finalize().as_bytes() == hash.0)
    }

    /// `blobs/ab/cd/abcd…`: two levels keep folders short in a city of millions of photos.
    fn path_of(&self, hash: &Hash) -> PathBuf {
        self.fan_out(hash).1.join(hash.to_string())
    }

    fn fan_out(&self, hash: &Hash) -> (PathBuf, PathBuf) {
        let outer = self.root.join(BLOBS).join(hex::encode(&hash.0[..1]));
        let inner = outer.join(hex::encode(&hash.0[1..2]));
        (outer, inner)
    }
}

impl Incoming {
    /// Takes the next bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// The hash of what came so far.
    pub(crate) fn hash(&self) -> Hash {
        Hash(*self.hasher.finalize().as_bytes())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed now is swept when the hub is next served.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A name in a folder is durable only once the folder is synced.
fn sync_folder(path: &Path) -> Result<(), HubError> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Bytes of the operating system's randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], HubError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| HubError::NoRandomness)?;
    Ok(bytes)
}
