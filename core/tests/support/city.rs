//! A small city in memory: phones that act on what they know, a hub that stamps what it is
//! sent, and the deliveries that result. No clock, no randomness: everything follows from
//! the steps.

use std::collections::BTreeMap;
use std::fmt;

use bading_core::model::case::{CaseId, ClassCode, Field, OpId, Source};
use bading_core::model::grid::GridScope;
use bading_core::model::identifiers::{DepartmentId, DeviceKey, GridCode, Hash, PersonId, Zone};
use bading_core::model::person::{Authority, Role};
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::place::LatLon;
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{Body, BodyBuilder, Content, Kind, Placed, Subject};
use bading_core::oplog::commit::{Commit, Draft};
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::fold::{Annotation, CaseState, Input};
use bading_core::oplog::history::CaseHistory;
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::judge::judge;
use bading_core::oplog::sign::{DeviceSigner, SoftwareSigner};
use uuid::Uuid;

/// The moment at which every history begins: 2026-03-01T00:00:00Z.
pub(crate) const START: UtcMs = UtcMs(1_772_323_200_000);
/// The wall clock of a phone whose owner plays with it: 2099-01-01T00:00:00Z.
pub(crate) const YEAR_2099: UtcMs = UtcMs(4_070_908_800_000);
/// One minute.
pub(crate) const MINUTE_MS: u64 = 60_000;

/// The case that the tests are about.
pub(crate) fn the_case() -> CaseId {
    CaseId(Uuid::from_bytes([0xca; 16]))
}

/// An operation of a commit.
pub(crate) fn op(commit: &Commit, index: u32) -> OpId {
    OpId {
        commit: commit.hash(),
        index,
    }
}

/// A signer's rights.
pub(crate) fn authority(person: &str, roles: &[Role], department: Option<&str>) -> Authority {
    Authority {
        person: Some(PersonId::parse(person).expect("a person of the test")),
        roles: roles.to_vec(),
        grids: GridScope::default(),
        department: department.map(|name| DepartmentId::parse(name).expect("a department")),
    }
}

/// A phone: its key, its rights, its one stream and its clock.
pub(crate) struct Phone {
    pub(crate) signer: SoftwareSigner,
    pub(crate) authority: Authority,
    pub(crate) seq: u64,
    pub(crate) prev: Option<Hash>,
    pub(crate) hlc: Hlc,
    pub(crate) last_hub_time: Option<UtcMs>,
    nonce: u8,
}

impl Phone {
    pub(crate) fn new(seed: u8, authority: Authority) -> Self {
        Self {
            signer: SoftwareSigner::from_seed(&[seed; 32]),
            authority,
            seq: 0,
            prev: None,
            hlc: Hlc::default(),
            last_hub_time: None,
            nonce: seed,
        }
    }

    pub(crate) fn key(&self) -> DeviceKey {
        self.signer.key()
    }

    /// A nonce that differs from the last one; random on a real phone.
    pub(crate) fn nonce(&mut self) -> [u8; 16] {
        self.nonce = self.nonce.wrapping_add(1);
        [self.nonce; 16]
    }

    /// Seals a body as the next commit of this phone, whose clock is right.
    pub(crate) fn seal(&mut self, body: &Body, basis: Vec<Hash>, wall: UtcMs) -> Commit {
        // One boot, an hour before the test's time begins.
        let mono_ms = (wall.0 + 60 * MINUTE_MS).saturating_sub(START.0);
        let boot = [0xb0; 16];
        let clock = ClockReading {
            wall,
            mono_ms,
            boot,
        };
        self.seal_by(body, basis, clock)
    }

    /// Seals a body by whatever its clocks say.
    pub(crate) fn seal_by(&mut self, body: &Body, basis: Vec<Hash>, clock: ClockReading) -> Commit {
        self.hlc = self.hlc.next(clock.wall);
        let draft = Draft {
            zone: Zone::parse("310101").expect("a zone of the test"),
            seq: self.seq,
            prev: self.prev,
            hlc: self.hlc,
            last_hub_time: self.last_hub_time,
            clock,
            certificate: None,
            basis,
            heads: Vec::new(),
        };
        let commit = Commit::seal(draft, body, &self.signer).expect("the test's bodies are sound");
        self.seq += 1;
        self.prev = Some(commit.hash());
        commit
    }

