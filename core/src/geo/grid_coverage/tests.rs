use geo::{Coord, LineString, Polygon};
use proptest::prelude::*;

use super::*;
use crate::geo::grid_file::{GridCell, GridFileOptions, read_grids};
use crate::geo::locator::Locator;
use crate::geo::plane::{at, fix, route};
use crate::geo::route_file::{RouteFileOptions, read_route, read_routes};
use crate::geo::test_data::shared;
use crate::geo::walk::Walk;
use crate::model::place::LatLon;
use crate::model::route::Route;

fn ring(corners: &[(f64, f64)]) -> LineString<f64> {
    let corner = |(x, y): &(f64, f64)| {
        let place = at(*x, *y);
        Coord {
            x: place.lon_deg(),
            y: place.lat_deg(),
        }
    };
    LineString(corners.iter().map(corner).collect())
}

/// A rectangle in metres.
fn cell(code: &str, (west, south): (f64, f64), (east, north): (f64, f64)) -> GridCell {
    let corners = [
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
    ];
    GridCell {
        code: code.to_owned(),
        polygons: vec![Polygon::new(ring(&corners), Vec::new())],
        terms: Default::default(),
    }
}

/// DOMAIN's cells.
fn a_and_b() -> [GridCell; 2] {
    [
        cell("A", (0.0, 0.0), (100.0, 100.0)),
        cell("B", (100.0, 0.0), (200.0, 100.0)),
    ]
}

fn plan(cells: &[GridCell]) -> GridPlan {
    GridPlan::try_new(cells, None).expect("there is a cell")
}

fn seen(plan: &GridPlan, fixes: &[Fix]) -> GridCoverage {
    let found = grid_coverage(plan, &CoverageSettings::default(), fixes);
    let in_cells: u64 = found.cells.iter().map(|cell| cell.in_cell_ms).sum();
    assert_eq!(
        found.recorded_ms,
        in_cells + found.outside_ms + found.no_fix_ms
    );
    found
}

fn s(at: Option<UtcMs>) -> f64 {
    let start = fix(0.0, 0.0, 0.0).at.0;
    (at.expect("a time").0 - start) as f64 / 1000.0
}

/// A walk along y = 50 m at 1.25 m/s, a fix every 16 s and 20 m.
fn east_from(from_m: f64, steps: u32) -> Vec<Fix> {
    (0..=steps)
        .map(|n| fix(f64::from(n) * 16.0, from_m + f64::from(n) * 20.0, 50.0))
        .collect()
}

#[test]
fn walk_through_both_cells_spends_80_seconds_in_each_to_the_millisecond() {
    let found = seen(&plan(&a_and_b()), &east_from(-30.0, 13));
    let [a, b] = &found.cells[..] else {
        panic!("two cells")
    };
    assert_eq!((a.in_cell_ms, b.in_cell_ms), (80_000, 80_000));
    assert_eq!((found.outside_ms, found.no_fix_ms), (48_000, 0));
    assert_eq!((s(a.first), s(a.last)), (24.0, 104.0));
    assert_eq!((s(b.first), s(b.last)), (104.0, 184.0));
    for cell in [a, b] {
        assert!(cell.visited);
        assert_eq!((cell.entries, cell.exits), (1, 1));
        assert_eq!(cell.visits[0].enter, cell.first.expect("seen"));
        assert_eq!(cell.visits[0].leave, cell.last);
        assert!((cell.walked_m - 100.0).abs() < 1e-3, "{}", cell.walked_m);
    }
    assert!((found.walked_m - 260.0).abs() < 1e-2);
    assert_eq!((found.cells_planned, found.cells_visited), (2, 2));
    assert_eq!(found.fixes.accepted, 14);
}

#[test]
fn walk_in_one_of_two_cells_visits_half_of_them_and_leaves_none() {
    let found = seen(&plan(&a_and_b()), &east_from(10.0, 3));
    assert_eq!(found.ratio, 0.5);
    let (a, b) = (&found.cells[0], &found.cells[1]);
    assert_eq!((a.entries, a.exits, a.visits[0].leave), (1, 0, None));
    assert_eq!((b.visited, b.first, b.in_cell_ms), (false, None, 0));
}

