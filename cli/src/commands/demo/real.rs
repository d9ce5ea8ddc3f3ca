//! The day on a city's real data: phone photos, a published duty list, street blocks and
//! roads, a recorded walk. And what the tools say of it beside what other software found.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bading_core::geo::coverage::{CoverageSettings, coverage};
use bading_core::geo::datum::{Datum, convert};
use bading_core::geo::distance::distance_m;
use bading_core::geo::route_file::{RouteFileOptions, read_routes, routes_pack};
use bading_core::geo::walk::Walk;
use bading_core::model::case::ClassCode;
use bading_core::model::grid::CodeProfile;
use bading_core::model::place::LatLon;
use bading_core::model::route::{PlannedRoute, Route, RouteCode, Validity};
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};
use bading_core::rules::policy::Policy;
use bading_core::rules::roster::read_roster;
use bading_core::services::packs::{grids_pack, write_duties};
use bading_core::services::reference::{CALENDAR, DUTIES, GRIDS, POLICY, ROUTES};
use serde_json::{Value, json};

use super::day::{Day, DayReport, OFFSET_MIN, Schedule, calendar, midnight_of};
use crate::commands::duties::read_list;
use crate::output::Failure;

/// The walk of the day, and a walk of the same person the day before: the planned way.
const WALK: &str = "tracks/geolife/000_20081024020959.plt";
const WAY: &str = "tracks/geolife/000_20081023025304.plt";
/// The planned way is what was walked from here on.
const WAY_FROM: &str = "2008-10-23T09:40:00Z";
const WAY_CODE: &str = "W-1023";
const CAMPUS_CODE: &str = "110108000001";
/// The two small classes that are reported: a water main's cover and a litter bin.
const COVER: &str = "上水井盖";
const BIN: &str = "垃圾箱";

fn read(dir: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let path = dir.join(name);
    fs::read(&path).map_err(|error| Failure::in_file(&path, error))
}

/// The day from a folder of real data.
pub(super) fn day(dir: &Path) -> Result<Day, Failure> {
    let list = read_list(&dir.join("duty/yuncheng_components.xlsx"))?.list;
    let class_of = |name: &str| -> Result<ClassCode, Failure> {
        let entry = list.entries.iter().find(|entry| entry.name.contains(name));
        let entry = entry.ok_or_else(|| Failure::input(format!("duty list: no class `{name}`")))?;
        Ok(entry.class.clone())
    };
    let (cover, bin) = (class_of(COVER)?, class_of(BIN)?);
    let walk = plt(dir, WALK)?;
    let first = *walk
        .first()
        .ok_or_else(|| Failure::in_file(dir, format!("{WALK}: no fixes")))?;
    let midnight = midnight_of(first.at);
    let spots =
        spots(&read(dir, "regions/shanghai_center/points_expected.csv")?).ok_or_else(|| {
            Failure::in_file(dir, "points_expected.csv: no two points inside a block")
        })?;
    let at = |minutes: u64| midnight.plus_ms(minutes * 60_000);
    let report = |at: UtcMs, class: &ClassCode, place: LatLon, note: &str, photos: &[&str]| {
        let photos = photos
            .iter()
            .map(|name| read(dir, name))
            .collect::<Result<_, _>>()?;
        Ok::<_, Failure>(DayReport {
            at,
            class: class.clone(),
            place,
            note: note.to_owned(),
            photos,
        })
    };
    let near = |place: LatLon| LatLon::try_new(place.lat_deg() + 0.0001, place.lon_deg());
    let day = local_date(midnight);
    let roster = format!(
        "person,date,slot,start,end,grids,route\ni-0001,{day},AM,10:00,11:00,{CAMPUS_CODE},{WAY_CODE}\n"
    );
    Ok(Day {
        packs: vec![
            (GRIDS, grids(dir)?),
            (DUTIES, write_duties(&list)),
            (ROUTES, routes_pack(&routes(dir)?)),
            (
                CALENDAR,
                calendar(&[read(dir, "calendar/holiday-cn/2008.json")?])?,
            ),
            (POLICY, Policy::default().to_pack()),
        ],
        roster: read_roster(roster.as_bytes(), OFFSET_MIN)
            .map_err(|error| Failure::input(format!("roster: {error}")))?,
        midnight,
        mode: Mode::Walk,
        schedule: Schedule::late_morning(),
        expected_cells: Some([spots[0].1.clone(), spots[1].1.clone()]),
        manhole: report(
            at(10 * 60 + 12),
            &cover,
            spots[0].0,
            "井盖移位",
            &[
                "photos/gps/nom-exif_exif.jpg",
                "photos/orientation/exif-orientati_Landscape_6.jpg",
            ],
        )?,
        litter: report(
            at(7 * 60 + 42),
            &bin,
            spots[1].0,
            "垃圾箱破损",
            &["photos/gps/berlin_01.jpg"],
        )?,
        litter_again: report(
            at(10 * 60 + 20),
            &bin,
            near(spots[1].0).map_err(Failure::input)?,
            "垃圾箱坏了",
            &["photos/orientation/exif-orientati_Landscape_3.jpg"],
        )?,
        litter_north: report(
            at(10 * 60 + 30),
            &bin,
            first.place,
            "垃圾箱倾倒",
            &["photos/orientation/exif-orientati_Landscape_8.jpg"],
        )?,
        after: read(dir, "photos/gps_walk_lund/lund_10.jpg")?,
        walk,
    })
}

