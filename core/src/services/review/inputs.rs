//! What a review is made from: the packs in force, the cases and the patrols of the log.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::duty::DutyList;
use crate::model::identifiers::{Hash, Zone};
use crate::model::route::PlannedRoute;
use crate::model::time::UtcMs;
use crate::oplog::body::Subject;
use crate::oplog::fold::CaseState;
use crate::oplog::patrol::PatrolState;
use crate::oplog::verdict::Decisions;
use crate::rules::calendar::Calendar;
use crate::rules::clock::{ClockPolicy, WorkingClock};
use crate::rules::policy::Policy;
use crate::rules::roster::Roster;
use crate::services::reference::{
    CALENDAR, DUTIES, FACILITIES, GRIDS, Grids, POLICY, PackContent, ROSTER, ROUTES, read_pack,
};
use crate::services::{Context, ServiceError, log};
use crate::storage::Tx;

/// How long before a review's beginning a patrol may have begun that reaches into it.
const PATROL_REACH_MS: u64 = 24 * 60 * 60 * 1000;
/// The most patrols of one review.
const MAX_PATROLS: usize = 100_000;

/// The reference data that a review goes by.
#[derive(Clone)]
pub struct Packs {
    /// The cells, where the city has a grid.
    pub grids: Option<Arc<Grids>>,
    /// The planned routes.
    pub routes: Arc<Vec<PlannedRoute>>,
    /// Who is on duty.
    pub roster: Option<Arc<Roster>>,
    /// The city's clock; one without a calendar where none is in force.
    pub clock: Arc<WorkingClock>,
    /// The policy; DOMAIN's where none is in force.
    pub policy: Arc<Policy>,
    /// The duty lists that are here, by their hash.
    pub duties: HashMap<Hash, Arc<DutyList>>,
    /// The duty list in force.
    pub duties_now: Option<Arc<DutyList>>,
    hashes: BTreeMap<&'static str, Hash>,
}

impl Packs {
    /// No packs: the defaults of DOMAIN, at an offset from UTC in minutes.
    #[must_use]
    pub fn none(utc_offset_min: i32) -> Self {
        let policy = ClockPolicy {
            utc_offset_min,
            ..ClockPolicy::default()
        };
        let empty = || Calendar::try_new([]).expect("no years contradict each other");
        let clock = WorkingClock::try_new(empty(), policy).unwrap_or_else(|_| {
            WorkingClock::try_new(empty(), ClockPolicy::default())
                .expect("the default clock is one")
        });
        Self {
            grids: None,
            routes: Arc::default(),
            roster: None,
            clock: Arc::new(clock),
            policy: Arc::new(Policy::default()),
            duties: HashMap::new(),
            duties_now: None,
            hashes: BTreeMap::new(),
        }
    }

    /// Takes a pack that is in force.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, kind: &str, hash: Hash, bytes: &[u8]) -> Result<(), String> {
        // The largest of all packs, and of no concern to a review.
        if kind == FACILITIES {
            return Ok(());
        }
        let kind = match read_pack(kind, bytes)? {
            PackContent::Grids(grids) => {
                self.grids = Some(grids);
                GRIDS
            }
            PackContent::Duties(duties) => {
                self.duties.insert(hash, Arc::clone(&duties));
                self.duties_now = Some(duties);
                DUTIES
            }
            PackContent::Routes(routes) => {
                self.routes = routes;
                ROUTES
            }
            PackContent::Roster(roster) => {
                self.roster = Some(roster);
                ROSTER
            }
            PackContent::Calendar(clock) => {
                self.clock = clock;
                CALENDAR
            }
            PackContent::Policy(policy) => {
                self.policy = policy;
                POLICY
            }
            PackContent::Facilities(_) | PackContent::Unknown => return Ok(()),
        };
        self.hashes.insert(kind, hash);
        Ok(())
    }

    /// Takes an older duty list, which cases pin.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take_older_duties(&mut self, hash: Hash, bytes: &[u8]) -> Result<(), String> {
        if let PackContent::Duties(duties) = read_pack(DUTIES, bytes)? {
            self.duties.insert(hash, duties);
        }
        Ok(())
    }

    /// The hashes of the packs in force, by kind.
    #[must_use]
    pub fn names(&self) -> BTreeMap<&'static str, String> {
        let names = self.hashes.iter();
        names
            .map(|(kind, hash)| (*kind, hash.to_string()))
            .collect()
    }

    /// An instant in the city's time, RFC 3339.
    #[must_use]
    pub fn local(&self, at: UtcMs) -> String {
        self.clock.to_local_rfc3339(at)
    }
}

/// Everything that a review is made from.
pub struct ReviewInputs<'a> {
    /// The zone.
    pub zone: &'a Zone,
    /// The reference data.
    pub packs: &'a Packs,
    /// The cases.
    pub cases: Vec<CaseState>,
    /// The patrols.
    pub patrols: Vec<PatrolState>,
    /// What was decided about people.
    pub decisions: Decisions,
}

/// What a store knows for a review: the zone, the packs, cases, patrols, and what was decided.
pub type Gathered = (Zone, Packs, Vec<CaseState>, Vec<PatrolState>, Decisions);

/// When a patrol that a review looks at may have begun, at the earliest.
#[must_use]
pub fn earliest_start(from: UtcMs) -> UtcMs {
    UtcMs(from.0.saturating_sub(PATROL_REACH_MS))
}

/// When a patrol that a review looks at may have begun, at the latest: a shift that begins in
/// the time may go on for a day.
#[must_use]
pub fn latest_start(to: UtcMs) -> UtcMs {
    to.plus_ms(PATROL_REACH_MS)
}

/// Gathers what this store knows for a review of the time up to `to`.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn gather(
    context: &Context<'_>,
    from: UtcMs,
    to: UtcMs,
    utc_offset_min: i32,
) -> Result<Gathered, ServiceError> {
    context.store.read(|tx| {
        let zone = log::zone_for(tx, None)?;
        let packs = packs_of(tx, utc_offset_min)?;
        let device = context.device();
        let mut cases = Vec::new();
        for subject in tx.subjects(Subject::CASE)? {
            if let Some(case_id) = subject.as_case() {
                let history = log::history(tx, &device, case_id)?;
                // Orders of erasure come to everybody, also about cases that are not here.
                if !history.state().is_only_erased() {
                    cases.push(history.state().clone());
                }
            }
        }
        let rows = tx.list_patrols(earliest_start(from).0, latest_start(to).0, MAX_PATROLS)?;
        let patrols = rows
            .iter()
            .map(|row| log::patrol_state(tx, &device, row.patrol_id))
            .collect::<Result<_, _>>()?;
        Ok((zone, packs, cases, patrols, log::decisions(tx, &device)?))
    })
}

pub(crate) fn packs_of(tx: &Tx<'_>, utc_offset_min: i32) -> Result<Packs, ServiceError> {
    let mut packs = Packs::none(utc_offset_min);
    for kind in [GRIDS, DUTIES, ROUTES, ROSTER, CALENDAR, POLICY] {
        if let Some((hash, bytes)) = tx.pack(kind)? {
            packs.take(kind, hash, &bytes).map_err(log::damaged)?;
        }
    }
    Ok(packs)
}
