-- Patrols: a view, folded from the log and rebuilt by one call.
CREATE TABLE patrols (
    patrol_id      BLOB PRIMARY KEY,
    zone           TEXT,
    person         TEXT,
    device         BLOB NOT NULL,       -- suite byte, then the key
    route          TEXT,
    mode           INTEGER NOT NULL,
    phase          INTEGER NOT NULL,
    started_ms     INTEGER NOT NULL,
    finished_ms    INTEGER,
    updated_ms     INTEGER NOT NULL,
    is_provisional INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX patrols_by_start ON patrols (started_ms DESC, patrol_id);

-- The patrol that this device is recording: one at most. writer is the token of the process
-- that records; it is left behind when that process dies, and the track then says so.
CREATE TABLE recording (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    patrol_id  BLOB NOT NULL,
    next_index INTEGER NOT NULL,        -- of the next part that is sealed
    writer     BLOB
);

-- Pieces of its track that are on the disk and not sealed into a commit yet.
CREATE TABLE recording_pieces (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
);
