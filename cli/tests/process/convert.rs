//! `convert`: a CSV between every two datums, from files and stdin, whatever wrote them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use bading_core::geo::datum::{Datum, convert};

use crate::support::{Answer, Bench, bading, run};

const DATUMS: [Datum; 4] = [Datum::Wgs84, Datum::Cgcs2000, Datum::Gcj02, Datum::Bd09];

/// Runs `convert` without `--json`, with something on stdin.
fn feed(arguments: &[&str], stdin: &[u8]) -> Answer {
    let mut child = bading()
        .arg("convert")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built beside this test");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A command that refuses its arguments does not read to the end.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    child
        .wait_with_output()
        .expect("a child of this test")
        .into()
}

#[test]
fn every_pair_gives_what_the_core_says_in_csv_and_json() {
    let bench = Bench::new();
    let points = [
        ("beijing", 39.90105, 116.42079),
        ("edge", 40.0, 72.004),
        ("corner", 0.8293, 110.0),
        ("london", 51.5072, -0.1276),
        ("pole", 90.0, 180.0),
    ];
    let mut text = "id,lat,lon\n".to_owned();
    for (id, lat, lon) in points {
        text += &format!("{id},{lat},{lon}\n");
    }
    let file = bench.write("points.csv", &text);
    for from in DATUMS {
        for to in DATUMS {
            let mut expected = "id,lat,lon\n".to_owned();
            let arguments = ["--from", from.as_str(), "--to", to.as_str()];
            let told = run(["convert"]
                .into_iter()
                .chain(arguments)
                .map(PathBuf::from)
                .chain([file.clone()]))
            .json();
            for (row, (id, lat, lon)) in points.iter().enumerate() {
                let (lat, lon) = convert(from, to, *lat, *lon).expect("a place");
                expected += &format!("{id},{lat:.9},{lon:.9}\n");
                let point = &told["points"][row];
                assert_eq!(point["id"], *id);
                // The reader of JSON here may miss the last place of a number; JSON has it.
                for (name, number) in [("lat", lat), ("lon", lon)] {
                    let told = point[name].as_f64().expect("a number");
                    assert!((told - number).abs() < 1e-13, "{from:?} {to:?} {id}");
                }
            }
            let answer = feed(&arguments, text.as_bytes());
            assert_eq!((answer.exit, answer.stderr.as_str()), (Some(0), ""));
            assert_eq!(answer.stdout, expected, "{from:?} {to:?}");
        }
    }
}

#[test]
fn stdin_is_read_for_a_dash_and_for_no_file_with_any_mark_ending_and_order() {
    let to_gcj = ["--from", "wgs84", "--to", "gcj02"];
    let (lat, lon) = convert(Datum::Wgs84, Datum::Gcj02, 39.90105, 116.42079).expect("a place");
    let expected = format!("id,lat,lon\n\"a, \"\"b\"\"\",{lat:.9},{lon:.9}\n");
    let plain = "id,lat,lon\n\"a, \"\"b\"\"\",39.90105,116.42079\n";
    let spreadsheet = "\u{feff}note,lon,id,lat\r\n,116.42079,\"a, \"\"b\"\"\",39.90105\r\n\r\n";
    for text in [plain, spreadsheet] {
        for file in [&[][..], &["-"]] {
            let arguments = [&to_gcj, file].concat();
            let answer = feed(&arguments, text.as_bytes());
            assert_eq!((answer.exit, answer.stderr.as_str()), (Some(0), ""));
            assert_eq!(answer.stdout, expected);
        }
    }
    // Without an id, the row's number; without rows, the header.
    let answer = feed(&to_gcj, b"lat,lon\n1,2\n3,4\n");
    assert_eq!(
        answer.stdout,
        "id,lat,lon\n1,1.000000000,2.000000000\n2,3.000000000,4.000000000\n"
    );
    assert_eq!(feed(&to_gcj, b"id,lat,lon\n").stdout, "id,lat,lon\n");
}

#[test]
fn reader_that_leaves_early_ends_the_output_and_nothing_else() {
    let mut child = bading()
        .args(["convert", "--from", "wgs84", "--to", "bd09"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built beside this test");
    drop(child.stdout.take());
    let mut pipe = child.stdin.take().expect("a pipe");
    let rows = "id,lat,lon\n".to_owned() + &"a,31.2,121.5\n".repeat(20_000);
    pipe.write_all(rows.as_bytes())
        .expect("it reads to the end");
    drop(pipe);
    let answer: Answer = child
        .wait_with_output()
        .expect("a child of this test")
        .into();
    assert_eq!((answer.exit, answer.stderr.as_str()), (Some(0), ""));
}

#[test]
fn row_that_is_wrong_is_named_and_nothing_is_written() {
    let to_bd = ["--from", "gcj02", "--to", "bd09"];
    let cases: &[(&str, &[&str])] = &[
        (
            "id,lat,lon\na,31,121\nb,121,31\n",
            &["-: ", "row 2", "lat", "121"],
        ),
        ("id,lat,lon\na,31,181\n", &["row 1", "lon", "181"]),
        ("id,lat,lon\na,nan,121\n", &["row 1", "lat", "nan"]),
        ("id,lat,lon\na,1e999,121\n", &["row 1", "lat", "1e999"]),
        ("id,lat,lon\na,,121\n", &["row 1", "lat"]),
        ("id,lat,lon\na,31\n", &["row 1", "2 fields"]),
        ("id,lat\na,31\n", &["header", "lon"]),
        ("", &["empty"]),
    ];
    for (text, names) in cases {
        feed(&to_bd, text.as_bytes()).assert_failed(2, names);
    }
    let good = b"id,lat,lon\na,31,121\n";
    feed(&["--from", "GCJ02", "--to", "bd09"], good).assert_failed(2, &["--from", "GCJ02"]);
    feed(&["--from", "gcj02", "--to", "mars"], good).assert_failed(2, &["--to", "mars"]);
    feed(&["--from", "gcj02", "--to", "bd09", "no-such.csv"], good)
        .assert_failed(2, &["no-such.csv"]);
}
