//! What is decided about a person: facts confirmed, points taken off, exemptions, verdicts
//! published, appeals and the decisions on them. Bytes: docs/formats/commit.md §4.
//!
//! Everything about one person is about one subject, whose name follows from the person's;
//! so who may say what needs no look at the state. An act is never changed: a later one
//! withdraws it, and both stay.

use crate::model::case::{CaseId, OpId};
use crate::model::identifiers::{GradeKey, Hash, PersonId, ReasonKey, RouteCode};
use crate::model::time::UtcMs;
use crate::model::verdict::Score;
use crate::oplog::body::{Subject, ValueRef};
use crate::oplog::cbor::{CborError, Reader, Writer};
use crate::oplog::commit::read_instant;
use crate::oplog::operation::{read_op_id, read_value_ref, write_op_id, write_value_ref};
use crate::oplog::sign::hash_of;

/// The first kind of operation that is an act.
pub(super) const FIRST_ACT: u64 = 19;
/// The last.
pub(super) const LAST_ACT: u64 = 25;
/// The most exemptions that one decision on an appeal names.
pub const MAX_EXEMPTIONS: usize = 64;
/// The most points that one act takes off, in hundredths.
pub const MAX_DEDUCTION_HUNDREDTHS: u32 = 10_000;

/// What is done about a person's verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerdictAct {
    /// A fact is confirmed against somebody, such as a forged photo.
    Find {
        /// Against whom.
        person: PersonId,
        /// What was found.
        reason: ReasonKey,
        /// When it was done; the shift that holds this instant is concerned.
        at: UtcMs,
        /// The case and the photo that it rests on, at least one of them.
        case: Option<CaseId>,
        /// The photo, by the hash of its original bytes.
        photo: Option<Hash>,
        /// More about it, as a value (text).
        note: Option<ValueRef>,
    },
    /// Points are taken off.
    Deduct {
        /// From whom.
        person: PersonId,
        /// Why, as the city's key.
        reason: ReasonKey,
        /// How much, in hundredths of a point, 1 to 10,000.
        points_hundredths: u32,
        /// When it was done.
        at: UtcMs,
        /// The case that it rests on, where there is one.
        case: Option<CaseId>,
        /// More about it, as a value (text).
        note: Option<ValueRef>,
    },
    /// Something does not count against somebody; the fact stays.
    Exempt {
        /// Whom, or everybody.
        person: Option<PersonId>,
        /// Why: `closed_road`, `emergency_order`, `appeal_upheld`.
        reason: ReasonKey,
        /// What does not count.
        what: Exemption,
        /// More about it, as a value (text).
        note: Option<ValueRef>,
    },
    /// A verdict becomes public.
    Publish(Box<Publication>),
    /// The person concerned appeals against a published verdict.
    Appeal {
        /// The publication.
        publication: OpId,
        /// Why, as a value (text).
        reason: ValueRef,
    },
    /// An appeal is decided.
    Decide {
        /// The appeal.
        appeal: OpId,
        /// True when it is upheld.
        is_upheld: bool,
        /// The exemptions of this commit that follow from it, by their place, ascending;
        /// they hold as far as this decision does.
        exemptions: Vec<u32>,
        /// Why, as a value (text).
        reason: ValueRef,
    },
    /// A finding, a deduction or an exemption is taken back: it was wrong.
    Withdraw {
        /// The act.
        act: OpId,
        /// Why, as a value (text).
        reason: Option<ValueRef>,
    },
}

/// What does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exemption {
    /// A stretch of a route, for shifts that share an instant with the time.
    Stretch {
        /// The route.
        route: RouteCode,
        /// Its beginning, in millimetres along the route.
        from_mm: u64,
        /// Its end, after the beginning.
        to_mm: u64,
        /// The beginning of the time.
        from: UtcMs,
        /// Its end, not included.
        to: UtcMs,
    },
    /// A time, of whatever kind of attendance.
    Time {
        /// Its beginning.
        from: UtcMs,
        /// Its end, not included.
        to: UtcMs,
    },
    /// A case's overtime.
    Overtime(CaseId),
    /// A finding or a deduction.
    Act(OpId),
}

