//! A patrol under way in this process.
//!
//! Fixes that it was fed reach the disk within [`FLUSH_MS`] and are sealed into a commit when
//! there are enough of them, and at every pause, finish and session with the hub. A process
//! that dies loses what was not flushed, and the next one writes into the track that there
//! is a gap.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::model::identifiers::{PersonId, RouteCode};
use crate::model::patrol::{Interruption, Mark, PatrolId, PatrolPhase, PatrolStep};
use crate::model::route::PlannedRoute;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};
use crate::oplog::body::{BodyBuilder, Kind, Subject};
use crate::oplog::chunk::{Chunk, MAX_CHUNK_FIXES, MAX_CHUNK_MARKS};
use crate::oplog::commit::CommitError;
use crate::oplog::judge::judge_patrols;
use crate::oplog::patrol::{Piece, replay_chunk};
use crate::oplog::sign::SignError;
use crate::services::log::{self, append, damaged, own_authority, own_certificate, zone_of_patrol};
use crate::services::{Context, ServiceError};
use crate::storage::Tx;
use crate::storage::patrol::RecordingRow;

use super::live::Watched;
use super::{
    PatrolPlan, PatrolView, Reading, find_route, local_day, millimetres, settings_of, show,
};

/// Fixes reach the disk at the latest so long after they came, in milliseconds.
pub const FLUSH_MS: u64 = 5_000;
/// Pieces become a commit when they hold so many fixes.
const SEAL_FIXES: usize = 480;

/// A patrol under way in this process.
pub struct Recording {
    patrol_id: PatrolId,
    pub(super) started: UtcMs,
    pub(super) person: Option<PersonId>,
    route: Option<RouteCode>,
    mode: Mode,
    writer: [u8; 16],
    phase: PatrolPhase,
    /// Fed and not on the disk yet.
    unflushed: Chunk,
    /// On the disk and not sealed yet.
    unsealed: usize,
    flushed_mono_ms: u64,
    pub(super) reading: Reading,
    /// The planned route, where this store has it.
    pub(super) watched: Option<Watched>,
}

/// Begins a patrol.
///
/// # Errors
/// [`ServiceError::PatrolUnderWay`] while another is not finished,
/// [`ServiceError::UnknownRoute`], [`ServiceError::Refused`] for who is no inspector.
pub fn start(context: &Context<'_>, plan: &PatrolPlan) -> Result<Recording, ServiceError> {
    let now = context.host.now();
    let patrol_id = PatrolId(uuid_of(context.nonce()));
    let writer = context.nonce();
    context.store.write(|tx| {
        if let Some(other) = tx.recording()? {
            return Err(ServiceError::PatrolUnderWay(other.patrol_id));
        }
        let planned = planned_route(tx, context, plan, now.wall)?;
        let mut body = BodyBuilder::new();
        body.push(
            Subject::patrol(patrol_id),
            Kind::StartPatrol {
                mode: plan.mode,
                route: planned.as_ref().map(|(route, _)| route.code.clone()),
                routes_pin: planned.as_ref().map(|(_, pin)| *pin),
            },
        );
        let body = body.finish();
        // Before enrolment nobody knows a role: the hub will judge.
        if own_certificate(tx)?.is_some() {
            judge_patrols(&body, &own_authority(tx)?).map_err(ServiceError::Refused)?;
        }
        let zone = log::zone_for(tx, None)?;
        let begun = append(tx, context, &zone, &body, Vec::new())?;
        tx.set_recording(Some(&RecordingRow {
            patrol_id,
            next_index: 0,
            writer: Some(writer),
        }))?;
        let route = planned.map(|(route, _)| route);
        Ok(Recording {
            patrol_id,
            started: begun.header().hlc.ms,
            person: own_authority(tx)?.person,
            route: route.as_ref().map(|route| route.code.clone()),
            mode: plan.mode,
            writer,
            phase: PatrolPhase::Recording,
            unflushed: Chunk::default(),
            unsealed: 0,
            flushed_mono_ms: now.mono_ms,
            reading: Reading::new(route.as_ref(), settings_of(plan.mode)),
            watched: route.map(Watched::new),
        })
    })
}

fn uuid_of(random: [u8; 16]) -> Uuid {
    uuid::Builder::from_random_bytes(random).into_uuid()
}

type Pinned = (PlannedRoute, crate::model::identifiers::Hash);