fn local_date(midnight: UtcMs) -> String {
    let local = midnight.plus_ms(u64::try_from(OFFSET_MIN).unwrap_or(0) * 60_000);
    local.to_rfc3339()[..10].to_owned()
}

/// The blocks of central Shanghai and the campus in which the walk was made.
fn grids(dir: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |name: &str| {
        let name = name.to_owned();
        move |error: &dyn std::fmt::Display| Failure::in_file(dir, format!("{name}: {error}"))
    };
    let features = |name: &str| -> Result<Vec<Value>, Failure> {
        let file: Value = serde_json::from_slice(&read(dir, name)?).map_err(|e| wrong(name)(&e))?;
        let features = file["features"].as_array().cloned();
        features.ok_or_else(|| wrong(name)(&"no features"))
    };
    let mut all = features("regions/shanghai_center/blocks.geojson")?;
    for block in &mut all {
        block["properties"]["code"] = block["properties"]["grid_id"].clone();
    }
    for mut campus in features("tracks/geolife/tsinghua_wgs84.geojson")? {
        campus["properties"] = json!({ "code": CAMPUS_CODE });
        all.push(campus);
    }
    let merged = json!({ "type": "FeatureCollection", "features": all }).to_string();
    grids_pack(merged.as_bytes(), "code", &CodeProfile::opaque()).map_err(|e| wrong("grids")(&e))
}

/// The roads of central Shanghai, and the way that was walked the day before.
fn routes(dir: &Path) -> Result<Vec<PlannedRoute>, Failure> {
    let name = "regions/shanghai_center/routes.geojson";
    let mut routes = read_routes(&read(dir, name)?, &RouteFileOptions::default())
        .map_err(|error| Failure::in_file(dir, format!("{name}: {error}")))?;
    // What was walked on foot in one piece is a part of the way.
    let settings = CoverageSettings::default();
    let mut walk = Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms);
    let from = UtcMs::parse_rfc3339(WAY_FROM);
    for fix in plt(dir, WAY)?
        .into_iter()
        .filter(|fix| Some(fix.at) >= from)
    {
        walk.feed(fix);
    }
    walk.finish();
    let mut parts: Vec<Vec<LatLon>> = Vec::new();
    let mut last: Option<Fix> = None;
    for fix in walk.accepted() {
        let goes_on = last.is_some_and(|last| {
            fix.at.0 - last.at.0 <= settings.gap_ms && distance_m(fix.place, last.place) <= 30.0
        });
        match parts.last_mut() {
            Some(part) if goes_on => part.push(fix.place),
            _ => parts.push(vec![fix.place]),
        }
        last = Some(*fix);
    }
    parts.retain(|part| part.windows(2).any(|pair| pair[0] != pair[1]));
    let route = Route::try_new(parts, Route::DEFAULT_CORRIDOR_M).map_err(Failure::input)?;
    routes.push(PlannedRoute {
        code: RouteCode::parse(WAY_CODE).map_err(Failure::input)?,
        name: "昨日所走".to_owned(),
        route,
        loops_required: 1,
        validity: Validity::default(),
        windows: Vec::new(),
    });
    Ok(routes)
}

/// A track of GeoLife: six lines of head, then latitude, longitude, 0, feet, days, date, time.
fn plt(dir: &Path, name: &str) -> Result<Vec<Fix>, Failure> {
    let bytes = read(dir, name)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut fixes = Vec::new();
    for (number, line) in text.lines().enumerate().skip(6) {
        let cells: Vec<&str> = line.split(',').collect();
        let fix = match cells[..] {
            [lat, lon, _, _, _, date, time] => lat
                .parse()
                .ok()
                .zip(lon.parse().ok())
                .and_then(|(lat, lon)| LatLon::try_new(lat, lon).ok())
                .zip(UtcMs::parse_rfc3339(&format!("{date}T{time}Z"))),
            _ => None,
        };
        let wrong = || Failure::in_file(&dir.join(name), format!("line {}", number + 1));
        let (place, at) = fix.ok_or_else(wrong)?;
        fixes.push(Fix {
            at,
            place,
            accuracy_m: None,
            is_mock: false,
        });
    }
    Ok(fixes)
}

