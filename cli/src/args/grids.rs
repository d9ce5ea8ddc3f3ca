//! The grammar of grids: check a layer, import one, ask what is in force.

use std::path::PathBuf;

use clap::Subcommand;

use super::HubDir;

#[derive(Debug, Subcommand)]
pub(crate) enum Grids {
    /// Take every cell's code apart, measure it, and name all that is wrong with the layer;
    /// exits 1 when an import would refuse it.
    Check {
        /// GeoJSON; `-` is stdin.
        file: PathBuf,
        #[command(flatten)]
        reading: LayerReading,
        /// The city's offset from UTC in minutes, in which dates are meant.
        #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
        utc_offset_min: i32,
    },
}

/// How a layer's file is read.
#[derive(Debug, clap::Args)]
pub(crate) struct LayerReading {
    /// The property that holds a cell's code.
    #[arg(long, default_value = "code")]
    pub(crate) code_property: String,
    /// How the city's codes are built: opaque, 15, 16, segments such as
    /// county:6,street:3,community:3,sequence:4, or lengths such as 6+3+3+3.
    #[arg(long, default_value = "opaque")]
    pub(crate) profile: String,
    /// The datum of the positions: wgs84, cgcs2000, gcj02 or bd09.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// The area that the cells have to fill, GeoJSON in the same datum; without it the
    /// features of the file that say `kind: "parent"`.
    #[arg(long, value_name = "FILE")]
    pub(crate) within: Option<PathBuf>,
}

/// A layer that is to come into force.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportGrids {
    /// GeoJSON with a (multi)polygon for each cell; `-` is stdin.
    #[arg(required_unless_present = "h3")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: LayerReading,
    /// The first day of the layer, or RFC 3339 with an offset. Without it a first layer is
    /// in force from always on, and a later one from today on.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<String>,
    /// The last day of the layer, or RFC 3339 with an offset; what was to follow stays.
    /// Without it the layer is in force until the next one.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_to: Option<String>,
    /// Make the layer of the H3 cells of this resolution, 7 to 12, that cover the area of
    /// --within.
    #[arg(
        long,
        value_name = "RESOLUTION",
        requires = "within",
        conflicts_with_all = ["file", "code_property", "profile"]
    )]
    pub(crate) h3: Option<u8>,
    /// Import a layer that overlaps, has gaps in its parent or reaches beyond it, and tell
    /// each finding on stderr.
    #[arg(long)]
    pub(crate) accept_findings: bool,
}

/// A place, asked of the grids of a hub.
#[derive(Debug, clap::Args)]
pub(crate) struct HubLocate {
    #[command(flatten)]
    pub(crate) dir: HubDir,
    /// Where: LAT,LON in degrees.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) at: String,
    /// The datum of --at.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// As of when: RFC 3339 with an offset, or a date of the city's time. Without it now.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
}

/// The cells in force at a hub.
#[derive(Debug, clap::Args)]
pub(crate) struct HubGrids {
    #[command(flatten)]
    pub(crate) dir: HubDir,
    /// As of when: RFC 3339 with an offset, or a date of the city's time. Without it now.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
}
