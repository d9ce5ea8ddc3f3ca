//! What holds of every pair of datums, beside the formula as it is published; the tables of
//! other people's numbers are in `tables`.

mod tables;

use super::*;
use crate::geo::distance::distance_m;
use crate::model::place::LatLon;
use proptest::prelude::*;

const ALL: [Datum; 4] = [Datum::Wgs84, Datum::Cgcs2000, Datum::Gcj02, Datum::Bd09];
/// How far a counterpart may lie from its point in the rectangle: both shifts together.
const BAND_DEG: f64 = 0.03;

fn apart_m(a: Pair, b: Pair) -> f64 {
    let place = |p: Pair| LatLon::try_new(p.0, p.1).expect("test points are on the globe");
    distance_m(place(a), place(b))
}

fn go(from: Datum, to: Datum, point: Pair) -> Pair {
    convert(from, to, point.0, point.1).expect("on the globe, with an inverse")
}

/// The steps of a grid over the rectangle, its edges included.
fn all_over_china(steps: u32) -> impl Iterator<Item = Pair> {
    let along = move |range: &RangeInclusive<f64>, i: u32| {
        if i == steps {
            return *range.end();
        }
        range.start() + (range.end() - range.start()) * f64::from(i) / f64::from(steps)
    };
    (0..=steps)
        .flat_map(move |i| (0..=steps).map(move |j| (i, j)))
        .map(move |(i, j)| (along(&CHINA_LAT_DEG, i), along(&CHINA_LON_DEG, j)))
}

/// Points within a band on either side of the rectangle's four edges.
fn beside_an_edge() -> impl Strategy<Value = Pair> {
    let off = || prop_oneof![-2.0 * BAND_DEG..2.0 * BAND_DEG, -1e-7..1e-7, Just(0.0)];
    let (lat, lon) = (CHINA_LAT_DEG, CHINA_LON_DEG);
    let lat_edge = prop_oneof![Just(*lat.start()), Just(*lat.end())];
    let lon_edge = prop_oneof![Just(*lon.start()), Just(*lon.end())];
    prop_oneof![
        (lat_edge, off(), 71.9..137.9).prop_map(|(edge, off, lon)| (edge + off, lon)),
        (lon_edge, off(), 0.7..55.9).prop_map(|(edge, off, lat)| (lat, edge + off)),
    ]
}

fn in_china() -> impl Strategy<Value = Pair> {
    (CHINA_LAT_DEG, CHINA_LON_DEG)
}

#[test]
fn convert_gives_the_domain_vector() {
    let (lat, lon) = go(Datum::Wgs84, Datum::Gcj02, (39.90105, 116.42079));
    assert_eq!(format!("{lat:.6},{lon:.6}"), "39.902446,116.427022");
    let (lat, lon) = go(Datum::Cgcs2000, Datum::Bd09, (39.90105, 116.42079));
    assert_eq!(format!("{lat:.6},{lon:.6}"), "39.908500,116.433501");
}

#[test]
fn forward_is_the_public_formula_but_for_its_own_rounding() {
    let mut worst_deg = [0.0_f64; 2];
    for point in all_over_china(400) {
        let pairs = [
            (
                go(Datum::Wgs84, Datum::Gcj02, point),
                plain::wgs_to_gcj(point),
            ),
            (
                go(Datum::Gcj02, Datum::Bd09, point),
                plain::gcj_to_bd(point),
            ),
        ];
        for (worst, (ours, theirs)) in worst_deg.iter_mut().zip(pairs) {
            let off = (ours.0 - theirs.0).abs().max((ours.1 - theirs.1).abs());
            *worst = worst.max(off);
        }
    }
    // One unit of the last place of 137° is 2.8e-14.
    assert!(worst_deg[0] <= 2.9e-14, "{worst_deg:?}");
    assert!(worst_deg[1] <= 1e-13, "{worst_deg:?}");
}

#[test]
fn forward_to_bd_takes_both_steps_of_the_formula() {
    for point in all_over_china(60) {
        let theirs = plain::gcj_to_bd(plain::wgs_to_gcj(point));
        let ours = go(Datum::Wgs84, Datum::Bd09, point);
        assert!(apart_m(ours, theirs) < 1e-7, "{point:?}");
    }
}

