//! Pages of the zone's sequence: who receives what, and in pieces of which size.

use bading_core::model::identifiers::Zone;
use bading_core::sync::wire::{MAX_PAGE_ENTRIES, PackInfo, Page, PageItem};

use crate::Hub;
use crate::error::HubError;
use crate::session::Caller;
use crate::store::{log, packs};

/// The most bytes of entries and contents on one page, before it is packed.
const MAX_PAGE_BYTES: usize = 3 * 1024 * 1024;
/// How far one page looks for entries of a caller who receives few of them.
const MAX_PAGE_SPAN: u64 = 50_000;

/// Where a zone's sequence stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneStatus {
    /// The zone.
    pub zone: Zone,
    /// The life of its log.
    pub epoch: u64,
    /// The last position; 0 for an empty sequence.
    pub last_position: u64,
}

impl Hub {
    /// Where the zones stand, read from the database.
    ///
    /// # Errors
    /// The store's failures.
    pub fn zones(&self) -> Result<Vec<ZoneStatus>, HubError> {
        let head = self.store.read(|conn| log::zone_head(conn, &self.zone))?;
        Ok(vec![ZoneStatus {
            zone: self.zone.clone(),
            epoch: head.epoch,
            last_position: head.next_position - 1,
        }])
    }

    /// The next page for a caller. The cursor is the zone's position: what the caller does
    /// not receive is skipped and still moves it.
    ///
    /// - `limit`: the most entries, 1 to [`MAX_PAGE_ENTRIES`]; beyond is brought within.
    ///
    /// # Errors
    /// [`HubError::UnknownZone`], [`HubError::Revoked`].
    pub fn page(
        &self,
        caller: &Caller,
        zone: &Zone,
        after: u64,
        limit: usize,
    ) -> Result<Page, HubError> {
        caller.may_fetch()?;
        if *zone != self.zone {
            return Err(HubError::UnknownZone);
        }
        let limit = limit.clamp(1, MAX_PAGE_ENTRIES);
        self.store.read(|conn| {
            let head = log::zone_head(conn, zone)?;
            let last = head.next_position - 1;
            let to = last.min(after.saturating_add(MAX_PAGE_SPAN));
            let (mut items, mut bytes) = (Vec::new(), 0);
            // Unless something stops it, the page reaches to the end of what was looked at.
            let mut cursor = to;
            let mut before = after;
            log::entries_between(conn, zone, (after, to), &caller.entries(), |stored| {
                let content = stored.content.as_ref().map_or(0, Vec::len);
                bytes += stored.entry.len() + content;
                if items.len() == limit || (bytes > MAX_PAGE_BYTES && !items.is_empty()) {
                    cursor = before;
                    return Ok(false);
                }
                before = stored.position;
                items.push(PageItem {
                    entry: stored.entry,
                    content: stored.content,
                });
                Ok(true)
            })?;
            Ok(Page {
                zone: zone.clone(),
                epoch: head.epoch,
                cursor,
                has_more: cursor < last,
                items,
            })
        })
    }

    /// The reference data in force.
    ///
    /// # Errors
    /// The store's failures.
    pub fn packs(&self) -> Result<Vec<PackInfo>, HubError> {
        let rows = self
            .store
            .read(|conn| packs::list_active(conn, &self.zone))?;
        Ok(rows
            .into_iter()
            .map(|row| PackInfo {
                kind: row.kind,
                hash: row.hash.to_string(),
                size_bytes: row.size_bytes,
            })
            .collect())
    }
}
