//! Everything that a store holds about one person, for that person to read.
//!
//! What they signed is told whole, with texts, places and positions; so is what others
//! decided about them. Of the cases that they had a part in the course is told, but neither
//! who the others were nor what these wrote, except the reasons of moves in cases that the
//! person reported: those are written for them.
//!
//! The document is written item by item: a year of patrols has millions of positions.
//! Form: docs/formats/person-export.md.

mod operation;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::case::CaseId;
use crate::model::identifiers::{DeviceKey, Hash, PatrolId, PersonId};
use crate::model::photo::Photo;
use crate::model::time::UtcMs;
use crate::oplog::body::{Kind, Operation, Subject};
use crate::oplog::certificate::Certificate;
use crate::oplog::chunk::Chunk;
use crate::oplog::fold::{CaseState, Event, Input, Outcome};
use crate::oplog::patrol::PatrolState;
use crate::rules::roster::Shift;
use crate::services::log::{self, damaged, hub_key, own_authority, read_input};
use crate::services::{Context, ServiceError, draft};
use crate::storage::{StoreError, Tx};

use operation::{chunk_json, operation_json};

/// The name of the document's form.
pub const PERSON_FORM: &str = "bading/person/1";
const ROWS_AT_ONCE: usize = 500;

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PersonSummary {
    /// Devices that were granted to them.
    pub devices: usize,
    /// Commits that they signed, or that are about them.
    pub commits: usize,
    /// Positions in their tracks.
    pub positions: usize,
    /// Cases that they had a part in.
    pub cases: usize,
    /// Patrols that they walked.
    pub patrols: usize,
    /// Shifts in the roster.
    pub shifts: usize,
    /// Drafts and positions that are not sealed yet.
    pub unsealed: usize,
    /// Photos that they took.
    pub photos: Vec<String>,
}

impl PersonSummary {
    /// True when nothing is held about the person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Writes the document about one person; the phone and the hub bring what they hold.
pub struct PersonWriter<'w> {
    person: PersonId,
    devices: BTreeSet<DeviceKey>,
    out: &'w mut dyn Write,
    is_first: bool,
    cases: BTreeSet<CaseId>,
    patrols: BTreeSet<PatrolId>,
    photos: BTreeMap<(Hash, Option<CaseId>), Photo>,
    summary: PersonSummary,
}

impl<'w> PersonWriter<'w> {
    /// Begins the document.
    ///
    /// - `source`: `phone` or `hub`.
    /// - `grants`: every grant and revocation that is known, whoever's.
    ///
    /// # Errors
    /// Those of `out`, here and below.
    pub fn begin(
        person: &PersonId,
        source: &str,
        made: UtcMs,
        grants: impl IntoIterator<Item = (Certificate, bool)>,
        out: &'w mut dyn Write,
    ) -> io::Result<Self> {
        let mut writer = Self {
            person: person.clone(),
            devices: BTreeSet::new(),
            out,
            is_first: true,
            cases: BTreeSet::new(),
            patrols: BTreeSet::new(),
            photos: BTreeMap::new(),
            summary: PersonSummary::default(),
        };
        let head = json!({
            "format": PERSON_FORM,
            "person": person.as_str(),
            "source": source,
            "made": made.to_rfc3339(),
        });
        let head = head.to_string();
        // The sections follow within the same object.
        writer
            .out
            .write_all(head.trim_end_matches('}').as_bytes())?;
        writer.open("devices")?;
        for (certificate, is_revoked) in grants {
            let grant = certificate.grant();
            if grant.authority.person.as_ref() != Some(person) {
                continue;
            }
            writer.devices.insert(grant.device);
            let roles = grant.authority.roles.iter().map(|role| role.as_str());
            writer.item(&json!({
                "device": grant.device.to_string(),
                "roles": roles.collect::<Vec<_>>(),
                "grids": grant.authority.grids.0.iter().map(|grid| grid.as_str()).collect::<Vec<_>>(),
                "department": grant.authority.department.as_ref().map(|d| d.as_str()),
                "valid_from": grant.valid_from.to_rfc3339(),
                "valid_to": grant.valid_to.to_rfc3339(),
                "revoked": is_revoked,
            }))?;
        }
        writer.summary.devices = writer.devices.len();
        writer.close()?;
        writer.open("commits")?;
        Ok(writer)
    }

