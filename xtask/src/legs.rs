//! `cargo xtask test`: every test there is, as legs that run one after another.
//!
//! A leg that misses a *tool* fails, in the words of what to install. Tests that miss
//! *data* skip themselves, and the summary says so.

use std::time::{Duration, Instant};

use crate::browser;
use crate::kotlin;
use crate::trouble::Trouble;
use crate::workspace::{self, Workspace, is_on_path};

/// One kind of test; a new kind is one more line in [`LEGS`].
struct Leg {
    name: &'static str,
    run: fn(&Workspace) -> Result<(), Trouble>,
}

const LEGS: &[Leg] = &[
    Leg {
        name: "rust",
        run: rust,
    },
    Leg {
        name: "doc",
        run: doc,
    },
    Leg {
        name: "kotlin",
        run: kotlin::test,
    },
    Leg {
        name: "browser",
        run: browser::test,
    },
];

/// Runs the named legs, or all of them; a failed one does not stop the others.
pub(crate) fn test(workspace: &Workspace, names: &[String]) -> Result<(), Trouble> {
    let legs = chosen(names)?;
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for leg in legs {
        println!("== {}", leg.name);
        let start = Instant::now();
        let outcome = (leg.run)(workspace);
        let elapsed = start.elapsed();
        if let Err(trouble) = &outcome {
            println!("{trouble}");
            failed.push(leg.name);
        }
        lines.push(summary_line(leg.name, outcome.is_ok(), elapsed));
    }
    println!("== summary");
    for line in lines {
        println!("{line}");
    }
    if let Some(line) = skipped_line(workspace) {
        println!("{line}");
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Trouble::LegsFailed(failed))
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Leg>, Trouble> {
    if names.is_empty() {
        return Ok(LEGS.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            LEGS.iter().find(|leg| leg.name == name).ok_or_else(|| {
                let known: Vec<_> = LEGS.iter().map(|leg| leg.name).collect();
                Trouble::Usage(format!("no leg `{name}`; there are {}", known.join(", ")))
            })
        })
        .collect()
}

fn summary_line(name: &str, passed: bool, elapsed: Duration) -> String {
    let verdict = if passed { "passed" } else { "FAILED" };
    format!("{verdict}  {name:<8} {:>6.1} s", elapsed.as_secs_f64())
}

/// The real photos, grids and tracks lie beside the project, not in it. Tests that read
/// them print their own line, which test runners hide when the test passes.
fn skipped_line(workspace: &Workspace) -> Option<String> {
    let data = std::env::var_os("BADING_DATA").map_or_else(
        || workspace.root.join("../shared/data"),
        std::path::PathBuf::from,
    );
    (!data.is_dir()).then(|| "skipped  real data: BADING_DATA names no folder of it".to_owned())
}

fn rust(workspace: &Workspace) -> Result<(), Trouble> {
    if is_on_path("cargo-nextest") {
        return workspace::run(&mut workspace.cargo(&["nextest", "run", "--workspace"]));
    }
    // Compiling nextest takes longer than it saves, so its absence is not a missing tool.
    println!("cargo-nextest is not installed; the same tests run under `cargo test`");
    let mut command = workspace.cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]);
    workspace::run(&mut command)
}

/// Examples in documents, which nextest does not run.
fn doc(workspace: &Workspace) -> Result<(), Trouble> {
    workspace::run(&mut workspace.cargo(&["test", "--doc", "--workspace"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_names_the_known_legs_when_one_is_unknown() {
        let Err(Trouble::Usage(text)) = chosen(&["kotlni".to_owned()]) else {
            panic!("an unknown leg was accepted");
        };
        assert!(text.contains("kotlin"), "{text}");
    }

    #[test]
    fn chosen_keeps_the_order_asked_for() {
        let names = ["kotlin", "rust"].map(str::to_owned);
        let legs = chosen(&names).expect("both legs exist");
        assert_eq!(legs.iter().map(|l| l.name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn summary_line_shows_failure_and_time() {
        let line = summary_line("rust", false, Duration::from_millis(12_340));
        assert_eq!(line, "FAILED  rust       12.3 s");
    }
}
