//! The tables, as in `SqlStorage` of `Pyro5/nameserver.py` and `Pyro4/naming_storage.py`.

use rusqlite::{Connection, TransactionBehavior};

const TABLES: &str = "
    CREATE TABLE pyro_names
            (
                id integer PRIMARY KEY,
                name nvarchar NOT NULL UNIQUE,
                uri nvarchar NOT NULL
            );
    CREATE TABLE pyro_metadata
            (
                object integer NOT NULL,
                metadata nvarchar NOT NULL,
                FOREIGN KEY(object) REFERENCES pyro_names(id)
            );";

/// Pyro has none: its lookups go through all metadata of all names. To it, they make no difference.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS firesteel_metadata_object ON pyro_metadata(object, metadata);
    CREATE INDEX IF NOT EXISTS firesteel_metadata_tag ON pyro_metadata(metadata, object);";

const MIGRATION: &str = "
    INSERT INTO pyro_names(name, uri) SELECT name, uri FROM pyro_names_old;
    DROP TABLE pyro_names_old;";

/// Makes the tables, or brings them up to date.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    // Where somebody else has the file open, or the file system has no shared memory, it stays as it is.
    let _ = set_journal(connection, "WAL");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !has_table(&transaction, "pyro_names")? {
        transaction.execute_batch(TABLES)?;
    } else if !has_table(&transaction, "pyro_metadata")? {
        transaction.execute_batch("ALTER TABLE pyro_names RENAME TO pyro_names_old")?;
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(MIGRATION)?;
    }
    transaction.execute_batch(INDEXES)?;
    transaction.commit()
}

/// Leaves one ordinary file behind, if nobody else has it open.
pub(super) fn leave(connection: &Connection) {
    let _ = connection.busy_timeout(std::time::Duration::ZERO);
    let _ = set_journal(connection, "DELETE");
}

fn set_journal(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(()))
}

fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM sqlite_master WHERE type='table' AND name=?)";
    connection.query_row(sql, [name], |row| row.get(0))
}
