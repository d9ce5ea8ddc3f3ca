//! Sync without I/O: what is said on the wire, what a phone says next, and what a hub may
//! admit. The same code serves the phone, the hub and tests that lose and repeat messages;
//! HTTP stands around it ([`crate::http`], the hub's routes).
//!
//! A session: challenge → session → packs → push until the outbox is empty → pull each zone
//! up to its head → photos. Every step may be repeated: commits are known by their hash,
//! pages by their cursor, blobs by their content.

pub mod admission;
#[cfg(feature = "frames")]
pub mod frame;
pub mod phone;
pub mod transport;
pub mod wire;
