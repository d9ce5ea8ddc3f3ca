//! Commits, streams, stamps, grants and cursors: the log as rows.

use rusqlite::{OptionalExtension, Row, params};

use crate::model::identifiers::{DeviceKey, Hash, Suite, Zone};
use crate::oplog::body::Subject;
use crate::oplog::commit::{Commit, StreamHead};
use crate::storage::{StoreError, Tx};

/// A commit as it is kept: the signed bytes and, once it has one, the hub's signed entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommit {
    /// The commit's bytes.
    pub bytes: Vec<u8>,
    /// The signed entry's bytes.
    pub entry: Option<Vec<u8>>,
}

/// A grant or a revocation as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// The life of the zone's log and the place in it.
    pub position: (u64, u64),
    /// True when the device lost everything here.
    pub is_revoked: bool,
    /// The certificate's bytes.
    pub certificate: Vec<u8>,
    /// The signed entry's bytes.
    pub entry: Vec<u8>,
}

/// Where an entry stands: zone, life of its log, place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPlace {
    /// The zone.
    pub zone: Zone,
    /// The life of the zone's log.
    pub epoch: u64,
    /// The place in the sequence.
    pub position: u64,
}

/// SQLite's integers are signed; everything counted here stays far below their limit, and
/// what a peer claims beyond it is cut to it and then refused by the hash that covers it.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn device_bytes(device: &DeviceKey) -> Vec<u8> {
    [&[device.suite.code()], &device.bytes[..]].concat()
}

fn device_of(bytes: &[u8]) -> Result<DeviceKey, StoreError> {
    let damaged = || StoreError::Damaged("a device key is not in its form".to_owned());
    let (suite, key) = bytes.split_first().ok_or_else(damaged)?;
    let suite = Suite::from_code((*suite).into()).ok_or_else(damaged)?;
    Ok(DeviceKey {
        suite,
        bytes: key.try_into().map_err(|_| damaged())?,
    })
}

fn hash_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    row.get(column).map(Hash)
}

pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<StoredCommit> {
    Ok(StoredCommit {
        bytes: row.get(0)?,
        entry: row.get(1)?,
    })
}

