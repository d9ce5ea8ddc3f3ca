//! The grammar of the command.

mod deadline;
mod draft;
mod duty;
mod evidence;
mod grids;
mod key;
mod nearest;
mod people;
mod person;
mod retention;
mod score;
mod track;
mod verdict;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use deadline::*;
pub(crate) use draft::*;
pub(crate) use duty::*;
pub(crate) use evidence::*;
pub(crate) use grids::*;
pub(crate) use key::*;
pub(crate) use nearest::*;
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

#[derive(Debug, Subcommand)]
pub(crate) enum Hub {
    /// Make a hub in a folder.
    Init {
        #[command(flatten)]
        dir: HubDir,
        /// The hub's name.
        #[arg(long, default_value = "hub")]
        name: String,
        /// The zone that it sequences: a county code.
        #[arg(long, default_value = "310101")]
        zone: String,
        /// The city's offset from UTC in minutes.
        #[arg(long, default_value_t = 480, allow_hyphen_values = true)]
        utc_offset_min: i32,
    },
    /// Serve the hub until it is stopped.
    Serve {
        #[command(flatten)]
        dir: HubDir,
        /// The address to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8787")]
        listen: String,
        /// For rehearsals only: a clock that shows this time at the start and runs on, RFC
        /// 3339. A city's receipts must tell the true time.
        #[arg(long, value_name = "TIME")]
        clock_at: Option<String>,
        /// Serve no page for people. It is answered to this machine only, and needs no sign-in.
        #[arg(long)]
        no_page: bool,
    },
    /// People, devices, codes.
    Admin {
        #[command(flatten)]
        dir: HubDir,
        #[command(subcommand)]
        command: Admin,
    },
    /// Bring reference data into force; the same file again changes nothing.
    Import {
        #[command(flatten)]
        dir: HubDir,
        #[command(subcommand)]
        command: Import,
    },
    /// What was walked, attended and done in a time, with the verdict and its reasons.
    Review {
        #[command(flatten)]
        dir: HubDir,
        #[command(flatten)]
        review: Review,
    },
    /// The cell of a place, as of a time; exits 1 outside of all cells.
    Locate(HubLocate),
    /// The cells in force, with parts and sizes, as of a time.
    Grids(HubGrids),
    /// Filed cases that wait for a department: whom the table of ownership names and why, and
    /// those for which it names nobody.
    Dispatch {
        #[command(flatten)]
        dir: HubDir,
    },
    /// The published verdicts, with where each stands.
    Verdicts {
        #[command(flatten)]
        dir: HubDir,
        /// As they stood then, RFC 3339. Without it now.
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
    },
    /// Write everything that the hub holds about one person.
    ExportPerson {
        #[command(flatten)]
        dir: HubDir,
        #[command(flatten)]
        export: PersonExport,
    },
    /// Write cases and patrols of this hub as a file that others can check.
    Export {
        #[command(flatten)]
        dir: HubDir,
        #[command(flatten)]
        export: Export,
    },
    /// Check the hub's log and photos again; exits 1 when something does not hold.
    Verify {
        #[command(flatten)]
        dir: HubDir,
    },
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
pub(crate) struct HubDir {
    /// The hub's folder.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "BADING_HUB",
        default_value = "bading-hub"
    )]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// One-use codes for enrolment.
    Code {
        #[command(subcommand)]
        command: Code,
    },
    /// Make the city's escrow key: phones that enrol from now on wrap the key of their store
    /// for it too. The file is the only thing that opens a store whose keystore is lost: keep
    /// it away from this machine.
    Escrow {
        /// Where the secret half goes; nothing may be there.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// List the devices.
    Devices,
    /// List the people.
    People,
    /// Revoke a device: what it sends from now on waits for a supervisor.
    Revoke {
        /// The device's key, hex.
        device: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Code {
    /// Make a code.
    Create {
        /// citizen, inspector, handler, dispatcher, supervisor, administrator or auditor.
        #[arg(long)]
        role: String,
        /// The person's number in the roster; without it the hub makes one up.
        #[arg(long)]
        person: Option<String>,
        /// The cells (or beginnings of their codes) that the role is for; all without it.
        #[arg(long, num_args = 1.., value_delimiter = ',')]
        grids: Vec<String>,
        /// A handler's department.
        #[arg(long)]
        department: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// A layer of grids from GeoJSON, or of H3 cells; what was in force before its first day
    /// stays known.
    Grids(ImportGrids),
    /// A duty list from XLSX or CSV; one with problems is refused.
    Duties {
        /// The file.
        file: PathBuf,
        /// Import the rows that are understood and tell the problems of the others.
        #[arg(long)]
        accept_problems: bool,
        /// Say what would be imported, and import nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Who owns what stands where, from CSV: class, grid, owner, department, reason.
    Ownership {
        /// The file.
        file: PathBuf,
    },
    /// Planned routes: each feature of a GeoJSON, each rte (or trk) of a GPX.
    Routes {
        /// The file.
        file: PathBuf,
        /// The property that holds a route's code; without it code, route_id or id.
        #[arg(long)]
        code_property: Option<String>,
        /// The datum of the file.
        #[arg(long, default_value = "wgs84")]
        datum: String,
    },
    /// A roster from CSV or XLSX: person, date, slot, start, end, grids, route … The days
    /// that it names are replaced, the others stay.
    Roster(RosterImport),
    /// Calendars in the form of holiday-cn; years join those in force.
    Calendar {
        /// The files, one for each year.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Hours of a working day, or of a season from a day on: MM-DD=HH:MM-HH:MM,…
        #[arg(long, value_name = "HOURS", num_args = 1..)]
        hours: Vec<String>,
        /// 小时, 分钟 and 天 run around the clock where a limit does not say.
        #[arg(long)]
        bare_is_continuous: bool,
    },
    /// Facilities that people look for (公厕, 停车场 …), from CSV or GeoJSON.
    Facilities(FacilitiesImport),
    /// The city's policy from TOML: weights, quotas, limits, grades.
    Policy {
        /// The file.
        file: PathBuf,
    },
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
