use proptest::prelude::*;

use super::*;
use crate::geo::coverage::{CoverageSettings, coverage};
use crate::geo::plane::{at, fix, route};
use crate::model::track::Fix;

type Xy = (f64, f64);

/// Fixes every 10 s and 12 m through places in metres, from a second on.
fn walk(from_s: f64, places: &[Xy]) -> Vec<Fix> {
    let mut fixes = vec![fix(from_s, places[0].0, places[0].1)];
    let mut at_s = from_s;
    for pair in places.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let steps = (dx.hypot(dy) / 12.0).ceil();
        for step in 1..=steps as u32 {
            let share = f64::from(step) / steps;
            at_s += 10.0;
            fixes.push(fix(at_s, pair[0].0 + share * dx, pair[0].1 + share * dy));
        }
    }
    fixes
}

fn moment(fixes: &[Fix], at: Option<LatLon>) -> Moment {
    let (first, last) = (fixes.first(), fixes.last());
    Moment {
        now: last.map_or(UtcMs(0), |fix| fix.at),
        at: at.or(last.map(|fix| fix.place)),
        until: None,
        loops: LoopsAsked {
            required: 1,
            window: None,
        },
        walking_ms: last
            .zip(first)
            .map_or(0, |(last, first)| last.at.0 - first.at.0),
    }
}

fn look_at(route: &Route, fixes: &[Fix], moment: &Moment) -> LiveView {
    let line = RouteLine::new(route);
    let picture = coverage(route, &CoverageSettings::default(), fixes);
    LiveRoute::new(route, &line).view(&picture, moment)
}

fn look(route: &Route, fixes: &[Fix], at: Option<LatLon>) -> LiveView {
    look_at(route, fixes, &moment(fixes, at))
}

fn with(route: Route, checkpoints: &[(&str, Xy, u32)]) -> Route {
    let checkpoint = |(id, (x, y), dwell_s): &(&str, Xy, u32)| Checkpoint {
        id: (*id).to_owned(),
        place: at(*x, *y),
        radius_m: 25.0,
        dwell_s: *dwell_s,
    };
    route
        .with_checkpoints(checkpoints.iter().map(checkpoint).collect())
        .expect("radii are distances")
}

#[track_caller]
fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1.0, "{found} is not {wanted}");
}

fn next(view: &LiveView) -> &NextCheckpoint {
    view.next_checkpoint.as_ref().expect("a checkpoint is open")
}

fn uncovered(view: &LiveView) -> NearestUncovered {
    view.nearest_uncovered.expect("something is missed")
}

const BEND: &[Xy] = &[(0.0, 0.0), (400.0, 0.0), (400.0, 300.0)];
const RING: &[Xy] = &[
    (0.0, 0.0),
    (300.0, 0.0),
    (300.0, 300.0),
    (0.0, 300.0),
    (0.0, 0.0),
];

#[test]
fn walk_round_a_bend_leaves_the_rest_and_the_next_piece_begins_at_the_feet() {
    let bend = with(
        route(&[BEND]),
        &[("a", (60.0, 0.0), 0), ("b", (400.0, 240.0), 30)],
    );
    let view = look(&bend, &walk(0.0, &[(0.0, 0.0), (360.0, 0.0)]), None);
    near(view.planned_m, 700.0);
    near(view.left_m, 340.0);
    near(view.left_share * 700.0, 340.0);
    let here = view.here.expect("fixes are believed");
    near(here.at_m, 360.0);
    assert!(here.is_on_route);
    let nearest = uncovered(&view);
    near(nearest.from_m, 360.0);
    near(nearest.length_m, 340.0);
    assert_eq!(nearest.reason, MissReason::NotVisited);
    near(nearest.distance_m, 0.0);
    near(nearest.walk_to.at_m, 360.0);
    // 40 m on and 240 m north, or straight.
    let gate = next(&view);
    assert_eq!((gate.id.as_str(), gate.dwell_left_s), ("b", 30));
    near(gate.along_m.expect("one run of streets"), 280.0);
    near(
        gate.distance_m.expect("here is known"),
        40.0_f64.hypot(240.0),
    );
    near(gate.bearing_deg.expect("here is known"), 9.5);
    // 360 m in 300 s: 340 m take 283 s.
    assert_eq!((view.minutes_needed, view.minutes_left), (Some(5), None));
    assert_eq!(view.missed.len(), 1);
}

