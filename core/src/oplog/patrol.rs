//! A patrol folded from the commits about it: its start, the parts of its track in their
//! order, its steps, and what did not count.
//!
//! A patrol belongs to the device that started it: what another device says of it changes
//! nothing and stays visible. Two parts of one place, or one part after the finish, are the
//! device's own contradiction: the first counts.

use std::collections::BTreeMap;

use crate::model::identifiers::{DeviceKey, Hash, PersonId, RouteCode};
use crate::model::patrol::{Mark, PatrolId, PatrolPhase, PatrolStep};
use crate::model::track::{Fix, Mode};
use crate::oplog::body::{Body, Kind, Lookup};
use crate::oplog::chunk::Chunk;
use crate::oplog::entry::Verdict;
use crate::oplog::fold::Input;
use crate::oplog::history::in_order;
use crate::oplog::hlc::Hlc;
use crate::oplog::judge::judge_patrols;
use crate::oplog::trusted_time::Act;

/// How a patrol began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatrolStart {
    /// The commit.
    pub commit: Hash,
    /// The device that walks.
    pub device: DeviceKey,
    /// The person, where known.
    pub person: Option<PersonId>,
    /// The planned route, when there is one.
    pub route: Option<RouteCode>,
    /// The pack of routes that the device knew it from.
    pub routes_pin: Option<Hash>,
    /// How the person moves.
    pub mode: Mode,
    /// The time of the start that counts.
    pub at: Hlc,
}

/// A part of the track.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackPart {
    /// Its fixes and marks.
    Read(Chunk),
    /// Erased, or written in a way that this version cannot read: a gap that shows.
    Missing,
}

/// A patrol as all its commits together say.
#[derive(Debug, Clone, PartialEq)]
pub struct PatrolState {
    /// The patrol.
    pub patrol_id: PatrolId,
    /// How it began; nothing while only later commits have arrived.
    pub started: Option<PatrolStart>,
    /// Where it stands.
    pub phase: PatrolPhase,
    /// When it was finished, by the time that counts.
    pub finished: Option<Hlc>,
    /// The commits about it that the hub refused or holds, or that contradict others.
    pub set_aside: Vec<Hash>,
    /// The commits that count, in the order of the fold.
    pub commits: Vec<Hash>,
    /// The latest time that counts.
    pub updated: Hlc,
    /// True while something that the hub has not stamped counts.
    pub is_provisional: bool,
    /// What the clocks of the device said at each commit that counts.
    pub acts: Vec<Act>,
    parts: BTreeMap<u64, TrackPart>,
}

impl PatrolState {
    /// A patrol of which nothing has arrived.
    #[must_use]
    pub fn empty(patrol_id: PatrolId) -> Self {
        Self {
            patrol_id,
            started: None,
            phase: PatrolPhase::Recording,
            finished: None,
            set_aside: Vec::new(),
            commits: Vec::new(),
            updated: Hlc::default(),
            is_provisional: false,
            acts: Vec::new(),
            parts: BTreeMap::new(),
        }
    }

    /// Folds commits in whatever order they come, repeated or not.
    #[must_use]
    pub fn fold(patrol_id: PatrolId, inputs: &[Input]) -> Self {
        let mut state = Self::empty(patrol_id);
        for input in in_order(inputs.iter()) {
            state.apply(input);
        }
        state
    }

    /// What a device recorded of a patrol, whatever the hub says of it: a refusal or a
    /// quarantine takes nothing away from what is on the disk.
    #[must_use]
    pub fn as_recorded(patrol_id: PatrolId, inputs: &[Input], device: &DeviceKey) -> Self {
        let mut state = Self::empty(patrol_id);
        let own = |input: &&Input| input.commit.header().device == *device;
        for input in in_order(inputs.iter()).into_iter().filter(own) {
            match input.commit.body() {
                Ok(body) => state.take(input, &body),
                Err(_) => state.set_aside.push(input.commit.hash()),
            }
        }
        state
    }

    /// The parts of the track in their order, with the number of each.
    pub fn parts(&self) -> impl Iterator<Item = (u64, &TrackPart)> {
        self.parts.iter().map(|(index, part)| (*index, part))
    }

    /// The fixes in order of arrival.
    #[must_use]
    pub fn fixes(&self) -> Vec<Fix> {
        let mut fixes = Vec::new();
        self.replay(|piece| {
            if let Piece::Fix(fix) = piece {
                fixes.push(fix);
            }
        });
        fixes
    }

