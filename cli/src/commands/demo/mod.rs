//! The whole loop on this machine, with nothing pretended: a hub process that is killed and
//! started again, four devices with stores of their own, real photos, real HTTP. What the
//! run finds is compared with `fixtures/demo/expected.json`, so it fails when anything differs.

mod inputs;
mod process;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bading_core::engine::{Engine, EngineError, EngineOptions};
use bading_core::model::case::{CaseId, ClassCode, Field};
use bading_core::model::identifiers::{DepartmentId, Hash, PersonId, Zone};
use bading_core::model::person::Role;
use bading_core::model::place::LatLon;
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::services::capture::{PhotoInput, Report};
use bading_core::services::case::{self, CaseDetail, MoveDetails};
use bading_core::services::{ServiceError, log, reference};
use bading_core::storage::case::CaseFilter;
use bading_hub::{CodeSpec, Hub, HubConfig, SystemHubClock};
use serde_json::{Value, json};

use self::inputs::{Inputs, Spot};
use self::process::{HubProcess, free_port};
use crate::args;
use crate::output::{Exit, Failure, Output};

const EXPECTED: &str = include_str!("../../../../fixtures/demo/expected.json");
const DEPARTMENT: &str = "市政养护公司";

pub(super) fn run(given: &args::Demo, output: &Output) -> Result<Exit, Failure> {
    let inputs = match &given.data {
        Some(dir) => inputs::from_folder(dir)?,
        None => inputs::bundled()?,
    };
    let (dir, is_temporary) = match &given.dir {
        Some(dir) => (dir.clone(), false),
        None => (temporary_dir(), true),
    };
    if dir.exists()
        && dir
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(Failure::in_file(
            &dir,
            "the folder is not empty: the demo starts from nothing",
        ));
    }
    let port = if given.once { free_port()? } else { given.port };
    let mut demo = Demo::new(&dir, port, inputs, output)?;
    let found = demo.play()?;
    let expected: Value = serde_json::from_str(EXPECTED).map_err(|error| Failure {
        exit: Exit::Bug,
        line: format!("expected.json: {error}"),
    })?;
    let differences = differences("", &expected, &found);
    let answer =
        json!({ "agrees": differences.is_empty(), "differences": differences, "found": found });
    output.answer(&answer, |_| summary(&found, &differences))?;
    let exit = if differences.is_empty() {
        Exit::Done
    } else {
        Exit::No
    };
    if !given.once && exit == Exit::Done {
        demo.hub.start()?;
        output.note(format!(
            "the hub goes on at {} (stop it with Ctrl-C)",
            demo.hub.url()
        ));
        demo.hub.wait();
    }
    drop(demo);
    if is_temporary && given.once {
        // What stays behind in a temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&dir);
    }
    Ok(exit)
}

fn temporary_dir() -> PathBuf {
    std::env::temp_dir().join(format!("bading-demo-{}", std::process::id()))
}

/// The four devices, their hub, and what happened to the two cases.
struct Demo<'a> {
    output: &'a Output,
    inputs: Inputs,
    hub_dir: PathBuf,
    hub: HubProcess,
    codes: [String; 4],
    inspector: Engine,
    citizen: Engine,
    handler: Engine,
    supervisor: Engine,
}

impl<'a> Demo<'a> {
    fn new(dir: &Path, port: u16, inputs: Inputs, output: &'a Output) -> Result<Self, Failure> {
        let hub_dir = dir.join("hub");
        let zone = Zone::parse("310101").map_err(Failure::input)?;
        Hub::init(&hub_dir, &HubConfig::new("demo", zone)).map_err(super::hub::failure)?;
        let hub = Hub::open(&hub_dir, Arc::new(SystemHubClock)).map_err(super::hub::failure)?;
        hub.put_pack(reference::GRIDS, &inputs.grids)
            .map_err(super::hub::failure)?;
        hub.put_pack(reference::DUTIES, &inputs.duties)
            .map_err(super::hub::failure)?;
        let code = |role, person: &str, department: Option<&str>| -> Result<String, Failure> {
            let mut spec = CodeSpec::new(role);
            spec.person = Some(PersonId::parse(person).map_err(Failure::input)?);
            let department = department.map(DepartmentId::parse).transpose();
            spec.department = department.map_err(Failure::input)?;
            Ok(hub.create_code(&spec).map_err(super::hub::failure)?.code)
        };
        let codes = [
            code(Role::Inspector, "i-0001", None)?,
            code(Role::Citizen, "c-0001", None)?,
            code(Role::Handler, "h-0001", Some(DEPARTMENT))?,
            code(Role::Supervisor, "s-0001", None)?,
        ];
        let phone = |name: &str| Engine::open(&dir.join(name), EngineOptions::default());
        Ok(Self {
            output,
            inputs,
            hub: HubProcess::new(&hub_dir, port),
            hub_dir,
            codes,
            inspector: phone("inspector")?,
            citizen: phone("citizen")?,
            handler: phone("handler")?,
            supervisor: phone("supervisor")?,
        })
    }

