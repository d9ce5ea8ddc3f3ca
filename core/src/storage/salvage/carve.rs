//! Commits and signed entries in pages: they prove themselves, so that it does not matter
//! whether the page does.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use minicbor::Decoder;

use crate::model::identifiers::Hash;
use crate::oplog::commit::{Commit, MAX_COMMIT_BYTES};
use crate::oplog::entry::MAX_ENTRY_BYTES;
use crate::storage::StoreError;
use crate::storage::salvage::page::{Page, USABLE};
use crate::storage::salvage::pages::Pages;
use crate::storage::salvage::record::{Value, node, values};

/// What the envelopes begin with: an array of four, an array of two.
const COMMIT: u8 = 0x84;
const ENTRY: u8 = 0x82;
/// A signature alone has 64 bytes.
const LEAST: usize = 64;

/// What was found that proves itself.
#[derive(Debug, Default)]
pub(crate) struct Carved {
    /// Sound commits by their hash. Of several copies the one from which the most was erased:
    /// what was erased must not come back.
    pub(crate) commits: BTreeMap<Hash, Vec<u8>>,
    /// What may be signed entries; whoever knows the hub's key can tell.
    pub(crate) entries: HashSet<Vec<u8>>,
    seen: HashSet<[u8; 32]>,
}

impl Carved {
    /// Takes what is in any version of any page.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn take_from(&mut self, pages: &Pages) -> Result<(), StoreError> {
        pages.each_version(&mut |number, page| {
            if page.is_proved {
                self.take_records(pages, number, page)
            } else {
                self.take_anywhere(page);
                Ok(())
            }
        })
    }

    fn take_records(&mut self, pages: &Pages, number: u32, page: &Page) -> Result<(), StoreError> {
        let Some(node) = node(&page.bytes, number) else {
            // A page of a long row, or one that was given up.
            return Ok(());
        };
        for cell in &node.cells {
            let Some(record) = pages
                .payload(&page.bytes, cell)?
                .as_deref()
                .and_then(values)
            else {
                continue;
            };
            for value in record {
                if let Value::Blob(bytes) = value {
                    self.take(&bytes);
                }
            }
        }
        Ok(())
    }

    /// A page whose own order cannot be trusted is searched byte by byte.
    fn take_anywhere(&mut self, page: &Page) {
        let content = &page.bytes[..USABLE];
        for at in 0..content.len() - LEAST {
            let is_start =
                matches!(content[at], COMMIT | ENTRY) && matches!(content[at + 1], 0x40..=0x59);
            if !is_start {
                continue;
            }
            let mut decoder = Decoder::new(&content[at..]);
            if decoder.skip().is_ok() {
                self.take(&content[at..at + decoder.position()]);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        match bytes.first() {
            Some(&COMMIT)
                if (LEAST..=MAX_COMMIT_BYTES).contains(&bytes.len())
                    && self.seen.insert(*blake3::hash(bytes).as_bytes()) =>
            {
                self.take_commit(bytes);
            }
            Some(&ENTRY) if (LEAST..=MAX_ENTRY_BYTES + 2 * LEAST).contains(&bytes.len()) => {
                self.entries.insert(bytes.to_vec());
            }
            _ => {}
        }
    }

    fn take_commit(&mut self, bytes: &[u8]) {
        let Ok(commit) = Commit::decode(bytes) else {
            return;
        };
        match self.commits.entry(commit.hash()) {
            Entry::Vacant(free) => {
                free.insert(bytes.to_vec());
            }
            // An erased value is shorter than any other.
            Entry::Occupied(mut held) if bytes.len() < held.get().len() => {
                held.insert(bytes.to_vec());
            }
            Entry::Occupied(_) => {}
        }
    }
}
