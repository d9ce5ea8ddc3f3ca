use super::*;
use crate::geo::mutate::mutations;
use crate::geo::test_data::shared;

const GPX: &str = r#"<?xml version="1.0"?>
<!DOCTYPE gpx [ <!ENTITY a "&b;&b;"> <!ENTITY b "1"> ]>
<g:gpx version="1.1" xmlns:g="http://www.topografix.com/GPX/1/1" xmlns:x="urn:x">
<!-- a comment with <trkpt lat="0" lon="0"/> in it -->
<g:wpt lat="1" lon="2"><g:name>A & B &a;</g:name></g:wpt>
<g:trk><g:name><![CDATA[<trkpt>]]></g:name><g:trkseg>
<g:trkpt lat="31.5" lon="&#49;21"><g:time>2026-03-01T08:00:00+08:00</g:time><g:hdop>3</g:hdop>
<g:extensions><x:inner><x:accuracy>4.5</x:accuracy><x:time>never</x:time></x:inner></g:extensions>
</g:trkpt>
</g:trkseg><g:trkseg/><g:trkseg>
<g:trkpt lon="121.1" lat="31.6"><g:time><![CDATA[2026-03-01T00:00:01.250]]></g:time>
<x:hacc>7</x:hacc><g:extensions><x:mock>1</x:mock></g:extensions></g:trkpt>
</g:trkseg></g:trk>
<g:rte><g:rtept lat="5" lon="6"/></g:rte>
</g:gpx>"#;

const CSV: &str = "\u{feff}# Timestamp;latitude;lng;accuracy;mock;note\r\n\
    2019-03-11 08:33:24+00:00;31.5;121;4.5;;x\r\n\
    2019-03-11T16:33:25.250+08:00;31.6;121.1;;1;\"y; z\"\r\n";

