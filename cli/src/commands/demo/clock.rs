//! The day's clock: every phone of the demo reads it, and the hub is started on it, so that
//! the day is the same whenever it is played.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bading_core::engine::SystemHost;
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::services::Host;

/// A clock that is set and runs on from there.
pub(super) struct DayClock {
    set: Mutex<(UtcMs, Instant)>,
    system: SystemHost,
}

impl DayClock {
    pub(super) fn new(at: UtcMs) -> Arc<Self> {
        Arc::new(Self {
            set: Mutex::new((at, Instant::now())),
            system: SystemHost::new(),
        })
    }

    pub(super) fn set(&self, at: UtcMs) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = (at, Instant::now());
    }

    pub(super) fn at(&self) -> UtcMs {
        let (at, since) = *self.set.lock().unwrap_or_else(PoisonError::into_inner);
        at.plus_ms(u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl Host for DayClock {
    fn now(&self) -> ClockReading {
        let wall = self.at();
        ClockReading {
            wall,
            // The day is one boot of every phone.
            mono_ms: wall.0,
            boot: [0xd0; 16],
        }
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.system.fill_random(bytes);
    }
}