/// The route that was asked for, else that of the person's shift.
fn planned_route(
    tx: &Tx<'_>,
    context: &Context<'_>,
    plan: &PatrolPlan,
    now: UtcMs,
) -> Result<Option<Pinned>, ServiceError> {
    let asked = match &plan.route {
        Some(code) => Some((code.clone(), local_day(tx, context, now)?)),
        None => shift_route(tx, context, now)?,
    };
    let Some((code, day)) = asked else {
        return Ok(None);
    };
    let unknown = || ServiceError::UnknownRoute(code.as_str().to_owned());
    let (pin, routes) = context.reference.routes(tx)?.ok_or_else(unknown)?;
    let route = PlannedRoute::valid_on(&routes, &code, day);
    Ok(Some((route.ok_or_else(unknown)?.clone(), pin)))
}

/// The route of the person's shift, and the day by which its version counts: a shift over
/// midnight keeps that of the evening.
fn shift_route(
    tx: &Tx<'_>,
    context: &Context<'_>,
    now: UtcMs,
) -> Result<Option<(RouteCode, NaiveDate)>, ServiceError> {
    let (Some(person), Some((_, roster))) =
        (own_authority(tx)?.person, context.reference.roster(tx)?)
    else {
        return Ok(None);
    };
    Ok(roster
        .shift_at(&person, now)
        .and_then(|shift| Some((shift.route.clone()?, shift.date))))
}

/// Takes over the patrol that this device was recording, after a restart: what is on the
/// disk is read again. Nothing when none is under way.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn take_over(context: &Context<'_>) -> Result<Option<Recording>, ServiceError> {
    let writer = context.nonce();
    let now = context.host.now();
    context.store.write(|tx| {
        let Some(mut row) = tx.recording()? else {
            return Ok(None);
        };
        // What the hub says of the start ends no recording.
        let state = log::patrol_as_recorded(tx, &context.device(), row.patrol_id)?;
        let Some(started) = &state.started else {
            return Err(damaged("a recording without its start").into());
        };
        let route = match &started.route {
            Some(code) => find_route(tx, context, code, started.at.ms)?,
            None => None,
        };
        let mut reading = Reading::new(route.as_ref(), settings_of(started.mode));
        state.replay(|piece| reading.take(piece));
        let mut unsealed = 0;
        for bytes in tx.pieces()? {
            let piece = Chunk::decode(&bytes).map_err(damaged)?;
            unsealed += piece.fixes.len();
            replay_chunk(&piece, &mut |piece| reading.take(piece));
        }
        let has_died = row.writer.is_some() && state.phase == PatrolPhase::Recording;
        row.writer = Some(writer);
        tx.set_recording(Some(&row))?;
        let mut recording = Recording {
            patrol_id: row.patrol_id,
            started: started.at.ms,
            person: started.person.clone(),
            route: started.route.clone(),
            mode: started.mode,
            writer,
            phase: state.phase,
            unflushed: Chunk::default(),
            unsealed,
            flushed_mono_ms: now.mono_ms,
            reading,
            watched: route.map(Watched::new),
        };
        if has_died {
            recording.mark(Interruption::ProcessEnded, now.wall);
            recording.unsealed = recording.flush_in(tx)?;
            recording.unflushed = Chunk::default();
        }
        Ok(Some(recording))
    })
}

impl Recording {
    /// The patrol.
    #[must_use]
    pub fn patrol_id(&self) -> PatrolId {
        self.patrol_id
    }

    /// Takes fixes in order of arrival, one or many. They are on the disk within
    /// [`FLUSH_MS`], at once when there are many. No fix at all writes what is due: a host
    /// whose receiver is silent calls it so. What could not be written stays in memory and
    /// is written with the next; it is not to be fed again.
    ///
    /// # Errors
    /// [`ServiceError::PatrolPaused`], [`ServiceError::PatrolElsewhere`] when another process
    /// has taken the recording over, [`ServiceError::Store`].
    pub fn feed(&mut self, context: &Context<'_>, fixes: &[Fix]) -> Result<(), ServiceError> {
        if self.phase != PatrolPhase::Recording {
            return Err(ServiceError::PatrolPaused);
        }
        for fix in fixes {
            let fix = fix.rounded();
            self.unflushed.fixes.push(fix);
            self.reading.take(Piece::Fix(fix));
        }
        let waited_ms = context
            .host
            .now()
            .mono_ms
            .saturating_sub(self.flushed_mono_ms);
        let is_many = self.unflushed.fixes.len() >= MAX_CHUNK_FIXES / 2;
        if is_many || waited_ms >= FLUSH_MS && !self.unflushed.fixes.is_empty() {
            self.flush(context)?;
        }
        Ok(())
    }

