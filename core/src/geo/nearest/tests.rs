use super::*;
use proptest::prelude::*;

fn at(lat_deg: f64, lon_deg: f64) -> LatLon {
    LatLon::try_new(lat_deg, lon_deg).expect("test places are on the globe")
}

fn index(places: &[LatLon]) -> NearestIndex {
    NearestIndex::build((0..).zip(places.iter().copied()))
}

/// Every place measured, as the index must answer it.
fn brute(places: &[LatLon], from: LatLon, count: usize, within_m: f64) -> Vec<Near> {
    let measured = (0..).zip(places).map(|(number, place)| Near {
        number,
        distance_m: distance_m(from, *place),
    });
    let mut all: Vec<_> = measured
        .filter(|near| near.distance_m <= within_m)
        .collect();
    all.sort_by(|a, b| {
        a.distance_m
            .total_cmp(&b.distance_m)
            .then(a.number.cmp(&b.number))
    });
    all.truncate(count);
    all
}

fn assert_as_brute(places: &[LatLon], from: LatLon, count: usize, within_m: f64) {
    let found = nearest([&index(places)], from, count, within_m);
    assert_eq!(found, brute(places, from, count, within_m), "from {from:?}");
}

/// Seeded numbers in 0.0..1.0 (xorshift64): a spread is all that is asked of them.
fn numbers(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn nearest_crosses_the_date_line_and_the_poles() {
    let places = [at(0.0, 179.999), at(0.0, -179.0), at(0.0, 178.0)];
    let found = nearest([&index(&places)], at(0.0, -179.999), 2, f64::INFINITY);
    assert_eq!([found[0].number, found[1].number], [0, 1]);
    assert!((found[0].distance_m - 222.639).abs() < 1e-3, "{found:?}");
    let places = [at(89.99, 0.0), at(89.0, 179.0), at(90.0, 55.0)];
    let found = nearest([&index(&places)], at(89.999, 180.0), 3, f64::INFINITY);
    assert_eq!(
        found.iter().map(|f| f.number).collect::<Vec<_>>(),
        [2, 0, 1]
    );
}

#[test]
fn equal_distances_are_in_the_order_of_their_numbers() {
    let here = at(31.23, 121.47);
    let places = vec![here; 100];
    let found = nearest([&index(&places)], here, 7, f64::INFINITY);
    let numbers: Vec<_> = found.iter().map(|near| near.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(found[6].distance_m, 0.0);
}

#[test]
fn limit_counts_a_place_that_is_just_as_far() {
    let (here, there) = (at(31.23, 121.47), at(31.24, 121.47));
    let exact_m = distance_m(here, there);
    let found = |within_m| nearest([&index(&[there])], here, 5, within_m).len();
    assert_eq!((found(exact_m), found(exact_m - 1e-6)), (1, 0));
    assert_eq!(nearest([&index(&[there])], here, 0, f64::INFINITY), []);
    assert_eq!(
        nearest([&NearestIndex::default()], here, 5, f64::INFINITY),
        []
    );
    assert_eq!(nearest([&index(&[there])], here, 5, f64::NAN), []);
}

#[test]
fn several_indexes_answer_as_one() {
    let mut next = numbers(7);
    let places: Vec<_> = (0..500).map(|_| at(next() * 2.0, next() * 2.0)).collect();
    let parts: Vec<_> = (0..3)
        .map(|part| {
            let all = (0..).zip(places.iter().copied());
            NearestIndex::build(all.filter(move |(number, _)| number % 3 == part))
        })
        .collect();
    for _ in 0..20 {
        let from = at(next() * 2.0, next() * 2.0);
        let found = nearest(&parts, from, 9, f64::INFINITY);
        assert_eq!(found, brute(&places, from, 9, f64::INFINITY));
    }
}

/// A city asked from its streets, from far away, and from the other side of the Earth.
#[test]
fn city_is_answered_as_by_measuring_all_from_near_and_far() {
    let mut next = numbers(11);
    let places: Vec<_> = (0..3_000)
        .map(|_| at(31.0 + next() * 0.5, 121.2 + next() * 0.5))
        .collect();
    let mut froms = vec![
        at(90.0, 0.0),
        at(-90.0, 0.0),
        at(-31.25, -58.55),
        at(-31.2, -58.5),
    ];
    froms.extend((0..20).map(|_| at(31.0 + next() * 0.5, 121.2 + next() * 0.5)));
    froms.extend((0..20).map(|_| at(next() * 180.0 - 90.0, next() * 360.0 - 180.0)));
    for from in froms {
        assert_as_brute(&places, from, 5, f64::INFINITY);
        assert_as_brute(&places, from, 40, 3_000.0);
    }
}

#[test]
fn bounds_hold_on_every_kind_of_way() {
    let mut next = numbers(3);
    for _ in 0..20_000 {
        let a = at(next() * 180.0 - 90.0, next() * 360.0 - 180.0);
        let scale = 10_f64.powf(next() * 10.0 - 8.0);
        let lat = (a.lat_deg() + (next() - 0.5) * scale).clamp(-90.0, 90.0);
        let lon = (a.lon_deg() + (next() - 0.5) * scale).clamp(-180.0, 180.0);
        let b = at(lat, lon);
        let exact_m = distance_m(a, b);
        let chord = square(direction(a), direction(b));
        assert!(at_least_m(chord) <= exact_m, "{a:?} {b:?}");
        assert!(A_M * angle(chord) + SLACK_M >= exact_m, "{a:?} {b:?}");
    }
}

#[test]
fn bearing_is_clockwise_from_north_and_below_a_turn() {
    let here = at(31.23, 121.47);
    assert!(bearing_deg(here, at(31.24, 121.47)).abs() < 1e-9);
    assert!((bearing_deg(here, at(31.22, 121.47)) - 180.0).abs() < 1e-9);
    let west = bearing_deg(here, at(31.23, 121.46));
    assert!((269.9..270.1).contains(&west), "{west}");
    assert_eq!(bearing_deg(here, here), 0.0);
    assert!((bearing_deg(at(0.0, 179.9), at(0.0, -179.9)) - 90.0).abs() < 1e-9);
    // By GeographicLib for Python.
    let bearing = bearing_deg(at(31.23, 121.47), at(31.2394, 121.4802));
    assert!((bearing - 42.993_591_914_960_525).abs() < 1e-9, "{bearing}");
}

fn place() -> impl Strategy<Value = LatLon> {
    // Corners of the globe, a city, and everywhere.
    prop_oneof![
        (-90.0..=90.0, -180.0..=180.0),
        (89.9..=90.0, -180.0..=180.0),
        (-90.0..=-89.9, -180.0..=180.0),
        (-0.1..=0.1, 179.9..=180.0),
        (-0.1..=0.1, -180.0..=-179.9),
        (31.2..=31.3, 121.4..=121.5),
    ]
    .prop_map(|(lat, lon)| at(lat, lon))
}

proptest! {
    #[test]
    fn nearest_is_what_measuring_all_gives(
        places in prop::collection::vec(place(), 0..120),
        from in place(),
        count in 0_usize..20,
        within_m in prop_oneof![Just(f64::INFINITY), 0.0..2e7],
    ) {
        let found = nearest([&index(&places)], from, count, within_m);
        prop_assert_eq!(found, brute(&places, from, count, within_m));
    }

    #[test]
    fn bearing_is_in_range(a in place(), b in place()) {
        prop_assert!((0.0..360.0).contains(&bearing_deg(a, b)));
    }
}
