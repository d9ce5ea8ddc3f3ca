//! `bading-core`: everything that an inspector's or a citizen's phone knows.
//!
//! The layers import only downwards (`cargo xtask layers` checks it):
//! `model → geo → rules`, `model → photo`, `model → oplog → sync`,
//! `model, oplog → storage`, all → `services → engine`. The layers up to `sync`
//! do no I/O and read no clock; `storage` holds the only SQL and never judges.
//! ARCHITECTURE.md tells the whole on one page.

#[cfg(feature = "storage")]
pub mod engine;
pub mod geo;
#[cfg(feature = "http")]
pub mod http;
pub mod model;
pub mod oplog;
#[cfg(feature = "photo")]
pub mod photo;
pub mod rules;
#[cfg(feature = "storage")]
pub mod services;
#[cfg(feature = "storage")]
pub mod storage;
pub mod sync;