    fn step(&self, line: &str) {
        self.output.note(format!("· {line}"));
    }

    /// Plays the day and gives what was found, in the form of `expected.json`.
    fn play(&mut self) -> Result<Value, Failure> {
        self.step(
            "the hub starts; inspector, handler and supervisor enrol and fetch grids and duties",
        );
        self.hub.start()?;
        let url = self.hub.url();
        for (phone, code) in [
            (&self.inspector, 0),
            (&self.handler, 2),
            (&self.supervisor, 3),
        ] {
            phone.enrol(&url, &self.codes[code])?;
            phone.sync()?;
        }

        self.step("the hub is gone; the inspector reports with two photos, the citizen, not even enrolled, with one");
        self.hub.stop();
        let near_far = [self.photo(0), self.photo(1)];
        let a = report(
            &self.inspector,
            &near_far,
            &self.inputs.spots[0],
            "010101",
            "井盖破损，有坠落危险",
        )?;
        let b = report(
            &self.citizen,
            &[self.photo(2)],
            &self.inputs.spots[1],
            "020101",
            "垃圾堆在路口",
        )?;
        let offline_sync = self
            .inspector
            .sync()
            .err()
            .map(|error| error.kind().as_str());
        let offline_verify = self.inspector.verify()?.sound && self.citizen.verify()?.sound;

        self.step("the hub comes back; the citizen enrols; everybody syncs");
        self.hub.start()?;
        self.citizen.enrol(&url, &self.codes[1])?;
        let sent = [self.inspector.sync()?, self.citizen.sync()?];
        self.supervisor.sync()?;
        let seen = self
            .supervisor
            .list_cases(&CaseFilter::default(), None, 50)?
            .cases
            .len();

        self.step("the citizen's phone had no grids: the supervisor gives the case its cell");
        let spot = &self.inputs.spots[1];
        let at = LatLon::try_new(spot.lat_deg, spot.lon_deg).map_err(Failure::input)?;
        if let Some(grid) = self.supervisor.grid_at(at)? {
            self.supervisor.amend(b, Field::Grid, grid.as_str())?;
        }

        self.step("the supervisor files and dispatches the inspector's case");
        self.act(&self.supervisor, a, Action::File, MoveDetails::default())?;
        let department = DepartmentId::parse(DEPARTMENT).map_err(Failure::input)?;
        let details = MoveDetails {
            department: Some(department),
            ..MoveDetails::default()
        };
        self.act(&self.supervisor, a, Action::Dispatch, details)?;
        self.supervisor.sync()?;
        self.handler.sync()?;
        self.inspector.sync()?;

        self.step("the hub is gone again; the handler repairs and answers with an 'after' photo");
        self.hub.stop();
        let details = MoveDetails {
            photos: vec![self.photo(3)],
            ..MoveDetails::default()
        };
        self.act(&self.handler, a, Action::Handle, details)?;

        self.step("offline, inspector and supervisor both correct the note of the citizen's case");
        self.inspector.amend(b, Field::Note, "垃圾堆在路口东侧")?;
        self.supervisor
            .amend(b, Field::Note, "垃圾堆在路口，约两立方米")?;

        self.step("the hub comes back; the inspector checks, the supervisor closes");
        self.hub.start()?;
        self.handler.sync()?;
        let conflict = [&self.inspector, &self.supervisor, &self.inspector]
            .map(Engine::sync)
            .into_iter()
            .next_back()
            .transpose()?
            .is_some_and(|report| report.conflicts.iter().any(|c| c.case_id == b.to_string()));
        self.act(&self.inspector, a, Action::Check, MoveDetails::default())?;
        self.inspector.sync()?;
        self.supervisor.sync()?;
        self.act(&self.supervisor, a, Action::Close, MoveDetails::default())?;
        self.supervisor.sync()?;

        self.step("a citizen's app that was tampered with closes the citizen's own case");
        let forged = self.forge_close(b)?;
        let refused = self.citizen.sync()?.refused;
        let refusal = refused
            .iter()
            .find(|commit| commit.commit == forged.to_string())
            .and_then(|commit| commit.reason.clone());

        self.step("everybody syncs once more, and every store is verified");
        for phone in [
            &self.inspector,
            &self.citizen,
            &self.handler,
            &self.supervisor,
        ] {
            phone.sync()?;
        }
        let shown_a = [&self.inspector, &self.handler, &self.supervisor].map(|p| p.show_case(a));
        let shown_a = shown_a
            .into_iter()
            .collect::<Result<Vec<_>, EngineError>>()?;
        let shown_b = [&self.inspector, &self.citizen, &self.supervisor].map(|p| p.show_case(b));
        let shown_b = shown_b
            .into_iter()
            .collect::<Result<Vec<_>, EngineError>>()?;
        let photos = self.fetch_photos(&shown_a[2])?;
        let verified = self.verify_all()?;
        self.hub.stop();
        let hub =
            Hub::open(&self.hub_dir, Arc::new(SystemHubClock)).map_err(super::hub::failure)?;
        let hub_sound = hub.verify().map_err(super::hub::failure)?.is_sound();
        Ok(json!({
            "offline": { "sync": offline_sync, "verify": offline_verify },
            "first_sync": {
                "pushed": sent[0].pushed + sent[1].pushed,
                "photos_sent": sent[0].photos_sent + sent[1].photos_sent,
                "supervisor_sees": seen,
            },
            "case_a": self.facts(&shown_a, &self.inputs.spots[0]),
            "case_b": self.facts(&shown_b, &self.inputs.spots[1]),
            "concurrent_edit": { "told": conflict, "values": values_of_note(&shown_b) },
            "forged_close": { "refused_because": refusal, "phase_after": shown_b[2].line.phase,
                "visible_as": outcome_of(&shown_b[2], &forged) },
            "photos_fetched_and_right": photos,
            "citizen_sees_only_own": self.citizen.show_case(a).is_err(),
            "verified": verified,
            "hub_verified": hub_sound,
        }))
    }

