//! The arguments of `bading deadline`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Deadline {
    /// When the limit begins, RFC 3339 with an offset.
    #[arg(
        long,
        value_name = "TIME",
        required_unless_present_any = ["batch", "case"],
        requires = "limit"
    )]
    pub(crate) start: Option<String>,
    /// The limit as the duty list words it: 4小时, 5个工作日, 2紧急工作时.
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["batch", "case"],
        requires = "start",
        allow_hyphen_values = true
    )]
    pub(crate) limit: Option<String>,
    /// CSV with a header: start, limit; answers one JSON object a line. `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["start", "limit", "case"])]
    pub(crate) batch: Option<PathBuf>,
    /// One case's handling, JSON: {limit, events: [{what, at, until?}…], as_of?}; an act whose
    /// time is not known has earliest and latest instead of at. `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["start", "limit"])]
    pub(crate) case: Option<PathBuf>,
    /// Calendars of the years concerned, holiday-cn JSON; urgent limits need none.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) calendar: Vec<PathBuf>,
    /// Hours of a working day, or of a season from a day on: MM-DD=HH:MM-HH:MM,… Without it
    /// 08:00-12:00,14:00-18:00.
    #[arg(long, value_name = "HOURS", num_args = 1..)]
    pub(crate) hours: Vec<String>,
    /// The city's offset from UTC in minutes.
    #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
    pub(crate) utc_offset_min: i32,
    /// 小时, 分钟 and 天 run around the clock where the wording does not say.
    #[arg(long)]
    pub(crate) bare_is_continuous: bool,
}
