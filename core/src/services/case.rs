//! Cases: list them, show one with everything that was said of it, and act on it.
//!
//! A move is checked here by the rights that this device knows of, so that a person learns at
//! once what the hub would refuse; the hub's judgement is the one that counts.

use serde::Serialize;

use crate::model::case::{CaseId, Field, OpId};
use crate::model::grid::GridCode;
use crate::model::identifiers::{ClassCode, DepartmentId, Hash};
use crate::model::photo::PhotoRole;
use crate::model::workflow::Action;
use crate::oplog::body::{Body, BodyBuilder, Content, Kind, Subject};
use crate::oplog::commit::Commit;
use crate::oplog::fold::{CaseState, Event, Outcome};
use crate::oplog::history::CaseHistory;
use crate::oplog::judge::judge;
use crate::oplog::merge::{FieldValue, Version};
use crate::services::capture::{PhotoInput, check_photos, check_text, keep_photos, note_photos};
use crate::services::log::{append, history, own_authority, zone_for};
use crate::services::seen::{Attested, Seen, attested, seen};
use crate::services::{Context, ServiceError};
use crate::storage::Tx;
use crate::storage::case::{CaseFilter, CaseRow, ListCursor};

/// The most lines of one page.
pub const MAX_PAGE: usize = 500;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseLine {
    /// The case.
    pub case_id: String,
    /// The official number, from filing on.
    pub number: Option<String>,
    /// Where it stands.
    pub phase: &'static str,
    /// The small class.
    pub class: Option<String>,
    /// The cell.
    pub grid: Option<String>,
    /// When it last changed, RFC 3339.
    pub updated: String,
    /// True while the hub has not stamped everything that counts.
    pub provisional: bool,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CasePage {
    /// The lines, the latest change first.
    pub cases: Vec<CaseLine>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<String>,
}

/// A value of a field, by whom and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// The value: a text, a place, or nothing when it was erased or emptied.
    pub value: serde_json::Value,
    /// The person, where known.
    pub by: Option<String>,
    /// The device.
    pub device: String,
    /// When, RFC 3339.
    pub at: String,
    /// True until the hub has stamped it.
    pub provisional: bool,
    /// True when the value was erased.
    pub erased: bool,
}

/// A field with what was said beside the value that is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldDetail {
    /// The field's key.
    pub field: &'static str,
    /// What counts.
    #[serde(flatten)]
    pub said: Said,
    /// What others said at the same time, not knowing of it.
    pub also_said: Vec<Said>,
}

/// A photo of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhotoDetail {
    /// BLAKE3 of the original bytes.
    pub hash: String,
    /// What it shows.
    pub role: &'static str,
    /// Length in bytes.
    pub size_bytes: u64,
    /// True when the bytes are in this store.
    pub here: bool,
    /// True when the hub has confirmed the bytes.
    pub at_hub: bool,
    /// True when the bytes were ordered to be erased everywhere.
    pub erased: bool,
}

/// One line of the case's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// What was done.
    pub what: &'static str,
    /// The person, where known.
    pub by: Option<String>,
    /// The device.
    pub device: String,
    /// The time that counts, RFC 3339.
    pub at: String,
    /// `effective`, `ineffective`, `refused`, `waiting` or `unread`.
    pub outcome: &'static str,
    /// Why, when it did not take effect: a stable code.
    pub reason: Option<String>,
    /// The comment or the reason that was given.
    pub text: Option<String>,
    /// True until the hub has stamped it.
    pub provisional: bool,
    /// The commit.
    pub commit: String,
}

/// A case with everything that was said of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseDetail {
    /// The line of the list.
    #[serde(flatten)]
    pub line: CaseLine,
    /// How the report came.
    pub source: Option<&'static str>,
    /// Who reported it, where known.
    pub reporter: Option<String>,
    /// When it was reported, RFC 3339.
    pub opened: Option<String>,
    /// When the report was made, as far as it is proved.
    pub seen: Option<Seen>,
    /// How the report came about, as its device says.
    pub attested: Option<Attested>,
    /// The department that it was dispatched to.
    pub department: Option<String>,
    /// The fields.
    pub fields: Vec<FieldDetail>,
    /// The photos.
    pub photos: Vec<PhotoDetail>,
    /// What happened, in the order of the log.
    pub timeline: Vec<TimelineEntry>,
}

