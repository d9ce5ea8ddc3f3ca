//! `bading case list` on a store of 10,000 cases: from a cold process to its output.
//!
//! The store is made once through the core, in transactions of 1,000 sealed commits. Each
//! round then runs `bading --version` (what it costs to be a process at all), the list with
//! the store's pages in the page cache, and the list with them evicted. Prints medians of
//! interleaved rounds and the share of them that is the process's start.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use bading_core::engine::{Engine, EngineOptions};
use bading_core::model::case::{CaseId, Source};
use bading_core::model::grid::GridCode;
use bading_core::model::identifiers::ClassCode;
use bading_core::model::place::LatLon;
use bading_core::oplog::body::{BodyBuilder, Kind, Placed, Subject};
use bading_core::oplog::sign::hash_of;
use bading_core::services::{Context, ServiceError, log};
use bading_core::storage::Tx;

const CASES: u64 = 10_000;
const BATCH: u64 = 1_000;
const ROUNDS: usize = 31;
/// Lines of a page where nobody says otherwise.
const PAGE: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    // Below the target folder: a temporary folder may be one in memory, which cannot be cold.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let started = Instant::now();
    make_store(dir.path())?;
    let database = dir.path().join("store.db");
    println!(
        "{CASES} cases made in {:.1} s, {} bytes of database, {ROUNDS} rounds",
        started.elapsed().as_secs_f64(),
        database.metadata()?.len()
    );
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    println!("binary {} ({profile})", env!("CARGO_BIN_EXE_bading"));

    let can_evict = evict(dir.path());
    if !can_evict {
        println!("skipped: the store's pages cannot be evicted here");
    }
    let (mut version, mut warm, mut evicted) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let figures = [
            time(
                &mut Command::new(env!("CARGO_BIN_EXE_bading")),
                &["--version"],
            )?
            .0,
            list(dir.path())?,
        ];
        let cold = if can_evict && evict(dir.path()) {
            Some(list(dir.path())?)
        } else {
            None
        };
        // The first round warms the binary itself.
        if round > 0 {
            version.push(figures[0]);
            warm.push(figures[1]);
            evicted.extend(cold);
        }
    }
    let start_ms = median(&mut version);
    println!("RESULT peer=bading profile={profile} work=version ms={start_ms:.2}");
    for (work, times) in [
        ("case_list_warm", &mut warm),
        ("case_list_evicted", &mut evicted),
    ] {
        if times.is_empty() {
            continue;
        }
        let ms = median(times);
        println!(
            "RESULT peer=bading profile={profile} work={work} cases={CASES} ms={ms:.2} \
             min_ms={:.2} max_ms={:.2} process_start_share={:.2}",
            times[0],
            times[times.len() - 1],
            start_ms / ms
        );
    }
    Ok(())
}

fn list(store: &Path) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bading"));
    command.arg("--store").arg(store);
    let (ms, stdout) = time(&mut command, &["--json", "case", "list"])?;
    let page: serde_json::Value = serde_json::from_slice(&stdout)?;
    let lines = page["cases"].as_array().map_or(0, Vec::len);
    if lines != PAGE {
        return Err(format!("a page of {lines} lines").into());
    }
    Ok(ms)
}

/// Milliseconds from the start of a process to the end of its output.
fn time(command: &mut Command, arguments: &[&str]) -> Result<(f64, Vec<u8>), Box<dyn Error>> {
    command.args(arguments).stdin(Stdio::null());
    let started = Instant::now();
    let output = command.output()?;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok((ms, output.stdout))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Asks the kernel to forget the pages of the store's files.
fn evict(store: &Path) -> bool {
    ["store.db", "device.key", "store.keys", "keystore.key"]
        .iter()
        .all(|name| {
            let mut of = std::ffi::OsString::from("of=");
            of.push(store.join(name));
            let status = Command::new("dd")
                .arg(of)
                .args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|status| status.success())
        })
}

fn make_store(dir: &Path) -> Result<(), Box<dyn Error>> {
    let engine = Engine::open(dir, EngineOptions::default())?;
    let context = engine.context();
    for first in (0..CASES).step_by(BATCH as usize) {
        context.store.write(|tx| -> Result<(), ServiceError> {
            (first..first + BATCH).try_for_each(|number| open_case(tx, &context, number))
        })?;
    }
    Ok(())
}

/// Seals a report as capture does, without a photo.
fn open_case(tx: &Tx<'_>, context: &Context<'_>, number: u64) -> Result<(), ServiceError> {
    let digest = hash_of(&number.to_be_bytes()).0;
    let nonce: [u8; 16] = digest[..16].try_into().expect("16 of 32 bytes");
    let spread = |byte: u8| f64::from(byte) / 255.0;
    let at = LatLon::try_new(
        31.1 + spread(digest[16]) / 5.0,
        121.3 + spread(digest[17]) / 5.0,
    )?;
    let code = |text: String| ClassCode::parse(&text).expect("six digits");
    let grid = format!("310101{:03}{:06}", digest[18], number % 500);
    let mut body = BodyBuilder::new();
    let place = body.place(&Placed::new(at, Some(8.0), false), nonce);
    let note = body.text("井盖破损，有坠落危险", nonce);
    let open = Kind::Open {
        source: Source::Inspector,
        seen_at: None,
        duty_pin: None,
        class: Some(code(format!("{:06}", 10_101 + u32::from(digest[19])))),
        grid: GridCode::parse(&grid).ok(),
        place: Some(place),
        note: Some(note),
    };
    let case_id = CaseId(uuid::Builder::from_random_bytes(nonce).into_uuid());
    body.push(Subject::case(case_id), open);
    let zone = log::zone_for(tx, None)?;
    log::append(tx, context, &zone, &body.finish(), Vec::new())?;
    Ok(())
}
