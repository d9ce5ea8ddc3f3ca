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

/// A clock that is set by hand and runs on from there: for rehearsals and training, never
/// for a city, whose receipts must tell the true time.
#[derive(Debug)]
pub struct RehearsalClock {
    at: UtcMs,
    since: std::time::Instant,
}

impl RehearsalClock {
    /// A clock that shows this instant now.
    #[must_use]
    pub fn new(at: UtcMs) -> Self {
        Self {
            at,
            since: std::time::Instant::now(),
        }
    }
}

impl HubClock for RehearsalClock {
    fn now(&self) -> UtcMs {
        let passed_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.at.plus_ms(passed_ms).min(UtcMs::MAX)
    }
}
