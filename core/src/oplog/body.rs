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
use crate::model::identifiers::{DepartmentId, Hash};
use crate::model::photo::{Photo, PhotoRole};
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::workflow::Action;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::{CommittedValue, MAX_VALUES, read_instant};

/// The most operations of one commit.
pub const MAX_OPERATIONS: usize = 256;
/// The most characters (bytes of UTF-8) of a note, a comment or a reason.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// The most operations that one may overwrite.
pub const MAX_OVERWRITES: usize = 64;

/// What an operation is about. New kinds come with new versions and are forwarded unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// 1 for a case; higher kinds belong to later versions.
    pub kind: u64,
    /// The subject's own name.
    pub id: [u8; 16],
}

impl Subject {
    /// The kind of a case.
    pub const CASE: u64 = 1;

    /// The subject of a case.
    #[must_use]
    pub fn case(id: CaseId) -> Self {
        Self {
            kind: Self::CASE,
            id: *id.0.as_bytes(),
        }
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
                Kind::Set { .. }
                | Kind::AddPhoto(_)
                | Kind::WithdrawPhoto(_)
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

fn write_operation(writer: &mut Writer, operation: &Operation) {
    let subject = operation.subject;
    let mut begin = |parts: usize, code: u64| {
        writer
            .array(parts + 3)
            .uint(code)
            .uint(subject.kind)
            .bytes(&subject.id);
    };
    match &operation.kind {
        Kind::Open {
            source,
            seen_at,
            duty_pin,
            class,
            grid,
            place,
            note,
        } => {
            begin(7, 1);
            writer
                .uint(source.code().into())
                .optional(*seen_at, |writer, at| {
                    writer.uint(at.0);
                })
                .optional(*duty_pin, |writer, pin| {
                    writer.bytes(&pin.0);
                })
                .optional(class.as_ref(), |writer, class| {
                    writer.text(class.as_str());
                })
                .optional(grid.as_ref(), |writer, grid| {
                    writer.text(grid.as_str());
                })
                .optional(*place, write_value_ref)
                .optional(*note, write_value_ref);
        }
        Kind::AddPhoto(photo) => {
            begin(3, 2);
            writer
                .bytes(&photo.hash.0)
                .uint(photo.role.code().into())
                .uint(photo.size_bytes);
        }
        Kind::WithdrawPhoto(added) => {
            begin(1, 3);
            write_op_id(writer, added);
        }
        Kind::Set {
            field,
            content,
            over,
        } => {
            begin(3, 4);
            writer.uint(field.code().into());
            match content {
                Content::Nothing => writer.null(),
                Content::Plain(text) => writer.text(text),
                Content::Value(at) => writer.uint(at.0.into()),
            };
            writer.array(over.len());
            for id in over {
                write_op_id(writer, id);
            }
        }
        Kind::Comment(at) => {
            begin(1, 5);
            write_value_ref(writer, *at);
        }
        Kind::Transition {
            action,
            basis,
            department,
            reason,
        } => {
            begin(4, 6);
            writer.uint(action.code().into());
            write_op_id(writer, basis);
            writer
                .optional(department.as_ref(), |writer, department| {
                    writer.text(department.as_str());
                })
                .optional(*reason, write_value_ref);
        }
        Kind::Unknown { bytes, .. } => {
            writer.raw(bytes);
        }
    }
}

fn write_value_ref(writer: &mut Writer, at: ValueRef) {
    writer.uint(at.0.into());
}

fn write_op_id(writer: &mut Writer, id: &OpId) {
    writer.array(2).bytes(&id.commit.0).uint(id.index.into());
}

fn read_operation(reader: &mut Reader<'_>) -> Result<Operation, CborError> {
    let bytes = reader.skip("operation")?;
    let mut reader = Reader::new(bytes);
    let parts = reader.array("operation", 64)? as u64;
    let code = reader.uint("operation kind")?;
    let subject = Subject {
        kind: reader.uint("subject kind")?,
        id: reader.fixed("subject")?,
    };
    let expect = |expected: u64| {
        let found = parts.saturating_sub(3);
        if found == expected {
            return Ok(());
        }
        Err(CborError::Parts {
            what: "operation",
            expected,
            found,
        })
    };
    let reader = &mut reader;
    let kind = match code {
        1 => {
            expect(7)?;
            read_open(reader)?
        }
        2 => {
            expect(3)?;
            Kind::AddPhoto(Photo {
                hash: Hash(reader.fixed("photo hash")?),
                role: PhotoRole::from_code(reader.uint("photo role")?)
                    .ok_or(CborError::Range("photo role"))?,
                size_bytes: reader.uint("photo size")?,
            })
        }
        3 => {
            expect(1)?;
            Kind::WithdrawPhoto(read_op_id(reader)?)
        }
        4 => {
            expect(3)?;
            read_set(reader)?
        }
        5 => {
            expect(1)?;
            Kind::Comment(read_value_ref(reader)?)
        }
        6 => {
            expect(4)?;
            read_transition(reader)?
        }
        _ => Kind::Unknown {
            code,
            bytes: bytes.to_vec(),
        },
    };
    Ok(Operation { subject, kind })
}

fn read_open(reader: &mut Reader<'_>) -> Result<Kind, CborError> {
    Ok(Kind::Open {
        source: Source::from_code(reader.uint("source")?).ok_or(CborError::Range("source"))?,
        seen_at: reader.optional("seen at", |reader| read_instant(reader, "seen at"))?,
        duty_pin: reader.optional("duty pin", |reader| reader.fixed("duty pin").map(Hash))?,
        class: reader.optional("class", read_class)?,
        grid: reader.optional("grid", read_grid)?,
        place: reader.optional("place", read_value_ref)?,
        note: reader.optional("note", read_value_ref)?,
    })
}

fn read_class(reader: &mut Reader<'_>) -> Result<ClassCode, CborError> {
    ClassCode::parse(reader.text("class", 128)?).map_err(|_| CborError::Range("class"))
}

fn read_grid(reader: &mut Reader<'_>) -> Result<GridCode, CborError> {
    GridCode::parse(reader.text("grid", 40)?).map_err(|_| CborError::Range("grid"))
}

fn read_set(reader: &mut Reader<'_>) -> Result<Kind, CborError> {
    let field = Field::from_code(reader.uint("field")?).ok_or(CborError::Range("field"))?;
    let content = reader.optional("content", |reader| {
        Ok(match field {
            Field::Class => Content::Plain(read_class(reader)?.as_str().to_owned()),
            Field::Grid => Content::Plain(read_grid(reader)?.as_str().to_owned()),
            Field::Note | Field::Place => Content::Value(read_value_ref(reader)?),
        })
    })?;
    let count = reader.array("overwrites", MAX_OVERWRITES)?;
    let over = (0..count)
        .map(|_| read_op_id(reader))
        .collect::<Result<Vec<_>, _>>()?;
    if over.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(CborError::NotExact("overwrites"));
    }
    Ok(Kind::Set {
        field,
        content: content.unwrap_or(Content::Nothing),
        over,
    })
}

fn read_transition(reader: &mut Reader<'_>) -> Result<Kind, CborError> {
    Ok(Kind::Transition {
        action: Action::from_code(reader.uint("action")?).ok_or(CborError::Range("action"))?,
        basis: read_op_id(reader)?,
        department: reader.optional("department", |reader| {
            DepartmentId::parse(reader.text("department", 256)?)
                .map_err(|_| CborError::Range("department"))
        })?,
        reason: reader.optional("reason", read_value_ref)?,
    })
}

fn read_value_ref(reader: &mut Reader<'_>) -> Result<ValueRef, CborError> {
    let at = reader.uint("value index")?;
    u32::try_from(at)
        .map(ValueRef)
        .map_err(|_| CborError::Range("value index"))
}

fn read_op_id(reader: &mut Reader<'_>) -> Result<OpId, CborError> {
    reader.parts("operation id", 2)?;
    let commit = Hash(reader.fixed("operation id")?);
    let index = reader.uint("operation id")?;
    let index = u32::try_from(index).map_err(|_| CborError::Range("operation id"))?;
    Ok(OpId { commit, index })
}
