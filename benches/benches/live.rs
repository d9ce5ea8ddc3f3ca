//! The live path of a phone over a whole shift: a fix a second for four hours, about 8 km.
//!
//! *Fix*: what each fix costs that is fed to the growing coverage and to the walk beside it.
//! *Look*: the picture and the live view of it, as a screen that is drawn once a second asks
//! for them. *Bytes*: what lives on the heap for the route, its index, the coverage, the walk
//! and the live view, at the most. Times are those of the clock of a thread that may be put
//! aside, so that the tail is an upper bound. `BADING_BENCH_WALKS` sets how many shifts
//! (default 20).

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::time::Instant;

use bading_benches::cost::LiveBytes;
use bading_benches::walks::{WalkPlan, walk};
use bading_core::geo::coverage::{CoverageRun, CoverageSettings};
use bading_core::geo::live_view::{LiveRoute, LoopsAsked, Moment};
use bading_core::geo::route_line::RouteLine;
use bading_core::geo::walk::Walk;

#[global_allocator]
static BYTES: LiveBytes = LiveBytes;

/// A look for so many fixes: each costs far more than a fix.
const FIXES_A_LOOK: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let shifts: u64 = match std::env::var("BADING_BENCH_WALKS") {
        Ok(text) => text.parse().map_err(|_| "BADING_BENCH_WALKS: no number")?,
        Err(_) => 20,
    };
    let plan = WalkPlan {
        every_s: 1.0,
        // The noise stays on one side as long as at a fix every five seconds.
        autocorrelation: 0.983,
        ..WalkPlan::four_hours()
    };
    let settings = CoverageSettings::default();
    let (mut fix_us, mut look_us) = (Vec::new(), Vec::new());
    let (mut most_bytes, mut most_fixes) = (0, 0);
    for seed in 0..shifts {
        let shift = walk(&plan, seed);
        most_fixes = most_fixes.max(shift.fixes.len());
        let before = BYTES.live();
        // What the bench itself keeps is made before it is counted.
        fix_us.reserve(shift.fixes.len());
        look_us.reserve(shift.fixes.len());
        let kept = BYTES.live() - before;
        let line = RouteLine::new(&shift.route);
        let live = LiveRoute::new(&shift.route, &line);
        let mut run = CoverageRun::new(&shift.route, settings);
        let mut walked = Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms);
        for (number, fix) in shift.fixes.iter().enumerate() {
            let begin = Instant::now();
            run.feed(&line, *fix);
            walked.feed(*fix);
            fix_us.push(begin.elapsed().as_secs_f64() * 1e6);
            if number % FIXES_A_LOOK == 0 {
                let begin = Instant::now();
                let picture = run.picture(&line);
                let moment = Moment {
                    now: fix.at,
                    at: Some(fix.place),
                    until: None,
                    loops: LoopsAsked {
                        required: 1,
                        window: None,
                    },
                    walking_ms: 0,
                };
                let view = live.view(&picture, &moment);
                look_us.push(begin.elapsed().as_secs_f64() * 1e6);
                assert!(
                    view.left_m <= view.planned_m,
                    "no more is left than was planned"
                );
            }
            most_bytes = most_bytes.max(BYTES.live().saturating_sub(before + kept));
        }
    }
    println!("RESULT live shifts={shifts} fixes_a_shift={most_fixes} bytes={most_bytes}");
    told("fix", &mut fix_us);
    told("look", &mut look_us);
    Ok(())
}

fn told(what: &str, us: &mut [f64]) {
    us.sort_by(f64::total_cmp);
    let at = |share: f64| us[((us.len() - 1) as f64 * share) as usize];
    println!(
        "RESULT live {what}_us p50={:.2} p99={:.2} p999={:.2} worst={:.1}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
