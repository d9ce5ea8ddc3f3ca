//! Datums: the shifts and their inverses against the public formula as libraries write it,
//! in interleaved rounds of one run, one core.
//!
//! Inputs are 200,000 seeded points all over the rectangle of China. The peer is the plain
//! transcription that the tests hold the shifts to, and the fixed point that libraries
//! iterate. Prints a `RESULT` line a peer and way, medians of the rounds, then the ratios,
//! the steps of the inverses and the worst way there and back. It fails when an answer
//! differs from the peer's, or a way back misses by a millimetre.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use bading_core::geo::datum::{
    CHINA_LAT_DEG, CHINA_LON_DEG, Datum, convert, convert_all, convert_counted,
};
use bading_core::geo::distance::distance_m;
use bading_core::model::place::LatLon;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

#[path = "../src/geo/datum/plain.rs"]
mod plain;

const ROUNDS: usize = 9;
const POINTS: usize = 200_000;
/// Where the peer's inverses stop, degrees: about 0.01 mm.
const WITHIN_DEG: f64 = 1e-10;

type Pair = (f64, f64);

/// A way from one datum to another, and the peer's.
struct Way {
    from: Datum,
    to: Datum,
    peer: fn(Pair) -> Pair,
}

const WAYS: [Way; 6] = [
    Way {
        from: Datum::Wgs84,
        to: Datum::Gcj02,
        peer: |p| within(p, plain::wgs_to_gcj),
    },
    Way {
        from: Datum::Gcj02,
        to: Datum::Bd09,
        peer: |p| within(p, plain::gcj_to_bd),
    },
    Way {
        from: Datum::Wgs84,
        to: Datum::Bd09,
        peer: |p| within(p, |p| plain::gcj_to_bd(plain::wgs_to_gcj(p))),
    },
    Way {
        from: Datum::Gcj02,
        to: Datum::Wgs84,
        peer: |p| within(p, gcj_to_wgs),
    },
    Way {
        from: Datum::Bd09,
        to: Datum::Gcj02,
        peer: |p| within(p, bd_to_gcj),
    },
    Way {
        from: Datum::Bd09,
        to: Datum::Wgs84,
        peer: |p| within(p, |p| gcj_to_wgs(bd_to_gcj(p))),
    },
];

fn within(point: Pair, shift: fn(Pair) -> Pair) -> Pair {
    if CHINA_LAT_DEG.contains(&point.0) && CHINA_LON_DEG.contains(&point.1) {
        shift(point)
    } else {
        point
    }
}

fn gcj_to_wgs(point: Pair) -> Pair {
    plain::invert(plain::wgs_to_gcj, point, WITHIN_DEG).0
}

fn bd_to_gcj(point: Pair) -> Pair {
    plain::invert(plain::gcj_to_bd, point, WITHIN_DEG).0
}

fn main() -> Result<(), Box<dyn Error>> {
    let points = make();
    println!("{POINTS} points, {ROUNDS} rounds, one core");
    for way in &WAYS {
        compare(way, &points)?;
    }
    for (from, to) in [
        (Datum::Gcj02, Datum::Wgs84),
        (Datum::Bd09, Datum::Gcj02),
        (Datum::Bd09, Datum::Wgs84),
    ] {
        report_steps(from, to, &points)?;
    }
    report_round_trips(&points)
}

