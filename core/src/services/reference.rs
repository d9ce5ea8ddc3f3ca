//! The reference data in force: packs as they are kept, and what is made of them.
//!
//! A phone holds one version of each kind; what is made of it is kept while it stays in
//! force. A pack that came from the hub is read before it is kept, so that what is kept can
//! be used.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::geo::facility_file::read_facilities_pack;
use crate::geo::grid_pack::GridPack;
use crate::geo::h3::h3_code;
use crate::geo::locator::Locator;
use crate::geo::route_file::read_routes_pack;
use crate::model::duty::DutyList;
use crate::model::grid::GridCode;
use crate::model::identifiers::Hash;
use crate::model::place::LatLon;
use crate::model::route::PlannedRoute;
use crate::model::time::UtcMs;
use crate::oplog::sign::hash_of;
use crate::rules::clock::WorkingClock;
use crate::rules::policy::Policy;
use crate::rules::roster::Roster;
use crate::services::ServiceError;
use crate::services::facility::Facilities;
pub use crate::services::grids::Grids;
use crate::services::log::damaged;
use crate::storage::{Store, StoreError, Tx};

/// The kind of a pack of grids.
pub const GRIDS: &str = "grids";
/// The kind of a pack of duties.
pub const DUTIES: &str = "duties";
/// The kind of a pack of planned routes.
pub const ROUTES: &str = "routes";
/// The kind of a pack of a roster.
pub const ROSTER: &str = "roster";
/// The kind of a pack of a calendar with the city's working hours.
pub const CALENDAR: &str = "calendar";
/// The kind of a pack of a city's policy.
pub const POLICY: &str = "policy";
/// The kind of a pack of facilities.
pub const FACILITIES: &str = "facilities";
/// The kind of a pack of ownership, by which a hub dispatches; phones do not read it.
pub const OWNERSHIP: &str = "ownership";
/// The H3 resolution that stands for the grid where a city has none: about 15,000 m² a cell.
pub const H3_RESOLUTION: u8 = 10;

/// Times whose look-up is kept, in memory and in the store: the one that is asked about and
/// the next one, which begins while a phone is out.
const EPOCHS_KEPT: usize = 2;

/// What a pack holds, once it is read.
pub enum PackContent {
    /// Grids.
    Grids(Arc<Grids>),
    /// A duty list.
    Duties(Arc<DutyList>),
    /// Planned routes, in the order of their codes.
    Routes(Arc<Vec<PlannedRoute>>),
    /// A roster.
    Roster(Arc<Roster>),
    /// A city's clock.
    Calendar(Arc<WorkingClock>),
    /// A city's policy.
    Policy(Arc<Policy>),
    /// Facilities with their index.
    Facilities(Arc<Facilities>),
    /// A kind of a newer version.
    Unknown,
}

/// Reads a pack of a kind.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn read_pack(kind: &str, bytes: &[u8]) -> Result<PackContent, String> {
    fn line(error: impl ToString) -> String {
        error.to_string()
    }
    Ok(match kind {
        GRIDS => {
            let pack = GridPack::read(bytes).map_err(line)?;
            PackContent::Grids(Arc::new(Grids::new(pack)))
        }
        DUTIES => PackContent::Duties(Arc::new(serde_json::from_slice(bytes).map_err(line)?)),
        ROUTES => PackContent::Routes(Arc::new(read_routes_pack(bytes).map_err(line)?)),
        ROSTER => PackContent::Roster(Arc::new(Roster::from_pack(bytes).map_err(line)?)),
        CALENDAR => PackContent::Calendar(Arc::new(WorkingClock::from_pack(bytes).map_err(line)?)),
        POLICY => PackContent::Policy(Arc::new(Policy::from_json(bytes).map_err(line)?)),
        FACILITIES => {
            let list = read_facilities_pack(bytes).map_err(line)?;
            PackContent::Facilities(Arc::new(Facilities::new(list)))
        }
        _ => PackContent::Unknown,
    })
}

type Kept<T> = Mutex<Option<(Hash, Arc<T>)>>;
type Found<T> = Option<(Hash, Arc<T>)>;

/// What was made of the packs in force, kept while they stay in force.
#[derive(Default)]
pub struct Reference {
    grids: Kept<Grids>,
    locators: Mutex<Locators>,
    duties: Kept<DutyList>,
    routes: Kept<Vec<PlannedRoute>>,
    roster: Kept<Roster>,
    clock: Kept<WorkingClock>,
    policy: Kept<Policy>,
    facilities: Kept<Facilities>,
}

/// One look-up for each kind: its field, its kind, and what its content is.
macro_rules! in_force {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $content:ident, $of:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`StoreError`].
        pub fn $name(&self, tx: &Tx<'_>) -> Result<Found<$of>, StoreError> {
            keep(&self.$name, tx, $kind, |content| match content {
                PackContent::$content(found) => Some(found),
                _ => None,
            })
        }
    };
}

impl Reference {
    in_force!(
        /// The grids in force; nothing where the city has none.
        grids, GRIDS, Grids, Grids
    );
    in_force!(
        /// The duty list in force with its hash, which a case pins.
        duties, DUTIES, Duties, DutyList
    );
    in_force!(
        /// The planned routes in force with their hash, which a patrol pins.
        routes, ROUTES, Routes, Vec<PlannedRoute>
    );
    in_force!(
        /// The roster in force.
        roster, ROSTER, Roster, Roster
    );
    in_force!(
        /// The city's clock in force.
        clock, CALENDAR, Calendar, WorkingClock
    );
    in_force!(
        /// The city's policy in force.
        policy, POLICY, Policy, Policy
    );
    in_force!(
        /// The facilities in force.
        facilities, FACILITIES, Facilities, Facilities
    );

