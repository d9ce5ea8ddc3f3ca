-- Reports that are still being made. A draft is named at once, and the case that it becomes
-- has its name. Each field is a column, so that setting one is one durable statement.
CREATE TABLE drafts (
    draft_id    BLOB PRIMARY KEY,
    created_ms  INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL,
    revision    INTEGER NOT NULL,       -- goes up with each change
    class       TEXT,
    note        TEXT,
    seen_ms     INTEGER,
    lat_e7      INTEGER,
    lon_e7      INTEGER,
    accuracy_cm INTEGER,
    is_mock     INTEGER
);

-- Photos of drafts. One is expected from the moment the camera opens, and taken once its
-- bytes are durable: hash and size are there from then on.
CREATE TABLE draft_photos (
    number      INTEGER PRIMARY KEY,    -- the order in the draft
    slot        BLOB NOT NULL UNIQUE,
    draft_id    BLOB NOT NULL REFERENCES drafts (draft_id),
    role        INTEGER,
    target      TEXT,                   -- where the camera was told to write
    at_ms       INTEGER NOT NULL,       -- when it was taken, as far as is known
    lat_e7      INTEGER,
    lon_e7      INTEGER,
    accuracy_cm INTEGER,
    is_mock     INTEGER,
    hash        BLOB,
    size_bytes  INTEGER
);
CREATE INDEX draft_photos_by_draft ON draft_photos (draft_id, number);
CREATE INDEX draft_photos_by_hash ON draft_photos (hash) WHERE hash IS NOT NULL;

-- Photos whose originals were here and were let go: the hub has them.
CREATE TABLE evictions (
    hash       BLOB PRIMARY KEY,
    evicted_ms INTEGER NOT NULL
) WITHOUT ROWID;
