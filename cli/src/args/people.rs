//! What the commands about people take.

use std::path::PathBuf;

/// A roster into force.
#[derive(Debug, clap::Args)]
pub(crate) struct RosterImport {
    /// The file: CSV, or XLSX with one sheet.
    pub(crate) file: PathBuf,
    /// Drop the days that the file does not name; without it they stay as they are.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Say what would change on which day, and import nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
