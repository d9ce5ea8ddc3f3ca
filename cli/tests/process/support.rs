//! Runs the command, draws its inputs, and compares folders.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use bading_core::engine::{FileKeyStore, KEY_STORE_FILE, SystemHost};
use bading_core::model::identifiers::Hash;
use bading_core::oplog::sign::hash_of;
use bading_core::photo::render::{Scene, render};
use bading_core::storage::Store;
use bading_core::storage::vault::read_keys;
use serde_json::Value;
use tempfile::TempDir;

/// A place in the bundled grids.
pub(crate) const AT: &str = "31.2294,121.4645";
pub(crate) const GRIDS: &str = include_str!("../../../fixtures/demo/grids.geojson");
pub(crate) const DUTIES: &str = include_str!("../../../fixtures/demo/duties.csv");

/// The command, without anything that the environment might say to it.
pub(crate) fn bading() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bading"));
    command
        .stdin(Stdio::null())
        .env_remove("BADING_STORE")
        .env_remove("BADING_KEYSTORE")
        .env_remove("BADING_HUB")
        .env("RUST_LOG", "warn");
    command
}

/// What a finished command said.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Nothing when a signal ended it.
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    /// What it said beside the answer, warnings apart.
    pub(crate) stderr: String,
    pub(crate) warnings: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
        let (warnings, stderr): (Vec<_>, Vec<_>) = text(output.stderr)
            .split_inclusive('\n')
            .map(str::to_owned)
            .partition(|line| line.starts_with("warning: "));
        Self {
            exit: output.status.code(),
            stdout: text(output.stdout),
            stderr: stderr.concat(),
            warnings: warnings.concat(),
        }
    }
}

impl Answer {
    /// The one JSON document of a command that was done, with nothing on stderr.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.exit, Some(0), "{self:?}");
        assert_eq!(self.stderr, "");
        // More than one document, or anything beside it, does not parse.
        serde_json::from_str(&self.stdout).expect("one JSON document")
    }

    /// Asserts that the command was not done, and that one line says why, naming each of these.
    #[track_caller]
    pub(crate) fn assert_failed(&self, exit: i32, names: &[&str]) {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.ends_with('\n'), "{self:?}");
        for name in names {
            assert!(self.stderr.contains(name), "no `{name}` in {self:?}");
        }
    }
}

/// Runs the command with `--json`.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Answer {
    let output = bading().arg("--json").args(arguments).output();
    output
        .expect("the command was built beside this test")
        .into()
}

/// A phone's store that may or may not be there yet.
pub(crate) struct Phone(pub(crate) PathBuf);

impl Phone {
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = bading();
        command.args(["--json", "--store"]).arg(&self.0);
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        let output = self.command(arguments).output();
        output
            .expect("the command was built beside this test")
            .into()
    }

    pub(crate) fn start_report(&self, photo: &Path) -> Child {
        let mut command = self.command(["report", "--at", AT, "--class", "010101", "--photo"]);
        let child = command.arg(photo).spawn();
        child.expect("the command was built beside this test")
    }

    pub(crate) fn report(&self, photo: &Path) -> Answer {
        let output = self.start_report(photo).wait_with_output();
        output.expect("a child of this test").into()
    }

    /// The cases of the store, by one page.
    #[track_caller]
    pub(crate) fn cases(&self) -> Vec<String> {
        let page = self.run(["case", "list", "--limit", "500"]).json();
        assert_eq!(page["next"], Value::Null, "one page holds the test's cases");
        let cases = page["cases"].as_array().expect("a list");
        cases.iter().map(|case| text(&case["case_id"])).collect()
    }

    #[track_caller]
    pub(crate) fn assert_sound(&self) -> Value {
        let answer = self.run(["verify"]);
        assert_eq!(answer.exit, Some(0), "{answer:?}");
        let report = answer.json();
        assert_eq!(report["sound"], true, "{report}");
        report
    }
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[track_caller]
pub(crate) fn case_id(answer: &Answer) -> String {
    text(&answer.json()["case_id"])
}

/// A folder of one test with a store that is not there yet and photos.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn phone(&self, name: &str) -> Phone {
        Phone(self.path(name))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the test's own folder");
        path
    }

    pub(crate) fn photo(&self, name: &str, seed: u64) -> PathBuf {
        self.write(name, photo(seed, 640, 480))
    }
}

