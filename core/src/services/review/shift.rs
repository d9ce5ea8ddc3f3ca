//! One person's shift: what was planned, what the patrols prove, what was done, the verdict.

use std::collections::BTreeSet;

use serde::Serialize;

use super::decided::{Decided, ExemptedInReview, decided};
use super::inputs::ReviewInputs;
use super::repeated::Repeats;
use super::reports::{Credited, Reports, checks_of, missed_of, reports_of};
use super::staffing::{PersonFix, person_fix};
use super::windows::{WindowLoops, loop_windows, score_of};
use super::{ReviewScope, Undecided, hash_of_names};
use crate::geo::area::Area;
use crate::geo::coverage::{Coverage, CoverageRun, CoverageSettings, MissReason};
use crate::geo::exemption::counted;
use crate::geo::plausibility::{Evidence, Flag, Plausibility, PlausibilityLimits};
use crate::geo::route_line::RouteLine;
use crate::geo::walk::Walk;
use crate::model::identifiers::PersonId;
use crate::model::place::LatLon;
use crate::model::quality::{IndicatorKey, SubjectKind};
use crate::model::quantity::{QuotaItem, QuotaKey, Thousandths};
use crate::model::route::PlannedRoute;
use crate::model::time::UtcMs;
use crate::model::verdict::Share;
use crate::oplog::fold::CaseState;
use crate::oplog::patrol::{PatrolState, Piece, TrackPart};
use crate::oplog::trusted_time::TrustedTimes;
use crate::rules::attendance::{Attendance, AttendanceFix, Interval, attendance};
use crate::rules::explain::Explanation;
use crate::rules::patrol::{
    CountScore, CoverageScore, checkpoints_score, coverage_score, loops_score,
};
use crate::rules::quality::Quality;
use crate::rules::quality::formulas::{GridClass, SubjectFacts, measure, standard};
use crate::rules::quantity::{DoneItem, Quantity, quantity};
use crate::rules::roster::Shift;
use crate::rules::verdict::{Verdict, VerdictParts, decide};

/// One person's shift, reviewed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShiftReview {
    /// Who worked it.
    pub person: String,
    /// For whom, when it was somebody else's.
    pub stands_in_for: Option<String>,
    /// The slot.
    pub slot: String,
    /// Its beginning, in the city's time.
    pub from: String,
    /// Its end.
    pub to: String,
    /// The duty cells.
    pub grids: Vec<String>,
    /// The planned route's code.
    pub route: Option<String>,
    /// The route's name.
    pub route_name: Option<String>,
    /// How the person moves.
    pub mode: &'static str,
    /// What the roster says of the person.
    pub person_fix: PersonFix,
    /// The patrols that reach into it.
    pub patrols: Vec<PatrolReview>,
    /// What was covered of the route, all patrols together; nothing without a route.
    pub coverage: Option<Coverage>,
    /// The coverage as a score.
    pub coverage_score: Option<CoverageScore>,
    /// Stretches of the route that do not count, by their beginning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exempted: Vec<ExemptedInReview>,
    /// Loops done, of those required.
    pub loops: Option<CountScore>,
    /// The same for each window of the route; left out where the route has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loop_windows: Vec<WindowLoops>,
    /// Checkpoints visited.
    pub checkpoints: Option<CountScore>,
    /// Where the time of the shift went; nothing where no duty cell is known.
    pub attendance: Option<Attendance>,
    /// What was done of the quota.
    pub quantity: Quantity,
    /// Reports that count although they were declined: they were the first of a problem that
    /// was filed under another's.
    pub credited: Vec<Credited>,
    /// How well.
    pub quality: Quality,
    /// The four scores as one.
    pub verdict: Verdict,
    /// BLAKE3 over what all of this was made from: commits, packs, times.
    pub inputs: String,
    /// Why, as a tree from the grade down to stretches, cases and operations.
    pub explanation: Explanation,
    /// Begins at, milliseconds of UTC.
    #[serde(skip)]
    pub from_ms: u64,
    /// Answers that may have been in time or late; they are listed once for all shifts.
    #[serde(skip)]
    pub undecided: Vec<Undecided>,
    /// Lines on the ground, for maps.
    #[serde(skip)]
    pub geometry: RouteGeometry,
}