/// The first two points that lie inside exactly one block, and in different ones.
fn spots(csv_bytes: &[u8]) -> Option<[(LatLon, String); 2]> {
    let mut reader = csv::Reader::from_reader(csv_bytes);
    let mut found: Vec<(LatLon, String)> = Vec::new();
    for record in reader.records() {
        let record = record.ok()?;
        let (lon, lat, contains) = (record.get(0)?, record.get(1)?, record.get(3)?);
        let is_one = !contains.is_empty() && contains.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_one && found.iter().all(|(_, grid)| grid != contains) {
            let place = LatLon::try_new(lat.parse().ok()?, lon.parse().ok()?).ok()?;
            found.push((place, contains.to_owned()));
        }
        if found.len() == 2 {
            break;
        }
    }
    found.try_into().ok()
}

/// What the tools say of real inputs beside what other software found.
pub(super) fn comparisons(dir: &Path) -> Result<Value, Failure> {
    Ok(json!({
        "coverage_fcd_hof": drives(dir)?,
        "locate_shanghai": points(dir)?,
        "convert": datums(dir)?,
        "walk": mileage(dir)?,
    }))
}

fn rows(dir: &Path, name: &str) -> Result<Vec<BTreeMap<String, String>>, Failure> {
    let bytes = read(dir, name)?;
    let wrong = |error: csv::Error| Failure::in_file(&dir.join(name), error);
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(wrong)
}

fn number(row: &BTreeMap<String, String>, column: &str) -> Result<f64, Failure> {
    row.get(column)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::input(format!("column {column}: not a number")))
}

/// Places of WKT, a list for each part.
fn wkt(text: &str) -> Vec<Vec<LatLon>> {
    let body = text.find('(').map_or("", |at| &text[at..]);
    let place = |pair: &str| {
        let (lon, lat) = pair.trim().split_once(' ')?;
        LatLon::try_new(lat.parse().ok()?, lon.parse().ok()?).ok()
    };
    body.split("),")
        .map(|part| {
            let part = part.trim_matches(|c: char| "() ".contains(c));
            part.split(',').filter_map(place).collect()
        })
        .collect()
}

/// Routes that were really driven, by coverage and by a buffer of 20 m around the track.
fn drives(dir: &Path) -> Result<Value, Failure> {
    let mut tracks: BTreeMap<String, Vec<Fix>> = BTreeMap::new();
    for row in rows(dir, "tracks/fcd_hof/points.csv")? {
        let at = UtcMs::parse_rfc3339(&row["time"].replace(' ', "T"));
        let place = wkt(&row["geometry"]).into_iter().flatten().next();
        if let (Some(at), Some(place)) = (at, place) {
            tracks.entry(row["id"].clone()).or_default().push(Fix {
                at,
                place,
                accuracy_m: None,
                is_mock: false,
            });
        }
    }
    let settings = CoverageSettings {
        mode: Mode::Vehicle,
        ..CoverageSettings::default()
    };
    let stats = rows(dir, "tracks/fcd_hof/truth_stats.csv")?;
    let (mut ours, mut buffer, mut longest_off_m, mut below) = (0.0, 0.0, 0.0_f64, 0);
    let truth = rows(dir, "tracks/fcd_hof/ground_truth.csv")?;
    for row in &truth {
        let route = Route::try_new(wkt(&row["WKT"]), 20.0).map_err(Failure::input)?;
        let fixes = tracks.get(&row["id"]).map_or(&[][..], Vec::as_slice);
        let found = coverage(&route, &settings, fixes);
        let Some(known) = stats.iter().find(|known| known["id"] == row["id"]) else {
            continue;
        };
        let share = number(known, "truth_covered_20m")?;
        let off_m = (found.planned_m - number(known, "truth_length_m")?).abs();
        longest_off_m = longest_off_m.max(off_m);
        ours += found.ratio;
        buffer += share;
        below += usize::from(found.ratio < share - 0.02);
    }
    let count = truth.len();
    let mean = |sum: f64| format!("{:.4}", sum / count as f64);
    Ok(json!({
        "drives": count,
        "mean_coverage": mean(ours),
        "mean_of_a_20_m_buffer": mean(buffer),
        "below_the_buffer": below,
        "length_off_by_at_most_5_cm": longest_off_m <= 0.05,
    }))
}

