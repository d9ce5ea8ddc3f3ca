//! Writes a track as GPX 1.1, GeoJSON or CSV, for any program that shows one.
//!
//! All have times in UTC to the millisecond and degrees to 1e-7, and each is read back by
//! [`crate::geo::track_file::read_track`] as the fixes that [`Fix::rounded`] has, for a track
//! that it would take from any file: one that has fixes and does not run backwards.
//!
//! [`Fix::rounded`]: crate::model::track::Fix::rounded

use std::fmt::Write;

use super::track_filter::Rejection;
use crate::model::track::{Fix, Track};

const WRITES: &str = "a String takes whatever is written to it";

/// The name space of `accuracy` and `mock`, which GPX has no elements for.
const EXTENSION: &str = "urn:bading:gpx:1";

/// The track as GPX 1.1: one segment. The accuracy (metres of 68 %) and the mock flag stand
/// in `extensions`.
#[must_use]
pub fn track_gpx(track: &Track) -> String {
    let mut gpx = String::with_capacity(400 + 160 * track.fixes.len());
    write!(
        gpx,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <gpx version=\"1.1\" creator=\"Bading\" xmlns=\"http://www.topografix.com/GPX/1/1\" \
         xmlns:bading=\"{EXTENSION}\">\n<trk><trkseg>\n"
    )
    .expect(WRITES);
    for fix in track.fixes.iter().map(|fix| fix.rounded()) {
        write!(
            gpx,
            "<trkpt lat=\"{:.7}\" lon=\"{:.7}\"><time>{}</time>",
            fix.place.lat_deg(),
            fix.place.lon_deg(),
            fix.at.to_rfc3339()
        )
        .expect(WRITES);
        if fix.accuracy_m.is_some() || fix.is_mock {
            gpx.push_str("<extensions>");
            if let Some(m) = fix.accuracy_m {
                write!(gpx, "<bading:accuracy>{m}</bading:accuracy>").expect(WRITES);
            }
            if fix.is_mock {
                gpx.push_str("<bading:mock>true</bading:mock>");
            }
            gpx.push_str("</extensions>");
        }
        gpx.push_str("</trkpt>\n");
    }
    gpx.push_str("</trkseg></trk>\n</gpx>\n");
    gpx
}

/// The track as a GeoJSON FeatureCollection: a Point for each fix in order of arrival, with
/// the properties `time`, `accuracy_m` (metres of 68 %) and `mock` where there is something
/// to tell, and `rejected` with the reason's key for a fix that is not believed.
///
/// `rejected` has the judgement of each fix, as [`super::track_filter::judge_all`] gives it;
/// a fix beyond its end counts as believed.
#[must_use]
pub fn track_geojson(track: &Track, rejected: &[Option<Rejection>]) -> String {
    let mut json = String::with_capacity(80 + 180 * track.fixes.len());
    json.push_str("{\"type\":\"FeatureCollection\",\"features\":[");
    for (index, fix) in track.fixes.iter().map(|fix| fix.rounded()).enumerate() {
        write!(
            json,
            "{}\n{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"Point\",\
             \"coordinates\":[{:.7},{:.7}]}},\"properties\":{{\"time\":\"{}\"",
            if index == 0 { "" } else { "," },
            fix.place.lon_deg(),
            fix.place.lat_deg(),
            fix.at.to_rfc3339()
        )
        .expect(WRITES);
        if let Some(m) = fix.accuracy_m {
            write!(json, ",\"accuracy_m\":{m}").expect(WRITES);
        }
        if fix.is_mock {
            json.push_str(",\"mock\":true");
        }
        if let Some(why) = rejected.get(index).copied().flatten() {
            write!(json, ",\"rejected\":\"{}\"", why.as_str()).expect(WRITES);
        }
        json.push_str("}}");
    }
    json.push_str("\n]}\n");
    json
}

