//! Programs from npm, pinned by hash and kept in the cache between checkouts.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::trouble::Trouble;
use crate::workspace::{self, cache_dir};

/// Finds what the `package-lock.json` in `pin` names, fetching it the first time, and gives
/// the folder `node_modules` that holds it.
pub(crate) fn install(pin: &Path, name: &str) -> Result<PathBuf, Trouble> {
    let lock = pin.join("package-lock.json");
    let key = hash_of(&fs::read(&lock).map_err(Trouble::file(&lock))?);
    let cache = cache_dir();
    let folder = cache.join(format!("{name}-{key:016x}"));
    let modules = folder.join("node_modules");
    if modules.is_dir() {
        return Ok(modules);
    }
    // Installed beside and renamed, so that an interrupted download is never used.
    let unfinished = cache.join(format!("{name}-{}.part", std::process::id()));
    fs::create_dir_all(&unfinished).map_err(Trouble::file(&unfinished))?;
    for file in ["package.json", "package-lock.json"] {
        let from = pin.join(file);
        fs::copy(&from, unfinished.join(file)).map_err(Trouble::file(&from))?;
    }
    let mut command = Command::new("npm");
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&unfinished)
        .stdin(Stdio::null());
    let installed = workspace::run(&mut command);
    if installed.is_ok() && !folder.exists() {
        fs::rename(&unfinished, &folder).map_err(Trouble::file(&folder))?;
    } else {
        // Failed, or another run was first.
        fs::remove_dir_all(&unfinished).map_err(Trouble::file(&unfinished))?;
    }
    installed.map(|()| modules)
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // As a vector, so that what earlier versions fetched is found again.
    bytes.to_vec().hash(&mut hasher);
    hasher.finish()
}
