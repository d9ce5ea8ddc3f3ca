//! The arguments of `bading key`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Draw a new key and seal the whole store with it; nobody else may have the store open.
    Change,
    /// Open the store to a keystore that lost its key, with the city's escrow key.
    Recover {
        /// The file that `hub admin escrow` made.
        #[arg(long, value_name = "FILE")]
        escrow: PathBuf,
    },
}
