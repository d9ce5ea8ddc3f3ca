//! Recorded walks, rides and drives: none of them may look forged, and where one has a flag,
//! the test says which and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::geo::plausibility::{Evidence, Fingerprint, Plausibility, PlausibilityLimits};
use crate::geo::test_data::shared;
use crate::geo::track_file::read_track;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;
use crate::model::track::{Fix, Mode};

/// A recorded track with the wall clock's time of each fix, where that was kept.
struct Recorded {
    name: String,
    fixes: Vec<(Fix, Option<UtcMs>)>,
}

fn fix(time: &str, lat: &str, lon: &str, accuracy_m: Option<f64>) -> Option<Fix> {
    let place = LatLon::try_new(lat.trim().parse().ok()?, lon.trim().parse().ok()?).ok()?;
    Some(Fix {
        at: UtcMs::parse_rfc3339(time)?,
        place,
        accuracy_m,
        is_mock: false,
    })
}

fn text_of(path: &str) -> Option<String> {
    shared(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Every recorded track with times that is here, or nothing where the data is absent.
fn recorded() -> Vec<Recorded> {
    let Some(manifest) = text_of("tracks/manifest.csv") else {
        return Vec::new();
    };
    let files: BTreeSet<&str> = manifest
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    files.into_iter().flat_map(tracks_of).collect()
}

fn tracks_of(file: &str) -> Vec<Recorded> {
    let path = format!("tracks/{file}");
    let one = |fixes: Vec<(Fix, Option<UtcMs>)>| {
        let name = file.to_owned();
        Vec::from_iter((!fixes.is_empty()).then_some(Recorded { name, fixes }))
    };
    let alone = |fixes: Vec<Fix>| one(fixes.into_iter().map(|fix| (fix, None)).collect());
    let columns = |by: char, at: [usize; 3]| -> Vec<Fix> {
        let text = text_of(&path).unwrap_or_default();
        let of_line = |line: &str| {
            let fields: Vec<_> = line.split(by).collect();
            let [time, lat, lon] = at.map(|index| fields.get(index).copied());
            fix(time?, lat?, lon?, None)
        };
        text.lines().filter_map(of_line).collect()
    };
    match file.rsplit_once('.').map(|(_, extension)| extension) {
        Some("plt") => {
            let text = text_of(&path).unwrap_or_default();
            let of_line = |line: &str| {
                let fields: Vec<_> = line.trim().split(',').collect();
                let [lat, lon, .., date, time] = fields[..] else {
                    return None;
                };
                fix(&format!("{date}T{time}Z"), lat, lon, None)
            };
            alone(text.lines().skip(6).filter_map(of_line).collect())
        }
        Some("gpx") => {
            let track = shared(&path).and_then(|bytes| read_track(&bytes).ok());
            alone(track.map(|track| track.fixes).unwrap_or_default())
        }
        Some("json") if file.starts_with("phone_beijing") => one(phone_fixes(&path)),
        Some("tsv") => alone(columns('\t', [0, 1, 2])),
        Some("csv") if file.ends_with("_zurich.csv") => {
            let mut fixes = columns(';', [1, 2, 3]);
            // One of the two has the latest fix first.
            fixes.sort_by_key(|fix| fix.at);
            alone(fixes)
        }
        Some("csv") if file == "fcd_hof/points.csv" => driven(&path),
        _ => Vec::new(),
    }
}

fn phone_fixes(path: &str) -> Vec<(Fix, Option<UtcMs>)> {
    let Some(bytes) = shared(path) else {
        return Vec::new();
    };
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap_or_default();
    let of_row = |row: &serde_json::Value| {
        let degrees = |key: &str| row[key].as_str()?.parse().ok();
        let arrived_s = row["milli_timestamp"].as_f64()?;
        let fix = Fix {
            at: UtcMs(row["gps_time"].as_f64()? as u64),
            place: LatLon::try_new(degrees("lat")?, degrees("lng")?).ok()?,
            accuracy_m: row["accuracy"].as_f64(),
            is_mock: false,
        };
        Some((fix, Some(UtcMs((arrived_s * 1000.0) as u64))))
    };
    rows.iter().filter_map(of_row).collect()
}

fn driven(path: &str) -> Vec<Recorded> {
    let mut by_track: BTreeMap<String, Vec<(Fix, Option<UtcMs>)>> = BTreeMap::new();
    for line in text_of(path).unwrap_or_default().lines().skip(1) {
        let mut fields = line.splitn(3, ',');
        let (Some(id), Some(time), Some(point)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let point = point.trim_matches(|c: char| !c.is_ascii_digit() && c != '-');
        let Some((lon, lat)) = point.split_once(' ') else {
            continue;
        };
        if let Some(fix) = fix(&time.replacen(' ', "T", 1), lat, lon, None) {
            by_track.entry(id.to_owned()).or_default().push((fix, None));
        }
    }
    let named = |(id, fixes)| Recorded {
        name: format!("fcd_hof/{id}"),
        fixes,
    };
    by_track.into_iter().map(named).collect()
}

fn seen(track: &Recorded, mode: Mode) -> Plausibility {
    let mut seen = Plausibility::new(mode, PlausibilityLimits::default());
    for (fix, arrived) in &track.fixes {
        seen.feed(*fix, *arrived);
    }
    seen
}

#[test]
fn recorded_tracks_have_no_flag_of_a_forged_one() {
    let tracks = recorded();
    let mut leaps: BTreeMap<&'static str, usize> = BTreeMap::new();
    for track in &tracks {
        // The fastest mode, so that trains and cars show their receivers and not their speed.
        for flag in seen(track, Mode::Vehicle).flags() {
            let name = &track.name;
            match flag.evidence {
                // Receivers do leap, and loggers do stamp two fixes with one second.
                Evidence::Speed { .. } | Evidence::Teleport { .. } => {
                    *leaps.entry(flag.evidence.key()).or_default() += 1;
                }
                // This one is a planned way with times, and says 1 m throughout.
                Evidence::ConstantAccuracy { .. } if name.ends_with("gpsies_zurich.csv") => {}
                other => panic!("{name} looks forged: {other:?}"),
            }
        }
    }
    if !tracks.is_empty() {
        assert!(tracks.len() > 200, "{}", tracks.len());
        let of = |kind| leaps.get(kind).copied().unwrap_or(0);
        // Facts of these files, which show that such flags are none of forgery.
        assert!(of("speed") <= 40 && of("teleport") <= 20, "{leaps:?}");
    }
}

#[test]
fn recorded_tracks_repeat_themselves_and_no_other() {
    let prints: Vec<(String, Fingerprint)> = recorded()
        .iter()
        .map(|track| (track.name.clone(), seen(track, Mode::Vehicle).fingerprint()))
        .collect();
    for (index, (name, print)) in prints.iter().enumerate() {
        if !print.is_too_short() {
            assert!((print.similarity(print) - 1.0).abs() < 1e-12, "{name}");
        }
        for (other, earlier) in &prints[..index] {
            // The second file is the first one, put onto the streets.
            if name.starts_with("phone_beijing") && other.starts_with("phone_beijing") {
                continue;
            }
            let similarity = print.similarity(earlier);
            assert!(similarity < 0.05, "{name} and {other}: {similarity}");
        }
    }
}

#[test]
fn recorded_walk_is_known_again_when_shifted_rounded_thinned_and_cut() {
    let Some(track) = tracks_of("geolife/000_20081024020959.plt").pop() else {
        return;
    };
    let once = seen(&track, Mode::Walk).fingerprint();
    let again = |change: &dyn Fn(usize, Fix) -> Option<Fix>| {
        let fixes = track.fixes.iter().enumerate();
        let fixes = fixes.filter_map(|(n, (fix, _))| Some((change(n, *fix)?, None)));
        let name = String::new();
        let fixes = fixes.collect();
        seen(&Recorded { name, fixes }, Mode::Walk)
            .fingerprint()
            .similarity(&once)
    };
    let later = |fix: Fix| Fix {
        at: fix.at.plus_ms(7 * 86_400_000 + 1_234),
        ..fix
    };
    assert!((again(&|_, fix| Some(later(fix))) - 1.0).abs() < 1e-12);
    let cut = again(&|n, fix| (n > 12 && n < 230).then(|| later(fix)));
    assert!(cut > 0.6, "{cut}");
}
