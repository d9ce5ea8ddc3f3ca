use super::*;
use crate::geo::distance::distance_m;
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

const PLT: &str = "Geolife trajectory\r\nWGS 84\r\nAltitude is in Feet\r\nReserved 3\r\n\
    0,2,255,My Track,0,0,2,8421376\r\n0\r\n\
    39.984702,116.318417,0,492,39744.1201851852,2008-10-23,02:53:04\r\n\
    39.984683,116.31845,0,-777,39744.1202546296,2008-10-23,02:53:10\r\n";

const POINTS: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [121, 31.5, 7]},
     "properties": {"time": "2026-03-01T08:00:00+08:00", "accuracy_m": 4.5, "mock": false}},
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [121.1, 31.6]},
     "properties": {"time": "2026-03-01T00:00:01.250Z", "accuracy_m": null, "mock": true}}]}"#;

const LINES: &str = r#"{"type": "Feature", "geometry": {"type": "MultiLineString", "coordinates":
    [[[121, 31.5], [121.1, 31.6, 4]], [], [[121.2, 31.7]]]},
    "properties": {"time": "2026-03-01T00:00:00Z", "coordTimes":
    [["2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"], [], ["2026-03-01T00:00:02Z"]]}}"#;

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
fn plt_gives_its_lines_in_gmt_and_says_which_is_wrong() {
    let track = read_track(PLT.as_bytes()).expect("a good .plt");
    assert_eq!(
        track.fixes,
        [
            fix("2008-10-23T02:53:04Z", 39.984702, 116.318417, None, false),
            fix("2008-10-23T02:53:10Z", 39.984683, 116.31845, None, false),
        ]
    );
    let with = |from: &str, to: &str| refusal(&PLT.replace(from, to));
    assert!(with("WGS 84", "GCJ 02").starts_with("line 2: a .plt names its datum"));
    assert!(with("0,-777,", "0,").starts_with("line 8: a fix has 7 fields"));
    assert_eq!(
        with("39.984683", "116.318450").as_str(),
        "line 8, lat: 116.318450 is outside -90..90"
    );
    assert_eq!(with("116.31845,", "x,"), "line 8, lon: `x` is not a number");
    assert!(with("02:53:10", "26:53:10").starts_with("line 8, time: `2008-10-23T26:53:10Z`"));
    assert_eq!(
        with("2008-10-23,02:53:10", ","),
        "1 of 2 fixes have no time, the first of them line 8; a planned route is not a track"
    );
    let header: String = PLT.split_inclusive('\n').take(6).collect();
    assert!(refusal(&header).contains("nothing below its header"));
    assert!(refusal("Geolife trajectory").starts_with("line 2: "));
}

#[test]
fn geojson_gives_points_and_lines_with_their_times() {
    let track = read_track(POINTS.as_bytes()).expect("good points");
    assert_eq!(
        track.fixes,
        [
            fix("2026-03-01T00:00:00Z", 31.5, 121.0, Some(4.5), false),
            fix("2026-03-01T00:00:01.250Z", 31.6, 121.1, None, true),
        ]
    );
    let expected = [
        fix("2026-03-01T00:00:00Z", 31.5, 121.0, None, false),
        fix("2026-03-01T00:00:01Z", 31.6, 121.1, None, false),
        fix("2026-03-01T00:00:02Z", 31.7, 121.2, None, false),
    ];
    let track = read_track(LINES.as_bytes()).expect("good lines");
    assert_eq!(track.fixes, expected);
    let nested = LINES.replace(r#""coordTimes":"#, r#""coordinateProperties": {"times":"#) + "}";
    assert_eq!(
        read_track(nested.as_bytes()).expect("togeojson").fixes,
        expected
    );
    for name in ["times", "time"] {
        let line = format!(
            r#"{{"type": "FeatureCollection", "features": [{{"type": "Feature", "geometry":
            {{"type": "LineString", "coordinates": [[121, 31.5], [121.1, 31.6]]}}, "properties":
            {{"{name}": ["2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"]}}}}]}}"#
        );
        let track = read_track(line.as_bytes()).expect("a good line");
        assert_eq!(track.fixes, expected[..2]);
    }
}

