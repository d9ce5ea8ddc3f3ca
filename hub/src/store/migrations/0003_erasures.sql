-- A view of the log: what admitted orders name to be erased, asked whenever a commit or a photo
-- comes in. value_at is the place of the value in the commit, -1 for a photo. The entries at
-- these positions go to everybody.
CREATE TABLE erasures (
    zone     TEXT    NOT NULL,
    target   BLOB    NOT NULL,
    value_at INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (zone, target, value_at, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_by_position ON erasures (zone, position);

-- The random number of each hour, signed, from the first time that somebody asked in it.
CREATE TABLE hour_challenges (
    hour_ms INTEGER NOT NULL PRIMARY KEY,
    nonce   BLOB    NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX hour_challenges_by_nonce ON hour_challenges (nonce);
