use super::*;
use crate::geo::distance::distance_m;
use crate::geo::mutate::mutations;
use crate::geo::test_data::shared;

const CSV: &str = "编号,类别,名称,纬度,经度,开放时间,地址,电话\n\
    T-2,公厕,,31.2301,121.4702,,,\n\
    T-1,toilet,人民广场公厕,31.23,121.47,06:00-22:00,人民大道 1 号,021-1\n";
const JSON: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"@id":"T-1","amenity":"toilets","name":"人民广场公厕",
      "opening_hours":"06:00-22:00","addr:full":"人民大道 1 号","phone":"021-1"},
     "geometry":{"type":"Point","coordinates":[121.47,31.23]}},
    {"type":"Feature","id":"T-2","properties":{"kind":"amenity=toilets"},
     "geometry":{"type":"Point","coordinates":[121.4702,31.2301,4.5]}}]}"#;

fn read(text: &str) -> Result<FacilityList, FacilityFileError> {
    read_facilities(text.as_bytes(), Datum::Wgs84)
}

fn refusal(text: &str) -> String {
    read(text).expect_err("the text is wrong").to_string()
}

fn feature(properties: &str, geometry: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"id":"a","kind":"park"{properties}}},"geometry":{geometry}}}"#
    )
}

#[test]
fn csv_and_geojson_of_one_list_are_one_pack_which_reads_back() {
    let csv = read(CSV).expect("a good CSV").facilities;
    let json = read(JSON).expect("a good GeoJSON").facilities;
    assert_eq!(csv, json);
    assert_eq!(
        (csv[0].id.as_str(), csv[0].kind.as_str()),
        ("T-1", "toilet")
    );
    assert_eq!(
        csv[0].opening.as_ref().map(Opening::text),
        Some("06:00-22:00")
    );
    assert_eq!(
        (csv[1].name.as_str(), &csv[1].opening, &csv[1].phone),
        ("", &None, &None)
    );
    let pack = facilities_pack(&csv);
    assert_eq!(read_facilities_pack(&pack), Ok(csv.clone()));
    let turned: Vec<_> = csv.into_iter().rev().collect();
    assert_eq!(facilities_pack(&turned), pack);
}

#[test]
fn every_problem_of_a_file_is_named_by_row_and_field() {
    let text = "id,kind,lat,lon\n,toilet,1,2\nb,,91,2\nc,tree,121.47,31.2\nd,tree,x,\n";
    assert_eq!(
        refusal(text),
        "row 2, id: missing; an id that stays the same from list to list should stand there; \
         row 3, kind: missing; what it is, such as toilet or parking should stand there; \
         row 3, lat: latitude 91 is outside -90..90; latitude and longitude look swapped; \
         row 4, lat: latitude 121.47 is outside -90..90; latitude and longitude look swapped; \
         row 5, lat: `x` is not a number"
    );
    let many: String = (0..130).map(|row| format!("{row},tree,NaN,0\n")).collect();
    let said = refusal(&format!("id,kind,lat,lon\n{many}"));
    assert!(
        said.starts_with("row 2, lat: NaN is outside -90..90; row 3"),
        "{said}"
    );
    assert!(said.ends_with("(and 125 more)"), "{said}");
    assert_eq!(
        refusal("id,kind,lat,lon\na,tree,1,inf\n"),
        "row 2, lon: inf is outside -180..180"
    );
    assert_eq!(
        refusal("id,kind,lat,lon\na,tree,1,\n"),
        "row 2, lon: missing; degrees should stand there"
    );
    let twice = "id,kind,lat,lon\na,tree,1,2\nb,tree,1,2\na,toilet,3,4\n";
    assert_eq!(refusal(twice), "row 4, id: `a` stands in row 2 already");
    let long = format!("id,kind,lat,lon,name\na,tree,1,2,{}\n", "长".repeat(201));
    assert!(refusal(&long).starts_with("row 2, name: `长"));
    assert_eq!(refusal("id,kind,lat,lon\n"), "the file has no facilities");
    assert!(refusal("id,kind,lat\n").starts_with("header: no column `lon`"));
    assert!(refusal("").starts_with("the file is empty"));
}