/// What goes with a move.
#[derive(Debug, Clone, Default)]
pub struct MoveDetails {
    /// The department of a dispatch.
    pub department: Option<DepartmentId>,
    /// Why.
    pub reason: Option<String>,
    /// Photos that show it; without a role they are *after*.
    pub photos: Vec<PhotoInput>,
}

/// What an act on a case gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acted {
    /// The case.
    pub case_id: String,
    /// The commit that seals it.
    pub commit: String,
    /// Where the case stands now, as far as this device knows.
    pub phase: &'static str,
}

/// A page of cases, the latest change first.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn list(
    context: &Context<'_>,
    filter: &CaseFilter,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<CasePage, ServiceError> {
    let limit = limit.clamp(1, MAX_PAGE);
    let mut rows = context
        .store
        .read(|tx| tx.list_cases(filter, after, limit + 1))?;
    let next = (rows.len() > limit).then(|| {
        rows.truncate(limit);
        rows.last()
            .map(|row| format!("{}:{}", row.updated_ms, row.case_id))
    });
    Ok(CasePage {
        cases: rows.iter().map(line_of).collect(),
        next: next.flatten(),
    })
}

/// Reads the `next` of a page.
#[must_use]
pub fn parse_cursor(text: &str) -> Option<ListCursor> {
    let (updated_ms, case_id) = text.split_once(':')?;
    Some(ListCursor {
        updated_ms: updated_ms.parse().ok()?,
        case_id: case_id.parse().ok()?,
    })
}

fn line_of(row: &CaseRow) -> CaseLine {
    CaseLine {
        case_id: row.case_id.to_string(),
        number: row.number.clone(),
        phase: row.phase.as_str(),
        class: row.class.clone(),
        grid: row.grid.clone(),
        updated: rfc3339(row.updated_ms),
        provisional: row.is_provisional,
    }
}

fn rfc3339(ms: u64) -> String {
    crate::model::time::UtcMs(ms).to_rfc3339()
}

/// Everything about one case.
///
/// # Errors
/// [`ServiceError::NoSuchCase`].
pub fn show(context: &Context<'_>, case_id: CaseId) -> Result<CaseDetail, ServiceError> {
    context.store.read(|tx| {
        let row = tx
            .find_case(case_id)?
            .ok_or(ServiceError::NoSuchCase(case_id))?;
        let history = history(tx, &context.device(), case_id)?;
        let state = history.state();
        let opened = state.opened.as_ref();
        let photos = state
            .photos()
            .map(|of| {
                let (here, at_hub) = tx.find_blob(&of.photo.hash)?.unwrap_or_default();
                Ok(PhotoDetail {
                    hash: of.photo.hash.to_string(),
                    role: of.photo.role.as_str(),
                    size_bytes: of.photo.size_bytes,
                    here,
                    at_hub,
                    erased: tx.is_photo_erased(&of.photo.hash)?,
                })
            })
            .collect::<Result<_, ServiceError>>()?;
        Ok(CaseDetail {
            line: line_of(&row),
            source: opened.map(|opened| opened.source.as_str()),
            reporter: opened
                .and_then(|o| o.person.as_ref())
                .map(ToString::to_string),
            opened: opened.map(|opened| opened.at.ms.to_rfc3339()),
            seen: seen(state),
            attested: attested(tx, state)?,
            department: state.department.as_ref().map(ToString::to_string),
            fields: fields_of(state),
            photos,
            timeline: state.events.iter().map(timeline_entry).collect(),
        })
    })
}

fn fields_of(state: &CaseState) -> Vec<FieldDetail> {
    Field::ALL
        .into_iter()
        .filter_map(|field| {
            let register = state.register(field)?;
            let said = said(register.winner()?);
            let also_said = register.also_said().into_iter().map(self::said).collect();
            Some(FieldDetail {
                field: field.as_str(),
                said,
                also_said,
            })
        })
        .collect()
}

