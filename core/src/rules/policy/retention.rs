//! How long a phone keeps what the hub has already.

use serde::{Deserialize, Serialize};

/// When a phone may let photos go that the hub has confirmed. It never lets go what the hub
/// has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionPolicy {
    /// For how many days after the hub's stamp an original stays, whatever the space.
    pub keep_days: u32,
    /// How much all photos of a phone may take, in MiB of 1,048,576 bytes.
    pub max_mib: u32,
}

impl Default for RetentionPolicy {
    /// Our own choice, for a city to change: a month on a phone of which photos may take 4 GiB.
    fn default() -> Self {
        Self {
            keep_days: 30,
            max_mib: 4096,
        }
    }
}

impl RetentionPolicy {
    /// The space in bytes.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        u64::from(self.max_mib) * 1024 * 1024
    }

    /// The age in milliseconds.
    #[must_use]
    pub fn keep_ms(&self) -> u64 {
        u64::from(self.keep_days) * 24 * 60 * 60 * 1000
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