#[test]
fn geojson_names_the_feature_of_what_is_wrong() {
    let points = |from: &str, to: &str| refusal(&POINTS.replacen(from, to, 1));
    assert_eq!(
        points("[121, 31.5, 7]", "[31.5, 121]"),
        "feature 1, lat: 121 is outside -90..90"
    );
    assert_eq!(
        points("[121.1, 31.6]", "[121.1, null]"),
        "feature 2: a position is not two numbers, longitude first"
    );
    assert_eq!(
        points(r#""time": "2026-03-01T08:00:00+08:00", "#, ""),
        "1 of 2 fixes have no time, the first of them feature 1; a planned route is not a track"
    );
    assert!(points("2026-03-01T00:00:01.250Z", "noon").starts_with("feature 2, time: `noon`"));
    assert!(points(r#""2026-03-01T00:00:01.250Z""#, "1772352000").contains("`1772352000` is not"));
    assert!(points("4.5", "-1").starts_with("feature 1, accuracy: -1 is not a distance"));
    assert!(points("4.5", "true").starts_with("feature 1: its `accuracy_m` is neither"));
    assert!(points("false", "7").starts_with("feature 1: its `mock` is neither"));
    assert!(points("Point", "Polygon").starts_with("feature 1: its geometry is neither"));
    assert!(points("4.5", "1e999").starts_with("the file is not JSON: "));
    let lines = |from: &str, to: &str| refusal(&LINES.replacen(from, to, 1));
    assert_eq!(
        lines(r#", "2026-03-01T00:00:01Z""#, ""),
        "feature 1: 1 times for 2 positions"
    );
    assert_eq!(
        lines("[], [\"2026", "[\"2026"),
        "feature 1: its times are not a list for each of its lines"
    );
    assert_eq!(
        lines("121.2, 31.7", "121.2, 91"),
        "feature 1, position 3, lat: 91 is outside -90..90"
    );
    assert!(lines("coordTimes", "other").starts_with("3 of 3 fixes have no time"));
    assert_eq!(
        refusal(r#"{"type": "FeatureCollection", "features": []}"#),
        "the file has no fixes: it has no features with positions"
    );
    for text in [
        "[]",
        "{}",
        r#"{"type": "Topology"}"#,
        r#"[{"lat": "1", "lng": "2"}]"#,
    ] {
        assert!(refusal(text).contains("no track in GeoJSON"), "{text}");
    }
    for text in ["{", "[1,", "{]", "[[[["] {
        assert!(
            refusal(text).starts_with("the file is not JSON: "),
            "{text}"
        );
    }
    assert!(refusal(&"[".repeat(100_000)).starts_with("the file is not JSON: "));
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
    for good in [GPX, CSV, PLT, POINTS, LINES].map(str::as_bytes) {
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
        // Positions as well-known text, of many tracks.
        "fcd_hof/points.csv" => Some("no column `lat`"),
        // A list of a city's own objects, of a datum that nobody names.
        _ if name.starts_with("phone_beijing") => Some("no track in GeoJSON: it is a list"),
        _ if name.starts_with("other/denver") => Some("no column `time`"),
        // Refused by the manifest's reader for a `fix` that is no part of a track here.
        "gpx/gpx_with_accuracy.gpx" => None,
        _ if points == 0 => Some("no track points"),
        _ if with_time < points => Some("have no time"),
        _ => None,
    }
}

/// True when the fixes of a track are what a row of the manifest says of them.
fn assert_as_said(track: &Track, row: &::csv::StringRecord) {
    let name = &row[0];
    let number = |at: usize| row[at].parse::<f64>().ok();
    let count = |of: fn(&[Fix]) -> bool| track.fixes.windows(2).filter(|pair| of(pair)).count();
    let said = |at: usize, found: f64, by: f64| {
        if let Some(said) = number(at) {
            assert!(
                (found - said).abs() <= by,
                "{name}: {found} where column {at} has {said}"
            );
        }
    };
    said(3, track.fixes.len() as f64, 0.0);
    for (at, fix) in [(4, track.fixes.first()), (5, track.fixes.last())] {
        let seconds = UtcMs::parse_rfc3339(&row[at]).map(|time| time.0 / 1000);
        if seconds.is_some() {
            assert_eq!(fix.map(|fix| fix.at.0 / 1000), seconds, "{name}");
        }
    }
    let plain_m: f64 = track
        .fixes
        .windows(2)
        .map(|pair| distance_m(pair[0].place, pair[1].place))
        .sum();
    said(7, plain_m, 1.0);
    said(11, count(|pair| pair[1].at < pair[0].at) as f64, 0.0);
    said(12, count(|pair| pair[1].at == pair[0].at) as f64, 0.0);
    let range = |of: fn(&Fix) -> f64| {
        let degrees = track.fixes.iter().map(of);
        degrees.fold((f64::MAX, f64::MIN), |(low, high), d| {
            (low.min(d), high.max(d))
        })
    };
    let (south, north) = range(|fix| fix.place.lat_deg());
    let (west, east) = range(|fix| fix.place.lon_deg());
    for (at, found) in [(14, south), (15, west), (16, north), (17, east)] {
        said(at, found, 1e-6);
    }
}

#[test]
fn real_files_are_what_the_manifest_says_or_are_refused_with_a_reason() {
    let Some(manifest) = shared("tracks/manifest.csv") else {
        return;
    };
    let mut rows = ::csv::Reader::from_reader(manifest.as_slice());
    let mut files = std::collections::BTreeMap::new();
    for row in rows.records() {
        let row = row.expect("the manifest is CSV");
        let name = row[0].to_owned();
        let (points, with_time) = (row[2].parse().unwrap_or(0), row[3].parse().unwrap_or(0));
        if files.contains_key(&name) {
            continue;
        }
        let Some(bytes) = shared(&format!("tracks/{name}")) else {
            continue;
        };
        let is_read = match (
            read_track(&bytes),
            expected_refusal(&name, points, with_time),
        ) {
            (Ok(track), None) if name.ends_with("with_accuracy.gpx") => {
                assert_eq!(track.fixes.len(), 3, "{name}");
                true
            }
            (Ok(track), None) => {
                assert_as_said(&track, &row);
                true
            }
            (Err(error), Some(said)) => {
                let line = error.to_string();
                assert!(
                    line.contains(said) && !line.contains('\n'),
                    "{name}: {line}"
                );
                false
            }
            (answer, expected) => panic!("{name}: {answer:?} where {expected:?} was expected"),
        };
        files.insert(name, is_read);
    }
    let read_count = files.values().filter(|is_read| **is_read).count();
    assert_eq!(
        (files.len(), read_count),
        (112, 83),
        "every file of the manifest"
    );
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
