//! Why the hub did not do what it was asked: one enum from the store to the routes, where
//! each variant becomes one status and one stable code.

use std::io;

use bading_core::oplog::certificate::CertificateError;
use bading_core::oplog::entry::EntryError;
use thiserror::Error;

/// Why a use case of the hub failed. No text here holds a token, a code, a person or a place.
#[derive(Debug, Error)]
pub enum HubError {
    /// The folder holds no hub.
    #[error("this folder holds no hub: run `hub init` first")]
    NotAHub,
    /// The folder holds one already.
    #[error("this folder holds a hub already")]
    AlreadyAHub,
    /// Another process serves this folder.
    #[error("another process serves this folder")]
    AlreadyServed,
    /// `hub.key` is missing, cut off, or not the key that the database names.
    #[error("hub.key is missing or is not this hub's key")]
    Key,
    /// The database was written by a newer version.
    #[error("the database has version {found}, this program knows {known}: update the program")]
    NewerDatabase {
        /// The version found.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Something stored does not read back as it was written.
    #[error("stored data is damaged: {0}")]
    Damaged(&'static str),
    /// The caller's input is wrong; the text names the field.
    #[error("{0}")]
    Input(&'static str),
    /// The one-use code is unknown, used or expired; which of them is not told.
    #[error("the code is not valid, or is used, or has expired")]
    CodeInvalid,
    /// A signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// A session was asked for with a signature that does not hold.
    #[error("the signature over the challenge does not hold")]
    BadChallengeSignature,
    /// The challenge is unknown, used or older than a minute.
    #[error("the challenge is not valid, or is used, or has expired")]
    ChallengeExpired,
    /// No such device is enrolled.
    #[error("this device is not enrolled here")]
    UnknownDevice,
    /// No session, or one that has ended.
    #[error("no session, or it has ended: open a new one")]
    SessionExpired,
    /// The device was revoked.
    #[error("this device was revoked")]
    Revoked,
    /// The caller's role does not allow it.
    #[error("the role does not allow this")]
    RoleNotAllowed,
    /// The zone is not sequenced here.
    #[error("this hub does not sequence that zone")]
    UnknownZone,
    /// No pack of this hash was ever in force.
    #[error("no pack of this hash")]
    UnknownPack,
    /// No photo of this hash, or none that the caller may see.
    #[error("no photo of this hash")]
    UnknownBlob,
    /// No admitted commit names this photo.
    #[error("no admitted commit names this photo: push the commit first")]
    NotAnnounced,
    /// The bytes are not those that the name promises.
    #[error("the bytes do not have this hash")]
    HashMismatch,
    /// Larger than it may be.
    #[error("larger than the {max} bytes that are allowed")]
    TooLarge {
        /// The most bytes that are allowed.
        max: u64,
    },
    /// The disk or its quota is full.
    #[error("the hub's disk is full")]
    DiskFull,
    /// Another process holds the database.
    #[error("the database is busy")]
    Busy,
    /// The database failed.
    #[error("database: {0}")]
    Database(rusqlite::Error),
    /// A file failed.
    #[error("file: {0}")]
    File(io::Error),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    NoRandomness,
    /// The hub's own signature could not be made.
    #[error("signing failed: {0}")]
    Entry(#[from] EntryError),
    /// The hub's own certificate could not be made.
    #[error("signing failed: {0}")]
    Certificate(#[from] CertificateError),
}

impl From<rusqlite::Error> for HubError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy
            }
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Database(error),
        }
    }
}

impl From<io::Error> for HubError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::File(error),
        }
    }
}
