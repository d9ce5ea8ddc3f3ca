//! The arguments of exporting and checking evidence.

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// An evidence bundle; without it the store is checked.
    pub(crate) file: Option<PathBuf>,
    /// The hub's key as the city publishes it, hex; without it the bundle's own word is taken.
    #[arg(long, value_name = "HEX", requires = "file")]
    pub(crate) hub_key: Option<String>,
    /// The language of the lines for people, and of the report: zh-CN or en. JSON has both.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) lang: String,
    /// Write a report that prints on A4: one HTML file with photos and map.
    #[arg(long, value_name = "FILE", requires = "file")]
    pub(crate) report: Option<PathBuf>,
    /// The offset from UTC in minutes of the times in the report.
    #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
    pub(crate) utc_offset_min: i32,
}

// The hub's command of this name has the group of that name already.
#[derive(Debug, clap::Args)]
#[group(id = "export_scope")]
pub(crate) struct Export {
    /// What it is written as.
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// Where it goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// These cases.
    #[arg(long = "case", value_name = "ID", num_args = 1.., required_unless_present_any = ["patrols", "all"])]
    pub(crate) cases: Vec<String>,
    /// These patrols.
    #[arg(long = "patrol", value_name = "ID", num_args = 1..)]
    pub(crate) patrols: Vec<String>,
    /// Everything that is here.
    #[arg(long, conflicts_with_all = ["cases", "patrols"])]
    pub(crate) all: bool,
    /// Leave the photos out; the file says so.
    #[arg(long)]
    pub(crate) without_photos: bool,
    /// Take the cells along, so that a report can draw them where their codes are no H3 cells.
    #[arg(long)]
    pub(crate) with_grids: bool,
    /// Write a report of it too, which prints on A4: one HTML file with photos and map.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The language of the report: zh-CN or en.
    #[arg(long, value_name = "TAG", default_value = "zh-CN")]
    pub(crate) lang: String,
    /// The offset from UTC in minutes of the times in the report.
    #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
    pub(crate) utc_offset_min: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A file that proves itself: records, receipts and photos (docs/formats/evidence.md).
    Evidence,
}
