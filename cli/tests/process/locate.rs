//! `bading locate` on more points than one processor takes at a time.

use std::fmt::Write as _;

use crate::support::{Answer, Bench, bading};

/// A hundred square cells of a hundredth of a degree, from 114.30 E, 30.60 N.
fn cells() -> String {
    let features: Vec<String> = (0..100)
        .map(|k| {
            let (west, south) = (11430 + k % 10, 3060 + k / 10);
            let [w, s, e, n] =
                [west, south, west + 1, south + 1].map(|n| f64::from(n) / 100.0);
            format!(
                r#"{{"type":"Feature","properties":{{"code":"c{k:02}"}},"geometry":{{"type":"Polygon","coordinates":[[[{w},{s}],[{e},{s}],[{e},{n}],[{w},{n}],[{w},{s}]]]}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    )
}

#[test]
fn points_of_several_shares_are_answered_in_the_order_of_the_file() {
    let bench = Bench::new();
    let grids = bench.write("grids.geojson", cells());
    let (mut points, mut expected) = ("id,lat,lon\n".to_owned(), "id,grid\n".to_owned());
    for i in 0..200_000_u32 {
        // From cell to cell in a wide stride; every hundred-and-first lies outside.
        let k = i.wrapping_mul(37) % 101;
        let (lat, lon) = match k {
            100 => (30.0, 114.0),
            k => (
                30.605 + f64::from(k / 10) / 100.0,
                114.305 + f64::from(k % 10) / 100.0,
            ),
        };
        writeln!(points, "p{i},{lat},{lon}").expect("room");
        match k {
            100 => writeln!(expected, "p{i},"),
            k => writeln!(expected, "p{i},c{k:02}"),
        }
        .expect("room");
    }
    let points = bench.write("points.csv", points);
    let output = bading()
        .args(["locate", "--grids"])
        .arg(grids)
        .arg("--points")
        .arg(points)
        .output()
        .expect("the command runs");
    let answer = Answer::from(output);
    assert_eq!((answer.exit, &*answer.stderr), (Some(0), ""));
    // Not with assert_eq, which would print both.
    let differing = answer
        .stdout
        .lines()
        .zip(expected.lines())
        .find(|(a, b)| a != b);
    assert_eq!(differing, None);
    assert_eq!(answer.stdout.len(), expected.len());
}