fn compare(way: &Way, points: &[Pair]) -> Result<(), Box<dyn Error>> {
    let (mut all, mut single, mut peer) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        ours = convert_all(way.from, way.to, black_box(points))?;
        all.push(start.elapsed().as_secs_f64());

        let start = Instant::now();
        let alone: Result<Vec<Pair>, _> = points
            .iter()
            .map(|p| convert(way.from, way.to, p.0, p.1))
            .collect();
        single.push(start.elapsed().as_secs_f64());
        if alone? != ours {
            return Err("alone and together differ".into());
        }

        let start = Instant::now();
        theirs = black_box(points).iter().map(|p| (way.peer)(*p)).collect();
        peer.push(start.elapsed().as_secs_f64());
    }
    let mut worst_mm = 0.0_f64;
    for (a, b) in ours.iter().zip(&theirs) {
        worst_mm = worst_mm.max(apart_mm(*a, *b)?);
    }
    let name = format!("{}-{}", way.from.as_str(), way.to.as_str());
    if worst_mm > 1.0 {
        return Err(format!("{name}: {worst_mm} mm from the peer").into());
    }
    let ratios = |ours: &[f64]| {
        let mut ratios: Vec<f64> = peer.iter().zip(ours).map(|(p, o)| p / o).collect();
        (median(&mut ratios), ratios[0], ratios[ROUNDS - 1])
    };
    let (together, alone) = (ratios(&all), ratios(&single));
    let rate = |seconds: &mut [f64]| points.len() as f64 / median(seconds);
    println!(
        "RESULT peer=bading way={name} points_per_s={:.0} single_points_per_s={:.0}",
        rate(&mut all),
        rate(&mut single)
    );
    println!(
        "RESULT peer=plain way={name} points_per_s={:.0}",
        rate(&mut peer)
    );
    println!(
        "RATIO way={name} bading/plain={:.2} [{:.2}..{:.2}] single/plain={:.2} [{:.2}..{:.2}] worst_apart_mm={worst_mm:.6}",
        together.0, together.1, together.2, alone.0, alone.1, alone.2,
    );
    Ok(())
}

/// Evaluations of a forward shift that the inverses take, beside the peer's.
fn report_steps(from: Datum, to: Datum, points: &[Pair]) -> Result<(), Box<dyn Error>> {
    let (mut sum, mut most, mut peers) = (0, 0, 0);
    for point in points {
        let (_, steps) = convert_counted(from, to, point.0, point.1)?;
        sum += u64::from(steps);
        most = most.max(steps);
        let mut at = *point;
        if from == Datum::Bd09 {
            let (next, steps) = plain::invert(plain::gcj_to_bd, at, WITHIN_DEG);
            (at, peers) = (next, peers + u64::from(steps));
        }
        if to == Datum::Wgs84 {
            peers += u64::from(plain::invert(plain::wgs_to_gcj, at, WITHIN_DEG).1);
        }
    }
    println!(
        "RESULT way={}-{} mean_steps={:.4} max_steps={most} plain_mean_steps={:.4}",
        from.as_str(),
        to.as_str(),
        sum as f64 / points.len() as f64,
        peers as f64 / points.len() as f64,
    );
    Ok(())
}

/// The worst distance after a way there and back, for every two datums; points whose
/// counterpart lies outside the rectangle stay there.
fn report_round_trips(points: &[Pair]) -> Result<(), Box<dyn Error>> {
    for way in &WAYS {
        let there = convert_all(way.from, way.to, points)?;
        let back = convert_all(way.to, way.from, &there)?;
        let mut worst_mm = 0.0_f64;
        let mut left_count = 0;
        for ((point, there), back) in points.iter().zip(&there).zip(&back) {
            if CHINA_LAT_DEG.contains(&there.0) && CHINA_LON_DEG.contains(&there.1) {
                worst_mm = worst_mm.max(apart_mm(*point, *back)?);
            } else {
                left_count += 1;
            }
        }
        let name = format!("{}-{}", way.from.as_str(), way.to.as_str());
        println!(
            "RESULT way={name} worst_round_trip_mm={worst_mm:.6} outside_the_rectangle={left_count}"
        );
        if worst_mm > 1.0 {
            return Err(format!("{name}: {worst_mm} mm there and back").into());
        }
    }
    Ok(())
}

fn apart_mm(a: Pair, b: Pair) -> Result<f64, Box<dyn Error>> {
    Ok(1000.0 * distance_m(LatLon::try_new(a.0, a.1)?, LatLon::try_new(b.0, b.1)?))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Points by SplitMix64: small, seeded, the same everywhere.
fn make() -> Vec<Pair> {
    let mut state = 1_u64;
    let mut below_one = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut along = |range: std::ops::RangeInclusive<f64>| {
        range.start() + (range.end() - range.start()) * below_one()
    };
    (0..POINTS)
        .map(|_| (along(CHINA_LAT_DEG), along(CHINA_LON_DEG)))
        .collect()
}