    fn photo(&self, index: usize) -> PhotoInput {
        PhotoInput {
            bytes: self.inputs.photos[index].clone(),
            role: None,
        }
    }

    fn act(
        &self,
        phone: &Engine,
        case_id: CaseId,
        action: Action,
        details: MoveDetails,
    ) -> Result<(), Failure> {
        phone.move_case(case_id, action, &details)?;
        Ok(())
    }

    /// Seals a close that this device has no right to, past the check that an honest app makes.
    fn forge_close(&self, case_id: CaseId) -> Result<Hash, Failure> {
        let context = self.citizen.context();
        let sealed = context.store.write(|tx| -> Result<Hash, ServiceError> {
            let device = context.signer.key();
            let history = log::history(tx, &device, case_id)?;
            let basis = history
                .state()
                .head
                .ok_or(ServiceError::NoSuchCase(case_id))?;
            let mut body = BodyBuilder::new();
            let forged = Kind::Transition {
                action: Action::Close,
                basis,
                department: None,
                reason: None,
            };
            body.push(Subject::case(case_id), forged);
            Ok(case::seal_about(tx, &context, case_id, &body.finish(), &history)?.hash())
        });
        Ok(sealed.map_err(EngineError::from)?)
    }

    /// What every store that holds the case must agree on.
    fn facts(&self, shown: &[CaseDetail], spot: &Spot) -> Value {
        let case = &shown[shown.len() - 1];
        let agrees = shown.iter().all(|other| {
            (
                other.line.phase,
                &other.line.number,
                &other.line.grid,
                &other.fields,
            ) == (
                case.line.phase,
                &case.line.number,
                &case.line.grid,
                &case.fields,
            ) && other.timeline.len() == case.timeline.len()
        });
        let mut roles: Vec<_> = case.photos.iter().map(|photo| photo.role).collect();
        roles.sort_unstable();
        let steps: Vec<_> = case
            .timeline
            .iter()
            .filter(|event| event.what != "photo" && event.what != "set")
            .map(|event| format!("{} {}", event.what, event.outcome))
            .collect();
        json!({
            "stores_agree": agrees,
            "phase": case.line.phase,
            "number_ends_with": case.line.number.as_deref().and_then(|n| n.rsplit('-').next()),
            "class": case.line.class,
            "grid_is_right": case.line.grid.as_deref() == Some(spot.grid.as_str()),
            "reporter": case.reporter,
            "source": case.source,
            "department": case.department,
            "photo_roles": roles,
            "steps": steps,
            "provisional": case.line.provisional,
        })
    }

