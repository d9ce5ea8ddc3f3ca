//! Deadlines and person-day scores per second on one core, beside the same work with Python's
//! `chinese_calendar`, numpy and pandas, in interleaved rounds of one run.
//!
//! Inputs are 1,000,000 starts of 2024 and 2025 with limits of real lists, and 200,000
//! person-days of counts, seeded; a person-day is coverage, attendance, quantity, quality and
//! verdict with everything that explains them. The calendar is `chinese_calendar`'s own, so
//! that both answer the same question; every deadline must agree, and scores may differ only
//! where the peer's floating point is on the other side of a half.
//!
//! The peer runs where `BADING_BENCH_PYTHON` (default `python3`) can import its packages:
//! `python3 -m venv target/peers && target/peers/bin/pip install -r
//! core/benches/peers/scoring-requirements.txt`.

#![allow(clippy::print_stdout, reason = "a bench answers on stdout")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use bading_core::model::quality::{IndicatorKey, SubjectKind};
use bading_core::model::quantity::{Proration, QuotaItem, Thousandths};
use bading_core::model::time::UtcMs;
use bading_core::rules::attendance::attendance_score;
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::limit::{Limit, Span};
use bading_core::rules::patrol::coverage_score;
use bading_core::rules::policy::Policy;
use bading_core::rules::quality::formulas::{Counted, GridClass, SubjectFacts, measure, standard};
use bading_core::rules::quantity::{DoneItem, quantity};
use bading_core::rules::verdict::{Verdict, VerdictParts, decide};

const ROUNDS: usize = 5;
const DEADLINES: usize = 1_000_000;
const DAYS: usize = 200_000;
/// Rows of the peer that walks day by day, which would take minutes for all.
const LOOPED: usize = 20_000;
/// 2024-01-01 in Shanghai, and two years from there.
const FIRST_MS: u64 = 1_704_038_400_000;
const TWO_YEARS_MS: u64 = 731 * 86_400_000;
const LIMITS: [&str; 9] = [
    "2小时",
    "4小时",
    "30分钟",
    "1工作日",
    "3个工作日",
    "7工作日",
    "15工作日",
    "2紧急工作时",
    "2紧急工作日",
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = folder()?;
    let peer = Peer::find(&folder);
    let clock = clock(&folder, peer.is_some())?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let asked = deadlines(&mut random)?;
    let days: Vec<_> = (0..DAYS).map(|_| PersonDay::new(&mut random)).collect();
    println!("{DEADLINES} deadlines, {DAYS} person-days, {ROUNDS} rounds, one thread");

    if peer.is_some() {
        write_inputs(&folder, &asked, &days)?;
    }
    let policy = Policy::default();
    let mut figures = Figures::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let due: Vec<u64> = asked
            .iter()
            .map(|(start, limit)| clock.add(*start, limit).map_or(0, |found| found.due.0))
            .collect();
        figures.ours_due.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let scores: Vec<i64> = days
            .iter()
            .map(|day| {
                let verdict = black_box(day.score(&policy));
                verdict.score.map_or(-1, |score| score.hundredths().into())
            })
            .collect();
        figures.ours_score.push(began.elapsed().as_secs_f64());
        let Some(peer) = &peer else { continue };
        figures.peer_due.push(peer.seconds(&["deadlines"])?);
        let count = LOOPED.to_string();
        figures.loop_due.push(peer.seconds(&["loop", &count])?);
        figures.peer_score.push(peer.seconds(&["scores"])?);
        figures.compare(&folder, &due, &scores)?;
    }
    figures.print(peer.is_some());
    Ok(())
}

fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("scoring");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The peer's calendar, or one without holidays where there is no peer.
fn clock(folder: &Path, has_peer: bool) -> Result<WorkingClock, Box<dyn Error>> {
    let year = |year: i32| {
        let plain = format!(
            r#"{{"year":{year},"papers":["p"],"days":[
            {{"name":"x","date":"{year}-01-01","isOffDay":true}}]}}"#
        );
        let bytes = match has_peer {
            true => fs::read(folder.join(format!("{year}.json")))?,
            false => plain.into_bytes(),
        };
        Ok::<_, Box<dyn Error>>(CalendarYear::read(&bytes)?)
    };
    let years = (2024..=2026).map(year).collect::<Result<Vec<_>, _>>()?;
    Ok(WorkingClock::try_new(
        Calendar::try_new(years)?,
        ClockPolicy::default(),
    )?)
}

