//! What the commands of a hub take.

use std::path::PathBuf;

use clap::Subcommand;

use super::{
    Export, FacilitiesImport, HubGrids, HubLocate, ImportGrids, PersonExport, Review, RosterImport,
};

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
