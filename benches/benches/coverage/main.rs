//! Coverage of patrol routes: how near to the truth, and how fast, beside the usual ways.
//!
//! *Accuracy*: walks whose truth is known by construction (`bading_benches::walks`); the mean
//! absolute error of the covered share, ours beside "the route within the corridor of the
//! track" (every 5 m sampled, and by shapely's buffer and intersection on the first of them).
//! *Speed*: 1,000 routes of 8 km with 2,880 fixes each, CPU seconds of one core in interleaved
//! rounds: ours from the fixes on, filter and index included; the peers from tracks that were
//! cleaned before. *Two cores*: the same on two threads, wall time. *Live*: fix by fix, as a
//! phone does it, with the time of each fix and the memory at the end of a shift.
//!
//! `BADING_BENCH_DATA` names a folder with `routes.geojson` and `tracks.csv` whose speed is
//! measured instead; `BADING_BENCH_ONLY` names sections (accuracy, kinds, turned, speed, live).
//! `BADING_BENCH_WALKS` sets how many walks (default 1000). shapely runs where
//! `BADING_BENCH_PYTHON` (default `python3`) can import it, on `BADING_BENCH_SHAPELY` walks
//! (default 60): `python3 -m venv target/peers/coverage && target/peers/coverage/bin/pip
//! install -r benches/peers/coverage-requirements.txt`.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::time::Instant;

use bading_benches::cost::{LiveBytes, cpu_s, median};
use bading_benches::walks::{Walk, WalkPlan, walk};
use bading_core::geo::coverage::{CoverageRun, CoverageSettings, coverage};
use bading_core::geo::route_line::RouteLine;

mod kit;
mod sampled;
mod shapely;

#[global_allocator]
static BYTES: LiveBytes = LiveBytes;

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let count = number("BADING_BENCH_WALKS", 1000)?;
    let sections = std::env::var("BADING_BENCH_ONLY").unwrap_or_default();
    let wants = |name: &str| sections.is_empty() || sections.split(',').any(|s| s == name);
    if wants("accuracy") {
        accuracy(count)?;
    }
    if wants("kinds") {
        kinds(count.min(200));
    }
    if wants("turned") {
        turned(count.min(200));
    }
    let plan = WalkPlan::four_hours();
    if wants("speed") {
        let walks: Vec<Walk> = match std::env::var_os("BADING_BENCH_DATA") {
            Some(folder) => kit::read(folder.as_ref(), count)?,
            None => (0..count).map(|seed| walk(&plan, seed)).collect(),
        };
        speed(&walks)?;
        two_cores(&walks);
    }
    if wants("live") {
        live(&plan);
    }
    Ok(())
}

fn number(name: &str, default: u64) -> Result<u64, Box<dyn Error>> {
    match std::env::var(name) {
        Ok(text) => Ok(text.parse().map_err(|_| format!("{name}: no number"))?),
        Err(_) => Ok(default),
    }
}

/// Mean absolute error, mean error, and the worst.
#[derive(Default)]
struct Errors {
    sum: f64,
    absolute: f64,
    worst: f64,
    count: f64,
}

impl Errors {
    fn add(&mut self, error: f64) {
        self.sum += error;
        self.absolute += error.abs();
        self.worst = self.worst.max(error.abs());
        self.count += 1.0;
    }

    fn told(&self) -> String {
        format!(
            "mae={:.4} bias={:+.4} worst={:.4} walks={}",
            self.absolute / self.count,
            self.sum / self.count,
            self.worst,
            self.count
        )
    }
}

fn share(walk: &Walk) -> f64 {
    coverage(&walk.route, &CoverageSettings::default(), &walk.fixes).ratio
}

