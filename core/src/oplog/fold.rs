//! The state of a case, folded from the commits about it.
//!
//! Commits that the hub has stamped come first, by position, and obey the hub's verdict; then
//! those that it has not, in causal order, ties by hash, judged here as a hint and marked
//! *provisional*. The result does not depend on the order, repetition or grouping in which
//! commits arrive ([`CaseHistory`](super::history::CaseHistory) is the proof's subject).
//!
//! The workflow follows the chain of `basis`: a move counts when the move that its signer saw
//! is still the last. A move that comes too late stays, *ineffective*, with its reason; one
//! whose basis has not arrived waits for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::case::{CaseId, Field, OpId, Source};
use crate::model::grid::GridCode;
use crate::model::identifiers::{ClassCode, DepartmentId, DeviceKey, Hash, PersonId};
use crate::model::person::Authority;
use crate::model::photo::Photo;
use crate::model::time::UtcMs;
use crate::model::workflow::{Action, Guard, Phase};
use crate::oplog::attest::{Attest, Witness};
use crate::oplog::body::{Body, BodyError, Content, Kind, Lookup, ValueRef};
use crate::oplog::commit::Commit;
use crate::oplog::entry::Verdict;
use crate::oplog::history::in_order;
use crate::oplog::hlc::Hlc;
use crate::oplog::judge::{Refusal, judge};
use crate::oplog::merge::{FieldValue, Register, Version};
use crate::oplog::trusted_time::Signing;

/// What an order of erasure is called among the events of a case.
pub const ERASE_EVENT: &str = "erase";

/// The hub's stamp on a commit, as a fold needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The life of the zone's log, then the place in it.
    pub position: (u64, u64),
    /// When the hub stamped it.
    pub hub_time: UtcMs,
    /// The hub's judgement.
    pub verdict: Verdict,
    /// The official number that the hub gave with this commit.
    pub number: Option<String>,
}

/// A commit with what is known around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The commit.
    pub commit: Commit,
    /// The hub's stamp, once there is one.
    pub annotation: Option<Annotation>,
    /// What the signer may do, by the grants at that position; for a commit without a stamp,
    /// by the latest known.
    pub authority: Authority,
}

impl Input {
    pub(super) fn position(&self) -> Option<(u64, u64)> {
        self.annotation.as_ref().map(|stamp| stamp.position)
    }

    /// True when this tells more of the same commit than is known: its first stamp, or a
    /// later one, by which the hub released what it had made wait.
    pub(super) fn is_news_to(&self, known: &Self) -> bool {
        self.position() > known.position()
    }
}

/// How a case began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The operation.
    pub op: OpId,
    /// The reporter's device.
    pub device: DeviceKey,
    /// The reporter, where known.
    pub person: Option<PersonId>,
    /// By which way the report came.
    pub source: Source,
    /// When the problem was seen, where the report says so.
    pub seen_at: Option<UtcMs>,
    /// The duty list that the class was chosen from.
    pub duty_pin: Option<Hash>,
    /// The time of the report that counts.
    pub at: Hlc,
}

/// A photo of the case and the operation that added it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoOf {
    /// The adding operation, which a withdrawal names.
    pub op: OpId,
    /// The photo.
    pub photo: Photo,
    /// The person who added it, where known.
    pub person: Option<PersonId>,
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Effective,
    /// It was allowed and came too late; the reason's code.
    Ineffective(&'static str),
    /// It may not be folded; the reason's code.
    Refused(String),
    /// It waits for a basis that has not arrived, a grant or a release; the reason's code.
    Waiting(String),
    /// It is of a newer version: kept and forwarded, not folded.
    Unread,
}

