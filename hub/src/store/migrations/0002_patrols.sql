-- A view of the log: when a patrol began and who walks it. Decides who receives its track.
CREATE TABLE patrols (
    zone       TEXT    NOT NULL,
    patrol_id  BLOB    NOT NULL,
    position   INTEGER NOT NULL,
    device     BLOB    NOT NULL,
    person     TEXT,
    started_ms INTEGER NOT NULL,
    PRIMARY KEY (zone, patrol_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patrols_by_start ON patrols (zone, started_ms);