fn deadlines(random: &mut Random) -> Result<Vec<(UtcMs, Limit)>, Box<dyn Error>> {
    let limits = LIMITS
        .map(Limit::parse)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    Ok((0..DEADLINES)
        .map(|_| {
            let start = UtcMs(FIRST_MS + random.below(TWO_YEARS_MS));
            let limit = &limits[random.below(limits.len() as u64) as usize];
            (start, limit.clone())
        })
        .collect())
}

/// The counts of one person on one day.
struct PersonDay {
    covered: [u64; 2],
    /// Scheduled, in the grid, excused, seconds.
    attended: [u64; 3],
    /// Done and asked of reports, kilometres, loops and tasks.
    done: [[u64; 2]; 4],
    /// Valid, missed, verified and checked, each of its whole.
    quality: [[u64; 2]; 4],
}

impl PersonDay {
    fn new(random: &mut Random) -> Self {
        let mut part = |whole: u64| [random.below(whole + 1), whole];
        let covered = part(8_000_000);
        let [in_grid, _] = part(24_000);
        let [excused, _] = part(28_800 - in_grid);
        let done = [part(18), part(14), part(6), part(10)].map(|[done, _]| done);
        let [verified, verified_of] = part(25);
        let [checked, checked_of] = part(80);
        let has_tasks = random.below(4) > 0;
        let mut part = |whole: u64| [random.below(whole + 1), whole];
        Self {
            covered,
            attended: [28_800, in_grid, excused],
            done: [
                [done[0], 12],
                [done[1], 10],
                [done[2], 4],
                [done[3], if has_tasks { 8 } else { 0 }],
            ],
            quality: [
                part(120),
                part(160),
                // A zero denominator is not applicable.
                if has_tasks {
                    [verified, verified_of]
                } else {
                    [0, 0]
                },
                [checked, checked_of],
            ],
        }
    }

    fn score(&self, policy: &Policy) -> Verdict {
        let [covered, planned] = self.covered;
        let [scheduled, in_grid, excused] = self.attended;
        let amount = |units| Thousandths::of_units(units).unwrap_or(Thousandths::MAX);
        let items: Vec<_> = policy
            .quantity
            .iter()
            .zip(self.done)
            .map(|(item, [done, quota])| DoneItem {
                item: QuotaItem {
                    quota: amount(quota),
                    ..item.clone()
                },
                done: amount(done),
                excluded: Vec::new(),
            })
            .collect();
        let counted = |[numerator, denominator]: [u64; 2]| Counted {
            numerator,
            denominator,
            cases: Vec::new(),
        };
        let [valid, missed, verification, check] = self.quality.map(counted);
        let facts = SubjectFacts::default()
            .with(IndicatorKey::Valid, valid)
            .with(IndicatorKey::Missed, missed)
            .with(IndicatorKey::Verification, verification)
            .with(IndicatorKey::Check, check);
        let card = standard(SubjectKind::Inspector, GridClass::One, policy);
        let sound = "the bench's parts are parts of their wholes";
        let parts = VerdictParts {
            coverage: coverage_score(planned, 0, covered).expect(sound).score,
            time: attendance_score(scheduled, in_grid, excused).expect(sound),
            quantity: quantity(&items, Proration::FULL).expect(sound).score,
            quality: measure(&card, &facts).expect(sound).score,
        };
        decide(&parts, &[], &[], policy)
    }
}

fn write_inputs(
    folder: &Path,
    asked: &[(UtcMs, Limit)],
    days: &[PersonDay],
) -> Result<(), Box<dyn Error>> {
    let mut text = String::from("start_ms,limit_ms,urgent\n");
    for (start, limit) in asked {
        let (ms, urgent) = match limit.span() {
            Span::Working { ms } | Span::Bare { ms } => (ms, 0),
            Span::WorkingDays { millionths } | Span::BareDays { millionths } => {
                (millionths * 288 / 10, 0)
            }
            Span::Continuous { ms } => (ms, 1),
        };
        writeln!(text, "{},{ms},{urgent}", start.0)?;
    }
    fs::write(folder.join("deadlines.csv"), text)?;
    let mut text = String::from(
        "covered,planned,scheduled,in_grid,excused,reports,reports_quota,km,km_quota,loops,\
         loops_quota,tasks,tasks_quota,valid,valid_of,missed,missed_of,verified,verified_of,\
         checked,checked_of\n",
    );
    for day in days {
        let fields = day.covered.iter().chain(&day.attended);
        let fields = fields.chain(day.done.iter().flatten());
        let fields = fields.chain(day.quality.iter().flatten());
        let fields: Vec<_> = fields.map(ToString::to_string).collect();
        writeln!(text, "{}", fields.join(","))?;
    }
    fs::write(folder.join("scores.csv"), text)?;
    Ok(())
}