/// A verdict as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Whose.
    pub person: PersonId,
    /// The beginning of its period.
    pub from: UtcMs,
    /// The end, not included.
    pub to: UtcMs,
    /// When it was computed: what was still open then is so in it.
    pub as_of: UtcMs,
    /// The hash of what it was computed from.
    pub inputs: Hash,
    /// The policy pack, where one was in force.
    pub policy: Option<Hash>,
    /// The score; nothing for a verdict that is not evaluated.
    pub score: Option<Score>,
    /// Its grade.
    pub grade: Option<GradeKey>,
    /// The hash of what the verdict comes to.
    pub verdict: Hash,
    /// Its number among the versions for this person and period, from 1.
    pub version: u32,
    /// The publication before it; nothing for the first.
    pub basis: Option<OpId>,
}

impl Subject {
    /// The subject of what is decided about a person.
    #[must_use]
    pub fn verdicts_of(person: &PersonId) -> Self {
        Self::verdicts(person.as_str())
    }

    /// The subject of what is decided for everybody.
    #[must_use]
    pub fn verdicts_of_everybody() -> Self {
        // No person has an empty name.
        Self::verdicts("")
    }

    fn verdicts(person: &str) -> Self {
        let name = hash_of(&[b"bading/verdict/1\0", person.as_bytes()].concat());
        let mut id = [0; 16];
        id.copy_from_slice(&name.0[..16]);
        Self {
            kind: Self::VERDICT,
            id,
        }
    }
}

impl VerdictAct {
    /// The subject that the act must be about, where it names the person itself.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Find { person, .. } | Self::Deduct { person, .. } => {
                Some(Subject::verdicts_of(person))
            }
            Self::Exempt { person, .. } => Some(
                person
                    .as_ref()
                    .map_or_else(Subject::verdicts_of_everybody, Subject::verdicts_of),
            ),
            Self::Publish(publication) => Some(Subject::verdicts_of(&publication.person)),
            Self::Appeal { .. } | Self::Decide { .. } | Self::Withdraw { .. } => None,
        }
    }

    /// The key in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Find { .. } => "find",
            Self::Deduct { .. } => "deduct",
            Self::Exempt { .. } => "exempt",
            Self::Publish(_) => "publish",
            Self::Appeal { .. } => "appeal",
            Self::Decide { .. } => "decide",
            Self::Withdraw { .. } => "withdraw",
        }
    }

    /// The text that stands beside it, as a value.
    pub(crate) fn text(&self) -> Option<ValueRef> {
        match self {
            Self::Find { note, .. } | Self::Deduct { note, .. } | Self::Exempt { note, .. } => {
                *note
            }
            Self::Appeal { reason, .. } | Self::Decide { reason, .. } => Some(*reason),
            Self::Withdraw { reason, .. } => *reason,
            Self::Publish(_) => None,
        }
    }

    /// The code of the operation, and how many parts it has after its subject.
    pub(super) fn form(&self) -> (u64, usize) {
        match self {
            Self::Find { .. } => (19, 6),
            Self::Deduct { .. } => (20, 6),
            Self::Exempt { .. } => (21, 4),
            Self::Publish(_) => (22, 11),
            Self::Appeal { .. } => (23, 2),
            Self::Decide { .. } => (24, 4),
            Self::Withdraw { .. } => (25, 2),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Find {
                person,
                reason,
                at,
                case,
                photo,
                note,
            } => {
                writer
                    .text(person.as_str())
                    .text(reason.as_str())
                    .uint(at.0)
                    .optional(*case, write_case)
                    .optional(*photo, write_hash)
                    .optional(*note, write_value_ref);
            }
            Self::Deduct {
                person,
                reason,
                points_hundredths,
                at,
                case,
                note,
            } => {
                writer
                    .text(person.as_str())
                    .text(reason.as_str())
                    .uint((*points_hundredths).into())
                    .uint(at.0)
                    .optional(*case, write_case)
                    .optional(*note, write_value_ref);
            }
            Self::Exempt {
                person,
                reason,
                what,
                note,
            } => {
                writer
                    .optional(person.as_ref(), |writer, person| {
                        writer.text(person.as_str());
                    })
                    .text(reason.as_str());
                what.write(writer);
                writer.optional(*note, write_value_ref);
            }
            Self::Publish(publication) => publication.write(writer),
            Self::Appeal {
                publication,
                reason,
            } => {
                write_op_id(writer, publication);
                write_value_ref(writer, *reason);
            }
            Self::Decide {
                appeal,
                is_upheld,
                exemptions,
                reason,
            } => {
                write_op_id(writer, appeal);
                writer.flag(*is_upheld).array(exemptions.len());
                for index in exemptions {
                    writer.uint((*index).into());
                }
                write_value_ref(writer, *reason);
            }
            Self::Withdraw { act, reason } => {
                write_op_id(writer, act);
                writer.optional(*reason, write_value_ref);
            }
        }
    }

    /// Reads the parts after the subject; `parts` is how many there are.
    pub(super) fn read(code: u64, parts: u64, reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let expect = |expected: u64| {
            if parts == expected {
                return Ok(());
            }
            Err(CborError::Parts {
                what: "operation",
                expected,
                found: parts,
            })
        };
        match code {
            19 => {
                expect(6)?;
                read_find(reader)
            }
            20 => {
                expect(6)?;
                read_deduct(reader)
            }
            21 => {
                expect(4)?;
                Ok(Self::Exempt {
                    person: reader.optional("person", read_person)?,
                    reason: read_reason(reader)?,
                    what: Exemption::read(reader)?,
                    note: reader.optional("note", read_value_ref)?,
                })
            }
            22 => {
                expect(11)?;
                Ok(Self::Publish(Box::new(Publication::read(reader)?)))
            }
            23 => {
                expect(2)?;
                Ok(Self::Appeal {
                    publication: read_op_id(reader)?,
                    reason: read_value_ref(reader)?,
                })
            }
            24 => {
                expect(4)?;
                read_decide(reader)
            }
            25 => {
                expect(2)?;
                Ok(Self::Withdraw {
                    act: read_op_id(reader)?,
                    reason: reader.optional("reason", read_value_ref)?,
                })
            }
            _ => Err(CborError::Range("operation kind")),
        }
    }
}

