//! The arguments of `bading key`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Draw a new key and seal the whole store with it; nobody else may have the store open.
    Change,
}
