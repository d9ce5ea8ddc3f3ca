//! Sealing a store that was in the clear, and sealing one anew with another key. Either may be
//! cut off anywhere and is finished when the store is opened the next time; until then the
//! key file names both keys.
//!
//! Source: docs/formats/store.md; docs/decisions/0027.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::model::identifiers::Hash;
use crate::storage::blob::{BlobFolder, BlobName, sync_folder};
use crate::storage::vault::{DataKey, Keys};
use crate::storage::{
    DATABASE, PLAIN_DATABASE, StoreError, connect, is_sealed, lock_making, migrations,
};

/// The sealed copy of a database in the clear, while it is being written.
const COPY: &str = "store.db.new";
/// What SQLite writes beside a database.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// Brings everything in `dir` under the current key. Nearly always there is nothing to do,
/// which two look-ups of names tell.
///
/// # Errors
/// [`StoreError::Busy`] when another process has the store open, [`StoreError`] otherwise; the
/// store is whole, and the next opening goes on.
pub(super) fn finish(dir: &Path, keys: &Keys) -> Result<(), StoreError> {
    let is_plain = dir.join(PLAIN_DATABASE).is_file();
    if !is_plain && keys.before.is_none() {
        return Ok(());
    }
    let _lock = lock_making(dir)?;
    if is_plain {
        seal_plain(dir, &keys.current)?;
    }
    match &keys.before {
        Some(before) if is_sealed(dir) => change_key(dir, before, &keys.current),
        _ => Ok(()),
    }
}

/// Tells whether nobody else has the sealed store in `dir` open.
///
/// # Errors
/// [`StoreError::Busy`] when somebody has; [`StoreError`].
pub fn check_alone(dir: &Path, key: &DataKey) -> Result<(), StoreError> {
    let _lock = lock_making(dir)?;
    let connection = connect(&dir.join(DATABASE), Some(key), OpenFlags::default())?;
    own_alone(&connection)?;
    Ok(connection.pragma_update(None, "journal_mode", "wal")?)
}

fn seal_plain(dir: &Path, key: &DataKey) -> Result<(), StoreError> {
    let plain = dir.join(PLAIN_DATABASE);
    let blobs = dir.join("blobs");
    if !is_sealed(dir) && plain.is_file() {
        let mut connection = connect(&plain, None, OpenFlags::default())?;
        own_alone(&connection)?;
        migrations::migrate(&mut connection)?;
        remove(dir, COPY)?;
        export(&connection, &dir.join(COPY), key)?;
        File::open(dir.join(COPY))?.sync_all()?;
        let (from, to) = folders(&blobs, None, key)?;
        reseal(&from, &to, &blob_hashes(&connection)?)?;
        drop(connection);
        fs::rename(dir.join(COPY), dir.join(DATABASE))?;
        sync_folder(dir)?;
    }
    // The sealed store is whole: what is in the clear goes, and a store that was cut off here
    // comes here again.
    let sealed = connect(&dir.join(DATABASE), Some(key), OpenFlags::default())?;
    let (from, to) = folders(&blobs, None, key)?;
    discard(&from, &to, &blob_hashes(&sealed)?)?;
    remove(dir, PLAIN_DATABASE)?;
    sync_folder(dir)
}

fn change_key(dir: &Path, before: &DataKey, key: &DataKey) -> Result<(), StoreError> {
    let path = dir.join(DATABASE);
    let connection = match opened(&path, before)? {
        Some(connection) => {
            own_alone(&connection)?;
            connection.pragma_update(None, "rekey", key.database().as_str())?;
            connection
        }
        None => connect(&path, Some(key), OpenFlags::default())?,
    };
    let hashes = blob_hashes(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    let (from, to) = folders(&dir.join("blobs"), Some(before), key)?;
    reseal(&from, &to, &hashes)?;
    discard(&from, &to, &hashes)
}

/// The database, when this key opens it.
fn opened(path: &Path, key: &DataKey) -> Result<Option<Connection>, StoreError> {
    let connection = connect(path, Some(key), OpenFlags::default())?;
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        Ok(()) => Ok(Some(connection)),
        Err(error) => match error.into() {
            StoreError::Damaged(_) => Ok(None),
            other => Err(other),
        },
    }
}

/// Leaves the write-ahead log, which SQLite does only for the one connection that has the
/// database open: what another process writes meanwhile would be lost.
fn own_alone(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))?;
    if mode == "delete" {
        Ok(())
    } else {
        Err(StoreError::Busy)
    }
}

