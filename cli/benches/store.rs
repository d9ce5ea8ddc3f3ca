//! What it costs to keep something: a durable report, a whole capture, the first page of
//! 100,000 cases; beside SQLite alone, in one run.
//!
//! *Commit*: a signed report of about 1 KB without a photo, with its log row, its index rows and
//! its view row, beside one row of 1 KB in a table of plain SQLite with an index (write-ahead
//! log, `synchronous=FULL`); interleaved, wall time, since it waits for the disk. *Counts*:
//! the same under strace: syncs and pages for each commit. *Capture*: a 12-megapixel photo and
//! its report through the engine, CPU time and peak memory of a process of its own. *List*: the
//! first page in a process of its own, beside plain SQLite whose rows hold the page's columns
//! and a body; *evicted* with the files put out of the page cache.
//!
//! `BADING_BENCH_ROUNDS` sets the rounds of commits (default 15), `BADING_BENCH_PHOTO` names a
//! photo to capture instead of a drawn one.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use bading_core::engine::{Engine, EngineOptions, FileKeyStore, KEY_STORE_FILE};
use bading_core::model::case::{CaseId, ClassCode, Source};
use bading_core::model::grid::GridCode;
use bading_core::model::place::LatLon;
use bading_core::oplog::body::{BodyBuilder, Kind, Placed, Subject};
use bading_core::oplog::sign::{SoftwareSigner, hash_of};
use bading_core::photo::render::{Scene, render};
use bading_core::services::capture::{PhotoInput, Report};
use bading_core::services::reference::Reference;
use bading_core::services::{Context, Host, ServiceError, log};
use bading_core::storage::case::CaseFilter;
use bading_core::storage::vault::read_keys;
use bading_core::storage::{Store, Tx};
use rusqlite::Connection;

type Outcome<T> = Result<T, Box<dyn Error>>;

const COMMITS_A_ROUND: usize = 40;
const NOTE_BYTES: usize = 700;
const CASES: u64 = 100_000;
const PAGE: usize = 50;
const LIST_ROUNDS: usize = 15;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--child") {
        let given: Vec<&str> = arguments[at + 1..].iter().map(String::as_str).collect();
        return child(&given);
    }
    // Below the target folder: a temporary folder may be one in memory, which has no disk.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    commits(dir.path())?;
    counts(dir.path())?;
    capture(dir.path())?;
    lists(dir.path())
}

/// A process of this bench, for what only a process of its own shows.
fn child(given: &[&str]) -> Outcome<()> {
    match given {
        ["commits", store, count] => {
            let desk = Desk::open(Path::new(store), true)?;
            (0..count.parse()?).try_for_each(|number| desk.commit(number))
        }
        ["capture", store, photo] => one_capture(Path::new(store), Path::new(photo)),
        ["list", store] => ours_page(Path::new(store)),
        ["plain", database] => plain_page(Path::new(database)),
        _ => Err("an unknown child".into()),
    }
}

fn this(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this bench has a path"));
    command.arg("--child").args(arguments).stdin(Stdio::null());
    command
}

/// The number after `name=` in what a child said.
fn figure(said: &str, name: &str) -> Outcome<f64> {
    let found = said
        .split_whitespace()
        .find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    Ok(found
        .ok_or_else(|| format!("no {name} in {said}"))?
        .parse()?)
}

fn run(command: &mut Command) -> Outcome<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A store with what an engine has, sealed or not.
struct Desk {
    store: Store,
    host: std::sync::Arc<dyn Host>,
    signer: SoftwareSigner,
    reference: Reference,
}

impl Desk {
    fn open(dir: &Path, is_sealed: bool) -> Outcome<Self> {
        let options = EngineOptions::default();
        let keys = if is_sealed {
            drop(Engine::open(dir, EngineOptions::default())?);
            let keystore = FileKeyStore::new(&dir.join(KEY_STORE_FILE), options.host.clone());
            read_keys(dir, &keystore)?
        } else {
            None
        };
        Ok(Self {
            store: Store::open(dir, keys.as_ref())?,
            host: options.host,
            signer: SoftwareSigner::from_seed(&[7; 32]),
            reference: Reference::default(),
        })
    }

