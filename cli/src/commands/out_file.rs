//! Files that a command writes whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::output::Failure;

/// Puts `bytes` in the place of a file: another process sees the old content or the new.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Failure::retry(format!("{}: {error}", path.display()))
        }
        _ => Failure::in_file(path, error),
    })
}

/// Puts what `fill` writes in the place of a file, piece by piece; of a `fill` that fails
/// nothing is left.
pub(super) fn write_with<T>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let trouble = |error: io::Error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Failure::retry(format!("{}: {error}", path.display()))
        }
        _ => Failure::in_file(path, error),
    };
    if path.is_dir() {
        return Err(trouble(ErrorKind::IsADirectory.into()));
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let partial = beside(&target).map_err(trouble)?;
    let written = File::create_new(&partial)
        .map_err(trouble)
        .and_then(|mut file| {
            let filled = fill(&mut file)?;
            file.sync_all().map_err(trouble)?;
            fs::rename(&partial, &target).map_err(trouble)?;
            Ok(filled)
        });
    if written.is_err() {
        // Whether or not it came into being, it is not left behind.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let target = match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => return File::create(path)?.write_all(bytes),
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let partial = beside(&target)?;
    let written = (|| {
        let mut file = File::create_new(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, &target)
    })();
    if written.is_err() {
        // Whether or not it came into being, it is not left behind.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// A file that only its owner may read, which was not there before.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A name beside a file, for its content before it is whole.
pub(super) fn beside(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or(ErrorKind::InvalidInput)?;
    let name = format!(".{}.{}.partial", name.to_string_lossy(), std::process::id());
    Ok(target.with_file_name(name))
}
