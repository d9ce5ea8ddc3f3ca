//! Photos: taken only when an admitted commit names them, told only to those who may see
//! the case.

use std::fs::File;

use bading_core::model::identifiers::Hash;

use crate::Hub;
use crate::error::HubError;
use crate::folder::Incoming;
use crate::session::Caller;
use crate::store::{blobs, erasures, packs};

/// Whether a photo is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// It is here already, whole.
    Present,
    /// It is named by an admitted commit and not here.
    Missing,
}

impl Hub {
    /// Whether a photo is to be sent.
    pub(crate) fn wants_photo(&self, hash: &Hash) -> Result<Wanted, HubError> {
        self.store.read(|conn| {
            // What was ordered to be erased does not come back.
            if !blobs::is_announced(conn, hash, &self.zone)?
                || erasures::is_photo(conn, &self.zone, hash)?
            {
                return Err(HubError::NotAnnounced);
            }
            Ok(match blobs::find_size(conn, hash)? {
                Some(_) => Wanted::Present,
                None => Wanted::Missing,
            })
        })
    }

    pub(crate) fn begin_photo(&self) -> Result<Incoming, HubError> {
        self.folder.begin()
    }

    /// Keeps a photo that came whole: first the file, durably, then the row.
    pub(crate) fn keep_photo(&self, promised: &Hash, incoming: Incoming) -> Result<(), HubError> {
        if incoming.hash() != *promised {
            return Err(HubError::HashMismatch);
        }
        let (hash, size_bytes) = self.folder.keep(incoming)?;
        let is_kept = self.store.write(|conn| {
            if erasures::is_photo(conn, &self.zone, &hash)? {
                return Ok(false);
            }
            blobs::add(conn, &hash, size_bytes)?;
            Ok(true)
        })?;
        if !is_kept {
            // It was ordered to be erased while it came.
            self.folder.remove(&hash)?;
            return Err(HubError::NotAnnounced);
        }
        Ok(())
    }

    /// The length of a photo that the caller may know of, in bytes.
    pub(crate) fn find_photo(&self, caller: &Caller, hash: &Hash) -> Result<u64, HubError> {
        self.store.read(|conn| {
            // The same answer for what is absent and for what is not theirs.
            let may_see = if caller.is_citizen() {
                let person = caller.authority.person.as_ref();
                blobs::is_of_own_case(conn, &self.zone, hash, &caller.device, person)?
            } else {
                blobs::is_announced(conn, hash, &self.zone)?
            };
            if !may_see {
                return Err(HubError::UnknownBlob);
            }
            blobs::find_size(conn, hash)?.ok_or(HubError::UnknownBlob)
        })
    }

    /// The length of a pack, in bytes.
    pub(crate) fn find_pack(&self, caller: &Caller, hash: &Hash) -> Result<u64, HubError> {
        caller.may_fetch()?;
        self.store
            .read(|conn| packs::find_size(conn, hash))?
            .ok_or(HubError::UnknownPack)
    }

    pub(crate) fn open_file(&self, hash: &Hash) -> Result<File, HubError> {
        self.folder.open(hash)
    }
}
