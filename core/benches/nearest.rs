//! The nearest facilities: the index against measuring all of them, and against a spatial
//! index of another library, in interleaved rounds of one run.
//!
//! 100,000 seeded places in a city of 50 km, 2,000 questions for the five nearest from the
//! same city. Peers: `scan`, the geodesic to each place (20 questions of the same); and
//! `rstar` 0.14 on degrees with a longitude scaled to the city's latitude, whose order is not
//! that of geodesics. Prints one `RESULT` line a peer, medians of the rounds, ratios, how
//! many of rstar's answers name other places, and what a question costs from far away.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::time::Instant;

use bading_core::geo::distance::distance_m;
use bading_core::geo::nearest::{NearestIndex, nearest};
use bading_core::model::place::LatLon;
use rstar::RTree;
use rstar::primitives::GeomWithData;

const ROUNDS: usize = 7;
const PLACES: usize = 100_000;
const QUESTIONS: usize = 2_000;
const SCANS: usize = 20;
const COUNT: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random(1);
    let places = city(&mut random, PLACES)?;
    let questions = city(&mut random, QUESTIONS)?;
    let far = [(-34.6, -58.4), (52.5, 13.4), (39.9, 116.4), (90.0, 0.0)]
        .into_iter()
        .map(|(lat, lon)| LatLon::try_new(lat, lon))
        .collect::<Result<Vec<_>, _>>()?;
    println!("{PLACES} places, {QUESTIONS} questions for {COUNT}, {ROUNDS} rounds");

    let squeeze = 31.25_f64.to_radians().cos();
    let flat = |place: &LatLon| [place.lon_deg() * squeeze, place.lat_deg()];
    let (mut build_s, mut ours_s, mut far_s) = (Vec::new(), Vec::new(), Vec::new());
    let (mut scan_s, mut rstar_s) = (Vec::new(), Vec::new());
    let mut others = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let index = NearestIndex::build((0..).zip(places.iter().copied()));
        build_s.push(start.elapsed().as_secs_f64());
        let ask = |at: &LatLon| -> Vec<u32> {
            let found = nearest([&index], *at, COUNT, f64::INFINITY);
            found.into_iter().map(|near| near.number).collect()
        };

        let start = Instant::now();
        let ours: Vec<_> = questions.iter().map(ask).collect();
        ours_s.push(start.elapsed().as_secs_f64() / QUESTIONS as f64);

        let start = Instant::now();
        let found: usize = far.iter().map(|at| ask(at).len()).sum();
        far_s.push(start.elapsed().as_secs_f64() / far.len() as f64);
        assert_eq!(found, far.len() * COUNT);

        let start = Instant::now();
        let scans = questions.iter().take(SCANS).map(|at| scan(&places, *at));
        let scans: Vec<_> = scans.collect();
        scan_s.push(start.elapsed().as_secs_f64() / SCANS as f64);
        if let Some(at) = (0..SCANS).find(|at| scans[*at] != ours[*at]) {
            return Err(format!("{:?} is not {:?}", ours[at], scans[at]).into());
        }

        let points = (0_u32..).zip(&places);
        let points = points.map(|(number, place)| GeomWithData::new(flat(place), number));
        let tree = RTree::bulk_load(points.collect());
        let start = Instant::now();
        let theirs: Vec<Vec<u32>> = questions
            .iter()
            .map(|at| {
                let near = tree.nearest_neighbor_iter(flat(at));
                near.take(COUNT).map(|point| point.data).collect()
            })
            .collect();
        rstar_s.push(start.elapsed().as_secs_f64() / QUESTIONS as f64);
        others = (0..QUESTIONS).filter(|at| theirs[*at] != ours[*at]).count();
    }
    let [build, ours, far, scan, rstar] = [build_s, ours_s, far_s, scan_s, rstar_s].map(median);
    println!(
        "RESULT peer=bading question_us={:.2} far_question_us={:.1} build_ms={:.1}",
        ours * 1e6,
        far * 1e6,
        build * 1e3
    );
    println!("RESULT peer=scan question_us={:.0}", scan * 1e6);
    println!(
        "RESULT peer=rstar question_us={:.2} other_answers={others}",
        rstar * 1e6
    );
    println!(
        "RATIO scan/bading={:.0} rstar/bading={:.2}",
        scan / ours,
        rstar / ours
    );
    Ok(())
}

fn city(random: &mut Random, count: usize) -> Result<Vec<LatLon>, Box<dyn Error>> {
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        let (north, east) = (random.next(), random.next());
        places.push(LatLon::try_new(31.0 + north * 0.5, 121.2 + east * 0.5)?);
    }
    Ok(places)
}

fn scan(places: &[LatLon], at: LatLon) -> Vec<u32> {
    let measured = (0_u32..).zip(places);
    let mut all: Vec<_> = measured
        .map(|(n, place)| (distance_m(at, *place), n))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.into_iter()
        .take(COUNT)
        .map(|(_, number)| number)
        .collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// SplitMix64, as numbers in 0.0..1.0.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