/// A patrol in a shift.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatrolReview {
    /// The patrol.
    pub patrol_id: String,
    /// When it began, in the city's time.
    pub started: String,
    /// When it was finished; nothing while it is under way.
    pub finished: Option<String>,
    /// Fixes recorded.
    pub fixes: u64,
    /// Fixes that are believed.
    pub accepted: u64,
    /// Fixes that are not, by the reason's key.
    pub rejected: std::collections::BTreeMap<&'static str, u64>,
    /// Metres walked.
    pub walked_m: f64,
    /// Times without a believed fix longer than the limit, in the city's time.
    pub silences: Vec<(String, String)>,
    /// Gaps that the device itself knows of.
    pub interruptions: Vec<(String, &'static str)>,
    /// Parts of the track that are missing.
    pub missing_parts: u64,
    /// What of the whole track is conspicuous, for a person to judge: no score depends on it.
    /// A replay is looked for among the patrols that the review has at hand.
    pub flags: Vec<Flag>,
}

/// Lines on the ground, each a list of places.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RouteGeometry {
    /// The route.
    pub route: Vec<Vec<LatLon>>,
    /// What was covered of it, in the order of the coverage's intervals.
    pub covered: Vec<Vec<Vec<LatLon>>>,
    /// What was missed, with the reason, in the order of the coverage's missed stretches.
    pub missed: Vec<(MissReason, Vec<Vec<LatLon>>)>,
    /// The places that must be visited, in the order of the coverage's checkpoints.
    pub checkpoints: Vec<LatLon>,
    /// The believed fixes, a line for each patrol.
    pub walked: Vec<Vec<LatLon>>,
    /// The rings of the duty cells.
    pub cells: Vec<Vec<LatLon>>,
}

/// What the patrols of a shift prove.
struct Walked {
    patrols: Vec<PatrolReview>,
    fixes: Vec<AttendanceFix>,
    moving_m: f64,
    lines: Vec<Vec<LatLon>>,
    coverage: Option<(RouteLine, Coverage)>,
}

pub(super) fn review_shift(
    scope: &ReviewScope,
    inputs: &ReviewInputs<'_>,
    (times, repeats): (&TrustedTimes, &Repeats),
    shift: &Shift,
) -> ShiftReview {
    let packs = inputs.packs;
    let policy = &packs.policy;
    let person = shift.worked_by().unwrap_or(&shift.person);
    // What has not happened yet is not missing.
    let until = shift.to.min(scope.as_of.max(shift.from));
    let planned = shift
        .route
        .as_ref()
        .and_then(|code| PlannedRoute::valid_on(&packs.routes, code, shift.date));
    let cells: Vec<_> = packs
        .grids
        .iter()
        .flat_map(|grids| grids.cells_at(shift.from))
        .filter(|cell| shift.grids.iter().any(|grid| grid.as_str() == cell.code))
        .collect();
    let area = Area::new(cells.iter().copied());
    let mine = patrols_of(inputs, person, shift);
    let mut walked = walk(inputs, shift, until, planned, &mine, &area);
    tell_repeats(&mut walked.patrols, &mine, repeats);
    let reports = reports_of(inputs, person, shift.from, until);
    let checks = checks_of(inputs, times, person, shift.from, until);
    let decided = decided(inputs, person, shift, scope.as_of);

    let coverage = walked.coverage.as_ref().map(|(_, coverage)| coverage);
    let scored = coverage.and_then(|coverage| {
        let lengths = counted(coverage, &decided.stretches());
        coverage_score(lengths.planned_mm, lengths.exempted_mm, lengths.covered_mm).ok()
    });
    let loop_windows = match (planned, coverage) {
        (Some(planned), Some(coverage)) => {
            let permille = policy.loop_ratio_permille;
            loop_windows(planned, shift, &coverage.loops, permille, packs)
        }
        _ => Vec::new(),
    };
    let loops = coverage.map(|coverage| {
        if planned.is_some_and(|route| !route.windows.is_empty()) {
            return score_of(&loop_windows);
        }
        let laps: Vec<_> = coverage
            .loops
            .iter()
            .map(|lap| permillionth(lap.ratio))
            .collect();
        let required = planned.map_or(1, |route| route.loops_required);
        loops_score(&laps, required.into(), policy.loop_ratio_permille)
    });
    let attendance = (!area.is_empty())
        .then(|| Interval::try_new(shift.from, until).ok())
        .flatten()
        .map(|slot| {
            let in_hand = [&reports.in_hand[..], &checks.in_hand, &decided.excused].concat();
            attendance(slot, &walked.fixes, &in_hand, &policy.attendance)
        });
    let quantity = quantity_of(inputs, shift, &walked, &reports, loops.as_ref());
    let facts = SubjectFacts::default()
        .with(IndicatorKey::Valid, reports.valid.clone())
        .with(
            IndicatorKey::Missed,
            missed_of(inputs, shift, until, &decided),
        )
        .with(IndicatorKey::Check, checks.on_time.clone());
    let card = standard(SubjectKind::Inspector, GridClass::One, policy);
    let quality = measure(&card, &facts).expect("every part is counted out of its whole");
    let verdict = decide(
        &VerdictParts {
            coverage: scored.as_ref().and_then(|score| score.score),
            time: attendance.as_ref().and_then(|a| a.score),
            quantity: quantity.score,
            quality: quality.score,
        },
        &decided.vetoes,
        &decided.deductions,
        policy,
    );
    ShiftReview {
        person: person.to_string(),
        stands_in_for: (*person != shift.person).then(|| shift.person.to_string()),
        slot: shift.slot.clone(),
        from: packs.local(shift.from),
        to: packs.local(shift.to),
        grids: shift.grids.iter().map(ToString::to_string).collect(),
        route: shift.route.as_ref().map(ToString::to_string),
        route_name: planned.map(|route| route.name.clone()),
        mode: shift.mode.as_str(),
        person_fix: person_fix(packs.roster.as_deref(), shift, person, &mine),
        coverage_score: scored,
        exempted: decided.exempted.clone(),
        loops,
        loop_windows,
        checkpoints: coverage
            .filter(|coverage| !coverage.checkpoints.is_empty())
            .and_then(|coverage| {
                let visited = coverage.checkpoints.iter().filter(|c| c.visited).count();
                checkpoints_score(visited as u64, coverage.checkpoints.len() as u64).ok()
            }),
        attendance,
        quantity,
        quality,
        verdict,
        inputs: inputs_hash(
            inputs,
            until,
            shift,
            person,
            &mine,
            (&reports, &checks.undecided, &decided),
        ),
        explanation: Explanation::default(),
        credited: reports.credited,
        from_ms: shift.from.0,
        undecided: checks.undecided,
        geometry: geometry_of(planned, &walked, &cells),
        coverage: walked.coverage.map(|(_, coverage)| coverage),
        patrols: walked.patrols,
    }
}