    /// Takes the next commit, whoever's; what concerns the person is written.
    ///
    /// # Errors
    /// Those of the output.
    pub fn commit(&mut self, input: &Input) -> io::Result<()> {
        let header = input.commit.header();
        let is_theirs = match &input.authority.person {
            Some(person) => *person == self.person,
            // Signed before the device was known to be theirs.
            None => self.devices.contains(&header.device),
        };
        let body = input.commit.body();
        let about = Subject::verdicts_of(&self.person);
        let operations: Vec<_> = body.iter().flat_map(|body| &body.operations).collect();
        let told: Vec<_> = (0..)
            .zip(&operations)
            .filter(|(_, operation)| is_theirs || operation.subject == about)
            .collect();
        if !is_theirs && told.is_empty() {
            return Ok(());
        }
        let values = input.commit.values();
        let mut written = Vec::with_capacity(told.len());
        for (index, operation) in told {
            if is_theirs {
                self.note(operation);
            }
            let mut value = operation_json(operation, values);
            let positions = value["positions"].as_array().map_or(0, Vec::len);
            self.summary.positions += positions;
            value["index"] = json!(index as u32);
            written.push(value);
        }
        self.summary.commits += 1;
        let stamp = input.annotation.as_ref().map(|stamp| {
            json!({
                "epoch": stamp.position.0,
                "position": stamp.position.1,
                "hub_time": stamp.hub_time.to_rfc3339(),
                "verdict": stamp.verdict.as_str(),
                "reason": stamp.verdict.reason(),
                "number": stamp.number,
            })
        });
        self.item(&json!({
            "commit": input.commit.hash().to_string(),
            "device": header.device.to_string(),
            "signed_by_person": is_theirs,
            "zone": header.zone.as_str(),
            "seq": header.seq,
            "wall_clock": header.clock.wall.to_rfc3339(),
            "last_hub_time": header.last_hub_time.map(UtcMs::to_rfc3339),
            "stamp": stamp,
            "unread": body.err().map(|error| error.to_string()),
            "operations": written,
        }))
    }

    fn note(&mut self, operation: &Operation) {
        let case_id = operation.subject.as_case();
        self.cases.extend(case_id);
        self.patrols.extend(operation.subject.as_patrol());
        if let Kind::AddPhoto(photo) = &operation.kind {
            self.photos.insert((photo.hash, case_id), *photo);
        }
    }

    /// The cases in which the person had a part, once every commit was taken.
    #[must_use]
    pub fn cases(&self) -> Vec<CaseId> {
        self.cases.iter().copied().collect()
    }

    /// The patrols that the person walked, likewise.
    #[must_use]
    pub fn patrols(&self) -> Vec<PatrolId> {
        self.patrols.iter().copied().collect()
    }

    /// Ends the commits and begins the cases.
    ///
    /// # Errors
    /// Those of the output.
    pub fn begin_cases(&mut self) -> io::Result<()> {
        self.close()?;
        self.open("cases")
    }

    /// Takes a case as it is folded.
    ///
    /// # Errors
    /// Those of the output.
    pub fn case(&mut self, state: &CaseState) -> io::Result<()> {
        self.summary.cases += 1;
        let reporter = state.opened.as_ref().and_then(|of| of.person.as_ref());
        let opened = state.opened.as_ref();
        let is_reporter = reporter == Some(&self.person)
            || opened.is_some_and(|of| of.person.is_none() && self.devices.contains(&of.device));
        let events = state.events.iter();
        let timeline: Vec<_> = events.map(|event| self.event(event, is_reporter)).collect();
        self.item(&json!({
            "case_id": state.case_id.to_string(),
            "number": state.number,
            "phase": state.phase.as_str(),
            "class": state.class().map(|class| class.to_string()),
            "grid": state.grid().map(|grid| grid.as_str().to_owned()),
            "reported_by_person": is_reporter,
            "updated": state.updated.ms.to_rfc3339(),
            "timeline": timeline,
        }))
    }

