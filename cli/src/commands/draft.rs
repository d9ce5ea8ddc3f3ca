//! Drafts from a shell: each command goes on where the one before was, killed or not.

use std::path::{Path, PathBuf};

use bading_core::engine::{Engine, EngineError};
use bading_core::model::draft::{DraftField, DraftId, DraftValue, SeenPlace, SlotId};
use bading_core::model::identifiers::ClassCode;
use bading_core::model::photo::PhotoRole;
use bading_core::model::time::UtcMs;
use bading_core::services::ServiceError;
use bading_core::services::capture::PhotoInput;
use bading_core::services::draft::{DraftPhotoView, DraftView, PhotoMoment, PlaceView};
use serde_json::json;

use super::phone::{name_input, report_lines};
use super::{open, open_existing, place_at, read};
use crate::args::{Args, Draft, DraftChoice, DraftMoment, DraftPhoto, DraftSet};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(args: &Args, command: &Draft, output: &Output) -> Result<Exit, Failure> {
    match command {
        Draft::Start => output.answer(&open(args)?.start_draft()?, draft_lines)?,
        Draft::Set(given) => set(args, given, output)?,
        Draft::Photo { command } => photo(args, command, output)?,
        Draft::List => {
            let drafts = open_existing(args)?.list_drafts()?;
            output.answer(&json!({ "drafts": drafts }), |_| {
                drafts.iter().map(draft_lines).collect()
            })?;
        }
        Draft::Show(choice) => {
            let engine = open_existing(args)?;
            let draft_id = chosen(&engine, choice)?;
            output.answer(&engine.show_draft(draft_id)?, draft_lines)?;
        }
        Draft::Discard(choice) => {
            let engine = open_existing(args)?;
            let draft_id = chosen(&engine, choice)?;
            engine.discard_draft(draft_id)?;
            let answer = json!({ "draft_id": draft_id.to_string(), "discarded": true });
            output.answer(&answer, |_| format!("draft {draft_id} discarded\n"))?;
        }
        Draft::Report(choice) => {
            let engine = open_existing(args)?;
            let draft_id = chosen(&engine, choice)?;
            output.answer(&engine.report_draft(draft_id)?, report_lines)?;
        }
    }
    Ok(Exit::Done)
}

/// The draft that is named, else the only one there is.
fn chosen(engine: &Engine, choice: &DraftChoice) -> Result<DraftId, Failure> {
    if let Some(text) = &choice.draft {
        return text
            .parse()
            .map_err(|_| Failure::input(format!("--draft: `{text}` is not a draft id")));
    }
    let drafts = engine.list_drafts()?;
    match drafts.as_slice() {
        [draft] => Ok(draft.draft_id.parse().expect("the core's own id")),
        [] => Err(Failure::input(
            "there is no draft (bading draft start makes one)",
        )),
        several => Err(Failure::input(format!(
            "there are {} drafts: name one with --draft",
            several.len()
        ))),
    }
}

fn set(args: &Args, given: &DraftSet, output: &Output) -> Result<(), Failure> {
    let field = DraftField::parse(&given.field).ok_or_else(|| {
        let field = &given.field;
        Failure::input(format!(
            "field: `{field}` is none of class, note, place and seen_at"
        ))
    })?;
    let is_of_place = given.accuracy_m.is_some() || given.mock;
    if is_of_place && field != DraftField::Place {
        return Err(Failure::input("--accuracy-m and --mock belong to a place"));
    }
    let value = match given.value.as_str() {
        "" => None,
        text => Some(value(field, text, given)?),
    };
    let engine = open_existing(args)?;
    let draft_id = chosen(&engine, &given.choice)?;
    let draft = match value {
        Some(value) => engine.set_draft(draft_id, &value),
        None => engine.clear_draft(draft_id, field),
    };
    let draft = draft.map_err(|error| name_input(error, &[]))?;
    output.answer(&draft, draft_lines)
}

fn value(field: DraftField, text: &str, given: &DraftSet) -> Result<DraftValue, Failure> {
    Ok(match field {
        DraftField::Class => DraftValue::Class(
            ClassCode::parse(text).map_err(|error| Failure::input(format!("class: {error}")))?,
        ),
        DraftField::Note => DraftValue::Note(text.to_owned()),
        DraftField::Place => DraftValue::Place(SeenPlace {
            at: place_at(text, &given.datum)?,
            accuracy_m: given.accuracy_m,
            is_mock: given.mock,
        }),
        DraftField::SeenAt => DraftValue::SeenAt(instant("seen_at", text)?),
    })
}

