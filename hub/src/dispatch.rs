//! The cases that wait for a department, each with the one that the city's table of ownership
//! or its duty list names. Nothing is dispatched here: that is a person's signed act.

use std::collections::HashMap;

use bading_core::model::case::CaseId;
use bading_core::model::identifiers::Hash;
use bading_core::model::workflow::Phase;
use bading_core::oplog::body::Subject;
use bading_core::oplog::fold::CaseState;
use bading_core::rules::dispatch::{Dispatcher, Suggestion};
use bading_core::rules::ownership::Ownership;
use bading_core::services::reference::OWNERSHIP;
use serde::Serialize;

use crate::Hub;
use crate::admit::Signers;
use crate::error::HubError;
use crate::store::log;

/// A filed case without a department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingCase {
    /// The case.
    pub case_id: String,
    /// Its official number.
    pub number: Option<String>,
    /// Its small class.
    pub class: Option<String>,
    /// The cell in which it lies.
    pub grid: Option<String>,
    /// Where it should go, or why nobody can say.
    #[serde(flatten)]
    pub suggestion: Suggestion,
}

impl Hub {
    /// The filed cases that wait for a department, in the order in which they were reported.
    /// The duty list that counts is the one which a case pins. Whose property it is stands in
    /// no case yet: rules that name an owner meet none.
    ///
    /// # Errors
    /// The store's failures.
    pub fn waiting_for_dispatch(&self) -> Result<Vec<WaitingCase>, HubError> {
        let ownership = match self.pack_in_force(OWNERSHIP)? {
            Some(pack) => Some(
                Ownership::from_pack(&pack).map_err(|_| HubError::Damaged("a pack in force"))?,
            ),
            None => None,
        };
        self.store.read(|conn| {
            let packs = self.packs_in_force(conn)?;
            let now = packs.duties_now.as_deref();
            let mut dispatchers: HashMap<Option<Hash>, Dispatcher<'_>> = HashMap::new();
            let mut signers = Signers::default();
            let mut waiting = Vec::new();
            for case_id in log::list_cases(conn, &self.zone)? {
                let inputs = self.inputs_about(conn, &mut signers, &Subject::case(case_id))?;
                let case = CaseState::fold(case_id, &inputs);
                if case.phase != Phase::Filed {
                    continue;
                }
                let pin = case.opened.as_ref().and_then(|opened| opened.duty_pin);
                let pin = pin.filter(|pin| packs.duties.contains_key(pin));
                let dispatcher = dispatchers.entry(pin).or_insert_with(|| {
                    let pinned = pin.and_then(|pin| packs.duties.get(&pin));
                    Dispatcher::new(ownership.as_ref(), pinned.map(|list| &**list).or(now))
                });
                waiting.push(waiting_case(case_id, &case, dispatcher));
            }
            Ok(waiting)
        })
    }
}

fn waiting_case(case_id: CaseId, case: &CaseState, dispatcher: &Dispatcher<'_>) -> WaitingCase {
    let class = case.class().map(|class| class.to_string());
    let grid = case.grid().map(|grid| grid.to_string());
    let decision = dispatcher.decide(
        class.as_deref().unwrap_or_default(),
        grid.as_deref().unwrap_or_default(),
        "",
    );
    let suggestion = decision.into();
    WaitingCase {
        case_id: case_id.to_string(),
        number: case.number.clone(),
        class,
        grid,
        suggestion,
    }
}
