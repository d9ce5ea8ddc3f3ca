use super::*;
use crate::geo::mutate::mutations;
use crate::geo::test_data::shared;
use proptest::prelude::*;

const LINE: &str = r#"{"type":"LineString","coordinates":[[121.0,31.0],[121.1,31.0,7]]}"#;
const LINES: &str =
    r#"{"type":"MultiLineString","coordinates":[[[121,31],[121.1,31]],[[121.2,31],[121.2,31.1]]]}"#;
const POINT: &str = r#"{"type":"Point","coordinates":[121.05,31.0]}"#;
const POLYGON: &str =
    r#"{"type":"Polygon","coordinates":[[[121,31],[121.1,31],[121.1,31.1],[121,31]]]}"#;

fn feature(properties: &str, geometry: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
}

fn collection(features: &[String]) -> String {
    let features = features.join(",\n");
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

fn one(text: &str) -> Route {
    read_route(text.as_bytes()).expect("a good route")
}

fn one_refusal(text: &str) -> String {
    let read = read_route(text.as_bytes());
    read.expect_err("the text is wrong").to_string()
}

fn many(text: &str) -> Result<Vec<PlannedRoute>, String> {
    read_routes(text.as_bytes(), &RouteFileOptions::default()).map_err(|error| error.to_string())
}

fn many_refusal(features: &[String]) -> String {
    many(&collection(features)).expect_err("the text is wrong")
}

#[test]
fn one_route_is_a_geometry_a_feature_or_a_collection() {
    assert_eq!(one(LINE), one(&feature("null", LINE)));
    assert_eq!(one(LINE), one(&collection(&[feature("{}", LINE)])));
    let nested = format!(r#"{{"type":"GeometryCollection","geometries":[{LINE},{LINES}]}}"#);
    let apart = collection(&[feature("{}", LINE), feature("{}", LINES)]);
    assert_eq!(one(&nested), one(&apart));
    assert_eq!(one(&nested).parts().len(), 3);
}

#[test]
fn one_route_takes_points_for_checkpoints_only_where_they_say_so() {
    let route = one(&collection(&[
        feature("{}", POINT),
        feature(r#"{"checkpoint":true,"radius_m":40}"#, POINT),
        feature(r#"{"corridor_m":30,"directed":true}"#, LINE),
        feature(r#"{"kind":"checkpoint","id":7,"dwell_s":60}"#, POINT),
        feature(
            r#"{"kind":"checkpoint","id":"m"}"#,
            r#"{"type":"MultiPoint","coordinates":[[121,31],[121.1,31]]}"#,
        ),
    ]));
    let ids: Vec<&str> = route.checkpoints().iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["1", "7", "m-1", "m-2"]);
    assert_eq!(route.checkpoints()[0].radius_m, 40.0);
    assert_eq!(route.checkpoints()[1].dwell_s, 60);
    assert_eq!((route.corridor_m(), route.is_directed()), (30.0, true));
}

#[test]
fn one_route_that_is_wrong_names_feature_and_field() {
    assert_eq!(
        one_refusal(&collection(&[feature("{}", LINE), feature("{}", POLYGON)])),
        "feature 2, geometry.type: a route is a LineString or a MultiLineString, not Polygon"
    );
    assert_eq!(
        one_refusal(POLYGON),
        "type: a route is a LineString or a MultiLineString, not Polygon"
    );
    let no_line = "the file has no line: a route is a LineString or MultiLineString, or points \
                   of a GPX";
    assert_eq!(one_refusal(&collection(&[feature("{}", POINT)])), no_line);
    assert_eq!(one_refusal(&collection(&[])), no_line);
    assert_eq!(one_refusal("<gpx/>"), no_line);
    let narrow = feature(r#"{"corridor_m":20}"#, LINE);
    let wide = feature(r#"{"corridor_m":30}"#, LINE);
    assert_eq!(
        one_refusal(&collection(&[narrow, wide])),
        "feature 2, properties.corridor_m: one route has one value, and feature 1 has another"
    );
    assert!(one_refusal("{").starts_with("not JSON: "));
    assert!(one_refusal("7").starts_with("not a GeoJSON of routes: "));
    let deep = r#"{"type":"GeometryCollection","geometries":["#.repeat(1000);
    assert!(one_refusal(&deep).starts_with("not JSON: "));
}

#[test]
fn gpx_gives_the_planned_points_or_else_the_walked_ones() {
    let walked = "<trk><trkseg><trkpt lat='31' lon='121'/><trkpt lat='31.1' lon='121'/></trkseg>\
                  <trkseg/><trkseg><trkpt lat='31.2' lon='121'/><trkpt lat='31.3' lon='121'/>\
                  </trkseg></trk>";
    let planned = "<rte><rtept lat='31' lon='121'><time>noon</time></rtept>\
                   <rtept lat='31.1' lon='121'/></rte>";
    assert_eq!(one(&format!("<gpx>{walked}</gpx>")).parts().len(), 2);
    assert_eq!(
        one(&format!("<gpx>{walked}{planned}</gpx>")).parts().len(),
        1
    );
    assert_eq!(
        one_refusal("<gpx><rte><rtept lat='31' lon='121'/></rte></gpx>"),
        "route point 1: its segment has fewer than two different positions"
    );
    assert_eq!(
        one_refusal("<gpx><rte><rtept lat='31' lon='181'/></rte></gpx>"),
        "route point 1, lon: 181 is outside -180..180"
    );
}

#[test]
fn many_routes_take_code_and_name_and_the_rest_from_their_properties() {
    let full = r#"{"route_id":12,"road":"延安路","corridor_m":30.5,"directed":true,"loops":2,
        "checkpoints":[{"id":"A","lat":31,"lon":121,"radius_m":40,"dwell_s":60},{"lat":31,"lon":121.1}]}"#;
    let routes = many(&collection(&[
        feature(full, LINES),
        feature(r#"{"code":null,"id":" R2 ","name":null}"#, LINE),
    ]))
    .expect("two good routes");
    assert_eq!(routes[0].code.as_str(), "12");
    assert_eq!(
        (routes[0].name.as_str(), routes[0].loops_required),
        ("延安路", 2)
    );
    assert_eq!(routes[0].route.checkpoints().len(), 2);
    assert_eq!(routes[0].route.checkpoints()[1].id, "2");
    assert_eq!(routes[1].code.as_str(), "R2");
    assert_eq!((routes[1].name.as_str(), routes[1].loops_required), ("", 1));
    assert_eq!(routes[1].route.corridor_m(), 25.0);
    let options = RouteFileOptions {
        code_property: Some("road"),
        ..RouteFileOptions::default()
    };
    let by_road = read_routes(feature(full, LINE).as_bytes(), &options).expect("a good route");
    assert_eq!(by_road[0].code.as_str(), "延安路");
}

#[test]
fn many_routes_that_are_wrong_name_feature_and_field() {
    let good = feature(r#"{"code":"R1"}"#, LINE);
    let second = |properties: &str, geometry: &str| {
        many_refusal(&[good.clone(), feature(properties, geometry)])
    };
    assert_eq!(
        second(r#"{"code":"R1"}"#, LINE),
        "feature 2 (R1), properties.code: the code stands in feature 1 already"
    );
    assert_eq!(
        second("{}", LINE),
        "feature 2, properties.code: missing; the route's code should stand there"
    );
    assert_eq!(
        second(r#"{"code":true}"#, LINE),
        "feature 2, properties.code: a route's code is text or a number"
    );
    assert_eq!(
        second(r#"{"id":""}"#, LINE),
        "feature 2, properties.id: route code must have 1 to 64 characters, found 0"
    );
    let r2 = |geometry: &str| second(r#"{"code":"R2"}"#, geometry);
    assert_eq!(
        r2(r#"{"type":"LineString","coordinates":[[121,31]]}"#),
        "feature 2 (R2), geometry.coordinates: a line needs at least two different positions"
    );
    assert_eq!(
        r2(r#"{"type":"MultiLineString","coordinates":[[[121,31],[121,31]]]}"#),
        "feature 2 (R2), geometry.coordinates[0]: a line needs at least two different positions"
    );
    assert_eq!(
        r2(r#"{"type":"LineString","coordinates":[[121,31],[31,121]]}"#),
        "feature 2 (R2), geometry.coordinates[1]: (31, 121) is not a longitude and latitude in degrees"
    );
    assert!(r2(POLYGON).ends_with("not Polygon"));
    assert!(r2("null").starts_with("feature 2 (R2), geometry: missing"));
    let with = |member: &str| second(&format!(r#"{{"code":"R2",{member}}}"#), LINE);
    assert!(with(r#""corridor_m":0"#).starts_with("feature 2 (R2), properties.corridor_m: 0 is"));
    assert!(with(r#""loops":1.5"#).starts_with("feature 2 (R2), properties.loops: 1.5 is not"));
    assert!(with(r#""directed":"no""#).starts_with("feature 2 (R2), properties.directed: it is"));
    let checkpoint = |c: &str| with(&format!(r#""checkpoints":[{c}]"#));
    assert_eq!(
        checkpoint(r#"{"lat":31}"#),
        "feature 2 (R2), properties.checkpoints[0].lon: missing; degrees should stand there"
    );
    assert!(
        checkpoint(r#"{"lat":31,"lon":181}"#)
            .starts_with("feature 2 (R2), properties.checkpoints[0].lon: (181, 31)")
    );
    assert_eq!(
        checkpoint(r#"{"id":"a","lat":31,"lon":1},{"id":"a","lat":31,"lon":2}"#),
        "feature 2 (R2), properties.checkpoints[1].id: a checkpoint before has the id `a` too"
    );
    let huge = r#"{"type":"LineString","coordinates":[[121,31],[1e999,31]]}"#;
    assert!(many(&feature(r#"{"code":1}"#, huge)).is_err());
}

#[test]
fn file_above_the_limit_is_refused_unread() {
    let size_bytes = MAX_FILE_BYTES + 1;
    assert_eq!(
        read_route(&vec![b'<'; size_bytes]),
        Err(RouteFileError::TooLarge { size_bytes })
    );
}

proptest! {
    #[test]
    fn pack_reads_back_to_the_same_routes_in_any_order(
        lines in proptest::collection::vec(
            proptest::collection::vec((-180.0..=180.0, -90.0..=90.0), 2..6), 1..4),
        corridor_m in 0.001..90_000.0,
        radius_m in 0.001..90_000.0,
        directed: bool,
    ) {
        let coordinates = serde_json::to_string(&lines).expect("numbers");
        let geometry = format!(r#"{{"type":"MultiLineString","coordinates":{coordinates}}}"#);
        let properties = |code: &str| format!(
            r#"{{"code":"{code}","name":"一号 \"road\"","corridor_m":{corridor_m},"directed":{directed},
                "checkpoints":[{{"id":"c","lat":{},"lon":{},"radius_m":{radius_m}}}]}}"#,
            lines[0][0].1, lines[0][0].0);
        let (b, a) = (feature(&properties("b"), &geometry), feature(&properties("a"), &geometry));
        let mut routes = many(&collection(&[b.clone(), a.clone()])).expect("good routes");
        let pack = routes_pack(&routes);
        prop_assert_eq!(&routes_pack(&many(&collection(&[a, b])).expect("good routes")), &pack);
        routes.reverse();
        prop_assert_eq!(read_routes_pack(&pack).expect("a pack"), routes);
    }
}

#[test]
fn pack_has_one_form() {
    let routes = many(&feature(r#"{"id":1,"road":"x"}"#, LINE)).expect("a good route");
    assert_eq!(
        String::from_utf8(routes_pack(&routes)).expect("text"),
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"1","name":"x","corridor_m":25.0,"directed":false,"loops":1,"checkpoints":[]},"geometry":{"type":"MultiLineString","coordinates":[[[121.0,31.0],[121.1,31.0]]]}}]}"#
    );
}

#[test]
fn versions_of_a_route_have_days_of_their_own() {
    let version = |days: &str| feature(&format!(r#"{{"code":"R1"{days}}}"#), LINE);
    let routes = many(&collection(&[
        version(r#","valid_from":"2026-04-01""#),
        version(r#","valid_from":"2026-01-01","valid_to":"2026-03-31""#),
    ]))
    .expect("two versions");
    let day = |month, day| chrono::NaiveDate::from_ymd_opt(2026, month, day).expect("a day");
    let found = |at| {
        let code = RouteCode::parse("R1").expect("a code");
        PlannedRoute::valid_on(&routes, &code, at).map(|route| route.validity.from)
    };
    assert_eq!(found(day(3, 31)), Some(Some(day(1, 1))));
    assert_eq!(found(day(4, 1)), Some(Some(day(4, 1))));
    assert_eq!(found(day(1, 1).pred_opt().expect("a day")), None);
    let pack = routes_pack(&routes);
    let back = read_routes_pack(&pack).expect("a pack");
    assert_eq!(back, [routes[1].clone(), routes[0].clone()]);

    let refused =
        |second: &str| many_refusal(&[version(r#","valid_to":"2026-03-31""#), version(second)]);
    assert_eq!(
        refused(r#","valid_from":"2026-03-31""#),
        "feature 2 (R1), properties.valid_from: the route is valid on days on which it is in feature 1 too"
    );
    assert_eq!(
        refused(""),
        "feature 2 (R1), properties.code: the code stands in feature 1 already"
    );
    assert_eq!(
        refused(r#","valid_from":"2026-05-01","valid_to":"2026-04-30""#),
        "feature 2 (R1), properties.valid_to: 2026-04-30 lies before 2026-05-01"
    );
    for day in [r#""3/4""#, r#""2026-02-30""#, "20260401", r#""2026-4-1""#] {
        let said = refused(&format!(r#","valid_from":{day}"#));
        assert_eq!(
            said,
            "feature 2 (R1), properties.valid_from: a day is written 2026-03-01"
        );
    }
}

#[test]
fn windows_are_kept_in_the_order_of_the_day() {
    let route = |windows: &str| feature(&format!(r#"{{"code":"R1","windows":{windows}}}"#), LINE);
    let routes = many(&route(
        r#"[{"from":"14:00","to":"24:00"},{"from":"08:00","to":"12:00","loops":2}]"#,
    ))
    .expect("a good route");
    let told: Vec<_> = routes[0]
        .windows
        .iter()
        .map(|w| (w.from_min, w.to_min, w.loops))
        .collect();
    assert_eq!(told, [(480, 720, 2), (840, 1440, 1)]);
    assert_eq!(read_routes_pack(&routes_pack(&routes)), Ok(routes));
    for (windows, wanted) in [
        ("7", "properties.windows: windows are a list"),
        (
            r#"[{"from":"8:00","to":"12:00"}]"#,
            "properties.windows[0].from: a time of the day",
        ),
        (
            r#"[{"from":"08:00","to":"24:01"}]"#,
            "properties.windows[0].to: a time of the day",
        ),
        (
            r#"[{"from":"22:00","to":"06:00"}]"#,
            "properties.windows[0].to: 06:00 lies before 22:00",
        ),
        (
            r#"[{"from":"08:00","to":"12:00","loops":0}]"#,
            "properties.windows[0].loops: 0 is not a whole number",
        ),
        (
            r#"[{"from":"08:00","to":"12:00"},{"from":"11:00","to":"13:00"}]"#,
            "properties.windows[1].from: a window begins before another ends",
        ),
    ] {
        let said = many_refusal(&[route(windows)]);
        assert!(
            said.starts_with(&format!("feature 1 (R1), {wanted}")),
            "{said}"
        );
    }
}

#[test]
fn gpx_gives_a_route_for_each_rte_else_for_each_trk() {
    let point =
        |kind: &str, lon: f64| format!("<{kind} lat='31' lon='{lon}'><name>p</name></{kind}>");
    let rte = |name: &str, from: f64| {
        let points = point("rtept", from) + &point("rtept", from + 0.1);
        format!("<rte><name>{name}</name>{points}</rte>")
    };
    let segment = |from: f64| {
        let points = point("trkpt", from) + &point("trkpt", from + 0.1);
        format!("<trkseg>{points}</trkseg>")
    };
    let trk = format!(
        "<trk><name>walked</name>{}{}</trk>",
        segment(121.0),
        segment(121.5)
    );
    let gpx = format!(
        "<gpx>{}{}{trk}</gpx>",
        rte("R1", 121.0),
        rte("东  环 &amp; 线", 121.2)
    );
    let routes = many(&gpx).expect("two routes");
    let codes: Vec<_> = routes.iter().map(|route| route.code.as_str()).collect();
    assert_eq!(codes, ["R1", "东 环 & 线"]);
    let walked = many(&format!("<gpx>{trk}</gpx>")).expect("one route");
    assert_eq!((walked.len(), walked[0].route.parts().len()), (1, 2));
    assert_eq!(read_routes_pack(&routes_pack(&walked)), Ok(walked));
    let refused = |inside: &str| many(&format!("<gpx>{inside}</gpx>")).expect_err("wrong");
    assert_eq!(
        refused(&rte("", 121.0)),
        "feature 1, name: missing; the route's code, before its points should stand there"
    );
    assert_eq!(
        refused(&(rte("R1", 121.0) + &rte("R1", 122.0))),
        "feature 2 (R1), name: the code stands in feature 1 already"
    );
}

#[test]
fn routes_of_another_datum_become_wgs84() {
    let options = RouteFileOptions {
        datum: crate::geo::datum::Datum::Gcj02,
        ..RouteFileOptions::default()
    };
    let line = r#"{"type":"LineString","coordinates":[[116.427022,39.902446],[116.43,39.91]]}"#;
    let text = feature(
        r#"{"code":"R1","checkpoints":[{"lat":39.902446,"lon":116.427022}]}"#,
        line,
    );
    let routes = read_routes(text.as_bytes(), &options).expect("a good route");
    let place = routes[0].route.parts()[0][0];
    assert!((place.lat_deg() - 39.90105).abs() < 2e-6, "{place:?}");
    assert!((place.lon_deg() - 116.42079).abs() < 2e-6, "{place:?}");
    assert_eq!(routes[0].route.checkpoints()[0].place, place);
}

#[test]
fn bytes_gone_wrong_never_panic() {
    let properties = r#"{"code":"R1","name":"a","corridor_m":30,"loops":2,
        "checkpoints":[{"id":"A","lat":31,"lon":121,"radius_m":40,"dwell_s":60}]}"#;
    let nested = format!(r#"{{"type":"GeometryCollection","geometries":[{LINE},{LINES}]}}"#);
    let good = collection(&[
        feature(properties, &nested),
        feature(r#"{"id":7,"kind":"checkpoint"}"#, POINT),
    ]);
    for bytes in mutations(good.as_bytes(), 0x2047e, 300) {
        drop(read_route(&bytes));
        drop(read_routes(&bytes, &RouteFileOptions::default()));
    }
    let gpx = "<gpx><rte><rtept lat='31' lon='121'/><rtept lat='31.1' lon='121'/></rte></gpx>";
    for bytes in mutations(gpx.as_bytes(), 0x2047f, 300) {
        drop(read_route(&bytes));
        drop(read_routes(&bytes, &RouteFileOptions::default()));
    }
}

#[test]
fn real_routes_and_tracks_of_geojson_are_read() {
    if let Some(bytes) = shared("regions/shanghai_center/routes.geojson") {
        let routes = read_routes(&bytes, &RouteFileOptions::default()).expect("a city's routes");
        assert_eq!(routes.len(), 15);
        assert_eq!(routes[0].code.as_str(), "R01");
        assert_eq!(routes[0].name, "延安高架路");
        assert_eq!(routes[0].route.parts()[0].len(), 67);
        assert_eq!(read_routes_pack(&routes_pack(&routes)), Ok(routes));
    }
    for (name, count) in [
        ("itinero/car_test2-track.geojson", 12),
        ("gpx/gpx_strava_route_example.gpx", 113),
        ("gpx/gpxpy_track-with-extremes.gpx", 25),
    ] {
        if let Some(bytes) = shared(&format!("tracks/{name}")) {
            let route = read_route(&bytes).expect("a line");
            assert_eq!(route.parts()[0].len(), count, "{name}");
        }
    }
    if let Some(bytes) = shared("tracks/gpx/togeojson_opencpn.gpx") {
        assert!(read_route(&bytes).is_ok());
    }
}
