//! Drafts in the grammar.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Draft {
    /// Begin a draft; the case that it becomes has its id.
    Start,
    /// Set a field (class, note, place, seen_at); it is safe when this returns.
    Set(DraftSet),
    /// Photos of a draft.
    Photo {
        #[command(subcommand)]
        command: DraftPhoto,
    },
    /// List the drafts, the latest change first.
    List,
    /// Show a draft.
    Show(DraftChoice),
    /// Throw a draft away, with its photos.
    Discard(DraftChoice),
    /// Report a draft: sealed and removed at once, exactly once.
    Report(DraftChoice),
}

/// Which draft is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct DraftChoice {
    /// The draft; without it the only one there is.
    #[arg(long, value_name = "ID")]
    pub(crate) draft: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DraftSet {
    #[command(flatten)]
    pub(crate) choice: DraftChoice,
    /// class, note, place or seen_at.
    pub(crate) field: String,
    /// The new value; empty to empty the field. A place is LAT,LON, a time RFC 3339.
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: String,
    /// The datum of a place.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// Radius of 68 % around a place, in metres.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) accuracy_m: Option<f64>,
    /// The platform says that a mock provider made the place.
    #[arg(long)]
    pub(crate) mock: bool,
}

/// Where and when a photo was taken.
#[derive(Debug, clap::Args)]
pub(crate) struct DraftMoment {
    /// Where the person stood: LAT,LON in degrees.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) at: Option<String>,
    /// The datum of --at.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// Radius of 68 % around --at, in metres.
    #[arg(long, requires = "at", allow_negative_numbers = true)]
    pub(crate) accuracy_m: Option<f64>,
    /// The platform says that a mock provider made the position.
    #[arg(long, requires = "at")]
    pub(crate) mock: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DraftPhoto {
    /// Add a photo that is here.
    Add {
        #[command(flatten)]
        choice: DraftChoice,
        /// The photo (JPEG, PNG, HEIC).
        file: PathBuf,
        /// near, far, reference, before or after.
        #[arg(long)]
        role: Option<String>,
        /// When it was taken, RFC 3339 with an offset; without it now.
        #[arg(long, value_name = "TIME")]
        taken_at: Option<String>,
        #[command(flatten)]
        moment: DraftMoment,
    },
    /// Say that a photo is coming, before the camera opens.
    Expect {
        #[command(flatten)]
        choice: DraftChoice,
        /// near, far, reference, before or after.
        #[arg(long)]
        role: Option<String>,
        /// Where the camera is told to write.
        #[arg(long, value_name = "FILE")]
        target: Option<String>,
        #[command(flatten)]
        moment: DraftMoment,
    },
    /// Fill the slot of an expected photo.
    Take {
        /// The slot.
        slot: String,
        /// The photo; without it the target that the camera was told.
        file: Option<PathBuf>,
        /// near, far, reference, before or after; without it what was expected.
        #[arg(long)]
        role: Option<String>,
        /// When it was taken, RFC 3339 with an offset; without it when it was expected.
        #[arg(long, value_name = "TIME")]
        taken_at: Option<String>,
        #[command(flatten)]
        moment: DraftMoment,
    },
    /// Take a photo out of its draft.
    Remove {
        /// The slot.
        slot: String,
    },
}