#[test]
fn skipped_piece_behind_is_nearer_than_the_rest_ahead_and_its_near_end_is_where_to_walk() {
    let street = route(&[&[(0.0, 0.0), (1_000.0, 0.0)]]);
    let mut fixes = walk(0.0, &[(0.0, 0.0), (120.0, 0.0)]);
    // By a parallel street, 60 m off, and back to the route.
    fixes.extend(walk(200.0, &[(120.0, 60.0), (240.0, 60.0)]));
    fixes.extend(walk(400.0, &[(240.0, 0.0), (600.0, 0.0)]));
    let view = look(&street, &fixes, Some(at(260.0, 10.0)));
    let nearest = uncovered(&view);
    near(nearest.from_m, 120.0);
    near(nearest.to_m, 240.0);
    near(nearest.distance_m, 20.0_f64.hypot(10.0));
    near(nearest.walk_to.at_m, 240.0);
    assert!((240.0..250.0).contains(&nearest.bearing_deg), "{nearest:?}");
    near(view.here.expect("a place is given").at_m, 260.0);
    assert_eq!(view.missed.len(), 2);
}

#[test]
fn stretch_in_whose_middle_one_stands_is_here_and_is_walked_from_its_nearer_end() {
    let street = route(&[&[(0.0, 0.0), (1_000.0, 0.0)]]);
    let view = look(&street, &[], Some(at(300.0, 0.0)));
    let nearest = uncovered(&view);
    near(nearest.distance_m, 0.0);
    near(nearest.walk_to.at_m, 0.0);
    near(nearest.walk_to.distance_m, 300.0);
    near(nearest.walk_to.bearing_deg, 270.0);
    let back = look(&street, &[], Some(at(700.0, 0.0)));
    near(uncovered(&back).walk_to.at_m, 1_000.0);
    let directed = look(&street.directed(true), &[], Some(at(700.0, 0.0)));
    near(uncovered(&directed).walk_to.at_m, 0.0);
}

#[test]
fn person_far_from_the_route_is_led_to_its_nearest_point_and_checkpoint() {
    let bend = with(
        route(&[BEND]),
        &[("a", (0.0, 0.0), 0), ("b", (400.0, 300.0), 0)],
    );
    let view = look(&bend, &[], Some(at(3_000.0, 100.0)));
    let here = view.here.expect("a place is given");
    assert!(!here.is_on_route);
    near(here.at_m, 500.0);
    near(here.beside_m, 2_600.0);
    near(uncovered(&view).distance_m, 2_600.0);
    assert_eq!(next(&view).id, "b");
    assert_eq!(view.minutes_needed, None);
}

#[test]
fn ring_is_walked_from_anywhere_and_the_way_to_a_checkpoint_is_the_shorter_one() {
    let ring = with(
        route(&[RING]),
        &[("far", (300.0, 300.0), 0), ("back", (0.0, 100.0), 0)],
    );
    let view = look(&ring, &[], Some(at(60.0, 0.0)));
    near(uncovered(&view).walk_to.at_m, 60.0);
    near(uncovered(&view).walk_to.distance_m, 0.0);
    assert_eq!(next(&view).id, "back");
    near(next(&view).along_m.expect("round"), 160.0);
    let directed = look(&ring.directed(true), &[], Some(at(60.0, 0.0)));
    assert_eq!(next(&directed).id, "far");
    near(next(&directed).along_m.expect("ahead"), 540.0);
}

#[test]
fn branch_is_a_stretch_of_its_own_and_no_way_is_told_from_the_other_street() {
    let branch = with(
        route(&[
            &[(0.0, 0.0), (100.0, 0.0), (200.0, 0.0)],
            &[(100.0, 0.0), (100.0, 80.0)],
        ]),
        &[("end", (100.0, 80.0), 0)],
    );
    let fixes = walk(0.0, &[(0.0, 0.0), (100.0, 0.0)]);
    let view = look(&branch, &fixes, Some(at(100.0, 20.0)));
    // Missed in one from the crossing over the main street's end into the branch.
    assert_eq!(view.missed.len(), 1);
    let nearest = uncovered(&view);
    near(nearest.from_m, 200.0);
    near(nearest.to_m, 280.0);
    near(nearest.distance_m, 0.0);
    near(nearest.walk_to.at_m, 200.0);
    near(nearest.walk_to.distance_m, 20.0);
    near(next(&view).along_m.expect("on the branch"), 60.0);
    let main = look(&branch, &fixes, Some(at(30.0, 0.0)));
    assert_eq!(next(&main).along_m, None);
    near(uncovered(&main).from_m, 100.0);
}