/// Python with the peer's packages.
struct Peer {
    python: String,
    folder: PathBuf,
}

impl Peer {
    fn find(folder: &Path) -> Option<Self> {
        let python = std::env::var("BADING_BENCH_PYTHON").unwrap_or_else(|_| "python3".into());
        let peer = Self {
            python,
            folder: folder.to_owned(),
        };
        let has_it = peer.run(&["calendar"]).is_ok();
        if !has_it {
            println!(
                "no peer: BADING_BENCH_PYTHON names a Python with the packages of \
                 core/benches/peers/scoring-requirements.txt"
            );
        }
        has_it.then_some(peer)
    }

    fn run(&self, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/scoring.py");
        let done = Command::new(&self.python)
            .arg(script)
            .arg(arguments[0])
            .arg(&self.folder)
            .args(&arguments[1..])
            // The peer gets one core too.
            .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"].map(|name| (name, "1")))
            .output()?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
        }
        Ok(String::from_utf8(done.stdout)?)
    }

    fn seconds(&self, arguments: &[&str]) -> Result<f64, Box<dyn Error>> {
        let said = self.run(arguments)?;
        let seconds = said.trim().strip_prefix("seconds=");
        Ok(seconds.ok_or("the peer says no seconds")?.parse()?)
    }
}

#[derive(Default)]
struct Figures {
    ours_due: Vec<f64>,
    ours_score: Vec<f64>,
    peer_due: Vec<f64>,
    loop_due: Vec<f64>,
    peer_score: Vec<f64>,
    differing_scores: usize,
}

impl Figures {
    /// Every deadline agrees; a score may be a hundredth off where a float is.
    fn compare(
        &mut self,
        folder: &Path,
        due: &[u64],
        scores: &[i64],
    ) -> Result<(), Box<dyn Error>> {
        let words = |name: &str| -> Result<Vec<i64>, Box<dyn Error>> {
            let bytes = fs::read(folder.join(name))?;
            let words = bytes.as_chunks::<8>().0.iter();
            Ok(words.map(|word| i64::from_le_bytes(*word)).collect())
        };
        let theirs = words("due.bin")?;
        let differing = due
            .iter()
            .zip(&theirs)
            .filter(|(a, b)| **a as i64 != **b)
            .count();
        if theirs.len() != due.len() || differing > 0 {
            return Err(format!("{differing} deadlines differ").into());
        }
        let theirs = words("scores.bin")?;
        let apart = scores.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b));
        if theirs.len() != scores.len() || apart.clone().any(|apart| apart > 1) {
            return Err("scores differ by more than a rounding".into());
        }
        self.differing_scores = apart.filter(|apart| *apart > 0).count();
        Ok(())
    }

    fn print(&mut self, has_peer: bool) {
        let due = rate(&mut self.ours_due, DEADLINES);
        let score = rate(&mut self.ours_score, DAYS);
        println!("RESULT peer=bading deadlines_per_s={due:.0} person_days_per_s={score:.0}");
        if !has_peer {
            return;
        }
        let peer_due = rate(&mut self.peer_due, DEADLINES);
        let peer_score = rate(&mut self.peer_score, DAYS);
        let looped = rate(&mut self.loop_due, LOOPED);
        println!(
            "RESULT peer=pandas deadlines_per_s={peer_due:.0} person_days_per_s={peer_score:.0} \
             differing_scores={}",
            self.differing_scores
        );
        println!("RESULT peer=chinese_calendar-loop deadlines_per_s={looped:.0}");
        println!(
            "RATIO deadlines bading/pandas={:.2} bading/chinese_calendar-loop={:.0}; \
             person-days bading/pandas={:.2}",
            due / peer_due,
            due / looped,
            score / peer_score
        );
    }
}

/// Things a second by the middle of the rounds.
fn rate(seconds: &mut [f64], count: usize) -> f64 {
    seconds.sort_by(f64::total_cmp);
    count as f64 / seconds[seconds.len() / 2]
}

/// A small generator whose numbers are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}
