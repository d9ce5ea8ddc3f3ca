//! Patrols: record a walk, see what it covers, list what was walked.
//!
//! There is one recording in a store. It belongs to the open [`FieldCore`] that started it
//! or fed it last; closing that object, after its calls have returned, hands the recording
//! to the next one without a gap. A process that is killed instead loses the fixes of the
//! last seconds, and the next one writes into the track that there is a gap.

use bading_core::model::identifiers::RouteCode;
use bading_core::model::patrol::{Interruption, PatrolId, PatrolPhase};
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix as CoreFix, Mode};
use bading_core::services::{ServiceError, patrol as core};

use crate::{CoreError, Coverage, FieldCore, key};

/// How a person moves on a patrol; it caps the speed that is believed.
#[uniffi::remote(Enum)]
pub enum Mode {
    /// On foot, up to 3 m/s.
    Walk,
    /// By bicycle, up to 8 m/s.
    Bicycle,
    /// In a vehicle, up to 45 m/s.
    Vehicle,
}

/// Where a patrol stands.
#[uniffi::remote(Enum)]
pub enum PatrolPhase {
    /// Being recorded.
    Recording,
    /// Interrupted by its person.
    Paused,
    /// Over.
    Finished,
}

/// Why a recording was interrupted. The core itself notes the first and the last.
#[uniffi::remote(Enum)]
pub enum Interruption {
    /// The process that recorded ended without saying so.
    ProcessEnded,
    /// The permission to read positions was taken away.
    PermissionLost,
    /// The system saved its battery.
    BatterySaver,
    /// The person paused.
    Paused,
}

/// One position as the receiver gave it, good or bad: the core judges it, and keeps what it
/// does not believe.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Fix {
    /// When the receiver says it was, milliseconds of UTC.
    pub at_ms: u64,
    /// Latitude in degrees on WGS 84, -90 to 90, north positive.
    pub lat_deg: f64,
    /// Longitude in degrees on WGS 84, -180 to 180, east positive.
    pub lon_deg: f64,
    /// Radius of 68 %, in metres, when the receiver tells it.
    #[uniffi(default = None)]
    pub accuracy_m: Option<f64>,
    /// True when the platform says that a mock provider made it.
    #[uniffi(default = false)]
    pub is_mock: bool,
}

/// What a patrol begins with.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PatrolPlan {
    /// How the person moves.
    pub mode: Mode,
    /// The planned route's code; without one, the route of the person's shift now, if the
    /// roster has one.
    #[uniffi(default = None)]
    pub route: Option<String>,
}

/// A patrol as it stands: what a person looks at while walking.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PatrolView {
    /// The patrol.
    pub patrol_id: String,
    /// Where it stands.
    pub phase: PatrolPhase,
    /// The person, where known.
    pub person: Option<String>,
    /// The planned route's code, when there is one.
    pub route: Option<String>,
    /// How the person moves.
    pub mode: Mode,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it was finished, RFC 3339.
    pub finished: Option<String>,
    /// Fixes recorded, believed or not.
    pub fixes_count: u64,
    /// Fixes that are believed.
    pub accepted_count: u64,
    /// Metres walked, by the believed fixes.
    pub walked_m: f64,
    /// Gaps that the device knows of.
    pub interruptions: Vec<InterruptionView>,
    /// Parts of the track that are not here, or cannot be read.
    pub missing_parts_count: u64,
    /// True while the hub has not stamped everything that counts.
    pub is_provisional: bool,
    /// What was covered of the route; nothing without one.
    pub coverage: Option<Coverage>,
}

/// A gap that a track proves of itself.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct InterruptionView {
    /// When it was noticed, RFC 3339.
    pub at: String,
    /// Why.
    pub why: Interruption,
}

