//! What a phone does, one use case per function, each in one transaction of the store.
//!
//! - [`capture`]: a report with photos, offline, before any enrolment.
//! - [`draft`]: a report that is still being made, safe field by field.
//! - [`case`]: list, show, comment, amend and move a case.
//! - [`enrol`]: become the device of a person.
//! - [`erasure`]: what is personal and was ordered to be gone, is gone.
//! - [`sync`]: drive a session with the hub.
//! - [`person`]: everything that is held about one person.
//! - [`retention`]: let go what the hub has.
//! - [`evidence`]: a bundle that others can check, and the check.
//! - [`verify`]: check everything again, without trusting anybody.
//! - [`salvage`]: what is left of a damaged store becomes a sound one.
//! - [`patrol`]: record a walk, and see what it covers.
//! - [`duty_file`]: a city's duty list from its tables, row by row.
//! - [`review`]: what was walked, attended and done, and the verdict, with all reasons.
//! - [`seen`]: when a report was made, as far as it is proved.
//! - [`facility`]: what is near, how far, which way, and whether it is open.
//! - [`grids`]: the cells of all times, and which one holds a place as of one.
//! - [`verdict`]: what is decided about people, verdicts published and appealed against.
//! - [`packs`] and [`mod@reference`]: reference data as files become it, and as it is used.
//!
//! A new field on a case is a [`crate::model::case::Field`] with its code in
//! docs/formats/commit.md, a line in `oplog/body.rs` (reading) and `oplog/merge.rs` (the
//! table), and, where the list shows it, a migration and a column in `storage/case.rs`;
//! [`case::amend`] writes it and [`case::show`] reads it. ARCHITECTURE.md has the whole list.

pub mod capture;
pub mod case;
pub mod draft;
pub mod duty_file;
pub mod enrol;
pub mod erasure;
pub mod evidence;
pub mod facility;
pub mod grids;
pub mod log;
pub mod packs;
pub mod patrol;
pub mod person;
pub mod reference;
pub mod retention;
pub mod review;
pub mod salvage;
pub mod seen;
pub mod sync;
pub mod verdict;
pub mod verify;

use thiserror::Error;

use crate::geo::grid_file::GridFileError;
use crate::geo::layer_check::LayerRefusal;
use crate::model::case::CaseId;
use crate::model::draft::{DraftId, SlotId};
use crate::model::identifiers::{DeviceKey, Hash, IdentifierError};
use crate::model::patrol::PatrolId;
use crate::model::place::PlaceError;
use crate::model::time::ClockReading;
use crate::oplog::certificate::CertificateError;
use crate::oplog::commit::CommitError;
use crate::oplog::judge::Refusal;
use crate::oplog::sign::{DeviceSigner, SignError};
use crate::photo::PhotoError;
use crate::storage::{Store, StoreError};
use crate::sync::phone::SessionError;
use crate::sync::transport::TransportError;

/// What the host gives: its clocks and its randomness. Nothing below reads either.
pub trait Host: Send + Sync {
    /// What the clocks say now.
    fn now(&self) -> ClockReading;

    /// Fills bytes from the operating system's randomness.
    fn fill_random(&self, bytes: &mut [u8]);
}

/// What every use case works with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The store.
    pub store: &'a Store,
    /// The host's clocks and randomness.
    pub host: &'a dyn Host,
    /// The device's key.
    pub signer: &'a dyn DeviceSigner,
    /// What was made of the packs in force.
    pub reference: &'a reference::Reference,
}

impl Context<'_> {
    fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.host.fill_random(&mut nonce);
        nonce
    }

    fn device(&self) -> DeviceKey {
        self.signer.key()
    }
}

