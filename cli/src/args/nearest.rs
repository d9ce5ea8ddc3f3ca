//! The arguments of `bading nearest` and `bading hub import facilities`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Nearest {
    /// Kinds to look for, by key (toilet), label (公厕) or tag (amenity=toilets); all without it.
    #[arg(long, value_name = "KIND", num_args = 1.., value_delimiter = ',')]
    pub(crate) kind: Vec<String>,
    /// From where: LAT,LON in degrees.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) at: String,
    /// How many, at most 1000.
    #[arg(long, default_value_t = 5)]
    pub(crate) count: usize,
    /// Nothing farther than this, in metres.
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    pub(crate) within_m: Option<f64>,
    /// Whether they are open then: RFC 3339 with an offset, or now.
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub(crate) open_at: String,
    /// The datum of --at, and of the file of --facilities.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// Look in this file (CSV or GeoJSON) instead of the store.
    #[arg(long, value_name = "FILE")]
    pub(crate) facilities: Option<PathBuf>,
    /// The offset from UTC in minutes of opening hours, where no calendar is in force.
    #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
    pub(crate) utc_offset_min: i32,
    /// The language of the lines for people: zh-CN or en. JSON has both.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) lang: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FacilitiesImport {
    /// The file: CSV, or GeoJSON with kind or the tags of OpenStreetMap.
    pub(crate) file: PathBuf,
    /// The datum of the file.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// Say what would be imported, and import nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