fn export(plain: &Connection, to: &Path, key: &DataKey) -> Result<(), StoreError> {
    let to = to.to_string_lossy();
    plain.execute(
        "ATTACH DATABASE ?1 AS sealed KEY ?2",
        [&*to, key.database().as_str()],
    )?;
    plain.query_row("SELECT sqlcipher_export('sealed')", [], |_| Ok(()))?;
    let version: u32 = plain.pragma_query_value(None, "user_version", |row| row.get(0))?;
    plain.pragma_update(Some("sealed"), "user_version", version)?;
    plain.execute("DETACH DATABASE sealed", [])?;
    Ok(())
}

fn folders(
    root: &Path,
    from: Option<&DataKey>,
    to: &DataKey,
) -> Result<(BlobFolder, BlobFolder), StoreError> {
    Ok((
        BlobFolder::open(root, from)?,
        BlobFolder::open(root, Some(to))?,
    ))
}

/// The names of the photos that the database knows.
fn blob_hashes(connection: &Connection) -> Result<Vec<Hash>, StoreError> {
    let mut statement = connection.prepare("SELECT hash FROM blobs")?;
    let rows = statement.query_map([], |row| row.get(0).map(Hash))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every photo and picture of `from` in `to` too. What does not open is left where it is: it
/// is for salvage to name.
fn reseal(from: &BlobFolder, to: &BlobFolder, hashes: &[Hash]) -> Result<(), StoreError> {
    for name in names(from, hashes)? {
        match from.get_as(name) {
            Ok(Some(bytes)) => to.put_as(name, &bytes)?,
            Ok(None) | Err(StoreError::BlobDamaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Removes every file that is neither in `to` nor damaged: what was sealed again, and what no
/// row came to name.
fn discard(from: &BlobFolder, to: &BlobFolder, hashes: &[Hash]) -> Result<(), StoreError> {
    let mut kept = HashSet::new();
    for name in names(from, hashes)? {
        if matches!(from.get_as(name), Err(StoreError::BlobDamaged(_))) {
            kept.insert(from.path_of(name));
        }
    }
    kept.extend(names(to, hashes)?.into_iter().map(|name| to.path_of(name)));
    for file in to.files()? {
        if !kept.contains(&file) {
            remove_file(&file)?;
        }
    }
    Ok(())
}

/// The files that a folder has of these photos.
fn names(folder: &BlobFolder, hashes: &[Hash]) -> Result<Vec<BlobName>, StoreError> {
    let files: HashSet<PathBuf> = folder.files()?.into_iter().collect();
    let sizes: BTreeSet<Option<u32>> = files.iter().map(|path| longest_px(path)).collect();
    let all = hashes.iter().flat_map(|hash| {
        sizes.iter().map(|longest_px| BlobName {
            hash: *hash,
            longest_px: *longest_px,
        })
    });
    Ok(all
        .filter(|name| files.contains(&folder.path_of(*name)))
        .collect())
}

/// The size in the name of a picture that was made from a photo.
fn longest_px(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".jpg")?.rsplit_once('.')?.1.parse().ok()
}

fn remove(dir: &Path, name: &str) -> Result<(), StoreError> {
    for beside in BESIDE {
        remove_file(&dir.join(format!("{name}{beside}")))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Store;

    const NOTE: &[u8] = b"a note that nobody else may read";

    fn keys(current: u8, before: Option<u8>) -> Keys {
        Keys {
            current: DataKey::new([current; 32]),
            before: before.map(|byte| DataKey::new([byte; 32])),
            escrow: None,
        }
    }

    fn photo() -> (Hash, Vec<u8>) {
        let bytes = NOTE.repeat(5_000);
        (Hash(*blake3::hash(&bytes).as_bytes()), bytes)
    }

    fn fill(store: &Store) {
        let (hash, bytes) = photo();
        store.blobs().put(&hash, &bytes).expect("writes");
        store.blobs().put_derived(&hash, 320, NOTE).expect("writes");
        let written: Result<(), StoreError> = store.write(|tx| {
            tx.put_blob(&hash, bytes.len() as u64, true)?;
            tx.put_pack("duties", &Hash([1; 32]), NOTE)
        });
        written.expect("writes");
    }

    #[track_caller]
    fn assert_filled(store: &Store) {
        let (hash, bytes) = photo();
        assert_eq!(store.blobs().get(&hash).expect("opens"), Some(bytes));
        let derived = store.blobs().get_derived(&hash, 320).expect("opens");
        assert_eq!(derived.as_deref(), Some(NOTE));
        let held = store.read(|tx| tx.held_blobs()).expect("reads");
        assert_eq!(held, [hash]);
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("lists") {
                let path = entry.expect("lists").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    #[track_caller]
    fn assert_nothing_in_the_clear(dir: &Path) {
        for path in files(dir) {
            let bytes = fs::read(&path).expect("reads");
            let is_clear = bytes.windows(NOTE.len()).any(|found| found == NOTE)
                || bytes.starts_with(b"SQLite format 3");
            assert!(!is_clear, "{}", path.display());
        }
    }

    #[test]
    fn store_in_the_clear_is_sealed_when_it_is_opened_with_a_key() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fill(&Store::open(dir.path(), None).expect("opens"));
        let (hash, _) = photo();
        let plain = BlobFolder::open(&dir.path().join("blobs"), None).expect("opens");
        plain
            .put(&Hash([3; 32]), NOTE)
            .expect("a file that no row names");
        assert!(plain.path(&hash).is_file());
        let store = Store::open(dir.path(), Some(&keys(1, None))).expect("seals it");
        assert_filled(&store);
        assert_nothing_in_the_clear(dir.path());
        drop(store);
        let again = Store::open(dir.path(), Some(&keys(1, None))).expect("opens");
        assert_filled(&again);
    }

    #[test]
    fn nothing_is_in_the_clear_while_the_store_is_open_and_another_key_opens_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(dir.path(), Some(&keys(1, None))).expect("opens");
        fill(&store);
        assert!(dir.path().join("store.db-wal").is_file());
        assert_nothing_in_the_clear(dir.path());
        drop(store);
        let before: Vec<_> = files(dir.path())
            .iter()
            .map(fs::read)
            .map(|read| read.expect("reads"))
            .collect();
        let refused = Store::open(dir.path(), Some(&keys(2, None)));
        assert!(matches!(refused, Err(StoreError::Damaged(_))));
        let after: Vec<_> = files(dir.path())
            .iter()
            .map(fs::read)
            .map(|read| read.expect("reads"))
            .collect();
        assert!(before == after, "the store is as it was");
    }

    #[test]
    fn key_is_changed_and_the_one_before_opens_nothing_any_more() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fill(&Store::open(dir.path(), Some(&keys(1, None))).expect("opens"));
        let store = Store::open(dir.path(), Some(&keys(2, Some(1)))).expect("changes the key");
        assert_filled(&store);
        drop(store);
        let store = Store::open(dir.path(), Some(&keys(2, None))).expect("opens");
        assert_filled(&store);
        drop(store);
        assert!(Store::open(dir.path(), Some(&keys(1, None))).is_err());
        let (hash, _) = photo();
        let old = BlobFolder::open(&dir.path().join("blobs"), Some(&keys(1, None).current));
        assert_eq!(old.expect("opens").get(&hash).expect("reads"), None);
    }

    #[test]
    fn change_that_was_cut_off_anywhere_is_finished_by_the_next_opening() {
        // Where it can be cut: after the database, in the middle of the photos, before the end.
        for done in 0..4 {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let (one, two) = (keys(1, None), keys(2, Some(1)));
            fill(&Store::open(dir.path(), Some(&one)).expect("opens"));
            let path = dir.path().join(DATABASE);
            let connection =
                connect(&path, Some(&one.current), OpenFlags::default()).expect("opens");
            own_alone(&connection).expect("alone");
            if done > 0 {
                let key = two.current.database();
                connection
                    .pragma_update(None, "rekey", key.as_str())
                    .expect("changes");
            }
            drop(connection);
            let root = dir.path().join("blobs");
            let (from, to) = folders(&root, Some(&one.current), &two.current).expect("opens");
            let (hash, bytes) = photo();
            if done > 1 {
                to.put(&hash, &bytes).expect("writes");
            }
            if done > 2 {
                fs::remove_file(from.path(&hash)).expect("was there");
            }
            let store = Store::open(dir.path(), Some(&two)).expect("finishes");
            assert_filled(&store);
            assert!(!from.path(&hash).is_file());
        }
    }

    #[test]
    fn key_is_not_changed_under_somebody_who_has_the_store_open() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let one = keys(1, None);
        let store = Store::open(dir.path(), Some(&one)).expect("opens");
        fill(&store);
        assert!(matches!(
            check_alone(dir.path(), &one.current),
            Err(StoreError::Busy)
        ));
        let busy = Store::open(dir.path(), Some(&keys(2, Some(1))));
        assert!(matches!(busy, Err(StoreError::Busy)));
        assert_filled(&store);
        drop(store);
        check_alone(dir.path(), &one.current).expect("nobody has it open");
        assert_filled(&Store::open(dir.path(), Some(&one)).expect("opens"));
    }
}