/// A line of the list of patrols.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PatrolLine {
    /// The patrol.
    pub patrol_id: String,
    /// The person, where known.
    pub person: Option<String>,
    /// The planned route's code.
    pub route: Option<String>,
    /// Where it stands.
    pub phase: PatrolPhase,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it was finished, RFC 3339.
    pub finished: Option<String>,
    /// True while the hub has not stamped everything that counts.
    pub is_provisional: bool,
}

#[uniffi::export]
impl FieldCore {
    /// Begins a patrol, offline; without a plan, on foot. It writes to the store: not for a
    /// thread that draws.
    ///
    /// # Errors
    /// [`CoreError::NotAllowed`] while another patrol is not finished, and for a person who
    /// is no inspector; [`CoreError::InvalidInput`] for a route that is not in force here.
    #[uniffi::method(default(plan = None))]
    pub fn start_patrol(&self, plan: Option<PatrolPlan>) -> Result<PatrolView, CoreError> {
        let plan = plan.map(core::PatrolPlan::try_from).transpose()?;
        Ok(self.engine.start_patrol(&plan.unwrap_or_default())?.into())
    }

    /// Feeds fixes in order of arrival, one or many. A call that comes five seconds after the
    /// last write, or brings many, writes to the store, the others only compute: not for a
    /// thread that draws.
    ///
    /// # Errors
    /// [`CoreError::InvalidInput`] for a place that is none: none of these fixes is taken.
    /// [`CoreError::NotFound`] without a patrol under way; [`CoreError::NotAllowed`] while
    /// it is paused, and once after another process has taken the recording over.
    pub fn feed_patrol(&self, fixes: Vec<Fix>) -> Result<(), CoreError> {
        let fixes: Result<Vec<CoreFix>, CoreError> =
            fixes.into_iter().map(TryInto::try_into).collect();
        Ok(self.engine.feed_patrol(&fixes?)?)
    }

    /// Notes a gap in the recording that the app knows of: no fix after it vouches for what
    /// lies before it. It writes to the store, as [`FieldCore::flush_patrol`] does.
    ///
    /// # Errors
    /// As [`FieldCore::flush_patrol`].
    pub fn interrupt_patrol(&self, why: Interruption) -> Result<(), CoreError> {
        Ok(self.engine.interrupt_patrol(why)?)
    }

    /// Writes what was fed to the disk now: for the moment in which the system says that it
    /// may end the app. It blocks until that is done.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] without a patrol under way, [`CoreError::NotAllowed`] once
    /// after another process has taken the recording over.
    pub fn flush_patrol(&self) -> Result<(), CoreError> {
        Ok(self.engine.flush_patrol()?)
    }

    /// Interrupts the patrol under way until [`FieldCore::resume_patrol`]. It seals what was
    /// recorded: not for a thread that draws.
    ///
    /// # Errors
    /// As [`FieldCore::flush_patrol`]; [`CoreError::NotAllowed`] when it is paused already.
    pub fn pause_patrol(&self) -> Result<PatrolView, CoreError> {
        Ok(self.engine.pause_patrol()?.into())
    }

    /// Goes on with the paused patrol. It writes to the store: not for a thread that draws.
    ///
    /// # Errors
    /// As [`FieldCore::flush_patrol`]; [`CoreError::NotAllowed`] when it is not paused.
    pub fn resume_patrol(&self) -> Result<PatrolView, CoreError> {
        Ok(self.engine.resume_patrol()?.into())
    }

    /// Ends the patrol under way, paused or not. It seals what was recorded and reads the
    /// whole track again, which takes its time for a long one: not for a thread that draws.
    ///
    /// # Errors
    /// As [`FieldCore::flush_patrol`].
    pub fn finish_patrol(&self) -> Result<PatrolView, CoreError> {
        Ok(self.engine.finish_patrol()?.into())
    }

