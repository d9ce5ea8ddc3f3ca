//! Every version of every page that a database and its write-ahead log hold.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::storage::StoreError;
use crate::storage::salvage::page::{PAGE, Page, PageKey};
use crate::storage::salvage::record::{Cell, long};
use crate::storage::salvage::wal::Wal;

/// SQLite's locks stand in this page, and nothing else does.
const LOCK_PAGE: u32 = 0x4000_0000 / PAGE as u32 + 1;

/// Where a version of a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    is_log: bool,
    offset: u64,
    is_proved: bool,
    key: usize,
}

/// The pages of a database with its log. They are read when they are asked for.
pub(super) struct Pages {
    keys: Vec<PageKey>,
    database: Option<File>,
    log: Vec<u8>,
    /// The newest version of each page that a transaction ended with.
    current: BTreeMap<u32, Place>,
    /// What is older, or was never committed: in it only what proves itself counts.
    others: Vec<(u32, Place)>,
    is_log_whole: bool,
}

impl Pages {
    /// Finds the pages of the database `path` and of the log beside it.
    ///
    /// - `keys`: what they may be sealed with.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn find(path: &Path, keys: Vec<PageKey>) -> Result<Self, StoreError> {
        let database = absent(File::open(path))?;
        let mut log = Vec::new();
        let mut log_path = path.as_os_str().to_owned();
        log_path.push("-wal");
        if let Some(mut file) = absent(File::open(Path::new(&log_path)))? {
            file.read_to_end(&mut log)?;
        }
        let mut pages = Self {
            keys,
            database,
            log,
            current: BTreeMap::new(),
            others: Vec::new(),
            is_log_whole: true,
        };
        pages.find_in_database()?;
        pages.find_in_log();
        Ok(pages)
    }

    fn find_in_database(&mut self) -> Result<(), StoreError> {
        let Some(mut file) = self.database.as_ref() else {
            return Ok(());
        };
        let mut sealed = vec![0; PAGE];
        let mut offset = 0;
        for number in 1_u32.. {
            let size = read_full(&mut file, &mut sealed)?;
            if size < PAGE {
                break;
            }
            if number != LOCK_PAGE {
                let place = self.place(number, &sealed, false, offset);
                self.current.insert(number, place);
            }
            offset += PAGE as u64;
        }
        Ok(())
    }

    fn find_in_log(&mut self) {
        let wal = Wal::read(&self.log);
        self.is_log_whole = !wal.is_broken(&self.log);
        let committed = wal.committed();
        for (index, frame) in wal.frames.iter().enumerate() {
            let sealed = &self.log[frame.offset..frame.offset + PAGE];
            let place = self.place(frame.number, sealed, true, frame.offset as u64);
            if frame.is_current && index < committed && frame.number != 0 {
                if let Some(older) = self.current.insert(frame.number, place) {
                    self.others.push((frame.number, older));
                }
            } else {
                self.others.push((frame.number, place));
            }
        }
    }

    fn place(&self, number: u32, sealed: &[u8], is_log: bool, offset: u64) -> Place {
        let key = self.keys.iter().position(|key| key.proves(number, sealed));
        Place {
            is_log,
            offset,
            is_proved: key.is_some(),
            key: key.unwrap_or(0),
        }
    }

    fn open(&self, number: u32, place: Place) -> Result<Option<Page>, StoreError> {
        let mut sealed = vec![0; PAGE];
        if place.is_log {
            // The log was read whole, and the place was found in it.
            let at = usize::try_from(place.offset).unwrap_or(usize::MAX);
            match self.log.get(at..at.saturating_add(PAGE)) {
                Some(bytes) => sealed.copy_from_slice(bytes),
                None => return Ok(None),
            }
        } else if let Some(mut file) = self.database.as_ref() {
            file.seek(SeekFrom::Start(place.offset))?;
            if read_full(&mut file, &mut sealed)? < PAGE {
                return Ok(None);
            }
        }
        let key = self.keys.get(place.key);
        Ok(key.and_then(|key| key.open(number, &sealed)))
    }

    /// True when there are no files, or empty ones.
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_empty() && self.others.is_empty()
    }

    /// True when every page that counts is proved and the log lacks nothing.
    pub(super) fn is_sound(&self) -> bool {
        self.is_log_whole && !self.is_empty() && self.current.values().all(|place| place.is_proved)
    }

    /// The newest version of a page, when it is proved.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn proved(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        match self.current.get(&number) {
            Some(place) if place.is_proved => {
                let page = self.open(number, *place)?;
                Ok(page.filter(|page| page.is_proved).map(|page| page.bytes))
            }
            _ => Ok(None),
        }
    }

    /// The newest version of a page that is proved, which may be an older one.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn last_proved(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(bytes) = self.proved(number)? {
            return Ok(Some(bytes));
        }
        for (other, place) in self.others.iter().rev() {
            if *other == number
                && place.is_proved
                && let Some(page) = self.open(number, *place)?
            {
                return Ok(Some(page.bytes));
            }
        }
        Ok(None)
    }

    /// The numbers of the pages that count and are proved.
    pub(super) fn proved_numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let proved = self.current.iter().filter(|(_, place)| place.is_proved);
        proved.map(|(number, _)| *number)
    }

    /// Hands over every version of every page, those that count first.
    ///
    /// # Errors
    /// Those of `take`, or [`StoreError::Io`].
    pub(super) fn each_version(
        &self,
        take: &mut dyn FnMut(u32, &Page) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let current = self.current.iter().map(|(number, place)| (*number, *place));
        for (number, place) in current.chain(self.others.iter().copied()) {
            if let Some(page) = self.open(number, place)? {
                take(number, &page)?;
            }
        }
        Ok(())
    }

    /// The payload of a cell; nothing when a part of it is not proved.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn payload(&self, page: &[u8], cell: &Cell) -> Result<Option<Vec<u8>>, StoreError> {
        let mut payload = page.get(cell.local.clone()).unwrap_or_default().to_vec();
        let mut next = cell.overflow;
        while payload.len() < cell.total {
            let Some(bytes) = next
                .map(|number| self.proved(number))
                .transpose()?
                .flatten()
            else {
                return Ok(None);
            };
            next = long(&bytes, 0);
            let size = (cell.total - payload.len()).min(super::page::USABLE - 4);
            payload.extend_from_slice(&bytes[4..4 + size]);
        }
        Ok(Some(payload))
    }
}

fn absent(opened: std::io::Result<File>) -> Result<Option<File>, StoreError> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read_full(file: &mut &File, buffer: &mut [u8]) -> Result<usize, StoreError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(size) => filled += size,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}