/// One operation in the case's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The operation; the index is 0 for a body that cannot be read.
    pub op: OpId,
    /// What it is: `open`, `photo`, `set`, `comment`, `attest`, `erase`, or the action of a transition.
    pub what: &'static str,
    /// The device that signed.
    pub device: DeviceKey,
    /// The person, where known.
    pub person: Option<PersonId>,
    /// The time that counts.
    pub at: Hlc,
    /// When the hub stamped it, once it has.
    pub hub_time: Option<UtcMs>,
    /// The last hub time that the device had seen when it acted.
    pub last_hub_time: Option<UtcMs>,
    /// What the device's clocks said when it signed.
    pub signing: Signing,
    /// The reason or the comment, when the operation has one and it is not erased; of an order
    /// of erasure the reason's code.
    pub text: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// True until the hub has stamped it.
    pub is_provisional: bool,
}

/// A case as all its commits together say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseState {
    /// The case.
    pub case_id: CaseId,
    /// How it began; nothing while only later commits have arrived.
    pub opened: Option<Opening>,
    /// How the report came about, where its device says so.
    pub attest: Option<Attest>,
    /// Where it stands.
    pub phase: Phase,
    /// The last move that counts, or the opening: the basis of the next.
    pub head: Option<OpId>,
    /// The official number, from filing on.
    pub number: Option<String>,
    /// The department that it was dispatched to.
    pub department: Option<DepartmentId>,
    /// Everything that happened, in the order of the fold.
    pub events: Vec<Event>,
    /// The latest time that counts among what took effect.
    pub updated: Hlc,
    /// True while something that the hub has not stamped took effect.
    pub is_provisional: bool,
    registers: BTreeMap<Field, Register>,
    photos: Vec<PhotoOf>,
    withdrawn: BTreeSet<OpId>,
    /// Moves by whether they count; a basis is looked up here.
    moves: BTreeMap<OpId, bool>,
    waiting: Vec<PendingMove>,
}

/// A move whose basis has not arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PendingMove {
    event: usize,
    basis: OpId,
    action: Action,
    department: Option<DepartmentId>,
    number: Option<String>,
    signers_department: Option<DepartmentId>,
}

/// The signer and the time of the commit that is being applied.
struct Signed<'a> {
    commit: &'a Commit,
    person: Option<PersonId>,
    at: Hlc,
    is_provisional: bool,
    hub_time: Option<UtcMs>,
    number: Option<String>,
    department: Option<DepartmentId>,
}

impl CaseState {
    /// A case of which nothing has arrived.
    #[must_use]
    pub fn empty(case_id: CaseId) -> Self {
        Self {
            case_id,
            opened: None,
            attest: None,
            phase: Phase::Reported,
            head: None,
            number: None,
            department: None,
            events: Vec::new(),
            updated: Hlc::default(),
            is_provisional: false,
            registers: BTreeMap::new(),
            photos: Vec::new(),
            withdrawn: BTreeSet::new(),
            moves: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Folds commits in whatever order they come, repeated or not.
    #[must_use]
    pub fn fold(case_id: CaseId, inputs: &[Input]) -> Self {
        let mut state = Self::empty(case_id);
        for input in in_order(inputs.iter()) {
            state.apply(input);
        }
        state
    }

    /// True when nothing of the case is here but orders to erase something of it: they go to
    /// everybody, and most know nothing of the case.
    #[must_use]
    pub fn is_only_erased(&self) -> bool {
        self.events.iter().all(|event| event.what == ERASE_EVENT)
    }

    /// True when the signer is the one who reported the case.
    #[must_use]
    pub fn is_reported_by(&self, device: &DeviceKey, person: Option<&PersonId>) -> bool {
        self.opened.as_ref().is_some_and(|opened| {
            opened.device == *device || (person.is_some() && opened.person.as_ref() == person)
        })
    }

    /// What a commit itself says of its time beside its clocks.
    #[must_use]
    pub fn witness_of(&self, commit: &Hash) -> Witness {
        let is_opening = self.opened.as_ref().is_some_and(|o| o.op.commit == *commit);
        let attest = self.attest.as_ref().filter(|_| is_opening);
        attest.map(Attest::witness).unwrap_or_default()
    }

    /// A field with all that was said of it.
    #[must_use]
    pub fn register(&self, field: Field) -> Option<&Register> {
        self.registers.get(&field)
    }

    /// The cell that counts.
    #[must_use]
    pub fn grid(&self) -> Option<GridCode> {
        self.text(Field::Grid)
            .and_then(|text| GridCode::parse(text).ok())
    }

    /// The small class that counts.
    #[must_use]
    pub fn class(&self) -> Option<ClassCode> {
        self.text(Field::Class)
            .and_then(|text| ClassCode::parse(text).ok())
    }

    /// A field's text that counts.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match &self.register(field)?.winner()?.value {
            FieldValue::Text(text) => Some(text),
            FieldValue::Nothing | FieldValue::Place(_) | FieldValue::Erased => None,
        }
    }

