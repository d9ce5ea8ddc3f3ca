//! Many cities at one hub: which of them a place may lie in, and their indexes as needed.
//!
//! A directory of tiles, one degree wide, names the cities whose cells reach into each. Only
//! those are asked, in the order of their names, and the first that holds the place answers:
//! the exact rule stays that of each city's [`Locator`]. A city's index is loaded when a
//! place may lie in it and dropped, the one that was not used for longest first, when all
//! together are too large.
//!
//! Geometry is planar. A city on both sides of the date line has cells on both sides, cut at
//! 180°, and tiles on both sides; one around a pole has cells that end at ±90°. A position
//! has one spelling: 180° and -180° are two places here, as they are to every cell.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Locator;
use crate::geo::grid_file::GridCell;

/// A cell that reaches into more tiles than this makes its city one that is always asked.
const MOST_TILES: usize = 4096;

/// South-west corner of a tile in whole degrees: latitude, longitude.
type Tile = (i16, i16);

/// Where a city lies, roughly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityExtent {
    /// The city's name or code, under which its index is loaded.
    pub name: String,
    tiles: BTreeSet<Tile>,
    is_everywhere: bool,
}

impl CityExtent {
    /// The tiles that the city's cells reach into; vertices that are not finite are left out.
    #[must_use]
    pub fn of(name: &str, cells: &[GridCell]) -> Self {
        let mut extent = Self {
            name: name.to_owned(),
            tiles: BTreeSet::new(),
            is_everywhere: false,
        };
        for polygon in cells.iter().flat_map(|cell| &cell.polygons) {
            let vertices = polygon.exterior().0.iter();
            let finite = vertices.filter(|v| v.x.is_finite() && v.y.is_finite());
            let bounds = finite.fold(None, |bounds, v| {
                let (south, west, north, east) = bounds.unwrap_or((v.y, v.x, v.y, v.x));
                Some((south.min(v.y), west.min(v.x), north.max(v.y), east.max(v.x)))
            });
            if let Some((south, west, north, east)) = bounds {
                extent.add(tile(south, west), tile(north, east));
            }
        }
        extent
    }

    fn add(&mut self, from: Tile, to: Tile) {
        let span = |from: i16, to: i16| (i32::from(to) - i32::from(from) + 1) as usize;
        if span(from.0, to.0).saturating_mul(span(from.1, to.1)) > MOST_TILES {
            self.is_everywhere = true;
            return;
        }
        for lat in from.0..=to.0 {
            self.tiles.extend((from.1..=to.1).map(|lon| (lat, lon)));
        }
    }
}

/// The tile of a place; what is no degree ends up in one at the rim.
fn tile(lat_deg: f64, lon_deg: f64) -> Tile {
    (lat_deg.floor() as i16, lon_deg.floor() as i16)
}

/// The cell of a place, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityCell {
    /// The city's name, as its extent has it.
    pub city: String,
    /// The cell's code.
    pub code: String,
}

/// The cities of a hub, with the indexes that were used of late.
#[derive(Debug)]
pub struct Cities {
    /// In the order of their names.
    names: Vec<String>,
    tiles: HashMap<Tile, Vec<u32>>,
    /// Cities that are asked about every place.
    everywhere: Vec<u32>,
    loaded: HashMap<u32, Loaded>,
    loaded_bytes: usize,
    most_bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Loaded {
    locator: Arc<Locator>,
    last_use: u64,
}

impl Cities {
    /// A directory of cities; of two with one name the first counts.
    ///
    /// - `most_bytes`: what the loaded indexes may take together. The one in use is kept
    ///   whatever its size.
    #[must_use]
    pub fn new(mut extents: Vec<CityExtent>, most_bytes: usize) -> Self {
        extents.sort_by(|a, b| a.name.cmp(&b.name));
        extents.dedup_by(|b, a| a.name == b.name);
        let mut tiles: HashMap<Tile, Vec<u32>> = HashMap::new();
        let mut everywhere = Vec::new();
        for (city, extent) in (0..).zip(&extents) {
            if extent.is_everywhere {
                everywhere.push(city);
                continue;
            }
            for &tile in &extent.tiles {
                tiles.entry(tile).or_default().push(city);
            }
        }
        Self {
            names: extents.into_iter().map(|extent| extent.name).collect(),
            tiles,
            everywhere,
            loaded: HashMap::new(),
            loaded_bytes: 0,
            most_bytes,
            uses: 0,
        }
    }

    /// The cell that contains a place, of the first city by name that has one.
    ///
    /// - `load`: reads the index of a city, such as its image from a store.
    ///
    /// # Errors
    /// Those of `load`; the next question asks it again.
    pub fn find<E>(
        &mut self,
        lat_deg: f64,
        lon_deg: f64,
        mut load: impl FnMut(&str) -> Result<Locator, E>,
    ) -> Result<Option<CityCell>, E> {
        if !(lat_deg.is_finite() && lon_deg.is_finite()) {
            return Ok(None);
        }
        for city in self.near(lat_deg, lon_deg) {
            let locator = self.index(city, &mut load)?;
            if let Some(code) = locator.find(lat_deg, lon_deg) {
                return Ok(Some(CityCell {
                    city: self.names[city as usize].clone(),
                    code: code.to_owned(),
                }));
            }
        }
        Ok(None)
    }

    /// Bytes of the indexes that are loaded.
    #[must_use]
    pub fn loaded_bytes(&self) -> usize {
        self.loaded_bytes
    }

    /// The cities that may hold a place, in the order of their names.
    fn near(&self, lat_deg: f64, lon_deg: f64) -> Vec<u32> {
        let here = self.tiles.get(&tile(lat_deg, lon_deg));
        let mut near = self.everywhere.clone();
        near.extend(here.into_iter().flatten());
        near.sort_unstable();
        near
    }

    fn index<E>(
        &mut self,
        city: u32,
        load: &mut impl FnMut(&str) -> Result<Locator, E>,
    ) -> Result<Arc<Locator>, E> {
        self.uses += 1;
        if let Some(loaded) = self.loaded.get_mut(&city) {
            loaded.last_use = self.uses;
            return Ok(Arc::clone(&loaded.locator));
        }
        let locator = Arc::new(load(&self.names[city as usize])?);
        self.make_room(locator.size_bytes());
        self.loaded_bytes += locator.size_bytes();
        let loaded = Loaded {
            locator: Arc::clone(&locator),
            last_use: self.uses,
        };
        self.loaded.insert(city, loaded);
        Ok(locator)
    }

    fn make_room(&mut self, bytes: usize) {
        while self.loaded_bytes + bytes > self.most_bytes {
            let oldest = self.loaded.iter().min_by_key(|(_, loaded)| loaded.last_use);
            let Some((&city, _)) = oldest else {
                break;
            };
            if let Some(dropped) = self.loaded.remove(&city) {
                self.loaded_bytes -= dropped.locator.size_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests;
