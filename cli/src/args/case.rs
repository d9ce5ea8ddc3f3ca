//! What reports and cases take.

use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Photos (JPEG, PNG, HEIC); `near=FILE`, `far=FILE` … name what one shows.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) photo: Vec<String>,
    /// Where: LAT,LON in degrees. Without it the first photo that knows its place serves.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) at: Option<String>,
    /// The datum of --at.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// Radius of 68 % around --at, in metres.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) accuracy_m: Option<f64>,
    /// The small class of the duty list.
    #[arg(long, value_name = "CODE")]
    pub(crate) class: Option<String>,
    /// What the reporter has to say.
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// When the problem was seen, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME")]
    pub(crate) taken_at: Option<String>,
    /// The platform says that a mock provider made the position.
    #[arg(long)]
    pub(crate) mock: bool,
    /// What made the position: gps, network, fused, mock or unknown.
    #[arg(long, default_value = "unknown")]
    pub(crate) provider: String,
    /// The satellites' time of the position, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME")]
    pub(crate) gnss_time: Option<String>,
    /// The photos are from the gallery and were not taken in the app.
    #[arg(long)]
    pub(crate) gallery: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["case", "photo", "person"]))]
pub(crate) struct Erase {
    /// A field of this case, with all that was ever said of it.
    #[arg(long, value_name = "ID", requires = "field")]
    pub(crate) case: Option<String>,
    /// note or place.
    #[arg(long, requires = "case")]
    pub(crate) field: Option<String>,
    /// A photo, by its hash, in every case that has it.
    #[arg(long, value_name = "HASH")]
    pub(crate) photo: Option<String>,
    /// Everything personal that this person's devices signed or that was decided about them.
    #[arg(long, value_name = "ID")]
    pub(crate) person: Option<String>,
    /// The photos that the person's devices added too.
    #[arg(long, requires = "person")]
    pub(crate) with_photos: bool,
    /// Why: a code of a to z, 0 to 9 and `_`, such as court_order_2026_17.
    #[arg(long, value_name = "CODE")]
    pub(crate) reason: String,
}

/// What a move of a case takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Move {
    /// The case.
    pub(crate) case: String,
    /// Why.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Photos that show it; *after* unless `ROLE=FILE` says otherwise.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) photo: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Case {
    /// List cases, the latest change first.
    List {
        /// Only cases in this phase.
        #[arg(long)]
        phase: Option<String>,
        /// Only cases whose cell's code begins so.
        #[arg(long)]
        grid: Option<String>,
        /// Only cases of this class.
        #[arg(long)]
        class: Option<String>,
        /// The `next` of the page before.
        #[arg(long)]
        after: Option<String>,
        /// Lines of a page, at most 500.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one case with everything that was said of it.
    Show {
        /// The case.
        case: String,
    },
    /// Add a remark.
    Comment {
        /// The case.
        case: String,
        /// The remark.
        #[arg(long)]
        text: String,
    },
    /// Set a field (class, grid, note, place) again.
    Amend {
        /// The case.
        case: String,
        /// class, grid, note or place.
        #[arg(long)]
        field: String,
        /// The new value; a place is LAT,LON.
        #[arg(long, allow_hyphen_values = true)]
        value: String,
    },
    /// Take one's own report back before it is accepted.
    Withdraw(Move),
    /// 受理: take a report up.
    Accept(Move),
    /// 立案: file it; the hub gives the official number.
    File(Move),
    /// 不予立案: not filed, with a reason that the reporter sees.
    Decline(Move),
    /// 任务派遣: send it to a department.
    Dispatch {
        #[command(flatten)]
        common: Move,
        /// The department.
        #[arg(long)]
        to: String,
    },
    /// 处理反馈: repaired, with a photo.
    Handle(Move),
    /// 回退: not this department's, with a reason.
    Return(Move),
    /// 核查: seen on site that it is done; --fail sends it back with a reason.
    Check {
        #[command(flatten)]
        common: Move,
        /// It is not done.
        #[arg(long)]
        fail: bool,
    },
    /// 结案.
    Close(Move),
}