/// In A for 20 s, `out_m` over the border for `out_s` and two halves of 10 s, in A again.
fn excursion(out_m: f64, out_s: f64, accuracy_m: Option<f64>) -> GridCoverage {
    let xs = [
        (0.0, 95.0),
        (10.0, 95.0),
        (20.0, 100.0 + out_m),
        (20.0 + out_s, 100.0 + out_m),
        (30.0 + out_s, 95.0),
        (40.0 + out_s, 80.0),
        (50.0 + out_s, 60.0),
    ];
    let fixes = xs.map(|(at_s, x_m)| Fix {
        accuracy_m,
        ..fix(at_s, x_m, 50.0)
    });
    seen(&plan(&a_and_b()), &fixes)
}

#[test]
fn short_excursion_within_the_accuracy_is_no_entry_but_its_seconds_count() {
    // 3 of 8 metres beyond the border: 3.75 s each way.
    let found = excursion(3.0, 20.0, Some(4.0));
    let (a, b) = (&found.cells[0], &found.cells[1]);
    assert_eq!((a.entries, a.exits), (1, 0));
    assert_eq!((b.visited, b.entries, b.exits), (false, 0, 0));
    assert_eq!(b.in_cell_ms, 27_500);
}

#[test]
fn excursion_farther_than_the_accuracy_or_longer_than_its_time_is_an_entry() {
    for (out_s, accuracy_m, entered) in [
        (20.0, Some(2.9), true),
        (20.0, Some(3.1), false),
        (20.0, None, false),
        // 7.5 s on the way out and back belong to it.
        (22.4, None, false),
        (22.6, None, true),
    ] {
        let found = excursion(3.0, out_s, accuracy_m);
        let (a, b) = (&found.cells[0], &found.cells[1]);
        assert_eq!(b.visited, entered, "{out_s} {accuracy_m:?}");
        assert_eq!((b.entries, b.exits), (entered.into(), entered.into()));
        let again = 1 + u64::from(entered);
        assert_eq!((a.entries, a.exits), (again, again - 1));
    }
}

#[test]
fn gap_is_time_without_a_fix_and_ends_a_visit_at_the_last_fix_before() {
    let mut fixes = vec![fix(0.0, 40.0, 50.0), fix(30.0, 60.0, 50.0)];
    fixes.extend([fix(90.1, 150.0, 50.0), fix(100.0, 155.0, 50.0)]);
    let found = seen(&plan(&a_and_b()), &fixes);
    assert_eq!((found.no_fix_ms, found.recorded_ms), (60_100, 100_000));
    let (a, b) = (&found.cells[0], &found.cells[1]);
    assert_eq!(s(a.visits[0].leave), 30.0);
    assert_eq!(s(Some(b.visits[0].enter)), 90.1);
    assert!((found.walked_m - 25.0).abs() < 1e-2);
    // Exactly the gap is none.
    fixes[2] = fix(90.0, 150.0, 50.0);
    let found = seen(&plan(&a_and_b()), &fixes);
    assert_eq!(found.no_fix_ms, 0);
    // A gap after which he is still there is no exit.
    let fixes = [fix(0.0, 40.0, 50.0), fix(300.0, 60.0, 50.0)];
    let found = seen(&plan(&a_and_b()), &fixes);
    assert_eq!((found.cells[0].entries, found.cells[0].exits), (1, 0));
    assert_eq!(found.no_fix_ms, 300_000);
}

