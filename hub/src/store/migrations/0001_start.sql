-- What the hub is: one row for each fact, written once by `hub init`.
CREATE TABLE hub_meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The zones that this hub sequences. next_position is the counter from which positions are
-- taken inside the writing transaction, so that no reader sees a later one before an earlier.
CREATE TABLE zones (
    zone          TEXT    NOT NULL PRIMARY KEY,
    epoch         INTEGER NOT NULL,
    next_position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The zone's sequence, byte for byte as it was signed. kind: 1 commit, 2 grant,
-- 3 revocation, 4 pack. device is set for grants and revocations.
CREATE TABLE entries (
    zone        TEXT    NOT NULL REFERENCES zones (zone),
    position    INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    subject     BLOB    NOT NULL,
    device      BLOB,
    hub_time_ms INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (zone, position)
) STRICT;
CREATE INDEX entries_of_device ON entries (zone, device, position) WHERE device IS NOT NULL;

-- Commits, byte for byte as they were signed. stream_zone is the zone in the header, which is
-- the empty one for commits from before enrolment; zone is where they are sequenced.
CREATE TABLE commits (
    zone        TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    hash        BLOB    NOT NULL,
    device      BLOB    NOT NULL,
    stream_zone TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    is_forked   INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (zone, position),
    FOREIGN KEY (zone, position) REFERENCES entries (zone, position)
) STRICT;
CREATE UNIQUE INDEX commits_by_hash ON commits (zone, hash);
CREATE INDEX commits_of_stream ON commits (zone, device, stream_zone, seq);

-- Which commits are about a subject, in the order of the sequence.
CREATE TABLE commit_subjects (
    zone     TEXT    NOT NULL,
    kind     INTEGER NOT NULL,
    subject  BLOB    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (zone, kind, subject, position),
    FOREIGN KEY (zone, position) REFERENCES commits (zone, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX commit_subjects_by_position ON commit_subjects (zone, position);

-- A view of the log: who reported a case. Decides what a citizen receives.
CREATE TABLE case_openings (
    zone     TEXT    NOT NULL,
    case_id  BLOB    NOT NULL,
    position INTEGER NOT NULL,
    device   BLOB    NOT NULL,
    person   TEXT,
    PRIMARY KEY (zone, case_id)
) STRICT, WITHOUT ROWID;

-- A view of the log: the photos that admitted commits announced. Only these are taken.
CREATE TABLE case_photos (
    zone     TEXT    NOT NULL,
    hash     BLOB    NOT NULL,
    case_id  BLOB    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (zone, hash, case_id)
) STRICT, WITHOUT ROWID;

-- Official case numbers: the next for each local day.
CREATE TABLE case_numbers (
    zone TEXT    NOT NULL,
    day  TEXT    NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (zone, day)
) STRICT, WITHOUT ROWID;

-- People, by their personnel number; never a name.
CREATE TABLE people (
    person     TEXT    NOT NULL PRIMARY KEY,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Certificates, byte for byte as they were signed.
CREATE TABLE certificates (
    zone   TEXT NOT NULL,
    hash   BLOB NOT NULL,
    device BLOB NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (zone, hash)
) STRICT;

-- Devices: suite byte and public key, the person, the certificate in force.
CREATE TABLE devices (
    device      BLOB    NOT NULL PRIMARY KEY,
    person      TEXT    NOT NULL REFERENCES people (person),
    zone        TEXT    NOT NULL,
    certificate BLOB    NOT NULL,
    epoch       INTEGER NOT NULL,
    revoked_ms  INTEGER,
    FOREIGN KEY (zone, certificate) REFERENCES certificates (zone, hash)
) STRICT, WITHOUT ROWID;

-- One-use codes, by the BLAKE3 of their canonical text. used_by and certificate answer a
-- device whose first answer was lost on the way.
CREATE TABLE codes (
    code_hash   BLOB    NOT NULL PRIMARY KEY,
    role        INTEGER NOT NULL,
    person      TEXT,
    grids       TEXT    NOT NULL,
    department  TEXT,
    expires_ms  INTEGER NOT NULL,
    used_by     BLOB,
    certificate BLOB
) STRICT, WITHOUT ROWID;

-- Challenges and tokens, by their BLAKE3: what leaks from the file opens no session.
CREATE TABLE challenges (
    challenge_hash BLOB    NOT NULL PRIMARY KEY,
    device         BLOB    NOT NULL,
    expires_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_of_device ON challenges (device, expires_ms);
CREATE TABLE sessions (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    device     BLOB    NOT NULL REFERENCES devices (device),
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_ms);

-- Files in the blobs folder that are whole and durable.
CREATE TABLE blobs (
    hash       BLOB    NOT NULL PRIMARY KEY,
    size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Versions of reference data; the highest version of a kind is in force.
CREATE TABLE packs (
    zone     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    hash     BLOB    NOT NULL REFERENCES blobs (hash),
    position INTEGER NOT NULL,
    PRIMARY KEY (zone, kind, version),
    FOREIGN KEY (zone, position) REFERENCES entries (zone, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX packs_by_hash ON packs (hash);
