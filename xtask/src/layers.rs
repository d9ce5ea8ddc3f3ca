//! The dependency rule: which layer of the core may name which, and which crate which.
//!
//! The tables below are the rule; ARCHITECTURE.md tells the reason. The import rule holds
//! for tests too: a unit test that needs a higher layer belongs there. What code may do
//! (SQL, files, clocks) holds outside tests only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::{self, Token, Word};
use crate::trouble::{Finding, Trouble};
use crate::workspace::{self, Package, Workspace};

/// Each layer of the core and the layers it may name besides itself, lowest first.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("geo", &["model"]),
    ("photo", &["model"]),
    ("rules", &["model", "geo"]),
    ("oplog", &["model"]),
    ("sync", &["model", "oplog"]),
    ("storage", &["model", "oplog"]),
    ("http", &["model", "oplog", "sync"]),
    (
        "services",
        &["model", "geo", "photo", "rules", "oplog", "sync", "storage"],
    ),
    (
        "engine",
        &[
            "model", "geo", "photo", "rules", "oplog", "sync", "storage", "http", "services",
        ],
    ),
];

/// The layers that do no I/O, read no clock and draw no random number.
const PURE: &[&str] = &["model", "geo", "photo", "rules", "oplog", "sync"];

/// What a pure layer may not name: a path that begins so, or ends or goes on after it.
const IMPURE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
    &["SystemTime"],
    &["Instant", "now"],
    &["Utc", "now"],
    &["Local", "now"],
    &["Uuid", "new_v4"],
    &["Uuid", "now_v7"],
    &["getrandom"],
    &["reqwest"],
];

/// How a statement of SQL begins. Only capitals count, as in all SQL of the project, so
/// that a sentence is not taken for a statement.
const SQL: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "REPLACE INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE ",
    "CREATE VIEW ",
    "CREATE TRIGGER ",
    "CREATE VIRTUAL ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "DROP INDEX ",
    "PRAGMA ",
    "BEGIN IMMEDIATE",
];

/// The workspace's crates and the members each may depend on, tests included. A member
/// that is not named here (tests, benches, fuzz) may use all, and none of these may use it.
const CRATES: &[(&str, &[&str])] = &[
    ("bading-core", &[]),
    ("bading-hub", &["bading-core"]),
    ("bading-bindings", &["bading-core"]),
    ("bading", &["bading-core", "bading-hub"]),
    ("bading-bindgen", &[]),
    ("xtask", &[]),
];

/// Checks the core's layers and the workspace's arrows.
///
/// # Errors
/// [`Trouble::Findings`] with every place that breaks the rule.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Trouble> {
    let core = workspace.root.join("core/src");
    let mut findings: Vec<Finding> = check_core(&core)?
        .into_iter()
        .map(|finding| Finding {
            file: workspace.relative(&core.join(finding.file)),
            ..finding
        })
        .collect();
    for package in &workspace.packages {
        let manifest =
            fs::read_to_string(&package.manifest).map_err(Trouble::file(&package.manifest))?;
        findings.extend(check_crate(
            package,
            &workspace.packages,
            &manifest,
            &workspace.relative(&package.manifest),
        ));
    }
    if findings.is_empty() {
        println!(
            "layers: {} layers and {} crates keep the rule",
            LAYERS.len(),
            workspace.packages.len()
        );
        return Ok(());
    }
    findings.sort();
    Err(Trouble::Findings(findings))
}

/// Checks every file below `src`; findings name files relative to it.
fn check_core(src: &Path) -> Result<Vec<Finding>, Trouble> {
    let mut files = Vec::new();
    let mut findings = Vec::new();
    for path in workspace::files_below(src)? {
        let relative = path.strip_prefix(src).unwrap_or(&path).to_owned();
        let ending = path.extension().unwrap_or_default();
        if ending == "sql" && layer_of(&relative).as_deref() != Some("storage") {
            findings.push(Finding {
                file: relative,
                line: 1,
                what: "SQL lives in storage".to_owned(),
            });
        } else if ending == "rs" {
            let text = fs::read_to_string(&path).map_err(Trouble::file(&path))?;
            files.push(File::read(relative, &text));
        }
    }
    let tests: BTreeSet<Vec<String>> = files
        .iter()
        .flat_map(|file| file.test_modules.iter().cloned())
        .collect();
    for file in &files {
        let is_test = (1..=file.module.len()).any(|n| tests.contains(&file.module[..n]));
        file.check_imports(&mut findings);
        if !is_test {
            file.check_deeds(&mut findings);
        }
    }
    Ok(findings)
}

/// The layer of a file, by its first folder or its own name; `None` for `lib.rs`.
fn layer_of(relative: &Path) -> Option<String> {
    module_of(relative).into_iter().next()
}