#[test]
fn interruption_vouches_for_no_time_however_short() {
    let plan = plan(&a_and_b());
    let mut run = GridRun::new(&plan, CoverageSettings::default());
    for at_s in [0.0, 10.0] {
        run.feed(&plan, fix(at_s, 50.0, 50.0));
    }
    run.interrupt(&plan);
    for at_s in [20.0, 35.0] {
        run.feed(&plan, fix(at_s, 50.0, 50.0));
    }
    let found = run.report(&plan);
    assert_eq!(found.cells[0].in_cell_ms, 25_000);
    assert_eq!(found.no_fix_ms, 10_000);
}

#[test]
fn fix_that_is_outvoted_leaves_no_trace() {
    let mut fixes = east_from(10.0, 2);
    // After a gap one fix in B; three in A outvote it.
    fixes.push(fix(400.0, 150.0, 50.0));
    fixes.extend((1..=4).map(|n| fix(400.0 + f64::from(n) * 5.0, 10.0, 50.0)));
    fixes[3].place = at(150.0, 900.0);
    let b = [
        cell("A", (0.0, 0.0), (100.0, 100.0)),
        cell("B", (100.0, 0.0), (200.0, 1000.0)),
    ];
    let found = seen(&plan(&b), &fixes);
    assert_eq!(found.fixes.rejected.get("speed"), Some(&1));
    assert_eq!(found.fixes.accepted, 7);
    assert!(!found.cells[1].visited, "{found:?}");
    assert_eq!(found.recorded_ms, 420_000);
    assert_eq!(found.no_fix_ms, 405_000 - 32_000);
}

#[test]
fn time_outside_the_window_counts_nowhere() {
    let settings = CoverageSettings {
        window: Some((fix(16.0, 0.0, 0.0).at, fix(48.0, 0.0, 0.0).at)),
        ..CoverageSettings::default()
    };
    let found = grid_coverage(&plan(&a_and_b()), &settings, &east_from(10.0, 6));
    assert_eq!(found.recorded_ms, 32_000);
    assert_eq!(found.fixes.outside_window, 4);
    assert_eq!(found.cells[0].in_cell_ms, 32_000);
}

#[test]
fn hole_is_outside_and_another_cell_in_it_is_that_cell() {
    let mut outer = cell("A", (0.0, 0.0), (300.0, 100.0));
    let inner = cell("B", (100.0, 20.0), (200.0, 80.0));
    let hole = inner.polygons[0].exterior().clone();
    outer.polygons = vec![Polygon::new(
        outer.polygons[0].exterior().clone(),
        vec![hole],
    )];
    let walk = east_from(10.0, 14);
    let found = seen(&plan(&[outer.clone()]), &walk);
    assert_eq!((found.cells[0].entries, found.outside_ms), (2, 80_000));
    let found = seen(&plan(&[outer, inner]), &walk);
    assert_eq!((found.cells[1].in_cell_ms, found.outside_ms), (80_000, 0));
}

#[test]
fn cells_on_both_sides_of_the_antimeridian_share_a_step_across_it() {
    let square = |code: &str, west: f64, east: f64| GridCell {
        code: code.to_owned(),
        polygons: vec![Polygon::new(
            LineString::from(vec![
                (west, -1.0),
                (east, -1.0),
                (east, 1.0),
                (west, 1.0),
                (west, -1.0),
            ]),
            Vec::new(),
        )],
        terms: Default::default(),
    };
    let cells = [square("E", 179.0, 180.0), square("W", -180.0, -179.0)];
    let at = |at_s: u64, lon: f64| Fix {
        place: LatLon::try_new(0.0, lon).expect("in range"),
        ..fix(at_s as f64, 0.0, 0.0)
    };
    let found = seen(&plan(&cells), &[at(0, 179.9999), at(40, -179.9997)]);
    assert_eq!(found.cells[0].in_cell_ms, 10_000);
    assert_eq!(found.cells[1].in_cell_ms, 30_000);
    assert_eq!(found.outside_ms, 0);
    let back = seen(&plan(&cells), &[at(0, -179.9997), at(40, 179.9999)]);
    assert_eq!(back.cells[1].in_cell_ms, 30_000);
}

