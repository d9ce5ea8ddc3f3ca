//! The grammar of the command.

mod case;
mod deadline;
mod draft;
mod duty;
mod evidence;
mod grids;
mod hub;
mod key;
mod nearest;
mod patrol;
mod people;
mod person;
mod retention;
mod score;
mod track;
mod verdict;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use case::*;
pub(crate) use deadline::*;
pub(crate) use draft::*;
pub(crate) use duty::*;
pub(crate) use evidence::*;
pub(crate) use grids::*;
pub(crate) use hub::*;
pub(crate) use key::*;
pub(crate) use nearest::*;
pub(crate) use patrol::*;
pub(crate) use people::*;
pub(crate) use person::*;
pub(crate) use retention::*;
pub(crate) use score::*;
pub(crate) use track::*;
pub(crate) use verdict::*;

/// Photo reports without a network, patrol coverage and proof for city inspectors.
#[derive(Debug, Parser)]
#[command(name = "bading", version, max_term_width = 100)]
pub(crate) struct Args {
    /// Print one JSON document on stdout and nothing else there.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The phone's store.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "BADING_STORE",
        default_value = "bading-store"
    )]
    pub(crate) store: PathBuf,
    /// The file with the key that wraps the store's key; keystore.key in the store without it.
    #[arg(long, global = true, value_name = "FILE", env = "BADING_KEYSTORE")]
    pub(crate) keystore: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a store (a first report makes it too).
    Init,
    /// Become the device of a person, with a one-use code of the hub.
    Enrol(Enrol),
    /// Who this device is and what it still has to send.
    Status,
    /// Report a problem with photos, offline.
    Report(Report),
    /// Drafts: a report made field by field, safe at each step.
    Draft {
        #[command(subcommand)]
        command: Draft,
    },
    /// Cases: list, show, act.
    Case {
        #[command(subcommand)]
        command: Case,
    },
    /// Patrols: record a walk, look at it.
    Patrol {
        #[command(subcommand)]
        command: Patrol,
    },
    /// Facilities near a place (公厕, 停车场 …), offline: distance, bearing, open or not.
    Nearest(Nearest),
    /// Order what is personal to be erased, everywhere; an administrator's store.
    Erase(Erase),
    /// Exchange with the hub.
    Sync,
    /// What waits for the hub.
    Outbox,
    /// Let photos go that the hub has: originals first, small pictures last.
    Evict(Evict),
    /// What is held about a person.
    Person {
        #[command(subcommand)]
        command: Person,
    },
    /// Check an evidence bundle, or everything in the store; exits 1 when something does not
    /// hold.
    Verify(Verify),
    /// Write cases and patrols as a file that others can check.
    Export(Export),
    /// Fold every view again from the log.
    Rebuild,
    /// Make a sound store of a damaged one: what is damaged is set aside, what is lost is
    /// listed; exits 1 when something is.
    Salvage,
    /// The key that the store is sealed with.
    Key {
        #[command(subcommand)]
        command: Key,
    },
    /// What was walked, attended and done in a time, with the verdict and its reasons: by
    /// what this store knows, or of a hub's folder.
    Review {
        /// The hub's folder; without it the phone's store.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// The city's offset from UTC in minutes, where no calendar is in force.
        #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
        utc_offset_min: i32,
        #[command(flatten)]
        review: Review,
    },
    /// Verdicts: publish, appeal, decide; findings and exemptions.
    Verdict {
        /// The city's offset from UTC in minutes, where no calendar is in force.
        #[arg(long, global = true, default_value_t = 480, allow_hyphen_values = true)]
        utc_offset_min: i32,
        #[command(subcommand)]
        command: Verdict,
    },
    /// Run and administer a hub.
    Hub {
        #[command(subcommand)]
        command: Hub,
    },
    /// Find the grid of each point of a CSV.
    Locate(Locate),
    /// Whether a planned route was walked, and why not where it was not.
    Coverage(Coverage),
    /// Tracks: what of them looks as if nobody had walked it.
    Track {
        #[command(subcommand)]
        command: Track,
    },
    /// Convert the positions of a CSV (id, lat, lon) between datums.
    Convert(Convert),
    /// When a time limit of the duty list ends.
    Deadline(Deadline),
    /// Scores of facts by a policy, with the reasons down to each count.
    Score(Score),
    /// Look at photos, make pictures of them.
    Photo {
        #[command(subcommand)]
        command: Photo,
    },
    /// Duty lists: what of a file is understood, what changed, what one must look for.
    Duties {
        #[command(subcommand)]
        command: Duties,
    },
    /// Layers of grids: what of a file is sound, and what is wrong with it.
    Grids {
        #[command(subcommand)]
        command: Grids,
    },
    /// Which department a case goes to by class, cell and owner, and why, or that a dispatcher
    /// must decide.
    Dispatch(Dispatch),
    /// The whole loop on this machine: hub, four devices, offline work, sync, proof.
    Demo(Demo),
    /// Print a shell's completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page (troff).
    Man,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Enrol {
    /// The hub's address, such as http://127.0.0.1:8787.
    #[arg(long, value_name = "URL")]
    pub(crate) hub: String,
    /// The one-use code.
    #[arg(long)]
    pub(crate) code: String,
}