/// The track as CSV: `time,lat,lon,accuracy_m,mock`, the accuracy empty where it is unknown.
#[must_use]
pub fn track_csv(track: &Track) -> String {
    let mut csv = String::with_capacity(40 + 70 * track.fixes.len());
    csv.push_str("time,lat,lon,accuracy_m,mock\n");
    for Fix {
        at,
        place,
        accuracy_m,
        is_mock,
    } in track.fixes.iter().map(|fix| fix.rounded())
    {
        let accuracy = accuracy_m.map(|m| m.to_string()).unwrap_or_default();
        writeln!(
            csv,
            "{},{:.7},{:.7},{accuracy},{is_mock}",
            at.to_rfc3339(),
            place.lat_deg(),
            place.lon_deg()
        )
        .expect(WRITES);
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::track_file::read_track;
    use crate::geo::track_filter::judge_all;
    use crate::model::place::LatLon;
    use crate::model::time::UtcMs;
    use crate::model::track::Mode;
    use proptest::prelude::*;

    fn fix() -> impl Strategy<Value = (u64, f64, f64, Option<f64>, bool)> {
        let accuracy_m = proptest::option::of(0.0..1e9_f64);
        (
            0..100_000_u64,
            -90.0..=90.0,
            -180.0..=180.0,
            accuracy_m,
            any::<bool>(),
        )
    }

    proptest! {
        #[test]
        fn track_reads_back_as_its_rounded_fixes(
            start in 0..=UtcMs::MAX.0 - 100_000 * 40,
            steps in proptest::collection::vec(fix(), 1..40),
        ) {
            let mut at = UtcMs(start);
            let fixes = steps.into_iter().map(|(ms, lat, lon, accuracy_m, is_mock)| {
                at = at.plus_ms(ms);
                let place = LatLon::try_new(lat, lon).expect("in range");
                Fix { at, place, accuracy_m, is_mock }
            });
            let track = Track { fixes: fixes.collect() };
            let rounded = track.fixes.iter().map(|fix| fix.rounded()).collect();
            let rounded = Ok(Track { fixes: rounded });
            let judged = judge_all(&track.fixes, Mode::Walk, 50.0, 60_000);
            prop_assert_eq!(judged.len(), track.fixes.len());
            for text in [track_gpx(&track), track_geojson(&track, &judged), track_csv(&track)] {
                prop_assert_eq!(&read_track(text.as_bytes()), &rounded, "{}", text);
            }
        }
    }

    #[test]
    fn track_of_no_fixes_is_still_a_gpx() {
        let gpx = track_gpx(&Track::default());
        let refusal = read_track(gpx.as_bytes())
            .expect_err("no fixes")
            .to_string();
        assert!(refusal.contains("no track points"), "{refusal}");
    }

    #[test]
    fn geojson_says_why_a_fix_is_not_believed() {
        let fix = |s: u64, lat: f64, is_mock: bool| Fix {
            at: UtcMs(1_772_409_600_000 + s * 1000),
            place: LatLon::try_new(lat, 121.5).expect("in range"),
            accuracy_m: (!is_mock).then_some(4.5),
            is_mock,
        };
        let fixes = vec![fix(0, 31.0, false), fix(5, 31.0, true), fix(9, 31.1, false)];
        let judged = [None, Some(Rejection::Mock), Some(Rejection::Speed)];
        let json = track_geojson(&Track { fixes }, &judged);
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        let told = |index: usize| value["features"][index]["properties"].clone();
        assert_eq!(
            told(0),
            serde_json::json!({"time": "2026-03-02T00:00:00.000Z", "accuracy_m": 4.5})
        );
        assert_eq!(
            told(1),
            serde_json::json!({"time": "2026-03-02T00:00:05.000Z", "mock": true, "rejected": "mock"})
        );
        assert_eq!(told(2)["rejected"], "speed");
        assert_eq!(
            value["features"][2]["geometry"]["coordinates"],
            serde_json::json!([121.5, 31.1])
        );
        let empty = track_geojson(&Track::default(), &[]);
        let refusal = read_track(empty.as_bytes())
            .expect_err("no fixes")
            .to_string();
        assert!(refusal.contains("no features"), "{refusal}");
    }
}