fn accuracy(count: u64) -> Result<(), Box<dyn Error>> {
    let plan = WalkPlan::default();
    let shapely_count = number("BADING_BENCH_SHAPELY", 60)?.min(count);
    let (mut ours, mut buffer, mut first) =
        (Errors::default(), Errors::default(), Errors::default());
    let mut subset = Vec::new();
    for seed in 0..count {
        let walk = walk(&plan, seed);
        let truth = walk.truth_m / walk.planned_m;
        let error = share(&walk) - truth;
        ours.add(error);
        buffer.add(sampled::share(&walk.route, &sampled::clean(&walk.fixes)) - truth);
        if seed < shapely_count {
            first.add(error);
            subset.push(walk);
        }
    }
    println!("RESULT peer=bading {}", ours.told());
    println!("RESULT peer=buffer-by-5m-samples {}", buffer.told());
    println!(
        "RATIO mae bading/buffer-by-5m-samples={:.3}",
        ours.absolute / buffer.absolute
    );
    if let Some(shares) = shapely::run(&subset)? {
        let mut peer = Errors::default();
        for (share, walk) in shares.shares.iter().zip(&subset) {
            peer.add(share - walk.truth_m / walk.planned_m);
        }
        println!("RESULT peer=bading-same-walks {}", first.told());
        println!("RESULT peer=shapely-buffer {}", peer.told());
        println!(
            "RATIO mae bading/shapely-buffer={:.3}",
            first.absolute / peer.absolute
        );
    }
    Ok(())
}

/// Other receivers and other walks, to see that the first is no special case.
fn kinds(count: u64) {
    let base = WalkPlan::default;
    let kinds = [
        (
            "no-accuracy",
            WalkPlan {
                tells_accuracy: false,
                ..base()
            },
        ),
        (
            "quiet-1-4m",
            WalkPlan {
                noise_m: (1.0, 4.0),
                ..base()
            },
        ),
        (
            "white-7m",
            WalkPlan {
                noise_m: (1.0, 3.0),
                white_m: 7.0,
                ..base()
            },
        ),
        (
            "every-1s",
            WalkPlan {
                every_s: 1.0,
                autocorrelation: 0.983,
                ..base()
            },
        ),
        (
            "every-15s",
            WalkPlan {
                every_s: 15.0,
                autocorrelation: 0.78,
                ..base()
            },
        ),
        (
            "nothing-skipped",
            WalkPlan {
                skipped: (0.0, 0.0),
                ..base()
            },
        ),
        (
            "half-skipped",
            WalkPlan {
                skipped: (0.5, 0.5),
                ..base()
            },
        ),
    ];
    for (name, plan) in kinds {
        let mut errors = Errors::default();
        for seed in 0..count {
            let walk = walk(&plan, 100_000 + seed);
            errors.add(share(&walk) - walk.truth_m / walk.planned_m);
        }
        println!("RESULT walks={name} {}", errors.told());
    }
}

/// How much a walk that is turned round differs: nothing, as far as an estimate with a lag can.
fn turned(count: u64) {
    for (name, noise_m) in [("quiet", (0.5, 3.0)), ("noisy", (5.0, 15.0))] {
        let plan = WalkPlan {
            noise_m,
            outliers: 0.0,
            ..WalkPlan::default()
        };
        let mut errors = Errors::default();
        for seed in 0..count {
            let mut walk = walk(&plan, 200_000 + seed);
            let there = share(&walk);
            let (first, last) = (walk.fixes[0].at.0, walk.fixes[walk.fixes.len() - 1].at.0);
            walk.fixes.reverse();
            for fix in &mut walk.fixes {
                fix.at.0 = first + last - fix.at.0;
            }
            errors.add(share(&walk) - there);
        }
        println!("RESULT turned={name} {}", errors.told());
    }
}