    fn event(&self, event: &Event, is_reporter: bool) -> Value {
        let is_theirs = match &event.person {
            Some(person) => *person == self.person,
            None => self.devices.contains(&event.device),
        };
        let is_for_them = is_theirs || (is_reporter && event.what != "comment");
        let (outcome, why) = match &event.outcome {
            Outcome::Effective => ("effective", None),
            Outcome::Ineffective(why) => ("ineffective", Some((*why).to_owned())),
            Outcome::Refused(why) => ("refused", Some(why.clone())),
            Outcome::Waiting(why) => ("waiting", Some(why.clone())),
            Outcome::Unread => ("unread", None),
        };
        json!({
            "what": event.what,
            "at": event.at.ms.to_rfc3339(),
            "by_person": is_theirs,
            "text": event.text.as_ref().filter(|_| is_for_them),
            "outcome": outcome,
            "reason": why,
        })
    }

    /// Ends the cases and begins the patrols.
    ///
    /// # Errors
    /// Those of the output.
    pub fn begin_patrols(&mut self) -> io::Result<()> {
        self.close()?;
        self.open("patrols")
    }

    /// Takes a patrol as it is folded; its positions stand in the commits.
    ///
    /// # Errors
    /// Those of the output.
    pub fn patrol(&mut self, state: &PatrolState) -> io::Result<()> {
        self.summary.patrols += 1;
        let started = state.started.as_ref();
        self.item(&json!({
            "patrol_id": state.patrol_id.to_string(),
            "phase": state.phase.as_str(),
            "route": started.and_then(|of| of.route.as_ref()).map(|route| route.as_str()),
            "mode": started.map(|of| of.mode.as_str()),
            "started": started.map(|of| of.at.ms.to_rfc3339()),
            "finished": state.finished.map(|at| at.ms.to_rfc3339()),
        }))
    }

    /// Ends the patrols and writes what the roster says, then what is not sealed yet.
    ///
    /// # Errors
    /// Those of the output.
    pub fn roster(&mut self, shifts: &[Shift], unsealed: &[Value]) -> io::Result<()> {
        self.close()?;
        self.open("roster")?;
        let is_theirs = |shift: &&Shift| {
            shift.person == self.person || shift.backup.as_ref() == Some(&self.person)
        };
        let theirs: Vec<_> = shifts.iter().filter(is_theirs).collect();
        self.summary.shifts = theirs.len();
        for shift in theirs {
            self.item(&json!({
                "date": shift.date.to_string(),
                "slot": shift.slot,
                "from": shift.from.to_rfc3339(),
                "to": shift.to.to_rfc3339(),
                "as_backup": shift.person != self.person,
                "grids": shift.grids.iter().map(|grid| grid.as_str()).collect::<Vec<_>>(),
                "route": shift.route.as_ref().map(|route| route.as_str()),
                // Why somebody else is on leave is no matter of the backup's.
                "leave": shift.leave.as_ref().filter(|_| shift.person == self.person),
                "device": shift.device,
                "role": shift.role,
                "qualifications": shift.qualifications,
            }))?;
        }
        self.close()?;
        self.open("unsealed")?;
        self.summary.unsealed = unsealed.len();
        for value in unsealed {
            self.item(value)?;
        }
        self.close()
    }

