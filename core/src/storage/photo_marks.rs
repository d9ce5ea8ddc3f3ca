//! What pictures are known again by, next to the blobs.

use rusqlite::params;

use crate::model::identifiers::Hash;
use crate::photo::PhotoMarks;
use crate::storage::{StoreError, Tx};

impl Tx<'_> {
    /// Keeps a photo's marks; those of the same photo are replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_photo_marks(&self, hash: &Hash, marks: &PhotoMarks) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO photo_marks (hash, marks) VALUES (?1, ?2)")?
            .execute(params![hash.0, marks.to_bytes()])?;
        Ok(())
    }

    /// Forgets a photo's marks, as its erasure asks for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_photo_marks(&self, hash: &Hash) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM photo_marks WHERE hash = ?1")?
            .execute(params![hash.0])?;
        Ok(())
    }

    /// The known photo nearest to these marks within `within_bits`, and in how many bits it
    /// differs. Rows of another form are passed over: marks can be taken again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn photo_like(
        &self,
        marks: &PhotoMarks,
        within_bits: u32,
    ) -> Result<Option<(Hash, u32)>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT hash, marks FROM photo_marks")?;
        let mut rows = statement.query([])?;
        let mut nearest = None;
        let mut within_bits = within_bits;
        while let Some(row) = rows.next()? {
            let known = row
                .get_ref(1)?
                .as_blob()
                .ok()
                .and_then(PhotoMarks::from_bytes);
            let Some(bits) = known.map(|known| known.distance_bits(marks)) else {
                continue;
            };
            if bits < within_bits || bits == within_bits && nearest.is_none() {
                nearest = Some((Hash(row.get(0)?), bits));
                within_bits = bits;
            }
        }
        Ok(nearest)
    }
}