    fn context(&self) -> Context<'_> {
        Context {
            store: &self.store,
            host: self.host.as_ref(),
            signer: &self.signer,
            reference: &self.reference,
        }
    }

    fn commit(&self, number: u64) -> Outcome<()> {
        let context = self.context();
        Ok(self
            .store
            .write(|tx| open_case(tx, &context, number, NOTE_BYTES))?)
    }
}

/// Seals a report as capture does, without a photo.
fn open_case(
    tx: &Tx<'_>,
    context: &Context<'_>,
    number: u64,
    note_bytes: usize,
) -> Result<(), ServiceError> {
    let digest = hash_of(&number.to_be_bytes()).0;
    let nonce: [u8; 16] = digest[..16].try_into().expect("16 of 32 bytes");
    let spread = |byte: u8| f64::from(byte) / 255.0;
    let at = LatLon::try_new(
        31.1 + spread(digest[16]) / 5.0,
        121.3 + spread(digest[17]) / 5.0,
    )?;
    let grid = format!("310101{:03}{:06}", digest[18], number % 500);
    let class = format!("{:06}", 10_101 + u32::from(digest[19]));
    let mut body = BodyBuilder::new();
    let place = body.place(&Placed::new(at, Some(8.0), false), nonce);
    let note = body.text(&"a note ".repeat(note_bytes / 7), nonce);
    let open = Kind::Open {
        source: Source::Inspector,
        seen_at: None,
        duty_pin: None,
        class: Some(ClassCode::parse(&class).expect("six digits")),
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

/// A table of reports in plain SQLite.
fn plain_reports(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE report(id BLOB PRIMARY \
         KEY, created INTEGER NOT NULL, status TEXT NOT NULL, body TEXT NOT NULL) WITHOUT \
         ROWID; CREATE INDEX r1 ON report(status, created);",
    )?;
    Ok(connection)
}

fn plain_commit(connection: &mut Connection, number: u64, body: &str) -> Outcome<()> {
    let digest = hash_of(&number.to_be_bytes()).0;
    let transaction = connection.transaction()?;
    transaction
        .prepare_cached("INSERT INTO report VALUES(?1,?2,'open',?3)")?
        .execute((&digest[..16], number as i64, body))?;
    transaction.commit()?;
    Ok(())
}

fn commits(dir: &Path) -> Outcome<()> {
    let rounds = match std::env::var("BADING_BENCH_ROUNDS") {
        Ok(text) => text.parse()?,
        Err(_) => 15,
    };
    let clear = Desk::open(&dir.join("clear"), false)?;
    let sealed = Desk::open(&dir.join("sealed"), true)?;
    let mut plain = plain_reports(&dir.join("plain.db"))?;
    let body = "a note ".repeat(960 / 7);
    let (mut raw_ms, mut clear_ms, mut sealed_ms) = (Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    for round in 0..=rounds {
        for _ in 0..COMMITS_A_ROUND {
            number += 1;
            let figures = [
                timed(|| plain_commit(&mut plain, number, &body))?,
                timed(|| clear.commit(number))?,
                timed(|| sealed.commit(number))?,
            ];
            // The first round fills caches.
            if round > 0 {
                raw_ms.push(figures[0]);
                clear_ms.push(figures[1]);
                sealed_ms.push(figures[2]);
            }
        }
    }
    let (raw, clear, sealed) = (
        median(&mut raw_ms),
        median(&mut clear_ms),
        median(&mut sealed_ms),
    );
    println!(
        "RESULT work=commit commits={} sqlite_ms={raw:.3} clear_ms={clear:.3} sealed_ms={sealed:.3}",
        raw_ms.len()
    );
    println!(
        "RATIO work=commit clear_to_sqlite={:.2} sealed_to_sqlite={:.2} sealed_to_clear={:.2}",
        clear / raw,
        sealed / raw,
        sealed / clear
    );
    Ok(())
}

/// Syncs and pages of a commit, as the kernel sees them.
fn counts(dir: &Path) -> Outcome<()> {
    const FEW: u64 = 20;
    const MANY: u64 = 220;
    let mut told = Vec::new();
    for count in [FEW, MANY] {
        let store = dir.join(format!("counted-{count}"));
        let trace = dir.join(format!("trace-{count}"));
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,pwrite64", "-o"])
            .arg(&trace)
            .arg(std::env::current_exe()?)
            .args(["--child", "commits"])
            .arg(&store)
            .arg(count.to_string())
            .stdin(Stdio::null());
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("strace: {status}").into()),
            Err(error) => {
                println!("skipped: strace: {error}");
                return Ok(());
            }
        }
        let text = std::fs::read_to_string(&trace)?;
        let syncs = text.lines().filter(|line| line.contains("sync(")).count();
        // A page of the write-ahead log is written with its length in the call.
        let pages = text
            .lines()
            .filter(|line| line.contains(", 4096, "))
            .count();
        told.push((syncs, pages));
    }
    let a_commit = |few: usize, many: usize| (many - few) as f64 / (MANY - FEW) as f64;
    println!(
        "RESULT work=counts fsync={:.3} pages={:.2}",
        a_commit(told[0].0, told[1].0),
        a_commit(told[0].1, told[1].1)
    );
    Ok(())
}