#[test]
fn inverse_meets_the_forward_shift_to_a_micrometre_within_its_steps() {
    let (mut steps, mut count) = (0, 0);
    for point in all_over_china(300) {
        // The kink at 105° east is looked at elsewhere.
        let (lat, lon) = point;
        for (from, shift) in [
            (Datum::Gcj02, ToGcj::forward as fn(Pair) -> Pair),
            (Datum::Bd09, ToBd::forward),
        ] {
            let to = if from == Datum::Bd09 {
                Datum::Gcj02
            } else {
                Datum::Wgs84
            };
            let (found, took) = convert_counted(from, to, lat, lon).expect("an inverse");
            assert!(apart_m(shift(found), point) < 1e-6, "{from:?} {point:?}");
            assert!(took <= 3, "{from:?} {point:?}: {took}");
            (steps, count) = (steps + took, count + 1);
        }
    }
    assert!(f64::from(steps) <= 2.1 * f64::from(count), "{steps}");
}

#[test]
fn inverse_is_within_a_millimetre_where_the_formula_has_a_kink() {
    for metres in [0.0, 1e-9, 1e-6, 1e-4, 0.001, 0.01, 0.1, 0.3, 1.0, 10.0] {
        for side in [-1.0, 1.0] {
            for step in 0..100 {
                let lat = 1.0 + 0.54 * f64::from(step);
                let origin = (lat, 105.0 + side * metres * 1e-5);
                let (found, took) = {
                    let there = go(Datum::Wgs84, Datum::Gcj02, origin);
                    convert_counted(Datum::Gcj02, Datum::Wgs84, there.0, there.1)
                        .expect("an inverse")
                };
                let limit_m = if metres < 10.0 { 0.000_5 } else { 1e-6 };
                assert!(apart_m(found, origin) < limit_m, "{origin:?}");
                assert!(took <= 5, "{origin:?}: {took}");
            }
        }
    }
}

#[test]
fn inverse_is_that_of_the_fixed_point_which_libraries_iterate() {
    for point in all_over_china(60) {
        let (gcj, _) = plain::invert(plain::gcj_to_bd, point, 1e-12);
        let (wgs, _) = plain::invert(plain::wgs_to_gcj, gcj, 1e-12);
        assert!(apart_m(go(Datum::Bd09, Datum::Gcj02, point), gcj) < 1e-6);
        assert!(apart_m(go(Datum::Bd09, Datum::Wgs84, point), wgs) < 1e-6);
    }
}

#[test]
fn convert_returns_where_other_inverses_never_do() {
    for (lat, lon) in [(40.0, 72.004), (0.8293, 110.0)] {
        let (found, steps) =
            convert_counted(Datum::Gcj02, Datum::Wgs84, lat, lon).expect("the inverse is capped");
        assert!(steps <= 3, "{steps}");
        assert!(apart_m(plain::wgs_to_gcj(found), (lat, lon)) < 1e-6);
        let found = go(Datum::Bd09, Datum::Wgs84, (lat, lon));
        let back = plain::gcj_to_bd(plain::wgs_to_gcj(found));
        assert!(apart_m(back, (lat, lon)) < 1e-6);
    }
}

#[test]
fn convert_refuses_what_is_no_place() {
    for from in ALL {
        for to in ALL {
            let go = |lat, lon| convert(from, to, lat, lon);
            assert!(matches!(go(f64::NAN, 0.0), Err(DatumError::Latitude(_))));
            assert!(matches!(go(0.0, f64::NAN), Err(DatumError::Longitude(_))));
            assert_eq!(go(90.000_001, 0.0), Err(DatumError::Latitude(90.000_001)));
            assert_eq!(go(121.5, 31.2), Err(DatumError::Latitude(121.5)));
            assert_eq!(go(-1e300, 0.0), Err(DatumError::Latitude(-1e300)));
            assert_eq!(
                go(0.0, f64::INFINITY),
                Err(DatumError::Longitude(f64::INFINITY))
            );
        }
    }
}

