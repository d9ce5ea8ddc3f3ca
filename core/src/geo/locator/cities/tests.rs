//! A hundred cities: what is loaded, what is dropped, and the rims of the map.

use super::super::tests::square;
use super::*;
use std::cell::RefCell;
use std::convert::Infallible;

/// Sixteen cells of a city whose south-west corner is given.
fn city(west: f64, south: f64) -> Vec<GridCell> {
    let at = |k: usize| (west + 0.1 * (k % 4) as f64, south + 0.1 * (k / 4) as f64);
    (0..16)
        .map(|k| square(&format!("{k:02}"), at(k).0, at(k).1, 0.1))
        .collect()
}

/// Ninety-seven cities in a lattice, one on both sides of the date line, one at each pole.
fn hundred() -> Vec<(String, Vec<GridCell>)> {
    let mut cities: Vec<_> = (0..97)
        .map(|k| {
            let (west, south) = (
                f64::from(k % 10) * 3.5 + 80.0,
                f64::from(k / 10) * 3.5 + 10.0,
            );
            (format!("c{k:02}"), city(west, south))
        })
        .collect();
    let date_line = vec![
        square("w", 179.5, -17.0, 0.5),
        square("e", -180.0, -17.0, 0.5),
    ];
    cities.push(("line".to_owned(), date_line));
    let around = |south: f64, north: f64| {
        let ring = [
            (-180.0, south),
            (180.0, south),
            (180.0, north),
            (-180.0, north),
        ];
        vec![super::super::tests::cell("cap", &ring)]
    };
    cities.push(("north".to_owned(), around(89.0, 90.0)));
    cities.push(("south".to_owned(), around(-90.0, -89.0)));
    cities
}

struct Hub {
    cells: HashMap<String, Vec<GridCell>>,
    loads: RefCell<Vec<String>>,
    cities: Cities,
}

impl Hub {
    fn new(cities: Vec<(String, Vec<GridCell>)>, most_bytes: usize) -> Self {
        let extents = cities
            .iter()
            .map(|(name, cells)| CityExtent::of(name, cells));
        Self {
            cities: Cities::new(extents.collect(), most_bytes),
            cells: cities.into_iter().collect(),
            loads: RefCell::default(),
        }
    }

    fn ask(&mut self, lat: f64, lon: f64) -> Option<(String, String)> {
        let (cells, loads) = (&self.cells, &self.loads);
        let found = self.cities.find(lat, lon, |name| {
            loads.borrow_mut().push(name.to_owned());
            Ok::<_, Infallible>(Locator::build(&cells[name]))
        });
        let Ok(found) = found;
        found.map(|cell| (cell.city, cell.code))
    }
}

fn some(city: &str, code: &str) -> Option<(String, String)> {
    Some((city.to_owned(), code.to_owned()))
}

#[test]
fn each_of_a_hundred_cities_is_found_and_loaded_when_it_is_asked_for() {
    let mut hub = Hub::new(hundred(), usize::MAX);
    assert_eq!(hub.ask(0.0, 0.0), None);
    assert!(hub.loads.borrow().is_empty(), "no city is near");
    for k in 0..97 {
        let (west, south) = (
            f64::from(k % 10) * 3.5 + 80.0,
            f64::from(k / 10) * 3.5 + 10.0,
        );
        let name = format!("c{k:02}");
        assert_eq!(hub.ask(south + 0.05, west + 0.05), some(&name, "00"));
        assert_eq!(hub.ask(south + 0.35, west + 0.25), some(&name, "14"));
        assert_eq!(hub.ask(south + 0.45, west + 0.25), None);
    }
    assert_eq!(hub.loads.borrow().len(), 97, "each once");
}