/// What a review looks at, and how it is told.
#[derive(Debug, clap::Args)]
#[group(id = "review_scope")]
pub(crate) struct Review {
    /// Its beginning: RFC 3339 with an offset, or a date of the city's time. Without it the
    /// day of the latest patrol.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Its end, no longer part of it; a date is the end of that day. Without it the end of
    /// the day on which it begins.
    #[arg(long, value_name = "TIME", requires = "from")]
    pub(crate) to: Option<String>,
    /// When it is made: what was open then is open in it. Without it now.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Only shifts of this person.
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// Only shifts and cases whose cell's code begins so.
    #[arg(long, value_name = "CODE")]
    pub(crate) grid: Option<String>,
    /// Only shifts on this route.
    #[arg(long, value_name = "CODE")]
    pub(crate) route: Option<String>,
    /// How it is told; csv has a line for each shift, xlsx a workbook. Without it lines for people.
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReviewFormat>,
    /// Where it goes instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The language of the lines for people: zh-CN or en. JSON has both.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) lang: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReviewFormat {
    /// Everything, with every reason.
    Json,
    /// A line for each shift.
    Csv,
    /// A workbook: shifts, people, cards, cases, and every reason as lines.
    Xlsx,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Locate {
    /// Grids, GeoJSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) grids: PathBuf,
    /// Points, CSV with a header: id, lat, lon.
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    pub(crate) points: Option<PathBuf>,
    /// Where the answer goes instead of stdout: CSV id,grid.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The property that holds a cell's code.
    #[arg(long, default_value = "code")]
    pub(crate) code_property: String,
    /// The datum of points and grids alike.
    #[arg(long, default_value = "wgs84")]
    pub(crate) datum: String,
    /// Report overlaps and gaps of the grids; exits 1 when there are any.
    #[arg(long)]
    pub(crate) check: bool,
    /// Only cells that are in force then, by their properties valid_from and valid_to: RFC
    /// 3339 with an offset, or a date.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// The city's offset from UTC in minutes, in which dates are meant.
    #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
    pub(crate) utc_offset_min: i32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Convert {
    /// wgs84, cgcs2000, gcj02 or bd09.
    #[arg(long)]
    pub(crate) from: String,
    /// wgs84, cgcs2000, gcj02 or bd09.
    #[arg(long)]
    pub(crate) to: String,
    /// CSV with a header: id, lat, lon; `-` is stdin.
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Photo {
    /// What is read from photos: one JSON object a line with --json.
    Inspect {
        /// The photos.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// An upright JPEG, never enlarged.
    Thumbnail {
        /// The photo.
        input: PathBuf,
        /// The picture to write.
        output: PathBuf,
        /// Its longest side in pixels.
        #[arg(long, default_value_t = 1600)]
        max: u32,
    },
    /// An upright copy without metadata.
    Public {
        /// The photo.
        input: PathBuf,
        /// The copy to write.
        output: PathBuf,
        /// A line drawn on the copy (time, place, person, case), never on the original;
        /// again for the next line.
        #[arg(long, value_name = "TEXT")]
        stamp: Vec<String>,
        /// The font for the stamp: TrueType, OpenType or a collection. Without it a font of
        /// the system with Chinese characters is looked for.
        #[arg(long, requires = "stamp")]
        font: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Duties {
    /// Read a duty list and say every row that is not understood; exits 1 when there are any.
    Check {
        /// XLSX, or CSV in UTF-8; `-` is stdin.
        file: PathBuf,
    },
    /// What changed between two versions, entry by entry; exits 1 when they differ.
    Diff(DutyDiff),
    /// What one person must look for (事项清单): by role, qualification and cell.
    For(DutyScope),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where hub and phones are made; a temporary folder without it.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The hub's port.
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,
    /// Run, check, print the summary and exit instead of going on to serve.
    #[arg(long)]
    pub(crate) once: bool,
    /// Real phone photos and real blocks instead of the bundled day.
    #[arg(long, value_name = "DIR", conflicts_with = "day")]
    pub(crate) data: Option<PathBuf>,
    /// Another day: a folder with files of the names in fixtures/demo. Its numbers are its
    /// own, so the run ends with 1 where they differ from the bundled day's.
    #[arg(long, value_name = "DIR")]
    pub(crate) day: Option<PathBuf>,
}
