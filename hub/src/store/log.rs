//! The zone's sequence, the commits in it, and the views that are read from them.

use bading_core::model::case::CaseId;
use bading_core::model::identifiers::{DeviceKey, Hash, PersonId, Zone};
use bading_core::oplog::body::Subject;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{SignedEntry, Stamp};
use bading_core::sync::admission::{StreamEntry, Streams};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{device_blob, read_hash, read_uint, sql_int};
use crate::error::HubError;

/// Where a zone's sequence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ZoneHead {
    /// The life of the zone's log.
    pub(crate) epoch: u64,
    /// The position that the next entry takes.
    pub(crate) next_position: u64,
}

/// A stored entry with what it stamps.
pub(crate) struct StoredEntry {
    pub(crate) position: u64,
    pub(crate) entry: Vec<u8>,
    /// The commit or the certificate; nothing for a pack.
    pub(crate) content: Option<Vec<u8>>,
}

/// What an entry says of a device that has grants.
pub(crate) struct GrantRow {
    pub(crate) is_revocation: bool,
    pub(crate) certificate: Vec<u8>,
}

pub(crate) fn add_zone(conn: &Connection, zone: &Zone) -> Result<(), HubError> {
    conn.execute(
        "INSERT INTO zones (zone, epoch, next_position) VALUES (?1, 1, 1)",
        [zone.as_str()],
    )?;
    Ok(())
}

pub(crate) fn zone_head(conn: &Connection, zone: &Zone) -> Result<ZoneHead, HubError> {
    let (epoch, next): (i64, i64) = conn
        .prepare_cached("SELECT epoch, next_position FROM zones WHERE zone = ?1")?
        .query_row([zone.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or(HubError::UnknownZone)?;
    Ok(ZoneHead {
        epoch: read_uint(epoch)?,
        next_position: read_uint(next)?,
    })
}

pub(crate) fn set_next_position(conn: &Connection, zone: &Zone, next: u64) -> Result<(), HubError> {
    conn.prepare_cached("UPDATE zones SET next_position = ?2 WHERE zone = ?1")?
        .execute(params![zone.as_str(), sql_int(next)])?;
    Ok(())
}

/// Appends an entry at the position that it names; `device` for grants and revocations.
pub(crate) fn add_entry(
    conn: &Connection,
    signed: &SignedEntry,
    device: Option<&DeviceKey>,
) -> Result<(), HubError> {
    let entry = signed.entry();
    let (kind, subject) = match &entry.stamp {
        Stamp::Commit { commit, .. } => (1, commit),
        Stamp::Grant(certificate) => (2, certificate),
        Stamp::Revocation(certificate) => (3, certificate),
        Stamp::Pack(pack) => (4, pack),
    };
    conn.prepare_cached(
        "INSERT INTO entries (zone, position, epoch, kind, subject, device, hub_time_ms, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        entry.zone.as_str(),
        sql_int(entry.position),
        sql_int(entry.epoch),
        kind,
        subject.0,
        device.map(device_blob),
        sql_int(entry.hub_time.0),
        signed.encode(),
    ])?;
    Ok(())
}

/// Keeps a commit beside its entry, under each of its subjects.
pub(crate) fn add_commit(
    conn: &Connection,
    zone: &Zone,
    position: u64,
    commit: &Commit,
    is_forked: bool,
    subjects: &[Subject],
) -> Result<(), HubError> {
    let header = commit.header();
    let (zone, position) = (zone.as_str(), sql_int(position));
    conn.prepare_cached(
        "INSERT INTO commits (zone, position, hash, device, stream_zone, seq, is_forked, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        zone,
        position,
        commit.hash().0,
        device_blob(&header.device),
        header.zone.as_str(),
        sql_int(header.seq),
        is_forked,
        commit.encode(),
    ])?;
    let mut insert = conn.prepare_cached(
        "INSERT OR IGNORE INTO commit_subjects (zone, kind, subject, position)
         VALUES (?1, ?2, ?3, ?4)",
    )?;
    for subject in subjects {
        // Kinds beyond SQLite's integers belong to no version; they may share one row.
        insert.execute(params![zone, sql_int(subject.kind), subject.id, position])?;
    }
    Ok(())
}

/// The entry of a commit that is sequenced already.
pub(crate) fn entry_of_commit(
    conn: &Connection,
    zone: &Zone,
    commit: &Hash,
) -> Result<Option<Vec<u8>>, HubError> {
    Ok(conn
        .prepare_cached(
            "SELECT entries.bytes FROM commits JOIN entries USING (zone, position)
             WHERE commits.zone = ?1 AND commits.hash = ?2",
        )?
        .query_row(params![zone.as_str(), commit.0], |row| row.get(0))
        .optional()?)
}

