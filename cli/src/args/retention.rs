//! What a phone lets go, in the grammar.

/// Which photos go.
#[derive(Debug, clap::Args)]
pub(crate) struct Evict {
    /// Originals stay so many days after the hub's stamp; without it the city's policy.
    #[arg(long, value_name = "N")]
    pub(crate) keep_days: Option<u32>,
    /// The most that all photos may take, in bytes; without it the city's policy.
    #[arg(long, value_name = "N")]
    pub(crate) max_bytes: Option<u64>,
    /// Only tell what would go.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
