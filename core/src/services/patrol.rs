//! Patrols: start, feed, interrupt, pause, go on, finish, look at.
//!
//! A [`Recording`] is a patrol under way in this process; a [`Reading`] is a track as it is
//! read, here and in the review. What is shown of a patrol is read again from the log.

mod live;
mod reading;
mod recording;

pub use live::{LiveAsk, LivePatrol, show_live};
pub use reading::Reading;
pub use recording::{FLUSH_MS, Recording, seal, start, take_over};

use chrono::NaiveDate;
use serde::Serialize;

use crate::geo::coverage::{Coverage, CoverageSettings};
use crate::model::identifiers::{DeviceKey, RouteCode};
use crate::model::patrol::PatrolId;
use crate::model::route::PlannedRoute;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};
use crate::oplog::chunk::Chunk;
use crate::oplog::patrol::{PatrolState, Piece, replay_chunk};
use crate::rules::clock::ClockPolicy;
use crate::services::log::{self, damaged};
use crate::services::{Context, ServiceError};
use crate::storage::Tx;
use crate::storage::patrol::PatrolRow;

/// The most lines of one list.
const MAX_LIST: usize = 1_000;

/// What a patrol begins with.
#[derive(Debug, Clone, Default)]
pub struct PatrolPlan {
    /// The planned route; without one, that of the roster's shift, if there is one.
    pub route: Option<RouteCode>,
    /// How the person moves.
    pub mode: Mode,
}

/// A patrol as it stands: what a person looks at while walking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatrolView {
    /// The patrol.
    pub patrol_id: String,
    /// `recording`, `paused` or `finished`.
    pub phase: &'static str,
    /// The person, where known.
    pub person: Option<String>,
    /// The planned route's code, when there is one.
    pub route: Option<String>,
    /// How the person moves.
    pub mode: &'static str,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it was finished.
    pub finished: Option<String>,
    /// Fixes recorded, believed or not.
    pub fixes: u64,
    /// Fixes that are believed.
    pub accepted: u64,
    /// Metres walked, by the believed fixes.
    pub walked_m: f64,
    /// Gaps that the device knows of.
    pub interruptions: Vec<InterruptionView>,
    /// Parts of the track that are not here, or cannot be read.
    pub missing_parts: u64,
    /// True while the hub has not stamped everything that counts.
    pub provisional: bool,
    /// What was covered of the route; nothing without one.
    pub coverage: Option<Coverage>,
}

/// A gap that a track proves of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InterruptionView {
    /// When it was noticed, RFC 3339.
    pub at: String,
    /// Why: a stable code.
    pub why: &'static str,
}

fn settings_of(mode: Mode) -> CoverageSettings {
    CoverageSettings {
        mode,
        ..CoverageSettings::default()
    }
}

/// The version of a route that is valid on the day of an instant.
fn find_route(
    tx: &Tx<'_>,
    context: &Context<'_>,
    code: &RouteCode,
    at: UtcMs,
) -> Result<Option<PlannedRoute>, ServiceError> {
    let routes = context.reference.routes(tx)?;
    let day = local_day(tx, context, at)?;
    Ok(routes.and_then(|(_, routes)| PlannedRoute::valid_on(&routes, code, day).cloned()))
}

/// The city's day of an instant.
fn local_day(tx: &Tx<'_>, context: &Context<'_>, at: UtcMs) -> Result<NaiveDate, ServiceError> {
    Ok(at.local_day(offset_min(tx, context)?))
}

/// The city's offset from UTC in minutes; Beijing's where no calendar is in force.
fn offset_min(tx: &Tx<'_>, context: &Context<'_>) -> Result<i32, ServiceError> {
    let clock = context.reference.clock(tx)?;
    Ok(clock.map_or(ClockPolicy::BEIJING_OFFSET_MIN, |(_, clock)| {
        clock.policy().utc_offset_min
    }))
}

/// A patrol folded from the log with its line in the list. One of this device that the hub
/// holds or refuses is in no list; it is shown as it was recorded, as provisional.
fn find(
    tx: &Tx<'_>,
    own_device: &DeviceKey,
    patrol_id: PatrolId,
) -> Result<(PatrolRow, PatrolState), ServiceError> {
    if let Some(row) = tx.find_patrol(patrol_id)? {
        return Ok((row, log::patrol_state(tx, own_device, patrol_id)?));
    }
    let state = log::patrol_as_recorded(tx, own_device, patrol_id)?;
    let mut row = log::patrol_line(&state, None).ok_or(ServiceError::NoSuchPatrol(patrol_id))?;
    row.is_provisional = true;
    Ok((row, state))
}

