-- What pictures are known again by, one row for each photo whose pixels were read here. Read
-- from first to last at a report: rows are short, and a hundred thousand take 35 MB.
CREATE TABLE photo_marks (
    hash  BLOB PRIMARY KEY,             -- BLAKE3 of the photo
    marks BLOB NOT NULL                 -- 36 words of 64 bits, see photo/marks.rs
);
