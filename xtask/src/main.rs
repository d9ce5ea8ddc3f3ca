//! `cargo xtask`: the project's chores, in plain Rust so that they run wherever it builds.
//!
//! Each chore is one file. None of them needs anything installed beforehand but Rust:
//! what else a chore needs is installed on Debian as root, and named exactly elsewhere.

#![allow(
    clippy::print_stdout,
    reason = "what a chore found is its answer, and stdout is where answers go"
)]

mod browser;
mod docs;
mod kotlin;
mod layers;
mod legs;
mod npm;
mod setup;
mod source;
mod torture;
mod trouble;
mod workspace;

use std::process::ExitCode;

use trouble::Trouble;
use workspace::Workspace;

const USAGE: &str = "\
cargo xtask CHORE

  test [LEG…]   every test, or the named legs, with one summary line per leg
  demo [ARGS…]  the whole loop on this machine: `bading demo ARGS…`
  layers        checks the dependency rule of ARCHITECTURE.md
  docs          builds the API documents with warnings denied; checks links and paths
  kotlin        compiles the Kotlin bindings and runs their tests on the JVM
  setup         installs what the test legs need (Debian, root), or says what to run
  torture       kills, power cuts, failing disks and damage in full; takes long
  bench [ARGS…] the benches: `cargo bench --workspace ARGS…`
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((chore, rest)) = arguments.split_first() else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match perform(chore, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Usage(text)) => {
            eprintln!("xtask: {text}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(trouble) => {
            eprintln!("xtask {chore}: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: &str, rest: &[String]) -> Result<(), Trouble> {
    if matches!(chore, "help" | "--help" | "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let takes_arguments = matches!(chore, "test" | "demo" | "bench");
    if !takes_arguments && !rest.is_empty() {
        return Err(Trouble::Usage(format!("`{chore}` takes no arguments")));
    }
    match chore {
        "test" => legs::test(&Workspace::find()?, rest),
        "demo" => demo(&Workspace::find()?, rest),
        "layers" => layers::check(&Workspace::find()?),
        "docs" => docs::check(&Workspace::find()?),
        "kotlin" => kotlin::test(&Workspace::find()?),
        "setup" => setup::ensure(&setup::Need::ALL),
        "torture" => torture::run(&Workspace::find()?),
        "bench" => bench(&Workspace::find()?, rest),
        other => Err(Trouble::Usage(format!("there is no chore `{other}`"))),
    }
}

/// The main job. It reads the terminal, unlike the other chores, so that Ctrl-C and a
/// prompt reach it.
fn demo(workspace: &Workspace, rest: &[String]) -> Result<(), Trouble> {
    let mut command = workspace.cargo(&["run", "-q", "-p", "bading", "--", "demo"]);
    // `cargo xtask demo -- --once` is what a hand used to cargo types.
    let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
    command.args(rest).stdin(std::process::Stdio::inherit());
    workspace::run(&mut command)
}

fn bench(workspace: &Workspace, rest: &[String]) -> Result<(), Trouble> {
    workspace::run(workspace.cargo(&["bench", "--workspace"]).args(rest))
}