fn photo(args: &Args, command: &DraftPhoto, output: &Output) -> Result<(), Failure> {
    match command {
        DraftPhoto::Add {
            choice,
            file,
            role,
            taken_at,
            moment,
        } => {
            let input = input(file, role.as_deref())?;
            let moment = photo_moment(taken_at.as_deref(), moment)?;
            let engine = open_existing(args)?;
            let draft_id = chosen(&engine, choice)?;
            let added = engine.add_draft_photo(draft_id, &input, &moment);
            answer_photo(added, file, output)
        }
        DraftPhoto::Expect {
            choice,
            role,
            target,
            moment,
        } => {
            let role = role.as_deref().map(parse_role).transpose()?;
            let place = seen_place(moment)?;
            let engine = open_existing(args)?;
            let draft_id = chosen(&engine, choice)?;
            let expected =
                engine.expect_draft_photo(draft_id, role, target.as_deref(), place.as_ref());
            let expected = expected.map_err(|error| name_input(error, &[]))?;
            output.answer(&expected, photo_line)
        }
        DraftPhoto::Take {
            slot,
            file,
            role,
            taken_at,
            moment,
        } => {
            let slot = parse_slot(slot)?;
            let moment = photo_moment(taken_at.as_deref(), moment)?;
            let engine = open_existing(args)?;
            let file = match file {
                Some(file) => file.clone(),
                None => target_of(&engine, slot)?,
            };
            let input = input(&file, role.as_deref())?;
            let taken = engine.take_draft_photo(slot, &input, &moment);
            answer_photo(taken, &file, output)
        }
        DraftPhoto::Remove { slot } => {
            let slot = parse_slot(slot)?;
            output.answer(&open_existing(args)?.remove_draft_photo(slot)?, draft_lines)
        }
    }
}

/// Where the camera was told to write the photo of a slot.
fn target_of(engine: &Engine, slot: SlotId) -> Result<PathBuf, Failure> {
    let slot_text = slot.to_string();
    let drafts = engine.list_drafts()?;
    let mut photos = drafts.into_iter().flat_map(|draft| draft.photos);
    let photo = photos
        .find(|photo| photo.slot == slot_text)
        .ok_or_else(|| Failure::from(EngineError::from(ServiceError::NoSuchSlot(slot))))?;
    photo
        .target
        .map(PathBuf::from)
        .ok_or_else(|| Failure::input(format!("slot {slot}: no target was told, so name the file")))
}

fn input(file: &Path, role: Option<&str>) -> Result<PhotoInput, Failure> {
    Ok(PhotoInput {
        role: role.map(parse_role).transpose()?,
        bytes: read(file)?,
    })
}

fn parse_role(text: &str) -> Result<PhotoRole, Failure> {
    PhotoRole::parse(text).ok_or_else(|| {
        Failure::input(format!(
            "--role: `{text}` is none of near, far, reference, before and after"
        ))
    })
}

fn parse_slot(text: &str) -> Result<SlotId, Failure> {
    text.parse()
        .map_err(|_| Failure::input(format!("slot: `{text}` is not a slot id")))
}

fn instant(what: &str, text: &str) -> Result<UtcMs, Failure> {
    UtcMs::parse_rfc3339(text)
        .ok_or_else(|| Failure::input(format!("{what}: `{text}` is not RFC 3339 with an offset")))
}

fn photo_moment(taken_at: Option<&str>, moment: &DraftMoment) -> Result<PhotoMoment, Failure> {
    Ok(PhotoMoment {
        at: taken_at
            .map(|text| instant("--taken-at", text))
            .transpose()?,
        place: seen_place(moment)?,
    })
}

fn seen_place(moment: &DraftMoment) -> Result<Option<SeenPlace>, Failure> {
    let at = moment.at.as_deref();
    let at = at.map(|at| place_at(at, &moment.datum)).transpose()?;
    Ok(at.map(|at| SeenPlace {
        at,
        accuracy_m: moment.accuracy_m,
        is_mock: moment.mock,
    }))
}

fn answer_photo(
    done: Result<DraftPhotoView, EngineError>,
    file: &Path,
    output: &Output,
) -> Result<(), Failure> {
    let photo = done.map_err(|error| name_input(error, &[file.to_owned()]))?;
    output.answer(&photo, photo_line)
}

fn place_text(place: &PlaceView) -> String {
    format!("{:.7},{:.7}", place.lat, place.lon)
}

fn draft_lines(draft: &DraftView) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = format!(
        "draft   {} (changed {})\nclass   {}\nplace   {}\nnote    {}\n",
        draft.draft_id,
        draft.changed,
        or_none(&draft.class),
        or_none(&draft.place.as_ref().map(place_text)),
        or_none(&draft.note)
    );
    for photo in &draft.photos {
        lines.push_str(&photo_line(photo));
    }
    lines
}

fn photo_line(photo: &DraftPhotoView) -> String {
    format!(
        "photo   {} {} {} {}\n",
        photo.slot,
        photo.state,
        photo.role.unwrap_or("-"),
        photo.target.as_deref().unwrap_or("-")
    )
}
