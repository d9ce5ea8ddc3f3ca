//! Verdicts from the hub's own sequence: what was decided about people, and where each
//! published verdict stands.

use bading_core::model::time::UtcMs;
use bading_core::oplog::body::Subject;
use bading_core::oplog::verdict::{Decisions, Dossier};
use bading_core::services::verdict::{VerdictLine, lines_of};
use rusqlite::Connection;

use crate::Hub;
use crate::admit::Signers;
use crate::error::HubError;
use crate::store::log;

impl Hub {
    /// The published verdicts with where each stands at a time, by person and period.
    ///
    /// # Errors
    /// The store's failures.
    pub fn verdicts(&self, as_of: UtcMs) -> Result<Vec<VerdictLine>, HubError> {
        let (packs, decisions) = self.store.read(|conn| {
            let decisions = self.decisions(conn, &mut Signers::default())?;
            Ok((self.packs_in_force(conn)?, decisions))
        })?;
        Ok(lines_of(&decisions, &packs, as_of))
    }

    /// What was decided about people, folded from the sequence.
    pub(crate) fn decisions(
        &self,
        conn: &Connection,
        signers: &mut Signers,
    ) -> Result<Decisions, HubError> {
        let dossiers = log::list_subjects(conn, &self.zone, Subject::VERDICT)?
            .into_iter()
            .map(|subject| {
                let inputs = self.inputs_about(conn, signers, &subject)?;
                Ok(Dossier::fold(subject, &inputs))
            })
            .collect::<Result<_, HubError>>()?;
        Ok(Decisions::new(dossiers))
    }
}
