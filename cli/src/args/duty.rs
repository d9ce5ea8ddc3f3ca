//! What duty lists and dispatch take.

use std::path::PathBuf;

/// The two versions of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct DutyDiff {
    /// The list as it was: XLSX, or CSV in UTF-8; `-` is stdin.
    pub(crate) old: PathBuf,
    /// The list as it is.
    pub(crate) new: PathBuf,
}

/// Whose duties are asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct DutyScope {
    /// The duty list: XLSX, or CSV in UTF-8; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub(crate) duties: PathBuf,
    /// The person's roles, as the list writes them; any role without it.
    #[arg(long, num_args = 1..)]
    pub(crate) role: Vec<String>,
    /// The person's qualifications (资质); none without it.
    #[arg(long, num_args = 1..)]
    pub(crate) qualification: Vec<String>,
    /// The person's cells or beginnings of their codes; any cell without it.
    #[arg(long, num_args = 1..)]
    pub(crate) grid: Vec<String>,
}

/// One case to dispatch, or many.
#[derive(Debug, clap::Args)]
pub(crate) struct Dispatch {
    /// The table of ownership: CSV with class, grid, owner, department and perhaps reason.
    #[arg(long, value_name = "FILE", required_unless_present = "duties")]
    pub(crate) ownership: Option<PathBuf>,
    /// The duty list, which decides where no rule does: XLSX, or CSV in UTF-8.
    #[arg(long, value_name = "FILE")]
    pub(crate) duties: Option<PathBuf>,
    /// The small class.
    #[arg(long, value_name = "CODE", required_unless_present = "batch")]
    pub(crate) class: Option<String>,
    /// The cell; without it outside of all.
    #[arg(long, value_name = "CODE")]
    pub(crate) grid: Option<String>,
    /// Whose property it is (权属); without it nobody knows.
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// CSV with a header: id, class, grid, owner; answers one JSON object a line. `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["class", "grid", "owner"])]
    pub(crate) batch: Option<PathBuf>,
}
