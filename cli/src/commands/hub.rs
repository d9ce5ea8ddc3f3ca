//! A hub from a shell: make it, serve it, let people in, bring reference data into force.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bading_core::model::grid::{GridCode, GridScope};
use bading_core::model::identifiers::{DepartmentId, DeviceKey, PersonId, Zone};
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_hub::{
    CodeSpec, Hub, HubClock, HubConfig, HubError, RehearsalClock, ServeLimits, SystemHubClock,
    VerifyReport, serve_with,
};
use serde_json::json;

use super::import;
use super::key::make_escrow;
use crate::args::{Admin, Code, Hub as Command, HubDir};
use crate::output::{Exit, Failure, Output, quiet_if_closed};

pub(super) fn run(command: &Command, output: &Output) -> Result<Exit, Failure> {
    match command {
        Command::Init {
            dir,
            name,
            zone,
            utc_offset_min,
        } => {
            let zone = Zone::parse(zone)
                .ok()
                .filter(|zone| !zone.is_unassigned())
                .ok_or_else(|| Failure::input(format!("--zone: `{zone}` is not a zone")))?;
            let mut config = HubConfig::new(name, zone);
            config.utc_offset_min = *utc_offset_min;
            let key = Hub::init(&dir.dir, &config).map_err(failure)?;
            let answer = json!({ "hub_key": key.to_string(), "zone": config.zone.as_str() });
            output.answer(&answer, |_| format!("hub {key} for zone {}\n", config.zone))?;
            Ok(Exit::Done)
        }
        Command::Serve {
            dir,
            listen,
            clock_at,
            no_page,
        } => {
            let limits = ServeLimits {
                page: !no_page,
                ..ServeLimits::default()
            };
            let clock = clock(clock_at.as_deref())?;
            serve_until_stopped(&dir.dir, listen, clock, limits, output)
        }
        Command::Admin { dir, command } => admin(&open(dir)?, command, output),
        Command::Import { dir, command } => import::run(dir, command, output),
        Command::Review { dir, review } => super::review::of_hub(&dir.dir, review, output),
        Command::Locate(given) => super::grids::locate(given, output),
        Command::Grids(given) => super::grids::list(given, output),
        Command::Dispatch { dir } => super::dispatch::waiting(&open(dir)?, output),
        Command::Verdicts { dir, as_of } => {
            super::verdict::of_hub(&open(dir)?, as_of.as_deref(), output)
        }
        Command::ExportPerson { dir, export } => super::person::of_hub(&open(dir)?, export, output),
        Command::Export { dir, export } => super::evidence::of_hub(&open(dir)?, export, output),
        Command::Verify { dir } => verify(&open(dir)?, output),
    }
}

pub(super) fn open(dir: &HubDir) -> Result<Hub, Failure> {
    Hub::open(&dir.dir, Arc::new(SystemHubClock)).map_err(failure)
}

/// What the hub says is wrong, as the command's exit codes know it.
pub(crate) fn failure(error: HubError) -> Failure {
    let exit = match &error {
        HubError::NotAHub
        | HubError::AlreadyAHub
        | HubError::Input(_)
        | HubError::TooLarge { .. }
        | HubError::UnknownZone
        | HubError::UnknownPack
        | HubError::UnknownBlob
        | HubError::NotAnnounced
        | HubError::HashMismatch => Exit::Input,
        HubError::CodeInvalid
        | HubError::BadSignature
        | HubError::BadChallengeSignature
        | HubError::ChallengeExpired
        | HubError::UnknownDevice
        | HubError::SessionExpired
        | HubError::Revoked
        | HubError::RoleNotAllowed
        | HubError::NewerDatabase { .. } => Exit::Refused,
        HubError::AlreadyServed
        | HubError::Key
        | HubError::Damaged(_)
        | HubError::DiskFull
        | HubError::Busy
        | HubError::File(_)
        | HubError::NoRandomness => Exit::Retry,
        HubError::Database(_) | HubError::Entry(_) | HubError::Certificate(_) => Exit::Bug,
    };
    Failure {
        exit,
        line: format!("hub: {error}"),
    }
}

/// The system's clock, or one that is set for a rehearsal.
fn clock(at: Option<&str>) -> Result<Arc<dyn HubClock>, Failure> {
    let Some(text) = at else {
        return Ok(Arc::new(SystemHubClock));
    };
    let at = UtcMs::parse_rfc3339(text).ok_or_else(|| {
        Failure::input(format!(
            "--clock-at: `{text}` is not RFC 3339 with an offset"
        ))
    })?;
    Ok(Arc::new(RehearsalClock::new(at)))
}

fn serve_until_stopped(
    dir: &Path,
    listen: &str,
    clock: Arc<dyn HubClock>,
    limits: ServeLimits,
    output: &Output,
) -> Result<Exit, Failure> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    let hub = Hub::open(dir, clock).map_err(failure)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::retry)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(|error| Failure::retry(format!("--listen {listen}: {error}")))?;
        let address = listener.local_addr().map_err(Failure::retry)?;
        // The one line on stdout says that requests are answered from now on.
        let line = match output.is_json() {
            true => json!({ "listening": format!("http://{address}") }).to_string(),
            false => format!("listening on http://{address}"),
        };
        let mut out = std::io::stdout();
        quiet_if_closed(writeln!(out, "{line}").and_then(|()| out.flush()))?;
        serve_with(Arc::new(hub), listener, stopped(), limits)
            .await
            .map_err(failure)
    })?;
    Ok(Exit::Done)
}