fn capture(dir: &Path) -> Outcome<()> {
    let photo = match std::env::var_os("BADING_BENCH_PHOTO") {
        Some(path) => path.into(),
        None => {
            let path = dir.join("photo.jpg");
            let scene = Scene {
                seed: 3,
                width_px: 4000,
                height_px: 3000,
                orientation: 6,
                position: Some((31.2294, 121.4645)),
                taken_at: None,
                offset: None,
                make: "Bading".to_owned(),
                model: "Bench".to_owned(),
            };
            std::fs::write(&path, render(&scene))?;
            path
        }
    };
    let store = dir.join("capture");
    let (mut cpu_ms, mut peak_mib) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        let (store, photo) = (store.to_string_lossy(), photo.to_string_lossy());
        let said = run(&mut this(&["capture", &store, &photo]))?;
        cpu_ms.push(figure(&said, "cpu_ms")?);
        peak_mib.push(figure(&said, "peak_mib")?);
        std::fs::remove_dir_all(dir.join("capture"))?;
    }
    println!(
        "RESULT work=capture photo_bytes={} cpu_ms={:.0} peak_mib={:.1}",
        photo.metadata()?.len(),
        median(&mut cpu_ms),
        median(&mut peak_mib)
    );
    Ok(())
}

fn one_capture(store: &Path, photo: &Path) -> Outcome<()> {
    let engine = Engine::open(store, EngineOptions::default())?;
    let before = cpu_ms()?;
    let report = Report {
        photos: vec![PhotoInput {
            bytes: std::fs::read(photo)?,
            role: None,
        }],
        at: LatLon::try_new(31.2294, 121.4645).ok(),
        accuracy_m: Some(8.0),
        note: Some("a note".to_owned()),
        ..Report::default()
    };
    let reported = engine.report(&report)?;
    let after = cpu_ms()?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = peak
        .and_then(|text| text.trim().split(' ').next())
        .ok_or("no VmHWM")?
        .parse()?;
    println!(
        "cpu_ms={} peak_mib={} hints={}",
        after - before,
        kib / 1024.0,
        reported.hints.len()
    );
    Ok(())
}

/// CPU time of this process, all threads.
fn cpu_ms() -> Outcome<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        total += text
            .split(' ')
            .next()
            .ok_or("no schedstat")?
            .parse::<f64>()?;
    }
    Ok(total / 1e6)
}