fn said(version: &Version) -> Said {
    let value = match &version.value {
        FieldValue::Text(text) => serde_json::Value::from(text.as_str()),
        FieldValue::Place(place) => serde_json::json!({
            "lat": place.lat_e7 as f64 / 1e7,
            "lon": place.lon_e7 as f64 / 1e7,
            "accuracy_m": place.accuracy_cm.map(|cm| cm as f64 / 100.0),
            "mock": place.is_mock,
        }),
        FieldValue::Nothing | FieldValue::Erased => serde_json::Value::Null,
    };
    Said {
        value,
        by: version.person.as_ref().map(ToString::to_string),
        device: version.device.to_string(),
        at: version.at.ms.to_rfc3339(),
        provisional: version.is_provisional,
        erased: version.value == FieldValue::Erased,
    }
}

fn timeline_entry(event: &Event) -> TimelineEntry {
    let (outcome, reason) = match &event.outcome {
        Outcome::Effective => ("effective", None),
        Outcome::Ineffective(why) => ("ineffective", Some((*why).to_owned())),
        Outcome::Refused(why) => ("refused", Some(why.clone())),
        Outcome::Waiting(why) => ("waiting", Some(why.clone())),
        Outcome::Unread => ("unread", None),
    };
    TimelineEntry {
        what: event.what,
        by: event.person.as_ref().map(ToString::to_string),
        device: event.device.to_string(),
        at: event.at.ms.to_rfc3339(),
        outcome,
        reason,
        text: event.text.clone(),
        provisional: event.is_provisional,
        commit: event.op.commit.to_string(),
    }
}

/// Adds a remark.
///
/// # Errors
/// [`ServiceError::NoSuchCase`], [`ServiceError::TextTooLong`], [`ServiceError::Refused`].
pub fn comment(context: &Context<'_>, case_id: CaseId, text: &str) -> Result<Acted, ServiceError> {
    check_text("comment", Some(text))?;
    context.store.write(|tx| {
        act(tx, context, case_id, |_, body| {
            let text = body.text(text, context.nonce());
            body.push(Subject::case(case_id), Kind::Comment(text));
            Ok(())
        })
    })
}

/// Sets a field again, naming every value that it replaces. Class, cell and note are texts;
/// a place is `lat,lon` in WGS 84.
///
/// # Errors
/// As [`comment`]; [`ServiceError::Identifier`] for a class or a cell that is none.
pub fn amend(
    context: &Context<'_>,
    case_id: CaseId,
    field: Field,
    text: &str,
) -> Result<Acted, ServiceError> {
    check_text(field.as_str(), Some(text))?;
    let identifier = |why| ServiceError::Identifier {
        field: field.as_str(),
        why,
    };
    context.store.write(|tx| {
        act(tx, context, case_id, |history, body| {
            let content = match field {
                Field::Class => Content::Plain(
                    ClassCode::parse(text)
                        .map_err(identifier)?
                        .as_str()
                        .to_owned(),
                ),
                Field::Grid => Content::Plain(
                    GridCode::parse(text)
                        .map_err(identifier)?
                        .as_str()
                        .to_owned(),
                ),
                Field::Note => Content::Value(body.text(text, context.nonce())),
                Field::Place => {
                    let at = crate::model::place::LatLon::parse(text)?;
                    let placed = crate::oplog::body::Placed::new(at, None, false);
                    Content::Value(body.place(&placed, context.nonce()))
                }
            };
            let over = history
                .state()
                .register(field)
                .map(|r| r.to_overwrite())
                .unwrap_or_default();
            body.push(
                Subject::case(case_id),
                Kind::Set {
                    field,
                    content,
                    over,
                },
            );
            Ok(())
        })
    })
}