#[test]
fn street_used_twice_of_a_directed_route_is_here_where_it_is_missed() {
    let twice = route(&[&[(0.0, 0.0), (200.0, 0.0), (0.0, 0.0)]]).directed(true);
    let fixes = walk(0.0, &[(0.0, 0.0), (168.0, 0.0)]);
    let view = look(&twice, &fixes, Some(at(150.0, 0.0)));
    near(view.left_m, 232.0);
    near(view.here.expect("a place is given").at_m, 250.0);
    near(uncovered(&view).from_m, 168.0);
    near(uncovered(&view).distance_m, 0.0);
    let whole = walk(0.0, &[(0.0, 0.0), (200.0, 0.0)]);
    let undirected = look(&twice.directed(false), &whole, None);
    near(undirected.left_m, 0.0);
    assert_eq!(undirected.nearest_uncovered, None);
    assert!(undirected.missed.is_empty());
}

#[test]
fn checkpoints_of_a_directed_route_come_in_its_order_and_of_another_by_nearness() {
    let street = route(&[&[(0.0, 0.0), (600.0, 0.0)]]);
    let street = with(street, &[("a", (100.0, 0.0), 0), ("b", (400.0, 0.0), 0)]);
    let here = Some(at(420.0, 0.0));
    assert_eq!(next(&look(&street, &[], here)).id, "b");
    let directed = street.clone().directed(true);
    let behind = look(&directed, &[], here);
    assert_eq!(
        (next(&behind).id.as_str(), next(&behind).along_m),
        ("a", None)
    );
    let passed = walk(0.0, &[(0.0, 0.0), (200.0, 0.0)]);
    assert_eq!(next(&look(&directed, &passed, None)).id, "b");
    let all = walk(0.0, &[(0.0, 0.0), (600.0, 0.0)]);
    assert_eq!(look(&street, &all, None).next_checkpoint, None);
}

#[test]
fn stay_counts_while_one_is_there_and_begins_anew_after_one_has_left() {
    let street = with(
        route(&[&[(0.0, 0.0), (600.0, 0.0)]]),
        &[("a", (0.0, 0.0), 120)],
    );
    let stay: Vec<Fix> = (0..5).map(|n| fix(f64::from(n) * 10.0, 0.0, 0.0)).collect();
    assert_eq!(next(&look(&street, &stay, None)).dwell_left_s, 80);
    assert_eq!(
        next(&look(&street, &stay, Some(at(90.0, 0.0)))).dwell_left_s,
        120
    );
}

#[test]
fn loops_of_the_window_are_counted_and_what_they_lack_sets_the_time_that_is_needed() {
    let ring = route(&[RING]);
    let mut twice = RING.to_vec();
    twice.extend(&RING[1..]);
    let fixes = walk(0.0, &twice);
    let mut moment = moment(&fixes, None);
    moment.loops.required = 3;
    moment.until = Some(moment.now.plus_ms(42 * MINUTE_MS + 59_999));
    let view = look_at(&ring, &fixes, &moment);
    assert_eq!((view.loops.done, view.loops.required), (2, 3));
    near(view.left_m, 0.0);
    near(view.loops.left_m, 1_200.0);
    // 2,400 m in 2,000 s: one more takes 1,000 s.
    assert_eq!(
        (view.minutes_left, view.minutes_needed),
        (Some(42), Some(17))
    );
    // The second loop began after the first 1,200 m.
    let second = fixes[90].at;
    moment.loops.window = Some((second, moment.now));
    assert_eq!(look_at(&ring, &fixes, &moment).loops.done, 1);
    moment.until = Some(second);
    assert_eq!(look_at(&ring, &fixes, &moment).minutes_left, Some(0));
}