/// A commit by its hash, with its entry.
pub(crate) fn find_commit(
    conn: &Connection,
    zone: &Zone,
    commit: &Hash,
) -> Result<Option<StoredEntry>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT position, entries.bytes, commits.bytes
         FROM commits JOIN entries USING (zone, position)
         WHERE commits.zone = ?1 AND commits.hash = ?2",
    )?;
    let mut rows = statement.query(params![zone.as_str(), commit.0])?;
    rows.next()?.map(stored_entry).transpose()
}

/// Every commit with its entry, in the order of the sequence.
pub(crate) fn every_commit(
    conn: &Connection,
    zone: &Zone,
    mut each: impl FnMut(StoredEntry),
) -> Result<(), HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT position, entries.bytes, commits.bytes
         FROM commits JOIN entries USING (zone, position)
         WHERE commits.zone = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([zone.as_str()])?;
    while let Some(row) = rows.next()? {
        each(stored_entry(row)?);
    }
    Ok(())
}

/// The commits of a stream up to a number, that one included; of a fork both.
pub(crate) fn stream_until(
    conn: &Connection,
    zone: &Zone,
    device: &DeviceKey,
    stream_zone: &Zone,
    last: u64,
    mut each: impl FnMut(StoredEntry),
) -> Result<(), HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT position, entries.bytes, commits.bytes
         FROM commits JOIN entries USING (zone, position)
         WHERE commits.zone = ?1 AND commits.device = ?2 AND commits.stream_zone = ?3
           AND commits.seq <= ?4 ORDER BY position",
    )?;
    let mut rows = statement.query(params![
        zone.as_str(),
        device_blob(device),
        stream_zone.as_str(),
        sql_int(last)
    ])?;
    while let Some(row) = rows.next()? {
        each(stored_entry(row)?);
    }
    Ok(())
}

/// A certificate and the entry that stamps it, as bytes.
type CertificateAndEntry = (Vec<u8>, Vec<u8>);

/// The grants and revocations of a device: certificate and entry, in the order of the
/// sequence.
pub(crate) fn grants_of(
    conn: &Connection,
    zone: &Zone,
    device: &DeviceKey,
) -> Result<Vec<CertificateAndEntry>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT certificates.bytes, entries.bytes
         FROM entries JOIN certificates ON certificates.zone = entries.zone
                                       AND certificates.hash = entries.subject
         WHERE entries.zone = ?1 AND entries.device = ?2 AND entries.kind IN (2, 3)
         ORDER BY entries.position",
    )?;
    let rows = statement.query_map(params![zone.as_str(), device_blob(device)], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The last entry that put a pack in force.
pub(crate) fn entry_of_pack(
    conn: &Connection,
    zone: &Zone,
    pack: &Hash,
) -> Result<Option<Vec<u8>>, HubError> {
    Ok(conn
        .prepare_cached(
            "SELECT bytes FROM entries WHERE zone = ?1 AND kind = 4 AND subject = ?2
             ORDER BY position DESC LIMIT 1",
        )?
        .query_row(params![zone.as_str(), pack.0], |row| row.get(0))
        .optional()?)
}

/// The commits about a subject with their entries, in the order of the sequence.
pub(crate) fn commits_about(
    conn: &Connection,
    zone: &Zone,
    subject: &Subject,
    mut each: impl FnMut(StoredEntry) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT position, entries.bytes, commits.bytes
         FROM commit_subjects JOIN commits USING (zone, position)
                              JOIN entries USING (zone, position)
         WHERE commit_subjects.zone = ?1 AND commit_subjects.kind = ?2
           AND commit_subjects.subject = ?3
         ORDER BY position",
    )?;
    let mut rows = statement.query(params![zone.as_str(), sql_int(subject.kind), subject.id])?;
    while let Some(row) = rows.next()? {
        each(stored_entry(row)?)?;
    }
    Ok(())
}

/// Whose entries a page holds.
pub(crate) enum Reader<'a> {
    /// The whole zone.
    Everything,
    /// The whole zone but the patrols and the verdicts of other people (orders of erasure go
    /// to everybody, whatever they are about, here and below): where somebody walked
    /// and how it was judged concerns them and those who review it.
    NotAboutOthers {
        device: &'a DeviceKey,
        person: Option<&'a PersonId>,
    },
    /// Grants, revocations and packs, the device's own commits, and the commits about cases
    /// that this device or this person reported.
    OwnCases {
        device: &'a DeviceKey,
        person: Option<&'a PersonId>,
    },
}

