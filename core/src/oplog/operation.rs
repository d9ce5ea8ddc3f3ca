//! The operations of a body, as bytes: docs/formats/commit.md §4.

use crate::model::case::{ClassCode, Field, OpId, Source};
use crate::model::grid::GridCode;
use crate::model::identifiers::{DepartmentId, Hash, RouteCode};
use crate::model::patrol::PatrolStep;
use crate::model::photo::{Photo, PhotoRole};
use crate::model::track::Mode;
use crate::model::workflow::Action;
use crate::oplog::attest::{ATTEST, ATTEST_PARTS, Attest};
use crate::oplog::body::{Content, Kind, MAX_OVERWRITES, Operation, Subject, ValueRef};
use crate::oplog::cbor::{CborError, Reader, Writer};
use crate::oplog::commit::read_instant;
use crate::oplog::erasure::{ERASE, ERASE_PARTS, EraseOrder};
use crate::oplog::verdict_act::{FIRST_ACT, LAST_ACT, VerdictAct};

pub(super) fn write_operation(writer: &mut Writer, operation: &Operation) {
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
        Kind::StartPatrol {
            mode,
            route,
            routes_pin,
        } => {
            begin(3, 16);
            writer
                .uint(mode.code().into())
                .optional(route.as_ref(), |writer, route| {
                    writer.text(route.as_str());
                })
                .optional(*routes_pin, |writer, pin| {
                    writer.bytes(&pin.0);
                });
        }
        Kind::Track {
            index,
            fixes,
            chunk,
        } => {
            begin(3, 17);
            writer.uint(*index).uint(*fixes);
            write_value_ref(writer, *chunk);
        }
        Kind::StepPatrol(step) => {
            begin(1, 18);
            writer.uint(step.code().into());
        }
        Kind::Verdict(act) => {
            let (code, parts) = act.form();
            begin(parts, code);
            act.write(writer);
        }
        Kind::Attest(attest) => {
            begin(ATTEST_PARTS, ATTEST);
            attest.write(writer);
        }
        Kind::Erase(order) => {
            begin(ERASE_PARTS, ERASE);
            order.write(writer);
        }
        Kind::Unknown { bytes, .. } => {
            writer.raw(bytes);
        }
    }
}

pub(super) fn write_value_ref(writer: &mut Writer, at: ValueRef) {
    writer.uint(at.0.into());
}

pub(super) fn write_op_id(writer: &mut Writer, id: &OpId) {
    writer.array(2).bytes(&id.commit.0).uint(id.index.into());
}

pub(super) fn read_operation(reader: &mut Reader<'_>) -> Result<Operation, CborError> {
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
        16 => {
            expect(3)?;
            read_start(reader)?
        }
        17 => {
            expect(3)?;
            Kind::Track {
                index: reader.uint("chunk index")?,
                fixes: reader.uint("fix count")?,
                chunk: read_value_ref(reader)?,
            }
        }
        18 => {
            expect(1)?;
            Kind::StepPatrol(
                PatrolStep::from_code(reader.uint("patrol step")?)
                    .ok_or(CborError::Range("patrol step"))?,
            )
        }
        FIRST_ACT..=LAST_ACT => {
            Kind::Verdict(VerdictAct::read(code, parts.saturating_sub(3), reader)?)
        }
        ATTEST => {
            expect(ATTEST_PARTS as u64)?;
            Kind::Attest(Attest::read(reader)?)
        }
        ERASE => {
            expect(ERASE_PARTS as u64)?;
            Kind::Erase(EraseOrder::read(reader)?)
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

fn read_start(reader: &mut Reader<'_>) -> Result<Kind, CborError> {
    Ok(Kind::StartPatrol {
        mode: Mode::from_code(reader.uint("mode")?).ok_or(CborError::Range("mode"))?,
        route: reader.optional("route", |reader| {
            RouteCode::parse(reader.text("route", 256)?).map_err(|_| CborError::Range("route"))
        })?,
        routes_pin: reader.optional("routes pin", |reader| reader.fixed("routes pin").map(Hash))?,
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

pub(super) fn read_value_ref(reader: &mut Reader<'_>) -> Result<ValueRef, CborError> {
    let at = reader.uint("value index")?;
    u32::try_from(at)
        .map(ValueRef)
        .map_err(|_| CborError::Range("value index"))
}

pub(super) fn read_op_id(reader: &mut Reader<'_>) -> Result<OpId, CborError> {
    reader.parts("operation id", 2)?;
    let commit = Hash(reader.fixed("operation id")?);
    let index = reader.uint("operation id")?;
    let index = u32::try_from(index).map_err(|_| CborError::Range("operation id"))?;
    Ok(OpId { commit, index })
}
