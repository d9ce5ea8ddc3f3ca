//! What is left of a damaged database, and a new one made of it.
//!
//! The damaged one is never written to. A new one is built beside it, in the folder
//! `damaged-N` to which the damaged one goes at the end; until the new one is whole, the old
//! one stays where it is. Cut off anywhere, the next salvage goes on, and in between nobody
//! can open the store and take it for an empty one.
//!
//! Commits and receipts prove themselves and are taken from wherever they are found, the
//! copies of earlier salvages included; everything else only from pages that their HMAC
//! proves, in their newest version. Whether they make sense is for the services to say.
//!
//! Source: docs/decisions/0033; docs/formats/store.md.

mod carve;
mod page;
mod pages;
mod record;
mod tree;
pub(in crate::storage) mod wal;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};

pub(crate) use self::carve::Carved;
use self::page::PageKey;
use self::pages::Pages;
use self::record::Value;
use self::tree::{Row, Tree};
use crate::model::identifiers::Hash;
use crate::storage::blob::{sync_folder, write_durably};
use crate::storage::vault::Keys;
use crate::storage::{DATABASE, Store, StoreError, Tx, connect, lock_making, migrations, open_at};

/// The new database between its completion and its taking the place of the damaged one: while
/// it is there, the store is not opened.
pub(in crate::storage) const SALVAGED: &str = "store.db.salvaged";
/// The new database while it is being built.
const FRESH: &str = "store.db.new";
/// What was lost, in the folder of the damaged database.
const REPORT: &str = "salvage.json";
/// What belongs to a database, itself last: as long as it is there, it was not set aside.
const BESIDE: [&str; 4] = ["-shm", "-journal", "-wal", ""];
const FOLDER: &str = "damaged-";
/// Folded from the log, or derived from a pack: made again, never carried over.
const FOLDED: [&str; 5] = [
    "commits",
    "subject_commits",
    "cases",
    "patrols",
    "grid_indexes",
];
/// What a table holds is asked for again, or found again, when it is not whole.
const FOUND_AGAIN: [&str; 2] = ["blobs", "cursors"];

/// A salvage under way: nobody else makes or salvages the store meanwhile.
pub(crate) struct Salvaging {
    dir: PathBuf,
    keys: Keys,
    number: u32,
    before: Option<Standing>,
    lock: Option<File>,
}

/// What of a damaged database counts without proving itself.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What proves itself.
    pub(crate) carved: Carved,
    /// The commits that the database had, as far as its index can be read.
    pub(crate) named: BTreeSet<Hash>,
    /// True when nothing of the log can be missing without `named` saying so.
    pub(crate) is_log_whole: bool,
    /// The last number of each stream, by device (suite byte, then the key) and zone, where
    /// all of them are known.
    pub(crate) heads: Option<BTreeMap<(Vec<u8>, String), u64>>,
    /// Tables of which a part may be missing.
    pub(crate) lost_tables: Vec<String>,
    /// True when the settings are those of the last transaction.
    pub(crate) is_settings_whole: bool,
}

/// A database's files as they were: somebody who writes meanwhile shows in it.
type Standing = Vec<Option<(u64, Option<SystemTime>)>>;

impl Salvaging {
    /// Begins, or goes on with what was cut off.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process has the store open; [`StoreError`].
    pub(crate) fn begin(dir: &Path, keys: &Keys) -> Result<Self, StoreError> {
        let lock = lock_making(dir)?;
        check_unused(dir)?;
        let number = next_number(dir)?;
        let work = Self {
            dir: dir.to_owned(),
            keys: keys.clone(),
            number,
            before: standing(dir),
            lock: Some(lock),
        };
        if dir.join(SALVAGED).is_file() {
            work.take_place()?;
        }
        Ok(Self {
            number: next_number(dir)?,
            before: standing(dir),
            ..work
        })
    }

    /// Lets others make the store again: the database is sound and only photos are looked at.
    pub(crate) fn release(&mut self) {
        self.lock = None;
    }

    /// The folder for what is damaged, within the store's.
    pub(crate) fn folder_name(&self) -> String {
        format!("{FOLDER}{}", self.number)
    }

