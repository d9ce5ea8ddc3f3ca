//! What pictures are known again by, next to the blobs; what the bytes mean is not known here.

use rusqlite::params;

use crate::model::identifiers::Hash;
use crate::storage::{StoreError, Tx};

impl Tx<'_> {
    /// Keeps a photo's marks; those of the same photo are replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_photo_marks(&self, hash: &Hash, marks: &[u8]) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO photo_marks (hash, marks) VALUES (?1, ?2)")?
            .execute(params![hash.0, marks])?;
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

    /// The known photo whose marks are nearest, and how far they are.
    ///
    /// - `distance`: of marks as they are kept; `None` for those that are too far or of
    ///   another form, for marks can be taken again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn nearest_photo(
        &self,
        mut distance: impl FnMut(&[u8]) -> Option<u32>,
    ) -> Result<Option<(Hash, u32)>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT hash, marks FROM photo_marks")?;
        let mut rows = statement.query([])?;
        let mut nearest: Option<(Hash, u32)> = None;
        while let Some(row) = rows.next()? {
            let Some(apart) = row.get_ref(1)?.as_blob().ok().and_then(&mut distance) else {
                continue;
            };
            if nearest.is_none_or(|(_, least)| apart < least) {
                nearest = Some((Hash(row.get(0)?), apart));
            }
        }
        Ok(nearest)
    }
}
