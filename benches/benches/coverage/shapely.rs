//! shapely's buffer and intersection, in a process of its own that tells its CPU seconds.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bading_benches::walks::Walk;
use bading_core::model::place::LatLon;

use super::sampled;

/// What the peer answers.
pub(crate) struct Answer {
    pub(crate) shares: Vec<f64>,
    pub(crate) cpu_s: f64,
}

/// The shares of the walks' routes within the corridor, or nothing where it is not installed.
pub(crate) fn run(walks: &[Walk]) -> Result<Option<Answer>, Box<dyn Error>> {
    let python = std::env::var("BADING_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/coverage.py");
    let is_there = Command::new(&python)
        .args(["-c", "import shapely, pyproj"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_there {
        println!("shapely is not installed: skipped");
        return Ok(None);
    }
    let mut input = String::new();
    for walk in walks {
        let track = sampled::clean(&walk.fixes);
        let lines = |parts: &[Vec<LatLon>]| -> Vec<Vec<[f64; 2]>> {
            parts
                .iter()
                .filter(|part| part.len() > 1)
                .map(|part| part.iter().map(|p| [p.lon_deg(), p.lat_deg()]).collect())
                .collect()
        };
        let pair = serde_json::json!({
            "route": lines(walk.route.parts()),
            "track": lines(&track),
            "corridor_m": walk.route.corridor_m(),
        });
        writeln!(input, "{pair}")?;
    }
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .ok_or("no pipe to the peer")?
        .write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut lines = text.lines();
    let cpu_s = lines.next().ok_or("the peer says nothing")?.parse()?;
    let shares = lines.map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    if shares.len() != walks.len() {
        return Err("the peer answers for another number of walks".into());
    }
    Ok(Some(Answer { shares, cpu_s }))
}
