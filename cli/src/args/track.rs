//! The grammar of tracks.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Track {
    /// Flags with their figures, for a person to judge: mock positions, speed, leaps, times
    /// that run backwards, lines without scatter, equal steps, an accuracy that never varies;
    /// and which of the files hold one track. Exits 0 whatever is found.
    Check {
        /// GPX, or CSV with time, lat, lon and perhaps accuracy_m, mock; `-` is stdin.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// walk, bicycle or vehicle: how fast a fix may move.
        #[arg(long, default_value = "walk")]
        mode: String,
    },
}
