-- The log: commits as they were signed, the hub's stamps, and what they are about.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE commits (
    id       INTEGER PRIMARY KEY,       -- order of arrival
    hash     BLOB NOT NULL,
    device   BLOB NOT NULL,             -- suite byte, then the key
    zone     TEXT NOT NULL,             -- the stream's zone, fixed at signing
    seq      INTEGER NOT NULL,
    is_own   INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    -- the hub's stamp, once it is known: where the commit was sequenced, and the signed entry
    in_zone  TEXT,
    epoch    INTEGER,
    position INTEGER,
    entry    BLOB
);
CREATE UNIQUE INDEX commits_by_hash ON commits (hash);
CREATE INDEX commits_by_stream ON commits (device, zone, seq);
CREATE INDEX commits_outbox ON commits (id) WHERE is_own = 1 AND entry IS NULL;

CREATE TABLE subject_commits (
    kind      INTEGER NOT NULL,
    subject   BLOB NOT NULL,
    commit_id INTEGER NOT NULL REFERENCES commits (id),
    PRIMARY KEY (kind, subject, commit_id)
) WITHOUT ROWID;

-- Grants and revocations in the zone's sequence: who could do what at which position.
CREATE TABLE grants (
    device      BLOB NOT NULL,
    zone        TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    is_revoked  INTEGER NOT NULL,
    certificate BLOB NOT NULL,
    entry       BLOB NOT NULL,
    PRIMARY KEY (device, zone, epoch, position)
) WITHOUT ROWID;

CREATE TABLE cursors (
    zone     TEXT PRIMARY KEY,
    epoch    INTEGER NOT NULL,
    position INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE blobs (
    hash       BLOB PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    is_held    INTEGER NOT NULL,        -- the bytes are in this store
    is_at_hub  INTEGER NOT NULL         -- the hub has confirmed the bytes by their hash
) WITHOUT ROWID;
CREATE INDEX blobs_pending ON blobs (hash) WHERE is_held = 1 AND is_at_hub = 0;

CREATE TABLE packs (
    kind  TEXT PRIMARY KEY,
    hash  BLOB NOT NULL,
    bytes BLOB NOT NULL
) WITHOUT ROWID;

-- Views: folded from the log, rebuilt by one call.
CREATE TABLE cases (
    case_id        BLOB PRIMARY KEY,
    zone           TEXT,
    number         TEXT,
    phase          INTEGER NOT NULL,
    class          TEXT,
    grid           TEXT,
    lat_e7         INTEGER,
    lon_e7         INTEGER,
    opened_ms      INTEGER,
    updated_ms     INTEGER NOT NULL,
    is_provisional INTEGER NOT NULL
) WITHOUT ROWID;
-- Covers the list, so that a page of it touches a few pages of the file.
CREATE INDEX cases_by_update ON cases (updated_ms DESC, case_id, phase, number, class, grid, is_provisional);
CREATE INDEX cases_by_class_and_place ON cases (class, lat_e7, lon_e7);