fn lists(dir: &Path) -> Outcome<()> {
    let store = dir.join("listed");
    let started = Instant::now();
    let desk = Desk::open(&store, true)?;
    let context = desk.context();
    for first in (0..CASES).step_by(2_000) {
        desk.store.write(|tx| -> Result<(), ServiceError> {
            (first..first + 2_000).try_for_each(|number| open_case(tx, &context, number, 30))
        })?;
    }
    drop(desk);
    let plain = dir.join("listed.db");
    plain_cases(&plain)?;
    println!(
        "{CASES} cases made in {:.0} s; ours {} bytes, plain {} bytes",
        started.elapsed().as_secs_f64(),
        store.join("store.db").metadata()?.len(),
        plain.metadata()?.len()
    );
    for is_evicted in [false, true] {
        let (mut ours_us, mut plain_us) = (Vec::new(), Vec::new());
        for round in 0..=LIST_ROUNDS {
            let files = ["store.db", "store.keys", "keystore.key", "device.key"];
            if is_evicted
                && !files
                    .iter()
                    .all(|name| evict(&store.join(name)) && evict(&plain))
            {
                println!("skipped: pages cannot be evicted here");
                return Ok(());
            }
            let ours = run(&mut this(&["list", &store.to_string_lossy()]))?;
            let theirs = run(&mut this(&["plain", &plain.to_string_lossy()]))?;
            if round > 0 {
                ours_us.push(figure(&ours, "page_us")?);
                plain_us.push(figure(&theirs, "page_us")?);
            }
        }
        let (ours, theirs) = (median(&mut ours_us), median(&mut plain_us));
        println!(
            "RATIO work=list evicted={is_evicted} ours_us={ours:.0} sqlite_us={theirs:.0} ratio={:.2}",
            ours / theirs
        );
    }
    Ok(())
}

fn plain_cases(path: &Path) -> Outcome<()> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; CREATE TABLE cases(id BLOB PRIMARY KEY, status TEXT NOT NULL, \
         category TEXT NOT NULL, updated INTEGER NOT NULL, grid INTEGER NOT NULL, lat REAL, lon \
         REAL, body TEXT NOT NULL) WITHOUT ROWID; CREATE INDEX c1 ON cases(status, updated \
         DESC); CREATE INDEX c2 ON cases(grid);",
    )?;
    let transaction = connection.transaction()?;
    let body = "a note ".repeat(860 / 7);
    let mut insert = transaction
        .prepare("INSERT INTO cases VALUES(?1,?2,'bin overflow',?3,?4,30.6,114.3,?5)")?;
    for number in 0..CASES {
        let digest = hash_of(&number.to_be_bytes()).0;
        let status = ["open", "assigned", "fixed", "closed"][usize::from(digest[20] % 4)];
        let updated = i64::from(u32::from_be_bytes(digest[21..25].try_into().expect("four")) / 512);
        let grid = i64::from(digest[25]) * 65;
        insert.execute((&digest[..16], status, updated, grid, &body))?;
    }
    drop(insert);
    transaction.commit()?;
    Ok(connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE;")?)
}

/// Opens the store and reads the first page, as an app does when it starts.
fn ours_page(store: &Path) -> Outcome<()> {
    let begin = Instant::now();
    let engine = Engine::open(store, EngineOptions::default())?;
    let page = engine.list_cases(&CaseFilter::default(), None, PAGE)?;
    let us = begin.elapsed().as_secs_f64() * 1e6;
    assert_eq!(page.cases.len(), PAGE);
    println!("page_us={us}");
    Ok(())
}

fn plain_page(path: &Path) -> Outcome<()> {
    let begin = Instant::now();
    let connection = Connection::open(path)?;
    let mut statement = connection.prepare(
        "SELECT id, category, grid, body FROM cases WHERE status='open' ORDER BY updated DESC \
         LIMIT 50",
    )?;
    let bodies = statement.query_map([], |row| Ok(row.get::<_, String>(3)?.len()))?;
    let bytes: usize = bodies.sum::<Result<usize, _>>()?;
    let us = begin.elapsed().as_secs_f64() * 1e6;
    assert!(bytes > 40_000);
    println!("page_us={us}");
    Ok(())
}

/// Asks the kernel to forget the pages of a file.
fn evict(path: &Path) -> bool {
    let mut of = std::ffi::OsString::from("of=");
    of.push(path);
    let status = Command::new("dd")
        .arg(of)
        .args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
