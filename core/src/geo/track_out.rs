//! Writes a track as GPX 1.1, for any program that shows one.

use std::fmt::Write;

use crate::model::track::Track;

/// The name space of `accuracy` and `mock`, which GPX has no elements for.
const EXTENSION: &str = "urn:bading:gpx:1";

/// The track as GPX 1.1: one segment, times in UTC to the millisecond, degrees to 1e-7. The
/// accuracy (metres of 68 %) and the mock flag stand in `extensions`.
///
/// [`crate::geo::track_file::read_track`] reads back the fixes as [`Fix::rounded`] has them,
/// for a track that it would take from any file: one that has fixes and does not run
/// backwards.
///
/// [`Fix::rounded`]: crate::model::track::Fix::rounded
#[must_use]
pub fn track_gpx(track: &Track) -> String {
    const WRITES: &str = "a String takes whatever is written to it";
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::track_file::read_track;
    use crate::model::place::LatLon;
    use crate::model::time::UtcMs;
    use crate::model::track::Fix;
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
            let gpx = track_gpx(&track);
            prop_assert_eq!(read_track(gpx.as_bytes()), Ok(Track { fixes: rounded }));
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
}