/// Entries after a cursor and up to `to`, in order, until `each` has enough.
pub(crate) fn entries_between(
    conn: &Connection,
    zone: &Zone,
    (after, to): (u64, u64),
    reader: &Reader<'_>,
    mut each: impl FnMut(StoredEntry) -> Result<bool, HubError>,
) -> Result<(), HubError> {
    const COLUMNS: &str = "SELECT entries.position, entries.bytes,
               COALESCE(commits.bytes, certificates.bytes)
        FROM entries
        LEFT JOIN commits ON entries.kind = 1 AND commits.zone = entries.zone
                         AND commits.position = entries.position
        LEFT JOIN certificates ON entries.kind IN (2, 3) AND certificates.zone = entries.zone
                              AND certificates.hash = entries.subject
        WHERE entries.zone = ?1 AND entries.position > ?2 AND entries.position <= ?3";
    const OWN: &str = "AND (entries.kind <> 1 OR commits.device = ?4 OR EXISTS (
            SELECT 1 FROM erasures WHERE erasures.zone = entries.zone
              AND erasures.position = entries.position)
        OR EXISTS (
            SELECT 1 FROM commit_subjects JOIN case_openings
                ON case_openings.zone = commit_subjects.zone
               AND case_openings.case_id = commit_subjects.subject
            WHERE commit_subjects.zone = entries.zone AND commit_subjects.kind = 1
              AND commit_subjects.position = entries.position
              AND (case_openings.device = ?4 OR case_openings.person = ?5))
            AND NOT EXISTS (
                SELECT 1 FROM commit_subjects AS walked
                WHERE walked.zone = entries.zone AND walked.kind IN (2, 3)
                  AND walked.position = entries.position))";
    const NOT_ABOUT_OTHERS: &str = "AND (entries.kind <> 1 OR commits.device = ?4 OR EXISTS (
            SELECT 1 FROM erasures WHERE erasures.zone = entries.zone
              AND erasures.position = entries.position)
        OR (NOT EXISTS (
            SELECT 1 FROM commit_subjects AS about LEFT JOIN patrols
                ON patrols.zone = about.zone AND patrols.patrol_id = about.subject
            WHERE about.zone = entries.zone AND about.kind = 2
              AND about.position = entries.position
              AND (patrols.person IS NULL OR patrols.person IS NOT ?5))
            AND NOT EXISTS (
                SELECT 1 FROM commit_subjects AS judged
                WHERE judged.zone = entries.zone AND judged.kind = 3
                  AND judged.position = entries.position
                  AND judged.subject NOT IN (?6, ?7))))";
    let (after, to) = (sql_int(after), sql_int(to));
    let mut run = |filter: &str, parameters: &[&dyn rusqlite::ToSql]| -> Result<(), HubError> {
        let sql = format!("{COLUMNS} {filter} ORDER BY entries.position");
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            if !each(stored_entry(row)?)? {
                break;
            }
        }
        Ok(())
    };
    match reader {
        Reader::Everything => run("", &[&zone.as_str(), &after, &to]),
        Reader::OwnCases { device, person } => {
            let person = person.map(PersonId::as_str);
            let device = device_blob(device);
            run(OWN, &[&zone.as_str(), &after, &to, &device, &person])
        }
        Reader::NotAboutOthers { device, person } => {
            let everybody = Subject::verdicts_of_everybody();
            let own = person.map_or(everybody, Subject::verdicts_of);
            let person = person.map(PersonId::as_str);
            let device = device_blob(device);
            let zone = zone.as_str();
            let named: [&dyn rusqlite::ToSql; 7] =
                [&zone, &after, &to, &device, &person, &own.id, &everybody.id];
            run(NOT_ABOUT_OTHERS, &named)
        }
    }
}

fn stored_entry(row: &Row<'_>) -> Result<StoredEntry, HubError> {
    Ok(StoredEntry {
        position: read_uint(row.get(0)?)?,
        entry: row.get(1)?,
        content: row.get(2)?,
    })
}

/// The last grant or revocation of a device before a position.
pub(crate) fn grant_before(
    conn: &Connection,
    zone: &Zone,
    device: &DeviceKey,
    position: u64,
) -> Result<Option<GrantRow>, HubError> {
    Ok(conn
        .prepare_cached(
            "SELECT entries.kind = 3, certificates.bytes
             FROM entries JOIN certificates ON certificates.zone = entries.zone
                                           AND certificates.hash = entries.subject
             WHERE entries.zone = ?1 AND entries.device = ?2 AND entries.position < ?3
             ORDER BY entries.position DESC LIMIT 1",
        )?
        .query_row(
            params![zone.as_str(), device_blob(device), sql_int(position)],
            |row| {
                Ok(GrantRow {
                    is_revocation: row.get(0)?,
                    certificate: row.get(1)?,
                })
            },
        )
        .optional()?)
}