    /// The photos that were added and not taken back, in the order of the fold.
    pub fn photos(&self) -> impl Iterator<Item = &PhotoOf> {
        self.photos
            .iter()
            .filter(|photo| !self.withdrawn.contains(&photo.op))
    }

    /// Applies the next commit in the order of the fold.
    pub fn apply(&mut self, input: &Input) {
        let commit = &input.commit;
        let header = commit.header();
        let annotation = input.annotation.as_ref();
        let at = match annotation {
            Some(stamp) => header.hlc.effective(header.last_hub_time, stamp.hub_time),
            None => header.hlc,
        };
        let signed = Signed {
            commit,
            person: input.authority.person.clone(),
            at,
            is_provisional: annotation.is_none(),
            hub_time: annotation.map(|stamp| stamp.hub_time),
            number: annotation.and_then(|stamp| stamp.number.clone()),
            department: input.authority.department.clone(),
        };
        let body = match commit.body() {
            Ok(body) => body,
            Err(error) => return self.set_aside_unreadable(&signed, error, annotation),
        };
        let standing = match annotation.map(|stamp| &stamp.verdict) {
            Some(Verdict::Admitted) => None,
            Some(Verdict::Refused(why)) => Some(Outcome::Refused(why.clone())),
            Some(Verdict::Waiting(why) | Verdict::Quarantined(why)) => {
                Some(Outcome::Waiting(why.clone()))
            }
            // A schema that the hub could not read and this version can: not yet activated.
            Some(Verdict::Unfolded) => Some(Outcome::Unread),
            None => judge(&body, &header.device, &input.authority, self)
                .err()
                .map(|refusal| Outcome::Refused(refusal.to_string())),
        };
        self.apply_body(&body, &signed, standing.as_ref());
    }

    fn set_aside_unreadable(
        &mut self,
        signed: &Signed<'_>,
        error: BodyError,
        annotation: Option<&Annotation>,
    ) {
        let outcome = match (error, annotation.map(|stamp| &stamp.verdict)) {
            (BodyError::UnknownSchema(_), _) => Outcome::Unread,
            (_, Some(Verdict::Refused(why))) => Outcome::Refused(why.clone()),
            _ => Outcome::Refused(Refusal::Malformed.to_string()),
        };
        self.note(signed, 0, "unreadable", None, outcome);
    }

    fn apply_body(&mut self, body: &Body, signed: &Signed<'_>, set_aside: Option<&Outcome>) {
        for (index, operation) in (0..).zip(&body.operations) {
            if operation.subject.as_case() != Some(self.case_id) {
                continue;
            }
            let op = OpId {
                commit: signed.commit.hash(),
                index,
            };
            let (what, text) = describe(&operation.kind, signed.commit);
            if let Some(outcome) = set_aside {
                // What builds on a refused move fails with it; what builds on one that waits
                // waits too.
                if matches!(operation.kind, Kind::Transition { .. } | Kind::Open { .. })
                    && matches!(outcome, Outcome::Refused(_))
                {
                    self.moves.insert(op, false);
                }
                self.note(signed, index, what, text, outcome.clone());
                self.move_those_that_waited();
                continue;
            }
            if let Kind::Transition {
                action,
                basis,
                department,
                ..
            } = &operation.kind
            {
                let event = self.note(signed, index, what, text, Outcome::Effective);
                let pending = PendingMove {
                    event,
                    basis: *basis,
                    action: *action,
                    department: department.clone(),
                    number: signed.number.clone(),
                    signers_department: signed.department.clone(),
                };
                self.move_case(op, pending);
                self.move_those_that_waited();
                continue;
            }
            let outcome = self.apply_operation(op, &operation.kind, signed);
            self.note(signed, index, what, text, outcome);
            self.move_those_that_waited();
        }
    }