#[test]
fn date_line_and_poles_have_cells_on_their_own_side() {
    let mut hub = Hub::new(hundred(), usize::MAX);
    assert_eq!(hub.ask(-16.8, 179.9), some("line", "w"));
    assert_eq!(hub.ask(-16.8, -179.9), some("line", "e"));
    assert_eq!(hub.ask(-16.8, -180.0), some("line", "e"));
    // The maximum edge: 180° and -180° are two places to a planar cell.
    assert_eq!(hub.ask(-16.8, 180.0), None);
    assert_eq!(hub.ask(89.5, 12.0), some("north", "cap"));
    assert_eq!(hub.ask(89.0, -180.0), some("north", "cap"));
    assert_eq!(hub.ask(90.0, 0.0), None, "the maximum edge again");
    assert_eq!(hub.ask(-90.0, 0.0), some("south", "cap"));
}

#[test]
fn what_is_no_place_is_in_no_city() {
    let mut cities = hundred();
    // A city whose cells are no degrees: asked about everything, and about nothing wrongly.
    cities.push(("vast".to_owned(), vec![square("v", -1e5, -1e5, 2e5)]));
    cities.push(("broken".to_owned(), vec![square("n", f64::NAN, 0.0, 1.0)]));
    let mut hub = Hub::new(cities, usize::MAX);
    for (lat, lon) in [
        (f64::NAN, 100.0),
        (30.0, f64::NAN),
        (f64::INFINITY, f64::NEG_INFINITY),
    ] {
        assert_eq!(hub.ask(lat, lon), None);
    }
    assert_eq!(hub.ask(0.0, 0.0), some("vast", "v"));
    assert_eq!(hub.ask(9e4, -4e4), some("vast", "v"));
    assert_eq!(hub.ask(1e299, -1e18), None);
    // Latitude and longitude swapped: nothing but the vast one reaches there.
    assert_eq!(hub.ask(80.05, 10.05), some("vast", "v"));
    assert_eq!(hub.ask(10.05, 80.05), some("c00", "00"));
}

#[test]
fn first_name_answers_where_cities_overlap_in_any_order() {
    let mut cities = vec![
        ("b".to_owned(), city(120.0, 30.0)),
        ("a".to_owned(), city(120.2, 30.0)),
        ("c".to_owned(), city(120.0, 30.0)),
    ];
    for _ in 0..3 {
        cities.rotate_left(1);
        let mut hub = Hub::new(cities.clone(), usize::MAX);
        assert_eq!(hub.ask(30.05, 120.25), some("a", "00"));
        assert_eq!(hub.ask(30.05, 120.15), some("b", "01"));
    }
}

#[test]
fn loaded_indexes_stay_within_their_bytes_and_the_oldest_goes() {
    let one = Locator::build(&city(80.0, 10.0)).size_bytes();
    let mut hub = Hub::new(hundred(), 5 * one / 2);
    for lon in [80.05, 83.55, 80.05, 87.05, 80.05] {
        assert!(hub.ask(10.05, lon).is_some());
        assert!(hub.cities.loaded_bytes() <= 5 * one / 2);
    }
    assert_eq!(
        *hub.loads.borrow(),
        ["c00", "c01", "c02"],
        "c01 went, c00 stayed"
    );
    assert!(hub.ask(10.05, 83.55).is_some());
    assert_eq!(hub.loads.borrow().len(), 4);

    let mut tight = Hub::new(hundred(), 0);
    assert!(tight.ask(10.05, 80.05).is_some());
    assert!(tight.cities.loaded_bytes() > 0, "the one in use is kept");
}

#[test]
fn error_of_loading_arrives_and_the_next_question_tries_again() {
    let mut cities = Cities::new(vec![CityExtent::of("a", &city(120.0, 30.0))], usize::MAX);
    let failed = cities.find(30.05, 120.05, |_| Err("no such file"));
    assert_eq!(failed, Err("no such file"));
    let found = cities.find(30.05, 120.05, |_| {
        Ok::<_, &str>(Locator::build(&city(120.0, 30.0)))
    });
    assert_eq!(found.map(|f| f.map(|c| c.code)), Ok(Some("00".to_owned())));
}
