//! The documents: API pages build without a warning, links lead somewhere, and no file
//! names the machine it was written on.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::trouble::{Finding, Trouble};
use crate::workspace::{self, Workspace};

/// Folders of somebody's machine, in two pieces so that this file does not name one.
const MACHINE_FOLDERS: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Use", "rs/"),
];

/// What the host of a package mirror contains, in two pieces likewise.
const MIRROR_HOSTS: &[(&str, &str)] = &[
    ("mir", "ror"),
    ("artif", "actory"),
    ("nex", "us."),
    (".inter", "nal"),
];

/// The only hosts that a lock file may name, in two pieces likewise.
const REGISTRIES: &[(&str, &str)] = &[
    ("github.com/rust-lang/", "crates.io-index"),
    ("registry.", "npmjs.org/"),
];

/// Builds and checks.
///
/// # Errors
/// [`Trouble::Findings`] with every broken link and every machine's name.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Trouble> {
    let mut findings = Vec::new();
    let mut pages_count = 0_usize;
    for file in workspace.tracked_files()? {
        let path = workspace.root.join(&file);
        // A file may be deleted and not yet staged, and a picture is no text.
        let Some(text) = fs::read(&path).ok().and_then(|b| String::from_utf8(b).ok()) else {
            continue;
        };
        findings.extend(machine_names(&file, &text));
        if file.extension().is_some_and(|ending| ending == "md") {
            pages_count += 1;
            findings.extend(broken_links(&workspace.root, &file, &text));
        }
    }
    if !findings.is_empty() {
        findings.sort();
        return Err(Trouble::Findings(findings));
    }
    println!("docs: the links of {pages_count} pages lead somewhere, no machine is named");
    let flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    // One call of UniFFI's generator: nothing to document, and minutes to check.
    command.args(["--exclude", "bading-bindgen"]);
    command.env("RUSTDOCFLAGS", format!("{flags} -D warnings"));
    workspace::run(&mut command)
}

/// Every line that names a machine's folder or the host of a package mirror.
fn machine_names(file: &Path, text: &str) -> Vec<Finding> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_lock = matches!(name.as_ref(), "Cargo.lock" | "package-lock.json");
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut report = |what: String| {
            findings.push(Finding {
                file: file.to_owned(),
                line: index + 1,
                what,
            });
        };
        for (head, tail) in MACHINE_FOLDERS {
            let folder = format!("{head}{tail}");
            if names_folder(line, &folder) {
                report(format!("names a folder of one machine, {folder}"));
            }
        }
        for host in hosts(line) {
            let is_mirror = |(head, tail): &(&str, &str)| host.contains(&format!("{head}{tail}"));
            if MIRROR_HOSTS.iter().any(is_mirror) {
                report(format!("names a package host of one machine, {host}"));
            }
        }
        for url in urls(line).filter(|_| is_lock) {
            let is_source = line.contains("\"resolved\"") || line.starts_with("source = ");
            let is_known = REGISTRIES
                .iter()
                .any(|(begin, end)| url.starts_with(&[*begin, *end].concat()));
            if is_source && !is_known {
                report(format!(
                    "takes a package from {url}, which is no public registry"
                ));
            }
        }
    }
    findings
}

/// Whether the folder stands at the start of a path: `x.org/NAME/` and `a/NAME/` are others.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~*})>".contains(c))
    })
}

/// The text behind each `://` of a line, up to where a URL ends.
fn urls(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        let ends = |c: char| c.is_whitespace() || "\"'`<>()[]{}|,;".contains(c);
        rest.split(ends).next().unwrap_or_default()
    })
}

fn hosts(line: &str) -> impl Iterator<Item = &str> {
    urls(line).map(|url| url.split('/').next().unwrap_or_default())
}

/// Every relative link of a page that leads to no file.
fn broken_links(root: &Path, page: &Path, text: &str) -> Vec<Finding> {
    let folder = page.parent().unwrap_or(Path::new(""));
    links(text)
        .into_iter()
        .filter(|(_, target)| !target.contains("://") && !target.starts_with("mailto:"))
        .filter_map(|(line, target)| {
            let path = target.split('#').next().unwrap_or_default();
            let leads = path.is_empty()
                || below(folder, path).is_some_and(|inside| root.join(inside).exists());
            (!leads).then(|| Finding {
                file: page.to_owned(),
                line,
                what: format!("links to {target}, which does not exist"),
            })
        })
        .collect()
}

/// The path from the root of a link on a page in `folder`; `None` when it leads outside.
fn below(folder: &Path, link: &str) -> Option<PathBuf> {
    let mut parts: Vec<_> = folder.components().collect();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(_) => parts.push(part),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.into_iter().collect())
}

/// The targets of a page's links, `[text](target)` and `[name]: target`, with their lines
/// counted from 1. Code, in fences and between backquotes, has none.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            is_code = !is_code;
            continue;
        }
        if is_code {
            continue;
        }
        // Every second piece between backquotes is code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let definition = trimmed
            .starts_with('[')
            .then(|| trimmed.split_once("]: "))
            .flatten()
            .map(|(_, target)| target);
        let inline = prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in definition.into_iter().chain(inline) {
            // A title may follow the target.
            if let Some(target) = target.split_whitespace().next() {
                found.push((index + 1, target.trim_matches(['<', '>']).to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(text: &str) -> Vec<String> {
        let findings = machine_names(Path::new("a.md"), text);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn machine_names_finds_the_line_of_an_absolute_path() {
        let folder = ["/ho", "me/ann"].concat();
        let found = machine(&format!("fine\nsee {folder}/notes"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a.md:2: "), "{found:?}");
    }

    #[test]
    fn machine_names_lets_urls_and_relative_paths_pass() {
        let tail = ["/ho", "me/"].concat();
        let text = format!("https://example.org{tail} and target{tail} and ${{DIR}}{tail}");
        assert_eq!(machine(&text), [""; 0]);
    }

    #[test]
    fn machine_names_finds_the_host_of_a_mirror() {
        let host = ["https://debian.mir", "ror.example/x"].concat();
        assert_eq!(machine(&host).len(), 1);
    }

    #[test]
    fn machine_names_finds_a_foreign_registry_in_a_lock_file() {
        let lock = Path::new("package-lock.json");
        let (begin, end) = REGISTRIES[1];
        let npm = format!("\"resolved\": \"https://{begin}{end}a/-/a-1.tgz\",");
        assert_eq!(machine_names(lock, &npm), []);
        let other = npm.replace(&[begin, end].concat(), "npm.example.com/");
        assert_eq!(machine_names(lock, &other).len(), 1);
    }

    #[test]
    fn links_are_read_from_prose_and_definitions_only() {
        let text = "[a](x.md) `[b](y.md)`\n```\n[c](z.md)\n```\n[d]: w.md#part \"title\"";
        assert_eq!(
            links(text),
            [(1, "x.md".to_owned()), (5, "w.md#part".to_owned())]
        );
    }

    #[test]
    fn broken_links_are_those_that_lead_to_no_file_of_the_project() {
        let tree = tempfile::tempdir().expect("a folder can be made");
        fs::create_dir(tree.path().join("docs")).expect("writable");
        fs::write(tree.path().join("README.md"), "").expect("writable");
        let page = "[a](../README.md#top) [b](#here) [c](https://x.org) [d](gone.md) [e](../../x)";
        let found: Vec<_> = broken_links(tree.path(), Path::new("docs/a.md"), page)
            .into_iter()
            .map(|finding| finding.what)
            .collect();
        assert_eq!(
            found,
            [
                "links to gone.md, which does not exist",
                "links to ../../x, which does not exist",
            ]
        );
    }
}