    /// The patrol under way as it stands; nothing when there is none. It blocks while
    /// another call writes, and reads the whole track when this object did not record it:
    /// not for a thread that draws.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn patrol_now(&self) -> Result<Option<PatrolView>, CoreError> {
        Ok(self.engine.patrol_now()?.map(Into::into))
    }

    /// A patrol of this store; of one under way, what is on the disk. It reads the whole
    /// track: not for a thread that draws.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when it is not in this store.
    pub fn show_patrol(&self, patrol_id: &str) -> Result<PatrolView, CoreError> {
        Ok(self.engine.show_patrol(parse(patrol_id)?)?.into())
    }

    /// The patrols of this store, the latest first, a thousand at most. It reads the store:
    /// not for a thread that draws.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn list_patrols(&self) -> Result<Vec<PatrolLine>, CoreError> {
        let lines = self.engine.list_patrols()?;
        Ok(lines.into_iter().map(Into::into).collect())
    }

    /// The fixes of a patrol in order of arrival, the rejected ones too; of one under way,
    /// what is on the disk. It reads the whole track: not for a thread that draws.
    ///
    /// # Errors
    /// As [`FieldCore::show_patrol`].
    pub fn track(&self, patrol_id: &str) -> Result<Vec<Fix>, CoreError> {
        let fixes = self.engine.track(parse(patrol_id)?)?;
        Ok(fixes.into_iter().map(Into::into).collect())
    }
}

fn parse(patrol_id: &str) -> Result<PatrolId, ServiceError> {
    let field = "patrol";
    let parsed = patrol_id.parse();
    parsed.map_err(|why| ServiceError::Identifier { field, why })
}

impl TryFrom<PatrolPlan> for core::PatrolPlan {
    type Error = CoreError;

    fn try_from(plan: PatrolPlan) -> Result<Self, CoreError> {
        let field = "route";
        let route = plan.route.as_deref().map(RouteCode::parse).transpose();
        Ok(Self {
            route: route.map_err(|why| ServiceError::Identifier { field, why })?,
            mode: plan.mode,
        })
    }
}

impl TryFrom<Fix> for CoreFix {
    type Error = CoreError;

    fn try_from(fix: Fix) -> Result<Self, CoreError> {
        let place = LatLon::try_new(fix.lat_deg, fix.lon_deg);
        Ok(Self {
            at: UtcMs(fix.at_ms),
            place: place.map_err(ServiceError::from)?,
            accuracy_m: fix.accuracy_m,
            is_mock: fix.is_mock,
        })
    }
}

impl From<CoreFix> for Fix {
    fn from(fix: CoreFix) -> Self {
        Self {
            at_ms: fix.at.0,
            lat_deg: fix.place.lat_deg(),
            lon_deg: fix.place.lon_deg(),
            accuracy_m: fix.accuracy_m,
            is_mock: fix.is_mock,
        }
    }
}

impl From<core::PatrolView> for PatrolView {
    fn from(view: core::PatrolView) -> Self {
        Self {
            patrol_id: view.patrol_id,
            phase: key::patrol_phase(view.phase),
            person: view.person,
            route: view.route,
            mode: key::mode(view.mode),
            started: view.started,
            finished: view.finished,
            fixes_count: view.fixes,
            accepted_count: view.accepted,
            walked_m: view.walked_m,
            interruptions: view.interruptions.into_iter().map(Into::into).collect(),
            missing_parts_count: view.missing_parts,
            is_provisional: view.provisional,
            coverage: view.coverage.map(Into::into),
        }
    }
}

impl From<core::InterruptionView> for InterruptionView {
    fn from(view: core::InterruptionView) -> Self {
        Self {
            at: view.at,
            why: key::interruption(view.why),
        }
    }
}

impl From<core::PatrolLine> for PatrolLine {
    fn from(line: core::PatrolLine) -> Self {
        Self {
            patrol_id: line.patrol_id,
            person: line.person,
            route: line.route,
            phase: key::patrol_phase(line.phase),
            started: line.started,
            finished: line.finished,
            is_provisional: line.provisional,
        }
    }
}
