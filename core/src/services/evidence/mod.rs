//! Evidence that travels: a bundle of commits, receipts, grants and photos, made of a phone's
//! store or a hub's folder, and checked by anybody.
//!
//! - [`export`](mod@export): what belongs into a bundle, whoever holds it.
//! - [`verify_bundle`]: everything checked from the bytes alone.
//! - [`Finding`] and [`Words`]: what was found, in words that a clerk understands.
//!
//! The bytes are those of docs/formats/evidence.md.

pub mod export;
mod finding;
mod pictures;
mod report;
mod store;
mod stream;
mod verify;

pub use finding::{Finding, Words};
pub use pictures::{PICTURE_PX, Pictures};
pub use report::{CaseEvidence, EvidenceReport, Made, PhotoEvidence, Step};
pub use store::export_from_store;
pub use stream::StreamReport;
pub use verify::{Verified, verify_bundle};
