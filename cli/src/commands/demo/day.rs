//! What the demo works on: a day as a folder of files (the bundled one is compiled in), or a
//! city's real photos, lists, blocks and tracks (`real`).

use std::fs;
use std::path::Path;

use bading_core::geo::route_file::{RouteFileOptions, read_routes, routes_pack};
use bading_core::geo::track_file::read_track;
use bading_core::model::case::ClassCode;
use bading_core::model::grid::CodeProfile;
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};
use bading_core::photo::render::{Scene, render};
use bading_core::rules::calendar::Calendar;
use bading_core::rules::calendar_file::CalendarYear;
use bading_core::rules::clock::{ClockPolicy, WorkingClock};
use bading_core::rules::roster::{Roster, read_roster};
use bading_core::services::packs::{duties_pack, grids_pack};
use bading_core::services::reference::{CALENDAR, DUTIES, GRIDS, POLICY, ROUTES};
use bading_hub::{HubConfig, read_policy};

use crate::output::Failure;

/// Beijing's time, in which the days are written.
pub(super) const OFFSET_MIN: i32 = HubConfig::BEIJING_OFFSET_MIN;

/// A report of the day.
#[derive(Debug, Clone)]
pub(super) struct DayReport {
    pub(super) at: UtcMs,
    pub(super) class: ClassCode,
    pub(super) place: LatLon,
    pub(super) note: String,
    pub(super) photos: Vec<Vec<u8>>,
}

/// When the steps of the day that depend on the walk take place, in hours and minutes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// The hub comes back while the inspector walks.
    pub(super) filed: (u64, u64),
    /// The handler repairs.
    pub(super) repaired: (u64, u64),
    /// The hub comes back again.
    pub(super) back: (u64, u64),
    /// The inspector checks.
    pub(super) checked: (u64, u64),
    /// Everything is closed.
    pub(super) closed: (u64, u64),
    /// The day on which the day is reviewed, counted from it.
    pub(super) reviewed_days_later: u64,
}

impl Schedule {
    /// A walk from eight to ten.
    pub(super) fn early_morning() -> Self {
        Self {
            filed: (8, 40),
            repaired: (8, 55),
            back: (9, 5),
            checked: (9, 20),
            closed: (10, 5),
            reviewed_days_later: 0,
        }
    }

    /// A walk between ten and eleven, and a list whose longest limit is five days.
    pub(super) fn late_morning() -> Self {
        Self {
            filed: (10, 35),
            repaired: (10, 38),
            back: (10, 40),
            checked: (10, 45),
            closed: (11, 5),
            reviewed_days_later: 14,
        }
    }
}