#[test]
fn every_problem_of_a_feature_is_named() {
    assert_eq!(
        refusal(&feature(
            "",
            r#"{"type":"Point","coordinates":[31.2,121.4]}"#
        )),
        "feature 1, geometry.coordinates: latitude 121.4 is outside -90..90; latitude and longitude look swapped"
    );
    assert_eq!(
        refusal(&feature("", "null")),
        "feature 1, geometry: missing; a geometry, best a Point should stand there"
    );
    let circle = refusal(&feature("", r#"{"type":"Circle"}"#));
    assert!(
        circle.starts_with("feature 1, geometry.type: a facility is a Point"),
        "{circle}"
    );
    for geometry in [
        r#"{"type":"Point"}"#,
        r#"{"type":"Point","coordinates":[1]}"#,
        r#"{"type":"Polygon","coordinates":[]}"#,
        r#"{"type":"Polygon","coordinates":[[]]}"#,
        r#"{"type":"MultiPolygon","coordinates":7}"#,
        r#"{"type":"MultiPolygon","coordinates":[]}"#,
        r#"{"type":"LineString","coordinates":[[1,2],["x",3]]}"#,
        r#"{"type":"Point","coordinates":[1e308,2]}"#,
    ] {
        let said = refusal(&feature("", geometry));
        assert!(
            said.starts_with("feature 1, geometry.coordinates: "),
            "{said}"
        );
    }
    let nameless =
        r#"{"type":"Feature","properties":null,"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    let said = refusal(nameless);
    assert!(
        said.contains("feature 1, properties.id: missing")
            && said.contains("feature 1, properties.kind: missing"),
        "{said}"
    );
    assert_eq!(refusal("[]"), "the file has no facilities");
    assert!(refusal("{").starts_with("not JSON"));
    assert!(refusal(r#"{"type":"Topology"}"#).starts_with("not a GeoJSON"));
}

#[test]
fn area_or_line_stands_at_its_centre_also_on_the_date_line() {
    let centre = |geometry: &str| {
        let list = read(&feature("", geometry)).expect("a good geometry");
        let place = list.facilities[0].place;
        (place.lat_deg(), place.lon_deg())
    };
    let square = r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}"#;
    assert_eq!(centre(square), (1.0, 1.0));
    assert_eq!(
        centre(r#"{"type":"LineString","coordinates":[[0,0],[4,0]]}"#),
        (0.0, 2.0)
    );
    assert_eq!(
        centre(r#"{"type":"MultiPoint","coordinates":[[0,0],[4,0],[2,3]]}"#),
        (1.0, 2.0)
    );
    let cut = r#"{"type":"MultiPolygon","coordinates":[
        [[[179,0],[180,0],[180,2],[179,2],[179,0]]],[[[-180,0],[-179,0],[-179,2],[-180,2],[-180,0]]]]}"#;
    assert_eq!(centre(cut), (1.0, 180.0));
    let east = r#"{"type":"LineString","coordinates":[[179,0],[-177,0]]}"#;
    assert_eq!(centre(east), (0.0, -179.0));
}

#[test]
fn hours_that_nobody_understands_are_kept_and_noted() {
    let text = "id,kind,lat,lon,opening_hours\na,toilet,1,2,sunrise-sunset\nb,toilet,1,2,24/7\n";
    let list = read(text).expect("hours refuse nothing");
    assert_eq!(
        list.facilities[0].opening.as_ref().map(Opening::text),
        Some("sunrise-sunset")
    );
    assert_eq!(list.notices.len(), 1);
    assert_eq!(list.notices[0].record, Record::Row(2));
    assert!(list.notices[0].why.to_string().contains("sunrise-sunset"));
}

#[test]
fn places_of_another_datum_become_wgs84() {
    let text = "id,kind,lat,lon\na,toilet,39.902446,116.427022\n";
    let list = read_facilities(text.as_bytes(), Datum::Gcj02).expect("a good CSV");
    let expected = LatLon::try_new(39.90105, 116.42079).expect("a place");
    assert!(distance_m(list.facilities[0].place, expected) < 0.1);
}

#[test]
fn maps_of_two_cities_are_read_whole() {
    for (file, count, toilets) in [
        ("regions/osm_small/monaco_pois.geojson", 512, 8),
        ("regions/osm_small/berlin_siegessaeule_pois.geojson", 241, 2),
    ] {
        let Some(bytes) = shared(file) else { return };
        let facilities = read_facilities(&bytes, Datum::Wgs84)
            .expect(file)
            .facilities;
        assert_eq!(facilities.len(), count, "{file}");
        let of = |kind: &str| {
            facilities
                .iter()
                .filter(|f| f.kind.as_str() == kind)
                .count()
        };
        assert_eq!(of("toilet"), toilets, "{file}");
        assert!(of("tree") > 100 && of("parking") > 2, "{file}");
        assert_eq!(
            read_facilities_pack(&facilities_pack(&facilities)),
            Ok(facilities)
        );
    }
}

#[test]
fn bytes_gone_wrong_never_panic() {
    for good in [CSV, JSON] {
        for bytes in mutations(good.as_bytes(), 0xfac1, 400) {
            if let Ok(list) = read_facilities(&bytes, Datum::Bd09) {
                let pack = facilities_pack(&list.facilities);
                assert_eq!(read_facilities_pack(&pack), Ok(list.facilities));
            }
        }
    }
}
