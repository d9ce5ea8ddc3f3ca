//! Dispatch by ownership: the index against reading every rule, in interleaved rounds of one
//! run.
//!
//! Inputs are 20,000 rules over 500 classes and 17,000 grids, seeded: most for one class or
//! the beginning of classes in one cell or street, a tenth of them for an owner; and 1,000,000
//! cases. The peer answers the first 2,000 of them, and each of its answers must be ours.
//! Prints one `RESULT` line a peer, medians of the rounds, and the ratio.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

use bading_core::rules::dispatch::{Decision, Dispatcher};
use bading_core::rules::ownership::{ClassPattern, Ownership, OwnershipRule, read_ownership};

const ROUNDS: usize = 7;
const CLASSES: u64 = 500;
const GRIDS: u64 = 17_000;
const RULES: usize = 20_000;
const CASES: usize = 1_000_000;
const PEER_CASES: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random(1);
    let table = read_ownership(rules(&mut random)?.as_bytes())?;
    let cases: Vec<[String; 3]> = (0..CASES).map(|_| case(&mut random)).collect();
    println!("{CLASSES} classes, {GRIDS} grids, {RULES} rules, {CASES} cases, {ROUNDS} rounds");

    let (mut build_s, mut our_s, mut peer_s) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let dispatcher = Dispatcher::new(Some(&table), None);
        build_s.push(start.elapsed().as_secs_f64());

        let start = Instant::now();
        let ours: Vec<Option<&str>> = cases.iter().map(|case| decide(&dispatcher, case)).collect();
        our_s.push(start.elapsed().as_secs_f64() / CASES as f64);
        found = ours.iter().flatten().count();

        let start = Instant::now();
        let peers = cases.iter().take(PEER_CASES).map(|case| scan(&table, case));
        let peers: Vec<Option<&str>> = peers.collect();
        peer_s.push(start.elapsed().as_secs_f64() / PEER_CASES as f64);
        if let Some(at) = (0..PEER_CASES).find(|at| ours[*at] != peers[*at]) {
            return Err(format!("{:?}: {:?}, not {:?}", cases[at], ours[at], peers[at]).into());
        }
    }
    let (ours, peer) = (median(&mut our_s), median(&mut peer_s));
    println!(
        "RESULT peer=bading decisions_per_s={:.0} build_s={:.4} with_a_rule={found}",
        1.0 / ours,
        median(&mut build_s)
    );
    println!("RESULT peer=linear-scan decisions_per_s={:.0}", 1.0 / peer);
    println!("RATIO bading/linear-scan={:.0}", peer / ours);
    Ok(())
}

fn decide<'a>(
    dispatcher: &'a Dispatcher<'_>,
    [class, grid, owner]: &[String; 3],
) -> Option<&'a str> {
    match dispatcher.decide(class, grid, owner) {
        Decision::To { department, .. } => Some(department),
        Decision::NoRule(_) => None,
    }
}

/// What a user would write: the best of all rules that meet.
fn scan<'a>(table: &'a Ownership, [class, grid, owner]: &[String; 3]) -> Option<&'a str> {
    let meets = |rule: &&OwnershipRule| {
        let is_class = match &rule.class {
            ClassPattern::Any => true,
            ClassPattern::Prefix(code) => class.starts_with(code.as_str()),
            ClassPattern::Exact(code) => class == code.as_str(),
        };
        is_class && grid.starts_with(&*rule.grid) && (rule.owner.is_empty() || rule.owner == *owner)
    };
    let rank = |rule: &&OwnershipRule| {
        let class = match &rule.class {
            ClassPattern::Any => (0, 0),
            ClassPattern::Prefix(code) => (1, code.as_str().len()),
            ClassPattern::Exact(_) => (2, 0),
        };
        (!rule.owner.is_empty(), rule.grid.len(), class)
    };
    let best = table.rules().iter().filter(meets).max_by_key(rank);
    best.map(|rule| rule.department.as_str())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// SplitMix64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

fn class(number: u64) -> String {
    format!("{:02}{:02}", 1 + number / 25, 1 + number % 25)
}

/// 15 digits: 10 streets of 10 communities of 170 cells.
fn grid(number: u64) -> String {
    let (street, community) = (1 + number / 1_700, 1 + number / 170 % 10);
    format!("420102{street:03}{community:03}{:03}", 1 + number % 170)
}

fn rules(random: &mut Random) -> Result<String, std::fmt::Error> {
    let mut asked = BTreeSet::new();
    while asked.len() < RULES {
        let class = class(random.below(CLASSES));
        let class = match random.below(4) {
            0 => format!("{}*", &class[..2]),
            _ => class,
        };
        let grid = grid(random.below(GRIDS));
        let length = match random.below(10) {
            0 => 9,
            1 => 12,
            _ => 15,
        };
        let owner = match random.below(10) {
            0 => format!("owner {}", random.below(20)),
            _ => String::new(),
        };
        asked.insert((class, grid[..length].to_owned(), owner));
    }
    let mut text = "class,grid,owner,department\n".to_owned();
    for (number, (class, grid, owner)) in asked.iter().enumerate() {
        writeln!(text, "{class},{grid},{owner},department {}", number % 627)?;
    }
    Ok(text)
}

fn case(random: &mut Random) -> [String; 3] {
    let owner = match random.below(5) {
        0 => format!("owner {}", random.below(25)),
        _ => String::new(),
    };
    [
        class(random.below(CLASSES)),
        grid(random.below(GRIDS)),
        owner,
    ]
}
