//! The day, step by step, and what was found in the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bading_core::engine::{Engine, EngineError, EngineOptions};
use bading_core::model::case::{CaseId, Field};
use bading_core::model::identifiers::{DepartmentId, Hash, PersonId, Zone};
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::services::capture::{PhotoInput, Report, Reported};
use bading_core::services::case::{self, CaseDetail, MoveDetails};
use bading_core::services::patrol::PatrolPlan;
use bading_core::services::reference::ROSTER;
use bading_core::services::review::{Review, ReviewScope};
use bading_core::services::{ServiceError, log};
use bading_core::storage::case::CaseFilter;
use bading_hub::{CodeSpec, Hub, HubConfig, RehearsalClock};
use serde_json::{Value, json};

use super::clock::DayClock;
use super::day::{Day, DayReport, OFFSET_MIN};
use super::facts;
use super::process::HubProcess;
use crate::commands::hub::failure;
use crate::output::{Failure, Output};

const DEPARTMENT: &str = "市政养护公司";
/// A silence in the walk from which the demo takes it that the app was killed there.
const KILLED_MS: u64 = 60_000;

/// The four phones, their hub, and the day.
pub(super) struct Demo<'a> {
    output: &'a Output,
    day: Day,
    clock: Arc<DayClock>,
    dir: PathBuf,
    pub(super) hub: HubProcess,
    codes: [String; 4],
    inspector: Engine,
    citizen: Engine,
    handler: Engine,
    supervisor: Engine,
}

/// The cases of the day.
struct Cases {
    manhole: CaseId,
    again: CaseId,
    north: CaseId,
    hints: Vec<&'static str>,
}

impl<'a> Demo<'a> {
    pub(super) fn new(
        dir: &Path,
        port: u16,
        day: Day,
        output: &'a Output,
    ) -> Result<Self, Failure> {
        let hub_dir = dir.join("hub");
        let zone = Zone::parse("310101").map_err(Failure::input)?;
        Hub::init(&hub_dir, &HubConfig::new("demo", zone)).map_err(failure)?;
        let morning = day.at(7, 0);
        let hub = Hub::open(&hub_dir, Arc::new(RehearsalClock::new(morning))).map_err(failure)?;
        for (kind, bytes) in &day.packs {
            hub.put_pack(kind, bytes).map_err(failure)?;
        }
        let code = |role, person: &str, department: Option<&str>| -> Result<String, Failure> {
            let mut spec = CodeSpec::new(role);
            spec.person = Some(PersonId::parse(person).map_err(Failure::input)?);
            let department = department.map(DepartmentId::parse).transpose();
            spec.department = department.map_err(Failure::input)?;
            Ok(hub.create_code(&spec).map_err(failure)?.code)
        };
        let codes = [
            code(Role::Inspector, "i-0001", None)?,
            code(Role::Citizen, "c-0001", None)?,
            code(Role::Handler, "h-0001", Some(DEPARTMENT))?,
            code(Role::Supervisor, "s-0001", None)?,
        ];
        // A second inspector, who is on leave today.
        code(Role::Inspector, "i-0002", None)?;
        hub.check_roster(&day.roster)
            .map_err(failure)?
            .map_err(|error| Failure::input(format!("roster: {error}")))?;
        hub.put_pack(ROSTER, &day.roster.to_pack())
            .map_err(failure)?;
        let clock = DayClock::new(morning);
        let phone = |name: &str| open(&dir.join(name), &clock);
        Ok(Self {
            output,
            hub: HubProcess::new(&hub_dir, port),
            codes,
            inspector: phone("inspector")?,
            citizen: phone("citizen")?,
            handler: phone("handler")?,
            supervisor: phone("supervisor")?,
            dir: dir.to_owned(),
            clock,
            day,
        })
    }

    fn step(&self, line: &str) {
        self.output.note(format!("· {line}"));
    }

    /// Kills the hub, or what is left of it, and starts it again at a time of the day.
    fn hub_at(&mut self, (hour, minute): (u64, u64)) -> Result<(), Failure> {
        let at = self.day.at(hour, minute);
        self.hub.stop();
        self.clock.set(at);
        self.hub.start(at)
    }

    /// Starts the hub for whoever looks at the page after the day.
    pub(super) fn hub_in_the_evening(&mut self) -> Result<(), Failure> {
        self.hub_at((18, 0))
    }

