//! Erasure at the hub: what admitted orders name is dropped in the transaction of the order,
//! and the files are cleaned after it.

use bading_core::oplog::body::Body;
use bading_core::oplog::erasure::Erasure;
use rusqlite::Connection;

use crate::Hub;
use crate::error::HubError;
use crate::store::erasures;

impl Hub {
    /// Takes the orders of a commit that is admitted at a position.
    pub(crate) fn take_orders(
        &self,
        conn: &Connection,
        body: &Body,
        position: u64,
    ) -> Result<(), HubError> {
        for order in body.erasures() {
            erasures::note(conn, &self.zone, &order.what, position)?;
            match &order.what {
                Erasure::Values { commit, .. } => erasures::strip(conn, &self.zone, commit)?,
                Erasure::Photo(photo) => erasures::drop_photo(conn, photo)?,
            }
        }
        Ok(())
    }

    /// Cleans the files of what was erased, where that is still to be done. What is busy stays
    /// marked and is tried again with the next batch, and when the hub is opened.
    pub(crate) fn finish_erasures(&self) -> Result<(), HubError> {
        let photos = self.store.read(|conn| {
            if !erasures::is_pending(conn)? {
                return Ok(None);
            }
            erasures::photos(conn, &self.zone).map(Some)
        })?;
        let Some(photos) = photos else { return Ok(()) };
        for photo in &photos {
            self.folder.remove(photo)?;
        }
        match self.store.scrub() {
            Err(HubError::Busy | HubError::DiskFull) => {
                tracing::warn!("the database is not clean of what was erased yet");
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => {
                self.store.write(erasures::set_done)?;
                // The line above is in the write-ahead log alone, and says nothing personal.
                Ok(())
            }
        }
    }
}
