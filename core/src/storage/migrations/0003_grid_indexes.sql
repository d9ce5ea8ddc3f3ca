-- Look-up indexes of the grids in force: derived from the pack of that hash, and built from
-- it again where they are absent, damaged or of another form.
CREATE TABLE grid_indexes (
    pack    BLOB NOT NULL,              -- hash of the pack
    from_ms INTEGER NOT NULL,           -- first instant at which these cells are in force
    to_ms   INTEGER NOT NULL,           -- first instant after it
    image   BLOB NOT NULL,
    PRIMARY KEY (pack, from_ms)
);

-- Packs as rows of a table with row numbers: in one without, SQLite reads a row to its last
-- byte in order to compare its key, so that asking for any pack's hash read all 12 MB of a
-- city's grids.
CREATE TABLE packs_with_rowid (
    kind  TEXT PRIMARY KEY,
    hash  BLOB NOT NULL,
    bytes BLOB NOT NULL
);
INSERT INTO packs_with_rowid (kind, hash, bytes) SELECT kind, hash, bytes FROM packs;
DROP TABLE packs;
ALTER TABLE packs_with_rowid RENAME TO packs;