impl Tx<'_> {
    /// Keeps a commit and what it is about, without the values that were ordered to be erased;
    /// one that is known already changes nothing. Answers whether it was new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_commit(
        &self,
        commit: &Commit,
        subjects: &[Subject],
        is_own: bool,
    ) -> Result<bool, StoreError> {
        let header = commit.header();
        let erased = self.erased_values(&commit.hash())?;
        let bytes = if erased.is_empty() {
            commit.encode()
        } else {
            let mut commit = commit.clone();
            commit.erase_values(&erased);
            commit.encode()
        };
        let inserted = self
            .0
            .prepare_cached(
                "INSERT INTO commits (hash, device, zone, seq, is_own, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (hash) DO NOTHING",
            )?
            .execute(params![
                commit.hash().0,
                device_bytes(&header.device),
                header.zone.as_str(),
                int(header.seq),
                is_own,
                bytes
            ])?;
        if inserted == 0 {
            return Ok(false);
        }
        let id = self.0.last_insert_rowid();
        let mut about = self.0.prepare_cached(
            "INSERT INTO subject_commits (kind, subject, commit_id) VALUES (?1, ?2, ?3)",
        )?;
        for subject in subjects {
            about.execute(params![int(subject.kind), subject.id, id])?;
        }
        Ok(true)
    }

    /// Notes where the hub sequenced a commit, with its signed entry. A later entry for the
    /// same commit (a release) replaces the stamp. Answers whether the commit is here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stamp_commit(
        &self,
        commit: &Hash,
        at: &EntryPlace,
        entry: &[u8],
    ) -> Result<bool, StoreError> {
        let changed = self
            .0
            .prepare_cached(
                "UPDATE commits SET in_zone = ?2, epoch = ?3, position = ?4, entry = ?5
                 WHERE hash = ?1",
            )?
            .execute(params![
                commit.0,
                at.zone.as_str(),
                int(at.epoch),
                int(at.position),
                entry
            ])?;
        Ok(changed > 0)
    }

    /// A commit by its hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_commit(&self, hash: &Hash) -> Result<Option<StoredCommit>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT bytes, entry FROM commits WHERE hash = ?1")?
            .query_row(params![hash.0], stored)
            .optional()?)
    }

    /// The commits about a subject, in order of arrival.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commits_about(&self, subject: &Subject) -> Result<Vec<StoredCommit>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT c.bytes, c.entry FROM subject_commits s JOIN commits c ON c.id = s.commit_id
             WHERE s.kind = ?1 AND s.subject = ?2 ORDER BY s.commit_id",
        )?;
        let rows = statement.query_map(params![int(subject.kind), subject.id], stored)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The zone in which the commits about a subject were sequenced, if any was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn zone_of(&self, subject: &Subject) -> Result<Option<Zone>, StoreError> {
        let zone: Option<String> = self
            .0
            .prepare_cached(
                "SELECT c.in_zone FROM subject_commits s JOIN commits c ON c.id = s.commit_id
                 WHERE s.kind = ?1 AND s.subject = ?2 AND c.in_zone IS NOT NULL LIMIT 1",
            )?
            .query_row(params![int(subject.kind), subject.id], |row| row.get(0))
            .optional()?;
        Ok(zone.and_then(|zone| Zone::parse(&zone).ok()))
    }

    /// Every commit in order of arrival, `limit` of them after the row `after`; with rows' ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commits_after(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, StoredCommit)>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT bytes, entry, id FROM commits WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?;
        let rows = statement.query_map(params![after, int(limit as u64)], |row| {
            Ok((row.get(2)?, stored(row)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The head of a stream.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stream_head(
        &self,
        device: &DeviceKey,
        zone: &Zone,
    ) -> Result<Option<StreamHead>, StoreError> {
        let head = self
            .0
            .prepare_cached(
                "SELECT seq, hash FROM commits WHERE device = ?1 AND zone = ?2
                 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row(params![device_bytes(device), zone.as_str()], |row| {
                Ok((row.get::<_, i64>(0)?, hash_of(row, 1)?))
            })
            .optional()?;
        Ok(head.map(|(seq, hash)| StreamHead {
            zone: zone.clone(),
            seq: seq as u64,
            hash,
        }))
    }

    /// The heads of all streams of a device, by zone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stream_heads(&self, device: &DeviceKey) -> Result<Vec<StreamHead>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT DISTINCT zone FROM commits WHERE device = ?1 ORDER BY zone")?;
        let zones: Vec<String> = statement
            .query_map(params![device_bytes(device)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut heads = Vec::with_capacity(zones.len());
        for zone in zones {
            let zone = Zone::parse(&zone)
                .map_err(|_| StoreError::Damaged("a zone is not in its form".to_owned()))?;
            heads.extend(self.stream_head(device, &zone)?);
        }
        Ok(heads)
    }

    /// Hands over the commits of a stream up to a number, that one included; of a fork both.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stream_until(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        last: u64,
        mut each: impl FnMut(StoredCommit),
    ) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT bytes, entry FROM commits WHERE device = ?1 AND zone = ?2 AND seq <= ?3
             ORDER BY seq",
        )?;
        let mut rows = statement.query(params![device_bytes(device), zone.as_str(), int(last)])?;
        while let Some(row) = rows.next()? {
            each(stored(row)?);
        }
        Ok(())
    }

    /// The own commits without a receipt, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outbox(&self, limit: usize) -> Result<Vec<StoredCommit>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT bytes, entry FROM commits WHERE is_own = 1 AND entry IS NULL
             ORDER BY id LIMIT ?1",
        )?;
        let rows = statement.query_map(params![int(limit as u64)], stored)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many own commits have no receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outbox_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM commits WHERE is_own = 1 AND entry IS NULL";
        let count: i64 = self
            .0
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?;
        Ok(count as u64)
    }

    /// Keeps a grant or a revocation of the zone's sequence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_grant(
        &self,
        device: &DeviceKey,
        zone: &Zone,
        grant: &StoredGrant,
    ) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO grants (device, zone, epoch, position, is_revoked, certificate, entry)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                device_bytes(device),
                zone.as_str(),
                int(grant.position.0),
                int(grant.position.1),
                grant.is_revoked,
                grant.certificate,
                grant.entry
            ])?;
        Ok(())
    }

    /// The last grant or revocation of a device before a position of a zone (or the last of
    /// all, where no position is given).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn grant_before(
        &self,
        device: &DeviceKey,
        before: Option<&EntryPlace>,
    ) -> Result<Option<StoredGrant>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(StoredGrant {
                position: (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64),
                is_revoked: row.get(2)?,
                certificate: row.get(3)?,
                entry: row.get(4)?,
            })
        };
        let found = match before {
            Some(at) => self
                .0
                .prepare_cached(
                    "SELECT epoch, position, is_revoked, certificate, entry FROM grants
                     WHERE device = ?1 AND zone = ?2 AND (epoch, position) < (?3, ?4)
                     ORDER BY epoch DESC, position DESC LIMIT 1",
                )?
                .query_row(
                    params![
                        device_bytes(device),
                        at.zone.as_str(),
                        int(at.epoch),
                        int(at.position)
                    ],
                    read,
                )
                .optional()?,
            None => self
                .0
                .prepare_cached(
                    "SELECT epoch, position, is_revoked, certificate, entry FROM grants
                     WHERE device = ?1 ORDER BY epoch DESC, position DESC LIMIT 1",
                )?
                .query_row(params![device_bytes(device)], read)
                .optional()?,
        };
        Ok(found)
    }

    /// The grants and revocations of one device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn grants_of(&self, device: &DeviceKey) -> Result<Vec<StoredGrant>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT epoch, position, is_revoked, certificate, entry FROM grants
             WHERE device = ?1 ORDER BY zone, epoch, position",
        )?;
        let rows = statement.query_map(params![device_bytes(device)], |row| {
            Ok(StoredGrant {
                position: (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64),
                is_revoked: row.get(2)?,
                certificate: row.get(3)?,
                entry: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every grant and revocation, with its device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn all_grants(&self) -> Result<Vec<(DeviceKey, StoredGrant)>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT epoch, position, is_revoked, certificate, entry, device FROM grants
             ORDER BY zone, epoch, position",
        )?;
        let rows = statement.query_map([], |row| {
            let grant = StoredGrant {
                position: (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64),
                is_revoked: row.get(2)?,
                certificate: row.get(3)?,
                entry: row.get(4)?,
            };
            Ok((row.get::<_, Vec<u8>>(5)?, grant))
        })?;
        rows.map(|row| {
            let (device, grant) = row?;
            Ok((device_of(&device)?, grant))
        })
        .collect()
    }

    /// How far a zone was pulled: the life of its log and the position, or nothing yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cursor(&self, zone: &Zone) -> Result<Option<(u64, u64)>, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT epoch, position FROM cursors WHERE zone = ?1")?
            .query_row(params![zone.as_str()], |row| {
                Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
            })
            .optional()?)
    }

    /// How far each zone was pulled: the life of its log and the position, ascending by zone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cursors(&self) -> Result<Vec<(Zone, u64, u64)>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT zone, epoch, position FROM cursors ORDER BY zone")?;
        let rows = statement.query_map([], |row| {
            let zone: String = row.get(0)?;
            Ok((
                zone,
                row.get::<_, i64>(1)? as u64,
                row.get::<_, i64>(2)? as u64,
            ))
        })?;
        rows.map(|row| {
            let (zone, epoch, position) = row?;
            let zone = Zone::parse(&zone)
                .map_err(|_| StoreError::Damaged("a zone is not in its form".to_owned()))?;
            Ok((zone, epoch, position))
        })
        .collect()
    }

    /// Notes how far a zone was pulled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_cursor(&self, zone: &Zone, epoch: u64, position: u64) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO cursors (zone, epoch, position) VALUES (?1, ?2, ?3)
                 ON CONFLICT (zone) DO UPDATE SET epoch = ?2, position = ?3",
            )?
            .execute(params![zone.as_str(), int(epoch), int(position)])?;
        Ok(())
    }
}