/// Moves a case.
///
/// # Errors
/// [`ServiceError::Refused`] when this device's rights do not allow it,
/// [`ServiceError::WrongPhase`] when the move does not begin where the case stands, and as
/// [`comment`].
pub fn move_case(
    context: &Context<'_>,
    case_id: CaseId,
    action: Action,
    details: &MoveDetails,
) -> Result<Acted, ServiceError> {
    check_text("reason", details.reason.as_deref())?;
    let photos = check_photos(&details.photos, &[PhotoRole::After; 8])?;
    let build = |history: &CaseHistory, body: &mut BodyBuilder| {
        let state = history.state();
        if !action.rule().from.contains(&state.phase) {
            let (phase, action) = (state.phase.as_str(), action.as_str());
            return Err(ServiceError::WrongPhase { phase, action });
        }
        let basis = state.head.ok_or(ServiceError::NoSuchCase(case_id))?;
        let reason = details
            .reason
            .as_ref()
            .map(|text| body.text(text, context.nonce()));
        let subject = Subject::case(case_id);
        for checked in &photos {
            body.push(subject, Kind::AddPhoto(checked.photo));
        }
        let department = details.department.clone();
        body.push(
            subject,
            Kind::Transition {
                action,
                basis,
                department,
                reason,
            },
        );
        Ok(())
    };
    if !photos.is_empty() {
        // What can refuse the move is asked before the first byte of a photo is written.
        context
            .store
            .read(|tx| judged(tx, context, case_id, build))?;
        return keep_photos(context, &details.photos, &photos, |tx| {
            note_photos(tx, &photos)?;
            act(tx, context, case_id, build)
        });
    }
    context.store.write(|tx| act(tx, context, case_id, build))
}

/// Builds a body on what this device knows of the case and judges it.
fn judged(
    tx: &Tx<'_>,
    context: &Context<'_>,
    case_id: CaseId,
    build: impl FnOnce(&CaseHistory, &mut BodyBuilder) -> Result<(), ServiceError>,
) -> Result<(CaseHistory, Body), ServiceError> {
    tx.find_case(case_id)?
        .ok_or(ServiceError::NoSuchCase(case_id))?;
    let history = history(tx, &context.device(), case_id)?;
    let mut body = BodyBuilder::new();
    build(&history, &mut body)?;
    let body = body.finish();
    let authority = own_authority(tx)?;
    judge(&body, &context.device(), &authority, history.state()).map_err(ServiceError::Refused)?;
    Ok((history, body))
}

/// Builds a body, judges it, seals it.
fn act(
    tx: &Tx<'_>,
    context: &Context<'_>,
    case_id: CaseId,
    build: impl FnOnce(&CaseHistory, &mut BodyBuilder) -> Result<(), ServiceError>,
) -> Result<Acted, ServiceError> {
    let (history, body) = judged(tx, context, case_id, build)?;
    let commit = seal_about(tx, context, case_id, &body, &history)?;
    let phase = tx
        .find_case(case_id)?
        .map_or(history.state().phase, |row| row.phase);
    Ok(Acted {
        case_id: case_id.to_string(),
        commit: commit.hash().to_string(),
        phase: phase.as_str(),
    })
}

/// Seals a body about a case with what was seen of it as basis. No judgement is made: this
/// is what an app that was tampered with would do, and the hub refuses what it may not.
///
/// # Errors
/// As [`append`].
pub fn seal_about(
    tx: &Tx<'_>,
    context: &Context<'_>,
    case_id: CaseId,
    body: &Body,
    history: &CaseHistory,
) -> Result<Commit, ServiceError> {
    let zone = zone_for(tx, Some(case_id))?;
    append(tx, context, &zone, body, history.heads())
}

/// The last move that counts, which the next one names as its basis.
///
/// # Errors
/// [`ServiceError::NoSuchCase`].
pub fn head_of(context: &Context<'_>, case_id: CaseId) -> Result<OpId, ServiceError> {
    context.store.read(|tx| {
        let history = history(tx, &context.device(), case_id)?;
        history
            .state()
            .head
            .ok_or(ServiceError::NoSuchCase(case_id))
    })
}

/// A photo's bytes, when they are in this store.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn photo(context: &Context<'_>, hash: &Hash) -> Result<Option<Vec<u8>>, ServiceError> {
    Ok(context.store.blobs().get(hash)?)
}