#[test]
fn streets_are_cut_at_the_borders_and_covered_where_they_were_walked() {
    let streets = route(&[
        &[(-50.0, 50.0), (250.0, 50.0)],
        &[(50.0, 0.0), (50.0, 40.0)],
        &[(0.0, 500.0), (90.0, 500.0)],
    ]);
    let plan = GridPlan::try_new(&a_and_b(), Some(&streets)).expect("cells");
    let found = seen(&plan, &east_from(-30.0, 9));
    let streets: Vec<_> = found
        .cells
        .iter()
        .map(|cell| cell.streets.expect("streets were given"))
        .collect();
    let near = |found: f64, expected: f64| (found - expected).abs() < 0.1;
    assert!(near(streets[0].streets_m, 140.0), "{streets:?}");
    assert!(near(streets[0].streets_covered_m, 100.0), "{streets:?}");
    assert!(near(streets[1].streets_m, 100.0), "{streets:?}");
    assert!(near(streets[1].streets_covered_m, 50.0), "{streets:?}");
    assert!(near(streets[1].streets_ratio.expect("has streets"), 0.5));
}

#[test]
fn cell_without_streets_has_no_share_of_them() {
    let streets = route(&[&[(0.0, 500.0), (90.0, 500.0)]]);
    let plan = GridPlan::try_new(&a_and_b(), Some(&streets)).expect("cells");
    let found = seen(&plan, &east_from(10.0, 3));
    let streets = found.cells[0].streets.expect("streets were given");
    assert_eq!((streets.streets_m, streets.streets_ratio), (0.0, None));
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["cells"][0]["streets_ratio"], serde_json::Value::Null);
    assert_eq!(json["cells"][0]["seconds"], 48.0);
}

#[test]
fn nothing_asked_and_codes_that_are_unknown_are_refused() {
    assert_eq!(
        GridPlan::try_new(&[], None).err(),
        Some(GridCoverageError::NothingPlanned)
    );
    let asked = asked_cells(a_and_b().to_vec(), &["B"]).expect("known");
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked_cells(a_and_b().to_vec(), &["B", "C"]).err(),
        Some(GridCoverageError::UnknownCell("C".to_owned()))
    );
}

#[test]
fn visits_beyond_the_list_are_counted() {
    let mut fixes = Vec::new();
    for n in 0..100 {
        let x_m = if n % 2 == 0 { 50.0 } else { 150.0 };
        fixes.push(fix(f64::from(n) * 50.0, x_m, 50.0));
    }
    let found = seen(&plan(&a_and_b()), &fixes);
    let (a, b) = (&found.cells[0], &found.cells[1]);
    assert_eq!((a.entries, b.entries, b.exits), (50, 50, 49));
    assert_eq!(a.visits.len(), MAX_LISTED_VISITS);
    assert!(a.visits.iter().all(|visit| visit.leave.is_some()));
}

/// Time in each cell and outside by looking every hundredth of a step, in milliseconds.
fn sampled(cells: &[GridCell], fixes: &[Fix], gap_ms: u64) -> Vec<f64> {
    const LOOKS: u32 = 100;
    let locator = Locator::build(cells);
    let mut times = vec![0.0; cells.len() + 1];
    for pair in fixes.windows(2) {
        let ms = pair[1].at.0 - pair[0].at.0;
        if ms > gap_ms {
            continue;
        }
        for look in 0..LOOKS {
            let share = (f64::from(look) + 0.5) / f64::from(LOOKS);
            let between = |a: f64, b: f64| a + share * (b - a);
            let (a, b) = (pair[0].place, pair[1].place);
            let found = locator.find_index(
                between(a.lat_deg(), b.lat_deg()),
                between(a.lon_deg(), b.lon_deg()),
            );
            let cell = found.map_or(cells.len(), |cell| cell as usize);
            times[cell] += ms as f64 / f64::from(LOOKS);
        }
    }
    times
}