impl Exemption {
    /// The key in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stretch { .. } => "stretch",
            Self::Time { .. } => "time",
            Self::Overtime(_) => "overtime",
            Self::Act(_) => "act",
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Stretch {
                route,
                from_mm,
                to_mm,
                from,
                to,
            } => {
                writer
                    .array(6)
                    .uint(1)
                    .text(route.as_str())
                    .uint(*from_mm)
                    .uint(*to_mm)
                    .uint(from.0)
                    .uint(to.0);
            }
            Self::Time { from, to } => {
                writer.array(3).uint(2).uint(from.0).uint(to.0);
            }
            Self::Overtime(case) => {
                writer.array(2).uint(3);
                write_case(writer, *case);
            }
            Self::Act(act) => {
                writer.array(2).uint(4);
                write_op_id(writer, act);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        const WHAT: &str = "exemption";
        let found = reader.array(WHAT, 6)? as u64;
        let code = reader.uint(WHAT)?;
        let expected = match code {
            1 => 6,
            2 => 3,
            3 | 4 => 2,
            _ => return Err(CborError::Range(WHAT)),
        };
        if found != expected {
            return Err(CborError::Parts {
                what: WHAT,
                expected,
                found,
            });
        }
        Ok(match code {
            1 => {
                let route = RouteCode::parse(reader.text("route", 256)?)
                    .map_err(|_| CborError::Range("route"))?;
                let (from_mm, to_mm) = (reader.uint("stretch")?, reader.uint("stretch")?);
                if from_mm >= to_mm {
                    return Err(CborError::Range("stretch"));
                }
                let (from, to) = read_time(reader)?;
                Self::Stretch {
                    route,
                    from_mm,
                    to_mm,
                    from,
                    to,
                }
            }
            2 => {
                let (from, to) = read_time(reader)?;
                Self::Time { from, to }
            }
            3 => Self::Overtime(read_case(reader)?),
            _ => Self::Act(read_op_id(reader)?),
        })
    }
}