fn refusal(text: &str) -> String {
    let line = read_track(text.as_bytes())
        .expect_err("the text is wrong")
        .to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

fn gpx(points: &str) -> String {
    format!("<gpx><trk><trkseg>{points}</trkseg></trk></gpx>")
}

fn fix(at: &str, lat: f64, lon: f64, accuracy_m: Option<f64>, is_mock: bool) -> Fix {
    Fix {
        at: UtcMs::parse_rfc3339(at).expect("well formed"),
        place: LatLon::try_new(lat, lon).expect("in range"),
        accuracy_m,
        is_mock,
    }
}

#[test]
fn gpx_gives_the_points_of_all_segments_whatever_stands_around_them() {
    let track = read_track(GPX.as_bytes()).expect("a good GPX");
    assert_eq!(
        track.fixes,
        [
            fix("2026-03-01T00:00:00Z", 31.5, 121.0, Some(4.5), false),
            fix("2026-03-01T00:00:01.250Z", 31.6, 121.1, Some(7.0), true),
        ]
    );
}

#[test]
fn gpx_is_told_by_its_content_behind_a_byte_order_mark_and_white_space() {
    let text = format!(
        "\u{feff}\n\t {}",
        gpx(r#"<trkpt lat="1" lon="2"><time>2026-03-01T08:00:00Z</time></trkpt>"#)
    );
    assert!(read_track(text.as_bytes()).is_ok());
    let named = text.replace("<trk>", "<metadata><name>Caf_</name></metadata><trk>");
    let latin: Vec<u8> = named
        .bytes()
        .map(|b| if b == b'_' { 0xe9 } else { b })
        .collect();
    assert!(
        read_track(&latin).is_ok(),
        "markup is ASCII in any encoding"
    );
}

#[test]
fn csv_columns_are_found_by_any_of_their_names() {
    let track = read_track(CSV.as_bytes()).expect("a good CSV");
    assert_eq!(
        track.fixes,
        [
            fix("2019-03-11T08:33:24Z", 31.5, 121.0, Some(4.5), false),
            fix("2019-03-11T08:33:25.250Z", 31.6, 121.1, None, true),
        ]
    );
    let least = "lon,time,lat\n2,2019-03-11T08:33:24Z,1\n";
    assert!(read_track(least.as_bytes()).is_ok());
}

#[test]
fn gpx_that_is_broken_or_something_else_says_where() {
    assert_eq!(
        refusal("<kml>\n</kml>"),
        "the file is XML, but not a GPX: it begins with <kml>"
    );
    assert_eq!(
        refusal("<"),
        "line 1: `<` begins here and never ends: the file is cut off or damaged"
    );
    assert!(refusal("<gpx>\n<trk>\n<trkseg>").starts_with("line 3: `<trkseg`"));
    assert!(refusal("<gpx>\n<trk name=\"x>\n</trk></gpx>").starts_with("line 2: `<trk`"));
    assert!(refusal("<gpx>\n</trk></gpx>").starts_with("line 2: not XML: "));
    assert!(refusal("<gpx/>\n<gpx/>").starts_with("line 2: not XML: a second"));
    assert!(refusal("<!-- -->").starts_with("line 1: not XML: "));
    assert_eq!(
        refusal(r#"<gpx><wpt lat="1" lon="2"/><rte><rtept lat="1" lon="2"/></rte></gpx>"#),
        "the file has no track points (trkpt); its 1 waypoints and 1 route points were not walked"
    );
}

#[test]
fn gpx_names_the_point_and_the_field_of_what_is_wrong() {
    let good = r#"<trkpt lat="1" lon="2"><time>2026-03-01T08:00:00Z</time></trkpt>"#;
    let second = |point: &str| refusal(&gpx(&format!("{good}{point}")));
    assert_eq!(
        second(r#"<trkpt lat="1"/>"#),
        "track point 2: no attribute `lon`"
    );
    assert_eq!(
        second(r#"<trkpt lat="x" lon="1"/>"#),
        "track point 2, lat: `x` is not a number"
    );
    assert_eq!(
        second(r#"<trkpt lat="90.1" lon="1"/>"#),
        "track point 2, lat: 90.1 is outside -90..90"
    );
    assert_eq!(
        second(r#"<trkpt lat="1" lon="nan"/>"#),
        "track point 2, lon: nan is outside -180..180"
    );
    assert_eq!(
        second(r#"<trkpt lat="1" lon="1"/>"#),
        "1 of 2 fixes have no time, the first of them track point 2; a planned route is not a track"
    );
    let timed = |rest: &str| second(&format!(r#"<trkpt lat="1" lon="2">{rest}</trkpt>"#));
    assert!(timed("<time>noon</time>").starts_with("track point 2, time: `noon` is not a time"));
    assert_eq!(
        timed("<time>1969-12-31T23:59:59Z</time>"),
        "track point 2, time: 1969-12-31T23:59:59Z is not within the years 1970 to 9999"
    );
    assert!(
        timed("<accuracy>-1</accuracy>")
            .starts_with("track point 2, accuracy: -1 is not a distance")
    );
    assert_eq!(
        timed("<mock>perhaps</mock>"),
        "track point 2, mock: `perhaps` is neither true nor false"
    );
}

#[test]
fn csv_names_the_row_and_the_field_of_what_is_wrong() {
    let rows = |rows: &str| {
        refusal(&format!(
            "time,lat,lon,accuracy_m,mock\n2026-03-01T08:00:00Z,1,2,,\n{rows}"
        ))
    };
    let time = "2026-03-01T08:00:01Z";
    assert_eq!(
        rows(&format!("{time},1°,2,,\n")),
        "row 2, lat: `1°` is not a number"
    );
    assert_eq!(
        rows(&format!("{time},1,180.5,,\n")),
        "row 2, lon: 180.5 is outside -180..180"
    );
    assert_eq!(
        rows(&format!("{time},1,2,-0.5,\n")),
        "row 2, accuracy: -0.5 is not a distance in metres; leave it empty if unknown"
    );
    assert!(rows(&format!("{time},1,2,inf,\n")).starts_with("row 2, accuracy: inf"));
    assert_eq!(
        rows(&format!("{time},1,2,good,\n")),
        "row 2, accuracy: `good` is not a number"
    );
    assert_eq!(
        rows(&format!("{time},1,2,,yes\n")),
        "row 2, mock: `yes` is neither true nor false"
    );
    assert_eq!(
        rows(&format!("{time},1,2\n")),
        "row 2: 3 fields where the header has 5"
    );
    assert!(rows("1772352000,1,2,,\n").starts_with("row 2, time: `1772352000` is not a time"));
    assert!(rows("2026-03-01T08:00:00,1,2,,\n").starts_with("row 2, time: `2026-03-01T08:00:00`"));
    assert_eq!(
        rows(",1,2,,\n,1,2,,\n"),
        "2 of 3 fixes have no time, the first of them row 2; a planned route is not a track"
    );
    assert_eq!(
        refusal("lat,lon\n1,2\n"),
        "header: no column `time` (or timestamp, tracked_at)"
    );
    assert_eq!(
        refusal("time,lat\n"),
        "header: no column `lon` (or lng, longitude)"
    );
    assert_eq!(
        refusal("time,lat,lon\n"),
        "the file has no fixes: there is nothing below its header"
    );
    assert_eq!(refusal(""), "the file is empty: a header line is needed");
    assert!(refusal(" {\"type\": 1}").contains("JSON"));
}

#[test]
fn file_that_runs_backwards_is_refused_and_a_few_fixes_out_of_order_are_not() {
    let read = |seconds: &[u32]| {
        let rows = seconds
            .iter()
            .map(|s| format!("2026-03-01T08:00:{s:02}Z,1,2\n"));
        read_track(format!("time,lat,lon\n{}", rows.collect::<String>()).as_bytes())
    };
    assert!(read(&[7]).is_ok());
    assert!(read(&[7, 7, 7]).is_ok());
    assert!(read(&[1, 2, 3, 2, 4]).is_ok());
    assert!(read(&[5, 6, 7, 8, 4]).is_err(), "it ends before it begins");
    assert!(
        read(&[1, 9, 8, 9, 8, 7]).is_err(),
        "as many steps back as forth"
    );
    assert_eq!(
        read(&[2, 1]).map_err(|error| error.to_string()),
        Err(
            "times run backwards: 1 of 1 steps go back, the first fix is of \
             2026-03-01T08:00:02.000Z, the last of 2026-03-01T08:00:01.000Z; put the oldest first"
                .to_owned()
        )
    );
}

#[test]
fn file_above_the_limit_is_refused_unread() {
    let size_bytes = MAX_FILE_BYTES + 1;
    assert_eq!(
        read_track(&vec![b'<'; size_bytes]),
        Err(TrackFileError::TooLarge { size_bytes })
    );
}

#[test]
fn bytes_gone_wrong_never_panic() {
    for good in [GPX.as_bytes(), CSV.as_bytes()] {
        for bytes in mutations(good, 0x7ac3, 300) {
            drop(read_track(&bytes));
        }
    }
}

/// What the reader must say of a file that has no times, or none that serve.
fn expected_refusal(name: &str, points: u64, with_time: u64) -> Option<&'static str> {
    match name {
        "gpx/gpxpy_Mojstrovka.gpx" => Some("1970"),
        "gpx/togeojson_blue_hills.gpx" | "other/google_history_zurich.csv" => {
            Some("times run backwards")
        }
        "gpx/togeojson_bad.gpx" => Some("`undefined` is not a number"),
        _ if name.ends_with(".geojson") => Some("JSON"),
        _ if name.starts_with("other/denver") => Some("no column `time`"),
        // Refused by the manifest's reader for a `fix` that is no part of a track here.
        "gpx/gpx_with_accuracy.gpx" => None,
        _ if points == 0 => Some("no track points"),
        _ if with_time < points => Some("have no time"),
        _ => None,
    }
}

#[test]
fn real_files_give_as_many_fixes_as_the_manifest_counts() {
    let Some(manifest) = shared("tracks/manifest.csv") else {
        return;
    };
    let mut rows = ::csv::Reader::from_reader(manifest.as_slice());
    let mut read_count = 0;
    for row in rows.records() {
        let row = row.expect("the manifest is CSV");
        let name = &row[0];
        if !["gpx/", "other/", "itinero/"]
            .iter()
            .any(|f| name.starts_with(f))
        {
            continue;
        }
        let Some(bytes) = shared(&format!("tracks/{name}")) else {
            continue;
        };
        let (points, with_time) = (row[2].parse().unwrap_or(0), row[3].parse().unwrap_or(0));
        read_count += 1;
        match (
            read_track(&bytes),
            expected_refusal(name, points, with_time),
        ) {
            (Ok(track), None) if name.ends_with("with_accuracy.gpx") => {
                assert_eq!(track.fixes.len(), 3, "{name}");
            }
            (Ok(track), None) => {
                assert_eq!(track.fixes.len() as u64, with_time, "{name}");
                if !row[4].is_empty() {
                    let first = track.fixes[0].at.0 / 1000;
                    let said = UtcMs::parse_rfc3339(&row[4]).expect("a time").0 / 1000;
                    assert_eq!(first, said, "{name}");
                }
            }
            (Err(error), Some(said)) => {
                let line = error.to_string();
                assert!(
                    line.contains(said) && !line.contains('\n'),
                    "{name}: {line}"
                );
            }
            (answer, expected) => panic!("{name}: {answer:?} where {expected:?} was expected"),
        }
    }
    assert_eq!(read_count, 40, "every file of the three folders");
}

#[test]
fn rows_that_come_line_by_line_are_those_of_the_file_and_name_their_number() {
    let header = b"\xef\xbb\xbf# Time;lon;lat;mock\r\n";
    let rows = TrackRows::open(header).expect("a header");
    let lines = [
        "2026-03-01T08:00:00+08:00;121.5;31.2;\r\n",
        "2026-03-01T08:00:02+08:00;121.6;31.2;true",
    ];
    let mut file = header.to_vec();
    let mut fixes = Vec::new();
    for (number, line) in (1..).zip(lines) {
        fixes.extend(rows.read(number, line.as_bytes()).expect("a row"));
        file.extend_from_slice(line.as_bytes());
    }
    assert_eq!(read_track(&file).expect("a file").fixes, fixes);
    assert_eq!(rows.read(3, b"\n"), Ok(Vec::new()));
    for (line, said) in [
        ("2026-03-01T08:00:00+08:00;121.5;91;", "row 7, lat: 91"),
        (";121.5;31.2;", "row 7, time: ``"),
        ("2026-03-01T08:00:00+08:00;121.5", "row 7: 2 fields"),
    ] {
        let error = rows.read(7, line.as_bytes()).expect_err("a wrong row");
        assert!(error.to_string().starts_with(said), "{error}");
    }
    let error = TrackRows::open(b"time,lat\n").expect_err("a header without lon");
    assert!(error.to_string().contains("`lon`"), "{error}");
}