/// Tells the whole track of a patrol: the parts in the log, and of the one that this device
/// is recording what is on the disk.
fn replay_all(
    tx: &Tx<'_>,
    state: &PatrolState,
    tell: &mut impl FnMut(Piece),
) -> Result<(), ServiceError> {
    state.replay(&mut *tell);
    let recording = tx.recording()?;
    if recording.is_some_and(|own| own.patrol_id == state.patrol_id) {
        for bytes in tx.pieces()? {
            replay_chunk(&Chunk::decode(&bytes).map_err(damaged)?, tell);
        }
    }
    Ok(())
}

/// A patrol of this store, read again from the log; of one under way, what is on the disk.
///
/// # Errors
/// [`ServiceError::NoSuchPatrol`].
pub fn show(context: &Context<'_>, patrol_id: PatrolId) -> Result<PatrolView, ServiceError> {
    context.store.read(|tx| {
        let (row, reading, _) = read_again(tx, context, patrol_id)?;
        Ok(view_of(&row, &reading))
    })
}

/// The line of a patrol, its track as it was read again, and its route.
fn read_again(
    tx: &Tx<'_>,
    context: &Context<'_>,
    patrol_id: PatrolId,
) -> Result<(PatrolRow, Reading, Option<PlannedRoute>), ServiceError> {
    let (row, state) = find(tx, &context.device(), patrol_id)?;
    let route = match &row.route {
        Some(code) => find_route(tx, context, code, UtcMs(row.started_ms))?,
        None => None,
    };
    let mut reading = Reading::new(route.as_ref(), settings_of(row.mode));
    replay_all(tx, &state, &mut |piece| reading.take(piece))?;
    reading.finish();
    Ok((row, reading, route))
}

fn view_of(row: &PatrolRow, reading: &Reading) -> PatrolView {
    PatrolView {
        patrol_id: row.patrol_id.to_string(),
        phase: row.phase.as_str(),
        person: row.person.as_ref().map(ToString::to_string),
        route: row.route.as_ref().map(ToString::to_string),
        mode: row.mode.as_str(),
        started: UtcMs(row.started_ms).to_rfc3339(),
        finished: row.finished_ms.map(|ms| UtcMs(ms).to_rfc3339()),
        fixes: reading.fixes,
        accepted: reading.walk.accepted().len() as u64,
        walked_m: millimetres(reading.walk.walked_m()),
        interruptions: reading.interruptions(),
        missing_parts: reading.missing_parts,
        provisional: row.is_provisional,
        coverage: reading.coverage(),
    }
}

/// A line of the list of patrols.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatrolLine {
    /// The patrol.
    pub patrol_id: String,
    /// The person, where known.
    pub person: Option<String>,
    /// The planned route's code.
    pub route: Option<String>,
    /// `recording`, `paused` or `finished`.
    pub phase: &'static str,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it was finished.
    pub finished: Option<String>,
    /// True while the hub has not stamped everything that counts.
    pub provisional: bool,
}

/// The patrols of this store, the latest first, a thousand at most.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn list(context: &Context<'_>) -> Result<Vec<PatrolLine>, ServiceError> {
    let rows = context
        .store
        .read(|tx| tx.list_patrols(0, u64::MAX, MAX_LIST))?;
    Ok(rows
        .iter()
        .map(|row| PatrolLine {
            patrol_id: row.patrol_id.to_string(),
            person: row.person.as_ref().map(ToString::to_string),
            route: row.route.as_ref().map(ToString::to_string),
            phase: row.phase.as_str(),
            started: UtcMs(row.started_ms).to_rfc3339(),
            finished: row.finished_ms.map(|ms| UtcMs(ms).to_rfc3339()),
            provisional: row.is_provisional,
        })
        .collect())
}

/// The recorded track of a patrol of this store; of one under way, what is on the disk.
///
/// # Errors
/// [`ServiceError::NoSuchPatrol`].
pub fn track(context: &Context<'_>, patrol_id: PatrolId) -> Result<Vec<Fix>, ServiceError> {
    context.store.read(|tx| {
        let (_, state) = find(tx, &context.device(), patrol_id)?;
        let mut fixes = Vec::new();
        replay_all(tx, &state, &mut |piece| {
            if let Piece::Fix(fix) = piece {
                fixes.push(fix);
            }
        })?;
        Ok(fixes)
    })
}

fn millimetres(m: f64) -> f64 {
    (m * 1e3).round() / 1e3
}