    /// The folder for what is damaged.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.join(self.folder_name())
    }

    /// Moves a photo's file that does not open to the damaged ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn set_photo_aside(&self, path: &Path) -> Result<(), StoreError> {
        let to = self.folder().join("blobs");
        fs::create_dir_all(&to)?;
        if let Some(name) = path.file_name() {
            fs::rename(path, to.join(name))?;
        }
        sync_folder(&to)?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    /// True when every page of the database that counts is proved: there is nothing to salvage.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(crate) fn is_sound(&self) -> Result<bool, StoreError> {
        let path = self.dir.join(DATABASE);
        Ok(path.is_file() && Pages::find(&path, self.page_keys())?.is_sound())
    }

    /// Reads what is left, makes a new database of the tables that count, and opens it; its
    /// log is empty, and its views are.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] when a newer version wrote the database; [`StoreError`].
    pub(crate) fn rebuild(&self) -> Result<(Found, Store), StoreError> {
        fs::create_dir_all(self.folder())?;
        sync_folder(&self.dir)?;
        let mut found = Found::default();
        let mut sources = self.sources().into_iter();
        let first = match sources.next() {
            Some(path) => Some(Pages::find(&path, self.page_keys())?),
            None => None,
        };
        let path = self.folder().join(FRESH);
        for beside in BESIDE {
            remove(&path, beside)?;
        }
        let mut fresh = connect(&path, Some(&self.keys.current), OpenFlags::default())?;
        let version = first
            .as_ref()
            .map(tree::user_version)
            .transpose()?
            .flatten();
        migrations::migrate_to(&mut fresh, version.filter(|version| *version > 0))?;
        if let Some(pages) = first {
            found.carved.take_from(&pages)?;
            copy(&pages, &mut fresh, &mut found)?;
        }
        for path in sources {
            found
                .carved
                .take_from(&Pages::find(&path, self.page_keys())?)?;
        }
        migrations::migrate(&mut fresh)?;
        fresh.pragma_update(None, "journal_mode", "wal")?;
        drop(fresh);
        let store = open_at(&self.dir, &path, &self.keys.current)?;
        Ok((found, store))
    }

    /// Puts the new database in the place of the damaged one, which is set aside.
    ///
    /// - `report`: what is kept beside it about what was lost.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when somebody came to use the store meanwhile; [`StoreError`].
    pub(crate) fn finish(self, store: Store, report: &[u8]) -> Result<(), StoreError> {
        // The last connection folds the write-ahead log into the database.
        drop(store);
        let fresh = self.folder().join(FRESH);
        File::open(&fresh)?.sync_all()?;
        write_durably(&self.folder().join(REPORT), report)?;
        let salvaged = self.dir.join(SALVAGED);
        fs::rename(&fresh, &salvaged)?;
        sync_folder(&self.dir)?;
        // From here on nobody opens the store; whoever did before shows now.
        if let Err(error) = check_unused(&self.dir).and_then(|()| self.check_unchanged()) {
            fs::rename(&salvaged, &fresh)?;
            sync_folder(&self.dir)?;
            return Err(error);
        }
        self.take_place()
    }

    fn check_unchanged(&self) -> Result<(), StoreError> {
        if standing(&self.dir) == self.before {
            Ok(())
        } else {
            Err(StoreError::Busy)
        }
    }

    fn take_place(&self) -> Result<(), StoreError> {
        let folder = self.folder();
        if self.dir.join(DATABASE).exists() {
            fs::create_dir_all(&folder)?;
        }
        for beside in BESIDE {
            let name = format!("{DATABASE}{beside}");
            let from = self.dir.join(&name);
            if from.exists() {
                fs::rename(from, folder.join(&name))?;
                sync_folder(&folder)?;
                sync_folder(&self.dir)?;
            }
        }
        fs::rename(self.dir.join(SALVAGED), self.dir.join(DATABASE))?;
        sync_folder(&self.dir)
    }

    fn page_keys(&self) -> Vec<PageKey> {
        let keys = std::iter::once(&self.keys.current).chain(&self.keys.before);
        keys.map(PageKey::new).collect()
    }

    /// The databases to read, the newest first.
    fn sources(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.dir.clone()];
        let aside = (1..=self.number).rev();
        folders.extend(aside.map(|number| self.dir.join(format!("{FOLDER}{number}"))));
        let paths = folders.into_iter().map(|folder| folder.join(DATABASE));
        paths.filter(|path| path.is_file()).collect()
    }
}

/// The first folder that holds no database yet: that of a salvage which was cut off, or a new
/// one after the last.
fn next_number(dir: &Path) -> Result<u32, StoreError> {
    let mut last = 0;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(FOLDER));
        last = last.max(number.and_then(|n| n.parse().ok()).unwrap_or(0));
    }
    let is_free = last > 0 && !dir.join(format!("{FOLDER}{last}")).join(DATABASE).exists();
    let is_done = dir.join(format!("{FOLDER}{last}")).join("blobs").exists();
    Ok(if is_free && !is_done { last } else { last + 1 })
}