    /// Seals one operation, or several, about the case.
    pub(crate) fn act(
        &mut self,
        wall: UtcMs,
        basis: Vec<Hash>,
        build: impl FnOnce(&mut BodyBuilder, [u8; 16]) -> Vec<Kind>,
    ) -> Commit {
        let nonce = self.nonce();
        let mut builder = BodyBuilder::new();
        for kind in build(&mut builder, nonce) {
            builder.push(Subject::case(the_case()), kind);
        }
        self.seal(&builder.finish(), basis, wall)
    }

    /// Reports the case with a note and a place.
    pub(crate) fn open(&mut self, wall: UtcMs, note: &str) -> Commit {
        self.act(wall, Vec::new(), |body, nonce| {
            let place = LatLon::try_new(31.230_416, 121.473_701).expect("a place");
            vec![Kind::Open {
                source: Source::Inspector,
                seen_at: None,
                duty_pin: None,
                class: ClassCode::parse("010203").ok(),
                grid: GridCode::parse("310101000116001").ok(),
                place: Some(body.place(&Placed::new(place, Some(4.5), false), nonce)),
                note: Some(body.text(note, nonce)),
            }]
        })
    }

    /// Sets the note anew over what it names.
    pub(crate) fn set_note(
        &mut self,
        wall: UtcMs,
        basis: Vec<Hash>,
        text: &str,
        over: Vec<OpId>,
    ) -> Commit {
        self.act(wall, basis, |body, nonce| {
            vec![Kind::Set {
                field: Field::Note,
                content: Content::Value(body.text(text, nonce)),
                over,
            }]
        })
    }

    /// Moves the case, with a reason, to the department of roads where one is wanted.
    pub(crate) fn transit(
        &mut self,
        wall: UtcMs,
        seen: Vec<Hash>,
        action: Action,
        basis: OpId,
    ) -> Commit {
        let roads = (action == Action::Dispatch).then(|| DepartmentId::parse("roads"));
        self.act(wall, seen, |body, nonce| {
            vec![Kind::Transition {
                action,
                basis,
                department: roads.and_then(Result::ok),
                reason: Some(body.text("看过了", nonce)),
            }]
        })
    }

    /// The commit as this phone's, with a stamp or without.
    pub(crate) fn input(&self, commit: &Commit, annotation: Option<Annotation>) -> Input {
        Input {
            commit: commit.clone(),
            annotation,
            authority: self.authority.clone(),
        }
    }
}

/// A stamp.
pub(crate) fn stamp(position: u64, hub_time: UtcMs, verdict: Verdict) -> Annotation {
    Annotation {
        position: (1, position),
        hub_time,
        verdict,
        number: None,
    }
}

/// What a phone does in a step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// Sets the note or the class; sees all values, none, or only the first.
    Set { is_class: bool, overwrites: u8 },
    /// Adds a photo.
    AddPhoto,
    /// Takes a photo back: one of those it sees.
    WithdrawPhoto,
    /// Says something.
    Comment,
    /// A move that the phase allows, on what the phone sees as the last move.
    MoveRightly,
    /// Any move, on any operation that the phone has seen.
    MoveWildly { action: u8, basis: u8 },
    /// A move and a value in one commit, and an operation that nobody knows yet.
    Several,
}

/// One step of a history.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A phone acts; its wall clock is right, in 2099, in 1970, or hours behind.
    Act { phone: usize, deed: Deed, clock: u8 },
    /// One phone gets everything that another has, without a hub.
    Meet { from: usize, to: usize },
    /// A phone pushes its own commits, of which the hub may hold some back for a while, and
    /// pulls what is stamped.
    Sync { phone: usize, holds_back: bool },
    /// The hub releases what it had held back.
    Release,
}

/// The phones: the reporter (a citizen), another citizen, an inspector, two handlers of
/// different departments, a supervisor, and a device that nobody has granted anything.
pub(crate) const PHONES: usize = 7;

/// The city: who is there, what was ever said, who knows what, and what the hub stamped.
pub(crate) struct City {
    pub(crate) phones: Vec<Phone>,
    /// Every commit and the index of its phone, in the order of making.
    pub(crate) commits: Vec<(usize, Commit)>,
    /// For each phone the commits that it knows, by their place in `commits`.
    known: Vec<Vec<usize>>,
    /// For each commit its stamps, the latest last.
    pub(crate) stamps: BTreeMap<usize, Vec<Annotation>>,
    hub: CaseHistory,
    position: u64,
    now: UtcMs,
    steps: Vec<Step>,
}

/// A city is told by the steps that made it.
impl fmt::Debug for City {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "City::after(&{:#?})", self.steps)
    }
}

