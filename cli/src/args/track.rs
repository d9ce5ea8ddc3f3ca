//! The grammar of tracks.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Track {
    /// Flags with their figures, for a person to judge: mock positions, speed, leaps, times
    /// that run backwards, lines without scatter, equal steps, an accuracy that never varies;
    /// and which of the files hold one track. Exits 0 whatever is found.
    Check {
        /// GPX, GeoJSON, .plt, or CSV with time, lat, lon and perhaps accuracy_m, mock; `-` is
        /// stdin.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// walk, bicycle or vehicle: how fast a fix may move.
        #[arg(long, default_value = "walk")]
        mode: String,
    },
    /// The fixes of a track in another format. All are kept, in their order; GeoJSON has the
    /// reason with those that are not believed.
    Convert {
        /// GPX, GeoJSON, .plt, or CSV with time, lat, lon and perhaps accuracy_m, mock; `-` is
        /// stdin.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The format that is written.
        #[arg(long, value_enum, default_value = "gpx", value_name = "FORMAT")]
        to: TrackFormat,
        /// Where it goes instead of stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// walk, bicycle or vehicle: how fast a fix may move.
        #[arg(long, default_value = "walk")]
        mode: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrackFormat {
    /// GPX 1.1, the accuracy and the mock flag in extensions.
    Gpx,
    /// Points with their time, and why a fix is not believed.
    Geojson,
    /// time, lat, lon, accuracy_m, mock.
    Csv,
}