/// SQLite holds a lock on the database for as long as it has it open.
fn check_unused(dir: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    if let Ok(file) = File::options()
        .read(true)
        .write(true)
        .open(dir.join(DATABASE))
    {
        use rustix::fs::{FlockOperation, fcntl_lock};
        if fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(StoreError::Busy);
        }
    }
    Ok(())
}

fn standing(dir: &Path) -> Option<Standing> {
    let of = |beside: &&str| {
        let found = fs::metadata(dir.join(format!("{DATABASE}{beside}"))).ok()?;
        Some((found.len(), found.modified().ok()))
    };
    Some(["-journal", "-wal", ""].iter().map(of).collect())
}

fn remove(path: &Path, beside: &str) -> Result<(), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(beside);
    match fs::remove_file(Path::new(&name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Carries over what counts of the tables, and notes what the indexes of the log say.
fn copy(pages: &Pages, fresh: &mut Connection, found: &mut Found) -> Result<(), StoreError> {
    let trees = Tree::all(fresh)?;
    let roots: BTreeMap<String, u32> = tree::roots(pages)?.into_iter().collect();
    let mut walks = Vec::new();
    for tree in &trees {
        // The settings change with each commit by their clock alone, which is set anew.
        let is_older_allowed = tree.name == "meta";
        walks.push(match roots.get(&tree.name) {
            Some(root) => tree::walk(pages, *root, is_older_allowed)?,
            None => tree::Walk::default(),
        });
    }
    let strays = tree::strays(pages, &trees, &walks)?;
    let transaction = fresh.transaction()?;
    for ((tree, walk), strays) in trees.iter().zip(&walks).zip(&strays) {
        let rows = || walk.rows.iter().chain(strays);
        match tree.name.as_str() {
            "commits" => found.is_log_whole = walk.is_whole,
            "commits_by_hash" => found.named.extend(rows().filter_map(hash_of)),
            "commits_by_stream" if walk.is_whole => found.heads = Some(heads_of(&walk.rows)),
            "meta" => found.is_settings_whole = walk.is_whole,
            _ => {}
        }
        if tree.is_index || FOLDED.contains(&tree.name.as_str()) {
            continue;
        }
        if !walk.is_whole && !FOUND_AGAIN.contains(&tree.name.as_str()) {
            found.lost_tables.push(tree.name.clone());
        }
        for row in rows() {
            insert(&transaction, tree, row)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn insert(fresh: &Connection, tree: &Tree, row: &Row) -> Result<(), StoreError> {
    let (mut names, mut given) = (Vec::new(), Vec::new());
    for (column, value) in tree.columns.iter().zip(&row.1) {
        names.extend(column.name.as_ref().map(|name| format!("\"{name}\"")));
        given.push(match (column.is_rowid, row.0) {
            (true, Some(rowid)) => Value::Integer(rowid),
            _ => value.clone(),
        });
    }
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "INSERT OR IGNORE INTO \"{}\" ({}) VALUES ({marks})",
        tree.name,
        names.join(", ")
    );
    fresh
        .prepare_cached(&sql)?
        .execute(params_from_iter(&given))?;
    Ok(())
}

fn hash_of(row: &Row) -> Option<Hash> {
    match row.1.first() {
        Some(Value::Blob(bytes)) => bytes.as_slice().try_into().ok().map(Hash),
        _ => None,
    }
}

fn heads_of(rows: &[Row]) -> BTreeMap<(Vec<u8>, String), u64> {
    let mut heads = BTreeMap::new();
    for (_, row) in rows {
        let [
            Value::Blob(device),
            Value::Text(zone),
            Value::Integer(seq),
            ..,
        ] = row.as_slice()
        else {
            continue;
        };
        let zone = String::from_utf8_lossy(zone).into_owned();
        let seq = u64::try_from(*seq).unwrap_or(0);
        let head = heads.entry((device.clone(), zone)).or_insert(seq);
        *head = seq.max(*head);
    }
    heads
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Tx<'_> {
    /// Forgets how far the zones were pulled: what was lost comes again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn forget_cursors(&self) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM cursors", [])?;
        Ok(())
    }

    /// Notes that a photo's bytes are not here any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn set_blob_lost(&self, hash: &Hash) -> Result<(), StoreError> {
        let sql = "UPDATE blobs SET is_held = 0 WHERE hash = ?1";
        self.0.prepare_cached(sql)?.execute([hash.0])?;
        Ok(())
    }
}
