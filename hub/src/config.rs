//! What a hub is made with, and the limits that it serves under.

use std::time::Duration;

use bading_core::model::identifiers::Zone;

/// What `hub init` fixes for the life of a hub.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The hub's name, for people.
    pub name: String,
    /// The zone that it sequences, and that new cases go to: a county code such as `310101`.
    pub zone: Zone,
    /// Minutes that local time is ahead of UTC: it decides the day in a case number.
    pub utc_offset_min: i32,
}

impl HubConfig {
    /// Beijing time, 480 minutes ahead of UTC.
    pub const BEIJING_OFFSET_MIN: i32 = 480;

    /// A hub for a zone, in Beijing time.
    #[must_use]
    pub fn new(name: &str, zone: Zone) -> Self {
        Self {
            name: name.to_owned(),
            zone,
            utc_offset_min: Self::BEIJING_OFFSET_MIN,
        }
    }
}

/// What one process takes on at a time. What exceeds it is told to come back, not queued.
#[derive(Debug, Clone)]
pub struct ServeLimits {
    /// Connections at once; further ones wait in the listener's backlog.
    pub connections: usize,
    /// Requests at once that work on the store or on the disk.
    pub jobs: usize,
    /// Photos at once that are being received.
    pub uploads: usize,
    /// From the first byte of a request to the last of its headers; also the longest pause
    /// between two requests.
    pub header_timeout: Duration,
    /// From the headers of a request to the answer's, photos excepted.
    pub request_timeout: Duration,
    /// Between two pieces of a photo or of an answer.
    pub idle_timeout: Duration,
    /// How long requests under way may take once the hub is told to stop.
    pub drain_timeout: Duration,
    /// Whether the page for people is there at all; it is answered to this machine only.
    pub page: bool,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            jobs: 64,
            uploads: 32,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(20),
            page: true,
        }
    }
}
