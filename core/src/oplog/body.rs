//! What a commit says: operations, and beside them the values that may be erased one day.
//!
//! The structure (kinds, subjects, classes, cells, transitions, photo hashes) is never
//! personal and never erased. What may be personal (notes, comments, reasons, places) stands
//! beside it as a value; the structure holds its hash with a nonce. An erased value folds as
//! *erased* and breaks no signature.
//!
//! An operation of a kind that this version does not know is kept as it is, and not folded.

use thiserror::Error;

use crate::model::case::{CaseId, ClassCode, Field, OpId, Source};
use crate::model::grid::GridCode;
use crate::model::identifiers::{DepartmentId, Hash, PatrolId, RouteCode};
use crate::model::patrol::PatrolStep;
use crate::model::photo::Photo;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::Mode;
use crate::model::workflow::Action;
use crate::oplog::attest::Attest;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::{CommittedValue, MAX_VALUES};
use crate::oplog::erasure::EraseOrder;
use crate::oplog::operation::{read_operation, write_operation};
use crate::oplog::verdict_act::VerdictAct;

/// The most operations of one commit.
pub const MAX_OPERATIONS: usize = 256;
/// The most characters (bytes of UTF-8) of a note, a comment or a reason.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// The most operations that one may overwrite.
pub const MAX_OVERWRITES: usize = 64;

/// What an operation is about. New kinds come with new versions and are forwarded unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// 1 for a case, 2 for a patrol, 3 for somebody's verdicts; higher kinds belong to later versions.
    pub kind: u64,
    /// The subject's own name.
    pub id: [u8; 16],
}

impl Subject {
    /// The kind of a case.
    pub const CASE: u64 = 1;
    /// The kind of a patrol.
    pub const PATROL: u64 = 2;
    /// The kind of what is decided about one person, or about everybody.
    pub const VERDICT: u64 = 3;

    /// The subject of a case.
    #[must_use]
    pub fn case(id: CaseId) -> Self {
        Self {
            kind: Self::CASE,
            id: *id.0.as_bytes(),
        }
    }

    /// The subject of a patrol.
    #[must_use]
    pub fn patrol(id: PatrolId) -> Self {
        Self {
            kind: Self::PATROL,
            id: *id.0.as_bytes(),
        }
    }

    /// The patrol, when it is one.
    #[must_use]
    pub fn as_patrol(&self) -> Option<PatrolId> {
        (self.kind == Self::PATROL).then(|| PatrolId(uuid::Uuid::from_bytes(self.id)))
    }

    /// The case, when it is one.
    #[must_use]
    pub fn as_case(&self) -> Option<CaseId> {
        (self.kind == Self::CASE).then(|| CaseId(uuid::Uuid::from_bytes(self.id)))
    }
}

/// The place of a value in its commit, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueRef(pub u32);

