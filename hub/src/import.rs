//! Reference data: whole versions, each in force from its place in the sequence on. What a
//! file means is read elsewhere; here it is bytes under a kind.

use bading_core::model::identifiers::Hash;
use bading_core::oplog::entry::Stamp;
use bading_core::oplog::sign::hash_of;
use bading_core::sync::wire::MAX_PACK_BYTES;

use crate::Hub;
use crate::error::HubError;
use crate::sequence::Sequencer;
use crate::store::{blobs, packs};

/// What became of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackOutcome {
    /// BLAKE3 of its bytes.
    pub hash: Hash,
    /// The version of its kind that is in force now, from 1.
    pub version: u64,
    /// False when this pack was in force already and nothing changed.
    pub is_new: bool,
}

impl Hub {
    /// The reference data of a kind that is in force.
    ///
    /// # Errors
    /// The store's failures.
    pub fn pack_in_force(&self, kind: &str) -> Result<Option<Vec<u8>>, HubError> {
        let rows = self
            .store
            .read(|conn| packs::list_active(conn, &self.zone))?;
        let row = rows.into_iter().find(|row| row.kind == kind);
        row.map(|row| self.read_file(&row.hash)).transpose()
    }

    /// Puts reference data in force. The same bytes again change nothing; the bytes of an
    /// older version become a new version.
    ///
    /// - `kind`: `grids`, `duties`, … : 1 to 32 lower-case ASCII letters.
    /// - `bytes`: parsed and canonical, at most [`MAX_PACK_BYTES`].
    ///
    /// # Errors
    /// [`HubError::Input`] for another kind of name, [`HubError::TooLarge`].
    pub fn put_pack(&self, kind: &str, bytes: &[u8]) -> Result<PackOutcome, HubError> {
        let is_name =
            (1..=32).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase());
        if !is_name {
            return Err(HubError::Input("kind must be 1 to 32 lower-case letters"));
        }
        if bytes.len() > MAX_PACK_BYTES {
            let max = MAX_PACK_BYTES as u64;
            return Err(HubError::TooLarge { max });
        }
        let hash = hash_of(bytes);
        let in_force = |packs: Vec<packs::PackRow>| packs.into_iter().find(|p| p.kind == kind);
        let current = in_force(
            self.store
                .read(|conn| packs::list_active(conn, &self.zone))?,
        );
        if let Some(current) = current.filter(|current| current.hash == hash) {
            return Ok(PackOutcome {
                hash,
                version: current.version,
                is_new: false,
            });
        }
        let mut incoming = self.folder.begin()?;
        incoming.write(bytes)?;
        let (hash, size_bytes) = self.folder.keep(incoming)?;
        let now = self.clock.now();
        self.store.write(|conn| {
            blobs::add(conn, &hash, size_bytes)?;
            // Asked again inside the transaction: another process may have been faster.
            let current = in_force(packs::list_active(conn, &self.zone)?);
            let before = current.as_ref().map_or(0, |current| current.version);
            if current.is_some_and(|current| current.hash == hash) {
                return Ok(PackOutcome {
                    hash,
                    version: before,
                    is_new: false,
                });
            }
            let version = before + 1;
            let mut sequencer = Sequencer::open(conn, &self.zone, &self.key, now)?;
            let position = sequencer.next_position();
            sequencer.stamp(Stamp::Pack(hash), None)?;
            sequencer.finish()?;
            packs::add(conn, &self.zone, kind, version, &hash, position)?;
            Ok(PackOutcome {
                hash,
                version,
                is_new: true,
            })
        })
    }
}
