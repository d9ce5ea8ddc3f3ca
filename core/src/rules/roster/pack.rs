//! The pack of a roster: JSON in one order and one form, so that the same shifts are the
//! same bytes, and open without this software.

use serde::{Deserialize, Serialize};

use crate::geo::excerpt::excerpt;
use crate::model::identifiers::IdentifierError;
use crate::model::quantity::Proration;
use crate::model::time::UtcMs;
use crate::model::track::Mode;
use crate::rules::roster::file::{Fault, identifier, part_time, read_date};
use crate::rules::roster::{MAX_FILE_BYTES, Roster, RosterError, RosterProblem, Shift, Strictness};

/// The name of the format and its version.
const FORMAT: &str = "bading/roster/1";

#[derive(Serialize, Deserialize)]
struct Pack {
    format: String,
    shifts: Vec<Entry>,
}

/// A shift as JSON has it: instants in RFC 3339, absent fields left out.
#[derive(Serialize, Deserialize)]
struct Entry {
    person: String,
    date: String,
    slot: String,
    from: String,
    to: String,
    grids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<String>,
    mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backup: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leave: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    qualifications: Vec<String>,
    /// As 1/2; nothing is full duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part_time: Option<String>,
}

impl Roster {
    /// The pack: canonical JSON of the format `bading/roster/1`, shifts by person and start.
    #[must_use]
    pub fn to_pack(&self) -> Vec<u8> {
        let pack = Pack {
            format: FORMAT.to_owned(),
            shifts: self.shifts.iter().map(entry).collect(),
        };
        serde_json::to_vec(&pack).expect("text is always JSON")
    }

    /// Reads a pack that [`Roster::to_pack`] made, and checks it as a file is checked.
    ///
    /// # Errors
    /// [`RosterError::NotAPack`] for other bytes, else as [`super::read_roster`], the row
    /// being the place of the shift in the pack, from 1.
    pub fn from_pack(bytes: &[u8]) -> Result<Self, RosterError> {
        let size_bytes = bytes.len();
        if size_bytes > MAX_PACK_BYTES {
            return Err(RosterError::TooLarge { size_bytes });
        }
        let pack: Pack = serde_json::from_slice(bytes)
            .map_err(|error| RosterError::NotAPack(error.to_string()))?;
        if pack.format != FORMAT {
            let found = excerpt(&pack.format);
            return Err(RosterError::NotAPack(format!(
                "its format is `{found}`, not `{FORMAT}`"
            )));
        }
        let shifts = (1..).zip(pack.shifts).map(|(row, entry)| {
            shift(entry)
                .map(|shift| (Some(row), shift))
                .map_err(|(field, problem)| RosterError::Row {
                    row,
                    field,
                    problem,
                })
        });
        Self::try_new(shifts.collect::<Result<_, _>>()?, Strictness::Pack)
    }
}

/// A pack names all columns in each shift, so that it may be larger than its file.
const MAX_PACK_BYTES: usize = 8 * MAX_FILE_BYTES;

fn entry(shift: &Shift) -> Entry {
    Entry {
        person: shift.person.to_string(),
        date: shift.date.format("%Y-%m-%d").to_string(),
        slot: shift.slot.clone(),
        from: shift.from.to_rfc3339(),
        to: shift.to.to_rfc3339(),
        grids: shift.grids.iter().map(ToString::to_string).collect(),
        route: shift.route.as_ref().map(ToString::to_string),
        mode: shift.mode.as_str().to_owned(),
        backup: shift.backup.as_ref().map(ToString::to_string),
        leave: shift.leave.clone(),
        device: shift.device.clone(),
        role: shift.role.clone(),
        qualifications: shift.qualifications.clone(),
        part_time: (shift.part_time != Proration::FULL).then(|| shift.part_time.to_string()),
    }
}

fn shift(entry: Entry) -> Result<Shift, Fault> {
    let instant = |field, text: &str| {
        UtcMs::parse_rfc3339(text).ok_or((field, RosterProblem::NotATime(excerpt(text))))
    };
    let grids = entry.grids.iter().map(|code| identifier("grids", code));
    Ok(Shift {
        person: identifier("person", &entry.person)?,
        date: read_date(&entry.date)
            .ok_or_else(|| ("date", RosterProblem::NotADate(excerpt(&entry.date))))?,
        from: instant("from", &entry.from)?,
        to: instant("to", &entry.to)?,
        grids: grids.collect::<Result<_, Fault>>()?,
        route: optional("route", entry.route.as_deref())?,
        mode: Mode::parse(&entry.mode)
            .ok_or_else(|| ("mode", RosterProblem::UnknownMode(excerpt(&entry.mode))))?,
        backup: optional("backup", entry.backup.as_deref())?,
        slot: entry.slot,
        leave: entry.leave,
        device: entry.device,
        role: entry.role,
        qualifications: entry.qualifications,
        part_time: entry
            .part_time
            .map_or(Ok(Proration::FULL), |text| part_time(&text))?,
    })
}

fn optional<T: std::str::FromStr<Err = IdentifierError>>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, Fault> {
    text.map(|text| identifier(field, text)).transpose()
}