/// `model/case.rs` and `model/case/mod.rs` are `[model, case]`; `lib.rs` is empty.
fn module_of(relative: &Path) -> Vec<String> {
    let mut module: Vec<String> = relative
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if matches!(module.last().map(String::as_str), Some("mod")) {
        module.pop();
    }
    if module == ["lib"] {
        module.clear();
    }
    module
}

struct File {
    relative: PathBuf,
    module: Vec<String>,
    tokens: Vec<Token>,
    /// The same without test items; empty when the whole file is a test.
    product: Vec<Token>,
    /// Modules in other files that this one declares as tests.
    test_modules: Vec<Vec<String>>,
}

impl File {
    fn read(relative: PathBuf, text: &str) -> Self {
        let module = module_of(&relative);
        let tokens = source::tokens(text);
        let (mut product, names) = source::without_tests(&tokens);
        if source::is_test_file(&tokens) {
            product.clear();
        }
        let below = |name: String| module.iter().cloned().chain([name]).collect();
        Self {
            test_modules: names.into_iter().map(below).collect(),
            relative,
            module,
            tokens,
            product,
        }
    }

    fn finding(&self, line: usize, what: String) -> Finding {
        Finding {
            file: self.relative.clone(),
            line,
            what,
        }
    }

    /// Whether each path of the crate leads to a layer that this one may name.
    fn check_imports(&self, findings: &mut Vec<Finding>) {
        let Some(layer) = self.module.first() else {
            return;
        };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| name == layer) else {
            findings.push(self.finding(
                1,
                format!("`{layer}` is no layer: give it a line in xtask/src/layers.rs"),
            ));
            return;
        };
        for path in source::paths(&self.tokens, &self.module) {
            let [root, target, ..] = path.segments.as_slice() else {
                continue;
            };
            if root != "crate" || target == layer || allowed.contains(&target.as_str()) {
                continue;
            }
            let what = if LAYERS.iter().any(|(name, _)| name == target) {
                format!("{layer} may not name {target}")
            } else {
                format!("crate::{target} is no layer: name the layer that defines it")
            };
            findings.push(self.finding(path.line, what));
        }
    }

    /// Whether the code outside tests keeps to what its layer may do.
    fn check_deeds(&self, findings: &mut Vec<Finding>) {
        let layer = self.module.first().map_or("lib.rs", String::as_str);
        let is_pure = PURE.contains(&layer);
        for path in source::paths(&self.product, &self.module) {
            let what = if layer != "storage" && path.segments[0] == "rusqlite" {
                "only storage names rusqlite".to_owned()
            } else if let Some(deed) = impure(&path.segments).filter(|_| is_pure) {
                format!("{layer} does no I/O and reads no clock: {deed}")
            } else {
                continue;
            };
            findings.push(self.finding(path.line, what));
        }
        if layer == "storage" {
            return;
        }
        for token in &self.product {
            if let Word::Text(text) = &token.word
                && is_sql(text)
            {
                findings.push(self.finding(token.line, "SQL lives in storage".to_owned()));
            }
        }
    }
}

fn impure(segments: &[String]) -> Option<String> {
    IMPURE
        .iter()
        .find(|deed| segments.windows(deed.len()).any(|part| part == **deed))
        .map(|deed| deed.join("::"))
}

fn is_sql(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| SQL.iter().any(|verb| line.starts_with(verb)))
}

