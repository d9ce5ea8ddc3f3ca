//! What is held about a person, in the grammar.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Person {
    /// Write everything that this store holds about one person.
    Export(PersonExport),
}

#[derive(Debug, clap::Args)]
pub(crate) struct PersonExport {
    /// The person's number.
    #[arg(long, value_name = "ID")]
    pub(crate) person: String,
    /// The JSON file to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// A folder for the photos that are here, each named by its hash.
    #[arg(long, value_name = "DIR")]
    pub(crate) photos: Option<PathBuf>,
}
