//! `bading-bindings`: the core as Kotlin and Swift see it.
//!
//! [`FieldCore`] is the one object; the rest are the records and enums that it takes and gives.
//! Every function lifts its arguments, makes one call to `bading-core` and lowers the
//! answer; a decision made here would be a function that the core lacks. There is one
//! file per concept, named as in the core's layers. `cargo xtask kotlin` generates the
//! Kotlin, compiles it and runs the tests of `bindings/kotlin` on the real library.

mod capture;
mod case;
mod case_detail;
mod coverage;
mod draft;
mod engine;
mod error;
mod facility;
mod key;
mod key_store;
mod live;
mod patrol;
mod photo;
mod place;
mod review;
mod salvage;
mod sync;
mod verify;
mod version;
mod workflow;

pub use capture::{Hint, ReportOutcome, ReportRequest, ReportedPhoto};
pub use case::{Acted, CaseFilter, CaseLine, CasePage, MoveDetails};
pub use case_detail::{
    CaseDetail, FieldDetail, FieldValue, Outcome, PhotoDetail, Said, TimelineEntry,
};
pub use coverage::{
    CheckpointVisit, Coverage, CoveredStretch, FixCounts, Lap, MissedStretch, RejectedFixes,
};
pub use draft::{Draft, DraftPhoto, DraftValue, PhotoMoment, SeenPlace};
pub use engine::{FieldCore, Status};
pub use error::CoreError;
pub use facility::{FacilityKindLine, NearestAnswer, NearestFacility};
pub use key_store::{KeyStore, KeyStoreError};
pub use live::{Here, LivePatrol, LiveView, NearestUncovered, NextCheckpoint, WalkTo};
pub use patrol::{Fix, InterruptionView, PatrolLine, PatrolPlan, PatrolView};
pub use photo::{PhotoFile, PhotoSource};
pub use place::LatLon;
pub use salvage::{LostPieces, Salvage, salvage_store};
pub use sync::{Conflict, RefusedCommit, SyncReport};
pub use verify::{Fault, Verification};
pub use version::core_version;

uniffi::setup_scaffolding!();