/// Whether a crate depends only on the members it may.
fn check_crate(
    package: &Package,
    members: &[Package],
    manifest: &str,
    shown: &Path,
) -> Vec<Finding> {
    let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == package.name) else {
        return Vec::new();
    };
    let is_member = |name: &str| members.iter().any(|member| member.name == name);
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        if !is_member(dependency) || allowed.contains(&dependency.as_str()) {
            continue;
        }
        let line = manifest
            .lines()
            .position(|line| line.trim_start().starts_with(dependency))
            .map_or(1, |index| index + 1);
        findings.push(Finding {
            file: shown.to_owned(),
            line,
            what: format!("{} may not depend on {dependency}", package.name),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lays out the files and returns what is found, as printed.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let tree = tempfile::tempdir().expect("a folder can be made");
        for (name, text) in files {
            let path = tree.path().join(name);
            fs::create_dir_all(path.parent().expect("below the folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        let findings = check_core(tree.path()).expect("all files can be read");
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn check_core_is_silent_when_arrows_point_down() {
        let clean = [
            ("lib.rs", "pub mod model; pub mod storage;"),
            ("model/mod.rs", "pub mod case;"),
            (
                "model/case.rs",
                "use super::place::LatLon; use crate::model::Grid;",
            ),
            (
                "storage/mod.rs",
                "use rusqlite::Row; const Q: &str = \"SELECT 1\"; use std::fs;",
            ),
            (
                "services/report.rs",
                "use crate::{photo, storage::Store}; use std::time::SystemTime;",
            ),
            ("engine.rs", "use crate::{http, services};"),
        ];
        assert_eq!(found(&clean), [""; 0]);
    }

    #[test]
    fn check_core_names_file_and_line_of_an_upward_import() {
        let broken = [
            ("model/case.rs", "\n\nuse crate::oplog::Commit;"),
            ("geo/mod.rs", "fn f() {\n    super::photo::decode();\n}"),
            ("services/report.rs", "use crate::{model, http::Client};"),
        ];
        assert_eq!(
            found(&broken),
            [
                "geo/mod.rs:2: geo may not name photo",
                "model/case.rs:3: model may not name oplog",
                "services/report.rs:1: services may not name http",
            ]
        );
    }

    #[test]
    fn check_core_holds_tests_to_the_import_rule_too() {
        let broken = [(
            "model/case.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::storage::Store;\n}",
        )];
        assert_eq!(
            found(&broken),
            ["model/case.rs:3: model may not name storage"]
        );
    }

    #[test]
    fn check_core_refuses_what_belongs_to_no_layer() {
        let broken = [("helpers.rs", ""), ("sync/mod.rs", "use crate::Case;")];
        assert_eq!(
            found(&broken),
            [
                "helpers.rs:1: `helpers` is no layer: give it a line in xtask/src/layers.rs",
                "sync/mod.rs:1: crate::Case is no layer: name the layer that defines it",
            ]
        );
    }

    #[test]
    fn check_core_finds_clocks_files_and_chance_in_pure_layers() {
        let broken = [
            ("model/a.rs", "use std::{collections, fs};"),
            ("geo/a.rs", "use std::time::{Duration, SystemTime};"),
            ("rules/a.rs", "let t = chrono::Utc::now();"),
            ("oplog/a.rs", "use getrandom::fill;"),
            ("sync/a.rs", "let t = std::time::Instant::now();"),
            ("photo/a.rs", "let id = uuid::Uuid::new_v4();"),
        ];
        let findings = found(&broken);
        let deeds: Vec<_> = findings
            .iter()
            .filter_map(|line| line.rsplit_once(": "))
            .map(|(_, deed)| deed)
            .collect();
        assert_eq!(
            deeds,
            [
                "SystemTime",
                "std::fs",
                "getrandom",
                "Uuid::new_v4",
                "Utc::now",
                "Instant::now",
            ]
        );
    }

    #[test]
    fn check_core_lets_tests_of_pure_layers_read_files() {
        let clean = [
            (
                "photo/mod.rs",
                "#[cfg(test)] mod tests { use std::fs; }\n#[cfg(test)]\nmod golden;",
            ),
            ("photo/golden.rs", "use std::fs;"),
            ("oplog/laws.rs", "#![cfg(test)]\nuse std::env;"),
        ];
        assert_eq!(found(&clean), [""; 0]);
    }

    #[test]
    fn check_core_finds_sql_outside_storage() {
        let broken = [
            (
                "services/a.rs",
                "fn f() {\n  q(\"\n    SELECT id FROM cases\");\n}",
            ),
            ("services/b.rs", "use rusqlite::Connection;"),
            ("sync/schema.sql", "CREATE TABLE x (y);"),
        ];
        assert_eq!(
            found(&broken),
            [
                "sync/schema.sql:1: SQL lives in storage",
                "services/a.rs:2: SQL lives in storage",
                "services/b.rs:1: only storage names rusqlite",
            ]
        );
    }

    #[test]
    fn check_crate_refuses_an_arrow_between_hosts() {
        let package = |name: &str, dependencies: &[&str]| Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            manifest: PathBuf::from("Cargo.toml"),
            dependencies: dependencies.iter().map(|&d| d.to_owned()).collect(),
        };
        let members = [
            package("bading-core", &["serde"]),
            package("bading-hub", &["bading-core", "axum"]),
            package("bading-bindings", &["bading-core", "bading-hub"]),
            package("bading-tests", &["bading-hub", "bading-core"]),
        ];
        let manifest = "[dependencies]\nbading-core = 1\nbading-hub = 1\n";
        let findings: Vec<_> = members
            .iter()
            .flat_map(|member| check_crate(member, &members, manifest, Path::new("x/Cargo.toml")))
            .map(|finding| finding.to_string())
            .collect();
        assert_eq!(
            findings,
            ["x/Cargo.toml:3: bading-bindings may not depend on bading-hub"]
        );
    }
}
