//! `cargo xtask torture`: kills, power cuts, failing disks and damage, each as often as the
//! store's promise is stated for. The tests run a part of it every time; this takes long.

use crate::trouble::Trouble;
use crate::workspace::{self, Workspace};

/// Each with the reason that it prints figures: `--nocapture`.
const RUNS: [&[&str]; 2] = [
    &[
        "test",
        "-p",
        "bading-torture",
        "--test",
        "torture",
        "--",
        "--nocapture",
    ],
    &[
        "test",
        "-p",
        "bading-core",
        "--test",
        "salvage",
        "--",
        "--nocapture",
    ],
];

/// Runs everything in full.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Trouble> {
    for arguments in RUNS {
        workspace::run(workspace.cargo(arguments).env("BADING_TORTURE", "full"))?;
    }
    Ok(())
}