/// Ends when the operator or the system asks to stop.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without a handler the system's default ends the process, which loses nothing.
        Err(_) => std::future::pending().await,
    }
}

fn admin(hub: &Hub, command: &Admin, output: &Output) -> Result<Exit, Failure> {
    match command {
        Admin::Code {
            command:
                Code::Create {
                    role,
                    person,
                    grids,
                    department,
                },
        } => {
            let spec = code_spec(role, person.as_deref(), grids, department.as_deref())?;
            let created = hub.create_code(&spec).map_err(failure)?;
            let answer = json!({
                "code": created.code,
                "role": role,
                "person": person,
                "expires": created.expires.to_rfc3339(),
            });
            output.answer(&answer, |_| format!("{}\n", created.code))?;
        }
        Admin::Escrow { out } => {
            if hub.escrow_key().map_err(failure)?.is_some() {
                return Err(Failure::input("there is an escrow key already"));
            }
            let key = make_escrow(out)?.public();
            hub.set_escrow_key(key).map_err(failure)?;
            let answer =
                json!({ "escrow_key": key.to_string(), "file": out.display().to_string() });
            output.answer(&answer, |_| {
                format!(
                    "escrow key {key}; its secret half is in {}: keep it elsewhere\n",
                    out.display()
                )
            })?;
        }
        Admin::Devices => {
            let devices: Vec<_> = hub
                .list_devices()
                .map_err(failure)?
                .iter()
                .map(|device| {
                    let authority = &device.authority;
                    json!({
                        "device": device.device.to_string(),
                        "person": authority.person.as_ref().map(ToString::to_string),
                        "roles": authority.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>(),
                        "valid_to": device.valid_to.to_rfc3339(),
                        "revoked": device.is_revoked,
                    })
                })
                .collect();
            output.answer(&json!({ "devices": devices }), table("devices"))?;
        }
        Admin::People => {
            let people: Vec<_> = hub
                .list_people()
                .map_err(failure)?
                .iter()
                .map(|p| json!({ "person": p.person.to_string(), "devices": p.devices.len() }))
                .collect();
            output.answer(&json!({ "people": people }), table("people"))?;
        }
        Admin::Revoke { device } => {
            let key: DeviceKey = device
                .parse()
                .map_err(|_| Failure::input(format!("device: `{device}` is not a device key")))?;
            let is_new = hub.revoke(&key).map_err(failure)?.is_some();
            output.answer(
                &json!({ "device": device, "revoked": true, "new": is_new }),
                |_| format!("revoked {device}\n"),
            )?;
        }
    }
    Ok(Exit::Done)
}

/// One object a line, for people.
fn table(name: &'static str) -> impl FnOnce(&serde_json::Value) -> String {
    move |value| {
        let rows = value.get(name).and_then(serde_json::Value::as_array);
        rows.into_iter()
            .flatten()
            .map(|row| format!("{row}\n"))
            .collect()
    }
}

fn code_spec(
    role: &str,
    person: Option<&str>,
    grids: &[String],
    department: Option<&str>,
) -> Result<CodeSpec, Failure> {
    let named = Role::parse(role)
        .ok_or_else(|| Failure::input(format!("--role: `{role}` is not a role")))?;
    let mut spec = CodeSpec::new(named);
    let person = person.map(PersonId::parse).transpose();
    spec.person = person.map_err(|error| Failure::input(format!("--person: {error}")))?;
    let grids = grids
        .iter()
        .map(|grid| GridCode::parse(grid))
        .collect::<Result<_, _>>();
    spec.grids = GridScope(grids.map_err(|error| Failure::input(format!("--grids: {error}")))?);
    let department = department.map(DepartmentId::parse).transpose();
    spec.department =
        department.map_err(|error| Failure::input(format!("--department: {error}")))?;
    Ok(spec)
}

/// The answer for people: one line when all is sound, else one more for each disagreement.
fn verify_lines(report: &VerifyReport) -> String {
    let mut lines = format!(
        "{}: {} entries, {} commits, {} photos, {} packs\n",
        if report.is_sound() {
            "sound"
        } else {
            "NOT SOUND"
        },
        report.entries_count,
        report.commits_count,
        report.photos_count,
        report.packs_count
    );
    for found in &report.disagreements {
        let at = found
            .position
            .map_or(String::new(), |at| format!("position {at}: "));
        lines.push_str(&format!("{at}{}\n", found.what));
    }
    let listed = report.disagreements.len() as u64;
    if report.disagreements_count > listed {
        let more = report.disagreements_count - listed;
        lines.push_str(&format!("and {more} more\n"));
    }
    lines
}

fn verify(hub: &Hub, output: &Output) -> Result<Exit, Failure> {
    let report = hub.verify().map_err(failure)?;
    let problems: Vec<_> = report
        .disagreements
        .iter()
        .map(|d| json!({ "position": d.position, "what": d.what }))
        .collect();
    let answer = json!({
        "sound": report.is_sound(),
        "entries": report.entries_count,
        "commits": report.commits_count,
        "photos": report.photos_count,
        "packs": report.packs_count,
        "problems": problems,
        "problems_count": report.disagreements_count,
    });
    output.answer(&answer, |_| verify_lines(&report))?;
    Ok(if report.is_sound() {
        Exit::Done
    } else {
        Exit::No
    })
}