fn speed(walks: &[Walk]) -> Result<(), Box<dyn Error>> {
    let fixes: usize = walks.iter().map(|walk| walk.fixes.len()).sum();
    let cleaned: Vec<_> = walks
        .iter()
        .map(|walk| sampled::clean(&walk.fixes))
        .collect();
    let (mut ours_s, mut peer_s) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin_s = cpu_s();
        let ours: f64 = walks.iter().map(share).sum();
        let middle_s = cpu_s();
        let peer: f64 = walks
            .iter()
            .zip(&cleaned)
            .map(|(walk, track)| sampled::share(&walk.route, track))
            .sum();
        ours_s.push(middle_s - begin_s);
        peer_s.push(cpu_s() - middle_s);
        assert!(ours > 0.0 && peer > 0.0, "both cover something");
    }
    let count = walks.len() as f64;
    let mut ratios: Vec<f64> = ours_s.iter().zip(&peer_s).map(|(o, p)| p / o).collect();
    let (ours, peer) = (count / median(&mut ours_s), count / median(&mut peer_s));
    println!(
        "RESULT peer=bading routes_per_s={ours:.0} ns_per_fix={:.0} fixes_a_route={:.0}",
        1e9 * count / ours / fixes as f64,
        fixes as f64 / count
    );
    println!("RESULT peer=samples-5m-rstar routes_per_s={peer:.0}");
    let ratio = median(&mut ratios);
    println!(
        "RATIO bading/samples-5m-rstar={ratio:.2} [{:.2}..{:.2}]",
        ratios[0],
        ratios[ratios.len() - 1]
    );
    if let Some(answer) = shapely::run(&walks[..walks.len().min(5)])? {
        let shapely = answer.shares.len() as f64 / answer.cpu_s;
        println!("RESULT peer=shapely-buffer routes_per_s={shapely:.2}");
        println!("RATIO bading/shapely-buffer={:.0}", ours / shapely);
    }
    Ok(())
}

fn two_cores(walks: &[Walk]) {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let one = Instant::now();
        let alone: f64 = walks.iter().map(share).sum();
        let one_s = one.elapsed().as_secs_f64();
        let two = Instant::now();
        let (first, second) = walks.split_at(walks.len() / 2);
        let both: f64 = std::thread::scope(|scope| {
            let other = scope.spawn(|| second.iter().map(share).sum::<f64>());
            let here: f64 = first.iter().map(share).sum();
            here + other.join().expect("the thread only computes")
        });
        ratios.push(one_s / two.elapsed().as_secs_f64());
        assert!((alone - both).abs() < 1e-6, "the same answers");
    }
    let ratio = median(&mut ratios);
    println!(
        "RATIO two-threads/one={ratio:.2} [{:.2}..{:.2}]",
        ratios[0],
        ratios[ratios.len() - 1]
    );
}

fn live(plan: &WalkPlan) {
    let (mut fix_us, mut picture_us) = (Vec::new(), Vec::new());
    let mut most_bytes = 0;
    for seed in 0..30 {
        let walk = walk(plan, seed);
        let before = BYTES.live();
        let line = RouteLine::new(&walk.route);
        let mut run = CoverageRun::new(&walk.route, CoverageSettings::default());
        for (number, fix) in walk.fixes.iter().enumerate() {
            let begin = Instant::now();
            run.feed(&line, *fix);
            fix_us.push(begin.elapsed().as_secs_f64() * 1e6);
            if number % 50 == 0 {
                let begin = Instant::now();
                let picture = run.picture(&line);
                picture_us.push(begin.elapsed().as_secs_f64() * 1e6);
                assert!(picture.ratio <= 1.0, "a share");
            }
            most_bytes = most_bytes.max(BYTES.live().saturating_sub(before));
        }
    }
    for us in [&mut fix_us, &mut picture_us] {
        us.sort_by(f64::total_cmp);
    }
    let at = |us: &[f64], share: f64| us[((us.len() - 1) as f64 * share) as usize];
    println!(
        "RESULT live fix_us p50={:.2} p99={:.2} p999={:.2} picture_us p50={:.0} p99={:.0} bytes={most_bytes}",
        at(&fix_us, 0.5),
        at(&fix_us, 0.99),
        at(&fix_us, 0.999),
        at(&picture_us, 0.5),
        at(&picture_us, 0.99),
    );
}