    fn apply_operation(&mut self, op: OpId, kind: &Kind, signed: &Signed<'_>) -> Outcome {
        match kind {
            Kind::Open {
                source,
                seen_at,
                duty_pin,
                class,
                grid,
                place,
                note,
            } => {
                if self.opened.is_some() {
                    self.moves.insert(op, false);
                    return Outcome::Refused(Refusal::AlreadyOpen.to_string());
                }
                self.opened = Some(Opening {
                    op,
                    device: signed.commit.header().device,
                    person: signed.person.clone(),
                    source: *source,
                    seen_at: *seen_at,
                    duty_pin: *duty_pin,
                    at: signed.at,
                });
                self.head = Some(op);
                self.moves.insert(op, true);
                let plain = |text: Option<&str>| text.map(|text| FieldValue::Text(text.to_owned()));
                let said = [
                    (Field::Class, plain(class.as_ref().map(ClassCode::as_str))),
                    (Field::Grid, plain(grid.as_ref().map(GridCode::as_str))),
                    (Field::Note, note.map(|at| text_value(signed.commit, at))),
                    (Field::Place, place.map(|at| place_value(signed.commit, at))),
                ];
                for (field, value) in said {
                    if let Some(value) = value {
                        self.say(op, field, value, &[], signed);
                    }
                }
            }
            Kind::AddPhoto(photo) => {
                let person = signed.person.clone();
                self.photos.push(PhotoOf {
                    op,
                    photo: *photo,
                    person,
                });
            }
            Kind::WithdrawPhoto(added) => {
                self.withdrawn.insert(*added);
            }
            Kind::Set {
                field,
                content,
                over,
            } => {
                let value = match content {
                    Content::Nothing => FieldValue::Nothing,
                    Content::Plain(text) => FieldValue::Text(text.clone()),
                    Content::Value(at) if *field == Field::Place => place_value(signed.commit, *at),
                    Content::Value(at) => text_value(signed.commit, *at),
                };
                self.say(op, *field, value, over, signed);
            }
            Kind::Comment(_) => {}
            Kind::Attest(attest) => {
                let opening = self.opened.as_ref().map(|opened| opened.op.commit);
                if opening != Some(op.commit) || self.attest.is_some() {
                    return Outcome::Ineffective("not_with_opening");
                }
                self.attest = Some(attest.clone());
            }
            // What belongs to a patrol or to a verdict says nothing of a case.
            Kind::StartPatrol { .. }
            | Kind::Track { .. }
            | Kind::StepPatrol(_)
            | Kind::Verdict(_)
            | Kind::Unknown { .. } => return Outcome::Unread,
            // An order is none before the hub has sequenced it.
            Kind::Erase(_) if signed.is_provisional => {
                return Outcome::Waiting("not_sequenced".to_owned());
            }
            Kind::Erase(_) => {}
            Kind::Transition { .. } => unreachable!("transitions go through move_case"),
        }
        self.took_effect(signed.at, signed.is_provisional);
        Outcome::Effective
    }

    fn say(
        &mut self,
        op: OpId,
        field: Field,
        value: FieldValue,
        over: &[OpId],
        signed: &Signed<'_>,
    ) {
        let version = Version {
            op,
            value,
            at: signed.at,
            device: signed.commit.header().device,
            person: signed.person.clone(),
            is_provisional: signed.is_provisional,
        };
        self.registers.entry(field).or_default().set(version, over);
    }