/// One thing done to one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it is about.
    pub subject: Subject,
    /// What is done.
    pub kind: Kind,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A problem is reported: the case begins.
    Open {
        /// Who reports, by the way it came in.
        source: Source,
        /// When the picture was taken or the problem seen, where it differs from the commit.
        seen_at: Option<UtcMs>,
        /// The duty list that the reporter chose the class from.
        duty_pin: Option<Hash>,
        /// The small class.
        class: Option<ClassCode>,
        /// The cell.
        grid: Option<GridCode>,
        /// Where, as a value ([`Placed`]).
        place: Option<ValueRef>,
        /// The reporter's words, as a value (text).
        note: Option<ValueRef>,
    },
    /// A photo joins the case; a set in which adding wins.
    AddPhoto(Photo),
    /// A photo is taken back: the operation that added it is named; the bytes stay.
    WithdrawPhoto(OpId),
    /// A field is set again.
    Set {
        /// Which field.
        field: Field,
        /// The new content.
        content: Content,
        /// The operations whose content it replaces, ascending.
        over: Vec<OpId>,
    },
    /// A remark, as a value (text); comments only grow.
    Comment(ValueRef),
    /// The case moves.
    Transition {
        /// How.
        action: Action,
        /// The transition (or the opening) that the signer saw as the last.
        basis: OpId,
        /// The department that a dispatch names.
        department: Option<DepartmentId>,
        /// Why, as a value (text).
        reason: Option<ValueRef>,
    },
    /// How the report of the same commit came about.
    Attest(Attest),
    /// A patrol begins.
    StartPatrol {
        /// How the person moves.
        mode: Mode,
        /// The planned route, when there is one.
        route: Option<RouteCode>,
        /// The pack of routes that the device knew it from.
        routes_pin: Option<Hash>,
    },
    /// A part of the track, as a value (a [`crate::oplog::chunk`]).
    Track {
        /// Its place among the patrol's parts, from 0.
        index: u64,
        /// How many fixes it holds.
        fixes: u64,
        /// The fixes and marks.
        chunk: ValueRef,
    },
    /// A patrol is interrupted, goes on, or is over.
    StepPatrol(PatrolStep),
    /// Something is decided about a person, published or appealed against.
    Verdict(VerdictAct),
    /// Values or a photo are to be gone, everywhere.
    Erase(EraseOrder),
    /// An operation of a newer version: its number and its bytes.
    Unknown {
        /// The kind's number.
        code: u64,
        /// The whole operation in CBOR.
        bytes: Vec<u8>,
    },
}

/// The content of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Emptied.
    Nothing,
    /// Plain text in the structure (class, cell).
    Plain(String),
    /// A value beside the structure (note, place).
    Value(ValueRef),
}

/// A place as it is sealed: degrees in units of 1e-7 (about a centimetre).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Latitude × 10⁷.
    pub lat_e7: i64,
    /// Longitude × 10⁷.
    pub lon_e7: i64,
    /// Radius of 68 % in centimetres, when the receiver tells it.
    pub accuracy_cm: Option<u64>,
    /// True when the platform says that a mock provider made it.
    pub is_mock: bool,
}

impl Placed {
    /// Rounds a position to what is sealed.
    #[must_use]
    pub fn new(at: LatLon, accuracy_m: Option<f64>, is_mock: bool) -> Self {
        let e7 = |deg: f64| (deg * 1e7).round() as i64;
        let accuracy_cm = accuracy_m
            .filter(|m| m.is_finite() && *m >= 0.0)
            .map(|m| (m * 100.0).round() as u64);
        Self {
            lat_e7: e7(at.lat_deg()),
            lon_e7: e7(at.lon_deg()),
            accuracy_cm,
            is_mock,
        }
    }

    /// The position, if it is one.
    #[must_use]
    pub fn position(&self) -> Option<LatLon> {
        LatLon::try_new(self.lat_e7 as f64 / 1e7, self.lon_e7 as f64 / 1e7).ok()
    }

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .array(4)
            .int(self.lat_e7)
            .int(self.lon_e7)
            .optional(self.accuracy_cm, |writer, cm| {
                writer.uint(cm);
            })
            .flag(self.is_mock);
        writer.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let placed = exact(
            "place",
            bytes,
            |reader| {
                reader.parts("place", 4)?;
                Ok(Self {
                    lat_e7: reader.int("latitude")?,
                    lon_e7: reader.int("longitude")?,
                    accuracy_cm: reader.optional("accuracy", |reader| reader.uint("accuracy"))?,
                    is_mock: reader.flag("mock flag")?,
                })
            },
            Self::encode,
        )?;
        placed
            .position()
            .map(|_| placed)
            .ok_or(CborError::Range("place"))
    }
}

/// What a body says, with the values beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// The operations in order; a [`OpId::index`] counts them.
    pub operations: Vec<Operation>,
    /// The values that the body was built with. A body that was read keeps its values in
    /// the commit instead, where one may be erased.
    pub values: Vec<CommittedValue>,
    /// The hashes that the structure holds of the values.
    commitments: Vec<Hash>,
}