impl Publication {
    fn write(&self, writer: &mut Writer) {
        writer
            .text(self.person.as_str())
            .uint(self.from.0)
            .uint(self.to.0)
            .uint(self.as_of.0)
            .bytes(&self.inputs.0)
            .optional(self.policy, write_hash)
            .optional(self.score, |writer, score| {
                writer.uint(score.hundredths().into());
            })
            .optional(self.grade.as_ref(), |writer, grade| {
                writer.text(grade.as_str());
            })
            .bytes(&self.verdict.0)
            .uint(self.version.into())
            .optional(self.basis.as_ref(), write_op_id);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let person = read_person(reader)?;
        let (from, to) = read_time(reader)?;
        let publication = Self {
            person,
            from,
            to,
            as_of: read_instant(reader, "as of")?,
            inputs: Hash(reader.fixed("inputs")?),
            policy: reader.optional("policy", read_hash)?,
            score: reader.optional("score", |reader| {
                u16::try_from(reader.uint("score")?)
                    .ok()
                    .and_then(Score::from_hundredths)
                    .ok_or(CborError::Range("score"))
            })?,
            grade: reader.optional("grade", |reader| {
                GradeKey::parse(reader.text("grade", 64)?).map_err(|_| CborError::Range("grade"))
            })?,
            verdict: Hash(reader.fixed("verdict")?),
            version: u32::try_from(reader.uint("version")?)
                .map_err(|_| CborError::Range("version"))?,
            basis: reader.optional("basis", read_op_id)?,
        };
        // The first has nothing before it, and only the first.
        if publication.version == 0 || (publication.version == 1) != publication.basis.is_none() {
            return Err(CborError::Range("version"));
        }
        Ok(publication)
    }
}

fn read_find(reader: &mut Reader<'_>) -> Result<VerdictAct, CborError> {
    let person = read_person(reader)?;
    let reason = read_reason(reader)?;
    let at = read_instant(reader, "instant")?;
    let case = reader.optional("case", read_case)?;
    let photo = reader.optional("photo", read_hash)?;
    if case.is_none() && photo.is_none() {
        return Err(CborError::Range("finding"));
    }
    Ok(VerdictAct::Find {
        person,
        reason,
        at,
        case,
        photo,
        note: reader.optional("note", read_value_ref)?,
    })
}

fn read_deduct(reader: &mut Reader<'_>) -> Result<VerdictAct, CborError> {
    let person = read_person(reader)?;
    let reason = read_reason(reader)?;
    let points_hundredths = u32::try_from(reader.uint("points")?)
        .ok()
        .filter(|points| (1..=MAX_DEDUCTION_HUNDREDTHS).contains(points))
        .ok_or(CborError::Range("points"))?;
    Ok(VerdictAct::Deduct {
        person,
        reason,
        points_hundredths,
        at: read_instant(reader, "instant")?,
        case: reader.optional("case", read_case)?,
        note: reader.optional("note", read_value_ref)?,
    })
}

fn read_decide(reader: &mut Reader<'_>) -> Result<VerdictAct, CborError> {
    let appeal = read_op_id(reader)?;
    let is_upheld = reader.flag("decision")?;
    let count = reader.array("exemptions", MAX_EXEMPTIONS)?;
    let exemptions = (0..count)
        .map(|_| {
            u32::try_from(reader.uint("exemptions")?).map_err(|_| CborError::Range("exemptions"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if exemptions.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(CborError::NotExact("exemptions"));
    }
    Ok(VerdictAct::Decide {
        appeal,
        is_upheld,
        exemptions,
        reason: read_value_ref(reader)?,
    })
}

fn read_person(reader: &mut Reader<'_>) -> Result<PersonId, CborError> {
    PersonId::parse(reader.text("person", 256)?).map_err(|_| CborError::Range("person"))
}

fn read_reason(reader: &mut Reader<'_>) -> Result<ReasonKey, CborError> {
    ReasonKey::parse(reader.text("reason", 32)?).map_err(|_| CborError::Range("reason"))
}

/// An interval that is not empty.
fn read_time(reader: &mut Reader<'_>) -> Result<(UtcMs, UtcMs), CborError> {
    let from = read_instant(reader, "time")?;
    let to = read_instant(reader, "time")?;
    if from >= to {
        return Err(CborError::Range("time"));
    }
    Ok((from, to))
}

fn read_case(reader: &mut Reader<'_>) -> Result<CaseId, CborError> {
    reader
        .fixed("case")
        .map(|id| CaseId(uuid::Uuid::from_bytes(id)))
}

fn read_hash(reader: &mut Reader<'_>) -> Result<Hash, CborError> {
    reader.fixed("hash").map(Hash)
}

fn write_case(writer: &mut Writer, case: CaseId) {
    writer.bytes(case.0.as_bytes());
}

fn write_hash(writer: &mut Writer, hash: Hash) {
    writer.bytes(&hash.0);
}