pub(super) fn permillionth(ratio: f64) -> Share {
    Share {
        // A millionth is forgiven, as in the lap's own judgement.
        part: ((ratio * 1e6).round() as u64).min(1_000_000),
        whole: 1_000_000,
    }
}

/// The person's patrols that reach into the shift, by their beginning.
fn patrols_of<'i>(
    inputs: &'i ReviewInputs<'_>,
    person: &PersonId,
    shift: &Shift,
) -> Vec<&'i PatrolState> {
    let mut mine: Vec<_> = inputs
        .patrols
        .iter()
        .filter(|patrol| {
            patrol.started.as_ref().is_some_and(|started| {
                started.person.as_ref() == Some(person) && started.at.ms < shift.to
            })
        })
        .filter(|patrol| patrol.finished.is_none_or(|at| at.ms > shift.from))
        .collect();
    mine.sort_by_key(|patrol| (patrol.started.as_ref().map(|s| s.at), patrol.patrol_id));
    mine
}

/// Reads the patrols' tracks once, for coverage, mileage and attendance alike.
fn walk(
    inputs: &ReviewInputs<'_>,
    shift: &Shift,
    until: UtcMs,
    planned: Option<&PlannedRoute>,
    mine: &[&PatrolState],
    area: &Area,
) -> Walked {
    let policy = &inputs.packs.policy;
    let settings = CoverageSettings {
        mode: shift.mode,
        window: Some((shift.from, until)),
        loop_permille: policy.loop_ratio_permille.into(),
        ..CoverageSettings::default()
    };
    let mut route = planned.map(|planned| {
        let line = RouteLine::new(&planned.route);
        (line, CoverageRun::new(&planned.route, settings))
    });
    let mut walked = Walked {
        patrols: Vec::new(),
        fixes: Vec::new(),
        moving_m: 0.0,
        lines: Vec::new(),
        coverage: None,
    };
    for patrol in mine {
        let mut walk = Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms);
        let (mut fixes, mut interruptions, mut missing_parts) = (0, Vec::new(), 0);
        let mut seen = Plausibility::new(settings.mode, PlausibilityLimits::default());
        patrol.replay(|piece| {
            match piece {
                Piece::Fix(fix) => {
                    fixes += 1;
                    // The wall clock is sealed with a commit and not with a fix.
                    seen.feed(fix, None);
                    if fix.at >= shift.from && fix.at < until {
                        walk.feed(fix);
                    }
                    if let Some((line, run)) = &mut route {
                        run.feed(line, fix);
                    }
                    return;
                }
                Piece::Mark(mark) => {
                    interruptions.push((inputs.packs.local(mark.at), mark.why.as_str()));
                }
                Piece::Missing => missing_parts += 1,
            }
            walk.interrupt();
            seen.interrupt();
            if let Some((line, run)) = &mut route {
                run.interrupt(line);
            }
        });
        walk.finish();
        if let Some((line, run)) = &mut route {
            run.interrupt(line);
        }
        let widen_m = f64::from(policy.attendance.widen_m);
        walked
            .fixes
            .extend(walk.accepted().iter().map(|fix| AttendanceFix {
                at: fix.at,
                place: fix.place,
                is_in_grid: area.holds(fix.place, widen_m),
            }));
        // Who stands still is not paid for the noise of his receiver.
        walked.moving_m += walk.moving_m();
        walked
            .lines
            .push(walk.accepted().iter().map(|fix| fix.place).collect());
        walked.patrols.push(PatrolReview {
            patrol_id: patrol.patrol_id.to_string(),
            started: patrol
                .started
                .as_ref()
                .map_or_else(String::new, |s| inputs.packs.local(s.at.ms)),
            finished: patrol.finished.map(|at| inputs.packs.local(at.ms)),
            fixes,
            accepted: walk.accepted().len() as u64,
            rejected: walk.rejected().clone(),
            walked_m: (walk.walked_m() * 1000.0).round() / 1000.0,
            silences: walk
                .silences()
                .iter()
                .map(|s| (inputs.packs.local(s.from), inputs.packs.local(s.to)))
                .collect(),
            interruptions,
            missing_parts,
            flags: seen.flags(),
        });
    }
    walked.coverage = route.map(|(line, run)| {
        let picture = run.picture(&line);
        (line, picture)
    });
    walked
}

