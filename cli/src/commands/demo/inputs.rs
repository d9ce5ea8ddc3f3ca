//! What the demo works on: the bundled day, whose photos are drawn here, or a city's real
//! photos and blocks in a folder.

use std::fs;
use std::path::Path;

use bading_core::photo::render::{Scene, render};
use bading_core::services::packs::{Profile, duties_pack, grids_pack};

use crate::output::Failure;

const GRIDS: &[u8] = include_bytes!("../../../../fixtures/demo/grids.geojson");
const DUTIES: &[u8] = include_bytes!("../../../../fixtures/demo/duties.csv");

/// A place with the cell that a report there must find.
pub(super) struct Spot {
    pub(super) lat_deg: f64,
    pub(super) lon_deg: f64,
    pub(super) grid: String,
}

/// The inputs of one run.
pub(super) struct Inputs {
    pub(super) grids: Vec<u8>,
    pub(super) duties: Vec<u8>,
    /// Where the inspector and the citizen report.
    pub(super) spots: [Spot; 2],
    /// Near, far, the citizen's, and the handler's after.
    pub(super) photos: [Vec<u8>; 4],
}

/// The bundled day.
pub(super) fn bundled() -> Result<Inputs, Failure> {
    let spots = [
        Spot {
            lat_deg: 31.2294,
            lon_deg: 121.4645,
            grid: "310101002001001".to_owned(),
        },
        Spot {
            lat_deg: 31.2285,
            lon_deg: 121.4656,
            grid: "310101002001005".to_owned(),
        },
    ];
    let photo = |seed: u64, spot: &Spot, orientation: u8| {
        render(&Scene {
            seed,
            width_px: 1280,
            height_px: 960,
            orientation,
            position: Some((spot.lat_deg, spot.lon_deg)),
            taken_at: None,
            offset: None,
            make: "Bading".to_owned(),
            model: "Demo".to_owned(),
        })
    };
    let photos = [
        photo(1, &spots[0], 1),
        photo(2, &spots[0], 6),
        photo(3, &spots[1], 1),
        photo(4, &spots[0], 1),
    ];
    Ok(Inputs {
        grids: grids(GRIDS, "code", Profile::Fifteen)?,
        duties: duties()?,
        spots,
        photos,
    })
}

fn grids(bytes: &[u8], property: &str, profile: Profile) -> Result<Vec<u8>, Failure> {
    grids_pack(bytes, property, profile).map_err(|e| Failure::input(format!("grids: {e}")))
}

fn duties() -> Result<Vec<u8>, Failure> {
    duties_pack(DUTIES).map_err(|error| Failure::input(format!("duties: {error}")))
}

/// Real phone photos and the real blocks of central Shanghai, with points whose blocks were
/// found by other software.
pub(super) fn from_folder(dir: &Path) -> Result<Inputs, Failure> {
    let read = |name: &str| {
        let path = dir.join(name);
        fs::read(&path).map_err(|error| Failure::in_file(&path, error))
    };
    let blocks = read("regions/shanghai_center/blocks.geojson")?;
    let points = read("regions/shanghai_center/points_expected.csv")?;
    let spots = spots(&points).ok_or_else(|| {
        Failure::in_file(
            dir,
            "points_expected.csv: no two points inside one block each",
        )
    })?;
    let photos = [
        read("photos/gps/nom-exif_exif.jpg")?,
        read("photos/orientation/exif-orientati_Landscape_6.jpg")?,
        read("photos/gps/berlin_01.jpg")?,
        read("photos/gps_walk_lund/lund_10.jpg")?,
    ];
    Ok(Inputs {
        grids: grids(&blocks, "grid_id", Profile::Opaque)?,
        duties: duties()?,
        spots,
        photos,
    })
}

/// The first two points that lie inside exactly one block, and in different ones.
fn spots(csv_bytes: &[u8]) -> Option<[Spot; 2]> {
    let mut reader = csv::Reader::from_reader(csv_bytes);
    let mut found: Vec<Spot> = Vec::new();
    for record in reader.records() {
        let record = record.ok()?;
        let (lon, lat, contains) = (record.get(0)?, record.get(1)?, record.get(3)?);
        let is_one = !contains.is_empty() && contains.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_one && found.iter().all(|spot| spot.grid != contains) {
            let (lat_deg, lon_deg) = (lat.parse().ok()?, lon.parse().ok()?);
            found.push(Spot {
                lat_deg,
                lon_deg,
                grid: contains.to_owned(),
            });
        }
        if found.len() == 2 {
            break;
        }
    }
    found.try_into().ok()
}