impl City {
    /// The reporter has reported; nobody else knows of it.
    pub(crate) fn new() -> Self {
        let authorities = [
            authority("citizen-1", &[Role::Citizen], None),
            authority("citizen-2", &[Role::Citizen], None),
            authority("inspector-1", &[Role::Inspector], None),
            authority("handler-1", &[Role::Handler], Some("roads")),
            authority("handler-2", &[Role::Handler], Some("parks")),
            authority("supervisor-1", &[Role::Supervisor], None),
            Authority::unknown(),
        ];
        let phones: Vec<_> = (1..)
            .zip(authorities)
            .map(|(seed, authority)| Phone::new(seed, authority))
            .collect();
        let mut city = Self {
            known: vec![Vec::new(); phones.len()],
            phones,
            commits: Vec::new(),
            stamps: BTreeMap::new(),
            hub: CaseHistory::new(the_case()),
            position: 0,
            now: START,
            steps: Vec::new(),
        };
        let opening = city.phones[0].open(START, "井盖松动");
        city.keep(0, opening);
        city
    }

    /// The city after the steps.
    pub(crate) fn after(steps: &[Step]) -> Self {
        let mut city = Self::new();
        city.steps = steps.to_vec();
        for step in steps {
            city.now = city.now.plus_ms(MINUTE_MS);
            match *step {
                Step::Act { phone, deed, clock } => city.act(phone, deed, clock),
                Step::Meet { from, to } => {
                    let learnt = city.known[from].clone();
                    city.learn(to, &learnt);
                }
                Step::Sync { phone, holds_back } => city.sync(phone, holds_back),
                Step::Release => city.release(),
            }
        }
        city
    }

    fn keep(&mut self, phone: usize, commit: Commit) {
        self.known[phone].push(self.commits.len());
        self.commits.push((phone, commit));
    }

    fn learn(&mut self, phone: usize, commits: &[usize]) {
        for commit in commits {
            if !self.known[phone].contains(commit) {
                self.known[phone].push(*commit);
            }
        }
    }

    /// A commit as it is delivered with its latest stamp.
    fn input(&self, at: usize) -> Input {
        let (phone, commit) = &self.commits[at];
        let latest = self.stamps.get(&at).and_then(|stamps| stamps.last());
        self.phones[*phone].input(commit, latest.cloned())
    }

    fn act(&mut self, phone: usize, deed: Deed, clock: u8) {
        let mut history = CaseHistory::new(the_case());
        history.deliver_all(self.known[phone].iter().map(|at| self.input(*at)));
        let (state, seen) = (history.state().clone(), history.heads());
        let wall = match clock {
            0 => YEAR_2099,
            1 => UtcMs(0),
            2 => UtcMs(self.now.0 - 300 * MINUTE_MS),
            _ => self.now,
        };
        let count = u8::try_from(self.commits.len()).unwrap_or(u8::MAX);
        let ops: Vec<_> = state.events.iter().map(|event| event.op).collect();
        let Some(kind) = kind_of(deed, &state, &ops, count) else {
            return;
        };
        let commit = self.phones[phone].act(wall, seen, |body, nonce| {
            let text = body.text(&format!("第{count}句"), nonce);
            let with_value = |kind| match kind {
                Kind::Set {
                    field: Field::Note,
                    over,
                    ..
                } => Kind::Set {
                    field: Field::Note,
                    content: Content::Value(text),
                    over,
                },
                Kind::Transition {
                    action,
                    basis,
                    department,
                    ..
                } => Kind::Transition {
                    action,
                    basis,
                    department,
                    reason: Some(text),
                },
                Kind::Comment(_) => Kind::Comment(text),
                other => other,
            };
            let mut kinds = vec![with_value(kind)];
            if matches!(deed, Deed::Several) {
                kinds.push(Kind::Comment(text));
                kinds.push(unknown_operation(7));
            }
            kinds
        });
        self.keep(phone, commit);
    }

    fn sync(&mut self, phone: usize, holds_back: bool) {
        let own: Vec<_> = (0..self.commits.len())
            .filter(|at| self.commits[*at].0 == phone && !self.stamps.contains_key(at))
            .collect();
        for (count, at) in own.into_iter().enumerate() {
            if holds_back && count == 0 {
                self.put_stamp(at, Some(Verdict::Waiting("grant_expired".to_owned())));
            } else {
                self.put_stamp(at, None);
            }
        }
        let stamped: Vec<_> = self.stamps.keys().copied().collect();
        self.learn(phone, &stamped);
        self.phones[phone].last_hub_time = Some(self.now);
        self.phones[phone].hlc = self.phones[phone].hlc.take_hub_time(self.now);
    }