/// A photo that knows its place; another seed is another street.
pub(crate) fn photo(seed: u64, width_px: u32, height_px: u32) -> Vec<u8> {
    render(&Scene {
        seed,
        width_px,
        height_px,
        orientation: 1,
        position: Some((31.2294, 121.4645)),
        taken_at: None,
        offset: None,
        make: "Bading".to_owned(),
        model: "Test".to_owned(),
    })
}

/// Every file below a folder with its hash; nothing where there is no such folder.
pub(crate) fn snapshot(dir: &Path) -> Option<BTreeMap<PathBuf, Hash>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    if !dir.exists() {
        return None;
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the test") {
            let path = entry.expect("a folder of the test").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let hash = hash_of(&fs::read(&path).expect("a file of the test"));
                files.insert(path, hash);
            }
        }
    }
    Some(files)
}

/// The store in a folder, opened beside the command as another process would.
#[track_caller]
pub(crate) fn open_store(dir: &Path) -> Store {
    let host = Arc::new(SystemHost::new());
    let keystore = FileKeyStore::new(&dir.join(KEY_STORE_FILE), host);
    let keys = read_keys(dir, &keystore).expect("the store's key");
    Store::open(dir, keys.as_ref()).expect("the store opens")
}

/// Hashes every photo of a store again; answers how many there are.
#[track_caller]
pub(crate) fn assert_blobs_are_whole(dir: &Path) -> usize {
    let store = open_store(dir);
    let held = store.read(|tx| tx.held_blobs()).expect("reads");
    for hash in &held {
        let bytes = store.blobs().get(hash).expect("opens");
        assert_eq!(bytes.map(|bytes| hash_of(&bytes)), Some(*hash));
    }
    held.len()
}

/// SplitMix64: the same seed gives the same moments and mutations.
pub(crate) struct Rng(u64);

impl Rng {
    /// Seeded by `BADING_TEST_SEED`, else always the same; says so on stderr.
    pub(crate) fn announced(test: &str) -> Self {
        let given = std::env::var("BADING_TEST_SEED").ok();
        let seed = given.map_or(20_260_302, |text| {
            text.parse().expect("BADING_TEST_SEED is a number")
        });
        eprintln!("{test}: BADING_TEST_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// `bading hub serve` as a process of its own; killed when dropped.
pub(crate) struct HubProcess {
    pub(crate) dir: PathBuf,
    pub(crate) url: String,
    child: Child,
}

impl HubProcess {
    /// Makes a hub in `dir` and serves it on a free port.
    pub(crate) fn start(dir: PathBuf) -> Self {
        let folder = dir.as_os_str();
        run([OsStr::new("hub"), "init".as_ref(), "--dir".as_ref(), folder]).json();
        let mut child = bading()
            .args(["--json", "hub", "serve", "--listen", "127.0.0.1:0", "--dir"])
            .arg(&dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command was built beside this test");
        let stdout = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the hub says where it listens");
        let said: Value = serde_json::from_str(&line).expect("one line of JSON");
        let url = text(&said["listening"]);
        Self { dir, url, child }
    }

    /// Runs `bading hub ARGUMENTS --dir DIR`.
    pub(crate) fn admin(&self, arguments: &[&str]) -> Answer {
        let output = bading()
            .args(["--json", "hub"])
            .args(&arguments[..1])
            .arg("--dir")
            .arg(&self.dir)
            .args(&arguments[1..])
            .output();
        output
            .expect("the command was built beside this test")
            .into()
    }

    /// Kills the hub and has its folder checked.
    #[track_caller]
    pub(crate) fn stop_and_verify(mut self) -> Value {
        self.stop();
        let report = self.admin(&["verify"]).json();
        assert_eq!(report["sound"], true, "{report}");
        report
    }

    /// A one-use code for a role.
    #[track_caller]
    pub(crate) fn code(&self, role: &str) -> String {
        text(
            &self
                .admin(&["admin", "code", "create", "--role", role])
                .json()["code"],
        )
    }

    /// Enrols a phone by the command.
    #[track_caller]
    pub(crate) fn enrol(&self, phone: &Phone, role: &str) -> Value {
        let code = self.code(role);
        phone
            .run(["enrol", "--hub", &self.url, "--code", &code])
            .json()
    }

    fn stop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        self.stop();
    }
}