    /// Writes the photos and ends the document.
    ///
    /// - `is_here`: whether the store has a photo's bytes.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self, is_here: impl Fn(&Hash) -> bool) -> io::Result<PersonSummary> {
        self.open("photos")?;
        let mut hashes = BTreeSet::new();
        for ((hash, case_id), photo) in std::mem::take(&mut self.photos) {
            hashes.insert(hash);
            self.item(&json!({
                "hash": hash.to_string(),
                "role": photo.role.as_str(),
                "size_bytes": photo.size_bytes,
                "case_id": case_id.map(|case_id| case_id.to_string()),
                "here": is_here(&hash),
            }))?;
        }
        self.close()?;
        self.out.write_all(b"\n}\n")?;
        self.summary.photos = hashes.iter().map(Hash::to_string).collect();
        Ok(self.summary)
    }

    fn open(&mut self, section: &str) -> io::Result<()> {
        self.is_first = true;
        write!(self.out, ",\n\"{section}\":[")
    }

    fn item(&mut self, value: &Value) -> io::Result<()> {
        let comma: &[u8] = match std::mem::replace(&mut self.is_first, false) {
            true => b"\n",
            false => b",\n",
        };
        self.out.write_all(comma)?;
        serde_json::to_writer(&mut *self.out, value).map_err(io::Error::from)
    }

    fn close(&mut self) -> io::Result<()> {
        self.out.write_all(b"]")
    }
}

/// Writes everything that this phone holds about a person.
///
/// # Errors
/// [`ServiceError::Store`], for what cannot be written as well.
pub fn export(
    context: &Context<'_>,
    person: &PersonId,
    out: &mut dyn Write,
) -> Result<PersonSummary, ServiceError> {
    let made = context.host.now().wall;
    context.store.read(|tx| {
        let hub = hub_key(tx)?;
        let mut grants = Vec::new();
        for (_, grant) in tx.all_grants()? {
            let Some(hub) = &hub else { break };
            let certificate = Certificate::decode(&grant.certificate, hub).map_err(damaged)?;
            grants.push((certificate, grant.is_revoked));
        }
        // A phone's own certificate may be newer than the last grant that it has pulled.
        if let Some(own) = log::own_certificate(tx)?
            && grants.iter().all(|(known, _)| *known != own)
        {
            grants.push((own, false));
        }
        let mut writer =
            PersonWriter::begin(person, "phone", made, grants, out).map_err(StoreError::from)?;
        write_log(tx, context, &mut writer)?;
        let roster = context.reference.roster(tx)?;
        let shifts = roster
            .as_ref()
            .map_or(&[][..], |(_, roster)| roster.shifts());
        let unsealed = match own_authority(tx)?.person.as_ref() == Some(person) {
            true => unsealed(tx)?,
            false => Vec::new(),
        };
        writer.roster(shifts, &unsealed).map_err(StoreError::from)?;
        let blobs = context.store.blobs();
        let is_here = |hash: &Hash| blobs.size_bytes(hash).is_some();
        Ok(writer.finish(is_here).map_err(StoreError::from)?)
    })
}

fn write_log(
    tx: &Tx<'_>,
    context: &Context<'_>,
    writer: &mut PersonWriter<'_>,
) -> Result<(), ServiceError> {
    let (device, hub) = (context.device(), hub_key(tx)?);
    let mut after = 0;
    loop {
        let rows = tx.commits_after(after, ROWS_AT_ONCE)?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        for (_, stored) in &rows {
            let input = read_input(tx, stored, hub.as_ref(), &device)?;
            writer.commit(&input).map_err(StoreError::from)?;
        }
    }
    writer.begin_cases().map_err(StoreError::from)?;
    for case_id in writer.cases() {
        let history = log::history(tx, &device, case_id)?;
        writer.case(history.state()).map_err(StoreError::from)?;
    }
    writer.begin_patrols().map_err(StoreError::from)?;
    for patrol_id in writer.patrols() {
        let state = log::patrol_state(tx, &device, patrol_id)?;
        writer.patrol(&state).map_err(StoreError::from)?;
    }
    Ok(())
}

/// What this device has of its person and has not sealed: drafts, and the last positions of
/// a patrol under way.
fn unsealed(tx: &Tx<'_>) -> Result<Vec<Value>, ServiceError> {
    let mut found = Vec::new();
    for row in tx.list_drafts(draft::MAX_DRAFTS)? {
        found.push(json!({ "draft": draft::view_of(&row) }));
    }
    for bytes in tx.pieces()? {
        let chunk = Chunk::decode(&bytes).map_err(damaged)?;
        found.push(json!({ "positions": chunk_json(&chunk) }));
    }
    Ok(found)
}
