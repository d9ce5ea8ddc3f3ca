//! Salvage of a damaged store.

use std::path::Path;
use std::sync::Arc;

use bading_core::engine::Engine;
use bading_core::services::salvage as core;

use crate::CoreError;
use crate::key_store::{KeyStore, options};

/// What was brought over from a damaged store, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Salvage {
    /// The folder within the store's to which what is damaged was set aside; nothing when
    /// nothing is damaged.
    pub set_aside: Option<String>,
    /// Commits that are in the store.
    pub commits_count: u64,
    /// Those of them with the hub's receipt.
    pub receipts_count: u64,
    /// Photos that are here, hashed again.
    pub photos_count: u64,
    /// Cases, folded again.
    pub cases_count: u64,
    /// True when the device may not write before it has spoken to its hub.
    pub needs_sync: bool,
    /// What is lost on this phone; the hub may have it.
    pub lost: LostPieces,
}

/// What could not be brought over, by its name.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LostPieces {
    /// Commits that something names and that are not here.
    pub commits: Vec<String>,
    /// Photos that were here and do not open.
    pub photos: Vec<String>,
    /// Settings that are not known any more.
    pub settings: Vec<String>,
    /// Tables of which rows may be missing.
    pub tables: Vec<String>,
}

/// Makes a sound store of what is left of a damaged one in the folder `dir`, after `open` said
/// `StorageDamaged`. What is damaged is set aside within the folder, never deleted. Nobody may
/// have the store open, this app included. It blocks for as long as reading the whole store
/// and every photo takes; one that is cut off is gone on with by the next.
///
/// # Errors
/// [`CoreError`]: `RetryLater` when somebody has the store open, `KeyUnavailable` when there
/// is none whose key is there.
#[uniffi::export(default(key_store = None))]
pub fn salvage_store(
    dir: &str,
    key_store: Option<Arc<dyn KeyStore>>,
) -> Result<Salvage, CoreError> {
    Ok(Engine::salvage(Path::new(dir), options(key_store))?.into())
}

impl From<core::Salvage> for Salvage {
    fn from(report: core::Salvage) -> Self {
        Self {
            set_aside: report.set_aside,
            commits_count: report.commits as u64,
            receipts_count: report.receipts as u64,
            photos_count: report.photos as u64,
            cases_count: report.cases as u64,
            needs_sync: report.needs_sync,
            lost: LostPieces {
                commits: report.lost.commits,
                photos: report.lost.photos,
                settings: report.lost.settings,
                tables: report.lost.tables,
            },
        }
    }
}
