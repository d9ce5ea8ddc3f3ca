//! One 12-megapixel JPEG to pictures of 1600 and 320 px, with Exif, hashes and hints.
//!
//! Photos are drawn here, or are those named on the command line (`-- FILE…`). CPU time of
//! this thread, median over rounds and files; peak is the resident set of the whole process
//! with the photo's bytes in it. With one file and `OUT=FOLDER` the pictures are kept there,
//! for a comparison with other programs' output. It prints a `RESULT` line, as the peers'
//! programs do; `BADING_BENCH_PEERS` names commands, one a line, that are run in the same
//! rounds with the files behind them, for instance a script with pyvips.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::fs;
use std::process::Command;

use bading_core::photo::render::{Scene, render};
use bading_core::photo::{MAX_SIDE_PX, capture};

const ROUNDS: usize = 5;
const SIZES_PX: [u32; 2] = [1600, 320];

fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let folder = std::env::temp_dir().join(format!("bading-photo-bench-{}", std::process::id()));
    if files.is_empty() {
        // Drawing takes more memory than what is measured, so another process does it.
        if std::env::var_os("BADING_BENCH_DRAW").is_some() {
            return draw(&folder_of_parent()?);
        }
        fs::create_dir_all(&folder)?;
        let drawn = Command::new(std::env::current_exe()?)
            .env("BADING_BENCH_DRAW", &folder)
            .status()?;
        if !drawn.success() {
            return Err("the photos were not drawn".into());
        }
        for entry in fs::read_dir(&folder)? {
            files.push(entry?.path().display().to_string());
        }
    }
    let peers = std::env::var("BADING_BENCH_PEERS").unwrap_or_default();
    let mut ms = Vec::new();
    for round in 0..ROUNDS {
        for file in &files {
            let began_ms = cpu_ms()?;
            let bytes = fs::read(file)?;
            let capture = capture(&bytes, &SIZES_PX)?;
            ms.push(cpu_ms()? - began_ms);
            assert!(capture.facts.width_px <= MAX_SIDE_PX && capture.thumbnails.len() == 2);
            if let (0, Some(out)) = (round, std::env::var_os("OUT")) {
                for (size_px, picture) in &capture.thumbnails {
                    fs::write(
                        std::path::Path::new(&out).join(format!("ours-{size_px}.jpg")),
                        picture,
                    )?;
                }
            }
        }
        for peer in peers.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = peer.split_whitespace();
            let program = words.next().unwrap_or_default();
            Command::new(program).args(words).args(&files).status()?;
        }
    }
    ms.sort_by(f64::total_cmp);
    let (median_ms, peak_mib) = (ms[ms.len() / 2], peak_mib()?);
    println!("RESULT peer=ours ms={median_ms:.2} peak_mib={peak_mib:.1}");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

fn folder_of_parent() -> Result<std::path::PathBuf, Box<dyn Error>> {
    let folder = std::env::var_os("BADING_BENCH_DRAW").ok_or("no folder")?;
    Ok(folder.into())
}

fn draw(folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    for seed in 0..2 {
        let photo = render(&Scene {
            seed,
            width_px: 4032,
            height_px: 3024,
            orientation: 6,
            position: Some((30.6, 114.3)),
            taken_at: Some("2026:06:01 09:30:00".to_owned()),
            offset: Some("+08:00".to_owned()),
            make: "Bench".to_owned(),
            model: format!("Cam {seed}"),
        });
        fs::write(folder.join(format!("{seed}.jpg")), photo)?;
    }
    Ok(())
}

/// CPU time of the main thread in milliseconds; Linux keeps it in nanoseconds.
fn cpu_ms() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let ns = text.split(' ').next().ok_or("an empty schedstat")?;
    Ok(ns.parse::<u64>()? as f64 / 1e6)
}

/// The largest resident set so far, in MiB.
fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("no VmHWM")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