/// Why a body cannot be folded. The commit that carries it is kept all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Written by a newer version; admitted, forwarded, not folded.
    #[error("schema {0} is newer than this version reads")]
    UnknownSchema(u64),
    /// Its own device wrote it wrongly.
    #[error("body: {0}")]
    Form(#[from] CborError),
    /// An operation names a value that is not there.
    #[error("body: an operation names value {0}, which is not there")]
    NoSuchValue(u32),
}

/// A value as a fold sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Present(T),
    /// It was erased.
    Erased,
}

/// Builds a body: values get their nonces here, operations their order.
#[derive(Debug, Default)]
pub struct BodyBuilder {
    body: Body,
}

impl BodyBuilder {
    /// An empty body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text value (a note, a comment, a reason) with its random nonce.
    pub fn text(&mut self, text: &str, nonce: [u8; 16]) -> ValueRef {
        let mut writer = Writer::new();
        writer.text(text);
        self.value(writer.finish(), nonce)
    }

    /// Adds a place with its random nonce.
    pub fn place(&mut self, place: &Placed, nonce: [u8; 16]) -> ValueRef {
        self.value(place.encode(), nonce)
    }

    /// Adds a part of a track, already encoded, with its random nonce.
    pub fn chunk(&mut self, chunk: Vec<u8>, nonce: [u8; 16]) -> ValueRef {
        self.value(chunk, nonce)
    }

    fn value(&mut self, value: Vec<u8>, nonce: [u8; 16]) -> ValueRef {
        let value = CommittedValue { nonce, value };
        self.body.commitments.push(value.commitment());
        self.body.values.push(value);
        ValueRef(u32::try_from(self.body.values.len() - 1).unwrap_or(u32::MAX))
    }

    /// Adds an operation and gives its index.
    pub fn push(&mut self, subject: Subject, kind: Kind) -> u32 {
        self.body.operations.push(Operation { subject, kind });
        u32::try_from(self.body.operations.len() - 1).unwrap_or(u32::MAX)
    }

    /// The finished body.
    #[must_use]
    pub fn finish(self) -> Body {
        self.body
    }
}