fn walked(fixes: &[Fix]) -> Vec<Fix> {
    let settings = CoverageSettings::default();
    let mut walk = Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms);
    for fix in fixes {
        walk.feed(*fix);
    }
    walk.finish();
    walk.accepted().to_vec()
}

/// Nine cells, one of them an L around another, and one apart.
fn town() -> Vec<GridCell> {
    let mut cells: Vec<_> = (0..8)
        .map(|n| {
            let (x, y) = (f64::from(n % 4) * 60.0, f64::from(n / 4) * 60.0);
            cell(&format!("{n}"), (x, y), (x + 60.0, y + 60.0))
        })
        .collect();
    let corner = [
        (240.0, 0.0),
        (300.0, 0.0),
        (300.0, 180.0),
        (0.0, 180.0),
        (0.0, 120.0),
        (240.0, 120.0),
        (240.0, 0.0),
    ];
    let mut around = cell("L", (0.0, 0.0), (1.0, 1.0));
    around.polygons = vec![Polygon::new(ring(&corner), Vec::new())];
    cells.push(around);
    cells
}

fn ramble() -> impl Strategy<Value = Vec<Fix>> {
    let step = (1_u8..40, -2.0_f64..2.0, -2.0_f64..2.0, 0_u8..30, 1_u8..30);
    (
        (0.0_f64..300.0, 0.0_f64..180.0),
        prop::collection::vec(step, 1..60),
    )
        .prop_map(|((mut x, mut y), steps)| {
            let mut at_s = 0.0;
            let step = |(seconds, vx, vy, event, accuracy_m): (u8, f64, f64, u8, u8)| {
                let seconds = f64::from(seconds);
                at_s += seconds + if event == 0 { 70.0 } else { 0.0 };
                (x, y) = (
                    (x + vx * seconds).clamp(-80.0, 380.0),
                    (y + vy * seconds).clamp(-80.0, 260.0),
                );
                let far_m = if event == 1 { 2000.0 } else { 0.0 };
                let mut next = fix(at_s, x + far_m, y);
                next.accuracy_m = (event > 15).then(|| f64::from(accuracy_m));
                next.is_mock = event == 2;
                if event == 3 {
                    next.at = UtcMs(next.at.0 - 45_000);
                }
                next
            };
            steps.into_iter().map(step).collect()
        })
}

proptest! {
    #[test]
    fn report_after_each_fix_is_that_of_the_fixes_so_far(fixes in ramble()) {
        let streets = route(&[&[(-20.0, 60.0), (320.0, 60.0)], &[(120.0, 0.0), (120.0, 200.0)]]);
        let plan = GridPlan::try_new(&town(), Some(&streets)).expect("cells");
        let mut run = GridRun::new(&plan, CoverageSettings::default());
        for (index, fix) in fixes.iter().enumerate() {
            run.feed(&plan, *fix);
            let at_once = seen(&plan, &fixes[..=index]);
            prop_assert_eq!(run.report(&plan), at_once);
        }
    }

    #[test]
    fn times_add_up_to_the_recorded_time_and_agree_with_looking_often(fixes in ramble()) {
        let cells = town();
        let found = seen(&plan(&cells), &fixes);
        let accepted = walked(&fixes);
        let span = accepted.first().zip(accepted.last());
        prop_assert_eq!(found.recorded_ms, span.map_or(0, |(first, last)| last.at.0 - first.at.0));
        // A way that an outvoted fix interrupted is nobody's; the sampling does not know.
        if !found.fixes.rejected.contains_key("speed") {
            let times = sampled(&cells, &accepted, 60_000);
            let steps = accepted.len() as f64;
            let told = found.cells.iter().map(|cell| cell.in_cell_ms).chain([found.outside_ms]);
            for (told, looked) in told.zip(times) {
                // Two borders a step on the average, each within half a look of at most 40 s.
                prop_assert!((told as f64 - looked).abs() <= steps * 400.0, "{told} {looked}");
            }
        }
        let walked_m: f64 = found.cells.iter().map(|cell| cell.walked_m).sum();
        prop_assert!(walked_m <= found.walked_m + 1e-6);
    }

    #[test]
    fn nobody_is_in_two_cells_and_entries_pair_with_exits(fixes in ramble()) {
        let found = seen(&plan(&town()), &fixes);
        let mut visits = Vec::new();
        let mut open = 0;
        for cell in &found.cells {
            prop_assert_eq!(cell.visited, cell.entries > 0);
            prop_assert!(cell.entries == cell.exits || cell.entries == cell.exits + 1);
            open += cell.entries - cell.exits;
            visits.extend(cell.visits.iter().copied());
        }
        prop_assert!(open <= 1);
        visits.sort_by_key(|visit| (visit.enter, visit.leave.unwrap_or(UtcMs::MAX)));
        for pair in visits.windows(2) {
            prop_assert!(pair[0].leave.is_some_and(|leave| leave <= pair[1].enter), "{pair:?}");
        }
    }
}

