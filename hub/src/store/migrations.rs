//! Numbered migrations; `user_version` says how many have run. A file is never edited
//! after its release.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::HubError;

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_patrols.sql"),
    include_str!("migrations/0003_erasures.sql"),
];

/// Brings the schema up to date, all or nothing.
pub(super) fn run(connection: &mut Connection) -> Result<(), HubError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let done = usize::try_from(found).map_err(|_| HubError::Damaged("user_version"))?;
    let Some(open) = MIGRATIONS.get(done..) else {
        return Err(HubError::NewerDatabase { found, known });
    };
    if open.is_empty() {
        return Ok(());
    }
    for sql in open {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
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
                .execute(
                    "INSERT INTO people (person, created_ms) VALUES ('i-1', 1)",
                    [],
                )
                .expect("a row of the older schema");
            run(&mut connection).expect("migrates");
            let kept: u32 = connection
                .query_row("SELECT count(*) FROM people", [], |row| row.get(0))
                .expect("reads");
            assert_eq!(kept, 1);
        }
    }
}
