//! What patrols and their coverage take.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(crate) struct Coverage {
    /// The planned route: GeoJSON or GPX; `-` is stdin.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["routes", "grids"],
        requires = "track"
    )]
    pub(crate) route: Option<PathBuf>,
    /// The track: GPX, or CSV with time, lat, lon and perhaps accuracy_m, mock; `-` is stdin.
    #[arg(long, value_name = "FILE", required_unless_present = "routes")]
    pub(crate) track: Option<PathBuf>,
    // A flag that another forbids is not asked for by clap: each says itself what it is not for.
    /// Cells instead of a route: which of them were visited, how long and how often.
    #[arg(
        long,
        value_name = "FILE",
        requires = "track",
        conflicts_with_all = ["route", "checkpoints", "directed"]
    )]
    pub(crate) grids: Option<PathBuf>,
    /// The property of the cells that holds their code; without it `code`.
    #[arg(long, value_name = "NAME", requires = "grids", conflicts_with_all = ["route", "routes"])]
    pub(crate) code_property: Option<String>,
    /// Only these cells, by their codes.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', requires = "grids", conflicts_with_all = ["route", "routes"])]
    pub(crate) cells: Vec<String>,
    /// The streets of the cells, GeoJSON lines: how much of them was walked in each.
    #[arg(long, value_name = "FILE", requires = "grids", conflicts_with_all = ["route", "routes"])]
    pub(crate) streets: Option<PathBuf>,
    /// Many at once: GeoJSON of routes, each feature with its code.
    #[arg(
        long,
        value_name = "FILE",
        requires = "tracks",
        conflicts_with_all = ["route", "track", "grids", "checkpoints", "geojson"]
    )]
    pub(crate) routes: Option<PathBuf>,
    /// A folder of tracks (.gpx, .csv), each named by its route's code; one JSON object a line.
    #[arg(long, value_name = "DIR", requires = "routes", conflicts_with_all = ["route", "track", "grids"])]
    pub(crate) tracks: Option<PathBuf>,
    /// How many tracks are judged at once; without it as many as there are cores.
    #[arg(long, value_name = "N", requires = "tracks", conflicts_with_all = ["route", "grids"])]
    pub(crate) threads: Option<NonZeroUsize>,
    /// How far beside the route or street still counts, in metres; without it what the file
    /// says, else 25.
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    pub(crate) corridor_m: Option<f64>,
    /// The longest time between two fixes that vouch for what lies between, in seconds.
    #[arg(
        long,
        value_name = "S",
        default_value_t = 60.0,
        allow_negative_numbers = true
    )]
    pub(crate) gap_s: f64,
    /// walk, bicycle or vehicle: how fast a fix may move and be believed.
    #[arg(long, default_value = "walk")]
    pub(crate) mode: String,
    /// Only what was walked from then on counts, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only what was walked until then counts, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// More places that must be visited: CSV (id, lat, lon, radius_m, dwell_s) or GeoJSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// The route is to be walked in the order of its positions.
    #[arg(long)]
    pub(crate) directed: bool,
    /// Write a map of what was covered and missed.
    #[arg(long, value_name = "FILE")]
    pub(crate) geojson: Option<PathBuf>,
    /// Exit 1 when less than this share is covered, such as 0.8.
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    pub(crate) require: Option<f64>,
    /// The datum of routes, tracks and checkpoints.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Patrol {
    /// Begin a patrol.
    Start {
        /// The planned route; without it that of the shift, if there is one.
        #[arg(long, value_name = "CODE")]
        route: Option<String>,
        /// walk, bicycle or vehicle.
        #[arg(long, default_value = "walk")]
        mode: String,
    },
    /// Record fixes: a GPX or CSV at once, or rows of a CSV from stdin as they come.
    Feed {
        /// GPX, or CSV with time, lat, lon and perhaps accuracy_m, mock; `-` is a CSV on stdin.
        file: PathBuf,
    },
    /// Stop recording for a while.
    Pause,
    /// Go on with a paused patrol.
    Resume,
    /// End the patrol.
    Finish,
    /// Note a gap in the recording.
    Interrupt {
        /// process_ended, permission_lost or battery_saver.
        #[arg(long)]
        why: String,
    },
    /// A patrol as it stands and what is left of its route; without an id the one under way.
    Status {
        /// The patrol.
        patrol: Option<String>,
        /// As of when, RFC 3339 with an offset; without it now.
        #[arg(long, value_name = "TIME")]
        now: Option<String>,
        /// Where the person is, on WGS 84; without it where the last believed fix was.
        #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
        at: Option<String>,
    },
    /// List the patrols, the latest first.
    List,
    /// The fixes of a patrol as they were recorded: GPX.
    Track {
        /// The patrol.
        patrol: String,
        /// Where the GPX goes instead of stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