    /// Fetches the case's photos to the supervisor's store and hashes them.
    fn fetch_photos(&self, case: &CaseDetail) -> Result<bool, Failure> {
        let mut right = !case.photos.is_empty();
        for photo in &case.photos {
            let hash: Hash = photo.hash.parse().map_err(Failure::input)?;
            let bytes = self.supervisor.fetch_photo(&hash)?;
            right &= self.inputs.photos.contains(&bytes);
        }
        Ok(right)
    }

    fn verify_all(&self) -> Result<Value, Failure> {
        let mut all = serde_json::Map::new();
        let phones = [
            ("inspector", &self.inspector),
            ("citizen", &self.citizen),
            ("handler", &self.handler),
            ("supervisor", &self.supervisor),
        ];
        for (name, phone) in phones {
            let report = phone.verify()?;
            for fault in &report.problems {
                self.output
                    .note(format!("{name}: {} {}", fault.kind, fault.detail));
            }
            let waits = phone.status()?.outbox;
            all.insert(
                name.to_owned(),
                json!({ "sound": report.sound, "outbox": waits }),
            );
        }
        Ok(Value::Object(all))
    }
}

fn report(
    phone: &Engine,
    photos: &[PhotoInput],
    spot: &Spot,
    class: &str,
    note: &str,
) -> Result<CaseId, Failure> {
    let report = Report {
        photos: photos.to_vec(),
        at: Some(LatLon::try_new(spot.lat_deg, spot.lon_deg).map_err(Failure::input)?),
        accuracy_m: Some(8.0),
        class: Some(ClassCode::parse(class).map_err(Failure::input)?),
        note: Some(note.to_owned()),
        ..Report::default()
    };
    phone
        .report(&report)?
        .case_id
        .parse()
        .map_err(Failure::input)
}

fn values_of_note(shown: &[CaseDetail]) -> Vec<usize> {
    let values = |case: &CaseDetail| {
        let note = case.fields.iter().find(|field| field.field == "note");
        note.map_or(0, |note| 1 + note.also_said.len())
    };
    shown.iter().map(values).collect()
}

fn outcome_of(case: &CaseDetail, commit: &Hash) -> Option<&'static str> {
    let commit = commit.to_string();
    case.timeline
        .iter()
        .find(|event| event.commit == commit)
        .map(|event| event.outcome)
}

/// Where two documents differ, each with its path.
fn differences(path: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let mut keys: Vec<_> = expected.keys().chain(found.keys()).collect();
            keys.sort();
            keys.dedup();
            let null = Value::Null;
            keys.into_iter()
                .flat_map(|key| {
                    let (e, f) = (expected.get(key), found.get(key));
                    differences(
                        &format!("{path}/{key}"),
                        e.unwrap_or(&null),
                        f.unwrap_or(&null),
                    )
                })
                .collect()
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!("{path}: expected {expected}, found {found}")],
    }
}

fn summary(found: &Value, differences: &[String]) -> String {
    let mut lines = String::new();
    write_leaves("", found, &mut lines);
    for difference in differences {
        lines.push_str(&format!("DIFFERS {difference}\n"));
    }
    lines.push_str(match differences {
        [] => "everything is as expected\n",
        _ => "NOT as expected\n",
    });
    lines
}

/// One line for each thing that was found, by its path.
fn write_leaves(path: &str, value: &Value, lines: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                write_leaves(&path, member, lines);
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(plain).collect();
            lines.push_str(&format!("{path:<34} {}\n", items.join(", ")));
        }
        leaf => lines.push_str(&format!("{path:<34} {}\n", plain(leaf))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
