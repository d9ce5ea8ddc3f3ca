//! What a phone lets go.

use crate::engine::{Engine, EngineError};
use crate::services::retention::{self, Evicted, EvictionOrder};

impl Engine {
    /// Lets photos go that the hub has.
    ///
    /// # Errors
    /// As [`retention::evict`].
    pub fn evict(&self, order: &EvictionOrder) -> Result<Evicted, EngineError> {
        Ok(retention::evict(&self.context(), order)?)
    }
}
