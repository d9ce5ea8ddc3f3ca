//! Schemas by number: one file each, never edited after a release.

use rusqlite::{Connection, TransactionBehavior};

use crate::storage::StoreError;

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_log_and_views.sql"),
    include_str!("migrations/0002_patrols.sql"),
    include_str!("migrations/0003_grid_indexes.sql"),
    include_str!("migrations/0004_drafts.sql"),
    include_str!("migrations/0005_photo_marks.sql"),
    include_str!("migrations/0006_erasures.sql"),
];

/// True when the database has the newest schema that this version knows.
pub(super) fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    Ok(version(connection)? == known())
}

/// Brings the database to the newest schema: every step in one transaction, so that a phone
/// that dies half-way has the old schema still.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_to(connection, None)
}

/// As [`migrate`], up to the schema `newest`, or the newest that this version knows.
pub(super) fn migrate_to(
    connection: &mut Connection,
    newest: Option<u32>,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?.max(newest.unwrap_or(0));
    if found > known() {
        return Err(StoreError::TooNew {
            found,
            known: known(),
        });
    }
    let found = version(&transaction)?;
    let newest = newest.unwrap_or(known()) as usize;
    for (number, sql) in (1..).zip(&MIGRATIONS[..newest]).skip(found as usize) {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.commit()?;
    Ok(())
}

fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_older_schema_becomes_the_newest_and_keeps_what_it_holds() {
        for older in 1..MIGRATIONS.len() {
            let mut connection = Connection::open_in_memory().expect("opens");
            for sql in &MIGRATIONS[..older] {
                connection.execute_batch(sql).expect("a released schema");
            }
            connection
                .pragma_update(None, "user_version", older as u32)
                .expect("notes its version");
            connection
                .execute("INSERT INTO meta (key, value) VALUES ('clock', x'00')", [])
                .expect("a row of the older schema");
            connection
                .execute("INSERT INTO packs VALUES ('grids', x'01', x'02')", [])
                .expect("a pack of the older schema");
            migrate(&mut connection).expect("migrates");
            assert!(is_current(&connection).expect("reads"));
            let pack: (String, Vec<u8>, Vec<u8>) = connection
                .query_row("SELECT kind, hash, bytes FROM packs", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .expect("the pack");
            assert_eq!(pack, ("grids".to_owned(), vec![1], vec![2]));
            let kept: u32 = connection
                .query_row("SELECT count(*) FROM meta", [], |row| row.get(0))
                .expect("reads");
            assert_eq!(kept, 1);
        }
    }
}
