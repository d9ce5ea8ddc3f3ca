//! A hub's folder as the source of an evidence bundle.

use std::io::Write;

use bading_core::model::identifiers::{DeviceKey, Hash, Zone};
use bading_core::oplog::body::Subject;
use bading_core::oplog::evidence::{Exporter, GrantPart, PackPart};
use bading_core::oplog::sign::DeviceSigner as _;
use bading_core::services::evidence::export::{
    By, ExportError, Exported, Held, Source, Wanted, export,
};
use rusqlite::Connection;

use crate::Hub;
use crate::error::HubError;
use crate::store::log::{self, StoredEntry};
use crate::store::{blobs, packs};

/// Why a hub exported nothing.
pub type EvidenceError = ExportError<HubError>;

/// One state of a hub's database, with its files.
struct HubSource<'a> {
    hub: &'a Hub,
    conn: &'a Connection,
}

impl Hub {
    /// Writes an evidence bundle of what this hub has sequenced.
    ///
    /// - `writer`: the program that exports, such as `bading 0.1.0`.
    ///
    /// # Errors
    /// [`EvidenceError`]; what was written is no bundle then.
    pub fn export_evidence(
        &self,
        wanted: &Wanted,
        writer: &str,
        out: impl Write,
    ) -> Result<Exported, EvidenceError> {
        // The store's transaction knows the hub's errors only; the export's own stays beside.
        let outcome = self.store.read(|conn| {
            let head = log::zone_head(conn, &self.zone)?;
            let by = By {
                writer: writer.to_owned(),
                exporter: Exporter::Hub(self.key.key()),
                now: self.now(),
                hub: Some(self.key.key()),
                zones: vec![(self.zone.clone(), head.epoch, head.next_position - 1)],
            };
            let source = HubSource { hub: self, conn };
            Ok(export(&source, wanted, &by, out))
        });
        outcome.map_err(ExportError::Source)?
    }
}

/// A commit with its entry; nothing for what stamps no commit.
fn held(stored: StoredEntry) -> Option<Held> {
    Some(Held {
        commit: stored.content?,
        entry: Some(stored.entry),
    })
}

impl Source for HubSource<'_> {
    type Error = HubError;

    fn about(&self, subject: &Subject) -> Result<Vec<Held>, HubError> {
        let mut about = Vec::new();
        log::commits_about(self.conn, &self.hub.zone, subject, |stored| {
            about.extend(held(stored));
            Ok(())
        })?;
        Ok(about)
    }

    fn everything(&self, each: &mut dyn FnMut(Held)) -> Result<(), HubError> {
        log::every_commit(self.conn, &self.hub.zone, |stored| {
            held(stored).into_iter().for_each(&mut *each);
        })
    }

    fn find(&self, commit: &Hash) -> Result<Option<Held>, HubError> {
        let stored = log::find_commit(self.conn, &self.hub.zone, commit)?;
        Ok(stored.and_then(held))
    }

    fn stream(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        last: u64,
        each: &mut dyn FnMut(Held),
    ) -> Result<(), HubError> {
        log::stream_until(self.conn, &self.hub.zone, device, zone, last, |stored| {
            held(stored).into_iter().for_each(&mut *each);
        })
    }

    fn grants(&self, device: &DeviceKey) -> Result<Vec<GrantPart>, HubError> {
        let grants = log::grants_of(self.conn, &self.hub.zone, device)?;
        Ok(grants
            .into_iter()
            .map(|(certificate, entry)| GrantPart { certificate, entry })
            .collect())
    }

    fn packs(&self) -> Result<Vec<PackPart>, HubError> {
        packs::list_active(self.conn, &self.hub.zone)?
            .into_iter()
            .map(|row| {
                Ok(PackPart {
                    entry: log::entry_of_pack(self.conn, &self.hub.zone, &row.hash)?,
                    kind: row.kind,
                    hash: row.hash,
                })
            })
            .collect()
    }

    fn pack_content(&self, part: &PackPart) -> Result<Option<Vec<u8>>, HubError> {
        self.hub.read_file(&part.hash).map(Some)
    }

    fn photo(&self, photo: &Hash) -> Result<Option<Vec<u8>>, HubError> {
        if blobs::find_size(self.conn, photo)?.is_none() {
            return Ok(None);
        }
        match self.hub.read_file(photo) {
            Ok(bytes) => Ok(Some(bytes)),
            // A file that is gone is absent like one that never came.
            Err(HubError::Damaged(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
