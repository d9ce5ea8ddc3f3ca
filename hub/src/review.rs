//! The review of a time from the hub's own sequence, and what an import is checked against.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;

use bading_core::model::grid::{GridCode, Validity};
use bading_core::model::identifiers::Hash;
use bading_core::model::time::UtcMs;
use bading_core::oplog::body::Subject;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{SignedEntry, Stamp};
use bading_core::oplog::fold::{CaseState, Input};
use bading_core::oplog::patrol::PatrolState;
use bading_core::oplog::sign::DeviceSigner as _;
use bading_core::rules::roster::{KnownCell, Roster, RosterError};
use bading_core::services::reference::DUTIES;
use bading_core::services::review::{
    self, Packs, Review, ReviewInputs, ReviewScope, earliest_start, latest_start,
};
use rusqlite::Connection;

use crate::Hub;
use crate::admit::Signers;
use crate::error::HubError;
use crate::judgement;
use crate::store::{log, packs, patrols, people};

impl Hub {
    /// Reviews a time: everything that this hub has sequenced, by the packs in force.
    ///
    /// Folds every case of the zone: a city with many needs minutes, and a later version
    /// that keeps aggregates.
    ///
    /// # Errors
    /// The store's failures.
    pub fn review(&self, scope: &ReviewScope) -> Result<Review, HubError> {
        let (packs, cases, walked, decisions) = self.store.read(|conn| {
            let packs = self.packs_in_force(conn)?;
            let mut signers = Signers::default();
            let cases = log::list_cases(conn, &self.zone)?
                .into_iter()
                .map(|case_id| {
                    let inputs = self.inputs_about(conn, &mut signers, &Subject::case(case_id))?;
                    Ok(CaseState::fold(case_id, &inputs))
                })
                .collect::<Result<Vec<_>, HubError>>()?;
            let from = earliest_start(scope.from);
            let walked = patrols::started_between(conn, &self.zone, from, latest_start(scope.to))?
                .into_iter()
                .map(|patrol_id| {
                    let subject = Subject::patrol(patrol_id);
                    let inputs = self.inputs_about(conn, &mut signers, &subject)?;
                    Ok(PatrolState::fold(patrol_id, &inputs))
                })
                .collect::<Result<Vec<_>, HubError>>()?;
            let decisions = self.decisions(conn, &mut signers)?;
            Ok((packs, cases, walked, decisions))
        })?;
        Ok(review::review(
            scope,
            &ReviewInputs {
                zone: &self.zone,
                packs: &packs,
                cases,
                patrols: walked,
                decisions,
            },
        ))
    }

    /// The local day of the latest patrol, or of now where there was none: from midnight to
    /// midnight of the city's time.
    ///
    /// # Errors
    /// The store's failures.
    pub fn latest_day(&self) -> Result<(UtcMs, UtcMs), HubError> {
        let latest = self
            .store
            .read(|conn| patrols::latest_start(conn, &self.zone))?;
        Ok(self.day_of(latest.unwrap_or_else(|| self.now())))
    }

    /// The local day that holds an instant, from midnight to midnight of the city's time.
    #[must_use]
    pub fn day_of(&self, at: UtcMs) -> (UtcMs, UtcMs) {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let offset_ms = i64::from(self.utc_offset_min) * 60_000;
        let local_ms = i64::try_from(at.0).unwrap_or(i64::MAX - DAY_MS) + offset_ms;
        let midnight = local_ms - local_ms.rem_euclid(DAY_MS) - offset_ms;
        let utc = |ms: i64| UtcMs(u64::try_from(ms).unwrap_or(0));
        (utc(midnight), utc(midnight + DAY_MS))
    }

    /// Minutes that the city's time is ahead of UTC.
    #[must_use]
    pub fn utc_offset_min(&self) -> i32 {
        self.utc_offset_min
    }

    /// Checks a roster against the people, routes and cells that this hub knows. Cells are
    /// not checked while no grid is in force.
    ///
    /// # Errors
    /// The store's failures; the inner error names row and value of what is unknown.
    pub fn check_roster(&self, roster: &Roster) -> Result<Result<(), RosterError>, HubError> {
        self.store.read(|conn| {
            let people: HashSet<_> = people::list_people(conn)?.into_iter().collect();
            let packs = self.packs_in_force(conn)?;
            let routes: HashSet<_> = packs.routes.iter().map(|route| &route.code).collect();
            let cells = packs.grids.as_ref().map(|grids| {
                let mut cells: HashMap<&str, Vec<&Validity>> = HashMap::new();
                for cell in &grids.cells {
                    let times = cells.entry(&*cell.code).or_default();
                    times.push(&cell.terms.validity);
                }
                cells
            });
            let knows_grid = |grid: &GridCode, at: UtcMs| {
                let Some(cells) = &cells else {
                    return KnownCell::InForce;
                };
                match cells.get(grid.as_str()) {
                    None => KnownCell::Never,
                    Some(times) if times.iter().any(|time| time.holds_at(at)) => KnownCell::InForce,
                    Some(_) => KnownCell::AtOtherTimes,
                }
            };
            Ok(roster.check(
                |person| people.contains(person),
                |route| routes.contains(route),
                knows_grid,
            ))
        })
    }

    pub(crate) fn packs_in_force(&self, conn: &Connection) -> Result<Packs, HubError> {
        let damaged = |_| HubError::Damaged("a pack in force");
        let mut found = Packs::none(self.utc_offset_min);
        let active = packs::list_active(conn, &self.zone)?;
        for row in &active {
            let bytes = self.read_file(&row.hash)?;
            found.take(&row.kind, row.hash, &bytes).map_err(damaged)?;
        }
        for hash in packs::list_hashes(conn, &self.zone, DUTIES)? {
            if active.iter().all(|row| row.hash != hash) {
                let bytes = self.read_file(&hash)?;
                found.take_older_duties(hash, &bytes).map_err(damaged)?;
            }
        }
        Ok(found)
    }

    pub(crate) fn read_file(&self, hash: &Hash) -> Result<Vec<u8>, HubError> {
        let mut bytes = Vec::new();
        self.folder.open(hash)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The commits about a subject as the fold takes them, in the order of the sequence.
    pub(crate) fn inputs_about(
        &self,
        conn: &Connection,
        signers: &mut Signers,
        subject: &Subject,
    ) -> Result<Vec<Input>, HubError> {
        let hub_key = self.key.key();
        let mut inputs = Vec::new();
        log::commits_about(conn, &self.zone, subject, |stored| {
            let commit = stored
                .content
                .as_deref()
                .and_then(|bytes| Commit::decode(bytes).ok())
                .ok_or(HubError::Damaged("commit"))?;
            let entry = SignedEntry::decode(&stored.entry, &hub_key)?;
            let device = commit.header().device;
            let authority = signers
                .at(conn, &self.zone, &hub_key, &device, stored.position)?
                .authority;
            let entry = entry.entry();
            let Stamp::Commit {
                verdict, number, ..
            } = &entry.stamp
            else {
                return Err(HubError::Damaged("a commit's entry stamps something else"));
            };
            inputs.push(judgement::input(
                commit,
                (entry.epoch, entry.position),
                entry.hub_time,
                verdict.clone(),
                number.clone(),
                authority,
            ));
            Ok(())
        })?;
        Ok(inputs)
    }
}
