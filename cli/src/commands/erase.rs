//! Orders of erasure, from an administrator's store.

use bading_core::model::case::Field;
use bading_core::services::erasure::{Erasing, ToErase};

use super::open_existing;
use super::verdict::read;
use crate::args::{self, Args};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(args: &Args, given: &args::Erase, output: &Output) -> Result<Exit, Failure> {
    let what = what_of(given)?;
    let reason = read("--reason", &given.reason)?;
    let erasing = open_existing(args)?.erase(&what, &reason)?;
    output.answer(&erasing, erasing_lines)?;
    Ok(Exit::Done)
}

fn what_of(given: &args::Erase) -> Result<ToErase, Failure> {
    if let Some(photo) = &given.photo {
        return Ok(ToErase::Photo(read("--photo", photo)?));
    }
    if let Some(person) = &given.person {
        return Ok(ToErase::Person {
            person: read("--person", person)?,
            with_photos: given.with_photos,
        });
    }
    let (Some(case), Some(field)) = (&given.case, &given.field) else {
        return Err(Failure::input(
            "give --case and --field, --photo or --person",
        ));
    };
    let field = match Field::parse(field) {
        Some(field @ (Field::Note | Field::Place)) => field,
        _ => {
            return Err(Failure::input(format!(
                "--field: `{field}` is not note or place"
            )));
        }
    };
    let case = read("--case", case)?;
    Ok(ToErase::Field { case, field })
}

fn erasing_lines(erasing: &Erasing) -> String {
    format!(
        "ordered {} values, {} photos, in {} commits; `bading sync` carries it to the hub\n",
        erasing.values,
        erasing.photos,
        erasing.commits.len()
    )
}
