//! `bading-core`: everything that an inspector's or a citizen's phone knows.
//!
//! The layers import only downwards (`cargo xtask layers` checks it):
//! `model → geo → rules`, `model → photo`, `model → oplog → sync`,
//! `model, oplog → storage`, all → `services → engine`. The layers up to `sync`
//! do no I/O and read no clock; `storage` holds the only SQL and never judges.
//! ARCHITECTURE.md tells the whole on one page.

pub mod geo;
pub mod model;
pub mod oplog;
#[cfg(feature = "photo")]
pub mod photo;
pub mod sync;