    /// The cell of a place as of a time: the city's, or an H3 cell where the city has no
    /// grid. The index comes from the store where [`Reference::keep_grid_index`] put it; the
    /// pack itself, many times as slow to read, is only opened where there is none.
    /// Nothing when the city has a grid and the place is outside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn grid_at(
        &self,
        tx: &Tx<'_>,
        place: LatLon,
        at: UtcMs,
    ) -> Result<Option<GridCode>, StoreError> {
        let code = match tx.pack_hash(GRIDS)? {
            Some(hash) => {
                let locator = self.locator(tx, hash, at)?;
                let found = locator.find(place.lat_deg(), place.lon_deg());
                found.map(str::to_owned)
            }
            None => Some(h3_code(place, H3_RESOLUTION).map_err(damaged)?),
        };
        Ok(code.and_then(|code| GridCode::parse(&code).ok()))
    }
}

impl Reference {
    /// How often a locator was built from a pack because no sound index was at hand.
    #[must_use]
    pub fn locators_built(&self) -> usize {
        self.locators
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .built
    }

    /// Puts the index of the grids in force now, and of those that follow next, into the
    /// store, so that no later process builds it. Does nothing where a sound one is there.
    ///
    /// # Errors
    /// [`StoreError`]; the store is as it was, and look-ups answer all the same.
    pub fn keep_grid_index(&self, store: &Store, now: UtcMs) -> Result<(), StoreError> {
        let now = now.min(UtcMs::MAX);
        let missing = store.read(|tx| {
            let Some(hash) = tx.pack_hash(GRIDS)? else {
                return Ok(None);
            };
            let is_sound = |_, image: &[u8]| Locator::from_image(image).is_ok();
            if tx.grid_index(&hash, now, is_sound)? == Some(true) {
                return Ok(None);
            }
            self.grids(tx)
        })?;
        let Some((hash, grids)) = missing else {
            return Ok(());
        };
        let epochs: Vec<_> = grids.epochs_from(now).take(EPOCHS_KEPT).collect();
        let images: Vec<_> = epochs
            .into_iter()
            .map(|epoch| {
                let image = grids.build_locator(epoch.start).to_image();
                (epoch, image)
            })
            .collect();
        store.write(|tx| {
            // Another process may have brought other grids into force meanwhile.
            if tx.pack_hash(GRIDS)? == Some(hash) {
                for (epoch, image) in &images {
                    tx.put_grid_index(&hash, epoch, image)?;
                }
            }
            Ok(())
        })
    }

    /// The look-up of the grids of a pack at an instant: kept, or loaded, or else built.
    fn locator(&self, tx: &Tx<'_>, pack: Hash, at: UtcMs) -> Result<Arc<Locator>, StoreError> {
        // Nothing changes after the last instant that a pack can name.
        let at = at.min(UtcMs::MAX);
        let mut kept = self.locators.lock().unwrap_or_else(PoisonError::into_inner);
        kept.of_times.retain(|(of, ..)| *of == pack);
        let known = kept.of_times.iter().find(|(_, time, _)| time.contains(&at));
        if let Some((_, _, locator)) = known {
            return Ok(Arc::clone(locator));
        }
        let loaded = tx.grid_index(&pack, at, |time, image| {
            // Derived data: what is wrong with it is mended by building it again.
            let locator = Locator::from_image(image).ok()?;
            Some((time, locator))
        })?;
        let (time, locator) = match loaded.flatten() {
            Some(found) => found,
            None => {
                let (_, grids) = self
                    .grids(tx)?
                    .ok_or_else(|| damaged("grids without a pack"))?;
                kept.built += 1;
                let time = grids.epochs_from(at).next();
                (time.unwrap_or(at..at), grids.build_locator(at))
            }
        };
        let locator = Arc::new(locator);
        if kept.of_times.len() == EPOCHS_KEPT {
            kept.of_times.remove(0);
        }
        kept.of_times.push((pack, time, Arc::clone(&locator)));
        Ok(locator)
    }
}

/// Look-ups of grids that were used of late.
#[derive(Default)]
struct Locators {
    of_times: Vec<(Hash, Range<UtcMs>, Arc<Locator>)>,
    built: usize,
}

fn keep<T>(
    kept: &Kept<T>,
    tx: &Tx<'_>,
    kind: &str,
    take: impl FnOnce(PackContent) -> Option<Arc<T>>,
) -> Result<Found<T>, StoreError> {
    let Some(hash) = tx.pack_hash(kind)? else {
        return Ok(None);
    };
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, made)) = kept.as_ref()
        && *known == hash
    {
        return Ok(Some((hash, Arc::clone(made))));
    }
    let Some((hash, bytes)) = tx.pack(kind)? else {
        return Ok(None);
    };
    let content = read_pack(kind, &bytes).map_err(damaged)?;
    let made = take(content).ok_or_else(|| damaged("a pack under another kind"))?;
    *kept = Some((hash, Arc::clone(&made)));
    Ok(Some((hash, made)))
}

/// Keeps a pack that the hub sent, after checking that it is what its hash says and that it
/// can be read.
///
/// # Errors
/// [`ServiceError::BadPage`] when it is not.
pub fn keep_pack(
    tx: &Tx<'_>,
    kind: &str,
    expected: &Hash,
    bytes: &[u8],
) -> Result<(), ServiceError> {
    if hash_of(bytes) != *expected {
        return Err(ServiceError::BadPage(format!(
            "the {kind} are not what their hash says"
        )));
    }
    // A kind of a newer version is kept for it, and not used.
    read_pack(kind, bytes)
        .map_err(|_| ServiceError::BadPage(format!("the {kind} cannot be read")))?;
    Ok(tx.put_pack(kind, expected, bytes)?)
}

#[cfg(test)]
mod tests;
