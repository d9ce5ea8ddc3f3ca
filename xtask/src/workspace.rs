//! Where things are, and how to run a program there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::trouble::Trouble;

/// One member of the workspace, as far as the chores care.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Absolute.
    pub(crate) manifest: PathBuf,
    /// Names of everything it depends on, for building, running or testing.
    pub(crate) dependencies: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's own answer, so that `CARGO_TARGET_DIR` and a configured one are respected.
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self, Trouble> {
        // `cargo run` names the manifest at run time; the path known at compile time would
        // name another checkout when two of them share a target folder.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let mut command = cargo_in(
            &manifest,
            &["metadata", "--format-version", "1", "--no-deps"],
        );
        let answer = output(&mut command)?;
        let odd = |why: &str| Trouble::Answer {
            command: shown(&command),
            why: why.to_owned(),
        };
        let metadata: Value = serde_json::from_str(&answer).map_err(|e| odd(&e.to_string()))?;
        let path = |key: &str| {
            metadata[key]
                .as_str()
                .map(PathBuf::from)
                .ok_or_else(|| odd(&format!("no {key}")))
        };
        let packages = metadata["packages"]
            .as_array()
            .ok_or_else(|| odd("no packages"))?;
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            packages: packages.iter().filter_map(package).collect(),
        })
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|p| p.name == name)
    }

    /// A cargo command at the workspace's root, with nothing on its stdin.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        cargo_in(&self.root, arguments)
    }

    /// A path as findings print it: relative to the root where it lies below it.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }

    /// What git knows or would add, relative to the root, so that a mistake is found
    /// before it is committed.
    pub(crate) fn tracked_files(&self) -> Result<Vec<PathBuf>, Trouble> {
        let mut command = Command::new("git");
        command
            .args(["ls-files", "-z", "--cached", "--others"])
            .args(["--exclude-standard", "--deduplicate"])
            .current_dir(&self.root)
            .stdin(Stdio::null());
        let listing = output(&mut command)?;
        Ok(listing
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .collect())
    }
}

/// Where downloaded tools are kept between checkouts: `BADING_CACHE`, else the user's cache.
pub(crate) fn cache_dir() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(cache) = set("BADING_CACHE") {
        return PathBuf::from(cache);
    }
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("bading")
}

fn package(value: &Value) -> Option<Package> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let dependencies = value["dependencies"].as_array()?;
    Some(Package {
        name: text("name")?,
        version: text("version")?,
        manifest: PathBuf::from(text("manifest_path")?),
        dependencies: dependencies
            .iter()
            .filter_map(|d| d["name"].as_str().map(str::to_owned))
            .collect(),
    })
}

fn cargo_in(folder: &Path, arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    // `cargo run` describes xtask to us in these. Build scripts that watch them (ring's does)
    // would otherwise run again on every change between cargo and cargo xtask.
    for (name, _) in std::env::vars_os() {
        let described = name.to_str().is_some_and(|n| {
            n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_") || n == "OUT_DIR"
        });
        if described {
            command.env_remove(name);
        }
    }
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Runs to the end with the output shown.
pub(crate) fn run(command: &mut Command) -> Result<(), Trouble> {
    let status = command.status().map_err(|e| not_started(command, &e))?;
    if status.success() {
        return Ok(());
    }
    Err(Trouble::CommandFailed {
        command: shown(command),
        status: status.to_string(),
    })
}

/// Runs to the end and returns what it wrote on stdout, which must be UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String, Trouble> {
    command.stderr(Stdio::inherit());
    let done = command.output().map_err(|e| not_started(command, &e))?;
    if !done.status.success() {
        return Err(Trouble::CommandFailed {
            command: shown(command),
            status: done.status.to_string(),
        });
    }
    String::from_utf8(done.stdout).map_err(|e| Trouble::Answer {
        command: shown(command),
        why: e.to_string(),
    })
}

/// Whether a program of this name is on the `PATH`.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn not_started(command: &Command, error: &std::io::Error) -> Trouble {
    Trouble::MissingTool {
        what: format!("`{}`", command.get_program().to_string_lossy()),
        remedy: format!("`{}` could not be started: {error}", shown(command)),
    }
}

/// The command for a message, cut where a class path would fill the screen.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    let mut line = words.join(" ");
    if let Some((cut, _)) = line.char_indices().nth(160) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Every file below a folder, sorted; links are not followed.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Trouble::file(&folder))? {
            let entry = entry.map_err(Trouble::file(&folder))?;
            let kind = entry.file_type().map_err(Trouble::file(&folder))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