    /// Tells the track piece by piece, as it was recorded. A part that is missing is told
    /// once, where it should be.
    pub fn replay(&self, mut tell: impl FnMut(Piece)) {
        let mut expected = 0;
        for (index, part) in &self.parts {
            if *index != expected {
                tell(Piece::Missing);
            }
            expected = index.saturating_add(1);
            match part {
                TrackPart::Read(chunk) => replay_chunk(chunk, &mut tell),
                TrackPart::Missing => tell(Piece::Missing),
            }
        }
    }

    /// Applies the next commit in the order of the fold.
    pub fn apply(&mut self, input: &Input) {
        let Ok(body) = input.commit.body() else {
            return self.set_aside.push(input.commit.hash());
        };
        let stands = match input.annotation.as_ref().map(|stamp| &stamp.verdict) {
            Some(Verdict::Admitted) => true,
            Some(_) => false,
            // Before anybody is known to have a role, as before enrolment, the hub will judge.
            None => {
                input.authority.roles.is_empty() || judge_patrols(&body, &input.authority).is_ok()
            }
        };
        if !stands {
            return self.set_aside.push(input.commit.hash());
        }
        self.take(input, &body);
    }

    /// Takes what a commit that stands says of this patrol.
    fn take(&mut self, input: &Input, body: &Body) {
        let commit = &input.commit;
        let header = commit.header();
        let annotation = input.annotation.as_ref();
        let at = match annotation {
            Some(stamp) => header.hlc.effective(header.last_hub_time, stamp.hub_time),
            None => header.hlc,
        };
        let (mut counts, mut says_something) = (false, false);
        for operation in &body.operations {
            if operation.subject.as_patrol() != Some(self.patrol_id) {
                continue;
            }
            // What an order takes away is gone from the parts already.
            if matches!(operation.kind, Kind::Erase(_)) {
                continue;
            }
            says_something = true;
            counts |= match &operation.kind {
                Kind::StartPatrol {
                    mode,
                    route,
                    routes_pin,
                } if self.started.is_none() => {
                    self.started = Some(PatrolStart {
                        commit: commit.hash(),
                        device: header.device,
                        person: input.authority.person.clone(),
                        route: route.clone(),
                        routes_pin: *routes_pin,
                        mode: *mode,
                        at,
                    });
                    true
                }
                Kind::Track { index, chunk, .. } if self.is_walked_by(&header.device) => {
                    let part = match Body::bytes(commit.values(), *chunk) {
                        Lookup::Present(bytes) => {
                            Chunk::decode(bytes).map_or(TrackPart::Missing, TrackPart::Read)
                        }
                        Lookup::Erased => TrackPart::Missing,
                    };
                    let is_first = !self.parts.contains_key(index);
                    if is_first {
                        self.parts.insert(*index, part);
                    }
                    is_first
                }
                Kind::StepPatrol(step) if self.is_walked_by(&header.device) => {
                    self.step(*step, at);
                    true
                }
                _ => false,
            };
        }
        if counts {
            self.commits.push(commit.hash());
            self.acts.push(Act::of(input));
            self.updated = self.updated.max(at);
            self.is_provisional |= annotation.is_none();
        } else if says_something {
            self.set_aside.push(commit.hash());
        }
    }

    /// True while the patrol is this device's and not over.
    fn is_walked_by(&self, device: &DeviceKey) -> bool {
        self.phase != PatrolPhase::Finished
            && self
                .started
                .as_ref()
                .is_some_and(|started| started.device == *device)
    }

    fn step(&mut self, step: PatrolStep, at: Hlc) {
        self.phase = match step {
            PatrolStep::Pause => PatrolPhase::Paused,
            PatrolStep::Resume => PatrolPhase::Recording,
            PatrolStep::Finish => {
                self.finished = Some(at);
                PatrolPhase::Finished
            }
        };
    }
}

/// A piece of a track as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece {
    /// A fix.
    Fix(Fix),
    /// A gap that the device knows of.
    Mark(Mark),
    /// A part that is not there.
    Missing,
}

/// Tells a chunk piece by piece: each mark before the fix that came after it.
pub fn replay_chunk(chunk: &Chunk, tell: &mut impl FnMut(Piece)) {
    let mut marks: Vec<Mark> = chunk.marks.clone();
    marks.sort_by_key(|mark| mark.after_fixes);
    let mut marks = marks.into_iter().peekable();
    for (number, fix) in (0_u32..).zip(&chunk.fixes) {
        while let Some(mark) = marks.next_if(|mark| mark.after_fixes <= number) {
            tell(Piece::Mark(mark));
        }
        tell(Piece::Fix(*fix));
    }
    for mark in marks {
        tell(Piece::Mark(mark));
    }
}