    /// Plays the day and gives what was found, in the form of `expected.json`.
    pub(super) fn play(&mut self) -> Result<Value, Failure> {
        self.step("the hub starts; inspector, handler and supervisor enrol and fetch grids, duties, routes, roster and calendar");
        let (schedule, midnight) = (self.day.schedule, self.day.midnight);
        let at = |(hour, minute): (u64, u64)| midnight.plus_ms((hour * 60 + minute) * 60_000);
        self.hub_at((7, 30))?;
        let url = self.hub.url();
        for (phone, code) in [
            (&self.inspector, 0),
            (&self.handler, 2),
            (&self.supervisor, 3),
        ] {
            phone.enrol(&url, &self.codes[code])?;
            phone.sync()?;
        }

        self.step("the hub is gone; a citizen, not even enrolled, reports litter");
        self.hub.stop();
        let litter = self.report(&self.citizen, &self.day.litter)?;

        self.step("the hub is back; the citizen enrols; inspector and supervisor hear of it");
        self.hub_at((7, 50))?;
        self.citizen.enrol(&url, &self.codes[1])?;
        let sent_citizen = self.citizen.sync()?;
        self.supervisor.sync()?;
        self.step("the citizen's phone had no grids: the supervisor gives the case its cell");
        let litter_id = id_of(&litter)?;
        if let Some(grid) = self.supervisor.grid_at(self.day.litter.place)? {
            self.supervisor
                .amend(litter_id, Field::Grid, grid.as_str())?;
        }
        self.supervisor.sync()?;
        self.inspector.sync()?;

        self.step("the hub is gone; the inspector walks the route and reports on the way; the app is killed in between");
        self.hub.stop();
        let cases = self.walk_and_report()?;
        let offline_sync = self.inspector.sync().err().map(|e| e.kind().as_str());
        let offline_verify = self.inspector.verify()?.sound && self.citizen.verify()?.sound;

        self.step("the hub is back: the walk so far and the reports arrive; the supervisor files, dispatches, and declines the duplicate");
        self.hub_at(schedule.filed)?;
        let sent = self.inspector.sync()?;
        self.supervisor.sync()?;
        let seen = self
            .supervisor
            .list_cases(&CaseFilter::default(), None, 50)?
            .cases
            .len();
        self.clock.set(at(schedule.filed));
        let to = |department: &str| -> Result<MoveDetails, Failure> {
            Ok(MoveDetails {
                department: Some(DepartmentId::parse(department).map_err(Failure::input)?),
                ..MoveDetails::default()
            })
        };
        for id in [cases.manhole, cases.north] {
            act(&self.supervisor, id, Action::File, MoveDetails::default())?;
        }
        self.supervisor.sync()?;
        for id in [cases.manhole, cases.north] {
            act(&self.supervisor, id, Action::Dispatch, to(DEPARTMENT)?)?;
        }
        let declined = MoveDetails {
            reason: Some("与群众上报的是同一处垃圾".to_owned()),
            ..MoveDetails::default()
        };
        act(&self.supervisor, cases.again, Action::Decline, declined)?;
        self.supervisor.sync()?;
        self.handler.sync()?;

        self.step("the hub is gone; the handler repairs the cover and answers with an 'after' photo; the other case waits");
        self.hub.stop();
        self.clock.set(at(schedule.repaired));
        let details = MoveDetails {
            photos: vec![photo(&self.day.after)],
            ..MoveDetails::default()
        };
        act(&self.handler, cases.manhole, Action::Handle, details)?;
        self.step("offline, inspector and supervisor both correct the note of the citizen's case");
        self.inspector
            .amend(litter_id, Field::Note, "垃圾堆在路口东侧")?;
        self.supervisor
            .amend(litter_id, Field::Note, "垃圾堆在路口，约两立方米")?;

        self.step("the hub is back; the inspector checks on site, goes on and finishes the patrol; the supervisor closes");
        self.hub_at(schedule.back)?;
        self.handler.sync()?;
        let conflict = [&self.inspector, &self.supervisor, &self.inspector]
            .map(Engine::sync)
            .into_iter()
            .next_back()
            .transpose()?
            .is_some_and(|report| {
                let told =
                    |c: &bading_core::services::sync::Conflict| c.case_id == litter_id.to_string();
                report.conflicts.iter().any(told)
            });
        self.feed_until(at(schedule.checked))?;
        self.clock.set(at(schedule.checked));
        act(
            &self.inspector,
            cases.manhole,
            Action::Check,
            MoveDetails::default(),
        )?;
        self.feed_until(UtcMs::MAX)?;
        self.inspector.finish_patrol()?;
        self.hub_at(schedule.closed)?;
        self.inspector.sync()?;
        self.supervisor.sync()?;
        act(
            &self.supervisor,
            cases.manhole,
            Action::Close,
            MoveDetails::default(),
        )?;
        self.supervisor.sync()?;

        self.step("a citizen's app that was tampered with closes the citizen's own case");
        self.clock.set(at(schedule.closed));
        let forged = self.forge_close(litter_id)?;
        let refused = self.citizen.sync()?.refused;
        let refusal = refused
            .iter()
            .find(|commit| commit.commit == forged.to_string())
            .and_then(|commit| commit.reason.clone());

        self.step("in the evening everybody syncs once more; the day is reviewed; every store is verified");
        self.hub_at((18, 0))?;
        for phone in self.phones().map(|(_, phone)| phone) {
            phone.sync()?;
        }
        let page = facts::page(&self.hub.url())?;
        let shown = [&self.inspector, &self.handler, &self.supervisor];
        let manhole = show(&shown, cases.manhole)?;
        let shown = [&self.inspector, &self.citizen, &self.supervisor];
        let litter = show(&shown, litter_id)?;
        let photos = self.fetch_photos(&manhole[2])?;
        let verified = self.verify_all()?;
        self.hub.stop();
        let reviewed = self.review(&cases)?;
        Ok(json!({
            "offline": { "sync": offline_sync, "verify": offline_verify },
            "first_sync": {
                "pushed": sent_citizen.pushed,
                "photos_sent": sent.photos_sent + sent_citizen.photos_sent,
                "supervisor_sees": seen,
            },
            "manhole": facts::case(&manhole, self.cell_of(&self.day.manhole, 0)?.as_deref()),
            "litter": facts::case(&litter, self.cell_of(&self.day.litter, 1)?.as_deref()),
            "near_duplicate_hints": cases.hints,
            "concurrent_edit": { "told": conflict, "values": facts::values_of_note(&litter) },
            "forged_close": { "refused_because": refusal, "phase_after": litter[2].line.phase,
                "visible_as": facts::outcome_of(&litter[2], &forged) },
            "photos_fetched_and_right": photos,
            "citizen_sees_only_own": self.citizen.show_case(cases.manhole).is_err()
                && self.citizen.list_patrols()?.is_empty(),
            "handler_sees_no_patrol": self.handler.list_patrols()?.is_empty(),
            "review": reviewed,
            "page": page,
            "verified": verified,
            "hub_verified": self.open_hub()?.verify().map_err(failure)?.is_sound(),
        }))
    }