    /// Moves the case, or says why not; a move whose basis is unknown waits.
    fn move_case(&mut self, op: OpId, pending: PendingMove) {
        let rule = pending.action.rule();
        // A move that waited was judged before the dispatch that it builds on was known.
        let is_of_other_department = rule.guard == Guard::OwnDepartment
            && matches!(
                (&pending.signers_department, &self.department),
                (Some(own), Some(asked)) if own != asked
            );
        let outcome = if self.head == Some(pending.basis) {
            if is_of_other_department {
                Outcome::Ineffective("not_own_department")
            } else if rule.from.contains(&self.phase) {
                self.moves.insert(op, true);
                self.head = Some(op);
                self.phase = rule.to;
                if pending.action == Action::Dispatch {
                    self.department = pending.department;
                }
                if pending.action == Action::Return {
                    self.department = None;
                }
                if pending.number.is_some() {
                    self.number = pending.number;
                }
                let event = &self.events[pending.event];
                let (at, is_provisional) = (event.at, event.is_provisional);
                self.took_effect(at, is_provisional);
                Outcome::Effective
            } else {
                Outcome::Ineffective("wrong_phase")
            }
        } else {
            match self.moves.get(&pending.basis) {
                None => {
                    self.events[pending.event].outcome =
                        Outcome::Waiting("basis_not_arrived".to_owned());
                    self.waiting.push(pending);
                    return;
                }
                Some(true) => Outcome::Ineffective("superseded"),
                Some(false) => Outcome::Ineffective("basis_ineffective"),
            }
        };
        if outcome != Outcome::Effective {
            self.moves.insert(op, false);
        }
        self.events[pending.event].outcome = outcome;
    }

    /// Looks again at the moves whose basis was missing, until none of them can be decided.
    fn move_those_that_waited(&mut self) {
        while let Some(at) = self
            .waiting
            .iter()
            .position(|w| self.moves.contains_key(&w.basis))
        {
            let pending = self.waiting.remove(at);
            let op = self.events[pending.event].op;
            self.move_case(op, pending);
        }
    }

    fn took_effect(&mut self, at: Hlc, is_provisional: bool) {
        self.updated = self.updated.max(at);
        self.is_provisional |= is_provisional;
    }

    fn note(
        &mut self,
        signed: &Signed<'_>,
        index: u32,
        what: &'static str,
        text: Option<String>,
        outcome: Outcome,
    ) -> usize {
        self.events.push(Event {
            op: OpId {
                commit: signed.commit.hash(),
                index,
            },
            what,
            device: signed.commit.header().device,
            person: signed.person.clone(),
            at: signed.at,
            hub_time: signed.hub_time,
            last_hub_time: signed.commit.header().last_hub_time,
            signing: Signing::of(signed.commit.header()),
            text,
            outcome,
            is_provisional: signed.is_provisional,
        });
        self.events.len() - 1
    }
}

fn describe(kind: &Kind, commit: &Commit) -> (&'static str, Option<String>) {
    let text = |at: ValueRef| match Body::text(commit.values(), at) {
        Lookup::Present(text) => Some(text),
        Lookup::Erased => None,
    };
    match kind {
        Kind::Open { .. } => ("open", None),
        Kind::AddPhoto(_) => ("photo", None),
        Kind::WithdrawPhoto(_) => ("withdraw_photo", None),
        Kind::Set { .. } => ("set", None),
        Kind::Comment(at) => ("comment", text(*at)),
        Kind::Attest(_) => ("attest", None),
        Kind::Transition { action, reason, .. } => (action.as_str(), reason.and_then(text)),
        Kind::StartPatrol { .. }
        | Kind::Track { .. }
        | Kind::StepPatrol(_)
        | Kind::Verdict(_)
        | Kind::Unknown { .. } => ("unknown", None),
        Kind::Erase(order) => (ERASE_EVENT, Some(order.reason.as_str().to_owned())),
    }
}

fn text_value(commit: &Commit, at: ValueRef) -> FieldValue {
    match Body::text(commit.values(), at) {
        Lookup::Present(text) => FieldValue::Text(text),
        Lookup::Erased => FieldValue::Erased,
    }
}

fn place_value(commit: &Commit, at: ValueRef) -> FieldValue {
    match Body::place(commit.values(), at) {
        Lookup::Present(place) => FieldValue::Place(place),
        Lookup::Erased => FieldValue::Erased,
    }
}