/// Adds to each patrol which earlier one it repeats.
fn tell_repeats(patrols: &mut [PatrolReview], mine: &[&PatrolState], repeats: &Repeats) {
    for (told, patrol) in patrols.iter_mut().zip(mine) {
        let found = repeats.get(&patrol.patrol_id).cloned();
        let started = patrol.started.as_ref().map(|started| started.at.ms);
        if let Some((found, from)) = found.zip(started) {
            let to = patrol.finished.map_or(patrol.updated.ms, |at| at.ms);
            told.flags.push(Flag {
                evidence: Evidence::RepeatedTrack(found),
                from,
                to,
            });
        }
    }
}

/// What was done of each item that the policy asks for. An item that nothing can be done of
/// in this shift (loops without a route, tasks while none are given out) is not applicable.
/// A part-time shift owes its part of each quota.
fn quantity_of(
    inputs: &ReviewInputs<'_>,
    shift: &Shift,
    walked: &Walked,
    reports: &Reports,
    loops: Option<&CountScore>,
) -> Quantity {
    let units = |n: u64| Thousandths::of_units(n).unwrap_or(Thousandths::MAX);
    let items: Vec<_> = inputs
        .packs
        .policy
        .quantity
        .iter()
        .map(|item| {
            let mut asked: QuotaItem = item.clone();
            let mut excluded = Vec::new();
            let done = match item.key {
                QuotaKey::Reports => {
                    excluded.clone_from(&reports.excluded);
                    units(reports.counting.len() as u64)
                }
                // Metres are thousandths of a kilometre; the part of one is not walked yet.
                QuotaKey::Km => {
                    Thousandths::try_new(walked.moving_m as u64).unwrap_or(Thousandths::MAX)
                }
                QuotaKey::Loops => {
                    asked.quota = units(loops.map_or(0, |loops| loops.share.whole));
                    units(loops.map_or(0, |loops| loops.share.part))
                }
                QuotaKey::Tasks => {
                    asked.quota = units(0);
                    units(0)
                }
            };
            DoneItem {
                item: asked,
                done,
                excluded,
            }
        })
        .collect();
    quantity(&items, shift.part_time).expect("a valid policy names each item once")
}

/// True for a case that the figures of a shift name, or could have named.
fn concerns(case: &CaseState, shift: &Shift, person: &PersonId, named: &BTreeSet<&str>) -> bool {
    let is_then = |at: UtcMs| at >= shift.from && at < shift.to;
    let is_own = case
        .opened
        .as_ref()
        .is_some_and(|opened| opened.person.as_ref() == Some(person) && is_then(opened.at.ms));
    let is_checked = case
        .events
        .iter()
        .any(|event| event.person.as_ref() == Some(person) && is_then(event.at.ms));
    // Every case of the duty cells could have been one that was missed.
    let is_here = case.grid().is_some_and(|grid| shift.grids.contains(&grid))
        && case
            .opened
            .as_ref()
            .is_some_and(|opened| is_then(opened.at.ms));
    is_own || is_checked || is_here || named.contains(case.case_id.to_string().as_str())
}