/// Random points in street blocks, by the locator and by GEOS.
fn points(dir: &Path) -> Result<Value, Failure> {
    use bading_core::geo::grid_file::{GridFileOptions, read_grids};
    use bading_core::geo::locator::Locator;

    let options = GridFileOptions {
        code_property: "grid_id",
        allows_duplicate_codes: false,
    };
    let cells = read_grids(
        &read(dir, "regions/shanghai_center/blocks.geojson")?,
        &options,
    )
    .map_err(Failure::input)?;
    let locator = Locator::build(&cells);
    let (mut count, mut agree) = (0, 0);
    for row in rows(dir, "regions/shanghai_center/points_expected.csv")? {
        let found = locator.find(number(&row, "lat")?, number(&row, "lon")?);
        // On an edge GEOS names every block that it touches; any of them is right.
        let known = [&row["contains"], &row["intersects"]];
        let is_known = match found {
            None => row["contains"].is_empty(),
            Some(code) => known.iter().any(|codes| {
                codes
                    .split(|c: char| !c.is_ascii_alphanumeric())
                    .any(|k| k == code)
            }),
        };
        count += 1;
        agree += usize::from(is_known);
    }
    Ok(json!({ "points": count, "as_geos_says": agree }))
}

/// Conversions beside five published libraries and a map service, in millimetres.
fn datums(dir: &Path) -> Result<Value, Failure> {
    let mut worst: BTreeMap<String, f64> = BTreeMap::new();
    let mut note = |what: &str, a: (f64, f64), b: (f64, f64)| -> Result<(), Failure> {
        let place = |(lat, lon)| LatLon::try_new(lat, lon).map_err(Failure::input);
        let apart_m = distance_m(place(a)?, place(b)?);
        let known = worst.entry(what.to_owned()).or_default();
        *known = known.max(apart_m);
        Ok(())
    };
    for row in rows(dir, "coords/five_libraries.csv")? {
        let pair = match row["op"].as_str() {
            "wgs2gcj" => (Datum::Wgs84, Datum::Gcj02),
            "wgs2bd" => (Datum::Wgs84, Datum::Bd09),
            "gcj2bd" => (Datum::Gcj02, Datum::Bd09),
            "gcj2wgs" => (Datum::Gcj02, Datum::Wgs84),
            _ => continue,
        };
        // One-step inverses are up to 2.9 m off by their own making.
        let is_exact = pair.0 != Datum::Gcj02
            || pair.1 == Datum::Bd09
            || matches!(row["library"].as_str(), "gcoord" | "coord-convert");
        if row["kind"] != "in_china" || !is_exact {
            continue;
        }
        let found = convert(
            pair.0,
            pair.1,
            number(&row, "in_lat")?,
            number(&row, "in_lon")?,
        )
        .map_err(Failure::input)?;
        let known = (number(&row, "out_lat")?, number(&row, "out_lon")?);
        note(&format!("{}_libraries", row["op"]), found, known)?;
    }
    for row in rows(dir, "coords/gcoord_china_cities.csv")? {
        let found = convert(
            Datum::Wgs84,
            Datum::Gcj02,
            number(&row, "wgs_lat")?,
            number(&row, "wgs_lon")?,
        )
        .map_err(Failure::input)?;
        let known = (number(&row, "gcj_lat")?, number(&row, "gcj_lon")?);
        note("wgs2gcj_map_service", found, known)?;
    }
    let told = worst
        .into_iter()
        .map(|(what, m)| (what, format!("{m:.3} m")))
        .collect::<BTreeMap<_, _>>();
    Ok(json!({ "largest_distance": told }))
}

/// The length and the mileage of the day's walk, and what GeographicLib has for every step.
fn mileage(dir: &Path) -> Result<Value, Failure> {
    let settings = CoverageSettings::default();
    let mut walk = Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms);
    let fixes = plt(dir, WALK)?;
    for fix in &fixes {
        walk.feed(*fix);
    }
    walk.finish();
    let every_step_m: f64 = fixes
        .windows(2)
        .map(|pair| distance_m(pair[0].place, pair[1].place))
        .sum();
    let name = WALK.trim_start_matches("tracks/");
    let known = rows(dir, "tracks/manifest.csv")?
        .into_iter()
        .find(|row| row["file"] == name);
    let known_m = known.map(|row| number(&row, "length_m")).transpose()?;
    let rejected: u64 = walk.rejected().values().sum();
    Ok(json!({
        "fixes": fixes.len(),
        "rejected": rejected,
        "walked_m": format!("{:.2}", walk.walked_m()),
        "moving_m": format!("{:.2}", walk.moving_m()),
        "every_step_m": format!("{every_step_m:.2}"),
        "manifest_m": known_m.map(|m| format!("{m:.2}")),
    }))
}