impl Body {
    /// The subjects that the operations are about, each once, in order of first mention.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects = Vec::new();
        for operation in &self.operations {
            if !subjects.contains(&operation.subject) {
                subjects.push(operation.subject);
            }
        }
        subjects
    }

    /// The text of a value of this body's commit.
    #[must_use]
    pub fn text(values: &[Option<CommittedValue>], at: ValueRef) -> Lookup<String> {
        match values.get(at.0 as usize) {
            Some(Some(value)) => read_text(&value.value)
                .map_or(Lookup::Erased, |text| Lookup::Present(text.to_owned())),
            _ => Lookup::Erased,
        }
    }

    /// The place of a value of this body's commit.
    #[must_use]
    pub fn place(values: &[Option<CommittedValue>], at: ValueRef) -> Lookup<Placed> {
        match values.get(at.0 as usize) {
            Some(Some(value)) => {
                Placed::decode(&value.value).map_or(Lookup::Erased, Lookup::Present)
            }
            _ => Lookup::Erased,
        }
    }

    /// The bytes of a value of this body's commit, whatever they are.
    #[must_use]
    pub fn bytes(values: &[Option<CommittedValue>], at: ValueRef) -> Lookup<&[u8]> {
        match values.get(at.0 as usize) {
            Some(Some(value)) => Lookup::Present(&value.value),
            _ => Lookup::Erased,
        }
    }

    /// The hashes that a structure holds, if it can be read that far. They stand first and
    /// in every schema alike, so that values are checked even where operations are unknown.
    ///
    /// # Errors
    /// [`CborError`] when the structure does not begin with them.
    pub fn commitments(structure: &[u8]) -> Result<Vec<Hash>, CborError> {
        let mut reader = Reader::new(structure);
        if reader.array("structure", usize::MAX)? == 0 {
            return Err(CborError::Form("commitments"));
        }
        read_commitments(&mut reader)
    }

    pub(crate) fn encode_structure(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(2).array(self.commitments.len());
        for commitment in &self.commitments {
            writer.bytes(&commitment.0);
        }
        writer.array(self.operations.len());
        for operation in &self.operations {
            write_operation(&mut writer, operation);
        }
        writer.finish()
    }

    pub(crate) fn decode(
        structure: &[u8],
        values: &[Option<CommittedValue>],
    ) -> Result<Self, BodyError> {
        let body = exact(
            "structure",
            structure,
            |reader| {
                reader.parts("structure", 2)?;
                let commitments = read_commitments(reader)?;
                let count = reader.array("operations", MAX_OPERATIONS)?;
                let operations = (0..count)
                    .map(|_| read_operation(reader))
                    .collect::<Result<_, _>>()?;
                Ok(Self {
                    operations,
                    values: Vec::new(),
                    commitments,
                })
            },
            Self::encode_structure,
        )?;
        body.check_values(values)?;
        Ok(body)
    }

    /// Every value that an operation names is there, and of the kind that it should be.
    fn check_values(&self, values: &[Option<CommittedValue>]) -> Result<(), BodyError> {
        let check = |at: Option<ValueRef>, is_place: bool| -> Result<(), BodyError> {
            let Some(at) = at else { return Ok(()) };
            match values.get(at.0 as usize) {
                None => Err(BodyError::NoSuchValue(at.0)),
                Some(None) => Ok(()),
                Some(Some(value)) if is_place => Ok(Placed::decode(&value.value).map(|_| ())?),
                Some(Some(value)) => Ok(read_text(&value.value).map(|_| ())?),
            }
        };
        let is_beyond = |at: ValueRef| at.0 as usize >= values.len();
        for operation in &self.operations {
            match &operation.kind {
                Kind::Open { place, note, .. } => {
                    check(*place, true)?;
                    check(*note, false)?;
                }
                Kind::Set {
                    field,
                    content: Content::Value(at),
                    ..
                } => {
                    check(Some(*at), *field == Field::Place)?;
                }
                Kind::Comment(at) => check(Some(*at), false)?,
                Kind::Transition { reason, .. } => check(*reason, false)?,
                Kind::Verdict(act) => check(act.text(), false)?,
                // A chunk that cannot be read is a gap in the track, not a malformed commit:
                // its fixes are evidence against nobody but its own device.
                Kind::Track { chunk, .. } if values.get(chunk.0 as usize).is_none() => {
                    return Err(BodyError::NoSuchValue(chunk.0));
                }
                // Hints that cannot be read are none: they decide nothing.
                Kind::Attest(Attest {
                    hints: Some(at), ..
                }) if is_beyond(*at) => return Err(BodyError::NoSuchValue(at.0)),
                Kind::Set { .. }
                | Kind::Attest(_)
                | Kind::AddPhoto(_)
                | Kind::WithdrawPhoto(_)
                | Kind::StartPatrol { .. }
                | Kind::Track { .. }
                | Kind::StepPatrol(_)
                | Kind::Erase(_)
                | Kind::Unknown { .. } => {}
            }
        }
        Ok(())
    }
}

fn read_text(bytes: &[u8]) -> Result<&str, CborError> {
    exact(
        "text",
        bytes,
        |reader| reader.text("text", MAX_TEXT_BYTES),
        |text| {
            let mut writer = Writer::new();
            writer.text(text);
            writer.finish()
        },
    )
}

fn read_commitments(reader: &mut Reader<'_>) -> Result<Vec<Hash>, CborError> {
    let count = reader.array("commitments", MAX_VALUES)?;
    (0..count)
        .map(|_| reader.fixed("commitment").map(Hash))
        .collect()
}