#[test]
fn nothing_known_yet_is_nothing_told_and_all_is_left() {
    let bend = with(route(&[BEND]), &[("a", (60.0, 0.0), 5)]);
    let view = look(&bend, &[], None);
    near(view.left_m, 700.0);
    assert_eq!((view.here, view.nearest_uncovered), (None, None));
    assert_eq!(
        (next(&view).distance_m, next(&view).dwell_left_s),
        (None, 5)
    );
    assert_eq!(view.minutes_needed, None);
}

#[test]
fn route_over_the_date_line_and_places_at_the_poles_have_answers() {
    let place = |lat, lon| LatLon::try_new(lat, lon).expect("a place");
    let line = vec![place(-17.0, 179.999), place(-17.0, -179.999)];
    let route = Route::try_new(vec![line], 25.0).expect("a route");
    let view = look(&route, &[], Some(place(-17.0, -179.998)));
    near(uncovered(&view).distance_m, 106.5);
    near(uncovered(&view).walk_to.at_m, view.planned_m);
    near(view.here.expect("a place is given").at_m, view.planned_m);
    for lat in [90.0, -90.0] {
        let view = look(&route, &[], Some(place(lat, 12.0)));
        let distance_m = uncovered(&view).distance_m;
        assert!(distance_m > 8e6 && distance_m.is_finite(), "{distance_m}");
    }
}

#[test]
fn json_tells_degrees_and_millimetres() {
    let bend = with(route(&[BEND]), &[("a", (60.0, 0.0), 5)]);
    let view = look(&bend, &[], Some(at(-10.0, 0.0)));
    let told = serde_json::to_value(&view).expect("numbers and words");
    assert_eq!(told["here"]["beside_m"], 10.0);
    assert_eq!(told["here"]["place"]["lat"], 31.23);
    assert_eq!(told["nearest_uncovered"]["walk_to"]["at_m"], 0.0);
    assert_eq!(told["next_checkpoint"]["distance_m"], 70.0);
    assert_eq!(told["minutes_left"], serde_json::Value::Null);
    assert_eq!(told["left_share"], 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn left_and_covered_are_the_plan_and_the_nearest_lies_in_what_is_missed(
        shape in 0..4_usize,
        is_directed: bool,
        stops in prop::collection::vec((-50.0_f64..450.0, -50.0_f64..350.0), 1..5),
        here in (-2_000.0_f64..2_000.0, -2_000.0_f64..2_000.0),
    ) {
        let twice: &[Xy] = &[(0.0, 0.0), (300.0, 0.0), (0.0, 0.0)];
        let parts: [&[&[Xy]]; 4] = [
            &[BEND],
            &[RING],
            &[twice],
            &[BEND, &[(200.0, 0.0), (200.0, 200.0)]],
        ];
        let route = route(parts[shape]).directed(is_directed);
        let fixes = walk(0.0, &stops);
        let picture = coverage(&route, &CoverageSettings::default(), &fixes);
        let here = at(here.0, here.1);
        let view = look(&route, &fixes, Some(here));
        prop_assert!((view.left_m + picture.covered_m - picture.planned_m).abs() < 1e-6);
        prop_assert_eq!(view.nearest_uncovered.is_none(), view.missed.is_empty());
        if let Some(nearest) = view.nearest_uncovered {
            let is_in = |m: &MissedStretch| {
                m.reason == nearest.reason
                    && m.from_m <= nearest.from_m
                    && nearest.to_m <= m.to_m
            };
            prop_assert!(view.missed.iter().any(is_in));
            let walk_to = nearest.walk_to;
            prop_assert!(nearest.from_m <= walk_to.at_m && walk_to.at_m <= nearest.to_m);
            prop_assert!(nearest.distance_m <= walk_to.distance_m + 0.02);
            // No place of a missed stretch is nearer.
            let line = RouteLine::new(&route);
            for missed in &view.missed {
                let middle = line.place_at((missed.from_m + missed.to_m) / 2.0);
                let middle_m = distance_m(here, middle.expect("within the route"));
                prop_assert!(middle_m + 0.6 >= nearest.distance_m);
            }
        }
    }
}
