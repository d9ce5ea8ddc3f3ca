//! Patrols from a shell: each command takes over the patrol under way from the one before.

use std::path::Path;

use bading_core::engine::{Engine, EngineError};
use bading_core::geo::track_file::read_track;
use bading_core::geo::track_out::track_gpx;
use bading_core::model::identifiers::RouteCode;
use bading_core::model::patrol::{Interruption, PatrolId, PatrolPhase};
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode, Track};
use bading_core::services::ServiceError;
use bading_core::services::patrol::{LiveAsk, PatrolLine, PatrolPlan, PatrolView};
use serde_json::{Value, json};

use super::out_file::write_whole;
use super::{open, open_existing, place_at, read};
use crate::args::{Args, Patrol};
use crate::output::{Exit, Failure, Output};

mod live;
mod stream;

pub(super) fn run(args: &Args, command: &Patrol, output: &Output) -> Result<Exit, Failure> {
    match command {
        Patrol::Start { route, mode } => {
            let plan = plan(route.as_deref(), mode)?;
            // A new store has no routes: asking for one there makes no store.
            let engine = match plan.route {
                Some(_) => open_existing(args)?,
                None => open(args)?,
            };
            output.answer(&engine.start_patrol(&plan)?, view_lines)?;
        }
        Patrol::Feed { file } if file.as_os_str() == "-" => return stream::feed(args, output),
        Patrol::Feed { file } => feed(args, file, output)?,
        Patrol::Pause => output.answer(&open_existing(args)?.pause_patrol()?, view_lines)?,
        Patrol::Resume => output.answer(&open_existing(args)?.resume_patrol()?, view_lines)?,
        Patrol::Finish => output.answer(&open_existing(args)?.finish_patrol()?, view_lines)?,
        Patrol::Interrupt { why } => {
            let why = interruption(why)?;
            let engine = open_existing(args)?;
            let patrol_id = under_way(&engine)?;
            engine.interrupt_patrol(why)?;
            output.answer(&engine.show_patrol(patrol_id)?, view_lines)?;
        }
        Patrol::Status { patrol, now, at } => {
            let ask = LiveAsk {
                now: now.as_deref().map(instant).transpose()?,
                at: at.as_deref().map(|at| place_at(at, "wgs84")).transpose()?,
            };
            status(args, patrol.as_deref(), &ask, output)?;
        }
        Patrol::List => {
            let patrols = open_existing(args)?.list_patrols()?;
            output.answer(&json!({ "patrols": patrols }), |_| list_lines(&patrols))?;
        }
        Patrol::Track { patrol, out } => track(args, patrol, out.as_deref(), output)?,
    }
    Ok(Exit::Done)
}

fn plan(route: Option<&str>, mode: &str) -> Result<PatrolPlan, Failure> {
    let route = route.map(RouteCode::parse).transpose();
    let mode = Mode::parse(mode).ok_or_else(|| {
        Failure::input(format!(
            "--mode: `{mode}` is none of walk, bicycle and vehicle"
        ))
    })?;
    Ok(PatrolPlan {
        route: route.map_err(|error| Failure::input(format!("--route: {error}")))?,
        mode,
    })
}

/// A pause is a step of its own and no interruption that a host notes.
fn interruption(text: &str) -> Result<Interruption, Failure> {
    Interruption::parse(text)
        .filter(|why| *why != Interruption::Paused)
        .ok_or_else(|| {
            Failure::input(format!(
                "--why: `{text}` is none of process_ended, permission_lost and battery_saver"
            ))
        })
}

fn instant(text: &str) -> Result<UtcMs, Failure> {
    UtcMs::parse_rfc3339(text)
        .ok_or_else(|| Failure::input(format!("--now: `{text}` is not RFC 3339 with an offset")))
}

fn patrol_id(text: &str) -> Result<PatrolId, Failure> {
    text.parse()
        .map_err(|_| Failure::input(format!("patrol: `{text}` is not a patrol id")))
}

/// The patrol that can be fed; asking takes nothing over and leaves the store as it is.
fn under_way(engine: &Engine) -> Result<PatrolId, Failure> {
    let refused = |why| Failure::from(EngineError::from(why));
    let Some(view) = engine.patrol_now()? else {
        return Err(refused(ServiceError::NoPatrol));
    };
    if view.phase == PatrolPhase::Paused.as_str() {
        return Err(refused(ServiceError::PatrolPaused));
    }
    patrol_id(&view.patrol_id)
}

/// The whole file is read and checked before the store is opened.
fn feed(args: &Args, file: &Path, output: &Output) -> Result<(), Failure> {
    let track = read_track(&read(file)?).map_err(|error| Failure::in_file(file, error))?;
    let engine = open_existing(args)?;
    let patrol_id = under_way(&engine)?;
    let bar = output.progress("fixes", track.fixes.len() as u64);
    for fixes in track.fixes.chunks(1_000) {
        engine.feed_patrol(fixes)?;
        Output::advance(&bar, fixes.len() as u64);
    }
    bar.finish_and_clear();
    engine.flush_patrol()?;
    let fed = track.fixes.len() as u64;
    output.answer(&fed_json(&engine, patrol_id, fed)?, fed_lines)
}