/// Why a use case was not done. Nothing of it is left behind.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The device's key.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What was to be sealed does not fit into a commit.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A photo.
    #[error("photo {index}: {why}")]
    Photo {
        /// Its place in the report, from 1.
        index: usize,
        /// What is wrong with it.
        why: PhotoError,
    },
    /// A report needs at least one photo.
    #[error("a report needs at least one photo")]
    NoPhoto,
    /// A place.
    #[error("at: {0}")]
    Place(#[from] PlaceError),
    /// An identifier.
    #[error("{field}: {why}")]
    Identifier {
        /// The field that it was given in.
        field: &'static str,
        /// What is wrong with it.
        why: IdentifierError,
    },
    /// A text is longer than a commit may carry.
    #[error("{field}: at most {max} bytes of text, found {found}")]
    TextTooLong {
        /// The field that it was given in.
        field: &'static str,
        /// The most bytes.
        max: usize,
        /// The bytes found.
        found: usize,
    },
    /// The duty list in force has no such class.
    #[error("class: `{0}` is not in the duty list")]
    UnknownClass(String),
    /// No such case in this store.
    #[error("case {0} is not in this store")]
    NoSuchCase(CaseId),
    /// No such draft in this store, and no case that it became.
    #[error("draft {0} is not in this store")]
    NoSuchDraft(DraftId),
    /// No draft has such a slot.
    #[error("slot {0} is in no draft of this store")]
    NoSuchSlot(SlotId),
    /// Another photo is in the slot.
    #[error("slot {0} has another photo: remove it first")]
    SlotTaken(SlotId),
    /// Another process changed the draft while it was being reported.
    #[error("draft {0} was changed meanwhile: look at it again")]
    DraftChanged(DraftId),
    /// There are too many drafts already.
    #[error("there are {0} drafts already: report or discard some")]
    TooManyDrafts(usize),
    /// A draft has too many photos.
    #[error("a draft has at most {0} photos")]
    TooManyPhotos(usize),
    /// No such photo in this store or at the hub.
    #[error("photo {0} is not to be had")]
    NoSuchPhoto(Hash),
    /// A salvage could not tell whether the hub knows more of this device than its store.
    #[error("after the salvage the hub may know more of this device than the store: sync first")]
    HeadInDoubt,
    /// The signer may not do this.
    #[error("not allowed: {0}")]
    Refused(Refusal),
    /// The case stands where this move does not begin.
    #[error("the case is `{phase}`, `{action}` does not begin there")]
    WrongPhase {
        /// Where it stands.
        phase: &'static str,
        /// What was to be done.
        action: &'static str,
    },
    /// A patrol is under way on this device; another begins when it is finished.
    #[error("patrol {0} is under way: finish it first")]
    PatrolUnderWay(PatrolId),
    /// No patrol is under way on this device.
    #[error("no patrol is under way")]
    NoPatrol,
    /// The patrol is paused.
    #[error("the patrol is paused: resume it first")]
    PatrolPaused,
    /// The patrol is not paused.
    #[error("the patrol is not paused")]
    PatrolNotPaused,
    /// Another process has taken the recording over.
    #[error("another process has taken this recording over")]
    PatrolElsewhere,
    /// No such patrol in this store.
    #[error("patrol {0} is not in this store")]
    NoSuchPatrol(PatrolId),
    /// A review ends before it begins, or looks at more than a year.
    #[error("a review's time must end after it begins, at most a year later")]
    ReviewSpan,
    /// The routes in force have no such route.
    #[error("route: `{0}` is not among the routes in force")]
    UnknownRoute(String),
    /// The device does not belong to a hub yet.
    #[error("this device is not enrolled")]
    NotEnrolled,
    /// The hub that answers is not the one that this device is enrolled at.
    #[error("this device is enrolled at another hub")]
    OtherHub,
    /// A certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The way to the hub.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What the hub sent does not hold.
    #[error("the hub sent what does not hold: {0}")]
    BadPage(String),
    /// A grid file.
    #[error(transparent)]
    Grids(#[from] GridFileError),
    /// A layer of grids.
    #[error(transparent)]
    GridLayer(#[from] LayerRefusal),
    /// A question about facilities.
    #[error(transparent)]
    Facility(#[from] facility::FacilityError),
    /// Something about a verdict.
    #[error(transparent)]
    Verdict(#[from] verdict::VerdictError),
    /// A duty list.
    #[error(transparent)]
    Duties(#[from] packs::DutyFileError),
    /// An evidence bundle.
    #[error(transparent)]
    Export(Box<evidence::export::ExportError<StoreError>>),
}