    fn release(&mut self) {
        let held: Vec<_> = (0..self.commits.len())
            .filter(|at| {
                let latest = self.stamps.get(at).and_then(|stamps| stamps.last());
                latest.is_some_and(|stamp| matches!(stamp.verdict, Verdict::Waiting(_)))
            })
            .collect();
        for at in held {
            self.put_stamp(at, None);
        }
    }

    /// Stamps a commit with a verdict, or with the judgement of the hub at that position.
    fn put_stamp(&mut self, at: usize, verdict: Option<Verdict>) {
        let (phone, commit) = &self.commits[at];
        let phone = &self.phones[*phone];
        let verdict = verdict.unwrap_or_else(|| match commit.body() {
            Ok(body) => judge(&body, &phone.key(), &phone.authority, self.hub.state())
                .err()
                .map_or(Verdict::Admitted, |why| Verdict::Refused(why.to_string())),
            Err(_) => Verdict::Unfolded,
        });
        self.position += 1;
        let annotation = stamp(self.position, self.now, verdict);
        self.hub
            .deliver(phone.input(commit, Some(annotation.clone())));
        self.stamps.entry(at).or_default().push(annotation);
    }

    /// Everything that can be delivered: each commit without a stamp and with each of its
    /// stamps, so that later deliveries repeat and correct earlier ones.
    pub(crate) fn deliveries(&self) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (at, (phone, commit)) in self.commits.iter().enumerate() {
            let phone = &self.phones[*phone];
            inputs.push(phone.input(commit, None));
            for stamp in self.stamps.get(&at).into_iter().flatten() {
                inputs.push(phone.input(commit, Some(stamp.clone())));
            }
        }
        inputs
    }

    /// Every commit once, with its latest stamp.
    pub(crate) fn settled(&self) -> Vec<Input> {
        (0..self.commits.len()).map(|at| self.input(at)).collect()
    }

    /// Lets every phone push and the hub release, so that nothing is left without a stamp.
    pub(crate) fn stamp_all(&mut self) {
        for phone in 0..self.phones.len() {
            self.now = self.now.plus_ms(MINUTE_MS);
            self.sync(phone, false);
        }
        self.release();
    }
}

/// An operation about the case of a kind that no version knows yet.
pub(crate) fn unknown_operation(code: u8) -> Kind {
    let id = the_case().0;
    let head = [0x84, code, 0x01, 0x50];
    Kind::Unknown {
        code: code.into(),
        bytes: [&head[..], id.as_bytes(), &[0x63, b'n', b'e', b'w']].concat(),
    }
}

fn kind_of(deed: Deed, state: &CaseState, ops: &[OpId], count: u8) -> Option<Kind> {
    let value = bading_core::oplog::body::ValueRef(0);
    let pick = |at: u8| ops.get(usize::from(at) % ops.len().max(1)).copied();
    let transition = |action: Action, basis: OpId| Kind::Transition {
        action,
        basis,
        department: (action == Action::Dispatch)
            .then(|| {
                DepartmentId::parse(if count.is_multiple_of(2) {
                    "roads"
                } else {
                    "parks"
                })
                .ok()
            })
            .flatten(),
        reason: Some(value),
    };
    Some(match deed {
        Deed::Set {
            is_class,
            overwrites,
        } => {
            let field = if is_class { Field::Class } else { Field::Note };
            let seen = state
                .register(field)
                .map_or_else(Vec::new, |r| r.to_overwrite());
            Kind::Set {
                field,
                content: if is_class {
                    Content::Plain(format!("0102{:02}", count % 100))
                } else {
                    Content::Value(value)
                },
                over: match overwrites {
                    0 => Vec::new(),
                    1 => seen.into_iter().take(1).collect(),
                    _ => seen,
                },
            }
        }
        Deed::AddPhoto => Kind::AddPhoto(Photo {
            hash: Hash([count; 32]),
            role: PhotoRole::Near,
            size_bytes: 1_000 + u64::from(count),
        }),
        Deed::WithdrawPhoto => Kind::WithdrawPhoto(state.photos().next()?.op),
        Deed::Comment => Kind::Comment(value),
        Deed::MoveRightly | Deed::Several => {
            let fits = |action: &Action| action.rule().from.contains(&state.phase);
            let actions: Vec<_> = (1..=10)
                .filter_map(Action::from_code)
                .filter(fits)
                .collect();
            let action = actions.get(usize::from(count) % actions.len().max(1))?;
            transition(*action, state.head?)
        }
        Deed::MoveWildly { action, basis } => {
            transition(Action::from_code(u64::from(action % 10) + 1)?, pick(basis)?)
        }
    })
}
