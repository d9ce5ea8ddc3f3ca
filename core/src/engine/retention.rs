//! What a phone lets go, and what it holds about a person.

use std::io::Write;

use crate::engine::{Engine, EngineError};
use crate::model::identifiers::PersonId;
use crate::services::person::{self, PersonSummary};
use crate::services::retention::{self, Evicted, EvictionOrder};

impl Engine {
    /// Lets photos go that the hub has.
    ///
    /// # Errors
    /// As [`retention::evict`].
    pub fn evict(&self, order: &EvictionOrder) -> Result<Evicted, EngineError> {
        Ok(retention::evict(&self.context(), order)?)
    }

    /// Writes everything that this store holds about a person.
    ///
    /// # Errors
    /// As [`person::export`].
    pub fn export_person(
        &self,
        person: &PersonId,
        out: &mut dyn Write,
    ) -> Result<PersonSummary, EngineError> {
        Ok(person::export(&self.context(), person, out)?)
    }
}