/// The hash over what a shift's figures rest on: the same whenever and wherever it is made,
/// until something changes that could change a figure.
fn inputs_hash(
    inputs: &ReviewInputs<'_>,
    until: UtcMs,
    shift: &Shift,
    person: &PersonId,
    mine: &[&PatrolState],
    (reports, undecided, decided): (&Reports, &[Undecided], &Decided),
) -> String {
    // The earlier case that an exclusion rests on stands first in its detail.
    let excluded = reports.excluded.iter();
    let missed = decided.missed.iter().chain(&decided.missed_elsewhere);
    let missed: Vec<String> = missed.map(ToString::to_string).collect();
    let named: BTreeSet<&str> = excluded
        .filter_map(|excluded| excluded.detail.split(' ').next())
        .chain(reports.credited.iter().map(|one| &*one.filed_as))
        .chain(missed.iter().map(String::as_str))
        .collect();
    let cases: Vec<&CaseState> = inputs
        .cases
        .iter()
        .filter(|case| concerns(case, shift, person, &named))
        .collect();
    let mut names = vec![
        format!("shift {person} {} {}", shift.from.0, shift.to.0),
        format!("until {}", until.0),
    ];
    names.extend(
        inputs
            .packs
            .names()
            .into_iter()
            .map(|(kind, hash)| format!("{kind} {hash}")),
    );
    for patrol in mine {
        names.extend(
            patrol
                .commits
                .iter()
                .map(|commit| format!("commit {commit}")),
        );
        // What was erased, and what the hub says of the times, changes no commit.
        names.extend(
            patrol
                .parts()
                .filter(|(_, part)| **part == TrackPart::Missing)
                .map(|(index, _)| format!("missing {} {index}", patrol.patrol_id)),
        );
        let began = patrol.started.as_ref().map(|started| started.at.ms.0);
        let ended = patrol.finished.map(|at| at.ms.0);
        names.push(format!("patrol {} {began:?} {ended:?}", patrol.patrol_id));
    }
    // Acts of other shifts may narrow a time, and so decide an answer of this one.
    names.extend(undecided.iter().map(|act| {
        let (case, earliest, latest) = (&act.case_id, &act.earliest, &act.latest);
        format!("undecided {case} {earliest} {latest}")
    }));
    let mut lines: Vec<_> = cases
        .iter()
        .map(|case| {
            let number = case.number.as_deref().unwrap_or_default();
            format!("case {} {} {number}", case.case_id, case.phase.as_str())
        })
        .collect();
    lines.sort();
    names.extend(lines);
    let mut commits: Vec<_> = cases
        .iter()
        .flat_map(|case| &case.events)
        .map(|event| format!("commit {}", event.op.commit))
        .collect();
    commits.sort();
    commits.dedup();
    names.extend(commits);
    names.extend(decided.acts.iter().map(|op| format!("act {op}")));
    hash_of_names(names).to_string()
}

fn geometry_of(
    planned: Option<&PlannedRoute>,
    walked: &Walked,
    cells: &[&crate::geo::grid_file::GridCell],
) -> RouteGeometry {
    let places = |planned: &PlannedRoute| {
        let checkpoints = planned.route.checkpoints().iter();
        checkpoints.map(|checkpoint| checkpoint.place).collect()
    };
    let mut geometry = RouteGeometry {
        route: planned.map_or_else(Vec::new, |planned| planned.route.parts().to_vec()),
        checkpoints: planned.map_or_else(Vec::new, places),
        walked: walked.lines.clone(),
        ..RouteGeometry::default()
    };
    if let Some((line, coverage)) = &walked.coverage {
        let covered = coverage.intervals.iter();
        geometry.covered = covered.map(|s| line.cut(s.from_m, s.to_m)).collect();
        let missed = coverage.missed.iter();
        geometry.missed = missed
            .map(|s| (s.reason, line.cut(s.from_m, s.to_m)))
            .collect();
    }
    let rings = cells.iter().flat_map(|cell| &cell.polygons).map(|polygon| {
        let corners = polygon.exterior().0.iter();
        corners
            .filter_map(|c| LatLon::try_new(c.y, c.x).ok())
            .collect()
    });
    geometry.cells = rings.collect();
    geometry
}