/// Everything that a day is played from.
pub(super) struct Day {
    /// Packs by kind; the roster is apart, because it names people who enrol first.
    pub(super) packs: Vec<(&'static str, Vec<u8>)>,
    pub(super) roster: Roster,
    /// Midnight of the day, in the city's time.
    pub(super) midnight: UtcMs,
    pub(super) walk: Vec<Fix>,
    pub(super) mode: Mode,
    pub(super) schedule: Schedule,
    /// The cells of the cover and of the litter as other software found them.
    pub(super) expected_cells: Option<[String; 2]>,
    /// A manhole cover, reported by the inspector with two photos and repaired.
    pub(super) manhole: DayReport,
    /// Litter, reported by a citizen before the walk.
    pub(super) litter: DayReport,
    /// The same litter, reported again by the inspector.
    pub(super) litter_again: DayReport,
    /// Litter elsewhere, reported by the inspector and never cleared.
    pub(super) litter_north: DayReport,
    /// What the handler shows of the repair.
    pub(super) after: Vec<u8>,
}

impl Day {
    /// An instant of the day, from hours and minutes of the city's time.
    pub(super) fn at(&self, hour: u64, minute: u64) -> UtcMs {
        self.midnight.plus_ms((hour * 60 + minute) * 60_000)
    }
}

/// The bundled day.
pub(super) fn bundled() -> Result<Day, Failure> {
    macro_rules! file {
        ($name:literal) => {
            include_bytes!(concat!("../../../../fixtures/demo/", $name)).as_slice()
        };
    }
    read_day(&|name| {
        Ok(match name {
            "grids.geojson" => file!("grids.geojson").to_vec(),
            "duties.csv" => file!("duties.csv").to_vec(),
            "routes.geojson" => file!("routes.geojson").to_vec(),
            "calendar.json" => file!("calendar.json").to_vec(),
            "policy.toml" => file!("policy.toml").to_vec(),
            "roster.csv" => file!("roster.csv").to_vec(),
            "walk.csv" => file!("walk.csv").to_vec(),
            _ => file!("reports.csv").to_vec(),
        })
    })
}

/// A day from a folder with files of the bundled one's names.
pub(super) fn from_folder(dir: &Path) -> Result<Day, Failure> {
    read_day(&|name| {
        let path = dir.join(name);
        fs::read(&path).map_err(|error| Failure::in_file(&path, error))
    })
}

fn read_day(read: &dyn Fn(&str) -> Result<Vec<u8>, Failure>) -> Result<Day, Failure> {
    fn wrong(name: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Failure {
        move |error| Failure::input(format!("{name}: {error}"))
    }
    let grids = grids_pack(&read("grids.geojson")?, "code", &CodeProfile::fifteen())
        .map_err(|e| wrong("grids.geojson")(&e))?;
    let duties = duties_pack(&read("duties.csv")?).map_err(|e| wrong("duties.csv")(&e))?;
    let routes = read_routes(&read("routes.geojson")?, &RouteFileOptions::default())
        .map_err(|e| wrong("routes.geojson")(&e))?;
    let policy = read_policy(&read("policy.toml")?).map_err(|e| wrong("policy.toml")(&e))?;
    let roster =
        read_roster(&read("roster.csv")?, OFFSET_MIN).map_err(|e| wrong("roster.csv")(&e))?;
    let walk = read_track(&read("walk.csv")?).map_err(|e| wrong("walk.csv")(&e))?;
    let mut reports = read_reports(&read("reports.csv")?)?;
    let mut take = |name: &str| {
        let at = reports.iter().position(|(report, _)| report == name);
        let at = at.ok_or_else(|| Failure::input(format!("reports.csv: no report `{name}`")))?;
        Ok::<_, Failure>(reports.remove(at).1)
    };
    let (mut manhole, mut litter) = (take("manhole")?, take("litter")?);
    let (mut litter_again, mut litter_north) = (take("litter-again")?, take("litter-north")?);
    manhole.photos = vec![picture(1, &manhole, 1), picture(2, &manhole, 6)];
    litter.photos = vec![picture(3, &litter, 1)];
    litter_again.photos = vec![picture(5, &litter_again, 1)];
    litter_north.photos = vec![picture(6, &litter_north, 8)];
    let after = picture(4, &manhole, 1);
    let first = roster
        .shifts()
        .first()
        .ok_or_else(|| Failure::input("roster.csv: no shift"))?;
    Ok(Day {
        midnight: midnight_of(first.from),
        mode: first.mode,
        schedule: Schedule::early_morning(),
        expected_cells: None,
        packs: vec![
            (GRIDS, grids),
            (DUTIES, duties),
            (ROUTES, routes_pack(&routes)),
            (CALENDAR, calendar(&[read("calendar.json")?])?),
            (POLICY, policy.to_pack()),
        ],
        roster,
        walk: walk.fixes,
        manhole,
        litter,
        litter_again,
        litter_north,
        after,
    })
}

/// The city's clock from the files of its years.
pub(super) fn calendar(files: &[Vec<u8>]) -> Result<Vec<u8>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::input(format!("calendar: {error}"));
    let years: Vec<_> = files
        .iter()
        .map(|bytes| CalendarYear::read(bytes))
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(&e))?;
    let calendar = Calendar::try_new(years).map_err(|e| wrong(&e))?;
    let clock = WorkingClock::try_new(calendar, ClockPolicy::default()).map_err(|e| wrong(&e))?;
    Ok(clock.to_pack())
}

/// Midnight of the city's day that holds an instant.
pub(super) fn midnight_of(at: UtcMs) -> UtcMs {
    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    let offset_ms = u64::try_from(OFFSET_MIN).unwrap_or(0) * 60_000;
    let local_ms = at.0 + offset_ms;
    UtcMs(local_ms - local_ms % DAY_MS - offset_ms)
}

fn read_reports(bytes: &[u8]) -> Result<Vec<(String, DayReport)>, Failure> {
    let mut reader = csv::Reader::from_reader(bytes);
    let mut reports = Vec::new();
    for (row, record) in (2..).zip(reader.records()) {
        let wrong = |field: &str, why: &dyn std::fmt::Display| {
            Failure::input(format!("reports.csv: row {row}, {field}: {why}"))
        };
        let record = record.map_err(|error| wrong("row", &error))?;
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let degrees = |at: usize, field: &str| -> Result<f64, Failure> {
            cell(at).parse().map_err(|_| wrong(field, &"not a number"))
        };
        let place = LatLon::try_new(degrees(4, "lat")?, degrees(5, "lon")?)
            .map_err(|error| wrong("lat, lon", &error))?;
        let report = DayReport {
            at: UtcMs::parse_rfc3339(cell(2))
                .ok_or_else(|| wrong("time", &"not RFC 3339 with an offset"))?,
            class: ClassCode::parse(cell(3)).map_err(|error| wrong("class", &error))?,
            place,
            note: cell(6).to_owned(),
            photos: Vec::new(),
        };
        reports.push((cell(0).to_owned(), report));
    }
    Ok(reports)
}

/// A photo of our own drawing, with the report's place in its EXIF.
fn picture(seed: u64, report: &DayReport, orientation: u8) -> Vec<u8> {
    render(&Scene {
        seed,
        width_px: 1280,
        height_px: 960,
        orientation,
        position: Some((report.place.lat_deg(), report.place.lon_deg())),
        taken_at: None,
        offset: None,
        make: "Bading".to_owned(),
        model: "Demo".to_owned(),
    })
}
