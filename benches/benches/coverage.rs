//! scratch
#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]
use bading_benches::walks::{Skip, WalkPlan, walk};
use bading_core::geo::coverage::{CoverageSettings, coverage};
use std::time::Instant;

fn main() {
    let n: u64 = std::env::var("N")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(300);
    let base = WalkPlan::default();
    let plans: Vec<(&str, WalkPlan)> = vec![
        ("default", base.clone()),
        (
            "no-acc",
            WalkPlan {
                tells_accuracy: false,
                ..base.clone()
            },
        ),
        (
            "quiet",
            WalkPlan {
                noise_m: (1.0, 4.0),
                ..base.clone()
            },
        ),
        (
            "white",
            WalkPlan {
                noise_m: (1.0, 3.0),
                white_m: 7.0,
                ..base.clone()
            },
        ),
        (
            "1s",
            WalkPlan {
                every_s: 1.0,
                autocorrelation: 0.983,
                ..base.clone()
            },
        ),
        (
            "15s",
            WalkPlan {
                every_s: 15.0,
                autocorrelation: 0.78,
                ..base.clone()
            },
        ),
    ];
    let only = std::env::var("PLAN").ok();
    for (name, plan) in plans {
        if only.as_deref().is_some_and(|o| o != name) {
            continue;
        }
        let mut err = 0.0;
        let mut bias = 0.0;
        let mut covs = 0.0;
        let mut fixes = 0;
        let mut false_m = [0.0f64; 4]; // parallel detour zigzag other
        let mut skip_m = [0.0f64; 4];
        let mut lost_m = 0.0;
        let mut worst: Vec<(f64, u64)> = vec![];
        let mut sect = 0.0;
        for seed in 0..n {
            let w = walk(&plan, seed);
            let t = Instant::now();
            let c = coverage(&w.route, &CoverageSettings::default(), &w.fixes);
            sect += t.elapsed().as_secs_f64();
            fixes += w.fixes.len();
            let truth = w.truth_m / w.planned_m;
            let e = c.ratio - truth;
            if std::env::var("DUMP").is_ok() {
                println!(
                    "W {seed} {e:.4} {:.1} {truth:.3} {:.3}",
                    w.noise_m,
                    w.skipped.iter().map(|s| s.1 - s.0).sum::<f64>() / w.planned_m
                );
            }
            err += e.abs();
            bias += e;
            covs += truth;
            worst.push((e, seed));
            // false positive length by skip kind
            let cov: Vec<(f64, f64)> = c.intervals.iter().map(|i| (i.from_m, i.to_m)).collect();
            let inter = |a: &[(f64, f64)], b: &[(f64, f64)]| -> Vec<(f64, f64)> {
                let mut o = vec![];
                for x in a {
                    for y in b {
                        let l = x.0.max(y.0);
                        let h = x.1.min(y.1);
                        if h > l {
                            o.push((l, h));
                        }
                    }
                }
                o
            };
            let minus = |a: &[(f64, f64)], b: &[(f64, f64)]| -> Vec<(f64, f64)> {
                let mut o = vec![];
                for x in a {
                    let mut at = x.0;
                    for y in b {
                        if y.1 <= at || y.0 >= x.1 {
                            continue;
                        }
                        if y.0 > at {
                            o.push((at, y.0));
                        }
                        at = at.max(y.1);
                    }
                    if at < x.1 {
                        o.push((at, x.1));
                    }
                }
                o
            };
            let len = |a: &[(f64, f64)]| a.iter().map(|x| x.1 - x.0).sum::<f64>();
            let fp = minus(&cov, &w.truth);
            for (k, kind) in [Skip::Parallel, Skip::Detour, Skip::Zigzag]
                .iter()
                .enumerate()
            {
                let s: Vec<(f64, f64)> = w
                    .skipped
                    .iter()
                    .filter(|s| s.2 == *kind)
                    .map(|s| (s.0, s.1))
                    .collect();
                let s = minus(&s, &w.truth);
                false_m[k] += len(&inter(&fp, &s));
                skip_m[k] += len(&s);
            }
            let all: Vec<(f64, f64)> = w.skipped.iter().map(|s| (s.0, s.1)).collect();
            false_m[3] += len(&minus(&fp, &all));
            lost_m += len(&minus(&w.truth, &cov));
        }
        worst.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let nf = n as f64;
        println!(
            "{name:8} MAE {:.4} bias {:+.4} truth {:.3} | per walk m: lost {:.0} false par {:.0}/{:.0} det {:.0}/{:.0} zig {:.0}/{:.0} other {:.0} | {:.3} ms/route {:.0} ns/fix  worst {:?}",
            err / nf,
            bias / nf,
            covs / nf,
            lost_m / nf,
            false_m[0] / nf,
            skip_m[0] / nf,
            false_m[1] / nf,
            skip_m[1] / nf,
            false_m[2] / nf,
            skip_m[2] / nf,
            false_m[3] / nf,
            sect / nf * 1e3,
            sect / fixes as f64 * 1e9,
            &worst[..4.min(worst.len())]
        );
    }
}