/// Notes who reported a case; the first stays.
pub(crate) fn note_opening(
    conn: &Connection,
    zone: &Zone,
    case_id: CaseId,
    position: u64,
    device: &DeviceKey,
    person: Option<&PersonId>,
) -> Result<(), HubError> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO case_openings (zone, case_id, position, device, person)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        zone.as_str(),
        case_id.0.as_bytes(),
        sql_int(position),
        device_blob(device),
        person.map(PersonId::as_str),
    ])?;
    Ok(())
}

/// Every case that was opened, in the order of the sequence.
pub(crate) fn list_cases(conn: &Connection, zone: &Zone) -> Result<Vec<CaseId>, HubError> {
    let mut statement =
        conn.prepare_cached("SELECT case_id FROM case_openings WHERE zone = ?1 ORDER BY position")?;
    let rows = statement.query_map([zone.as_str()], |row| row.get::<_, [u8; 16]>(0))?;
    rows.map(|id| Ok(CaseId(uuid::Uuid::from_bytes(id?))))
        .collect()
}

/// Every subject of a kind that a commit is about.
pub(crate) fn list_subjects(
    conn: &Connection,
    zone: &Zone,
    kind: u64,
) -> Result<Vec<Subject>, HubError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT subject FROM commit_subjects WHERE zone = ?1 AND kind = ?2",
    )?;
    let rows = statement.query_map(params![zone.as_str(), sql_int(kind)], |row| row.get(0))?;
    rows.map(|id| Ok(Subject { kind, id: id? })).collect()
}

/// Takes the next number of a local day, from 1.
pub(crate) fn take_case_number(conn: &Connection, zone: &Zone, day: &str) -> Result<u64, HubError> {
    let next: i64 = conn
        .prepare_cached(
            "INSERT INTO case_numbers (zone, day, next) VALUES (?1, ?2, 2)
             ON CONFLICT (zone, day) DO UPDATE SET next = next + 1
             RETURNING next - 1",
        )?
        .query_row(params![zone.as_str(), day], |row| row.get(0))?;
    read_uint(next)
}

/// The last commit of a stream on its main branch.
pub(crate) fn stream_head(
    conn: &Connection,
    zone: &Zone,
    device: &DeviceKey,
    stream_zone: &Zone,
) -> Result<Option<(u64, Hash)>, HubError> {
    let row: Option<(i64, Vec<u8>)> = conn
        .prepare_cached(
            "SELECT seq, hash FROM commits
             WHERE zone = ?1 AND device = ?2 AND stream_zone = ?3 AND NOT is_forked
             ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(
            params![zone.as_str(), device_blob(device), stream_zone.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    row.map(|(seq, hash)| Ok((read_uint(seq)?, read_hash(&hash)?)))
        .transpose()
}

/// The streams of one zone, as admission asks for them.
pub(crate) struct ZoneStreams<'c> {
    pub(crate) conn: &'c Connection,
    pub(crate) zone: &'c Zone,
}

impl Streams for ZoneStreams<'_> {
    type Error = HubError;

    fn is_known(&self, commit: &Hash) -> Result<bool, HubError> {
        Ok(self
            .conn
            .prepare_cached("SELECT 1 FROM commits WHERE zone = ?1 AND hash = ?2")?
            .exists(params![self.zone.as_str(), commit.0])?)
    }

    fn at(
        &self,
        device: &DeviceKey,
        stream_zone: &Zone,
        seq: u64,
    ) -> Result<Vec<StreamEntry>, HubError> {
        // A number that SQLite cannot hold was never stored.
        let Ok(seq) = i64::try_from(seq) else {
            return Ok(Vec::new());
        };
        let mut statement = self.conn.prepare_cached(
            "SELECT hash, is_forked FROM commits
             WHERE zone = ?1 AND device = ?2 AND stream_zone = ?3 AND seq = ?4",
        )?;
        let mut rows = statement.query(params![
            self.zone.as_str(),
            device_blob(device),
            stream_zone.as_str(),
            seq
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: Vec<u8> = row.get(0)?;
            found.push(StreamEntry {
                hash: read_hash(&hash)?,
                is_forked: row.get(1)?,
            });
        }
        Ok(found)
    }
}
