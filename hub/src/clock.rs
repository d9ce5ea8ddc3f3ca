//! The hub's clock: the only place that reads one, so that tests can turn it.

use std::time::{SystemTime, UNIX_EPOCH};

use bading_core::model::time::UtcMs;

/// Tells the time.
pub trait HubClock: Send + Sync {
    /// Now, in milliseconds of UTC.
    fn now(&self) -> UtcMs;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemHubClock;

impl HubClock for SystemHubClock {
    fn now(&self) -> UtcMs {
        // A machine that believes in a year before 1970 counts from there.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UtcMs(u64::try_from(since.as_millis()).unwrap_or(0)).min(UtcMs::MAX)
    }
}