    /// The walk up to 08:40, with three reports on the way. Where the track falls silent the
    /// app is killed: its handle is never closed, and another is opened.
    fn walk_and_report(&mut self) -> Result<Cases, Failure> {
        let first = self
            .day
            .walk
            .first()
            .map_or(self.day.at(8, 0), |fix| fix.at);
        self.clock.set(first);
        let plan = PatrolPlan {
            mode: self.day.mode,
            ..PatrolPlan::default()
        };
        self.inspector.start_patrol(&plan)?;
        let day = &self.day;
        let reports = [&day.manhole, &day.litter_again, &day.litter_north].map(Clone::clone);
        let mut ids = Vec::new();
        let mut hints = Vec::new();
        for report in reports {
            self.feed_until(report.at)?;
            let reported = self.report(&self.inspector, &report)?;
            let told = reported.hints.iter().map(|hint| hint.kind);
            hints.extend(told.filter(|kind| *kind == "near_duplicate"));
            ids.push(id_of(&reported)?);
        }
        let (hour, minute) = self.day.schedule.filed;
        self.feed_until(self.day.at(hour, minute))?;
        match ids[..] {
            [manhole, again, north] => Ok(Cases {
                manhole,
                again,
                north,
                hints,
            }),
            _ => Err(Failure::input("the day has not its three reports")),
        }
    }

    /// Feeds the walk, fix by fix, up to a time.
    fn feed_until(&mut self, until: UtcMs) -> Result<(), Failure> {
        let count = self.day.walk.partition_point(|fix| fix.at < until);
        let fixes: Vec<Fix> = self.day.walk.drain(..count).collect();
        let mut before: Option<UtcMs> = None;
        for fix in fixes {
            self.clock.set(fix.at);
            if before.is_some_and(|before| fix.at.0 - before.0 > KILLED_MS) {
                let phone = open(&self.dir.join("inspector"), &self.clock)?;
                std::mem::forget(std::mem::replace(&mut self.inspector, phone));
            }
            self.inspector.feed_patrol(&[fix])?;
            before = Some(fix.at);
        }
        Ok(())
    }