/// A walk along a route at 1.25 m/s, a fix every 8 s and 10 m, a little beside the line.
fn along(route: &Route) -> Vec<Fix> {
    let line = crate::geo::route_line::RouteLine::new(route);
    let steps = (line.length_m() / 10.0) as u32;
    let place = |n: u32| line.place_at(f64::from(n) * 10.0).expect("on the route");
    (0..=steps)
        .map(|n| {
            let (at, beside) = (place(n), f64::from(n % 3) * 1e-5);
            Fix {
                place: LatLon::try_new(at.lat_deg() + beside, at.lon_deg()).expect("in range"),
                accuracy_m: Some(6.0),
                ..fix(f64::from(n) * 8.0, 0.0, 0.0)
            }
        })
        .collect()
}

#[test]
fn walks_in_shanghai_agree_with_looking_often_and_cover_their_streets() {
    let files = ["blocks", "roads", "routes"]
        .map(|name| shared(&format!("regions/shanghai_center/{name}.geojson")));
    let [Some(blocks), Some(roads), Some(routes)] = files else {
        return;
    };
    let options = GridFileOptions {
        code_property: "grid_id",
        allows_duplicate_codes: false,
    };
    let cells = read_grids(&blocks, &options).expect("grids");
    let streets = read_route(&roads).expect("streets");
    let plan = GridPlan::try_new(&cells, Some(&streets)).expect("cells");
    for planned in read_routes(&routes, &RouteFileOptions::default()).expect("routes") {
        let fixes = along(&planned.route);
        let found = seen(&plan, &fixes);
        let code = planned.code.as_str();
        assert_eq!(found.fixes.accepted, fixes.len() as u64, "{code}");
        assert_eq!(found.no_fix_ms, 0, "{code}");
        let times = sampled(&cells, &fixes, 60_000);
        let told = found.cells.iter().map(|cell| cell.in_cell_ms);
        let differs: f64 = told
            .chain([found.outside_ms])
            .zip(&times)
            .map(|(told, looked)| (told as f64 - looked).abs())
            .sum();
        // A look is 80 ms; a walk along a border crosses it in every third step.
        assert!(
            differs <= fixes.len() as f64 * 200.0,
            "{code}: {differs} ms"
        );
        let sum = |of: fn(&CellStreets) -> f64| -> f64 {
            found
                .cells
                .iter()
                .filter_map(|cell| cell.streets.as_ref().map(of))
                .sum()
        };
        let (streets_m, covered_m) = (sum(|s| s.streets_m), sum(|s| s.streets_covered_m));
        assert!(covered_m <= streets_m);
        let in_cells_m: f64 = found.cells.iter().map(|cell| cell.walked_m).sum();
        eprintln!(
            "{code}: {} of {} cells, {:.0} m walked, {in_cells_m:.0} m of it in cells, {covered_m:.0} of {streets_m:.0} m of streets",
            found.cells_visited, found.cells_planned, found.walked_m
        );
        assert!(found.cells_visited > 0, "{code}");
        assert!(covered_m > 0.0, "{code}");
    }
}