    /// Notes a gap that the host knows of.
    ///
    /// # Errors
    /// As [`Recording::flush`].
    pub fn interrupt(
        &mut self,
        context: &Context<'_>,
        why: Interruption,
    ) -> Result<(), ServiceError> {
        self.mark(why, context.host.now().wall);
        self.flush(context)
    }

    fn mark(&mut self, why: Interruption, at: UtcMs) {
        let mark = self.note(why, at);
        self.reading.take(Piece::Mark(mark));
    }

    /// Puts a mark among what is to be written.
    fn note(&mut self, why: Interruption, at: UtcMs) -> Mark {
        let after_fixes = u32::try_from(self.unflushed.fixes.len()).unwrap_or(u32::MAX);
        let mark = Mark {
            at: at.min(UtcMs::MAX),
            why,
            after_fixes,
        };
        self.unflushed.marks.push(mark);
        mark
    }

    /// Writes what was fed to the disk.
    ///
    /// # Errors
    /// [`ServiceError::PatrolElsewhere`], [`ServiceError::Store`].
    pub fn flush(&mut self, context: &Context<'_>) -> Result<(), ServiceError> {
        let unsealed = context.store.write(|tx| self.flush_in(tx))?;
        self.is_written(context, unsealed);
        if self.unsealed >= SEAL_FIXES {
            // By itself: a key that cannot sign now keeps no fix from the disk.
            match context.store.write(|tx| seal(tx, context)) {
                Ok(()) => self.unsealed = 0,
                Err(ServiceError::Commit(CommitError::Signature(SignError::KeyUnavailable))) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what was fed and seals everything, as before a session.
    ///
    /// # Errors
    /// As [`Recording::flush`].
    pub fn seal(&mut self, context: &Context<'_>) -> Result<(), ServiceError> {
        context.store.write(|tx| {
            self.flush_in(tx)?;
            seal(tx, context)
        })?;
        self.is_written(context, 0);
        Ok(())
    }

    /// What was fed is on the disk: only a transaction that was kept may say so.
    fn is_written(&mut self, context: &Context<'_>, unsealed: usize) {
        self.unflushed = Chunk::default();
        self.unsealed = unsealed;
        self.flushed_mono_ms = context.host.now().mono_ms;
    }

    /// True while this process is the one that records.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub fn is_current(&self, tx: &Tx<'_>) -> Result<bool, ServiceError> {
        let row = tx.recording()?;
        Ok(row
            .is_some_and(|row| row.patrol_id == self.patrol_id && row.writer == Some(self.writer)))
    }

    /// Adds what was fed to the pieces; answers how many fixes wait for their commit then.
    fn flush_in(&self, tx: &Tx<'_>) -> Result<usize, ServiceError> {
        if !self.is_current(tx)? {
            return Err(ServiceError::PatrolElsewhere);
        }
        for piece in pieces_of(&self.unflushed) {
            tx.add_piece(&piece.encode().map_err(damaged)?)?;
        }
        Ok(self.unsealed + self.unflushed.fixes.len())
    }

    /// Interrupts the patrol: everything is sealed.
    ///
    /// # Errors
    /// As [`Recording::flush`]; [`ServiceError::PatrolPaused`] when it is paused already.
    pub fn pause(&mut self, context: &Context<'_>) -> Result<(), ServiceError> {
        if self.phase != PatrolPhase::Recording {
            return Err(ServiceError::PatrolPaused);
        }
        let mark = self.note(Interruption::Paused, context.host.now().wall);
        if let Err(error) = self.step(context, PatrolStep::Pause) {
            // What was not done is not noted.
            self.unflushed.marks.pop();
            return Err(error);
        }
        self.reading.take(Piece::Mark(mark));
        self.phase = PatrolPhase::Paused;
        Ok(())
    }

    /// Goes on with a paused patrol.
    ///
    /// # Errors
    /// As [`Recording::flush`]; [`ServiceError::PatrolNotPaused`].
    pub fn resume(&mut self, context: &Context<'_>) -> Result<(), ServiceError> {
        if self.phase != PatrolPhase::Paused {
            return Err(ServiceError::PatrolNotPaused);
        }
        self.step(context, PatrolStep::Resume)?;
        self.phase = PatrolPhase::Recording;
        Ok(())
    }

    /// Ends the patrol: everything is sealed, and the picture is final.
    ///
    /// # Errors
    /// As [`Recording::flush`].
    pub fn finish(&mut self, context: &Context<'_>) -> Result<PatrolView, ServiceError> {
        self.step(context, PatrolStep::Finish)?;
        self.phase = PatrolPhase::Finished;
        show(context, self.patrol_id)
    }

    fn step(&mut self, context: &Context<'_>, step: PatrolStep) -> Result<(), ServiceError> {
        context.store.write(|tx| {
            self.flush_in(tx)?;
            seal(tx, context)?;
            let mut body = BodyBuilder::new();
            body.push(Subject::patrol(self.patrol_id), Kind::StepPatrol(step));
            let zone = zone_of_patrol(tx, self.patrol_id)?;
            append(tx, context, &zone, &body.finish(), Vec::new())?;
            if step == PatrolStep::Finish {
                tx.set_recording(None)?;
            }
            Ok::<_, ServiceError>(())
        })?;
        self.is_written(context, 0);
        Ok(())
    }

    /// Leaves the recording to another process, in order: nothing is lost, no gap is noted.
    ///
    /// # Errors
    /// As [`Recording::flush`].
    pub fn hand_over(&mut self, context: &Context<'_>) -> Result<(), ServiceError> {
        context.store.write(|tx| {
            self.flush_in(tx)?;
            if let Some(mut row) = tx.recording()? {
                row.writer = None;
                tx.set_recording(Some(&row))?;
            }
            Ok::<_, ServiceError>(())
        })?;
        self.is_written(context, self.unsealed);
        Ok(())
    }

    /// True once the patrol is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase == PatrolPhase::Finished
    }

    /// The patrol as it stands.
    #[must_use]
    pub fn view(&self) -> PatrolView {
        let reading = &self.reading;
        PatrolView {
            patrol_id: self.patrol_id.to_string(),
            phase: self.phase.as_str(),
            person: self.person.as_ref().map(ToString::to_string),
            route: self.route.as_ref().map(ToString::to_string),
            mode: self.mode.as_str(),
            started: self.started.to_rfc3339(),
            finished: None,
            fixes: reading.fixes,
            accepted: reading.walk.accepted().len() as u64,
            walked_m: millimetres(reading.walk.walked_m()),
            interruptions: reading.interruptions(),
            missing_parts: reading.missing_parts,
            provisional: true,
            coverage: reading.coverage(),
        }
    }
}

/// A chunk of any length as chunks that can be written.
fn pieces_of(chunk: &Chunk) -> Vec<Chunk> {
    let mut pieces: Vec<Chunk> = Vec::new();
    replay_chunk(chunk, &mut |piece| {
        let is_full = pieces.last().is_none_or(|last| {
            last.fixes.len() >= MAX_CHUNK_FIXES || last.marks.len() >= MAX_CHUNK_MARKS
        });
        if is_full {
            pieces.push(Chunk::default());
        }
        let Some(last) = pieces.last_mut() else {
            return;
        };
        match piece {
            Piece::Fix(fix) => last.fixes.push(fix),
            Piece::Mark(mark) => last.marks.push(Mark {
                after_fixes: u32::try_from(last.fixes.len()).unwrap_or(u32::MAX),
                ..mark
            }),
            Piece::Missing => {}
        }
    });
    pieces
}

/// Seals the pieces of the patrol under way into commits, as at a session: what is not in a
/// commit cannot be sent.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn seal(tx: &Tx<'_>, context: &Context<'_>) -> Result<(), ServiceError> {
    let Some(mut row) = tx.recording()? else {
        return Ok(());
    };
    let mut parts: Vec<Chunk> = Vec::new();
    for bytes in tx.pieces()? {
        let piece = Chunk::decode(&bytes).map_err(damaged)?;
        match parts.last_mut() {
            Some(part)
                if part.fixes.len() + piece.fixes.len() <= MAX_CHUNK_FIXES
                    && part.marks.len() + piece.marks.len() <= MAX_CHUNK_MARKS =>
            {
                let before = u32::try_from(part.fixes.len()).unwrap_or(u32::MAX);
                part.marks.extend(piece.marks.iter().map(|mark| Mark {
                    after_fixes: mark.after_fixes + before,
                    ..*mark
                }));
                part.fixes.extend(piece.fixes);
            }
            _ => parts.push(piece),
        }
    }
    let zone = zone_of_patrol(tx, row.patrol_id)?;
    for part in parts {
        let mut body = BodyBuilder::new();
        let chunk = body.chunk(part.encode().map_err(damaged)?, context.nonce());
        body.push(
            Subject::patrol(row.patrol_id),
            Kind::Track {
                index: row.next_index,
                fixes: part.fixes.len() as u64,
                chunk,
            },
        );
        append(tx, context, &zone, &body.finish(), Vec::new())?;
        row.next_index += 1;
    }
    tx.clear_pieces()?;
    Ok(tx.set_recording(Some(&row))?)
}