    fn report(&self, phone: &Engine, report: &DayReport) -> Result<Reported, Failure> {
        self.clock.set(report.at);
        let input = Report {
            photos: report.photos.iter().map(|bytes| photo(bytes)).collect(),
            at: Some(report.place),
            accuracy_m: Some(8.0),
            class: Some(report.class.clone()),
            note: Some(report.note.clone()),
            ..Report::default()
        };
        Ok(phone.report(&input)?)
    }

    fn phones(&self) -> [(&'static str, &Engine); 4] {
        [
            ("inspector", &self.inspector),
            ("citizen", &self.citizen),
            ("handler", &self.handler),
            ("supervisor", &self.supervisor),
        ]
    }

    /// The cell that a report must have got: other software's, or the one that is found now.
    fn cell_of(&self, report: &DayReport, number: usize) -> Result<Option<String>, Failure> {
        if let Some(cells) = &self.day.expected_cells {
            return Ok(cells.get(number).cloned());
        }
        let grid = self.supervisor.grid_at(report.place)?;
        Ok(grid.map(|grid| grid.to_string()))
    }

    fn open_hub(&self) -> Result<Hub, Failure> {
        let evening = RehearsalClock::new(self.day.at(18, 0));
        Hub::open(&self.dir.join("hub"), Arc::new(evening)).map_err(failure)
    }

    /// The day by the hub, by the supervisor's phone and by the inspector's own.
    fn review(&self, cases: &Cases) -> Result<Value, Failure> {
        let (from, to) = (self.day.midnight, self.day.at(24, 0));
        let later = self.day.schedule.reviewed_days_later;
        let scope = ReviewScope::try_new(from, to, self.day.at(18 + 24 * later, 0))
            .map_err(Failure::input)?;
        let hub = self.open_hub()?.review(&scope).map_err(failure)?;
        let supervisor = self.supervisor.review(&scope, OFFSET_MIN)?;
        let inspector = self.inspector.review(&scope, OFFSET_MIN)?;
        Ok(facts::review(
            &hub,
            &supervisor,
            &inspector,
            &|review: &Review| {
                let overdue = review.cases.iter().filter(|case| case.is_overdue());
                overdue
                    .map(|case| {
                        let which = if case.case_id == cases.north.to_string() {
                            "north"
                        } else {
                            "other"
                        };
                        let due = case.handling.as_ref().and_then(|h| h.due.clone());
                        // The hub's clock runs while the day is played: the minute is what counts.
                        format!(
                            "{which} due {}",
                            due.unwrap_or_default().get(..16).unwrap_or_default()
                        )
                    })
                    .collect()
            },
        ))
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

    /// Fetches the case's photos to the supervisor's store and hashes them.
    fn fetch_photos(&self, case: &CaseDetail) -> Result<bool, Failure> {
        let taken: Vec<_> = self
            .day
            .manhole
            .photos
            .iter()
            .chain([&self.day.after])
            .collect();
        let mut right = !case.photos.is_empty();
        for photo in &case.photos {
            let hash: Hash = photo.hash.parse().map_err(Failure::input)?;
            let bytes = self.supervisor.fetch_photo(&hash)?;
            right &= taken.contains(&&bytes);
        }
        Ok(right)
    }

    fn verify_all(&self) -> Result<Value, Failure> {
        let mut all = serde_json::Map::new();
        for (name, phone) in self.phones() {
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

fn open(dir: &Path, clock: &Arc<DayClock>) -> Result<Engine, EngineError> {
    let host: Arc<dyn bading_core::services::Host> = clock.clone();
    Engine::open(
        dir,
        EngineOptions {
            host,
            ..EngineOptions::default()
        },
    )
}

fn photo(bytes: &[u8]) -> PhotoInput {
    PhotoInput {
        bytes: bytes.to_vec(),
        role: None,
    }
}

fn id_of(reported: &Reported) -> Result<CaseId, Failure> {
    reported.case_id.parse().map_err(Failure::input)
}

fn act(
    phone: &Engine,
    case_id: CaseId,
    action: Action,
    details: MoveDetails,
) -> Result<(), Failure> {
    phone.move_case(case_id, action, &details)?;
    Ok(())
}

fn show(phones: &[&Engine], case_id: CaseId) -> Result<Vec<CaseDetail>, EngineError> {
    phones
        .iter()
        .map(|phone| phone.show_case(case_id))
        .collect()
}
