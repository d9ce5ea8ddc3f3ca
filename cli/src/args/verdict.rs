//! The grammar of `bading verdict`.

use clap::Subcommand;

/// The time that a verdict is about: a local day, a month, or any other.
#[derive(Debug, clap::Args)]
pub(crate) struct VerdictPeriod {
    /// Its beginning: RFC 3339 with an offset, or a date of the city's time.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// Its end, no longer part of it; a date is the end of that day. Without it the end of
    /// the day on which it begins.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verdict {
    /// Where the verdict of a person and period stands, with every version and appeal.
    Show {
        /// Whose; without it this device's own.
        #[arg(long)]
        person: Option<String>,
        #[command(flatten)]
        period: VerdictPeriod,
        /// As it stood then. Without it now.
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
    },
    /// Publish the verdict as this store computes it, once the period has closed.
    Publish {
        /// Whose.
        #[arg(long)]
        person: String,
        #[command(flatten)]
        period: VerdictPeriod,
    },
    /// Appeal against the own published verdict.
    Appeal {
        /// Whose; without it this device's own.
        #[arg(long)]
        person: Option<String>,
        #[command(flatten)]
        period: VerdictPeriod,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Decide on an appeal.
    #[command(group = clap::ArgGroup::new("decision").required(true))]
    Decide {
        /// The appeal: its operation, COMMIT:INDEX.
        #[arg(long, value_name = "OP")]
        appeal: String,
        /// It is right; --exempt says what no longer counts.
        #[arg(long, group = "decision", requires = "exempt")]
        uphold: bool,
        /// It is not.
        #[arg(long, group = "decision", conflicts_with = "exempt")]
        reject: bool,
        /// What no longer counts in the verdict's period: act=OP (a finding or a deduction),
        /// time=FROM/TO, stretch=ROUTE:FROM_M-TO_M or overtime=CASE.
        #[arg(long, value_name = "WHAT")]
        exempt: Vec<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Confirm a fact against somebody, such as a forged photo.
    Find {
        /// Against whom.
        #[arg(long)]
        person: String,
        /// What was found.
        #[arg(long, value_name = "KEY", default_value = "forged_photo")]
        reason: String,
        /// The case that it rests on.
        #[arg(long, value_name = "CASE")]
        case: Option<String>,
        /// The photo, by the hash of its original.
        #[arg(long, value_name = "HASH")]
        photo: Option<String>,
        /// When it was done, RFC 3339. Without it, when the photo or the report was made.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// More about it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Take points off.
    Deduct {
        /// From whom.
        #[arg(long)]
        person: String,
        /// How many, 0.01 to 100.00.
        #[arg(long)]
        points: String,
        /// Why, as the city's key.
        #[arg(long, value_name = "KEY")]
        reason: String,
        /// The case that it rests on.
        #[arg(long, value_name = "CASE")]
        case: Option<String>,
        /// When it was done, RFC 3339. Without it, when the case was reported.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// More about it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Say that something does not count: a stretch of a route, a time, a case's overtime, or
    /// a finding. The fact stays.
    #[command(group = clap::ArgGroup::new("whom").required(true))]
    #[command(group = clap::ArgGroup::new("what").required(true))]
    Exempt {
        /// For whom.
        #[arg(long, group = "whom")]
        person: Option<String>,
        /// For everybody.
        #[arg(long, group = "whom")]
        all: bool,
        /// A stretch of this route, in shifts between --from and --to.
        #[arg(long, value_name = "CODE", group = "what", requires_all = ["from_m", "to_m", "from", "to"])]
        route: Option<String>,
        /// Where it begins, metres along the route.
        #[arg(long, value_name = "M", requires = "route")]
        from_m: Option<String>,
        /// Where it ends.
        #[arg(long, value_name = "M", requires = "route")]
        to_m: Option<String>,
        /// The minutes between --from and --to, of whatever kind of attendance.
        #[arg(long, group = "what", requires_all = ["from", "to"])]
        minutes: bool,
        /// The overtime of this case.
        #[arg(long, value_name = "CASE", group = "what")]
        overtime: Option<String>,
        /// This finding or deduction: its operation, COMMIT:INDEX.
        #[arg(long, value_name = "OP", group = "what")]
        act: Option<String>,
        /// The beginning of the time: RFC 3339 with an offset, or a date of the city's time.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Its end; a date is the end of that day.
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        /// Why: closed_road, emergency_order, or a key of the city's.
        #[arg(long, value_name = "KEY")]
        reason: String,
        /// More about it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Take a finding, a deduction or an exemption back: it was wrong.
    Withdraw {
        /// Its operation, COMMIT:INDEX.
        op: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}
