-- What the hub has ordered to be erased: a view of the log, asked whenever a commit or a photo
-- comes in, so that what is gone stays gone.
CREATE TABLE erasures (
    target   BLOB NOT NULL,             -- hash of a commit, or of a photo
    value_at INTEGER NOT NULL,          -- place of the value in the commit; -1 for a photo
    ordered  BLOB NOT NULL,             -- hash of the commit that first ordered it
    PRIMARY KEY (target, value_at)
) WITHOUT ROWID;