#[test]
fn convert_leaves_the_outside_alone_poles_and_date_line_included() {
    for point in [
        (90.0, 0.0),
        (-90.0, 180.0),
        (0.0, -180.0),
        (45.0, 180.0),
        (-0.0, -0.0),
        (51.5, -0.13),
        (40.0, 72.003_999_9),
        (45.0, 137.834_700_1),
        (0.829_299_9, 110.0),
        (55.827_100_1, 120.0),
    ] {
        for from in ALL {
            for to in ALL {
                let found = go(from, to, point);
                assert_eq!(found.0.to_bits(), point.0.to_bits());
                assert_eq!(found.1.to_bits(), point.1.to_bits());
            }
        }
    }
}

#[test]
fn batch_names_the_first_point_that_is_wrong() {
    let points = [(31.0, 121.0), (121.0, 31.0), (0.0, f64::NAN)];
    let refused = convert_all(Datum::Wgs84, Datum::Gcj02, &points).expect_err("no latitude");
    assert_eq!(
        refused,
        BatchError {
            index: 1,
            error: DatumError::Latitude(121.0)
        }
    );
    assert_eq!(
        refused.to_string(),
        "point 1: latitude 121 is outside -90..90"
    );
    assert_eq!(convert_all(Datum::Wgs84, Datum::Gcj02, &[]), Ok(Vec::new()));
}

#[test]
fn parse_reads_every_name_and_refuses_others() {
    for datum in ALL {
        assert_eq!(Datum::parse(datum.as_str()), Ok(datum));
    }
    assert_eq!(
        Datum::parse("GCJ02"),
        Err(DatumError::Unknown("GCJ02".to_owned()))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// In all China, edges included, and beyond: back to 1 mm, or a counterpart outside the
    /// rectangle, which stays what it is.
    #[test]
    fn convert_there_and_back_is_within_a_millimetre(
        point in prop_oneof![in_china(), beside_an_edge()],
    ) {
        for from in ALL {
            for to in ALL {
                let there = go(from, to, point);
                let back = go(to, from, there);
                if is_in_china(point) == is_in_china(there) {
                    prop_assert!(apart_m(back, point) < 0.001, "{from:?} {to:?}");
                } else {
                    prop_assert!(is_in_china(point));
                    prop_assert_eq!(back, there);
                }
            }
        }
    }

    /// Whoever is not right beside an edge of the rectangle, as all China is, comes back.
    #[test]
    fn counterpart_lies_inside_but_for_a_band_at_the_edge(
        lat in 0.8293 + BAND_DEG..55.8271 - BAND_DEG,
        lon in 72.004 + BAND_DEG..137.8347 - BAND_DEG,
    ) {
        for from in ALL {
            for to in ALL {
                prop_assert!(is_in_china(go(from, to, (lat, lon))));
            }
        }
    }

    /// At the edge too an answer inside is the formula's, and an inverse meets its goal: a
    /// datum between the two does not cut the way short.
    #[test]
    fn inside_is_shifted_all_the_way_at_the_edge(point in beside_an_edge()) {
        if !is_in_china(point) {
            return Ok(());
        }
        let bd = go(Datum::Wgs84, Datum::Bd09, point);
        prop_assert!(apart_m(bd, plain::gcj_to_bd(plain::wgs_to_gcj(point))) < 1e-7);
        let wgs = go(Datum::Bd09, Datum::Wgs84, point);
        prop_assert!(apart_m(point, plain::gcj_to_bd(plain::wgs_to_gcj(wgs))) < 0.001);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A list is converted to the same bits as its points, whatever stands beside them.
    #[test]
    fn batch_is_its_points_to_the_bit(
        points in prop::collection::vec(
            prop_oneof![
                in_china(),
                beside_an_edge(),
                (-90.0..=90.0, -180.0..=180.0),
                (CHINA_LAT_DEG, 105.0 - 1e-7..105.0 + 1e-7),
            ],
            0..200,
        ),
        from in prop::sample::select(&ALL[..]),
        to in prop::sample::select(&ALL[..]),
    ) {
        let all = convert_all(from, to, &points).expect("on the globe");
        prop_assert_eq!(all.len(), points.len());
        for (found, point) in all.iter().zip(&points) {
            let alone = go(from, to, *point);
            prop_assert_eq!(found.0.to_bits(), alone.0.to_bits());
            prop_assert_eq!(found.1.to_bits(), alone.1.to_bits());
        }
    }
}
