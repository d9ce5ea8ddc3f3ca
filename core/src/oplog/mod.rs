//! The log: every change is an operation in a signed commit, and every state is a fold.
//!
//! - [`cbor`]: the deterministic encoding; what decodes and does not encode to the same
//!   bytes is refused.
//! - [`commit`] and [`body`]: the bytes of one user action (docs/formats/commit.md).
//! - [`sign`]: keys, signatures, and what is signed for what.
//! - [`hlc`]: the hybrid logical clock, and the time that counts once the hub has stamped.
//! - [`certificate`] and [`entry`]: what the hub says: grants, and the zone's sequence.
//! - [`judge`], [`merge`], [`fold`] and [`history`]: who may do what, how fields merge, what
//!   results, and that it does so in whatever order commits arrive.
//! - [`attest`] and [`challenge`]: how a report came about, and the hub's number of the hour.
//! - [`erasure`]: orders by which values and photos are gone everywhere.
//! - [`chunk`] and [`patrol`]: parts of a track as bytes, and a patrol folded from them.
//! - [`verdict_act`] and [`verdict`]: what is decided about people, published and appealed
//!   against, as bytes and folded.
//! - [`evidence`]: a file of commits, receipts and photos that proves itself.
//!
//! Nothing here does I/O, reads a clock or draws a random number.

pub mod attest;
pub mod body;
pub mod cbor;
pub mod certificate;
pub mod challenge;
pub mod chunk;
pub mod commit;
pub mod entry;
pub mod erasure;
pub mod evidence;
pub mod fold;
pub mod history;
pub mod hlc;
pub mod judge;
pub mod merge;
mod operation;
pub mod patrol;
pub mod sign;
pub mod trusted_time;
pub mod verdict;
pub mod verdict_act;