/// What was fed and where the patrol stands after it, as another process sees it.
fn fed_json(engine: &Engine, patrol_id: PatrolId, fed: u64) -> Result<Value, Failure> {
    let view = engine.show_patrol(patrol_id)?;
    let view = serde_json::to_value(&view).map_err(|error| Failure {
        exit: Exit::Bug,
        line: error.to_string(),
    })?;
    Ok(json!({
        "patrol_id": view["patrol_id"],
        "fed": fed,
        "accepted": view["accepted"],
        "fixes": view["fixes"],
        "walked_m": view["walked_m"],
        "ratio": view["coverage"]["ratio"],
    }))
}

fn fed_lines(fed: &Value) -> String {
    let covered = match fed["ratio"].as_f64() {
        Some(ratio) => format!(", {:.2} % covered", ratio * 100.0),
        None => String::new(),
    };
    format!(
        "{} fed; {} of {} fixes accepted, {} m walked{covered}\n",
        fed["fed"], fed["accepted"], fed["fixes"], fed["walked_m"]
    )
}

/// Nothing under way is an answer and not a mistake: exit 0, so that a script can ask.
fn status(
    args: &Args,
    patrol: Option<&str>,
    ask: &LiveAsk,
    output: &Output,
) -> Result<(), Failure> {
    let wanted = patrol.map(patrol_id).transpose()?;
    let engine = open_existing(args)?;
    let seen = match wanted {
        Some(patrol_id) => Some(engine.show_live_patrol(patrol_id, ask)?),
        None => engine.live_patrol(ask)?,
    };
    match seen {
        Some(seen) => output.answer(&seen, |seen| {
            view_lines(&seen.patrol) + &seen.live.as_ref().map_or_else(String::new, live::lines)
        }),
        None => output.answer(&json!({ "patrol": null }), |_| {
            "no patrol is under way\n".to_owned()
        }),
    }
}

fn view_lines(view: &PatrolView) -> String {
    let mut lines = format!(
        "patrol       {} ({}, {})\nperson       {}\nroute        {}\nstarted      {}\n",
        view.patrol_id,
        view.phase,
        view.mode,
        view.person.as_deref().unwrap_or("not enrolled"),
        view.route.as_deref().unwrap_or("none"),
        view.started
    );
    if let Some(finished) = &view.finished {
        lines.push_str(&format!("finished     {finished}\n"));
    }
    lines.push_str(&format!("walked       {:.1} m\n", view.walked_m));
    for interruption in &view.interruptions {
        let (at, why) = (&interruption.at, interruption.why);
        lines.push_str(&format!("interrupted  {at}: {why}\n"));
    }
    if view.missing_parts > 0 {
        lines.push_str(&format!("missing      {} parts\n", view.missing_parts));
    }
    match &view.coverage {
        Some(coverage) => lines.push_str(&super::coverage::lines(coverage)),
        None => {
            let (accepted, fixes) = (view.accepted, view.fixes);
            lines.push_str(&format!("fixes        {accepted} of {fixes} accepted\n"));
        }
    }
    if view.provisional {
        lines.push_str("provisional: the hub has not stamped it yet\n");
    }
    lines
}

fn list_lines(patrols: &[PatrolLine]) -> String {
    let line = |patrol: &PatrolLine| {
        format!(
            "{} {:9} {} {}\n",
            patrol.patrol_id,
            patrol.phase,
            patrol.started,
            patrol.route.as_deref().unwrap_or("-")
        )
    };
    patrols.iter().map(line).collect()
}

fn track(args: &Args, patrol: &str, out: Option<&Path>, output: &Output) -> Result<(), Failure> {
    let patrol_id = patrol_id(patrol)?;
    let fixes = open_existing(args)?.track(patrol_id)?;
    if let Some(path) = out {
        let count = fixes.len();
        write_whole(path, track_gpx(&Track { fixes }).as_bytes())?;
        let answer = json!({ "patrol_id": patrol_id.to_string(), "fixes": count });
        return output.answer(&answer, |_| format!("{count} fixes written\n"));
    }
    let answer = json!({
        "patrol_id": patrol_id.to_string(),
        "fixes": fixes.iter().map(fix_json).collect::<Vec<_>>(),
    });
    output.answer(&answer, |_| track_gpx(&Track { fixes }))
}

fn fix_json(fix: &Fix) -> Value {
    json!({
        "time": fix.at.to_rfc3339(),
        "lat": fix.place.lat_deg(),
        "lon": fix.place.lon_deg(),
        "accuracy_m": fix.accuracy_m,
        "mock": fix.is_mock,
    })
}
