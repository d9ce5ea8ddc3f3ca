//! A phone's store as the source of a bundle.

use std::io::Write;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::oplog::body::Subject;
use crate::oplog::evidence::{Exporter, GrantPart, PackPart};
use crate::services::evidence::export::{By, ExportError, Exported, Held, Source, Wanted, export};
use crate::services::log::hub_key;
use crate::services::{Context, ServiceError};
use crate::storage::log::StoredCommit;
use crate::storage::{Store, StoreError, Tx};

/// Commits that are read at a time.
const ROWS_AT_ONCE: usize = 1_000;

/// One state of a store.
struct StoreSource<'a, 'c> {
    tx: &'a Tx<'c>,
    store: &'a Store,
}

impl From<StoredCommit> for Held {
    fn from(stored: StoredCommit) -> Self {
        Self {
            commit: stored.bytes,
            entry: stored.entry,
        }
    }
}

/// Writes a bundle of what this store holds.
///
/// - `writer`: the program that exports, such as `bading 0.1.0`.
///
/// # Errors
/// [`ServiceError::Export`]; what was written is no bundle then.
pub fn export_from_store(
    context: &Context<'_>,
    wanted: &Wanted,
    writer: &str,
    out: impl Write,
) -> Result<Exported, ServiceError> {
    context.store.read(|tx| {
        let by = By {
            writer: writer.to_owned(),
            exporter: Exporter::Device(context.device()),
            now: context.host.now().wall,
            hub: hub_key(tx)?,
            zones: tx.cursors()?,
        };
        let source = StoreSource {
            tx,
            store: context.store,
        };
        export(&source, wanted, &by, out).map_err(|error| match error {
            ExportError::Source(error) => ServiceError::Store(error),
            other => ServiceError::Export(Box::new(other)),
        })
    })
}

impl Source for StoreSource<'_, '_> {
    type Error = StoreError;

    fn about(&self, subject: &Subject) -> Result<Vec<Held>, StoreError> {
        let stored = self.tx.commits_about(subject)?;
        Ok(stored.into_iter().map(Held::from).collect())
    }

    fn everything(&self, each: &mut dyn FnMut(Held)) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = self.tx.commits_after(after, ROWS_AT_ONCE)?;
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            after = *last;
            rows.into_iter().for_each(|(_, stored)| each(stored.into()));
        }
    }

    fn find(&self, commit: &Hash) -> Result<Option<Held>, StoreError> {
        Ok(self.tx.find_commit(commit)?.map(Held::from))
    }

    fn stream(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        last: u64,
        each: &mut dyn FnMut(Held),
    ) -> Result<(), StoreError> {
        self.tx
            .stream_until(device, zone, last, |stored| each(stored.into()))
    }

    fn grants(&self, device: &DeviceKey) -> Result<Vec<GrantPart>, StoreError> {
        let grants = self.tx.grants_of(device)?;
        Ok(grants
            .into_iter()
            .map(|grant| GrantPart {
                certificate: grant.certificate,
                entry: grant.entry,
            })
            .collect())
    }

    fn packs(&self) -> Result<Vec<PackPart>, StoreError> {
        // A phone keeps packs and not the entries that put them in force.
        let packs = self.tx.pack_names()?;
        Ok(packs
            .into_iter()
            .map(|(kind, hash)| PackPart {
                kind,
                hash,
                entry: None,
            })
            .collect())
    }

    fn pack_content(&self, part: &PackPart) -> Result<Option<Vec<u8>>, StoreError> {
        let pack = self.tx.pack(&part.kind)?;
        Ok(pack
            .filter(|(hash, _)| *hash == part.hash)
            .map(|(_, bytes)| bytes))
    }

    fn photo(&self, photo: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.blobs().get(photo)
    }
}
