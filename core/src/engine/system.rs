//! The host of a desktop, a server or a test: the operating system's own clocks and
//! randomness. Phones bring theirs.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::time::{ClockReading, UtcMs};
use crate::services::Host;

/// The operating system as a host.
#[derive(Debug)]
pub struct SystemHost {
    boot: [u8; 16],
    /// Where the boot is not known, the monotonic clock counts from here.
    started: std::time::Instant,
}

impl SystemHost {
    /// Reads which boot this is.
    #[must_use]
    pub fn new() -> Self {
        let started = std::time::Instant::now();
        let boot = boot_id().unwrap_or_else(|| {
            // A boot of its own for each process claims less than is known, never more.
            let mut random = [0; 16];
            fill(&mut random);
            random
        });
        Self { boot, started }
    }
}

impl Default for SystemHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for SystemHost {
    fn now(&self) -> ClockReading {
        // A clock before 1970 reads as 1970; the hub's stamps put it in its place.
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let wall = UtcMs(u64::try_from(wall.as_millis()).unwrap_or(UtcMs::MAX.0)).min(UtcMs::MAX);
        let mono_ms = boot_ms().unwrap_or_else(|| {
            u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
        });
        ClockReading {
            wall,
            mono_ms,
            boot: self.boot,
        }
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        fill(bytes);
    }
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("every supported system has randomness after its boot");
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_id() -> Option<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(*uuid::Uuid::parse_str(text.trim()).ok()?.as_bytes())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn boot_id() -> Option<[u8; 16]> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_ms() -> Option<u64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(u64::try_from(time.tv_sec).ok()? * 1_000 + u64::try_from(time.tv_nsec).ok()? / 1_000_000)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn boot_ms() -> Option<u64> {
    None
}
